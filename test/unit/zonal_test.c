/*
 * zonal_test.c
 *		Coverage of pixels and means over them, against polygons clipped to each
 *		pixel in quadruple precision.
 */
#include "crop/zonal_math.h"
#include "drawing.h"
#include "tap.h"

#include <math.h>

#define MAX_PIXELS 4096

/* ---- the oracle: every ring clipped to every pixel ---- */

typedef struct QuadPoint
{
	_Float128	x;
	_Float128	y;
} QuadPoint;

/* Keeps what lies on one side of a line x = at or y = at (Sutherland and Hodgman 1974). */
static int
clip(const QuadPoint *in, int n, QuadPoint *out, bool along_x, _Float128 at, int side)
{
	int			kept = 0;
	int			i;

	for (i = 0; i < n; i++)
	{
		QuadPoint	p = in[i];
		QuadPoint	q = in[(i + 1) % n];
		_Float128	a = side * ((along_x ? p.x : p.y) - at);
		_Float128	b = side * ((along_x ? q.x : q.y) - at);

		if (a >= 0)
			out[kept++] = p;
		if ((a > 0 && b < 0) || (a < 0 && b > 0))
		{
			out[kept].x = p.x + (q.x - p.x) * (a / (a - b));
			out[kept].y = p.y + (q.y - p.y) * (a / (a - b));
			kept++;
		}
	}
	return kept;
}

static _Float128
ring_area_in_box(const Vertex *v, int n, _Float128 x0, _Float128 y0, _Float128 x1, _Float128 y1)
{
	static QuadPoint one[2 * MAX_POINTS],
				other[2 * MAX_POINTS];
	_Float128	twice = 0;
	int			i;

	for (i = 0; i < n; i++)
	{
		one[i].x = v[i].x;
		one[i].y = v[i].y;
	}
	n = clip(one, n, other, true, x0, 1);
	n = clip(other, n, one, true, x1, -1);
	n = clip(one, n, other, false, y0, 1);
	n = clip(other, n, one, false, y1, -1);
	for (i = 0; i < n; i++)
		twice += (one[i].x - x0) * (one[(i + 1) % n].y - y0) - (one[(i + 1) % n].x - x0) * (one[i].y - y0);
	return twice < 0 ? -twice / 2 : twice / 2;
}

static _Float128
expected_share(const Drawing *d, const ZonalGrid *grid, uint32_t column, uint32_t row)
{
	_Float128	x0 = grid->corner_x + (_Float128) column * grid->scale_x;
	_Float128	y0 = grid->corner_y + (_Float128) row * grid->scale_y;
	_Float128	x1 = x0 + grid->scale_x;
	_Float128	y1 = y0 + grid->scale_y;
	_Float128	area = 0;
	int			r;

	for (r = 0; r < d->rings; r++)
	{
		_Float128	ring = ring_area_in_box(d->v + d->start[r], d->start[r + 1] - d->start[r] - 1,
											x0 < x1 ? x0 : x1, y0 < y1 ? y0 : y1, x0 < x1 ? x1 : x0, y0 < y1 ? y1 : y0);

		area += d->hole[r] ? -ring : ring;
	}
	area /= ((_Float128) grid->scale_x * grid->scale_y);
	return area < 0 ? -area : area;
}

/* ---- coverage ---- */

static void *
grow(void *heap, void *memory, size_t bytes)
{
	(void) heap;
	return realloc(memory, bytes);
}

static ZonalScratch scratch = {grow};

/* The shares that a coverage gives each pixel; false where one is given twice or outside. */
static bool
spread(const ZonalCoverage *coverage, const ZonalGrid *grid, double *share)
{
	uint32_t	r,
				i;

	memset(share, 0, MAX_PIXELS * sizeof *share);
	for (r = 0; r < coverage->runs; r++)
		for (i = 0; i < coverage->run[r].pixels; i++)
		{
			uint32_t	at = coverage->run[r].at + i;

			if (at >= grid->width * grid->height || share[at] != 0)
				return false;
			share[at] = coverage->run[r].share == ZONAL_WHOLE ? 1 : coverage->share[coverage->run[r].share + i];
			if (!(share[at] > 0 && share[at] <= 1))
				return false;
		}
	return true;
}

/* The largest difference of a share from what it should be; infinite where the coverage is none. */
static double
worst_share(const Drawing *d, const ZonalGrid *grid)
{
	static double share[MAX_PIXELS];
	Polygonal  *plot = prepare(d);
	double		worst = 0;
	uint32_t	i;

	zonal_cover(plot, grid, &scratch);
	free(plot);
	if (!spread(&scratch.coverage, grid, share))
		return INFINITY;
	for (i = 0; i < grid->width * grid->height; i++)
	{
		double		expected = (double) expected_share(d, grid, i % grid->width, i / grid->width);

		worst = fmax(worst, fabs(share[i] - expected));
	}
	return worst;
}

/* A star around a place, which does not cross itself; with a smaller one of the same form as its hole. */
static void
draw_star(Drawing *d, double x, double y, double radius, int corners, double snap, bool with_hole)
{
	/* Directions without the C library's sine: on a diamond. */
	double		reach[256];
	int			ring,
				i;

	for (i = 0; i < corners; i++)
		reach[i] = uniform(0.3, 1) * radius;
	for (ring = 0; ring <= with_hole; ring++)
	{
		begin_ring(d);
		for (i = 0; i < corners; i++)
		{
			double		t = 4.0 * i / corners;
			double		c = t < 2 ? 1 - t : t - 3;
			double		s = t < 1 ? t : t < 3 ? 2 - t : t - 4;
			double		px = x + c * reach[i] * (ring ? 0.5 : 1);
			double		py = y + s * reach[i] * (ring ? 0.5 : 1);

			draw(d, snap > 0 ? rint(px / snap) * snap : px, snap > 0 ? rint(py / snap) * snap : py);
		}
		end_ring(d, ring);
	}
}

static const ZonalGrid grids[] = {
	{0, 0, 1, 1, 16, 12},
	{465181.05, 5080254.63, 10, -10, 20, 17},
	{-7.25, 3.5, -0.5, 0.75, 13, 9},
	{1e6, -2e6, 30, -20, 1, 8},
	{113.125, 34.5, 0.000269494585235856, -0.000269494585235856, 24, 24},
};

static void
test_random_plots(double snap, bool with_hole, const char *what)
{
	static Drawing d;
	double		worst = 0;
	size_t		g;
	int			i;

	for (g = 0; g < sizeof grids / sizeof *grids; g++)
		for (i = 0; i < 40; i++)
		{
			const ZonalGrid *grid = &grids[g];
			double		pixel = fmax(fabs(grid->scale_x), fabs(grid->scale_y));
			double		radius = pixel * (below(3) == 0 ? uniform(0.05, 1) : uniform(1, 15));
			Place		at = place_within(-3, grid->width + 3, -3, grid->height + 3);

			begin_drawing(&d);
			draw_star(&d, grid->corner_x + at.x * grid->scale_x, grid->corner_y + at.y * grid->scale_y,
					  radius, 3 + (int) below(40), snap * pixel, with_hole);
			worst = fmax(worst, worst_share(&d, grid));
		}
	ok_figure(worst < 1e-13, what, worst);
}

/* On sides and corners of pixels, where every decision is a tie. */
static void
test_aligned(void)
{
	static Drawing d;
	const ZonalGrid *grid = &grids[0];
	double		worst = 0;
	int			i;

	for (i = 0; i < 400; i++)
	{
		Place		low = place_below(16);
		Place		size = place_below(9);
		double		half = below(2) * 0.5;

		begin_drawing(&d);
		draw_box(&d, low.x - 2, low.y - 2 + half, low.x - 1 + size.x, low.y - 1 + size.y, false);
		begin_ring(&d);
		draw(&d, low.x + size.x, low.y);
		draw(&d, low.x + size.x + 4, low.y + 4);
		draw(&d, low.x + size.x, low.y + 8);
		draw(&d, low.x + size.x, low.y + 3);
		end_ring(&d, false);
		worst = fmax(worst, worst_share(&d, grid));
	}
	ok_figure(worst < 1e-15, "plots along the sides and corners of pixels", worst);
}

/* Plots that share an edge cover each pixel as one, whichever way round they are listed. */
static void
test_neighbours(void)
{
	static Drawing d;
	static double share[2][MAX_PIXELS];
	const ZonalGrid *grid = &grids[1];
	bool		good = true;
	int			i,
				side;
	uint32_t	p;

	for (i = 0; i < 50; i++)
	{
		Place		a = place_within(grid->corner_x - 20, grid->corner_x + 220, grid->corner_y - 190, grid->corner_y + 20);
		Place		b = place_within(grid->corner_x - 20, grid->corner_x + 220, grid->corner_y - 190, grid->corner_y + 20);

		for (side = 0; side < 2; side++)
		{
			double		far = side ? grid->corner_x - 1000 : grid->corner_x + 1000;
			Polygonal  *plot;

			begin_drawing(&d);
			begin_ring(&d);
			draw(&d, a.x, a.y);
			draw(&d, b.x, b.y);
			draw(&d, far, b.y);
			draw(&d, far, a.y);
			end_ring(&d, false);
			plot = prepare(&d);
			zonal_cover(plot, grid, &scratch);
			good = good && spread(&scratch.coverage, grid, share[side]);
			free(plot);
		}
		for (p = 0; p < grid->width * grid->height; p++)
		{
			double		row = p / grid->width;
			double		low = fmin(a.y, b.y),
						high = fmax(a.y, b.y);
			double		top = fmin(grid->corner_y - 10 * row, high);
			double		bottom = fmax(grid->corner_y - 10 * (row + 1), low);

			good = good && fabs(share[0][p] + share[1][p] - fmax(0, top - bottom) / 10) < 1e-12;
		}
	}
	ok(good, "two plots that share an edge share out each pixel");
}

/* The same rings from another corner and in the other direction. */
static void
test_listing(void)
{
	static Drawing d,
				turned;
	bool		same = true;
	int			i,
				k,
				r;

	for (i = 0; i < 100; i++)
	{
		const ZonalGrid *grid = &grids[1];
		Polygonal  *plot;
		ZonalCoverage first;
		double	   *share;
		ZonalRun   *run;

		begin_drawing(&d);
		draw_star(&d, grid->corner_x + 90, grid->corner_y - 80, 100, 5 + (int) below(30), 0, true);
		begin_drawing(&turned);
		for (r = 0; r < d.rings; r++)
		{
			int			n = d.start[r + 1] - d.start[r] - 1;
			int			start = (int) below(n);
			int			step = below(2) ? 1 : -1;

			begin_ring(&turned);
			for (k = 0; k < n; k++)
			{
				Vertex		v = cycle_point(d.v + d.start[r], n, start, step, k);

				draw(&turned, v.x, v.y);
			}
			end_ring(&turned, d.hole[r]);
		}
		plot = prepare(&d);
		zonal_cover(plot, grid, &scratch);
		free(plot);
		first = scratch.coverage;
		run = memcpy(malloc(first.runs * sizeof *run + 1), first.run, first.runs * sizeof *run);
		share = memcpy(malloc(first.shares * sizeof *share + 1), first.share, first.shares * sizeof *share);
		plot = prepare(&turned);
		zonal_cover(plot, grid, &scratch);
		free(plot);
		same = same && scratch.coverage.runs == first.runs && scratch.coverage.shares == first.shares &&
			memcmp(scratch.coverage.run, run, first.runs * sizeof *run) == 0 &&
			memcmp(scratch.coverage.share, share, first.shares * sizeof *share) == 0;
		free(run);
		free(share);
	}
	ok(same, "a ring from another corner or in the other direction gives the same bits");
}

/* Pixels covered whole cost no share each, and a plot far outside costs nothing. */
static void
test_large(void)
{
	static Drawing d;
	ZonalGrid	grid = {0, 0, 1, -1, 60000, 60000};
	Polygonal  *plot;

	begin_drawing(&d);
	draw_box(&d, 10.5, -50000.25, 59000.5, -20.5, false);
	draw_box(&d, 100, -2000, 2000, -1000, true);
	plot = prepare(&d);
	zonal_cover(plot, &grid, &scratch);
	ok(fabs(scratch.coverage.pixels - plot->area) < 1e-6 * 1e-6 * plot->area &&
	   scratch.coverage.runs < 5 * 50000 && scratch.coverage.shares < 4 * 110000, "a plot of billions of pixels is held by its border");
	free(plot);
	begin_drawing(&d);
	draw_box(&d, 70000, -10, 80000, -5, false);
	draw_box(&d, -1e100, 1, 1e100, 1e100, false);
	plot = prepare(&d);
	zonal_cover(plot, &grid, &scratch);
	ok(scratch.coverage.runs == 0, "a plot outside covers nothing");
	free(plot);
	begin_drawing(&d);
	draw_box(&d, -1e100, -1e100, 1e100, 1e100, false);
	plot = prepare(&d);
	grid.width = grid.height = 30;
	zonal_cover(plot, &grid, &scratch);
	ok(scratch.coverage.pixels == 900 && scratch.coverage.shares == 0, "a plot around the raster covers all of it whole");
	free(plot);
}

/* ---- means ---- */

/* Pixels of 16 bits with NODATA -1, in the machine's order. */
static int16_t pixels[3][MAX_PIXELS];

static RasterBand
band_of(int16_t *pixel)
{
	RasterBand	band = {5, false, true, false, -1, (const uint8_t *) pixel};

	return band;
}

static void
fill_pixels(void)
{
	int			b,
				i;

	for (b = 0; b < 3; b++)
		for (i = 0; i < MAX_PIXELS; i++)
			pixels[b][i] = (int16_t) (b == 2 ? below(3) : below(9) == 0 ? -1 : below(10000));
}

static void
test_means(void)
{
	static Drawing d;
	static double room[4 * ZONAL_CHUNK];
	double		mask_value[] = {1, 7};
	double		worst = 0;
	bool		right = true;
	int			i;

	for (i = 0; i < 200; i++)
	{
		const ZonalGrid *grid = &grids[i % 3];
		double		min_coverage = below(2) * 0.5;
		RasterBand	band[2] = {band_of(pixels[0]), band_of(pixels[1])};
		ZonalImage	image = {band, band_of(pixels[2])};
		ZonalScene	scene = {&image, 1, 2, true, mask_value, 2, room, NULL};
		ZonalSums	sums = {0, 0, 0};
		double		sum[2] = {0, 0};
		_Float128	inside = 0,
					covered = 0,
					clear = 0,
					expected[2] = {0, 0};
		Place		at = place_within(-3, grid->width + 3, -3, grid->height + 3);
		double		radius = uniform(0.2, 12) * fabs(grid->scale_x);
		int			corners = 3 + (int) below(20);
		bool		with_hole = below(2);
		Polygonal  *plot;
		uint32_t	p;
		int			b;

		begin_drawing(&d);
		draw_star(&d, grid->corner_x + at.x * grid->scale_x, grid->corner_y + at.y * grid->scale_y,
				  radius, corners, 0, with_hole);
		plot = prepare(&d);
		zonal_cover(plot, grid, &scratch);
		free(plot);
		zonal_add(&scratch.coverage, &scene, min_coverage, &sums, sum);
		for (p = 0; p < grid->width * grid->height; p++)
		{
			_Float128	share = expected_share(&d, grid, p % grid->width, p / grid->width);

			inside += share;
			if (share < min_coverage)
				continue;
			covered += share;
			if (pixels[2][p] == 1 || pixels[0][p] == -1 || pixels[1][p] == -1)
				continue;
			clear += share;
			for (b = 0; b < 2; b++)
				expected[b] += share * pixels[b][p];
		}
		right = right && (sums.clear > 0) == (clear > 1e-12);
		worst = fmax(worst, fabs(sums.inside - (double) inside));
		worst = fmax(worst, fabs(sums.covered - (double) covered));
		worst = fmax(worst, fabs(sums.clear - (double) clear));
		for (b = 0; b < 2 && clear > 1e-12; b++)
			worst = fmax(worst, fabs(sum[b] / sums.clear / (double) (expected[b] / clear) - 1));
		printf("# %a %a %a %a\n", sums.inside, sums.clear, sum[0], sum[1]);
	}
	ok(right, "a plot without clear pixels has none");
	ok_figure(worst < 1e-12, "sums and means over clear pixels", worst);
}

/* Two images of one grid, in either order, and as scenes that take pixels from each other. */
static void
test_contest(void)
{
	static double room[4 * ZONAL_CHUNK],
				other_room[4 * ZONAL_CHUNK];
	double		mask_value = 1;
	RasterBand	band[2] = {band_of(pixels[0]), band_of(pixels[1])};
	ZonalImage	image[2] = {{&band[0], band_of(pixels[2])}, {&band[1], band_of(pixels[2] + 2000)}};
	ZonalImage	turned[2] = {image[1], image[0]};
	ZonalScene	scene = {image, 2, 1, true, &mask_value, 1, room, NULL};
	ZonalScene	same = {turned, 2, 1, true, &mask_value, 1, other_room, NULL};
	ZonalScene	first = {image, 1, 1, true, &mask_value, 1, room, NULL};
	ZonalScene	second = {turned, 1, 1, true, &mask_value, 1, other_room, NULL};
	bool		clear[ZONAL_CHUNK],
				same_clear[ZONAL_CHUNK];
	static bool taken[2][2000];
	bool		good = true;
	uint32_t	at,
				i;

	zonal_contest(&first, 0, &second, 0, 2000, false, taken[0]);
	zonal_contest(&second, 0, &first, 0, 2000, true, taken[1]);
	for (at = 0; at < 1920; at += ZONAL_CHUNK)
	{
		zonal_read(&scene, at, ZONAL_CHUNK, clear);
		zonal_read(&same, at, ZONAL_CHUNK, same_clear);
		for (i = 0; i < ZONAL_CHUNK; i++)
		{
			int			a = pixels[0][at + i],
						b = pixels[1][at + i];
			bool		a_clear = a != -1 && pixels[2][at + i] != 1,
						b_clear = b != -1 && pixels[2][at + i + 2000] != 1;
			bool		second_has = b_clear && (!a_clear || b > a);

			good = good && clear[i] == (a_clear || b_clear) && same_clear[i] == clear[i];
			if (clear[i])
				good = good && room[i] == (second_has ? b : a) && other_room[i] == room[i];
			good = good && taken[0][at + i] == second_has && taken[1][at + i] == !second_has;
		}
	}
	ok(good, "of two images each pixel counts once: clear before cloudy, then the greater");
}

int
main(void)
{
	test_random_plots(0, false, "random plots");
	test_random_plots(0, true, "random plots with a hole");
	test_random_plots(0.25, false, "random plots with corners on sides of pixels");
	test_aligned();
	test_neighbours();
	test_listing();
	test_large();
	fill_pixels();
	test_means();
	test_contest();
	return done_testing();
}
