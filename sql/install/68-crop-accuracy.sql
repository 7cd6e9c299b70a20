-- How right a crop library is where it did not learn.

CREATE FUNCTION _crop_accuracy(labels text[], series vegetation[], blocks text[], areas double precision[], options jsonb,
    random_folds integer, block_folds integer, target double precision, area_limits double precision[], mapped_area jsonb)
  RETURNS TABLE (folds text, dimension text, value text, samples bigint, unreachable bigint, classified bigint, correct bigint,
    accuracy double precision, accuracy_se double precision, accuracy_reachable double precision, accuracy_classified double precision,
    share_at_target double precision, users_accuracy double precision,
    adjusted_accuracy double precision, adjusted_accuracy_se double precision)
  LANGUAGE sql IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 1000000 ROWS 60
  SET extra_float_digits = 1 -- so that limits of areas are written with their digits
BEGIN ATOMIC
  WITH sample AS MATERIALIZED (
      SELECT u.id, u.label, u.v, u.block, u.area, o.first_on, o.last_on
      FROM unnest(labels, series, blocks, areas) WITH ORDINALITY u (label, v, block, area, id),
        LATERAL (SELECT min(d.on_date) AS first_on, max(d.on_date) AS last_on FROM agririsk.observations(u.v) d) o),
    -- Equal series are in one fold.
    member AS MATERIALIZED (
      SELECT 'random' AS folds, s.id, agririsk.fold(s.v::text, random_folds)::text AS part FROM sample s
      UNION ALL
      SELECT 'blocked', s.id, CASE WHEN block_folds IS NULL THEN s.block ELSE agririsk.fold(s.block, block_folds)::text END FROM sample s),
    -- One library for each part, learnt from the others.
    learnt AS MATERIALIZED (
      SELECT p.folds, p.part,
        (SELECT agririsk.crop_library_agg(s.label, s.v, options)
         FROM member m JOIN sample s ON s.id = m.id
         WHERE m.folds = p.folds AND m.part <> p.part AND s.first_on < s.last_on) AS library
      FROM (SELECT DISTINCT m.folds, m.part FROM member m) p),
    said AS MATERIALIZED (
      SELECT l.folds, q.id, q.label, q.block, q.area, q.months, (q.c).crop AS crop, (q.c).probability AS probability, q.label = ANY (k.crops) AS reachable
      FROM learnt l,
        LATERAL (SELECT coalesce(array_agg(c.crop), '{}') AS crops FROM agririsk.crops(l.library) c) k,
        -- OFFSET 0: one library at a time, one call for each series and month.
        LATERAL (
          SELECT s.*, t.months, agririsk.classify_crop(l.library, s.v, NULL, t.to_date) AS c
          FROM member m JOIN sample s ON s.id = m.id,
            LATERAL (
              SELECT NULL::integer AS months, NULL::date AS to_date
              UNION ALL
              SELECT y.n, (s.first_on + make_interval(months => y.n))::date FROM generate_series(1, 24) y (n)
              WHERE s.first_on + make_interval(months => y.n) < s.last_on) t
          WHERE m.folds = l.folds AND m.part = l.part OFFSET 0) q),
    grouped AS MATERIALIZED (
      SELECT s.*, d.*, s.crop IS NOT DISTINCT FROM s.label AS right_one
      FROM said s,
        LATERAL (
          SELECT 1 AS place, 'all' AS dimension, NULL AS value, 0 AS rank WHERE s.months IS NULL
          UNION ALL SELECT 2, 'crop', s.label, 0 WHERE s.months IS NULL
          UNION ALL SELECT 3, 'area', CASE WHEN b.n = 0 THEN 'below ' || area_limits[1]
              WHEN b.n = cardinality(area_limits) THEN area_limits[b.n] || ' or more'
              ELSE area_limits[b.n] || ' to below ' || area_limits[b.n + 1] END, b.n
            FROM (SELECT count(*)::integer AS n FROM unnest(area_limits) a WHERE s.area >= a) b WHERE s.months IS NULL AND s.area IS NOT NULL
          UNION ALL SELECT 4, 'months seen', s.months::text, s.months WHERE s.months IS NOT NULL) d),
    counted AS (
      SELECT g.folds, g.place, g.rank, g.dimension, g.value, count(*) AS n, count(*) FILTER (WHERE NOT g.reachable) AS unreachable,
        count(g.crop) AS classified, count(*) FILTER (WHERE g.right_one) AS correct, agririsk.confusion_agg(g.label, g.crop) AS confusion
      FROM grouped g GROUP BY 1, 2, 3, 4, 5),
    -- What errs together: with blocked folds a block.
    spread AS (
      SELECT u.place, u.value, u.folds, sqrt(sum((u.correct * c.n - c.correct * u.n) ^ 2) * count(*) / nullif(count(*) - 1, 0)) / c.n ^ 2 AS se
      FROM (SELECT g.folds, g.place, g.value, count(*)::numeric AS n, count(*) FILTER (WHERE g.right_one)::numeric AS correct
            FROM grouped g GROUP BY g.folds, g.place, g.value, CASE g.folds WHEN 'blocked' THEN g.block ELSE g.id::text END) u
        JOIN counted c ON c.folds = u.folds AND c.place = u.place AND c.value IS NOT DISTINCT FROM u.value
      GROUP BY u.place, u.value, u.folds, c.n),
    surest AS (
      SELECT r.folds, r.place, r.value, CASE WHEN count(r.probability) > 0 THEN
          coalesce(max(r.n) FILTER (WHERE r.probability IS NOT NULL AND r.correct >= target * r.n), 0) END AS n
      FROM (SELECT g.folds, g.place, g.value, g.probability, count(*) OVER w AS n, count(*) FILTER (WHERE g.right_one) OVER w AS correct
            FROM grouped g WINDOW w AS (PARTITION BY g.folds, g.place, g.value ORDER BY g.probability DESC NULLS LAST)) r
      GROUP BY r.folds, r.place, r.value)
  SELECT c.folds, c.dimension, c.value, c.n, c.unreachable, c.classified, c.correct, c.correct::double precision / c.n, e.se::double precision,
    c.correct::double precision / nullif(c.n - c.unreachable, 0), agririsk.accuracy(c.confusion), h.n::double precision / c.n,
    CASE c.dimension WHEN 'crop' THEN agririsk.users_accuracy(w.confusion, c.value) END,
    coalesce(a.accuracy, p.producers_accuracy), coalesce(a.accuracy_se, p.producers_accuracy_se)
  FROM counted c
    JOIN counted w ON w.folds = c.folds AND w.place = 1
    JOIN spread e ON e.folds = c.folds AND e.place = c.place AND e.value IS NOT DISTINCT FROM c.value
    JOIN surest h ON h.folds = c.folds AND h.place = c.place AND h.value IS NOT DISTINCT FROM c.value
    LEFT JOIN LATERAL agririsk.area_adjusted_accuracy(c.confusion, mapped_area) a ON c.dimension = 'all'
    LEFT JOIN LATERAL agririsk.area_adjusted(w.confusion, mapped_area) p ON c.dimension = 'crop' AND p.class = c.value
  ORDER BY c.place, c.rank, c.value COLLATE "C", c.folds DESC;
END;
COMMENT ON FUNCTION _crop_accuracy(text[], vegetation[], text[], double precision[], jsonb, integer, integer, double precision, double precision[], jsonb) IS
'What crop_accuracy says of rows that were read.';

CREATE FUNCTION _crop_accuracy_check(labelled text, random_folds integer, block_folds integer, target double precision,
    area_limits double precision[]) RETURNS void
  LANGUAGE plpgsql STABLE CALLED ON NULL INPUT PARALLEL SAFE
  SET search_path = pg_catalog, pg_temp
AS $check$
BEGIN
  IF labelled IS NULL THEN
    RAISE null_value_not_allowed USING
      MESSAGE = 'a query of labelled series is needed', DETAIL = 'labelled is NULL.',
      HINT = 'Give a query that selects label, series, block and area.';
  END IF;
  IF random_folds IS NULL OR random_folds < 2 OR block_folds < 2 OR target IS NULL OR NOT target BETWEEN 0 AND 1 THEN
    RAISE invalid_parameter_value USING
      MESSAGE = 'an argument of crop_accuracy is out of range',
      DETAIL = format('random_folds is %s, block_folds is %s, target is %s.', coalesce(random_folds::text, 'NULL'),
        coalesce(block_folds::text, 'NULL'), coalesce(target::text, 'NULL')),
      HINT = 'Give at least 2 folds, and a target from 0 to 1.';
  END IF;
  IF area_limits IS NULL OR cardinality(area_limits) = 0
    OR area_limits IS DISTINCT FROM (SELECT array_agg(DISTINCT a ORDER BY a) FROM unnest(area_limits) a) THEN
    RAISE invalid_parameter_value USING
      MESSAGE = 'area_limits do not ascend',
      DETAIL = format('They are %s.', coalesce(area_limits::text, 'NULL')),
      HINT = 'Give an array such as {0.5,1,5}, in the unit of the areas.';
  END IF;
END
$check$;
COMMENT ON FUNCTION _crop_accuracy_check(text, integer, integer, double precision, double precision[]) IS
'An error where the arguments of crop_accuracy make no sense.';

CREATE FUNCTION crop_accuracy(labelled text, options jsonb DEFAULT NULL, random_folds integer DEFAULT 5, block_folds integer DEFAULT NULL,
    target double precision DEFAULT 0.93, area_limits double precision[] DEFAULT '{0.5,1,5}', mapped_area jsonb DEFAULT NULL)
  RETURNS TABLE (folds text, dimension text, value text, samples bigint, unreachable bigint, classified bigint, correct bigint,
    accuracy double precision, accuracy_se double precision, accuracy_reachable double precision, accuracy_classified double precision,
    share_at_target double precision, users_accuracy double precision,
    adjusted_accuracy double precision, adjusted_accuracy_se double precision)
  LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE COST 1000000 ROWS 60
AS $accuracy$
DECLARE
  r record;
BEGIN
  PERFORM agririsk._crop_accuracy_check(labelled, random_folds, block_folds, target, area_limits);
  BEGIN
    EXECUTE pg_catalog.format($query$
      SELECT pg_catalog.count(*) AS n, pg_catalog.count(*) FILTER (WHERE q.label IS NOT NULL AND q.v IS NOT NULL AND q.block IS NOT NULL) AS used,
        pg_catalog.count(DISTINCT q.block) FILTER (WHERE q.label IS NOT NULL AND q.v IS NOT NULL) AS blocks,
        pg_catalog.array_agg(q.label::text) FILTER (WHERE q.label IS NOT NULL AND q.v IS NOT NULL AND q.block IS NOT NULL) AS labels,
        pg_catalog.array_agg(q.v::agririsk.vegetation) FILTER (WHERE q.label IS NOT NULL AND q.v IS NOT NULL AND q.block IS NOT NULL) AS series,
        pg_catalog.array_agg(q.block::text) FILTER (WHERE q.label IS NOT NULL AND q.v IS NOT NULL AND q.block IS NOT NULL) AS keys,
        pg_catalog.array_agg(q.area::double precision) FILTER (WHERE q.label IS NOT NULL AND q.v IS NOT NULL AND q.block IS NOT NULL) AS areas
      FROM (%s
      ) q (label, v, block, area)$query$, labelled) INTO r;
  EXCEPTION WHEN invalid_column_reference THEN
    RAISE invalid_parameter_value USING
      MESSAGE = 'the query of labelled series does not have four columns', DETAIL = SQLERRM,
      HINT = 'Select label, series, block and area; area is NULL::float8 where it is not known.';
  END;
  IF r.used OPERATOR(pg_catalog.<) r.n THEN
    RAISE NOTICE USING
      MESSAGE = pg_catalog.format('%s of %s rows without a label, a series or a block are left out', r.n OPERATOR(pg_catalog.-) r.used, r.n);
  END IF;
  IF r.blocks OPERATOR(pg_catalog.<) 2 THEN
    RAISE invalid_parameter_value USING
      MESSAGE = 'labelled series lie in fewer than two blocks',
      DETAIL = pg_catalog.format('They lie in %s.', r.blocks),
      HINT = 'Give a block to each series, such as its county or its cell of one degree: a library is judged on blocks that it has not seen.';
  END IF;
  RETURN QUERY SELECT * FROM agririsk._crop_accuracy(r.labels, r.series, r.keys, r.areas, options, random_folds, block_folds,
    target, area_limits, mapped_area);
END
$accuracy$;
COMMENT ON FUNCTION crop_accuracy(text, jsonb, integer, integer, double precision, double precision[], jsonb) IS
'How right crop_library_agg with these options (library_options) is on series that it did not learn from. labelled is a query that selects label, series (vegetation), block (such as a county or a cell; any type) and area of the plot, NULL where it is not known. folds: random, where series are dealt to random_folds by a hash, equal series together; and blocked, where each block is left out once, or blocks are dealt to block_folds. Random folds flatter, because neighbours are on both sides. dimension: all; crop (value: the true crop); area (by area_limits, in the unit of area); months seen (series cut so many months after their first date). samples of the group; unreachable: whose crop no series of the other folds had; classified: those with a crop; correct. accuracy: correct of all samples, so a sample that was not classified counts as wrong; its standard error is by blocks for blocked folds, by samples for random ones, NULL of a single one. accuracy_reachable: correct of those not unreachable. accuracy_classified: of the classified. share_at_target: the largest share of the samples, the surest first, of which at least target are right. users_accuracy of the crop, without areas. adjusted_accuracy and its standard error: for areas of the map, mapped_area being the area of each mapped crop as in area_adjusted; of all the overall accuracy, of a crop the producer''s; NULL without mapped_area. Rows without a label, series or block are left out, with a NOTICE. Fewer than two blocks are an error. The query runs with the caller''s rights.';
