-- Deployed cards: every form of scoring agrees to the bit, running queries keep
-- their card and later ones follow, and a plain role can do it all.
BEGIN;
SET LOCAL client_min_messages = warning;
SELECT set_config('search_path', 'agririsk, ' || current_setting('search_path'), true) \g /dev/null
SELECT plan(23);

-- A hash in [0, 1), the same on every machine.
CREATE FUNCTION pg_temp.u(VARIADIC part int[]) RETURNS float8 LANGUAGE sql IMMUTABLE AS
$$ SELECT ('x' || left(md5(part::text), 8))::bit(32)::bigint::float8 / 4294967296 $$;

CREATE SCHEMA desk;
CREATE TYPE desk.staple AS ENUM ('rice', 'wheat', 'apple', 'tea');
CREATE TABLE desk.farmer AS
SELECT i AS id, (i % 60) AS county, CASE WHEN i % 9 > 0 THEN i % 4 > 0 END AS agreed,
       CASE WHEN i % 17 = 0 THEN 'NaN' WHEN i % 7 > 0 THEN pg_temp.u(i, 1) * 2 END AS cv,
       CASE WHEN i % 5 > 0 THEN (pg_temp.u(i, 2) * 2)::real END AS held, (pg_temp.u(i, 3) * 100)::int AS months,
       (pg_temp.u(i, 4) * 2)::numeric(12, 4) AS debt, CASE WHEN i % 6 > 0 THEN (enum_range(NULL::desk.staple))[1 + i % 4] END AS crop,
       i % 3 = 0 AS member, pg_temp.u(i, 5) * 2 AS last
  FROM generate_series(1, 3000) i;
ANALYZE desk.farmer;
CREATE FUNCTION pg_temp.card(intercept float8) RETURNS scorecard LANGUAGE sql AS $$
  SELECT jsonb_build_object('format', 1, 'name', 'farmer', 'intercept', intercept, 'features',
    (SELECT jsonb_agg(jsonb_build_object('name', f, 'type', 'number', 'weight', 0.3 + i, 'missing', 'worst', 'special', '[{"values": [0, 50], "woe": 0.7}]'::jsonb,
        'bins', (SELECT jsonb_agg(jsonb_strip_nulls(jsonb_build_object('high', CASE WHEN b < 4 * i THEN b / 2.1 / i END, 'woe', round(sin(b)::numeric, 4))) ORDER BY b) FROM generate_series(1, 4 * i) b))
        || CASE WHEN f IN ('cv', 'held') THEN '{"consent": "agreed"}' ELSE '{}' END::jsonb ORDER BY i)
       FROM unnest('{cv,held,months,debt,last}'::text[]) WITH ORDINALITY f (f, i))
    || '[{"name": "crop", "type": "category", "weight": -0.7, "missing": "best", "unseen": "worst", "bins": [{"categories": ["rice", "wheat"], "woe": -0.21}, {"categories": ["apple"], "woe": 0.33}]},
         {"name": "member", "type": "category", "bins": [{"categories": ["true"], "woe": -0.123}, {"categories": ["false"], "woe": 0.456}]}]',
    'segments', (SELECT jsonb_agg(jsonb_build_object('name', s::text, 'intercept', s / 70.0, 'weights', jsonb_build_object('cv', s / 30.0))) FROM generate_series(0, 50) s))::scorecard $$;

SELECT is((SELECT array_agg(d::text) FROM deploy(pg_temp.card(-1.5), 'desk.farmer', 'f', 'county') d)::text,
  '{desk.f_card(),"desk.f_pd(double precision,real,integer,numeric,double precision,desk.staple,boolean,boolean,integer)",desk.f_pd(desk.farmer),"desk.f_score(double precision,real,integer,numeric,double precision,desk.staple,boolean,boolean,integer)",desk.f_score(desk.farmer)}',
  'deploy returns what it wrote');

-- ---------- the forms agree, to the bit ----------

-- The batch, and its bits.
CREATE TEMP TABLE batch AS SELECT id, desk.f_pd(f) AS pd, desk.f_score(f) AS score FROM desk.farmer f;
SELECT is((SELECT count(DISTINCT score) > 1000 AND count(*) FILTER (WHERE score IS NULL) = 0 FROM batch), true, 'there are many different scores');
SELECT is((SELECT count(*) FROM desk.farmer f JOIN batch b USING (id) WHERE float8send(pd(pg_temp.card(-1.5), f, county::text)) = float8send(b.pd)
             AND float8send(agririsk.score(desk.f_card(), f, county::text)) = float8send(b.score)), 3000::bigint, 'record forms');
SELECT is((SELECT count(*) FROM desk.farmer f JOIN batch b USING (id)
            WHERE float8send(desk.f_pd(cv, held, months, debt, last, crop, member, agreed, county)) = float8send(b.pd)), 3000::bigint, 'the column form');
SELECT is((SELECT count(*) FROM desk.farmer f JOIN batch b USING (id)
            WHERE float8send(_deployed_row_pd('desk.f_card()', f, county::text)) = float8send(b.pd)
              AND float8send(_deployed_row_score('desk.f_card()', f, county::text)) = float8send(b.score)), 3000::bigint, 'the row form of wide cards');
SELECT is((SELECT count(*) FROM (SELECT * FROM desk.farmer OFFSET 0) f JOIN batch b USING (id)
            WHERE float8send(desk.f_pd(cv => f.cv, held => f.held, months => f.months, debt => f.debt, last => f.last, crop => f.crop, member => f.member, agreed => f.agreed, county => f.county)) = float8send(b.pd)), 3000::bigint, 'from a subquery');
CREATE FUNCTION pg_temp.singly() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  r desk.farmer;
  same bigint := 0;
BEGIN
  FOR r IN SELECT * FROM desk.farmer ORDER BY pg_temp.u(id) LOOP
    same := same + (float8send(desk.f_pd(r)) = (SELECT float8send(pd) FROM batch WHERE id = r.id))::int;
  END LOOP;
  RETURN same;
END $$;
SELECT is(pg_temp.singly(), 3000::bigint, 'rows one by one in a procedure, in another order');
-- Its name since PostgreSQL 16 is debug_parallel_query.
SELECT name AS forced FROM pg_settings WHERE name IN ('force_parallel_mode', 'debug_parallel_query') \gset
SET LOCAL :forced = regress;
SET LOCAL parallel_setup_cost = 0;
SET LOCAL parallel_tuple_cost = 0;
SET LOCAL min_parallel_table_scan_size = 0;
CREATE TEMP TABLE parallel AS SELECT id, desk.f_pd(f) AS pd FROM desk.farmer f;
SET LOCAL :forced = off;
SELECT is((SELECT count(*) FROM parallel p JOIN batch b USING (id) WHERE float8send(p.pd) = float8send(b.pd)), 3000::bigint, 'parallel workers');
RESET parallel_setup_cost;

-- ---------- replacing a card ----------

-- A running query keeps the card it began with, later ones follow.
DECLARE running CURSOR FOR SELECT id, desk.f_score(f) AS score FROM desk.farmer f;
CREATE TEMP TABLE fetched (id int, score float8);
CREATE FUNCTION pg_temp.fetch(n int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  c refcursor := 'running';
  r record;
BEGIN
  FOR i IN 1 .. n LOOP FETCH c INTO r; EXIT WHEN NOT FOUND; INSERT INTO fetched VALUES (r.id, r.score); END LOOP;
END $$;
SELECT pg_temp.fetch(10) \g /dev/null
SELECT deploy(pg_temp.card(0.5), 'desk.farmer', 'f', 'county') \g /dev/null
SELECT is((SELECT count(*) FROM desk.farmer f JOIN batch b USING (id) WHERE desk.f_score(f) <> b.score), (SELECT count(*) FROM desk.farmer WHERE county > 50),
          'the next query scores with the new card');
SELECT pg_temp.fetch(5000) \g /dev/null
SELECT is((SELECT count(*) FROM fetched JOIN batch USING (id, score)), 3000::bigint, 'a query that runs goes on with the old one');
CLOSE running;
-- A deployment that is rolled back is not there.
SAVEPOINT before;
SELECT deploy(pg_temp.card(9), 'desk.farmer', 'f', 'county') \g /dev/null
SELECT count(*) AS moved FROM desk.farmer f JOIN batch b USING (id) WHERE desk.f_score(f) < b.score - 200 \gset
ROLLBACK TO before;
SELECT is(:moved, (SELECT count(*)::int FROM desk.farmer WHERE county > 50), 'a new card scores inside its transaction');
SELECT is((SELECT count(*) FROM desk.farmer f WHERE desk.f_score(f) = agririsk.score(pg_temp.card(0.5), f, county::text)), 3000::bigint,
          'and is gone when that is rolled back');
-- Plain SQL does as well: CREATE OR REPLACE of name_card().
SELECT format('CREATE OR REPLACE FUNCTION desk.f_card() RETURNS scorecard LANGUAGE sql IMMUTABLE AS %L', format('SELECT %L::agririsk.scorecard', pg_temp.card(-1.5))) \gexec
SELECT is((SELECT count(*) FROM desk.farmer f JOIN batch b USING (id) WHERE float8send(desk.f_score(f)) = float8send(b.score)), 3000::bigint,
          'replacing name_card() by hand replaces the card');
-- The plan does not hold the card.
CREATE FUNCTION pg_temp.plan(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  plan json;
BEGIN
  EXECUTE 'EXPLAIN (VERBOSE, FORMAT json) ' || query INTO plan;
  RETURN plan;
END $$;
SELECT ok(pg_temp.plan('SELECT desk.f_pd(f) FROM desk.farmer f') LIKE '%_deployed_pd(''desk.f_card()''::regprocedure, ''{cv,held,months,debt,last,crop,member,agreed}''::text[], cv, held, months, debt, last, crop, member, agreed, county)%',
          'the row form becomes one call over columns');
SELECT throws_ok('DROP FUNCTION desk.f_card()', '2BP01', NULL, 'the card cannot go before its functions');

-- ---------- a name per type of column ----------

SELECT is((SELECT count(*) FROM desk.farmer f JOIN batch b USING (id), LATERAL (SELECT (cv).* FROM (SELECT f AS cv) s) g
            WHERE desk.f_pd(g.cv, g.held, g.months, g.debt, g.last, g.crop, g.member, g.agreed, g.county) = b.pd), 3000::bigint, 'columns of an expanded row');
-- Any integer, enum or text names the segment.
CREATE TABLE desk.typed AS SELECT *, (county::text)::varchar(9) AS v, county::bigint AS b, county::smallint AS s, county::text::char(9) AS c, county::text::name AS n, county::text AS t FROM desk.farmer;
CREATE FUNCTION pg_temp.by_segment() RETURNS SETOF bigint LANGUAGE plpgsql AS $$
DECLARE
  c name;
BEGIN
  FOREACH c IN ARRAY '{v,b,s,c,n,t}'::name[] LOOP
    PERFORM deploy(pg_temp.card(-1.5), 'desk.typed', 'typed', c);
    RETURN QUERY EXECUTE 'SELECT count(*) FROM desk.typed f JOIN batch b USING (id) WHERE float8send(desk.typed_pd(f)) = float8send(b.pd)';
  END LOOP;
END $$;
SELECT is((SELECT array_agg(n) FROM pg_temp.by_segment() n), array_fill(3000::bigint, '{6}'), 'segments of any such type are the same');
-- A column may be feature, consent and segment at once: it is one argument.
SELECT deploy('{"format": 1, "name": "m", "intercept": 0, "features": [{"name": "member", "type": "category", "consent": "member", "bins": [{"categories": ["true"], "woe": 1}]}],
  "segments": [{"name": "true", "intercept": 3}]}', 'desk.farmer', 'm', 'member') \g /dev/null
SELECT is((SELECT array_agg(DISTINCT (member, round(desk.m_score(member)::numeric, 3))::text) FROM desk.farmer),
  ARRAY['(f,)', format('(t,%s)', round((600 - 20 / ln(2::float8) * (4 + ln(50::float8)))::numeric, 3))], 'one column in three parts');

-- ---------- a plain role, and no search_path ----------

CREATE ROLE agririsk_clerk;
CREATE SCHEMA clerk AUTHORIZATION agririsk_clerk;
CREATE TABLE clerk.farmer AS SELECT * FROM desk.farmer;
ALTER TABLE clerk.farmer OWNER TO agririsk_clerk;
GRANT USAGE ON SCHEMA desk TO agririsk_clerk;
GRANT SELECT ON desk.farmer, batch TO agririsk_clerk;
SELECT pg_temp.card(-1.5) AS card \gset
SET LOCAL ROLE agririsk_clerk;
SET LOCAL search_path = '';
SELECT count(*) AS deployed FROM agririsk.deploy(:'card', 'clerk.farmer', 'mine', 'county') \gset
SELECT count(*) AS same FROM clerk.farmer f JOIN pg_temp.batch b USING (id) WHERE float8send(clerk.mine_pd(f)) = float8send(b.pd) \gset
SELECT count(*) AS theirs FROM desk.farmer f JOIN pg_temp.batch b USING (id) WHERE float8send(desk.f_pd(f)) = float8send(b.pd) \gset
SELECT count(*) AS again FROM agririsk.redeploy('mine') \gset
SET LOCAL search_path = agririsk, public;
SELECT throws_ok(format('SELECT deploy(%L, ''desk.farmer'', ''theft'')', :'card'), '42501', NULL, 'a plain role deploys only where it may create');
RESET ROLE;
SELECT is(ARRAY[:deployed, :same, :theirs, :again], ARRAY[5, 3000, 3000, 5], 'a plain role deploys, scores and redeploys with an empty search_path');
REVOKE EXECUTE ON FUNCTION desk.f_card() FROM PUBLIC;
SET LOCAL ROLE agririsk_clerk;
SELECT throws_ok('SELECT desk.f_pd(f) FROM desk.farmer f', '42501', 'permission denied for function f_card', 'who may not read the card may not score with it');
RESET ROLE;

-- ---------- a row per county, and none ----------

SELECT is((SELECT count(desk.f_pd(f)) FROM desk.farmer f WHERE false), 0::bigint, 'no rows');
SELECT is(desk.f_pd(NULL::desk.farmer), NULL, 'a NULL row has no score');

SELECT * FROM finish();
ROLLBACK;
