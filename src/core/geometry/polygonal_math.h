/*
 * polygonal_math.h
 *		A polygon or multipolygon prepared for overlap. Pure C.
 *
 * All rings lie in one array of points, each closed and without repeated
 * points. A ring is turned round where needed, so that shells enclose
 * positively and holes negatively: the winding number of the whole is then 1
 * inside a valid polygon and 0 outside, and only invalid ones need a ring's role.
 *
 * The same rings give the same polygonal, to the bit, from whatever corner, in
 * whichever direction and order they are listed (core/geometry/ring_math): a ring begins
 * at its least point, holes are in the order of their points, and so are parts. A
 * ring of signed area exactly zero runs in the direction that makes it less.
 *
 * Over the edges stands a tree of boxes: one box per POLYGONAL_LEAF consecutive
 * edges, one per POLYGONAL_FAN boxes, and so on. Consecutive edges of a ring
 * are neighbours in space, which makes it a good tree that costs no sorting.
 * "Edge i" runs from point i to point i + 1; the last point of a ring starts none.
 *
 *	one allocation:  Polygonal | points | boxes | ring starts | ring roles
 */
#ifndef AGRIRISK_POLYGONAL_MATH_H
#define AGRIRISK_POLYGONAL_MATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/geometry/orientation_math.h"

#define POLYGONAL_LEAF 16
#define POLYGONAL_FAN 8
#define POLYGONAL_LEVELS 10		/* enough for 2^32 edges */
#define POLYGONAL_TOP 8			/* a level of so few boxes is the last */

typedef struct Extent
{
	Vertex		low;
	Vertex		high;
} Extent;

typedef struct ExtentTree
{
	Extent	   *node;
	uint32_t	levels;
	uint32_t	first[POLYGONAL_LEVELS + 1];	/* of each level, leaves first */
} ExtentTree;

typedef struct Polygonal
{
	uint32_t	points;
	uint32_t	rings;
	uint32_t	parts;			/* polygons of a multipolygon, also those without area */
	Vertex	   *point;
	uint32_t   *ring;			/* first point of each ring; rings + 1 of them */
	uint32_t   *role;			/* of each ring: twice its part, and 1 more of a hole */
	Extent		extent;
	double		area;			/* of shells less that of holes */
	double		area_noise;		/* |area - true area| is at most this */
	ExtentTree	tree;
} Polygonal;

typedef enum PolygonalStatus
{
	POLYGONAL_OK,
	POLYGONAL_NOT_FINITE,
	POLYGONAL_OUT_OF_RANGE,		/* a coordinate beyond COORDINATE_MAX */
	POLYGONAL_UNCLOSED
} PolygonalStatus;

/* The bytes a polygonal takes that has at most this many points and rings. */
extern size_t polygonal_size(uint64_t points, uint64_t rings);

/* Begins one in memory of that size, aligned for doubles. */
extern Polygonal *polygonal_begin(void *memory, uint32_t points, uint32_t rings);

/*
 * The next ring's points go where polygonal_room() says; polygonal_end_ring()
 * takes them in. What is no hole begins a part. Coordinates nearer to zero than COORDINATE_MIN become zero.
 * On an error *culprit is the offending vertex.
 */
extern Vertex *polygonal_room(Polygonal *shape);
extern PolygonalStatus polygonal_end_ring(Polygonal *shape, uint32_t points, bool hole,
										  Vertex *culprit);

extern void polygonal_finish(Polygonal *shape);

static inline bool
polygonal_is_hole(const Polygonal *shape, uint32_t ring)
{
	return shape->role[ring] % 2 == 1;
}

static inline uint32_t
polygonal_part(const Polygonal *shape, uint32_t ring)
{
	return shape->role[ring] / 2;
}

/*
 * Some of its consecutive rings as a polygonal of their own, in memory of
 * polygonal_size().
 */
extern Polygonal *polygonal_extract(const Polygonal *shape, uint32_t first, uint32_t end, void *memory);

/* An order in which polygonals of the same rings, and no others, are equal. */
extern int	polygonal_compare(const Polygonal *a, const Polygonal *b);

/*
 * All bytes of a polygonal may be copied elsewhere; the copy is set
 * up before its first use.
 */
extern size_t polygonal_bytes(const Polygonal *shape);
extern void polygonal_settle(Polygonal *copy);

/* Plans a tree over n items; returns the number of boxes it needs. */
extern uint32_t extent_tree_plan(ExtentTree *tree, uint32_t items);

/* Fills every level above the leaves. */
extern void extent_tree_raise(ExtentTree *tree);

/* The ring of point i, which is not before the given one. */
extern uint32_t polygonal_find_ring(const Polygonal *shape, uint32_t from, uint32_t i);

/* An extent that contains nothing, and adding a point to one. */
extern const Extent extent_nothing;

static inline void
extent_add(Extent *e, Vertex v)
{
	e->low.x = v.x < e->low.x ? v.x : e->low.x;
	e->low.y = v.y < e->low.y ? v.y : e->low.y;
	e->high.x = v.x > e->high.x ? v.x : e->high.x;
	e->high.y = v.y > e->high.y ? v.y : e->high.y;
}

static inline bool
extent_holds(const Extent *e, Vertex v)
{
	return v.x >= e->low.x && v.x <= e->high.x && v.y >= e->low.y && v.y <= e->high.y;
}

#endif							/* AGRIRISK_POLYGONAL_MATH_H */
