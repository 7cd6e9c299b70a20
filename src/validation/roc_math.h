/*
 * roc_math.h
 *		Capture and lift of a score, resampling of its rows, and two scores of the
 *		same rows. Pure C.
 *
 * See core/math/auc_math.h for the order of entries, classes and placements.
 */
#ifndef ROC_MATH_H
#define ROC_MATH_H

#include "core/math/auc_math.h"
#include "core/math/twofold.h"

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

/* The entry, of the entries with rows of the class, that a draw falls on. */
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
