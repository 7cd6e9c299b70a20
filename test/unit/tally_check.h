/*
 * tally_check.h
 *		What must hold of any bytes given to the readers of tallies, for the unit
 *		test and the fuzzer.
 */
#ifndef TALLY_CHECK_H
#define TALLY_CHECK_H

#include "core/math/tally_math.h"

#include <math.h>
#include <stdlib.h>

/* A copy without a byte to spare, so that the sanitizer sees any other read. */
static uint8_t *
tight_copy(const void *bytes, size_t length)
{
	uint8_t    *copy = malloc(length ? length : 1);

	if (length > 0)
		memcpy(copy, bytes, length);
	return copy;
}

static bool
is_entry(const TallyEntry *entry)
{
	double		value = tally_value(entry->key);

	return !isnan(value) && !(value == 0 && signbit(value)) && tally_key(value) == entry->key &&
		entry->count[0] >= 0 && entry->count[0] <= TALLY_MAX_TOTAL &&
		entry->count[1] >= 0 && entry->count[1] <= TALLY_MAX_TOTAL &&
		entry->count[0] + entry->count[1] > 0;
}

/*
 * Either the reader reports damage, or it read ascending entries that add up to
 * the head and that, written again, give the same bytes.
 */
static bool
stored_holds(const uint8_t *bytes, size_t length)
{
	uint8_t    *tight = tight_copy(bytes, length);
	ByteWriter	writer = {malloc(length + 64), 0};
	TallyReader reader;
	TallyEntry	entry;
	TallyHead	head;
	double		before = -INFINITY;
	uint64_t	key = 0;
	bool		good = true;

	tally_open(&reader, tight, length);
	head = reader.head;
	tally_write_head(&writer, &head);
	while (tally_next(&reader, &entry))
	{
		good = good && is_entry(&entry) && (key == 0 || tally_value(entry.key) > before);
		before = tally_value(entry.key);
		tally_write_entry(&writer, key, &entry);
		key = entry.key;
		head.total[0] -= entry.count[0];
		head.total[1] -= entry.count[1];
		head.distinct--;
	}
	if (!reader.damaged)
		good = good && writer.length == length && memcmp(writer.buffer, tight, length) == 0 &&
			head.total[0] == 0 && head.total[1] == 0 && head.distinct == 0;
	free(writer.buffer);
	free(tight);
	return good;
}

/* The text reader gives a fault inside the text, or entries. */
static bool
text_holds(const uint8_t *bytes, size_t length, int classes)
{
	char	   *text = malloc(length + 1);
	TallyText	reader;
	TallyEntry	entry;
	int64_t		excluded[TALLY_EXCLUSIONS];
	bool		good = true;
	int			i;

	memcpy(text, bytes, length);
	text[length] = '\0';
	tally_text_open(&reader, text, classes, excluded);
	while (good && tally_text_next(&reader, &entry))
		good = is_entry(&entry) && (classes == 2 || entry.count[1] == 0);
	good = good && reader.at <= strlen(text);
	for (i = 0; i < TALLY_EXCLUSIONS; i++)
		good = good && excluded[i] >= 0 && (reader.fault || excluded[i] <= TALLY_MAX_TOTAL);
	free(text);
	return good;
}

#endif							/* TALLY_CHECK_H */
