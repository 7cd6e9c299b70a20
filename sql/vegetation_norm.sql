-- Type vegetation_norm, anomaly.
SET search_path = agririsk, public;
SET datestyle = ISO;

-- Five plots that are level, from 0.25 to 0.75: smoothing leaves them as they are.
CREATE TEMP TABLE plot AS SELECT i, vegetation_agg('2000-01-01'::date + day, 0.125 + i * 0.125) v FROM generate_series(1, 5) i, generate_series(1, 41, 10) day GROUP BY i;
CREATE TEMP TABLE norm AS SELECT vegetation_norm_agg(v) n FROM plot;
SELECT n FROM norm;
SELECT q.* FROM norm, quantiles(n) q LIMIT 1;
SELECT i, a.* FROM norm, plot, anomaly(v, n, '2000-01-20') a ORDER BY i;
-- Before the first observation, after the last one, and where the norm ends.
SELECT d, a.* FROM norm, plot, (VALUES ('2000-01-01'::date), ('2000-01-08'), ('2000-02-10'), ('2000-02-12')) v (d), anomaly(v, n, d) a WHERE i = 3;
-- Below and above all plots; equal plots.
SELECT (anomaly(vegetation_agg('2000-01-01'::date + day, x), n, '2000-01-20')).* FROM norm, (VALUES (0.1), (0.3), (0.9)) v (x), generate_series(1, 41, 10) day GROUP BY x, n::text, n ORDER BY 1;
SELECT (anomaly(v, n, '2000-01-20')).share_below FROM (SELECT vegetation_norm_agg(v) n, (array_agg(v))[1] v FROM plot WHERE i = 2) s;
-- Options, NULL, nothing.
SELECT vegetation_norm_agg(v, vegetation_norm_options(step_days => 20, lambda => 1)) FROM plot WHERE i < 3;
SELECT vegetation_norm_agg(v) FROM (VALUES (NULL::vegetation), ('{"observations": {}}')) s (v);
SELECT vegetation_norm_agg(NULL::vegetation) IS NULL AS "no series";
SELECT anomaly(v, NULL, '2000-01-20') IS NULL AS "no norm", anomaly('{"observations": {}}', n, '2000-01-20') FROM plot, norm WHERE i = 1;
SELECT vegetation_norm_agg(v, vegetation_norm_options(band => 2)) FROM plot;
SELECT vegetation_norm_options(step_days => 0);
SELECT vegetation_norm_options(lambda => -1);
SELECT vegetation_norm_options(extra => '{"x": 1}');
SELECT vegetation_norm_agg(v, vegetation_norm_options(lambda => i)) FROM plot;
-- The text form.
SELECT '{"step_days": 8, "band": 1, "lambda": 10, "series": 2, "dates": [["2000-01-09", 2, 0.1, 0.1, 0.1, 0.2, 0.3, 0.4, 0.5, 0.5, 0.6]]}'::vegetation_norm;
SELECT '{"step_days": 8, "band": 1, "lambda": 10, "series": 2, "dates": [["2000-01-10", 2, 0.1, 0.1, 0.1, 0.2, 0.3, 0.4, 0.5, 0.5, 0.6]]}'::vegetation_norm;
SELECT '{"step_days": 8, "band": 1, "lambda": 10, "series": 2, "dates": [["2000-01-09", 3, 0.1, 0.1, 0.1, 0.2, 0.3, 0.4, 0.5, 0.5, 0.6]]}'::vegetation_norm;
SELECT '{"step_days": 8, "band": 1, "lambda": 10, "series": 2, "dates": [["2000-01-09", 2, 0.1, 0.1, 0.1, 0.2, 0.1, 0.4, 0.5, 0.5, 0.6]]}'::vegetation_norm;
SELECT '{"step_days": 8, "band": 1, "lambda": 10, "series": 2, "dates": [["2000-01-09", 2, 0.1]]}'::vegetation_norm;
SELECT '{"step_days": 0, "band": 1, "lambda": 10, "series": 2, "dates": []}'::vegetation_norm;
