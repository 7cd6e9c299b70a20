/*
 * calibration.c
 *		Type calibration: predicted probabilities and outcomes, and whether the
 *		latter come as often as the former say.
 */
#include "postgres.h"

#include "agririsk.h"

#include <math.h>

#include "common/shortest_dec.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "core/math/probability_math.h"
#include "core/sql/record.h"
#include "core/sql/tally_type.h"
#include "validation/calibration_math.h"

#define GOOD	0
#define BAD		1

static const TallyType calibration_type = {
	.stored = {
		.name = "calibration",
		.hint = "Write a value like '0.1 3/0; 0.25 2/1'.",
		.parse = tally_parse,
		.print = tally_print,
		.receive = tally_receive
	},
	.classes = 2,
	.least = 0,
	.greatest = 1,
	.too_many_hint = "Round the probabilities."
};

STORED_TYPE_FUNCTIONS(agririsk_calibration, &calibration_type.stored)

AGR_FUNCTION(agririsk_calibration_merge);
Datum
agririsk_calibration_merge(PG_FUNCTION_ARGS)
{
	return tally_merge_values(fcinfo, &calibration_type);
}

/* Aggregation. */

static void
bad_pd(double pd)
{
	char		number[DOUBLE_SHORTEST_DECIMAL_LEN];

	double_to_shortest_decimal_buf(pd, number);
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("probability of default must lie in [0, 1]"),
			 errdetail("A probability is %s.", number),
			 errhint("Give a PD as a fraction, such as 0.02 for 2 %%. Give NULL where the PD is not known.")));
}

static Tally *
begin_state(FunctionCallInfo fcinfo)
{
	MemoryContext context = agr_aggregate_context(fcinfo, "calibration_agg");
	Tally	   *tally = MemoryContextAlloc(context, sizeof(Tally));

	tally_init(tally, fcinfo);
	return tally;
}

AGR_FUNCTION(agririsk_calibration_add);
Datum
agririsk_calibration_add(PG_FUNCTION_ARGS)
{
	Tally	   *tally;
	double		pd;

	if (unlikely(PG_ARGISNULL(0)))
		tally = begin_state(fcinfo);
	else
		tally = (Tally *) PG_GETARG_POINTER(0);
	if (unlikely(PG_ARGISNULL(1)))
		tally_exclude(tally, TALLY_NO_VALUE, 1);
	else
	{
		pd = PG_GETARG_FLOAT8(1);
		if (unlikely(!(pd >= 0 && pd <= 1)))
			bad_pd(pd);
		if (unlikely(PG_ARGISNULL(2)))
			tally_exclude(tally, TALLY_NO_CLASS, 1);
		else
			tally_add(tally, pd, PG_GETARG_BOOL(2) ? BAD : GOOD);
	}
	PG_RETURN_POINTER(tally);
}

/* A weight is the number of equal rows, so a weight of 0 is no row. */
AGR_FUNCTION(agririsk_calibration_add_weighted);
Datum
agririsk_calibration_add_weighted(PG_FUNCTION_ARGS)
{
	Tally	   *tally = PG_ARGISNULL(0) ? NULL : (Tally *) PG_GETARG_POINTER(0);
	int64		weight = PG_ARGISNULL(3) ? 1 : PG_GETARG_INT64(3);
	double		pd = PG_ARGISNULL(1) ? 0 : PG_GETARG_FLOAT8(1);

	if (weight < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("weight of a row must not be negative"),
				 errdetail("A weight is %lld.", (long long) weight),
				 errhint("A weight is the number of equal rows that the row stands for, 0 or more.")));
	if (!(pd >= 0 && pd <= 1))
		bad_pd(pd);
	if (weight > 0)
	{
		if (tally == NULL)
			tally = begin_state(fcinfo);
		if (PG_ARGISNULL(3))
			tally_exclude(tally, TALLY_NO_WEIGHT, 1);
		else if (PG_ARGISNULL(1))
			tally_exclude(tally, TALLY_NO_VALUE, weight);
		else if (PG_ARGISNULL(2))
			tally_exclude(tally, TALLY_NO_CLASS, weight);
		else
			tally_add_rows(tally, pd, PG_GETARG_BOOL(2) ? BAD : GOOD, weight);
	}
	if (tally == NULL)
		PG_RETURN_NULL();
	PG_RETURN_POINTER(tally);
}

AGR_FUNCTION(agririsk_calibration_final);
Datum
agririsk_calibration_final(PG_FUNCTION_ARGS)
{
	agr_aggregate_context(fcinfo, "calibration_agg");
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	PG_RETURN_POINTER(tally_make_value((Tally *) PG_GETARG_POINTER(0), &calibration_type));
}

/* What is counted. */

AGR_FUNCTION(agririsk_calibration_n);
Datum
agririsk_calibration_n(PG_FUNCTION_ARGS)
{
	TallyReader reader;

	tally_begin(&reader, PG_GETARG_VARLENA_PP(0), &calibration_type);
	PG_RETURN_INT64(reader.head.total[GOOD] + reader.head.total[BAD]);
}

AGR_FUNCTION(agririsk_calibration_bads);
Datum
agririsk_calibration_bads(PG_FUNCTION_ARGS)
{
	TallyReader reader;

	tally_begin(&reader, PG_GETARG_VARLENA_PP(0), &calibration_type);
	PG_RETURN_INT64(reader.head.total[BAD]);
}

AGR_FUNCTION(agririsk_calibration_excluded);
Datum
agririsk_calibration_excluded(PG_FUNCTION_ARGS)
{
	TallyReader reader;
	Datum		values[TALLY_EXCLUSIONS];
	bool		nulls[TALLY_EXCLUSIONS] = {false};
	int			i;

	tally_begin(&reader, PG_GETARG_VARLENA_PP(0), &calibration_type);
	for (i = 0; i < TALLY_EXCLUSIONS; i++)
		values[i] = Int64GetDatum(reader.head.excluded[i]);
	return agr_make_row(fcinfo, values, nulls);
}

/* Measures. */

static void
look_for_interrupts(void)
{
	CHECK_FOR_INTERRUPTS();
}

static CalibrationInput
get_input(FunctionCallInfo fcinfo)
{
	struct varlena *value = PG_GETARG_VARLENA_PP(0);

	return (CalibrationInput) {(const uint8_t *) VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value),
							   look_for_interrupts};
}

/* True if the measure is defined. */
static bool
check(CalibrationStatus status)
{
	if (status == CALIBRATION_DAMAGED)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("invalid stored value of type calibration"),
				 errhint("Restore the value from a backup, or aggregate the rows again.")));
	return status == CALIBRATION_OK;
}

static Datum
return_number(FunctionCallInfo fcinfo, double number)
{
	if (isnan(number))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(number);
}

static CalibrationScores
get_scores(FunctionCallInfo fcinfo)
{
	CalibrationInput input = get_input(fcinfo);
	CalibrationScores scores;

	if (!check(calibration_scores(&input, &scores)))
		scores.brier = scores.log_loss = scores.spiegelhalter_z = NAN;
	return scores;
}

AGR_FUNCTION(agririsk_calibration_brier);
Datum
agririsk_calibration_brier(PG_FUNCTION_ARGS)
{
	return return_number(fcinfo, get_scores(fcinfo).brier);
}

AGR_FUNCTION(agririsk_calibration_log_loss);
Datum
agririsk_calibration_log_loss(PG_FUNCTION_ARGS)
{
	return return_number(fcinfo, get_scores(fcinfo).log_loss);
}

AGR_FUNCTION(agririsk_calibration_spiegelhalter_z);
Datum
agririsk_calibration_spiegelhalter_z(PG_FUNCTION_ARGS)
{
	return return_number(fcinfo, get_scores(fcinfo).spiegelhalter_z);
}

/* Groups as the second argument asks, of the calibration that is the first. */
static CalibrationGroup *
get_groups(FunctionCallInfo fcinfo, int least, int *used)
{
	CalibrationInput input = get_input(fcinfo);
	int32		groups = PG_GETARG_INT32(1);
	CalibrationGroup *group;

	if (groups < least || groups > CALIBRATION_MAX_GROUPS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("number of groups must be between %d and %d", least, CALIBRATION_MAX_GROUPS),
				 errdetail("The number is %d.", groups),
				 errhint("The default is 10 groups.")));
	group = palloc(groups * sizeof *group);
	check(calibration_groups(&input, groups, group, used));
	return group;
}

AGR_FUNCTION(agririsk_calibration_hosmer_lemeshow);
Datum
agririsk_calibration_hosmer_lemeshow(PG_FUNCTION_ARGS)
{
	int			used;
	CalibrationGroup *group = get_groups(fcinfo, 2, &used);
	int			df = used - (PG_GETARG_BOOL(2) ? 2 : 0);
	double		statistic = used > 0 ? calibration_hosmer_lemeshow(group, used) : NAN;
	Datum		values[4];
	bool		nulls[4] = {false};

	agr_set_number(values, nulls, 0, statistic);
	nulls[1] = df < 1;
	values[1] = Int32GetDatum(df);
	agr_set_number(values, nulls, 2, df < 1 ? NAN : chi_square_tail(statistic, df));
	values[3] = Int32GetDatum(used);
	return agr_make_row(fcinfo, values, nulls);
}

/* The z of the interval that an argument asks for. */
static double
get_z(FunctionCallInfo fcinfo, int argument)
{
	double		level = PG_GETARG_FLOAT8(argument);
	char		number[DOUBLE_SHORTEST_DECIMAL_LEN];

	double_to_shortest_decimal_buf(level, number);
	if (!(level > 0 && level < 1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("level of an interval must be between 0 and 1"),
				 errdetail("The level is %s.", number),
				 errhint("The default is 0.95.")));
	return interval_z(level);
}

AGR_FUNCTION(agririsk_calibration_expected_vs_observed);
Datum
agririsk_calibration_expected_vs_observed(PG_FUNCTION_ARGS)
{
	int			used;
	CalibrationGroup *group = get_groups(fcinfo, 1, &used);
	double		z = get_z(fcinfo, 2);
	TupleDesc	columns;
	Tuplestorestate *rows = agr_begin_rows(fcinfo, work_mem, &columns);
	bool		nulls[9] = {false};
	int			i;

	for (i = 0; i < used; i++)
	{
		double		low,
					high;
		Datum		values[9];

		wilson_interval(group[i].bads, group[i].n, z, &low, &high);
		values[0] = Int32GetDatum(i + 1);
		values[1] = Float8GetDatum(group[i].low);
		values[2] = Float8GetDatum(group[i].high);
		values[3] = Int64GetDatum(group[i].n);
		values[4] = Int64GetDatum(group[i].bads);
		values[5] = Float8GetDatum(group[i].expected / (double) group[i].n);
		values[6] = Float8GetDatum((double) group[i].bads / (double) group[i].n);
		values[7] = Float8GetDatum(low);
		values[8] = Float8GetDatum(high);
		tuplestore_putvalues(rows, columns, values, nulls);
	}
	return (Datum) 0;
}

static Recalibration
get_recalibration(FunctionCallInfo fcinfo, bool free_slope)
{
	CalibrationInput input = get_input(fcinfo);
	Recalibration result;

	if (!check(calibration_recalibrate(&input, free_slope, &result)))
		result.intercept = result.slope = result.intercept_se = result.slope_se = NAN;
	return result;
}

AGR_FUNCTION(agririsk_calibration_slope);
Datum
agririsk_calibration_slope(PG_FUNCTION_ARGS)
{
	return return_number(fcinfo, get_recalibration(fcinfo, true).slope);
}

AGR_FUNCTION(agririsk_calibration_intercept);
Datum
agririsk_calibration_intercept(PG_FUNCTION_ARGS)
{
	return return_number(fcinfo, get_recalibration(fcinfo, true).intercept);
}

AGR_FUNCTION(agririsk_calibration_in_the_large);
Datum
agririsk_calibration_in_the_large(PG_FUNCTION_ARGS)
{
	return return_number(fcinfo, get_recalibration(fcinfo, false).intercept);
}

AGR_FUNCTION(agririsk_calibration_recalibration);
Datum
agririsk_calibration_recalibration(PG_FUNCTION_ARGS)
{
	double		z = get_z(fcinfo, 1);
	Recalibration fit = get_recalibration(fcinfo, true);
	Recalibration shift = get_recalibration(fcinfo, false);
	Datum		values[8];
	bool		nulls[8];

	agr_set_number(values, nulls, 0, fit.intercept);
	agr_set_number(values, nulls, 1, fit.intercept_se);
	agr_set_number(values, nulls, 2, fit.slope);
	agr_set_number(values, nulls, 3, fit.slope_se);
	agr_set_number(values, nulls, 4, fit.slope - z * fit.slope_se);
	agr_set_number(values, nulls, 5, fit.slope + z * fit.slope_se);
	agr_set_number(values, nulls, 6, shift.intercept);
	agr_set_number(values, nulls, 7, shift.intercept_se);
	return agr_make_row(fcinfo, values, nulls);
}
