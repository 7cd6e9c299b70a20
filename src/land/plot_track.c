/*
 * plot_track.c
 *		plot_track_agg: the plot somebody walked round with a phone.
 */
#include "postgres.h"

#include "agririsk.h"
#include "core/geometry/postgis.h"
#include "land/plot_track_math.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "common/int.h"
#include "common/shortest_dec.h"
#include "funcapi.h"
#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

/* A fix a second for more than a day; four megabytes. */
#define MAX_FIXES 100000

#define WKB_POLYGON 3

typedef struct TrackState
{
	TrackLimits limits;
	Jsonb	   *options;		/* as given, NULL for none */
	TrackRefuse left_out;
	TrackFix   *fix;
	uint32		count;
	uint32		room;
	int32		srid;
	bool		degrees;
} TrackState;

/* ---- options ---- */

typedef struct TrackOption
{
	const char *name;
	size_t		offset;
	double		standard;
	double		lowest;			/* itself included */
} TrackOption;

#define OPTION(name, standard, lowest) {#name, offsetof(TrackLimits, name), standard, lowest}

static const TrackOption track_option[] = {
	OPTION(max_accuracy_m, 20, 0),
	OPTION(max_speed_kmh, 10, 0.1),
	OPTION(max_closure_m, 25, 0),
	OPTION(min_area_m2, 50, 0),
	OPTION(min_fixes, 4, 3),
	OPTION(spur_width_m, 2, 0),
	OPTION(max_error_share, 0.09, 0),
	OPTION(min_width_m, 8, 0),
};

static char *
shown_number(double number)
{
	char	   *text = palloc(DOUBLE_SHORTEST_DECIMAL_LEN);

	double_to_shortest_decimal_buf(number, text);
	return text;
}

static double *
limit_of(TrackLimits *limits, const TrackOption *option)
{
	return (double *) ((char *) limits + option->offset);
}

static const TrackOption *
find_option(const JsonbValue *key)
{
	int			i;

	for (i = 0; i < lengthof(track_option); i++)
		if (strlen(track_option[i].name) == key->val.string.len &&
			memcmp(track_option[i].name, key->val.string.val, key->val.string.len) == 0)
			return &track_option[i];
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown option of plot_track_agg"),
			 errdetail("The option is called \"%.*s\".", key->val.string.len, key->val.string.val),
			 errhint("The options are max_accuracy_m, max_speed_kmh, max_closure_m, min_area_m2, min_fixes, spur_width_m, max_error_share and min_width_m.")));
	return NULL;				/* not reached */
}

static void
set_limit(TrackLimits *limits, const TrackOption *option, const JsonbValue *value)
{
	double		number;

	if (value->type == jbvNull)
		return;
	if (value->type != jbvNumeric)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option %s of plot_track_agg must be a number", option->name),
				 errdetail("The JSON value is not a number."),
				 errhint("Make options with plot_track_options(%s => %s).", option->name,
						 shown_number(option->standard))));
	number = DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow,
												NumericGetDatum(value->val.numeric)));
	if (!isfinite(number) || number < option->lowest)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option %s of plot_track_agg is out of range", option->name),
				 errdetail("The value is %s.", shown_number(number)),
				 errhint("The lowest value is %s, the default is %s.", shown_number(option->lowest),
						 shown_number(option->standard))));
	*limit_of(limits, option) = number;
}

static void
read_options(TrackLimits *limits, Jsonb *options)
{
	JsonbIterator *iterator;
	JsonbValue	key;
	JsonbValue	value;
	int			i;

	for (i = 0; i < lengthof(track_option); i++)
		*limit_of(limits, &track_option[i]) = track_option[i].standard;
	if (options == NULL)
		return;
	if (!JB_ROOT_IS_OBJECT(options))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("options of plot_track_agg must be a JSON object"),
				 errdetail("The JSON is an array or a single value."),
				 errhint("Make the options with plot_track_options().")));
	iterator = JsonbIteratorInit(&options->root);
	(void) JsonbIteratorNext(&iterator, &key, true);
	while (JsonbIteratorNext(&iterator, &key, true) == WJB_KEY)
	{
		(void) JsonbIteratorNext(&iterator, &value, true);
		set_limit(limits, find_option(&key), &value);
	}
}

AGR_FUNCTION(agririsk_plot_track_check);
Datum
agririsk_plot_track_check(PG_FUNCTION_ARGS)
{
	TrackLimits limits;

	read_options(&limits, PG_GETARG_JSONB_P(0));
	PG_RETURN_DATUM(PG_GETARG_DATUM(0));
}

/* ---- gathering ---- */

/* PostGIS's accessors, and what it says of an SRID, looked up once per call site. */
typedef struct PointReader
{
	FmgrInfo	x;
	FmgrInfo	y;
	FmgrInfo	srid;
	int32		known_srid;
	bool		degrees;		/* known_srid's; 0 is a local grid */
} PointReader;

static PointReader *
point_reader(FunctionCallInfo fcinfo)
{
	PointReader *reader = fcinfo->flinfo->fn_extra;
	MemoryContext context = fcinfo->flinfo->fn_mcxt;
	Oid			type;

	if (reader == NULL)
	{
		type = agr_geometry_type();
		reader = MemoryContextAllocZero(context, sizeof *reader);
		fmgr_info_cxt(agr_postgis_function("st_x", 1, &type), &reader->x, context);
		fmgr_info_cxt(agr_postgis_function("st_y", 1, &type), &reader->y, context);
		fmgr_info_cxt(agr_postgis_function("st_srid", 1, &type), &reader->srid, context);
		fcinfo->flinfo->fn_extra = reader;
	}
	return reader;
}

/* False for an empty point, which has no coordinates. */
static bool
read_ordinate(FmgrInfo *accessor, Datum point, double *ordinate)
{
	LOCAL_FCINFO(call, 1);
	Datum		value;

	InitFunctionCallInfoData(*call, accessor, 1, InvalidOid, NULL, NULL);
	call->args[0].value = point;
	call->args[0].isnull = false;
	value = FunctionCallInvoke(call);
	if (call->isnull)
		return false;
	*ordinate = DatumGetFloat8(value);
	return true;
}

static bool
is_geographic(PointReader *reader, int32 srid)
{
	if (srid != reader->known_srid)
	{
		reader->degrees = agr_is_geographic(srid);
		reader->known_srid = srid;
	}
	return reader->degrees;
}

static TrackState *
begin_track(MemoryContext context, Jsonb *options)
{
	TrackState *state = MemoryContextAllocZero(context, sizeof *state);

	read_options(&state->limits, options);
	if (options)
	{
		state->options = MemoryContextAlloc(context, VARSIZE(options));
		memcpy(state->options, options, VARSIZE(options));
	}
	state->room = 64;
	state->fix = MemoryContextAlloc(context, state->room * sizeof(TrackFix));
	return state;
}

static void
check_options(const TrackState *state, const Jsonb *options)
{
	bool		equal = (state->options == NULL) == (options == NULL);

	if (equal && options)
		equal = VARSIZE(state->options) == VARSIZE(options) &&
			memcmp(state->options, options, VARSIZE(options)) == 0;
	if (!equal)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("options of plot_track_agg differ within one track"),
				 errdetail("One row says %s, another %s.",
						   state->options ? JsonbToCString(NULL, &state->options->root, 0) : "NULL",
						   options ? JsonbToCString(NULL, (JsonbContainer *) &options->root, 0) : "NULL"),
				 errhint("Add the column on which the options depend to GROUP BY.")));
}

static void
check_fix(const TrackState *state, const TrackFix *fix, int32 srid)
{
	if (!isfinite(fix->at.x) || !isfinite(fix->at.y) ||
		fabs(fix->at.x) > COORDINATE_MAX || fabs(fix->at.y) > COORDINATE_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("fix has a coordinate out of range"),
				 errdetail("The fix is at (%g, %g).", fix->at.x, fix->at.y),
				 errhint("Such a fix often comes from a transformation that failed. Filter it out.")));
	if (srid != state->srid)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("fixes of one track are in different coordinate systems"),
				 errdetail("Their SRIDs are %d and %d.", state->srid, srid),
				 errhint("Use ST_Transform to bring all fixes into one system, or ST_SetSRID where the SRID was forgotten.")));
	if (state->degrees && (fabs(fix->at.y) > 90 || fabs(fix->at.x) > 360))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("fix is not on the globe"),
				 errdetail("The fix is at longitude %.15g, latitude %.15g.", fix->at.x, fix->at.y),
				 errhint("The longitude comes first: ST_Point(longitude, latitude).")));
	if (TIMESTAMP_NOT_FINITE(fix->time))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("time of a fix must be finite"),
				 errdetail("The time is %s.", TIMESTAMP_IS_NOBEGIN(fix->time) ? "-infinity" : "infinity"),
				 errhint("Write NULL for an unknown time. Such fixes are left out.")));
}

/* What is one place becomes one: zeros of either sign, and longitudes beyond 180. */
static Vertex
normal_place(const TrackState *state, Vertex at)
{
	if (fabs(at.x) < COORDINATE_MIN)
		at.x = 0;
	if (fabs(at.y) < COORDINATE_MIN)
		at.y = 0;
	if (state->degrees)
		at.x -= at.x > 180 ? 360 : at.x < -180 ? -360 : 0;
	return at;
}

static double
read_accuracy(FunctionCallInfo fcinfo)
{
	double		accuracy;

	if (PG_ARGISNULL(3))
		return -1;
	accuracy = PG_GETARG_FLOAT8(3);
	if (!isfinite(accuracy) || accuracy < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("accuracy of a fix must be a finite number of metres, 0 or more"),
				 errdetail("The accuracy is %s.", shown_number(accuracy)),
				 errhint("Write NULL for an unknown accuracy. Leave out fixes with a negative accuracy: phones mark invalid fixes so.")));
	return accuracy;
}

static void
add_fix(TrackState *state, const TrackFix *fix)
{
	if (state->count == MAX_FIXES)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("track has too many fixes"),
				 errdetail("The track has more than %d fixes.", MAX_FIXES),
				 errhint("Group by the walk, not only by the farmer or the phone, or keep one fix a second.")));
	if (state->count == state->room)
	{
		state->room *= 2;
		state->fix = repalloc(state->fix, state->room * sizeof(TrackFix));
	}
	state->fix[state->count++] = *fix;
}

AGR_FUNCTION(agririsk_plot_track_add);
Datum
agririsk_plot_track_add(PG_FUNCTION_ARGS)
{
	MemoryContext context = agr_aggregate_context(fcinfo, "plot_track_agg");
	Jsonb	   *options = PG_NARGS() > 4 && !PG_ARGISNULL(4) ? PG_GETARG_JSONB_P(4) : NULL;
	TrackState *state;
	PointReader *reader;
	Datum		point;
	int32		srid;
	TrackFix	fix;

	if (PG_ARGISNULL(0))
		state = begin_track(context, options);
	else
	{
		state = (TrackState *) PG_GETARG_POINTER(0);
		check_options(state, options);
	}

	fix.accuracy_m = read_accuracy(fcinfo);
	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
	{
		state->left_out.unknown++;
		PG_RETURN_POINTER(state);
	}
	reader = point_reader(fcinfo);
	point = PointerGetDatum(PG_DETOAST_DATUM(PG_GETARG_DATUM(1)));
	fix.time = PG_GETARG_TIMESTAMPTZ(2);
	if (!read_ordinate(&reader->x, point, &fix.at.x) || !read_ordinate(&reader->y, point, &fix.at.y))
	{
		state->left_out.unknown++;
		PG_RETURN_POINTER(state);
	}
	srid = DatumGetInt32(FunctionCall1(&reader->srid, point));
	if (state->count == 0 && state->left_out.inaccurate == 0)
	{
		state->srid = srid;
		state->degrees = is_geographic(reader, srid);
	}
	check_fix(state, &fix, srid);

	fix.at = normal_place(state, fix.at);
	if (fix.accuracy_m > state->limits.max_accuracy_m)
		state->left_out.inaccurate++;
	else
		add_fix(state, &fix);
	PG_RETURN_POINTER(state);
}

/* For a column of times that is none, instead of "function does not exist". */
AGR_FUNCTION(agririsk_plot_track_no_time);
Datum
agririsk_plot_track_no_time(PG_FUNCTION_ARGS)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATATYPE_MISMATCH),
			 errmsg("time of a fix must be a timestamp"),
			 errdetail("The time is of type %s.",
					   format_type_be(get_fn_expr_argtype(fcinfo->flinfo, 2))),
			 errhint("Write to_timestamp(at / 1000.0) for milliseconds since 1970, as phones count, to_timestamp(at) for seconds, and at::timestamptz for text.")));
	PG_RETURN_NULL();			/* not reached */
}

/* ---- the result ---- */

/* What the final function calls and returns, looked up once per call site. */
typedef struct TrackResult
{
	FmgrInfo	polygon;		/* from WKB */
	FmgrInfo	geography;
	FmgrInfo	area;			/* of a geography */
	TupleDesc	row;
} TrackResult;

static TrackResult *
track_result(FunctionCallInfo fcinfo)
{
	TrackResult *result = fcinfo->flinfo->fn_extra;
	MemoryContext context = fcinfo->flinfo->fn_mcxt;
	MemoryContext before;
	Oid			wkb[2] = {BYTEAOID, INT4OID};
	Oid			area[2] = {InvalidOid, BOOLOID};
	Oid			geometry;
	Oid			geography;

	if (result)
		return result;
	geometry = agr_geometry_type();
	geography = agr_postgis_function("geography", 1, &geometry);
	area[0] = get_func_rettype(geography);
	result = MemoryContextAllocZero(context, sizeof *result);
	fmgr_info_cxt(agr_postgis_function("st_geomfromwkb", 2, wkb), &result->polygon, context);
	fmgr_info_cxt(geography, &result->geography, context);
	fmgr_info_cxt(agr_postgis_function("st_area", 2, area), &result->area, context);
	before = MemoryContextSwitchTo(context);
	if (get_call_result_type(fcinfo, NULL, &result->row) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	result->row = BlessTupleDesc(CreateTupleDescCopy(result->row));
	MemoryContextSwitchTo(before);
	fcinfo->flinfo->fn_extra = result;
	return result;
}

static void
write_vertex(StringInfo wkb, Vertex v)
{
	pq_sendfloat8(wkb, v.x);
	pq_sendfloat8(wkb, v.y);
}

static Datum
make_polygon(TrackResult *result, const Vertex *ring, uint32 points, int32 srid)
{
	StringInfoData wkb;
	uint32		i;

	pq_begintypsend(&wkb);
	pq_sendbyte(&wkb, 0);		/* the network's byte order */
	pq_sendint32(&wkb, WKB_POLYGON);
	pq_sendint32(&wkb, 1);
	pq_sendint32(&wkb, points + 1);
	for (i = 0; i < points; i++)
		write_vertex(&wkb, ring[i]);
	write_vertex(&wkb, ring[0]);
	return FunctionCall2(&result->polygon, PointerGetDatum(pq_endtypsend(&wkb)),
						 Int32GetDatum(srid));
}

static double
area_on_spheroid(TrackResult *result, const Vertex *ring, uint32 points, int32 srid)
{
	Vertex	   *inside = palloc(points * sizeof *inside);
	Datum		polygon;
	uint32		i;

	/* PostGIS would say at each longitude beyond 180 that it does this. */
	for (i = 0; i < points; i++)
	{
		inside[i] = ring[i];
		inside[i].x -= ring[i].x > 180 ? 360 : ring[i].x < -180 ? -360 : 0;
	}
	polygon = FunctionCall1(&result->geography, make_polygon(result, inside, points, srid));
	return DatumGetFloat8(FunctionCall2(&result->area, polygon, BoolGetDatum(true)));
}

static Datum
reasons_array(const TrackVerdict *verdict)
{
	Datum		text[TRACK_REASONS];
	int			i;

	for (i = 0; i < verdict->reasons; i++)
		text[i] = CStringGetTextDatum(verdict->reason[i]);
	return PointerGetDatum(construct_array(text, verdict->reasons, TEXTOID, -1, false, TYPALIGN_INT));
}

static Datum
known_number(double number, bool *isnull)
{
	*isnull = number < 0;
	return *isnull ? (Datum) 0 : Float8GetDatum(number);
}

static Datum
duration(const PlotTrack *track)
{
	int64		difference;

	/* timestamp_mi would wrap round. */
	if (pg_sub_s64_overflow(track->last_time, track->first_time, &difference))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("fixes of one track are too far apart in time"),
				 errdetail("The first fix is at %s, the last at %s.",
						   pstrdup(timestamptz_to_str(track->first_time)),
						   pstrdup(timestamptz_to_str(track->last_time))),
				 errhint("Leave out the fixes whose time was not set.")));
	return DirectFunctionCall2(timestamp_mi, TimestampTzGetDatum(track->last_time),
							   TimestampTzGetDatum(track->first_time));
}

static Datum
form_row(TrackResult *result, const PlotTrack *track, const TrackVerdict *verdict,
		 Datum polygon, double area)
{
	static const char *const quality[] = {"refused", "usable", "good"};
	Datum		values[9] = {0};
	bool		nulls[9] = {false};

	nulls[0] = nulls[1] = nulls[2] = verdict->quality == TRACK_REFUSED;
	values[0] = polygon;
	values[1] = Float8GetDatum(area);
	values[2] = Float8GetDatum(track->area_se_m2);
	values[3] = known_number(track->closure_m, &nulls[3]);
	values[4] = known_number(track->mean_accuracy_m, &nulls[4]);
	values[5] = known_number(track->max_speed_kmh, &nulls[5]);
	nulls[6] = track->fixes == 0;
	if (!nulls[6])
		values[6] = duration(track);
	values[7] = CStringGetTextDatum(quality[verdict->quality]);
	values[8] = reasons_array(verdict);
	return HeapTupleGetDatum(heap_form_tuple(result->row, values, nulls));
}

AGR_FUNCTION(agririsk_plot_track_final);
Datum
agririsk_plot_track_final(PG_FUNCTION_ARGS)
{
	TrackState *state;
	TrackResult *result;
	TrackFix   *fix;
	TrackMemory memory;
	PlotTrack	track;
	TrackVerdict verdict;
	Datum		polygon = (Datum) 0;
	double		area = 0;

	agr_aggregate_context(fcinfo, "plot_track_agg");
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	state = (TrackState *) PG_GETARG_POINTER(0);
	result = track_result(fcinfo);

	/* The state may be asked again, as a window grows: it stays as it is. */
	fix = palloc((state->count + 1) * sizeof *fix);
	memcpy(fix, state->fix, state->count * sizeof *fix);
	memory.ring = palloc((state->count + 1) * sizeof *memory.ring);
	memory.loop = palloc((state->count + 1) * sizeof *memory.loop);
	memory.block = palloc((state->count / TRACK_BLOCK + 1) * sizeof *memory.block);
	memory.run = palloc((state->count + 1) * sizeof *memory.run);
	memory.number = palloc((state->count + 1) * sizeof *memory.number);
	memory.interrupt = agr_check_interrupts;
	plot_track_outline(fix, state->count, &state->limits, state->degrees, &memory, &track);

	if (track.ring_points > 0)
		area = state->degrees ?
			area_on_spheroid(result, memory.ring, track.ring_points, state->srid) :
			track.ring_area_m2;
	plot_track_judge(&track, &state->left_out, &state->limits, area, &verdict);
	if (verdict.quality != TRACK_REFUSED)
		polygon = make_polygon(result, memory.ring, track.ring_points, state->srid);
	PG_RETURN_DATUM(form_row(result, &track, &verdict, polygon, area));
}
