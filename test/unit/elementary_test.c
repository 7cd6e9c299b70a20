/*
 * elementary_test.c
 *		agr_exp, agr_log, agr_atan2, agr_sin and agr_cos against quadruple precision.
 */
#include "core/math/elementary_math.h"
#include "quad.h"
#include "tap.h"

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* A random magnitude, without a library function that may depend on the CPU. */
static double
magnitude(int low, int high)
{
	int			exponent = (int) uniform(low, high + 1);

	return ldexp(uniform(0.5, 1), exponent);
}

/* Every result enters it: the check reruns this with CPU features masked. */
static uint64_t digest = 0;

/* |got - want| in units of the last place of the true value. */
static double
ulps(double got, Quad want)
{
	Quad		size = want < 0 ? -want : want;
	Quad		difference = got - want;
	uint64_t	bits;
	int			exponent;

	memcpy(&bits, &got, sizeof bits);
	digest = digest * UINT64_C(6364136223846793005) + bits;
	if (size < DBL_MIN)
		size = DBL_MIN;
	QUAD(frexp) (size, &exponent);
	if (difference < 0)
		difference = -difference;
	return (double) (difference / QUAD(ldexp) ((Quad) 1, exponent - 53));
}

#define MAXIMUM_ULPS(count, draw, got, want) \
	do { \
		int			i_; \
		worst = 0; \
		for (i_ = 0; i_ < (count); i_++) \
		{ \
			double		u_; \
			draw; \
			u_ = ulps(got, want); \
			if (!(u_ <= worst)) \
				worst = u_; \
		} \
	} while (0)

int
main(void)
{
	double		x = 0,
				y = 0,
				worst,
				previous;
	int			i,
				ordered;

	MAXIMUM_ULPS(300000, x = uniform(-40, 40), agr_exp(x), QUAD(exp) ((Quad) x));
	ok_figure(worst < 0.6, "exp on [-40, 40], ulps", worst);
	MAXIMUM_ULPS(300000, x = uniform(-708, 709.7), agr_exp(x), QUAD(exp) ((Quad) x));
	ok_figure(worst < 0.6, "exp on the normal range, ulps", worst);
	MAXIMUM_ULPS(100000, x = uniform(-745, -708), agr_exp(x), QUAD(exp) ((Quad) x));
	ok_figure(worst < 1.1, "exp on the subnormal range, ulps", worst);
	MAXIMUM_ULPS(100000, x = uniform(-1, 1) * magnitude(-60, 0), agr_exp(x), QUAD(exp) ((Quad) x));
	ok_figure(worst < 0.6, "exp near zero, ulps", worst);

	MAXIMUM_ULPS(300000, x = uniform(0.5, 2), agr_log(x), QUAD(log) ((Quad) x));
	ok_figure(worst < 0.6, "log on [0.5, 2], ulps", worst);
	MAXIMUM_ULPS(300000, x = magnitude(-1074, 1023), agr_log(x), QUAD(log) ((Quad) x));
	ok_figure(worst < 0.6, "log on the whole range, ulps", worst);
	MAXIMUM_ULPS(300000, x = 1 + uniform(-1, 1) * magnitude(-52, -2), agr_log(x), QUAD(log) ((Quad) x));
	ok_figure(worst < 0.6, "log near one, ulps", worst);

	MAXIMUM_ULPS(300000, (x = uniform(-1, 1), y = uniform(-1, 1)), agr_atan2(y, x), QUAD(atan2) ((Quad) y, (Quad) x));
	ok_figure(worst < 2, "atan2 on the square, ulps", worst);
	MAXIMUM_ULPS(300000, (x = uniform(-1, 1) * magnitude(-40, 40), y = uniform(-1, 1)),
				 agr_atan2(y, x), QUAD(atan2) ((Quad) y, (Quad) x));
	ok_figure(worst < 2, "atan2 of unequal arguments, ulps", worst);

	MAXIMUM_ULPS(300000, x = uniform(-4, 4), agr_sin(x), QUAD(sin) ((Quad) x));
	ok_figure(worst < 1, "sin on [-4, 4], ulps", worst);
	MAXIMUM_ULPS(300000, x = uniform(-4, 4), agr_cos(x), QUAD(cos) ((Quad) x));
	ok_figure(worst < 1, "cos on [-4, 4], ulps", worst);
	MAXIMUM_ULPS(300000, x = uniform(-1, 1) * magnitude(-60, 19), agr_sin(x), QUAD(sin) ((Quad) x));
	ok_figure(worst < 1, "sin on the whole range, ulps", worst);
	MAXIMUM_ULPS(100000, x = (int) uniform(-600000, 600000) * 0x1.921fb54442d18p0, agr_cos(x), QUAD(cos) ((Quad) x));
	ok_figure(worst < 1, "cos near multiples of a right angle, ulps", worst);

	ok(agr_exp(0) == 1 && agr_log(1) == 0, "exp(0) = 1, log(1) = 0");
	ok(agr_exp(-INFINITY) == 0 && agr_exp(INFINITY) == INFINITY && agr_exp(-746) == 0 &&
	   agr_exp(710) == INFINITY && isnan(agr_exp(NAN)), "exp beyond the range");
	ok(agr_log(0) == -INFINITY && isnan(agr_log(-1)) && isnan(agr_log(NAN)) && agr_log(INFINITY) == INFINITY,
	   "log beyond the range");
	ok(agr_atan2(0, 0) == 0 && agr_atan2(0, 1) == 0 && agr_atan2(0, -1) == 0x1.921fb54442d18p1 &&
	   agr_atan2(1, 0) == 0x1.921fb54442d18p0 && agr_atan2(-1, 0) == -0x1.921fb54442d18p0, "atan2 on the axes");

	ok(agr_sin(0) == 0 && agr_cos(0) == 1 && isnan(agr_sin(1e7)) && isnan(agr_cos(-INFINITY)) &&
	   isnan(agr_sin(NAN)), "sin and cos of zero and beyond the range");

	/* A score must not fall where the log-odds rise. */
	for (i = 0, ordered = 1, previous = 0, x = -20; i < 1000000; i++, x += 4e-5)
	{
		double		value = agr_exp(x);

		ordered = ordered && value >= previous;
		previous = value;
	}
	ok(ordered, "exp is monotone on a fine grid");

	printf("# digest %016llx\n", (unsigned long long) digest);
	return done_testing();
}
