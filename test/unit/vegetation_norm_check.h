/*
 * vegetation_norm_check.h
 *		What must hold of any bytes as a stored vegetation norm, for the unit test
 *		and the fuzzer.
 */
#ifndef VEGETATION_NORM_CHECK_H
#define VEGETATION_NORM_CHECK_H

#include "crop/vegetation_norm_math.h"

#include <math.h>
#include <stdlib.h>

/* On any day the quantiles increase, and shares lie between 0 and 1. */
static bool
day_holds(const Norm *norm, int32_t day)
{
	NormDate	at;
	double		share = 0;
	int			i;

	if (!norm_at(norm, day, &at))
		return true;
	for (i = 0; i < NORM_QUANTILES; i++)
	{
		double		next = norm_share_below(at.quantile, at.quantile[i]);

		if ((i > 0 && at.quantile[i] < at.quantile[i - 1]) || !(next >= share && next <= 1))
			return false;
		share = next;
	}
	return at.count >= 1;
}

/* Bytes that are decoded are those that encoding gives again. */
static inline bool
vegetation_norm_holds(const uint8_t *bytes, size_t length)
{
	Norm		norm;
	ByteReader	rest;
	ByteWriter	w;
	bool		good = true;

	if (!norm_open(&norm, &rest, bytes, length))
		return true;
	norm.date = malloc(norm.n * sizeof(NormDate) + 1);
	if (norm_decode(&norm, &rest))
	{
		w = (ByteWriter) {NULL, 0};
		norm_encode(&w, &norm);
		good = w.length == length;
		w = (ByteWriter) {malloc(length), 0};
		norm_encode(&w, &norm);
		good = good && memcmp(w.buffer, bytes, length) == 0 && (norm.n == 0 || (day_holds(&norm, norm.date[0].day) &&
																			   day_holds(&norm, norm.date[0].day + 1)));
		free(w.buffer);
	}
	free(norm.date);
	return good;
}

#endif							/* VEGETATION_NORM_CHECK_H */
