/*
 * zonal_rasters.h
 *		The rasters of zonal_means, time by time. Include postgres.h first.
 *
 * The query runs once. Its rows are sorted by time and place, and go to
 * temporary files beyond the memory given. What PostgreSQL has stored out of
 * line stays where it is: a row holds its address.
 */
#ifndef AGRIRISK_ZONAL_RASTERS_H
#define AGRIRISK_ZONAL_RASTERS_H

#include "core/rows/temp_file.h"
#include "core/sql/query.h"
#include "crop/zonal_math.h"
#include "crop/zonal_options.h"
#include "datatype/timestamp.h"
#include "utils/tuplesort.h"

/* What was seen of one grid at one time: rows first to end - 1 of that time. */
typedef struct ZonalView
{
	ZonalGrid	grid;
	uint32		first;
	uint32		end;
} ZonalView;

/* A row of the query: values as they are stored, or as they lie in the file. */
typedef struct ZonalRasterRow
{
	ZonalGrid	grid;
	struct varlena *raster;
	struct varlena *mask;		/* NULL: none */
} ZonalRasterRow;

typedef struct ZonalRasters
{
	QueryReader reader;
	const ZonalOptions *options;
	MemoryContext scratch;		/* for a row */

	/* All rows. */
	Oid			time_type;
	Tuplesortstate *sort;
	TupleTableSlot *slot;
	TempFile   *file;			/* values that a query computed */
	int64		rows;
	int64		ignored;
	int32		srid;
	int			bands;			/* of a result */
	uint32		raster_bands;	/* of each raster, where all are asked for */

	/* Those of one time. */
	MemoryContext context;
	Timestamp	acquired;
	uint32		count;
	ZonalRasterRow *row;
	uint32		views;
	ZonalView  *view;
	uint32		widest;			/* columns of a view, at most */
	bool		ahead;			/* the slot holds the first row of the next time */
} ZonalRasters;

/* Runs the query; the rows may take so much memory. */
extern ZonalRasters *zonal_rasters_read(const char *query, const ZonalOptions *options, Size memory);
extern void zonal_rasters_free(ZonalRasters *rasters);

/* Goes to before the first time; goes to the next, false at the end. */
extern void zonal_rasters_rewind(ZonalRasters *rasters);
extern bool zonal_rasters_next(ZonalRasters *rasters);

/*
 * The pixels of a view, in the current context; those that another view of that
 * time has are marked as elsewhere.
 */
extern ZonalScene zonal_open_scene(ZonalRasters *rasters, uint32 view);

#endif							/* AGRIRISK_ZONAL_RASTERS_H */
