/*
 * fit_pool.c
 *		A model with coefficients of each segment's own.
 */
#include "postgres.h"

#include "agririsk.h"

#include <math.h>

#include "core/math/probability_math.h"
#include "core/sql/show.h"
#include "miscadmin.h"
#include "model/fit/fit_pool.h"
#include "model/fit/logit_pass.h"
#include "model/fit/pool_rows.h"
#include "utils/memutils.h"

/* The rows by segment have what the segments themselves leave of maintenance_work_mem, and a part of it at least. */
#define LEAST_SHARE			8

/* ---------- the fit ---------- */

/* Coefficients with effects: the intercept, and where slopes have them those of whole features. */
static bool *
choose_pooled(const FitDesign *design, const bool *used)
{
	bool	   *pooled = palloc0((1 + design->n_terms) * sizeof(bool));
	const FitOptions *options = design->rows->options;
	int			t;

	pooled[0] = true;
	for (t = 0; t < design->n_terms; t++)
		/* A card has one weight of a category, so its levels have no slopes of a segment's own. */
		pooled[t + 1] = options->slopes && used[t] &&
			(options->woe || design->rows->feature[design->term[t].feature].kind == CARD_NUMBER);
	return pooled;
}

/* From effects to coefficients, and to those that are not kept for their sign. */
static void
add_up(FitPool *pool, const FitDesign *design)
{
	const FitTree *tree = pool->tree;
	bool		positive = design->rows->options->positive;
	int			m = 1 + design->n_terms;
	Size		bytes = (Size) tree->n * m * sizeof(double);
	double	   *found;
	int			k,
				j;

	pool->beta = palloc_extended(bytes, MCXT_ALLOC_HUGE);
	pool->bound = palloc0(tree->n * sizeof(bool));
	pool->kept = palloc0(tree->n * sizeof(bool));
	found = pool->found = positive ? palloc_extended(bytes, MCXT_ALLOC_HUGE) : pool->beta;
	memcpy(found, pool->fit.beta, m * sizeof(double));
	for (k = 1; k < tree->n; k++)
		for (j = 0; j < m; j++)
		{
			Size		at = (Size) k * m + j;

			found[at] = found[(Size) tree->parent[k] * m + j] + pool->fit.node[k].effect[j];
			pool->bound[k] = pool->bound[k] || (positive && j > 0 && found[at] < 0);
		}
}

/* ---------- intercepts beside slopes that are the parent's ---------- */

/* A node's rows with nothing to be fitted but the intercept: slopes are in the offsets. */
typedef struct NodeRows
{
	LogitRows	logit;			/* first: the rows as the solver sees them */
	PoolRows   *rows;
	int			node;
	const double *beta;			/* its slopes, behind a place for the intercept */
	LogitBlock	block;			/* with all terms */
	double		eta[LOGIT_BLOCK];
} NodeRows;

static void
next_of_node(LogitRows *logit, LogitBlock *block)
{
	NodeRows   *of = (NodeRows *) logit;
	LogitBlock	all = of->block;
	int			i;

	of->rows->logit.next(&of->rows->logit, &all);
	if (all.n == 0 || all.node != of->node)
	{
		block->n = 0;
		pool_rows_go_to(of->rows, of->node);
		return;
	}
	logit_eta(&all, of->rows->logit.n_terms, of->beta, of->rows->used, of->eta);
	block->n = all.n;
	for (i = 0; i < all.n; i++)
	{
		block->y[i] = all.y[i];
		block->weight[i] = all.weight[i];
		block->offset[i] = of->eta[i] - of->beta[0];
	}
}

static NodeRows *
open_node(const FitPool *pool, PoolRows *rows, int node, double *beta)
{
	NodeRows   *of = palloc0(sizeof *of);
	int			j;

	of->logit.total_weight = pool->fit.node[node].weight;
	of->logit.total_bad = pool->fit.node[node].bad;
	of->logit.max_offset = rows->logit.max_offset;
	for (j = 1; j <= rows->logit.n_terms; j++)
		of->logit.max_offset += fabs(beta[j]);
	of->logit.next = next_of_node;
	of->rows = rows;
	of->node = node;
	of->beta = beta;
	of->block.x = palloc_extended(Max(rows->logit.n_terms, 1) * LOGIT_BLOCK * sizeof(double), MCXT_ALLOC_HUGE);
	of->block.y = palloc(3 * LOGIT_BLOCK * sizeof(double));
	of->block.weight = of->block.y + LOGIT_BLOCK;
	of->block.offset = of->block.weight + LOGIT_BLOCK;
	pool_rows_go_to(rows, node);
	return of;
}

/* The log-likelihood of a node's rows with this intercept. */
static double
likelihood_at(NodeRows *of, double intercept)
{
	LogitPass	pass = {.likelihood_only = true};
	LogitBlock	room = {0};
	LogitBlock	block;
	int			place = 0;

	logit_prepare_pass(&pass, 1, agr_arena(CurrentMemoryContext));
	room.y = palloc(3 * LOGIT_BLOCK * sizeof(double));
	room.weight = room.y + LOGIT_BLOCK;
	room.offset = room.weight + LOGIT_BLOCK;
	logit_begin_pass(&pass, &intercept, of->logit.max_offset);
	while (logit_next_block(&pass, &of->logit, &place, &room, &block))
	{
		CHECK_FOR_INTERRUPTS();
		logit_add_block(&pass, &block);
	}
	return logit_likelihood(&pass);
}

/*
 * What is known of a node's intercept beside its own rows: it lies around its
 * parent's, and those of its children lie around it. False where it has no room.
 */
static bool
find_prior(const FitPool *pool, int node, int n_terms, double *mean, double *sd)
{
	const FitTree *tree = pool->tree;
	int			m = 1 + n_terms;
	int			level = pool->fit.node[node].level;
	double		tau = pool->fit.tau[(Size) (level - 1) * m];
	double		precision = 1 / (tau * tau);
	double		sum = fit_pool_beta(pool, tree->parent[node], n_terms)[0] * precision;
	int			k;

	if (!(tau > 0))
		return false;
	for (k = node + 1; k < tree->n && level < pool->fit.n_levels; k++)
		if (tree->parent[k] == node)
		{
			double		below = pool->fit.tau[(Size) level * m];

			if (!(below > 0))
				return false;
			precision += 1 / (below * below);
			sum += pool->found[(Size) k * m] / (below * below);
		}
	*mean = sum / precision;
	*sd = sqrt(1 / precision);
	return true;
}

/*
 * The intercept that goes with the slopes a node has now, where its rows and what is
 * known beside them are most likely; the one that was found where the rows would
 * be less likely with another.
 */
static void
refit_intercept(const FitPool *pool, PoolRows *rows, int node)
{
	int			n_terms = rows->logit.n_terms;
	double	   *beta = pool->beta + (Size) node * (1 + n_terms);
	MemoryContext scratch;
	MemoryContext caller;
	NodeRows   *of;
	LogitFit	fit;
	double		mean;
	double		sd;
	double		old;

	if (pool->fit.node[node].weight == 0 || !find_prior(pool, node, n_terms, &mean, &sd))
		return;
	scratch = AllocSetContextCreate(CurrentMemoryContext, "agririsk intercept", ALLOCSET_DEFAULT_SIZES);
	caller = MemoryContextSwitchTo(scratch);
	of = open_node(pool, rows, node, beta);
	old = likelihood_at(of, beta[0]);
	if (pool_mode(&of->logit, NULL, &mean, &sd, agr_check_interrupts, &fit, agr_arena(scratch)) == LOGIT_FITTED &&
		fit.log_likelihood > old)
		beta[0] = fit.beta[0];
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(scratch);
}

/*
 * The coefficients of the card: from the root down, for what is a parent's is what
 * the parent has now. What lies below a coefficient that was not kept has its own.
 * Rows are read where a slope is the parent's, and else may be NULL.
 */
static void
settle(FitPool *pool, int n_terms, PoolRows *rows)
{
	int			m = 1 + n_terms;
	int			k,
				j;

	for (k = 0; k < pool->tree->n; k++)
	{
		double	   *beta = pool->beta + (Size) k * m;
		const double *found = pool->found + (Size) k * m;
		const double *above = k > 0 ? pool->beta + (Size) pool->tree->parent[k] * m : NULL;

		for (j = 0; j < m; j++)
			beta[j] = pool->kept[k] || (pool->bound[k] && j > 0 && found[j] < 0) ? above[j] : found[j];
		if (pool->bound[k] && !pool->kept[k])
			refit_intercept(pool, rows, k);
	}
}

/*
 * What is left of maintenance_work_mem for rows. What segments take beside them cannot
 * go to a file.
 */
static Size
memory_for_rows(const PoolProblem *problem, Arena scratch)
{
	Size		allowed = (Size) maintenance_work_mem * 1024;
	Size		least = allowed / LEAST_SHARE;
	Size		wanted = pool_bytes(problem, scratch);
	bool		slopes = false;
	int			j;

	if (wanted <= allowed - least)
		return allowed - wanted;
	for (j = 0; j < problem->rows->n_terms; j++)
		slopes = slopes || problem->pooled[j + 1];
	ereport(ERROR,
			(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
			 errmsg("fit_scorecard: segments do not fit maintenance_work_mem"),
			 errdetail("%d segments take %zu kB; %zu kB are allowed.", problem->n_nodes - 1, wanted / 1024,
					   (allowed - least) / 1024),
			 slopes ? errhint("Set maintenance_work_mem to %zuMB or more, put small segments together, or let them differ in their intercepts only (pooling => 'intercepts').",
							  wanted / (LEAST_SHARE - 1) * LEAST_SHARE / (1024 * 1024) + 1) :
			 errhint("Set maintenance_work_mem to %zuMB or more, or put small segments together.",
					 wanted / (LEAST_SHARE - 1) * LEAST_SHARE / (1024 * 1024) + 1)));
}

FitPool *
fit_pool_create(FitDesign *design, const bool *used, const FitTree *tree,
				LogitFit *single, LogitStatus *status)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "agririsk segments", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	MemoryContext scratch = AllocSetContextCreate(context, "agririsk fit of segments", ALLOCSET_DEFAULT_SIZES);
	FitPool    *pool = palloc0(sizeof *pool);
	PoolProblem problem = {&design->logit, tree->n, tree->parent, used, choose_pooled(design, used), agr_check_interrupts};
	PoolRows   *rows = pool_rows_create(design, used, tree, memory_for_rows(&problem, agr_arena(scratch)));

	pool->context = context;
	pool->tree = tree;
	pool->pooled = problem.pooled;
	problem.rows = &rows->logit;
	*status = pool_fit(&problem, &pool->fit, agr_arena(context), agr_arena(scratch));
	*single = pool->fit.single;
	if (*status == LOGIT_FITTED)
	{
		add_up(pool, design);
		settle(pool, design->n_terms, rows);
	}
	pool_rows_free(rows);
	MemoryContextDelete(scratch);
	MemoryContextSwitchTo(caller);
	return pool;
}

void
fit_pool_free(FitPool *pool)
{
	MemoryContextDelete(pool->context);
}

/* ---------- whose own card is worth it ---------- */

#define TESTED_BADS			10
#define FALSE_DISCOVERIES	0.1

static int
compare_p(const void *a, const void *b, void *p)
{
	double		left = ((const double *) p)[*(const int *) a];
	double		right = ((const double *) p)[*(const int *) b];

	return left != right ? (left > right) - (left < right) : *(const int *) a - *(const int *) b;
}

static double
test_gain(const FitGain *gain)
{
	double		mean = gain->sum / gain->rows;
	double		variance = gain->square / gain->rows - mean * mean;

	/* Without spread there is no gain, or one without doubt. */
	if (!(variance > 0))
		return gain->sum > 0 ? 0 : 1;
	return normal_tail(mean / sqrt(variance / gain->rows));
}

void
fit_pool_keep_parents(FitPool *pool, FitDesign *design, const bool *used, const FitGain *gain, double *p)
{
	const FitTree *tree = pool->tree;
	int		   *order = palloc(tree->n * sizeof *order);
	int			tested = 0;
	int			found = 0;
	bool		bound = false;
	PoolRows   *rows = NULL;
	int			i;

	for (i = 0; i < tree->n; i++)
	{
		p[i] = i > 0 && gain[i].bads >= TESTED_BADS ? test_gain(&gain[i]) : NAN;
		pool->kept[i] = !isnan(p[i]);
		if (!isnan(p[i]))
			order[tested++] = i;
	}
	qsort_arg(order, tested, sizeof *order, compare_p, p);
	for (i = 0; i < tested; i++)
		if (p[order[i]] <= FALSE_DISCOVERIES * (i + 1) / tested)
			found = i + 1;
	for (i = 0; i < found; i++)
		pool->kept[order[i]] = false;
	for (i = 0; i < tree->n; i++)
		bound = bound || (pool->bound[i] && !pool->kept[i]);
	if (bound)
		rows = pool_rows_create(design, used, tree, (Size) maintenance_work_mem * 1024 / LEAST_SHARE);
	settle(pool, design->n_terms, rows);
	if (bound)
		pool_rows_free(rows);
}
