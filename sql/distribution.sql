-- Type distribution: values counted, and population stability.
SET search_path = agririsk, public;
\pset null '(null)'

-- Names. By hand: shares 1/2 and 1/4 against 1/4 and 1/2 in two bins of three: 2 * (1/4) ln 2; the third is as it was.
SELECT d, n(d), missing(d), excluded(d) FROM (SELECT distribution_agg(crop) FROM (VALUES ('rice'), ('rice'), ('maize'), ('tea')) v (crop)) s (d);
SELECT abs(psi(e, a) - ln(2::float8) / 2) < 1e-16 AS psi_right
  FROM (VALUES ('{"names": {"rice": 2, "maize": 1, "tea": 1}}'::distribution, '{"names": {"rice": 25, "maize": 50, "tea": 25}}'::distribution)) v (e, a);
SELECT bin, name, missing, expected_n, actual_n, expected_share, actual_share, expected_raised, actual_raised, round(term::numeric, 15) AS term
  FROM psi_bins('{"names": {"rice": 2, "maize": 1, "tea": 1}}', '{"names": {"rice": 25, "maize": 50, "tea": 25}}');
-- A share of nothing is raised to the floor, and said; the others stay. Terms: (0.0001 - 0.1) ln(0.001), (0.5 - 0.0001) ln(5000).
SELECT name, missing, expected_share, actual_share, expected_raised, actual_raised, round(term::numeric, 12) AS term
  FROM psi_bins('{"names": {"a": 1, "b": 9}}', '{"names": {"b": 5, "c": 5}}');
SELECT name, expected_share, actual_share, expected_raised, actual_raised, round(term::numeric, 12) AS term
  FROM psi_bins('{"names": {"a": 1, "b": 9}}', '{"names": {"b": 5, "c": 5}}', 0.2);
SELECT psi('{"names": {"a": 1, "b": 9}}', '{"names": {"b": 5, "c": 5}}', 0) AS empty_bin, psi('{"names": {"a": 1}}', '{"names": {"a": 5}}', 0) AS same;
-- Missing values are a bin of their own, and count as rows.
SELECT bin, name, missing, expected_n, actual_n, expected_share, actual_share FROM psi_bins('{"names": {"a": 6}, "missing": 2}', '{"names": {"a": 3}, "missing": 5}');
SELECT bin, name, missing, expected_share, actual_share, expected_raised FROM psi_bins('{"names": {"a": 6}}', '{"names": {}, "missing": 5}');

-- Numbers. The deciles of 1 to 11 are 2 to 10; each bin has its right end, the last has none.
SELECT bin, low, high, expected_n, actual_n, expected_raised, actual_raised
  FROM (SELECT distribution_agg(i) FROM generate_series(1, 11) i) s (e), (VALUES ('2 1; 2.0000001 1; 10 5; 99 2; -Infinity 1'::distribution)) v (a), psi_bins(e, a);
-- Between numbers a decile is interpolated: of 0 and 10, the k-th is k.
SELECT array_agg(high) AS deciles, psi('0 1; 10 1', '0 1; 10 1') FROM psi_bins('0 1; 10 1', '5 1');
-- Equal deciles are one cut. Where all expected are equal, what is beyond them is found all the same.
SELECT low, high, expected_n, actual_n, expected_raised, actual_raised FROM psi_bins('5 7', '4 2; 5 1; 6 4');
SELECT low, high, expected_n, actual_n FROM psi_bins('0 95; 1 2; 2 3', '0 5; 1 3; 7 2');
-- Both ends count. Of half that sit on an end, half move beyond it: (0.25 - 0.5) ln(0.25 / 0.5) and (0.25 - 1e-4) ln(0.25 / 1e-4), whichever end it is.
SELECT abs(psi(e::distribution, a::distribution) - (0.25 * ln(2) + 0.2499 * ln(2500))) < 1e-14 AS right
  FROM (VALUES ('0 50; 1 5; 2 5; 3 5; 4 5; 5 5; 6 5; 7 5; 8 5; 9 5; 10 5', '-1 25; 0 25; 1 5; 2 5; 3 5; 4 5; 5 5; 6 5; 7 5; 8 5; 9 5; 10 5'),
               ('-10 5; -9 5; -8 5; -7 5; -6 5; -5 5; -4 5; -3 5; -2 5; -1 5; 0 50', '-10 5; -9 5; -8 5; -7 5; -6 5; -5 5; -4 5; -3 5; -2 5; -1 5; 0 25; 1 25')) v (e, a);
-- So they do where a tie is just a tenth, and no decile is its number; a single lowest or highest number is no tie.
SELECT low, high, expected_n, actual_n
  FROM psi_bins((SELECT distribution_agg(least(greatest(i, 10), 91)) FROM generate_series(1, 100) i), (SELECT distribution_agg(i) FROM generate_series(1, 100) i)) WHERE bin < 3 OR bin > 10;
SELECT count(*), min(expected_n) FROM psi_bins((SELECT distribution_agg(i) FROM generate_series(1, 100) i), (SELECT distribution_agg(i) FROM generate_series(-99, 200) i));
SELECT low, high, expected_n, actual_n FROM psi_bins('7 1', '6 2; 7 3; 8 4');
-- Below -Infinity there is nothing.
SELECT low, high, expected_n, actual_n FROM psi_bins('-Infinity 9; 0 1', '-Infinity 1; 0 1');
SELECT low, high, missing, expected_n, actual_n FROM psi_bins('excluded 3/0/0', '5 1');
SELECT low, high, expected_n, actual_n FROM psi_bins('-Infinity 50; Infinity 50', '0 1; Infinity 1');
-- NaN is missing, as NULL is; infinities are numbers.
SELECT d, n(d), missing(d), excluded(d)
  FROM (SELECT distribution_agg(x) FROM (VALUES (1.5), (NULL), ('NaN'), ('Infinity'), (-0.0), (0), (1.5)) v (x)) s (d);
SELECT d, n(d), missing(d), excluded(d)
  FROM (SELECT distribution_agg(x, w) FROM (VALUES (1.5::float8, 3), (NULL, 2), ('NaN', 4), (1.5, NULL), (NULL, NULL), (7, 0)) v (x, w)) s (d);
SELECT d, n(d), missing(d), excluded(d)
  FROM (SELECT distribution_agg(x, w) FROM (VALUES ('a', 3), (NULL, 2), ('a', NULL), (NULL, NULL), ('b', 0)) v (x, w)) s (d);
SELECT distribution_agg(1.5::float8) WHERE false;
SELECT distribution_agg('a') WHERE false;
SELECT distribution_agg('a', 0), distribution_agg(1.5::float8, 0);
SELECT distribution_agg(NULL::text), distribution_agg(NULL::float8);
-- Against nothing there is no index.
SELECT psi('empty', '1 1'), psi('1 1', 'empty'), psi('{"names": {}}', '{"names": {"a": 1}}'), psi(NULL, '1 1'), psi('excluded 0/0/4', '1 1') AS unweighted;
SELECT count(*) FROM psi_bins('1 1', 'empty');

-- Merging.
SELECT rollup(d) FROM (VALUES ('{"names": {"a": 1}, "missing": 2}'::distribution), (NULL), ('{"names": {}}'), ('{"names": {"b": 3, "a": 1}, "unweighted": 4}')) v (d);
SELECT rollup(d) FROM (VALUES ('1 2'::distribution), (NULL), ('empty'), ('excluded 1/0/2; 0.5 1; 1 1')) v (d);

-- Nonsense is an error.
SELECT '1 1'::distribution + '{"names": {"a": 1}}';
SELECT '{"names": {"a": 1}}'::distribution + '1 1';
SELECT psi('1 1', '{"names": {"a": 1}}');
SELECT psi('1 1', '1 1', -0.1);
SELECT psi('1 1', '1 1', 1);
SELECT * FROM psi_bins('1 1', '1 1', 'NaN');
SELECT distribution_agg('a', -1);
SELECT distribution_agg(1.5::float8, -1);
SELECT distribution_agg('a', 1099511627777);
SELECT distribution_agg(1.5::float8, 1099511627777);
SELECT '{"names": {"a": 1099511627776}}'::distribution + '{"names": {"b": 1}}';
SELECT distribution_agg(repeat('é', 128));
SELECT distribution_agg(i::text) FROM generate_series(1, 100001) i;

-- The text forms.
SELECT ' {"missing": 1, "names": {"b": 2, "a": 1.0, "none": 0, "quote\" é": 3}} '::distribution, '{"names": {}}'::distribution, 'empty'::distribution, ' 2 1; 1 3;2 1'::distribution;
SELECT '{}'::distribution;
SELECT '{"names": []}'::distribution;
SELECT '{"names": {"a": -1}}'::distribution;
SELECT '{"names": {"a": 1.5}}'::distribution;
SELECT '{"names": {"a": "1"}}'::distribution;
SELECT '{"names": {}, "missing": 1e30}'::distribution;
SELECT '{"names": {}, "other": 1}'::distribution;
-- A key given twice is an error: JSON would keep the last of them.
SELECT '{"names": {"a": 1, "a": 2}}'::distribution;
SELECT '{"names": {"a": 1, "\u0061": 1}}'::distribution;
SELECT '{"names": {}, "missing": 1, "missing": 2}'::distribution;
SELECT '{"names": {"a": 1}, "names": {}}'::distribution;
SELECT '{"names": {"a": 1}'::distribution;
SELECT '1 1/1'::distribution;
SELECT 'excluded 1/1/0; 1 1'::distribution;
SELECT 'NaN 1'::distribution;
SELECT ''::distribution;

-- Equal values are equal however they came about; numbers and names are never equal.
SELECT count(DISTINCT d), count(*) FROM (VALUES ('1 1; 2 1'::distribution), ('2.0 1; 1e0 1'), ('{"names": {"1": 1, "2": 1}}'), ('{"names": {"2": 1, "1": 1, "3": 0}}')) v (d);
SELECT a < b AS lt, a <= b AS le, a = b AS eq, a <> b AS ne, a >= b AS ge, a > b AS gt, count(*)
  FROM (VALUES ('empty'::distribution), ('1 1'), ('{"names": {}}')) v (a), (VALUES ('empty'::distribution), ('1 1'), ('{"names": {}}')) w (b)
 GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 3, 4, 5, 6;

-- The binary form of names: version, reserved, 2 missing, none unweighted, one name of one byte, 5 rows.
SELECT distribution_send('{"names": {"a": 5}, "missing": 2}');
-- What is received is checked: names, then cut short, with a byte too many, of a version to come, with a reserved bit, not in UTF-8;
-- the number 1, then with rows whose outcome is unknown, which numbers do not have.
CREATE TEMP TABLE received (d distribution);
\copy received from program 'printf "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0\0\1\0\0\0\10\201\0\2\0\1\1a\5\377\377"' (format binary)
\copy received from program 'printf "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0\0\1\0\0\0\7\201\0\2\0\1\1a\377\377"' (format binary)
\copy received from program 'printf "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0\0\1\0\0\0\11\201\0\2\0\1\1a\5\0\377\377"' (format binary)
\copy received from program 'printf "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0\0\1\0\0\0\10\202\0\2\0\1\1a\5\377\377"' (format binary)
\copy received from program 'printf "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0\0\1\0\0\0\10\201\1\2\0\1\1a\5\377\377"' (format binary)
\copy received from program 'printf "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0\0\1\0\0\0\10\201\0\2\0\1\1\377\5\377\377"' (format binary)
\copy received from program 'printf "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0\0\1\0\0\0\23\1\0\0\0\0\1\1\0\200\200\200\200\200\200\200\370\277\1\0\377\377"' (format binary)
\copy received from program 'printf "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0\0\1\0\0\0\23\1\0\0\1\0\1\1\0\200\200\200\200\200\200\200\370\277\1\0\377\377"' (format binary)
SELECT * FROM received;
