-- Type calibration: predicted probabilities and outcomes, and whether they agree.

@include type TYPE=calibration COST=1 CATEGORY=U PREFERRED=false
COMMENT ON TYPE calibration IS
'Rows with a predicted probability in [0, 1] and an outcome, good or bad, counted by probability; at most 10,000,000 distinct ones. Made by calibration_agg, merged by rollup and +, asked by brier, log_loss, hosmer_lemeshow, recalibration, expected_vs_observed and others.';
COMMENT ON FUNCTION calibration_in(cstring) IS
'Reads the text form of a calibration, such as ''excluded 0/2/0; 0.1 3/0; 0.25 2/1'': PDs with their goods/bads. PDs come in any order; the rows of one that comes twice add up.';
COMMENT ON FUNCTION calibration_out(calibration) IS
'Writes the text form of a calibration: rows that are left out because they have no PD, outcome or weight, if there are any; then PDs in ascending order with their goods/bads. Exact, independent of every setting; empty if there is nothing.';

-- Aggregation. No combine function: the state grows with its rows, and what has
-- gone to a temporary file cannot cross from a worker. The scan below may still
-- be parallel.

CREATE FUNCTION _calibration_add(internal, double precision, binary_outcome) RETURNS internal
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_calibration_add';
COMMENT ON FUNCTION _calibration_add(internal, double precision, binary_outcome) IS
'Transition of calibration_agg.';

CREATE FUNCTION _calibration_add(internal, double precision, binary_outcome, bigint) RETURNS internal
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_calibration_add_weighted';
COMMENT ON FUNCTION _calibration_add(internal, double precision, binary_outcome, bigint) IS
'Transition of calibration_agg with weights.';

CREATE FUNCTION _calibration_final(internal) RETURNS calibration
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 1000
  AS 'MODULE_PATHNAME', 'agririsk_calibration_final';
COMMENT ON FUNCTION _calibration_final(internal) IS
'Result of calibration_agg; NULL if there was no row.';

CREATE AGGREGATE calibration_agg(pd double precision, bad binary_outcome) (
  SFUNC = _calibration_add, STYPE = internal, SSPACE = 512,
  FINALFUNC = _calibration_final, FINALFUNC_MODIFY = SHAREABLE, PARALLEL = SAFE
);
COMMENT ON AGGREGATE calibration_agg(double precision, binary_outcome) IS
'Rows counted by predicted probability of default (a fraction in [0, 1]; another number or NaN is an error) and outcome. A row with a NULL PD, or a NULL outcome (not matured), is left out and counted; NULL if there is no row. More than 10,000,000 distinct PDs are an error: round them.';

CREATE AGGREGATE calibration_agg(pd double precision, bad binary_outcome, weight bigint) (
  SFUNC = _calibration_add, STYPE = internal, SSPACE = 512,
  FINALFUNC = _calibration_final, FINALFUNC_MODIFY = SHAREABLE, PARALLEL = SAFE
);
COMMENT ON AGGREGATE calibration_agg(double precision, binary_outcome, bigint) IS
'Rows counted by predicted probability and outcome, each with a weight, the number of equal rows that the row stands for: the same value, to the bit, as if the rows were repeated. A row of weight 0 does not count, a negative weight is an error. A row with a NULL weight is left out and counted once, one with a NULL PD or outcome as often as its weight says. The weights of either class come to at most 2^40.';

@include enum_outcome AGGREGATE=calibration_agg ARGUMENTS=float8,anyenum FINAL=_calibration_final
@include enum_outcome AGGREGATE=calibration_agg ARGUMENTS=float8,anyenum,bigint FINAL=_calibration_final

@include merge TYPE=calibration ARGUMENT=c COST=100 SSPACE=512
COMMENT ON FUNCTION calibration_merge(calibration, calibration) IS
'Calibration of the rows of both. NULL, an unknown calibration, makes the result unknown.';
COMMENT ON AGGREGATE rollup(calibration) IS
'Calibration of the rows of all: the same value as calibration_agg over them, whatever the pieces and their order. NULL values are ignored; NULL if none is left.';

-- Measures.

CREATE FUNCTION n(c calibration) RETURNS bigint
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_calibration_n';
COMMENT ON FUNCTION n(calibration) IS
'Rows with a PD and an outcome, weights counted.';

CREATE FUNCTION bads(c calibration) RETURNS bigint
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_calibration_bads';
COMMENT ON FUNCTION bads(calibration) IS
'Bad ones among the rows, weights counted.';

CREATE FUNCTION excluded(c calibration, OUT no_pd bigint, OUT no_outcome bigint, OUT no_weight bigint)
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_calibration_excluded';
COMMENT ON FUNCTION excluded(calibration) IS
'Rows left out, weights counted: without a PD; with one, but without an outcome (not matured); and rows without a weight, each once.';

CREATE FUNCTION brier(c calibration) RETURNS double precision
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 50
  AS 'MODULE_PATHNAME', 'agririsk_calibration_brier';
COMMENT ON FUNCTION brier(calibration) IS
'Brier score: mean of (PD - outcome)^2, the outcome 1 if bad and 0 if good; in [0, 1], 0 is best. NULL without rows. Source: Brier 1950.';

CREATE FUNCTION log_loss(c calibration) RETURNS double precision
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 100
  AS 'MODULE_PATHNAME', 'agririsk_calibration_log_loss';
COMMENT ON FUNCTION log_loss(calibration) IS
'Mean of -ln(PD) of bads and -ln(1 - PD) of goods; 0 is best. Infinity where a bad has PD 0 or a good PD 1; such PDs are not moved. NULL without rows.';

CREATE FUNCTION spiegelhalter_z(c calibration) RETURNS double precision
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 50
  AS 'MODULE_PATHNAME', 'agririsk_calibration_spiegelhalter_z';
COMMENT ON FUNCTION spiegelhalter_z(calibration) IS
'Spiegelhalter''s test that the PDs are right: sum of (outcome - PD)(1 - 2 PD) over its standard deviation; standard normal if they are, positive if the Brier score is too high. NULL where every PD is 0, 1/2 or 1, and without rows. Source: Spiegelhalter 1986.';

CREATE FUNCTION hosmer_lemeshow(c calibration, groups integer DEFAULT 10, fitted boolean DEFAULT false,
  OUT statistic double precision, OUT df integer, OUT p double precision, OUT groups_used integer)
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 50
  AS 'MODULE_PATHNAME', 'agririsk_calibration_hosmer_lemeshow';
COMMENT ON FUNCTION hosmer_lemeshow(calibration, integer, boolean) IS
'Hosmer and Lemeshow''s test that the PDs are right, over groups between the quantiles of type 7 of the PDs, each with its right end; equal PDs stay together, so fewer groups may be used. statistic is the sum of (bads - expected)^2 / (expected (1 - expected / n)), p its chi-square tail with df degrees of freedom: groups_used - 2 on the sample the model was fitted on (fitted), groups_used on any other. A group expecting no bads, or only bads, adds nothing if that is what came, else infinity. statistic is NULL without rows, df and p where df would be below 1. Source: Hosmer, Lemeshow and Sturdivant 2013.';

CREATE FUNCTION expected_vs_observed(c calibration, groups integer DEFAULT 10, level double precision DEFAULT 0.95,
  OUT bin integer, OUT pd_low double precision, OUT pd_high double precision, OUT n bigint, OUT bads bigint,
  OUT expected double precision, OUT observed double precision, OUT observed_low double precision, OUT observed_high double precision)
  RETURNS SETOF record
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 50 ROWS 10
  AS 'MODULE_PATHNAME', 'agririsk_calibration_expected_vs_observed';
COMMENT ON FUNCTION expected_vs_observed(calibration, integer, double precision) IS
'The groups of hosmer_lemeshow as rows, ready to plot: least and greatest PD, rows, bads, mean PD (expected), share of bads (observed) and its Wilson interval of the given level. Source of the interval: Wilson 1927.';

CREATE FUNCTION calibration_slope(c calibration) RETURNS double precision
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 1000
  AS 'MODULE_PATHNAME', 'agririsk_calibration_slope';
COMMENT ON FUNCTION calibration_slope(calibration) IS
'Slope of the logistic regression of the outcome on logit(PD): 1 if the PDs are right, below 1 if they are too extreme, as of an overfitted model. NULL with one class only, where a PD is 0 or 1 (it has no logit), where all PDs are equal, and where PDs separate the classes. Source: Cox 1958, Two further applications of a model for binary regression.';

CREATE FUNCTION calibration_intercept(c calibration) RETURNS double precision
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 1000
  AS 'MODULE_PATHNAME', 'agririsk_calibration_intercept';
COMMENT ON FUNCTION calibration_intercept(calibration) IS
'Intercept of the regression of calibration_slope, fitted together with the slope; NULL where that is. With the slope held at 1 it is calibration_in_the_large.';

CREATE FUNCTION calibration_in_the_large(c calibration) RETURNS double precision
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 1000
  AS 'MODULE_PATHNAME', 'agririsk_calibration_in_the_large';
COMMENT ON FUNCTION calibration_in_the_large(calibration) IS
'What to add to logit(PD) so that as many bads are expected as came: 0 if the PDs are right on the whole, positive if they are too low. NULL with one class only and where a PD is 0 or 1.';

CREATE FUNCTION recalibration(c calibration, level double precision DEFAULT 0.95,
  OUT intercept double precision, OUT intercept_se double precision,
  OUT slope double precision, OUT slope_se double precision, OUT slope_low double precision, OUT slope_high double precision,
  OUT in_the_large double precision, OUT in_the_large_se double precision)
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 2000
  AS 'MODULE_PATHNAME', 'agririsk_calibration_recalibration';
COMMENT ON FUNCTION recalibration(calibration, double precision) IS
'calibration_intercept, calibration_slope and calibration_in_the_large with their standard errors, and the slope''s interval of the given level (normal); NULL where they are.';
