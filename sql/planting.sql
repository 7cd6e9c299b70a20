-- Declared crops against classified ones; areas, harvests, accuracy. Expected
-- bounds and areas are worked out by hand from the probabilities given.
SET search_path = agririsk, public;
SET datestyle = ISO;
\pset null NULL

CREATE TABLE field AS
SELECT c.crop, n, vegetation_agg(make_date(2012 + n % 4, 9, 14) + k * 16, (0.2 + 0.5 * exp(-1 * ((k * 16 - c.peak) / 40.0) ^ 2) + 0.02 * sin(n * 1.7 + k))::float8) AS v
FROM (VALUES ('early', 110), ('middle', 170), ('late', 230)) c (crop, peak), generate_series(1, 12) n, generate_series(0, 22) k
GROUP BY c.crop, n;
CREATE TABLE library AS SELECT crop_library_agg(crop, v) AS l FROM field;

-- Names.
SELECT crop_names(l) FROM library;
SELECT crop_names(l, '{"grain": ["early", "late"], "early": ["early", "middle"]}') FROM library;
SELECT crop_names(NULL, '{"a": ["b"]}') AS unknown;
SELECT crop_names(l, '{"a": ["early"], "b": ["erly"]}') FROM library;
SELECT crop_names(l, '{"a": []}') FROM library;
SELECT crop_names(l, '{"a": "early"}') FROM library;
SELECT crop_names(l, '{"a": [1]}') FROM library;

-- Verdicts and bounds. Probability 0.7 of a, 0.2 of b; c and d share 0.1.
CREATE TABLE names AS SELECT '{"a": ["a"], "b": ["b"], "c": ["c"], "d": ["d"], "ab": ["a", "b"], "bc": ["b", "c"], "cd": ["c", "d"]}'::jsonb AS n;
SELECT declared, k.verdict, because, round(declared_at_least::numeric, 6) AS at_least, round(declared_at_most::numeric, 6) AS at_most
FROM names, (VALUES ('a'), ('b'), ('c'), ('ab'), ('bc'), ('cd'), ('e'), (NULL)) d (declared), planting_check(declared, n, 'a', 0.7, 'b', 0.5, NULL) k;
-- 0.995 and 0.004: b and c are excluded at 0.01, c is at most 0.001. At 0.0039 b is not. The bound itself contradicts, and agrees.
SELECT declared, limits, k.verdict, because FROM names, (VALUES ('b'), ('c')) d (declared), unnest(ARRAY[0.01, 0.0039]) limits,
  planting_check(declared, n, 'a', 0.995, 'b', 0.991, NULL, contradict_to => limits) k;
SELECT d, k.verdict FROM names, (VALUES ('a'), ('b')) v (d), planting_check(d, n, 'a', 0.75, 'b', 0.5, NULL, 0.75, 0.25) k;
-- Nothing was classified.
SELECT k.* FROM names, planting_check('a', n, NULL, NULL, 'b', 0.01, 'ambiguous') k;
SELECT k.* FROM names, planting_check('a', n, NULL, NULL, NULL, NULL, NULL) k;
SELECT k.* FROM names, planting_check('b', n, 'a', NULL, NULL, NULL, NULL) k;
SELECT k.* FROM planting_check('b', NULL, 'a', 1, NULL, NULL, NULL) k;
SELECT k.* FROM names, planting_check('b', n, 'a', 1, NULL, NULL, NULL) k;
SELECT k.* FROM names, planting_check('a', n, 'a', 0.9, 'b', 0.8, NULL, 0.5, 0.5) k;
SELECT k.* FROM names, planting_check('a', n, 'a', 0.9, 'b', 0.8, NULL, 'NaN', 0.1) k;
SELECT k.* FROM names, planting_check('a', n, 'a', 0.9, 'b', 0.8, NULL, NULL) k;

-- Areas: 0.7 and 0.2 of 10; two crops; one that is sure; none.
SELECT * FROM crop_areas('a', 0.7, 'b', 0.5, 10);
SELECT * FROM crop_areas('a', 0.7, 'b', 0.4, 3);
SELECT * FROM crop_areas('a', 1, NULL, NULL, 3);
SELECT * FROM crop_areas(NULL, NULL, 'b', 0.01, 3);
SELECT * FROM crop_areas('a', 0.7, 'b', 0.5, NULL);
SELECT * FROM crop_areas('a', 0.7, 'b', 0.5, -1);
SELECT * FROM crop_areas('a', 0.7, 'b', 0.5, 'NaN');

-- The harvest is the anniversary of the end that was seen.
SELECT crop, next_harvest(v, p.end_on + 200) = (p.end_on + interval '1 year')::date AS a_year_later,
  next_harvest(v, (p.end_on + interval '1 year')::date) = (p.end_on + interval '1 year')::date AS due_today,
  next_harvest(v, (p.end_on + interval '1 year 1 day')::date) = (p.end_on + interval '2 years')::date AS two_years_later,
  next_harvest(v, p.peak_on) IS NULL AS not_seen
FROM field, phenology(v) p WHERE n = 1 ORDER BY crop;
SELECT next_harvest(NULL, '2020-01-01'), next_harvest(v, NULL) FROM field LIMIT 1;

-- Accuracy: three crops that are told apart, in four blocks.
SELECT folds, dimension, value, samples, unreachable, classified, correct, accuracy, accuracy_se, share_at_target, users_accuracy, adjusted_accuracy, adjusted_accuracy_se
FROM crop_accuracy('SELECT crop, v, n % 4, n / 10.0 FROM field', area_limits => '{1}', mapped_area => '{"early": 5, "middle": 3, "late": 2}')
WHERE dimension <> 'months seen';
-- A target that is just met.
SELECT folds, share_at_target FROM crop_accuracy('SELECT crop, v, n % 4, n / 10.0 FROM field', target => 1) WHERE dimension = 'all';
-- A crop in one block cannot be learnt without the block: 24 of 36, 12 of each of two blocks.
SELECT folds, samples, unreachable, correct, accuracy_reachable FROM crop_accuracy('SELECT crop, v, CASE crop WHEN ''late'' THEN 1 ELSE 2 + n % 2 END, NULL::float8 FROM field') WHERE dimension = 'all';
SELECT samples FROM crop_accuracy('SELECT crop, v, n % 4, 1 FROM field UNION ALL SELECT NULL, v, 1, 1 FROM field WHERE n < 3 -- unknown') WHERE dimension = 'all';
SELECT * FROM crop_accuracy('SELECT crop, v, 1, 1 FROM field');
SELECT * FROM crop_accuracy('SELECT crop, v, n FROM field');
SELECT * FROM crop_accuracy('SELECT crop, v, n, 1 FROM field', random_folds => 1);
SELECT * FROM crop_accuracy('SELECT crop, v, n, 1 FROM field', area_limits => '{2,1}');
SELECT * FROM crop_accuracy(NULL);

DROP TABLE field, library, names;
