/*
 * twdtw_test.c
 *		Time-weighted dynamic time warping against all paths tried one by one,
 *		distances of R's twdtw, and the accuracies of cross-validations that
 *		others computed.
 */
#include "crop/classify_math.h"
#include "crop/twdtw_math.h"
#include "tap.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define BANDS	6
#define DATES	23
#define SAMPLES 1892
#define CROPS	9

static uint64_t digest;

static void
note(double x)
{
	uint64_t	bits;

	memcpy(&bits, &x, sizeof bits);
	digest = (digest ^ bits) * UINT64_C(0x100000001b3);
}

static void
test_weights(void)
{
	TwdtwWeights w;
	bool		good = true;
	int			g;

	twdtw_weights(&w, -0.1, 50);
	for (g = 0; g <= TWDTW_CYCLE; g++)
	{
		int			between = g < TWDTW_CYCLE - g ? g : TWDTW_CYCLE - g;

		note(w.of[g]);
		good &= fabs(w.of[g] - 1 / (1 + exp(-0.1 * (between - 50)))) < 1e-15;
	}
	ok(good && w.of[50] == 0.5 && w.of[316] == 0.5, "weights are logistic, in a cycle of 366 days");
	twdtw_weights(&w, 0, 50);
	ok(w.of[0] == 0 && w.of[183] == 0, "alpha 0: no weight");
}

/* The least cost of the paths to (i, j), each tried; begins are where an open path may. */
static double
try_paths(const double *cost, int m, int i, int j, double diagonal, bool open)
{
	double		own = cost[i * m + j];
	double		least = i == 0 && (open || j == 0) ? own : INFINITY;

	if (i > 0)
		least = fmin(least, own + try_paths(cost, m, i - 1, j, diagonal, open));
	if (j > 0)
		least = fmin(least, own + try_paths(cost, m, i, j - 1, diagonal, open));
	if (i > 0 && j > 0)
		least = fmin(least, diagonal * own + try_paths(cost, m, i - 1, j - 1, diagonal, open));
	return least;
}

static void
fill(double *values, int16_t *days, int n, int bands)
{
	int			i;

	for (i = 0; i < n; i++)
		days[i] = (int16_t) (1 + below(366));
	for (i = 0; i < n * bands; i++)
		values[i] = uniform(-0.2, 1.2);
}

static void
test_paths(void)
{
	TwdtwWeights w;
	double		worst = 0;
	bool		ends = true;
	int			round;

	twdtw_weights(&w, -0.1, 50);
	for (round = 0; round < 3000; round++)
	{
		int			n = 1 + (int) below(6);
		int			m = 1 + (int) below(6);
		int			bands = 1 + (int) below(3);
		int			step = (int) below(2);
		bool		open = below(2) == 1;
		double		p[18],
					s[18],
					weigh[36],
					cost[36],
					costs[6],
					least = INFINITY;
		int16_t		pd[6],
					sd[6];
		int			starts[6];
		TwdtwSeries pattern = {n, bands, pd, p};
		TwdtwSeries series = {m, bands, sd, s};
		TwdtwMatch	match;
		int			i,
					j,
					k;

		fill(p, pd, n, bands);
		fill(s, sd, m, bands);
		twdtw_weigh(&w, pd, n, sd, m, weigh);
		for (i = 0; i < n; i++)
			for (j = 0; j < m; j++)
			{
				double		square = 0;

				for (k = 0; k < bands; k++)
					square += (p[i * bands + k] - s[j * bands + k]) * (p[i * bands + k] - s[j * bands + k]);
				cost[i * m + j] = sqrt(square) + w.of[abs(pd[i] - sd[j])];
			}
		for (j = open ? 0 : m - 1; j < m; j++)
			least = fmin(least, try_paths(cost, m, n - 1, j, step == TWDTW_SYMMETRIC2 ? 2 : 1, open));
		match = twdtw_match(&pattern, &series, weigh, step, open, costs, starts);
		worst = fmax(worst, fabs(match.distance - least));
		ends &= match.start >= 0 && match.start <= match.end && match.end < m &&
			(open || (match.start == 0 && match.end == m - 1));
		note(match.distance);
	}
	ok_figure(worst < 1e-12, "the least of all paths", worst);
	ok(ends, "a match lies within the series, and a closed one is all of it");
}

/* A pattern cut from a series is found where it was. */
static void
test_place(void)
{
	TwdtwWeights w;
	double		s[DATES],
				weigh[DATES * DATES],
				costs[DATES];
	int16_t		days[DATES];
	int			starts[DATES];
	TwdtwSeries series = {DATES, 1, days, s};
	TwdtwSeries pattern = {7, 1, days + 5, s + 5};
	TwdtwMatch	match;
	int			i;

	fill(s, days, DATES, 1);
	for (i = 0; i < DATES; i++)
		days[i] = (int16_t) (1 + 16 * i);
	twdtw_weights(&w, 0, 0);
	twdtw_weigh(&w, pattern.days, 7, days, DATES, weigh);
	match = twdtw_match(&pattern, &series, weigh, TWDTW_SYMMETRIC2, true, costs, starts);
	ok(match.distance == 0 && match.start == 5 && match.end == 11, "a pattern is found where it was cut from the series");
}

static void
test_lanes(void)
{
	static double values[TWDTW_LANES][60 * 5],
				lanes[60 * 5 * TWDTW_LANES],
				s[60 * 5],
				weigh[60 * 60],
				costs[60 * TWDTW_LANES];
	int			starts[60];
	TwdtwWeights w;
	bool		good = true;
	int			round;

	twdtw_weights(&w, -0.1, 50);
	for (round = 0; round < 500; round++)
	{
		int			n = 1 + (int) below(60);
		int			m = 1 + (int) below(60);
		int			bands = 1 + (int) below(5);
		int			patterns = 1 + (int) below(TWDTW_LANES);
		int16_t		pd[60],
					sd[60];
		double		distances[TWDTW_LANES];
		TwdtwSeries series = {m, bands, sd, s};
		TwdtwSeries all = {n, bands, pd, lanes};
		int			i,
					k;

		fill(s, sd, m, bands);
		for (k = 0; k < TWDTW_LANES; k++)
			fill(values[k], pd, n, bands);
		for (i = 0; i < n * bands; i++)
			for (k = 0; k < TWDTW_LANES; k++)
				lanes[i * TWDTW_LANES + k] = values[k][i];
		twdtw_weigh(&w, pd, n, sd, m, weigh);
		twdtw_distances(&all, patterns, &series, weigh, costs, distances);
		for (k = 0; k < patterns; k++)
		{
			TwdtwSeries one = {n, bands, pd, values[k]};
			double		distance = twdtw_match(&one, &series, weigh, TWDTW_SYMMETRIC2, false, costs, starts).distance;

			good &= memcmp(&distance, &distances[k], sizeof distance) == 0;
		}
	}
	ok(good, "patterns at once: the bits of one at a time");
}

/* The survey of Mato Grosso, of ../shared. */

static double sample[SAMPLES][DATES][BANDS];
static int32_t sample_day[SAMPLES][DATES];
static int16_t sample_days[SAMPLES][DATES];
static int	sample_crop[SAMPLES];
static int	sample_fold[SAMPLES];
static double pattern[CROPS][DATES][BANDS];
static int16_t pattern_days[DATES];

static const char *const crop_name[CROPS] = {
	"Cerrado", "Fallow_Cotton", "Forest", "Pasture", "Soy_Corn", "Soy_Cotton", "Soy_Fallow", "Soy_Millet", "Soy_Sunflower"
};

static int
find_crop(const char *name)
{
	int			i = 0;

	while (i < CROPS && strcmp(crop_name[i], name) != 0)
		i++;
	return i;
}

static int32_t
read_day(const char *text)
{
	int			year = 0,
				month = 1,
				day = 1;

	(void) sscanf(text, "%d-%d-%d", &year, &month, &day);
	return calendar_month_start(year * 12 + month - 1) + day - 1;
}

static FILE *
open_shared(const char *shared, const char *name, char *line, int size)
{
	char		path[1000];
	FILE	   *file;

	snprintf(path, sizeof path, "%s/%s", shared, name);
	file = fopen(path, "r");
	if (file == NULL || fgets(line, size, file) == NULL)
	{
		ok(false, path);
		return NULL;
	}
	return file;
}

static bool
load(const char *shared)
{
	char		line[500],
				crop[40],
				date[40];
	double		x[BANDS];
	int			at[SAMPLES] = {0};
	int			id,
				k,
				fold;
	FILE	   *file = open_shared(shared, "data/crop/insitu_br_mt_1_8K_9classes_6bands.csv", line, sizeof line);

	if (file == NULL)
		return false;
	/* Columns are mir, blue, nir, red, evi, ndvi; ours begin with ndvi, evi, nir, mir. */
	while (fgets(line, sizeof line, file) &&
		   sscanf(line, "%d,%39[^,],%*[^,],%*[^,],%39[^,],%lf,%lf,%lf,%lf,%lf,%lf", &id, crop, date, &x[3], &x[5], &x[2],
				  &x[4], &x[1], &x[0]) == 9)
	{
		k = at[id - 1]++;
		sample_crop[id - 1] = find_crop(crop);
		sample_day[id - 1][k] = read_day(date);
		sample_days[id - 1][k] = (int16_t) crop_day_of_year(sample_day[id - 1][k]);
		memcpy(sample[id - 1][k], x, sizeof x);
	}
	fclose(file);
	if ((file = open_shared(shared, "golden/crop/folds_mt9_ndvi1.csv", line, sizeof line)) == NULL)
		return false;
	while (fgets(line, sizeof line, file) && sscanf(line, "%d,%*[^,],%d", &id, &fold) == 2)
		sample_fold[id - 1] = fold;
	fclose(file);
	if ((file = open_shared(shared, "golden/crop/twdtw_mt9_mean_patterns.csv", line, sizeof line)) == NULL)
		return false;
	while (fgets(line, sizeof line, file) &&
		   sscanf(line, "%39[^,],%d,%39[^,],%lf,%lf,%lf,%lf,%lf,%lf", crop, &k, date, &x[0], &x[1], &x[2], &x[3], &x[4],
				  &x[5]) == 9)
	{
		pattern_days[k - 1] = (int16_t) crop_day_of_year(read_day(date));
		memcpy(pattern[find_crop(crop)][k - 1], x, sizeof x);
	}
	fclose(file);
	return true;
}

/* The first bands of a series, together. */
static void
take_bands(double (*from)[BANDS], int bands, double *to)
{
	int			i,
				k;

	for (i = 0; i < DATES; i++)
		for (k = 0; k < bands; k++)
			*to++ = from[i][k];
}

static double
distance_of(const double *p, const int16_t *pd, const double *s, const int16_t *sd, int bands,
			const TwdtwWeights *w, TwdtwStep step, bool open)
{
	double		weigh[DATES * DATES],
				costs[DATES];
	int			starts[DATES];
	TwdtwSeries one = {DATES, bands, pd, p};
	TwdtwSeries other = {DATES, bands, sd, s};

	twdtw_weigh(w, pd, DATES, sd, DATES, weigh);
	return twdtw_match(&one, &other, weigh, step, open, costs, starts).distance;
}

/* Columns of the two files of distances: weights or none, step, open or closed. */
static void
test_distances(const char *shared, const char *name, bool open, int bands_known)
{
	char		line[500],
				crop[40];
	double		x[7],
				worst = 0;
	int			id,
				bands = bands_known,
				n = 0;
	TwdtwWeights w,
				none;
	FILE	   *file = open_shared(shared, name, line, sizeof line);

	if (file == NULL)
		return;
	twdtw_weights(&w, -0.1, 50);
	twdtw_weights(&none, 0, 50);
	while (fgets(line, sizeof line, file))
	{
		double		p[DATES * BANDS],
					s[DATES * BANDS];
		const int16_t *sd;
		int			c;

		if (open ? sscanf(line, "%d,%*[^,],%39[^,],%d,%lf,%lf,%lf,%lf,%lf,%lf,%lf", &id, crop, &bands, &x[0], &x[1], &x[2], &x[3],
						  &x[4], &x[5], &x[6]) != 10 :
			sscanf(line, "%d,%*[^,],%39[^,],%lf,%lf,%lf,%lf", &id, crop, &x[0], &x[1], &x[2], &x[3]) != 6)
			break;
		c = find_crop(crop);
		sd = sample_days[id - 1];
		take_bands(pattern[c], bands, p);
		take_bands(sample[id - 1], bands, s);
		worst = fmax(worst, fabs(distance_of(p, pattern_days, s, sd, bands, &w, TWDTW_SYMMETRIC1, open) - x[0]));
		worst = fmax(worst, fabs(distance_of(p, pattern_days, s, sd, bands, &w, TWDTW_SYMMETRIC2, open) - x[open ? 5 : 1]));
		worst = fmax(worst, fabs(distance_of(p, pattern_days, s, sd, bands, &none, TWDTW_SYMMETRIC1, open) - x[open ? 6 : 2]));
		if (!open)
			worst = fmax(worst, fabs(distance_of(p, pattern_days, s, sd, bands, &none, TWDTW_SYMMETRIC2, open) - x[3]));
		n++;
	}
	fclose(file);
	ok_figure(n == (open ? 1944 : 648) && worst <= 1e-10, name, worst);
}

/* Samples whose crop's mean pattern, of the other folds, is the nearest. */
static double
mean_accuracy(int bands, const TwdtwWeights *w, bool open)
{
	int			right = 0;
	int			fold,
				i,
				j,
				c;

	for (fold = 1; fold <= 5; fold++)
	{
		double		mean[CROPS][DATES * BANDS] = {{0}};
		double		n[CROPS] = {0};
		double		s[DATES * BANDS];

		for (i = 0; i < SAMPLES; i++)
			if (sample_fold[i] != fold)
			{
				take_bands(sample[i], bands, s);
				for (j = 0; j < DATES * bands; j++)
					mean[sample_crop[i]][j] += s[j];
				n[sample_crop[i]]++;
			}
		for (c = 0; c < CROPS; c++)
			for (j = 0; j < DATES * bands; j++)
				mean[c][j] /= n[c];
		for (i = 0; i < SAMPLES; i++)
		{
			double		least = INFINITY;
			int			nearest = 0;

			if (sample_fold[i] != fold)
				continue;
			take_bands(sample[i], bands, s);
			for (c = 0; c < CROPS; c++)
			{
				double		distance = distance_of(mean[c], pattern_days, s, sample_days[i], bands, w, TWDTW_SYMMETRIC1, open);

				if (distance < least)
				{
					least = distance;
					nearest = c;
				}
			}
			right += nearest == sample_crop[i];
		}
	}
	return (double) right / SAMPLES;
}

/* Samples whose nearest neighbour, in the other folds, is of their crop. */
static double
neighbour_accuracy(int bands, bool warped)
{
	static double s[SAMPLES][DATES * BANDS];
	static double least[SAMPLES];
	static int	nearest[SAMPLES];
	TwdtwWeights none;
	int			right = 0;
	int			i,
				j,
				k;

	twdtw_weights(&none, 0, 50);
	for (i = 0; i < SAMPLES; i++)
	{
		take_bands(sample[i], bands, s[i]);
		least[i] = INFINITY;
	}
	for (i = 0; i < SAMPLES; i++)
		for (j = i + 1; j < SAMPLES; j++)
		{
			double		distance = 0;

			if (sample_fold[i] == sample_fold[j])
				continue;
			for (k = 0; !warped && k < DATES * bands; k++)
				distance += (s[i][k] - s[j][k]) * (s[i][k] - s[j][k]);
			if (warped)
				distance = distance_of(s[i], pattern_days, s[j], pattern_days, bands, &none, TWDTW_SYMMETRIC1, false);
			if (distance < least[i])
			{
				least[i] = distance;
				nearest[i] = j;
			}
			if (distance < least[j])
			{
				least[j] = distance;
				nearest[j] = i;
			}
		}
	for (i = 0; i < SAMPLES; i++)
		right += sample_crop[nearest[i]] == sample_crop[i];
	return (double) right / SAMPLES;
}

static void
test_accuracies(const char *shared, const char *name, int bands)
{
	char		line[500],
				method[40],
				what[80];
	double		expected;
	TwdtwWeights w,
				none;
	int			n = 0;
	FILE	   *file = open_shared(shared, name, line, sizeof line);

	if (file == NULL)
		return;
	twdtw_weights(&w, -0.1, 50);
	twdtw_weights(&none, 0, 50);
	while (fgets(line, sizeof line, file))
	{
		double		found;

		if (sscanf(line, "%*[^,],%39[^,],%*d,%*d,%lf", method, &expected) != 2)
			continue;
		if (strcmp(method, "twdtw_mean") == 0)
			found = mean_accuracy(bands, &w, true);
		else if (strcmp(method, "dtw_closed_mean") == 0)
			found = mean_accuracy(bands, &none, false);
		else if (strcmp(method, "euclid_1nn") == 0)
			found = neighbour_accuracy(bands, false);
		else if (strcmp(method, "dtw_1nn") == 0)
			found = neighbour_accuracy(bands, true);
		else
			continue;
		n++;
		snprintf(what, sizeof what, "%d band(s), %s", bands, method);
		ok_figure(fabs(found - expected) <= 0.000051, what, found);
	}
	fclose(file);
	ok(n == (bands == 1 ? 4 : 3), "accuracies were compared");
}

int
main(void)
{
	const char *shared = getenv("AGRIRISK_SHARED");

	test_weights();
	test_paths();
	test_place();
	test_lanes();
	if (shared == NULL)
		ok(true, "reference distances # SKIP there is no ../shared");
	else if (load(shared))
	{
		test_distances(shared, "golden/crop/twdtw_distances_mt9.csv", true, 0);
		test_distances(shared, "golden/crop/twdtw_closed_mt9_ndvi.csv", false, 1);
		test_accuracies(shared, "golden/crop/cv_mt9_ndvi1.csv", 1);
		test_accuracies(shared, "golden/crop/cv_mt9_4b.csv", 4);
	}
	printf("# digest %016llx\n", (unsigned long long) digest);
	return done_testing();
}
