-- Type confusion: what was predicted against what is true, and area-adjusted accuracy.

@include type TYPE=confusion COST=1 CATEGORY=U PREFERRED=false
COMMENT ON TYPE confusion IS
'Numbers of rows by true and predicted class, and by stratum of the sample. Made by confusion_agg, merged by rollup and +, asked by accuracy, kappa, class_accuracy, matrix, area_adjusted and others.';
COMMENT ON FUNCTION confusion_in(cstring) IS
'Reads the text form of a confusion, such as ''{"counts": [["rice", "maize", 5], ["rice", "rice", 40]], "excluded": 0}'': truth, prediction, count, or truth, prediction, stratum, count. Cells come in any order; those that come twice add up, a count of 0 adds no cell.';
COMMENT ON FUNCTION confusion_out(confusion) IS
'Writes the text form of a confusion: cells in the order of stratum, truth and prediction, independent of every setting.';

-- Aggregation. The transitions are intentionally not STRICT: a row with a NULL
-- is excluded, and counted.

CREATE FUNCTION _confusion_add(internal, text, text) RETURNS internal
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_confusion_add';
COMMENT ON FUNCTION _confusion_add(internal, text, text) IS
'Transition of confusion_agg(text, text).';

CREATE FUNCTION _confusion_add(internal, text, text, text) RETURNS internal
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_confusion_add';
COMMENT ON FUNCTION _confusion_add(internal, text, text, text) IS
'Transition of confusion_agg(text, text, text).';

CREATE FUNCTION _confusion_add(internal, text, text, text, bigint) RETURNS internal
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_confusion_add';
COMMENT ON FUNCTION _confusion_add(internal, text, text, text, bigint) IS
'Transition of confusion_agg(text, text, text, bigint).';

CREATE FUNCTION _confusion_final(internal) RETURNS confusion
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_confusion_final';
COMMENT ON FUNCTION _confusion_final(internal) IS
'Result of confusion_agg; NULL if there was no row.';

@include workers TYPE=confusion

-- SSPACE: five classes, of which most cells have rows.
CREATE AGGREGATE confusion_agg(truth text, predicted text) (
  SFUNC = _confusion_add, STYPE = internal, SSPACE = 2048,
  FINALFUNC = _confusion_final, COMBINEFUNC = _confusion_combine,
  SERIALFUNC = _confusion_serialize, DESERIALFUNC = _confusion_deserialize,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE confusion_agg(text, text) IS
'Numbers of rows by true and predicted class. A row with a NULL is excluded and counted; NULL if there is no row at all. The strata of the sample are taken to be the predicted classes. Classes are told apart by their bytes; names up to 255 bytes, at most 100,000 cells.';

CREATE AGGREGATE confusion_agg(truth text, predicted text, stratum text) (
  SFUNC = _confusion_add, STYPE = internal, SSPACE = 2048,
  FINALFUNC = _confusion_final, COMBINEFUNC = _confusion_combine,
  SERIALFUNC = _confusion_serialize, DESERIALFUNC = _confusion_deserialize,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE confusion_agg(text, text, text) IS
'Numbers of rows by true and predicted class and by the stratum of the sample, such as the class of an older map that the sample was drawn from. A row with a NULL is excluded and counted; NULL if there is no row at all.';

CREATE AGGREGATE confusion_agg(truth text, predicted text, stratum text, weight bigint) (
  SFUNC = _confusion_add, STYPE = internal, SSPACE = 2048,
  FINALFUNC = _confusion_final, COMBINEFUNC = _confusion_combine,
  SERIALFUNC = _confusion_serialize, DESERIALFUNC = _confusion_deserialize,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE confusion_agg(text, text, text, bigint) IS
'The same, each row standing for weight rows: a whole number, because standard errors count rows; unequal chances of being drawn are strata, not weights. A weight of 0 is no row, a negative one an error, a NULL excludes the row. Without strata of its own, give the predicted class as the stratum.';

-- Categories that are not text.

CREATE FUNCTION _confusion_add(internal, "any", "any") RETURNS internal
  LANGUAGE c STABLE CALLED ON NULL INPUT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_confusion_add_any';
COMMENT ON FUNCTION _confusion_add(internal, "any", "any") IS
'Transition of confusion_agg("any", "any").';

CREATE FUNCTION _confusion_add(internal, "any", "any", "any") RETURNS internal
  LANGUAGE c STABLE CALLED ON NULL INPUT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_confusion_add_any';
COMMENT ON FUNCTION _confusion_add(internal, "any", "any", "any") IS
'Transition of confusion_agg("any", "any", "any").';

CREATE FUNCTION _confusion_add(internal, "any", "any", "any", bigint) RETURNS internal
  LANGUAGE c STABLE CALLED ON NULL INPUT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_confusion_add_any';
COMMENT ON FUNCTION _confusion_add(internal, "any", "any", "any", bigint) IS
'Transition of confusion_agg("any", "any", "any", bigint).';

CREATE AGGREGATE confusion_agg(truth "any", predicted "any") (
  SFUNC = _confusion_add, STYPE = internal, SSPACE = 2048,
  FINALFUNC = _confusion_final, COMBINEFUNC = _confusion_combine,
  SERIALFUNC = _confusion_serialize, DESERIALFUNC = _confusion_deserialize,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE confusion_agg("any", "any") IS
'The same of classes that are an enum (its label), boolean (true, false) or an integer (its digits); another type is an error that says to cast it to text.';

CREATE AGGREGATE confusion_agg(truth "any", predicted "any", stratum "any") (
  SFUNC = _confusion_add, STYPE = internal, SSPACE = 2048,
  FINALFUNC = _confusion_final, COMBINEFUNC = _confusion_combine,
  SERIALFUNC = _confusion_serialize, DESERIALFUNC = _confusion_deserialize,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE confusion_agg("any", "any", "any") IS
'The same by stratum, each of the three text, an enum, boolean or an integer.';

CREATE AGGREGATE confusion_agg(truth "any", predicted "any", stratum "any", weight bigint) (
  SFUNC = _confusion_add, STYPE = internal, SSPACE = 2048,
  FINALFUNC = _confusion_final, COMBINEFUNC = _confusion_combine,
  SERIALFUNC = _confusion_serialize, DESERIALFUNC = _confusion_deserialize,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE confusion_agg("any", "any", "any", bigint) IS
'The same, each row standing for weight rows.';

@include merge TYPE=confusion ARGUMENT=c COST=10 SSPACE=512
COMMENT ON FUNCTION confusion_merge(confusion, confusion) IS
'Confusion of the rows of both. NULL, an unknown confusion, makes the result unknown.';
COMMENT ON AGGREGATE rollup(confusion) IS
'Confusion of the rows of all: the same value as confusion_agg over them, whatever the pieces and their order. NULL values are ignored; NULL if none is left.';

-- Measures.

CREATE FUNCTION n(c confusion) RETURNS bigint
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 5
  AS 'MODULE_PATHNAME', 'agririsk_confusion_n';
COMMENT ON FUNCTION n(confusion) IS
'Rows counted, weights counted.';

CREATE FUNCTION excluded(c confusion) RETURNS bigint
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 5
  AS 'MODULE_PATHNAME', 'agririsk_confusion_excluded';
COMMENT ON FUNCTION excluded(confusion) IS
'Rows left out, weights counted, because truth, prediction, stratum or weight was NULL.';

CREATE FUNCTION accuracy(c confusion) RETURNS double precision
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 5
  AS 'MODULE_PATHNAME', 'agririsk_confusion_accuracy';
COMMENT ON FUNCTION accuracy(confusion) IS
'Share of rows whose prediction is the truth, in [0, 1]. NULL without rows. For a map checked by a stratified sample see area_adjusted_accuracy.';

CREATE FUNCTION kappa(c confusion) RETURNS double precision
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 5
  AS 'MODULE_PATHNAME', 'agririsk_confusion_kappa';
COMMENT ON FUNCTION kappa(confusion) IS
'Cohen''s kappa: (accuracy - chance) / (1 - chance), chance being the sum of products of the marginal shares; at most 1. NULL without rows, and where all rows have one class, true and predicted. Source: Cohen 1960, A coefficient of agreement for nominal scales.';

CREATE FUNCTION users_accuracy(c confusion, class text) RETURNS double precision
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 5
  AS 'MODULE_PATHNAME', 'agririsk_confusion_users_accuracy';
COMMENT ON FUNCTION users_accuracy(confusion, text) IS
'Of the rows predicted to be of the class, the share that truly is (precision), in [0, 1]. NULL if none is predicted so.';

CREATE FUNCTION producers_accuracy(c confusion, class text) RETURNS double precision
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 5
  AS 'MODULE_PATHNAME', 'agririsk_confusion_producers_accuracy';
COMMENT ON FUNCTION producers_accuracy(confusion, text) IS
'Of the rows truly of the class, the share predicted so (recall), in [0, 1]. NULL if none truly is.';

CREATE FUNCTION f1(c confusion, class text) RETURNS double precision
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 5
  AS 'MODULE_PATHNAME', 'agririsk_confusion_f1';
COMMENT ON FUNCTION f1(confusion, text) IS
'Harmonic mean of user''s and producer''s accuracy of the class: 2 correct / (predicted + true), in [0, 1]. NULL if the class is neither.';

CREATE FUNCTION class_accuracy(c confusion,
  OUT class text, OUT mapped bigint, OUT reference bigint, OUT correct bigint,
  OUT users_accuracy double precision, OUT producers_accuracy double precision, OUT f1 double precision)
  RETURNS SETOF record
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 20 ROWS 10
  AS 'MODULE_PATHNAME', 'agririsk_confusion_class_accuracy';
COMMENT ON FUNCTION class_accuracy(confusion) IS
'One row per class, in the order of bytes: rows predicted so (mapped), truly so (reference), both (correct), and the accuracies of users_accuracy, producers_accuracy and f1, NULL where those are.';

CREATE FUNCTION matrix(c confusion, OUT stratum text, OUT truth text, OUT predicted text, OUT n bigint)
  RETURNS SETOF record
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 20 ROWS 30
  AS 'MODULE_PATHNAME', 'agririsk_confusion_matrix';
COMMENT ON FUNCTION matrix(confusion) IS
'The cells that have rows: stratum (the predicted class where the aggregate was given none), true class, predicted class, number of rows.';

CREATE FUNCTION area_adjusted(c confusion, mapped_area jsonb,
  OUT class text, OUT mapped bigint, OUT reference bigint, OUT correct bigint,
  OUT area_share double precision, OUT area_share_se double precision,
  OUT area double precision, OUT area_se double precision,
  OUT users_accuracy double precision, OUT users_accuracy_se double precision,
  OUT producers_accuracy double precision, OUT producers_accuracy_se double precision)
  RETURNS SETOF record
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 50 ROWS 10
  AS 'MODULE_PATHNAME', 'agririsk_confusion_area_adjusted';
COMMENT ON FUNCTION area_adjusted(confusion, jsonb) IS
'What a stratified sample says of a map, one row per class: the true share and area of the class (in the unit of mapped_area, which gives the area of each stratum), user''s and producer''s accuracy, each with its standard error. NULL where a stratum of some area has no row, or all areas are 0; a standard error also where one has a single row; producer''s accuracy where no area is truly so. Where the strata are the mapped classes user''s accuracy is that of the stratum''s own rows, whatever the areas. A sampled stratum without an area, or a negative area, is an error. Sources: Olofsson et al. 2014, Good practices for estimating area and assessing accuracy of land change; Stehman 2014 where the strata are not the mapped classes.';

CREATE FUNCTION area_adjusted_accuracy(c confusion, mapped_area jsonb,
  OUT accuracy double precision, OUT accuracy_se double precision)
  RETURNS record
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 20
  AS 'MODULE_PATHNAME', 'agririsk_confusion_area_adjusted_accuracy';
COMMENT ON FUNCTION area_adjusted_accuracy(confusion, jsonb) IS
'Share of the mapped area whose class is the true one, as a stratified sample estimates it, and its standard error; NULL as in area_adjusted. Source: Olofsson et al. 2014.';
