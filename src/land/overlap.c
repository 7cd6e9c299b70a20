/*
 * overlap.c
 *		overlap_area() and overlap(): two geometries' common ground.
 */
#include "postgres.h"

#include "agririsk.h"
#include "land/geometry.h"

#include "funcapi.h"

AGR_FUNCTION(agririsk_overlap_area);
AGR_FUNCTION(agririsk_overlap);

typedef struct OverlapCall
{
	GeometrySlot a;
	GeometrySlot b;
	OverlapScratch *scratch;
} OverlapCall;

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
	return overlap_integral(*a, *b, call->scratch);
}

Datum
agririsk_overlap_area(PG_FUNCTION_ARGS)
{
	const Polygonal *a,
			   *b;

	PG_RETURN_FLOAT8(measure_overlap(fcinfo, &a, &b));
}

/* A share of no area, or of less than none, is unknown. */
static Datum
share(double part, double whole, bool *isnull)
{
	*isnull = !(whole > 0);
	return *isnull ? (Datum) 0 : Float8GetDatum(part / whole);
}

Datum
agririsk_overlap(PG_FUNCTION_ARGS)
{
	TupleDesc	tupdesc;
	const Polygonal *a,
			   *b;
	double		area;
	Datum		values[4];
	bool		nulls[4] = {false};

	if (get_call_result_type(fcinfo, NULL, &tupdesc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	area = measure_overlap(fcinfo, &a, &b);
	values[0] = Float8GetDatum(area);
	values[1] = share(area, a->area, &nulls[1]);
	values[2] = share(area, b->area, &nulls[2]);
	values[3] = share(area, a->area + b->area - area, &nulls[3]);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(tupdesc), values, nulls)));
}
