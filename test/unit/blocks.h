/*
 * blocks.h
 *		Memory for kernels that are given some, freed as a whole.
 */
#ifndef BLOCKS_H
#define BLOCKS_H

#include "model/card/scorecard_math.h"

#include <stdio.h>
#include <stdlib.h>

/* Blocks, each on its own, so that the sanitizer knows its end. */
typedef struct Blocks
{
	struct Block
	{
		struct Block *next;
	}		   *last;
} Blocks;

static inline void *
get_block(void *context, size_t size)
{
	Blocks	   *blocks = context;
	struct Block *block = malloc(sizeof *block + 16 + size);

	if (block == NULL)
	{
		fprintf(stderr, "no memory for %zu bytes\n", size);
		abort();
	}
	block->next = blocks->last;
	blocks->last = block;
	/* Aligned as palloc aligns: to 8 bytes, not to 16 as malloc. */
	return (char *) block + 24;
}

static inline Arena
memory_of(Blocks *blocks)
{
	Arena	memory = {get_block, blocks};

	return memory;
}

static inline void
free_blocks(Blocks *blocks)
{
	while (blocks->last != NULL)
	{
		struct Block *block = blocks->last;

		blocks->last = block->next;
		free(block);
	}
}

#endif							/* BLOCKS_H */
