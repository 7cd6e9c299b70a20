/*
 * fuzz_geometry.c
 *		Any bytes as a geometry as PostGIS stores it or, where the first is odd,
 *		as WKB.
 */
#include "core/geometry/geometry_math.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

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

static bool
holds(const uint8_t *bytes, size_t size)
{
	GeometryForm form;
	GeometryInfo info;
	uint8_t    *aligned;
	bool		good = true;

	if (size == 0)
		return true;
	form = bytes[0] & 1 ? GEOMETRY_WKB : GEOMETRY_SERIALIZED;
	/* The server aligns what it gives; the first byte is ours. */
	size--;
	aligned = malloc(size > 0 ? size : 1);
	memcpy(aligned, bytes + 1, size);
	if (geometry_measure(form, aligned, size, &info) == GEOMETRY_OK)
	{
		void	   *memory = malloc(polygonal_size(info.points, info.rings));
		GeometryStatus status = geometry_decode(form, aligned, size, &info, memory);

		good = status != GEOMETRY_DAMAGED && (status != GEOMETRY_OK || is_whole(memory, &info));
		free(memory);
	}
	free(aligned);
	return good;
}

#define FUZZ_HOLDS(bytes, size) holds(bytes, size)
#include "fuzz.h"
