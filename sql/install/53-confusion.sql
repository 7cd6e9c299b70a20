-- Type confusion: what was predicted against what is true, and area-adjusted accuracy.

CREATE TYPE confusion;

CREATE FUNCTION confusion_in(cstring) RETURNS confusion
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_confusion_in';
COMMENT ON FUNCTION confusion_in(cstring) IS
'Reads the text form of a confusion, such as ''{"counts": [["rice", "maize", 5], ["rice", "rice", 40]], "excluded": 0}'': truth, prediction, count, or truth, prediction, stratum, count. Cells come in any order; those that come twice add up, a count of 0 adds no cell.';

CREATE FUNCTION confusion_out(confusion) RETURNS cstring
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_confusion_out';
COMMENT ON FUNCTION confusion_out(confusion) IS
'Writes the text form of a confusion: cells in the order of stratum, truth and prediction, independent of every setting.';

CREATE FUNCTION confusion_recv(internal) RETURNS confusion
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_confusion_recv';
COMMENT ON FUNCTION confusion_recv(internal) IS
'Reads the binary form of a confusion.';

CREATE FUNCTION confusion_send(confusion) RETURNS bytea
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_confusion_send';
COMMENT ON FUNCTION confusion_send(confusion) IS
'Writes the binary form of a confusion, names in UTF-8, the same bytes on every machine; equal values have equal bytes.';

CREATE TYPE confusion (
  INPUT = confusion_in,
  OUTPUT = confusion_out,
  RECEIVE = confusion_recv,
  SEND = confusion_send,
  ALIGNMENT = int4,
  STORAGE = extended
);
COMMENT ON TYPE confusion IS
'Numbers of rows by true and predicted class, and by stratum of the sample. Made by confusion_agg, merged by rollup and +, asked by accuracy, kappa, class_accuracy, matrix, area_adjusted and others.';

-- Comparison. Equal values have equal bytes; the order has no meaning beyond
-- being one, which DISTINCT, UNION and unique indexes need.

CREATE FUNCTION confusion_eq(confusion, confusion) RETURNS boolean
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF
  AS 'MODULE_PATHNAME', 'agririsk_varlena_eq';
COMMENT ON FUNCTION confusion_eq(confusion, confusion) IS
'Whether two confusions have the same counts in every cell and the same number of rows excluded.';

CREATE FUNCTION confusion_ne(confusion, confusion) RETURNS boolean
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF
  AS 'MODULE_PATHNAME', 'agririsk_varlena_ne';
COMMENT ON FUNCTION confusion_ne(confusion, confusion) IS
'Whether two confusions differ.';

CREATE FUNCTION confusion_lt(confusion, confusion) RETURNS boolean
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF
  AS 'MODULE_PATHNAME', 'agririsk_varlena_lt';
COMMENT ON FUNCTION confusion_lt(confusion, confusion) IS
'Less than in the order of bytes, which means nothing in counts.';

CREATE FUNCTION confusion_le(confusion, confusion) RETURNS boolean
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF
  AS 'MODULE_PATHNAME', 'agririsk_varlena_le';
COMMENT ON FUNCTION confusion_le(confusion, confusion) IS
'At most, in the order of bytes, which means nothing in counts.';

CREATE FUNCTION confusion_gt(confusion, confusion) RETURNS boolean
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF
  AS 'MODULE_PATHNAME', 'agririsk_varlena_gt';
COMMENT ON FUNCTION confusion_gt(confusion, confusion) IS
'Greater than in the order of bytes, which means nothing in counts.';

CREATE FUNCTION confusion_ge(confusion, confusion) RETURNS boolean
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF
  AS 'MODULE_PATHNAME', 'agririsk_varlena_ge';
COMMENT ON FUNCTION confusion_ge(confusion, confusion) IS
'At least, in the order of bytes, which means nothing in counts.';

CREATE FUNCTION confusion_cmp(confusion, confusion) RETURNS integer
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF
  AS 'MODULE_PATHNAME', 'agririsk_varlena_cmp';
COMMENT ON FUNCTION confusion_cmp(confusion, confusion) IS
'Order of the bytes of two confusions: negative, 0 or positive.';

CREATE FUNCTION confusion_hash(confusion) RETURNS integer
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF
  AS 'MODULE_PATHNAME', 'agririsk_varlena_hash';
COMMENT ON FUNCTION confusion_hash(confusion) IS
'Hash of the bytes of a confusion.';

CREATE FUNCTION confusion_hash_extended(confusion, bigint) RETURNS bigint
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF
  AS 'MODULE_PATHNAME', 'agririsk_varlena_hash_extended';
COMMENT ON FUNCTION confusion_hash_extended(confusion, bigint) IS
'Hash of the bytes of a confusion, with a seed.';

CREATE OPERATOR = (
  LEFTARG = confusion, RIGHTARG = confusion, FUNCTION = confusion_eq,
  COMMUTATOR = =, NEGATOR = <>, RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES
);
COMMENT ON OPERATOR = (confusion, confusion) IS 'same confusion';

CREATE OPERATOR <> (
  LEFTARG = confusion, RIGHTARG = confusion, FUNCTION = confusion_ne,
  COMMUTATOR = <>, NEGATOR = =, RESTRICT = neqsel, JOIN = neqjoinsel
);
COMMENT ON OPERATOR <> (confusion, confusion) IS 'different confusion';

CREATE OPERATOR < (
  LEFTARG = confusion, RIGHTARG = confusion, FUNCTION = confusion_lt,
  COMMUTATOR = >, NEGATOR = >=, RESTRICT = scalarltsel, JOIN = scalarltjoinsel
);
COMMENT ON OPERATOR < (confusion, confusion) IS 'less than, in the order of bytes';

CREATE OPERATOR <= (
  LEFTARG = confusion, RIGHTARG = confusion, FUNCTION = confusion_le,
  COMMUTATOR = >=, NEGATOR = >, RESTRICT = scalarlesel, JOIN = scalarlejoinsel
);
COMMENT ON OPERATOR <= (confusion, confusion) IS 'at most, in the order of bytes';

CREATE OPERATOR > (
  LEFTARG = confusion, RIGHTARG = confusion, FUNCTION = confusion_gt,
  COMMUTATOR = <, NEGATOR = <=, RESTRICT = scalargtsel, JOIN = scalargtjoinsel
);
COMMENT ON OPERATOR > (confusion, confusion) IS 'greater than, in the order of bytes';

CREATE OPERATOR >= (
  LEFTARG = confusion, RIGHTARG = confusion, FUNCTION = confusion_ge,
  COMMUTATOR = <=, NEGATOR = <, RESTRICT = scalargesel, JOIN = scalargejoinsel
);
COMMENT ON OPERATOR >= (confusion, confusion) IS 'at least, in the order of bytes';

CREATE OPERATOR CLASS confusion_ops DEFAULT FOR TYPE confusion USING btree AS
  OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >,
  FUNCTION 1 confusion_cmp(confusion, confusion);

CREATE OPERATOR CLASS confusion_ops DEFAULT FOR TYPE confusion USING hash AS
  OPERATOR 1 =,
  FUNCTION 1 confusion_hash(confusion),
  FUNCTION 2 confusion_hash_extended(confusion, bigint);

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

CREATE FUNCTION _confusion_combine(internal, internal) RETURNS internal
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_confusion_combine';
COMMENT ON FUNCTION _confusion_combine(internal, internal) IS
'Merges the states of two workers of confusion_agg; a worker that saw no rows has NULL.';

CREATE FUNCTION _confusion_serialize(internal) RETURNS bytea
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_confusion_serialize';
COMMENT ON FUNCTION _confusion_serialize(internal) IS
'State of confusion_agg as bytes, in the stored form of confusion.';

CREATE FUNCTION _confusion_deserialize(bytea, internal) RETURNS internal
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_confusion_deserialize';
COMMENT ON FUNCTION _confusion_deserialize(bytea, internal) IS
'State of confusion_agg from bytes.';

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

-- Merging.

CREATE FUNCTION confusion_merge(confusion, confusion) RETURNS confusion
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10
  AS 'MODULE_PATHNAME', 'agririsk_confusion_merge';
COMMENT ON FUNCTION confusion_merge(confusion, confusion) IS
'Confusion of the rows of both. NULL, an unknown confusion, makes the result unknown.';

CREATE OPERATOR + (
  LEFTARG = confusion, RIGHTARG = confusion, FUNCTION = confusion_merge,
  COMMUTATOR = +
);
COMMENT ON OPERATOR + (confusion, confusion) IS 'rows of both';

CREATE AGGREGATE rollup(c confusion) (
  SFUNC = confusion_merge, STYPE = confusion, SSPACE = 512,
  COMBINEFUNC = confusion_merge, PARALLEL = SAFE
);
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
