-- A plot walked round with a phone.

CREATE TYPE plot_track AS (
  plot geometry, area_m2 double precision, closure_m double precision,
  mean_accuracy_m double precision, max_speed_kmh double precision, duration interval,
  quality text, reasons text[]
);
COMMENT ON TYPE plot_track IS
'A walk round a plot and what it is worth. plot and area_m2 (square metres; on the spheroid if the fixes are in degrees) are NULL when refused. closure_m: metres from start to end. mean_accuracy_m: of the fixes used that say theirs. max_speed_kmh: the most from a fix to the first one at least 10 seconds later. quality: good, usable or refused. reasons: a code, a colon and the figures, refusals first. What is not known is NULL.';

CREATE FUNCTION _plot_track_check(options jsonb) RETURNS jsonb
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_plot_track_check';
COMMENT ON FUNCTION _plot_track_check(jsonb) IS
'The options of plot_track_agg as they are, or an error that says which is unknown or out of range. NULL gives NULL.';

CREATE FUNCTION plot_track_options(
    max_accuracy_m double precision DEFAULT NULL, max_speed_kmh double precision DEFAULT NULL,
    max_closure_m double precision DEFAULT NULL, min_area_m2 double precision DEFAULT NULL,
    min_fixes integer DEFAULT NULL, spur_width_m double precision DEFAULT NULL,
    extra jsonb DEFAULT NULL) RETURNS jsonb
  LANGUAGE sql IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE
  SET extra_float_digits = 1 -- so that a number keeps its digits on the way into jsonb
BEGIN ATOMIC
  SELECT agririsk._plot_track_check(jsonb_strip_nulls(jsonb_build_object(
    'max_accuracy_m', max_accuracy_m, 'max_speed_kmh', max_speed_kmh, 'max_closure_m', max_closure_m,
    'min_area_m2', min_area_m2, 'min_fixes', min_fixes, 'spur_width_m', spur_width_m))
    || coalesce(extra, '{}'));
END;
COMMENT ON FUNCTION plot_track_options(double precision, double precision, double precision, double precision, integer, double precision, jsonb) IS
'Options for plot_track_agg; NULL is the default. max_accuracy_m (20): fixes worse than that are left out. max_speed_kmh (10): faster is driven. max_closure_m (15): the most between start and end. min_area_m2 (50). min_fixes (4). spur_width_m (2): how near a way back is to the way there to count as the same way, metres. extra: further options as JSON; an unknown one is an error.';

CREATE FUNCTION _plot_track_add(internal, geometry, timestamptz, double precision) RETURNS internal
  LANGUAGE c STABLE CALLED ON NULL INPUT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_plot_track_add';
COMMENT ON FUNCTION _plot_track_add(internal, geometry, timestamptz, double precision) IS
'Transition function of plot_track_agg.';

CREATE FUNCTION _plot_track_add(internal, geometry, timestamptz, double precision, jsonb) RETURNS internal
  LANGUAGE c STABLE CALLED ON NULL INPUT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_plot_track_add';
COMMENT ON FUNCTION _plot_track_add(internal, geometry, timestamptz, double precision, jsonb) IS
'Transition function of plot_track_agg with options.';

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
'The plot walked round with a phone, from fixes (points in degrees or in metres), their times and accuracies (metres; NULL is unknown), in any order, with the default options of plot_track_options. Rows with a NULL fix or time are left out and counted in reasons; NULL if there is no row at all. See type plot_track.';

CREATE AGGREGATE plot_track_agg(fix geometry, at timestamptz, accuracy_m double precision, options jsonb) (
  SFUNC = _plot_track_add, STYPE = internal, SSPACE = 32768,
  FINALFUNC = _plot_track_final, PARALLEL = SAFE
);
COMMENT ON AGGREGATE plot_track_agg(geometry, timestamptz, double precision, jsonb) IS
'The plot walked round with a phone, from fixes (points in degrees or in metres), their times and accuracies (metres; NULL is unknown), in any order. options are made by plot_track_options and the same in every row of a track; NULL is the defaults. Rows with a NULL fix or time are left out and counted in reasons; NULL if there is no row at all. See type plot_track.';
