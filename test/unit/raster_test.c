/*
 * raster_test.c
 *		The reader of stored rasters, on whole and on damaged bytes.
 *
 * The bytes are composed here from the format's description; that PostGIS
 * composes the same, the reader's own check and sql/zonal_means.sql ask.
 */
#include "crop/raster_math.h"
#include "tap.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct Bytes
{
	size_t		length;
	uint8_t		byte[4096];
	bool		other_order;	/* than this machine's */
	bool		padded;
} Bytes;

static void
put(Bytes *b, const void *from, size_t n)
{
	const uint8_t *p = from;
	size_t		i;

	for (i = 0; i < n; i++)
		b->byte[b->length++] = p[b->other_order ? n - 1 - i : i];
}

static void
put_8(Bytes *b, int value)
{
	b->byte[b->length++] = (uint8_t) value;
}

static void
put_16(Bytes *b, int value)
{
	uint16_t	word = (uint16_t) value;

	put(b, &word, 2);
}

static void
put_32(Bytes *b, int64_t value)
{
	uint32_t	word = (uint32_t) value;

	put(b, &word, 4);
}

static void
put_double(Bytes *b, double x)
{
	put(b, &x, 8);
}

#define WIDTH 3
#define HEIGHT 2
#define PIXELS (WIDTH * HEIGHT)

typedef struct PixelType
{
	int			number;
	int			size;
	double		value[PIXELS];
	double		nodata;
} PixelType;

static const PixelType types[] = {
	{0, 1, {0, 1, 1, 0, 1, 0}, 0},
	{1, 1, {0, 1, 2, 3, 2, 1}, 3},
	{2, 1, {0, 15, 7, 8, 9, 1}, 15},
	{3, 1, {-128, 127, -1, 0, 1, 5}, -1},
	{4, 1, {255, 0, 1, 128, 127, 3}, 255},
	{5, 2, {-32768, 32767, -1, 0, 256, 255}, -32768},
	{6, 2, {65535, 0, 1, 256, 255, 32768}, 0},
	{7, 4, {-2147483648.0, 2147483647, -1, 0, 65536, 1}, -1},
	{8, 4, {4294967295.0, 0, 1, 65536, 2147483648.0, 7}, 4294967295.0},
	{10, 4, {0.5, -1.25, 0x1p100, 0x1p-100, 0, 3}, -1.25},
	{11, 8, {0.1, -1e300, 0x1p-1000, 3, 0, 1e300}, 3},
};

static void
put_pixel(Bytes *b, int type, double value)
{
	float		single = (float) value;

	switch (type)
	{
		case 5:
		case 6:
			put_16(b, (int) value);
			break;
		case 7:
		case 8:
			put_32(b, (int64_t) value);
			break;
		case 10:
			put(b, &single, 4);
			break;
		case 11:
			put_double(b, value);
			break;
		default:
			put_8(b, (int) value);
			break;
	}
}

static void
begin_raster(Bytes *b, RasterForm form, bool other_order, int bands)
{
	const uint16_t one = 1;
	int			little = *(const uint8_t *) &one;

	b->length = 0;
	b->other_order = other_order;
	b->padded = form == RASTER_SERIALIZED;
	if (b->padded)
		put_32(b, 0);
	else
		put_8(b, other_order ? !little : little);
	put_16(b, 0);
	put_16(b, bands);
	put_double(b, 10);
	put_double(b, -20);
	put_double(b, 500000.25);
	put_double(b, 4200000.5);
	put_double(b, 0);
	put_double(b, 0.125);
	put_32(b, 32650);
	put_16(b, WIDTH);
	put_16(b, HEIGHT);
}

static void
put_band(Bytes *b, const PixelType *type, int flags)
{
	int			i;

	put_8(b, type->number | flags);
	for (i = 1; b->padded && i < type->size; i++)
		put_8(b, 0);
	put_pixel(b, type->number, type->nodata);
	if (flags & 0x80)
	{
		put_8(b, 0);
		for (i = 0; i < 6; i++)
			put_8(b, "a.tif"[i]);
	}
	else
		for (i = 0; i < PIXELS; i++)
			put_pixel(b, type->number, type->value[i]);
	while (b->padded && b->length % 8 != 0)
		put_8(b, 0);
}

static bool
reads_band(const Bytes *b, RasterForm form, const RasterHead *head, int number, const PixelType *type, int flags)
{
	RasterBand	band;
	double		value[PIXELS];
	bool		known[PIXELS];
	bool		good;
	int			i;

	good = raster_find_band(form, b->byte, b->length, head, number, &band) == RASTER_OK;
	memset(known, true, sizeof known);
	raster_read_pixels(&band, 0, PIXELS, value, known);
	for (i = 0; i < PIXELS; i++)
		good = good && value[i] == type->value[i] &&
			known[i] == !((flags & 0x20) || ((flags & 0x40) && value[i] == type->nodata));
	known[0] = false;
	raster_read_pixels(&band, PIXELS - 1, 1, value, known);
	return good && value[0] == type->value[PIXELS - 1] && !known[0];
}

/* All types in one raster, with each kind of NODATA, in every form and order. */
static void
test_types(void)
{
	static const int flags[] = {0, 0x40, 0x60};
	int			n = sizeof types / sizeof *types;
	bool		good = true;
	int			way,
				f,
				i;

	for (way = 0; way < 3; way++)
		for (f = 0; f < 3; f++)
		{
			RasterForm	form = way == 0 ? RASTER_SERIALIZED : RASTER_WKB;
			Bytes		b;
			RasterHead	head;

			begin_raster(&b, form, way == 2, n);
			for (i = 0; i < n; i++)
				put_band(&b, &types[i], flags[f]);
			good = good && raster_read_head(form, b.byte, b.length, &head) == RASTER_OK &&
				head.bands == (uint32_t) n && head.width == WIDTH && head.height == HEIGHT && head.srid == 32650 &&
				head.scale_x == 10 && head.scale_y == -20 && head.corner_x == 500000.25 &&
				head.corner_y == 4200000.5 && head.skew_x == 0 && head.skew_y == 0.125;
			for (i = 0; i < n; i++)
				good = good && reads_band(&b, form, &head, i + 1, &types[i], flags[f]);
		}
	ok(good, "every type of pixel, with NODATA and without, as stored and in WKB of both orders");
}

static void
test_strange(void)
{
	Bytes		b;
	RasterHead	head;
	RasterBand	band;
	double		value[PIXELS];
	bool		known[PIXELS];
	PixelType	odd = {11, 8, {NAN, INFINITY, -INFINITY, 1, 2, 3}, NAN};

	begin_raster(&b, RASTER_SERIALIZED, false, 3);
	put_band(&b, &types[5], 0x80);
	put_band(&b, &odd, 0x40);
	put_band(&b, &types[4], 0);
	raster_read_head(RASTER_SERIALIZED, b.byte, b.length, &head);
	ok(raster_find_band(RASTER_SERIALIZED, b.byte, b.length, &head, 1, &band) == RASTER_OUTSIDE, "a band in a file is told");
	ok(reads_band(&b, RASTER_SERIALIZED, &head, 3, &types[4], 0), "and the bands behind it are found");
	raster_find_band(RASTER_SERIALIZED, b.byte, b.length, &head, 2, &band);
	memset(known, true, sizeof known);
	raster_read_pixels(&band, 0, PIXELS, value, known);
	ok(!known[0] && !known[1] && !known[2] && known[3] && known[4] && known[5], "NaN and infinity are not known");
	ok(raster_find_band(RASTER_SERIALIZED, b.byte, b.length, &head, 0, &band) == RASTER_NO_BAND &&
	   raster_find_band(RASTER_SERIALIZED, b.byte, b.length, &head, 4, &band) == RASTER_NO_BAND, "a band that is not there is told");
	b.byte[RASTER_HEAD_BYTES] = 9;
	ok(raster_find_band(RASTER_SERIALIZED, b.byte, b.length, &head, 1, &band) == RASTER_PIXEL_TYPE, "so is an unknown type of pixel");
	b.byte[4] = 1;
	b.byte[5] = 1;
	ok(raster_read_head(RASTER_SERIALIZED, b.byte, b.length, &head) == RASTER_DAMAGED, "and another version of the form");
}

/* Cut off anywhere, in memory of just that size, so that reading past it is seen. */
static void
test_cut(RasterForm form, const char *what)
{
	bool		good = true;
	Bytes		b;
	size_t		length;
	int			i;

	begin_raster(&b, form, false, 2);
	put_band(&b, &types[10], 0x40);
	put_band(&b, &types[5], 0);
	for (length = 0; length < b.length; length++)
	{
		uint8_t    *bytes = memcpy(malloc(length + 1), b.byte, length);
		uint8_t    *exact = realloc(bytes, length > 0 ? length : 1);
		RasterHead	head;
		RasterBand	band;
		RasterStatus status = raster_read_head(form, exact, length, &head);

		for (i = 1; i <= 2 && status == RASTER_OK; i++)
			status = raster_find_band(form, exact, length, &head, i, &band);
		good = good && status == RASTER_DAMAGED;
		free(exact);
	}
	ok(good, what);
}

int
main(void)
{
	test_types();
	test_strange();
	test_cut(RASTER_SERIALIZED, "stored bytes that end early are damaged");
	test_cut(RASTER_WKB, "so is such WKB");
	return done_testing();
}
