-- Type vegetation: text form, aggregate, what a series holds.
SET search_path = agririsk, public;
SET datestyle = ISO;

-- The text form: dates in order, shortest digits of a real, -0 is 0.
SELECT '{"observations": {"2024-05-17": [0.45, 0.3], "2024-05-01": [0.31, -0.0]}}'::vegetation;
SELECT '{"observations": {"0001-01-01": [16777216], "9999-12-31": [1e-45]}, "missing": 2, "spikes": 1, "low_quality": 0}'::vegetation;
SELECT '{"observations": {}}'::vegetation;
SELECT '{"observations": {"2024-05-17": [0.3333333333]}}'::vegetation;
SELECT '{"observations": {"2024-02-30": [0.4]}}'::vegetation;
SELECT '{"observations": {"2024-2-3": [0.4]}}'::vegetation;
SELECT '{"observations": {"2024-02-03": []}}'::vegetation;
SELECT '{"observations": {"2024-02-03": [null]}}'::vegetation;
SELECT '{"observations": {"2024-02-03": [1e39]}}'::vegetation;
SELECT '{"observations": {"2024-02-03": [1], "2024-02-04": [1, 2]}}'::vegetation;
SELECT '{"observations": {"2024-02-03": [1], "2024-02-03": [1]}}'::vegetation;
SELECT '{"observations": {"2024-02-03": [1]}, "cloudy": 1}'::vegetation;
SELECT '{"observations": {"2024-02-03": [1]}, "missing": -1}'::vegetation;
SELECT '[]'::vegetation;

-- The aggregate: rows in any order, of any kind of number.
SELECT vegetation_agg(d, ARRAY[x, 1]) FROM (VALUES ('2024-05-09'::date, 0.4), ('2024-05-01', 0.3)) v (d, x);
SELECT vegetation_agg(d, x) FROM (VALUES ('2024-05-09'::date, 0.4::real), ('2024-05-01', 0.3)) v (d, x);
SELECT vegetation_agg(d, b) FROM (VALUES ('2024-05-09 10:30'::timestamp, '{0.4}'::real[])) v (d, b);
-- No row, nothing but NULL, one date.
SELECT vegetation_agg(NULL::date, 0.4) FROM generate_series(1, 0);
SELECT v, n_observations(v), n_bands(v), max_gap(v), e.* FROM (SELECT vegetation_agg(d, x) v FROM (VALUES (NULL::date, 0.4::float8), ('2024-05-01', NULL)) v (d, x)) s, excluded(v) e;
SELECT vegetation_agg(d, b) FROM (VALUES ('2024-05-09'::date, '{0.4, NULL}'::float8[]), ('2024-05-10', '{0.1, 0.2}'), ('2024-05-11', NULL)) v (d, b);
-- Of one date the greenest stays, whatever the order.
SELECT vegetation_agg(d, b ORDER BY b), vegetation_agg(d, b ORDER BY b DESC) = vegetation_agg(d, b ORDER BY b)
  FROM (VALUES ('2024-05-09'::date, '{0.4, 0.1}'::float8[]), ('2024-05-09', '{0.3, 0.9}'), ('2024-05-09', '{0.4, 0.2}'), ('2024-05-01', '{0.2, 0.2}')) v (d, b);
-- Quality: what is low or unknown is left out, and not looked at.
SELECT vegetation_agg(d, x, q) FROM (VALUES ('2024-05-01'::date, 0.4, 1.0), ('2024-05-02', 0.5, 0.5), ('2024-05-03', -3000, 0.4), ('2024-05-04', 0.1, NULL)) v (d, x, q);
SELECT vegetation_agg(d, x, q, vegetation_options(min_quality => 0.9)) FROM (VALUES ('2024-05-01'::date, 0.4, 1.0), ('2024-05-02', 0.5, 0.5)) v (d, x, q);
-- A scale of 10,000.
SELECT vegetation_agg('2024-05-01'::date, 5890);
SELECT vegetation_agg('2024-05-01'::date, ARRAY[5890, 11400], vegetation_options(scale => 10000));
SELECT vegetation_agg('2024-05-01'::date, 2), vegetation_agg('2024-05-01'::date, -2);
SELECT vegetation_agg('2024-05-01'::date, -2.0001);
SELECT vegetation_agg('2024-05-01'::date, 5890, vegetation_options(max_abs => 10000));
-- Nonsense.
SELECT vegetation_agg('2024-05-01'::date, 'NaN'::float8);
SELECT vegetation_agg('2024-05-01'::date, '{0.1, Infinity}'::float8[]);
SELECT vegetation_agg('infinity'::date, 0.3);
SELECT vegetation_agg('2024-05-01'::date, 0.3, 'NaN'::float8);
SELECT vegetation_agg('2024-05-01'::date, '{}'::float8[]);
SELECT vegetation_agg('2024-05-01'::date, '{{0.1}}'::float8[]);
SELECT vegetation_agg('2024-05-01'::date, array_fill(0.1, ARRAY[101]));
SELECT vegetation_agg(d, b) FROM (VALUES ('2024-05-01'::date, '{0.1}'::float8[]), ('2024-05-02', '{0.1, 0.2}')) v (d, b);
SELECT vegetation_agg('2024-05-01'::date, 0.3, vegetation_options(scale => s)) FROM (VALUES (1), (2)) v (s);
SELECT vegetation_options(scale => 0);
SELECT vegetation_options(max_abs => -1);
SELECT vegetation_options(extra => '{"cloud": 1}');
SELECT vegetation_options(), vegetation_options(scale => 10000, extra => '{"min_quality": 0.1}');
SELECT vegetation_agg('2000-01-01'::date + i, 0.1) FROM generate_series(1, 36526) i;

-- Merging.
CREATE TEMP TABLE part AS SELECT vegetation_agg(d, x) v FROM (VALUES (1, '2024-05-01'::date, 0.4), (1, '2024-05-09', 0.2), (2, '2024-05-09', 0.3), (2, '2024-05-17', 0.5), (3, NULL, 0.1)) v (k, d, x) GROUP BY k;
SELECT rollup(v) FROM part;
SELECT rollup(v) FROM part WHERE false;
SELECT '{"observations": {"2024-02-03": [1]}}'::vegetation + '{"observations": {"2024-02-04": [1, 2]}}';
SELECT '{"observations": {"2024-02-03": [1]}}'::vegetation + NULL;
SELECT '{"observations": {}, "missing": 9223372036854775807}'::vegetation + '{"observations": {}, "missing": 1}';

-- What it holds.
SELECT o.* FROM (SELECT rollup(v) v FROM part) s, observations(v) o;
SELECT max_gap(v), max_gap(v, '2024-04-01', '2024-05-20'), max_gap(v, '2024-05-02', '2024-05-08'), max_gap(v, NULL, '2024-08-01'), max_gap(v, '2025-01-01'), max_gap(NULL) FROM (SELECT rollup(v) v FROM part) s;
SELECT max_gap('{"observations": {}}'), max_gap('{"observations": {}}', '2024-01-01', '2024-01-31');
SELECT max_gap('{"observations": {}}', '2024-02-01', '2024-01-31');
SELECT clip(v, '2024-05-02', '2024-05-09'), clip(v, NULL, '2024-04-30'), clip(v, NULL, NULL) = v FROM (SELECT rollup(v) v FROM part) s;

-- Spikes.
SELECT despike('{"observations": {"2024-05-01": [0.5, 1], "2024-05-09": [0.6, 2], "2024-05-17": [0.2, 3], "2024-05-25": [0.65, 4], "2024-06-02": [0.1, 5], "2024-06-10": [0.12, 6]}}');
SELECT despike('{"observations": {"2024-05-01": [0.5], "2024-05-02": [0.1], "2024-06-10": [0.5]}}') AS "too slow", despike('{"observations": {}}') AS nothing;
SELECT despike('{"observations": {}}', 0);
SELECT despike('{"observations": {}}', 0.1, 1);

-- The binary form: version, reserved; four counts; dates, bands, first day and steps; width and decimals, least value, values above it.
SELECT encode(vegetation_send(v), 'hex') FROM part ORDER BY 1;
