-- plot_track_agg on walks whose answer is plain.
SET search_path = agririsk, public;
SET timezone = 'UTC';
SET intervalstyle = 'postgres';

-- A square of 100 m in UTM, a corner a minute and a half: 4.0 km/h.
CREATE TABLE square (n int, fix geometry, at timestamptz, accuracy_m float8);
INSERT INTO square
SELECT n, ST_SetSRID(ST_MakePoint(500000 + x, 4200000 + y), 32650), timestamptz '2024-05-01 08:00+00' + n * interval '90 s', 4
FROM (VALUES (0, 0, 0), (1, 100, 0), (2, 100, 100), (3, 0, 100), (4, 0, 5)) v(n, x, y);

SELECT ST_AsText(plot), ST_SRID(plot), area_m2, closure_m, mean_accuracy_m, max_speed_kmh, duration, quality, reasons
FROM (SELECT (plot_track_agg(fix, at, accuracy_m)).* FROM square) t;

-- left out, and said so: too inaccurate, without a place, without a time, no place at all
SELECT area_m2, quality, reasons
FROM (SELECT (plot_track_agg(fix, at, accuracy_m)).*
      FROM (SELECT fix, at, accuracy_m FROM square
            UNION ALL VALUES ('SRID=32650;POINT(500050 4200400)'::geometry, timestamptz '2024-05-01 08:02+00', 300::float8),
              (NULL, '2024-05-01 08:02+00', 3), ('SRID=32650;POINT(500050 4200400)', NULL, 3),
              ('SRID=32650;POINT EMPTY', '2024-05-01 08:02+00', 3)) f) t;

-- accuracies unknown: their mean too
SELECT mean_accuracy_m, quality FROM (SELECT (plot_track_agg(fix, at, NULL)).* FROM square) t;

-- nothing known is not nothing
SELECT plot_track_agg(fix, at, accuracy_m) IS NULL AS no_rows FROM square WHERE false;
SELECT (plot_track_agg(NULL, at, accuracy_m)).* FROM square;
SELECT (plot_track_agg(fix, at, accuracy_m)).* FROM square WHERE n = 0;

-- refusals
SELECT (plot_track_agg(fix, timestamptz '2024-05-01 08:00+00' + n * interval '34 s', accuracy_m)).* FROM square;
SELECT (plot_track_agg(fix, at, accuracy_m)).* FROM square WHERE n < 4;
SELECT (plot_track_agg(ST_SetSRID(ST_MakePoint((ST_X(fix) - 500000) / 20, (ST_Y(fix) - 4200000) / 20), 0), at, accuracy_m)).* FROM square;
SELECT (plot_track_agg(fix, timestamptz '2024-05-01 08:00+00' + array_position(ARRAY[0, 2, 1, 3, 4], n) * interval '90 s', accuracy_m)).* FROM square;

-- options
SELECT plot_track_options();
SELECT plot_track_options(max_speed_kmh => 6, min_fixes => 5, extra => '{"min_area_m2": 10}');
SELECT quality, reasons FROM (SELECT (plot_track_agg(fix, at, accuracy_m,
  plot_track_options(max_speed_kmh => 3.9, max_closure_m => 4, min_area_m2 => 20000))).* FROM square) t;
SELECT quality, reasons FROM (SELECT (plot_track_agg(fix, at, accuracy_m, plot_track_options(max_accuracy_m => 4, max_closure_m => 5))).* FROM square) t;
SELECT quality, reasons FROM (SELECT (plot_track_agg(fix, at, accuracy_m, plot_track_options(min_fixes => 6))).* FROM square) t;
SELECT quality FROM (SELECT (plot_track_agg(fix, at, accuracy_m, NULL)).* FROM square) t;
SELECT plot_track_options(extra => '{"max_sped_kmh": 3}');
SELECT plot_track_options(max_speed_kmh => -1);
SELECT plot_track_options(max_closure_m => 'NaN');
SELECT plot_track_options(min_fixes => 2);
SELECT plot_track_options(extra => '{"min_fixes": "five"}');
SELECT plot_track_agg(fix, at, accuracy_m, '[]') FROM square;
SELECT plot_track_agg(fix, at, accuracy_m, '{"speed": 3}') FROM square;
SELECT plot_track_agg(fix, at, accuracy_m, plot_track_options(min_fixes => 3 + n) ORDER BY n) FROM square;

-- nonsense
SELECT plot_track_agg(fix, at, -1) FROM square;
SELECT plot_track_agg(fix, at, 'NaN') FROM square;
SELECT plot_track_agg(fix, 'infinity', 3) FROM square;
SELECT plot_track_agg(ST_MakePoint('Infinity', 3), at, 3) FROM square;
SELECT plot_track_agg('SRID=4326;POINT(36 103)', at, 3) FROM square;
SELECT plot_track_agg(ST_SetSRID(fix, 32650 + n), at, 3 ORDER BY n) FROM square;
SELECT plot_track_agg(ST_MakeLine(fix, fix), at, 3) FROM square;
SELECT plot_track_agg(fix, at + i * interval '1 s', 3) FROM square, generate_series(1, 20001) i;

DROP TABLE square;
