-- Type @TYPE@: input and output, comparison.

CREATE TYPE @TYPE@;

CREATE FUNCTION @TYPE@_in(cstring) RETURNS @TYPE@
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST @COST@
  AS 'MODULE_PATHNAME', 'agririsk_@TYPE@_in';

CREATE FUNCTION @TYPE@_out(@TYPE@) RETURNS cstring
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST @COST@
  AS 'MODULE_PATHNAME', 'agririsk_@TYPE@_out';

CREATE FUNCTION @TYPE@_recv(internal) RETURNS @TYPE@
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST @COST@
  AS 'MODULE_PATHNAME', 'agririsk_@TYPE@_recv';
COMMENT ON FUNCTION @TYPE@_recv(internal) IS
'Reads the binary form of a @TYPE@. Bytes that @TYPE@_send would not write are an error.';

CREATE FUNCTION @TYPE@_send(@TYPE@) RETURNS bytea
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_@TYPE@_send';
COMMENT ON FUNCTION @TYPE@_send(@TYPE@) IS
'Writes the binary form of a @TYPE@: the same bytes on every machine, texts in UTF-8 in every database. Equal values have equal bytes.';

CREATE TYPE @TYPE@ (
  INPUT = @TYPE@_in,
  OUTPUT = @TYPE@_out,
  RECEIVE = @TYPE@_recv,
  SEND = @TYPE@_send,
  ALIGNMENT = int4,
  STORAGE = extended,
  CATEGORY = '@CATEGORY@',
  PREFERRED = @PREFERRED@
);

-- Comparison. Equal values have equal bytes; the order has no meaning beyond
-- being one, which DISTINCT, UNION and unique indexes need.

CREATE FUNCTION @TYPE@_eq(@TYPE@, @TYPE@) RETURNS boolean
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF
  AS 'MODULE_PATHNAME', 'agririsk_varlena_eq';
COMMENT ON FUNCTION @TYPE@_eq(@TYPE@, @TYPE@) IS
'Whether two values of type @TYPE@ are the same in every part, to the last bit. Implements =.';

CREATE FUNCTION @TYPE@_ne(@TYPE@, @TYPE@) RETURNS boolean
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF
  AS 'MODULE_PATHNAME', 'agririsk_varlena_ne';
COMMENT ON FUNCTION @TYPE@_ne(@TYPE@, @TYPE@) IS
'Whether two values of type @TYPE@ differ. Implements <>.';

CREATE FUNCTION @TYPE@_lt(@TYPE@, @TYPE@) RETURNS boolean
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF
  AS 'MODULE_PATHNAME', 'agririsk_varlena_lt';
COMMENT ON FUNCTION @TYPE@_lt(@TYPE@, @TYPE@) IS
'Less than, in the order of stored bytes, which has no meaning of its own. Implements <.';

CREATE FUNCTION @TYPE@_le(@TYPE@, @TYPE@) RETURNS boolean
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF
  AS 'MODULE_PATHNAME', 'agririsk_varlena_le';
COMMENT ON FUNCTION @TYPE@_le(@TYPE@, @TYPE@) IS
'At most, in the order of stored bytes, which has no meaning of its own. Implements <=.';

CREATE FUNCTION @TYPE@_gt(@TYPE@, @TYPE@) RETURNS boolean
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF
  AS 'MODULE_PATHNAME', 'agririsk_varlena_gt';
COMMENT ON FUNCTION @TYPE@_gt(@TYPE@, @TYPE@) IS
'Greater than, in the order of stored bytes, which has no meaning of its own. Implements >.';

CREATE FUNCTION @TYPE@_ge(@TYPE@, @TYPE@) RETURNS boolean
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF
  AS 'MODULE_PATHNAME', 'agririsk_varlena_ge';
COMMENT ON FUNCTION @TYPE@_ge(@TYPE@, @TYPE@) IS
'At least, in the order of stored bytes, which has no meaning of its own. Implements >=.';

CREATE FUNCTION @TYPE@_cmp(@TYPE@, @TYPE@) RETURNS integer
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF
  AS 'MODULE_PATHNAME', 'agririsk_varlena_cmp';
COMMENT ON FUNCTION @TYPE@_cmp(@TYPE@, @TYPE@) IS
'Order of the stored bytes of two values of type @TYPE@: negative, 0 or positive. For btree indexes.';

CREATE FUNCTION @TYPE@_hash(@TYPE@) RETURNS integer
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF
  AS 'MODULE_PATHNAME', 'agririsk_varlena_hash';
COMMENT ON FUNCTION @TYPE@_hash(@TYPE@) IS
'Hash of the stored bytes of a @TYPE@. For hash indexes, DISTINCT and GROUP BY.';

CREATE FUNCTION @TYPE@_hash_extended(@TYPE@, bigint) RETURNS bigint
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF
  AS 'MODULE_PATHNAME', 'agririsk_varlena_hash_extended';
COMMENT ON FUNCTION @TYPE@_hash_extended(@TYPE@, bigint) IS
'Hash of the stored bytes of a @TYPE@, with a seed. For hash partitions.';

CREATE OPERATOR = (
  LEFTARG = @TYPE@, RIGHTARG = @TYPE@, FUNCTION = @TYPE@_eq,
  COMMUTATOR = =, NEGATOR = <>, RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES
);
COMMENT ON OPERATOR = (@TYPE@, @TYPE@) IS 'same value';

CREATE OPERATOR <> (
  LEFTARG = @TYPE@, RIGHTARG = @TYPE@, FUNCTION = @TYPE@_ne,
  COMMUTATOR = <>, NEGATOR = =, RESTRICT = neqsel, JOIN = neqjoinsel
);
COMMENT ON OPERATOR <> (@TYPE@, @TYPE@) IS 'different value';

CREATE OPERATOR < (
  LEFTARG = @TYPE@, RIGHTARG = @TYPE@, FUNCTION = @TYPE@_lt,
  COMMUTATOR = >, NEGATOR = >=, RESTRICT = scalarltsel, JOIN = scalarltjoinsel
);
COMMENT ON OPERATOR < (@TYPE@, @TYPE@) IS 'less than, in the order of bytes';

CREATE OPERATOR <= (
  LEFTARG = @TYPE@, RIGHTARG = @TYPE@, FUNCTION = @TYPE@_le,
  COMMUTATOR = >=, NEGATOR = >, RESTRICT = scalarlesel, JOIN = scalarlejoinsel
);
COMMENT ON OPERATOR <= (@TYPE@, @TYPE@) IS 'at most, in the order of bytes';

CREATE OPERATOR > (
  LEFTARG = @TYPE@, RIGHTARG = @TYPE@, FUNCTION = @TYPE@_gt,
  COMMUTATOR = <, NEGATOR = <=, RESTRICT = scalargtsel, JOIN = scalargtjoinsel
);
COMMENT ON OPERATOR > (@TYPE@, @TYPE@) IS 'greater than, in the order of bytes';

CREATE OPERATOR >= (
  LEFTARG = @TYPE@, RIGHTARG = @TYPE@, FUNCTION = @TYPE@_ge,
  COMMUTATOR = <=, NEGATOR = <, RESTRICT = scalargesel, JOIN = scalargejoinsel
);
COMMENT ON OPERATOR >= (@TYPE@, @TYPE@) IS 'at least, in the order of bytes';

CREATE OPERATOR CLASS @TYPE@_ops DEFAULT FOR TYPE @TYPE@ USING btree AS
  OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >,
  FUNCTION 1 @TYPE@_cmp(@TYPE@, @TYPE@);
COMMENT ON OPERATOR CLASS @TYPE@_ops USING btree IS 'Order of the stored bytes.';

CREATE OPERATOR CLASS @TYPE@_ops DEFAULT FOR TYPE @TYPE@ USING hash AS
  OPERATOR 1 =,
  FUNCTION 1 @TYPE@_hash(@TYPE@),
  FUNCTION 2 @TYPE@_hash_extended(@TYPE@, bigint);
COMMENT ON OPERATOR CLASS @TYPE@_ops USING hash IS 'Hash of the stored bytes.';
