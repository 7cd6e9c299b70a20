/*
 * plot_track_ways_math.c
 *		The ways to the plot, from it and beside it, and the way between two plots.
 *		Pure C.
 *
 * All is decided from pairs of places of the walk that are near each other, by
 * the ground that the walk from one to the other encloses and by how long it is:
 * both are differences of sums along the walk.
 */
#include "land/plot_track_plane.h"

#include <string.h>

/* A place of the walk; the walk to it is so long and encloses so much from the first. */
typedef struct Place
{
	Vertex		at;
	uint32_t	fix;
	double		length;
	double		area;
} Place;

typedef struct Places
{
	Metric		metric;
	uint32_t	n;
	Place		place[TRACK_PLACES + 1];
} Places;

static void
add_place(Places *places, Vertex at, uint32_t fix)
{
	Place	   *next = &places->place[places->n];
	Place		first = {at, fix, 0, 0};

	*next = first;
	if (places->n > 0)
	{
		const Place *origin = &places->place[0];

		next->length = next[-1].length + distance(places->metric, next[-1].at, at);
		next->area = next[-1].area + cross(step(places->metric, origin->at, next[-1].at),
										   step(places->metric, origin->at, at)) / 2;
	}
	places->n++;
}

/* Fixes that far apart, the first and the last among them; farther if there are many. */
static void
choose_places(Places *places, const TrackFix *fix, uint32_t n, double apart)
{
	uint32_t	i;

	for (;;)
	{
		places->n = 0;
		add_place(places, fix[0].at, 0);
		for (i = 1; i < n && places->n < TRACK_PLACES; i++)
			if (distance(places->metric, places->place[places->n - 1].at, fix[i].at) >= apart ||
				i == n - 1)
				add_place(places, fix[i].at, i);
		if (i == n)
			return;
		apart *= 2;
	}
}

static double
apart(const Places *places, uint32_t i, uint32_t j)
{
	return distance(places->metric, places->place[i].at, places->place[j].at);
}

/* Of the walk from place i to place j, closed. */
static double
signed_area(const Places *places, uint32_t i, uint32_t j)
{
	const Place *p = places->place;

	return p[j].area - p[i].area + cross(step(places->metric, p[0].at, p[j].at),
										 step(places->metric, p[0].at, p[i].at)) / 2;
}

static double
length(const Places *places, uint32_t i, uint32_t j)
{
	return places->place[j].length - places->place[i].length;
}

/* ---- to the plot and from it ---- */

/*
 * What a round is worth: the ground it encloses less that of a strip of this
 * width along it, so that a way there and back, narrower than that, is worth
 * less than nothing; that it must be closed counts threefold, or corners were cut.
 */
static double
worth(const Places *places, uint32_t i, uint32_t j, double gap, double width)
{
	return fabs(signed_area(places, i, j)) - width / 2 * (length(places, i, j) + 3 * gap);
}

/* The round from *first to *last: of those that close, the one that is worth most. */
static void
find_round(const Places *places, double width, double max_gap, uint32_t *first, uint32_t *last)
{
	double		whole = fabs(signed_area(places, 0, places->n - 1));
	double		gap = apart(places, 0, places->n - 1);
	double		most = gap <= max_gap ? worth(places, 0, places->n - 1, gap, width) : -INFINITY;
	uint32_t	i,
				j;

	*first = 0;
	*last = places->n - 1;
	for (i = 0; i < places->n; i++)
		for (j = i + 3; j < places->n; j++)
		{
			double		value;

			gap = apart(places, i, j);
			if (gap > max_gap)
				continue;
			value = worth(places, i, j, gap, width);
			if (value > most && fabs(signed_area(places, i, j)) >= whole / 2)
			{
				most = value;
				*first = i;
				*last = j;
			}
		}
}

/* ---- beside it ---- */

/* The last place to which the walk from i comes back along itself; i if it does not. */
static uint32_t
find_return(const Places *places, uint32_t i, double width)
{
	uint32_t	j;

	for (j = places->n - 1; j > i + 1; j--)
	{
		double		gap = apart(places, i, j);
		double		walked = length(places, i, j);

		if (gap <= width && walked >= 4 * width && walked >= 4 * gap &&
			fabs(signed_area(places, i, j)) <= width / 2 * walked)
			return j;
	}
	return i;
}

uint32_t
track_drop_ways(TrackFix *fix, uint32_t n, const TrackLimits *limits, Metric metric,
				TrackMemory *memory, PlotTrack *track)
{
	Places		places = {.metric = metric};
	double		accuracy = track->mean_accuracy_m < 0 ? TRACK_ACCURACY : track->mean_accuracy_m;
	double		width = TRACK_WAY_WIDTH * accuracy;
	uint32_t	kept = 0;
	uint32_t	first,
				last;
	uint32_t	i;

	memset(memory->joined, 0, n * sizeof *memory->joined);
	if (width < limits->spur_width_m)
		width = limits->spur_width_m;
	if (n < TRACK_WAY_FIXES || limits->spur_width_m == 0)
		return n;
	choose_places(&places, fix, n, width / 2 < 2.5 ? width / 2 : 2.5);
	find_round(&places, width, limits->max_closure_m, &first, &last);

	for (i = first; i <= last; i++)
	{
		uint32_t	back = i == first ? i : find_return(&places, i, width);
		uint32_t	from = places.place[i].fix;
		uint32_t	to = i < last ? places.place[i + 1].fix : from + 1;

		if (back > last)
			back = i;
		if (back > i)
			to = from + 1;
		memmove(&fix[kept], &fix[from], (to - from) * sizeof *fix);
		kept += to - from;
		if (back > i)
		{
			i = back - 1;
			memory->joined[kept] = 1;
		}
	}
	track->ways = n - kept;
	return kept;
}

/* ---- two plots ---- */

/*
 * Where the ring comes near itself, and leaves on either side of that place at
 * least TRACK_NECK_SHARE of its ground, there are two plots. Of these places the
 * one that halves it best.
 */
void
track_find_neck(const Vertex *ring, Metric metric, PlotTrack *track)
{
	Places		places = {.metric = metric};
	double		accuracy = track->mean_accuracy_m < 0 ? TRACK_ACCURACY : track->mean_accuracy_m;
	double		width = TRACK_NECK_WIDTH * accuracy;
	double		perimeter = 0;
	double		spacing;
	double		whole;
	uint32_t	i,
				j;

	track->neck_m = -1;
	track->neck_area_m2 = 0;
	if (track->ring_points < 3)
		return;
	if (width < TRACK_NECK_M)
		width = TRACK_NECK_M;
	for (i = 0; i < track->ring_points; i++)
		perimeter += distance(metric, ring[i], ring[(i + 1) % track->ring_points]);
	spacing = perimeter / (TRACK_PLACES / 2);
	if (spacing < 1)
		spacing = 1;

	/* Long sides have places between their ends; short ones share one. */
	add_place(&places, ring[0], 0);
	for (i = 1; i <= track->ring_points; i++)
	{
		Vertex		from = places.place[places.n - 1].at;
		Vertex		to = ring[i % track->ring_points];
		double		side = distance(metric, from, to);
		int			parts = (int) (side / spacing);
		int			k;

		for (k = 1; k <= parts && places.n < TRACK_PLACES; k++)
		{
			Vertex		v = {from.x + (to.x - from.x) * k / parts, from.y + (to.y - from.y) * k / parts};

			add_place(&places, v, i);
		}
	}
	whole = fabs(signed_area(&places, 0, places.n - 1));
	for (i = 0; i < places.n; i++)
		for (j = i + 2; j < places.n; j++)
		{
			double		gap = apart(&places, i, j);
			double		part;

			if (gap >= width)
				continue;
			part = fabs(signed_area(&places, i, j));
			if (part > whole - part)
				part = whole - part;
			if (part >= TRACK_NECK_SHARE * whole && part > track->neck_area_m2)
			{
				track->neck_m = gap;
				track->neck_area_m2 = part;
			}
		}
}
