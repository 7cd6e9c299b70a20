-- Properties of weights that stand for parts of rows, and of the weights of
-- rejected applications.
BEGIN;
SET LOCAL client_min_messages = warning;
SELECT set_config('search_path', 'agririsk, ' || current_setting('search_path'), true) \g /dev/null
SELECT plan(17);

SELECT is((SELECT count(*) FROM generate_series(0, 100) i, generate_series(1, 8) u, unnest(ARRAY[1, 7, 100, 10000]) n, LATERAL (SELECT sum(weight) FILTER (WHERE bad) AS bads, sum(weight) FILTER (WHERE NOT bad) AS goods FROM parcel(i / 100.0, u / 4.0, n)) p
            WHERE bads + goods = n AND bads >= 0 AND goods >= 0 AND abs(bads - n * least(1, i / 100.0 * u / 4)) <= 0.5), 101 * 8 * 4::bigint, 'parcels are all parts, to half a part');
SELECT is((SELECT count(*) FROM generate_series(1, 500) i, unnest(ARRAY[1, 7, 100, 10000]) n WHERE abs(acceptance_weight(i / 500.0, n) - n * 500.0 / i) <= 0.5 + 1e-9), 500 * 4::bigint, 'weights of the accepted too');

-- ---------- a hundred hundredths are one ----------

-- A hash in [0, 1), the same on every machine.
CREATE FUNCTION pg_temp.u(VARIADIC part int[]) RETURNS float8 LANGUAGE sql IMMUTABLE AS
$$ SELECT ('x' || left(md5(part::text), 8))::bit(32)::bigint::float8 / 4294967296 $$;
-- Levels k3 and on are rare, and are pooled only as long as 50 rows are 50 rows; g3 and g4, of 1 and 4 bad
-- rows, as long as 5 are 5. Of g2 26 of 60 are bad, of g1 415 of 1000: 20 rows at the rate of all put g2 first.
CREATE TEMP TABLE loan AS
SELECT l.*, CASE WHEN nth <= CASE WHEN bad THEN 26 ELSE 34 END THEN 'g2' WHEN nth <= CASE WHEN bad THEN 441 ELSE 619 END THEN 'g1'
              WHEN nth <= CASE WHEN bad THEN 442 ELSE 718 END THEN 'g3' WHEN nth <= CASE WHEN bad THEN 446 ELSE 764 END THEN 'g4' ELSE 'g0' END AS g
  FROM (SELECT q.*, row_number() OVER (PARTITION BY bad ORDER BY i) AS nth FROM (
SELECT i, pg_temp.u(i, 1) AS a, round(pg_temp.u(i, 2)::numeric, 2) AS b, CASE WHEN i % 9 > 0 THEN pg_temp.u(i, 3) + pg_temp.u(i, 1) END AS c,
       'k' || CASE WHEN i % 20 = 0 THEN 3 + i / 20 % 5 ELSE i % 3 END AS k, pg_temp.u(i, 4) < 1 / (1 + exp(2 - 1.5 * pg_temp.u(i, 1) - 0.5 * pg_temp.u(i, 2) - 0.3 * (i % 3))) AS bad
  FROM generate_series(1, 3000) i) q) l;
CREATE TEMP TABLE tried (name text, options jsonb);
INSERT INTO tried VALUES
  ('woe', '{"binning": {"trend": "ascending"}}'), ('few bins', '{"binning": {"trend": "none", "min_bads": 60, "min_goods": 100}, "selection": "bic"}'),
  ('each its own', '{"binning": {"trend": "none", "min_bin_share": 0}, "feature_binning": {"a": {"trend": "ascending", "min_bads": 90}}, "positive": true}'),
  ('plain', '{"encoding": "none"}'), ('ridge', '{"encoding": "none", "ridge": 4, "standardize": true}'), ('lasso', '{"encoding": "none", "lasso": 3}'),
  ('aic', '{"encoding": "none", "selection": "aic"}'), ('bic', '{"encoding": "none", "selection": "bic"}'), ('path', '{"encoding": "none", "selection": "lasso"}'),
  ('calibrated', '{"encoding": "none", "long_run_rate": 0.1, "margin": 0.2}');
CREATE TEMP TABLE fitted AS
SELECT name, v.w, fit_scorecard(bad, t, options || jsonb_build_object('weight_column', 'w', 'weight_unit', 1.0 / v.w)) AS card
  FROM tried, loan, (VALUES (1), (100)) v (w), LATERAL (SELECT a, b, c, k, g, v.w) t GROUP BY name, v.w;
CREATE FUNCTION pg_temp.near(x float8, y float8) RETURNS boolean LANGUAGE sql IMMUTABLE AS
$$ SELECT x IS NOT DISTINCT FROM y OR abs(x - y) <= 1e-12 * greatest(1, abs(x)) $$;
CREATE TEMP TABLE pair AS SELECT name, o.card AS one, h.card AS hundred FROM fitted o JOIN fitted h USING (name) WHERE o.w = 1 AND h.w = 100;

SELECT is((SELECT count(DISTINCT name) FROM pair), 10::bigint, 'ten kinds of fits');
SELECT is((SELECT array_agg(DISTINCT name) FROM pair, coefficients(one) WITH ORDINALITY x FULL JOIN coefficients(hundred) WITH ORDINALITY y USING (ordinality)
            WHERE (x.feature, x.level, x.dropped) IS DISTINCT FROM (y.feature, y.level, y.dropped) OR NOT (pg_temp.near(x.coefficient, y.coefficient) AND pg_temp.near(x.se, y.se) AND pg_temp.near(x.vif, y.vif)
              AND pg_temp.near(x.iv, y.iv) AND pg_temp.near(x.out_of_fold_iv, y.out_of_fold_iv))), NULL, 'the same coefficients, errors, IV and VIF');
SELECT is((SELECT array_agg(DISTINCT name) FROM pair, covariance(one) WITH ORDINALITY x FULL JOIN covariance(hundred) WITH ORDINALITY y USING (ordinality) WHERE NOT pg_temp.near(x.covariance, y.covariance)), NULL, 'covariances');
SELECT is((SELECT array_agg(name) FROM pair, fit_report(one) x, fit_report(hundred) y
            WHERE NOT (pg_temp.near(x.log_likelihood, y.log_likelihood) AND pg_temp.near(x.null_log_likelihood, y.null_log_likelihood) AND pg_temp.near(x.aic, y.aic) AND pg_temp.near(x.bic, y.bic))), NULL, 'likelihoods, AIC and BIC');
SELECT is((SELECT array_agg(name) FROM pair, fit_report(one) x, fit_report(hundred) y
            WHERE NOT (pg_temp.near(x.log_loss, y.log_loss) AND pg_temp.near(x.out_of_fold_log_loss, y.out_of_fold_log_loss) AND pg_temp.near(x.auc, y.auc) AND pg_temp.near(x.out_of_fold_auc, y.out_of_fold_auc)
              AND x.ridge = y.ridge AND x.lasso = y.lasso AND pg_temp.near(x.shift, y.shift) AND pg_temp.near((one::jsonb #>> '{fit,lambda}')::float8, (hundred::jsonb #>> '{fit,lambda}')::float8))), NULL, 'losses, AUC, penalties and shift');
-- Variances of the AUC have n - 1, and n / 100 - 1 is not (n - 1) / 100.
SELECT is((SELECT array_agg(name) FROM pair, fit_report(one) x, fit_report(hundred) y WHERE NOT (y.auc_high - y.auc_low) / (x.auc_high - x.auc_low) BETWEEN 0.999 AND 1 OR NOT (y.out_of_fold_auc_high - y.out_of_fold_auc_low) / (x.out_of_fold_auc_high - x.out_of_fold_auc_low) BETWEEN 0.999 AND 1), NULL, 'intervals are no narrower');
SELECT is((SELECT array_agg(DISTINCT name) FROM pair, bins(one) WITH ORDINALITY x FULL JOIN bins(hundred) WITH ORDINALITY y USING (ordinality) WHERE x.label IS DISTINCT FROM y.label OR NOT pg_temp.near(x.woe, y.woe) OR 100 * x.n <> y.n OR 100 * x.bads <> y.bads), NULL, 'bins are the same, of a hundred times the weight');
SELECT is((SELECT array_agg(name ORDER BY name) FROM pair WHERE EXISTS (SELECT FROM bins(one) WHERE feature = 'k' AND cardinality(categories) >= 5)), ARRAY['each its own', 'few bins', 'woe'], 'rare categories are pooled, though each has hundreds of weights');
SELECT is((SELECT array_agg(name) FROM pair, fit_report(one) x, fit_report(hundred) y WHERE y.rows <> 100 * x.rows OR y.bads <> 100 * x.bads OR x.weight_unit <> 1 OR y.weight_unit <> 0.01), NULL, 'rows and bads are sums of weights');

-- ---------- a fit with rejected applications ----------

-- The maximum and its errors by the definition, with fractional weights: the weighted
-- residuals are orthogonal to every column, and the information is the sum of w p (1 - p) x x'.
CREATE TEMP TABLE used AS
SELECT a, c, bad, 100::bigint AS w FROM loan WHERE i % 3 > 0 AND c IS NOT NULL
UNION ALL SELECT a, c, p.bad, weight FROM loan, parcel(0.1 + 0.3 * a, 1.5) p WHERE i % 3 = 0 AND c IS NOT NULL;
CREATE TEMP TABLE inferred AS
SELECT fit_scorecard(bad, t, fit_options(encoding => 'none', weight_column => 'w', weight_unit => 0.01, folds => 3, assumptions => 'uplift 1.5, as agreed on 2 May')) AS card FROM used, LATERAL (SELECT a, c, w) t;
CREATE TEMP TABLE scored AS SELECT u.*, w / 100.0 AS weight, pd(card, u) AS p FROM inferred, used u;
SELECT is((SELECT abs(sum(weight * (bad::int - p))) < 1e-8 AND abs(sum(weight * (bad::int - p) * a)) < 1e-8 AND abs(sum(weight * (bad::int - p) * c)) < 1e-8 FROM scored), true, 'weighted residuals are orthogonal to the columns');
SELECT is((SELECT max(abs(log_likelihood - l)) < 1e-8 FROM inferred, fit_report(card), (SELECT sum(weight * ln(CASE WHEN bad THEN p ELSE 1 - p END)) AS l FROM scored) s), true, 'the likelihood is that of parts of rows');
SELECT is((SELECT max(abs(bic + 2 * log_likelihood - 3 * ln(n))) < 1e-8 FROM inferred, fit_report(card), (SELECT sum(weight)::float8 AS n FROM scored) s), true, 'and BIC counts rows');
SELECT is((WITH x AS (SELECT weight * p * (1 - p) AS w, feature, x, other, y FROM scored, LATERAL (VALUES (NULL, 1), ('a', a), ('c', c)) v (feature, x), LATERAL (VALUES (NULL, 1), ('a', a), ('c', c)) o (other, y)),
                information AS (SELECT feature, other, sum(w * x * y) AS i FROM x GROUP BY 1, 2)
           SELECT count(*) FROM (SELECT information.feature, v.other_feature, sum(i * v.covariance) AS unit FROM inferred, information JOIN covariance(card) v ON information.other IS NOT DISTINCT FROM v.feature GROUP BY 1, 2) q
            WHERE abs(unit - (feature IS NOT DISTINCT FROM other_feature)::int) < 1e-8), 9::bigint, 'covariances are the inverse of the information');
SELECT is((SELECT assumptions FROM inferred, fit_report(card)), 'uplift 1.5, as agreed on 2 May', 'what was assumed is in the report');

-- ---------- who may use it ----------

CREATE ROLE agririsk_plain;
SET LOCAL ROLE agririsk_plain;
SET LOCAL search_path = '';
SELECT sum(weight) + agririsk.acceptance_weight(0.5) AS n FROM agririsk.parcel(0.3) \gset
RESET ROLE;
SET LOCAL search_path = agririsk, public;
SELECT is(:n, 300, 'a plain role uses both, without a search_path');

SELECT * FROM finish();
ROLLBACK;
