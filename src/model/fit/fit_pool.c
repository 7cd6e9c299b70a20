/*
 * fit_pool.c
 *		A model with coefficients of each segment's own.
 *
 * The solver wants the rows of a node together. So the terms' columns are copied
 * once, row by row, into a partition of each node, which may go to a file.
 */
#include "postgres.h"

#include "agririsk.h"

#include <math.h>

#include "core/math/probability_math.h"
#include "core/rows/spill.h"
#include "miscadmin.h"
#include "model/fit/fit_pool.h"

/* Rows in the partitions of nodes. */
typedef struct PoolRows
{
	LogitRows	logit;			/* first: the rows as the solver sees them */
	const FitDesign *design;
	const bool *used;
	Spill	   *spill;
	int		   *place;			/* of each feature in a record; -1: not needed */
	int			outcome;		/* places; -1: none */
	int			weight;
	int			offset;
	int			length;			/* of a record */
	int			node;			/* being read; -1 at the beginning */
	SpillReader reader;
	int			at;				/* in its block */
} PoolRows;

/* ---------- rows by node ---------- */

static void
lay_out(PoolRows *rows)
{
	const FitDesign *design = rows->design;
	int			t;
	int			f;

	rows->place = palloc(design->rows->n_features * sizeof(int));
	for (f = 0; f < design->rows->n_features; f++)
		rows->place[f] = -1;
	for (t = 0; t < design->n_terms; t++)
	{
		f = design->term[t].feature;
		if (!rows->used[t] || rows->place[f] >= 0)
			continue;
		rows->place[f] = rows->length;
		rows->length += design->store->column[f].width;
	}
	rows->outcome = rows->length++;
	rows->weight = design->layout.weight < 0 ? -1 : rows->length;
	rows->length += design->layout.weight < 0 ? 0 : sizeof(int64);
	rows->offset = design->layout.offset < 0 ? -1 : rows->length;
	rows->length += design->layout.offset < 0 ? 0 : sizeof(double);
	if (rows->length > SPILL_MAX_RECORD)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many features for segments"),
				 errdetail("A row of them takes %d bytes; %d are allowed.", rows->length, (int) SPILL_MAX_RECORD),
				 errhint("Select features first, without segments.")));
}

static void
copy_column(const FitDesign *design, int column, int row, char *to)
{
	uint32		width = design->store->column[column].width;

	memcpy(to, (const char *) design->column[column] + (Size) row * width, width);
}

static void
sort_apart(PoolRows *rows, FitDesign *design, const FitTree *tree)
{
	uint16		pick[LOGIT_BLOCK];
	int			n;
	int			f,
				i;

	fit_design_rewind(design, false);
	while ((n = fit_design_pick(design, pick)) > 0)
		for (i = 0; i < n; i++)
		{
			uint32		segment = ((const uint32 *) design->column[design->layout.segment])[pick[i]];
			char	   *record = spill_append(rows->spill, fit_tree_node(tree, segment), rows->length);

			for (f = 0; f < design->rows->n_features; f++)
				if (rows->place[f] >= 0)
					copy_column(design, f, pick[i], record + rows->place[f]);
			copy_column(design, design->layout.outcome, pick[i], record + rows->outcome);
			if (rows->weight >= 0)
				copy_column(design, design->layout.weight, pick[i], record + rows->weight);
			if (rows->offset >= 0)
				copy_column(design, design->layout.offset, pick[i], record + rows->offset);
		}
}

static double
record_number(const char *at)
{
	double		x;

	memcpy(&x, at, sizeof x);
	return x;
}

static uint32
record_code(const char *at, uint32 width)
{
	uint16		half;
	uint32		code;

	if (width == 1)
		return *(const uint8 *) at;
	if (width == 2)
	{
		memcpy(&half, at, sizeof half);
		return half;
	}
	memcpy(&code, at, sizeof code);
	return code;
}

static void
fill_term(const PoolRows *rows, const FitTerm *term, const char *record, int n, double *x)
{
	const char *at = record + rows->place[term->feature];
	uint32		width = rows->design->store->column[term->feature].width;
	double		unit = 1 / term->scale;
	int			i;

	for (i = 0; i < n; i++, at += rows->length)
		if (term->z == NULL)
		{
			double		value = record_number(at);

			x[i] = isnan(value) ? 0 : (value - term->center) * unit;
		}
		else
		{
			uint32		code = record_code(at, width);

			x[i] = code < term->n_codes ? term->z[code] : 0;
		}
}

/* Goes to the next records of a node, and of the next node where there are no more. */
static bool
find_records(PoolRows *rows)
{
	for (;;)
	{
		if (rows->node >= 0 && rows->reader.block != NULL)
		{
			if (rows->at < rows->reader.block->used)
				return true;
			spill_next(&rows->reader);
			rows->at = 0;
			continue;
		}
		if (++rows->node >= rows->spill->partitions)
		{
			rows->node = -1;
			return false;
		}
		spill_read(rows->spill, rows->node, &rows->reader);
		rows->at = 0;
	}
}

static void
next_block(LogitRows *logit, LogitBlock *block)
{
	PoolRows   *rows = (PoolRows *) logit;
	const FitDesign *design = rows->design;
	const char *record;
	int			i,
				t;

	block->n = 0;
	if (!find_records(rows))
		return;
	record = rows->reader.block->data + rows->at;
	block->node = rows->node;
	block->n = Min(LOGIT_BLOCK, (rows->reader.block->used - rows->at) / rows->length);
	rows->at += block->n * rows->length;
	for (t = 0; t < design->n_terms; t++)
		if (rows->used[t])
			fill_term(rows, &design->term[t], record, block->n, block->x + (Size) t * LOGIT_BLOCK);
	for (i = 0; i < block->n; i++, record += rows->length)
	{
		int64		weight = 1;

		if (rows->weight >= 0)
			memcpy(&weight, record + rows->weight, sizeof weight);
		block->y[i] = *(const uint8 *) (record + rows->outcome);
		block->weight[i] = (double) weight;
		block->offset[i] = rows->offset < 0 ? 0 : record_number(record + rows->offset);
	}
}

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

FitPool *
fit_pool_create(FitDesign *design, const bool *used, const FitTree *tree,
				LogitFit *single, LogitStatus *status)
{
	FitPool    *pool = palloc0(sizeof *pool);
	PoolRows	rows = {.logit = design->logit, .design = design, .used = used, .node = -1};
	PoolProblem problem = {&rows.logit, tree->n, tree->parent, used, choose_pooled(design, used), agr_check_interrupts};

	pool->tree = tree;
	pool->pooled = problem.pooled;
	lay_out(&rows);
	rows.logit.next = next_block;
	rows.spill = spill_create(tree->n, (Size) maintenance_work_mem * 1024 / 2);
	sort_apart(&rows, design, tree);
	*status = pool_fit(&problem, &pool->fit, agr_arena(CurrentMemoryContext));
	*single = pool->fit.single;
	spill_free(rows.spill);
	if (*status != LOGIT_FITTED)
		return NULL;
	add_up(pool, design);
	return pool;
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
