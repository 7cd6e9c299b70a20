/*
 * vegetation_norm.c
 *		Type vegetation_norm: how green the plots of a county and crop were, by
 *		date; and how far a plot is from it.
 */
#include "postgres.h"

#include "agririsk.h"
#include "crop/smooth.h"

#include <math.h>

#include "common/shortest_dec.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/date.h"

#include "core/math/quantile_math.h"
#include "core/rows/tally.h"
#include "core/sql/record.h"
#include "crop/vegetation_norm_math.h"

static struct varlena *parse(const StoredType *type, char *text);
static char *print(const StoredType *type, struct varlena *value);
static struct varlena *receive(const StoredType *type, const uint8_t *bytes, size_t length, TextRecode recode);

static const StoredType norm_type = {
	.name = "vegetation_norm",
	.hint = "Write the text that vegetation_norm_out wrote: step_days, band, lambda, series, and dates as [\"YYYY-MM-DD\", curves, nine quantiles].",
	.parse = parse,
	.print = print,
	.receive = receive
};

/* ---- values ---- */

static bool
try_read(const uint8_t *bytes, size_t length, Norm *norm)
{
	ByteReader	rest;

	if (!norm_open(norm, &rest, bytes, length))
		return false;
	norm->date = palloc(norm->n * sizeof(NormDate) + 1);
	return norm_decode(norm, &rest);
}

static Norm
read_norm(struct varlena *value)
{
	Norm		norm;

	if (!try_read(STORED_BYTES(value), &norm))
		stored_type_damaged(&norm_type, NULL);
	return norm;
}

static struct varlena *
make_norm(const Norm *norm)
{
	ByteWriter	writer = {NULL, 0};
	struct varlena *value;

	norm_encode(&writer, norm);
	value = stored_type_allocate(writer.length, &writer);
	norm_encode(&writer, norm);
	return value;
}

/* ---- input and output ---- */

static int64
read_whole(JsonReader *r, JsonbValue *value, int64 least, int64 most)
{
	int64		number = agr_json_count(value);

	if (number < least || number > most)
		json_refuse(r, value, "out of range", psprintf("Give a whole number from %lld to %lld.", (long long) least, (long long) most));
	return number;
}

static int64
read_whole_field(JsonReader *r, JsonbContainer *root, const char *key, int64 least, int64 most)
{
	int			mark = json_enter_key(r, key);
	int64		number = read_whole(r, json_get_field(root, key), least, most);

	json_leave(r, mark);
	return number;
}

static void
read_date(JsonReader *r, JsonbValue *value, const Norm *norm, NormDate *date)
{
	uint32		n;
	JsonbContainer *array = json_read_array(r, value, &n);
	JsonbValue *day;
	int			i;

	if (n != 2 + NORM_QUANTILES)
		json_refuse(r, value, "not a date of a norm", "Give the date, the number of curves and nine quantiles.");
	day = getIthJsonbValueFromContainer(array, 0);
	date->day = vegetation_read_day(r, day);
	if (date->day % norm->step != 0 || (date > norm->date && date[-1].day >= date->day))
		json_refuse(r, day, "date out of order", "Dates increase, and are whole steps from 2000-01-01.");
	date->count = read_whole(r, getIthJsonbValueFromContainer(array, 1), 1, norm->series);
	for (i = 0; i < NORM_QUANTILES; i++)
	{
		JsonbValue *item = getIthJsonbValueFromContainer(array, 2 + i);

		date->quantile[i] = vegetation_read_real(r, item);
		if (i > 0 && date->quantile[i] < date->quantile[i - 1])
			json_refuse(r, item, "quantile out of order", "Quantiles increase.");
	}
}

static struct varlena *
parse(const StoredType *type, char *text)
{
	Norm		norm;
	JsonReader	r;
	JsonbValue	document;
	JsonbContainer *root;
	JsonbContainer *dates;
	uint32		n;
	uint32		i;
	int			mark;

	json_open(&r, "vegetation_norm", ERRCODE_INVALID_TEXT_REPRESENTATION, CurrentMemoryContext);
	json_parse(&r, text, &document);
	root = json_read_object(&r, &document, "step_days, band, lambda, series, dates");
	norm.step = read_whole_field(&r, root, "step_days", 1, NORM_MAX_STEP);
	norm.band = read_whole_field(&r, root, "band", 1, VEGETATION_MAX_BANDS);
	norm.series = read_whole_field(&r, root, "series", 0, PG_INT64_MAX);
	norm.lambda = json_read_number_field(&r, root, "lambda", NULL);
	smooth_check_lambda(norm.lambda);
	mark = json_enter_key(&r, "dates");
	dates = json_read_array(&r, json_get_field(root, "dates"), &n);
	if (n > VEGETATION_MAX_DATES)
		json_refuse(&r, json_get_field(root, "dates"), "too many dates", psprintf("Give at most %d dates.", VEGETATION_MAX_DATES));
	norm.n = n;
	norm.date = palloc(n * sizeof(NormDate) + 1);
	for (i = 0; i < n; i++)
	{
		int			item = json_enter_item(&r, i);

		read_date(&r, getIthJsonbValueFromContainer(dates, i), &norm, &norm.date[i]);
		json_leave(&r, item);
	}
	json_leave(&r, mark);
	return make_norm(&norm);
}

static char *
print(const StoredType *type, struct varlena *value)
{
	Norm		norm = read_norm(value);
	StringInfoData text;
	int			i;
	int			k;

	initStringInfo(&text);
	appendStringInfo(&text, "{\"step_days\": %d, \"band\": %d, \"lambda\": %s, \"series\": %llu, \"dates\": [",
					 norm.step, norm.band, agr_show_number(norm.lambda), (unsigned long long) norm.series);
	for (i = 0; i < norm.n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		appendStringInfo(&text, "%s[\"%s\", %llu", i > 0 ? ", " : "", vegetation_show_day(norm.date[i].day),
						 (unsigned long long) norm.date[i].count);
		for (k = 0; k < NORM_QUANTILES; k++)
		{
			char		number[FLOAT_SHORTEST_DECIMAL_LEN];

			float_to_shortest_decimal_buf(norm.date[i].quantile[k], number);
			appendStringInfo(&text, ", %s", number);
		}
		appendStringInfoChar(&text, ']');
	}
	appendStringInfoString(&text, "]}");
	return text.data;
}

static struct varlena *
receive(const StoredType *type, const uint8_t *bytes, size_t length, TextRecode recode)
{
	Norm		norm;

	return try_read(bytes, length, &norm) ? make_norm(&norm) : NULL;
}

STORED_TYPE_FUNCTIONS(agririsk_vegetation_norm, &norm_type)

/* ---- aggregation: the values of each date, in bounded memory ---- */

typedef struct NormState
{
	MemoryContext context;
	Jsonb	   *options;		/* as given, NULL for none */
	Smoother	smoother;
	Norm		norm;			/* without dates */
	int			room;
	int32	   *day;			/* increasing */
	Tally	  **tally;			/* of each day; a budget holds their addresses */
} NormState;

static void
read_options(Norm *norm, Jsonb *given)
{
	const double standard_lambda = 10;
	const double standard_step = 8;
	const double standard_band = 1;
	JsonReader	r;
	JsonbValue	document;
	JsonbContainer *root;

	*norm = (Norm) {.step = (int) standard_step, .band = (int) standard_band, .lambda = standard_lambda};
	if (given == NULL)
		return;
	json_document(given, &document);
	json_open(&r, "vegetation norm options", ERRCODE_INVALID_PARAMETER_VALUE, CurrentMemoryContext);
	root = json_read_object(&r, &document, "lambda, step_days, band");
	norm->lambda = json_read_number_field(&r, root, "lambda", &standard_lambda);
	smooth_check_lambda(norm->lambda);
	if (json_get_field(root, "step_days"))
		norm->step = read_whole_field(&r, root, "step_days", 1, NORM_MAX_STEP);
	if (json_get_field(root, "band"))
		norm->band = read_whole_field(&r, root, "band", 1, VEGETATION_MAX_BANDS);
}

AGR_FUNCTION(agririsk_vegetation_norm_check);
Datum
agririsk_vegetation_norm_check(PG_FUNCTION_ARGS)
{
	Norm		norm;

	read_options(&norm, PG_GETARG_JSONB_P(0));
	PG_RETURN_DATUM(PG_GETARG_DATUM(0));
}

static NormState *
create_state(MemoryContext context, Jsonb *options)
{
	NormState  *state = MemoryContextAllocZero(context, sizeof *state);

	state->context = context;
	state->smoother.context = context;
	read_options(&state->norm, options);
	if (options)
	{
		state->options = MemoryContextAlloc(context, VARSIZE(options));
		memcpy(state->options, options, VARSIZE(options));
	}
	return state;
}

/* The place of a day among those of the state, which it gets if it has none; `at` is where the last one was. */
static int
place_day(NormState *state, FunctionCallInfo fcinfo, int32 day, int at)
{
	int			n = state->norm.n;

	while (at < n && state->day[at] < day)
		at++;
	if (at < n && state->day[at] == day)
		return at;
	if (n == VEGETATION_MAX_DATES)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("vegetation norm has too many dates"),
				 errdetail("A norm holds at most %d dates.", VEGETATION_MAX_DATES),
				 errhint("Group by the county, the crop and the season.")));
	if (n == state->room)
	{
		state->room = Max(2 * state->room, 64);
		state->day = state->day ? repalloc(state->day, state->room * sizeof(int32)) :
			MemoryContextAlloc(state->context, state->room * sizeof(int32));
		state->tally = state->tally ? repalloc(state->tally, state->room * sizeof(Tally *)) :
			MemoryContextAlloc(state->context, state->room * sizeof(Tally *));
	}
	memmove(state->day + at + 1, state->day + at, (n - at) * sizeof(int32));
	memmove(state->tally + at + 1, state->tally + at, (n - at) * sizeof(Tally *));
	state->day[at] = day;
	state->tally[at] = MemoryContextAlloc(state->context, sizeof(Tally));
	tally_init(state->tally[at], fcinfo);
	state->norm.n++;
	return at;
}

static void
add_series(NormState *state, FunctionCallInfo fcinfo, const Series *s)
{
	int			step = state->norm.step;
	int32		day = s->day[0] - ((s->day[0] % step) + step) % step;
	double	   *curve;
	int			at = 0;

	if (day < s->day[0])
		day += step;
	smoother_prepare(&state->smoother, s, state->norm.lambda, true);
	curve = smoother_curve(&state->smoother, series_band(s, 0), 0.5);
	for (; day <= s->day[s->n - 1]; day += step)
	{
		at = place_day(state, fcinfo, day, at);
		tally_add(state->tally[at], (float) curve[day - s->day[0]] + 0.0f, 0);
	}
	pfree(curve);
}

AGR_FUNCTION(agririsk_vegetation_norm_add);
Datum
agririsk_vegetation_norm_add(PG_FUNCTION_ARGS)
{
	MemoryContext context = agr_aggregate_context(fcinfo, "vegetation_norm_agg");
	Jsonb	   *options = PG_NARGS() > 2 && !PG_ARGISNULL(2) ? PG_GETARG_JSONB_P(2) : NULL;
	NormState  *state;
	Vegetation	v;

	if (PG_ARGISNULL(1))
		return agr_state_as_it_was(fcinfo);
	if (PG_ARGISNULL(0))
		state = create_state(context, options);
	else
	{
		state = (NormState *) PG_GETARG_POINTER(0);
		json_check_same("vegetation_norm_agg", state->options, options);
	}
	v = vegetation_read(PG_GETARG_VARLENA_PP(1), state->norm.band);
	if (v.series.n > 0)
	{
		/* The band of that number is the last one that was read. */
		v.series.value = vegetation_band(&v.series, state->norm.band);
		v.series.n_bands = 1;
		add_series(state, fcinfo, &v.series);
		state->norm.series++;
	}
	PG_RETURN_POINTER(state);
}

/* The quantiles of a day, in one pass over its values in ascending order. */
static void
find_quantiles(Tally *tally, NormDate *date)
{
	TallyStream stream;
	TallyEntry	entry;
	int64		before = 0;		/* values below the entry */
	double		below[NORM_QUANTILES];
	double		above[NORM_QUANTILES];
	QuantilePlace place[NORM_QUANTILES];
	int			i;

	date->count = tally_total(tally, 0);
	for (i = 0; i < NORM_QUANTILES; i++)
		place[i] = quantile_place(date->count, norm_level[i], NORM_PARTS);
	tally_stream_open(&stream, tally);
	while (tally_stream_next(&stream, &entry))
	{
		for (i = 0; i < NORM_QUANTILES; i++)
		{
			if (before <= place[i].index)
				below[i] = tally_value(entry.key);
			if (before <= place[i].index + 1)
				above[i] = tally_value(entry.key);
		}
		before += entry.count[0];
	}
	tally_stream_close(&stream);
	for (i = 0; i < NORM_QUANTILES; i++)
		date->quantile[i] = (float) quantile_value(below[i], above[i], place[i].fraction) + 0.0f;
}

AGR_FUNCTION(agririsk_vegetation_norm_final);
Datum
agririsk_vegetation_norm_final(PG_FUNCTION_ARGS)
{
	NormState  *state;
	Norm		norm;
	int			i;

	(void) agr_aggregate_context(fcinfo, "vegetation_norm_agg");
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	state = (NormState *) PG_GETARG_POINTER(0);
	norm = state->norm;
	norm.date = palloc(norm.n * sizeof(NormDate) + 1);
	for (i = 0; i < norm.n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		norm.date[i].day = state->day[i];
		find_quantiles(state->tally[i], &norm.date[i]);
	}
	PG_RETURN_POINTER(make_norm(&norm));
}

/* ---- questions ---- */

AGR_FUNCTION(agririsk_vegetation_norm_quantiles);
Datum
agririsk_vegetation_norm_quantiles(PG_FUNCTION_ARGS)
{
	Norm		norm = read_norm(PG_GETARG_VARLENA_PP(0));
	TupleDesc	columns;
	Tuplestorestate *rows = agr_begin_rows(fcinfo, work_mem, &columns);
	Datum		values[2 + NORM_QUANTILES];
	bool		nulls[2 + NORM_QUANTILES] = {false};
	int			i;
	int			k;

	for (i = 0; i < norm.n; i++)
	{
		values[0] = DateADTGetDatum(norm.date[i].day);
		values[1] = Int64GetDatum(norm.date[i].count);
		for (k = 0; k < NORM_QUANTILES; k++)
			values[2 + k] = Float4GetDatum(norm.date[i].quantile[k]);
		tuplestore_putvalues(rows, columns, values, nulls);
	}
	return (Datum) 0;
}

AGR_FUNCTION(agririsk_vegetation_anomaly);
Datum
agririsk_vegetation_anomaly(PG_FUNCTION_ARGS)
{
	Norm		norm = read_norm(PG_GETARG_VARLENA_PP(1));
	int32		day = PG_GETARG_DATEADT(2);
	Vegetation	v = vegetation_read(PG_GETARG_VARLENA_PP(0), norm.band);
	const Series *s = &v.series;
	Datum		values[5] = {0};
	bool		nulls[5] = {true, true, true, true, true};
	NormDate	at;
	double		value = NAN;

	vegetation_check_day(day);
	if (s->n > 0 && day >= s->day[0] && day <= s->day[s->n - 1])
	{
		Smoother   *smoother = smoother_of(fcinfo);

		smoother_prepare(smoother, s, norm.lambda, true);
		/* As the norm has it, so that a plot is level with itself. */
		value = (float) smoother_curve(smoother, vegetation_band(s, norm.band), 0.5)[day - s->day[0]];
	}
	agr_set_number(values, nulls, 0, value);
	if (norm_at(&norm, day, &at))
	{
		agr_set_number(values, nulls, 1, at.quantile[NORM_MEDIAN]);
		agr_set_number(values, nulls, 2, value - at.quantile[NORM_MEDIAN]);
		agr_set_number(values, nulls, 3, isnan(value) ? NAN : norm_share_below(at.quantile, value));
		values[4] = Int64GetDatum(at.count);
		nulls[4] = false;
	}
	return agr_make_row(fcinfo, values, nulls);
}
