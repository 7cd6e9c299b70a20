-- What fit_scorecard refuses, drops and says.
SET search_path = agririsk, public;
\set VERBOSITY default

CREATE TABLE loan AS
SELECT x, x * 7 % 10 AS a, 5 AS c, NULL::float8 AS n, (x * 7919 % 100) < 20 + (x * 7 % 10) * 4 AS bad,
       'k' || x % 3 AS k, x % 4 = 0 AS agreed, CASE WHEN x % 50 = 0 THEN NULL ELSE x % 3 END AS w
  FROM generate_series(1, 2000) x;

-- Features that tell nothing are dropped, and said to be.
SELECT feature, level, dropped
  FROM (SELECT fit_scorecard(bad, t, fit_options(folds => 0)) AS card FROM loan, LATERAL (SELECT a, c, n) t) s, coefficients(card);
SELECT feature, dropped
  FROM (SELECT fit_scorecard(bad, t, fit_options(folds => 3, binning => '{"min_bads": 400}', feature_binning => '{"a": {"min_bads": 1}}')) AS card
          FROM loan, LATERAL (SELECT a, k) t) s, coefficients(card);
SELECT feature, level, dropped
  FROM (SELECT fit_scorecard(bad, t, fit_options(encoding => 'none', folds => 0)) AS card FROM loan, LATERAL (SELECT a, c, k) t) s, coefficients(card);
SELECT feature, dropped
  FROM (SELECT fit_scorecard(bad, t, fit_options(max_vif => 10, encoding => 'none', folds => 0)) AS card FROM loan, LATERAL (SELECT a, 2 * a + 1 AS b) t) s, coefficients(card);
SELECT feature, dropped
  FROM (SELECT fit_scorecard(bad, t, fit_options(min_iv => 0.02, folds => 0)) AS card FROM loan, LATERAL (SELECT a, k) t) s, coefficients(card);

-- Bins that are given: k1 and k2 apart, k0 in none; a cut beyond all values.
SELECT feature, label, n, bads
  FROM (SELECT fit_scorecard(bad, t, fit_options(folds => 0, binnings => '{"a": [3, 6, 100], "k": [["k2"], ["k1"]]}')) AS card FROM loan, LATERAL (SELECT a, k) t) s, bins(card)
 WHERE n IS NOT NULL;
SELECT a / 3 * 3 AS from_a, count(*), count(*) FILTER (WHERE bad) AS bads FROM loan GROUP BY 1 ORDER BY 1;
SELECT k, count(*), count(*) FILTER (WHERE bad) AS bads FROM loan GROUP BY 1 ORDER BY 1;

-- No fit.
SELECT fit_scorecard(t.x > 5, t, fit_options(encoding => 'none')) FROM generate_series(1, 10) x, LATERAL (SELECT x) t;
SELECT fit_scorecard(t.x > 5, t, fit_options(encoding => 'none', separation => 'warning')) IS NULL FROM generate_series(1, 10) x, LATERAL (SELECT x) t;
SELECT fit_scorecard(t.x % 7 = 0, t, fit_options(encoding => 'none')) FROM generate_series(1, 100) x, LATERAL (SELECT x, x % 2 = 0 AND x % 7 <> 0 AS z) t;
SELECT fit_scorecard(bad, t, fit_options(encoding => 'none')) FROM loan, LATERAL (SELECT a, 2 * a + 1 AS b, k) t;
SELECT fit_scorecard(bad, t) FROM loan, LATERAL (SELECT c, bad AS outcome) t;
SELECT fit_scorecard(false, t) FROM loan, LATERAL (SELECT a) t;
SELECT fit_scorecard(NULL, t) FROM loan, LATERAL (SELECT a) t;
SELECT fit_scorecard(bad, t, fit_options(encoding => 'none')) FROM loan, LATERAL (SELECT a, n) t;
SELECT fit_scorecard(bad, t) IS NULL FROM loan, LATERAL (SELECT a) t WHERE false;

-- Rows.
SELECT fit_scorecard(bad, ROW(a, c)) FROM loan;
SELECT fit_scorecard(bad, t) FROM loan, LATERAL (SELECT a, now() AS day) t;
SELECT fit_scorecard(bad, t) FROM loan, LATERAL (SELECT a, k, a) t;
SELECT fit_scorecard(bad, t, fit_options(encoding => 'none')) FROM loan, LATERAL (SELECT a * 1e-300::float8 AS a) t;
SELECT fit_scorecard(bad, t, fit_options(encoding => 'none')) FROM loan, LATERAL (SELECT a * 1e120::float8 AS a) t;
SELECT fit_scorecard(bad, t, fit_options(binning => '{"unseen": "error"}', binnings => '{"k": [["k1"], ["k2"]]}')) FROM loan, LATERAL (SELECT k) t;
-- Level d has no bin. Where half of the counties turn the feature round, the worst bin is not the same in all.
CREATE TABLE turned AS
SELECT x % 8 AS county, chr(97 + x / 8 % 4) AS k, x * 7919 % 1009 < 200 + 80 * (x / 8 % 4) * CASE WHEN x % 8 < 5 THEN 1 ELSE -1 END + CASE WHEN x % 8 < 5 THEN 0 ELSE 240 END AS bad
  FROM generate_series(1, 8000) x;
SELECT fit_scorecard(bad, t, county::text, fit_options(folds => 0, binning => '{"unseen": "worst"}', binnings => '{"k": [["a"], ["b"], ["c"]]}')) FROM turned, LATERAL (SELECT k) t;
SELECT bool_and(abs(mean - rate) < 1e-12)
  FROM (SELECT fit_scorecard(bad, t, county::text, fit_options(folds => 0, binnings => '{"k": [["a"], ["b"], ["c"]]}', long_run_rate => 0.2)) AS card FROM turned, LATERAL (SELECT k) t) s,
       LATERAL (SELECT avg(pd(card, turned, county::text)) AS mean, 0.2 AS rate FROM turned) m;
DROP TABLE turned;
-- A path of penalties does not depend on units.
SELECT feature, dropped
  FROM (SELECT fit_scorecard(bad, t, fit_options(encoding => 'none', selection => 'lasso', folds => 0)) AS card
          FROM loan, LATERAL (SELECT a, 1e5 * (x * 31 % 17) AS income) t) s, coefficients(card);
SELECT fit_scorecard(bad, t) FROM loan, LATERAL (SELECT CASE x WHEN 9 THEN 'Infinity'::float8 ELSE a END AS a) t;
SELECT fit_scorecard(bad, t, fit_options(weight_column => 'w')) FROM loan, LATERAL (SELECT a) t;
SELECT fit_scorecard(bad, t, fit_options(weight_column => 'w')) FROM loan, LATERAL (SELECT a, 0.5 AS w) t;
SELECT fit_scorecard(bad, t, fit_options(weight_column => 'w')) FROM loan, LATERAL (SELECT a, -1 AS w) t;
SELECT fit_scorecard(bad, t, fit_options(weight_column => 'w')) FROM loan, LATERAL (SELECT a, k AS w) t;
SELECT fit_scorecard(bad, t, fit_options(offset_column => 'o')) FROM loan, LATERAL (SELECT a, agreed AS o) t;
SELECT fit_scorecard(bad, t, fit_options(fold_key => 'h')) FROM loan, LATERAL (SELECT a, 0.5 AS h) t;
SELECT fit_scorecard(bad, t, fit_options(consent_columns => '{"k": ["a"]}')) FROM loan, LATERAL (SELECT a, k) t;
SELECT fit_scorecard(bad, t, fit_options(reasons => '{"b": "too much"}')) FROM loan, LATERAL (SELECT a) t;
SELECT fit_scorecard(bad, t, CASE WHEN x > 1000 THEN fit_options(folds => 2) END) FROM loan, LATERAL (SELECT a) t;
SELECT excluded
  FROM (SELECT fit_scorecard(CASE WHEN x % 10 = 0 THEN NULL ELSE bad END, t, fit_options(weight_column => 'w', folds => 0)) AS card
          FROM loan, LATERAL (SELECT a, w) t) s, fit_report(card);

-- Options.
SELECT fit_scorecard(bad, t, '{"fold": 3}'::jsonb) FROM loan, LATERAL (SELECT a) t;
SELECT fit_options(encoding => 'dummy');
SELECT fit_options(folds => 1);
SELECT fit_options(binning => '{"max_bin": 5}');
SELECT fit_options(feature_binning => '{"a": {"max_bins": 500}}');
SELECT fit_options(binnings => '{"a": 3}');
SELECT fit_options(binnings => '{"a": {"format": 9}}');
SELECT fit_options(binnings => '{"a": [3, 2]}');
SELECT fit_options(binnings => '{"k": [["k1", "k2"], ["k1"]]}');
SELECT fit_options(binnings => '{"k": []}');
SELECT fit_options(binnings => jsonb_build_object('a', (SELECT optimal_bins(a, bad) FROM loan)), feature_binning => '{"a": {"max_bins": 3}}');
SELECT fit_options(consent_columns => '{"yes": ["a"], "no": ["a"]}');
SELECT fit_options(selection => 'aic', ridge => 1);
SELECT fit_options(encoding => 'none', positive => true);
SELECT fit_options(encoding => 'none', feature_binning => '{"a": {"max_bins": 3}}');
SELECT fit_scorecard(bad, t, fit_options(parents => '{"k1": "k"}')) FROM loan, LATERAL (SELECT a) t;
SELECT fit_scorecard(bad, t, k, fit_options(ridge => 1)) FROM loan, LATERAL (SELECT a) t;
SELECT fit_options(long_run_rate => 4);
SELECT fit_scorecard(bad, t, fit_options(feature_binning => '{"k": {"special": [1]}}')) FROM loan, LATERAL (SELECT k) t;
SELECT fit_scorecard(bad, t, fit_options(binnings => jsonb_build_object('k', (SELECT optimal_bins(a, bad) FROM loan)))) FROM loan, LATERAL (SELECT k) t;
SELECT fit_options() AS nothing, fit_options(folds => 0, extra => '{"ridge": 2}') AS some;
SELECT fold(NULL::bigint, 5) IS NULL AS of_null, fold('a', 0);
-- A uuid is in the fold of its text form.
SELECT bool_and(fold(u, 7) = fold(u::text, 7)) AS same, count(DISTINCT fold(u, 7)) AS folds, fold(NULL::uuid, 7) FROM generate_series(1, 200) i, LATERAL (SELECT md5(i::text)::uuid AS u) k;
SELECT fit_scorecard(bad, t, fit_options(fold_key => 'u')) = fit_scorecard(bad, s, fit_options(fold_key => 'u')) AS same, fit_scorecard(bad, t, fit_options(fold_key => 'u')) <> fit_scorecard(bad, t, fit_options(ignore => '{u}')) AS heard
  FROM loan, LATERAL (SELECT md5(x::text)::uuid AS id) k, LATERAL (SELECT loan.a, id AS u) t, LATERAL (SELECT loan.a, id::text AS u) s;

-- A column of numbers so small that no card holds its coefficient.
SELECT fit_scorecard(bad, t, fit_options(encoding => 'none', folds => 0)) FROM loan, LATERAL (SELECT a * 1e-12 AS tiny) t;

DROP TABLE loan;
