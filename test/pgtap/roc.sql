-- Properties of type roc: the reference figures, the definitions in plain SQL,
-- and that no order, plan, split, weight or lack of memory shows.
BEGIN;
SET LOCAL client_min_messages = warning;
SELECT set_config('search_path', 'agririsk, ' || current_setting('search_path'), true) \g /dev/null
\getenv shared AGRIRISK_SHARED
SELECT no_plan();

-- ---------- figures of pROC and R ----------

\if :{?shared}
CREATE TEMP TABLE german (row_id int, bad int, p_numeric float8, p_checking float8, p_rounded float8);
CREATE TEMP TABLE taiwan (row_id int, y int, p float8);
SELECT format('COPY german FROM %L (FORMAT csv, HEADER)', :'shared' || '/golden/credit/german_scores.csv') \gexec
SELECT format('COPY taiwan FROM %L (FORMAT csv, HEADER)', :'shared' || '/golden/credit/taiwan_scores.csv') \gexec
CREATE TEMP TABLE reference AS
SELECT (pg_read_file(:'shared' || '/golden/credit/german_glm.json'))::jsonb AS german,
       (pg_read_file(:'shared' || '/golden/credit/taiwan_glm.json'))::jsonb AS taiwan,
       (pg_read_file(:'shared' || '/golden/credit/tiny_delong_ties.json'))::jsonb AS tiny;
CREATE TEMP TABLE compared AS
SELECT name, r, m, g FROM (
  SELECT 'German, numeric' AS name, roc_agg(p_numeric, bad = 1) AS r, roc_metrics(p_numeric, bad = 1) AS m,
         (SELECT german -> 'metrics_numeric' FROM reference) AS g FROM german
  UNION ALL SELECT 'German, checking', roc_agg(p_checking, bad = 1), roc_metrics(p_checking, bad = 1),
         (SELECT german -> 'metrics_checking' FROM reference) FROM german
  UNION ALL SELECT 'German, rounded', roc_agg(p_rounded, bad = 1), roc_metrics(p_rounded, bad = 1),
         (SELECT german -> 'metrics_numeric_rounded_2dp_ties' FROM reference) FROM german
  UNION ALL SELECT 'Taiwan', roc_agg(p, y = 1), roc_metrics(p, y = 1),
         (SELECT taiwan -> 'metrics' FROM reference) FROM taiwan
  UNION ALL SELECT 'tiny', roc_agg(s.value::float8, y.value::int = 1), roc_metrics(s.value::float8, y.value::int = 1),
         jsonb_build_object('n', 8, 'n_event', 4, 'auc', tiny -> 'auc', 'delong_var', tiny -> 'var', 'ks', tiny -> 'ks',
                            'delong_ci95', jsonb_build_array(tiny -> 'ci' -> 0, tiny -> 'ci' -> 2), 'gini', 2 * (tiny -> 'auc')::float8 - 1)
    FROM reference, jsonb_array_elements_text(tiny -> 'score') WITH ORDINALITY s
    JOIN jsonb_array_elements_text((SELECT tiny -> 'y' FROM reference)) WITH ORDINALITY y USING (ordinality) GROUP BY tiny) s;
SELECT t FROM (SELECT name, r, (m).*, g FROM compared) m, auc_ci(r) i, LATERAL (VALUES
       (is(n(r), (g ->> 'n')::bigint, name || ': rows')), (is(bads(r), (g ->> 'n_event')::bigint, name || ': bads')),
       (cmp_ok(abs(m.auc - (g ->> 'auc')::float8), '<', 1e-12::float8, name || ': AUC')),
       (cmp_ok(abs(gini(r) - (g ->> 'gini')::float8), '<', 1e-12::float8, name || ': Gini')),
       (cmp_ok(abs(m.ks - (g ->> 'ks')::float8), '<', 1e-12::float8, name || ': KS')),
       (cmp_ok(abs(m.variance / (g ->> 'delong_var')::float8 - 1), '<', 1e-10::float8, name || ': DeLong variance')),
       (cmp_ok(abs(i.low - (g #>> '{delong_ci95,0}')::float8), '<', 1e-12::float8, name || ': interval, low')),
       (cmp_ok(abs(i.high - (g #>> '{delong_ci95,1}')::float8), '<', 1e-12::float8, name || ': interval, high'))) v (t);
SELECT t FROM (SELECT (roc_pair_agg(p_numeric, p_checking, bad = 1)).* FROM german) d, (SELECT german -> 'delong_paired_test' AS g FROM reference) g, LATERAL (VALUES
       (cmp_ok(abs(d.z / (g ->> 'z')::float8 - 1), '<', 1e-10::float8, 'DeLong test of two scores: z')),
       (cmp_ok(abs(d.p / (g ->> 'p')::float8 - 1), '<', 1e-10::float8, 'and p'))) v (t);
\else
SELECT skip('AGRIRISK_SHARED is not set: no reference figures', 42);
\endif

-- ---------- the definitions, in plain SQL ----------

-- A hash in [0, 1), the same on every machine.
CREATE FUNCTION pg_temp.u(VARIADIC part int[]) RETURNS float8 LANGUAGE sql IMMUTABLE AS
$$ SELECT ('x' || left(md5(part::text), 8))::bit(32)::bigint::float8 / 4294967296 $$;

-- 60 samples of up to 60 rows, with few to many ties, good to useless scores.
CREATE TEMP TABLE small AS
SELECT g, i, round((s * (g % 7 * 8 + 1))::numeric)::float8 - 3 AS score, i > 4 AND pg_temp.u(g, i, 1) < s ^ (g % 4) * 0.6 OR i < 3 AS bad
  FROM generate_series(1, 60) g, generate_series(1, 60) i, LATERAL (SELECT pg_temp.u(g, i) AS s) s WHERE i <= 5 + g;
CREATE TEMP TABLE valued AS SELECT g, roc_agg(score, bad) AS r, roc_metrics(score, bad) AS m FROM small GROUP BY g;
CREATE TEMP TABLE placement AS
SELECT a.g, a.i, a.score, a.bad, avg(CASE WHEN a.score = b.score THEN 0.5 WHEN (a.score > b.score) = a.bad THEN 1.0 ELSE 0.0 END) AS v
  FROM small a JOIN small b ON a.g = b.g AND a.bad <> b.bad GROUP BY 1, 2, 3, 4;
CREATE TEMP TABLE defined AS
SELECT g, avg(v) FILTER (WHERE bad)::float8 AS auc,
       (var_samp(v) FILTER (WHERE bad) / count(*) FILTER (WHERE bad) + var_samp(v) FILTER (WHERE NOT bad) / count(*) FILTER (WHERE NOT bad))::float8 AS variance
  FROM placement GROUP BY g;
SELECT is((SELECT count(*) FROM defined), 60::bigint, 'sixty samples');
SELECT is((SELECT count(*) FROM valued JOIN defined d USING (g) WHERE abs(auc(r) - d.auc) < 1e-15), 60::bigint, 'AUC is the mean placement');
SELECT is((SELECT count(*) FROM valued JOIN defined d USING (g) WHERE (m).auc = auc(r) AND abs((m).variance - d.variance) <= 1e-13 * d.variance + 1e-300),
          60::bigint, 'the variance is that of placements');
CREATE TEMP TABLE shares AS
SELECT a.g, a.score, count(*) FILTER (WHERE NOT b.bad AND b.score <= a.score)::numeric / count(*) FILTER (WHERE NOT b.bad) -
                     count(*) FILTER (WHERE b.bad AND b.score <= a.score)::numeric / count(*) FILTER (WHERE b.bad) AS apart
  FROM (SELECT DISTINCT g, score FROM small) a JOIN small b ON a.g = b.g GROUP BY 1, 2;
SELECT is((SELECT count(*) FROM valued JOIN (SELECT g, max(abs(apart))::float8 AS ks FROM shares GROUP BY g) s USING (g)
            WHERE abs(ks(r) - s.ks) < 1e-15 AND ks(r) = (m).ks), 60::bigint, 'KS is the largest distance of shares');
SELECT is((SELECT count(*) FROM valued JOIN (SELECT DISTINCT ON (g) g, score FROM shares ORDER BY g, round(abs(apart), 12) DESC, score) s USING (g)
            WHERE ks_at(r) = score), 60::bigint, 'ks_at the lowest score where it is reached');
-- Interpolated within ties: the mean over all orders of tied rows, that is the running mean of bad over ties.
CREATE TEMP TABLE ranked AS
SELECT g, row_number() OVER (PARTITION BY g ORDER BY score DESC) AS k, count(*) OVER (PARTITION BY g) AS n, tied,
       sum(tied) OVER (PARTITION BY g ORDER BY score DESC ROWS UNBOUNDED PRECEDING) / sum(tied) OVER (PARTITION BY g) AS captured
  FROM (SELECT g, score, avg(bad::int) OVER (PARTITION BY g, score) AS tied FROM small) s;
SELECT is((SELECT count(*) FROM ranked JOIN valued USING (g) WHERE abs(capture(r, k::float8 / n) - captured) > 1e-13), 0::bigint,
          'capture of every number of rows');
SELECT is((SELECT count(*) FROM ranked JOIN valued USING (g) WHERE abs(lift(r, k::float8 / n) * k / n - captured) > 1e-13), 0::bigint, 'lift is capture over share');
SELECT ok((SELECT bool_and(abs(capture(r, (k - 0.5::float8) / n) - (captured - tied / 2 / b)) < 1e-13)
             FROM ranked JOIN valued USING (g) JOIN (SELECT g, count(*) FILTER (WHERE bad) AS b FROM small GROUP BY g) s USING (g)), 'and between rows');
SELECT is((SELECT count(*) FROM valued WHERE abs(auc(r) -
            (SELECT sum((fpr - before) * (tpr + tpr_before) / 2) FROM (SELECT *, lag(fpr) OVER w AS before, lag(tpr) OVER w AS tpr_before
               FROM curve(r) WINDOW w AS (ORDER BY score DESC NULLS FIRST)) c)) < 1e-14), 60::bigint, 'the area under curve is AUC');
SELECT is((SELECT count(*) FROM valued WHERE abs(ks(r) - (SELECT max(abs(tpr - fpr)) FROM curve(r))) < 1e-15), 60::bigint, 'and its largest distance KS');

-- Pairs: the second score is another sample's, or the same.
CREATE TEMP TABLE paired AS
SELECT a.g, a.i, a.score AS score_a, b.score AS score_b, a.bad FROM small a JOIN small b ON b.g = a.g % 60 + 1 AND b.i = a.i
UNION ALL SELECT 61, i, score, score, bad FROM small WHERE g = 60;
CREATE TEMP TABLE pair_placement AS
SELECT a.g, a.i, a.bad, avg(CASE WHEN a.score_a = b.score_a THEN 0.5 WHEN (a.score_a > b.score_a) = a.bad THEN 1.0 ELSE 0.0 END) AS va,
       avg(CASE WHEN a.score_b = b.score_b THEN 0.5 WHEN (a.score_b > b.score_b) = a.bad THEN 1.0 ELSE 0.0 END) AS vb
  FROM paired a JOIN paired b ON a.g = b.g AND a.bad <> b.bad GROUP BY 1, 2, 3;
CREATE TEMP TABLE pair_defined AS
SELECT g, (covar_samp(va, vb) FILTER (WHERE bad) / count(*) FILTER (WHERE bad) + covar_samp(va, vb) FILTER (WHERE NOT bad) / count(*) FILTER (WHERE NOT bad)) AS covariance,
       (var_samp(va - vb) FILTER (WHERE bad) / count(*) FILTER (WHERE bad) + var_samp(va - vb) FILTER (WHERE NOT bad) / count(*) FILTER (WHERE NOT bad))::float8 AS variance
  FROM pair_placement GROUP BY g;
CREATE TEMP TABLE pair AS
SELECT g, roc_pair_agg(score_a, score_b, bad) AS p, roc_metrics(score_a, bad) AS a, roc_metrics(score_b, bad) AS b FROM paired GROUP BY g;
SELECT is((SELECT count(*) FROM pair WHERE (p).n = (a).n AND (p).bads = (a).bads AND (p).auc_a = (a).auc AND (p).auc_b = (b).auc
             AND (p).variance_a = (a).variance AND (p).variance_b = (b).variance AND (p).difference = (a).auc - (b).auc), 61::bigint, 'a pair is two rocs');
SELECT is((SELECT count(*) FROM pair JOIN pair_defined d USING (g) WHERE abs((p).covariance - d.covariance) < 1e-15 AND abs((p).standard_error ^ 2 - d.variance) < 1e-15), 61::bigint,
          'its covariance and the variance of the difference are those of placements');
SELECT is((SELECT (p).standard_error || ' ' || ((p).z IS NULL) || ' ' || ((p).p IS NULL) FROM pair WHERE g = 61), '0 true true', 'nothing is tested of a score and itself');

-- Symmetries, to the last bit where AUC is a fraction rounded once.
SELECT is((SELECT count(*) FROM valued JOIN (SELECT g, roc_agg(-score, bad) AS turned FROM small GROUP BY g) t USING (g)
            WHERE abs(auc(turned) - (1 - auc(r))) < 2e-16 AND ks(turned) = ks(r) AND (direction_warning(r) IS NULL) = (auc(r) >= 0.5)), 60::bigint,
          'AUC of the negative is 1 - AUC');
SELECT is((SELECT count(*) FROM valued JOIN (SELECT g, roc_metrics(exp(score / 7), bad) AS grown, roc_metrics(score ^ 3, bad) AS cubed FROM small GROUP BY g) t USING (g)
            WHERE grown = m AND cubed = m), 60::bigint, 'rising functions of the score change nothing');
SELECT is((SELECT count(*) FROM valued JOIN (SELECT g, roc_metrics(score, NOT bad) AS other FROM small GROUP BY g) t USING (g)
            WHERE (other).ks = (m).ks AND abs((other).auc + (m).auc - 1) < 2e-16 AND abs((other).variance / (m).variance - 1) < 1e-15), 60::bigint,
          'goods taken for bads turn it round');

-- ---------- order, splits, weights, plans, memory ----------

-- 200,000 rows of 1,000 counties: scores of many digits, of three, one class only, unknowns.
CREATE TABLE loan AS
SELECT i, i % 1000 AS county, CASE WHEN i % 997 = 0 THEN NULL WHEN i % 5 = 0 THEN round(u::numeric, 3)::float8 WHEN i % 1000 = 7 THEN 0.5 ELSE u END AS score,
       CASE WHEN i % 991 = 0 THEN NULL ELSE i % 1000 <> 8 AND (hashint8(i + 1000000)::bigint + 2147483648) / 4294967296.0 < u * u / 2 END AS bad,
       CASE WHEN i % 983 = 0 THEN NULL ELSE abs(hashint8(i + 7)::bigint) % 4 END AS weight
  FROM generate_series(1, 200000) i, LATERAL (SELECT (hashint8(i)::bigint + 2147483648) / 4294967296.0::float8 AS u) u;
ANALYZE loan;
CREATE TEMP TABLE whole AS SELECT roc_agg(score, bad) AS r, roc_metrics(score, bad) AS m, roc_agg(score, bad, weight) AS w, roc_metrics(score, bad, weight) AS wm,
       roc_pair_agg(score, -weight, bad) AS p FROM loan;
CREATE TEMP TABLE county AS SELECT county, roc_agg(score, bad) AS r, roc_metrics(score, bad) AS m, roc_pair_agg(score, -weight, bad) AS p FROM loan GROUP BY county;
SELECT is((SELECT (m).n || ' ' || (m).bads || ' ' || (m).auc || ' ' || (m).ks || ' ' || (m).excluded FROM whole),
          (SELECT n(r) || ' ' || bads(r) || ' ' || auc(r) || ' ' || ks(r) || ' ' || (SELECT no_score + no_outcome + no_weight FROM excluded(r)) FROM whole),
          'roc_metrics and the value agree to the bit');
SELECT is((SELECT excluded(r)::text FROM whole), (SELECT format('(%s,%s,0)', count(*) FILTER (WHERE score IS NULL), count(*) FILTER (WHERE score IS NOT NULL AND bad IS NULL)) FROM loan),
          'what is left out is counted');
SELECT is((SELECT roc_agg(score, bad ORDER BY score) FROM loan), (SELECT r FROM whole), 'ascending scores give the same value');
SELECT is((SELECT roc_agg(score, bad ORDER BY score DESC, bad) FROM loan), (SELECT r FROM whole), 'so do descending ones');
SELECT is((SELECT roc_agg(score, bad ORDER BY hashint8(i)) FROM loan), (SELECT r FROM whole), 'and any order');
SELECT is((SELECT roc_pair_agg(score, -weight, bad ORDER BY hashint8(i)) FROM loan), (SELECT p FROM whole), 'nor does a pair depend on order');
SELECT is((SELECT rollup(r) FROM county), (SELECT r FROM whole), 'rollup of the counties is the whole');
SELECT is((SELECT rollup(r ORDER BY county DESC) FROM county), (SELECT r FROM whole), 'in any order');
SELECT is((SELECT rollup(part) FROM (SELECT rollup(r) AS part FROM county GROUP BY county % 7) s), (SELECT r FROM whole), 'and in steps');
SELECT is((SELECT rollup(r) FROM (SELECT roc_agg(score, bad) AS r FROM loan WHERE i <= 20000 GROUP BY i % 6007) s), (SELECT roc_agg(score, bad) FROM loan WHERE i <= 20000),
          'and from pieces of three rows');
SELECT ok((SELECT bool_and(a.r + b.r = b.r + a.r AND (a.r + b.r) + a.r = a.r + (b.r + a.r) AND a.r + 'empty' = a.r AND 'empty' + a.r = a.r)
             FROM county a JOIN county b ON b.county = (a.county + 1) % 1000 WHERE a.county < 50), '+ commutes, associates, and the empty value changes nothing');
SELECT ok((SELECT bool_and(running = (SELECT rollup(r) FROM county p WHERE p.county <= w.county))
             FROM (SELECT county, rollup(r) OVER (ORDER BY county) AS running FROM county WHERE county < 100) w WHERE county % 20 = 0),
          'a running rollup shows each state as it was');
SELECT is((SELECT w FROM whole), (SELECT roc_agg(score, bad) + format('excluded 0/0/%s', (SELECT count(*) FROM loan WHERE weight IS NULL))::roc
                                    FROM loan, generate_series(1, weight)), 'weights are repeated rows, to the bit');
SELECT is((SELECT (wm).auc::text || (wm).variance || (wm).ks FROM whole),
          (SELECT (m).auc::text || (m).variance || (m).ks FROM (SELECT roc_metrics(score, bad) AS m FROM loan, generate_series(1, weight)) s), 'and so are measures');
SELECT is((SELECT roc_agg(score, bad, 1) FROM loan), (SELECT r FROM whole), 'a weight of 1 is none');
SELECT is((SELECT auc_bootstrap(rollup(r), 50, 9) FROM county WHERE county < 20), (SELECT auc_bootstrap(roc_agg(score, bad, 1 ORDER BY -i), 50, 9) FROM loan WHERE county < 20),
          'a bootstrap depends on the value only');
SELECT isnt((SELECT auc_bootstrap(rollup(r), 50, 9) FROM county WHERE county < 20), (SELECT auc_bootstrap(rollup(r), 50, 10) FROM county WHERE county < 20), 'and on its seed');
-- 20 x 4,000 rows: the two standard errors differ by what 1,000 replicates leave open, 1 / sqrt(2000).
SELECT ok((SELECT bool_and(abs(b.standard_error / c.standard_error - 1) < 0.1 AND abs(b.low - c.low) < 0.2 * (c.high - c.low) AND abs(b.high - c.high) < 0.2 * (c.high - c.low))
             FROM (SELECT rollup(r) AS r FROM county GROUP BY county % 50 HAVING county % 50 < 10) s, auc_bootstrap(r, 1000) b, auc_ci(r) c),
          'it agrees with DeLong');

\ir include/plans.sql
SELECT pg_temp.same_by_plan('SELECT county, roc_agg(score, bad) AS r, roc_metrics(score, bad) AS m FROM loan GROUP BY county', 'SELECT county, r, m FROM county');
SET LOCAL enable_sort = off;
SET LOCAL work_mem = '64kB';
SELECT is((SELECT roc_agg(score, bad) FROM loan), (SELECT r FROM whole), 'one group of 200,000 rows under 64 kB is the same');
SELECT is((SELECT roc_metrics(score, bad) FROM loan), (SELECT m FROM whole), 'streamed, too');
SELECT is((SELECT roc_agg(score, bad, weight) FROM loan), (SELECT w FROM whole), 'and weighted');
SELECT is((SELECT roc_pair_agg(score, -weight, bad) FROM loan), (SELECT p FROM whole), 'and a pair');
SELECT is((SELECT count(*) FROM (SELECT county, roc_pair_agg(score, -weight, bad) AS p FROM loan GROUP BY county) s JOIN county USING (county, p)), 1000::bigint, 'and a thousand pairs');
SELECT bag_eq('SELECT county % 3, roc_agg(score, bad) FROM loan GROUP BY GROUPING SETS (county % 3, ())',
              'SELECT county % 3, rollup(r) FROM county GROUP BY 1 UNION ALL SELECT NULL, r FROM whole', 'grouping sets share a budget as well');
-- Left in the middle: an error, a limit, a cursor that is closed, one that outlives a savepoint.
SELECT throws_ok('SELECT roc_agg(CASE WHEN i = 199999 THEN ''NaN'' ELSE score END, bad) FROM loan', '22023', 'score must not be NaN', 'an error amid runs in a file');
SELECT throws_ok('SELECT county, roc_agg(score, bad), 1 / (county - 7) FROM loan GROUP BY county', '22012', 'division by zero', 'or amid groups');
SELECT is((SELECT count(*) FROM (SELECT county % 10, roc_metrics(score, bad) FROM loan GROUP BY 1 LIMIT 3) s), 3::bigint, 'a limit');
DECLARE closed CURSOR FOR SELECT county % 10 AS g, roc_agg(score, bad) AS r FROM loan GROUP BY 1;
DECLARE kept CURSOR FOR SELECT county % 10 AS g, roc_agg(score, bad) AS r FROM loan GROUP BY 1 ORDER BY 1;
FETCH 2 FROM closed \g /dev/null
CLOSE closed;
SAVEPOINT before;
FETCH 1 FROM kept \gset first_
ROLLBACK TO before;
SAVEPOINT before;
FETCH 1 FROM kept \gset second_
RELEASE before;
SELECT is(:'second_r'::roc, (SELECT rollup(r) FROM county WHERE county % 10 = :second_g), 'a cursor read across savepoints');
CLOSE kept;
SELECT is((SELECT roc_metrics(score, bad) FROM loan), (SELECT m FROM whole), 'nothing of that shows afterwards');
RESET enable_sort;
RESET work_mem;
-- A hashed aggregate that is scanned again runs its final functions again.
SET LOCAL enable_material = off;
SET LOCAL enable_hashjoin = off;
SET LOCAL enable_mergejoin = off;
SELECT is((SELECT count(*) FROM generate_series(1, 3) x LEFT JOIN
             (SELECT county % 5 AS g, roc_agg(score, bad) AS r FROM loan GROUP BY 1) s ON s.g >= x - 1
             JOIN (SELECT county % 5 AS g, rollup(r) AS r FROM county GROUP BY 1) e ON e.g = s.g AND e.r = s.r), (5 + 4 + 3)::bigint, 'a rescan gives the same again');
SET LOCAL work_mem = '64kB';
SELECT is((SELECT count(*) FROM generate_series(1, 3) x LEFT JOIN
             (SELECT county % 5 AS g, roc_agg(score, bad) AS r FROM loan GROUP BY 1) s ON s.g >= x - 1
             JOIN (SELECT county % 5 AS g, rollup(r) AS r FROM county GROUP BY 1) e ON e.g = s.g AND e.r = s.r), (5 + 4 + 3)::bigint, 'from a file as well');
RESET work_mem;
RESET enable_material;
RESET enable_hashjoin;
RESET enable_mergejoin;

ALTER TABLE loan SET (parallel_workers = 3);
SELECT pg_temp.same_in_workers('SELECT roc_agg(score, bad), roc_metrics(score, bad, weight), roc_pair_agg(score, -weight, bad) FROM loan', 'Aggregate\s+->  Gather', 'the scan below the aggregates');
SELECT pg_temp.same_in_workers('SELECT roc_agg(score, bad) FROM loan WHERE i < 0', 'Aggregate\s+->  Gather', 'the scan below roc_agg of no row');
SELECT pg_temp.same_in_workers('SELECT roc_agg(score, bad) FROM loan WHERE i = 3', 'Aggregate\s+->  Gather', 'the scan below roc_agg of one row');
CREATE TABLE shared_county AS SELECT * FROM county;
ALTER TABLE shared_county SET (parallel_workers = 3);
SELECT pg_temp.same_in_workers('SELECT rollup(r) FROM shared_county', 'Partial Aggregate', 'rollup');

-- ---------- forms and limits ----------

SELECT ok((SELECT bool_and(r::text::roc = r) FROM (SELECT r FROM county UNION ALL SELECT r FROM whole) s), 'the text form loses nothing');
CREATE TEMP TABLE received (r roc);
\copy (SELECT r FROM county UNION ALL SELECT r FROM whole) TO PROGRAM 'cat > "${TMPDIR:-/tmp}/agririsk-roc-$PPID"' (FORMAT binary)
\copy received FROM PROGRAM 'cd "${TMPDIR:-/tmp}" && cat agririsk-roc-$PPID && rm agririsk-roc-$PPID' (FORMAT binary)
SELECT bag_eq('SELECT r::text FROM received', 'SELECT r::text FROM county UNION ALL SELECT r::text FROM whole', 'nor does the binary one, through COPY');

SELECT throws_ok('SELECT roc_agg(i, i % 7 = 0) FROM generate_series(0, 10000000) i', '54000', 'roc has too many distinct values', 'a value has a largest number of scores');
SELECT is((SELECT round(auc::numeric, 6)::text || ' ' || n FROM (SELECT (roc_metrics(i, i % 7 = 0)).* FROM generate_series(0, 10000000) i) m),
          '0.500000 10000001', 'which roc_metrics has not');

SELECT * FROM finish();
ROLLBACK;
