/*
 * logit_pass.h
 *		One pass over the rows of a logistic likelihood: what its fits share.
 *		Pure C.
 */
#ifndef AGRIRISK_LOGIT_PASS_H
#define AGRIRISK_LOGIT_PASS_H

#include "core/math/wide.h"
#include "model/fit/logit_math.h"

typedef struct LogitSum
{
	Signed128	part[2];
} LogitSum;

/* What one pass over the rows adds up, for the m coefficients in use. */
typedef struct LogitPass
{
	int			m;
	const double *beta;			/* the intercept first */
	bool		flat;			/* the information of a likelihood with p = 1/2 everywhere */
	bool		fine;			/* information in two parts */
	bool		likelihood_only;
	double		likelihood_unit;
	const double **column;		/* of the block, the intercept's first */
	double	   *scaled;			/* a column times the curvature */
	LogitSum	likelihood;
	LogitSum   *gradient;
	LogitSum   *size;			/* sum |x| |y - p|, if fine; NULL: not wanted */
	LogitSum   *information;	/* lower triangle, by rows */
	double		least;			/* least margin: x'b where y = 1, -x'b where y = 0 */

	/*
	 * Given a covariance of some coefficients, sums of p (1 - p) (1 - 2 p) var(eta) x:
	 * how the logarithm of a determinant of the information changes with beta.
	 */
	int			n_spread;		/* 0: without */
	const int  *spread_place;	/* of these coefficients among the m */
	const double *spread;		/* their covariance, lower triangle of a square */
	double		cubic_unit;
	LogitSum   *cubic;
} LogitPass;

extern void logit_prepare_pass(LogitPass *pass, int m, Arena memory);

/* Sums begin at 0, at these coefficients. */
extern void logit_begin_pass(LogitPass *pass, const double *beta, double max_offset);

/*
 * The next rows, and their columns in pass->column, with zeros behind the last;
 * false at the end. Place says which coefficient is in column j; the room is the
 * arrays of a block.
 */
extern bool logit_next_block(LogitPass *pass, LogitRows *rows, const int *place,
							 const LogitBlock *room, LogitBlock *block);
extern void logit_add_block(LogitPass *pass, const LogitBlock *block);

extern double logit_likelihood(const LogitPass *pass);

/* All sums; information has both triangles, cubic may be NULL. */
extern void logit_end_pass(const LogitPass *pass, double *likelihood, double *gradient,
						   double *information, double *cubic);

#endif							/* AGRIRISK_LOGIT_PASS_H */
