-- Smooth curves of a vegetation series.

CREATE FUNCTION smooth(v vegetation, lambda double precision DEFAULT 10, step_days integer DEFAULT NULL,
    expectile double precision DEFAULT 0.5) RETURNS vegetation
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 50
  AS 'MODULE_PATHNAME', 'agririsk_vegetation_smooth';
COMMENT ON FUNCTION smooth(vegetation, double precision, integer, double precision) IS
'The series smoothed, each band by itself (Whittaker''s smoother with second differences; Eilers 2003, A Perfect Smoother). lambda, from 0.001 to 1000000: a larger one is smoother. Time is counted in units of 16 days. step_days NULL: at the dates of the observations, by divided differences. Else the curve is found for each day from the first observation to the last and given every step_days days; gaps are filled. expectile: 0.5 is the mean curve, 0.9 one that follows the upper values, which clouds leave alone (Eilers and Boelens 2005). Up to two observations give the points or the line through them. Each value is kept as the nearest real. NULL if v, lambda or expectile is NULL.';

CREATE FUNCTION gcv_lambda(v vegetation, band integer DEFAULT 1) RETURNS double precision
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 100
  AS 'MODULE_PATHNAME', 'agririsk_vegetation_gcv_lambda';
COMMENT ON FUNCTION gcv_lambda(vegetation, integer) IS
'The lambda for smooth(v, lambda) that predicts a band best where it was left out, by generalised cross validation: among 0.1, 0.316, 1, ... 10000, half a decade apart, the least of equally good ones. It is for the mean curve, not for another expectile. Values of neighbouring dates that err alike, as clouds make them, lead to too small a lambda. NULL for fewer than three observations. Source: Craven and Wahba 1979, Smoothing Noisy Data with Spline Functions.';
