/*
 * polygonal_math.c
 *		A polygon or multipolygon prepared for overlap. Pure C.
 */
#include "core/geometry/polygonal_math.h"

#include "core/geometry/ring_math.h"
#include "core/math/exact_sum_math.h"
#include "core/math/twofold.h"

#include <string.h>

/* An area is computed again, exactly, when it is less certain than this. */
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

/* Room to put rings in order: all points once more, and six numbers a ring. */
static size_t
order_size(uint64_t points, uint64_t rings)
{
	return rings < 2 ? 0 : points * sizeof(Vertex) + 6 * (rings + 1) * sizeof(uint32_t);
}

size_t
polygonal_size(uint64_t points, uint64_t rings)
{
	ExtentTree	tree;
	size_t		boxes = extent_tree_plan(&tree, (uint32_t) points);

	/* Two numbers a ring, and one: an even number leaves what follows aligned. */
	return sizeof(Polygonal) + points * sizeof(Vertex) + boxes * sizeof(Extent) +
		2 * (rings + 1) * sizeof(uint32_t) + order_size(points, rings);
}

Polygonal *
polygonal_begin(void *memory, uint32_t points, uint32_t rings)
{
	Polygonal  *shape = memory;
	uint32_t	boxes = extent_tree_plan(&shape->tree, points);

	shape->point = (Vertex *) (shape + 1);
	shape->tree.node = (Extent *) (shape->point + points);
	shape->ring = (uint32_t *) (shape->tree.node + boxes);
	shape->role = shape->ring + rings + 1;
	shape->ring[0] = shape->role[0] = 0;
	shape->points = 0;
	shape->rings = 0;
	shape->parts = 0;
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

/* The same, exactly if its sign is not certain. */
static double
twice_certain_ring_area(const Vertex *v, uint32_t points, double *noise)
{
	double		area = twice_ring_area(v, points, noise);
	double		part[EXACT_SUM_PARTS + 1];

	return fabs(area) > *noise ? area : exact_sum_round(part, add_ring_exactly(part, 0, v, points));
}

static void
turn_ring(Vertex *v, uint32_t points)
{
	ring_reverse(v, points);
	ring_begin_at_least(v, points);
}

/*
 * Makes a ring begin and run as it should; returns twice its area. Of a ring
 * that does not cross itself, the turn at its least point tells the direction. One
 * whose lobes make up for each other has none of its own and runs as it was listed,
 * for that says which of the lobes counts as ground.
 */
static double
settle_ring(Vertex *v, uint32_t points, bool hole, double *noise)
{
	bool		turned = false;
	double		area;

	ring_begin_at_least(v, points);
	if (ring_turns_right(v, points) != hole)
	{
		turn_ring(v, points);
		turned = true;
	}
	area = twice_certain_ring_area(v, points, noise);
	if (area == 0 ? turned : (area < 0) != hole)
	{
		turn_ring(v, points);
		area = twice_certain_ring_area(v, points, noise);
	}
	return area;
}

PolygonalStatus
polygonal_end_ring(Polygonal *shape, uint32_t points, bool hole, Vertex *culprit)
{
	Vertex	   *v = polygonal_room(shape);
	uint32_t	kept = 0;
	uint32_t	i;
	double		area,
				noise;

	shape->parts += !hole;
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
	area = settle_ring(v, kept, hole, &noise);
	shape->area += area / 2;
	shape->area_noise += noise / 2 + 0x1p-53 * fabs(shape->area);
	shape->role[shape->rings] = 2 * (shape->parts > 0 ? shape->parts - 1 : 0) + hole;
	shape->points += kept;
	shape->ring[++shape->rings] = shape->points;
	return POLYGONAL_OK;
}

/* ---- the order of rings ---- */

/* A part at work: its rings, by their places in the order. */
typedef struct RingOrder
{
	const Polygonal *shape;
	uint32_t   *order;			/* rings, those of a part together */
	uint32_t   *first;			/* place of the first ring of each part, and the end */
} RingOrder;

static int
compare_rings(const Polygonal *shape, uint32_t r, uint32_t s)
{
	return ring_compare(shape->point + shape->ring[r], shape->ring[r + 1] - shape->ring[r],
						shape->point + shape->ring[s], shape->ring[s + 1] - shape->ring[s]);
}

/* Rings of one part: the shell, and holes by their points. */
static int
compare_within_part(const RingOrder *o, uint32_t r, uint32_t s)
{
	const uint32_t *role = o->shape->role;

	if (role[r] != role[s])
		return role[r] < role[s] ? -1 : 1;
	return compare_rings(o->shape, r, s);
}

/* Parts by their rings, one after the other. */
static int
compare_parts(const RingOrder *o, uint32_t p, uint32_t q)
{
	uint32_t	i = o->first[p],
				j = o->first[q];

	for (; i < o->first[p + 1] && j < o->first[q + 1]; i++, j++)
	{
		int			order = compare_rings(o->shape, o->order[i], o->order[j]);

		/* A part may have lost its shell, if that had no width. */
		if (order == 0)
			order = o->shape->role[o->order[i]] % 2 - o->shape->role[o->order[j]] % 2;
		if (order != 0)
			return order;
	}
	return (i < o->first[p + 1]) - (j < o->first[q + 1]);
}

/* Sorts numbers by merging; `room` is for as many. */
static void
sort_numbers(uint32_t *number, uint32_t *room, uint32_t count, const RingOrder *o,
			 int (*compare) (const RingOrder *o, uint32_t a, uint32_t b))
{
	uint32_t	half = count / 2;
	uint32_t	i = 0,
				j = half,
				k;

	if (count < 2)
		return;
	sort_numbers(number, room, half, o, compare);
	sort_numbers(number + half, room, count - half, o, compare);
	if (compare(o, number[half - 1], number[half]) <= 0)
		return;
	memcpy(room, number, half * sizeof *room);
	for (k = 0; i < half; k++)
		number[k] = j < count && compare(o, room[i], number[j]) > 0 ? number[j++] : room[i++];
}

/* Moves rings to where they belong: parts in the order of `part`, rings within in o's. */
static void
move_rings(Polygonal *shape, const RingOrder *o, const uint32_t *part, uint32_t parts,
		   Vertex *points, uint32_t *starts, uint32_t *roles)
{
	uint32_t	n = 0,
				r = 0;
	uint32_t	p,
				i;

	for (p = 0; p < parts; p++)
		for (i = o->first[part[p]]; i < o->first[part[p] + 1]; i++)
		{
			uint32_t	ring = o->order[i];
			uint32_t	count = shape->ring[ring + 1] - shape->ring[ring];

			memcpy(points + n, shape->point + shape->ring[ring], count * sizeof(Vertex));
			n += count;
			roles[r] = 2 * p + shape->role[ring] % 2;
			starts[r++] = n;
		}
	memcpy(shape->point, points, n * sizeof(Vertex));
	memcpy(shape->ring + 1, starts, r * sizeof *starts);
	memcpy(shape->role, roles, r * sizeof *roles);
	shape->parts = parts;
}

/*
 * Puts the rings in order, in the room behind the polygonal. Parts that lost all
 * of their rings are gone.
 */
static void
order_rings(Polygonal *shape, Vertex *points)
{
	uint32_t	rings = shape->rings;
	uint32_t   *number = (uint32_t *) (points + shape->points);
	uint32_t   *room = number + rings;
	uint32_t   *part = room + rings;
	RingOrder	o = {shape, number, part + rings};
	uint32_t   *starts = o.first + rings + 1;
	uint32_t	parts = 0;
	uint32_t	i;

	for (i = 0; i < rings; i++)
	{
		number[i] = i;
		if (i == 0 || polygonal_part(shape, i) != polygonal_part(shape, i - 1))
		{
			part[parts] = parts;
			o.first[parts++] = i;
		}
	}
	o.first[parts] = rings;
	for (i = 0; i < parts; i++)
		sort_numbers(number + o.first[i], room, o.first[i + 1] - o.first[i], &o, compare_within_part);
	sort_numbers(part, room, parts, &o, compare_parts);
	move_rings(shape, &o, part, parts, points, starts, room);
}

/* The areas of rings in their order, for the same rounding whatever it was before. */
static void
add_areas(Polygonal *shape)
{
	uint32_t	r;

	shape->area = shape->area_noise = 0;
	for (r = 0; r < shape->rings; r++)
	{
		double		noise;
		double		area = twice_certain_ring_area(shape->point + shape->ring[r],
												   shape->ring[r + 1] - shape->ring[r], &noise);

		shape->area += area / 2;
		shape->area_noise += noise / 2 + 0x1p-53 * fabs(shape->area);
	}
}

void
polygonal_finish(Polygonal *shape)
{
	Extent	   *node = shape->tree.node;
	uint32_t	r,
				i;

	if (shape->rings <= 1)
	{
		/* Parts that enclose nothing have left no ring. */
		shape->parts = shape->rings;
		shape->role[0] %= 2;
	}
	else
	{
		order_rings(shape, (Vertex *) (shape->ring + 2 * (shape->role - shape->ring)));
		add_areas(shape);
	}
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
	return (size_t) ((const char *) (shape->role + shape->rings) - (const char *) shape);
}

void
polygonal_settle(Polygonal *copy)
{
	/* What the points have moved by, everything behind them has. */
	uintptr_t	moved = (uintptr_t) (copy + 1) - (uintptr_t) copy->point;

	copy->point = (Vertex *) (copy + 1);
	copy->tree.node = (Extent *) ((uintptr_t) copy->tree.node + moved);
	copy->ring = (uint32_t *) ((uintptr_t) copy->ring + moved);
	copy->role = (uint32_t *) ((uintptr_t) copy->role + moved);
}

Polygonal *
polygonal_extract(const Polygonal *shape, uint32_t first, uint32_t end, void *memory)
{
	uint32_t	begin = shape->ring[first];
	uint32_t	i;
	Polygonal  *piece = polygonal_begin(memory, shape->ring[end] - begin, end - first);

	piece->points = shape->ring[end] - begin;
	piece->rings = end - first;
	memcpy(piece->point, shape->point + begin, piece->points * sizeof(Vertex));
	for (i = first; i < end; i++)
	{
		piece->ring[i + 1 - first] = shape->ring[i + 1] - begin;
		piece->role[i - first] = shape->role[i] - 2 * polygonal_part(shape, first);
	}
	piece->parts = polygonal_part(piece, piece->rings - 1) + 1;
	for (i = 0; i < piece->points; i++)
		extent_add(&piece->extent, piece->point[i]);
	add_areas(piece);
	polygonal_finish(piece);
	return piece;
}

static int
compare_numbers(const uint32_t *a, const uint32_t *b, uint32_t count)
{
	uint32_t	i;

	for (i = 0; i < count; i++)
		if (a[i] != b[i])
			return a[i] < b[i] ? -1 : 1;
	return 0;
}

int
polygonal_compare(const Polygonal *a, const Polygonal *b)
{
	int			order;

	if (a->points != b->points)
		return a->points < b->points ? -1 : 1;
	if (a->rings != b->rings)
		return a->rings < b->rings ? -1 : 1;

	/* As numbers: the order of their bytes is not that of every machine. */
	order = ring_compare(a->point, a->points, b->point, b->points);
	if (order == 0)
		order = compare_numbers(a->ring, b->ring, a->rings);
	return order != 0 ? order : compare_numbers(a->role, b->role, a->rings);
}
