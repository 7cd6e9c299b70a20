-- Type concentration: weights by key, and how concentrated they are.

CREATE TYPE concentration;

CREATE FUNCTION concentration_in(cstring) RETURNS concentration
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_concentration_in';
COMMENT ON FUNCTION concentration_in(cstring) IS
'Reads the text form of a concentration, such as ''{"apple": 1200.5, "rice": 300+1e-17}''. Keys come in any order; weights of a key that comes twice add up, a weight of zero adds no key.';

CREATE FUNCTION concentration_out(concentration) RETURNS cstring
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_concentration_out';
COMMENT ON FUNCTION concentration_out(concentration) IS
'Writes the text form of a concentration: keys in the order of their bytes as JSON strings, weights exact (a sum where one number is not enough), independent of every setting.';

CREATE FUNCTION concentration_recv(internal) RETURNS concentration
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_concentration_recv';
COMMENT ON FUNCTION concentration_recv(internal) IS
'Reads the binary form of a concentration.';

CREATE FUNCTION concentration_send(concentration) RETURNS bytea
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_concentration_send';
COMMENT ON FUNCTION concentration_send(concentration) IS
'Writes the binary form of a concentration, keys in UTF-8, the same bytes on every machine; equal values have equal bytes.';

CREATE TYPE concentration (
  INPUT = concentration_in,
  OUTPUT = concentration_out,
  RECEIVE = concentration_recv,
  SEND = concentration_send,
  ALIGNMENT = int4,
  STORAGE = extended
);
COMMENT ON TYPE concentration IS
'Exact sums of weights (0 or more, in any unit) by key: buyers, crops, destinations, counties. Made by concentration_agg, merged by rollup and +, asked by hhi, effective_number, top_share, entropy and keys.';

-- Comparison. Equal values have equal bytes; the order has no meaning beyond
-- being one, which DISTINCT, UNION and unique indexes need.

CREATE FUNCTION concentration_eq(concentration, concentration) RETURNS boolean
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF
  AS 'MODULE_PATHNAME', 'agririsk_varlena_eq';
COMMENT ON FUNCTION concentration_eq(concentration, concentration) IS
'Whether two concentrations have the same keys with the same sums, to the last bit.';

CREATE FUNCTION concentration_ne(concentration, concentration) RETURNS boolean
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF
  AS 'MODULE_PATHNAME', 'agririsk_varlena_ne';
COMMENT ON FUNCTION concentration_ne(concentration, concentration) IS
'Whether two concentrations differ.';

CREATE FUNCTION concentration_lt(concentration, concentration) RETURNS boolean
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF
  AS 'MODULE_PATHNAME', 'agririsk_varlena_lt';
COMMENT ON FUNCTION concentration_lt(concentration, concentration) IS
'Less than in the order of bytes, which means nothing in weights.';

CREATE FUNCTION concentration_le(concentration, concentration) RETURNS boolean
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF
  AS 'MODULE_PATHNAME', 'agririsk_varlena_le';
COMMENT ON FUNCTION concentration_le(concentration, concentration) IS
'At most, in the order of bytes, which means nothing in weights.';

CREATE FUNCTION concentration_gt(concentration, concentration) RETURNS boolean
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF
  AS 'MODULE_PATHNAME', 'agririsk_varlena_gt';
COMMENT ON FUNCTION concentration_gt(concentration, concentration) IS
'Greater than in the order of bytes, which means nothing in weights.';

CREATE FUNCTION concentration_ge(concentration, concentration) RETURNS boolean
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF
  AS 'MODULE_PATHNAME', 'agririsk_varlena_ge';
COMMENT ON FUNCTION concentration_ge(concentration, concentration) IS
'At least, in the order of bytes, which means nothing in weights.';

CREATE FUNCTION concentration_cmp(concentration, concentration) RETURNS integer
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF
  AS 'MODULE_PATHNAME', 'agririsk_varlena_cmp';
COMMENT ON FUNCTION concentration_cmp(concentration, concentration) IS
'Order of the bytes of two concentrations: negative, 0 or positive.';

CREATE FUNCTION concentration_hash(concentration) RETURNS integer
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF
  AS 'MODULE_PATHNAME', 'agririsk_varlena_hash';
COMMENT ON FUNCTION concentration_hash(concentration) IS
'Hash of the bytes of a concentration.';

CREATE FUNCTION concentration_hash_extended(concentration, bigint) RETURNS bigint
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF
  AS 'MODULE_PATHNAME', 'agririsk_varlena_hash_extended';
COMMENT ON FUNCTION concentration_hash_extended(concentration, bigint) IS
'Hash of the bytes of a concentration, with a seed.';

CREATE OPERATOR = (
  LEFTARG = concentration, RIGHTARG = concentration, FUNCTION = concentration_eq,
  COMMUTATOR = =, NEGATOR = <>, RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES
);
COMMENT ON OPERATOR = (concentration, concentration) IS 'same concentration';

CREATE OPERATOR <> (
  LEFTARG = concentration, RIGHTARG = concentration, FUNCTION = concentration_ne,
  COMMUTATOR = <>, NEGATOR = =, RESTRICT = neqsel, JOIN = neqjoinsel
);
COMMENT ON OPERATOR <> (concentration, concentration) IS 'different concentration';

CREATE OPERATOR < (
  LEFTARG = concentration, RIGHTARG = concentration, FUNCTION = concentration_lt,
  COMMUTATOR = >, NEGATOR = >=, RESTRICT = scalarltsel, JOIN = scalarltjoinsel
);
COMMENT ON OPERATOR < (concentration, concentration) IS 'less than, in the order of bytes';

CREATE OPERATOR <= (
  LEFTARG = concentration, RIGHTARG = concentration, FUNCTION = concentration_le,
  COMMUTATOR = >=, NEGATOR = >, RESTRICT = scalarlesel, JOIN = scalarlejoinsel
);
COMMENT ON OPERATOR <= (concentration, concentration) IS 'at most, in the order of bytes';

CREATE OPERATOR > (
  LEFTARG = concentration, RIGHTARG = concentration, FUNCTION = concentration_gt,
  COMMUTATOR = <, NEGATOR = <=, RESTRICT = scalargtsel, JOIN = scalargtjoinsel
);
COMMENT ON OPERATOR > (concentration, concentration) IS 'greater than, in the order of bytes';

CREATE OPERATOR >= (
  LEFTARG = concentration, RIGHTARG = concentration, FUNCTION = concentration_ge,
  COMMUTATOR = <=, NEGATOR = <, RESTRICT = scalargesel, JOIN = scalargejoinsel
);
COMMENT ON OPERATOR >= (concentration, concentration) IS 'at least, in the order of bytes';

CREATE OPERATOR CLASS concentration_ops DEFAULT FOR TYPE concentration USING btree AS
  OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >,
  FUNCTION 1 concentration_cmp(concentration, concentration);

CREATE OPERATOR CLASS concentration_ops DEFAULT FOR TYPE concentration USING hash AS
  OPERATOR 1 =,
  FUNCTION 1 concentration_hash(concentration),
  FUNCTION 2 concentration_hash_extended(concentration, bigint);

-- Aggregation. The transitions are intentionally not STRICT: a row with a NULL
-- is ignored, but must not stop the first row from making the state.

CREATE FUNCTION _concentration_add(internal, text, double precision) RETURNS internal
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_concentration_add_text';
COMMENT ON FUNCTION _concentration_add(internal, text, double precision) IS
'Transition of concentration_agg(text, double precision).';

CREATE FUNCTION _concentration_add(internal, bigint, double precision) RETURNS internal
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_concentration_add_bigint';
COMMENT ON FUNCTION _concentration_add(internal, bigint, double precision) IS
'Transition of concentration_agg(bigint, double precision).';

CREATE FUNCTION _concentration_add(internal, uuid, double precision) RETURNS internal
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_concentration_add_uuid';
COMMENT ON FUNCTION _concentration_add(internal, uuid, double precision) IS
'Transition of concentration_agg(uuid, double precision).';

CREATE FUNCTION _concentration_final(internal) RETURNS concentration
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_concentration_final';
COMMENT ON FUNCTION _concentration_final(internal) IS
'Result of concentration_agg; NULL if no row counted.';

CREATE FUNCTION _concentration_combine(internal, internal) RETURNS internal
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_concentration_combine';
COMMENT ON FUNCTION _concentration_combine(internal, internal) IS
'Merges the states of two workers of concentration_agg; a worker that saw no rows has NULL.';

CREATE FUNCTION _concentration_serialize(internal) RETURNS bytea
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_concentration_serialize';
COMMENT ON FUNCTION _concentration_serialize(internal) IS
'State of concentration_agg as bytes, in the stored form of concentration.';

CREATE FUNCTION _concentration_deserialize(bytea, internal) RETURNS internal
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_concentration_deserialize';
COMMENT ON FUNCTION _concentration_deserialize(bytea, internal) IS
'State of concentration_agg from bytes.';

-- SSPACE: a farmer with up to four buyers takes about 300 bytes.
CREATE AGGREGATE concentration_agg(key text, weight double precision) (
  SFUNC = _concentration_add, STYPE = internal, SSPACE = 304,
  FINALFUNC = _concentration_final, COMBINEFUNC = _concentration_combine,
  SERIALFUNC = _concentration_serialize, DESERIALFUNC = _concentration_deserialize,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE concentration_agg(text, double precision) IS
'Exact sums of weights by key. Weights are 0 or more, in any unit; a weight of 0 adds no key. Rows with a NULL key or weight are ignored; NULL if no row is left, an empty value if all weights are 0. A negative, NaN or infinite weight is an error. Keys are told apart by their bytes.';

CREATE AGGREGATE concentration_agg(key bigint, weight double precision) (
  SFUNC = _concentration_add, STYPE = internal, SSPACE = 304,
  FINALFUNC = _concentration_final, COMBINEFUNC = _concentration_combine,
  SERIALFUNC = _concentration_serialize, DESERIALFUNC = _concentration_deserialize,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE concentration_agg(bigint, double precision) IS
'Exact sums of weights by key. Weights are 0 or more, in any unit; a weight of 0 adds no key. Rows with a NULL key or weight are ignored; NULL if no row is left, an empty value if all weights are 0. A negative, NaN or infinite weight is an error. Keys are kept as decimal text, so both forms merge.';

CREATE AGGREGATE concentration_agg(key uuid, weight double precision) (
  SFUNC = _concentration_add, STYPE = internal, SSPACE = 304,
  FINALFUNC = _concentration_final, COMBINEFUNC = _concentration_combine,
  SERIALFUNC = _concentration_serialize, DESERIALFUNC = _concentration_deserialize,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE concentration_agg(uuid, double precision) IS
'The same of keys that are uuid. Keys are kept as the text of the uuid, so all forms merge.';

-- Merging.

CREATE FUNCTION concentration_merge(concentration, concentration) RETURNS concentration
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10
  AS 'MODULE_PATHNAME', 'agririsk_concentration_merge';
COMMENT ON FUNCTION concentration_merge(concentration, concentration) IS
'Concentration of the rows of both, exact in any order. NULL, an unknown concentration, makes the result unknown.';

CREATE OPERATOR + (
  LEFTARG = concentration, RIGHTARG = concentration, FUNCTION = concentration_merge,
  COMMUTATOR = +
);
COMMENT ON OPERATOR + (concentration, concentration) IS 'rows of both';

CREATE AGGREGATE rollup(c concentration) (
  SFUNC = concentration_merge, STYPE = concentration, SSPACE = 512,
  COMBINEFUNC = concentration_merge, PARALLEL = SAFE
);
COMMENT ON AGGREGATE rollup(concentration) IS
'Concentration of the rows of all: the same value as concentration_agg over them, whatever the pieces and their order. NULL values are ignored; NULL if none is left.';

-- Measures.

CREATE FUNCTION hhi(c concentration) RETURNS double precision
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 5
  AS 'MODULE_PATHNAME', 'agririsk_concentration_hhi';
COMMENT ON FUNCTION hhi(concentration) IS
'Herfindahl-Hirschman index: the sum of squared shares of the total weight, in (0, 1]; 1 is a single key. NULL if there is no key. Source: Hirschman 1964, The Paternity of an Index.';

CREATE FUNCTION effective_number(c concentration) RETURNS double precision
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 5
  AS 'MODULE_PATHNAME', 'agririsk_concentration_effective_number';
COMMENT ON FUNCTION effective_number(concentration) IS
'1 / hhi: the number of equally large keys that would be as concentrated, 1 or more. NULL if there is no key. Source: Adelman 1969, Comment on the "H" Concentration Measure as a Numbers-Equivalent.';

CREATE FUNCTION top_share(c concentration, n integer DEFAULT 1) RETURNS double precision
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 5
  AS 'MODULE_PATHNAME', 'agririsk_concentration_top_share';
COMMENT ON FUNCTION top_share(concentration, integer) IS
'Share of the n largest keys in the total weight, in (0, 1]; 1 if there are no more than n keys. n is at least 1. NULL if there is no key.';

CREATE FUNCTION entropy(c concentration) RETURNS double precision
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10
  AS 'MODULE_PATHNAME', 'agririsk_concentration_entropy';
COMMENT ON FUNCTION entropy(concentration) IS
'Shannon entropy of the shares over its largest value, ln(keys): 0 is one key with nearly all, 1 is even shares. NULL if there are fewer than two keys. Source: Shannon 1948, A Mathematical Theory of Communication; Pielou 1966.';

CREATE FUNCTION keys(c concentration) RETURNS bigint
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_concentration_keys';
COMMENT ON FUNCTION keys(concentration) IS
'Number of keys with a weight above zero; 0 for an empty value.';
