/*
 * newton_test.c
 *		Newton's method on logistic likelihoods with known maxima, and where there
 *		is none; quantiles against their definition.
 */
#include "core/math/newton_math.h"
#include "core/math/probability_math.h"
#include "core/math/quantile_math.h"
#include "tap.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct Sample
{
	int			n;
	double		x[64];
	double		bads[64];
	double		goods[64];
	bool		twice;			/* the covariate once more */
} Sample;

static double
log_likelihood(void *data, const double *beta, double *gradient, double *curvature)
{
	const Sample *sample = data;
	int			p = sample->twice ? 3 : 2;
	double		sum = 0;
	int			i,
				j,
				k;

	memset(gradient, 0, p * sizeof(double));
	memset(curvature, 0, p * p * sizeof(double));
	for (i = 0; i < sample->n; i++)
	{
		double		row[3] = {1, sample->x[i], sample->x[i]};
		double		n = sample->bads[i] + sample->goods[i];
		double		eta = 0;
		double		pd;

		for (j = 0; j < p; j++)
			eta += beta[j] * row[j];
		pd = inverse_logit(eta);
		sum += sample->bads[i] > 0 ? sample->bads[i] * log(pd) : 0;
		sum += sample->goods[i] > 0 ? sample->goods[i] * log(inverse_logit(-eta)) : 0;
		for (j = 0; j < p; j++)
		{
			gradient[j] += row[j] * (sample->bads[i] - n * pd);
			for (k = 0; k <= j; k++)
				curvature[j * p + k] += row[j] * row[k] * n * pd * (1 - pd);
		}
	}
	return sum;
}

static void
test_newton(void)
{
	/* Two groups: the fit is exact, intercept logit(1/4), slope logit(3/5) - logit(1/4). */
	Sample		two = {2, {0, 1}, {1, 30}, {3, 20}, false};
	Sample		separated = {4, {1, 2, 3, 4}, {0, 0, 1, 1}, {1, 1, 0, 0}, false};
	Sample		even = {2, {0, 1}, {10, 10}, {10, 10}, false};
	Sample		many = {0};
	double		x[3] = {0, 0, 0};
	double		inverse[9];
	double		work[18];
	double		value;
	double		gradient[3];
	double		curvature[9];
	double		worst = 0;
	NewtonStatus status;
	int			trial,
				i;

	status = newton_maximum(log_likelihood, &two, 2, x, inverse, &value, work);
	ok(status == NEWTON_CONVERGED && fabs(x[0] + log(3)) < 1e-15 && fabs(x[1] - log(1.5) - log(3)) < 2e-15,
	   "two groups: the logits of their shares");
	/* The variance of a logit is 1 / bads + 1 / goods; that of a difference the sum. */
	ok(fabs(inverse[0] - 4.0 / 3) < 1e-14 && fabs(inverse[3] - (4.0 / 3 + 1 / 30.0 + 1 / 20.0)) < 1e-14 &&
	   fabs(inverse[1] + 4.0 / 3) < 1e-14 && inverse[1] == inverse[2], "with their variances");
	ok(fabs(value - (log(0.25) + 3 * log(0.75) + 30 * log(0.6) + 20 * log(0.4))) < 1e-13, "and log-likelihood");

	x[0] = 30;
	x[1] = -40;
	status = newton_maximum(log_likelihood, &two, 2, x, inverse, &value, work);
	ok(status != NEWTON_CONVERGED || fabs(x[0] + log(3)) < 1e-14, "from far away: there, or said");

	/* From 3 a whole step goes to -7, the next one to 550. */
	x[0] = 3;
	x[1] = 0;
	status = newton_maximum(log_likelihood, &even, 2, x, inverse, &value, work);
	ok(status == NEWTON_CONVERGED && fabs(x[0]) < 1e-14 && fabs(x[1]) < 1e-14, "steps that lead too far are made shorter");

	x[0] = x[1] = 0;
	ok(newton_maximum(log_likelihood, &separated, 2, x, inverse, &value, work) != NEWTON_CONVERGED,
	   "separated outcomes have no maximum");
	two.twice = true;
	x[0] = x[1] = x[2] = 0;
	ok(newton_maximum(log_likelihood, &two, 3, x, inverse, &value, work) == NEWTON_SINGULAR,
	   "a covariate given twice is singular");

	for (trial = 0; trial < 500; trial++)
	{
		double		scale = 0;

		many.n = 3 + (int) below(60);
		for (i = 0; i < many.n; i++)
		{
			many.x[i] = uniform(-3, 3);
			many.bads[i] = (double) below(20);
			many.goods[i] = 1 + (double) below(50);
			scale += many.bads[i] + many.goods[i];
		}
		many.bads[0] = 5;
		x[0] = x[1] = 0;
		if (newton_maximum(log_likelihood, &many, 2, x, inverse, &value, work) != NEWTON_CONVERGED)
			worst = INFINITY;
		log_likelihood(&many, x, gradient, curvature);
		worst = fmax(worst, fmax(fabs(gradient[0]), fabs(gradient[1])) / scale);
	}
	ok_figure(worst < 1e-14, "the gradient vanishes, per row", worst);
}

static void
test_cholesky(void)
{
	/* L = (2; 1 3; -1 2 1) */
	double		matrix[9] = {4, 0, 0, 2, 10, 0, -2, 5, 6};
	double		b[3] = {4 * 1 + 2 * 2 - 2 * 3, 2 * 1 + 10 * 2 + 5 * 3, -2 * 1 + 5 * 2 + 6 * 3};
	double		indefinite[4] = {1, 0, 2, 1};
	double		singular[4] = {1, 0, 1, 1};
	double		nan[1] = {NAN};
	double		dependent[12] = {1, 0, 0, 0, 1, 5, 0, 0, 1, -7, 17, 0};
	double		share[2];
	double		work[3];

	ok(cholesky_factor(matrix, 3, NULL) && matrix[0] == 2 && matrix[3] == 1 && matrix[4] == 3 &&
	   matrix[6] == -1 && matrix[7] == 2 && matrix[8] == 1, "Cholesky by hand");
	cholesky_solve(matrix, 3, b);
	ok(b[0] == 1 && b[1] == 2 && b[2] == 3, "and its solution");
	ok(!cholesky_factor(indefinite, 2, NULL) && !cholesky_factor(singular, 2, NULL) && !cholesky_factor(nan, 1, NULL),
	   "no factor of an indefinite or a singular matrix, or of NaN");

	/* Row 2 is three times row 0 less twice row 1 of (1 0; 1 2; 1 -4), as products. */
	ok(cholesky_row(dependent, 4, 0, CHOLESKY_SINGULAR) && cholesky_row(dependent, 4, 1, CHOLESKY_SINGULAR) &&
	   !cholesky_row(dependent, 4, 2, CHOLESKY_SINGULAR), "the first row that is a combination of those before it");
	cholesky_combination(dependent, 4, 2, share);
	ok(share[0] == 3 && share[1] == -2, "and of which");

	/* Of A = L L' above: A^-1 = L'^-1 L^-1, by hand. */
	ok(cholesky_inverse_at(matrix, 3, 3, 2, work) == 1 && fabs(cholesky_inverse_at(matrix, 3, 3, 1, work) - 5. / 9) < 1e-15 &&
	   fabs(cholesky_inverse_at(matrix, 3, 3, 0, work) - (1. / 4 + 1. / 36 + 25. / 36)) < 1e-15,
	   "elements of the diagonal of the inverse");
	ok(fabs(cholesky_inverse_at(matrix, 3, 2, 1, work) - 1. / 9) < 1e-15, "of a part of it");
}

static void
test_quantiles(void)
{
	QuantilePlace place = quantile_place(11, 3, 10);
	bool		good = true;
	int			trial;

	ok(place.index == 3 && place.fraction == 0, "the third decile of 11 values is the fourth");
	place = quantile_place(6, 1, 4);
	ok(place.index == 1 && place.fraction == 0.25, "the first quartile of 6 is a quarter of the way from the second");
	place = quantile_place(INT64_MAX, INT64_C(1000000), INT64_C(1000000));
	ok(place.index == INT64_MAX - 1 && place.fraction == 0, "the last of very many is the last");
	place = quantile_place(1, 7, 10);
	ok(place.index == 0 && place.fraction == 0, "one value is every quantile of itself");

	ok(quantile_value(1, 3, 0.25) == 1.5 && quantile_value(-INFINITY, INFINITY, 0.5) == -INFINITY &&
	   quantile_value(1, INFINITY, 0.5) == INFINITY && quantile_value(-INFINITY, 1, 0.5) == -INFINITY &&
	   quantile_value(1, INFINITY, 0) == 1 && quantile_value(-DBL_MAX, DBL_MAX, 0.5) == 0 &&
	   quantile_value(DBL_MAX, DBL_MAX, 0.3) == DBL_MAX && quantile_value(INFINITY, INFINITY, 0.3) == INFINITY,
	   "values, finite or not");
	for (trial = 0; trial < 100000; trial++)
	{
		double		a = uniform(-1, 1) / 3;	/* all bits are in use */
		double		b = trial % 2 ? nextafter(a, 2) : uniform(a, 1);
		double		value = quantile_value(a, b, uniform(0, 1));

		good = good && value >= a && value <= b && quantile_value(a, a, uniform(0, 1)) == a;
	}
	ok(good, "a quantile is never outside its neighbours");
}

int
main(void)
{
	test_newton();
	test_cholesky();
	test_quantiles();
	return done_testing();
}
