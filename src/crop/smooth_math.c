/*
 * smooth_math.c
 *		Whittaker's smoother. Pure C.
 */
#include "crop/smooth_math.h"

#include <math.h>
#include <stddef.h>

/* Asymmetric weights settle within a dozen rounds; a cycle of them ends here. */
#define EXPECTILE_ROUNDS 100

/* Halves of decades. */
static const double gcv_lambda[] = {
	0.1, 0.31622776601683794, 1, 3.1622776601683795, 10, 31.622776601683793, 100, 316.22776601683796,
	1000, 3162.2776601683795, 10000
};

/* Twice the divided difference of points i, i + 1, i + 2, in units of time. */
static void
difference(const int32_t *day, int i, double *d)
{
	double		h;
	double		k;

	if (day == NULL)
	{
		d[0] = d[2] = 1;
		d[1] = -2;
		return;
	}
	h = (day[i + 1] - day[i]) * (1.0 / SMOOTH_UNIT_DAYS);
	k = (day[i + 2] - day[i + 1]) * (1.0 / SMOOTH_UNIT_DAYS);
	d[0] = 2 / (h * (h + k));
	d[1] = -2 / (h * k);
	d[2] = 2 / (k * (h + k));
}

void
smooth_factor(SmoothRow *row, int n, const int32_t *day, const double *weight, double lambda)
{
	/* Differences that begin at i - 2, i - 1 and i: those that hold point i. */
	double		before_two[3] = {0};
	double		before[3] = {0};
	double		here[3];
	double		near = 0;		/* below^2 times its pivot, of the row before */
	double		far_before = 0; /* below_two^2 times its pivot, of the row before and the one before it */
	double		far_before_two = 0;
	double		cross = 0;		/* below * below_two * pivot of the row before */
	int			i;

	for (i = 0; i < n; i++)
	{
		double		diagonal;
		double		below;
		double		below_two;

		if (i + 2 < n)
			difference(day, i, here);
		else
			here[0] = here[1] = here[2] = 0;
		diagonal = (weight ? weight[i] : 1) +
			lambda * (before_two[2] * before_two[2] + before[1] * before[1] + here[0] * here[0]);
		below = lambda * (before[1] * before[2] + here[0] * here[1]) - cross;
		below_two = lambda * here[0] * here[2];
		row[i].inverse = 1 / (diagonal - near - far_before_two);
		row[i].below = below * row[i].inverse;
		row[i].below_two = below_two * row[i].inverse;

		near = row[i].below * below;
		cross = row[i].below_two * below;
		far_before_two = far_before;
		far_before = row[i].below_two * below_two;
		before_two[2] = before[2];
		before[1] = here[1];
		before[2] = here[2];
	}
}

void
smooth_solve(const SmoothRow *row, int n, double *z)
{
	int			i;

	for (i = 1; i < n; i++)
	{
		double		rest = i > 1 ? z[i] - row[i - 2].below_two * z[i - 2] : z[i];

		z[i] = rest - row[i - 1].below * z[i - 1];
	}
	for (i = n - 1; i >= 0; i--)
	{
		double		rest = z[i] * row[i].inverse;

		if (i + 2 < n)
			rest -= row[i].below_two * z[i + 2];
		z[i] = i + 1 < n ? rest - row[i].below * z[i + 1] : rest;
	}
}

static void
weigh(int n, const double *weight, const double *y, double *z)
{
	int			i;

	for (i = 0; i < n; i++)
		z[i] = weight ? weight[i] * y[i] : y[i];
}

void
smooth_expectile(SmoothRow *row, int n, const int32_t *day, const double *weight, const double *y,
				 double lambda, double expectile, double *room, double *z)
{
	bool		changed = true;
	int			round;
	int			i;

	weigh(n, weight, y, z);
	smooth_factor(row, n, day, weight, lambda);
	smooth_solve(row, n, z);
	if (expectile == 0.5)
		return;
	for (i = 0; i < n; i++)
		room[i] = -1;
	for (round = 0; round < EXPECTILE_ROUNDS && changed; round++)
	{
		changed = false;
		for (i = 0; i < n; i++)
		{
			double		side = (y[i] > z[i] ? expectile : 1 - expectile) * (weight ? weight[i] : 1);

			changed = changed || side != room[i];
			room[i] = side;
		}
		if (changed)
		{
			smooth_factor(row, n, day, room, lambda);
			weigh(n, room, y, z);
			smooth_solve(row, n, z);
		}
	}
}

/*
 * The trace of what takes weighted values to the curve: the diagonal of the
 * inverse from the factor alone (Hutchinson and de Hoog 1985), last row first.
 */
static double
trace(const SmoothRow *row, int n, const double *weight)
{
	double		next = 0;		/* of the inverse: (i+1, i+1), (i+2, i+2), (i+1, i+2) */
	double		next_two = 0;
	double		between = 0;
	double		sum = 0;
	int			i;

	for (i = n - 1; i >= 0; i--)
	{
		double		two = -row[i].below * between - row[i].below_two * next_two;
		double		one = -row[i].below * next - row[i].below_two * between;
		double		here = row[i].inverse - row[i].below * one - row[i].below_two * two;

		sum += (weight ? weight[i] : 1) * here;
		next_two = next;
		next = here;
		between = one;
	}
	return sum;
}

double
smooth_gcv(SmoothRow *row, int n, const int32_t *day, const double *weight, const double *y, double *z)
{
	double		best = INFINITY;
	double		lambda = NAN;
	int			points = 0;
	size_t		k;
	int			i;

	for (i = 0; i < n; i++)
		points += weight == NULL || weight[i] > 0;
	if (points < 3)
		return NAN;
	for (k = 0; k < sizeof gcv_lambda / sizeof gcv_lambda[0]; k++)
	{
		double		squares = 0;
		double		free_share;
		double		score;

		smooth_factor(row, n, day, weight, gcv_lambda[k]);
		weigh(n, weight, y, z);
		smooth_solve(row, n, z);
		for (i = 0; i < n; i++)
			squares += (weight ? weight[i] : 1) * (y[i] - z[i]) * (y[i] - z[i]);
		free_share = 1 - trace(row, n, weight) / points;
		score = squares / points / (free_share * free_share);
		if (score < best)
		{
			best = score;
			lambda = gcv_lambda[k];
		}
	}
	return lambda;
}
