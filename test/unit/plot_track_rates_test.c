/*
 * plot_track_rates_test.c
 *		How many simulated walks are judged rightly; what is simulated, says
 *		walk_simulator.h. A walk is good if the boundary's fixes alone, without the
 *		trouble, give the area within 10 %; good walks should be accepted, and
 *		accepted ones be right within 10 %. Two plots are never one.
 *
 *		With arguments, a table instead: walks of each trouble, the number of the
 *		first one, the noise (0 or 1), the least and the most hectares.
 *
 * The limits in plot_track_math.h were tuned on walks numbered below 200,000, of
 * both kinds of noise; those reported here and in doc/figures.md begin with 1,000,000.
 */
#include <stdlib.h>

#include "walk_simulator.h"

#define FIRST_REPORTED 1000000
#define WALKS 60

static const TrackLimits standard = {20, 10, 25, 50, 4, 2, 0.09, 8};

static SimulatedWalk walk;
static Vertex ring[SIMULATED_MOST + 1];
static Vertex loop[SIMULATED_MOST + 1];
static Extent block[SIMULATED_MOST / TRACK_BLOCK + 1];
static TrackRun run[SIMULATED_MOST];
static double number[SIMULATED_MOST];
static TrackMemory memory = {ring, loop, block, run, number, NULL};

typedef struct Rates
{
	int			good;
	int			good_refused;
	int			accepted;
	int			accepted_off;	/* by more than 10 % */
	int			called_good;
	int			called_good_off;
	double		squared_error;	/* of accepted ones, in standard errors */
	uint64_t	digest;
} Rates;

static TrackVerdict
measure(PlotTrack *track)
{
	TrackRefuse left_out = {0, 0};
	TrackVerdict verdict;
	uint32_t	n = 0;
	uint32_t	i;

	for (i = 0; i < walk.n; i++)
		if (walk.fix[i].accuracy_m > standard.max_accuracy_m)
			left_out.inaccurate++;
		else
			walk.fix[n++] = walk.fix[i];
	plot_track_outline(walk.fix, n, &standard, false, &memory, track);
	plot_track_judge(track, &left_out, &standard, track->ring_area_m2, &verdict);
	return verdict;
}

static void
count(Rates *rates, const PlotTrack *track, TrackQuality quality, Trouble trouble)
{
	double		error = track->ring_area_m2 - walk.plot_m2;
	bool		off = fabs(error) > 0.1 * walk.plot_m2 || trouble == NECK;
	bool		good = fabs(walk.seen_m2 - walk.plot_m2) <= 0.1 * walk.plot_m2 && trouble != NECK;
	bool		accepted = quality != TRACK_REFUSED;
	uint64_t	bits[2];

	rates->good += good;
	rates->good_refused += good && !accepted;
	rates->accepted += accepted;
	rates->accepted_off += accepted && off;
	rates->called_good += quality == TRACK_GOOD;
	rates->called_good_off += quality == TRACK_GOOD && off;
	if (accepted)
		rates->squared_error += error * error / (track->area_se_m2 * track->area_se_m2);
	memcpy(&bits[0], &track->ring_area_m2, sizeof bits[0]);
	memcpy(&bits[1], &track->area_se_m2, sizeof bits[1]);
	rates->digest = (rates->digest * UINT64_C(6364136223846793005) + bits[0]) * 31 + bits[1];
}

static Rates
simulate(int walks, uint64_t first, Noise noise, Trouble trouble, double least, double most)
{
	Rates		rates = {0};
	int			k;

	for (k = 0; k < walks; k++)
	{
		PlotTrack	track;
		TrackVerdict verdict;

		simulate_walk(&walk, first + (uint64_t) k * TROUBLES + trouble, noise, trouble, least, most);
		verdict = measure(&track);
		count(&rates, &track, verdict.quality, trouble);
	}
	return rates;
}

static void
add_rates(Rates *sum, const Rates *rates)
{
	sum->good += rates->good;
	sum->good_refused += rates->good_refused;
	sum->accepted += rates->accepted;
	sum->accepted_off += rates->accepted_off;
	sum->called_good += rates->called_good;
	sum->called_good_off += rates->called_good_off;
	sum->squared_error += rates->squared_error;
	sum->digest = sum->digest * 31 + rates->digest;
}

static double
percent(int part, int whole)
{
	return whole == 0 ? 0 : 100.0 * part / whole;
}

static void
show(const char *name, const Rates *r)
{
	printf(" %-28s | %5d | %7.1f | %8d | %5.1f | %5d | %5.1f\n", name,
		   r->good, percent(r->good_refused, r->good), r->accepted,
		   percent(r->accepted_off, r->accepted), r->called_good,
		   percent(r->called_good_off, r->called_good));
}

static void
print_table(int walks, uint64_t first, Noise noise, double least, double most)
{
	Rates		all = {0};
	Rates		rates;
	int			trouble;

	printf(" %-28s | good  | %% refused | accepted | %% off | called good | %% off\n", "trouble");
	for (trouble = 0; trouble < TROUBLES; trouble++)
	{
		rates = simulate(walks, first, noise, (Trouble) trouble, least, most);
		show(trouble_name[trouble], &rates);
		add_rates(&all, &rates);
	}
	show("all", &all);
}

static void
test_rates(Noise noise)
{
	Rates		all = {0};
	int			trouble;

	for (trouble = 0; trouble < TROUBLES; trouble++)
	{
		Rates		rates = simulate(WALKS, FIRST_REPORTED, noise, (Trouble) trouble, 0.2, 5);
		char		line[100];

		snprintf(line, sizeof line, "noise %d, %s: percent refused", noise, trouble_name[trouble]);
		if (trouble == NECK)
			ok_figure(percent(WALKS - rates.accepted, WALKS) >= 90, line,
					  percent(WALKS - rates.accepted, WALKS));
		else
			ok_figure(percent(rates.good_refused, rates.good) <= (trouble == SILENCE ? 30 : 20), line,
					  percent(rates.good_refused, rates.good));
		add_rates(&all, &rates);
	}
	ok_figure(percent(all.good_refused, all.good) <= 10, "of good walks at most 10 percent are refused",
			  percent(all.good_refused, all.good));
	ok_figure(percent(all.accepted_off, all.accepted) <= 5, "of accepted ones at most 5 percent are off",
			  percent(all.accepted_off, all.accepted));
	ok_figure(percent(all.called_good_off, all.called_good) <= 2, "of those called good at most 2",
			  percent(all.called_good_off, all.called_good));
	ok_figure(fabs(sqrt(all.squared_error / all.accepted) - 1) < 0.15,
			  "errors are as large as their standard errors say",
			  sqrt(all.squared_error / all.accepted));
	printf("# digest %016llx\n", (unsigned long long) all.digest);
}

int
main(int argc, char **argv)
{
	if (argc == 6)
	{
		print_table(atoi(argv[1]), strtoull(argv[2], NULL, 10), (Noise) atoi(argv[3]),
					atof(argv[4]), atof(argv[5]));
		return 0;
	}
	test_rates(NOISE_TUNED_ON);
	test_rates(NOISE_REPORTED);
	return done_testing();
}
