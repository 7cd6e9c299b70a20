-- Properties of cards with linear features, counts and a fit: round trips,
-- forms of scoring that agree to the bit, damaged bytes, reports.
BEGIN;
SET LOCAL client_min_messages = warning;
SELECT set_config('search_path', 'agririsk, ' || current_setting('search_path'), true) \g /dev/null
SELECT plan(38);

-- A hash in [0, 1), the same on every machine.
CREATE FUNCTION pg_temp.u(VARIADIC part int[]) RETURNS float8 LANGUAGE sql IMMUTABLE AS
$$ SELECT ('x' || left(md5(part::text), 8))::bit(32)::bigint::float8 / 4294967296 $$;

-- Card k: five linear features with weights of either sign, centers, ranges,
-- consent and missing in turn; a number and a category with counts here and
-- there; segments that turn weights; a fit of which this and that is known.
CREATE FUNCTION pg_temp.random_card(k int) RETURNS scorecard LANGUAGE sql AS $$
  SELECT jsonb_build_object('format', 1, 'name', 'random ' || k, 'intercept', round((pg_temp.u(k) * 4 - 3)::numeric, 3), 'features',
    (SELECT jsonb_agg(jsonb_build_object('name', 'x' || f, 'type', 'linear', 'weight', pg_temp.u(k, f, 77) * 3 - 1)
        || CASE WHEN (k + f) % 4 > 0 THEN jsonb_build_object('center', pg_temp.u(k, f, 1) - 0.5) ELSE '{}' END
        || CASE WHEN (k + f) % 3 > 0 THEN '{"low": -2.5, "high": 2.5}' ELSE '{}' END::jsonb
        || CASE WHEN (k + f) % 5 = 0 THEN '{"consent": "agreed"}' ELSE '{}' END::jsonb
        || CASE (k + f) % 3 WHEN 0 THEN '{"missing": {"woe": 0.3}}' WHEN 1 THEN '{"missing": "neutral"}' ELSE '{}' END::jsonb ORDER BY f)
       FROM generate_series(1, 5) f)
    || jsonb_build_array(
      jsonb_build_object('name', 'cv', 'type', 'number', 'missing', '{"woe": 0.1, "goods": 5, "bads": 0}'::jsonb, 'bins', jsonb_build_array('{"high": 0.1, "woe": -0.3}'::jsonb || CASE WHEN k % 2 = 0 THEN jsonb_build_object('goods', (pg_temp.u(k, 8) * 1e12)::bigint, 'bads', k) ELSE '{}' END, '{"woe": 0.7}'::jsonb)),
      jsonb_build_object('name', 'crop', 'type', 'category', 'bins', '[{"categories": ["rice"], "woe": 0.11, "goods": 1, "bads": 2}, {"categories": ["tea"], "woe": -0.13}]'::jsonb)),
    'segments', (SELECT jsonb_agg(jsonb_strip_nulls(jsonb_build_object('name', 's' || s, 'parent', CASE WHEN s > 2 THEN 's' || s / 2 END,
        'intercept', CASE WHEN s % 3 > 0 THEN pg_temp.u(k, s, 88) - 2 END,
        'weights', CASE WHEN s % 2 = 0 THEN jsonb_build_object('x' || 1 + s % 5, pg_temp.u(k, s) - 0.5, 'crop', pg_temp.u(k, s, 5) - 0.5) END)) ORDER BY s) FROM generate_series(1, 9) s),
    'fit', jsonb_strip_nulls(jsonb_build_object('rows', 1000 * k, 'bads', k, 'iterations', CASE WHEN k % 2 = 0 THEN k END, 'folds', CASE WHEN k % 3 = 0 THEN 5 END, 'selection', CASE WHEN k % 4 = 0 THEN 'bic' END,
      'log_likelihood', -k * pg_temp.u(k, 20), 'null_log_likelihood', CASE WHEN k % 2 = 0 THEN -k END, 'shift', CASE WHEN k % 5 = 0 THEN pg_temp.u(k, 21) - 0.5 END, 'lambda', CASE WHEN k % 2 = 1 THEN pg_temp.u(k, 22) END,
      'in_sample', CASE WHEN k % 2 = 0 THEN jsonb_build_object('auc', pg_temp.u(k, 23), 'log_loss', pg_temp.u(k, 24)) END, 'out_of_fold', CASE WHEN k % 3 = 0 THEN jsonb_build_object('rows', k, 'auc_low', pg_temp.u(k, 25)) END,
      'excluded', CASE WHEN k % 2 = 0 THEN jsonb_build_object('outcome', k, 'a much longer reason', 1) END,
      'tried', (SELECT jsonb_agg(jsonb_strip_nulls(jsonb_build_object('name', 'x' || f, 'iv', CASE WHEN f % 2 = 0 THEN pg_temp.u(k, f, 30) END, 'vif', CASE WHEN f % 3 = 0 THEN 1 + pg_temp.u(k, f, 31) END, 'dropped', CASE WHEN f > 5 THEN 'one "bin"' END))) FROM generate_series(1, 7) f),
      'terms', jsonb_build_array(jsonb_build_object('coefficient', pg_temp.u(k, 40), 'se', pg_temp.u(k, 41))) || (SELECT jsonb_agg(jsonb_build_object('feature', 'x' || f, 'coefficient', pg_temp.u(k, f, 42) - 0.5, 'se', pg_temp.u(k, f, 43)) ORDER BY f) FROM generate_series(1, 5) f)
        || '[{"feature": "crop", "level": "", "coefficient": 0.5}, {"feature": "crop", "level": "tea", "coefficient": 0.25}]',
      'covariance', CASE WHEN k % 2 = 0 THEN (SELECT jsonb_agg(pg_temp.u(k, i, 50) - 0.5 ORDER BY i) FROM generate_series(1, 36) i) END,
      'assumptions', CASE WHEN k % 3 = 1 THEN 'as ' || k END, 'weight_unit', CASE WHEN k % 4 = 2 THEN 1.0 / k END,
      'spreads', CASE WHEN k % 2 = 1 THEN (SELECT jsonb_agg(jsonb_strip_nulls(jsonb_build_object('level', 1 + i / 4, 'feature', CASE WHEN i % 4 > 0 THEN 'x' || i % 4 END, 'sd', pg_temp.u(k, i, 60))) ORDER BY i) FROM generate_series(0, 15) i WHERE (i + k) % 3 > 0) END,
      'segments', CASE WHEN k % 3 > 0 THEN (SELECT jsonb_agg(jsonb_strip_nulls(jsonb_build_object('rows', 100 * s, 'bads', k, 'gain', CASE WHEN s % 2 = 0 THEN pg_temp.u(k, s, 61) - 0.5 END, 'out_of_fold_gain', CASE WHEN s % 3 = 0 THEN pg_temp.u(k, s, 62) - 0.5 END,
          'p', CASE WHEN s % 4 = 0 THEN pg_temp.u(k, s, 63) END, 'shrinkage', CASE WHEN s % 5 > 0 THEN pg_temp.u(k, s, 64) END, 'note', CASE WHEN s > 7 THEN 'of ' || s END)) ORDER BY s) FROM generate_series(1, 9) s) END)))::scorecard $$;
CREATE TEMP TABLE fitted AS SELECT k, pg_temp.random_card(k) AS card FROM generate_series(1, 12) k;

-- ---------- round trips ----------

SELECT is((SELECT count(*) FROM fitted WHERE card::text::scorecard = card AND card::text::scorecard::text = card::text AND card::jsonb::scorecard = card), 12::bigint, 'text and jsonb round trips are exact');
SELECT is((SELECT count(*) FROM fitted WHERE card::jsonb @> pg_temp.random_card(k)::jsonb AND card::jsonb #> '{fit,terms,6}' = '{"feature": "crop", "level": "", "coefficient": 0.5}'), 12::bigint, 'the JSON holds what was given');
SELECT format('COPY fitted TO %L (FORMAT binary); CREATE TEMP TABLE received (LIKE fitted); COPY received FROM %1$L (FORMAT binary)', current_setting('data_directory') || '/agririsk_fitted.bin') AS copies \gset
:copies;
SELECT is((SELECT count(*) FROM fitted f JOIN received r USING (k) WHERE f.card = r.card AND scorecard_send(f.card) = scorecard_send(r.card) AND f.card::text = r.card::text), 12::bigint, 'binary ones, too');
SELECT is((SELECT count(DISTINCT c) FROM fitted, unnest(ARRAY[card, (card::jsonb - 'fit')::scorecard, (card::jsonb #- '{fit,iterations}')::scorecard, jsonb_set(card::jsonb, '{fit,bads}', '0')::scorecard, (card::jsonb #- '{features,6,bins,0,goods}' #- '{features,6,bins,0,bads}')::scorecard]) c),
  (12 * 5 - 6)::bigint, 'cards that differ in a fit or a count are not equal');
-- Without the new parts the bytes are those of before: no flag is set.
SELECT is((SELECT count(*) FROM fitted, LATERAL (SELECT regexp_replace((card::jsonb - 'fit')::scorecard::text, ', "goods": \d+, "bads": \d+', '', 'g')::scorecard AS bare) s
            WHERE substr(scorecard_send(bare), 1, 4) = '\x01000000' AND substr(scorecard_send(card), 1, 4) = '\x01030000' AND substr(scorecard_send((card::jsonb - 'fit')::scorecard), 1, 4) = '\x01010000'), 12::bigint, 'flags say what a card holds');

-- ---------- scoring ----------

-- Values of every type, NULL, NaN, and what lies beyond the bounds.
CREATE SCHEMA desk;
CREATE TABLE desk.applicant AS
SELECT i AS id, CASE WHEN i % 7 > 0 THEN 's' || (i % 12) END AS county, CASE WHEN i % 5 > 0 THEN i % 3 > 0 END AS agreed,
       CASE WHEN i % 11 > 0 THEN pg_temp.u(i, 1) * 5 - 2.5 END AS x1, CASE WHEN i % 6 > 0 THEN (i % 17) / 4.0 - 2 END AS x2,
       CASE WHEN i % 13 = 0 THEN 'NaN' ELSE pg_temp.u(i, 3) * 5 - 2.5 END AS x3, (pg_temp.u(i, 4) * 5 - 2.5)::real AS x4, CASE WHEN i % 3 > 0 THEN (pg_temp.u(i, 5) * 50 - 25)::int END AS x5,
       pg_temp.u(i, 6) AS cv, (ARRAY['rice', 'tea', 'maize', NULL])[1 + i % 4] AS crop
  FROM generate_series(1, 1500) i
UNION ALL SELECT 1501, 's1', true, NULL, NULL, 'NaN', NULL, NULL, 'NaN', NULL
UNION ALL SELECT 1501 + i, 's2', true, x, 1, x, 1, NULL, 0.5, 'rice' FROM unnest(ARRAY[1e280, -1e280, 0]) WITH ORDINALITY u (x, i);
CREATE TEMP TABLE far AS SELECT i AS id, NULL::text AS county, true AS agreed, x AS x1, 1 AS x2, 1 AS x3, 1 AS x4, 1 AS x5, 0.5 AS cv, 'rice' AS crop FROM unnest(ARRAY[1.1e280, -1.1e280, 1.7e308, 'Infinity', '-Infinity']) WITH ORDINALITY u (x, i);

-- eta by SQL alone, of the card itself.
CREATE TEMP TABLE by_hand AS
SELECT k, a.id, (card::jsonb ->> 'intercept')::float8 + sum(w * CASE WHEN f ? 'consent' AND agreed IS NOT TRUE THEN 0
         WHEN x IS NULL OR x = 'NaN' THEN coalesce((f #>> '{missing,woe}')::float8, 0) ELSE x - coalesce((f ->> 'center')::float8, 0) END ORDER BY i)
         + CASE WHEN cv = 'NaN' THEN 0.1 WHEN cv < 0.1 THEN -0.3 ELSE 0.7 END + CASE crop WHEN 'rice' THEN 0.11 WHEN 'tea' THEN -0.13 ELSE 0 END AS eta
  FROM fitted, desk.applicant a, jsonb_array_elements(card::jsonb -> 'features') WITH ORDINALITY j (f, i), LATERAL (SELECT (f ->> 'weight')::float8 AS w, CASE i WHEN 1 THEN x1 WHEN 2 THEN x2 WHEN 3 THEN x3 WHEN 4 THEN x4 WHEN 5 THEN x5 END AS x) v
 WHERE i <= 5 GROUP BY k, card, a.id, cv, crop;
CREATE TEMP TABLE by_card AS
SELECT k, id, score(card, a) AS root, score(card, a, county) AS score, pd(card, a, county) AS pd, points(card, a) AS points FROM fitted, desk.applicant a WHERE id < 1502;
SELECT is((SELECT count(*) FROM by_card c JOIN by_hand h USING (k, id) WHERE abs(c.root - (600 - 20 / ln(2::float8) * (ln(50::float8) + eta))) < 1e-9 OR id = 1501 AND c.root IS NULL), 12 * 1501::bigint, 'scores are those of a sum in SQL');
SELECT is((SELECT count(DISTINCT score) > 10000 AND count(*) FILTER (WHERE score <> root) > 5000 FROM by_card), true, 'the comparison compares something');
SELECT is((SELECT count(*) FROM by_card WHERE abs(points - root) <= 4.5), 12 * 1500::bigint, 'points are near the score: eight roundings');

CREATE FUNCTION pg_temp.scored(card scorecard, what text, segment_column text, of text, OUT id int, OUT y float8) RETURNS SETOF record LANGUAGE plpgsql AS $$
BEGIN
  RETURN QUERY EXECUTE format('SELECT id::int, (%s)::float8 FROM %s', to_sql(card, what, segment_column), of);
END $$;
SELECT is((SELECT count(*) FROM fitted, pg_temp.scored(card, 'score', NULL, 'desk.applicant') s JOIN desk.applicant a USING (id) WHERE y IS NOT DISTINCT FROM score(card, a)), 12 * 1504::bigint, 'to_sql: the score, to the bit');
SELECT is((SELECT count(*) FROM fitted, pg_temp.scored(card, 'score', 'county', 'desk.applicant') s JOIN desk.applicant a USING (id) WHERE y IS NOT DISTINCT FROM score(card, a, county)), 12 * 1504::bigint, 'and in segments');
SELECT is((SELECT count(*) FROM fitted, pg_temp.scored(card, 'pd', 'county', 'desk.applicant') s JOIN desk.applicant a USING (id) WHERE abs(y - pd(card, a, county)) <= 1e-15 OR num_nulls(y, pd(card, a, county)) = 2), 12 * 1504::bigint, 'and the PD');
SELECT is((SELECT count(*) FROM fitted, pg_temp.scored(card, 'score', NULL, 'pg_temp.far') s WHERE y IS NULL), 60::bigint, 'what lies beyond the bounds is NULL there');
CREATE FUNCTION pg_temp.state_of_far(card scorecard, far_id int) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  PERFORM score(card, f) FROM pg_temp.far f WHERE id = far_id;
  RETURN 'scored';
EXCEPTION WHEN OTHERS THEN RETURN SQLSTATE;
END $$;
SELECT is((SELECT count(*) FROM fitted, pg_temp.far WHERE pg_temp.state_of_far(card, id::int) = '22023'), 60::bigint, 'and an error in score()');

-- Deployed forms.
SELECT deploy(card, 'desk.applicant', 'c' || k, 'county') FROM fitted WHERE k IN (1, 2, 3) \g /dev/null
SELECT is((SELECT count(*) FROM desk.applicant a JOIN by_card b ON b.id = a.id AND k = 1 WHERE b.pd IS NOT DISTINCT FROM desk.c1_pd(a) AND b.score IS NOT DISTINCT FROM desk.c1_score(a)), 1501::bigint, 'a deployed row form');
SELECT is((SELECT count(*) FROM desk.applicant a JOIN by_card b ON b.id = a.id AND k = 2 WHERE b.pd IS NOT DISTINCT FROM desk.c2_pd(x1, x2, x3, x4, x5, cv, crop, agreed, county)), 1501::bigint, 'a column form');
SELECT is((SELECT count(*) FROM desk.applicant a JOIN by_card b ON b.id = a.id AND k = 3 WHERE b.pd IS NOT DISTINCT FROM _deployed_row_pd('desk.c3_card()', a, county) AND b.score IS NOT DISTINCT FROM _deployed_row_score('desk.c3_card()', a, county)), 1501::bigint, 'and the row form of wide cards give the same bits');
SELECT is((SELECT count(*) FROM fitted WHERE k = 2 AND desk.c2_card() = card), 1::bigint, 'the deployed card keeps counts and fit');
SELECT is((SELECT count(*) FROM fitted, desk.applicant a, LATERAL (SELECT (card::jsonb - 'fit')::scorecard AS bare OFFSET 0) s WHERE id % 10 = 0 AND score(bare, a, county) = score(card, a, county)), 12 * 150::bigint, 'a fit changes no score');
SELECT is((SELECT count(*) FROM fitted, LATERAL (SELECT (card::jsonb - 'fit')::scorecard AS bare) s WHERE to_sql(bare) = to_sql(card)), 12::bigint, 'and no expression');

-- explain: the parts add up, and what was lost is against the better end of the range.
CREATE TEMP TABLE explained AS SELECT k, id, e.* FROM fitted, desk.applicant a, explain(card, a) e WHERE id % 10 = 0;
SELECT is((SELECT count(*) FROM (SELECT k, id, sum(points) AS points FROM explained GROUP BY 1, 2) e JOIN by_card USING (k, id) JOIN fitted USING (k), bins(card) b
            WHERE b.feature IS NULL AND abs(root - b.points - e.points) < 1e-9), 12 * 150::bigint, 'base points and points of explain add up to the score');
SELECT is((SELECT count(*) FROM explained WHERE label LIKE 'linear%' AND (points_lost = greatest(best_points - points, 0) OR num_nulls(best_points, points_lost, rank) = 3)),
  (SELECT count(*) FROM explained WHERE label LIKE 'linear%'), 'what a linear feature lost is against the better end, or not known');
SELECT is((SELECT count(*) FROM explained e JOIN fitted USING (k), bins(card) b, LATERAL (SELECT f FROM jsonb_array_elements(card::jsonb -> 'features') f WHERE f ->> 'name' = e.feature) j
            WHERE b.feature = e.feature AND b.bin = e.bin AND b.label = e.label AND e.label LIKE 'linear%' AND abs(e.points - b.points * (e.value::float8 - coalesce((f ->> 'center')::float8, 0))) < 1e-9),
  (SELECT count(*) FROM explained WHERE label LIKE 'linear%'), 'and its points are those of a unit, from its center');

-- ---------- damaged bytes ----------

CREATE TEMP TABLE copied (card scorecard);
CREATE FUNCTION pg_temp.state_of(body bytea) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  path text := current_setting('data_directory') || '/agririsk_fitted.bin';
  handle oid := lo_from_bytea(0, '\x5047434f50590aff0d0a00'::bytea || int4send(0) || int4send(0) || int2send(1::smallint)
    || int4send(length(body)) || body || int2send((-1)::smallint));
BEGIN
  PERFORM lo_export(handle, path);
  PERFORM lo_unlink(handle);
  BEGIN
    EXECUTE format('COPY copied (card) FROM %L (FORMAT binary)', path);
  EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE;
  END;
  RETURN 'ok';
END $$;
CREATE TEMP TABLE sound AS SELECT scorecard_send('{"format": 1, "name": "ab", "intercept": 0, "features": [{"name": "x", "type": "linear", "low": 0, "high": 1, "missing": {"woe": 1, "goods": 1, "bads": 2}}],
  "fit": {"rows": 3, "bads": 1, "encoding": "woe", "in_sample": {"auc": 0.5}, "excluded": {"outcome": 1}, "tried": [{"name": "x", "iv": 1, "dropped": "no"}], "terms": [{"coefficient": 1, "se": 1}], "covariance": [1],
    "assumptions": "guess", "weight_unit": 0.5, "spreads": [{"level": 1, "feature": "x", "sd": 1}], "segments": [{"rows": 2, "bads": 1, "p": 0.5, "note": "kept"}]}, "segments": [{"name": "51"}]}') AS body;
SELECT is((SELECT pg_temp.state_of(body) FROM sound), 'ok', 'a sound value is taken');
SELECT is((SELECT array_agg(DISTINCT pg_temp.state_of(substr(body, 1, n))) FROM sound, generate_series(0, length(body) - 1) n), ARRAY['22P03'], 'every truncation is refused');
SELECT is((SELECT array_agg(DISTINCT s ORDER BY s) <@ ARRAY['22P03', '22021', 'ok'] FROM (SELECT pg_temp.state_of(set_byte(body, i, get_byte(body, i) # 255)) AS s FROM sound, generate_series(0, length(body) - 1) i) q),
          true, 'every flipped byte is refused, or is another card');
SELECT is((SELECT array_agg(DISTINCT pg_temp.state_of(overlay(body PLACING '\xff'::bytea FROM position(t IN body) FOR 1))) FROM sound, unnest(ARRAY['woe', 'outcome', 'no', 'guess', 'kept']::text[]) w, LATERAL (SELECT w::bytea AS t) b), ARRAY['22021'], 'text of a fit that is not in the encoding is refused');
SELECT is((SELECT bool_and(card = card::text::scorecard) FROM copied), true, 'what was taken is read as its text is');

-- ---------- reports ----------

SELECT is((SELECT count(*) FROM fitted, LATERAL (SELECT card::jsonb -> 'fit' AS f, 8 + coalesce(jsonb_array_length(card::jsonb #> '{fit,spreads}'), 0) AS m) j, fit_report(card) r
            WHERE rows = (f ->> 'rows')::bigint AND bads = k AND parameters = m AND excluded = coalesce(f -> 'excluded', '{}') AND aic = 2 * m - 2 * (f ->> 'log_likelihood')::float8
              AND abs(bic + 2 * log_likelihood - m * ln(rows * coalesce((f ->> 'weight_unit')::float8, 1))) < 1e-12 AND assumptions IS NOT DISTINCT FROM f ->> 'assumptions' AND weight_unit = coalesce((f ->> 'weight_unit')::float8, 1) AND auc IS NOT DISTINCT FROM (f #>> '{in_sample,auc}')::float8 AND out_of_fold_auc_low IS NOT DISTINCT FROM (f #>> '{out_of_fold,auc_low}')::float8
              AND folds IS NOT DISTINCT FROM (f ->> 'folds')::bigint AND iterations IS NOT DISTINCT FROM (f ->> 'iterations')::bigint AND shift IS NOT DISTINCT FROM (f ->> 'shift')::float8), 12::bigint, 'the report is what the card holds');
SELECT is((SELECT count(*) FROM fitted, LATERAL (SELECT card::jsonb #> '{fit,terms}' AS t) j, coefficients(card) WITH ORDINALITY c
            WHERE ordinality <= 8 AND coefficient = (t -> ordinality::int - 1 ->> 'coefficient')::float8 AND feature IS NOT DISTINCT FROM t -> ordinality::int - 1 ->> 'feature' AND level IS NOT DISTINCT FROM t -> ordinality::int - 1 ->> 'level'
              AND (num_nulls(se, z, p) = 3 OR z = coefficient / se AND p BETWEEN 0 AND 1)), 12 * 8::bigint, 'coefficients are the terms in order');
SELECT is((SELECT array_agg(DISTINCT feature || ': ' || dropped) FROM fitted, coefficients(card) WITH ORDINALITY c WHERE ordinality > 8), ARRAY['x6: one "bin"', 'x7: one "bin"'], 'then come the features without one');
SELECT is((SELECT count(*) FROM fitted, covariance(card)), 6 * 64::bigint, 'every pair has a covariance where there are any');
SELECT is((SELECT count(*) FROM (SELECT k, v.* FROM fitted, covariance(card) v) a JOIN (SELECT k, v.* FROM fitted, covariance(card) v) b
             ON a.k = b.k AND (a.feature, a.level, a.other_feature, a.other_level) IS NOT DISTINCT FROM (b.other_feature, b.other_level, b.feature, b.level) AND a.covariance = b.covariance), 6 * 64::bigint, 'alike in either order');
SELECT is((SELECT count(*) FROM fitted, LATERAL (SELECT card::jsonb -> 'segments' AS s, card::jsonb #> '{fit,segments}' AS l) j, segments(card) WITH ORDINALITY r, LATERAL (SELECT s -> ordinality::int - 1 AS s1, l -> ordinality::int - 1 AS l1) one
            WHERE segment = s1 ->> 'name' AND parent IS NOT DISTINCT FROM s1 ->> 'parent' AND n IS NOT DISTINCT FROM (l1 ->> 'rows')::bigint AND bads IS NOT DISTINCT FROM (l1 ->> 'bads')::bigint AND gain IS NOT DISTINCT FROM (l1 ->> 'gain')::float8
              AND out_of_fold_gain IS NOT DISTINCT FROM (l1 ->> 'out_of_fold_gain')::float8 AND p IS NOT DISTINCT FROM (l1 ->> 'p')::float8 AND shrinkage IS NOT DISTINCT FROM (l1 ->> 'shrinkage')::float8 AND note IS NOT DISTINCT FROM l1 ->> 'note'), 12 * 9::bigint, 'segments are those of the card in order, with what the fit says of them');
-- An intercept is the nearest one stated on the way up.
SELECT is((WITH RECURSIVE up AS (
             SELECT k, s ->> 'name' AS segment, (s ->> 'intercept')::float8 AS intercept, s ->> 'parent' AS parent FROM fitted, jsonb_array_elements(card::jsonb -> 'segments') s
             UNION ALL SELECT u.k, segment, (s ->> 'intercept')::float8, s ->> 'parent' FROM up u JOIN fitted USING (k), jsonb_array_elements(card::jsonb -> 'segments') s WHERE s ->> 'name' = u.parent AND u.intercept IS NULL),
           own AS (SELECT k, segment, coalesce(max(intercept), (SELECT (card::jsonb ->> 'intercept')::float8 FROM fitted f WHERE f.k = up.k)) AS intercept FROM up GROUP BY k, segment)
           SELECT count(*) FROM fitted f, segments(card) s JOIN own ON own.segment = s.segment LEFT JOIN own above ON above.segment = s.parent AND above.k = own.k
            WHERE own.k = f.k AND intercept_effect = own.intercept - coalesce(above.intercept, (card::jsonb ->> 'intercept')::float8)), 12 * 9::bigint, 'with effects on the intercept');
SELECT is((SELECT count(*) FROM fitted, LATERAL (SELECT card::jsonb #> '{fit,spreads}' AS l) j, spreads(card) WITH ORDINALITY r, LATERAL (SELECT l -> ordinality::int - 1 AS l1) one
            WHERE level = (l1 ->> 'level')::int AND feature IS NOT DISTINCT FROM l1 ->> 'feature' AND sd = (l1 ->> 'sd')::float8), (SELECT sum(jsonb_array_length(card::jsonb #> '{fit,spreads}')) FROM fitted)::bigint, 'and spreads are those of the fit');

-- 501 terms: 125,751 covariances, stored out of line.
CREATE TEMP TABLE wide AS
SELECT jsonb_build_object('format', 1, 'name', 'wide', 'intercept', 0, 'features', (SELECT jsonb_agg(jsonb_build_object('name', 'f' || f, 'type', 'linear') ORDER BY f) FROM generate_series(1, 500) f),
    'fit', jsonb_build_object('rows', 1000, 'bads', 10, 'terms', '[{"coefficient": 1}]' || (SELECT jsonb_agg(jsonb_build_object('feature', 'f' || f, 'coefficient', f) ORDER BY f) FROM generate_series(1, 500) f),
      'covariance', (SELECT jsonb_agg(i / 7.0::float8 ORDER BY i) FROM generate_series(1, 501 * 502 / 2) i)))::scorecard AS card;
SELECT is((SELECT card::text::scorecard = card FROM wide), true, 'a card of 500 features keeps its covariances');
SELECT is((SELECT sum(round(covariance * 7)) FROM wide, covariance(card)), (SELECT 2 * sum(i) - (SELECT sum(t * (t + 1) / 2) FROM generate_series(1, 501) t) FROM generate_series(1, 501 * 502 / 2) i)::float8, 'and shows all 251,001 pairs');

-- ---------- who may use it ----------

CREATE ROLE agririsk_plain;
GRANT SELECT ON fitted TO agririsk_plain;
SET LOCAL ROLE agririsk_plain;
SET LOCAL search_path = '';
SELECT count(agririsk.fit_report(card)) + sum((SELECT count(*) FROM agririsk.coefficients(card))) + sum((SELECT count(*) FROM agririsk.covariance(card))) AS n FROM pg_temp.fitted \gset
RESET ROLE;
SET LOCAL search_path = agririsk, public;
SELECT is(:n, 12 + 12 * 10 + 6 * 64, 'a plain role reads every report, without a search_path');

SELECT * FROM finish();
ROLLBACK;
