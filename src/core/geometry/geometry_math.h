/*
 * geometry_math.h
 *		Polygonals from PostGIS's stored bytes and from WKB. Pure C.
 *
 * The serialized form, in the machine's byte order:
 *
 *	size (4) | srid (3) | flags (1) | extended flags (8)? | box? | geometry
 *
 * The srid is 21 bits, most significant byte first. Flag 0x40 says version 2,
 * and only then 0x10 that extended flags follow. The box is two floats per
 * dimension. A polygon is its type (4), the number of rings (4), the number of
 * points of each (4 each, padded to 8), and the points; a multipolygon is its
 * type, the number of parts, and the parts, which are polygons.
 *
 * WKB is ISO 13249's or, with its flags in the type, PostGIS's extended one.
 */
#ifndef AGRIRISK_GEOMETRY_MATH_H
#define AGRIRISK_GEOMETRY_MATH_H

#include "core/geometry/polygonal_math.h"

typedef enum GeometryForm
{
	GEOMETRY_SERIALIZED,
	GEOMETRY_WKB
} GeometryForm;

typedef enum GeometryStatus
{
	GEOMETRY_OK,
	GEOMETRY_DAMAGED,			/* the bytes end early, late, or contradict themselves */
	GEOMETRY_NOT_POLYGONAL,
	GEOMETRY_GEOGRAPHY,
	GEOMETRY_NOT_FINITE,
	GEOMETRY_OUT_OF_RANGE,
	GEOMETRY_UNCLOSED
} GeometryStatus;

typedef struct GeometryInfo
{
	int32_t		srid;			/* 0: unknown, as in plain WKB */
	const char *type;
	uint32_t	points;
	uint32_t	rings;
	Vertex		culprit;		/* the vertex an error is about */
} GeometryInfo;

/* Checks the bytes, all of them, and says what room their polygonal needs. */
extern GeometryStatus geometry_measure(GeometryForm form, const void *bytes, size_t length,
									   GeometryInfo *info);

/* Reads measured bytes into memory of polygonal_size(info->points, info->rings). */
extern GeometryStatus geometry_decode(GeometryForm form, const void *bytes, size_t length,
									  GeometryInfo *info, void *memory);

#endif							/* AGRIRISK_GEOMETRY_MATH_H */
