/*
 * layer.c
 *		The polygons of a layer, each with a label of the caller's, in bounded
 *		memory.
 */
#include "postgres.h"

#include "agririsk.h"
#include "core/geometry/postgis.h"
#include "land/layer.h"

#include "miscadmin.h"
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

LayerKey
layer_get_key(Oid type, Datum value)
{
	LayerKey	key = {NULL, sizeof(int64)};

	if (agr_is_integer(type))
		key.number = agr_get_integer(type, value);
	else
	{
		Size		length;

		key.bytes = agr_key_bytes(type, value, &length);
		key.length = length;
	}
	return key;
}

LayerKey
layer_stored_key(Oid type, const void *bytes, uint32 length)
{
	LayerKey	key = {agr_is_integer(type) ? NULL : bytes, length};

	if (agr_is_integer(type))
		memcpy(&key.number, bytes, sizeof key.number);
	return key;
}

Datum
layer_key_datum(Oid type, LayerKey key)
{
	return key.bytes ? agr_named_key(type, key.bytes, key.length) : agr_integer_key(type, key.number);
}

char *
layer_show_key(Oid type, Datum value)
{
	Oid			output;
	bool		varlena;

	getTypeOutputInfo(type, &output, &varlena);
	return OidOutputFunctionCall(output, value);
}

int
layer_compare_keys(const LayerKey *a, const LayerKey *b)
{
	int			order;

	if (a->bytes == NULL)
		return (a->number > b->number) - (a->number < b->number);
	order = memcmp(a->bytes, b->bytes, Min(a->length, b->length));
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
		temp_file_close(store->far);
	MemoryContextDelete(store->context);
}

void
layer_warn_of_degrees(const LayerStore *store)
{
	if (store->rows > 0 && agr_look_like_degrees(&store->extent, store->largest))
		agr_notice_degrees(store->function, store->srid, store->largest);
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

	layers.spill = spill_create(partitions, memory, "polygons of a layer");
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
		store->far = temp_file_create("large polygons");
	stub.at = temp_file_append(store->far, row, sizeof(LayerRow));
	temp_file_append(store->far, shape, row->shape_bytes);
	temp_file_append(store->far, padding, MAXALIGN(row->shape_bytes) - row->shape_bytes);
	temp_file_append(store->far, label, row->label_bytes);
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
	LayerRow   *row = MemoryContextAllocHuge(CurrentMemoryContext, layer_row_size(&stub->row));

	temp_file_read(store->far, stub->at, row,
				   sizeof(LayerRow) + MAXALIGN(stub->row.shape_bytes) + stub->row.label_bytes);
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

	int			order = polygonal_compare(p, q);

	if (order == 0 && a->sound)
		return p->area;

	/* The overlap of sound polygons has the same bits either way by itself. */
	return order <= 0 ? cover_area(p, a->sound, q, b->sound, &store->cover) :
		cover_area(q, b->sound, p, a->sound, &store->cover);
}
