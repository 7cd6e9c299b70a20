-- zonal_means: means of rasters over plots, of two queries. Rasters are PostGIS's, whose extension
-- postgis_raster is not required: nothing here names its type.

CREATE FUNCTION _zonal_check(options jsonb) RETURNS jsonb
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_zonal_check';
COMMENT ON FUNCTION _zonal_check(jsonb) IS
'The options of zonal_means as they are, or an error that says which is unknown or out of range. NULL gives NULL.';

CREATE FUNCTION zonal_options(
    bands integer[] DEFAULT NULL, mask_band integer DEFAULT NULL, mask_values double precision[] DEFAULT NULL,
    min_coverage double precision DEFAULT NULL, scale double precision DEFAULT NULL, extra jsonb DEFAULT NULL) RETURNS jsonb
  LANGUAGE sql IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE
  SET extra_float_digits = 1 -- so that a number keeps its digits on the way into jsonb
BEGIN ATOMIC
  SELECT agririsk._zonal_check(jsonb_strip_nulls(jsonb_build_object(
    'bands', to_jsonb(bands), 'mask_band', mask_band, 'mask_values', to_jsonb(mask_values),
    'min_coverage', min_coverage, 'scale', scale))
    || coalesce(extra, '{}'));
END;
COMMENT ON FUNCTION zonal_options(integer[], integer, double precision[], double precision, double precision, jsonb) IS
'Options for zonal_means; NULL is the default. bands: the bands to take means of, from 1 (default: all, but for the mask). mask_band: the band that is the mask, of the raster, or of the raster of masks if there is one (then 1 is the default). mask_values: the values of the mask that mean cloud, shadow or snow; pixels that have one are left out. min_coverage (0): pixels of which a smaller share lies in the plot are left out. scale (1): means are divided by it, 10000 where NDVI is stored times 10,000. extra: further options as JSON; an unknown one is an error.';

-- The options come third, or fourth behind key_type. As in overlap_join, integer and smallint
-- have forms of their own beside that of any element, for null::int could become null::bigint.

CREATE FUNCTION zonal_means(rasters text, plots text, options jsonb DEFAULT NULL,
    OUT plot_id bigint, OUT acquired timestamp, OUT means double precision[],
    OUT covered_pixels double precision, OUT clear_pixels double precision, OUT inside_share double precision)
  RETURNS SETOF record
  LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE COST 100000 ROWS 100000
  AS 'MODULE_PATHNAME', 'agririsk_zonal_means';
COMMENT ON FUNCTION zonal_means(text, text, jsonb) IS
'Means of rasters over plots with integer keys, which come as bigint: zonal_means(rasters, plots, zonal_options(...)). All else as the form with key_type.';

CREATE FUNCTION zonal_means(rasters text, plots text, key_type bigint, options jsonb DEFAULT NULL,
    OUT plot_id bigint, OUT acquired timestamp, OUT means double precision[],
    OUT covered_pixels double precision, OUT clear_pixels double precision, OUT inside_share double precision)
  RETURNS SETOF record
  LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE COST 100000 ROWS 100000
  AS 'MODULE_PATHNAME', 'agririsk_zonal_means';
COMMENT ON FUNCTION zonal_means(text, text, bigint, jsonb) IS
'Means of rasters over plots with bigint keys: zonal_means(rasters, plots, null::bigint, zonal_options(...)).';

CREATE FUNCTION zonal_means(rasters text, plots text, key_type integer, options jsonb DEFAULT NULL,
    OUT plot_id integer, OUT acquired timestamp, OUT means double precision[],
    OUT covered_pixels double precision, OUT clear_pixels double precision, OUT inside_share double precision)
  RETURNS SETOF record
  LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE COST 100000 ROWS 100000
  AS 'MODULE_PATHNAME', 'agririsk_zonal_means';
COMMENT ON FUNCTION zonal_means(text, text, integer, jsonb) IS
'Means of rasters over plots with integer keys: zonal_means(rasters, plots, null::integer, zonal_options(...)).';

CREATE FUNCTION zonal_means(rasters text, plots text, key_type smallint, options jsonb DEFAULT NULL,
    OUT plot_id smallint, OUT acquired timestamp, OUT means double precision[],
    OUT covered_pixels double precision, OUT clear_pixels double precision, OUT inside_share double precision)
  RETURNS SETOF record
  LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE COST 100000 ROWS 100000
  AS 'MODULE_PATHNAME', 'agririsk_zonal_means';
COMMENT ON FUNCTION zonal_means(text, text, smallint, jsonb) IS
'Means of rasters over plots with smallint keys: zonal_means(rasters, plots, null::smallint, zonal_options(...)).';

CREATE FUNCTION zonal_means(rasters text, plots text, key_type anyelement, options jsonb DEFAULT NULL,
    OUT plot_id anyelement, OUT acquired timestamp, OUT means double precision[],
    OUT covered_pixels double precision, OUT clear_pixels double precision, OUT inside_share double precision)
  RETURNS SETOF record
  LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE COST 100000 ROWS 100000
  AS 'MODULE_PATHNAME', 'agririsk_zonal_means';
COMMENT ON FUNCTION zonal_means(text, text, anyelement, jsonb) IS
'Means of rasters over plots, one row for each plot and time at which a raster covers some of the plot. rasters is a query of (time, raster) or (time, raster, mask): timestamp or date, and rasters of extension postgis_raster; plots is a query of (key, geometry) in the SRID of the rasters. A pixel counts with the share of its area that lies in the plot, exactly: means[b] = sum(share * value) / sum(share) / scale over clear pixels. A pixel is clear if no band asked for has NODATA, NaN or infinity there and the mask has none of mask_values. covered_pixels is the sum of shares, clear_pixels that of clear pixels; inside_share is the share of the plot''s area that lies in rasters of this time. means is NULL, and clear_pixels 0, where no pixel is clear. Where rasters of one time overlap, each pixel counts once: a clear one before one that is not, then the one greater in the first band, then the second, and so on. A plot outside every raster has no row and is counted in a NOTICE; so are rows without time, raster, mask, key or geometry. Plots that are not valid count as ST_MakeValid(geom, ''method=structure''). Rotated rasters, pixels outside the database, another SRID, a mask on another grid and rasters of one time on different grids are errors. Keys are smallint, integer, bigint, text, varchar or uuid, as key_type says: null::text. The queries run with the caller''s rights, read-only. Order of rows is unspecified. Memory follows work_mem, then temporary files. Intentionally not STRICT, because key_type is NULL; a NULL query is an error.';
