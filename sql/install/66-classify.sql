-- Which crop a series is most like.

CREATE FUNCTION classify_crop(library crop_library, v vegetation, from_date date DEFAULT NULL, to_date date DEFAULT NULL,
    OUT crop text, OUT probability double precision, OUT runner_up text, OUT margin double precision,
    OUT distance double precision, OUT match_start date, OUT match_end date, OUT n_observations integer,
    OUT max_gap integer, OUT reason text)
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 2000
  AS 'MODULE_PATHNAME', 'agririsk_classify_crop';
COMMENT ON FUNCTION classify_crop(crop_library, vegetation, date, date) IS
'The crop of the library that a series, from from_date to to_date (NULL: as far as it goes), is most like. probability of the crop, calibrated on labelled series that the library had not seen; runner_up, the second most probable crop; margin, the difference of the two probabilities. distance to the crop''s nearest pattern, by the length of the path (method kernel: the mean difference from its nearest labelled series, in standard deviations), and the first and last date that it is matched with. n_observations and max_gap (days) of the season. reason, where crop and probability are NULL: too few observations, gap too long, unlike any crop, or ambiguous. Probability and margin are NULL for method patterns. NULL if the library or the series is NULL.';
