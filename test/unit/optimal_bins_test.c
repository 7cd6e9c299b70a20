/*
 * optimal_bins_test.c
 *		The best partition against trying all of them, under all limits at once.
 *
 * The oracle sums IV with the C library's log in _Float128, knows no order of
 * computation and no shortcut: it visits every subset of the cuts.
 */
#include "model/binning/optimal_bins_math.h"
#include "blocks.h"
#include "tap.h"

#include <math.h>
#include <string.h>
#include <time.h>

#define MOST		9

static void
no_pause(void)
{
}

static const BinLimits no_limits = {0, 1, 0, BIN_SHARE_UNITS, 1, 1, 0};

/* Whether the partition (bit i: a cut behind cell i) is within the limits. */
static bool
is_feasible(const BinCell *bin, int bins, int64_t rows, const BinLimits *l, BinTrend trend)
{
	int			before = 0;
	int			i;

	if (bins < l->min_bins || (l->max_bins > 0 && bins > l->max_bins))
		return false;
	for (i = 0; i < bins; i++)
	{
		int64_t		n = bin[i].count[0] + bin[i].count[1];

		if (bin[i].count[1] < 1 || bin[i].count[0] < 1 ||
			bin[i].count[1] < l->min_bads || bin[i].count[0] < l->min_goods ||
			(__int128) n * BIN_SHARE_UNITS < (__int128) l->min_share * rows ||
			(__int128) n * BIN_SHARE_UNITS > (__int128) l->max_share * rows)
			return false;
	}
	for (i = 1; i < bins; i++)
	{
		__int128	n0 = bin[i - 1].count[0] + bin[i - 1].count[1];
		__int128	n1 = bin[i].count[0] + bin[i].count[1];
		__int128	rise = bin[i].count[1] * n0 - bin[i - 1].count[1] * n1;
		__int128	size = rise < 0 ? -rise : rise;
		int			way = rise > 0 ? 1 : -1;

		if (rise == 0 || size * BIN_SHARE_UNITS < n0 * n1 * l->min_gap)
			return false;
		if ((trend == BIN_ASCENDING && way < 0) || (trend == BIN_DESCENDING && way > 0))
			return false;
		if (trend == BIN_PEAK && before < 0 && way > 0)
			return false;
		if (trend == BIN_VALLEY && before > 0 && way < 0)
			return false;
		before = way;
	}
	return true;
}

/*
 * Tries all; returns the fewest bins that reach the best IV, 0 where none is
 * feasible, and the cuts between them.
 */
static int
try_all(const BinCell *cell, int n, const BinLimits *l, BinTrend trend, _Float128 *best, int *best_cuts)
{
	int64_t		total[2] = {0, 0};
	int			best_bins = 0;
	int			cuts,
				i;

	for (i = 0; i < n; i++)
	{
		total[0] += cell[i].count[0];
		total[1] += cell[i].count[1];
	}
	*best = -1;
	for (cuts = 0; cuts < 1 << (n - 1); cuts++)
	{
		BinCell		bin[MOST] = {{{0, 0}}};
		_Float128	iv = 0;
		int			bins = 0;

		for (i = 0; i < n; i++)
		{
			bin[bins].count[0] += cell[i].count[0];
			bin[bins].count[1] += cell[i].count[1];
			bins += i == n - 1 || (cuts >> i & 1);
		}
		if (!is_feasible(bin, bins, total[0] + total[1], l, trend))
			continue;
		for (i = 0; i < bins; i++)
		{
			_Float128	p = (_Float128) bin[i].count[1] / total[1];
			_Float128	q = (_Float128) bin[i].count[0] / total[0];

			iv += (p - q) * logf128(p / q);
		}
		if (best_bins == 0 || iv > *best + 1e-13F128 || (iv > *best - 1e-13F128 && bins < best_bins))
		{
			best_bins = bins;
			*best = iv;
			*best_cuts = cuts;
		}
	}
	return best_bins;
}

static void
make_cells(BinCell *cell, int n, int most)
{
	int			i;

	for (i = 0; i < n; i++)
	{
		cell[i].count[0] = below(most);
		cell[i].count[1] = below(most);
	}
	cell[below(n)].count[0]++;
	cell[below(n)].count[1]++;
}

static void
make_limits(BinLimits *l)
{
	*l = no_limits;
	if (below(2))
		l->max_bins = 1 + below(5);
	if (below(3) == 0)
		l->min_bins = 1 + below(4);
	if (below(2))
		l->min_share = below(300) * 1000000;
	if (below(4) == 0)
		l->max_share = (300 + below(700)) * 1000000;
	if (below(3) == 0)
		l->min_bads = below(20);
	if (below(3) == 0)
		l->min_goods = below(20);
	if (below(3) == 0)
		l->min_gap = below(200) * 1000000;
}

static void
compare_with_all(BinSolver *solver)
{
	static BinTrial trial;
	long		infeasible = 0;
	long		single = 0;
	double		worst = 0;
	bool		found = true;
	bool		counted = true;
	bool		valid = true;
	int			round;

	for (round = 0; round < 6000; round++)
	{
		BinCell		cell[MOST];
		BinLimits	limits;
		int			n = 1 + (int) below(MOST);
		int			t;

		/* Small counts make ties and empty cells. */
		make_cells(cell, n, round % 3 == 0 ? 4 : round % 3 == 1 ? 30 : 1000);
		make_limits(&limits);
		bin_solver_load(solver, cell, n, &limits);
		for (t = 0; t < BIN_TRENDS; t++)
		{
			_Float128	best;
			int			cuts;
			int			bins = try_all(cell, n, &limits, (BinTrend) t, &best, &cuts);
			BinCell		bin[MOST] = {{{0, 0}}};
			int64_t		rows = 0;
			int			at = 0;
			int			i;

			bin_solve(solver, (BinTrend) t, &trial);
			infeasible += bins == 0;
			single += bins == 1;
			found = found && (bins == 0) == (trial.bins == 0);
			counted = counted && bins == trial.bins;
			if (bins == 0 || trial.bins == 0)
				continue;
			worst = fmax(worst, fabs((double) (best - (_Float128) trial.iv)));
			for (i = 0; i < n; i++)
			{
				bin[at].count[0] += cell[i].count[0];
				bin[at].count[1] += cell[i].count[1];
				rows += cell[i].count[0] + cell[i].count[1];
				at += i == trial.end[at];
			}
			valid = valid && at == trial.bins && is_feasible(bin, at, rows, &limits, (BinTrend) t);
		}
	}
	ok(infeasible > 1000 && single > 1000 && infeasible + single < 25000, "30,000 problems, some infeasible, some of one bin");
	ok(found, "one is feasible where trying all finds one");
	ok_figure(worst < 1e-12, "the best IV is that of trying all", worst);
	ok(counted, "with as few bins");
	ok(valid, "and the partition keeps every limit");
}

static void
compare_large_counts(BinSolver *solver)
{
	/* (2m + 3) / (3m + 4) is below (2m + 1) / (3m + 1) by 2^-77, which doubles cannot tell. */
	int64_t		m = INT64_C(1) << 37;
	BinCell		cell[2] = {{{m + 1, 2 * m + 3}}, {{m, 2 * m + 1}}};
	BinCell		first;
	BinLimits	two = no_limits;
	static BinTrial trial;

	two.min_bins = 2;
	bin_solver_load(solver, cell, 2, &two);
	bin_solve(solver, BIN_ASCENDING, &trial);
	ok(trial.bins == 2, "rates that only integers tell apart rise");
	bin_solve(solver, BIN_DESCENDING, &trial);
	ok(trial.bins == 0, "and do not fall");
	first = cell[0];
	cell[0] = cell[1];
	cell[1] = first;
	bin_solver_load(solver, cell, 2, &two);
	bin_solve(solver, BIN_DESCENDING, &trial);
	ok(trial.bins == 2, "others fall");
	bin_solve(solver, BIN_ASCENDING, &trial);
	ok(trial.bins == 0, "and do not rise");
	cell[1] = cell[0];
	bin_solver_load(solver, cell, 2, &no_limits);
	bin_solve(solver, BIN_NONE, &trial);
	ok(trial.bins == 1, "equal rates are never cut apart");
}

static void
check_ties(BinSolver *solver)
{
	/* Any two neighbours of the middle may join: the last bin is to be the widest. */
	BinCell		cell[3] = {{{1, 2}}, {{1, 1}}, {{2, 1}}};
	BinLimits	two = no_limits;
	static BinTrial trial;
	int			i;

	two.max_bins = 2;
	bin_solver_load(solver, cell, 3, &two);
	bin_solve(solver, BIN_NONE, &trial);
	ok(trial.bins == 2 && trial.end[0] == 0, "of two equal partitions the one whose last bin is wider");

	/* The same in front of a last bin of average rate, which is reached from below and from above. */
	for (i = 0; i < 2; i++)
	{
		BinCell		four[4] = {{{1 + i, 2 - i}}, {{1, 1}}, {{2 - i, 1 + i}}, {{5, 5}}};

		two.max_bins = 3;
		bin_solver_load(solver, four, 4, &two);
		bin_solve(solver, BIN_NONE, &trial);
		ok(trial.bins == 3 && trial.end[0] == 0 && trial.end[1] == 2, "and so for the bin before");
	}
}

static void
check_gap(BinSolver *solver)
{
	/* Rates of 1/10 and 3/20: exactly 0.05 apart. */
	BinCell		cell[2] = {{{9, 1}}, {{17, 3}}};
	BinLimits	limits = no_limits;
	static BinTrial trial;

	limits.min_gap = 50000000;
	bin_solver_load(solver, cell, 2, &limits);
	bin_solve(solver, BIN_ASCENDING, &trial);
	ok(trial.bins == 2, "a gap that is met exactly is met");
	limits.min_gap++;
	bin_solver_load(solver, cell, 2, &limits);
	bin_solve(solver, BIN_ASCENDING, &trial);
	ok(trial.bins == 1, "and one a billionth wider is not");
}

static void
check_folds(void)
{
	BinCell		cell[200];
	BinCell		fold[BIN_FOLDS * 200];
	bool		sums = true;
	double		chi = 0;
	int			i,
				f,
				c;

	make_cells(cell, 200, 5000);
	cell[0].count[0] = INT64_C(1) << 38;
	cell[1].count[1] = 3;
	cell[2].count[1] = 0;
	bin_deal(cell, 200, fold);
	for (i = 0; i < 200; i++)
		for (c = 0; c < 2; c++)
		{
			int64_t		sum = 0;

			for (f = 0; f < BIN_FOLDS; f++)
			{
				double		expected = (double) cell[i].count[c] / BIN_FOLDS;

				sum += fold[f * 200 + i].count[c];
				sums = sums && fold[f * 200 + i].count[c] >= 0;
				if (expected > 0)
					chi += pow((double) fold[f * 200 + i].count[c] - expected, 2) / expected;
			}
			sums = sums && sum == cell[i].count[c];
		}
	ok(sums, "folds share out every row");
	/* About 3 * 399 degrees of freedom, deviation 49. */
	ok_figure(chi > 1000 && chi < 1400, "as chance would", chi);
	chi = 0;
	for (i = 0; i < 200; i++)
		cell[i].count[0] = cell[i].count[1] = 1000000 + i;
	bin_deal(cell, 200, fold);
	for (i = 0; i < BIN_FOLDS * 200; i++)
		for (c = 0; c < 2; c++)
			chi += pow((double) fold[i].count[c] - 250000, 2) / 250000;
	/* 3 * 400 degrees of freedom. */
	ok_figure(chi > 1000 && chi < 1400, "and for many rows", chi);
}

/* Out-of-fold IV by the book, with bins found by trying all. */
static void
compare_held_out(BinSolver *solver)
{
	static BinTrial trial[BIN_TRENDS];
	double		worst = 0;
	int			round;

	for (round = 0; round < 300; round++)
	{
		BinCell		cell[MOST];
		BinCell		fold[BIN_FOLDS * MOST];
		BinLimits	limits = no_limits;
		BinLimits	fewer;
		int			n = 2 + (int) below(MOST - 1);
		int			t;

		make_cells(cell, n, 1000);
		limits.min_share = below(200) * 1000000;
		limits.min_bads = 4 * below(10);
		limits.max_bins = below(5);
		fewer = limits;
		fewer.min_bads = 3 * limits.min_bads / 4;
		bin_deal(cell, n, fold);
		bin_solve_all(solver, cell, n, &limits, trial, no_pause);
		for (t = 0; t < BIN_TRENDS; t++)
		{
			double		sum = 0;
			int			f;

			for (f = 0; f < BIN_FOLDS; f++)
			{
				BinCell		rest[MOST];
				double		all[2][2] = {{0}};
				double		seen[2][2] = {{0}};
				_Float128	best;
				int			cuts = 0;
				int			i,
							c;

				for (i = 0; i < n; i++)
					for (c = 0; c < 2; c++)
					{
						rest[i].count[c] = cell[i].count[c] - fold[f * n + i].count[c];
						all[0][c] += rest[i].count[c];
						all[1][c] += fold[f * n + i].count[c];
					}
				try_all(rest, n, &fewer, (BinTrend) t, &best, &cuts);
				for (i = 0; i < n; i++)
				{
					for (c = 0; c < 2; c++)
					{
						seen[0][c] += rest[i].count[c];
						seen[1][c] += fold[f * n + i].count[c];
					}
					if (i < n - 1 && !(cuts >> i & 1))
						continue;
					sum += (seen[1][1] / all[1][1] - seen[1][0] / all[1][0]) *
						log(seen[0][1] / all[0][1] / (seen[0][0] / all[0][0]));
					memset(seen, 0, sizeof seen);
				}
			}
			worst = fmax(worst, fabs(trial[t].held_out - sum / BIN_FOLDS));
		}
	}
	ok_figure(worst < 1e-12, "out-of-fold IV is that of bins found by trying all", worst);
}

/* What is solved for one asked trend is what is taken where all are solved. */
static void
compare_asked(BinSolver *solver)
{
	static BinTrial all[BIN_TRENDS];
	static BinTrial asked[BIN_TRENDS];
	int			different = 0;
	int			shapes = 0;
	int			round;

	for (round = 0; round < 2000; round++)
	{
		BinCell		cell[MOST];
		BinLimits	limits = no_limits;
		int			n = 2 + (int) below(MOST - 1);
		int			t;

		make_cells(cell, n, 30);
		limits.min_share = below(200) * 1000000;
		limits.max_bins = below(5);
		bin_solve_all(solver, cell, n, &limits, all, no_pause);
		for (t = 0; t <= BIN_AUTO; t++)
		{
			BinTrend	taken = t == BIN_AUTO ? bin_choose(all) : (BinTrend) t;

			bin_solve_asked(solver, cell, n, &limits, (BinTrend) t, asked, no_pause);
			if (t == BIN_AUTO)
				different += bin_choose(asked) != taken;
			if (t == BIN_AUTO && taken == BIN_NONE)
				continue;
			shapes += taken >= BIN_PEAK && t == BIN_AUTO;
			different += asked[taken].bins != all[taken].bins || asked[taken].iv != all[taken].iv ||
				memcmp(asked[taken].end, all[taken].end, all[taken].bins * sizeof *all[taken].end) != 0;
		}
	}
	ok(different == 0 && shapes > 50, "the same bins where only what decides is solved");
}

static void
check_auto(void)
{
	static BinTrial t[BIN_TRENDS];
	int			i;

	for (i = 0; i < BIN_TRENDS; i++)
	{
		t[i].bins = 3;
		t[i].iv = 0.2;
		t[i].held_out = 0.2;
	}
	ok(bin_choose(t) == BIN_ASCENDING, "auto: of equal trends the ascending one");
	t[BIN_DESCENDING].iv = 0.21;
	ok(bin_choose(t) == BIN_DESCENDING, "the better monotone one");
	t[BIN_VALLEY].held_out = 0.2099;
	ok(bin_choose(t) == BIN_DESCENDING, "a valley that adds less than 5 %");
	t[BIN_VALLEY].held_out = 0.2101;
	ok(bin_choose(t) == BIN_VALLEY, "one that adds more");
	t[BIN_PEAK].held_out = 0.22;
	ok(bin_choose(t) == BIN_PEAK, "a peak that adds still more");
	t[BIN_DESCENDING].held_out = 0.01;
	t[BIN_PEAK].held_out = t[BIN_VALLEY].held_out = 0.0149;
	ok(bin_choose(t) == BIN_DESCENDING, "and less than 0.005 is too little, whatever the share");
	t[BIN_DESCENDING].bins = t[BIN_ASCENDING].bins = 0;
	ok(bin_choose(t) == BIN_NONE, "where nothing is feasible, none");
}

#define VERTEX_CELLS 300

static void
check_candidates(Arena memory)
{
	static BinCell cell[5000];
	int32_t		begin[BIN_MAX_CELLS];
	int32_t		n;
	bool		ascending = true;
	int			i;

	for (i = 0; i < 5000; i++)
	{
		cell[i].count[0] = 3 + below(3);
		cell[i].count[1] = i >= 1234 && i < 3210 ? 3 : 1;
	}
	n = bin_candidates(cell, 5000, 200, 0, begin, memory);
	ok(n > 150 && n <= 200, "at most as many candidates as wanted");
	for (i = 1; i < n; i++)
		ascending = ascending && begin[i] > begin[i - 1];
	ok(ascending && begin[0] == 0, "ascending from the first");
	n = bin_candidates(cell, 5000, 4, 0, begin, memory);
	for (i = 0; i < n && begin[i] != 1234; i++)
		;
	ok(i < n, "a tree finds the edge that quantiles would miss");
	/* One cell has a third of the rows: both of its sides are candidates, if not many are. */
	cell[2000].count[0] = 12000;
	cell[2000].count[1] = 9000;
	n = bin_candidates(cell, 5000, 40, 0, begin, memory);
	for (i = 0; i < n && begin[i] != 2000; i++)
		;
	ok(i + 1 < n && begin[i + 1] == 2001 && n <= 40, "a value of many rows is a candidate by itself");
	n = bin_candidates(cell, 60, 200, 0, begin, memory);
	ok(n == 60, "few cells are all candidates");
}

/*
 * For a monotone trend without limits of size, what is best of a few candidates is
 * best of all cells, which the solver can look at too as long as they are not
 * many.
 */
static void
compare_vertices(Arena memory)
{
	static BinCell cell[VERTEX_CELLS],
				joined[VERTEX_CELLS];
	static BinTrial all,
				few;
	BinSolver  *solver = bin_solver_create(VERTEX_CELLS, memory);
	int			worse = 0;
	int			round;

	seed = 11;
	for (round = 0; round < 60; round++)
	{
		BinLimits	limits = no_limits;
		BinTrend	trend = round % 2 ? BIN_DESCENDING : BIN_ASCENDING;
		int32_t		begin[BIN_MAX_CELLS];
		int32_t		n;
		int			i,
					at = -1;

		make_cells(cell, VERTEX_CELLS, 2 + below(6));
		for (i = 0; i < VERTEX_CELLS; i++)
			cell[i].count[(trend == BIN_ASCENDING) == (i > VERTEX_CELLS / 2)] += below(2);
		limits.max_bins = round % 3 ? 2 + below(7) : 0;
		bin_solver_load(solver, cell, VERTEX_CELLS, &limits);
		bin_solve(solver, trend, &all);
		n = bin_candidates(cell, VERTEX_CELLS, 90, 0, begin, memory);
		memset(joined, 0, sizeof joined);
		for (i = 0; i < VERTEX_CELLS; i++)
		{
			at += at + 1 < n && begin[at + 1] == i;
			joined[at].count[0] += cell[i].count[0];
			joined[at].count[1] += cell[i].count[1];
		}
		bin_solver_load(solver, joined, n, &limits);
		bin_solve(solver, trend, &few);
		worse += few.bins != all.bins || fabs(few.iv - all.iv) > 1e-12;
	}
	ok(worse == 0, "a monotone trend's optimum over 90 candidates is that over all cells");
}

/* Bits of what is computed, to compare between CPUs; and how long it takes. */
static void
print_bits_and_time(Arena memory)
{
	static BinTrial trial[BIN_TRENDS];
	static BinCell cell[200];
	BinSolver  *solver = bin_solver_create(200, memory);
	BinLimits	limits = no_limits;
	uint64_t	hash = 0;
	clock_t		began;
	int			i,
				t;

	seed = 7;
	for (i = 0; i < 200; i++)
	{
		cell[i].count[0] = 100 + below(300);
		cell[i].count[1] = 5 + i / 10 + below(20);
	}
	for (i = 0; i < 3; i++)
	{
		limits.max_bins = i == 1 ? 8 : 0;
		limits.min_share = i == 2 ? 50000000 : 0;
		bin_solve_all(solver, cell, 200, &limits, trial, no_pause);
		for (t = 0; t < BIN_TRENDS; t++)
		{
			uint64_t	bits[2];

			memcpy(&bits[0], &trial[t].iv, 8);
			memcpy(&bits[1], &trial[t].held_out, 8);
			hash = (hash ^ bits[0]) * UINT64_C(0x9e3779b97f4a7c15);
			hash = (hash ^ bits[1] ^ trial[t].bins) * UINT64_C(0x9e3779b97f4a7c15);
		}
	}
	printf("# bits %016llx\n", (unsigned long long) hash);
	limits.min_share = 0;
	limits.max_bins = 8;
	began = clock();
	bin_solver_load(solver, cell, 200, &limits);
	for (t = 0; t < BIN_TRENDS; t++)
		bin_solve(solver, (BinTrend) t, &trial[t]);
	if (getenv("BIN_TIME"))
		fprintf(stderr, "%.2f ms a trend at 200 candidates, 8 bins\n",
				1000.0 * (double) (clock() - began) / CLOCKS_PER_SEC / BIN_TRENDS);
}

int
main(void)
{
	Blocks		blocks = {NULL};
	Arena	memory = memory_of(&blocks);
	BinSolver  *solver = bin_solver_create(MOST, memory);

	compare_with_all(solver);
	compare_large_counts(solver);
	check_ties(solver);
	check_gap(solver);
	check_folds();
	compare_held_out(solver);
	compare_asked(solver);
	check_auto();
	check_candidates(memory);
	compare_vertices(memory);
	print_bits_and_time(memory);
	free_blocks(&blocks);
	return done_testing();
}
