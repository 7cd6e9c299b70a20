-- Type cashflow: properties. Random events of a thousand farmers, the same in
-- each run; what must hold whatever the rows, their order, their split, the
-- plan, the memory and the workers.
\set QUIET on
\pset format unaligned
\pset tuples_only on
SET client_min_messages = warning;
SET search_path = agririsk, public;
BEGIN;
SELECT plan(54);

-- Rows are hashed from their number, so that they are the same in each run.
CREATE FUNCTION pg_temp.draw(i int, what text, n int) RETURNS int LANGUAGE sql IMMUTABLE AS
  'SELECT mod(hashtext(what || i)::bigint + 2147483648, n)::int';
CREATE TABLE event AS
SELECT i,
  CASE WHEN i % 97 > 0 THEN pg_temp.draw(i, 'farmer', 1000) END AS farmer,
  CASE WHEN i % 89 > 0 THEN date '2020-01-15' + pg_temp.draw(i, 'day', 1500) END AS paid_on,
  CASE WHEN i % 83 > 0 THEN (pg_temp.draw(i, 'amount', 4000000) - 1000000) / 1000.0 END AS amount
FROM generate_series(1, 30000) i;
-- Farmers of whom nothing counts.
INSERT INTO event VALUES (-1, -1, NULL, 1), (-2, -2, '2024-01-01', NULL);
ANALYZE event;

CREATE TABLE farmer AS
SELECT farmer, cashflow_agg(paid_on, amount) AS cf FROM event GROUP BY farmer;

SELECT is((SELECT count(*) FROM farmer WHERE cf IS NULL), 2::bigint, 'without a countable row there is no cash flow');

-- Against plain SQL.
SELECT results_eq(
  'SELECT farmer, m.* FROM farmer, months(cf) m ORDER BY 1, 2',
  $$ SELECT farmer, date_trunc('month', paid_on)::date, coalesce(sum(a) FILTER (WHERE a > 0), 0), coalesce(-sum(a) FILTER (WHERE a < 0), 0),
       count(*) FILTER (WHERE a > 0), count(*) FILTER (WHERE a < 0), count(DISTINCT paid_on)::int
     FROM (SELECT *, round(amount, 4) AS a FROM event WHERE paid_on IS NOT NULL AND amount IS NOT NULL) e
     GROUP BY 1, 2 ORDER BY 1, 2 $$,
  'months are the sums, counts and days of GROUP BY month');

-- A portrait in plain SQL, the way it is defined and not the way it is done.
CREATE FUNCTION pg_temp.plain(wanted int, as_of date, months int) RETURNS SETOF cashflow_portrait LANGUAGE sql AS $$
  WITH evt AS (
    SELECT paid_on AS d, round(amount, 4)::float8 AS a FROM event
    WHERE farmer IS NOT DISTINCT FROM wanted AND paid_on IS NOT NULL AND amount IS NOT NULL),
  win AS (
    SELECT date_trunc('month', as_of)::date AS stop, min(d) AS first,
      greatest(date_trunc('month', min(d)), date_trunc('month', as_of) - months * interval '1 month')::date AS start
    FROM evt),
  mon AS (
    SELECT m::date AS m, row_number() OVER (ORDER BY m) - 1 AS t, coalesce(sum(a) FILTER (WHERE a > 0), 0) AS i,
      coalesce(-sum(a) FILTER (WHERE a < 0), 0) AS o, count(a) FILTER (WHERE a > 0) AS ic, count(a) AS c, count(DISTINCT d) AS days
    FROM win, generate_series(start::timestamp, stop - interval '1 day', '1 month') m
    LEFT JOIN evt ON date_trunc('month', d) = m GROUP BY m),
  tot AS (
    SELECT count(*)::int AS n, sum(i) AS i, sum(o) AS o, sum(ic) AS ic, coalesce(max(t), -1) AS last FROM mon),
  part AS (
    SELECT sum(mon.i * cosd(a)) AS x, sum(mon.i * sind(a)) AS y, sum(mon.i) AS whole
    FROM mon, tot, LATERAL (SELECT 30 * (extract(month FROM m) - 1)::float8 AS a) angle WHERE t >= n % 12 AND n >= 12),
  circle AS (SELECT sqrt(x ^ 2 + y ^ 2) / whole AS r, atan2d(y, x) / 30 AS p FROM part WHERE whole > 0),
  -- Frisch, Waugh and Lovell: regr_* of what is left after the month's mean.
  rest AS (
    SELECT i, t, i - avg(i) OVER w AS ri, t - avg(t) OVER w AS rt FROM mon WINDOW w AS (PARTITION BY extract(month FROM m))),
  strength AS (
    SELECT greatest(0, 1 - (regr_syy(ri, rt) - regr_sxy(ri, rt) ^ 2 / regr_sxx(ri, rt)) / (count(*) - 13)
      / ((regr_syy(i, t) - regr_sxy(i, t) ^ 2 / regr_sxx(i, t)) / (count(*) - 2))) AS s
    FROM rest HAVING count(*) >= 24 AND max(i) > 0),
  year AS (SELECT t, sum(i) OVER (ORDER BY t ROWS 11 PRECEDING) AS s FROM mon),
  sums AS (SELECT t, ln(s) AS l FROM year WHERE t >= 11 AND s > 0),
  trend AS (
    SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY (b.l - a.l) / (b.t - a.t)) AS slope
    FROM sums a JOIN sums b ON a.t < b.t HAVING (SELECT count(*) FROM sums) >= 7),
  season AS (
    SELECT (SELECT s FROM year, tot WHERE t = last) AS s1, (SELECT s FROM year, tot WHERE t = last - 12) AS s0 FROM tot WHERE n >= 24),
  gap AS (
    SELECT max(d - coalesce(before, greatest(start, first) - 1) - 1) AS days
    FROM win, (SELECT d, lag(d) OVER (ORDER BY d) AS before FROM (
      SELECT d FROM evt, win WHERE d >= start AND d < stop UNION SELECT stop FROM win) x) y WHERE first < stop)
  SELECT n, (SELECT count(*)::int FROM mon WHERE c > 0), (SELECT count(*)::int FROM mon WHERE i = 0),
    (SELECT count(*)::int FROM mon WHERE o > i), (SELECT count(*) FROM evt, win WHERE d >= stop),
    i, o, i / n, (SELECT CASE WHEN n >= 6 AND avg(mon.i) > 0 THEN stddev_samp(mon.i) / avg(mon.i) END FROM mon), (i - o) / nullif(i, 0),
    (SELECT r FROM circle), (SELECT 1 + p + CASE WHEN p < 0 THEN 12 ELSE 0 END FROM circle WHERE r >= 0.1), (SELECT s FROM strength),
    (SELECT slope FROM trend), (SELECT ln(s1 / s0) FROM season WHERE s0 > 0 AND s1 > 0),
    (SELECT s0 = 0 AND s1 > 0 FROM season), (SELECT s1 = 0 AND s0 > 0 FROM season), (SELECT max(mon.i) FROM mon) / nullif(i, 0),
    (SELECT max(stop) - max(d) FROM win, evt WHERE d < stop AND a > 0), (SELECT days FROM gap), (SELECT sum(days)::float8 / n FROM mon),
    ic::float8 / n, i / nullif(ic, 0)
  FROM tot $$;
CREATE FUNCTION pg_temp.differing(as_of date, months int) RETURNS SETOF text LANGUAGE sql AS $$
  SELECT farmer || ' ' || a.key || ': ' || a.value || ', not ' || b.value
  FROM (SELECT * FROM farmer WHERE farmer < 60) f, cashflow_features(cf, as_of, months) mine,
    LATERAL (SELECT * FROM pg_temp.plain(farmer, as_of, months)) plain,
    jsonb_each(to_jsonb(mine)) a JOIN jsonb_each(to_jsonb(plain)) b USING (key)
  WHERE cf IS NOT NULL AND CASE WHEN jsonb_typeof(a.value) = 'number' AND jsonb_typeof(b.value) = 'number'
    THEN abs(a.value::float8 - b.value::float8) > 1e-9 * greatest(1, abs(b.value::float8)) ELSE a.value <> b.value END $$;
SELECT is_empty(format('SELECT pg_temp.differing(%L, %s)', d, n), format('the portrait at %s of %s months agrees with plain SQL', d, n))
FROM (VALUES ('2024-06-01', 24), ('2023-03-31', 24), ('2022-12-15', 24), ('2021-06-01', 18), ('2020-09-01', 7), ('2020-03-01', 1), ('2030-01-01', 1200), ('2020-01-31', 24)) v(d, n);

-- Order and split.
SELECT is_empty(
  'SELECT farmer, cashflow_agg(paid_on, amount) FROM (SELECT * FROM event ORDER BY amount, i) e GROUP BY farmer EXCEPT SELECT * FROM farmer',
  'any order of rows gives the same value');
SELECT is_empty(
  'SELECT farmer, cashflow_agg(paid_on, amount::float8) FROM event GROUP BY farmer EXCEPT SELECT * FROM farmer',
  'float8 amounts with few decimals give the same value as numeric');
SELECT is_empty(format(
  'SELECT farmer, rollup(c) FROM (SELECT farmer, cashflow_agg(paid_on, amount) AS c FROM event GROUP BY farmer, %s) p GROUP BY farmer EXCEPT SELECT * FROM farmer', split),
  'rolled up by ' || split || ' is the whole')
FROM unnest('{i % 2, i % 7, paid_on, amount > 0, i}'::text[]) split;
SELECT is((SELECT rollup(cf) FROM farmer), (SELECT cashflow_agg(paid_on, amount) FROM event), 'all farmers rolled up are all events');
SELECT is((SELECT rollup(cf ORDER BY farmer DESC) FROM farmer), (SELECT rollup(cf ORDER BY cf) FROM farmer), 'rollup does not depend on order');
SELECT ok(bool_and(a.cf + b.cf = b.cf + a.cf AND (a.cf + b.cf) + c.cf = a.cf + (b.cf + c.cf) AND a.cf + 'empty' = a.cf),
  '+ is commutative and associative, and empty is its zero')
FROM farmer a, farmer b, farmer c WHERE a.farmer < 8 AND b.farmer BETWEEN 100 AND 108 AND c.farmer BETWEEN 200 AND 208;

-- Plans. Workers get whole blocks of the table, and some see no rows at all.
SET LOCAL parallel_setup_cost = 0;
SET LOCAL parallel_tuple_cost = 0;
SET LOCAL min_parallel_table_scan_size = 0;
SET LOCAL max_parallel_workers_per_gather = 4;
ALTER TABLE event SET (parallel_workers = 4);
\ir include/plans.sql
SELECT matches(pg_temp.plan_of('SELECT cashflow_agg(paid_on, amount) FROM event'), 'Partial Aggregate', 'cashflow_agg goes parallel');
SELECT matches(pg_temp.plan_of('SELECT rollup(cf) FROM farmer'), 'Partial Aggregate', 'rollup goes parallel');
-- A query with a pgTAP function in it would not go parallel: answers first.
CREATE TEMP TABLE whole AS SELECT cashflow_agg(paid_on, amount) AS cf FROM event;
CREATE TEMP TABLE rolled AS SELECT rollup(cf) AS cf FROM farmer;
CREATE TEMP TABLE one_row AS SELECT cashflow_agg(paid_on, amount) AS cf FROM event WHERE i = 5;
CREATE TEMP TABLE no_row AS SELECT cashflow_agg(paid_on, amount) AS cf FROM event WHERE i = 0;
CREATE TEMP TABLE ignored AS SELECT cashflow_agg(paid_on, amount) AS cf FROM event WHERE i < 0;
CREATE TEMP TABLE grouped AS SELECT farmer, cashflow_agg(paid_on, amount) AS cf FROM event GROUP BY farmer;
SET LOCAL max_parallel_workers_per_gather = 0;
SELECT is(cf, (SELECT cashflow_agg(paid_on, amount) FROM event), 'cashflow_agg of several workers is that of one') FROM whole;
SELECT is(cf, (SELECT cashflow_agg(paid_on, amount) FROM event), 'rollup of several workers is the whole') FROM rolled;
SELECT is(cf::text, (SELECT format('%s %s/1 %s', to_char(paid_on, 'YYYY-MM'), trim_scale(amount), extract(day FROM paid_on)) FROM event WHERE i = 5),
  'one row, seen by one worker of several') FROM one_row;
SELECT is(cf, NULL, 'no rows, seen by several workers') FROM no_row;
SELECT is(cf, NULL, 'rows that do not count, seen by several workers') FROM ignored;
SELECT is_empty('SELECT * FROM grouped EXCEPT SELECT * FROM farmer', 'groups of several workers agree');

-- A thousand groups in one HashAggregate of hardly any memory; sorted instead;
-- as a window, where the state goes on after a result was taken.
SET LOCAL work_mem = '64kB';
SET LOCAL enable_sort = off;
SELECT is_empty('SELECT farmer, cashflow_agg(paid_on, amount) FROM event GROUP BY farmer EXCEPT SELECT * FROM farmer', 'a thousand groups in 64 kB, hashed');
RESET enable_sort;
SET LOCAL enable_hashagg = off;
SELECT is_empty('SELECT farmer, cashflow_agg(paid_on, amount) FROM event GROUP BY farmer EXCEPT SELECT * FROM farmer', 'a thousand groups in 64 kB, sorted');
RESET enable_hashagg;
SELECT is_empty($$
  SELECT * FROM (SELECT i, cashflow_agg(paid_on, amount) OVER (ORDER BY i) AS running FROM event WHERE farmer = 7) w
  WHERE running IS DISTINCT FROM (SELECT cashflow_agg(paid_on, amount) FROM event e WHERE farmer = 7 AND e.i <= w.i) $$,
  'a running window gives each row the cash flow so far');
SELECT is_empty($$
  SELECT farmer FROM (SELECT farmer, cashflow_agg(paid_on, amount) AS cf, cashflow_features(cashflow_agg(paid_on, amount), '2024-01-01') AS f FROM event GROUP BY farmer) e
  WHERE f IS DISTINCT FROM cashflow_features(cf::text::cashflow, '2024-01-01') $$,
  'features of an aggregate are those of the stored value');
SELECT is((SELECT count(*) FROM (SELECT cashflow_agg(paid_on, amount) AS cf FROM event GROUP BY farmer OFFSET 0) a WHERE cf IN (SELECT cf FROM farmer)), 1001::bigint,
  'results of the aggregate hash and compare like stored ones');

-- cashflow_by is GROUP BY, in 64 kB as well as in memory.
SELECT is_empty('SELECT * FROM cashflow_by(''SELECT farmer, paid_on, amount FROM event'', null::int) EXCEPT SELECT * FROM farmer', 'cashflow_by is GROUP BY, in 64 kB');
SELECT is((SELECT count(*) FROM cashflow_by('SELECT farmer, paid_on, amount FROM event')), 1003::bigint, 'and has all groups once');
SELECT is_empty($$ SELECT key, cf FROM cashflow_by('SELECT farmer::text || repeat('' '', farmer % 50), paid_on, amount FROM event', null::text)
  EXCEPT SELECT farmer::text || repeat(' ', farmer % 50), cf FROM farmer $$, 'with text keys of any length');
SELECT is_empty($$ SELECT key, cf FROM cashflow_by('SELECT md5(farmer::text)::uuid, paid_on, amount FROM event', null::uuid)
  EXCEPT SELECT md5(farmer::text)::uuid, cf FROM farmer $$, 'with uuid keys');
SELECT is((SELECT array_agg(cf) FROM cashflow_by('SELECT 1, paid_on, amount FROM event')), (SELECT array_agg(c) FROM (SELECT cashflow_agg(paid_on, amount) c FROM event) x), 'with one key for all, in 64 kB');
SELECT is((SELECT array_agg(cf) FROM cashflow_by('SELECT null::text, paid_on, amount FROM event', null::text)), (SELECT array_agg(c) FROM (SELECT cashflow_agg(paid_on, amount) c FROM event) x), 'with the NULL key for all, in 64 kB');
RESET work_mem;
SELECT is_empty('SELECT * FROM cashflow_by(''SELECT farmer, paid_on, amount FROM event'', null::int) EXCEPT SELECT * FROM farmer', 'cashflow_by is GROUP BY, in memory');
SET LOCAL max_parallel_workers_per_gather = 4;
SELECT is_empty('SELECT * FROM cashflow_by(''SELECT farmer, paid_on, amount FROM event'', null::int) EXCEPT SELECT * FROM farmer', 'cashflow_by is GROUP BY, over a parallel scan');
SET LOCAL max_parallel_workers_per_gather = 0;
SAVEPOINT before_error;
SELECT throws_ok($$ SELECT count(*) FROM cashflow_by('SELECT i, paid_on, CASE WHEN i = 29999 THEN ''NaN'' ELSE amount END FROM event') $$, '22023',
  'amount of a cash flow must be a finite number', 'an error late in the rows');
ROLLBACK TO before_error;

-- Round trips.
SELECT is_empty('SELECT * FROM farmer WHERE cf::text::cashflow <> cf OR cf::text::cashflow::text <> cf::text', 'text gives the value back');
CREATE TEMP TABLE copied (LIKE farmer);
\copy farmer TO PROGRAM 'cat > ${TMPDIR:-/tmp}/agririsk-cashflow.$PPID' (FORMAT binary)
\copy copied FROM PROGRAM 'cat ${TMPDIR:-/tmp}/agririsk-cashflow.$PPID; rm ${TMPDIR:-/tmp}/agririsk-cashflow.$PPID' (FORMAT binary)
SELECT is_empty('SELECT * FROM copied EXCEPT SELECT * FROM farmer', 'COPY BINARY gives the value back');
SELECT is((SELECT count(*) FROM copied), 1003::bigint, 'all of them');

-- Any bytes are refused, or are the ones that are sent back.
CREATE TEMP TABLE received (cf cashflow);
CREATE FUNCTION pg_temp.receive(bytes bytea) RETURNS text LANGUAGE plpgsql AS $$
  DECLARE
    message bytea := 'PGCOPY\012'::bytea || '\xff0d0a00' || '\x0000000000000000' || '\x0001' || int4send(length(bytes)) || bytes || '\xffff';
    octal text;
  BEGIN
    SELECT string_agg('\' || b / 64 || b / 8 % 8 || b % 8, '' ORDER BY i) INTO octal
    FROM generate_series(0, length(message) - 1) i, get_byte(message, i) b;
    DELETE FROM received;
    EXECUTE format('COPY received FROM PROGRAM %L (FORMAT binary)', 'printf ''' || octal || '''');
    RETURN CASE WHEN (SELECT cashflow_send(cf) = bytes FROM received) THEN 'same' ELSE 'changed' END;
  EXCEPTION WHEN invalid_binary_representation THEN RETURN 'refused';
  END $$;
CREATE TEMP TABLE sent AS SELECT cashflow_send('2024-03 +1200.5/3 -300/1 0/2 3,7+,21; 2024-04 +80/1 2+') AS bytes;
SELECT is(pg_temp.receive(bytes), 'same', 'a value as it was sent') FROM sent;
SELECT is(pg_temp.receive(''), 'refused', 'no bytes');
SELECT is_empty('SELECT n FROM sent, generate_series(0, length(bytes) - 1) n WHERE pg_temp.receive(substr(bytes, 1, n)) <> ''refused''', 'every truncation');
SELECT is_empty('SELECT n FROM sent, generate_series(0, length(bytes) - 1) n WHERE pg_temp.receive(set_byte(bytes, n, get_byte(bytes, n) # 128)) = ''changed''', 'every byte changed');
SELECT is(pg_temp.receive(bytes || '\x00'), 'refused', 'a byte too many') FROM sent;
SELECT is(pg_temp.receive(set_byte(bytes, 0, 2)), 'refused', 'a later version') FROM sent;
SELECT is(pg_temp.receive(set_byte(bytes, 1, 1)), 'refused', 'a reserved byte in use') FROM sent;

-- A cancelled cashflow_by leaves no file behind.
SET LOCAL work_mem = '64kB';
CREATE FUNCTION pg_temp.run(query text) RETURNS text LANGUAGE plpgsql AS $$
  BEGIN
    EXECUTE query;
    RETURN 'finished';
  EXCEPTION WHEN query_canceled THEN RETURN 'cancelled';
  END $$;
SET LOCAL statement_timeout = '300ms';
SELECT is(pg_temp.run($$ SELECT count(*) FROM cashflow_by('SELECT i::bigint, date ''2024-01-01'', 1.0::float8 FROM event, generate_series(1, 100000) j') $$),
  'cancelled', 'a query of three billion rows ends when it is told to');
RESET statement_timeout;
SELECT is((SELECT count(*) FROM pg_ls_tmpdir() WHERE name LIKE 'pgsql_tmp' || pg_backend_pid() || '.%'), 0::bigint, 'and leaves no temporary file');
SELECT finish();
ROLLBACK;
