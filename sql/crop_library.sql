-- Libraries of crops and what they make of a series.
SET search_path = agririsk, public;
SET datestyle = ISO;
\pset null NULL

-- Three crops whose seasons peak in different months; rows differ by their year and a small wave.
CREATE TABLE field AS
SELECT c.crop, n, vegetation_agg(on_date, (0.2 + 0.5 * exp(-1 * ((k * 16 - c.peak) / 40.0) ^ 2) + 0.02 * sin(n * 1.7 + k))::float8) AS v
FROM (VALUES ('early', 70), ('middle', 160), ('late', 250)) c (crop, peak), generate_series(1, 12) n, generate_series(0, 22) k,
     LATERAL (SELECT make_date(2012 + n % 4, 9, 14) + k * 16 AS on_date) d
GROUP BY c.crop, n;

CREATE TABLE library AS
SELECT crop_library_agg(crop, v) AS twdtw, crop_library_agg(crop, v, library_options(method => 'kernel')) AS kernel,
       crop_library_agg(crop, v, library_options(method => 'patterns')) FILTER (WHERE n = 1) AS patterns
FROM field;

-- What a library holds.
SELECT source, crop, samples, c.patterns <= 8 AS few_patterns, reject_distance > 0 AS bounded FROM library, crops(twdtw) c;
SELECT crop, samples, c.patterns FROM library, crops(kernel) c;
SELECT crop, pattern, samples, n_observations(series), twdtw(series, (SELECT v FROM field f WHERE f.crop = p.crop AND n = 1), twdtw_options(alpha => 0)) AS as_given FROM library, patterns(patterns) p;
SELECT crop, sum(samples), count(DISTINCT pattern) = max(pattern) AS numbered FROM library, patterns(twdtw) GROUP BY crop ORDER BY crop;

-- Every field is what it is called.
SELECT 'twdtw' AS method, count(*) AS fields, count(*) FILTER (WHERE c.crop = f.crop) AS classified_rightly, min(probability) > 0.8 AS sure, max(distance) < 0.1 AS near
  FROM library, field f, classify_crop(twdtw, v) c
UNION ALL SELECT 'kernel', count(*), count(*) FILTER (WHERE c.crop = f.crop), min(probability) > 0.8, max(distance) < 0.1
  FROM library, field f, classify_crop(kernel, v) c
UNION ALL SELECT 'patterns', count(*), count(*) FILTER (WHERE c.crop = f.crop), min(probability) > 0.8, max(distance) < 0.1
  FROM library, field f, classify_crop(patterns, v) c
ORDER BY method;

-- Reasons for no crop.
SELECT crop, probability, runner_up, margin, distance, match_start, match_end, n_observations, max_gap, reason
  FROM library, classify_crop(twdtw, '{"observations": {"2014-01-01": [0.3], "2014-02-01": [0.3]}}');
SELECT crop, n_observations, max_gap, reason FROM library, classify_crop(twdtw, '{"observations": {}}');
SELECT c.crop, c.n_observations, c.max_gap, c.reason FROM library, field f, classify_crop(twdtw, v, '2013-06-01') c WHERE f.crop = 'early' AND n = 1;
SELECT c.crop, c.n_observations, c.max_gap, c.reason FROM library, (SELECT vegetation_agg(DATE '2013-09-14' + k * 16, (k % 2)::float8) AS v FROM generate_series(0, 22) k) f, classify_crop(twdtw, v) c;

-- In season: seen up to a day.
SELECT to_date, count(*) FILTER (WHERE c.crop = f.crop) AS rightly FROM library, field f, (VALUES (120), (200), (350)) d (days),
  LATERAL (SELECT make_date(2012 + n % 4, 9, 14) + days AS to_date) t, classify_crop(twdtw, v, NULL, to_date) c
  WHERE n = 4 GROUP BY to_date ORDER BY to_date;

-- Nothing known, nothing said; rows left out are counted.
SELECT classify_crop(NULL, v) IS NULL AS no_library, classify_crop(twdtw, NULL) IS NULL AS no_series FROM library, field LIMIT 1;
SELECT crop_library_agg(crop, v) IS NULL AS nothing FROM field WHERE false;
SELECT crop_library_agg(label, v) IS NULL AS nothing FROM (VALUES (NULL, '{"observations": {"2014-01-01": [0.3], "2014-02-01": [0.3]}}'::vegetation), ('rice', NULL), ('rice', '{"observations": {"2014-01-01": [0.3]}}')) r (label, v);

-- One crop, one row.
SELECT c.crop, c.probability, c.runner_up, c.reason FROM field f, LATERAL (SELECT crop_library_agg(crop, v) AS l FROM field WHERE crop = 'late' AND n = 1) one, classify_crop(l, v) c WHERE f.crop = 'late' AND n = 1;

-- The text form and merging.
SELECT twdtw::text::crop_library = twdtw AS text_form, kernel::text::crop_library = kernel AS of_kernel, patterns::text::crop_library = patterns AS of_patterns FROM library;
CREATE TABLE region AS SELECT n % 3 AS region, crop_library_agg(crop, v) AS l FROM field GROUP BY 1;
SELECT rollup(l ORDER BY region) = rollup(l ORDER BY region DESC) AS any_order, (SELECT sum(samples) FROM crops(rollup(l))) AS samples FROM region;
SELECT a.l + (b.l + c.l) = (a.l + b.l) + c.l AS any_grouping FROM region a, region b, region c WHERE a.region = 0 AND b.region = 1 AND c.region = 2;
SELECT count(*) FILTER (WHERE c.crop = f.crop) AS rightly FROM (SELECT rollup(l) AS l FROM region) r, field f, classify_crop(l, v) c;

-- Nonsense is an error.
SELECT classify_crop(twdtw, '{"observations": {"2014-01-01": [0.3, 0.4]}}') FROM library;
SELECT classify_crop(twdtw, v, '2014-01-01', '2013-01-01') FROM library, field LIMIT 1;
SELECT twdtw + kernel FROM library;
SELECT kernel + kernel FROM library;
SELECT crop_library_agg(label, v) FROM (VALUES ('rice', '{"observations": {"2014-01-01": [0.3], "2014-02-01": [0.3]}}'::vegetation), ('rice', '{"observations": {"2014-01-01": [0.3, 0.2], "2014-02-01": [0.3, 0.2]}}')) r (label, v);
SELECT library_options(method => 'forest');
SELECT library_options(patterns_per_crop => 0);
SELECT library_options(extra => '{"trees": 500}');
SELECT crop_library_agg('rice', '{"observations": {"2014-01-01": [0.3], "2014-02-01": [0.3]}}', library_options(patterns_per_crop => n)) FROM (VALUES (1), (2)) v (n);
SELECT 'abc'::crop_library;
SELECT '0x'::crop_library;
BEGIN;
SET LOCAL maintenance_work_mem = '1MB';
SELECT crop_library_agg(crop || m, v, library_options(method => 'kernel')) FROM field, generate_series(1, 15) m;
ROLLBACK;

DROP TABLE field, library, region;
