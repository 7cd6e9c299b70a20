/*
 * polygonal_math.c
 *		A polygon or multipolygon prepared for overlap. Pure C.
 */
#include "land/polygonal_math.h"

#include "core/math/exact_sum_math.h"
#include "core/math/twofold.h"

#include <string.h>

/* An area is computed anew, exactly, when it is less certain than this. */
#define AREA_PRECISION 0x1p-43

const Extent extent_nothing = {{INFINITY, INFINITY}, {-INFINITY, -INFINITY}};

uint32_t
extent_tree_plan(ExtentTree *tree, uint32_t items)
{
	uint64_t	count = ((uint64_t) items + POLYGONAL_LEAF - 1) / POLYGONAL_LEAF;
	uint64_t	total = 0;
	uint32_t	level = 0;

	for (;;)
	{
		tree->first[level++] = (uint32_t) total;
		total += count;
		if (count <= POLYGONAL_TOP)
			break;
		count = (count + POLYGONAL_FAN - 1) / POLYGONAL_FAN;
	}
	tree->first[level] = (uint32_t) total;
	tree->levels = level;
	return (uint32_t) total;
}

void
extent_tree_raise(ExtentTree *tree)
{
	uint32_t	level;

	for (level = 1; level < tree->levels; level++)
	{
		const Extent *child = tree->node + tree->first[level - 1];
		uint32_t	children = tree->first[level] - tree->first[level - 1];
		Extent	   *parent = tree->node + tree->first[level];
		uint32_t	i;

		for (i = 0; i < children; i++)
		{
			Extent	   *box = &parent[i / POLYGONAL_FAN];

			if (i % POLYGONAL_FAN == 0)
				*box = extent_nothing;
			extent_add(box, child[i].low);
			extent_add(box, child[i].high);
		}
	}
}

size_t
polygonal_size(uint64_t points, uint64_t rings)
{
	ExtentTree	tree;
	size_t		boxes = extent_tree_plan(&tree, (uint32_t) points);

	return sizeof(Polygonal) + points * sizeof(Vertex) + boxes * sizeof(Extent) +
		(rings + 1) * sizeof(uint32_t);
}

Polygonal *
polygonal_begin(void *memory, uint32_t points)
{
	Polygonal  *shape = memory;
	uint32_t	boxes = extent_tree_plan(&shape->tree, points);

	shape->point = (Vertex *) (shape + 1);
	shape->tree.node = (Extent *) (shape->point + points);
	shape->ring = (uint32_t *) (shape->tree.node + boxes);
	shape->ring[0] = 0;
	shape->points = 0;
	shape->rings = 0;
	shape->extent = extent_nothing;
	shape->area = 0;
	shape->area_noise = 0;
	return shape;
}

Vertex *
polygonal_room(Polygonal *shape)
{
	return shape->point + shape->points;
}

static double
snap(double x)
{
	return fabs(x) < COORDINATE_MIN ? 0 : x;
}

/* Adds twice the signed area of a closed ring to an exact sum. */
static int
add_ring_exactly(double *part, int n, const Vertex *v, uint32_t points)
{
	uint32_t	i;

	for (i = 0; i + 1 < points; i++)
	{
		Twofold		plus = two_product(v[i].x, v[i + 1].y);
		Twofold		minus = two_product(v[i].y, v[i + 1].x);

		n = exact_sum_add(part, n, plus.high);
		n = exact_sum_add(part, n, plus.low);
		n = exact_sum_add(part, n, -minus.high);
		n = exact_sum_add(part, n, -minus.low);
	}
	return n;
}

/* Twice the signed area of a closed ring, and how far that may be off. */
static double
twice_ring_area(const Vertex *v, uint32_t points, double *noise)
{
	Twofold		sum = {0, 0};
	double		magnitude = 0;
	uint32_t	i;

	/* Seen from the first point, so that nothing large cancels. */
	for (i = 1; i + 1 < points; i++)
	{
		double		plus = (v[i].x - v[0].x) * (v[i + 1].y - v[0].y);
		double		minus = (v[i].y - v[0].y) * (v[i + 1].x - v[0].x);
		Twofold		step = two_sum(sum.high, plus - minus);

		sum.high = step.high;
		sum.low += step.low;
		magnitude += fabs(plus) + fabs(minus);
	}
	*noise = 8 * 0x1p-53 * magnitude;
	return sum.high + sum.low;
}

static void
turn_round(Vertex *v, uint32_t points)
{
	uint32_t	i,
				j;

	for (i = 0, j = points - 1; i < j; i++, j--)
	{
		Vertex		t = v[i];

		v[i] = v[j];
		v[j] = t;
	}
}

PolygonalStatus
polygonal_end_ring(Polygonal *shape, uint32_t points, bool hole, Vertex *culprit)
{
	Vertex	   *v = polygonal_room(shape);
	uint32_t	kept = 0;
	uint32_t	i;
	double		area,
				noise;

	for (i = 0; i < points; i++)
	{
		Vertex		p = v[i];

		/* Not "greater": that would let NaN through. */
		if (!(fabs(p.x) <= COORDINATE_MAX && fabs(p.y) <= COORDINATE_MAX))
		{
			*culprit = p;
			return isfinite(p.x) && isfinite(p.y) ? POLYGONAL_OUT_OF_RANGE : POLYGONAL_NOT_FINITE;
		}
		p.x = snap(p.x);
		p.y = snap(p.y);
		if (kept > 0 && p.x == v[kept - 1].x && p.y == v[kept - 1].y)
			continue;
		v[kept++] = p;
	}
	if (kept > 0 && (v[0].x != v[kept - 1].x || v[0].y != v[kept - 1].y))
	{
		*culprit = v[kept - 1];
		return POLYGONAL_UNCLOSED;
	}

	/* There and back, or less: it encloses nothing. */
	if (kept < 4)
		return POLYGONAL_OK;

	for (i = 0; i < kept; i++)
		extent_add(&shape->extent, v[i]);
	area = twice_ring_area(v, kept, &noise);
	if (fabs(area) <= noise)
	{
		double		part[EXACT_SUM_PARTS + 1];
		int			n = add_ring_exactly(part, 0, v, kept);

		area = exact_sum_round(part, n);
	}
	if (hole ? area > 0 : area < 0)
	{
		turn_round(v, kept);
		area = -area;
	}
	shape->area += area / 2;
	shape->area_noise += noise / 2 + 0x1p-53 * fabs(shape->area);
	shape->points += kept;
	shape->ring[++shape->rings] = shape->points;
	return POLYGONAL_OK;
}

void
polygonal_finish(Polygonal *shape)
{
	Extent	   *node = shape->tree.node;
	uint32_t	r,
				i;

	if (shape->area_noise > AREA_PRECISION * fabs(shape->area))
	{
		double		part[EXACT_SUM_PARTS + 1];
		int			n = 0;

		for (r = 0; r < shape->rings; r++)
			n = add_ring_exactly(part, n, shape->point + shape->ring[r],
								 shape->ring[r + 1] - shape->ring[r]);
		shape->area = exact_sum_round(part, n) / 2;
		shape->area_noise = 0x1p-53 * fabs(shape->area);
	}

	extent_tree_plan(&shape->tree, shape->points);
	for (i = 0; i < shape->tree.first[1]; i++)
		node[i] = extent_nothing;
	for (r = 0; r < shape->rings; r++)
		for (i = shape->ring[r]; i + 1 < shape->ring[r + 1]; i++)
		{
			extent_add(&node[i / POLYGONAL_LEAF], shape->point[i]);
			extent_add(&node[i / POLYGONAL_LEAF], shape->point[i + 1]);
		}
	extent_tree_raise(&shape->tree);
}

uint32_t
polygonal_find_ring(const Polygonal *shape, uint32_t from, uint32_t i)
{
	uint32_t	step = 1;
	uint32_t	to;

	/* By doubling steps and then by halves: it is mostly near, but rings may be many. */
	while (shape->rings - from > step && shape->ring[from + step] <= i)
	{
		from += step;
		step *= 2;
	}
	to = shape->rings - from > step ? from + step : shape->rings;
	while (to - from > 1)
	{
		uint32_t	middle = from + (to - from) / 2;

		if (shape->ring[middle] <= i)
			from = middle;
		else
			to = middle;
	}
	return from;
}

size_t
polygonal_bytes(const Polygonal *shape)
{
	return (size_t) ((const char *) (shape->ring + shape->rings + 1) - (const char *) shape);
}

void
polygonal_settle(Polygonal *copy)
{
	/* What the points have moved by, everything behind them has. */
	uintptr_t	moved = (uintptr_t) (copy + 1) - (uintptr_t) copy->point;

	copy->point = (Vertex *) (copy + 1);
	copy->tree.node = (Extent *) ((uintptr_t) copy->tree.node + moved);
	copy->ring = (uint32_t *) ((uintptr_t) copy->ring + moved);
}
