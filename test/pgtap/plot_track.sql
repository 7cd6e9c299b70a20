-- Walks round plots: against the plot as it was, in any order, by any plan.
\set ON_ERROR_STOP on
\set QUIET on
\pset format unaligned
\pset tuples_only on
BEGIN;
SET search_path = public, agririsk;
SELECT no_plan();

-- 40 plots of 60 x 100 m near Lanzhou, each turned by 7 degrees more, and a walk
-- round each: a fix every 3 m, up to 1.5 m off, with its time.
CREATE TABLE corner AS
SELECT parcel, i, ST_Rotate(ST_SetSRID(ST_MakePoint(300000 + x, 4000000 + y), 32648), radians(7 * parcel),
	ST_SetSRID(ST_MakePoint(300000, 4000000), 32648)) AS geom
FROM generate_series(1, 40) parcel, (VALUES (0, 0, 0), (1, 60, 0), (2, 60, 100), (3, 0, 100), (4, 0, 0)) v(i, x, y);
CREATE TABLE truth AS
SELECT parcel, ST_MakePolygon(ST_MakeLine(geom ORDER BY i)) AS geom,
	ST_Area(ST_Transform(ST_MakePolygon(ST_MakeLine(geom ORDER BY i)), 4326)::geography) AS area
FROM corner GROUP BY parcel;
CREATE TABLE walk AS
SELECT parcel, ST_Transform(ST_Translate(ST_LineInterpolatePoint(ST_ExteriorRing(geom), n / 107.0),
		1.5 * sin(n * n * 0.7 + parcel), 1.5 * cos(n * n * 1.3 + parcel)), 4326) AS fix,
	timestamptz '2024-05-01 08:00+00' + n * interval '2.5 s' AS at, (2 + n % 5)::float8 AS accuracy_m
FROM truth, generate_series(0, 107) n;
CREATE TABLE answer AS SELECT parcel, (plot_track_agg(fix, at, accuracy_m)).* FROM walk GROUP BY parcel;

SELECT is_empty($$SELECT parcel, reasons FROM answer WHERE quality = 'refused'$$, 'noisy walks are accepted');
SELECT is_empty($$SELECT parcel, area_m2, area FROM answer JOIN truth USING (parcel) WHERE abs(area_m2 - area) > 0.03 * area$$,
	'area within 3 % of the plot that was walked round');
SELECT is_empty($$SELECT parcel FROM answer JOIN truth USING (parcel)
	WHERE ST_Area(ST_SymDifference(ST_Transform(plot, 32648), geom)) > 0.07 * 6000$$,
	'and on the same ground');
SELECT is_empty($$SELECT parcel FROM answer WHERE ST_SRID(plot) <> 4326 OR NOT ST_IsValid(plot)$$,
	'plots are valid polygons in the SRID of the fixes');
SELECT is_empty($$SELECT parcel FROM answer WHERE area_m2 <> ST_Area(plot::geography)$$,
	'area is on the spheroid');
SELECT is_empty($$SELECT parcel FROM answer WHERE duration <> interval '267.5 s'$$, 'duration is from first to last');

-- The same walks in metres.
SELECT is_empty($$SELECT parcel FROM
	(SELECT parcel, (plot_track_agg(ST_Transform(fix, 32648), at, accuracy_m)).* FROM walk GROUP BY parcel) metres
	JOIN answer a USING (parcel)
	WHERE abs(metres.area_m2 - a.area_m2) > 0.01 * a.area_m2 OR abs(metres.area_m2 - ST_Area(metres.plot)) > 1e-6
	OR abs(metres.closure_m - a.closure_m) > 0.01 OR abs(metres.max_speed_kmh - a.max_speed_kmh) > 0.01$$,
	'in metres much the same');

-- ---- the same rows, the same bits ------------------------------------------

CREATE FUNCTION differing(query text) RETURNS SETOF bigint LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY EXECUTE 'SELECT a.parcel::bigint FROM (' || query || ') b FULL JOIN answer a USING (parcel)
		WHERE (b.*)::text IS DISTINCT FROM (a.*)::text';
END $$;
SELECT is_empty($$SELECT differing('SELECT parcel, (t).* FROM (SELECT parcel, plot_track_agg(fix, at, accuracy_m ORDER BY accuracy_m, at DESC) t FROM walk GROUP BY parcel) q')$$,
	'rows in another order');
SELECT is_empty($$SELECT differing('SELECT parcel, (t).* FROM (SELECT parcel, plot_track_agg(fix, at, accuracy_m ORDER BY md5(at::text)) t FROM walk GROUP BY parcel) q')$$,
	'rows in no order');
SELECT is_empty($$SELECT differing('SELECT parcel, (t).* FROM (SELECT parcel, plot_track_agg(fix, at, accuracy_m, plot_track_options()) t FROM walk GROUP BY parcel) q')$$,
	'options that are the defaults');

SET LOCAL parallel_setup_cost = 0;
SET LOCAL parallel_tuple_cost = 0;
SET LOCAL min_parallel_table_scan_size = 0;
SET LOCAL max_parallel_workers_per_gather = 2;
SET LOCAL enable_sort = off;
ANALYZE walk;
CREATE FUNCTION plan(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY EXECUTE 'EXPLAIN (COSTS OFF) ' || query;
END $$;
SELECT matches((SELECT string_agg(l, E'\n') FROM plan('SELECT parcel, plot_track_agg(fix, at, accuracy_m) FROM walk GROUP BY parcel') l),
	'Gather', 'the scan below may be parallel');
SELECT is_empty($$SELECT differing('SELECT parcel, (t).* FROM (SELECT parcel, plot_track_agg(fix, at, accuracy_m) t FROM walk GROUP BY parcel) q')$$,
	'a parallel plan');
RESET enable_sort;

-- A window asks a state again while it grows.
SELECT is((SELECT array_agg(quality ORDER BY n) FILTER (WHERE n IN (3, 50, 108)) FROM
	(SELECT row_number() OVER w AS n, (plot_track_agg(fix, at, accuracy_m) OVER w).quality FROM walk WHERE parcel = 1
	 WINDOW w AS (ORDER BY at)) q),
	(SELECT ARRAY['refused', 'refused', quality] FROM answer WHERE parcel = 1), 'as a window, while it grows');

SELECT * FROM finish();
ROLLBACK;
