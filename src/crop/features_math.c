/*
 * features_math.c
 *		Harmonics of a series, features for classifiers. Pure C.
 */
#include "crop/features_math.h"

#include "core/math/elementary_math.h"

#include <math.h>
#include <string.h>

#define TWO_PI 6.283185307179586

/* A pivot that has lost so much of its square is none. */
#define LEAST_PIVOT 1e-9

/* Solves the normal equations in place, of which the lower half is given. */
static bool
solve(double a[HARMONICS_MAX_TERMS][HARMONICS_MAX_TERMS], double *x, int n)
{
	int			i,
				j,
				k;

	for (i = 0; i < n; i++)
	{
		double		square = a[i][i];

		for (j = 0; j <= i; j++)
		{
			double		sum = a[i][j];

			for (k = 0; k < j; k++)
				sum -= a[i][k] * a[j][k];
			if (j < i)
				a[i][j] = sum / a[j][j];
			else if (!(sum > LEAST_PIVOT * square))
				return false;
			else
				a[i][i] = sqrt(sum);
		}
		for (k = 0; k < i; k++)
			x[i] -= a[i][k] * x[k];
		x[i] /= a[i][i];
	}
	for (i = n - 1; i >= 0; i--)
	{
		for (k = i + 1; k < n; k++)
			x[i] -= a[k][i] * x[k];
		x[i] /= a[i][i];
	}
	return true;
}

bool
harmonics_fit(const int32_t *day, const double *value, int n, int k, double period, int32_t origin,
			  double *coefficient)
{
	double		a[HARMONICS_MAX_TERMS][HARMONICS_MAX_TERMS];
	double		term[HARMONICS_MAX_TERMS];
	int			terms = 2 * k + 1;
	int			i;
	int			p;
	int			q;

	if (n < terms)
		return false;
	memset(a, 0, sizeof a);
	memset(coefficient, 0, terms * sizeof(double));
	term[0] = 1;
	for (i = 0; i < n; i++)
	{
		double		turns = ((double) day[i] - origin) / period;

		for (p = 1; p <= k; p++)
		{
			/* Less whole turns, so that the angle is exact enough in any century. */
			double		angle = TWO_PI * (p * turns - floor(p * turns));

			term[2 * p - 1] = agr_cos(angle);
			term[2 * p] = agr_sin(angle);
		}
		for (p = 0; p < terms; p++)
		{
			coefficient[p] += term[p] * value[i];
			for (q = 0; q <= p; q++)
				a[p][q] += term[p] * term[q];
		}
	}
	return solve(a, coefficient, terms);
}

/* The grid, along straight lines between dates. */
static void
fill_grid(const int32_t *day, const float *value, int n, int32_t from, int step_days, double *grid)
{
	int			points = features_grid(step_days);
	int			next = 0;		/* the first date that is not before the point */
	int			i;

	for (i = 0; i < points; i++)
	{
		int64_t		at = (int64_t) from + (int64_t) i * step_days;

		while (next < n && day[next] < at)
			next++;
		if (next == n)
			grid[i] = value[n - 1];
		else if (next == 0 || day[next] == at)
			grid[i] = value[next];
		else
			grid[i] = value[next - 1] + ((double) value[next] - value[next - 1]) *
				((double) (at - day[next - 1]) / (day[next] - day[next - 1]));
	}
}

static void
describe_window(const double *grid, int first, int end, double *window)
{
	double		sum = 0;
	int			i;

	window[0] = window[2] = grid[first];
	for (i = first; i < end; i++)
	{
		window[0] = fmin(window[0], grid[i]);
		window[2] = fmax(window[2], grid[i]);
		sum += grid[i];
	}
	window[1] = sum / (end - first);
}

void
features_of_band(const int32_t *day, const float *value, int n, int32_t from, int step_days, double *feature)
{
	int			points = features_grid(step_days);
	double	   *grid = feature;
	double	   *harmonics = grid + points;
	double	   *window = harmonics + 1 + 2 * FEATURES_HARMONICS;
	double	   *whole = window + FEATURES_WINDOWS * FEATURES_WINDOW;
	int32_t		at[FEATURES_YEAR];
	double		all[FEATURES_WINDOW];
	double		squares = 0;
	int			i;

	fill_grid(day, value, n, from, step_days, grid);
	for (i = 0; i < points; i++)
		at[i] = i * step_days;
	describe_window(grid, 0, points, all);
	/* Twelve points of a year or more determine them. */
	(void) harmonics_fit(at, grid, points, FEATURES_HARMONICS, FEATURES_YEAR, 0, harmonics);
	for (i = 0; i < FEATURES_WINDOWS; i++)
		describe_window(grid, i * points / FEATURES_WINDOWS, (i + 1) * points / FEATURES_WINDOWS, window + FEATURES_WINDOW * i);

	whole[1] = whole[2] = -1;
	for (i = 0; i < points; i++)
	{
		squares += (grid[i] - all[1]) * (grid[i] - all[1]);
		if (whole[1] < 0 && grid[i] == all[2])
			whole[1] = at[i];
		if (whole[2] < 0 && grid[i] == all[0])
			whole[2] = at[i];
	}
	whole[0] = sqrt(squares / points);
}
