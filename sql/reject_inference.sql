-- Rejected applications as weights, and what a weight stands for.
SET search_path = agririsk, public;
\set VERBOSITY default
\pset null '(null)'

-- 100 * 0.2, 100 * 0.4 * 2; at most all parts; 1000 * 0.0305 and 3 * 0.5 = 1.5 to the even number.
SELECT * FROM parcel(0.2);
SELECT * FROM parcel(0.4, 2);
SELECT * FROM parcel(0.9, uplift => 1.5);
SELECT * FROM parcel(0.0305, parts => 1000);
SELECT * FROM parcel(0.5, parts => 3);
SELECT * FROM parcel(0, 5);
SELECT * FROM parcel(NULL);
SELECT * FROM parcel(0.1, NULL);
SELECT parcel(1.01);
SELECT parcel(-0.01);
SELECT parcel('NaN');
SELECT parcel(0.5, 0);
SELECT parcel(0.5, 'Infinity');
SELECT parcel(0.5, 1, 0);

-- 100 / 0.3 = 333.3, 100 / 0.15 = 666.7; 1 / 0.4 = 2.5 to the even number.
SELECT acceptance_weight(1), acceptance_weight(0.3), acceptance_weight(0.15), acceptance_weight(0.4, 1), acceptance_weight(NULL);
SELECT acceptance_weight(0);
SELECT acceptance_weight(1.5);
SELECT acceptance_weight('NaN');
SELECT acceptance_weight(0.5, -1);
SELECT acceptance_weight(1e-10);

SELECT fit_options(weight_unit => 0);
SELECT fit_options(weight_unit => 100);
SELECT fit_options(weight_unit => 0.01, assumptions => 'rejected loans are twice as bad') AS options;
SELECT fit_options(extra => '{"assumptions": 5}');

-- Twenty accepted applications, 6 of them bad, and five rejected ones that are said to be
-- bad twice as often: 60 of 100 parts each. With one 0/1 feature the maximum is the
-- rate of bad on either side.
CREATE TABLE application AS
SELECT i AS id, i <= 20 AS accepted, CASE WHEN i <= 20 THEN i % 10 < 3 END AS bad, (i % 10 < 5 AND i % 5 > 0)::int AS x FROM generate_series(1, 25) i;
CREATE TABLE learnt AS
SELECT fit_scorecard(bad, t, fit_options(encoding => 'none', folds => 0, weight_column => 'weight', weight_unit => 0.01,
         assumptions => 'rejected applications are bad twice as often')) AS card
  FROM (SELECT bad, x, 100 AS weight FROM application WHERE accepted
        UNION ALL SELECT p.bad, x, p.weight FROM application, parcel(0.3, 2) p WHERE NOT accepted) a, LATERAL (SELECT x, weight) t;
-- By hand: b bad of n rows with x = 1 and d of m with x = 0, in rows and their parts.
WITH counted AS (
  SELECT sum(w * b) FILTER (WHERE x = 1) AS b, sum(w) FILTER (WHERE x = 1) AS n, sum(w * b) FILTER (WHERE x = 0) AS d, sum(w) FILTER (WHERE x = 0) AS m
    FROM (SELECT x, bad::int AS b, 1.0::float8 AS w FROM application WHERE accepted
          UNION ALL SELECT x, b, CASE b WHEN 1 THEN 0.6 ELSE 0.4 END FROM application, generate_series(0, 1) b WHERE NOT accepted) a)
SELECT n, m, round(b::numeric, 9) AS b, d, abs(coefficient - CASE feature WHEN 'x' THEN ln(b / (n - b)) - ln(d / (m - d)) ELSE ln(d / (m - d)) END) < 1e-12 AS coefficient_by_hand,
       abs(se - sqrt(1 / d + 1 / (m - d) + CASE feature WHEN 'x' THEN 1 / b + 1 / (n - b) ELSE 0 END)) < 1e-12 AS se_by_hand,
       abs(log_likelihood - (b * ln(b / n) + (n - b) * ln(1 - b / n) + d * ln(d / m) + (m - d) * ln(1 - d / m))) < 1e-12 AS likelihood_by_hand,
       abs(null_log_likelihood - ((b + d) * ln((b + d) / 25) + (25 - b - d) * ln(1 - (b + d) / 25))) < 1e-12 AS null_by_hand,
       abs(aic + 2 * log_likelihood - 4) < 1e-12 AND abs(bic + 2 * log_likelihood - 2 * ln(25::float8)) < 1e-12 AS criteria_by_hand
  FROM (SELECT feature, coefficient, se, r.* FROM learnt, coefficients(card), fit_report(card) r) c, counted;
SELECT rows, bads, weight_unit, assumptions FROM learnt, fit_report(card);

-- What does not go with segments.
SELECT fit_scorecard(bad, t, 'a', fit_options(weight_unit => 0.5)) FROM application, LATERAL (SELECT x) t;
SELECT fit_scorecard(bad, t, 'a', fit_options(ridge => 1)) FROM application, LATERAL (SELECT x) t;
SELECT fit_scorecard(bad, t, 'a', fit_options(lasso => 1)) FROM application, LATERAL (SELECT x) t;

DROP TABLE application, learnt;
