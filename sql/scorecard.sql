-- Type scorecard: JSON in and out, and scoring of rows.
SET search_path = agririsk, public;
\pset null '(null)'

-- Defaults are filled in, an edge may stand on either side or on both, and what
-- equals a default is not written.
SELECT '{"format": 1, "name": "one", "intercept": -0, "features": [{"name": "x", "type": "number", "bins": [{"woe": 0.1}]}]}'::scorecard;
SELECT '{"features": [{"bins": [{"high": 1.50, "woe": -1e-5}, {"high": 2, "woe": 0}, {"low": 2.0, "high": 1e20, "woe": 1}, {"low": 100000000000000000000, "woe": 0.30000000000000004}],
          "weight": 1.0, "type": "number", "name": "x", "reason": "", "special": [], "unseen": "average"},
         {"name": "q \"r\" \\ é", "type": "category", "weight": -2.5, "reason": "because", "consent": "agreed", "missing": "best", "unseen": "error",
          "bins": [{"woe": 0.5, "categories": ["", "b, c", "é"]}, {"woe": 1, "categories": ["d"]}]},
         {"name": "z", "type": "number", "bins": [{"woe": 0}], "missing": {"woe": 0.25},
          "special": [{"values": [-1, -9], "woe": 2}, {"values": [99.5], "woe": 3}]}],
 "scale": {"pdo": 40}, "intercept": 2.5, "name": "many", "format": 1.0,
 "segments": [{"name": "b", "parent": "a", "weights": {"z": 3, "x": 0}}, {"name": "a", "intercept": -0.125}]}'::scorecard;
-- The text is read as the same card, under any setting.
SET extra_float_digits = -3;
SELECT card::text::scorecard = card AS same, card::jsonb::scorecard = card AS same_by_jsonb, card::text LIKE '%0.30000000000000004%' AS exact
  FROM (VALUES ('{"format": 1, "name": "a", "intercept": 0.1, "features": [{"name": "x", "type": "number", "bins": [{"woe": 0.30000000000000004}]}]}'::scorecard)) v (card);
RESET extra_float_digits;

-- A card as this version writes it; it is read for ever. The bytes stand for
-- name a, scale 600/50/20, intercept -1, feature x with one bin of WOE 0.5.
CREATE TEMP TABLE kept (bytes bytea);
INSERT INTO kept VALUES (decode('01000000' || '0161'
  || '0000000000c08240' || '0000000000004940' || '0000000000003440' || '000000000000f0bf'
  || '01' || '017800' || '000000000000f03f' || '00000000' || '01' || '000000000000e03f' || '0000', 'hex'));
SELECT scorecard_send('{"format": 1, "name": "a", "intercept": -1, "features": [{"name": "x", "type": "number", "bins": [{"woe": 0.5}]}]}') = bytes AS as_kept FROM kept;

-- ---------- scoring ----------

-- Three bins, a special value, a missing bin; categories; consent; segments.
CREATE TEMP TABLE card (card scorecard);
INSERT INTO card VALUES ('{"format": 1, "name": "rice", "intercept": -2,
 "features": [
  {"name": "cv", "type": "number", "reason": "Income varies strongly", "consent": "agreed",
   "bins": [{"high": 0.5, "woe": -0.5}, {"high": 1.5, "woe": 0.25}, {"woe": 0.75}],
   "special": [{"values": [-1, -9], "woe": 0.125}], "missing": {"woe": 0.375}},
  {"name": "crop", "type": "category", "weight": 0.5, "reason": "The crop",
   "bins": [{"categories": ["rice", "wheat"], "woe": -0.25}, {"categories": ["apple"], "woe": 1}]}],
 "segments": [{"name": "5101", "parent": "51", "weights": {"cv": -2}}, {"name": "51", "intercept": -1}]}');
CREATE TEMP TABLE loan (id int, crop text, agreed boolean, cv float8, eta float8, eta_5101 float8);
INSERT INTO loan VALUES
 -- below, at and above the cuts; eta by hand: -2 + cv's WOE + half the crop's WOE,
 -- and -1 - 2 cv's WOE + half the crop's WOE
 (1, 'rice', true, 0.4999999999999999, -2 - 0.5 - 0.125, -1 + 1 - 0.125),
 (2, 'apple', true, 0.5, -2 + 0.25 + 0.5, -1 - 0.5 + 0.5),
 (3, 'wheat', true, 1.5, -2 + 0.75 - 0.125, -1 - 1.5 - 0.125),
 (4, 'apple', true, -1e300, -2 - 0.5 + 0.5, -1 + 1 + 0.5),
 -- special values, missing, NaN
 (5, 'apple', true, -1, -2 + 0.125 + 0.5, -1 - 0.25 + 0.5),
 (6, 'apple', true, -9, -2 + 0.125 + 0.5, -1 - 0.25 + 0.5),
 (7, 'apple', true, NULL, -2 + 0.375 + 0.5, -1 - 0.75 + 0.5),
 (8, 'apple', true, 'NaN', -2 + 0.375 + 0.5, -1 - 0.75 + 0.5),
 -- no bin for a missing crop, an unseen one: WOE 0
 (9, NULL, true, 1, -2 + 0.25, -1 - 0.5),
 (10, 'Rice', true, 1, -2 + 0.25, -1 - 0.5),
 -- no consent, or an unknown one: WOE 0, whatever the value
 (11, 'apple', false, 9, -2 + 0.5, -1 + 0.5),
 (12, 'apple', NULL, NULL, -2 + 0.5, -1 + 0.5),
 (13, 'apple', false, 'Infinity', -2 + 0.5, -1 + 0.5),
 (14, NULL, false, 9, -2, -1),
 (17, 'apple', false, 'NaN', -2 + 0.5, -1 + 0.5),
 -- nothing known: no score
 (15, NULL, true, NULL, NULL, NULL),
 (16, NULL, false, 'NaN', NULL, NULL);

-- pd and score are those formulas in SQL, to the last digits of float8.
SELECT id, pd(card, loan), score(card, loan), points(card, loan),
       pd(card, loan) IS NOT DISTINCT FROM NULL AND eta IS NULL
         OR abs(pd(card, loan) - 1 / (1 + exp(-eta))) < 1e-15 AS pd_right,
       eta IS NULL OR abs(score(card, loan) - (600 - 20 / ln(2::float8) * (eta + ln(50::float8)))) < 1e-10 AS score_right,
       eta_5101 IS NULL OR abs(pd(card, loan, '5101') - 1 / (1 + exp(-eta_5101))) < 1e-15 AS segment_right
  FROM card, loan ORDER BY id;
-- Points: A - B * intercept, and per feature -B * weight * WOE, each rounded. In
-- 5101 the intercept is -1 and the weight of cv -2.
SELECT id, points(card, l) = round(a + b * 2) + round(-b * cv_woe) + round(-b * 0.5 * crop_woe) AS points_right,
       points(card, l, '5101') = round(a + b * 1) + round(b * 2 * cv_woe) + round(-b * 0.5 * crop_woe) AS segment_right
  FROM card, loan l,
       (VALUES (1, -0.5, -0.25), (2, 0.25, 1), (3, 0.75, -0.25), (11, 0, 1)) w (of, cv_woe, crop_woe),
       (SELECT 20 / ln(2::float8) AS b) s,
       LATERAL (SELECT 600 - b * ln(50::float8) AS a) h
 WHERE id = w.of ORDER BY id;
-- Halves round away from zero, on both sides and by themselves: B = 1 where pdo
-- is ln 2, so base points of 0.5 and -0.5 are 1 and -1, and a feature's are -3 and 3.
SELECT base, points(format('{"format": 1, "name": "half", "scale": {"base_score": %s, "base_odds": 1, "pdo": 0.6931471805599453}, "intercept": 0,
  "features": [{"name": "x", "type": "number", "bins": [{"high": 0, "woe": 2.5}, {"woe": -2.5}]}]}', base)::scorecard, t)
  FROM unnest(ARRAY[0, 0.5, -0.5]) base, (VALUES (-1), (1)) t (x);

-- Segments: unknown ones and NULL are the root, one without a word is its parent.
SELECT pd(card, loan) = pd(card, loan, NULL) AS "null", pd(card, loan) = pd(card, loan, '52') AS unknown,
       pd(card, loan) = pd(card, loan, '') AS empty, pd(card, loan, '51') > pd(card, loan) AS own
  FROM card, loan WHERE id = 3;

-- A NULL row, a NULL card.
SELECT pd(card, NULL::loan), score(card, NULL::loan), points(card, NULL::loan), pd(NULL, loan),
       (SELECT count(*) FROM explain(card, NULL::loan)) AS reasons, (SELECT count(*) FROM explain(NULL, loan)) AS no_card
  FROM card, loan WHERE id = 1;

-- Every type of column. Extra columns and their order do not matter.
CREATE TYPE staple AS ENUM ('rice', 'apple');
CREATE DOMAIN share AS numeric(6, 3) CHECK (value >= 0);
SELECT pd(card, a) AS "int", pd(card, b) AS "smallint", pd(card, c) AS "bigint", pd(card, d) AS "real", pd(card, e) AS "numeric", pd(card, f) AS domain
  FROM card, (SELECT 1 AS cv, 'rice'::varchar AS crop, true AS agreed) a,
       (SELECT 'rice'::char(9) AS crop, 1::smallint AS cv, true AS agreed, 'Infinity'::float8 AS other) b,
       (SELECT true AS agreed, 1::bigint AS cv, 'rice'::name AS crop) c,
       (SELECT 1.25::real AS cv, 'rice'::staple AS crop, true AS agreed) d,
       (SELECT 1.4999999999999999999999::numeric AS cv, 'rice'::staple AS crop, true AS agreed) e,
       (SELECT 1::share AS cv, 'rice' AS crop, true AS agreed) f;
-- Numbers are the nearest float8, as a cast is: that one was 1.5. Booleans and
-- integers are categories by their text.
SELECT t.kind, b.woe, pd(card, t) = 1 / (1 + exp(-b.woe)) AS pd_right
  FROM (SELECT '{"format": 1, "name": "k", "intercept": 0, "features": [{"name": "kind", "type": "category",
         "bins": [{"categories": ["true", "-7"], "woe": 1}, {"categories": ["false", "9223372036854775807"], "woe": -2}]}]}'::scorecard AS card) c,
       (VALUES (true, 1), (false, -2), (NULL, 0)) t (kind, expected), LATERAL (SELECT expected::float8 AS woe) b
 WHERE t.kind IS NOT NULL;
SELECT pd(card, t) = 1 / (1 + exp(-1::float8)) AS int4, pd(card, u) = 1 / (1 + exp(2::float8)) AS int8
  FROM (SELECT '{"format": 1, "name": "k", "intercept": 0, "features": [{"name": "kind", "type": "category",
         "bins": [{"categories": ["true", "-7"], "woe": 1}, {"categories": ["false", "9223372036854775807"], "woe": -2}]}]}'::scorecard AS card) c,
       (SELECT -7 AS kind) t, (SELECT 9223372036854775807 AS kind) u;

-- Worst and best go by weight * WOE, so by the sign of the weight.
SELECT missing, weight, pd(card, t) = 1 / (1 + exp(-eta::float8)) AS missing_right, pd(card, u) = 1 / (1 + exp(-unseen::float8)) AS unseen_right
  FROM (VALUES ('worst', 1, 2, 2), ('worst', -1, 1, 1), ('best', 1, -1, 2), ('best', -1, -2, 1), ('neutral', -1, 0, 1)) p (missing, weight, eta, unseen),
       LATERAL (SELECT format('{"format": 1, "name": "p", "intercept": 0, "features": [{"name": "a", "type": "category", "unseen": "worst", "missing": "%s", "weight": %s,
                  "bins": [{"categories": ["x"], "woe": 2}, {"categories": ["y"], "woe": -1}]},
                 {"name": "one", "type": "number", "bins": [{"woe": 0}]}]}', missing, weight)::scorecard AS card) c,
       (SELECT NULL::text AS a, 1 AS one) t, (SELECT 'z' AS a, 1 AS one) u;

-- A PD stays inside (0, 1); a score has no bounds.
SELECT pd(card, t) > 0 AS above_0, pd(card, t) < 1 AS below_1, round(score(card, t)::numeric, 3) AS score, x
  FROM (SELECT '{"format": 1, "name": "far", "intercept": 0, "features": [{"name": "x", "type": "number", "bins": [{"high": 0, "woe": -1e9}, {"woe": 1e9}]}]}'::scorecard AS card) c,
       (VALUES (-1), (1)) t (x);

-- ---------- explain and bins ----------

SELECT id, e.feature, value, bin, label, round(points::numeric, 3) AS points, round(best_points::numeric, 3) AS best,
       round(points_lost::numeric, 3) AS lost, rank, reason, flag
  FROM card, loan, explain(card, loan) WITH ORDINALITY e
 WHERE id IN (1, 2, 3, 5, 9, 10, 11) ORDER BY id, ordinality;
-- In 5101 the weight of cv is -2: the bin that was best is the worst.
SELECT feature, bin, label, round(points_lost::numeric, 3) AS lost, rank FROM card, loan, explain(card, loan, '5101') WHERE id IN (1) ;
-- The base points, of the segment's own intercept, and the points of the features
-- add up to the score.
SELECT segment, count(*) AS loans, bool_and(abs(score(card, loan, segment)
         - (600 - 20 / ln(2::float8) * (intercept + ln(50::float8)) + (SELECT sum(points) FROM explain(card, loan, segment)))) < 1e-9) AS add_up
  FROM card, loan, (VALUES (NULL, -2), ('5101', -1)) s (segment, intercept) WHERE eta IS NOT NULL GROUP BY segment ORDER BY segment NULLS FIRST;
-- Ties are told in the card's order; a feature without a reason text has none.
SELECT feature, round(points_lost::numeric, 3) AS lost, rank, reason, value, bin, label
  FROM (SELECT '{"format": 1, "name": "tie", "intercept": 0, "features": [
         {"name": "b", "type": "number", "bins": [{"high": 0.1, "woe": 0}, {"woe": 1}]},
         {"name": "a", "type": "number", "bins": [{"high": 0.1, "woe": 0}, {"woe": 1}], "reason": "A"}]}'::scorecard AS card) c,
       (SELECT 0.1::real AS a, 0.3::float8 AS b) t, explain(card, t);
-- A row of which nothing is known, or with no consent to all that is, has bins but no points and no reasons.
SELECT feature, value, bin, label, points, best_points, points_lost, rank, reason, flag
  FROM card, (VALUES (NULL::float8, NULL, true), (NULL, NULL, false), (1, NULL, NULL)) t (cv, crop, agreed), explain(card, t);
-- Labels may be alike, numbers are not: a category with a comma against a bin of two, one named missing against missing.
SELECT b.bin, b.label, e.value FROM (SELECT '{"format": 1, "name": "alike", "intercept": 0, "features": [{"name": "crop", "type": "category", "missing": "worst",
         "bins": [{"categories": ["apple, pear"], "woe": 0}, {"categories": ["apple", "pear"], "woe": 1}, {"categories": ["missing"], "woe": 2}]},
         {"name": "x", "type": "number", "bins": [{"woe": 0}]}]}'::scorecard AS card) c,
       (VALUES ('apple, pear', 1), ('pear', 1), ('missing', 1), (NULL, 1), ('unseen', 1)) t (crop, x), explain(card, t) e JOIN bins(card) b USING (feature, bin) WHERE feature = 'crop';

SELECT feature, bin, label, low, high, categories, woe, round(points::numeric, 3) AS points FROM card, bins(card);
-- A reader of the printed card adds up: the base points, and a row per feature.
SELECT count(*) AS loans, bool_and(abs(score(card, loan) - (
         SELECT sum(b.points) FROM bins(card) b LEFT JOIN explain(card, loan) e ON e.feature = b.feature AND e.bin = b.bin AND e.label = b.label
          WHERE b.feature IS NULL OR e.feature IS NOT NULL)) < 1e-9) AS adds_up
  FROM card, loan WHERE eta IS NOT NULL AND agreed;
-- No feature's name clashes with the base points; no points are 0, never -0.
SELECT feature, bin, label, woe, points FROM bins('{"format": 1, "name": "b", "intercept": 0, "scale": {"base_score": 500, "base_odds": 1},
  "features": [{"name": "base points", "type": "number", "bins": [{"woe": 0}], "missing": {"woe": -0.0}}]}');
SELECT label, woe, points IS NULL AS no_points FROM bins('{"format": 1, "name": "l", "intercept": 0, "features": [
  {"name": "a", "type": "number", "bins": [{"woe": 0}], "special": [{"values": [-1, -2.5], "woe": 1}], "missing": "worst"},
  {"name": "b", "type": "number", "bins": [{"high": 0.30000000000000004, "woe": 0}, {"high": 1e20, "woe": 1}, {"woe": 2}], "missing": "worst"},
  {"name": "c", "type": "category", "unseen": "error", "bins": [{"categories": ["x"], "woe": 3}]}]}');

-- ---------- bad input ----------

\set VERBOSITY default
-- The row.
SELECT pd(card, t) FROM card, (SELECT 1 AS cv, true AS agreed) t;
SELECT pd(card, t) FROM card, (SELECT 1 AS cv, 'rice' AS crop) t;
-- Two columns of one name: a feature, a consent; of another column it does not matter.
SELECT pd(card, t) FROM card, (SELECT 1 AS cv, 'rice' AS crop, true AS agreed, 2 AS cv) t;
SELECT score(card, t) FROM card, (SELECT true AS agreed, 1 AS cv, 'rice' AS crop, false AS agreed) t;
SELECT * FROM card, (SELECT 1 AS cv, 'rice' AS crop, 'tea' AS crop, true AS agreed) t, explain(card, t);
SELECT points(card, t) IS NOT NULL AS scored FROM card, (SELECT 1 AS other, 1 AS cv, 2 AS other, 'rice' AS crop, true AS agreed) t;
SELECT pd(card, ROW (1, 'rice', true)) FROM card;
SELECT pd(card, t) FROM card, (SELECT '1' AS cv, 'rice' AS crop, true AS agreed) t;
SELECT pd(card, t) FROM card, (SELECT true AS cv, 'rice' AS crop, true AS agreed) t;
SELECT pd(card, t) FROM card, (SELECT 1 AS cv, 1.5 AS crop, true AS agreed) t;
SELECT pd(card, t) FROM card, (SELECT 1 AS cv, 'rice' AS crop, 1 AS agreed) t;
SELECT pd(card, t) FROM card, (SELECT 'Infinity'::float8 AS cv, 'rice' AS crop, true AS agreed) t;
SELECT explain(card, t) FROM card, (SELECT '-Infinity'::numeric AS cv, 'rice' AS crop, true AS agreed) t;
SELECT pd('{"format": 1, "name": "u", "intercept": 0, "features": [{"name": "crop", "type": "category", "unseen": "error", "bins": [{"categories": ["rice"], "woe": 1}]}]}', t)
  FROM (SELECT 'tea' AS crop) t;
SELECT points('{"format": 1, "name": "u", "intercept": 0, "scale": {"pdo": 1e9}, "features": [{"name": "x", "type": "number", "bins": [{"woe": 9}]}]}', t)
  FROM (SELECT 1 AS x) t;

-- The card: each message names the place and shows the value.
CREATE FUNCTION pg_temp.refused(change text, replacement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  message text; detail text; hint text; state text;
  card text := '{"format": 1, "name": "n", "scale": {"pdo": 20}, "intercept": -2, "features": [{"name": "cv", "type": "number", "weight": 1, "reason": "r", "consent": "k", "bins": [{"high": 0.5, "woe": -0.5}, {"low": 0.5, "woe": 0.25}], "special": [{"values": [-1], "woe": 0.1}], "missing": {"woe": 0.3}}, {"name": "crop", "type": "category", "bins": [{"categories": ["rice", "wheat"], "woe": -0.25}]}], "segments": [{"name": "51", "intercept": -1}, {"name": "52", "parent": "51", "weights": {"cv": 2}}]}';
BEGIN
  PERFORM card::scorecard;
  IF strpos(card, change) = 0 THEN RETURN 'nothing to change'; END IF;
  PERFORM overlay(card PLACING replacement FROM strpos(card, change) FOR length(change))::scorecard;
  RETURN 'accepted';
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT, state = RETURNED_SQLSTATE;
  RETURN concat_ws(' | ', state, message, detail, hint);
END $$;
\t on
\pset format unaligned
SELECT pg_temp.refused(change, replacement) FROM (VALUES
  ('"format": 1', '"format": 2'), ('"format": 1, ', ''), ('"format": 1', '"format": "1"'),
  ('"name": "n"', '"name": ""'), ('"name": "n", ', ''), ('"name": "n"', '"name": null'), ('"name": "n"', '"name": "n", "owner": "me"'),
  ('{"pdo": 20}', '{"pdo": 0}'), ('{"pdo": 20}', '{"base_odds": -1}'), ('{"pdo": 20}', '{"base_score": 1e400}'), ('{"pdo": 20}', '{"points": 20}'), ('{"pdo": 20}', '20'),
  ('"intercept": -2, ', ''), ('"intercept": -2', '"intercept": true'), ('"intercept": -2', '"intercept": 1e10'),
  ('"name": "crop"', '"name": "cv"'), ('"name": "cv"', '"name": ["cv"]'), ('"type": "number"', '"type": "date"'), ('"type": "number", ', ''),
  ('"weight": 1', '"weight": "1"'), ('"reason": "r"', '"reason": 7'), ('"consent": "k"', '"consent": ""'), ('"consent": "k"', '"agreed": "k"'),
  ('{"high": 0.5, "woe": -0.5}', '{"high": 0.5}'), ('{"high": 0.5, "woe": -0.5}', '{"high": 0.5, "woe": "x"}'), ('{"high": 0.5, "woe": -0.5}', '{"high": 0.4, "woe": -0.5}'),
  ('{"high": 0.5, "woe": -0.5}', '{"low": 0, "high": 0.5, "woe": 1}'), ('{"low": 0.5, "woe": 0.25}', '{"low": 0.5, "high": 1, "woe": 0.25}'),
  ('{"high": 0.5, "woe": -0.5}, ', '{"high": 0.5, "woe": 1}, {"high": 0.5, "woe": 2}, '), ('{"high": 0.5, "woe": -0.5}', '{"categories": ["a"], "woe": 1}'),
  ('{"high": 0.5, "woe": -0.5}, {"low": 0.5, "woe": 0.25}', '{"woe": -0.5}, {"woe": 0.25}'), ('[{"high": 0.5, "woe": -0.5}, {"low": 0.5, "woe": 0.25}]', '[]'),
  ('{"high": 0.5, "woe": -0.5}', '7'), ('[{"high": 0.5, "woe": -0.5}, {"low": 0.5, "woe": 0.25}]', '{}'), ('{"high": 0.5, "woe": -0.5}', '{"high": 1e999, "woe": 0}'),
  ('[-1]', '[]'), ('[-1]', '[-1, -1.0]'), ('[-1]', '["a"]'), ('[-1]', '-1'), ('"special": [{', '"special": [{"n": 1, '),
  ('{"woe": 0.3}', '"average"'), ('{"woe": 0.3}', '0.3'), ('{"woe": 0.3}', '{"woe": 0.3, "n": 1}'), ('{"woe": 0.3}', '{}'), ('"missing": {"woe": 0.3}', '"unseen": "worst"'),
  ('["rice", "wheat"]', '["rice", "rice"]'), ('["rice", "wheat"]', '[]'), ('["rice", "wheat"]', '["rice", 1]'), ('["rice", "wheat"]', '"rice"'),
  ('"woe": -0.25}]', '"woe": -0.25}], "unseen": "mean"'), ('"woe": -0.25}]', '"woe": -0.25}], "special": [{"values": [1], "woe": 0}]'),
  ('"name": "52"', '"name": "51"'), ('"name": "52"', '"name": ""'), ('"parent": "51"', '"parent": "53"'), ('"parent": "51"', '"parent": "52"'), ('"parent": "51"', '"parent": ""'),
  ('"intercept": -1', '"parent": "52"'), ('"intercept": -1', '"intercept": null'), ('{"cv": 2}', '{"age": 2}'), ('{"cv": 2}', '{"cv": "2"}'), ('{"cv": 2}', '[2]'), ('"parent": "51"', '"ancestor": "51"')
 ) v (change, replacement);
\t off
\pset format aligned
SELECT 'null'::scorecard;
SELECT '[1]'::scorecard;
SELECT ''::scorecard;
SELECT '{"format": 1'::scorecard;
SELECT bins(NULL);
SELECT ('{"format": 1, "name": "n", "intercept": 0, "features": [' ||
        string_agg(format('{"name": "f%s", "type": "number", "bins": [{"woe": 0}]}', i), ',') || ']}')::scorecard IS NULL
  FROM generate_series(1, 1601) i;

-- ---------- comparison ----------

CREATE TEMP TABLE library AS
SELECT i, format('{"format": 1, "name": "n%s", "intercept": %s, "features": [{"name": "x", "type": "number", "bins": [{"woe": 0}]}]}', i % 3, i % 3)::scorecard AS card
  FROM generate_series(1, 30) i;
CREATE INDEX ON library (card);
SELECT count(DISTINCT card), (SELECT count(*) FROM (SELECT card FROM library GROUP BY card) s) AS by_hash,
       count(*) FILTER (WHERE card = (SELECT card FROM library WHERE i = 2)) AS equal,
       count(*) FILTER (WHERE card <> (SELECT card FROM library WHERE i = 2)) AS different
  FROM library;
SELECT bool_and((a.card < b.card) = (scorecard_cmp(a.card, b.card) < 0) AND (a.card >= b.card) = NOT (a.card < b.card)
                AND (a.card > b.card) = (b.card < a.card) AND (a.card <= b.card) = NOT (a.card > b.card)
                AND (a.card = b.card) = (scorecard_hash(a.card) = scorecard_hash(b.card))
                AND (a.card = b.card) = (scorecard_hash_extended(a.card, 7) = scorecard_hash_extended(b.card, 7))) AS consistent
  FROM library a, library b;
DROP TYPE staple;
DROP DOMAIN share;

-- A key given twice is a typing error; a colon in a name is not a key.
SELECT '{"format": 1, "name": "twice", "intercept": 0, "features": [{"name": "x", "type": "number", "bins": [{"woe": 1, "woe": 7}]}]}'::scorecard;
SELECT '{"format": 1, "name": "a: \"b\\", "intercept": 0, "features": [{"name": "x", "type": "number", "bins": [{"woe": 1}]}]}'::scorecard;

-- Categories that a boolean never has.
SELECT pd('{"format": 1, "name": "bool", "intercept": 0, "features": [{"name": "x", "type": "category", "bins": [{"categories": ["t"], "woe": 1}, {"categories": ["f"], "woe": -1}]}]}', t) FROM (SELECT true AS x) t;
