/*
 * fit_pool.h
 *		A model with coefficients of each segment's own, pooled towards its parent's.
 *		Include postgres.h first.
 */
#ifndef AGRIRISK_FIT_POOL_H
#define AGRIRISK_FIT_POOL_H

#include "model/fit/fit_design.h"
#include "model/fit/fit_tree.h"
#include "model/fit/pool_math.h"

typedef struct FitPool
{
	MemoryContext context;		/* where all of it lives */
	const FitTree *tree;
	PoolFit		fit;
	const bool *pooled;			/* of each coefficient, the intercept first: segments have their own */
	double	   *beta;			/* of node k, coefficient j: beta[k * (1 + n_terms) + j] */
	double	   *found;			/* as they were fitted, without regard to signs and parents kept */
	bool	   *bound;			/* of each node: a slope is its parent's for its sign */
	bool	   *kept;			/* of each node: it has its parent's card */
} FitPool;

/*
 * Fits the training rows of a design, in a context of its own below the current one.
 * Where there is no fit without segments, *status is the status of that, which is in
 * *single; unless it is LOGIT_FITTED there is nothing else.
 */
extern FitPool *fit_pool_create(FitDesign *design, const bool *used, const FitTree *tree,
								LogitFit *single, LogitStatus *status);
extern void fit_pool_free(FitPool *pool);

/*
 * What a node's own coefficients gain over its parent's, in log-likelihood, on
 * rows that neither has seen.
 */
typedef struct FitGain
{
	double		rows;
	double		bads;
	double		sum;
	double		square;
} FitGain;

/*
 * Decides which nodes have no card of their own: of the nodes with 10 bad rows or
 * more all whose mean gain is not above 0 by a one-sided test, at a rate of false
 * discoveries of 0.1 (Benjamini and Hochberg 1995). Writes the p-values, NaN for
 * nodes that are not tested.
 */
extern void fit_pool_keep_parents(FitPool *pool, FitDesign *design, const bool *used,
								  const FitGain *gain, double *p);

/* The coefficients of a node. */
static inline const double *
fit_pool_beta(const FitPool *pool, int node, int n_terms)
{
	return pool->beta + (Size) node * (1 + n_terms);
}

#endif							/* AGRIRISK_FIT_POOL_H */
