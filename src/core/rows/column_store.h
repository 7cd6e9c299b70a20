/*
 * column_store.h
 *		Rows of an aggregate's group kept as columns, in bounded memory.
 *		Include postgres.h first.
 *
 * Who reads rows many times, and some columns of them, has them in chunks, and
 * each column of a chunk in one piece. A value has 1, 2, 4 or 8 bytes; what it
 * means only the owner of the store knows.
 *
 * A chunk that was not moved to the file has COLUMN_CHUNK rows, unless it is
 * the last: that one begins small, for the sake of many small groups. Those in
 * the file have as many as they had when the budget wanted their memory. So no
 * result may depend on where chunks end.
 */
#ifndef AGRIRISK_COLUMN_STORE_H
#define AGRIRISK_COLUMN_STORE_H

#include "core/rows/node_budget.h"

/*
 * Not a power of two: columns that far apart would crowd a few sets of the
 * cache. A multiple of 8, so that each begins aligned.
 */
#define COLUMN_CHUNK	4040

typedef struct StoredColumn
{
	char	   *values;			/* in the chunk that rows are added to */
	uint32		offset;			/* bytes of a row before this column */
	uint32		width;
} StoredColumn;

typedef struct ColumnChunk
{
	char	   *values;			/* one column after another; NULL in the file */
	int64		at;				/* there */
	int64		first;			/* its first row */
	int			room;			/* rows it has memory for */
} ColumnChunk;

/* May begin the state of an aggregate. */
typedef struct ColumnStore
{
	BudgetMember member;
	MemoryContext context;
	int			n_columns;
	uint32		row_bytes;
	StoredColumn *column;
	int64		rows;
	int			chunks;
	int			chunks_room;
	int			chunks_filed;	/* the first ones */
	ColumnChunk *chunk;
	int			used;			/* rows of the chunk that rows are added to */
	int			room;			/* its room, 0 without one */
} ColumnStore;

/*
 * Begins the store of a group, in the aggregate's context; without fcinfo, in
 * the current one, and then it is to be freed.
 */
extern void column_store_init(ColumnStore *store, NodeBudget *budget, FunctionCallInfo fcinfo,
							  int n_columns, const uint8 *width);

/* Frees what it holds, not the struct, and leaves the budget. */
extern void column_store_free(ColumnStore *store);

extern void column_store_make_room(ColumnStore *store);

/*
 * A row is begun, gets a value in each column, and is ended. Until it is, the
 * budget must not be asked for room: that might move the places.
 */
static inline void
column_store_begin_row(ColumnStore *store)
{
	if (unlikely(store->used == store->room))
		column_store_make_room(store);
}

static inline void *
column_store_place(const ColumnStore *store, int column)
{
	const StoredColumn *stored = &store->column[column];

	return stored->values + (Size) store->used * stored->width;
}

static inline void
column_store_end_row(ColumnStore *store)
{
	store->used++;
	store->rows++;
}

static inline int
column_store_chunk_rows(const ColumnStore *store, int chunk)
{
	int64		end = chunk + 1 < store->chunks ? store->chunk[chunk + 1].first : store->rows;

	return end - store->chunk[chunk].first;
}

/*
 * The values of a column in a chunk: where they are in memory, or read into the
 * buffer, which has room for COLUMN_CHUNK. They stay until the buffer is used
 * again, or the budget is asked for room, by whatever member.
 */
extern const void *column_store_read(ColumnStore *store, int chunk, int column, void *buffer);

#endif							/* AGRIRISK_COLUMN_STORE_H */
