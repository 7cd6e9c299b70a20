-- Means of rasters over plots: literal cases and messages.
\set VERBOSITY default
\pset null '(null)'
SET search_path = agririsk, public;
CREATE TEMP TABLE plots (id int, geom geometry);

-- Without the extension there are no rasters.
SELECT * FROM zonal_means('SELECT date ''2024-06-01'', 1', 'SELECT id, geom FROM plots');
\set VERBOSITY terse
CREATE EXTENSION postgis_raster SCHEMA public;
\set VERBOSITY default

-- Two by two pixels of 10 m, 10 and 20 above 30 and 40, and a mask in the second band: 20 is cloudy.
CREATE FUNCTION pg_temp.tile(vals float8[], mask float8[] DEFAULT NULL, x float8 DEFAULT 0, y float8 DEFAULT 20,
	pixel text DEFAULT '16BSI', size float8 DEFAULT 10, srid int DEFAULT 32650) RETURNS raster
LANGUAGE sql AS $$
	WITH bare AS (SELECT ST_AddBand(ST_MakeEmptyRaster(array_length(vals, 2), array_length(vals, 1), x, y, size, -size, 0, 0, srid), pixel, 0, -1) AS rast)
	SELECT CASE WHEN mask IS NULL THEN one ELSE ST_SetValues(ST_AddBand(one, '8BUI'::text, 0, NULL::float8), 2, 1, 1, mask) END
	FROM bare, ST_SetValues(rast, 1, 1, 1, vals) AS one
$$;
CREATE TEMP TABLE images (acquired timestamp, rast raster);
INSERT INTO images VALUES
	('2024-06-01 10:00', pg_temp.tile('{{10,20},{30,40}}', '{{0,1},{0,0}}')),
	('2024-06-11 10:00', pg_temp.tile('{{10,20},{30,40}}', '{{1,1},{1,1}}'));
INSERT INTO plots VALUES
	(1, ST_GeomFromText('POLYGON((5 5,15 5,15 15,5 15,5 5))', 32650)),		-- a quarter of each
	(2, ST_GeomFromText('POLYGON((1 1,2 1,2 2,1 2,1 1))', 32650)),			-- below a pixel
	(3, ST_GeomFromText('POLYGON((-10 0,10 0,10 10,-10 10,-10 0))', 32650)),	-- half outside
	(4, ST_GeomFromText('POLYGON((0 0,20 0,20 20,0 20,0 0),(5 5,5 15,15 15,15 5,5 5))', 32650)),	-- three quarters of each
	(5, ST_GeomFromText('MULTIPOLYGON(((0 0,10 0,0 10,0 0)),((20 20,10 20,20 10,20 20)))', 32650)),	-- half of 30 and of 20
	(6, ST_GeomFromText('POLYGON((10 10,20 10,20 20,10 20,10 10))', 32650)),	-- the cloudy pixel
	(7, ST_GeomFromText('POLYGON((20 0,30 0,30 20,20 20,20 0))', 32650));	-- has an edge in common
SELECT * FROM zonal_means('SELECT acquired, rast FROM images', 'SELECT id, geom FROM plots',
	zonal_options(mask_band => 2, mask_values => '{1}')) ORDER BY 2, 1;
SELECT * FROM zonal_means('SELECT acquired, rast FROM images WHERE acquired < ''2024-06-02''', 'SELECT id, geom FROM plots WHERE id < 7') ORDER BY 1;
SELECT * FROM zonal_means('SELECT acquired::date, rast FROM images WHERE acquired < ''2024-06-02''', 'SELECT id, geom FROM plots WHERE id < 7',
	zonal_options(bands => '{1}', min_coverage => 0.5, scale => 10)) ORDER BY 1;
SELECT plot_id, means FROM zonal_means('SELECT acquired, rast FROM images LIMIT 1', 'SELECT id, geom FROM plots WHERE id = 1', zonal_options(bands => '{2,1,1}'));

-- A mask in a raster of its own, and its second band.
SELECT plot_id, means, clear_pixels FROM zonal_means(
	'SELECT acquired, ST_Band(rast, 1), ST_Band(rast, 2) FROM images LIMIT 1', 'SELECT id, geom FROM plots WHERE id < 3', zonal_options(mask_values => '{1,7}')) ORDER BY 1;
SELECT plot_id, means, clear_pixels FROM zonal_means(
	'SELECT acquired, ST_Band(rast, 1), ST_Band(rast, ''{1,2}''::int[]) FROM images LIMIT 1', 'SELECT id, geom FROM plots WHERE id < 3', zonal_options(mask_values => '{1}', mask_band => 2)) ORDER BY 1;

-- Keys.
SELECT pg_typeof(plot_id), * FROM zonal_means('SELECT acquired, rast FROM images LIMIT 1', 'SELECT ''plot '' || id, geom FROM plots WHERE id = 2', null::text, zonal_options(bands => '{1}'));
SELECT pg_typeof(plot_id), plot_id FROM zonal_means('SELECT acquired, rast FROM images LIMIT 1', 'SELECT id, geom FROM plots WHERE id = 2', null::int);
SELECT pg_typeof(plot_id), plot_id FROM zonal_means('SELECT acquired, rast FROM images LIMIT 1', 'SELECT id::smallint, geom FROM plots WHERE id = 2', null::smallint);
SELECT pg_typeof(plot_id), plot_id FROM zonal_means('SELECT acquired, rast FROM images LIMIT 1', 'SELECT id, geom FROM plots WHERE id = 2', null::bigint, options => null);
SELECT pg_typeof(plot_id), plot_id FROM zonal_means('SELECT acquired, rast FROM images LIMIT 1', 'SELECT ''00000000-0000-0000-0000-00000000000a''::uuid, geom FROM plots WHERE id = 2', key_type => null::uuid);
SELECT * FROM zonal_means('SELECT acquired, rast FROM images', 'SELECT id::text, geom FROM plots');

-- NODATA of a band takes the pixel from all bands; NaN and infinity are no values.
SELECT plot_id, means, covered_pixels, clear_pixels FROM zonal_means(
	'SELECT date ''2024-06-01'', pg_temp.tile(''{{10,-1},{30,40}}'', ''{{5,5},{6,5}}'')', 'SELECT id, geom FROM plots WHERE id IN (1, 6)') ORDER BY 1;
SELECT plot_id, means, covered_pixels, clear_pixels FROM zonal_means(
	'SELECT date ''2024-06-01'', pg_temp.tile(''{{NaN,Infinity},{30,40}}'', pixel => ''64BF'')', 'SELECT id, geom FROM plots WHERE id = 1');
SELECT means FROM zonal_means(
	'SELECT date ''2024-06-01'', ST_SetBandIsNoData(pg_temp.tile(''{{10,20},{30,40}}''), 1)', 'SELECT id, geom FROM plots WHERE id = 1');

-- Types of pixels, by what their ends hold.
SELECT t.pixel, z.means
FROM (VALUES ('1BB', 0, 1), ('2BUI', 0, 3), ('4BUI', 0, 15), ('8BSI', -128, 127), ('8BUI', 0, 255), ('16BSI', -32768, 32767), ('16BUI', 0, 65535),
	('32BSI', -2147483648, 2147483647), ('32BUI', 0, 4294967295), ('32BF', -0.5, 1e30), ('64BF', -0.1, 1e300)) t (pixel, least, most),
	LATERAL (SELECT array_agg(means[1] ORDER BY plot_id) AS means FROM zonal_means(format('SELECT date ''2024-06-01'', ST_SetBandNoDataValue(pg_temp.tile(ARRAY[[%s,%s]], pixel => %L), 1, NULL)', least, most, pixel),
		$$VALUES (1, ST_MakeEnvelope(0, 10, 10, 20, 32650)), (2, ST_MakeEnvelope(10, 10, 20, 20, 32650))$$)) z;

-- The same through WKB.
SET agririsk.geometry_reader = wkb;
SELECT plot_id, means, clear_pixels FROM zonal_means('SELECT acquired, rast FROM images LIMIT 1', 'SELECT id, geom FROM plots WHERE id < 7', zonal_options(mask_band => 2, mask_values => '{1}')) ORDER BY 1;
RESET agririsk.geometry_reader;

-- Rasters side by side, and rasters on each other: each pixel once, clear before cloudy, then the greater.
SELECT * FROM zonal_means($$SELECT date '2024-06-01', pg_temp.tile('{{10},{30}}') UNION ALL SELECT date '2024-06-01', pg_temp.tile('{{20},{40}}', x => 10)$$,
	'SELECT id, geom FROM plots WHERE id IN (1, 4)') ORDER BY 1;
SELECT * FROM zonal_means($$SELECT date '2024-06-01', pg_temp.tile('{{10,22},{30,41}}', '{{0,0},{0,0}}')
	UNION ALL SELECT date '2024-06-01', pg_temp.tile('{{20,90},{40,90}}', '{{0,0},{1,0}}', x => 10)$$,
	'VALUES (1, ST_MakeEnvelope(0, 0, 30, 20, 32650)), (2, ST_MakeEnvelope(10, 0, 20, 10, 32650)), (3, ST_MakeEnvelope(10, 10, 20, 20, 32650))', zonal_options(mask_band => 2, mask_values => '{1}')) ORDER BY 1;
SELECT * FROM zonal_means($$SELECT date '2024-06-01', pg_temp.tile('{{10,22}}', '{{0,1}}') UNION ALL SELECT date '2024-06-01', pg_temp.tile('{{12,21}}', '{{1,0}}')
	UNION ALL SELECT date '2024-06-01', pg_temp.tile('{{11,23}}', '{{0,0}}')$$,
	'VALUES (1, ST_MakeEnvelope(0, 10, 20, 20, 32650))', zonal_options(mask_band => 2, mask_values => '{1}'));

-- What is left out is counted.
SELECT * FROM zonal_means('SELECT acquired, rast FROM images UNION ALL SELECT NULL, rast FROM images UNION ALL SELECT acquired, NULL FROM images
	UNION ALL SELECT acquired, ST_MakeEmptyRaster(0, 0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 32650) FROM images',
	'SELECT id, geom FROM plots WHERE id = 2 UNION ALL VALUES (NULL, NULL::geometry), (8, NULL), (9, ''POLYGON EMPTY''), (10, ST_MakeEnvelope(500, 500, 600, 600, 32650))');
SELECT * FROM zonal_means('SELECT acquired, rast FROM images WHERE false', 'SELECT id, geom FROM plots');
SELECT * FROM zonal_means('SELECT acquired, rast FROM images', 'SELECT id, geom FROM plots WHERE false');

-- A bow tie has the ground of both its halves.
SELECT plot_id, means, covered_pixels, inside_share FROM zonal_means('SELECT acquired, rast FROM images LIMIT 1', $$VALUES (1, ST_GeomFromText('POLYGON((0 0,10 10,10 0,0 10,0 0))', 32650))$$, zonal_options(bands => '{1}'));

-- Errors.
SELECT * FROM zonal_means(NULL, 'SELECT id, geom FROM plots');
SELECT * FROM zonal_means('SELECT acquired, rast FROM images', NULL);
SELECT * FROM zonal_means('SELECT rast FROM images', 'SELECT id, geom FROM plots');
SELECT * FROM zonal_means('SELECT rast, acquired FROM images', 'SELECT id, geom FROM plots');
SELECT * FROM zonal_means('SELECT acquired AT TIME ZONE ''UTC'', rast FROM images', 'SELECT id, geom FROM plots');
SELECT * FROM zonal_means('SELECT date ''infinity'', rast FROM images', 'SELECT id, geom FROM plots');
SELECT * FROM zonal_means('SELECT acquired, ''raster'' FROM images', 'SELECT id, geom FROM plots');
SELECT * FROM zonal_means('SELECT acquired, rast FROM images', 'SELECT id FROM plots');
SELECT * FROM zonal_means('SELECT acquired, rast FROM images', 'SELECT id, ST_Centroid(geom) FROM plots');
SELECT * FROM zonal_means('SELECT acquired, rast FROM images', 'SELECT id, ST_SetSRID(geom, 32649) FROM plots');
SELECT * FROM zonal_means('SELECT acquired, rast FROM images', 'SELECT id, ST_SetSRID(geom, 0) FROM plots');
SELECT * FROM zonal_means('SELECT acquired, rast FROM images UNION ALL SELECT acquired, ST_SetSRID(rast, 32649) FROM images', 'SELECT id, geom FROM plots');
SELECT * FROM zonal_means('SELECT acquired, ST_SetSkew(rast, 0.5, 0) FROM images', 'SELECT id, geom FROM plots');
SELECT * FROM zonal_means('SELECT acquired, ST_SetScale(rast, 0, 10) FROM images', 'SELECT id, geom FROM plots');
SELECT * FROM zonal_means('SELECT acquired, rast FROM images', 'SELECT id, geom FROM plots', zonal_options(bands => '{3}'));
SELECT * FROM zonal_means('SELECT acquired, rast FROM images UNION ALL SELECT acquired + ''1 day'', ST_Band(rast, 1) FROM images', 'SELECT id, geom FROM plots');
SELECT * FROM zonal_means('SELECT acquired, ST_Band(rast, 1) FROM images', 'SELECT id, geom FROM plots', zonal_options(mask_band => 1, mask_values => '{1}'));
SELECT * FROM zonal_means('SELECT acquired, rast FROM images', 'SELECT id, geom FROM plots', zonal_options(mask_values => '{1}'));
SELECT * FROM zonal_means('SELECT acquired, rast, rast FROM images', 'SELECT id, geom FROM plots');
SELECT * FROM zonal_means('SELECT acquired, rast, ST_SetUpperLeft(rast, 10, 20) FROM images', 'SELECT id, geom FROM plots', zonal_options(mask_values => '{1}'));
SELECT * FROM zonal_means($$SELECT date '2024-06-01', pg_temp.tile('{{10},{30}}') UNION ALL SELECT date '2024-06-01', pg_temp.tile('{{20},{40}}', x => 13)$$, 'SELECT id, geom FROM plots');
-- WKB with one band of 8 bits, in /nowhere/s2.tif.
SELECT * FROM zonal_means($$SELECT date '2024-06-01', '0100000100000000000000244000000000000024C000000000000000000000000000003440000000000000000000000000000000008A7F0000020002008400002F6E6F77686572652F73322E74696600'::raster$$, 'SELECT id, geom FROM plots');
SELECT zonal_options(bands => '{}');
SELECT zonal_options(bands => '{0}');
SELECT zonal_options(mask_band => 2);
SELECT zonal_options(min_coverage => 1.5);
SELECT zonal_options(scale => 0);
SELECT zonal_options(extra => '{"band": 1}');
SELECT zonal_options(bands => '{1,2}', mask_band => 2, mask_values => '{1,0.1}', min_coverage => 0.25, scale => 10000);

\set VERBOSITY terse
SET client_min_messages = warning;
DROP EXTENSION postgis_raster CASCADE;
