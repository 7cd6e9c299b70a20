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

-- ---- against PostGIS and window functions ----------------------------------

-- 200 walks round a centre, at random distances from it, so that they never cross
-- themselves, at random times, half of them seen from a place in degrees; the
-- options are such that nothing but NULL goes.
SELECT setseed(0.5) \g /dev/null
CREATE TABLE star AS
SELECT w, n, ST_SetSRID(ST_MakePoint(x, y), 32648) AS flat, accuracy_m,
	timestamptz '2024-03-31 00:30+00' + sum(gap) OVER (PARTITION BY w ORDER BY n) AS at
FROM (SELECT w, n, 300000 + r * cos(a) AS x, 4000000 + r * sin(a) AS y, CASE WHEN random() < 0.8 THEN random() * 20 END AS accuracy_m,
		interval '1 us' * (100000 + floor(random() * CASE WHEN w % 3 = 0 THEN 3e7 ELSE 4e6 END)) AS gap
	FROM (SELECT w, n, (n + random()) * 2 * pi() / (30 + w % 50) AS a, 30 + 30 * random() AS r
		FROM generate_series(1, 200) w, generate_series(0, 29 + w % 50) n OFFSET 0) v OFFSET 0) v;
ALTER TABLE star ADD COLUMN fix geometry;
UPDATE star SET fix = CASE WHEN w % 2 = 0 THEN flat ELSE ST_Transform(flat, 4326) END;
CREATE FUNCTION loose() RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
	SELECT plot_track_options(max_speed_kmh => 10000, max_closure_m => 1000, spur_width_m => 0, max_error_share => 1000, min_width_m => 0) $$;
CREATE TABLE star_answer AS SELECT w, (plot_track_agg(fix, at, accuracy_m, loose())).* FROM star GROUP BY w;

SELECT is((SELECT count(*) FROM star_answer WHERE quality <> 'refused' AND cardinality(reasons) <= 2), 200::bigint, 'star-shaped walks are kept whole');
SELECT is_empty($$SELECT w FROM star_answer JOIN
		(SELECT w, ST_MakePolygon(ST_AddPoint(ST_MakeLine(fix ORDER BY at), (array_agg(fix ORDER BY at))[1])) AS line FROM star GROUP BY w) q USING (w)
	WHERE NOT ST_OrderingEquals(plot, line)$$, 'the plot is the polygon of the fixes in order of time, each where it was');
SELECT is_empty($$SELECT w, area_m2 FROM star_answer JOIN
		(SELECT w, ST_MakePolygon(ST_AddPoint(ST_MakeLine(fix ORDER BY at), (array_agg(fix ORDER BY at))[1])) AS line FROM star GROUP BY w) q USING (w)
	WHERE abs(area_m2 - CASE WHEN w % 2 = 0 THEN ST_Area(line) ELSE ST_Area(line::geography) END) > 1e-9 * area_m2$$,
	'area_m2 is ST_Area of it');
SELECT is_empty($$SELECT w FROM star_answer JOIN (SELECT w, avg(accuracy_m) AS mean, max(at) - min(at) AS walked FROM star GROUP BY w) q USING (w)
	WHERE abs(mean - mean_accuracy_m) > 1e-12 * mean OR walked <> duration$$, 'mean_accuracy_m is avg, duration max(at) - min(at)');

-- Distances in degrees by PostGIS's geodesics.
CREATE FUNCTION metres(a geometry, b geometry) RETURNS float8 LANGUAGE sql AS $$
	SELECT CASE ST_SRID(a) WHEN 4326 THEN ST_Distance(a::geography, b::geography) ELSE ST_Distance(a, b) END $$;
SELECT is_empty($$SELECT w, closure_m FROM star_answer JOIN
		(SELECT w, metres((array_agg(fix ORDER BY at))[1], (array_agg(fix ORDER BY at DESC))[1]) AS gap FROM star GROUP BY w) q USING (w)
	WHERE abs(closure_m - gap) > 1e-5 * gap$$, 'closure_m is the distance from the first to the last');
SELECT is_empty($$SELECT w, max_speed_kmh, fastest FROM star_answer JOIN
		(SELECT w, max(3.6 * metres(fix, later) / extract(epoch FROM later_at - at)) AS fastest FROM
			(SELECT w, fix, at, first_value(fix) OVER late AS later, first_value(at) OVER late AS later_at FROM star
			 WINDOW late AS (PARTITION BY w ORDER BY at RANGE BETWEEN '10 s' FOLLOWING AND UNBOUNDED FOLLOWING)) s GROUP BY w) q USING (w)
	WHERE abs(max_speed_kmh - fastest) > 1e-5 * fastest$$, 'max_speed_kmh is the most from a fix to the first one ten seconds later');

-- Two neighbours that change places make the walk cross itself. Where it does so
-- once, PostGIS knows the two pieces, and by the area with signs whether one
-- lies beside the other or in it.
CREATE TABLE crossed AS
SELECT w, (t).*, substring((t).reasons::text from 'loops: cut off 1 of ([0-9.]+) m2')::float8 AS loop_m2, line FROM
	(SELECT w, plot_track_agg(flat, at, 4, loose()) AS t, ST_AddPoint(ST_MakeLine(flat ORDER BY at), (array_agg(flat ORDER BY at))[1]) AS line FROM
		(SELECT w, flat, CASE n WHEN 7 THEN lead(at) OVER o WHEN 8 THEN lag(at) OVER o ELSE at END AS at FROM star WINDOW o AS (PARTITION BY w ORDER BY n)) s
	 GROUP BY w) s;
CREATE TABLE two AS SELECT w, max(a) AS larger, min(a) AS smaller FROM
	(SELECT w, ST_Area((ST_Dump(ST_Polygonize(noded))).geom) AS a FROM (SELECT w, ST_Node(line) AS noded FROM crossed) n GROUP BY w) f GROUP BY w HAVING count(*) = 2;
SELECT cmp_ok((SELECT count(*) FROM two WHERE smaller > 1), '>', 30::bigint, 'many walks cross themselves once');
SELECT is_empty($$SELECT w FROM (SELECT *, abs(ST_Area(ST_MakePolygon(line)) - (larger - smaller)) < 1e-6 AS beside FROM crossed JOIN two USING (w)) q
	WHERE smaller > 1 AND (area_m2 IS NULL <> (loop_m2 > 0.05 * CASE WHEN beside THEN larger ELSE larger + smaller END)
		OR abs(area_m2 - CASE WHEN beside THEN larger ELSE larger + smaller END) > 1e-6
		OR loop_m2 IS NULL OR abs(loop_m2 - smaller) > 0.051)$$, 'the larger piece stays, the other is counted');

-- ---- what has to go leaves what it was -------------------------------------

CREATE FUNCTION changed(query text) RETURNS SETOF bigint LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY EXECUTE 'SELECT a.parcel::bigint FROM (SELECT parcel, (t).* FROM (SELECT parcel, plot_track_agg(fix, at, accuracy_m) t FROM (' || query || ') w GROUP BY parcel) q) b
		FULL JOIN answer a USING (parcel)
		WHERE (b.plot, b.area_m2, b.closure_m, b.mean_accuracy_m, b.max_speed_kmh, b.duration) IS DISTINCT FROM (a.plot, a.area_m2, a.closure_m, a.mean_accuracy_m, a.max_speed_kmh, a.duration)';
END $$;
SELECT is_empty($$SELECT changed('TABLE walk UNION ALL SELECT parcel, ST_Translate(fix, 0.01, 0.02), at + interval ''1 s'', 20.1 FROM walk')$$, 'inaccurate fixes');
SELECT is_empty($$SELECT changed('TABLE walk UNION ALL SELECT parcel, NULL, at + interval ''1 s'', 3 FROM walk UNION ALL SELECT parcel, ST_Translate(fix, 0.01, 0), NULL, 3 FROM walk')$$, 'unknown fixes or times');
SELECT is_empty($$SELECT changed('TABLE walk UNION ALL SELECT parcel, ST_Translate(fix, 0.01, 0.02), at, accuracy_m + 0.1 FROM walk')$$, 'less accurate ones of the same instant');
CREATE TABLE spiked AS SELECT parcel, plot_track_agg(fix, at, accuracy_m) AS t FROM
	(TABLE walk UNION ALL SELECT parcel, CASE WHEN parcel % 2 = 0 THEN ST_SetSRID(ST_MakePoint(0, 0), 4326) ELSE ST_Translate(fix, -0.01, 0.02) END,
		at + interval '1 s', 5 FROM (SELECT *, row_number() OVER (PARTITION BY parcel ORDER BY at) AS n FROM walk) o WHERE n % 15 = 1 + parcel % 14) w GROUP BY parcel;
SELECT is_empty($$SELECT parcel FROM spiked JOIN answer USING (parcel) WHERE NOT (t).reasons::text ~ 'spikes: fixes that contradict the others left out: [78]'
	OR ((t).plot, (t).area_m2, (t).closure_m, (t).mean_accuracy_m, (t).max_speed_kmh, (t).duration)
		IS DISTINCT FROM (plot, area_m2, closure_m, mean_accuracy_m, max_speed_kmh, duration)$$, 'spikes');

-- ---- places ----------------------------------------------------------------

-- The same walks beside and across the antimeridian, and below the equator.
CREATE TABLE moved AS SELECT parcel, plot_track_agg(ST_SetSRID(ST_MakePoint(x - CASE WHEN x > 180 THEN 360 ELSE 0 END, ST_Y(fix) - 40), 4326), at, accuracy_m) AS beyond,
	plot_track_agg(ST_SetSRID(ST_MakePoint(x, ST_Y(fix) - 40), 4326), at, accuracy_m) AS told_beyond,
	plot_track_agg(ST_SetSRID(ST_MakePoint(x - 90, ST_Y(fix) - 40), 4326), at, accuracy_m) AS here,
	count(DISTINCT x > 180) = 2 AS across
FROM (SELECT *, ST_X(fix) - avg(ST_X(fix)) OVER (PARTITION BY parcel) + 180 AS x FROM walk) w GROUP BY parcel;
SELECT cmp_ok((SELECT count(*) FROM moved WHERE across), '>', 30::bigint, 'across the antimeridian');
SELECT is_empty($$SELECT parcel FROM moved WHERE abs((here).area_m2 - (beyond).area_m2) > 1e-4 OR NOT ST_IsValid((beyond).plot) OR ST_XMax((beyond).plot) - ST_XMin((beyond).plot) > 1
	OR abs((here).max_speed_kmh - (beyond).max_speed_kmh) > 1e-6 OR abs((here).closure_m - (beyond).closure_m) > 1e-6 OR (here).quality <> (beyond).quality$$, 'walks are what they are elsewhere');
SELECT is_empty($$SELECT parcel FROM moved WHERE beyond::text <> told_beyond::text$$, 'also where longitudes go on beyond 180');

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
SET LOCAL timezone = 'Europe/Paris';
SET LOCAL datestyle = 'German';
SELECT is_empty($$SELECT w FROM (SELECT w, (plot_track_agg(fix, at, accuracy_m, loose())).* FROM star GROUP BY w) b JOIN star_answer a USING (w) WHERE a.*::text <> b.*::text$$,
	'another time zone, in which the clock jumps during the walk');
SET LOCAL timezone = 'UTC';
RESET datestyle;
SET LOCAL enable_sort = off;
SET LOCAL work_mem = '64kB';
SET LOCAL hash_mem_multiplier = 1;
SELECT is_empty($$SELECT differing('SELECT parcel, (t).* FROM (SELECT parcel, plot_track_agg(fix, at, accuracy_m) t FROM walk GROUP BY parcel) q')$$,
	'hashed groups that do not fit work_mem');
RESET work_mem;
RESET hash_mem_multiplier;
SET LOCAL enable_hashagg = off;
RESET enable_sort;
SELECT is_empty($$SELECT differing('SELECT parcel, (t).* FROM (SELECT parcel, plot_track_agg(fix, at, accuracy_m) t FROM walk GROUP BY parcel) q')$$,
	'sorted groups');
RESET enable_hashagg;

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

CREATE TABLE visited AS SELECT row_number() OVER (ORDER BY at, accuracy_m) AS n, fix, at, accuracy_m FROM
	(SELECT fix, at, accuracy_m FROM walk WHERE parcel = 2
	 UNION ALL SELECT ST_Translate(fix, 0.01, 0.02), at + interval '1 s', 4 FROM walk WHERE parcel = 2 AND accuracy_m = 3
	 UNION ALL SELECT ST_Translate(fix, 0.0001, 0), at, accuracy_m + 1 FROM walk WHERE parcel = 2) v;
SELECT is_empty($$SELECT n FROM (SELECT n, plot_track_agg(fix, at, accuracy_m) OVER (ORDER BY n) AS t FROM visited) w
	WHERE t::text IS DISTINCT FROM (SELECT plot_track_agg(fix, at, accuracy_m)::text FROM visited v WHERE v.n <= w.n)$$,
	'which leaves the fixes as they were');

SELECT * FROM finish();
ROLLBACK;
