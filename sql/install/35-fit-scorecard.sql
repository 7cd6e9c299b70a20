-- Fitting a card.

-- Options.

CREATE FUNCTION _fit_check(options jsonb) RETURNS jsonb
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_fit_check';
COMMENT ON FUNCTION _fit_check(jsonb) IS
'The options of fit_scorecard as they are, or an error that says which is unknown or out of range. NULL gives NULL.';

CREATE FUNCTION fit_options(
    encoding text DEFAULT NULL, binning jsonb DEFAULT NULL, feature_binning jsonb DEFAULT NULL,
    binnings jsonb DEFAULT NULL, standardize boolean DEFAULT NULL,
    weight_column text DEFAULT NULL, offset_column text DEFAULT NULL,
    ridge double precision DEFAULT NULL, lasso double precision DEFAULT NULL,
    selection text DEFAULT NULL, min_iv double precision DEFAULT NULL,
    max_vif double precision DEFAULT NULL, positive boolean DEFAULT NULL,
    consent_columns jsonb DEFAULT NULL, folds integer DEFAULT NULL, fold_key text DEFAULT NULL,
    name text DEFAULT NULL, base_score double precision DEFAULT NULL,
    base_odds double precision DEFAULT NULL, pdo double precision DEFAULT NULL,
    separation text DEFAULT NULL, population_rate double precision DEFAULT NULL,
    long_run_rate double precision DEFAULT NULL, margin double precision DEFAULT NULL,
    reasons jsonb DEFAULT NULL, parents jsonb DEFAULT NULL, pooling text DEFAULT NULL,
    keep_parent boolean DEFAULT NULL, assumptions text DEFAULT NULL,
    weight_unit double precision DEFAULT NULL, min_out_of_fold_iv double precision DEFAULT NULL,
    ignore text[] DEFAULT NULL, extra jsonb DEFAULT NULL) RETURNS jsonb
  LANGUAGE sql IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE
  SET extra_float_digits = 1 -- so that a number keeps its digits on the way into jsonb
BEGIN ATOMIC
  SELECT agririsk._fit_check(coalesce((
      SELECT jsonb_object_agg(o.key, o.value) FROM jsonb_each(jsonb_build_object(
        'encoding', encoding, 'binning', binning, 'feature_binning', feature_binning, 'binnings', binnings,
        'standardize', standardize, 'weight_column', weight_column, 'offset_column', offset_column,
        'ridge', ridge, 'lasso', lasso, 'selection', selection, 'min_iv', min_iv, 'max_vif', max_vif,
        'positive', positive, 'consent_columns', consent_columns, 'folds', folds, 'fold_key', fold_key,
        'name', name, 'base_score', base_score, 'base_odds', base_odds, 'pdo', pdo, 'separation', separation,
        'population_rate', population_rate, 'long_run_rate', long_run_rate, 'margin', margin, 'reasons', reasons,
        'parents', parents, 'pooling', pooling, 'keep_parent', keep_parent,
        'assumptions', assumptions, 'weight_unit', weight_unit,
        'min_out_of_fold_iv', min_out_of_fold_iv, 'ignore', ignore)) o
      WHERE o.value <> 'null'), '{}') || coalesce(extra, '{}'));
END;
COMMENT ON FUNCTION fit_options(text, jsonb, jsonb, jsonb, boolean, text, text, double precision, double precision, text, double precision, double precision, boolean, jsonb, integer, text, text, double precision, double precision, double precision, text, double precision, double precision, double precision, jsonb, jsonb, text, boolean, text, double precision, double precision, text[], jsonb) IS
'Options for fit_scorecard; NULL is the default. encoding: woe (default) or none. binning: binning_options of all features; feature_binning: those of single ones, {"feature": {...}}; binnings: binnings whose cuts are kept, {"feature": optimal_bins(...)::jsonb}. standardize (false): penalties are on the coefficients of columns divided by their population sd. weight_column (whole numbers), offset_column: columns of the row. ridge, lasso (0): penalties ridge / 2 * sum b^2 + lasso * sum |b|. selection: none, aic, bic (stepwise from all features, both ways) or lasso (the penalty of least BIC, then a fit without it). min_iv (0): features whose information value is below it are dropped. min_out_of_fold_iv (0): so are those whose information value out of fold is not above it, with woe and at least 3 folds; -1e9 keeps all. ignore: columns of the row that are no features. max_vif (none). positive (false): features whose WOE has a negative coefficient are dropped. consent_columns: {"boolean column": ["feature", ...]}. folds (5; 0: none), fold_key: the column whose hash makes them. name, base_score (600), base_odds (50), pdo (20): of the card. separation: error or warning, and then NULL, where there is no fit. population_rate, long_run_rate, margin: calibration of the intercept. reasons: {"feature": "text"}. With segments, parents: {"segment": "parent"}; pooling: slopes or intercepts; keep_parent (false): segments no better out of fold have their parent''s card; penalties and weight_unit do not go with them. assumptions: text that the card keeps, such as how rejected applications were counted. weight_unit (1): the rows that a weight of 1 stands for, 0.01 where weights are hundredths of a row. extra: further options as JSON; an unknown one is an error.';

-- Folds.

CREATE FUNCTION fold(key bigint, folds integer) RETURNS integer
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 2
  AS 'MODULE_PATHNAME', 'agririsk_fold_bigint';
COMMENT ON FUNCTION fold(bigint, integer) IS
'The fold, from 0 to folds - 1, that rows with this fold_key are in: a hash (SplitMix64, Steele, Lea and Flood 2014) that is the same on every machine. NULL of NULL; less than 1 fold is an error.';

CREATE FUNCTION fold(key text, folds integer) RETURNS integer
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 2
  AS 'MODULE_PATHNAME', 'agririsk_fold_text';
COMMENT ON FUNCTION fold(text, integer) IS
'The same for a key that is text, by its bytes.';

CREATE FUNCTION fold(key uuid, folds integer) RETURNS integer
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 2
  AS 'MODULE_PATHNAME', 'agririsk_fold_uuid';
COMMENT ON FUNCTION fold(uuid, integer) IS
'The same for a uuid: the fold of its text form.';

-- The fit. The rows may be in a temporary file, which cannot cross from a
-- worker: no combine function.

CREATE FUNCTION _fit_scorecard_add(internal, binary_outcome, record) RETURNS internal
  LANGUAGE c STABLE CALLED ON NULL INPUT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_fit_scorecard_add';
COMMENT ON FUNCTION _fit_scorecard_add(internal, binary_outcome, record) IS
'Transition of fit_scorecard(binary_outcome, record).';

CREATE FUNCTION _fit_scorecard_add(internal, binary_outcome, record, jsonb) RETURNS internal
  LANGUAGE c STABLE CALLED ON NULL INPUT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_fit_scorecard_add';
COMMENT ON FUNCTION _fit_scorecard_add(internal, binary_outcome, record, jsonb) IS
'Transition of fit_scorecard(binary_outcome, record, jsonb).';

CREATE FUNCTION _fit_scorecard_add(internal, binary_outcome, record, text) RETURNS internal
  LANGUAGE c STABLE CALLED ON NULL INPUT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_fit_scorecard_add_segment';
COMMENT ON FUNCTION _fit_scorecard_add(internal, binary_outcome, record, text) IS
'Transition of fit_scorecard(binary_outcome, record, text).';

CREATE FUNCTION _fit_scorecard_add(internal, binary_outcome, record, text, jsonb) RETURNS internal
  LANGUAGE c STABLE CALLED ON NULL INPUT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_fit_scorecard_add_segment';
COMMENT ON FUNCTION _fit_scorecard_add(internal, binary_outcome, record, text, jsonb) IS
'Transition of fit_scorecard(binary_outcome, record, text, jsonb).';

CREATE FUNCTION _fit_scorecard_final(internal) RETURNS scorecard
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 100000
  AS 'MODULE_PATHNAME', 'agririsk_fit_scorecard_final';
COMMENT ON FUNCTION _fit_scorecard_final(internal) IS
'Result of fit_scorecard; NULL if there was no row.';

CREATE AGGREGATE fit_scorecard(bad binary_outcome, t record) (
  SFUNC = _fit_scorecard_add, STYPE = internal, SSPACE = 65536,
  FINALFUNC = _fit_scorecard_final, FINALFUNC_MODIFY = SHAREABLE, PARALLEL = SAFE
);
COMMENT ON AGGREGATE fit_scorecard(binary_outcome, record) IS
'Fits a scorecard to rows with an outcome, under the default options of fit_options: every column of t is a feature, cut into its best bins, and a logistic regression on their WOE gives the weights (maximum likelihood by Newton''s method; Hosmer and Lemeshow 2000; Siddiqi 2006). The row''s column names become the features; numbers, text, boolean and enum are accepted, another type is an error, and so is a bare ROW(). Rows with a NULL outcome are left out and counted. Separated outcomes, collinear features and one outcome only are errors. Features that tell nothing are dropped, and a NOTICE says so. fit_report and coefficients show what was learnt. NULL if there is no row. The same bits for any order of rows. Rows beyond maintenance_work_mem go to a temporary file.';

CREATE AGGREGATE fit_scorecard(bad binary_outcome, t record, options jsonb) (
  SFUNC = _fit_scorecard_add, STYPE = internal, SSPACE = 65536,
  FINALFUNC = _fit_scorecard_final, FINALFUNC_MODIFY = SHAREABLE, PARALLEL = SAFE
);
COMMENT ON AGGREGATE fit_scorecard(binary_outcome, record, jsonb) IS
'The same with options, made by fit_options and the same in every row of a group; NULL is the defaults. Where they name columns of t as weight, offset, fold key or consent, those are no features.';

CREATE AGGREGATE fit_scorecard(bad binary_outcome, t record, segment text) (
  SFUNC = _fit_scorecard_add, STYPE = internal, SSPACE = 65536,
  FINALFUNC = _fit_scorecard_final, FINALFUNC_MODIFY = SHAREABLE, PARALLEL = SAFE
);
COMMENT ON AGGREGATE fit_scorecard(binary_outcome, record, text) IS
'The same with a card of each segment''s own within the card: intercept and weights of a segment deviate from its parent''s by effects that are normal around 0, with variances that the data decide, so that a segment of few rows leans on its parent. Root and variances maximise the Laplace approximation of the marginal likelihood, effects are the conditional modes (Breslow and Clayton 1993; Bates et al. 2015). A row whose segment is NULL counts for the root. A name of a segment has 1 to 255 bytes.';

CREATE AGGREGATE fit_scorecard(bad binary_outcome, t record, segment text, options jsonb) (
  SFUNC = _fit_scorecard_add, STYPE = internal, SSPACE = 65536,
  FINALFUNC = _fit_scorecard_final, FINALFUNC_MODIFY = SHAREABLE, PARALLEL = SAFE
);
COMMENT ON AGGREGATE fit_scorecard(binary_outcome, record, text, jsonb) IS
'The same with options. parents: {"segment": "parent"}, a tree; pooling: slopes (the default: intercept and weights) or intercepts; keep_parent: segments whose own card is no better out of fold have their parent''s.';

@include enum_outcome AGGREGATE=fit_scorecard ARGUMENTS=anyenum,record FINAL=_fit_scorecard_final
@include enum_outcome AGGREGATE=fit_scorecard ARGUMENTS=anyenum,record,jsonb FINAL=_fit_scorecard_final
@include enum_outcome AGGREGATE=fit_scorecard ARGUMENTS=anyenum,record,text FINAL=_fit_scorecard_final
@include enum_outcome AGGREGATE=fit_scorecard ARGUMENTS=anyenum,record,text,jsonb FINAL=_fit_scorecard_final
