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

#include "core/math/quantile_math.h"
#include "core/sql/record.h"
#include "core/sql/show.h"
#include "core/sql/tally_type.h"
#include "validation/roc_math.h"

static const TallyType roc_type = {
	.stored = {
		.name = "roc",
		.hint = "Write a value like '0.1 3/0; 0.25 2/1'.",
		.parse = tally_parse,
		.print = tally_print,
		.receive = tally_receive
	},
	.classes = 2,
	.least = -INFINITY,
	.greatest = INFINITY,
	.too_many_hint = "Use roc_metrics, which has no limit, or round the scores."
};

STORED_TYPE_FUNCTIONS(agririsk_roc, &roc_type.stored)

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
			 errdetail("A score is NaN, which has no rank."),
			 errhint("Give NULL where the score is not known. Rows without a score are left out and counted.")));
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

/* A weight is the number of equal rows, so a weight of 0 is no row. */
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
				 errhint("A weight is the number of equal rows that the row stands for, 0 or more.")));
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

/* Entries, or draws, between two looks for an interrupt. */
#define PAUSE		65536

static inline bool
next_entry(TallyReader *reader, TallyEntry *entry)
{
	if (reader->left % PAUSE == 0)
		CHECK_FOR_INTERRUPTS();
	return tally_next(reader, entry);
}

static void
measure_value(struct varlena *value, RocMeasures *measures)
{
	TallyReader reader;
	TallyEntry	entry;
	RocSums		sums;

	tally_begin(&reader, value, &roc_type);
	roc_begin(&sums, reader.head.total);
	while (next_entry(&reader, &entry))
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

static void
check_level(double level)
{
	if (!(level > 0 && level < 1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("level of an interval must be between 0 and 1"),
				 errdetail("The level is %s.", agr_show_number(level)),
				 errhint("The default is 0.95, an interval of 95 %%.")));
}

AGR_FUNCTION(agririsk_roc_auc_ci);
Datum
agririsk_roc_auc_ci(PG_FUNCTION_ARGS)
{
	double		level = PG_GETARG_FLOAT8(1);
	RocMeasures measures;
	double		error;
	double		low;
	double		high;
	Datum		values[5];
	bool		nulls[5] = {false};

	check_level(level);
	measure_value(PG_GETARG_VARLENA_PP(0), &measures);
	error = sqrt(measures.variance);
	auc_interval(measures.auc, measures.variance, level, &low, &high);
	values[0] = measure(measures.auc, &nulls[0]);
	values[1] = measure(error, &nulls[1]);
	values[2] = measure(low, &nulls[2]);
	values[3] = measure(high, &nulls[3]);
	values[4] = BoolGetDatum(error == 0);
	nulls[4] = isnan(error);
	return make_row(fcinfo, values, nulls);
}

static RocCapture
get_capture(struct varlena *value, double share)
{
	TallyReader reader;
	TallyEntry	entry;
	RocCapture	capture;

	if (!(share >= 0 && share <= 1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("share of rows must be from 0 to 1"),
				 errdetail("The share is %s.", agr_show_number(share)),
				 errhint("Give 0.1 for the riskiest tenth.")));
	tally_begin(&reader, value, &roc_type);
	roc_capture_begin(&capture, reader.head.total, share);
	while (next_entry(&reader, &entry))
		roc_capture_add(&capture, &entry);
	tally_end(&reader, &roc_type);
	return capture;
}

AGR_FUNCTION(agririsk_roc_capture);
Datum
agririsk_roc_capture(PG_FUNCTION_ARGS)
{
	RocCapture	capture = get_capture(PG_GETARG_VARLENA_PP(0), PG_GETARG_FLOAT8(1));

	return return_measure(fcinfo, roc_capture_end(&capture));
}

AGR_FUNCTION(agririsk_roc_lift);
Datum
agririsk_roc_lift(PG_FUNCTION_ARGS)
{
	RocCapture	capture = get_capture(PG_GETARG_VARLENA_PP(0), PG_GETARG_FLOAT8(1));

	return return_measure(fcinfo, roc_lift_end(&capture));
}

AGR_FUNCTION(agririsk_roc_direction_warning);
Datum
agririsk_roc_direction_warning(PG_FUNCTION_ARGS)
{
	RocMeasures measures;
	char		number[DOUBLE_SHORTEST_DECIMAL_LEN];

	measure_value(PG_GETARG_VARLENA_PP(0), &measures);
	if (!(measures.auc < 0.5))
		PG_RETURN_NULL();
	double_to_shortest_decimal_buf(measures.auc, number);
	PG_RETURN_TEXT_P(cstring_to_text(psprintf("AUC is %s, below one half: a higher score goes "
											  "with less risk here. A roc wants higher scores "
											  "to be riskier; give the negative of points.",
											  number)));
}

/* A point of the curve: who scores at least so much is taken for bad. */
typedef struct CurvePoint
{
	double		score;
	double		tpr;
	double		fpr;
} CurvePoint;

/*
 * The points in ascending order of the score, from (1, 1) on; returns their
 * number. Where there are too many, one of each piece of the curve is left,
 * pieces being of equal length along both axes together.
 */
static int
choose_points(TallyReader *reader, CurvePoint *points, int max_points)
{
	const int64 *total = reader->head.total;
	double		pieces = max_points - 2;
	bool		all = reader->head.distinct < max_points;
	int64		below[2] = {0, 0};
	double		piece_before = INFINITY;
	TallyEntry	entry;
	int			n = 0;

	while (next_entry(reader, &entry))
	{
		double		tpr = (double) (total[ROC_BAD] - below[ROC_BAD]) / (double) total[ROC_BAD];
		double		fpr = (double) (total[ROC_GOOD] - below[ROC_GOOD]) / (double) total[ROC_GOOD];
		double		piece = floor((tpr + fpr) / 2 * pieces);

		if (all || piece < piece_before)
		{
			points[n].score = tally_value(entry.key);
			points[n].tpr = tpr;
			points[n].fpr = fpr;
			n++;
			piece_before = piece;
		}
		below[ROC_GOOD] += entry.count[ROC_GOOD];
		below[ROC_BAD] += entry.count[ROC_BAD];
	}
	return n;
}

AGR_FUNCTION(agririsk_roc_curve);
Datum
agririsk_roc_curve(PG_FUNCTION_ARGS)
{
	struct varlena *value = PG_GETARG_VARLENA_PP(0);
	int32		max_points = PG_GETARG_INT32(1);
	TallyReader reader;
	TupleDesc	columns;
	Tuplestorestate *rows;
	CurvePoint *points;
	Datum		values[3];
	bool		nulls[3] = {true, false, false};
	int			n;

	if (max_points < 3)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("number of points of a curve must be at least 3"),
				 errdetail("The number is %d.", max_points),
				 errhint("The default is 200 points.")));
	tally_begin(&reader, value, &roc_type);
	rows = agr_begin_rows(fcinfo, work_mem, &columns);
	if (reader.head.total[ROC_GOOD] == 0 || reader.head.total[ROC_BAD] == 0)
		return (Datum) 0;
	points = palloc(Min(max_points, reader.head.distinct + 1) * sizeof(CurvePoint));
	n = choose_points(&reader, points, max_points);
	tally_end(&reader, &roc_type);

	/* Nobody is taken for bad: there is no score for that. */
	values[1] = values[2] = Float8GetDatum(0);
	tuplestore_putvalues(rows, columns, values, nulls);
	nulls[0] = false;
	while (n-- > 0)
	{
		CHECK_FOR_INTERRUPTS();
		values[0] = Float8GetDatum(points[n].score);
		values[1] = Float8GetDatum(points[n].tpr);
		values[2] = Float8GetDatum(points[n].fpr);
		tuplestore_putvalues(rows, columns, values, nulls);
	}
	return (Datum) 0;
}

/* Bootstrap. */

/* So much memory and time is enough for an interval. */
#define MAX_REPLICATES			1000000
#define MAX_BOOTSTRAP_SCORES	1000000

static double
resampled_auc(const RocResampler *resampler, TallyEntry *sample, uint64 seed, int32 replicate)
{
	RocSums		sums;
	RocMeasures measures;
	int			class;
	int64		i;

	for (i = 0; i < resampler->distinct; i++)
		sample[i].count[0] = sample[i].count[1] = 0;
	for (class = 0; class < 2; class++)
		for (i = 0; i < resampler->total[class]; i++)
		{
			/* Draws of the bads follow those of the goods. */
			int64		draw = class == 0 ? i : resampler->total[0] + i;
			uint64		bits = roc_draw_bits(seed, replicate, draw);

			sample[roc_draw_entry(resampler, class, bits)].count[class]++;
			if (i % PAUSE == 0)
				CHECK_FOR_INTERRUPTS();
		}
	roc_begin(&sums, resampler->total);
	for (i = 0; i < resampler->distinct; i++)
		if (sample[i].count[0] + sample[i].count[1] > 0)
			roc_add(&sums, &sample[i]);
	roc_end(&sums, &measures);
	return measures.auc;
}

/* The quantile of type 7 of sorted numbers. */
static double
sorted_quantile(const uint64 *keys, int32 n, double p)
{
	double		position = p * (n - 1);
	int32		index = Min((int32) floor(position), n - 1);

	return quantile_value(tally_value(keys[index]), tally_value(keys[Min(index + 1, n - 1)]),
						  position - index);
}

static double
standard_deviation(const uint64 *keys, int32 n)
{
	double		mean = 0;
	double		squares = 0;
	int32		i;

	for (i = 0; i < n; i++)
		mean += tally_value(keys[i]);
	mean /= n;
	for (i = 0; i < n; i++)
		squares += (tally_value(keys[i]) - mean) * (tally_value(keys[i]) - mean);
	return sqrt(squares / (n - 1));
}

static void
read_resampler(RocResampler *resampler, TallyReader *reader)
{
	int64		distinct = reader->head.distinct;
	TallyEntry *entries = palloc(distinct * sizeof(TallyEntry));
	int64		i;

	for (i = 0; i < distinct && next_entry(reader, &entries[i]); i++)
		;
	if (i == distinct)
		(void) tally_next(reader, &(TallyEntry) {0});
	tally_end(reader, &roc_type);
	resampler->entries = entries;
	resampler->distinct = distinct;
	memcpy(resampler->total, reader->head.total, sizeof resampler->total);
	for (i = 0; i < 2; i++)
	{
		resampler->until[i] = palloc(distinct * sizeof(int64));
		resampler->guide[i] = palloc(distinct * sizeof(uint32));
	}
	roc_resampler_begin(resampler);
}

static void
check_bootstrap(int32 replicates, int64 distinct)
{
	if (replicates < 2 || replicates > MAX_REPLICATES)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("number of replicates must be from 2 to %d", MAX_REPLICATES),
				 errdetail("The number is %d.", replicates),
				 errhint("The default is 2000 replicates.")));
	if (distinct > MAX_BOOTSTRAP_SCORES)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("roc has too many distinct scores for a bootstrap"),
				 errdetail("There are %lld distinct scores. At most %d are possible.", (long long) distinct, MAX_BOOTSTRAP_SCORES),
				 errhint("Use auc_ci. With that many rows its interval is as good.")));
}

AGR_FUNCTION(agririsk_roc_auc_bootstrap);
Datum
agririsk_roc_auc_bootstrap(PG_FUNCTION_ARGS)
{
	struct varlena *value = PG_GETARG_VARLENA_PP(0);
	int32		replicates = PG_GETARG_INT32(1);
	uint64		seed = (uint64) PG_GETARG_INT64(2);
	double		level = PG_GETARG_FLOAT8(3);
	RocMeasures measures;
	RocResampler resampler;
	TallyReader reader;
	TallyEntry *sample;
	uint64	   *aucs;
	uint64	   *scratch;
	Datum		values[4];
	bool		nulls[4] = {false, true, true, true};
	int32		i;

	check_level(level);
	tally_begin(&reader, value, &roc_type);
	check_bootstrap(replicates, reader.head.distinct);
	measure_value(value, &measures);
	values[0] = measure(measures.auc, &nulls[0]);
	if (nulls[0])
		return make_row(fcinfo, values, nulls);
	read_resampler(&resampler, &reader);
	sample = palloc(resampler.distinct * sizeof(TallyEntry));
	memcpy(sample, resampler.entries, resampler.distinct * sizeof(TallyEntry));
	aucs = palloc(replicates * sizeof(uint64));
	scratch = palloc(replicates * sizeof(uint64));
	for (i = 0; i < replicates; i++)
		aucs[i] = tally_key(resampled_auc(&resampler, sample, seed, i));
	tally_sort_keys(aucs, replicates, scratch, agr_check_interrupts);
	values[1] = measure(standard_deviation(aucs, replicates), &nulls[1]);
	values[2] = measure(sorted_quantile(aucs, replicates, (1 - level) / 2), &nulls[2]);
	values[3] = measure(sorted_quantile(aucs, replicates, 1 - (1 - level) / 2), &nulls[3]);
	return make_row(fcinfo, values, nulls);
}
