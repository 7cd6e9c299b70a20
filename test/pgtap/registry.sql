-- Properties of the registry: whatever is registered and promoted in whatever
-- order, a version stays what it was and a name has at most one champion.
BEGIN;
SET LOCAL client_min_messages = warning;
SELECT set_config('search_path', 'agririsk, registry, ' || current_setting('search_path'), true) \g /dev/null
SELECT create_registry() \g /dev/null
SELECT plan(10);

-- A hash in [0, 1), the same on every machine.
CREATE FUNCTION pg_temp.u(VARIADIC part int[]) RETURNS float8 LANGUAGE sql IMMUTABLE AS
$$ SELECT ('x' || left(md5(part::text), 8))::bit(32)::bigint::float8 / 4294967296 $$;
CREATE FUNCTION pg_temp.card(i int) RETURNS scorecard LANGUAGE sql AS
$$ SELECT format('{"format": 1, "name": "c", "intercept": %s, "features": [{"name": "x", "type": "number", "bins": [{"woe": 0}]}]}', i % 50)::scorecard $$;

-- Four hundred steps over three names; a step registers, or promotes one of the
-- versions there are. What ought to be the champion is kept apart.
CREATE TEMP TABLE step (i int, name text, version int, status text, returned int, champions bigint, right_champion boolean);
CREATE TEMP TABLE expected (name text PRIMARY KEY, champion int, versions int NOT NULL DEFAULT 0);
INSERT INTO expected (name) VALUES ('rice'), ('wheat "2"'), ('tea''s');
DO $$
DECLARE
  e expected;
  s step;
BEGIN
  FOR i IN 1 .. 400 LOOP
    SELECT * INTO e FROM expected ORDER BY name COLLATE "C" OFFSET i % 3 LIMIT 1;
    s := NULL;
    s.i := i;
    s.name := e.name;
    IF e.versions = 0 OR pg_temp.u(i) < 0.3 THEN
      s.returned := register_model(e.name, pg_temp.card(i), n_rows => i);
      UPDATE expected SET versions = versions + 1 WHERE name = e.name RETURNING versions INTO s.version;
    ELSE
      s.version := 1 + (pg_temp.u(i, 1) * e.versions)::int % e.versions;
      s.status := (ARRAY['champion', 'challenger', 'retired'])[1 + (pg_temp.u(i, 2) * 3)::int % 3];
      s.returned := promote_model(e.name, s.version, s.status);
      IF s.returned IS DISTINCT FROM e.champion THEN
        RAISE 'step %: % was returned, not %', i, s.returned, e.champion;
      END IF;
      UPDATE expected SET champion = CASE WHEN s.status = 'champion' THEN s.version WHEN champion <> s.version THEN champion END WHERE name = e.name;
    END IF;
    SELECT count(*) INTO s.champions FROM model WHERE name = e.name AND status = 'champion';
    SELECT CASE WHEN (SELECT x.champion FROM expected x WHERE x.name = e.name) IS NOT NULL THEN champion(e.name) END IS NOT DISTINCT FROM (SELECT m.body FROM model m JOIN expected x ON m.name = x.name AND m.version = x.champion WHERE m.name = e.name) INTO s.right_champion;
    INSERT INTO step SELECT s.*;
  END LOOP;
END $$;
SELECT is((SELECT max(champions) FROM step), 1::bigint, 'never two champions of a name');
SELECT is((SELECT count(*) FROM step WHERE right_champion), 400::bigint, 'champion() is the one last promoted, if it was not taken back');
SELECT is((SELECT count(*) FROM step WHERE status IS NULL AND returned <> version), 0::bigint, 'versions count up within a name');
SELECT is((SELECT count(*) FILTER (WHERE status IS NULL) > 80 AND count(*) FILTER (WHERE status = 'champion') > 60 AND count(DISTINCT champions) = 2 FROM step), true, 'the steps were of every kind');
SELECT is((SELECT count(*) FROM step s LEFT JOIN model m USING (name, version) WHERE s.status IS NULL AND m.body = pg_temp.card(i) AND m.n_rows = i),
          (SELECT count(*) FROM model), 'every version is as it was registered');
SELECT is((SELECT count(*) FROM model m WHERE status = 'draft' AND EXISTS (SELECT FROM step s WHERE s.name = m.name AND s.version = m.version AND s.status IS NOT NULL)), 0::bigint,
          'what was promoted is no draft again');
SELECT is((SELECT count(DISTINCT checksum) FROM model), (SELECT count(DISTINCT body) FROM model), 'as many checksums as cards');

-- The owner and a superuser are held to it as well.
SELECT throws_ok('DELETE FROM model', '55000', 'models are not deleted from the registry', 'no deletion');
SELECT throws_ok('UPDATE model SET checksum = ''x''', '55000', 'a registered version does not change', 'no change');
-- The last entry of a version in the history is the status it has; drafts have none.
SELECT is((SELECT count(*) FROM model m LEFT JOIN (SELECT DISTINCT ON (name, version) name, version, status FROM promotion ORDER BY name, version, entry DESC) h USING (name, version)
            WHERE h.status IS DISTINCT FROM nullif(m.status, 'draft')), 0::bigint, 'the history has every change');

SELECT * FROM finish();
ROLLBACK;
