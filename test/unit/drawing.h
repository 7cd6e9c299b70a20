/*
 * drawing.h
 *		Polygons as tests draw them, ring by ring.
 */
#ifndef AGRIRISK_TEST_DRAWING_H
#define AGRIRISK_TEST_DRAWING_H

#include "core/geometry/polygonal_math.h"

#include <stdlib.h>
#include <string.h>

#define MAX_POINTS 8192
#define MAX_RINGS 64

typedef struct Drawing
{
	int			rings;
	int			start[MAX_RINGS + 1];
	bool		hole[MAX_RINGS];
	Vertex		v[MAX_POINTS];	/* rings closed */
} Drawing;

static inline void
begin_drawing(Drawing *d)
{
	d->rings = 0;
	d->start[0] = 0;
}

static inline void
draw(Drawing *d, double x, double y)
{
	d->v[d->start[d->rings]].x = x;
	d->v[d->start[d->rings]++].y = y;
}

/* Between begin_ring and end_ring, start[rings] counts the points. */
static int	ring_begin;

static inline void
begin_ring(Drawing *d)
{
	ring_begin = d->start[d->rings];
}

static inline void
end_ring(Drawing *d, bool hole)
{
	int			end;

	draw(d, d->v[ring_begin].x, d->v[ring_begin].y);
	end = d->start[d->rings];
	d->start[d->rings] = ring_begin;
	d->hole[d->rings++] = hole;
	d->start[d->rings] = end;
}

static inline void
draw_box(Drawing *d, double x0, double y0, double x1, double y1, bool hole)
{
	begin_ring(d);
	draw(d, x0, y0);
	draw(d, x1, y0);
	draw(d, x1, y1);
	draw(d, x0, y1);
	end_ring(d, hole);
}

static inline Polygonal *
prepare(const Drawing *d)
{
	int			n = d->start[d->rings];
	Polygonal  *shape = polygonal_begin(malloc(polygonal_size(n, d->rings)), n, d->rings);
	Vertex		culprit;
	int			r;

	for (r = 0; r < d->rings; r++)
	{
		int			points = d->start[r + 1] - d->start[r];

		memcpy(polygonal_room(shape), d->v + d->start[r], points * sizeof(Vertex));
		if (polygonal_end_ring(shape, points, d->hole[r], &culprit) != POLYGONAL_OK)
			abort();
	}
	polygonal_finish(shape);
	return shape;
}

/* Points of a ring without the repeated, closed; at most as many as it has. */
static inline int
distinct_points(const Drawing *d, int r, Vertex *v)
{
	int			n = 0;
	int			i;

	for (i = d->start[r]; i < d->start[r + 1]; i++)
		if (n == 0 || d->v[i].x != v[n - 1].x || d->v[i].y != v[n - 1].y)
			v[n++] = d->v[i];
	return n;
}

/* Point k of a cycle of n that is read from `start` on, to the right or left. */
static inline Vertex
cycle_point(const Vertex *v, int n, int start, int step, int k)
{
	return v[((start + step * k) % n + n) % n];
}

/* Twice the area of a ring as drawn. */
static inline _Float128
twice_drawn_area(const Drawing *d, int r)
{
	const Vertex *v = d->v + d->start[r];
	_Float128	area = 0;
	int			i;

	for (i = 0; i + 1 < d->start[r + 1] - d->start[r]; i++)
		area += ((_Float128) v[i].x - v[0].x) * ((_Float128) v[i + 1].y - v[0].y) -
			((_Float128) v[i + 1].x - v[0].x) * ((_Float128) v[i].y - v[0].y);
	return area;
}

/* Whether a ring winds forwards as drawn, 1, or is to be turned round, -1. One of no area stays as drawn. */
static inline int
ring_sign(const Drawing *d, int r)
{
	_Float128	area = twice_drawn_area(d, r);

	return area == 0 || (area > 0) != d->hole[r] ? 1 : -1;
}

#endif							/* AGRIRISK_TEST_DRAWING_H */
