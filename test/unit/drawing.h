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
	Polygonal  *shape = polygonal_begin(malloc(polygonal_size(n, d->rings)), n);
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

#endif							/* AGRIRISK_TEST_DRAWING_H */
