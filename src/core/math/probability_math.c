/*
 * probability_math.c
 *		Distributions and intervals that give the same bits on every machine.
 *		Pure C.
 */
#include "core/math/probability_math.h"

#include "core/math/elementary_math.h"
#include "core/math/twofold.h"

#include <math.h>
#include <stdbool.h>

/* 1 / sqrt(2 pi) and ln sqrt(2 pi) */
#define INV_SQRT_2PI_HI		0x1.9884533d43651p-2
#define INV_SQRT_2PI_LO		-0x1.cbc0d30ebfd15p-56
#define LN_SQRT_2PI			0x1.d67f1c864beb5p-1

/* From here on the tail is computed as such, before it from the centre. */
#define FAR		5.0

/* e^(-x^2/2) / sqrt(2 pi), to a few units of the last place even far out. */
static double
normal_density(double x)
{
	Twofold		square = two_product(x, x);

	return INV_SQRT_2PI_HI * agr_exp(-0.5 * square.high) * (1 - 0.5 * square.low);
}

/*
 * P(0 < variable < x) for 0 <= x < FAR: the alternating Taylor series, whose
 * terms grow to 3e5 before they fall. Two doubles a number keep 26 digits of
 * what that leaves, so that the tail is good too.
 */
static Twofold
normal_centre(double x)
{
	Twofold		square = two_product(x, x);
	Twofold		power = {x, 0}; /* x^(2n+1) / (n! 2^n), of alternating sign */
	Twofold		sum = power;
	Twofold		scale = {INV_SQRT_2PI_HI, INV_SQRT_2PI_LO};
	int			n;

	for (n = 1; n < 200 && fabs(power.high) > 1e-24 * x; n++)
	{
		power = twofold_divide(twofold_multiply(power, square), (Twofold) {-2.0 * n, 0});
		sum = twofold_add(sum, twofold_divide(power, (Twofold) {2.0 * n + 1, 0}));
	}
	return twofold_multiply(sum, scale);
}

/*
 * The tail over the density, for x >= FAR: Laplace's continued fraction, from
 * the inside. At FAR 60 steps are twice what a double shows.
 */
static double
mills_ratio(double x)
{
	double		fraction = x;
	int			n;

	for (n = 60; n >= 1; n--)
		fraction = x + n / fraction;
	return 1 / fraction;
}

double
normal_tail(double x)
{
	Twofold		half = {0.5, 0};
	Twofold		tail;

	if (x != x)
		return x;
	if (x >= FAR)
		return x > 40 ? 0 : normal_density(x) * mills_ratio(x);
	if (x <= -FAR)
		return x < -40 ? 1 : 1 - normal_tail(-x);
	if (x >= 0)
		tail = twofold_subtract(half, normal_centre(x));
	else
		tail = twofold_add(half, normal_centre(-x));
	return tail.high;
}

double
normal_cdf(double x)
{
	return normal_tail(-x);
}

double
normal_two_sided(double z)
{
	return 2 * normal_tail(fabs(z));
}

/*
 * Of a tail q in (0, 1/2): Abramowitz and Stegun 26.2.23, good to 4.5e-4, then
 * steps of Halley's method, which cube the error. Far out the logarithm of the
 * tail is solved for, because the tail itself runs out of digits.
 */
static double
quantile_of_tail(double q)
{
	double		t = sqrt(-2 * agr_log(q));
	double		x = t - (2.515517 + t * (0.802853 + t * 0.010328)) /
		(1 + t * (1.432788 + t * (0.189269 + t * 0.001308)));
	int			i;

	if (x < 0)
		x = 0;
	for (i = 0; i < 3; i++)
	{
		double		step;

		if (x >= FAR)
		{
			double		mills = mills_ratio(x);

			step = mills * (agr_log(mills) - 0.5 * x * x - LN_SQRT_2PI - agr_log(q));
			x += step;
		}
		else
		{
			Twofold		excess = twofold_subtract(two_difference(0.5, q), normal_centre(x));

			step = excess.high / normal_density(x);
			x += step / (1 - 0.5 * x * step);
		}
	}
	return x;
}

double
normal_quantile(double p)
{
	if (!(p >= 0 && p <= 1))
		return NAN;
	if (p == 0 || p == 1)
		return p == 0 ? -INFINITY : INFINITY;
	if (p == 0.5)
		return 0;

	/* 1 - p is exact where it is used. */
	return p < 0.5 ? -quantile_of_tail(p) : quantile_of_tail(1 - p);
}

/*
 * y^a e^-y / Gamma(a + 1) for a = start + steps, from its value at the start
 * without e^-y: the exponential is multiplied in by small parts, before the
 * power overflows and not before it would underflow.
 */
static double
poisson_term(double y, double start, int64_t steps, double product)
{
	double		left = y;
	int64_t		i;

	for (i = 1; i <= steps; i++)
	{
		product *= y / (start + i);
		while (product > 0x1p500 && left > 0)
		{
			double		part = left < 256 ? left : 256;

			product *= agr_exp(-part);
			left -= part;
		}
	}
	while (left > 700 && product > 0)
	{
		product *= agr_exp(-256);
		left -= 256;
	}
	return product * agr_exp(-left);
}

/* The tail of one degree of freedom; x may have a root that is not a double. */
static double
chi_square_tail_one(double x)
{
	double		root = sqrt(x);
	Twofold		square = two_product(root, root);
	double		rest = (x - square.high) - square.low;
	double		tail = 2 * normal_tail(root);

	return tail > 0 ? tail - rest * normal_density(root) / root : 0;
}

/*
 * For whole df the regularized incomplete gamma function is a finite sum of
 * positive terms (Abramowitz and Stegun 26.4.4 and 26.4.5): with a = df / 2 and
 * y = x / 2,  Q(a, y) = Q(a - n, y) + sum of y^(a-i) e^-y / Gamma(a-i+1).
 */
double
chi_square_tail(double x, int64_t df)
{
	bool		odd = df % 2 != 0;
	double		start = odd ? 0.5 : 0;
	int64_t		steps = df / 2;
	double		y = x / 2;
	double		sum = 1,
				term = 1;
	double		top;
	int64_t		i;

	if (df < 1 || x != x)
		return NAN;
	if (x <= 0)
		return 1;
	if (isinf(x))
		return 0;

	/* The term at a = 1/2 is 2 sqrt(y / pi) e^-y, at a = 0 it is e^-y. */
	top = odd ? 2 * sqrt(x) * INV_SQRT_2PI_HI : 1;
	if (y < start + steps)
	{
		/* Below the mean the other side is small: its series in y / (a + i). */
		top = poisson_term(y, start, steps, top);
		for (i = 1; term > 1e-17 * sum; i++)
		{
			term *= y / (start + steps + i);
			sum += term;
		}
		return top > 0 ? 1 - top * sum : 1;
	}
	if (steps == 0)
		return chi_square_tail_one(x);

	/* From the largest term down, each in units of the largest. */
	top = poisson_term(y, start, steps - 1, top);
	for (i = steps - 1; i >= 1 && term > 1e-17 * sum; i--)
	{
		term *= (start + i) / y;
		sum += term;
	}
	return top * sum + (odd ? chi_square_tail_one(x) : 0);
}

double
logit(double p)
{
	/* Near one half, p / (1 - p) is near 1 and its rounding would show. */
	if (p > 0.25 && p < 0.75)
	{
		double		f = p - 0.5;
		double		s = 2 * f;
		double		z = s * s;

		if (z < 1e-3)
			return 2 * s * (1 + z * (1.0 / 3 + z * (1.0 / 5 + z * (1.0 / 7 + z * (1.0 / 9)))));
	}
	return agr_log(p / (1 - p));
}

double
inverse_logit(double x)
{
	double		e = agr_exp(-fabs(x));

	return x >= 0 ? 1 / (1 + e) : e / (1 + e);
}

double
interval_z(double level)
{
	if (!(level > 0 && level < 1))
		return NAN;
	return -normal_quantile((1 - level) / 2);
}

/* The lower end as a quotient in which nothing cancels; both ends are roots of one quadratic. */
void
wilson_interval(int64_t successes, int64_t trials, double z, double *low, double *high)
{
	double		s = (double) successes;
	double		n = (double) trials;
	double		root;

	*low = 0;
	*high = 1;
	if (trials < 1)
		return;
	root = z * sqrt(s * ((double) (trials - successes) / n) + z * z / 4);
	if (successes > 0)
		*low = s * (s / n) / (s + z * z / 2 + root);
	if (successes < trials)
		*high = (s + z * z / 2 + root) / (n + z * z);
}
