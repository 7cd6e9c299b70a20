/*
 * roc_math.h
 *		How well a score ranks bad before good: AUC, its variance, KS, from rows
 *		counted by score and outcome. Pure C.
 *
 * Entries of a tally (core/tally_math.h) come in ascending order of the score;
 * class 0 are the good, class 1 the bad, and a higher score is riskier. All
 * sums are integers, so that equal rows give equal bits however they came.
 *
 * A bad has as many good below it, and half of those it ties with: twice that
 * is its placement. Likewise a good's placement is twice the bad above it, and
 * those it ties with. Both add up to 2 * AUC * goods * bads. The variance is
 * that of DeLong, DeLong and Clarke-Pearson 1988: variances of the placements
 * of either class (n - 1), each over its number of rows.
 */
#ifndef ROC_MATH_H
#define ROC_MATH_H

#include "core/ratio_math.h"
#include "core/tally_math.h"
#include "core/twofold.h"

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

/* What is to be done with an entry that has bads, or ends the goods before. */
extern void roc_settle(RocSums *sums);
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

/*
 * The share of the bads among the riskiest `share` of all rows, which is in
 * [0, 1]; of the rows that tie at the border the same part of both classes.
 * Counted from the riskiest down and without a rounding before the last, so
 * that the smallest share keeps its digits.
 */
typedef struct RocCapture
{
	int64_t		total[2];
	int64_t		below[2];
	double		share;
	Twofold		rows;			/* that are the riskiest */
	Twofold		captured;		/* bads among them, times ties */
	int64_t		ties;			/* rows at the border, 0: it is not found yet */
} RocCapture;

extern void roc_capture_begin(RocCapture *capture, const int64_t *total, double share);
extern void roc_capture_add(RocCapture *capture, const TallyEntry *entry);

/* NaN without bads. */
extern double roc_capture_end(const RocCapture *capture);

/* That over the share; NaN also if it is 0. */
extern double roc_lift_end(const RocCapture *capture);

/*
 * Resampling of either class with replacement. A draw is 64 bits that depend on
 * nothing but seed, replicate and number of the draw; the row it falls on is
 * found from a guide near its place among the rows. Entries come ascending.
 */
typedef struct RocResampler
{
	const TallyEntry *entries;
	int64_t		distinct;
	int64_t		total[2];
	int64_t    *until[2];		/* rows of a class up to and with an entry */
	uint32_t   *guide[2];		/* entry in which such a part of the rows begins */
} RocResampler;

/* until and guide have room for `distinct` each. */
extern void roc_resampler_begin(RocResampler *resampler);

extern uint64_t roc_draw_bits(uint64_t seed, uint64_t replicate, uint64_t draw);

/* The entry, of those with rows of the class, that a draw falls on. */
extern int64_t roc_draw_entry(const RocResampler *resampler, int class, uint64_t bits);

/*
 * Two scores of the same rows. Rows come twice, in the order of either score;
 * what is left of them then are the sums of placements, of their squares and
 * of their products.
 */
typedef struct RocPairSums
{
	int64_t		total[2];
	Unsigned128 placements[2];	/* of the bads under score a, b */
	Unsigned128 squares[2][2];	/* score, class */
	Unsigned128 products[2];	/* class: placement under a times that under b */
} RocPairSums;

/* A row on its way: ordered by one score, with what is to be kept of the other. */
typedef struct RocPairRow
{
	uint64_t	key;
	uint64_t	payload;
} RocPairRow;

/* Sorts by key; scratch is as large. Large amounts take a while, with pauses. */
extern void roc_sort_pair_rows(RocPairRow *rows, size_t n, RocPairRow *scratch, TallyPause pause);

typedef struct RocPairMeasures
{
	double		auc[2];
	double		variance[2];
	double		covariance;
	double		difference_variance;	/* of auc[0] - auc[1] */
} RocPairMeasures;

extern void roc_pair_end(const RocPairSums *sums, RocPairMeasures *measures);

#endif							/* ROC_MATH_H */
