-- Properties of type confusion: the published examples of area-adjusted
-- accuracy, and that no order, plan, weight or split may show.
BEGIN;
SET LOCAL client_min_messages = warning;
SELECT set_config('search_path', 'agririsk, ' || current_setting('search_path'), true) \g /dev/null
\getenv shared AGRIRISK_SHARED
SELECT plan(33);

-- ---------- Olofsson et al. 2013 and 2014, computed elsewhere ----------

\if :{?shared}
CREATE TEMP TABLE published AS
SELECT key AS example, value AS g,
       (SELECT jsonb_object_agg(name, area) FROM jsonb_array_elements_text(value -> 'names') WITH ORDINALITY n (name, i)
          JOIN (SELECT coalesce(p.area::float8 * (value ->> 'pixel_ha')::float8, w.area::float8 * (value ->> 'total_ha')::float8) AS area, i
                  FROM jsonb_array_elements_text(value -> 'pixels') WITH ORDINALITY p (area, i)
                  FULL JOIN jsonb_array_elements_text(value -> 'W') WITH ORDINALITY w (area, i) USING (i)) a USING (i)) AS area,
       (SELECT confusion_agg(value -> 'names' ->> (truth - 1)::int, value -> 'names' ->> (mapped - 1)::int, value -> 'names' ->> (mapped - 1)::int, n::bigint)
          FROM jsonb_array_elements(value -> 'n') WITH ORDINALITY r (r, mapped), jsonb_array_elements_text(r) WITH ORDINALITY t (n, truth)) AS c
  FROM jsonb_each(pg_read_file(:'shared' || '/golden/crop/olofsson.json')::jsonb);
CREATE TEMP TABLE published_class AS
SELECT example, name, figure, (g -> figure ->> (i - 1)::int)::float8 AS theirs,
       CASE figure WHEN 'users' THEN users_accuracy WHEN 'users_se' THEN users_accuracy_se WHEN 'producers' THEN producers_accuracy
         WHEN 'producers_se' THEN producers_accuracy_se WHEN 'area_prop' THEN a.area_share WHEN 'area_prop_se' THEN area_share_se
         WHEN 'area' THEN a.area WHEN 'area_se' THEN a.area_se END AS ours
  FROM published, jsonb_array_elements_text(g -> 'names') WITH ORDINALITY n (name, i),
       unnest('{users,users_se,producers,producers_se,area_prop,area_prop_se,area,area_se}'::text[]) figure,
       area_adjusted(c, published.area) a
 WHERE a.class = name;
SELECT is((SELECT count(*) FROM published_class), 56::bigint, 'eight figures of seven classes of two published maps');
SELECT is((SELECT string_agg(example || ' ' || name || ' ' || figure, ', ') FROM published_class
            WHERE NOT coalesce(abs(ours - theirs) <= 1e-9 * greatest(1, abs(theirs)), false)), NULL, 'agree to 1e-9');
SELECT ok((SELECT bool_and(abs(accuracy - (g ->> 'OA')::float8) <= 1e-9 AND abs(accuracy_se - (g ->> 'OA_se')::float8) <= 1e-9)
             FROM published, area_adjusted_accuracy(c, area)), 'and so do the overall accuracies');
\else
SELECT skip('AGRIRISK_SHARED is not set: no published examples', 3);
\endif

-- ---------- order, weights, pieces ----------

CREATE TEMP TABLE field AS
SELECT i AS id, i % 50 AS county, 'crop ' || (hashint4(i) & 7) AS truth,
       CASE WHEN i % 3 = 0 THEN 'crop ' || (hashint4(i + 7) & 7) ELSE 'crop ' || (hashint4(i) & 7) END AS predicted,
       'stratum ' || (hashint4(i + 3) & 3) AS stratum, (hashint4(i + 1) & 3)::bigint AS weight
  FROM generate_series(1, 20000) i;
UPDATE field SET truth = NULL WHERE id % 1009 = 0;
UPDATE field SET predicted = NULL WHERE id % 1013 = 0;
UPDATE field SET stratum = NULL WHERE id % 1019 = 0;
CREATE TEMP TABLE whole AS SELECT confusion_agg(truth, predicted) AS c, confusion_agg(truth, predicted, stratum) AS s,
       confusion_agg(truth, predicted, stratum, weight) AS w FROM field;
CREATE TEMP TABLE per_county AS SELECT county, confusion_agg(truth, predicted) AS c, confusion_agg(truth, predicted, stratum, weight) AS w FROM field GROUP BY county;

SELECT is((SELECT confusion_agg(truth, predicted ORDER BY hashint4(id)) FROM field), (SELECT c FROM whole), 'any order of rows gives the same value');
SELECT is((SELECT confusion_agg(truth, predicted, stratum ORDER BY truth DESC, predicted) FROM field), (SELECT s FROM whole), 'with strata too');
SELECT is((SELECT confusion_agg(truth, predicted, stratum) FROM field, generate_series(1, weight)), (SELECT w FROM whole), 'a weight is so many rows, of those excluded too');
SELECT is((SELECT confusion_agg(truth, predicted, predicted) FROM field), (SELECT c FROM whole), 'the prediction is the stratum where none is given');
SELECT is((SELECT rollup(c) FROM per_county), (SELECT c FROM whole), 'rollup of the counties is the whole');
SELECT is((SELECT rollup(w ORDER BY county DESC) FROM per_county), (SELECT w FROM whole), 'in any order');
SELECT is((SELECT rollup(c) FROM (SELECT rollup(c) AS c FROM per_county GROUP BY county % 7) s), (SELECT c FROM whole), 'and in steps');
SELECT ok((SELECT bool_and(a.c + b.c = b.c + a.c AND (a.c + b.c) + a.c = a.c + (b.c + a.c) AND a.c + '{"counts": []}' = a.c)
             FROM per_county a JOIN per_county b ON b.county = (a.county + 1) % 50), '+ commutes, associates, and the empty value changes nothing');
SELECT ok((SELECT bool_and(running = (SELECT confusion_agg(truth, predicted) FROM field f WHERE f.id <= w.id))
             FROM (SELECT id, confusion_agg(truth, predicted) OVER (ORDER BY id) AS running FROM field WHERE id <= 40) w), 'a running aggregate shows each state as it was');

-- ---------- plans ----------

\ir include/plans.sql
SELECT pg_temp.same_by_plan('SELECT county, confusion_agg(truth, predicted) AS c FROM field GROUP BY county', 'SELECT county, c FROM per_county');

CREATE TABLE shared_field AS SELECT * FROM field;
CREATE TABLE shared_county AS SELECT * FROM per_county;
ALTER TABLE shared_field SET (parallel_workers = 3);
ALTER TABLE shared_county SET (parallel_workers = 3);
SELECT pg_temp.same_in_workers('SELECT confusion_agg(truth, predicted, stratum, weight) FROM shared_field', 'Partial Aggregate', 'confusion_agg');
SELECT pg_temp.same_in_workers('SELECT confusion_agg(truth, predicted, stratum, weight) FROM shared_field WHERE id < 0', 'Partial Aggregate', 'confusion_agg of no row');
SELECT pg_temp.same_in_workers('SELECT confusion_agg(truth, predicted, stratum, weight) FROM shared_field WHERE id = 7', 'Partial Aggregate', 'confusion_agg of one row');
SELECT pg_temp.same_in_workers('SELECT confusion_agg(truth, predicted, stratum, weight) FROM shared_field WHERE id = 1009', 'Partial Aggregate', 'confusion_agg of a row that is excluded');
SELECT pg_temp.same_in_workers('SELECT rollup(c) FROM shared_county', 'Partial Aggregate', 'rollup');

-- ---------- forms ----------

SELECT ok((SELECT bool_and(w::text::confusion = w AND c::text::confusion = c) FROM per_county), 'the text form loses nothing');
CREATE TEMP TABLE received (c confusion);
\copy (SELECT w FROM per_county UNION ALL SELECT c FROM per_county) TO PROGRAM 'cat > "${TMPDIR:-/tmp}/agririsk-confusion-$PPID"' (FORMAT binary)
\copy received FROM PROGRAM 'cd "${TMPDIR:-/tmp}" && cat agririsk-confusion-$PPID && rm agririsk-confusion-$PPID' (FORMAT binary)
SELECT bag_eq('SELECT c::text FROM received', 'SELECT w::text FROM per_county UNION ALL SELECT c::text FROM per_county', 'nor does the binary one, through COPY');
SELECT is((SELECT count(DISTINCT c) FROM received), 100::bigint, 'no two counties are equal');

-- ---------- measures, against plain SQL ----------

SELECT is((SELECT (n(c), excluded(c), accuracy(c))::text FROM whole),
          (SELECT (count(*) FILTER (WHERE truth IS NOT NULL AND predicted IS NOT NULL), count(*) FILTER (WHERE truth IS NULL OR predicted IS NULL),
                   avg((truth = predicted)::int::float8))::text FROM field), 'counts and accuracy');
SELECT results_eq('SELECT r.* FROM whole, matrix(s) r ORDER BY stratum COLLATE "C", truth COLLATE "C", predicted COLLATE "C"',
                  'SELECT stratum, truth, predicted, count(*) FROM field WHERE truth IS NOT NULL AND predicted IS NOT NULL AND stratum IS NOT NULL GROUP BY 1, 2, 3 ORDER BY stratum COLLATE "C", truth COLLATE "C", predicted COLLATE "C"', 'the matrix');
SELECT ok((SELECT abs(kappa(c) - (po - pe) / (1 - pe)) < 1e-15
             FROM whole, (SELECT avg((truth = predicted)::int) AS po FROM field WHERE truth || predicted IS NOT NULL) a,
                  (SELECT sum(t.n * p.n) / (SELECT count(*) FROM field WHERE truth || predicted IS NOT NULL) ^ 2 AS pe
                     FROM (SELECT truth AS class, count(*) AS n FROM field WHERE truth || predicted IS NOT NULL GROUP BY 1) t
                     JOIN (SELECT predicted AS class, count(*) AS n FROM field WHERE truth || predicted IS NOT NULL GROUP BY 1) p USING (class)) e), 'kappa');
SELECT ok((SELECT bool_and(r.users_accuracy = agririsk.users_accuracy(c, class) AND r.producers_accuracy = agririsk.producers_accuracy(c, class) AND r.f1 = agririsk.f1(c, class)
                           AND abs(r.f1 - 2 / (1 / r.users_accuracy + 1 / r.producers_accuracy)) < 1e-15)
             FROM whole, class_accuracy(c) r), 'figures of a class, asked together or one by one');

SELECT * FROM finish();
ROLLBACK;
