/*
 * overlap_math.c
 *		The area two polygonals have in common, without building it. Pure C.
 */
#include "core/geometry/overlap_math.h"

#include "core/math/twofold.h"

#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* Up to this many pairs of edges are tested one by one, without a tree. */
#define FEW_PAIRS 1024

/* find_meeting() reads by fours. */
#define SPARE_BOXES 3

/* Pairs of edges between two calls of the interrupt hook. */
#define INTERRUPT_PAIRS (1 << 20)

/* Double precision suffices while its error stays below this part of the area. */
#define ENOUGH_PRECISION 0x1p-43

/*
 * What rounding can do to half a sum of terms whose magnitudes add up to 1: each
 * term is right to 16 units of 2^-53 of its magnitude (see add_crossing), or
 * generously so of 2^-104 in twofold arithmetic.
 */
#define DOUBLE_NOISE (8 * 0x1p-53)
#define TWOFOLD_NOISE 0x1p-98

static inline uint32_t
smaller(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

typedef struct Integral
{
	OverlapScratch *scratch;
	OverlapSide *a;
	OverlapSide *b;				/* moved by (e, e^2) */
	Extent		common;			/* of both boxes */
	Vertex		centre;			/* of it: terms are computed relative to this */
	bool		precise;		/* twofold arithmetic */
	bool		crossed;		/* any edges crossed */
	int64_t		pairs;			/* until the next interrupt check */
	Twofold		sum;			/* twice the integral */
	double		magnitude;		/* what its rounding error is proportional to */
} Integral;

/*
 * Boxes are compared with SSE2, which every x86-64 has. These are comparisons and
 * one rounding: other machines get the same bits.
 */
#ifdef __SSE2__

static inline bool
extents_meet(const Extent *e, const Extent *f)
{
	__m128d		below = _mm_cmple_pd(_mm_loadu_pd(&e->low.x), _mm_loadu_pd(&f->high.x));
	__m128d		above = _mm_cmple_pd(_mm_loadu_pd(&f->low.x), _mm_loadu_pd(&e->high.x));

	return _mm_movemask_pd(_mm_and_pd(below, above)) == 3;
}

static inline bool
edge_meets(const Vertex *edge, const Extent *other)
{
	__m128d		p = _mm_loadu_pd(&edge[0].x);
	__m128d		q = _mm_loadu_pd(&edge[1].x);
	__m128d		below = _mm_cmple_pd(_mm_min_pd(p, q), _mm_loadu_pd(&other->high.x));
	__m128d		above = _mm_cmple_pd(_mm_loadu_pd(&other->low.x), _mm_max_pd(p, q));

	return _mm_movemask_pd(_mm_and_pd(below, above)) == 3;
}

static inline void
box_edge(EdgeBox *box, const Vertex *edge, Vertex centre)
{
	__m128d		c = _mm_loadu_pd(&centre.x);
	__m128d		p = _mm_loadu_pd(&edge[0].x);
	__m128d		q = _mm_loadu_pd(&edge[1].x);

	_mm_storeu_ps(box->low, _mm_movelh_ps(_mm_cvtpd_ps(_mm_sub_pd(_mm_min_pd(p, q), c)),
										  _mm_cvtpd_ps(_mm_sub_pd(c, _mm_max_pd(p, q)))));
}

/* All ones in the lanes in which a box does not lie beyond another. */
static inline __m128i
compare_box(const EdgeBox *box, __m128 limit)
{
	return _mm_castps_si128(_mm_cmple_ps(_mm_loadu_ps(box->low), limit));
}

/*
 * Which of up to 64 boxes meet another: first which, then what, because whether
 * boxes meet is not to be guessed. Reads boxes by fours.
 */
static inline uint64_t
find_meeting(const EdgeBox *e, const EdgeBox *row, uint32_t count)
{
	__m128		box = _mm_loadu_ps(e->low);
	__m128		limit = _mm_xor_ps(_mm_shuffle_ps(box, box, _MM_SHUFFLE(1, 0, 3, 2)), _mm_set1_ps(-0.0f));
	uint64_t	met = 0;
	uint32_t	k;

	for (k = 0; k < count; k += 4)
	{
		__m128i		first = _mm_packs_epi32(compare_box(&row[k], limit), compare_box(&row[k + 1], limit));
		__m128i		second = _mm_packs_epi32(compare_box(&row[k + 2], limit), compare_box(&row[k + 3], limit));
		__m128i		all = _mm_cmpeq_epi32(_mm_packs_epi16(first, second), _mm_set1_epi32(-1));

		met |= (uint64_t) _mm_movemask_ps(_mm_castsi128_ps(all)) << k;
	}
	return count == 0 ? 0 : met & UINT64_MAX >> (64 - count);
}

#else

static inline bool
extents_meet(const Extent *e, const Extent *f)
{
	return (e->low.x <= f->high.x) & (f->low.x <= e->high.x) &
		(e->low.y <= f->high.y) & (f->low.y <= e->high.y);
}

static inline bool
edge_meets(const Vertex *edge, const Extent *other)
{
	Extent		box = extent_nothing;

	extent_add(&box, edge[0]);
	extent_add(&box, edge[1]);
	return extents_meet(&box, other);
}

static inline void
box_edge(EdgeBox *box, const Vertex *edge, Vertex centre)
{
	Extent		e = extent_nothing;

	extent_add(&e, edge[0]);
	extent_add(&e, edge[1]);
	box->low[0] = (float) (e.low.x - centre.x);
	box->low[1] = (float) (e.low.y - centre.y);
	box->minus_high[0] = (float) (centre.x - e.high.x);
	box->minus_high[1] = (float) (centre.y - e.high.y);
}

static inline uint64_t
find_meeting(const EdgeBox *e, const EdgeBox *row, uint32_t count)
{
	uint64_t	met = 0;
	uint32_t	k;

	for (k = 0; k < count; k++)
		met |= (uint64_t) ((row[k].low[0] <= -e->minus_high[0]) & (row[k].low[1] <= -e->minus_high[1]) &
						   (row[k].minus_high[0] <= -e->low[0]) & (row[k].minus_high[1] <= -e->low[1])) << k;
	return met;
}

#endif

/*
 * Orientations with B moved. Where a point of A lies on an edge of B, the edge
 * moves to the right, and then a little up; where a point of B lies on an edge
 * of A, the point does.
 */
static inline int
side_of_moved_edge(Vertex p, Vertex q, Vertex point)
{
	int			side = orientation(p, q, point);

	if (side != 0)
		return side;
	if (q.y != p.y)
		return q.y > p.y ? 1 : -1;
	return q.x > p.x ? -1 : 1;
}

static inline int
side_of_moved_point(Vertex p, Vertex q, Vertex point)
{
	int			side = orientation(p, q, point);

	if (side != 0)
		return side;
	if (q.y != p.y)
		return q.y > p.y ? -1 : 1;
	return q.x > p.x ? 1 : -1;
}

static inline double
cross(Vertex p, Vertex q)
{
	return p.x * q.y - p.y * q.x;
}

static inline Vertex
middle(const Extent *e)
{
	Vertex		v = {(e->low.x + e->high.x) / 2, (e->low.y + e->high.y) / 2};

	return v;
}

static inline double
size_of(Vertex v)
{
	return fabs(v.x) + fabs(v.y);
}

static inline Vertex
from(Vertex origin, Vertex v)
{
	v.x -= origin.x;
	v.y -= origin.y;
	return v;
}

typedef struct TwofoldVertex
{
	Twofold		x;
	Twofold		y;
} TwofoldVertex;

static TwofoldVertex
twofold_from(Vertex origin, Vertex v)
{
	TwofoldVertex r = {two_difference(v.x, origin.x), two_difference(v.y, origin.y)};

	return r;
}

static Twofold
twofold_cross(TwofoldVertex p, TwofoldVertex q)
{
	return twofold_subtract(twofold_multiply(p.x, q.y), twofold_multiply(p.y, q.x));
}

static inline void
add_term(Integral *w, double term)
{
	Twofold		s = two_sum(w->sum.high, term);

	w->sum.high = s.high;
	w->sum.low += s.low;
}

static Twofold
fraction_along(Twofold at_start, Twofold at_end)
{
	Twofold		difference = twofold_subtract(at_start, at_end);
	Twofold		half = {0.5, 0};

	return difference.high == 0 ? half : twofold_divide(at_start, difference);
}

/*
 * The term of one crossing: of the edge from a1 to a2 with that from b1 to b2,
 * where a leaves b's left side if sign > 0. With P the crossing point it is
 * sign * (a1 - b1) x P.
 *
 * Its error: u|d||P| per operation; an error of P along a is multiplied by the
 * distance of b1 from a's line, which makes an error of `at_start` or `at_end`
 * enter at most once, however parallel the edges are.
 */
static void
add_crossing(Integral *w, Vertex a1, Vertex a2, Vertex b1, Vertex b2, int sign)
{
	Vertex		a = from(a1, a2);
	Vertex		b = from(b1, b2);
	Vertex		d = from(b1, a1);
	Vertex		d2 = from(b1, a2);
	Vertex		start = from(w->centre, a1);

	w->magnitude += size_of(d) * (size_of(start) + size_of(a)) +
		size_of(b) * (size_of(d) + size_of(d2));

	if (!w->precise)
	{
		double		at_start = cross(b, d);
		double		at_end = cross(b, d2);
		double		difference = at_start - at_end;
		double		t = difference != 0 ? at_start / difference : 0.5;
		Vertex		p;

		/* Rounding must not carry the point off the edge. */
		t = t > 0 ? (t < 1 ? t : 1) : 0;
		p.x = start.x + t * a.x;
		p.y = start.y + t * a.y;
		add_term(w, sign * cross(d, p));
	}
	else
	{
		TwofoldVertex along = twofold_from(a1, a2);
		TwofoldVertex other = twofold_from(b1, b2);
		TwofoldVertex apart = twofold_from(b1, a1);
		TwofoldVertex p = twofold_from(w->centre, a1);
		Twofold		t = fraction_along(twofold_cross(other, apart),
									   twofold_cross(other, twofold_from(b1, a2)));
		Twofold		term;

		if (!(t.high > 0))
			t.high = t.low = 0;
		else if (t.high >= 1 && t.high + t.low >= 1)
		{
			t.high = 1;
			t.low = 0;
		}
		p.x = twofold_add(p.x, twofold_multiply(t, along.x));
		p.y = twofold_add(p.y, twofold_multiply(t, along.y));
		term = twofold_cross(apart, p);
		w->sum = twofold_add(w->sum, sign > 0 ? term : twofold_negate(term));
	}
}

/* The term of a whole edge along which the other's winding number ends as given. */
static inline void
add_edge(Integral *w, Vertex p, Vertex q, int32_t winding)
{
	Vertex		start = from(w->centre, p);
	Vertex		end = from(w->centre, q);

	w->magnitude += fabs((double) winding) * (size_of(start) * size_of(end));
	if (!w->precise)
		add_term(w, winding * cross(start, end));
	else
	{
		Twofold		times = {winding, 0};
		Twofold		term = twofold_cross(twofold_from(w->centre, p), twofold_from(w->centre, q));

		w->sum = twofold_add(w->sum, twofold_multiply(times, term));
	}
}

/*
 * On which side of b (moved) a leaves, when both edges cross each other:
 * 1 or -1, or 0 when they do not.
 */
static int
crossing_exactly(const Vertex *a, const Vertex *b)
{
	int			sign = side_of_moved_edge(b[0], b[1], a[0]);

	if (side_of_moved_edge(b[0], b[1], a[1]) == sign ||
		side_of_moved_point(a[0], a[1], b[0]) == side_of_moved_point(a[0], a[1], b[1]))
		return 0;
	return sign;
}

/*
 * Is the difference of two products certain to have the sign it seems to have?
 * If both are zero it is zero: nothing underflows.
 */
static inline bool
is_certain(double left, double right)
{
	return fabs(left - right) >= ORIENTATION_BOUND * (fabs(left) + fabs(right));
}

/* Is a point that lies on an edge left of it once the edge has moved? */
static inline bool
moves_right(const Vertex *edge)
{
	return edge[0].y != edge[1].y ? edge[1].y > edge[0].y : edge[1].x < edge[0].x;
}

/*
 * The same, four orientations at once: they share their differences, and most
 * are certain, which leaves few branches to guess. Also where the edges share an
 * end, as half of those do that come near each other in a register.
 */
static inline int
crossing(const Vertex *a, const Vertex *b)
{
	Vertex		d11 = from(a[0], b[0]);
	Vertex		d12 = from(a[0], b[1]);
	Vertex		d21 = from(a[1], b[0]);
	Vertex		d22 = from(a[1], b[1]);
	double		left1 = d11.x * d12.y,
				right1 = d11.y * d12.x;
	double		left2 = d21.x * d22.y,
				right2 = d21.y * d22.x;
	double		left3 = d11.x * d21.y,
				right3 = d11.y * d21.x;
	double		left4 = d12.x * d22.y,
				right4 = d12.y * d22.x;
	bool		certain1 = is_certain(left1, right1);
	bool		certain2 = is_certain(left2, right2);
	bool		certain3 = is_certain(left3, right3);
	bool		certain4 = is_certain(left4, right4);
	bool		b_moves_right = moves_right(b);
	bool		a_moves_right = moves_right(a);
	bool		side1 = (left1 > right1) | ((left1 == right1) & b_moves_right);
	bool		side2 = (left2 > right2) | ((left2 == right2) & b_moves_right);
	bool		side3 = (left3 > right3) | ((left3 == right3) & !a_moves_right);
	bool		side4 = (left4 > right4) | ((left4 == right4) & !a_moves_right);

	if (!(certain1 & certain2 & certain3 & certain4))
		return crossing_exactly(a, b);
	return ((side1 != side2) & (side3 != side4)) * (2 * side1 - 1);
}

/* Edges whose boxes meet, by their places among the gathered. */
typedef struct EdgePair
{
	uint32_t	a;
	uint32_t	b;
	int32_t		sign;			/* of their crossing */
} EdgePair;

/* The boxes of two sets that meet; returns how many pairs do. */
static inline uint32_t
find_meeting_pairs(const Integral *w, uint32_t i_begin, uint32_t i_end,
				   uint32_t j_begin, uint32_t j_end, EdgePair *pair)
{
	uint32_t	count = 0;
	uint32_t	i,
				j;

	for (i = i_begin; i < i_end; i++)
		for (j = j_begin; j < j_end; j += 64)
		{
			uint64_t	met = find_meeting(&w->a->box[i], &w->b->box[j], smaller(64, j_end - j));

			for (; met != 0; met &= met - 1)
			{
				pair[count].a = i;
				pair[count++].b = j + (uint32_t) __builtin_ctzll(met);
			}
		}
	return count;
}

/* Counts pairs of edges that are looked at, or work that takes as long. */
static inline void
count_pairs(Integral *w, int64_t pairs)
{
	w->pairs -= pairs;
	if (w->pairs < 0)
	{
		w->pairs = INTERRUPT_PAIRS;
		if (w->scratch->interrupt)
			w->scratch->interrupt();
	}
}

/*
 * All boxes of A's edges i_begin .. i_end against those of B's, of which there
 * are at most FEW_PAIRS pairs. First which boxes meet, then which edges cross,
 * then what that adds: whether edges cross is not to be guessed, so every pair is
 * written, and kept if they do.
 */
static void
meet_ranges(Integral *w, uint32_t i_begin, uint32_t i_end, uint32_t j_begin, uint32_t j_end)
{
	const Vertex *a = w->a->shape->point;
	const Vertex *b = w->b->shape->point;
	EdgePair	pair[FEW_PAIRS];
	uint32_t	count;
	uint32_t	crossings = 0;
	uint32_t	k;

	count_pairs(w, (int64_t) (i_end - i_begin) * (j_end - j_begin));
	count = find_meeting_pairs(w, i_begin, i_end, j_begin, j_end, pair);
	for (k = 0; k < count; k++)
	{
		EdgePair	p = pair[k];

		p.sign = crossing(a + w->a->edge[p.a], b + w->b->edge[p.b]);
		pair[crossings] = p;
		crossings += p.sign != 0;
	}
	w->crossed |= crossings > 0;
	for (k = 0; k < crossings; k++)
	{
		const EdgePair *p = &pair[k];
		const Vertex *e = a + w->a->edge[p->a];
		const Vertex *f = b + w->b->edge[p->b];

		/* Left of an edge the winding number is one more than right of it. */
		w->a->jump[p->a] -= p->sign;
		w->b->jump[p->b] += p->sign;
		add_crossing(w, e[0], e[1], f[0], f[1], p->sign);
	}
}

static inline uint32_t
level_count(const ExtentTree *tree, uint32_t level)
{
	return tree->first[level + 1] - tree->first[level];
}

/* Box i of level la over A's edges against box j of level lb over B's. */
static void
meet_boxes(Integral *w, uint32_t la, uint32_t i, uint32_t lb, uint32_t j)
{
	const ExtentTree *ta = &w->a->tree;
	const ExtentTree *tb = &w->b->tree;
	uint32_t	k,
				end;

	if (!extents_meet(&ta->node[ta->first[la] + i], &tb->node[tb->first[lb] + j]))
		return;
	if (la == 0 && lb == 0)
		meet_ranges(w, i * POLYGONAL_LEAF, smaller((i + 1) * POLYGONAL_LEAF, w->a->count),
					j * POLYGONAL_LEAF, smaller((j + 1) * POLYGONAL_LEAF, w->b->count));
	else if (la >= lb)
	{
		end = smaller((i + 1) * POLYGONAL_FAN, level_count(ta, la - 1));
		for (k = i * POLYGONAL_FAN; k < end; k++)
			meet_boxes(w, la - 1, k, lb, j);
	}
	else
	{
		end = smaller((j + 1) * POLYGONAL_FAN, level_count(tb, lb - 1));
		for (k = j * POLYGONAL_FAN; k < end; k++)
			meet_boxes(w, la, i, lb - 1, k);
	}
}

static void
plant_tree(OverlapSide *side)
{
	uint32_t	i;

	extent_tree_plan(&side->tree, side->count);
	for (i = 0; i < side->count; i++)
	{
		Extent	   *leaf = &side->tree.node[i / POLYGONAL_LEAF];

		if (i % POLYGONAL_LEAF == 0)
			*leaf = extent_nothing;
		extent_add(leaf, side->shape->point[side->edge[i]]);
		extent_add(leaf, side->shape->point[side->edge[i] + 1]);
	}
	extent_tree_raise(&side->tree);
}

static void
find_crossings(Integral *w)
{
	uint32_t	i,
				j;

	if ((uint64_t) w->a->count * w->b->count <= FEW_PAIRS)
	{
		meet_ranges(w, 0, w->a->count, 0, w->b->count);
		return;
	}
	plant_tree(w->a);
	plant_tree(w->b);
	for (i = 0; i < level_count(&w->a->tree, w->a->tree.levels - 1); i++)
		for (j = 0; j < level_count(&w->b->tree, w->b->tree.levels - 1); j++)
			meet_boxes(w, w->a->tree.levels - 1, i, w->b->tree.levels - 1, j);
}

static void
make_room(OverlapScratch *scratch, OverlapSide *side, uint32_t edges)
{
	ExtentTree	tree;
	size_t		boxes;

	if (edges <= side->room)
		return;
	boxes = extent_tree_plan(&tree, edges);
	side->memory = scratch->grow(side->memory, boxes * sizeof(Extent) +
								 (edges + SPARE_BOXES) * sizeof(EdgeBox) +
								 edges * (sizeof(uint32_t) + sizeof(int32_t)));
	side->room = edges;
	side->tree.node = side->memory;
	side->box = (EdgeBox *) (side->tree.node + boxes);
	side->edge = (uint32_t *) (side->box + edges + SPARE_BOXES);
	side->jump = (int32_t *) (side->edge + edges);
}

/*
 * The points of a leaf come in runs, one per ring, whose last point starts no
 * edge. Returns where the run of edges from i on ends, and moves *ring, which
 * was the ring of an earlier point, to that of i.
 */
static inline uint32_t
run_end(const Polygonal *shape, uint32_t i, uint32_t leaf_end, uint32_t *ring)
{
	if (shape->ring[*ring + 1] <= i)
		*ring = polygonal_find_ring(shape, *ring, i);
	return smaller(leaf_end, shape->ring[*ring + 1] - 1);
}

static void
gather_leaf(OverlapSide *side, uint32_t leaf, const Extent *common, uint32_t *ring)
{
	const Polygonal *shape = side->shape;
	uint32_t	i = leaf * POLYGONAL_LEAF;
	uint32_t	leaf_end = smaller(i + POLYGONAL_LEAF, shape->points);
	uint32_t	count = side->count;

	for (; i < leaf_end; i++)
	{
		uint32_t	end = run_end(shape, i, leaf_end, ring);

		for (; i < end; i++)
		{
			/* Written always and kept if wanted: half of them are, at random. */
			side->edge[count] = i;
			count += edge_meets(&shape->point[i], common);
		}
	}
	side->count = count;
}

static void
gather_boxes(OverlapSide *side, uint32_t level, uint32_t i, uint32_t end, const Extent *common,
			 uint32_t *ring)
{
	const ExtentTree *tree = &side->shape->tree;

	for (; i < end; i++)
	{
		if (!extents_meet(&tree->node[tree->first[level] + i], common))
			continue;
		if (level == 0)
			gather_leaf(side, i, common, ring);
		else
			gather_boxes(side, level - 1, i * POLYGONAL_FAN,
						 smaller((i + 1) * POLYGONAL_FAN, level_count(tree, level - 1)),
						 common, ring);
	}
}

static void
gather(OverlapScratch *scratch, OverlapSide *side, const Polygonal *shape, const Extent *common)
{
	Vertex		centre = middle(common);
	uint32_t	ring = 0;
	uint32_t	top = shape->tree.levels - 1;
	uint32_t	k;

	make_room(scratch, side, shape->points);
	side->shape = shape;
	side->count = 0;
	gather_boxes(side, top, 0, level_count(&shape->tree, top), common, &ring);
	for (k = 0; k < side->count; k++)
		box_edge(&side->box[k], &shape->point[side->edge[k]], centre);
}

/*
 * The winding number of one polygonal at a point of the other. The ray goes to
 * the right; a moved edge or point is a little higher than it looks, so that
 * none of its ends is ever level with the other's.
 */
static int32_t
winding_of_leaf(const Polygonal *shape, bool shape_moved, Vertex point, uint32_t leaf,
				uint32_t *ring)
{
	uint32_t	i = leaf * POLYGONAL_LEAF;
	uint32_t	leaf_end = smaller(i + POLYGONAL_LEAF, shape->points);
	int32_t		winding = 0;

	for (; i < leaf_end; i++)
	{
		uint32_t	end = run_end(shape, i, leaf_end, ring);

		for (; i < end; i++)
		{
			Vertex		p = shape->point[i];
			Vertex		q = shape->point[i + 1];
			bool		p_above = shape_moved ? p.y >= point.y : p.y > point.y;
			bool		q_above = shape_moved ? q.y >= point.y : q.y > point.y;
			int			side;

			if (p_above == q_above)
				continue;
			side = shape_moved ? side_of_moved_edge(p, q, point) : side_of_moved_point(p, q, point);
			if (side == (q_above ? 1 : -1))
				winding += side;
		}
	}
	return winding;
}

static int32_t
winding_of_boxes(const Polygonal *shape, bool shape_moved, Vertex point, uint32_t level,
				 uint32_t i, uint32_t end, uint32_t *ring)
{
	const ExtentTree *tree = &shape->tree;
	int32_t		winding = 0;

	for (; i < end; i++)
	{
		const Extent *box = &tree->node[tree->first[level] + i];

		if (box->low.y > point.y || box->high.y < point.y || box->high.x < point.x)
			continue;
		if (level == 0)
			winding += winding_of_leaf(shape, shape_moved, point, i, ring);
		else
			winding += winding_of_boxes(shape, shape_moved, point, level - 1, i * POLYGONAL_FAN,
										smaller((i + 1) * POLYGONAL_FAN, level_count(tree, level - 1)),
										ring);
	}
	return winding;
}

static int32_t
winding_at(const Polygonal *shape, bool shape_moved, Vertex point)
{
	uint32_t	top = shape->tree.levels - 1;
	uint32_t	ring = 0;

	return winding_of_boxes(shape, shape_moved, point, top, 0, level_count(&shape->tree, top), &ring);
}

/*
 * Adds the gathered edges from i on, in their order; returns the winding number
 * at their end. An edge that was not gathered is outside the other, as are its
 * ends, where every jump has been undone: it changes nothing.
 */
static int32_t
walk_edges(Integral *w, const OverlapSide *side, uint32_t i, uint32_t end, int32_t winding)
{
	const Vertex *point = side->shape->point;

	for (; i < end; i++)
	{
		winding += side->jump[i];
		if (winding != 0)
			add_edge(w, point[side->edge[i]], point[side->edge[i] + 1], winding);
	}
	return winding;
}

/* Adds the edges begin .. end of one side, which are all the gathered of one ring. */
static void
walk_ring(Integral *w, const OverlapSide *side, uint32_t begin, uint32_t end,
		  const OverlapSide *other)
{
	const Vertex *point = side->shape->point;
	uint32_t	start;
	int32_t		winding = 0;

	/* Begin where the ring is outside the common box, and so outside the other. */
	for (start = begin; start < end; start++)
		if (!extent_holds(&w->common, point[side->edge[start]]))
			break;
	if (start < end && !w->crossed)
		return;
	if (start == end)
	{
		/*
		 * Every start is in the box. If an edge were missing, then the edge
		 * after it would start outside; so none is.
		 */
		start = begin;
		winding = winding_at(other->shape, other == w->b, point[side->edge[begin]]);
	}
	winding = walk_edges(w, side, start, end, winding);
	walk_edges(w, side, begin, start, winding);
}

static void
walk(Integral *w, const OverlapSide *side, const OverlapSide *other)
{
	const uint32_t *ring = side->shape->ring;
	uint32_t	begin,
				end;
	uint32_t	r = 0;

	for (begin = 0; begin < side->count; begin = end)
	{
		while (ring[r + 1] <= side->edge[begin])
			r++;
		for (end = begin + 1; end < side->count && side->edge[end] < ring[r + 1]; end++)
			;

		/* A winding number takes a look at many edges of the other. */
		count_pairs(w, (end - begin) + 1024);
		walk_ring(w, side, begin, end, other);
	}
}

static void
integrate(Integral *w, bool precise)
{
	w->precise = precise;
	w->crossed = false;
	w->sum.high = w->sum.low = 0;
	w->magnitude = 0;
	memset(w->a->jump, 0, w->a->count * sizeof(int32_t));
	memset(w->b->jump, 0, w->b->count * sizeof(int32_t));
	find_crossings(w);
	walk(w, w->a, w->b);
	walk(w, w->b, w->a);
}

static inline double
greater(double a, double b)
{
	return a > b ? a : b;
}

/* The integral and what it may be off by. */
static double
integrate_product(const Polygonal *a, const Polygonal *b, OverlapScratch *scratch,
				  double smaller_area, double *noise)
{
	Integral	w;

	*noise = 0;
	w.common.low.x = greater(a->extent.low.x, b->extent.low.x);
	w.common.low.y = greater(a->extent.low.y, b->extent.low.y);
	w.common.high.x = -greater(-a->extent.high.x, -b->extent.high.x);
	w.common.high.y = -greater(-a->extent.high.y, -b->extent.high.y);
	if (!(w.common.low.x < w.common.high.x && w.common.low.y < w.common.high.y))
		return 0;

	w.scratch = scratch;
	w.a = &scratch->side[0];
	w.b = &scratch->side[1];
	w.centre = middle(&w.common);
	w.pairs = INTERRUPT_PAIRS;
	gather(scratch, w.a, a, &w.common);
	gather(scratch, w.b, b, &w.common);

	integrate(&w, false);
	*noise = DOUBLE_NOISE * w.magnitude;
	if (*noise > ENOUGH_PRECISION * smaller_area)
	{
		integrate(&w, true);
		*noise = TWOFOLD_NOISE * w.magnitude + 0x1p-53 * fabs(w.sum.high);
	}
	return (w.sum.high + w.sum.low) / 2;
}

double
overlap_integral(const Polygonal *a, const Polygonal *b, OverlapScratch *scratch)
{
	const Polygonal *lesser;
	double		noise;
	double		area;

	if (polygonal_compare(a, b) > 0)
	{
		const Polygonal *t = a;

		a = b;
		b = t;
	}
	lesser = fabs(a->area) < fabs(b->area) ? a : b;
	area = integrate_product(a, b, scratch, fabs(lesser->area), &noise);

	/* Touching is not overlapping, and what is contained has its own area. */
	if (fabs(area) <= noise)
		return 0;
	if (fabs(area - lesser->area) <= noise + lesser->area_noise)
		return lesser->area;
	return area;
}

/* Are r and s strictly on one side of the line from p to q? */
static bool
same_side(Vertex p, Vertex q, Vertex r, Vertex s)
{
	return orientation(p, q, r) * orientation(p, q, s) > 0;
}

/*
 * Is it a single ring whose edges have nothing in common but the points that
 * join them? Most parcels are, and this is several times faster than an
 * integral. Asks only of rings with few edges.
 */
static bool
is_small_simple_ring(const Polygonal *shape, OverlapScratch *scratch)
{
	OverlapSide *side = &scratch->side[0];
	const Vertex *v = shape->point;
	uint32_t	edges = shape->points - 1;
	uint32_t	i;

	if (shape->rings != 1 || edges > 64 || shape->area == 0)
		return false;
	gather(scratch, side, shape, &shape->extent);
	for (i = 0; i + 2 < edges; i++)
	{
		/*
		 * Of later edges, all but the next; the first's neighbour is also the
		 * last. Neighbours that fold back meet the other's neighbour as well.
		 */
		uint64_t	met = find_meeting(&side->box[i], &side->box[i + 2],
									   edges - i - 2 - (i == 0));

		for (; met != 0; met &= met - 1)
		{
			uint32_t	j = i + 2 + (uint32_t) __builtin_ctzll(met);

			if (!same_side(v[i], v[i + 1], v[j], v[j + 1]) &&
				!same_side(v[j], v[j + 1], v[i], v[i + 1]))
				return false;
		}
	}
	return true;
}

/*
 * Winding numbers are integers, so that w(w - 1) is never negative, and zero
 * just where w is 0 or 1. Its integral is the overlap of the polygonal with
 * itself, less its area. Of a hole alone it is that of w(w + 1), plus its area.
 */
static bool
winds_once(const Polygonal *shape, bool one_ring, OverlapScratch *scratch)
{
	double		area = one_ring ? fabs(shape->area) : shape->area;
	double		noise,
				square;

	if (is_small_simple_ring(shape, scratch))
		return true;
	square = integrate_product(shape, shape, scratch, fabs(area), &noise);
	return square - area <= noise + shape->area_noise;
}

/* Whether some of its rings wind once, without the others. */
static bool
rings_wind_once(const Polygonal *shape, uint32_t first, uint32_t end, OverlapScratch *scratch)
{
	size_t		bytes = polygonal_size(shape->ring[end] - shape->ring[first], end - first);

	if (bytes > scratch->piece_room)
	{
		scratch->piece = scratch->grow(scratch->piece, bytes);
		scratch->piece_room = bytes;
	}
	return winds_once(polygonal_extract(shape, first, end, scratch->piece), end == first + 1, scratch);
}

/*
 * Rings may make up for each other's faults, as a hole that lies in another part
 * than its own: so each ring, each part and all of them must wind once.
 */
bool
polygonal_is_sound(const Polygonal *shape, OverlapScratch *scratch)
{
	uint32_t	first,
				end;

	if (!winds_once(shape, false, scratch))
		return false;
	if (shape->rings <= 1)
		return shape->rings == 0 || !polygonal_is_hole(shape, 0);
	for (first = 0; first < shape->rings; first = end)
	{
		uint32_t	r;

		if (polygonal_is_hole(shape, first))
			return false;
		for (end = first + 1; end < shape->rings; end++)
			if (polygonal_part(shape, end) != polygonal_part(shape, first))
				break;
		for (r = first; r < end; r++)
			if (!rings_wind_once(shape, r, r + 1, scratch))
				return false;
		if (end > first + 1 && end - first < shape->rings &&
			!rings_wind_once(shape, first, end, scratch))
			return false;
		if (scratch->interrupt)
			scratch->interrupt();
	}
	return true;
}
