-- How a fitted card was learnt.

CREATE FUNCTION fit_report(card scorecard,
    OUT rows bigint, OUT bads bigint, OUT excluded jsonb, OUT iterations bigint,
    OUT parameters bigint, OUT log_likelihood double precision,
    OUT null_log_likelihood double precision, OUT aic double precision, OUT bic double precision,
    OUT log_loss double precision, OUT auc double precision, OUT auc_low double precision,
    OUT auc_high double precision, OUT folds bigint, OUT out_of_fold_auc double precision,
    OUT out_of_fold_auc_low double precision, OUT out_of_fold_auc_high double precision,
    OUT out_of_fold_log_loss double precision, OUT ridge double precision,
    OUT lasso double precision, OUT shift double precision, OUT encoding text, OUT selection text,
    OUT lambda double precision, OUT out_of_fold_rows bigint, OUT weight_unit double precision,
    OUT assumptions text) RETURNS record
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 100
  AS 'MODULE_PATHNAME', 'agririsk_fit_report';
COMMENT ON FUNCTION fit_report(scorecard) IS
'How a card was learnt, in one row: the rows of the fit and the bad ones among them, weights counted; rows left out by reason, weights counted too; iterations; parameters (terms, with the intercept, and spreads of segments); log-likelihood of the model without penalty (with segments, Laplace''s approximation of the marginal one), and of the intercept alone; aic = -2 log_likelihood + 2 parameters (Akaike 1974); bic = -2 log_likelihood + parameters * ln (rows * weight_unit) (Schwarz 1978); mean log loss and area under the ROC curve with its interval, over the rows of the fit and, out of fold, of each row by a model that was learnt without it; penalties; the shift of the card''s intercept against that of the fit; the encoding and the selection that the options asked for, and the penalty chosen along a path; the rows judged out of fold; the rows that a weight of 1 stands for; the assumptions that the fit was told to state. NULL where a figure is not known: all of them for a card that was not fitted, and out of fold for one without folds.';

CREATE FUNCTION coefficients(card scorecard,
    OUT feature text, OUT level text, OUT coefficient double precision, OUT se double precision,
    OUT z double precision, OUT p double precision, OUT iv double precision,
    OUT out_of_fold_iv double precision, OUT vif double precision, OUT dropped text)
  RETURNS SETOF record
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 100 ROWS 13
  AS 'MODULE_PATHNAME', 'agririsk_coefficients';
COMMENT ON FUNCTION coefficients(scorecard) IS
'The coefficients of a card as they were fitted: first the intercept (feature NULL), then the terms in the card''s order, then the features that were tried and have none. level: the category that a term of its own is of, else NULL. z = coefficient / se, and p the probability that a standard normal variable is as far from 0 (Wald). iv: information value; out_of_fold_iv: the same by bins learnt without the rows; vif: variance inflation factor. dropped: why a feature has no term. NULL where a figure is not known; of a card that was not fitted, only the coefficients are: its intercept and weights.';

CREATE FUNCTION covariance(card scorecard,
    OUT feature text, OUT level text, OUT other_feature text, OUT other_level text,
    OUT covariance double precision) RETURNS SETOF record
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 100 ROWS 170
  AS 'MODULE_PATHNAME', 'agririsk_covariance';
COMMENT ON FUNCTION covariance(scorecard) IS
'The covariances of a fitted card''s coefficients: a row for each pair of terms in either order, and of each with itself, named as by coefficients(). No rows where they are not known.';

CREATE FUNCTION segments(card scorecard,
    OUT segment text, OUT parent text, OUT n bigint, OUT bads bigint,
    OUT intercept_effect double precision, OUT shrinkage double precision,
    OUT gain double precision, OUT out_of_fold_gain double precision, OUT p double precision,
    OUT note text) RETURNS SETOF record
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 100 ROWS 100
  AS 'MODULE_PATHNAME', 'agririsk_segments';
COMMENT ON FUNCTION segments(scorecard) IS
'A row for each segment of a card, in its order. parent: NULL where that is the card itself. n, bads: its own rows in the fit, without those of the segments below it. intercept_effect: its intercept less its parent''s. shrinkage: 1 - conditional variance / variance of the intercept''s effect (reliability; Raudenbush and Bryk 2002); near 0 the segment leans on its parent, near 1 it speaks for itself. gain: what the log-likelihood of its own rows gains by its own coefficients over its parent''s, in sample; out_of_fold_gain: the same of models learnt without the rows; p: one-sided, that the latter is 0 or less, where keep_parent tested it. note: that its parent''s card is kept, in spite of these, or that signs are its parent''s. NULL where a figure is not known: gain where signs were kept, all but the effect for a card that was not fitted with segments.';

CREATE FUNCTION spreads(card scorecard,
    OUT level integer, OUT feature text, OUT sd double precision) RETURNS SETOF record
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 100 ROWS 13
  AS 'MODULE_PATHNAME', 'agririsk_spreads';
COMMENT ON FUNCTION spreads(scorecard) IS
'How far the coefficients of segments lie from their parents'': the standard deviation of the effects of each level, 1 being that of segments without a parent, on the intercept (feature NULL) and on the weight of each feature that has effects. 0: the segments of that level do not differ there. No rows for a card that was not fitted with segments.';
