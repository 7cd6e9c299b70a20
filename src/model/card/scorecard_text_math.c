/*
 * scorecard_text_math.c
 *		The texts of a scorecard in another encoding, and what stands in the
 *		order of their bytes. Pure C.
 */
#include "model/card/scorecard_math.h"

#include <stdlib.h>

static int
compare_exclusions(const void *a, const void *b)
{
	return text_span_compare(((const CardExclusion *) a)->why, ((const CardExclusion *) b)->why);
}

/* A term, and where it stood. */
typedef struct PlacedTerm
{
	CardTerm	term;
	uint32_t	place;
} PlacedTerm;

/* Terms of one feature. */
static int
compare_terms(const void *a, const void *b)
{
	return text_span_compare(((const PlacedTerm *) a)->term.level, ((const PlacedTerm *) b)->term.level);
}

/* The place of a covariance in the lower triangle. */
static uint64_t
triangle(uint32_t a, uint32_t b)
{
	uint64_t	row = a > b ? a : b;

	return row * (row + 1) / 2 + (a < b ? a : b);
}

/* Brings the levels of each feature into order, and the covariances with them. */
static void
sort_terms(CardFit *fit, Arena memory)
{
	uint32_t	n = fit->n_terms;
	PlacedTerm *placed;
	double	   *covariance;
	uint32_t	i,
				j,
				first;

	if (n == 0)
		return;
	placed = memory.alloc(memory.context, n * sizeof *placed);
	for (i = 0; i < n; i++)
		placed[i] = (PlacedTerm) {fit->term[i], i};
	for (first = 0; first < n; first = i)
	{
		for (i = first + 1; i < n && placed[i].term.feature == placed[first].term.feature; i++)
			;
		qsort(placed + first, i - first, sizeof *placed, compare_terms);
	}
	for (i = 0; i < n; i++)
		fit->term[i] = placed[i].term;
	/* Of any other number of covariances the check complains. */
	if (fit->n_covariances != (uint64_t) n * (n + 1) / 2)
		return;
	covariance = memory.alloc(memory.context, fit->n_covariances * sizeof *covariance);
	for (i = 0; i < n; i++)
		for (j = 0; j <= i; j++)
			covariance[triangle(i, j)] = fit->covariance[triangle(placed[i].place, placed[j].place)];
	fit->covariance = covariance;
}

void
card_sort(Card *card, Arena memory)
{
	if (card->fit == NULL)
		return;
	if (card->fit->n_excluded > 0)
		qsort(card->fit->excluded, card->fit->n_excluded, sizeof *card->fit->excluded, compare_exclusions);
	sort_terms(card->fit, memory);
}

static void
recode_feature(CardFeature *f, TextRecode recode)
{
	uint32_t	b,
				c;

	f->name = recode(f->name);
	f->reason = recode(f->reason);
	f->consent = recode(f->consent);
	for (b = 0; b < f->n_bins; b++)
		for (c = 0; c < f->bin[b].n_categories; c++)
			f->bin[b].category[c] = recode(f->bin[b].category[c]);
}

static void
recode_fit(CardFit *fit, TextRecode recode)
{
	uint32_t	i;

	fit->encoding = recode(fit->encoding);
	fit->selection = recode(fit->selection);
	fit->assumptions = recode(fit->assumptions);
	for (i = 0; i < fit->n_excluded; i++)
		fit->excluded[i].why = recode(fit->excluded[i].why);
	for (i = 0; i < fit->n_tried; i++)
	{
		fit->tried[i].name = recode(fit->tried[i].name);
		fit->tried[i].dropped = recode(fit->tried[i].dropped);
	}
	for (i = 0; i < fit->n_terms; i++)
		fit->term[i].level = recode(fit->term[i].level);
	for (i = 0; i < fit->n_segments; i++)
		fit->segment[i].note = recode(fit->segment[i].note);
}

void
card_recode(Card *card, Arena memory, TextRecode recode)
{
	uint32_t	i;

	card->name = recode(card->name);
	for (i = 0; i < card->n_features; i++)
		recode_feature(&card->feature[i], recode);
	for (i = 0; i < card->n_segments; i++)
	{
		card->segment[i].name = recode(card->segment[i].name);
		card->segment[i].parent = recode(card->segment[i].parent);
	}
	if (card->fit != NULL)
		recode_fit(card->fit, recode);
	card_sort(card, memory);
}
