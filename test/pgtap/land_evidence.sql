-- Evidence on plots against a count of grid cells, by rules written anew in SQL; whatever the memory, order and keys.
\set ON_ERROR_STOP on
\set QUIET on
\pset format unaligned
\pset tuples_only on
BEGIN;
SET search_path = public, agririsk;
SET client_min_messages = warning;
SELECT no_plan();

-- A crowd of boxes on whole metres: plots of 30 farmers, rights of them and of others.
CREATE FUNCTION draw(what text, i int, below int) RETURNS int LANGUAGE sql IMMUTABLE AS $$
	SELECT (('x' || substr(md5(what || i), 1, 8))::bit(32)::bigint % below)::int
$$;
CREATE TABLE box AS
SELECT kind, i, x, y, x + 2 + draw(kind || 'w', i, 7) AS xx, y + 2 + draw(kind || 'h', i, 7) AS yy
FROM (VALUES ('plot', 70), ('right', 300)) k(kind, n), generate_series(1, n) i,
	LATERAL (SELECT draw(kind || 'x', i, 40) AS x, draw(kind || 'y', i, 40) AS y) c;
CREATE TABLE plot AS
SELECT i AS plot_id, draw('farmer', i, 30) AS farmer_id, ST_MakeEnvelope(x, y, xx, yy, 32650) AS geom,
	CASE WHEN i % 3 > 0 THEN (xx - x) * (yy - y) * (0.85 + 0.1 * draw('says', i, 4)) END AS declared
FROM box WHERE kind = 'plot';
CREATE TABLE land_right AS
SELECT i AS right_id, nullif(draw('unit', i, 60), 0) AS unit_id, draw('party', i, 34) AS party_id,
	ST_MakeEnvelope(x, y, xx, yy, 32650) AS geom,
	(ARRAY['contract', 'contract', 'contract', 'lease', 'lease', 'ownership', 'restriction', 'responsibility:path'])[1 + draw('type', i, 8)] AS rrr_type,
	share, CASE WHEN share IS NOT NULL THEN (ARRAY[1, 1, 2, 3])[share] END AS share_den,
	CASE WHEN draw('from', i, 4) > 0 THEN date '2010-01-01' + 400 * draw('from', i, 16) END AS valid_from,
	CASE WHEN draw('to', i, 3) > 0 THEN date '2027-01-01' + 300 * draw('to', i, 12) - 300 * 6 END AS valid_to
FROM box, LATERAL (SELECT nullif(draw('share', i, 5), 0) AS share) s WHERE kind = 'right';
UPDATE land_right SET valid_to = valid_from WHERE valid_to < valid_from;
-- copies of some shapes: co-holders and leases lie exactly on each other
UPDATE land_right r SET geom = o.geom, unit_id = o.unit_id FROM land_right o WHERE r.right_id % 5 = 0 AND o.right_id = r.right_id - 1;
UPDATE land_right r SET geom = p.geom FROM plot p WHERE r.right_id % 4 = 0 AND p.plot_id = r.right_id / 4;

\set plots '\'SELECT plot_id, farmer_id, geom, declared FROM plot\''
\set rights '\'SELECT right_id, unit_id, party_id, geom, rrr_type, CASE WHEN share IS NOT NULL THEN 1 END, share_den, valid_from, valid_to FROM land_right\''
\set as_of '\'2024-05-01\''
CREATE TABLE answer AS SELECT * FROM land_evidence(:plots, :rights, :as_of, min_share => 0);
SELECT is((SELECT count(*) FROM answer), 70::bigint, 'a row for every plot');

-- ---- the rules, cell by cell ------------------------------------------------

CREATE TABLE cell AS
SELECT plot_id, farmer_id, cx, cy, ST_SetSRID(ST_MakePoint(cx + 0.5, cy + 0.5), 32650) AS at
FROM plot, generate_series(ST_XMin(geom)::int, ST_XMax(geom)::int - 1) cx, generate_series(ST_YMin(geom)::int, ST_YMax(geom)::int - 1) cy;
CREATE TABLE standing AS
SELECT plot_id, cx, cy, right_id, coalesce(unit_id::text, 'right ' || right_id) AS unit, rrr_type AS type, party_id = farmer_id AS own,
	1.0 / share_den AS share, valid_to IS NULL OR valid_to > :as_of AS valid
FROM cell JOIN land_right r ON ST_Contains(r.geom, at)
WHERE rrr_type NOT IN ('restriction', 'responsibility:path') AND (valid_from IS NULL OR valid_from <= :as_of);
CREATE INDEX ON standing (plot_id, cx, cy);
-- what unit and type add up to on a cell; unknown if any share is
CREATE TABLE title AS
SELECT plot_id, cx, cy, unit, type, bool_or(own) AS own, count(*) AS holders,
	coalesce(sum(share), 0) > 1.000001 AS exceeds,
	least(1, coalesce(sum(share) FILTER (WHERE own), 0)) AS fraction, coalesce(bool_or(share IS NULL) FILTER (WHERE own), false) AS unknown
FROM standing WHERE valid GROUP BY plot_id, cx, cy, unit, type;
CREATE TABLE verdict AS
SELECT c.plot_id, c.cx, c.cy, t.held, t.registered, t.overflow,
	CASE WHEN t.held AND NOT (t.unknown AND t.fraction < 1) THEN t.fraction WHEN NOT t.held THEN 0 END AS fraction,
	EXISTS (SELECT FROM standing s JOIN title o USING (plot_id, cx, cy, unit, type)
		WHERE (s.plot_id, s.cx, s.cy) = (c.plot_id, c.cx, c.cy) AND s.valid AND NOT s.own AND
		(NOT t.held OR CASE WHEN o.own THEN o.exceeds
			ELSE EXISTS (SELECT FROM title m WHERE (m.plot_id, m.cx, m.cy, m.type) = (c.plot_id, c.cx, c.cy, s.type) AND m.own) END)) AS disputed,
	EXISTS (SELECT FROM title WHERE (plot_id, cx, cy) = (c.plot_id, c.cx, c.cy) GROUP BY type HAVING count(*) > 1 OR bool_or(exceeds)) AS overlapping,
	NOT t.held AND EXISTS (SELECT FROM standing s WHERE (s.plot_id, s.cx, s.cy) = (c.plot_id, c.cx, c.cy) AND s.own AND NOT s.valid) AS expired,
	EXISTS (SELECT FROM plot p WHERE p.farmer_id <> c.farmer_id AND ST_Contains(p.geom, c.at)) AS doubled
FROM cell c, LATERAL (SELECT coalesce(bool_or(own), false) AS held, count(*) > 0 AS registered, coalesce(bool_or(exceeds), false) AS overflow,
	coalesce(bool_or(unknown), false) AS unknown, max(fraction) FILTER (WHERE own) AS fraction
	FROM title WHERE (plot_id, cx, cy) = (c.plot_id, c.cx, c.cy)) t;
CREATE TABLE expected AS
SELECT plot_id, count(*) AS plot_area, sum(held::int) AS held, CASE WHEN bool_and(fraction IS NOT NULL) THEN sum(fraction) END AS fraction,
	sum(disputed::int) AS disputed, 1 - avg(registered::int) AS unregistered, avg(doubled::int) AS doubled,
	bool_or(overflow) AS overflow, bool_or(expired) AS expired, bool_or(overlapping) AS overlapping
FROM verdict GROUP BY plot_id;
SELECT ok(bool_or(held > 0) AND bool_or(disputed > 0 AND held > 0) AND bool_or(held > fraction) AND bool_or(fraction IS NULL AND held > 0) AND bool_or(overflow) AND bool_or(NOT overflow)
	AND bool_or(expired) AND bool_or(NOT expired) AND bool_or(NOT overlapping) AND bool_or(doubled > 0) AND bool_or(doubled = 0) AND bool_or(unregistered > 0), 'the crowd has some of everything') FROM expected;

CREATE TABLE compared AS SELECT a.*, x.held, x.fraction, x.disputed, x.unregistered, x.doubled, x.overflow, x.expired, x.overlapping, x.plot_area AS cells
FROM answer a JOIN expected x USING (plot_id);
SELECT is_empty('SELECT plot_id, plot_area, cells FROM compared WHERE plot_area <> cells', 'plot_area');
SELECT is_empty('SELECT plot_id, held_area, held_share, held FROM compared WHERE abs(held_area - held) > 1e-9 OR abs(held_share - held::float8 / cells) > 1e-12', 'held');
SELECT is_empty('SELECT plot_id, held_fraction_area, fraction FROM compared WHERE abs(held_fraction_area - fraction) > 1e-9 OR (held_fraction_area IS NULL) <> (fraction IS NULL)', 'held_fraction_area');
SELECT is_empty('SELECT plot_id, disputed_area, disputed_share, disputed FROM compared WHERE abs(disputed_area - disputed) > 1e-9 OR abs(disputed_share - disputed::float8 / cells) > 1e-12', 'disputed');
SELECT is_empty('SELECT plot_id, unregistered_share, unregistered FROM compared WHERE abs(unregistered_share - unregistered) > 1e-12', 'unregistered');
SELECT is_empty('SELECT plot_id, double_claim_share, doubled FROM compared WHERE abs(double_claim_share - doubled) > 1e-12', 'double claims');
SELECT is_empty(format('SELECT plot_id, flags FROM compared WHERE (%L = ANY (flags)) <> %I', flag, judged), flag)
FROM (VALUES ('share_overflow', 'overflow'), ('expired_right', 'expired'), ('overlapping_rights', 'overlapping')) v(flag, judged);
SELECT is_empty('SELECT plot_id FROM compared WHERE NOT flags <@ ARRAY[''share_overflow'', ''expired_right'', ''overlapping_rights'', ''area_mismatch'', ''tiny'']', 'no other flags');
SELECT is_empty('SELECT plot_id FROM compared WHERE (''tiny'' = ANY (flags)) <> (cells < 10)', 'tiny');
SELECT is_empty('SELECT plot_id, area_ratio FROM compared JOIN plot USING (plot_id) WHERE abs(area_ratio - declared / cells) > 1e-12 OR (area_ratio IS NULL) <> (declared IS NULL)
	OR (''area_mismatch'' = ANY (flags)) <> coalesce(abs(declared / cells - 1) > 0.1, false)', 'area_ratio, area_mismatch');

-- lists and counts, by PostGIS
SELECT results_eq('SELECT plot_id, double_claim_plots FROM answer ORDER BY 1',
	'SELECT p.plot_id::bigint, coalesce(array_agg(o.plot_id::bigint ORDER BY o.plot_id) FILTER (WHERE o.plot_id IS NOT NULL), ''{}'')
	FROM plot p LEFT JOIN plot o ON o.farmer_id <> p.farmer_id AND ST_Area(ST_Intersection(o.geom, p.geom)) > 0 GROUP BY 1 ORDER BY 1', 'double_claim_plots');
CREATE TABLE likeness AS
SELECT p.plot_id, r.right_id, p.farmer_id = r.party_id AS own, ST_Area(ST_Intersection(p.geom, r.geom)) / ST_Area(ST_Union(p.geom, r.geom)) AS iou
FROM plot p JOIN land_right r ON ST_Area(ST_Intersection(p.geom, r.geom)) > 0
WHERE rrr_type NOT IN ('restriction', 'responsibility:path') AND (valid_from IS NULL OR valid_from <= :as_of) AND (valid_to IS NULL OR valid_to > :as_of);
SELECT results_eq('SELECT plot_id, rights_count FROM answer ORDER BY 1',
	'SELECT p.plot_id::bigint, count(right_id)::int FROM plot p LEFT JOIN likeness USING (plot_id) GROUP BY 1 ORDER BY 1', 'rights_count');
SELECT results_eq('SELECT plot_id, best_right_id, round(best_iou::numeric, 12) FROM answer WHERE best_iou IS NOT NULL ORDER BY 1',
	'SELECT DISTINCT ON (plot_id) plot_id::bigint, right_id::bigint, round(iou::numeric, 12) FROM likeness ORDER BY plot_id, round(iou::numeric, 12) DESC, own DESC, right_id', 'best right');

-- ---- slivers ----------------------------------------------------------------

CREATE TABLE wide AS SELECT * FROM land_evidence(:plots, :rights, :as_of, min_share => 0.3);
SELECT results_eq('SELECT plot_id, double_claim_plots FROM wide ORDER BY 1',
	'SELECT p.plot_id::bigint, coalesce(array_agg(o.plot_id::bigint ORDER BY o.plot_id) FILTER (WHERE o.plot_id IS NOT NULL), ''{}'')
	FROM plot p LEFT JOIN plot o ON o.farmer_id <> p.farmer_id AND ST_Area(ST_Intersection(o.geom, p.geom)) > 0.3 * ST_Area(p.geom) GROUP BY 1 ORDER BY 1', 'double claims of over min_share');
SELECT results_eq('SELECT plot_id, rights_count FROM wide ORDER BY 1',
	'SELECT p.plot_id::bigint, count(right_id) FILTER (WHERE ST_Area(ST_Intersection(p.geom, r.geom)) > 0.3 * ST_Area(p.geom))::int
	FROM plot p LEFT JOIN likeness USING (plot_id) LEFT JOIN land_right r USING (right_id) GROUP BY 1 ORDER BY 1', 'rights on more than min_share');
SELECT ok(bool_and(w.disputed_area <= a.disputed_area + 1e-9) AND bool_or(w.disputed_area < a.disputed_area) AND bool_and(w.held_area = a.held_area) AND bool_and(w.unregistered_share = a.unregistered_share),
	'slivers dispute nothing, and are registered all the same') FROM wide w JOIN answer a USING (plot_id);

-- ---- the same rows, the same bits -------------------------------------------

CREATE FUNCTION differing(query text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE n bigint;
BEGIN
	EXECUTE 'SELECT count(*) FROM (SELECT a::text FROM answer a EXCEPT ALL SELECT b::text FROM (' || query || ') b) d' INTO n;
	RETURN n;
END $$;
\set again 'SELECT * FROM land_evidence(%L, %L, %L, min_share => 0)'
SELECT is(differing(format(:'again', :plots, :rights, :as_of)), 0::bigint, 'twice the same');
SELECT is(differing(format(:'again', :plots || ' ORDER BY declared, plot_id DESC', :rights || ' ORDER BY md5(right_id::text)', :as_of)), 0::bigint, 'rows in another order');
SET work_mem = '64kB';
SELECT is(differing(format(:'again', :plots, :rights, :as_of)), 0::bigint, 'under 64 kB');
SELECT is(differing(format(:'again', :plots || ' ORDER BY md5(plot_id::text)', :rights || ' ORDER BY md5(right_id::text)', :as_of)), 0::bigint, 'under 64 kB and in another order');
RESET work_mem;
SET agririsk.geometry_reader = wkb;
SELECT is(differing(format(:'again', :plots, :rights, :as_of)), 0::bigint, 'through WKB');
RESET agririsk.geometry_reader;
SELECT results_eq('SELECT plot_id, held_area, disputed_area, best_right_id, double_claim_plots, flags FROM answer ORDER BY 1',
	format($$SELECT right(plot_id, 3)::bigint, held_area, disputed_area, right(best_right_id, 3)::bigint, (SELECT coalesce(array_agg(right(d, 3)::bigint), '{}') FROM unnest(double_claim_plots) d), flags FROM
	land_evidence(%L, %L, %L, null::text, 0) ORDER BY plot_id$$, $$SELECT to_char(plot_id, 'FM"P"000'), 'F' || farmer_id, geom, declared FROM plot$$,
	$$SELECT to_char(right_id, 'FM"R"000')::varchar, 'U' || unit_id, 'F' || party_id, geom, rrr_type, CASE WHEN share IS NOT NULL THEN 1 END, share_den, valid_from, valid_to FROM land_right$$, :as_of),
	'text keys: the same');
-- rows of one id, whose shares no sum may take in the order they came
SELECT is((SELECT count(DISTINCT float8send(held_fraction_area))::int FROM unnest(ARRAY['', ' DESC']) o, LATERAL land_evidence('SELECT 1, 1, ST_MakeEnvelope(0, 0, 1, 1)',
	'SELECT 9, 1, 1, ST_MakeEnvelope(0, 0, 1, 1), ''own''::text, sh, 10, NULL::date, NULL::date FROM generate_series(1, 3) sh ORDER BY sh' || o, '2024-01-01')), 1, 'shares in another order');
-- other types of the same numbers
SELECT is(differing(format(:'again', 'SELECT plot_id::bigint, farmer_id::smallint, geom, declared::float8 FROM plot',
	'SELECT right_id::bigint, unit_id::smallint, party_id, geom, rrr_type::varchar, CASE WHEN share IS NOT NULL THEN 1::bigint END, share_den::smallint, valid_from, valid_to, NULL::numeric FROM land_right', :as_of)),
	0::bigint, 'columns of other types');

-- ---- spreading over tiles ----------------------------------------------------

-- 20,000 parcels of a grid; everyone's right is the parcel, the neighbour's declared plot reaches over by a quarter.
CREATE TABLE parcel AS
SELECT 200 * x + y AS id, ST_MakeEnvelope(80 * x, 80 * y, 80 * x + 80, 80 * y + 80, 32650) AS geom,
	ST_MakeEnvelope(80 * x, 80 * y, 80 * x + 100, 80 * y + 80, 32650) AS declared
FROM generate_series(0, 99) x, generate_series(0, 199) y;
SET work_mem = '64kB';
SELECT results_eq($$SELECT count(*), sum(held_area), sum(disputed_area), sum(cardinality(double_claim_plots)), min(held_share), max(held_share), max(rights_count)
	FROM land_evidence('SELECT id, id, declared FROM parcel', 'SELECT id, id, id, geom, ''contract'', 1, 1, NULL::date, NULL::date FROM parcel', '2024-01-01')$$,
	$$VALUES (20000::bigint, 20000 * 6400::float8, 19800 * 1600::float8, 2 * 19800::bigint, 0.8::float8, 0.8::float8, 2)$$, '20,000 plots under 64 kB');
RESET work_mem;

-- One plot the size of the county, on which everything lies; under little memory it stands alone.
SET work_mem = '64kB';
SELECT results_eq($$SELECT plot_id, held_share, disputed_share, rights_count, cardinality(double_claim_plots), double_claim_share FROM
	land_evidence('SELECT -1, -1, ST_MakeEnvelope(-80, 0, 8000, 16000, 32650) UNION ALL SELECT id, id, geom FROM parcel WHERE id < 2000',
	'SELECT id, id, id, geom, ''contract'', 1, 1, NULL::date, NULL::date FROM parcel', '2024-01-01', min_share => 0) WHERE plot_id = -1$$,
	$$VALUES (-1::bigint, 0::float8, 8000 / 8080::float8, 20000, 2000, 800 / 8080::float8)$$, 'a plot with everything on it');
RESET work_mem;

-- One invalid polygon among many is flagged, and only what rests on it.
SELECT results_eq($$SELECT plot_id, plot_area, held_share, disputed_share, flags FROM
	land_evidence('SELECT id, id, geom FROM parcel WHERE id <> 0 UNION ALL SELECT 0, 0, ST_GeomFromText(''POLYGON((0 0,80 80,80 0,0 80,0 0))'', 32650)',
	'SELECT id, id, id, CASE WHEN id = 400 THEN ST_GeomFromText(''POLYGON((160 0,240 80,240 0,160 80,160 0))'', 32650) ELSE geom END, ''contract'', 1, 1, NULL::date, NULL::date FROM parcel', '2024-01-01')
	WHERE flags <> '{}' ORDER BY 1$$,
	$$VALUES (0::bigint, 3200::float8, 1::float8, 0::float8, ARRAY['invalid_geometry']), (400::bigint, 6400::float8, 0.5::float8, 0::float8, ARRAY['invalid_geometry'])$$,
	'an invalid plot and an invalid right');

-- ---- a plain role ---------------------------------------------------------------

CREATE ROLE evidence_reader;
GRANT SELECT ON plot TO evidence_reader;
GRANT USAGE ON SCHEMA agririsk TO evidence_reader;
SET ROLE evidence_reader;
SET search_path = '';
SELECT count(*) AS answered FROM agririsk.land_evidence('SELECT plot_id, farmer_id, geom FROM public.plot', 'SELECT 1, 1, 1, public.ST_MakeEnvelope(0, 0, 1, 1, 32650), ''contract''::text, 1, 1, NULL::date, NULL::date', '2024-01-01') \gset
SET search_path = public;
SELECT is(:answered, 70, 'a plain role, without a search_path, asks of what it may read');
SELECT throws_ok($$SELECT count(*) FROM agririsk.land_evidence('SELECT plot_id, farmer_id, geom FROM plot', 'SELECT right_id, unit_id, party_id, geom, rrr_type, 1, 1, valid_from, valid_to FROM land_right', '2024-01-01')$$,
	'42501', NULL, 'and not of what it may not');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
