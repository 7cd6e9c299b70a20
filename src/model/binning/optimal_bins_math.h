/*
 * optimal_bins_math.h
 *		Binning: candidate cells, and the best partition of them. Pure C.
 *
 * Rows of a feature are put into cells, in the order of the feature. A bin is
 * a run of cells, a partition cuts all cells into bins. Information value (IV;
 * Kullback 1959, Siddiqi 2006) of a partition is the sum over bins of
 * (p - q) ln(p / q), p and q being the bin's shares of all bad and of all good
 * rows. The best partition is found by dynamic programming over the last bin
 * and its phase: exact under all limits at once, because a limit looks at one
 * bin, at two neighbours, or at the number of bins.
 *
 * Rates are compared as integer products, so no rounding decides a trend. A
 * bin's IV counts in units of 2^-46, so that sums of them are exact and a tie
 * is a tie. Neighbours always differ in rate: a cut between equal rates adds
 * nothing. Among partitions of equal IV the one with fewer bins is taken, then
 * the one whose last bin is the widest.
 */
#ifndef AGRIRISK_OPTIMAL_BINS_MATH_H
#define AGRIRISK_OPTIMAL_BINS_MATH_H

#include "core/math/tally_math.h"
#include "model/card/scorecard_math.h"

/* Candidate cells of a problem, and the most that max_bins and min_bins say. */
#define BIN_MAX_CELLS			500
#define BIN_MAX_LIMIT			100

#define BIN_FOLDS				4

/* What shares and rate gaps count in: nine decimals, compared exactly. */
#define BIN_SHARE_UNITS			INT64_C(1000000000)

enum
{
	BIN_GOOD,
	BIN_BAD
};

typedef struct BinCell
{
	int64_t		count[2];		/* good and bad rows */
} BinCell;

typedef enum BinTrend
{
	BIN_NONE,
	BIN_ASCENDING,				/* the bad rate rises from bin to bin */
	BIN_DESCENDING,
	BIN_PEAK,					/* rises, then falls; or either alone */
	BIN_VALLEY,
	BIN_AUTO					/* only asked for */
} BinTrend;

#define BIN_TRENDS				5

typedef struct BinLimits
{
	int64_t		max_bins;		/* 0: no limit */
	int64_t		min_bins;
	int64_t		min_share;		/* of the rows, in units */
	int64_t		max_share;
	int64_t		min_bads;
	int64_t		min_goods;
	int64_t		min_gap;		/* of neighbours' bad rates, in units */
} BinLimits;

/* The best partition for a trend. */
typedef struct BinTrial
{
	int32_t		bins;			/* 0: none is feasible */
	int32_t		end[BIN_MAX_CELLS]; /* the last cell of each bin */
	double		iv;
	double		held_out;		/* out-of-fold IV; NaN where there is none */
} BinTrial;

/* Finds best partitions of sets of at most max_cells cells. */
typedef struct BinSolver BinSolver;

extern BinSolver *bin_solver_create(int32_t max_cells, Arena memory);

/* Takes n cells, at least one, of which one has a good and one a bad row. */
extern void bin_solver_load(BinSolver *solver, const BinCell *cell, int32_t n,
							const BinLimits *limits);

/* The best partition of the cells loaded; trial->held_out is NaN. */
extern void bin_solve(BinSolver *solver, BinTrend trend, BinTrial *trial);

/*
 * Best partitions for every trend, with their out-of-fold IV. Each cell's good
 * and bad rows are dealt to BIN_FOLDS folds by a pseudo-random sequence that
 * begins with the cell's number, class and count. Every fold's complement is
 * binned again over the same cells, and the IV of the fold is the sum over bins
 * of (p - q) WOE, p and q of the fold, WOE of the complement.
 */
extern void bin_solve_all(BinSolver *solver, const BinCell *cell, int32_t n,
						  const BinLimits *limits, BinTrial trial[BIN_TRENDS], TallyPause pause);

/*
 * As far as it decides which partition is taken where this trend, or BIN_AUTO, is
 * asked for; other trends have 0 bins, and what was not needed is NaN.
 */
extern void bin_solve_asked(BinSolver *solver, const BinCell *cell, int32_t n,
							const BinLimits *limits, BinTrend asked,
							BinTrial trial[BIN_TRENDS], TallyPause pause);

/* Deals the cells to folds: fold[f * n + i] is of cell i. */
extern void bin_deal(const BinCell *cell, int32_t n, BinCell *fold);

/*
 * The trend `auto` takes: the better monotone one, unless a peak or a valley
 * raises out-of-fold IV by at least 5 % and 0.005. BIN_NONE where no monotone
 * trend is feasible.
 */
extern BinTrend bin_choose(const BinTrial trial[BIN_TRENDS]);

/*
 * Reduces n cells to at most `wanted`: writes the numbers of the cells that begin
 * one, ascending from 0, and returns how many there are. They are the leaves
 * of a classification tree (Breiman et al. 1984: Gini impurity, the best split
 * first, at most 20 leaves of at least 5 % of the rows or the smallest bin,
 * whichever is less), the vertices of the convex minorant and majorant of bads
 * over rows, cells that hold much of the rows, each by itself, and quantiles of the
 * other rows. So for a monotone trend without limits of size the best partition
 * of the candidates is the best one of all cells, as long as the vertices are not
 * more than the candidates.
 */
extern int32_t bin_candidates(const BinCell *cell, int32_t n, int32_t wanted,
							  int64_t min_share, int32_t *begin, Arena memory);

#endif							/* AGRIRISK_OPTIMAL_BINS_MATH_H */
