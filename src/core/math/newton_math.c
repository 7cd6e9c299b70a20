/*
 * newton_math.c
 *		The maximum of a concave function of a few numbers. Pure C.
 */
#include "core/math/newton_math.h"

#include <math.h>
#include <string.h>

/* How often a step is halved before the place is taken for the maximum. */
#define HALVINGS	40

bool
cholesky_row(double *matrix, int stride, int i, double singular)
{
	double	   *row = matrix + (size_t) i * stride;
	double		diagonal = row[i];
	double		pivot = diagonal;
	int			j,
				k;

	for (j = 0; j < i; j++)
	{
		const double *before = matrix + (size_t) j * stride;
		double		sum = row[j];

		for (k = 0; k < j; k++)
			sum -= row[k] * before[k];
		row[j] = sum / before[j];
		pivot -= row[j] * row[j];
	}
	if (!(pivot > singular * diagonal && pivot < INFINITY))
		return false;
	row[i] = sqrt(pivot);
	return true;
}

bool
cholesky_factor(double *matrix, int n, void (*pause) (void))
{
	int			i;

	for (i = 0; i < n; i++)
	{
		if (pause)
			pause();
		if (!cholesky_row(matrix, n, i, CHOLESKY_SINGULAR))
			return false;
	}
	return true;
}

void
cholesky_combination(const double *matrix, int stride, int i, double *share)
{
	const double *row = matrix + (size_t) i * stride;
	int			j,
				k;

	for (j = i - 1; j >= 0; j--)
	{
		double		sum = row[j];

		for (k = j + 1; k < i; k++)
			sum -= matrix[(size_t) k * stride + j] * share[k];
		share[j] = sum / matrix[(size_t) j * stride + j];
	}
}

void
cholesky_solve(const double *factor, int n, double *b)
{
	int			i,
				k;

	for (i = 0; i < n; i++)
	{
		for (k = 0; k < i; k++)
			b[i] -= factor[i * n + k] * b[k];
		b[i] /= factor[i * n + i];
	}
	for (i = n - 1; i >= 0; i--)
	{
		for (k = i + 1; k < n; k++)
			b[i] -= factor[k * n + i] * b[k];
		b[i] /= factor[i * n + i];
	}
}

double
cholesky_inverse_at(const double *factor, int stride, int n, int at, double *work)
{
	int			i,
				k;

	/* What is before the place is 0 on the way down, and not asked for on the way up. */
	memset(work, 0, n * sizeof(double));
	work[at] = 1;
	for (i = at; i < n; i++)
	{
		const double *row = factor + (size_t) i * stride;

		for (k = at; k < i; k++)
			work[i] -= row[k] * work[k];
		work[i] /= row[i];
	}
	for (i = n - 1; i >= at; i--)
	{
		for (k = i + 1; k < n; k++)
			work[i] -= factor[(size_t) k * stride + i] * work[k];
		work[i] /= factor[(size_t) i * stride + i];
	}
	return work[at];
}

static void
invert(const double *factor, int n, double *inverse)
{
	int			i,
				j;

	/* Columns of the inverse of a symmetric matrix are its rows. */
	for (i = 0; i < n; i++)
	{
		for (j = 0; j < n; j++)
			inverse[i * n + j] = i == j;
		cholesky_solve(factor, n, inverse + i * n);
	}
	for (i = 0; i < n; i++)
		for (j = 0; j < i; j++)
			inverse[j * n + i] = inverse[i * n + j];
}

NewtonStatus
newton_maximum(NewtonFunction function, void *data, int n, double *x,
			   double *inverse, double *value, double *work)
{
	double	   *gradient = work;
	double	   *step = work + n;
	double	   *begun = work + 2 * n;
	double	   *curvature = work + 3 * n;
	double		last_gain = INFINITY;
	int			steps;
	int			halvings;
	int			i;

	*value = function(data, x, gradient, curvature);
	for (steps = 0; steps < NEWTON_STEPS; steps++)
	{
		double		before = *value;
		double		gain = 0;	/* twice what the step promises */

		memcpy(step, gradient, n * sizeof(double));
		memcpy(begun, x, n * sizeof(double));
		if (!isfinite(before) || !cholesky_factor(curvature, n, NULL))
			return NEWTON_SINGULAR;
		cholesky_solve(curvature, n, step);
		for (i = 0; i < n; i++)
			gain += step[i] * gradient[i];

		for (halvings = 0; halvings < HALVINGS; halvings++)
		{
			for (i = 0; i < n; i++)
				x[i] = begun[i] + step[i];
			*value = function(data, x, gradient, curvature);

			/* Near the maximum what a step gains is less than rounding. */
			if (*value >= before - 1e-13 * fabs(before))
				break;
			for (i = 0; i < n; i++)
				step[i] /= 2;
		}

		/*
		 * Where outcomes are separated, each step gains e times less than the
		 * one before, for ever. At a maximum gains collapse.
		 */
		if (gain <= NEWTON_TOLERANCE && gain <= 0.01 * last_gain)
		{
			if (!cholesky_factor(curvature, n, NULL))
				return NEWTON_SINGULAR;
			invert(curvature, n, inverse);
			return NEWTON_CONVERGED;
		}
		last_gain = gain;
	}
	return NEWTON_NOT_CONVERGED;
}
