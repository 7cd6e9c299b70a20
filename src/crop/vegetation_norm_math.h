/*
 * vegetation_norm_math.h
 *		How green the plots of a county and crop were, by date: stored form of
 *		type vegetation_norm. Pure C.
 *
 * Stored, a norm is (after the varlena header)
 *
 *		version		1 byte, NORM_VERSION
 *		reserved	1 byte, zero
 *		step		varint, days between its dates, 1 to 366
 *		band		varint, the band of the series, from 1
 *		lambda		8 bytes, of the smooth curves
 *		series		varint, number of series
 *		n			varint, number of dates
 *		if n > 0:
 *		first		varint, zigzag: the first date, in steps since 2000-01-01
 *		skipped		n - 1 varints, dates without a series before each date
 *		dates		n times: varint, the curves that have this date; then
 *					NORM_QUANTILES floats, little-endian
 *
 * Quantiles increase, and are finite and not -0. A value has exactly one
 * encoding.
 */
#ifndef VEGETATION_NORM_MATH_H
#define VEGETATION_NORM_MATH_H

#include "crop/vegetation_math.h"

#define NORM_VERSION	1
#define NORM_QUANTILES	9
#define NORM_MEDIAN		4
#define NORM_MAX_STEP	366
#define NORM_PARTS		20		/* levels are twentieths */

extern const int norm_level[NORM_QUANTILES];

typedef struct NormDate
{
	int32_t		day;			/* a multiple of the step */
	uint64_t	count;
	float		quantile[NORM_QUANTILES];
} NormDate;

typedef struct Norm
{
	int			step;
	int			band;
	double		lambda;
	uint64_t	series;
	int			n;
	NormDate   *date;
} Norm;

/* The head; date is left alone. False if the bytes are damaged. */
extern bool norm_open(Norm *norm, ByteReader *rest, const uint8_t *bytes, size_t length);

/* Reads the n dates into the room that date is; false if the bytes are damaged. */
extern bool norm_decode(Norm *norm, ByteReader *rest);

extern void norm_encode(ByteWriter *w, const Norm *norm);

/*
 * The quantiles on a day: between two dates that follow each other, on the line.
 * False if one of them is not among the dates. count is the lesser one.
 */
extern bool norm_at(const Norm *norm, int32_t day, NormDate *at);

/* The share of plots that are less green, from the quantiles; half of those that are equal count. */
extern double norm_share_below(const float *quantile, double value);

#endif							/* VEGETATION_NORM_MATH_H */
