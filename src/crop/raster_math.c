/*
 * raster_math.c
 *		Pixels from PostGIS's stored rasters and from their WKB. Pure C.
 */
#include "crop/raster_math.h"

#include "core/math/bytes.h"

#include <math.h>

#define BAND_TYPE 0x0f
#define BAND_ALL_NODATA 0x20
#define BAND_HAS_NODATA 0x40
#define BAND_OUTSIDE 0x80

/* Types of pixels, as PostGIS numbers them; the first three fill a byte as well. */
enum
{
	PIXEL_1BB = 0, PIXEL_2BUI = 1, PIXEL_4BUI = 2, PIXEL_8BSI = 3, PIXEL_8BUI = 4, PIXEL_16BSI = 5,
	PIXEL_16BUI = 6, PIXEL_32BSI = 7, PIXEL_32BUI = 8, PIXEL_32BF = 10, PIXEL_64BF = 11
};

typedef struct Decoder
{
	ByteReader	in;
	const uint8_t *start;
	bool		padded;			/* bands begin at multiples of eight */
	bool		swapped;
} Decoder;

/* The bytes of a pixel; 0 for a type that is not known. */
static uint32_t
pixel_bytes(int type)
{
	switch (type)
	{
		case PIXEL_1BB:
		case PIXEL_2BUI:
		case PIXEL_4BUI:
		case PIXEL_8BSI:
		case PIXEL_8BUI:
			return 1;
		case PIXEL_16BSI:
		case PIXEL_16BUI:
			return 2;
		case PIXEL_32BSI:
		case PIXEL_32BUI:
		case PIXEL_32BF:
			return 4;
		case PIXEL_64BF:
			return 8;
		default:
			return 0;
	}
}

static uint16_t
load_16(const uint8_t *p, bool swapped)
{
	uint16_t	word;

	memcpy(&word, p, 2);
	return swapped ? __builtin_bswap16(word) : word;
}

static uint32_t
load_32(const uint8_t *p, bool swapped)
{
	uint32_t	word;

	memcpy(&word, p, 4);
	return swapped ? __builtin_bswap32(word) : word;
}

static double
load_float(const uint8_t *p, bool swapped)
{
	uint32_t	bits = load_32(p, swapped);
	float		x;

	memcpy(&x, &bits, 4);
	return x;
}

static double
load_double(const uint8_t *p, bool swapped)
{
	uint64_t	bits;
	double		x;

	memcpy(&bits, p, 8);
	if (swapped)
		bits = __builtin_bswap64(bits);
	memcpy(&x, &bits, 8);
	return x;
}

static uint32_t
read_16(Decoder *d)
{
	const uint8_t *p = read_bytes(&d->in, 2);

	return p ? load_16(p, d->swapped) : 0;
}

static double
read_ordinate(Decoder *d)
{
	const uint8_t *p = read_bytes(&d->in, 8);

	return p ? load_double(p, d->swapped) : 0;
}

/* Reads the head, and leaves the decoder where the bands begin. */
static void
read_head(Decoder *d, RasterForm form, const void *bytes, size_t length, RasterHead *head)
{
	const uint16_t one = 1;
	const uint8_t *p;
	uint8_t		order;

	d->start = bytes;
	d->in.at = bytes;
	d->in.end = d->start + length;
	d->in.bad = false;
	d->padded = form == RASTER_SERIALIZED;
	d->swapped = false;
	if (form == RASTER_SERIALIZED)
		read_bytes(&d->in, 4);
	else
	{
		order = read_u8(&d->in);
		d->swapped = order != *(const uint8_t *) &one;
		d->in.bad = d->in.bad || order > 1;
	}
	if (read_16(d) != 0)
		d->in.bad = true;		/* a version that is not known */
	head->bands = read_16(d);
	head->scale_x = read_ordinate(d);
	head->scale_y = read_ordinate(d);
	head->corner_x = read_ordinate(d);
	head->corner_y = read_ordinate(d);
	head->skew_x = read_ordinate(d);
	head->skew_y = read_ordinate(d);
	p = read_bytes(&d->in, 4);
	head->srid = p ? (int32_t) load_32(p, d->swapped) : 0;
	head->width = read_16(d);
	head->height = read_16(d);
}

RasterStatus
raster_read_head(RasterForm form, const void *bytes, size_t length, RasterHead *head)
{
	Decoder		d;

	read_head(&d, form, bytes, length, head);
	return d.in.bad ? RASTER_DAMAGED : RASTER_OK;
}

/* ---- pixels ---- */

#define READ_PIXELS(bytes, load) \
	do { \
		for (i = 0; i < pixels; i++, from += (bytes)) \
			value[i] = (load); \
	} while (0)

static void
load_pixels(const RasterBand *band, const uint8_t *from, uint32_t pixels, double *value)
{
	bool		swapped = band->swapped;
	uint32_t	i;

	switch (band->type)
	{
		case PIXEL_8BSI:
			READ_PIXELS(1, (int8_t) *from);
			break;
		case PIXEL_16BSI:
			READ_PIXELS(2, (int16_t) load_16(from, swapped));
			break;
		case PIXEL_16BUI:
			READ_PIXELS(2, load_16(from, swapped));
			break;
		case PIXEL_32BSI:
			READ_PIXELS(4, (int32_t) load_32(from, swapped));
			break;
		case PIXEL_32BUI:
			READ_PIXELS(4, load_32(from, swapped));
			break;
		case PIXEL_32BF:
			READ_PIXELS(4, load_float(from, swapped));
			break;
		case PIXEL_64BF:
			READ_PIXELS(8, load_double(from, swapped));
			break;
		default:
			READ_PIXELS(1, *from);
			break;
	}
}

void
raster_read_pixels(const RasterBand *band, uint32_t at, uint32_t pixels, double *value, bool *known)
{
	uint32_t	i;

	load_pixels(band, band->pixel + (size_t) at * pixel_bytes(band->type), pixels, value);
	if (band->all_nodata)
		memset(known, 0, pixels * sizeof *known);
	else if (band->has_nodata)
		for (i = 0; i < pixels; i++)
			known[i] &= value[i] != band->nodata;
	if (band->type >= PIXEL_32BF)
		for (i = 0; i < pixels; i++)
		{
			known[i] = known[i] && isfinite(value[i]);
			value[i] = isfinite(value[i]) ? value[i] : 0;
		}
}

/* ---- bands ---- */

static void
skip_padding(Decoder *d)
{
	while (d->padded && (d->in.at - d->start) % 8 != 0 && !d->in.bad)
		read_u8(&d->in);
}

/* The band at the decoder's place, which goes behind it. */
static RasterStatus
read_band(Decoder *d, const RasterHead *head, RasterBand *band)
{
	uint8_t		flags = read_u8(&d->in);
	uint32_t	size;
	const uint8_t *nodata;

	band->type = flags & BAND_TYPE;
	band->swapped = d->swapped;
	band->has_nodata = (flags & BAND_HAS_NODATA) != 0;
	band->all_nodata = (flags & BAND_ALL_NODATA) != 0;
	size = pixel_bytes(band->type);
	if (size == 0 && !d->in.bad)
		return RASTER_PIXEL_TYPE;
	if (d->padded)
		read_bytes(&d->in, size - 1);
	nodata = read_bytes(&d->in, size);
	if (nodata == NULL)
		return RASTER_DAMAGED;
	load_pixels(band, nodata, 1, &band->nodata);
	if (flags & BAND_OUTSIDE)
	{
		read_u8(&d->in);
		while (read_u8(&d->in) != 0)
			continue;
		band->pixel = NULL;
	}
	else
		band->pixel = read_bytes(&d->in, (size_t) head->width * head->height * size);
	skip_padding(d);
	if (d->in.bad)
		return RASTER_DAMAGED;
	return band->pixel == NULL ? RASTER_OUTSIDE : RASTER_OK;
}

RasterStatus
raster_find_band(RasterForm form, const void *bytes, size_t length,
				 const RasterHead *head, uint32_t number, RasterBand *band)
{
	RasterHead	again;
	Decoder		d;
	RasterStatus status = RASTER_NO_BAND;
	uint32_t	i;

	if (number < 1 || number > head->bands)
		return RASTER_NO_BAND;
	read_head(&d, form, bytes, length, &again);
	for (i = 0; i < number; i++)
	{
		status = read_band(&d, &again, band);
		if (status == RASTER_DAMAGED || status == RASTER_PIXEL_TYPE)
			return status;
	}
	return status;
}
