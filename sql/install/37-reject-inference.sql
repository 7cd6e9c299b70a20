-- Applications that were rejected, in a fit: assumptions as weights.

CREATE FUNCTION _parcel_bads(pd double precision, uplift double precision, parts integer) RETURNS bigint
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_parcel_bads';
COMMENT ON FUNCTION _parcel_bads(double precision, double precision, integer) IS
'The bad parts of parcel().';

CREATE FUNCTION parcel(pd double precision, uplift double precision DEFAULT 1, parts integer DEFAULT 100,
    OUT bad boolean, OUT weight bigint) RETURNS SETOF record
  LANGUAGE sql IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE ROWS 2
BEGIN ATOMIC
  SELECT outcome, CASE WHEN outcome THEN bads ELSE parts - bads END
    FROM agririsk._parcel_bads(pd, uplift, parts) bads, (VALUES (true), (false)) o (outcome);
END;
COMMENT ON FUNCTION parcel(double precision, double precision, integer) IS
'A rejected application as one bad and one good row for fit_scorecard: of its parts, round(parts * min(1, pd * uplift)) are bad, halves to the even number, and the rest good (parcelling, or fuzzy augmentation; Siddiqi 2006). pd: by a card of accepted applications; uplift: how many times as bad rejected ones are, given the same PD. Weigh accepted applications by parts, and fit with weight_unit => 1.0 / parts. This is an assumption that no data at hand can check, for nobody has seen how a rejected application would have done: state it in the option assumptions, and compare several uplifts. Weights are NULL where an argument is, and the fit counts them; a pd outside [0, 1], an uplift or parts that are not positive are errors.';

CREATE FUNCTION acceptance_weight(p_accept double precision, parts integer DEFAULT 100) RETURNS bigint
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_acceptance_weight';
COMMENT ON FUNCTION acceptance_weight(double precision, integer) IS
'The weight of an accepted application that is to stand for the rejected ones like it: round(parts / p_accept), halves to the even number (augmentation; Hsia 1978). p_accept: the share accepted of applications with its features, by a fit of its own; fit with weight_unit => 1.0 / parts. This assumes that accepted and rejected applications with the same features do equally well, which no data at hand can check; it fails where whoever decided knew more than the features. Weights far above parts say that few stand for many. NULL of NULL; a p_accept outside (0, 1], parts that are not positive, and a weight above 2^36 are errors.';
