/*
 * probability_math.h
 *		Distributions and intervals that give the same bits on every machine.
 *		Pure C.
 *
 * Built on elementary_math and on two doubles per number (twofold.h), without
 * tables of fitted coefficients. Relative errors, measured by
 * test/unit/probability_test.c: 6e-16 for the normal tail, 3e-16 for its
 * quantile, 3e-15 for the chi-square tail of up to 100 degrees of freedom.
 * NaN gives NaN everywhere.
 */
#ifndef AGRIRISK_PROBABILITY_MATH_H
#define AGRIRISK_PROBABILITY_MATH_H

#include <stdint.h>

/* The probability that a standard normal variable is at most x; above x. */
extern double normal_cdf(double x);
extern double normal_tail(double x);

/* The x with normal_cdf(x) = p; infinite at 0 and 1, NaN outside [0, 1]. */
extern double normal_quantile(double p);

/* 2 normal_tail(|z|): the p-value of a two-sided test. */
extern double normal_two_sided(double z);

/*
 * The probability that a chi-square variable with df degrees of freedom exceeds
 * x. NaN unless df is at least 1; 1 for x up to 0. Takes time proportional to df.
 */
extern double chi_square_tail(double x, int64_t df);

/* ln(p / (1 - p)), infinite at 0 and 1; and its inverse. */
extern double logit(double p);
extern double inverse_logit(double x);

/*
 * Wilson's score interval of a share, z standard errors to either side; without
 * trials it is [0, 1]. Wilson 1927, "Probable inference, the law of succession,
 * and statistical inference".
 */
extern void wilson_interval(int64_t successes, int64_t trials, double z,
							double *low, double *high);

/* The z of a two-sided interval, 1.96 for 0.95; NaN unless level is in (0, 1). */
extern double interval_z(double level);

#endif							/* AGRIRISK_PROBABILITY_MATH_H */
