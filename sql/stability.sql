-- characteristic_stability: a card's bins against rows of today.
SET search_path = agririsk, public;
\pset null '(null)'

-- Consent, a special value, missing, categories whose labels are alike. By hand, of 100 rows of the fit: cv has 40, 30 and 10
-- in bins, 5 in the special value, 5 missing, so 10 without consent; crop has 50, 20, 20 and 10 missing.
CREATE TABLE card AS SELECT '{"format": 1, "name": "card", "intercept": -2, "features": [
  {"name": "cv", "type": "number", "consent": "agreed", "bins": [{"high": 0.5, "woe": -0.5, "goods": 35, "bads": 5}, {"high": 1.5, "woe": 0.25, "goods": 20, "bads": 10}, {"woe": 1, "goods": 4, "bads": 6}],
   "special": [{"values": [-1, -9], "woe": 0.125, "goods": 4, "bads": 1}], "missing": {"woe": 0.375, "goods": 3, "bads": 2}},
  {"name": "crop", "type": "category", "unseen": "error",
   "bins": [{"categories": ["apple, pear"], "woe": 0, "goods": 40, "bads": 10}, {"categories": ["apple", "pear"], "woe": 1, "goods": 16, "bads": 4}, {"categories": ["missing"], "woe": 2, "goods": 15, "bads": 5}],
   "missing": {"woe": -1, "goods": 8, "bads": 2}}],
  "segments": [{"name": "5101", "weights": {"cv": -2}}],
  "fit": {"rows": 100, "bads": 32, "terms": [{"coefficient": -2}]}}'::scorecard AS card;
CREATE TABLE learnt (cv float8, crop text, agreed boolean, n int);
INSERT INTO learnt VALUES (0.4, 'apple, pear', true, 40), (0.5, 'apple, pear', true, 10), (0.6, 'pear', true, 20), (2, 'missing', true, 10),
  (-1, 'missing', true, 3), (-9, 'missing', true, 2), (NULL, 'missing', true, 1), ('NaN', 'missing', true, 4), (9, NULL, false, 5), (NULL, NULL, NULL, 5);

-- The card's own rows, told by the card and by a query: 0 everywhere, but what is empty on both sides says so.
CREATE TABLE told AS SELECT s.* FROM card, characteristic_stability(card, NULL, 'SELECT l.* FROM learnt l, generate_series(1, n)') s;
SELECT feature, bin, label, expected_n, actual_n, expected_share, actual_share, expected_raised, actual_raised, term, psi FROM told;
SELECT bool_and(s = t) AS same, count(*) FROM card, told t JOIN characteristic_stability(card, 'SELECT l.* FROM learnt l, generate_series(1, n)', 'SELECT l.* FROM learnt l, generate_series(1, n)') s USING (feature, bin);
-- bins() calls them by the same numbers.
SELECT count(*) AS bins, bool_and(b.label = t.label AND coalesce(b.n, t.expected_n) = t.expected_n) AS same FROM card, bins(card) b JOIN told t USING (feature, bin);

-- A source that breaks down: of as many rows nothing is known. Half of each share, and what is missing gains half:
-- of cv (0.525 - 0.05) ln(0.525 / 0.05) + 0.475 ln 2, of crop (0.55 - 0.1) ln(0.55 / 0.1) + 0.45 ln 2.
SELECT feature, bin, label, expected_n, actual_n, psi > 0.25 AS moved, abs(psi - CASE feature WHEN 'cv' THEN 0.475 * ln(10.5 * 2) ELSE 0.45 * ln(5.5 * 2) END) < 1e-14 AS right
  FROM card, characteristic_stability(card, NULL, 'SELECT cv, crop, agreed FROM learnt, generate_series(1, n) UNION ALL SELECT NULL, NULL, true FROM generate_series(1, 100)') WHERE label = 'missing';
-- Consent that is withdrawn, by all, is a state of its own; a value that was not given is not looked at.
SELECT feature, bin, label, expected_n, actual_n, round(term::numeric, 6) AS term FROM card, characteristic_stability(card, NULL, $$SELECT 'Infinity'::float8 AS cv, crop, NULL::boolean AS agreed FROM learnt, generate_series(1, n)$$) WHERE feature = 'cv';
-- An unseen category is counted, also where scoring it is an error.
SELECT bin, label, expected_n, actual_n, expected_raised FROM card, characteristic_stability(card, NULL, $$SELECT 1 AS cv, 'tea' AS crop, true AS agreed$$) WHERE feature = 'crop' AND actual_n > 0;
SELECT pd(card, t) FROM card, (SELECT 1 AS cv, 'tea' AS crop, true AS agreed) t;

-- A linear feature has no bins: its values are cut as psi cuts numbers, zeros and all. bin is its number in bins().
CREATE TABLE linear AS SELECT '{"format": 1, "name": "linear", "intercept": 0, "features": [{"name": "amount", "type": "linear", "missing": "neutral"}]}'::scorecard AS card;
CREATE TABLE amount AS SELECT CASE WHEN i % 4 > 0 THEN i % 4 * 100.0 ELSE 0 END AS amount FROM generate_series(1, 400) i UNION ALL SELECT NULL FROM generate_series(1, 100);
SELECT bin, label, expected_n, actual_n, round(term::numeric, 6) AS term FROM linear, characteristic_stability(card, 'TABLE amount', 'SELECT amount - 1 AS amount FROM amount');
SELECT count(*) AS features FROM linear, LATERAL (SELECT max(psi) AS psi FROM characteristic_stability(card, 'TABLE amount', 'SELECT amount * 1.25 AS amount FROM amount')) s,
  LATERAL (SELECT psi(distribution_agg(a.amount), distribution_agg(a.amount * 1.25)) AS plain FROM amount a) p WHERE abs(s.psi - plain) < 1e-14;

-- A lowest tie of just a tenth, of which no decile is the number.
SELECT label, expected_n, actual_n FROM linear, characteristic_stability(card, 'SELECT greatest(i, 10) AS amount FROM generate_series(1, 100) i', 'SELECT i AS amount FROM generate_series(1, 100) i') LIMIT 3;
-- What the card does not tell is not known: a linear feature, missing values under a policy beside a consent, a card without its fit.
SELECT characteristic_stability(card, NULL, 'TABLE amount') FROM linear;
SELECT feature, bin, label, expected_n, actual_n, expected_share, actual_share, term, psi
  FROM (SELECT jsonb_set(card::jsonb, '{features,0,missing}', '"worst"')::scorecard AS card FROM card) c, characteristic_stability(card, NULL, 'SELECT l.* FROM learnt l, generate_series(1, n)') WHERE bin > 3;
SELECT feature, max(psi) AS psi FROM (SELECT (card::jsonb - 'fit')::scorecard AS card FROM card) c, characteristic_stability(card, NULL, 'SELECT l.* FROM learnt l, generate_series(1, n)') GROUP BY 1 ORDER BY 1;
-- Without consent a policy hides nothing: the rows of the fit that are elsewhere are those that are missing.
SELECT bin, label, expected_n FROM (SELECT jsonb_set(card::jsonb, '{features,1,missing}', '"best"')::scorecard AS card FROM card) c, characteristic_stability(card, NULL, 'SELECT l.* FROM learnt l, generate_series(1, n)') WHERE feature = 'crop';
-- No rows on one side.
SELECT count(*), count(psi) AS psi, sum(expected_n) AS expected_n, sum(actual_n) AS actual_n FROM card, characteristic_stability(card, NULL, 'SELECT * FROM learnt WHERE false');
SELECT count(*), count(psi) AS psi FROM linear, characteristic_stability(card, 'SELECT 1 AS amount WHERE false', 'TABLE amount');
-- A floor of 0.
SELECT max(psi) FROM card, characteristic_stability(card, NULL, $$SELECT 1 AS cv, 'pear' AS crop, true AS agreed$$, 0);
SELECT count(*) FROM characteristic_stability(NULL, NULL, 'TABLE learnt');

-- A weight is the number of equal rows: binned, linear, against a query and against the card.
SELECT bool_and(s IS NOT DISTINCT FROM t) AS same, count(*) FROM card, told t JOIN characteristic_stability(card, NULL, 'TABLE learnt', weight_column => 'n') s USING (feature, bin);
SELECT bool_and(s IS NOT DISTINCT FROM t) AS same, count(*) FROM card, told t JOIN characteristic_stability(card, 'SELECT cv, crop, agreed, n::numeric FROM learnt', 'SELECT cv, crop, agreed, n::smallint FROM learnt', weight_column => 'n') s USING (feature, bin);
SELECT count(*), bool_and(r IS NOT DISTINCT FROM w) AS same FROM linear,
  LATERAL ROWS FROM (characteristic_stability(card, 'SELECT a.* FROM amount a, generate_series(1, 3)', 'SELECT a.* FROM amount a, generate_series(1, ceil(coalesce(amount, 0) / 100)::int)')) WITH ORDINALITY r
  JOIN LATERAL ROWS FROM (characteristic_stability(card, 'SELECT amount, 3 AS w FROM amount', 'SELECT amount, ceil(coalesce(amount, 0) / 100) AS w FROM amount', 1e-4, 'w')) WITH ORDINALITY w USING (ordinality);

-- Nonsense is an error, and a query is read, not run for its effects.
\set VERBOSITY default
SELECT characteristic_stability(card, NULL, NULL) FROM card;
SELECT characteristic_stability(card, NULL, 'TABLE learnt', 1) FROM card;
SELECT characteristic_stability(card, NULL, 'TABLE learnt', 'NaN') FROM card;
SELECT characteristic_stability(card, NULL, 'SELECT cv, crop FROM learnt') FROM card;
SELECT characteristic_stability(card, NULL, 'TABLE learnt', weight_column => 'N') FROM card;
SELECT characteristic_stability(card, NULL, 'TABLE learnt', weight_column => 'crop') FROM card;
SELECT characteristic_stability(card, NULL, 'SELECT cv, crop, agreed, -n AS n FROM learnt', weight_column => 'n') FROM card;
SELECT characteristic_stability(card, 'SELECT cv, crop, agreed, 1.5 AS n FROM learnt', 'TABLE learnt', weight_column => 'n') FROM card;
SELECT characteristic_stability(card, NULL, 'SELECT cv, crop, agreed, NULL::int AS n FROM learnt', weight_column => 'n') FROM card;
SELECT characteristic_stability(card, NULL, 'SELECT cv, crop, agreed, 1::bigint << 40 AS n FROM learnt', weight_column => 'n') FROM card;
SELECT characteristic_stability(card, NULL, 'SELECT cv, crop, agreed, cv FROM learnt') FROM card;
SELECT characteristic_stability(card, NULL, 'SELECT cv, crop, agreed::int FROM learnt') FROM card;
SELECT characteristic_stability(card, NULL, $$SELECT 'Infinity'::float8 AS cv, crop, agreed FROM learnt$$) FROM card;
SELECT characteristic_stability(card, NULL, 'TABLE learnt; TABLE learnt') FROM card;
SELECT characteristic_stability(card, NULL, 'DELETE FROM learnt RETURNING *') FROM card;
SELECT characteristic_stability(card, 'SELECT', 'TABLE learnt') FROM card;
