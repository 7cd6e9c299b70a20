-- deploy and redeploy: a card as SQL functions of a relation.
SET search_path = agririsk, public;
\pset null '(null)'
\set SHOW_CONTEXT never

CREATE SCHEMA desk;
CREATE TYPE desk.staple AS ENUM ('rice', 'apple');
CREATE DOMAIN desk.ratio AS float8 NOT NULL;
CREATE TABLE desk.portrait (id int, cv desk.ratio, "Crop kind" desk.staple, agreed boolean, county int, paid numeric(10, 2));
COMMENT ON COLUMN desk.portrait.cv IS 'Income varies';
COMMENT ON COLUMN desk.portrait."Crop kind" IS 'never told: the card has a reason';
INSERT INTO desk.portrait VALUES (1, 0.2, 'rice', true, 51, 10), (2, 0.5, 'apple', true, 5101, NULL), (3, 0.9, NULL, false, NULL, 7), (4, 'NaN', 'rice', true, 52, 1e4);

CREATE TEMP TABLE card (name text, card scorecard);
INSERT INTO card VALUES
('two', '{"format": 1, "name": "two", "intercept": -2, "features": [
   {"name": "cv", "type": "number", "consent": "agreed", "bins": [{"high": 0.5, "woe": -0.5}, {"woe": 0.75}], "missing": "worst"},
   {"name": "Crop kind", "type": "category", "reason": "The crop", "bins": [{"categories": ["rice"], "woe": -0.25}, {"categories": ["apple"], "woe": 1}]}],
   "segments": [{"name": "51", "intercept": -1}, {"name": "5101", "parent": "51", "weights": {"cv": 3}}]}'),
('three', '{"format": 1, "name": "three", "intercept": -1, "features": [
   {"name": "paid", "type": "number", "bins": [{"high": 8, "woe": 1}, {"woe": -1}]},
   {"name": "cv", "type": "number", "bins": [{"high": 0.5, "woe": -0.5}, {"woe": 0.75}]},
   {"name": "Crop kind", "type": "category", "bins": [{"categories": ["rice"], "woe": -0.25}]}]}');

SELECT deploy(card, 'desk.portrait', 'Rice''s', 'county') FROM card WHERE name = 'two';
-- What it wrote: plain SQL. Reasons came from the comments where there were none.
\sf desk."Rice's_pd"(desk.portrait)
SELECT pg_get_functiondef('desk."Rice''s_score"(desk.ratio, desk.staple, boolean, int)'::regprocedure);
SELECT obj_description('desk."Rice''s_card"()'::regprocedure);
SELECT f ->> 'name' AS name, f ->> 'reason' AS reason FROM jsonb_array_elements(desk."Rice's_card"()::jsonb -> 'features') f;
-- Log-odds by hand, from the card's numbers.
SET search_path = desk, agririsk, public;
SELECT id, abs(p."Rice's_pd" - 1 / (1 + exp(-eta))) < 1e-15 AS pd_right, p."Rice's_pd" = pd(c.card, p, county::text) AS as_by_row,
       "Rice's_score"(p) = desk."Rice's_score"(cv, "Crop kind", agreed, county) AS forms_agree
  FROM desk.portrait p JOIN (VALUES (1, -1 - 0.5 - 0.25), (2, -1 + 3 * 0.75 + 1), (3, -2 + 0.0), (4, -2 + 0.75 - 0.25)) e (of, eta) ON of = id,
       card c WHERE name = 'two' ORDER BY id;
SELECT "Rice's_pd"(county => 51, agreed => NULL, "Crop kind" => 'rice', cv => 0.1) = "Rice's_pd"(0.4, 'rice', false, 51) AS named;
SET search_path = agririsk, public;

-- No row is formed, by either form, from tables, materialized views and partitions.
EXPLAIN (VERBOSE, COSTS off) SELECT id, desk."Rice's_pd"(p), p.cv FROM desk.portrait p WHERE desk."Rice's_score"(p) > 500;
CREATE MATERIALIZED VIEW desk.snapshot AS SELECT * FROM desk.portrait;
SELECT deploy(card, 'desk.snapshot', 'snap') FROM card WHERE name = 'three';
EXPLAIN (VERBOSE, COSTS off) SELECT desk.snap_pd(s) FROM desk.snapshot s;
CREATE TABLE desk.parted (LIKE desk.portrait) PARTITION BY RANGE (id);
CREATE TABLE desk.part_1 PARTITION OF desk.parted FOR VALUES FROM (0) TO (3);
CREATE TABLE desk.part_2 (paid numeric(10, 2), county int, agreed boolean, id int, "Crop kind" desk.staple, cv desk.ratio);
ALTER TABLE desk.parted ATTACH PARTITION desk.part_2 FOR VALUES FROM (3) TO (9);
INSERT INTO desk.parted SELECT * FROM desk.portrait;
SELECT count(*) FROM (SELECT deploy(card, 'desk.parted', 'part', 'county') FROM card WHERE name = 'two') s;
EXPLAIN (VERBOSE, COSTS off) SELECT desk.part_pd(p) FROM desk.parted p;
SELECT bool_and(desk.part_pd(p) = desk."Rice's_pd"(q)) AS same FROM desk.parted p JOIN desk.portrait q USING (id);
-- A plain view: said, with the way out.
CREATE VIEW desk.window AS SELECT *, cv AS other FROM desk.portrait;
SELECT count(*) FROM (SELECT deploy(card, 'desk.window', 'win') FROM card WHERE name = 'three') s;

-- Redeploying: a view over the row form stays, prepared statements follow.
CREATE VIEW desk.scored AS SELECT id, desk."Rice's_pd"(p) AS pd FROM desk.portrait p;
SET plan_cache_mode = force_generic_plan;
PREPARE one (int) AS SELECT desk."Rice's_pd"(p) FROM desk.portrait p WHERE id = $1;
EXECUTE one (1);
EXECUTE one (1);
-- The same columns, another intercept: from -1 - 0.5 - 0.25 to 1 - 0.5 - 0.25.
SELECT deploy(replace(card::text, '"intercept": -1', '"intercept": 1')::scorecard, 'desk.portrait', 'Rice''s', 'county') FROM card WHERE name = 'two';
EXECUTE one (1);
SELECT abs(pd - 1 / (1 + exp(-0.25::float8))) < 1e-15 AS follows FROM desk.scored WHERE id = 1;
-- Other columns: the old column form goes, the row form and its view stay.
SELECT deploy(card, 'desk.portrait', 'Rice''s') FROM card WHERE name = 'three';
EXECUTE one (1);
-- -1 - 1 - 0.5 - 0.25
SELECT abs(pd - 1 / (1 + exp(2.75::float8))) < 1e-15 AS follows FROM desk.scored WHERE id = 1;
SELECT oid::regprocedure FROM pg_proc WHERE proname LIKE 'Rice''s%' ORDER BY 1::text;
-- A view over the column form stays when the columns stay; it stands in the
-- way of other columns, and nothing changes.
CREATE VIEW desk.by_column AS SELECT desk."Rice's_pd"(paid, cv, "Crop kind") FROM desk.portrait;
SELECT count(*) FROM (SELECT deploy(card, 'desk.portrait', 'Rice''s') FROM card WHERE name = 'three') s;
SELECT deploy(card, 'desk.portrait', 'Rice''s') FROM card WHERE name = 'two';
EXECUTE one (1);
DROP VIEW desk.by_column;
-- The same types under other names.
ALTER TABLE desk.portrait RENAME cv TO variation;
SELECT deploy(replace(card::text, '"cv"', '"variation"')::scorecard, 'desk.portrait', 'Rice''s') FROM card WHERE name = 'three';
EXECUTE one (1);
ALTER TABLE desk.portrait RENAME variation TO cv;

-- A rebuilt materialized view takes its row forms along; redeploy brings them back.
DROP MATERIALIZED VIEW desk.snapshot CASCADE;
CREATE MATERIALIZED VIEW desk.snapshot AS SELECT 'extra' AS extra, * FROM desk.portrait;
SELECT redeploy('snap');
SELECT redeploy('desk.snap');
SELECT desk.snap_pd(s) = pd(card, s) AS same FROM desk.snapshot s, card WHERE card.name = 'three' AND id = 1;
CREATE SCHEMA other;
CREATE TABLE other.snapshot AS SELECT * FROM desk.portrait;
SELECT count(*) FROM (SELECT deploy(card, 'other.snapshot', 'snap', 'county') FROM card WHERE name = 'three') s;
SELECT redeploy('snap');
SELECT redeploy('other.snap');
SELECT redeploy('desk."snap"');
SELECT redeploy('desk.Rice''s');
SELECT redeploy('none');
SELECT redeploy(NULL);
DROP TABLE other.snapshot CASCADE;
SELECT redeploy('other.snap');
-- Another relation under the same name is a mistake, not a move.
SELECT deploy(card, 'desk.parted', 'snap') FROM card WHERE name = 'three';
SELECT count(desk.snap_pd(s)) FROM desk.snapshot s;

-- Functions of somebody else are not taken over: he could replace them again.
CREATE ROLE regress_squatter;
GRANT CREATE, USAGE ON SCHEMA desk TO regress_squatter;
SET ROLE regress_squatter;
CREATE FUNCTION desk.own_card() RETURNS scorecard LANGUAGE sql AS 'SELECT NULL::agririsk.scorecard';
COMMENT ON FUNCTION desk.own_card() IS 'A scorecard deployed by agririsk: {"schema": "desk", "relation": "parted", "segment_column": null}';
RESET ROLE;
SELECT deploy(card, 'desk.parted', 'own') FROM card WHERE name = 'three';
DROP FUNCTION desk.own_card();
REVOKE CREATE, USAGE ON SCHEMA desk FROM regress_squatter;
DROP ROLE regress_squatter;

-- A statement of PL/pgSQL is a statement: it meets the card that is there.
CREATE FUNCTION desk.now_and_then() RETURNS SETOF float8 LANGUAGE plpgsql AS $$
BEGIN
  FOR i IN 1 .. 2 LOOP
    RETURN NEXT desk.flat_score(1.0);
    CREATE OR REPLACE FUNCTION desk.flat_card() RETURNS agririsk.scorecard LANGUAGE sql IMMUTABLE AS
      'SELECT ''{"format": 1, "name": "f", "scale": {"base_score": 0, "base_odds": 1, "pdo": 0.6931471805599453}, "intercept": 2, "features": [{"name": "x", "type": "number", "bins": [{"woe": 0}]}]}''::agririsk.scorecard';
  END LOOP;
END $$;
CREATE TABLE desk.flat (x float8);
SELECT count(*) FROM deploy('{"format": 1, "name": "f", "scale": {"base_score": 0, "base_odds": 1, "pdo": 0.6931471805599453}, "intercept": 1, "features": [{"name": "x", "type": "number", "bins": [{"woe": 0}]}]}', 'desk.flat', 'flat');
SELECT round(s) FROM desk.now_and_then() s;

-- Nor may a card that reads other columns slip under functions written for these.
CREATE OR REPLACE FUNCTION desk.flat_card() RETURNS agririsk.scorecard LANGUAGE sql IMMUTABLE AS
  'SELECT ''{"format": 1, "name": "f", "intercept": 1, "features": [{"name": "y", "type": "number", "bins": [{"woe": 0}]}]}''::agririsk.scorecard';
SELECT desk.flat_score(1.0);

-- Everything deployed goes with the card.
DROP FUNCTION desk.part_card() CASCADE;

-- More columns than a function has arguments: the row form, over rows.
SELECT format('CREATE TABLE desk.wide (%s, county text)', string_agg(format('f%s int', i), ', ')) FROM generate_series(1, 120) i \gexec
SELECT format('INSERT INTO desk.wide VALUES (%s, ''a'')', string_agg(i::text, ', ')) FROM generate_series(1, 120) i \gexec
INSERT INTO card SELECT 'wide', format('{"format": 1, "name": "wide", "intercept": 0, "features": [%s], "segments": [{"name": "a", "intercept": 3}]}',
  string_agg(format('{"name": "f%s", "type": "number", "bins": [{"high": 60.5, "woe": 1}, {"woe": -2}]}', i), ', '))::scorecard FROM generate_series(1, 120) i;
SELECT deploy(card, 'desk.wide', 'w', 'county') FROM card WHERE name = 'wide';
-- 60 features of 1, 60 of -2, and the intercept of a: -57, clamped to -36
SELECT desk.w_pd(w) = pd(card, w, county) AS same, abs(desk.w_score(w) - (600 - 20 / ln(2::float8) * (-57 + ln(50::float8)))) < 1e-9 AS by_hand
  FROM desk.wide w, card WHERE name = 'wide';
-- 98 columns are still arguments; one more is not.
SELECT count(*) FROM (SELECT deploy((card::jsonb #- '{segments}' || jsonb_build_object('features', (SELECT jsonb_agg(f) FROM
  (SELECT f FROM jsonb_array_elements(card::jsonb -> 'features') f LIMIT 98) l)))::scorecard, 'desk.wide', 'w') FROM card WHERE name = 'wide') s;
SELECT count(*) FROM (SELECT deploy((card::jsonb #- '{segments}' || jsonb_build_object('features', (SELECT jsonb_agg(f) FROM
  (SELECT f FROM jsonb_array_elements(card::jsonb -> 'features') f LIMIT 99) l)))::scorecard, 'desk.wide', 'w') FROM card WHERE name = 'wide') s;
SELECT oid::regprocedure FROM pg_proc WHERE proname LIKE 'w\_%' AND pronamespace = 'desk'::regnamespace ORDER BY 1::text;

-- ---------- bad input ----------

SELECT deploy(NULL, 'desk.portrait', 'x');
SELECT deploy(card, NULL, 'x') FROM card WHERE name = 'two';
SELECT deploy(card, 'desk.portrait', NULL) FROM card WHERE name = 'two';
SELECT deploy(card, 'desk.portrait', '') FROM card WHERE name = 'two';
SELECT deploy(card, 'desk.portrait', repeat('é', 29)) FROM card WHERE name = 'two';
SELECT deploy(card, 'desk.absent', 'x') FROM card WHERE name = 'two';
SELECT deploy(card, 'pg_class_oid_index', 'x') FROM card WHERE name = 'two';
CREATE TABLE desk.narrow (cv float8, x_pd int, y_score int);
SELECT deploy(card, 'desk.narrow', 'z') FROM card WHERE name = 'two';
SELECT deploy(card, 'desk.portrait', 'z', 'county_code') FROM card WHERE name = 'two';
SELECT deploy(card, 'desk.narrow', 'x') FROM card WHERE name = 'two';
SELECT deploy(card, 'desk.narrow', 'y') FROM card WHERE name = 'two';
-- Columns of a type that does not fit are found at once, and nothing stays.
CREATE TABLE desk.typed (cv text, "Crop kind" text, agreed boolean, county float8);
SELECT deploy(card, 'desk.typed', 'typed') FROM card WHERE name = 'two';
ALTER TABLE desk.typed ALTER cv TYPE float8 USING NULL;
SELECT deploy(card, 'desk.typed', 'typed', 'county') FROM card WHERE name = 'two';
SELECT count(*) FROM pg_proc WHERE proname LIKE 'typed\_%';
-- Functions that deploy did not write are not replaced.
CREATE FUNCTION desk.mine_card() RETURNS scorecard LANGUAGE sql AS 'SELECT NULL::agririsk.scorecard';
SELECT deploy(card, 'desk.portrait', 'mine') FROM card WHERE name = 'two';
DROP FUNCTION desk.mine_card();
CREATE FUNCTION desk.mine_score(p desk.portrait) RETURNS float8 LANGUAGE sql AS 'SELECT 1.0::float8';
SELECT deploy(card, 'desk.portrait', 'mine') FROM card WHERE name = 'two';

-- What deploy writes is given only what it writes.
CREATE FUNCTION desk.volatile_card() RETURNS scorecard LANGUAGE sql AS 'SELECT NULL::agririsk.scorecard';
CREATE FUNCTION desk.null_card() RETURNS scorecard LANGUAGE sql IMMUTABLE AS 'SELECT NULL::agririsk.scorecard';
SELECT _deployed_pd('desk.volatile_card()', '{}', 1);
SELECT _deployed_pd('desk.null_card()', '{}', 1);
SELECT _deployed_pd('pi()', '{}', 1);
SELECT _deployed_pd(1::oid::regprocedure, '{}', 1);
SELECT _deployed_pd(NULL, '{}', 1);
SELECT _deployed_pd('desk."Rice''s_card"()', '{}', 1);
SELECT _deployed_pd('desk."Rice''s_card"()', '{variation,paid,Crop kind}', 1, 2, 3);
SELECT _deployed_pd('desk."Rice''s_card"()', '{paid,variation,Crop kind}', 1);
SELECT _deployed_pd('desk."Rice''s_card"()', '{}', VARIADIC ARRAY[1, 2, 3]);
SELECT _deployed_row_pd('desk."Rice''s_card"()', NULL), _deployed_row_score(NULL, p) FROM desk.portrait p WHERE id = 1;

SET client_min_messages = warning;
DROP SCHEMA desk CASCADE;
DROP SCHEMA other CASCADE;
