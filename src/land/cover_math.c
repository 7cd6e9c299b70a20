/*
 * cover_math.c
 *		The parts of a plot, by which of several polygons cover them. Pure C.
 */
#include "land/cover_math.h"

#include <stdlib.h>
#include <string.h>

/* Steps between two calls of the interrupt hook. */
#define INTERRUPT_STEPS (1 << 16)

/* An edge that rises, seen from the centre of the plot. */
typedef struct SweepEdge
{
	Vertex		low;
	Vertex		high;
	uint32_t	shape;			/* 0: the plot; 1 + patch */
	int32_t		step;			/* of the winding number, from left to right */
} SweepEdge;

/* What of an edge lies within a slab. */
typedef struct Strand
{
	double		foot;			/* x at the bottom of the slab */
	double		head;			/* and at its top */
	double		x;				/* where the edge is sorted at */
	const SweepEdge *edge;
} Strand;

typedef struct Sweep
{
	CoverScratch *scratch;
	Extent		region;			/* of the plot, seen from its centre */
	uint32_t	edges;
	uint32_t	levels;
	uint32_t	strands;
	uint32_t	part;			/* of the set at hand; none: UINT32_MAX */
	int64_t		steps;			/* until the next interrupt check */
} Sweep;

/* The arrays of the scratch, for make_room(). */
enum
{
	ROOM_PART, ROOM_SET, ROOM_PATCH, ROOM_FULL, ROOM_EDGE, ROOM_LEVEL,
	ROOM_STRAND, ROOM_INVERTED, ROOM_TURN, ROOM_WINDING, ROOM_COVERING
};

static void *
make_room(CoverScratch *scratch, int array, void *memory, size_t bytes)
{
	if (bytes <= scratch->room[array])
		return memory;
	bytes *= 2;
	memory = scratch->grow(memory, bytes);
	scratch->room[array] = bytes;
	return memory;
}

#define MAKE_ROOM(scratch, array, member, count) \
	((scratch)->member = make_room(scratch, array, (scratch)->member, \
								   (size_t) (count) * sizeof *(scratch)->member))

/* ---- parts ---- */

/* The part of a set of patches, made if it is new. */
static uint32_t
find_part(CoverScratch *scratch, const uint64_t *set)
{
	size_t		bytes = scratch->words * sizeof(uint64_t);
	uint32_t	i;

	for (i = 0; i < scratch->parts; i++)
		if (memcmp(scratch->set + (size_t) i * scratch->words, set, bytes) == 0)
			return i;
	MAKE_ROOM(scratch, ROOM_PART, part, i + 1);
	MAKE_ROOM(scratch, ROOM_SET, set, (size_t) (i + 1) * scratch->words);
	memcpy(scratch->set + (size_t) i * scratch->words, set, bytes);
	memset(&scratch->part[i], 0, sizeof *scratch->part);
	scratch->parts++;
	return i;
}

static void
add_area(CoverScratch *scratch, uint32_t part, double area)
{
	Twofold    *sum = &scratch->part[part];
	Twofold		s = two_sum(sum->high, area);

	sum->high = s.high;
	sum->low += s.low;
}

static void
add_part(CoverScratch *scratch, const uint64_t *set, double area)
{
	add_area(scratch, find_part(scratch, set), area);
}

static void
set_patch(uint64_t *set, uint32_t patch, bool covers)
{
	uint64_t	bit = (uint64_t) 1 << patch % 64;

	if (covers)
		set[patch / 64] |= bit;
	else
		set[patch / 64] &= ~bit;
}

/* ---- patches ---- */

static bool
same_shape(const Polygonal *a, const Polygonal *b)
{
	return a == b ||
		(a->points == b->points && a->rings == b->rings &&
		 memcmp(a->point, b->point, a->points * sizeof *a->point) == 0 &&
		 memcmp(a->ring, b->ring, a->rings * sizeof *a->ring) == 0);
}

/* Covers of one shape, such as those of co-holders, are one patch: the first's. */
static void
find_patches(const Cover *cover, uint32_t covers, CoverScratch *scratch)
{
	uint32_t	i,
				j;

	for (i = 0; i < covers; i++)
	{
		for (j = 0; j < i; j++)
			if (scratch->patch[j] == j && cover[j].area == cover[i].area &&
				same_shape(cover[j].shape, cover[i].shape))
				break;
		scratch->patch[i] = j;
	}
}

/* Whether a cover stands for a patch that divides the plot. */
static bool
is_partial(const CoverScratch *scratch, uint32_t i)
{
	return scratch->patch[i] == i && !scratch->full[i];
}

/* ---- gathering edges ---- */

static void
add_edge(Sweep *w, Vertex centre, Vertex p, Vertex q, uint32_t shape)
{
	SweepEdge  *edge;

	p.x -= centre.x;
	p.y -= centre.y;
	q.x -= centre.x;
	q.y -= centre.y;
	if (p.y == q.y)
		return;
	MAKE_ROOM(w->scratch, ROOM_EDGE, edge, w->edges + 1);
	edge = &w->scratch->edge[w->edges++];
	edge->shape = shape;

	/* A shell runs down on its left side. */
	edge->step = p.y > q.y ? 1 : -1;
	edge->low = p.y < q.y ? p : q;
	edge->high = p.y < q.y ? q : p;
}

/* Adds the edges of a shape that reach into a band, left of its right end. */
static void
add_edges(Sweep *w, const Polygonal *shape, uint32_t number, const Extent *band, Vertex centre,
		  uint32_t level, uint32_t i, uint32_t end)
{
	const ExtentTree *tree = &shape->tree;
	uint32_t	ring = 0;

	for (; i < end; i++)
	{
		const Extent *box = &tree->node[tree->first[level] + i];
		uint32_t	fan = level == 0 ? POLYGONAL_LEAF : POLYGONAL_FAN;
		uint32_t	count = level == 0 ? shape->points : tree->first[level] - tree->first[level - 1];
		uint32_t	first = i * fan;
		uint32_t	last = count - first < fan ? count : first + fan;

		if (box->low.y >= band->high.y || box->high.y <= band->low.y || box->low.x >= band->high.x)
			continue;
		if (level > 0)
		{
			add_edges(w, shape, number, band, centre, level - 1, first, last);
			continue;
		}
		for (; first < last; first++)
		{
			const Vertex *p = &shape->point[first];

			while (shape->ring[ring + 1] <= first)
				ring++;
			if (first + 1 == shape->ring[ring + 1])
				continue;
			if ((p[0].y > band->low.y || p[1].y > band->low.y) &&
				(p[0].y < band->high.y || p[1].y < band->high.y) &&
				(p[0].x < band->high.x || p[1].x < band->high.x))
				add_edge(w, centre, p[0], p[1], number);
		}
	}
}

static void
add_shape(Sweep *w, const Polygonal *shape, uint32_t number, const Extent *band, Vertex centre)
{
	uint32_t	top = shape->tree.levels - 1;

	if (shape->points > 0)
		add_edges(w, shape, number, band, centre, top, 0,
				  shape->tree.first[top + 1] - shape->tree.first[top]);
}

static int
compare_edges(const void *a, const void *b)
{
	double		y = ((const SweepEdge *) a)->low.y;
	double		z = ((const SweepEdge *) b)->low.y;

	return (y > z) - (y < z);
}

static int
compare_numbers(const void *a, const void *b)
{
	double		x = *(const double *) a;
	double		y = *(const double *) b;

	return (x > y) - (x < y);
}

/* Sorts numbers and drops the repeated; returns how many are left. */
static uint32_t
sort_distinct(double *number, uint32_t count)
{
	uint32_t	kept = 0;
	uint32_t	i;

	qsort(number, count, sizeof *number, compare_numbers);
	for (i = 0; i < count; i++)
		if (kept == 0 || number[i] != number[kept - 1])
			number[kept++] = number[i];
	return kept;
}

/* The heights at which an edge begins or ends, within the plot. */
static void
find_levels(Sweep *w)
{
	const SweepEdge *edge = w->scratch->edge;
	double	   *level = MAKE_ROOM(w->scratch, ROOM_LEVEL, level, 2 * (size_t) w->edges);
	uint32_t	count = 0;
	uint32_t	i;

	for (i = 0; i < w->edges; i++)
	{
		level[count++] = fmin(fmax(edge[i].low.y, w->region.low.y), w->region.high.y);
		level[count++] = fmin(fmax(edge[i].high.y, w->region.low.y), w->region.high.y);
	}
	w->levels = sort_distinct(level, count);
}

/* ---- sweeping ---- */

static double
edge_at(const SweepEdge *edge, double y)
{
	double		x;

	if (y <= edge->low.y)
		return edge->low.x;
	if (y >= edge->high.y)
		return edge->high.x;
	x = edge->low.x + (y - edge->low.y) * ((edge->high.x - edge->low.x) / (edge->high.y - edge->low.y));

	/* Rounding must not carry it beyond the ends. */
	return fmin(fmax(x, fmin(edge->low.x, edge->high.x)), fmax(edge->low.x, edge->high.x));
}

/* By insertion: from slab to slab, little moves. */
static void
sort_strands(Strand *strand, uint32_t count)
{
	uint32_t	i,
				j;

	for (i = 1; i < count; i++)
	{
		Strand		s = strand[i];

		for (j = i; j > 0 && strand[j - 1].x > s.x; j--)
			strand[j] = strand[j - 1];
		strand[j] = s;
	}
}

/* The edges that cross a slab, sorted by where they enter it. */
static void
enter_slab(Sweep *w, double bottom, double top, uint32_t *next)
{
	Strand	   *strand = w->scratch->strand;
	uint32_t	kept = 0;
	uint32_t	i;

	for (i = 0; i < w->strands; i++)
		if (strand[i].edge->high.y > bottom)
			strand[kept++] = strand[i];
	for (; *next < w->edges && w->scratch->edge[*next].low.y <= bottom; ++*next)
		if (w->scratch->edge[*next].high.y > bottom)
		{
			strand = MAKE_ROOM(w->scratch, ROOM_STRAND, strand, kept + 1);
			strand[kept++].edge = &w->scratch->edge[*next];
		}
	for (i = 0; i < kept; i++)
	{
		Strand	   *s = &strand[i];

		s->foot = edge_at(s->edge, bottom);
		s->head = edge_at(s->edge, top);

		/* How edges cross beside the plot is of no interest. */
		if (s->foot <= w->region.low.x && s->head <= w->region.low.x)
			s->foot = s->head = w->region.low.x;
		if (s->foot >= w->region.high.x && s->head >= w->region.high.x)
			s->foot = s->head = w->region.high.x;
		s->x = s->foot;
	}
	sort_strands(strand, kept);
	w->strands = kept;
}

/*
 * Where strands cross within the slab: a sort by their heads swaps each two that
 * do. Returns the number of distinct places.
 */
static uint32_t
find_turns(Sweep *w)
{
	CoverScratch *scratch = w->scratch;
	Strand	   *strand = MAKE_ROOM(scratch, ROOM_INVERTED, inverted, w->strands);
	uint32_t	count = 0;
	uint32_t	i,
				j;

	memcpy(strand, scratch->strand, w->strands * sizeof *strand);
	for (i = 1; i < w->strands; i++)
	{
		Strand		s = strand[i];

		for (j = i; j > 0 && strand[j - 1].head > s.head; j--)
		{
			double		before = s.foot - strand[j - 1].foot;
			double		after = strand[j - 1].head - s.head;

			MAKE_ROOM(scratch, ROOM_TURN, turn, count + 1);
			scratch->turn[count++] = before / (before + after);
			strand[j] = strand[j - 1];
		}
		strand[j] = s;
		w->steps -= i - j;
	}
	return sort_distinct(scratch->turn, count);
}

/* Gives what lies between strands, as high as said, to the sets that cover it. */
static void
add_widths(Sweep *w, double height)
{
	CoverScratch *scratch = w->scratch;
	const Strand *strand = scratch->strand;
	uint32_t	i;

	for (i = 0; i < w->strands; i++)
	{
		uint32_t	shape = strand[i].edge->shape;
		int32_t		before = scratch->winding[shape];
		int32_t		after = before + strand[i].edge->step;

		if (i > 0 && scratch->winding[0] != 0 && strand[i].x > strand[i - 1].x)
		{
			if (w->part == UINT32_MAX)
				w->part = find_part(scratch, scratch->covering);
			add_area(scratch, w->part, (strand[i].x - strand[i - 1].x) * height);
		}
		scratch->winding[shape] = after;
		if (shape > 0 && (before == 0) != (after == 0))
		{
			set_patch(scratch->covering, shape - 1, after != 0);
			w->part = UINT32_MAX;
		}
	}

	/* Edges right of the plot were left out, and with them what they would undo. */
	for (i = 0; i < w->strands; i++)
		scratch->winding[strand[i].edge->shape] = 0;
	memset(scratch->covering, 0, scratch->words * sizeof(uint64_t));
	w->part = UINT32_MAX;
}

static void
sweep_slab(Sweep *w, double bottom, double top)
{
	Strand	   *strand = w->scratch->strand;
	uint32_t	turns = find_turns(w);
	double		from = 0;
	uint32_t	t,
				i;

	for (t = 0; t <= turns; t++)
	{
		double		to = t < turns ? w->scratch->turn[t] : 1;
		double		middle = (from + to) / 2;

		if (!(to > from))
			continue;
		for (i = 0; i < w->strands; i++)
			strand[i].x = strand[i].foot + middle * (strand[i].head - strand[i].foot);
		sort_strands(strand, w->strands);
		add_widths(w, (to - from) * (top - bottom));
		from = to;
		w->steps -= w->strands;
		if (w->steps < 0)
		{
			w->steps = INTERRUPT_STEPS;
			if (w->scratch->interrupt)
				w->scratch->interrupt();
		}
	}
}

/* Divides the plot by those covers that stand for a patch of their own. */
static void
sweep(const Polygonal *plot, const Cover *cover, uint32_t covers, CoverScratch *scratch)
{
	Sweep		w = {.scratch = scratch, .region = plot->extent, .part = UINT32_MAX, .steps = INTERRUPT_STEPS};
	Vertex		centre = {(plot->extent.low.x + plot->extent.high.x) / 2,
						  (plot->extent.low.y + plot->extent.high.y) / 2};
	uint32_t	next = 0;
	uint32_t	i;

	w.region.low.x -= centre.x;
	w.region.low.y -= centre.y;
	w.region.high.x -= centre.x;
	w.region.high.y -= centre.y;
	add_shape(&w, plot, 0, &plot->extent, centre);
	for (i = 0; i < covers; i++)
		if (is_partial(scratch, i))
			add_shape(&w, cover[i].shape, 1 + i, &plot->extent, centre);
	if (w.edges == 0)
		return;
	qsort(scratch->edge, w.edges, sizeof *scratch->edge, compare_edges);
	find_levels(&w);
	MAKE_ROOM(scratch, ROOM_WINDING, winding, covers + 1);
	MAKE_ROOM(scratch, ROOM_COVERING, covering, scratch->words);
	memset(scratch->winding, 0, (covers + 1) * sizeof *scratch->winding);
	memset(scratch->covering, 0, scratch->words * sizeof *scratch->covering);
	for (i = 0; i + 1 < w.levels; i++)
	{
		enter_slab(&w, scratch->level[i], scratch->level[i + 1], &next);
		sweep_slab(&w, scratch->level[i], scratch->level[i + 1]);
	}
}

/* ---- dividing ---- */

static bool
extents_share_area(const Extent *a, const Extent *b, const Extent *c)
{
	return fmax(fmax(a->low.x, b->low.x), c->low.x) < fmin(fmin(a->high.x, b->high.x), c->high.x) &&
		fmax(fmax(a->low.y, b->low.y), c->low.y) < fmin(fmin(a->high.y, b->high.y), c->high.y);
}

/* Whether no two partial patches have anything in common. */
static bool
are_apart(const Polygonal *plot, const Cover *cover, uint32_t covers, CoverScratch *scratch)
{
	uint32_t	i,
				j;

	for (i = 0; i < covers; i++)
		for (j = 0; j < i; j++)
			if (is_partial(scratch, i) && is_partial(scratch, j) &&
				extents_share_area(&plot->extent, &cover[i].shape->extent, &cover[j].shape->extent) &&
				overlap_integral(cover[i].shape, cover[j].shape, scratch->overlap) != 0)
				return false;
	return true;
}

/* Each partial patch is a part, and what is left another. */
static void
divide_apart(const Polygonal *plot, const Cover *cover, uint32_t covers, CoverScratch *scratch)
{
	Twofold		rest = {plot->area, 0};
	uint32_t	i;

	MAKE_ROOM(scratch, ROOM_COVERING, covering, scratch->words);
	memset(scratch->covering, 0, scratch->words * sizeof *scratch->covering);
	for (i = 0; i < covers; i++)
		if (is_partial(scratch, i))
		{
			Twofold		s = two_difference(rest.high, cover[i].area);

			rest.high = s.high;
			rest.low += s.low;
			set_patch(scratch->covering, i, true);
			add_part(scratch, scratch->covering, cover[i].area);
			set_patch(scratch->covering, i, false);
		}
	add_part(scratch, scratch->covering, rest.high + rest.low);
}

/* Drops parts that are noise; what covers all covers those that are left. */
static void
settle_parts(uint32_t covers, double total, CoverScratch *scratch)
{
	uint32_t	kept = 0;
	uint32_t	p,
				i;

	for (p = 0; p < scratch->parts; p++)
	{
		uint64_t   *set = scratch->set + (size_t) kept * scratch->words;

		if (!(cover_part_area(scratch, p) > COVER_NOISE * total))
			continue;
		memmove(set, scratch->set + (size_t) p * scratch->words, scratch->words * sizeof *set);
		scratch->part[kept++] = scratch->part[p];
		for (i = 0; i < covers; i++)
			if (scratch->patch[i] == i && scratch->full[i])
				set_patch(set, i, true);
	}
	scratch->parts = kept;
}

double
cover_divide(const Polygonal *plot, bool plot_sound, const Cover *cover, uint32_t covers,
			 CoverScratch *scratch)
{
	bool		sound = plot_sound;
	double		total = plot->area;
	uint32_t	i;

	scratch->words = covers / 64 + 1;
	scratch->parts = 0;
	MAKE_ROOM(scratch, ROOM_PATCH, patch, covers + 1);
	MAKE_ROOM(scratch, ROOM_FULL, full, covers + 1);
	find_patches(cover, covers, scratch);
	for (i = 0; i < covers; i++)
	{
		sound = sound && cover[i].sound;

		/* The overlap of two sound polygons is exactly an area that it reaches. */
		scratch->full[i] = plot_sound && cover[i].sound && cover[i].area == plot->area;
	}
	if (sound && are_apart(plot, cover, covers, scratch))
		divide_apart(plot, cover, covers, scratch);
	else
	{
		sweep(plot, cover, covers, scratch);
		for (total = 0, i = 0; i < scratch->parts; i++)
			total += cover_part_area(scratch, i);
	}
	settle_parts(covers, total, scratch);
	return total;
}

double
cover_area(const Polygonal *plot, bool plot_sound, const Polygonal *cover, bool cover_sound,
		   CoverScratch *scratch)
{
	Cover		one = {cover, cover_sound, 0};
	double		area = 0;
	uint32_t	p;

	if (plot_sound && cover_sound)
		return overlap_integral(plot, cover, scratch->overlap);
	cover_divide(plot, plot_sound, &one, 1, scratch);
	for (p = 0; p < scratch->parts; p++)
		if (cover_part_has(scratch, p, 0))
			area += cover_part_area(scratch, p);
	return area;
}
