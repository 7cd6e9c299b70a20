-- overlap_join: the overlaps of two whole layers, of two queries of (key, geometry).
-- key_type comes third in the form for the default as well: were it min_area, a key_type of
-- null::int would be taken for a threshold that is unknown. And because null::int could become
-- null::bigint, integer and smallint have forms of their own beside that of any element.

CREATE FUNCTION overlap_join(left_query text, right_query text, key_type bigint DEFAULT NULL, min_area float8 DEFAULT 0, min_share float8 DEFAULT 0,
	OUT left_id bigint, OUT right_id bigint, OUT area float8, OUT left_area float8, OUT right_area float8,
	OUT left_valid boolean, OUT right_valid boolean)
  RETURNS SETOF record
  LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE COST 100000 ROWS 100000
  AS 'MODULE_PATHNAME', 'agririsk_overlap_join';
COMMENT ON FUNCTION overlap_join(text, text, bigint, float8, float8) IS
'Overlaps of two layers with bigint keys: overlap_join(left_query, right_query, null::bigint).';

CREATE FUNCTION overlap_join(left_query text, right_query text, key_type integer, min_area float8 DEFAULT 0, min_share float8 DEFAULT 0,
	OUT left_id integer, OUT right_id integer, OUT area float8, OUT left_area float8, OUT right_area float8,
	OUT left_valid boolean, OUT right_valid boolean)
  RETURNS SETOF record
  LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE COST 100000 ROWS 100000
  AS 'MODULE_PATHNAME', 'agririsk_overlap_join';
COMMENT ON FUNCTION overlap_join(text, text, integer, float8, float8) IS
'Overlaps of two layers with integer keys: overlap_join(left_query, right_query, null::integer).';

CREATE FUNCTION overlap_join(left_query text, right_query text, key_type smallint, min_area float8 DEFAULT 0, min_share float8 DEFAULT 0,
	OUT left_id smallint, OUT right_id smallint, OUT area float8, OUT left_area float8, OUT right_area float8,
	OUT left_valid boolean, OUT right_valid boolean)
  RETURNS SETOF record
  LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE COST 100000 ROWS 100000
  AS 'MODULE_PATHNAME', 'agririsk_overlap_join';
COMMENT ON FUNCTION overlap_join(text, text, smallint, float8, float8) IS
'Overlaps of two layers with smallint keys: overlap_join(left_query, right_query, null::smallint).';

CREATE FUNCTION overlap_join(left_query text, right_query text, key_type anyelement, min_area float8 DEFAULT 0, min_share float8 DEFAULT 0,
	OUT left_id anyelement, OUT right_id anyelement, OUT area float8, OUT left_area float8, OUT right_area float8,
	OUT left_valid boolean, OUT right_valid boolean)
  RETURNS SETOF record
  LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE COST 100000 ROWS 100000
  AS 'MODULE_PATHNAME', 'agririsk_overlap_join';
COMMENT ON FUNCTION overlap_join(text, text, anyelement, float8, float8) IS
'Every pair of polygons of two queries of (key, geometry) that overlap, with overlap_area(left, right) and both areas, in squared units of the SRID: pairs with more than min_area in common, and more than min_share (0 to 1) of the smaller. Needs no index. Keys are smallint, integer, bigint, text, varchar or uuid, as key_type says: null::text. Without key_type they are integers and come as bigint. Rows without key or geometry are left out, and a NOTICE says how many. Where a polygon is invalid (left_valid, right_valid false), areas are those of the ground that its shells wind and none of their own holes does, once: so both lobes of a bow tie. The queries run with the caller''s rights, read-only. Order of rows is unspecified. Memory follows work_mem, then temporary files. Intentionally not STRICT, because key_type is NULL; another NULL is an error.';

CREATE FUNCTION overlap_self_join(query text, key_type bigint DEFAULT NULL, min_area float8 DEFAULT 0, min_share float8 DEFAULT 0,
	OUT left_id bigint, OUT right_id bigint, OUT area float8, OUT left_area float8, OUT right_area float8,
	OUT left_valid boolean, OUT right_valid boolean)
  RETURNS SETOF record
  LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE COST 100000 ROWS 100000
  AS 'MODULE_PATHNAME', 'agririsk_overlap_self_join';
COMMENT ON FUNCTION overlap_self_join(text, bigint, float8, float8) IS
'Overlaps within one layer with bigint keys: overlap_self_join(query, null::bigint).';

CREATE FUNCTION overlap_self_join(query text, key_type integer, min_area float8 DEFAULT 0, min_share float8 DEFAULT 0,
	OUT left_id integer, OUT right_id integer, OUT area float8, OUT left_area float8, OUT right_area float8,
	OUT left_valid boolean, OUT right_valid boolean)
  RETURNS SETOF record
  LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE COST 100000 ROWS 100000
  AS 'MODULE_PATHNAME', 'agririsk_overlap_self_join';
COMMENT ON FUNCTION overlap_self_join(text, integer, float8, float8) IS
'Overlaps within one layer with integer keys: overlap_self_join(query, null::integer).';

CREATE FUNCTION overlap_self_join(query text, key_type smallint, min_area float8 DEFAULT 0, min_share float8 DEFAULT 0,
	OUT left_id smallint, OUT right_id smallint, OUT area float8, OUT left_area float8, OUT right_area float8,
	OUT left_valid boolean, OUT right_valid boolean)
  RETURNS SETOF record
  LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE COST 100000 ROWS 100000
  AS 'MODULE_PATHNAME', 'agririsk_overlap_self_join';
COMMENT ON FUNCTION overlap_self_join(text, smallint, float8, float8) IS
'Overlaps within one layer with smallint keys: overlap_self_join(query, null::smallint).';

CREATE FUNCTION overlap_self_join(query text, key_type anyelement, min_area float8 DEFAULT 0, min_share float8 DEFAULT 0,
	OUT left_id anyelement, OUT right_id anyelement, OUT area float8, OUT left_area float8, OUT right_area float8,
	OUT left_valid boolean, OUT right_valid boolean)
  RETURNS SETOF record
  LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE COST 100000 ROWS 100000
  AS 'MODULE_PATHNAME', 'agririsk_overlap_self_join';
COMMENT ON FUNCTION overlap_self_join(text, anyelement, float8, float8) IS
'Doubly claimed ground: every two rows of a query of (key, geometry) whose polygons overlap, once, with left_id the lesser key (text by bytes); two rows of one key are a pair like any other. All else as overlap_join. Intentionally not STRICT, because key_type is NULL; another NULL is an error.';
