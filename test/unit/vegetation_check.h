/*
 * vegetation_check.h
 *		What must hold of any bytes as a stored vegetation series, for the unit test
 *		and the fuzzer.
 */
#ifndef VEGETATION_CHECK_H
#define VEGETATION_CHECK_H

#include "crop/vegetation_math.h"

#include <math.h>
#include <stdlib.h>

/* Whether a decoded series keeps the rules of Series. */
static bool
series_holds(const Series *s)
{
	int			i;
	int			band;

	for (i = 0; i < s->n; i++)
		if (s->day[i] < CALENDAR_DAY_MIN || s->day[i] > CALENDAR_DAY_MAX || (i > 0 && s->day[i] <= s->day[i - 1]))
			return false;
	for (band = 0; band < s->n_bands; band++)
		for (i = 0; i < s->n; i++)
			if (!isfinite(series_band(s, band)[i]) || (series_band(s, band)[i] == 0 && signbit(series_band(s, band)[i])))
				return false;
	return true;
}

/* Bytes that are decoded are those that encoding gives again; the first band alone is the same. */
static inline bool
vegetation_holds(const uint8_t *bytes, size_t length)
{
	VegetationHead head;
	ByteWriter	w = {NULL, 0};
	int32_t    *day;
	float	   *value;
	float	   *first;
	bool	   *keep;
	Series		s;
	bool		good = true;

	if (!vegetation_open(&head, bytes, length))
		return true;
	day = malloc(head.n * sizeof(int32_t) + 1);
	keep = malloc(head.n + 1);
	value = malloc((size_t) head.n * head.n_bands * sizeof(float) + 1);
	first = malloc(head.n * sizeof(float) + 1);
	if (vegetation_decode(&head, head.n_bands, day, value))
	{
		s = (Series) {head.n, head.n_bands, day, value};
		good = series_holds(&s) && vegetation_decode(&head, head.n_bands, NULL, NULL);
		vegetation_encode(&w, &s, head.left_out);
		good = good && w.length == length;
		w = (ByteWriter) {malloc(length), 0};
		vegetation_encode(&w, &s, head.left_out);
		good = good && memcmp(w.buffer, bytes, length) == 0;
		free(w.buffer);
		if (head.n > 0)
		{
			good = good && vegetation_decode(&head, 1, day, first) && memcmp(first, value, head.n * sizeof(float)) == 0;
			good = good && vegetation_find_spikes(&s, 0.1, 32, keep) < head.n;
		}
	}
	else
		good = !vegetation_decode(&head, head.n_bands, NULL, NULL);
	free(day);
	free(keep);
	free(value);
	free(first);
	return good;
}

#endif							/* VEGETATION_CHECK_H */
