/*
 * zonal_plots.h
 *		The plots of zonal_means, a piece that fits into memory at a time, and the
 *		pixels that they cover. Include postgres.h first.
 */
#ifndef AGRIRISK_ZONAL_PLOTS_H
#define AGRIRISK_ZONAL_PLOTS_H

#include "core/geometry/geometry.h"
#include "core/sql/query.h"
#include "crop/zonal_math.h"
#include "utils/hsearch.h"
#include "utils/tuplestore.h"

typedef struct ZonalPlot
{
	Datum		key;
	const Polygonal *shape;
	bool		met;			/* a raster, of any time */
	bool		listed;			/* among those of the time at hand */
	double		pixels;			/* its area, in the grid of that time */
	ZonalSums	sums;			/* at that time */
} ZonalPlot;

/* Is given a plot, by its number, and the pixels that it covers. */
typedef void (*ZonalVisit) (void *context, uint32 plot, const ZonalCoverage *coverage);

typedef struct ZonalPlots
{
	QueryReader reader;
	Oid			key_type;
	Oid			query_key_type;
	Tuplestorestate *store;
	TupleTableSlot *slot;
	int64		rows;
	int64		ignored;		/* rows without key or geometry, or whose geometry has no area */
	int64		repaired;		/* plots that were not valid */
	int64		outside;		/* plots that met no raster, of pieces that are done */

	/* What reads a plot. */
	GeometrySlot geometry;
	OverlapScratch *overlap;
	MemoryContext scratch;
	bool		has_srid;		/* of the rasters; there are none otherwise */
	int32		srid;

	/* The piece. */
	Size		memory;			/* that it may take */
	MemoryContext context;
	uint32		count;
	ZonalPlot  *plot;
	Extent		extent;
	ExtentTree	tree;			/* over the plots, neighbours together */
	int			bands;
	double	   *sum;			/* `bands` of each plot */

	/* The pixels that it covers, of as many grids as fit. */
	MemoryContext zone_context;
	Size		zone_bytes;		/* of what is kept */
	HTAB	   *zone;			/* by grid */
	ZonalScratch cover;
} ZonalPlots;

/* Runs the query; its rows may take so much memory. Keys of the result are of key_type. */
extern ZonalPlots *zonal_plots_read(const char *query, Oid key_type, Size memory);
extern void zonal_plots_free(ZonalPlots *plots);

/* Loads the next plots; false at the end. They, and what they cover, may each take so much memory. */
extern bool zonal_plots_load(ZonalPlots *plots, Size memory);

/* Visits the plots of the piece that cover pixels of a raster. */
extern void zonal_plots_visit(ZonalPlots *plots, const ZonalGrid *grid, ZonalVisit visit, void *context);

/* Counts the plots of the piece that met no raster. */
extern void zonal_plots_leave(ZonalPlots *plots);

#endif							/* AGRIRISK_ZONAL_PLOTS_H */
