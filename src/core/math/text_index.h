/*
 * text_index.h
 *		Texts by their bytes, and an index from texts to numbers.
 */
#ifndef AGRIRISK_TEXT_INDEX_H
#define AGRIRISK_TEXT_INDEX_H

#include "core/math/arena.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct TextSpan
{
	const char *at;
	uint32_t	length;
} TextSpan;

typedef struct TextIndex
{
	uint32_t	mask;			/* number of slots, less one */
	struct TextIndexSlot
	{
		TextSpan	text;
		uint32_t	value;
	}		   *slot;			/* an empty one has a NULL text */
} TextIndex;

/* A text in another encoding; one that need not change comes back as it is. */
typedef TextSpan (*TextRecode) (TextSpan text);

/* Negative, 0 or positive: the order of bytes. */
extern int	text_span_compare(TextSpan a, TextSpan b);

extern TextIndex *text_index_create(Arena arena, uint32_t capacity);

/* Adds the text; returns false where it is there already. */
extern bool text_index_add(TextIndex *index, TextSpan text, uint32_t value);

/* Returns the text's value, or -1. */
extern int64_t text_index_find(const TextIndex *index, const char *at, size_t length);

#endif							/* AGRIRISK_TEXT_INDEX_H */
