-- Type cashflow: literal cases. What a value must be follows from the rows
-- beside it, or from a formula in plain SQL.
SET search_path = agririsk, public;
SET datestyle = ISO;

-- Text form.
SELECT 'empty'::cashflow;
SELECT '2024-03 +1200.5/3 -300/1 0/2 3,7+,21; 2024-04 +80/1 2+'::cashflow;
SELECT E'\n2024-02   +001.0/1 -0.0001/1  0/3   1+,29 '::cashflow;
SELECT '0001-01 0/1 31; 9999-12 +922337203685477.5807/4294967295 31+'::cashflow;

-- Texts that are malformed, out of order, or contradict themselves.
SELECT ''::cashflow;
SELECT '2024-13 +1/1 1+'::cashflow;
SELECT '2024-03 +1/1'::cashflow;
SELECT '2024-03 +1/1 1'::cashflow;
SELECT '2024-03 +1/1 1,2+'::cashflow;
SELECT '2024-03 +0/1 1+'::cashflow;
SELECT '2024-03 +1/0 1+'::cashflow;
SELECT '2024-03 +1.00001/1 1+'::cashflow;
SELECT '2024-03 +NaN/1 1+'::cashflow;
SELECT '2024-03 +922337203685477.5808/1 1+'::cashflow;
SELECT '2023-02 +1/1 29+'::cashflow;
SELECT '2024-03 +1/1 1+; 2024-03 +1/1 1+'::cashflow;
SELECT '2024-03 +1/1 1+; März'::cashflow;
SELECT '2024-03 +1/1 1+ 村'::cashflow;

-- Aggregation: sums by month and direction, days, last day with inflow. Zero
-- counts as activity, a row with a NULL is ignored.
CREATE TEMP TABLE event (farmer int, paid_on date, amount numeric);
INSERT INTO event VALUES
  (1, '2024-03-21', 1000), (1, '2024-03-03', 200.5), (1, '2024-03-07', -300),
  (1, '2024-03-30', 0), (1, '2024-02-29', -0.25), (1, NULL, 5), (1, '2024-05-01', NULL),
  (2, NULL, 1), (2, '2024-01-01', NULL);
SELECT farmer, cashflow_agg(paid_on, amount), cashflow_agg(paid_on, amount::float8)
FROM event GROUP BY farmer ORDER BY farmer;
SELECT m.* FROM (SELECT cashflow_agg(paid_on, amount) AS cf FROM event WHERE farmer = 1) c, months(cf) m;
SELECT * FROM months('empty');
SELECT * FROM months(NULL);
SELECT cashflow_agg(paid_on, amount) FROM event WHERE false;

-- What was not known yet is filtered.
SELECT cashflow_agg(paid_on, amount) FILTER (WHERE paid_on < '2024-03-01') FROM event WHERE farmer = 1;

-- The fifth decimal rounds half away from zero: of numeric exactly, of float8
-- as of the decimal that was written. 1.00005 is a little below as a double.
SELECT a, cashflow_agg('2024-01-01', a) AS numeric, cashflow_agg('2024-01-01', a::float8) AS float8
FROM unnest('{0.00005, 0.000049999, -0.00005, 1.00005, 1.00015, 1.000149999, -2.5000499999, 33333333.33335, 4503599627.37055}'::numeric[])
  WITH ORDINALITY AS v(a, i) GROUP BY i, a ORDER BY i;
SELECT cashflow_agg('2024-01-01', a) FROM unnest('{12345678901234.56784999999999, -922337203685477.5807, 0.00000000000000000001}'::numeric[]) a;

-- Amounts that are none.
SELECT cashflow_agg('2024-01-01', 'NaN'::float8);
SELECT cashflow_agg('2024-01-01', '-Infinity'::float8);
SELECT cashflow_agg('2024-01-01', 'NaN'::numeric);
SELECT cashflow_agg('2024-01-01', 'Infinity'::numeric);
SELECT cashflow_agg('2024-01-01', 2.25e11::float8);
SELECT cashflow_agg('2024-01-01', 2.2500000001e11::float8);
SELECT cashflow_agg('2024-01-01', 922337203685477.58075);
SELECT cashflow_agg('2024-01-01', -1e30);
-- Sums beyond the range, in the aggregate and in merging.
SELECT cashflow_agg('2024-01-01', a) FROM unnest('{900000000000000, 100000000000000}'::numeric[]) a;
SELECT '2024-01 -900000000000000/1 1; 2024-02 +1/1 1+'::cashflow + '2024-01 -100000000000000/1 1'::cashflow;
SELECT rollup(c) FROM unnest('{2024-01 0/4294967295 1, 2024-01 0/1 1}'::cashflow[]) c;
-- Dates that are none.
SELECT cashflow_agg('infinity', 1.0);
SELECT cashflow_agg('-infinity', 1.0::float8);
SELECT cashflow_agg('0001-12-31 BC', 1.0);
SELECT cashflow_agg('10000-01-01', 1.0);
SELECT cashflow_agg(d, 1.0) FROM unnest('{0001-01-01, 9999-12-31}'::date[]) d;

-- Merging: NULL is unknown to +, and ignored by rollup.
SELECT '2024-03 +5/1 3+; 2024-05 0/1 1'::cashflow + '2023-12 -1/1 31; 2024-03 +1/1 -2.5/1 1+,9'::cashflow;
SELECT 'empty'::cashflow + '2024-03 +5/1 3+'::cashflow, 'empty'::cashflow + 'empty'::cashflow;
SELECT '2024-03 +5/1 3+'::cashflow + NULL;
SELECT rollup(c) FROM (VALUES ('2024-03 +5/1 3+'::cashflow), (NULL), ('empty'), ('2024-03 +1.5/1 4+')) v(c);
SELECT rollup(c), rollup(c) FILTER (WHERE c IS NOT NULL) FROM (VALUES (NULL::cashflow)) v(c);

-- Equality is that of values, and there is an order and a hash to go with it.
SELECT '2024-03 +5.0/1 3+'::cashflow = '2024-03  +05/1 3+', '2024-03 +5/1 3+'::cashflow <> '2024-03 +5/1 4+';
SELECT count(*), count(DISTINCT c) FROM (VALUES ('2024-03 +5/1 3+'::cashflow), ('2024-03 +5.00/1 3+'), ('empty')) v(c);
SELECT c FROM (VALUES ('empty'::cashflow)) v(c) UNION SELECT 'empty'::cashflow;
SELECT a < b, a <= b, a > b, a >= b, a = a, cashflow_cmp(a, b) = -cashflow_cmp(b, a), cashflow_cmp(a, a)
FROM (VALUES ('empty'::cashflow, '2024-03 +5/1 3+'::cashflow)) v(a, b);
SELECT cashflow_hash('2024-03 +5.0/1 3+') = cashflow_hash('2024-03 +5/1 3+'),
  cashflow_hash_extended('empty', 1) = cashflow_hash_extended('empty', 2);
-- The bytes are the same on every machine: version 1, reserved 0, one month,
-- 2024 * 12 + 2 months after the first of the calendar with inflow only, one
-- event of 500 cents, day 3, on which the last inflow was.
SELECT cashflow_send('2024-03 +5/1 3+'), get_byte(cashflow_send('2024-03 +5/1 3+'), 3) & 7 AS kinds;

-- Features, by hand: two harvests, each in October, 1000 and then 1500, spent
-- in the months after; one event after the window.
CREATE TEMP VIEW rice AS
SELECT '2022-10 +1000/1 5+; 2022-12 -400/2 1,20; 2023-10 +1500/1 10+; 2024-01 -600/1 31; 2024-10 +1/1 1+'::cashflow AS cf;
\x
-- Window 2022-10 to 2024-09. cv: mean 2500/24, sum of squares 1000^2 + 1500^2;
-- everything in October: concentration 1, peak 10. Last inflow 2023-10-10, 357
-- days before 2024-10-01; longest gap 2024-02-01 to 2024-09-30, 243 days, in
-- a leap year, or 2022-12-21 to 2023-10-09, 293 days, which is longer.
SELECT f.*, 2500 / 24.0::float8 AS mean_by_hand,
  sqrt((1000 ^ 2 + 1500 ^ 2 - 2500 ^ 2 / 24) / 23)::float8 / (2500 / 24.0::float8) AS cv_by_hand,
  ln(1.5::float8) AS growth_by_hand, date '2024-10-01' - date '2023-10-10' AS recency_by_hand,
  date '2023-10-10' - date '2022-12-20' - 1 AS gap_by_hand
FROM rice, cashflow_features(cf, '2024-10-15') f;
-- Nothing is known, nothing was seen yet, nothing came in.
SELECT f.* FROM cashflow_features('empty', '2024-10-15') f;
SELECT f.* FROM cashflow_features('2024-10 +1/1 1+', '2024-10-31') f;
SELECT f.* FROM cashflow_features('2022-10 -1/1 1; 2024-09 -1/1 30', '2024-10-31') f;
\x

-- A column is NULL exactly where the window is too short for it.
WITH c AS (
  SELECT string_agg(to_char(m, 'YYYY-MM') || ' +' || extract(month FROM m) || '/1 1+', '; ' ORDER BY m)::cashflow AS cf
  FROM generate_series(timestamp '2020-01-01', '2023-12-01', '1 month') m
)
SELECT n, f.months_observed AS observed, f.inflow_mean IS NULL AS mean, f.inflow_cv IS NULL AS cv,
  f.seasonal_concentration IS NULL AS concentration, f.peak_month IS NULL AS peak,
  f.inflow_trend IS NULL AS trend, f.seasonal_strength IS NULL AS strength,
  f.same_season_growth IS NULL AS growth, f.new_income IS NULL AS new, f.lost_income IS NULL AS lost
FROM c, unnest('{1, 5, 6, 11, 12, 17, 18, 23, 24, 48, 1200}'::int[]) n, cashflow_features(cf, '2024-01-01', n) f
ORDER BY n;

-- Income found and lost; even income has a concentration of exactly 0 and
-- therefore no peak; a straight line leaves no variance to explain.
SELECT f.new_income, f.lost_income, f.same_season_growth
FROM (VALUES ('2022-01 0/1 1; 2023-05 +1/1 1+'::cashflow), ('2022-01 +1/1 1+; 2023-05 0/1 1'), ('2022-01 0/1 1; 2023-12 0/1 1'),
  ('2022-01 +2/1 1+; 2023-12 +2/1 1+')) v(cf), cashflow_features(cf, '2024-01-01') f;
SELECT f.seasonal_concentration, f.peak_month, f.seasonal_strength, f.inflow_cv, f.inflow_trend, f.largest_month_share * 24 AS share
FROM (SELECT string_agg(to_char(m, 'YYYY-MM') || ' +0.1/1 1+', '; ' ORDER BY m)::cashflow AS cf
  FROM generate_series(timestamp '2022-01-01', '2023-12-01', '1 month') m) c, cashflow_features(cf, '2024-01-01') f;
-- The same twelve amounts each year: the months explain all that the trend leaves.
SELECT round(f.seasonal_strength::numeric, 9) AS strength, f.inflow_trend, f.same_season_growth
FROM (SELECT string_agg(to_char(m, 'YYYY-MM') || ' +' || 1 + extract(month FROM m)::int * extract(month FROM m)::int || '/1 1+', '; ' ORDER BY m)::cashflow AS cf
  FROM generate_series(timestamp '2022-01-01', '2023-12-01', '1 month') m) c, cashflow_features(cf, '2024-01-01') f;
-- All money in one month of the year: the peak is that month.
SELECT m, round(f.peak_month::numeric, 9) AS peak, round(f.seasonal_concentration::numeric, 9) AS concentration
FROM generate_series(1, 12) m,
  cashflow_features((format('2023-%s +7/1 1+', to_char(m, 'FM00')))::cashflow + '2023-01 0/1 1; 2023-12 0/1 1'::cashflow, '2024-01-01') f;

SELECT cashflow_features(NULL, '2024-01-01'), cashflow_features('empty', NULL), cashflow_features('empty', '2024-01-01', NULL);
SELECT cashflow_features('empty', 'infinity');
SELECT cashflow_features('empty', '10000-01-01');
SELECT cashflow_features('empty', '2024-01-01', 0);
SELECT cashflow_features('empty', '2024-01-01', 1201);
SELECT (cashflow_features('0001-01 +1/1 1+', '0001-03-01', 1200)).months_observed;

-- cashflow_by: the groups of a query.
SELECT * FROM cashflow_by('SELECT farmer, paid_on, amount FROM event') ORDER BY key;
SELECT * FROM cashflow_by('SELECT farmer::smallint, paid_on, amount::float8 FROM event', null::integer) ORDER BY key;
SELECT * FROM cashflow_by($$ VALUES ('b'::varchar, date '2024-01-01', 1.0), (NULL, '2024-01-02', -1), ('', '2024-01-03', 1), ('b', '2024-02-29', 2) $$, null::text) ORDER BY key COLLATE "C";
SELECT * FROM cashflow_by($$ VALUES ('a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid, date '2024-01-01', 1.0::float8) $$, null::uuid);
SELECT * FROM cashflow_by('SELECT farmer, paid_on, amount FROM event WHERE false');
SELECT * FROM cashflow_by(NULL) a, cashflow_by(NULL, null::text) b;
SELECT * FROM cashflow_by('');
SELECT * FROM cashflow_by('farmers, please');
SELECT * FROM cashflow_by('CREATE TABLE made (i int)');
SELECT * FROM cashflow_by('DELETE FROM event RETURNING farmer, paid_on, amount');
SELECT * FROM cashflow_by('SELECT 1, current_date, 1.0; SELECT 1, current_date, 1.0');
SELECT * FROM cashflow_by('SELECT farmer, paid_on FROM event');
SELECT * FROM cashflow_by('SELECT farmer, paid_on::timestamp, amount FROM event');
SELECT * FROM cashflow_by('SELECT farmer, paid_on, amount::int FROM event');
SELECT * FROM cashflow_by('SELECT farmer::numeric, paid_on, amount FROM event');
SELECT * FROM cashflow_by('SELECT farmer::bigint, paid_on, amount FROM event', null::int);
SELECT * FROM cashflow_by('SELECT farmer, paid_on, amount FROM event', null::text);
SELECT * FROM cashflow_by('SELECT farmer, paid_on, amount FROM event', null::numeric);
SELECT * FROM cashflow_by($$ SELECT 1, date '2024-01-01', 'NaN'::float8 $$);
SELECT * FROM cashflow_by($$ SELECT 1, date 'infinity', 1.0 $$);
SELECT * FROM cashflow_by($$ SELECT 1, date '2024-01-01', 900000000000000.0 FROM generate_series(1, 2) $$);
SELECT * FROM cashflow_by($$ SELECT repeat('x', 9000), date '2024-01-01', 1.0 $$, null::text);
