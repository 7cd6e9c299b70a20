/*
 * logit_test.c
 *		The logistic fit against dense Newton in quadruple precision; the same bits
 *		for any order, split and weighting; separated, collinear and penalised cases.
 *
 * The kernel is included, so that its plain and its AVX2 form can be compared.
 */
#include "model/fit/logit_math.c"

#include "blocks.h"
#include "tap.h"

#include <stdlib.h>

typedef _Float128 Quad;

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

static int	passes_made;

static const LogitProblem plain;	/* no options */

static void
no_pause(void)
{
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
	{
		sample->at = 0;
		passes_made++;
	}
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
			pd = 1 / (1 + expf128(-eta));
			*likelihood -= w * log1pf128(expf128(sample->y[i] > 0 ? -eta : eta));
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
			{
				g[j] = 0;
				a[j * 2 * p + j] = 1;
			}
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
			largest = fmaxf128(largest, fabsf128(step));
		}
		if (largest < 1e-28F128)
			break;
	}
	free(a);
	free(g);
	free(row);
}

/* The gradient of the likelihood, and sum w |x| |y - p|. */
static void
gradient_quad(const Sample *sample, const double *beta, Quad *sum, Quad *size)
{
	int			p = 1 + sample->rows.n_terms;
	int			i,
				j;

	for (j = 0; j < p; j++)
		sum[j] = size[j] = 0;
	for (i = 0; i < sample->n; i++)
	{
		const double *x = sample->x + (size_t) i * (p - 1);
		Quad		eta = (Quad) sample->offset[i] + beta[0];
		Quad		residual;

		for (j = 1; j < p; j++)
			eta += (Quad) beta[j] * x[j - 1];
		residual = sample->weight[i] * (sample->y[i] - 1 / (1 + expf128(-eta)));
		for (j = 0; j < p; j++)
		{
			Quad		term = residual * (j == 0 ? 1 : x[j - 1]);

			sum[j] += term;
			size[j] += fabsf128(term);
		}
	}
}

/*
 * How far the optimum's conditions are from holding, as shares of
 * sum w |x| |y - p|: the gradient is the penalty's, or at a coefficient of 0
 * within the lasso (Karush, Kuhn and Tucker).
 */
static double
worst_gradient(const Sample *sample, const LogitProblem *options, const double *beta)
{
	int			p = 1 + sample->rows.n_terms;
	Quad	   *sum = calloc(p, sizeof(Quad));
	Quad	   *size = calloc(p, sizeof(Quad));
	double		worst = 0;
	int			j;

	gradient_quad(sample, beta, sum, size);
	for (j = 0; j < p; j++)
	{
		double		lasso = options->lasso ? options->lasso[j] : 0;
		Quad		left = sum[j];

		if (j > 0 && options->used && !options->used[j - 1])
			continue;
		if (options->ridge)
			left -= options->ridge[j] * ((Quad) beta[j] - (options->prior ? options->prior[j] : 0));
		if (beta[j] == 0)
			left = fmaxf128(0, fabsf128(left) - lasso);
		else
			left -= beta[j] > 0 ? lasso : -lasso;
		worst = fmax(worst, (double) (fabsf128(left) / size[j]));
	}
	free(sum);
	free(size);
	return worst;
}

static LogitStatus
fit_sample(Sample *sample, const LogitProblem *options, LogitFit *fit, Blocks *blocks)
{
	LogitProblem problem = *options;

	problem.rows = &sample->rows;
	problem.pause = no_pause;
	sample->at = 0;
	return logit_fit(&problem, fit, memory_of(blocks), memory_of(blocks));
}

/* ---------- against the oracle ---------- */

typedef struct Errors
{
	double		beta;
	double		covariance;		/* in standard errors */
	double		likelihood;		/* relative */
	double		gradient;
	bool		fitted;
} Errors;

static void
compare(Sample *sample, const LogitProblem *options, Errors *worst, Blocks *blocks)
{
	int			p = 1 + sample->rows.n_terms;
	Quad	   *b = calloc(p, sizeof(Quad));
	Quad	   *covariance = calloc((size_t) p * p, sizeof(Quad));
	Quad		likelihood;
	LogitFit	fit;
	int			j,
				k;

	worst->fitted = fit_sample(sample, options, &fit, blocks) == LOGIT_FITTED && worst->fitted;
	fit_quad(sample, options->used, options->ridge, options->prior, b, covariance, &likelihood);
	for (j = 0; j < p; j++)
	{
		bool		unused = j > 0 && options->used && !options->used[j - 1];

		worst->beta = fmax(worst->beta, (double) (fabsf128(fit.beta[j] - b[j]) / fmaxf128(1, fabsf128(b[j]))));
		for (k = 0; k < p; k++)
			worst->covariance = fmax(worst->covariance, unused ? fabs(fit.covariance[j * p + k]) :
									 (double) (fabsf128(fit.covariance[j * p + k] - covariance[j * p + k]) /
											   sqrtf128(covariance[j * p + j] * covariance[k * p + k])));
	}
	worst->likelihood = fmax(worst->likelihood, (double) fabsf128((fit.log_likelihood - likelihood) / likelihood));
	worst->gradient = fmax(worst->gradient, worst_gradient(sample, options, fit.beta));
	free(b);
	free(covariance);
}

static void
report(const char *what, Errors worst)
{
	char		line[200];

	snprintf(line, sizeof line, "%s: beta %.1e, covariance %.1e, likelihood %.1e, gradient %.1e",
			 what, worst.beta, worst.covariance, worst.likelihood, worst.gradient);
	ok(worst.fitted && worst.beta < 1e-12 && worst.covariance < 1e-9 && worst.likelihood < 1e-13 &&
	   worst.gradient < 1e-13, line);
}

static void
test_oracle(void)
{
	Blocks		blocks = {NULL};
	Errors		worst;
	Sample	   *sample;
	int			trial,
				i,
				j;

	worst = (Errors) {.fitted = true};
	for (trial = 0; trial < 12; trial++)
		compare(random_sample(&blocks, 300 + 50 * trial, trial, 1 + trial % 4), &plain, &worst, &blocks);
	report("0 to 11 terms", worst);

	worst = (Errors) {.fitted = true};
	for (trial = 0; trial < 10; trial++)
	{
		sample = random_sample(&blocks, 500, 4, 2);
		for (i = 0; i < sample->n; i++)
		{
			sample->weight[i] = 1 + (double) below(trial % 2 ? 3 : 1000);
			sample->offset[i] = uniform(-3, 3);
			sample->y[i] = draw_outcome(sample->x[4 * i] + sample->offset[i]);
		}
		close_sample(sample);
		compare(sample, &plain, &worst, &blocks);
	}
	report("weights and offsets", worst);

	/* The most that rows may weigh, 2^36: on few, and on a rare kind of them. */
	worst = (Errors) {.fitted = true};
	for (trial = 0; trial < 2; trial++)
	{
		sample = random_sample(&blocks, 64, 3, 1);
		for (i = 0; i < sample->n; i++)
			sample->weight[i] = trial == 0 ? 0x1p30 : i < 32 ? 1 + (double) below(100) : 0x1p31 - 100;
		close_sample(sample);
		compare(sample, &plain, &worst, &blocks);
	}
	report("weights of 2^30", worst);

	worst = (Errors) {.fitted = true};
	for (trial = 0; trial < 4; trial++)
	{
		/* Correlated by 0.9999; one outlier makes the others small; rare bads. */
		sample = random_sample(&blocks, 2000, 3, 1);
		for (i = 0; i < sample->n; i++)
		{
			double	   *x = sample->x + 3 * i;

			if (trial == 0)
				x[1] = 0.99 * x[0] + 0.01 * x[1];
			else if (trial == 1)
				x[1] = i == 5 ? 1 : 1e-5 * x[1];
			else if (trial == 2)
				sample->y[i] = i % 80 == 7;
			else
				sample->offset[i] = -18 + x[0];
		}
		close_sample(sample);
		compare(sample, &plain, &worst, &blocks);
	}
	ok_figure(worst.fitted && worst.gradient < 1e-11 && worst.covariance < 1e-9, "correlated terms, outliers, rare bads: the gradient vanishes",
			  worst.gradient);

	worst = (Errors) {.fitted = true};
	for (trial = 0; trial < 8; trial++)
	{
		double		ridge[7];
		double		prior[7];
		bool		used[6];
		LogitProblem options = {.ridge = ridge, .prior = prior, .used = used};

		sample = random_sample(&blocks, 200, 6, 2);
		for (j = 0; j < 7; j++)
		{
			ridge[j] = j == 0 ? 0 : uniform(0, 10);
			prior[j] = j == 0 ? 0 : uniform(-1, 1);
		}
		for (j = 0; j < 6; j++)
			used[j] = below(2);
		compare(sample, &options, &worst, &blocks);
	}
	report("ridge, priors, unused terms", worst);
	free_blocks(&blocks);
}

/* ---------- the same bits ---------- */

static uint64_t
digest_of(const LogitFit *fit, int p)
{
	uint64_t	digest = 0;
	int			i;

	for (i = 0; i < p; i++)
		digest = digest * UINT64_C(6364136223846793005) +
			(uint64_t) bits_of(fit->beta[i]) + 3 * (uint64_t) bits_of(fit->gradient[i]);
	for (i = 0; i < p * p; i++)
		digest = digest * UINT64_C(6364136223846793005) + (uint64_t) bits_of(fit->covariance[i]);
	return digest * 31 + (uint64_t) bits_of(fit->log_likelihood) + (uint64_t) fit->iterations;
}

static void
copy_row(Sample *to, int i, const Sample *from, int j)
{
	int			p = from->rows.n_terms;

	memcpy(to->x + (size_t) i * p, from->x + (size_t) j * p, p * sizeof(double));
	to->y[i] = from->y[j];
	to->weight[i] = from->weight[j];
	to->offset[i] = from->offset[j];
}

static void
test_bits(void)
{
	Blocks		blocks = {NULL};
	bool		orders = true;
	bool		splits = true;
	bool		repeats = true;
	bool		heavy = true;
	uint64_t	all = 0;
	int			trial;

	for (trial = 0; trial < 20; trial++)
	{
		int			p = (int) below(9);
		Sample	   *sample = random_sample(&blocks, 400, p, 3);
		Sample	   *other = new_sample(&blocks, sample->n, p);
		Sample	   *repeated;
		LogitFit	fit;
		uint64_t	digest;
		int			i,
					k,
					n = 0;

		for (i = 0; i < sample->n; i++)
		{
			sample->weight[i] = trial % 3 == 0 ? 1 : 1 + (double) below(5);
			sample->offset[i] = trial % 2 ? uniform(-9, 9) : 0;
			if (trial % 2)
				sample->y[i] = draw_outcome(sample->offset[i]);
		}
		close_sample(sample);
		fit_sample(sample, &plain, &fit, &blocks);
		digest = digest_of(&fit, 1 + p);
		all = all * 31 + digest;

		/* i times an odd number is a permutation modulo 400 if 5 does not divide it. */
		for (i = 0; i < sample->n; i++)
			copy_row(other, i * 171 % sample->n, sample, i);
		close_sample(other);
		fit_sample(other, &plain, &fit, &blocks);
		orders = orders && digest_of(&fit, 1 + p) == digest;

		other->most = trial % 4 == 0 ? 1 : 0;
		fit_sample(other, &plain, &fit, &blocks);
		splits = splits && digest_of(&fit, 1 + p) == digest;

		repeated = new_sample(&blocks, (int) sample->rows.total_weight, p);
		for (i = 0; i < sample->n; i++)
			for (k = 0; k < sample->weight[i]; k++)
			{
				copy_row(repeated, n, sample, i);
				repeated->weight[n++] = 1;
			}
		close_sample(repeated);
		fit_sample(repeated, &plain, &fit, &blocks);
		repeats = repeats && digest_of(&fit, 1 + p) == digest;

		/* Weights of 2^26 times as much, given at once and in two parts. */
		repeated = new_sample(&blocks, 2 * sample->n, p);
		for (i = 0; i < sample->n; i++)
		{
			double		weight = sample->weight[i] * 0x1p24 + (double) below(1000);
			double		part = 1 + (double) below((int64_t) weight - 1);

			copy_row(repeated, 2 * i, sample, i);
			copy_row(repeated, 2 * i + 1, sample, i);
			repeated->weight[2 * i] = part;
			repeated->weight[2 * i + 1] = weight - part;
			sample->weight[i] = weight;
		}
		close_sample(repeated);
		close_sample(sample);
		fit_sample(repeated, &plain, &fit, &blocks);
		digest = digest_of(&fit, 1 + p);
		fit_sample(sample, &plain, &fit, &blocks);
		heavy = heavy && digest_of(&fit, 1 + p) == digest;
		free_blocks(&blocks);
	}
	ok(orders, "other orders of rows: the same bits");
	ok(splits, "other splits into blocks: the same bits");
	ok(repeats, "weights or equal rows: the same bits");
	ok(heavy, "heavy weights, whole or in parts: the same bits");
	printf("# fits %016llx\n", (unsigned long long) all);
}

/* ---------- no maximum ---------- */

/* n rows of n_terms numbers each, and an outcome. */
static Sample *
given_sample(Blocks *blocks, int n, int n_terms, const double *row)
{
	Sample	   *sample = new_sample(blocks, n, n_terms);
	int			i;

	for (i = 0; i < n; i++)
	{
		memcpy(sample->x + i * n_terms, row + i * (n_terms + 1), n_terms * sizeof(double));
		sample->y[i] = row[i * (n_terms + 1) + n_terms];
	}
	close_sample(sample);
	return sample;
}

/* Margins of all rows along a direction: none negative, beyond rounding, some positive. */
static bool
divides(const Sample *sample, const double *direction, bool *complete)
{
	double		least = INFINITY;
	double		most = -INFINITY;
	int			p = sample->rows.n_terms;
	int			i,
				j;

	for (i = 0; i < sample->n; i++)
	{
		double		sum = direction[0];

		for (j = 0; j < p; j++)
			sum += direction[1 + j] * sample->x[(size_t) i * p + j];
		sum *= sample->y[i] > 0 ? 1 : -1;
		least = fmin(least, sum);
		most = fmax(most, sum);
	}
	*complete = least > 0;
	return least > -1e-7 * most && most > 0;
}

static void
test_separated(void)
{
	Blocks		blocks = {NULL};
	static const double line[] = {0.1, 0, 0.2, 0, 0.3, 0, 0.4, 0, 0.5, 0, 0.6, 1, 0.7, 1, 0.8, 1, 0.9, 1, 1, 1};
	static const double touching[] = {0.1, 0, 0.2, 0, 0.3, 0, 0.4, 0, 0.5, 0, 0.5, 1, 0.7, 1, 0.8, 1, 0.9, 1, 1, 1};
	Sample	   *sample;
	LogitFit	fit;
	LogitStatus status;
	bool		good;
	bool		complete;
	int			passes = 0;
	int			trial,
				i,
				j;

	sample = given_sample(&blocks, 10, 1, line);
	status = fit_sample(sample, &plain, &fit, &blocks);
	ok(status == LOGIT_SEPARATED && fit.complete && divides(sample, fit.involved, &complete) && complete &&
	   fmax(fabs(fit.involved[0]), fabs(fit.involved[1])) == 1, "ten in a line: completely separated");
	sample = given_sample(&blocks, 10, 1, touching);
	status = fit_sample(sample, &plain, &fit, &blocks);
	ok(status == LOGIT_SEPARATED && !fit.complete && fabs(fit.involved[0] + 0.5) < 1e-7 && fabs(fit.involved[1] - 1) < 1e-15,
	   "one of either kind on the boundary: not completely");

	/* Complete, in many dimensions, with random weights and offsets. */
	good = true;
	for (trial = 0; trial < 60; trial++)
	{
		int			p = 1 + trial % 6;
		double		gap = pow(10, -(trial % 5));

		sample = random_sample(&blocks, 300, p, 1);
		for (i = 0; i < sample->n; i++)
		{
			double		sum = 0.05;

			for (j = 0; j < p; j++)
				sum += sample->x[i * p + j] * (1 + j % 3);
			sample->y[i] = sum > 0;
			sample->x[i * p] += (sum > 0 ? gap : -gap) / 10;
			sample->weight[i] = 1 + (double) below(4);
			sample->offset[i] = trial % 2 ? uniform(-2, 2) : 0;
			for (j = 0; j < p; j++)
				sample->x[i * p + j] /= 2;
		}
		close_sample(sample);
		passes_made = 0;
		status = fit_sample(sample, &plain, &fit, &blocks);
		passes = passes_made > passes ? passes_made : passes;
		good = good && status == LOGIT_SEPARATED && fit.complete && divides(sample, fit.involved, &complete) && complete;
	}
	ok_figure(good, "complete separation is found, with its direction; most passes", passes);

	/* A cell without bads, a cell without goods, and rows in general position. */
	good = true;
	passes = 0;
	for (trial = 0; trial < 60; trial++)
	{
		int			p = 3 + trial % 4;

		sample = random_sample(&blocks, 400, p, 1 + trial % 3);
		for (i = 0; i < sample->n; i++)
			if (trial % 3 == 2)
			{
				/* On a plane, with both outcomes, or off it. */
				if (below(2))
					sample->x[i * p] = (sample->x[i * p + 1] + sample->x[i * p + 2] * 0.3) / 2;
				else
					sample->y[i] = 2 * sample->x[i * p] > sample->x[i * p + 1] + sample->x[i * p + 2] * 0.3;
			}
			else if (i == 5 || (sample->x[i * p + 2] > 0 && (trial % 3 == 0 || below(100) == 0)))
			{
				sample->x[i * p + 2] = 1;
				sample->y[i] = trial % 2;
			}
			else if (trial % 3 == 1)
				sample->x[i * p + 2] = 0;
		close_sample(sample);
		passes_made = 0;
		status = fit_sample(sample, &plain, &fit, &blocks);
		if (trial % 3 == 0)
			passes = passes_made > passes ? passes_made : passes;
		good = good && status == LOGIT_SEPARATED && !fit.complete && divides(sample, fit.involved, &complete);
	}
	ok(good, "quasi-complete separation is found, with its direction");
	ok_figure(passes <= 25, "soon, where it is a cell; most passes", passes);

	/* Large coefficients, and all rows but one on their side. */
	good = true;
	passes = 0;
	for (trial = 0; trial < 40; trial++)
	{
		double		slope = 30 * pow(10, trial % 4);
		int			crossing = 0;

		sample = new_sample(&blocks, 3000, 1);
		for (i = 0; i < sample->n; i++)
		{
			sample->x[i] = (double) i / sample->n;
			sample->y[i] = draw_outcome(slope * (sample->x[i] - 0.5));
		}
		for (i = 1; i < sample->n; i++)
			crossing += sample->y[i] < sample->y[i - 1];
		if (crossing == 0)
		{
			sample->y[1497] = 1;
			sample->y[1503] = 0;
		}
		close_sample(sample);
		passes_made = 0;
		status = fit_sample(sample, &plain, &fit, &blocks);
		passes = passes_made > passes ? passes_made : passes;
		good = good && status == LOGIT_FITTED && worst_gradient(sample, &plain, fit.beta) < 1e-12;
	}
	ok_figure(good, "steep, but not separated; most passes", passes);
	free_blocks(&blocks);
}

/* The largest |x'd| of the rows. */
static double
largest_along(const Sample *sample, const double *direction)
{
	double		largest = 0;
	int			p = sample->rows.n_terms;
	int			i,
				j;

	for (i = 0; i < sample->n; i++)
	{
		double		sum = direction[0];

		for (j = 0; j < p; j++)
			sum += direction[1 + j] * sample->x[(size_t) i * p + j];
		largest = fmax(largest, fabs(sum));
	}
	return largest;
}

static double
largest_of(const double *x, int n)
{
	double		largest = 0;

	while (n-- > 0)
		largest = fmax(largest, fabs(x[n]));
	return largest;
}

static void
test_collinear(void)
{
	static const int involved[] = {3, 1, 2, 3};
	Blocks		blocks = {NULL};
	bool		good = true;
	bool		penalised = true;
	bool		few = true;
	bool		unused = true;
	double		ridge[13];
	bool		used[12];
	LogitFit	fit;
	int			trial,
				i,
				j;

	for (j = 0; j < 13; j++)
		ridge[j] = j > 0;
	for (trial = 0; trial < 60; trial++)
	{
		int			p = 4 + trial % 5;
		Sample	   *sample = random_sample(&blocks, 500, p, 2);
		LogitProblem options = {.ridge = ridge};

		for (i = 0; i < sample->n; i++)
		{
			double	   *x = sample->x + i * p;

			if (trial % 4 == 0)
				x[3] = x[1];
			else if (trial % 4 == 1)
			{
				/* One of three, always. */
				int			which = (int) below(3);

				for (j = 0; j < 3; j++)
					x[j] = j == which;
			}
			else if (trial % 4 == 2)
				x[2] = x[0] / 3 - x[1] * 0.3 + 0.2 * x[3] + 0.1;
			else
				x[3] = 0.7;
			sample->weight[i] = 1 + (double) below(3);
			sample->offset[i] = trial % 3 ? 0 : uniform(-20, 20);
		}
		close_sample(sample);
		good = good && fit_sample(sample, &plain, &fit, &blocks) == LOGIT_COLLINEAR &&
			largest_of(fit.involved, 1 + p) == 1 && largest_along(sample, fit.involved) < 1e-6;
		penalised = penalised && fit_sample(sample, &options, &fit, &blocks) == LOGIT_FITTED &&
			worst_gradient(sample, &options, fit.beta) < 1e-13;

		/* Without one of those involved there is nothing wrong. */
		for (j = 0; j < p; j++)
			used[j] = j != involved[trial % 4];
		options.ridge = NULL;
		options.used = used;
		unused = unused && fit_sample(sample, &options, &fit, &blocks) != LOGIT_COLLINEAR;
	}
	ok(good, "collinear terms are found, with the dependency");
	ok(penalised, "a ridge takes it");
	ok(unused, "and so does leaving one of them out");

	for (trial = 0; trial < 40; trial++)
	{
		Sample	   *sample = random_sample(&blocks, 6 + trial % 5, 12, 1);

		few = few && fit_sample(sample, &plain, &fit, &blocks) == LOGIT_COLLINEAR &&
			largest_along(sample, fit.involved) < 1e-6;
	}
	ok(few, "more terms than rows are collinear");
	free_blocks(&blocks);
}

/*
 * A few rows, on a grid or not, with offsets that may be wild: whatever is said
 * of them is true.
 */
static void
test_few_rows(void)
{
	Blocks		blocks = {NULL};
	int			count[4] = {0};
	int			wrong = 0;
	int			trial,
				i,
				j;

	for (trial = 0; trial < 4000; trial++)
	{
		int			p = 1 + trial % 5;
		int			n = 6 + (int) below(40);
		int			steps = trial % 4 == 1 ? 1 : trial % 4 == 2 ? 4 : 40;
		double		wild = trial % 3 == 0 ? 0 : trial % 3 == 1 ? 30 : 2;
		Sample	   *sample = random_sample(&blocks, n, p, 1 + trial % 7);
		LogitFit	fit;
		LogitStatus status;
		bool		complete;

		for (i = 0; i < n; i++)
		{
			for (j = 0; j < p && trial % 4 > 0; j++)
				sample->x[i * p + j] = (double) below(steps + 1) / steps;
			sample->offset[i] = uniform(-wild, wild);
			sample->weight[i] = 1 + (double) below(trial % 2 ? 5 : 1);
		}
		close_sample(sample);
		status = fit_sample(sample, &plain, &fit, &blocks);
		count[status]++;
		if (status == LOGIT_FITTED)
			wrong += !(worst_gradient(sample, &plain, fit.beta) < 1e-8);
		else if (status == LOGIT_SEPARATED)
			wrong += !divides(sample, fit.involved, &complete) || (fit.complete && !complete);
		else if (status == LOGIT_COLLINEAR)
			wrong += !(largest_along(sample, fit.involved) < 1e-6);
		free_blocks(&blocks);
	}
	ok(wrong == 0 && count[LOGIT_FITTED] > 2000 && count[LOGIT_SEPARATED] > 300 && count[LOGIT_COLLINEAR] > 20,
	   "few rows, wild offsets: fitted, separated, collinear, as said");
	ok_figure(count[LOGIT_NOT_CONVERGED] < 40, "and seldom not converged", count[LOGIT_NOT_CONVERGED]);
}

static void
test_lasso(void)
{
	Blocks		blocks = {NULL};
	double		lasso[41];
	double		ridge[41];
	LogitProblem options = {.lasso = lasso, .ridge = ridge};
	LogitFit	fit;
	bool		fitted = true;
	bool		some = false;
	double		worst = 0;
	int			zeros = 0;
	int			trial,
				i,
				j;

	for (trial = 0; trial < 80; trial++)
	{
		int			p = trial % 3 == 0 ? 40 : 5 + trial % 5;
		int			n = trial % 3 == 0 ? 30 : 300;
		Sample	   *sample = random_sample(&blocks, n, p, 3);

		for (i = 0; i < n; i++)
		{
			double	   *x = sample->x + i * p;

			if (trial % 3 == 1)
				x[1] = 0.9999 * x[0] + 0.0001 * x[1];
			else if (trial % 6 == 2)
				x[3] = x[1];
			sample->weight[i] = 1 + (double) below(3);
			sample->offset[i] = uniform(-1, 1);
		}
		close_sample(sample);
		for (j = 0; j <= p; j++)
		{
			lasso[j] = j == 0 ? 0 : uniform(0.3, 1) * n * pow(10, -(trial % 4)) / 5;
			ridge[j] = j > 0 && trial % 2 ? lasso[j] / 2 : 0;
		}
		fitted = fit_sample(sample, &options, &fit, &blocks) == LOGIT_FITTED && fitted;
		worst = fmax(worst, worst_gradient(sample, &options, fit.beta));
		for (j = 1; j <= p; j++)
		{
			zeros += fit.beta[j] == 0;
			some = some || fit.beta[j] != 0;
		}
	}
	ok_figure(fitted && worst < 1e-9, "lasso: the conditions of its maximum hold", worst);
	ok_figure(some && zeros > 100, "and coefficients are exactly 0; of them", zeros);
	free_blocks(&blocks);
}

/* ---------- sizes, and the kernel's parts ---------- */

/* As many as a row can have; fewer where the sanitizers make it slow. */
#ifdef __SANITIZE_ADDRESS__
#define MANY_TERMS 300
#else
#define MANY_TERMS 1600
#endif

static void
test_many_terms(void)
{
	Blocks		blocks = {NULL};
	Sample	   *sample = random_sample(&blocks, 100, MANY_TERMS, 1);
	double	   *ridge = get_block(&blocks, (1 + MANY_TERMS) * sizeof(double));
	LogitProblem options = {.ridge = ridge};
	LogitFit	fit;
	LogitStatus status;
	double		worst;
	int			j;

	for (j = 0; j <= MANY_TERMS; j++)
		ridge[j] = j > 0;
	status = fit_sample(sample, &options, &fit, &blocks);
	worst = worst_gradient(sample, &options, fit.beta);
	ok_figure(status == LOGIT_FITTED && worst < 1e-13, "many more terms than rows, with a ridge: the gradient vanishes", worst);
	free_blocks(&blocks);
}

/* Errors in units of the last place. */
static void
test_functions(void)
{
	double		worst_exp = 0;
	double		worst_log = 0;
	int			trial,
				i;

	for (trial = 0; trial < 50000; trial++)
	{
		double		size = trial < 5 ? trial / 4.0 : uniform(0, 1);
		double		scale = trial % 3 == 0 ? 708 : trial % 3 == 1 ? 1 : pow(2, -uniform(0, 60));
		Lanes		x = {size, size * scale, size * 20, 1 - size * scale / 1000};
		Lanes		odds;
		Lanes		log_large;

		exp_minus(&x, &odds);
		log_one_plus(&odds, &log_large);
		for (i = 0; i < LANES; i++)
		{
			Quad		want = expf128(-(Quad) x[i]);
			int			exponent;

			frexp((double) want, &exponent);
			worst_exp = fmax(worst_exp, (double) fabsf128((odds[i] - want) / ldexp(1, exponent - 53)));
			want = log1pf128(odds[i]);
			frexp((double) want, &exponent);
			worst_log = fmax(worst_log, (double) fabsf128((log_large[i] - want) / ldexp(1, exponent - 53)));
		}
	}
	ok_figure(worst_exp < 1, "e^-x, units of the last place", worst_exp);
	ok_figure(worst_log < 2, "ln(1 + x), units of the last place", worst_log);
}

static bool
same_sums(const LogitPass *a, const LogitPass *b)
{
	return memcmp(&a->likelihood, &b->likelihood, sizeof(LogitSum)) == 0 &&
		memcmp(a->gradient, b->gradient, a->m * sizeof(LogitSum)) == 0 &&
		memcmp(a->information, b->information, a->m * (a->m + 1) / 2 * sizeof(LogitSum)) == 0 &&
		a->least == b->least;
}

/* The plain form against the AVX2 one, and against sums of each row alone. */
static void
test_forms(void)
{
	Blocks		blocks = {NULL};
	bool		forms = true;
	bool		etas = true;
	bool		exact = true;
	uint64_t	all = 0;
	int			trial,
				i,
				j;

	for (trial = 0; trial < 200; trial++)
	{
		int			p = (int) below(11);
		int			n = trial < 20 ? LOGIT_BLOCK : 1 + (int) below(LOGIT_BLOCK);
		Sample	   *sample = random_sample(&blocks, n < 2 ? 2 : n, p, 2);
		LogitProblem problem = {.rows = &sample->rows, .pause = no_pause};
		Fitter		fitter;
		LogitPass		begun;
		double		eta[LOGIT_BLOCK];
		double		linear[LOGIT_BLOCK];

		for (i = 0; i < sample->n; i++)
		{
			sample->weight[i] = trial % 3 == 0 ? 1 : floor(pow(2, uniform(0, trial % 3 == 1 ? 10 : 28)));
			sample->offset[i] = trial % 2 ? uniform(-40, 40) : 0;
		}
		close_sample(sample);
		prepare(&fitter, &problem, memory_of(&blocks));
		for (j = 0; j <= p; j++)
			fitter.beta[j] = uniform(-1, 1) * pow(2, uniform(-3, 5));
		fitter.pass.fine = trial % 4 < 2;
		fitter.pass.flat = trial % 16 == 0;
		begun = fitter.pass;
		sum_rows(&fitter);
		next_block(&fitter);
		for (i = 0; i < 2; i++)
		{
			LogitPass		pass = fitter.pass;

			memset(&pass.likelihood, 0, sizeof(LogitSum));
			pass.gradient = get_block(&blocks, (1 + p) * sizeof(LogitSum));
			pass.information = get_block(&blocks, (1 + p) * (2 + p) / 2 * sizeof(LogitSum));
			memset(pass.gradient, 0, (1 + p) * sizeof(LogitSum));
			memset(pass.information, 0, (1 + p) * (2 + p) / 2 * sizeof(LogitSum));
			pass.least = INFINITY;
#ifdef __x86_64__
			if (i == 1 && __builtin_cpu_supports("avx2"))
				add_block_avx2(&pass, &fitter.block);
			else
#endif
				add_block_plain(&pass, &fitter.block);
			forms = forms && same_sums(&pass, &fitter.pass);
		}

		logit_eta(&fitter.block, p, fitter.beta, NULL, eta);
		combine((const double *const *) fitter.pass.column, 1 + p, fitter.beta, linear);
		for (i = 0; i < fitter.block.n; i++)
			etas = etas && eta[i] == linear[i] + fitter.block.offset[i];

		/* To half a second unit a row, and the rounding of what is summed. */
		for (j = 0; j <= p; j++)
		{
			Quad		sum = 0;
			Quad		information = 0;
			Quad		size = 0;

			for (i = 0; i < sample->n; i++)
			{
				Quad		x = j == 0 ? 1 : sample->x[i * p + j - 1];
				Quad		pd = 1 / (1 + expf128(-(Quad) eta[i]));

				sum += sample->weight[i] * x * (sample->y[i] - pd);
				information += sample->weight[i] * x * x * (begun.flat ? 0.25 : pd * (1 - pd));
				size += sample->weight[i];
			}
			exact = exact && fabsf128(sum_value(&fitter.pass.gradient[j], GRADIENT_UNIT) - sum) <= size * 0x1p-51 &&
				fabsf128(sum_value(&fitter.pass.information[(j + 1) * (j + 2) / 2 - 1], INFORMATION_UNIT) - information) <= size * 0x1p-51;
			all = all * 31 + bits_of(sum_value(&fitter.pass.gradient[j], GRADIENT_UNIT));
		}
		free_blocks(&blocks);
	}
	ok(forms, "plain and AVX2: the same sums");
	ok(etas, "eta of a block is that of the fit");
	ok(exact, "sums are right to the rounding of their terms");
	printf("# sums %016llx\n", (unsigned long long) all);
}

int
main(void)
{
	test_functions();
	test_forms();
	test_oracle();
	test_bits();
	test_separated();
	test_collinear();
	test_few_rows();
	test_lasso();
	test_many_terms();
	return done_testing();
}
