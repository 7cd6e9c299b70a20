/*
 * zonal_means.c
 *		zonal_means(): means of rasters over plots, time by time, in bounded memory.
 *
 * Rasters are read once and sorted by time. Plots are loaded as many as fit;
 * which pixels they cover is found once for each grid, and every raster of
 * that grid uses it. If the plots do not fit, the sorted rasters are gone
 * through again for the next of them.
 */
#include "postgres.h"

#include "agririsk.h"
#include "core/sql/key.h"
#include "core/sql/record.h"
#include "crop/zonal_options.h"
#include "crop/zonal_plots.h"
#include "crop/zonal_rasters.h"

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

/* More would gain nothing. */
#define MAX_MEMORY		((Size) 16 << 30)

#define PROGRESS_MS		5000

/* What next to all of a plot is, is all of it. */
#define INSIDE_NOISE	1e-12

typedef struct ZonalMeans
{
	ZonalOptions options;
	ZonalRasters *rasters;
	ZonalPlots *plots;
	Tuplestorestate *result;
	TupleDesc	result_row;
	MemoryContext scratch;
	uint32	   *listed;			/* plots within rasters of the time at hand */
	uint32		count;			/* of them */
	int64		measured;		/* rasters */
	int64		pieces;
	TimestampTz said;
} ZonalMeans;

static void
report_progress(ZonalMeans *z)
{
	TimestampTz now;

	if (!agr_progress)
		return;
	now = GetCurrentTimestamp();
	if (!TimestampDifferenceExceeds(z->said, now, PROGRESS_MS))
		return;
	z->said = now;
	ereport(NOTICE,
			(errmsg("zonal_means has measured plots in %lld rasters of %lld",
					(long long) (z->measured - (z->pieces - 1) * z->rasters->rows), (long long) z->rasters->rows),
			 z->pieces > 1 ? errdetail("This is the pass %lld over the rasters.", (long long) z->pieces) : 0));
}

/* ---- measuring ---- */

/* A view of the rasters at hand, whose pixels are read when the first plot asks. */
typedef struct Measuring
{
	ZonalMeans *means;
	uint32		view;
	bool		open;
	ZonalScene	scene;
} Measuring;

/* Begins the sums of a plot at a time. */
static void
list_plot(ZonalMeans *z, uint32 number, const ZonalGrid *grid)
{
	ZonalPlot  *plot = &z->plots->plot[number];

	if (plot->listed)
		return;
	plot->listed = true;
	plot->pixels = zonal_plot_pixels(plot->shape, grid);
	memset(&plot->sums, 0, sizeof plot->sums);
	memset(z->plots->sum + (Size) number * z->plots->bands, 0, z->plots->bands * sizeof(double));
	z->listed[z->count++] = number;
}

static void
measure_plot(void *context, uint32 number, const ZonalCoverage *coverage)
{
	Measuring  *m = context;
	ZonalPlots *plots = m->means->plots;

	CHECK_FOR_INTERRUPTS();
	if (!m->open)
		m->scene = zonal_open_scene(m->means->rasters, m->view);
	m->open = true;
	list_plot(m->means, number, &m->means->rasters->view[m->view].grid);
	zonal_add(coverage, &m->scene, m->means->options.min_coverage, &plots->plot[number].sums,
			  plots->sum + (Size) number * plots->bands);
}

static void
measure_view(ZonalMeans *z, uint32 number)
{
	const ZonalView *view = &z->rasters->view[number];
	Measuring	m = {z, number};
	MemoryContext old = MemoryContextSwitchTo(z->scratch);

	zonal_plots_visit(z->plots, &view->grid, measure_plot, &m);
	MemoryContextSwitchTo(old);
	MemoryContextReset(z->scratch);
	z->measured += view->end - view->first;
	report_progress(z);
}

/* ---- putting out rows ---- */

static void
put_plot(ZonalMeans *z, uint32 number)
{
	ZonalPlots *plots = z->plots;
	ZonalPlot  *plot = &plots->plot[number];
	const double *sum = plots->sum + (Size) number * plots->bands;
	double		inside = plot->sums.inside / plot->pixels;
	MemoryContext old = MemoryContextSwitchTo(z->scratch);
	bool		nulls[6] = {false};
	Datum		values[6];
	int			b;

	plot->listed = false;
	values[0] = agr_is_integer(plots->key_type) ?
		agr_integer_key(plots->key_type, agr_get_integer(plots->query_key_type, plot->key)) : plot->key;
	values[1] = TimestampGetDatum(z->rasters->acquired);
	nulls[2] = plot->sums.clear == 0;
	if (!nulls[2])
	{
		Datum	   *mean = palloc(plots->bands * sizeof(Datum));

		for (b = 0; b < plots->bands; b++)
			mean[b] = Float8GetDatum(sum[b] / plot->sums.clear / z->options.scale);
		values[2] = PointerGetDatum(construct_array(mean, plots->bands, FLOAT8OID, sizeof(float8), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
	}
	values[3] = Float8GetDatum(plot->sums.covered);
	values[4] = Float8GetDatum(plot->sums.clear);
	values[5] = Float8GetDatum(inside > 1 - INSIDE_NOISE ? 1 : inside);
	tuplestore_putvalues(z->result, z->result_row, values, nulls);
	MemoryContextSwitchTo(old);
	MemoryContextReset(z->scratch);
}

/* One piece of the plots at all times. */
static void
measure_piece(ZonalMeans *z)
{
	uint32		i;

	z->pieces++;
	z->listed = MemoryContextAllocHuge(z->plots->context, z->plots->count * sizeof(uint32));
	zonal_rasters_rewind(z->rasters);
	while (zonal_rasters_next(z->rasters))
	{
		z->count = 0;
		for (i = 0; i < z->rasters->views; i++)
			measure_view(z, i);
		for (i = 0; i < z->count; i++)
			put_plot(z, z->listed[i]);
	}
	zonal_plots_leave(z->plots);
}

/* ---- notices ---- */

static void
report_rest(const ZonalMeans *z)
{
	if (z->rasters->ignored > 0)
		ereport(NOTICE,
				(errmsg("zonal_means left out %lld rasters without time, pixels or mask", (long long) z->rasters->ignored)));
	if (z->plots->ignored > 0)
		ereport(NOTICE,
				(errmsg("zonal_means left out %lld plots without key, geometry or area", (long long) z->plots->ignored)));
	if (z->plots->repaired > 0)
		ereport(NOTICE,
				(errmsg("zonal_means repaired %lld plots that are not valid", (long long) z->plots->repaired),
				 errdetail("Their ground is that of ST_MakeValid(geom, 'method=structure').")));
	if (z->plots->outside > 0)
		ereport(NOTICE,
				(errmsg("zonal_means has no row for %lld plots outside every raster", (long long) z->plots->outside)));
	if (z->pieces > 1)
		ereport(NOTICE,
				(errmsg("zonal_means went through the rasters %lld times, because the plots did not fit into work_mem together",
						(long long) z->pieces)));
}

/* ---- the function ---- */

/* Arguments: rasters, plots, options; or rasters, plots, key_type, options. */
AGR_FUNCTION(agririsk_zonal_means);
Datum
agririsk_zonal_means(PG_FUNCTION_ARGS)
{
	Size		memory = Min((Size) work_mem * 1024, MAX_MEMORY);
	int			options = PG_NARGS() - 1;
	Oid			key_type = options == 3 ? agr_key_type(fcinfo, 2, "zonal_means") : INT8OID;
	MemoryContext context,
				old;
	ZonalMeans	z = {0};

	z.result = agr_begin_rows(fcinfo, work_mem / 4, &z.result_row);
	agr_require_argument(fcinfo, 0, "rasters");
	agr_require_argument(fcinfo, 1, "plots");
	context = AllocSetContextCreate(CurrentMemoryContext, "zonal_means", ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(context);
	z.scratch = AllocSetContextCreate(context, "zonal_means rows", ALLOCSET_DEFAULT_SIZES);
	z.options = zonal_read_options(PG_ARGISNULL(options) ? NULL : PG_GETARG_JSONB_P(options));
	z.said = GetCurrentTimestamp();

	/* A quarter each for the result and for the rows of both queries; the rest for plots and what they cover. */
	z.rasters = zonal_rasters_read(text_to_cstring(PG_GETARG_TEXT_PP(0)), &z.options, memory / 8);
	z.plots = zonal_plots_read(text_to_cstring(PG_GETARG_TEXT_PP(1)), key_type, memory / 8);
	z.plots->has_srid = z.rasters->rows > 0;
	z.plots->srid = z.rasters->srid;
	z.plots->bands = z.rasters->bands;
	while (zonal_plots_load(z.plots, memory / 4))
		measure_piece(&z);
	report_rest(&z);
	zonal_plots_free(z.plots);
	zonal_rasters_free(z.rasters);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
	return (Datum) 0;
}
