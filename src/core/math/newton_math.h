/*
 * newton_math.h
 *		The maximum of a concave function of a few numbers, such as the
 *		log-likelihood of a logistic model, by Newton's method with step control.
 *		Pure C.
 *
 * The function is the caller's: so is the way it reads its data, and that its
 * sums do not depend on the order of rows.
 */
#ifndef AGRIRISK_NEWTON_MATH_H
#define AGRIRISK_NEWTON_MATH_H

#include <stdbool.h>

/*
 * Returns the value at `x` and writes the gradient (n) and the negated matrix of
 * second derivatives (n x n, of which the lower triangle is read). A value that
 * is not finite, at any but the first x, makes the step shorter.
 */
typedef double (*NewtonFunction) (void *data, const double *x, double *gradient,
								  double *curvature);

typedef enum NewtonStatus
{
	NEWTON_CONVERGED,
	NEWTON_SINGULAR,			/* flat in some direction: collinear, or separated */
	NEWTON_NOT_CONVERGED		/* after all steps: separated outcomes, most likely */
} NewtonStatus;

/*
 * Begins at x and leaves the maximum there, in the inverse of the curvature at
 * it (n x n, both triangles; the covariance of estimates), and in *value its
 * value. `work` needs room for n * (n + 3) numbers.
 *
 * It stops once a step would gain less than half of NEWTON_TOLERANCE, and far
 * less than the one before, after that step: with quadratic convergence the
 * error left is then below what rounding leaves.
 */
#define NEWTON_TOLERANCE	1e-14
#define NEWTON_STEPS		60

extern NewtonStatus newton_maximum(NewtonFunction function, void *data, int n, double *x,
								   double *inverse, double *value, double *work);

/*
 * The Cholesky factor of a symmetric matrix, in place of its lower triangle;
 * false unless it is positive definite well beyond rounding.
 */
extern bool cholesky_factor(double *matrix, int n);

/* Solves (L L') x = b, b becoming x. */
extern void cholesky_solve(const double *factor, int n, double *b);

#endif							/* AGRIRISK_NEWTON_MATH_H */
