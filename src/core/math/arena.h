/*
 * arena.h
 *		Where values that are read or built live, whoever owns the memory.
 */
#ifndef AGRIRISK_ARENA_H
#define AGRIRISK_ARENA_H

#include <stddef.h>

/* alloc() never returns NULL. */
typedef struct Arena
{
	void	   *(*alloc) (void *context, size_t size);
	void	   *context;
} Arena;

#endif							/* AGRIRISK_ARENA_H */
