/*
 * overlap_join.c
 *		The overlaps of two layers of polygons, in bounded memory.
 *
 * Both layers are read once, as prepared polygons. If they fit into work_mem
 * they are joined where they lie. If not, they are spread over tiles, each
 * polygon into every tile it reaches, and a tile that is still too large over
 * tiles of its own. A pair belongs to the tile in which the common part of the
 * two boxes begins, and so is found once. Where tiles do not help, because the
 * polygons all lie on each other, a tile is joined in pieces that fit.
 */
#include "postgres.h"

#include "agririsk.h"
#include "core/geometry/postgis.h"
#include "core/sql/query.h"
#include "core/sql/record.h"
#include "land/layer.h"

#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#define MAX_DEPTH		6

/* Tiles that hold everything this many times over do not come apart. */
#define MAX_COPIES		4

/* A tile and those it is in. */
typedef struct Tile
{
	const struct Tile *outer;
	const BoxGrid *grid;
	int			column;
	int			row;
} Tile;

/* Rows spread over a grid; the partitions of tile t are t * sides + side. */
typedef struct Tiles
{
	Layers		layers;
	BoxGrid		grid;
} Tiles;

typedef struct LayerJoin
{
	QueryReader reader;
	LayerStore *store;
	int			sides;			/* 1: a layer with itself */
	Oid			key_type;
	double		min_area;
	double		min_share;

	/* Reading. */
	int			side;
	Oid			query_key_type;
	Tiles		all;
	int64		ignored[2];

	/* Joining. */
	const Tile *tile;			/* NULL: everything */
	Tuplestorestate *result;
	TupleDesc	result_row;
} LayerJoin;

/* ---- receiving rows ---- */

static void
start_rows(QueryReader *reader, TupleDesc row)
{
	LayerJoin  *j = (LayerJoin *) reader;

	j->query_key_type = agr_check_key(reader, row, 0, j->key_type);
	agr_check_geometry(reader, row, 1);
}

static void
take_row(QueryReader *reader, const Datum *value, const bool *null)
{
	LayerJoin  *j = (LayerJoin *) reader;
	const Polygonal *shape;
	LayerKey	key;
	MemoryContext old;

	layer_next_row(j->store);
	if (null[0] || null[1])
	{
		j->ignored[j->side]++;
		return;
	}
	shape = layer_read_shape(j->store, reader, j->query_key_type, value[0], value[1]);
	if (shape->points == 0)
		return;
	old = MemoryContextSwitchTo(j->store->scratch);
	key = layer_get_key(j->query_key_type, value[0]);
	layer_append(j->store, &j->all.layers, j->side, shape, layer_key_bytes(&key), key.length);
	MemoryContextSwitchTo(old);
}

static void
read_layer(LayerJoin *j, int side, const char *query)
{
	j->side = side;
	j->reader.argument = j->sides == 1 ? "query" : side == 0 ? "left_query" : "right_query";
	j->reader.columns = "key and geometry";
	j->reader.fewest = j->reader.most = 2;
	j->reader.start = start_rows;
	j->reader.take = take_row;
	agr_read_query(&j->reader, query);
}

static void
report_ignored(const LayerJoin *j)
{
	int64		ignored = j->ignored[0] + j->ignored[1];

	if (ignored == 0)
		return;
	ereport(NOTICE,
			(errmsg("%s left out %lld rows without key or geometry", j->store->function, (long long) ignored),
			 j->sides == 1 ? 0 : errdetail("There are %lld such rows in left_query and %lld in right_query.",
										   (long long) j->ignored[0], (long long) j->ignored[1])));
}

/* ---- putting out pairs ---- */

static LayerKey
key_of(const LayerJoin *j, const LayerRow *row)
{
	return layer_stored_key(j->key_type, layer_row_label(row), row->label_bytes);
}

static int
compare_rows(const LayerJoin *j, const LayerRow *a, const LayerRow *b)
{
	LayerKey	key = key_of(j, a);
	LayerKey	other = key_of(j, b);
	double		area = layer_row_shape(a)->area;
	double		other_area = layer_row_shape(b)->area;
	int			order = layer_compare_keys(&key, &other);

	/* Two rows of one key: also in an order, for the same result whatever came first. */
	if (order == 0)
		order = (area > other_area) - (area < other_area);
	return order != 0 ? order : polygonal_compare(layer_row_shape(a), layer_row_shape(b));
}

static void
put_pair(LayerJoin *j, LayerRow *left, LayerRow *right, double area)
{
	MemoryContext old = MemoryContextSwitchTo(j->store->scratch);
	bool		nulls[7] = {false};
	Datum		values[7];

	if (j->sides == 1 && compare_rows(j, left, right) > 0)
	{
		LayerRow   *t = left;

		left = right;
		right = t;
	}
	values[0] = layer_key_datum(j->key_type, key_of(j, left));
	values[1] = layer_key_datum(j->key_type, key_of(j, right));
	values[2] = Float8GetDatum(area);
	values[3] = Float8GetDatum(layer_row_area(j->store, left));
	values[4] = Float8GetDatum(layer_row_area(j->store, right));
	values[5] = BoolGetDatum(left->sound);
	values[6] = BoolGetDatum(right->sound);
	tuplestore_putvalues(j->result, j->result_row, values, nulls);
	MemoryContextSwitchTo(old);
	if (!agr_is_integer(j->key_type))
		MemoryContextReset(j->store->scratch);
}

/* Whether the pair whose common part begins here is this tile's. */
static bool
is_ours(const Tile *tile, Vertex corner)
{
	for (; tile; tile = tile->outer)
		if (box_grid_column(tile->grid, corner.x) != tile->column ||
			box_grid_row(tile->grid, corner.y) != tile->row)
			return false;
	return true;
}

static void
meet_rows(void *context, const BoxItem *l, const BoxItem *r)
{
	LayerJoin  *j = context;
	LayerRow   *left = l->what;
	LayerRow   *right = r->what;
	Vertex		corner = {Max(l->box.low.x, r->box.low.x), Max(l->box.low.y, r->box.low.y)};
	double		area,
				smaller;

	CHECK_FOR_INTERRUPTS();
	if (!is_ours(j->tile, corner))
		return;
	if (j->store->pairs++ % 16384 == 16383)
		layer_report_progress(j->store);
	area = layer_common_area(j->store, left, right);
	if (!(area > j->min_area))
		return;
	smaller = Min(layer_row_area(j->store, left), layer_row_area(j->store, right));
	if (area > j->min_share * smaller)
		put_pair(j, left, right, area);
}

/* ---- tiles ---- */

static void
continue_reading(SpillReader *reader, const SpillReader *from)
{
	*reader = *from;
	if (from->block == &from->copy)
		reader->block = &reader->copy;
}

/* Every piece of one side with every piece of the other; mostly there is one. */
static void
join_tile(LayerJoin *j, Spill *spill, int tile)
{
	Size		limit = j->store->memory / 4;
	LayerPiece	left = layer_piece_create();
	LayerPiece	right = layer_piece_create();
	SpillReader outer,
				inner;

	spill_read(spill, tile * j->sides, &outer);
	while (outer.block)
	{
		layer_piece_load(j->store, &outer, &left, limit);
		if (j->sides == 1)
		{
			box_join(left.item, left.count, NULL, 0, meet_rows, j);
			continue_reading(&inner, &outer);
		}
		else
			spill_read(spill, tile * j->sides + 1, &inner);
		while (inner.block)
		{
			layer_piece_load(j->store, &inner, &right, limit);
			box_join(left.item, left.count, right.item, right.count, meet_rows, j);
		}
	}
	layer_piece_free(&left);
	layer_piece_free(&right);
}

static int64
tile_bytes(const LayerJoin *j, const Layers *layers, int tile)
{
	return layers->bytes[tile * j->sides] +
		(j->sides == 1 ? 0 : layers->bytes[tile * j->sides + 1]);
}

static void
spread_row(LayerJoin *j, Tiles *finer, const LayerRow *row, int side)
{
	const BoxGrid *grid = &finer->grid;
	const Extent *box = layer_stored_extent(row);
	int			first = box_grid_column(grid, box->low.x);
	int			last = box_grid_column(grid, box->high.x);
	int			top = box_grid_row(grid, box->high.y);
	int			r,
				c;

	for (r = box_grid_row(grid, box->low.y); r <= top; r++)
		for (c = first; c <= last; c++)
			layer_append_stored(&finer->layers, (r * grid->columns + c) * j->sides + side, row);
}

/* Spreads a tile over finer ones; false if that does not take it apart. */
static bool
spread_tile(LayerJoin *j, const Layers *layers, int tile, const Extent *region, Tiles *finer)
{
	int64		bytes = tile_bytes(j, layers, tile);
	SpillReader reader;
	int			side;

	layer_lay_tiles(j->store, &finer->grid, region, bytes, j->sides);
	finer->layers = layers_create(finer->grid.columns * finer->grid.rows * j->sides, j->store->memory / 4);
	for (side = 0; side < j->sides; side++)
		for (spill_read(layers->spill, tile * j->sides + side, &reader); reader.block; spill_next(&reader))
		{
			const char *at = reader.block->data;
			const char *end = at + reader.block->used;

			for (; at < end; at += layer_stored_size((const LayerRow *) at))
				spread_row(j, finer, (const LayerRow *) at, side);
			layer_report_progress(j->store);
			if (finer->layers.all > MAX_COPIES * bytes)
			{
				layers_free(&finer->layers);
				return false;
			}
		}
	return true;
}

static void
finish_tile(LayerJoin *j, const Layers *layers, int tile, const Extent *region, int depth)
{
	const Tile *outer = j->tile;
	int64		bytes = tile_bytes(j, layers, tile);
	Size		limit = layers->spill->file ? j->store->memory / 2 : j->store->memory;
	Tiles		finer;
	Tile		inner = {outer, &finer.grid};

	if (layers->bytes[tile * j->sides] == 0 || layers->bytes[(tile + 1) * j->sides - 1] == 0)
		return;
	if (bytes <= limit || depth == MAX_DEPTH || !spread_tile(j, layers, tile, region, &finer))
	{
		join_tile(j, layers->spill, tile);
		return;
	}
	for (inner.row = 0; inner.row < finer.grid.rows; inner.row++)
		for (inner.column = 0; inner.column < finer.grid.columns; inner.column++)
		{
			double		width = (region->high.x - region->low.x) / finer.grid.columns;
			double		height = (region->high.y - region->low.y) / finer.grid.rows;
			Extent		part = {{region->low.x + inner.column * width, region->low.y + inner.row * height}};

			part.high.x = part.low.x + width;
			part.high.y = part.low.y + height;
			j->tile = &inner;
			finish_tile(j, &finer.layers, inner.row * finer.grid.columns + inner.column, &part, depth + 1);
		}
	j->tile = outer;
	layers_free(&finer.layers);
}

/* ---- the functions ---- */

static double
threshold(FunctionCallInfo fcinfo, int argument, const char *name, double most)
{
	double		value = PG_GETARG_FLOAT8(argument);

	if (!(value >= 0 && value <= most))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s is out of range", name),
				 errdetail("%s is %g.", name, value),
				 most == 1 ? errhint("Give a share of the smaller polygon, from 0 to 1.") :
				 errhint("Give an area of 0 or more, in squared units of the SRID.")));
	return value;
}

/* Arguments: the queries, key_type, min_area, min_share. */
static Datum
join_layers(FunctionCallInfo fcinfo, const char *function, int sides)
{
	int			options = sides + 1;
	MemoryContext old;
	LayerJoin	j = {0};
	int			i;

	j.sides = sides;
	j.key_type = agr_key_type(fcinfo, sides, function);

	/* The other three quarters are what spreading and joining take at most. */
	j.result = agr_begin_rows(fcinfo, work_mem / 4, &j.result_row);
	agr_require_argument(fcinfo, 0, sides == 1 ? "query" : "left_query");
	if (sides == 2)
		agr_require_argument(fcinfo, 1, "right_query");
	agr_require_argument(fcinfo, options, "min_area");
	agr_require_argument(fcinfo, options + 1, "min_share");
	j.min_area = threshold(fcinfo, options, "min_area", INFINITY);
	j.min_share = threshold(fcinfo, options + 1, "min_share", 1);

	j.store = layer_store_create(function);
	old = MemoryContextSwitchTo(j.store->context);
	/* The other half is for what stands beside the rows when they are joined in memory. */
	j.all.layers = layers_create(sides, j.store->memory / 2);
	for (i = 0; i < sides; i++)
		read_layer(&j, i, text_to_cstring(PG_GETARG_TEXT_PP(i)));
	report_ignored(&j);
	layer_warn_of_degrees(j.store);
	finish_tile(&j, &j.all.layers, 0, &j.store->extent, 0);
	layers_free(&j.all.layers);
	MemoryContextSwitchTo(old);
	layer_store_free(j.store);
	return (Datum) 0;
}

AGR_FUNCTION(agririsk_overlap_join);
Datum
agririsk_overlap_join(PG_FUNCTION_ARGS)
{
	return join_layers(fcinfo, "overlap_join", 2);
}

AGR_FUNCTION(agririsk_overlap_self_join);
Datum
agririsk_overlap_self_join(PG_FUNCTION_ARGS)
{
	return join_layers(fcinfo, "overlap_self_join", 1);
}
