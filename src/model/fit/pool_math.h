/*
 * pool_math.h
 *		Logistic regression with coefficients of each node of a tree, pooled
 *		towards its parent's. Pure C.
 *
 * A row of a node has eta = offset + x'b, and b is the root's coefficients and
 * the effects u of the node and of what it descends from. An effect on
 * coefficient j is normal around 0, with the standard deviation tau of its level,
 * which is how far below the root the node is; all are independent. The root's
 * coefficients and tau maximise Laplace's approximation of the likelihood that
 * is left when effects are integrated out, as lme4 has it with nAGQ = 1. Effects
 * are where they are most likely, given the root's coefficients and tau.
 *
 * Sums over the rows of a node are made as in the logistic fit. So here too the
 * order of its rows, their split and their weighting cannot change a bit.
 */
#ifndef AGRIRISK_POOL_MATH_H
#define AGRIRISK_POOL_MATH_H

#include "model/fit/logit_math.h"

typedef struct PoolProblem
{
	LogitRows  *rows;			/* a block's of one node, nodes in ascending order */
	int			n_nodes;
	const int  *parent;			/* of each node, and before it; -1 of the root, node 0 */
	const bool *used;			/* of each term; NULL: all are */
	const bool *pooled;			/* of each coefficient, the intercept first: has effects */
	TallyPause	pause;
} PoolProblem;

/* A node and its own rows, not those of its children. */
typedef struct PoolNode
{
	int			level;			/* 0: the root */
	double		weight;
	double		bad;
	double		gain;			/* of log-likelihood, over its parent's coefficients */
	double	   *effect;			/* of each coefficient, the intercept first */
	double	   *variance;		/* of the effects, given all tau and the root's coefficients */
} PoolNode;

typedef struct PoolFit
{
	LogitFit	single;			/* of all rows, without effects */
	int			iterations;
	double		log_likelihood; /* Laplace's approximation */
	double	   *beta;			/* the root's */
	double	   *covariance;		/* of beta, given tau */
	int			n_levels;		/* below the root */
	double	   *tau;			/* level l, coefficient j: tau[(l - 1) * (1 + n_terms) + j] */
	PoolNode   *node;
} PoolFit;

/*
 * What a fit takes at its height, nearly: each node has numbers that grow with the
 * square of the pooled coefficients. The last node is of the deepest level.
 */
extern size_t pool_bytes(const PoolProblem *problem, Arena scratch);

/*
 * Where the fit without effects has no maximum, its status. LOGIT_NOT_CONVERGED also
 * where tau has no bound, as where each node's outcomes are of one class. Either way
 * there is nothing but `single`. The fit lives in `memory`, and nothing of it in `scratch`.
 */
extern LogitStatus pool_fit(const PoolProblem *problem, PoolFit *fit, Arena memory, Arena scratch);

/*
 * The coefficients of one node, where its rows and a normal prior of standard
 * deviations tau > 0 around the parent's are most likely. Outcomes may be of one
 * class, or separated.
 */
extern LogitStatus pool_mode(LogitRows *rows, const bool *used, const double *parent,
							 const double *tau, TallyPause pause, LogitFit *fit, Arena memory);

#endif							/* AGRIRISK_POOL_MATH_H */
