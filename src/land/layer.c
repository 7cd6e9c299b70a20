/*
 * layer.c
 *		The polygons of a layer, each with a label of the caller's, in bounded
 *		memory.
 */
#include "postgres.h"

#include "agririsk.h"
#include "land/layer.h"
#include "land/postgis.h"

#include "miscadmin.h"
#include "storage/buffile.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

/* More would gain nothing. */
#define MAX_MEMORY		((Size) 16 << 30)
#define MAX_PARTITIONS	256

#define PROGRESS_MS		5000

/* Geometries read through WKB may be large. */
#define MAX_SCRATCH		((Size) 1 << 20)

/* ---- keys ---- */

void
layer_require_argument(FunctionCallInfo fcinfo, int argument, const char *name)
{
	if (PG_ARGISNULL(argument))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("%s must not be NULL", name),
				 errdetail("Nothing can be said of any row without it."),
				 errhint("Look where it comes from: an empty subquery gives NULL.")));
}

static bool
is_fraction(Oid type)
{
	return type == NUMERICOID || type == FLOAT8OID || type == FLOAT4OID;
}

bool
layer_keys_are_text(FunctionCallInfo fcinfo, int argument, const char *function)
{
	/* Not a domain over them: its checks would not be asked. */
	Oid			type = get_fn_expr_argtype(fcinfo->flinfo, argument);

	if (type != TEXTOID && type != INT8OID)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("%s has no keys of type %s", function, format_type_be(type)),
				 errdetail("Keys are bigint or text."),
				 is_fraction(type) ? errhint("Thresholds are given by name, as in min_share => 0.01.") :
				 errhint("Cast the key to text in the query, and give key_type => null::text.")));
	return type == TEXTOID;
}

Oid
layer_check_key(const QueryReader *reader, TupleDesc row, int column, bool text)
{
	Oid			type = getBaseType(TupleDescAttr(row, column)->atttypid);

	if (text ? !agr_is_text(type) : !agr_is_integer(type))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("%s of %s is not of the wanted type",
						column == 0 ? "key" : NameStr(TupleDescAttr(row, column)->attname), reader->argument),
				 errdetail("It is %s, key_type is %s.", format_type_be(type), text ? "text" : "bigint"),
				 type == agr_geometry_type() ? errhint("Select %s, in this order.", reader->columns) :
				 text ? errhint("Cast the key to text in the query.") :
				 is_fraction(type) ? errhint("Cast the key to bigint in the query.") :
				 errhint("Cast the key to text in the query, and give key_type => null::text.")));
	return type;
}

void
layer_check_geometry(const QueryReader *reader, TupleDesc row, int column)
{
	static const char *const ordinal[] = {"first", "second", "third", "fourth"};
	Oid			type = TupleDescAttr(row, column)->atttypid;

	if (getBaseType(type) != agr_geometry_type())
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("%s column of %s must be a geometry", ordinal[column], reader->argument),
				 errdetail("It is %s.", format_type_be(type)),
				 errhint("Select %s, in this order.", reader->columns)));
}

LayerKey
layer_get_key(Oid type, Datum value)
{
	LayerKey	key = {NULL, sizeof(int64)};

	if (agr_is_text(type))
	{
		struct varlena *text = PG_DETOAST_DATUM_PACKED(value);

		key.text = VARDATA_ANY(text);
		key.length = VARSIZE_ANY_EXHDR(text);
	}
	else
		key.number = agr_get_integer(type, value);
	return key;
}

LayerKey
layer_stored_key(bool text, const void *bytes, uint32 length)
{
	LayerKey	key = {text ? bytes : NULL, length};

	if (!text)
		memcpy(&key.number, bytes, sizeof key.number);
	return key;
}

Datum
layer_key_datum(LayerKey key)
{
	return key.text ? PointerGetDatum(cstring_to_text_with_len(key.text, key.length)) :
		Int64GetDatum(key.number);
}

char *
layer_show_key(Oid type, Datum value)
{
	return agr_is_text(type) ? TextDatumGetCString(value) :
		psprintf("%lld", (long long) agr_get_integer(type, value));
}

int
layer_compare_keys(const LayerKey *a, const LayerKey *b)
{
	int			order;

	if (a->text == NULL)
		return (a->number > b->number) - (a->number < b->number);
	order = memcmp(a->text, b->text, Min(a->length, b->length));
	return order != 0 ? order : (a->length > b->length) - (a->length < b->length);
}

/* ---- the store ---- */

static void *
grow_cover(void *heap, void *memory, size_t bytes)
{
	return memory ? repalloc_huge(memory, bytes) : MemoryContextAllocHuge(heap, bytes);
}

LayerStore *
layer_store_create(const char *function)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "agririsk layers",
												  ALLOCSET_DEFAULT_SIZES);
	LayerStore *store = MemoryContextAllocZero(context, sizeof *store);

	store->function = function;
	store->memory = Min((Size) work_mem * 1024, MAX_MEMORY);
	store->context = context;
	store->scratch = AllocSetContextCreate(context, "agririsk layer rows", ALLOCSET_DEFAULT_SIZES);
	store->extent = extent_nothing;
	store->said = GetCurrentTimestamp();
	store->cover.grow = grow_cover;
	store->cover.heap = context;
	store->cover.interrupt = agr_check_interrupts;
	store->cover.overlap = agr_overlap_scratch(context);
	return store;
}

void
layer_store_free(LayerStore *store)
{
	if (store->far)
		BufFileClose(store->far);
	MemoryContextDelete(store->context);
}

void
layer_warn_of_degrees(const LayerStore *store)
{
	if (store->rows > 0 && store->srid == 0 && store->largest > 0 && store->largest < 1 &&
		store->extent.low.x >= -180 && store->extent.high.x <= 180 &&
		store->extent.low.y >= -90 && store->extent.high.y <= 90)
		ereport(NOTICE,
				(errmsg("%s: the coordinates look like degrees", store->function),
				 errdetail("They have no SRID, and no polygon is larger than %g.", store->largest),
				 errhint("ST_SetSRID(geom, 4326), then ST_Transform to an equal-area coordinate system.")));
}

void
layer_report_progress(LayerStore *store)
{
	TimestampTz now;

	if (!agr_progress)
		return;
	now = GetCurrentTimestamp();
	if (!TimestampDifferenceExceeds(store->said, now, PROGRESS_MS))
		return;
	store->said = now;
	ereport(NOTICE,
			(errmsg("%s has read %lld polygons and compared %lld pairs",
					store->function, (long long) store->rows, (long long) store->pairs)));
}

/* ---- rows in ---- */

void
layer_next_row(LayerStore *store)
{
	if (store->rows++ % 128 != 127 &&
		MemoryContextMemAllocated(store->scratch, false) < MAX_SCRATCH)
		return;
	MemoryContextReset(store->scratch);
	layer_report_progress(store);
}

typedef struct RowName
{
	const QueryReader *reader;
	Oid			key_type;
	Datum		key;
} RowName;

static void
say_row(void *argument)
{
	const RowName *name = argument;

	errcontext("row %s of %s", layer_show_key(name->key_type, name->key), name->reader->argument);
}

const Polygonal *
layer_read_shape(LayerStore *store, const QueryReader *reader, Oid key_type, Datum key, Datum geometry)
{
	MemoryContext old = MemoryContextSwitchTo(store->scratch);
	const Polygonal *shape;
	RowName		name = {reader, key_type, key};
	ErrorContextCallback context = {error_context_stack, say_row, &name};

	error_context_stack = &context;
	shape = agr_read_geometry(&store->slot, geometry, store->context);
	if (!store->has_srid || store->slot.srid != store->srid)
	{
		agr_require_planar(store->has_srid ? store->srid : store->slot.srid, store->slot.srid);
		store->has_srid = true;
		store->srid = store->slot.srid;
	}
	error_context_stack = context.previous;
	if (shape->points > 0)
	{
		extent_add(&store->extent, shape->extent.low);
		extent_add(&store->extent, shape->extent.high);
		store->largest = Max(store->largest, fabs(shape->area));
	}
	MemoryContextSwitchTo(old);
	return shape;
}

Layers
layers_create(int partitions, Size memory)
{
	Layers		layers;

	layers.spill = spill_create(partitions, memory);
	layers.bytes = MemoryContextAllocZero(layers.spill->context, partitions * sizeof(int64));
	layers.all = 0;
	return layers;
}

void
layers_free(Layers *layers)
{
	spill_free(layers->spill);
}

/* Room for what is stored of a row. */
static char *
append(Layers *layers, int partition, const LayerRow *row)
{
	layers->bytes[partition] += layer_row_size(row);
	layers->all += layer_row_size(row);
	return spill_append(layers->spill, partition, layer_stored_size(row));
}

static void
append_far(LayerStore *store, Layers *layers, int partition, const LayerRow *row,
		   const Polygonal *shape, const void *label)
{
	MemoryContext old = MemoryContextSwitchTo(store->context);
	char		padding[MAXIMUM_ALIGNOF] = {0};
	LayerStub	stub = {*row, shape->extent};

	stub.row.far = true;
	if (store->far == NULL)
		store->far = BufFileCreateTemp(false);
	BufFileTell(store->far, &stub.file, &stub.offset);
	BufFileWrite(store->far, unconstify(LayerRow *, row), sizeof(LayerRow));
	BufFileWrite(store->far, unconstify(Polygonal *, shape), row->shape_bytes);
	BufFileWrite(store->far, padding, MAXALIGN(row->shape_bytes) - row->shape_bytes);
	BufFileWrite(store->far, unconstify(void *, label), row->label_bytes);
	memcpy(append(layers, partition, &stub.row), &stub, sizeof stub);
	MemoryContextSwitchTo(old);
}

void
layer_append(LayerStore *store, Layers *layers, int partition, const Polygonal *shape,
			 const void *label, uint32 label_bytes)
{
	LayerRow	row = {polygonal_bytes(shape), label_bytes, false,
	polygonal_is_sound(shape, store->cover.overlap)};
	char	   *place;

	if (layer_row_size(&row) > SPILL_MAX_RECORD)
	{
		append_far(store, layers, partition, &row, shape, label);
		return;
	}
	place = append(layers, partition, &row);
	memcpy(place, &row, sizeof row);
	memcpy(place + sizeof row, shape, row.shape_bytes);
	memcpy(place + sizeof row + MAXALIGN(row.shape_bytes), label, label_bytes);
}

void
layer_append_stored(Layers *layers, int partition, const LayerRow *row)
{
	memcpy(append(layers, partition, row), row, layer_stored_size(row));
}

void
layer_lay_tiles(const LayerStore *store, BoxGrid *grid, const Extent *region, int64 bytes, int sides)
{
	double		width = region->high.x - region->low.x;
	double		height = region->high.y - region->low.y;
	Size		blocks = Min(store->memory / 4 / SPILL_BLOCK, MAX_PARTITIONS);
	int			most = Max(4, (int) blocks / sides);
	int			wanted = Max(4, (int) Min(most, bytes / (int64) (store->memory / 4) + 1));
	double		columns = height > 0 ? sqrt(wanted * (width / height)) : wanted;

	columns = Max(1, Min(columns, wanted));
	box_grid_lay(grid, region, (int) columns, wanted / (int) columns);
}

/* ---- rows out ---- */

static LayerRow *
fetch_far(LayerStore *store, const LayerStub *stub)
{
	Size		size = layer_row_size(&stub->row);
	LayerRow   *row = MemoryContextAllocHuge(CurrentMemoryContext, size);

	size = sizeof(LayerRow) + MAXALIGN(stub->row.shape_bytes) + stub->row.label_bytes;
	if (BufFileSeek(store->far, stub->file, stub->offset, SEEK_SET) != 0 ||
		BufFileRead(store->far, row, size) != size)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not read temporary file: %m"),
				 errdetail("%zu bytes of a polygon.", size),
				 errhint("Look at the disk that holds temporary files.")));
	return row;
}

static void
add_item(LayerPiece *piece, LayerRow *row)
{
	if (piece->count == piece->room)
	{
		piece->room *= 2;
		piece->item = repalloc_huge(piece->item, piece->room * sizeof(BoxItem));
	}
	polygonal_settle(layer_row_shape(row));
	piece->item[piece->count].box = layer_row_shape(row)->extent;
	piece->item[piece->count++].what = row;
}

LayerPiece
layer_piece_create(void)
{
	LayerPiece	piece = {0};

	piece.context = AllocSetContextCreate(CurrentMemoryContext, "agririsk layer piece",
										  ALLOCSET_DEFAULT_SIZES);
	return piece;
}

void
layer_piece_free(LayerPiece *piece)
{
	MemoryContextDelete(piece->context);
}

void
layer_piece_load(LayerStore *store, SpillReader *reader, LayerPiece *piece, Size limit)
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
		for (; at < end; at += layer_stored_size((LayerRow *) at))
		{
			LayerRow   *row = (LayerRow *) at;

			if (row->far)
			{
				taken += layer_row_size(row);
				add_item(piece, fetch_far(store, (LayerStub *) row));
			}
			else
				add_item(piece, row);
		}
		spill_next(reader);
	}
	MemoryContextSwitchTo(old);
}

double
layer_row_area(LayerStore *store, const LayerRow *row)
{
	return row->sound ? layer_row_shape(row)->area :
		cover_divide(layer_row_shape(row), false, NULL, 0, &store->cover);
}

double
layer_common_area(LayerStore *store, const LayerRow *a, const LayerRow *b)
{
	const Polygonal *p = layer_row_shape(a);
	const Polygonal *q = layer_row_shape(b);

	/* The overlap of sound polygons has the same bits either way by itself. */
	if ((a->sound && b->sound) || polygonal_compare(p, q) <= 0)
		return cover_area(p, a->sound, q, b->sound, &store->cover);
	return cover_area(q, b->sound, p, a->sound, &store->cover);
}
