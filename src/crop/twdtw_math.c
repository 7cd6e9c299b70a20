/*
 * twdtw_math.c
 *		Time-weighted dynamic time warping of satellite series. Pure C.
 */
#include "crop/twdtw_math.h"

#include "core/math/elementary_math.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define ALWAYS_INLINE	inline __attribute__((always_inline))

/* Doubles that are computed at once, of the lanes. */
#define PAIRS (TWDTW_LANES / 2)

void
twdtw_weights(TwdtwWeights *weights, double alpha, double beta)
{
	int			days;

	for (days = 0; days <= TWDTW_CYCLE; days++)
	{
		int			between = days > TWDTW_CYCLE / 2 ? TWDTW_CYCLE - days : days;

		weights->of[days] = alpha == 0 ? 0 : 1 / (1 + agr_exp(alpha * (between - beta)));
	}
}

void
twdtw_weigh(const TwdtwWeights *weights, const int16_t *pattern, int n, const int16_t *series, int m, double *weigh)
{
	int			i,
				j;

	for (i = 0; i < n; i++)
		for (j = 0; j < m; j++)
			*weigh++ = weights->of[abs(pattern[i] - series[j])];
}

static inline double
band_distance(const double *a, const double *b, int bands)
{
	double		sum = 0;
	int			k;

	if (bands == 1)
		return fabs(a[0] - b[0]);
	for (k = 0; k < bands; k++)
		sum += (a[k] - b[k]) * (a[k] - b[k]);
	return sqrt(sum);
}

TwdtwMatch
twdtw_match(const TwdtwSeries *pattern, const TwdtwSeries *series, const double *weigh,
			TwdtwStep step, bool open, double *costs, int *starts)
{
	int			n = pattern->length;
	int			m = series->length;
	int			bands = series->bands;
	double		diagonal_weight = step == TWDTW_SYMMETRIC2 ? 2 : 1;
	TwdtwMatch	best = {INFINITY, 0, 0};
	int			i,
				j;

	for (i = 0; i < n; i++)
	{
		double		corner = INFINITY;	/* of the row above, one to the left */
		int			corner_start = 0;
		double		left = INFINITY;
		int			left_start = 0;

		for (j = 0; j < m; j++)
		{
			double		cost = band_distance(pattern->values + i * bands, series->values + j * bands, bands) +
				*weigh++;
			double		least = corner + diagonal_weight * cost;
			int			start = corner_start;

			if (i == 0 && (open || j == 0))
			{
				least = cost;
				start = j;
			}
			if (i > 0 && costs[j] + cost < least)
			{
				least = costs[j] + cost;
				start = starts[j];
			}
			if (left + cost < least)
			{
				least = left + cost;
				start = left_start;
			}
			if (i > 0)
			{
				corner = costs[j];
				corner_start = starts[j];
			}
			costs[j] = left = least;
			starts[j] = left_start = start;
		}
	}
	for (j = open ? 0 : m - 1; j < m; j++)
		if (costs[j] < best.distance)
		{
			best.distance = costs[j];
			best.start = starts[j];
			best.end = j;
		}
	return best;
}

/*
 * Pairs of doubles: SSE2, which every x86-64 has. Subtraction, addition, square
 * root and the lesser of two round alike everywhere: other machines get the same bits.
 */
#ifdef __SSE2__

typedef __m128d Pair;

#define pair_load(at)		_mm_loadu_pd(at)
#define pair_store(at, x)	_mm_storeu_pd(at, x)
#define pair_of(x)			_mm_set1_pd(x)
#define pair_add(x, y)		_mm_add_pd(x, y)
#define pair_subtract(x, y) _mm_sub_pd(x, y)
#define pair_multiply(x, y) _mm_mul_pd(x, y)
#define pair_least(x, y)	_mm_min_pd(x, y)
#define pair_root(x)		_mm_sqrt_pd(x)
#define pair_magnitude(x)	_mm_andnot_pd(_mm_set1_pd(-0.0), x)

#else

typedef double Pair __attribute__((vector_size(16), aligned(8)));

static inline Pair
pair_load(const double *at)
{
	return (Pair) {at[0], at[1]};
}

static inline void
pair_store(double *at, Pair x)
{
	at[0] = x[0];
	at[1] = x[1];
}

#define pair_of(x)			((Pair) {x, x})
#define pair_add(x, y)		((x) + (y))
#define pair_subtract(x, y) ((x) - (y))
#define pair_multiply(x, y) ((x) * (y))

static inline Pair
pair_least(Pair x, Pair y)
{
	return (Pair) {x[0] < y[0] ? x[0] : y[0], x[1] < y[1] ? x[1] : y[1]};
}

#define pair_root(x)		((Pair) {sqrt((x)[0]), sqrt((x)[1])})
#define pair_magnitude(x)	((Pair) {fabs((x)[0]), fabs((x)[1])})

#endif

/* The bands are a constant where the caller's are: then the loop over them is unrolled. */
static ALWAYS_INLINE Pair
pair_distance(const double *pattern, const double *observation, int bands)
{
	Pair		sum;
	int			k;

	sum = pair_subtract(pair_load(pattern), pair_of(observation[0]));
	if (bands == 1)
		return pair_magnitude(sum);
	sum = pair_multiply(sum, sum);
	for (k = 1; k < bands; k++)
	{
		Pair		difference = pair_subtract(pair_load(pattern + k * TWDTW_LANES), pair_of(observation[k]));

		sum = pair_add(sum, pair_multiply(difference, difference));
	}
	return pair_root(sum);
}

static ALWAYS_INLINE void
lane_distances(const TwdtwSeries *patterns, const TwdtwSeries *series, const double *weigh,
			   int bands, double *costs, double *distances)
{
	int			n = patterns->length;
	int			m = series->length;
	int			i,
				j,
				k;

	for (j = 0; j < m * TWDTW_LANES; j++)
		costs[j] = INFINITY;
	for (i = 0; i < n; i++)
	{
		const double *row = patterns->values + (size_t) i * bands * TWDTW_LANES;
		Pair		corner[PAIRS];
		Pair		left[PAIRS];

		for (k = 0; k < PAIRS; k++)
			corner[k] = left[k] = pair_of(INFINITY);
		for (j = 0; j < m; j++)
		{
			const double *observation = series->values + (size_t) j * bands;
			double	   *above = costs + (size_t) j * TWDTW_LANES;
			Pair		weight = pair_of(*weigh++);

			for (k = 0; k < PAIRS; k++)
			{
				Pair		cost = pair_add(pair_distance(row + 2 * k, observation, bands), weight);
				Pair		up = pair_load(above + 2 * k);
				Pair		least = pair_least(up, left[k]);

				if (i == 0 && j == 0)
					least = pair_of(0);
				least = pair_add(least, cost);
				left[k] = pair_least(least, pair_add(corner[k], pair_add(cost, cost)));
				corner[k] = up;
				pair_store(above + 2 * k, left[k]);
			}
		}
	}
	memcpy(distances, costs + (size_t) (m - 1) * TWDTW_LANES, TWDTW_LANES * sizeof(double));
}

void
twdtw_distances(const TwdtwSeries *patterns, const TwdtwSeries *series, const double *weigh,
				double *costs, double distances[TWDTW_LANES])
{
	switch (patterns->bands)
	{
		case 1:
			lane_distances(patterns, series, weigh, 1, costs, distances);
			break;
		case 2:
			lane_distances(patterns, series, weigh, 2, costs, distances);
			break;
		case 4:
			lane_distances(patterns, series, weigh, 4, costs, distances);
			break;
		default:
			lane_distances(patterns, series, weigh, patterns->bands, costs, distances);
	}
}
