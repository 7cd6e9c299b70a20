/*
 * postgis.h
 *		PostGIS's functions and its catalog of coordinate systems, in whichever
 *		schema it lives.
 */
#ifndef AGRIRISK_POSTGIS_H
#define AGRIRISK_POSTGIS_H

extern Oid	agr_geometry_type(void);

/* Of extension postgis_raster, which need not be installed: then this is an error. */
extern Oid	agr_raster_type(void);

/* A function of PostGIS, and one of its rasters, by its name in lower case. */
extern Oid	agr_postgis_function(const char *name, int n_arguments, const Oid *argument_type);
extern Oid	agr_postgis_raster_function(const char *name, int n_arguments, const Oid *argument_type);

/* Calls one that takes one argument and does not give NULL. */
extern Datum agr_call_postgis(const char *name, Oid argument_type, Datum argument);

/* Whether an SRID's coordinates are degrees, or not on a surface at all. */
extern bool agr_is_geographic(int32 srid);

#endif							/* AGRIRISK_POSTGIS_H */
