-- The join of two layers is the cross join of overlap_area, however it is cut.
\set ON_ERROR_STOP on
\set QUIET on
\pset format unaligned
\pset tuples_only on
BEGIN;
SET search_path = public, agririsk;
SET client_min_messages = warning;
SELECT no_plan();

-- Stars on a crowded square, a few of them large, and one with many vertices.
CREATE FUNCTION star(i int, salt int, spread float8) RETURNS geometry LANGUAGE sql IMMUTABLE AS $$
	SELECT ST_SetSRID(ST_MakePolygon(ST_AddPoint(l, ST_StartPoint(l))), 32650)
	FROM (SELECT ST_MakeLine(ARRAY(
		SELECT ST_MakePoint(500000 + spread * ((i * 7919 + salt) % 1009) / 1009 + r * cos(t), 4200000 + spread * ((i * 104729 + salt) % 997) / 997 + r * sin(t))
		FROM generate_series(0, CASE WHEN i = 7 THEN 1500 ELSE 8 + i % 20 END - 1) k,
			LATERAL (SELECT 2 * pi() * k / CASE WHEN i = 7 THEN 1500 ELSE 8 + i % 20 END AS t,
				CASE WHEN i % 50 = 7 THEN 400 ELSE 30 END * (0.6 + 0.4 * ((k * 31 + i + salt) % 7) / 7) AS r) v
		ORDER BY k)) AS l) s
$$;
CREATE TABLE l AS SELECT i AS id, star(i, 1, 1000) AS geom FROM generate_series(1, 300) i;
CREATE TABLE r AS SELECT i AS id, star(i, 500, 1000) AS geom FROM generate_series(1, 300) i;
CREATE TABLE crossed AS
SELECT l.id AS left_id, r.id AS right_id, overlap_area(l.geom, r.geom) AS area FROM l, r;
DELETE FROM crossed WHERE area = 0;
SELECT cmp_ok((SELECT count(*)::int FROM crossed), '>', 1500, 'the layers overlap a lot');

CREATE FUNCTION differs(query text, expected text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE n bigint;
BEGIN
	EXECUTE format('SELECT count(*) FROM ((%1$s) EXCEPT ALL (%2$s)) x', query, expected) INTO n;
	IF n > 0 THEN RETURN n; END IF;
	EXECUTE format('SELECT count(*) FROM ((%2$s) EXCEPT ALL (%1$s)) x', query, expected) INTO n;
	RETURN n;
END $$;
\set two 'SELECT left_id, right_id, float8send(area) FROM overlap_join(''SELECT id, geom FROM l'', ''SELECT id, geom FROM r'')'
\set two_expected 'SELECT left_id::bigint, right_id::bigint, float8send(area) FROM crossed'
SELECT is(differs(:'two', :'two_expected'), 0::bigint, 'the join is the cross join of overlap_area, to the bit');
SET work_mem = '64kB';
SELECT is(differs(:'two', :'two_expected'), 0::bigint, 'under 64kB as well');
SET work_mem = '256kB';
SELECT is(differs(:'two', :'two_expected'), 0::bigint, 'under 256kB as well');
RESET work_mem;

-- a layer with itself
CREATE TABLE twice AS
SELECT a.id AS left_id, b.id AS right_id, overlap_area(a.geom, b.geom) AS area FROM l a, l b WHERE a.id < b.id;
DELETE FROM twice WHERE area = 0;
\set one 'SELECT left_id, right_id, float8send(area) FROM overlap_self_join(''SELECT id, geom FROM l'')'
\set one_expected 'SELECT left_id::bigint, right_id::bigint, float8send(area) FROM twice'
SELECT is(differs(:'one', :'one_expected'), 0::bigint, 'a layer with itself: each pair once, the lesser key left');
SET work_mem = '64kB';
SELECT is(differs(:'one', :'one_expected'), 0::bigint, 'under 64kB as well');

-- all on each other: tiles do not help
CREATE TABLE heap AS SELECT i AS id, star(i % 40 * 50 + 7, 3, 10) AS geom FROM generate_series(1, 160) i WHERE i % 40 > 0;
SELECT is((SELECT count(*)::int FROM overlap_self_join('SELECT id, geom FROM heap')), 156 * 155 / 2,
	'polygons that all lie on each other, under 64kB: every pair once');
SELECT is((SELECT count(*)::int FROM overlap_join('SELECT id, geom FROM heap', 'SELECT id, geom FROM heap')), 156 * 156,
	'and of two layers');

-- 20,000 parcels of a grid, shifted by half a parcel: four pairs each
CREATE TABLE grid AS
SELECT 200 * x + y AS id, ST_MakeEnvelope(80 * x, 80 * y, 80 * x + 80, 80 * y + 80, 32650) AS geom
FROM generate_series(0, 99) x, generate_series(0, 199) y;
SELECT results_eq($$SELECT count(*), sum(area), count(DISTINCT (left_id, right_id))
	FROM overlap_join('SELECT id, geom FROM grid', 'SELECT id, ST_Translate(geom, 40, 40) FROM grid')$$,
	$$VALUES ((20000 + 99 * 200 + 100 * 199 + 99 * 199)::bigint, 1600.0::float8 * (20000 + 99 * 200 + 100 * 199 + 99 * 199),
		(20000 + 99 * 200 + 100 * 199 + 99 * 199)::bigint)$$,
	'20,000 parcels under 64kB');
SELECT is_empty($$SELECT * FROM overlap_self_join('SELECT id, geom FROM grid')$$, 'neighbours only touch');
RESET work_mem;

-- a few large ones that lie on each other, each far beyond a tile's memory: tiles do not help, and are not tried for long
CREATE TABLE large AS SELECT i AS id, ST_SetSRID(ST_Buffer(ST_MakePoint(i, 0), 100, 5000), 32650) AS geom FROM generate_series(1, 4) i;
SET work_mem = '1MB';
SET statement_timeout = '60s';
SELECT is((SELECT count(*)::int FROM overlap_self_join('SELECT id, geom FROM large')), 6, 'large polygons that all lie on each other');
RESET statement_timeout;
RESET work_mem;

-- two rows of one key, alike but for what is valid: in an order of their own
SELECT is((SELECT count(DISTINCT (left_valid, right_valid))::int FROM unnest(ARRAY['', ' DESC']) o, LATERAL overlap_self_join(
	'SELECT 5, g FROM (VALUES (1, ''POLYGON((0 0,4 0,4 4,0 4,0 0))''::geometry), (2, ''POLYGON((0 0,4 0,4 2,0 2,0 0,4 0,4 2,0 2,0 0))'')) v(i, g) ORDER BY i' || o)), 1,
	'whichever came first');

-- keys
SELECT results_eq($$SELECT left_id, right_id FROM overlap_self_join('SELECT k, g FROM (VALUES
		(''b''::text, ST_MakeEnvelope(0, 0, 2, 2)), (''B'', ST_MakeEnvelope(1, 1, 3, 3)), ('''', ST_MakeEnvelope(1, 0, 3, 3))) v(k, g)', null::text)
	ORDER BY left_id COLLATE "C", right_id COLLATE "C"$$,
	$$VALUES (''::text, 'B'::text), ('', 'b'), ('B', 'b')$$, 'text keys, in the order of bytes');
SELECT results_eq($$SELECT left_id, right_id, area, left_area FROM overlap_self_join('SELECT 5::smallint, g FROM (VALUES
		(ST_MakeEnvelope(0, 0, 2, 3)), (ST_MakeEnvelope(1, 1, 3, 3))) v(g)')$$,
	$$VALUES (5::bigint, 5::bigint, 2::float8, 4::float8)$$, 'two rows of one key are a pair');
SELECT is((SELECT pg_typeof(left_id)::text FROM overlap_join('SELECT 1, g FROM (SELECT ST_MakeEnvelope(0, 0, 2, 3) g) v',
	'SELECT 1::bigint, ST_MakeEnvelope(0, 0, 2, 3)', key_type => null::bigint)), 'bigint', 'integers become bigint');

-- thresholds: half of one is a quarter of the other
\set pair '''SELECT 1, ST_MakeEnvelope(0, 0, 2, 2)'', ''SELECT 2, ST_MakeEnvelope(1, 0, 5, 2)'''
SELECT is((SELECT count(*)::int FROM overlap_join(:pair, min_area => 2)), 0, 'min_area is exceeded, not reached');
SELECT is((SELECT count(*)::int FROM overlap_join(:pair, min_area => 1.999)), 1, 'just exceeded');
SELECT is((SELECT count(*)::int FROM overlap_join(:pair, min_share => 0.5)), 0, 'min_share is exceeded, not reached, and of the smaller');
SELECT is((SELECT count(*)::int FROM overlap_join(:pair, min_share => 0.499)), 1, 'just exceeded');
SELECT throws_ok($$SELECT * FROM overlap_join('SELECT 1', 'SELECT 1', min_share => null)$$, '22004');
SELECT throws_ok(format('SELECT * FROM overlap_join(%s, min_area => %L)', $$'SELECT 1', 'SELECT 1'$$, v), '22023')
FROM unnest(ARRAY['-1', 'NaN']) v;
SELECT throws_ok($$SELECT * FROM overlap_self_join('SELECT 1', min_share => 1.1)$$, '22023');

-- nothing, and what is unknown
SELECT is_empty($$SELECT * FROM overlap_join('SELECT id, geom FROM l WHERE false', 'SELECT id, geom FROM r')$$, 'an empty layer');
SELECT is_empty($$SELECT * FROM overlap_self_join('SELECT 1, NULL::geometry UNION ALL SELECT NULL, ST_MakeEnvelope(0, 0, 1, 1)')$$,
	'rows without key or geometry');

-- one invalid among many
CREATE TABLE mixed AS SELECT * FROM grid WHERE id < 1000;
INSERT INTO mixed VALUES (-1, ST_GeomFromText('POLYGON((0 0,400 400,400 0,0 100,0 0))', 32650));
SELECT results_eq($$SELECT bool_and(right_valid), bool_and(left_valid = (left_id <> -1)), count(*) > 5
	FROM overlap_self_join('SELECT id, geom FROM mixed')$$, 'VALUES (true, true, true)', 'an invalid polygon is flagged, and only it');

-- errors
SELECT throws_ok($$SELECT * FROM overlap_join('SELECT id, geom FROM l', 'SELECT id, ST_SetSRID(geom, 3857) FROM r')$$, '22023',
	'geometries are in different coordinate systems');
SELECT throws_ok($$SELECT * FROM overlap_self_join('SELECT id, ST_SetSRID(geom, 4326) FROM l')$$, '22023', 'areas cannot be computed in degrees');
SELECT throws_ok($$SELECT * FROM overlap_self_join('SELECT 1, 2')$$, '42804', 'the second column of query must be a geometry');
SELECT throws_ok($$SELECT * FROM overlap_self_join('SELECT 1')$$, '42804', 'query must have two columns');
SELECT throws_ok($$SELECT * FROM overlap_self_join('SELECT id::text, geom FROM l')$$, '42804', 'a key of query does not have the type of key_type');
SELECT throws_ok($$SELECT * FROM overlap_self_join('SELECT id, geom FROM l', null::uuid)$$, '42804');
CREATE DOMAIN name_of_a_kind AS text CHECK (value ~ '^k');
SELECT throws_ok($$SELECT * FROM overlap_self_join('SELECT id::text, geom FROM l', null::name_of_a_kind)$$, '0A000', NULL, 'a domain, whose check nobody would ask');
SELECT throws_ok($$SELECT * FROM overlap_self_join('DELETE FROM l')$$, '42601');
SELECT throws_ok($$SELECT * FROM overlap_self_join('WITH d AS (DELETE FROM l RETURNING id, geom) SELECT * FROM d')$$, '0A000');

-- a plain role, with its own rights
CREATE ROLE overlap_reader;
GRANT SELECT ON l TO overlap_reader;
GRANT USAGE ON SCHEMA agririsk TO overlap_reader;
SET ROLE overlap_reader;
SELECT lives_ok($$SELECT count(*) FROM agririsk.overlap_self_join('SELECT id, geom FROM public.l')$$, 'a plain role joins what it may read');
SELECT throws_ok($$SELECT count(*) FROM agririsk.overlap_self_join('SELECT id, geom FROM public.r')$$, '42501', NULL, 'and not what it may not');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
