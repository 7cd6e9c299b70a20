-- Overlap against other people's cases, PostGIS and real parcels.
\set ON_ERROR_STOP on
\set QUIET on
\pset format unaligned
\pset tuples_only on
BEGIN;
SET search_path = public, agririsk;
\getenv shared AGRIRISK_SHARED
\if :{?shared}
\else
\set shared ''
\endif
SELECT :'shared' <> '' AS has_shared \gset
SELECT no_plan();

CREATE FUNCTION same_bits(x float8, y float8) RETURNS boolean
LANGUAGE sql AS 'SELECT float8send(x) = float8send(y)';

-- ---- published and nasty cases -------------------------------------------

\if :has_shared
\set nasty_path :shared '/data/land/nasty_cases.csv'
\set cases_path :shared '/data/land/overlap_cases.csv'
CREATE TABLE nasty (name text, valid boolean, note text, a geometry, b geometry, expected float8, geos text);
COPY nasty FROM :'nasty_path' (FORMAT csv, HEADER);
CREATE TABLE cases (id int, source text, description text, valid_a boolean, valid_b boolean, points_a int, points_b int,
	expected float8, expected_by text, geos text, area_a float8, area_b float8, a geometry, b geometry);
COPY cases FROM :'cases_path' (FORMAT csv, HEADER);

CREATE TABLE answer AS
SELECT name, a, b, expected, least(ST_Area(a), ST_Area(b)) AS smaller FROM nasty
UNION ALL
SELECT source || ' ' || id, a, b, expected, least(ST_Area(a), ST_Area(b)) FROM cases WHERE expected_by = 'exact';
ALTER TABLE answer ADD ours float8;
UPDATE answer SET ours = overlap_area(a, b);

SELECT cmp_ok((SELECT count(*)::int FROM answer), '>=', 235, 'nasty and published cases are here');
SELECT is_empty($$SELECT name, ours, expected FROM answer WHERE abs(ours - expected) > greatest(1e-9 * smaller, 1e-13)$$,
	'nasty and published cases: within 1e-9 of the smaller area of the exact answer');
SELECT is_empty($$SELECT name FROM answer WHERE NOT same_bits(ours, overlap_area(b, a))$$,
	'nasty and published cases: both orders give the same bits');
SET agririsk.geometry_reader = wkb;
SELECT is_empty($$SELECT name FROM answer WHERE NOT same_bits(ours, overlap_area(a, b))$$,
	'nasty and published cases: the same bits when read as WKB');
RESET agririsk.geometry_reader;
\else
SELECT skip('../shared is not here', 4);
\endif

-- ---- the same geometry, stored in other ways ------------------------------

CREATE TABLE pair AS
SELECT i AS id,
	ST_SetSRID(ST_Buffer(ST_MakePoint(500000 + i * 7 % 100, 4200000 + i * 13 % 90), 20 + i % 30, 3 + i % 5), 32650) AS a,
	ST_SetSRID(ST_Buffer(ST_MakePoint(500010 + i * 11 % 100, 4200005 + i * 17 % 90), 25 + i % 20, 2 + i % 4), 32650) AS b
FROM generate_series(1, 500) i;
ALTER TABLE pair ADD ours float8;
UPDATE pair SET ours = overlap_area(a, b);

-- PostGIS rounds the corners of the intersection, at this northing to 1e-9 m.
SELECT is_empty($$SELECT id FROM pair
	WHERE abs(ours - ST_Area(ST_Intersection(a, b))) > 1e-9 * (ST_Perimeter(a) + ST_Perimeter(b))$$,
	'discs: as PostGIS has it');
SELECT is_empty($$SELECT id FROM pair WHERE NOT same_bits(ours, overlap_area(ST_Force4D(a), ST_Force3DM(b)))$$,
	'Z and M change nothing');
SELECT is_empty($$SELECT id FROM pair WHERE NOT same_bits(ours, overlap_area(ST_Multi(a), ST_Multi(b)))$$,
	'a multipolygon of one part is that part');
SELECT is_empty($$SELECT id FROM pair WHERE NOT same_bits(ours, overlap_area(postgis_addbbox(a), postgis_dropbbox(b)))$$,
	'a stored box changes nothing');
SELECT is_empty($$SELECT id FROM pair WHERE NOT same_bits((overlap(a, b)).area, ours)$$,
	'overlap().area is overlap_area()');
SELECT is_empty($$SELECT id FROM pair, overlap(a, b) o
	WHERE abs(o.share_of_a - ours / ST_Area(a)) > 1e-12 OR abs(o.share_of_b - ours / ST_Area(b)) > 1e-12
	OR abs(o.iou - ours / (ST_Area(a) + ST_Area(b) - ours)) > 1e-12$$,
	'shares are of one''s own area, iou of both');
SELECT is_empty($$SELECT id FROM pair, overlap(a, a) o WHERE o.share_of_a <> 1 OR o.share_of_b <> 1 OR o.iou <> 1$$,
	'a polygon overlaps itself wholly');
SELECT is_empty($$SELECT id FROM pair, overlap(a, ST_Envelope(a)) o WHERE o.share_of_a <> 1$$,
	'what is contained has a share of exactly 1');

-- Large and compressed: read through toast, and through the slot of a call.
CREATE TABLE large AS
SELECT i AS id, ST_SetSRID(ST_Buffer(ST_MakePoint(i, 2 * i), 100 + i, 500), 32650) AS geom FROM generate_series(1, 8) i;
SELECT is_empty($$SELECT x.id, y.id FROM large x, large y
	WHERE abs(overlap_area(x.geom, y.geom) - ST_Area(ST_Intersection(x.geom, y.geom))) > 1e-8$$,
	'toasted polygons, each again and again: as PostGIS has it');

-- ---- plans ----------------------------------------------------------------

SET LOCAL parallel_setup_cost = 0;
SET LOCAL parallel_tuple_cost = 0;
SET LOCAL min_parallel_table_scan_size = 0;
SET LOCAL max_parallel_workers_per_gather = 2;
CREATE TABLE parallel_answer AS SELECT id, overlap_area(a, b) AS area FROM pair;
SELECT is_empty($$SELECT id FROM pair JOIN parallel_answer p USING (id) WHERE NOT same_bits(ours, p.area)$$,
	'parallel workers give the same bits');

-- ---- real parcels ---------------------------------------------------------

\if :has_shared
CREATE FUNCTION parcels(path text) RETURNS TABLE (id bigint, geom geometry)
LANGUAGE sql AS $$
	SELECT row_number() OVER (), ST_SetSRID(ST_GeomFromGeoJSON(f -> 'geometry'), 0)
	FROM jsonb_array_elements(pg_read_file(path)::jsonb -> 'features') f
$$;
CREATE TABLE parcel AS
SELECT 'fr' AS country, * FROM parcels(:'shared' || '/data/land/fr_lpis_193.geojson')
UNION ALL SELECT 'nl', * FROM parcels(:'shared' || '/data/land/nl_brp_100.geojson');
CREATE TABLE parcel_pair AS
SELECT country, a.id, b.id AS other, a.geom AS a, b.geom AS b, overlap_area(a.geom, b.geom) AS ours
FROM parcel a JOIN parcel b USING (country) WHERE a.id < b.id AND a.geom && b.geom;
SELECT is_empty($$SELECT country, id, other FROM parcel_pair WHERE NOT same_bits(ours, overlap_area(b, a))$$,
	'real parcels: both orders give the same bits');
SELECT is_empty($$SELECT country, id, other, ours FROM parcel_pair
	WHERE abs(ours - ST_Area(ST_Intersection(a, b))) > 1e-9 * least(ST_Area(a), ST_Area(b))$$,
	'real parcels: as PostGIS has it (the unit test has the exact oracle)');
SELECT diag(format('%s: %s box-overlapping pairs, %s overlap', country, count(*), count(*) FILTER (WHERE ours > 0)))
FROM parcel_pair GROUP BY country ORDER BY country;
\else
SELECT skip('../shared is not here', 2);
\endif

SELECT * FROM finish();
ROLLBACK;
