-- Type calibration: predicted probabilities and outcomes.
SET search_path = agririsk, public;
\pset null '(null)'

-- Outcomes just as often as predicted. By hand: Brier (2 * (3 * 0.25^2 + 0.75^2) + 2 * 0.5^2) / 10 = 0.2,
-- Spiegelhalter's sum 0, slope 1, both intercepts 0; the second of three groups takes 0.75 in, at its right end.
CREATE TEMP TABLE right_pd AS
SELECT calibration_agg(pd, bad) AS c FROM (VALUES (0.25, false), (0.25, true), (0.25, false), (0.25, false), (0.5, true), (0.5, false),
  (0.75, true), (0.75, true), (0.75, false), (0.75, true)) v (pd, bad);
SELECT c, n(c), bads(c), excluded(c), brier(c), abs(log_loss(c) - (2 * (3 * ln(4 / 3.0::float8) + ln(4::float8)) + 2 * ln(2::float8)) / 10) < 1e-16 AS log_loss_right FROM right_pd;
SELECT spiegelhalter_z(c) AS z, abs(calibration_slope(c) - 1) < 1e-15 AS slope_1, abs(calibration_intercept(c)) < 1e-15 AS intercept_0, abs(calibration_in_the_large(c)) < 1e-15 AS large_0 FROM right_pd;
SELECT h.*, f.df AS df_fitted, f.p AS p_fitted FROM right_pd, hosmer_lemeshow(c, 3) h, hosmer_lemeshow(c, 3, fitted => true) f;
-- Wilson of 1 in 4 and 4 in 6: (s + z^2 / 2 -+ z sqrt(s (n - s) / n + z^2 / 4)) / (n + z^2), z = 1.959963984540054.
SELECT bin, pd_low, pd_high, n, bads, expected, observed, round(observed_low::numeric, 12) AS low, round(observed_high::numeric, 12) AS high,
       abs(observed_low - (bads + z * z / 2 - z * sqrt(bads * (n - bads) / n::float8 + z * z / 4)) / (n + z * z)) < 1e-15 AS low_right,
       abs(observed_high - (bads + z * z / 2 + z * sqrt(bads * (n - bads) / n::float8 + z * z / 4)) / (n + z * z)) < 1e-15 AS high_right
  FROM right_pd, expected_vs_observed(c, groups => 3), (SELECT 1.959963984540054::float8) s (z);

-- By hand: (2 - 1)^2 / 0.9 + (1 - 2)^2 / 1.6 = 1.7361111; p 0.628936 with 3 degrees of freedom, erfc(sqrt(0.8680555)) = 0.187632 with one, by another program.
SELECT statistic, df, round(p::numeric, 6) AS p, groups_used FROM hosmer_lemeshow('0.1 8/2; 0.2 9/1; 0.5 5/5', 3);
SELECT df, round(p::numeric, 6) AS p FROM hosmer_lemeshow('0.1 8/2; 0.2 9/1; 0.5 5/5', 3, true);
-- Ties against cut(pd, unique(quantile(pd, 0:10/10)), include.lowest = TRUE) of R 4.2, whose statistics these are: the same in
-- the middle and at the end, and where ties reach a quantile from the lowest PD on R puts them and the group that follows together.
SELECT abs(statistic - r) < 1e-13 AS as_in_r, groups_used
  FROM (VALUES ('0.1 1/0; 0.12 1/0; 0.14 0/1; 0.16 1/0; 0.18 1/0; 0.2 1/0; 0.25 13/3; 0.3 0/1; 0.32 1/0; 0.34 1/0; 0.36 0/1; 0.38 1/0; 0.4 1/0; 0.42 0/1; 0.44 0/1'::calibration, 3.38091519613495),
               ('0.1 1/0; 0.12 1/0; 0.14 1/0; 0.16 0/1; 0.18 1/0; 0.2 1/0; 0.22 0/1; 0.24 1/0; 0.26 1/0; 0.28 0/1; 0.3 1/0; 0.32 1/0; 0.34 0/1; 0.36 0/1; 0.4 13/3', 2.07182080730623)) v (c, r), hosmer_lemeshow(c);
CREATE TEMP TABLE lowest AS SELECT '0.1 13/3; 0.12 1/0; 0.14 1/0; 0.16 1/0; 0.18 0/1; 0.2 1/0; 0.22 1/0; 0.24 0/1; 0.26 1/0; 0.28 1/0; 0.3 0/1; 0.32 1/0; 0.34 1/0; 0.36 0/1; 0.38 0/1'::calibration AS c;
SELECT abs(sum((bads - expected) ^ 2 / (expected * (1 - expected / n))) - 2.64078314224168) < 1e-13 AS as_in_r, count(*) AS r_groups, max(df) AS df
  FROM (SELECT sum(bads) AS bads, sum(n * expected) AS expected, sum(n)::float8 AS n FROM lowest, expected_vs_observed(c) GROUP BY greatest(bin, 2)) g, lowest, hosmer_lemeshow(c);
-- By hand: 4 of 10 where 2 were expected: add ln(4/6) - ln(2/8) = ln(8/3), of variance 1/4 + 1/6. One PD has no slope.
SELECT abs(in_the_large - ln(8 / 3.0::float8)) < 1e-15 AS intercept_right, abs(in_the_large_se - sqrt(1 / 4.0::float8 + 1 / 6.0::float8)) < 1e-15 AS se_right, slope, intercept FROM recalibration('0.2 6/4');
-- By hand: 3 of 10 at logit -ln 4, 6 of 10 at ln 4. The line through logit(0.3) and logit(0.6).
SELECT abs(slope - ln(3.5::float8) / (2 * ln(4::float8))) < 1e-15 AS slope_right, abs(intercept - (ln(1.5::float8) + ln(3 / 7.0::float8)) / 2) < 1e-15 AS intercept_right,
       abs(slope_se - sqrt(v) / (2 * ln(4::float8))) < 1e-14 AS slope_se_right, abs(intercept_se - sqrt(v) / 2) < 1e-14 AS intercept_se_right,
       abs(slope_low - (slope - 2.5758293035489 * slope_se)) < 1e-12 AS low_right, abs(slope_high - (slope + 2.5758293035489 * slope_se)) < 1e-12 AS high_right
  FROM recalibration('0.2 7/3; 0.8 4/6', level => 0.99), (SELECT 1 / 3.0::float8 + 1 / 7.0::float8 + 1 / 6.0::float8 + 1 / 4.0::float8) s (v);

-- What is unknown is left out, and counted.
SELECT c, n(c), bads(c), (excluded(c)).*
  FROM (SELECT calibration_agg(pd, bad) FROM (VALUES (NULL, true), (NULL, NULL), (0.1, NULL), (0.1, true)) v (pd, bad)) s (c);
SELECT c, (excluded(c)).*
  FROM (SELECT calibration_agg(pd, bad, w) FROM (VALUES (NULL, true, 3), (0.1, NULL, 2), (0.1, true, NULL), (NULL, NULL, NULL), (0.1, true, 4), (0.2, false, 0)) v (pd, bad, w)) s (c);
SELECT calibration_agg(0.1, true) WHERE false;
SELECT calibration_agg(0.1, true, 0);
-- No rows: nothing is defined.
SELECT c, n(c), brier(c), log_loss(c), spiegelhalter_z(c), hosmer_lemeshow(c), calibration_slope(c), calibration_intercept(c), calibration_in_the_large(c), recalibration(c)
  FROM (VALUES ('empty'::calibration), (NULL), ('excluded 1/2/3')) v (c);
SELECT count(*) FROM expected_vs_observed('empty');

-- One class only.
SELECT c, brier(c), round(log_loss(c)::numeric, 12) AS log_loss, hosmer_lemeshow(c), calibration_slope(c) AS slope, calibration_in_the_large(c) AS large
  FROM (VALUES ('0.25 4/0; 0.5 1/0'::calibration), ('0.75 0/4')) v (c);
-- PDs of 0 and 1: right, they cost nothing; wrong, the log loss is infinite, and so is the statistic. They have no logit.
SELECT c, brier(c), log_loss(c), spiegelhalter_z(c) AS z, hosmer_lemeshow(c, 2) AS hl, calibration_slope(c) AS slope, calibration_in_the_large(c) AS large
  FROM (VALUES ('0 3/0; 1 0/2'::calibration), ('0 3/1; 1 0/2'), ('0 3/0; 1 1/2'), ('0 3/0; 0.5 1/1; 0.6 1/1')) v (c);
-- PDs of one half say nothing to Spiegelhalter's test.
SELECT spiegelhalter_z('0.5 3/1'), spiegelhalter_z('0 1/0; 0.5 3/1; 1 0/1');
-- Separated classes have no slope, also where one PD is shared; overlapping ones have.
SELECT c, calibration_slope(c) AS slope, calibration_in_the_large(c) IS NOT NULL AS large
  FROM (VALUES ('0.1 5/0; 0.2 3/0; 0.3 0/4'::calibration), ('0.1 0/5; 0.3 4/0'), ('0.1 5/0; 0.2 3/2; 0.3 0/4'), ('0.2 3/2')) v (c);
SELECT calibration_slope('0.1 5/0; 0.2 3/2; 0.25 1/0; 0.3 0/4') > 1 AS steep;
-- The line goes through the logits of the shares, however far the PDs are from what came (from 0 to -ln 3 in 15 ln 10),
-- or how near they are to each other.
SELECT abs(calibration_slope(c) / (ln(3::float8) / (15 * ln(10::float8))) - 1) < 1e-14 AS slope_right, abs(calibration_intercept(c)) < 1e-14 AS intercept_right
  FROM (VALUES ('1e-15 3/1; 0.5 2/2'::calibration)) v (c);
SELECT abs(slope * (ln(0.1000001::float8 / 0.8999999) - ln(1 / 9.0::float8)) / (ln(10 / 95.0::float8) - ln(10 / 100.0::float8)) - 1) < 1e-8 AS slope_right,
       abs(intercept - (ln(0.1::float8) + slope * ln(9::float8))) < 1e-8 * slope AS intercept_right, slope_se > 0 AS with_error
  FROM recalibration('0.1 100/10; 0.1000001 95/10');
-- Very small PDs keep their digits: the loss of a good is the PD itself.
SELECT log_loss('1e-20 1/0'), log_loss('1e-300 0/1') = -ln(1e-300::float8) AS large, brier('1e-200 1/0');

-- Ties are never split: all equal is one group, whatever was asked for.
SELECT h.*, (hosmer_lemeshow('0.3 70/30', 10, true)).p AS p_fitted FROM hosmer_lemeshow('0.3 70/30') h;
SELECT bin, pd_low, pd_high, n FROM expected_vs_observed('0.1 1/0; 0.2 90/0; 0.3 5/1; 0.4 2/1', 4);
-- More groups than rows: as many as there are rows.
SELECT count(*), sum(n) FROM expected_vs_observed('0.1 1/0; 0.2 1/0; 0.3 0/1', 10000);

-- Merging.
SELECT rollup(c) FROM (VALUES ('0.1 3/0; 0.5 1/1'::calibration), (NULL), ('empty'), ('excluded 0/2/0; 0.1 0/1')) v (c);
SELECT '0.1 1/0'::calibration + '0.1 0/1', '0.1 1/0'::calibration + NULL AS merged;

-- Nonsense is an error.
SELECT calibration_agg(1.5, true);
SELECT calibration_agg(-1e-300, NULL);
SELECT calibration_agg('NaN', true);
SELECT calibration_agg('Infinity', true, 0);
SELECT calibration_agg(0.5, true, -1);
SELECT calibration_agg(0.5, true, 9223372036854775807);
SELECT hosmer_lemeshow('0.1 1/1', 1);
SELECT hosmer_lemeshow('0.1 1/1', 10001);
SELECT expected_vs_observed('0.1 1/1', 0);
SELECT * FROM expected_vs_observed('0.1 1/1', 10, 1);
SELECT recalibration('0.1 1/1', 'NaN');

-- The text form; which PDs there are is checked here too.
SELECT ' 0.5 1/1 ;0.1 2/0; -0 1/0; 0.5 0/3 ;excluded 1/0/0'::calibration;
SELECT 'excluded 1/0/0; 0.5 1/1; 0.1 2/0; -0 1/0; 0.5 0/3'::calibration;
SELECT '1.5 1/1'::calibration;
SELECT '-0.1 1/1'::calibration;
SELECT 'NaN 1/1'::calibration;
SELECT '0.1 1'::calibration;
SELECT ''::calibration;

-- Equal values are equal however they came about.
SELECT count(DISTINCT c), count(*) FROM (VALUES ('0.1 1/0; 0.2 0/1'::calibration), ('0.20 0/1; 1e-1 1/0'), ('0.1 1/1')) v (c);
SELECT a < b AS lt, a <= b AS le, a = b AS eq, a <> b AS ne, a >= b AS ge, a > b AS gt, count(*)
  FROM (VALUES ('empty'::calibration), ('0.1 1/0'), ('0.1 0/1')) v (a), (VALUES ('empty'::calibration), ('0.1 1/0'), ('0.1 0/1')) w (b)
 GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 3, 4, 5, 6;
-- The binary form, and one with a PD above 1.
CREATE TEMP TABLE received (c calibration);
CREATE TEMP TABLE as_roc (r roc);
INSERT INTO as_roc VALUES ('0.5 1/1'), ('1.5 1/1');
\copy (SELECT r FROM as_roc WHERE bads(r) = 1 LIMIT 1) TO PROGRAM 'cat > "${TMPDIR:-/tmp}/agririsk-calibration-$PPID"' (FORMAT binary)
\copy received FROM PROGRAM 'cd "${TMPDIR:-/tmp}" && cat agririsk-calibration-$PPID && rm agririsk-calibration-$PPID' (FORMAT binary)
\copy (SELECT r FROM as_roc OFFSET 1) TO PROGRAM 'cat > "${TMPDIR:-/tmp}/agririsk-calibration-$PPID"' (FORMAT binary)
\copy received FROM PROGRAM 'cd "${TMPDIR:-/tmp}" && cat agririsk-calibration-$PPID && rm agririsk-calibration-$PPID' (FORMAT binary)
SELECT * FROM received;
