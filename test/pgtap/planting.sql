-- Properties of the planting check and of crop_accuracy: no order may show; how
-- often a true declaration of a real survey is contradicted.
BEGIN;
SET LOCAL client_min_messages = warning;
SELECT set_config('search_path', 'agririsk, ' || current_setting('search_path'), true) \g /dev/null
\getenv shared AGRIRISK_SHARED
SELECT plan(7);

CREATE TABLE field AS
SELECT crop, n, vegetation_agg(DATE '2014-09-14' + k * 16, 0.2 + 0.5 * exp(-1 * ((k * 16 - peak - n) / 40.0) ^ 2) + 0.03 * sin(n * 1.7 + k)) AS v
FROM (VALUES ('early', 110), ('middle', 140), ('late', 170)) c (crop, peak), generate_series(1, 30) n, generate_series(0, 22) k
GROUP BY crop, n;
SELECT is((SELECT string_agg(a::text, '; ' ORDER BY a::text) FROM crop_accuracy('SELECT crop, v, n % 5, n FROM field ORDER BY md5(crop || n)') a),
  (SELECT string_agg(a::text, '; ' ORDER BY a::text) FROM crop_accuracy('SELECT crop, v, n % 5, n FROM field ORDER BY n') a), 'rows in any order');
SELECT ok((SELECT bool_and(correct <= classified AND classified <= samples AND share_at_target BETWEEN 0 AND 1) FROM crop_accuracy('SELECT crop, v, n % 5, n FROM field') WHERE dimension = 'all'), 'counts in order');
CREATE TEMP TABLE called AS SELECT c.*, f.crop AS truth FROM (SELECT crop_library_agg(crop, v) FILTER (WHERE n < 15) AS l FROM field) l, field f, classify_crop(l, v) c;
SELECT is((SELECT sum(expected_area) FROM called, crop_areas(crop, probability, runner_up, margin, 1.25)), 112.5, 'areas add up: 90 plots of 1.25');
SELECT ok((SELECT bool_and(declared_at_least BETWEEN 0 AND declared_at_most AND declared_at_most <= 1) FROM called, planting_check(truth, '{"early": ["early"], "middle": ["middle"], "late": ["early", "late"]}', crop, probability, runner_up, margin, reason)), 'bounds are in order');

\if :{?shared}
CREATE TEMP TABLE survey (sample_id int, label text, longitude float8, latitude float8, date date, mir float8, blue float8, nir float8, red float8, evi float8, ndvi float8);
SELECT format('COPY survey FROM %L (FORMAT csv, HEADER)', :'shared' || '/data/crop/insitu_br_mt_1_8K_9classes_6bands.csv') \gexec
CREATE TEMP TABLE fold (sample_id int, label text, fold int);
SELECT format('COPY fold FROM %L (FORMAT csv, HEADER)', :'shared' || '/golden/crop/folds_mt9_ndvi1.csv') \gexec
CREATE TEMP TABLE sample AS SELECT sample_id, s.label, fold, vegetation_agg(date, ARRAY[ndvi, evi, nir, mir]) AS v FROM survey s JOIN fold USING (sample_id) GROUP BY sample_id, s.label, fold;
CREATE TEMP TABLE library AS SELECT f, l, crop_names(l) AS names FROM (SELECT f, crop_library_agg(label, v) FILTER (WHERE fold <> f) AS l FROM sample, generate_series(1, 5) f GROUP BY f) k;
CREATE TEMP TABLE verdict AS
SELECT label, declared, k.verdict
FROM library, LATERAL (SELECT label, classify_crop(l, v) AS c FROM sample WHERE fold = f OFFSET 0) s, (SELECT DISTINCT label AS declared FROM sample) d,
  planting_check(declared, names, (c).crop, (c).probability, (c).runner_up, (c).margin, (c).reason) k;
SELECT cmp_ok((SELECT count(*) FROM verdict WHERE label = declared AND verdict = 'contradicts'), '<=', 9::bigint, 'at most 0.5 % of 1,892 true declarations are contradicted');
SELECT cmp_ok((SELECT avg((verdict = 'contradicts')::int) FROM verdict WHERE label <> declared), '>=', 0.8, '80 % of false declarations are');
SELECT cmp_ok((SELECT avg((verdict = 'agrees')::int) FROM verdict WHERE label = declared), '>=', 0.93, '93 % of true declarations agree');
\else
SELECT skip('AGRIRISK_SHARED is not set: no survey', 3);
\endif

SELECT * FROM finish();
ROLLBACK;
