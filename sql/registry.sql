-- The registry of models: literal cases and messages.
SET search_path = public, agririsk, registry;
SELECT create_registry();
\pset null '(null)'
\set SHOW_CONTEXT never
SET DateStyle = ISO;
CREATE FUNCTION pg_temp.card(intercept float8) RETURNS scorecard LANGUAGE sql AS
$$ SELECT format('{"format": 1, "name": "c", "intercept": %s, "features": [{"name": "x", "type": "number", "bins": [{"woe": 0}]}]}', intercept)::scorecard $$;
BEGIN;

-- Versions count up within the name.
SELECT register_model('rice', pg_temp.card(-1), 1000, 100, '2022-01-01', '2023-12-31');
SELECT register_model('rice', pg_temp.card(-2));
SELECT register_model('Rice "x"', pg_temp.card(-1), n_rows => 0, bads => 0);
SELECT register_model('rice', pg_temp.card(-1), start_on => '2024-05-05', end_on => '2024-05-05');
SELECT name, version, status, n_rows, bads, start_on, end_on, created_at = CURRENT_TIMESTAMP AS now, body::jsonb -> 'intercept' AS intercept FROM model ORDER BY name COLLATE "C", version;
-- The checksum is that of the binary form, the same as any tool computes of it.
SELECT name, version, checksum = encode(sha256(scorecard_send(body)), 'hex') AS right, length(checksum) FROM model ORDER BY name COLLATE "C", version;
-- Equal cards have equal checksums.
SELECT count(DISTINCT checksum) FROM model;

-- No champion yet; one, and then another, and the first again.
\set ON_ERROR_ROLLBACK on
SELECT champion('rice');
SELECT champion('none');
SELECT champion(NULL) IS NULL AS unknown;
SELECT promote_model('rice', 1);
SELECT champion('rice') = pg_temp.card(-1) AS first;
SELECT promote_model('rice', 2, 'challenger');
SELECT promote_model('rice', 2);
SELECT champion('rice') = pg_temp.card(-2) AS second;
SELECT name, version, status FROM model ORDER BY name COLLATE "C", version;
SELECT promote_model('rice', 2);
SELECT promote_model('rice', 1, status => 'champion');
SELECT promote_model('Rice "x"', 1);
SELECT name, version, status FROM model ORDER BY name COLLATE "C", version;
SELECT promote_model('rice', 1, 'retired');
SELECT champion('rice');
SELECT champion('Rice "x"') = pg_temp.card(-1) AS other;
-- Who promoted what; a change by hand is in the history too, and a champion that was taken away by hand is missed.
SELECT name, version, status, promoted_by = session_user AS by_me, promoted_at = CURRENT_TIMESTAMP AS now FROM promotion ORDER BY entry;
UPDATE model SET status = 'retired' WHERE status = 'champion';
SELECT name, version, status FROM promotion ORDER BY entry DESC LIMIT 1;
SELECT champion('Rice "x"');

-- As the docs call it.
SELECT promote_model('rice', 2);
SELECT count(*) FROM generate_series(1, 3) x, LATERAL (SELECT x) t WHERE pd((SELECT champion('rice')), t) < 0.5;
-- Once for the query, not for each row.
CREATE FUNCTION pg_temp.plan(query text) RETURNS SETOF text LANGUAGE plpgsql AS
$$ BEGIN RETURN QUERY EXECUTE 'EXPLAIN (COSTS off) ' || query; END $$;
SELECT count(*) FILTER (WHERE line ~ '^ +InitPlan') AS looked_up, count(*) FILTER (WHERE line ~ 'SubPlan') AS by_row
  FROM pg_temp.plan($$SELECT pd((SELECT champion('rice')), t) FROM generate_series(1, 3) x, LATERAL (SELECT x) t$$) line;

-- ---------- bad input ----------

\set VERBOSITY default
SELECT register_model(NULL, pg_temp.card(0));
SELECT register_model('', pg_temp.card(0));
SELECT register_model('rice', NULL);
SELECT register_model('rice', pg_temp.card(0), -1);
SELECT register_model('rice', pg_temp.card(0), 10, 11);
SELECT register_model('rice', pg_temp.card(0), bads => -1);
SELECT register_model('rice', pg_temp.card(0), start_on => '2024-01-02', end_on => '2024-01-01');
SELECT promote_model('rice', 9);
SELECT promote_model('wheat', 1, 'retired');
SELECT promote_model(NULL, NULL);
SELECT promote_model('rice', 1, 'draft');
SELECT promote_model('rice', 1, NULL);
-- What was registered stays.
UPDATE model SET body = pg_temp.card(7) WHERE name = 'rice' AND version = 1;
UPDATE model SET n_rows = NULL WHERE name = 'rice' AND version = 1;
UPDATE model SET version = 7 WHERE name = 'rice' AND version = 1;
UPDATE model SET created_at = '2000-01-01' WHERE name = 'rice' AND version = 1;
DELETE FROM model WHERE name = 'rice' AND version = 1;
TRUNCATE model, promotion;
-- The rules of the table hold for those who write to it by hand.
\set VERBOSITY terse
UPDATE model SET status = 'champion' WHERE name = 'rice';
UPDATE model SET status = 'king' WHERE name = 'rice' AND version = 2;
INSERT INTO model (name, version, body, checksum) VALUES ('rice', 4, pg_temp.card(0), '00');
INSERT INTO model (name, version, body, checksum) SELECT 'rice', 2, body, checksum FROM model WHERE version = 1 AND name = 'rice';
-- With its own date of creation, as one who brings an older registry along does.
INSERT INTO model (name, version, body, status, created_at, checksum) SELECT 'old', 7, body, 'champion', '2019-05-06 00:00+00', checksum FROM model WHERE version = 2;
SELECT register_model('old', pg_temp.card(3));
SELECT name, version, status FROM model ORDER BY name COLLATE "C", version;
-- The history is not written by hand.
INSERT INTO promotion (name, version, status, promoted_by, promoted_at) SELECT name, version, status, session_user, CURRENT_TIMESTAMP FROM promotion ORDER BY entry DESC LIMIT 1;
UPDATE promotion SET promoted_by = 'nobody';
DELETE FROM promotion;
TRUNCATE promotion;
-- A version is a card and nothing else.
INSERT INTO model (name, version, checksum) VALUES ('none', 1, '00');
ROLLBACK;
SELECT count(*) FROM model;

-- ---------- laying out ----------

\set VERBOSITY default
SELECT create_registry();
SELECT create_registry(NULL);
SELECT create_registry('agririsk');
SELECT create_registry('it''s');
SELECT create_registry('Second one');
SELECT "Second one".register_model('rice', pg_temp.card(-1)), "Second one".promote_model('rice', 1);
SELECT "Second one".champion('rice') = pg_temp.card(-1) AS own;
SELECT count(*) FROM registry.model;
-- Where the schema gets another name, the functions are written again for it.
ALTER SCHEMA "Second one" RENAME TO renamed;
SELECT renamed.champion('rice') = pg_temp.card(-1) AS own;
SELECT upgrade_registry('renamed');
SELECT renamed.champion('rice') = pg_temp.card(-1) AS own;
SELECT renamed.register_model('rice', pg_temp.card(-2)), renamed.promote_model('rice', 2);
SELECT version, status FROM renamed.promotion ORDER BY entry;
DELETE FROM renamed.model;
SELECT upgrade_registry('public');
SELECT upgrade_registry(NULL);
-- A model of another kind would have a column of its own. No version goes without a checksum
-- before the constraint knows the kind, and such a champion is not taken for none.
BEGIN;
ALTER TABLE renamed.model DROP CONSTRAINT model_body_check;
SAVEPOINT unchecked;
\set VERBOSITY terse
INSERT INTO renamed.model (name, version, status, checksum) VALUES ('wood', 1, 'champion', '00');
\set VERBOSITY default
ROLLBACK TO unchecked;
ALTER TABLE renamed.model DROP CONSTRAINT model_checksum_check;
INSERT INTO renamed.model (name, version, status, checksum) VALUES ('wood', 1, 'champion', '00');
SELECT renamed.champion('wood');
ROLLBACK;
ALTER SCHEMA renamed RENAME TO "Second one";
SELECT upgrade_registry('Second one');
-- What a sharded server runs on its workers has another catalog.
SET application_name = 'citus_internal gpid=10000000042';
SELECT "Second one".champion('rice');
SELECT "Second one".register_model('rice', pg_temp.card(-1));
SELECT "Second one".promote_model('rice', 1);
SELECT create_registry('third');
SELECT upgrade_registry('Second one');
RESET application_name;
DROP SCHEMA registry CASCADE;
DROP SCHEMA "Second one" CASCADE;
