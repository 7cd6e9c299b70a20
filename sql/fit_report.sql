-- Parts of a card that a fit leaves in it: linear features, the rows of its
-- bins, and how it was learnt.
SET search_path = agririsk, public;
\pset null '(null)'

CREATE TEMP TABLE card (card scorecard);
INSERT INTO card VALUES ('{"format": 1, "name": "fitted", "intercept": -2,
 "features": [
  {"name": "age", "type": "linear", "weight": -0.5, "center": 40, "low": 20, "high": 70, "reason": "Young", "missing": {"woe": -2, "goods": 30, "bads": 10}},
  {"name": "yield", "type": "linear", "weight": 0.25},
  {"name": "cv", "type": "number", "consent": "agreed", "special": [{"values": [-1], "woe": 0.125, "goods": 7, "bads": 0}],
   "bins": [{"high": 0.5, "woe": -0.5, "goods": 90, "bads": 10}, {"woe": 0.5, "goods": 40, "bads": 60}], "missing": "worst"},
  {"name": "crop", "type": "category", "bins": [{"categories": ["apple"], "woe": 0}, {"categories": ["rice"], "woe": 0.75, "goods": 0, "bads": 0}, {"categories": ["tea"], "woe": -0.75}]}],
 "segments": [{"name": "51", "weights": {"age": 0.5}}],
 "fit": {"rows": 1000, "bads": 100, "iterations": 5, "encoding": "none", "folds": 5, "log_likelihood": -250.5, "null_log_likelihood": -325, "ridge": 0, "shift": -0.25,
   "in_sample": {"auc": 0.75, "auc_low": 0.7, "auc_high": 0.8, "log_loss": 0.25}, "out_of_fold": {"auc": 0.72, "rows": 990},
   "excluded": {"weight": 0, "outcome": 12, "a \"b\"": 3},
   "tried": [{"name": "age", "iv": 0.5, "out_of_fold_iv": 0.45, "vif": 1.25}, {"name": "height", "iv": 0, "dropped": "one value"}, {"name": "crop", "vif": 2}],
   "terms": [{"coefficient": -2, "se": 0.5}, {"feature": "age", "coefficient": -0.5, "se": 0.25}, {"feature": "crop", "level": "rice", "coefficient": 0.75}, {"feature": "crop", "level": "tea", "coefficient": -0.75, "se": 0}],
   "covariance": [0.25, 0.01, 0.0625, 0.02, 0.03, 1, 0.04, 0.05, 0.06, 2],
   "assumptions": "rejected loans are \"twice\" as bad", "weight_unit": 0.5,
   "spreads": [{"level": 1, "sd": 0.5}, {"level": 1, "feature": "age", "sd": 0}],
   "segments": [{"rows": 300, "bads": 40, "gain": 2.5, "out_of_fold_gain": -0.5, "p": 0.75, "shrinkage": 0.875, "note": "its parent''s card is kept"}]}}');

-- As written: keys in one order, what is unknown or a default left out.
SELECT card FROM card;
SELECT card::text::scorecard = card AS text, card::jsonb::scorecard = card AS jsonb, card::jsonb - 'fit' <> card::jsonb AS has_fit,
       (card::jsonb - 'fit')::scorecard = card AS without
  FROM card;
-- What is not said is not known, and empty parts are none.
SELECT '{"format": 1, "name": "least", "intercept": 0, "features": [{"name": "x", "type": "linear"}],
  "fit": {"rows": 0, "bads": 0, "terms": [{"coefficient": -0.0}], "tried": [], "excluded": {}, "covariance": [], "in_sample": {}, "encoding": ""}}'::scorecard;

-- ---------- scoring with a linear feature ----------

-- eta by hand: -2 - 0.5 (age - 40) + 0.25 yield + WOE of cv + WOE of crop; in 51
-- the weight of age is 0.5. A missing age counts as 38, a missing yield as 0.
CREATE TEMP TABLE loan (id int, age numeric, yield float8, cv float8, agreed boolean, crop text, eta float8, eta_51 float8);
INSERT INTO loan VALUES
 (1, 40, 0, 0.25, true, 'apple', -2.5, -2.5),
 (2, 42, 1, 0.75, true, 'rice', -1.5, 0.5),
 (3, 18.5, -2, 0.75, false, 'tea', -2 + 10.75 - 0.5 - 0.75, -2 - 10.75 - 0.5 - 0.75),
 (4, 100, 3.5, -1, true, 'apple', -2 - 30 + 0.875 + 0.125, -2 + 30 + 0.875 + 0.125),
 (5, NULL, NULL, NULL, NULL, 'apple', -2 + 1, -2 - 1),
 (6, 'NaN', 4, NULL, true, 'apple', -2 + 1 + 1 + 0.5, -2 - 1 + 1 + 0.5),
 (7, NULL, 'NaN', 0, false, NULL, NULL, NULL);
SELECT id, eta IS NULL AND score(card, l) IS NULL OR abs(score(card, l) - 600 + 20 / ln(2::float8) * (ln(50::float8) + eta)) < 1e-9 AS by_hand,
       eta IS NULL AND score(card, l, '51') IS NULL OR abs(score(card, l, '51') - 600 + 20 / ln(2::float8) * (ln(50::float8) + eta_51)) < 1e-9 AS segment_by_hand,
       eta IS NULL AND pd(card, l) IS NULL OR abs(pd(card, l) - 1 / (1 + exp(-eta))) < 1e-15 AS pd_by_hand,
       points(card, l) - score(card, l) BETWEEN -2.5 AND 2.5 AS points_near
  FROM card, loan l ORDER BY id;
-- Integers and reals are numbers, and what is far out is an error.
SELECT score(card, t) = score(card, u) AS same FROM card, (SELECT 42 AS age, 1::real AS yield, 0.75 AS cv, true AS agreed, 'rice' AS crop) t, loan u WHERE id = 2;
SELECT score(card, t) IS NOT NULL AS far FROM card, (SELECT -1e280::float8 AS age, 1e280::float8 AS yield, 0.75 AS cv, true AS agreed, 'rice' AS crop) t;
SELECT score(card, t) FROM card, (SELECT -1.1e280::float8 AS age, 1 AS yield, 0.75 AS cv, true AS agreed, 'rice' AS crop) t;
SELECT score(card, t) FROM card, (SELECT 'Infinity'::float8 AS age, 1 AS yield, 0.75 AS cv, true AS agreed, 'rice' AS crop) t;
SELECT score(card, t) FROM card, (SELECT '40' AS age, 1 AS yield, 0.75 AS cv, true AS agreed, 'rice' AS crop) t;
-- The largest weights and values: a score that is finite.
SELECT abs(score(card, t)) < 'Infinity' AS finite
  FROM (SELECT '{"format": 1, "name": "far", "intercept": 0, "scale": {"pdo": 1e9}, "features": [{"name": "x", "type": "linear", "weight": 1e9, "center": -1e280, "low": -1e280, "high": 1e280}]}'::scorecard AS card) c,
       (SELECT 1e280::float8 AS x) t;

-- B = 1 where pdo is ln 2: points are -weight * (value - center), against the
-- better end of the range; without one nothing can be said to be lost.
CREATE TEMP TABLE plain AS SELECT (card::jsonb || '{"scale": {"base_odds": 1, "pdo": 0.6931471805599453}}')::scorecard AS card FROM card;
SELECT id, e.feature, value, bin, label, points, best_points, points_lost, rank, reason, flag
  FROM plain, loan l, explain(card, l) WITH ORDINALITY e WHERE id IN (2, 3, 4, 5) ORDER BY id, ordinality;
SELECT feature, points, best_points, points_lost FROM plain, loan l, explain(card, l, '51') WHERE id = 2 AND feature = 'age';
-- A linear feature without consent has lost nothing.
SELECT feature, value, bin, label, points, best_points, points_lost, rank, flag
  FROM (SELECT '{"format": 1, "name": "c", "intercept": 0, "features": [{"name": "x", "type": "linear", "consent": "agreed", "low": 0, "high": 1, "missing": "neutral"}, {"name": "y", "type": "linear", "consent": "agreed"}, {"name": "z", "type": "linear"}]}'::scorecard AS card) c,
       (SELECT 5 AS x, 5 AS y, 1 AS z, false AS agreed UNION ALL SELECT NULL, 0, 0, true) t, explain(card, t);

SELECT feature, bin, label, low, high, woe, points, n, bads, bad_rate FROM plain, bins(card);

-- ---------- for other systems ----------

SELECT to_sql(card, 'eta', 'county') FROM card;
SELECT to_sql('{"format": 1, "name": "one", "intercept": 0, "features": [{"name": "x", "type": "linear", "missing": {"woe": 2}, "weight": 3}]}', 'pd');
SELECT unnest(xpath('//*[local-name() = "Interval" or local-name() = "Characteristic"]',
  to_pmml('{"format": 1, "name": "one", "intercept": 0, "scale": {"base_odds": 1, "pdo": 0.6931471805599453}, "features": [{"name": "x", "type": "linear", "center": 2, "low": 0, "high": 5, "weight": 3}]}')));
SELECT to_pmml('{"format": 1, "name": "one", "intercept": 0, "features": [{"name": "x", "type": "linear"}]}');

-- ---------- how it was learnt ----------

\x on
SELECT r.* FROM card, fit_report(card) r;
-- Four terms and two spreads: AIC = 2 * 250.5 + 2 * 6, BIC = 501 + 6 ln 500, a weight of 1 being half a row.
SELECT aic = 513 AS aic_by_hand, abs(bic - (501 + 6 * ln(500::float8))) < 1e-12 AS bic_by_hand FROM card, fit_report(card);
SELECT r.* FROM card, fit_report((card::jsonb - 'fit')::scorecard) r;
SELECT rows, bads, excluded, parameters, iterations, aic, bic FROM fit_report('{"format": 1, "name": "least", "intercept": 0, "features": [{"name": "x", "type": "linear"}], "fit": {"rows": 0, "bads": 0, "terms": [{"coefficient": 1}]}}');
\x off
SELECT (fit_report(NULL)).rows;

-- z = -4 and -2: 2 (1 - Phi(4)) = 6.334e-5 and 0.0455 (any table of the normal distribution).
SELECT feature, level, coefficient, se, z, p::numeric(12, 9), iv, out_of_fold_iv, vif, dropped FROM card, coefficients(card);
SELECT feature, level, coefficient, se, dropped FROM card, coefficients((card::jsonb - 'fit')::scorecard);
SELECT coefficients(NULL);

SELECT feature, level, other_feature, other_level, covariance FROM card, covariance(card);
SELECT count(*) FROM card, covariance((card::jsonb - 'fit')::scorecard);
SELECT count(*) FROM card, covariance((card::jsonb #- '{fit,covariance}')::scorecard);

-- ---------- of segments ----------

SELECT s.* FROM card, spreads(card) s;
SELECT s.* FROM card, segments(card) s;
-- Effects on the intercept by hand: what is inherited is no effect. Children may come first.
SELECT s.* FROM segments('{"format": 1, "name": "tree", "intercept": -2, "features": [{"name": "x", "type": "linear"}],
  "segments": [{"name": "5101", "parent": "51", "intercept": -3}, {"name": "51", "parent": "5", "weights": {"x": 2}}, {"name": "5", "intercept": -1.5}, {"name": "6"}],
  "fit": {"rows": 10, "bads": 1, "terms": [{"coefficient": 1}], "segments": [{"rows": 1, "bads": 0}, {"rows": 2, "bads": 1, "shrinkage": 0}, {"rows": 3, "bads": 0, "note": "signs are its parent''s"}, {"rows": 0, "bads": 0}]}}') s;
SELECT s.* FROM card, segments((card::jsonb - 'fit')::scorecard) s;
SELECT count(*) FROM card, segments((card::jsonb - 'fit' - 'segments')::scorecard);
SELECT count(*) FROM card, spreads((card::jsonb - 'fit')::scorecard);
SELECT (card::jsonb #- '{fit,weight_unit}')::scorecard = jsonb_set(card::jsonb, '{fit,weight_unit}', '1')::scorecard AS one_is_default FROM card;

-- ---------- bad input ----------

CREATE FUNCTION pg_temp.refused(path text, value text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  message text; detail text; hint text; state text;
BEGIN
  IF value IS NULL THEN
    PERFORM (card::jsonb #- path::text[])::scorecard FROM card;
  ELSE
    PERFORM jsonb_set(card::jsonb, path::text[], value::jsonb)::scorecard FROM card;
  END IF;
  RETURN 'accepted';
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT, state = RETURNED_SQLSTATE;
  RETURN concat_ws(' | ', state, message, detail, hint);
END $$;
\t on
\pset format unaligned
SELECT pg_temp.refused(path, value) FROM (VALUES
  ('{features,0,bins}', '[{"woe": 1}]'), ('{features,0,unseen}', '"worst"'), ('{features,0,special}', '[]'), ('{features,2,center}', '0'), ('{features,0,type}', '"number"'),
  ('{features,0,center}', '1e281'), ('{features,0,center}', '"40"'), ('{features,0,low}', NULL), ('{features,0,high}', '10'), ('{features,0,high}', '1e300'), ('{features,0,missing}', '"worst"'), ('{features,0,missing}', '{"woe": 1, "bads": 1}'),
  ('{features,2,bins,0,goods}', NULL), ('{features,2,bins,0,goods}', '-1'), ('{features,2,bins,0,bads}', '0.5'), ('{features,2,bins,0,bads}', '1e13'), ('{features,2,special,0,bads}', '"1"'), ('{features,2,special,0,bads}', NULL),
  ('{fit}', '[]'), ('{fit}', 'null'), ('{fit,r2}', '0.5'), ('{fit,rows}', NULL), ('{fit,rows}', '99'), ('{fit,bads}', '-1'), ('{fit,iterations}', '1.5'), ('{fit,encoding}', '7'),
  ('{fit,log_likelihood}', '1'), ('{fit,ridge}', '-1'), ('{fit,lambda}', '"a"'), ('{fit,in_sample,auc}', '1.5'), ('{fit,in_sample,rows}', '10'), ('{fit,out_of_fold,rows}', '-1'), ('{fit,out_of_fold}', '0.7'),
  ('{fit,excluded}', '["outcome"]'), ('{fit,excluded,outcome}', '1.5'), ('{fit,excluded}', '{"": 1}'),
  ('{fit,tried}', '{}'), ('{fit,tried,0}', '"age"'), ('{fit,tried,1,name}', '"age"'), ('{fit,tried,1,name}', NULL), ('{fit,tried,0,iv}', '-0.1'), ('{fit,tried,0,p}', '0.1'),
  ('{fit,terms}', NULL), ('{fit,terms}', '[]'), ('{fit,terms,0}', NULL), ('{fit,terms,1,feature}', '"height"'), ('{fit,terms,3,feature}', '"age"'), ('{fit,terms,1,level}', '"old"'), ('{fit,terms,3,level}', '"rice"'), ('{fit,terms,3,coefficient}', NULL), ('{fit,terms,3,se}', '-1'),
  ('{fit,covariance,0}', NULL), ('{fit,covariance,0}', '"1"'), ('{fit,covariance}', '0'), ('{features,3}', NULL),
  ('{fit,assumptions}', '1'), ('{fit,weight_unit}', '0'), ('{fit,weight_unit}', '1.5'),
  ('{fit,spreads}', '{}'), ('{fit,spreads,0,tau}', '1'), ('{fit,spreads,0,level}', '0'), ('{fit,spreads,0,level}', '2'), ('{fit,spreads,0,level}', '1e11'), ('{fit,spreads,0,level}', '0.5'), ('{fit,spreads,1,feature}', '"height"'), ('{fit,spreads,1,feature}', NULL), ('{fit,spreads,0,feature}', '"crop"'), ('{fit,spreads,1,sd}', '-1'), ('{fit,spreads,1,sd}', NULL),
  ('{fit,segments,0,name}', '"51"'), ('{fit,segments,1}', '{"rows": 1, "bads": 0}'), ('{fit,segments,0,rows}', NULL), ('{fit,segments,0,rows}', '39'), ('{fit,segments,0,bads}', '-1'), ('{fit,segments,0,p}', '1.5'), ('{fit,segments,0,shrinkage}', '-0.5'), ('{fit,segments,0,note}', '7'), ('{segments}', '[]')
 ) v (path, value);
\t off
\pset format aligned
