/*
 * phenology_test.c
 *		Seasons against reference seasons, and of curves that are known.
 */
#include "crop/phenology_math.h"
#include "crop/smooth_math.h"
#include "tap.h"
#include "crop_golden.h"

#define YEARS 3
#define MOST_DAYS (YEARS * 365)

static const PhenologyLimits standard = {.min_amplitude = 0.1, .threshold = 0.2, .valley_share = 0.25};
static int	extreme[MOST_DAYS];
static Season season[MOST_DAYS];

static bool
near(double found, const char *expected, double tolerance)
{
	double		number = to_number(expected);

	return isnan(number) ? isnan(found) : fabs(found - number) <= tolerance;
}

/* phenology_20.csv from the smoothed curves of the same series; no amplitude is too small there. */
static void
test_golden(void)
{
	const PhenologyLimits limits = {.min_amplitude = 0, .threshold = 0.2, .valley_share = 0.25};
	FILE	   *f = open_golden("phenology_20.csv");
	SmoothRow	row[GOLDEN_DAYS];
	char		line[1000];
	char	   *field[30];
	GoldenSeries *before = NULL;
	bool		count = true;
	bool		days = true;
	bool		values = true;
	bool		integrals = true;
	int			found = 0;
	int			k = 0;

	if (fgets(line, sizeof line, f) == NULL)
		abort();
	while (fgets(line, sizeof line, f))
	{
		GoldenSeries *s;
		const Season *e;

		split_line(line, field, 30);
		s = find_golden(field[0], field[1]);
		if (s != before)
		{
			double		weight[GOLDEN_DAYS],
						z[GOLDEN_DAYS],
						y[GOLDEN_DAYS],
						room[GOLDEN_DAYS];
			int			n = golden_on_days(s, y, weight);

			count = count && k == found;
			smooth_expectile(row, n, NULL, weight, y, SMOOTH_DAILY(10), 0.5, room, z);
			found = phenology_find(z, n, &limits, extreme, season);
			k = 0;
			before = s;
		}
		e = &season[k++];
		count = count && k <= found && k == atoi(field[4]);
		days = days && e->left == atoi(field[5]) && e->right == atoi(field[6]) && near(e->start, field[7], 1e-3) &&
			near(e->end, field[8], 1e-3) && near(e->end - e->start, field[9], 1e-3) && e->peak == atoi(field[10]) &&
			near(e->middle, field[14], 1e-3);
		values = values && near(e->peak_value, field[11], 1e-6) && near(e->base, field[12], 1e-6) && near(e->amplitude, field[13], 1e-6) &&
			near(e->left_derivative, field[15], 1e-7) && near(e->right_derivative, field[16], 1e-7);
		integrals = integrals && near(e->large_integral, field[17], 1e-4) && near(e->small_integral, field[18], 1e-4);
	}
	fclose(f);
	ok(count && k == found, "reference seasons, as many in each series");
	ok(days, "their days, to a thousandth");
	ok(values, "their levels and derivatives");
	ok(integrals, "their integrals");
}

/* A season that rises and falls in straight lines, from 0.2 to 0.8. */
static void
add_triangle(double *curve, int n, int start, int peak, int end)
{
	int			i;

	for (i = start > 0 ? start : 0; i < end && i < n; i++)
		curve[i] += i < peak ? 0.6 * (i - start) / (peak - start) : 0.6 * (end - i) / (end - peak);
}

static int
find(const double *curve, int n)
{
	return phenology_find(curve, n, &standard, extreme, season);
}

static void
level(double *curve, int n)
{
	int			i;

	for (i = 0; i < n; i++)
		curve[i] = 0.2;
}

static void
test_known(void)
{
	double		curve[MOST_DAYS];
	int			i;

	level(curve, 365);
	add_triangle(curve, 365, 100, 200, 250);
	ok(find(curve, 365) == 1, "a season on bare ground");
	ok(fabs(season[0].start - 120) < 1e-9 && fabs(season[0].end - 240) < 1e-9 && season[0].peak == 200, "begins and ends at a fifth");
	ok(fabs(season[0].left_derivative - 0.006) < 1e-12 && fabs(season[0].right_derivative - 0.012) < 1e-12, "derivatives are the slopes");
	ok(fabs(season[0].middle - (180 + 210) / 2.0) < 1e-9, "its middle lies between the days at four fifths");
	/* Trapezes of 0.12 at the start to 0.6 at the peak and back, above 0.2. */
	ok(fabs(season[0].small_integral - 0.36 * 80 - 0.36 * 40) < 1e-9 &&
	   fabs(season[0].large_integral - season[0].small_integral - 0.2 * 120) < 1e-9, "integrals are those of its trapezes");
	ok(!season[0].truncated, "all of it was seen");

	level(curve, MOST_DAYS);
	add_triangle(curve, MOST_DAYS, 300, 365, 430);
	add_triangle(curve, MOST_DAYS, 665, 730, 795);
	ok(find(curve, MOST_DAYS) == 2 && fabs(season[0].start - 313) < 1e-9 && fabs(season[0].end - 417) < 1e-9, "seasons that cross the end of the year");

	level(curve, 365);
	add_triangle(curve, 365, 30, 100, 170);
	add_triangle(curve, 365, 170, 240, 330);
	ok(find(curve, 365) == 2 && season[0].right == 170 && season[1].left == 170, "two seasons that meet");
	for (i = 101; i < 240; i++)
		curve[i] = fmax(curve[i], 0.67);
	ok(find(curve, 365) == 1, "a shallow valley makes one season of two");

	level(curve, 365);
	ok(find(curve, 365) == 0, "a level has none");
	for (i = 0; i < 365; i++)
		curve[i] = 0.7 + 0.04 * ((i / 30) % 2);
	ok(find(curve, 365) == 0, "nor has an orchard that is always green");
	ok(find(curve, 1) == 0 && find(curve, 2) == 0, "nor one day or two equal ones");

	level(curve, 365);
	add_triangle(curve, 365, -60, 40, 140);
	ok(find(curve, 365) == 1 && season[0].truncated, "a season of which the beginning was not seen is truncated");
	level(curve, 150);
	add_triangle(curve, 150, 20, 140, 260);
	ok(find(curve, 150) == 1 && season[0].truncated, "and one of which the end was not");
	level(curve, 140);
	add_triangle(curve, 140, 20, 140, 260);
	ok(find(curve, 140) == 1 && season[0].peak == 139 && season[0].end == 139 && isnan(season[0].right_derivative), "a season that still rises ends at its peak");
}

/* Of any curve: seasons in order, each within its valleys, none below the least amplitude. */
static void
test_any(void)
{
	bool		good = true;
	int			round;

	for (round = 0; round < 20000; round++)
	{
		double		curve[200];
		int			n = 1 + (int) below(200);
		int			levels = 1 + (int) below(30);
		int			found;
		int			i;

		for (i = 0; i < n; i++)
			curve[i] = (double) below(levels) / levels;
		found = find(curve, n);
		for (i = 0; i < found; i++)
		{
			const Season *s = &season[i];

			good = good && s->left <= s->start && s->start <= s->peak && s->peak <= s->end && s->end <= s->right &&
				s->left >= (i > 0 ? season[i - 1].peak : 0) && s->right < n && s->amplitude >= 0.1 &&
				s->middle >= s->start && s->middle <= s->end && isfinite(s->large_integral) &&
				(isnan(s->left_derivative) || s->left_derivative > 0) && (isnan(s->right_derivative) || s->right_derivative > 0);
		}
		if (round % 1000 == 0 && found > 0)
		{
			uint64_t	bits;

			memcpy(&bits, &season[0].large_integral, sizeof bits);
			printf("# %016llx\n", (unsigned long long) bits);
		}
	}
	ok(good, "seasons of any curve are in order and within their valleys");
}

int
main(void)
{
	test_known();
	test_any();
	if (read_golden())
		test_golden();
	else
		printf("ok %d - reference seasons # skip ../shared is not here\n", ++tests);
	return done_testing();
}
