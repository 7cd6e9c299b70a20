-- Properties of characteristic_stability: it counts what explain says of each
-- row, and no order, plan, memory or right may show.
BEGIN;
SET LOCAL client_min_messages = warning;
SELECT set_config('search_path', 'agririsk, ' || current_setting('search_path'), true) \g /dev/null
SELECT plan(21);

-- Rows of which nothing is known, without consent, with special values and ties at the ends.
CREATE TABLE public.loan AS
SELECT i AS id, i % 5 = 0 AS later, (hashint4(i + 1) & 3) > 0 AS agreed,
       CASE WHEN i % 9 = 0 THEN NULL WHEN i % 11 = 0 THEN -1 ELSE (hashint4(i) & 1023) / 100.0 END AS income,
       CASE WHEN i % 9 = 0 OR i % 13 = 0 THEN NULL ELSE (ARRAY['rice', 'tea', 'apple, pear', 'missing', 'apple', 'pear'])[1 + (hashint4(i + 2) & 1023) % 6] END AS crop,
       CASE WHEN i % 9 = 0 THEN NULL WHEN i % 4 = 0 THEN 0 ELSE (hashint4(i + 4) & 1048575) / 997.0::float8 END AS amount,
       (hashint4(i + 3) & 7) = 0 OR (hashint4(i) & 1023) < 200 OR ((hashint4(i + 2) & 1023) % 6 = 2 AND i % 2 = 0) AS bad
  FROM generate_series(1, 12000) i;
CREATE TABLE public.fitted AS
SELECT fit_scorecard(bad, t, fit_options(folds => 0, consent_columns => '{"agreed": ["income"]}', feature_binning => '{"income": {"special": [-1]}}')) AS card
  FROM loan, LATERAL (SELECT income, crop, agreed) t WHERE NOT later;
CREATE TABLE public.seen AS
SELECT s.* FROM fitted, characteristic_stability(card, NULL, 'SELECT * FROM loan WHERE later') s;

SELECT is((SELECT count(DISTINCT feature) FROM seen), 2::bigint, 'a card of two features');
SELECT is((SELECT string_agg(DISTINCT format('%s %s', e, a), ', ') FROM (SELECT sum(expected_n) AS e, sum(actual_n) AS a FROM seen GROUP BY feature) s), '9600 2400', 'every row counts once in every feature');
SELECT bag_eq('SELECT feature, bin, label, actual_n FROM seen WHERE actual_n > 0',
  'SELECT e.feature, e.bin, e.label, count(*) FROM fitted, loan l, explain(card, l) e WHERE later GROUP BY 1, 2, 3', 'where explain says it is, also where nothing of it is known');
SELECT bag_eq('SELECT feature, bin, label, expected_n FROM seen WHERE expected_n > 0',
  'SELECT e.feature, e.bin, e.label, count(*) FROM fitted, loan l, explain(card, l) e WHERE NOT later GROUP BY 1, 2, 3', 'and the card tells where the rows of its fit were, those without consent too');
SELECT bag_eq('SELECT feature, bin, label FROM seen', 'SELECT b.feature, b.bin, b.label FROM fitted, bins(card) b WHERE b.feature IS NOT NULL', 'bins are all those of bins()');
SELECT bag_eq('SELECT * FROM seen', $$SELECT s.* FROM fitted, characteristic_stability(card, 'SELECT * FROM loan WHERE NOT later', 'SELECT * FROM loan WHERE later') s$$, 'a query of the rows of the fit says the same');
SELECT ok((SELECT bool_and(abs(term - (greatest(a, 1e-4) - greatest(e, 1e-4)) * ln(greatest(a, 1e-4) / greatest(e, 1e-4))) < 1e-14) FROM seen, LATERAL (SELECT expected_n / 9600.0::float8 AS e, actual_n / 2400.0::float8 AS a) s), 'terms are those of the definition');
SELECT ok((SELECT bool_and(abs(psi - sum) < 1e-14) FROM (SELECT psi, sum(term) OVER (PARTITION BY feature) AS sum FROM seen) s), 'and psi is their sum');
SELECT ok((SELECT max(psi) < 0.02 FROM seen), 'rows of the same kind are stable');
-- What the old recipe called 0: a source that breaks down, so that of a third of the rows nothing is known.
SELECT ok((SELECT min(psi) > 0.1 FROM fitted, characteristic_stability(card, NULL, $$SELECT agreed OR id % 3 = 0 AS agreed, CASE WHEN id % 3 > 0 THEN income END AS income, CASE WHEN id % 3 > 0 THEN crop END AS crop FROM loan$$)), 'a source that breaks down is seen in every feature');
SELECT is((SELECT count(*) FROM fitted, loan l, explain(card, l) WHERE score(card, l) IS NULL AND num_nonnulls(points, best_points, points_lost, rank, reason) > 0), 0::bigint, 'a row without a score has no reasons');
SELECT is((SELECT count(*) > 0 FROM fitted, loan l, explain(card, l) WHERE score(card, l) IS NULL), true, 'but bins');

-- ---------- a linear feature ----------

CREATE TABLE public.linear AS SELECT '{"format": 1, "name": "linear", "intercept": 0, "features": [{"name": "amount", "type": "linear", "weight": 0.001, "missing": "neutral"}]}'::scorecard AS card;
CREATE TABLE public.plain AS SELECT psi(distribution_agg(amount) FILTER (WHERE NOT later), distribution_agg(amount - 1) FILTER (WHERE later)) AS psi FROM loan;
CREATE FUNCTION pg_temp.linear_psi() RETURNS float8 LANGUAGE sql AS $$
  SELECT max(psi) FROM linear, characteristic_stability(card, 'SELECT amount FROM loan WHERE NOT later', 'SELECT amount - 1 AS amount FROM loan WHERE later') $$;
SELECT ok(pg_temp.linear_psi() > 1, 'zeros that turn negative are seen');
SELECT ok((SELECT abs(pg_temp.linear_psi() - psi) < 1e-13 FROM plain), 'the index of a linear feature is psi of its values');
SET LOCAL work_mem = '64kB';
SELECT ok((SELECT abs(pg_temp.linear_psi() - psi) < 1e-13 FROM plain), 'in 64 kB too');
SELECT is((SELECT max(psi) FROM linear, characteristic_stability(card, 'SELECT i / 3.0 AS amount FROM generate_series(1, 200000) i', 'SELECT i / 3.0 AS amount FROM generate_series(1, 200000) i')), 0::float8, 'and of 200,000 values');
RESET work_mem;

-- ---------- plans and rights ----------

SELECT bag_eq('SELECT * FROM seen', $$SELECT s.* FROM fitted, characteristic_stability(card, NULL, 'SELECT crop, true AS other, agreed, income FROM loan WHERE later ORDER BY hashint4(id)') s$$, 'order of rows and of columns does not matter');
ALTER TABLE loan SET (parallel_workers = 3);
SET LOCAL parallel_setup_cost = 0;
SET LOCAL parallel_tuple_cost = 0;
SET LOCAL min_parallel_table_scan_size = 0;
SELECT bag_eq('SELECT * FROM seen', $$SELECT s.* FROM fitted, characteristic_stability(card, NULL, 'SELECT * FROM loan WHERE later') s$$, 'nor do workers');
SELECT throws_ok($$SELECT s.* FROM fitted, characteristic_stability(card, NULL, 'INSERT INTO loan SELECT * FROM loan RETURNING *') s$$, '0A000', NULL, 'the queries only read');
CREATE ROLE agririsk_stability_reader;
GRANT SELECT ON fitted TO agririsk_stability_reader;
SELECT set_config('kept.path', current_setting('search_path'), true) \g /dev/null
GRANT USAGE ON SCHEMA agririsk TO agririsk_stability_reader;
SET LOCAL ROLE agririsk_stability_reader;
SELECT throws_ok($$SELECT s.* FROM fitted, characteristic_stability(card, NULL, 'SELECT * FROM loan') s$$, '42501', NULL, 'with the rights of who calls');
RESET ROLE;
SET LOCAL search_path = '';
CREATE TEMP TABLE bare AS SELECT s.psi FROM public.fitted, agririsk.characteristic_stability(card, NULL, 'SELECT * FROM public.loan WHERE later') s;
SELECT set_config('search_path', current_setting('kept.path'), true) \g /dev/null
SELECT is((SELECT max(psi) FROM bare), (SELECT max(psi) FROM seen), 'and without a search path');

SELECT * FROM finish();
ROLLBACK;
