/*
 * key_sums.h
 *		A hash table from keys (bytes) to exact sums, small for a few keys and
 *		fast for millions.
 */
#ifndef AGRIRISK_KEY_SUMS_H
#define AGRIRISK_KEY_SUMS_H

#include "core/math/exact_sum_math.h"

/* Most sums of money need one part, nearly all the others two. */
#define KEY_SUM_INLINE 2

typedef struct KeySum
{
	uint32		hash;
	uint32		key_at;			/* in the table's bytes */
	uint32		key_length;
	uint16		parts;			/* an expansion as exact_sum_add makes it */
	uint16		room;			/* of `more`; 0 as long as `part` is enough */
	union
	{
		double		part[KEY_SUM_INLINE];
		double	   *more;
	}			sum;
} KeySum;

typedef struct KeySums
{
	MemoryContext context;		/* where all of it lives */
	KeySum	   *keys;			/* in the order they came */
	char	   *bytes;			/* of all keys */
	uint32	   *slots;			/* 1 + index into keys; none for a few keys */
	uint32		count;
	uint32		room;
	uint32		bytes_used;
	uint32		bytes_room;
	uint32		slot_mask;
} KeySums;

extern KeySums *key_sums_create(MemoryContext context);

/*
 * Adds parts (or one number) to the sum of a key; false if that sum leaves the
 * range of exact sums. The table must stay below half a gigabyte of keys.
 */
extern bool key_sums_add(KeySums *sums, const char *key, uint32 length,
						 const double *part, int parts);

static inline const char *
key_sums_key(const KeySums *sums, uint32 i)
{
	return sums->bytes + sums->keys[i].key_at;
}

static inline const double *
key_sums_parts(const KeySums *sums, uint32 i)
{
	const KeySum *key = &sums->keys[i];

	return key->room > 0 ? key->sum.more : key->sum.part;
}

/* The same for whole numbers, of which a double may not have all bits. */
extern bool key_sums_add_count(KeySums *sums, const char *key, uint32 length, int64 count);

/* A sum of nothing but counts that is within an int64. */
extern int64 key_sums_count(const KeySums *sums, uint32 i);

/* The index of a key, which is added with an empty sum where it is not there. */
extern uint32 key_sums_find(KeySums *sums, const char *key, uint32 length);

/* Indexes of the keys in the order of their bytes, in the current context. */
extern uint32 *key_sums_order(const KeySums *sums);

#endif							/* AGRIRISK_KEY_SUMS_H */
