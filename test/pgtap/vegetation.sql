-- Properties of series, curves, seasons and norms: nothing is lost, reference
-- figures, and that no order, plan, memory or split may show.
BEGIN;
SET LOCAL client_min_messages = warning;
SELECT set_config('search_path', 'agririsk, ' || current_setting('search_path'), true) \g /dev/null
\getenv shared AGRIRISK_SHARED
SELECT no_plan();

-- ---------- rows ----------

-- 300 plots: seasons with noise, of two bands; dates irregular, some twice, some
-- NULL, some cloudy, some of low quality.
CREATE TEMP TABLE seen AS
SELECT i AS id, i % 300 AS plot, date '2023-06-01' + 5 * (i / 300) + (hashint4(i) & 3) AS on_date,
       CASE WHEN i % 101 > 0 THEN ARRAY[ndvi, CASE WHEN i % 211 > 0 THEN ndvi * 0.7 END] END AS bands, ndvi,
       (hashint4(i + 5) & 15) / 15.0 AS quality
  FROM generate_series(0, 23999) i,
       LATERAL (SELECT round((0.2 + 0.5 * exp(-1 * ((5 * (i / 300) - 100 - i % 300 / 3.0) / 60) ^ 2) + (hashint4(i + 1) & 1023) / 20000.0
                              - CASE WHEN hashint4(i + 2) & 31 = 0 THEN 0.2 ELSE 0 END)::numeric, 4)::float8) f (ndvi);
UPDATE seen SET on_date = NULL WHERE id % 997 = 0;
CREATE TEMP TABLE plot AS SELECT plot, vegetation_agg(on_date, bands, quality) AS v, vegetation_agg(on_date, ndvi) AS w FROM seen GROUP BY plot;
CREATE TEMP TABLE whole AS SELECT vegetation_agg(on_date, bands, quality) AS v, vegetation_agg(on_date, ndvi) AS w FROM seen;

-- ---------- what a series holds, against plain SQL ----------

SELECT results_eq('SELECT plot, on_date, o.bands FROM plot, observations(v) o ORDER BY plot, on_date',
  'SELECT DISTINCT ON (plot, on_date) plot, on_date, bands::real[] FROM seen WHERE quality >= 0.5 AND array_position(bands, NULL) IS NULL AND bands IS NOT NULL AND on_date IS NOT NULL ORDER BY plot, on_date, bands::real[] DESC',
  'of each date the greenest observation of good quality, to the last bit');
SELECT ok((SELECT bool_and((n_observations(p.v) + e.missing + e.low_quality + e.duplicates)::bigint = n AND e.spikes = 0 AND e.missing = missing_rows)
             FROM plot p, excluded(v) e, LATERAL (SELECT count(*) n, count(*) FILTER (WHERE on_date IS NULL OR bands IS NULL OR array_position(bands, NULL) > 0) missing_rows FROM seen s WHERE s.plot = p.plot) c), 'every row is an observation or counted');
SELECT is((SELECT bool_and(max_gap(w) = gap) FROM plot, LATERAL (SELECT max(d) gap FROM (SELECT on_date - lag(on_date) OVER (ORDER BY on_date) d FROM observations(w)) g) x), true, 'max_gap');
SELECT is((SELECT bool_and(max_gap(w, '2023-05-01', '2024-12-31') = gap) FROM plot, LATERAL (SELECT max(d) gap FROM (SELECT on_date - lag(on_date) OVER (ORDER BY on_date) d FROM (SELECT on_date FROM observations(w) UNION VALUES ('2023-05-01'::date), ('2024-12-31')) u) g) x), true, 'max_gap from an earlier date to a later one');
SELECT ok((SELECT bool_and(clip(w, NULL, '2023-10-10') + clip(w, '2023-10-11', NULL) = w + clip(w, '9999-01-01', NULL)) FROM plot), 'two clips are the whole');

-- ---------- order and pieces ----------

SELECT is((SELECT vegetation_agg(on_date, bands, quality ORDER BY hashint4(id)) FROM seen), (SELECT v FROM whole), 'any order of rows gives the same value');
SELECT is((SELECT vegetation_agg(on_date, bands, quality ORDER BY id DESC) FROM seen), (SELECT v FROM whole), 'backwards too');
SELECT is((SELECT rollup(v) FROM plot), (SELECT v FROM whole), 'rollup of the plots is the whole');
SELECT is((SELECT rollup(w ORDER BY plot DESC) FROM plot), (SELECT w FROM whole), 'in any order');
SELECT is((SELECT rollup(v) FROM (SELECT rollup(v) AS v FROM plot GROUP BY plot % 7) s), (SELECT v FROM whole), 'and in steps');
SELECT ok((SELECT bool_and(a.v + b.v = b.v + a.v AND (a.v + b.v) + a.v = a.v + (b.v + a.v) AND a.v + '{"observations": {}}' = a.v)
             FROM plot a JOIN plot b ON b.plot = (a.plot + 1) % 300), '+ commutes, associates, and the empty value changes nothing');
SELECT ok((SELECT bool_and(running = (SELECT vegetation_agg(on_date, bands) FROM seen f WHERE f.id <= s.id AND f.plot = 7))
             FROM (SELECT id, vegetation_agg(on_date, bands) OVER (ORDER BY id) AS running FROM seen WHERE plot = 7) s), 'a running aggregate shows each state as it was');

-- ---------- plans ----------

\ir include/plans.sql
SELECT pg_temp.same_by_plan('SELECT plot, vegetation_agg(on_date, bands, quality) AS v FROM seen GROUP BY plot', 'SELECT plot, v FROM plot');

CREATE TABLE shared_seen AS SELECT * FROM seen;
CREATE TABLE shared_plot AS SELECT * FROM plot;
ALTER TABLE shared_seen SET (parallel_workers = 3);
ALTER TABLE shared_plot SET (parallel_workers = 3);
SELECT pg_temp.same_in_workers('SELECT vegetation_agg(on_date, bands, quality) FROM shared_seen', 'Partial Aggregate', 'vegetation_agg');
SELECT pg_temp.same_in_workers('SELECT vegetation_agg(on_date, bands, quality) FROM shared_seen WHERE id < 0', 'Partial Aggregate', 'vegetation_agg of no row');
SELECT pg_temp.same_in_workers('SELECT vegetation_agg(on_date, bands, quality) FROM shared_seen WHERE id = 7', 'Partial Aggregate', 'vegetation_agg of one row');
SELECT pg_temp.same_in_workers('SELECT vegetation_agg(on_date, bands, quality) FROM shared_seen WHERE id = 997', 'Partial Aggregate', 'vegetation_agg of a row that is left out');
SELECT pg_temp.same_in_workers('SELECT rollup(v) FROM shared_plot', 'Partial Aggregate', 'rollup');
SELECT pg_temp.same_in_workers('SELECT vegetation_norm_agg(w) FROM shared_plot', 'Gather.*Parallel Seq Scan', 'the scan below vegetation_norm_agg');

-- ---------- forms ----------

SELECT ok((SELECT bool_and(v::text::vegetation = v AND smooth(w)::text::vegetation = smooth(w)) FROM plot), 'the text form loses nothing');
CREATE TEMP TABLE received (v vegetation);
\copy (SELECT v FROM plot UNION ALL SELECT smooth(w) FROM plot) TO PROGRAM 'cat > "${TMPDIR:-/tmp}/agririsk-vegetation-$PPID"' (FORMAT binary)
\copy received FROM PROGRAM 'cd "${TMPDIR:-/tmp}" && cat agririsk-vegetation-$PPID && rm agririsk-vegetation-$PPID' (FORMAT binary)
SELECT bag_eq('SELECT v::text FROM received', 'SELECT v::text FROM plot UNION ALL SELECT smooth(w)::text FROM plot', 'nor does the binary one, through COPY');
SELECT is((SELECT count(DISTINCT v) FROM received), 600::bigint, 'no two series are equal');

-- ---------- curves and seasons ----------

SELECT ok((SELECT bool_and(smooth(v + v) = smooth(v) + clip(v, '9999-01-01', NULL) OR excluded(v + v) <> excluded(v)) FROM plot), 'a series with itself has the same curve');
SELECT ok((SELECT bool_and(n_observations(smooth(w, 10, 1)) = (SELECT max(on_date) - min(on_date) + 1 FROM observations(w))) FROM plot), 'a daily curve has every day');
SELECT results_eq('SELECT plot, o.* FROM plot, observations(smooth(w, 5, 7)) o ORDER BY 1, 2',
  'SELECT plot, o.* FROM plot, observations(smooth(w, 5, 1)) o WHERE (on_date - (SELECT min(on_date) FROM observations(w))) % 7 = 0 ORDER BY 1, 2', 'every seventh day of it is the curve of seven days');
SELECT ok((SELECT bool_and(high > low) FROM plot, LATERAL (SELECT avg(bands[1]) high FROM observations(smooth(w, 10, 5, 0.9))) h, LATERAL (SELECT avg(bands[1]) low FROM observations(smooth(w, 10, 5, 0.1))) l), 'a high expectile lies above a low one');
-- Other series between the two, and so another factor at the call site, change nothing.
SELECT is((SELECT array_agg(smooth(w) ORDER BY plot) FROM (SELECT plot, w FROM plot ORDER BY hashint4(plot)) s), (SELECT array_agg(s ORDER BY plot) FROM (SELECT plot, smooth(w) s FROM plot WHERE plot >= 0) t), 'the call site remembers no values');
SELECT is((SELECT count(*) FROM plot, phenology(w) WHERE amplitude >= 0.1 AND start_on <= peak_on AND peak_on <= end_on AND abs(peak_on - date '2023-09-09' - plot / 3.0) < 25 AND NOT truncated), 300::bigint, 'every plot has its season, about the day that it was made with');
SELECT is((SELECT count(*) FROM plot, phenology(despike(w, 0.1, 20)) WHERE abs(peak_on - date '2023-09-09' - plot / 3.0) < 25), 300::bigint, 'and without spikes');
SELECT is((SELECT sum((excluded(despike(w, 0.1, 20))).spikes) > 100 FROM plot), true, 'of which there are many');

-- ---------- norms ----------

CREATE TEMP TABLE norm AS SELECT vegetation_norm_agg(w) AS n FROM plot;
SELECT is((SELECT vegetation_norm_agg(w ORDER BY hashint4(plot)) FROM plot), (SELECT n FROM norm), 'a norm does not depend on the order');
SELECT is((SELECT n::text::vegetation_norm FROM norm), (SELECT n FROM norm), 'nor does its text form lose anything');
SELECT set_config('work_mem', '64kB', true) \g /dev/null
SELECT is((SELECT vegetation_norm_agg(w) FROM plot), (SELECT n FROM norm), 'values in a temporary file give the same');
SELECT results_eq('SELECT k, vegetation_norm_agg(w) FROM plot, LATERAL (SELECT plot % 5) s (k) GROUP BY k ORDER BY k', 'SELECT k, (SELECT vegetation_norm_agg(w) FROM plot WHERE plot % 5 = k) FROM generate_series(0, 4) k', 'several groups share the memory');
SELECT set_config('work_mem', '4MB', true) \g /dev/null
CREATE TEMP TABLE curve AS SELECT plot, on_date, bands[1]::float8 AS x FROM plot, observations(smooth(w, 10, 1)) WHERE (on_date - date '2000-01-01') % 8 = 0;
SELECT ok((SELECT count(*) = 9 * (SELECT count(DISTINCT on_date) FROM curve) AND bool_and(q.plots = p.plots) AND max(abs(ours - x)) < 1e-7
             FROM norm, quantiles(n) q JOIN (SELECT on_date, count(*) AS plots, percentile_cont(ARRAY[0, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 1]) WITHIN GROUP (ORDER BY x) AS level FROM curve GROUP BY 1) p USING (on_date),
                  unnest(ARRAY[lowest, p05, p10, p25, median, p75, p90, p95, highest], level) u (ours, x)), 'quantiles of the daily curves, as percentile_cont gives them');
SELECT ok((SELECT abs(avg(share_below) - 0.5) < 0.02 AND min(share_below) = 0 AND max(share_below) = 1 AND bool_and(abs(difference - (value - median)) < 1e-12) FROM norm, plot, anomaly(w, n, '2023-10-07')), 'half of the plots are below the median plot');
SELECT ok((SELECT bool_and(abs(a.value - x) < 1e-12) FROM norm, plot JOIN curve USING (plot), anomaly(w, n, on_date) a), 'the value is that of the curve');

-- ---------- reference curves, real series ----------

\if :{?shared}
CREATE TEMP TABLE whittaker (dataset text, sample_id int, label text, k int, on_date date, ndvi float8, l1 float8, l10 float8, l100 float8, irregular float8, p90 float8, gcv float8, sg float8, harmonic float8);
SELECT format('COPY whittaker FROM %L (FORMAT csv, HEADER)', :'shared' || '/golden/crop/whittaker_20.csv') \gexec
CREATE TEMP TABLE daily (dataset text, sample_id int, day int, x float8);
SELECT format('COPY daily FROM %L (FORMAT csv, HEADER)', :'shared' || '/golden/crop/whittaker_daily_20.csv') \gexec
CREATE TEMP TABLE season (dataset text, sample_id int, label text, n_obs int, season int, left_min_day int, right_min_day int, sos_day float8, eos_day float8, length float8, peak_day int, peak_value float8, base float8, amplitude float8, mid_day float8, left_deriv float8, right_deriv float8, large_integral float8, small_integral float8, sos_date date, peak_date date, eos_date date);
SELECT format('COPY season FROM %L (FORMAT csv, HEADER)', :'shared' || '/golden/crop/phenology_20.csv') \gexec
CREATE TEMP TABLE golden AS SELECT dataset, sample_id, vegetation_agg(on_date, ndvi) AS v FROM whittaker GROUP BY 1, 2;
SELECT ok((SELECT count(*) = 415 AND max(abs(bands[1] - irregular)) < 1e-7 FROM golden, observations(smooth(v)) JOIN whittaker w USING (on_date) WHERE (w.dataset, w.sample_id) = (golden.dataset, golden.sample_id)), 'reference curves at the dates, to 1e-7');
-- Those that were seen from the first date to the last: reference curves go on beyond, ours do not.
SELECT ok((SELECT count(*) = 3501 AND max(abs(bands[1] - x)) < 1e-7 FROM golden g, LATERAL (SELECT bands, row_number() OVER (ORDER BY on_date) - 1 AS day FROM observations(smooth(v, 10, 1))) o JOIN daily d USING (day) WHERE (d.dataset, d.sample_id) = (g.dataset, g.sample_id) AND g.dataset = 'mt9'), 'on days');
SELECT ok((SELECT count(*) = 12 AND bool_and((start_on, peak_on, end_on) = (sos_date, peak_date, eos_date)) AND max(abs(p.length - s.length)) < 1e-3 AND max(abs(p.amplitude - s.amplitude)) < 1e-6 AND count(p.season) = 12
             FROM (SELECT sample_id, p.* FROM golden, phenology(v, phenology_options(min_amplitude => 0)) p WHERE dataset = 'mt9') p FULL JOIN (SELECT * FROM season WHERE dataset = 'mt9') s USING (sample_id, season)), 'reference seasons');
CREATE TEMP TABLE point (id int, label text, lon float8, lat float8, on_date date, mir float4, blue float4, nir float4, red float4, evi float4, ndvi float4);
SELECT format('COPY point FROM %L (FORMAT csv, HEADER)', :'shared' || '/data/crop/insitu_br_mt_1_8K_9classes_6bands.csv') \gexec
CREATE TEMP TABLE sample AS SELECT id, vegetation_agg(on_date, ARRAY[ndvi, evi, nir, mir]) AS v FROM point GROUP BY id;
SELECT results_eq('SELECT id, on_date, bands FROM sample, observations(v) ORDER BY 1, 2', 'SELECT id, on_date, ARRAY[ndvi, evi, nir, mir] FROM point ORDER BY 1, 2', '1,892 real series come back to the last bit');
SELECT cmp_ok((SELECT avg(pg_column_size(v)) FROM sample), '<', 250::numeric, 'in fewer than 250 bytes each');
\else
SELECT skip('AGRIRISK_SHARED is not set: no reference curves and no real series', 5);
\endif

SELECT * FROM finish();
ROLLBACK;
