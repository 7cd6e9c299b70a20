/*
 * optimal_bins.c
 *		optimal_bins: the binning of a feature that tells good and bad rows apart
 *		best, from rows in any order.
 */
#include "postgres.h"

#include "agririsk.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "common/shortest_dec.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"

#include "core/key_sums.h"
#include "core/tally.h"
#include "model/binning.h"
#include "model/json_read.h"
#include "model/scorecard.h"

/*
 * Distinct numbers are kept apart as long as they are not more; else rows are
 * put into about half as many cells of equal size before candidates are sought.
 */
#define FINE_CELLS			65536
#define FINE_GRID			32768

/* Categories among the rows of one outcome, and their length in bytes. */
#define MOST_CATEGORIES		100000
#define LONGEST_CATEGORY	255

/* A category of its own has at least so many rows, and so many of them bad. */
#define LEAST_LEVEL_ROWS	50
#define LEAST_LEVEL_BADS	5

/* Levels are ordered by (bads + 20 r) / (rows + 20), r the rate of all. */
#define LEVEL_PRIOR_ROWS	20

typedef struct BinsOptions
{
	BinLimits	limits;
	BinTrend	trend;
	int32		candidates;
	BinMissing	missing;
	CardUnseen	unseen;
	uint32		n_specials;
	double	   *special;		/* ascending */
} BinsOptions;

/* The rows of a group: of numbers in the tally, of categories in the sums. */
typedef struct BinsState
{
	BinsOptions options;
	Jsonb	   *given;			/* the options, NULL for none */
	BinCell		missing;
	int64		no_outcome;
	int64		no_weight;
	int64		total;			/* rows with a category */
	Tally	   *tally;
	KeySums    *level[2];
} BinsState;

/* ---------- options ---------- */

static const char option_keys[] =
"max_bins, min_bins, min_bin_share, max_bin_share, min_bads, min_goods, trend, min_rate_gap, "
"candidates, special, missing, unseen";

static const char *const asked_words[] = {"none", "ascending", "descending", "peak", "valley", "auto", NULL};

static double
read_option(JsonReader *r, JsonbContainer *options, const char *key, double standard,
			double least, double most, bool whole)
{
	JsonbValue *value = json_get_field(options, key);
	int			mark = json_enter_key(r, key);
	double		x = standard;

	if (value != NULL)
	{
		x = json_read_number(r, value);
		if (x < least || x > most || (whole && x != floor(x)))
			json_refuse(r, value, "out of range",
						psprintf("Give a %snumber from %.15g to %.15g; the default is %.15g.",
								 whole ? "whole " : "", least, most, standard));
	}
	json_leave(r, mark);
	return x;
}

static int
read_choice(JsonReader *r, JsonbContainer *options, const char *key, int standard,
			const char *const *word, const char *hint)
{
	JsonbValue *value = json_get_field(options, key);
	int			mark = json_enter_key(r, key);
	int			choice = value == NULL ? standard : json_read_word(r, value, word, hint);

	json_leave(r, mark);
	return choice;
}

static int64
to_units(double share)
{
	return (int64) (share * BIN_SHARE_UNITS + 0.5);
}

static int
compare_doubles(const void *a, const void *b)
{
	double		left = *(const double *) a;
	double		right = *(const double *) b;

	return (left > right) - (left < right);
}

static void
read_specials(JsonReader *r, JsonbContainer *root, BinsOptions *options, MemoryContext context)
{
	JsonbValue *value = json_get_field(root, "special");
	int			mark = json_enter_key(r, "special");
	uint32		n = 0;
	uint32		i;

	options->n_specials = 0;
	if (value != NULL)
	{
		JsonbContainer *array = json_read_array(r, value, &n);

		options->special = MemoryContextAllocHuge(context, Max(n, 1) * sizeof(double));
		for (i = 0; i < n; i++)
		{
			int			item = json_enter_item(r, i);

			options->special[i] = json_read_number(r, getIthJsonbValueFromContainer(array, i));
			json_leave(r, item);
		}
		qsort(options->special, n, sizeof(double), compare_doubles);
		for (i = 0; i < n; i++)
			if (i == 0 || options->special[i] > options->special[i - 1])
				options->special[options->n_specials++] = options->special[i];
	}
	json_leave(r, mark);
}

static void
read_options(BinsOptions *options, Jsonb *given, MemoryContext context)
{
	JsonReader	reader;
	JsonReader *r = &reader;
	JsonbValue	document;
	JsonbContainer *root;
	BinLimits  *limits = &options->limits;

	json_open(r, "binning options", ERRCODE_INVALID_PARAMETER_VALUE, CurrentMemoryContext);
	json_document(given, &document);
	root = json_read_object(r, &document, option_keys);
	limits->max_bins = (int64) read_option(r, root, "max_bins", 8, 0, BIN_MAX_LIMIT, true);
	limits->min_bins = (int64) read_option(r, root, "min_bins", 1, 1, BIN_MAX_LIMIT, true);
	limits->min_share = to_units(read_option(r, root, "min_bin_share", 0.05, 0, 1, false));
	limits->max_share = to_units(read_option(r, root, "max_bin_share", 1, 0, 1, false));
	limits->min_bads = (int64) read_option(r, root, "min_bads", 1, 1, TALLY_MAX_TOTAL, true);
	limits->min_goods = (int64) read_option(r, root, "min_goods", 1, 1, TALLY_MAX_TOTAL, true);
	limits->min_gap = to_units(read_option(r, root, "min_rate_gap", 0, 0, 1, false));
	options->candidates = (int32) read_option(r, root, "candidates", 200, 2, BIN_MAX_CELLS, true);
	options->trend = (BinTrend) read_choice(r, root, "trend", BIN_AUTO, asked_words,
											"Give \"auto\", \"none\", \"ascending\", \"descending\", \"peak\" or \"valley\".");
	options->missing = (BinMissing) read_choice(r, root, "missing", BIN_MISSING_BIN, binning_missing_words,
												"Give \"bin\", \"worst\", \"best\" or \"neutral\".");
	options->unseen = (CardUnseen) read_choice(r, root, "unseen", CARD_UNSEEN_AVERAGE, binning_unseen_words,
											   "Give \"average\", \"worst\" or \"error\".");
	read_specials(r, root, options, context);
}

AGR_FUNCTION(agririsk_binning_check);
Datum
agririsk_binning_check(PG_FUNCTION_ARGS)
{
	BinsOptions options;

	read_options(&options, PG_GETARG_JSONB_P(0), CurrentMemoryContext);
	PG_RETURN_DATUM(PG_GETARG_DATUM(0));
}

/* ---------- gathering rows ---------- */

static void
too_many_rows(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("too many rows"),
			 errdetail("The weights exceed %lld.", (long long) TALLY_MAX_TOTAL),
			 errhint("A weight stands for so many equal rows; weigh in a larger unit.")));
}

static void
count_rows(int64 *count, int64 rows)
{
	if (rows > TALLY_MAX_TOTAL - *count)
		too_many_rows();
	*count += rows;
}

static BinsState *
begin_state(FunctionCallInfo fcinfo, Jsonb *given, bool number)
{
	MemoryContext context = agr_aggregate_context(fcinfo, "optimal_bins");
	BinsState  *state = MemoryContextAllocZero(context, sizeof *state);

	if (given)
	{
		state->given = MemoryContextAlloc(context, VARSIZE(given));
		memcpy(state->given, given, VARSIZE(given));
	}
	else
		given = DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum("{}")));
	read_options(&state->options, given, context);
	if (number)
	{
		state->tally = MemoryContextAlloc(context, sizeof(Tally));
		tally_init(state->tally, fcinfo);
		if (state->options.unseen != CARD_UNSEEN_AVERAGE)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("numbers cannot be unseen"),
					 errdetail("The option unseen is \"%s\".", binning_unseen_words[state->options.unseen]),
					 errhint("Leave unseen out, or cast the values to text if they are categories.")));
	}
	else
	{
		state->level[BIN_GOOD] = key_sums_create(context);
		state->level[BIN_BAD] = key_sums_create(context);
		if (state->options.n_specials > 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("categories have no special values"),
					 errdetail("The option special has %u.", state->options.n_specials),
					 errhint("Leave special out, or cast the values to double precision if they are numbers.")));
	}
	return state;
}

static void
check_options(const BinsState *state, const Jsonb *given)
{
	bool		equal = (state->given == NULL) == (given == NULL);

	if (equal && given)
		equal = VARSIZE(state->given) == VARSIZE(given) && memcmp(state->given, given, VARSIZE(given)) == 0;
	if (!equal)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("options of optimal_bins differ within one group"),
				 errdetail("One row says %s, another %s.",
						   state->given ? JsonbToCString(NULL, &state->given->root, 0) : "NULL",
						   given ? JsonbToCString(NULL, (JsonbContainer *) &given->root, 0) : "NULL"),
				 errhint("Group by what the options depend on.")));
}

/*
 * What the arguments say of a row but for its value: its state, its weight, its
 * outcome. Returns whether the row counts.
 */
static bool
begin_row(FunctionCallInfo fcinfo, bool number, BinsState **state, int64 *weight, int *class)
{
	int			weight_at = PG_NARGS() == 5 ? 3 : -1;
	int			options_at = PG_NARGS() > 3 ? PG_NARGS() - 1 : -1;
	Jsonb	   *given = options_at > 0 && !PG_ARGISNULL(options_at) ? PG_GETARG_JSONB_P(options_at) : NULL;
	bool		unweighted = weight_at > 0 && PG_ARGISNULL(weight_at);

	*weight = weight_at > 0 && !unweighted ? PG_GETARG_INT64(weight_at) : 1;
	if (*weight < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("weight of a row must not be negative"),
				 errdetail("A weight is %lld.", (long long) *weight),
				 errhint("A weight stands for so many equal rows.")));
	*state = PG_ARGISNULL(0) ? NULL : (BinsState *) PG_GETARG_POINTER(0);
	if (*weight == 0)
		return false;
	if (*state == NULL)
		*state = begin_state(fcinfo, given, number);
	else
		check_options(*state, given);
	if (unweighted)
		count_rows(&(*state)->no_weight, 1);
	else if (PG_ARGISNULL(2))
		count_rows(&(*state)->no_outcome, *weight);
	else
	{
		*class = PG_GETARG_BOOL(2) ? BIN_BAD : BIN_GOOD;
		return true;
	}
	return false;
}

static Datum
return_state(FunctionCallInfo fcinfo, BinsState *state)
{
	if (state == NULL)
		PG_RETURN_NULL();
	PG_RETURN_POINTER(state);
}

AGR_FUNCTION(agririsk_optimal_bins_add_number);
Datum
agririsk_optimal_bins_add_number(PG_FUNCTION_ARGS)
{
	BinsState  *state;
	int64		weight;
	int			class;

	if (!begin_row(fcinfo, true, &state, &weight, &class))
		return return_state(fcinfo, state);
	if (PG_ARGISNULL(1) || isnan(PG_GETARG_FLOAT8(1)))
		count_rows(&state->missing.count[class], weight);
	else if (isinf(PG_GETARG_FLOAT8(1)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a value to be binned is infinite"),
				 errdetail("The value is %s.", PG_GETARG_FLOAT8(1) > 0 ? "Infinity" : "-Infinity"),
				 errhint("Make it NULL where the value is not known.")));
	else if (weight == 1)
		tally_add(state->tally, PG_GETARG_FLOAT8(1), class);
	else
		tally_add_rows(state->tally, PG_GETARG_FLOAT8(1), class, weight);
	PG_RETURN_POINTER(state);
}

static Datum
add_category(FunctionCallInfo fcinfo, Oid type)
{
	BinsState  *state;
	CardText	text;
	int64		weight;
	int			class;

	if (!begin_row(fcinfo, false, &state, &weight, &class))
		return return_state(fcinfo, state);
	if (PG_ARGISNULL(1))
	{
		count_rows(&state->missing.count[class], weight);
		PG_RETURN_POINTER(state);
	}
	text = binning_category(type, PG_GETARG_DATUM(1));
	if (text.length > LONGEST_CATEGORY)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("category is too long"),
				 errdetail("\"%.*s...\" has %u bytes; %d are allowed.",
						   pg_mbcliplen(text.at, text.length, 64), text.at, text.length, LONGEST_CATEGORY),
				 errhint("Categories are a few short names; use a code.")));
	count_rows(&state->total, weight);
	(void) key_sums_add_count(state->level[class], text.at, text.length, weight);
	if (state->level[class]->count > MOST_CATEGORIES)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many categories"),
				 errdetail("Rows of one outcome have more than %d.", MOST_CATEGORIES),
				 errhint("Was something else than a category given, such as a key? Cast numbers to double precision.")));
	PG_RETURN_POINTER(state);
}

AGR_FUNCTION(agririsk_optimal_bins_add_text);
Datum
agririsk_optimal_bins_add_text(PG_FUNCTION_ARGS)
{
	return add_category(fcinfo, TEXTOID);
}

AGR_FUNCTION(agririsk_optimal_bins_add_boolean);
Datum
agririsk_optimal_bins_add_boolean(PG_FUNCTION_ARGS)
{
	return add_category(fcinfo, BOOLOID);
}

AGR_FUNCTION(agririsk_optimal_bins_add_enum);
Datum
agririsk_optimal_bins_add_enum(PG_FUNCTION_ARGS)
{
	return add_category(fcinfo, ANYENUMOID);
}

/* ---------- one bin only, and why ---------- */

static char *
shown_number(double x)
{
	char	   *text = palloc(DOUBLE_SHORTEST_DECIMAL_LEN);

	double_to_shortest_decimal_buf(x, text);
	return text;
}

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
					 one->share ? shown_number((double) loose / BIN_SHARE_UNITS) :
					 psprintf("%lld", (long long) loose));
}

/* What every partition is within. */
static const BinLimits free_limits = {0, 1, 0, BIN_SHARE_UNITS, 1, 1, 0};

static void
explain_single_bin(Search *search, const BinLimits *limits)
{
	StringInfoData way_out;
	int			i;

	if (!has_bins(search, &free_limits, BIN_NONE))
	{
		ereport(NOTICE,
				(errmsg("optimal_bins: one bin only"),
				 errdetail("No cut leaves good and bad rows, at different rates, on both of its sides."),
				 errhint("Such a feature tells nothing, or is the outcome itself; leave it out.")));
		return;
	}
	initStringInfo(&way_out);
	for (i = 0; i < lengthof(loosening); i++)
		append_loosening(&way_out, search, limits, &loosening[i]);
	for (i = 0; i < BIN_TRENDS; i++)
		if (i != (int) search->trend && has_bins(search, limits, (BinTrend) i))
			appendStringInfo(&way_out, "%strend => '%s'", way_out.len > 0 ? ", or " : "", asked_words[i]);
	ereport(NOTICE,
			(errmsg("optimal_bins: the options leave one bin only"),
			 errdetail("No two bins or more are within all of them, with trend '%s'.", asked_words[search->trend]),
			 way_out.len > 0 ? errhint("There are with %s.", way_out.data) :
			 errhint("Loosen several of them; one alone is not enough.")));
}

static void
explain_no_evidence(const BinCell *all, bool number)
{
	const char *why;

	if (all->count[BIN_GOOD] + all->count[BIN_BAD] == 0)
		why = "No row with an outcome has a value.";
	else if (all->count[BIN_BAD] == 0)
		why = "No row with a value is bad.";
	else if (all->count[BIN_GOOD] == 0)
		why = "No row with a value is good.";
	else
		why = number ? "All rows with a value have the same." :
			"There is one category, or none has 50 rows and 5 bad ones, and all are pooled.";
	ereport(NOTICE,
			(errmsg("optimal_bins: one bin only"),
			 errdetail("%s", why),
			 errhint("Such a feature tells nothing; leave it out, or bin it over more rows.")));
}

/* ---------- finding bins ---------- */

static void
check_interrupts(void)
{
	CHECK_FOR_INTERRUPTS();
}

/* What is the same for numbers and categories: fills the binning's bins with cells, ends and outcomes. */
static void
find_bins(const BinsState *state, const BinCell *cell, int32 n, bool number, Binning *binning, int32 *end)
{
	const BinsOptions *options = &state->options;
	CardMemory	memory = scorecard_memory(CurrentMemoryContext);
	BinCell		all = {{0, 0}};
	BinTrial   *trial = palloc0((BIN_TRENDS + 1) * sizeof *trial);
	BinTrend	chosen;
	int32		bins = 0;
	int32		i,
				c;
	int			t;

	for (i = 0; i < n; i++)
		for (c = 0; c < 2; c++)
			all.count[c] += cell[i].count[c];
	chosen = options->trend == BIN_AUTO ? BIN_NONE : options->trend;
	for (t = 0; t < BIN_TRENDS; t++)
		trial[t].held_out = NAN;
	if (all.count[BIN_GOOD] > 0 && all.count[BIN_BAD] > 0)
	{
		Search		search = {bin_solver_create(n, memory), cell, n, options->trend, &trial[BIN_TRENDS]};

		bin_solve_all(search.solver, cell, n, &options->limits, trial, check_interrupts);
		if (options->trend == BIN_AUTO)
			chosen = bin_choose(trial);
		bins = trial[chosen].bins;
		if (options->trend == BIN_AUTO && chosen == BIN_NONE)
			bins = 0;
		if (bins <= 1 && n > 1)
			explain_single_bin(&search, &options->limits);
	}
	if (n <= 1 || all.count[BIN_GOOD] == 0 || all.count[BIN_BAD] == 0)
		explain_no_evidence(&all, number);
	if (bins > 0)
		memcpy(end, trial[chosen].end, bins * sizeof *end);
	else
		end[0] = n - 1;
	binning->trend = chosen;
	binning->n_bins = Max(bins, 1);
	binning->bin = palloc0(binning->n_bins * sizeof *binning->bin);
	for (i = 0, bins = 0; i < n; i++)
	{
		for (c = 0; c < 2; c++)
			binning->bin[bins].cell.count[c] += cell[i].count[c];
		bins += i == end[bins];
	}
	for (t = 0; t < BIN_TRENDS; t++)
	{
		binning->outcome[t].bins = trial[t].bins;
		binning->outcome[t].iv = trial[t].iv;
		binning->outcome[t].held_out = trial[t].held_out;
	}
}

/* Puts together the cells that begin no candidate; `begin` is of bin_candidates. */
static void
join_cells(BinCell *cell, int32 n, const int32 *begin, int32 candidates)
{
	int32		at = -1;
	int32		i,
				c;

	for (i = 0; i < n; i++)
	{
		if (at + 1 < candidates && begin[at + 1] == i)
		{
			cell[++at] = cell[i];
			continue;
		}
		for (c = 0; c < 2; c++)
			cell[at].count[c] += cell[i].count[c];
	}
}

static Datum
finish(const BinsState *state, Binning *binning)
{
	binning->missing_policy = state->options.missing;
	binning->unseen = state->options.unseen;
	binning->missing.cell = state->missing;
	binning->no_outcome = state->no_outcome;
	binning->no_weight = state->no_weight;
	/* All that can be wrong with it is that its parts are too many rows together. */
	if (binning_check(binning, scorecard_memory(CurrentMemoryContext)) != NULL)
		too_many_rows();
	PG_RETURN_POINTER(binning_store(binning));
}

/* Numbers put into cells as they come, ascending. */
typedef struct NumberCells
{
	double	   *low;			/* the least number of each cell */
	BinCell    *cell;
	int32		n;
	int32		room;
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

static void
append_cell(NumberCells *cells, double low, const BinCell *cell)
{
	int64		grid = grid_of(cells, cells->seen);

	cells->seen += cell->count[BIN_GOOD] + cell->count[BIN_BAD];
	if (cells->coarse && cells->n > 0 && grid == cells->grid)
	{
		cells->cell[cells->n - 1].count[BIN_GOOD] += cell->count[BIN_GOOD];
		cells->cell[cells->n - 1].count[BIN_BAD] += cell->count[BIN_BAD];
		return;
	}
	if (cells->n == cells->room)
	{
		cells->room = Max(2 * cells->room, 64);
		cells->low = cells->low ? repalloc(cells->low, cells->room * sizeof(double)) : palloc(cells->room * sizeof(double));
		cells->cell = cells->cell ? repalloc(cells->cell, cells->room * sizeof(BinCell)) : palloc(cells->room * sizeof(BinCell));
	}
	cells->grid = grid;
	cells->low[cells->n] = low;
	cells->cell[cells->n++] = *cell;
}

/* Puts the cells there are on the grid. */
static void
make_coarse(NumberCells *cells)
{
	int32		n = cells->n;
	int32		i;

	cells->coarse = true;
	cells->n = 0;
	cells->seen = 0;
	for (i = 0; i < n; i++)
	{
		BinCell		cell = cells->cell[i];

		append_cell(cells, cells->low[i], &cell);
	}
}

/* Reads the tally: cells of its numbers, and counts of special values. */
static void
read_numbers(BinsState *state, NumberCells *cells, BinPart *special)
{
	const BinsOptions *options = &state->options;
	TallyStream stream;
	TallyEntry	entry;
	uint32		next = 0;
	int64		read = 0;

	tally_stream_open(&stream, state->tally);
	cells->total = tally_total(state->tally, BIN_GOOD) + tally_total(state->tally, BIN_BAD);
	while (tally_stream_next(&stream, &entry))
	{
		double		value = tally_value(entry.key);
		BinCell		cell = {{entry.count[BIN_GOOD], entry.count[BIN_BAD]}};

		if ((++read & 0xffff) == 0)
			CHECK_FOR_INTERRUPTS();
		while (next < options->n_specials && options->special[next] < value)
			next++;
		if (next < options->n_specials && options->special[next] == value)
		{
			special[next].cell = cell;
			continue;
		}
		append_cell(cells, value, &cell);
		if (!cells->coarse && cells->n > FINE_CELLS)
			make_coarse(cells);
	}
	tally_stream_close(&stream);
}

AGR_FUNCTION(agririsk_optimal_bins_final_numbers);
Datum
agririsk_optimal_bins_final_numbers(PG_FUNCTION_ARGS)
{
	BinsState  *state;
	Binning    *binning = palloc0(sizeof *binning);
	NumberCells cells = {0};
	int32	   *begin;
	int32	   *end;
	int32		n;
	uint32		i;

	agr_aggregate_context(fcinfo, "optimal_bins");
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	state = (BinsState *) PG_GETARG_POINTER(0);
	binning->kind = CARD_NUMBER;
	binning->n_specials = state->options.n_specials;
	binning->special_value = state->options.special;
	binning->special = palloc0(Max(binning->n_specials, 1) * sizeof *binning->special);
	read_numbers(state, &cells, binning->special);
	begin = palloc(BIN_MAX_CELLS * sizeof *begin);
	end = palloc(BIN_MAX_CELLS * sizeof *end);
	n = bin_candidates(cells.cell, cells.n, state->options.candidates, state->options.limits.min_share,
					   begin, scorecard_memory(CurrentMemoryContext));
	join_cells(cells.cell, cells.n, begin, n);
	find_bins(state, cells.cell, n, true, binning, end);
	binning->cut = palloc(binning->n_bins * sizeof *binning->cut);
	for (i = 0; i + 1 < binning->n_bins; i++)
		binning->cut[i] = cells.low[begin[end[i] + 1]];
	return finish(state, binning);
}

/* A category, or those that are pooled as `other`. */
typedef struct Level
{
	CardText	text;			/* of `other`, the first of them */
	BinCell		cell;
	uint32		n_texts;
	CardText   *texts;
} Level;

/* All categories, ascending by bytes, in the state's memory. */
static Level *
merge_levels(const BinsState *state, uint32 *n)
{
	const KeySums *sums[2] = {state->level[BIN_GOOD], state->level[BIN_BAD]};
	uint32	   *order[2] = {key_sums_order(sums[BIN_GOOD]), key_sums_order(sums[BIN_BAD])};
	uint32		at[2] = {0, 0};
	Level	   *level = palloc_extended(((Size) sums[0]->count + sums[1]->count + 1) * sizeof *level,
										MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	int			c;

	*n = 0;
	while (at[BIN_GOOD] < sums[BIN_GOOD]->count || at[BIN_BAD] < sums[BIN_BAD]->count)
	{
		CardText	text[2];
		int			first = -1;

		for (c = 0; c < 2; c++)
		{
			uint32		i;

			text[c].at = NULL;
			if (at[c] == sums[c]->count)
				continue;
			i = order[c][at[c]];
			text[c].at = key_sums_key(sums[c], i);
			text[c].length = sums[c]->keys[i].key_length;
			if (first < 0 || binning_compare_texts(text[c], text[first]) < 0)
				first = c;
		}
		level[*n].text = text[first];
		for (c = 0; c < 2; c++)
			if (text[c].at != NULL && binning_compare_texts(text[c], text[first]) == 0)
				level[*n].cell.count[c] = key_sums_count(sums[c], order[c][at[c]++]);
		(*n)++;
	}
	return level;
}

/* Pools rare levels as one, in the place of the first; returns how many levels are left. */
static uint32
pool_rare(Level *level, uint32 n)
{
	CardText   *texts = palloc_extended(Max(n, 1) * sizeof *texts, MCXT_ALLOC_HUGE);
	int64		other = -1;
	uint32		used = 0;
	uint32		kept = 0;
	uint32		i;

	for (i = 0; i < n; i++)
	{
		const BinCell *cell = &level[i].cell;
		bool		rare = cell->count[BIN_BAD] < LEAST_LEVEL_BADS ||
			cell->count[BIN_GOOD] + cell->count[BIN_BAD] < LEAST_LEVEL_ROWS;

		if (rare && other >= 0)
		{
			level[other].cell.count[BIN_GOOD] += cell->count[BIN_GOOD];
			level[other].cell.count[BIN_BAD] += cell->count[BIN_BAD];
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

/* What levels are ordered by, (b + 20 B / N) / (n + 20), as integers within 128 bits. */
static int
compare_levels(const void *a, const void *b, void *all)
{
	const Level *left = a;
	const Level *right = b;
	const BinCell *sum = all;
	int128		rows = sum->count[BIN_GOOD] + sum->count[BIN_BAD];
	int128		prior = (int128) LEVEL_PRIOR_ROWS * sum->count[BIN_BAD];
	int64		left_rows = left->cell.count[BIN_GOOD] + left->cell.count[BIN_BAD];
	int64		right_rows = right->cell.count[BIN_GOOD] + right->cell.count[BIN_BAD];
	int128		x = (rows * left->cell.count[BIN_BAD] + prior) * (right_rows + LEVEL_PRIOR_ROWS);
	int128		y = (rows * right->cell.count[BIN_BAD] + prior) * (left_rows + LEVEL_PRIOR_ROWS);

	return x != y ? (x > y) - (x < y) : binning_compare_texts(left->text, right->text);
}

static int
compare_text_items(const void *a, const void *b)
{
	return binning_compare_texts(*(const CardText *) a, *(const CardText *) b);
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
		const CardText *texts = level[i].texts ? level[i].texts : &level[i].text;

		memcpy(list->text + list->n, texts, level[i].n_texts * sizeof *texts);
		list->n += level[i].n_texts;
	}
	qsort(list->text, list->n, sizeof *list->text, compare_text_items);
}

AGR_FUNCTION(agririsk_optimal_bins_final_names);
Datum
agririsk_optimal_bins_final_names(PG_FUNCTION_ARGS)
{
	BinsState  *state;
	Binning    *binning = palloc0(sizeof *binning);
	BinCell		all = {{0, 0}};
	BinCell    *cell;
	Level	   *level;
	uint32		n;
	uint32		i;
	uint32		from = 0;
	int32	   *begin;
	int32	   *end;
	int32		candidates;

	agr_aggregate_context(fcinfo, "optimal_bins");
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	state = (BinsState *) PG_GETARG_POINTER(0);
	binning->kind = CARD_CATEGORY;
	level = merge_levels(state, &n);
	n = pool_rare(level, n);
	for (i = 0; i < n; i++)
	{
		all.count[BIN_GOOD] += level[i].cell.count[BIN_GOOD];
		all.count[BIN_BAD] += level[i].cell.count[BIN_BAD];
	}
	qsort_arg(level, n, sizeof *level, compare_levels, &all);
	cell = palloc(Max(n, 1) * sizeof *cell);
	for (i = 0; i < n; i++)
		cell[i] = level[i].cell;
	begin = palloc(BIN_MAX_CELLS * sizeof *begin);
	end = palloc(BIN_MAX_CELLS * sizeof *end);
	candidates = bin_candidates(cell, n, state->options.candidates, state->options.limits.min_share,
								begin, scorecard_memory(CurrentMemoryContext));
	join_cells(cell, n, begin, candidates);
	find_bins(state, cell, candidates, false, binning, end);
	binning->categories = palloc0(binning->n_bins * sizeof *binning->categories);
	for (i = 0; i < binning->n_bins; i++)
	{
		uint32		to = i + 1 < binning->n_bins ? (uint32) begin[end[i] + 1] : n;

		list_categories(level, from, to, &binning->categories[i]);
		from = to;
	}
	return finish(state, binning);
}
