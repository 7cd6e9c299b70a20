/*
 * orientation_math.c
 *		On which side of a line a point lies, decided exactly. Pure C.
 */
#include "core/geometry/orientation_math.h"

#include "core/math/exact_sum_math.h"
#include "core/math/twofold.h"

static int
sign_of(double x)
{
	return (x > 0) - (x < 0);
}

/* Adds sign * a * b to an exact sum. */
static int
add_product(double *part, int n, double a, double b)
{
	Twofold		p = two_product(a, b);

	n = exact_sum_add(part, n, p.high);
	return exact_sum_add(part, n, p.low);
}

int
orientation_exact(Vertex p, Vertex q, Vertex r)
{
	Twofold		px = two_difference(p.x, r.x);
	Twofold		py = two_difference(p.y, r.y);
	Twofold		qx = two_difference(q.x, r.x);
	Twofold		qy = two_difference(q.y, r.y);
	double		part[13];
	int			n = 0;

	/*
	 * Coordinates of one parcel share their exponent, so that the differences
	 * are usually exact, and two products remain to be compared.
	 */
	if (px.low == 0 && py.low == 0 && qx.low == 0 && qy.low == 0)
	{
		Twofold		left = two_product(px.high, qy.high);
		Twofold		right = two_product(py.high, qx.high);

		if (left.high != right.high)
			return sign_of(left.high - right.high);
		return sign_of(left.low - right.low);
	}

	/* The determinant multiplied out: p x q + q x r + r x p. */
	n = add_product(part, n, p.x, q.y);
	n = add_product(part, n, -p.y, q.x);
	n = add_product(part, n, q.x, r.y);
	n = add_product(part, n, -q.y, r.x);
	n = add_product(part, n, r.x, p.y);
	n = add_product(part, n, -r.y, p.x);
	return n == 0 ? 0 : sign_of(part[n - 1]);
}
