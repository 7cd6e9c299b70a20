-- Means over plots are what PostGIS's own polygons of pixels give, however they are computed.
\set ON_ERROR_STOP on
\set QUIET on
\pset format unaligned
\pset tuples_only on
BEGIN;
SET client_min_messages = warning;
CREATE EXTENSION postgis_raster;
SET search_path = public, agririsk;
SELECT no_plan();

-- Three dates of two bands and a mask over a scene of 40 x 30 pixels, values made from their places.
CREATE FUNCTION values_of(seed int, most int) RETURNS float8[] LANGUAGE sql AS $$
	SELECT array_agg(line ORDER BY r) FROM (
		SELECT r, array_agg((((r * 7919 + c * 104729 + seed * 31) % 1009) % most)::float8 ORDER BY c) AS line
		FROM generate_series(1, 30) r, generate_series(1, 40) c GROUP BY r) l
$$;
CREATE TABLE scene AS
SELECT timestamp '2024-05-01 10:00' + d * interval '5 days' AS acquired,
	ST_SetValues(ST_SetValues(ST_SetValues(bare, 1, 1, 1, values_of(d, 1000)), 2, 1, 1, values_of(d + 50, 30000)), 3, 1, 1, values_of(d + 90, 5)) AS rast
FROM generate_series(1, 3) d,
	ST_AddBand(ST_AddBand(ST_AddBand(ST_MakeEmptyRaster(40, 30, 500003.7, 4200311.2, 9.75, -10.25, 0, 0, 32650), '16BSI'::text, 0, 7), '32BF'::text, 0, NULL::float8), '8BUI'::text, 0, NULL::float8) bare;
ALTER TABLE scene ALTER rast SET STORAGE EXTERNAL;
UPDATE scene SET rast = rast;

-- Stars of less than a pixel to hundreds of them, some partly and some wholly outside, some with a hole, one of many vertices.
CREATE FUNCTION star(i int, shrink float8) RETURNS geometry LANGUAGE sql IMMUTABLE AS $$
	SELECT ST_MakeLine(ARRAY(
		SELECT ST_MakePoint(500003.7 - 20 + 430.0 * (i * 7919 % 1009) / 1009 + shrink * r * cos(t), 4200311.2 + 20 - 350.0 * (i * 104729 % 997) / 997 + shrink * r * sin(t))
		FROM generate_series(0, n) k, LATERAL (SELECT 2 * pi() * (k % n) / n AS t, (CASE WHEN i % 3 = 0 THEN 6 ELSE 60 END) * (0.5 + 0.5 * (((k % n) * 31 + i) % 7) / 7) AS r) v ORDER BY k))
	FROM (SELECT CASE WHEN i = 7 THEN 1500 ELSE 5 + i % 20 END AS n) m
$$;
CREATE TABLE plot AS
SELECT i AS id, ST_SetSRID(CASE WHEN i % 4 = 0 THEN ST_MakePolygon(star(i, 1), ARRAY[star(i, 0.4)]) ELSE ST_MakePolygon(star(i, 1)) END, 32650) AS geom
FROM generate_series(1, 150) i;
INSERT INTO plot SELECT 151, ST_Collect(ST_SetSRID(ST_MakePolygon(star(i, 0.1)), 32650)) FROM generate_series(1, 6) i;
SELECT ok((SELECT bool_and(ST_IsValid(geom)) FROM plot), 'the plots are valid');

-- The oracle: each pixel as a polygon, cut with the plot by GEOS. NODATA of the first band is 7.
CREATE TABLE pixel AS
SELECT acquired, a.geom, a.val AS a, b.val AS b, m.val AS mask
FROM scene, LATERAL ST_PixelAsPolygons(rast, 1, false) a JOIN LATERAL ST_PixelAsPolygons(rast, 2, false) b USING (x, y)
	JOIN LATERAL ST_PixelAsPolygons(rast, 3, false) m USING (x, y);
CREATE INDEX ON pixel USING gist (geom);
CREATE TABLE expected AS
SELECT plot.id, acquired, sum(share) AS covered, coalesce(sum(share) FILTER (WHERE clear), 0) AS clear,
	sum(share * a) FILTER (WHERE clear) / sum(share) FILTER (WHERE clear) AS a, sum(share * b) FILTER (WHERE clear) / sum(share) FILTER (WHERE clear) AS b,
	sum(share) * 9.75 * 10.25 / ST_Area(plot.geom) AS inside
FROM plot JOIN pixel ON ST_Intersects(plot.geom, pixel.geom),
	LATERAL (SELECT ST_Area(ST_Intersection(plot.geom, pixel.geom)) / (9.75 * 10.25) AS share, mask NOT IN (1, 3) AND a <> 7 AS clear) s
WHERE share > 0
GROUP BY plot.id, acquired, plot.geom;
SELECT cmp_ok((SELECT count(*)::int FROM expected), '>', 300, 'many plots are met');
SELECT cmp_ok((SELECT count(*)::int FROM expected WHERE clear = 0), '>', 3, 'some have no clear pixel');
SELECT cmp_ok((SELECT count(*)::int FROM expected WHERE a IS NULL), '<', 100, 'most have one');

CREATE TABLE found AS
SELECT * FROM zonal_means('SELECT acquired, rast FROM scene', 'SELECT id, geom FROM plot', zonal_options(mask_band => 3, mask_values => '{1,3}'));
SELECT is((SELECT count(*)::int FROM found FULL JOIN expected e ON plot_id = id AND found.acquired = e.acquired WHERE plot_id IS NULL OR id IS NULL), 0, 'a row for each plot and time that meet');
SELECT ok((SELECT bool_and((means IS NULL) = (a IS NULL) AND (clear_pixels = 0) = (clear = 0)) FROM found JOIN expected e ON plot_id = id AND found.acquired = e.acquired), 'NULL where no pixel is clear');
SELECT cmp_ok((SELECT max(greatest(abs(covered_pixels / covered - 1), abs(clear_pixels / nullif(clear, 0) - 1), abs(means[1] / nullif(a, 0) - 1), abs(means[2] / nullif(b, 0) - 1), abs(inside_share / inside - 1)))
	FROM found JOIN expected e ON plot_id = id AND found.acquired = e.acquired), '<', 1e-9::float8, 'means, pixels and shares to 1e-9');

-- The same bits, however.
CREATE FUNCTION differs(query text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE n bigint;
BEGIN
	EXECUTE format('WITH q AS (SELECT plot_id, acquired, array_send(means), float8send(covered_pixels), float8send(clear_pixels), float8send(inside_share) FROM %s),
		f AS (SELECT plot_id, acquired, array_send(means), float8send(covered_pixels), float8send(clear_pixels), float8send(inside_share) FROM found)
		SELECT (SELECT count(*) FROM (TABLE q EXCEPT ALL TABLE f) x) + (SELECT count(*) FROM (TABLE f EXCEPT ALL TABLE q) y)', query) INTO n;
	RETURN n;
END $$;
\set options 'zonal_options(mask_band => 3, mask_values => ''{3,1}'')'
SELECT is(differs($$zonal_means('SELECT acquired, rast FROM scene ORDER BY acquired DESC', 'SELECT id, geom FROM plot ORDER BY id DESC', $$ || :'options' || ')'), 0::bigint, 'rows in another order');
SELECT is(differs($$zonal_means('SELECT acquired, rast FROM scene', 'SELECT id, ST_Reverse(geom) FROM plot', $$ || :'options' || ')'), 0::bigint, 'rings the other way round');
SELECT is(differs($$zonal_means('SELECT acquired, ST_SetBandNoDataValue(rast, 1, 7) FROM scene', 'SELECT id, geom FROM plot', $$ || :'options' || ')'), 0::bigint, 'rasters that a query computes');
SELECT is(differs($$zonal_means('SELECT acquired, ST_Band(rast, ''{1,2}''::int[]), ST_Band(rast, 3) FROM scene', 'SELECT id, geom FROM plot', zonal_options(mask_values => '{1,3}'))$$), 0::bigint, 'a mask of its own');
SET work_mem = '64kB';
SELECT is(differs($$zonal_means('SELECT acquired, rast FROM scene', 'SELECT id, geom FROM plot', $$ || :'options' || ')'), 0::bigint, 'under 64kB, in several passes');
SELECT is(differs($$zonal_means('SELECT acquired, ST_SetBandNoDataValue(rast, 1, 7) FROM scene', 'SELECT id, geom FROM plot', $$ || :'options' || ')'), 0::bigint, 'and with rasters that a query computes');
RESET work_mem;
SET agririsk.geometry_reader = wkb;
SELECT is(differs($$zonal_means('SELECT acquired, rast FROM scene', 'SELECT id, geom FROM plot', $$ || :'options' || ')'), 0::bigint, 'through WKB');
RESET agririsk.geometry_reader;
SELECT is(differs($$zonal_means('SELECT acquired, rast FROM scene UNION ALL SELECT acquired, rast FROM scene', 'SELECT id, geom FROM plot', $$ || :'options' || ')'), 0::bigint, 'every raster twice');

-- Cut into tiles, with and without a margin in common, the same up to rounding.
CREATE FUNCTION strays(query text) RETURNS float8 LANGUAGE plpgsql AS $$
DECLARE n float8;
BEGIN
	EXECUTE format('SELECT max(CASE WHEN q.plot_id IS NULL OR f.plot_id IS NULL OR (q.means IS NULL) <> (f.means IS NULL) THEN 1 ELSE
			greatest(abs(q.covered_pixels / f.covered_pixels - 1), abs(q.clear_pixels / nullif(f.clear_pixels, 0) - 1), abs(q.means[1] / nullif(f.means[1], 0) - 1), abs(q.means[2] / nullif(f.means[2], 0) - 1), abs(q.inside_share / f.inside_share - 1)) END)
		FROM %s q FULL JOIN found f USING (plot_id, acquired)', query) INTO n;
	RETURN n;
END $$;
SELECT cmp_ok(strays($$zonal_means('SELECT acquired, ST_Tile(rast, 7, 9) FROM scene', 'SELECT id, geom FROM plot', zonal_options(mask_band => 3, mask_values => '{1,3}'))$$), '<', 1e-9::float8, 'tiles side by side');
-- PostGIS clips whole pixels to an envelope along their sides.
CREATE TABLE margin AS
SELECT acquired, ST_Clip(rast, ST_MakeEnvelope(500003.7 + 9.75 * (x - 0.01), 4200311.2 - 10.25 * (y + h - 0.01), 500003.7 + 9.75 * (x + w - 0.01), 4200311.2 - 10.25 * (y - 0.01), 32650), true) AS rast
FROM scene, (VALUES (0, 0, 25, 30), (15, 0, 25, 20), (15, 12, 25, 18), (0, 0, 40, 3)) v (x, y, w, h);
SELECT cmp_ok(strays($$zonal_means('SELECT acquired, rast FROM margin', 'SELECT id, geom FROM plot', zonal_options(mask_band => 3, mask_values => '{1,3}'))$$), '<', 1e-9::float8, 'tiles that overlap: each pixel once');
SELECT is((SELECT md5(string_agg(z::text, ',' ORDER BY plot_id, acquired)) FROM zonal_means('SELECT acquired, rast FROM margin ORDER BY random()', 'SELECT id, geom FROM plot ORDER BY random()', zonal_options(mask_band => 3, mask_values => '{1,3}')) z),
	(SELECT md5(string_agg(z::text, ',' ORDER BY plot_id, acquired)) FROM zonal_means('SELECT acquired, rast FROM margin', 'SELECT id, geom FROM plot', zonal_options(mask_band => 3, mask_values => '{1,3}')) z), 'and the same bits in any order');

-- All three as one time: of each pixel the clear one with the greatest first band, then the second.
CREATE TABLE composite AS
SELECT DISTINCT ON (geom) geom, a, b, mask NOT IN (1, 3) AND a <> 7 AS clear FROM pixel ORDER BY geom, mask NOT IN (1, 3) AND a <> 7 DESC, a DESC, b DESC;
SELECT cmp_ok((SELECT max(greatest(abs(z.covered_pixels / e.covered - 1), abs(z.clear_pixels / e.clear - 1), abs(z.means[1] / e.a - 1), abs(z.means[2] / e.b - 1)))
	FROM zonal_means('SELECT date ''2024-01-01'', rast FROM scene', 'SELECT id, geom FROM plot', zonal_options(mask_band => 3, mask_values => '{1,3}')) z
	FULL JOIN (SELECT plot.id, sum(share) AS covered, sum(share) FILTER (WHERE clear) AS clear,
			sum(share * a) FILTER (WHERE clear) / sum(share) FILTER (WHERE clear) AS a, sum(share * b) FILTER (WHERE clear) / sum(share) FILTER (WHERE clear) AS b
		FROM plot JOIN composite ON ST_Intersects(plot.geom, composite.geom), LATERAL (SELECT ST_Area(ST_Intersection(plot.geom, composite.geom)) / (9.75 * 10.25) AS share) s
		WHERE share > 0 GROUP BY plot.id) e ON e.id = z.plot_id), '<', 1e-9::float8, 'three rasters of one time: the maximum-value composite');

-- Upside down and mirrored: the same ground.
SELECT cmp_ok(strays($$zonal_means('SELECT acquired, ST_Resample(rast, ST_MakeEmptyRaster(40, 30, 500003.7, 4200311.2 - 30 * 10.25, 9.75, 10.25, 0, 0, 32650)) FROM scene', 'SELECT id, geom FROM plot', zonal_options(mask_band => 3, mask_values => '{1,3}'))$$), '<', 1e-9::float8, 'rows from south to north');

-- What a plot covers is a partition of the scene.
SELECT cmp_ok((SELECT abs(sum(covered_pixels) - 1200) FROM zonal_means('SELECT acquired, rast FROM scene LIMIT 1',
	'SELECT row_number() OVER (), geom FROM (SELECT (ST_Dump(ST_VoronoiPolygons(ST_Collect(ST_Centroid(geom)), 0, ST_MakeEnvelope(500000, 4200000, 500400, 4200320, 32650)))).geom FROM plot) v')), '<', 1e-9::float8, 'polygons that tile the plane share out every pixel');

SELECT * FROM finish();
ROLLBACK;
