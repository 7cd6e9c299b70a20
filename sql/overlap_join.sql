-- overlap_join and overlap_self_join on layers whose overlaps are plain.
SET search_path = public, agririsk;

-- A plot, its neighbour, one with a pond, one far away, one that is nowhere.
CREATE TABLE plots (id int, name text, geom geometry);
INSERT INTO plots VALUES
(1, 'b', 'SRID=32650;POLYGON((0 0,10 0,10 10,0 10,0 0))'),
(2, 'B', 'SRID=32650;POLYGON((10 0,20 0,20 10,10 10,10 0))'),
(3, '', 'SRID=32650;POLYGON((20 0,30 0,30 10,20 10,20 0),(22 2,28 2,28 8,22 8,22 2))'),
(4, 'far', 'SRID=32650;POLYGON((100 100,110 100,110 110,100 110,100 100))'),
(5, 'nowhere', 'SRID=32650;POLYGON EMPTY');
-- The first ends where the second begins; the third has a piece in each.
CREATE TABLE rights (id bigint, geom geometry);
INSERT INTO rights VALUES
(11, 'SRID=32650;POLYGON((0 0,15 0,15 10,0 10,0 0))'),
(12, 'SRID=32650;POLYGON Z((15 0 7,15 10 7,25 10 7,25 0 7,15 0 7))'),
(13, 'SRID=32650;MULTIPOLYGON(((0 0,2 0,2 2,0 2,0 0)),((18 0,22 0,22 2,18 2,18 0)))');
\set layers '''SELECT id, geom FROM plots'', ''SELECT id, geom FROM rights'''

SELECT * FROM overlap_join(:layers) ORDER BY left_id, right_id;
SELECT * FROM overlap_self_join('SELECT id, geom FROM plots') ORDER BY left_id, right_id;
SELECT * FROM overlap_self_join('SELECT id, geom FROM rights') ORDER BY left_id, right_id;

-- read through WKB: the same
SET agririsk.geometry_reader = wkb;
SELECT * FROM overlap_join(:layers) ORDER BY left_id, right_id;
SELECT * FROM overlap_self_join('SELECT id, geom FROM rights') ORDER BY left_id, right_id;
RESET agririsk.geometry_reader;

-- Thresholds are to be exceeded. Of the pairs above one has all of the smaller,
-- three just half of it, three a third.
SELECT left_id, right_id, area FROM overlap_join(:layers, min_area => 4) ORDER BY left_id, right_id;
SELECT left_id, right_id, area FROM overlap_join(:layers, min_area => 3.9, min_share => 0.33) ORDER BY left_id, right_id;
SELECT left_id, right_id, area FROM overlap_join(:layers, min_area => 40, min_share => 0.49) ORDER BY left_id, right_id;
SELECT left_id, right_id, area FROM overlap_join(:layers, min_share => 0.5) ORDER BY left_id, right_id;
SELECT left_id, right_id, area FROM overlap_join(:layers, min_share => 1) ORDER BY left_id, right_id;
SELECT left_id, right_id, area FROM overlap_join(:layers, min_area => 'infinity') ORDER BY left_id, right_id;
SELECT * FROM overlap_self_join('SELECT id, geom FROM rights', min_area => 4);
SELECT * FROM overlap_join(:layers, min_area => -1);
SELECT * FROM overlap_join(:layers, min_area => 'NaN');
SELECT * FROM overlap_join(:layers, min_share => 1.5);
SELECT * FROM overlap_self_join('SELECT id, geom FROM rights', null::bigint, min_share => -0.1);

-- Keys: any integers, or texts, of which '' is one and the lesser by bytes is left.
SELECT left_id, right_id, area, pg_typeof(left_id), pg_typeof(right_id)
FROM overlap_join('SELECT (id - 32769 + 1)::smallint, geom FROM plots WHERE id = 1', 'SELECT 9223372036854775807, geom FROM rights WHERE id = 11');
SELECT left_id, right_id, area, pg_typeof(left_id), pg_typeof(right_id)
FROM overlap_join('SELECT name, geom FROM plots', 'SELECT (id || '' é'')::varchar(9), geom FROM rights', null::text, min_area => 30)
ORDER BY left_id COLLATE "C", right_id COLLATE "C";
SELECT left_id, right_id, area
FROM overlap_self_join('SELECT name, ST_Expand(geom, 1) FROM plots WHERE id < 4', key_type => null::text)
ORDER BY left_id COLLATE "C", right_id COLLATE "C";
SELECT left_id, right_id, area, left_area, right_area
FROM overlap_self_join('SELECT 7, geom FROM rights') ORDER BY area;
CREATE DOMAIN plot_number AS int CHECK (VALUE > 0);
SELECT count(*) FROM overlap_join('SELECT id::plot_number, geom FROM plots', 'SELECT id, geom FROM rights');
DROP DOMAIN plot_number;

-- What is unknown is left out, and counted.
SELECT left_id, right_id, area
FROM overlap_join('SELECT id, geom FROM plots UNION ALL SELECT NULL, geom FROM plots WHERE id < 3',
	'SELECT id, geom FROM rights UNION ALL SELECT 14, NULL', min_area => 60);
SELECT left_id, right_id, area
FROM overlap_join('SELECT id, geom FROM plots', 'SELECT id, geom FROM rights UNION ALL SELECT NULL, NULL', min_area => 60);
SELECT * FROM overlap_self_join('SELECT NULL::bigint, geom FROM plots');
SELECT count(*) FROM overlap_self_join(NULL);
SELECT count(*) FROM overlap_join('SELECT id, geom FROM plots', NULL);
SELECT count(*) FROM overlap_join(:layers, min_area => NULL);
SELECT count(*) FROM overlap_join(:layers, null::text, min_share => NULL);

-- nothing to join, or with nothing
SELECT count(*) FROM overlap_join('SELECT id, geom FROM plots WHERE false', 'SELECT id, geom FROM rights WHERE false');
SELECT count(*) FROM overlap_join('SELECT id, geom FROM plots', 'SELECT id, geom FROM rights WHERE false');
SELECT count(*) FROM overlap_join('SELECT id, geom FROM plots WHERE id = 5', 'SELECT id, geom FROM rights');
SELECT count(*) FROM overlap_self_join('SELECT id, geom FROM plots WHERE id = 5');
SELECT count(*) FROM overlap_self_join('SELECT id, geom FROM plots WHERE id = 1');

-- Invalid: a bow tie (its left lobe winds forwards, its right one backwards, 25
-- each), a square wound twice, two parts on each other, a hole outside. Valid: a
-- spike, and a ring that touches itself. Against the left and the right half of
-- a square, and what lies beyond.
CREATE TABLE odd (name text, geom geometry);
INSERT INTO odd VALUES
('bow tie', 'POLYGON((0 0,10 10,10 0,0 10,0 0))'),
('hole outside', 'POLYGON((0 0,10 0,10 10,0 10,0 0),(20 0,24 0,24 4,20 4,20 0))'),
('parts', 'MULTIPOLYGON(((0 0,10 0,10 10,0 10,0 0)),((0 0,5 0,5 5,0 5,0 0)))'),
('spike', 'POLYGON((0 0,10 0,10 10,25 10,10 10,0 10,0 0))'),
('touches', 'POLYGON((0 0,10 0,5 5,10 10,0 10,5 5,0 0))'),
('twice', 'POLYGON((0 0,10 0,10 10,0 10,0 0,10 0,10 10,0 10,0 0))');
\set halves '''SELECT 1, ST_MakeEnvelope(0, 0, 5, 10) UNION ALL SELECT 2, ST_MakeEnvelope(5, 0, 10, 10) UNION ALL SELECT 3, ST_MakeEnvelope(20, 0, 30, 10)'''
SELECT left_id, right_id, area, left_area, left_valid, right_valid
FROM overlap_join('SELECT name, geom FROM odd', replace(:halves, 'SELECT', 'SELECT ''half '' ||'), null::text)
ORDER BY left_id COLLATE "C", right_id COLLATE "C";
-- Ground counts where it is wound at all, so the whole square has both lobes.
SELECT * FROM overlap_join('SELECT 1, geom FROM odd WHERE name = ''bow tie''', 'SELECT 2, ST_MakeEnvelope(0, 0, 10, 10)');
SELECT right_id, area FROM overlap_join('SELECT 1, geom FROM odd WHERE name = ''bow tie''', :halves, min_area => 24) ORDER BY right_id;
SELECT right_id, area FROM overlap_join('SELECT 1, geom FROM odd WHERE name = ''bow tie''', :halves, min_area => 25) ORDER BY right_id;
-- repaired: what it covers
SELECT right_id, area, left_area, left_valid
FROM overlap_join('SELECT 1, ST_MakeValid(geom) FROM odd WHERE name = ''bow tie''', :halves) ORDER BY right_id;
DROP TABLE odd;

-- Without an SRID, and like degrees: said, and taken for a plane all the same.
SELECT count(*) FROM overlap_self_join('SELECT i, ST_MakeEnvelope(117 + i * 0.001, 29, 117.002 + i * 0.001, 29.001) FROM generate_series(1, 2) i');
SELECT count(*) FROM overlap_self_join('SELECT i, ST_MakeEnvelope(117 + i * 0.001, 29, 117.002 + i * 0.001, 1029) FROM generate_series(1, 2) i');

-- what is not a query
SELECT * FROM overlap_self_join('');
SELECT * FROM overlap_self_join('plots, please');
SELECT * FROM overlap_join('SELECT id, geom FROM plots', 'CREATE TABLE made (i int)');
SELECT * FROM overlap_self_join('DELETE FROM plots');
SELECT * FROM overlap_self_join('DELETE FROM plots RETURNING id, geom');
SELECT * FROM overlap_self_join('SELECT id, geom FROM plots; SELECT id, geom FROM plots');
-- columns
SELECT * FROM overlap_join('SELECT id FROM plots', 'SELECT id, geom FROM rights');
SELECT * FROM overlap_join('SELECT id, geom FROM plots', 'SELECT id, name, geom FROM plots');
SELECT * FROM overlap_self_join('SELECT geom, id FROM plots');
SELECT * FROM overlap_self_join('SELECT id, ST_AsText(geom) FROM plots');
SELECT * FROM overlap_self_join('SELECT id, ST_Transform(geom, 4326)::geography FROM plots');
SELECT * FROM overlap_self_join('SELECT name, geom FROM plots');
SELECT * FROM overlap_join('SELECT name, geom FROM plots', 'SELECT id, geom FROM rights', null::text);
SELECT * FROM overlap_self_join('SELECT id::numeric, geom FROM plots', null::bigint);
SELECT * FROM overlap_self_join('SELECT id, geom FROM plots', null::numeric);
-- A threshold is not a key, nor a key a threshold: none is taken for the other.
SELECT * FROM overlap_self_join('SELECT id, geom FROM plots', 1);
SELECT * FROM overlap_self_join('SELECT id, geom FROM plots', null::int);
SELECT * FROM overlap_self_join('SELECT id, geom FROM plots', 0.5);
SELECT count(*) FROM overlap_join(:layers, null::bigint, 4, 0.4);
SELECT count(*) FROM overlap_join(:layers, key_type => null::bigint, min_area => 4);
-- geometries
SELECT * FROM overlap_self_join('SELECT id, ST_SetSRID(geom, CASE id WHEN 1 THEN 3857 ELSE 32650 END) FROM plots');
SELECT * FROM overlap_join('SELECT id, geom FROM plots', 'SELECT id, ST_SetSRID(geom, 0) FROM rights');
SELECT * FROM overlap_self_join('SELECT id, ST_SetSRID(geom, 4490) FROM plots');
SELECT * FROM overlap_self_join('SELECT id, ST_Boundary(geom) FROM rights');
SELECT * FROM overlap_join('SELECT id, geom FROM plots',
	'SELECT 1, ''SRID=32650;GEOMETRYCOLLECTION(POLYGON((0 0,1 0,1 1,0 0)))''::geometry');
SELECT * FROM overlap_self_join('SELECT 1, ST_MakePolygon(ST_MakeLine(ARRAY[ST_MakePoint(0, 0), ST_MakePoint(1, ''NaN''), ST_MakePoint(1, 1), ST_MakePoint(0, 0)]))');
SELECT * FROM overlap_self_join('SELECT 1, ''POLYGON((0 0,1e130 0,1 1,0 0))''::geometry');
-- an error of the query itself
SELECT * FROM overlap_self_join('SELECT 1 / (id - 3), geom FROM plots');

DROP TABLE plots, rights;

-- Keys of every type, in the query and as key_type.
SELECT t.key, n FROM (VALUES ('smallint'), ('integer'), ('bigint'), ('text'), ('varchar'), ('uuid')) t(key),
  LATERAL (SELECT (xpath('//n/text()', query_to_xml(format($$SELECT count(*) AS n, count(DISTINCT pg_typeof(left_id)) FROM overlap_self_join(
    'SELECT %1$s::%2$s, ST_MakeEnvelope(x, 0, x + 2, 1) FROM generate_series(1, 3) x', null::%2$s) WHERE pg_typeof(left_id) = '%2$s'::regtype OR '%2$s' = 'varchar'$$,
    CASE key WHEN 'uuid' THEN 'md5(x::text)' WHEN 'text' THEN 'x' WHEN 'varchar' THEN 'x' ELSE 'x' END, key), false, true, '')))[1]::text AS n) c;
