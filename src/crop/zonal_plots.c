/*
 * zonal_plots.c
 *		The plots of zonal_means, a piece that fits into memory at a time, and the
 *		pixels that they cover.
 */
#include "postgres.h"

#include "agririsk.h"
#include "core/geometry/postgis.h"
#include "core/sql/key.h"
#include "crop/zonal_plots.h"

#include <math.h>

#include "access/detoast.h"
#include "catalog/pg_type.h"
#include "executor/tuptable.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

/* The pixels that a plot covers in a zone. */
typedef struct ZonalCover
{
	uint32		plot;
	ZonalCoverage coverage;
} ZonalCover;

/* What the piece covers of a raster. */
typedef struct ZonalZone
{
	ZonalGrid	grid;			/* the key */
	bool		kept;			/* whether the covers are kept */
	uint32		covers;
	uint32		room;
	ZonalCover *cover;
	Size		bytes;
	MemoryContext context;
} ZonalZone;

/* A raster that is at the plots. */
typedef struct Visit
{
	ZonalPlots *plots;
	Extent		box;
	ZonalZone  *zone;
	ZonalVisit	visit;
	void	   *context;
} Visit;

/* ---- reading rows ---- */

static void
start_rows(QueryReader *reader, TupleDesc row)
{
	ZonalPlots *p = (ZonalPlots *) reader;
	TupleDesc	columns = CreateTemplateTupleDesc(2);
	MemoryContext old = MemoryContextSwitchTo(GetMemoryChunkContext(p));

	p->query_key_type = agr_check_key(reader, row, 0, p->key_type);
	agr_check_geometry(reader, row, 1);
	columns = CreateTemplateTupleDesc(2);
	TupleDescInitEntry(columns, 1, NULL, p->query_key_type, -1, 0);
	TupleDescInitEntry(columns, 2, NULL, BYTEAOID, -1, 0);
	p->slot = MakeSingleTupleTableSlot(columns, &TTSOpsMinimalTuple);
	MemoryContextSwitchTo(old);
}

static void
take_row(QueryReader *reader, const Datum *value, const bool *null)
{
	ZonalPlots *p = (ZonalPlots *) reader;
	struct varlena *geometry;
	Datum		kept[2];
	bool		nulls[2] = {false};
	MemoryContext old;

	CHECK_FOR_INTERRUPTS();
	if (null[0] || null[1])
	{
		p->ignored++;
		return;
	}
	old = MemoryContextSwitchTo(p->scratch);
	geometry = (struct varlena *) DatumGetPointer(value[1]);
	if (VARATT_IS_EXTERNAL(geometry) && !VARATT_IS_EXTERNAL_ONDISK(geometry))
		geometry = detoast_external_attr(geometry);
	kept[0] = value[0];
	kept[1] = PointerGetDatum(geometry);
	tuplestore_putvalues(p->store, p->slot->tts_tupleDescriptor, kept, nulls);
	p->rows++;
	MemoryContextSwitchTo(old);
	MemoryContextReset(p->scratch);
}

static void *
grow_cover(void *heap, void *memory, size_t bytes)
{
	return memory ? repalloc_huge(memory, bytes) : MemoryContextAllocHuge(heap, bytes);
}

ZonalPlots *
zonal_plots_read(const char *query, Oid key_type, Size memory)
{
	ZonalPlots *p = palloc0(sizeof *p);

	p->key_type = key_type;
	p->store = tuplestore_begin_heap(false, false, (int) (memory / 1024));
	p->scratch = AllocSetContextCreate(CurrentMemoryContext, "zonal_means plot", ALLOCSET_DEFAULT_SIZES);
	p->context = AllocSetContextCreate(CurrentMemoryContext, "zonal_means plots", ALLOCSET_DEFAULT_SIZES);
	p->zone_context = AllocSetContextCreate(CurrentMemoryContext, "zonal_means zones", ALLOCSET_DEFAULT_SIZES);
	p->overlap = agr_overlap_scratch(CurrentMemoryContext);
	p->cover.grow = grow_cover;
	p->cover.heap = CurrentMemoryContext;
	p->cover.interrupt = agr_check_interrupts;
	p->reader.argument = "plots";
	p->reader.columns = "key and geometry";
	p->reader.fewest = p->reader.most = 2;
	p->reader.start = start_rows;
	p->reader.take = take_row;
	agr_read_query(&p->reader, query);
	return p;
}

void
zonal_plots_free(ZonalPlots *p)
{
	ExecDropSingleTupleTableSlot(p->slot);
	tuplestore_end(p->store);
}

/* ---- a plot ---- */

typedef struct PlotName
{
	Oid			type;
	Datum		key;
} PlotName;

static void
say_plot(void *argument)
{
	const PlotName *name = argument;
	Oid			output;
	bool		varlena;

	getTypeOutputInfo(name->type, &output, &varlena);
	errcontext("row %s of plots", OidOutputFunctionCall(output, name->key));
}

static void
check_srid(const ZonalPlots *p)
{
	if (p->has_srid && p->geometry.srid != p->srid)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a plot is in another coordinate system than the rasters"),
				 errdetail("The SRID of the plot is %d. The SRID of the rasters is %d.", p->geometry.srid, p->srid),
				 p->geometry.srid == 0 || p->srid == 0 ?
				 errhint("An SRID of 0 is not known. Set the SRID with ST_SetSRID.") :
				 errhint("Transform the plots in their query: ST_Transform(geom, %d).", p->srid)));
}

/* A valid geometry of the same ground, by PostGIS: shells less their holes. */
static Datum
repair(Datum geometry)
{
	Oid			types[] = {agr_geometry_type(), TEXTOID};
	Oid			function = agr_postgis_function("st_makevalid", 2, types);

	return OidFunctionCall2(function, PointerGetDatum(PG_DETOAST_DATUM(geometry)),
							CStringGetTextDatum("method=structure keepcollapsed=false"));
}

/* The shape of a plot, which is the slot's; NULL if it has no area. */
static const Polygonal *
read_plot(ZonalPlots *p, Datum key, Datum geometry)
{
	MemoryContext old = MemoryContextSwitchTo(p->scratch);
	PlotName	name = {p->query_key_type, key};
	ErrorContextCallback context = {error_context_stack, say_plot, &name};
	const Polygonal *shape;

	error_context_stack = &context;
	shape = agr_read_geometry(&p->geometry, geometry, p->context);
	if (shape->points > 0)
		check_srid(p);
	if (!polygonal_is_sound(shape, p->overlap))
	{
		shape = agr_read_geometry(&p->geometry, repair(geometry), p->context);
		p->repaired++;
	}
	error_context_stack = context.previous;
	MemoryContextSwitchTo(old);
	return shape->area > 0 ? shape : NULL;
}

/* ---- the order of plots ---- */

/* A plot and its place on a curve that fills the plane (Morton 1966). */
typedef struct PlacedPlot
{
	uint32		place;
	uint32		number;
} PlacedPlot;

static uint32
spread_bits(double part)
{
	uint32		bits = (uint32) (Max(0, Min(part, 1)) * 65535);

	bits = (bits | bits << 8) & 0x00ff00ff;
	bits = (bits | bits << 4) & 0x0f0f0f0f;
	bits = (bits | bits << 2) & 0x33333333;
	return (bits | bits << 1) & 0x55555555;
}

static int
compare_places(const void *a, const void *b, void *unused)
{
	const PlacedPlot *p = a;
	const PlacedPlot *q = b;

	if (p->place != q->place)
		return p->place < q->place ? -1 : 1;
	return (p->number > q->number) - (p->number < q->number);
}

/* Sorts the plots so that neighbours are together, and sets up the tree over them. */
static void
index_plots(ZonalPlots *p)
{
	PlacedPlot *placed = MemoryContextAllocHuge(CurrentMemoryContext, p->count * sizeof *placed);
	ZonalPlot  *sorted = MemoryContextAllocHuge(CurrentMemoryContext, p->count * sizeof *sorted);
	double		width,
				height;
	uint32		i;

	p->extent = extent_nothing;
	for (i = 0; i < p->count; i++)
	{
		extent_add(&p->extent, p->plot[i].shape->extent.low);
		extent_add(&p->extent, p->plot[i].shape->extent.high);
	}
	/* Plots have an area, and so have all of them. */
	width = p->extent.high.x - p->extent.low.x;
	height = p->extent.high.y - p->extent.low.y;
	for (i = 0; i < p->count; i++)
	{
		Vertex		low = p->plot[i].shape->extent.low;

		placed[i].place = spread_bits((low.x - p->extent.low.x) / width) |
			spread_bits((low.y - p->extent.low.y) / height) << 1;
		placed[i].number = i;
	}
	agr_qsort_interruptible(placed, p->count, sizeof *placed, compare_places, NULL);
	p->tree.node = MemoryContextAllocHuge(p->context, (extent_tree_plan(&p->tree, p->count) + 1) * sizeof(Extent));
	for (i = 0; i < p->count; i++)
	{
		Extent	   *leaf = &p->tree.node[i / POLYGONAL_LEAF];

		sorted[i] = p->plot[placed[i].number];
		if (i % POLYGONAL_LEAF == 0)
			*leaf = extent_nothing;
		extent_add(leaf, sorted[i].shape->extent.low);
		extent_add(leaf, sorted[i].shape->extent.high);
	}
	extent_tree_raise(&p->tree);
	pfree(placed);
	pfree(p->plot);
	p->plot = sorted;
}

/* ---- pieces ---- */

static const Polygonal *
copy_shape(const Polygonal *shape)
{
	size_t		bytes = polygonal_bytes(shape);
	Polygonal  *copy = MemoryContextAllocHuge(CurrentMemoryContext, bytes);

	memcpy(copy, shape, bytes);
	polygonal_settle(copy);
	return copy;
}

static void
forget_zones(ZonalPlots *p)
{
	HASHCTL		control = {0};

	MemoryContextReset(p->zone_context);
	p->zone_bytes = 0;
	control.keysize = sizeof(ZonalGrid);
	control.entrysize = sizeof(ZonalZone);
	control.hcxt = p->zone_context;
	p->zone = hash_create("zonal_means zones", 64, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

/* With what index_plots() and the sums will take. */
static Size
piece_bytes(const ZonalPlots *p)
{
	return MemoryContextMemAllocated(p->context, false) +
		p->count * (sizeof(ZonalPlot) + sizeof(PlacedPlot) + p->bands * sizeof(double));
}

bool
zonal_plots_load(ZonalPlots *p, Size memory)
{
	MemoryContext old = MemoryContextSwitchTo(p->context);
	uint32		room = 64;

	/* What the slots hold lies in the context as well. */
	ExecClearTuple(p->slot);
	MemoryContextReset(p->context);
	memset(&p->geometry, 0, sizeof p->geometry);
	forget_zones(p);
	p->memory = memory;
	p->count = 0;
	p->plot = palloc(room * sizeof *p->plot);
	while ((p->count == 0 || piece_bytes(p) < memory) &&
		   tuplestore_gettupleslot(p->store, true, false, p->slot))
	{
		const Polygonal *shape;

		CHECK_FOR_INTERRUPTS();
		slot_getallattrs(p->slot);
		shape = read_plot(p, p->slot->tts_values[0], p->slot->tts_values[1]);
		MemoryContextReset(p->scratch);
		if (shape == NULL)
		{
			p->ignored++;
			continue;
		}
		if (p->count == room)
		{
			room *= 2;
			p->plot = repalloc_huge(p->plot, room * sizeof *p->plot);
		}
		memset(&p->plot[p->count], 0, sizeof *p->plot);
		p->plot[p->count].key = datumCopy(p->slot->tts_values[0], get_typbyval(p->query_key_type), get_typlen(p->query_key_type));
		p->plot[p->count++].shape = copy_shape(shape);
	}
	if (p->count > 0)
	{
		index_plots(p);
		p->sum = MemoryContextAllocHuge(p->context, ((Size) p->count * p->bands + 1) * sizeof(double));
	}
	MemoryContextSwitchTo(old);
	return p->count > 0;
}

void
zonal_plots_leave(ZonalPlots *p)
{
	uint32		i;

	for (i = 0; i < p->count; i++)
		p->outside += !p->plot[i].met;
}

/* ---- zones ---- */

static bool
extents_meet(const Extent *a, const Extent *b)
{
	return a->low.x <= b->high.x && b->low.x <= a->high.x && a->low.y <= b->high.y && b->low.y <= a->high.y;
}

static void *
copy_array(const void *from, Size bytes)
{
	return memcpy(MemoryContextAllocHuge(CurrentMemoryContext, bytes + 1), from, bytes);
}

/* Keeps what a plot covers, unless the zone does not fit; then all of the zone is given up. */
static void
keep_cover(Visit *v, uint32 plot)
{
	const ZonalCoverage *coverage = &v->plots->cover.coverage;
	ZonalZone  *zone = v->zone;
	Size		bytes = 2 * sizeof(ZonalCover) + coverage->runs * sizeof(ZonalRun) + coverage->shares * sizeof(double);
	MemoryContext old;
	ZonalCover *cover;

	if (!zone->kept)
		return;
	if (v->plots->zone_bytes + bytes > v->plots->memory)
	{
		zone->kept = false;
		v->plots->zone_bytes -= zone->bytes;
		MemoryContextDelete(zone->context);
		return;
	}
	zone->bytes += bytes;
	v->plots->zone_bytes += bytes;
	old = MemoryContextSwitchTo(zone->context);
	if (zone->covers == zone->room)
	{
		zone->room = Max(16, 2 * zone->room);
		zone->cover = zone->cover ? repalloc_huge(zone->cover, zone->room * sizeof *cover) :
			palloc(zone->room * sizeof *cover);
	}
	cover = &zone->cover[zone->covers++];
	cover->plot = plot;
	cover->coverage = *coverage;
	cover->coverage.run = copy_array(coverage->run, coverage->runs * sizeof(ZonalRun));
	if (coverage->shares > 0)
		cover->coverage.share = copy_array(coverage->share, coverage->shares * sizeof(double));
	MemoryContextSwitchTo(old);
}

static void
visit_plot(Visit *v, uint32 plot)
{
	ZonalPlots *p = v->plots;

	CHECK_FOR_INTERRUPTS();
	zonal_cover(p->plot[plot].shape, &v->zone->grid, &p->cover);
	if (p->cover.coverage.runs == 0)
		return;
	p->plot[plot].met = true;
	keep_cover(v, plot);
	v->visit(v->context, plot, &p->cover.coverage);
}

/* Visits the plots below a node of the tree that the box meets. */
static void
visit_below(Visit *v, uint32 level, uint32 node)
{
	const ExtentTree *tree = &v->plots->tree;
	uint32		i;

	if (!extents_meet(&v->box, &tree->node[tree->first[level] + node]))
		return;
	if (level == 0)
	{
		for (i = node * POLYGONAL_LEAF; i < Min((node + 1) * POLYGONAL_LEAF, v->plots->count); i++)
			if (extents_meet(&v->box, &v->plots->plot[i].shape->extent))
				visit_plot(v, i);
		return;
	}
	for (i = node * POLYGONAL_FAN;
		 i < Min((node + 1) * POLYGONAL_FAN, tree->first[level] - tree->first[level - 1]); i++)
		visit_below(v, level - 1, i);
}

static Extent
grid_extent(const ZonalGrid *grid)
{
	Extent		box = extent_nothing;
	Vertex		corner = {grid->corner_x, grid->corner_y};
	Vertex		opposite = {grid->corner_x + grid->width * grid->scale_x, grid->corner_y + grid->height * grid->scale_y};

	extent_add(&box, corner);
	extent_add(&box, opposite);
	return box;
}

/* A zone for the grid, which is not known yet. */
static ZonalZone *
begin_zone(ZonalPlots *p, const ZonalGrid *grid)
{
	bool		found;
	ZonalZone  *zone = hash_search(p->zone, grid, HASH_ENTER, &found);

	zone->kept = true;
	zone->covers = zone->room = 0;
	zone->bytes = 0;
	zone->cover = NULL;
	zone->context = AllocSetContextCreate(p->zone_context, "zonal_means zone", ALLOCSET_SMALL_SIZES);
	return zone;
}

void
zonal_plots_visit(ZonalPlots *p, const ZonalGrid *grid, ZonalVisit visit, void *context)
{
	uint32		top = p->tree.levels - 1;
	uint32		nodes = p->tree.first[top + 1] - p->tree.first[top];
	Visit		v = {p, grid_extent(grid), NULL, visit, context};
	uint32		i;

	v.zone = hash_search(p->zone, grid, HASH_FIND, NULL);
	if (v.zone && v.zone->kept)
	{
		for (i = 0; i < v.zone->covers; i++)
			visit(context, v.zone->cover[i].plot, &v.zone->cover[i].coverage);
		return;
	}
	if (!extents_meet(&v.box, &p->extent))
		return;
	if (v.zone == NULL)
		v.zone = begin_zone(p, grid);
	for (i = 0; i < nodes; i++)
		visit_below(&v, top, i);
}
