/*
 * cover_math.c
 *		The parts of a plot, by which of several polygons cover them. Pure C.
 */
#include "land/cover_math.h"

#include <string.h>

/* Steps between two calls of the interrupt hook. */
#define INTERRUPT_STEPS (1 << 12)

/* An edge that rises, seen from the centre of the plot. */
typedef struct SweepEdge
{
	Vertex		low;
	Vertex		high;
	uint32_t	ring;			/* a SweepRing */
	int32_t		step;			/* of its winding number, from left to right */
} SweepEdge;

/*
 * What winds together: a ring of an unsound shape, whose rings may undo each
 * other; or all rings of a sound one, which do not.
 */
typedef struct SweepRing
{
	int32_t		winding;		/* around the place at hand */
	uint32_t	part;			/* a SweepPart */
	bool		hole;
} SweepRing;

/* A polygon: it covers where its shell winds, and no hole does. */
typedef struct SweepPart
{
	uint32_t	shape;			/* 0: the plot; 1 + patch */
	uint32_t	shells;			/* that wind around the place at hand: none or one */
	uint32_t	holes;
} SweepPart;

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
	uint32_t	rings;
	uint32_t	parts;			/* of shapes */
	uint32_t	levels;
	uint32_t	strands;
	uint32_t	part;			/* of the set at hand; none: UINT32_MAX */
	int64_t		steps;			/* until the next interrupt check */
} Sweep;

/* The arrays of the scratch, for make_room(). */
enum
{
	ROOM_PART, ROOM_MEMBER, ROOM_NEXT, ROOM_ROLE, ROOM_ORDER, ROOM_LIST, ROOM_SORTED, ROOM_SLOT,
	ROOM_EDGE, ROOM_LEVEL, ROOM_STRAND, ROOM_INVERTED, ROOM_TURN, ROOM_RING, ROOM_SHAPE_PART,
	ROOM_STANDING, ROOM_COVERING
};

static void *
make_room(CoverScratch *scratch, int array, void *memory, size_t bytes)
{
	if (bytes <= scratch->room[array])
		return memory;
	bytes *= 2;
	memory = scratch->grow(scratch->heap, memory, bytes);
	scratch->room[array] = bytes;
	return memory;
}

#define MAKE_ROOM(scratch, array, member, count) \
	((scratch)->member = make_room(scratch, array, (scratch)->member, \
								   (size_t) (count) * sizeof *(scratch)->member))

static void
check_interrupt(CoverScratch *scratch)
{
	if (scratch->interrupt)
		scratch->interrupt();
}

typedef int (*Comparison) (const void *a, const void *b, const void *context);

/* Sorts by merging: stable, and interruptible. */
static void
sort_items(CoverScratch *scratch, void *item, uint32_t count, size_t size, Comparison compare,
		   const void *context)
{
	char	   *from = item;
	char	   *to = MAKE_ROOM(scratch, ROOM_SORTED, sorted, (size_t) count * size);
	uint32_t	run,
				i,
				k;

	for (run = 1; run < count; run *= 2)
	{
		char	   *t = from;

		for (i = 0; i < count; i += 2 * run)
		{
			uint32_t	l_end = count - i < run ? count : i + run;
			uint32_t	r_end = count - l_end < run ? count : l_end + run;
			uint32_t	l = i,
						r = l_end;

			for (k = i; k < r_end; k++)
			{
				bool		left = r == r_end || (l < l_end && compare(from + l * size, from + r * size, context) <= 0);

				memcpy(to + k * size, from + (left ? l++ : r++) * size, size);
				/* Often, for shapes may take long to compare. */
				if (k % 64 == 63)
					check_interrupt(scratch);
			}
		}
		from = to;
		to = t;
	}
	if (from != (char *) item)
		memcpy(item, from, count * size);
}

/* ---- parts ---- */

/* A part of the set at hand. */
static uint32_t
make_part(CoverScratch *scratch, uint64_t hash)
{
	uint32_t	count = scratch->covering_count;
	CoverPart  *part;

	MAKE_ROOM(scratch, ROOM_PART, part, scratch->parts + 1);
	MAKE_ROOM(scratch, ROOM_MEMBER, member, (size_t) scratch->members + count + 1);
	part = &scratch->part[scratch->parts];
	memset(part, 0, sizeof *part);
	part->hash = hash;
	part->first = scratch->members;
	part->patches = count;
	memcpy(scratch->member + scratch->members, scratch->covering, count * sizeof *scratch->member);
	scratch->members += count;
	return scratch->parts++;
}

/* A larger hash table, of the parts there are. */
static void
grow_slots(CoverScratch *scratch)
{
	uint32_t	i;

	scratch->slots = scratch->slots == 0 ? 64 : 2 * scratch->slots;
	MAKE_ROOM(scratch, ROOM_SLOT, slot, scratch->slots);
	memset(scratch->slot, 0, scratch->slots * sizeof *scratch->slot);
	for (i = 0; i < scratch->parts; i++)
	{
		uint64_t	at = scratch->part[i].hash;

		while (scratch->slot[at & (scratch->slots - 1)] != 0)
			at++;
		scratch->slot[at & (scratch->slots - 1)] = 1 + i;
	}
}

/* The part of the set at hand, made if it is new. */
static uint32_t
find_part(CoverScratch *scratch)
{
	uint32_t	count = scratch->covering_count;
	uint64_t	hash = count;
	uint64_t	at;
	uint32_t	i;

	for (i = 0; i < count; i++)
	{
		hash = (hash ^ scratch->covering[i]) * UINT64_C(0x9e3779b97f4a7c15);
		hash ^= hash >> 32;
	}
	if (2 * scratch->parts >= scratch->slots)
		grow_slots(scratch);
	for (at = hash;; at++)
	{
		uint32_t   *slot = &scratch->slot[at & (scratch->slots - 1)];
		const CoverPart *part = &scratch->part[*slot - 1];

		if (*slot == 0)
		{
			*slot = 1 + make_part(scratch, hash);
			return *slot - 1;
		}
		if (part->hash == hash && part->patches == count &&
			memcmp(scratch->member + part->first, scratch->covering, count * sizeof *scratch->member) == 0)
			return *slot - 1;
	}
}

/* Of merged patches: what none covers, and what any covers. */
static void
make_merged_parts(CoverScratch *scratch)
{
	make_part(scratch, 0);
	scratch->covering[0] = 0;
	scratch->covering_count = 1;
	make_part(scratch, 0);
	scratch->covering_count = 0;
}

static void
add_area(CoverScratch *scratch, uint32_t part, double area)
{
	Twofold    *sum = &scratch->part[part].area;
	Twofold		s = two_sum(sum->high, area);

	sum->high = s.high;
	sum->low += s.low;
}

/* Puts a patch into the set at hand, or takes it out. */
static void
turn_patch(CoverScratch *scratch, uint32_t patch, bool covers)
{
	uint32_t   *set = scratch->covering;
	uint32_t	i = scratch->covering_count;

	if (scratch->merged)
	{
		scratch->covering_count += covers ? 1 : -1;
		return;
	}
	while (i > 0 && set[i - 1] > patch)
		i--;
	if (covers)
	{
		memmove(set + i + 1, set + i, (scratch->covering_count - i) * sizeof *set);
		set[i] = patch;
		scratch->covering_count++;
	}
	else
	{
		memmove(set + i - 1, set + i, (scratch->covering_count - i) * sizeof *set);
		scratch->covering_count--;
	}
}

const uint32_t *
cover_part_list(CoverScratch *scratch, uint32_t part, uint32_t *count)
{
	const CoverPart *p = &scratch->part[part];
	uint32_t	n = 0;
	uint32_t	i,
				cover;

	for (i = 0; i < p->patches; i++)
		for (cover = scratch->member[p->first + i]; cover != NO_COVER; cover = scratch->next_alike[cover])
			scratch->list[n++] = cover;
	for (i = 0; i < scratch->full; i++)
		for (cover = scratch->order[i]; cover != NO_COVER; cover = scratch->next_alike[cover])
			scratch->list[n++] = cover;
	*count = n;
	return scratch->list;
}

/* ---- patches ---- */

/* What a cover is to the plot. */
enum
{
	ALIKE,						/* of the shape of an earlier one */
	PARTIAL,					/* a patch that divides the plot */
	FULL						/* a patch that covers all of it */
};

static int
compare_shapes(const Cover *a, const Cover *b)
{
	if (a->area != b->area)
		return a->area < b->area ? -1 : 1;
	return a->shape == b->shape ? 0 : polygonal_compare(a->shape, b->shape);
}

static int
compare_places_by_shape(const void *a, const void *b, const void *cover)
{
	return compare_shapes((const Cover *) cover + *(const uint32_t *) a,
						  (const Cover *) cover + *(const uint32_t *) b);
}

static int
compare_places_by_left(const void *a, const void *b, const void *cover)
{
	double		x = ((const Cover *) cover)[*(const uint32_t *) a].shape->extent.low.x;
	double		y = ((const Cover *) cover)[*(const uint32_t *) b].shape->extent.low.x;

	return (x > y) - (x < y);
}

/* Covers of one shape, such as those of co-holders, are one patch: the first's. */
static void
find_patches(const Polygonal *plot, bool plot_sound, const Cover *cover, uint32_t covers,
			 CoverScratch *scratch)
{
	uint32_t	i;

	for (i = 0; i < covers; i++)
		scratch->order[i] = i;
	sort_items(scratch, scratch->order, covers, sizeof *scratch->order, compare_places_by_shape, cover);
	for (i = 0; i < covers; i++)
	{
		uint32_t	c = scratch->order[i];
		uint32_t	before = i > 0 ? scratch->order[i - 1] : NO_COVER;

		scratch->next_alike[c] = NO_COVER;
		if (before != NO_COVER && compare_shapes(&cover[before], &cover[c]) == 0)
		{
			scratch->next_alike[before] = c;
			scratch->role[c] = ALIKE;
		}
		else
		{
			/* The overlap of two sound polygons is exactly an area that it reaches. */
			scratch->role[c] = plot_sound && cover[c].sound && cover[c].area == plot->area ? FULL : PARTIAL;
		}
	}
}

/* ---- gathering edges ---- */

static void
add_edge(Sweep *w, Vertex centre, Vertex p, Vertex q, uint32_t ring)
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
	edge->ring = ring;

	/* A shell runs down on its left side. */
	edge->step = p.y > q.y ? 1 : -1;
	edge->low = p.y < q.y ? p : q;
	edge->high = p.y < q.y ? q : p;
}

/*
 * Adds the edges of a shape that reach into a band, left of its right end. Its
 * rings are numbered from w->rings on, or all are that one.
 */
static void
add_edges(Sweep *w, const Polygonal *shape, bool sound, const Extent *band, Vertex centre,
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

		if (box->low.y >= band->high.y || box->high.y <= band->low.y || box->low.x > band->high.x)
			continue;
		if (level > 0)
		{
			add_edges(w, shape, sound, band, centre, level - 1, first, last);
			continue;
		}
		for (; first < last; first++)
		{
			const Vertex *p = &shape->point[first];

			if (shape->ring[ring + 1] <= first)
				ring = polygonal_find_ring(shape, ring, first);
			if (first + 1 == shape->ring[ring + 1])
				continue;
			if ((p[0].y > band->low.y || p[1].y > band->low.y) &&
				(p[0].y < band->high.y || p[1].y < band->high.y) &&
				(p[0].x <= band->high.x || p[1].x <= band->high.x))
				add_edge(w, centre, p[0], p[1], w->rings + (sound ? 0 : ring));
		}
	}
}

static void
add_ring(Sweep *w, uint32_t part, bool hole)
{
	SweepRing	ring = {0, part, hole};

	MAKE_ROOM(w->scratch, ROOM_RING, ring, w->rings + 1);
	w->scratch->ring[w->rings++] = ring;
}

static void
add_part(Sweep *w, uint32_t shape)
{
	SweepPart	part = {shape, 0, 0};

	MAKE_ROOM(w->scratch, ROOM_SHAPE_PART, shape_part, w->parts + 1);
	w->scratch->shape_part[w->parts++] = part;
}

static void
add_shape(Sweep *w, const Polygonal *shape, bool sound, uint32_t number, const Extent *band, Vertex centre)
{
	uint32_t	top = shape->tree.levels - 1;
	uint32_t	first = w->parts;
	uint32_t	r;

	if (shape->points == 0)
		return;
	add_edges(w, shape, sound, band, centre, top, 0, shape->tree.first[top + 1] - shape->tree.first[top]);
	for (r = 0; r < (sound ? 1 : shape->parts); r++)
		add_part(w, number);
	for (r = 0; r < (sound ? 1 : shape->rings); r++)
		add_ring(w, first + polygonal_part(shape, r), polygonal_is_hole(shape, r));
}

static int
compare_edges(const void *a, const void *b, const void *unused)
{
	double		y = ((const SweepEdge *) a)->low.y;
	double		z = ((const SweepEdge *) b)->low.y;

	(void) unused;
	return (y > z) - (y < z);
}

static int
compare_numbers(const void *a, const void *b, const void *unused)
{
	double		x = *(const double *) a;
	double		y = *(const double *) b;

	(void) unused;
	return (x > y) - (x < y);
}

/* Sorts numbers and drops the repeated; returns how many are left. */
static uint32_t
sort_distinct(CoverScratch *scratch, double *number, uint32_t count)
{
	uint32_t	kept = 0;
	uint32_t	i;

	sort_items(scratch, number, count, sizeof *number, compare_numbers, NULL);
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
	w->levels = sort_distinct(w->scratch, level, count);
}

/* ---- sweeping ---- */

static void
take_steps(Sweep *w, uint32_t steps)
{
	w->steps -= steps;
	if (w->steps < 0)
	{
		w->steps = INTERRUPT_STEPS;
		check_interrupt(w->scratch);
	}
}

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

static int
compare_strands(const void *a, const void *b, const void *unused)
{
	double		x = ((const Strand *) a)->x;
	double		y = ((const Strand *) b)->x;

	(void) unused;
	return (x > y) - (x < y);
}

/*
 * By insertion, for from slab to slab little moves. Where much does, as where
 * many edges begin, by merging; both are stable.
 */
static void
sort_strands(Sweep *w)
{
	Strand	   *strand = w->scratch->strand;
	uint64_t	moves = 0;
	uint32_t	i,
				j;

	for (i = 1; i < w->strands; i++)
	{
		Strand		s = strand[i];

		for (j = i; j > 0 && strand[j - 1].x > s.x; j--)
			strand[j] = strand[j - 1];
		strand[j] = s;
		moves += i - j;
		if (moves > 64 + 8 * (uint64_t) w->strands)
		{
			sort_items(w->scratch, strand, w->strands, sizeof *strand, compare_strands, NULL);
			return;
		}
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
	w->strands = kept;
	sort_strands(w);
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
		take_steps(w, 1 + i - j);
	}
	return sort_distinct(scratch, scratch->turn, count);
}

/* A ring begins or ends to wind around the place at hand. */
static void
turn_ring(Sweep *w, const SweepRing *ring)
{
	CoverScratch *scratch = w->scratch;
	SweepPart  *part = &scratch->shape_part[ring->part];
	uint32_t   *standing = &scratch->standing[part->shape];
	uint32_t   *winding = ring->hole ? &part->holes : &part->shells;
	bool		covered = part->shells > 0 && part->holes == 0;
	bool		stood = *standing > 0;

	*winding += ring->winding != 0 ? 1 : -1;
	if ((part->shells > 0 && part->holes == 0) == covered)
		return;
	*standing += covered ? -1 : 1;
	if (part->shape > 0 && (*standing > 0) != stood)
	{
		take_steps(w, scratch->covering_count / 64);
		turn_patch(scratch, part->shape - 1, !stood);
		w->part = UINT32_MAX;
	}
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
		SweepRing  *ring = &scratch->ring[strand[i].edge->ring];
		int32_t		before = ring->winding;

		if (i > 0 && scratch->standing[0] != 0 && strand[i].x > strand[i - 1].x)
		{
			if (w->part == UINT32_MAX)
			{
				take_steps(w, scratch->covering_count / 16);
				w->part = scratch->merged ? scratch->covering_count > 0 : find_part(scratch);
			}
			add_area(scratch, w->part, (strand[i].x - strand[i - 1].x) * height);
		}
		ring->winding += strand[i].edge->step;
		if ((before == 0) != (ring->winding == 0))
			turn_ring(w, ring);
	}

	/* Edges right of the plot were left out, and with them what they would undo. */
	for (i = 0; i < w->strands; i++)
	{
		SweepRing  *ring = &scratch->ring[strand[i].edge->ring];
		SweepPart  *part = &scratch->shape_part[ring->part];

		ring->winding = 0;
		part->shells = part->holes = 0;
		scratch->standing[part->shape] = 0;
	}
	scratch->covering_count = 0;
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
		sort_strands(w);
		add_widths(w, (to - from) * (top - bottom));
		from = to;
		take_steps(w, w->strands);
	}
}

/* Divides the plot by those covers that stand for a patch of their own. */
static void
sweep(const Polygonal *plot, bool plot_sound, const Cover *cover, uint32_t covers, CoverScratch *scratch)
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
	add_shape(&w, plot, plot_sound, 0, &plot->extent, centre);
	for (i = 0; i < covers; i++)
		if (scratch->role[i] == PARTIAL)
			add_shape(&w, cover[i].shape, cover[i].sound, 1 + i, &plot->extent, centre);
	if (w.edges == 0)
		return;
	sort_items(scratch, scratch->edge, w.edges, sizeof *scratch->edge, compare_edges, NULL);
	find_levels(&w);
	MAKE_ROOM(scratch, ROOM_STANDING, standing, covers + 1);
	memset(scratch->standing, 0, (covers + 1) * sizeof *scratch->standing);
	scratch->slots = 0;
	if (scratch->merged)
		make_merged_parts(scratch);
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
	uint32_t	count = 0;
	uint32_t	i,
				j;

	for (i = 0; i < covers; i++)
		if (scratch->role[i] == PARTIAL)
			scratch->order[count++] = i;
	sort_items(scratch, scratch->order, count, sizeof *scratch->order, compare_places_by_left, cover);
	for (i = 0; i < count; i++)
	{
		const Polygonal *shape = cover[scratch->order[i]].shape;

		check_interrupt(scratch);
		for (j = i + 1; j < count; j++)
		{
			const Polygonal *other = cover[scratch->order[j]].shape;

			if (other->extent.low.x >= shape->extent.high.x)
				break;
			if (extents_share_area(&plot->extent, &shape->extent, &other->extent) &&
				overlap_integral(shape, other, scratch->overlap) != 0)
				return false;
		}
	}
	return true;
}

/* Each partial patch is a part, and what is left another. */
static void
divide_apart(const Polygonal *plot, const Cover *cover, uint32_t covers, CoverScratch *scratch)
{
	Twofold		rest = {plot->area, 0};
	uint32_t	i;

	for (i = 0; i < covers; i++)
		if (scratch->role[i] == PARTIAL)
		{
			Twofold		s = two_difference(rest.high, cover[i].area);

			rest.high = s.high;
			rest.low += s.low;
			scratch->covering[0] = i;
			scratch->covering_count = 1;
			add_area(scratch, make_part(scratch, 0), cover[i].area);
		}
	scratch->covering_count = 0;
	add_area(scratch, make_part(scratch, 0), rest.high + rest.low);
}

/* Drops parts that are noise, and lists what covers them all. */
static void
settle_parts(uint32_t covers, double total, CoverScratch *scratch)
{
	uint32_t	kept = 0;
	uint32_t	i;

	for (i = 0; i < scratch->parts; i++)
		if (cover_part_area(scratch, i) > COVER_NOISE * total)
			scratch->part[kept++] = scratch->part[i];
	scratch->parts = kept;
	scratch->full = 0;
	for (i = 0; i < covers; i++)
		if (scratch->role[i] == FULL)
			scratch->order[scratch->full++] = i;
}

double
cover_divide(const Polygonal *plot, bool plot_sound, const Cover *cover, uint32_t covers,
			 CoverScratch *scratch)
{
	bool		sound = plot_sound;
	double		total = plot->area;
	uint32_t	i;

	scratch->parts = 0;
	scratch->members = 0;
	scratch->covering_count = 0;
	MAKE_ROOM(scratch, ROOM_NEXT, next_alike, covers + 1);
	MAKE_ROOM(scratch, ROOM_ROLE, role, covers + 1);
	MAKE_ROOM(scratch, ROOM_ORDER, order, covers + 1);
	MAKE_ROOM(scratch, ROOM_LIST, list, covers + 1);
	MAKE_ROOM(scratch, ROOM_COVERING, covering, covers + 1);
	find_patches(plot, plot_sound, cover, covers, scratch);
	for (i = 0; i < covers; i++)
		sound = sound && cover[i].sound;
	if (sound && are_apart(plot, cover, covers, scratch))
		divide_apart(plot, cover, covers, scratch);
	else
	{
		sweep(plot, plot_sound, cover, covers, scratch);
		for (total = 0, i = 0; i < scratch->parts; i++)
			total += cover_part_area(scratch, i);

		/* Of a plot without area this is rounding. */
		if (total <= COVER_NOISE * (plot->extent.high.x - plot->extent.low.x) *
			(plot->extent.high.y - plot->extent.low.y))
			scratch->parts = total = 0;
	}
	settle_parts(covers, total, scratch);
	return total;
}

double
cover_union(const Polygonal *plot, bool plot_sound, const Cover *cover, uint32_t covers,
			CoverScratch *scratch, double *plot_area)
{
	double		area = 0;
	uint32_t	p;

	scratch->merged = true;
	*plot_area = cover_divide(plot, plot_sound, cover, covers, scratch);
	scratch->merged = false;
	for (p = 0; p < scratch->parts; p++)
		if (scratch->part[p].patches > 0 || scratch->full > 0)
			area += cover_part_area(scratch, p);
	return cover_settle(area, *plot_area);
}

double
cover_area(const Polygonal *plot, bool plot_sound, const Polygonal *cover, bool cover_sound,
		   CoverScratch *scratch)
{
	Cover		one = {cover, cover_sound, 0};
	double		plot_area;

	if (plot_sound && cover_sound)
		return overlap_integral(plot, cover, scratch->overlap);
	return cover_union(plot, plot_sound, &one, 1, scratch, &plot_area);
}
