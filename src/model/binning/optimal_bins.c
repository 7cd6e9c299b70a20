/*
 * optimal_bins.c
 *		optimal_bins: the binning of a feature that tells good and bad rows apart
 *		best, from rows in any order.
 */
#include "postgres.h"

#include "agririsk.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "utils/jsonb.h"

#include "core/rows/key_sums.h"
#include "core/rows/tally.h"
#include "model/binning/bin_search.h"
#include "model/binning/binning.h"
#include "model/card/scorecard.h"

/* Categories among the rows of one outcome, and their length in bytes. */
#define MOST_CATEGORIES		100000
#define LONGEST_CATEGORY	255

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

/* ---------- gathering rows ---------- */

static void
too_many_rows(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("too many rows"),
			 errdetail("The weights sum to more than %lld.", (long long) TALLY_MAX_TOTAL),
			 errhint("A weight is a whole number of equal rows. Give the weights in a larger unit, such as thousands.")));
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
	bins_read_options(&state->options, given, context);
	bins_check_kind(&state->options, number ? CARD_NUMBER : CARD_CATEGORY);
	if (number)
	{
		state->tally = MemoryContextAlloc(context, sizeof(Tally));
		tally_init(state->tally, fcinfo);
	}
	else
	{
		state->level[BIN_GOOD] = key_sums_create(context);
		state->level[BIN_BAD] = key_sums_create(context);
	}
	return state;
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
				 errhint("A weight is the number of equal rows that the row stands for, 0 or more.")));
	*state = PG_ARGISNULL(0) ? NULL : (BinsState *) PG_GETARG_POINTER(0);
	if (*weight == 0)
		return false;
	if (*state == NULL)
		*state = begin_state(fcinfo, given, number);
	else
		json_check_same("optimal_bins", (*state)->given, given);
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
	TextSpan	text;
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
				 errhint("Give short names or codes.")));
	count_rows(&state->total, weight);
	(void) key_sums_add_count(state->level[class], text.at, text.length, weight);
	if (state->level[class]->count > MOST_CATEGORIES)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many categories"),
				 errdetail("Rows of one outcome have more than %d.", MOST_CATEGORIES),
				 errhint("Check that the column is a category, not a key. Cast numbers to double precision.")));
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

/* ---------- results ---------- */

static Datum
finish(BinsState *state, BinRows *rows)
{
	Binning    *binning;

	rows->missing = &state->missing;
	binning = bin_search(rows, &state->options, 0, true);
	binning->no_outcome = state->no_outcome;
	binning->no_weight = state->no_weight;
	/* All that can be wrong with it is that its parts are too many rows together. */
	if (binning_check(binning, agr_arena(CurrentMemoryContext)) != NULL)
		too_many_rows();
	PG_RETURN_POINTER(binning_store(binning));
}

AGR_FUNCTION(agririsk_optimal_bins_final_numbers);
Datum
agririsk_optimal_bins_final_numbers(PG_FUNCTION_ARGS)
{
	BinsState  *state;
	BinRows		rows = {0};

	agr_aggregate_context(fcinfo, "optimal_bins");
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	state = (BinsState *) PG_GETARG_POINTER(0);
	bins_read_numbers(&state->tally, 1, &state->options, &rows);
	return finish(state, &rows);
}

/* Puts the categories of both outcomes together. */
static void
read_categories(const BinsState *state, BinRows *rows)
{
	const KeySums *sums[2] = {state->level[BIN_GOOD], state->level[BIN_BAD]};
	uint32	   *order[2] = {key_sums_order(sums[BIN_GOOD]), key_sums_order(sums[BIN_BAD])};
	uint32		at[2] = {0, 0};
	Size		most = (Size) sums[0]->count + sums[1]->count + 1;
	int			c;

	rows->kind = CARD_CATEGORY;
	rows->parts = 1;
	rows->text = palloc(most * sizeof *rows->text);
	rows->cell = palloc0(most * sizeof *rows->cell);
	while (at[BIN_GOOD] < sums[BIN_GOOD]->count || at[BIN_BAD] < sums[BIN_BAD]->count)
	{
		TextSpan	text[2];
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
			if (first < 0 || text_span_compare(text[c], text[first]) < 0)
				first = c;
		}
		rows->text[rows->n] = text[first];
		for (c = 0; c < 2; c++)
			if (text[c].at != NULL && text_span_compare(text[c], text[first]) == 0)
				rows->cell[rows->n].count[c] = key_sums_count(sums[c], order[c][at[c]++]);
		rows->n++;
	}
}

AGR_FUNCTION(agririsk_optimal_bins_final_names);
Datum
agririsk_optimal_bins_final_names(PG_FUNCTION_ARGS)
{
	BinsState  *state;
	BinRows		rows = {0};

	agr_aggregate_context(fcinfo, "optimal_bins");
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	state = (BinsState *) PG_GETARG_POINTER(0);
	read_categories(state, &rows);
	return finish(state, &rows);
}
