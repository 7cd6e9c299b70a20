/*
 * geometry_math.c
 *		Polygonals from PostGIS's stored bytes and from WKB. Pure C.
 */
#include "core/geometry/geometry_math.h"

#include "core/math/bytes.h"

#define POLYGON 3
#define MULTIPOLYGON 6
#define COLLECTION 7

#define FLAG_Z 0x01
#define FLAG_M 0x02
#define FLAG_BOX 0x04
#define FLAG_GEODETIC 0x08
#define FLAG_EXTENDED 0x10
#define FLAG_VERSION_2 0x40

#define WKB_Z 0x80000000u
#define WKB_M 0x40000000u
#define WKB_SRID 0x20000000u

/* One pass over the bytes: measures without a shape, fills one otherwise. */
typedef struct Decoder
{
	ByteReader	in;
	bool		swapped;		/* bytes are in the other order than the machine's */
	GeometryInfo *info;
	Polygonal  *shape;
	GeometryStatus status;
} Decoder;

static const char *
type_name(GeometryForm form, uint32_t type)
{
	static const char *const name[] = {
		"an unknown type", "POINT", "LINESTRING", "POLYGON", "MULTIPOINT", "MULTILINESTRING",
		"MULTIPOLYGON", "GEOMETRYCOLLECTION", "CIRCULARSTRING", "COMPOUNDCURVE", "CURVEPOLYGON",
		"MULTICURVE", "MULTISURFACE", "POLYHEDRALSURFACE", "TRIANGLE", "TIN"
	};

	/* ISO numbers the last three otherwise. */
	if (form == GEOMETRY_WKB && type >= 13)
		type = type == 15 ? 13 : type == 16 ? 15 : type == 17 ? 14 : 0;
	return name[type < sizeof name / sizeof *name ? type : 0];
}

static uint32_t
read_word(Decoder *d)
{
	const uint8_t *p = read_bytes(&d->in, 4);
	uint32_t	word = 0;

	if (p)
		memcpy(&word, p, 4);
	return d->swapped ? __builtin_bswap32(word) : word;
}

static double
read_ordinate(const uint8_t *p, bool swapped)
{
	uint64_t	bits;
	double		x;

	memcpy(&bits, p, 8);
	if (swapped)
		bits = __builtin_bswap64(bits);
	memcpy(&x, &bits, 8);
	return x;
}

static bool
going_well(const Decoder *d)
{
	return d->status == GEOMETRY_OK && !d->in.bad;
}

static void
read_ring(Decoder *d, uint32_t points, int dimensions, bool hole)
{
	size_t		stride = 8 * (size_t) dimensions;
	const uint8_t *from;
	Vertex	   *to;
	uint32_t	i;

	/* A count that lies must not overflow the product. */
	if (points > bytes_left(&d->in) / stride)
		d->in.bad = true;
	from = read_bytes(&d->in, points * stride);
	if (from == NULL || d->shape == NULL)
	{
		d->info->points += points;
		d->info->rings++;
		return;
	}

	to = polygonal_room(d->shape);
	if (dimensions == 2 && !d->swapped)
	{
		if (points > 0)
			memcpy(to, from, points * sizeof(Vertex));
	}
	else
		for (i = 0; i < points; i++, from += stride)
		{
			to[i].x = read_ordinate(from, d->swapped);
			to[i].y = read_ordinate(from + 8, d->swapped);
		}

	switch (polygonal_end_ring(d->shape, points, hole, &d->info->culprit))
	{
		case POLYGONAL_OK:
			break;
		case POLYGONAL_NOT_FINITE:
			d->status = GEOMETRY_NOT_FINITE;
			break;
		case POLYGONAL_OUT_OF_RANGE:
			d->status = GEOMETRY_OUT_OF_RANGE;
			break;
		case POLYGONAL_UNCLOSED:
			d->status = GEOMETRY_UNCLOSED;
			break;
	}
}

/* ---- the serialized form ---- */

static void
read_serialized_polygon(Decoder *d, int dimensions)
{
	uint32_t	rings = read_word(d);
	Decoder		counts = *d;
	uint32_t	i;

	if (rings > bytes_left(&d->in) / 4)
		d->in.bad = true;
	read_bytes(&d->in, 4 * ((size_t) rings + rings % 2));
	for (i = 0; i < rings && going_well(d); i++)
		read_ring(d, read_word(&counts), dimensions, i > 0);
}

static void
read_serialized(Decoder *d)
{
	const uint8_t *head = read_bytes(&d->in, 8);
	uint8_t		flags;
	int			dimensions;
	uint32_t	type,
				parts;

	if (head == NULL)
		return;
	d->info->srid = (head[4] & 0x1f) << 16 | head[5] << 8 | head[6];
	flags = head[7];
	if (flags & FLAG_GEODETIC)
	{
		d->status = GEOMETRY_GEOGRAPHY;
		return;
	}
	dimensions = 2 + !!(flags & FLAG_Z) + !!(flags & FLAG_M);
	if (flags & FLAG_VERSION_2 && flags & FLAG_EXTENDED)
		read_bytes(&d->in, 8);
	if (flags & FLAG_BOX)
		read_bytes(&d->in, 8 * (size_t) dimensions);

	type = read_word(d);
	d->info->type = type_name(GEOMETRY_SERIALIZED, type);
	if (type == POLYGON)
	{
		read_serialized_polygon(d, dimensions);
		return;
	}
	parts = read_word(d);
	if (type != MULTIPOLYGON && (type != COLLECTION || parts != 0) && going_well(d))
		d->status = GEOMETRY_NOT_POLYGONAL;
	for (; parts > 0 && going_well(d); parts--)
	{
		if (read_word(d) != POLYGON)
			d->in.bad = true;
		read_serialized_polygon(d, dimensions);
	}
}

/* ---- WKB ---- */

/* The head of a geometry or of a part: byte order, type, dimensions, srid. */
static uint32_t
read_wkb_head(Decoder *d, int *dimensions)
{
	const uint16_t one = 1;
	uint8_t		machine;
	uint8_t		order = read_u8(&d->in);
	uint32_t	type,
				thousands;

	memcpy(&machine, &one, 1);
	if (order > 1)
		d->in.bad = true;
	d->swapped = order != machine;
	type = read_word(d);
	if (type & WKB_SRID)
		d->info->srid = (int32_t) read_word(d);
	thousands = (type & 0x1fffffff) / 1000;
	if (thousands > 3)
		d->in.bad = true;
	*dimensions = 2 + (type & WKB_Z || thousands & 1) + (type & WKB_M || thousands & 2);
	return (type & 0x1fffffff) % 1000;
}

static void
read_wkb_polygon(Decoder *d, int dimensions)
{
	uint32_t	rings = read_word(d);
	uint32_t	i;

	for (i = 0; i < rings && going_well(d); i++)
	{
		uint32_t	points = read_word(d);

		read_ring(d, points, dimensions, i > 0);
	}
}

static void
read_wkb(Decoder *d)
{
	int			dimensions;
	uint32_t	type = read_wkb_head(d, &dimensions);
	uint32_t	parts;

	d->info->type = type_name(GEOMETRY_WKB, type);
	if (type == POLYGON)
	{
		read_wkb_polygon(d, dimensions);
		return;
	}
	parts = read_word(d);
	if (type != MULTIPOLYGON && (type != COLLECTION || parts != 0) && going_well(d))
		d->status = GEOMETRY_NOT_POLYGONAL;
	for (; parts > 0 && going_well(d); parts--)
	{
		if (read_wkb_head(d, &dimensions) != POLYGON)
			d->in.bad = true;
		read_wkb_polygon(d, dimensions);
	}
}

static GeometryStatus
read_all(GeometryForm form, const void *bytes, size_t length, GeometryInfo *info, Polygonal *shape)
{
	Decoder		d = {{bytes, (const uint8_t *) bytes + length, false}, false, info, shape, GEOMETRY_OK};

	if (form == GEOMETRY_SERIALIZED)
		read_serialized(&d);
	else
		read_wkb(&d);
	if (d.status == GEOMETRY_OK && (d.in.bad || bytes_left(&d.in) > 0))
		return GEOMETRY_DAMAGED;
	return d.status;
}

GeometryStatus
geometry_measure(GeometryForm form, const void *bytes, size_t length, GeometryInfo *info)
{
	memset(info, 0, sizeof *info);
	return read_all(form, bytes, length, info, NULL);
}

GeometryStatus
geometry_decode(GeometryForm form, const void *bytes, size_t length, GeometryInfo *info,
				void *memory)
{
	Polygonal  *shape = polygonal_begin(memory, info->points, info->rings);
	GeometryStatus status = read_all(form, bytes, length, info, shape);

	polygonal_finish(shape);
	return status;
}
