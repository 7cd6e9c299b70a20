-- harmonics, features, feature_names.
SET search_path = agririsk, public;
SET datestyle = ISO;

-- A wave of amplitude 0.3 about 0.5 that is highest on day 100 of its period of 400 days.
CREATE TEMP TABLE wave AS SELECT vegetation_agg('2000-01-01'::date + i, 0.5 + 0.3 * cos(2 * pi() * (i - 100) / 400)) v FROM generate_series(0, 800, 10) i;
SELECT harmonic, round(cosine::numeric, 6) AS cosine, round(sine::numeric, 6) AS sine, round(amplitude::numeric, 6) AS amplitude, CASE WHEN amplitude > 0.01 THEN round(peak_day::numeric, 3) END AS peak_day FROM wave, harmonics(v, 2, 400);
SELECT count(*) AS "too few dates" FROM harmonics('{"observations": {"2024-01-01": [0.2], "2024-03-01": [0.8], "2024-04-01": [0.8]}}', 2);
SELECT count(*) AS nothing FROM harmonics('{"observations": {}}');
SELECT harmonics('{"observations": {}}', 0);
SELECT harmonics('{"observations": {}}', 11);
SELECT harmonics('{"observations": {}}', 2, 1);
SELECT harmonics('{"observations": {"2024-01-01": [0.2]}}', 2, 365, 2);

-- A year on a grid of 32 days, of two bands.
SELECT name, value FROM (SELECT features('{"observations": {"2024-01-01": [0.25, 1], "2024-03-05": [0.5, 1]}}', '2024-01-01', 32) f) s, unnest(feature_names(2, 32), f) u (name, value) WHERE name NOT LIKE '%sine%';
SELECT array_length(features(v, '2000-01-01'), 1) = array_length(feature_names(1), 1) AS "as many names", features(v, '1999-01-01') IS NULL AS "not seen", features(v, NULL) IS NULL AS "no date" FROM wave;
SELECT features('{"observations": {}}', '2024-01-01');
SELECT features('{"observations": {}}', '2024-01-01', 33);
SELECT features('{"observations": {}}', 'infinity');
SELECT feature_names(0);
