/*
 * text_index.c
 *		Texts by their bytes, and an index from texts to numbers.
 */
#include "core/math/text_index.h"

#include <string.h>

int
text_span_compare(TextSpan a, TextSpan b)
{
	uint32_t	shorter = a.length < b.length ? a.length : b.length;
	int			order = shorter > 0 ? memcmp(a.at, b.at, shorter) : 0;

	return order != 0 ? order : (a.length > b.length) - (a.length < b.length);
}

TextIndex *
text_index_create(Arena arena, uint32_t capacity)
{
	TextIndex  *index = arena.alloc(arena.context, sizeof *index);
	uint64_t	slots = 4;

	/* At most half full. */
	while (slots < 2 * (uint64_t) capacity)
		slots *= 2;
	index->mask = (uint32_t) (slots - 1);
	index->slot = arena.alloc(arena.context, slots * sizeof *index->slot);
	memset(index->slot, 0, slots * sizeof *index->slot);
	return index;
}

/* The slot that holds the text, or the empty one where it belongs. */
static struct TextIndexSlot *
probe(const TextIndex *index, const char *at, size_t length)
{
	uint32_t	hash = 2166136261u; /* FNV-1a */
	size_t		i;

	for (i = 0; i < length; i++)
		hash = (hash ^ (uint8_t) at[i]) * 16777619u;
	hash ^= hash >> 15;
	for (;; hash++)
	{
		struct TextIndexSlot *slot = &index->slot[hash & index->mask];

		if (slot->text.at == NULL ||
			(slot->text.length == length && memcmp(slot->text.at, at, length) == 0))
			return slot;
	}
}

bool
text_index_add(TextIndex *index, TextSpan text, uint32_t value)
{
	struct TextIndexSlot *slot = probe(index, text.at, text.length);

	if (slot->text.at != NULL)
		return false;
	slot->text = text;
	slot->value = value;
	return true;
}

int64_t
text_index_find(const TextIndex *index, const char *at, size_t length)
{
	const struct TextIndexSlot *slot = probe(index, at, length);

	return slot->text.at == NULL ? -1 : (int64_t) slot->value;
}
