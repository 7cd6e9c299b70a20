/*
 * geometry.h
 *		PostGIS geometries as prepared polygonals. Include postgres.h first.
 */
#ifndef AGRIRISK_GEOMETRY_H
#define AGRIRISK_GEOMETRY_H

#include "core/geometry/overlap_math.h"
#include "core/sql/query.h"

/*
 * One argument of a function, kept from call to call: in a join the same
 * polygon comes again and again. Zero it to begin.
 */
typedef struct GeometrySlot
{
	struct varlena *key;		/* the datum as it came, perhaps a toast pointer */
	Size		key_size;		/* 0: holds nothing */
	Size		key_room;
	Polygonal  *shape;
	Size		shape_room;
	int32		srid;
} GeometrySlot;

/*
 * The polygonal of a geometry, or an error that says what it is instead. It is
 * the slot's, allocated in `context`, until the slot's next use.
 */
extern const Polygonal *agr_read_geometry(GeometrySlot *slot, Datum geometry, MemoryContext context);

/* An error unless a query's column is a geometry. */
extern void agr_check_geometry(const QueryReader *reader, TupleDesc row, int column);

/*
 * An error unless areas in these coordinate systems can be compared: they must
 * be one system, and not one of degrees.
 */
extern void agr_require_planar(int32 srid_a, int32 srid_b);

/*
 * Whether polygons of this extent, none of them larger than said, look as if their
 * coordinates were degrees.
 */
static inline bool
agr_look_like_degrees(const Extent *extent, double largest)
{
	return largest > 0 && largest < 1 && extent->low.x >= -180 && extent->high.x <= 180 &&
		extent->low.y >= -180 && extent->high.y <= 180;
}

/* A NOTICE that they do. */
extern void agr_notice_degrees(const char *function, int32 srid, double largest);

/* Scratch memory for overlaps, in `context`. */
extern OverlapScratch *agr_overlap_scratch(MemoryContext context);

#endif							/* AGRIRISK_GEOMETRY_H */
