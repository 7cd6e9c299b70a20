-- Scorecards for other systems: an SQL expression, and PMML.

-- Intentionally not STRICT: without a segment the card's root is written.

CREATE FUNCTION to_sql(card scorecard, what text DEFAULT 'score', segment_column text DEFAULT NULL)
  RETURNS text
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 1000
  AS 'MODULE_PATHNAME', 'agririsk_to_sql';
COMMENT ON FUNCTION to_sql(scorecard, text, text) IS
'A card as an expression in standard SQL over the columns it reads, for databases without agririsk. what: ''score'' (points, higher is safer), ''pd'' (in (0, 1)) or ''eta'' (log-odds of bad); another is an error. segment_column names the column with each row''s segment (NULL: every row is scored by the card itself, with a NOTICE where it has segments). The expression is NULL where nothing is known, as score() is, and where score() would be an error: an infinite value, one of a linear feature beyond 1e280, an unseen category of a feature where unseen is an error. NULL for a NULL card or what. The sum is that of score(), to the bit where the database computes in IEEE doubles. Text is compared as that database compares it.';

CREATE FUNCTION to_pmml(card scorecard, segment text DEFAULT NULL) RETURNS xml
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 1000
  AS 'MODULE_PATHNAME', 'agririsk_to_pmml';
COMMENT ON FUNCTION to_pmml(scorecard, text) IS
'A card as a PMML 4.4 Scorecard (Data Mining Group, dmg.org/pmml/v4-4/Scorecard.html): each feature a Characteristic, its bins Attributes with their points (a linear one a ComplexPartialScore), the base points the initialScore, the best bin the baseline of the reason codes, which are the features'' names. Outputs: score (points; missing where nothing is known), pd (in (0, 1)), and up to four reasons. segment: whose intercept and weights are written (NULL: the card''s own, with a NOTICE where it has segments; one that the card lacks is an error). Consent columns, linear features without a range, and characters that XML cannot hold, are errors. Infinite values, and unseen categories where unseen is an error, are invalid there. NULL for a NULL card.';
