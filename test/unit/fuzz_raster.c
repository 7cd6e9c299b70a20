/*
 * fuzz_raster.c
 *		Any bytes as a raster as PostGIS stores it or, where the first is odd, as
 *		WKB.
 */
#include "crop/raster_math.h"

#include <math.h>

/* All pixels of a band that is found can be read, and what is known of them is finite. */
static bool
is_whole(const RasterBand *band, const RasterHead *head)
{
	uint32_t	pixels = head->width * head->height;
	uint32_t	at;

	for (at = 0; at < pixels; at++)
	{
		double		value;
		bool		known = true;

		raster_read_pixels(band, at, 1, &value, &known);
		if (known && !isfinite(value))
			return false;
	}
	return true;
}

static bool
holds(const uint8_t *bytes, size_t size)
{
	RasterForm	form;
	RasterHead	head;
	RasterBand	band;
	uint32_t	number;

	if (size == 0)
		return true;
	form = bytes[0] & 1 ? RASTER_WKB : RASTER_SERIALIZED;
	bytes++;
	size--;
	if (raster_read_head(form, bytes, size, &head) != RASTER_OK)
		return true;
	for (number = 1; number <= head.bands && number <= 16; number++)
		if (raster_find_band(form, bytes, size, &head, number, &band) == RASTER_OK && !is_whole(&band, &head))
			return false;
	return true;
}

#define FUZZ_HOLDS(bytes, size) holds(bytes, size)
#include "fuzz.h"
