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
#include "core/spill.h"
#include "land/box_join.h"
#include "land/geometry.h"
#include "land/postgis.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "storage/buffile.h"
#include "tcop/dest.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

/* More would gain nothing. */
#define MAX_MEMORY		((Size) 16 << 30)
#define MAX_PARTITIONS	256
#define MAX_DEPTH		6

/* Tiles that hold everything so many times over do not come apart. */
#define MAX_COPIES		4

#define PROGRESS_MS		5000

typedef enum Soundness
{
	NOT_ASKED,
	SOUND,
	UNSOUND
} Soundness;

/*
 * One row of a query, which is followed by its polygonal and, if keys are text,
 * the key. What is longer than a partition takes is far, in a file of its own,
 * and a FarRow stands for it.
 */
typedef struct Row
{
	int64		key;
	uint32		name_length;
	uint32		shape_bytes;
	bool		far;
	uint8		soundness;
} Row;

typedef struct FarRow
{
	Row			row;
	Extent		extent;
	off_t		offset;
	int			file;
} FarRow;

/* Rows spread over tiles; the partitions of tile t are t * sides + side. */
typedef struct Layers
{
	Spill	   *spill;
	int64	   *bytes;			/* in each partition, with what is far */
	BoxGrid		grid;			/* the tiles; one if there is none above */
} Layers;

/* A tile and those it is in. */
typedef struct Tile
{
	const struct Tile *outer;
	const BoxGrid *grid;
	int			column;
	int			row;
	Extent		region;
	int			depth;
} Tile;

/* Rows in memory. */
typedef struct Piece
{
	MemoryContext context;
	BoxItem    *item;
	uint32		count;
	uint32		room;
} Piece;

typedef struct LayerJoin
{
	DestReceiver receiver;
	const char *function;
	int			sides;			/* 1: a layer with itself */
	bool		named;			/* keys are text */
	double		min_area;
	double		min_share;
	Size		memory;
	MemoryContext scratch;		/* for a few rows */

	/* Reading. */
	int			side;
	bool		started;
	Oid			query_key_type;
	bool		has_srid;
	int32		srid;
	GeometrySlot slot;
	MemoryContext slot_context;
	Layers		all;
	Extent		extent;
	BufFile    *far;
	int64		rows;
	int64		ignored[2];

	/* Joining. */
	OverlapScratch *overlap;
	const Tile *tile;			/* NULL: everything */
	int64		pairs;
	TimestampTz said;
	Tuplestorestate *result;
	TupleDesc	result_row;
} LayerJoin;

static void
report_progress(LayerJoin *j)
{
	TimestampTz now;

	if (!agr_progress)
		return;
	now = GetCurrentTimestamp();
	if (!TimestampDifferenceExceeds(j->said, now, PROGRESS_MS))
		return;
	j->said = now;
	ereport(NOTICE,
			(errmsg("%s has read %lld polygons and compared %lld pairs",
					j->function, (long long) j->rows, (long long) j->pairs)));
}

static const char *
query_name(const LayerJoin *j)
{
	return j->sides == 1 ? "query" : j->side == 0 ? "left_query" : "right_query";
}

/* ---- rows and where they are ---- */

static Polygonal *
shape_of(const Row *row)
{
	return (Polygonal *) (row + 1);
}

static const char *
name_of(const Row *row)
{
	return (const char *) (row + 1) + row->shape_bytes;
}

static Size
row_size(const Row *row)
{
	return MAXALIGN(sizeof(Row) + row->shape_bytes + row->name_length);
}

static Size
stored_size(const Row *row)
{
	return row->far ? MAXALIGN(sizeof(FarRow)) : row_size(row);
}

static const Extent *
extent_of(const Row *row)
{
	return row->far ? &((const FarRow *) row)->extent : &shape_of(row)->extent;
}

static Layers
create_layers(int partitions, Size memory)
{
	Layers		layers = {0};

	layers.spill = spill_create(partitions, memory);
	layers.bytes = MemoryContextAllocZero(layers.spill->context, partitions * sizeof(int64));
	return layers;
}

/* Room for a row of what is stored of it. */
static void *
append_row(Layers *layers, int partition, const Row *row)
{
	layers->bytes[partition] += row_size(row);
	return spill_append(layers->spill, partition, stored_size(row));
}

/* ---- receiving rows ---- */

static bool
is_integer(Oid type)
{
	return type == INT2OID || type == INT4OID || type == INT8OID;
}

static void
start_rows(DestReceiver *self, int operation, TupleDesc row)
{
	LayerJoin  *j = (LayerJoin *) self;

	if (j->started)
		ereport(ERROR,
				(errcode(ERRCODE_SYNTAX_ERROR),
				 errmsg("%s must be one query", query_name(j)),
				 errdetail("The text holds several."),
				 errhint("Give one SELECT of key and geometry.")));
	j->started = true;
	if (row->natts != 2)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("%s must have two columns", query_name(j)),
				 errdetail("The query returns %d.", row->natts),
				 errhint("Select key and geometry, in this order.")));
	j->query_key_type = getBaseType(TupleDescAttr(row, 0)->atttypid);
	if (j->named ? j->query_key_type != TEXTOID && j->query_key_type != VARCHAROID :
		!is_integer(j->query_key_type))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("key of %s is not of the wanted type", query_name(j)),
				 errdetail("The query's key is %s, key_type is %s.",
						   format_type_be(j->query_key_type), j->named ? "text" : "bigint"),
				 j->named ? errhint("Cast the key to text in the query.") :
				 errhint("Cast the key to text in the query, and give key_type => null::text.")));
	if (getBaseType(TupleDescAttr(row, 1)->atttypid) != agr_geometry_type())
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("second column of %s must be a geometry", query_name(j)),
				 errdetail("It is %s.", format_type_be(TupleDescAttr(row, 1)->atttypid)),
				 errhint("Select key and geometry, in this order.")));
}

static void
check_srid(LayerJoin *j, int32 srid)
{
	if (j->has_srid && srid == j->srid)
		return;
	agr_require_planar(j->has_srid ? j->srid : srid, srid);
	j->has_srid = true;
	j->srid = srid;
}

static void
store_far(LayerJoin *j, const Row *row, const Polygonal *shape, const char *name)
{
	MemoryContext old = MemoryContextSwitchTo(j->slot_context);
	FarRow		stub = {*row};

	stub.row.far = true;
	stub.extent = shape->extent;
	if (j->far == NULL)
		j->far = BufFileCreateTemp(false);
	BufFileTell(j->far, &stub.file, &stub.offset);
	BufFileWrite(j->far, unconstify(Row *, row), sizeof(Row));
	BufFileWrite(j->far, unconstify(Polygonal *, shape), row->shape_bytes);
	BufFileWrite(j->far, unconstify(char *, name), row->name_length);
	memcpy(append_row(&j->all, j->side, &stub.row), &stub, sizeof stub);
	MemoryContextSwitchTo(old);
}

static void
store_row(LayerJoin *j, Datum key, const Polygonal *shape)
{
	Row			row = {0};
	const char *name = "";

	if (j->named)
	{
		struct varlena *text = PG_DETOAST_DATUM_PACKED(key);

		name = VARDATA_ANY(text);
		row.name_length = VARSIZE_ANY_EXHDR(text);
	}
	else
		row.key = j->query_key_type == INT8OID ? DatumGetInt64(key) :
			j->query_key_type == INT4OID ? DatumGetInt32(key) : DatumGetInt16(key);
	row.shape_bytes = polygonal_bytes(shape);
	extent_add(&j->extent, shape->extent.low);
	extent_add(&j->extent, shape->extent.high);
	if (row_size(&row) > SPILL_MAX_RECORD)
		store_far(j, &row, shape, name);
	else
	{
		char	   *place = append_row(&j->all, j->side, &row);

		memcpy(place, &row, sizeof row);
		memcpy(place + sizeof row, shape, row.shape_bytes);
		memcpy(place + sizeof row + row.shape_bytes, name, row.name_length);
	}
}

static bool
receive_row(TupleTableSlot *slot, DestReceiver *self)
{
	LayerJoin  *j = (LayerJoin *) self;
	const Polygonal *shape;
	MemoryContext old;

	slot_getallattrs(slot);
	if (slot->tts_isnull[0] || slot->tts_isnull[1])
	{
		j->ignored[j->side]++;
		return true;
	}
	old = MemoryContextSwitchTo(j->scratch);
	shape = agr_read_geometry(&j->slot, slot->tts_values[1], j->slot_context);
	check_srid(j, j->slot.srid);
	if (shape->points > 0)
		store_row(j, slot->tts_values[0], shape);
	MemoryContextSwitchTo(old);
	if (j->rows++ % 128 == 127)
	{
		MemoryContextReset(j->scratch);
		report_progress(j);
	}
	return true;
}

static void
ignore_receiver(DestReceiver *self)
{
}

static void
read_layer(LayerJoin *j, int side, const char *query)
{
	SPIExecuteOptions options = {0};
	int			result;

	j->side = side;
	j->started = false;
	j->receiver.receiveSlot = receive_row;
	j->receiver.rStartup = start_rows;
	j->receiver.rShutdown = ignore_receiver;
	j->receiver.rDestroy = ignore_receiver;
	j->receiver.mydest = DestNone;
	SPI_connect();
	options.read_only = true;
	options.must_return_tuples = true;
	options.dest = &j->receiver;
	result = SPI_execute_extended(query, &options);
	if (result < 0)
		ereport(ERROR,
				(errcode(ERRCODE_SYNTAX_ERROR),
				 errmsg("%s must be a query", query_name(j)),
				 errdetail("Running it gives %s.", SPI_result_code_string(result)),
				 errhint("Give one SELECT of key and geometry.")));
	SPI_finish();
}

static void
report_ignored(const LayerJoin *j)
{
	int64		ignored = j->ignored[0] + j->ignored[1];

	if (ignored == 0)
		return;
	ereport(NOTICE,
			(errmsg("%s ignored %lld rows without key or geometry", j->function, (long long) ignored),
			 j->sides == 1 ? 0 : errdetail("%lld of left_query, %lld of right_query.",
										   (long long) j->ignored[0], (long long) j->ignored[1])));
}

/* ---- putting out pairs ---- */

static int
compare_rows(const LayerJoin *j, const Row *a, const Row *b)
{
	int			order;

	if (!j->named)
		order = (a->key > b->key) - (a->key < b->key);
	else
	{
		order = memcmp(name_of(a), name_of(b), Min(a->name_length, b->name_length));
		if (order == 0)
			order = (a->name_length > b->name_length) - (a->name_length < b->name_length);
	}
	if (order != 0)
		return order;
	/* Two rows of one key: also in an order, for the same result whatever came first. */
	return (shape_of(a)->area > shape_of(b)->area) - (shape_of(a)->area < shape_of(b)->area);
}

static bool
is_sound(LayerJoin *j, Row *row)
{
	if (row->soundness == NOT_ASKED)
		row->soundness = polygonal_is_sound(shape_of(row), j->overlap) ? SOUND : UNSOUND;
	return row->soundness == SOUND;
}

static Datum
key_datum(const LayerJoin *j, const Row *row)
{
	return j->named ? PointerGetDatum(cstring_to_text_with_len(name_of(row), row->name_length)) :
		Int64GetDatum(row->key);
}

static void
put_pair(LayerJoin *j, Row *left, Row *right, double area)
{
	MemoryContext old = MemoryContextSwitchTo(j->scratch);
	bool		nulls[7] = {false};
	Datum		values[7];

	if (j->sides == 1 && compare_rows(j, left, right) > 0)
	{
		Row		   *t = left;

		left = right;
		right = t;
	}
	values[0] = key_datum(j, left);
	values[1] = key_datum(j, right);
	values[2] = Float8GetDatum(area);
	values[3] = Float8GetDatum(shape_of(left)->area);
	values[4] = Float8GetDatum(shape_of(right)->area);
	values[5] = BoolGetDatum(is_sound(j, left));
	values[6] = BoolGetDatum(is_sound(j, right));
	tuplestore_putvalues(j->result, j->result_row, values, nulls);
	MemoryContextSwitchTo(old);
	if (j->named)
		MemoryContextReset(j->scratch);
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
	Row		   *left = l->what;
	Row		   *right = r->what;
	Vertex		corner = {Max(l->box.low.x, r->box.low.x), Max(l->box.low.y, r->box.low.y)};
	double		area,
				smaller;

	CHECK_FOR_INTERRUPTS();
	if (!is_ours(j->tile, corner))
		return;
	if (j->pairs++ % 16384 == 16383)
		report_progress(j);
	area = overlap_integral(shape_of(left), shape_of(right), j->overlap);
	smaller = Min(fabs(shape_of(left)->area), fabs(shape_of(right)->area));

	/* Negative where invalid polygons wind ground backwards: not to be lost. */
	if (fabs(area) > j->min_area && fabs(area) > j->min_share * smaller)
		put_pair(j, left, right, area);
}

/* ---- tiles ---- */

static void
add_item(Piece *piece, Row *row)
{
	if (piece->count == piece->room)
	{
		piece->room = Max(2 * piece->room, 64);
		piece->item = repalloc_huge(piece->item, piece->room * sizeof(BoxItem));
	}
	polygonal_settle(shape_of(row));
	piece->item[piece->count].box = shape_of(row)->extent;
	piece->item[piece->count++].what = row;
}

static Row *
fetch_far(LayerJoin *j, const FarRow *stub)
{
	Size		size = row_size(&stub->row);
	Row		   *row = MemoryContextAllocHuge(CurrentMemoryContext, size);

	size = sizeof(Row) + stub->row.shape_bytes + stub->row.name_length;
	if (BufFileSeek(j->far, stub->file, stub->offset, SEEK_SET) != 0 ||
		BufFileRead(j->far, row, size) != size)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not read temporary file: %m"),
				 errdetail("%zu bytes of a polygon.", size),
				 errhint("Look at the disk that holds temporary files.")));
	return row;
}

/*
 * Reads on in a partition until so many bytes are taken. Blocks that lie in
 * memory anyway are used where they are.
 */
static void
load_piece(LayerJoin *j, SpillReader *reader, Piece *piece, Size limit)
{
	MemoryContext old = MemoryContextSwitchTo(piece->context);
	Size		taken = 0;

	MemoryContextReset(piece->context);
	piece->count = 0;
	piece->room = 64;
	piece->item = palloc(piece->room * sizeof(BoxItem));
	while (reader->block && taken <= limit)
	{
		char	   *at = reader->block->data;
		char	   *end = at + reader->block->used;

		if (reader->block == &reader->copy)
		{
			at = memcpy(palloc(end - at + 1), at, end - at);
			end = at + reader->block->used;
			taken += end - at;
		}
		for (; at < end; at += stored_size((Row *) at))
		{
			Row		   *row = (Row *) at;

			if (row->far)
			{
				taken += row_size(row);
				add_item(piece, fetch_far(j, (FarRow *) row));
			}
			else
				add_item(piece, row);
		}
		spill_next(reader);
	}
	MemoryContextSwitchTo(old);
}

static Piece
create_piece(void)
{
	Piece		piece = {0};

	piece.context = AllocSetContextCreate(CurrentMemoryContext, "overlap_join piece",
										  ALLOCSET_DEFAULT_SIZES);
	return piece;
}

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
	Size		limit = j->memory / 4;
	Piece		left = create_piece();
	Piece		right = create_piece();
	SpillReader outer,
				inner;

	spill_read(spill, tile * j->sides, &outer);
	while (outer.block)
	{
		load_piece(j, &outer, &left, limit);
		if (j->sides == 1)
		{
			box_join(left.item, left.count, NULL, 0, meet_rows, j);
			continue_reading(&inner, &outer);
		}
		else
			spill_read(spill, tile * j->sides + 1, &inner);
		while (inner.block)
		{
			load_piece(j, &inner, &right, limit);
			box_join(left.item, left.count, right.item, right.count, meet_rows, j);
		}
	}
	MemoryContextDelete(left.context);
	MemoryContextDelete(right.context);
}

static int64
tile_bytes(const LayerJoin *j, const Layers *layers, int tile)
{
	return layers->bytes[tile * j->sides] +
		(j->sides == 1 ? 0 : layers->bytes[tile * j->sides + 1]);
}

/* Tiles about as high as wide, as many as memory has blocks for and the bytes need. */
static void
lay_tiles(const LayerJoin *j, BoxGrid *grid, const Extent *region, int64 bytes)
{
	double		width = region->high.x - region->low.x;
	double		height = region->high.y - region->low.y;
	Size		blocks = Min(j->memory / 4 / SPILL_BLOCK, MAX_PARTITIONS);
	int			most = Max(4, (int) blocks / j->sides);
	int			wanted = Max(4, (int) Min(most, bytes / (int64) (j->memory / 4) + 1));
	double		columns = height > 0 ? sqrt(wanted * (width / height)) : wanted;

	columns = Max(1, Min(columns, wanted));
	box_grid_lay(grid, region, (int) columns, wanted / (int) columns);
}

static void
spread_row(LayerJoin *j, Layers *finer, const Row *row, int side)
{
	const BoxGrid *grid = &finer->grid;
	const Extent *box = extent_of(row);
	int			first = box_grid_column(grid, box->low.x);
	int			last = box_grid_column(grid, box->high.x);
	int			top = box_grid_row(grid, box->high.y);
	int			r,
				c;

	for (r = box_grid_row(grid, box->low.y); r <= top; r++)
		for (c = first; c <= last; c++)
		{
			int			tile = r * grid->columns + c;

			memcpy(append_row(finer, tile * j->sides + side, row), row, stored_size(row));
		}
}

/* Spreads a tile over finer ones; false if that does not take it apart. */
static bool
spread_tile(LayerJoin *j, const Layers *layers, int tile, const Extent *region, Layers *finer)
{
	int64		bytes = tile_bytes(j, layers, tile);
	int64		most;
	SpillReader reader;
	BoxGrid		grid;
	int			side;

	lay_tiles(j, &grid, region, bytes);
	*finer = create_layers(grid.columns * grid.rows * j->sides, j->memory / 4);
	finer->grid = grid;
	most = MAX_COPIES * bytes / SPILL_BLOCK + finer->spill->partitions;
	for (side = 0; side < j->sides; side++)
		for (spill_read(layers->spill, tile * j->sides + side, &reader); reader.block; spill_next(&reader))
		{
			const char *at = reader.block->data;
			const char *end = at + reader.block->used;

			for (; at < end; at += stored_size((const Row *) at))
				spread_row(j, finer, (const Row *) at, side);
			report_progress(j);
			if (finer->spill->blocks > most)
			{
				spill_free(finer->spill);
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
	Size		limit = layers->spill->file ? j->memory / 2 : j->memory;
	Layers		finer;
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
			finish_tile(j, &finer, inner.row * finer.grid.columns + inner.column, &part, depth + 1);
		}
	j->tile = outer;
	spill_free(finer.spill);
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
				 errdetail("It is %g.", value),
				 most == 1 ? errhint("Give a share of the smaller polygon, from 0 to 1.") :
				 errhint("Give an area of 0 or more, in squared units of the SRID.")));
	return value;
}

static void
check_key_type(LayerJoin *j, Oid type)
{
	j->named = type == TEXTOID;
	if (!j->named && type != INT8OID)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("%s has no keys of type %s", j->function, format_type_be(type)),
				 errdetail("Keys are bigint or text."),
				 errhint("Cast the key to text in the query, and give key_type => null::text.")));
}

/* Arguments: the queries, key_type if it is given, min_area, min_share. */
static Datum
join_layers(FunctionCallInfo fcinfo, const char *function, int sides)
{
	ReturnSetInfo *set = (ReturnSetInfo *) fcinfo->resultinfo;
	int			options = PG_NARGS() - 2;
	MemoryContext context;
	MemoryContext old;
	LayerJoin	j = {0};
	int			i;

	j.function = function;
	j.sides = sides;
	j.memory = Min((Size) work_mem * 1024, MAX_MEMORY);
	if (set == NULL || !IsA(set, ReturnSetInfo) || !(set->allowedModes & SFRM_Materialize))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("%s called where no set of rows is possible", function),
				 errhint("Call it in FROM.")));
	check_key_type(&j, options == sides ? INT8OID :
				   getBaseType(get_fn_expr_argtype(fcinfo->flinfo, sides)));

	old = MemoryContextSwitchTo(set->econtext->ecxt_per_query_memory);
	if (get_call_result_type(fcinfo, NULL, &j.result_row) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "%s must return a row type", function);
	/* The other three quarters are what spreading and joining take at most. */
	j.result = tuplestore_begin_heap((set->allowedModes & SFRM_Materialize_Random) != 0,
									 false, work_mem / 4);
	set->returnMode = SFRM_Materialize;
	set->setResult = j.result;
	set->setDesc = j.result_row;
	MemoryContextSwitchTo(old);
	for (i = 0; i < PG_NARGS(); i++)
		if (PG_ARGISNULL(i) && (i < sides || i >= options))
			return (Datum) 0;
	j.min_area = threshold(fcinfo, options, "min_area", INFINITY);
	j.min_share = threshold(fcinfo, options + 1, "min_share", 1);

	context = AllocSetContextCreate(CurrentMemoryContext, "overlap_join", ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(context);
	j.slot_context = context;
	j.scratch = AllocSetContextCreate(context, "overlap_join rows", ALLOCSET_DEFAULT_SIZES);
	j.overlap = agr_overlap_scratch(context);
	j.all = create_layers(sides, j.memory);
	j.extent = extent_nothing;
	j.said = GetCurrentTimestamp();
	for (i = 0; i < sides; i++)
		read_layer(&j, i, text_to_cstring(PG_GETARG_TEXT_PP(i)));
	report_ignored(&j);
	finish_tile(&j, &j.all, 0, &j.extent, 0);
	if (j.far)
		BufFileClose(j.far);
	spill_free(j.all.spill);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
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
