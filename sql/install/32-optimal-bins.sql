-- The binning of a feature, and the best one.

@include type TYPE=binning COST=1 CATEGORY=m PREFERRED=false
COMMENT ON TYPE binning IS
'The bins of a feature with their good and bad rows, of numbers [low, high), of categories lists; special values and missing apart; what was left out; and the information value that each trend would reach. Made by optimal_bins; bins, iv, trends, woe and bin ask it.';
COMMENT ON FUNCTION binning_in(cstring) IS
'Reads the text form of a binning, JSON. What breaks a rule is an error that names the place.';
COMMENT ON FUNCTION binning_out(binning) IS
'Writes the text form of a binning, JSON: exact, independent of every setting.';

CREATE CAST (jsonb AS binning) WITH INOUT;
COMMENT ON CAST (jsonb AS binning) IS 'Reads a binning from JSON.';
CREATE CAST (binning AS jsonb) WITH INOUT;
COMMENT ON CAST (binning AS jsonb) IS 'Writes a binning as JSON.';

-- Options.

CREATE FUNCTION _binning_check(options jsonb) RETURNS jsonb
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_binning_check';
COMMENT ON FUNCTION _binning_check(jsonb) IS
'The options of optimal_bins as they are, or an error that says which is unknown or out of range. NULL gives NULL.';

CREATE FUNCTION binning_options(
    max_bins integer DEFAULT NULL, min_bin_share double precision DEFAULT NULL,
    min_bads bigint DEFAULT NULL, min_goods bigint DEFAULT NULL,
    trend text DEFAULT NULL, min_rate_gap double precision DEFAULT NULL,
    candidates integer DEFAULT NULL, special double precision[] DEFAULT NULL,
    missing text DEFAULT NULL, unseen text DEFAULT NULL,
    min_bins integer DEFAULT NULL, max_bin_share double precision DEFAULT NULL,
    round_cuts boolean DEFAULT NULL, extra jsonb DEFAULT NULL) RETURNS jsonb
  LANGUAGE sql IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE
  SET extra_float_digits = 1 -- so that a number keeps its digits on the way into jsonb
BEGIN ATOMIC
  SELECT agririsk._binning_check(jsonb_strip_nulls(jsonb_build_object(
    'max_bins', max_bins, 'min_bin_share', min_bin_share, 'min_bads', min_bads, 'min_goods', min_goods,
    'trend', trend, 'min_rate_gap', min_rate_gap, 'candidates', candidates, 'special', to_jsonb(special),
    'missing', missing, 'unseen', unseen, 'min_bins', min_bins, 'max_bin_share', max_bin_share,
    'round_cuts', round_cuts))
    || coalesce(extra, '{}'));
END;
COMMENT ON FUNCTION binning_options(integer, double precision, bigint, bigint, text, double precision, integer, double precision[], text, text, integer, double precision, boolean, jsonb) IS
'Options for optimal_bins; NULL is the default. max_bins (8; 0 is no limit, 100 the most). min_bin_share (0.01) and max_bin_share (1) of the rows with an ordinary value, min_bads (10), min_goods (10): of each bin. min_bins (1). trend of the bad rate (auto): none, ascending, descending, peak, valley, auto. min_rate_gap (0): between neighbours. Shares and gaps count to nine decimals. candidates (200): the most cells that cuts may lie between, at most 500. special: numbers that are codes, each a bin of its own. missing: bin, worst, best or neutral. unseen, of a category: average, worst or error. round_cuts (false): cuts are the shortest decimals that leave every row in its bin. extra: further options as JSON; an unknown one is an error.';

-- Aggregation. The state grows with its rows, and what has gone to a temporary
-- file cannot cross from a worker: no combine functions.

CREATE FUNCTION _optimal_bins_add(internal, double precision, binary_outcome) RETURNS internal
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_optimal_bins_add_number';
COMMENT ON FUNCTION _optimal_bins_add(internal, double precision, binary_outcome) IS
'Transition of optimal_bins(double precision, binary_outcome).';

CREATE FUNCTION _optimal_bins_add(internal, double precision, binary_outcome, jsonb) RETURNS internal
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_optimal_bins_add_number';
COMMENT ON FUNCTION _optimal_bins_add(internal, double precision, binary_outcome, jsonb) IS
'Transition of optimal_bins(double precision, binary_outcome, jsonb).';

CREATE FUNCTION _optimal_bins_add(internal, double precision, binary_outcome, bigint, jsonb) RETURNS internal
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_optimal_bins_add_number';
COMMENT ON FUNCTION _optimal_bins_add(internal, double precision, binary_outcome, bigint, jsonb) IS
'Transition of optimal_bins(double precision, binary_outcome, bigint, jsonb).';

CREATE FUNCTION _optimal_bins_add(internal, text, binary_outcome) RETURNS internal
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_optimal_bins_add_text';
COMMENT ON FUNCTION _optimal_bins_add(internal, text, binary_outcome) IS
'Transition of optimal_bins(text, binary_outcome).';

CREATE FUNCTION _optimal_bins_add(internal, text, binary_outcome, jsonb) RETURNS internal
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_optimal_bins_add_text';
COMMENT ON FUNCTION _optimal_bins_add(internal, text, binary_outcome, jsonb) IS
'Transition of optimal_bins(text, binary_outcome, jsonb).';

CREATE FUNCTION _optimal_bins_add(internal, text, binary_outcome, bigint, jsonb) RETURNS internal
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_optimal_bins_add_text';
COMMENT ON FUNCTION _optimal_bins_add(internal, text, binary_outcome, bigint, jsonb) IS
'Transition of optimal_bins(text, binary_outcome, bigint, jsonb).';

CREATE FUNCTION _optimal_bins_add(internal, boolean, binary_outcome) RETURNS internal
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_optimal_bins_add_boolean';
COMMENT ON FUNCTION _optimal_bins_add(internal, boolean, binary_outcome) IS
'Transition of optimal_bins(boolean, binary_outcome).';

CREATE FUNCTION _optimal_bins_add(internal, boolean, binary_outcome, jsonb) RETURNS internal
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_optimal_bins_add_boolean';
COMMENT ON FUNCTION _optimal_bins_add(internal, boolean, binary_outcome, jsonb) IS
'Transition of optimal_bins(boolean, binary_outcome, jsonb).';

CREATE FUNCTION _optimal_bins_add(internal, boolean, binary_outcome, bigint, jsonb) RETURNS internal
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_optimal_bins_add_boolean';
COMMENT ON FUNCTION _optimal_bins_add(internal, boolean, binary_outcome, bigint, jsonb) IS
'Transition of optimal_bins(boolean, binary_outcome, bigint, jsonb).';

CREATE FUNCTION _optimal_bins_add(internal, anyenum, binary_outcome) RETURNS internal
  LANGUAGE c STABLE CALLED ON NULL INPUT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_optimal_bins_add_enum';
COMMENT ON FUNCTION _optimal_bins_add(internal, anyenum, binary_outcome) IS
'Transition of optimal_bins(anyenum, binary_outcome).';

CREATE FUNCTION _optimal_bins_add(internal, anyenum, binary_outcome, jsonb) RETURNS internal
  LANGUAGE c STABLE CALLED ON NULL INPUT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_optimal_bins_add_enum';
COMMENT ON FUNCTION _optimal_bins_add(internal, anyenum, binary_outcome, jsonb) IS
'Transition of optimal_bins(anyenum, binary_outcome, jsonb).';

CREATE FUNCTION _optimal_bins_add(internal, anyenum, binary_outcome, bigint, jsonb) RETURNS internal
  LANGUAGE c STABLE CALLED ON NULL INPUT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_optimal_bins_add_enum';
COMMENT ON FUNCTION _optimal_bins_add(internal, anyenum, binary_outcome, bigint, jsonb) IS
'Transition of optimal_bins(anyenum, binary_outcome, bigint, jsonb).';

CREATE FUNCTION _optimal_bins_final_numbers(internal) RETURNS binning
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 10000
  AS 'MODULE_PATHNAME', 'agririsk_optimal_bins_final_numbers';
COMMENT ON FUNCTION _optimal_bins_final_numbers(internal) IS
'Result of optimal_bins over numbers; NULL if there was no row.';

CREATE FUNCTION _optimal_bins_final_names(internal) RETURNS binning
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 10000
  AS 'MODULE_PATHNAME', 'agririsk_optimal_bins_final_names';
COMMENT ON FUNCTION _optimal_bins_final_names(internal) IS
'Result of optimal_bins over categories; NULL if there was no row.';

CREATE AGGREGATE optimal_bins(x double precision, bad binary_outcome) (
  SFUNC = _optimal_bins_add, STYPE = internal, SSPACE = 1024,
  FINALFUNC = _optimal_bins_final_numbers, FINALFUNC_MODIFY = SHAREABLE, PARALLEL = SAFE
);
COMMENT ON AGGREGATE optimal_bins(double precision, binary_outcome) IS
'The cuts of a number into bins that maximise information value, provably, under the default options of binning_options. x NULL or NaN is missing and stays apart; an infinite x is an error. Rows whose outcome bad is NULL are left out and counted. NULL if there is no row. Where only one bin is possible a NOTICE says why. Candidates are cuts of a classification tree, the vertices of the convex minorant and majorant of bads over rows, and quantiles of all rows. Whole numbers far off the rest, which may be codes, are named in a NOTICE. The same bits for any order of rows. Source: Kullback 1959 and Siddiqi 2006 (information value); dynamic programming: Bellman 1957.';

CREATE AGGREGATE optimal_bins(x double precision, bad binary_outcome, options jsonb) (
  SFUNC = _optimal_bins_add, STYPE = internal, SSPACE = 1024,
  FINALFUNC = _optimal_bins_final_numbers, FINALFUNC_MODIFY = SHAREABLE, PARALLEL = SAFE
);
COMMENT ON AGGREGATE optimal_bins(double precision, binary_outcome, jsonb) IS
'The same with options, made by binning_options and the same in every row of a group; NULL is the defaults.';

CREATE AGGREGATE optimal_bins(x double precision, bad binary_outcome, weight bigint, options jsonb) (
  SFUNC = _optimal_bins_add, STYPE = internal, SSPACE = 1024,
  FINALFUNC = _optimal_bins_final_numbers, FINALFUNC_MODIFY = SHAREABLE, PARALLEL = SAFE
);
COMMENT ON AGGREGATE optimal_bins(double precision, binary_outcome, bigint, jsonb) IS
'The same with weights: a weight is the number of equal rows that the row stands for, with the same result to the bit. A weight of 0 is no row, a negative one an error; a row with a NULL weight is left out and counted.';

CREATE AGGREGATE optimal_bins(x text, bad binary_outcome) (
  SFUNC = _optimal_bins_add, STYPE = internal, SSPACE = 1024,
  FINALFUNC = _optimal_bins_final_names, FINALFUNC_MODIFY = SHAREABLE, PARALLEL = SAFE
);
COMMENT ON AGGREGATE optimal_bins(text, binary_outcome) IS
'The same for categories: levels with fewer than 50 rows or 5 bad ones are pooled as one, then levels are ordered by (bads + 20 r) / (rows + 20), r being the bad rate of all, ties by bytes, and put into bins in that order. At most 100,000 categories of 255 bytes among the rows of an outcome.';

CREATE AGGREGATE optimal_bins(x text, bad binary_outcome, options jsonb) (
  SFUNC = _optimal_bins_add, STYPE = internal, SSPACE = 1024,
  FINALFUNC = _optimal_bins_final_names, FINALFUNC_MODIFY = SHAREABLE, PARALLEL = SAFE
);
COMMENT ON AGGREGATE optimal_bins(text, binary_outcome, jsonb) IS
'The same with options, made by binning_options and the same in every row of a group; NULL is the defaults.';

CREATE AGGREGATE optimal_bins(x text, bad binary_outcome, weight bigint, options jsonb) (
  SFUNC = _optimal_bins_add, STYPE = internal, SSPACE = 1024,
  FINALFUNC = _optimal_bins_final_names, FINALFUNC_MODIFY = SHAREABLE, PARALLEL = SAFE
);
COMMENT ON AGGREGATE optimal_bins(text, binary_outcome, bigint, jsonb) IS
'The same with weights: a weight is the number of equal rows that the row stands for, with the same result to the bit. A weight of 0 is no row, a negative one an error; a row with a NULL weight is left out and counted.';

CREATE AGGREGATE optimal_bins(x boolean, bad binary_outcome) (
  SFUNC = _optimal_bins_add, STYPE = internal, SSPACE = 1024,
  FINALFUNC = _optimal_bins_final_names, FINALFUNC_MODIFY = SHAREABLE, PARALLEL = SAFE
);
COMMENT ON AGGREGATE optimal_bins(boolean, binary_outcome) IS
'The same for a boolean, as the categories true and false.';

CREATE AGGREGATE optimal_bins(x boolean, bad binary_outcome, options jsonb) (
  SFUNC = _optimal_bins_add, STYPE = internal, SSPACE = 1024,
  FINALFUNC = _optimal_bins_final_names, FINALFUNC_MODIFY = SHAREABLE, PARALLEL = SAFE
);
COMMENT ON AGGREGATE optimal_bins(boolean, binary_outcome, jsonb) IS
'The same with options, made by binning_options and the same in every row of a group; NULL is the defaults.';

CREATE AGGREGATE optimal_bins(x boolean, bad binary_outcome, weight bigint, options jsonb) (
  SFUNC = _optimal_bins_add, STYPE = internal, SSPACE = 1024,
  FINALFUNC = _optimal_bins_final_names, FINALFUNC_MODIFY = SHAREABLE, PARALLEL = SAFE
);
COMMENT ON AGGREGATE optimal_bins(boolean, binary_outcome, bigint, jsonb) IS
'The same with weights: a weight is the number of equal rows that the row stands for, with the same result to the bit. A weight of 0 is no row, a negative one an error; a row with a NULL weight is left out and counted.';

CREATE AGGREGATE optimal_bins(x anyenum, bad binary_outcome) (
  SFUNC = _optimal_bins_add, STYPE = internal, SSPACE = 1024,
  FINALFUNC = _optimal_bins_final_names, FINALFUNC_MODIFY = SHAREABLE, PARALLEL = SAFE
);
COMMENT ON AGGREGATE optimal_bins(anyenum, binary_outcome) IS
'The same for an enum, by label.';

CREATE AGGREGATE optimal_bins(x anyenum, bad binary_outcome, options jsonb) (
  SFUNC = _optimal_bins_add, STYPE = internal, SSPACE = 1024,
  FINALFUNC = _optimal_bins_final_names, FINALFUNC_MODIFY = SHAREABLE, PARALLEL = SAFE
);
COMMENT ON AGGREGATE optimal_bins(anyenum, binary_outcome, jsonb) IS
'The same with options, made by binning_options and the same in every row of a group; NULL is the defaults.';

CREATE AGGREGATE optimal_bins(x anyenum, bad binary_outcome, weight bigint, options jsonb) (
  SFUNC = _optimal_bins_add, STYPE = internal, SSPACE = 1024,
  FINALFUNC = _optimal_bins_final_names, FINALFUNC_MODIFY = SHAREABLE, PARALLEL = SAFE
);
COMMENT ON AGGREGATE optimal_bins(anyenum, binary_outcome, bigint, jsonb) IS
'The same with weights: a weight is the number of equal rows that the row stands for, with the same result to the bit. A weight of 0 is no row, a negative one an error; a row with a NULL weight is left out and counted.';

-- x may be of another enum type than the outcome.
@include enum_outcome AGGREGATE=optimal_bins ARGUMENTS="any",anyenum FINAL=_optimal_bins_final_names
@include enum_outcome AGGREGATE=optimal_bins ARGUMENTS="any",anyenum,jsonb FINAL=_optimal_bins_final_names
@include enum_outcome AGGREGATE=optimal_bins ARGUMENTS="any",anyenum,bigint,jsonb FINAL=_optimal_bins_final_names

-- Questions.

CREATE FUNCTION bins(b binning,
  OUT bin integer, OUT label text, OUT low double precision, OUT high double precision, OUT categories text[],
  OUT n bigint, OUT bads bigint, OUT bad_rate double precision, OUT woe double precision, OUT iv double precision)
  RETURNS SETOF record
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 100 ROWS 8
  AS 'MODULE_PATHNAME', 'agririsk_binning_bins';
COMMENT ON FUNCTION bins(binning) IS
'The bins as rows: numbers in [low, high) or categories, then special values, then missing; rows, bad rows, bad rate (NULL of no rows), WOE as it scores, and what the bin adds to the information value: NULL where missing takes its WOE from another, or where a class has no rows at all. WOE = ln(p / q), p the share of all bad rows and q of all good ones: positive is riskier. Where a part with rows has an empty cell, p = (b + 1/2) / (B + K/2) and q alike in all K parts that have rows. A part without rows has WOE 0. Source: Good 1950; Siddiqi 2006.';

CREATE FUNCTION iv(b binning) RETURNS double precision
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 20
  AS 'MODULE_PATHNAME', 'agririsk_binning_iv';
COMMENT ON FUNCTION iv(binning) IS
'Information value: the sum over bins of (p - q) WOE, special values and missing included where they are bins of their own. NULL where there are no good or no bad rows. Source: Kullback 1959 (the divergence J); Siddiqi 2006.';

CREATE FUNCTION trends(b binning,
  OUT trend text, OUT bins integer, OUT iv double precision, OUT out_of_fold_iv double precision, OUT chosen boolean)
  RETURNS SETOF record
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 20 ROWS 5
  AS 'MODULE_PATHNAME', 'agririsk_binning_trends';
COMMENT ON FUNCTION trends(binning) IS
'What each trend of the bad rate would reach within the same options: bins, information value over the rows that are neither missing nor special, and the same out of fold (four folds, each weighed by the bins and WOE of the other three); NULL where nothing is within the options.';

CREATE FUNCTION excluded(b binning) RETURNS bigint
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 20
  AS 'MODULE_PATHNAME', 'agririsk_binning_excluded';
COMMENT ON FUNCTION excluded(binning) IS
'Rows left out: those with a NULL outcome, weights counted, and those with a NULL weight, each once.';

CREATE FUNCTION woe(b binning, x double precision) RETURNS double precision
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 5
  AS 'MODULE_PATHNAME', 'agririsk_binning_woe';
COMMENT ON FUNCTION woe(binning, double precision) IS
'WOE of a value. NULL and NaN take that of missing, 0 where none was learnt; an infinite value is an error. NULL binning: NULL.';

CREATE FUNCTION bin(b binning, x double precision) RETURNS integer
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 5
  AS 'MODULE_PATHNAME', 'agririsk_binning_bin';
COMMENT ON FUNCTION bin(binning, double precision) IS
'The number of a value''s bin, as bins() lists them. NULL binning: NULL.';

CREATE FUNCTION woe(b binning, x text) RETURNS double precision
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 5
  AS 'MODULE_PATHNAME', 'agririsk_binning_woe';
COMMENT ON FUNCTION woe(binning, text) IS
'WOE of a category. NULL takes that of missing, 0 where none was learnt; one in no bin follows the policy unseen: average (0), worst or an error. NULL binning: NULL.';

CREATE FUNCTION bin(b binning, x text) RETURNS integer
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 5
  AS 'MODULE_PATHNAME', 'agririsk_binning_bin';
COMMENT ON FUNCTION bin(binning, text) IS
'The number of a value''s bin, as bins() lists them. A category in no bin has the number after missing, or is an error where the policy unseen says so. NULL binning: NULL.';

CREATE FUNCTION woe(b binning, x boolean) RETURNS double precision
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 5
  AS 'MODULE_PATHNAME', 'agririsk_binning_woe';
COMMENT ON FUNCTION woe(binning, boolean) IS
'WOE of a category. NULL takes that of missing, 0 where none was learnt; one in no bin follows the policy unseen: average (0), worst or an error. NULL binning: NULL.';

CREATE FUNCTION bin(b binning, x boolean) RETURNS integer
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 5
  AS 'MODULE_PATHNAME', 'agririsk_binning_bin';
COMMENT ON FUNCTION bin(binning, boolean) IS
'The number of a value''s bin, as bins() lists them. A category in no bin has the number after missing, or is an error where the policy unseen says so. NULL binning: NULL.';

CREATE FUNCTION woe(b binning, x anyenum) RETURNS double precision
  LANGUAGE c STABLE CALLED ON NULL INPUT PARALLEL SAFE COST 5
  AS 'MODULE_PATHNAME', 'agririsk_binning_woe';
COMMENT ON FUNCTION woe(binning, anyenum) IS
'WOE of a category. NULL takes that of missing, 0 where none was learnt; one in no bin follows the policy unseen: average (0), worst or an error. NULL binning: NULL.';

CREATE FUNCTION bin(b binning, x anyenum) RETURNS integer
  LANGUAGE c STABLE CALLED ON NULL INPUT PARALLEL SAFE COST 5
  AS 'MODULE_PATHNAME', 'agririsk_binning_bin';
COMMENT ON FUNCTION bin(binning, anyenum) IS
'The number of a value''s bin, as bins() lists them. A category in no bin has the number after missing, or is an error where the policy unseen says so. NULL binning: NULL.';
