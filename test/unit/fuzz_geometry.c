/*
 * fuzz_geometry.c
 *		Any bytes as a geometry, as PostGIS stores it or as WKB.
 *		FUZZ_SECONDS=300 bin/check fuzz geometry runs it for longer.
 *
 * The first byte says which: odd is WKB.
 */
#include "land/geometry_math.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

extern int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is read fits into the room that was measured, is finite and within its extent. */
static bool
is_whole(const Polygonal *shape, const GeometryInfo *info)
{
	uint32_t	r,
				i;

	if (shape->points > info->points || shape->rings > info->rings || !isfinite(shape->area) ||
		!(shape->area_noise >= 0) || shape->ring[0] != 0 || shape->ring[shape->rings] != shape->points)
		return false;
	for (r = 0; r < shape->rings; r++)
	{
		if (shape->ring[r] > shape->ring[r + 1])
			return false;
		for (i = shape->ring[r]; i < shape->ring[r + 1]; i++)
			if (!extent_holds(&shape->extent, shape->point[i]))
				return false;
	}
	return true;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	GeometryForm form;
	GeometryInfo info;
	uint8_t    *bytes;

	if (size == 0)
		return 0;
	form = data[0] & 1 ? GEOMETRY_WKB : GEOMETRY_SERIALIZED;
	/* A copy of its own, aligned as the server's, so that reading past the end is seen. */
	size--;
	bytes = malloc(size > 0 ? size : 1);
	memcpy(bytes, data + 1, size);
	if (geometry_measure(form, bytes, size, &info) == GEOMETRY_OK)
	{
		void	   *memory = malloc(polygonal_size(info.points, info.rings));
		GeometryStatus status = geometry_decode(form, bytes, size, &info, memory);

		if (status == GEOMETRY_DAMAGED || (status == GEOMETRY_OK && !is_whole(memory, &info)))
			abort();
		free(memory);
	}
	free(bytes);
	return 0;
}
