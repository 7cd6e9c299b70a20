/*
 * raster.h
 *		PostGIS rasters. Include postgres.h first.
 */
#ifndef AGRIRISK_RASTER_H
#define AGRIRISK_RASTER_H

#include "crop/zonal_math.h"

/* A raster whose bytes are at hand. */
typedef struct Raster
{
	RasterForm	form;
	const void *bytes;
	Size		length;
	RasterHead	head;
} Raster;

/*
 * What a raster says of itself, mostly without reading its pixels. One that is
 * rotated, or damaged, is an error.
 */
extern RasterHead agr_read_raster_head(Datum raster);

/* Its bytes, in the current context. */
extern Raster agr_open_raster(Datum raster);

/* A band by its number; what is no band of pixels in the database is an error. */
extern RasterBand agr_raster_band(const Raster *raster, int number);

/* Where its pixels lie. */
static inline ZonalGrid
agr_raster_grid(const RasterHead *head)
{
	/* A corner of -0 has the bytes of 0. */
	ZonalGrid	grid = {head->corner_x + 0.0, head->corner_y + 0.0, head->scale_x, head->scale_y,
	head->width, head->height};

	return grid;
}

#endif							/* AGRIRISK_RASTER_H */
