/*
 * quantile_math.h
 *		Quantiles of type 7 of sorted values (Hyndman and Fan 1996), the kind R and
 *		numpy give by default. Pure C.
 *
 * The k-th quantile of n sorted values x[0..n-1] lies at position
 * (n - 1) k / parts: between x[index] and x[index + 1], a fraction of the way.
 * Values may be held as distinct ones with counts, so finding x is the caller's.
 */
#ifndef AGRIRISK_QUANTILE_MATH_H
#define AGRIRISK_QUANTILE_MATH_H

#include <stdint.h>

typedef struct QuantilePlace
{
	int64_t		index;			/* from 0 */
	double		fraction;		/* in [0, 1) */
} QuantilePlace;

/* For n >= 1 and 0 <= k <= parts; exact but for the fraction's rounding. */
extern QuantilePlace quantile_place(int64_t n, int64_t k, int64_t parts);

/*
 * The value that fraction of the way from `below` to `above`, never outside
 * them. `below` where they are opposite infinities.
 */
extern double quantile_value(double below, double above, double fraction);

#endif							/* AGRIRISK_QUANTILE_MATH_H */
