/*
 * zonal_rasters.c
 *		The rasters of zonal_means, time by time.
 */
#include "postgres.h"

#include "agririsk.h"
#include "core/geometry/postgis.h"
#include "crop/raster.h"
#include "crop/zonal_rasters.h"

#include <math.h>

#include "access/htup_details.h"
#include "access/detoast.h"
#include "executor/tuptable.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/typcache.h"

/* Two rasters are of one grid if their corners are whole pixels apart to within this part of a pixel. */
#define GRID_TOLERANCE 1e-3

/* Columns of a row that is sorted: the time, the grid, the values. */
enum
{
	AT_TIME, AT_X, AT_Y, AT_SCALE_X, AT_SCALE_Y, AT_WIDTH, AT_HEIGHT, AT_RASTER, AT_MASK, COLUMNS
};
#define SORTED AT_RASTER

static const Oid column_type[COLUMNS] = {
	TIMESTAMPOID, FLOAT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID, INT4OID, INT4OID, BYTEAOID, BYTEAOID
};

/* ---- messages ---- */

static char *
show_time(Timestamp time)
{
	struct pg_tm tm;
	fsec_t		fraction;
	char		shown[MAXDATELEN + 1];

	if (timestamp2tm(time, NULL, &tm, &fraction, NULL, NULL) != 0)
		return "out of range";
	EncodeDateTime(&tm, fraction, false, 0, NULL, USE_ISO_DATES, shown);
	return pstrdup(shown);
}

static void
say_raster(void *time)
{
	errcontext("raster of %s", show_time(*(Timestamp *) time));
}

/* ---- reading rows ---- */

static void
report_column(QueryReader *reader, TupleDesc row, int column, const char *ordinal, const char *what, const char *hint)
{
	Form_pg_attribute attribute = TupleDescAttr(row, column);

	ereport(ERROR,
			(errcode(ERRCODE_DATATYPE_MISMATCH),
			 errmsg("the %s column of %s must be a %s", ordinal, reader->argument, what),
			 errdetail("Column \"%s\" is %s.", NameStr(attribute->attname), format_type_be(attribute->atttypid)),
			 errhint("%s", hint ? hint : psprintf("Select %s, in this order.", reader->columns))));
}

static void
start_rows(QueryReader *reader, TupleDesc row)
{
	ZonalRasters *z = (ZonalRasters *) reader;
	Oid			raster = agr_raster_type();

	z->time_type = getBaseType(TupleDescAttr(row, 0)->atttypid);
	if (z->time_type == TIMESTAMPTZOID)
		report_column(reader, row, 0, "first", "timestamp or date",
					  "Name the time zone of the place: (acquired AT TIME ZONE 'Asia/Shanghai').");
	if (z->time_type != TIMESTAMPOID && z->time_type != DATEOID)
		report_column(reader, row, 0, "first", "timestamp or date", NULL);
	if (getBaseType(TupleDescAttr(row, 1)->atttypid) != raster)
		report_column(reader, row, 1, "second", "raster", NULL);
	if (row->natts == 3 && getBaseType(TupleDescAttr(row, 2)->atttypid) != raster)
		report_column(reader, row, 2, "third", "raster", NULL);
	if (row->natts == 3 && z->options->mask_values == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("rasters have a mask, and nothing that it means"),
				 errdetail("The query has a third column. The options have no mask_values."),
				 errhint("Give the values that mean cloud, shadow or snow: zonal_options(mask_values => '{1}').")));
	if (row->natts == 2 && z->options->mask_values > 0 && z->options->mask_band == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("mask_values are given without a mask"),
				 errdetail("The query has no third column. The options have no mask_band."),
				 errhint("Give mask_band, the band of the raster that is the mask, or select a raster of masks as the third column.")));
}

static Timestamp
read_time(const ZonalRasters *z, Datum value)
{
	Timestamp	time;

	if (z->time_type == DATEOID && !DATE_NOT_FINITE(DatumGetDateADT(value)))
		value = DirectFunctionCall1(date_timestamp, value);
	else if (z->time_type == DATEOID)
		value = TimestampGetDatum(DT_NOEND);
	time = DatumGetTimestamp(value);
	if (TIMESTAMP_NOT_FINITE(time))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the time of a raster is infinite"),
				 errdetail("The first column of rasters has the value infinity or -infinity."),
				 errhint("Give the time at which the raster was acquired, or NULL where it is not known.")));
	return time;
}

/* Whether the bands of a result come from a mask's raster as well. */
static bool
mask_is_band(const ZonalRasters *z)
{
	return z->options->mask_band > 0 && z->reader.n_columns == 2;
}

static void
check_bands(ZonalRasters *z, const RasterHead *head)
{
	if (z->options->bands > 0)
		return;
	if (z->rows > 0 && head->bands != z->raster_bands)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("rasters differ in their number of bands"),
				 errdetail("One raster has %u bands, another has %u.", z->raster_bands, head->bands),
				 errhint("Name the bands that all rasters have: zonal_options(bands => '{1,2}').")));
	z->raster_bands = head->bands;
	z->bands = head->bands - (mask_is_band(z) && z->options->mask_band <= head->bands);
	if (z->bands == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("raster has no band to take means of"),
				 errdetail("The raster has %u bands. A mask is not counted.", head->bands),
				 errhint("Give rasters that have a band beside the mask.")));
}

static void
check_srid(ZonalRasters *z, int32 srid)
{
	if (z->rows > 0 && srid != z->srid)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("rasters are in different coordinate systems"),
				 errdetail("Their SRIDs are %d and %d.", z->srid, srid),
				 errhint("Call zonal_means once for each coordinate system: WHERE ST_SRID(rast) = %d.", z->srid)));
	z->srid = srid;
}

/* The pixels from one corner to the other, if both grids have pixels of one size. */
static bool
grid_offset(const ZonalGrid *from, const ZonalGrid *to, double *columns, double *rows)
{
	double		x = (to->corner_x - from->corner_x) / from->scale_x;
	double		y = (to->corner_y - from->corner_y) / from->scale_y;

	*columns = rint(x);
	*rows = rint(y);
	return fabs(to->scale_x - from->scale_x) <= GRID_TOLERANCE / to->width * fabs(from->scale_x) &&
		fabs(to->scale_y - from->scale_y) <= GRID_TOLERANCE / to->height * fabs(from->scale_y) &&
		fabs(x - *columns) <= GRID_TOLERANCE && fabs(y - *rows) <= GRID_TOLERANCE;
}

static void
check_mask(const RasterHead *head, const RasterHead *mask)
{
	ZonalGrid	grid = agr_raster_grid(head);
	ZonalGrid	other = agr_raster_grid(mask);
	double		columns,
				rows;

	if (mask->srid != head->srid || mask->width != head->width || mask->height != head->height ||
		!grid_offset(&grid, &other, &columns, &rows) || columns != 0 || rows != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a mask lies on another grid than its raster"),
				 errdetail("The raster has %u by %u pixels of %g by %g from (%.15g, %.15g), SRID %d; the mask %u by %u of %g by %g from (%.15g, %.15g), SRID %d.",
						   head->width, head->height, head->scale_x, head->scale_y, head->corner_x, head->corner_y, head->srid,
						   mask->width, mask->height, mask->scale_x, mask->scale_y, mask->corner_x, mask->corner_y, mask->srid),
				 errhint("ST_Resample(mask, rast) puts the mask on the grid of the raster.")));
}

/*
 * What stands for a value in a row: its address where PostgreSQL stored it out of
 * line, or its place in the file.
 */
static Datum
keep_value(ZonalRasters *z, Datum value)
{
	struct varlena *given = (struct varlena *) DatumGetPointer(value);
	bytea	   *place;
	int64		at[2];

	if (VARATT_IS_EXTERNAL_ONDISK(given))
		return value;
	if (VARATT_IS_EXTERNAL(given))
		given = detoast_external_attr(given);
	if (z->file == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(GetMemoryChunkContext(z));

		z->file = temp_file_create("rasters of a query");
		MemoryContextSwitchTo(old);
	}
	at[1] = VARSIZE_ANY(given);
	at[0] = temp_file_append(z->file, given, at[1]);
	place = palloc(VARHDRSZ + sizeof at);
	SET_VARSIZE(place, VARHDRSZ + sizeof at);
	memcpy(VARDATA(place), at, sizeof at);
	return PointerGetDatum(place);
}

static Datum
fetch_value(const ZonalRasters *z, struct varlena *kept)
{
	int64		at[2];
	char	   *value;

	if (VARATT_IS_EXTERNAL(kept))
		return PointerGetDatum(kept);
	memcpy(at, VARDATA_ANY(kept), sizeof at);
	value = MemoryContextAllocHuge(CurrentMemoryContext, at[1]);
	temp_file_read(z->file, at[0], value, at[1]);
	return PointerGetDatum(value);
}

static void
keep_row(ZonalRasters *z, Timestamp time, const Datum *value)
{
	RasterHead	head = agr_read_raster_head(value[1]);
	ZonalGrid	grid = agr_raster_grid(&head);
	Datum	   *column = z->slot->tts_values;

	if (head.width == 0 || head.height == 0)
	{
		z->ignored++;
		return;
	}
	check_bands(z, &head);
	check_srid(z, head.srid);
	if (z->reader.n_columns == 3)
	{
		RasterHead	mask = agr_read_raster_head(value[2]);

		check_mask(&head, &mask);
	}
	ExecClearTuple(z->slot);
	memset(z->slot->tts_isnull, false, COLUMNS * sizeof(bool));
	column[AT_TIME] = TimestampGetDatum(time);
	column[AT_X] = Float8GetDatum(grid.corner_x);
	column[AT_Y] = Float8GetDatum(grid.corner_y);
	column[AT_SCALE_X] = Float8GetDatum(grid.scale_x);
	column[AT_SCALE_Y] = Float8GetDatum(grid.scale_y);
	column[AT_WIDTH] = Int32GetDatum(grid.width);
	column[AT_HEIGHT] = Int32GetDatum(grid.height);
	column[AT_RASTER] = keep_value(z, value[1]);
	z->slot->tts_isnull[AT_MASK] = z->reader.n_columns == 2;
	if (z->reader.n_columns == 3)
		column[AT_MASK] = keep_value(z, value[2]);
	ExecStoreVirtualTuple(z->slot);
	tuplesort_puttupleslot(z->sort, z->slot);
	z->rows++;
}

static void
take_row(QueryReader *reader, const Datum *value, const bool *null)
{
	ZonalRasters *z = (ZonalRasters *) reader;
	MemoryContext old;
	Timestamp	time;
	ErrorContextCallback context = {error_context_stack, say_raster, &time};

	CHECK_FOR_INTERRUPTS();
	if (null[0] || null[1] || (reader->n_columns == 3 && null[2]))
	{
		z->ignored++;
		return;
	}
	old = MemoryContextSwitchTo(z->scratch);
	time = read_time(z, value[0]);
	error_context_stack = &context;
	keep_row(z, time, value);
	error_context_stack = context.previous;
	MemoryContextSwitchTo(old);
	MemoryContextReset(z->scratch);
}

ZonalRasters *
zonal_rasters_read(const char *query, const ZonalOptions *options, Size memory)
{
	ZonalRasters *z = palloc0(sizeof *z);
	TupleDesc	columns = CreateTemplateTupleDesc(COLUMNS);
	AttrNumber	number[SORTED];
	Oid			operator[SORTED];
	Oid			collation[SORTED] = {InvalidOid};
	bool		nulls_first[SORTED] = {false};
	int			i;

	for (i = 0; i < COLUMNS; i++)
		TupleDescInitEntry(columns, i + 1, NULL, column_type[i], -1, 0);
	for (i = 0; i < SORTED; i++)
	{
		number[i] = i + 1;
		operator[i] = lookup_type_cache(column_type[i], TYPECACHE_LT_OPR)->lt_opr;
	}
	z->sort = tuplesort_begin_heap(columns, SORTED, number, operator, collation, nulls_first,
								   (int) (memory / 1024), NULL, AGR_SORT_READ_AGAIN);
	z->slot = MakeSingleTupleTableSlot(columns, &TTSOpsVirtual);
	z->scratch = AllocSetContextCreate(CurrentMemoryContext, "zonal_means raster", ALLOCSET_DEFAULT_SIZES);
	z->context = AllocSetContextCreate(CurrentMemoryContext, "zonal_means rasters of a time", ALLOCSET_DEFAULT_SIZES);
	z->options = options;
	z->bands = options->bands;
	z->reader.argument = "rasters";
	z->reader.columns = "time and raster, and a raster of masks where there is one";
	z->reader.fewest = 2;
	z->reader.most = 3;
	z->reader.start = start_rows;
	z->reader.take = take_row;
	agr_read_query(&z->reader, query);
	tuplesort_performsort(z->sort);
	ExecDropSingleTupleTableSlot(z->slot);
	z->slot = MakeSingleTupleTableSlot(columns, &TTSOpsMinimalTuple);
	return z;
}

void
zonal_rasters_free(ZonalRasters *z)
{
	ExecDropSingleTupleTableSlot(z->slot);
	tuplesort_end(z->sort);
	if (z->file)
		temp_file_close(z->file);
}

/* ---- the rows of a time ---- */

static bool
advance(ZonalRasters *z)
{
	z->ahead = tuplesort_gettupleslot(z->sort, true, false, z->slot, NULL);
	if (z->ahead)
		slot_getallattrs(z->slot);
	return z->ahead;
}

void
zonal_rasters_rewind(ZonalRasters *z)
{
	tuplesort_rescan(z->sort);
	advance(z);
}

static void
add_row(ZonalRasters *z, uint32 *room)
{
	const Datum *column = z->slot->tts_values;
	ZonalRasterRow *row;

	if (z->count == *room)
	{
		*room *= 2;
		z->row = repalloc_huge(z->row, *room * sizeof *z->row);
	}
	row = &z->row[z->count++];
	row->grid.corner_x = DatumGetFloat8(column[AT_X]);
	row->grid.corner_y = DatumGetFloat8(column[AT_Y]);
	row->grid.scale_x = DatumGetFloat8(column[AT_SCALE_X]);
	row->grid.scale_y = DatumGetFloat8(column[AT_SCALE_Y]);
	row->grid.width = DatumGetInt32(column[AT_WIDTH]);
	row->grid.height = DatumGetInt32(column[AT_HEIGHT]);
	row->raster = (struct varlena *) DatumGetPointer(datumCopy(column[AT_RASTER], false, -1));
	row->mask = z->slot->tts_isnull[AT_MASK] ? NULL :
		(struct varlena *) DatumGetPointer(datumCopy(column[AT_MASK], false, -1));
}

/* Rasters of one grid follow each other. */
static void
group_rows(ZonalRasters *z)
{
	uint32		i;

	z->view = MemoryContextAllocHuge(z->context, z->count * sizeof *z->view);
	z->views = z->widest = 0;
	for (i = 0; i < z->count; i++)
	{
		ZonalView  *view;
		double		columns,
					rows;

		if (!grid_offset(&z->row[0].grid, &z->row[i].grid, &columns, &rows))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("rasters of one time lie on different grids"),
					 errdetail("At %s one raster has pixels of %g by %g from (%.15g, %.15g), another of %g by %g from (%.15g, %.15g).",
							   show_time(z->acquired), z->row[0].grid.scale_x, z->row[0].grid.scale_y,
							   z->row[0].grid.corner_x, z->row[0].grid.corner_y, z->row[i].grid.scale_x,
							   z->row[i].grid.scale_y, z->row[i].grid.corner_x, z->row[i].grid.corner_y),
					 errhint("Call zonal_means once for each grid, give the rasters their own times of day, or put them on one grid with ST_Resample.")));
		if (i > 0 && memcmp(&z->row[i].grid, &z->row[i - 1].grid, sizeof(ZonalGrid)) == 0)
		{
			z->view[z->views - 1].end++;
			continue;
		}
		view = &z->view[z->views++];
		view->grid = z->row[i].grid;
		view->first = i;
		view->end = i + 1;
		z->widest = Max(z->widest, view->grid.width);
	}
}

bool
zonal_rasters_next(ZonalRasters *z)
{
	MemoryContext old;
	uint32		room = 16;

	if (!z->ahead)
		return false;
	MemoryContextReset(z->context);
	old = MemoryContextSwitchTo(z->context);
	z->acquired = DatumGetTimestamp(z->slot->tts_values[AT_TIME]);
	z->count = 0;
	z->row = palloc(room * sizeof *z->row);
	do
	{
		CHECK_FOR_INTERRUPTS();
		add_row(z, &room);
	} while (advance(z) && DatumGetTimestamp(z->slot->tts_values[AT_TIME]) == z->acquired);
	group_rows(z);
	MemoryContextSwitchTo(old);
	return true;
}

/* ---- scenes ---- */

static void
open_image(ZonalRasters *z, const ZonalRasterRow *row, ZonalImage *image)
{
	const ZonalOptions *options = z->options;
	Raster		raster = agr_open_raster(fetch_value(z, row->raster));
	int			number = 0;
	int			b;

	image->band = palloc(z->bands * sizeof(RasterBand));
	for (b = 0; b < z->bands; b++)
	{
		number = options->bands > 0 ? options->band[b] : number + 1;
		if (options->bands == 0 && mask_is_band(z) && number == options->mask_band)
			number++;
		image->band[b] = agr_raster_band(&raster, number);
	}
	if (row->mask)
		raster = agr_open_raster(fetch_value(z, row->mask));
	if (options->mask_values > 0)
		image->mask = agr_raster_band(&raster, Max(options->mask_band, 1));
}

static ZonalScene
open_images(ZonalRasters *z, const ZonalView *view)
{
	ZonalScene	scene = {0};
	ErrorContextCallback context = {error_context_stack, say_raster, &z->acquired};
	uint32		i;

	error_context_stack = &context;
	scene.images = view->end - view->first;
	scene.image = palloc0(scene.images * sizeof(ZonalImage));
	for (i = 0; i < scene.images; i++)
		open_image(z, &z->row[view->first + i], &scene.image[i]);
	scene.bands = z->bands;
	scene.has_mask = z->options->mask_values > 0;
	scene.mask_value = z->options->mask_value;
	scene.mask_values = z->options->mask_values;
	scene.value = palloc(2 * z->bands * ZONAL_CHUNK * sizeof(double));
	error_context_stack = context.previous;
	return scene;
}

/* Columns or rows, from the first's corner, that two rasters have in common. */
static bool
common_part(double offset, uint32 count, uint32 other_count, uint32 *from, uint32 *pixels)
{
	double		low = Max(0, offset);
	double		high = Min(count, offset + other_count);

	if (low >= high)
		return false;
	*from = (uint32) low;
	*pixels = (uint32) (high - low);
	return true;
}

/* Marks the pixels of a scene that another view has. */
static void
contest_view(ZonalRasters *z, const ZonalScene *scene, uint32 number, uint32 other_number, bool **elsewhere)
{
	const ZonalGrid *grid = &z->view[number].grid;
	const ZonalGrid *other_grid = &z->view[other_number].grid;
	MemoryContext context,
				old;
	ZonalScene	other;
	double		x,
				y;
	uint32		column,
				columns,
				row,
				rows,
				r;

	grid_offset(grid, other_grid, &x, &y);
	if (!common_part(x, grid->width, other_grid->width, &column, &columns) ||
		!common_part(y, grid->height, other_grid->height, &row, &rows))
		return;
	if (*elsewhere == NULL)
		*elsewhere = MemoryContextAllocExtended(CurrentMemoryContext, (Size) grid->width * grid->height,
												MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	context = AllocSetContextCreate(CurrentMemoryContext, "zonal_means other raster", ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(context);
	other = open_images(z, &z->view[other_number]);
	for (r = row; r < row + rows; r++)
	{
		zonal_contest(scene, r * grid->width + column, &other,
					  (uint32) (r - y) * other_grid->width + (uint32) (column - x),
					  columns, other_number < number, *elsewhere + (Size) r * grid->width + column);
		CHECK_FOR_INTERRUPTS();
	}
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
}

ZonalScene
zonal_open_scene(ZonalRasters *z, uint32 number)
{
	const ZonalGrid *grid = &z->view[number].grid;
	double		reach = z->widest * fabs(grid->scale_x);
	ZonalScene	scene = open_images(z, &z->view[number]);
	bool	   *elsewhere = NULL;
	uint32		i;

	/* Views are in the order of their corners, from west to east. */
	for (i = number; i > 0 && grid->corner_x - z->view[i - 1].grid.corner_x < reach; i--)
		contest_view(z, &scene, number, i - 1, &elsewhere);
	for (i = number + 1; i < z->views && z->view[i].grid.corner_x - grid->corner_x < reach; i++)
		contest_view(z, &scene, number, i, &elsewhere);
	scene.elsewhere = elsewhere;
	return scene;
}
