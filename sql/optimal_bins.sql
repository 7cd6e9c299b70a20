SET search_path = agririsk, public;
-- Type binning and the aggregate optimal_bins: what they answer and what they
-- refuse. Numbers are worked out by hand in comments.
SET extra_float_digits = 1;

CREATE TABLE loan (x float8, bad boolean, n bigint);
INSERT INTO loan VALUES (1, false, 90), (1, true, 10), (2, false, 80), (2, true, 20), (3, false, 60), (3, true, 40);
SELECT optimal_bins(x, bad, n, NULL) AS b FROM loan;
SELECT * FROM loan, LATERAL (SELECT 1) s LIMIT 0;
SELECT b.* FROM (SELECT optimal_bins(x, bad, n, NULL) AS b FROM loan) s, bins(b) b;
SELECT t.* FROM (SELECT optimal_bins(x, bad, n, NULL) AS b FROM loan) s, trends(b) t;
SELECT optimal_bins(x::text, bad, n, NULL) AS b FROM loan;
SELECT optimal_bins(x, bad) AS b FROM loan;
