-- Scorecards: the type, and scoring of rows with it.

-- Of a category of its own, and preferred in it, so that bins('...') of a literal
-- without a type means a card, though binnings have bins, too.
@include type TYPE=scorecard COST=100 CATEGORY=m PREFERRED=true
COMMENT ON TYPE scorecard IS
'A scorecard: features cut into bins, a weight of evidence (WOE, log-odds; positive is riskier) for each bin, or linear ones, a weight per feature, an intercept, a scale of points, segments with weights of their own, and how it was learnt. Its text is JSON.';
COMMENT ON FUNCTION scorecard_in(cstring) IS
'Reads a scorecard from its JSON text. Whatever breaks the documented schema is an error with its path.';
COMMENT ON FUNCTION scorecard_out(scorecard) IS
'Writes a scorecard as JSON on one line: keys in a fixed order, defaults left out, numbers in their shortest exact digits.';

CREATE CAST (jsonb AS scorecard) WITH INOUT;
COMMENT ON CAST (jsonb AS scorecard) IS 'Reads a scorecard from JSON.';
CREATE CAST (scorecard AS jsonb) WITH INOUT;
COMMENT ON CAST (scorecard AS jsonb) IS 'Writes a scorecard as JSON.';

-- ---------- scoring rows ----------
-- Intentionally not STRICT: without a segment the card's root scores. STABLE,
-- because the label of an enum value may be renamed.

CREATE FUNCTION pd(card scorecard, t record, segment text DEFAULT NULL) RETURNS double precision
  LANGUAGE c STABLE CALLED ON NULL INPUT PARALLEL SAFE COST 15
  AS 'MODULE_PATHNAME', 'agririsk_pd';
COMMENT ON FUNCTION pd(scorecard, record, text) IS
'Probability of default of a row, in (0, 1): 1 / (1 + exp(-eta)), eta = intercept + sum of weight * WOE, kept to [-36, 36]; the WOE of a linear feature''s value x is x - center. The row''s columns are found by the features'' names. A segment that is NULL or that the card lacks is scored by the root. NULL for a NULL row, or where every feature is missing.';

CREATE FUNCTION score(card scorecard, t record, segment text DEFAULT NULL) RETURNS double precision
  LANGUAGE c STABLE CALLED ON NULL INPUT PARALLEL SAFE COST 15
  AS 'MODULE_PATHNAME', 'agririsk_score';
COMMENT ON FUNCTION score(scorecard, record, text) IS
'Score of a row in points, higher is safer: A - B * eta with B = pdo / ln 2 and A = base_score - B * ln base_odds (Siddiqi 2006, Credit Risk Scorecards; Anderson 2007, The Credit Scoring Toolkit). Columns, segment and NULL as for pd.';

CREATE FUNCTION points(card scorecard, t record, segment text DEFAULT NULL) RETURNS integer
  LANGUAGE c STABLE CALLED ON NULL INPUT PARALLEL SAFE COST 15
  AS 'MODULE_PATHNAME', 'agririsk_points';
COMMENT ON FUNCTION points(scorecard, record, text) IS
'Score of a row as a sum of whole points: the base points A - B * intercept, and of each feature -B * weight * WOE, each rounded half away from zero. A and B as for score, intercept and weights those of the segment. Columns, segment and NULL as for pd.';

CREATE FUNCTION explain(card scorecard, t record, segment text DEFAULT NULL,
    OUT feature text, OUT value text, OUT bin integer, OUT label text, OUT points double precision,
    OUT best_points double precision, OUT points_lost double precision, OUT rank integer,
    OUT reason text, OUT flag text) RETURNS SETOF record
  LANGUAGE c STABLE CALLED ON NULL INPUT PARALLEL SAFE COST 30 ROWS 12
  AS 'MODULE_PATHNAME', 'agririsk_explain';
COMMENT ON FUNCTION explain(scorecard, record, text) IS
'Why a row has its score: per feature its value, its bin by the number and label that bins() gives it, points (-B * weight * WOE, positive is safer), the points of its best bin and the points lost against it, most lost first; of a linear feature the points at the better end of its range (NULL where the card has none, and then never a reason). The points of the features and the base points A - B * intercept add up to the score. rank and reason are given where points were lost, and never for a feature without consent. flag: no_consent, missing_unseen (missing, and the card learnt no bin for it), unseen (a category the card does not know). Where nothing of the row is known there is no score: the rows then have the bin of each feature, but neither points nor reasons. No rows for a NULL card or row.';

CREATE FUNCTION reasons(card scorecard, t record, n integer DEFAULT 4, segment text DEFAULT NULL) RETURNS text
  LANGUAGE c STABLE CALLED ON NULL INPUT PARALLEL SAFE COST 30
  AS 'MODULE_PATHNAME', 'agririsk_reasons';
COMMENT ON FUNCTION reasons(scorecard, record, integer, text) IS
'The first n reasons for a row''s score that explain() gives, by rank, in one text with semicolons between them; of a feature without a reason its name. NULL where there is no reason or no score, and of a NULL card, row or n. A negative n is an error.';

CREATE FUNCTION bins(card scorecard,
    OUT feature text, OUT bin integer, OUT label text, OUT low double precision,
    OUT high double precision, OUT categories text[], OUT woe double precision,
    OUT points double precision, OUT n bigint, OUT bads bigint, OUT bad_rate double precision)
  RETURNS SETOF record
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 100 ROWS 80
  AS 'MODULE_PATHNAME', 'agririsk_bins';
COMMENT ON FUNCTION bins(scorecard) IS
'The whole card, as one prints it. First the base points A - B * intercept, which every row gets: label ''base points'', feature and bin NULL. Then per feature its bins [low, high) or categories (low NULL: open below, high NULL: open above), its special values, then what missing and unseen values count as and, where the feature asks for consent, a row ''no consent'', with the WOE (log-odds, positive is riskier) and the points -B * weight * WOE (positive is safer), all under the card''s own intercept and weights. A linear feature has a row ''linear'', or ''linear from'' its center: low and high the range of its values in the fit, WOE NULL, points those of one unit more, to be counted from the center. n, bads and bad_rate are of the rows it was learnt from, NULL where the card does not hold them. WOE and points are NULL where an unseen category is an error.';
