-- Type vegetation: what satellites saw of a plot, by date.

@include type TYPE=vegetation COST=5 CATEGORY=U PREFERRED=false
COMMENT ON TYPE vegetation IS
'What satellites saw of a plot: one observation a date, each of one band or index or more, and how many rows were left out. Made by vegetation_agg, merged by rollup and +, asked by observations, n_observations, max_gap, smooth, phenology, harmonics, features and others.';
COMMENT ON FUNCTION vegetation_in(cstring) IS
'Reads the text form of a vegetation series, such as ''{"observations": {"2024-05-01": [0.31, 0.22], "2024-05-17": [0.45, 0.3]}}''. Dates come in any order. missing, low_quality, duplicates and spikes are the rows that were left out, 0 where they are not given.';
COMMENT ON FUNCTION vegetation_out(vegetation) IS
'Writes the text form of a vegetation series: bands by date, in the fewest digits that give the same real number, and the rows that were left out; independent of every setting.';

CREATE FUNCTION _vegetation_check(options jsonb) RETURNS jsonb
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_vegetation_check';
COMMENT ON FUNCTION _vegetation_check(jsonb) IS
'The options of vegetation_agg as they are, or an error that says which is unknown or out of range. NULL gives NULL.';

CREATE FUNCTION vegetation_options(
    max_abs double precision DEFAULT NULL, scale double precision DEFAULT NULL,
    min_quality double precision DEFAULT NULL, extra jsonb DEFAULT NULL) RETURNS jsonb
  LANGUAGE sql IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE
  SET extra_float_digits = 1 -- so that a number keeps its digits on the way into jsonb
BEGIN ATOMIC
  SELECT agririsk._vegetation_check(jsonb_strip_nulls(jsonb_build_object(
    'max_abs', max_abs, 'scale', scale, 'min_quality', min_quality))
    || coalesce(extra, '{}'));
END;
COMMENT ON FUNCTION vegetation_options(double precision, double precision, double precision, jsonb) IS
'The options of vegetation_agg; NULL is the default. scale (1): values are divided by it, such as 10000 where products store whole numbers. max_abs (2): a larger value, after the division, is an error. min_quality (0.5): where a quality is given, an observation of less or of unknown quality is left out. extra: further options as JSON; an unknown option is an error.';

-- Aggregation. The transitions are intentionally not STRICT: a row with a NULL
-- is left out, and counted. An array of real becomes one of double precision
-- without loss, and each number is kept as the nearest real.

CREATE FUNCTION _vegetation_add(internal, calendar_day, double precision[]) RETURNS internal
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_vegetation_add_bands';
COMMENT ON FUNCTION _vegetation_add(internal, calendar_day, double precision[]) IS
'Transition of vegetation_agg of several bands.';

CREATE FUNCTION _vegetation_add(internal, calendar_day, double precision[], double precision) RETURNS internal
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_vegetation_add_bands';
COMMENT ON FUNCTION _vegetation_add(internal, calendar_day, double precision[], double precision) IS
'Transition of vegetation_agg of several bands, with a quality.';

CREATE FUNCTION _vegetation_add(internal, calendar_day, double precision[], jsonb) RETURNS internal
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_vegetation_add_bands_options';
COMMENT ON FUNCTION _vegetation_add(internal, calendar_day, double precision[], jsonb) IS
'Transition of vegetation_agg of several bands, with options.';

CREATE FUNCTION _vegetation_add(internal, calendar_day, double precision[], double precision, jsonb) RETURNS internal
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_vegetation_add_bands';
COMMENT ON FUNCTION _vegetation_add(internal, calendar_day, double precision[], double precision, jsonb) IS
'Transition of vegetation_agg of several bands, with a quality and options.';

CREATE FUNCTION _vegetation_add(internal, calendar_day, double precision) RETURNS internal
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_vegetation_add_ndvi';
COMMENT ON FUNCTION _vegetation_add(internal, calendar_day, double precision) IS
'Transition of vegetation_agg of one band.';

CREATE FUNCTION _vegetation_add(internal, calendar_day, double precision, double precision) RETURNS internal
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_vegetation_add_ndvi';
COMMENT ON FUNCTION _vegetation_add(internal, calendar_day, double precision, double precision) IS
'Transition of vegetation_agg of one band, with a quality.';

CREATE FUNCTION _vegetation_add(internal, calendar_day, double precision, jsonb) RETURNS internal
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_vegetation_add_ndvi_options';
COMMENT ON FUNCTION _vegetation_add(internal, calendar_day, double precision, jsonb) IS
'Transition of vegetation_agg of one band, with options.';

CREATE FUNCTION _vegetation_add(internal, calendar_day, double precision, double precision, jsonb) RETURNS internal
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_vegetation_add_ndvi';
COMMENT ON FUNCTION _vegetation_add(internal, calendar_day, double precision, double precision, jsonb) IS
'Transition of vegetation_agg of one band, with a quality and options.';

CREATE FUNCTION _vegetation_final(internal) RETURNS vegetation
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_vegetation_final';
COMMENT ON FUNCTION _vegetation_final(internal) IS
'Result of vegetation_agg; NULL if there was no row.';

@include workers TYPE=vegetation

-- SSPACE: a year of dates in four bands.
CREATE AGGREGATE vegetation_agg(on_date calendar_day, bands double precision[]) (
  SFUNC = _vegetation_add, STYPE = internal, SSPACE = 896,
  FINALFUNC = _vegetation_final, COMBINEFUNC = _vegetation_combine,
  SERIALFUNC = _vegetation_serialize, DESERIALFUNC = _vegetation_deserialize,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE vegetation_agg(calendar_day, double precision[]) IS
'The series of a plot: one observation a date. bands: finite numbers, the same bands in the same order in every row, the index of greenness first; each is kept as the nearest real. Of the observations of one date the one with the largest first band stays (maximum-value composite; Holben 1986). A row with a NULL date, array or band is left out; excluded counts rows left out. NULL if there is no row at all. A value beyond 2 in magnitude is an error: vegetation_options has a scale.';

CREATE AGGREGATE vegetation_agg(on_date calendar_day, bands double precision[], quality double precision) (
  SFUNC = _vegetation_add, STYPE = internal, SSPACE = 896,
  FINALFUNC = _vegetation_final, COMBINEFUNC = _vegetation_combine,
  SERIALFUNC = _vegetation_serialize, DESERIALFUNC = _vegetation_deserialize,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE vegetation_agg(calendar_day, double precision[], double precision) IS
'The same with the quality of each observation: a larger one is better, such as the share of clear pixels. An observation of a quality below 0.5, or NULL, is left out and counted, and its bands are not looked at.';

CREATE AGGREGATE vegetation_agg(on_date calendar_day, bands double precision[], options jsonb) (
  SFUNC = _vegetation_add, STYPE = internal, SSPACE = 896,
  FINALFUNC = _vegetation_final, COMBINEFUNC = _vegetation_combine,
  SERIALFUNC = _vegetation_serialize, DESERIALFUNC = _vegetation_deserialize,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE vegetation_agg(calendar_day, double precision[], jsonb) IS
'The same with options, made by vegetation_options and the same in every row of a group; NULL is the defaults.';

CREATE AGGREGATE vegetation_agg(on_date calendar_day, bands double precision[], quality double precision, options jsonb) (
  SFUNC = _vegetation_add, STYPE = internal, SSPACE = 896,
  FINALFUNC = _vegetation_final, COMBINEFUNC = _vegetation_combine,
  SERIALFUNC = _vegetation_serialize, DESERIALFUNC = _vegetation_deserialize,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE vegetation_agg(calendar_day, double precision[], double precision, jsonb) IS
'The same with the quality of each observation, and options, made by vegetation_options and the same in every row of a group.';

CREATE AGGREGATE vegetation_agg(on_date calendar_day, ndvi double precision) (
  SFUNC = _vegetation_add, STYPE = internal, SSPACE = 896,
  FINALFUNC = _vegetation_final, COMBINEFUNC = _vegetation_combine,
  SERIALFUNC = _vegetation_serialize, DESERIALFUNC = _vegetation_deserialize,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE vegetation_agg(calendar_day, double precision) IS
'The series of a plot in one band, NDVI or another index: as vegetation_agg of an array of one.';

CREATE AGGREGATE vegetation_agg(on_date calendar_day, ndvi double precision, quality double precision) (
  SFUNC = _vegetation_add, STYPE = internal, SSPACE = 896,
  FINALFUNC = _vegetation_final, COMBINEFUNC = _vegetation_combine,
  SERIALFUNC = _vegetation_serialize, DESERIALFUNC = _vegetation_deserialize,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE vegetation_agg(calendar_day, double precision, double precision) IS
'The same with the quality of each observation: a larger one is better. An observation of a quality below 0.5, or NULL, is left out and counted, and its value is not looked at.';

CREATE AGGREGATE vegetation_agg(on_date calendar_day, ndvi double precision, options jsonb) (
  SFUNC = _vegetation_add, STYPE = internal, SSPACE = 896,
  FINALFUNC = _vegetation_final, COMBINEFUNC = _vegetation_combine,
  SERIALFUNC = _vegetation_serialize, DESERIALFUNC = _vegetation_deserialize,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE vegetation_agg(calendar_day, double precision, jsonb) IS
'The same with options, made by vegetation_options and the same in every row of a group; NULL is the defaults.';

CREATE AGGREGATE vegetation_agg(on_date calendar_day, ndvi double precision, quality double precision, options jsonb) (
  SFUNC = _vegetation_add, STYPE = internal, SSPACE = 896,
  FINALFUNC = _vegetation_final, COMBINEFUNC = _vegetation_combine,
  SERIALFUNC = _vegetation_serialize, DESERIALFUNC = _vegetation_deserialize,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE vegetation_agg(calendar_day, double precision, double precision, jsonb) IS
'The same with the quality of each observation, and options, made by vegetation_options and the same in every row of a group.';

@include merge TYPE=vegetation ARGUMENT=v COST=20 SSPACE=512
COMMENT ON FUNCTION vegetation_merge(vegetation, vegetation) IS
'The observations of both series, which have the same bands; of one date the one with the largest first band. NULL, an unknown series, makes the result unknown.';
COMMENT ON AGGREGATE rollup(vegetation) IS
'The observations of all series: the same value as vegetation_agg over their rows, whatever the pieces and their order. NULL values are ignored; NULL if none is left.';

-- What a series holds.

CREATE FUNCTION observations(v vegetation, OUT on_date date, OUT bands real[]) RETURNS SETOF record
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 20 ROWS 25
  AS 'MODULE_PATHNAME', 'agririsk_vegetation_observations';
COMMENT ON FUNCTION observations(vegetation) IS
'The observations in the order of their dates: the bands as they were given, to the last bit of a real. No row for a series without observations.';

CREATE FUNCTION n_observations(v vegetation) RETURNS integer
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_vegetation_n_observations';
COMMENT ON FUNCTION n_observations(vegetation) IS
'Number of dates with an observation; 0 for a series without any.';

CREATE FUNCTION n_bands(v vegetation) RETURNS integer
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_vegetation_n_bands';
COMMENT ON FUNCTION n_bands(vegetation) IS
'Number of bands of an observation. NULL for a series without observations.';

CREATE FUNCTION excluded(v vegetation, OUT missing bigint, OUT low_quality bigint, OUT duplicates bigint, OUT spikes bigint)
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_vegetation_excluded';
COMMENT ON FUNCTION excluded(vegetation) IS
'Rows that are not among the observations: with a NULL date or band; of low or unknown quality; of a date that has another observation; spikes that despike took away.';

CREATE FUNCTION max_gap(v vegetation, from_date date DEFAULT NULL, to_date date DEFAULT NULL) RETURNS integer
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 5
  AS 'MODULE_PATHNAME', 'agririsk_vegetation_max_gap';
COMMENT ON FUNCTION max_gap(vegetation, date, date) IS
'The longest time without an observation from from_date to to_date, in days: between two dates, or between an end of the span and the next date; all the span if nothing was seen within it. A NULL date is the first or the last observation. NULL for a NULL series, and where an end of the span is not known.';

CREATE FUNCTION clip(v vegetation, from_date date, to_date date) RETURNS vegetation
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 20
  AS 'MODULE_PATHNAME', 'agririsk_vegetation_clip';
COMMENT ON FUNCTION clip(vegetation, date, date) IS
'The observations from from_date to to_date, both included: what was seen of a season, or up to an as-of date. A NULL date is no limit. What was left out is kept as it was counted. NULL for a NULL series.';

CREATE FUNCTION despike(v vegetation, min_drop double precision DEFAULT 0.1, max_days integer DEFAULT 32) RETURNS vegetation
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 20
  AS 'MODULE_PATHNAME', 'agririsk_vegetation_despike';
COMMENT ON FUNCTION despike(vegetation, double precision, integer) IS
'The series without the spikes that clouds leave, which are one-sided, since clouds only lower an index of greenness. An observation is a spike if the first band was more than min_drop higher on a date before it and on one after it, at most max_days apart. Spikes are counted by excluded. A crop that is cut and grows again within max_days looks the same: give fewer days. Source: after the idea of Viovy, Arino and Belward 1992, The Best Index Slope Extraction.';
