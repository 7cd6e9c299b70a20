-- What a fit says of segments, against computations in SQL that share nothing with it.
BEGIN;
SET LOCAL client_min_messages = warning;
SELECT set_config('search_path', 'agririsk, ' || current_setting('search_path'), true) \g /dev/null
SELECT plan(26);

-- A hash in [0, 1), the same on every machine.
CREATE FUNCTION pg_temp.u(VARIADIC part int[]) RETURNS float8 LANGUAGE sql IMMUTABLE AS
$$ SELECT ('x' || left(md5(part::text), 8))::bit(32)::bigint::float8 / 4294967296 $$;

-- Twelve counties of 25 to 600 loans, with intercepts and slopes of their own; in c11 the slope is
-- turned over; some loans have no county.
CREATE TEMP TABLE loan AS
SELECT i, CASE WHEN i % 23 > 0 THEN 'c' || c END AS county, c, a, b,
       pg_temp.u(i, 4) < 1 / (1 + exp(2 - CASE WHEN c = 11 THEN -1.5 ELSE 1 + pg_temp.u(c, 8) END * a - 0.5 * b - 2 * (pg_temp.u(c, 9) - 0.5))) AS bad
  FROM generate_series(1, 3000) i, LATERAL (SELECT least(floor(sqrt(pg_temp.u(i, 5)) * 12), 11)::int AS c, pg_temp.u(i, 1) AS a, pg_temp.u(i, 2) AS b) x;
CREATE TEMP TABLE fitted AS
SELECT name, fit_scorecard(bad, t, county, options || '{"encoding": "none"}') AS card
  FROM (VALUES ('slopes', '{"folds": 3, "fold_key": "i"}'::jsonb), ('intercepts', '{"pooling": "intercepts", "folds": 0}'), ('kept', '{"folds": 3, "fold_key": "i", "keep_parent": true}')) o (name, options), loan, LATERAL (SELECT a, b, i) t GROUP BY name;

-- ---------- own rows ----------

SELECT is((SELECT count(*) FROM fitted, segments(card) JOIN (SELECT county, count(*) AS own, count(*) FILTER (WHERE bad) AS own_bads FROM loan GROUP BY county) l ON county = segment WHERE (n, bads, parent) IS NOT DISTINCT FROM (own, own_bads, NULL)), 36::bigint, 'n and bads are those of GROUP BY');
SELECT is((SELECT count(*) FROM fitted, fit_report(card) WHERE rows = 3000), 3::bigint, 'rows without a segment count for the card');
SELECT is((SELECT array_agg(segment) FROM fitted, segments(card) WITH ORDINALITY WHERE name = 'slopes'), (SELECT array_agg(DISTINCT county ORDER BY county) FROM loan WHERE county IS NOT NULL), 'segments are in the order of the card, by bytes');

SELECT is((SELECT count(*) FROM fitted WHERE card::text::scorecard = card AND card::jsonb::scorecard = card), 3::bigint, 'what was fitted is read as its text is');

-- ---------- gains ----------

CREATE FUNCTION pg_temp.gain(bad boolean, own float8, above float8) RETURNS float8 LANGUAGE sql IMMUTABLE AS
$$ SELECT CASE WHEN bad THEN ln(own / above) ELSE ln((1 - own) / (1 - above)) END $$;
CREATE TEMP TABLE gained AS SELECT name, county, sum(pg_temp.gain(bad, pd(card, l, county), pd(card, l))) AS by_hand FROM fitted, loan l WHERE county IS NOT NULL GROUP BY 1, 2;
SELECT is((SELECT count(*) FROM fitted JOIN gained USING (name), segments(card) WHERE segment = county AND name <> 'kept' AND abs(gain - by_hand) < 1e-9), 24::bigint, 'gains are those of the log-likelihood');
SELECT is((SELECT count(*) FROM fitted s, segments(s.card) o JOIN (SELECT r.* FROM fitted, segments(card) r WHERE name = 'kept') k USING (segment) WHERE s.name = 'slopes' AND o.gain = k.gain AND o.out_of_fold_gain = k.out_of_fold_gain AND o.shrinkage = k.shrinkage), 12::bigint, 'and do not depend on whose card is kept');
-- Fits without a fold, each by itself, on the rows of that fold.
CREATE TEMP TABLE held AS
SELECT county, bad, pg_temp.gain(bad, pd(card, l, county), pd(card, l)) AS gain
  FROM (SELECT k, fit_scorecard(bad, t, county, '{"encoding": "none", "folds": 0}'::jsonb) AS card FROM generate_series(0, 2) k, loan, LATERAL (SELECT a, b) t WHERE fold(i, 3) <> k GROUP BY k) f, loan l WHERE fold(i, 3) = k AND county IS NOT NULL;
SELECT is((SELECT count(*) FROM fitted, segments(card) JOIN (SELECT county, sum(gain) AS by_hand FROM held GROUP BY 1) h ON county = segment WHERE name <> 'intercepts' AND abs(out_of_fold_gain - by_hand) < 1e-8), 24::bigint, 'out of fold by models of the other folds');
SELECT is((SELECT count(*) FROM fitted, segments(card) WHERE name = 'intercepts' AND out_of_fold_gain IS NULL AND p IS NULL), 12::bigint, 'not known without folds');

-- ---------- spreads and shrinkage ----------

SELECT is((SELECT array_agg(name || ' ' || level || coalesce(' ' || feature, '') ORDER BY name, ordinality) FROM fitted, spreads(card) WITH ORDINALITY), ARRAY['intercepts 1', 'kept 1', 'kept 1 a', 'kept 1 b', 'slopes 1', 'slopes 1 a', 'slopes 1 b'], 'spreads of what is pooled');
-- With effects on intercepts alone the conditional precision is the rows' information and 1 / sd^2.
SELECT is((SELECT count(*) FROM (SELECT segment, shrinkage, sum(chance * (1 - chance)) * max(sd * sd) AS w FROM fitted, segments(card), spreads(card), loan l, pd(card, l, county) AS chance WHERE name = 'intercepts' AND county = segment GROUP BY 1, 2) q
            WHERE abs(shrinkage - w / (1 + w)) < 1e-7), 12::bigint, 'shrinkage is the share of the precision that the rows have');
SELECT is((SELECT min(shrinkage) >= 0 AND max(shrinkage) <= 1 AND corr(n, shrinkage) > 0.5 FROM fitted, segments(card) WHERE name = 'slopes'), true, 'it lies in [0, 1] and rises with rows');
-- At the conditional mode the residuals of a county add up to its effect / sd^2.
SELECT is((SELECT count(*) FROM (SELECT segment, intercept_effect, max(sd * sd) AS variance, sum(bad::int - pd(card, l, county)) AS residuals FROM fitted, segments(card), spreads(card), loan l WHERE name = 'intercepts' AND county = segment GROUP BY 1, 2) q
            WHERE abs(residuals * variance - intercept_effect) < 1e-7), 12::bigint, 'effects are where residuals and spread say');
-- A feature in other units has weights, and their spread, in those units.
SELECT is((SELECT max(abs(x.sd / CASE x.feature WHEN 'a' THEN 3 ELSE 1 END / y.sd - 1)) < 1e-6 FROM fitted, spreads(card) x JOIN spreads((SELECT fit_scorecard(bad, t, county, '{"encoding": "none", "folds": 0}'::jsonb) FROM loan, LATERAL (SELECT a * 3 AS a, b) t)) y ON x.level = y.level AND x.feature IS NOT DISTINCT FROM y.feature AND y.sd > 0 WHERE name = 'slopes'), true, 'spreads are in units of the weights');

-- ---------- whose card is kept ----------

-- Benjamini and Hochberg by SQL: of m tested, all up to the last whose p is at most 0.1 times its rank over m.
SELECT is((WITH tested AS (SELECT segment, p, note, rank() OVER (ORDER BY p, segment COLLATE "C") AS r, count(*) OVER () AS m FROM fitted, segments(card) WHERE name = 'kept' AND p IS NOT NULL),
                last AS (SELECT coalesce(max(r) FILTER (WHERE p <= 0.1 * r / m), 0) AS l FROM tested)
           SELECT array_agg(segment) FROM tested, last WHERE (note IS NOT DISTINCT FROM 'its parent''s card is kept') <> (r > l)), NULL, 'the parent''s card is kept where p says so');
SELECT is((SELECT count(*) FILTER (WHERE note IS NOT NULL) BETWEEN 1 AND count(*) - 1 FROM fitted, segments(card) WHERE name = 'kept'), true, 'of some and not of others');
SELECT is((SELECT count(*) FROM fitted, segments(card) s WHERE name = 'kept' AND ((p IS NULL) <> (SELECT count(*) FILTER (WHERE bad) < 10 FROM loan WHERE county = segment) OR (p < 0.5) <> (out_of_fold_gain > 0) OR (note IS NOT NULL AND intercept_effect <> 0))), 0::bigint, 'p falls as gains rise, is not known with few bad rows, and a card kept is the parent''s');

-- Under positive signs c11 keeps its parent's weight.
CREATE TEMP TABLE signed AS SELECT fit_scorecard(bad, t, county, '{"folds": 0, "positive": true, "binning": {"trend": "ascending", "max_bins": 4}}'::jsonb) AS card FROM loan, LATERAL (SELECT a, b) t;
SELECT is((SELECT array_agg(segment) FROM signed, segments(card) WHERE note = 'signs are its parent''s' AND gain IS NULL), ARRAY['c11'], 'signs that are its parent''s are noted');

-- Between counties b is a risk, within them it is not: pooled, its weight turns over. It goes, and a has no other left to follow from.
SELECT is((SELECT array_agg(concat(feature, ' ', vif, ' ', left(dropped, 27)) ORDER BY feature) FROM coefficients((
             SELECT fit_scorecard(pg_temp.u(i, 403) < 1 / (1 + exp(1 - t.a - 0.45 * k + 1.5 * (t.b - 0.2 * k))), t, 's' || k, '{"folds": 0, "positive": true, "pooling": "intercepts", "binning": {"max_bins": 4, "trend": "ascending"}}'::jsonb)
               FROM generate_series(1, 4000) i, LATERAL (SELECT floor(8 * pg_temp.u(i, 400)) AS k) x, LATERAL (SELECT round((0.2 * k + pg_temp.u(i, 402))::numeric, 1) AS b) y,
                    LATERAL (SELECT round((pg_temp.u(i, 401) + 0.5 * b)::numeric, 1) AS a, b) t)) WHERE feature IS NOT NULL), ARRAY['a 1 ', 'b  its coefficient is negative'], 'VIF is among the features that pooling leaves');

-- p0's own loans do not bear out what its counties say, so it gets the root's card back; n0, whose few bad loans say the
-- contrary of a, leans on p0, and so has the root's weight of it.
CREATE TEMP TABLE turned AS
SELECT fit_scorecard(bad, t, s, jsonb_build_object('folds', 3, 'fold_key', 'i', 'positive', true, 'keep_parent', true, 'binning', '{"max_bins": 4, "trend": "ascending"}'::jsonb,
         'parents', (SELECT jsonb_object_agg('c' || g, 'p' || g % 6) || '{"n0": "p0"}' FROM generate_series(0, 23) g))) AS card
  FROM (SELECT i, 'c' || k AS s, a, b, pg_temp.u(i, 203) < 1 / (1 + exp(0.5 - (ARRAY[5, 0.6, 1.2, 2.5, 0.9, 3.5])[k % 6 + 1] * (a - 0.5) * 2 - 3 * (b - 0.5))) AS bad
          FROM generate_series(1, 12000) i, LATERAL (SELECT floor(24 * pg_temp.u(i, 200))::int AS k, round(pg_temp.u(i, 201)::numeric, 1) AS a, round(pg_temp.u(i, 202)::numeric, 1) AS b) x
        UNION ALL SELECT 10000 + i, 'p0', a, pg_temp.u(i, 211)::numeric, pg_temp.u(i, 212) < 1 / (1 + exp(0.2 + 0.6 * (a - 0.5))) FROM generate_series(1, 30) i, LATERAL (SELECT round(pg_temp.u(i, 210)::numeric, 1) AS a) x
        UNION ALL SELECT 20000 + i, 'n0', a, round(pg_temp.u(i, 221)::numeric, 1), i <= 9 FROM generate_series(1, 260) i, LATERAL (SELECT CASE WHEN i <= 9 THEN 0.1 ELSE round(pg_temp.u(i, 220)::numeric, 1) END AS a) x) l,
       LATERAL (SELECT a, b, i) t;
SELECT is((SELECT array_agg(concat(segment, ': ', note) ORDER BY segment) FROM turned, segments(card) WHERE segment IN ('p0', 'n0')), ARRAY['n0: signs are its parent''s', 'p0: its parent''s card is kept'], 'a sign is its parent''s, whose card is its parent''s');
SELECT is((SELECT count(*) FROM turned, jsonb_array_elements(card::jsonb -> 'segments') s WHERE s ->> 'name' = 'n0' AND s -> 'weights' ? 'a'), 0::bigint, 'and so is the weight');

-- ---------- a tree ----------

CREATE TEMP TABLE tree AS
SELECT fit_scorecard(bad, t, county, options) AS card
  FROM (SELECT jsonb_build_object('encoding', 'none', 'folds', 0, 'parents', jsonb_object_agg('c' || c, CASE WHEN c < 7 THEN 'p' ELSE 'q' END)) AS options FROM generate_series(2, 11) c) o, loan, LATERAL (SELECT a, b) t;
SELECT is((SELECT string_agg(concat(segment, ' ', parent), ', ' ORDER BY ordinality) FROM tree, segments(card) WITH ORDINALITY), 'c0 , c1 , p , q , c10 q, c11 q, c2 p, c3 p, c4 p, c5 p, c6 p, c7 q, c8 q, c9 q', 'parents stand before their children');
SELECT is((SELECT count(*) FROM tree, segments(card), LATERAL (SELECT count(*) AS own, count(*) FILTER (WHERE bad) AS own_bads, sum(pg_temp.gain(bad, pd(card, l, county), pd(card, l, parent))) AS by_hand FROM loan l WHERE county = segment) l
            WHERE n = own AND segments.bads = own_bads AND abs(gain - coalesce(by_hand, 0)) < 1e-9), 14::bigint, 'rows are its own, gains over the parent''s card');
SELECT is((SELECT array_agg(level || coalesce(' ' || feature, '') ORDER BY ordinality) FROM tree, spreads(card) WITH ORDINALITY), ARRAY['1', '1 a', '1 b', '2', '2 a', '2 b'], 'spreads of both levels');

-- From where its first step leads, Newton's second one goes down: two levels, three weights, counties of 5 to 100 loans.
SELECT is((SELECT log_likelihood > -428
             FROM (SELECT fit_scorecard(bad, t, s, '{"folds": 0, "separation": "warning", "binning": {"max_bins": 2}, "parents": {"s0": "p0", "s1": "p0", "s2": "p1", "s3": "p1", "s4": "s12", "s5": "s13", "s6": "p0", "s7": "s13", "s8": "s13", "s9": "s12", "s10": "p0", "s11": "p0"}}'::jsonb) AS card
                     FROM generate_series(1, 1199) i, LATERAL (SELECT least(floor(sqrt(pg_temp.u(i, 5)) * 14), 13)::int AS c, round(pg_temp.u(i, 1)::numeric, 2)::float8 AS a) x,
                          LATERAL (SELECT CASE WHEN i % 29 > 0 THEN 's' || c END AS s, pg_temp.u(i, 91) < 1 / (1 + exp(1 - round((pg_temp.u(i, 12) - 0.5)::numeric, 2)::float8 - 3 * (pg_temp.u(c, 92) - 0.5)
                                     - (3 + 8 * (pg_temp.u(c, 93) - 0.5) + 6 * (pg_temp.u(c % 4, 94) - 0.5)) * (a - 0.5) - 2 * (pg_temp.u(c % 4, 95) - 0.5))) AS bad) y,
                          LATERAL (SELECT a, CASE WHEN i % 11 > 0 THEN round(CASE WHEN c % 2 = 0 THEN pg_temp.u(i, 2) ELSE 1 - pg_temp.u(i, 2) * 0.3 END::numeric, 2)::float8 END AS b, CASE WHEN i % 7 > 0 THEN round(pg_temp.u(i, 50)::numeric, 2)::float8 END AS g) t
                    WHERE fold(CASE WHEN s = 's5' THEN 999999 ELSE i / 2 END, 3) <> 1) f, fit_report(card)), true, 'a step that goes down is not taken');

-- ---------- integers and copies; who may use it ----------

SELECT is((SELECT fit_scorecard(bad, t, county, '{"encoding": "none", "weight_column": "w"}'::jsonb) = (SELECT fit_scorecard(bad, t, county, '{"encoding": "none"}'::jsonb) FROM loan, generate_series(0, i % 3) g, LATERAL (SELECT a, b) t) FROM loan, LATERAL (SELECT a, b, 1 + i % 3 AS w) t), true, 'weights are copies, in what is said of segments too');
CREATE ROLE agririsk_plain;
GRANT SELECT ON fitted TO agririsk_plain;
SET LOCAL ROLE agririsk_plain;
SET LOCAL search_path = '';
SELECT sum((SELECT count(*) FROM agririsk.segments(card))) + sum((SELECT count(*) FROM agririsk.spreads(card))) AS n FROM pg_temp.fitted \gset
RESET ROLE;
SET LOCAL search_path = agririsk, public;
SELECT is(:n, 36 + 7, 'a plain role reads both, without a search_path');

SELECT * FROM finish();
ROLLBACK;
