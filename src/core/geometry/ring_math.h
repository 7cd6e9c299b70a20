/*
 * ring_math.h
 *		One way to list the points of a ring, and one order of rings. Pure C.
 *
 * The same ground may be listed from any corner, either way round, and its
 * rings in any order. Sums of rounded terms depend on this. So a
 * polygonal has its rings in a canonical form, and the same ground has the same
 * bits.
 */
#ifndef AGRIRISK_RING_MATH_H
#define AGRIRISK_RING_MATH_H

#include <stdbool.h>
#include <stdint.h>

#include "core/geometry/orientation_math.h"

/*
 * Points from low to high, and from left to right. So of many parts those that
 * lie beside each other come together, which is as winding numbers look for them.
 */
static inline int
compare_points(Vertex p, Vertex q)
{
	return p.y != q.y ? (p.y < q.y ? -1 : 1) : (p.x > q.x) - (p.x < q.x);
}

/* Rings by their points; of two that agree, the shorter first. */
extern int	ring_compare(const Vertex *v, uint32_t points, const Vertex *w, uint32_t others);

/* Points in the opposite order; of a closed ring, the other way round. */
extern void ring_reverse(Vertex *v, uint32_t points);

/*
 * Makes a closed ring begin at its least point. If the ring comes there several
 * times, it begins where the points that follow are the least as well.
 */
extern void ring_begin_at_least(Vertex *v, uint32_t points);

/* Whether it turns right at its first point, which is its least. */
static inline bool
ring_turns_right(const Vertex *v, uint32_t points)
{
	Vertex		from = v[points - 2];
	double		left = (from.x - v[0].x) * (v[1].y - v[0].y);
	double		right = (from.y - v[0].y) * (v[1].x - v[0].x);

	return left > right;
}

#endif							/* AGRIRISK_RING_MATH_H */
