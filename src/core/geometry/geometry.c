/*
 * geometry.c
 *		PostGIS geometries as prepared polygonals.
 *
 * PostGIS's stored form is not ours to rely on. The first read in a backend
 * composes known polygons through PostGIS and compares what we read in their
 * stored bytes with what we read in their WKB; should they ever differ, this
 * backend reads WKB from then on, a few times slower.
 */
#include "postgres.h"

#include "agririsk.h"
#include "core/geometry/geometry.h"
#include "core/geometry/geometry_math.h"
#include "core/geometry/postgis.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

/* ---- reading ---- */

static void
report_unreadable(GeometryStatus status, const GeometryInfo *info)
{
	switch (status)
	{
		case GEOMETRY_OK:
			return;
		case GEOMETRY_DAMAGED:
			ereport(ERROR,
					(errcode(ERRCODE_DATA_CORRUPTED),
					 errmsg("damaged geometry"),
					 errdetail("The stored bytes contradict themselves, or do not end where they should."),
					 errhint("Write the geometry again, for example with ST_GeomFromWKB.")));
			break;
		case GEOMETRY_NOT_POLYGONAL:
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("geometry is not a polygon or multipolygon"),
					 errdetail("The geometry is of type %s.", info->type),
					 errhint("ST_CollectionExtract(geom, 3) keeps the polygons of a collection, ST_CurveToLine straightens curves.")));
			break;
		case GEOMETRY_GEOGRAPHY:
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("geography is not supported"),
					 errdetail("Areas are measured on a plane."),
					 errhint("Cast the geography to geometry, and ST_Transform the geometry to an equal-area coordinate system.")));
			break;
		case GEOMETRY_NOT_FINITE:
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("geometry has a coordinate that is not a finite number"),
					 errdetail("The vertex is (%g, %g).", info->culprit.x, info->culprit.y),
					 errhint("Such a vertex often comes from a failed transformation. Remove the vertex or the geometry.")));
			break;
		case GEOMETRY_OUT_OF_RANGE:
			ereport(ERROR,
					(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					 errmsg("geometry has a coordinate out of range"),
					 errdetail("The vertex is (%g, %g). Coordinates may be up to %g.",
							   info->culprit.x, info->culprit.y, COORDINATE_MAX),
					 errhint("Transform the geometry to a coordinate system in metres.")));
			break;
		case GEOMETRY_UNCLOSED:
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("polygon has an unclosed ring"),
					 errdetail("The ring ends at (%.15g, %.15g). This is not the point where it begins.",
							   info->culprit.x, info->culprit.y),
					 errhint("Repeat the first point of the ring as its last point.")));
			break;
	}
}

static GeometryStatus
decode_into(GeometrySlot *slot, GeometryForm form, const void *bytes, Size length,
			GeometryInfo *info, MemoryContext context)
{
	GeometryStatus status = geometry_measure(form, bytes, length, info);
	Size		size;

	if (status != GEOMETRY_OK)
		return status;
	size = polygonal_size(info->points, info->rings);
	if (size > slot->shape_room)
	{
		if (slot->shape)
			pfree(slot->shape);
		slot->shape = NULL;
		slot->shape_room = 0;
		slot->shape = MemoryContextAllocHuge(context, size);
		slot->shape_room = size;
	}
	slot->srid = info->srid;
	return geometry_decode(form, bytes, length, info, slot->shape);
}

static GeometryStatus
decode_serialized(GeometrySlot *slot, struct varlena *flat, GeometryInfo *info, MemoryContext context)
{
	return decode_into(slot, GEOMETRY_SERIALIZED, flat, VARSIZE(flat), info, context);
}

static GeometryStatus
decode_wkb(GeometrySlot *slot, struct varlena *flat, GeometryInfo *info, MemoryContext context)
{
	Oid			type = agr_geometry_type();
	bytea	   *wkb = DatumGetByteaPP(agr_call_postgis("st_asbinary", type, PointerGetDatum(flat)));
	GeometryStatus status = decode_into(slot, GEOMETRY_WKB, VARDATA_ANY(wkb), VARSIZE_ANY_EXHDR(wkb),
										info, context);

	slot->srid = DatumGetInt32(agr_call_postgis("st_srid", type, PointerGetDatum(flat)));
	return status;
}

static bool
same_shape(const GeometrySlot *a, const GeometrySlot *b)
{
	return a->srid == b->srid && polygonal_compare(a->shape, b->shape) == 0;
}

static bool
serialized_form_is_as_expected(void)
{
	static const char *const known[] = {
		"SRID=32650;POLYGON((0 0,10.5 0,10 10,0 10,0 0),(4 4,4 6,6 6,4 4))",
		"SRID=3857;MULTIPOLYGON(((0 0,1 0,1 1,0 0)),((2 2,9 2,9 9,2 2),(7 4,8 4,8 5,7 4)))",
		"POLYGON Z((0 0 7,1 0 8,1 1 9,0 0 7))",
		"POLYGON EMPTY",
	};
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "geometry reader check",
												  ALLOCSET_SMALL_SIZES);
	MemoryContext outer = MemoryContextSwitchTo(context);
	bool		good = true;
	int			i;

	for (i = 0; i < lengthof(known) && good; i++)
	{
		GeometrySlot stored = {0},
					expected = {0};
		GeometryInfo info;
		Datum		geometry = agr_call_postgis("st_geomfromewkt", TEXTOID, CStringGetTextDatum(known[i]));
		struct varlena *flat = PG_DETOAST_DATUM(geometry);

		good = decode_serialized(&stored, flat, &info, context) == GEOMETRY_OK &&
			decode_wkb(&expected, flat, &info, context) == GEOMETRY_OK &&
			same_shape(&stored, &expected);
	}
	MemoryContextSwitchTo(outer);
	MemoryContextDelete(context);
	return good;
}

static bool
reads_serialized(void)
{
	static enum {UNTRIED, AS_EXPECTED, DIFFERENT} form = UNTRIED;

	if (agr_geometry_reader == AGR_READ_WKB)
		return false;
	if (unlikely(form == UNTRIED))
		form = serialized_form_is_as_expected() ? AS_EXPECTED : DIFFERENT;
	return form == AS_EXPECTED;
}

const Polygonal *
agr_read_geometry(GeometrySlot *slot, Datum geometry, MemoryContext context)
{
	struct varlena *given = (struct varlena *) DatumGetPointer(geometry);
	struct varlena *flat;
	GeometryInfo info;
	GeometryStatus status;
	Size		size = VARSIZE_ANY(given);

	if (size == slot->key_size && memcmp(given, slot->key, size) == 0)
		return slot->shape;

	/* Empty until it is full again: reading may fail. */
	slot->key_size = 0;
	flat = PG_DETOAST_DATUM(geometry);
	status = reads_serialized() ?
		decode_serialized(slot, flat, &info, context) :
		decode_wkb(slot, flat, &info, context);
	if (flat != given)
		pfree(flat);
	report_unreadable(status, &info);

	/* Bytes in another query's memory, and their address, may change. */
	if (VARATT_IS_EXTERNAL(given) && !VARATT_IS_EXTERNAL_ONDISK(given))
		return slot->shape;
	if (size > slot->key_room)
	{
		if (slot->key)
			pfree(slot->key);
		slot->key = NULL;
		slot->key_room = 0;
		slot->key = MemoryContextAllocHuge(context, size);
		slot->key_room = size;
	}
	memcpy(slot->key, given, size);
	slot->key_size = size;
	return slot->shape;
}

void
agr_check_geometry(const QueryReader *reader, TupleDesc row, int column)
{
	static const char *const ordinal[] = {"first", "second", "third", "fourth"};
	Oid			type = TupleDescAttr(row, column)->atttypid;

	if (getBaseType(type) != agr_geometry_type())
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("the %s column of %s must be a geometry", ordinal[column], reader->argument),
				 errdetail("Column \"%s\" is %s.", NameStr(TupleDescAttr(row, column)->attname), format_type_be(type)),
				 errhint("Select %s, in this order.", reader->columns)));
}

/* ---- coordinate systems ---- */

void
agr_require_planar(int32 srid_a, int32 srid_b)
{
	/* The last few that were found planar in this backend. */
	static int32 planar[8];
	static int	next = 0;
	int			i;

	if (srid_a != srid_b)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("geometries are in different coordinate systems"),
				 errdetail("Their SRIDs are %d and %d.", srid_a, srid_b),
				 errhint("ST_Transform one geometry to the SRID of the other. Where an SRID was forgotten, use ST_SetSRID.")));

	/* Unknown is taken at its word, and planar. */
	for (i = 0; i < lengthof(planar); i++)
		if (srid_a == 0 || srid_a == planar[i])
			return;
	if (agr_is_geographic(srid_a))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("areas cannot be computed in degrees"),
				 errdetail("SRID %d is a geographic or geocentric coordinate system.", srid_a),
				 errhint("ST_Transform to an equal-area coordinate system, or to the projected one of the land register.")));
	planar[next] = srid_a;
	next = (next + 1) % lengthof(planar);
}

void
agr_notice_degrees(const char *function, int32 srid, double largest)
{
	ereport(NOTICE,
			(errmsg("%s: the coordinates look like degrees", function),
			 srid == 0 ?
			 errdetail("They have no SRID, and no polygon is larger than %g.", largest) :
			 errdetail("SRID %d is a plane system, but all coordinates are between -180 and 180, and no polygon is larger than %g.",
					   srid, largest),
			 errhint("If they are degrees: ST_SetSRID(geom, 4326), then ST_Transform to an equal-area coordinate system.")));
}

/* ---- scratch memory ---- */

static void *
grow_scratch(void *memory, size_t bytes)
{
	/* Double, so that ever larger polygons do not move it each time. */
	return repalloc_huge(memory, 2 * bytes);
}

OverlapScratch *
agr_overlap_scratch(MemoryContext context)
{
	OverlapScratch *scratch = MemoryContextAllocZero(context, sizeof(OverlapScratch));
	int			i;

	scratch->grow = grow_scratch;
	scratch->interrupt = agr_check_interrupts;
	for (i = 0; i < lengthof(scratch->side); i++)
		scratch->side[i].memory = MemoryContextAlloc(context, 1);
	scratch->piece = MemoryContextAlloc(context, 1);
	return scratch;
}
