/*
 * logit_test.c
 *		The logistic fit against dense Newton in quadruple precision; the same bits
 *		for any order, split and weighting; separated, collinear and penalised cases.
 *
 * The kernel is included, so that its plain and its AVX2 form can be compared.
 */
#include "model/logit_math.c"

#include "blocks.h"
#include "tap.h"

#include <quadmath.h>
#include <stdlib.h>

typedef __float128 Quad;

/* Rows of a problem, and how they are handed out. */
typedef struct Sample
{
	LogitRows	rows;
	int			n;
	double	   *x;				/* term j of row i: x[i * n_terms + j] */
	double	   *y;
	double	   *weight;
	double	   *offset;
	int			at;
	int			most;			/* rows in a block; 0: any number */
} Sample;

static int	pauses;

static void
count_pause(void)
{
	pauses++;
}

static void
next_rows(LogitRows *rows, LogitBlock *block)
{
	Sample	   *sample = (Sample *) rows;
	int			most = sample->most ? sample->most : 1 + (int) below(LOGIT_BLOCK);
	int			i,
				j;

	block->n = 0;
	if (sample->at == sample->n)
		sample->at = 0;
	else
		for (; block->n < most && sample->at < sample->n; block->n++, sample->at++)
		{
			i = sample->at;
			for (j = 0; j < rows->n_terms; j++)
				block->x[j * LOGIT_BLOCK + block->n] = sample->x[(size_t) i * rows->n_terms + j];
			block->y[block->n] = sample->y[i];
			block->weight[block->n] = sample->weight[i];
			block->offset[block->n] = sample->offset[i];
		}

	/* What is behind the last row is nobody's. */
	for (i = block->n; i < LOGIT_BLOCK; i++)
	{
		for (j = 0; j < rows->n_terms; j++)
			block->x[j * LOGIT_BLOCK + i] = NAN;
		block->y[i] = block->weight[i] = block->offset[i] = NAN;
	}
}

static Sample *
new_sample(Blocks *blocks, int n, int n_terms)
{
	Sample	   *sample = get_block(blocks, sizeof *sample);
	int			i;

	memset(sample, 0, sizeof *sample);
	sample->rows.n_terms = n_terms;
	sample->rows.next = next_rows;
	sample->n = n;
	sample->most = LOGIT_BLOCK;
	sample->x = get_block(blocks, sizeof(double) * n * n_terms);
	sample->y = get_block(blocks, sizeof(double) * n);
	sample->weight = get_block(blocks, sizeof(double) * n);
	sample->offset = get_block(blocks, sizeof(double) * n);
	for (i = 0; i < n; i++)
	{
		sample->weight[i] = 1;
		sample->offset[i] = 0;
	}
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
draw_outcome(double eta)
{
	return uniform(0, 1) < 1 / (1 + exp(-eta));
}

/* Random terms, numbers and indicators, and outcomes that depend on them. */
static Sample *
random_sample(Blocks *blocks, int n, int n_terms, double slope)
{
	Sample	   *sample = new_sample(blocks, n, n_terms);
	int			i,
				j;

	for (i = 0; i < n; i++)
	{
		double		eta = -1;

		for (j = 0; j < n_terms; j++)
		{
			double		x = j % 3 == 2 ? (double) (below(5) == 0) : uniform(-1, 1);

			sample->x[i * n_terms + j] = x;
			eta += x * slope * (j % 2 ? -1 : 1) / (1 + j);
		}
		sample->y[i] = draw_outcome(eta);
	}
	sample->y[0] = 1;
	sample->y[1] = 0;
	close_sample(sample);
	return sample;
}

/* ---------- the oracle ---------- */

/* Dense Newton with the C library's exp, in quadruple precision; b begins at 0. */
static void
fit_quad(const Sample *sample, const bool *used, const double *ridge, const double *prior,
		 Quad *b, Quad *covariance, Quad *likelihood)
{
	int			p = 1 + sample->rows.n_terms;
	Quad	   *a = calloc((size_t) p * 2 * p, sizeof(Quad));
	Quad	   *g = calloc(p, sizeof(Quad));
	Quad	   *row = calloc(p, sizeof(Quad));
	int			steps,
				i,
				j,
				k;

	for (j = 0; j < p; j++)
		b[j] = 0;
	for (steps = 0; steps < 60; steps++)
	{
		Quad		largest = 0;

		memset(a, 0, sizeof(Quad) * p * 2 * p);
		memset(g, 0, sizeof(Quad) * p);
		*likelihood = 0;
		for (i = 0; i < sample->n; i++)
		{
			Quad		eta = sample->offset[i];
			Quad		w = sample->weight[i];
			Quad		pd;

			for (j = 0; j < p; j++)
			{
				row[j] = j == 0 ? 1 : used && !used[j - 1] ? 0 : sample->x[(size_t) i * (p - 1) + j - 1];
				eta += row[j] * b[j];
			}
			pd = 1 / (1 + expq(-eta));
			*likelihood -= w * log1pq(expq(sample->y[i] > 0 ? -eta : eta));
			for (j = 0; j < p; j++)
			{
				g[j] += w * row[j] * (sample->y[i] - pd);
				for (k = 0; k < p; k++)
					a[j * 2 * p + k] += w * row[j] * row[k] * pd * (1 - pd);
			}
		}
		for (j = 0; j < p; j++)
		{
			if (ridge)
			{
				g[j] -= ridge[j] * (b[j] - (prior ? prior[j] : 0));
				a[j * 2 * p + j] += ridge[j];
			}
			if (j > 0 && used && !used[j - 1])
				a[j * 2 * p + j] = 1;
			a[j * 2 * p + p + j] = 1;
		}

		/* Gauss and Jordan */
		for (j = 0; j < p; j++)
			for (i = 0; i < p; i++)
			{
				Quad		by = i == j ? 0 : a[i * 2 * p + j] / a[j * 2 * p + j];

				for (k = 0; by != 0 && k < 2 * p; k++)
					a[i * 2 * p + k] -= by * a[j * 2 * p + k];
			}
		for (j = 0; j < p; j++)
		{
			Quad		step = 0;

			for (k = 0; k < p; k++)
			{
				covariance[j * p + k] = a[j * 2 * p + p + k] / a[j * 2 * p + j];
				step += covariance[j * p + k] * g[k];
			}
			b[j] += step;
			largest = fmaxq(largest, fabsq(step));
		}
		if (largest < 1e-28Q)
			break;
	}
	free(a);
	free(g);
	free(row);
}

/* The largest component of the gradient, a share of sum w |x| |y - p|. */
static double
worst_gradient(const Sample *sample, const bool *used, const double *ridge, const double *prior,
			   const double *beta)
{
	int			p = 1 + sample->rows.n_terms;
	double		worst = 0;
	int			i,
				j,
				k;

	for (j = 0; j < p; j++)
	{
		Quad		sum = ridge ? -(Quad) ridge[j] * ((Quad) beta[j] - (prior ? prior[j] : 0)) : 0;
		Quad		size = 0;

		if (j > 0 && used && !used[j - 1])
			continue;
		for (i = 0; i < sample->n; i++)
		{
			const double *x = sample->x + (size_t) i * (p - 1);
			Quad		eta = (Quad) sample->offset[i] + beta[0];
			Quad		term;

			for (k = 1; k < p; k++)
				eta += (Quad) beta[k] * x[k - 1];
			term = sample->weight[i] * (j == 0 ? 1 : x[j - 1]) * (sample->y[i] - 1 / (1 + expq(-eta)));
			sum += term;
			size += fabsq(term);
		}
		worst = fmax(worst, (double) (fabsq(sum) / size));
	}
	return worst;
}

static LogitStatus
fit_sample(Sample *sample, const LogitProblem *options, LogitFit *fit, Blocks *blocks)
{
	LogitProblem problem = {0};

	if (options)
		problem = *options;
	problem.rows = &sample->rows;
	problem.pause = count_pause;
	sample->at = 0;
	return logit_fit(&problem, fit, memory_of(blocks));
}
