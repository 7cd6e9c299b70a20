/*
 * auc_math.h
 *		How well a score ranks bad before good: AUC, its variance, KS, from rows
 *		counted by score and outcome. Pure C.
 *
 * Entries of a tally (core/math/tally_math.h) come in ascending order of the score;
 * class 0 are the good, class 1 the bad, and a higher score is riskier. All
 * sums are integers, so that equal rows give equal bits however they came.
 *
 * A bad has as many good below it, and half of the goods it ties with: twice that
 * is its placement. Likewise a good's placement is twice the bad above it, and
 * the bads it ties with. Both add up to 2 * AUC * goods * bads. The variance is
 * by DeLong, DeLong and Clarke-Pearson 1988: variances of the placements
 * of either class (n - 1), each over its number of rows.
 */
#ifndef AGRIRISK_AUC_MATH_H
#define AGRIRISK_AUC_MATH_H

#include "core/math/ratio_math.h"
#include "core/math/tally_math.h"

#define ROC_GOOD	0
#define ROC_BAD		1

/* Sums over the entries so far. */
typedef struct RocSums
{
	int64_t		total[2];		/* of all rows, known beforehand */
	int64_t		below[2];		/* rows so far */
	int64_t		waiting;		/* goods since the last bad: their placements are equal */
	uint64_t	key;			/* read last */
	Unsigned128 placements;		/* of the bads; of the goods it is the same */
	Unsigned128 squares[2];		/* of the placements of either class */
	Unsigned128 distance;		/* greatest so far of |share of bads - of goods|, times both totals */
	uint64_t	distance_key;	/* the lowest score at which it was reached */
} RocSums;

extern void roc_begin(RocSums *sums, const int64_t *total);

/* Adds an entry that has bads. */
extern void roc_add_bads(RocSums *sums, const TallyEntry *entry);

static inline void
roc_add(RocSums *sums, const TallyEntry *entry)
{
	if (entry->count[ROC_BAD] > 0)
		roc_add_bads(sums, entry);
	else
	{
		sums->below[ROC_GOOD] += entry->count[ROC_GOOD];
		sums->waiting += entry->count[ROC_GOOD];
		sums->key = entry->key;
	}
}

/*
 * What is undefined is NaN: all with one class only, the variance with fewer
 * than two rows of a class, ks_at where KS is 0.
 */
typedef struct RocMeasures
{
	double		auc;
	double		variance;
	double		ks;
	double		ks_at;
} RocMeasures;

extern void roc_end(RocSums *sums, RocMeasures *measures);

/* AUC, of the sum of the placements of the bads; there are rows of both classes. */
extern double placement_auc(const int64_t *total, Unsigned128 placements);

/*
 * The covariance of two placements of the rows of a class (n - 1) over their
 * number, above 1, of the sums of their products and of each.
 */
extern double placement_covariance(const int64_t *total, int class, Unsigned128 products,
								   Unsigned128 a, Unsigned128 b);

/* The normal interval of that level, clipped to [0, 1]; NaN where the variance is. */
extern void auc_interval(double auc, double variance, double level, double *low, double *high);

#endif							/* AGRIRISK_AUC_MATH_H */
