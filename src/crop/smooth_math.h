/*
 * smooth_math.h
 *		Whittaker's smoother of a series (Eilers 2003, "A perfect smoother"). Pure C.
 *
 * The curve z that makes sum w (y - z)^2 + lambda sum (second difference of z)^2
 * least: a system of five bands, solved in one pass down and one up. Time is
 * counted in units of 16 days:
 *
 *	at dates	second differences are twice the divided ones, which for dates
 *				16 days apart are the plain ones;
 *	on a grid	plain differences. On a grid of days, the curvature of a unit
 *				comes in 16 summands, each 16^4 times smaller: lambda times 16^3.
 *
 * The factor of the system depends on dates, weights and lambda, not on the
 * values: bands of one series, and series of the same dates, share it.
 */
#ifndef SMOOTH_MATH_H
#define SMOOTH_MATH_H

#include <stdbool.h>
#include <stdint.h>

#define SMOOTH_UNIT_DAYS	16
#define SMOOTH_DAILY(lambda)	((lambda) * (SMOOTH_UNIT_DAYS * SMOOTH_UNIT_DAYS * SMOOTH_UNIT_DAYS))

/* A row of the factor L D L': what is below the diagonal of L, and 1 / D. */
typedef struct SmoothRow
{
	double		below;
	double		below_two;
	double		inverse;
} SmoothRow;

/*
 * The factor for n points: `day` is NULL for a grid; `weight` is NULL where all
 * are 1, else 0 or more, with at least two above 0 (or n). lambda is above 0.
 */
extern void smooth_factor(SmoothRow *row, int n, const int32_t *day, const double *weight, double lambda);

/* Turns values times weights into the curve. */
extern void smooth_solve(const SmoothRow *row, int n, double *z);

/*
 * The expectile curve: points above it weigh `expectile`, those below it 1 less
 * this (Eilers and Boelens 2005), times their weight. `room` has n doubles.
 */
extern void smooth_expectile(SmoothRow *row, int n, const int32_t *day, const double *weight, const double *y,
							 double lambda, double expectile, double *room, double *z);

/*
 * The lambda among 10^-1, 10^-0.5, ... 10^4 of the least generalised cross
 * validation (Craven and Wahba 1979), the least of equal ones. NaN for fewer
 * than three points of a weight above 0.
 */
extern double smooth_gcv(SmoothRow *row, int n, const int32_t *day, const double *weight, const double *y, double *z);

#endif							/* SMOOTH_MATH_H */
