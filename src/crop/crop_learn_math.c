/*
 * crop_learn_math.c
 *		Learning a library of crops from labelled series. Pure C.
 *
 * Patterns are the means of clusters of a crop's series on a common grid of
 * days. The kernel machine is a ridge regression of each crop's membership on a
 * Laplacian kernel. Either is calibrated on what it says of rows that it was
 * not learnt from, for whole series and for ones cut after so many days.
 */
#include "crop/crop_learn_math.h"

#include "core/math/elementary_math.h"
#include "core/math/fold.h"
#include "core/math/newton_math.h"
#include "crop/classify_math.h"
#include "crop/twdtw_math.h"

#include <math.h>
#include <stdlib.h>

/* Steps of Lloyd's algorithm after each split, and at the end. */
#define SPLIT_STEPS		5
#define LAST_STEPS		30

/* The kernel's rate times the median distance, and the ridge of a crop of average size. */
#define KERNEL_RATE		2
#define KERNEL_RIDGE	0.1

/* Pairs of so many rows give the median distance. */
#define MEDIAN_ROWS		500

/* Penalties of the calibration, of parameters in units of the scores' spread. */
#define SLOPE_PENALTY	0.05
#define INTERCEPT_PENALTY 0.01

/* Days after which series are cut for a calibration. */
static const int cut_days[] = {60, 90, 120, 150, 180, 210, 240, 270, 300, 330};

#define N_CUTS ((int) (sizeof cut_days / sizeof cut_days[0]))

/* More than any series has. */
#define UNCUT	1000000

typedef struct Learner
{
	const CropLearning *given;
	CropSource *source;
	CropKernel	grid;			/* rate and support are the kernel machine's */
	size_t		row;			/* numbers of a row */
	float	   *rows;			/* on the grid, scaled */
	int		   *fold;
	int		   *count;			/* rows of each crop */
	double	   *score;			/* n x crops, of rows left out */
	double	   *distance;
	double	   *fold_weight;	/* of the kernel machine without each fold: folds x n x crops */
} Learner;

static void *
get(const Learner *l, size_t n, size_t size)
{
	const Arena *arena = &l->given->arena;
	void	   *room = arena->alloc(arena->context, (n > 0 ? n : 1) * size);

	memset(room, 0, (n > 0 ? n : 1) * size);
	return room;
}

static void
rest(const Learner *l)
{
	if (l->given->pause)
		l->given->pause();
}

static int
compare_ints(const void *a, const void *b)
{
	return (*(const int *) a > *(const int *) b) - (*(const int *) a < *(const int *) b);
}

static int
compare_doubles(const void *a, const void *b)
{
	return (*(const double *) a > *(const double *) b) - (*(const double *) a < *(const double *) b);
}

/* The day of the year that is nearest to those on which series begin, and the median of their lengths. */
static void
choose_grid(Learner *l)
{
	const CropLearning *given = l->given;
	int		   *begins = get(l, TWDTW_CYCLE + 1, sizeof(int));
	int		   *span = get(l, given->n, sizeof(int));
	int64_t		least = INT64_MAX;
	int			day,
				other,
				i;

	for (i = 0; i < given->n; i++)
	{
		const Series *s = &given->series[i];

		begins[crop_day_of_year(s->day[0])]++;
		span[i] = s->day[s->n - 1] - s->day[0];
	}
	for (day = 1; day <= TWDTW_CYCLE; day++)
	{
		int64_t		away = 0;

		for (other = 1; other <= TWDTW_CYCLE; other++)
		{
			int			days = abs(day - other);

			away += (int64_t) begins[other] * (days > TWDTW_CYCLE / 2 ? TWDTW_CYCLE - days : days);
		}
		if (away < least)
		{
			least = away;
			l->grid.start = day;
		}
	}
	qsort(span, given->n, sizeof(int), compare_ints);
	l->grid.step = given->step_days;
	i = span[given->n / 2] < TWDTW_CYCLE - 1 ? span[given->n / 2] : TWDTW_CYCLE - 1;
	l->grid.n_grid = (i + given->step_days - 1) / given->step_days + 1;
}

/* Each band in its standard deviation, over all rows and grid points. */
static void
lay_out_rows(Learner *l)
{
	const CropLearning *given = l->given;
	int			bands = given->n_bands;
	int			first;
	int			end;
	int			i,
				j;
	size_t		k;

	l->row = (size_t) l->grid.n_grid * bands;
	l->rows = get(l, given->n * l->row, sizeof(float));
	l->grid.scale = get(l, bands, sizeof(double));
	for (j = 0; j < bands; j++)
		l->grid.scale[j] = 1;
	for (i = 0; i < given->n; i++)
		crop_grid(&l->grid, &given->series[i], l->rows + i * l->row, &first, &end);
	for (j = 0; j < bands; j++)
	{
		double		points = (double) given->n * l->grid.n_grid;
		double		mean = 0;
		double		square = 0;

		for (k = j; k < given->n * l->row; k += bands)
			mean += l->rows[k];
		mean /= points;
		for (k = j; k < given->n * l->row; k += bands)
			square += (l->rows[k] - mean) * (l->rows[k] - mean);
		l->grid.scale[j] = square > 1e-30 * points ? sqrt(square / points) : 1;
		for (k = j; k < given->n * l->row; k += bands)
			l->rows[k] = (float) (l->rows[k] / l->grid.scale[j]);
	}
}

/* Bands that vary less than the one that varies most count as much. */
static void
even_bands(const Learner *l)
{
	double		most = 0;
	int			j;

	for (j = 0; j < l->given->n_bands; j++)
		most = fmax(most, l->grid.scale[j]);
	for (j = 0; j < l->given->n_bands; j++)
		l->source->factor[j] = most / l->grid.scale[j];
}

typedef struct HashedRow
{
	uint64_t	hash;
	int			row;
} HashedRow;

static int
compare_hashes(const void *a, const void *b)
{
	const HashedRow *left = a;
	const HashedRow *right = b;

	if (left->hash != right->hash)
		return left->hash > right->hash ? 1 : -1;
	return left->row - right->row;
}

/* Each crop's series are dealt in the order of a hash; equal series into one fold. */
static void
deal_folds(Learner *l)
{
	const CropLearning *given = l->given;
	HashedRow  *hashed = get(l, given->n, sizeof(HashedRow));
	int			begin = 0;
	int			i;
	size_t		k;

	l->fold = get(l, given->n, sizeof(int));
	for (i = 0; i < given->n; i++)
	{
		hashed[i].row = i;
		for (k = 0; k < l->row; k++)
		{
			uint32_t	bits;

			memcpy(&bits, &l->rows[i * l->row + k], sizeof bits);
			hashed[i].hash = fold_mix(hashed[i].hash ^ bits);
		}
	}
	while (begin < given->n)
	{
		int			n = l->count[given->crop[begin]];
		int			fold = 0;

		qsort(hashed + begin, n, sizeof(HashedRow), compare_hashes);
		for (i = 0; i < n; i++)
		{
			if (i > 0 && hashed[begin + i].hash != hashed[begin + i - 1].hash)
				fold = (fold + 1) % CROP_FOLDS;
			l->fold[hashed[begin + i].row] = fold;
		}
		begin += n;
	}
}

/* Patterns: clusters of rows by k-means. */

typedef struct Clusters
{
	int			n;				/* rows */
	const int  *row;
	int			k;
	double	   *center;
	int		   *cluster;
	int		   *members;
} Clusters;

static double
center_distance(const Learner *l, const float *row, const double *center)
{
	double		sum = 0;
	size_t		k;

	for (k = 0; k < l->row; k++)
		sum += (row[k] - center[k]) * (row[k] - center[k]);
	return sum;
}

static void
compute_centers(const Learner *l, Clusters *c)
{
	int			i;
	size_t		k;

	memset(c->center, 0, c->k * l->row * sizeof(double));
	memset(c->members, 0, c->k * sizeof(int));
	for (i = 0; i < c->n; i++)
	{
		double	   *center = c->center + c->cluster[i] * l->row;
		const float *row = l->rows + c->row[i] * l->row;

		c->members[c->cluster[i]]++;
		for (k = 0; k < l->row; k++)
			center[k] += row[k];
	}
	for (i = 0; i < c->k; i++)
		for (k = 0; k < l->row && c->members[i] > 0; k++)
			c->center[i * l->row + k] /= c->members[i];
}

/* Lloyd's algorithm; a center that loses all its rows stays where it was, and none is left of it. */
static void
move_centers(const Learner *l, Clusters *c, int steps)
{
	bool		moved = true;
	int			i,
				j;

	while (moved && steps-- > 0)
	{
		moved = false;
		for (i = 0; i < c->n; i++)
		{
			const float *row = l->rows + c->row[i] * l->row;
			double		least = INFINITY;
			int			best = 0;

			for (j = 0; j < c->k; j++)
			{
				double		distance = c->members[j] > 0 ? center_distance(l, row, c->center + j * l->row) : INFINITY;

				if (distance < least)
				{
					least = distance;
					best = j;
				}
			}
			moved |= best != c->cluster[i];
			c->cluster[i] = best;
		}
		compute_centers(l, c);
		rest(l);
	}
}

/* A center more, at the row that is farthest from its own in the cluster that is widest; false where rows are all alike. */
static bool
split_widest(const Learner *l, Clusters *c, double *width)
{
	int			widest = 0;
	int			farthest = -1;
	double		most = 0;
	int			i;

	memset(width, 0, c->k * sizeof(double));
	for (i = 0; i < c->n; i++)
		width[c->cluster[i]] += center_distance(l, l->rows + c->row[i] * l->row,
												c->center + c->cluster[i] * l->row);
	for (i = 1; i < c->k; i++)
		if (width[i] > width[widest])
			widest = i;
	for (i = 0; i < c->n; i++)
		if (c->cluster[i] == widest)
		{
			double		distance = center_distance(l, l->rows + c->row[i] * l->row, c->center + widest * l->row);

			if (distance > most)
			{
				most = distance;
				farthest = i;
			}
		}
	if (farthest < 0 || c->members[widest] < 2)
		return false;
	c->cluster[farthest] = c->k++;
	compute_centers(l, c);
	return true;
}

static void
add_patterns(const Learner *l, CropSource *source, int crop, Clusters *c)
{
	int			bands = l->given->n_bands;
	int			i,
				j,
				k;

	for (i = 0; i < c->k; i++)
	{
		CropPattern *p;

		if (c->members[i] == 0)
			continue;
		p = &source->pattern[source->n_patterns++];
		p->crop = crop;
		p->length = l->grid.n_grid;
		p->members = c->members[i];
		p->days = get(l, p->length, sizeof(int16_t));
		p->values = get(l, l->row, sizeof(float));
		for (j = 0; j < p->length; j++)
		{
			p->days[j] = (int16_t) ((l->grid.start - 1 + j * l->grid.step) % TWDTW_CYCLE + 1);
			for (k = 0; k < bands; k++)
				p->values[j * bands + k] = (float) (c->center[i * l->row + j * bands + k] * l->grid.scale[k]) + 0.0f;
		}
	}
}

/* From rows that are not of the fold; -1 is of all. */
static void
learn_patterns(const Learner *l, CropSource *source, int fold)
{
	const CropLearning *given = l->given;
	int			most = given->patterns_per_crop;
	int		   *row = get(l, given->n, sizeof(int));
	double	   *width = get(l, most + 1, sizeof(double));
	Clusters	c;
	int			i = 0;

	c.row = row;
	c.center = get(l, (most + 1) * l->row, sizeof(double));
	c.cluster = get(l, given->n, sizeof(int));
	c.members = get(l, most + 1, sizeof(int));
	source->n_patterns = 0;
	source->pattern = get(l, (size_t) most * given->n_crops, sizeof(CropPattern));
	while (i < given->n)
	{
		int			crop = given->crop[i];

		c.n = 0;
		for (; i < given->n && given->crop[i] == crop; i++)
			if (l->fold[i] != fold)
				row[c.n++] = i;
		if (c.n == 0)
			continue;
		memset(c.cluster, 0, c.n * sizeof(int));
		c.k = 1;
		compute_centers(l, &c);
		while (c.k < most && split_widest(l, &c, width))
			move_centers(l, &c, SPLIT_STEPS);
		move_centers(l, &c, LAST_STEPS);
		add_patterns(l, source, crop, &c);
	}
}

/* The kernel machine. */

typedef double Lanes __attribute__((vector_size(32), aligned(8)));

/* In a fixed order, whatever the machine. */
static double
dot(const double *a, const double *b, int n)
{
	Lanes		sum[2] = {{0}, {0}};
	double		total = 0;
	int			i;

	for (i = 0; i + 8 <= n; i += 8)
	{
		sum[0] += *(const Lanes *) (a + i) * *(const Lanes *) (b + i);
		sum[1] += *(const Lanes *) (a + i + 4) * *(const Lanes *) (b + i + 4);
	}
	for (; i < n; i++)
		total += a[i] * b[i];
	sum[0] += sum[1];
	return total + ((sum[0][0] + sum[0][1]) + (sum[0][2] + sum[0][3]));
}

/* Solves K weight = y, y being the crops' memberships, for the n rows named; what is above K's diagonal is not read. */
static void
solve_rows(const Learner *l, double *matrix, const int *row, int n, double *weight)
{
	int			crops = l->given->n_crops;
	double	   *x = get(l, n, sizeof(double));
	int			i,
				j,
				crop;

	for (i = 0; i < n; i++)
	{
		double	   *at = matrix + (size_t) i * n;

		for (j = 0; j <= i; j++)
		{
			double		rest_of = at[j] - dot(at, matrix + (size_t) j * n, j);

			/* The ridge keeps it far from 0. */
			at[j] = i == j ? sqrt(fmax(rest_of, 1e-12)) : rest_of / matrix[(size_t) j * n + j];
		}
		rest(l);
	}
	for (crop = 0; crop < crops; crop++)
	{
		for (i = 0; i < n; i++)
			x[i] = ((l->given->crop[row[i]] == crop) - dot(matrix + (size_t) i * n, x, i)) / matrix[(size_t) i * n + i];
		for (i = n - 1; i >= 0; i--)
		{
			x[i] /= matrix[(size_t) i * n + i];
			for (j = 0; j < i; j++)
				x[j] -= matrix[(size_t) i * n + j] * x[i];
		}
		for (i = 0; i < n; i++)
			weight[(size_t) row[i] * crops + crop] = x[i] + 0.0;
		rest(l);
	}
}

static double
median_distance(const Learner *l)
{
	int			n = l->given->n < MEDIAN_ROWS ? l->given->n : MEDIAN_ROWS;
	double	   *distance = get(l, (size_t) n * n / 2 + 1, sizeof(double));
	size_t		pairs = 0;
	int			i,
				j;

	for (i = 0; i < n; i++)
		for (j = 0; j < i; j++)
		{
			const float *a = l->rows + (size_t) i * l->given->n / n * l->row;
			const float *b = l->rows + (size_t) j * l->given->n / n * l->row;

			distance[pairs++] = crop_l1(a, b, (int) l->row);
		}
	if (pairs == 0)
		return 1;
	qsort(distance, pairs, sizeof(double), compare_doubles);
	return distance[pairs / 2] > 0 ? distance[pairs / 2] : 1;
}

/* The machine of rows that are not of the fold; others have weight 0. */
static void
learn_kernel(const Learner *l, int fold, double *matrix, double *weight)
{
	const CropLearning *given = l->given;
	int		   *row = get(l, given->n, sizeof(int));
	int			n = 0;
	int			i,
				j;

	for (i = 0; i < given->n; i++)
		if (l->fold[i] != fold)
			row[n++] = i;
	for (i = 0; i < n; i++)
	{
		const float *a = l->rows + row[i] * l->row;

		for (j = 0; j < i; j++)
			matrix[(size_t) i * n + j] = agr_exp(-l->grid.rate * crop_l1(a, l->rows + row[j] * l->row, (int) l->row));

		/* Rows of a rare crop count as much as those of a frequent one. */
		matrix[(size_t) i * n + i] = 1 + KERNEL_RIDGE * l->count[given->crop[row[i]]] * given->n_crops / given->n;
		rest(l);
	}
	solve_rows(l, matrix, row, n, weight);
}

double
crop_kernel_memory(double n)
{
	return n * n * sizeof(double);
}

static void
learn_kernels(Learner *l)
{
	const CropLearning *given = l->given;
	size_t		size = (size_t) given->n * given->n_crops;
	double	   *matrix = get(l, (size_t) given->n * given->n, sizeof(double));
	CropKernel *kernel = &l->source->kernel;
	int			fold;

	l->grid.rate = KERNEL_RATE / median_distance(l);
	l->fold_weight = get(l, CROP_FOLDS * size, sizeof(double));
	for (fold = 0; fold < CROP_FOLDS; fold++)
		learn_kernel(l, fold, matrix, l->fold_weight + fold * size);
	*kernel = l->grid;
	kernel->n_support = given->n;
	kernel->support = l->rows;
	kernel->weight = get(l, size, sizeof(double));
	kernel->crop = get(l, given->n, sizeof(int));
	memcpy(kernel->crop, given->crop, given->n * sizeof(int));
	learn_kernel(l, -1, matrix, kernel->weight);
}

/* Scores of the rows that the learner did not see, cut after so many days. */

static void
cut_series(Series *cut, const Series *s, int days, float *room)
{
	int			j;

	*cut = *s;
	cut->n = 1;
	while (cut->n < s->n && s->day[cut->n] <= s->day[0] + days)
		cut->n++;
	if (cut->n == s->n)
		return;
	for (j = 0; j < s->n_bands; j++)
		memcpy(room + j * cut->n, series_band(s, j), cut->n * sizeof(float));
	cut->value = room;
}

static void
score_rows(const Learner *l, CropPrepared **prepared, int days, float *room)
{
	const CropLearning *given = l->given;
	int			crops = given->n_crops;
	int			i;

	for (i = 0; i < given->n; i++)
	{
		Series		cut;

		cut_series(&cut, &given->series[i], days, room);
		crop_scores(prepared[l->fold[i]], &cut, l->score + (size_t) i * crops, l->distance + (size_t) i * crops);
		if (i % 64 == 0)
			rest(l);
	}
}

/* A library of what was learnt without a fold. */
static CropPrepared *
prepare_fold(const Learner *l, int fold)
{
	const CropLearning *given = l->given;
	CropLibrary *library = get(l, 1, sizeof(CropLibrary));
	CropSource *source = get(l, 1, sizeof(CropSource));

	*source = *l->source;
	source->n_calibrations = 0;
	if (given->options.method == CROP_KERNEL)
	{
		CropKernel *k = &source->kernel;
		int			i;

		/* Without the fold's rows, whose weights are 0 and whose distances must not count. */
		k->support = get(l, given->n * l->row, sizeof(float));
		k->weight = get(l, (size_t) given->n * given->n_crops, sizeof(double));
		k->crop = get(l, given->n, sizeof(int));
		k->n_support = 0;
		for (i = 0; i < given->n; i++)
			if (l->fold[i] != fold)
			{
				memcpy(k->support + k->n_support * l->row, l->rows + i * l->row, l->row * sizeof(float));
				memcpy(k->weight + (size_t) k->n_support * given->n_crops,
					   l->fold_weight + ((size_t) fold * given->n + i) * given->n_crops, given->n_crops * sizeof(double));
				k->crop[k->n_support++] = given->crop[i];
			}
	}
	else
		learn_patterns(l, source, fold);
	library->options = given->options;
	library->n_bands = given->n_bands;
	library->n_sources = 1;
	library->source = source;
	return crop_prepare(library, given->arena);
}

/* Calibration: a multinomial logit of each crop's score. */

typedef struct Logit
{
	const Learner *l;
	double		spread;			/* of scores */
	double	   *p;
} Logit;

/* Parameters: the common slope; each crop's own part of it; each crop's intercept. */
static double
logit_likelihood(void *data, const double *beta, double *gradient, double *curvature)
{
	const Logit *logit = data;
	const CropLearning *given = logit->l->given;
	int			c = given->n_crops;
	int			m = 2 * c + 1;
	double	   *p = logit->p;
	double	   *x = p + c;
	double		value = 0;
	int			i,
				j,
				k;

	memset(gradient, 0, m * sizeof(double));
	memset(curvature, 0, (size_t) m * m * sizeof(double));
	for (i = 0; i < given->n; i++)
	{
		const double *score = logit->l->score + (size_t) i * c;
		int			own = given->crop[i];
		double		most = -INFINITY;
		double		sum = 0;
		double		mean = 0;

		if (!isfinite(score[own]))
			continue;			/* no series of its crop was left to learn from */
		for (j = 0; j < c; j++)
		{
			x[j] = isfinite(score[j]) ? score[j] / logit->spread : 0;
			p[j] = isfinite(score[j]) ? (beta[0] + beta[1 + j]) * x[j] + beta[1 + c + j] : -1e300;
			most = fmax(most, p[j]);
		}
		value += p[own] - most;
		for (j = 0; j < c; j++)
			sum += p[j] = agr_exp(p[j] - most);
		value -= agr_log(sum);
		for (j = 0; j < c; j++)
			mean += (p[j] /= sum) * x[j];
		for (j = 0; j < c; j++)
		{
			double		residual = (j == own) - p[j];

			gradient[0] += residual * x[j];
			gradient[1 + j] += residual * x[j];
			gradient[1 + c + j] += residual;
			curvature[0] += p[j] * x[j] * (x[j] - mean);
			curvature[(1 + j) * m] += p[j] * x[j] * (x[j] - mean);
			curvature[(1 + c + j) * m] += p[j] * (x[j] - mean);
			for (k = 0; k < c; k++)
			{
				double		w = p[j] * ((j == k) - p[k]);

				if (k <= j)
				{
					curvature[(1 + j) * m + 1 + k] += w * x[j] * x[k];
					curvature[(1 + c + j) * m + 1 + c + k] += w;
				}
				curvature[(1 + c + j) * m + 1 + k] += w * x[k];
			}
		}
	}
	for (j = 0; j < m; j++)
	{
		double		penalty = j == 0 ? 1e-6 : j <= c ? SLOPE_PENALTY : INTERCEPT_PENALTY;

		value -= penalty * beta[j] * beta[j] / 2;
		gradient[j] -= penalty * beta[j];
		curvature[j * m + j] += penalty;
	}
	return value;
}

static void
fit_logit(const Learner *l, CropCalibration *calibration)
{
	int			c = l->given->n_crops;
	int			m = 2 * c + 1;
	Logit		logit = {l, 0, get(l, 2 * c, sizeof(double))};
	double	   *beta = get(l, m, sizeof(double));
	double	   *inverse = get(l, (size_t) m * m, sizeof(double));
	double	   *work = get(l, (size_t) m * (m + 3), sizeof(double));
	double		value;
	double		mean = 0;
	double		square = 0;
	double		n = 0;
	size_t		k;
	int			i;

	for (k = 0; k < (size_t) l->given->n * c; k++)
		if (isfinite(l->score[k]))
		{
			mean += l->score[k];
			square += l->score[k] * l->score[k];
			n++;
		}
	logit.spread = n > 0 ? sqrt(fmax(square / n - mean / n * (mean / n), 0)) : 0;
	if (!(logit.spread > 0))
		logit.spread = 1;

	/* Penalties keep the maximum unique and finite; a step that fails leaves the best so far. */
	(void) newton_maximum(logit_likelihood, &logit, m, beta, inverse, &value, work);
	for (i = 0; i < c; i++)
	{
		calibration->slope[i] = (beta[0] + beta[1 + i]) / logit.spread + 0.0;
		calibration->intercept[i] = beta[1 + c + i] + 0.0;
	}
}

/*
 * The quantile of distances of a crop's own rows, when these are left out, wider
 * by 1 / sqrt(n): a few rows do not show how far a crop reaches. No bound where
 * there are none.
 */
static void
bound_distances(const Learner *l, CropCalibration *calibration)
{
	const CropLearning *given = l->given;
	double	   *own = get(l, given->n, sizeof(double));
	int			i = 0;

	while (i < given->n)
	{
		int			crop = given->crop[i];
		int			n = 0;

		for (; i < given->n && given->crop[i] == crop; i++)
		{
			double		distance = l->distance[(size_t) i * given->n_crops + crop];

			if (isfinite(distance))
				own[n++] = distance;
		}
		qsort(own, n, sizeof(double), compare_doubles);
		calibration->reject[crop] = n == 0 ? 1e30 : own[(int) ceil(given->reject * n) - 1] * (1 + 1 / sqrt(n));
	}
}

static void
calibrate(Learner *l)
{
	const CropLearning *given = l->given;
	CropSource *source = l->source;
	CropPrepared *prepared[CROP_FOLDS];
	int			longest = 0;
	float	   *room;
	int			i;

	l->score = get(l, (size_t) given->n * given->n_crops, sizeof(double));
	l->distance = get(l, (size_t) given->n * given->n_crops, sizeof(double));
	source->calibration = get(l, N_CUTS + 1, sizeof(CropCalibration));
	for (i = 0; i < given->n; i++)
		longest = given->series[i].n > longest ? given->series[i].n : longest;
	room = get(l, (size_t) longest * given->n_bands, sizeof(float));
	for (i = 0; i < CROP_FOLDS; i++)
		prepared[i] = prepare_fold(l, i);
	for (i = 0; i <= N_CUTS; i++)
	{
		int			span = (l->grid.n_grid - 1) * l->grid.step;
		CropCalibration *c = &source->calibration[source->n_calibrations];

		if (i < N_CUTS && cut_days[i] + CROP_EDGE_DAYS >= span)
			continue;
		c->days = i < N_CUTS ? cut_days[i] : span;
		c->slope = get(l, given->n_crops, sizeof(double));
		c->intercept = get(l, given->n_crops, sizeof(double));
		c->reject = get(l, given->n_crops, sizeof(double));
		score_rows(l, prepared, i < N_CUTS ? cut_days[i] : UNCUT, room);
		fit_logit(l, c);
		bound_distances(l, c);
		source->n_calibrations++;
	}
}

/* Each series is a pattern, as it is. */
static void
take_patterns(const Learner *l)
{
	const CropLearning *given = l->given;
	int			i,
				j,
				k;

	l->source->pattern = get(l, given->n, sizeof(CropPattern));
	for (i = 0; i < given->n; i++)
	{
		CropPattern *p = &l->source->pattern[i];
		const Series *s = &given->series[i];

		p->crop = given->crop[i];
		p->length = s->n;
		p->members = 1;
		p->days = get(l, s->n, sizeof(int16_t));
		p->values = get(l, (size_t) s->n * s->n_bands, sizeof(float));
		for (j = 0; j < s->n; j++)
		{
			p->days[j] = (int16_t) crop_day_of_year(s->day[j]);
			for (k = 0; k < s->n_bands; k++)
				p->values[j * s->n_bands + k] = series_band(s, k)[j];
		}
	}
	l->source->n_patterns = given->n;
}

void
crop_learn(const CropLearning *learning, CropSource *source)
{
	Learner		l;
	int			i;

	memset(&l, 0, sizeof l);
	memset(source, 0, sizeof *source);
	l.given = learning;
	l.source = source;
	l.count = get(&l, learning->n_crops, sizeof(int));
	source->n_crops = learning->n_crops;
	source->label = learning->label;
	source->samples = get(&l, learning->n_crops, sizeof(int64_t));
	for (i = 0; i < learning->n; i++)
	{
		l.count[learning->crop[i]]++;
		source->samples[learning->crop[i]]++;
	}
	source->factor = get(&l, learning->n_bands, sizeof(double));
	for (i = 0; i < learning->n_bands; i++)
		source->factor[i] = 1;
	if (learning->options.method == CROP_PATTERNS)
	{
		take_patterns(&l);
		return;
	}
	choose_grid(&l);
	lay_out_rows(&l);
	even_bands(&l);
	deal_folds(&l);
	if (learning->options.method == CROP_KERNEL)
		learn_kernels(&l);
	else
		learn_patterns(&l, source, -1);
	calibrate(&l);
}
