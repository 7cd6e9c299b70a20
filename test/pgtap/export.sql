-- to_sql against score(): the reference card of the German credit data, and
-- cards of random shape, to the bit. to_pmml is scored in test/t/031_pmml.pl.
BEGIN;
SET LOCAL client_min_messages = warning;
SELECT set_config('search_path', 'agririsk, ' || current_setting('search_path'), true) \g /dev/null
\getenv shared AGRIRISK_SHARED
SELECT plan(18);

-- What a card's expression gives for every row of a table.
CREATE FUNCTION pg_temp.scored(card scorecard, what text, segment_column text, of regclass, OUT id int, OUT y float8) RETURNS SETOF record LANGUAGE plpgsql AS $$
BEGIN
  RETURN QUERY EXECUTE format('SELECT id::int, (%s)::float8 FROM %s', to_sql(card, what, segment_column), of);
END $$;

-- ---------- the German credit card ----------

\if :{?shared}
CREATE TEMP TABLE german (status_of_existing_checking_account text, duration_in_month int, credit_history text, purpose text,
  credit_amount int, savings_account_and_bonds text, present_employment_since text, installment_rate text, personal_status_and_sex text,
  other_debtors_or_guarantors text, present_residence_since text, property text, age_in_years int, other_installment_plans text,
  housing text, number_of_existing_credits text, job text, number_of_people text, telephone text, foreign_worker text, creditability text,
  id int GENERATED ALWAYS AS IDENTITY);
CREATE TEMP TABLE golden (id int, bad int, eta float8, p_bad float8, score float8, points int);
SELECT format('COPY german (%s) FROM %L (FORMAT csv, HEADER)',
         (SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute
           WHERE attrelid = 'german'::regclass AND attnum > 0 AND attname <> 'id'),
         :'shared' || '/data/credit/germancredit.csv') \gexec
SELECT format('COPY golden FROM %L (FORMAT csv, HEADER)', :'shared' || '/golden/credit/german_scorecard_rows.csv') \gexec
CREATE TEMP TABLE german_card AS
SELECT jsonb_build_object('format', 1, 'name', 'german', 'intercept', g -> 'coef' -> 'const', 'features', (
    SELECT jsonb_agg(jsonb_build_object('name', c.key, 'weight', c.value,
        'type', CASE WHEN breaks IS NULL THEN 'category' ELSE 'number' END,
        'bins', (SELECT jsonb_agg(CASE WHEN breaks IS NULL
            THEN jsonb_build_object('categories', jsonb_build_array(b.bin ->> 'bin'), 'woe', b.bin -> 'woe')
            ELSE jsonb_strip_nulls(jsonb_build_object('high', breaks -> (b.i::int - 1)))
              || jsonb_build_object('woe', b.bin -> 'woe') END ORDER BY b.i)
          FROM (SELECT bin, i FROM jsonb_array_elements(g -> 'points' -> c.key) WITH ORDINALITY e (bin, i)) b)) ORDER BY c.key)
      FROM jsonb_each(g -> 'coef') c, LATERAL (SELECT w -> 'variables' -> c.key -> 'breaks' AS breaks) v
     WHERE c.key <> 'const'))::scorecard AS card
  FROM (SELECT pg_read_file(:'shared' || '/golden/credit/german_scorecard.json')::jsonb AS g,
               pg_read_file(:'shared' || '/golden/credit/german_woe_iv.json')::jsonb AS w) s;

SELECT is((SELECT count(*) FROM german_card, pg_temp.scored(card, 'score', NULL, 'german') JOIN golden USING (id) WHERE abs(y - golden.score) <= 1e-8), 1000::bigint,
          'the expression of the German card gives the reference''s scores of 1,000 loans');
SELECT is((SELECT count(*) FROM german_card, pg_temp.scored(card, 'score', NULL, 'german') s JOIN german t USING (id) WHERE y = agririsk.score(card, t)), 1000::bigint,
          'and those of score(), to the bit');
SELECT is((SELECT count(*) FROM german_card, pg_temp.scored(card, 'eta', NULL, 'german') JOIN golden USING (id) WHERE abs(y - golden.eta) <= 1e-8), 1000::bigint,
          'and the reference''s log-odds');
SELECT is((SELECT count(*) FROM german_card, pg_temp.scored(card, 'pd', NULL, 'german') s JOIN german t USING (id) WHERE abs(y - pd(card, t)) <= 1e-15), 1000::bigint,
          'and the PDs');
\else
SELECT skip('AGRIRISK_SHARED is not set: no reference card and rows', 4);
\endif

-- ---------- cards of random shape ----------

-- A hash in [0, 1), the same on every machine.
CREATE FUNCTION pg_temp.u(VARIADIC part int[]) RETURNS float8 LANGUAGE sql IMMUTABLE AS
$$ SELECT ('x' || left(md5(part::text), 8))::bit(32)::bigint::float8 / 4294967296 $$;

-- Card k: six numbers with up to 20 bins, special values, consents and policies in
-- turn, two categories; weights of either sign; segments with intercepts and weights.
CREATE FUNCTION pg_temp.random_card(k int) RETURNS scorecard LANGUAGE sql AS $$
  SELECT jsonb_build_object('format', 1, 'name', 'random ' || k, 'intercept', round((pg_temp.u(k) * 4 - 3)::numeric, 3), 'features',
    (SELECT jsonb_agg(jsonb_build_object('name', 'x ' || f, 'type', 'number', 'weight', round((pg_temp.u(k, f, 77) * 3 - 1)::numeric, 2),
        'bins', (SELECT jsonb_agg(jsonb_strip_nulls(jsonb_build_object('high', CASE WHEN b < n THEN -2 + 4.0::float8 * b / n END)) || jsonb_build_object('woe', pg_temp.u(k, f, b) - 0.5) ORDER BY b)
                   FROM generate_series(1, n) b))
        || CASE (k + f) % 3 WHEN 0 THEN '{"consent": "agreed"}' WHEN 1 THEN '{"consent": "signed \"here\""}' ELSE '{}' END::jsonb
        || CASE (k + f) % 5 WHEN 0 THEN '{"missing": {"woe": 0.3}}' WHEN 1 THEN '{"missing": "worst"}' WHEN 2 THEN '{"missing": "best"}' WHEN 3 THEN '{"missing": "neutral"}' ELSE '{}' END::jsonb
        || CASE WHEN f % 2 = 0 THEN '{"special": [{"values": [-1, 0.5], "woe": 0.9}, {"values": [1], "woe": -1.1}]}' ELSE '{}' END::jsonb ORDER BY f)
       FROM generate_series(1, 6) f, LATERAL (SELECT 1 + (pg_temp.u(k, f) * 20)::int AS n) s)
    || jsonb_build_array(
      jsonb_build_object('name', 'crop''s', 'type', 'category', 'weight', pg_temp.u(k, 7) - 0.5, 'unseen', (ARRAY['worst', 'average'])[1 + k % 2], 'missing', (ARRAY['worst', 'best', 'neutral'])[1 + k % 3],
        'bins', '[{"categories": ["rice", "a \"b\" ''c'' \\ d"], "woe": 0.4}, {"categories": ["tea", ""], "woe": -0.7}]'::jsonb),
      jsonb_build_object('name', 'kind', 'type', 'category', 'bins', '[{"categories": ["x"], "woe": 0.11}, {"categories": ["y"], "woe": -0.13}]'::jsonb)),
    'segments', (SELECT jsonb_agg(jsonb_strip_nulls(jsonb_build_object('name', 's''' || s, 'parent', CASE WHEN s > 2 THEN 's''' || s / 2 END,
        'intercept', CASE WHEN s % 3 > 0 THEN pg_temp.u(k, s, 88) - 2 END,
        'weights', CASE WHEN s % 2 = 0 THEN jsonb_build_object('x ' || 1 + s % 6, pg_temp.u(k, s) - 0.5, 'crop''s', pg_temp.u(k, s, 5) - 0.5) END)) ORDER BY s) FROM generate_series(1, 9) s))::scorecard $$;
CREATE TEMP TABLE random_card AS SELECT k, pg_temp.random_card(k) AS card FROM generate_series(1, 12) k;

-- Values right on cuts and specials, NULL, NaN, categories in no bin.
CREATE TEMP TABLE applicant AS
SELECT i AS id, CASE WHEN i % 7 > 0 THEN 's''' || (i % 12) END AS "county of ""residence""",
       CASE WHEN i % 5 > 0 THEN i % 3 > 0 END AS agreed, CASE WHEN i % 4 > 0 THEN i % 8 > 1 END AS "signed ""here""",
       CASE WHEN i % 11 > 0 THEN pg_temp.u(i, 1) * 5 - 2.5 END AS "x 1", CASE WHEN i % 6 > 0 THEN (i % 17) / 4.0 - 2 END AS "x 2",
       CASE WHEN i % 13 = 0 THEN 'NaN' ELSE pg_temp.u(i, 3) * 5 - 2.5 END AS "x 3", (pg_temp.u(i, 4) * 5 - 2.5)::real AS "x 4",
       CASE WHEN i % 3 > 0 THEN (pg_temp.u(i, 5) * 5 - 2.5)::int END AS "x 5", CASE WHEN i % 9 = 0 THEN 'NaN' WHEN i % 4 > 0 THEN -2 + 4.0::float8 * (i % 21) / 21 END AS "x 6",
       (ARRAY['rice', 'a "b" ''c'' \ d', 'tea', '', 'Tea', NULL])[1 + i % 6] AS "crop's", (ARRAY['x', 'y', 'z', NULL])[1 + i % 4] AS kind
  FROM generate_series(1, 1500) i
UNION ALL SELECT 1501, 's''1', true, true, NULL, NULL, 'NaN', NULL, NULL, 'NaN', NULL, NULL
-- Consent to nothing: one number at a time is known, to the cards that ask none for it.
UNION ALL SELECT 1501 + f, 's''1', false, NULL, CASE WHEN f = 1 THEN 1 END, CASE WHEN f = 2 THEN 1 END, CASE WHEN f = 3 THEN 1 END, NULL, NULL, NULL, NULL, NULL
  FROM generate_series(1, 3) f;

CREATE TEMP TABLE by_expression AS
SELECT k, r.id, e.y AS eta, s.y AS score, p.y AS pd, r.y AS root
  FROM random_card, pg_temp.scored(card, 'score', NULL, 'applicant') r
  JOIN LATERAL pg_temp.scored(card, 'eta', 'county of "residence"', 'applicant') e USING (id)
  JOIN LATERAL pg_temp.scored(card, 'score', 'county of "residence"', 'applicant') s USING (id)
  JOIN LATERAL pg_temp.scored(card, 'pd', 'county of "residence"', 'applicant') p USING (id);
CREATE TEMP TABLE by_card AS
SELECT k, id, score(card, a) AS root, score(card, a, "county of ""residence""") AS score, pd(card, a, "county of ""residence""") AS pd FROM random_card, applicant a;
SELECT is((SELECT count(*) FROM by_card c JOIN by_expression e USING (k, id) WHERE c.root IS NOT DISTINCT FROM e.root), 12 * 1504::bigint, 'random cards and rows: the score, to the bit');
SELECT is((SELECT count(*) FROM by_card c JOIN by_expression e USING (k, id) WHERE c.score IS NOT DISTINCT FROM e.score), 12 * 1504::bigint, 'and in their segments');
SELECT is((SELECT count(*) FROM by_card c JOIN by_expression e USING (k, id) WHERE abs(c.pd - e.pd) <= 1e-15 OR num_nulls(c.pd, e.pd) = 2), 12 * 1504::bigint, 'and the PD there');
SELECT is((SELECT count(*) FROM by_card c JOIN by_expression e USING (k, id) WHERE abs(c.pd - 1 / (1 + exp(-e.eta))) <= 1e-15 OR num_nulls(c.pd, e.eta) = 2), 12 * 1504::bigint, 'and the log-odds');
SELECT is((SELECT count(DISTINCT score) > 10000 AND count(*) FILTER (WHERE score IS NULL) = 12 + 24 AND count(*) FILTER (WHERE score <> root) > 10000 FROM by_card), true, 'the comparison compares something');

-- A card of as many features as there may be is still an expression that is read.
CREATE TEMP TABLE wide AS
SELECT ('{"format": 1, "name": "wide", "intercept": 0, "features": [' || string_agg(format('{"name": "f%s", "type": "number", "bins": [{"high": 0, "woe": 0.25}, {"woe": %s}]}', i, i / 4.0), ',') || ']}')::scorecard AS card
  FROM generate_series(1, 1600) i;
SELECT format('SELECT %s AS eta FROM (SELECT %s) t', to_sql(card, 'eta'), string_agg(format('%s AS f%s', CASE WHEN i = 3 THEN 1 ELSE -1 END, i), ', ')) AS wide FROM wide, generate_series(1, 1600) i GROUP BY card::text, card \gset
SELECT is((SELECT eta FROM (:wide) s), 1599 * 0.25 + 0.75::float8, 'a card of 1,600 features');
SELECT is((SELECT count(*) FROM wide, XMLTABLE(XMLNAMESPACES('http://www.dmg.org/PMML-4_4' AS p), '//p:Characteristic' PASSING to_pmml(card) COLUMNS name text PATH '@name') x WHERE name ~ '^f[0-9]+$'), 1600::bigint, 'and of 1,600 characteristics');

-- ---------- whatever the settings ----------

SET LOCAL extra_float_digits = -5;
SET LOCAL DateStyle = 'German';
SET LOCAL bytea_output = 'escape';
CREATE TEMP TABLE under_settings AS SELECT k, to_sql(card, 'score', 'x') AS s, to_pmml(c, 's''1')::text AS p FROM random_card, LATERAL (SELECT regexp_replace(card::text, '"consent": ("[^"\\]*"|"signed \\"here\\""), ', '', 'g')::scorecard AS c) w;
RESET extra_float_digits;
RESET DateStyle;
RESET bytea_output;
SELECT is((SELECT count(*) FROM random_card JOIN under_settings USING (k), LATERAL (SELECT regexp_replace(card::text, '"consent": ("[^"\\]*"|"signed \\"here\\""), ', '', 'g')::scorecard AS c) w
            WHERE s = to_sql(card, 'score', 'x') AND p = to_pmml(c, 's''1')::text), 12::bigint, 'the same text under any setting');
SELECT is((SELECT count(*) FROM under_settings WHERE p::xml IS DOCUMENT), 12::bigint, 'every document is well-formed XML');

-- The expression needs nothing of agririsk.
SELECT is((SELECT count(*) FROM under_settings WHERE s ~* 'agririsk|regproc|::'), 0::bigint, 'the expression names no agririsk function, and no cast of PostgreSQL''s own');
SELECT format('SELECT count(*) FROM (SELECT %s AS score FROM pg_temp.applicant) t WHERE score > 0', to_sql(card)) AS elsewhere FROM random_card WHERE k = 1 \gset
SET LOCAL search_path = '';
SELECT (:elsewhere) AS n \gset
SET LOCAL search_path = agririsk, public;
SELECT is(:n > 1000, true, 'and runs without a search_path');

-- ---------- who may use it ----------

CREATE ROLE agririsk_plain;
GRANT SELECT ON random_card TO agririsk_plain;
SET LOCAL ROLE agririsk_plain;
SET LOCAL search_path = '';
SELECT count(agririsk.to_sql(card)) AS a, count(agririsk.to_pmml((pg_catalog.regexp_replace(card::text, '"consent": ("[^"\\]*"|"signed \\"here\\""), ', '', 'g'))::agririsk.scorecard)) AS b FROM pg_temp.random_card \gset
RESET ROLE;
SET LOCAL search_path = agririsk, public;
SELECT is(:a + :b, 24, 'a plain role writes both, without a search_path');

-- A stored card, a compressed and toasted one too.
CREATE TEMP TABLE big AS SELECT ('{"format": 1, "name": "big", "intercept": 0, "features": [{"name": "county", "type": "category", "bins": ['
  || string_agg(format('{"categories": [%s], "woe": %s}', to_json(md5(i::text)), i % 7), ',') || ']}]}')::scorecard AS card FROM generate_series(1, 20000) i;
SELECT is((SELECT length(to_sql(card)) > 1000000 AND length(to_pmml(card)::text) > 1000000 FROM big), true, 'a card with 20,000 categories');
SELECT is((SELECT to_sql(card) LIKE '%' || format('WHEN "county" IN (''%s'') THEN 5E0', md5('12')) || '%' FROM big), true, 'says what each counts');

SELECT * FROM finish();
ROLLBACK;
