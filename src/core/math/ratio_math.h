/*
 * ratio_math.h
 *		Quotients of exact integers, rounded once. Pure C.
 *
 * Counts of pairs of rows and sums of their squares are integers of up to 128
 * bits, products of two of them have up to 256.
 */
#ifndef AGRIRISK_RATIO_MATH_H
#define AGRIRISK_RATIO_MATH_H

#include <stdint.h>

#include "core/math/wide.h"

typedef struct Unsigned256
{
	Unsigned128 high;
	Unsigned128 low;
} Unsigned256;

/* The double nearest to a / b, ties to even; b is above 0 and below 2^127. */
extern double ratio_round(Unsigned128 a, Unsigned128 b);

/* a * b, exactly. */
extern Unsigned256 wide_product(Unsigned128 a, Unsigned128 b);

/* a - b for a >= b, exactly. */
extern Unsigned256 wide_difference(Unsigned256 a, Unsigned256 b);

/* The nearest double, ties to even. */
extern double wide_round(Unsigned256 a);

#endif							/* AGRIRISK_RATIO_MATH_H */
