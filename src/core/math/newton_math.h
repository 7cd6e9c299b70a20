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

/* Below this share of its diagonal element, what is left of it is rounding. */
#define CHOLESKY_SINGULAR	1e-13

/*
 * The Cholesky factor of a symmetric matrix, in place of its lower triangle;
 * false unless it is positive definite well beyond rounding. `pause`, unless it
 * is NULL, is called at every row.
 */
extern bool cholesky_factor(double *matrix, int n, void (*pause) (void));

/*
 * One row of it, the rows before it being factored already. False where what these
 * leave of the diagonal element is at most the share `singular` of it: then the row
 * is a combination of the rows before it, and ends unfactored.
 */
extern bool cholesky_row(double *matrix, int stride, int i, double singular);

/* That combination: how much of each row before it, as cholesky_row left the row. */
extern void cholesky_combination(const double *matrix, int stride, int i, double *share);

/* Solves (L L') x = b, b becoming x. */
extern void cholesky_solve(const double *factor, int n, double *b);

/* An element of the diagonal of the inverse; `work` has room for n numbers. */
extern double cholesky_inverse_at(const double *factor, int stride, int n, int at, double *work);

#endif							/* AGRIRISK_NEWTON_MATH_H */
