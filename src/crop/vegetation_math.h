/*
 * vegetation_math.h
 *		A plot's vegetation as satellites saw it: a series of dates and bands, and
 *		its stored form. Pure C.
 *
 * Stored, a series is (after the varlena header)
 *
 *		version		1 byte, VEGETATION_VERSION
 *		reserved	1 byte, zero
 *		left out	4 varints: VegetationLeftOut in its order
 *		n			varint, number of dates
 *		if n > 0:
 *		bands		varint, 1 or more
 *		first day	varint, zigzag
 *		steps		n - 1 varints, days since the date before, less 1
 *		values		for each band:
 *			form		1 byte: width in bytes (0 to 3) + 4 * decimals (0 to 9), or
 *						VEGETATION_FLOATS
 *			least		varint, zigzag, unless floats
 *			value		n times: width bytes, or 4 bytes of a float, little-endian
 *
 * A value is exactly the float that was given. Most are decimals of a few
 * digits: where each value of a band is the float nearest to k / 10^decimals,
 * |k| <= VEGETATION_MAX_WHOLE, the band keeps k less its least k. The decoder
 * computes that quotient in a double and rounds it to a float, the encoder has
 * tried just this, so nothing is lost. A band with another value keeps floats.
 *
 * A value has exactly one encoding, so that equal values are equal bytes: the
 * fewest decimals and the least width. Floats tell decimals of six digits apart
 * (FLT_DIG), so the fewest decimals are those for which some k is no multiple
 * of 10; this is how the decoder sees it. There are no texts.
 */
#ifndef VEGETATION_MATH_H
#define VEGETATION_MATH_H

#include "core/math/bytes.h"
#include "core/math/calendar.h"

#define VEGETATION_VERSION		1
#define VEGETATION_FLOATS		0xff
#define VEGETATION_MAX_DECIMALS 9
#define VEGETATION_MAX_WHOLE	999999

#define VEGETATION_MAX_DATES	36525	/* a day each in a hundred years */
#define VEGETATION_MAX_BANDS	100

/*
 * Dates increase. Values are finite and never -0. Those of a band lie together,
 * value[band * n + date], so that a smoother walks along one and a distance
 * runs over dates.
 */
typedef struct Series
{
	int			n;
	int			n_bands;		/* 0 if n is 0 */
	const int32_t *day;			/* since 2000-01-01, as PostgreSQL counts */
	const float *value;
} Series;

static inline const float *
series_band(const Series *s, int band)
{
	return s->value + (size_t) band * s->n;
}

/* Rows that are not among the dates, counted. */
typedef enum VegetationLeftOut
{
	VEGETATION_MISSING,			/* the date or a band was NULL */
	VEGETATION_LOW_QUALITY,
	VEGETATION_DUPLICATE,		/* of a date that has another observation */
	VEGETATION_SPIKE,			/* by despike */
	VEGETATION_LEFT_OUT			/* how many there are */
} VegetationLeftOut;

/* What is told without decoding. */
typedef struct VegetationHead
{
	int			n;
	int			n_bands;
	uint64_t	left_out[VEGETATION_LEFT_OUT];
	ByteReader	rest;
} VegetationHead;

/* False if the bytes are damaged. */
extern bool vegetation_open(VegetationHead *head, const uint8_t *bytes, size_t length);

/*
 * Decodes the dates and the first n_bands bands. day has room for head->n,
 * value for head->n times n_bands, which is at most head->n_bands; or both are
 * NULL, and the bytes are only checked. False if the bytes are damaged: if
 * n_bands is head->n_bands, all of them were looked at.
 */
extern bool vegetation_decode(const VegetationHead *head, int n_bands, int32_t *day, float *value);

/* Writes the one encoding of a series that keeps to the rules above. */
extern void vegetation_encode(ByteWriter *w, const Series *s, const uint64_t *left_out);

/* Adds up what was left out; false beyond 2^63. */
extern bool vegetation_add_left_out(uint64_t *left_out, const uint64_t *added);

/*
 * Which of two observations of one date stays: that with the larger value in
 * the first band in which they differ (maximum-value composite, Holben 1986).
 * Values lie a stride apart.
 */
extern bool vegetation_is_greener(const float *a, size_t a_stride, const float *b, size_t b_stride, int n_bands);

/*
 * The dates of both, with the greener observation where they share one. The
 * bands are equally many, or one has no dates. day has room for a->n + b->n, value for that
 * times the bands. Returns the dates of the result; duplicates are a->n + b->n less these.
 */
extern int	vegetation_merge(const Series *a, const Series *b, int32_t *day, float *value);

/*
 * Spikes: clouds lower an index, nothing raises it. A date is one if the first
 * band was more than min_drop higher before it and again after it, on dates at
 * most max_days apart. Sets keep; returns the spikes.
 */
extern int	vegetation_find_spikes(const Series *s, double min_drop, int32_t max_days, bool *keep);

#endif							/* VEGETATION_MATH_H */
