-- Time-weighted dynamic time warping: how far a series is from a pattern.

CREATE FUNCTION _twdtw_check(options jsonb) RETURNS jsonb
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_twdtw_check';
COMMENT ON FUNCTION _twdtw_check(jsonb) IS
'The options of twdtw as they are, or an error that says which is unknown or out of range. NULL gives NULL.';

CREATE FUNCTION twdtw_options(
    alpha double precision DEFAULT NULL, beta double precision DEFAULT NULL,
    step text DEFAULT NULL, alignment text DEFAULT NULL, extra jsonb DEFAULT NULL) RETURNS jsonb
  LANGUAGE sql IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE
  SET extra_float_digits = 1 -- so that a number keeps its digits on the way into jsonb
BEGIN ATOMIC
  SELECT agririsk._twdtw_check(jsonb_strip_nulls(jsonb_build_object(
    'alpha', alpha, 'beta', beta, 'step', step, 'alignment', alignment))
    || coalesce(extra, '{}'));
END;
COMMENT ON FUNCTION twdtw_options(double precision, double precision, text, text, jsonb) IS
'The options of twdtw and twdtw_match; NULL is the default. alpha (-0.1) and beta (50 days): the weight of g days between two days of the year is 1 / (1 + exp(alpha (g - beta))); alpha 0 means no weight, which is plain dynamic time warping. step (symmetric1): each step of the path counts its cost once; symmetric2: a diagonal step counts it twice. alignment (open): the pattern is found where it costs least in the series; closed: the whole series is matched. extra: further options as JSON; an unknown option is an error.';

CREATE FUNCTION twdtw(v vegetation, pattern vegetation, options jsonb DEFAULT NULL) RETURNS double precision
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 1000
  AS 'MODULE_PATHNAME', 'agririsk_twdtw';
COMMENT ON FUNCTION twdtw(vegetation, vegetation, jsonb) IS
'The time-weighted dynamic time warping distance of a series to a pattern: the least sum, over a path that matches their dates in order, of the Euclidean distance of the bands plus a weight of the days between the two days of the year (Maus et al. 2016). 0 or more, in units of the bands. Options are made by twdtw_options. NULL if the series or the pattern is NULL or has no dates; different numbers of bands are an error.';

CREATE FUNCTION twdtw_match(v vegetation, pattern vegetation, options jsonb DEFAULT NULL,
    OUT distance double precision, OUT start_on date, OUT end_on date)
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 1000
  AS 'MODULE_PATHNAME', 'agririsk_twdtw_match';
COMMENT ON FUNCTION twdtw_match(vegetation, vegetation, jsonb) IS
'The distance of twdtw, with the first and the last date of the series that the pattern is matched with; the earliest of matches that end with the same distance. NULL if the series or the pattern is NULL or has no dates.';
