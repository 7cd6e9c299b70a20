-- Properties of optimal_bins: optima found elsewhere by trying everything, and
-- that no order, plan, weight or memory may show.
BEGIN;
SET LOCAL client_min_messages = warning;
SELECT set_config('search_path', 'agririsk, ' || current_setting('search_path'), true) \g /dev/null
\getenv shared AGRIRISK_SHARED
SELECT plan(46);

-- ---------- golden optima ----------

\if :{?shared}
CREATE TEMP TABLE instance AS
SELECT i AS id, g, g ->> 'trend' AS wanted, g -> 'constraints' AS c, (g ->> 'optimal_iv')::float8 AS best
  FROM jsonb_array_elements(pg_read_file(:'shared' || '/golden/credit/binning/bruteforce_instances.json')::jsonb) WITH ORDINALITY v (g, i);
-- Sizes are in rows there; here they are shares, taken on the safe side of a row.
CREATE TEMP TABLE solved AS
SELECT id, optimal_bins(k::float8, o.bad, o.n::bigint, '{"min_bads": 1, "min_goods": 1}' || jsonb_strip_nulls(jsonb_build_object(
         'min_bin_share', coalesce(floor((c ->> 'mins')::numeric / total * 1e9) / 1e9, 0), 'max_bin_share', least(1, ceil((c ->> 'maxs')::numeric / total * 1e9) / 1e9),
         'max_bins', coalesce((c ->> 'kmax')::int, 0), 'min_bins', (c ->> 'kmin')::int, 'min_rate_gap', (c ->> 'mind')::numeric, 'trend', wanted))) AS b
  FROM instance, LATERAL (SELECT sum(v::numeric) AS total FROM jsonb_array_elements_text((g -> 'n_event') || (g -> 'n_nonevent')) v) t,
       jsonb_array_elements_text(g -> 'n_event') WITH ORDINALITY e (e, k),
       LATERAL (VALUES (true, e::numeric), (false, (g -> 'n_nonevent' ->> (k::int - 1))::numeric)) o (bad, n)
 GROUP BY id, wanted, c, total;
SELECT is((SELECT count(*) FROM instance JOIN solved USING (id), trends(b) t WHERE trend = wanted AND (best IS NULL AND iv IS NULL OR abs(best - iv) <= 1e-12)), 240::bigint,
          '240 of 240 optima found by exhaustive search are reached to 1e-12, or nothing is feasible in either');
SELECT is((SELECT count(*) FROM instance JOIN solved USING (id), trends(b) t WHERE trend = wanted AND best IS NULL AND iv IS NULL), 11::bigint, '11 of them are infeasible');
CREATE TEMP TABLE variable AS
SELECT i AS id, g FROM jsonb_array_elements(pg_read_file(:'shared' || '/golden/credit/binning/cart_prebin_instances.json')::jsonb) WITH ORDINALITY v (g, i);
CREATE TEMP TABLE variable_bins AS
SELECT id, optimal_bins(k::float8, o.bad, o.n::bigint, '{"max_bins": 0, "min_bin_share": 0, "min_bads": 1, "min_goods": 1}') AS b
  FROM variable, jsonb_array_elements_text(g -> 'n_event') WITH ORDINALITY e (e, k),
       LATERAL (VALUES (true, e::numeric), (false, (g -> 'n_nonevent' ->> (k::int - 1))::numeric)) o (bad, n)
 GROUP BY id;
SELECT is((SELECT count(*) FROM variable JOIN variable_bins USING (id), trends(b) t WHERE abs(t.iv - (g -> t.trend ->> 'iv')::float8) <= 1e-12), 100::bigint, 'so is the optimum of every trend of 20 real variables');
SELECT is((SELECT round(sum(iv)::numeric, 4) FROM (SELECT max(t.iv) AS iv FROM variable_bins, trends(b) t WHERE trend <> 'none' GROUP BY id) s), 4.3803, 'the best of four trends totals 4.3803');

-- Raw rows.
SELECT format('CREATE TEMP TABLE %I (%s)', name, string_agg(quote_ident(c) || ' text', ', ' ORDER BY i))
  FROM (VALUES ('german', 'germancredit'), ('taiwan', 'taiwan_credit_default')) f (name, file),
       regexp_split_to_table(trim(E'\r' FROM split_part(pg_read_file(:'shared' || '/data/credit/' || file || '.csv'), E'\n', 1)), ',') WITH ORDINALITY v (c, i)
 GROUP BY name \gexec
SELECT format('COPY german FROM %L (FORMAT csv, HEADER)', :'shared' || '/data/credit/germancredit.csv') \gexec
SELECT format('COPY taiwan FROM %L (FORMAT csv, HEADER)', :'shared' || '/data/credit/taiwan_credit_default.csv') \gexec
CREATE TEMP TABLE raw AS
SELECT v.name, v.x::float8 AS x, creditability = 'bad' AS bad FROM german, LATERAL (VALUES ('duration_in_month', duration_in_month), ('credit_amount', credit_amount), ('age_in_years', age_in_years)) v (name, x)
UNION ALL
SELECT v.name, v.x::float8 AS x, default_payment_next_month = '1' FROM taiwan, LATERAL (VALUES ('LIMIT_BAL', "LIMIT_BAL"), ('AGE', "AGE"), ('BILL_AMT1', "BILL_AMT1"), ('PAY_AMT1', "PAY_AMT1"), ('PAY_AMT2', "PAY_AMT2")) v (name, x);
CREATE TEMP TABLE raw_bins AS
SELECT name, optimal_bins(x, bad, '{"max_bins": 0, "min_bin_share": 0, "min_bads": 1, "min_goods": 1}') AS free, optimal_bins(x, bad, '{"max_bins": 0, "min_bin_share": 0.05, "min_bads": 1, "min_goods": 1}') AS by_share, optimal_bins(x, bad) AS standard FROM raw GROUP BY name;
CREATE TEMP TABLE total AS
SELECT (SELECT sum(iv) FROM (SELECT max(iv) AS iv FROM raw_bins, trends(free) t WHERE trend <> 'none' GROUP BY name) s) AS free,
       (SELECT sum(iv) FROM (SELECT max(iv) AS iv FROM raw_bins, trends(by_share) t WHERE trend <> 'none' GROUP BY name) s) AS by_share,
       (SELECT sum(iv) FROM raw_bins, trends(standard) t WHERE chosen) AS standard, (SELECT sum(out_of_fold_iv) FROM raw_bins, trends(standard) t WHERE chosen) AS held_out;
SELECT cmp_ok(free, '>=', 1.2332::float8, 'eight raw variables total at least 1.2332 without limits') FROM total;
SELECT cmp_ok(by_share, '>=', 1.2332::float8, 'nor do bins of at least 5 % cost more than that') FROM total;
SELECT diag(format('eight raw variables: IV %s without limits, %s with min_bin_share alone, %s by default, %s of it out of fold', round(free::numeric, 4), round(by_share::numeric, 4), round(standard::numeric, 4), round(held_out::numeric, 4))) FROM total;
-- What a package's own pre-binning reaches, with bins of at least 5 % as well.
SELECT ok((SELECT bool_and(iv >= best4 - 1e-12) FROM (SELECT name, max(t.iv) AS iv FROM raw_bins, trends(by_share) t WHERE trend <> 'none' GROUP BY name) s,
           LATERAL (SELECT split_part(line, ',', 7)::float8 AS best4 FROM regexp_split_to_table(pg_read_file(:'shared' || '/golden/credit/binning/union_vs_cart.csv'), E'\r?\n') line WHERE split_part(line, ',', 2) = name LIMIT 1) p),
          'with bins of at least 5 %, each at least what it is from pre-bins of a tree');

-- WOE and IV of given bins: those with an empty cell stand as special values.
CREATE TEMP TABLE woe AS
SELECT name, g FROM jsonb_each((SELECT pg_read_file(:'shared' || '/golden/credit/german_woe_iv.json')::jsonb -> 'variables')) v (name, g)
UNION ALL
SELECT 'zero cells', pg_read_file(:'shared' || '/golden/credit/german_woe_iv.json')::jsonb -> 'synthetic_zero_cells';
CREATE TEMP TABLE woe_cell AS
SELECT name, i, b::bigint AS bads, (g -> 'good' ->> (i::int - 1))::bigint AS goods, b::bigint * (g -> 'good' ->> (i::int - 1))::bigint = 0 AS empty,
       bool_or(b::bigint * (g -> 'good' ->> (i::int - 1))::bigint = 0) OVER (PARTITION BY name) AS any_empty
  FROM woe, jsonb_array_elements_text(g -> 'bad') WITH ORDINALITY e (b, i);
CREATE TEMP TABLE woe_binning AS
SELECT name, CASE WHEN any_empty THEN 'add_half' ELSE 'raw' END AS rule,
       jsonb_build_object('format', 1, 'type', 'number',
         'bins', jsonb_agg(CASE WHEN last THEN jsonb_build_object('goods', goods, 'bads', bads) ELSE jsonb_build_object('goods', goods, 'bads', bads, 'high', i) END ORDER BY i) FILTER (WHERE NOT empty),
         'special', coalesce(jsonb_agg(jsonb_build_object('goods', goods, 'bads', bads, 'value', i) ORDER BY i) FILTER (WHERE empty), '[]'))::text::binning AS b
  FROM (SELECT *, i = max(i) FILTER (WHERE NOT empty) OVER (PARTITION BY name) AS last FROM woe_cell) s GROUP BY name, any_empty;
SELECT is((SELECT count(*) FROM woe JOIN woe_binning USING (name) WHERE abs(iv(b) - (SELECT sum(v::float8) FROM jsonb_array_elements_text(g -> rule -> 'bin_iv') v)) <= 1e-12), (SELECT count(*) FROM woe), 'IV of given bins, raw or with halves where a cell is empty');
SELECT is((SELECT count(*) FROM woe_cell JOIN woe USING (name) JOIN woe_binning USING (name), bins(b) p
            WHERE p.n = woe_cell.bads + goods AND p.bads = woe_cell.bads AND abs(p.woe - (g -> rule -> 'woe' ->> (i::int - 1))::float8) <= 1e-12), (SELECT count(*) FROM woe_cell), 'and the WOE of each of them');
SELECT ok((SELECT count(DISTINCT rule) = 2 FROM woe_binning), 'both rules were needed');
\else
SELECT skip('AGRIRISK_SHARED is not set: no reference optima', 10);
\endif

-- ---------- order, weights, kinds ----------

CREATE TYPE crop AS ENUM ('tea', 'rice', 'maize', 'apple');
CREATE TEMP TABLE loan AS
SELECT i AS id, i % 60 AS county, (hashint4(i + 1) & 3)::bigint AS weight, (enum_range(NULL::crop))[1 + (hashint4(i + 2) & 3)] AS crop,
       'village ' || (hashint4(i + 5) & 63) AS village, CASE WHEN i % 4 = 0 THEN 100 ELSE (hashint4(i + 9) & 1048575) / 997.0::float8 END AS income,
       (hashint4(i + 7) & 255) < 20 + (hashint4(i + 2) & 3) * 20 + (hashint4(i + 9) & 1048575) / 20000 AS bad
  FROM generate_series(1, 30000) i;
UPDATE loan SET income = NULL WHERE id % 1009 = 0;
UPDATE loan SET income = 'NaN' WHERE id % 1010 = 0;
UPDATE loan SET income = -1 WHERE id % 101 = 0;
UPDATE loan SET crop = NULL WHERE id % 1013 = 0;
UPDATE loan SET weight = NULL WHERE id % 1019 = 0;
UPDATE loan SET bad = NULL WHERE id % 1021 = 0;
CREATE TEMP TABLE whole AS
SELECT optimal_bins(income, bad, binning_options(special => '{-1}')) AS b, optimal_bins(income, bad, weight, binning_options(special => '{-1}')) AS bw,
       optimal_bins(village, bad) AS v, optimal_bins(village, bad, weight, NULL) AS vw, optimal_bins(crop, bad) AS c, optimal_bins(income > 500, bad) AS t FROM loan;
CREATE TEMP TABLE per_county AS
SELECT county, optimal_bins(income, bad, binning_options(special => '{-1}')) AS b, optimal_bins(crop, bad, weight, binning_options()) AS c FROM loan GROUP BY county;

SELECT is((SELECT optimal_bins(income, bad, binning_options(special => '{-1}') ORDER BY hashint4(id)) FROM loan), (SELECT b FROM whole), 'any order of rows gives the same value');
SELECT is((SELECT optimal_bins(village, bad ORDER BY hashint4(id)) FROM loan), (SELECT v FROM whole), 'of categories too');
SELECT is((SELECT (optimal_bins(income, bad, binning_options(special => '{-1}'))::text::jsonb - 'excluded', optimal_bins(village, bad)::text::jsonb - 'excluded') FROM loan, generate_series(1, weight))::text,
          (SELECT (bw::text::jsonb - 'excluded', vw::text::jsonb - 'excluded') FROM whole)::text, 'a weight is so many equal rows');
SELECT is((SELECT excluded(bw) FROM whole), (SELECT sum(CASE WHEN weight IS NULL THEN 1 WHEN bad IS NULL THEN weight ELSE 0 END)::bigint FROM loan), 'rows without weight or outcome are left out and counted');
SELECT is((SELECT c FROM whole), (SELECT optimal_bins(crop::text, bad) FROM loan), 'an enum is its labels');
SELECT is((SELECT t FROM whole), (SELECT optimal_bins(CASE WHEN income > 500 THEN 'true' WHEN NOT income > 500 THEN 'false' END, bad) FROM loan), 'a boolean is true or false');

-- ---------- what bins say ----------

CREATE TEMP TABLE placed AS
SELECT l.*, bin(b, income) AS at, woe(b, income) AS woe, bin(v, village) AS village_at, woe(v, village) AS village_woe, bin(c, crop) AS crop_at, woe(c, crop) AS crop_woe FROM loan l, whole;
SELECT is((SELECT count(*) FROM whole, bins(b) p LEFT JOIN (SELECT at, count(*) AS n, count(*) FILTER (WHERE bad) AS bads, min(woe) AS low, max(woe) AS high FROM placed WHERE bad IS NOT NULL GROUP BY at) s ON at = bin
            WHERE (p.n, p.bads, p.woe, p.woe) IS DISTINCT FROM (s.n, s.bads, s.low, s.high)), 0::bigint, 'bin and woe put rows where they were counted: numbers');
SELECT is((SELECT count(*) FROM whole, bins(v) p LEFT JOIN (SELECT village_at, count(*) AS n, count(*) FILTER (WHERE bad) AS bads, min(village_woe) AS low FROM placed WHERE bad IS NOT NULL GROUP BY 1) s ON village_at = bin
            WHERE p.n > 0 AND (p.n, p.bads, p.woe) IS DISTINCT FROM (s.n, s.bads, s.low)), 0::bigint, 'categories');
SELECT is((SELECT count(*) FROM whole, bins(c) p LEFT JOIN (SELECT crop_at, count(*) AS n, count(*) FILTER (WHERE bad) AS bads, min(crop_woe) AS low FROM placed WHERE bad IS NOT NULL GROUP BY 1) s ON crop_at = bin
            WHERE p.n > 0 AND (p.n, p.bads, p.woe) IS DISTINCT FROM (s.n, s.bads, s.low)), 0::bigint, 'and an enum');
SELECT ok((SELECT bool_and(abs(p.woe - ln((p.bads / t.bads) / ((p.n - p.bads) / t.goods))) < 1e-12) FROM whole, bins(b) p, (SELECT count(*) FILTER (WHERE bad)::float8 AS bads, count(*) FILTER (WHERE NOT bad)::float8 AS goods FROM loan) t),
          'WOE is ln(p / q) over all rows, missing and special ones too');
SELECT ok((SELECT abs(iv(b) - sum(p.iv)) < 1e-12 FROM whole, bins(b) p GROUP BY b), 'IV is the sum over bins');
-- A card with these bins says the same.
CREATE TEMP TABLE card AS
SELECT jsonb_build_object('format', 1, 'name', 'binned', 'intercept', 0, 'features', jsonb_build_array(jsonb_build_object('name', 'income', 'type', 'number',
         'bins', jsonb_agg(jsonb_strip_nulls(jsonb_build_object('high', high, 'woe', woe)) ORDER BY bin) FILTER (WHERE label NOT LIKE 'special%' AND label <> 'missing'),
         'special', jsonb_agg(jsonb_build_object('values', jsonb_build_array(-1), 'woe', woe)) FILTER (WHERE label LIKE 'special%'),
         'missing', (jsonb_agg(jsonb_build_object('woe', woe)) FILTER (WHERE label = 'missing')) -> 0)))::text::scorecard AS card
  FROM whole, bins(b);
SELECT is((SELECT count(*) FROM card, loan l, whole w, LATERAL explain(card, l) e, LATERAL bins(w.b) p WHERE l.id <= 2000 AND p.bin = bin(w.b, income) AND p.label = e.label), 2000::bigint, 'a card with these bins calls them by the same names, missing ones too');
SELECT is((SELECT count(*) FROM card, loan l, whole w WHERE l.id <= 2000 AND income <> 'NaN' AND abs(ln(pd(card, l) / (1 - pd(card, l))) - woe(w.b, income)) < 1e-12),
          (SELECT count(*) FROM loan WHERE id <= 2000 AND income <> 'NaN'), 'and gives the same WOE');

-- ---------- plans and memory ----------

\ir include/plans.sql
SELECT pg_temp.same_by_plan('SELECT county, optimal_bins(income, bad, binning_options(special => ''{-1}'')) AS b, optimal_bins(crop, bad, weight, binning_options()) AS c FROM loan GROUP BY county', 'SELECT county, b, c FROM per_county');
SET LOCAL work_mem = '64kB';
SELECT is((SELECT optimal_bins(income, bad, weight, binning_options(special => '{-1}')) FROM loan), (SELECT bw FROM whole), 'one group that spills is the same');
CREATE TEMP TABLE fine AS SELECT i / 3.0::float8 AS x, hashint4(i) & 1023 < 100 + i / 400 AS bad FROM generate_series(1, 200000) i;
CREATE TEMP TABLE in_little AS SELECT optimal_bins(x, bad) AS b FROM fine;
RESET work_mem;
SELECT is((SELECT optimal_bins(x, bad) FROM fine), (SELECT b FROM in_little), '200,000 distinct numbers in 64 kB');
SELECT cmp_ok((SELECT t.iv FROM in_little, trends(b) t WHERE chosen), '>', (SELECT (0.95 * sum((p - q) * ln(p / q)))::float8 FROM (SELECT count(*) FILTER (WHERE bad) / sum(count(*) FILTER (WHERE bad)) OVER () AS p, count(*) FILTER (WHERE NOT bad) / sum(count(*) FILTER (WHERE NOT bad)) OVER () AS q FROM (SELECT bad, ntile(8) OVER (ORDER BY x) AS part FROM fine) s GROUP BY part) s), 'and in bins no worse than equal ones');
SELECT is((SELECT (sum(n), count(*)) FROM (SELECT optimal_bins(i::text, i % 7 = 0) AS b FROM generate_series(1, 100000) i) s, bins(b))::text, '(100000,2)', '100,000 categories, all of them rare, are one bin');
SELECT is((SELECT array_length(categories, 1) FROM (SELECT optimal_bins(i::text, i % 7 = 0) AS b FROM generate_series(1, 100000) i) s, bins(b) WHERE bin = 1), 100000, 'which lists them all');
SELECT cmp_ok((SELECT count(*) FROM (SELECT optimal_bins(hashint4(i % 400)::text, hashint4(i) & 1023 < 100 + (hashint4(i % 400) & 511)) AS b FROM generate_series(1, 80000) i) s, bins(b) WHERE label <> 'missing'), '>', 4::bigint, '400 levels, more than candidates, are binned');
CREATE TABLE shared_loan AS SELECT * FROM loan;
CREATE TABLE shared_whole AS SELECT b FROM whole;
ALTER TABLE shared_loan SET (parallel_workers = 3);
SELECT pg_temp.same_in_workers('SELECT optimal_bins(income, bad, weight, binning_options(special => ''{-1}'')) FROM shared_loan', 'Gather.*Parallel Seq Scan', 'the scan below optimal_bins');
SELECT pg_temp.same_in_workers('SELECT optimal_bins(village, bad) FROM shared_loan', 'Gather.*Parallel Seq Scan', 'the scan below optimal_bins of categories');
SELECT pg_temp.same_in_workers('SELECT sum(woe((SELECT b FROM shared_whole), income)::numeric) FROM shared_loan', 'Partial Aggregate', 'woe');

-- ---------- limits, by default ----------

SELECT ok((SELECT count(*) BETWEEN 2 AND 8 AND bool_and(p.n >= 0.01 * t.n) AND bool_and(p.bads >= 10 AND p.n - p.bads >= 10) FROM whole, bins(v) p, (SELECT count(*) AS n FROM loan WHERE bad IS NOT NULL AND village IS NOT NULL) t WHERE label <> 'missing'), 'at most eight bins of at least 1 %, ten bad and ten good rows');
SELECT ok((SELECT bool_and(rate > before) FROM (SELECT bad_rate AS rate, lag(bad_rate) OVER (ORDER BY bin) AS before FROM whole, bins(v) WHERE label <> 'missing') s WHERE before IS NOT NULL), 'categories are in the order of their rates');
SELECT ok((SELECT max(iv) FILTER (WHERE trend = 'none') >= max(iv) AND max(iv) FILTER (WHERE trend = 'peak') >= max(iv) FILTER (WHERE trend IN ('ascending', 'descending')) AND max(iv) FILTER (WHERE trend = 'valley') >= max(iv) FILTER (WHERE trend IN ('ascending', 'descending')) FROM whole, trends(b)),
          'a trend that allows more reaches no less');
SELECT is((SELECT count(*) FROM per_county, trends(b) t WHERE chosen), 60::bigint, 'one trend is chosen');

-- ---------- forms ----------

SELECT ok((SELECT bool_and(b::text::binning = b AND c::text::binning = c) FROM per_county), 'the text form loses nothing');
CREATE TEMP TABLE received (b binning);
\copy (SELECT b FROM per_county UNION ALL SELECT c FROM per_county) TO PROGRAM 'cat > "${TMPDIR:-/tmp}/agririsk-binning-$PPID"' (FORMAT binary)
\copy received FROM PROGRAM 'cd "${TMPDIR:-/tmp}" && cat agririsk-binning-$PPID && rm agririsk-binning-$PPID' (FORMAT binary)
SELECT bag_eq('SELECT b::text FROM received', 'SELECT b::text FROM per_county UNION ALL SELECT c::text FROM per_county', 'nor does the binary one, through COPY');
SELECT is((SELECT count(DISTINCT b) FROM received), (SELECT count(DISTINCT b::text) FROM received), 'DISTINCT tells as many apart as the text does');

SELECT * FROM finish();
ROLLBACK;
