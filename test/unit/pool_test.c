/*
 * pool_test.c
 *		The pooled fit against dense matrices in long double, whose approximation
 *		of the likelihood is climbed by trial; lme4's answers on real loans; the
 *		same bits for any order, split and weighting; what it recovers of a known
 *		truth; cases at the edge.
 *
 * The oracle knows no tree: it has a column for each effect. The kernel of the
 * pass is included, so that its plain and its AVX2 form can be compared.
 */
#include "model/fit/logit_math.c"
#include "model/fit/pool_math.h"

#include "blocks.h"
#include "tap.h"

#define MOST_EFFECTS	64
#define MOST_OUTER		16

/* In blocks aligned to 8 bytes, as palloc aligns. */
typedef long double Long __attribute__((aligned(8)));

/* Rows by node, and how they are handed out. */
typedef struct Sample
{
	LogitRows	rows;
	int			n;
	int		   *node;
	double	   *x;				/* term j of row i: x[i * n_terms + j] */
	double	   *y;
	double	   *weight;
	double	   *offset;
	int			at;
	int			passes;
	int			most;			/* rows in a block; 0: any number */
	int			n_nodes;
	int		   *parent;
	bool		pooled[MOST_OUTER];
} Sample;

static void
no_pause(void)
{
}

static void
next_rows(LogitRows *rows, LogitBlock *block)
{
	Sample	   *sample = (Sample *) rows;
	int			most = sample->most ? sample->most : 1 + (int) below(LOGIT_BLOCK);
	int			j;

	block->n = 0;
	if (sample->at == sample->n)
	{
		sample->at = 0;
		sample->passes++;
		return;
	}
	block->node = sample->node[sample->at];
	for (; block->n < most && sample->at < sample->n && sample->node[sample->at] == block->node;
		 block->n++, sample->at++)
	{
		for (j = 0; j < rows->n_terms; j++)
			block->x[j * LOGIT_BLOCK + block->n] = sample->x[(size_t) sample->at * rows->n_terms + j];
		block->y[block->n] = sample->y[sample->at];
		block->weight[block->n] = sample->weight[sample->at];
		block->offset[block->n] = sample->offset[sample->at];
	}
}

/* Of n rows in all; nodes are children of the root unless told otherwise. */
static Sample *
new_sample(Blocks *blocks, int n, int n_terms, int n_nodes, bool slopes)
{
	Sample	   *sample = get_block(blocks, sizeof *sample);
	int			i;

	memset(sample, 0, sizeof *sample);
	sample->rows.n_terms = n_terms;
	sample->rows.next = next_rows;
	sample->n = n;
	sample->most = LOGIT_BLOCK;
	sample->node = get_block(blocks, sizeof(int) * n);
	sample->x = get_block(blocks, sizeof(double) * n * n_terms);
	sample->y = get_block(blocks, sizeof(double) * n);
	sample->weight = get_block(blocks, sizeof(double) * n);
	sample->offset = get_block(blocks, sizeof(double) * n);
	sample->n_nodes = n_nodes;
	sample->parent = get_block(blocks, sizeof(int) * n_nodes);
	for (i = 0; i < n; i++)
	{
		sample->weight[i] = 1;
		sample->offset[i] = 0;
	}
	for (i = 0; i < n_nodes; i++)
		sample->parent[i] = i == 0 ? -1 : 0;
	for (i = 0; i <= n_terms; i++)
		sample->pooled[i] = i == 0 || slopes;
	return sample;
}

/* Once rows are there: their totals. */
static void
close_sample(Sample *sample)
{
	LogitRows  *rows = &sample->rows;
	int			i;

	rows->total_weight = rows->total_bad = rows->max_offset = 0;
	for (i = 0; i < sample->n; i++)
	{
		rows->total_weight += sample->weight[i];
		rows->total_bad += sample->weight[i] * sample->y[i];
		rows->max_offset = fmax(rows->max_offset, fabs(sample->offset[i]));
	}
}

static double
draw_normal(void)
{
	double		sum = -6;
	int			i;

	for (i = 0; i < 12; i++)
		sum += uniform(0, 1);
	return sum;
}

/*
 * Coefficients of each node around its parent's, and outcomes by them. Rows fall
 * to nodes from `first` on, as they come.
 */
static void
fill_sample(Sample *sample, int first, double intercept, const double *tau)
{
	int			p = sample->rows.n_terms;
	double	   *b = calloc((size_t) sample->n_nodes * (1 + p), sizeof(double));
	int		   *rows = calloc(sample->n_nodes, sizeof(int));
	int			at = 0;
	int			i,
				j,
				k;

	for (i = 0; i < sample->n_nodes; i++)
		for (j = 0; j <= p; j++)
			b[i * (1 + p) + j] = i == 0 ? (j == 0 ? intercept : j % 2 ? 0.8 : -0.5) :
				b[sample->parent[i] * (1 + p) + j] + (sample->pooled[j] ? tau[j] * draw_normal() : 0);
	for (i = 0; i < sample->n; i++)
		rows[first + below(sample->n_nodes - first)]++;
	for (i = 0; i < sample->n_nodes; i++)
		for (k = 0; k < rows[i]; k++, at++)
		{
			double		eta = sample->offset[at] + b[i * (1 + p)];

			sample->node[at] = i;
			for (j = 0; j < p; j++)
			{
				sample->x[at * p + j] = uniform(-1, 1);
				eta += b[i * (1 + p) + 1 + j] * sample->x[at * p + j];
			}
			sample->y[at] = uniform(0, 1) < 1 / (1 + agr_exp(-eta));
		}
	free(b);
	free(rows);
	close_sample(sample);
}

static LogitStatus
fit_sample(Sample *sample, PoolFit *fit, Blocks *blocks)
{
	PoolProblem problem = {.rows = &sample->rows, .n_nodes = sample->n_nodes,
	.parent = sample->parent, .pooled = sample->pooled, .pause = no_pause};

	sample->at = sample->passes = 0;
	return pool_fit(&problem, fit, memory_of(blocks), memory_of(blocks));
}

/* ---------- the oracle ---------- */

/* A column for each effect, and then one for each coefficient. */
typedef struct Dense
{
	const Sample *sample;
	int			p;				/* coefficients */
	int			q;				/* pooled */
	int			pooled[MOST_OUTER];
	int			n_effects;
	int			level[MOST_EFFECTS];	/* of the effect's node */
	int			n_levels;
	Long		effect[MOST_EFFECTS];
	Long		inverse[MOST_EFFECTS * MOST_EFFECTS];	/* of the effects' curvature */
	Long		joint[MOST_EFFECTS * MOST_EFFECTS]; /* curvature, with coefficients */
} Dense;

static void
dense_row(const Dense *dense, int i, Long *row)
{
	const Sample *sample = dense->sample;
	int			n = dense->n_effects;
	int			at,
				j;

	memset(row, 0, sizeof(Long) * (n + dense->p));
	for (j = 0; j < dense->p; j++)
		row[n + j] = j == 0 ? 1 : sample->x[(size_t) i * (dense->p - 1) + j - 1];
	for (at = sample->node[i]; at > 0; at = sample->parent[at])
		for (j = 0; j < dense->q; j++)
			row[(at - 1) * dense->q + j] = row[n + dense->pooled[j]];
}

/* In place; returns the logarithm of the determinant. */
static Long
invert_dense(Long *a, int n)
{
	Long		log_determinant = 0;
	int			i,
				j,
				k;

	for (k = 0; k < n; k++)
	{
		Long		pivot = a[k * n + k];

		log_determinant += logl(pivot);
		a[k * n + k] = 1;
		for (j = 0; j < n; j++)
			a[k * n + j] /= pivot;
		for (i = 0; i < n; i++)
			if (i != k)
			{
				Long		by = a[i * n + k];

				a[i * n + k] = 0;
				for (j = 0; j < n; j++)
					a[i * n + j] -= by * a[k * n + j];
			}
	}
	return log_determinant;
}

static void
open_dense(Dense *dense, const Sample *sample)
{
	int			i,
				j,
				at;

	memset(dense, 0, sizeof *dense);
	dense->sample = sample;
	dense->p = 1 + sample->rows.n_terms;
	for (j = 0; j < dense->p; j++)
		if (sample->pooled[j])
			dense->pooled[dense->q++] = j;
	dense->n_effects = (sample->n_nodes - 1) * dense->q;
	for (i = 0; i < dense->n_effects; i++)
	{
		for (at = 1 + i / dense->q; at > 0; at = sample->parent[at])
			dense->level[i]++;
		dense->n_levels = dense->level[i] > dense->n_levels ? dense->level[i] : dense->n_levels;
	}
}

/* Laplace's approximation at coefficients and the logarithms of tau, effects at their modes. */
static Long
dense_value(Dense *dense, const double *outer)
{
	const Sample *sample = dense->sample;
	int			n = dense->n_effects;
	int			all = n + dense->p;
	Long		gradient[MOST_EFFECTS];
	Long		row[MOST_EFFECTS];
	Long		precision[MOST_EFFECTS];
	Long		value;
	int			steps;
	int			i,
				j,
				k;

	for (j = 0; j < n; j++)
		precision[j] = expl(-2 * (Long) outer[dense->p + (dense->level[j] - 1) * dense->q + j % dense->q]);
	for (steps = 0; steps < 40; steps++)
	{
		Long		largest = 0;

		value = 0;
		memset(dense->joint, 0, sizeof(Long) * all * all);
		for (j = 0; j < n; j++)
		{
			gradient[j] = -precision[j] * dense->effect[j];
			dense->joint[j * all + j] = precision[j];
			value -= precision[j] * dense->effect[j] * dense->effect[j] / 2 - logl(precision[j]) / 2;
		}
		for (i = 0; i < sample->n; i++)
		{
			Long		eta = sample->offset[i];
			Long		weight = sample->weight[i];
			Long		pd;

			dense_row(dense, i, row);
			for (j = 0; j < all; j++)
				eta += row[j] * (j < n ? dense->effect[j] : outer[j - n]);
			pd = 1 / (1 + expl(-eta));
			value -= weight * log1pl(expl(sample->y[i] > 0 ? -eta : eta));
			for (j = 0; j < all; j++)
				if (row[j] != 0)
				{
					if (j < n)
						gradient[j] += weight * row[j] * (sample->y[i] - pd);
					for (k = 0; k < all; k++)
						dense->joint[j * all + k] += weight * pd * (1 - pd) * row[j] * row[k];
				}
		}
		for (j = 0; j < n; j++)
			memcpy(dense->inverse + j * n, dense->joint + j * all, sizeof(Long) * n);
		value -= invert_dense(dense->inverse, n) / 2;
		for (j = 0; j < n; j++)
		{
			Long		step = 0;

			for (k = 0; k < n; k++)
				step += dense->inverse[j * n + k] * gradient[k];
			largest = fmaxl(largest, fabsl(step));
			dense->effect[j] += step;
		}
		if (largest < 1e-15L)
			break;
	}
	return value;
}

/* Hooke and Jeeves's search: by trial, without a derivative. */
static Long
climb_by_trial(Dense *dense, double *outer, int n)
{
	Long		best = dense_value(dense, outer);
	double		step = 0.5;

	while (step > 1e-4)
	{
		double		tried[MOST_OUTER];
		double		begun[MOST_OUTER];
		bool		better = false;
		Long		value;
		int			j,
					way;

		memcpy(begun, outer, sizeof begun);
		for (j = 0; j < n; j++)
			for (way = -1; way <= 1; way += 2)
			{
				memcpy(tried, outer, sizeof tried);
				tried[j] += way * step;
				value = dense_value(dense, tried);
				if (value > best)
				{
					best = value;
					memcpy(outer, tried, sizeof tried);
					better = true;
					break;
				}
			}
		if (!better)
			step /= 2;
		else
			for (;;)
			{
				for (j = 0; j < n; j++)
					tried[j] = 2 * outer[j] - begun[j];
				value = dense_value(dense, tried);
				if (value <= best)
					break;
				best = value;
				memcpy(begun, outer, sizeof begun);
				memcpy(outer, tried, sizeof tried);
			}
	}
	return best;
}

/*
 * All that the fit says, against the oracle at the fit's coefficients and tau; and
 * that those are where the oracle's approximation is highest.
 */
static void
compare(Sample *sample, const char *what, bool climb, Blocks *blocks)
{
	Dense	   *dense = get_block(blocks, sizeof *dense);
	PoolFit		fit;
	double		outer[MOST_OUTER] = {0};
	double		away[MOST_OUTER];
	double		worst_value;
	double		worst_effect = 0;
	double		worst_variance = 0;
	double		worst_covariance = 0;
	double		worst_gain = 0;
	double		worst_slope = 0;
	char		line[200];
	int			p,
				n,
				n_outer,
				i,
				j,
				k;
	Long		value;

	if (fit_sample(sample, &fit, blocks) != LOGIT_FITTED)
	{
		ok(false, what);
		return;
	}
	open_dense(dense, sample);
	p = dense->p;
	n = dense->n_effects;
	n_outer = p + dense->n_levels * dense->q;
	for (j = 0; j < n_outer; j++)
		outer[j] = j < p ? fit.beta[j] :
			log(fit.tau[(j - p) / dense->q * p + dense->pooled[(j - p) % dense->q]]);
	value = dense_value(dense, outer);
	worst_value = (double) fabsl(value - fit.log_likelihood);
	for (i = 0; i < n; i++)
	{
		const PoolNode *node = &fit.node[1 + i / dense->q];
		int			at = dense->pooled[i % dense->q];

		worst_effect = fmax(worst_effect, (double) fabsl(dense->effect[i] - node->effect[at]));
		worst_variance = fmax(worst_variance, (double) fabsl(dense->inverse[i * n + i] - node->variance[at]));
	}
	invert_dense(dense->joint, n + p);
	for (j = 0; j < p; j++)
		for (k = 0; k < p; k++)
			worst_covariance = fmax(worst_covariance, (double) fabsl(dense->joint[(n + j) * (n + p) + n + k] -
																	 fit.covariance[j * p + k]));
	for (i = 1; i < sample->n_nodes; i++)
	{
		Long		gain = -fit.node[i].gain;
		double		weight = 0;
		double		bad = 0;
		int			r;

		for (r = 0; r < sample->n; r++)
			if (sample->node[r] == i)
			{
				Long		own = sample->offset[r];
				Long		above = own;
				int			at;

				for (j = 0; j < p; j++)
				{
					Long		x = j == 0 ? 1 : sample->x[r * (p - 1) + j - 1];

					own += x * fit.beta[j];
					above += x * fit.beta[j];
					for (at = i; at > 0; at = sample->parent[at])
					{
						own += x * fit.node[at].effect[j];
						above += at == i ? 0 : x * fit.node[at].effect[j];
					}
				}
				if (sample->y[r] > 0)
				{
					own = -own;
					above = -above;
				}
				gain += sample->weight[r] * (log1pl(expl(above)) - log1pl(expl(own)));
				weight += sample->weight[r];
				bad += sample->weight[r] * sample->y[r];
			}
		worst_gain = fmax(worst_gain, (double) fabsl(gain) +
						  (weight != fit.node[i].weight || bad != fit.node[i].bad));
	}

	/* How far off the maximum is, were it a parabola in each direction. */
	for (j = 0; j < n_outer; j++)
	{
		double		step = 1e-4;
		Long		up,
					down;

		memcpy(away, outer, sizeof away);
		away[j] += step;
		up = dense_value(dense, away);
		away[j] -= 2 * step;
		down = dense_value(dense, away);
		if (up + down >= 2 * value)
			worst_slope = INFINITY;
		worst_slope = fmax(worst_slope, (double) fabsl(step * (up - down) / (2 * (up + down - 2 * value))));
	}
	snprintf(line, sizeof line, "%s: value %.0e, effects %.0e, variances %.0e, covariance %.0e, gains %.0e, from the maximum %.0e",
			 what, worst_value, worst_effect, worst_variance, worst_covariance, worst_gain, worst_slope);
	ok(worst_value < 1e-8 && worst_effect < 1e-9 && worst_variance < 1e-6 && worst_covariance < 1e-6 &&
	   worst_gain < 1e-10 && worst_slope < 1e-5, line);
	if (climb)
	{
		Long		best;
		double		furthest = 0;

		for (j = 0; j < n_outer; j++)
			away[j] = j < p ? fit.single.beta[j] : -0.5;
		best = climb_by_trial(dense, away, n_outer);
		for (j = 0; j < n_outer; j++)
			furthest = fmax(furthest, fabs(away[j] - outer[j]));
		snprintf(line, sizeof line, "%s: climbing by trial comes to the same place", what);
		ok_figure(best <= value + 1e-9 && furthest < 0.02, line, furthest);
	}
}

static void
test_oracle(void)
{
	Blocks		blocks = {NULL};
	static const double tau[] = {0.9, 0.8, 0.9, 0.7};
	Sample	   *sample;
	int			i;

	sample = new_sample(&blocks, 400, 2, 13, false);
	fill_sample(sample, 1, -0.5, tau);
	compare(sample, "intercepts of 12 counties", true, &blocks);

	sample = new_sample(&blocks, 1500, 1, 21, true);
	fill_sample(sample, 1, -0.5, tau);
	compare(sample, "intercepts and slopes of 20", true, &blocks);

	/* One term has no effects, nor the intercept; weights and offsets. */
	sample = new_sample(&blocks, 1200, 3, 16, true);
	sample->pooled[0] = sample->pooled[2] = false;
	for (i = 0; i < sample->n; i++)
	{
		sample->weight[i] = 1 + (double) below(3);
		sample->offset[i] = uniform(-2, 2);
	}
	fill_sample(sample, 1, -0.5, tau);
	compare(sample, "some slopes, weights and offsets", false, &blocks);

	/* Three provinces, 15 counties; all have rows. */
	sample = new_sample(&blocks, 1500, 1, 19, false);
	for (i = 4; i < sample->n_nodes; i++)
		sample->parent[i] = 1 + i % 3;
	fill_sample(sample, 0, -0.5, tau);
	compare(sample, "provinces and counties, intercepts", true, &blocks);
	sample = new_sample(&blocks, 2500, 1, 25, true);
	for (i = 6; i < sample->n_nodes; i++)
		sample->parent[i] = 1 + i % 5;
	fill_sample(sample, 3, -0.5, tau);
	compare(sample, "provinces and counties, slopes, two provinces without rows of their own", false, &blocks);

	/* A line of four, with branches. */
	sample = new_sample(&blocks, 3000, 0, 40, false);
	for (i = 1; i < sample->n_nodes; i++)
		sample->parent[i] = (i - 1) / 3;
	fill_sample(sample, 0, 0, tau);
	compare(sample, "four levels", false, &blocks);

	/* Ten rows a county: what the determinant does counts. */
	sample = new_sample(&blocks, 400, 0, 41, false);
	fill_sample(sample, 1, -1, tau);
	compare(sample, "ten rows a county", true, &blocks);
	free_blocks(&blocks);
}

/* ---------- the same bits ---------- */

static uint64_t
mix(uint64_t digest, double x)
{
	return (digest ^ bits_of(x)) * UINT64_C(6364136223846793005) + 1;
}

/* The sums of p (1 - p) (1 - 2 p) var(eta) x of a block, by each form of the kernel. */
static void
test_cubic(void)
{
	static const int place[] = {0, 2};
	static const double spread[] = {0.7, 0, -0.3, 0.9};
	static const double beta[] = {-0.4, 0.8, 1.3};
	Blocks		blocks = {NULL};
	Long		sum[3] = {0, 0, 0};
	double		x[2 * LOGIT_BLOCK],
				y[LOGIT_BLOCK],
				weight[LOGIT_BLOCK],
				offset[LOGIT_BLOCK];
	LogitBlock	block = {.n = 101, .x = x, .y = y, .weight = weight, .offset = offset};
	LogitPass	pass;
	double		likelihood,
				gradient[3],
				information[9],
				cubic[3];
	double		worst = 0;
	int			i,
				j;

	logit_prepare_pass(&pass, 3, memory_of(&blocks));
	pass.n_spread = 2;
	pass.spread_place = place;
	pass.spread = spread;
	pass.column[1] = x;
	pass.column[2] = x + LOGIT_BLOCK;
	for (i = 0; i < LOGIT_BLOCK; i++)
	{
		Long		eta,
					p,
					variance;

		x[i] = uniform(-1, 1);
		x[LOGIT_BLOCK + i] = uniform(-1, 1);
		y[i] = (double) below(2);
		weight[i] = 1 + (double) below(4);
		offset[i] = uniform(-3, 3);
		eta = offset[i] + beta[0] + beta[1] * x[i] + beta[2] * x[LOGIT_BLOCK + i];
		p = 1 / (1 + expl(-eta));
		variance = spread[0] + 2 * spread[2] * x[LOGIT_BLOCK + i] + spread[3] * x[LOGIT_BLOCK + i] * x[LOGIT_BLOCK + i];
		for (j = 0; i < block.n && j < 3; j++)
			sum[j] += weight[i] * p * (1 - p) * (1 - 2 * p) * variance * (j == 0 ? 1 : x[(j - 1) * LOGIT_BLOCK + i]);
	}
	logit_begin_pass(&pass, beta, 3);
	add_block_plain(&pass, &block);
	logit_end_pass(&pass, &likelihood, gradient, information, cubic);
	for (j = 0; j < 3; j++)
		worst = fmax(worst, (double) fabsl(cubic[j] - sum[j]));
	ok(worst < 1e-13, "third derivatives of a block");
#ifdef __x86_64__
	if (__builtin_cpu_supports("avx2"))
	{
		double		other[3];

		logit_begin_pass(&pass, beta, 3);
		add_block_avx2(&pass, &block);
		logit_end_pass(&pass, &likelihood, gradient, information, other);
		ok(memcmp(cubic, other, sizeof cubic) == 0, "and with AVX2 the same bits");
	}
#endif
	free_blocks(&blocks);
}

static uint64_t
digest_of(const PoolFit *fit, int p, int n_nodes)
{
	uint64_t	digest = mix((uint64_t) fit->iterations, fit->log_likelihood);
	int			i,
				j;

	if (fit->beta == NULL)
		return 0;
	for (j = 0; j < p; j++)
		digest = mix(digest, fit->beta[j]);
	for (j = 0; j < p * p; j++)
		digest = mix(digest, fit->covariance[j]);
	for (j = 0; j < p * fit->n_levels; j++)
		digest = mix(digest, fit->tau[j]);
	for (i = 0; i < n_nodes; i++)
	{
		digest = mix(mix(mix(digest, fit->node[i].gain), fit->node[i].weight), fit->node[i].bad);
		for (j = 0; j < p; j++)
			digest = mix(mix(digest, fit->node[i].effect[j]), fit->node[i].variance[j]);
	}
	return digest;
}

static void
copy_row(Sample *to, int i, const Sample *from, int j)
{
	int			p = from->rows.n_terms;

	to->node[i] = from->node[j];
	memcpy(to->x + (size_t) i * p, from->x + (size_t) j * p, p * sizeof(double));
	to->y[i] = from->y[j];
	to->weight[i] = from->weight[j];
	to->offset[i] = from->offset[j];
}

/* The same rows: those of a node in another order, or each as often as its weight. */
static Sample *
other_sample(Blocks *blocks, const Sample *from, bool repeated)
{
	Sample	   *to = new_sample(blocks, repeated ? (int) from->rows.total_weight : from->n,
								from->rows.n_terms, from->n_nodes, false);
	int			at = 0;
	int			i,
				k;

	memcpy(to->parent, from->parent, from->n_nodes * sizeof(int));
	memcpy(to->pooled, from->pooled, sizeof to->pooled);
	for (i = 0; i < from->n; i++)
		for (k = 0; k < (repeated ? from->weight[i] : 1); k++)
		{
			copy_row(to, at, from, i);
			if (repeated)
				to->weight[at] = 1;
			at++;
		}
	for (i = 0; i < to->n; i++)
	{
		int			with = i + (int) below(to->n - i);

		if (to->node[i] == to->node[with])
		{
			Sample	   *room = new_sample(blocks, 1, from->rows.n_terms, 1, false);

			copy_row(room, 0, to, i);
			copy_row(to, i, to, with);
			copy_row(to, with, room, 0);
		}
	}
	close_sample(to);
	return to;
}

static void
test_bits(void)
{
	Blocks		blocks = {NULL};
	static const double tau[] = {0.8, 0.5, 0.3, 0.4};
	bool		orders = true;
	bool		splits = true;
	bool		repeats = true;
	uint64_t	all = 0;
	int			trial,
				i;

	for (trial = 0; trial < 12; trial++)
	{
		int			p = (int) below(4);
		Sample	   *sample = new_sample(&blocks, 3000, p, 4 + (int) below(30), trial % 2);
		Sample	   *other;
		PoolFit		fit;
		uint64_t	digest;

		for (i = 4; trial % 3 == 0 && i < sample->n_nodes; i++)
			sample->parent[i] = 1 + i % 3;
		for (i = 0; i < sample->n; i++)
		{
			sample->weight[i] = trial % 4 == 0 ? 1 : 1 + (double) below(5);
			sample->offset[i] = trial % 2 ? uniform(-2, 2) : 0;
		}
		fill_sample(sample, 1, -1, tau);
		orders = fit_sample(sample, &fit, &blocks) == LOGIT_FITTED && orders;
		digest = digest_of(&fit, 1 + p, sample->n_nodes);
		all = all * 31 + digest;

		other = other_sample(&blocks, sample, false);
		fit_sample(other, &fit, &blocks);
		orders = orders && digest_of(&fit, 1 + p, sample->n_nodes) == digest;
		other->most = trial % 4 == 0 ? 1 : 0;
		fit_sample(other, &fit, &blocks);
		splits = splits && digest_of(&fit, 1 + p, sample->n_nodes) == digest;
		fit_sample(other_sample(&blocks, sample, true), &fit, &blocks);
		repeats = repeats && digest_of(&fit, 1 + p, sample->n_nodes) == digest;
		free_blocks(&blocks);
	}
	ok(orders, "other orders of a node's rows: the same bits");
	ok(splits, "other splits into blocks: the same bits");
	ok(repeats, "weights or equal rows: the same bits");
	printf("# fits %016llx\n", (unsigned long long) all);
}

/* ---------- reference answers ---------- */

/* The number behind a key, behind that of its group. */
static double
find_number(const char *text, const char *group, const char *key)
{
	char		quoted[64];
	const char *at = strstr(text, group);

	snprintf(quoted, sizeof quoted, "\"%s\":", key);
	at = at ? strstr(at, quoted) : NULL;
	return at ? strtod(at + strlen(quoted), NULL) : NAN;
}

/* Takes the next field of a line of a file of comma-separated values. */
static char *
next_field(char **line)
{
	char	   *field = *line;
	char	   *at = field;
	bool		quoted = false;

	for (; *at && *at != '\n' && (quoted || *at != ','); at++)
		quoted ^= *at == '"';
	*line = *at ? at + 1 : at;
	*at = '\0';
	return field;
}

#define STATE_FIELD		2
#define TERM_FIELD		9
#define GROSS_FIELD		20
#define STATUS_FIELD	21
#define MOST_STATES		60
#define LOANS			22308

typedef struct Loan
{
	char		state[3];
	bool		bad;
	double		size;
	double		term;
} Loan;

static int
compare_loans(const void *a, const void *b)
{
	return strcmp(((const Loan *) a)->state, ((const Loan *) b)->state);
}

/* Loans by State, and the States' names; NULL where the file is not. */
static Sample *
read_loans(Blocks *blocks, const char *shared, char state[MOST_STATES][3])
{
	Loan	   *loan = get_block(blocks, sizeof(Loan) * (LOANS + 1));
	Sample	   *sample;
	char		line[4096];
	int			n = 0;
	int			n_nodes = 1;
	int			i;
	FILE	   *file;

	snprintf(line, sizeof line, "%s/data/credit/sba_loans_22k.csv", shared ? shared : "");
	file = shared ? fopen(line, "r") : NULL;
	if (file == NULL)
		return NULL;
	while (fgets(line, sizeof line, file) && n <= LOANS)
	{
		char	   *field[STATUS_FIELD + 1];
		char	   *at = line;

		for (i = 0; i <= STATUS_FIELD; i++)
			field[i] = next_field(&at);
		loan[n].bad = strcmp(field[STATUS_FIELD], "CHGOFF") == 0;
		if ((!loan[n].bad && strcmp(field[STATUS_FIELD], "P I F") != 0) || strlen(field[STATE_FIELD]) != 2 ||
			!(atof(field[GROSS_FIELD]) > 0))
			continue;
		strcpy(loan[n].state, field[STATE_FIELD]);
		loan[n].size = agr_log(atof(field[GROSS_FIELD])) - 10;
		loan[n++].term = atof(field[TERM_FIELD]) / 120;
	}
	fclose(file);
	qsort(loan, n, sizeof(Loan), compare_loans);
	sample = new_sample(blocks, n, 2, MOST_STATES, false);
	for (i = 0; i < n; i++)
	{
		if (i == 0 || compare_loans(&loan[i], &loan[i - 1]) != 0)
			strcpy(state[n_nodes++], loan[i].state);
		sample->node[i] = n_nodes - 1;
		sample->x[2 * i] = loan[i].size / 16;
		sample->x[2 * i + 1] = loan[i].term / 16;
		sample->y[i] = loan[i].bad;
	}
	sample->n_nodes = n_nodes;
	close_sample(sample);
	return sample;
}

/* Against glmer of lme4, and how far the approximation is from 15-point quadrature. */
static void
test_loans(const char *shared)
{
	static const char what[] = "loans by State as glmer fits them";
	static char text[1 << 16];
	char		state[MOST_STATES][3];
	Blocks		blocks = {NULL};
	Sample	   *sample = read_loans(&blocks, shared, state);
	const char *group[] = {"\"laplace\"", "\"agq\""};
	double		fixed[2],
				sigma[2],
				effect[2] = {0, 0};
	char		path[4096];
	char		line[200];
	PoolFit		fit;
	FILE	   *file;
	int			i,
				k;

	snprintf(path, sizeof path, "%s/golden/credit/sba_state_glmer.json", shared ? shared : "");
	file = sample ? fopen(path, "r") : NULL;
	if (file == NULL)
	{
		printf("ok %d - %s # skip ../shared is not here\n", ++tests, what);
		free_blocks(&blocks);
		return;
	}
	text[fread(text, 1, sizeof text - 1, file)] = '\0';
	fclose(file);
	if (sample->n != LOANS || sample->n_nodes != 52 || fit_sample(sample, &fit, &blocks) != LOGIT_FITTED)
	{
		ok(false, what);
		return;
	}
	for (k = 0; k < 2; k++)
	{
		fixed[k] = fmax(fmax(fabs(fit.beta[0] - find_number(text, group[k], "(Intercept)")),
							 fabs(fit.beta[1] / 16 - find_number(text, group[k], "lnd"))),
						fabs(fit.beta[2] / 16 - find_number(text, group[k], "term_y")));
		sigma[k] = fabs(fit.tau[0] - find_number(text, group[k], "sigma_state"));
		for (i = 1; i < sample->n_nodes; i++)
			effect[k] = fmax(effect[k], fabs(fit.node[i].effect[0] - find_number(text, group[k], state[i])));
	}
	snprintf(line, sizeof line, "%s: coefficients %.1e, sigma %.1e, effects %.1e", what, fixed[0], sigma[0], effect[0]);
	ok(fixed[0] < 1e-4 && sigma[0] < 1e-3 && effect[0] < 1e-3, line);
	snprintf(line, sizeof line, "and near the quadrature: coefficients %.1e, sigma %.1e, effects %.1e", fixed[1], sigma[1], effect[1]);
	ok(fixed[1] < 1e-3 && sigma[1] < 1e-2 && effect[1] < 1e-2, line);
	ok_figure(fit.log_likelihood >= find_number(text, group[0], "loglik") - 1e-6, "and no less likely",
			  fit.log_likelihood - find_number(text, group[0], "loglik"));

	/* Terms that are far from centred, so that effects on them depend on each other. */
	sample->pooled[1] = sample->pooled[2] = true;
	sigma[0] = fit.log_likelihood;
	ok_figure(fit_sample(sample, &fit, &blocks) == LOGIT_FITTED && fit.log_likelihood > sigma[0] + 100 && fit.iterations < 20,
			  "with slopes by State too; steps", fit.iterations);
	free_blocks(&blocks);
}

/* golden/decision/map_shrinkage.json: a normal prior given, one node. */
static void
test_mode(void)
{
	Blocks		blocks = {NULL};
	static const double x1[] = {-1.2, 0.4, 1.1, -0.3, 0.8, -0.6, 1.5, 0, -0.9, 0.7, 0.2, -1.4, 0.9, -0.1, 1.3, -0.5, 0.6, -0.8, 0.1, 1};
	static const double x2[] = {0.5, -0.2, 0.3, 1, -0.7, 0.8, -0.4, 0.1, -1.1, 0.6, 0.9, -0.3, 0, -0.8, 0.4, -0.6, 1.2, 0.7, -0.5, -0.9};
	static const double y[] = {1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 1, 0, 0};
	static const double parent[] = {-2.2, -0.8, 0.5};
	static const double beta[] = {-1.76960908671686, -0.892978744910246, 0.6007399380853};
	static const double covariance[] = {0.154910165486808, 0.0052890596600325, -0.00511778758871223,
		0.0052890596600325, 0.056786176071761, -8.36323944081217e-05,
	-0.00511778758871223, -8.36323944081217e-05, 0.0580398172169655};
	static const double separated_beta[] = {-1.59640365470926, -1.48571056527439};
	double		worst = 0;
	double		worst_covariance = 0;
	double		scaled_parent[3],
				scaled_tau[3];
	double		zero = 0;
	double		half = 0.5;
	Sample	   *sample;
	LogitFit	fit;
	LogitStatus status;
	int			i,
				j;

	/* Terms are at most 1, so these are halved and their coefficients doubled. */
	sample = new_sample(&blocks, 20, 2, 1, false);
	for (i = 0; i < 20; i++)
	{
		sample->x[2 * i] = x1[i] / 2;
		sample->x[2 * i + 1] = x2[i] / 2;
		sample->y[i] = y[i];
		sample->node[i] = 0;
	}
	close_sample(sample);
	for (j = 0; j < 3; j++)
	{
		scaled_parent[j] = parent[j] * (j ? 2 : 1);
		scaled_tau[j] = 0.5;
	}
	status = pool_mode(&sample->rows, NULL, scaled_parent, scaled_tau, no_pause, &fit, memory_of(&blocks));
	for (i = 0; i < 3; i++)
	{
		worst = fmax(worst, fabs(fit.beta[i] / (i ? 2 : 1) - beta[i]));
		for (j = 0; j < 3; j++)
			worst_covariance = fmax(worst_covariance, fabs(fit.covariance[3 * i + j] / (i ? 2 : 1) / (j ? 2 : 1) - covariance[3 * i + j]));
	}
	ok_figure(status == LOGIT_FITTED && worst < 1e-10 && worst_covariance < 1e-9 && fabs(fit.log_likelihood + 8.79745234099316) < 1e-10,
			  "prior of three coefficients: the reference mode", worst);

	sample = new_sample(&blocks, 20, 0, 1, false);
	for (i = 0; i < 20; i++)
	{
		sample->offset[i] = parent[0] + parent[1] * x1[i] + parent[2] * x2[i];
		sample->y[i] = y[i];
		sample->node[i] = 0;
	}
	close_sample(sample);
	status = pool_mode(&sample->rows, NULL, &zero, &half, no_pause, &fit, memory_of(&blocks));
	ok(status == LOGIT_FITTED && fabs(fit.beta[0] - 0.446925621403621) < 1e-10, "an intercept on an offset: the reference mode");

	sample = new_sample(&blocks, 8, 1, 1, false);
	for (i = 0; i < 8; i++)
	{
		sample->x[i] = (i < 4 ? i - 4 : i - 3) / 4.0;
		sample->y[i] = i < 4;
		sample->node[i] = 0;
	}
	close_sample(sample);
	scaled_parent[0] = -2;
	scaled_parent[1] = -2;
	scaled_tau[1] = 1;
	status = pool_mode(&sample->rows, NULL, scaled_parent, scaled_tau, no_pause, &fit, memory_of(&blocks));
	ok(status == LOGIT_FITTED && fabs(fit.beta[0] - separated_beta[0]) < 1e-10 &&
	   fabs(fit.beta[1] / 2 - separated_beta[1]) < 1e-10, "separated rows: the reference mode");

	sample = new_sample(&blocks, 15, 0, 1, false);
	for (i = 0; i < 15; i++)
	{
		sample->offset[i] = agr_log(0.03 / 0.97);
		sample->y[i] = 0;
		sample->node[i] = 0;
	}
	close_sample(sample);
	status = pool_mode(&sample->rows, NULL, &zero, &half, no_pause, &fit, memory_of(&blocks));
	ok(status == LOGIT_FITTED && fabs(fit.beta[0] + 0.101897396507121) < 1e-10, "no bads: the reference mode");
	free_blocks(&blocks);
}

/* ---------- a known truth ---------- */

static void
test_recovery(void)
{
	static const double tau[] = {0.5, 0.3, 0.4};
	static const double none[] = {0, 0, 0};
	double		sum[3] = {0, 0, 0};
	int			small = 0;
	int			unlikely = 0;
	int			n_fitted = 0;
	int			zero = 0;
	int			passes = 0;
	int			trial,
				i,
				j;

	for (trial = 0; trial < 20; trial++)
	{
		Blocks		blocks = {NULL};
		Sample	   *sample = new_sample(&blocks, 20000, 2, 51 + (int) below(150), true);
		PoolFit		fit;

		fill_sample(sample, 1, -1, tau);
		if (fit_sample(sample, &fit, &blocks) != LOGIT_FITTED)
			continue;
		n_fitted++;
		for (j = 0; j < 3; j++)
			sum[j] += fit.tau[j] / tau[j];
		free_blocks(&blocks);

		/* Among 50 counties chance alone makes a tau of 0.05 of 20,000 rows, one time in ten. */
		sample = new_sample(&blocks, 100000, 2, 51, false);
		fill_sample(sample, 1, 0, none);
		if (fit_sample(sample, &fit, &blocks) != LOGIT_FITTED)
			continue;
		n_fitted++;
		small += fit.tau[0] < 0.05;
		unlikely += fit.log_likelihood - fit.single.log_likelihood > 1.353;
		free_blocks(&blocks);

		/* Counties differ, but provinces do not: at first both seem to. */
		sample = new_sample(&blocks, 6000, 0, 73, false);
		fill_sample(sample, 13, -1, tau);
		for (i = 13; i < sample->n_nodes; i++)
			sample->parent[i] = 1 + i % 12;
		if (fit_sample(sample, &fit, &blocks) != LOGIT_FITTED)
			continue;
		n_fitted++;
		zero += fit.tau[0] == 0;
		passes = sample->passes > passes ? sample->passes : passes;
		free_blocks(&blocks);
	}
	for (j = 0; j < 3; j++)
		sum[j] /= 20;
	ok(n_fitted == 60, "60 samples, 50 to 200 counties");
	ok_figure(fabs(sum[0] - 1) < 0.05 && fabs(sum[1] - 1) < 0.15 && fabs(sum[2] - 1) < 0.15, "tau is what it was drawn with, on average", sum[0]);
	ok_figure(small >= 18, "where counties do not differ tau is below 0.05", small);
	ok_figure(zero >= 5 && zero < 20, "of two levels of which one does not differ it is 0, about every other time", zero);
	ok_figure(passes <= 16, "and most passes over the rows", passes);
	ok_figure(unlikely <= 3, "and effects gain more than chance does about once in twenty", unlikely);
}

/* Trees of any shape, rare bads, few rows, effects of any size. */
static void
test_any(void)
{
	Blocks		blocks = {NULL};
	int			n_fitted = 0;
	int			passes = 0;
	int			trial,
				i,
				j;

	for (trial = 0; trial < 400; trial++)
	{
		int			n = 300 + (int) below(1500);
		int			n_terms = (int) below(4);
		int			n_nodes = 6 + (int) below(50);
		Sample	   *sample = new_sample(&blocks, n, n_terms, n_nodes, trial % 2);
		double		size = 0.02 * (1 << below(7));
		double		tau[4];
		PoolFit		fit;

		for (i = 1; i < n_nodes; i++)
			sample->parent[i] = trial % 4 == 0 ? 0 : trial % 4 == 1 ? (i < 5 ? 0 : 1 + (int) below(4)) :
				trial % 4 == 2 ? (int) below(i) : (i - 1) / 2;
		for (j = 0; j < 4; j++)
			tau[j] = size * uniform(0, 1);
		for (i = 0; i < n; i++)
		{
			sample->weight[i] = 1 + (double) below(3);
			sample->offset[i] = uniform(-2, 2);
		}
		fill_sample(sample, (int) below(3), uniform(-3, 1), tau);
		if (fit_sample(sample, &fit, &blocks) == LOGIT_FITTED)
		{
			n_fitted++;
			passes += sample->passes;
		}
		free_blocks(&blocks);
	}
	ok_figure(n_fitted >= 396, "400 trees of any shape and size: 99 in 100 are fitted", n_fitted);
	ok_figure(passes <= 21 * n_fitted, "passes over the rows, on average", (double) passes / n_fitted);
}

/* ---------- at the edge ---------- */

static void
test_edges(void)
{
	Blocks		blocks = {NULL};
	static const double tau[] = {0.7, 0.5, 0.4};
	static const double none[] = {0, 0, 0};
	Sample	   *sample;
	PoolFit		fit;
	LogitStatus status;
	bool		good;
	int			passes = 0;
	int			i;

	/* The last two counties have no rows, the one before them a single one. */
	sample = new_sample(&blocks, 2001, 1, 20, true);
	fill_sample(sample, 1, -1, tau);
	sample->node[2000] = 17;
	for (i = 0; i < 2000; i++)
	{
		sample->node[i] = 1 + i / 125;
		if (sample->node[i] == 3)
			sample->y[i] = 0;
		if (sample->node[i] == 4)
			sample->y[i] = sample->x[i] > 0;
	}
	close_sample(sample);
	status = fit_sample(sample, &fit, &blocks);
	ok(status == LOGIT_FITTED && fit.node[19].effect[0] == 0 && fit.node[19].gain == 0 && fit.node[19].weight == 0 &&
	   fabs(sqrt(fit.node[19].variance[0]) - fit.tau[0]) < 1e-12, "a county without rows: no effect, the variance of its level");
	ok(status == LOGIT_FITTED && fit.node[17].weight == 1 && fabs(fit.node[17].effect[0]) < fit.tau[0] &&
	   fit.node[17].variance[0] < fit.tau[0] * fit.tau[0], "one loan: a nudge");
	ok(status == LOGIT_FITTED && fit.node[3].bad == 0 && fit.node[3].effect[0] < -fit.tau[0] && isfinite(fit.node[3].effect[0]) &&
	   fit.node[3].gain > 0, "a county of goods: an effect, and finite");
	ok(status == LOGIT_FITTED && fit.node[4].effect[1] > 0.5 && isfinite(fit.node[4].effect[1]) && fit.node[4].gain > 0,
	   "separated within a county: finite");

	/* No tree to speak of. */
	sample = new_sample(&blocks, 500, 1, 2, true);
	fill_sample(sample, 1, -1, tau);
	status = fit_sample(sample, &fit, &blocks);
	ok(status == LOGIT_FITTED && fit.tau[0] == 0 && fit.tau[1] == 0 && fit.node[1].effect[0] == 0 && fit.node[1].gain == 0 &&
	   fabs(fit.beta[0] - fit.single.beta[0]) < 1e-12 && fabs(fit.log_likelihood - fit.single.log_likelihood) < 1e-10,
	   "one county: tau is 0, and the fit is the single one");
	sample->n_nodes = 1;
	memset(sample->node, 0, sizeof(int) * sample->n);
	status = fit_sample(sample, &fit, &blocks);
	ok(status == LOGIT_FITTED && fit.n_levels == 0 && fabs(fit.beta[1] - fit.single.beta[1]) < 1e-12, "none: the single fit");

	/* Every county alike, to the row. */
	sample = new_sample(&blocks, 1000, 1, 21, true);
	fill_sample(sample, 1, -1, none);
	for (i = 0; i < 1000; i++)
	{
		sample->node[i] = 1 + i / 50;
		sample->x[i] = sample->x[i % 50];
		sample->y[i] = sample->y[i % 50];
	}
	close_sample(sample);
	status = fit_sample(sample, &fit, &blocks);
	ok(status == LOGIT_FITTED && fit.tau[0] == 0 && fit.tau[1] == 0, "counties all alike: tau is 0");

	/* What the single fit says. */
	for (i = 0; i < 1000; i++)
		sample->y[i] = sample->x[i] > 0;
	close_sample(sample);
	ok(fit_sample(sample, &fit, &blocks) == LOGIT_SEPARATED && fit.single.complete && fit.beta == NULL, "separated overall");
	sample = new_sample(&blocks, 1000, 2, 21, true);
	fill_sample(sample, 1, -1, tau);
	for (i = 0; i < 1000; i++)
		sample->x[2 * i + 1] = 0.5 - sample->x[2 * i] / 2;
	ok(fit_sample(sample, &fit, &blocks) == LOGIT_COLLINEAR, "collinear terms");

	/* Whole counties of goods and of bads: tau has no bound. */
	sample = new_sample(&blocks, 1000, 0, 21, true);
	for (i = 0; i < 1000; i++)
	{
		sample->node[i] = 1 + i / 50;
		sample->y[i] = sample->node[i] % 2;
	}
	close_sample(sample);
	status = fit_sample(sample, &fit, &blocks);
	ok(status == LOGIT_NOT_CONVERGED && fit.beta == NULL, "each county of one class: tau has no bound");

	/* Rare bads, but in two counties, which a parabola sees too far away. */
	sample = new_sample(&blocks, 20000, 0, 41, false);
	for (i = 0; i < sample->n; i++)
	{
		sample->node[i] = 1 + i / 500;
		sample->y[i] = uniform(0, 1) < (sample->node[i] % 20 == 0 ? 0.6 : 0.02);
	}
	close_sample(sample);
	status = fit_sample(sample, &fit, &blocks);
	ok_figure(status == LOGIT_FITTED && sample->passes <= 22, "counties far from all others; passes", sample->passes);

	/* Thousands of small counties. */
	good = true;
	for (i = 0; i < 2; i++)
	{
		sample = new_sample(&blocks, 20000, 2, 5001, i);
		fill_sample(sample, 1, -1, tau);
		good = fit_sample(sample, &fit, &blocks) == LOGIT_FITTED && good && fabs(fit.tau[0] - 0.7) < 0.3;
		passes = sample->passes > passes ? sample->passes : passes;
	}
	ok_figure(good && passes <= 24, "5,000 counties of four rows; passes", passes);
	free_blocks(&blocks);
}

int
main(void)
{
	test_oracle();
	test_cubic();
	test_bits();
	test_loans(getenv("AGRIRISK_SHARED"));
	test_mode();
	test_recovery();
	test_any();
	test_edges();
	return done_testing();
}
