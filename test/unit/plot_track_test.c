/*
 * plot_track_test.c
 *		Walks whose outcome is known by how they were made, each rule from both
 *		sides of its limit, and random walks that must give a ring that never meets
 *		itself, whatever the order of the fixes.
 */
/* With what is inside: whether segments meet, and ways turn back. */
#include "land/plot_track_math.c"
#include "core/math/elementary_math.h"
#include "tap.h"

#define MOST 2000

static const TrackLimits standard = {20, 10, 25, 50, 4, 2, 0.09, 8};
static const TrackLimits every_way = {20, 10, 25, 50, 4, 0, 0.09, 8};
static const TrackLimits *limits = &standard;
static TrackRefuse left_out;

static TrackFix walk[MOST];
static uint32_t steps;
static Vertex ring[MOST + 1];
static Extent block[MOST / TRACK_BLOCK + 1];
static Vertex loop[MOST];
static TrackRun run[MOST];
static double number[MOST];
static TrackMemory memory = {ring, loop, block, run, number, NULL};
static PlotTrack track;
static TrackVerdict verdict;

static void
go(double x, double y, double after_seconds)
{
	int64_t		before = steps > 0 ? walk[steps - 1].time : 0;
	TrackFix	fix = {{x, y}, before + (int64_t) (after_seconds * 1e6), 3};

	walk[steps++] = fix;
}

/* Draws one number after the other: the order of arguments is the compiler's. */
static void
go_near(double x, double y, double noise, double after_seconds)
{
	x += uniform(-noise, noise);
	y += uniform(-noise, noise);
	go(x, y, after_seconds);
}

static Vertex
on_grid(double from, int64_t size)
{
	Vertex		v;

	v.x = from + (double) below(size);
	v.y = from + (double) below(size);
	return v;
}

/* From where we are, a fix about every `stride` metres, at 1.25 m/s. */
static void
go_along(double x, double y, double stride, double noise)
{
	Vertex		from = walk[steps - 1].at;
	double		length = sqrt((x - from.x) * (x - from.x) + (y - from.y) * (y - from.y));
	int			n = (int) (length / stride + 0.5);
	int			i;

	for (i = 1; i <= n; i++)
		go_near(from.x + (x - from.x) * i / n, from.y + (y - from.y) * i / n, noise,
				length / n / 1.25);
}

static TrackQuality
finish(bool degrees)
{
	plot_track_outline(walk, steps, limits, degrees, &memory, &track);
	plot_track_judge(&track, &left_out, limits, track.ring_area_m2, &verdict);
	return verdict.quality;
}

/* Only the ring of the fixes as they are. */
static void
trace(void)
{
	RingWalk	round = {.ring = ring, .block = block, .n = steps < 3 ? 0 : steps};
	PlotTrack	empty = {.fixes = steps};
	uint32_t	i;

	track = empty;
	for (i = 0; i < steps; i++)
		ring[i] = walk[i].at;
	trace_ring(&round, metres, standard.spur_width_m, &memory, &track);
}

static bool
says(const char *code)
{
	int			i;

	for (i = 0; i < verdict.reasons; i++)
		if (strncmp(verdict.reason[i], code, strlen(code)) == 0)
			return true;
	return false;
}

static void
walk_square(double side, double stride, double noise)
{
	steps = 0;
	go(0, 0, 0);
	go_along(side, 0, stride, noise);
	go_along(side, side, stride, noise);
	go_along(0, side, stride, noise);
	go_along(0, 0, stride, noise);
}

static bool
near(double got, double want, double share)
{
	return fabs(got - want) <= share * want;
}

/* Decided by another route than the kernel: every pair of segments, no boxes. */
static bool
ring_is_simple(void)
{
	uint32_t	n = track.ring_points;
	uint32_t	i,
				j;

	for (i = 0; i < n; i++)
		for (j = i + 2; j < n; j++)
		{
			Vertex		a = ring[i],
						b = ring[i + 1],
						c = ring[j],
						d = ring[(j + 1) % n];

			if (i == 0 && j == n - 1)
				continue;
			if (orientation(a, b, c) * orientation(a, b, d) <= 0 &&
				orientation(c, d, a) * orientation(c, d, b) <= 0 &&
				fmin(a.x, b.x) <= fmax(c.x, d.x) && fmin(c.x, d.x) <= fmax(a.x, b.x) &&
				fmin(a.y, b.y) <= fmax(c.y, d.y) && fmin(c.y, d.y) <= fmax(a.y, b.y))
				return false;
		}
	return true;
}

/* Metres beside this place in degrees; a quarter of the meridian is 10002 km. */
static void
put_at(double longitude, double latitude, double metres_per_degree_x, double metres_per_degree_y)
{
	uint32_t	i;

	for (i = 0; i < steps; i++)
	{
		walk[i].at.x = longitude + walk[i].at.x / metres_per_degree_x;
		walk[i].at.y = latitude + walk[i].at.y / metres_per_degree_y;
	}
}

/* ---- the parts, on a grid where integers are exact ---- */

static int64_t
turn(const int64_t *a, const int64_t *b, const int64_t *c)
{
	return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);
}

static bool
between(const int64_t *a, const int64_t *b, const int64_t *v)
{
	return turn(a, b, v) == 0 && (v[0] - a[0]) * (v[0] - b[0]) <= 0 &&
		(v[1] - a[1]) * (v[1] - b[1]) <= 0;
}

/* Whether a-b and c-d meet, and the point is common to both as far as doubles go. */
static bool
meets_rightly(int64_t p[4][2])
{
	Vertex		v[4];
	Vertex		point = {NAN, NAN};
	bool		met;
	bool		crossing = turn(p[0], p[1], p[2]) * turn(p[0], p[1], p[3]) < 0 &&
		turn(p[2], p[3], p[0]) * turn(p[2], p[3], p[1]) < 0;
	int			touching = 0;
	int			i;

	for (i = 0; i < 4; i++)
	{
		v[i].x = (double) p[i][0];
		v[i].y = (double) p[i][1];
	}
	met = meet(v[0], v[1], v[2], v[3], &point);
	for (i = 0; i < 4; i++)
	{
		const int64_t *from = p[i < 2 ? 2 : 0];
		const int64_t *to = p[i < 2 ? 3 : 1];

		if (between(from, to, p[i]))
			touching += 1 + 16 * same(v[i], point);
	}
	if (!crossing)
		return touching == 0 ? !met : met && touching >= 16;
	return met && fabs(cross(step(metres, v[0], point), step(metres, v[0], v[1]))) < 1e-12 &&
		fabs(cross(step(metres, v[2], point), step(metres, v[2], v[3]))) < 1e-12;
}

static bool
beside_exactly(const int64_t *v, const int64_t *a, const int64_t *b, int64_t width)
{
	int64_t		x = b[0] - a[0];
	int64_t		y = b[1] - a[1];
	int64_t		foot = x * (v[0] - a[0]) + y * (v[1] - a[1]);
	int64_t		area = turn(a, b, v);

	return foot >= 0 && foot <= x * x + y * y && area * area <= width * width * (x * x + y * y);
}

static bool
turns_rightly(int64_t p[4][2], int64_t width)
{
	int64_t		ahead = (p[1][0] - p[0][0]) * (p[3][0] - p[2][0]) +
		(p[1][1] - p[0][1]) * (p[3][1] - p[2][1]);
	bool		turning = ahead < 0 &&
		(beside_exactly(p[3], p[0], p[1], width) || beside_exactly(p[0], p[2], p[3], width));
	Vertex		v[4];
	int			i;

	for (i = 0; i < 4; i++)
	{
		v[i].x = (double) p[i][0];
		v[i].y = (double) p[i][1];
	}
	return turns_back(metres, v[0], v[1], v[2], v[3], (double) width) == turning;
}

static void
test_parts(void)
{
	bool		meeting = true;
	bool		turning = true;
	int			flat = 0;
	int			k;

	for (k = 0; k < 200000; k++)
	{
		int64_t		p[4][2];
		int			i;

		for (i = 0; i < 8; i++)
			p[i / 2][i % 2] = below(k % 2 ? 4 : 9);
		meeting = meeting && meets_rightly(p);
		if (k % 3 == 0)
			memcpy(p[2], p[1], sizeof p[2]);
		turning = turning && turns_rightly(p, k % 5);
	}
	/* Nearly parallel ones, where products of doubles are all the same. */
	for (k = 0; k < 200000; k++)
	{
		double		far = (double) (1 << 27);
		Vertex		a = on_grid(0, 3);
		Vertex		b = on_grid(far, 3);
		Vertex		c = on_grid(0, 3);
		Vertex		d = on_grid(far, 3);
		Vertex		point = {NAN, NAN};

		if (!meet(a, b, c, d, &point))
			continue;
		flat++;
		meeting = meeting && point.x >= a.x && point.x <= b.x && point.y >= a.y && point.y <= b.y;
	}
	meeting = meeting && flat > 1000;
	ok(meeting, "segments meet where integers say so");
	ok(turning, "and ways turn back where integers say so");
}

static void
test_clean_walks(void)
{
	walk_square(100, 5, 0);
	ok(finish(false) == TRACK_GOOD && track.ring_area_m2 == 10000 && track.closure_m == 0 &&
	   near(track.max_speed_kmh, 4.5, 1e-9) && track.mean_accuracy_m == 3 && verdict.reasons == 1 &&
	   says("doubled_back: points on ways there and back left out: 1") && track.ring_points == 80, "a square of 100 m is 10000 m2");

	walk_square(100, 5, 1);
	ok(finish(false) != TRACK_REFUSED && near(track.ring_area_m2, 10000, 0.02),
	   "with a metre of noise, within 2 %");

	/* The same square beside Lanzhou: metres by the ellipsoid's two radii there. */
	walk_square(100, 5, 0);
	put_at(103.8, 36, 90163.29, 110958.92);
	ok(finish(true) == TRACK_GOOD && near(track.ring_area_m2, 10000, 2e-5) &&
	   near(track.max_speed_kmh, 4.5, 2e-5), "in degrees as in metres");
}

/*
 * A fix every 20 s at one place, where 57.6 m may be walked to and from: 10 km/h,
 * and the 2 m that a walk without jitter is allowed. How many are spikes when one
 * is off by so much?
 */
static uint32_t
spikes_of_one(bool degrees, double latitude, double x, double y)
{
	uint32_t	i;

	steps = 0;
	for (i = 0; i < 20; i++)
		go(i == 9 ? x : 0, i == 9 ? y : 0, i > 0 ? 20 : 0);
	if (degrees && latitude == 0)
		put_at(20, latitude, 111319.49, 110574.28);
	else if (degrees)
		put_at(20, latitude, 19393.5, 111659.9);
	finish(degrees);
	return track.spikes;
}

static void
test_places(void)
{
	double		area;
	uint32_t	i;
	bool		whole = true;

	/* Null Island, where a receiver is that has no fix yet. */
	walk_square(100, 5, 0);
	put_at(25, 62, 52400, 111410);
	finish(true);
	area = track.ring_area_m2;
	walk_square(100, 5, 0);
	put_at(25, 62, 52400, 111410);
	walk[30].at.x = walk[30].at.y = walk[50].at.x = walk[50].at.y = 0;
	ok(finish(true) == TRACK_GOOD && track.spikes == 2 && near(track.ring_area_m2, area, 1e-4) &&
	   near(track.max_speed_kmh, 4.5, 1e-3), "a fix on another continent does not tilt the plane");

	/* Zigzag 6 m a step at 3.6 km/h; a degree of longitude is 19 km there, not 111. */
	steps = 0;
	for (i = 0; i < 20; i++)
		go(i % 2 * 6, i, i > 0 ? 6 : 0);
	for (i = 0; i < 20; i++)
		walk[i].accuracy_m = 0;
	put_at(20, 80, 19394, 111660);
	finish(true);
	ok(track.spikes == 0 && track.max_speed_kmh < 1, "nor are fixes far north far apart");
	ok(spikes_of_one(true, 0, 57, 0) == 0 && spikes_of_one(true, 0, 58, 0) == 1 &&
	   spikes_of_one(true, 0, 0, 57) == 0 && spikes_of_one(true, 0, 0, 58) == 1,
	   "spikes at the equator");
	ok(spikes_of_one(true, 80, 57, 0) == 0 && spikes_of_one(true, 80, 58, 0) == 1 &&
	   spikes_of_one(true, 80, 0, 57) == 0 && spikes_of_one(true, 80, 0, 58) == 1,
	   "and far north");

	walk_square(200, 5, 0);
	put_at(-100, -100, 1, 1);
	ok(finish(false) == TRACK_GOOD && track.ring_area_m2 == 40000, "metres have no antimeridian");

	walk_square(100, 5, 0);
	put_at(20, 0, 65536, 65536);
	finish(true);
	area = track.ring_area_m2;
	walk_square(100, 5, 0);
	put_at(180, 0, 65536, 65536);
	for (i = 10; i < steps; i++)
		walk[i].at.x -= walk[i].at.x > 180 ? 360 : 0;
	whole = finish(true) == TRACK_GOOD && near(track.ring_area_m2, area, 1e-9);
	for (i = 0; i < track.ring_points; i++)
		whole = whole && fabs(ring[i].x) > 179;
	ok(whole && track.spikes == 0, "across the antimeridian as elsewhere");
	ok(fabs(ring[5].x - ring[40].x) < 1 && ring[40].x < -180 + 1,
	   "on the side where most fixes are");
	walk_square(100, 5, 0);
	put_at(-180 - 100 / 65536.0, 0, 65536, 65536);
	for (i = 0; i < steps; i++)
		walk[i].at.x += walk[i].at.x < -180 ? 360 : 0;
	ok(finish(true) == TRACK_GOOD && near(track.ring_area_m2, area, 1e-9) && ring[40].x > 179,
	   "whichever that is");

	/* Round the pole itself, and along longitudes where all are one place. */
	steps = 0;
	for (i = 0; i <= 360; i += 5)
		go(i / 2 * 2 - 180.0, 89.9995, 5);
	ok(finish(true) == TRACK_REFUSED && isfinite(track.max_speed_kmh) && isfinite(track.closure_m),
	   "round a pole there is no plot");
	steps = 0;
	for (i = 0; i <= 360; i += 5)
		go(i - 180.0, -90, 5);
	ok(finish(true) == TRACK_REFUSED && track.max_speed_kmh < 1e-6 && track.closure_m < 1e-6,
	   "nor on it");

	/* As far from now as a timestamp goes, a double no longer tells microseconds. */
	walk_square(100, 5, 0);
	for (i = 0; i < steps; i++)
		walk[i].time = INT64_MAX - 3600000000LL + walk[i].time / 4 * 4 + i % 2;
	ok(finish(false) == TRACK_GOOD && track.same_time == 0 && near(track.max_speed_kmh, 4.5, 1e-6),
	   "in the far future as now");
}

/* Three fixes at the last instant, at 0, 5 and 12 m from the start. */
static void
walk_to_three(double accuracy, double accuracy_5, double accuracy_12)
{
	walk_square(100, 5, 0);
	walk[steps - 1].accuracy_m = accuracy;
	go(-3, 4, 0);
	walk[steps - 1].accuracy_m = accuracy_5;
	go(-12, 0, 0);
	walk[steps - 1].accuracy_m = accuracy_12;
	finish(false);
}

static void
test_instants(void)
{
	walk_to_three(3, 2, 4);
	ok(track.same_time == 2 && track.closure_m == 5, "of one instant the most accurate stays");
	walk_to_three(5.5, 6, -1);
	ok(track.closure_m == 12, "one of unknown accuracy is taken for 5 m");
	walk_to_three(4.5, 6, -1);
	ok(track.closure_m == 0, "and not for less");
	walk_to_three(-1, 5, -1);
	ok(track.closure_m == 5, "but one that is known to be is preferred");

	walk_square(100, 5, 0);
	walk[10].accuracy_m = -1;
	walk[20].accuracy_m = 84;
	walk[30].accuracy_m = 0;
	finish(false);
	ok(near(track.mean_accuracy_m, (3 * (steps - 3) + 84.0) / (steps - 1), 1e-15),
	   "the mean accuracy is of those that are known");
}

/*
 * On a line, 10 m a fix, one every 20 s: 1.8 km/h. Those off it are off by so
 * much: at 10 km/h, 20 s, and 2 m, 57.6 m are walked; 56.7 m beside 10 m.
 */
static void
walk_line(uint32_t fixes, uint32_t first_off, uint32_t off, double by)
{
	uint32_t	i;

	steps = 0;
	for (i = 0; i < fixes; i++)
		go(10 * i, i >= first_off && i < first_off + off ? by : 0, i > 0 ? 20 : 0);
	finish(false);
}

/*
 * To and fro by so much every 20 s, and one fix off the line: what the walk
 * itself jumps, and what its fixes say of themselves, bound what is allowed.
 */
static uint32_t
spikes_of_zigzag(double zigzag, double off, double accuracy)
{
	uint32_t	i;

	steps = 0;
	for (i = 0; i < 40; i++)
		go(i % 2 * zigzag, i == 19 ? off : 0, i > 0 ? 20 : 0);
	for (i = 0; i < steps; i++)
		walk[i].accuracy_m = accuracy;
	finish(false);
	return track.spikes;
}

static void
test_spikes(void)
{
	uint32_t	i;

	walk_line(20, 9, 1, 56);
	ok(track.spikes == 0 && track.max_speed_kmh > 10, "what can just be walked to is no spike");
	walk_line(20, 9, 1, 57);
	ok(track.spikes == 1 && near(track.max_speed_kmh, 1.8, 1e-9), "a little farther is one");
	walk_line(20, 9, 3, 2000);
	ok(track.spikes == 3 && says("spikes: fixes that contradict the others left out: 3"),
	   "three wrong fixes are a spike");
	walk_line(20, 9, 6, 2000);
	ok(track.spikes == 6, "so are as many as a third of all");
	walk_line(20, 9, 7, 2000);
	ok(track.spikes == 0 && says("driven"), "more are a drive");
	walk_line(20, 0, 1, 2000);
	ok(track.spikes == 1 && track.fixes == 19 && track.first_time > 0, "the first may be wrong");
	walk_line(20, 0, 3, 2000);
	ok(track.spikes == 3 && track.first_time == 3 * 20000000LL, "or the first three");
	walk_line(20, 19, 1, 2000);
	ok(track.spikes == 1 && track.last_time == 18 * 20000000LL, "or the last");
	walk_line(20, 17, 3, 2000);
	ok(track.spikes == 3 && track.last_time == 16 * 20000000LL, "or the last three");
	walk_line(3, 1, 1, 2000);
	ok(track.spikes == 1 && track.fixes == 2, "the middle one of three");
	walk_line(3, 1, 2, 2000);
	walk_line(2, 1, 1, 2000);
	ok(track.spikes == 0, "of two nobody knows which");

	/* Every fix far from every other: a car. */
	steps = 0;
	for (i = 0; i < 20; i++)
		go(2000 * i, 0, i > 0 ? 20 : 0);
	finish(false);
	ok(track.spikes == 0 && track.fixes == 20, "where none fits the next, none is a spike");

	/* 150 m in 20 s, then a halt of a minute from which the way back is no leap. */
	steps = 0;
	for (i = 0; i < 20; i++)
		go(i < 10 ? 10 * i : i < 14 ? 240 : 240 + 10 * (i - 13), 0, i > 0 ? 20 : 0);
	finish(false);
	ok(track.spikes == 0 && near(track.max_speed_kmh, 27, 1e-9),
	   "a drive with a halt after it is no spike");

	/* 55.6 m, and 2 x 4; 2 x 5 where nothing is said; 5 x 1 m of zigzag. */
	ok(spikes_of_zigzag(40, 48, 4) == 0 && spikes_of_zigzag(40, 50, 4) == 1,
	   "what fixes say of themselves is believed");
	ok(spikes_of_zigzag(40, 51, -1) == 0 && spikes_of_zigzag(40, 53, -1) == 1,
	   "those that do not say may be wrong by 5 m");
	ok(spikes_of_zigzag(1, 60, 15) == 0 && spikes_of_zigzag(1, 61, 15) == 1,
	   "but not more than the walk itself jumps");
}

/* Round a square of 100 m, a fix a second. */
static void
walk_plainly(void)
{
	walk_square(100, 1.25, 0);
}

static void
test_troubles(void)
{
	uint32_t	i;

	/* As honest as it is wrong, and the receiver is back at once. */
	walk_plainly();
	walk[100].at.x += 19;
	walk[100].accuracy_m = 19;
	ok(finish(false) == TRACK_GOOD && track.spikes == 1, "one honest fix of 19 m is left out");

	/* Ten seconds, 15 m beside the plot. */
	walk_plainly();
	for (i = 100; i < 110; i++)
		walk[i].at.x += 15;
	ok(finish(false) == TRACK_GOOD && track.spikes == 10 && near(track.ring_area_m2, 10000, 1e-9),
	   "and a reflected signal");

	/* Frozen for 15 s on the way along the second side, then where it should be. */
	walk_plainly();
	for (i = 100; i < 115; i++)
		walk[i].at = walk[99].at;
	ok(finish(false) == TRACK_GOOD && track.spikes == 15 && near(track.ring_area_m2, 10000, 1e-9),
	   "a receiver that stood still and leapt was true at first only");
	walk_plainly();
	memmove(&walk[115], &walk[100], (steps - 100) * sizeof *walk);
	steps += 15;
	for (i = 100; i < steps; i++)
	{
		walk[i].time = walk[i - 1].time + 1000000;
		if (i < 115)
			walk[i].at = walk[99].at;
	}
	ok(finish(false) == TRACK_GOOD && track.spikes == 0, "one that stood still and went on was true");

	/* 10 s of silence, then 30 m off, and a metre and a half nearer each second. */
	walk_plainly();
	for (i = 120; i < 140; i++)
		walk[i].at.x += 30 - 1.5 * (i - 120);
	memmove(&walk[110], &walk[120], (steps - 120) * sizeof *walk);
	steps -= 10;
	finish(false);
	ok(verdict.quality == TRACK_GOOD && track.spikes > 0 && track.spikes < 20 &&
	   near(track.ring_area_m2, 10000, 0.05), "lost and found again, it is believed when it is near");

	/* Bicycles are faster than that over ten seconds, whatever the fixes say. */
	walk_plainly();
	for (i = 0; i < steps; i++)
	{
		walk[i].time /= 3;
		walk[i].accuracy_m = 20;
	}
	ok(finish(false) == TRACK_REFUSED && says("driven: at least 12.8 km/h"),
	   "inaccuracy is no excuse for speed beyond the walk's own jitter");
}

/* Against every pair of fixes at least ten seconds apart with none nearer between. */
static void
test_speed(void)
{
	bool		right = true;
	int			k;

	for (k = 0; k < 200; k++)
	{
		double		fastest = 0;
		uint32_t	i,
					j;

		steps = 0;
		for (i = 0; i < 60; i++)
			go_near(1.5, 1.5, 1.5, i == 0 ? 0 : k % 2 ? 1 + i * 7 % 15 : 1);
		for (i = 0; i < steps; i++)
			for (j = i + 1; j < steps; j++)
				if (walk[j].time - walk[i].time >= 10000000)
				{
					double		v = hypot(walk[j].at.x - walk[i].at.x, walk[j].at.y - walk[i].at.y) /
						((double) (walk[j].time - walk[i].time) / 1e6) * 3.6;

					fastest = v > fastest ? v : fastest;
					break;
				}
		finish(false);
		right = right && track.spikes == 0 && near(track.max_speed_kmh, fastest, 1e-12);
	}
	ok(right, "speed is over the next fix after ten seconds");
	steps = 0;
	go(0, 0, 0);
	go(3, 0, 2);
	go(3, 4, 2);
	finish(false);
	ok(near(track.max_speed_kmh, 3.6 * 5 / 4, 1e-15), "or over all of a shorter walk");
}

/*
 * Round a square of 100 m, but for a way 40 m south from the middle of its south
 * side, and back so many metres beside it. Either it is all gone, or all there.
 */
static double
area_with_spur(double apart, double stride)
{
	steps = 0;
	go(0, 0, 0);
	go_along(50, 0, stride, 0);
	go_along(50, -40, stride, 0);
	go(50 + apart, -40, 4);
	go_along(50 + apart, 0, stride, 0);
	go_along(100, 0, stride, 0);
	go_along(100, 100, stride, 0);
	go_along(0, 100, stride, 0);
	go_along(0, 0, stride, 0);
	trace();
	return track.ring_area_m2;
}

/* The same square from a house south of it, and back to beside the house. */
static double
area_from_house(double apart, double there, double back, double stride)
{
	steps = 0;
	go(50, -there, 0);
	go_along(50, 0, stride, 0);
	go_along(100, 0, stride, 0);
	go_along(100, 100, stride, 0);
	go_along(0, 100, stride, 0);
	go_along(0, 0, stride, 0);
	go_along(50 - apart, 0, stride, 0);
	go_along(50 - apart, -back, stride, 0);
	trace();
	return track.ring_area_m2;
}

static void
test_spurs(void)
{
	static const double stride[] = {1.25, 2.5, 5, 40};
	bool		gone = true;
	bool		there = true;
	int			i;
	double		apart;

	for (i = 0; i < 4; i++)
		for (apart = 0; apart < 4; apart += 0.1875)
		{
			double		spur = area_with_spur(apart, stride[i]) - 10000;
			double		house = area_from_house(apart, 40, 40, stride[i]) - 10000;
			double		longer = area_from_house(apart, 30, 40, stride[i]) - 10000;
			double		shorter = area_from_house(apart, 40, 30, stride[i]) - 10000;

			/* Where it leaves the plot, as much as a stride times its width. */
			if (apart <= 2)
				gone = gone && fabs(spur) <= 10 && fabs(house) <= 10 && fabs(longer) <= 10 &&
					fabs(shorter) <= 10 && track.doubled_back >= 40 / stride[i];
			else
				there = there && spur > 35 * apart && house > 35 * apart &&
					longer > 29 * apart && shorter > 29 * apart;
		}
	ok(gone, "a way there and back within 2 m goes, also from the house and home");
	ok(there, "one that is wider stays");
}

static void
test_turns(void)
{
	int			i;

	/* Of several points. */
	steps = 0;
	go(0, 0, 0);
	go_along(50, 0, 5, 0);
	go_along(50, -40, 5, 0);
	go_along(51.8, -40, 0.3, 0);
	go_along(51.8, 0, 5, 0);
	go_along(100, 0, 5, 0);
	go_along(100, 100, 5, 0);
	go_along(0, 100, 5, 0);
	go_along(0, 0, 5, 0);
	trace();
	ok(fabs(track.ring_area_m2 - 10000) <= 10, "a way back may begin with some points");

	/* (61 8) is beside the way from (60 10) and back on the plot: 300 + 9 + 156 m2 less. */
	for (i = 0; i < 2; i++)
	{
		steps = 0;
		go(0, 0, 0);
		go(60, 10, 60);
		if (i == 1)
			go(60, -20, 60);
		go(60, -40, 60);
		go(61, 8, 60);
		go(100, 0, 60);
		go(100, 100, 60);
		go(0, 100, 60);
		trace();
		ok(track.ring_area_m2 == 9535 && track.ring_points == 6 && track.doubled_back == (uint32_t) i + 1,
		   "of the way there, where it began stays");
	}

	steps = 0;
	go(0, 0, 0);
	go(50, 0.5, 60);
	go(100, 0, 60);
	trace();
	ok(track.ring_points == 0 && track.doubled_back == 3, "straight on and back is no plot");

	/* A turn of more than twice the width, and of more points than are looked at. */
	steps = 0;
	go(0, 0, 0);
	go_along(50, 0, 5, 0);
	go_along(50, -40, 5, 0);
	go_along(49.1, -46, 5, 0);
	go_along(51.9, -46, 5, 0);
	go_along(51, -40, 5, 0);
	go_along(51, 0, 5, 0);
	go_along(100, 0, 5, 0);
	go_along(100, 100, 5, 0);
	go_along(0, 100, 5, 0);
	go_along(0, 0, 5, 0);
	trace();
	ok(track.ring_area_m2 > 10050, "nor does one with room to turn at its end");
}

static void
test_detours(void)
{
	int			lost;
	int			ways;
	int			i;

	steps = 0;
	go(0, 0, 0);
	go_along(60, 0, 5, 0);
	go_along(60, -40, 5, 0.4);	/* to the well and back */
	go_along(60, 0, 5, 0.4);
	go_along(100, 0, 5, 0);
	go_along(100, 70, 5, 0);
	go_along(100, 40, 5, 0.4);	/* something forgotten */
	go_along(100, 100, 5, 0.4);
	go_along(0, 100, 5, 0);
	go_along(0, 0, 5, 0);
	ok(finish(false) != TRACK_REFUSED && near(track.ring_area_m2, 10000, 0.005) &&
	   says("doubled_back"), "a way there and back encloses nothing");

	steps = 0;
	go(-30, -30, 0);
	go_along(0, 0, 5, 0);
	go_along(100, 0, 5, 0);
	go_along(100, 100, 5, 0);
	go_along(0, 100, 5, 0);
	go_along(0, 0, 5, 0);
	go_along(-30, -30, 5, 0);
	ok(finish(false) == TRACK_GOOD && near(track.ring_area_m2, 10000, 1e-9),
	   "the way from the house and home again is not part of the plot");

	walk_square(100, 5, 0);
	go_along(10, 0, 5, 0);
	ok(finish(false) != TRACK_REFUSED && near(track.ring_area_m2, 10000, 1e-9),
	   "walked on past the start");

	walk_square(100, 5, 0);
	walk[30].at.x += 400;
	walk[50].at.y -= 300;
	walk[51].at.y -= 300;
	ok(finish(false) == TRACK_GOOD && track.spikes == 3 && track.spikes == 3 &&
	   near(track.ring_area_m2, 10000, 0.01) && track.max_speed_kmh < 10, "spikes go");

	walk_square(100, 5, 0);
	walk[0].at.x -= 500;
	walk[steps - 1].at.x -= 700;
	ok(finish(false) == TRACK_GOOD && track.spikes == 2 && track.closure_m < 15,
	   "spikes at start and end go");

	/* As receivers see it: the two ways cross and cross, and enclose slivers. */
	for (lost = ways = 0, i = 0; i < 20; i++)
	{
		steps = 0;
		go(-70, -70, 0);
		go_along(0, 0, 2.5, 2);
		go_along(100, 0, 2.5, 2);
		go_along(100, 100, 2.5, 2);
		go_along(0, 100, 2.5, 2);
		go_along(0, 0, 2.5, 2);
		go_along(-70, -70, 2.5, 2);
		lost += finish(false) == TRACK_REFUSED || !near(track.ring_area_m2, 10000, 0.03);
		ways += track.ways > 60;
	}
	ok(lost == 0 && ways == 20, "so it is with two metres of noise");

	/*
	 * Half an hour's rest, while the receiver wanders about. What is left of it is
	 * off by 2.1 m, between neighbours at 5 m before and after and 4.5 m of way.
	 */
	walk_square(100, 5, 0);
	steps = 30;
	for (i = 0; i < 1800; i++)
		go_near(100, 50, 1.5, i == 0 ? 4 : 1);
	go_along(100, 100, 5, 0);
	go_along(0, 100, 5, 0);
	go_along(0, 0, 5, 0);
	ok(finish(false) == TRACK_GOOD && near(track.ring_area_m2, 10000, 2.1 * 14.5 / 10000) &&
	   track.doubled_back + track.ways > 1700, "a rest leaves no trace");
}

static void
test_crossings(void)
{
	/* A loop before the plot, one after it, and the plot is what is largest. */
	steps = 0;
	go(-40, 0, 0);
	go_along(-40, 8, 4, 0);
	go_along(-48, 8, 4, 0);
	go_along(-48, 4, 4, 0);
	go_along(-20, 4, 4, 0);
	go_along(-20, 0, 4, 0);
	go_along(100, 0, 4, 0);
	go_along(100, 100, 4, 0);
	go_along(0, 100, 4, 0);
	go_along(0, -8, 4, 0);
	go_along(-8, -8, 4, 0);
	go_along(-8, 0, 4, 0);
	go_along(-40, 0, 4, 0);
	trace();
	ok(track.ring_area_m2 == 10000 && track.loops == 3 &&
	   near(track.loop_area_m2, 8 * 4 + 20 * 4 + 8 * 8, 1e-12), "of several loops the largest stays");

	/* Round a tree: one loop of 4 x 4 beside the way. */
	steps = 0;
	go(0, 0, 0);
	go_along(52, 0, 4, 0);
	go_along(52, -4, 4, 0);
	go_along(48, -4, 4, 0);
	go_along(48, 4, 4, 0);
	go_along(100, 4, 4, 0);
	go_along(100, 100, 4, 0);
	go_along(0, 100, 4, 0);
	go_along(0, 0, 4, 0);
	trace();
	ok(track.loops == 1 && track.loop_area_m2 == 16 &&
	   track.ring_area_m2 == 10000 - 52 * 4, "a small loop is cut off");
}

/* The square begun or ended at a gate; the way bends, and back it is 4 m beside. */
static double
area_with_gate(bool from, bool back, double noise)
{
	steps = 0;
	go(from ? -60 : 0, from ? -30 : 0, 0);
	if (from)
	{
		go_along(-25, -20, 1.25, noise);
		go_along(0, 0, 1.25, noise);
	}
	go_along(100, 0, 1.25, noise);
	go_along(100, 100, 1.25, noise);
	go_along(0, 100, 1.25, noise);
	go_along(0, 0, 1.25, noise);
	if (back)
	{
		go_along(-25, -16, 1.25, noise);
		go_along(-60, -26, 1.25, noise);
	}
	finish(false);
	return track.ring_area_m2;
}

static void
test_ways(void)
{
	double		noise;
	bool		right = true;

	for (noise = 0; noise < 1; noise += 0.3)
	{
		right = right && near(area_with_gate(true, false, noise), 10000, 0.01) &&
			verdict.quality == TRACK_GOOD && track.ways >= 40;
		right = right && near(area_with_gate(false, true, noise), 10000, 0.01) &&
			verdict.quality == TRACK_GOOD && track.ways >= 40;
		right = right && near(area_with_gate(true, true, noise), 10000, 0.01) &&
			verdict.quality == TRACK_GOOD && track.ways >= 80;
		right = right && near(area_with_gate(false, false, noise), 10000, 0.01) &&
			verdict.quality == TRACK_GOOD && (noise > 0 || track.ways == 0);
	}
	ok(right, "ways from the gate and to it are cut off, and nothing else");

	/* A finger of the plot, 12 m wide, and one of 3, which the accuracy hides. */
	steps = 0;
	go(0, 0, 0);
	go_along(44, 0, 1.25, 0);
	go_along(44, -40, 1.25, 0);
	go_along(56, -40, 1.25, 0);
	go_along(56, 0, 1.25, 0);
	go_along(100, 0, 1.25, 0);
	go_along(100, 100, 1.25, 0);
	go_along(0, 100, 1.25, 0);
	go_along(0, 0, 1.25, 0);
	ok(finish(false) == TRACK_GOOD && near(track.ring_area_m2, 10480, 0.001) && track.ways == 0,
	   "a finger of 12 m is part of the plot");
	steps = 0;
	go(0, 0, 0);
	go_along(44, 0, 1.25, 0);
	go_along(44, -40, 1.25, 0);
	go_along(47, -40, 1.25, 0);
	go_along(47, 0, 1.25, 0);
	go_along(100, 0, 1.25, 0);
	go_along(100, 100, 1.25, 0);
	go_along(0, 100, 1.25, 0);
	go_along(0, 0, 1.25, 0);
	ok(finish(false) == TRACK_GOOD && near(track.ring_area_m2, 10000, 0.002) && track.ways > 50,
	   "one that is as narrow as the fixes are inaccurate is a way");
}

/* Two squares of 60 m and a way between them. */
static void
walk_two_plots(double width)
{
	steps = 0;
	go(0, 0, 0);
	go_along(60, 0, 1.25, 0);
	go_along(60, 20, 1.25, 0);
	go_along(90, 20, 1.25, 0);
	go_along(90, 0, 1.25, 0);
	go_along(150, 0, 1.25, 0);
	go_along(150, 60, 1.25, 0);
	go_along(90, 60, 1.25, 0);
	go_along(90, 20 + width, 1.25, 0);
	go_along(60, 20 + width, 1.25, 0);
	go_along(60, 60, 1.25, 0);
	go_along(0, 60, 1.25, 0);
	go_along(0, 0, 1.25, 0);
	finish(false);
}

static void
test_necks(void)
{
	/* 2.5 times 3 m of accuracy are less than 8 m. */
	walk_two_plots(4);
	ok(verdict.quality == TRACK_REFUSED && verdict.reasons >= 1 && near(track.neck_m, 4, 0.2) &&
	   near(track.neck_area_m2, 3660, 0.03) && says("two_plots: "), "a way of 4 m joins two plots");
	walk_two_plots(7);
	ok(says("two_plots: "), "so does one of 7 m");
	walk_two_plots(9);
	ok(!says("two_plots: ") && near(track.ring_area_m2, 7470, 0.001), "one of 9 m makes one plot of them");

	/* Narrow all along, it is no two. */
	steps = 0;
	go(0, 0, 0);
	go_along(100, 0, 1.25, 0);
	go_along(100, 7, 1.25, 0);
	go_along(0, 7, 1.25, 0);
	go_along(0, 0, 1.25, 0);
	ok(finish(false) == TRACK_REFUSED && !says("two_plots: ") && says("imprecise: "),
	   "a strip of 7 x 100 m is no two plots, but not known well enough");
}

/* All pairs of fixes, not one pass. */
static double
variance_of_pairs(uint32_t n, double white)
{
	double		variance = 0;
	uint32_t	i,
				j;

	for (i = 0; i < n; i++)
		for (j = 0; j < n; j++)
		{
			Vertex		before_i = walk[(i + n - 1) % n].at,
						after_i = walk[(i + 1) % n].at;
			Vertex		before_j = walk[(j + n - 1) % n].at,
						after_j = walk[(j + 1) % n].at;
			double		product = ((after_i.x - before_i.x) * (after_j.x - before_j.x) +
								   (after_i.y - before_i.y) * (after_j.y - before_j.y)) / 4;
			double		error_i = 0.66 * walk[i].accuracy_m;
			double		error_j = 0.66 * walk[j].accuracy_m;
			double		apart = fabs((double) (walk[i].time - walk[j].time)) / 1e6;
			double		drift = sqrt((error_i * error_i - white * white) * (error_j * error_j - white * white));

			variance += product * (drift * exp(-apart / 100) + (i == j) * white * white);
		}
	return variance;
}

static void
test_error(void)
{
	bool		right = true;
	double		closed;
	uint32_t	i;
	int			k;

	for (k = 0; k < 50; k++)
	{
		double		side = uniform(60, 200);

		walk_square(side, uniform(1, 6), 0.3);
		for (i = 0; i < steps; i++)
			walk[i].accuracy_m = uniform(3, 6);
		finish(false);
		closed = track.closure_m * track.closure_m / 4;
		right = right && track.ways == 0 && track.spikes == 0 && track.silence_se_m2 == 0 &&
			near(track.area_se_m2 * track.area_se_m2,
				 variance_of_pairs(track.fixes, track.jitter_m / 1.442) + closed * closed, 1e-9);
	}
	ok(right, "the error is that of the sum over all pairs of fixes");

	/* 80 fixes round the second corner, 50 m before it and after: 0.5 x 50 x 50 m2 unseen. */
	walk_plainly();
	memmove(&walk[120], &walk[200], (steps - 200) * sizeof *walk);
	steps -= 80;
	finish(false);
	ok(near(track.silence_se_m2, 1250, 0.05) && near(track.silence_s, 81, 0.001) &&
	   near(track.silence_m, 71.6, 0.01) && near(10000 - track.ring_area_m2, 1281, 0.01),
	   "a silence at a corner may hide what it does hide");
	ok(verdict.quality == TRACK_REFUSED && says("silence: no fix for 81 s over 72 m"), "and is refused");

	/* 56 of them on a straight side hide nothing. */
	walk_plainly();
	memmove(&walk[90], &walk[146], (steps - 146) * sizeof *walk);
	steps -= 56;
	ok(finish(false) == TRACK_GOOD && track.silence_se_m2 < 1 && track.silence_s <= 57.001,
	   "a silence on a straight side hides nothing");

	/* A rest of ten minutes with the phone asleep. */
	walk_plainly();
	for (i = 100; i < steps; i++)
		walk[i].time += 600000000;
	ok(finish(false) == TRACK_GOOD && track.silence_se_m2 == 0, "nor does a rest");
}

static void
test_refusals(void)
{
	int			i;

	walk_square(100, 5, 0);
	for (i = 0; i < (int) steps; i++)
		walk[i].time /= 6;
	ok(finish(false) == TRACK_REFUSED && says("driven: at least 26.3 km/h, at most 10.0 is walked; walk the boundary on foot") && verdict.reasons <= 2, "driven");

	walk_square(100, 5, 0);
	steps -= 10;
	ok(finish(false) == TRACK_REFUSED && says("not_closed: 50.0 m"), "not closed");

	walk_square(6, 2, 0);
	ok(finish(false) == TRACK_REFUSED && says("too_small: "), "too small");

	steps = 0;
	go(0, 0, 0);
	go_along(100, 100, 5, 0);
	go_along(100, 0, 5, 0);
	go_along(0, 100, 5, 0);
	go_along(0, 0, 5, 0);
	ok(finish(false) == TRACK_REFUSED && says("self_crossing"), "a figure of eight");

	walk_square(100, 5, 1);
	go_along(100, 0, 5, 1);
	go_along(100, 100, 5, 1);
	go_along(0, 100, 5, 1);
	go_along(0, 0, 5, 1);
	ok(finish(false) == TRACK_REFUSED && says("self_crossing"), "twice round");

	steps = 0;
	go(0, 0, 0);
	go_along(200, 0, 5, 0);
	go_along(0, 0, 5, 0);
	ok(finish(false) == TRACK_REFUSED && track.ring_points == 0 && says("too_small"),
	   "there and back along a road");

	steps = 0;
	ok(finish(false) == TRACK_REFUSED && says("too_few_fixes: 0") && track.closure_m < 0, "no fix");
	go(1, 1, 0);
	ok(finish(false) == TRACK_REFUSED && says("too_few_fixes: 1"), "one fix");
	go(2, 1, 0);
	go(3, 1, 0);
	go(4, 1, 0);
	ok(finish(false) == TRACK_REFUSED && track.fixes == 1 && track.same_time == 3,
	   "fixes of one instant count once");
}

static TrackQuality
judged(PlotTrack changed, double area_m2)
{
	plot_track_judge(&changed, &left_out, &standard, area_m2, &verdict);
	return verdict.quality;
}

static void
test_grades(void)
{
	static const TrackRefuse none = {0, 0};
	PlotTrack	good = {.fixes = 90, .ring_area_m2 = 10000, .ring_points = 80, .closure_m = 12.5,
	.mean_accuracy_m = 10, .max_speed_kmh = 30, .surely_kmh = 10, .loop_area_m2 = 100, .neck_m = -1,
	.area_se_m2 = 2.25, .fixes_se_m2 = 2.25};
	PlotTrack	t;

	left_out = none;
	ok(judged(good, 50) == TRACK_GOOD && verdict.reasons == 0, "at every limit still good");

	t = good;
	t.fixes = 4;
	ok(judged(t, 50) == TRACK_GOOD, "of as many fixes as it takes");
	t.fixes = 3;
	ok(judged(t, 50) == TRACK_REFUSED && says("too_few_fixes: 3 left, at least 4 needed") &&
	   verdict.reasons == 1, "of one less");
	t = good;
	t.surely_kmh = 10.1;
	ok(judged(t, 50) == TRACK_REFUSED && says("driven: at least 10.1 km/h, at most 10.0") &&
	   verdict.reasons == 1, "faster");
	t = good;
	ok(judged(t, 49.9) == TRACK_REFUSED && says("too_small: 49.9 m2, at least 50.0") &&
	   verdict.reasons == 1, "smaller");
	t.ring_points = 0;
	ok(judged(t, 50) == TRACK_REFUSED && says("too_small"), "without a ring");

	t = good;
	t.closure_m = 12.6;
	ok(judged(t, 50) == TRACK_USABLE && says("closure: 12.6 m from the start to the end, best below 12.5") &&
	   verdict.reasons == 1, "closed within the limit, not half of it");
	t.closure_m = 25;
	ok(judged(t, 50) == TRACK_USABLE && says("closure: 25.0"), "just within it");
	t.closure_m = 25.1;
	ok(judged(t, 50) == TRACK_REFUSED && says("not_closed: 25.1 m from the start to the end, at most 25.0") &&
	   verdict.reasons == 1, "beyond it");

	t = good;
	t.loop_area_m2 = 101;
	ok(judged(t, 50) == TRACK_USABLE && verdict.reasons == 1 &&
	   says("crossing: loops of 101.0 m2 beside a ring of 10000.0 m2"), "loops over a hundredth of the plot");
	t.loop_area_m2 = 500;
	ok(judged(t, 50) == TRACK_USABLE, "up to a twentieth");
	t.loop_area_m2 = 501;
	ok(judged(t, 50) == TRACK_REFUSED &&
	   says("self_crossing: loops of 501.0 m2 beside a ring of 10000.0 m2"), "and over it");

	t = good;
	t.mean_accuracy_m = 10.1;
	ok(judged(t, 50) == TRACK_USABLE && says("accuracy: 10.1 m in the mean, best below 10.0"),
	   "less accurate in the mean than half the limit");

	/* Of 50 m2, 9 % are 4.5, and half of that is good. */
	t = good;
	t.area_se_m2 = 2.26;
	ok(judged(t, 50) == TRACK_USABLE && verdict.reasons == 1 &&
	   says("error: the standard error of the area is 2.3 m2, 4.5 % of it, best below 4.5 %"),
	   "an error over half the limit");
	t.area_se_m2 = 4.5;
	ok(judged(t, 50) == TRACK_USABLE, "up to the limit");
	t.area_se_m2 = t.fixes_se_m2 = 4.51;
	ok(judged(t, 50) == TRACK_REFUSED && verdict.reasons == 1 &&
	   says("imprecise: the standard error of the area is 4.5 m2, 9.0 % of it, at most 9.0 %"), "over it");
	t.fixes_se_m2 = 3;
	t.silence_se_m2 = 3.4;
	t.silence_s = 61;
	t.silence_m = 44;
	ok(judged(t, 50) == TRACK_REFUSED && verdict.reasons == 1 &&
	   says("silence: no fix for 61 s over 44 m, a corner may be missing"), "more of it unseen than wrong");
	t = good;
	t.neck_m = 4;
	t.neck_area_m2 = 49;
	ok(judged(t, 50) == TRACK_GOOD, "a part too small to be a plot");
	t.neck_area_m2 = 50;
	ok(judged(t, 50) == TRACK_REFUSED && verdict.reasons == 1 &&
	   says("two_plots: a part of 50 m2 hangs on a way that is 4.0 m wide"), "one that is not");
	t.closure_m = 26;
	ok(judged(t, 50) == TRACK_REFUSED && verdict.reasons == 1 && says("not_closed"),
	   "of what is no outline nothing more is said");
}

static void
test_losses(void)
{
	static const TrackRefuse none = {0, 0};
	PlotTrack	good = {.fixes = 90, .ring_area_m2 = 10000, .ring_points = 80, .loop_area_m2 = 100, .neck_m = -1};
	PlotTrack	t = good;

	t.spikes = 4;
	left_out.inaccurate = 6;
	ok(judged(t, 50) == TRACK_GOOD && verdict.reasons == 2 && says("spikes: fixes that contradict the others left out: 4") &&
	   says("inaccurate: fixes worse than 20.0 m left out: 6"), "a tenth of fixes lost");
	t.spikes = 5;
	ok(judged(t, 50) == TRACK_USABLE, "one more spike");
	t.spikes = 4;
	left_out.inaccurate = 7;
	ok(judged(t, 50) == TRACK_USABLE, "one more inaccurate");

	left_out = none;
	left_out.unknown = 1000;
	t = good;
	t.same_time = 1000;
	t.doubled_back = 1000;
	t.loops = 1000;
	t.ways = 1000;
	ok(judged(t, 50) == TRACK_GOOD && verdict.reasons == 5 &&
	   says("unknown: rows without a fix or a time left out: 1000") &&
	   says("same_time: fixes at the instant of another fix left out: 1000") &&
	   says("ways: fixes on ways to the plot, from it or beside it left out: 1000") &&
	   says("doubled_back: points on ways there and back left out: 1000") &&
	   says("loops: cut off 1000 of 100.0 m2 in all"), "the rest is only said");

	/* Everything at once fits. */
	t.fixes = 90;
	t.spikes = 90;
	t.surely_kmh = t.closure_m = t.mean_accuracy_m = t.loop_area_m2 = 1e300;
	t.closure_m = 1e300;
	left_out.inaccurate = INT64_MAX;
	ok(judged(t, 0) == TRACK_REFUSED && verdict.reasons == 12 && says("loops: cut off 1000 of 1000"),
	   "however many reasons, however long");
	left_out = none;
}

static void
shuffle(void)
{
	uint32_t	i;

	for (i = steps; i > 1; i--)
	{
		uint32_t	j = (uint32_t) uniform(0, i);
		TrackFix	fix = walk[i - 1];

		walk[i - 1] = walk[j];
		walk[j] = fix;
	}
}

static uint64_t
digest_ring(uint64_t digest)
{
	uint32_t	i;

	for (i = 0; i < track.ring_points; i++)
	{
		uint64_t	bits[2];

		memcpy(bits, &ring[i], sizeof bits);
		digest = (digest * UINT64_C(6364136223846793005) + bits[0]) * 31 + bits[1];
	}
	return digest + track.fixes;
}

/*
 * Loops cut without boxes, and with all pieces kept: leaves the largest in v, and
 * its points; adds to the number and area of the others. Of equal ones the last
 * stays, else the first.
 */
static uint32_t
cut_plainly(Vertex *v, uint32_t n, uint32_t *loops, double *area, bool *any)
{
	static Vertex path[MOST + 1],
				ahead[MOST + 1],
				largest[MOST + 1];
	uint32_t	done = 1;
	uint32_t	left = 0;
	uint32_t	kept = 0;
	double		most = -1;
	bool		closed = false;
	uint32_t	i;

	*any = false;
	for (i = n; i-- > 1;)
		ahead[left++] = v[i];
	path[0] = v[0];
	while (!closed)
	{
		Vertex		to = left > 0 ? ahead[left - 1] : path[0];
		Vertex		point = to;
		Vertex		p;
		int64_t		from = -1;
		double		piece;

		for (i = left == 0; i + 2 < done; i++)
			if (meet(path[i], path[i + 1], path[done - 1], to, &p))
			{
				from = i + 1;
				point = p;
			}
		closed = from < 0 && left == 0;
		if (from < 0 && !closed)
		{
			path[done++] = to;
			left--;
			continue;
		}
		if (closed)
			from = 0;
		piece = enclosed_area(metres, closed ? path[0] : point, path + from, done - from);
		*loops += piece > 0;
		*area += piece;
		if (piece > most || (closed && piece == most))
		{
			most = piece;
			kept = 0;
			if (!closed)
				largest[kept++] = point;
			for (i = from; i < done; i++)
				largest[kept++] = path[i];
		}
		if (!closed)
		{
			*any = true;
			done = from;
			ahead[left++] = point;
		}
	}
	*loops -= most > 0;
	*area -= most;
	memcpy(v, largest, kept * sizeof *v);
	return kept;
}

/* The outline again, from the fixes that were left. */
static bool
same_plainly(void)
{
	static Vertex v[MOST + 1];
	uint32_t	n = track.fixes;
	uint32_t	loops = 0;
	double		area = 0;
	bool		any = true;
	uint32_t	i;

	for (i = 0; i < n; i++)
		v[i] = walk[i].at;
	while (any && (n = drop_doubled_back(v, n, metres, standard.spur_width_m)) > 0)
		n = cut_plainly(v, n, &loops, &area, &any);
	return n == track.ring_points && memcmp(v, ring, n * sizeof *v) == 0 && loops == track.loops &&
		fabs(area - track.loop_area_m2) <= 1e-9 * area;
}

static void
test_loops(void)
{
	bool		same = true;
	uint32_t	loops = 0;
	int			k;

	for (k = 0; k < 300; k++)
	{
		int			n = 30 + k;
		int			i;

		/* To and fro between far places, or round and round. */
		steps = 0;
		for (i = 0; i < n; i++)
			if (k % 3 == 0)
				go_near(50, 50, 50, 100);
			else if (k % 3 == 1)
			{
				Vertex		v = on_grid(0, 20);

				go(v.x, v.y, 100);
			}
			else
				go((90 - i / 9.0) * agr_cos(i * 0.3), (90 + i / 9.0) * agr_sin(i * 0.3), 100);
		trace();
		loops += track.loops;
		same = same && same_plainly();
	}
	ok(same && loops > 3000, "loops are cut as without boxes");
}

static void
test_random_walks(void)
{
	static TrackFix kept[MOST];
	uint64_t	digest = 0;
	bool		simple = true;
	bool		same = true;
	int			repaired = 0;
	int			i,
				k;

	for (k = 0; k < 400; k++)
	{
		bool		grid = k % 2;
		bool		degrees = k % 4 >= 2;
		double		side = uniform(20, 80);
		double		stride = uniform(1, 6);
		uint64_t	first;
		uint32_t	n;

		/* Ways that are left out would have crossed often. */
		limits = k % 3 ? &every_way : &standard;
		walk_square(side, stride, uniform(0, 6));
		for (i = 0; i < (int) steps; i++)
		{
			/* On a grid of metres nearly every case is degenerate. */
			if (grid)
			{
				walk[i].at.x = (int) (walk[i].at.x + 100) - 100;
				walk[i].at.y = (int) (walk[i].at.y + 100) - 100;
			}
			if (degrees)
			{
				walk[i].at.x = 100 + walk[i].at.x / 65536;
				walk[i].at.y = 40 + walk[i].at.y / 65536;
			}
			if (uniform(0, 1) < 0.1 && i > 0)
				walk[i].time = walk[i - 1].time;
		}
		n = steps;
		memcpy(kept, walk, sizeof kept);
		finish(degrees);
		first = digest_ring(0);
		ring[track.ring_points] = ring[0];
		simple = simple && (track.ring_points == 0 || ring_is_simple());
		repaired += track.loops > 0;
		digest = digest * 31 + first;

		memcpy(walk, kept, sizeof kept);
		steps = n;
		shuffle();
		finish(degrees);
		same = same && digest_ring(0) == first;
	}
	ok(simple, "400 noisy walks: no ring meets itself");
	limits = &standard;
	ok(repaired > 40, "and many would have");
	ok(same, "400 noisy walks: the order of fixes changes no bit");
	printf("# digest %016llx\n", (unsigned long long) digest);
}

int
main(void)
{
	test_parts();
	test_clean_walks();
	test_places();
	test_instants();
	test_spikes();
	test_troubles();
	test_speed();
	test_spurs();
	test_turns();
	test_detours();
	test_crossings();
	test_ways();
	test_necks();
	test_error();
	test_refusals();
	test_grades();
	test_losses();
	test_loops();
	test_random_walks();
	return done_testing();
}
