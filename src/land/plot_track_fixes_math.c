/*
 * plot_track_fixes_math.c
 *		The fixes of a walk in order, without those that contradict the rest. Pure C.
 */
#include "land/plot_track_plane.h"

#include <stdlib.h>
#include <string.h>

#include "core/math/elementary_math.h"

/* The WGS 84 ellipsoid: semi-major axis in metres, squared eccentricity. */
#define SEMI_MAJOR 6378137.0
#define ECCENTRICITY_2 6.6943799901413165e-3
#define RADIANS 0x1.1df46a2529d39p-6	/* per degree */

static const Metric longest_degree = {111320, 111694};	/* at the equator, at a pole */

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

/* ---- order ---- */

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

static int
compare_numbers(const void *a, const void *b)
{
	return compare(*(const double *) a, *(const double *) b);
}

/* Sorts the numbers; 0 of none. */
static double
median(double *number, uint32_t n)
{
	if (n == 0)
		return 0;
	qsort(number, n, sizeof *number, compare_numbers);
	return number[n / 2];
}

/* ---- what can have been walked ---- */

/* How far apart the walk's own fixes can seem. */
typedef struct Reach
{
	bool		degrees;
	double		speed;			/* metres a second */
	double		jitter;			/* metres, beyond what is walked */
} Reach;

/*
 * At the two fixes' own latitude, because a wrong one may be on another continent
 * and must not tilt the plane of the rest.
 */
static double
metres_between(bool degrees, Vertex a, Vertex b)
{
	return distance(degrees ? metric_at((a.y + b.y) / 2) : metres, a, b);
}

/* Neither what the fixes say of themselves is exceeded, nor what the walk shows. */
static double
jitter_between(const Reach *reach, const TrackFix *from, const TrackFix *to)
{
	double		said = allowance(from) + allowance(to);

	return said < reach->jitter ? said : reach->jitter;
}

static bool
too_far_to_walk(const Reach *reach, const TrackFix *from, const TrackFix *to)
{
	double		within = reach->speed * seconds(from, to) + jitter_between(reach, from, to);

	/* Nowhere is a degree longer, so that sines are rarely needed. */
	if (distance(reach->degrees ? longest_degree : metres, from->at, to->at) <= within)
		return false;
	return !reach->degrees || metres_between(true, from->at, to->at) > within;
}

/*
 * How far from each other fixes seem that are not: five times the median distance
 * of a fix from the place between its neighbours, which white noise exceeds
 * once in thousands of steps. A walk of few fixes, each at a corner, allows
 * more than its fixes say of themselves.
 */
static double
walks_jitter(const TrackFix *fix, uint32_t n, bool degrees, double *number)
{
	Metric		metric = metres;
	double		latitude = INFINITY;
	double		jitter;
	uint32_t	i;

	for (i = 1; i + 1 < n; i++)
	{
		double		part = seconds(&fix[i - 1], &fix[i]) / seconds(&fix[i - 1], &fix[i + 1]);
		Vertex		between = {fix[i - 1].at.x + part * (fix[i + 1].at.x - fix[i - 1].at.x),
		fix[i - 1].at.y + part * (fix[i + 1].at.y - fix[i - 1].at.y)};

		/* A kilometre does not change the plane by more than a part in a thousand. */
		if (degrees && !(fabs(fix[i].at.y - latitude) < 0.01))
		{
			latitude = fix[i].at.y;
			metric = metric_at(latitude);
		}
		number[i - 1] = distance(metric, between, fix[i].at);
	}
	jitter = 5 * median(number, n < 2 ? 0 : n - 2);
	return jitter < TRACK_JITTER ? TRACK_JITTER : jitter;
}

/* ---- fixes that contradict the rest ---- */

/* The runs between leaps. */
static uint32_t
find_runs(const TrackFix *fix, uint32_t n, const Reach *reach, TrackRun *run)
{
	uint32_t	runs = 0;
	uint32_t	i;

	for (i = 0; i < n; i++)
	{
		TrackRun   *last;

		if (i == 0 || too_far_to_walk(reach, &fix[i - 1], &fix[i]))
		{
			TrackRun	next = {.first = i};

			run[runs++] = next;
		}
		last = &run[runs - 1];
		last->frozen = last->n > 0 && same(fix[i - 1].at, fix[i].at) ? last->frozen + 1 : 0;
		last->n++;
	}
	return runs;
}

/*
 * How many fixes of the run `to` to pass by until one can have been walked to
 * from this fix; all of them if there is none soon. A receiver that has found
 * its signal again is off at first, and comes near.
 */
static uint32_t
fixes_to_skip(const TrackFix *fix, const TrackFix *from, const TrackRun *to, const Reach *reach)
{
	uint32_t	i;

	for (i = 0; i < to->n; i++)
	{
		const TrackFix *next = &fix[to->first + i];

		if (i > 0 && seconds(&fix[to->first], next) > TRACK_REGAIN_SECONDS)
			break;
		if (!too_far_to_walk(reach, from, next))
			return i;
	}
	return to->n;
}

/*
 * Continues the chain of an earlier run by this one, if that has more fixes. A
 * receiver without a signal says again and again where it was last: of the
 * fixes at the end of the earlier run that are all the same, perhaps only the first
 * was true.
 */
static void
try_link(const TrackFix *fix, const TrackRun *run, uint32_t earlier, TrackRun *to,
		 const Reach *reach)
{
	const TrackRun *from = &run[earlier];
	const TrackFix *last = &fix[from->first + from->n - 1];
	uint32_t	left = 0;
	uint32_t	skip = fixes_to_skip(fix, last, to, reach);
	int64_t		chain;

	if (skip > 0 && from->frozen > 0)
	{
		left = from->frozen;
		skip = fixes_to_skip(fix, last - left, to, reach);
	}
	chain = from->chain - left + to->n - TRACK_SKIP_COST * (int64_t) skip;
	if (skip < to->n && chain > to->chain)
	{
		to->chain = chain;
		to->before = earlier;
		to->left = left;
		to->skip = skip;
	}
}

/*
 * The chain of runs, each within reach of the one before, that has the most
 * fixes. What is not in it is an excursion: the receiver leapt there, and
 * back. Where more than a third of the fixes would go, there is no telling
 * which are wrong, and all stay.
 */
static uint32_t
drop_excursions(TrackFix *fix, uint32_t n, const Reach *reach, TrackRun *run,
				void (*interrupt) (void))
{
	uint32_t	runs = find_runs(fix, n, reach, run);
	uint32_t	best = 0;
	uint32_t	free = n;
	uint32_t	left = 0;
	uint32_t	i,
				j;

	for (i = 0; i < runs; i++)
	{
		run[i].chain = run[i].n;
		run[i].before = UINT32_MAX;
		for (j = i > TRACK_EXCURSIONS ? i - TRACK_EXCURSIONS : 0; j < i; j++)
			try_link(fix, run, j, &run[i], reach);
		if (run[i].chain > run[best].chain)
			best = i;
		if (interrupt)
			interrupt();
	}
	if (3 * run[best].chain < 2 * (int64_t) n)
		return n;

	/* From the end, so that nothing is overwritten that is still to move. */
	for (i = best; i != UINT32_MAX; i = run[i].before)
	{
		uint32_t	count = run[i].n - run[i].skip - left;

		free -= count;
		memmove(&fix[free], &fix[run[i].first + run[i].skip], count * sizeof *fix);
		left = run[i].left;
	}
	memmove(fix, &fix[free], (n - free) * sizeof *fix);
	return n - free;
}

/* ---- speed ---- */

/*
 * From each fix to the first one at least TRACK_SPEED_SECONDS later. Speed at
 * least is what the fixes' jitter leaves of it.
 */
static void
measure_speed(const TrackFix *fix, uint32_t n, Metric metric, const Reach *reach, double *number,
			  PlotTrack *track)
{
	double		window = seconds(&fix[0], &fix[n - 1]);
	double		most = 0;
	double		least = 0;
	uint32_t	moving = 0;
	uint32_t	i;
	uint32_t	j = 0;

	if (window > TRACK_SPEED_SECONDS)
		window = TRACK_SPEED_SECONDS;
	for (i = 0; i < n; i++)
	{
		double		length;
		double		time;

		while (j < n && seconds(&fix[i], &fix[j]) < window)
			j++;
		if (j == n)
			break;
		length = distance(metric, fix[i].at, fix[j].at);
		time = seconds(&fix[i], &fix[j]);
		if (length / time > most)
			most = length / time;
		if (length / time > TRACK_STANDING)
			number[moving++] = length / time;
		length -= jitter_between(reach, &fix[i], &fix[j]);
		if (length / time > least)
			least = length / time;
	}
	track->max_speed_kmh = 3.6 * most;
	track->surely_kmh = 3.6 * least;
	track->pace = median(number, moving);
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

uint32_t
track_clean(TrackFix *fix, uint32_t n, const TrackLimits *limits, bool degrees,
			TrackMemory *memory, PlotTrack *track, Metric *metric)
{
	Reach		reach = {degrees, limits->max_speed_kmh / 3.6, 0};
	uint32_t	before;

	if (degrees)
		join_at_antimeridian(fix, n);
	qsort(fix, n, sizeof *fix, compare_fixes);
	before = n;
	n = keep_one_per_instant(fix, n);
	track->same_time = before - n;

	before = n;
	reach.jitter = walks_jitter(fix, n, degrees, memory->number);
	n = drop_excursions(fix, n, &reach, memory->run, memory->interrupt);
	track->spikes = before - n;

	*metric = track_metric(fix, n, degrees);
	track->jitter_m = reach.jitter / 5;
	track->mean_accuracy_m = mean_accuracy(fix, n);
	if (n > 1)
		measure_speed(fix, n, *metric, &reach, memory->number, track);
	return n;
}
