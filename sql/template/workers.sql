-- The state of an aggregate that makes a @TYPE@, in the hands of workers.

CREATE FUNCTION _@TYPE@_combine(internal, internal) RETURNS internal
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_@TYPE@_combine';
COMMENT ON FUNCTION _@TYPE@_combine(internal, internal) IS
'Merges the states of two workers of @TYPE@_agg; a worker that saw no rows has NULL.';

CREATE FUNCTION _@TYPE@_serialize(internal) RETURNS bytea
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_@TYPE@_serialize';
COMMENT ON FUNCTION _@TYPE@_serialize(internal) IS
'State of @TYPE@_agg as bytes, in the stored form of @TYPE@.';

CREATE FUNCTION _@TYPE@_deserialize(bytea, internal) RETURNS internal
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_@TYPE@_deserialize';
COMMENT ON FUNCTION _@TYPE@_deserialize(bytea, internal) IS
'State of @TYPE@_agg from bytes.';
