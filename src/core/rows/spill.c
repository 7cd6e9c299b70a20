/*
 * spill.c
 *		Many streams of records, sorted apart as they come, in bounded memory.
 */
#include "postgres.h"

#include "agririsk.h"
#include "core/rows/spill.h"

#include "miscadmin.h"
#include "utils/memutils.h"

/* Full blocks are kept by the megabyte. */
#define SLAB_BLOCKS 128

Spill *
spill_create(int partitions, Size memory, const char *holds)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "agririsk spill",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	Spill	   *spill = palloc0(sizeof *spill);
	Size		allowed = memory / SPILL_BLOCK;
	int			i;

	StaticAssertStmt(sizeof(SpillBlock) == SPILL_BLOCK, "a block has no padding");
	spill->context = context;
	spill->partitions = partitions;
	spill->holds = holds;
	spill->open = MemoryContextAllocHuge(context, (Size) partitions * SPILL_BLOCK);
	spill->bytes = palloc0(partitions * sizeof(int64));
	spill->blocks_allowed = allowed <= partitions ? 0 : Min(allowed - partitions, PG_INT32_MAX / 2);
	spill->slab = palloc((spill->blocks_allowed / SLAB_BLOCKS + 1) * sizeof(SpillBlock *));
	for (i = 0; i < partitions; i++)
	{
		spill->open[i].previous = -1;
		spill->open[i].used = 0;
	}
	MemoryContextSwitchTo(old);
	return spill;
}

void
spill_free(Spill *spill)
{
	if (spill->file)
		temp_file_close(spill->file);
	MemoryContextDelete(spill->context);
}

static SpillBlock *
block_in_memory(Spill *spill, int32 number)
{
	return &spill->slab[number / SLAB_BLOCKS][number % SLAB_BLOCKS];
}

/* Moves what is in memory to a file; block numbers stay. */
static void
go_to_file(Spill *spill)
{
	int32		number;

	spill->file = temp_file_create(spill->holds);
	for (number = 0; number < spill->blocks; number++)
	{
		temp_file_append(spill->file, block_in_memory(spill, number), SPILL_BLOCK);
		if (number % SLAB_BLOCKS == SLAB_BLOCKS - 1 || number == spill->blocks - 1)
			pfree(spill->slab[number / SLAB_BLOCKS]);
		CHECK_FOR_INTERRUPTS();
	}
}

/* Puts the full block of a partition behind all others, and starts an empty one. */
void
spill_close_block(Spill *spill, int partition)
{
	SpillBlock *block = &spill->open[partition];
	MemoryContext old = MemoryContextSwitchTo(spill->context);

	if (spill->blocks == PG_INT32_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many rows to sort apart"),
				 errdetail("They take more than %d blocks.", PG_INT32_MAX),
				 errhint("Ask in several queries, each for some of the keys.")));
	if (spill->file == NULL && spill->blocks >= spill->blocks_allowed)
		go_to_file(spill);
	if (spill->file)
		temp_file_append(spill->file, block, SPILL_BLOCK);
	else
	{
		if (spill->blocks % SLAB_BLOCKS == 0)
			spill->slab[spill->blocks / SLAB_BLOCKS] = palloc(SLAB_BLOCKS * SPILL_BLOCK);
		memcpy(block_in_memory(spill, spill->blocks), block, SPILL_BLOCK);
	}
	block->previous = spill->blocks++;
	block->used = 0;
	MemoryContextSwitchTo(old);
}

void
spill_read(Spill *spill, int partition, SpillReader *reader)
{
	reader->spill = spill;
	reader->block = &spill->open[partition];
}

void
spill_next(SpillReader *reader)
{
	Spill	   *spill = reader->spill;
	int32		previous = reader->block->previous;

	CHECK_FOR_INTERRUPTS();
	if (previous < 0)
		reader->block = NULL;
	else if (spill->file == NULL)
		reader->block = block_in_memory(spill, previous);
	else
	{
		reader->block = &reader->copy;
		temp_file_read(spill->file, (int64) previous * SPILL_BLOCK, reader->block, SPILL_BLOCK);
	}
}
