/*
 * exact_sum_test.c
 *		Exact sums against integer arithmetic of 2,240 bits.
 *
 * Every double is a whole number of 2^-1074, so an integer wide enough holds
 * any sum of them; its rounding is done here bit by bit.
 */
#include "core/math/exact_sum_math.h"
#include "tap.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIMBS 70				/* of 32 bits, two's complement */

typedef struct Whole
{
	uint32_t	limb[LIMBS];
} Whole;

static void
whole_negate(Whole *w)
{
	uint64_t	carry = 1;
	int			i;

	for (i = 0; i < LIMBS; i++)
	{
		carry += (uint32_t) ~w->limb[i];
		w->limb[i] = (uint32_t) carry;
		carry >>= 32;
	}
}

static bool
whole_negative(const Whole *w)
{
	return w->limb[LIMBS - 1] >> 31;
}

static void
whole_plus(Whole *w, const Whole *other)
{
	uint64_t	carry = 0;
	int			i;

	for (i = 0; i < LIMBS; i++)
	{
		carry += (uint64_t) w->limb[i] + other->limb[i];
		w->limb[i] = (uint32_t) carry;
		carry >>= 32;
	}
}

static void
whole_add(Whole *w, double x)
{
	uint64_t	bits;
	uint64_t	digits;
	int			shift;
	int			i;
	Whole		term = {{0}};

	memcpy(&bits, &x, sizeof bits);
	shift = (int) (bits >> 52 & 0x7ff);
	digits = bits & (((uint64_t) 1 << 52) - 1);
	if (shift > 0)
	{
		digits |= (uint64_t) 1 << 52;
		shift--;
	}
	for (i = 0; i < 53; i++)
		if (digits >> i & 1)
			term.limb[(shift + i) / 32] |= (uint32_t) 1 << ((shift + i) % 32);
	if (bits >> 63)
		whole_negate(&term);
	whole_plus(w, &term);
}

static bool
whole_bit(const Whole *w, int i)
{
	return i >= 0 && (w->limb[i / 32] >> (i % 32) & 1);
}

/* To nearest, ties to even; units of 2^-1074 make subnormals nothing special. */
static double
whole_round(const Whole *w)
{
	Whole		magnitude = *w;
	bool		negative = whole_negative(w);
	int			top = LIMBS * 32 - 1;
	int			low;
	int			i;
	bool		rest = false;
	uint64_t	digits = 0;
	double		value;

	if (negative)
		whole_negate(&magnitude);
	while (top >= 0 && !whole_bit(&magnitude, top))
		top--;
	if (top < 0)
		return 0;
	low = top >= 53 ? top - 52 : 0;
	for (i = top; i >= low; i--)
		digits = digits << 1 | whole_bit(&magnitude, i);
	for (i = 0; i < low - 1; i++)
		rest |= whole_bit(&magnitude, i);
	if (whole_bit(&magnitude, low - 1) && (rest || (digits & 1)))
		digits++;

	/* ldexp is exact here: the digits fit and the exponent is in range. */
	value = ldexp((double) digits, low - 1074);
	return negative ? -value : value;
}

static int
whole_canonical(const Whole *w, double *out)
{
	Whole		rest = *w;
	int			n = 0;

	for (;;)
	{
		double		part = whole_round(&rest);

		if (part == 0)
			return n;
		out[n++] = part;
		whole_add(&rest, -part);
	}
}

static double
random_double(int low, int high, int bits, bool sign)
{
	double		digits = (double) (next_bits() >> (64 - bits) | 1);
	double		x = ldexp(digits, low + (int) (next_bits() % (uint64_t) (high - low)));

	return sign && (next_bits() & 1) ? -x : x;
}

static bool
same_bits(const double *a, const double *b, int n)
{
	return memcmp(a, b, (size_t) n * sizeof(double)) == 0;
}

/* One run of additions, compared with the oracle after every few of them. */
static bool
check_run(const double *x, int count, int *most)
{
	/* Exactly as long as promised, for the sanitizer to see. */
	double	   *part = malloc((EXACT_SUM_PARTS + 1) * sizeof(double));
	double	   *out = malloc(EXACT_SUM_PARTS * sizeof(double));
	double		expected[64];
	Whole		w = {{0}};
	int			n = 0;
	int			i;
	bool		good = true;

	for (i = 0; i < count && good; i++)
	{
		n = exact_sum_add(part, n, x[i]);
		whole_add(&w, x[i]);
		if (n < 0 || n > EXACT_SUM_PARTS)
			good = false;
		else if (i % 7 == 0 || i == count - 1)
		{
			double		rounded = whole_round(&w);
			double		sum = exact_sum_round(part, n);
			int			length = whole_canonical(&w, expected);

			good = same_bits(&rounded, &sum, 1) &&
				exact_sum_canonical(part, n, out) == length &&
				same_bits(expected, out, length);
		}
		if (n > *most)
			*most = n;
	}
	free(part);
	free(out);
	return good;
}

static void
shuffle(double *x, int count)
{
	int			i;

	for (i = count - 1; i > 0; i--)
	{
		int			j = (int) (next_bits() % (uint64_t) (i + 1));
		double		held = x[i];

		x[i] = x[j];
		x[j] = held;
	}
}

static void
test_random(const char *what, int trials, int count, int low, int high, int bits, bool sign)
{
	bool		good = true;
	int			most = 0;
	int			trial;
	double		x[512];
	char		line[200];

	for (trial = 0; trial < trials && good; trial++)
	{
		int			i;

		for (i = 0; i < count; i++)
			x[i] = random_double(low, high, bits, sign);
		good = check_run(x, count, &most);
		shuffle(x, count);
		good = good && check_run(x, count, &most);
	}
	snprintf(line, sizeof line, "%s: %d sums of %d, at most %d parts", what, trials, count, most);
	ok(good, line);
}

/* Everything comes and goes again in another order: nothing may be left. */
static void
test_cancellation(void)
{
	bool		good = true;
	int			trial;

	for (trial = 0; trial < 200 && good; trial++)
	{
		double		x[400];
		double		part[EXACT_SUM_PARTS + 1];
		int			n = 0;
		int			i;

		for (i = 0; i < 200; i++)
		{
			x[i] = random_double(-1074, 960, 53, true);
			x[200 + i] = -x[i];
		}
		shuffle(x, 400);
		for (i = 0; i < 400 && n >= 0; i++)
			n = exact_sum_add(part, n, x[i]);
		good = n == 0;
	}
	ok(good, "what is added and taken away leaves no part");
}

static double
sum3(double a, double b, double c)
{
	double		part[EXACT_SUM_PARTS + 1];
	int			n = exact_sum_add(part, 0, a);

	n = exact_sum_add(part, n, b);
	n = exact_sum_add(part, n, c);
	return exact_sum_round(part, n);
}

/* The last bit of a sum whose exact value lies on or beside half a unit. */
static void
test_ties(void)
{
	double		unit = 0x1p-52;
	double		least = 0x1p-1074;

	ok(sum3(1, unit / 2, 0) == 1, "a tie goes to the even neighbour below");
	ok(sum3(1 + unit, unit / 2, 0) == 1 + 2 * unit, "a tie goes to the even neighbour above");
	ok(sum3(1, unit / 2, least) == 1 + unit, "the least bit below breaks a tie upwards");
	ok(sum3(1 + unit, unit / 2, -least) == 1 + unit, "and downwards");
	ok(sum3(1, -unit / 4, 0) == 1, "a tie under a power of two");
	ok(sum3(1, -unit / 4, -least) == 1 - unit / 2, "broken downwards");
	ok(sum3(1, -unit / 4, least) == 1, "broken upwards");
	ok(sum3(-1, -unit / 2, -least) == -1 - unit, "the same below zero");
	ok(sum3(0x1p-1022, least, -least) == 0x1p-1022, "subnormals add exactly");
	ok(sum3(least, least, -least) == least, "the least number is counted");
}

static int
add3(double a, double b, double c)
{
	double		part[EXACT_SUM_PARTS + 1];
	int			n = exact_sum_add(part, 0, a);

	if (n >= 0)
		n = exact_sum_add(part, n, b);
	if (n >= 0)
		n = exact_sum_add(part, n, c);
	return n;
}

/* Whether a sum is refused depends on its exact value: 2^1023 is the edge. */
static void
test_range(void)
{
	double		half = 0x1p1022;
	double		last = EXACT_SUM_RANGE - 0x1p970;
	double		least = 0x1p-1074;

	ok(add3(half, half, 0) < 0, "a sum at the edge is refused");
	ok(add3(half, half - 0x1p969, 0) > 0, "a sum under it is not");
	ok(add3(half, -least, half) > 0, "nor one a single bit under it");
	ok(add3(-half, least, -half) > 0, "on either side of zero");
	ok(add3(last, 0x1p969, 0x1p969) < 0, "a sum reaches the edge through small parts");
	ok(add3(last, 0x1p970, -least) < 0 && add3(last, -least, 0x1p970) > 0,
	   "the edge may not be touched on the way");
	ok(add3(DBL_MAX, 0, 0) < 0 && add3(-DBL_MAX, 0, 0) < 0, "numbers beyond it are refused");
	ok(add3(1, INFINITY, 0) < 0 && add3(1, NAN, 0) < 0, "what is no number is refused");
	ok(add3(0, -0.0, 0) == 0, "zeros of either sign leave no part");
}

/* Of positive terms the order cannot matter, for the edge comes last. */
static void
test_range_order(void)
{
	bool		good = true;
	int			refused = 0;
	int			trial;

	for (trial = 0; trial < 5000 && good; trial++)
	{
		double		x[6];
		Whole		w = {{0}};
		Whole		edge = {{0}};
		bool		over;
		int			i;
		int			order;

		x[0] = EXACT_SUM_RANGE - random_double(960, 970, 8, false);
		for (i = 1; i < 6; i++)
			x[i] = random_double(850, 968, 1 + (int) (next_bits() % 53), false) * 0x1p-50;
		if (trial % 2)
		{
			/* Fill up to the edge, less or more a single bit. */
			Whole		gap = {{0}};

			whole_add(&gap, 0x1p1022);
			whole_add(&gap, 0x1p1022);
			for (i = 0; i < 4; i++)
				whole_add(&gap, -x[i]);
			x[4] = whole_round(&gap);
			whole_add(&gap, -x[4]);
			x[5] = whole_round(&gap);
			if (x[4] <= 0 || x[5] < 0)
				continue;
		}
		for (i = 0; i < 6; i++)
			whole_add(&w, x[i]);
		whole_add(&edge, 0x1p1022);
		whole_add(&edge, 0x1p1022);
		whole_negate(&edge);
		whole_plus(&w, &edge);
		over = !whole_negative(&w);
		refused += over;
		for (order = 0; order < 10 && good; order++)
		{
			double		part[EXACT_SUM_PARTS + 1];
			int			n = 0;

			shuffle(x, 6);
			for (i = 0; i < 6 && n >= 0; i++)
				n = exact_sum_add(part, n, x[i]);
			good = (n < 0) == over;
		}
	}
	ok(good && refused > 100 && refused < 4900, "positive terms are refused in every order or in none");
}

int
main(void)
{
	test_random("money", 100, 100, -20, 20, 30, true);
	test_random("every magnitude", 40, 400, -1074, 965, 53, true);
	test_random("every magnitude, positive", 40, 400, -1074, 965, 53, false);
	test_random("single bits", 40, 400, -1074, 1010, 1, true);
	test_random("two bits", 40, 400, -1074, 1010, 2, true);
	test_random("subnormals", 100, 100, -1074, -1060, 40, true);
	test_random("near the largest", 100, 100, 900, 960, 53, true);
	test_random("near one", 60, 200, -60, 10, 53, true);
	test_cancellation();
	test_ties();
	test_range();
	test_range_order();
	return done_testing();
}
