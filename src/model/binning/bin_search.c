/*
 * bin_search.c
 *		From the rows of a feature, counted by value and by part, to its best
 *		binning.
 */
#include "postgres.h"

#include "agririsk.h"
#include "model/binning/bin_search.h"

#include <math.h>

#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "model/card/scorecard.h"

/*
 * Distinct numbers are kept apart as long as they are not more; else rows are
 * put into about half as many cells of equal size before candidates are sought.
 */
#define FINE_CELLS			65536
#define FINE_GRID			32768

static inline int64
rows_of(const BinCell *cell)
{
	return cell->count[BIN_GOOD] + cell->count[BIN_BAD];
}

static inline void
add_cell(BinCell *sum, const BinCell *cell)
{
	sum->count[BIN_GOOD] += cell->count[BIN_GOOD];
	sum->count[BIN_BAD] += cell->count[BIN_BAD];
}

/* The rows of a cell that has one count for each part, of all parts but those of a set. */
static inline BinCell
sum_parts(const BinCell *cell, int parts, uint32 without)
{
	BinCell		sum = {{0, 0}};
	int			p;

	for (p = 0; p < parts; p++)
		if ((without & bin_part(p)) == 0)
			add_cell(&sum, &cell[p]);
	return sum;
}

/* ---------- numbers by value and part ---------- */

/* Numbers put into cells as they come, ascending. */
typedef struct NumberCells
{
	BinRows    *rows;
	uint32		room;
	bool		coarse;			/* cells are of a grid of ranks */
	int64		total;			/* rows that are to come */
	int64		seen;			/* rows that have come */
	int64		grid;			/* of the last cell, where they are coarse */
} NumberCells;

static inline int64
grid_of(const NumberCells *cells, int64 seen)
{
	return (int64) ((int128) seen * FINE_GRID / cells->total);
}

/* Takes a number's rows of each part. */
static void
append_cell(NumberCells *cells, double low, double high, const BinCell *cell)
{
	BinRows    *rows = cells->rows;
	Size		size = rows->parts * sizeof *cell;
	BinCell		sum = sum_parts(cell, rows->parts, 0);
	int64		grid = grid_of(cells, cells->seen);
	int			p;

	cells->seen += rows_of(&sum);
	if (cells->coarse && rows->n > 0 && grid == cells->grid)
	{
		for (p = 0; p < rows->parts; p++)
			add_cell(&rows->cell[(rows->n - 1) * rows->parts + p], &cell[p]);
		rows->high[rows->n - 1] = high;
		return;
	}
	if (rows->n == cells->room)
	{
		cells->room = Max(2 * cells->room, 64);
		rows->low = rows->low ? repalloc(rows->low, cells->room * sizeof(double)) : palloc(cells->room * sizeof(double));
		rows->high = rows->high ? repalloc(rows->high, cells->room * sizeof(double)) : palloc(cells->room * sizeof(double));
		rows->cell = rows->cell ? repalloc_huge(rows->cell, cells->room * size) : palloc(cells->room * size);
	}
	cells->grid = grid;
	rows->low[rows->n] = low;
	rows->high[rows->n] = high;
	memcpy(rows->cell + rows->n * rows->parts, cell, size);
	rows->n++;
}

/* Puts the cells there are on the grid. */
static void
make_coarse(NumberCells *cells)
{
	BinRows    *rows = cells->rows;
	Size		size = rows->parts * sizeof(BinCell);
	BinCell    *cell = palloc(size);
	uint32		n = rows->n;
	uint32		i;

	cells->coarse = true;
	cells->seen = 0;
	rows->n = 0;
	for (i = 0; i < n; i++)
	{
		memcpy(cell, rows->cell + i * rows->parts, size);
		append_cell(cells, rows->low[i], rows->high[i], cell);
	}
	pfree(cell);
}

/* The tally of a part as it is read. */
typedef struct PartReader
{
	TallyStream stream;
	TallyEntry	entry;			/* the next one */
	bool		more;			/* there is one */
} PartReader;

/* The next number that a part has, with its rows of each part. */
static bool
read_cell(PartReader *reader, int parts, double *value, BinCell *cell)
{
	uint64		key = 0;
	bool		any = false;
	int			p;

	for (p = 0; p < parts; p++)
		if (reader[p].more && (!any || reader[p].entry.key < key))
		{
			key = reader[p].entry.key;
			any = true;
		}
	for (p = 0; p < parts; p++)
	{
		bool		has = reader[p].more && reader[p].entry.key == key;

		cell[p].count[BIN_GOOD] = has ? reader[p].entry.count[BIN_GOOD] : 0;
		cell[p].count[BIN_BAD] = has ? reader[p].entry.count[BIN_BAD] : 0;
		if (has)
			reader[p].more = tally_stream_next(&reader[p].stream, &reader[p].entry);
	}
	*value = tally_value(key);
	return any;
}

void
bins_read_numbers(Tally *const *tally, int parts, const BinsOptions *options, BinRows *rows)
{
	NumberCells cells = {rows};
	PartReader *reader = palloc(parts * sizeof *reader);
	BinCell    *cell = palloc(parts * sizeof *cell);
	double		value;
	uint32		next = 0;
	int64		read = 0;
	int			p;

	rows->kind = CARD_NUMBER;
	rows->parts = parts;
	rows->n = 0;
	rows->low = NULL;
	rows->high = NULL;
	rows->cell = NULL;
	rows->special = palloc0(Max(options->n_specials * parts, 1) * sizeof *rows->special);
	for (p = 0; p < parts; p++)
	{
		tally_stream_open(&reader[p].stream, tally[p]);
		reader[p].more = tally_stream_next(&reader[p].stream, &reader[p].entry);
		cells.total += tally_total(tally[p], BIN_GOOD) + tally_total(tally[p], BIN_BAD);
	}
	while (read_cell(reader, parts, &value, cell))
	{
		if ((++read & 0xffff) == 0)
			CHECK_FOR_INTERRUPTS();
		while (next < options->n_specials && options->special[next] < value)
			next++;
		if (next < options->n_specials && options->special[next] == value)
		{
			memcpy(rows->special + next * parts, cell, parts * sizeof *cell);
			continue;
		}
		append_cell(&cells, value, value, cell);
		if (!cells.coarse && rows->n > FINE_CELLS)
			make_coarse(&cells);
	}
	for (p = 0; p < parts; p++)
		tally_stream_close(&reader[p].stream);
	pfree(reader);
	pfree(cell);
}

/* ---------- one bin only, and why ---------- */

/* A limit, where it stops to limit, and how it is shown. */
typedef struct Loosening
{
	const char *name;
	size_t		offset;			/* in BinLimits */
	int64		loosest;
	bool		share;
} Loosening;

#define LOOSENING(name, field, loosest, share) {name, offsetof(BinLimits, field), loosest, share}

static const Loosening loosening[] = {
	LOOSENING("max_bins", max_bins, BIN_MAX_LIMIT, false),
	LOOSENING("min_bins", min_bins, 2, false),
	LOOSENING("min_bin_share", min_share, 0, true),
	LOOSENING("max_bin_share", max_share, BIN_SHARE_UNITS, true),
	LOOSENING("min_bads", min_bads, 1, false),
	LOOSENING("min_goods", min_goods, 1, false),
	LOOSENING("min_rate_gap", min_gap, 0, true),
};

/* The cells of a feature, and what is looked for. */
typedef struct Search
{
	BinSolver  *solver;
	const BinCell *cell;
	int32		n;
	BinTrend	trend;			/* as asked */
	BinTrial   *trial;			/* scratch */
} Search;

/* Whether there are two bins or more within limits. */
static bool
has_bins(Search *search, const BinLimits *limits, BinTrend trend)
{
	BinLimits	two = *limits;

	CHECK_FOR_INTERRUPTS();
	if (trend == BIN_AUTO)
		return has_bins(search, limits, BIN_ASCENDING) || has_bins(search, limits, BIN_DESCENDING);
	two.min_bins = Max(two.min_bins, 2);
	if (two.max_bins > 0 && two.max_bins < two.min_bins)
		return false;
	bin_solver_load(search->solver, search->cell, search->n, &two);
	bin_solve(search->solver, trend, search->trial);
	return search->trial->bins > 0;
}

/* Appends the value of a limit nearest to the one given that leaves two bins, if there is one. */
static void
append_loosening(StringInfo text, Search *search, const BinLimits *limits, const Loosening *one)
{
	BinLimits	tried = *limits;
	int64	   *value = (int64 *) ((char *) &tried + one->offset);
	int64		tight = *value;
	int64		loose = one->loosest;

	/* 0 bins at most is no limit, and so is what is loosest. */
	if (tight == loose || (one->offset == offsetof(BinLimits, max_bins) && tight == 0) ||
		(one->offset == offsetof(BinLimits, min_bins) && tight < loose))
		return;
	*value = loose;
	if (!has_bins(search, &tried, search->trend))
		return;
	while (loose - tight > 1 || tight - loose > 1)
	{
		*value = tight + (loose - tight) / 2;
		if (has_bins(search, &tried, search->trend))
			loose = *value;
		else
			tight = *value;
	}
	appendStringInfo(text, "%s%s => %s", text->len > 0 ? ", or " : "", one->name,
					 one->share ? agr_show_number((double) loose / BIN_SHARE_UNITS) :
					 psprintf("%lld", (long long) loose));
}

/* What every partition is within. */
static const BinLimits free_limits = {0, 1, 0, BIN_SHARE_UNITS, 1, 1, 0};

/* The options of which each alone, given so, would leave two bins or more: "a => 1, or b => 2". */
static char *
find_way_out(Search *search, const BinLimits *limits)
{
	StringInfoData way_out;
	int			i;

	initStringInfo(&way_out);
	for (i = 0; i < lengthof(loosening); i++)
		append_loosening(&way_out, search, limits, &loosening[i]);
	for (i = 0; i < BIN_TRENDS; i++)
		if (i != (int) search->trend && has_bins(search, limits, (BinTrend) i))
			appendStringInfo(&way_out, "%strend => '%s'", way_out.len > 0 ? ", or " : "", bins_trend_words[i]);
	return way_out.data;
}

/* Why cells that have both outcomes are one bin; of all rows also which options could change it. */
static const char *
explain_one_bin(Search *search, const BinLimits *limits, bool whole, bool say)
{
	const char *why;
	const char *way_out;

	if (!has_bins(search, &free_limits, BIN_NONE))
	{
		why = "No cut leaves good and bad rows, at different rates, on both of its sides.";
		if (say)
			ereport(NOTICE,
					(errmsg("optimal_bins: one bin only"),
					 errdetail("%s", why),
					 errhint("The values of such a feature tell nothing, or they are the outcome itself. What missing and special values tell is in their own bins.")));
		return why;
	}
	why = psprintf("No two bins or more are within all options, with trend '%s'.", bins_trend_words[search->trend]);
	if (!whole)
		return why;
	way_out = find_way_out(search, limits);
	if (say)
		ereport(NOTICE,
				(errmsg("optimal_bins: the options leave one bin only"),
				 errdetail("%s", why),
				 way_out[0] != '\0' ? errhint("There are two bins or more with %s.", way_out) :
				 errhint("Loosen several of the options; one alone is not enough.")));
	return way_out[0] == '\0' ? why :
		psprintf("No two bins or more are within all options, with trend '%s'; there are with %s.",
				 bins_trend_words[search->trend], way_out);
}

/* Why there is nothing to be cut. */
static const char *
explain_one_cell(const BinCell *all, CardKind kind, bool say)
{
	const char *why;

	if (rows_of(all) == 0)
		why = "No row with an outcome has a value.";
	else if (all->count[BIN_BAD] == 0)
		why = "No row with a value is bad.";
	else if (all->count[BIN_GOOD] == 0)
		why = "No row with a value is good.";
	else
		why = kind == CARD_NUMBER ? "All rows with a value have the same." :
			"There is one category, or none has 50 rows and 5 bad ones, and all are pooled.";
	if (say)
		ereport(NOTICE,
				(errmsg("optimal_bins: one bin only"),
				 errdetail("%s", why),
				 errhint("The values of such a feature tell nothing here. What missing and special values tell is in their own bins.")));
	return why;
}

/* ---------- finding bins ---------- */

/* Puts together the cells that begin no candidate; `begin` is of bin_candidates. */
static void
join_cells(BinCell *cell, int32 n, const int32 *begin, int32 candidates)
{
	int32		at = -1;
	int32		i;

	for (i = 0; i < n; i++)
		if (at + 1 < candidates && begin[at + 1] == i)
			cell[++at] = cell[i];
		else
			add_cell(&cell[at], &cell[i]);
}

/*
 * What is the same for numbers and categories: puts the cells into bins. Tells
 * with which cell each bin begins, and that the last one ends before n.
 */
static void
find_bins(BinCell *cell, int32 n, const BinsOptions *options, bool whole, bool say, Binning *binning, int32 *first)
{
	Arena	memory = agr_arena(CurrentMemoryContext);
	BinCell		all = {{0, 0}};
	BinTrial   *trial = palloc0((BIN_TRENDS + 1) * sizeof *trial);
	BinTrend	chosen = options->trend == BIN_AUTO ? BIN_NONE : options->trend;
	int32	   *begin = palloc(BIN_MAX_CELLS * sizeof *begin);
	int32		candidates;
	int32		bins = 0;
	int32		i;
	int32		b;
	int			t;

	candidates = bin_candidates(cell, n, options->candidates, options->limits.min_share, begin, memory);
	join_cells(cell, n, begin, candidates);
	for (i = 0; i < candidates; i++)
		add_cell(&all, &cell[i]);
	for (t = 0; t < BIN_TRENDS; t++)
		trial[t].held_out = NAN;
	if (candidates <= 1 || all.count[BIN_GOOD] == 0 || all.count[BIN_BAD] == 0)
		binning->single = explain_one_cell(&all, binning->kind, say);
	if (all.count[BIN_GOOD] > 0 && all.count[BIN_BAD] > 0)
	{
		Search		search = {bin_solver_create(candidates, memory), cell, candidates, options->trend, &trial[BIN_TRENDS]};

		if (say)
			bin_solve_all(search.solver, cell, candidates, &options->limits, trial, agr_check_interrupts);
		else
			bin_solve_asked(search.solver, cell, candidates, &options->limits, options->trend, trial, agr_check_interrupts);
		if (options->trend == BIN_AUTO)
			chosen = bin_choose(trial);
		bins = options->trend == BIN_AUTO && chosen == BIN_NONE ? 0 : trial[chosen].bins;
		if (bins <= 1 && candidates > 1)
			binning->single = explain_one_bin(&search, &options->limits, whole, say);
	}
	binning->trend = chosen;
	binning->n_bins = Max(bins, 1);
	binning->bin = palloc0(binning->n_bins * sizeof *binning->bin);
	for (b = 0, i = 0; b < binning->n_bins; b++)
	{
		int32		next = bins > 0 ? trial[chosen].end[b] + 1 : candidates;

		first[b] = b == 0 ? 0 : begin[i];
		for (; i < next; i++)
			add_cell(&binning->bin[b].cell, &cell[i]);
	}
	first[b] = n;
	for (t = 0; t < BIN_TRENDS; t++)
	{
		binning->outcome[t].bins = trial[t].bins;
		binning->outcome[t].iv = trial[t].iv;
		binning->outcome[t].held_out = trial[t].held_out;
	}
}

/*
 * The shortest decimal above `below` and at most `cut`, which leaves all values in
 * their bins. A whole number below 2^53 times or over 10^e, e up to 22, is the
 * double nearest to that decimal.
 */
static double
round_cut(double below, double cut)
{
	double		power = 1e22;
	int			e;

	for (e = 22; e >= -22; e--)
	{
		double		digits = e >= 0 ? floor(cut / power) : floor(cut * power);
		double		rounded = e >= 0 ? digits * power : digits / power;

		if (rounded > below && rounded <= cut && fabs(digits) < 9007199254740992.0)
			return rounded + 0.0;
		power = e > 0 ? power / 10 : power * 10;
	}
	return cut;
}

/* A value far off the rest is a code if this many rows have it; income is rarely the same twice. */
#define LEAST_CODE_ROWS		5
#define MOST_CODES			3

/* Whether a cell is one whole number that many rows have. */
static bool
is_like_code(const BinRows *rows, uint32 i)
{
	BinCell		all = sum_parts(rows->cell + (Size) i * rows->parts, rows->parts, 0);

	return rows->low[i] == rows->high[i] && rows->low[i] == floor(rows->low[i]) && rows_of(&all) >= LEAST_CODE_ROWS;
}

/*
 * How many of the last values are like codes: at most three whole numbers, further
 * from the rest than the rest is wide; or of the first ones, where negative ones stand
 * before a rest that has none.
 */
static uint32
count_codes(const BinRows *rows, bool first)
{
	uint32		n = rows->n;
	uint32		codes;

	for (codes = 1; codes <= MOST_CODES && codes + 2 < n; codes++)
	{
		double		nearest = first ? rows->high[codes - 1] : rows->low[n - codes];
		double		rest_low = first ? rows->low[codes] : rows->low[0];
		double		rest_high = first ? rows->high[n - 1] : rows->high[n - codes - 1];
		double		gap = first ? rest_low - nearest : nearest - rest_high;

		if (!is_like_code(rows, first ? codes - 1 : n - codes))
			return 0;
		if (gap > rest_high - rest_low || (first && nearest < 0 && rest_low >= 0))
			return codes;
	}
	return 0;
}

/* The numbers that may be codes, such as 999 for an age, as a list; NULL: there are none. */
static const char *
list_codes(const BinRows *rows)
{
	uint32		before = count_codes(rows, true);
	uint32		after = count_codes(rows, false);
	StringInfoData text;
	uint32		i;

	if (before + after == 0)
		return NULL;
	initStringInfo(&text);
	for (i = 0; i < rows->n; i++)
		if (i < before || i >= rows->n - after)
			appendStringInfo(&text, "%s%s", text.len > 0 ? ", " : "", agr_show_number(rows->low[i]));
	return text.data;
}

static void
say_codes(const char *codes)
{
	ereport(NOTICE,
			(errmsg("optimal_bins: some values may be codes"),
			 errdetail("They are far from the other values: %s.", codes),
			 errhint("If they are codes, name them in the option special, so that each gets a bin of its own, or make them NULL.")));
}

static void
search_numbers(const BinRows *rows, const BinsOptions *options, uint32 without, bool say, Binning *binning)
{
	double	   *low = palloc(Max(rows->n, 1) * sizeof *low);
	double	   *high = palloc(Max(rows->n, 1) * sizeof *high);
	BinCell    *cell = palloc(Max(rows->n, 1) * sizeof *cell);
	int32		first[BIN_MAX_CELLS + 1];
	int32		n = 0;
	uint32		i;

	for (i = 0; i < rows->n; i++)
	{
		cell[n] = sum_parts(rows->cell + i * rows->parts, rows->parts, without);
		low[n] = rows->low[i];
		high[n] = rows->high[i];
		n += rows_of(&cell[n]) > 0;
	}
	find_bins(cell, n, options, without == 0, say, binning, first);
	binning->cut = palloc(binning->n_bins * sizeof *binning->cut);
	for (i = 0; i + 1 < binning->n_bins; i++)
	{
		double		cut = low[first[i + 1]];

		binning->cut[i] = options->round_cuts ? round_cut(high[first[i + 1] - 1], cut) : cut;
	}
	if (without == 0)
		binning->codes = list_codes(rows);
	if (say && binning->codes != NULL)
		say_codes(binning->codes);
	binning->n_specials = options->n_specials;
	binning->special_value = options->special;
	binning->special = palloc0(Max(binning->n_specials, 1) * sizeof *binning->special);
	for (i = 0; i < binning->n_specials; i++)
		binning->special[i].cell = sum_parts(rows->special + i * rows->parts, rows->parts, without);
}

/* A category, or those that are pooled as `other`. */
typedef struct Level
{
	TextSpan	text;			/* of `other`, the first of them */
	BinCell		cell;
	uint32		n_texts;
	TextSpan   *texts;
} Level;

/* Pools rare levels as one, in the place of the first; returns how many levels are left. */
static uint32
pool_rare(Level *level, uint32 n, const BinsOptions *options)
{
	TextSpan   *texts = palloc_extended(Max(n, 1) * sizeof *texts, MCXT_ALLOC_HUGE);
	int64		other = -1;
	uint32		used = 0;
	uint32		kept = 0;
	uint32		i;

	for (i = 0; i < n; i++)
	{
		const BinCell *cell = &level[i].cell;
		bool		rare = cell->count[BIN_BAD] < options->level_bads ||
			rows_of(cell) < options->level_rows;

		if (rare && other >= 0)
		{
			add_cell(&level[other].cell, cell);
			texts[used++] = level[i].text;
			level[other].n_texts++;
			continue;
		}
		level[kept] = level[i];
		level[kept].n_texts = 1;
		if (rare)
		{
			texts[used++] = level[i].text;
			level[kept].texts = texts;
			other = kept;
		}
		kept++;
	}
	return kept;
}

/* What makes the order of levels, beside themselves. */
typedef struct LevelOrder
{
	BinCell		all;
	int64		prior;
} LevelOrder;

/* What levels are ordered by, (b + prior B / N) / (n + prior), as integers within 128 bits. */
static int
compare_levels(const void *a, const void *b, void *data)
{
	const Level *left = a;
	const Level *right = b;
	const LevelOrder *order = data;
	int128		rows = rows_of(&order->all);
	int128		prior = (int128) order->prior * order->all.count[BIN_BAD];
	int64		left_rows = rows_of(&left->cell);
	int64		right_rows = rows_of(&right->cell);
	int128		x = (rows * left->cell.count[BIN_BAD] + prior) * (right_rows + order->prior);
	int128		y = (rows * right->cell.count[BIN_BAD] + prior) * (left_rows + order->prior);

	return x != y ? (x > y) - (x < y) : text_span_compare(left->text, right->text);
}

static int
compare_text_items(const void *a, const void *b)
{
	return text_span_compare(*(const TextSpan *) a, *(const TextSpan *) b);
}

/* The categories of a bin: those of its levels. */
static void
list_categories(const Level *level, uint32 from, uint32 to, BinCategories *list)
{
	uint32		i;

	list->n = 0;
	for (i = from; i < to; i++)
		list->n += level[i].n_texts;
	list->text = palloc_extended(Max(list->n, 1) * sizeof *list->text, MCXT_ALLOC_HUGE);
	list->n = 0;
	for (i = from; i < to; i++)
	{
		const TextSpan *texts = level[i].texts ? level[i].texts : &level[i].text;

		memcpy(list->text + list->n, texts, level[i].n_texts * sizeof *texts);
		list->n += level[i].n_texts;
	}
	qsort(list->text, list->n, sizeof *list->text, compare_text_items);
}

static void
search_categories(const BinRows *rows, const BinsOptions *options, uint32 without, bool say, Binning *binning)
{
	Level	   *level = palloc_extended(Max(rows->n, 1) * sizeof *level, MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	BinCell    *cell;
	LevelOrder	order = {.prior = options->level_prior};
	int32		first[BIN_MAX_CELLS + 1];
	uint32		n = 0;
	uint32		i;

	for (i = 0; i < rows->n; i++)
	{
		level[n].cell = sum_parts(rows->cell + i * rows->parts, rows->parts, without);
		level[n].text = rows->text[i];
		add_cell(&order.all, &level[n].cell);
		n += rows_of(&level[n].cell) > 0;
	}
	n = pool_rare(level, n, options);
	qsort_arg(level, n, sizeof *level, compare_levels, &order);
	cell = palloc(Max(n, 1) * sizeof *cell);
	for (i = 0; i < n; i++)
		cell[i] = level[i].cell;
	find_bins(cell, n, options, without == 0, say, binning, first);
	binning->categories = palloc0(binning->n_bins * sizeof *binning->categories);
	for (i = 0; i < binning->n_bins; i++)
		list_categories(level, first[i], first[i + 1], &binning->categories[i]);
	binning->unseen = options->unseen;
}

Binning *
bin_search(const BinRows *rows, const BinsOptions *options, uint32 without, bool say)
{
	Binning    *binning = palloc0(sizeof *binning);

	binning->kind = rows->kind;
	binning->prior = options->prior;
	binning->missing_policy = options->missing;
	binning->missing.cell = sum_parts(rows->missing, rows->parts, without);
	if (rows->kind == CARD_NUMBER)
		search_numbers(rows, options, without, say, binning);
	else
		search_categories(rows, options, without, say, binning);
	binning_weigh(binning);
	return binning;
}

/* ---------- what a binning says of a part it has not seen ---------- */

/* Sums over the rows of a part of (share of bads - share of goods) * WOE. */
typedef struct HeldOut
{
	const BinRows *rows;
	int			part;
	double		total[2];
	double		woe[2];			/* summed over rows of a class */
} HeldOut;

static void
hold_out(HeldOut *held, const BinCell *of_parts, double woe)
{
	int			class;

	for (class = 0; class < 2; class++)
	{
		double		rows = (double) of_parts[held->part].count[class];

		held->total[class] += rows;
		held->woe[class] += rows * woe;
	}
}

static void
hold_out_numbers(HeldOut *held, const Binning *binning)
{
	const BinRows *rows = held->rows;
	uint32		bin = 0;
	uint32		i;

	for (i = 0; i < rows->n; i++)
	{
		while (bin + 1 < binning->n_bins && rows->low[i] >= binning->cut[bin])
			bin++;
		hold_out(held, rows->cell + (Size) i * rows->parts, binning->bin[bin].woe);
	}
	for (i = 0; i < binning->n_specials; i++)
		hold_out(held, rows->special + (Size) i * rows->parts, binning->special[i].woe);
}

static void
hold_out_categories(HeldOut *held, const Binning *binning)
{
	const BinRows *rows = held->rows;
	TextIndex  *index = text_index_create(agr_arena(CurrentMemoryContext), rows->n);
	double		unseen = binning->unseen == CARD_UNSEEN_WORST ? binning->bin[0].woe : 0;
	uint32		b;
	uint32		i;

	for (b = 0; b < binning->n_bins; b++)
	{
		if (binning->unseen == CARD_UNSEEN_WORST)
			unseen = Max(unseen, binning->bin[b].woe);
		for (i = 0; i < binning->categories[b].n; i++)
			text_index_add(index, binning->categories[b].text[i], b);
	}
	for (i = 0; i < rows->n; i++)
	{
		int64		bin = text_index_find(index, rows->text[i].at, rows->text[i].length);

		hold_out(held, rows->cell + (Size) i * rows->parts, bin < 0 ? unseen : binning->bin[bin].woe);
	}
}

double
bin_held_out_iv(const BinRows *rows, const Binning *binning, int part)
{
	HeldOut		held = {rows, part};

	if (rows->kind == CARD_NUMBER)
		hold_out_numbers(&held, binning);
	else
		hold_out_categories(&held, binning);
	hold_out(&held, rows->missing, binning->missing.woe);
	if (held.total[BIN_GOOD] == 0 || held.total[BIN_BAD] == 0)
		return NAN;
	return held.woe[BIN_BAD] / held.total[BIN_BAD] - held.woe[BIN_GOOD] / held.total[BIN_GOOD];
}
