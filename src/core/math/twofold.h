/*
 * twofold.h
 *		A number held as an unevaluated sum of two doubles: about 106 bits. Pure C.
 *
 * two_sum, two_difference and two_product are exact (Dekker 1971, Knuth) as
 * long as nothing overflows and no product falls below 2^-969; the operations
 * on Twofold are correct to a few units of 2^-106. No fused multiply-add: the
 * bits must not depend on the CPU.
 */
#ifndef AGRIRISK_TWOFOLD_H
#define AGRIRISK_TWOFOLD_H

typedef struct Twofold
{
	double		high;
	double		low;
} Twofold;

static inline Twofold
two_sum(double a, double b)
{
	Twofold		r;
	double		b_part;

	r.high = a + b;
	b_part = r.high - a;
	r.low = (a - (r.high - b_part)) + (b - b_part);
	return r;
}

static inline Twofold
two_difference(double a, double b)
{
	return two_sum(a, -b);
}

/* For |a| >= |b| only. */
static inline Twofold
two_sum_ordered(double a, double b)
{
	Twofold		r;

	r.high = a + b;
	r.low = b - (r.high - a);
	return r;
}

static inline Twofold
two_product(double a, double b)
{
	const double splitter = 134217729.0;	/* 2^27 + 1 */
	Twofold		r;
	double		c = splitter * a;
	double		a_high = c - (c - a);
	double		a_low = a - a_high;
	double		d = splitter * b;
	double		b_high = d - (d - b);
	double		b_low = b - b_high;

	r.high = a * b;
	r.low = ((a_high * b_high - r.high) + a_high * b_low + a_low * b_high) + a_low * b_low;
	return r;
}

static inline Twofold
twofold_negate(Twofold a)
{
	a.high = -a.high;
	a.low = -a.low;
	return a;
}

static inline Twofold
twofold_add(Twofold a, Twofold b)
{
	Twofold		s = two_sum(a.high, b.high);
	Twofold		t = two_sum(a.low, b.low);

	s = two_sum_ordered(s.high, s.low + t.high);
	return two_sum_ordered(s.high, s.low + t.low);
}

static inline Twofold
twofold_subtract(Twofold a, Twofold b)
{
	return twofold_add(a, twofold_negate(b));
}

static inline Twofold
twofold_multiply(Twofold a, Twofold b)
{
	Twofold		p = two_product(a.high, b.high);

	return two_sum_ordered(p.high, p.low + (a.high * b.low + a.low * b.high));
}

static inline Twofold
twofold_divide(Twofold a, Twofold b)
{
	Twofold		q = {a.high / b.high, 0};
	Twofold		rest = twofold_subtract(a, twofold_multiply(b, q));

	return two_sum_ordered(q.high, rest.high / b.high);
}

#endif							/* AGRIRISK_TWOFOLD_H */
