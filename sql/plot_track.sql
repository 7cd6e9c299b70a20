-- plot_track_agg on walks whose answer is plain.
SET search_path = agririsk, public;
SET timezone = 'UTC';
SET intervalstyle = 'postgres';

-- A square of 100 m in UTM, a corner a minute and a half: 100 m / 90 s = 4.0 km/h.
-- The last fix is 5 m up the west side: closure 5, and nothing off 100 x 100 m2.
-- From first to last it is 4 x 90 s.
CREATE TABLE square (n int, fix geometry, at timestamptz, accuracy_m float8);
INSERT INTO square
SELECT n, ST_SetSRID(ST_MakePoint(500000 + x, 4200000 + y), 32650), timestamptz '2024-05-01 08:00+00' + n * interval '90 s', 4
FROM (VALUES (0, 0, 0), (1, 100, 0), (2, 100, 100), (3, 0, 100), (4, 0, 5)) v(n, x, y);

SELECT ST_AsText(plot), ST_SRID(plot), area_m2, closure_m, mean_accuracy_m, max_speed_kmh, duration, quality, reasons
FROM (SELECT (plot_track_agg(fix, at, accuracy_m)).* FROM square) t;

-- The standard error. Each corner lies far off the line between its neighbours, so that
-- the errors of the fixes, 0.66 x 4 m on an axis, count as independent. Each moves
-- the area by half the way between its neighbours: from (0 5) to (100 0), (0 0) to
-- (100 100), (100 0) to (0 100), (100 100) to (0 5), (0 100) to (0 0). Beside that, the
-- 5 m from the last to the first may hide a right corner of 5^2 / 4 m2.
SELECT abs(area_se_m2 - sqrt((0.66 * 4) ^ 2 * (100^2 + 5^2 + 4 * 100^2 + 100^2 + 95^2 + 100^2) / 4 + (5^2 / 4.0) ^ 2)) < 1e-9 AS as_computed_by_hand
FROM (SELECT (plot_track_agg(fix, at, accuracy_m)).* FROM square) t;

-- left out, and said so: too inaccurate, without a place, without a time, no place at all
SELECT area_m2, quality, reasons
FROM (SELECT (plot_track_agg(fix, at, accuracy_m)).*
      FROM (SELECT fix, at, accuracy_m FROM square
            UNION ALL VALUES ('SRID=32650;POINT(500050 4200400)'::geometry, timestamptz '2024-05-01 08:02+00', 300::float8),
              (NULL, '2024-05-01 08:02+00', 3), ('SRID=32650;POINT(500050 4200400)', NULL, 3),
              ('SRID=32650;POINT EMPTY', '2024-05-01 08:02+00', 3)) f) t;

-- Accuracies unknown: their mean too. 5 m are assumed of each, so that the error is 5 / 4 of
-- the one above, 4.6 %, more than half of what is accepted.
SELECT mean_accuracy_m, quality, reasons FROM (SELECT (plot_track_agg(fix, at, NULL)).* FROM square) t;

-- zero is known
SELECT mean_accuracy_m, quality FROM (SELECT (plot_track_agg(fix, at, 0, plot_track_options(max_accuracy_m => 0))).* FROM square) t;

-- nothing known is not nothing
SELECT plot_track_agg(fix, at, accuracy_m) IS NULL AS no_rows FROM square WHERE false;
SELECT (plot_track_agg(NULL, at, accuracy_m)).* FROM square;
SELECT (plot_track_agg(fix, at, accuracy_m)).* FROM square WHERE n = 0;

-- refusals
-- 100 m in 30 s are 12 km/h; at least 92 m, as two fixes are off by 4 m each, are 11.04; 4 x 30 s
SELECT (plot_track_agg(fix, timestamptz '2024-05-01 08:00+00' + n * interval '30 s', accuracy_m)).* FROM square;
-- in 34 s 10.6 km/h, but perhaps no more than 9.7
SELECT max_speed_kmh > 10.5 AS fast, quality FROM (SELECT (plot_track_agg(fix, timestamptz '2024-05-01 08:00+00' + n * interval '34 s', accuracy_m)).* FROM square) t;
-- from the north-west corner back it is a side; 3 x 90 s
SELECT (plot_track_agg(fix, at, accuracy_m)).* FROM square WHERE n < 4;
-- a twentieth of it: a square of 5 m, 5 / 20 m from start to end, 4 / 20 km/h
SELECT (plot_track_agg(ST_SetSRID(ST_MakePoint((ST_X(fix) - 500000) / 20, (ST_Y(fix) - 4200000) / 20), 0), at, accuracy_m)).* FROM square;
-- A bow tie: (0 0), (100 100), (100 0), (0 100), (0 5). Its diagonals meet at (50 50);
-- left and right of it are triangles of 100 x 50 / 2 m2. A diagonal in 90 s is
-- the root of 2 times 4 km/h.
SELECT (plot_track_agg(fix, timestamptz '2024-05-01 08:00+00' + array_position(ARRAY[0, 2, 1, 3, 4], n) * interval '90 s', accuracy_m)).* FROM square;
-- twice round is two plots on one another, and the same ground: 10000 m2 each
SELECT quality, reasons FROM (SELECT (plot_track_agg(fix, at + round * interval '1 h', accuracy_m)).* FROM square, (VALUES (0), (1)) r(round)) t;

-- What is worse than its limit, not what is at it: 4 m, 4 km/h, 5 m, 10000 m2, 5 fixes.
SELECT quality, reasons FROM (SELECT (plot_track_agg(fix, at, accuracy_m,
  plot_track_options(max_accuracy_m => 4, max_speed_kmh => 4, max_closure_m => 5, min_area_m2 => 10000, min_fixes => 5))).* FROM square) t;
SELECT quality, reasons FROM (SELECT (plot_track_agg(fix, at, accuracy_m, plot_track_options(max_accuracy_m => 3.9))).* FROM square) t;

-- In degrees. At the equator one is 111319.491 m of longitude (6378137 m x pi / 180)
-- and 110574.276 m of latitude (that times 1 - e2 = 0.99330562), so that 0.001 x 0.001
-- of them are 12309.07 m2, and 0.0004 of latitude are 44.2297 m: in 90 s 4.45... km/h are
-- the longer side, 111.32 m x 3.6 / 90 s. There, and across the antimeridian, told
-- in either way: the plot lies on the side where most of its fixes are.
CREATE TABLE equator (n int, x float8, y float8);
INSERT INTO equator VALUES (0, 0, 0), (1, 0.001, 0), (2, 0.001, 0.001), (3, 0, 0.001), (4, 0, 0.0004);
SELECT x0, ST_AsText(plot, 9) AS plot, ST_SRID(plot), round(area_m2::numeric, 2) AS area_m2, round(closure_m::numeric, 4) AS closure_m, round(max_speed_kmh::numeric, 4) AS max_speed_kmh, quality
FROM (VALUES (0, 1, 180), (179.9996, 1, 180), (-179.9996, -1, 180), (179.9996, 1, 360), (-179.9996, -1, 360), (270, 1, 360), (-200, 1, 360)) v(x0, way, most),
  LATERAL (SELECT (plot_track_agg(ST_SetSRID(ST_MakePoint(x0 + way * x - CASE WHEN x0 + way * x > most THEN 360 WHEN x0 + way * x < -most THEN -360 ELSE 0 END, y), 4326),
    timestamptz '2024-05-01 08:00+00' + n * interval '90 s', NULL, plot_track_options(max_closure_m => 45))).* FROM equator) t;
-- A fix at (0 0), as of a receiver that has none, is a spike: at 60 degrees north
-- a degree of longitude is 55800 m, so 0.001 in 90 s 2.232 km/h, and one of latitude
-- 111412 m: 0.001 in 90 s are 4.456 km/h. Between 0 and 60 degrees they are others.
SELECT round(max_speed_kmh::numeric, 3) AS max_speed_kmh, reasons
FROM (SELECT (plot_track_agg(CASE WHEN n = 9 THEN 'SRID=4326;POINT(0 0)'::geometry ELSE ST_SetSRID(ST_MakePoint(103 + x, 60 + y), 4326) END,
    timestamptz '2024-05-01 08:00+00' + CASE WHEN n = 9 THEN interval '135 s' ELSE n * interval '90 s' END, 4, plot_track_options(max_closure_m => 45, max_error_share => 0.2))).*
  FROM (TABLE equator UNION ALL VALUES (9, 0, 0)) e) t;

-- zeros of either sign, and what is as good as zero, are one place: 2 x 2 - 1 x 1 m2
SELECT ST_AsText(plot), area_m2 FROM (SELECT (plot_track_agg(ST_MakePoint(x, y), timestamptz '2024-05-01 08:00+00' + n * interval '9 s', 4, plot_track_options(spur_width_m => 0, min_area_m2 => 3, max_error_share => 100))).*
  FROM (VALUES (0, '-0'::float8, 0), (1, 2, '-0'::float8), (2, 2, 1), (3, 1, 1), (4, 1, 2), (5, '-1e-200'::float8, 2), (6, 0, 1e-200)) v(n, x, y)) t;

-- options
SELECT plot_track_options();
SELECT plot_track_options(max_speed_kmh => 6, min_fixes => 5, extra => '{"min_area_m2": 10}');
SELECT quality, reasons FROM (SELECT (plot_track_agg(fix, at, accuracy_m,
  plot_track_options(max_speed_kmh => 3.6, max_closure_m => 4, min_area_m2 => 20000))).* FROM square) t;
SELECT quality, reasons FROM (SELECT (plot_track_agg(fix, at, accuracy_m, plot_track_options(max_accuracy_m => 4, max_closure_m => 5))).* FROM square) t;
SELECT quality, reasons FROM (SELECT (plot_track_agg(fix, at, accuracy_m, plot_track_options(min_fixes => 6))).* FROM square) t;
SELECT quality, reasons FROM (SELECT (plot_track_agg(fix, at, accuracy_m, plot_track_options(extra => '{"min_fixes": 6.5}'))).* FROM square) t;
SELECT quality FROM (SELECT (plot_track_agg(fix, at, accuracy_m, NULL)).* FROM square) t;
SELECT quality FROM (SELECT (plot_track_agg(fix, at, accuracy_m, '{"min_fixes": null, "max_speed_kmh": null}')).* FROM square) t;
SELECT plot_track_options(extra => '{"max_sped_kmh": 3}');
SELECT plot_track_options(extra => '{"max_speed": 3}');
SELECT plot_track_options(max_speed_kmh => -1);
SELECT plot_track_options(max_closure_m => 'NaN');
SELECT plot_track_options(min_fixes => 2);
SELECT plot_track_options(max_speed_kmh => 0.05);
SELECT plot_track_options(max_accuracy_m => -0.1);
SELECT plot_track_options(min_area_m2 => -0.1);
SELECT plot_track_options(spur_width_m => -0.1);
SELECT plot_track_options(max_error_share => -0.1);
SELECT plot_track_options(min_width_m => -0.1);
SELECT plot_track_options(extra => '{"max_closure_m": 1e400}');
SELECT plot_track_options(max_accuracy_m => 0, max_closure_m => 0, min_area_m2 => 0, spur_width_m => 0, max_error_share => 0, min_width_m => 0, max_speed_kmh => 0.1, min_fixes => 3);
SELECT quality FROM (SELECT (plot_track_agg(fix, at, accuracy_m, plot_track_options(max_error_share => 0.0373))).* FROM square) t;
SELECT quality, reasons FROM (SELECT (plot_track_agg(fix, at, accuracy_m, plot_track_options(max_error_share => 0.0371))).* FROM square) t;
SELECT plot_track_options(extra => '{"min_fixes": "five"}');
SELECT plot_track_agg(fix, at, accuracy_m, '[]') FROM square;
SELECT plot_track_agg(fix, at, accuracy_m, '{"speed": 3}') FROM square;
SELECT plot_track_agg(fix, at, accuracy_m, plot_track_options(min_fixes => 3 + n) ORDER BY n) FROM square;

SELECT plot_track_agg(fix, at, accuracy_m, CASE n WHEN 0 THEN NULL ELSE plot_track_options() END ORDER BY n) FROM square;
SELECT plot_track_agg(fix, at, accuracy_m, CASE n WHEN 1 THEN NULL ELSE plot_track_options() END ORDER BY n) FROM square;

-- Times and accuracies as people have them.
SELECT bool_and(t::text = s::text) AS the_same
FROM (SELECT plot_track_agg(fix, at, accuracy_m) AS t FROM square) t,
  (SELECT plot_track_agg(fix, at AT TIME ZONE 'UTC', accuracy_m) FROM square
   UNION ALL SELECT plot_track_agg(fix, at, accuracy_m::int) FROM square
   UNION ALL SELECT plot_track_agg(fix, at, accuracy_m::numeric) FROM square
   UNION ALL SELECT plot_track_agg(fix, at, accuracy_m::real) FROM square
   UNION ALL SELECT plot_track_agg(fix, at AT TIME ZONE 'UTC', accuracy_m::int, plot_track_options()) FROM square) v(s);
-- the clock of a phone is not put forward in the middle of a walk: 4.0 km/h
SET timezone = 'Europe/Paris';
SELECT max_speed_kmh FROM (SELECT (plot_track_agg(fix, timestamp '2024-03-31 01:57' + n * interval '90 s', accuracy_m)).* FROM square) t;
SET timezone = 'UTC';
SELECT plot_track_agg(fix, (extract(epoch FROM at) * 1000)::bigint, accuracy_m) FROM square;
SELECT plot_track_agg(fix, at::text, accuracy_m, plot_track_options()) FROM square;

-- Two plots of 100 x 100 m and a way of 4 x 50 m between them.
CREATE FUNCTION two_plots(options jsonb) RETURNS SETOF plot_track LANGUAGE sql BEGIN ATOMIC
  SELECT (plot_track_agg(ST_SetSRID(ST_MakePoint(500000 + x, 4200000 + y), 32650), timestamptz '2024-05-01 08:00+00' + n * interval '90 s', 3, options)).*
  FROM (VALUES (0, 0, 0), (1, 100, 0), (2, 100, 48), (3, 150, 48), (4, 150, 0), (5, 250, 0), (6, 250, 100), (7, 150, 100), (8, 150, 52), (9, 100, 52), (10, 100, 100), (11, 0, 100), (12, 0, 5)) v(n, x, y);
END;
SELECT area_m2, quality, reasons FROM two_plots(NULL);
SELECT area_m2, quality FROM two_plots(plot_track_options(min_width_m => 0));
DROP FUNCTION two_plots(jsonb);

-- nonsense
SELECT plot_track_agg(fix, at, -1) FROM square;
SELECT plot_track_agg(fix, at, 'NaN') FROM square;
SELECT plot_track_agg(NULL, at, 'Infinity') FROM square;
SELECT plot_track_agg(fix, timestamptz 'infinity', 3) FROM square;
SELECT plot_track_agg(fix, timestamptz '-infinity', 3) FROM square;
SELECT plot_track_agg(fix, CASE n WHEN 0 THEN timestamptz '4713-01-02 00:00+00 BC' ELSE '294270-01-01 00:00+00' END, 3) FROM square;
SELECT plot_track_agg(ST_MakePoint('Infinity', 3), at, 3) FROM square;
SELECT plot_track_agg(ST_MakePoint('NaN', 3), at, 3) FROM square;
SELECT plot_track_agg(ST_MakePoint(3, 'NaN'), at, 3) FROM square;
SELECT plot_track_agg(ST_MakePoint(3, 1e200), at, 300) FROM square;
SELECT plot_track_agg('SRID=4326;POINT(36 103)', at, 3) FROM square;
SELECT plot_track_agg('SRID=4326;POINT(360.1 36)', at, 3) FROM square;
SELECT plot_track_agg(ST_SetSRID(fix, 32650 + n), at, 3 ORDER BY n) FROM square;
SELECT plot_track_agg(ST_MakeLine(fix, fix), at, 3) FROM square;
SELECT plot_track_agg(ST_SetSRID(fix, 32650 + n), at, 300 ORDER BY n) FROM square;
-- 100000 fixes are not too many, nor are 10 inaccurate ones beside them. Of 90 n + i
-- seconds there are 20360, n = 0 .. 4; at each the most western, most southern fix stays:
-- the first 20000 times the first, then the fifth, 5 m north of it, which is a leap in one
-- second, so that these 360 are spikes: no ring.
SELECT reasons FROM (SELECT (plot_track_agg(fix, at + i * interval '1 s', CASE WHEN i > 20000 THEN 300 ELSE 3 END)).* FROM square, generate_series(1, 20002) i) t;
SELECT plot_track_agg(fix, at + i * interval '1 s', 3) FROM square, generate_series(1, 20001) i;

DROP TABLE square, equator;
