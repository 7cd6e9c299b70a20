/*
 * ratio_test.c
 *		Quotients of exact integers against _Float128, whose 113 bits hold
 *		every number here, and products against schoolbook arithmetic.
 */
#include "core/math/ratio_math.h"
#include "tap.h"

#include <math.h>
#include <string.h>

static Unsigned128
bits_of(int bits)
{
	Unsigned128 all = (Unsigned128) next_bits() << 64 | next_bits();

	return all >> (128 - bits) | (Unsigned128) 1 << (bits - 1);
}

/* Is q the double nearest to a / b, exactly? By cross-multiplied distances to its neighbours. */
static bool
is_nearest(double q, Unsigned128 a, Unsigned128 b)
{
	_Float128	exact = (_Float128) a / (_Float128) b;
	_Float128	here = fabsf128(exact - q);

	return here <= fabsf128(exact - nextafter(q, -INFINITY)) && here <= fabsf128(exact - nextafter(q, INFINITY));
}

static void
test_ratio(void)
{
	bool		good = true;
	bool		exact = true;
	bool		ties = true;
	int			i;

	for (i = 0; i < 200000; i++)
	{
		Unsigned128 a = bits_of(1 + (int) below(110));
		Unsigned128 b = bits_of(1 + (int) below(110));
		uint64_t	small = next_bits() >> (11 + below(53));
		double		q = ratio_round(a, b);
		uint64_t	bits;

		good = good && is_nearest(q, a, b);
		memcpy(&bits, &q, sizeof bits);
		if (i % 1000 == 0)
			printf("# %016llx\n", (unsigned long long) bits);
		b = bits_of(1 + (int) below(60));
		exact = exact && ratio_round((Unsigned128) small * b, b) == (double) small;
	}
	ok(good, "a quotient is the nearest double");
	ok(exact, "exact where it can be");

	/* 2^53 + 1 lies between two doubles; a little more or less decides. */
	for (i = 1; i < 60; i++)
	{
		Unsigned128 b = (Unsigned128) 1 << i;
		Unsigned128 a = (((Unsigned128) 1 << 53) + 1) * b;

		ties = ties && ratio_round(a, b) == 0x1p53 && ratio_round(a + 1, b) == 0x1p53 + 2 &&
			ratio_round(a - 1, b) == 0x1p53;
	}
	ok(ties, "ties go to even, and a part in 2^59 breaks them");
	ok(ratio_round(0, 5) == 0 && ratio_round(1, 1) == 1 && ratio_round(1, (Unsigned128) 1 << 126) == 0x1p-126 &&
	   ratio_round((Unsigned128) 1 << 127, 1) == 0x1p127, "0, 1, the ends");
}

static void
test_wide(void)
{
	bool		product = true;
	bool		difference = true;
	bool		rounding = true;
	int			i;

	for (i = 0; i < 100000; i++)
	{
		Unsigned128 a = bits_of(1 + (int) below(128));
		Unsigned128 b = bits_of(1 + (int) below(128));
		uint64_t	limb[4];
		Unsigned256 p = wide_product(a, b);
		Unsigned256 q;
		Unsigned128 carry = 0;
		uint64_t	schoolbook[4] = {0};
		uint64_t	x[2] = {(uint64_t) a, (uint64_t) (a >> 64)};
		uint64_t	y[2] = {(uint64_t) b, (uint64_t) (b >> 64)};
		int			j;
		int			k;

		for (j = 0; j < 2; j++)
		{
			carry = 0;
			for (k = 0; k < 2; k++)
			{
				carry += (Unsigned128) x[j] * y[k] + schoolbook[j + k];
				schoolbook[j + k] = (uint64_t) carry;
				carry >>= 64;
			}
			schoolbook[j + 2] = (uint64_t) carry;
		}
		limb[0] = (uint64_t) p.low;
		limb[1] = (uint64_t) (p.low >> 64);
		limb[2] = (uint64_t) p.high;
		limb[3] = (uint64_t) (p.high >> 64);
		product = product && memcmp(limb, schoolbook, sizeof limb) == 0;

		/* (a + 1) * b - a * b = b, wherever the borrow is. */
		if (a + 1 != 0)
		{
			q = wide_difference(wide_product(a + 1, b), p);
			difference = difference && q.high == 0 && q.low == b;
		}
		rounding = rounding &&
			wide_round(wide_product(a >> 64, b >> 64)) == (double) ((a >> 64) * (b >> 64));
	}
	ok(product, "products are those of schoolbook arithmetic");
	ok(difference, "differences borrow");
	ok(rounding, "what fits 128 bits is rounded as the compiler does");
	for (i = 54, rounding = true; i < 200; i++)
	{
		/* (2^53 + 1) * 2^i, a tie, and with one more or less. */
		Unsigned256 tie = i < 128 ? wide_product(((Unsigned128) 1 << 53) + 1, (Unsigned128) 1 << i) :
			wide_product((((Unsigned128) 1 << 53) + 1) << 74, (Unsigned128) 1 << (i - 74));
		Unsigned256 above = tie;
		Unsigned256 one = {0, 1};

		above.low++;
		rounding = rounding && wide_round(tie) == ldexp(0x1p53, i) &&
			wide_round(above) == ldexp(0x1p53 + 2, i) &&
			wide_round(wide_difference(tie, one)) == ldexp(0x1p53, i);
	}
	ok(rounding, "ties of any size go to even, and 1 breaks them");
	ok(wide_round((Unsigned256) {0, 0}) == 0 &&
	   wide_round((Unsigned256) {~(Unsigned128) 0, ~(Unsigned128) 0}) == 0x1p256, "0 and the largest");
}

int
main(void)
{
	test_ratio();
	test_wide();
	return done_testing();
}
