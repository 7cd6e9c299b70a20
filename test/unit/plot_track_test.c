/*
 * plot_track_test.c
 *		Walks whose outcome is known by how they were made, each rule from both
 *		sides of its limit, and random walks that must give a ring that never meets
 *		itself, whatever the order of the fixes.
 */
/* With what is inside: whether segments meet, and ways turn back. */
#include "land/plot_track_math.c"
#include "tap.h"

#define MOST 2000

static const TrackLimits standard = {20, 10, 15, 50, 4, 2};
static TrackRefuse left_out;

static TrackFix walk[MOST];
static uint32_t steps;
static Vertex ring[MOST + 1];
static Extent block[MOST / TRACK_BLOCK + 1];
static Vertex loop[MOST];
static TrackMemory memory = {ring, loop, block, NULL};
static PlotTrack track;
static TrackVerdict verdict;

static void
go(double x, double y, double after_seconds)
{
	int64_t		before = steps > 0 ? walk[steps - 1].time : 0;
	TrackFix	fix = {{x, y}, before + (int64_t) (after_seconds * 1e6), 3};

	walk[steps++] = fix;
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
	{
		Place		off = place_within(-noise, noise, -noise, noise);

		go(from.x + (x - from.x) * i / n + off.x,
		   from.y + (y - from.y) * i / n + off.y, length / n / 1.25);
	}
}

static TrackQuality
finish(bool degrees)
{
	plot_track_outline(walk, steps, &standard, degrees, &memory, &track);
	plot_track_judge(&track, &left_out, &standard, track.ring_area_m2, &verdict);
	return verdict.quality;
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
		Vertex		a = {(double) below(3), (double) below(3)};
		Vertex		b = {far + (double) below(3), far + (double) below(3)};
		Vertex		c = {(double) below(3), (double) below(3)};
		Vertex		d = {far + (double) below(3), far + (double) below(3)};
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
	   says("doubled_back: 1 points") && track.ring_points == 80, "a square of 100 m is 10000 m2");

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
 * A fix every 20 s at one place, where 61.6 m may be walked to and from: 10 km/h,
 * and 2 x 3 m of inaccuracy. How many are spikes when one is off by so much?
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
	ok(spikes_of_one(true, 0, 61, 0) == 0 && spikes_of_one(true, 0, 62, 0) == 1 &&
	   spikes_of_one(true, 0, 0, 61) == 0 && spikes_of_one(true, 0, 0, 62) == 1,
	   "spikes at the equator");
	ok(spikes_of_one(true, 80, 61, 0) == 0 && spikes_of_one(true, 80, 62, 0) == 1 &&
	   spikes_of_one(true, 80, 0, 61) == 0 && spikes_of_one(true, 80, 0, 62) == 1,
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
	go(0, -12, 0);
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
 * much: at 10 km/h, 20 s, and 2 x 3 m of inaccuracy, 61.6 m are walked.
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

/* The same of one that is as inaccurate as that: 58.6 m and its accuracy. */
static uint32_t
spikes_of_inaccurate(double y, double accuracy)
{
	uint32_t	i;

	steps = 0;
	for (i = 0; i < 20; i++)
		go(0, i == 9 ? y : 0, i > 0 ? 20 : 0);
	walk[9].accuracy_m = accuracy;
	finish(false);
	return track.spikes;
}

static void
test_spikes(void)
{
	uint32_t	i;

	walk_line(20, 9, 1, 60);
	ok(track.spikes == 0 && track.max_speed_kmh > 10, "what can just be walked to is no spike");
	walk_line(20, 9, 1, 62);
	ok(track.spikes == 1 && near(track.max_speed_kmh, 1.8, 1e-9), "a little farther is one");
	walk_line(20, 9, 3, 2000);
	ok(track.spikes == 3 && says("spikes: 3 fixes"), "three wrong fixes are a spike");
	walk_line(20, 9, 4, 2000);
	ok(track.spikes == 0 && says("driven"), "four are a drive");
	walk_line(20, 0, 1, 2000);
	ok(track.spikes == 1 && track.fixes == 19 && track.first_time > 0, "the first may be wrong");
	walk_line(20, 0, 2, 2000);
	ok(track.spikes == 0, "but not the first two");
	walk_line(20, 19, 1, 2000);
	ok(track.spikes == 1 && track.last_time == 18 * 20000000LL, "or the last");
	walk_line(20, 18, 2, 2000);
	ok(track.spikes == 0, "but not the last two");
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

	/* What a fix says of itself is believed; what it does not say is 5 m. */
	ok(spikes_of_inaccurate(131, 73) == 0 && spikes_of_inaccurate(132, 73) == 1,
	   "a fix that says how wrong it is may be so");
	ok(spikes_of_inaccurate(63, -1) == 0 && spikes_of_inaccurate(64, -1) == 1,
	   "one that does not say may be wrong by 5 m");
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
		{
			double		after = i == 0 ? 0 : k % 2 ? (double) below(15) + 1 : 1;
			Place		at = place_within(0, 3, 0, 3);

			go(at.x, at.y, after);
		}
		finish(false);
		for (i = 0; i < steps; i++)
			for (j = i + 1; j < steps; j++)
				if (walk[j].time - walk[i].time >= 10000000)
				{
					double		v = hypot(walk[j].at.x - walk[i].at.x, walk[j].at.y - walk[i].at.y) /
						((double) (walk[j].time - walk[i].time) / 1e6) * 3.6;

					fastest = v > fastest ? v : fastest;
					break;
				}
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
	finish(false);
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
	finish(false);
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
	finish(false);
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
		finish(false);
		ok(track.ring_area_m2 == 9535 && track.ring_points == 6 && track.doubled_back == (uint32_t) i + 1,
		   "of the way there, where it began stays");
	}

	steps = 0;
	go(0, 0, 0);
	go(50, 0.5, 60);
	go(100, 0, 60);
	finish(false);
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
	finish(false);
	ok(track.ring_area_m2 > 10050, "nor does one with room to turn at its end");
}

static void
test_detours(void)
{
	int			lost;
	int			loops;
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
	ok(finish(false) == TRACK_GOOD && track.spikes == 3 && says("spikes: 3") &&
	   near(track.ring_area_m2, 10000, 0.01) && track.max_speed_kmh < 10, "spikes go");

	walk_square(100, 5, 0);
	walk[0].at.x -= 500;
	walk[steps - 1].at.x -= 700;
	ok(finish(false) == TRACK_GOOD && track.spikes == 2 && track.closure_m < 15,
	   "spikes at start and end go");

	/* As receivers see it: the two ways cross and cross, and enclose slivers. */
	for (lost = loops = 0, i = 0; i < 20; i++)
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
		loops += track.loops;
	}
	ok(lost == 0 && loops > 100, "so it is with two metres of noise");

	/* Half an hour's rest, while the receiver wanders about. */
	walk_square(100, 5, 0);
	steps = 30;
	for (i = 0; i < 1800; i++)
	{
		Place		at = place_within(98.5, 101.5, 48.5, 51.5);

		go(at.x, at.y, i == 0 ? 4 : 1);
	}
	go_along(100, 100, 5, 0);
	go_along(0, 100, 5, 0);
	go_along(0, 0, 5, 0);
	ok(finish(false) == TRACK_GOOD && near(track.ring_area_m2, 10000, 0.002) &&
	   track.doubled_back > 1700, "a rest leaves no trace");
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
	finish(false);
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
	ok(finish(false) == TRACK_GOOD && track.loops == 1 && track.loop_area_m2 == 16 &&
	   track.ring_area_m2 == 10000 - 52 * 4, "a small loop is cut off");
}

static void
test_refusals(void)
{
	int			i;

	walk_square(100, 5, 0);
	for (i = 0; i < (int) steps; i++)
		walk[i].time /= 6;
	ok(finish(false) == TRACK_REFUSED && says("driven: 27.0 km/h") && verdict.reasons <= 2, "driven");

	walk_square(100, 5, 0);
	steps -= 10;
	ok(finish(false) == TRACK_REFUSED && says("not_closed: 50.0 m"), "not closed");

	walk_square(6, 2, 0);
	ok(finish(false) == TRACK_REFUSED && says("too_small: 36.0 m2"), "too small");

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
	PlotTrack	good = {.fixes = 90, .ring_area_m2 = 10000, .ring_points = 80, .closure_m = 7.5,
	.mean_accuracy_m = 10, .max_speed_kmh = 10, .loop_area_m2 = 100};
	PlotTrack	t;

	left_out = none;
	ok(judged(good, 50) == TRACK_GOOD && verdict.reasons == 0, "at every limit still good");

	t = good;
	t.fixes = 4;
	ok(judged(t, 50) == TRACK_GOOD, "of as many fixes as it takes");
	t.fixes = 3;
	ok(judged(t, 50) == TRACK_REFUSED && says("too_few_fixes: 3, at least 4") &&
	   verdict.reasons == 1, "of one less");
	t = good;
	t.max_speed_kmh = 10.1;
	ok(judged(t, 50) == TRACK_REFUSED && says("driven: 10.1 km/h, at most 10.0") &&
	   verdict.reasons == 1, "faster");
	t = good;
	ok(judged(t, 49.9) == TRACK_REFUSED && says("too_small: 49.9 m2, at least 50.0") &&
	   verdict.reasons == 1, "smaller");
	t.ring_points = 0;
	ok(judged(t, 50) == TRACK_REFUSED && says("too_small"), "without a ring");

	t = good;
	t.closure_m = 7.6;
	ok(judged(t, 50) == TRACK_USABLE && says("closure: 7.6 m from start to end, best below 7.5") &&
	   verdict.reasons == 1, "closed within the limit, not half of it");
	t.closure_m = 15;
	ok(judged(t, 50) == TRACK_USABLE && says("closure: 15.0"), "just within it");
	t.closure_m = 15.1;
	ok(judged(t, 50) == TRACK_REFUSED && says("not_closed: 15.1 m from start to end, at most 15.0") &&
	   verdict.reasons == 1, "beyond it");

	t = good;
	t.loop_area_m2 = 101;
	ok(judged(t, 50) == TRACK_USABLE && verdict.reasons == 0, "loops over a hundredth of the plot");
	t.loop_area_m2 = 500;
	ok(judged(t, 50) == TRACK_USABLE, "up to a twentieth");
	t.loop_area_m2 = 501;
	ok(judged(t, 50) == TRACK_REFUSED &&
	   says("self_crossing: loops of 501.0 m2 beside a ring of 10000.0 m2"), "and over it");

	t = good;
	t.mean_accuracy_m = 10.1;
	ok(judged(t, 50) == TRACK_USABLE && says("accuracy: 10.1 m in the mean, best below 10.0"),
	   "less accurate in the mean than half the limit");
}

static void
test_losses(void)
{
	static const TrackRefuse none = {0, 0};
	PlotTrack	good = {.fixes = 90, .ring_area_m2 = 10000, .ring_points = 80, .loop_area_m2 = 100};
	PlotTrack	t = good;

	t.spikes = 4;
	left_out.inaccurate = 6;
	ok(judged(t, 50) == TRACK_GOOD && verdict.reasons == 2 && says("spikes: 4 fixes left out") &&
	   says("inaccurate: 6 fixes worse than 20.0 m left out"), "a tenth of fixes lost");
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
	ok(judged(t, 50) == TRACK_GOOD && verdict.reasons == 4 &&
	   says("unknown: 1000 rows without fix or time left out") &&
	   says("same_time: 1000 fixes at the instant of another left out") &&
	   says("doubled_back: 1000 points on ways there and back left out") &&
	   says("loops: 1000 of 100.0 m2 in all cut off"), "the rest is only said");

	/* Everything at once fits. */
	t.fixes = 90;
	t.spikes = 90;
	t.max_speed_kmh = t.closure_m = t.mean_accuracy_m = t.loop_area_m2 = 1e300;
	t.closure_m = 1e300;
	left_out.inaccurate = INT64_MAX;
	ok(judged(t, 0) == TRACK_REFUSED && verdict.reasons == 11 && says("loops: 1000 of 1000"),
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
			{
				Place		at = place_within(0, 100, 0, 100);

				go(at.x, at.y, 100);
			}
			else if (k % 3 == 1)
			{
				Place		at = place_below(20);

				go(at.x, at.y, 100);
			}
			else
				go((90 - i / 9.0) * agr_cos(i * 0.3), (90 + i / 9.0) * agr_sin(i * 0.3), 100);
		finish(false);
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
		uint64_t	first;
		uint32_t	n;

		double		noise = uniform(0, 6);
		double		stride = uniform(1, 6);

		walk_square(uniform(20, 80), stride, noise);
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
	test_speed();
	test_spurs();
	test_turns();
	test_detours();
	test_crossings();
	test_refusals();
	test_grades();
	test_losses();
	test_loops();
	test_random_walks();
	return done_testing();
}
