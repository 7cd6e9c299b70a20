-- Seasons of a vegetation series.

CREATE FUNCTION _phenology_check(options jsonb) RETURNS jsonb
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_phenology_check';
COMMENT ON FUNCTION _phenology_check(jsonb) IS
'The options of phenology as they are, or an error that says which is unknown or out of range. NULL gives NULL.';

CREATE FUNCTION phenology_options(
    lambda double precision DEFAULT NULL, min_amplitude double precision DEFAULT NULL,
    threshold double precision DEFAULT NULL, valley_share double precision DEFAULT NULL,
    band integer DEFAULT NULL, extra jsonb DEFAULT NULL) RETURNS jsonb
  LANGUAGE sql IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE
  SET extra_float_digits = 1 -- so that a number keeps its digits on the way into jsonb
BEGIN ATOMIC
  SELECT agririsk._phenology_check(jsonb_strip_nulls(jsonb_build_object(
    'lambda', lambda, 'min_amplitude', min_amplitude, 'threshold', threshold,
    'valley_share', valley_share, 'band', band))
    || coalesce(extra, '{}'));
END;
COMMENT ON FUNCTION phenology_options(double precision, double precision, double precision, double precision, integer, jsonb) IS
'The options of phenology; NULL is the default. lambda (10): of the smooth curve, see smooth. min_amplitude (0.1): a season of less is none, in units of the band. threshold (0.2): the share of the rise at which a season starts, and of the fall at which it ends. valley_share (0.25): a valley that is less deep below the lower of its two peaks than this share of the range of the curve does not divide two seasons. band (1): the number of the band. extra: further options as JSON; an unknown option is an error.';

CREATE FUNCTION phenology(v vegetation, options jsonb DEFAULT NULL,
    OUT season integer, OUT start_on date, OUT peak_on date, OUT end_on date, OUT length double precision,
    OUT middle_on date, OUT peak_value double precision, OUT base double precision, OUT amplitude double precision,
    OUT left_derivative double precision, OUT right_derivative double precision,
    OUT large_integral double precision, OUT small_integral double precision,
    OUT left_low_on date, OUT right_low_on date, OUT truncated boolean, OUT max_gap integer) RETURNS SETOF record
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 200 ROWS 2
  AS 'MODULE_PATHNAME', 'agririsk_phenology';
COMMENT ON FUNCTION phenology(vegetation, jsonb) IS
'The growing seasons of a series, from its smooth daily curve between the first and the last observation; nothing is extrapolated. options are made by phenology_options. A season reaches from the lowest day on the left of its peak (left_low_on) to the lowest day on its right. start_on and end_on: the days within which the curve passes the threshold of the rise, and of the fall; length is the time between the two, in days. middle_on lies in the middle between the days at which the curve passes the upper level, 1 less the threshold. base is the mean of the curve at the lowest days, amplitude the peak less the base. left_derivative and right_derivative: slopes of the rise and of the fall between the two levels, a day, both positive; NULL where the peak is the first or the last day. large_integral: of the curve from start to end, in units of the band times days; small_integral: of what lies above the base. truncated: the start or the end of the season was not seen. max_gap: the longest time without an observation between the lowest days, in days. No row for a series without seasonality, such as an evergreen orchard, for fewer than three observations, and for NULL. Source: Jonsson and Eklundh 2004, TIMESAT: a program for analyzing time-series of satellite sensor data.';
