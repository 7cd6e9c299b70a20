/*
 * optimal_bins_math.c
 *		Binning: candidate cells, and the best partition of them. Pure C.
 */
#include "model/binning/optimal_bins_math.h"

#include "core/math/elementary_math.h"
#include "core/math/wide.h"

#include <math.h>
#include <stdlib.h>

/*
 * A state is a last bin. States that end with the same cell stand together, in
 * the order of their bad rates, so that those a next bin may follow are the
 * first or the last of them.
 */
#define NOTHING			(INT64_MIN / 4)

/* IV is below 64, so that IV in 2^-46 and, less, the number of bins fit 63 bits. */
#define IV_UNIT			0x1p46
#define BIN_COST		1024

/* How a state was reached: place of the state before, its phase, its layer. */
#define FROM_PLACE		0x1ff
#define FROM_PHASE		0x200
#define FROM_SAME_LAYER	0x400

typedef struct State
{
	double		rate;			/* rounded; the counts decide where it is equal */
	BinCell		cell;
	int32_t		start;
	int32_t		end;
} State;

/* A bin that may follow those that end before its first cell. */
typedef struct Successor
{
	int32_t		state;
	uint16_t	below;			/* how many of them have rates low enough to rise from */
	uint16_t	above;			/* the first of them high enough to fall from */
} Successor;

struct BinSolver
{
	Arena	memory;
	int32_t		max_cells;
	int32_t		n;
	BinLimits	limits;
	int64_t		total[2];
	State	   *sorted;			/* scratch: all states by rate */
	int32_t    *ended;			/* how many states end with a cell */
	int32_t    *started;		/* how many begin with it */
	uint16_t   *start;			/* of a state */
	uint32_t   *rank;			/* of a state's rate, equal for equal rates */
	BinCell    *cell;			/* of a state */
	int64_t    *worth;			/* its IV in units, less the cost of a bin */
	Successor  *next;
	int64_t    *best[2][2];		/* of a state: this layer's and the last's, of either phase */
	uint16_t   *from;
	size_t		from_room;
	int64_t    *low_best;		/* scratch: best of the first states, by their number */
	int64_t    *high_best;
	uint16_t   *low_place;
	uint16_t   *high_place;
};

/* States that end with a cell begin here. */
static inline int32_t
end_offset(int32_t end)
{
	return end * (end + 1) / 2;
}

/* Successors that begin with a cell begin here. */
static inline int32_t
start_offset(int32_t start, int32_t n)
{
	return start * n - start * (start - 1) / 2;
}

static inline int64_t
rows_of(const BinCell *cell)
{
	return cell->count[BIN_GOOD] + cell->count[BIN_BAD];
}

static inline void
add_cell(BinCell *to, const BinCell *cell)
{
	to->count[BIN_GOOD] += cell->count[BIN_GOOD];
	to->count[BIN_BAD] += cell->count[BIN_BAD];
}

/* The sign of the first bad rate less the second; counts are at most 2^40. */
static inline int
compare_rates(const BinCell *a, const BinCell *b)
{
	Signed128	left = (Signed128) a->count[BIN_BAD] * rows_of(b);
	Signed128	right = (Signed128) b->count[BIN_BAD] * rows_of(a);

	return (left > right) - (left < right);
}

/* Whether the second bad rate is above the first by the gap. */
static inline bool
rises_by(const BinCell *a, const BinCell *b, int64_t gap)
{
	Signed128	rows = (Signed128) rows_of(a) * rows_of(b);
	Signed128	rise = (Signed128) b->count[BIN_BAD] * rows_of(a) - (Signed128) a->count[BIN_BAD] * rows_of(b);

	return rise > 0 && rise * BIN_SHARE_UNITS >= rows * gap;
}

static int
compare_states(const void *a, const void *b)
{
	const State *left = a;
	const State *right = b;
	int			order = (left->rate > right->rate) - (left->rate < right->rate);

	if (order == 0)
		order = compare_rates(&left->cell, &right->cell);
	if (order == 0)
		order = left->start - right->start;
	return order != 0 ? order : left->end - right->end;
}

/* IV of a bin with good and bad rows. */
static double
bin_iv(const BinCell *cell, const int64_t *total)
{
	double		p = (double) cell->count[BIN_BAD] / (double) total[BIN_BAD];
	double		q = (double) cell->count[BIN_GOOD] / (double) total[BIN_GOOD];

	return (p - q) * agr_log(p / q);
}

/* The least number of rows that is the share, in units, of these rows. */
static int64_t
rows_of_share(int64_t share, int64_t rows)
{
	return (int64_t) (((Signed128) share * rows + BIN_SHARE_UNITS - 1) / BIN_SHARE_UNITS);
}

static void *
get(Arena memory, size_t n, size_t size)
{
	return memory.alloc(memory.context, (n > 0 ? n : 1) * size);
}

BinSolver *
bin_solver_create(int32_t max_cells, Arena memory)
{
	BinSolver  *solver = get(memory, 1, sizeof *solver);
	size_t		states = (size_t) end_offset(max_cells);
	int			i;

	memset(solver, 0, sizeof *solver);
	solver->memory = memory;
	solver->max_cells = max_cells;
	solver->sorted = get(memory, states, sizeof *solver->sorted);
	solver->ended = get(memory, max_cells, sizeof *solver->ended);
	solver->started = get(memory, max_cells, sizeof *solver->started);
	solver->start = get(memory, states, sizeof *solver->start);
	solver->rank = get(memory, states, sizeof *solver->rank);
	solver->cell = get(memory, states, sizeof *solver->cell);
	solver->worth = get(memory, states, sizeof *solver->worth);
	solver->next = get(memory, states, sizeof *solver->next);
	for (i = 0; i < 4; i++)
		solver->best[i / 2][i % 2] = get(memory, states, sizeof(int64_t));
	solver->low_best = get(memory, max_cells + 1, sizeof *solver->low_best);
	solver->high_best = get(memory, max_cells + 1, sizeof *solver->high_best);
	solver->low_place = get(memory, max_cells + 1, sizeof *solver->low_place);
	solver->high_place = get(memory, max_cells + 1, sizeof *solver->high_place);
	return solver;
}

/* All bins within the limits that look at one bin, by rate; returns how many there are. */
static int32_t
collect_states(BinSolver *solver, const BinCell *cell)
{
	const BinLimits *limits = &solver->limits;
	int64_t		rows = solver->total[BIN_GOOD] + solver->total[BIN_BAD];
	int64_t		least = rows_of_share(limits->min_share, rows);
	int64_t		most = (int64_t) ((Signed128) limits->max_share * rows / BIN_SHARE_UNITS);
	int64_t		bads = limits->min_bads > 1 ? limits->min_bads : 1;
	int64_t		goods = limits->min_goods > 1 ? limits->min_goods : 1;
	int32_t		found = 0;
	int32_t		s,
				e;

	for (s = 0; s < solver->n; s++)
	{
		BinCell		sum = {{0, 0}};

		for (e = s; e < solver->n; e++)
		{
			State	   *state = &solver->sorted[found];

			add_cell(&sum, &cell[e]);
			if (rows_of(&sum) > most)
				break;
			if (sum.count[BIN_BAD] < bads || sum.count[BIN_GOOD] < goods || rows_of(&sum) < least)
				continue;
			state->cell = sum;
			state->rate = (double) sum.count[BIN_BAD] / (double) rows_of(&sum);
			state->start = s;
			state->end = e;
			found++;
		}
	}
	qsort(solver->sorted, found, sizeof *solver->sorted, compare_states);
	return found;
}

/* For each bin, which of the bins that end before it may stand before it. */
static void
link_states(BinSolver *solver)
{
	int64_t		gap = solver->limits.min_gap;
	int32_t		h;

	for (h = 1; h < solver->n; h++)
	{
		Successor  *next = solver->next + start_offset(h, solver->n);
		int32_t		before = end_offset(h - 1);
		int32_t		n = solver->ended[h - 1];
		int32_t		below = 0;
		int32_t		above = 0;
		int32_t		j;

		for (j = 0; j < solver->started[h]; j++)
		{
			int32_t		state = next[j].state;

			if (gap == 0)
			{
				while (below < n && solver->rank[before + below] < solver->rank[state])
					below++;
				while (above < n && solver->rank[before + above] <= solver->rank[state])
					above++;
			}
			else
			{
				while (below < n && rises_by(&solver->cell[before + below], &solver->cell[state], gap))
					below++;
				while (above < n && !rises_by(&solver->cell[state], &solver->cell[before + above], gap))
					above++;
			}
			next[j].below = (uint16_t) below;
			next[j].above = (uint16_t) above;
		}
	}
}

void
bin_solver_load(BinSolver *solver, const BinCell *cell, int32_t n, const BinLimits *limits)
{
	uint32_t	rank = 0;
	int32_t		found;
	int32_t		i;

	solver->n = n;
	solver->limits = *limits;
	solver->total[BIN_GOOD] = solver->total[BIN_BAD] = 0;
	for (i = 0; i < n; i++)
	{
		solver->total[BIN_GOOD] += cell[i].count[BIN_GOOD];
		solver->total[BIN_BAD] += cell[i].count[BIN_BAD];
		solver->ended[i] = solver->started[i] = 0;
	}
	found = collect_states(solver, cell);
	for (i = 0; i < found; i++)
	{
		const State *from = &solver->sorted[i];
		int32_t		state = end_offset(from->end) + solver->ended[from->end]++;

		if (i > 0 && compare_rates(&from[-1].cell, &from->cell) != 0)
			rank++;
		solver->rank[state] = rank;
		solver->start[state] = (uint16_t) from->start;
		solver->cell[state] = from->cell;
		solver->worth[state] = (int64_t) (bin_iv(&from->cell, solver->total) * IV_UNIT + 0.5) * BIN_COST - 1;
		solver->next[start_offset(from->start, n) + solver->started[from->start]++].state = state;
	}
	link_states(solver);
}

/* The best state up to a state, and the best from a state on; ties to the earlier start. */
static void
find_best_before(BinSolver *solver, const int64_t *best, int32_t before, int32_t n)
{
	const uint16_t *start = solver->start + before;
	int32_t		i;

	best += before;
	solver->low_best[0] = solver->high_best[n] = NOTHING;
	solver->low_place[0] = solver->high_place[n] = 0;
	for (i = 0; i < n; i++)
	{
		uint16_t	place = solver->low_place[i];
		bool		better = best[i] > solver->low_best[i] ||
			(best[i] == solver->low_best[i] && start[i] < start[place]);

		solver->low_best[i + 1] = better ? best[i] : solver->low_best[i];
		solver->low_place[i + 1] = better ? (uint16_t) i : place;
	}
	for (i = n; i-- > 0;)
	{
		uint16_t	place = solver->high_place[i + 1];
		bool		better = best[i] > solver->high_best[i + 1] ||
			(best[i] == solver->high_best[i + 1] && start[i] < start[place]);

		solver->high_best[i] = better ? best[i] : solver->high_best[i + 1];
		solver->high_place[i] = better ? (uint16_t) i : place;
	}
}

/* Follows the best states before a cell, as found, by bins that begin with it. */
static void
extend(BinSolver *solver, int32_t h, bool up, bool down, int64_t *to, uint16_t *from, uint16_t how)
{
	const Successor *next = solver->next + start_offset(h, solver->n);
	const uint16_t *start = solver->start + end_offset(h - 1);
	int32_t		j;

	for (j = 0; j < solver->started[h]; j++)
	{
		int32_t		state = next[j].state;
		int64_t		best = NOTHING;
		uint16_t	place = 0;

		if (up)
		{
			best = solver->low_best[next[j].below];
			place = solver->low_place[next[j].below];
		}
		if (down)
		{
			int64_t		other = solver->high_best[next[j].above];
			uint16_t	other_place = solver->high_place[next[j].above];

			if (other > best || (other == best && start[other_place] < start[place]))
			{
				best = other;
				place = other_place;
			}
		}
		if (best == NOTHING)
			continue;
		best += solver->worth[state];
		if (best > to[state] ||
			(best == to[state] && start[place] < start[from[state] & FROM_PLACE]))
		{
			to[state] = best;
			from[state] = place | how;
		}
	}
}

/* Phases of a trend: whether rates may rise, and fall, from a bin of one to one of the other. */
static void
allowed_steps(BinTrend trend, int to_phase, bool *up, bool *down)
{
	bool		rising = trend == BIN_ASCENDING ||
		(trend == BIN_PEAK && to_phase == 0) || (trend == BIN_VALLEY && to_phase == 1);

	*up = rising || trend == BIN_NONE;
	*down = !rising || trend == BIN_NONE;
}

/* Where the best partition ends: a state, its phase, its layer. */
typedef struct Last
{
	int64_t		best;
	int32_t		layer;
	int			phase;
	int32_t		place;
} Last;

/*
 * Fills a layer: partitions into one bin more than those of the layer before
 * or, where it is open, into as many or more.
 */
static void
fill_layer(BinSolver *solver, BinTrend trend, int32_t layer, bool open, uint16_t *from, Last *last)
{
	int			phases = trend == BIN_PEAK || trend == BIN_VALLEY ? 2 : 1;
	int32_t		states = end_offset(solver->n);
	int64_t   **to = solver->best[layer % 2];
	int64_t   **before = solver->best[(layer + 1) % 2];
	int32_t		h,
				i;
	int			p,
				q,
				same;

	for (p = 0; p < phases; p++)
		for (i = 0; i < states; i++)
			to[p][i] = NOTHING;
	if (layer == 1)
		for (i = 0; i < solver->started[0]; i++)
			to[0][solver->next[i].state] = solver->worth[solver->next[i].state];
	for (h = 1; h < solver->n; h++)
	{
		if (solver->ended[h - 1] == 0 || solver->started[h] == 0)
			continue;
		for (same = layer == 1; same < 1 + open; same++)
			for (p = 0; p < phases; p++)
			{
				find_best_before(solver, same ? to[p] : before[p], end_offset(h - 1), solver->ended[h - 1]);
				for (q = p; q < phases; q++)
				{
					bool		up,
								down;

					allowed_steps(trend, q, &up, &down);
					extend(solver, h, up, down, to[q], from + q * states,
						   (p ? FROM_PHASE : 0) | (same ? FROM_SAME_LAYER : 0));
				}
			}
	}
	for (p = 0; p < phases; p++)
		for (i = 0; i < solver->ended[solver->n - 1]; i++)
		{
			int32_t		state = end_offset(solver->n - 1) + i;

			if (to[p][state] > last->best ||
				(to[p][state] == last->best && last->best > NOTHING &&
				 solver->start[state] < solver->start[end_offset(solver->n - 1) + last->place]))
			{
				last->best = to[p][state];
				last->layer = layer;
				last->phase = p;
				last->place = i;
			}
		}
}

/* Partitions into at least a number of bins and, unless the last layer is open, at most `layers`. */
static void
solve_layers(BinSolver *solver, BinTrend trend, int32_t layers, int32_t least, bool open, BinTrial *trial)
{
	size_t		states = (size_t) end_offset(solver->n);
	size_t		per_layer = 2 * states;
	Last		last = {NOTHING, 0, 0, 0};
	Last		ignored;
	int32_t		layer;
	int32_t		end = solver->n - 1;
	int32_t		bins = 0;
	int32_t		i;

	if (solver->from_room < layers * per_layer)
	{
		solver->from_room = layers * per_layer;
		solver->from = get(solver->memory, solver->from_room, sizeof *solver->from);
	}
	for (layer = 1; layer <= layers; layer++)
	{
		ignored = last;
		fill_layer(solver, trend, layer, open && layer == layers,
				   solver->from + (layer - 1) * per_layer, layer >= least ? &last : &ignored);
	}
	trial->bins = 0;
	trial->iv = 0;
	trial->held_out = NAN;
	if (last.best == NOTHING)
		return;
	layer = last.layer;
	for (;;)
	{
		int32_t		state = end_offset(end) + last.place;
		uint16_t	how;

		trial->end[bins++] = end;
		if (solver->start[state] == 0)
			break;
		how = solver->from[(layer - 1) * per_layer + last.phase * states + state];
		end = solver->start[state] - 1;
		last.place = how & FROM_PLACE;
		last.phase = (how & FROM_PHASE) != 0;
		layer -= (how & FROM_SAME_LAYER) == 0;
	}
	trial->bins = bins;
	for (i = 0; i < bins / 2; i++)
	{
		int32_t		swapped = trial->end[i];

		trial->end[i] = trial->end[bins - 1 - i];
		trial->end[bins - 1 - i] = swapped;
	}
}

/* The state that is the bin. */
static const BinCell *
cell_of_bin(const BinSolver *solver, int32_t start, int32_t end)
{
	int32_t		state = end_offset(end);

	while (solver->start[state] != start)
		state++;
	return &solver->cell[state];
}

void
bin_solve(BinSolver *solver, BinTrend trend, BinTrial *trial)
{
	int32_t		most = (int32_t) solver->limits.max_bins;
	int32_t		least = (int32_t) (solver->limits.min_bins > 1 ? solver->limits.min_bins : 1);
	int32_t		i;

	/* Counting bins is dear, and seldom needed. */
	solve_layers(solver, trend, 1, 1, true, trial);
	if (trial->bins > 0 && ((most > 0 && trial->bins > most) || trial->bins < least))
		solve_layers(solver, trend, most > 0 ? most : least, least, most == 0, trial);
	for (i = 0; i < trial->bins; i++)
		trial->iv += bin_iv(cell_of_bin(solver, i > 0 ? trial->end[i - 1] + 1 : 0, trial->end[i]),
							solver->total);
}

/* ---------- out of fold ---------- */

/* SplitMix64 (Steele, Lea and Flood 2014). */
static uint64_t
next_random(uint64_t *state)
{
	uint64_t	z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/* From this many rows on, the binomial is near enough to a normal of 1,024 coins. */
#define MANY_ROWS		65536

/* How many of the rows show heads. */
static int64_t
toss(int64_t rows, uint64_t *state)
{
	int64_t		heads = 0;
	int64_t		left;
	int			i;

	if (rows >= MANY_ROWS)
	{
		double		deviation;

		for (i = 0; i < 16; i++)
			heads += __builtin_popcountll(next_random(state));
		deviation = (double) (heads - 512) / 32 * sqrt((double) rows);
		return rows / 2 + (int64_t) deviation;
	}
	for (left = rows; left >= 64; left -= 64)
		heads += __builtin_popcountll(next_random(state));
	if (left > 0)
		heads += __builtin_popcountll(next_random(state) >> (64 - left));
	return heads;
}

void
bin_deal(const BinCell *cell, int32_t n, BinCell *fold)
{
	int32_t		i;
	int			class;

	for (i = 0; i < n; i++)
		for (class = 0; class < 2; class++)
		{
			int64_t		rows = cell[i].count[class];
			uint64_t	state = (uint64_t) rows * 2 * BIN_MAX_CELLS + 2 * (uint64_t) i + class;
			int64_t		half = toss(rows, &state);
			int64_t		first = toss(half, &state);
			int64_t		third = toss(rows - half, &state);

			fold[i].count[class] = first;
			fold[n + i].count[class] = half - first;
			fold[2 * n + i].count[class] = third;
			fold[3 * n + i].count[class] = rows - half - third;
		}
}

/* IV of a fold by the bins and the WOE of its complement; NaN where the fold lacks a class. */
static double
held_out_iv(const BinCell *train, const BinCell *test, int32_t n, const int64_t *total, const BinTrial *trial)
{
	int64_t		test_total[2] = {0, 0};
	double		iv = 0;
	int32_t		cell = 0;
	int32_t		i;

	for (i = 0; i < n; i++)
	{
		test_total[BIN_GOOD] += test[i].count[BIN_GOOD];
		test_total[BIN_BAD] += test[i].count[BIN_BAD];
	}
	if (test_total[BIN_GOOD] == 0 || test_total[BIN_BAD] == 0)
		return NAN;
	for (i = 0; i < trial->bins; i++)
	{
		BinCell		learnt = {{0, 0}};
		BinCell		seen = {{0, 0}};
		double		woe;

		for (; cell <= trial->end[i]; cell++)
		{
			add_cell(&learnt, &train[cell]);
			add_cell(&seen, &test[cell]);
		}
		woe = agr_log(((double) learnt.count[BIN_BAD] / (double) total[BIN_BAD]) /
					  ((double) learnt.count[BIN_GOOD] / (double) total[BIN_GOOD]));
		iv += ((double) seen.count[BIN_BAD] / (double) test_total[BIN_BAD] -
			   (double) seen.count[BIN_GOOD] / (double) test_total[BIN_GOOD]) * woe;
	}
	return iv;
}

/* Out-of-fold IV of the best partitions for the trends wanted. */
static void
hold_out(BinSolver *solver, const BinCell *cell, int32_t n, const BinLimits *limits,
		 const bool wanted[BIN_TRENDS], BinTrial trial[BIN_TRENDS], TallyPause pause)
{
	BinCell    *fold = get(solver->memory, (size_t) n * BIN_FOLDS, sizeof *fold);
	BinCell    *train = get(solver->memory, n, sizeof *train);
	BinTrial   *held = get(solver->memory, 1, sizeof *held);
	BinLimits	fewer = *limits;
	double		sum[BIN_TRENDS] = {0};
	int			folds[BIN_TRENDS] = {0};
	int32_t		i;
	int			t,
				f;

	bin_deal(cell, n, fold);

	/* A fold's complement has fewer of everything. */
	fewer.min_bads = (limits->min_bads * (BIN_FOLDS - 1) + BIN_FOLDS - 1) / BIN_FOLDS;
	fewer.min_goods = (limits->min_goods * (BIN_FOLDS - 1) + BIN_FOLDS - 1) / BIN_FOLDS;
	for (f = 0; f < BIN_FOLDS; f++)
	{
		int64_t		total[2] = {0, 0};

		for (i = 0; i < n; i++)
		{
			train[i].count[BIN_GOOD] = cell[i].count[BIN_GOOD] - fold[f * n + i].count[BIN_GOOD];
			train[i].count[BIN_BAD] = cell[i].count[BIN_BAD] - fold[f * n + i].count[BIN_BAD];
			total[BIN_GOOD] += train[i].count[BIN_GOOD];
			total[BIN_BAD] += train[i].count[BIN_BAD];
		}
		if (total[BIN_GOOD] == 0 || total[BIN_BAD] == 0)
			continue;
		bin_solver_load(solver, train, n, &fewer);
		for (t = 0; t < BIN_TRENDS; t++)
		{
			double		iv;

			if (!wanted[t])
				continue;
			bin_solve(solver, (BinTrend) t, held);
			pause();
			iv = held_out_iv(train, fold + f * n, n, total, held);
			if (isnan(iv))
				continue;
			sum[t] += iv;
			folds[t]++;
		}
	}
	for (t = 0; t < BIN_TRENDS; t++)
		if (trial[t].bins > 0 && folds[t] > 0)
			trial[t].held_out = sum[t] / folds[t];
}

/* The better of ascending and descending; BIN_NONE where neither is feasible. */
static BinTrend
better_monotone(const BinTrial trial[BIN_TRENDS])
{
	const BinTrial *up = &trial[BIN_ASCENDING];
	const BinTrial *down = &trial[BIN_DESCENDING];

	if (down->bins > 0 && (up->bins == 0 || down->iv > up->iv))
		return BIN_DESCENDING;
	return up->bins > 0 ? BIN_ASCENDING : BIN_NONE;
}

void
bin_solve_all(BinSolver *solver, const BinCell *cell, int32_t n, const BinLimits *limits,
			  BinTrial trial[BIN_TRENDS], TallyPause pause)
{
	const bool	all[BIN_TRENDS] = {true, true, true, true, true};
	int			t;

	bin_solver_load(solver, cell, n, limits);
	for (t = 0; t < BIN_TRENDS; t++)
	{
		bin_solve(solver, (BinTrend) t, &trial[t]);
		pause();
	}
	hold_out(solver, cell, n, limits, all, trial, pause);
}

void
bin_solve_asked(BinSolver *solver, const BinCell *cell, int32_t n, const BinLimits *limits,
				BinTrend asked, BinTrial trial[BIN_TRENDS], TallyPause pause)
{
	bool		wanted[BIN_TRENDS] = {false};
	int			t;

	bin_solver_load(solver, cell, n, limits);
	for (t = 0; t < BIN_TRENDS; t++)
	{
		trial[t].bins = 0;
		trial[t].held_out = NAN;
		if (asked == BIN_AUTO ? t == BIN_NONE : t != (int) asked)
			continue;
		bin_solve(solver, (BinTrend) t, &trial[t]);
		pause();
	}
	if (asked != BIN_AUTO || better_monotone(trial) == BIN_NONE)
		return;
	wanted[better_monotone(trial)] = wanted[BIN_PEAK] = wanted[BIN_VALLEY] = true;
	hold_out(solver, cell, n, limits, wanted, trial, pause);
}

BinTrend
bin_choose(const BinTrial trial[BIN_TRENDS])
{
	BinTrend	chosen = better_monotone(trial);
	double		bar;
	int			t;

	if (chosen == BIN_NONE)
		return chosen;
	bar = trial[chosen].held_out;
	if (isnan(bar))
		return chosen;
	bar = fmax(bar * 1.05, bar + 0.005);
	for (t = BIN_PEAK; t <= BIN_VALLEY; t++)
		if (trial[t].bins > 0 && trial[t].held_out >= bar &&
			(chosen < BIN_PEAK || trial[t].held_out > trial[chosen].held_out))
			chosen = (BinTrend) t;
	return chosen;
}

/* ---------- candidates ---------- */

#define MAX_LEAVES		20
#define LEAF_SHARE		(BIN_SHARE_UNITS / 20)

typedef struct Leaf
{
	int32_t		begin;
	int32_t		end;
	int32_t		split;			/* the first cell of its right half; 0: none is good */
	double		gain;
} Leaf;

static double
purity(int64_t bads, int64_t rows)
{
	return (double) bads * (double) bads / (double) rows;
}

/* Finds the split of a leaf that lowers Gini impurity most, the first such. */
static void
find_split(Leaf *leaf, const BinCell *cell, int64_t least)
{
	BinCell		all = {{0, 0}};
	BinCell		left = {{0, 0}};
	double		whole;
	int32_t		i;

	leaf->split = 0;
	leaf->gain = 0;
	for (i = leaf->begin; i < leaf->end; i++)
		add_cell(&all, &cell[i]);
	whole = purity(all.count[BIN_BAD], rows_of(&all));
	for (i = leaf->begin; i + 1 < leaf->end; i++)
	{
		double		gain;
		int64_t		rows;

		add_cell(&left, &cell[i]);
		rows = rows_of(&left);
		if (rows < least)
			continue;
		if (rows_of(&all) - rows < least)
			break;
		gain = purity(left.count[BIN_BAD], rows) +
			purity(all.count[BIN_BAD] - left.count[BIN_BAD], rows_of(&all) - rows) - whole;
		if (gain > leaf->gain)
		{
			leaf->gain = gain;
			leaf->split = i + 1;
		}
	}
}

/* Marks where leaves of the tree begin. */
static void
mark_leaves(const BinCell *cell, int32_t n, int64_t least, int32_t leaves, uint8_t *mark)
{
	Leaf		leaf[MAX_LEAVES];
	int			count = 1;
	int			i;

	leaf[0].begin = 0;
	leaf[0].end = n;
	find_split(&leaf[0], cell, least);
	while (count < leaves)
	{
		Leaf	   *best = &leaf[0];

		for (i = 1; i < count; i++)
			if (leaf[i].gain > best->gain ||
				(leaf[i].gain == best->gain && leaf[i].begin < best->begin))
				best = &leaf[i];
		if (best->split == 0)
			break;
		mark[best->split] = 1;
		leaf[count].begin = best->split;
		leaf[count].end = best->end;
		best->end = best->split;
		find_split(&leaf[count++], cell, least);
		find_split(best, cell, least);
	}
}

/*
 * Where bins begin whose rates rise from each to the next, if neighbours are
 * pooled until they do (Ayer et al. 1955): the vertices of the convex minorant of
 * bads over rows, of a curve that begins with the least bin that has both classes
 * and ends with such a one. No partition of rising rates, whose size is not limited,
 * has a larger IV than the best one of these bins. With `falling` it is the majorant.
 */
static int32_t
find_vertices(const BinCell *cell, int32_t n, bool falling, int32_t *begin, BinCell *block)
{
	BinCell		last = {{0, 0}};
	int32_t		blocks = 0;
	int32_t		end = n;
	int32_t		i;

	while (end > 0 && (last.count[BIN_GOOD] == 0 || last.count[BIN_BAD] == 0))
		add_cell(&last, &cell[--end]);
	for (i = 0; i <= end && i < n; i++)
	{
		if (blocks == 1 && (block[0].count[BIN_GOOD] == 0 || block[0].count[BIN_BAD] == 0))
		{
			add_cell(&block[0], i == end ? &last : &cell[i]);
			continue;
		}
		begin[blocks] = i;
		block[blocks++] = i == end ? last : cell[i];
		while (blocks > 1)
		{
			int			order = compare_rates(&block[blocks - 2], &block[blocks - 1]);

			if (falling ? order > 0 : order < 0)
				break;
			blocks--;
			add_cell(&block[blocks - 1], &block[blocks]);
		}
	}
	return blocks;
}

/* Marks the vertices either way; where there is no room for all, as many as there is room for. */
static void
mark_vertices(const BinCell *cell, int32_t n, int32_t room, uint8_t *mark, Arena memory)
{
	int32_t    *begin = get(memory, n, sizeof *begin);
	BinCell    *block = get(memory, n, sizeof *block);
	int			way;

	for (way = 0; way < 2; way++)
	{
		int32_t		most = room / 2;
		int32_t		vertices = find_vertices(cell, n, way == 1, begin, block);
		int32_t		used = vertices < most ? vertices : most;
		int32_t		i;

		for (i = 0; i < used; i++)
			mark[begin[(int64_t) i * vertices / used]] = 1;
	}
}

/* Marks both sides of cells that hold two quantiles or more; returns the rows of the others. */
static int64_t
mark_heavy(const BinCell *cell, int32_t n, int64_t rows, int32_t quantiles, uint8_t *mark)
{
	int64_t		light = rows;
	int32_t		i;

	for (i = 0; i < n; i++)
	{
		if ((Signed128) rows_of(&cell[i]) * quantiles < (Signed128) 2 * rows)
			continue;
		mark[i] = 1;
		if (i + 1 < n)
			mark[i + 1] = 1;
		light -= rows_of(&cell[i]);
	}
	return light;
}

static int32_t
count_marks(const uint8_t *mark, int32_t n)
{
	int32_t		marks = 0;
	int32_t		i;

	for (i = 0; i < n; i++)
		marks += mark[i];
	return marks;
}

/* Marks quantiles of the rows that are in no heavy cell. */
static void
mark_quantiles(const BinCell *cell, int32_t n, int64_t rows, int64_t light, int32_t heavy_of,
			   int32_t quantiles, uint8_t *mark)
{
	int64_t		seen = 0;
	int64_t		k = 1;
	int32_t		i;

	for (i = 0; i + 1 < n; i++)
	{
		if ((Signed128) rows_of(&cell[i]) * heavy_of < (Signed128) 2 * rows)
			seen += rows_of(&cell[i]);
		while (k <= quantiles && (Signed128) seen * (quantiles + 1) >= (Signed128) k * light)
		{
			mark[i + 1] = 1;
			k++;
		}
	}
}

int32_t
bin_candidates(const BinCell *cell, int32_t n, int32_t wanted, int64_t min_share,
			   int32_t *begin, Arena memory)
{
	uint8_t    *mark = get(memory, n, 1);
	int64_t		rows = 0;
	int64_t		light;
	int64_t		least;
	int32_t		room;
	int32_t		found = 0;
	int32_t		i;

	memset(mark, n <= wanted, n);
	if (n > wanted)
	{
		for (i = 0; i < n; i++)
			rows += rows_of(&cell[i]);
		least = rows_of_share(min_share < LEAF_SHARE ? min_share : LEAF_SHARE, rows);
		mark_leaves(cell, n, least > 1 ? least : 1, wanted < MAX_LEAVES ? wanted : MAX_LEAVES, mark);
		mark[0] = 1;
		mark_vertices(cell, n, wanted - count_marks(mark, n), mark, memory);

		/* What these leave of the candidates is enough for both sides of every heavy cell. */
		room = wanted - count_marks(mark, n);
		light = mark_heavy(cell, n, rows, room, mark);
		mark_quantiles(cell, n, rows, light, room, wanted - count_marks(mark, n), mark);
	}
	for (i = 0; i < n; i++)
		if (mark[i])
			begin[found++] = i;
	return found;
}
