-- Properties of fit_scorecard: fits made elsewhere with well-known software, the
-- equations an optimum fulfils, what is left out or refused, honest folds, and that
-- no order, plan, weight or memory may show.
BEGIN;
SET LOCAL client_min_messages = warning;
SELECT set_config('search_path', 'agririsk, ' || current_setting('search_path'), true) \g /dev/null
\getenv shared AGRIRISK_SHARED
SELECT plan(170);

-- What a query that gives a card comes to, in one line.
CREATE FUNCTION pg_temp.outcome(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  card agririsk.scorecard;
  message text;
  detail text;
  hint text;
BEGIN
  EXECUTE query INTO card;
  RETURN CASE WHEN card IS NULL THEN 'NULL' ELSE 'a card' END;
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
  RETURN concat_ws(' | ', SQLSTATE, message, detail, hint);
END $$;
CREATE FUNCTION pg_temp.near(a float8, b float8, tolerance float8) RETURNS boolean IMMUTABLE LANGUAGE sql AS
'SELECT coalesce(abs(a - b) <= tolerance * abs(b), false)';
CREATE FUNCTION pg_temp.features(card scorecard) RETURNS text LANGUAGE sql AS
'SELECT string_agg(f ->> ''name'', '' '' ORDER BY i) FROM jsonb_array_elements(card::jsonb -> ''features'') WITH ORDINALITY v (f, i)';

-- ---------- golden fits ----------

\if :{?shared}
CREATE TEMP TABLE german (status_of_existing_checking_account text, duration_in_month int, credit_history text, purpose text,
  credit_amount int, savings_account_and_bonds text, present_employment_since text, installment_rate_in_percentage_of_disposable_income smallint,
  personal_status_and_sex text, other_debtors_or_guarantors text, present_residence_since bigint, property text, age_in_years numeric,
  other_installment_plans text, housing text, number_of_existing_credits_at_this_bank real, job text,
  number_of_people_being_liable_to_provide_maintenance_for float8, telephone text, foreign_worker text, creditability text,
  row_id int GENERATED ALWAYS AS IDENTITY, bad boolean GENERATED ALWAYS AS (creditability = 'bad') STORED);
SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) AS columns, string_agg('g.' || quote_ident(attname), ', ' ORDER BY attnum) FILTER (WHERE attname <> 'creditability') AS twenty
  FROM pg_attribute WHERE attrelid = 'german'::regclass AND attnum > 0 AND attname NOT IN ('row_id', 'bad') \gset
SELECT format('COPY german (%s) FROM %L (FORMAT csv, HEADER)', :'columns', :'shared' || '/data/credit/germancredit.csv') \gexec
CREATE TEMP TABLE taiwan ("ID" int, "LIMIT_BAL" float8, "SEX" int, "EDUCATION" int, "MARRIAGE" int, "AGE" int, "PAY_0" int, "PAY_2" int, "PAY_3" int, "PAY_4" int, "PAY_5" int, "PAY_6" int,
  "BILL_AMT1" float8, "BILL_AMT2" float8, "BILL_AMT3" float8, "BILL_AMT4" float8, "BILL_AMT5" float8, "BILL_AMT6" float8,
  "PAY_AMT1" float8, "PAY_AMT2" float8, "PAY_AMT3" float8, "PAY_AMT4" float8, "PAY_AMT5" float8, "PAY_AMT6" float8, default_payment_next_month int);
SELECT format('COPY taiwan FROM %L (FORMAT csv, HEADER)', :'shared' || '/data/credit/taiwan_credit_default.csv') \gexec
SELECT string_agg('g.' || quote_ident(attname), ', ' ORDER BY attnum) AS all_of_taiwan
  FROM pg_attribute WHERE attrelid = 'taiwan'::regclass AND attnum > 0 AND attname NOT IN ('ID', 'default_payment_next_month') \gset
\set seven 'g.duration_in_month, g.credit_amount, g.installment_rate_in_percentage_of_disposable_income, g.present_residence_since, g.age_in_years, g.number_of_existing_credits_at_this_bank, g.number_of_people_being_liable_to_provide_maintenance_for'

CREATE TEMP TABLE fitted (model text, lambda float8, tolerance float8, card scorecard);
INSERT INTO fitted
SELECT 'model_numeric', NULL::float8, 1e-8, fit_scorecard(bad, t, fit_options(encoding => 'none', folds => 0)) FROM german g, LATERAL (SELECT :seven) t
UNION ALL
SELECT 'model_numeric_plus_checking', NULL, 1e-8, fit_scorecard(bad, t, fit_options(encoding => 'none', folds => 0)) FROM german g, LATERAL (SELECT :seven, status_of_existing_checking_account AS chk) t
UNION ALL
SELECT 'model_weighted_offset', NULL, 1e-8, fit_scorecard(bad, t, fit_options(encoding => 'none', folds => 0, weight_column => 'copies', offset_column => 'lift'))
  FROM german g, LATERAL (SELECT CASE WHEN bad THEN 1 ELSE 3 END AS copies, :seven, 0.1::float8 * duration_in_month / 12 AS lift) t
UNION ALL
SELECT 'model', NULL, 1e-6, fit_scorecard(default_payment_next_month = 1, t, fit_options(encoding => 'none', folds => 0)) FROM taiwan g, LATERAL (SELECT :all_of_taiwan) t;
INSERT INTO fitted
SELECT 'ridge', lambda, 1e-8, fit_scorecard(bad, t, fit_options(encoding => 'none', folds => 0, standardize => true, ridge => lambda))
  FROM german g, LATERAL (SELECT :seven) t, (VALUES (1::float8), (10), (100)) v (lambda) GROUP BY lambda
UNION ALL
SELECT 'taiwan ridge', lambda, 1e-6, fit_scorecard(default_payment_next_month = 1, t, fit_options(encoding => 'none', folds => 0, standardize => true, ridge => lambda))
  FROM taiwan g, LATERAL (SELECT :all_of_taiwan) t, (VALUES (1::float8), (100)) v (lambda) GROUP BY lambda;

CREATE TEMP TABLE golden AS
SELECT key AS model, g, NULL::float8 AS lambda FROM jsonb_each(pg_read_file(:'shared' || '/golden/credit/german_glm.json')::jsonb) v (key, g) WHERE key LIKE 'model%'
UNION ALL SELECT 'model', pg_read_file(:'shared' || '/golden/credit/taiwan_glm.json')::jsonb -> 'model', NULL
UNION ALL SELECT 'ridge', g, (g ->> 'lambda')::float8 FROM jsonb_array_elements(pg_read_file(:'shared' || '/golden/credit/german_penalised.json')::jsonb -> 'ridge') g
UNION ALL SELECT 'taiwan ridge', g, (g ->> 'lambda')::float8 FROM jsonb_array_elements(pg_read_file(:'shared' || '/golden/credit/taiwan_glm.json')::jsonb -> 'ridge') g;
CREATE TEMP TABLE golden_term AS
SELECT model, i, CASE WHEN name LIKE 'chk%' THEN 'chk' ELSE nullif(name, '(Intercept)') END AS feature, substring(name FROM '^chk(.*)') AS level,
       (g -> 'coef' ->> (i::int - 1))::float8 AS coefficient, (g -> 'se' ->> (i::int - 1))::float8 AS se, (g -> 'z' ->> (i::int - 1))::float8 AS z, (g -> 'p' ->> (i::int - 1))::float8 AS p
  FROM golden, jsonb_array_elements_text(g -> 'names') WITH ORDINALITY v (name, i);

SELECT is((SELECT count(*) FROM fitted f, coefficients(card) WITH ORDINALITY c (feature, level, coefficient, se, z, p, iv, out_of_fold_iv, vif, dropped, i) JOIN golden_term t USING (i)
            WHERE t.model = f.model AND (c.feature, c.level) IS NOT DISTINCT FROM (t.feature, t.level)), 51::bigint, 'terms of four fits, intercept first, levels in byte order but the first');
SELECT is((SELECT count(*) FROM fitted f, coefficients(card) c JOIN golden_term t ON (c.feature, c.level) IS NOT DISTINCT FROM (t.feature, t.level)
            WHERE t.model = f.model AND pg_temp.near(c.coefficient, t.coefficient, tolerance)), 51::bigint, 'coefficients of glm');
SELECT is((SELECT count(*) FROM fitted f, coefficients(card) c JOIN golden_term t ON (c.feature, c.level) IS NOT DISTINCT FROM (t.feature, t.level)
            WHERE t.model = f.model AND pg_temp.near(c.se, t.se, tolerance)), 51::bigint, 'standard errors');
SELECT is((SELECT count(*) FROM fitted f, coefficients(card) c JOIN golden_term t ON (c.feature, c.level) IS NOT DISTINCT FROM (t.feature, t.level)
            WHERE t.model = f.model AND pg_temp.near(c.z, t.z, tolerance) AND pg_temp.near(c.p, t.p, tolerance * greatest(1, t.z ^ 2))), 51::bigint, 'z, and p as far as z is known');
-- R's covariances are those of its last step but one, right to about 1e-8.
SELECT is((SELECT count(*) FROM fitted f, covariance(card) c
             JOIN golden_term t ON (c.feature, c.level) IS NOT DISTINCT FROM (t.feature, t.level)
             JOIN golden_term o ON (c.other_feature, c.other_level) IS NOT DISTINCT FROM (o.feature, o.level)
             JOIN golden ON golden.model = t.model
            WHERE t.model = f.model AND o.model = f.model AND abs(c.covariance - (g -> 'vcov' -> (t.i::int - 1) ->> (o.i::int - 1))::float8) <= 2 * tolerance * t.se * o.se),
          (8 * 8 + 11 * 11 + 8 * 8 + 24 * 24)::bigint, 'covariances of all pairs');
SELECT is((SELECT count(*) FROM fitted f JOIN golden USING (model), fit_report(card) r
            WHERE golden.lambda IS NULL AND pg_temp.near(log_likelihood, (g ->> 'loglik')::float8, 1e-12) AND pg_temp.near(null_log_likelihood, (g ->> 'null_deviance')::float8 / -2, 1e-12) AND pg_temp.near(aic, (g ->> 'aic')::float8, 1e-12)
              AND parameters = jsonb_array_length(g -> 'coef')), 4::bigint, 'log-likelihood, that of the intercept alone, AIC');
-- A weight is so many rows, where R counts it as one.
SELECT is((SELECT count(*) FROM fitted f JOIN golden USING (model), fit_report(card) r
            WHERE golden.lambda IS NULL AND rows = CASE f.model WHEN 'model' THEN 30000 WHEN 'model_weighted_offset' THEN 2400 ELSE 1000 END
              AND pg_temp.near(bic, (g ->> 'bic')::float8 + CASE WHEN f.model = 'model_weighted_offset' THEN 8 * ln(2.4::float8) ELSE 0 END, 1e-12)), 4::bigint, 'rows and BIC');
SELECT is((SELECT count(*) FROM (VALUES ('model_numeric', 'german', '{metrics_numeric}'), ('model_numeric_plus_checking', 'german', '{metrics_checking}'), ('model', 'taiwan', '{metrics}')) v (model, file, path) JOIN fitted USING (model),
             LATERAL (SELECT pg_read_file(:'shared' || '/golden/credit/' || file || '_glm.json')::jsonb #> path::text[] AS m) s, fit_report(card) r
            WHERE abs(auc - (m ->> 'auc')::float8) <= 1e-12 AND abs(auc_low - (m #>> '{delong_ci95,0}')::float8) <= 1e-10 AND abs(auc_high - (m #>> '{delong_ci95,1}')::float8) <= 1e-10 AND abs(log_loss - (m ->> 'logloss')::float8) <= 1e-12),
          3::bigint, 'AUC, its interval, log loss');

-- ---------- golden fits with penalties ----------

SELECT is((SELECT count(*) FROM fitted f JOIN golden o USING (model, lambda), coefficients(card) WITH ORDINALITY c (feature, level, coefficient, se, z, p, iv, out_of_fold_iv, vif, dropped, i)
            WHERE pg_temp.near(c.coefficient, (g -> 'coef_raw' ->> (i::int - 1))::float8, tolerance)), (3 * 8 + 2 * 24)::bigint, 'ridge of standardised columns, told of the columns themselves');
CREATE TEMP TABLE net AS
SELECT l, a, o, fit_scorecard(bad, t, fit_options(encoding => 'none', folds => 0, standardize => true, ridge => 1000 * l * (1 - a), lasso => 1000 * l * a)) AS card
  FROM jsonb_array_elements(pg_read_file(:'shared' || '/golden/credit/german_penalised.json')::jsonb -> 'enet') o, LATERAL (SELECT (o ->> 'lambda_glmnet')::float8 AS l, (o ->> 'alpha')::float8 AS a) p,
       german g, LATERAL (SELECT :seven) t
 GROUP BY l, a, o;
CREATE TEMP TABLE moment AS
SELECT key AS name, stddev_pop(value::float8) AS sd, avg(value::float8) AS mean FROM german g, LATERAL (SELECT :seven) t, jsonb_each_text(to_jsonb(t)) GROUP BY key;
CREATE TEMP TABLE net_term AS
SELECT l, a, name, (o -> 'coef_z' ->> i::int)::float8 AS z, coalesce(c.coefficient, 0) AS b, sd, mean
  FROM net, jsonb_array_elements_text(pg_read_file(:'shared' || '/golden/credit/german_penalised.json')::jsonb -> 'features') WITH ORDINALITY v (name, i) JOIN moment USING (name)
  LEFT JOIN LATERAL coefficients(card) c ON c.feature = name;
SELECT is((SELECT count(*) FROM net_term WHERE abs(b * sd - z) <= 1e-6), 14::bigint, 'elastic net and lasso');
SELECT is((SELECT count(*) FROM net_term WHERE (z = 0) = (b = 0)), 14::bigint, 'whose zeros are zeros');
SELECT is((SELECT pg_temp.features(card) FROM net WHERE l = 0.02), 'duration_in_month credit_amount installment_rate_in_percentage_of_disposable_income age_in_years', 'and not in the card');
SELECT is((SELECT count(*) FROM net, coefficients(card) c, LATERAL (SELECT sum(b * mean) AS shift FROM net_term t WHERE t.l = net.l) s WHERE c.feature IS NULL AND abs(c.coefficient + shift - (o -> 'coef_z' ->> 0)::float8) <= 1e-6), 2::bigint, 'with their intercepts');
SELECT is((SELECT count(*) FROM net, fit_report(card), LATERAL (SELECT -log_likelihood / 1000 + net.l * sum((1 - t.a) / 2 * (b * sd) ^ 2 + t.a * abs(b * sd)) AS ours FROM net_term t WHERE t.l = net.l) s
            WHERE ours BETWEEN (o ->> 'objective')::float8 - 1e-9 AND (o ->> 'objective')::float8 + 1e-13), 2::bigint, 'no objective is above the reference''s');

-- ---------- the equations of an optimum ----------

CREATE TEMP TABLE tried AS
SELECT 'glm' AS model, 0::float8 AS ridge, 0::float8 AS lasso, card FROM fitted WHERE model = 'model_numeric'
UNION ALL SELECT 'ridge ' || lambda, lambda, 0, card FROM fitted WHERE model = 'ridge'
UNION ALL SELECT 'net ' || l, 1000 * l * (1 - a), 1000 * l * a, card FROM net;
-- Of each column, standardised: the derivative of the log-likelihood, and the sizes of its terms.
CREATE TEMP TABLE slope AS
SELECT s.*, ridge, lasso, CASE WHEN name = '' THEN 0 ELSE coalesce((SELECT coefficient * sd FROM coefficients(card) c WHERE c.feature = name), 0) END AS b
  FROM (SELECT model, name, sd, sum((bad::int - p) * x / sd) AS slope, sum(abs(bad::int - p) * abs(x / sd)) AS size
          FROM (SELECT model, bad, t, pd(card, t) AS p FROM tried, german g, LATERAL (SELECT :seven) t) s,
               LATERAL (SELECT key, value::float8 FROM jsonb_each_text(to_jsonb(t)) UNION ALL VALUES ('', 1)) v (name, x) JOIN (SELECT name, sd FROM moment UNION ALL VALUES ('', 1)) m USING (name)
         GROUP BY model, name, sd) s JOIN tried USING (model);
SELECT is((SELECT count(*) FROM slope WHERE lasso = 0 AND abs(slope - ridge * b) <= 1e-9 * size), (4 * 8)::bigint, 'the gradient is within 1e-9 of the sum of its terms'' sizes, penalty included');
SELECT is((SELECT count(*) FROM slope WHERE lasso > 0 AND CASE WHEN name = '' THEN abs(slope) WHEN b = 0 THEN abs(slope) - lasso ELSE abs(slope - ridge * b - lasso * sign(b)) END <= 1e-9 * size), (2 * 8)::bigint, 'a lasso fulfils the conditions of Karush, Kuhn and Tucker');
SELECT is((SELECT count(*) FROM (
    SELECT sum((y - p) * x) AS slope, sum(abs((y - p) * x)) AS size
      FROM (SELECT t, default_payment_next_month AS y, pd(card, t) AS p FROM fitted, taiwan g, LATERAL (SELECT :all_of_taiwan) t WHERE model = 'model') s,
           LATERAL (SELECT key, value::float8 FROM jsonb_each_text(to_jsonb(t)) UNION ALL VALUES ('', 1)) v (name, x) GROUP BY name) s WHERE abs(slope) <= 1e-9 * size), 24::bigint, 'and so do 24 badly scaled columns');
SELECT ok((SELECT abs(avg(pd(card, t)) - 0.3) <= 1e-13 FROM fitted, german g, LATERAL (SELECT :seven, status_of_existing_checking_account AS chk) t WHERE model = 'model_numeric_plus_checking'), 'the mean PD is the bad rate');

-- ---------- a golden scorecard ----------

CREATE TEMP TABLE reference AS
SELECT pg_read_file(:'shared' || '/golden/credit/german_scorecard.json')::jsonb AS g, pg_read_file(:'shared' || '/golden/credit/german_woe_iv.json')::jsonb -> 'variables' AS w;
CREATE TEMP TABLE given AS
SELECT name, jsonb_strip_nulls(jsonb_build_object('format', 1, 'type', CASE WHEN v ? 'breaks' THEN 'number' ELSE 'category' END,
         'bins', (SELECT jsonb_agg(jsonb_build_object('goods', v -> 'good' -> (i::int - 1), 'bads', v -> 'bad' -> (i::int - 1), 'high', v -> 'breaks' -> (i::int - 1),
                           'categories', CASE WHEN NOT v ? 'breaks' THEN jsonb_build_array(level) END) ORDER BY i) FROM jsonb_array_elements(v -> 'bins') WITH ORDINALITY e (level, i))))::text::binning AS b
  FROM reference, jsonb_each(w) e (name, v) WHERE g -> 'coef' ? name;
\set six 'g.status_of_existing_checking_account, g.credit_history, g.savings_account_and_bonds, g.age_in_years, g.duration_in_month, g.credit_amount'
CREATE TEMP TABLE printed AS
SELECT fit_scorecard(bad, t, fit_options(folds => 0, binnings => (SELECT jsonb_object_agg(name, b::text::jsonb) FROM given))) AS card FROM german g, LATERAL (SELECT :six) t;
SELECT is((SELECT count(*) FROM printed, reference, coefficients(card) c WHERE pg_temp.near(c.coefficient, (g -> 'coef' ->> coalesce(c.feature, 'const'))::float8, 1e-8) AND pg_temp.near(c.se, (g -> 'se' ->> coalesce(c.feature, 'const'))::float8, 1e-8)), 7::bigint,
          'coefficients and standard errors of a scorecard of given bins');
SELECT ok((SELECT pg_temp.near(log_likelihood, (g ->> 'loglik')::float8, 1e-12) FROM printed, reference, fit_report(card)), 'its log-likelihood');
CREATE TEMP TABLE printed_bin AS
SELECT name, w -> name AS w, i, p FROM reference, jsonb_each(g -> 'points') e (name, points), jsonb_array_elements(points) WITH ORDINALITY v (p, i);
SELECT is((SELECT count(*) FROM printed, bins(card) b JOIN printed_bin ON name = feature
            WHERE CASE WHEN w ? 'breaks' THEN bin = i ELSE categories = ARRAY[p ->> 'bin'] END
              AND abs(woe - (p ->> 'woe')::float8) <= 1e-12 AND abs(woe - (w #>> ARRAY['raw', 'woe', (i - 1)::text])::float8) <= 1e-12
              AND n = (w -> 'n' ->> (i::int - 1))::bigint AND bads = (w -> 'bad' ->> (i::int - 1))::bigint AND abs(points - (p ->> 'points_intercept_separate')::float8) <= 1e-8),
          (SELECT count(*) FROM printed_bin), 'WOE, rows, bads and points of each bin');
SELECT ok((SELECT abs(points - (g ->> 'base_points_separate')::float8) <= 1e-8 FROM printed, reference, bins(card) WHERE feature IS NULL), 'the base points');
CREATE TEMP TABLE printed_row (row_id int, bad int, eta float8, p_bad float8, score float8, points int);
SELECT format('COPY printed_row FROM %L (FORMAT csv, HEADER)', :'shared' || '/golden/credit/german_scorecard_rows.csv') \gexec
SELECT is((SELECT count(*) FROM printed, printed_row o JOIN german g USING (row_id), LATERAL (SELECT :six) t WHERE abs(score(card, t) - o.score) <= 1e-8 AND abs(pd(card, t) - p_bad) <= 1e-8 AND points(card, t) = o.points), 1000::bigint,
          'scores, PDs and whole points of 1,000 loans');
SELECT is((SELECT count(*) FROM printed, coefficients(card) c JOIN given ON name = feature WHERE c.iv = iv(b) AND pg_temp.near(c.iv, (SELECT (w #>> ARRAY[name, 'raw', 'iv'])::float8 FROM reference), 1e-12)), 6::bigint, 'and IV');

-- ---------- golden selection ----------

-- R 4.2.2: d <- read.csv('germancredit.csv', stringsAsFactors = TRUE); d$bad <- d$creditability == 'bad'; d$creditability <- NULL
-- step(glm(bad ~ ., binomial, d, epsilon = 1e-14), k = 2), k = log(1000), direction = 'both' and 'backward';
-- from glm(bad ~ 1) with scope, 'both' and 'forward', ends with the same columns.
CREATE TEMP TABLE selected AS
SELECT selection, fit_scorecard(bad, t, fit_options(encoding => 'none', folds => 0, selection => selection)) AS card FROM german g, LATERAL (SELECT :twenty) t, unnest('{aic,bic}'::text[]) selection GROUP BY selection;
SELECT is((SELECT pg_temp.features(card) FROM selected WHERE selection = 'aic'), 'status_of_existing_checking_account duration_in_month credit_history purpose credit_amount savings_account_and_bonds present_employment_since installment_rate_in_percentage_of_disposable_income other_debtors_or_guarantors age_in_years other_installment_plans housing foreign_worker', 'stepwise by AIC ends where R''s step does');
SELECT ok((SELECT pg_temp.near(aic, 984.32124365861, 1e-12) AND parameters = 36 FROM selected, fit_report(card) WHERE selected.selection = 'aic'), 'at its AIC');
SELECT is((SELECT pg_temp.features(card) FROM selected WHERE selection = 'bic'), 'status_of_existing_checking_account duration_in_month credit_history', 'by BIC too');
SELECT ok((SELECT pg_temp.near(bic, 1084.7547400669, 1e-12) AND parameters = 9 FROM selected, fit_report(card) WHERE selected.selection = 'bic'), 'at its BIC');
SELECT is((SELECT count(*) FROM selected, coefficients(card) WHERE selection = 'bic' AND dropped IS NOT NULL AND coefficient IS NULL), 17::bigint, 'and says why seventeen columns are not there');

SELECT matches(pg_temp.outcome(format('SELECT fit_scorecard(y::int = 1, t, fit_options(encoding => ''none'')) FROM (SELECT pg_read_file(%L)::jsonb AS g) s, jsonb_array_elements_text(g -> ''y'') WITH ORDINALITY v (y, i), LATERAL (SELECT (g -> ''x'' ->> (i::int - 1))::float8 AS x) t', :'shared' || '/golden/credit/separation_case.json')),
               '^22.*separat.*"?x"?', 'the reference case of separation is refused');
\else
SELECT skip('AGRIRISK_SHARED is not set: no reference fits', 30);
\endif

-- ---------- the same rows, the same card ----------

-- A number in [0, 1) for each row and topic.
CREATE FUNCTION pg_temp.u(i int, topic int) RETURNS float8 IMMUTABLE LANGUAGE sql AS 'SELECT (hashint4(i * 31 + topic) & 1048575) / 1048576.0::float8';
CREATE TYPE crop AS ENUM ('tea', 'rice', 'maize', 'apple');
CREATE TABLE loan AS
SELECT i AS id, i % 20 AS county, (4 * pg_temp.u(i, 1))::int AS copies, pg_temp.u(i, 9) < 0.8 AS agreed,
       round((20 + 50 * pg_temp.u(i, 2))::numeric) AS age, 100 * exp(3 * pg_temp.u(i, 3)) AS income, (enum_range(NULL::crop))[1 + floor(4 * pg_temp.u(i, 4))] AS crop,
       'village ' || floor(12 * pg_temp.u(i, 5)) AS village, floor(10 * pg_temp.u(i, 6))::int AS noise,
       pg_temp.u(i, 7) < 1 / (1 + exp(0.2 + 2 * pg_temp.u(i, 2) - 3 * pg_temp.u(i, 3) + 0.6 * floor(4 * pg_temp.u(i, 4)) - 0.1 * floor(12 * pg_temp.u(i, 5)))) AS bad
  FROM generate_series(1, 6000) i;
UPDATE loan SET income = NULL WHERE id % 17 = 0;
UPDATE loan SET income = 'NaN' WHERE id % 170 = 0;
UPDATE loan SET crop = NULL WHERE id % 23 = 0;
UPDATE loan SET bad = NULL WHERE id % 101 = 0;
ANALYZE loan;
\set five 'l.age, l.income, l.crop, l.village, l.noise'
\set four 'l.age, l.income, l.crop, l.village'
CREATE TEMP TABLE whole AS
SELECT fit_scorecard(bad, t) AS binned, fit_scorecard(bad, t, fit_options(encoding => 'none')) AS plain FROM loan l, LATERAL (SELECT :five) t;
CREATE TEMP TABLE per_county AS
SELECT county, fit_scorecard(bad, t, fit_options(ridge => 1, folds => 2, binning => binning_options(candidates => 30))) AS binned, fit_scorecard(bad, t, fit_options(encoding => 'none', ridge => 1, folds => 2)) AS plain FROM loan l, LATERAL (SELECT :five) t GROUP BY county;

SELECT ok((SELECT binned IS NOT NULL AND plain IS NOT NULL AND binned <> plain FROM whole), 'a card of WOE, and one of the columns as they are');
SELECT is(pg_temp.features(binned), 'age income crop village', 'columns are features, in their order, and noise is none') FROM whole;
SELECT ok((fit_scorecard(bad, t ORDER BY hashint4(id)), fit_scorecard(bad, t, fit_options(encoding => 'none') ORDER BY hashint4(id))) = (SELECT binned, plain FROM whole), 'any order of rows gives the same card') FROM loan l, LATERAL (SELECT :five) t;
SELECT is((SELECT count(DISTINCT card::text) FROM (
             SELECT fit_scorecard(bad, t, fit_options(encoding => 'none', folds => 3, fold_key => 'k') ORDER BY hashint4(i * r)) AS card
               FROM generate_series(1, 6) r, generate_series(1, 900) i, LATERAL (SELECT (hashint4(-i) & 1023) < 200 + (hashint4(i) & 1023) / 3 AS bad) b,
                    LATERAL (SELECT CASE WHEN i IN (77, 78, 80) THEN 1000.0 * i ELSE (hashint4(i) & 1023) / 1024.0 END AS x, i % 3 AS k) t GROUP BY r) f), 1::bigint, 'also where a fold has numbers far beyond those of the others');
SELECT ok((SELECT fit_scorecard(bad, t) FROM loan l, LATERAL (SELECT :five) t, generate_series(1, copies))
        = (SELECT fit_scorecard(bad, t, fit_options(weight_column => 'copies')) FROM loan l, LATERAL (SELECT :five, copies) t), 'a weight is so many equal rows');
SELECT ok((SELECT fit_scorecard(bad, t, fit_options(encoding => 'none')) FROM loan l, LATERAL (SELECT :five) t, generate_series(1, copies))
        = (SELECT fit_scorecard(bad, t, fit_options(encoding => 'none', weight_column => 'copies')) FROM loan l, LATERAL (SELECT copies::numeric, :five) t), 'of columns as they are, too');
SELECT ok((SELECT fit_scorecard(bad, t, fit_options(encoding => 'none', fold_key => 'id', standardize => true, ridge => 2, lasso => 3)) FROM loan l, LATERAL (SELECT id, :five) t, generate_series(1, copies))
        = (SELECT fit_scorecard(bad, t, fit_options(encoding => 'none', fold_key => 'id', standardize => true, ridge => 2, lasso => 3, weight_column => 'copies')) FROM loan l, LATERAL (SELECT copies, :five, id) t), 'with penalties');
SELECT ok((SELECT fit_scorecard(bad, t) FROM loan l, LATERAL (SELECT age::float8, income, crop::text, village::name, noise::smallint) t)
        = (SELECT fit_scorecard(bad, t) FROM loan l, LATERAL (SELECT age::bigint, income, crop::varchar, village::char(10), noise::real) t), 'types do not matter, values do');
SELECT ok(fit_scorecard(bad, t) = (SELECT binned FROM whole), 'nor do those of the table') FROM loan l, LATERAL (SELECT age::int, income, crop::text, village, noise::numeric) t;

SET LOCAL enable_sort = off;
SET LOCAL enable_hashagg = on;
SELECT is((SELECT count(*) FROM (SELECT county, fit_scorecard(bad, t, fit_options(ridge => 1, folds => 2, binning => binning_options(candidates => 30))) AS binned, fit_scorecard(bad, t, fit_options(encoding => 'none', ridge => 1, folds => 2)) AS plain FROM loan l, LATERAL (SELECT :five) t GROUP BY county) s JOIN per_county USING (county, binned, plain)), 20::bigint, 'hashed groups');
RESET enable_sort;
SET LOCAL enable_hashagg = off;
SELECT is((SELECT count(*) FROM (SELECT county, fit_scorecard(bad, t, fit_options(ridge => 1, folds => 2, binning => binning_options(candidates => 30))) AS binned, fit_scorecard(bad, t, fit_options(encoding => 'none', ridge => 1, folds => 2)) AS plain FROM loan l, LATERAL (SELECT :five) t GROUP BY county) s JOIN per_county USING (county, binned, plain)), 20::bigint, 'sorted groups');
RESET enable_hashagg;
SELECT is((SELECT count(*) FROM per_county p, LATERAL (SELECT fit_scorecard(bad, t, fit_options(ridge => 1, folds => 2, binning => binning_options(candidates => 30))) AS binned FROM loan l, LATERAL (SELECT :five) t WHERE l.county = p.county) s WHERE s.binned = p.binned), 20::bigint, 'and each group by itself');
CREATE TEMP TABLE big AS SELECT pg_temp.u(i, 7) < 0.1 + 0.3 * pg_temp.u(i, 2) AS bad, pg_temp.u(i, 1) AS a, pg_temp.u(i, 2) AS b, pg_temp.u(i, 3) AS c, pg_temp.u(i, 4) AS d, pg_temp.u(i, 5) AS e, 'level ' || i % 7 AS f FROM generate_series(1, 60000) i;
SET LOCAL maintenance_work_mem = '1GB';
CREATE TEMP TABLE ample AS SELECT fit_scorecard(bad, t) AS binned, fit_scorecard(bad, t, fit_options(encoding => 'none')) AS plain FROM big, LATERAL (SELECT a, b, c, d, e, f) t;
SET LOCAL maintenance_work_mem = '1MB';
SELECT ok((SELECT fit_scorecard(bad, t) FROM big, LATERAL (SELECT a, b, c, d, e, f) t) = (SELECT binned FROM ample), 'in 1 MB as in 1 GB');
SELECT ok((SELECT fit_scorecard(bad, t, fit_options(encoding => 'none')) FROM big, LATERAL (SELECT a, b, c, d, e, f) t) = (SELECT plain FROM ample), 'of columns as they are');
SELECT is((SELECT count(*) FROM (SELECT county, fit_scorecard(bad, t, fit_options(ridge => 1, folds => 2, binning => binning_options(candidates => 30))) AS binned, fit_scorecard(bad, t, fit_options(encoding => 'none', ridge => 1, folds => 2)) AS plain FROM loan l, LATERAL (SELECT :five) t GROUP BY county) s JOIN per_county USING (county, binned, plain)), 20::bigint, 'of twenty groups');
RESET maintenance_work_mem;
ALTER TABLE loan SET (parallel_workers = 3);
SET LOCAL parallel_setup_cost = 0;
SET LOCAL parallel_tuple_cost = 0;
SET LOCAL min_parallel_table_scan_size = 0;
SET LOCAL max_parallel_workers_per_gather = 3;
SET LOCAL parallel_leader_participation = off;
SELECT ok((fit_scorecard(bad, t), fit_scorecard(bad, t, fit_options(encoding => 'none'))) = (SELECT binned, plain FROM whole), 'a parallel scan below it changes nothing') FROM loan l, LATERAL (SELECT :five) t;
SELECT is((SELECT sum(pd(binned, t)::numeric) FROM loan l, whole, LATERAL (SELECT :five) t), (SELECT sum(pd(binned, t)::numeric) FROM whole, (SELECT * FROM loan OFFSET 0) l, LATERAL (SELECT :five) t), 'scoring in workers neither');
SET LOCAL max_parallel_workers_per_gather = 0;

-- ---------- scoring with what was fitted ----------

SELECT ok((SELECT abs(avg(pd(binned, t)) - avg(bad::int)) <= 1e-12 AND abs(avg(pd(plain, t)) FILTER (WHERE l.income <> 'NaN' AND l.crop IS NOT NULL) - avg(bad::int) FILTER (WHERE l.income <> 'NaN' AND l.crop IS NOT NULL)) <= 1e-12
             FROM whole, loan l, LATERAL (SELECT :five) t WHERE bad IS NOT NULL), 'the mean PD of the rows of the fit is their bad rate');
SELECT deploy(binned, 'loan', 'fitted') FROM whole \g /dev/null
SELECT deploy(plain, 'loan', 'linear') FROM whole \g /dev/null
SELECT is((SELECT count(*) FROM whole, loan l, LATERAL (SELECT :five) t WHERE (pd(binned, t), pd(plain, t)) = (fitted_pd(l), linear_pd(l)) AND (fitted_pd(l), linear_pd(l)) = (fitted_pd(:four), linear_pd(:five))
              AND (score(binned, t), score(plain, t)) = (fitted_score(l), linear_score(l))), 6000::bigint, 'deployed, record and columns agree to the bit');
CREATE FUNCTION pg_temp.one_by_one() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  r record;
  same bigint := 0;
BEGIN
  FOR r IN SELECT l, binned, plain, pd(binned, l) AS a, pd(plain, l) AS b FROM whole, loan l LIMIT 300 LOOP
    same := same + (pd(r.binned, r.l) = r.a AND pd(r.plain, r.l) = r.b)::int;
  END LOOP;
  RETURN same;
END $$;
SELECT is(pg_temp.one_by_one(), 300::bigint, 'row by row too');
SELECT ok((SELECT bool_and(binned::text::scorecard = binned AND plain::text::scorecard = plain AND binned::jsonb::scorecard = binned AND plain::jsonb::scorecard = plain) FROM (SELECT binned, plain FROM whole UNION ALL SELECT binned, plain FROM per_county) s), 'the text of a card loses nothing');
CREATE TEMP TABLE received (c scorecard);
\copy (SELECT binned FROM per_county UNION ALL SELECT plain FROM per_county UNION ALL SELECT plain FROM whole) TO PROGRAM 'cat > "${TMPDIR:-/tmp}/agririsk-fit-$PPID"' (FORMAT binary)
\copy received FROM PROGRAM 'cd "${TMPDIR:-/tmp}" && cat agririsk-fit-$PPID && rm agririsk-fit-$PPID' (FORMAT binary)
SELECT bag_eq('SELECT c::text FROM received', 'SELECT binned::text FROM per_county UNION ALL SELECT plain::text FROM per_county UNION ALL SELECT plain::text FROM whole', 'nor does its binary form, through COPY');
SELECT ok(r IS NULL, 'a card that was not fitted has nothing to report') FROM whole, fit_report((binned::jsonb - 'fit')::scorecard) r;

-- ---------- bins ----------

CREATE TEMP TABLE alone AS
SELECT unnest('{age,income,crop,village,noise}'::text[]) AS feature, unnest(ARRAY[optimal_bins(age::float8, bad), optimal_bins(income, bad), optimal_bins(crop, bad), optimal_bins(village, bad), optimal_bins(noise, bad)]) AS b FROM loan;
CREATE TEMP TABLE kept AS
SELECT fit_scorecard(bad, t, fit_options(min_out_of_fold_iv => -1e9)) AS card FROM loan l, LATERAL (SELECT :five) t;
SELECT is((SELECT count(*) FROM alone a, bins(b) p, kept, LATERAL bins(card) c
            WHERE c.feature = a.feature AND p.n > 0 AND (c.label, c.low, c.high, c.categories, c.n, c.bads, c.bad_rate) IS NOT DISTINCT FROM (p.label, p.low, p.high, p.categories, p.n, p.bads, p.bad_rate)
              AND (c.woe = p.woe OR c.label = 'missing')),
          (SELECT count(*) FROM alone, bins(b) WHERE n > 0), 'bins are those of optimal_bins, missing too');
SELECT is((SELECT count(*) FROM kept, bins(card) WHERE n IS NOT NULL), (SELECT count(*) FROM alone, bins(b) WHERE n > 0), 'and there are no others');
-- Missing rows are weighed with 2 / (r (1 - r)) rows of the average rate r beside them: 2 / (1 - r) bads, 2 / r goods.
CREATE TEMP TABLE shrunk AS
SELECT feature, iv(b) - p.iv + (more_bads / (sum_b + 2 / (1 - r)) - more_goods / (sum_g + 2 / r)) * w AS iv, w AS missing_woe
  FROM alone, bins(b) p, (SELECT count(*) FILTER (WHERE bad)::float8 AS sum_b, count(*) FILTER (WHERE NOT bad)::float8 AS sum_g FROM loan) s,
       LATERAL (SELECT sum_b / (sum_b + sum_g) AS r) a, LATERAL (SELECT p.bads + 2 / (1 - r) AS more_bads, p.n - p.bads + 2 / r AS more_goods) m,
       LATERAL (SELECT CASE WHEN p.n > 0 THEN ln(more_bads / more_goods * sum_g / sum_b) ELSE 0 END AS w) w WHERE p.label = 'missing';
SELECT ok(bool_and(abs(c.woe - missing_woe) <= 1e-12) AND bool_or(c.woe <> 0), 'but what is missing leans towards average') FROM kept, bins(card) c JOIN shrunk USING (feature) WHERE label = 'missing' AND n > 0;
SELECT is((SELECT count(*) FROM kept, coefficients(card) c JOIN shrunk s USING (feature) WHERE abs(c.iv - s.iv) <= 1e-12), 5::bigint, 'IV is that of these bins');
CREATE TEMP TABLE tuned AS
SELECT fit_scorecard(bad, t, fit_options(min_out_of_fold_iv => -1e9, binning => binning_options(max_bins => 3, missing => 'worst'), feature_binning => jsonb_build_object('income', binning_options(max_bins => 4, trend => 'none')))) AS card FROM loan l, LATERAL (SELECT :five) t;
SELECT is((SELECT count(*) FROM tuned JOIN LATERAL bins(card) c ON n > 0 JOIN
            (SELECT unnest('{age,income,crop,village,noise}'::text[]) AS feature, unnest(ARRAY[optimal_bins(age::float8, bad, binning_options(max_bins => 3, missing => 'worst')), optimal_bins(income, bad, binning_options(max_bins => 4, trend => 'none', missing => 'worst')),
                      optimal_bins(crop, bad, binning_options(max_bins => 3, missing => 'worst')), optimal_bins(village, bad, binning_options(max_bins => 3, missing => 'worst')), optimal_bins(noise, bad, binning_options(max_bins => 3, missing => 'worst'))]) AS b FROM loan) s USING (feature)
             JOIN LATERAL bins(b) p ON (p.label, p.n, p.bads, p.woe) = (c.label, c.n, c.bads, c.woe)), (SELECT count(*) FROM tuned, bins(card) WHERE n > 0), 'under options for all features and for one');
-- Policies: the card scores as the fit has counted, whatever the value.
CREATE TEMP TABLE odd AS
SELECT id, bad, agreed, age, CASE WHEN id % 19 = 0 THEN -1 ELSE income END AS income, CASE WHEN id < 30 THEN 'rare ' || id ELSE village END AS village FROM loan;
CREATE TEMP TABLE policy AS
SELECT fit_options(folds => 0, consent_columns => '{"agreed": ["income"]}', binning => binning_options(candidates => 30, missing => missing, unseen => unseen), feature_binning => '{"income": {"special": [-1]}}') AS options
  FROM unnest('{bin,worst,best,neutral}'::text[]) missing, unnest('{average,worst}'::text[]) unseen;
CREATE TEMP TABLE by_policy AS SELECT fit_scorecard(bad, t, options) AS card FROM policy, odd, LATERAL (SELECT age, income, village, agreed) t GROUP BY options;
SELECT is((SELECT count(*) FROM (SELECT card, abs(avg(pd(card, odd)) - avg(bad::int)) AS gap, roc_agg(pd(card, odd), bad) AS r, -avg(ln(CASE WHEN bad THEN pd(card, odd) ELSE 1 - pd(card, odd) END)) AS log_loss FROM by_policy, odd WHERE bad IS NOT NULL GROUP BY card) s, fit_report(card) f
            WHERE gap <= 1e-12 AND abs(f.auc - auc(r)) <= 1e-12 AND abs(f.log_loss - s.log_loss) <= 1e-12), 8::bigint, 'whatever is made of missing, special and unseen values, the card scores as the fit counted');
-- What no bin lists counts as the worst of the bins, also where that is below 0 for missing holds the risk.
CREATE TEMP TABLE listed AS
SELECT i, (ARRAY['rice', 'wheat', 'new', NULL])[1 + i % 4] AS crop, i % 20 < (ARRAY[2, 4, 5, 16])[1 + i % 4] AND i % 7 > 0 AS bad, i % 7 * (i % 3) AS parcels FROM generate_series(1, 4000) i;
CREATE TEMP TABLE not_listed AS
SELECT fit_scorecard(bad, t, fit_options(folds => 0, binnings => (SELECT jsonb_build_object('crop', optimal_bins(crop, bad, binning_options(unseen => 'worst'))) FROM listed WHERE crop IS DISTINCT FROM 'new'))) AS card
FROM listed, LATERAL (SELECT crop, parcels) t;
SELECT ok(max(woe) FILTER (WHERE categories IS NOT NULL) < 0, 'all bins are below average') FROM not_listed, bins(card);
SELECT ok(pg_temp.near(log_loss, -avg(ln(CASE WHEN bad THEN pd(card, listed) ELSE 1 - pd(card, listed) END)), 1e-12), 'and a category in none of them counts as the worst of them, in the fit as in the card')
FROM not_listed, listed, fit_report(card) r GROUP BY log_loss;
-- With a negative weight it is the least WOE that is worst; folds that lack a level show it.
CREATE TEMP TABLE against AS
SELECT i, CASE WHEN i % 5 = 0 THEN 'rare ' || i % 997 ELSE 'level ' || i % 8 END AS crop, i % 8 + 3 * sin(i) AS x, i % 8 + 8 * sin(i) + 5 * sin(i * 7.7) > 6 AS bad FROM generate_series(1, 6000) i;
CREATE TEMP TABLE against_card AS
SELECT k, fit_scorecard(bad, t, fit_options(folds => 0, binning => binning_options(unseen => 'worst'))) AS card FROM generate_series(0, 4) k, against a, LATERAL (SELECT a.x, a.crop) t WHERE fold(i, 5) <> k GROUP BY k;
SELECT ok(bool_and(coefficient < 0), 'a coefficient is negative in each fold') FROM against_card, coefficients(card) WHERE feature = 'crop';
SELECT ok(pg_temp.near(auc(roc_agg(pd(card, a), bad)), (SELECT out_of_fold_auc FROM fit_report((SELECT fit_scorecard(bad, t, fit_options(fold_key => 'i', binning => binning_options(unseen => 'worst'))) FROM against b, LATERAL (SELECT b.x, b.crop, b.i) t))), 1e-12),
  'and unseen is the worst out of fold as in the card') FROM against a, against_card WHERE fold(i, 5) = k;
-- By hand: the WOE of each row as a column.
CREATE TEMP TABLE encoded AS
SELECT bad, (SELECT CASE WHEN l.age IS NULL THEN missing_woe ELSE woe(b, l.age::float8) END FROM alone JOIN shrunk USING (feature) WHERE feature = 'age') AS age,
       (SELECT CASE WHEN coalesce(l.income, 'NaN') = 'NaN' THEN missing_woe ELSE woe(b, l.income) END FROM alone JOIN shrunk USING (feature) WHERE feature = 'income') AS income,
       (SELECT CASE WHEN l.crop IS NULL THEN missing_woe ELSE woe(b, l.crop) END FROM alone JOIN shrunk USING (feature) WHERE feature = 'crop') AS crop,
       (SELECT CASE WHEN l.village IS NULL THEN missing_woe ELSE woe(b, l.village) END FROM alone JOIN shrunk USING (feature) WHERE feature = 'village') AS village,
       (SELECT CASE WHEN l.noise IS NULL THEN missing_woe ELSE woe(b, l.noise) END FROM alone JOIN shrunk USING (feature) WHERE feature = 'noise') AS noise FROM loan l;
CREATE TEMP TABLE by_hand AS SELECT fit_scorecard(bad, t, fit_options(encoding => 'none', folds => 0)) AS card FROM encoded l, LATERAL (SELECT :five) t;
SELECT is((SELECT count(*) FROM kept, coefficients(kept.card) c, by_hand, coefficients(by_hand.card) h WHERE c.feature IS NOT DISTINCT FROM h.feature AND abs(c.coefficient - h.coefficient) <= 1e-12 AND abs(c.se - h.se) <= 1e-12), 6::bigint, 'coefficients are those of the columns of WOE');
SELECT ok((SELECT abs(w.log_likelihood - h.log_likelihood) <= 1e-9 AND abs(w.auc - h.auc) <= 1e-12 AND w.rows = h.rows AND w.bads = h.bads FROM kept, fit_report(kept.card) w, by_hand, fit_report(by_hand.card) h), 'so is what the report says');

-- ---------- folds ----------

SELECT is((SELECT (r.folds, out_of_fold_auc, out_of_fold_auc_low, out_of_fold_auc_high, out_of_fold_log_loss)::text FROM by_hand, fit_report(card) r), '(0,,,,)', 'nothing is said of folds where there are none');
SELECT is((SELECT count(*) FROM by_hand, coefficients(card) WHERE out_of_fold_iv IS NOT NULL), 0::bigint, 'of no feature either');
SELECT ok((SELECT r.folds = 5 AND out_of_fold_auc BETWEEN 0.6 AND auc AND out_of_fold_auc_low < out_of_fold_auc AND out_of_fold_auc < out_of_fold_auc_high AND out_of_fold_log_loss > log_loss FROM whole, fit_report(binned) r), 'five folds by default, and what they find is worse than in sample');
-- By hand: a card of the rows outside each fold scores those inside. It has chosen its features by the folds that are left to it.
CREATE TEMP TABLE way (name text, options jsonb);
INSERT INTO way VALUES ('of WOE', fit_options(folds => 5)), ('of columns', fit_options(folds => 5, encoding => 'none')), ('of WOE, by BIC', fit_options(folds => 5, selection => 'bic', min_iv => 0.005)), ('of columns, penalised', fit_options(folds => 5, encoding => 'none', standardize => true, ridge => 3, lasso => 5));
CREATE TEMP TABLE in_folds AS
SELECT name, fit_scorecard(bad, t, options || '{"fold_key": "id"}') AS card FROM way, loan l, LATERAL (SELECT id, :five) t GROUP BY name;
CREATE TEMP TABLE trained AS
SELECT name, k, fit_scorecard(bad, t, options || '{"fold_key": "id"}') AS card FROM way, (SELECT DISTINCT fold(id, 5) AS k FROM loan) s, loan l, LATERAL (SELECT l.id, :five) t WHERE fold(l.id, 5) <> k GROUP BY name, k;
CREATE TEMP TABLE held_out AS
SELECT name, roc_agg(p, bad) AS r, -avg(ln(CASE WHEN bad THEN p ELSE 1 - p END)) AS log_loss
  FROM (SELECT name, pd(card, t) AS p, bad FROM trained JOIN loan l ON fold(id, 5) = k, LATERAL (SELECT :five) t WHERE bad IS NOT NULL AND (name NOT LIKE 'of columns%' OR (l.income <> 'NaN' AND l.crop IS NOT NULL))) s GROUP BY name;
SELECT is((SELECT count(*) FROM in_folds JOIN held_out h USING (name), fit_report(card), auc_ci(r) a WHERE abs(a.auc - out_of_fold_auc) <= 1e-12 AND abs(a.low - out_of_fold_auc_low) <= 1e-10 AND abs(a.high - out_of_fold_auc_high) <= 1e-10 AND abs(h.log_loss - out_of_fold_log_loss) <= 1e-12), 4::bigint,
          'every fold repeats binning, selection and fit without its rows');
SELECT ok((SELECT abs(out_of_fold_iv - by_hand) <= 1e-12
             FROM in_folds, coefficients(card) c,
                  (SELECT avg(iv) AS by_hand FROM (SELECT k, sum((b / sum_b - g / sum_g) * woe) AS iv
                     FROM (SELECT *, sum(b) OVER (PARTITION BY k) AS sum_b, sum(g) OVER (PARTITION BY k) AS sum_g
                             FROM (SELECT k, woe(binning, age::float8) AS woe, count(*) FILTER (WHERE bad)::float8 AS b, count(*) FILTER (WHERE NOT bad)::float8 AS g
                                     FROM (SELECT k, optimal_bins(age::float8, bad) AS binning FROM loan, generate_series(0, 4) k WHERE fold(id, 5) <> k GROUP BY k) s JOIN loan ON fold(id, 5) = k GROUP BY 1, 2) s) s
                    GROUP BY k) s) h
            WHERE name = 'of WOE' AND c.feature = 'age'), 'IV out of fold is the mean over folds, weighed by the bins of the others');
SELECT is((SELECT (count(DISTINCT fold(id, 5)), min(n) > 1000)::text FROM loan, (SELECT count(*) AS n FROM loan GROUP BY fold(id, 5)) s), '(5,t)', 'folds are of about one size');
-- Forty households whose rates tell nothing of other households'.
CREATE TEMP TABLE home AS
SELECT i AS id, 'household ' || i % 40 AS household, pg_temp.u(i, 2) AS x, pg_temp.u(i, 7) < 0.05 + 0.9 * pg_temp.u(i % 40, 11) AS bad FROM generate_series(1, 6000) i;
SELECT cmp_ok((SELECT out_of_fold_auc FROM (SELECT fit_scorecard(bad, t, fit_options(fold_key => 'id', min_out_of_fold_iv => -1e9)) AS card FROM home, LATERAL (SELECT id, household) t) s, fit_report(card)), '>', 0.7::float8, 'rows of one household in many folds tell of each other');
SELECT cmp_ok((SELECT out_of_fold_auc FROM (SELECT fit_scorecard(bad, t, fit_options(fold_key => 'key', min_out_of_fold_iv => -1e9)) AS card FROM home, LATERAL (SELECT household AS key, household, x) t) s, fit_report(card)), '<', 0.55::float8, 'with the household as key they do not');
SELECT cmp_ok((SELECT out_of_fold_auc FROM (SELECT fit_scorecard(bad, t, fit_options(min_out_of_fold_iv => -1e9)) AS card FROM home, LATERAL (SELECT household) t) s, fit_report(card)), '<', 0.55::float8, 'without a key equal rows stay together');
SELECT isnt(fit_scorecard(bad, t, fit_options(fold_key => 'id'))::text, (SELECT binned::text FROM whole), 'a key decides the folds') FROM loan l, LATERAL (SELECT id, :five) t;
-- Noise: the better it is told by heart, the less it is worth.
CREATE TEMP TABLE hiss AS
SELECT i AS id, pg_temp.u(i, 20) < 0.3 AS bad, pg_temp.u(i, 1) AS a, pg_temp.u(i, 2) AS b, pg_temp.u(i, 3) AS c, pg_temp.u(i, 4) AS d, pg_temp.u(i, 5) AS e, pg_temp.u(i, 6) AS f, pg_temp.u(i, 7) AS g, pg_temp.u(i, 8) AS h,
       pg_temp.u(i, 9) AS j, pg_temp.u(i, 10) AS k, pg_temp.u(i, 11) AS l, pg_temp.u(i, 12) AS m FROM generate_series(1, 2000) i;
\set noises 'a, b, c, d, e, f, g, h, j, k, l, m'
CREATE TEMP TABLE deaf AS
SELECT fit_scorecard(bad, t, fit_options(min_out_of_fold_iv => -1e9, binning => binning_options(trend => 'none', candidates => 50))) AS honest,
       fit_scorecard(bad, t, fit_options(binnings => (SELECT jsonb_object_agg(key, b::text::jsonb) FROM (SELECT key, optimal_bins(value::float8, bad, binning_options(trend => 'none', candidates => 50)) AS b FROM hiss, LATERAL (SELECT :noises) t, jsonb_each_text(to_jsonb(t)) GROUP BY key) s))) AS told
  FROM hiss, LATERAL (SELECT :noises) t;
SELECT cmp_ok(auc, '>', 0.6::float8, 'bins of noise fit it') FROM deaf, fit_report(honest);
SELECT ok(out_of_fold_auc < 0.53 AND out_of_fold_auc_low < 0.5, 'but honest folds are not fooled') FROM deaf, fit_report(honest);
SELECT cmp_ok(out_of_fold_auc, '>', 0.56::float8, 'as they are by bins of all rows') FROM deaf, fit_report(told);
SELECT cmp_ok((SELECT max(out_of_fold_iv) FROM deaf, coefficients(honest)), '<', (SELECT min(iv) FROM deaf, coefficients(honest)), 'IV out of fold is below that in sample');

-- ---------- what is selected ----------

-- Where a column that was taken out has to come back. R 4.2.2 on the same rows: step(glm(y ~ ., binomial), direction = 'both');
-- direction = 'backward' ends elsewhere, at an AIC of 59.815, 76.915 and 65.926.
CREATE TEMP TABLE there_and_back AS
SELECT s, fit_scorecard(y, t, fit_options(encoding => 'none', folds => 0, selection => 'aic')) AS card
  FROM (SELECT s, i, u1 AS x1, u2 + 3 * u1 AS x2, u3 + 3 * u2 + 2 * u1 AS x3, u4 + 3 * u3 + 2 * u2 AS x4, u5 + 3 * u4 + 2 * u3 AS x5, u6 + 3 * u5 + 2 * u4 AS x6, u7 + 3 * u6 + 2 * u5 AS x7, u8 + 3 * u7 + 2 * u6 AS x8
          FROM (SELECT s, i, max(u) FILTER (WHERE j = 1) AS u1, max(u) FILTER (WHERE j = 2) AS u2, max(u) FILTER (WHERE j = 3) AS u3, max(u) FILTER (WHERE j = 4) AS u4, max(u) FILTER (WHERE j = 5) AS u5, max(u) FILTER (WHERE j = 6) AS u6, max(u) FILTER (WHERE j = 7) AS u7, max(u) FILTER (WHERE j = 8) AS u8
                  FROM unnest('{13,55,151}'::int[]) s, generate_series(1, 60) i, generate_series(1, 8) j, LATERAL (SELECT (i * i * (j + s) + 31 * i * j + s) % 101 AS u) u GROUP BY s, i) u) x,
       LATERAL (SELECT (i * i * i + s * i) % 97 + floor((x3 + x5 - x4) / 4.0) < 122 AS y) y, LATERAL (SELECT x1, x2, x3, x4, x5, x6, x7, x8) t GROUP BY s;
SELECT is((SELECT string_agg(pg_temp.features(card), ', ' ORDER BY s) FROM there_and_back), 'x3 x4 x5 x7, x1 x3 x4 x5, x2 x5 x6 x7 x8', 'stepwise goes both ways');
SELECT ok((SELECT bool_and(pg_temp.near(aic, CASE s WHEN 13 THEN 57.537718886323 WHEN 55 THEN 76.875832673225 ELSE 64.170044514169 END, 1e-12)) FROM there_and_back, fit_report(card)), 'as R does');
CREATE TEMP TABLE twin AS
SELECT pg_temp.u(i, 1) AS a, pg_temp.u(i, 1) + 0.2 * pg_temp.u(i, 2) AS b, pg_temp.u(i, 3) + 0.5 * pg_temp.u(i, 1) AS c, pg_temp.u(i, 7) < 0.1 + 0.3 * pg_temp.u(i, 1) + 0.2 * pg_temp.u(i, 3) AS bad FROM generate_series(1, 3000) i;
SELECT is((SELECT count(*) FROM (SELECT fit_scorecard(bad, t, fit_options(encoding => 'none', folds => 0)) AS card, 1 / (1 - regr_r2(t.a, t.b)) AS by_hand FROM twin, LATERAL (SELECT a, b) t) s, coefficients(card) WHERE pg_temp.near(vif, by_hand, 1e-9)), 2::bigint, 'VIF of two columns is 1 / (1 - R2)');
SELECT is((SELECT count(*) FROM (SELECT fit_scorecard(bad, t, fit_options(folds => 0)) AS card FROM loan l, LATERAL (SELECT age, crop) t) s, coefficients(card), (SELECT 1 / (1 - regr_r2(age, crop)) AS by_hand FROM encoded WHERE bad IS NOT NULL) h WHERE pg_temp.near(vif, by_hand, 1e-9)), 2::bigint, 'of two columns of WOE');
CREATE TEMP TABLE squeezed AS
SELECT fit_scorecard(bad, t, fit_options(encoding => 'none', folds => 0)) AS free, fit_scorecard(bad, t, fit_options(encoding => 'none', folds => 0, max_vif => 4)) AS card, corr(t.a, t.b) AS ab, corr(t.a, t.c) AS ac, corr(t.b, t.c) AS bc FROM twin, LATERAL (SELECT a, b, c) t;
SELECT is((SELECT count(*) FROM squeezed, coefficients(free) WHERE pg_temp.near(vif, 1 / (1 - CASE feature WHEN 'a' THEN (ab ^ 2 + ac ^ 2 - 2 * ab * ac * bc) / (1 - bc ^ 2) WHEN 'b' THEN (ab ^ 2 + bc ^ 2 - 2 * ab * ac * bc) / (1 - ac ^ 2) ELSE (ac ^ 2 + bc ^ 2 - 2 * ab * ac * bc) / (1 - ab ^ 2) END), 1e-9)), 3::bigint, 'of three');
SELECT ok((SELECT count(*) FILTER (WHERE feature IN ('a', 'b') AND dropped ~* 'vif') = 1 AND bool_and(vif <= 4) FILTER (WHERE dropped IS NULL) AND bool_or(feature = 'c' AND dropped IS NULL) FROM squeezed, coefficients(card)), 'max_vif drops one of two that say the same');
SELECT is((SELECT array_agg(feature ORDER BY vif DESC) FILTER (WHERE feature IS NOT NULL) FROM squeezed, coefficients(free))[1], (SELECT feature FROM squeezed, coefficients(card) WHERE dropped IS NOT NULL), 'that of the larger VIF');
CREATE TEMP TABLE sign AS
SELECT floor(10 * pg_temp.u(i, 1)) AS cause, greatest(0, least(9, floor(10 * pg_temp.u(i, 1)) + floor(5 * pg_temp.u(i, 2)) - 2)) AS echo,
       pg_temp.u(i, 7) < 1 / (1 + exp(2 - 0.6 * floor(10 * pg_temp.u(i, 1)) + 0.3 * greatest(0, least(9, floor(10 * pg_temp.u(i, 1)) + floor(5 * pg_temp.u(i, 2)) - 2)))) AS bad FROM generate_series(1, 4000) i;
SELECT is((SELECT feature FROM (SELECT fit_scorecard(bad, t, fit_options(folds => 0)) AS card FROM sign, LATERAL (SELECT cause, echo) t) s, coefficients(card) WHERE feature IS NOT NULL AND coefficient < 0), 'echo', 'a feature may have the wrong sign beside another');
SELECT is((SELECT string_agg(concat_ws(' ', feature, sign(coefficient), dropped IS NULL), ', ' ORDER BY feature) FROM (SELECT fit_scorecard(bad, t, fit_options(folds => 0, positive => true)) AS card FROM sign, LATERAL (SELECT cause, echo) t) s, coefficients(card) WHERE feature IS NOT NULL), 'cause 1 t, echo f', 'positive drops it');
SELECT is((SELECT string_agg(feature, ' ') FROM (SELECT fit_scorecard(bad, t, fit_options(folds => 0, min_iv => (SELECT iv(b) + 1e-6 FROM alone WHERE feature = 'noise'))) AS card FROM loan l, LATERAL (SELECT :five) t) s, coefficients(card) WHERE dropped ~* 'iv|information'), 'noise', 'min_iv drops what says too little');
CREATE TEMP TABLE lassoed AS
SELECT fit_scorecard(bad, t, fit_options(selection => 'lasso')) AS card FROM loan l, LATERAL (SELECT :five, pg_temp.u(id, 21) AS x1, pg_temp.u(id, 22) AS x2, pg_temp.u(id, 23) AS x3, pg_temp.u(id, 24) AS x4) t;
SELECT ok((SELECT bool_and(dropped IS NULL) FILTER (WHERE feature IN ('age', 'income', 'crop', 'village')) AND count(*) FILTER (WHERE dropped IS NOT NULL) >= 2 FROM lassoed, coefficients(card)), 'a lasso keeps what tells and drops most of what does not');
SELECT cmp_ok((SELECT out_of_fold_log_loss FROM lassoed, fit_report(card)), '<', (SELECT out_of_fold_log_loss * 1.01 FROM whole, fit_report(binned)), 'and loses nothing out of fold');

-- ---------- long-run rates ----------

CREATE TEMP TABLE moved AS
SELECT fit_scorecard(bad, t, fit_options(folds => 0, weight_column => 'copies')) AS plain, fit_scorecard(bad, t, fit_options(folds => 0, weight_column => 'copies', population_rate => 0.03)) AS sampled,
       fit_scorecard(bad, t, fit_options(folds => 0, weight_column => 'copies', long_run_rate => 0.05)) AS long_run, fit_scorecard(bad, t, fit_options(folds => 0, weight_column => 'copies', long_run_rate => 0.05, margin => 0.2)) AS with_margin,
       sum(l.copies) FILTER (WHERE bad)::float8 / sum(l.copies) FILTER (WHERE bad IS NOT NULL) AS rate
  FROM loan l, LATERAL (SELECT copies, :five) t;
-- King and Zeng 2001, equation 7.
SELECT ok((SELECT abs((sampled::jsonb ->> 'intercept')::float8 - (plain::jsonb ->> 'intercept')::float8 - (ln(0.03 / 0.97::float8) - ln(rate / (1 - rate)))) <= 1e-12 FROM moved), 'population_rate moves the intercept by the difference of log-odds');
SELECT ok((SELECT abs(shift - (ln(0.03 / 0.97::float8) - ln(rate / (1 - rate)))) <= 1e-12 FROM moved, fit_report(sampled)), 'and the report says so');
SELECT is((SELECT sampled::jsonb -> 'features' FROM moved), (SELECT plain::jsonb -> 'features' FROM moved), 'and nothing else');
SELECT ok((SELECT abs(sum(copies * pd(long_run, l)) / sum(copies) - 0.05) <= 1e-12 AND abs(sum(copies * pd(with_margin, l)) / sum(copies) - 0.06) <= 1e-12 FROM moved, loan l WHERE bad IS NOT NULL), 'long_run_rate is the mean PD, with a margin more by that');
SELECT ok((SELECT abs(r.shift - ((long_run::jsonb ->> 'intercept')::float8 - (plain::jsonb ->> 'intercept')::float8)) <= 1e-12 FROM moved, fit_report(long_run) r), 'a shift, too');
SELECT is((SELECT (p.auc, p.log_likelihood) FROM moved, fit_report(plain) p)::text, (SELECT (p.auc, p.log_likelihood) FROM moved, fit_report(long_run) p)::text, 'of a fit that stays what it was');

-- ---------- consent, reasons, names ----------

-- Bad loans agree less often, so that it shows who is asked.
UPDATE loan SET agreed = CASE WHEN id % 50 > 0 THEN pg_temp.u(id, 9) < CASE WHEN bad THEN 0.2 ELSE 0.9 END * CASE WHEN income > 500 THEN 1 ELSE 0.6 END END;
CREATE TEMP TABLE asked AS
SELECT fit_scorecard(bad, t, fit_options(folds => 0, consent_columns => '{"agreed": ["income", "age"]}', reasons => '{"income": "Income is low"}', name => 'county 7', base_score => 500, base_odds => 20, pdo => 40)) AS card,
       fit_scorecard(bad, t, fit_options(folds => 0, encoding => 'none', consent_columns => '{"agreed": ["income", "age"]}')) AS linear FROM loan l, LATERAL (SELECT :five, agreed) t;
SELECT is((SELECT count(*) FROM (SELECT optimal_bins(income, bad) FILTER (WHERE agreed) AS income, optimal_bins(age::float8, bad) FILTER (WHERE agreed) AS age, optimal_bins(village, bad) AS village FROM loan) s,
             LATERAL (SELECT 'income', p.* FROM bins(income) p UNION ALL SELECT 'age', p.* FROM bins(age) p UNION ALL SELECT 'village', p.* FROM bins(village) p) p (feature), asked, bins(card) c
            WHERE c.feature = p.feature AND p.n > 0 AND (c.label, c.n, c.bads) = (p.label, p.n, p.bads) AND (c.woe = p.woe OR p.label = 'missing')), (SELECT count(*) FROM asked, bins(card) WHERE feature IN ('income', 'age', 'village') AND n > 0), 'bins of what was agreed to are learnt from who agreed');
CREATE TEMP TABLE agreed_hand AS
SELECT fit_scorecard(bad, t, fit_options(encoding => 'none', folds => 0)) AS card
  FROM (SELECT optimal_bins(income, bad) FILTER (WHERE agreed) AS i, optimal_bins(age::float8, bad) FILTER (WHERE agreed) AS a, optimal_bins(village, bad) AS v, optimal_bins(crop, bad) AS c, optimal_bins(noise, bad) AS n,
               (SELECT jsonb_object_agg(feature, woe) FROM asked, bins(card) WHERE label = 'missing') AS missing FROM loan OFFSET 0) s, loan l,
       LATERAL (SELECT CASE WHEN agreed THEN woe(a, l.age::float8) ELSE 0 END AS age,
                       CASE WHEN agreed AND coalesce(l.income, 'NaN') = 'NaN' THEN (missing ->> 'income')::float8 WHEN agreed THEN woe(i, l.income) ELSE 0 END AS income,
                       CASE WHEN l.crop IS NULL THEN (missing ->> 'crop')::float8 ELSE woe(c, l.crop) END AS crop, woe(v, l.village) AS village, woe(n, l.noise) AS noise) t;
SELECT is((SELECT count(*) FROM asked a, coefficients(card) c, agreed_hand h, coefficients(h.card) o WHERE c.feature IS NOT DISTINCT FROM o.feature AND abs(c.coefficient - o.coefficient) <= 1e-12 AND abs(c.se - o.se) <= 1e-12), 6::bigint, 'who did not agree counts 0 in the fit');
SELECT ok((SELECT abs(avg(pd(card, t)) - avg(bad::int)) <= 1e-12 FROM asked, loan l, LATERAL (SELECT :five, agreed) t WHERE bad IS NOT NULL), 'and in scoring');
SELECT ok((SELECT abs(avg(pd(linear, t)) - avg(bad::int)) <= 1e-12 FROM asked, loan l, LATERAL (SELECT :five, agreed) t WHERE bad IS NOT NULL AND (l.agreed IS NOT TRUE OR l.income <> 'NaN') AND l.crop IS NOT NULL), 'of columns as they are, too');
SELECT is((SELECT excluded FROM asked, fit_report(linear)), (SELECT jsonb_build_object('outcome', count(*) FILTER (WHERE bad IS NULL), 'missing', count(*) FILTER (WHERE bad IS NOT NULL AND ((agreed AND (income IS NULL OR income = 'NaN')) OR crop IS NULL))) FROM loan), 'where no consent is not missing');
SELECT is(pg_temp.features(card), 'age income crop village noise', 'a consent is no feature') FROM asked;
SELECT is((SELECT string_agg(f ->> 'name' || ' ' || (f ->> 'consent'), ', ') FROM asked, jsonb_array_elements(card::jsonb -> 'features') f WHERE f ? 'consent'), 'age agreed, income agreed', 'but the card asks for it');
SELECT is((SELECT (card::jsonb ->> 'name', card::jsonb -> 'scale')::text FROM asked), (SELECT ('county 7'::text, '{"base_score": 500, "base_odds": 20, "pdo": 40}'::jsonb)::text), 'name and scale');
SELECT ok((SELECT count(*) > 0 AND bool_and(reason = 'Income is low') FROM asked, loan l, LATERAL (SELECT :five, agreed) t, explain(card, t) WHERE feature = 'income' AND rank = 1), 'and reasons are those given');

-- ---------- what is left out ----------

SELECT is((SELECT (rows, bads, excluded)::text FROM whole, fit_report(binned)), (SELECT (count(bad), count(*) FILTER (WHERE bad), jsonb_build_object('outcome', count(*) - count(bad)))::text FROM loan), 'rows without outcome are left out and counted');
SELECT is((SELECT (rows, bads, excluded)::text FROM (SELECT fit_scorecard(bad, t, fit_options(encoding => 'none', weight_column => 'w', offset_column => 'o')) AS card FROM loan l, LATERAL (SELECT :five, CASE WHEN id % 103 > 0 THEN 2 END AS w, CASE WHEN id % 107 > 0 THEN 0.1 END AS o) t) s, fit_report(card)),
          (SELECT (2 * count(*) FILTER (WHERE kept), 2 * count(*) FILTER (WHERE kept AND bad), jsonb_build_object('outcome', 2 * count(*) FILTER (WHERE bad IS NULL AND weighed), 'weight', count(*) FILTER (WHERE NOT weighed), 'offset', 2 * count(*) FILTER (WHERE bad IS NOT NULL AND weighed AND id % 107 = 0),
                   'missing', 2 * count(*) FILTER (WHERE bad IS NOT NULL AND weighed AND id % 107 > 0 AND NOT known)))::text
             FROM (SELECT *, weighed AND known AND bad IS NOT NULL AND id % 107 > 0 AS kept FROM (SELECT *, id % 103 > 0 AS weighed, coalesce(income <> 'NaN', false) AND crop IS NOT NULL AS known FROM loan) l) l), 'so are those without weight or offset, or with a column missing');
CREATE TEMP TABLE useless AS
SELECT fit_scorecard(bad, t) AS binned, fit_scorecard(bad, t, fit_options(encoding => 'none')) AS plain FROM loan l, LATERAL (SELECT age, 7 AS seven, 'same' AS same, village) t;
SELECT is((SELECT string_agg(feature, ' ' ORDER BY feature) FROM useless, coefficients(binned) WHERE dropped IS NOT NULL), 'same seven', 'constant columns are dropped, and it is said');
SELECT is((SELECT string_agg(feature, ' ' ORDER BY feature) FROM useless, coefficients(plain) WHERE dropped IS NOT NULL), 'same seven', 'as they are, too');
SELECT is((SELECT string_agg(feature, ' ' ORDER BY feature) FROM (SELECT fit_scorecard(bad, t) AS card FROM loan l, LATERAL (SELECT age, NULL::float8 AS nobody, NULL::text AS nothing) t) s, coefficients(card) WHERE dropped IS NOT NULL), 'nobody nothing', 'columns of NULLs, too');
SELECT is((SELECT string_agg(concat_ws(' ', feature, dropped IS NULL), ', ') FROM (SELECT fit_scorecard(bad, t, fit_options(fold_key => 'id', min_out_of_fold_iv => -1)) AS card FROM loan l, LATERAL (SELECT id, age, bad AS oracle) t) s, coefficients(card) WHERE feature IS NOT NULL), 'age t, oracle f', 'a category equal to the outcome has no bins of both, and is dropped');
SELECT is((SELECT (count(*), count(dropped))::text FROM (SELECT fit_scorecard(i % 7 = hashint4(i) & 3, t) AS card FROM generate_series(1, 100000) i, LATERAL (SELECT i % 7 AS x, i::text AS key) t) s, coefficients(card)), '(3,1)', '100,000 categories, all of them rare, are one bin and dropped');
SELECT is(fit_scorecard(bad, t)::text, NULL, 'no row, no card') FROM loan l, LATERAL (SELECT :five) t WHERE id < 0;

-- ---------- what is refused ----------

-- What is an error, or, where that is asked for, a warning and no card.
CREATE TEMP TABLE failing (title text, rule text, bad text, encoding text, source text);
INSERT INTO failing VALUES
('one row', '^22', 'true', 'woe', '(SELECT 1 AS x) t'),
('one outcome', '^22.*(good|bad|class|outcome)', 'false', 'woe', 'loan, LATERAL (SELECT income) t'),
('separation', '^22.*separat.*x', 'v.x > 5', 'none', 'generate_series(1, 10) v (x), LATERAL (SELECT v.x) t'),
('a column equal to the outcome', '^22.*separat.*oracle', 'bad', 'none', 'loan, LATERAL (SELECT age, bad AS oracle) t'),
('a level without bad rows', '^22.*separat.*crop', 'bad AND loan.crop <> ''tea''', 'none', 'loan, LATERAL (SELECT age, crop) t'),
('columns that are alike', '^22.*collinear.*(age|copy)', 'bad', 'none', 'loan, LATERAL (SELECT age, income, age * 2 + 1 AS copy) t'),
('bins that are alike', '^22.*collinear.*(age|copy)', 'bad', 'woe', 'loan, LATERAL (SELECT age, income, age * 2 + 1 AS copy) t'),
-- b is a but for a millionth of c, and c tells the outcome: a weight would have to be about a million.
('columns that are nearly alike', '^22.*nearly collinear.*: a, b\.', 'c + 0.1 * sin(id) > 0.5', 'none', '(SELECT id, (hashint4(id::int) & 65535) / 65536.0::float8 AS a, (hashint4(7 * id::int) & 65535) / 65536.0::float8 AS c FROM loan) l, LATERAL (SELECT a, a + 1.5e-6 * (c - 0.5) AS b) t'),
('more columns than rows', '^22.*(collinear|separat)', 'bad', 'none', 'hiss, LATERAL (SELECT a, b, c, d, e, f, g, h, j, k, l, m) t WHERE id <= 9');
SELECT matches(pg_temp.outcome(format('SELECT fit_scorecard(%s, t, fit_options(encoding => %L)) FROM %s', bad, encoding, source)), rule, 'an error: ' || title) FROM failing;
SET LOCAL client_min_messages = error;
SELECT is(pg_temp.outcome(format('SELECT fit_scorecard(%s, t, fit_options(encoding => %L, separation => ''warning'')) FROM %s', bad, encoding, source)), 'NULL', 'or a warning: ' || title) FROM failing;
SET LOCAL client_min_messages = warning;

CREATE TEMP TABLE refused (title text, rule text, query text);
INSERT INTO refused VALUES
('no outcome', '^(22|NULL)', 'SELECT fit_scorecard(NULL, t) FROM loan, LATERAL (SELECT income) t'),
('a column of NULLs, as it is', '^22.*missing', 'SELECT fit_scorecard(bad, t, fit_options(encoding => ''none'')) FROM loan, LATERAL (SELECT age, NULL::float8 AS nobody) t'),
('one column, useless', '^22.*feature', 'SELECT fit_scorecard(bad, t) FROM loan, LATERAL (SELECT 1 AS one) t'),
('no column', '^(22|42).*(feature|column)', 'SELECT fit_scorecard(bad, t, fit_options(weight_column => ''copies'')) FROM loan, LATERAL (SELECT copies) t'),
('100,000 levels as they are', '^(22|54)', 'SELECT fit_scorecard(i % 7 = 0, t, fit_options(encoding => ''none'')) FROM generate_series(1, 100000) i, LATERAL (SELECT i::text AS key) t'),
('infinity', '^22.*income', 'SELECT fit_scorecard(bad, t) FROM loan, LATERAL (SELECT CASE WHEN id = 77 THEN ''infinity'' ELSE income END AS income) t'),
('infinity as it is', '^22.*income', 'SELECT fit_scorecard(bad, t, fit_options(encoding => ''none'')) FROM loan, LATERAL (SELECT CASE WHEN id = 77 THEN ''-infinity'' ELSE income END AS income) t'),
('a bare row', '^42.*(ROW|column names).*\| .*(name|subquery)', 'SELECT fit_scorecard(bad, ROW(age, income)) FROM loan'),
('a date', '^42804.*day', 'SELECT fit_scorecard(bad, t) FROM loan, LATERAL (SELECT age, date ''2024-01-01'' + id AS day) t'),
('an array', '^42804.*list', 'SELECT fit_scorecard(bad, t) FROM loan, LATERAL (SELECT ARRAY[age] AS list) t'),
('two columns of one name', '^42.*age', 'SELECT fit_scorecard(bad, t) FROM loan, LATERAL (SELECT age, income AS age) t'),
('an unknown option', '^22023.*ridges', 'SELECT fit_scorecard(bad, t, ''{"ridges": 1}'') FROM loan, LATERAL (SELECT age) t'),
('an unknown extra option', '^22023.*ridges', 'SELECT fit_scorecard(bad, t, fit_options(extra => ''{"ridges": 1}'')) FROM loan, LATERAL (SELECT age) t'),
('an option of another type', '^22023.*ridge', 'SELECT fit_scorecard(bad, t, ''{"ridge": "much"}'') FROM loan, LATERAL (SELECT age) t'),
('options that are no object', '^22023', 'SELECT fit_scorecard(bad, t, ''[1]'') FROM loan, LATERAL (SELECT age) t'),
('an unknown encoding', '^22023.*dummies', 'SELECT fit_scorecard(bad, t, fit_options(encoding => ''dummies'')) FROM loan, LATERAL (SELECT age) t'),
('an unknown selection', '^22023.*forward', 'SELECT fit_scorecard(bad, t, fit_options(selection => ''forward'')) FROM loan, LATERAL (SELECT age) t'),
('an unknown option of binning', '^22023.*bins', 'SELECT fit_scorecard(bad, t, fit_options(binning => ''{"bins": 3}'')) FROM loan, LATERAL (SELECT age) t'),
('a penalty below 0', '^22023.*ridge', 'SELECT fit_scorecard(bad, t, fit_options(ridge => -1)) FROM loan, LATERAL (SELECT age) t'),
('a lasso that is no number', '^22', 'SELECT fit_scorecard(bad, t, fit_options(lasso => ''NaN'')) FROM loan, LATERAL (SELECT age) t'),
('a penalty beside selection', '^22023.*selection', 'SELECT fit_scorecard(bad, t, fit_options(selection => ''aic'', ridge => 1)) FROM loan, LATERAL (SELECT age) t'),
('one fold', '^22023.*folds', 'SELECT fit_scorecard(bad, t, fit_options(folds => 1)) FROM loan, LATERAL (SELECT age) t'),
('a rate above 1', '^22023.*rate', 'SELECT fit_scorecard(bad, t, fit_options(long_run_rate => 1.2)) FROM loan, LATERAL (SELECT age) t'),
('binning of no feature', '^(22023|42703).*yield', 'SELECT fit_scorecard(bad, t, fit_options(feature_binning => ''{"yield": {}}'')) FROM loan, LATERAL (SELECT age) t'),
('bins of no feature', '^(22023|42703).*yield', 'SELECT fit_scorecard(bad, t, fit_options(binnings => jsonb_build_object(''yield'', (SELECT b::text::jsonb FROM alone WHERE feature = ''age'')))) FROM loan, LATERAL (SELECT age) t'),
('bins of another kind', '^42804.*age', 'SELECT fit_scorecard(bad, t, fit_options(binnings => jsonb_build_object(''age'', (SELECT b::text::jsonb FROM alone WHERE feature = ''crop'')))) FROM loan, LATERAL (SELECT age) t'),
('bins that are none', '^22P02.*binning at type', 'SELECT fit_scorecard(bad, t, fit_options(binnings => ''{"age": {"format": 1}}'')) FROM loan, LATERAL (SELECT age) t'),
('reasons of no feature', '^(22023|42703).*yield', 'SELECT fit_scorecard(bad, t, fit_options(reasons => ''{"yield": "low"}'')) FROM loan, LATERAL (SELECT age) t'),
('consent to no feature', '^(22023|42703).*yield', 'SELECT fit_scorecard(bad, t, fit_options(consent_columns => ''{"agreed": ["yield"]}'')) FROM loan, LATERAL (SELECT age, agreed) t'),
('no such consent', '^42703.*"?agreed', 'SELECT fit_scorecard(bad, t, fit_options(consent_columns => ''{"agreed": ["age"]}'')) FROM loan, LATERAL (SELECT age) t'),
('consent that is no boolean', '^42804.*agreed', 'SELECT fit_scorecard(bad, t, fit_options(consent_columns => ''{"agreed": ["age"]}'')) FROM loan, LATERAL (SELECT age, 1 AS agreed) t'),
('no such weight', '^42703.*copies', 'SELECT fit_scorecard(bad, t, fit_options(weight_column => ''copies'')) FROM loan, LATERAL (SELECT age) t'),
('no such key', '^42703.*household', 'SELECT fit_scorecard(bad, t, fit_options(fold_key => ''household'')) FROM loan, LATERAL (SELECT age) t'),
('a weight below 0', '^22', 'SELECT fit_scorecard(bad, t, fit_options(weight_column => ''copies'')) FROM loan, LATERAL (SELECT age, -copies AS copies) t'),
('half a weight', '^22', 'SELECT fit_scorecard(bad, t, fit_options(weight_column => ''copies'')) FROM loan, LATERAL (SELECT age, copies / 2.0 AS copies) t'),
('a weight that is no number', '^(22|42)', 'SELECT fit_scorecard(bad, t, fit_options(weight_column => ''copies'')) FROM loan, LATERAL (SELECT age, copies::text AS copies) t'),
('weights of too much', '^(22|54)', 'SELECT fit_scorecard(bad, t, fit_options(weight_column => ''copies'')) FROM loan, LATERAL (SELECT age, 68719476736 AS copies) t'),
('an infinite offset', '^22', 'SELECT fit_scorecard(bad, t, fit_options(offset_column => ''lift'')) FROM loan, LATERAL (SELECT age, CASE WHEN id = 5 THEN ''infinity'' ELSE income END AS lift) t');
SELECT matches(pg_temp.outcome(query), rule, 'refused: ' || title) FROM refused;
SELECT * FROM finish();
ROLLBACK;
