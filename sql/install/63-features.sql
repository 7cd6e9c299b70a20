-- Harmonics of a vegetation series, and features for classifiers.

CREATE FUNCTION harmonics(v vegetation, k integer DEFAULT 2, period_days double precision DEFAULT 365.25, band integer DEFAULT 1,
    OUT harmonic integer, OUT cosine double precision, OUT sine double precision,
    OUT amplitude double precision, OUT peak_day double precision) RETURNS SETOF record
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 100 ROWS 3
  AS 'MODULE_PATHNAME', 'agririsk_vegetation_harmonics';
COMMENT ON FUNCTION harmonics(vegetation, integer, double precision, integer) IS
'The mean and k harmonics, 1 to 10, of a band, by least squares at the dates of the observations: value = mean + sum over h of cosine cos(h a) + sine sin(h a), a = 2 pi days / period_days, days counted from 2000-01-01. harmonic 0 is the mean, whose sine and peak_day are NULL. amplitude: of the wave. peak_day: days from 2000-01-01 to the first peak of the wave, below period_days / harmonic. No row where the dates do not determine the waves: fewer dates than 2 k + 1, or dates of too few times of the period. Source: Jakubauskas, Legates and Kastens 2001, Harmonic analysis of time-series AVHRR NDVI data.';

CREATE FUNCTION features(v vegetation, from_date date, step_days integer DEFAULT 16) RETURNS double precision[]
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 100
  AS 'MODULE_PATHNAME', 'agririsk_vegetation_features';
COMMENT ON FUNCTION features(vegetation, date, integer) IS
'The year of 365 days from from_date as numbers for a classifier; feature_names names them. For each band: its values every step_days (1 to 32) days from from_date, gaps filled along straight lines between dates and held before the first and after the last one; the mean and two harmonics of this grid; least, mean and greatest of each quarter of it; its population standard deviation, and the days from from_date to its greatest and its least value, the first of equal ones. All observations of v are used: clip(v, NULL, as_of) leaves out those that were not yet known. NULL if nothing was seen within the year.';

CREATE FUNCTION feature_names(n_bands integer, step_days integer DEFAULT 16) RETURNS text[]
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 100
  AS 'MODULE_PATHNAME', 'agririsk_vegetation_feature_names';
COMMENT ON FUNCTION feature_names(integer, integer) IS
'The names of what features gives for as many bands and the same step_days, in its order, such as band 1 day 16, band 1 cosine 1 or band 2 quarter 3 greatest.';
