/*
 * plot_track_math.c
 *		The plot that somebody walked round with a phone. Pure C.
 */
#include "land/plot_track_plane.h"

#include <string.h>

/* ---- there and back again ---- */

/* Whether v is beside the segment from a to b, no farther than that from it. */
static bool
beside(Metric metric, Vertex v, Vertex a, Vertex b, double width)
{
	Step		along = step(metric, a, b);
	Step		to = step(metric, a, v);
	double		length_2 = dot(along, along);
	double		foot = dot(along, to);
	double		area = cross(along, to);

	return foot >= 0 && foot <= length_2 && area * area <= width * width * length_2;
}

/* Whether c-d is the way back of a-b: either may be the longer one. */
static bool
turns_back(Metric metric, Vertex a, Vertex b, Vertex c, Vertex d, double width)
{
	return dot(step(metric, a, b), step(metric, c, d)) < 0 &&
		(beside(metric, d, a, b, width) || beside(metric, a, c, d, width));
}

/*
 * How many of the points walked stay when we go on to `to`. The turn itself may
 * be some points long, and as wide as the ways are apart.
 */
static uint32_t
points_before_turn(Metric metric, const Vertex *ring, uint32_t end, Vertex to, double width)
{
	double		turn = 0;
	uint32_t	last = end - 1;
	uint32_t	i;

	if (same(ring[last], to))
		return last;
	for (i = last; i > 0 && last - i < TRACK_TURN && turn <= 2 * width; i--)
	{
		if (turns_back(metric, ring[i - 1], ring[i], ring[last], to, width))
			return i;
		turn += distance(metric, ring[i - 1], ring[i]);
	}
	return end;
}

static uint32_t
drop_doubled_back(Vertex *ring, uint32_t n, Metric metric, double width)
{
	uint32_t	first = 0;
	uint32_t	end = 0;
	uint32_t	i;

	for (i = 0; i < n; i++)
	{
		uint32_t	before = 0;

		while (end > 0 && end != before)
		{
			before = end;
			end = points_before_turn(metric, ring, end, ring[i], width);
		}
		ring[end++] = ring[i];
	}

	/* The same across the seam. */
	while (end - first >= 3)
	{
		Vertex		a = ring[end - 2];
		Vertex		b = ring[end - 1];
		Vertex		c = ring[first];
		Vertex		d = ring[first + 1];

		if (same(b, c) || turns_back(metric, a, b, b, c, width))
			end--;
		else if (turns_back(metric, b, c, c, d, width))
			first++;
		else if (turns_back(metric, a, b, c, d, width))
		{
			end--;
			first++;
		}
		else
			break;
	}
	for (i = first; i < end; i++)
		ring[i - first] = ring[i];
	return end - first < 3 ? 0 : end - first;
}

/* ---- loops ---- */

static bool
apart(const Extent *a, const Extent *b)
{
	return a->high.x < b->low.x || b->high.x < a->low.x ||
		a->high.y < b->low.y || b->high.y < a->low.y;
}

/* Whether segments a-b and c-d have a point in common, and which. */
static bool
meet(Vertex a, Vertex b, Vertex c, Vertex d, Vertex *point)
{
	Extent		ab = extent_nothing;
	Extent		cd = extent_nothing;
	int			c_side,
				d_side,
				a_side,
				b_side;
	double		whole;
	double		part;

	extent_add(&ab, a);
	extent_add(&ab, b);
	extent_add(&cd, c);
	extent_add(&cd, d);
	if (apart(&ab, &cd))
		return false;
	c_side = orientation(a, b, c);
	d_side = orientation(a, b, d);
	if (c_side * d_side > 0)
		return false;
	a_side = orientation(c, d, a);
	b_side = orientation(c, d, b);
	if (a_side * b_side > 0)
		return false;

	/* An end that lies on the other segment is the point itself, else they cross. */
	if (c_side == 0 && extent_holds(&ab, c))
		*point = c;
	else if (d_side == 0 && extent_holds(&ab, d))
		*point = d;
	else if (a_side == 0 && extent_holds(&cd, a))
		*point = a;
	else if (b_side == 0 && extent_holds(&cd, b))
		*point = b;
	else
	{
		whole = (b.x - a.x) * (d.y - c.y) - (b.y - a.y) * (d.x - c.x);
		part = (c.x - a.x) * (d.y - c.y) - (c.y - a.y) * (d.x - c.x);
		part = whole == 0 ? 0.5 : part / whole;
		part = part < 0 ? 0 : part > 1 ? 1 : part;
		point->x = a.x + part * (b.x - a.x);
		point->y = a.y + part * (b.y - a.y);
	}
	return true;
}

typedef struct RingWalk
{
	Vertex	   *ring;			/* walked so far: below `done`; to come: from `next` to `n` */
	uint32_t	n;
	uint32_t	done;
	uint32_t	next;
	Extent	   *block;			/* boxes over the segments before `boxed` */
	uint32_t	boxed;
} RingWalk;

static void
box_segments(RingWalk *walk, uint32_t before)
{
	for (; walk->boxed < before; walk->boxed++)
	{
		Extent	   *block = &walk->block[walk->boxed / TRACK_BLOCK];

		if (walk->boxed % TRACK_BLOCK == 0)
			*block = extent_nothing;
		extent_add(block, walk->ring[walk->boxed]);
		extent_add(block, walk->ring[walk->boxed + 1]);
	}
}

/*
 * The last segment walked, not next to the one from where we are to `to`, that
 * meets it; -1 if none. The one that closes the ring is next to the first, too.
 */
static int64_t
find_meeting(RingWalk *walk, Vertex to, Vertex *point)
{
	uint32_t	here = walk->done - 1;
	Vertex		from = walk->ring[here];
	Extent		box = extent_nothing;
	int64_t		lowest = walk->next == walk->n;
	int64_t		i = (int64_t) here - 2;

	extent_add(&box, from);
	extent_add(&box, to);
	if (here > 0)
		box_segments(walk, here - 1);
	while (i >= lowest)
	{
		if (apart(&walk->block[i / TRACK_BLOCK], &box))
			i -= i % TRACK_BLOCK + 1;
		else if (meet(walk->ring[i], walk->ring[i + 1], from, to, point))
			return i;
		else
			i--;
	}
	return -1;
}

/* Of the ring over these vertices that begins and ends at `point`. */
static double
enclosed_area(Metric metric, Vertex point, const Vertex *v, uint32_t n)
{
	double		area = 0;
	uint32_t	i;

	for (i = 0; i + 1 < n; i++)
		area += cross(step(metric, point, v[i]), step(metric, point, v[i + 1]));
	return fabs(area) / 2;
}

/* The largest loop cut off so far. */
typedef struct Piece
{
	Vertex	   *ring;
	uint32_t	n;
	double		area;
} Piece;

static void
count_loop(PlotTrack *track, double area)
{
	/* Points that only touched left no ground. */
	track->loops += area > 0;
	track->loop_area_m2 += area;
}

/* The loop from `point` over the vertices after i and back. */
static void
cut_loop(RingWalk *walk, Metric metric, int64_t i, Vertex point, Piece *largest,
		 PlotTrack *track)
{
	const Vertex *v = &walk->ring[i + 1];
	uint32_t	n = walk->done - (uint32_t) (i + 1);
	double		area = enclosed_area(metric, point, v, n);

	if (area > largest->area)
	{
		count_loop(track, largest->area);
		largest->ring[0] = point;
		memcpy(&largest->ring[1], v, n * sizeof *v);
		largest->n = n + 1;
		largest->area = area;
	}
	else
		count_loop(track, area);

	/* That the point is rounded may make the way to it meet another one. */
	walk->done = (uint32_t) i + 1;
	walk->ring[--walk->next] = point;
	walk->boxed = i / TRACK_BLOCK * TRACK_BLOCK;
}

/*
 * The ring is walked, and what was walked never meets itself: where the next
 * segment meets an earlier one, the loop between the two, which thus is simple,
 * is cut off at once. Of the loops and what remains, the largest stays.
 */
static bool
cut_loops(RingWalk *walk, Metric metric, const TrackMemory *memory, PlotTrack *track)
{
	Piece		largest = {memory->loop, 0, 0};
	bool		any = false;
	double		area;

	if (walk->n == 0)
		return false;
	walk->done = 1;
	walk->next = 1;
	walk->boxed = 0;
	for (;;)
	{
		bool		closing = walk->next == walk->n;
		Vertex		point = walk->ring[closing ? 0 : walk->next];
		int64_t		i = find_meeting(walk, point, &point);

		if (memory->interrupt)
			memory->interrupt();
		if (i >= 0)
		{
			cut_loop(walk, metric, i, point, &largest, track);
			any = true;
		}
		else if (closing)
			break;
		else
			walk->ring[walk->done++] = walk->ring[walk->next++];
	}

	walk->n = walk->done;
	area = enclosed_area(metric, walk->ring[0], walk->ring, walk->n);
	if (largest.area > area)
	{
		memcpy(walk->ring, largest.ring, largest.n * sizeof *largest.ring);
		walk->n = largest.n;
		count_loop(track, area);
	}
	else
		count_loop(track, largest.area);
	return any;
}

/* From the points in walk->ring to the plot's ring, which is left there. */
static void
trace_ring(RingWalk *walk, Metric metric, double spur_width, const TrackMemory *memory,
		   PlotTrack *track)
{
	uint32_t	before;

	do
	{
		before = walk->n;
		walk->n = drop_doubled_back(walk->ring, before, metric, spur_width);
		track->doubled_back += before - walk->n;
	} while (cut_loops(walk, metric, memory, track));

	track->ring_points = walk->n;
	if (walk->n > 0)
		track->ring_area_m2 = enclosed_area(metric, walk->ring[0], walk->ring, walk->n);
}

void
plot_track_outline(TrackFix *fix, uint32_t n, const TrackLimits *limits, bool degrees,
				   TrackMemory *memory, PlotTrack *track)
{
	RingWalk	walk = {.ring = memory->ring, .block = memory->block};
	PlotTrack	empty = {.closure_m = -1, .mean_accuracy_m = -1, .max_speed_kmh = -1, .neck_m = -1};
	Metric		metric;
	uint32_t	i;

	*track = empty;
	if (n == 0)
		return;
	n = track_clean(fix, n, limits, degrees, memory, track, &metric);
	track->fixes = n;
	track->first_time = fix[0].time;
	track->last_time = fix[n - 1].time;
	n = track_drop_ways(fix, n, limits, metric, track);
	if (n > 1)
		track->closure_m = distance(metric, fix[0].at, fix[n - 1].at);
	track_measure_error(fix, n, limits, metric, track);

	for (i = 0; i < n; i++)
		walk.ring[i] = fix[i].at;
	walk.n = n < 3 ? 0 : n;
	trace_ring(&walk, metric, limits->spur_width_m, memory, track);
	track_find_neck(walk.ring, limits, metric, track);
}
