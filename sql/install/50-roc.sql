-- Type roc: scores and outcomes, and how well the one ranks the other.

@include type TYPE=roc COST=1 CATEGORY=U PREFERRED=false
COMMENT ON TYPE roc IS
'Rows with a score (higher is riskier) and an outcome, good or bad, counted by score; at most 10,000,000 distinct scores. Made by roc_agg, merged by rollup and +, asked by auc, gini, ks, auc_ci, lift, capture, curve and others.';
COMMENT ON FUNCTION roc_in(cstring) IS
'Reads the text form of a roc, such as ''excluded 0/2/0; 0.1 3/0; 0.25 2/1''. Scores come in any order; the rows of a score that comes twice add up.';
COMMENT ON FUNCTION roc_out(roc) IS
'Writes the text form of a roc: rows that are left out because they have no score, outcome or weight, if there are any; then scores in ascending order with their goods/bads. Exact, independent of every setting; empty if there is nothing.';

-- Aggregation. No combine function: the state grows with its rows, and what has
-- gone to a temporary file cannot cross from a worker. The scan below may still
-- be parallel. Final functions finish a sort, so no row may come after one; but
-- one may run again, as a rescan of a hashed aggregate does, or beside another.

CREATE FUNCTION _roc_add(internal, double precision, binary_outcome) RETURNS internal
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_roc_add';
COMMENT ON FUNCTION _roc_add(internal, double precision, binary_outcome) IS
'Transition of roc_agg and roc_metrics.';

CREATE FUNCTION _roc_add(internal, double precision, binary_outcome, bigint) RETURNS internal
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_roc_add_weighted';
COMMENT ON FUNCTION _roc_add(internal, double precision, binary_outcome, bigint) IS
'Transition of roc_agg and roc_metrics with weights.';

CREATE FUNCTION _roc_final(internal) RETURNS roc
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 1000
  AS 'MODULE_PATHNAME', 'agririsk_roc_final';
COMMENT ON FUNCTION _roc_final(internal) IS
'Result of roc_agg; NULL if there was no row.';

CREATE AGGREGATE roc_agg(score double precision, bad binary_outcome) (
  SFUNC = _roc_add, STYPE = internal, SSPACE = 512,
  FINALFUNC = _roc_final, FINALFUNC_MODIFY = SHAREABLE, PARALLEL = SAFE
);
COMMENT ON AGGREGATE roc_agg(double precision, binary_outcome) IS
'Rows counted by score and outcome. A higher score is riskier: give a PD, or the negative of points. Infinite scores rank at the ends; NaN is an error. A row with a NULL score, or a NULL outcome (not matured), is left out and counted; NULL if there is no row. More than 10,000,000 distinct scores are an error: use roc_metrics.';

CREATE AGGREGATE roc_agg(score double precision, bad binary_outcome, weight bigint) (
  SFUNC = _roc_add, STYPE = internal, SSPACE = 512,
  FINALFUNC = _roc_final, FINALFUNC_MODIFY = SHAREABLE, PARALLEL = SAFE
);
COMMENT ON AGGREGATE roc_agg(double precision, binary_outcome, bigint) IS
'Rows counted by score and outcome, each with a weight, the number of equal rows that the row stands for: the same value, to the bit, as if the rows were repeated. A row of weight 0 does not count, a negative weight is an error. A row with a NULL weight is left out and counted once, a row with a NULL score or outcome as often as its weight says. The weights of a class sum to at most 2^40.';

@include enum_outcome AGGREGATE=roc_agg ARGUMENTS=float8,anyenum FINAL=_roc_final
@include enum_outcome AGGREGATE=roc_agg ARGUMENTS=float8,anyenum,bigint FINAL=_roc_final

CREATE TYPE roc_metrics AS (
  n bigint, bads bigint, auc double precision, variance double precision,
  ks double precision, excluded bigint
);
COMMENT ON TYPE roc_metrics IS
'Rows, bad ones among them, AUC, its variance (DeLong), the Kolmogorov-Smirnov distance, and rows left out. AUC and ks are NULL with one class only, the variance with fewer than two rows of either.';

CREATE FUNCTION _roc_metrics_final(internal) RETURNS roc_metrics
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 1000
  AS 'MODULE_PATHNAME', 'agririsk_roc_metrics_final';
COMMENT ON FUNCTION _roc_metrics_final(internal) IS
'Result of roc_metrics; NULL if there was no row.';

CREATE AGGREGATE roc_metrics(score double precision, bad binary_outcome) (
  SFUNC = _roc_add, STYPE = internal, SSPACE = 512,
  FINALFUNC = _roc_metrics_final, FINALFUNC_MODIFY = SHAREABLE, PARALLEL = SAFE
);
COMMENT ON AGGREGATE roc_metrics(double precision, binary_outcome) IS
'AUC, its variance and KS of scores (higher is riskier) and outcomes, to the bit those of roc_agg, of any number of distinct scores: no value is built. See type roc_metrics. A row with a NULL score or outcome is left out and counted; NULL if there is no row; a NaN score is an error.';

CREATE AGGREGATE roc_metrics(score double precision, bad binary_outcome, weight bigint) (
  SFUNC = _roc_add, STYPE = internal, SSPACE = 512,
  FINALFUNC = _roc_metrics_final, FINALFUNC_MODIFY = SHAREABLE, PARALLEL = SAFE
);
COMMENT ON AGGREGATE roc_metrics(double precision, binary_outcome, bigint) IS
'The same with weights: a weight is the number of equal rows that the row stands for; see roc_agg with a weight.';

@include enum_outcome AGGREGATE=roc_metrics ARGUMENTS=float8,anyenum FINAL=_roc_metrics_final
@include enum_outcome AGGREGATE=roc_metrics ARGUMENTS=float8,anyenum,bigint FINAL=_roc_metrics_final

@include merge TYPE=roc ARGUMENT=r COST=100 SSPACE=512
COMMENT ON FUNCTION roc_merge(roc, roc) IS
'Roc of the rows of both. NULL, an unknown roc, makes the result unknown.';
COMMENT ON AGGREGATE rollup(roc) IS
'Roc of the rows of all: the same value as roc_agg over them, whatever the pieces and their order. NULL values are ignored; NULL if none is left.';

-- Measures.

CREATE FUNCTION n(r roc) RETURNS bigint
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_roc_n';
COMMENT ON FUNCTION n(roc) IS
'Rows with a score and an outcome, weights counted.';

CREATE FUNCTION bads(r roc) RETURNS bigint
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_roc_bads';
COMMENT ON FUNCTION bads(roc) IS
'Bad ones among the rows, weights counted.';

CREATE FUNCTION excluded(r roc, OUT no_score bigint, OUT no_outcome bigint, OUT no_weight bigint)
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_roc_excluded';
COMMENT ON FUNCTION excluded(roc) IS
'Rows left out, weights counted: without a score; with one, but without an outcome (not matured); and rows without a weight, each once.';

CREATE FUNCTION auc(r roc) RETURNS double precision
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 50
  AS 'MODULE_PATHNAME', 'agririsk_roc_auc';
COMMENT ON FUNCTION auc(roc) IS
'Area under the ROC curve, in [0, 1]: the probability that a bad has a higher score than a good, ties counting half; exact and rounded once. NULL with one class only. Source: Hanley and McNeil 1982.';

CREATE FUNCTION gini(r roc) RETURNS double precision
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 50
  AS 'MODULE_PATHNAME', 'agririsk_roc_gini';
COMMENT ON FUNCTION gini(roc) IS
'2 * auc - 1, the accuracy ratio, in [-1, 1]. NULL with one class only.';

CREATE FUNCTION ks(r roc) RETURNS double precision
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 50
  AS 'MODULE_PATHNAME', 'agririsk_roc_ks';
COMMENT ON FUNCTION ks(roc) IS
'Kolmogorov-Smirnov distance: the largest difference, of either sign, between the shares of goods and of bads at or below a score, in [0, 1]; exact and rounded once. NULL with one class only.';

CREATE FUNCTION ks_at(r roc) RETURNS double precision
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 50
  AS 'MODULE_PATHNAME', 'agririsk_roc_ks_at';
COMMENT ON FUNCTION ks_at(roc) IS
'The score at or below which the shares of goods and of bads differ by ks; the lowest of several. NULL with one class only, or if ks is 0.';

CREATE FUNCTION auc_ci(r roc, level double precision DEFAULT 0.95, OUT auc double precision,
    OUT standard_error double precision, OUT low double precision, OUT high double precision,
    OUT zero_variance boolean)
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 100
  AS 'MODULE_PATHNAME', 'agririsk_roc_auc_ci';
COMMENT ON FUNCTION auc_ci(roc, double precision) IS
'AUC and its interval at a level in (0, 1), AUC plus and minus the normal quantile of the level times DeLong''s standard error, clipped to [0, 1]. Where zero_variance, as with perfect separation, the interval is a point and says nothing. All but auc are NULL with fewer than two rows of a class. Source: DeLong, DeLong and Clarke-Pearson 1988.';

CREATE FUNCTION auc_bootstrap(r roc, replicates integer DEFAULT 2000, seed bigint DEFAULT 1,
    level double precision DEFAULT 0.95, OUT auc double precision,
    OUT standard_error double precision, OUT low double precision, OUT high double precision)
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 1000000
  AS 'MODULE_PATHNAME', 'agririsk_roc_auc_bootstrap';
COMMENT ON FUNCTION auc_bootstrap(roc, integer, bigint, double precision) IS
'AUC and the percentile interval of its bootstrap: goods and bads are drawn with replacement, each class for itself, as many times as there are rows. Standard deviation and quantiles (type 7) of the replicates. The draws depend on the value, seed, replicate and number of the draw only. Takes time in proportion to rows times replicates (2 to 1,000,000), of up to 1,000,000 distinct scores. NULL with one class only. Source: Efron 1979; Carpenter and Bithell 2000.';

CREATE FUNCTION capture(r roc, share double precision) RETURNS double precision
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 50
  AS 'MODULE_PATHNAME', 'agririsk_roc_capture';
COMMENT ON FUNCTION capture(roc, double precision) IS
'Share of the bads that is among the riskiest share of all rows, both in [0, 1]; of rows that tie at the border the same part of goods and bads. NULL without bads.';

CREATE FUNCTION lift(r roc, share double precision) RETURNS double precision
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 50
  AS 'MODULE_PATHNAME', 'agririsk_roc_lift';
COMMENT ON FUNCTION lift(roc, double precision) IS
'capture(r, share) / share: how many times more bads there are among the riskiest share of all rows than among all. NULL without bads, or if the share is 0.';

CREATE FUNCTION curve(r roc, max_points integer DEFAULT 200)
    RETURNS TABLE (score double precision, tpr double precision, fpr double precision)
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 100 ROWS 200
  AS 'MODULE_PATHNAME', 'agririsk_roc_curve';
COMMENT ON FUNCTION curve(roc, integer) IS
'The ROC curve from (0, 0) to (1, 1): if rows that score at least so much are taken for bad, the share of the bads (tpr) and of the goods (fpr) that are. score is NULL in the first row, where none are. With more than max_points (3 or more), points at even distances along the curve. No rows with one class only.';

CREATE FUNCTION direction_warning(r roc) RETURNS text
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 50
  AS 'MODULE_PATHNAME', 'agririsk_roc_direction_warning';
COMMENT ON FUNCTION direction_warning(roc) IS
'What is wrong if AUC is below one half: the score goes the other way. NULL if it is not, or undefined. Nothing is ever turned round by itself.';

-- Two scores of the same rows.

CREATE TYPE roc_pair AS (
  n bigint, bads bigint, auc_a double precision, auc_b double precision,
  variance_a double precision, variance_b double precision, covariance double precision,
  difference double precision, standard_error double precision,
  z double precision, p double precision, excluded bigint
);
COMMENT ON TYPE roc_pair IS
'Two scores of the same rows: AUCs, their variances and covariance, the difference auc_a - auc_b with its standard error, z and two-sided p of the test that there is none, and rows left out. AUCs are NULL with one class only; variances and the test also with fewer than two rows of a class; z and p also if the standard error is 0.';

CREATE FUNCTION _roc_pair_add(internal, double precision, double precision, binary_outcome) RETURNS internal
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_roc_pair_add';
COMMENT ON FUNCTION _roc_pair_add(internal, double precision, double precision, binary_outcome) IS
'Transition of roc_pair_agg.';

CREATE FUNCTION _roc_pair_final(internal) RETURNS roc_pair
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 1000
  AS 'MODULE_PATHNAME', 'agririsk_roc_pair_final';
COMMENT ON FUNCTION _roc_pair_final(internal) IS
'Result of roc_pair_agg; NULL if there was no row.';

CREATE AGGREGATE roc_pair_agg(score_a double precision, score_b double precision, bad binary_outcome) (
  SFUNC = _roc_pair_add, STYPE = internal, SSPACE = 512,
  FINALFUNC = _roc_pair_final, FINALFUNC_MODIFY = SHAREABLE, PARALLEL = SAFE
);
COMMENT ON AGGREGATE roc_pair_agg(double precision, double precision, binary_outcome) IS
'Whether one score ranks better than another on the same rows: DeLong''s test of the difference of two AUCs. Higher scores are riskier. A row with a NULL score or outcome is left out and counted; NULL if there is no row; a NaN score is an error. See type roc_pair. Source: DeLong, DeLong and Clarke-Pearson 1988.';

@include enum_outcome AGGREGATE=roc_pair_agg ARGUMENTS=float8,float8,anyenum FINAL=_roc_pair_final
