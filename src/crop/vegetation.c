/*
 * vegetation.c
 *		Type vegetation: input and output, aggregates, what a series holds.
 */
#include "postgres.h"

#include "agririsk.h"
#include "crop/vegetation.h"

#include <float.h>
#include <math.h>

#include "catalog/pg_type.h"
#include "common/shortest_dec.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/numeric.h"

#include "core/sql/record.h"

#define FIRST_ROOM		16

/* Larger values than any reflectance or index, and no trouble for squares and sums. */
#define GREATEST_MAX_ABS 1e30

static struct varlena *parse(const StoredType *type, char *text);
static char *print(const StoredType *type, struct varlena *value);
static struct varlena *receive(const StoredType *type, const uint8_t *bytes, size_t length, TextRecode recode);

const StoredType vegetation_type = {
	.name = "vegetation",
	.hint = "Write the bands of each date like '{\"observations\": {\"2024-05-01\": [0.31, 0.22], \"2024-05-17\": [0.45, 0.3]}}'.",
	.parse = parse,
	.print = print,
	.receive = receive
};

static const char *const left_out_key[VEGETATION_LEFT_OUT] = {"missing", "low_quality", "duplicates", "spikes"};

/* ---- errors, dates ---- */

static void
too_many_dates(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
			 errmsg("vegetation series has too many dates"),
			 errdetail("A series holds at most %d dates.", VEGETATION_MAX_DATES),
			 errhint("Group by the plot and the season.")));
}

static void
too_many_bands(int n_bands)
{
	ereport(ERROR,
			(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
			 errmsg("observation has too many bands"),
			 errdetail("An observation has %d bands. At most %d are allowed.", n_bands, VEGETATION_MAX_BANDS),
			 errhint("Give the bands that tell crops apart.")));
}

static void
other_bands(int n_bands, int others)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("observations of one series have different numbers of bands"),
			 errdetail("The numbers of bands are %d and %d.", n_bands, others),
			 errhint("Give each row the same bands in the same order, and NULL for a band that is not known.")));
}

static void
too_many_rows(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("too many rows"),
			 errdetail("The rows that were left out exceed %lld.", (long long) PG_INT64_MAX),
			 errhint("Look for a value that was merged with itself.")));
}

static bool
is_day(int32 day)
{
	return day >= CALENDAR_DAY_MIN && day <= CALENDAR_DAY_MAX;
}

char *
vegetation_show_day(int32 day)
{
	int32		start;
	int32		end;
	int32		month;

	if (!is_day(day))
		return DatumGetCString(DirectFunctionCall1(date_out, DateADTGetDatum(day)));
	month = calendar_month_of(day, &start, &end);
	return psprintf("%04d-%02d-%02d", month / 12, month % 12 + 1, day - start + 1);
}

void
vegetation_check_day(int32 day)
{
	if (!is_day(day))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("date out of range"),
				 errdetail("The date is %s.", vegetation_show_day(day)),
				 errhint("Dates from 0001-01-01 to 9999-12-31 are possible. Filter out the rows with other dates.")));
}

/* ---- values ---- */

static bool
try_read(const uint8_t *bytes, size_t length, int n_bands, Vegetation *v)
{
	VegetationHead head;
	int32	   *day;
	float	   *value;

	if (!vegetation_open(&head, bytes, length))
		return false;
	if (n_bands == 0 || n_bands > head.n_bands)
		n_bands = head.n_bands;
	day = palloc(head.n * sizeof(int32) + 1);
	value = palloc((Size) head.n * n_bands * sizeof(float) + 1);
	if (!vegetation_decode(&head, n_bands, day, value))
		return false;
	v->series = (Series) {head.n, n_bands, day, value};
	memcpy(v->left_out, head.left_out, sizeof v->left_out);
	return true;
}

Vegetation
vegetation_read(struct varlena *value, int n_bands)
{
	Vegetation	v;

	if (!try_read(STORED_BYTES(value), n_bands, &v))
		stored_type_damaged(&vegetation_type, NULL);
	return v;
}

struct varlena *
vegetation_make(const Vegetation *v)
{
	ByteWriter	writer = {NULL, 0};
	struct varlena *value;

	vegetation_encode(&writer, &v->series, v->left_out);
	value = stored_type_allocate(writer.length, &writer);
	vegetation_encode(&writer, &v->series, v->left_out);
	return value;
}

const float *
vegetation_band(const Series *s, int number)
{
	if (number < 1 || (s->n > 0 && number > s->n_bands))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the series has no such band"),
				 number < 1 ? errdetail("The band is %d.", number) :
				 errdetail("The band is %d. The number of bands is %d.", number, s->n_bands),
				 errhint("Bands are numbered from 1, in the order in which vegetation_agg was given them.")));
	return s->n > 0 ? series_band(s, number - 1) : s->value;
}

/* ---- the state of the aggregate: observations as they came ---- */

typedef struct VegetationState
{
	MemoryContext context;
	Jsonb	   *options;		/* as given, NULL for none */
	double		max_abs;
	double		scale;
	double		min_quality;
	uint64_t	left_out[VEGETATION_LEFT_OUT];
	int			n_bands;		/* 0 before the first observation */
	int			n;
	int			room;
	bool		increasing;		/* the dates, strictly */
	int32	   *day;
	float	   *value;			/* n_bands of each date */
} VegetationState;

static void
read_options(VegetationState *state, Jsonb *given)
{
	JsonReader	r;
	JsonbValue	document;
	JsonbContainer *root;
	const double standard_max_abs = 2;
	const double standard_scale = 1;
	const double standard_min_quality = 0.5;

	state->max_abs = standard_max_abs;
	state->scale = standard_scale;
	state->min_quality = standard_min_quality;
	if (given == NULL)
		return;
	json_document(given, &document);
	json_open(&r, "vegetation options", ERRCODE_INVALID_PARAMETER_VALUE, CurrentMemoryContext);
	root = json_read_object(&r, &document, "max_abs, scale, min_quality");
	state->max_abs = json_read_number_field(&r, root, "max_abs", &standard_max_abs);
	if (!(state->max_abs > 0 && state->max_abs <= GREATEST_MAX_ABS))
		json_refuse(&r, json_get_field(root, "max_abs"), "max_abs out of range", "Give a number above 0, up to 1e30; the default is 2.");
	state->scale = json_read_number_field(&r, root, "scale", &standard_scale);
	if (!(state->scale >= 1e-30 && state->scale <= 1e30))
		json_refuse(&r, json_get_field(root, "scale"), "scale out of range", "Give the number that values are divided by, such as 10000; the default is 1.");
	state->min_quality = json_read_number_field(&r, root, "min_quality", &standard_min_quality);
}

static VegetationState *
create_state(MemoryContext context)
{
	VegetationState *state = MemoryContextAllocZero(context, sizeof *state);

	state->context = context;
	state->increasing = true;
	return state;
}

static int
compare_observations(const void *a, const void *b, void *arg)
{
	const VegetationState *state = arg;
	int			i = *(const int *) a;
	int			j = *(const int *) b;
	const float *left = state->value + (Size) i * state->n_bands;
	const float *right = state->value + (Size) j * state->n_bands;

	if (state->day[i] != state->day[j])
		return state->day[i] < state->day[j] ? -1 : 1;
	if (vegetation_is_greener(left, 1, right, 1, state->n_bands))
		return -1;
	return vegetation_is_greener(right, 1, left, 1, state->n_bands);
}

/* Brings the observations into the order of dates, one a date. */
static void
order_observations(VegetationState *state)
{
	int		   *order;
	int32	   *day;
	float	   *value;
	int			n = 0;
	int			i;

	if (state->increasing)
		return;
	order = palloc(state->n * sizeof(int));
	day = MemoryContextAlloc(state->context, state->room * sizeof(int32));
	value = MemoryContextAlloc(state->context, (Size) state->room * state->n_bands * sizeof(float));
	for (i = 0; i < state->n; i++)
		order[i] = i;
	agr_qsort_interruptible(order, state->n, sizeof(int), compare_observations, state);
	for (i = 0; i < state->n; i++)
	{
		if (n > 0 && day[n - 1] == state->day[order[i]])
			continue;
		day[n] = state->day[order[i]];
		memcpy(value + (Size) n * state->n_bands, state->value + (Size) order[i] * state->n_bands,
			   state->n_bands * sizeof(float));
		n++;
	}
	state->left_out[VEGETATION_DUPLICATE] += state->n - n;
	pfree(order);
	pfree(state->day);
	pfree(state->value);
	state->day = day;
	state->value = value;
	state->n = n;
	state->increasing = true;
}

/* Room for one more observation of so many bands. */
static void
make_room(VegetationState *state, int n_bands)
{
	int			room = state->room;

	if (state->n_bands == 0)
	{
		state->n_bands = n_bands;
		state->room = FIRST_ROOM;
		state->day = MemoryContextAlloc(state->context, FIRST_ROOM * sizeof(int32));
		state->value = MemoryContextAlloc(state->context, FIRST_ROOM * n_bands * sizeof(float));
	}
	if (n_bands != state->n_bands)
		other_bands(state->n_bands, n_bands);
	if (state->n < state->room)
		return;
	order_observations(state);
	if (state->n > VEGETATION_MAX_DATES)
		too_many_dates();
	/* Many duplicates leave room enough. */
	if (state->n <= room / 2)
		return;
	state->room = room * 2;
	state->day = repalloc(state->day, state->room * sizeof(int32));
	state->value = repalloc(state->value, (Size) state->room * n_bands * sizeof(float));
}

/* Where the bands of a further observation go. */
static float *
add_observation(VegetationState *state, int32 day, int n_bands)
{
	make_room(state, n_bands);
	if (state->n > 0 && day <= state->day[state->n - 1])
		state->increasing = false;
	state->day[state->n] = day;
	return state->value + (Size) state->n++ * n_bands;
}

static void
add_left_out(VegetationState *state, const uint64_t *left_out)
{
	if (!vegetation_add_left_out(state->left_out, left_out))
		too_many_rows();
}

static void
add_state(VegetationState *a, VegetationState *b)
{
	int			i;

	add_left_out(a, b->left_out);
	for (i = 0; i < b->n; i++)
		memcpy(add_observation(a, b->day[i], b->n_bands), b->value + (Size) i * b->n_bands, b->n_bands * sizeof(float));
}

static void
add_value(VegetationState *state, struct varlena *value)
{
	Vegetation	v = vegetation_read(value, 0);
	int			i;
	int			band;

	add_left_out(state, v.left_out);
	for (i = 0; i < v.series.n; i++)
	{
		float	   *to = add_observation(state, v.series.day[i], v.series.n_bands);

		for (band = 0; band < v.series.n_bands; band++)
			to[band] = series_band(&v.series, band)[i];
	}
}

static struct varlena *
make_value(VegetationState *state)
{
	Vegetation	v;
	float	   *value;
	int			i;
	int			band;

	order_observations(state);
	if (state->n > VEGETATION_MAX_DATES)
		too_many_dates();
	value = palloc((Size) state->n * state->n_bands * sizeof(float) + 1);
	for (i = 0; i < state->n; i++)
		for (band = 0; band < state->n_bands; band++)
			value[(Size) band * state->n + i] = state->value[(Size) i * state->n_bands + band];
	v.series = (Series) {state->n, state->n > 0 ? state->n_bands : 0, state->day, value};
	memcpy(v.left_out, state->left_out, sizeof v.left_out);
	return vegetation_make(&v);
}

/* ---- input and output ---- */

int32
vegetation_read_day(JsonReader *r, const JsonbValue *key)
{
	const char *text = key->val.string.val;
	int			part[3] = {0};
	int			at = 0;
	int32		start;
	int			i;

	if (key->type != jbvString)
		json_refuse(r, key, "not a date", "Write dates as YYYY-MM-DD.");
	for (i = 0; i < key->val.string.len && i < 10; i++)
	{
		bool		dash = i == 4 || i == 7;

		if (dash ? text[i] != '-' : text[i] < '0' || text[i] > '9')
			break;
		at += dash;
		if (!dash)
			part[at] = part[at] * 10 + (text[i] - '0');
	}
	if (i == 10 && key->val.string.len == 10 && part[0] >= 1 && part[1] >= 1 && part[1] <= 12)
	{
		int32		month = part[0] * 12 + part[1] - 1;

		start = calendar_month_start(month);
		if (part[2] >= 1 && part[2] <= calendar_month_start(month + 1) - start)
			return start + part[2] - 1;
	}
	json_refuse(r, key, "not a date", "Write dates from 0001-01-01 to 9999-12-31 as YYYY-MM-DD.");
}

/* By the digits, not through a double, which may round twice. */
float
vegetation_read_real(JsonReader *r, JsonbValue *value)
{
	double		x = json_read_number(r, value);

	if (fabs(x) > FLT_MAX || (x != 0 && fabs(x) < FLT_MIN * FLT_EPSILON))
		json_refuse(r, value, "out of range", "Give a number that real can hold.");
	return DatumGetFloat4(DirectFunctionCall1(numeric_float4, NumericGetDatum(value->val.numeric))) + 0.0f;
}

static void
read_observations(JsonReader *r, JsonbContainer *object, VegetationState *state)
{
	JsonbIterator *iterator = JsonbIteratorInit(object);
	JsonbValue	item;

	(void) JsonbIteratorNext(&iterator, &item, true);
	while (JsonbIteratorNext(&iterator, &item, true) == WJB_KEY)
	{
		int32		day = vegetation_read_day(r, &item);
		int			mark = json_enter_key(r, vegetation_show_day(day));
		JsonbContainer *array;
		float	   *to;
		uint32		n;
		uint32		i;

		CHECK_FOR_INTERRUPTS();
		(void) JsonbIteratorNext(&iterator, &item, true);
		array = json_read_array(r, &item, &n);
		if (n == 0)
			json_refuse(r, &item, "no bands", "Give each date one band or more.");
		if (n > VEGETATION_MAX_BANDS)
			too_many_bands(n);
		to = add_observation(state, day, n);
		for (i = 0; i < n; i++)
		{
			int			item_mark = json_enter_item(r, i);

			to[i] = vegetation_read_real(r, getIthJsonbValueFromContainer(array, i));
			json_leave(r, item_mark);
		}
		json_leave(r, mark);
	}
}

static struct varlena *
parse(const StoredType *type, char *text)
{
	VegetationState *state = create_state(CurrentMemoryContext);
	JsonReader	r;
	JsonbValue	document;
	JsonbContainer *root;
	JsonbValue *observations;
	int			mark;
	int			i;

	json_open(&r, "vegetation", ERRCODE_INVALID_TEXT_REPRESENTATION, CurrentMemoryContext);
	json_parse(&r, text, &document);
	root = json_read_object(&r, &document, "observations, missing, low_quality, duplicates, spikes");
	observations = json_get_field(root, "observations");
	mark = json_enter_key(&r, "observations");
	if (observations == NULL || observations->type != jbvBinary || !JsonContainerIsObject(observations->val.binary.data))
		json_refuse(&r, observations, "not an object", type->hint);
	read_observations(&r, observations->val.binary.data, state);
	json_leave(&r, mark);
	for (i = 0; i < VEGETATION_LEFT_OUT; i++)
	{
		JsonbValue *value = json_get_field(root, left_out_key[i]);
		int64		rows = value ? agr_json_count(value) : 0;

		mark = json_enter_key(&r, left_out_key[i]);
		if (rows < 0)
			json_refuse(&r, value, "not a number of rows", "Give a whole number, 0 or more.");
		json_leave(&r, mark);
		state->left_out[i] = rows;
	}
	return make_value(state);
}

static char *
print(const StoredType *type, struct varlena *value)
{
	Vegetation	v = vegetation_read(value, 0);
	StringInfoData text;
	int			i;
	int			band;

	initStringInfo(&text);
	appendStringInfoString(&text, "{\"observations\": {");
	for (i = 0; i < v.series.n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		appendStringInfo(&text, "%s\"%s\": [", i > 0 ? ", " : "", vegetation_show_day(v.series.day[i]));
		for (band = 0; band < v.series.n_bands; band++)
		{
			char		number[FLOAT_SHORTEST_DECIMAL_LEN];

			float_to_shortest_decimal_buf(series_band(&v.series, band)[i], number);
			appendStringInfo(&text, "%s%s", band > 0 ? ", " : "", number);
		}
		appendStringInfoChar(&text, ']');
	}
	appendStringInfoChar(&text, '}');
	for (i = 0; i < VEGETATION_LEFT_OUT; i++)
		if (v.left_out[i] > 0)
			appendStringInfo(&text, ", \"%s\": %lld", left_out_key[i], (long long) v.left_out[i]);
	appendStringInfoChar(&text, '}');
	return text.data;
}

static struct varlena *
receive(const StoredType *type, const uint8_t *bytes, size_t length, TextRecode recode)
{
	Vegetation	v;

	return try_read(bytes, length, 0, &v) ? vegetation_make(&v) : NULL;
}

STORED_TYPE_FUNCTIONS(agririsk_vegetation, &vegetation_type)

/* ---- aggregation ---- */

static void
bad_value(int32 day, int band, double x, double max_abs)
{
	if (!isfinite(x))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a band must be a finite number"),
				 errdetail("Band %d of %s is %s.", band + 1, vegetation_show_day(day), agr_show_number(x)),
				 errhint("Give NULL where the band is not known. Such observations are left out and counted.")));
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("value of a band is out of range"),
			 errdetail("Band %d of %s is %s. Reflectances and indices lie within -%s and %s.", band + 1,
					   vegetation_show_day(day), agr_show_number(x), agr_show_number(max_abs), agr_show_number(max_abs)),
			 errhint("Many products store values times 10,000: give vegetation_options(scale => 10000). A fill value, such as -3000, has to be NULL. Where values are truly larger, give vegetation_options(max_abs => ...).")));
}

static float
to_band(const VegetationState *state, int32 day, int band, double given)
{
	double		x = given / state->scale;

	if (!(fabs(x) <= state->max_abs))
		bad_value(day, band, x, state->max_abs);
	return (float) x + 0.0f;	/* negative zero is zero */
}

static VegetationState *
begin_row(FunctionCallInfo fcinfo, Jsonb *options)
{
	VegetationState *state;

	if (!PG_ARGISNULL(0))
	{
		state = (VegetationState *) PG_GETARG_POINTER(0);
		json_check_same("vegetation_agg", state->options, options);
		return state;
	}
	state = create_state(agr_aggregate_context(fcinfo, "vegetation_agg"));
	read_options(state, options);
	if (options)
	{
		state->options = MemoryContextAlloc(state->context, VARSIZE(options));
		memcpy(state->options, options, VARSIZE(options));
	}
	return state;
}

/* Whether the row counts: date and bands are there, and its quality is good enough. */
static bool
is_observation(FunctionCallInfo fcinfo, VegetationState *state, int quality_argument)
{
	double		quality;

	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
	{
		state->left_out[VEGETATION_MISSING]++;
		return false;
	}
	vegetation_check_day(PG_GETARG_DATEADT(1));
	if (quality_argument < 0)
		return true;
	quality = PG_ARGISNULL(quality_argument) ? -INFINITY : PG_GETARG_FLOAT8(quality_argument);
	if (isnan(quality))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("quality of an observation must be a number"),
				 errdetail("The quality of %s is NaN.", vegetation_show_day(PG_GETARG_DATEADT(1))),
				 errhint("Give NULL where the quality is not known. Such observations are left out and counted.")));
	if (quality < state->min_quality)
	{
		state->left_out[VEGETATION_LOW_QUALITY]++;
		return false;
	}
	return true;
}

static Datum
add_ndvi(FunctionCallInfo fcinfo, int quality_argument, int options_argument)
{
	Jsonb	   *options = options_argument > 0 && !PG_ARGISNULL(options_argument) ? PG_GETARG_JSONB_P(options_argument) : NULL;
	VegetationState *state = begin_row(fcinfo, options);

	if (is_observation(fcinfo, state, quality_argument))
	{
		float		ndvi = to_band(state, PG_GETARG_DATEADT(1), 0, PG_GETARG_FLOAT8(2));

		*add_observation(state, PG_GETARG_DATEADT(1), 1) = ndvi;
	}
	PG_RETURN_POINTER(state);
}

static void
check_shape(const ArrayType *bands)
{
	int			n = ArrayGetNItems(ARR_NDIM(bands), ARR_DIMS(bands));

	if (ARR_NDIM(bands) != 1)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("bands of an observation must be an array of one dimension"),
				 errdetail("The array has %d dimensions.", ARR_NDIM(bands)),
				 errhint("Give one element for each band, such as ARRAY[ndvi, evi], or NULL where nothing was observed.")));
	if (n > VEGETATION_MAX_BANDS)
		too_many_bands(n);
}

static Datum
add_bands(FunctionCallInfo fcinfo, int quality_argument, int options_argument)
{
	Jsonb	   *options = options_argument > 0 && !PG_ARGISNULL(options_argument) ? PG_GETARG_JSONB_P(options_argument) : NULL;
	VegetationState *state = begin_row(fcinfo, options);
	ArrayType  *bands = PG_ARGISNULL(2) ? NULL : PG_GETARG_ARRAYTYPE_P(2);

	if (bands)
		check_shape(bands);
	if (bands && array_contains_nulls(bands))
		state->left_out[VEGETATION_MISSING]++;
	else if (is_observation(fcinfo, state, quality_argument))
	{
		int32		day = PG_GETARG_DATEADT(1);
		int			n_bands = ARR_DIMS(bands)[0];
		const double *given = (const double *) ARR_DATA_PTR(bands);
		float		value[VEGETATION_MAX_BANDS];
		int			band;

		for (band = 0; band < n_bands; band++)
			value[band] = to_band(state, day, band, given[band]);
		memcpy(add_observation(state, day, n_bands), value, n_bands * sizeof(float));
	}
	PG_RETURN_POINTER(state);
}

AGR_FUNCTION(agririsk_vegetation_add_ndvi);
Datum
agririsk_vegetation_add_ndvi(PG_FUNCTION_ARGS)
{
	return add_ndvi(fcinfo, PG_NARGS() > 3 ? 3 : -1, PG_NARGS() > 4 ? 4 : -1);
}

AGR_FUNCTION(agririsk_vegetation_add_ndvi_options);
Datum
agririsk_vegetation_add_ndvi_options(PG_FUNCTION_ARGS)
{
	return add_ndvi(fcinfo, -1, 3);
}

AGR_FUNCTION(agririsk_vegetation_add_bands);
Datum
agririsk_vegetation_add_bands(PG_FUNCTION_ARGS)
{
	return add_bands(fcinfo, PG_NARGS() > 3 ? 3 : -1, PG_NARGS() > 4 ? 4 : -1);
}

AGR_FUNCTION(agririsk_vegetation_add_bands_options);
Datum
agririsk_vegetation_add_bands_options(PG_FUNCTION_ARGS)
{
	return add_bands(fcinfo, -1, 3);
}

STORED_TYPE_WORKERS(agririsk_vegetation, VegetationState, "vegetation_agg")

AGR_FUNCTION(agririsk_vegetation_final);
Datum
agririsk_vegetation_final(PG_FUNCTION_ARGS)
{
	agr_aggregate_context(fcinfo, "vegetation_agg");
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	PG_RETURN_POINTER(make_value((VegetationState *) PG_GETARG_POINTER(0)));
}

AGR_FUNCTION(agririsk_vegetation_check);
Datum
agririsk_vegetation_check(PG_FUNCTION_ARGS)
{
	VegetationState state;

	read_options(&state, PG_GETARG_JSONB_P(0));
	PG_RETURN_DATUM(PG_GETARG_DATUM(0));
}

AGR_FUNCTION(agririsk_vegetation_merge);
Datum
agririsk_vegetation_merge(PG_FUNCTION_ARGS)
{
	Vegetation	a = vegetation_read(PG_GETARG_VARLENA_PP(0), 0);
	Vegetation	b = vegetation_read(PG_GETARG_VARLENA_PP(1), 0);
	int			most = a.series.n + b.series.n;
	int			n_bands = Max(a.series.n_bands, b.series.n_bands);
	int32	   *day = palloc(most * sizeof(int32) + 1);
	float	   *value = palloc((Size) most * n_bands * sizeof(float) + 1);
	int			n;

	if (a.series.n > 0 && b.series.n > 0 && a.series.n_bands != b.series.n_bands)
		other_bands(a.series.n_bands, b.series.n_bands);
	n = vegetation_merge(&a.series, &b.series, day, value);
	if (n > VEGETATION_MAX_DATES)
		too_many_dates();
	a.series = (Series) {n, n_bands, day, value};
	b.left_out[VEGETATION_DUPLICATE] += most - n;
	if (!vegetation_add_left_out(a.left_out, b.left_out))
		too_many_rows();
	PG_RETURN_POINTER(vegetation_make(&a));
}

/* ---- what a series holds ---- */

static VegetationHead
open_head(struct varlena *value)
{
	VegetationHead head;

	if (!vegetation_open(&head, STORED_BYTES(value)))
		stored_type_damaged(&vegetation_type, NULL);
	return head;
}

AGR_FUNCTION(agririsk_vegetation_n_observations);
Datum
agririsk_vegetation_n_observations(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(open_head(PG_GETARG_VARLENA_PP(0)).n);
}

AGR_FUNCTION(agririsk_vegetation_n_bands);
Datum
agririsk_vegetation_n_bands(PG_FUNCTION_ARGS)
{
	VegetationHead head = open_head(PG_GETARG_VARLENA_PP(0));

	if (head.n == 0)
		PG_RETURN_NULL();
	PG_RETURN_INT32(head.n_bands);
}

AGR_FUNCTION(agririsk_vegetation_excluded);
Datum
agririsk_vegetation_excluded(PG_FUNCTION_ARGS)
{
	VegetationHead head = open_head(PG_GETARG_VARLENA_PP(0));
	Datum		values[VEGETATION_LEFT_OUT];
	bool		nulls[VEGETATION_LEFT_OUT] = {false};
	int			i;

	for (i = 0; i < VEGETATION_LEFT_OUT; i++)
		values[i] = Int64GetDatum(head.left_out[i]);
	return agr_make_row(fcinfo, values, nulls);
}

AGR_FUNCTION(agririsk_vegetation_observations);
Datum
agririsk_vegetation_observations(PG_FUNCTION_ARGS)
{
	Vegetation	v = vegetation_read(PG_GETARG_VARLENA_PP(0), 0);
	TupleDesc	columns;
	Tuplestorestate *rows = agr_begin_rows(fcinfo, work_mem, &columns);
	Datum	   *band = palloc(v.series.n_bands * sizeof(Datum) + 1);
	int			i;
	int			b;

	for (i = 0; i < v.series.n; i++)
	{
		Datum		values[2];
		bool		nulls[2] = {false};
		ArrayType  *bands;

		CHECK_FOR_INTERRUPTS();
		for (b = 0; b < v.series.n_bands; b++)
			band[b] = Float4GetDatum(series_band(&v.series, b)[i]);
		bands = construct_array(band, v.series.n_bands, FLOAT4OID, sizeof(float4), true, TYPALIGN_INT);
		values[0] = DateADTGetDatum(v.series.day[i]);
		values[1] = PointerGetDatum(bands);
		tuplestore_putvalues(rows, columns, values, nulls);
		pfree(bands);
	}
	return (Datum) 0;
}

/* A span of dates, whose ends are those of the series where they are NULL. False if there are none. */
static bool
get_span(FunctionCallInfo fcinfo, const Series *s, int32 *from, int32 *to)
{
	if (s->n == 0 && (PG_ARGISNULL(1) || PG_ARGISNULL(2)))
		return false;
	*from = PG_ARGISNULL(1) ? s->day[0] : PG_GETARG_DATEADT(1);
	*to = PG_ARGISNULL(2) ? s->day[s->n - 1] : PG_GETARG_DATEADT(2);
	if (!PG_ARGISNULL(1))
		vegetation_check_day(*from);
	if (!PG_ARGISNULL(2))
		vegetation_check_day(*to);
	if (*from > *to && !PG_ARGISNULL(1) && !PG_ARGISNULL(2))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the span of dates ends before it begins"),
				 errdetail("It goes from %s to %s.", vegetation_show_day(*from), vegetation_show_day(*to)),
				 errhint("Give the earlier date first.")));
	return *from <= *to;
}

AGR_FUNCTION(agririsk_vegetation_max_gap);
Datum
agririsk_vegetation_max_gap(PG_FUNCTION_ARGS)
{
	Vegetation	v;
	int32		from;
	int32		to;
	int32		last;
	int32		gap = 0;
	int			i;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	v = vegetation_read(PG_GETARG_VARLENA_PP(0), 1);
	if (!get_span(fcinfo, &v.series, &from, &to))
		PG_RETURN_NULL();
	for (last = from, i = 0; i < v.series.n && v.series.day[i] <= to; i++)
		if (v.series.day[i] >= from)
		{
			gap = Max(gap, v.series.day[i] - last);
			last = v.series.day[i];
		}
	PG_RETURN_INT32(Max(gap, to - last));
}

/* A series with some of its dates. */
static struct varlena *
keep_dates(Vegetation *v, const bool *keep)
{
	const Series *s = &v->series;
	Vegetation	kept = *v;
	int32	   *day = palloc(s->n * sizeof(int32) + 1);
	float	   *value = palloc((Size) s->n * s->n_bands * sizeof(float) + 1);
	Size		at = 0;
	int			n = 0;
	int			band;
	int			i;

	for (i = 0; i < s->n; i++)
		if (keep[i])
			day[n++] = s->day[i];
	for (band = 0; band < s->n_bands; band++)
		for (i = 0; i < s->n; i++)
			if (keep[i])
				value[at++] = series_band(s, band)[i];
	kept.series = (Series) {n, n > 0 ? s->n_bands : 0, day, value};
	return vegetation_make(&kept);
}

AGR_FUNCTION(agririsk_vegetation_clip);
Datum
agririsk_vegetation_clip(PG_FUNCTION_ARGS)
{
	Vegetation	v;
	bool	   *keep;
	int32		from;
	int32		to;
	int			i;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	v = vegetation_read(PG_GETARG_VARLENA_PP(0), 0);
	keep = palloc0(v.series.n + 1);
	if (get_span(fcinfo, &v.series, &from, &to))
		for (i = 0; i < v.series.n; i++)
			keep[i] = v.series.day[i] >= from && v.series.day[i] <= to;
	PG_RETURN_POINTER(keep_dates(&v, keep));
}

AGR_FUNCTION(agririsk_vegetation_despike);
Datum
agririsk_vegetation_despike(PG_FUNCTION_ARGS)
{
	Vegetation	v = vegetation_read(PG_GETARG_VARLENA_PP(0), 0);
	double		min_drop = PG_GETARG_FLOAT8(1);
	int32		max_days = PG_GETARG_INT32(2);
	bool	   *keep = palloc(v.series.n + 1);
	uint64_t	spikes[VEGETATION_LEFT_OUT] = {0};

	if (!(min_drop > 0))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the least drop of a spike must be above 0"),
				 errdetail("The drop is %s.", agr_show_number(min_drop)),
				 errhint("The default is 0.1, in units of the first band.")));
	if (max_days < 2 || max_days > 366)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the days within which a spike ends must be 2 to 366"),
				 errdetail("The number is %d.", max_days),
				 errhint("The default is 32: a spike falls and rises again within 32 days.")));
	spikes[VEGETATION_SPIKE] = vegetation_find_spikes(&v.series, min_drop, max_days, keep);
	if (!vegetation_add_left_out(v.left_out, spikes))
		too_many_rows();
	PG_RETURN_POINTER(keep_dates(&v, keep));
}
