/*
 * classify.c
 *		classify_crop: which crop of a library a series is most like.
 */
#include "postgres.h"

#include "agririsk.h"
#include "crop/classify_math.h"

#include <math.h>

#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/memutils.h"

#include "core/sql/record.h"
#include "core/sql/show.h"
#include "crop/crop_library.h"
#include "crop/vegetation.h"

/* A call site: the library of the row before, made ready. */
typedef struct ClassifySite
{
	MemoryContext context;		/* of what follows, replaced with the library */
	bool		constant;
	Size		size;			/* of stored; 0: none is ready */
	struct varlena *stored;		/* the argument, or its toast pointer */
	CropLibrary *library;
	CropPrepared *prepared;
	Datum	   *label;
	TupleDesc	columns;
} ClassifySite;

static const char *const reason_words[] = {
	NULL, "too few observations", "gap too long", "unlike any crop", "ambiguous"
};

static void
prepare_site(ClassifySite *site, MemoryContext parent, struct varlena *argument)
{
	MemoryContext caller;
	struct varlena *stored;
	int			i;

	site->size = 0;
	if (site->context)
		MemoryContextDelete(site->context);
	site->context = NULL;
	site->context = AllocSetContextCreate(parent, "agririsk crop library", ALLOCSET_DEFAULT_SIZES);
	caller = MemoryContextSwitchTo(site->context);
	stored = (struct varlena *) PG_DETOAST_DATUM_COPY(PointerGetDatum(argument));
	site->library = crop_library_read(stored, site->context);
	site->prepared = crop_prepare(site->library, crop_arena(site->context));
	site->label = palloc(crop_prepared_crops(site->prepared) * sizeof(Datum));
	for (i = 0; i < crop_prepared_crops(site->prepared); i++)
		site->label[i] = PointerGetDatum(agr_text(crop_prepared_label(site->prepared, i)));
	site->stored = palloc(VARSIZE_ANY(argument));
	memcpy(site->stored, argument, VARSIZE_ANY(argument));
	MemoryContextSwitchTo(caller);
	/* Only a site that is whole matches the next row's library. */
	site->size = VARSIZE_ANY(argument);
}

static ClassifySite *
find_site(FunctionCallInfo fcinfo)
{
	FmgrInfo   *flinfo = fcinfo->flinfo;
	ClassifySite *site = flinfo->fn_extra;
	struct varlena *library = (struct varlena *) PG_GETARG_POINTER(0);

	if (site == NULL)
	{
		MemoryContext caller = MemoryContextSwitchTo(flinfo->fn_mcxt);
		TupleDesc	columns;

		site = palloc0(sizeof *site);
		if (get_call_result_type(fcinfo, NULL, &columns) != TYPEFUNC_COMPOSITE)
			elog(ERROR, "the function's result is not a row type");
		site->columns = BlessTupleDesc(CreateTupleDescCopy(columns));
		site->constant = get_fn_expr_arg_stable(flinfo, 0);
		MemoryContextSwitchTo(caller);
		flinfo->fn_extra = site;
	}
	if (site->size == 0 || !site->constant)
	{
		/* A toast pointer names its value; a pointer into memory does not. */
		if (VARATT_IS_EXTERNAL(library) && !VARATT_IS_EXTERNAL_ONDISK(library))
			library = (struct varlena *) PG_DETOAST_DATUM(PointerGetDatum(library));
		if (site->size != VARSIZE_ANY(library) || memcmp(site->stored, library, site->size) != 0)
			prepare_site(site, flinfo->fn_mcxt, library);
	}
	return site;
}

/* The observations from the first to the last day. */
static Series
clip_series(const Series *s, int32 from_day, int32 to_day)
{
	Series		clipped = *s;
	int			first = 0;
	int			end = s->n;
	float	   *value;
	int			j;

	while (first < end && s->day[first] < from_day)
		first++;
	while (end > first && s->day[end - 1] > to_day)
		end--;
	if (first == 0 && end == s->n)
		return clipped;
	clipped.n = end - first;
	clipped.day = s->day + first;
	clipped.value = value = palloc((Size) clipped.n * s->n_bands * sizeof(float) + 1);
	for (j = 0; j < s->n_bands; j++)
		memcpy(value + j * clipped.n, series_band(s, j) + first, clipped.n * sizeof(float));
	return clipped;
}

static int32
day_argument(FunctionCallInfo fcinfo, int number, int32 unknown)
{
	DateADT		day;

	if (PG_ARGISNULL(number))
		return unknown;
	day = PG_GETARG_DATEADT(number);
	vegetation_check_day(day);
	return day;
}

AGR_FUNCTION(agririsk_classify_crop);
Datum
agririsk_classify_crop(PG_FUNCTION_ARGS)
{
	ClassifySite *site;
	Series		series;
	int32		from_day = day_argument(fcinfo, 2, CALENDAR_DAY_MIN);
	int32		to_day = day_argument(fcinfo, 3, CALENDAR_DAY_MAX);
	CropVerdict v;
	Datum		values[10];
	bool		nulls[10] = {false};

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_NULL();
	if (from_day > to_day)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("from_date is after to_date"),
				 errdetail("From %s to %s.", vegetation_show_day(from_day), vegetation_show_day(to_day)),
				 errhint("Give the first and the last day of the season.")));
	site = find_site(fcinfo);
	series = vegetation_read(PG_GETARG_VARLENA_PP(1), 0).series;
	if (series.n > 0 && series.n_bands != site->library->n_bands)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("series and crop library have different bands"),
				 errdetail("The series has %d bands, the library %d.", series.n_bands, site->library->n_bands),
				 errhint("Aggregate the series from the bands that the library was learnt from, in the same order.")));
	series = clip_series(&series, from_day, to_day);
	if (series.n > 0 && PG_ARGISNULL(2))
		from_day = series.day[0];
	if (series.n > 0 && PG_ARGISNULL(3))
		to_day = series.day[series.n - 1];
	v = crop_classify(site->prepared, &series, from_day, to_day);

	nulls[0] = nulls[1] = v.reason != CROP_CLASSIFIED;
	if (!nulls[0])
	{
		values[0] = site->label[v.crop];
		agr_set_number(values, nulls, 1, v.probability);
	}
	nulls[2] = v.runner_up < 0;
	if (!nulls[2])
		values[2] = site->label[v.runner_up];
	agr_set_number(values, nulls, 3, v.margin);
	agr_set_number(values, nulls, 4, v.distance);
	nulls[5] = nulls[6] = v.crop < 0;
	if (!nulls[5])
	{
		values[5] = DateADTGetDatum(series.day[v.match_start]);
		values[6] = DateADTGetDatum(series.day[v.match_end]);
	}
	values[7] = Int32GetDatum(series.n);
	values[8] = Int32GetDatum(v.max_gap);
	nulls[8] = series.n == 0;
	nulls[9] = v.reason == CROP_CLASSIFIED;
	if (!nulls[9])
		values[9] = CStringGetTextDatum(reason_words[v.reason]);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(site->columns, values, nulls)));
}
