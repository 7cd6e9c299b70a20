-- phenology, growth_stage.
SET search_path = agririsk, public;
SET datestyle = ISO;

-- A plot that greens in straight lines: from 0.2 up to 0.8 in 100 days and down again, seen every 5 days.
CREATE FUNCTION pg_temp.green(on_date date, start_on date) RETURNS float8
  RETURN 0.2 + greatest(0, 0.6 - 0.006 * abs(on_date - start_on - 100));
CREATE FUNCTION pg_temp.plot(from_date date, days int, start_on date, second_on date DEFAULT '1900-01-01') RETURNS vegetation
  RETURN (SELECT vegetation_agg(from_date + i, greatest(pg_temp.green(from_date + i, start_on), pg_temp.green(from_date + i, second_on))) FROM generate_series(0, days, 5) i);
\set columns 'season, start_on, peak_on, end_on, round(length::numeric, 1) AS length, round(amplitude::numeric, 2) AS amplitude, truncated, max_gap'

-- One season, from a fifth of the rise to a fifth of the fall: days 20 to 180. Smoothing hardly moves it.
SELECT :columns FROM phenology(pg_temp.plot('2024-01-01', 364, '2024-03-01'), phenology_options(lambda => 0.01));
-- Southern hemisphere: a season that crosses the end of the year.
SELECT :columns FROM phenology(pg_temp.plot('2023-07-01', 364, '2023-10-10'), phenology_options(lambda => 0.01));
-- Two seasons.
SELECT :columns FROM phenology(pg_temp.plot('2024-01-01', 540, '2024-02-01', '2024-09-01'), phenology_options(lambda => 0.01));
-- Its beginning, or its end, was not seen.
SELECT :columns FROM phenology(pg_temp.plot('2024-04-20', 250, '2024-03-01'), phenology_options(lambda => 0.01));
SELECT :columns FROM phenology(pg_temp.plot('2024-01-01', 130, '2024-03-01'), phenology_options(lambda => 0.01));
-- A long gap is told.
SELECT :columns FROM phenology((SELECT vegetation_agg(on_date, bands::float8[]) FROM observations(pg_temp.plot('2024-01-01', 364, '2024-03-01')) WHERE on_date NOT BETWEEN '2024-03-20' AND '2024-05-20'), phenology_options(lambda => 0.01));
-- Evergreen, level, few dates, none, NULL: no season.
SELECT count(*) FROM phenology((SELECT vegetation_agg('2024-01-01'::date + i * 5, 0.75 + 0.04 * sin(i)) FROM generate_series(0, 72) i));
SELECT count(*) FROM phenology((SELECT vegetation_agg('2024-01-01'::date + i * 5, 0.75) FROM generate_series(0, 72) i));
SELECT count(*) FROM phenology('{"observations": {"2024-01-01": [0.2], "2024-03-01": [0.8]}}');
SELECT count(*) FROM phenology('{"observations": {}}');
SELECT count(*) FROM phenology(NULL);
-- An amplitude that is large enough only for the options.
SELECT count(*) FROM phenology(pg_temp.plot('2024-01-01', 364, '2024-03-01'), phenology_options(min_amplitude => 0.7));
-- Options.
SELECT phenology_options(), phenology_options(lambda => 5, band => 2);
SELECT phenology_options(threshold => 0);
SELECT phenology_options(threshold => 0.5);
SELECT phenology_options(valley_share => 1.5);
SELECT phenology_options(min_amplitude => 'NaN');
SELECT phenology_options(band => 0);
SELECT phenology_options(extra => '{"minimum": 1}');
SELECT * FROM phenology('{"observations": {"2024-01-01": [0.2]}}', phenology_options(band => 2));
