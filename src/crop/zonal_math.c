/*
 * zonal_math.c
 *		Means of a raster's pixels over plots, by the exact share of each pixel's
 *		area that lies in a plot. Pure C.
 */
#include "crop/zonal_math.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Shares smaller than this part of a pixel, or of the plot if it is less, are rounding noise. */
#define SHARE_NOISE 1e-12

/* So few whole pixels between others are cheaper as shares of 1 than as a run of their own. */
#define SHORT_RUN 16

/* What an edge does to a pixel that it crosses, and to those right of it. */
typedef struct ZonalCrossing
{
	uint32_t	row;
	int32_t		column;			/* -1: left of the raster */
	uint32_t	number;			/* in the order of edges */
	double		behind;			/* part of the pixel right of the edge, with the edge's direction */
	double		height;			/* of the edge within the row, likewise */
} ZonalCrossing;

/* An edge in pixels, from its lower to its higher end. */
typedef struct Climb
{
	double		u0;
	double		v0;
	double		u1;
	double		v1;
	double		direction;		/* 1 where the edge climbs itself, -1 where it falls */
} Climb;

double
zonal_plot_pixels(const Polygonal *plot, const ZonalGrid *grid)
{
	return plot->area / fabs(grid->scale_x) / fabs(grid->scale_y);
}

/* ---- crossings ---- */

static void *
grow_array(ZonalScratch *scratch, int which, void *memory, size_t bytes)
{
	if (bytes <= scratch->room[which])
		return memory;
	scratch->room[which] = 2 * bytes + 1024;
	return scratch->grow(scratch->heap, memory, scratch->room[which]);
}

static void
add_crossing(ZonalScratch *scratch, uint32_t row, int32_t column, double behind, double height)
{
	ZonalCrossing *c;

	scratch->crossing = grow_array(scratch, 0, scratch->crossing,
								   (scratch->crossings + (size_t) 1) * sizeof *scratch->crossing);
	c = &scratch->crossing[scratch->crossings];
	c->row = row;
	c->column = column;
	c->number = scratch->crossings++;
	c->behind = behind;
	c->height = height;
	if (scratch->interrupt && scratch->crossings % 65536 == 0)
		scratch->interrupt();
}

static inline double
between(double low, double x, double high)
{
	return x < low ? low : x > high ? high : x;
}

/* Where the line from (a, at_a) to (b, at_b) is at x; its end where a = b. */
static inline double
interpolate(double a, double at_a, double b, double at_b, double x)
{
	if (x >= b)
		return at_b;
	if (x <= a)
		return at_a;
	return between(fmin(at_a, at_b), at_a + (x - a) / (b - a) * (at_b - at_a), fmax(at_a, at_b));
}

/*
 * The part of an edge within a row, from its left end (u, v) to its right end.
 * Pixels are cut off one after the other at their right sides.
 */
static void
cross_row(ZonalScratch *scratch, const ZonalGrid *grid, uint32_t row, double u, double v,
		  double right, double right_v, double direction)
{
	double		left = u,
				left_v = v;
	double		at = floor(u);

	if (u >= grid->width)
		return;
	if (u < 0)
	{
		double		next_v = interpolate(left, left_v, right, right_v, 0);

		add_crossing(scratch, row, -1, 0, direction * fabs(next_v - v));
		if (right <= 0)
			return;
		u = at = 0;
		v = next_v;
	}
	for (; at < grid->width; at++)
	{
		double		next = fmin(at + 1, right);
		double		next_v = interpolate(left, left_v, right, right_v, next);
		double		height = direction * fabs(next_v - v);

		add_crossing(scratch, row, (int32_t) at, (at + 1 - (u + next) / 2) * height, height);
		if (at + 1 >= right)
			return;
		u = next;
		v = next_v;
	}
}

static void
cross_rows(ZonalScratch *scratch, const ZonalGrid *grid, const Climb *e)
{
	double		last = fmin(e->v1, grid->height);
	double		row;

	for (row = floor(fmax(e->v0, 0)); row < last; row++)
	{
		double		v = fmax(e->v0, row);
		double		next_v = fmin(e->v1, row + 1);
		double		u = interpolate(e->v0, e->u0, e->v1, e->u1, v);
		double		next = interpolate(e->v0, e->u0, e->v1, e->u1, next_v);

		if (u <= next)
			cross_row(scratch, grid, (uint32_t) row, u, v, next, next_v, e->direction);
		else
			cross_row(scratch, grid, (uint32_t) row, next, next_v, u, v, e->direction);
	}
}

/*
 * An edge from its lower end, so that two plots that share it have the same
 * points on it.
 */
static void
cross_edge(ZonalScratch *scratch, const ZonalGrid *grid, Vertex p, Vertex q)
{
	Climb		e = {(p.x - grid->corner_x) / grid->scale_x, (p.y - grid->corner_y) / grid->scale_y,
		(q.x - grid->corner_x) / grid->scale_x, (q.y - grid->corner_y) / grid->scale_y, 1};

	if (e.v0 > e.v1)
	{
		Climb		turned = {e.u1, e.v1, e.u0, e.v0, -1};

		e = turned;
	}
	if (e.v0 == e.v1 || e.v1 <= 0 || e.v0 >= grid->height || fmin(e.u0, e.u1) >= grid->width)
		return;
	cross_rows(scratch, grid, &e);
}

static int
compare_crossings(const void *a, const void *b)
{
	const ZonalCrossing *c = a;
	const ZonalCrossing *d = b;

	if (c->row != d->row)
		return c->row < d->row ? -1 : 1;
	if (c->column != d->column)
		return c->column < d->column ? -1 : 1;
	return (c->number > d->number) - (c->number < d->number);
}

/* ---- coverage ---- */

static ZonalRun *
add_run(ZonalScratch *scratch, uint32_t at, uint32_t pixels, uint32_t share)
{
	ZonalCoverage *coverage = &scratch->coverage;
	ZonalRun   *run;

	coverage->run = grow_array(scratch, 1, coverage->run, (coverage->runs + (size_t) 1) * sizeof *coverage->run);
	run = &coverage->run[coverage->runs++];
	run->at = at;
	run->pixels = pixels;
	run->share = share;
	return run;
}

/* A pixel that is covered in part; those that follow each other are one run. */
static void
add_share(ZonalScratch *scratch, uint32_t at, double share)
{
	ZonalCoverage *coverage = &scratch->coverage;
	ZonalRun   *last = coverage->runs > 0 ? &coverage->run[coverage->runs - 1] : NULL;

	coverage->share = grow_array(scratch, 2, coverage->share,
								 (coverage->shares + (size_t) 1) * sizeof *coverage->share);
	if (last && last->share != ZONAL_WHOLE && last->at + last->pixels == at)
		last->pixels++;
	else
		add_run(scratch, at, 1, coverage->shares);
	coverage->share[coverage->shares++] = share;
}

/*
 * Pixels of a row that no edge crosses, but perhaps one along the row. They are
 * covered alike: whole, or not at all, or below or above that edge.
 */
static double
fill_gap(ZonalScratch *scratch, uint32_t at, uint32_t pixels, double share)
{
	uint32_t	i;

	if (share <= SHARE_NOISE)
		return 0;
	if (share > 1 - SHARE_NOISE)
	{
		share = 1;
		if (pixels > SHORT_RUN)
		{
			add_run(scratch, at, pixels, ZONAL_WHOLE);
			return pixels;
		}
	}
	for (i = 0; i < pixels; i++)
		add_share(scratch, at + i, share);
	return pixels * share;
}

/*
 * Sums up a row, whose crossings are in the order of columns; returns the
 * pixels covered.
 */
static double
sum_row(ZonalScratch *scratch, const ZonalGrid *grid, const ZonalCrossing *c, const ZonalCrossing *end,
		double sign, double noise)
{
	uint32_t	row_at = c->row * grid->width;
	double		winding = 0;	/* of what lies behind all edges so far */
	double		pixels = 0;

	while (c < end)
	{
		int32_t		column = c->column;
		int32_t		next;
		double		behind = 0;
		double		height = 0;

		for (; c < end && c->column == column; c++)
		{
			behind += c->behind;
			height += c->height;
		}
		if (column >= 0)
		{
			double		share = fmin(sign * (winding + behind), 1);

			if (share > noise)
			{
				add_share(scratch, row_at + column, share);
				pixels += share;
			}
		}
		winding += height;
		next = c < end ? c->column : (int32_t) grid->width;
		if (next > column + 1)
			pixels += fill_gap(scratch, row_at + (column + 1), next - (column + 1), sign * winding);
	}
	return pixels;
}

void
zonal_cover(const Polygonal *plot, const ZonalGrid *grid, ZonalScratch *scratch)
{
	double		noise = SHARE_NOISE * fmin(1, zonal_plot_pixels(plot, grid));
	const ZonalCrossing *c,
			   *next,
			   *end;
	double		sign;
	uint32_t	r,
				i;

	scratch->crossings = scratch->coverage.runs = scratch->coverage.shares = 0;
	scratch->coverage.pixels = 0;
	for (r = 0; r < plot->rings; r++)
		for (i = plot->ring[r]; i + 1 < plot->ring[r + 1]; i++)
			cross_edge(scratch, grid, plot->point[i], plot->point[i + 1]);

	/* What winds positively on the map does so in pixels, unless one axis is turned round. */
	sign = (grid->scale_x > 0) == (grid->scale_y > 0) ? -1 : 1;
	if (scratch->crossings == 0)
		return;
	qsort(scratch->crossing, scratch->crossings, sizeof *scratch->crossing, compare_crossings);
	end = scratch->crossing + scratch->crossings;
	for (c = scratch->crossing; c < end; c = next)
	{
		for (next = c + 1; next < end && next->row == c->row;)
			next++;
		scratch->coverage.pixels += sum_row(scratch, grid, c, next, sign, noise);
	}
}

/* ---- pixels ---- */

static bool
is_masked(const ZonalScene *scene, double value)
{
	uint32_t	i;

	for (i = 0; i < scene->mask_values; i++)
		if (value == scene->mask_value[i])
			return true;
	return false;
}

static void
read_image(const ZonalScene *scene, const ZonalImage *image, uint32_t at, uint32_t pixels,
		   double *value, bool *clear)
{
	uint32_t	b,
				i;

	for (i = 0; i < pixels; i++)
		clear[i] = true;
	if (scene->has_mask)
	{
		raster_read_pixels(&image->mask, at, pixels, value, clear);
		for (i = 0; i < pixels; i++)
			clear[i] = clear[i] && !is_masked(scene, value[i]);
	}
	for (b = 0; b < scene->bands; b++)
		raster_read_pixels(&image->band[b], at, pixels, value + b * ZONAL_CHUNK, clear);
}

/* Whether pixel i is better at `a` than at `b`, 1 or -1; 0 where they are alike. */
static int
compare_pixels(uint32_t bands, const double *a, bool a_clear, const double *b, bool b_clear, uint32_t i)
{
	uint32_t	k;

	if (a_clear != b_clear)
		return a_clear ? 1 : -1;
	for (k = 0; a_clear && k < bands; k++)
	{
		double		x = a[k * ZONAL_CHUNK + i];
		double		y = b[k * ZONAL_CHUNK + i];

		if (x != y)
			return x > y ? 1 : -1;
	}
	return 0;
}

void
zonal_read(const ZonalScene *scene, uint32_t at, uint32_t pixels, bool *clear)
{
	double	   *other = scene->value + scene->bands * ZONAL_CHUNK;
	bool		other_clear[ZONAL_CHUNK];
	uint32_t	m,
				b,
				i;

	read_image(scene, &scene->image[0], at, pixels, scene->value, clear);
	for (m = 1; m < scene->images; m++)
	{
		read_image(scene, &scene->image[m], at, pixels, other, other_clear);
		for (i = 0; i < pixels; i++)
			if (compare_pixels(scene->bands, other, other_clear[i], scene->value, clear[i], i) > 0)
			{
				clear[i] = other_clear[i];
				for (b = 0; b < scene->bands; b++)
					scene->value[b * ZONAL_CHUNK + i] = other[b * ZONAL_CHUNK + i];
			}
	}
}

void
zonal_contest(const ZonalScene *scene, uint32_t at, const ZonalScene *other, uint32_t other_at,
			  uint32_t pixels, bool other_is_first, bool *taken)
{
	bool		clear[ZONAL_CHUNK];
	bool		other_clear[ZONAL_CHUNK];
	uint32_t	count,
				i;

	for (; pixels > 0; pixels -= count, at += count, other_at += count, taken += count)
	{
		count = pixels < ZONAL_CHUNK ? pixels : ZONAL_CHUNK;
		zonal_read(scene, at, count, clear);
		zonal_read(other, other_at, count, other_clear);
		for (i = 0; i < count; i++)
			if (compare_pixels(scene->bands, other->value, other_clear[i], scene->value, clear[i], i) >= (other_is_first ? 0 : 1))
				taken[i] = true;
	}
}

/* ---- sums ---- */

/*
 * Sums in four parts that do not wait for each other. Which term goes to which
 * part is fixed, and so are the bits.
 */
static double
sum_weights(const double *weight, uint32_t pixels)
{
	double		p = 0,
				q = 0,
				r = 0,
				s = 0;
	uint32_t	i;

	for (i = 0; i + 4 <= pixels; i += 4)
	{
		p += weight[i];
		q += weight[i + 1];
		r += weight[i + 2];
		s += weight[i + 3];
	}
	for (; i < pixels; i++)
		p += weight[i];
	return (p + q) + (r + s);
}

static double
sum_products(const double *weight, const double *value, uint32_t pixels)
{
	double		p = 0,
				q = 0,
				r = 0,
				s = 0;
	uint32_t	i;

	for (i = 0; i + 4 <= pixels; i += 4)
	{
		p += weight[i] * value[i];
		q += weight[i + 1] * value[i + 1];
		r += weight[i + 2] * value[i + 2];
		s += weight[i + 3] * value[i + 3];
	}
	for (; i < pixels; i++)
		p += weight[i] * value[i];
	return (p + q) + (r + s);
}

/* At most ZONAL_CHUNK pixels; those that do not count lose their weight. */
static void
add_chunk(const ZonalScene *scene, uint32_t at, uint32_t pixels, double *weight, double min_coverage,
		  ZonalSums *sums, double *sum)
{
	bool		clear[ZONAL_CHUNK];
	bool		all_clear = true;
	double		weights;
	uint32_t	b,
				i;

	for (i = 0; scene->elsewhere && i < pixels; i++)
		weight[i] = scene->elsewhere[at + i] ? 0 : weight[i];
	weights = sum_weights(weight, pixels);
	sums->inside += weights;
	if (min_coverage > 0)
	{
		for (i = 0; i < pixels; i++)
			weight[i] = weight[i] < min_coverage ? 0 : weight[i];
		weights = sum_weights(weight, pixels);
	}
	sums->covered += weights;
	zonal_read(scene, at, pixels, clear);
	for (i = 0; i < pixels; i++)
		all_clear &= clear[i];
	if (!all_clear)
	{
		for (i = 0; i < pixels; i++)
			weight[i] = clear[i] ? weight[i] : 0;
		weights = sum_weights(weight, pixels);
	}
	sums->clear += weights;
	for (b = 0; b < scene->bands && weights > 0; b++)
		sum[b] += sum_products(weight, scene->value + b * ZONAL_CHUNK, pixels);
}

void
zonal_add(const ZonalCoverage *coverage, const ZonalScene *scene, double min_coverage,
		  ZonalSums *sums, double *sum)
{
	double		weight[ZONAL_CHUNK];
	uint32_t	r,
				from,
				count,
				i;

	for (r = 0; r < coverage->runs; r++)
	{
		const ZonalRun *run = &coverage->run[r];

		for (from = 0; from < run->pixels; from += count)
		{
			count = run->pixels - from < ZONAL_CHUNK ? run->pixels - from : ZONAL_CHUNK;
			if (run->share == ZONAL_WHOLE)
				for (i = 0; i < count; i++)
					weight[i] = 1;
			else
				memcpy(weight, coverage->share + run->share + from, count * sizeof *weight);
			add_chunk(scene, run->at + from, count, weight, min_coverage, sums, sum);
		}
	}
}
