/*
 * features_test.c
 *		Harmonics against reference curves and known waves, features by their
 *		definitions.
 */
#include "crop/features_math.h"
#include "tap.h"
#include "crop_golden.h"

#define TWO_PI 6.283185307179586476925286766559

static double
wave_at(const double *c, int k, double period, double day)
{
	double		sum = c[0];
	int			h;

	for (h = 1; h <= k; h++)
		sum += c[2 * h - 1] * cos(TWO_PI * h * day / period) + c[2 * h] * sin(TWO_PI * h * day / period);
	return sum;
}

static void
test_known(void)
{
	double		worst = 0;
	double		worst_normal = 0;
	bool		refused = true;
	int			round;

	for (round = 0; round < 500; round++)
	{
		int			k = 1 + (int) below(4);
		double		period = uniform(200, 800);
		double		truth[HARMONICS_MAX_TERMS];
		double		c[HARMONICS_MAX_TERMS];
		int32_t		day[80];
		double		y[80];
		int			i;
		int			p;

		for (p = 0; p <= 2 * k; p++)
			truth[p] = uniform(-1, 1);
		for (i = 0; i < 80; i++)
		{
			day[i] = (i > 0 ? day[i - 1] : 3000) + 5 + (int32_t) below(15);
			y[i] = wave_at(truth, k, period, day[i]);
		}
		if (!harmonics_fit(day, y, 80, k, period, 0, c))
			abort();
		for (p = 0; p <= 2 * k; p++)
			worst = fmax(worst, fabs(c[p] - truth[p]));

		/* With noise: what is left is orthogonal to every term. */
		for (i = 0; i < 80; i++)
			y[i] += uniform(-1, 1);
		harmonics_fit(day, y, 80, k, period, 0, c);
		for (p = 0; p <= 2 * k; p++)
		{
			double		sum = 0;

			for (i = 0; i < 80; i++)
				sum += (y[i] - wave_at(c, k, period, day[i])) *
					(p == 0 ? 1 : (p % 2 == 1 ? cos : sin) (TWO_PI * ((p + 1) / 2) * day[i] / period));
			worst_normal = fmax(worst_normal, fabs(sum));
		}
		refused = refused && !harmonics_fit(day, y, 2 * k, k, period, 0, c);

		/* Dates at two times of the period only. */
		for (i = 0; i < 80; i++)
			day[i] = 100 * i;
		refused = refused && !harmonics_fit(day, y, 80, k, 200, 0, c);
	}
	ok_figure(worst < 1e-9, "waves are found again", worst);
	ok_figure(worst_normal < 1e-9, "residuals are orthogonal to all terms", worst_normal);
	ok(refused, "dates that do not determine the waves are refused");
}

static void
test_golden(void)
{
	double		worst = 0;
	int			k;

	for (k = 0; k < GOLDEN_SERIES; k++)
	{
		const GoldenSeries *s = &golden[k];
		int32_t		day[GOLDEN_DATES];
		double		y[GOLDEN_DATES];
		double		c[HARMONICS_MAX_TERMS];
		int			n = 0;
		int			i;

		for (i = 0; i < s->n; i++)
			if (!isnan(s->value[i]))
			{
				day[n] = s->day[i];
				y[n++] = s->value[i];
			}
		if (!harmonics_fit(day, y, n, 2, 365, 0, c))
			abort();
		for (i = 0; i < s->n; i++)
			worst = fmax(worst, fabs(wave_at(c, 2, 365, s->day[i]) - s->curve[i][GOLDEN_HARMONIC]));
	}
	ok_figure(worst < 1e-7, "reference curves of two harmonics", worst);
}

static void
test_features(void)
{
	static const int32_t day[4] = {-10, 22, 200, 201};
	static const float value[4] = {0.25f, 0.5f, 1, 0.75f};
	double		feature[FEATURES_YEAR + 20];
	const double *f = feature;
	double		sum = 0;
	double		squares = 0;
	int			n = features_grid(16);
	int			i;

	features_of_band(day, value, 4, 0, 16, feature);
	ok(n == 23 && features_count(16) == 23 + 5 + 12 + 3, "23 dates of 16 days, and 20 numbers more");
	ok(f[0] == 0.25 + 0.25 * 10 / 32 && f[1] == 0.25 + 0.25 * 26 / 32 && f[2] == 0.5 + 0.5 * 10 / 178 && f[13] == 0.75 && f[22] == 0.75,
	   "between dates the grid goes along lines, after the last it stays");
	for (i = 0; i < n; i++)
		sum += f[i];
	for (i = 0; i < n; i++)
		squares += (f[i] - sum / n) * (f[i] - sum / n);
	/* Quarters begin at points 0, 5, 11 and 17. */
	ok(f[28] == f[0] && f[30] == f[4] && fabs(f[29] - (f[0] + f[1] + f[2] + f[3] + f[4]) / 5) < 1e-15 &&
	   f[31] == f[5] && f[33] == f[10] && f[36] == f[12] && f[37] == 0.75 && f[39] == 0.75, "least, mean and greatest of the quarters");
	ok(fabs(f[40] - sqrt(squares / n)) < 1e-15 && f[41] == 12 * 16 && f[42] == 0, "standard deviation, days of the greatest and the least");
	features_of_band(day + 1, value + 1, 1, 0, 32, feature);
	ok(f[0] == 0.5 && f[11] == 0.5 && features_grid(32) == 12 && fabs(f[12] - 0.5) < 1e-15 && fabs(f[13]) < 1e-15 &&
	   f[12 + 5 + 12] == 0 && f[12 + 5 + 13] == 0, "one date is a level");
	for (i = 0; i < 43; i++)
	{
		uint64_t	bits;

		features_of_band(day, value, 4, 0, 16, feature);
		memcpy(&bits, &feature[i], sizeof bits);
		printf("# %016llx\n", (unsigned long long) bits);
	}
}

int
main(void)
{
	test_known();
	test_features();
	if (read_golden())
		test_golden();
	else
		printf("ok %d - reference curves of two harmonics # skip ../shared is not here\n", ++tests);
	return done_testing();
}
