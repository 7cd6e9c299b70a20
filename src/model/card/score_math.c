/*
 * score_math.c
 *		From a row's values to log-odds, PD, score and points. Pure C.
 */
#include "model/card/score_math.h"

#include "core/math/elementary_math.h"

#include <string.h>

static const double ln2 = 0x1.62e42fefa39efp-1;

static const char *
copy_name(TextSpan text, Arena memory)
{
	char	   *name = memory.alloc(memory.context, (size_t) text.length + 1);

	memcpy(name, text.at, text.length);
	name[text.length] = '\0';
	return name;
}

static void
compile_number(ScoreFeature *s, const CardFeature *f, Arena memory)
{
	struct ScoreSpecial *special;
	uint32_t	b,
				v;
	int			i;

	s->n_cuts = (int32_t) f->n_bins - 1;
	s->all_cuts = f->cut;
	for (i = 0; i < SCORE_INLINE_CUTS; i++)
		s->cut[i] = i < s->n_cuts ? f->cut[i] : INFINITY;

	for (b = 0; b < f->n_specials; b++)
		s->n_special_values += (int32_t) f->special[b].n_values;
	special = memory.alloc(memory.context, ((size_t) s->n_special_values + 1) * sizeof *special);
	s->special = special;
	for (b = 0; b < f->n_specials; b++)
		for (v = 0; v < f->special[b].n_values; v++)
		{
			special->value = f->special[b].value[v];
			special->place = (int32_t) (f->n_bins + b);
			special++;
		}
}

static void
compile_category(ScoreFeature *s, const CardFeature *f, Arena memory)
{
	TextIndex  *index;
	uint32_t	n = 0;
	uint32_t	b,
				c;

	for (b = 0; b < f->n_bins; b++)
		n += f->bin[b].n_categories;
	index = text_index_create(memory, n);
	for (b = 0; b < f->n_bins; b++)
		for (c = 0; c < f->bin[b].n_categories; c++)
			text_index_add(index, f->bin[b].category[c], b);
	s->category = index;
}

static void
compile_feature(ScoreFeature *s, const CardFeature *f, Arena memory)
{
	double	   *woe = memory.alloc(memory.context,
								   ((size_t) f->n_bins + f->n_specials) * sizeof *woe);
	uint32_t	b;

	memset(s, 0, sizeof *s);
	s->consent = -1;
	s->missing = f->missing;
	s->missing_woe = f->missing_woe;
	s->unseen = f->unseen;
	if (f->kind == CARD_LINEAR)
	{
		s->linear = true;
		s->center = f->center;
		s->least_woe = f->low - f->center;
		s->most_woe = f->high - f->center;
		return;
	}
	s->woe = woe;
	s->least_woe = s->most_woe = f->bin[0].woe;
	for (b = 0; b < f->n_bins; b++)
	{
		woe[b] = f->bin[b].woe;
		s->least_woe = fmin(s->least_woe, woe[b]);
		s->most_woe = fmax(s->most_woe, woe[b]);
	}
	for (b = 0; b < f->n_specials; b++)
		woe[f->n_bins + b] = f->special[b].woe;

	if (f->kind == CARD_NUMBER)
		compile_number(s, f, memory);
	else
		compile_category(s, f, memory);
}

/*
 * What a segment does not name it inherits. One without weights of its own
 * shares its parent's, so a thousand segments of intercepts take no room.
 */
static void
compile_segment(ScoreCard *sc, uint32_t i, uint8_t *done, int32_t *stack, Arena memory)
{
	const Card *card = sc->card;
	int32_t		at = (int32_t) i;
	uint32_t	depth = 0;
	uint32_t	k;

	/* Up to the first ancestor that is ready, then down again. */
	for (; at >= 0 && !done[at]; at = card->segment[at].parent_index)
		stack[depth++] = at;
	while (depth > 0)
	{
		const CardSegment *s = &card->segment[stack[--depth]];
		struct ScoreSegment *own = &sc->segment[stack[depth]];

		*own = s->parent_index < 0 ? sc->root : sc->segment[s->parent_index];
		if (s->has_intercept)
			own->intercept = s->intercept;
		if (s->n_weights > 0)
		{
			double	   *weight = memory.alloc(memory.context, card->n_features * sizeof *weight);

			memcpy(weight, own->weight, card->n_features * sizeof *weight);
			for (k = 0; k < s->n_weights; k++)
				weight[s->weight[k].feature] = s->weight[k].weight;
			own->weight = weight;
		}
		done[stack[depth]] = 1;
	}
}

ScoreCard *
score_compile(const Card *card, Arena memory)
{
	ScoreCard  *sc = memory.alloc(memory.context, sizeof *sc);
	TextIndex  *consents = text_index_create(memory, card->n_features);
	TextIndex  *segments = text_index_create(memory, card->n_segments);
	double	   *weight = memory.alloc(memory.context, card->n_features * sizeof *weight);
	uint8_t    *done = memory.alloc(memory.context, (size_t) card->n_segments + 1);
	int32_t    *stack = memory.alloc(memory.context, ((size_t) card->n_segments + 1) * sizeof *stack);
	uint32_t	i;

	sc->card = card;
	sc->factor = card->pdo / ln2;
	sc->offset = card->base_score - sc->factor * agr_log(card->base_odds);
	sc->feature = memory.alloc(memory.context, card->n_features * sizeof *sc->feature);
	/* Each feature, and at most one consent for each. */
	sc->input = memory.alloc(memory.context, 2 * (size_t) card->n_features * sizeof *sc->input);
	sc->n_inputs = card->n_features;
	for (i = 0; i < card->n_features; i++)
	{
		const CardFeature *f = &card->feature[i];

		compile_feature(&sc->feature[i], f, memory);
		weight[i] = f->weight;
		sc->input[i] = copy_name(f->name, memory);
		if (f->consent.length > 0)
		{
			if (text_index_add(consents, f->consent, sc->n_inputs))
				sc->input[sc->n_inputs++] = copy_name(f->consent, memory);
			sc->feature[i].consent =
				(int32_t) text_index_find(consents, f->consent.at, f->consent.length);
		}
	}

	sc->root.intercept = card->intercept;
	sc->root.weight = weight;
	sc->segment = memory.alloc(memory.context, ((size_t) card->n_segments + 1) * sizeof *sc->segment);
	sc->segments = segments;
	memset(done, 0, card->n_segments);
	for (i = 0; i < card->n_segments; i++)
	{
		text_index_add(segments, card->segment[i].name, i);
		compile_segment(sc, i, done, stack, memory);
	}
	return sc;
}

const struct ScoreSegment *
score_segment(const ScoreCard *card, const char *at, size_t length)
{
	int64_t		i = at == NULL ? -1 : text_index_find(card->segments, at, length);

	return i < 0 ? &card->root : &card->segment[i];
}

int32_t
score_category_place(const ScoreFeature *f, const char *at, size_t length)
{
	int64_t		bin = text_index_find(f->category, at, length);

	return bin < 0 ? SCORE_UNSEEN : (int32_t) bin;
}

/* What is worst depends on the sign of the weight, which a segment may turn. */
static double
worst_woe(const ScoreFeature *f, double weight)
{
	return weight >= 0 ? f->most_woe : f->least_woe;
}

double
score_missing_woe(const ScoreFeature *f, double weight)
{
	switch (f->missing)
	{
		case CARD_MISSING_WOE:
			return f->missing_woe;
		case CARD_MISSING_WORST:
			return worst_woe(f, weight);
		case CARD_MISSING_BEST:
			return worst_woe(f, -weight);
		default:
			return 0;
	}
}

double
score_unseen_woe(const ScoreFeature *f, double weight)
{
	return f->unseen == CARD_UNSEEN_WORST ? worst_woe(f, weight) : 0;
}

double
score_pd(double eta)
{
	/* Beyond 36 the sum below rounds to 1, and a PD lies in (0, 1). */
	if (eta > 36)
		eta = 36;
	if (eta < -36)
		eta = -36;
	return 1 / (1 + agr_exp(-eta));
}

/* The number of cuts at or below x. */
int32_t
score_search(const ScoreFeature *f, double x)
{
	int32_t		low = 0;
	int32_t		high = f->n_cuts;

	while (low < high)
	{
		int32_t		middle = low + (high - low) / 2;

		if (x >= f->all_cuts[middle])
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

int32_t
score_special(const ScoreFeature *f, double x)
{
	int32_t		i;

	for (i = 0; i < f->n_special_values; i++)
		if (x == f->special[i].value)
			return f->special[i].place;
	return -1;
}
