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

/*
 * From effects to coefficients, with signs kept where the options ask for that.
 * What lies below a coefficient that was not kept has its own all the same.
 */
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
	memcpy(pool->beta, pool->fit.beta, m * sizeof(double));
	for (k = 1; k < tree->n; k++)
		for (j = 0; j < m; j++)
		{
			Size		at = (Size) k * m + j;
			Size		above = (Size) tree->parent[k] * m + j;
			bool		bound;

			found[at] = found[above] + pool->fit.node[k].effect[j];
			bound = positive && j > 0 && found[at] < 0;
			pool->beta[at] = bound ? pool->beta[above] : found[at];
			pool->bound[k] = pool->bound[k] || bound;
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
	pool_rows_free(rows);
	MemoryContextDelete(scratch);
	if (*status == LOGIT_FITTED)
		add_up(pool, design);
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
fit_pool_keep_parents(FitPool *pool, int n_terms, const FitGain *gain, double *p)
{
	const FitTree *tree = pool->tree;
	Size		bytes = (1 + n_terms) * sizeof(double);
	int		   *order = palloc(tree->n * sizeof *order);
	int			tested = 0;
	int			found = 0;
	int			i,
				j;

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
	for (i = 1; i < tree->n; i++)
	{
		double	   *beta = pool->beta + (Size) i * (1 + n_terms);
		const double *own = pool->found + (Size) i * (1 + n_terms);
		const double *above = fit_pool_beta(pool, tree->parent[i], n_terms);

		if (pool->kept[i])
			memcpy(beta, above, bytes);
		/* What is the parent's for its sign is that of the card the parent has now. */
		for (j = 1; pool->bound[i] && j <= n_terms; j++)
			if (own[j] < 0)
				beta[j] = above[j];
	}
}
