/*
 * newton_math.c
 *		The maximum of a concave function of a few numbers. Pure C.
 */
#include "core/math/newton_math.h"

#include <math.h>
#include <string.h>

/* Below this share of its diagonal element, what is left of it is rounding. */
#define SINGULAR	1e-13

/* How often a step is halved before the place is taken for the maximum. */
#define HALVINGS	40

bool
cholesky_factor(double *matrix, int n)
{
	int			i,
				j,
				k;

	for (i = 0; i < n; i++)
	{
		double		diagonal = matrix[i * n + i];

		for (j = 0; j <= i; j++)
		{
			double		sum = matrix[i * n + j];

			for (k = 0; k < j; k++)
				sum -= matrix[i * n + k] * matrix[j * n + k];
			if (j < i)
				matrix[i * n + j] = sum / matrix[j * n + j];
			else if (sum > SINGULAR * diagonal && sum < INFINITY)
				matrix[i * n + i] = sqrt(sum);
			else
				return false;
		}
	}
	return true;
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
		if (!isfinite(before) || !cholesky_factor(curvature, n))
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
			if (!cholesky_factor(curvature, n))
				return NEWTON_SINGULAR;
			invert(curvature, n, inverse);
			return NEWTON_CONVERGED;
		}
		last_gain = gain;
	}
	return NEWTON_NOT_CONVERGED;
}
