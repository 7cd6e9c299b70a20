-- Whether the series of a plot agrees with the crop that was declared, and what
-- follows for a county's areas and for the harvest.

CREATE FUNCTION _planting_refuse(problem text, value text, way_out text) RETURNS text
  LANGUAGE plpgsql STABLE CALLED ON NULL INPUT PARALLEL SAFE
  SET search_path = pg_catalog, pg_temp
AS $refuse$
BEGIN
  RAISE invalid_parameter_value USING MESSAGE = problem, DETAIL = value, HINT = way_out;
END
$refuse$;
COMMENT ON FUNCTION _planting_refuse(text, text, text) IS
'Raises the error of a function that is written in SQL.';

CREATE FUNCTION crop_names(library crop_library, synonyms jsonb DEFAULT NULL) RETURNS jsonb
  LANGUAGE sql IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 2000
BEGIN ATOMIC
  WITH known AS (SELECT DISTINCT c.crop FROM agririsk.crops(library) c),
    synonym AS (SELECT e.key AS declared, e.value AS crops FROM jsonb_each(synonyms) e),
    wrong AS (
      SELECT min(s.declared COLLATE "C") AS declared FROM synonym s
      WHERE CASE WHEN jsonb_typeof(s.crops) <> 'array' OR s.crops = '[]' THEN true
        ELSE EXISTS (SELECT FROM jsonb_array_elements(s.crops) c
          WHERE jsonb_typeof(c) <> 'string' OR (c #>> '{}') NOT IN (SELECT k.crop FROM known k)) END)
  SELECT CASE
    WHEN library IS NULL THEN NULL
    WHEN w.declared IS NOT NULL THEN agririsk._planting_refuse(
        'a synonym does not name crops of the library',
        format('The synonym "%s" stands for %s.', w.declared, synonyms -> w.declared),
        'Give an object such as {"cotton": ["Soy_Cotton"]}; crops(library) lists the names.')::jsonb
    ELSE (SELECT jsonb_object_agg(k.crop, jsonb_build_array(k.crop)) FROM known k) || coalesce(synonyms, '{}') END
  FROM wrong w;
END;
COMMENT ON FUNCTION crop_names(crop_library, jsonb) IS
'The names in which crops may be declared, for planting_check: each crop of the library stands for itself, and a synonym for one or more crops, such as {"cotton": ["Soy_Cotton"]}. A synonym that is also a crop of the library replaces the crop''s own entry. A synonym for what the library does not have is an error. Names are told apart by their bytes. Keep the value in a table: it is made from the whole library. NULL for a NULL library.';

CREATE FUNCTION planting_check(declared text, names jsonb, crop text, probability double precision, runner_up text,
    margin double precision, reason text, agree_from double precision DEFAULT 0.5, contradict_to double precision DEFAULT 0.01)
  RETURNS TABLE (verdict text, because text, declared_at_least double precision, declared_at_most double precision)
  LANGUAGE sql IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 20 ROWS 1
BEGIN ATOMIC
  SELECT CASE
      WHEN bound.wrong THEN agririsk._planting_refuse(
        'thresholds of planting_check are not probabilities in order',
        format('agree_from is %s, contradict_to is %s.', coalesce(agree_from::text, 'NULL'), coalesce(contradict_to::text, 'NULL')),
        'Give 0 <= contradict_to < agree_from <= 1.')
      WHEN declared IS NULL THEN NULL
      WHEN bound.unknown IS NOT NULL THEN 'cannot tell'
      WHEN bound.at_least >= agree_from THEN 'agrees'
      WHEN bound.at_most <= contradict_to THEN 'contradicts'
      ELSE 'cannot tell' END,
    CASE
      WHEN declared IS NULL THEN 'no crop was declared'
      WHEN bound.unknown IS NOT NULL THEN bound.unknown
      WHEN bound.at_least >= agree_from THEN 'the series shows the declared crop'
      WHEN bound.at_most <= contradict_to THEN format('the series shows %s', crop)
      ELSE 'the declared crop is neither sure nor excluded' END,
    CASE WHEN bound.unknown IS NULL THEN bound.at_least END,
    CASE WHEN bound.unknown IS NULL THEN bound.at_most END
  FROM (
    SELECT s.*, s.first + s.second AS at_least,
      least(1, s.first + s.second + least(greatest(0, 1 - probability - s.rest), s.others * s.rest)) AS at_most
    FROM (
      SELECT m.*,
        CASE WHEN m.mine ? crop THEN probability ELSE 0 END AS first,
        CASE WHEN m.mine ? runner_up THEN m.rest ELSE 0 END AS second,
        jsonb_array_length(m.mine) - (m.mine ? crop)::int - coalesce(m.mine ? runner_up, false)::int AS others
      FROM (
        SELECT names -> declared AS mine,
          CASE WHEN runner_up IS NULL THEN 0 ELSE probability - margin END AS rest,
          (0 <= contradict_to AND contradict_to < agree_from AND agree_from <= 1) IS NOT TRUE AS wrong,
          CASE
            WHEN (names -> declared) IS NULL THEN 'the library does not know the declared crop'
            WHEN reason IS NOT NULL THEN reason
            WHEN crop IS NULL THEN 'no series'
            WHEN probability IS NULL THEN 'the library has no probabilities'
          END AS unknown
      ) m
    ) s
  ) bound;
END;
COMMENT ON FUNCTION planting_check(text, jsonb, text, double precision, text, double precision, text, double precision, double precision) IS
'Whether the series of a plot agrees with the declared crop: one row. names is made by crop_names; crop, probability, runner_up, margin and reason are those of classify_crop. declared_at_least and declared_at_most: bounds of the probability of the declared crop, or of the crops that its name stands for. verdict: agrees, where it is at least agree_from; contradicts, where it is at most contradict_to; cannot tell otherwise, where the series was not classified, and where names does not have the declared crop. because says why, in words. A NULL declared crop gives a NULL verdict. A contradiction is a reason to ask, and never a reason to refuse. Thresholds out of order are an error.';

CREATE FUNCTION crop_areas(crop text, probability double precision, runner_up text, margin double precision, area double precision,
    OUT grown text, OUT expected_area numeric)
  RETURNS SETOF record
  LANGUAGE sql IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 10 ROWS 3
BEGIN ATOMIC
  SELECT part.grown, CASE WHEN area >= 0 AND area < 'infinity' THEN area::numeric * part.share
      WHEN area IS NOT NULL THEN agririsk._planting_refuse('an area is not a number of at least 0', format('It is %s.', area),
        'Give the area of the plot, or NULL where it is not known.')::numeric END
  FROM (SELECT coalesce(probability::numeric, 0) AS first,
      CASE WHEN runner_up IS NULL THEN 0 ELSE coalesce((probability - margin)::numeric, 0) END AS second) p,
    -- Of two crops the second has the rest, whatever the digits of a numeric.
    LATERAL (SELECT CASE WHEN abs(1 - p.first - p.second) < 1e-9 THEN 1 - p.first ELSE p.second END AS second) r,
    LATERAL (VALUES (crop, p.first), (runner_up, r.second), (NULL, 1 - p.first - r.second)) part (grown, share)
  WHERE part.share <> 0;
END;
COMMENT ON FUNCTION crop_areas(text, double precision, text, double precision, double precision) IS
'The area of a plot, divided among the crops that may grow on it by their probabilities: the crop and the runner-up of classify_crop, and a row of a NULL crop for what is left, which is the whole area where the series was not classified. The rows of a plot add up to its area. Areas are numeric, so that sum() is the same in any order. A NULL area gives NULL; a negative one is an error.';

CREATE FUNCTION next_harvest(v vegetation, as_of date, options jsonb DEFAULT NULL) RETURNS date
  LANGUAGE sql IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 500
BEGIN ATOMIC
  WITH season AS (SELECT p.end_on, max(p.end_on) OVER () AS last_on
      FROM agririsk.phenology(agririsk.clip(v, NULL, as_of), options) p WHERE NOT p.truncated)
  SELECT min(h.harvest_on)
  FROM season s, LATERAL (
    SELECT (s.end_on + make_interval(years => y))::date AS harvest_on
    FROM generate_series(1, 2 + extract(year FROM as_of)::int - extract(year FROM s.end_on)::int) y) h
  WHERE s.end_on > s.last_on - interval '1 year' AND h.harvest_on >= as_of AND h.harvest_on > s.last_on + 60;
END;
COMMENT ON FUNCTION next_harvest(vegetation, date, jsonb) IS
'When the next harvest of a plot is due, if it is grown as in the year before: the first anniversary, on as_of or later, of the end of a season that was seen to its end. Nothing after as_of is looked at. Seasons are those of phenology with these options, of the last year that has any; a date within 60 days of the last end is the harvest that was just seen, and is passed over. NULL if no season was seen to its end. An end that the calendar lacks in a year, 29 February, is the 28th.';
