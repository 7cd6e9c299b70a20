/*
 * plot_track_math.c
 *		The plot that somebody walked round with a phone. Pure C.
 */
#include "land/plot_track_math.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/math/elementary_math.h"

/* The WGS 84 ellipsoid: semi-major axis in metres, squared eccentricity. */
#define SEMI_MAJOR 6378137.0
#define ECCENTRICITY_2 6.6943799901413165e-3
#define RADIANS 0x1.1df46a2529d39p-6	/* per degree */

/* Cut-off loops of up to this share of the plot are stumbles. */
#define MAX_LOOP_SHARE 0.05

/* A good track lost no more than this share of its fixes. */
#define MAX_LOST_SHARE 0.1

/* Metres per unit of the coordinates. */
typedef struct Metric
{
	double		x;
	double		y;
} Metric;

static const Metric metres = {1, 1};
static const Metric longest_degree = {111320, 111694};	/* at the equator, at a pole */

typedef struct Step
{
	double		x;
	double		y;
} Step;

static Metric
metric_at(double latitude)
{
	double		sine = agr_sin(latitude * RADIANS);
	double		w = 1 - ECCENTRICITY_2 * sine * sine;
	double		normal = SEMI_MAJOR / sqrt(w);
	Metric		metric;

	metric.x = RADIANS * normal * agr_cos(latitude * RADIANS);
	metric.y = RADIANS * normal * (1 - ECCENTRICITY_2) / w;
	return metric;
}

static Step
step(Metric metric, Vertex a, Vertex b)
{
	Step		s = {(b.x - a.x) * metric.x, (b.y - a.y) * metric.y};

	return s;
}

static double
cross(Step u, Step v)
{
	return u.x * v.y - u.y * v.x;
}

static double
dot(Step u, Step v)
{
	return u.x * v.x + u.y * v.y;
}

static double
distance(Metric metric, Vertex a, Vertex b)
{
	Step		s = step(metric, a, b);

	return sqrt(dot(s, s));
}

static bool
same(Vertex a, Vertex b)
{
	return a.x == b.x && a.y == b.y;
}

/* ---- fixes ---- */

static double
allowance(const TrackFix *fix)
{
	return fix->accuracy_m < 0 ? TRACK_ACCURACY : fix->accuracy_m;
}

static int
compare(double a, double b)
{
	return (a > b) - (a < b);
}

/* Every column decides, so that only equal fixes are interchangeable. */
static int
compare_fixes(const void *a, const void *b)
{
	const TrackFix *f = a;
	const TrackFix *g = b;
	int			order = (f->time > g->time) - (f->time < g->time);

	if (order == 0)
		order = compare(allowance(f), allowance(g));
	if (order == 0)
		order = compare(g->accuracy_m, f->accuracy_m);	/* a known one first */
	if (order == 0)
		order = compare(f->at.x, g->at.x);
	return order ? order : compare(f->at.y, g->at.y);
}

/*
 * A walk across the antimeridian is on both sides of the map; the side with fewer
 * fixes is moved beside the other.
 */
static void
join_at_antimeridian(TrackFix *fix, uint32_t n)
{
	int64_t		balance = 0;
	uint32_t	i;

	for (i = 0; i < n; i++)
		balance += (fix[i].at.x > 90) - (fix[i].at.x < -90);
	for (i = 0; i < n; i++)
	{
		if (balance >= 0 && fix[i].at.x < -90)
			fix[i].at.x += 360;
		else if (balance < 0 && fix[i].at.x > 90)
			fix[i].at.x -= 360;
	}
}

static uint32_t
keep_one_per_instant(TrackFix *fix, uint32_t n)
{
	uint32_t	kept = 0;
	uint32_t	i;

	for (i = 0; i < n; i++)
		if (kept == 0 || fix[i].time != fix[kept - 1].time)
			fix[kept++] = fix[i];
	return kept;
}

/* The later less the earlier; the difference of two int64 fits a uint64. */
static double
seconds(const TrackFix *from, const TrackFix *to)
{
	return (double) ((uint64_t) to->time - (uint64_t) from->time) / 1e6;
}

/*
 * At the two fixes' own latitude, because a wrong one may be on another continent
 * and must not tilt the plane of the rest.
 */
static bool
too_far_to_walk(bool degrees, double speed, const TrackFix *from, const TrackFix *to)
{
	double		within = speed * seconds(from, to) + allowance(from) + allowance(to);

	/* Nowhere is a degree longer, so that sines are rarely needed. */
	if (distance(degrees ? longest_degree : metres, from->at, to->at) <= within)
		return false;
	return !degrees ||
		distance(metric_at((from->at.y + to->at.y) / 2), from->at, to->at) > within;
}

static uint32_t
drop_spikes(TrackFix *fix, uint32_t n, bool degrees, double speed)
{
	uint32_t	kept = 0;
	uint32_t	i = 0;

	/* A first or last fix has one neighbour only, which must then agree with the next. */
	if (n > 2 && too_far_to_walk(degrees, speed, &fix[0], &fix[1]) &&
		!too_far_to_walk(degrees, speed, &fix[1], &fix[2]))
		i = 1;
	if (n > i + 2 && too_far_to_walk(degrees, speed, &fix[n - 2], &fix[n - 1]) &&
		!too_far_to_walk(degrees, speed, &fix[n - 3], &fix[n - 2]))
		n--;
	while (i < n)
	{
		uint32_t	next = i + 1;
		uint32_t	back = i + 2;

		fix[kept++] = fix[i];
		if (next < n && too_far_to_walk(degrees, speed, &fix[i], &fix[next]))
		{
			while (back < n && back <= next + TRACK_SPIKE &&
				   too_far_to_walk(degrees, speed, &fix[i], &fix[back]))
				back++;
			/* Who can walk on from there was there: driven, and then a halt. */
			if (back < n && back <= next + TRACK_SPIKE &&
				too_far_to_walk(degrees, speed, &fix[back - 1], &fix[back]))
				next = back;
		}
		i = next;
	}
	return kept;
}

static double
fastest(const TrackFix *fix, uint32_t n, Metric metric)
{
	double		window = seconds(&fix[0], &fix[n - 1]);
	double		speed = 0;
	uint32_t	i;
	uint32_t	j = 0;

	if (window > TRACK_SPEED_SECONDS)
		window = TRACK_SPEED_SECONDS;
	for (i = 0; i < n; i++)
	{
		double		metres_per_second;

		while (j < n && seconds(&fix[i], &fix[j]) < window)
			j++;
		if (j == n)
			break;
		metres_per_second = distance(metric, fix[i].at, fix[j].at) / seconds(&fix[i], &fix[j]);
		if (metres_per_second > speed)
			speed = metres_per_second;
	}
	return 3.6 * speed;
}

static double
mean_accuracy(const TrackFix *fix, uint32_t n)
{
	double		sum = 0;
	uint32_t	known = 0;
	uint32_t	i;

	for (i = 0; i < n; i++)
		if (fix[i].accuracy_m >= 0)
		{
			sum += fix[i].accuracy_m;
			known++;
		}
	return known == 0 ? -1 : sum / known;
}

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

static Metric
track_metric(const TrackFix *fix, uint32_t n, bool degrees)
{
	Extent		extent = extent_nothing;
	uint32_t	i;

	if (!degrees)
		return metres;
	for (i = 0; i < n; i++)
		extent_add(&extent, fix[i].at);
	return metric_at((extent.low.y + extent.high.y) / 2);
}

void
plot_track_outline(TrackFix *fix, uint32_t n, const TrackLimits *limits, bool degrees,
				   TrackMemory *memory, PlotTrack *track)
{
	RingWalk	walk = {.ring = memory->ring, .block = memory->block};
	PlotTrack	empty = {.closure_m = -1, .mean_accuracy_m = -1, .max_speed_kmh = -1};
	Metric		metric;
	uint32_t	i;

	*track = empty;
	if (n == 0)
		return;
	if (degrees)
		join_at_antimeridian(fix, n);
	qsort(fix, n, sizeof *fix, compare_fixes);
	track->fixes = keep_one_per_instant(fix, n);
	track->same_time = n - track->fixes;

	n = track->fixes;
	track->fixes = drop_spikes(fix, n, degrees, limits->max_speed_kmh / 3.6);
	track->spikes = n - track->fixes;

	n = track->fixes;
	metric = track_metric(fix, n, degrees);
	track->first_time = fix[0].time;
	track->last_time = fix[n - 1].time;
	track->mean_accuracy_m = mean_accuracy(fix, n);
	if (n > 1)
	{
		track->max_speed_kmh = fastest(fix, n, metric);
		track->closure_m = distance(metric, fix[0].at, fix[n - 1].at);
	}

	for (i = 0; i < n; i++)
		walk.ring[i] = fix[i].at;
	walk.n = n < 3 ? 0 : n;
	do
	{
		n = walk.n;
		walk.n = drop_doubled_back(walk.ring, n, metric, limits->spur_width_m);
		track->doubled_back += n - walk.n;
	} while (cut_loops(&walk, metric, memory, track));

	track->ring_points = walk.n;
	if (walk.n > 0)
		track->ring_area_m2 = enclosed_area(metric, walk.ring[0], walk.ring, walk.n);
}

/* ---- the verdict ---- */

static void
__attribute__((format(printf, 2, 3)))
say(TrackVerdict *verdict, const char *format,...)
{
	va_list		args;

	va_start(args, format);
	vsnprintf(verdict->reason[verdict->reasons++], TRACK_REASON_BYTES, format, args);
	va_end(args);
}

static void
say_refusals(const PlotTrack *track, const TrackLimits *limits, double area_m2,
			 TrackVerdict *verdict)
{
	if (track->fixes < limits->min_fixes)
	{
		say(verdict, "too_few_fixes: %u, at least %.0f", track->fixes, ceil(limits->min_fixes));
		return;
	}
	if (track->max_speed_kmh > limits->max_speed_kmh)
		say(verdict, "driven: %.1f km/h, at most %.1f", track->max_speed_kmh, limits->max_speed_kmh);
	if (track->closure_m > limits->max_closure_m)
		say(verdict, "not_closed: %.1f m from start to end, at most %.1f", track->closure_m,
			limits->max_closure_m);
	if (track->loop_area_m2 > MAX_LOOP_SHARE * track->ring_area_m2)
		say(verdict, "self_crossing: loops of %.1f m2 beside a ring of %.1f m2",
			track->loop_area_m2, track->ring_area_m2);
	if (area_m2 < limits->min_area_m2 || track->ring_points == 0)
		say(verdict, "too_small: %.1f m2, at least %.1f", area_m2, limits->min_area_m2);
}

void
plot_track_judge(const PlotTrack *track, const TrackRefuse *left_out, const TrackLimits *limits,
				 double area_m2, TrackVerdict *verdict)
{
	double		lost = (double) left_out->inaccurate + track->spikes;

	verdict->reasons = 0;
	say_refusals(track, limits, area_m2, verdict);
	if (verdict->reasons > 0)
		verdict->quality = TRACK_REFUSED;
	else if (lost > MAX_LOST_SHARE * (lost + track->fixes) ||
			 track->mean_accuracy_m > limits->max_accuracy_m / 2 ||
			 track->closure_m > limits->max_closure_m / 2 ||
			 track->loop_area_m2 > MAX_LOOP_SHARE / 5 * track->ring_area_m2)
		verdict->quality = TRACK_USABLE;
	else
		verdict->quality = TRACK_GOOD;

	if (track->mean_accuracy_m > limits->max_accuracy_m / 2)
		say(verdict, "accuracy: %.1f m in the mean, best below %.1f", track->mean_accuracy_m,
			limits->max_accuracy_m / 2);
	if (track->closure_m > limits->max_closure_m / 2 && track->closure_m <= limits->max_closure_m)
		say(verdict, "closure: %.1f m from start to end, best below %.1f", track->closure_m,
			limits->max_closure_m / 2);
	if (left_out->inaccurate > 0)
		say(verdict, "inaccurate: %lld fixes worse than %.1f m left out",
			(long long) left_out->inaccurate, limits->max_accuracy_m);
	if (left_out->unknown > 0)
		say(verdict, "unknown: %lld rows without fix or time left out",
			(long long) left_out->unknown);
	if (track->same_time > 0)
		say(verdict, "same_time: %u fixes at the instant of another left out", track->same_time);
	if (track->spikes > 0)
		say(verdict, "spikes: %u fixes left out", track->spikes);
	if (track->doubled_back > 0)
		say(verdict, "doubled_back: %u points on ways there and back left out",
			track->doubled_back);
	if (track->loops > 0)
		say(verdict, "loops: %u of %.1f m2 in all cut off", track->loops, track->loop_area_m2);
}
