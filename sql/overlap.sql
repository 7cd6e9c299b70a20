-- overlap_area and overlap on cases whose answer is plain.
SET search_path = public, agririsk;
SET extra_float_digits = 0;

CREATE TABLE shapes (name text PRIMARY KEY, geom geometry);
INSERT INTO shapes VALUES
('square', 'POLYGON((0 0,10 0,10 10,0 10,0 0))'),
('clockwise', 'POLYGON((10 10,10 0,0 0,0 10,10 10))'),
('neighbour', 'POLYGON((10 3,20 3,20 7,10 7,10 3))'),
('corner', 'POLYGON((10 10,20 10,20 20,10 20,10 10))'),
('shifted', 'POLYGON((5 0,15 0,15 10,5 10,5 0))'),
('pond', 'POLYGON((0 0,10 0,10 10,0 10,0 0),(2 2,8 2,8 8,2 8,2 2))'),
('island', 'MULTIPOLYGON(((0 0,10 0,10 10,0 10,0 0),(2 2,8 2,8 8,2 8,2 2)),((4 4,6 4,6 6,4 6,4 4)))'),
('tilted', 'POLYGON((5 -5,15 5,5 15,-5 5,5 -5))'),
('raised', 'POLYGON ZM((0 0 1 9,10 0 2 9,10 10 3 9,0 10 4 9,0 0 1 9))'),
('line', 'POLYGON((0 0,10 10,5 5,0 0))'),
('empty', 'POLYGON EMPTY'),
('empty parts', 'MULTIPOLYGON EMPTY'),
('empty collection', 'GEOMETRYCOLLECTION EMPTY');

SELECT b.name, (overlap(a.geom, b.geom)).*, overlap_area(a.geom, b.geom) = overlap_area(b.geom, a.geom) AS symmetric
FROM shapes a, shapes b WHERE a.name = 'square' ORDER BY b.name COLLATE "C";
SELECT a.name, b.name, overlap_area(a.geom, b.geom)
FROM shapes a, shapes b
WHERE a.name IN ('island', 'line', 'pond', 'tilted') AND b.name IN ('island', 'line', 'pond', 'tilted', 'empty')
ORDER BY a.name COLLATE "C", b.name COLLATE "C";

-- unknown stays unknown
SELECT overlap_area(geom, NULL) IS NULL AS a, overlap_area(NULL, geom) IS NULL AS b, overlap(geom, NULL) IS NULL AS c
FROM shapes WHERE name = 'square';

-- read through WKB: the same
SET agririsk.geometry_reader = wkb;
SELECT b.name, overlap_area(a.geom, b.geom)
FROM shapes a, shapes b WHERE a.name = 'square' ORDER BY b.name COLLATE "C";
SELECT overlap_area(ST_SetSRID(geom, 32650), ST_SetSRID(geom, 3857)) FROM shapes WHERE name = 'square';
SELECT overlap_area('LINESTRING(0 0,1 1)', geom) FROM shapes WHERE name = 'square';
RESET agririsk.geometry_reader;
SET agririsk.geometry_reader = quickly;

-- coordinate systems
SELECT overlap_area(ST_SetSRID(a.geom, srid), ST_SetSRID(b.geom, srid))
FROM shapes a, shapes b, unnest(ARRAY[0, 32650, 3857, 999000]) srid WHERE a.name = 'square' AND b.name = 'shifted';
SELECT overlap_area(ST_SetSRID(geom, 32650), ST_SetSRID(geom, 3857)) FROM shapes WHERE name = 'square';
SELECT overlap_area(ST_SetSRID(geom, 4326), ST_SetSRID(geom, 4326)) FROM shapes WHERE name = 'square';
SELECT overlap_area(ST_SetSRID(geom, 4490), ST_SetSRID(geom, 4490)) FROM shapes WHERE name = 'square';
SELECT overlap_area(ST_SetSRID(geom, 4978), ST_SetSRID(geom, 4978)) FROM shapes WHERE name = 'square';

-- what is not a polygon
SELECT overlap_area('POINT(1 1)', geom) FROM shapes WHERE name = 'square';
SELECT overlap_area(geom, 'LINESTRING(0 0,1 1)') FROM shapes WHERE name = 'square';
SELECT overlap_area(geom, 'GEOMETRYCOLLECTION(POLYGON((0 0,1 0,1 1,0 0)))') FROM shapes WHERE name = 'square';
SELECT overlap_area(geom, 'CURVEPOLYGON(CIRCULARSTRING(0 0,1 1,2 0,1 -1,0 0))') FROM shapes WHERE name = 'square';
SELECT overlap_area(geom, 'TIN(((0 0,1 0,1 1,0 0)))') FROM shapes WHERE name = 'square';
SELECT overlap_area(geom, ST_MakePolygon(ST_MakeLine(ARRAY[ST_MakePoint(0, 0), ST_MakePoint('infinity', 0), ST_MakePoint(1, 1), ST_MakePoint(0, 0)])))
FROM shapes WHERE name = 'square';
SELECT overlap_area(geom, 'POLYGON((0 0,1e130 0,1 1,0 0))') FROM shapes WHERE name = 'square';

DROP TABLE shapes;

-- The same ground from another corner, the other way round, and its parts in another order: equal to the last bit.
WITH ring AS (SELECT ARRAY[ST_MakePoint(117.123456, 29.7654321), ST_MakePoint(840.111, 33.33333), ST_MakePoint(901.7, 512.9), ST_MakePoint(333.3, 777.7), ST_MakePoint(99.01, 400.4)] AS p),
turned AS (SELECT k, way, ST_MakePolygon(ST_MakeLine(array_agg(p[1 + ((CASE WHEN way = 1 THEN i ELSE 100 - i END) + k) % 5] ORDER BY i))) AS geom
           FROM ring, generate_series(0, 4) k, generate_series(0, 1) way, generate_series(0, 5) i GROUP BY k, way)
SELECT count(*), bool_and(o.share_of_a = 1 AND o.share_of_b = 1 AND o.iou = 1) AS whole, count(DISTINCT o.area) AS areas
FROM turned a, turned b, LATERAL overlap(a.geom, b.geom) o;
