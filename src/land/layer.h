/*
 * layer.h
 *		The polygons of a layer, each with a label of the caller's, in bounded
 *		memory. Include postgres.h first.
 *
 * Rows are appended to partitions, in memory as far as it goes and in a
 * temporary file beyond (core/rows/spill), and loaded again by pieces that fit. A
 * row longer than a block of the file is far: it lies in a file of its own, and
 * a stub of fixed size stands for it wherever it is spread to.
 */
#ifndef AGRIRISK_LAYER_H
#define AGRIRISK_LAYER_H

#include "core/geometry/geometry.h"
#include "core/rows/spill.h"
#include "core/sql/key.h"
#include "land/box_join.h"
#include "land/cover_math.h"
#include "fmgr.h"
#include "utils/timestamp.h"

/*
 * Followed by the polygonal, and at the next multiple of eight by the label.
 */
typedef struct LayerRow
{
	uint32		shape_bytes;
	uint32		label_bytes;
	uint32		far;			/* a LayerStub */
	uint32		sound;			/* polygonal_is_sound() */
} LayerRow;

typedef struct LayerStub
{
	LayerRow	row;
	Extent		extent;
	int64		at;				/* in the file of what is far */
} LayerStub;

/* What one call keeps of its rows, wherever they are. */
typedef struct LayerStore
{
	const char *function;		/* for messages */
	Size		memory;			/* all of it may take so much */
	MemoryContext context;		/* of it, below the current one at creation */
	MemoryContext scratch;		/* for a few rows */
	GeometrySlot slot;
	bool		has_srid;
	int32		srid;
	Extent		extent;			/* of all rows */
	TempFile   *far;
	int64		rows;			/* read */
	int64		pairs;			/* compared */
	double		largest;		/* area of a row */
	TimestampTz said;
	CoverScratch cover;
} LayerStore;

/* Rows apart by partition. */
typedef struct Layers
{
	Spill	   *spill;
	int64	   *bytes;			/* in each partition, with what is far */
	int64		all;			/* of them */
} Layers;

/* Rows in memory. */
typedef struct LayerPiece
{
	MemoryContext context;
	BoxItem    *item;			/* `what` is a LayerRow */
	uint32		count;
	uint32		room;
} LayerPiece;

/* A key of a row: an integer, or the bytes of a text or uuid, which lie elsewhere. */
typedef struct LayerKey
{
	const char *bytes;			/* NULL: an integer */
	uint32		length;			/* of what is stored of it */
	int64		number;
} LayerKey;

extern LayerKey layer_get_key(Oid type, Datum value);
extern LayerKey layer_stored_key(Oid type, const void *bytes, uint32 length);
extern Datum layer_key_datum(Oid type, LayerKey key);

/* For messages. */
extern char *layer_show_key(Oid type, Datum value);

/* Numbers by size, all else by bytes. */
extern int	layer_compare_keys(const LayerKey *a, const LayerKey *b);

static inline const void *
layer_key_bytes(const LayerKey *key)
{
	return key->bytes ? (const void *) key->bytes : (const void *) &key->number;
}

extern LayerStore *layer_store_create(const char *function);
extern void layer_store_free(LayerStore *store);

/* Says so if the rows look like degrees. To be called when all are read. */
extern void layer_warn_of_degrees(const LayerStore *store);

/* Says how far things are, at most every few seconds. */
extern void layer_report_progress(LayerStore *store);

/* Counts a row that is read, before anything is done with it. */
extern void layer_next_row(LayerStore *store);

/*
 * Reads its geometry: an error, which says the row's key, unless it is
 * polygonal, planar and in the coordinate system of all others. It is the
 * store's until the next.
 */
extern const Polygonal *layer_read_shape(LayerStore *store, const QueryReader *reader,
										 Oid key_type, Datum key, Datum geometry);

extern Layers layers_create(int partitions, Size memory);
extern void layers_free(Layers *layers);

/* Appends a new row; appends one that is stored already. */
extern void layer_append(LayerStore *store, Layers *layers, int partition, const Polygonal *shape,
						 const void *label, uint32 label_bytes);
extern void layer_append_stored(Layers *layers, int partition, const LayerRow *row);

/*
 * Reads on in a partition until a number of bytes is taken. Blocks that lie in
 * memory anyway are used where they are.
 */
extern LayerPiece layer_piece_create(void);
extern void layer_piece_load(LayerStore *store, SpillReader *reader, LayerPiece *piece, Size limit);
extern void layer_piece_free(LayerPiece *piece);

/* Tiles about as high as wide, as many as memory has blocks for and the bytes need. */
extern void layer_lay_tiles(const LayerStore *store, BoxGrid *grid, const Extent *region,
							int64 bytes, int sides);

/*
 * The area of a row, and that of two in common, the same bits in either order.
 * Of invalid polygons it is the ground that they wind at all.
 */
extern double layer_row_area(LayerStore *store, const LayerRow *row);
extern double layer_common_area(LayerStore *store, const LayerRow *a, const LayerRow *b);

static inline Polygonal *
layer_row_shape(const LayerRow *row)
{
	return (Polygonal *) (row + 1);
}

static inline const void *
layer_row_label(const LayerRow *row)
{
	return (const char *) (row + 1) + MAXALIGN(row->shape_bytes);
}

/* Of the row itself, and of what stands in a partition for it. */
static inline Size
layer_row_size(const LayerRow *row)
{
	return MAXALIGN(sizeof(LayerRow) + MAXALIGN(row->shape_bytes) + row->label_bytes);
}

static inline Size
layer_stored_size(const LayerRow *row)
{
	return row->far ? MAXALIGN(sizeof(LayerStub)) : layer_row_size(row);
}

static inline const Extent *
layer_stored_extent(const LayerRow *row)
{
	return row->far ? &((const LayerStub *) row)->extent : &layer_row_shape(row)->extent;
}

#endif							/* AGRIRISK_LAYER_H */
