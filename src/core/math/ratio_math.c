/*
 * ratio_math.c
 *		Quotients of exact integers, rounded once. Pure C.
 */
#include "core/math/ratio_math.h"

#include <math.h>

double
ratio_round(Unsigned128 a, Unsigned128 b)
{
	Unsigned128 quotient = a / b;
	Unsigned128 rest = a % b;
	int			exponent = 0;

	/* More bits than a double has, and in the last one whether there are others. */
	while (rest > 0 && quotient >> 63 == 0 && exponent > -1000)
	{
		rest <<= 1;
		quotient <<= 1;
		if (rest >= b)
		{
			rest -= b;
			quotient |= 1;
		}
		exponent--;
	}
	if (rest > 0)
		quotient |= 1;
	return ldexp((double) quotient, exponent);
}

Unsigned256
wide_product(Unsigned128 a, Unsigned128 b)
{
	const Unsigned128 half = ~(uint64_t) 0;
	Unsigned128 low = (a & half) * (b & half);
	Unsigned128 mixed = (a >> 64) * (b & half) + (low >> 64);
	Unsigned128 other = (a & half) * (b >> 64) + (mixed & half);
	Unsigned256 product;

	product.high = (a >> 64) * (b >> 64) + (mixed >> 64) + (other >> 64);
	product.low = other << 64 | (low & half);
	return product;
}

Unsigned256
wide_difference(Unsigned256 a, Unsigned256 b)
{
	Unsigned256 difference;

	difference.low = a.low - b.low;
	difference.high = a.high - b.high - (a.low < b.low);
	return difference;
}

double
wide_round(Unsigned256 a)
{
	int			shift = 0;

	while (shift < 128 && a.high >> shift > 0)
		shift++;
	if (shift == 0)
		return (double) a.low;

	/* The upper 128 bits, and in the last one whether there are others. */
	if (shift < 128)
	{
		Unsigned128 cut = a.low << (128 - shift);

		return ldexp((double) (a.high << (128 - shift) | a.low >> shift | (cut > 0)), shift);
	}
	return ldexp((double) (a.high | (a.low > 0)), 128);
}
