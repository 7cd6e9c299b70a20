/*
 * quantile_math.c
 *		Quantiles of type 7 of sorted values. Pure C.
 */
#include "core/math/quantile_math.h"

#include "core/math/wide.h"

QuantilePlace
quantile_place(int64_t n, int64_t k, int64_t parts)
{
	Signed128	scaled = (Signed128) (n - 1) * k;
	QuantilePlace place;

	place.index = (int64_t) (scaled / parts);
	place.fraction = (double) (int64_t) (scaled % parts) / (double) parts;
	return place;
}

double
quantile_value(double below, double above, double fraction)
{
	double		value;

	if (fraction == 0)
		return below;

	/* Rounding must not lead out of the two, nor away from equal ones. */
	value = (1 - fraction) * below + fraction * above;
	if (!(value >= below))
		return below;
	return value > above ? above : value;
}
