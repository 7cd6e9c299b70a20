-- Properties of type scorecard and of scoring rows: the reference card of the
-- German credit data, cards of random shape against SQL CASE, text and binary
-- round trips, and how a call site follows its card and its row type.
BEGIN;
SET LOCAL client_min_messages = warning;
SELECT set_config('search_path', 'agririsk, ' || current_setting('search_path'), true) \g /dev/null
\getenv shared AGRIRISK_SHARED
SELECT plan(29);

-- ---------- the German credit card, fitted and scored elsewhere ----------

\if :{?shared}
CREATE TEMP TABLE german (status_of_existing_checking_account text, duration_in_month int, credit_history text, purpose text,
  credit_amount int, savings_account_and_bonds text, present_employment_since text, installment_rate text, personal_status_and_sex text,
  other_debtors_or_guarantors text, present_residence_since text, property text, age_in_years int, other_installment_plans text,
  housing text, number_of_existing_credits text, job text, number_of_people text, telephone text, foreign_worker text, creditability text,
  row_id int GENERATED ALWAYS AS IDENTITY);
CREATE TEMP TABLE golden (row_id int, bad int, eta float8, p_bad float8, score float8, points int);
SELECT format('COPY german (%s) FROM %L (FORMAT csv, HEADER)',
         (SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute
           WHERE attrelid = 'german'::regclass AND attnum > 0 AND attname <> 'row_id'),
         :'shared' || '/data/credit/germancredit.csv') \gexec
SELECT format('COPY golden FROM %L (FORMAT csv, HEADER)', :'shared' || '/golden/credit/german_scorecard_rows.csv') \gexec

-- Bins of numbers are numbered in the points and cut in the WOE tables.
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

SELECT is((SELECT count(*) FROM german JOIN golden USING (row_id) WHERE (creditability = 'bad') = (bad = 1)), 1000::bigint,
          'the reference rows are those of the data');
SELECT is((SELECT count(*) FROM german t JOIN golden o USING (row_id), german_card
            WHERE abs(pd(card, t) - p_bad) <= 1e-8), 1000::bigint, 'PDs of 1,000 loans agree to 1e-8');
SELECT is((SELECT count(*) FROM german t JOIN golden o USING (row_id), german_card
            WHERE abs(agririsk.score(card, t) - o.score) <= 1e-8), 1000::bigint, 'scores of 1,000 loans agree to 1e-8');
SELECT is((SELECT count(*) FROM german t JOIN golden o USING (row_id), german_card,
                  LATERAL (SELECT 20 / ln(2::float8) AS b) s
            WHERE abs((600 - b * ln(50::float8) - agririsk.score(card, t)) / b - eta) <= 1e-8), 1000::bigint, 'and so do log-odds');
SELECT is((SELECT count(*) FROM german t JOIN golden o USING (row_id), german_card
            WHERE agririsk.points(card, t) = o.points), 1000::bigint, 'points of 1,000 loans are the reference''s sums of rounded points');
-- The reference's points per bin, apart from those of the intercept.
CREATE TEMP TABLE german_points AS
SELECT p.key AS feature, CASE WHEN breaks IS NULL THEN b.bin ->> 'bin' ELSE b.i::text END AS bin,
       (b.bin ->> 'points_intercept_separate')::float8 AS points
  FROM (SELECT pg_read_file(:'shared' || '/golden/credit/german_scorecard.json')::jsonb -> 'points' AS g,
               pg_read_file(:'shared' || '/golden/credit/german_woe_iv.json')::jsonb -> 'variables' AS w) s,
       jsonb_each(g) p, LATERAL (SELECT w -> p.key -> 'breaks' AS breaks) v,
       jsonb_array_elements(p.value) WITH ORDINALITY b (bin, i);
CREATE TEMP TABLE german_bin AS
SELECT b.feature, b.label, b.points AS ours, p.points
  FROM german_card, bins(card) b JOIN german_points p ON p.feature = b.feature AND p.bin = coalesce(b.categories[1], b.bin::text);
SELECT is((SELECT count(*) FROM german_bin WHERE abs(ours - points) <= 1e-8), 28::bigint,
          'points of all 28 bins agree to 1e-8');
SELECT is((SELECT count(*) FROM german_card, bins(card) b
            WHERE feature IS NULL AND abs(points - (pg_read_file(:'shared' || '/golden/credit/german_scorecard.json')::jsonb ->> 'base_points_separate')::float8) <= 1e-8),
          1::bigint, 'and so do the base points');
SELECT is((SELECT count(*) FROM german t, german_card, explain(card, t) e JOIN german_bin b ON b.feature = e.feature AND b.label = e.label
            WHERE abs(e.points - b.points) <= 1e-8 AND abs(e.best_points - (SELECT max(points) FROM german_bin m WHERE m.feature = e.feature)) <= 1e-8
              AND abs(e.points_lost - (e.best_points - e.points)) <= 1e-8), 6000::bigint, 'explain gives the points of those bins, and of the best');
\else
SELECT skip('AGRIRISK_SHARED is not set: no reference card and rows', 8);
\endif

-- ---------- cards of random shape ----------

-- A hash in [0, 1), the same on every machine.
CREATE FUNCTION pg_temp.u(VARIADIC part int[]) RETURNS float8 LANGUAGE sql IMMUTABLE AS
$$ SELECT ('x' || left(md5(part::text), 8))::bit(32)::bigint::float8 / 4294967296 $$;

-- Ten features of 1 to 20 bins, a weight each, 40 segments in a tree of parents.
CREATE TEMP TABLE bin AS
SELECT f, b, CASE WHEN b < n THEN round((-2 + 4 * (b + pg_temp.u(f, b) / 2) / n)::numeric, 3)::float8 END AS high,
       round((pg_temp.u(f, b, 1) - 0.5)::numeric, 3)::float8 AS woe
  FROM generate_series(1, 10) f, LATERAL (SELECT (ARRAY[1, 2, 3, 8, 9, 10, 20, 5, 7, 9])[f] AS n) s, generate_series(1, n) b;
CREATE TEMP TABLE feature AS
SELECT f, round((pg_temp.u(f, 77) * 2 - 0.5)::numeric, 2)::float8 AS weight FROM generate_series(1, 10) f;
CREATE TEMP TABLE segment AS
SELECT s, CASE WHEN s > 3 THEN s / 2 END AS parent, CASE WHEN s % 3 = 0 THEN s / 10.0::float8 END AS intercept,
       CASE WHEN s % 4 = 1 THEN s % 10 + 1 END AS f, pg_temp.u(s, 99) AS weight
  FROM generate_series(1, 40) s;
CREATE TEMP TABLE random_card AS
SELECT jsonb_build_object('format', 1, 'name', 'random', 'intercept', -0.75, 'features',
    (SELECT jsonb_agg(jsonb_build_object('name', 'x' || f, 'type', 'number', 'weight', weight, 'missing', jsonb_build_object('woe', f / 100.0),
        'bins', (SELECT jsonb_agg(jsonb_strip_nulls(jsonb_build_object('high', high, 'woe', woe)) ORDER BY b) FROM bin WHERE bin.f = feature.f)) ORDER BY f) FROM feature),
    'segments', (SELECT jsonb_agg(jsonb_strip_nulls(jsonb_build_object('name', 's' || s, 'parent', 's' || parent, 'intercept', intercept,
        'weights', CASE WHEN f IS NOT NULL THEN jsonb_build_object('x' || f, weight) END)) ORDER BY pg_temp.u(s)) FROM segment))::scorecard AS card;
CREATE TEMP TABLE applicant AS
SELECT i AS id, CASE WHEN i % 7 > 0 THEN 's' || (i % 45) END AS county,
       CASE WHEN i % 11 > 0 THEN pg_temp.u(i, 1) * 5 - 2.5 END AS x1, pg_temp.u(i, 2)::real * 5 - 2.5 AS x2,
       CASE WHEN i % 13 = 0 THEN 'NaN' ELSE pg_temp.u(i, 3) * 5 - 2.5 END AS x3, (pg_temp.u(i, 4) * 5 - 2.5)::numeric(9, 3) AS x4,
       (pg_temp.u(i, 5) * 5 - 2.5)::int AS x5, (pg_temp.u(i, 6) * 5 - 2.5)::smallint AS x6, CASE WHEN i % 5 > 0 THEN pg_temp.u(i, 7) * 5 - 2.5 END AS x7,
       -- some right on a cut
       (SELECT high FROM bin WHERE f = 8 AND b = 1 + i % 5 AND high IS NOT NULL) AS x8, pg_temp.u(i, 9) * 5 - 2.5 AS x9, (pg_temp.u(i, 10) * 5 - 2.5)::bigint AS x10
  FROM generate_series(1, 2000) i;
ANALYZE applicant;

-- The same card as SQL: CASE over the bins, walked in the card's order.
CREATE FUNCTION pg_temp.case_of(w text[]) RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(format('%s::float8 * CASE WHEN x%s IS NULL OR x%2$s::float8 = ''NaN'' THEN %s::float8 %s ELSE %s::float8 END', w[f], f, f / 100.0, whens, last), ' + ' ORDER BY f)
    FROM (SELECT f, coalesce(string_agg(format('WHEN x%s < %L::float8 THEN %s::float8', f, high, woe), ' ' ORDER BY b) FILTER (WHERE high IS NOT NULL), '') AS whens,
                 max(woe::text) FILTER (WHERE high IS NULL) AS last FROM bin GROUP BY f) s $$;
CREATE FUNCTION pg_temp.eta_sql(root boolean) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  weights text[];
  result text := '';
  s record;
BEGIN
  SELECT array_agg(weight::text ORDER BY f) INTO weights FROM feature;
  IF NOT root THEN
    FOR s IN WITH RECURSIVE up AS (
               SELECT segment.s AS of, 0 AS depth, segment.* FROM segment
               UNION ALL
               SELECT of, depth + 1, p.* FROM up JOIN segment p ON p.s = up.parent)
             SELECT of, (array_agg(intercept ORDER BY depth) FILTER (WHERE intercept IS NOT NULL))[1] AS intercept,
                    jsonb_object_agg(f, weight ORDER BY depth DESC) FILTER (WHERE f IS NOT NULL) AS own FROM up GROUP BY of
    LOOP
      result := result || format('WHEN %L THEN %s::float8 + %s ', 's' || s.of, coalesce(s.intercept, -0.75),
        pg_temp.case_of((SELECT array_agg(coalesce(s.own ->> f::text, weights[f]) ORDER BY f) FROM generate_series(1, 10) f)));
    END LOOP;
    RETURN 'CASE county ' || result || 'ELSE -0.75::float8 + ' || pg_temp.case_of(weights) || ' END';
  END IF;
  RETURN '-0.75::float8 + ' || pg_temp.case_of(weights);
END $$;
SELECT format('CREATE TEMP TABLE by_case AS SELECT id, %s AS eta, %s AS eta_segment FROM applicant', pg_temp.eta_sql(true), pg_temp.eta_sql(false)) \gexec

SELECT is((SELECT count(*) FROM applicant t JOIN by_case USING (id), random_card
            WHERE abs(score(card, t) - (600 - 20 / ln(2::float8) * (eta + ln(50::float8)))) < 1e-10), 2000::bigint,
          'a card scores as its CASE expressions do');
SELECT is((SELECT count(*) FROM applicant t JOIN by_case USING (id), random_card
            WHERE abs(pd(card, t, county) - 1 / (1 + exp(-eta_segment))) < 1e-15), 2000::bigint,
          'and so does every segment of it, with what it inherits');
SELECT is((SELECT count(DISTINCT score(card, t, county)) > 1900 AND count(*) FILTER (WHERE eta <> eta_segment) > 1000
             FROM applicant t JOIN by_case USING (id), random_card), true, 'the comparison compares something');

-- ---------- one row, a batch, any order, any plan: the same bits ----------

CREATE TEMP TABLE batch AS SELECT id, pd(card, t, county) AS pd, score(card, t, county) AS score FROM applicant t, random_card;
SELECT is((SELECT count(*) FROM applicant t JOIN batch b USING (id)
            WHERE b.pd = pd((SELECT card FROM random_card), t, county)
              AND b.score = agririsk.score((SELECT card FROM random_card), t, county)), 2000::bigint, 'a card from a subquery');
SELECT is((SELECT count(*) FROM (SELECT * FROM applicant ORDER BY county, id DESC) t JOIN batch b USING (id), random_card
            WHERE b.pd = pd(card, t, county)), 2000::bigint, 'rows in another order, as a record');
CREATE FUNCTION pg_temp.singly() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  r applicant;
  c scorecard := (SELECT card FROM random_card);
  same bigint := 0;
BEGIN
  FOR r IN SELECT * FROM applicant LOOP
    same := same + (pd(c, r, r.county) = (SELECT pd FROM batch WHERE id = r.id))::int;
  END LOOP;
  RETURN same;
END $$;
SELECT is(pg_temp.singly(), 2000::bigint, 'rows one by one in a procedure');
CREATE TABLE applicant_stored AS SELECT * FROM applicant;
CREATE TABLE card_stored AS SELECT card FROM random_card;
-- Its name since PostgreSQL 16 is debug_parallel_query.
SELECT name AS forced FROM pg_settings WHERE name IN ('force_parallel_mode', 'debug_parallel_query') \gset
SET LOCAL :forced = regress;
SET LOCAL parallel_setup_cost = 0;
SET LOCAL parallel_tuple_cost = 0;
SET LOCAL min_parallel_table_scan_size = 0;
CREATE TEMP TABLE parallel AS SELECT id, pd((SELECT card FROM card_stored), t, county) AS pd FROM applicant_stored t;
SET LOCAL :forced = off;
SELECT is((SELECT count(*) FROM parallel p JOIN batch b USING (id) WHERE p.pd = b.pd), 2000::bigint, 'parallel workers');

-- ---------- the call site follows ----------

-- One call site, cards in turn, small and toasted ones.
CREATE TEMP TABLE cards (i int, card scorecard);
ALTER TABLE cards ALTER card SET STORAGE external;
INSERT INTO cards SELECT i, (jsonb_set(card::jsonb, '{intercept}', to_jsonb(i / 10.0)))::scorecard FROM random_card, generate_series(1, 20) i;
SELECT is((SELECT count(DISTINCT round((ln(pd / (1 - pd)) - i / 10.0)::numeric, 9)) FROM (SELECT i, pd(card, t) AS pd FROM cards, applicant t WHERE id = 1 ORDER BY i) s),
          1::bigint, 'another card in each row is compiled anew');
-- One call site, row types in turn.
SELECT is((SELECT count(*) FROM (
             SELECT pd(card, r) = CASE WHEN x < 0 THEN 1 / (1 + exp(1::float8)) ELSE 1 / (1 + exp(-1::float8)) END AS right
               FROM (VALUES ('{"format": 1, "name": "s", "intercept": 0, "features": [{"name": "id", "type": "number", "bins": [{"high": 0, "woe": -1}, {"woe": 1}]}]}'::scorecard)) c (card),
                    generate_series(-5, 5) x, LATERAL (SELECT x AS id UNION ALL SELECT x) r) s WHERE "right"), 22::bigint, 'records without a type name');
CREATE TABLE growing (a int, b float8);
CREATE FUNCTION pg_temp.grow() RETURNS float8[] LANGUAGE plpgsql AS $$
DECLARE
  c scorecard := '{"format": 1, "name": "s", "intercept": 0, "features": [{"name": "b", "type": "number", "bins": [{"high": 0, "woe": -1}, {"woe": 1}]}]}';
  r record;
  got float8[] := '{}';
BEGIN
  INSERT INTO growing VALUES (-7, 7);
  FOR i IN 1 .. 4 LOOP
    FOR r IN EXECUTE 'SELECT g FROM growing g' LOOP
      got := got || round(score(c, r.g)::numeric, 3)::float8;
    END LOOP;
    IF i = 1 THEN ALTER TABLE growing ADD z text DEFAULT 'z';
    ELSIF i = 2 THEN ALTER TABLE growing RENAME a TO c; ALTER TABLE growing RENAME b TO a; ALTER TABLE growing RENAME c TO b;
    ELSIF i = 3 THEN ALTER TABLE growing DROP a; END IF;
  END LOOP;
  RETURN got;
END $$;
-- b is 7, then 7, then (renamed) -7: 600 - 28.85 (1 + ln 50), and + 57.7
SELECT is(pg_temp.grow(), ARRAY[458.269, 458.269, 515.977, 515.977]::float8[], 'a row type that changes is read anew');

-- ---------- round trips ----------

SELECT is((SELECT count(*) FROM (SELECT card FROM random_card UNION ALL SELECT card FROM cards) s WHERE card = card::text::scorecard AND card::text = card::text::scorecard::text
             AND card::jsonb::scorecard = card), 21::bigint, 'text and jsonb round trips are exact');
SELECT is((SELECT bool_and(t.woe = b.woe AND t.high IS NOT DISTINCT FROM b.high) FROM random_card, bins(card) t JOIN bin b ON t.feature = 'x' || b.f AND t.bin = b.b), true,
          'bins() shows the bins as given');
SELECT format('COPY cards TO %L (FORMAT binary)', current_setting('data_directory') || '/agririsk_cards.bin') \gexec
CREATE TEMP TABLE copied (LIKE cards);
SELECT format('COPY copied FROM %L (FORMAT binary)', current_setting('data_directory') || '/agririsk_cards.bin') \gexec
SELECT is((SELECT count(*) FROM copied JOIN cards USING (i) WHERE copied.card = cards.card AND copied.card::text = cards.card::text), 20::bigint,
          'COPY BINARY round trip is exact');

-- Damaged binary input: an error with a SQLSTATE each, and no crash. The frame
-- of a binary COPY: signature, flags, extension, one column, its length, the value.
CREATE FUNCTION pg_temp.state_of(body bytea) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  path text := current_setting('data_directory') || '/agririsk_cards.bin';
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
CREATE TEMP TABLE sound AS SELECT scorecard_send('{"format": 1, "name": "ab", "intercept": 0, "features": [{"name": "x", "type": "number", "bins": [{"high": 1, "woe": 1}, {"woe": 2}]}],
  "segments": [{"name": "s", "intercept": 1}]}') AS body;
SELECT is((SELECT pg_temp.state_of(body) FROM sound), 'ok', 'a sound value is taken');
SELECT is((SELECT array_agg(DISTINCT pg_temp.state_of(substr(body, 1, n))) FROM sound, generate_series(0, length(body) - 1) n), ARRAY['22P03'],
          'every truncation is refused');
SELECT is((SELECT array_agg(DISTINCT s ORDER BY s) <@ ARRAY['22P03', '22021', 'ok'] FROM (SELECT pg_temp.state_of(set_byte(body, i, get_byte(body, i) # 255)) AS s FROM sound, generate_series(0, length(body) - 1) i) q),
          true, 'every flipped byte is refused, or is another card');
SELECT is((SELECT pg_temp.state_of(set_byte(body, 5, 255)) FROM sound), '22021', 'text that is not in the encoding is refused');
SELECT is((SELECT pg_temp.state_of(body || '\x00') FROM sound), '22P03', 'so is a byte too many');

-- ---------- who may use it ----------

CREATE ROLE agririsk_plain;
GRANT SELECT ON random_card, applicant TO agririsk_plain;
SET LOCAL ROLE agririsk_plain;
SELECT lives_ok('SELECT pd(card, t), score(card, t), points(card, t) FROM random_card, applicant t', 'a plain role scores');
SELECT lives_ok('SELECT e.* FROM random_card, applicant t, explain(card, t) e LIMIT 5', 'and explains');
SET LOCAL search_path = '';
SELECT count(agririsk.pd(card, t)) AS scored FROM pg_temp.random_card, pg_temp.applicant t \gset
RESET ROLE;
SET LOCAL search_path = agririsk, public;
SELECT is(:scored, 2000, 'and needs no search_path');

SELECT * FROM finish();
ROLLBACK;
