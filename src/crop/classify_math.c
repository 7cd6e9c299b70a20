/*
 * classify_math.c
 *		Which crop of a library a series is most like. Pure C.
 *
 * Most series of a county have the same dates. So what depends on the dates
 * alone, the patterns' order in the year and the weights of days, is kept from
 * one series to the next.
 */
#include "crop/classify_math.h"

#include "core/math/elementary_math.h"
#include "crop/twdtw_math.h"

#include <math.h>
#include <stdlib.h>

#define LANES	TWDTW_LANES

/* Tiles and years that have dates of their own. */
#define DATE_SETS	16

/* Patterns with the same days. */
typedef struct Batch
{
	const CropSource *source;
	int			length;
	int			n;				/* of patterns */
	const CropPattern *pattern[LANES];
	int			crop[LANES];	/* of all sources */
	int			span;			/* days from the first point to the last */
	bool		year;			/* that is a year's */
} Batch;

/* A batch for the dates of a series. */
typedef struct DatedBatch
{
	bool		open;
	int			kept;			/* points */
	int		   *order;			/* of the kept points */
	int16_t    *days;			/* of the kept points */
	double	   *values;			/* for each point and band, the lanes; or, open, for each lane the points */
	double	   *weigh;
	size_t		weigh_room;
} DatedBatch;

/* What is ready for series with these dates. */
typedef struct DateSet
{
	int			m;				/* -1: nothing */
	int			room;
	int32_t    *day;
	int16_t    *days;			/* of the year */
	DatedBatch *batch;
	double	   *slope;
	double	   *intercept;
	double	   *reject;
} DateSet;

struct CropPrepared
{
	const CropLibrary *library;
	Arena		arena;
	int			n_crops;
	TextSpan   *label;
	int		  **crop;			/* of each source's crops, that of all */
	int			n_batches;
	Batch	   *batch;
	TwdtwWeights weights;

	DateSet		set[DATE_SETS];
	int			next_set;		/* to be replaced */
	DateSet    *dates;			/* of the series */

	/* Scratch. */
	int			room;			/* dates */
	double	   *values;
	double	   *costs;
	int		   *starts;
	float	   *row;
	double	   *score;
	double	   *distance;
	double	   *total;
	TwdtwMatch *match;			/* of each crop */
};

static void *
get(CropPrepared *p, size_t n, size_t size)
{
	return p->arena.alloc(p->arena.context, (n > 0 ? n : 1) * size);
}

int
crop_day_of_year(int32_t day)
{
	int32_t		start;
	int32_t		end;
	int32_t		month = calendar_month_of(day, &start, &end);

	return day - calendar_month_start(month - month % 12) + 1;
}

static int
compare_labels(const void *a, const void *b)
{
	return text_span_compare(*(const TextSpan *) a, *(const TextSpan *) b);
}

static void
unite_crops(CropPrepared *p)
{
	const CropLibrary *library = p->library;
	int			total = 0;
	int			i,
				j;

	for (i = 0; i < library->n_sources; i++)
		total += library->source[i].n_crops;
	p->label = get(p, total, sizeof(TextSpan));
	total = 0;
	for (i = 0; i < library->n_sources; i++)
		for (j = 0; j < library->source[i].n_crops; j++)
			p->label[total++] = library->source[i].label[j];
	qsort(p->label, total, sizeof(TextSpan), compare_labels);
	for (i = 0; i < total; i++)
		if (i == 0 || compare_labels(&p->label[p->n_crops - 1], &p->label[i]) != 0)
			p->label[p->n_crops++] = p->label[i];

	p->crop = get(p, library->n_sources, sizeof(int *));
	for (i = 0; i < library->n_sources; i++)
	{
		p->crop[i] = get(p, library->source[i].n_crops, sizeof(int));
		for (j = 0; j < library->source[i].n_crops; j++)
			p->crop[i][j] = (TextSpan *) bsearch(&library->source[i].label[j], p->label, p->n_crops,
												 sizeof(TextSpan), compare_labels) - p->label;
	}
}

/* Days from the first point to the last, each later than the one before. */
static int
pattern_span(const CropPattern *pattern)
{
	int			span = 0;
	int			i;

	for (i = 1; i < pattern->length; i++)
		span += (pattern->days[i] - pattern->days[i - 1] + TWDTW_CYCLE) % TWDTW_CYCLE;
	return span;
}

static void
add_pattern(CropPrepared *p, const CropSource *source, const CropPattern *pattern, int crop)
{
	Batch	   *b;
	int			i;

	for (i = 0; i < p->n_batches; i++)
	{
		b = &p->batch[i];
		if (b->source == source && b->n < LANES && b->length == pattern->length &&
			memcmp(b->pattern[0]->days, pattern->days, pattern->length * sizeof(int16_t)) == 0)
			break;
	}
	b = &p->batch[i];
	if (i == p->n_batches)
	{
		p->n_batches++;
		memset(b, 0, sizeof *b);
		b->source = source;
		b->length = pattern->length;
		b->span = pattern_span(pattern);
		b->year = b->span >= CROP_YEAR_SPAN;
	}
	b->pattern[b->n] = pattern;
	b->crop[b->n++] = crop;
}

CropPrepared *
crop_prepare(const CropLibrary *library, Arena arena)
{
	CropPrepared *p = arena.alloc(arena.context, sizeof(CropPrepared));
	int			n_patterns = 0;
	int			i,
				j;

	memset(p, 0, sizeof *p);
	p->library = library;
	p->arena = arena;
	for (i = 0; i < DATE_SETS; i++)
		p->set[i].m = -1;
	unite_crops(p);
	for (i = 0; i < library->n_sources; i++)
		n_patterns += library->source[i].n_patterns;
	p->batch = get(p, n_patterns, sizeof(Batch));
	for (i = 0; i < library->n_sources; i++)
		for (j = 0; j < library->source[i].n_patterns; j++)
			add_pattern(p, &library->source[i], &library->source[i].pattern[j],
						p->crop[i][library->source[i].pattern[j].crop]);
	twdtw_weights(&p->weights, library->options.alpha, library->options.beta);
	p->score = get(p, p->n_crops, sizeof(double));
	p->distance = get(p, p->n_crops, sizeof(double));
	p->total = get(p, p->n_crops, sizeof(double));
	p->match = get(p, p->n_crops, sizeof(TwdtwMatch));
	if (library->options.method == CROP_KERNEL)
		p->row = get(p, (size_t) library->source[0].kernel.n_grid * library->n_bands, sizeof(float));
	return p;
}

int
crop_prepared_crops(const CropPrepared *p)
{
	return p->n_crops;
}

TextSpan
crop_prepared_label(const CropPrepared *p, int crop)
{
	return p->label[crop];
}

/* The points of a pattern that a series with these dates can match, in its order. */
static void
order_points(const Batch *b, int first, int span, DatedBatch *d)
{
	const int16_t *days = b->pattern[0]->days;
	int			least = TWDTW_CYCLE;
	int			begin = 0;
	int			i;

	d->kept = 0;
	d->open = !b->year || span > CROP_SEASON_DAYS;
	for (i = 0; i < b->length && b->year; i++)
	{
		int			offset = (days[i] - first + CROP_EDGE_DAYS + TWDTW_CYCLE) % TWDTW_CYCLE;

		if (offset < least)
		{
			least = offset;
			begin = i;
		}
	}
	for (i = 0; i < b->length; i++)
	{
		int			at = (begin + i) % b->length;
		int			offset = (days[at] - first + CROP_EDGE_DAYS + TWDTW_CYCLE) % TWDTW_CYCLE - CROP_EDGE_DAYS;

		if (span + CROP_EDGE_DAYS < b->span && offset > span + CROP_EDGE_DAYS)
			continue;
		d->days[d->kept] = days[at];
		d->order[d->kept++] = at;
	}
}

static void
lay_out_batch(CropPrepared *p, const Batch *b, const DateSet *dates, DatedBatch *d)
{
	int			bands = p->library->n_bands;
	const double *factor = b->source->factor;
	size_t		size = (size_t) d->kept * dates->m;
	double	   *to = d->values;
	int			i,
				j,
				k;

	if (d->open)
		for (k = 0; k < b->n; k++)
			for (i = 0; i < d->kept; i++)
				for (j = 0; j < bands; j++)
					*to++ = factor[j] * b->pattern[k]->values[d->order[i] * bands + j];
	else
		for (i = 0; i < d->kept; i++)
			for (j = 0; j < bands; j++)
				for (k = 0; k < LANES; k++)
					*to++ = factor[j] * b->pattern[k < b->n ? k : 0]->values[d->order[i] * bands + j];
	if (size > d->weigh_room)
	{
		d->weigh_room = 2 * size;
		d->weigh = get(p, d->weigh_room, sizeof(double));
	}
	twdtw_weigh(&p->weights, d->days, d->kept, dates->days, dates->m, d->weigh);
}

/* That of the longest series that is no longer, or else of the shortest. */
static const CropCalibration *
choose_calibration(const CropSource *source, int span)
{
	int			i = source->n_calibrations - 1;

	while (i > 0 && source->calibration[i].days > span + CROP_EDGE_DAYS)
		i--;
	return &source->calibration[i];
}

/* Means over sources, weighted by labelled series; the largest bound of them. */
static void
unite_calibrations(CropPrepared *p, DateSet *dates, int span)
{
	int			i,
				j;

	for (j = 0; j < p->n_crops; j++)
		p->total[j] = dates->slope[j] = dates->intercept[j] = dates->reject[j] = 0;
	for (i = 0; i < p->library->n_sources; i++)
	{
		const CropSource *source = &p->library->source[i];
		const CropCalibration *c;

		if (source->n_calibrations == 0)
			continue;
		c = choose_calibration(source, span);
		for (j = 0; j < source->n_crops; j++)
		{
			int			crop = p->crop[i][j];
			double		n = (double) source->samples[j] + 1e-9;

			p->total[crop] += n;
			dates->slope[crop] += n * c->slope[j];
			dates->intercept[crop] += n * c->intercept[j];
			dates->reject[crop] = fmax(dates->reject[crop], c->reject[j]);
		}
	}
	for (j = 0; j < p->n_crops; j++)
		if (p->total[j] > 0)
		{
			dates->slope[j] /= p->total[j];
			dates->intercept[j] /= p->total[j];
		}
}

/* Room in the set for so many dates. */
static void
make_room(CropPrepared *p, DateSet *dates, int m)
{
	int			i;

	if (dates->batch == NULL)
	{
		dates->batch = get(p, p->n_batches, sizeof(DatedBatch));
		memset(dates->batch, 0, p->n_batches * sizeof(DatedBatch));
		for (i = 0; i < p->n_batches; i++)
		{
			DatedBatch *d = &dates->batch[i];

			d->order = get(p, p->batch[i].length, sizeof(int));
			d->days = get(p, p->batch[i].length, sizeof(int16_t));
			d->values = get(p, (size_t) p->batch[i].length * p->library->n_bands * LANES, sizeof(double));
		}
		dates->slope = get(p, p->n_crops, sizeof(double));
		dates->intercept = get(p, p->n_crops, sizeof(double));
		dates->reject = get(p, p->n_crops, sizeof(double));
	}
	if (m > dates->room)
	{
		dates->room = 2 * m;
		dates->day = get(p, dates->room, sizeof(int32_t));
		dates->days = get(p, dates->room, sizeof(int16_t));
	}
	if (m > p->room)
	{
		p->room = 2 * m;
		p->values = get(p, (size_t) p->room * p->library->n_bands, sizeof(double));
		p->costs = get(p, (size_t) p->room * LANES, sizeof(double));
		p->starts = get(p, p->room, sizeof(int));
	}
}

static void
prepare_dates(CropPrepared *p, const Series *series)
{
	int			m = series->n;
	int			span = series->day[m - 1] - series->day[0];
	DateSet    *dates;
	int			i;

	for (i = 0; i < DATE_SETS; i++)
	{
		p->dates = &p->set[i];
		if (p->dates->m == m && memcmp(p->dates->day, series->day, m * sizeof(int32_t)) == 0)
			return;
	}
	p->dates = dates = &p->set[p->next_set];
	p->next_set = (p->next_set + 1) % DATE_SETS;
	dates->m = -1;
	make_room(p, dates, m);
	memcpy(dates->day, series->day, m * sizeof(int32_t));
	for (i = 0; i < m; i++)
		dates->days[i] = (int16_t) crop_day_of_year(series->day[i]);
	dates->m = m;
	for (i = 0; i < p->n_batches; i++)
	{
		order_points(&p->batch[i], dates->days[0], span, &dates->batch[i]);
		lay_out_batch(p, &p->batch[i], dates, &dates->batch[i]);
	}
	unite_calibrations(p, dates, span);
}

static void
keep_least(CropPrepared *p, int crop, double distance, int start, int end)
{
	if (distance < p->match[crop].distance)
		p->match[crop] = (TwdtwMatch) {distance, start, end};
}

static void
scale_values(CropPrepared *p, const Series *series, const double *factor)
{
	int			bands = series->n_bands;
	int			i,
				j;

	for (j = 0; j < bands; j++)
		for (i = 0; i < series->n; i++)
			p->values[i * bands + j] = factor[j] * series_band(series, j)[i];
}

static void
match_patterns(CropPrepared *p, const Series *series)
{
	int			bands = p->library->n_bands;
	int			m = series->n;
	TwdtwSeries observed = {m, bands, p->dates->days, p->values};
	const CropSource *scaled = NULL;
	int			i,
				k;

	for (i = 0; i < p->n_crops; i++)
		p->match[i] = (TwdtwMatch) {INFINITY, 0, m - 1};
	for (i = 0; i < p->n_batches; i++)
	{
		const Batch *b = &p->batch[i];
		const DatedBatch *d = &p->dates->batch[i];
		TwdtwSeries patterns = {d->kept, bands, d->days, d->values};
		double		distances[LANES];

		if (d->kept == 0)
			continue;
		if (b->source != scaled)
			scale_values(p, series, (scaled = b->source)->factor);
		if (!d->open)
			twdtw_distances(&patterns, b->n, &observed, d->weigh, p->costs, distances);
		for (k = 0; k < b->n; k++)
			if (d->open)
			{
				TwdtwMatch	match;

				patterns.values = d->values + (size_t) k * d->kept * bands;
				match = twdtw_match(&patterns, &observed, d->weigh, TWDTW_SYMMETRIC2, true, p->costs, p->starts);
				keep_least(p, b->crop[k], match.distance / (d->kept + match.end - match.start + 1),
						   match.start, match.end);
			}
			else
				keep_least(p, b->crop[k], distances[k] / (d->kept + m), 0, m - 1);
	}
}

void
crop_grid(const CropKernel *grid, const Series *series, float *row, int *first, int *end)
{
	int			bands = series->n_bands;
	int			begin = (crop_day_of_year(series->day[0]) - grid->start + TWDTW_CYCLE) % TWDTW_CYCLE;
	int			at = 0;
	int			i,
				j;

	/* The series begins within half a year of the grid. */
	if (begin > TWDTW_CYCLE / 2)
		begin -= TWDTW_CYCLE;
	*first = grid->n_grid;
	*end = 0;
	for (i = 0; i < grid->n_grid; i++)
	{
		int32_t		day = series->day[0] - begin + i * grid->step;
		double		share = 0;

		while (at + 1 < series->n - 1 && series->day[at + 1] <= day)
			at++;
		if (day > series->day[0] && series->n > 1)
			share = day >= series->day[series->n - 1] ? 1 :
				(double) (day - series->day[at]) / (series->day[at + 1] - series->day[at]);
		for (j = 0; j < bands; j++)
		{
			const float *value = series_band(series, j) + at;
			double		between = series->n == 1 ? value[0] : value[0] + share * ((double) value[1] - value[0]);

			row[i * bands + j] = (float) (between / grid->scale[j]);
		}
		if (day >= series->day[0] - grid->step && day <= series->day[series->n - 1] + grid->step)
		{
			if (*first > i)
				*first = i;
			*end = i + 1;
		}
	}
}

typedef float Floats __attribute__((vector_size(32), aligned(4)));
typedef int32_t FloatBits __attribute__((vector_size(32), aligned(4)));

float
crop_l1(const float *a, const float *b, int n)
{
	Floats		sum = {0};
	float		total = 0;
	int			i;

	for (i = 0; i + 8 <= n; i += 8)
	{
		Floats		difference = *(const Floats *) (a + i) - *(const Floats *) (b + i);

		sum += (Floats) ((FloatBits) difference & 0x7fffffff);
	}
	for (; i < n; i++)
		total += fabsf(a[i] - b[i]);
	for (i = 0; i < 8; i++)
		total += sum[i];
	return total;
}

static void
score_kernel(CropPrepared *p, const Series *series, double *score, double *distance)
{
	const CropKernel *k = &p->library->source[0].kernel;
	const int  *crop = p->crop[0];
	int			bands = series->n_bands;
	size_t		size = (size_t) k->n_grid * bands;
	double		seen;
	int			first;
	int			end;
	int			i,
				j;

	crop_grid(k, series, p->row, &first, &end);
	seen = end > first ? (double) k->n_grid / (end - first) : 0;
	for (j = 0; j < p->n_crops; j++)
	{
		score[j] = 0;
		distance[j] = INFINITY;
	}
	for (i = 0; i < k->n_support && seen > 0; i++)
	{
		double		l1 = seen * crop_l1(p->row + first * bands, k->support + i * size + first * bands,
										(end - first) * bands);
		double		near = agr_exp(-k->rate * l1);
		const double *weight = k->weight + (size_t) i * p->n_crops;

		for (j = 0; j < p->n_crops; j++)
			score[crop[j]] += near * weight[j];
		distance[crop[k->crop[i]]] = fmin(distance[crop[k->crop[i]]], l1 / size);
	}
}

void
crop_scores(CropPrepared *p, const Series *series, double *score, double *distance)
{
	int			i;

	prepare_dates(p, series);
	if (p->library->options.method == CROP_KERNEL)
	{
		score_kernel(p, series, score, distance);
		for (i = 0; i < p->n_crops; i++)
			p->match[i] = (TwdtwMatch) {distance[i], 0, series->n - 1};
		return;
	}
	match_patterns(p, series);
	for (i = 0; i < p->n_crops; i++)
	{
		distance[i] = p->match[i].distance;
		score[i] = -distance[i];
	}
}

static int
longest_gap(const Series *series, int32_t from_day, int32_t to_day)
{
	int32_t		last = from_day;
	int			gap = 0;
	int			i;

	for (i = 0; i < series->n; i++)
	{
		gap = series->day[i] - last > gap ? series->day[i] - last : gap;
		last = series->day[i];
	}
	return to_day - last > gap ? to_day - last : gap;
}

/* Logits become probabilities; p->total holds them. */
static void
to_probabilities(CropPrepared *p)
{
	double		most = -INFINITY;
	double		sum = 0;
	int			i;

	for (i = 0; i < p->n_crops; i++)
	{
		/* A crop with no pattern of these days has no score. */
		p->total[i] = isfinite(p->score[i]) ? p->dates->slope[i] * p->score[i] + p->dates->intercept[i] : -1e300;
		most = fmax(most, p->total[i]);
	}
	for (i = 0; i < p->n_crops; i++)
		sum += p->total[i] = agr_exp(p->total[i] - most);
	for (i = 0; i < p->n_crops; i++)
		p->total[i] /= sum;
}

CropVerdict
crop_classify(CropPrepared *p, const Series *series, int32_t from_day, int32_t to_day)
{
	const CropOptions *options = &p->library->options;
	CropVerdict v = {CROP_CLASSIFIED, -1, -1, NAN, NAN, NAN, 0, 0, 0};
	const double *likeness;
	int			i;

	v.max_gap = longest_gap(series, from_day, to_day);
	if (series->n < options->min_observations)
	{
		v.reason = CROP_TOO_FEW;
		return v;
	}
	if (v.max_gap > options->max_gap)
	{
		v.reason = CROP_GAP;
		return v;
	}
	crop_scores(p, series, p->score, p->distance);
	if (options->method != CROP_PATTERNS)
		to_probabilities(p);
	likeness = options->method == CROP_PATTERNS ? p->score : p->total;
	for (i = 0; i < p->n_crops; i++)
		if (v.crop < 0 || likeness[i] > likeness[v.crop])
		{
			v.runner_up = v.crop;
			v.crop = i;
		}
		else if (v.runner_up < 0 || likeness[i] > likeness[v.runner_up])
			v.runner_up = i;
	v.distance = p->match[v.crop].distance;
	v.match_start = p->match[v.crop].start;
	v.match_end = p->match[v.crop].end;
	if (options->method == CROP_PATTERNS)
		return v;
	v.probability = p->total[v.crop];
	v.margin = v.runner_up < 0 ? v.probability : v.probability - p->total[v.runner_up];
	if (!(v.distance <= p->dates->reject[v.crop]))
		v.reason = CROP_UNLIKE;
	else if (v.margin < options->min_margin)
		v.reason = CROP_AMBIGUOUS;
	return v;
}
