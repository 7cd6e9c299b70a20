/*
 * postgis.c
 *		PostGIS's functions and its catalog of coordinate systems, in whichever
 *		schema it lives.
 */
#include "postgres.h"

#include "agririsk.h"
#include "core/geometry/postgis.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/indexing.h"
#include "catalog/namespace.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "executor/spi.h"
#include "nodes/value.h"
#include "parser/parse_func.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

/* The schema of an extension; an error where it is not installed. */
static Oid
extension_schema(const char *name)
{
	Relation	extensions = table_open(ExtensionRelationId, AccessShareLock);
	Oid			schema = InvalidOid;
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&key, Anum_pg_extension_extname, BTEqualStrategyNumber, F_NAMEEQ,
				CStringGetDatum(name));
	scan = systable_beginscan(extensions, ExtensionNameIndexId, true, NULL, 1, &key);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple))
		schema = ((Form_pg_extension) GETSTRUCT(tuple))->extnamespace;
	systable_endscan(scan);
	table_close(extensions, AccessShareLock);
	if (!OidIsValid(schema))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("extension %s is not installed", name),
				 errhint("CREATE EXTENSION %s.", name)));
	return schema;
}

static Oid
extension_type(const char *extension, const char *name)
{
	return GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid, CStringGetDatum(name),
						   ObjectIdGetDatum(extension_schema(extension)));
}

static Oid
extension_function(const char *extension, const char *name, int n_arguments, const Oid *argument_type)
{
	char	   *schema = get_namespace_name(extension_schema(extension));
	List	   *qualified = list_make2(makeString(schema), makeString(pstrdup(name)));

	return LookupFuncName(qualified, n_arguments, argument_type, false);
}

Oid
agr_geometry_type(void)
{
	return extension_type("postgis", "geometry");
}

Oid
agr_raster_type(void)
{
	return extension_type("postgis_raster", "raster");
}

Oid
agr_postgis_function(const char *name, int n_arguments, const Oid *argument_type)
{
	return extension_function("postgis", name, n_arguments, argument_type);
}

Oid
agr_postgis_raster_function(const char *name, int n_arguments, const Oid *argument_type)
{
	return extension_function("postgis_raster", name, n_arguments, argument_type);
}

Datum
agr_call_postgis(const char *name, Oid argument_type, Datum argument)
{
	return OidFunctionCall1(agr_postgis_function(name, 1, &argument_type), argument);
}

static bool
names_any(const char *text, const char *const *name)
{
	for (; *name; name++)
		if (strstr(text, *name))
			return true;
	return false;
}

/* Whether coordinates are degrees, or not on a surface at all. */
static bool
definition_is_geographic(const char *srtext, const char *proj4text)
{
	static const char *const geographic[] = {
		"GEOGCS[", "GEOGCRS[", "GEOGRAPHICCRS[", "GEODCRS[", "GEODETICCRS[", "GEOCCS[", NULL
	};
	static const char *const projected[] = {"PROJCS[", "PROJCRS[", "PROJECTEDCRS[", NULL};
	static const char *const proj4[] = {
		"+proj=longlat", "+proj=latlong", "+proj=lonlat", "+proj=latlon", "+proj=geocent", NULL
	};

	/* A projected system names the geographic one it is projected from. */
	if (srtext && names_any(srtext, geographic))
		return !names_any(srtext, projected);
	return proj4text && names_any(proj4text, proj4);
}

/* An SRID nobody described is somebody's local grid. */
bool
agr_is_geographic(int32 srid)
{
	Oid			type = INT4OID;
	Datum		value = Int32GetDatum(srid);
	char	   *query;
	bool		geographic = false;

	SPI_connect();
	query = psprintf("SELECT srtext, proj4text FROM %s.spatial_ref_sys WHERE srid OPERATOR(pg_catalog.=) $1",
					 quote_identifier(get_namespace_name(extension_schema("postgis"))));
	if (SPI_execute_with_args(query, 1, &type, &value, NULL, true, 1) != SPI_OK_SELECT)
		elog(ERROR, "could not read spatial_ref_sys");
	if (SPI_processed > 0)
	{
		HeapTuple	row = SPI_tuptable->vals[0];

		geographic = definition_is_geographic(SPI_getvalue(row, SPI_tuptable->tupdesc, 1),
											  SPI_getvalue(row, SPI_tuptable->tupdesc, 2));
	}
	SPI_finish();
	return geographic;
}
