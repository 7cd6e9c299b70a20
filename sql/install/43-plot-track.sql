-- A plot walked round with a phone.

CREATE TYPE plot_track AS (
  plot geometry, area_m2 double precision, area_se_m2 double precision, closure_m double precision,
  mean_accuracy_m double precision, max_speed_kmh double precision, duration interval,
  quality text, reasons text[]
);
COMMENT ON TYPE plot_track IS
'A walk round a plot, and whether to believe it. plot and area_m2 (square metres; on the spheroid if the fixes are in degrees) are NULL when the walk is refused, and so is area_se_m2, the standard error of the area (square metres). closure_m: metres from the start of the round to its end. mean_accuracy_m: of the fixes that are used and say theirs. max_speed_kmh: the highest speed from a fix to the first one at least 10 seconds later. quality: good, usable or refused. reasons: a code, a colon, and the reason in words; refusals come first. What is not known is NULL.';

CREATE FUNCTION _plot_track_check(options jsonb) RETURNS jsonb
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_plot_track_check';
COMMENT ON FUNCTION _plot_track_check(jsonb) IS
'The options of plot_track_agg as they are, or an error that says which is unknown or out of range. NULL gives NULL.';

CREATE FUNCTION plot_track_options(
    max_accuracy_m double precision DEFAULT NULL, max_speed_kmh double precision DEFAULT NULL,
    max_closure_m double precision DEFAULT NULL, min_area_m2 double precision DEFAULT NULL,
    min_fixes integer DEFAULT NULL, spur_width_m double precision DEFAULT NULL,
    max_error_share double precision DEFAULT NULL, min_width_m double precision DEFAULT NULL,
    extra jsonb DEFAULT NULL) RETURNS jsonb
  LANGUAGE sql IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE
  SET extra_float_digits = 1 -- so that a number keeps its digits on the way into jsonb
BEGIN ATOMIC
  SELECT agririsk._plot_track_check(jsonb_strip_nulls(jsonb_build_object(
    'max_accuracy_m', max_accuracy_m, 'max_speed_kmh', max_speed_kmh, 'max_closure_m', max_closure_m,
    'min_area_m2', min_area_m2, 'min_fixes', min_fixes, 'spur_width_m', spur_width_m,
    'max_error_share', max_error_share, 'min_width_m', min_width_m))
    || coalesce(extra, '{}'));
END;
COMMENT ON FUNCTION plot_track_options(double precision, double precision, double precision, double precision, integer, double precision, double precision, double precision, jsonb) IS
'The options of plot_track_agg; NULL is the default. max_accuracy_m (20): fixes with a larger accuracy are left out. max_speed_kmh (10): what is faster is driven. max_closure_m (25): the largest distance between the start and the end. min_area_m2 (50). min_fixes (4). max_error_share (0.09): the largest standard error of the area, as a share of the area. min_width_m (8): a plot that is narrower than this between two parts is taken for two plots; 0 takes none for two. spur_width_m (2): a way back that is as near to the way there is not part of the plot; at least 1.5 times the mean accuracy is taken, 0 keeps every way. extra: further options as JSON; an unknown option is an error.';

CREATE FUNCTION _plot_track_add(internal, geometry, timestamptz, double precision) RETURNS internal
  LANGUAGE c STABLE CALLED ON NULL INPUT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_plot_track_add';
COMMENT ON FUNCTION _plot_track_add(internal, geometry, timestamptz, double precision) IS
'Transition function of plot_track_agg for timestamps with time zone.';

CREATE FUNCTION _plot_track_add(internal, geometry, timestamptz, double precision, jsonb) RETURNS internal
  LANGUAGE c STABLE CALLED ON NULL INPUT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_plot_track_add';
COMMENT ON FUNCTION _plot_track_add(internal, geometry, timestamptz, double precision, jsonb) IS
'Transition function of plot_track_agg for timestamps with time zone, with options.';

CREATE FUNCTION _plot_track_add(internal, geometry, timestamp, double precision) RETURNS internal
  LANGUAGE c STABLE CALLED ON NULL INPUT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_plot_track_add';
COMMENT ON FUNCTION _plot_track_add(internal, geometry, timestamp, double precision) IS
'Transition function of plot_track_agg for timestamps without time zone.';

CREATE FUNCTION _plot_track_add(internal, geometry, timestamp, double precision, jsonb) RETURNS internal
  LANGUAGE c STABLE CALLED ON NULL INPUT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_plot_track_add';
COMMENT ON FUNCTION _plot_track_add(internal, geometry, timestamp, double precision, jsonb) IS
'Transition function of plot_track_agg for timestamps without time zone, with options.';

CREATE FUNCTION _plot_track_no_time(internal, geometry, anyelement, double precision) RETURNS internal
  LANGUAGE c STABLE CALLED ON NULL INPUT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_plot_track_no_time';
COMMENT ON FUNCTION _plot_track_no_time(internal, geometry, anyelement, double precision) IS
'Says in an error how to make a timestamp of another type.';

CREATE FUNCTION _plot_track_no_time(internal, geometry, anyelement, double precision, jsonb) RETURNS internal
  LANGUAGE c STABLE CALLED ON NULL INPUT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_plot_track_no_time';
COMMENT ON FUNCTION _plot_track_no_time(internal, geometry, anyelement, double precision, jsonb) IS
'Says in an error how to make a timestamp of another type, with options.';

CREATE FUNCTION _plot_track_final(internal) RETURNS plot_track
  LANGUAGE c STABLE CALLED ON NULL INPUT PARALLEL SAFE COST 1000
  AS 'MODULE_PATHNAME', 'agririsk_plot_track_final';
COMMENT ON FUNCTION _plot_track_final(internal) IS
'Final function of plot_track_agg.';

-- No combine function: the state grows with its rows.

CREATE AGGREGATE plot_track_agg(fix geometry, at timestamptz, accuracy_m double precision) (
  SFUNC = _plot_track_add, STYPE = internal, SSPACE = 32768,
  FINALFUNC = _plot_track_final, PARALLEL = SAFE
);
COMMENT ON AGGREGATE plot_track_agg(geometry, timestamptz, double precision) IS
'The plot that somebody walked round with a phone. fix: points in degrees or in metres. at: when each was taken. accuracy_m: how far off it may be, in metres, as the radius that holds 68 % of the errors; NULL is unknown. Rows may come in any order. Rows with a NULL fix or time are left out and counted in reasons. NULL if there is no row at all. See type plot_track.';

CREATE AGGREGATE plot_track_agg(fix geometry, at timestamptz, accuracy_m double precision, options jsonb) (
  SFUNC = _plot_track_add, STYPE = internal, SSPACE = 32768,
  FINALFUNC = _plot_track_final, PARALLEL = SAFE
);
COMMENT ON AGGREGATE plot_track_agg(geometry, timestamptz, double precision, jsonb) IS
'As plot_track_agg(geometry, timestamptz, double precision), with options: plot_track_options makes them, they are the same in every row of a track, and NULL is the defaults.';

CREATE AGGREGATE plot_track_agg(fix geometry, at timestamp, accuracy_m double precision) (
  SFUNC = _plot_track_add, STYPE = internal, SSPACE = 32768,
  FINALFUNC = _plot_track_final, PARALLEL = SAFE
);
COMMENT ON AGGREGATE plot_track_agg(geometry, timestamp, double precision) IS
'As with timestamptz. The times are those of one clock, which is not put forward or back during the walk.';

CREATE AGGREGATE plot_track_agg(fix geometry, at timestamp, accuracy_m double precision, options jsonb) (
  SFUNC = _plot_track_add, STYPE = internal, SSPACE = 32768,
  FINALFUNC = _plot_track_final, PARALLEL = SAFE
);
COMMENT ON AGGREGATE plot_track_agg(geometry, timestamp, double precision, jsonb) IS
'As plot_track_agg(geometry, timestamp, double precision), with options: plot_track_options makes them, they are the same in every row of a track, and NULL is the defaults.';

CREATE AGGREGATE plot_track_agg(fix geometry, at anyelement, accuracy_m double precision) (
  SFUNC = _plot_track_no_time, STYPE = internal, SSPACE = 32768,
  FINALFUNC = _plot_track_final, PARALLEL = SAFE
);
COMMENT ON AGGREGATE plot_track_agg(geometry, anyelement, double precision) IS
'An error that says how to make a timestamp of a time of another type.';

CREATE AGGREGATE plot_track_agg(fix geometry, at anyelement, accuracy_m double precision, options jsonb) (
  SFUNC = _plot_track_no_time, STYPE = internal, SSPACE = 32768,
  FINALFUNC = _plot_track_final, PARALLEL = SAFE
);
COMMENT ON AGGREGATE plot_track_agg(geometry, anyelement, double precision, jsonb) IS
'An error that says how to make a timestamp of a time of another type, with options.';
