/*
 * plot_track_test.c
 *		Walks whose outcome is known by how they were made, and random ones that
 *		must give a ring that never meets itself, whatever the order of the fixes.
 */
#include "land/plot_track_math.h"
#include "tap.h"

#include <stdio.h>
#include <string.h>

#define MOST 2000

static const TrackLimits standard = {20, 10, 15, 50, 4, 2};

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
		go(from.x + (x - from.x) * i / n + uniform(-noise, noise),
		   from.y + (y - from.y) * i / n + uniform(-noise, noise), length / n / 1.25);
}

static TrackQuality
finish(bool degrees)
{
	TrackRefuse none = {0, 0};

	plot_track_outline(walk, steps, &standard, degrees, &memory, &track);
	plot_track_judge(&track, &none, &standard, track.ring_area_m2, &verdict);
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

static void
test_clean_walks(void)
{
	int			i;

	walk_square(100, 5, 0);
	ok(finish(false) == TRACK_GOOD && track.ring_area_m2 == 10000 && track.closure_m == 0 &&
	   near(track.max_speed_kmh, 4.5, 1e-9) && track.mean_accuracy_m == 3 && verdict.reasons <= 1,
	   "a square of 100 m is 10000 m2");

	walk_square(100, 5, 1);
	ok(finish(false) != TRACK_REFUSED && near(track.ring_area_m2, 10000, 0.02),
	   "with a metre of noise, within 2 %");

	/* The same square beside Lanzhou: metres by the ellipsoid's two radii there. */
	walk_square(100, 5, 0);
	for (i = 0; i < (int) steps; i++)
	{
		walk[i].at.x = 103.8 + walk[i].at.x / 90160.1;
		walk[i].at.y = 36.0 + walk[i].at.y / 110976.5;
	}
	ok(finish(true) == TRACK_GOOD && near(track.ring_area_m2, 10000, 1e-3) &&
	   near(track.max_speed_kmh, 4.5, 1e-3), "in degrees as in metres");
}

static void
test_detours(void)
{
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

		walk_square(uniform(20, 80), uniform(1, 6), uniform(0, 6));
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
	test_clean_walks();
	test_detours();
	test_refusals();
	test_random_walks();
	return done_testing();
}
