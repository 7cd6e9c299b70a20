-- Properties of crop libraries: no order or plan may show; what they make of a
-- real survey, whose folds and accuracies others computed.
BEGIN;
SET LOCAL client_min_messages = warning;
SELECT set_config('search_path', 'agririsk, ' || current_setting('search_path'), true) \g /dev/null
\getenv shared AGRIRISK_SHARED
SELECT plan(17);

-- ---------- order, plans ----------

CREATE TABLE field AS
SELECT crop, n, vegetation_agg(DATE '2014-09-14' + k * 16, ARRAY[0.2 + 0.5 * exp(-1 * ((k * 16 - peak) / 40.0) ^ 2) + 0.03 * sin(n * 1.7 + k), 0.3 + 0.01 * cos(n + k * peak)]::float8[]) AS v
FROM (VALUES ('early', 70), ('middle', 160), ('late', 250)) c (crop, peak), generate_series(1, 60) n, generate_series(0, 22) k
GROUP BY crop, n;
CREATE TEMP TABLE library AS
SELECT method, crop_library_agg(crop, v, library_options(method => method)) AS l FROM field, (VALUES ('twdtw'), ('kernel'), ('patterns')) m (method) GROUP BY method;

SELECT is((SELECT string_agg(method, ', ') FROM library l WHERE l.l <> (SELECT crop_library_agg(crop, v, library_options(method => method)) FROM (SELECT * FROM field ORDER BY md5(crop || n)) f)),
  NULL, 'rows in another order give the same library');
SELECT is((SELECT string_agg(method, ', ') FROM library l WHERE l.l <> (SELECT crop_library_agg(crop, v, library_options(method => method)) FROM (SELECT * FROM field UNION ALL SELECT NULL, 0, v FROM field UNION ALL SELECT 'rye', 0, NULL) f)),
  NULL, 'rows left out change nothing');
SELECT is((SELECT string_agg(method, ', ') FROM library WHERE l::text::crop_library <> l), NULL, 'the text form is exact');

ALTER TABLE field SET (parallel_workers = 3);
CREATE TEMP TABLE serial AS SELECT method, n, f.crop, c.crop AS called, c.probability, c.margin, c.distance, c::text AS c FROM library, field f, classify_crop(l, v) c;
SET LOCAL parallel_setup_cost = 0;
SET LOCAL parallel_tuple_cost = 0;
SET LOCAL min_parallel_table_scan_size = 0;
SET LOCAL max_parallel_workers_per_gather = 3;
SELECT is((SELECT count(*) FROM (SELECT crop, n, classify_crop((SELECT l FROM library WHERE method = 'twdtw'), v)::text AS c FROM field OFFSET 0) p JOIN serial s USING (crop, n) WHERE method = 'twdtw' AND p.c IS DISTINCT FROM s.c),
  0::bigint, 'workers say what the leader says');
RESET max_parallel_workers_per_gather;

-- A call site sees another library in every row.
SELECT is((SELECT count(*) FROM (SELECT method, f.crop, n, classify_crop(l, v)::text AS c FROM field f, library ORDER BY n, method) p JOIN serial s USING (method, crop, n) WHERE p.c IS DISTINCT FROM s.c),
  0::bigint, 'libraries that change from row to row');
SELECT is((SELECT count(*) FROM serial WHERE called IS DISTINCT FROM crop), 0::bigint, 'every field is what it is called');
SELECT ok((SELECT bool_and(probability BETWEEN 0 AND 1 AND margin BETWEEN 0 AND probability) FROM serial WHERE method <> 'patterns'), 'probabilities and margins');

-- Values times a power of two in one band: bands count alike, so nothing changes.
SELECT is((SELECT count(*) FROM
    (SELECT crop, n, classify_crop((SELECT crop_library_agg(crop, w) FROM (SELECT crop, (SELECT vegetation_agg(on_date, ARRAY[bands[1], bands[2] / 8]) FROM observations(v)) AS w FROM field) f), (SELECT vegetation_agg(on_date, ARRAY[bands[1], bands[2] / 8]) FROM observations(v))) AS c FROM field) p
    JOIN serial s USING (crop, n) WHERE method = 'twdtw' AND ((p.c).crop, (p.c).distance) IS DISTINCT FROM (called, s.distance)), 0::bigint, 'a band in other units');

-- Southern hemisphere, years: a whole number of years later nothing changes but the dates.
SELECT is((SELECT count(*) FROM (SELECT crop, n, classify_crop(l, (SELECT vegetation_agg((on_date + interval '8 years')::date, bands) FROM observations(v))) AS c FROM field, library WHERE method = 'twdtw') p
    JOIN serial s USING (crop, n) WHERE method = 'twdtw' AND ((p.c).crop, (p.c).probability) IS DISTINCT FROM (called, s.probability)), 0::bigint, 'eight years later');

-- ---------- the survey of Mato Grosso ----------

\if :{?shared}
CREATE TEMP TABLE survey (sample_id int, label text, longitude float8, latitude float8, date date, mir float8, blue float8, nir float8, red float8, evi float8, ndvi float8);
SELECT format('COPY survey FROM %L (FORMAT csv, HEADER)', :'shared' || '/data/crop/insitu_br_mt_1_8K_9classes_6bands.csv') \gexec
CREATE TEMP TABLE fold (sample_id int, label text, fold int);
SELECT format('COPY fold FROM %L (FORMAT csv, HEADER)', :'shared' || '/golden/crop/folds_mt9_ndvi1.csv') \gexec
CREATE TEMP TABLE sample AS
SELECT sample_id, s.label, fold, vegetation_agg(date, ARRAY[ndvi, evi, nir, mir]) AS four, vegetation_agg(date, ndvi) AS one
FROM survey s JOIN fold USING (sample_id) GROUP BY sample_id, s.label, fold;
SELECT is((SELECT count(*) FROM sample), 1892::bigint, '1,892 labelled series');

-- Each fold by the library of the others. All series are classified, so that none is left out of the accuracy.
CREATE TEMP TABLE verdict AS
SELECT method, bands, sample_id, label, (c).*
FROM (SELECT method, bands, f, crop_library_agg(label, CASE bands WHEN 4 THEN four ELSE one END, library_options(method => method, min_margin => 0, reject => 1)) FILTER (WHERE fold <> f) AS l
        FROM sample, generate_series(1, 5) f, (VALUES ('twdtw', 4), ('kernel', 4), ('kernel', 1)) m (method, bands) GROUP BY method, bands, f) k
  JOIN sample ON fold = f, LATERAL (SELECT classify_crop(l, CASE bands WHEN 4 THEN four ELSE one END) AS c OFFSET 0) v;
SELECT cmp_ok((SELECT avg((crop IS NOT DISTINCT FROM label)::int) FROM verdict WHERE method = 'twdtw'), '>=', 0.95, 'patterns: 95 % of random folds, what is rejected counted as wrong');
SELECT cmp_ok((SELECT avg((crop IS NOT DISTINCT FROM label)::int) FROM verdict WHERE method = 'kernel' AND bands = 4), '>=', 0.975, 'kernel: 97.5 %');
SELECT cmp_ok((SELECT avg((crop IS NOT DISTINCT FROM label)::int) FROM verdict WHERE method = 'kernel' AND bands = 1), '>=', 0.91, 'kernel on NDVI only: 91 %');
SELECT cmp_ok((SELECT avg((crop = label)::int) FROM (SELECT * FROM verdict WHERE bands = 1 ORDER BY probability DESC NULLS LAST, sample_id LIMIT 1797) v), '>=', 0.93, 'and 93 % of the 95 % it is surest of');
SELECT cmp_ok((SELECT avg(abs(r - p)) FROM (SELECT method, bands, width_bucket(probability, 0.3, 1.0000001, 7), avg(probability) AS p, avg((crop = label)::int) AS r FROM verdict WHERE crop IS NOT NULL GROUP BY 1, 2, 3 HAVING count(*) >= 40) b), '<=', 0.1::float8, 'probabilities come true');
SELECT is((SELECT count(*) FROM verdict WHERE reason IN ('too few observations', 'gap too long')), 0::bigint, 'every series is long enough');
SELECT ok((SELECT crop_library_agg(label, four) = (SELECT crop_library_agg(label, four) FROM (SELECT * FROM sample ORDER BY md5(sample_id::text)) s) FROM sample), 'the survey in any order');
\else
SELECT skip('AGRIRISK_SHARED is not set: no survey', 8);
\endif

SELECT * FROM finish();
ROLLBACK;
