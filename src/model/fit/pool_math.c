/*
 * pool_math.c
 *		Logistic regression with coefficients of each node of a tree, pooled
 *		towards its parent's. Pure C.
 *
 * A pass over the rows gives each node's gradient r and information K at its
 * coefficients. Then effects are eliminated, from the leaves up: with D the
 * variances of a node's effects, it is to its parent as if it had no effects and
 * the information N = K - K D (1 + K D)^-1 K. At the root this leaves the
 * information on its coefficients and, as the product of pivots, the determinant
 * in Laplace's approximation. On the way down effects become u = D a, where a is
 * the gradient that its parent's coefficients would leave to the node. All is
 * written so that variances may be 0.
 *
 * The determinant moves with the rows' curvature: by the sums of p (1 - p)
 * (1 - 2 p) var(eta) x, which go through the same elimination as the gradient.
 * The derivative by a variance is half the sum of a^2 - E - y a over its level,
 * where E is what N leaves given that the parent's effects too are uncertain,
 * and y is to those sums what a is to the gradient.
 *
 * One pass serves one step of everything: effects, root's coefficients and
 * variances. Variances move by Fisher's scoring at first, then by Newton's method,
 * together with the coefficients. Newton's matrix lacks how the determinant curves,
 * which is learnt from the steps.
 */
#include "model/fit/pool_math.h"

#include "core/math/elementary_math.h"
#include "core/math/newton_math.h"
#include "model/fit/logit_pass.h"

#include <math.h>
#include <string.h>

#define STEPS			100
#define HALVINGS		20

/*
 * What a step promises: to each outer number, where Newton's method takes over; in
 * all, at the end, where it is not taken.
 */
#define NEAR			2.0
#define TOLERANCE		1e-9

/* The most that a step shortens a variance by. */
#define SHRINKAGE		4

/* Relative error of the objective. */
#define ROUNDING		1e-12

/* The most that a step may change eta of a node's rows, in the mean square. */
#define LONGEST			2.0

/* The share of what effects promise that may not be there. */
#define UNCERTAIN		0.1

/* Effects are settled when a step promises as much to each. */
#define SETTLED			0.1

/* What comes up to a node with children, and goes down from it. */
typedef struct Inner
{
	double	   *information;
	double	   *gradient;
	double	   *cubic;
	double	   *turn;			/* of the gradient, with a variance */
	double	   *move;			/* change of the node's coefficients */
	double	   *cubic_move;
} Inner;

typedef struct Node
{
	int			parent;
	int			level;
	Inner	   *inner;			/* NULL: a leaf */
	double	   *effect;
	double	   *begun;			/* the effect before the step */
	double	   *cross;			/* rows of N */
	double	   *pull;			/* the gradient passed to the parent */
	double	   *cubic_pull;
	double	   *score;			/* a */
	double	   *cubic_score;	/* y */
	double	   *variance;		/* E; of effects alone */
	double	   *spread;			/* covariance of the sum of effects down to here */
	double	   *reach;			/* root of the mean square of x */
	double	   *push;			/* of effects, with a variance */
	double	   *turned;			/* the gradient passed to the parent, with it */
	double		length;			/* of the step, and of the steps below */
} Node;

typedef struct Pool
{
	const PoolProblem *problem;
	LogitPass	pass;
	LogitBlock	block;
	LogitBlock	room;
	int			m;				/* coefficients in use */
	int		   *place;			/* the caller's */
	int			q;				/* of them pooled */
	int		   *pooled;
	int			n_nodes;
	int			n_levels;
	Node	   *node;

	int			n_outer;
	double	   *outer;			/* the root's coefficients, then variances */
	double	   *beta;
	double	   *omega;			/* of level l, pooled j: (l - 1) * q + j */
	double	   *coefficients;	/* of a node */
	double	   *gradient;
	double	   *cubic;
	double	   *information;
	double	   *factor;			/* of 1 + sqrt(D) K sqrt(D) */
	double	   *solved;			/* K sqrt(D), solved for half of it */
	double	   *work;
	double	   *square;
	double	   *other;

	double		likelihood;		/* with effects */
	double		penalty;		/* of the effects */
	double		posterior;		/* what the effects maximise */
	double		half_log_pivots;	/* half the logarithm of the determinant */
	double		value;			/* Laplace's approximation, at the modes that a step promises */
	double		inner_promise;

	/* Of and for outer ones. */
	double	   *slope;
	double	   *fisher;			/* expected information */
	double	   *newton;			/* observed */
	double	   *learnt;			/* what is missing from it */
	double	   *matrix;			/* both */
	double	   *step;
	double	   *begun;			/* before the last step, and so the slope */
	double	   *slope_begun;
	double	   *gone;			/* the last step as it was taken */
	double	   *turned;			/* what it did to the slope; what of that was missed, and known */
	double	   *missed;
	double	   *known;
	double	   *system;
	int		   *member;
	bool	   *held;
} Pool;

static double *
room_for(Arena memory, size_t n)
{
	double	   *room = memory.alloc(memory.context, n * sizeof(double));

	memset(room, 0, n * sizeof(double));
	return room;
}

static double *
variances_of(const Pool *pool, const Node *node)
{
	return pool->omega + (size_t) (node->level - 1) * pool->q;
}

/* ---------- up ---------- */

/*
 * Passes what a node has up to its parent. The information has both triangles.
 */
static void
eliminate(Pool *pool, Node *node, const double *information, const double *gradient, const double *cubic)
{
	int			m = pool->m;
	int			q = pool->q;
	const int  *pooled = pool->pooled;
	const double *omega = variances_of(pool, node);
	Inner	   *parent = pool->node[node->parent].inner;
	double	   *factor = pool->factor;
	double	   *solved = pool->solved;	/* q rows */
	double	   *excess = pool->work;	/* solved like it */
	double	   *cubic_excess = pool->work + q;
	int			i,
				j,
				k;

	for (j = 0; j < q; j++)
	{
		const double *row = information + (size_t) pooled[j] * m;
		double		sd = sqrt(omega[j]);

		for (k = 0; k <= j; k++)
			factor[j * q + k] = (j == k) + sd * row[pooled[k]] * sqrt(omega[k]);
		for (i = 0; i < m; i++)
			solved[j * m + i] = sd * row[i];
		excess[j] = sd > 0 ? sd * gradient[pooled[j]] - node->effect[j] / sd : 0;
		cubic_excess[j] = sd * cubic[pooled[j]];
		node->reach[j] = information[0] > 0 ? sqrt(row[pooled[j]] / information[0]) : 0;
		if (sd > 0)
			pool->penalty += node->effect[j] * node->effect[j] / omega[j] / 2;
	}
	if (!cholesky_factor(factor, q, pool->problem->pause))
		pool->half_log_pivots = INFINITY;
	for (j = 0; j < q; j++)
	{
		double	   *row = solved + j * m;
		double		pivot = factor[j * q + j];

		pool->problem->pause();
		for (k = 0; k < j; k++)
		{
			double		by = factor[j * q + k];

			for (i = 0; i < m; i++)
				row[i] -= by * solved[k * m + i];
			excess[j] -= by * excess[k];
			cubic_excess[j] -= by * cubic_excess[k];
		}
		for (i = 0; i < m; i++)
			row[i] /= pivot;
		excess[j] /= pivot;
		cubic_excess[j] /= pivot;
		pool->half_log_pivots += agr_log(pivot) + cubic_excess[j] * excess[j] / 2;
		pool->inner_promise += excess[j] * excess[j];
	}

	for (i = 0; i < m; i++)
	{
		double	   *row = pool->other;
		double		pull = gradient[i];
		double		cubic_pull = cubic[i];

		pool->problem->pause();
		memcpy(row, information + (size_t) i * m, m * sizeof(double));
		for (j = 0; j < q; j++)
		{
			double		by = solved[j * m + i];

			for (k = 0; k < m; k++)
				row[k] -= by * solved[j * m + k];
			pull -= by * excess[j];
			cubic_pull -= by * cubic_excess[j];
		}
		for (k = 0; k < m; k++)
			parent->information[i * m + k] += row[k];
		parent->gradient[i] += pull;
		parent->cubic[i] += cubic_pull;
		for (j = 0; j < q; j++)
			if (pooled[j] == i)
			{
				memcpy(node->cross + j * m, row, m * sizeof(double));
				node->pull[j] = pull;
				node->cubic_pull[j] = cubic_pull;
			}
	}
}

static bool
next_block(Pool *pool)
{
	pool->problem->pause();
	return logit_next_block(&pool->pass, pool->problem->rows, pool->place, &pool->room, &pool->block);
}

/* The sum of the root's coefficients and effects down to the node. */
static void
find_coefficients(const Pool *pool, int at, double *sum)
{
	int			j;

	memcpy(sum, pool->beta, pool->m * sizeof(double));
	for (; at > 0; at = pool->node[at].parent)
		for (j = 0; j < pool->q; j++)
			sum[pool->pooled[j]] += pool->node[at].effect[j];
}

/* One pass over the rows, and up to the root. */
static void
sum_rows(Pool *pool)
{
	int			m = pool->m;
	double		max_offset = pool->problem->rows->max_offset;
	bool		more;
	int			i,
				k;

	pool->likelihood = pool->penalty = pool->half_log_pivots = pool->inner_promise = 0;
	for (i = 0; i < pool->n_nodes; i++)
	{
		Inner	   *inner = pool->node[i].inner;

		if (inner)
		{
			memset(inner->information, 0, (size_t) m * m * sizeof(double));
			memset(inner->gradient, 0, m * sizeof(double));
			memset(inner->cubic, 0, m * sizeof(double));
		}
	}
	more = next_block(pool);
	for (i = 0; i < pool->n_nodes; i++)
	{
		Node	   *node = &pool->node[i];
		double		likelihood;

		pool->problem->pause();
		find_coefficients(pool, i, pool->coefficients);
		pool->pass.n_spread = i > 0 ? pool->q : 0;
		pool->pass.spread = node->spread;
		logit_begin_pass(&pool->pass, pool->coefficients, max_offset);
		for (; more && pool->block.node == i; more = next_block(pool))
			logit_add_block(&pool->pass, &pool->block);
		logit_end_pass(&pool->pass, &likelihood, pool->gradient, pool->information, pool->cubic);
		pool->likelihood += likelihood;
		if (node->inner)
			for (k = 0; k < m * m; k++)
			{
				node->inner->information[k] += pool->information[k];
				if (k < m)
				{
					node->inner->gradient[k] += pool->gradient[k];
					node->inner->cubic[k] += pool->cubic[k];
				}
			}
		else
			eliminate(pool, node, pool->information, pool->gradient, pool->cubic);
	}
	for (i = pool->n_nodes - 1; i > 0; i--)
	{
		Inner	   *inner = pool->node[i].inner;

		if (inner)
			eliminate(pool, &pool->node[i], inner->information, inner->gradient, inner->cubic);
	}
	pool->posterior = pool->likelihood - pool->penalty;
	pool->value = pool->posterior - pool->half_log_pivots + pool->inner_promise / 2;
}

/* ---------- down ---------- */

/* c = a b, or a' b; q x q. */
static void
multiply(const Pool *pool, const double *a, bool transposed, const double *b, double *c)
{
	int			q = pool->q;
	int			i,
				j,
				k;

	memset(c, 0, (size_t) q * q * sizeof(double));
	for (i = 0; i < q; i++)
	{
		pool->problem->pause();
		for (k = 0; k < q; k++)
		{
			double		by = transposed ? a[k * q + i] : a[i * q + k];

			for (j = 0; j < q; j++)
				c[i * q + j] += by * b[k * q + j];
		}
	}
}

/* N of the pooled coefficients. */
static void
find_own(const Pool *pool, const Node *node, double *own)
{
	int			j,
				k;

	for (j = 0; j < pool->q; j++)
		for (k = 0; k < pool->q; k++)
			own[j * pool->q + k] = node->cross[j * pool->m + pool->pooled[k]];
}

/* (1 - D N) M (1 - N D) + D - D N D, with M the parent's; the root has none. */
static void
find_spread(Pool *pool, Node *node, const double *own)
{
	int			q = pool->q;
	const double *omega = variances_of(pool, node);
	double	   *left = pool->square + q * q;
	double	   *product = pool->square + 2 * q * q;
	int			j,
				k;

	memset(node->spread, 0, (size_t) q * q * sizeof(double));
	if (node->level > 1)
	{
		for (j = 0; j < q; j++)
			for (k = 0; k < q; k++)
				left[j * q + k] = (j == k) - own[j * q + k] * omega[k];
		multiply(pool, pool->node[node->parent].spread, false, left, product);
		multiply(pool, left, true, product, node->spread);
	}
	for (j = 0; j < q; j++)
		for (k = 0; k < q; k++)
			node->spread[j * q + k] += (j == k ? omega[j] : 0) - omega[j] * own[j * q + k] * omega[k];
}

/* What moves with the coefficients above it: the pull less N times their move. */
static double
left_of(const Pool *pool, const Node *node, int j, double pull, const double *move)
{
	const double *row = node->cross + (size_t) j * pool->m;
	int			i;

	for (i = 0; i < pool->m; i++)
		pull -= row[i] * move[i];
	return pull;
}

/*
 * The derivatives by variances and their expected information, at the root's
 * coefficients as they are. What levels have in common is left out of it; as many
 * times as there are levels, it is no less than all.
 */
static void
find_scores(Pool *pool)
{
	int			m = pool->m;
	int			q = pool->q;
	const int  *pooled = pool->pooled;
	double	   *own = pool->square;	/* N of pooled coefficients; then what E is */
	double	   *product = pool->square + q * q;
	double	   *excess = pool->square + 2 * q * q;
	int			i,
				j,
				k;

	memset(pool->slope, 0, pool->n_outer * sizeof(double));
	memset(pool->fisher, 0, (size_t) pool->n_outer * pool->n_outer * sizeof(double));
	memset(pool->node[0].inner->move, 0, m * sizeof(double));
	memset(pool->node[0].inner->cubic_move, 0, m * sizeof(double));
	for (i = 1; i < pool->n_nodes; i++)
	{
		Node	   *node = &pool->node[i];
		const Node *parent = &pool->node[node->parent];
		const double *omega = variances_of(pool, node);
		int			first = m + (node->level - 1) * q;

		pool->problem->pause();
		for (j = 0; j < q; j++)
		{
			node->score[j] = left_of(pool, node, j, node->pull[j], parent->inner->move);
			node->cubic_score[j] = left_of(pool, node, j, node->cubic_pull[j], parent->inner->cubic_move);
		}
		find_own(pool, node, own);
		if (node->inner)
			find_spread(pool, node, own);
		if (node->level > 1)
		{
			multiply(pool, own, false, parent->spread, product);
			multiply(pool, product, false, own, excess);
			for (j = 0; j < q * q; j++)
				own[j] -= excess[j];
		}
		for (j = 0; j < q; j++)
		{
			double		a = node->score[j];
			double	   *fisher = pool->fisher + (first + j) * pool->n_outer + first;

			node->variance[j] = omega[j] - omega[j] * own[j * q + j] * omega[j];
			pool->slope[first + j] += (a * a - own[j * q + j] - node->cubic_score[j] * a) / 2;
			for (k = 0; k < q; k++)
				fisher[k] += own[j * q + k] * own[j * q + k] / 2 * pool->n_levels;
		}
		if (node->inner)
		{
			memcpy(node->inner->move, parent->inner->move, m * sizeof(double));
			memcpy(node->inner->cubic_move, parent->inner->cubic_move, m * sizeof(double));
			for (j = 0; j < q; j++)
			{
				node->inner->move[pooled[j]] += omega[j] * node->score[j] - node->effect[j];
				node->inner->cubic_move[pooled[j]] += omega[j] * node->cubic_score[j];
			}
		}
	}
	for (j = 0; j < m; j++)
	{
		const Inner *root = pool->node[0].inner;

		pool->slope[j] = root->gradient[j] - root->cubic[j] / 2;
		memcpy(pool->fisher + j * pool->n_outer, root->information + j * m, m * sizeof(double));
	}
}

/* Half of it is the determinant's. */
static double
score_of(const Node *node, int j)
{
	return node->score[j] - node->cubic_score[j] / 2;
}

/*
 * The observed information: as if the rows' curvature did not change. A variance
 * that grows pushes each effect of its level by a, and all others give way.
 */
static void
find_newton(Pool *pool)
{
	int			m = pool->m;
	int			q = pool->q;
	int			n = pool->n_outer;
	int			column;
	int			i,
				j,
				k;

	memcpy(pool->newton, pool->fisher, (size_t) n * n * sizeof(double));
	for (j = m * n; j < n * n; j++)
		pool->newton[j] /= -pool->n_levels;
	for (column = m; column < n; column++)
	{
		int			level = 1 + (column - m) / q;
		int			varied = (column - m) % q;
		Inner	   *root = pool->node[0].inner;

		pool->problem->pause();
		for (i = 0; i < pool->n_nodes; i++)
			if (pool->node[i].inner)
				memset(pool->node[i].inner->turn, 0, m * sizeof(double));
		for (i = pool->n_nodes - 1; i > 0; i--)
		{
			Node	   *node = &pool->node[i];
			double	   *up = pool->node[node->parent].inner->turn;
			double	   *turn = node->inner ? node->inner->turn : NULL;

			for (j = 0; j < q; j++)
			{
				double		push = turn ? variances_of(pool, node)[j] * turn[pool->pooled[j]] : 0;

				if (node->level == level && j == varied)
					push += score_of(node, j);
				node->push[j] = push;
				node->turned[j] = turn ? turn[pool->pooled[j]] : 0;
			}
			for (k = 0; turn && k < m; k++)
				up[k] += turn[k];
			for (j = 0; j < q; j++)
				if (node->push[j] != 0)
				{
					const double *row = node->cross + (size_t) j * m;

					for (k = 0; k < m; k++)
						up[k] -= row[k] * node->push[j];
					for (k = 0; k < q; k++)
						node->turned[k] -= row[pool->pooled[k]] * node->push[j];
				}
		}
		for (k = 0; k < m; k++)
			pool->newton[k * n + column] = pool->newton[column * n + k] = -root->turn[k];

		memset(root->move, 0, m * sizeof(double));
		for (i = 1; i < pool->n_nodes; i++)
		{
			Node	   *node = &pool->node[i];
			const double *move = pool->node[node->parent].inner->move;
			int			first = m + (node->level - 1) * q;

			if (node->inner)
				memcpy(node->inner->move, move, m * sizeof(double));
			for (j = 0; j < q; j++)
			{
				double		score = node->level > 1 ? left_of(pool, node, j, node->turned[j], move) : node->turned[j];
				bool		is_varied = node->level == level && j == varied;

				pool->newton[(first + j) * n + column] -= score_of(node, j) * score * (node->level == level ? 1 : 0.5);
				if (node->inner)
					node->inner->move[pool->pooled[j]] += variances_of(pool, node)[j] * score +
						(is_varied ? score_of(node, j) : 0);
			}
		}
	}
}

/*
 * The least that a step may leave of a variance: 0 where that cannot cost much.
 */
static double
least_variance(const Pool *pool, int j)
{
	double		omega = pool->omega[j - pool->m];

	return fabs(pool->slope[j]) * omega > 1 ? omega / SHRINKAGE : 0;
}

/*
 * Solves for the step of coefficients and variances, none of which may become
 * negative; false unless the matrix is positive definite.
 */
static bool
find_step(Pool *pool, const double *matrix)
{
	int			n = pool->n_outer;
	int			m = pool->m;
	bool		changed = true;
	int			i,
				j,
				k;

	for (j = 0; j < n; j++)
	{
		pool->held[j] = j >= m && pool->omega[j - m] == 0 && pool->slope[j] <= 0;
		pool->step[j] = 0;
	}
	while (changed)
	{
		int			free = 0;

		for (j = 0; j < n; j++)
			if (!pool->held[j])
				pool->member[free++] = j;
		for (i = 0; i < free; i++)
		{
			const double *row = matrix + (size_t) pool->member[i] * n;

			pool->work[i] = pool->slope[pool->member[i]];
			for (k = 0; k < n; k++)
				if (pool->held[k])
					pool->work[i] -= row[k] * pool->step[k];
			for (j = 0; j <= i; j++)
				pool->system[i * free + j] = row[pool->member[j]];
		}
		if (!cholesky_factor(pool->system, free, pool->problem->pause))
			return false;
		cholesky_solve(pool->system, free, pool->work);
		changed = false;
		for (i = 0; i < free; i++)
		{
			j = pool->member[i];
			pool->step[j] = pool->work[i];
			if (j >= m && pool->omega[j - m] + pool->step[j] < least_variance(pool, j))
			{
				pool->step[j] = least_variance(pool, j) - pool->omega[j - m];
				pool->held[j] = changed = true;
			}
		}
	}
	return true;
}

/*
 * What the last step shows of the information that the observed one leaves out: the
 * rows' change of curvature (a structured secant; Dennis, Gay and Welsch 1981).
 */
static void
learn(Pool *pool)
{
	int			n = pool->n_outer;
	double	   *turned = pool->turned;
	double	   *missed = pool->missed;
	double	   *known = pool->known;
	double		along = 0;		/* the step */
	double		missed_along = 0;
	double		known_along = 0;
	double		size;
	int			j,
				k;

	for (j = 0; j < n; j++)
		pool->gone[j] = pool->outer[j] - pool->begun[j];
	for (j = 0; j < n; j++)
	{
		turned[j] = missed[j] = pool->slope_begun[j] - pool->slope[j];
		known[j] = 0;
		for (k = 0; k < n; k++)
		{
			missed[j] -= pool->newton[j * n + k] * pool->gone[k];
			known[j] += pool->learnt[j * n + k] * pool->gone[k];
		}
		along += turned[j] * pool->gone[j];
		missed_along += missed[j] * pool->gone[j];
		known_along += known[j] * pool->gone[j];
	}
	if (!(along > 0.1 * (along - missed_along)))
		return;

	/* What was learnt of larger steps is forgotten where it is too much now. */
	size = fabs(missed_along) < fabs(known_along) ? fabs(missed_along / known_along) : 1;
	missed_along -= size * known_along;
	for (j = 0; j < n; j++)
		missed[j] -= size * known[j];
	for (j = 0; j < n; j++)
		for (k = 0; k < n; k++)
			pool->learnt[j * n + k] = size * pool->learnt[j * n + k] +
				(missed[j] * turned[k] + turned[j] * missed[k]) / along -
				missed_along * turned[j] * turned[k] / (along * along);
}

/* Twice what the step gains, were all quadratic. */
static double
promise_of(const Pool *pool)
{
	double		sum = pool->inner_promise;
	int			j;

	for (j = 0; j < pool->n_outer; j++)
		sum += pool->step[j] * pool->slope[j];
	return sum;
}

/*
 * What a and N of pooled coefficients become when variances change: both are
 * solved for 1 + N step. No pivot is negative, for N^-1 exceeds the variances.
 */
static void
adapt(Pool *pool, const double *step, double *own, double *a)
{
	int			q = pool->q;
	double	   *matrix = pool->square + q * q;
	int			i,
				j,
				k;

	for (i = 0; i < q; i++)
		for (j = 0; j < q; j++)
			matrix[i * q + j] = (i == j) + own[i * q + j] * step[j];
	for (i = 0; i < q; i++)
	{
		pool->problem->pause();
		for (k = 0; k < q; k++)
		{
			double		by = matrix[k * q + i] / matrix[i * q + i];

			if (k == i || by == 0)
				continue;
			for (j = i; j < q; j++)
				matrix[k * q + j] -= by * matrix[i * q + j];
			for (j = 0; j < q; j++)
				own[k * q + j] -= by * own[i * q + j];
			a[k] -= by * a[i];
		}
	}
	for (i = 0; i < q; i++)
	{
		for (j = 0; j < q; j++)
			own[i * q + j] /= matrix[i * q + i];
		a[i] /= matrix[i * q + i];
	}
}

/*
 * Takes the step, and effects with it. A branch of the root goes as much of its way
 * as the one of its nodes that would go furthest.
 */
static void
move_all(Pool *pool)
{
	int			m = pool->m;
	int			q = pool->q;
	double	   *a = pool->work;
	double	   *own = pool->square;
	int			i,
				j;

	for (j = 0; j < pool->n_outer; j++)
		pool->outer[j] += pool->step[j];
	memcpy(pool->node[0].inner->move, pool->step, m * sizeof(double));
	for (i = 1; i < pool->n_nodes; i++)
	{
		Node	   *node = &pool->node[i];
		const double *move = pool->node[node->parent].inner->move;
		const double *omega = variances_of(pool, node);
		double		length = 0;

		for (j = 0; j < q; j++)
			a[j] = left_of(pool, node, j, node->pull[j], move);
		find_own(pool, node, own);
		adapt(pool, pool->step + m + (node->level - 1) * q, own, a);
		find_spread(pool, node, own);
		if (node->inner)
			memcpy(node->inner->move, move, m * sizeof(double));
		for (j = 0; j < q; j++)
		{
			node->begun[j] = node->effect[j];
			node->effect[j] = omega[j] * a[j];
			length += fabs(node->effect[j] - node->begun[j]) * node->reach[j];
			if (node->inner)
				node->inner->move[pool->pooled[j]] += node->effect[j] - node->begun[j];
		}
		node->length = length;
		for (node = &pool->node[node->parent]; node->level > 0; node = &pool->node[node->parent])
			node->length = fmax(node->length, length);
	}
	for (i = 1; i < pool->n_nodes; i++)
	{
		Node	   *node = &pool->node[i];
		const double *omega = variances_of(pool, node);
		double		length = node->length;
		int			at;

		for (at = node->parent; at > 0; at = pool->node[at].parent)
			length = pool->node[at].length;
		for (j = 0; length > LONGEST && j < q; j++)
			if (omega[j] > 0)
				node->effect[j] = node->begun[j] + LONGEST / length * (node->effect[j] - node->begun[j]);
	}
}

/* To where they seem to be most likely, given all else. */
static void
move_effects(Pool *pool)
{
	memset(pool->step, 0, pool->n_outer * sizeof(double));
	move_all(pool);
}

/*
 * A pass over the rows, and as many more as it takes until the effects are near
 * where they are most likely; false if they do not get there.
 */
static bool
settle(Pool *pool)
{
	int			passes;
	int			i,
				j;

	sum_rows(pool);
	for (passes = 0; pool->inner_promise > SETTLED * (pool->n_nodes - 1) * pool->q; passes++)
	{
		double		before = pool->posterior;

		move_effects(pool);
		sum_rows(pool);
		for (; !(pool->posterior >= before - ROUNDING * fabs(before)) && passes < STEPS; passes++)
		{
			for (i = 1; i < pool->n_nodes; i++)
				for (j = 0; j < pool->q; j++)
					pool->node[i].effect[j] = (pool->node[i].begun[j] + pool->node[i].effect[j]) / 2;
			sum_rows(pool);
		}
		if (passes >= STEPS)
			return false;
	}
	return true;
}

/* ---------- the fit ---------- */

/* How many numbers a node holds that has `pooled` of m coefficients, and what a parent holds beside. */
#define NODE_NUMBERS(q, m)	((size_t) (q) * (10 + (q) + (m)))
#define INNER_NUMBERS(m)	((size_t) (m) * (5 + (m)))

static double *
take(double **room, size_t n)
{
	double	   *taken = *room;

	*room += n;
	return taken;
}

/* Levels, and room for what each node needs. */
static void
prepare_nodes(Pool *pool, Arena memory)
{
	int			n = pool->n_nodes;
	int			m = pool->m;
	int			q = pool->q;
	double	   *room = room_for(memory, n * NODE_NUMBERS(q, m));
	int			i;

	pool->node = memory.alloc(memory.context, n * sizeof(Node));
	memset(pool->node, 0, n * sizeof(Node));
	for (i = 0; i < n; i++)
	{
		Node	   *node = &pool->node[i];
		int			parent = pool->problem->parent[i];

		node->parent = parent;
		node->level = i == 0 ? 0 : pool->node[parent].level + 1;
		pool->n_levels = node->level > pool->n_levels ? node->level : pool->n_levels;
		node->effect = take(&room, q);
		node->begun = take(&room, q);
		node->pull = take(&room, q);
		node->cubic_pull = take(&room, q);
		node->score = take(&room, q);
		node->cubic_score = take(&room, q);
		node->variance = take(&room, q);
		node->reach = take(&room, q);
		node->turned = take(&room, q);
		node->push = take(&room, q);
		node->spread = take(&room, (size_t) q * q);
		node->cross = take(&room, (size_t) q * m);
		if (i == 0 || pool->node[parent].inner == NULL)
		{
			Inner	   *inner = memory.alloc(memory.context, sizeof(Inner));
			double	   *more = room_for(memory, INNER_NUMBERS(m));

			inner->gradient = take(&more, m);
			inner->cubic = take(&more, m);
			inner->turn = take(&more, m);
			inner->move = take(&more, m);
			inner->cubic_move = take(&more, m);
			inner->information = take(&more, (size_t) m * m);
			pool->node[i == 0 ? 0 : parent].inner = inner;
		}
	}
}

static bool
is_used(const PoolProblem *problem, int coefficient)
{
	return coefficient == 0 || problem->used == NULL || problem->used[coefficient - 1];
}

static void
prepare(Pool *pool, const PoolProblem *problem, const double *beta, Arena memory)
{
	int			all_terms = problem->rows->n_terms;
	int			n;
	int			j;

	memset(pool, 0, sizeof *pool);
	pool->problem = problem;
	pool->n_nodes = problem->n_nodes;
	pool->place = memory.alloc(memory.context, (1 + all_terms) * sizeof(int));
	pool->pooled = memory.alloc(memory.context, (1 + all_terms) * sizeof(int));
	for (j = 0; j <= all_terms; j++)
		if (is_used(problem, j))
		{
			if (problem->pooled[j])
				pool->pooled[pool->q++] = pool->m;
			pool->place[pool->m++] = j;
		}
	logit_prepare_pass(&pool->pass, pool->m, memory);
	pool->pass.spread_place = pool->pooled;
	pool->room.x = room_for(memory, (size_t) all_terms * LOGIT_BLOCK);
	pool->room.y = room_for(memory, LOGIT_BLOCK);
	pool->room.weight = room_for(memory, LOGIT_BLOCK);
	pool->room.offset = room_for(memory, LOGIT_BLOCK);
	prepare_nodes(pool, memory);

	pool->n_outer = n = pool->m + pool->n_levels * pool->q;
	pool->outer = room_for(memory, n);
	pool->beta = pool->outer;
	pool->omega = pool->outer + pool->m;
	for (j = 0; j < pool->m; j++)
		pool->beta[j] = beta[pool->place[j]];
	pool->coefficients = room_for(memory, pool->m);
	pool->gradient = room_for(memory, pool->m);
	pool->cubic = room_for(memory, pool->m);
	pool->information = room_for(memory, (size_t) pool->m * pool->m);
	pool->factor = room_for(memory, (size_t) pool->q * pool->q);
	pool->solved = room_for(memory, (size_t) pool->q * pool->m);
	pool->work = room_for(memory, n + 2 * pool->q);
	pool->square = room_for(memory, (size_t) 3 * pool->q * pool->q);
	pool->other = room_for(memory, pool->m);
	pool->slope = room_for(memory, n);
	pool->fisher = room_for(memory, (size_t) n * n);
	pool->newton = room_for(memory, (size_t) n * n);
	pool->learnt = room_for(memory, (size_t) n * n);
	pool->matrix = room_for(memory, (size_t) n * n);
	pool->step = room_for(memory, n);
	pool->begun = room_for(memory, n);
	pool->slope_begun = room_for(memory, n);
	pool->gone = room_for(memory, n);
	pool->turned = room_for(memory, n);
	pool->missed = room_for(memory, n);
	pool->known = room_for(memory, n);
	pool->system = room_for(memory, (size_t) n * n);
	pool->member = memory.alloc(memory.context, n * sizeof(int));
	pool->held = memory.alloc(memory.context, n * sizeof(bool));
}

/*
 * A step that goes up. Variances that find_step has once stopped at a bound stay
 * there, so that what they lose may be more than what the others gain.
 */
static bool
find_rise(Pool *pool, const double *matrix)
{
	return find_step(pool, matrix) && promise_of(pool) >= pool->inner_promise - TOLERANCE;
}

/*
 * The step by the best matrix that is positive definite; *near says whether the
 * last one was by the observed information, and becomes whether this one is.
 */
static bool
choose_step(Pool *pool, bool *near)
{
	int			n = pool->n_outer;
	bool		was_near = *near;
	double		share;
	int			j;

	*near = false;
	if (!find_step(pool, pool->fisher))
		return false;
	if (promise_of(pool) > NEAR * n)
		return true;
	find_newton(pool);
	if (was_near)
		learn(pool);
	for (j = 0; j < n * n; j++)
		pool->matrix[j] = pool->newton[j] + pool->learnt[j];
	*near = true;
	if (find_rise(pool, pool->matrix))
		return true;
	memset(pool->learnt, 0, (size_t) n * n * sizeof(double));
	/* Where levels cannot be told apart it is singular; a share of the other decides. */
	for (share = 0; share < 1; share = share > 0 ? share * 100 : 1e-8)
	{
		for (j = 0; j < n * n; j++)
			pool->matrix[j] = pool->newton[j] + share * pool->fisher[j];
		if (find_rise(pool, pool->matrix))
			return true;
	}
	*near = false;
	return find_step(pool, pool->fisher);
}

static LogitStatus
maximise(Pool *pool, PoolFit *fit)
{
	size_t		size = pool->n_outer * sizeof(double);
	double		last = INFINITY;
	bool		near = false;
	bool		arrived = false;
	int			j;

	sum_rows(pool);
	while (fit->iterations < STEPS)
	{
		double		before = pool->value;
		double		inner = pool->inner_promise;
		double		promise;
		int			halvings = 0;

		find_scores(pool);
		if (!choose_step(pool, &near))
		{
			if (pool->pass.fine)
				return LOGIT_NOT_CONVERGED;
			pool->pass.fine = true;
			sum_rows(pool);
			continue;
		}
		promise = promise_of(pool);
		if (arrived && promise <= TOLERANCE)
		{
			move_effects(pool);
			return LOGIT_FITTED;
		}
		memcpy(pool->begun, pool->outer, size);
		memcpy(pool->slope_begun, pool->slope, size);
		move_all(pool);

		/* The next step seems to promise too little; it is by all digits of the information. */
		arrived = near && promise * promise <= TOLERANCE / 10 * last;
		pool->pass.fine = pool->pass.fine || arrived;
		last = promise;

		/*
		 * The value is as uncertain as what effects still promise; and near the
		 * maximum a step may lose what it promised, for its slope is of the spread
		 * before it.
		 */
		before -= ROUNDING * fabs(before) + UNCERTAIN * inner + (near ? fmin(promise, 1) : 0);
		while (true)
		{
			if (!settle(pool))
				return LOGIT_NOT_CONVERGED;
			if (pool->value + UNCERTAIN * pool->inner_promise >= before)
				break;
			if (halvings++ == HALVINGS)
				return LOGIT_NOT_CONVERGED;
			for (j = 0; j < pool->n_outer; j++)
				pool->outer[j] = (pool->begun[j] + pool->outer[j]) / 2;
		}
		fit->iterations++;
	}
	return LOGIT_NOT_CONVERGED;
}

/* Of each node its own rows, and what they gain over the parent's coefficients. */
static void
describe_nodes(Pool *pool, PoolFit *fit, Arena memory)
{
	int			all = 1 + pool->problem->rows->n_terms;
	double		max_offset = pool->problem->rows->max_offset;
	double	   *above = pool->other;
	double	   *numbers = room_for(memory, (size_t) pool->n_nodes * 2 * all);
	bool		more;
	int			i,
				j;

	fit->node = memory.alloc(memory.context, pool->n_nodes * sizeof(PoolNode));
	memset(fit->node, 0, pool->n_nodes * sizeof(PoolNode));
	pool->pass.likelihood_only = true;
	more = next_block(pool);
	for (i = 0; i < pool->n_nodes; i++)
	{
		const Node *from = &pool->node[i];
		PoolNode   *to = &fit->node[i];
		LogitPass	parents = pool->pass;

		pool->problem->pause();
		to->level = from->level;
		to->effect = numbers + (size_t) 2 * i * all;
		to->variance = to->effect + all;
		for (j = 0; j < pool->q; j++)
		{
			to->effect[pool->place[pool->pooled[j]]] = from->effect[j];
			to->variance[pool->place[pool->pooled[j]]] = from->variance[j];
		}
		find_coefficients(pool, i, pool->coefficients);
		find_coefficients(pool, i > 0 ? from->parent : 0, above);
		logit_begin_pass(&pool->pass, pool->coefficients, max_offset);
		logit_begin_pass(&parents, above, max_offset);
		for (; more && pool->block.node == i; more = next_block(pool))
		{
			logit_add_block(&pool->pass, &pool->block);
			logit_add_block(&parents, &pool->block);
			for (j = 0; j < pool->block.n; j++)
			{
				to->weight += pool->block.weight[j];
				to->bad += pool->block.weight[j] * pool->block.y[j];
			}
		}
		to->gain = logit_likelihood(&pool->pass) - logit_likelihood(&parents);
	}
}

/* The inverse of the root's information, and all else in the caller's places. */
static void
describe_root(Pool *pool, PoolFit *fit, Arena memory)
{
	int			all = 1 + pool->problem->rows->n_terms;
	int			m = pool->m;
	double	   *factor = pool->system;
	int			i,
				j;

	fit->log_likelihood = pool->value;
	fit->n_levels = pool->n_levels;
	fit->beta = room_for(memory, all);
	fit->covariance = room_for(memory, (size_t) all * all);
	fit->tau = room_for(memory, (size_t) pool->n_levels * all);
	memcpy(factor, pool->node[0].inner->information, (size_t) m * m * sizeof(double));
	cholesky_factor(factor, m, pool->problem->pause);
	for (i = 0; i < m; i++)
	{
		pool->problem->pause();
		fit->beta[pool->place[i]] = pool->beta[i];
		for (j = 0; j < m; j++)
			pool->work[j] = i == j;
		cholesky_solve(factor, m, pool->work);
		for (j = 0; j < m; j++)
			fit->covariance[(size_t) pool->place[j] * all + pool->place[i]] = pool->work[j];
	}
	for (i = 0; i < pool->n_levels; i++)
		for (j = 0; j < pool->q; j++)
			fit->tau[(size_t) i * all + pool->place[pool->pooled[j]]] = sqrt(pool->omega[i * pool->q + j]);
}

size_t
pool_bytes(const PoolProblem *problem, Arena scratch)
{
	int			n = problem->n_nodes;
	int			all = 1 + problem->rows->n_terms;
	bool	   *is_parent = scratch.alloc(scratch.context, n * sizeof(bool));
	size_t		parents = 1;
	size_t		levels = 0;
	size_t		m = 0;
	size_t		q = 0;
	size_t		outer;
	int			i;

	for (i = 0; i < all; i++)
		if (is_used(problem, i))
		{
			m++;
			q += problem->pooled[i];
		}
	memset(is_parent, 0, n * sizeof(bool));
	for (i = 1; i < n; i++)
	{
		parents += problem->parent[i] > 0 && !is_parent[problem->parent[i]];
		is_parent[problem->parent[i]] = true;
	}
	/* The last node is of the last level. */
	for (i = n - 1; i > 0; i = problem->parent[i])
		levels++;
	outer = m + levels * q;
	return n * (sizeof(Node) + sizeof(PoolNode) + (NODE_NUMBERS(q, m) + 2 * all) * sizeof(double)) +
		parents * (sizeof(Inner) + INNER_NUMBERS(m) * sizeof(double)) +
		5 * outer * outer * sizeof(double) + 3 * m * m * sizeof(LogitSum);
}

LogitStatus
pool_fit(const PoolProblem *problem, PoolFit *fit, Arena memory, Arena scratch)
{
	LogitProblem single = {.rows = problem->rows, .used = problem->used, .pause = problem->pause};
	LogitStatus status;
	Pool		pool;

	memset(fit, 0, sizeof *fit);
	status = logit_fit(&single, &fit->single, memory, scratch);
	if (status != LOGIT_FITTED)
		return status;
	prepare(&pool, problem, fit->single.beta, scratch);
	status = maximise(&pool, fit);
	if (status == LOGIT_FITTED)
	{
		describe_root(&pool, fit, memory);
		describe_nodes(&pool, fit, memory);
	}
	return status;
}

LogitStatus
pool_mode(LogitRows *rows, const bool *used, const double *parent, const double *tau,
		  TallyPause pause, LogitFit *fit, Arena memory)
{
	LogitProblem problem = {.rows = rows, .used = used, .prior = parent, .start = parent, .pause = pause};
	double	   *ridge = room_for(memory, 1 + rows->n_terms);
	int			j;

	for (j = 0; j <= rows->n_terms; j++)
		ridge[j] = 1 / (tau[j] * tau[j]);
	problem.ridge = ridge;
	return logit_fit(&problem, fit, memory, memory);
}
