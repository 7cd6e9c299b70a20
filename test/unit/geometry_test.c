/*
 * geometry_test.c
 *		The reader of stored geometries, on whole and on damaged bytes.
 *
 * The bytes are composed here from the format's description; that PostGIS
 * composes the same, test/pgtap/overlap.sql and the reader's own check ask.
 */
#include "core/geometry/geometry_math.h"
#include "tap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct Bytes
{
	size_t		length;
	uint8_t		byte[4096];
	bool		other_order;	/* than this machine's */
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
put_word(Bytes *b, uint32_t word)
{
	put(b, &word, 4);
}

static void
put_double(Bytes *b, double x)
{
	put(b, &x, 8);
}

/* Two squares, the first with a hole; areas 100 - 4 and 9. */
static const double corner[3][4][2] = {
	{{0, 0}, {10, 0}, {10, 10}, {0, 10}},
	{{4, 4}, {4, 6}, {6, 6}, {6, 4}},
	{{20, 20}, {20, 23}, {23, 23}, {23, 20}}
};

static void
put_ring(Bytes *b, int ring, int dimensions)
{
	int			i,
				k;

	for (i = 0; i <= 4; i++)
	{
		put_double(b, corner[ring][i % 4][0]);
		put_double(b, corner[ring][i % 4][1]);
		for (k = 2; k < dimensions; k++)
			put_double(b, 1000 * k);
	}
}

static void
put_serialized(Bytes *b, int flags, bool multi)
{
	int			dimensions = 2 + (flags & 1) + (flags >> 1 & 1);
	int			i;

	memset(b, 0, sizeof *b);
	put_word(b, 0);
	b->byte[b->length++] = 0;
	b->byte[b->length++] = 32650 >> 8;
	b->byte[b->length++] = 32650 & 0xff;
	b->byte[b->length++] = (uint8_t) flags;
	if ((flags & 0x50) == 0x50)
		put_double(b, 0);
	for (i = 0; flags & 4 && i < dimensions; i++)
		put_double(b, 0);
	if (multi)
	{
		put_word(b, 6);
		put_word(b, 2);
	}
	put_word(b, 3);
	put_word(b, 2);
	put_word(b, 5);
	put_word(b, 5);
	put_ring(b, 0, dimensions);
	put_ring(b, 1, dimensions);
	if (multi)
	{
		put_word(b, 3);
		put_word(b, 1);
		put_word(b, 5);
		put_word(b, 0);
		put_ring(b, 2, dimensions);
	}
}

static void
put_wkb_head(Bytes *b, uint32_t type)
{
	b->byte[b->length++] = b->other_order == (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__);
	put_word(b, type);
}

static void
put_wkb(Bytes *b, uint32_t flags, int dimensions, bool multi, bool big_endian)
{
	memset(b, 0, sizeof *b);
	b->other_order = big_endian != (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__);
	if (multi)
	{
		put_wkb_head(b, 6 + flags);
		put_word(b, 2);
	}
	put_wkb_head(b, 3 + flags);
	put_word(b, 2);
	put_word(b, 5);
	put_ring(b, 0, dimensions);
	put_word(b, 5);
	put_ring(b, 1, dimensions);
	if (multi)
	{
		put_wkb_head(b, 3 + flags);
		put_word(b, 1);
		put_word(b, 5);
		put_ring(b, 2, dimensions);
	}
}

/*
 * Reads from a copy that ends where the bytes do, so that ASan sees a step too
 * far. Returns the area, or -status.
 */
static double
read_area(GeometryForm form, const uint8_t *bytes, size_t length, GeometryInfo *info)
{
	uint8_t    *copy = malloc(length + 1);
	GeometryStatus status;
	double		result;

	copy = realloc(copy, length ? length : 1);
	memcpy(copy, bytes, length);
	status = geometry_measure(form, copy, length, info);
	result = -(double) status;
	if (status == GEOMETRY_OK)
	{
		void	   *memory = malloc(polygonal_size(info->points, info->rings));

		status = geometry_decode(form, copy, length, info, memory);
		result = status == GEOMETRY_OK ? ((Polygonal *) memory)->area : -(double) status;
		free(memory);
	}
	free(copy);
	return result;
}

static void
damage(GeometryForm form, const Bytes *whole, int *wrong, int *read)
{
	GeometryInfo info;
	size_t		i;
	int			k;

	for (i = 0; i < whole->length; i++)
		*wrong += read_area(form, whole->byte, i, &info) != -GEOMETRY_DAMAGED;
	for (k = 0; k < 20000; k++)
	{
		Bytes		b = *whole;
		int			flips = 1 + (int) (next_bits() >> 40) % 3;

		while (flips-- > 0)
		{
			/* Most of what can be contradicted stands at the beginning. */
			size_t		at = (next_bits() >> 20) % (next_bits() & 1024 ? b.length : 40);

			b.byte[at] = next_bits() & 4096 ? (uint8_t) (next_bits() >> 32) :
				b.byte[at] ^ (uint8_t) (1 << (next_bits() >> 32) % 8);
		}
		*read += read_area(form, b.byte, b.length - (next_bits() >> 33) % 3 / 2, &info) >= 0;
	}
}

int
main(void)
{
	GeometryInfo info;
	Bytes		b;
	int			wrong = 0,
				damaged = 0,
				read = 0;
	int			flags,
				multi,
				i;
	static const uint32_t curve_polygon = 10;
	static const uint32_t iso[] = {0, 1000, 2000, 3000};
	static const uint32_t extended[] = {0, 0x80000000u, 0x40000000u, 0xc0000000u};

	for (multi = 0; multi < 2; multi++)
	{
		double		area = multi ? 105 : 96;

		for (flags = 0; flags < 128; flags++)
		{
			if (flags & 8)
				continue;
			put_serialized(&b, flags, multi);
			wrong += read_area(GEOMETRY_SERIALIZED, b.byte, b.length, &info) != area ||
				info.srid != 32650 || info.points != (multi ? 15 : 10) || info.rings != (multi ? 3u : 2u);
			if (flags % 16 < 5)
				damage(GEOMETRY_SERIALIZED, &b, &damaged, &read);
		}
		for (i = 0; i < 4; i++)
			for (flags = 0; flags < 4; flags++)
			{
				put_wkb(&b, flags & 1 ? iso[i] : extended[i], 2 + (i + 1) / 2, multi, flags & 2);
				wrong += read_area(GEOMETRY_WKB, b.byte, b.length, &info) != area;
				damage(GEOMETRY_WKB, &b, &damaged, &read);
			}
	}
	ok_figure(wrong == 0, "both forms, every version, dimension and byte order", wrong);
	ok_figure(damaged == 0, "every truncation is noticed", damaged);
	ok_figure(read > 0, "flipped bytes crash nothing; some still read", read);

	put_serialized(&b, 0x08, false);
	ok_figure(read_area(GEOMETRY_SERIALIZED, b.byte, b.length, &info) == -GEOMETRY_GEOGRAPHY,
	   "geography is refused", 0);
	put_serialized(&b, 0x40, false);
	memcpy(b.byte + 8, &curve_polygon, 4);
	ok_figure(read_area(GEOMETRY_SERIALIZED, b.byte, b.length, &info) == -GEOMETRY_NOT_POLYGONAL &&
	   strcmp(info.type, "CURVEPOLYGON") == 0, "curves are refused by name", 0);
	put_serialized(&b, 0x40, false);
	b.byte[b.length++] = 0;
	ok_figure(read_area(GEOMETRY_SERIALIZED, b.byte, b.length, &info) == -GEOMETRY_DAMAGED,
	   "trailing bytes are damage", 0);

	/* More rings than any memory holds, each without points. */
	put_serialized(&b, 0x40, false);
	memset(b.byte + 12, 0xff, 4);
	ok_figure(read_area(GEOMETRY_SERIALIZED, b.byte, b.length, &info) == -GEOMETRY_DAMAGED,
	   "a count beyond the bytes is damage", 0);

	memset(&b, 0, sizeof b);
	b.length = 8;
	put_word(&b, 3);
	put_word(&b, 0);
	ok_figure(read_area(GEOMETRY_SERIALIZED, b.byte, b.length, &info) == 0, "an empty polygon has no area", 0);

	return done_testing();
}
