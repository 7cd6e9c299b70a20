/*
 * twdtw_math.c
 *		Time-weighted dynamic time warping of satellite series. Pure C.
 */
#include "crop/twdtw_math.h"

#include "core/math/elementary_math.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#ifdef __x86_64__
#include <immintrin.h>
#endif

#define ALWAYS_INLINE	inline __attribute__((always_inline))

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
 * Several patterns at once. Subtraction, addition, multiplication, square root
 * and the lesser of two round alike in every width: all machines get the bits
 * of twdtw_match.
 */
#ifdef __x86_64__

/* Every x86-64 has SSE2. */
#define VECTOR				__m128d
#define VECTOR_WIDTH		2
#define VECTOR_TARGET
#define VECTOR_NAME(name)	name##_sse2
#define vector_load(at)		_mm_loadu_pd(at)
#define vector_store(at, x) _mm_storeu_pd(at, x)
#define vector_of(x)		_mm_set1_pd(x)
#define vector_add(x, y)	_mm_add_pd(x, y)
#define vector_subtract(x, y) _mm_sub_pd(x, y)
#define vector_multiply(x, y) _mm_mul_pd(x, y)
#define vector_least(x, y)	_mm_min_pd(x, y)
#define vector_root(x)		_mm_sqrt_pd(x)
#define vector_magnitude(x) _mm_andnot_pd(_mm_set1_pd(-0.0), x)
#include "crop/twdtw_template.h"

#define VECTOR				__m256d
#define VECTOR_WIDTH		4
#define VECTOR_TARGET		__attribute__((target("avx2")))
#define VECTOR_NAME(name)	name##_avx2
#define vector_load(at)		_mm256_loadu_pd(at)
#define vector_store(at, x) _mm256_storeu_pd(at, x)
#define vector_of(x)		_mm256_set1_pd(x)
#define vector_add(x, y)	_mm256_add_pd(x, y)
#define vector_subtract(x, y) _mm256_sub_pd(x, y)
#define vector_multiply(x, y) _mm256_mul_pd(x, y)
#define vector_least(x, y)	_mm256_min_pd(x, y)
#define vector_root(x)		_mm256_sqrt_pd(x)
#define vector_magnitude(x) _mm256_andnot_pd(_mm256_set1_pd(-0.0), x)
#include "crop/twdtw_template.h"

#else

#define VECTOR				double
#define VECTOR_WIDTH		1
#define VECTOR_TARGET
#define VECTOR_NAME(name)	name##_plain
#define vector_load(at)		(*(at))
#define vector_store(at, x) (*(at) = (x))
#define vector_of(x)		(x)
#define vector_add(x, y)	((x) + (y))
#define vector_subtract(x, y) ((x) - (y))
#define vector_multiply(x, y) ((x) * (y))
#define vector_least(x, y)	((x) < (y) ? (x) : (y))
#define vector_root(x)		sqrt(x)
#define vector_magnitude(x) fabs(x)
#include "crop/twdtw_template.h"

#endif

void
twdtw_distances(const TwdtwSeries *patterns, int n, const TwdtwSeries *series, const double *weigh,
				double *costs, double distances[TWDTW_LANES])
{
#ifdef __x86_64__
	if (__builtin_cpu_supports("avx2"))
		distances_avx2(patterns, n, series, weigh, costs);
	else
		distances_sse2(patterns, n, series, weigh, costs);
#else
	distances_plain(patterns, n, series, weigh, costs);
#endif
	memcpy(distances, costs + (size_t) (series->length - 1) * TWDTW_LANES, TWDTW_LANES * sizeof(double));
}
