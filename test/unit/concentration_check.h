/*
 * concentration_check.h
 *		What must hold of any bytes given to the readers of type concentration,
 *		for the unit test and the fuzzer.
 */
#ifndef CONCENTRATION_CHECK_H
#define CONCENTRATION_CHECK_H

#include "portrait/concentration_math.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A copy without a byte to spare, so that the sanitizer sees any other read. */
static uint8_t *
tight_copy(const void *bytes, size_t length)
{
	uint8_t    *copy = malloc(length ? length : 1);

	if (length > 0)
		memcpy(copy, bytes, length);
	return copy;
}

static void
no_pause(void)
{
}

/* The measures of a good value lie where they must. */
static bool
measures_hold(const uint8_t *bytes, size_t length, uint64_t keys)
{
	double		total,
				hhi,
				entropy,
				share,
				before = 0;
	ConcentrationWeight *heap = malloc((keys + 1) * sizeof *heap);
	ConcentrationStatus status = concentration_total(bytes, length, &total);
	bool		good = true;
	uint64_t	n;

	if (status == CONCENTRATION_OUT_OF_RANGE)
		good = concentration_hhi(bytes, length, &hhi) == status &&
			concentration_entropy(bytes, length, &entropy) == status &&
			concentration_top_share(bytes, length, 1, heap, no_pause, &share) == status;
	else if (keys == 0)
		good = total == 0 &&
			concentration_hhi(bytes, length, &hhi) == CONCENTRATION_UNDEFINED &&
			concentration_entropy(bytes, length, &entropy) == CONCENTRATION_UNDEFINED &&
			concentration_top_share(bytes, length, 1, heap, no_pause, &share) == CONCENTRATION_UNDEFINED;
	else
	{
		good = total > 0 &&
			concentration_hhi(bytes, length, &hhi) == CONCENTRATION_OK &&
			hhi <= 1 && hhi >= (1 - 1e-12) / (double) keys;
		status = concentration_entropy(bytes, length, &entropy);
		good = good && (keys == 1 ? status == CONCENTRATION_UNDEFINED :
						status == CONCENTRATION_OK && entropy >= 0 && entropy <= 1);
		for (n = 1; n <= keys && n < 20 && good; n++)
		{
			good = concentration_top_share(bytes, length, n, heap, no_pause, &share) == CONCENTRATION_OK &&
				share >= before && share <= 1 && share > 0;
			before = share;
		}
	}
	free(heap);
	return good;
}

/*
 * Either the reader reports damage, or it read a value that, written again,
 * gives the same bytes, merges with nothing into itself and has its measures.
 */
static bool
stored_holds(const uint8_t *bytes, size_t length)
{
	static const uint8_t empty[] = {CONCENTRATION_VERSION, 0, 0};
	uint8_t    *tight = tight_copy(bytes, length);
	ByteWriter	writer = {malloc(length + 64), 0};
	ConcentrationReader reader;
	ConcentrationKey key;
	uint64_t	keys;
	uint64_t	count;
	double		total;
	bool		good;

	concentration_open(&reader, tight, length);
	keys = reader.count;
	concentration_write_head(&writer, keys);
	while (concentration_next(&reader, &key))
		concentration_write_key(&writer, key.key, key.length, key.part, key.parts);
	if (reader.damaged)
		good = concentration_total(tight, length, &total) != CONCENTRATION_OK;
	else
	{
		good = writer.length == length && memcmp(writer.buffer, tight, length) == 0 &&
			measures_hold(tight, length, keys);
		writer.length = 0;
		concentration_write_head(&writer, keys);
		if (concentration_merge(empty, sizeof empty, tight, length, &writer, &count, &key) == CONCENTRATION_OK)
			good = good && count == keys &&
				writer.length == length && memcmp(writer.buffer, tight, length) == 0;
	}
	free(writer.buffer);
	free(tight);
	return good;
}

/* The text reader gives a fault inside the text, or positive canonical sums. */
static bool
text_holds(const uint8_t *bytes, size_t length)
{
	char	   *text = malloc(length + 1);
	char	   *scratch = malloc(length + 1);
	ConcentrationText reader;
	ConcentrationKey key;
	bool		good = true;

	memcpy(text, bytes, length);
	text[length] = '\0';
	concentration_text_open(&reader, text, scratch);
	while (good && concentration_text_next(&reader, &key))
	{
		int			i;

		good = key.length < length && key.parts >= 0 && key.parts <= EXACT_SUM_PARTS &&
			(key.parts == 0 || key.part[0] > 0);
		for (i = 1; i < key.parts; i++)
			good = good && key.part[i] != 0 &&
				2 * fabs(key.part[i]) <= nextafter(fabs(key.part[i - 1]), INFINITY) - fabs(key.part[i - 1]);
	}
	good = good && reader.at <= strlen(text);
	free(text);
	free(scratch);
	return good;
}

#endif							/* CONCENTRATION_CHECK_H */
