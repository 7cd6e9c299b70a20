/*
 * scorecard_json.c
 *		The JSON of a scorecard: read, and written in one order with shortest digits.
 */
#include "postgres.h"

#include "model/card/scorecard.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/json.h"

/* ---------- from JSON ---------- */

static const char *const kind_words[] = {"number", "category", "linear", NULL};
static const char *const unseen_words[] = {"average", "worst", "error", NULL};
static const char *const missing_words[] = {"worst", "best", "neutral", NULL};

/*
 * The edge between a bin and the one before it stands in either, or in both
 * alike.
 */
static double
read_edge(JsonReader *r, JsonbContainer *before, JsonbContainer *bin, int i)
{
	JsonbValue *high = json_get_field(before, "high");
	JsonbValue *low = json_get_field(bin, "low");
	int			mark;
	double		edge = 0;

	if (high != NULL || low == NULL)
	{
		mark = json_enter_item(r, i - 1);
		edge = json_read_number_field(r, before, "high", NULL);
		json_leave(r, mark);
	}
	if (low != NULL)
	{
		double		start;

		mark = json_enter_item(r, i);
		start = json_read_number_field(r, bin, "low", NULL);
		if (high != NULL && start != edge)
		{
			json_enter_key(r, "low");
			json_refuse(r, low, "not where the bin before it ends",
				   "Bins follow each other without gap or overlap; one of \"high\" and the next \"low\" is enough.");
		}
		json_leave(r, mark);
		edge = start;
	}
	return edge;
}

static void
read_counts(JsonReader *r, JsonbContainer *object, int64_t *goods, int64_t *bads)
{
	*goods = json_read_rows_field(r, object, "goods", false);
	*bads = json_read_rows_field(r, object, "bads", false);
}

static void
refuse_edge(JsonReader *r, JsonbContainer *bin, int i, const char *key, const char *what)
{
	JsonbValue *value = json_get_field(bin, key);

	if (value != NULL)
	{
		json_enter_item(r, i);
		json_enter_key(r, key);
		json_refuse(r, value, what, "Leave it out: every number has to fall into a bin.");
	}
}

static void
read_bins(JsonReader *r, JsonbContainer *object, CardFeature *f)
{
	bool		number = f->kind == CARD_NUMBER;
	JsonbContainer *bins;
	JsonbContainer *before = NULL;
	int			mark = json_enter_key(r, "bins");
	uint32_t	b,
				c;

	bins = json_read_array(r, json_get_field(object, "bins"), &f->n_bins);
	f->bin = json_get_array(f->n_bins, sizeof *f->bin);
	f->cut = json_get_array(f->n_bins, sizeof *f->cut);
	for (b = 0; b < f->n_bins; b++)
	{
		int			item = json_enter_item(r, b);
		JsonbContainer *bin = json_read_object(r, getIthJsonbValueFromContainer(bins, b),
										  number ? "low, high, woe, goods, bads" : "categories, woe, goods, bads");

		f->bin[b].woe = json_read_number_field(r, bin, "woe", NULL);
		read_counts(r, bin, &f->bin[b].goods, &f->bin[b].bads);
		if (!number)
		{
			int			list = json_enter_key(r, "categories");
			JsonbContainer *categories = json_read_array(r, json_get_field(bin, "categories"),
													&f->bin[b].n_categories);

			f->bin[b].category = json_get_array(f->bin[b].n_categories, sizeof(TextSpan));
			for (c = 0; c < f->bin[b].n_categories; c++)
			{
				int			category = json_enter_item(r, c);

				f->bin[b].category[c] = json_read_text(r, getIthJsonbValueFromContainer(categories, c));
				json_leave(r, category);
			}
			json_leave(r, list);
		}
		json_leave(r, item);

		if (number && before == NULL)
			refuse_edge(r, bin, b, "low", "the first bin has no lower edge");
		if (number && before != NULL)
			f->cut[b - 1] = read_edge(r, before, bin, b);
		if (number && b == f->n_bins - 1)
			refuse_edge(r, bin, b, "high", "the last bin has no upper edge");
		before = bin;
	}
	json_leave(r, mark);
}

static void
read_specials(JsonReader *r, JsonbContainer *object, CardFeature *f)
{
	JsonbValue *value = json_get_field(object, "special");
	JsonbContainer *specials;
	int			mark = json_enter_key(r, "special");
	uint32_t	i,
				v;

	if (value != NULL)
	{
		specials = json_read_array(r, value, &f->n_specials);
		f->special = json_get_array(f->n_specials, sizeof *f->special);
		for (i = 0; i < f->n_specials; i++)
		{
			int			item = json_enter_item(r, i);
			JsonbContainer *special = json_read_object(r, getIthJsonbValueFromContainer(specials, i),
												  "values, woe, goods, bads");
			JsonbContainer *values;
			int			list;

			f->special[i].woe = json_read_number_field(r, special, "woe", NULL);
			read_counts(r, special, &f->special[i].goods, &f->special[i].bads);
			list = json_enter_key(r, "values");
			values = json_read_array(r, json_get_field(special, "values"), &f->special[i].n_values);
			f->special[i].value = json_get_array(f->special[i].n_values, sizeof(double));
			for (v = 0; v < f->special[i].n_values; v++)
			{
				int			at = json_enter_item(r, v);

				f->special[i].value[v] = json_read_number(r, getIthJsonbValueFromContainer(values, v));
				json_leave(r, at);
			}
			json_leave(r, list);
			json_leave(r, item);
		}
	}
	json_leave(r, mark);
}

static void
read_missing(JsonReader *r, JsonbContainer *object, CardFeature *f)
{
	static const char hint[] = "Give {\"woe\": number}, \"worst\", \"best\" or \"neutral\", or leave it out where none was learnt.";
	static const CardMissing policies[] = {CARD_MISSING_WORST, CARD_MISSING_BEST, CARD_MISSING_NEUTRAL};
	JsonbValue *value = json_get_field(object, "missing");
	int			mark = json_enter_key(r, "missing");

	f->missing = CARD_MISSING_NONE;
	if (value != NULL && value->type == jbvString)
		f->missing = policies[json_read_word(r, value, missing_words, hint)];
	else if (value != NULL && (value->type != jbvBinary || JsonContainerIsArray(value->val.binary.data)))
		json_refuse(r, value, "unknown policy", hint);
	else if (value != NULL)
	{
		JsonbContainer *missing = json_read_object(r, value, "woe, goods, bads");

		f->missing = CARD_MISSING_WOE;
		f->missing_woe = json_read_number_field(r, missing, "woe", NULL);
		read_counts(r, missing, &f->missing_goods, &f->missing_bads);
	}
	json_leave(r, mark);
}

static bool
is_linear(JsonbValue *value)
{
	JsonbValue *type = value->type == jbvBinary && JsonContainerIsObject(value->val.binary.data)
		? json_get_field(value->val.binary.data, "type") : NULL;
	const char *word = kind_words[CARD_LINEAR];

	return type != NULL && type->type == jbvString && type->val.string.len == strlen(word) &&
		memcmp(type->val.string.val, word, strlen(word)) == 0;
}

static void
read_feature(JsonReader *r, JsonbValue *value, CardFeature *f)
{
	static const double zero = 0;
	static const double one = 1;
	static const double unknown = NAN;
	JsonbContainer *object = json_read_object(r, value, is_linear(value)
										 ? "name, type, weight, reason, consent, center, low, high, missing"
										 : "name, type, weight, reason, consent, bins, special, missing, unseen");
	JsonbValue *unseen = json_get_field(object, "unseen");
	int			mark;

	f->name = json_read_text_field(r, object, "name", true);
	mark = json_enter_key(r, "type");
	f->kind = (CardKind) json_read_word(r, json_get_field(object, "type"), kind_words,
								   "Give \"number\", \"category\" or \"linear\".");
	json_leave(r, mark);
	f->weight = json_read_number_field(r, object, "weight", &one);
	f->reason = json_read_text_field(r, object, "reason", false);
	f->consent = json_read_text_field(r, object, "consent", false);
	if (f->consent.length == 0 && json_get_field(object, "consent") != NULL)
	{
		json_enter_key(r, "consent");
		json_refuse(r, json_get_field(object, "consent"), "empty",
			   "Give the name of a boolean column, or leave it out.");
	}
	if (f->kind == CARD_LINEAR)
	{
		f->center = json_read_number_field(r, object, "center", &zero);
		f->low = json_read_number_field(r, object, "low", &unknown);
		f->high = json_read_number_field(r, object, "high", &unknown);
	}
	else
	{
		read_bins(r, object, f);
		read_specials(r, object, f);
	}
	read_missing(r, object, f);
	if (unseen != NULL)
	{
		mark = json_enter_key(r, "unseen");
		f->unseen = (CardUnseen) json_read_word(r, unseen, unseen_words,
										   "Give \"average\", \"worst\" or \"error\".");
		json_leave(r, mark);
	}
}

static int
compare_weights(const void *a, const void *b)
{
	uint32_t	left = ((const CardWeight *) a)->feature;
	uint32_t	right = ((const CardWeight *) b)->feature;

	return (left > right) - (left < right);
}

/* {"feature": weight, ...} */
static void
read_weights(JsonReader *r, JsonbValue *value, CardSegment *s, const TextIndex *features)
{
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue	item;

	if (value->type != jbvBinary || !JsonContainerIsObject(value->val.binary.data))
		json_refuse(r, value, "not an object", "Give an object of feature names and weights.");
	s->weight = json_get_array(JsonContainerSize(value->val.binary.data), sizeof *s->weight);
	iterator = JsonbIteratorInit(value->val.binary.data);
	while ((token = JsonbIteratorNext(&iterator, &item, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
		{
			int64_t		feature = text_index_find(features, item.val.string.val,
												  item.val.string.len);

			if (feature < 0)
				json_refuse(r, &item, "no such feature", "Weights name features of the card.");
			s->weight[s->n_weights].feature = (uint32_t) feature;
		}
		else if (token == WJB_VALUE)
			s->weight[s->n_weights++].weight = json_read_number(r, &item);
	}
	qsort(s->weight, s->n_weights, sizeof *s->weight, compare_weights);
}

static void
read_segment(JsonReader *r, JsonbValue *value, CardSegment *s, const TextIndex *features)
{
	JsonbContainer *object = json_read_object(r, value, "name, parent, intercept, weights");
	JsonbValue *parent = json_get_field(object, "parent");
	JsonbValue *weights = json_get_field(object, "weights");
	int			mark;

	s->name = json_read_text_field(r, object, "name", true);
	s->parent = json_read_text_field(r, object, "parent", false);
	if (parent != NULL && s->parent.length == 0)
	{
		json_enter_key(r, "parent");
		json_refuse(r, parent, "empty", "Leave it out where the parent is the card itself.");
	}
	s->has_intercept = json_get_field(object, "intercept") != NULL;
	if (s->has_intercept)
		s->intercept = json_read_number_field(r, object, "intercept", NULL);
	if (weights != NULL)
	{
		mark = json_enter_key(r, "weights");
		read_weights(r, weights, s, features);
		json_leave(r, mark);
	}
}

/* Keys as card_fit_numbers and its like have them. */
static void
read_numbers(JsonReader *r, JsonbContainer *object, void *base, const CardNumber *number)
{
	static const double unknown = NAN;

	for (; number->key != NULL; number++)
		*card_number(base, number) = json_read_number_field(r, object, number->key, &unknown);
}

/* How well the model does; returns on how many rows, -1 where that is not said. */
static int64
read_measures(JsonReader *r, JsonbContainer *fit, const char *key, const char *keys,
			  CardMeasures *measures)
{
	JsonbValue *value = json_get_field(fit, key);
	int			mark = json_enter_key(r, key);
	JsonbContainer *object = value == NULL ? NULL : json_read_object(r, value, keys);
	int64		rows = -1;

	if (object != NULL)
	{
		rows = json_read_rows_field(r, object, "rows", false);
		read_numbers(r, object, measures, card_measure_numbers);
	}
	else
		*measures = (CardMeasures) {NAN, NAN, NAN, NAN};
	json_leave(r, mark);
	return rows;
}

/* {"why": rows, ...} */
static void
read_exclusions(JsonReader *r, JsonbContainer *object, CardFit *fit)
{
	JsonbValue *value = json_get_field(object, "excluded");
	int			mark = json_enter_key(r, "excluded");
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue	item;

	if (value != NULL)
	{
		if (value->type != jbvBinary || !JsonContainerIsObject(value->val.binary.data))
			json_refuse(r, value, "not an object", "Give an object of reasons and numbers of rows.");
		fit->excluded = json_get_array(JsonContainerSize(value->val.binary.data), sizeof *fit->excluded);
		iterator = JsonbIteratorInit(value->val.binary.data);
		while ((token = JsonbIteratorNext(&iterator, &item, true)) != WJB_DONE)
		{
			if (token == WJB_KEY)
				fit->excluded[fit->n_excluded].why = json_read_text(r, &item);
			else if (token == WJB_VALUE)
				fit->excluded[fit->n_excluded++].rows = json_read_rows(r, &item);
		}
	}
	json_leave(r, mark);
}

static void
read_tried(JsonReader *r, JsonbValue *value, void *item, const TextIndex *features)
{
	CardTried  *tried = item;
	JsonbContainer *object = json_read_object(r, value, "name, dropped, iv, out_of_fold_iv, vif");

	tried->name = json_read_text_field(r, object, "name", true);
	tried->dropped = json_read_text_field(r, object, "dropped", false);
	read_numbers(r, object, tried, card_tried_numbers);
}

/* The feature that an object names; -1, the intercept, where it names none. */
static int32_t
read_feature_number(JsonReader *r, JsonbContainer *object, const TextIndex *features)
{
	JsonbValue *value = json_get_field(object, "feature");
	TextSpan	name = json_read_text_field(r, object, "feature", false);
	int64_t		feature = value == NULL ? -1 : text_index_find(features, name.at, name.length);

	if (value != NULL && feature < 0)
	{
		json_enter_key(r, "feature");
		json_refuse(r, value, "no such feature",
					"Terms and spreads name features of the card; without them leave out the whole fit.");
	}
	return (int32_t) feature;
}

static void
read_term(JsonReader *r, JsonbValue *value, void *item, const TextIndex *features)
{
	CardTerm   *term = item;
	JsonbContainer *object = json_read_object(r, value, "feature, level, coefficient, se");

	term->feature = read_feature_number(r, object, features);
	term->has_level = json_get_field(object, "level") != NULL;
	term->level = json_read_text_field(r, object, "level", false);
	term->coefficient = json_read_number_field(r, object, "coefficient", NULL);
	read_numbers(r, object, term, card_term_numbers);
}

static void
read_spread(JsonReader *r, JsonbValue *value, void *item, const TextIndex *features)
{
	CardSpread *spread = item;
	JsonbContainer *object = json_read_object(r, value, "level, feature, sd");
	double		level = json_read_number_field(r, object, "level", NULL);

	if (level != floor(level) || level < 1 || level > PG_INT32_MAX)
	{
		json_enter_key(r, "level");
		json_refuse(r, json_get_field(object, "level"), "not a level",
					"Segments without a parent are of level 1, those below them of level 2, and so on.");
	}
	spread->level = (uint32_t) level;
	spread->feature = read_feature_number(r, object, features);
	spread->sd = json_read_number_field(r, object, "sd", NULL);
}

static void
read_learnt(JsonReader *r, JsonbValue *value, void *item, const TextIndex *features)
{
	CardLearnt *learnt = item;
	JsonbContainer *object = json_read_object(r, value, "rows, bads, gain, out_of_fold_gain, p, shrinkage, note");

	learnt->rows = json_read_rows_field(r, object, "rows", true);
	learnt->bads = json_read_rows_field(r, object, "bads", true);
	learnt->note = json_read_text_field(r, object, "note", false);
	read_numbers(r, object, learnt, card_segment_numbers);
}

static void
read_covariance(JsonReader *r, JsonbValue *value, void *item, const TextIndex *features)
{
	*(double *) item = json_read_number(r, value);
}

/* A list of a fit; returns its items, each of that size, and their number. */
static void *
read_list(JsonReader *r, JsonbContainer *fit, const char *key, bool required, Size size, uint32_t *n,
		  void (*read) (JsonReader *r, JsonbValue *value, void *item, const TextIndex *features),
		  const TextIndex *features)
{
	JsonbValue *value = json_get_field(fit, key);
	int			mark = json_enter_key(r, key);
	char	   *items = NULL;
	uint32_t	i;

	if (value != NULL || required)
	{
		JsonbContainer *list = json_read_array(r, value, n);

		items = json_get_array(*n, size);
		for (i = 0; i < *n; i++)
		{
			int			item = json_enter_item(r, i);

			read(r, getIthJsonbValueFromContainer(list, i), items + i * size, features);
			json_leave(r, item);
		}
	}
	json_leave(r, mark);
	return items;
}

static CardFit *
read_fit(JsonReader *r, JsonbValue *value, const TextIndex *features)
{
	static const double one = 1;
	CardFit    *fit = palloc0(sizeof *fit);
	JsonbContainer *object = json_read_object(r, value,
										 "rows, bads, iterations, folds, encoding, selection, assumptions, weight_unit, log_likelihood, null_log_likelihood, ridge, lasso, lambda, shift, in_sample, out_of_fold, excluded, tried, terms, covariance, spreads, segments");

	fit->rows = json_read_rows_field(r, object, "rows", true);
	fit->bads = json_read_rows_field(r, object, "bads", true);
	fit->iterations = json_read_rows_field(r, object, "iterations", false);
	fit->folds = json_read_rows_field(r, object, "folds", false);
	fit->encoding = json_read_text_field(r, object, "encoding", false);
	fit->selection = json_read_text_field(r, object, "selection", false);
	fit->assumptions = json_read_text_field(r, object, "assumptions", false);
	fit->weight_unit = json_read_number_field(r, object, "weight_unit", &one);
	read_numbers(r, object, fit, card_fit_numbers);
	read_measures(r, object, "in_sample", "log_loss, auc, auc_low, auc_high", &fit->in_sample);
	fit->out_of_fold_rows = read_measures(r, object, "out_of_fold", "rows, log_loss, auc, auc_low, auc_high",
										  &fit->out_of_fold);
	read_exclusions(r, object, fit);
	fit->tried = read_list(r, object, "tried", false, sizeof *fit->tried, &fit->n_tried, read_tried, features);
	fit->term = read_list(r, object, "terms", true, sizeof *fit->term, &fit->n_terms, read_term, features);
	fit->covariance = read_list(r, object, "covariance", false, sizeof *fit->covariance, &fit->n_covariances,
								read_covariance, features);
	fit->spread = read_list(r, object, "spreads", false, sizeof *fit->spread, &fit->n_spreads, read_spread, features);
	fit->segment = read_list(r, object, "segments", false, sizeof *fit->segment, &fit->n_segments, read_learnt, features);
	return fit;
}

static void
read_scale(JsonReader *r, JsonbContainer *root, Card *card)
{
	JsonbValue *value = json_get_field(root, "scale");
	int			mark = json_enter_key(r, "scale");

	card->base_score = 600;
	card->base_odds = 50;
	card->pdo = 20;
	if (value != NULL)
	{
		JsonbContainer *scale = json_read_object(r, value, "base_score, base_odds, pdo");

		card->base_score = json_read_number_field(r, scale, "base_score", &card->base_score);
		card->base_odds = json_read_number_field(r, scale, "base_odds", &card->base_odds);
		card->pdo = json_read_number_field(r, scale, "pdo", &card->pdo);
	}
	json_leave(r, mark);
}

Card *
scorecard_read_json(JsonReader *r, JsonbValue *document)
{
	Card	   *card = palloc0(sizeof *card);
	JsonbContainer *root = json_read_object(r, document,
									   "format, name, scale, intercept, features, segments, fit");
	JsonbValue *fit = json_get_field(root, "fit");
	JsonbContainer *list;
	TextIndex  *features;
	double		format;
	int			mark;
	uint32_t	i;

	format = json_read_number_field(r, root, "format", NULL);
	if (format != CARD_VERSION)
	{
		json_enter_key(r, "format");
		json_refuse(r, json_get_field(root, "format"), "unknown format",
			   "This version of agririsk reads format 1.");
	}
	card->name = json_read_text_field(r, root, "name", true);
	read_scale(r, root, card);
	card->intercept = json_read_number_field(r, root, "intercept", NULL);

	mark = json_enter_key(r, "features");
	list = json_read_array(r, json_get_field(root, "features"), &card->n_features);
	card->feature = json_get_array(card->n_features, sizeof *card->feature);
	features = text_index_create(r->memory, card->n_features);
	for (i = 0; i < card->n_features; i++)
	{
		int			item = json_enter_item(r, i);

		read_feature(r, getIthJsonbValueFromContainer(list, i), &card->feature[i]);
		text_index_add(features, card->feature[i].name, i);
		json_leave(r, item);
	}
	json_leave(r, mark);

	mark = json_enter_key(r, "segments");
	if (json_get_field(root, "segments") != NULL)
	{
		list = json_read_array(r, json_get_field(root, "segments"), &card->n_segments);
		card->segment = json_get_array(card->n_segments, sizeof *card->segment);
		for (i = 0; i < card->n_segments; i++)
		{
			int			item = json_enter_item(r, i);

			read_segment(r, getIthJsonbValueFromContainer(list, i), &card->segment[i], features);
			json_leave(r, item);
		}
	}
	json_leave(r, mark);

	mark = json_enter_key(r, "fit");
	if (fit != NULL)
		card->fit = read_fit(r, fit, features);
	json_leave(r, mark);
	return card;
}

/* ---------- to JSON ---------- */

static void
append_text_field(StringInfo out, const char *before, TextSpan t)
{
	appendStringInfoString(out, before);
	escape_json(out, pnstrdup(t.at, t.length));
}

static void
append_key(StringInfo out, const char *key)
{
	appendStringInfo(out, "%s\"%s\": ", out->data[out->len - 1] == '{' ? "" : ", ", key);
}

static void
append_rows(StringInfo out, const char *key, int64 rows)
{
	if (rows < 0)
		return;
	append_key(out, key);
	appendStringInfo(out, INT64_FORMAT, rows);
}

static void
append_counts(StringInfo out, int64 goods, int64 bads)
{
	append_rows(out, "goods", goods);
	append_rows(out, "bads", bads);
}

static void
append_bin(StringInfo out, const CardFeature *f, uint32_t b)
{
	const CardBin *bin = &f->bin[b];
	uint32_t	c;

	CHECK_FOR_INTERRUPTS();
	appendStringInfoChar(out, '{');
	if (f->kind == CARD_CATEGORY)
	{
		appendStringInfoString(out, "\"categories\": [");
		for (c = 0; c < bin->n_categories; c++)
			append_text_field(out, c > 0 ? ", " : "", bin->category[c]);
		appendStringInfoString(out, "], ");
	}
	else
	{
		if (b > 0)
		{
			agr_append_number_field(out, "\"low\": ", f->cut[b - 1]);
			appendStringInfoString(out, ", ");
		}
		if (b + 1 < f->n_bins)
		{
			agr_append_number_field(out, "\"high\": ", f->cut[b]);
			appendStringInfoString(out, ", ");
		}
	}
	agr_append_number_field(out, "\"woe\": ", bin->woe);
	append_counts(out, bin->goods, bin->bads);
	appendStringInfoChar(out, '}');
}

static void
append_feature(StringInfo out, const CardFeature *f)
{
	uint32_t	i,
				v;

	append_text_field(out, "{\"name\": ", f->name);
	appendStringInfo(out, ", \"type\": \"%s\"", kind_words[f->kind]);
	agr_append_number_field(out, ", \"weight\": ", f->weight);
	if (f->reason.length > 0)
		append_text_field(out, ", \"reason\": ", f->reason);
	if (f->consent.length > 0)
		append_text_field(out, ", \"consent\": ", f->consent);
	if (f->kind == CARD_LINEAR)
	{
		agr_append_number_field(out, ", \"center\": ", f->center);
		if (!isnan(f->low))
		{
			agr_append_number_field(out, ", \"low\": ", f->low);
			agr_append_number_field(out, ", \"high\": ", f->high);
		}
	}
	else
	{
		appendStringInfoString(out, ", \"bins\": [");
		for (i = 0; i < f->n_bins; i++)
		{
			appendStringInfoString(out, i > 0 ? ", " : "");
			append_bin(out, f, i);
		}
		appendStringInfoChar(out, ']');
	}
	for (i = 0; i < f->n_specials; i++)
	{
		appendStringInfoString(out, i > 0 ? ", {\"values\": [" : ", \"special\": [{\"values\": [");
		for (v = 0; v < f->special[i].n_values; v++)
			agr_append_number_field(out, v > 0 ? ", " : "", f->special[i].value[v]);
		agr_append_number_field(out, "], \"woe\": ", f->special[i].woe);
		append_counts(out, f->special[i].goods, f->special[i].bads);
		appendStringInfoString(out, i + 1 < f->n_specials ? "}" : "}]");
	}
	if (f->missing == CARD_MISSING_WOE)
	{
		agr_append_number_field(out, ", \"missing\": {\"woe\": ", f->missing_woe);
		append_counts(out, f->missing_goods, f->missing_bads);
		appendStringInfoChar(out, '}');
	}
	else if (f->missing != CARD_MISSING_NONE)
		appendStringInfo(out, ", \"missing\": \"%s\"", missing_words[f->missing - CARD_MISSING_WORST]);
	if (f->unseen != CARD_UNSEEN_AVERAGE)
		appendStringInfo(out, ", \"unseen\": \"%s\"", unseen_words[f->unseen]);
	appendStringInfoChar(out, '}');
}

static void
append_segment(StringInfo out, const Card *card, const CardSegment *s)
{
	uint32_t	w;

	CHECK_FOR_INTERRUPTS();
	append_text_field(out, "{\"name\": ", s->name);
	if (s->parent.length > 0)
		append_text_field(out, ", \"parent\": ", s->parent);
	if (s->has_intercept)
		agr_append_number_field(out, ", \"intercept\": ", s->intercept);
	for (w = 0; w < s->n_weights; w++)
	{
		append_text_field(out, w > 0 ? ", " : ", \"weights\": {", card->feature[s->weight[w].feature].name);
		agr_append_number_field(out, ": ", s->weight[w].weight);
	}
	appendStringInfoString(out, s->n_weights > 0 ? "}}" : "}");
}

static void
append_numbers(StringInfo out, const void *base, const CardNumber *number)
{
	for (; number->key != NULL; number++)
	{
		double		x = *card_number(base, number);

		if (isnan(x))
			continue;
		append_key(out, number->key);
		agr_append_number(out, x);
	}
}

static void
append_measures(StringInfo out, const char *key, const CardMeasures *measures, int64 rows)
{
	int			before = out->len;
	int			within;

	append_key(out, key);
	appendStringInfoChar(out, '{');
	within = out->len;
	append_rows(out, "rows", rows);
	append_numbers(out, measures, card_measure_numbers);
	if (out->len > within)
		appendStringInfoChar(out, '}');
	else
		out->data[out->len = before] = '\0';
}

/* What the fit says of segments. */
static void
append_pooling(StringInfo out, const Card *card)
{
	const CardFit *fit = card->fit;
	uint32_t	i;

	for (i = 0; i < fit->n_spreads; i++)
	{
		const CardSpread *spread = &fit->spread[i];

		appendStringInfo(out, "%s{\"level\": %u", i > 0 ? ", " : ", \"spreads\": [", spread->level);
		if (spread->feature >= 0)
			append_text_field(out, ", \"feature\": ", card->feature[spread->feature].name);
		agr_append_number_field(out, ", \"sd\": ", spread->sd);
		appendStringInfoString(out, i + 1 < fit->n_spreads ? "}" : "}]");
	}
	for (i = 0; i < fit->n_segments; i++)
	{
		const CardLearnt *learnt = &fit->segment[i];

		appendStringInfoString(out, i > 0 ? ", {" : ", \"segments\": [{");
		append_rows(out, "rows", learnt->rows);
		append_rows(out, "bads", learnt->bads);
		append_numbers(out, learnt, card_segment_numbers);
		if (learnt->note.length > 0)
			append_text_field(out, ", \"note\": ", learnt->note);
		appendStringInfoString(out, i + 1 < fit->n_segments ? "}" : "}]");
	}
}

static void
append_fit(StringInfo out, const Card *card)
{
	const CardFit *fit = card->fit;
	uint32_t	i;

	appendStringInfoChar(out, '{');
	append_rows(out, "rows", fit->rows);
	append_rows(out, "bads", fit->bads);
	append_rows(out, "iterations", fit->iterations);
	append_rows(out, "folds", fit->folds);
	if (fit->encoding.length > 0)
		append_text_field(out, ", \"encoding\": ", fit->encoding);
	if (fit->selection.length > 0)
		append_text_field(out, ", \"selection\": ", fit->selection);
	if (fit->assumptions.length > 0)
		append_text_field(out, ", \"assumptions\": ", fit->assumptions);
	if (fit->weight_unit != 1)
		agr_append_number_field(out, ", \"weight_unit\": ", fit->weight_unit);
	append_numbers(out, fit, card_fit_numbers);
	append_measures(out, "in_sample", &fit->in_sample, -1);
	append_measures(out, "out_of_fold", &fit->out_of_fold, fit->out_of_fold_rows);
	for (i = 0; i < fit->n_excluded; i++)
	{
		append_text_field(out, i > 0 ? ", " : ", \"excluded\": {", fit->excluded[i].why);
		appendStringInfo(out, ": " INT64_FORMAT, fit->excluded[i].rows);
	}
	appendStringInfoString(out, fit->n_excluded > 0 ? "}" : "");
	for (i = 0; i < fit->n_tried; i++)
	{
		append_text_field(out, i > 0 ? ", {\"name\": " : ", \"tried\": [{\"name\": ", fit->tried[i].name);
		if (fit->tried[i].dropped.length > 0)
			append_text_field(out, ", \"dropped\": ", fit->tried[i].dropped);
		append_numbers(out, &fit->tried[i], card_tried_numbers);
		appendStringInfoString(out, i + 1 < fit->n_tried ? "}" : "}]");
	}
	appendStringInfoString(out, ", \"terms\": [");
	for (i = 0; i < fit->n_terms; i++)
	{
		const CardTerm *term = &fit->term[i];

		appendStringInfoString(out, i > 0 ? ", {" : "{");
		if (term->feature >= 0)
			append_text_field(out, "\"feature\": ", card->feature[term->feature].name);
		if (term->has_level)
			append_text_field(out, ", \"level\": ", term->level);
		append_key(out, "coefficient");
		agr_append_number(out, term->coefficient);
		append_numbers(out, term, card_term_numbers);
		appendStringInfoChar(out, '}');
	}
	appendStringInfoChar(out, ']');
	for (i = 0; i < fit->n_covariances; i++)
		agr_append_number_field(out, i > 0 ? ", " : ", \"covariance\": [", fit->covariance[i]);
	appendStringInfoString(out, fit->n_covariances > 0 ? "]" : "");
	append_pooling(out, card);
	appendStringInfoChar(out, '}');
}

void
scorecard_append_json(StringInfo out, const Card *card)
{
	uint32_t	i;

	append_text_field(out, "{\"format\": 1, \"name\": ", card->name);
	agr_append_number_field(out, ", \"scale\": {\"base_score\": ", card->base_score);
	agr_append_number_field(out, ", \"base_odds\": ", card->base_odds);
	agr_append_number_field(out, ", \"pdo\": ", card->pdo);
	agr_append_number_field(out, "}, \"intercept\": ", card->intercept);
	appendStringInfoString(out, ", \"features\": [");
	for (i = 0; i < card->n_features; i++)
	{
		appendStringInfoString(out, i > 0 ? ", " : "");
		append_feature(out, &card->feature[i]);
	}
	appendStringInfoChar(out, ']');
	for (i = 0; i < card->n_segments; i++)
	{
		appendStringInfoString(out, i > 0 ? ", " : ", \"segments\": [");
		append_segment(out, card, &card->segment[i]);
	}
	appendStringInfoString(out, card->n_segments > 0 ? "]" : "");
	if (card->fit != NULL)
	{
		appendStringInfoString(out, ", \"fit\": ");
		append_fit(out, card);
	}
	appendStringInfoChar(out, '}');
}
