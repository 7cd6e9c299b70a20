-- Type concentration: weights by key, and how concentrated they are.
SET search_path = agririsk, public;
\pset null '(null)'

-- Shares 1/2, 1/4, 1/4: hhi 6/16, effective number 16/6, entropy 1.5 ln 2 / ln 3.
SELECT c, keys(c), hhi(c), effective_number(c), top_share(c), top_share(c, 2), top_share(c, n => 9),
       abs(entropy(c) - 1.5 * ln(2::float8) / ln(3::float8)) < 1e-15 AS entropy_right
  FROM (SELECT concentration_agg(buyer, paid)
          FROM (VALUES ('apple', 100), ('rice', 50), ('apple', 100), ('tea', 100), ('rice', 50)) v (buyer, paid)) s (c);
-- One key has no entropy; even shares have all of it.
SELECT c, hhi(c), effective_number(c), top_share(c), entropy(c)
  FROM (VALUES ('{"a": 7}'::concentration), ('{"a": 3, "b": 3, "c": 3, "d": 3}')) v (c);
-- Sums are exact: ten times 0.1 is not 1, and 1e16 + 1 - 1e16 would be 0 in plain arithmetic.
SELECT concentration_agg('k', 0.1) FROM generate_series(1, 10);
SELECT concentration_agg(k, w) FROM (VALUES ('a', 1e16), ('a', 1), ('b', 1e16)) v (k, w);
-- Keys are told apart by bytes, and ordered by them.
SELECT concentration_agg(k, 1) FROM (VALUES ('é'), ('e'), ('E'), (''), ('e '), ('ee')) v (k);
-- A bigint key is its decimal text.
SELECT concentration_agg(k, 1) + '{"10": 1}' FROM (VALUES (10::bigint), (9), (-9223372036854775808)) v (k);
SELECT concentration_agg(k, 1) = concentration_agg(k::text, 1) AS same FROM generate_series(1, 20) k;

-- NULL is unknown, zero is an observed zero.
SELECT concentration_agg(k, w) FROM (VALUES ('a', NULL), (NULL, 1), ('b', 2)) v (k, w);
SELECT concentration_agg(k, w) FROM (VALUES (NULL::text, NULL::float8), ('a', NULL), (NULL, -1)) v (k, w);
SELECT concentration_agg('a', 1) WHERE false;
SELECT c, keys(c), hhi(c), effective_number(c), top_share(c), top_share(c, 3), entropy(c)
  FROM (SELECT concentration_agg(k, 0) FROM (VALUES ('a'), ('b')) v (k)) s (c);
SELECT keys(NULL), hhi(NULL), effective_number(NULL), top_share(NULL), top_share('{"a": 1}', NULL), entropy(NULL),
       '{"a": 1}'::concentration + NULL AS merged;

-- Merging.
SELECT rollup(c) FROM (VALUES ('{"a": 0.1, "b": 1}'::concentration), (NULL), ('{}'), ('{"a": 0.2, "c": 5e-324}')) v (c);
SELECT rollup(c) FROM (VALUES (NULL::concentration), (NULL)) v (c);
SELECT rollup(c) FROM (VALUES ('{}'::concentration)) v (c);
SELECT '{"a": 1}'::concentration + '{"b": 2}';

-- Nonsense is an error.
SELECT concentration_agg(k, w) FROM (VALUES ('a', 1), ('b', -5)) v (k, w);
SELECT concentration_agg(7, 'NaN');
SELECT concentration_agg('a', 'Infinity');
SELECT concentration_agg('a', '-Infinity');
SELECT concentration_agg(repeat('é', 100), -1);
SELECT concentration_agg('a', 8e307) FROM generate_series(1, 3);
SELECT concentration_agg(i, 8e307) FROM generate_series(1, 3) i;
SELECT '{"a": 8e307}'::concentration + '{"a": 8e307}' + '{"a": 8e307}';
SELECT rollup(c) FROM (SELECT concentration_agg(i, 8e307) AS c FROM generate_series(1, 3) i GROUP BY i) s;
SELECT top_share('{"a": 1}', 0);
SELECT top_share('{"a": 1}', -1);

-- The text form: any order and notation, exact, refused where it is wrong.
SELECT ' {"rice" : 3e2+1e-17 ,"apple":1200.50, "rice": 1, "none": 0} '::concentration;
SELECT '{"quote\" back\\ slash\/ tab\t \u0041 \u0001": 1}'::concentration;
SELECT '{}'::concentration, ' { } '::concentration;
SELECT ''::concentration;
SELECT 'apple'::concentration;
SELECT '{"a": 1'::concentration;
SELECT '{"a": 1,}'::concentration;
SELECT '{"a": 1} 2'::concentration;
SELECT '{"a"}'::concentration;
SELECT '{"a": }'::concentration;
SELECT '{"é": 1, "a": -1}'::concentration;
SELECT '{"a": 1 - 2}'::concentration;
SELECT '{"a": NaN}'::concentration;
SELECT '{"a": Infinity}'::concentration;
SELECT '{"a": 1e400}'::concentration;
SELECT '{"a": 1e-400}'::concentration;
SELECT '{"a\u0000": 1}'::concentration;
SELECT '{"\u00e9": 1}'::concentration;
SELECT '{"\x": 1}'::concentration;
-- No setting changes it.
BEGIN;
SET LOCAL extra_float_digits = -15;
SET LOCAL standard_conforming_strings = off;
SELECT '{"a": 0.1+0.2, "b": 1e22, "c": 123456789012345680}'::concentration;
COMMIT;

-- Equal values are equal however they came about; the operators agree with each other.
SELECT '{"b": 2, "a": 1.0}'::concentration = '{"a": 0.5+0.5, "b": 2e0}' AS eq,
       '{"a": 1}'::concentration <> '{"a": 2}' AS ne, '{"a": 1}'::concentration = '{"b": 1}' AS other_key;
SELECT count(DISTINCT c), count(*) FROM (VALUES ('{"a": 1}'::concentration), ('{"a": 1e0}'), ('{"a": 2}'), ('{}')) v (c);
SELECT a < b AS lt, a <= b AS le, a = b AS eq, a >= b AS ge, a > b AS gt, count(*)
  FROM (VALUES ('{}'::concentration), ('{"a": 1}'), ('{"a": 2}'), ('{"b": 1}'), ('{"a": 1, "b": 1}')) v (a),
       (VALUES ('{}'::concentration), ('{"a": 1}'), ('{"a": 2}'), ('{"b": 1}'), ('{"a": 1, "b": 1}')) w (b)
 GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5;

-- The binary form: version 1, one key of one byte, the double 1.
SELECT concentration_send('{"a": 1}'), concentration_send('{}');
-- What is received is checked: one value, then cut short, with a byte too many,
-- of a version to come, with a negative weight, with a key that is not UTF-8.
CREATE TEMP TABLE received (c concentration);
\copy received from program 'printf "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0\0\1\0\0\0\15\1\0\1\2a\0\0\0\0\0\0\360\77\377\377"' (format binary)
\copy received from program 'printf "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0\0\1\0\0\0\14\1\0\1\2a\0\0\0\0\0\0\360\377\377"' (format binary)
\copy received from program 'printf "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0\0\1\0\0\0\16\1\0\1\2a\0\0\0\0\0\0\360\77\0\377\377"' (format binary)
\copy received from program 'printf "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0\0\1\0\0\0\15\2\0\1\2a\0\0\0\0\0\0\360\77\377\377"' (format binary)
\copy received from program 'printf "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0\0\1\0\0\0\15\1\0\1\2a\0\0\0\0\0\0\360\277\377\377"' (format binary)
\copy received from program 'printf "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0\0\1\0\0\0\15\1\0\1\2\377\0\0\0\0\0\0\360\77\377\377"' (format binary)
SELECT * FROM received;
