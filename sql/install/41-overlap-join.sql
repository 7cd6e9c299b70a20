-- overlap_join: the overlaps of two whole layers, of two queries of (key, geometry).
-- key_type comes third in the plain forms as well: were it min_area, a key_type of null::int
-- would be taken for a threshold that is unknown.

CREATE FUNCTION overlap_join(left_query text, right_query text, key_type bigint DEFAULT NULL, min_area float8 DEFAULT 0, min_share float8 DEFAULT 0,
	OUT left_id bigint, OUT right_id bigint, OUT area float8, OUT left_area float8, OUT right_area float8,
	OUT left_valid boolean, OUT right_valid boolean)
  RETURNS SETOF record
  LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE COST 100000 ROWS 100000
  AS 'MODULE_PATHNAME', 'agririsk_overlap_join';
COMMENT ON FUNCTION overlap_join(text, text, bigint, float8, float8) IS
'Overlaps of two layers with integer keys: overlap_join(left_query, right_query, null::bigint).';

CREATE FUNCTION overlap_join(left_query text, right_query text, key_type anyelement, min_area float8 DEFAULT 0, min_share float8 DEFAULT 0,
	OUT left_id anyelement, OUT right_id anyelement, OUT area float8, OUT left_area float8, OUT right_area float8,
	OUT left_valid boolean, OUT right_valid boolean)
  RETURNS SETOF record
  LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE COST 100000 ROWS 100000
  AS 'MODULE_PATHNAME', 'agririsk_overlap_join';
COMMENT ON FUNCTION overlap_join(text, text, anyelement, float8, float8) IS
'Every pair of polygons of two queries of (key, geometry) that overlap, with overlap_area(left, right) and both areas, in squared units of the SRID: pairs with more than min_area in common, and more than min_share (0 to 1) of the smaller. Needs no index. Keys are integers (result bigint) or text, as key_type says: null::text. Rows without key or geometry are ignored, and a NOTICE says how many. Where a polygon is invalid (left_valid, right_valid false: it winds ground twice or backwards), areas are those of the ground it winds at all, so both lobes of a bow tie, once. The queries run with the caller''s rights, read-only. Order of rows is unspecified. Memory follows work_mem, then temporary files. Intentionally not STRICT, because key_type is NULL; another NULL is an error.';

CREATE FUNCTION overlap_self_join(query text, key_type bigint DEFAULT NULL, min_area float8 DEFAULT 0, min_share float8 DEFAULT 0,
	OUT left_id bigint, OUT right_id bigint, OUT area float8, OUT left_area float8, OUT right_area float8,
	OUT left_valid boolean, OUT right_valid boolean)
  RETURNS SETOF record
  LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE COST 100000 ROWS 100000
  AS 'MODULE_PATHNAME', 'agririsk_overlap_self_join';
COMMENT ON FUNCTION overlap_self_join(text, bigint, float8, float8) IS
'Overlaps within one layer with integer keys: overlap_self_join(query, null::bigint).';

CREATE FUNCTION overlap_self_join(query text, key_type anyelement, min_area float8 DEFAULT 0, min_share float8 DEFAULT 0,
	OUT left_id anyelement, OUT right_id anyelement, OUT area float8, OUT left_area float8, OUT right_area float8,
	OUT left_valid boolean, OUT right_valid boolean)
  RETURNS SETOF record
  LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE COST 100000 ROWS 100000
  AS 'MODULE_PATHNAME', 'agririsk_overlap_self_join';
COMMENT ON FUNCTION overlap_self_join(text, anyelement, float8, float8) IS
'Doubly claimed ground: every two rows of a query of (key, geometry) whose polygons overlap, once, with left_id the lesser key (text by bytes); two rows of one key are a pair like any other. All else as overlap_join. Intentionally not STRICT, because key_type is NULL; another NULL is an error.';
