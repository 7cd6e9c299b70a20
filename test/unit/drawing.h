/*
 * drawing.h
 *		Polygons as tests draw them, ring by ring.
 */
#ifndef AGRIRISK_TEST_DRAWING_H
#define AGRIRISK_TEST_DRAWING_H

#include "land/polygonal_math.h"

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

/* -1, 0 or 1 as one reading of a cycle is before another, points by x and then y. */
static inline int
compare_readings(const Vertex *v, int n, int start, int step, int other_start, int other_step)
{
	int			k;

	for (k = 0; k < n; k++)
	{
		Vertex		p = cycle_point(v, n, start, step, k);
		Vertex		q = cycle_point(v, n, other_start, other_step, k);

		if (p.x != q.x)
			return p.x < q.x ? -1 : 1;
		if (p.y != q.y)
			return p.y < q.y ? -1 : 1;
	}
	return 0;
}

/*
 * Whether a ring winds forwards as drawn, 1, or is to be turned round, -1. Of no
 * area, it runs so that its least reading, of all of them, is to the right.
 */
static inline int
ring_sign(const Drawing *d, int r)
{
	static Vertex v[MAX_POINTS];
	_Float128	area = 0;
	int			n,
				start,
				step,
				best = 0,
				best_step = 1;
	int			i;

	for (i = d->start[r]; i + 1 < d->start[r + 1]; i++)
		area += ((_Float128) d->v[i].x - d->v[d->start[r]].x) * ((_Float128) d->v[i + 1].y - d->v[d->start[r]].y) -
			((_Float128) d->v[i + 1].x - d->v[d->start[r]].x) * ((_Float128) d->v[i].y - d->v[d->start[r]].y);
	if (area != 0)
		return (area > 0) != d->hole[r] ? 1 : -1;
	n = distinct_points(d, r, v) - 1;
	for (step = -1; step <= 1; step += 2)
		for (start = 0; start < n; start++)
			if (compare_readings(v, n, start, step, best, best_step) < 0)
			{
				best = start;
				best_step = step;
			}
	return best_step;
}

#endif							/* AGRIRISK_TEST_DRAWING_H */
