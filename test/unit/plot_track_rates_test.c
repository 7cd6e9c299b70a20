/*
 * plot_track_rates_test.c
 *		How many simulated walks are judged rightly: see walk_simulator.h. With
 *		arguments, prints a table instead: walks of each kind, and the first seed.
 */
#include <stdlib.h>

#include "walk_simulator.h"

static const TrackLimits standard = {20, 10, 25, 50, 4, 2, 0.09, 8};

typedef struct Rates
{
	int			walks;
	int			good;			/* could be told within 10 % */
	int			good_refused;
	int			accepted;
	int			accepted_off;	/* by more than 10 % */
	int			called_good;
	int			called_good_off;
} Rates;

static SimulatedWalk walk;
static Vertex ring[SIMULATED_MOST + 1];
static Vertex loop[SIMULATED_MOST + 1];
static Extent block[SIMULATED_MOST / TRACK_BLOCK + 1];
static TrackRun run[SIMULATED_MOST];
static double number[SIMULATED_MOST];
static uint8_t joined[SIMULATED_MOST];
static TrackMemory memory = {ring, loop, block, run, number, joined, NULL};

static int	reason_count[64];
static char reason_code[64][32];
static bool verbose;

static void
judge(Rates *rates, uint64_t name, Noise noise, Trouble trouble, double least, double most)
{
	TrackRefuse left_out = {0, 0};
	PlotTrack	track;
	TrackVerdict verdict;
	double		hectares;
	uint32_t	n = 0;
	uint32_t	i;
	bool		off;
	bool		good;

	seed = name * UINT64_C(0x9E3779B97F4A7C15) + 1;
	(void) next_bits();
	(void) next_bits();
	hectares = log_uniform(least, most);
	simulate_walk(&walk, name, noise, trouble, hectares);
	for (i = 0; i < walk.n; i++)
		if (walk.fix[i].accuracy_m > standard.max_accuracy_m)
			left_out.inaccurate++;
		else
			walk.fix[n++] = walk.fix[i];
	plot_track_outline(walk.fix, n, &standard, false, &memory, &track);
	plot_track_judge(&track, &left_out, &standard, track.ring_area_m2, &verdict);
	off = fabs(track.ring_area_m2 - walk.plot_m2) > 0.1 * walk.plot_m2;
	good = fabs(walk.seen_m2 - walk.plot_m2) <= 0.1 * walk.plot_m2 && trouble != NECK;
	rates->walks++;
	rates->good += good;
	rates->good_refused += good && verdict.quality == TRACK_REFUSED;
	rates->accepted += verdict.quality != TRACK_REFUSED;
	rates->accepted_off += verdict.quality != TRACK_REFUSED && (off || trouble == NECK);
	rates->called_good += verdict.quality == TRACK_GOOD;
	rates->called_good_off += verdict.quality == TRACK_GOOD && (off || trouble == NECK);
	if (verbose && good && verdict.quality == TRACK_REFUSED)
		printf("# %llu %s: %.0f seen %.0f got %.0f: %s\n", (unsigned long long) name, trouble_name[trouble],
			walk.plot_m2, walk.seen_m2, track.ring_area_m2, verdict.reason[0]);
	if (verbose && verdict.quality != TRACK_REFUSED && off)
		printf("# %llu %s: %.0f seen %.0f got %.0f: OFF\n", (unsigned long long) name, trouble_name[trouble],
			walk.plot_m2, walk.seen_m2, track.ring_area_m2);
}

static void
show(const char *name, const Rates *r)
{
	printf("%-30s | %5d | %5.1f %% of %5d | %5.1f %% of %5d | %5.1f %% of %5d\n", name, r->walks,
		   100.0 * r->good_refused / (r->good ? r->good : 1), r->good,
		   100.0 * r->accepted_off / (r->accepted ? r->accepted : 1), r->accepted,
		   100.0 * r->called_good_off / (r->called_good ? r->called_good : 1), r->called_good);
}

int
main(int argc, char **argv)
{
	int			walks = argc > 1 ? atoi(argv[1]) : 40;
	uint64_t	first = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
	Noise		noise = argc > 3 ? atoi(argv[3]) : 0;
	double least = argc > 4 ? atof(argv[4]) : 0.2, most = argc > 5 ? atof(argv[5]) : 5;
	Rates		all = {0};
	int			trouble;
	int			k;

	verbose = argc > 6;
	(void) reason_count; (void) reason_code;
	for (trouble = 0; trouble < TROUBLES; trouble++)
	{
		Rates		rates = {0};

		for (k = 0; k < walks; k++)
			judge(&rates, first + k * TROUBLES + trouble, noise, trouble, least, most);
		show(trouble_name[trouble], &rates);
		all.walks += rates.walks;
		all.good += rates.good;
		all.good_refused += rates.good_refused;
		all.accepted += rates.accepted;
		all.accepted_off += rates.accepted_off;
		all.called_good += rates.called_good;
		all.called_good_off += rates.called_good_off;
	}
	show("all", &all);
	return 0;
}
