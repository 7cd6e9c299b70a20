-- Cards with a model of each county's own: the mixed model that lme4 fits to the SBA's
-- loans, a tree of two levels against dense matrices in plpgsql, what becomes of odd
-- counties and parents, whose own card is worth it, and that no order, plan, weight or
-- memory may show. What a fit says of its segments is tested in segments.sql.
BEGIN;
SET LOCAL client_min_messages = error;
SELECT set_config('search_path', 'agririsk, ' || current_setting('search_path'), true) \g /dev/null
\getenv shared AGRIRISK_SHARED
SELECT plan(82);

-- A hash in [0, 1), the same on every machine.
CREATE FUNCTION pg_temp.u(i bigint, k int) RETURNS float8 IMMUTABLE LANGUAGE sql AS
'SELECT (hashint8(i * 64 + k) & 1073741823) / 1073741824::float8';
CREATE FUNCTION pg_temp.expit(eta float8) RETURNS float8 IMMUTABLE LANGUAGE sql AS 'SELECT 1 / (1 + exp(-eta))';
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
-- Intercept and weight of feature x of each segment, found by way of its parents; of the card itself: ''.
CREATE FUNCTION pg_temp.own(card scorecard) RETURNS TABLE (segment text, parent text, intercept float8, weight float8) LANGUAGE sql AS $$
  WITH RECURSIVE root AS (SELECT card::jsonb AS j),
    own AS (
      SELECT '' AS segment, NULL AS parent, (j ->> 'intercept')::float8 AS intercept, (f ->> 'weight')::float8 AS weight FROM root, jsonb_array_elements(j -> 'features') f WHERE f ->> 'name' = 'x'
      UNION ALL
      SELECT s ->> 'name', o.segment, coalesce((s ->> 'intercept')::float8, o.intercept), coalesce((s #>> '{weights,x}')::float8, o.weight)
        FROM own o, root, jsonb_array_elements(j -> 'segments') s WHERE coalesce(s ->> 'parent', '') = o.segment)
  SELECT * FROM own $$;

-- ---------- lme4 ----------

\if :{?shared}
CREATE TEMP TABLE sba (loan text, city text, state text, zip text, bank text, bank_state text, naics text, approved text, year text, term int, employees text, new text,
  created text, retained text, franchise text, urban text, revolving text, low_doc text, charged_off text, disbursed text, gross float8, status text, loss text, gr_appv text, sba_appv text, naics2 text, is_agri text);
SELECT format('COPY sba FROM %L (FORMAT csv, HEADER)', :'shared' || '/data/credit/sba_loans_22k.csv') \gexec
CREATE TEMP TABLE golden AS
SELECT key AS way, g FROM jsonb_each(pg_read_file(:'shared' || '/golden/credit/sba_state_glmer.json')::jsonb) v (key, g) WHERE key IN ('laplace', 'agq');
CREATE TEMP TABLE mixed AS
SELECT fit_scorecard(status = 'CHGOFF', t, state, fit_options(encoding => 'none', pooling => 'intercepts', folds => 0)) AS card
  FROM sba, LATERAL (SELECT ln(gross) - 10 AS lnd, term::float8 / 120 AS term_y) t WHERE status IN ('P I F', 'CHGOFF') AND state <> '' AND gross > 0;
CREATE TEMP TABLE fixed AS
SELECT way, coalesce(feature, '(Intercept)') AS name, coefficient, se, (g -> 'fixef' ->> coalesce(feature, '(Intercept)'))::float8 AS theirs,
       (g -> 'fixef_se' ->> (CASE feature WHEN 'lnd' THEN 1 WHEN 'term_y' THEN 2 ELSE 0 END))::float8 AS their_se
  FROM mixed, coefficients(card), golden;
CREATE TEMP TABLE effect AS
SELECT way, segment, intercept_effect AS ours, (g -> 'ranef' ->> segment)::float8 AS theirs, shrinkage,
       1 - (g -> 'condvar' ->> (row_number() OVER (PARTITION BY way ORDER BY segment COLLATE "C"))::int - 1)::float8 / (g ->> 'sigma_state')::float8 ^ 2 AS their_shrinkage
  FROM mixed, segments(card), golden;

SELECT is((SELECT count(*) FROM fixed WHERE way = 'laplace' AND abs(coefficient - theirs) <= 1e-4 * abs(theirs)), 3::bigint, 'coefficients are those of glmer');
-- Theirs take it into account that the spread was estimated.
SELECT is((SELECT count(*) FROM fixed WHERE way = 'laplace' AND se BETWEEN 0.99 * their_se AND their_se), 3::bigint, 'standard errors, given the spread, are within a hundredth');
SELECT is((SELECT count(*) FROM mixed, spreads(card), golden WHERE way = 'laplace' AND level = 1 AND feature IS NULL AND abs(sd - (g ->> 'sigma_state')::float8) <= 1e-3), 1::bigint, 'the spread of States');
SELECT is((SELECT count(*) FROM effect WHERE way = 'laplace' AND abs(ours - theirs) <= 1e-4), 51::bigint, 'effects of 51 States');
SELECT is((SELECT count(*) FROM effect WHERE way = 'laplace' AND abs(shrinkage - their_shrinkage) <= 1e-3), 51::bigint, 'and their conditional variances');
SELECT is((SELECT count(*) FROM mixed, fit_report(card), golden WHERE way = 'laplace' AND rows = 22308 AND log_likelihood BETWEEN (g ->> 'loglik')::float8 AND (g ->> 'loglik')::float8 + 1e-3), 1::bigint, 'Laplace''s log-likelihood, and none below theirs');
SELECT diag(format('15-point quadrature: coefficients within %s, spread %s, effects %s, log-likelihood %s',
  (SELECT max(abs(coefficient - theirs))::numeric(10, 6) FROM fixed WHERE way = 'agq'), abs(sd - (g ->> 'sigma_state')::float8)::numeric(10, 6),
  (SELECT max(abs(ours - theirs))::numeric(10, 6) FROM effect WHERE way = 'agq'), abs(log_likelihood - (g ->> 'loglik')::float8)::numeric(10, 6)))
  FROM mixed, fit_report(card), spreads(card), golden WHERE way = 'agq';
SELECT is((SELECT count(*) FROM effect WHERE way = 'agq' AND abs(ours - theirs) <= 2e-3), 51::bigint, 'quadrature of 15 points moves no effect by more than 0.002');
\else
SELECT skip('no ../shared', 7);
\endif

-- ---------- two levels against dense matrices ----------

-- Two provinces of three counties; some loans are of a province, some of none.
CREATE TEMP TABLE place (k int, name text, above int, level int, path int[]);
INSERT INTO place VALUES (1, 'p1', 0, 1, '{1}'), (2, 'p2', 0, 1, '{2}'), (3, 'c1', 1, 2, '{3,1}'), (4, 'c2', 1, 2, '{4,1}'), (5, 'c3', 1, 2, '{5,1}'), (6, 'c4', 2, 2, '{6,2}'), (7, 'c5', 2, 2, '{7,2}'), (8, 'c6', 2, 2, '{8,2}');
CREATE TEMP TABLE treed AS
SELECT i, k, name, x, pg_temp.u(i, 1) < pg_temp.expit(-1.5 + coalesce((SELECT sum(2.4 * (pg_temp.u(a, 2) - 0.5) + 1.6 * (pg_temp.u(a, 3) - 0.5) * x) FROM unnest(path) a), 0) + 0.7 * x) AS bad
  FROM (SELECT i, least(floor(pg_temp.u(i, 4) ^ 0.7 * 9)::int, 8) AS k, 3 * pg_temp.u(i, 5) AS x FROM generate_series(1, 2400) i) s LEFT JOIN place USING (k);
\set tree '{"c1": "p1", "c2": "p1", "c3": "p1", "c4": "p2", "c5": "p2", "c6": "p2"}'
CREATE TEMP TABLE tree_fit AS
SELECT fit_scorecard(bad, t, name, fit_options(encoding => 'none', folds => 0, parents => :'tree')) AS card FROM treed, LATERAL (SELECT x) t;

-- The roots of variances tau are of level 1, then 2, the intercept's first. Effects are tau b, so
-- that the negative Hessian in b is 1 + the rows' information; found by Newton's method, all at once.
CREATE FUNCTION pg_temp.laplace(beta float8[], tau float8[], center float8, OUT value float8, OUT b float8[]) LANGUAGE plpgsql AS $$
DECLARE
  n int := (SELECT 2 * count(*) FROM place);
  scale float8[] := (SELECT array_agg(tau[2 * level - 2 + j] ORDER BY k, j) FROM place, generate_series(1, 2) j);
  h float8[];
  g float8[];
  node record;
  e int;
  f int;
  s float8;
BEGIN
  b := array_fill(0::float8, ARRAY[n]);
  FOR iteration IN 1 .. 100 LOOP
    h := array_fill(0::float8, ARRAY[n, n]);
    g := (SELECT array_agg(-v) FROM unnest(b) v);
    value := -(SELECT sum(v * v) FROM unnest(b) v) / 2;
    FOR node IN
      SELECT k, coalesce(path, '{}') AS path, sum(CASE WHEN bad THEN ln(p) ELSE ln(1 - p) END) AS l, ARRAY[sum(bad::int - p), sum((bad::int - p) * z)] AS g,
             ARRAY[ARRAY[sum(p * (1 - p)), sum(p * (1 - p) * z)], ARRAY[sum(p * (1 - p) * z), sum(p * (1 - p) * z * z)]] AS h
        FROM (SELECT k, path, bad, x - center AS z, pg_temp.expit(c0 + c1 * (x - center)) AS p
                FROM (SELECT v.k, path, beta[1] + coalesce(sum(scale[2 * a - 1] * b[2 * a - 1]), 0) AS c0, beta[2] + coalesce(sum(scale[2 * a] * b[2 * a]), 0) AS c1
                        FROM generate_series(0, n / 2) v (k) LEFT JOIN place USING (k) LEFT JOIN LATERAL unnest(path) a ON true GROUP BY v.k, path) c JOIN treed USING (k)) q
       GROUP BY k, path
    LOOP
      value := value + node.l;
      FOR i IN 1 .. 2 * cardinality(node.path) LOOP
        e := 2 * node.path[(i + 1) / 2] - i % 2;
        g[e] := g[e] + scale[e] * node.g[2 - i % 2];
        FOR j IN 1 .. 2 * cardinality(node.path) LOOP
          f := 2 * node.path[(j + 1) / 2] - j % 2;
          h[e][f] := h[e][f] + scale[e] * scale[f] * node.h[2 - i % 2][2 - j % 2];
        END LOOP;
      END LOOP;
    END LOOP;
    -- Cholesky's factor in place, then the step in g.
    FOR i IN 1 .. n LOOP
      h[i][i] := h[i][i] + 1;
      FOR j IN 1 .. i LOOP
        s := h[i][j];
        FOR k IN 1 .. j - 1 LOOP
          s := s - h[i][k] * h[j][k];
        END LOOP;
        h[i][j] := CASE WHEN i = j THEN sqrt(s) ELSE s / h[j][j] END;
      END LOOP;
      value := value - ln(h[i][i]);
      FOR k IN 1 .. i - 1 LOOP
        g[i] := g[i] - h[i][k] * g[k];
      END LOOP;
      g[i] := g[i] / h[i][i];
    END LOOP;
    FOR i IN REVERSE n .. 1 LOOP
      FOR k IN i + 1 .. n LOOP
        g[i] := g[i] - h[k][i] * g[k];
      END LOOP;
      g[i] := g[i] / h[i][i];
      b[i] := b[i] + g[i];
    END LOOP;
    EXIT WHEN (SELECT max(abs(v)) FROM unnest(g) v) < 1e-11;
  END LOOP;
END $$;
CREATE TEMP TABLE found AS
SELECT ARRAY[intercept, weight] AS beta, (SELECT array_agg(sd ORDER BY level, feature NULLS FIRST) FROM spreads(card)) AS tau, (card::jsonb #>> '{features,0,center}')::float8 AS center, log_likelihood
  FROM tree_fit, pg_temp.own(card), fit_report(card) WHERE segment = '';
CREATE TEMP TABLE dense AS SELECT beta, tau, center, log_likelihood, value, b FROM found, pg_temp.laplace(beta, tau, center);
SELECT is((SELECT count(*) FROM tree_fit, spreads(card) WHERE sd > 0.05), 4::bigint, 'of two levels, spreads of intercepts and slopes');
SELECT is((SELECT count(*) FROM tree_fit, pg_temp.own(card) o JOIN pg_temp.own(card) up ON up.segment = o.parent JOIN place ON name = o.segment, dense
            WHERE abs(o.intercept - up.intercept - tau[2 * level - 1] * b[2 * k - 1]) <= 1e-6 AND abs(o.weight - up.weight - tau[2 * level] * b[2 * k]) <= 1e-6), 8::bigint, 'effects are the joint mode');
SELECT is((SELECT abs(value - log_likelihood) <= 1e-7 FROM dense), true, 'the log-likelihood is Laplace''s approximation');
-- The objective with each number changed by a hundredth of itself.
CREATE TEMP TABLE neighbour AS
SELECT i, dense.value, down.value AS below, up.value AS above
  FROM dense, generate_series(1, 6) i,
       LATERAL (SELECT array_agg(v * (1 - 0.01 * (o = i)::int) ORDER BY o) AS lower, array_agg(v * (1 + 0.01 * (o = i)::int) ORDER BY o) AS upper FROM unnest(beta || tau) WITH ORDINALITY a (v, o)) p,
       LATERAL (SELECT (l).value FROM (SELECT pg_temp.laplace(lower[1:2], lower[3:6], center) AS l OFFSET 0) q) down,
       LATERAL (SELECT (l).value FROM (SELECT pg_temp.laplace(upper[1:2], upper[3:6], center) AS l OFFSET 0) q) up;
SELECT is((SELECT count(*) FROM neighbour WHERE value > greatest(below, above)), 6::bigint, 'no neighbour''s is higher');
SELECT is((SELECT count(*) FROM neighbour WHERE abs((above - below) / (above - 2 * value + below)) / 2 < 0.02), 6::bigint, 'and a parabola through each two has its top within a fiftieth of the change');

-- ---------- parents ----------

CREATE TEMP TABLE wide_tree AS
SELECT fit_scorecard(bad, t, name, fit_options(encoding => 'none', folds => 0, parents => :'tree' || '{"c7": "p2", "p3": "p2", "c8": "p3", "c9": "p4"}'::jsonb)) AS card FROM treed, LATERAL (SELECT x) t;
SELECT is((SELECT string_agg(segment || coalesce(' < ' || parent, ''), ', ') FROM wide_tree, segments(card) WHERE n = 0), 'p4, c7 < p2, c9 < p4, p3 < p2, c8 < p3', 'parents may name segments without rows: they are in the card, parents first');
SELECT is((SELECT count(*) FROM wide_tree, (VALUES ('c7', 'p2'), ('p3', 'p2'), ('c8', 'p2'), ('p4', NULL), ('c9', NULL), ('nowhere', NULL)) v (segment, known), treed t WHERE pd(card, t, segment) = pd(card, t, known)), 6 * 2400::bigint, 'which score as the nearest segment with rows, as do unknown ones');
SELECT is((SELECT count(*) FROM wide_tree w, tree_fit f, treed t WHERE abs(pd(w.card, t, name) - pd(f.card, t, name)) < 1e-7), 2400::bigint, 'and change no other');
SELECT is((SELECT count(*) FROM wide_tree, spreads(card) WHERE level = 3 AND sd = 0), 2::bigint, 'a level without rows has no spread');
-- Without rows of its own, a province is what its counties share.
CREATE TEMP TABLE leaves AS SELECT fit_scorecard(bad, t, name, fit_options(encoding => 'none', folds => 0, parents => :'tree')) AS card FROM treed, LATERAL (SELECT x) t WHERE name LIKE 'c%';
SELECT is((SELECT count(*) FROM leaves, segments(card) WHERE segment LIKE 'p%' AND n = 0 AND intercept_effect <> 0), 2::bigint, 'a province without rows of its own has the effect that its counties share');
SELECT is((SELECT count(*) FROM (SELECT fit_scorecard(bad, t, name, fit_options(encoding => 'none', folds => 0, parents => '{"c1": "p1"}')) AS card FROM treed, LATERAL (SELECT x) t) s, segments(card) WHERE parent IS NULL AND intercept_effect <> 0), 7::bigint, 'a county without a parent hangs on the card itself');
SELECT is((SELECT count(DISTINCT card) FROM (SELECT fit_scorecard(bad, t, name, fit_options(encoding => 'none', parents => o)) AS card FROM treed, LATERAL (SELECT x) t, (VALUES ('{}'::jsonb), (NULL)) v (o) GROUP BY o) s), 1::bigint, 'no parents are none');
-- Where each province has one county, only the sum of both variances can be known: that of the counties alone.
CREATE TEMP TABLE twin AS
SELECT parents, fit_scorecard(bad, t, name, fit_options(encoding => 'none', folds => 0, parents => parents)) AS card FROM treed, LATERAL (SELECT x) t, (VALUES ('{}'::jsonb), ('{"c1": "q1", "c2": "q2", "c3": "q3", "c4": "q4", "c5": "q5", "c6": "q6"}')) v (parents) WHERE name LIKE 'c%' GROUP BY parents;
SELECT is((SELECT count(*) FROM (SELECT feature, sum(sd * sd) FILTER (WHERE parents = '{}') AS alone, sum(sd * sd) FILTER (WHERE parents <> '{}') AS split FROM twin, spreads(card) GROUP BY 1) s WHERE abs(split / alone - 1) < 1e-3), 2::bigint, 'provinces of one county share its variance');
SELECT is((SELECT max(log_likelihood) - min(log_likelihood) < 1e-8 FROM twin, fit_report(card)), true, 'and change no likelihood');
CREATE TEMP TABLE refused (rule text, option text, segment text);
INSERT INTO refused VALUES
('^22023 .*each other.s parents.*"c1"', $$parents => '{"c1": "p1", "p1": "p2", "p2": "c1"}'$$, 'name'),
('^22023 .*each other.s parents.*"c1"', $$parents => '{"c1": "c1"}'$$, 'name'),
('^22023 .*each other.s parents.*"a"', $$parents => '{"a": "b", "b": "a"}'$$, 'name'),
('^54000 .*too many levels.*17', $$parents => (SELECT jsonb_object_agg('s' || s, 's' || s + 1) FROM generate_series(1, 16) s)$$, 'name'),
('^22023 .*parents.*not the name', $$parents => '{"c1": ""}'$$, 'name'),
('^22023 .*parents.*not the name', $$parents => '{"": "p1"}'$$, 'name'),
('^22023 .*parents.*not the name', $$parents => '{"c1": "{p1"}'$$, 'name'),
('^22023 .*parents.*not the name', $$parents => jsonb_build_object(repeat('c', 256), 'p1')$$, 'name'),
('^22023 .*parents.*not a string', $$parents => '{"c1": 51}'$$, 'name'),
('^22023 .*parents.*not a string', $$parents => '{"c1": null}'$$, 'name'),
('^22023 .*parents.*not an object', $$parents => '["c1"]'$$, 'name'),
('^22023 .*name of a segment.*"", of 0 bytes', 'folds => 0', $$''$$),
('^22023 .*name of a segment.*brace', 'folds => 0', $$'{}'$$),
('^22023 .*name of a segment.*256 bytes', 'folds => 0', $$repeat('c', 256)$$),
('^22023 .*ridge', 'ridge => 1', 'name'),
('^22023 .*lasso', 'lasso => 1', 'name'),
('^22023 .*pooling', $$pooling => 'none'$$, 'name'),
('^22023 .*keep_parent', $$extra => '{"keep_parent": 1}'$$, 'name'),
('^22023 .*keep_parent.*folds => 0', 'keep_parent => true, folds => 0', 'name');
SELECT matches(pg_temp.outcome(format('SELECT fit_scorecard(bad, t, %s, fit_options(encoding => ''none'', %s)) FROM treed, LATERAL (SELECT x) t', segment, option)), rule, format('refused: segment %s, %s', segment, option)) FROM refused;
SELECT is(pg_temp.outcome('SELECT fit_scorecard(bad, t, repeat(''c'', 255), fit_options(encoding => ''none'')) FROM treed, LATERAL (SELECT x) t'), 'a card', '255 bytes are a name');

-- ---------- odd counties ----------

-- Counties 1 to 30 of 20 to 600 loans; those of 31 are good, those of 32 bad, 33 has one bad loan.
CREATE TEMP TABLE loan AS
SELECT i, CASE WHEN i % 40 > 0 THEN c END AS county, x, z, crop, c < 31 AND pg_temp.u(i, 1) < pg_temp.expit(-2.5 + 2 * (pg_temp.u(c, 2) - 0.5) + (0.8 + pg_temp.u(c, 3)) * x + (crop = 'tea')::int) OR c IN (32, 33) AS bad
  FROM (SELECT i, CASE i WHEN 77 THEN 33 ELSE 1 + floor(pg_temp.u(i, 4) ^ 1.5 * 32)::int END AS c, 2 * pg_temp.u(i, 5) AS x, pg_temp.u(i, 6) AS z, (ARRAY['rice', 'tea', 'wheat'])[1 + floor(3 * pg_temp.u(i, 7))::int] AS crop FROM generate_series(1, 8000) i) s;
DELETE FROM loan WHERE county IN (31, 32) AND i % 4 > 0;
CREATE TEMP TABLE odd AS
SELECT pooling, fit_scorecard(bad, t, county::text, fit_options(encoding => 'none', folds => 0, pooling => pooling)) AS card FROM loan, LATERAL (SELECT x, z, crop) t, unnest('{slopes,intercepts}'::text[]) pooling GROUP BY pooling;
SELECT is((SELECT string_agg(DISTINCT concat_ws(' ', segment, bads = 0, n = bads, sign(intercept_effect), shrinkage BETWEEN 0.01 AND 0.99), ', ') FROM odd, segments(card) WHERE segment IN ('31', '32', '33')), '31 t f -1 t, 32 f t 1 t, 33 f t 1 t', 'counties of good or bad loans only have effects, and finite ones');
-- Where only intercepts have effects, an effect is the variance times the sum of residuals.
SELECT is((SELECT n = 1 AND abs(intercept_effect - sd * sd * (1 - pd(card, l, '33'))) < 1e-9 FROM odd, segments(card), spreads(card), loan l WHERE pooling = 'intercepts' AND segment = '33' AND county = 33), true, 'that of one loan is what its residual says');
SELECT is((SELECT count(*) FROM odd, jsonb_array_elements(card::jsonb -> 'segments') s WHERE pooling = 'intercepts' AND s ? 'weights'), 0::bigint, 'pooled intercepts leave all weights to the card');
SELECT is((SELECT string_agg(DISTINCT w, ' ') FROM odd, jsonb_array_elements(card::jsonb -> 'segments') s, jsonb_object_keys(s -> 'weights') w WHERE pooling = 'slopes'), 'x z', 'slopes are those of numbers; levels of a category have the card''s');
SELECT is((SELECT count(*) FROM odd, loan l WHERE pd(card, l, NULL) = pd(card, l)), 2 * count(*), 'a loan of no county has the card''s PD') FROM loan;

-- One county, or none: the fit without.
CREATE TEMP TABLE lonely AS
SELECT fit_scorecard(bad, t, fit_options(encoding => 'none', folds => 0)) AS plain, fit_scorecard(bad, t, 'one', fit_options(encoding => 'none', folds => 0)) AS one, fit_scorecard(bad, t, NULL::text, fit_options(encoding => 'none', folds => 0)) AS none
  FROM loan, LATERAL (SELECT x, z) t;
SELECT is((SELECT max(greatest(abs(pd(one, l, 'one') - pd(plain, l)), abs(pd(none, l) - pd(plain, l)))) < 1e-9 FROM lonely, loan l), true, 'one county, or none, is the fit without');
SELECT is((SELECT string_agg(concat_ws(' ', segment, n, intercept_effect, gain), ', ') FROM lonely, segments(one)), (SELECT 'one ' || count(*) || ' 0 0' FROM loan), 'a single county has no effect');
SELECT is((SELECT string_agg(sd::text, ' ') FROM lonely, spreads(one)), '0 0 0', 'and no spread');
SELECT is((SELECT count(*) FROM lonely, segments(none)) + (SELECT count(*) FROM lonely, spreads(none)), 0::bigint, 'without a county there are no segments');
SELECT matches(pg_temp.outcome('SELECT fit_scorecard(county > 30, t, county::text, fit_options(encoding => ''none'')) FROM loan, LATERAL (SELECT county AS x) t'), '^22000 .*separated.*or bin it coarser\.$', 'what is separated in all is, with counties, too, and no ridge would help');
SELECT matches(pg_temp.outcome('SELECT fit_scorecard(bad, t, county::text, fit_options(encoding => ''none'')) FROM loan, LATERAL (SELECT x, 2 * x AS y) t'), '^22000 .*collinear', 'and so is what is collinear');
-- Whole counties of good loans and of bad ones: the likelier, the wider they spread.
SELECT matches(pg_temp.outcome('SELECT fit_scorecard(county % 2 = 0, t, county::text, fit_options(encoding => ''none'', folds => 0)) FROM loan, LATERAL (SELECT x) t'), '^22000 .*fit of segments does not converge.*spread', 'counties of one outcome each have no spread');
SELECT is(pg_temp.outcome('SELECT fit_scorecard(county % 2 = 0, t, county::text, fit_options(encoding => ''none'', folds => 0, separation => ''warning'')) FROM loan, LATERAL (SELECT x) t'), 'NULL', 'or no card, where that is asked for');

-- Counties of twenty loans; their effects are uniform within 0.8 of 0, with a deviation of 0.8 / sqrt(3).
CREATE TEMP TABLE many AS
SELECT c, x, pg_temp.u(i, 1) < pg_temp.expit(-2 + 0.8 * x + 1.6 * (pg_temp.u(c, 2) - 0.5)) AS bad FROM (SELECT i, 1 + i % 5000 AS c, 3 * pg_temp.u(i, 3) - 1.5 AS x FROM generate_series(1, 100000) i) s;
CREATE TEMP TABLE many_fit AS SELECT fit_scorecard(bad, t, c::text, fit_options(encoding => 'none', folds => 2)) AS card FROM many, LATERAL (SELECT x) t;
SELECT is((SELECT (count(*), sum(n), sum(bads))::text FROM many_fit, segments(card)), (SELECT (5000, count(*), count(*) FILTER (WHERE bad))::text FROM many), '5,000 counties');
SELECT is((SELECT abs(sd - 0.462) < 0.04 FROM many_fit, spreads(card) WHERE feature IS NULL), true, 'whose spread is found');
SELECT is((SELECT sd < 0.2 FROM many_fit, spreads(card) WHERE feature = 'x'), true, 'as is that slopes are alike');
SELECT is((SELECT corr(intercept_effect, 1.6 * (pg_temp.u(segment::int, 2) - 0.5)) > 0.5 FROM many_fit, segments(card)), true, 'and effects follow the true ones, as far as 20 loans tell');

-- Sixty trees of any shape, of ten loans a county or more: up to a hundred counties, spreads that are 0 or
-- not, in up to seven provinces or none, which may have as many counties as they like, or one.
CREATE TEMP TABLE random_tree AS
SELECT seed, counties, rows, base, si, ss, fit_options(encoding => 'none', folds => 0, separation => 'warning', pooling => CASE WHEN pg_temp.u(seed, 8) < 0.3 THEN 'intercepts' END,
         parents => CASE WHEN pg_temp.u(seed, 9) < 0.5 THEN (SELECT jsonb_object_agg('c' || c, 'p' || c % floor(2 + 6 * pg_temp.u(seed, 10))::int) FROM generate_series(0, counties - 1) c) END) AS options
  FROM (SELECT seed, counties, floor(counties * (10 + 50 * pg_temp.u(seed, 2) ^ 2))::int AS rows, -2.5 + 2 * pg_temp.u(seed, 3) AS base, greatest(0, 2 * pg_temp.u(seed, 5) - 0.5) AS si, greatest(0, 1.5 * pg_temp.u(seed, 7) - 0.5) AS ss
          FROM generate_series(1, 60) seed, LATERAL (SELECT floor(2 + 98 * pg_temp.u(seed, 1) ^ 3)::int AS counties) c) s;
SELECT is((SELECT count(card) FROM (
    SELECT seed, fit_scorecard(pg_temp.u(i, 14) < pg_temp.expit(base + si * 3.4 * (pg_temp.u(seed * 1000 + c, 15) - 0.5) + (0.5 + ss * 3.4 * (pg_temp.u(seed * 1000 + c, 16) - 0.5)) * q.x), t, 'c' || c, options) AS card
      FROM random_tree, generate_series(0, rows) r, LATERAL (SELECT seed * 100000 + r AS i) k, LATERAL (SELECT floor(counties * pg_temp.u(i, 11) ^ 1.5)::int AS c, 4 * pg_temp.u(i, 12) - 2 AS x, pg_temp.u(i, 13) AS z) q, LATERAL (SELECT x, z) t GROUP BY seed) s), 60::bigint, 'trees of any shape have a fit');

-- ---------- signs ----------

-- More of x is safer in a county of each province, and in all of one but for c23.
CREATE TEMP TABLE turned AS
SELECT i, 'c' || c AS county, x, pg_temp.u(i, 1) < pg_temp.expit(-2 + CASE WHEN c % 8 = 0 OR c BETWEEN 16 AND 22 THEN -1.5 ELSE 1 END * x) AS bad FROM (SELECT i, i % 32 AS c, 2 * pg_temp.u(i, 2) AS x FROM generate_series(1, 16000) i) s;
CREATE TEMP TABLE signed AS
SELECT positive, fit_scorecard(bad, t, county, fit_options(folds => 0, positive => positive, binning => binning_options(trend => 'ascending', max_bins => 4),
         parents => (SELECT jsonb_object_agg('c' || c, 'p' || c / 8) FROM generate_series(0, 31) c))) AS card FROM turned, LATERAL (SELECT x) t, unnest('{true,false}'::boolean[]) positive GROUP BY positive;
CREATE TEMP TABLE sign AS
SELECT o.*, free.weight AS free, up.weight AS above FROM signed s, pg_temp.own(s.card) o JOIN pg_temp.own(s.card) up ON up.segment = o.parent, signed f, pg_temp.own(f.card) free WHERE s.positive AND NOT f.positive AND free.segment = o.segment;
SELECT is((SELECT string_agg(segment, ' ' ORDER BY segment) FROM sign WHERE free < 0), 'c0 c16 c17 c18 c19 c20 c21 c22 c24 c8 p2', 'a province and ten counties would have negative weights');
SELECT is((SELECT count(*) FROM sign WHERE weight > 0 AND abs(weight - CASE WHEN free < 0 THEN above ELSE free END) < 1e-12), 36::bigint, 'under positive signs those have their parent''s, all others their own');
SELECT is((SELECT string_agg(segment, ' ' ORDER BY segment) FROM signed, segments(card) WHERE positive AND note = 'signs are its parent''s'), (SELECT string_agg(segment, ' ' ORDER BY segment) FROM sign WHERE free < 0), 'and are noted');

-- Their intercepts go with these slopes. By hand: Newton's method for the intercept alone, the slopes in an offset, around the
-- province's intercept as tau says; the intercept of the free fit where the county's loans are likelier with it.
CREATE FUNCTION pg_temp.intercept(offsets float8[], bad boolean[], mean float8, tau float8) RETURNS float8 LANGUAGE plpgsql AS $$
DECLARE
  b float8 := mean;
BEGIN
  FOR step IN 1 .. 30 LOOP
    SELECT b + (sum(y::int - p) - (b - mean) / tau ^ 2) / (sum(p * (1 - p)) + 1 / tau ^ 2) INTO b
      FROM unnest(offsets, bad) r (o, y), LATERAL (SELECT pg_temp.expit(b + o) AS p) q;
  END LOOP;
  RETURN b;
END $$;
CREATE FUNCTION pg_temp.log_likelihood(offsets float8[], bad boolean[], intercept float8) RETURNS float8 LANGUAGE sql AS
'SELECT sum(ln(pg_temp.expit(CASE WHEN y THEN intercept + o ELSE -intercept - o END))) FROM unnest(offsets, bad) r (o, y)';
CREATE TEMP TABLE turned_back AS
SELECT segment, own, before, by_hand, pg_temp.log_likelihood(o, y, own) AS ll_own, pg_temp.log_likelihood(o, y, before) AS ll_before, pg_temp.log_likelihood(o, y, by_hand) AS ll_by_hand
  FROM (SELECT s.segment, s.intercept AS own, up.intercept AS mean, free.intercept AS before, o, y, sd
          FROM signed a, signed f, sign s, pg_temp.own(f.card) free, pg_temp.own(a.card) up, spreads(a.card) p,
               LATERAL (SELECT array_agg(ln(pd(a.card, t, county) / (1 - pd(a.card, t, county))) - s.intercept) AS o, array_agg(bad) AS y FROM turned t WHERE county = s.segment) rows
         WHERE a.positive AND NOT f.positive AND s.free < 0 AND free.segment = s.segment AND up.segment = s.parent AND p.feature IS NULL AND p.level = 2 AND o IS NOT NULL) s,
       LATERAL (SELECT pg_temp.intercept(o, y, mean, sd) AS by_hand) h;
SELECT is((SELECT count(*) FROM turned_back WHERE abs(own - CASE WHEN ll_by_hand > ll_before THEN by_hand ELSE before END) < 1e-8), 10::bigint, 'intercepts of such counties are fitted again');
SELECT is((SELECT count(*) FROM turned_back WHERE ll_own >= ll_before), 10::bigint, 'so their loans are never less likely');
SELECT cmp_ok((SELECT sum(ll_own - ll_before) FROM turned_back), '>', 1::float8, 'but more');
CREATE TEMP TABLE sign_way AS SELECT fit_options(folds => 0, positive => true, binning => binning_options(trend => 'ascending', max_bins => 4)) AS options;
SELECT is((SELECT fit_scorecard(bad, t, county, options || '{"weight_column": "w"}') FROM sign_way, turned, LATERAL (SELECT x, 1 + i % 2 AS w) t),
          (SELECT fit_scorecard(bad, t, county, options) FROM sign_way, (SELECT turned.* FROM turned, generate_series(0, i % 2) ORDER BY pg_temp.u(i, 9), i) l, LATERAL (SELECT x) t), 'weights and the order of rows do not show in them');

-- ---------- whose own card is worth it ----------

-- Thirty counties that are alike, ten times; then some that differ by their intercepts.
CREATE TEMP TABLE alike AS
SELECT seed, c, x, pg_temp.u(i, 1) < pg_temp.expit(-1.5 + x) AS bad FROM generate_series(1, 10) seed, generate_series(1, 6000) r, LATERAL (SELECT seed * 100000 + r AS i, 1 + r % 30 AS c) k, LATERAL (SELECT pg_temp.u(i, 2) AS x) q;
CREATE TEMP TABLE alike_fit AS SELECT seed, fit_scorecard(bad, t, c::text, fit_options(encoding => 'none', keep_parent => true)) AS card FROM alike, LATERAL (SELECT x) t GROUP BY seed;
SELECT is((SELECT count(*) FROM alike_fit, segments(card) WHERE p IS NOT NULL), 300::bigint, 'all counties of 10 bad loans are tested');
SELECT cmp_ok((SELECT count(*) FROM alike_fit, segments(card) WHERE note IS NULL), '<=', 3::bigint, 'of 300 that are alike at most 3 keep a card of their own');
CREATE TEMP TABLE unlike AS
SELECT c, x, pg_temp.u(i, 1) < pg_temp.expit(-1.5 + x + CASE c % 3 WHEN 0 THEN 1 WHEN 1 THEN -1 ELSE 0 END) AS bad FROM (SELECT i, least(floor(sqrt(pg_temp.u(i, 2)) * 30)::int, 29) AS c, pg_temp.u(i, 3) AS x FROM generate_series(1, 30000) i) s;
CREATE TEMP TABLE unlike_fit AS SELECT fit_scorecard(bad, t, c::text, fit_options(encoding => 'none', keep_parent => true)) AS card FROM unlike, LATERAL (SELECT x) t;
SELECT is((SELECT count(*) FROM unlike_fit, segments(card) WHERE n >= 800 AND segment::int % 3 < 2 AND note IS NULL), (SELECT count(*) FROM (SELECT FROM unlike WHERE c % 3 < 2 GROUP BY c HAVING count(*) >= 800) s), 'thick counties that differ keep their own');
SELECT is((SELECT count(*) > 0 FROM unlike_fit, segments(card) WHERE note = 'its parent''s card is kept'), true, 'others do not, and it is said');
SELECT is((SELECT count(*) FROM unlike_fit, segments(card), unlike l WHERE note IS NOT NULL AND l.c::text = segment AND pd(card, l, segment) <> pd(card, l)), 0::bigint, 'they have the card''s PDs, to the bit');
SELECT is((SELECT abs(log_loss - by_hand) < 1e-12 FROM unlike_fit, fit_report(card), LATERAL (SELECT avg(-ln(CASE WHEN bad THEN p ELSE 1 - p END)) AS by_hand FROM (SELECT bad, pd(card, l, c::text) AS p FROM unlike l) q) s), true, 'the log loss in sample is that of the cards as they are');
-- Two loans of a crop, one bad: a fold without one of them has no fit.
SELECT matches(pg_temp.outcome('SELECT fit_scorecard(bad, t, c::text, fit_options(encoding => ''none'', keep_parent => true, fold_key => ''i'')) FROM (SELECT u.*, row_number() OVER (PARTITION BY bad ORDER BY c, x) AS i FROM unlike u) u, LATERAL (SELECT x, i, CASE WHEN i = 2 + bad::int THEN ''hops'' ELSE ''rice'' END AS crop) t'), '^22000 .*out of fold.*separated', 'keep_parent needs figures out of fold');

-- ---------- its own rows, and deployed ----------

CREATE TABLE owned AS SELECT county::smallint AS county, bad, x, z, crop FROM loan;
CREATE TEMP TABLE own_fit AS
SELECT name, fit_scorecard(bad, t, county::text, options) AS card FROM (VALUES ('woe', fit_options(folds => 0)), ('as it is', fit_options(encoding => 'none', folds => 0))) v (name, options), owned, LATERAL (SELECT x, z, crop) t GROUP BY name;
SELECT is((SELECT count(*) FROM (SELECT avg(bad::int) AS rate, avg(pd(card, l, county::text)) AS mean FROM own_fit, owned l GROUP BY name) s WHERE abs(mean - rate) < 0.002), 2::bigint, 'PDs have the mean of outcomes, nearly');
SELECT is((SELECT count(*) FROM (SELECT avg(bad::int) AS rate, avg(pd(card, l, county::text)) AS mean FROM own_fit, owned l GROUP BY name, county HAVING count(*) > 300) s WHERE abs(mean - rate) > 0.01), 0::bigint, 'in thick counties, too');
SELECT deploy(card, 'owned', 'own', 'county') FROM own_fit WHERE name = 'woe' \g /dev/null
SELECT is((SELECT count(*) FROM own_fit, owned l WHERE name = 'woe' AND own_pd(l) = pd(card, l, county::text) AND own_score(l) = score(card, l, county::text)), count(*), 'deployed it is the record form, to the bit') FROM owned;
SELECT is((SELECT count(*) FROM own_fit WHERE card = card::text::scorecard AND card::jsonb::text::scorecard = card), 2::bigint, 'the card''s text gives the card');

-- ---------- what may not show ----------

CREATE TEMP TABLE copied AS SELECT l.*, 'p' || county % 4 AS province, 1 + i % 3 AS copies FROM loan l;
SELECT jsonb_object_agg(county::text, province) AS provinces FROM copied WHERE county IS NOT NULL \gset
CREATE TEMP TABLE way (name text, options jsonb);
INSERT INTO way SELECT concat_ws(' ', encoding, pooling, keep), fit_options(encoding => encoding, pooling => pooling, keep_parent => keep, folds => 3, fold_key => 'i', parents => :'provinces')
  FROM unnest('{woe,none}'::text[]) encoding, (VALUES ('slopes', true), ('intercepts', false)) v (pooling, keep);
CREATE FUNCTION pg_temp.cards(source text DEFAULT '(SELECT l.* FROM copied l, generate_series(1, copies))', columns text DEFAULT 'x, z, crop, i', extra text DEFAULT '{}') RETURNS TABLE (name text, card scorecard) LANGUAGE plpgsql AS $$
BEGIN
  RETURN QUERY EXECUTE format('SELECT name, fit_scorecard(bad, t, county::text, options || %L::jsonb) FROM way, %s l, LATERAL (SELECT %s) t GROUP BY name', extra, source, columns);
END $$;
CREATE TEMP TABLE whole AS SELECT * FROM pg_temp.cards();
SELECT is((SELECT count(*) FROM whole, pg_temp.cards('(SELECT l.* FROM copied l, generate_series(1, copies) ORDER BY pg_temp.u(i, 9), i)') c WHERE (whole.name, whole.card) = (c.name, c.card)), 4::bigint, 'the same card of shuffled rows');
SELECT is((SELECT count(*) FROM whole, pg_temp.cards('copied', 'x, z, crop, i, copies', '{"weight_column": "copies"}') c WHERE (whole.name, whole.card) = (c.name, c.card)), 4::bigint, 'of weights in place of copies');
SET LOCAL enable_hashagg = off;
SELECT is((SELECT count(*) FROM whole, pg_temp.cards() c WHERE (whole.name, whole.card) = (c.name, c.card)), 4::bigint, 'of sorted groups');
RESET enable_hashagg;
SET LOCAL maintenance_work_mem = '1MB';
SELECT is((SELECT count(*) FROM whole, pg_temp.cards() c WHERE (whole.name, whole.card) = (c.name, c.card)), 4::bigint, 'of rows in temporary files');
RESET maintenance_work_mem;
-- Its name since PostgreSQL 16 is debug_parallel_query.
SELECT name AS forced FROM pg_settings WHERE name IN ('force_parallel_mode', 'debug_parallel_query') \gset
SET LOCAL :forced = on;
SELECT is((SELECT count(*) FROM whole, pg_temp.cards() c WHERE (whole.name, whole.card) = (c.name, c.card)), 4::bigint, 'where parallel plans are forced');
RESET :forced;
SELECT * FROM finish();
ROLLBACK;
