-- Properties of type distribution: reference stability indices, and that no
-- order, plan, weight, memory or split may show.
BEGIN;
SET LOCAL client_min_messages = warning;
SELECT set_config('search_path', 'agririsk, ' || current_setting('search_path'), true) \g /dev/null
\getenv shared AGRIRISK_SHARED
SELECT plan(42);

-- ---------- golden indices ----------

\if :{?shared}
CREATE TEMP TABLE golden AS SELECT pg_read_file(:'shared' || '/golden/credit/psi.json')::jsonb AS g;
CREATE TEMP TABLE taiwan (row_id int, y int, p float8);
SELECT format('COPY taiwan FROM %L (FORMAT csv, HEADER)', :'shared' || '/golden/credit/taiwan_scores.csv') \gexec
CREATE TEMP TABLE half AS SELECT distribution_agg(p) FILTER (WHERE row_id <= 15000) AS e, distribution_agg(p) FILTER (WHERE row_id > 15000) AS a FROM taiwan;
SELECT ok((SELECT abs(psi(e, a) - (g #>> '{taiwan_first_half_vs_second_half,psi}')::float8) <= 1e-12 FROM golden, half), 'the index of two halves of the Taiwanese scores agrees to 1e-12');
SELECT is((SELECT count(*) FROM golden, half, psi_bins(e, a) b
            WHERE expected_n = (g #>> ARRAY['taiwan_first_half_vs_second_half', 'expected', (bin - 1)::text])::bigint
              AND actual_n = (g #>> ARRAY['taiwan_first_half_vs_second_half', 'actual', (bin - 1)::text])::bigint), 10::bigint, 'and so do the rows of its bins');
SELECT is((SELECT count(*) FROM golden, half, psi_bins(e, a) b WHERE abs(high - (g #>> ARRAY['taiwan_first_half_vs_second_half', 'breaks', (bin - 1)::text])::float8) <= 1e-15), 9::bigint, 'and its deciles');
-- Bins that are given: as names.
CREATE TEMP TABLE binned AS
SELECT name AS case_name, expected, (SELECT distribution_agg('bin ' || lpad(i::text, 2, '0'), n::bigint) FROM jsonb_array_elements_text(e) WITH ORDINALITY v (n, i)) AS e,
       (SELECT distribution_agg('bin ' || lpad(i::text, 2, '0'), n::bigint) FROM jsonb_array_elements_text(a) WITH ORDINALITY v (n, i)) AS a
  FROM golden, LATERAL (VALUES ('german', g #> '{floor_1e-4}', g -> 'expected', g -> 'actual'), ('synthetic', g #> '{synthetic,floor_1e-4}', g #> '{synthetic,expected}', g #> '{synthetic,actual}')) v (name, expected, e, a);
SELECT is((SELECT count(*) FROM binned WHERE abs(psi(e, a) - (expected ->> 'psi')::float8) <= 1e-12), 2::bigint, 'indices of given bins agree to 1e-12, raised to the floor where one is empty');
SELECT is((SELECT string_agg(format('%s %s', case_name, bin), ', ') FROM binned, psi_bins(e, a) WHERE NOT abs(term - (expected -> 'terms' ->> (bin - 1))::float8) <= 1e-12), NULL, 'and each of their terms');
SELECT is((SELECT string_agg(concat_ws(' ', bin, expected_raised, actual_raised), ', ' ORDER BY bin) FROM binned, psi_bins(e, a) WHERE case_name = 'synthetic'),
          '1 f t, 2 f f, 3 t f, 4 f f', 'and what was raised is said');
-- Shares in hundredths, and their index computed elsewhere.
SELECT is((SELECT count(*) FROM jsonb_array_elements(jsonb_build_array(p -> 'inputs' || (p -> 'outputs'), p -> 'zero_bin')) c,
            LATERAL (SELECT distribution_agg(i::text, round(s::numeric * 100)::bigint) AS e FROM jsonb_array_elements_text(c -> 'expected') WITH ORDINALITY v (s, i)) e,
            LATERAL (SELECT distribution_agg(i::text, round(s::numeric * 100)::bigint) AS a FROM jsonb_array_elements_text(c -> 'actual') WITH ORDINALITY v (s, i)) a
            WHERE abs(psi(e, a) - coalesce(c ->> 'psi', c #>> '{outputs,psi}')::float8) <= 1e-12), 2::bigint, 'so do indices of given shares')
  FROM (SELECT pg_read_file(:'shared' || '/golden/decision/psi_wilson.json')::jsonb -> 'psi' AS p) s;
\else
SELECT skip('AGRIRISK_SHARED is not set: no reference indices', 7);
\endif

-- ---------- order, weights, pieces ----------

CREATE TEMP TABLE farmer AS
SELECT i AS id, i % 60 AS county, 'crop ' || (hashint4(i) & 31) AS crop, (hashint4(i + 1) & 3)::bigint AS weight,
       CASE WHEN i % 4 = 0 THEN 100 ELSE (hashint4(i + 9) & 1048575) / 997.0::float8 END AS income
  FROM generate_series(1, 30000) i;
UPDATE farmer SET income = NULL WHERE id % 1009 = 0;
UPDATE farmer SET income = 'NaN' WHERE id % 1010 = 0;
UPDATE farmer SET crop = NULL WHERE id % 1013 = 0;
UPDATE farmer SET weight = NULL WHERE id % 1019 = 0;
CREATE TEMP TABLE whole AS SELECT distribution_agg(income) AS d, distribution_agg(income, weight) AS dw, distribution_agg(crop) AS c, distribution_agg(crop, weight) AS cw FROM farmer;
CREATE TEMP TABLE per_county AS SELECT county, distribution_agg(income) AS d, distribution_agg(income, weight) AS dw, distribution_agg(crop) AS c, distribution_agg(crop, weight) AS cw FROM farmer GROUP BY county;

SELECT is((SELECT (distribution_agg(income ORDER BY hashint4(id)), distribution_agg(crop ORDER BY hashint4(id)))::text FROM farmer), (SELECT (d, c)::text FROM whole), 'any order of rows gives the same value');
SELECT is((SELECT distribution_agg(income) FROM farmer, generate_series(1, weight)) + (SELECT distribution_agg(income, weight) FROM farmer WHERE weight IS NULL), (SELECT dw FROM whole), 'a weight is so many equal rows, missing ones too');
SELECT is((SELECT distribution_agg(crop) FROM farmer, generate_series(1, weight)) + (SELECT distribution_agg(crop, weight) FROM farmer WHERE weight IS NULL), (SELECT cw FROM whole), 'of names too');
SELECT is((SELECT rollup(d) FROM per_county), (SELECT d FROM whole), 'rollup of the counties is the whole');
SELECT is((SELECT rollup(dw ORDER BY county DESC) FROM per_county), (SELECT dw FROM whole), 'in any order');
SELECT is((SELECT rollup(c) FROM per_county), (SELECT c FROM whole), 'of names');
SELECT is((SELECT rollup(cw ORDER BY county DESC) FROM per_county), (SELECT cw FROM whole), 'in any order');
SELECT is((SELECT rollup(d) FROM (SELECT rollup(d) AS d FROM per_county GROUP BY county % 7) s), (SELECT d FROM whole), 'and in steps');
SELECT is((SELECT rollup(c) FROM (SELECT rollup(c) AS c FROM per_county GROUP BY county % 7) s), (SELECT c FROM whole), 'of names too');
SELECT ok((SELECT bool_and(a.d + b.d = b.d + a.d AND a.c + b.c = b.c + a.c AND a.d + 'empty' = a.d AND a.c + '{"names": {}}' = a.c) FROM per_county a JOIN per_county b ON b.county = (a.county + 1) % 60), '+ commutes, and the empty values change nothing');
SELECT ok((SELECT bool_and(running = (SELECT distribution_agg(crop) FROM farmer f WHERE f.id <= w.id)) FROM (SELECT id, distribution_agg(crop) OVER (ORDER BY id) AS running FROM farmer WHERE id <= 40) w), 'a running aggregate of names shows each state as it was');
SELECT throws_ok('SELECT rollup(x) FROM (SELECT d AS x FROM per_county UNION ALL SELECT c FROM per_county) s', '42804', NULL, 'numbers and names do not roll up together');
SELECT throws_ok('SELECT rollup(x) FROM (SELECT c AS x FROM per_county UNION ALL SELECT d FROM per_county) s', '42804', NULL, 'whichever comes first');

-- ---------- plans and memory ----------

\ir include/plans.sql
SELECT pg_temp.same_by_plan('SELECT county, distribution_agg(income) AS d, distribution_agg(crop) AS c FROM farmer GROUP BY county', 'SELECT county, d, c FROM per_county');
SET LOCAL work_mem = '64kB';
SELECT is((SELECT distribution_agg(income, weight) FROM farmer), (SELECT dw FROM whole), 'one group that spills is the same');
SELECT is((SELECT n(distribution_agg(i / 3.0::float8)) FROM generate_series(1, 200000) i), 200000::bigint, '200,000 distinct numbers in 64 kB');
RESET work_mem;
CREATE TABLE shared_farmer AS SELECT * FROM farmer;
CREATE TABLE shared_county AS SELECT * FROM per_county;
ALTER TABLE shared_farmer SET (parallel_workers = 3);
ALTER TABLE shared_county SET (parallel_workers = 3);
SELECT pg_temp.same_in_workers('SELECT distribution_agg(crop, weight) FROM shared_farmer', 'Partial Aggregate', 'distribution_agg of names');
SELECT pg_temp.same_in_workers('SELECT distribution_agg(crop) FROM shared_farmer WHERE id < 0', 'Partial Aggregate', 'distribution_agg of no row');
SELECT pg_temp.same_in_workers('SELECT distribution_agg(crop) FROM shared_farmer WHERE id = 1013', 'Partial Aggregate', 'distribution_agg of a row without a name');
SELECT pg_temp.same_in_workers('SELECT distribution_agg(income, weight) FROM shared_farmer', 'Gather.*Parallel Seq Scan', 'the scan below distribution_agg of numbers');
SELECT pg_temp.same_in_workers('SELECT rollup(d), rollup(c) FROM shared_county', 'Partial Aggregate', 'rollup');

-- ---------- forms ----------

SELECT ok((SELECT bool_and(d::text::distribution = d AND dw::text::distribution = dw AND c::text::distribution = c AND cw::text::distribution = cw) FROM per_county), 'the text form loses nothing');
CREATE TEMP TABLE received (d distribution);
\copy (SELECT dw FROM per_county UNION ALL SELECT cw FROM per_county) TO PROGRAM 'cat > "${TMPDIR:-/tmp}/agririsk-distribution-$PPID"' (FORMAT binary)
\copy received FROM PROGRAM 'cd "${TMPDIR:-/tmp}" && cat agririsk-distribution-$PPID && rm agririsk-distribution-$PPID' (FORMAT binary)
SELECT bag_eq('SELECT d::text FROM received', 'SELECT dw::text FROM per_county UNION ALL SELECT cw::text FROM per_county', 'nor does the binary one, through COPY');

-- ---------- the index, against plain SQL ----------

CREATE TEMP TABLE decile AS
SELECT DISTINCT x FROM unnest((SELECT percentile_cont('{.1,.2,.3,.4,.5,.6,.7,.8,.9}'::float8[]) WITHIN GROUP (ORDER BY income) FROM farmer WHERE income <> 'NaN')) x;
CREATE TEMP TABLE cell AS
SELECT county, crop, CASE WHEN income IS NULL OR income = 'NaN' THEN 'missing' ELSE (SELECT count(*) FROM decile WHERE x < income)::text END AS bin FROM farmer;
CREATE FUNCTION pg_temp.plain_index(of_county int, of_crop boolean, lowest float8) RETURNS float8 LANGUAGE sql AS $$
  SELECT sum((a - e) * ln(a / e))
    FROM (SELECT greatest(count(*) / (sum(count(*)) OVER ())::float8, lowest) AS e,
                 greatest(count(*) FILTER (WHERE county = of_county) / (sum(count(*) FILTER (WHERE county = of_county)) OVER ())::float8, lowest) AS a
            FROM cell GROUP BY CASE WHEN of_crop THEN crop ELSE bin END) s $$;
SELECT is((SELECT count(*) FROM per_county p, whole w WHERE abs(psi(w.d, p.d) - pg_temp.plain_index(county, false, 1e-4)) < 1e-12), 60::bigint, 'of numbers, of every county against all');
SELECT is((SELECT count(*) FROM per_county p, whole w WHERE abs(psi(w.c, p.c, 0.02) - pg_temp.plain_index(county, true, 0.02)) < 1e-12), 60::bigint, 'of names, with a floor that matters');
SELECT ok((SELECT psi(d, d) = 0 AND psi(c, c) = 0 AND psi(d, d + d) = 0 FROM whole), 'and 0 against the same shares');
SELECT ok((SELECT bool_and(abs(psi(a.c, w.c) - psi(w.c, a.c)) < 1e-14) FROM per_county a, whole w), 'of names it is symmetric');

SELECT * FROM finish();
ROLLBACK;
