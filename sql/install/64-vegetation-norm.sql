-- Type vegetation_norm: how green the plots of a county and crop were, by date.

@include type TYPE=vegetation_norm COST=5 CATEGORY=U PREFERRED=false
COMMENT ON TYPE vegetation_norm IS
'How green the plots of a county and crop were: by date the median and other quantiles of their smooth curves. Made by vegetation_norm_agg, asked by quantiles and anomaly. Quantiles of two norms cannot be merged: aggregate the series of both.';
COMMENT ON FUNCTION vegetation_norm_in(cstring) IS
'Reads the text form of a vegetation norm.';
COMMENT ON FUNCTION vegetation_norm_out(vegetation_norm) IS
'Writes the text form of a vegetation norm: step_days, band, lambda and series, and the dates with the number of curves and nine quantiles, in the fewest digits that give the same real number; independent of every setting.';

CREATE FUNCTION _vegetation_norm_check(options jsonb) RETURNS jsonb
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_vegetation_norm_check';
COMMENT ON FUNCTION _vegetation_norm_check(jsonb) IS
'The options of vegetation_norm_agg as they are, or an error that says which is unknown or out of range. NULL gives NULL.';

CREATE FUNCTION vegetation_norm_options(
    lambda double precision DEFAULT NULL, step_days integer DEFAULT NULL, band integer DEFAULT NULL,
    extra jsonb DEFAULT NULL) RETURNS jsonb
  LANGUAGE sql IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE
  SET extra_float_digits = 1 -- so that a number keeps its digits on the way into jsonb
BEGIN ATOMIC
  SELECT agririsk._vegetation_norm_check(jsonb_strip_nulls(jsonb_build_object(
    'lambda', lambda, 'step_days', step_days, 'band', band))
    || coalesce(extra, '{}'));
END;
COMMENT ON FUNCTION vegetation_norm_options(double precision, integer, integer, jsonb) IS
'The options of vegetation_norm_agg; NULL is the default. lambda (10): of the smooth curves, see smooth. step_days (8): days between the dates of the norm, which are whole steps from 2000-01-01, so that all norms of one step have the same dates. band (1): the number of the band. extra: further options as JSON; an unknown option is an error.';

CREATE FUNCTION _vegetation_norm_add(internal, vegetation) RETURNS internal
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 100
  AS 'MODULE_PATHNAME', 'agririsk_vegetation_norm_add';
COMMENT ON FUNCTION _vegetation_norm_add(internal, vegetation) IS
'Transition of vegetation_norm_agg.';

CREATE FUNCTION _vegetation_norm_add(internal, vegetation, jsonb) RETURNS internal
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 100
  AS 'MODULE_PATHNAME', 'agririsk_vegetation_norm_add';
COMMENT ON FUNCTION _vegetation_norm_add(internal, vegetation, jsonb) IS
'Transition of vegetation_norm_agg, with options.';

CREATE FUNCTION _vegetation_norm_final(internal) RETURNS vegetation_norm
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 1000
  AS 'MODULE_PATHNAME', 'agririsk_vegetation_norm_final';
COMMENT ON FUNCTION _vegetation_norm_final(internal) IS
'Result of vegetation_norm_agg; NULL if there was no series.';

-- No combine function: the state grows with its rows, and may be in a file.

CREATE AGGREGATE vegetation_norm_agg(v vegetation) (
  SFUNC = _vegetation_norm_add, STYPE = internal, SSPACE = 65536,
  FINALFUNC = _vegetation_norm_final, FINALFUNC_MODIFY = SHAREABLE, PARALLEL = SAFE
);
COMMENT ON AGGREGATE vegetation_norm_agg(vegetation) IS
'The norm of a county and crop, or of any other group of plots: each series is smoothed (see smooth) and read on the dates of the norm between its first and its last observation; a date has the quantiles of type 7 of the curves that it is within. NULL series are ignored, and those without observations count for nothing; NULL if there is no series. The same bits for any order of rows. Values beyond work_mem go to a temporary file. Source of quantiles: Hyndman and Fan 1996.';

CREATE AGGREGATE vegetation_norm_agg(v vegetation, options jsonb) (
  SFUNC = _vegetation_norm_add, STYPE = internal, SSPACE = 65536,
  FINALFUNC = _vegetation_norm_final, FINALFUNC_MODIFY = SHAREABLE, PARALLEL = SAFE
);
COMMENT ON AGGREGATE vegetation_norm_agg(vegetation, jsonb) IS
'The same with options, made by vegetation_norm_options and the same in every row of a group; NULL is the defaults.';

CREATE FUNCTION quantiles(n vegetation_norm, OUT on_date date, OUT plots bigint, OUT lowest real, OUT p05 real, OUT p10 real, OUT p25 real,
    OUT median real, OUT p75 real, OUT p90 real, OUT p95 real, OUT highest real) RETURNS SETOF record
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 20 ROWS 46
  AS 'MODULE_PATHNAME', 'agririsk_vegetation_norm_quantiles';
COMMENT ON FUNCTION quantiles(vegetation_norm) IS
'The dates of a norm: the number of plots whose curves have this date, and quantiles of the curves.';

CREATE FUNCTION anomaly(v vegetation, n vegetation_norm, on_date date, OUT value double precision, OUT median double precision,
    OUT difference double precision, OUT share_below double precision, OUT plots bigint)
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 100
  AS 'MODULE_PATHNAME', 'agririsk_vegetation_anomaly';
COMMENT ON FUNCTION anomaly(vegetation, vegetation_norm, date) IS
'How green a plot is on a date against a norm. value: of its curve, smoothed as the norm says; NULL before the first and after the last observation. median: of the norm, on the line between its dates; NULL where the norm does not have both. difference: value less median. share_below: the share of the plots of the norm that are less green, from 0 to 1, read along straight lines between the quantiles. plots: the curves that the norm has on the date. The curve uses all observations of v: clip(v, NULL, as_of) leaves out those that were not yet known.';
