/*
 * scorecard_math.c
 *		The scorecard: its parts, its rules, its stored bytes. Pure C.
 */
#include "model/card/scorecard_math.h"

#include <float.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ---------- the rules ---------- */

static bool fault_at(CardFault *fault, const char *what, const char *hint,
					 const char *path,...)
			__attribute__((format(printf, 4, 5)));

static bool
fault_at(CardFault *fault, const char *what, const char *hint, const char *path,...)
{
	va_list		args;

	memset(fault, 0, sizeof *fault);
	fault->what = what;
	fault->hint = hint;
	va_start(args, path);
	vsnprintf(fault->path, sizeof fault->path, path, args);
	va_end(args);
	return false;
}

static bool
of_number(CardFault *fault, double number)
{
	fault->has_number = true;
	fault->number = number;
	return false;
}

static bool
of_detail(CardFault *fault, const char *detail)
{
	fault->detail = detail;
	return false;
}

static bool
of_text(CardFault *fault, TextSpan text)
{
	fault->text = text;
	return false;
}

/* Numbers have one stored form, so there is no negative zero. */
static bool
is_number(double x)
{
	return fabs(x) <= CARD_MAX_NUMBER && !(x == 0 && signbit(x));
}

/* Cuts and special values may be as large as a feature's values are. */
static bool
is_edge(double x)
{
	return isfinite(x) && !(x == 0 && signbit(x));
}

static const char size_hint[] = "Numbers of a card lie between -1e9 and 1e9.";
static const char edge_hint[] = "Give a finite number.";

static bool
is_rows(int64_t rows)
{
	return rows >= 0 && rows <= CARD_MAX_ROWS;
}

/* Of the bin, the special bin or the missing values that the path names. */
static bool
check_counts(int64_t goods, int64_t bads, CardFault *fault, uint32_t feature,
			 const char *list, uint32_t i)
{
	char		at[32] = "";

	if ((goods == -1 && bads == -1) || (is_rows(goods) && is_rows(bads)))
		return true;
	if (strcmp(list, "missing") != 0)
		snprintf(at, sizeof at, "[%u]", i);
	fault_at(fault, "goods and bads do not go together",
			 "Give both, whole numbers of rows up to 2^40, or neither.",
			 "features[%u].%s%s", feature, list, at);
	return of_detail(fault, "One of them is missing or out of range.");
}

static bool
check_number_bins(const CardFeature *f, uint32_t i, Arena memory, CardFault *fault)
{
	TextIndex  *seen;
	uint64_t	n_values = 0;
	uint32_t	b,
				v;

	for (b = 0; b + 1 < f->n_bins; b++)
	{
		if (!is_edge(f->cut[b]))
		{
			fault_at(fault, "not a finite number", edge_hint, "features[%u].bins[%u].high", i, b);
			return of_number(fault, f->cut[b]);
		}
		if (b > 0 && f->cut[b] <= f->cut[b - 1])
		{
			fault_at(fault, "the bin ends where it starts or before",
					 "List the bins from the lowest to the highest.",
					 "features[%u].bins[%u].high", i, b);
			return of_number(fault, f->cut[b]);
		}
	}

	for (b = 0; b < f->n_specials; b++)
		n_values += f->special[b].n_values;
	seen = text_index_create(memory, (uint32_t) n_values);
	for (b = 0; b < f->n_specials; b++)
	{
		const CardSpecial *special = &f->special[b];

		if (special->n_values == 0)
		{
			fault_at(fault, "no values", "List the values it stands for.",
							"features[%u].special[%u].values", i, b);
			return of_detail(fault, "The array is empty.");
		}
		for (v = 0; v < special->n_values; v++)
		{
			TextSpan	bits = {(const char *) &special->value[v], sizeof(double)};

			if (!is_edge(special->value[v]))
			{
				fault_at(fault, "not a finite number", edge_hint,
						 "features[%u].special[%u].values[%u]", i, b, v);
				return of_number(fault, special->value[v]);
			}
			if (!text_index_add(seen, bits, 0))
			{
				fault_at(fault, "listed twice", "Each special value has one place.",
						 "features[%u].special[%u].values[%u]", i, b, v);
				return of_number(fault, special->value[v]);
			}
		}
		if (!is_number(special->woe))
		{
			fault_at(fault, "out of range", size_hint, "features[%u].special[%u].woe", i, b);
			return of_number(fault, special->woe);
		}
		if (!check_counts(special->goods, special->bads, fault, i, "special", b))
			return false;
	}
	if (f->unseen != CARD_UNSEEN_AVERAGE)
	{
		fault_at(fault, "not for a number",
						"Only categories can be unseen; leave it out.",
						"features[%u].unseen", i);
		return of_detail(fault, "The feature is a number.");
	}
	return true;
}

static bool
check_category_bins(const CardFeature *f, uint32_t i, Arena memory, CardFault *fault)
{
	TextIndex  *seen;
	uint64_t	n_categories = 0;
	uint32_t	b,
				c;

	for (b = 0; b < f->n_bins; b++)
		n_categories += f->bin[b].n_categories;
	seen = text_index_create(memory, (uint32_t) n_categories);
	for (b = 0; b < f->n_bins; b++)
	{
		if (f->bin[b].n_categories == 0)
		{
			fault_at(fault, "no categories", "List the bin's categories.",
							"features[%u].bins[%u].categories", i, b);
			return of_detail(fault, "The array is empty.");
		}
		for (c = 0; c < f->bin[b].n_categories; c++)
			if (!text_index_add(seen, f->bin[b].category[c], 0))
			{
				fault_at(fault, "listed twice", "Each category belongs to one bin.",
						 "features[%u].bins[%u].categories[%u]", i, b, c);
				return of_text(fault, f->bin[b].category[c]);
			}
	}
	if (f->n_specials > 0)
	{
		fault_at(fault, "not for a category",
						"Special values are numbers; give the category a bin of its own.",
						"features[%u].special", i);
		return of_detail(fault, "The feature is a category.");
	}
	return true;
}

static bool
is_value(double x)
{
	return is_edge(x) && fabs(x) <= CARD_MAX_VALUE;
}

static const char value_hint[] = "Values of a linear feature lie between -1e280 and 1e280.";

static bool
check_linear(const CardFeature *f, uint32_t i, CardFault *fault)
{
	if (!is_value(f->center))
	{
		fault_at(fault, "out of range", value_hint, "features[%u].center", i);
		return of_number(fault, f->center);
	}
	if (isnan(f->low) != isnan(f->high))
	{
		fault_at(fault, "low and high do not go together", "Give both ends of the range, or neither.",
				 "features[%u]", i);
		return of_detail(fault, "One of them is missing.");
	}
	if (!isnan(f->low) && !is_value(f->low))
	{
		fault_at(fault, "out of range", value_hint, "features[%u].low", i);
		return of_number(fault, f->low);
	}
	if (!isnan(f->high) && !is_value(f->high))
	{
		fault_at(fault, "out of range", value_hint, "features[%u].high", i);
		return of_number(fault, f->high);
	}
	if (f->high < f->low)
	{
		fault_at(fault, "the range ends before it starts", "Give the least value as low, the largest as high.",
				 "features[%u].high", i);
		return of_number(fault, f->high);
	}
	if (f->missing > CARD_MISSING_WOE && f->missing != CARD_MISSING_NEUTRAL)
	{
		fault_at(fault, "not for a linear feature",
				 "Give {\"woe\": number} or \"neutral\", or leave it out.", "features[%u].missing", i);
		return of_detail(fault, "It has no worst or best bin.");
	}
	if (f->n_bins > 0 || f->n_specials > 0 || f->unseen != CARD_UNSEEN_AVERAGE)
	{
		fault_at(fault, "not for a linear feature", "Leave out bins, special and unseen.",
				 "features[%u]", i);
		return of_detail(fault, "It has bins, special or unseen values.");
	}
	return true;
}

static bool
check_feature(const CardFeature *f, uint32_t i, Arena memory, CardFault *fault)
{
	uint32_t	b;

	if (!is_number(f->weight))
	{
		fault_at(fault, "out of range", size_hint, "features[%u].weight", i);
		return of_number(fault, f->weight);
	}
	if (f->missing == CARD_MISSING_WOE)
	{
		if (!is_number(f->missing_woe))
		{
			fault_at(fault, "out of range", size_hint, "features[%u].missing.woe", i);
			return of_number(fault, f->missing_woe);
		}
		if (!check_counts(f->missing_goods, f->missing_bads, fault, i, "missing", 0))
			return false;
	}
	if (f->kind == CARD_LINEAR)
		return check_linear(f, i, fault);
	if (f->n_bins == 0)
	{
		fault_at(fault, "no bins", "A feature needs at least one bin.",
						"features[%u].bins", i);
		return of_detail(fault, "The array is empty.");
	}
	for (b = 0; b < f->n_bins; b++)
	{
		if (!is_number(f->bin[b].woe))
		{
			fault_at(fault, "out of range", size_hint, "features[%u].bins[%u].woe", i, b);
			return of_number(fault, f->bin[b].woe);
		}
		if (!check_counts(f->bin[b].goods, f->bin[b].bads, fault, i, "bins", b))
			return false;
	}
	return f->kind == CARD_NUMBER
		? check_number_bins(f, i, memory, fault)
		: check_category_bins(f, i, memory, fault);
}

static bool
check_segment_weights(const Card *card, uint32_t i, CardFault *fault)
{
	const CardSegment *s = &card->segment[i];
	uint32_t	w;

	for (w = 0; w < s->n_weights; w++)
	{
		if (s->weight[w].feature >= card->n_features ||
			(w > 0 && s->weight[w].feature <= s->weight[w - 1].feature))
		{
			fault_at(fault, "not a feature, or out of order",
					 "Weights name features of the card, in its order.",
					 "segments[%u].weights", i);
			return of_number(fault, s->weight[w].feature);
		}
		if (!is_number(s->weight[w].weight))
		{
			fault_at(fault, "out of range", size_hint, "segments[%u].weights", i);
			return of_number(fault, s->weight[w].weight);
		}
	}
	return true;
}

/* Each segment by itself, whose names enter the index. */
static bool
check_segment(const Card *card, uint32_t i, TextIndex *names, CardFault *fault)
{
	const CardSegment *s = &card->segment[i];

	if (s->name.length == 0)
	{
		fault_at(fault, "empty", "Give the segment a name.", "segments[%u].name", i);
		return of_detail(fault, "The text is empty.");
	}
	if (!text_index_add(names, s->name, i))
	{
		fault_at(fault, "listed twice", "Each segment has one entry.", "segments[%u].name", i);
		return of_text(fault, s->name);
	}
	if (s->has_intercept && !is_number(s->intercept))
	{
		fault_at(fault, "out of range", size_hint, "segments[%u].intercept", i);
		return of_number(fault, s->intercept);
	}
	return check_segment_weights(card, i, fault);
}

static bool
find_parents(Card *card, TextIndex *names, CardFault *fault)
{
	uint32_t	i;

	for (i = 0; i < card->n_segments; i++)
	{
		CardSegment *s = &card->segment[i];

		s->parent_index = -1;
		if (s->parent.length > 0)
			s->parent_index = (int32_t) text_index_find(names, s->parent.at, s->parent.length);
		if (s->parent.length > 0 && s->parent_index < 0)
		{
			fault_at(fault, "no such segment", "A parent is the name of another segment of the card.",
					 "segments[%u].parent", i);
			return of_text(fault, s->parent);
		}
	}
	return true;
}

/* Walks up from each segment: 0 not seen, 1 on this walk, 2 known to reach the root. */
static bool
check_ancestors(const Card *card, uint8_t *state, CardFault *fault)
{
	uint32_t	i;

	memset(state, 0, card->n_segments);
	for (i = 0; i < card->n_segments; i++)
	{
		int32_t		at;

		for (at = (int32_t) i; at >= 0 && state[at] == 0; at = card->segment[at].parent_index)
			state[at] = 1;
		if (at >= 0 && state[at] == 1)
		{
			fault_at(fault, "the segment is its own ancestor",
					 "Leave out the parent of one of the segments on the cycle.",
					 "segments[%u].parent", (unsigned) at);
			return of_text(fault, card->segment[at].parent);
		}
		for (at = (int32_t) i; at >= 0 && state[at] == 1; at = card->segment[at].parent_index)
			state[at] = 2;
	}
	return true;
}

static bool
check_segments(Card *card, Arena memory, CardFault *fault)
{
	TextIndex  *names = text_index_create(memory, card->n_segments);
	uint8_t    *state = memory.alloc(memory.context, (size_t) card->n_segments + 1);
	uint64_t	n_rows = 0;
	uint32_t	i;

	for (i = 0; i < card->n_segments; i++)
	{
		if (!check_segment(card, i, names, fault))
			return false;
		n_rows += card->segment[i].n_weights > 0;
	}
	if (n_rows * card->n_features > CARD_MAX_SEGMENT_WEIGHTS)
	{
		fault_at(fault, "too many weights",
				 "At most 16,777,216 weights: segments with weights times features. Split the card.",
				 "segments");
		return of_number(fault, (double) (n_rows * card->n_features));
	}
	return find_parents(card, names, fault) && check_ancestors(card, state, fault);
}

#define UNBOUNDED -DBL_MAX, DBL_MAX

const CardNumber card_fit_numbers[] = {
	{"log_likelihood", offsetof(CardFit, log_likelihood), -DBL_MAX, 0},
	{"null_log_likelihood", offsetof(CardFit, null_log_likelihood), -DBL_MAX, 0},
	{"ridge", offsetof(CardFit, ridge), 0, DBL_MAX},
	{"lasso", offsetof(CardFit, lasso), 0, DBL_MAX},
	{"lambda", offsetof(CardFit, lambda), 0, DBL_MAX},
	{"shift", offsetof(CardFit, shift), UNBOUNDED},
	{NULL}
};

const CardNumber card_measure_numbers[] = {
	{"log_loss", offsetof(CardMeasures, log_loss), 0, DBL_MAX},
	{"auc", offsetof(CardMeasures, auc), 0, 1},
	{"auc_low", offsetof(CardMeasures, auc_low), 0, 1},
	{"auc_high", offsetof(CardMeasures, auc_high), 0, 1},
	{NULL}
};

const CardNumber card_tried_numbers[] = {
	{"iv", offsetof(CardTried, iv), 0, DBL_MAX},
	{"out_of_fold_iv", offsetof(CardTried, out_of_fold_iv), UNBOUNDED},
	{"vif", offsetof(CardTried, vif), 0, DBL_MAX},
	{NULL}
};

const CardNumber card_term_numbers[] = {
	{"se", offsetof(CardTerm, se), 0, DBL_MAX},
	{NULL}
};

const CardNumber card_segment_numbers[] = {
	{"gain", offsetof(CardLearnt, gain), UNBOUNDED},
	{"out_of_fold_gain", offsetof(CardLearnt, out_of_fold_gain), UNBOUNDED},
	{"p", offsetof(CardLearnt, p), 0, 1},
	{"shrinkage", offsetof(CardLearnt, shrinkage), 0, 1},
	{NULL}
};

static bool
check_numbers(const void *base, const CardNumber *number, CardFault *fault, const char *path)
{
	for (; number->key != NULL; number++)
	{
		double		x = *card_number(base, number);

		if (isnan(x) || (is_edge(x) && x >= number->least && x <= number->most))
			continue;
		fault_at(fault, "out of range",
				 "A log-likelihood is at most 0; AUC, p and shrinkage lie in [0, 1]; IV, VIF, errors, losses and penalties are at least 0. Leave out what is not known.",
				 "%s.%s", path, number->key);
		return of_number(fault, x);
	}
	return true;
}

static bool
check_exclusions(const CardFit *fit, CardFault *fault)
{
	uint32_t	i;

	for (i = 0; i < fit->n_excluded; i++)
	{
		const CardExclusion *e = &fit->excluded[i];

		if (e->why.length == 0 || (i > 0 && text_span_compare(e->why, fit->excluded[i - 1].why) <= 0))
		{
			fault_at(fault, "empty, listed twice or out of order",
					 "Reasons are ascending by their bytes.", "fit.excluded");
			return of_text(fault, e->why);
		}
		if (!is_rows(e->rows))
		{
			fault_at(fault, "not a number of rows", "Give a whole number up to 2^40.", "fit.excluded");
			return of_number(fault, e->rows);
		}
	}
	return true;
}

static bool
check_tried(const CardFit *fit, Arena memory, CardFault *fault)
{
	TextIndex  *names = text_index_create(memory, fit->n_tried);
	uint32_t	i;

	for (i = 0; i < fit->n_tried; i++)
	{
		const CardTried *t = &fit->tried[i];
		char		path[32];

		snprintf(path, sizeof path, "fit.tried[%u]", i);
		if (t->name.length == 0 || !text_index_add(names, t->name, i))
		{
			fault_at(fault, t->name.length == 0 ? "empty" : "listed twice",
					 "Each feature that was tried has one entry, with its name.", "%s.name", path);
			return of_text(fault, t->name);
		}
		if (!check_numbers(t, card_tried_numbers, fault, path))
			return false;
	}
	return true;
}

/* Whether a term may follow another: each is there once, in one order. */
static bool
may_follow(const CardTerm *term, const CardTerm *before)
{
	if (term->feature != before->feature)
		return term->feature > before->feature;
	return term->has_level && before->has_level && text_span_compare(term->level, before->level) > 0;
}

static bool
check_terms(const Card *card, CardFault *fault)
{
	const CardFit *fit = card->fit;
	uint64_t	n = fit->n_terms;
	uint32_t	i;

	if (n == 0 || fit->term[0].feature != -1)
	{
		fault_at(fault, "no intercept", "The first term is the intercept, which names no feature.",
				 "fit.terms");
		return of_detail(fault, n == 0 ? "The array is empty." : "The first term names a feature.");
	}
	for (i = 0; i < n; i++)
	{
		const CardTerm *t = &fit->term[i];
		char		path[32];

		snprintf(path, sizeof path, "fit.terms[%u]", i);
		if (t->feature < -1 || t->feature >= (int64_t) card->n_features ||
			(i > 0 && !may_follow(t, &fit->term[i - 1])))
		{
			fault_at(fault, "not a feature, or out of order",
					 "Terms name features of the card in its order, those of one feature by level.",
					 "%s", path);
			return t->feature < 0 || t->feature >= (int64_t) card->n_features
				? of_number(fault, t->feature) : of_text(fault, card->feature[t->feature].name);
		}
		if (t->has_level && (t->feature < 0 || card->feature[t->feature].kind != CARD_CATEGORY))
		{
			fault_at(fault, "not for a number", "Only a category has levels.", "%s.level", path);
			return of_text(fault, t->level);
		}
		if (!is_edge(t->coefficient))
		{
			fault_at(fault, "not a finite number", edge_hint, "%s.coefficient", path);
			return of_number(fault, t->coefficient);
		}
		if (!check_numbers(t, card_term_numbers, fault, path))
			return false;
	}
	if (fit->n_covariances > 0 && fit->n_covariances != n * (n + 1) / 2)
	{
		fault_at(fault, "not a lower triangle",
				 "Of n terms there are n (n + 1) / 2 covariances, or none.", "fit.covariance");
		return of_number(fault, fit->n_covariances);
	}
	for (i = 0; i < fit->n_covariances; i++)
		if (!is_edge(fit->covariance[i]))
		{
			fault_at(fault, "not a finite number", edge_hint, "fit.covariance[%u]", i);
			return of_number(fault, fit->covariance[i]);
		}
	return true;
}

static bool
check_spreads(const Card *card, CardFault *fault)
{
	const CardFit *fit = card->fit;
	uint32_t	i;

	for (i = 0; i < fit->n_spreads; i++)
	{
		const CardSpread *s = &fit->spread[i];
		const CardSpread *before = i > 0 ? s - 1 : NULL;

		if (s->level < 1 || s->level > card->n_segments)
		{
			fault_at(fault, "not a level", "Segments without a parent are of level 1; there are no more levels than segments.",
					 "fit.spreads[%u].level", i);
			return of_number(fault, s->level);
		}
		if (s->feature < -1 || s->feature >= (int64_t) card->n_features ||
			(before && (s->level < before->level ||
						(s->level == before->level && s->feature <= before->feature))))
		{
			fault_at(fault, "not a feature, or out of order",
					 "Spreads ascend by level, then go as the card's features do, the intercept first.",
					 "fit.spreads[%u]", i);
			return of_number(fault, s->feature);
		}
		if (!is_edge(s->sd) || s->sd < 0)
		{
			fault_at(fault, "out of range", "A standard deviation is a finite number from 0 on.",
					 "fit.spreads[%u].sd", i);
			return of_number(fault, s->sd);
		}
	}
	return true;
}

static bool
check_learnt(const Card *card, CardFault *fault)
{
	const CardFit *fit = card->fit;
	uint32_t	i;

	if (fit->n_segments > 0 && fit->n_segments != card->n_segments)
	{
		fault_at(fault, "not one for each segment",
				 "Give an entry for each segment of the card, in its order, or none.", "fit.segments");
		return of_number(fault, fit->n_segments);
	}
	for (i = 0; i < fit->n_segments; i++)
	{
		const CardLearnt *s = &fit->segment[i];
		char		path[32];

		snprintf(path, sizeof path, "fit.segments[%u]", i);
		if (!is_rows(s->rows))
		{
			fault_at(fault, "not a number of rows", "Give a whole number up to 2^40.", "%s.rows", path);
			return of_number(fault, s->rows);
		}
		if (s->bads < 0 || s->bads > s->rows)
		{
			fault_at(fault, "not a number of its rows", "Bad rows are among the rows.", "%s.bads", path);
			return of_number(fault, s->bads);
		}
		if (!check_numbers(s, card_segment_numbers, fault, path))
			return false;
	}
	return true;
}

static bool
check_fit(const Card *card, Arena memory, CardFault *fault)
{
	const CardFit *fit = card->fit;
	struct
	{
		const char *path;
		int64_t		n;
		int64_t		least;		/* -1: may be unknown */
	}			count[] = {
		{"fit.rows", fit->rows, 0},
		{"fit.bads", fit->bads, 0},
		{"fit.iterations", fit->iterations, -1},
		{"fit.folds", fit->folds, -1},
		{"fit.out_of_fold.rows", fit->out_of_fold_rows, -1}
	};
	size_t		i;

	for (i = 0; i < sizeof count / sizeof *count; i++)
		if (count[i].n < count[i].least || count[i].n > CARD_MAX_ROWS)
		{
			fault_at(fault, "out of range", "Give a whole number up to 2^40.", "%s", count[i].path);
			return of_number(fault, count[i].n);
		}
	if (fit->bads > fit->rows)
	{
		fault_at(fault, "more than there are rows", "Bad rows are among the rows.", "fit.bads");
		return of_number(fault, fit->bads);
	}
	if (!(fit->weight_unit > 0 && fit->weight_unit <= 1))
	{
		fault_at(fault, "out of range", "A weight of 1 stands for a row, or for a part of one.", "fit.weight_unit");
		return of_number(fault, fit->weight_unit);
	}
	return check_numbers(fit, card_fit_numbers, fault, "fit") &&
		check_numbers(&fit->in_sample, card_measure_numbers, fault, "fit.in_sample") &&
		check_numbers(&fit->out_of_fold, card_measure_numbers, fault, "fit.out_of_fold") &&
		check_exclusions(fit, fault) && check_tried(fit, memory, fault) && check_terms(card, fault) &&
		check_spreads(card, fault) && check_learnt(card, fault);
}

bool
card_check(Card *card, Arena memory, CardFault *fault)
{
	TextIndex  *names;
	uint32_t	i;

	if (card->name.length == 0)
	{
		fault_at(fault, "empty", "Give the card a name.", "name");
		return of_detail(fault, "The text is empty.");
	}
	if (!is_number(card->base_score))
	{
		fault_at(fault, "out of range", size_hint, "scale.base_score");
		return of_number(fault, card->base_score);
	}
	if (!(card->base_odds > 0 && card->base_odds >= 1 / CARD_MAX_NUMBER) || !is_number(card->base_odds))
	{
		fault_at(fault, "out of range", "Odds of good to bad lie between 1e-9 and 1e9.",
				 "scale.base_odds");
		return of_number(fault, card->base_odds);
	}
	if (!(card->pdo > 0 && card->pdo >= 1 / CARD_MAX_NUMBER) || !is_number(card->pdo))
	{
		fault_at(fault, "out of range",
				 "Points to double the odds lie between 1e-9 and 1e9: a higher score is safer.",
				 "scale.pdo");
		return of_number(fault, card->pdo);
	}
	if (!is_number(card->intercept))
	{
		fault_at(fault, "out of range", size_hint, "intercept");
		return of_number(fault, card->intercept);
	}
	if (card->n_features == 0)
	{
		fault_at(fault, "no features", "A card needs at least one feature.", "features");
		return of_detail(fault, "The array is empty.");
	}
	if (card->n_features > CARD_MAX_FEATURES)
	{
		fault_at(fault, "too many features", "A card has at most 1600 features, as a table has columns.",
				 "features");
		return of_number(fault, card->n_features);
	}

	names = text_index_create(memory, card->n_features);
	for (i = 0; i < card->n_features; i++)
	{
		CardFeature *f = &card->feature[i];

		if (f->name.length == 0)
		{
			fault_at(fault, "empty", "A feature has the name of its column.",
							"features[%u].name", i);
			return of_detail(fault, "The text is empty.");
		}
		if (!text_index_add(names, f->name, i))
		{
			fault_at(fault, "listed twice", "Each feature has one entry.", "features[%u].name", i);
			return of_text(fault, f->name);
		}
		if (!check_feature(f, i, memory, fault))
			return false;
	}
	return check_segments(card, memory, fault) &&
		(card->fit == NULL || check_fit(card, memory, fault));
}
