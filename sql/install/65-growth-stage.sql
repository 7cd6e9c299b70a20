-- Where in its calendar a crop is.

CREATE FUNCTION growth_stage(start_on date, stages text[], stage_days integer[], on_date date,
    OUT stage text, OUT day_of_stage integer, OUT share double precision, OUT harvest_on date)
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 5
  AS 'MODULE_PATHNAME', 'agririsk_growth_stage';
COMMENT ON FUNCTION growth_stage(date, text[], integer[], date) IS
'The growth stage on a date of a crop that started on start_on, by a row of a crop calendar: its stages in their order, and the days that each takes. start_on is the date of sowing or of emergence, as the calendar counts; start_on of phenology is an estimate of the latter. day_of_stage counts from 1. share: of the whole calendar that has passed, from 0 to 1. harvest_on: the day after the last stage. stage and day_of_stage are NULL, and so is share, before the start and after the end. Lengths of stages by crop and region are in Allen et al. 1998, Crop evapotranspiration (FAO Irrigation and Drainage Paper 56), table 11.';
