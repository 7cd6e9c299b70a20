-- Type crop_library: patterns of crops, learnt from labelled series.

@include type TYPE=crop_library COST=100 CATEGORY=U PREFERRED=false
COMMENT ON TYPE crop_library IS
'Crops as satellites see them: patterns of each crop, or a kernel machine over labelled series; calibrated probabilities; and the distance over which a series is unlike a crop. Made by crop_library_agg, merged by rollup and +, asked by crops and patterns, used by classify_crop.';
COMMENT ON FUNCTION crop_library_in(cstring) IS
'Reads the text form of a crop library: the hexadecimal digits of its binary form.';
COMMENT ON FUNCTION crop_library_out(crop_library) IS
'Writes the text form of a crop library: the hexadecimal digits of its binary form, exact and independent of every setting.';

CREATE FUNCTION _library_check(options jsonb) RETURNS jsonb
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_library_check';
COMMENT ON FUNCTION _library_check(jsonb) IS
'The options of crop_library_agg as they are, or an error that says which is unknown or out of range. NULL gives NULL.';

CREATE FUNCTION library_options(
    patterns_per_crop integer DEFAULT NULL, method text DEFAULT NULL,
    min_observations integer DEFAULT NULL, max_gap integer DEFAULT NULL,
    min_margin double precision DEFAULT NULL, reject double precision DEFAULT NULL,
    step_days integer DEFAULT NULL, alpha double precision DEFAULT NULL, beta double precision DEFAULT NULL,
    extra jsonb DEFAULT NULL) RETURNS jsonb
  LANGUAGE sql IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE
  SET extra_float_digits = 1 -- so that a number keeps its digits on the way into jsonb
BEGIN ATOMIC
  SELECT agririsk._library_check(jsonb_strip_nulls(jsonb_build_object(
    'patterns_per_crop', patterns_per_crop, 'method', method, 'min_observations', min_observations,
    'max_gap', max_gap, 'min_margin', min_margin, 'reject', reject, 'step_days', step_days,
    'alpha', alpha, 'beta', beta))
    || coalesce(extra, '{}'));
END;
COMMENT ON FUNCTION library_options(integer, text, integer, integer, double precision, double precision, integer, double precision, double precision, jsonb) IS
'The options of crop_library_agg; NULL is the default. method: twdtw (the default) compares with patterns by time-weighted dynamic time warping; kernel is a Laplacian kernel machine, better where labels are plenty; patterns takes each given series as a pattern, without probabilities. patterns_per_crop (8): the most patterns that are learnt of a crop. min_observations (5) and max_gap (64 days): a series with fewer dates, or a longer gap, is not classified. min_margin (0.05): nor is one whose two most probable crops are closer. reject (0.99): a series is unlike a crop if it is farther from it than this share of the crop''s own labelled series are. step_days (16): the grid of patterns. alpha (-0.1) and beta (50 days): as in twdtw_options. extra: further options as JSON; an unknown option is an error.';

CREATE FUNCTION _crop_library_add(internal, text, vegetation) RETURNS internal
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_crop_library_add';
COMMENT ON FUNCTION _crop_library_add(internal, text, vegetation) IS
'Transition of crop_library_agg.';

CREATE FUNCTION _crop_library_add(internal, text, vegetation, jsonb) RETURNS internal
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_crop_library_add';
COMMENT ON FUNCTION _crop_library_add(internal, text, vegetation, jsonb) IS
'Transition of crop_library_agg with options.';

CREATE FUNCTION _crop_library_final(internal) RETURNS crop_library
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 1000000
  AS 'MODULE_PATHNAME', 'agririsk_crop_library_final';
COMMENT ON FUNCTION _crop_library_final(internal) IS
'Result of crop_library_agg; NULL if no row counted.';

-- No combine function: the state grows with its rows. The scan below may still be parallel.

CREATE AGGREGATE crop_library_agg(label text, v vegetation) (
  SFUNC = _crop_library_add, STYPE = internal, SSPACE = 1000000,
  FINALFUNC = _crop_library_final, FINALFUNC_MODIFY = SHAREABLE, PARALLEL = SAFE
);
COMMENT ON AGGREGATE crop_library_agg(text, vegetation) IS
'Learns a library of crops from series of one season each, whose crop is known. A row with a NULL label or series, or a series of fewer than two dates, is left out, and a NOTICE says how many were; NULL if no row is left. The same rows give the same library in any order. Rows have to fit maintenance_work_mem.';

CREATE AGGREGATE crop_library_agg(label text, v vegetation, options jsonb) (
  SFUNC = _crop_library_add, STYPE = internal, SSPACE = 1000000,
  FINALFUNC = _crop_library_final, FINALFUNC_MODIFY = SHAREABLE, PARALLEL = SAFE
);
COMMENT ON AGGREGATE crop_library_agg(text, vegetation, jsonb) IS
'Learns a library of crops from labelled series, with options made by library_options, which are the same for all rows.';

@include merge TYPE=crop_library ARGUMENT=library COST=1000 SSPACE=100000
COMMENT ON FUNCTION crop_library_merge(crop_library, crop_library) IS
'The patterns of both libraries: a crop is as near as its nearest pattern. Libraries of different options or bands, or of method kernel, are an error.';
COMMENT ON AGGREGATE rollup(crop_library) IS
'The patterns of all libraries, such as those of several regions: the same value whatever their order. NULL values are ignored; NULL if none is left.';

CREATE FUNCTION crops(library crop_library, OUT source integer, OUT crop text, OUT samples bigint, OUT patterns integer,
    OUT reject_distance double precision) RETURNS SETOF record
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 1000 ROWS 10
  AS 'MODULE_PATHNAME', 'agririsk_crop_library_crops';
COMMENT ON FUNCTION crops(crop_library) IS
'The crops of a library, for each source that was merged into it: labelled series, patterns, and the distance over which a series of a whole season is unlike the crop; NULL where there is no such bound.';

CREATE FUNCTION patterns(library crop_library, OUT source integer, OUT crop text, OUT pattern integer,
    OUT series vegetation, OUT samples bigint) RETURNS SETOF record
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 1000 ROWS 100
  AS 'MODULE_PATHNAME', 'agririsk_crop_library_patterns';
COMMENT ON FUNCTION patterns(crop_library) IS
'The patterns of a library: the mean series of samples labelled series, on dates from the year 2000 on, of which only the days of the year count. No rows for method kernel.';
