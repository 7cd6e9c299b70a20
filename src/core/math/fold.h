/*
 * fold.h
 *		Which fold of a cross-validation a key belongs to.
 *
 * A fold depends on the key's bytes alone, so that the rows of a household are
 * never in two folds, whatever their order, the plan or the machine.
 */
#ifndef AGRIRISK_FOLD_H
#define AGRIRISK_FOLD_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* The output function of SplitMix64 (Steele, Lea and Flood 2014): mixes 64 bits well. */
static inline uint64_t
fold_mix(uint64_t x)
{
	x += UINT64_C(0x9e3779b97f4a7c15);
	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	return x ^ (x >> 31);
}

/* Bytes, eight at a time from the lowest, then their number. */
static inline uint64_t
fold_hash_bytes(const char *at, size_t length)
{
	uint64_t	hash = 0;
	size_t		i;

	for (i = 0; i < length; i += 8)
	{
		uint64_t	word = 0;
		size_t		k;

		for (k = 0; k < 8 && i + k < length; k++)
			word |= (uint64_t) (unsigned char) at[i + k] << (8 * k);
		hash = fold_mix(hash ^ word);
	}
	return fold_mix(hash ^ length);
}

static inline int
fold_of_hash(uint64_t hash, int folds)
{
	return (int) (hash % (uint64_t) folds);
}

#endif							/* AGRIRISK_FOLD_H */
