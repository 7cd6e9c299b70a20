/*
 * spill.h
 *		Many streams of records, sorted apart as they come, in bounded memory.
 *		Include postgres.h first.
 *
 * Each record is appended to one of a fixed number of partitions. A partition
 * fills a block; full blocks of all partitions follow each other, in memory
 * as far as the allowance goes, beyond it in one temporary file, which is thus
 * written in order. The blocks of a partition are chained backwards, so a
 * partition is read last block first: what uses this must not depend on order.
 *
 * The file belongs to the resource owner that was current at creation, and
 * counts against temp_file_limit; an error or a cancelled query removes it.
 */
#ifndef AGRIRISK_SPILL_H
#define AGRIRISK_SPILL_H

#define SPILL_BLOCK			8192
#define SPILL_MAX_RECORD	(SPILL_BLOCK - 2 * sizeof(int32))

typedef struct SpillBlock
{
	int32		previous;		/* block before in the partition, or -1 */
	int32		used;			/* bytes of data */
	char		data[SPILL_MAX_RECORD];
} SpillBlock;

typedef struct Spill
{
	int			partitions;
	SpillBlock *open;			/* the block being filled, of each partition */
	int64	   *bytes;			/* data in each partition */
	int32		blocks;			/* full blocks so far, of all */
	int32		blocks_allowed; /* of them, in memory */
	SpillBlock **slab;			/* full blocks in memory; none once there is a file */
	struct BufFile *file;
	MemoryContext context;
} Spill;

/* Reads the blocks of one partition. */
typedef struct SpillReader
{
	Spill	   *spill;
	SpillBlock *block;			/* the block to read now, NULL at the end */
	SpillBlock	copy;
} SpillReader;

/*
 * `memory` bytes are allowed for all of it; at least one block per partition
 * is taken. Everything is allocated in a context of its own below the current.
 */
extern Spill *spill_create(int partitions, Size memory);
extern void spill_close_block(Spill *spill, int partition);
extern void spill_free(Spill *spill);

extern void spill_read(Spill *spill, int partition, SpillReader *reader);
extern void spill_next(SpillReader *reader);

/* Room for one more record, of at most SPILL_MAX_RECORD bytes. */
static inline void *
spill_append(Spill *spill, int partition, int32 size)
{
	SpillBlock *block = &spill->open[partition];
	void	   *place;

	if (block->used + size > SPILL_MAX_RECORD)
		spill_close_block(spill, partition);
	place = block->data + block->used;
	block->used += size;
	spill->bytes[partition] += size;
	return place;
}

#endif							/* AGRIRISK_SPILL_H */
