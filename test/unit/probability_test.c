/*
 * probability_test.c
 *		The normal and chi-square distributions against quadruple precision and
 *		printed tables; intervals against hand-worked quotients.
 */
#include "core/math/probability_math.h"
#include "quad.h"
#include "tap.h"

#include <float.h>
#include <math.h>
#include <string.h>

#define lengthof(array) (sizeof(array) / sizeof((array)[0]))

/* Every result enters it: the check reruns this with CPU features masked. */
static uint64_t digest = 0;

/* From low to 1, times 2 to the minus least to most. */
static double
magnitude(double low, double least, double most)
{
	int			exponent = -(int) uniform(least, most);

	return ldexp(uniform(low, 1), exponent);
}

static double
relative(double got, Quad want)
{
	Quad		size = QUAD(fabs) (want);
	uint64_t	bits;

	memcpy(&bits, &got, sizeof bits);
	digest = digest * UINT64_C(6364136223846793005) + bits;
	return (double) (QUAD(fabs) (got - want) / (size < DBL_MIN ? (Quad) DBL_MIN : size));
}

static Quad
quad_tail(Quad x)
{
	return QUAD(erfc) (x / QUAD(sqrt) (2)) / 2;
}

/* The regularized gamma function by its series, for any half of a whole df. */
static Quad
quad_chi_square_tail(Quad x, int df)
{
	Quad		a = (Quad) df / 2;
	Quad		y = x / 2;
	Quad		sum = 0;
	int			i;

	/* Upwards: Q(a + 1) = Q(a) + y^a e^-y / Gamma(a + 1), all positive. */
	if (df % 2 != 0)
		sum = QUAD(erfc) (QUAD(sqrt) (y));
	for (i = df % 2; i < df; i += 2)
	{
		a = (Quad) i / 2;
		sum += QUAD(exp) (a * QUAD(log) (y) - y - QUAD(lgamma) (a + 1));
	}
	return sum;
}

static void
test_normal(void)
{
	double		worst = 0,
				worst_far = 0,
				worst_back = 0,
				worst_round = 0;
	int			i;

	for (i = 0; i < 100000; i++)
	{
		double		x = uniform(-9, 9);

		worst = fmax(worst, relative(normal_tail(x), quad_tail(x)));
		worst = fmax(worst, relative(normal_cdf(x), quad_tail(-(Quad) x)));
		x = uniform(5, 37);
		worst_far = fmax(worst_far, relative(normal_tail(x), quad_tail(x)));
	}
	ok_figure(worst < 8e-16, "normal tail on [-9, 9], relative", worst);
	ok_figure(worst_far < 8e-16, "normal tail on [5, 37], relative", worst_far);
	ok(normal_cdf(0) == 0.5 && normal_cdf(-INFINITY) == 0 && normal_cdf(INFINITY) == 1 &&
	   normal_tail(INFINITY) == 0 && isnan(normal_cdf(NAN)) && normal_tail(39) == 0 && normal_tail(-39) == 1,
	   "normal at the ends");

	/* The quantile's error is what its argument's last bit moves, or less. */
	for (i = 0; i < 20000; i++)
	{
		double		q = i % 2 ? uniform(0, 0.5) : magnitude(0.5, 2, 1020);
		double		x = normal_quantile(q);
		Quad		density = QUAD(exp) (-(Quad) x * x / 2) / QUAD(sqrt) (2 * M_PIf128);
		Quad		error = (quad_tail(-(Quad) x) - (Quad) q) / density;

		worst_back = fmax(worst_back, relative(x, x + error));
		x = normal_quantile(1 - q);
		if (1 - q < 1)
			worst_round = fmax(worst_round, fabs(x + normal_quantile(1 - (1 - q))));
	}
	ok_figure(worst_back < 1e-15, "normal quantile, relative", worst_back);
	ok_figure(worst_round == 0, "and its mirror", worst_round);

	/* Near the centre the quantile is small, and still has all its digits. */
	ok(relative(normal_quantile(0.5 + 0x1p-40), (Quad) 0x1p-40 * QUAD(sqrt) (2 * M_PIf128)) < 1e-15,
	   "normal quantile just above one half");
	ok(normal_quantile(0) == -INFINITY && normal_quantile(1) == INFINITY && normal_quantile(0.5) == 0 &&
	   isnan(normal_quantile(-1e-300)) && isnan(normal_quantile(1.5)) && isnan(normal_quantile(NAN)),
	   "normal quantile at the ends and beyond");
	ok(fabs(normal_quantile(5e-324) + 38.467405617144346) < 1e-13, "normal quantile of the least double");

	/* The points that every table has. */
	ok(fabs(normal_quantile(0.975) - 1.959963984540054) < 1e-15 && fabs(interval_z(0.95) - 1.959963984540054) < 1e-14 &&
	   fabs(interval_z(0.99) - 2.575829303548901) < 1e-14 && isnan(interval_z(0)) && isnan(interval_z(1)) &&
	   isnan(interval_z(NAN)), "z of an interval");
	ok(fabs(normal_two_sided(-1.959963984540054) - 0.05) < 1e-16 &&
	   normal_two_sided(1) == normal_two_sided(-1) && normal_two_sided(0) == 1, "two-sided p-value");
}

static void
test_chi_square(void)
{
	static const int df[] = {1, 2, 3, 4, 5, 8, 10, 11, 30, 99, 100};
	/* 95 and 99.9 % points from printed tables, six digits (A & S table 26.8). */
	static const struct
	{
		int			df;
		double		x,
					p;
	}			table[] = {
		{1, 3.84146, 0.05}, {2, 5.99147, 0.05}, {5, 11.0705, 0.05}, {8, 15.5073, 0.05},
		{10, 18.3070, 0.05}, {30, 43.7729, 0.05}, {100, 124.342, 0.05},
		{1, 10.828, 0.001}, {8, 26.125, 0.001}, {10, 29.588, 0.001}, {100, 149.449, 0.001}
	};
	double		worst = 0,
				worst_far = 0,
				worst_many = 0;
	bool		good = true;
	double		before;
	int			i;

	for (i = 0; i < 22000; i++)
	{
		int			n = df[i % lengthof(df)];
		double		x = uniform(0, 3) * n;

		worst = fmax(worst, relative(chi_square_tail(x, n), quad_chi_square_tail(x, n)));
		x = uniform(3 * n, 1300);
		worst_far = fmax(worst_far, relative(chi_square_tail(x, n), quad_chi_square_tail(x, n)));
	}
	ok_figure(worst < 1e-14, "chi-square tail around its mean, relative", worst);
	ok_figure(worst_far < 1e-14, "chi-square tail far out, relative", worst_far);
	for (i = 0; i < 200; i++)
	{
		int			n = 2000 + (int) below(1000);
		double		x = n + uniform(-500, 900);

		worst_many = fmax(worst_many, relative(chi_square_tail(x, n), quad_chi_square_tail(x, n)));
	}
	ok_figure(worst_many < 1e-12, "chi-square tail of thousands of degrees, relative", worst_many);

	for (i = 0; i < (int) lengthof(table); i++)
		good = good && fabs(chi_square_tail(table[i].x, table[i].df) / table[i].p - 1) < 3e-4;
	ok(good, "chi-square points of the printed table");
	ok(chi_square_tail(0, 3) == 1 && chi_square_tail(-1, 3) == 1 && chi_square_tail(INFINITY, 3) == 0 &&
	   isnan(chi_square_tail(1, 0)) && isnan(chi_square_tail(1, -2)) && isnan(chi_square_tail(NAN, 1)) &&
	   chi_square_tail(1e6, 1) == 0 && chi_square_tail(1e6, 7) == 0 && chi_square_tail(1, 100000) == 1,
	   "chi-square at the ends");
	ok(fabs(chi_square_tail(2 * M_LN2, 2) - 0.5) < 2e-16, "with two degrees it is exponential");
	for (i = 0, before = 1; i <= 20000; i++)
	{
		double		p = chi_square_tail(i * 0.002, 9);

		good = good && p <= before + 1e-16;
		before = p;
	}
	ok(good, "chi-square tail falls");
}

static void
test_logit(void)
{
	double		worst = 0,
				worst_back = 0;
	int			i;

	for (i = 0; i < 100000; i++)
	{
		double		p = i % 3 == 0 ? uniform(0, 1) : i % 3 == 1 ? magnitude(0.5, 1, 1000) :
			0.5 + magnitude(-1, 2, 50);
		double		x = uniform(-700, 700);

		worst = fmax(worst, relative(logit(p), QUAD(log) ((Quad) p / (1 - (Quad) p))));
		worst_back = fmax(worst_back, relative(inverse_logit(x), 1 / (1 + QUAD(exp) (-(Quad) x))));
	}
	ok_figure(worst < 4e-15, "logit, relative", worst);
	ok_figure(worst_back < 5e-16, "and its inverse", worst_back);
	ok(logit(0) == -INFINITY && logit(1) == INFINITY && logit(0.5) == 0 && isnan(logit(-0.1)) && isnan(logit(1.1)) &&
	   inverse_logit(-INFINITY) == 0 && inverse_logit(INFINITY) == 1 && inverse_logit(0) == 0.5, "at the ends");
}

static void
test_wilson(void)
{
	double		low,
				high,
				other_low,
				other_high;
	double		z = 1.959963984540054;
	double		worst = 0;
	int64_t		i;

	/* 10 of 20 at z = 2: (1/2 + 2/20 -+ 2 sqrt(1/80 + 4/1600)) / 1.2 = 1/2 -+ 1/sqrt(24) */
	wilson_interval(10, 20, 2, &low, &high);
	ok(fabs(low - (0.5 - 1 / sqrt(24))) < 2e-16 && fabs(high - (0.5 + 1 / sqrt(24))) < 2e-16, "Wilson by hand");

	/* No successes: [0, z^2 / (n + z^2)]. */
	wilson_interval(0, 15, z, &low, &high);
	ok(low == 0 && fabs(high - z * z / (15 + z * z)) < 2e-16, "Wilson of none");
	wilson_interval(15, 15, z, &other_low, &other_high);
	ok(other_high == 1 && fabs(other_low - (1 - high)) < 2e-16, "Wilson of all");
	wilson_interval(0, 0, z, &low, &high);
	ok(low == 0 && high == 1, "Wilson without trials");

	for (i = 0; i < 10000; i++)
	{
		int64_t		n = 1 + below(i % 2 ? 100 : INT64_C(1000000000000));
		int64_t		s = below(n + 1);
		Quad		p = (Quad) s / n;
		Quad		zz = (Quad) z * z;
		Quad		half = z * QUAD(sqrt) (p * (1 - p) / n + zz / (4 * (Quad) n * n));

		wilson_interval(s, n, z, &low, &high);
		worst = fmax(worst, relative(high, (p + zz / (2 * n) + half) / (1 + zz / n)));
		if (s > 0)
			worst = fmax(worst, relative(low, (p + zz / (2 * n) - half) / (1 + zz / n)));
	}
	ok_figure(worst < 2e-15, "Wilson against the formula, relative", worst);
}

int
main(void)
{
	test_normal();
	test_chi_square();
	test_logit();
	test_wilson();
	printf("# digest %016llx\n", (unsigned long long) digest);
	return done_testing();
}
