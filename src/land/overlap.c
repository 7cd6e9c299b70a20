/*
 * overlap.c
 *		overlap_area() and overlap(): two geometries' common ground.
 */
#include "postgres.h"

#include "agririsk.h"
#include "core/geometry/geometry.h"

#include "funcapi.h"

AGR_FUNCTION(agririsk_overlap_area);
AGR_FUNCTION(agririsk_overlap);

typedef struct OverlapCall
{
	GeometrySlot a;
	GeometrySlot b;
	OverlapScratch *scratch;
	bool		noticed;		/* that coordinates look like degrees */
} OverlapCall;

/* Degrees under the SRID of a plane system are said once in a query. */
static void
look_for_degrees(OverlapCall *call, const Polygonal *a, const Polygonal *b)
{
	double		largest = Max(fabs(a->area), fabs(b->area));

	if (call->a.srid == 0 || call->noticed || a->points == 0 || b->points == 0 ||
		!agr_look_like_degrees(&a->extent, largest) || !agr_look_like_degrees(&b->extent, largest))
		return;
	call->noticed = true;
	agr_notice_degrees("overlap", call->a.srid, largest);
}

static double
measure_overlap(FunctionCallInfo fcinfo, const Polygonal **a, const Polygonal **b)
{
	MemoryContext context = fcinfo->flinfo->fn_mcxt;
	OverlapCall *call = fcinfo->flinfo->fn_extra;

	if (call == NULL)
	{
		call = MemoryContextAllocZero(context, sizeof(OverlapCall));
		call->scratch = agr_overlap_scratch(context);
		fcinfo->flinfo->fn_extra = call;
	}
	*a = agr_read_geometry(&call->a, PG_GETARG_DATUM(0), context);
	*b = agr_read_geometry(&call->b, PG_GETARG_DATUM(1), context);
	agr_require_planar(call->a.srid, call->b.srid);
	look_for_degrees(call, *a, *b);
	return overlap_integral(*a, *b, call->scratch);
}

Datum
agririsk_overlap_area(PG_FUNCTION_ARGS)
{
	const Polygonal *a,
			   *b;

	PG_RETURN_FLOAT8(measure_overlap(fcinfo, &a, &b));
}

/*
 * A share of no area, or of less than none, is unknown. What differs from the
 * whole by no more than rounding is all of it.
 */
static Datum
share(double part, double whole, double noise, bool *isnull)
{
	*isnull = !(whole > 0);
	if (*isnull)
		return (Datum) 0;
	return Float8GetDatum(fabs(part - whole) <= noise ? 1 : part / whole);
}

Datum
agririsk_overlap(PG_FUNCTION_ARGS)
{
	TupleDesc	tupdesc;
	const Polygonal *a,
			   *b;
	double		area,
				noise;
	Datum		values[4];
	bool		nulls[4] = {false};

	if (get_call_result_type(fcinfo, NULL, &tupdesc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	area = measure_overlap(fcinfo, &a, &b);
	values[0] = Float8GetDatum(area);
	noise = a->area_noise + b->area_noise;
	values[1] = share(area, a->area, noise, &nulls[1]);
	values[2] = share(area, b->area, noise, &nulls[2]);
	values[3] = share(area, a->area + b->area - area, noise, &nulls[3]);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(tupdesc), values, nulls)));
}
