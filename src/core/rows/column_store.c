/*
 * column_store.c
 *		Rows of an aggregate's group kept as columns, in bounded memory.
 */
#include "postgres.h"

#include "agririsk.h"
#include "core/rows/column_store.h"

#include "miscadmin.h"
#include "utils/memutils.h"

/* Room of a chunk at first, a multiple of 8 as well; doubled up to COLUMN_CHUNK. */
#define FIRST_ROWS		32

static char *
allocate(ColumnStore *store, int room)
{
	char	   *values = MemoryContextAllocHuge(store->context, (Size) room * store->row_bytes);

	budget_count(&store->member, GetMemoryChunkSpace(values));
	return values;
}

static void
release(ColumnStore *store, char *values)
{
	budget_count(&store->member, -(int64) GetMemoryChunkSpace(values));
	pfree(values);
}

/* Moves all chunks to the file, also the one that rows are added to. */
static void
evict(BudgetMember *member)
{
	ColumnStore *store = (ColumnStore *) member;

	while (store->chunks_filed < store->chunks)
	{
		int			rows = column_store_chunk_rows(store, store->chunks_filed);
		ColumnChunk *chunk = &store->chunk[store->chunks_filed++];
		int			i;

		CHECK_FOR_INTERRUPTS();
		chunk->at = budget_file_end(member->budget);
		for (i = 0; i < store->n_columns; i++)
			budget_write(member, chunk->values + (Size) store->column[i].offset * chunk->room,
						 (Size) store->column[i].width * rows);
		release(store, chunk->values);
		chunk->values = NULL;
	}
	store->used = store->room = 0;
}

void
column_store_init(ColumnStore *store, NodeBudget *budget, FunctionCallInfo fcinfo,
				  int n_columns, const uint8 *width)
{
	MemoryContext context = CurrentMemoryContext;
	int			i;

	if (fcinfo && !AggCheckCallContext(fcinfo, &context))
		elog(ERROR, "a column store is an aggregate's");
	memset(store, 0, sizeof *store);
	store->context = context;
	store->n_columns = n_columns;
	store->column = MemoryContextAllocZero(context, n_columns * sizeof(StoredColumn));
	for (i = 0; i < n_columns; i++)
	{
		store->column[i].offset = store->row_bytes;
		store->column[i].width = width[i];
		store->row_bytes += width[i];
	}
	budget_join(budget, fcinfo, &store->member, evict);
}

void
column_store_free(ColumnStore *store)
{
	int			i;

	for (i = store->chunks_filed; i < store->chunks; i++)
		pfree(store->chunk[i].values);
	if (store->chunk)
		pfree(store->chunk);
	pfree(store->column);
	budget_leave(&store->member);
}

/* Adds an empty chunk without memory. */
static void
add_chunk(ColumnStore *store)
{
	ColumnChunk *chunk;

	if (store->chunks == store->chunks_room)
	{
		int			room = Max(2 * store->chunks_room, 4);
		Size		size = room * sizeof(ColumnChunk);

		if (store->chunk == NULL)
			store->chunk = MemoryContextAlloc(store->context, size);
		else
			store->chunk = repalloc_huge(store->chunk, size);
		store->chunks_room = room;
	}
	chunk = &store->chunk[store->chunks++];
	memset(chunk, 0, sizeof *chunk);
	chunk->first = store->rows;
	store->used = store->room = 0;
}

/* Gives the last chunk memory for more rows than it has. */
static void
set_room(ColumnStore *store, int room)
{
	ColumnChunk *chunk = &store->chunk[store->chunks - 1];
	char	   *values = allocate(store, room);
	int			i;

	for (i = 0; i < store->n_columns; i++)
	{
		StoredColumn *column = &store->column[i];
		char	   *to = values + (Size) column->offset * room;

		if (chunk->values)
			memcpy(to, column->values, (Size) column->width * store->used);
		column->values = to;
	}
	if (chunk->values)
		release(store, chunk->values);
	chunk->values = values;
	chunk->room = store->room = room;
}

/* A row more than the last chunk has room for. */
void
column_store_make_room(ColumnStore *store)
{
	NodeBudget *budget = store->member.budget;
	bool		full = store->room == COLUMN_CHUNK;
	int			room = full ? COLUMN_CHUNK : Min(Max(2 * store->room, FIRST_ROWS), COLUMN_CHUNK);
	int			more = full ? room : room - store->room;

	CHECK_FOR_INTERRUPTS();
	if ((Size) room * store->row_bytes > budget_allowed(budget))
		evict(&store->member);
	else
		budget_make_way(budget, (Size) more * store->row_bytes);

	/* That may have moved this very chunk. */
	if (store->room == 0)
		room = FIRST_ROWS;
	if (store->room == 0 || full)
		add_chunk(store);
	set_room(store, room);
}

const void *
column_store_read(ColumnStore *store, int chunk, int column, void *buffer)
{
	const ColumnChunk *from = &store->chunk[chunk];
	const StoredColumn *stored = &store->column[column];
	int			rows;

	CHECK_FOR_INTERRUPTS();
	if (from->values)
		return from->values + (Size) stored->offset * from->room;
	rows = column_store_chunk_rows(store, chunk);
	budget_read(store->member.budget, from->at + (int64) stored->offset * rows, buffer,
				(Size) stored->width * rows);
	return buffer;
}
