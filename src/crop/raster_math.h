/*
 * raster_math.h
 *		Pixels from PostGIS's stored rasters and from their WKB. Pure C.
 *
 * The serialized form, in the machine's byte order:
 *
 *	size (4) | version (2) | bands (2) | scale x, y (8 each) | corner x, y |
 *	skew x, y | srid (4) | width (2) | height (2) | bands
 *
 * A band begins at a multiple of eight bytes: flags and type of pixel (1),
 * padding up to the size of a pixel, the NODATA value as a pixel, and the pixels
 * row by row. A band that lies in a file has the number of the band there
 * (1) and a path that ends with a zero instead.
 *
 * WKB has a byte order (1) in place of the size, and no padding.
 */
#ifndef AGRIRISK_RASTER_MATH_H
#define AGRIRISK_RASTER_MATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The bytes of the serialized form before its bands. */
#define RASTER_HEAD_BYTES 64

typedef enum RasterForm
{
	RASTER_SERIALIZED,
	RASTER_WKB
} RasterForm;

typedef enum RasterStatus
{
	RASTER_OK,
	RASTER_DAMAGED,				/* the bytes end early, or contradict themselves */
	RASTER_NO_BAND,
	RASTER_OUTSIDE,				/* the band lies in a file */
	RASTER_PIXEL_TYPE			/* pixels of a type that is not known */
} RasterStatus;

typedef struct RasterHead
{
	double		scale_x;
	double		scale_y;		/* negative where the first row is the northernmost */
	double		corner_x;		/* outer corner of the first pixel */
	double		corner_y;
	double		skew_x;
	double		skew_y;
	int32_t		srid;
	uint32_t	width;
	uint32_t	height;
	uint32_t	bands;
} RasterHead;

typedef struct RasterBand
{
	int			type;
	bool		swapped;		/* pixels are in the other byte order than the machine's */
	bool		has_nodata;
	bool		all_nodata;
	double		nodata;
	const uint8_t *pixel;
} RasterBand;

extern RasterStatus raster_read_head(RasterForm form, const void *bytes, size_t length, RasterHead *head);

/* A band by its number, from 1. Its pixels are in `bytes`. */
extern RasterStatus raster_find_band(RasterForm form, const void *bytes, size_t length,
									 const RasterHead *head, uint32_t number, RasterBand *band);

/*
 * Consecutive pixels as numbers. Where a pixel is NODATA or not a finite
 * number, known becomes false; elsewhere it stays as it is. What is not finite
 * reads as 0, so that it may be multiplied by a weight of 0.
 */
extern void raster_read_pixels(const RasterBand *band, uint32_t at, uint32_t pixels,
							   double *value, bool *known);

#endif							/* AGRIRISK_RASTER_MATH_H */
