-- Cards for other systems: to_sql and to_pmml.
SET search_path = agririsk, public;
\pset null '(null)'

-- Everything that a card can say: cuts, special values, missing, consent, a
-- category in quotes, unseen ones, weights, segments.
CREATE TEMP TABLE card (card scorecard);
INSERT INTO card VALUES ('{"format": 1, "name": "rice", "intercept": -2,
 "features": [
  {"name": "cv", "type": "number", "reason": "Income varies strongly", "consent": "agreed",
   "bins": [{"high": 0.5, "woe": -0.5}, {"high": 1.5, "woe": 0.25}, {"woe": 0.75}],
   "special": [{"values": [-1, -9], "woe": 0.125}], "missing": {"woe": 0.375}},
  {"name": "The \"crop\"", "type": "category", "weight": 0.5, "reason": "The crop", "unseen": "worst",
   "bins": [{"categories": ["rice", "king''s wheat"], "woe": -0.25}, {"categories": ["apple"], "woe": 1}]}],
 "segments": [{"name": "5101", "parent": "51", "weights": {"cv": -2}}, {"name": "51", "intercept": -1}]}');
-- eta by hand: -2 + cv's WOE + half the crop's WOE, and in 5101 -1 - 2 cv's WOE
-- + half the crop's WOE.
CREATE TEMP TABLE loan (id int, "The ""crop""" text, agreed boolean, cv float8, county text DEFAULT '5101', eta float8, eta_5101 float8);
INSERT INTO loan (id, "The ""crop""", agreed, cv, eta, eta_5101) VALUES
 -- below, at and above the cuts
 (1, 'rice', true, 0.4999999999999999, -2 - 0.5 - 0.125, -1 + 1 - 0.125),
 (2, 'apple', true, 0.5, -2 + 0.25 + 0.5, -1 - 0.5 + 0.5),
 (3, 'king''s wheat', true, 1.5, -2 + 0.75 - 0.125, -1 - 1.5 - 0.125),
 (4, 'apple', true, -1e300, -2 - 0.5 + 0.5, -1 + 1 + 0.5),
 -- special values, missing, NaN
 (5, 'apple', true, -1, -2 + 0.125 + 0.5, -1 - 0.25 + 0.5),
 (6, 'apple', true, -9, -2 + 0.125 + 0.5, -1 - 0.25 + 0.5),
 (7, 'apple', true, NULL, -2 + 0.375 + 0.5, -1 - 0.75 + 0.5),
 (8, 'apple', true, 'NaN', -2 + 0.375 + 0.5, -1 - 0.75 + 0.5),
 -- no bin for a missing crop: WOE 0; an unseen one: the worst bin's
 (9, NULL, true, 1, -2 + 0.25, -1 - 0.5),
 (10, 'Rice', true, 1, -2 + 0.25 + 0.5, -1 - 0.5 + 0.5),
 -- no consent, or an unknown one: WOE 0, whatever the value
 (11, 'apple', false, 9, -2 + 0.5, -1 + 0.5),
 (12, 'apple', NULL, NULL, -2 + 0.5, -1 + 0.5),
 (13, 'apple', false, 'Infinity', -2 + 0.5, -1 + 0.5),
 (17, 'apple', false, 'NaN', -2 + 0.5, -1 + 0.5),
 -- nothing known: no score
 (14, NULL, false, 9, NULL, NULL),
 (15, NULL, true, NULL, NULL, NULL),
 (16, NULL, true, 'NaN', NULL, NULL),
 -- what is an error in score(): no score
 (18, 'apple', true, 'Infinity', NULL, NULL),
 (19, 'apple', true, '-Infinity', NULL, NULL);

-- ---------- SQL ----------

\pset format unaligned
SELECT to_sql(card, 'eta') FROM card;
SELECT to_sql(card, segment_column => 'county') FROM card;
\pset format aligned
\set ECHO none
SELECT format('SELECT id, %s IS NOT DISTINCT FROM eta AS eta, %s IS NOT DISTINCT FROM eta_5101 AS eta_5101,
    abs(%s - 1 / (1 + exp(-eta_5101))) < 1e-15 AS pd, abs(%s - (600 - 20 / ln(2::float8) * (eta_5101 + ln(50::float8)))) < 1e-10 AS score FROM loan ORDER BY id',
    to_sql(card, 'eta'), to_sql(card, 'eta', 'county'), to_sql(card, 'pd', 'county'), to_sql(card, 'score', 'county')) FROM card \gexec
\set ECHO all
-- A segment that is NULL, or unknown, is the card itself.
\set ECHO none
SELECT format('SELECT id, county, %s = -2.625 AS root FROM (SELECT id, "The ""crop""", agreed, cv, unnest(ARRAY[NULL, ''52'', ''51'']) AS county FROM loan WHERE id = 1) l',
    to_sql(card, 'eta', 'county')) FROM card \gexec
\set ECHO all

-- A PD stays inside (0, 1) where eta leaves [-36, 36].
SELECT to_sql('{"format": 1, "name": "far", "intercept": 0, "features": [{"name": "x", "type": "number", "bins": [{"high": 0, "woe": -1e6}, {"high": 1, "woe": 0.5}, {"woe": 36.5}]}]}', 'pd') AS far \gset
\pset format unaligned
SELECT :'far' AS far;
\pset format aligned
SELECT x, pd > 0 AND pd < 1 AS inside, abs(pd / agririsk.pd('{"format": 1, "name": "far", "intercept": 0, "features": [{"name": "x", "type": "number", "bins": [{"high": 0, "woe": -1e6}, {"high": 1, "woe": 0.5}, {"woe": 36.5}]}]}', t) - 1) < 1e-14 AS same
  FROM (SELECT x, :far AS pd FROM (VALUES (-1), (0), (1)) v (x)) t;
-- Bounds that are just reached need no question.
SELECT to_sql('{"format": 1, "name": "near", "intercept": 1, "features": [{"name": "x", "type": "number", "weight": 5, "bins": [{"woe": 7}]}]}', 'pd') LIKE '%36%' AS asks;

-- An unseen category that is an error.
SELECT to_sql('{"format": 1, "name": "u", "intercept": 0, "features": [{"name": "crop", "type": "category", "unseen": "error", "missing": "best", "bins": [{"categories": ["rice"], "woe": 1}, {"categories": ["tea"], "woe": -1}]}]}', 'eta') AS strict \gset
SELECT crop, :strict AS eta FROM (VALUES ('rice'), ('tea'), ('apple'), (NULL)) v (crop);

-- Worst and best go by the sign of the weight, which segments may turn.
SELECT to_sql('{"format": 1, "name": "p", "intercept": 0, "features": [{"name": "a", "type": "category", "unseen": "worst", "missing": "best", "weight": 2,
    "bins": [{"categories": ["x"], "woe": 2}, {"categories": ["y"], "woe": -1}]}, {"name": "one", "type": "number", "bins": [{"woe": 0}]}],
    "segments": [{"name": "turned", "weights": {"a": -3}}]}', 'eta', 'at') AS turned \gset
-- Unseen 2 * 2 and -3 * -1; missing 2 * -1 and -3 * 2.
SELECT at, a, :turned AS eta FROM (VALUES ('straight', 'z'), ('turned', 'z'), ('straight', NULL), ('turned', NULL), (NULL, 'y'), ('turned', 'y')) v (at, a), (VALUES (1)) o (one);

-- Numbers of every type; the nearest double, as in score(). By hand -2 + 0.75 - 0.125,
-- -2 + 0.375 - 0.125, -2 + 0.25 - 0.125 twice.
\set ECHO none
SELECT format('SELECT k, %s AS eta FROM (VALUES (1, 1.4999999999999999999999::numeric), (2, ''NaN'')) v (k, cv), (SELECT true AS agreed, ''rice'' AS "The ""crop""") c
  UNION ALL SELECT 3, %1$s FROM (SELECT 1::smallint AS cv, true AS agreed, ''rice'' AS "The ""crop""") c
  UNION ALL SELECT 4, %1$s FROM (SELECT 0.7::real AS cv, true AS agreed, ''rice''::char(20) AS "The ""crop""") c ORDER BY k', to_sql(card, 'eta')) FROM card \gexec
\set ECHO all

SELECT to_sql(NULL), to_sql(card, NULL) FROM card;
\set VERBOSITY default
SELECT to_sql(card, 'points') FROM card;
SELECT to_sql(card, 'pd', '') FROM card;

-- ---------- PMML ----------

CREATE TEMP TABLE plain (card scorecard);
INSERT INTO plain VALUES ('{"format": 1, "name": "rice & \"tea\"", "intercept": -2, "scale": {"base_score": 500, "base_odds": 1, "pdo": 0.6931471805599453},
 "features": [
  {"name": "cv", "type": "number", "reason": "Income <varies>",
   "bins": [{"high": 0.5, "woe": -0.5}, {"high": 1.5, "woe": 0.25}, {"woe": 0.75}],
   "special": [{"values": [-1, -9], "woe": 0.125}, {"values": [7], "woe": 1}], "missing": {"woe": 0.375}},
  {"name": "score", "type": "category", "weight": 0.5, "missing": "worst",
   "bins": [{"categories": ["a\tb", "<\"&''>"], "woe": -0.25}, {"categories": ["apple"], "woe": 1}]},
  {"name": "any", "type": "number", "bins": [{"woe": 0}]},
  {"name": "kind", "type": "category", "unseen": "error", "bins": [{"categories": [" "], "woe": 1}, {"categories": ["", "x"], "woe": -1}]}],
 "segments": [{"name": "51", "intercept": -1, "weights": {"cv": -2}}]}');
-- pdo is ln 2, so that points are log-odds turned round: initialScore is 500 + 2.
\pset format unaligned
SELECT to_pmml(card) FROM plain;
-- In 51 it is 500 + 1, and cv's points are twice its WOE; the best is its last bin.
SELECT string_agg(line, E'\n') FROM plain, regexp_split_to_table(to_pmml(card, '51')::text, '\n') line WHERE line ~ '<Scorecard|Characteristic name="cv"|field="cv"' AND line !~ 'Apply';
\pset format aligned
SELECT to_pmml(NULL);
SELECT to_pmml(card, '52') FROM plain;
SELECT to_pmml(card) FROM card;
SELECT to_pmml(E'{"format": 1, "name": "u", "intercept": 0, "features": [{"name": "crop", "type": "category", "bins": [{"categories": ["rice", "t\\u0001ea"], "woe": 1}]}]}');
SELECT to_pmml(E'{"format": 1, "name": "u\\uffff", "intercept": 0, "features": [{"name": "crop", "type": "category", "bins": [{"categories": ["rice"], "woe": 1}]}]}');
