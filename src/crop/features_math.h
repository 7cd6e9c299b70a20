/*
 * features_math.h
 *		Harmonics of a series, and the numbers by which a classifier tells series
 *		apart. Pure C.
 */
#ifndef FEATURES_MATH_H
#define FEATURES_MATH_H

#include <stdbool.h>
#include <stdint.h>

#define HARMONICS_MAX		10
#define HARMONICS_MAX_TERMS (2 * HARMONICS_MAX + 1)

/*
 * Least squares of a mean and k harmonics of the period:
 *
 *		coefficient[0] + sum over h of coefficient[2h-1] cos(h a) + coefficient[2h] sin(h a),
 *		a = 2 pi (day - origin) / period
 *
 * False if the days do not determine the coefficients.
 */
extern bool harmonics_fit(const int32_t *day, const double *value, int n, int k, double period, int32_t origin,
						  double *coefficient);

/* What features are computed from: a year on a grid, in four seasons. */
#define FEATURES_YEAR		365
#define FEATURES_MAX_STEP	32
#define FEATURES_HARMONICS	2
#define FEATURES_WINDOWS	4
#define FEATURES_WINDOW		3	/* least, mean and greatest of a window */
#define FEATURES_WHOLE		3	/* standard deviation, days to the greatest and to the least, of all */

/* Dates of the grid: step, 2 step, ... within the year, from its first day. */
static inline int
features_grid(int step_days)
{
	return (FEATURES_YEAR - 1) / step_days + 1;
}

/* Numbers of one band. */
static inline int
features_count(int step_days)
{
	return features_grid(step_days) + 1 + 2 * FEATURES_HARMONICS + FEATURES_WINDOWS * FEATURES_WINDOW + FEATURES_WHOLE;
}

/*
 * The features of one band of n > 0 dates, features_count of them: the grid,
 * gaps filled along straight lines and ends held; its mean and harmonics; least, mean and
 * greatest of each window; FEATURES_WHOLE. step_days is at most FEATURES_MAX_STEP.
 */
extern void features_of_band(const int32_t *day, const float *value, int n, int32_t from, int step_days, double *feature);

#endif							/* FEATURES_MATH_H */
