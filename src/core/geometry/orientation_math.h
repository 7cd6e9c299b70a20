/*
 * orientation_math.h
 *		On which side of a line a point lies, decided exactly. Pure C.
 *
 * Right for every pair of coordinates within COORDINATE_MAX whose magnitudes
 * are zero or at least COORDINATE_MIN: then no difference, product or product's
 * rounding error can overflow or underflow (the smallest is 2^-904).
 */
#ifndef AGRIRISK_ORIENTATION_MATH_H
#define AGRIRISK_ORIENTATION_MATH_H

#include <math.h>

#define COORDINATE_MAX 0x1p400
#define COORDINATE_MIN 0x1p-400

/*
 * Shewchuk's bound, (3 + 16u)u with u = 2^-53, of the rounding error of the
 * difference of two products of differences, relative to the products.
 */
#define ORIENTATION_BOUND 3.3306690738754716e-16

typedef struct Vertex
{
	double		x;
	double		y;
} Vertex;

/* The decision where double precision does not suffice for it. */
extern int	orientation_exact(Vertex p, Vertex q, Vertex r);

/* 1 when r is left of the line from p to q, -1 when right, 0 when on it. */
static inline int
orientation(Vertex p, Vertex q, Vertex r)
{
	double		left = (p.x - r.x) * (q.y - r.y);
	double		right = (p.y - r.y) * (q.x - r.x);
	double		det = left - right;

	double		bound = ORIENTATION_BOUND * (fabs(left) + fabs(right));

	if (det > bound)
		return 1;
	if (-det > bound)
		return -1;
	if (bound == 0)
		return 0;				/* nothing underflows: both products are zero */
	return orientation_exact(p, q, r);
}

#endif							/* AGRIRISK_ORIENTATION_MATH_H */
