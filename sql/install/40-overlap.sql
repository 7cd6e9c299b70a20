-- overlap: the ground two polygons have in common.
-- STABLE, not IMMUTABLE: whether an SRID is one of degrees is looked up in spatial_ref_sys.

CREATE FUNCTION overlap_area(a geometry, b geometry) RETURNS float8
AS 'MODULE_PATHNAME', 'agririsk_overlap_area'
LANGUAGE C STABLE STRICT PARALLEL SAFE COST 200;
COMMENT ON FUNCTION overlap_area(geometry, geometry) IS
'Area of what two polygons or multipolygons have in common, in the squared units of their SRID. Exact up to rounding also where edges or corners are shared, and 0 where they only touch; the same to the bit with a and b exchanged. An empty polygon has 0 in common with anything; NULL gives NULL. Of invalid polygons it is the integral of the product of winding numbers: ground wound twice counts twice, ground wound backwards counts negative. Geographic coordinates are an error. Method: Green''s theorem over exactly decided crossings.';

CREATE FUNCTION overlap(a geometry, b geometry,
	OUT area float8, OUT share_of_a float8, OUT share_of_b float8, OUT iou float8)
AS 'MODULE_PATHNAME', 'agririsk_overlap'
LANGUAGE C STABLE STRICT PARALLEL SAFE COST 250;
COMMENT ON FUNCTION overlap(geometry, geometry) IS
'overlap_area(a, b), in squared units of the SRID, the shares of a''s and of b''s own area it is (0 to 1), and the intersection over union (iou, 0 to 1). A share is NULL where its polygon has no area, the iou where neither has any; NULL gives NULL.';
