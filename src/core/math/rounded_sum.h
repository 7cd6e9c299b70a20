/*
 * rounded_sum.h
 *		Sums of doubles that do not depend on the order of their terms, fast. Pure C.
 *
 * Each term is rounded to a multiple of a power of two so coarse that no sum of
 * rounded terms rounds any more; what the rounding left goes into a second sum
 * that is finer by as many bits (the pre-rounding of Demmel and Nguyen 2013,
 * "Fast reproducible floating-point summation"). For n terms of weight 1 the
 * error is below n^3 2^-105 of the largest term. A term of weight w is w equal ones.
 */
#ifndef AGRIRISK_ROUNDED_SUM_H
#define AGRIRISK_ROUNDED_SUM_H

#include <math.h>

typedef struct RoundedSum
{
	double		rounder[2];		/* 1.5 * 2^52 units */
	double		sum[2];
} RoundedSum;

/* The least power of two that is not below x, which is positive. */
static inline double
power_of_two_above(double x)
{
	int			exponent;
	double		fraction = frexp(x, &exponent);

	return ldexp(1, fraction == 0.5 ? exponent - 1 : exponent);
}

/*
 * No term is larger than `largest`, and the weights, which are whole, add up to
 * no more than `weight`.
 */
static inline void
rounded_sum_begin(RoundedSum *s, double largest, double weight)
{
	double		bound = power_of_two_above(fmax(largest, 1e-200)) * power_of_two_above(fmax(weight, 1));

	s->rounder[0] = 1.5 * bound;
	/* A remainder is at most half a unit, and a unit is 2^-52 of the bound. */
	s->rounder[1] = 1.5 * bound * 0x1p-53 * power_of_two_above(fmax(weight, 1));
	s->sum[0] = s->sum[1] = 0;
}

static inline void
rounded_sum_add(RoundedSum *s, double term, double weight)
{
	double		coarse = (term + s->rounder[0]) - s->rounder[0];
	double		fine = ((term - coarse) + s->rounder[1]) - s->rounder[1];

	s->sum[0] += weight * coarse;
	s->sum[1] += weight * fine;
}

static inline double
rounded_sum_get(const RoundedSum *s)
{
	return s->sum[0] + s->sum[1];
}

#endif							/* AGRIRISK_ROUNDED_SUM_H */
