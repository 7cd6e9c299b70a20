/*
 * exact_sum_math.h
 *		The exact sum of doubles, whatever their order. Pure C.
 *
 * The sum is held as an expansion: doubles of increasing magnitude whose bits
 * do not overlap and whose mathematical sum is the value (Shewchuk 1997,
 * "Adaptive precision floating-point arithmetic", grow-expansion). Most sums
 * need two parts; none needs more than EXACT_SUM_PARTS.
 */
#ifndef AGRIRISK_EXACT_SUM_MATH_H
#define AGRIRISK_EXACT_SUM_MATH_H

/* 2097 bits from the smallest subnormal to the range's end, 53 a part. */
#define EXACT_SUM_PARTS 42

/*
 * A sum's magnitude stays below 2^1023, half the range of a double: so no step
 * on the way overflows, and whether a sum is refused depends on its exact
 * value, not on how it is held.
 */
#define EXACT_SUM_RANGE 0x1p1023

/*
 * Adds finite x to the n parts; returns the new number of parts (0 when the
 * sum is zero, never more than EXACT_SUM_PARTS), or -1 when the sum leaves the
 * range or x does. The array needs room for n + 1 parts.
 */
extern int	exact_sum_add(double *part, int n, double x);

/* The sum rounded once to the nearest double, ties to even. */
extern double exact_sum_round(const double *part, int n);

/*
 * The one canonical form of a sum: the first part is the rounded sum, the next
 * the rounded remainder, and so on (decreasing magnitude). Equal sums have
 * equal canonical parts. `out` needs EXACT_SUM_PARTS; returns their number.
 */
extern int	exact_sum_canonical(const double *part, int n, double *out);

#endif							/* AGRIRISK_EXACT_SUM_MATH_H */
