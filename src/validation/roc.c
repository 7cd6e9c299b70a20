/*
 * roc.c
 *		Type roc: scores and outcomes, and how well the one ranks the other.
 */
#include "postgres.h"

#include "agririsk.h"

#include <math.h>

#include "access/htup_details.h"
#include "common/shortest_dec.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "core/record.h"
#include "core/tally.h"
#include "validation/roc_math.h"

static const TallyType roc_type = {
	.name = "roc",
	.classes = 2,
	.least = -INFINITY,
	.greatest = INFINITY,
	.example = "0.1 3/0; 0.25 2/1",
	.too_many_hint = "Use roc_metrics, which keeps no value, or round the scores."
};

AGR_FUNCTION(agririsk_roc_in);
Datum
agririsk_roc_in(PG_FUNCTION_ARGS)
{
	return tally_in(fcinfo, &roc_type);
}

AGR_FUNCTION(agririsk_roc_out);
Datum
agririsk_roc_out(PG_FUNCTION_ARGS)
{
	return tally_out(fcinfo, &roc_type);
}

AGR_FUNCTION(agririsk_roc_recv);
Datum
agririsk_roc_recv(PG_FUNCTION_ARGS)
{
	return tally_recv(fcinfo, &roc_type);
}

AGR_FUNCTION(agririsk_roc_send);
Datum
agririsk_roc_send(PG_FUNCTION_ARGS)
{
	return tally_send(fcinfo, &roc_type);
}

AGR_FUNCTION(agririsk_roc_merge);
Datum
agririsk_roc_merge(PG_FUNCTION_ARGS)
{
	return tally_merge_values(fcinfo, &roc_type);
}

/* Aggregation. */

static void
nan_score(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("score must not be NaN"),
			 errdetail("A score is NaN, which ranks nowhere."),
			 errhint("Write NULL for an unknown score; such rows are left out and counted.")));
}

static Tally *
begin_state(FunctionCallInfo fcinfo)
{
	MemoryContext context = agr_aggregate_context(fcinfo, "roc_agg");
	Tally	   *tally = MemoryContextAlloc(context, sizeof(Tally));

	tally_init(tally, fcinfo);
	return tally;
}

AGR_FUNCTION(agririsk_roc_add);
Datum
agririsk_roc_add(PG_FUNCTION_ARGS)
{
	Tally	   *tally;
	double		score;

	if (unlikely(PG_ARGISNULL(0)))
		tally = begin_state(fcinfo);
	else
		tally = (Tally *) PG_GETARG_POINTER(0);
	if (unlikely(PG_ARGISNULL(1)))
		tally_exclude(tally, TALLY_NO_VALUE, 1);
	else
	{
		score = PG_GETARG_FLOAT8(1);
		if (unlikely(isnan(score)))
			nan_score();
		if (unlikely(PG_ARGISNULL(2)))
			tally_exclude(tally, TALLY_NO_CLASS, 1);
		else
			tally_add(tally, score, PG_GETARG_BOOL(2) ? ROC_BAD : ROC_GOOD);
	}
	PG_RETURN_POINTER(tally);
}

/* A weight stands for so many equal rows, so that no rows at all are no row. */
AGR_FUNCTION(agririsk_roc_add_weighted);
Datum
agririsk_roc_add_weighted(PG_FUNCTION_ARGS)
{
	Tally	   *tally = PG_ARGISNULL(0) ? NULL : (Tally *) PG_GETARG_POINTER(0);
	int64		weight = PG_ARGISNULL(3) ? 1 : PG_GETARG_INT64(3);
	double		score = PG_ARGISNULL(1) ? 0 : PG_GETARG_FLOAT8(1);

	if (weight < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("weight of a row must not be negative"),
				 errdetail("A weight is %lld.", (long long) weight),
				 errhint("A weight stands for so many equal rows.")));
	if (isnan(score))
		nan_score();
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
			tally_add_rows(tally, score, PG_GETARG_BOOL(2) ? ROC_BAD : ROC_GOOD, weight);
	}
	if (tally == NULL)
		PG_RETURN_NULL();
	PG_RETURN_POINTER(tally);
}

AGR_FUNCTION(agririsk_roc_final);
Datum
agririsk_roc_final(PG_FUNCTION_ARGS)
{
	agr_aggregate_context(fcinfo, "roc_agg");
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	PG_RETURN_POINTER(tally_make_value((Tally *) PG_GETARG_POINTER(0), &roc_type));
}

/* Measures. */

/* NaN stands for what is undefined. */
static Datum
measure(double number, bool *isnull)
{
	*isnull = isnan(number);
	return *isnull ? (Datum) 0 : Float8GetDatum(number);
}

static Datum
make_row(FunctionCallInfo fcinfo, Datum *values, bool *nulls)
{
	TupleDesc	columns;

	if (get_call_result_type(fcinfo, NULL, &columns) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "the function's result is not a row type");
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(columns), values, nulls));
}

AGR_FUNCTION(agririsk_roc_metrics_final);
Datum
agririsk_roc_metrics_final(PG_FUNCTION_ARGS)
{
	Tally	   *tally;
	TallyStream stream;
	TallyEntry	entry;
	RocSums		sums;
	RocMeasures measures;
	int64		total[2];
	int64		excluded = 0;
	Datum		values[6];
	bool		nulls[6] = {false};
	int			i;

	agr_aggregate_context(fcinfo, "roc_metrics");
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	tally = (Tally *) PG_GETARG_POINTER(0);
	for (i = 0; i < 2; i++)
		total[i] = tally_total(tally, i);
	for (i = 0; i < TALLY_EXCLUSIONS; i++)
		excluded += tally->excluded[i];
	tally_stream_open(&stream, tally);
	roc_begin(&sums, total);
	while (tally_stream_next(&stream, &entry))
		roc_add(&sums, &entry);
	tally_stream_close(&stream);
	roc_end(&sums, &measures);
	values[0] = Int64GetDatum(total[ROC_GOOD] + total[ROC_BAD]);
	values[1] = Int64GetDatum(total[ROC_BAD]);
	values[2] = measure(measures.auc, &nulls[2]);
	values[3] = measure(measures.variance, &nulls[3]);
	values[4] = measure(measures.ks, &nulls[4]);
	values[5] = Int64GetDatum(excluded);
	return make_row(fcinfo, values, nulls);
}

static void
measure_value(struct varlena *value, RocMeasures *measures)
{
	TallyReader reader;
	TallyEntry	entry;
	RocSums		sums;

	tally_begin(&reader, value, &roc_type);
	roc_begin(&sums, reader.head.total);
	while (tally_next(&reader, &entry))
		roc_add(&sums, &entry);
	tally_end(&reader, &roc_type);
	roc_end(&sums, measures);
}

static Datum
return_measure(FunctionCallInfo fcinfo, double number)
{
	if (isnan(number))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(number);
}

AGR_FUNCTION(agririsk_roc_auc);
Datum
agririsk_roc_auc(PG_FUNCTION_ARGS)
{
	RocMeasures measures;

	measure_value(PG_GETARG_VARLENA_PP(0), &measures);
	return return_measure(fcinfo, measures.auc);
}

AGR_FUNCTION(agririsk_roc_gini);
Datum
agririsk_roc_gini(PG_FUNCTION_ARGS)
{
	RocMeasures measures;

	measure_value(PG_GETARG_VARLENA_PP(0), &measures);
	return return_measure(fcinfo, 2 * measures.auc - 1);
}

AGR_FUNCTION(agririsk_roc_ks);
Datum
agririsk_roc_ks(PG_FUNCTION_ARGS)
{
	RocMeasures measures;

	measure_value(PG_GETARG_VARLENA_PP(0), &measures);
	return return_measure(fcinfo, measures.ks);
}

AGR_FUNCTION(agririsk_roc_ks_at);
Datum
agririsk_roc_ks_at(PG_FUNCTION_ARGS)
{
	RocMeasures measures;

	measure_value(PG_GETARG_VARLENA_PP(0), &measures);
	return return_measure(fcinfo, measures.ks_at);
}

AGR_FUNCTION(agririsk_roc_n);
Datum
agririsk_roc_n(PG_FUNCTION_ARGS)
{
	TallyReader reader;

	tally_begin(&reader, PG_GETARG_VARLENA_PP(0), &roc_type);
	PG_RETURN_INT64(reader.head.total[ROC_GOOD] + reader.head.total[ROC_BAD]);
}

AGR_FUNCTION(agririsk_roc_bads);
Datum
agririsk_roc_bads(PG_FUNCTION_ARGS)
{
	TallyReader reader;

	tally_begin(&reader, PG_GETARG_VARLENA_PP(0), &roc_type);
	PG_RETURN_INT64(reader.head.total[ROC_BAD]);
}

AGR_FUNCTION(agririsk_roc_excluded);
Datum
agririsk_roc_excluded(PG_FUNCTION_ARGS)
{
	TallyReader reader;
	Datum		values[TALLY_EXCLUSIONS];
	bool		nulls[TALLY_EXCLUSIONS] = {false};
	int			i;

	tally_begin(&reader, PG_GETARG_VARLENA_PP(0), &roc_type);
	for (i = 0; i < TALLY_EXCLUSIONS; i++)
		values[i] = Int64GetDatum(reader.head.excluded[i]);
	return make_row(fcinfo, values, nulls);
}
