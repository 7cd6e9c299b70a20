/*
 * plot_track_ways_math.c
 *		The ways to the plot, from it and beside it, and the way between two plots.
 *		Pure C.
 *
 * All is decided from pairs of places of the walk that are near each other: by
 * the ground that the walk from one to the other encloses, and by how long it is.
 * Both are differences of sums along the walk.
 */
#include "land/plot_track_plane.h"

#include <string.h>

#define PI 3.141592653589793

/* A place of the walk; the walk to it is so long and encloses so much from the first. */
typedef struct Place
{
	Step		at;				/* metres from the first */
	uint32_t	fix;
	double		length;
	double		area;
} Place;

typedef struct Places
{
	uint32_t	n;
	Place		place[TRACK_PLACES + 1];
} Places;

static double
gap_2(const Place *p, const Place *q)
{
	Step		s = {q->at.x - p->at.x, q->at.y - p->at.y};

	return dot(s, s);
}

static double
gap(const Place *p, const Place *q)
{
	return sqrt(gap_2(p, q));
}

static void
add_place(Places *places, Step at, uint32_t fix)
{
	Place	   *next = &places->place[places->n];
	Place		first = {at, fix, 0, 0};

	*next = first;
	if (places->n > 0)
	{
		next->length = next[-1].length + gap(&next[-1], next);
		next->area = next[-1].area + cross(next[-1].at, at) / 2;
	}
	places->n++;
}

/* Fixes that far apart, the first and the last among them; farther if there are many. */
static void
choose_places(Places *places, const TrackFix *fix, uint32_t n, Metric metric, double apart)
{
	uint32_t	i;

	for (;;)
	{
		places->n = 0;
		for (i = 0; i < n && places->n < TRACK_PLACES; i++)
		{
			Place		here = {step(metric, fix[0].at, fix[i].at), i, 0, 0};

			if (i == 0 || i == n - 1 ||
				gap_2(&places->place[places->n - 1], &here) >= apart * apart)
				add_place(places, here.at, i);
		}
		if (i == n)
			return;
		apart *= 2;
	}
}

/* Of the walk from p to q and straight back. */
static double
enclosed(const Place *p, const Place *q)
{
	return fabs(q->area - p->area + cross(q->at, p->at) / 2);
}

/* ---- to the plot and from it ---- */

/*
 * What a round is worth: the ground it encloses less that of a strip of half this
 * width along it, so that a way there and back, nearer to each other than that,
 * is worth less than nothing. What it lacks to close counts threefold, or it
 * would pay to cut corners.
 */
static double
worth(const Place *p, const Place *q, double width)
{
	return enclosed(p, q) - width / 2 * (q->length - p->length + 3 * gap(p, q));
}

/*
 * The round from *first to *last: of the rounds that close, the one that is worth
 * most. If all of the walk closes, what is left of it must be ways, and narrow:
 * then the round encloses much the same ground as the whole.
 */
static void
find_round(const Places *places, double width, double max_gap, uint32_t *first, uint32_t *last)
{
	const Place *start = &places->place[0];
	const Place *end = &places->place[places->n - 1];
	double		whole = enclosed(start, end);
	bool		closed = gap(start, end) <= max_gap;
	double		most = closed ? worth(start, end, width) : 0;
	const Place *p;
	const Place *q;

	*first = 0;
	*last = places->n - 1;
	if (most < 0)
		most = 0;
	if (max_gap > 2 * width)
		max_gap = 2 * width;
	for (p = start; p <= end; p++)
		for (q = p + 3; q <= end; q++)
		{
			double		left = end->length - (q->length - p->length);
			double		ground;
			double		value;

			if (gap_2(p, q) > max_gap * max_gap)
				continue;
			ground = enclosed(p, q);
			value = worth(p, q, width);
			if (value > most && ground >= whole / 2 &&
				(!closed || fabs(ground - whole) <= width / 2 * left))
			{
				most = value;
				*first = (uint32_t) (p - start);
				*last = (uint32_t) (q - start);
			}
		}
}

/* ---- beside it ---- */

/* Whether the walk comes back from p to q along itself, seen from both of its ends. */
static bool
doubles_back(const Place *p, const Place *q, double width)
{
	double		most = 4 * width * width;

	while (q - p > 2)
	{
		double		there = gap_2(p + 1, q);
		double		back = gap_2(p, q - 1);
		double		both = gap_2(p + 1, q - 1);

		if (both <= there && both <= back)
			there = back = both;
		if (there > most && back > most)
			return false;
		p += there <= back;
		q -= back <= there;
	}
	return true;
}

/* The last place, up to `end`, to which the walk from p comes back along itself; else p. */
static const Place *
find_return(const Place *p, const Place *end, double width)
{
	const Place *q;

	for (q = end; q > p + 1; q--)
	{
		double		walked = q->length - p->length;

		if (walked < 4 * width)
			break;
		if (gap_2(p, q) <= width * width && enclosed(p, q) <= width / 2 * walked &&
			doubles_back(p, q, width))
			return q;
	}
	return p;
}

uint32_t
track_drop_ways(TrackFix *fix, uint32_t n, const TrackLimits *limits, Metric metric,
				PlotTrack *track)
{
	Places		places;
	double		width = way_width(track, limits);
	uint32_t	kept = 0;
	uint32_t	first,
				last;
	uint32_t	i;

	if (n < TRACK_WAY_FIXES || limits->spur_width_m == 0)
		return n;
	choose_places(&places, fix, n, metric, width / 2 < 2.5 ? width / 2 : 2.5);
	find_round(&places, width, limits->max_closure_m, &first, &last);

	i = first;
	while (i <= last)
	{
		const Place *here = &places.place[i];
		uint32_t	back = (uint32_t) (find_return(here, &places.place[last], width) - places.place);
		uint32_t	from = here->fix;
		uint32_t	to = back > i || i == last ? from + 1 : here[1].fix;

		memmove(&fix[kept], &fix[from], (to - from) * sizeof *fix);
		kept += to - from;
		i = back > i ? back : i + 1;
	}
	track->ways = n - kept;
	return kept;
}

/* ---- two plots ---- */

/* The ring, closed; long sides have places between their ends, short ones share one. */
static void
spread_places(Places *places, const Vertex *ring, uint32_t n, Metric metric)
{
	double		perimeter = 0;
	double		spacing;
	Step		from = {0, 0};
	uint32_t	i;

	for (i = 0; i < n; i++)
		perimeter += distance(metric, ring[i], ring[i + 1 < n ? i + 1 : 0]);
	spacing = perimeter / (TRACK_PLACES / 2);
	if (spacing < 2)
		spacing = 2;

	places->n = 0;
	add_place(places, from, 0);
	for (i = 1; i <= n; i++)
	{
		Step		to = step(metric, ring[0], ring[i < n ? i : 0]);
		Step		side = {to.x - from.x, to.y - from.y};
		double		parts = floor(sqrt(dot(side, side)) / spacing);
		double		k;

		for (k = 1; k <= parts && places->n < TRACK_PLACES; k++)
		{
			Step		at = {from.x + side.x * k / parts, from.y + side.y * k / parts};

			add_place(places, at, i);
		}
		if (parts > 0)
			from = to;
	}
}

/*
 * Where the ring comes near itself, and leaves on either side of that place at
 * least TRACK_NECK_SHARE of its ground, there are two plots, if both are twice
 * as wide as the place (of a strip, ground over length is half its width). Of
 * these places the narrowest.
 */
void
track_find_neck(const Vertex *ring, const TrackLimits *limits, Metric metric, PlotTrack *track)
{
	double		most = at_least(limits->min_width_m, TRACK_NECK_WIDTH, track);
	double		narrowest = most * most;
	double		least;			/* ground of either */
	double		round;			/* no shorter is the way round it and across, a circle's */
	Places		places;
	const Place *end;
	double		whole;
	const Place *p;
	const Place *q;

	if (track->ring_points < 3 || limits->min_width_m == 0)
		return;
	spread_places(&places, ring, track->ring_points, metric);
	end = &places.place[places.n - 1];
	whole = enclosed(places.place, end);
	least = TRACK_NECK_SHARE * whole;
	round = sqrt(4 * PI * least) - most;
	for (p = places.place; p <= end; p++)
		for (q = end; q > p + 1 && q->length - p->length >= round; q--)
		{
			double		length = q->length - p->length;
			double		here;
			double		there;
			double		width;

			if (gap_2(p, q) >= narrowest)
				continue;
			here = enclosed(p, q);
			there = whole - here;
			width = gap(p, q);
			if (here >= least && there >= least && here >= width * length &&
				there >= width * (end->length - length))
			{
				narrowest = width * width;
				track->neck_m = width;
				track->neck_area_m2 = here < there ? here : there;
			}
		}
}
