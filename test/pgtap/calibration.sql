-- Properties of type calibration: the reference figures of the German and the
-- Taiwanese scores, and that no order, plan, weight, memory or split may show.
BEGIN;
SET LOCAL client_min_messages = warning;
SELECT set_config('search_path', 'agririsk, ' || current_setting('search_path'), true) \g /dev/null
\getenv shared AGRIRISK_SHARED
SELECT plan(41);

-- Every measure as one text, which tells the bits.
CREATE FUNCTION pg_temp.all_measures(c calibration) RETURNS text LANGUAGE sql AS $$
  SELECT concat_ws(' ', n(c), bads(c), excluded(c), brier(c), log_loss(c), spiegelhalter_z(c), hosmer_lemeshow(c), hosmer_lemeshow(c, 7, true), recalibration(c),
                   calibration_slope(c), calibration_intercept(c), calibration_in_the_large(c),
                   (SELECT string_agg(e::text, ' ' ORDER BY bin) FROM expected_vs_observed(c) e)) $$;

-- ---------- golden figures ----------

\if :{?shared}
CREATE TEMP TABLE german (row_id int, bad int, p_numeric float8, p_checking float8, p_rounded float8);
CREATE TEMP TABLE taiwan (row_id int, y int, p float8);
SELECT format('COPY german FROM %L (FORMAT csv, HEADER)', :'shared' || '/golden/credit/german_scores.csv') \gexec
SELECT format('COPY taiwan FROM %L (FORMAT csv, HEADER)', :'shared' || '/golden/credit/taiwan_scores.csv') \gexec
CREATE TEMP TABLE golden AS
SELECT key AS name, value AS g FROM jsonb_each(pg_read_file(:'shared' || '/golden/credit/german_glm.json')::jsonb) WHERE key LIKE 'metrics%'
UNION ALL SELECT 'taiwan', pg_read_file(:'shared' || '/golden/credit/taiwan_glm.json')::jsonb -> 'metrics';
CREATE TEMP TABLE scored AS
SELECT 'metrics_numeric' AS name, calibration_agg(p_numeric, bad = 1) AS c FROM german
UNION ALL SELECT 'metrics_checking', calibration_agg(p_checking, bad = 1) FROM german
UNION ALL SELECT 'metrics_numeric_rounded_2dp_ties', calibration_agg(p_rounded, bad = 1) FROM german
UNION ALL SELECT 'taiwan', calibration_agg(p, y = 1) FROM taiwan;
-- Scores as printed carry 15 digits: differences below 1e-13 are the reference's.
CREATE TEMP TABLE compared AS
SELECT name, figure, ours, theirs
  FROM golden JOIN scored USING (name), hosmer_lemeshow(c, 10, fitted => true) h, recalibration(c) r,
       LATERAL (VALUES ('brier', brier(c), (g ->> 'brier')::float8), ('log loss', log_loss(c), (g ->> 'logloss')::float8),
                       ('Spiegelhalter z', spiegelhalter_z(c), (g ->> 'spiegelhalter_z')::float8),
                       ('slope', slope, (g #>> '{calibration_intercept_free_slope,1}')::float8),
                       ('intercept', intercept, (g #>> '{calibration_intercept_free_slope,0}')::float8),
                       ('in the large', in_the_large, (g ->> 'calibration_in_the_large')::float8)) v (figure, ours, theirs);
SELECT is((SELECT count(*) FROM compared), 24::bigint, 'six figures of four sets of scores');
SELECT is((SELECT string_agg(format('%s %s: %s, not %s', name, figure, ours, theirs), '; ') FROM compared
            WHERE NOT coalesce(abs(ours - theirs) <= 1e-10, false)), NULL, 'agree to 1e-10');
SELECT is((SELECT count(*) FROM golden JOIN scored USING (name), hosmer_lemeshow(c, 10, fitted => true) h
            WHERE abs(statistic / (g #>> '{hosmer_lemeshow_quantile7,chi2}')::float8 - 1) <= 1e-6 AND df = (g #>> '{hosmer_lemeshow_quantile7,df}')::int
              AND abs(p / (g #>> '{hosmer_lemeshow_quantile7,p}')::float8 - 1) <= 1e-6), 4::bigint, 'Hosmer-Lemeshow, its degrees of freedom and p agree to 1e-6');
-- Far closer than asked, to where the reference's own 15 digits end.
SELECT cmp_ok((SELECT max(abs(statistic / (g #>> '{hosmer_lemeshow_quantile7,chi2}')::float8 - 1)) FROM golden JOIN scored USING (name), hosmer_lemeshow(c, 10, true)), '<', 1e-12::float8, 'the statistic to 1e-12');
SELECT is((SELECT count(*) FROM golden JOIN scored USING (name), expected_vs_observed(c) e
            WHERE e.n = (g #>> ARRAY['hosmer_lemeshow_quantile7', 'n', (bin - 1)::text])::bigint AND e.bads = (g #>> ARRAY['hosmer_lemeshow_quantile7', 'observed', (bin - 1)::text])::bigint
              AND abs(e.expected * e.n - (g #>> ARRAY['hosmer_lemeshow_quantile7', 'expected', (bin - 1)::text])::float8) <= 1e-9), 40::bigint, 'and so do all 40 groups, ties or not');
SELECT is((SELECT count(*) FROM golden JOIN scored USING (name), hosmer_lemeshow(c, 10, true)
            WHERE name NOT LIKE '%ties' AND abs(statistic / (g #>> '{hosmer_lemeshow_ntile,chi2}')::float8 - 1) <= 1e-6), 3::bigint, 'without ties groups of equal size are the same groups');
\else
SELECT skip('AGRIRISK_SHARED is not set: no reference figures', 6);
\endif

-- ---------- Wilson's interval and the normal quantile, computed elsewhere ----------

\if :{?shared}
SELECT is((SELECT count(*) FROM jsonb_array_elements(pg_read_file(:'shared' || '/golden/decision/psi_wilson.json')::jsonb #> '{wilson,outputs}') w,
                  LATERAL (SELECT (w ->> 'successes')::int AS s, (w ->> 'n')::int AS n) k,
                  expected_vs_observed(format('0.5 %s/%s', k.n - k.s, k.s)::calibration, 1) e
            WHERE abs(observed_low - (w ->> 'low')::float8) <= 1e-14 AND abs(observed_high - (w ->> 'high')::float8) <= 1e-14), 6::bigint, 'Wilson intervals agree to 1e-14');
\else
SELECT skip('AGRIRISK_SHARED is not set: no reference intervals', 1);
\endif

-- ---------- order, weights, pieces ----------

CREATE TEMP TABLE loan AS
SELECT i AS id, i % 60 AS county, p AS pd, (hashint4(i) & 1048575) / 1048576.0 < p AS bad, (hashint4(i + 1) & 3)::bigint AS weight
  FROM (SELECT i, CASE WHEN i % 5 = 0 THEN (hashint4(i + 9) & 63) / 128.0 ELSE 0.5 * ((hashint4(i + 9) & 1073741823) / 1073741824.0::float8) ^ 2 END + 1e-3 AS p FROM generate_series(1, 30000) i) s;
UPDATE loan SET pd = NULL WHERE id % 1009 = 0;
UPDATE loan SET bad = NULL WHERE id % 1013 = 0;
UPDATE loan SET weight = NULL WHERE id % 1019 = 0;
CREATE TEMP TABLE whole AS SELECT calibration_agg(pd, bad) AS c, calibration_agg(pd, bad, weight) AS w FROM loan;
CREATE TEMP TABLE per_county AS SELECT county, calibration_agg(pd, bad) AS c, calibration_agg(pd, bad, weight) AS w FROM loan GROUP BY county;

SELECT is((SELECT calibration_agg(pd, bad ORDER BY hashint4(id)) FROM loan), (SELECT c FROM whole), 'any order of rows gives the same value');
SELECT is((SELECT calibration_agg(pd, bad, weight ORDER BY pd DESC) FROM loan), (SELECT w FROM whole), 'with weights too');
SELECT is((SELECT calibration_agg(pd, bad) FROM loan, generate_series(1, weight)) + (SELECT calibration_agg(pd, bad, weight) FROM loan WHERE weight IS NULL), (SELECT w FROM whole),
          'a weight is so many equal rows, of those left out too');
SELECT is((SELECT pg_temp.all_measures(calibration_agg(pd, bad)) FROM loan, generate_series(1, weight)), (SELECT pg_temp.all_measures(calibration_agg(pd, bad, weight)) FROM loan WHERE weight IS NOT NULL),
          'and every measure is the same to the bit');
SELECT is((SELECT rollup(c) FROM per_county), (SELECT c FROM whole), 'rollup of the counties is the whole');
SELECT is((SELECT rollup(w ORDER BY county DESC) FROM per_county), (SELECT w FROM whole), 'in any order');
SELECT is((SELECT rollup(c) FROM (SELECT rollup(c) AS c FROM per_county GROUP BY county % 7) s), (SELECT c FROM whole), 'and in steps');
SELECT is((SELECT rollup(c) FROM (SELECT calibration_agg(pd, bad) AS c FROM loan GROUP BY id % 1000) s), (SELECT c FROM whole), 'and from pieces of thirty rows');
SELECT is((SELECT pg_temp.all_measures(rollup(c)) FROM per_county), (SELECT pg_temp.all_measures(c) FROM whole), 'and so is every measure');
SELECT ok((SELECT bool_and(a.c + b.c = b.c + a.c AND a.c + 'empty' = a.c) FROM per_county a JOIN per_county b ON b.county = (a.county + 1) % 60), '+ commutes, and the empty value changes nothing');

-- ---------- plans and memory ----------

\ir include/plans.sql
SELECT pg_temp.same_by_plan('SELECT county, calibration_agg(pd, bad) AS c FROM loan GROUP BY county', 'SELECT county, c FROM per_county');
SET LOCAL enable_sort = off;
SET LOCAL work_mem = '64kB';
SELECT is((SELECT sum(n(c)) FROM (SELECT id % 5000 AS g, calibration_agg(pd, bad) AS c FROM loan GROUP BY 1) s), (SELECT n(c)::numeric FROM whole), 'five thousand groups in 64 kB');
RESET enable_sort;
SELECT is((SELECT calibration_agg(pd, bad, weight) FROM loan), (SELECT w FROM whole), 'one group that spills has the same value');
SELECT is((SELECT n(calibration_agg(i / 200001.0, i % 7 = 0)) FROM generate_series(1, 200000) i), 200000::bigint, '200,000 distinct PDs in 64 kB');
RESET work_mem;
CREATE TABLE shared_loan AS SELECT * FROM loan;
ALTER TABLE shared_loan SET (parallel_workers = 3);
SELECT pg_temp.same_in_workers('SELECT calibration_agg(pd, bad, weight) FROM shared_loan', 'Gather.*Parallel Seq Scan', 'the scan below calibration_agg');
SELECT pg_temp.same_in_workers('SELECT calibration_agg(pd, bad, weight) FROM shared_loan WHERE id < 0', 'Gather.*Parallel Seq Scan', 'the scan below calibration_agg of no row');
SELECT pg_temp.same_in_workers('SELECT calibration_agg(pd, bad, weight) FROM shared_loan WHERE id = 7', 'Gather.*Parallel Seq Scan', 'the scan below calibration_agg of one row');

-- ---------- forms ----------

SELECT ok((SELECT bool_and(w::text::calibration = w AND c::text::calibration = c) FROM per_county), 'the text form loses nothing');
CREATE TEMP TABLE received (c calibration);
\copy (SELECT w FROM per_county UNION ALL SELECT c FROM per_county) TO PROGRAM 'cat > "${TMPDIR:-/tmp}/agririsk-calibration-$PPID"' (FORMAT binary)
\copy received FROM PROGRAM 'cd "${TMPDIR:-/tmp}" && cat agririsk-calibration-$PPID && rm agririsk-calibration-$PPID' (FORMAT binary)
SELECT bag_eq('SELECT c::text FROM received', 'SELECT w::text FROM per_county UNION ALL SELECT c::text FROM per_county', 'nor does the binary one, through COPY');

-- ---------- measures, against plain SQL ----------

CREATE TEMP TABLE counted AS SELECT pd, bad::int AS y FROM loan WHERE pd IS NOT NULL AND bad IS NOT NULL;
SELECT ok((SELECT abs(brier(c) / (SELECT avg((pd - y) ^ 2) FROM counted) - 1) < 1e-12 FROM whole), 'the Brier score');
SELECT ok((SELECT abs(log_loss(c) / (SELECT avg(-ln(CASE y WHEN 1 THEN pd ELSE 1 - pd END)) FROM counted) - 1) < 1e-12 FROM whole), 'the log loss');
SELECT ok((SELECT abs(spiegelhalter_z(c) - (SELECT sum((y - pd) * (1 - 2 * pd)) / sqrt(sum((1 - 2 * pd) ^ 2 * pd * (1 - pd))) FROM counted)) < 1e-10 FROM whole), 'Spiegelhalter''s z');
CREATE TEMP TABLE cut AS
SELECT g, (SELECT array_agg(DISTINCT q) FROM unnest(percentile_cont(ARRAY(SELECT k / g::float8 FROM generate_series(1, g - 1) k)) WITHIN GROUP (ORDER BY pd)) q) AS breaks
  FROM counted, unnest('{2,3,10,17,50}'::int[]) g GROUP BY g;
SELECT is((SELECT string_agg(g::text, ' ') FROM cut, whole,
            LATERAL (SELECT sum((o - e) ^ 2 / (e * (1 - e / m))) AS chi2, count(*) AS used
                       FROM (SELECT sum(y) AS o, sum(pd) AS e, count(*) AS m FROM counted
                              GROUP BY (SELECT count(*) FROM unnest(breaks) b WHERE b < pd)) t) s, hosmer_lemeshow(c, g) h
            WHERE NOT (abs(statistic / chi2 - 1) < 1e-9 AND groups_used = used AND df = used)), NULL, 'Hosmer-Lemeshow, with the groups that percentile_cont makes');
-- At the fit the score equations hold: as many bads as expected, and no covariance left with the logit.
SELECT ok((SELECT abs(sum(y - m)) < 1e-8 AND abs(sum((y - m) * ln(pd / (1 - pd)))) < 1e-8
             FROM (SELECT pd, y, 1 / (1 + exp(-(intercept + slope * ln(pd / (1 - pd))))) AS m FROM whole, recalibration(c), counted) s), 'the score equations of the slope hold');
SELECT ok((SELECT abs(sum(y - 1 / (1 + exp(-(in_the_large + ln(pd / (1 - pd))))))) < 1e-8 FROM whole, recalibration(c), counted), 'and that of the intercept alone');
-- Recalibrated PDs need no further recalibration; those of overconfident logits have the inverse slope.
SELECT ok((SELECT abs(r.slope - 1) < 1e-9 AND abs(r.intercept) < 1e-9
             FROM (SELECT calibration_agg(1 / (1 + exp(-(intercept + slope * ln(pd / (1 - pd))))), y = 1) AS c FROM whole, recalibration(c), counted) s, recalibration(s.c) r), 'what was recalibrated is calibrated');
SELECT ok((SELECT abs(o.slope / (r.slope / 2) - 1) < 1e-9
             FROM whole, recalibration(c) r, LATERAL (SELECT calibration_agg(1 / (1 + exp(-2 * ln(pd / (1 - pd)))), y = 1) AS double FROM counted) d, recalibration(double) o), 'logits twice as large have half the slope');
-- The outcomes were drawn with these very PDs.
SELECT ok((SELECT abs(slope - 1) < 4 * slope_se AND abs(in_the_large) < 4 * in_the_large_se AND abs(spiegelhalter_z(c)) < 4 AND (hosmer_lemeshow(c)).p > 1e-4 FROM whole, recalibration(c)), 'true PDs pass every test');

SELECT * FROM finish();
ROLLBACK;
