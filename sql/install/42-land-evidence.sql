-- land_evidence: what a register and other farmers' plots say of each plot.

CREATE FUNCTION land_evidence(plots text, rights text, as_of date, key_type bigint DEFAULT NULL, min_share float8 DEFAULT 0.005,
	OUT plot_id bigint, OUT farmer_id bigint, OUT plot_area float8, OUT held_area float8, OUT held_share float8,
	OUT held_fraction_area float8, OUT disputed_area float8, OUT disputed_share float8, OUT unregistered_share float8,
	OUT best_right_id bigint, OUT best_iou float8, OUT rights_count int, OUT double_claim_share float8,
	OUT double_claim_plots bigint[], OUT area_ratio float8, OUT flags text[])
  RETURNS SETOF record
  LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE COST 100000 ROWS 100000
  AS 'MODULE_PATHNAME', 'agririsk_land_evidence';
COMMENT ON FUNCTION land_evidence(text, text, date, bigint, float8) IS
'Evidence on plots with bigint keys: land_evidence(plots, rights, as_of, null::bigint).';

CREATE FUNCTION land_evidence(plots text, rights text, as_of date, key_type integer, min_share float8 DEFAULT 0.005,
	OUT plot_id integer, OUT farmer_id integer, OUT plot_area float8, OUT held_area float8, OUT held_share float8,
	OUT held_fraction_area float8, OUT disputed_area float8, OUT disputed_share float8, OUT unregistered_share float8,
	OUT best_right_id integer, OUT best_iou float8, OUT rights_count int, OUT double_claim_share float8,
	OUT double_claim_plots integer[], OUT area_ratio float8, OUT flags text[])
  RETURNS SETOF record
  LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE COST 100000 ROWS 100000
  AS 'MODULE_PATHNAME', 'agririsk_land_evidence';
COMMENT ON FUNCTION land_evidence(text, text, date, integer, float8) IS
'Evidence on plots with integer keys: land_evidence(plots, rights, as_of, null::integer).';

CREATE FUNCTION land_evidence(plots text, rights text, as_of date, key_type smallint, min_share float8 DEFAULT 0.005,
	OUT plot_id smallint, OUT farmer_id smallint, OUT plot_area float8, OUT held_area float8, OUT held_share float8,
	OUT held_fraction_area float8, OUT disputed_area float8, OUT disputed_share float8, OUT unregistered_share float8,
	OUT best_right_id smallint, OUT best_iou float8, OUT rights_count int, OUT double_claim_share float8,
	OUT double_claim_plots smallint[], OUT area_ratio float8, OUT flags text[])
  RETURNS SETOF record
  LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE COST 100000 ROWS 100000
  AS 'MODULE_PATHNAME', 'agririsk_land_evidence';
COMMENT ON FUNCTION land_evidence(text, text, date, smallint, float8) IS
'Evidence on plots with smallint keys: land_evidence(plots, rights, as_of, null::smallint).';

CREATE FUNCTION land_evidence(plots text, rights text, as_of date, key_type anyelement, min_share float8 DEFAULT 0.005,
	OUT plot_id anyelement, OUT farmer_id anyelement, OUT plot_area float8, OUT held_area float8, OUT held_share float8,
	OUT held_fraction_area float8, OUT disputed_area float8, OUT disputed_share float8, OUT unregistered_share float8,
	OUT best_right_id anyelement, OUT best_iou float8, OUT rights_count int, OUT double_claim_share float8,
	OUT double_claim_plots anyarray, OUT area_ratio float8, OUT flags text[])
  RETURNS SETOF record
  LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE COST 100000 ROWS 100000
  AS 'MODULE_PATHNAME', 'agririsk_land_evidence';
COMMENT ON FUNCTION land_evidence(text, text, date, anyelement, float8) IS
'One row per plot of a query of (plot_id, farmer_id, geometry [, declared_area]), weighed against a register, a query of (right_id, unit_id, party_id, geometry, rrr_type, share_num, share_den, valid_from, valid_to [, registered_area]) in the terms of LADM (ISO 19152), as of a day: valid_from is the first day of validity, valid_to the first day after, NULL open. All ids are of one type: smallint, integer, bigint, text, varchar or uuid, as key_type says: null::text. Without key_type they are integers and come as bigint. Areas are in squared units of the SRID, which must not be one of degrees; shares are of the plot''s own area, 0 to 1, each of a union of polygons. held: under a valid right of farmer_id. held_fraction_area: held_area weighted by the party''s share, NULL if one is unknown. disputed: under another party''s valid right, of a type that the farmer holds there too or where the farmer holds nothing; not by co-holders of one unit and type whose shares add up to at most 1. unregistered: under no valid right. rights_count: valid rights on more than min_share of the plot. best_right_id: of these, the right of greatest intersection over union, best_iou; NULL if there is none. double_claim: under plots of other farmers, double_claim_plots. What covers at most min_share (0.005) of the plot neither disputes nor claims it. rrr_type restriction, mortgage or responsibility, in any case, also after LA_ or before a colon and more, neither holds nor disputes. area_ratio: declared over measured. flags: invalid_geometry (of the plot or what lies on it; ground is then counted where a shell winds it and none of its holes does), area_mismatch (declared area, or registered area of a right held, over 10 % off), tiny (under 10), share_overflow (shares of one unit and type exceed 1), expired_right (the farmer''s own, where nothing else is held), overlapping_rights (of one type, and not of co-holders). NULL geometry gives NULLs, in flags as well. Rows without ids and rights with a share of 0 are left out and counted in a NOTICE. The queries run with the caller''s rights, read-only. Order of rows is unspecified. Memory follows work_mem, then temporary files. Intentionally not STRICT, because key_type is NULL; another NULL is an error.';
