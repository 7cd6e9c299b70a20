-- Outcomes, dates, classes and keys as people have them: each form gives the same value, or an error that says the way out.
SET search_path = agririsk, public;
\pset null '(null)'

-- ---------- outcomes ----------

CREATE DOMAIN flag AS integer CHECK (value IN (0, 1));
CREATE TABLE loan AS
SELECT i AS id, (i * 7919 % 1000) / 1000.0 AS pd, CASE WHEN i % 50 > 0 THEN (i * 7919 % 1000) / 1000.0 > (i * 104729 % 997) / 997.0 END AS bad FROM generate_series(1, 2000) i;
-- One row per form of 0, 1 and NULL; every aggregate gives what it gives of booleans.
CREATE FUNCTION pg_temp.differ(form text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  answer text;
BEGIN
  EXECUTE replace($q$
    SELECT concat_ws(' ', CASE WHEN roc_agg(pd, x) = roc_agg(pd, bad) AND roc_agg(pd, x, id) = roc_agg(pd, bad, id) THEN NULL ELSE 'roc_agg' END,
      CASE WHEN roc_metrics(pd, x) = roc_metrics(pd, bad) AND roc_metrics(pd, x, id) = roc_metrics(pd, bad, id) THEN NULL ELSE 'roc_metrics' END,
      CASE WHEN roc_pair_agg(pd, id, x) = roc_pair_agg(pd, id, bad) THEN NULL ELSE 'roc_pair_agg' END,
      CASE WHEN calibration_agg(pd, x) = calibration_agg(pd, bad) AND calibration_agg(pd, x, id) = calibration_agg(pd, bad, id) THEN NULL ELSE 'calibration_agg' END,
      CASE WHEN optimal_bins(pd, x) = optimal_bins(pd, bad) AND optimal_bins(id % 7 = 0, x, NULL) = optimal_bins(id % 7 = 0, bad, NULL)
            AND optimal_bins((id % 5)::text, x, id, NULL) = optimal_bins((id % 5)::text, bad, id, NULL) THEN NULL ELSE 'optimal_bins' END,
      CASE WHEN fit_scorecard(x, t) = fit_scorecard(bad, t) AND fit_scorecard(x, t, '{"folds": 0}'::jsonb) = fit_scorecard(bad, t, '{"folds": 0}'::jsonb)
            AND fit_scorecard(x, t, 's'::text, '{"folds": 0}') = fit_scorecard(bad, t, 's'::text, '{"folds": 0}') THEN NULL ELSE 'fit_scorecard' END)
      FROM loan, LATERAL (SELECT bad::int::FORM AS x) f, LATERAL (SELECT pd AS p, id % 3 AS y) t $q$, 'FORM', form) INTO answer;
  RETURN answer;
END $$;
SET client_min_messages = warning;
SELECT form, pg_temp.differ(form) AS differ FROM unnest('{smallint,integer,bigint,numeric,real,double precision,flag,"numeric(3,2)",boolean}'::text[]) form;
RESET client_min_messages;
-- Untyped literals are read as booleans are; NULL is not known.
SELECT roc_agg(0.5, NULL), roc_agg(NULL, NULL), roc_agg(NULL, 1), roc_agg(0.5, 't'), roc_agg(0.5, '0'), roc_agg(0.5, NULL, NULL), roc_agg('0.5', '1', '2');
SELECT roc_agg(0.5, NULL::int), roc_agg(0.5, NULL::text), roc_agg(0.5, NULL::numeric), calibration_agg(0.5, NULL), roc_pair_agg(0.5, 0.5, NULL);

-- Within the aggregate rows are sorted, and told apart, as booleans and dates are.
SELECT roc_agg(pd, bad ORDER BY bad, pd) = roc_agg(pd, bad) AS sorted, roc_agg(DISTINCT (pd > 0.5)::int, bad) AS booleans, roc_agg(DISTINCT (pd > 0.5)::int, bad::int) AS integers FROM loan;
SELECT cashflow_agg(DISTINCT at, 5 ORDER BY at DESC) FROM (VALUES (date '2024-01-31'), ('2024-01-31'), ('2024-02-01')) v (at);
-- Another number, and words, are errors.
\set VERBOSITY default
SELECT roc_agg(0.5, 2);
SELECT roc_agg(0.5, -1::smallint);
SELECT roc_agg(0.5, 9223372036854775807);
SELECT calibration_agg(0.5, 0.5);
SELECT calibration_agg(0.5, 1.0000000000000000000001);
SELECT roc_metrics(0.5, 'NaN'::float8);
SELECT roc_metrics(0.5, 'NaN'::numeric);
SELECT roc_pair_agg(0.5, 0.5, '-Infinity'::real);
SELECT fit_scorecard(3, t) FROM (SELECT 1 AS x) t;
SELECT optimal_bins(1, 5);
SELECT roc_agg(0.5, 2::flag);
SELECT roc_agg(0.5, word::text) FROM (VALUES ('bad')) v (word);
SELECT calibration_agg(0.5, word::varchar) FROM (VALUES ('good')) v (word);
SELECT roc_metrics(0.5, word::char(7)) FROM (VALUES ('true')) v (word);
SELECT roc_pair_agg(0.5, 0.5, repeat('é', 100));
SELECT optimal_bins(1, 'pending');
SELECT fit_scorecard(word, t) FROM (SELECT 'bad'::text AS word, 1 AS x) t;
-- As the hint says.
SELECT roc_agg(0.5, word = 'bad'), roc_agg(0.5, CASE word WHEN 'bad' THEN true WHEN 'good' THEN false END) FROM (VALUES ('bad'), ('good'), ('pending')) v (word);

-- So are enums, in every aggregate that takes an outcome, whatever else it is given.
CREATE TYPE repaid AS ENUM ('good', 'bad');
CREATE TYPE class AS ENUM ('a', 'b');
CREATE FUNCTION pg_temp.refusal(aggregate text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  detail text;
BEGIN
  EXECUTE format($q$SELECT %s FROM (VALUES ('good'::repaid, NULL::repaid, 'b'::class)) v (y, nothing, c), LATERAL (SELECT 1 AS x) t$q$, aggregate);
  RETURN 'accepted';
EXCEPTION WHEN invalid_parameter_value THEN
  GET STACKED DIAGNOSTICS detail = pg_exception_detail;
  RETURN detail;
END $$;
SELECT a AS aggregate, pg_temp.refusal(a) AS refusal
  FROM unnest('{"roc_agg(1, y)","roc_agg(0.5, y, x)","roc_agg(NULL, nothing)","roc_agg(1, y ORDER BY y) FILTER (WHERE x = 1)",
    "roc_metrics(1, y)","roc_metrics(1, y, x::smallint)","roc_pair_agg(1, 2, y)","calibration_agg(0.5, y)","calibration_agg(0.5, y, x)",
    "optimal_bins(x, y)","optimal_bins(c, y, NULL)","optimal_bins(''a'', y, x, ''{}'')","optimal_bins(y, y)",
    "fit_scorecard(y, t)","fit_scorecard(y, t, fit_options())","fit_scorecard(y, t, ''5101''::text)","fit_scorecard(y, t, ''5101'', fit_options())"}'::text[]) a;
SELECT a.oid::regprocedure AS "takes an outcome, but no enum" FROM pg_proc a, generate_series(0, a.pronargs - 1) i
 WHERE a.pronamespace = 'agririsk'::regnamespace AND a.prokind = 'a' AND a.proargtypes[i] = 'binary_outcome'::regtype
   AND NOT EXISTS (SELECT FROM pg_proc e WHERE e.proname = a.proname AND e.pronargs = a.pronargs AND e.proargtypes[i] = 'anyenum'::regtype);
SELECT roc_agg(0.5, y) FROM (VALUES ('good'::repaid)) v (y);
-- A feature of an enum type may still be binned.
SELECT optimal_bins(c, y = 'bad')::jsonb -> 'bins' AS bins FROM (VALUES ('a'::class, 'good'::repaid), ('a', 'bad')) v (c, y);

-- ---------- dates ----------

SELECT cashflow_agg(at::date, 5) = cashflow_agg(at, 5) AS "timestamp", cashflow_agg(at::date, 5.25) = cashflow_agg(at, 5.25) AS "numeric", cashflow_agg(at, 5)
  FROM (VALUES (timestamp '2024-01-31 23:59:59.999999'), ('2024-02-01 00:00:00'), (NULL)) v (at);
SELECT cashflow_agg('2024-01-31', 5), cashflow_agg(NULL, 5), cashflow_agg(NULL, NULL), cashflow_agg(NULL::timestamptz, 5);
SET timezone = 'UTC';
SET datestyle = 'ISO';
SELECT cashflow_agg(timestamptz '2024-01-31 20:00:00+00', 5);
SELECT cashflow_agg((timestamptz '2024-01-31 20:00:00+00' AT TIME ZONE 'Asia/Shanghai')::date, 5);
SELECT cashflow_agg(timestamp 'infinity', 5);
SELECT cashflow_agg('yesterday, perhaps', 5);

-- Drivers that send parameters in binary send those of boolean and date.
CREATE TEMP TABLE sent (bad binary_outcome, on_date calendar_day);
\copy (SELECT true, date '2024-01-31') TO PROGRAM 'cat > "${TMPDIR:-/tmp}/agririsk-arguments-$PPID"' (FORMAT binary)
\copy sent FROM PROGRAM 'cd "${TMPDIR:-/tmp}" && cat agririsk-arguments-$PPID && rm agririsk-arguments-$PPID' (FORMAT binary)
SELECT *, encode(binary_outcome_send(bad), 'hex') AS bad_sent, calendar_day_send(on_date) = date_send(on_date) AS date_sent FROM sent;

-- ---------- classes and names ----------

CREATE TYPE crop AS ENUM ('rice', 'tea');
SELECT confusion_agg(t, p) = confusion_agg(t::text, p::text) AS enums, confusion_agg(t = 'tea', p = 'tea') AS booleans, confusion_agg(length(t::text), length(p::text)) AS integers,
       confusion_agg(t, p::text) = confusion_agg(t::text, p::text) AS mixed, confusion_agg(t, p, 1::smallint) AS stratum, confusion_agg(t, p, true, 3) AS weighed
  FROM (VALUES ('rice'::crop, 'rice'::crop), ('rice', 'tea'), ('tea', NULL)) v (t, p);
SELECT confusion_agg(1, NULL), confusion_agg(NULL, NULL), confusion_agg('a', NULL), confusion_agg('rice'::varchar, 'rice'::char(9)), confusion_agg('a'::name, 'a');
SELECT distribution_agg(c), distribution_agg(c = 'tea') AS booleans, distribution_agg(c, 2) AS weighed FROM (VALUES ('rice'::crop), ('tea'), ('tea'), (NULL)) v (c);
SELECT distribution_agg(1::smallint), distribution_agg(1.5), distribution_agg(NULL), distribution_agg('a'::varchar), distribution_agg('a'::name);
SELECT confusion_agg(1.5, 1);
SELECT confusion_agg(1, 'a');
SELECT distribution_agg(date '2024-01-01');

-- ---------- keys ----------

SELECT concentration_agg(k::smallint, 1) = concentration_agg(k::text, 1) AS "smallint", concentration_agg(k::int, 1) = concentration_agg(k::text, 1) AS "integer", concentration_agg(k, 1) = concentration_agg(k::text, 1) AS "bigint",
       concentration_agg(k::varchar, 1) = concentration_agg(k::text, 1) AS "varchar", concentration_agg(md5(k::text)::uuid, 1) = concentration_agg(md5(k::text)::uuid::text, 1) AS uuid, concentration_agg(NULL, 1) AS "null"
  FROM generate_series(1, 9::bigint) k;
SELECT concentration_agg(NULL::uuid, 1), concentration_agg('00000000-0000-0000-0000-00000000000a'::uuid, NULL), concentration_agg('00000000-0000-0000-0000-00000000000A'::uuid, 2);

DROP TABLE loan;
