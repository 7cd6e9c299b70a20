/*
 * logit_math.c
 *		Logistic regression: the maximum of a likelihood, penalised or not. Pure C.
 *
 * Newton's method with step control; with a lasso each step solves its
 * quadratic problem by coordinate descent (proximal Newton: Lee, Sun and
 * Saunders 2014). Vectors of four are plain C and give the same bits on any CPU.
 */
#include "model/fit/logit_pass.h"

#include "core/math/elementary_math.h"
#include "core/math/newton_math.h"

#include <float.h>
#include <math.h>
#include <string.h>

#define LANES			4
#define STEPS			100
#define FIRST_STEPS		4
#define HALVINGS		40
#define SWEEPS			1000

/* A pivot below this share of its diagonal element is rounding. */
#define FLAT			1e-12

/* A term of which the others leave such a share may keep a fit from its maximum. */
#define NEARLY_FLAT		1e-6

/* Pivots below this, a row, are too near the information's unit to be counted in it alone. */
#define COARSE			0x1p-33

/* Of a direction, what counts as 0; of the margins that divide the rows. */
#define LEVEL			1e-8
#define MARGIN			1e-9

/* Relative errors: of the objective, of a gradient that a lasso holds down, and at the end. */
#define ROUNDING		1e-13
#define KKT_TOLERANCE	1e-12
#define GRADIENT_TOLERANCE 1e-9

/*
 * What the last step may promise: the error it leaves is about the square. And
 * what a change of eta as small as its rounding may.
 */
#define TOLERANCE		1e-14
#define ETA_TOLERANCE	1e-15

/* Weights from here on are taken apart, so that products with them are exact. */
#define WEIGHT_BITS		18
#define HALF			0x1p26

/* Units of terms of the gradient, up to 1, and of the information, up to 1/4. */
#define GRADIENT_UNIT	0x1p-50
#define INFORMATION_UNIT 0x1p-52

/* A second part of a sum counts what rounding to the unit left. */
#define SECOND_UNIT		0x1p-52

#define ALWAYS_INLINE	inline __attribute__((always_inline))

typedef double Lanes __attribute__((vector_size(8 * LANES), aligned(8)));
typedef uint64_t LaneBits __attribute__((vector_size(8 * LANES), aligned(8)));

typedef struct Fitter
{
	const LogitProblem *problem;
	LogitBlock	block;
	LogitBlock	room;			/* the block's own arrays */
	LogitPass	pass;
	int			m;
	int		   *place;
	double	   *ridge;
	double	   *lasso;
	double	   *prior;
	bool		has_lasso;
	bool		penalised;
	double		tolerance;

	double	   *beta;
	double	   *begun;
	double	   *target;			/* where the quadratic problem has its maximum */
	double	   *step;
	double	   *gradient;
	double	   *information;	/* with ridge, both triangles */
	double	   *factor;
	double	   *work;
	int		   *member;
	double	   *bound;			/* NULL, or information nothing exceeds */
	double		likelihood;
	double		value;			/* less penalty */
	double		promise;		/* of a step: twice what it gains in the quadratic problem */
} Fitter;

/* ---------- elementary functions in lanes ---------- */

#define LN2_HI	0x1.62e42fefa2000p-1	/* 40 bits, so that multiples are exact */
#define LN2_LO	0x1.9ef35793c7673p-41

/*
 * Lanes are passed by address: how they are passed by value depends on what the
 * compiler may use.
 */
#define CHOOSE(mask, yes, no) \
	((Lanes) (((LaneBits) (yes) & (LaneBits) (mask)) | ((LaneBits) (no) & ~(LaneBits) (mask))))

/* e^-x of x >= 0; beyond 708 it is e^-708. */
static ALWAYS_INLINE void
exp_minus(const Lanes *of, Lanes *result)
{
	Lanes		x,
				shifted,
				k,
				r,
				p;

	x = CHOOSE(*of > 708.0, (Lanes) {0} - 708, -*of);
	shifted = x * 0x1.71547652b82fep+0 + 0x1.8p52;
	k = shifted - 0x1.8p52;
	r = (x - k * LN2_HI) - k * LN2_LO;

	/* Taylor's series up to r^13, |r| < 0.35 */
	p = r * (1.0 / 6227020800.0) + 1.0 / 479001600;
	p = p * r + 1.0 / 39916800;
	p = p * r + 1.0 / 3628800;
	p = p * r + 1.0 / 362880;
	p = p * r + 1.0 / 40320;
	p = p * r + 1.0 / 5040;
	p = p * r + 1.0 / 720;
	p = p * r + 1.0 / 120;
	p = p * r + 1.0 / 24;
	p = p * r + 1.0 / 6;
	p = p * r + 0.5;
	p = 1 + (r + r * r * p);

	/* k is in the lowest bits of what it was shifted to. */
	*result = (Lanes) ((LaneBits) p + ((LaneBits) shifted << 52));
}

/* ln(1 + x) of x in [0, 1]. */
static ALWAYS_INLINE void
log_one_plus(const Lanes *x, Lanes *result)
{
	LaneBits	large = (LaneBits) (*x > 0.41421356237309503);
	Lanes		f = CHOOSE(large, (*x - 1) * 0.5, *x);
	Lanes		s = f / (2 + f);
	Lanes		z = s * s;
	Lanes		p;

	/* 2 atanh(s) = 2 s + s R, |s| < 0.172, and 2 s = f - s f loses nothing */
	p = z * (2.0 / 21) + 2.0 / 19;
	p = p * z + 2.0 / 17;
	p = p * z + 2.0 / 15;
	p = p * z + 2.0 / 13;
	p = p * z + 2.0 / 11;
	p = p * z + 2.0 / 9;
	p = p * z + 2.0 / 7;
	p = p * z + 2.0 / 5;
	p = p * z + 2.0 / 3;
	f = f - s * (f - z * p);
	*result = CHOOSE(large, LN2_HI + (f + LN2_LO), f);
}

/* ---------- a block of rows ---------- */

/*
 * x'b of m columns. Whatever computes it does so in this order, row by row.
 */
static ALWAYS_INLINE void
combine(const double *const *column, int m, const double *beta, double *sum)
{
	int			i,
				j;

	for (i = 0; i < LOGIT_BLOCK; i += LANES)
		*(Lanes *) (sum + i) = (Lanes) {0} + beta[0];
	for (j = 1; j + 1 < m; j += 2)
		for (i = 0; i < LOGIT_BLOCK; i += LANES)
			*(Lanes *) (sum + i) = (*(Lanes *) (sum + i) + beta[j] * *(Lanes *) (column[j] + i)) +
				beta[j + 1] * *(Lanes *) (column[j + 1] + i);
	if (j < m)
		for (i = 0; i < LOGIT_BLOCK; i += LANES)
			*(Lanes *) (sum + i) = *(Lanes *) (sum + i) + beta[j] * *(Lanes *) (column[j] + i);
}

static ALWAYS_INLINE uint64_t
bits_of(double x)
{
	uint64_t	bits;

	memcpy(&bits, &x, sizeof bits);
	return bits;
}

/* The sum of counts that each had those of `shift` added, whatever overflowed. */
static ALWAYS_INLINE Signed128
sum_of_counts(const LaneBits *counts, double shift)
{
	uint64_t	sum = 0;
	int			i;

	for (i = 0; i < LANES; i++)
		sum += (*counts)[i];
	return (int64_t) (sum - LOGIT_BLOCK * bits_of(shift));
}

/* The sum of multiples of HALF units, and of less. */
static ALWAYS_INLINE Signed128
sum_of_halves(const Lanes *half, double unit)
{
	double		sum[2] = {0, 0};
	int			i;

	for (i = 0; i < LANES; i++)
	{
		sum[0] += half[0][i];
		sum[1] += half[1][i];
	}
	return (Signed128) (int64_t) (sum[0] / (HALF * unit)) * (int64_t) HALF + (int64_t) (sum[1] / unit);
}

/*
 * Adds a block's products of a and each of n columns, times their weights, to
 * sums. Added to 1.5 * 2^52 units, a product of up to 2^51 units is rounded to
 * a whole number of them, which stands in the lowest bits; so where all weights
 * are 1 those bits are added up.
 */
static ALWAYS_INLINE void
add_products(const double *a, const double *const *column, int n, const double *weight,
			 int weight_shift, double unit, bool fine, LogitSum *sum)
{
	double		shift = 0x1.8p52 * unit;
	double		second = shift * SECOND_UNIT;
	int			i,
				k;

	if (weight == NULL)
	{
		LaneBits	count[4] = {{0}};
		LaneBits	rest[4] = {{0}};

		for (i = 0; i < LOGIT_BLOCK; i += LANES)
#pragma GCC unroll 4
			for (k = 0; k < n; k++)
			{
				Lanes		product = *(const Lanes *) (a + i) * *(const Lanes *) (column[k] + i);
				Lanes		shifted = product + shift;

				count[k] += (LaneBits) shifted;
				if (fine)
					rest[k] += (LaneBits) ((product - (shifted - shift)) + second);
			}
#pragma GCC unroll 4
		for (k = 0; k < n; k++)
		{
			sum[k].part[0] += sum_of_counts(&count[k], shift);
			if (fine)
				sum[k].part[1] += sum_of_counts(&rest[k], second);
		}
	}
	else
	{
		/* Two halves of each count, so that products with weights are exact. */
		double		upper = shift * HALF;
		double		second_upper = second * HALF;
		Lanes		count[4][2] = {{{0}}};
		Lanes		rest[4][2] = {{{0}}};

		for (i = 0; i < LOGIT_BLOCK; i += LANES)
#pragma GCC unroll 4
			for (k = 0; k < n; k++)
			{
				Lanes		w = *(const Lanes *) (weight + i);
				Lanes		product = *(const Lanes *) (a + i) * *(const Lanes *) (column[k] + i);
				Lanes		rounded = (product + shift) - shift;
				Lanes		half = (rounded + upper) - upper;

				count[k][0] += w * half;
				count[k][1] += w * (rounded - half);
				if (fine)
				{
					product -= rounded;
					rounded = (product + second) - second;
					half = (rounded + second_upper) - second_upper;
					rest[k][0] += w * half;
					rest[k][1] += w * (rounded - half);
				}
			}
#pragma GCC unroll 4
		for (k = 0; k < n; k++)
		{
			sum[k].part[0] += sum_of_halves(count[k], unit) * ((Signed128) 1 << weight_shift);
			if (fine)
				sum[k].part[1] += sum_of_halves(rest[k], unit * SECOND_UNIT) * ((Signed128) 1 << weight_shift);
		}
	}
}

/* For any number of columns. */
static ALWAYS_INLINE void
add_row(const double *a, const double *const *column, int n, const double *weight,
		int weight_shift, double unit, bool fine, LogitSum *sum)
{
	int			k;

	for (k = 0; k + 4 <= n; k += 4)
		add_products(a, column + k, 4, weight, weight_shift, unit, fine, sum + k);
	for (; k < n; k++)
		add_products(a, column + k, 1, weight, weight_shift, unit, fine, sum + k);
}

/* Adds all that is summed over the rows. */
static ALWAYS_INLINE void
add_sums(LogitPass *pass, const double *residual, const double *curvature, const double *likelihood,
		 const double *cubic, const double *weight, int weight_shift)
{
	const double *const *column = pass->column;
	int			i,
				j;

	add_row(likelihood, column, 1, weight, weight_shift, pass->likelihood_unit, true,
			&pass->likelihood);
	if (pass->likelihood_only)
		return;
	add_row(residual, column, pass->m, weight, weight_shift, GRADIENT_UNIT, true, pass->gradient);
	if (pass->n_spread > 0)
		add_row(cubic, column, pass->m, weight, weight_shift, pass->cubic_unit, false, pass->cubic);
	for (j = 0; pass->size != NULL && pass->fine && j < pass->m; j++)
	{
		for (i = 0; i < LOGIT_BLOCK; i++)
			pass->scaled[i] = fabs(residual[i] * column[j][i]);
		add_row(pass->scaled, column, 1, weight, weight_shift, GRADIENT_UNIT, true, pass->size + j);
	}
	for (j = 0; j < pass->m; j++)
	{
		LogitSum   *sum = pass->information + (size_t) j * (j + 1) / 2;

		for (i = 0; i < LOGIT_BLOCK; i += LANES)
			*(Lanes *) (pass->scaled + i) = *(const Lanes *) (curvature + i) * *(const Lanes *) (column[j] + i);
		if (pass->fine)
			add_row(pass->scaled, column, j + 1, weight, weight_shift, INFORMATION_UNIT, true, sum);
		else
			add_row(pass->scaled, column, j + 1, weight, weight_shift, INFORMATION_UNIT, false, sum);
	}
}

/* p (1 - p) (1 - 2 p) var(eta) of each row. */
static ALWAYS_INLINE void
find_cubic(const LogitPass *pass, const double *y, const double *residual,
		   const double *curvature, double *cubic)
{
	int			n = pass->n_spread;
	int			i,
				j,
				k;

	memset(cubic, 0, LOGIT_BLOCK * sizeof(double));
	for (j = 0; j < n; j++)
	{
		const double *x = pass->column[pass->spread_place[j]];

		for (i = 0; i < LOGIT_BLOCK; i += LANES)
			*(Lanes *) (pass->scaled + i) = pass->spread[j * n + j] * *(const Lanes *) (x + i);
		for (k = 0; k < j; k++)
		{
			const double *other = pass->column[pass->spread_place[k]];

			for (i = 0; i < LOGIT_BLOCK; i += LANES)
				*(Lanes *) (pass->scaled + i) += 2 * pass->spread[j * n + k] * *(const Lanes *) (other + i);
		}
		for (i = 0; i < LOGIT_BLOCK; i += LANES)
			*(Lanes *) (cubic + i) += *(const Lanes *) (pass->scaled + i) * *(const Lanes *) (x + i);
	}
	for (i = 0; i < LOGIT_BLOCK; i += LANES)
		*(Lanes *) (cubic + i) *= *(const Lanes *) (curvature + i) *
			(2 * (*(const Lanes *) (residual + i) - *(const Lanes *) (y + i)) + 1);
}

static ALWAYS_INLINE void
add_block(LogitPass *pass, const LogitBlock *block)
{
	double		linear[LOGIT_BLOCK];	/* x'b */
	double		residual[LOGIT_BLOCK];	/* y - p */
	double		curvature[LOGIT_BLOCK];
	double		likelihood[LOGIT_BLOCK];
	double		cubic[LOGIT_BLOCK];
	double		low[LOGIT_BLOCK];
	double		high[LOGIT_BLOCK];
	double		most = 1;
	int			i;

	combine(pass->column, pass->m, pass->beta, linear);
	for (i = 0; i < LOGIT_BLOCK; i += LANES)
	{
		Lanes		eta = *(Lanes *) (linear + i) + *(Lanes *) (block->offset + i);
		Lanes		sign = 2 * *(Lanes *) (block->y + i) - 1;
		Lanes		right = sign * eta;
		LaneBits	is_right = (LaneBits) (right > 0.0);
		Lanes		size = CHOOSE(is_right, right, -right);
		Lanes		odds;
		Lanes		large;
		Lanes		small;
		Lanes		log_large;

		exp_minus(&size, &odds);
		log_one_plus(&odds, &log_large);
		large = 1 / (1 + odds);
		small = odds * large;
		*(Lanes *) (residual + i) = sign * CHOOSE(is_right, small, large);
		*(Lanes *) (curvature + i) = small * large;
		*(Lanes *) (likelihood + i) = CHOOSE(is_right, (Lanes) {0}, right) - log_large;
	}
	for (i = 0; i < block->n; i++)
	{
		double		margin = block->y[i] > 0 ? linear[i] : -linear[i];

		pass->least = margin < pass->least ? margin : pass->least;
		most = block->weight[i] > most ? block->weight[i] : most;
		if (pass->flat)
			curvature[i] = 0.25;
	}
	for (i = block->n; i < LOGIT_BLOCK; i++)
		residual[i] = curvature[i] = likelihood[i] = 0;
	if (pass->n_spread > 0)
		find_cubic(pass, block->y, residual, curvature, cubic);

	if (most == 1)
		add_sums(pass, residual, curvature, likelihood, cubic, NULL, 0);
	else
	{
		for (i = 0; i < LOGIT_BLOCK; i++)
		{
			int64_t		weight = i < block->n ? (int64_t) block->weight[i] : 0;

			low[i] = (double) (weight & ((1 << WEIGHT_BITS) - 1));
			high[i] = (double) (weight >> WEIGHT_BITS);
		}
		add_sums(pass, residual, curvature, likelihood, cubic, low, 0);
		if (most >= 1 << WEIGHT_BITS)
			add_sums(pass, residual, curvature, likelihood, cubic, high, WEIGHT_BITS);
	}
}

static void
add_block_plain(LogitPass *pass, const LogitBlock *block)
{
	add_block(pass, block);
}

#ifdef __x86_64__
__attribute__((target("avx2")))
static void
add_block_avx2(LogitPass *pass, const LogitBlock *block)
{
	add_block(pass, block);
}
#endif

void
logit_add_block(LogitPass *pass, const LogitBlock *block)
{
#ifdef __x86_64__
	if (__builtin_cpu_supports("avx2"))
	{
		add_block_avx2(pass, block);
		return;
	}
#endif
	add_block_plain(pass, block);
}

void
logit_eta(const LogitBlock *block, int n_terms, const double *beta, const bool *used, double *eta)
{
	int			i,
				j;

	for (i = 0; i < block->n; i++)
		eta[i] = beta[0];
	for (j = 0; j < n_terms; j++)
		if (used == NULL || used[j])
			for (i = 0; i < block->n; i++)
				eta[i] += beta[1 + j] * block->x[j * LOGIT_BLOCK + i];
	for (i = 0; i < block->n; i++)
		eta[i] += block->offset[i];
}

/* ---------- passes over the rows ---------- */

bool
logit_next_block(LogitPass *pass, LogitRows *rows, const int *place, const LogitBlock *room,
				 LogitBlock *block)
{
	int			i,
				j;

	*block = *room;
	rows->next(rows, block);
	if (block->n == 0)
		return false;
	for (j = 1; j < pass->m; j++)
	{
		double	   *x = block->x + (size_t) (place[j] - 1) * LOGIT_BLOCK;

		pass->column[j] = x;
		for (i = block->n; i < LOGIT_BLOCK; i++)
			x[i] = 0;
	}
	for (i = block->n; i < LOGIT_BLOCK; i++)
		block->y[i] = block->offset[i] = 0;
	return true;
}

static bool
next_block(Fitter *fitter)
{
	fitter->problem->pause();
	return logit_next_block(&fitter->pass, fitter->problem->rows, fitter->place, &fitter->room,
							&fitter->block);
}

static double
sum_value(const LogitSum *sum, double unit)
{
	double		high = (double) sum->part[0];
	double		low = (double) (sum->part[0] - (Signed128) high);

	return unit * high + unit * (low + (double) sum->part[1] * SECOND_UNIT);
}

/* The most that |eta| may be, and a little. */
static double
bound_eta(const double *beta, int m, double max_offset)
{
	double		bound = max_offset + 1;
	int			j;

	for (j = 0; j < m; j++)
		bound += fabs(beta[j]);
	return bound;
}

void
logit_begin_pass(LogitPass *pass, const double *beta, double max_offset)
{
	int			m = pass->m;
	int			n = pass->n_spread;
	double		variance = 0;
	int			exponent;
	int			j,
				k;

	frexp(bound_eta(beta, m, max_offset), &exponent);
	pass->likelihood_unit = ldexp(1, exponent - 50);
	pass->beta = beta;
	pass->least = INFINITY;
	memset(&pass->likelihood, 0, sizeof(LogitSum));
	memset(pass->gradient, 0, m * sizeof(LogitSum));
	if (pass->size != NULL)
		memset(pass->size, 0, m * sizeof(LogitSum));
	memset(pass->information, 0, (size_t) m * (m + 1) / 2 * sizeof(LogitSum));
	memset(pass->cubic, 0, m * sizeof(LogitSum));
	for (j = 0; j < n; j++)
		for (k = 0; k <= j; k++)
			variance += (j == k ? 1 : 2) * fabs(pass->spread[j * n + k]);
	frexp(variance, &exponent);
	pass->cubic_unit = ldexp(1, exponent - 50);
}

double
logit_likelihood(const LogitPass *pass)
{
	return sum_value(&pass->likelihood, pass->likelihood_unit);
}

void
logit_end_pass(const LogitPass *pass, double *likelihood, double *gradient, double *information,
			   double *cubic)
{
	int			m = pass->m;
	const LogitSum *sum = pass->information;
	int			j,
				k;

	*likelihood = logit_likelihood(pass);
	for (j = 0; j < m; j++)
	{
		gradient[j] = sum_value(&pass->gradient[j], GRADIENT_UNIT);
		for (k = 0; k <= j; k++)
			information[j * m + k] = information[k * m + j] = sum_value(sum++, INFORMATION_UNIT);
		if (cubic)
			cubic[j] = sum_value(&pass->cubic[j], pass->cubic_unit);
	}
}

/* Sums over all rows at fitter->beta. */
static void
sum_rows(Fitter *fitter)
{
	const LogitRows *rows = fitter->problem->rows;
	double		bound = ETA_TOLERANCE * bound_eta(fitter->beta, fitter->m, rows->max_offset);

	fitter->tolerance = TOLERANCE + rows->total_weight * bound * bound;
	logit_begin_pass(&fitter->pass, fitter->beta, rows->max_offset);
	while (next_block(fitter))
		logit_add_block(&fitter->pass, &fitter->block);
}

/* The penalised objective and its derivatives at fitter->beta. */
static void
evaluate(Fitter *fitter)
{
	int			m = fitter->m;
	int			j;

	sum_rows(fitter);
	logit_end_pass(&fitter->pass, &fitter->likelihood, fitter->gradient, fitter->information, NULL);
	fitter->value = fitter->likelihood;
	for (j = 0; j < m; j++)
	{
		double		away = fitter->beta[j] - fitter->prior[j];

		fitter->value -= fitter->ridge[j] / 2 * away * away + fitter->lasso[j] * fabs(fitter->beta[j]);
		fitter->gradient[j] -= fitter->ridge[j] * away;
		fitter->information[j * m + j] += fitter->ridge[j];
	}
}

/*
 * The least and the largest margin of the rows along the step, were it the
 * coefficients.
 */
static void
look_along(Fitter *fitter, const double *step, double *least, double *most)
{
	double		linear[LOGIT_BLOCK];
	int			i;

	*least = INFINITY;
	*most = -INFINITY;
	while (next_block(fitter))
	{
		combine(fitter->pass.column, fitter->m, step, linear);
		for (i = 0; i < fitter->block.n; i++)
		{
			double		margin = fitter->block.y[i] > 0 ? linear[i] : -linear[i];

			*least = fmin(*least, margin);
			*most = fmax(*most, margin);
		}
	}
}

/* ---------- steps ---------- */

/* Factors the information; false where a pivot is at the level of rounding. */
static bool
factor_information(Fitter *fitter)
{
	int			m = fitter->m;
	double		noise = fitter->problem->rows->total_weight * COARSE * (fitter->pass.fine ? SECOND_UNIT : 1);
	int			j;

	memcpy(fitter->factor, fitter->information, (size_t) m * m * sizeof(double));
	if (!cholesky_factor(fitter->factor, m, fitter->problem->pause))
		return false;
	for (j = 0; j < m; j++)
	{
		double		diagonal = fitter->factor[j * m + j];

		if (diagonal * diagonal < fmax(noise, FLAT * fitter->information[j * m + j]))
			return false;
	}
	return true;
}

/* The first term of which those before it leave less than a share, and the combination. */
static bool
find_dependency(Fitter *fitter, double least, double *involved)
{
	int			m = fitter->m;
	int			i,
				j;

	memcpy(fitter->factor, fitter->information, (size_t) m * m * sizeof(double));
	for (i = 0; i < m; i++)
	{
		fitter->problem->pause();
		if (cholesky_row(fitter->factor, m, i, least))
			continue;
		memset(involved, 0, m * sizeof(double));
		cholesky_combination(fitter->factor, m, i, involved);
		for (j = 0; j < i; j++)
			involved[j] = -involved[j];
		involved[i] = 1;
		return true;
	}
	return false;
}

/*
 * Whether the likelihood rises for ever along the step, which is turned uphill.
 * What is penalised cannot run off.
 */
static bool
is_separated(Fitter *fitter, bool *complete)
{
	double		largest = 0;
	double		slope = 0;
	double		least,
				most;
	int			j;

	for (j = 0; j < fitter->m; j++)
	{
		largest = fmax(largest, fabs(fitter->step[j]));
		slope += fitter->step[j] * fitter->gradient[j];
	}
	for (j = 0; j < fitter->m && slope < 0; j++)
		fitter->step[j] = -fitter->step[j];
	for (j = 0; j < fitter->m; j++)
		if (fitter->ridge[j] + fitter->lasso[j] > 0 && fabs(fitter->step[j]) > LEVEL * largest)
			return false;
	look_along(fitter, fitter->step, &least, &most);
	*complete = least > LEVEL * most;
	return least >= -LEVEL * most && most > LEVEL * largest;
}

static double
quadratic_form(const double *matrix, int m, const double *step)
{
	double		sum = 0;
	int			j,
				k;

	for (j = 0; j < m; j++)
		for (k = 0; k < m; k++)
			sum += step[j] * matrix[j * m + k] * step[k];
	return sum;
}

/* Nearer to 0 by so much, or 0. */
static double
shrink(double x, double by)
{
	return x > by ? x - by : x < -by ? x + by : 0;
}

/*
 * With the signs that the coefficients of fitter->target have, the quadratic
 * problem is a linear one. True, and its solution the target, where that has
 * those signs too.
 */
static bool
solve_signs(Fitter *fitter)
{
	int			m = fitter->m;
	double	   *step = fitter->work;
	int			n = 0;
	int			a,
				b,
				k;

	for (k = 0; k < m; k++)
		if (fitter->lasso[k] == 0 || fitter->target[k] != 0)
			fitter->member[n++] = k;
	for (a = 0; a < n; a++)
	{
		int			j = fitter->member[a];

		step[a] = fitter->gradient[j] - copysign(fitter->lasso[j], fitter->target[j]);
		for (k = 0; k < m; k++)
			if (fitter->lasso[k] > 0 && fitter->target[k] == 0)
				step[a] += fitter->information[j * m + k] * fitter->beta[k];
		for (b = 0; b <= a; b++)
			fitter->factor[a * n + b] = fitter->information[j * m + fitter->member[b]];
	}
	if (!cholesky_factor(fitter->factor, n, fitter->problem->pause))
		return false;
	cholesky_solve(fitter->factor, n, step);
	for (a = 0; a < n; a++)
	{
		int			j = fitter->member[a];

		if (fitter->lasso[j] > 0 && !((fitter->beta[j] + step[a]) * fitter->target[j] > 0))
			return false;
	}
	for (a = 0; a < n; a++)
		fitter->target[fitter->member[a]] = fitter->beta[fitter->member[a]] + step[a];
	return true;
}

/*
 * The maximum of the quadratic problem with a lasso, in fitter->target: by
 * coordinates, until they have the signs it has.
 */
static void
solve_lasso(Fitter *fitter)
{
	int			m = fitter->m;
	double	   *rest = fitter->step;	/* its gradient without the lasso, at the target */
	bool		solved = false;
	int			sweep;
	int			j,
				k;

	memcpy(fitter->target, fitter->beta, m * sizeof(double));
	for (sweep = 0; sweep < SWEEPS && !solved; sweep++)
	{
		fitter->problem->pause();
		if (solve_signs(fitter))
			solved = true;
		for (j = 0; j < m; j++)
		{
			rest[j] = fitter->gradient[j];
			for (k = 0; k < m; k++)
				rest[j] -= fitter->information[j * m + k] * (fitter->target[k] - fitter->beta[k]);
			if (fitter->target[j] == 0 && fabs(rest[j]) > fitter->lasso[j] * (1 + KKT_TOLERANCE))
				solved = false;
		}
		for (j = 0; j < m && !solved; j++)
		{
			const double *row = fitter->information + (size_t) j * m;
			double		before = fitter->target[j];

			if (row[j] <= 0)
				continue;
			fitter->target[j] = shrink(before + rest[j] / row[j], fitter->lasso[j] / row[j]);
			for (k = 0; k < m; k++)
				rest[k] -= row[k] * (fitter->target[j] - before);
		}
	}
}

/* A step, its target, and what it promises; false where the information is singular. */
static bool
find_step(Fitter *fitter)
{
	int			m = fitter->m;
	double	   *step = fitter->step;
	int			j;

	if (fitter->has_lasso)
	{
		solve_lasso(fitter);
		for (j = 0; j < m; j++)
			step[j] = fitter->target[j] - fitter->beta[j];
		fitter->promise = quadratic_form(fitter->information, m, step);
		return true;
	}
	if (!factor_information(fitter))
		return false;
	memcpy(step, fitter->gradient, m * sizeof(double));
	cholesky_solve(fitter->factor, m, step);
	fitter->promise = 0;
	for (j = 0; j < m; j++)
	{
		fitter->promise += step[j] * fitter->gradient[j];
		fitter->target[j] = fitter->beta[j] + step[j];
	}
	return true;
}

/*
 * A step where the information is singular: because of the terms, then false and
 * the dependency in fitter->step; or of where we are. The information is nowhere
 * above that at p = 1/2 (Boehning and Lindsay 1988), of which a share is added.
 */
static bool
find_safe_step(Fitter *fitter, Arena memory)
{
	size_t		n = (size_t) fitter->m * fitter->m;
	double		share;
	size_t		i;

	if (fitter->bound == NULL)
	{
		fitter->bound = memory.alloc(memory.context, n * sizeof(double));
		fitter->pass.flat = true;
		evaluate(fitter);
		fitter->pass.flat = false;
		memcpy(fitter->bound, fitter->information, n * sizeof(double));
		if (find_dependency(fitter, FLAT, fitter->step))
			return false;
		evaluate(fitter);
	}
	for (share = 1e-6; share < 1; share *= 10)
	{
		for (i = 0; i < n; i++)
			fitter->information[i] += share * fitter->bound[i];
		if (find_step(fitter))
			break;
	}
	return true;
}

/* Goes the step, or less of it where that gains nothing; false where no part of it does. */
static bool
climb(Fitter *fitter)
{
	double		before = fitter->value;
	double		length = 1;
	int			halvings;
	int			j;

	memcpy(fitter->begun, fitter->beta, fitter->m * sizeof(double));
	for (halvings = 0; halvings < HALVINGS; halvings++)
	{
		for (j = 0; j < fitter->m; j++)
			fitter->beta[j] = length == 1 ? fitter->target[j] :
				fitter->begun[j] + length * fitter->step[j];
		evaluate(fitter);

		/* Near the maximum what a step gains is less than rounding. */
		if (fitter->value - before >= -ROUNDING * fabs(before))
			return true;
		length /= 2;
	}
	return false;
}

/* ---------- the fit ---------- */

/* The inverse of a factored matrix, in the caller's places. */
static void
invert(Fitter *fitter, double *inverse, int stride)
{
	int			m = fitter->m;
	const double *factor = fitter->factor;
	double	   *lower = fitter->information; /* the factor's inverse */
	int			i,
				j,
				k;

	memset(lower, 0, (size_t) m * m * sizeof(double));
	for (i = 0; i < m; i++)
	{
		double	   *row = lower + (size_t) i * m;

		fitter->problem->pause();
		row[i] = 1;
		for (k = 0; k < i; k++)
			for (j = 0; j <= k; j++)
				row[j] -= factor[i * m + k] * lower[k * m + j];
		for (j = 0; j <= i; j++)
			row[j] /= factor[i * m + i];
		for (k = 0; k <= i; k++)
		{
			double	   *sum = inverse + (size_t) fitter->place[k] * stride;

			for (j = 0; j <= k; j++)
				sum[fitter->place[j]] += row[k] * row[j];
		}
	}
	for (k = 0; k < m; k++)
		for (j = 0; j < k; j++)
			inverse[(size_t) fitter->place[j] * stride + fitter->place[k]] =
				inverse[(size_t) fitter->place[k] * stride + fitter->place[j]];
}

/* Numbers of the coefficients in use, in the caller's places; at most 1 if asked for. */
static void
give(const Fitter *fitter, const double *from, double *to, bool scaled)
{
	double		largest = 0;
	int			j;

	for (j = 0; j < fitter->m; j++)
		largest = fmax(largest, fabs(from[j]));
	for (j = 0; j < fitter->m; j++)
		to[fitter->place[j]] = scaled && largest > 0 ? from[j] / largest : from[j];
}

static double *
room_for(Arena memory, size_t n)
{
	double	   *room = memory.alloc(memory.context, n * sizeof(double));

	memset(room, 0, n * sizeof(double));
	return room;
}

void
logit_prepare_pass(LogitPass *pass, int m, Arena memory)
{
	double	   *ones = room_for(memory, LOGIT_BLOCK);
	int			i;

	memset(pass, 0, sizeof *pass);
	pass->m = m;
	for (i = 0; i < LOGIT_BLOCK; i++)
		ones[i] = 1;
	pass->column = memory.alloc(memory.context, m * sizeof(double *));
	pass->column[0] = ones;
	pass->scaled = room_for(memory, LOGIT_BLOCK);
	pass->gradient = memory.alloc(memory.context, m * sizeof(LogitSum));
	pass->information = memory.alloc(memory.context, (size_t) m * (m + 1) / 2 * sizeof(LogitSum));
	pass->cubic = memory.alloc(memory.context, m * sizeof(LogitSum));
}

static void
prepare(Fitter *fitter, const LogitProblem *problem, Arena memory)
{
	const LogitRows *rows = problem->rows;
	int			all_terms = rows->n_terms;
	int			m = 1;
	int			j;

	memset(fitter, 0, sizeof *fitter);
	fitter->problem = problem;
	fitter->place = memory.alloc(memory.context, (1 + all_terms) * sizeof(int));
	fitter->place[0] = 0;
	for (j = 0; j < all_terms; j++)
		if (problem->used == NULL || problem->used[j])
			fitter->place[m++] = 1 + j;
	fitter->m = m;

	fitter->room.x = room_for(memory, (size_t) all_terms * LOGIT_BLOCK);
	fitter->room.y = room_for(memory, LOGIT_BLOCK);
	fitter->room.weight = room_for(memory, LOGIT_BLOCK);
	fitter->room.offset = room_for(memory, LOGIT_BLOCK);
	logit_prepare_pass(&fitter->pass, m, memory);
	fitter->pass.size = memory.alloc(memory.context, m * sizeof(LogitSum));

	fitter->member = memory.alloc(memory.context, m * sizeof(int));
	fitter->ridge = room_for(memory, m);
	fitter->lasso = room_for(memory, m);
	fitter->prior = room_for(memory, m);
	fitter->beta = room_for(memory, m);
	fitter->begun = room_for(memory, m);
	fitter->target = room_for(memory, m);
	fitter->step = room_for(memory, m);
	fitter->work = room_for(memory, m);
	fitter->gradient = room_for(memory, m);
	fitter->information = room_for(memory, (size_t) m * m);
	fitter->factor = room_for(memory, (size_t) m * m);
	for (j = 0; j < m; j++)
	{
		int			at = fitter->place[j];

		fitter->ridge[j] = problem->ridge ? problem->ridge[at] : 0;
		fitter->lasso[j] = problem->lasso ? problem->lasso[at] : 0;
		fitter->prior[j] = problem->prior ? problem->prior[at] : 0;
		fitter->beta[j] = problem->start ? problem->start[at] : 0;
		fitter->has_lasso = fitter->has_lasso || fitter->lasso[j] > 0;
		fitter->penalised = fitter->penalised || fitter->ridge[j] > 0 || fitter->lasso[j] > 0;
	}
	if (problem->start == NULL)
		fitter->beta[0] = agr_log(rows->total_bad / (rows->total_weight - rows->total_bad));
}

/* All rows on their side of the boundary: it only has to get steeper. */
static bool
is_divided(const Fitter *fitter)
{
	double		size = 0;
	int			j;

	for (j = 0; j < fitter->m; j++)
		size += fabs(fitter->beta[j]);
	return !fitter->penalised && fitter->pass.least > MARGIN * size;
}

/*
 * Whether the gradient is the penalty's, to a small share of sum w |x| |y - p|,
 * or to what rounding of the coefficient makes of it where a prior holds it tight.
 */
static bool
is_maximum(const Fitter *fitter)
{
	int			j;

	for (j = 0; j < fitter->m; j++)
	{
		double		left = fitter->beta[j] != 0 ?
		fabs(fitter->gradient[j] - copysign(fitter->lasso[j], fitter->beta[j])) :
		fabs(fitter->gradient[j]) - fitter->lasso[j];

		if (left > GRADIENT_TOLERANCE * sum_value(&fitter->pass.size[j], GRADIENT_UNIT) +
			DBL_EPSILON * fitter->ridge[j] * fabs(fitter->beta[j]))
			return false;
	}
	return true;
}

/* Climbs to the maximum; what is involved where there is none is left in fitter->step. */
static LogitStatus
maximise(Fitter *fitter, LogitFit *fit, Arena memory)
{
	LogitPass  *pass = &fitter->pass;
	double		last = INFINITY;
	bool		always_fine = false;
	bool		arrived = false;

	evaluate(fitter);
	while (fit->iterations < STEPS)
	{
		bool		found = find_step(fitter);

		if (!found && !pass->fine)
		{
			pass->fine = always_fine = true;
			evaluate(fitter);
			found = find_step(fitter);
		}
		if (is_divided(fitter))
		{
			memcpy(fitter->step, fitter->beta, fitter->m * sizeof(double));
			fit->complete = true;
			return LOGIT_SEPARATED;
		}
		if (!found)
		{
			if (find_dependency(fitter, FLAT, fitter->step) && is_separated(fitter, &fit->complete))
				return LOGIT_SEPARATED;
			if (!find_safe_step(fitter, memory))
				return LOGIT_COLLINEAR;
		}

		/*
		 * Where outcomes are separated each step gains e times less than the one
		 * before, for ever. At a maximum gains collapse.
		 */
		if (fit->iterations >= FIRST_STEPS && fitter->promise > 0.1 * last &&
			is_separated(fitter, &fit->complete))
			return LOGIT_SEPARATED;
		if (arrived && (!found || is_maximum(fitter)))
			return found ? LOGIT_FITTED : LOGIT_NOT_CONVERGED;

		last = fitter->promise;
		arrived = fitter->promise <= fitter->tolerance;
		pass->fine = always_fine || arrived;
		if (!climb(fitter))
			return LOGIT_NOT_CONVERGED;
		fit->iterations++;
	}
	return LOGIT_NOT_CONVERGED;
}

LogitStatus
logit_fit(const LogitProblem *problem, LogitFit *fit, Arena memory, Arena scratch)
{
	int			n = 1 + problem->rows->n_terms;
	Fitter		fitter;
	LogitStatus status;

	memset(fit, 0, sizeof *fit);
	fit->beta = room_for(memory, n);
	fit->gradient = room_for(memory, n);
	fit->covariance = room_for(memory, (size_t) n * n);
	fit->involved = room_for(memory, n);
	prepare(&fitter, problem, scratch);
	status = maximise(&fitter, fit, scratch);
	fit->log_likelihood = fitter.likelihood;
	give(&fitter, fitter.beta, fit->beta, false);
	give(&fitter, fitter.gradient, fit->gradient, false);
	if (status == LOGIT_FITTED && factor_information(&fitter))
		invert(&fitter, fit->covariance, n);
	if (status == LOGIT_COLLINEAR || status == LOGIT_SEPARATED)
		give(&fitter, fitter.step, fit->involved, true);
	return status;
}

/* The information as if p were 1/2 everywhere, in all digits. */
static void
evaluate_flat(Fitter *fitter)
{
	fitter->pass.flat = fitter->pass.fine = true;
	evaluate(fitter);
}

void
logit_cross_products(const LogitProblem *problem, double *product, Arena scratch)
{
	int			n = 1 + problem->rows->n_terms;
	Fitter		fitter;
	int			j,
				k;

	prepare(&fitter, problem, scratch);
	/* It is a quarter of them. */
	evaluate_flat(&fitter);
	memset(product, 0, (size_t) n * n * sizeof(double));
	for (j = 0; j < fitter.m; j++)
		for (k = 0; k < fitter.m; k++)
			product[(size_t) fitter.place[j] * n + fitter.place[k]] = 4 * fitter.information[j * fitter.m + k];
}

bool
logit_is_nearly_collinear(const LogitProblem *problem, double *involved, Arena scratch)
{
	LogitProblem bare = {.rows = problem->rows, .used = problem->used, .pause = problem->pause};
	Fitter		fitter;

	prepare(&fitter, &bare, scratch);
	evaluate_flat(&fitter);
	if (!find_dependency(&fitter, NEARLY_FLAT, fitter.step))
		return false;
	memset(involved, 0, (1 + problem->rows->n_terms) * sizeof(double));
	give(&fitter, fitter.step, involved, true);
	return true;
}
