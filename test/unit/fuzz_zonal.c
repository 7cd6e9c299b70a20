/*
 * fuzz_zonal.c
 *		Any doubles as a grid and a ring, or any bytes as a ring on eighths of
 *		pixels: every pixel is covered once at most, and by a share from 0 to 1.
 */
#include "crop/zonal_math.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MAX_SIDE 48

static void *
grow(void *heap, void *memory, size_t bytes)
{
	(void) heap;
	return realloc(memory, bytes);
}

static bool
is_coverage(const ZonalCoverage *coverage, const ZonalGrid *grid)
{
	uint64_t	next = 0;
	uint32_t	shares = 0;
	double		pixels = 0;
	uint32_t	r,
				i;

	for (r = 0; r < coverage->runs; r++)
	{
		const ZonalRun *run = &coverage->run[r];

		if (run->at < next || run->pixels == 0)
			return false;
		next = (uint64_t) run->at + run->pixels;
		if (run->share == ZONAL_WHOLE)
		{
			pixels += run->pixels;
			continue;
		}
		if (run->share != shares)
			return false;
		for (i = 0; i < run->pixels; i++, shares++)
		{
			if (!(coverage->share[shares] > 0 && coverage->share[shares] <= 1))
				return false;
			pixels += coverage->share[shares];
		}
	}
	return next <= (uint64_t) grid->width * grid->height && shares == coverage->shares &&
		fabs(pixels - coverage->pixels) <= 1e-9 * (pixels + 1);
}

static bool
covers(const ZonalGrid *grid, const Vertex *vertex, size_t n)
{
	static ZonalScratch scratch = {grow};
	Polygonal  *plot = polygonal_begin(malloc(polygonal_size(n + 1, 1)), (uint32_t) n + 1, 1);
	Vertex	   *v = polygonal_room(plot);
	Vertex		culprit;
	bool		good = true;

	memcpy(v, vertex, n * sizeof(Vertex));
	v[n] = v[0];
	if (polygonal_end_ring(plot, (uint32_t) n + 1, false, &culprit) == POLYGONAL_OK)
	{
		polygonal_finish(plot);
		zonal_cover(plot, grid, &scratch);
		good = is_coverage(&scratch.coverage, grid);
	}
	free(plot);
	return good;
}

static bool
holds(const uint8_t *bytes, size_t size)
{
	static Vertex vertex[4096];
	ZonalGrid	grid = {0, 0, 1, -1, 0, 0};
	size_t		n,
				i;

	if (size < 8)
		return true;
	grid.width = bytes[0] % MAX_SIDE + 1;
	grid.height = bytes[1] % MAX_SIDE + 1;
	if (bytes[0] & 0x80)
	{
		n = (size - 2) / 2 < 4096 ? (size - 2) / 2 : 4096;
		for (i = 0; i < n; i++)
		{
			vertex[i].x = (int8_t) bytes[2 + 2 * i] * 0.125;
			vertex[i].y = (int8_t) bytes[3 + 2 * i] * 0.125;
		}
		return covers(&grid, vertex, n);
	}
	if (size < 34 + 3 * sizeof(Vertex))
		return true;
	memcpy(&grid.corner_x, bytes + 2, 32);
	n = (size - 34) / sizeof(Vertex) < 4096 ? (size - 34) / sizeof(Vertex) : 4096;
	memcpy(vertex, bytes + 34, n * sizeof(Vertex));
	return !(fabs(grid.corner_x) <= COORDINATE_MAX && fabs(grid.corner_y) <= COORDINATE_MAX &&
			 fabs(grid.scale_x) >= COORDINATE_MIN && fabs(grid.scale_x) <= COORDINATE_MAX &&
			 fabs(grid.scale_y) >= COORDINATE_MIN && fabs(grid.scale_y) <= COORDINATE_MAX) ||
		covers(&grid, vertex, n);
}

#define FUZZ_HOLDS(bytes, size) holds(bytes, size)
#include "fuzz.h"
