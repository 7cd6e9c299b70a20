-- Type roc: scores and outcomes, and how well the one ranks the other.
SET search_path = agririsk, public;
\pset null '(null)'

-- Four bads and four goods. Goods below each bad, ties half: .3 has 1 + 1, .6 has 3.5, .8 and .9 all 4:
-- AUC = (2 + 3.5 + 4 + 4) / 16 = .84375. Shares of goods and bads up to .3: 3/4 and 1/4.
-- Placements of the bads over 4: .5, .875, 1, 1, of the goods 1, .875, .875, .625: variances .0559896 and .0247396,
-- a quarter of each: .0201823 (pROC gives 0.0201822916666667).
CREATE TEMP TABLE loan (score float8, bad boolean);
INSERT INTO loan VALUES (.1, false), (.3, false), (.3, false), (.6, false), (.3, true), (.6, true), (.8, true), (.9, true);
SELECT r, n(r), bads(r), auc(r), gini(r), ks(r), ks_at(r) FROM (SELECT roc_agg(score, bad) FROM loan) s (r);
SELECT (auc_ci(r)).auc, abs((auc_ci(r)).standard_error ^ 2 - (.2239583333333333 + .0989583333333333) / 16) < 1e-15 AS variance_right,
       abs((auc_ci(r)).low - 0.56530890686765) < 1e-14 AS low_right, (auc_ci(r)).high, (auc_ci(r)).zero_variance
  FROM (SELECT roc_agg(score, bad) FROM loan) s (r);
SELECT m.n, m.bads, m.auc, m.ks, m.excluded, abs(m.variance - 0.0201822916666667) < 1e-16 AS variance_right
  FROM (SELECT (roc_metrics(score, bad)).* FROM loan) m;
-- The riskiest eighth is .9, a quarter .9 and .8, three eighths half of each class at .6, and so on.
SELECT share, capture(r, share / 8.0), lift(r, share / 8.0)
  FROM (SELECT roc_agg(score, bad) FROM loan) s (r), generate_series(0, 8) share;
-- Where all are bad, or all tie, a share has its share: lift is 1, however small it is.
SELECT lift(r, 0.1), capture(r, 0.1) FROM (SELECT roc_agg(i / 7.0, true) FROM generate_series(1, 1001) i) s (r);
SELECT lift('1 1000000000000/1000000000', 1e-12), lift('1 3/1', 5e-324), capture('1 3/1', 5e-324);
SELECT c.* FROM (SELECT roc_agg(score, bad) FROM loan) s (r), curve(r) c;
-- Of few points, those at even distances.
SELECT c.* FROM (SELECT roc_agg(score, bad) FROM loan) s (r), curve(r, 3) c;
SELECT c.* FROM (SELECT roc_agg(score, bad) FROM loan) s (r), curve(r, max_points => 5) c;
-- The score the other way round.
SELECT auc(r), gini(r), ks(r), ks_at(r), direction_warning(r) FROM (SELECT roc_agg(-score, bad) FROM loan) s (r);
SELECT direction_warning(roc_agg(score, bad)) FROM loan;

-- Perfect, useless, none.
SELECT auc(r), ks(r), ks_at(r), auc_ci(r) FROM (VALUES ('1 3/0; 2 0/2'::roc), ('7 3/2'), ('1 0/2; 2 3/0')) v (r);
-- One class only, one row of a class, no rows: what is undefined is NULL.
SELECT r, n(r), bads(r), auc(r), gini(r), ks(r), ks_at(r), auc_ci(r), lift(r, 0.5), capture(r, 0.5), direction_warning(r), auc_bootstrap(r)
  FROM (VALUES ('1 3/0; 2 1/0'::roc), ('1 0/3'), ('empty'), ('excluded 0/9/0')) v (r);
SELECT auc(r), ks(r), auc_ci(r) FROM (VALUES ('1 3/0; 2 0/1'::roc), ('1 1/0; 2 0/3')) v (r);
SELECT count(*) FROM curve('1 3/0; 2 1/0');
SELECT roc_metrics(score, true), roc_metrics(score, score > .85) FROM loan;
SELECT roc_agg(score, bad), roc_metrics(score, bad), roc_agg(score, bad, 1), roc_metrics(score, bad, 1) FROM loan WHERE false;

-- What is unknown is left out and counted.
SELECT roc_agg(score, bad), excluded(roc_agg(score, bad)), roc_metrics(score, bad)
  FROM (VALUES (.5, true), (.2, false), (NULL, true), (NULL, NULL), (.3, NULL)) v (score, bad);
SELECT roc_agg(NULL, true), roc_metrics(NULL, NULL);

-- A weight stands for so many equal rows.
SELECT roc_agg(score, bad, weight), (roc_metrics(score, bad, weight)).n, (roc_metrics(score, bad, weight)).excluded
  FROM (VALUES (.5, true, 3), (.5, true, 1), (.2, false, 2), (.1, false, 0), (NULL, true, 5), (.3, NULL, 7),
               (.5, true, NULL), (NULL, NULL, NULL), (NULL, true, 0)) v (score, bad, weight);
SELECT roc_agg(score, bad, 0) FROM loan;
SELECT roc_agg(1, true, 1099511627776);
SELECT roc_agg(1, true, 1099511627777);
SELECT roc_agg(1, true, w) FROM (VALUES (1099511627776), (1)) v (w);
SELECT roc_metrics(1, true, w) FROM (VALUES (1099511627776), (1)) v (w);
SELECT roc_agg(1, NULL, w) FROM (VALUES (1099511627776), (1)) v (w);
-- Of 2^40 rows of either class one is on the wrong side: 1 - 2^-40.
SELECT auc(r), auc(r) = 1 - 2 ^ -40::float8 AS right, (auc_ci(r)).zero_variance FROM (VALUES ('1 1099511627775/1; 2 1/1099511627775'::roc)) v (r);

-- Infinite scores rank at the ends; -0 is 0; neighbours are told apart.
SELECT roc_agg(score, bad), auc(roc_agg(score, bad))
  FROM (VALUES ('Infinity'::float8, true), ('-Infinity', false), (0, true), ('-0', false), (5e-324, true), (-5e-324, true),
               (1.7976931348623157e308, false)) v (score, bad);

-- Nonsense is an error.
SELECT roc_agg('NaN', true);
SELECT roc_agg('NaN', NULL);
SELECT roc_metrics('NaN', false);
SELECT roc_agg('NaN', true, 1);
SELECT roc_agg(1, true, -1);
SELECT auc_ci('empty', 0);
SELECT auc_ci('empty', 1);
SELECT auc_ci('empty', 'NaN');
SELECT auc_bootstrap('empty', level => 95);
SELECT auc_bootstrap('empty', 1);
SELECT auc_bootstrap('empty', 1000001);
SELECT capture('empty', -0.1);
SELECT lift('empty', 1.1);
SELECT lift('empty', 'NaN');
SELECT * FROM curve('empty', 2);

-- Merging.
SELECT '0.5 1/2; 1 1/0'::roc + 'excluded 1/0/0; 0.5 3/0; 0 0/1';
SELECT rollup(r) FROM (VALUES ('0.5 1/2'::roc), (NULL), ('empty'), ('0.25 0/1'), ('excluded 1/2/3')) v (r);
SELECT rollup(r) FROM (VALUES (NULL::roc), (NULL)) v (r);
SELECT '1 1099511627776/0'::roc + '2 1/0';
SELECT 'excluded 1099511627776/0/0'::roc + 'excluded 1/0/0';

-- The text form: scores in any order, exact, refused where it is wrong.
SELECT ' excluded 0/2/0 ; 0.30000000000000004 1/0;0.3 2 / 1; 1e22 0/1;-Infinity 1/1; 0.3 1/1 '::roc;
SELECT 'empty'::roc, ' empty '::roc, 'excluded 0/0/0'::roc;
SELECT ''::roc;
SELECT 'empty; 5 1/0'::roc;
SELECT '0.1'::roc;
SELECT '0.1 1'::roc;
SELECT '0.1 1/1; '::roc;
SELECT '0.1 1/1 0.2 1/1'::roc;
SELECT '0.1 -1/1'::roc;
SELECT '0.1 0/0'::roc;
SELECT '0.1 1.5/0'::roc;
SELECT 'NaN 1/0'::roc;
SELECT '0x1 1/0'::roc;
SELECT '1e400 1/0'::roc;
SELECT '0.1 1099511627777/0'::roc;
SELECT '0.1 1099511627776/0; 0.2 1/0'::roc;
SELECT 'excluded 1/2; 0.1 1/0'::roc;
SELECT '0.1 1/0; excluded 1/2/0'::roc;
-- No setting changes it.
BEGIN;
SET LOCAL extra_float_digits = -15;
SELECT '0.30000000000000004 1/0; 1e22 1/1; 123456789012345680 1/0'::roc;
COMMIT;

-- Equal values are equal however they came about; the operators agree with each other.
SELECT '0.1 1/0; 0.2 0/1'::roc = '0.2 0/1; 1e-1 1/0' AS eq, '1 1/0'::roc <> '1 0/1' AS ne, '1 1/0'::roc = 'excluded 0/1/0; 1 1/0' AS excluded_counts;
SELECT count(DISTINCT r), count(*) FROM (VALUES ('1 1/0'::roc), ('1e0 1/0'), ('2 1/0'), ('empty')) v (r);
SELECT a < b AS lt, a <= b AS le, a = b AS eq, a >= b AS ge, a > b AS gt, count(*)
  FROM (VALUES ('empty'::roc), ('1 1/0'), ('1 0/1'), ('2 1/0'), ('1 1/0; 2 1/0')) v (a),
       (VALUES ('empty'::roc), ('1 1/0'), ('1 0/1'), ('2 1/0'), ('1 1/0; 2 1/0')) w (b)
 GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5;

-- The binary form: version 1, nothing excluded, one score of two goods and no bad. The key of 1 is its bits
-- 3ff0000000000000 with the sign turned over, bff0000000000000: as a varint seven times 80, then f8, bf, 01. Then 4 * (2 - 1).
SELECT roc_send('1 2/0'), roc_send('empty');
-- What is received is checked: one value, then of a version to come, cut short, with a byte too many.
CREATE TEMP TABLE received (r roc);
\copy received from program 'printf "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0\0\1\0\0\0\23\1\0\0\0\0\1\2\0\200\200\200\200\200\200\200\370\277\1\4\377\377"' (format binary)
\copy received from program 'printf "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0\0\1\0\0\0\23\2\0\0\0\0\1\2\0\200\200\200\200\200\200\200\370\277\1\4\377\377"' (format binary)
\copy received from program 'printf "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0\0\1\0\0\0\22\1\0\0\0\0\1\2\0\200\200\200\200\200\200\200\370\277\1\377\377"' (format binary)
\copy received from program 'printf "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0\0\1\0\0\0\24\1\0\0\0\0\1\2\0\200\200\200\200\200\200\200\370\277\1\4\0\377\377"' (format binary)
SELECT * FROM received;

-- Two scores of the same rows. The first is the one above: AUC .84375, placements of the bads .5, .875, 1, 1, of the goods
-- 1, .875, .875, .625. The second puts one good above all: AUC .75, placements .75 four times, and 1, 1, 1, 0. Covariances: 0, and
-- (.15625 * .25 + 2 * .03125 * .25 + .21875 * .75) / 3 = .21875 / 3; of AUCs a quarter of that. z = .09375 / .215002.
SELECT n, bads, auc_a, auc_b, difference, abs(covariance - .21875 / 12) < 1e-17 AS covariance_right, abs(variance_b - .0625) < 1e-17 AS variance_right,
       abs(standard_error ^ 2 - (variance_a + variance_b - 2 * covariance)) < 1e-16 AS error_right, abs(z - difference / standard_error) < 1e-15 AS z_right, round(p::numeric, 4) AS p, excluded
  FROM (SELECT (roc_pair_agg(score_a, score_b, bad)).*
          FROM (VALUES (.1, 1, false), (.3, 1, false), (.3, 1, false), (.6, 3, false), (.3, 2, true), (.6, 2, true), (.8, 2, true), (.9, 2, true),
                       (NULL, 1, true), (1, NULL, true), (1, 1, NULL)) v (score_a, score_b, bad)) s;
-- A score and itself; one class; one row of a class; no rows.
SELECT (roc_pair_agg(score, score, bad)).difference, (roc_pair_agg(score, score, bad)).standard_error,
       (roc_pair_agg(score, score, bad)).z, (roc_pair_agg(score, score, bad)).p FROM loan;
SELECT roc_pair_agg(score, 1, true), roc_pair_agg(score, -score, score > .85), roc_pair_agg(score, 1, bad) FILTER (WHERE false) FROM loan;
SELECT roc_pair_agg('NaN', 1, true);
SELECT roc_pair_agg(1, 'NaN', NULL);

-- The aggregates are no window functions: a final function sorts.
SELECT roc_agg(score, bad) OVER (ORDER BY score) FROM loan;
