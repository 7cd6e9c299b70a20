-- Stability of a card's features.

CREATE FUNCTION characteristic_stability(card scorecard, expected text, actual text, floor double precision DEFAULT 1e-4, weight_column text DEFAULT NULL,
  OUT feature text, OUT bin integer, OUT label text, OUT expected_n bigint, OUT actual_n bigint,
  OUT expected_share double precision, OUT actual_share double precision,
  OUT expected_raised boolean, OUT actual_raised boolean, OUT term double precision, OUT psi double precision)
  RETURNS SETOF record
  LANGUAGE c VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE COST 100000 ROWS 80
  AS 'MODULE_PATHNAME', 'agririsk_characteristic_stability';
COMMENT ON FUNCTION characteristic_stability(scorecard, text, text, double precision, text) IS
'Whether the rows of today fall into the bins of a card as often as expected: for each feature the rows of its bins, as bins() numbers them, their shares, what a bin adds to the index, and psi, the index of the feature (the characteristic stability index; Siddiqi 2006). expected and actual are queries that select the columns which the card reads, under their names; further columns do not matter. expected NULL means the rows that the card was learnt from. Every row counts in every feature: a value that is not known is in the bin missing, also where nothing of the row is known, and a value without consent in the bin no consent. A category that the card does not know is in the bin unseen and never an error. The values of a linear feature are cut at the deciles of the expected ones, as psi cuts numbers. Segments do not matter, because they share the bins. weight_column names a column of the queries, the number of equal rows that a row stands for; without it each row counts once. A share below floor is raised to it. Expected figures and psi are NULL, with a NOTICE, for features whose expected rows the card does not tell; shares and psi are NULL where a side has no rows. An infinite value is an error. The queries run with the caller''s rights, read-only. No rows for a NULL card. Intentionally not STRICT, because expected may be NULL; actual NULL is an error.';
