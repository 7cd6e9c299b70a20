/*
 * logit_math.h
 *		Logistic regression: the maximum of a likelihood, penalised or not. Pure C.
 *
 * Every term of a sum over rows depends on its row and the coefficients only,
 * is rounded to a whole number of units, taken times the row's whole weight,
 * and added in integers. So the fit has the same bits for any order of rows,
 * any split into blocks, and a row of weight w against w equal rows.
 */
#ifndef AGRIRISK_LOGIT_MATH_H
#define AGRIRISK_LOGIT_MATH_H

#include "core/math/tally_math.h"
#include "model/card/scorecard_math.h"

#define LOGIT_BLOCK			128

/* Up to LOGIT_BLOCK rows; there is room for as many, and the kernel fills the rest. */
typedef struct LogitBlock
{
	int			n;
	int			node;			/* of all its rows, where a fit is pooled */
	double	   *x;				/* term j of row i: x[j * LOGIT_BLOCK + i], |x| <= 1; no intercept */
	double	   *y;				/* 0 or 1 */
	double	   *weight;			/* whole, >= 1 */
	double	   *offset;
} LogitBlock;

/* Rows as often as they are asked for; both outcomes occur. */
typedef struct LogitRows
{
	int			n_terms;
	double		total_weight;	/* at most 2^36 */
	double		total_bad;		/* weight of the rows with y = 1 */
	double		max_offset;		/* the largest |offset| */

	/*
	 * Fills the block, or points it to rows elsewhere that may be written behind
	 * the last; n = 0 at the end, and then the next call starts again.
	 */
	void		(*next) (struct LogitRows *rows, LogitBlock *block);
} LogitRows;

/*
 * Maximises the log-likelihood less ridge / 2 (b - prior)^2 + lasso |b| of each
 * coefficient. Arrays of coefficients have 1 + n_terms, the intercept first.
 */
typedef struct LogitProblem
{
	LogitRows  *rows;
	const bool *used;			/* of each term; NULL: all are */
	const double *ridge;		/* NULL: 0, and so with the next two */
	const double *lasso;
	const double *prior;
	const double *start;		/* NULL: the intercept at the log-odds, the others 0 */
	TallyPause	pause;			/* called at every block */
} LogitProblem;

typedef enum LogitStatus
{
	LOGIT_FITTED,
	LOGIT_COLLINEAR,			/* a term is a combination of others */
	LOGIT_SEPARATED,			/* the likelihood rises for ever along a direction */
	LOGIT_NOT_CONVERGED
} LogitStatus;

typedef struct LogitFit
{
	int			iterations;
	double		log_likelihood; /* without the penalty */
	double	   *beta;
	double	   *gradient;		/* of the likelihood less the ridge penalty */
	double	   *covariance;		/* inverse of information + ridge; rows of unused terms are 0 */
	double	   *involved;		/* collinear: a dependency; separated: a direction; at most 1 */
	bool		complete;		/* separated: no row is on the boundary */
} LogitFit;

/* The fit lives in `memory`, and nothing of it in `scratch`. */
extern LogitStatus logit_fit(const LogitProblem *problem, LogitFit *fit, Arena memory, Arena scratch);

/*
 * Whether those before it leave less than a millionth of a term used; then which, in
 * `involved`, as of a fit that is collinear.
 */
extern bool logit_is_nearly_collinear(const LogitProblem *problem, double *involved, Arena scratch);

/*
 * Sums over the rows of the products of terms used, the constant first, at
 * (1 + n_terms)^2 places. Nothing but rows, used and pause of the problem counts.
 */
extern void logit_cross_products(const LogitProblem *problem, double *product, Arena scratch);

/* eta of a block's rows, with the bits it has in the fit. */
extern void logit_eta(const LogitBlock *block, int n_terms, const double *beta,
					  const bool *used, double *eta);

#endif							/* AGRIRISK_LOGIT_MATH_H */
