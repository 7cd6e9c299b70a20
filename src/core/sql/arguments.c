/*
 * arguments.c
 *		Outcomes and dates as people have them: casts to the types of arguments.
 *
 * A binary_outcome is stored as boolean is, and a calendar_day as date is, so
 * boolean and date need no cast at all.
 */
#include "postgres.h"

#include "agririsk.h"

#include <math.h>

#include "core/sql/show.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

#define NAME_THE_WORD \
	"Name the word: (outcome = 'bad'). Where other words mean that the outcome is not known, use CASE outcome WHEN 'bad' THEN true WHEN 'good' THEN false END."

AGR_NORETURN static void refuse_number(const char *shown);

static void
refuse_number(const char *shown)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("an outcome must be 0 or 1"),
			 errdetail("An outcome is %s.", shown),
			 errhint("Give a condition that says which rows are bad, such as (days_overdue > 90), and NULL where the outcome is not known.")));
}

AGR_NORETURN static void refuse_word(const char *word, int length);

static void
refuse_word(const char *word, int length)
{
	int			shown = pg_mbcliplen(word, length, 64);

	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("an outcome in words does not say which word means bad"),
			 errdetail("An outcome is \"%.*s%s\".", shown, word, shown < length ? "..." : ""),
			 errhint(NAME_THE_WORD)));
}

AGR_FUNCTION(agririsk_binary_outcome_in);
Datum
agririsk_binary_outcome_in(PG_FUNCTION_ARGS)
{
	const char *literal = PG_GETARG_CSTRING(0);
	bool		bad;

	if (!parse_bool(literal, &bad))
		refuse_word(literal, strlen(literal));
	PG_RETURN_BOOL(bad);
}

static bool
is_bad(int64 outcome)
{
	if (outcome != 0 && outcome != 1)
		refuse_number(psprintf("%lld", (long long) outcome));
	return outcome == 1;
}

AGR_FUNCTION(agririsk_binary_outcome_int2);
Datum
agririsk_binary_outcome_int2(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(is_bad(PG_GETARG_INT16(0)));
}

AGR_FUNCTION(agririsk_binary_outcome_int4);
Datum
agririsk_binary_outcome_int4(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(is_bad(PG_GETARG_INT32(0)));
}

AGR_FUNCTION(agririsk_binary_outcome_int8);
Datum
agririsk_binary_outcome_int8(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(is_bad(PG_GETARG_INT64(0)));
}

static bool
is_bad_number(double outcome)
{
	if (outcome != 0 && outcome != 1)
		refuse_number(agr_show_number(outcome));
	return outcome == 1;
}

AGR_FUNCTION(agririsk_binary_outcome_float4);
Datum
agririsk_binary_outcome_float4(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(is_bad_number(PG_GETARG_FLOAT4(0)));
}

AGR_FUNCTION(agririsk_binary_outcome_float8);
Datum
agririsk_binary_outcome_float8(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(is_bad_number(PG_GETARG_FLOAT8(0)));
}

/* By its digits: a number as near to 1 as doubles cannot tell is not 1. */
AGR_FUNCTION(agririsk_binary_outcome_numeric);
Datum
agririsk_binary_outcome_numeric(PG_FUNCTION_ARGS)
{
	const char *digits = numeric_normalize(PG_GETARG_NUMERIC(0));

	if (strcmp(digits, "0") != 0 && strcmp(digits, "1") != 0)
		refuse_number(digits);
	PG_RETURN_BOOL(digits[0] == '1');
}

AGR_FUNCTION(agririsk_binary_outcome_text);
Datum
agririsk_binary_outcome_text(PG_FUNCTION_ARGS)
{
	text	   *word = PG_GETARG_TEXT_PP(0);

	/* The blanks that char(n) pads with are not the word's. */
	refuse_word(VARDATA_ANY(word), bpchartruelen(VARDATA_ANY(word), VARSIZE_ANY_EXHDR(word)));
}

/* The outcome is the last argument of an enum type: before it x may be of one too. */
AGR_FUNCTION(agririsk_enum_outcome);
Datum
agririsk_enum_outcome(PG_FUNCTION_ARGS)
{
	Oid			type = InvalidOid;
	const char *word;
	int			i;

	for (i = PG_NARGS() - 1; i > 0; i--)
	{
		type = get_fn_expr_argtype(fcinfo->flinfo, i);
		if (type_is_enum(type))
			break;
	}
	if (i == 0)
		elog(ERROR, "no argument is of an enum type");
	word = PG_ARGISNULL(i) ? "NULL" :
		psprintf("\"%s\"", DatumGetCString(DirectFunctionCall1(enum_out, PG_GETARG_DATUM(i))));
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("an outcome in words does not say which word means bad"),
			 errdetail("An outcome is %s, of the enum type %s.", word, format_type_be(type)),
			 errhint(NAME_THE_WORD)));
}

AGR_FUNCTION(agririsk_calendar_day_timestamptz);
Datum
agririsk_calendar_day_timestamptz(PG_FUNCTION_ARGS)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATATYPE_MISMATCH),
			 errmsg("the date of a timestamp with time zone depends on the time zone"),
			 errdetail("A timestamp is %s.", timestamptz_to_str(PG_GETARG_TIMESTAMPTZ(0))),
			 errhint("Name the time zone of the place: (at AT TIME ZONE 'Asia/Shanghai')::date.")));
}
