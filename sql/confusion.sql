-- Type confusion: what was predicted against what is true.
SET search_path = agririsk, public;
\pset null '(null)'

-- 100 fields. By hand: accuracy 85/100, chance (45 * 50 + 55 * 50) / 100^2 = 1/2, kappa 0.35 / 0.5;
-- rice: user's 40/45, producer's 40/50, F1 80/95; maize: 45/55, 45/50, 90/105.
CREATE TEMP TABLE field (truth text, predicted text, n bigint);
INSERT INTO field VALUES ('rice', 'rice', 40), ('rice', 'maize', 10), ('maize', 'rice', 5), ('maize', 'maize', 45);
CREATE TEMP TABLE checked AS
SELECT confusion_agg(truth, predicted) AS c FROM field, generate_series(1, n);
SELECT c, n(c), excluded(c), accuracy(c), kappa(c) FROM checked;
SELECT r.* FROM checked, class_accuracy(c) r;
SELECT r.* FROM checked, matrix(c) r;
SELECT class, users_accuracy(c, class), producers_accuracy(c, class), f1(c, class)
  FROM checked, unnest('{rice,maize,soy,NULL}'::text[]) class;
-- A weight is so many rows, and a stratum that is the prediction is none.
SELECT confusion_agg(truth, predicted, predicted, n) = c AS same FROM field, checked GROUP BY c;

-- NULL is unknown: excluded, and counted as often as its weight says, once where the weight is the NULL.
SELECT c, n(c), excluded(c)
  FROM (SELECT confusion_agg(t, p, s, w)
          FROM (VALUES ('a', 'a', 's', 2), (NULL, 'a', 's', 3), ('a', NULL, 's', 1), ('a', 'b', NULL, 1),
                       ('a', 'b', 's', NULL), ('b', 'b', 's', 0), (NULL, 'b', 's', 0)) v (t, p, s, w)) q (c);
SELECT c, n(c), excluded(c), accuracy(c), kappa(c) FROM (SELECT confusion_agg(NULL, 'a')) s (c);
SELECT confusion_agg('a', 'a') WHERE false;
SELECT confusion_agg('a', 'a', 'a', 0);
SELECT count(*) FROM class_accuracy('{"counts": []}');
SELECT n(NULL::confusion), accuracy(NULL), kappa(NULL), '{"counts": []}'::confusion + NULL AS merged;
-- One class only has no kappa, and two that never agree a negative one: (0 - 1/2) / (1/2).
SELECT kappa('{"counts": [["a", "a", 7]]}'), kappa('{"counts": [["a", "b", 7]]}'), kappa('{"counts": [["a", "b", 7], ["b", "a", 7]]}');
-- A class predicted but never true, and the other way about.
SELECT * FROM class_accuracy('{"counts": [["a", "b", 3], ["a", "a", 1]]}');

-- By hand: 3 of 4 right in a, which has 30 of 100 ha, 2 of 2 in b. Share of a 0.3 * 3/4; accuracy 0.925 with variance
-- 0.3^2 * (3/4 * 1/4) / 3 = 0.075^2; producer's of b 0.7 / 0.775, its standard error that times 0.075 / 0.775.
CREATE TEMP TABLE map AS SELECT '{"counts": [["a", "a", 3], ["b", "a", 1], ["b", "b", 2]]}'::confusion AS c;
SELECT class, mapped, reference, correct, round(area_share::numeric, 12) AS share, round(area_share_se::numeric, 12) AS se, round(area::numeric, 10) AS area, round(area_se::numeric, 10) AS area_se
  FROM map, area_adjusted(c, '{"a": 30, "b": 70}');
SELECT class, users_accuracy, users_accuracy_se, producers_accuracy, producers_accuracy_se FROM map, area_adjusted(c, '{"a": 30, "b": 70}');
SELECT round(accuracy::numeric, 12) AS accuracy, round(accuracy_se::numeric, 12) AS se FROM map, area_adjusted_accuracy(c, '{"a": 30, "b": 70}');
-- The example of Stehman 2014, table 2, whose strata are not the map: area of A 0.35 (0.082), overall accuracy 0.63 (0.085),
-- user's accuracy of B 0.574 (0.125), producer's 0.794 (0.117). Its correction for finite populations is below the last digit.
CREATE TEMP TABLE stehman AS
SELECT confusion_agg(r, m, s) AS c
  FROM unnest(string_to_array('A A A A A C B A B C A B B B B B A A B B C C C C C D D B B A D D D D D D D C C B', ' '),
              string_to_array('A A A A A A A B B B A B B B B B B B B B B B C C C C C C B B D D D D D D D D D D', ' '),
              string_to_array('A A A A A A A A A A B B B B B B B B B B C C C C C C C C C C D D D D D D D D D D', ' ')) v (r, m, s);
SELECT class, round(area_share::numeric, 3) AS share, round(area_share_se::numeric, 3) AS se, round(users_accuracy::numeric, 3) AS users, round(users_accuracy_se::numeric, 3) AS se,
       round(producers_accuracy::numeric, 3) AS producers, round(producers_accuracy_se::numeric, 3) AS se
  FROM stehman, area_adjusted(c, '{"A": 40000, "B": 30000, "C": 20000, "D": 10000}');
SELECT round(accuracy::numeric, 3) AS accuracy, round(accuracy_se::numeric, 3) AS se FROM stehman, area_adjusted_accuracy(c, '{"A": 40000, "B": 30000, "C": 20000, "D": 10000}');
-- A stratum without a row: only user's accuracies are known. With a single row: no standard errors but those of others.
SELECT class, area_share, area_share_se, users_accuracy, users_accuracy_se, producers_accuracy, producers_accuracy_se FROM map, area_adjusted(c, '{"a": 30, "b": 70, "unseen": 1}');
SELECT class, area_share, area_share_se, users_accuracy, users_accuracy_se, producers_accuracy, producers_accuracy_se FROM map, area_adjusted(c + '{"counts": [["b", "c", 1]]}', '{"a": 30, "b": 70, "c": 0.5, "unseen": 0}');
-- Where the strata are the classes, user's accuracy is the stratum's share, of an area of 0 too: the area cancels.
SELECT class, area, users_accuracy, users_accuracy_se ^ 2 AS users_variance, producers_accuracy FROM area_adjusted('{"counts": [["a", "a", 2], ["b", "a", 2], ["b", "b", 3], ["a", "b", 1]]}', '{"a": 0, "b": 70}');
SELECT * FROM map, area_adjusted_accuracy(c, '{"a": 0, "b": 0}');
-- Where all rows of each stratum agree nothing varies, and a standard error is 0, not the rounding of it. So for any
-- areas, where strata are the classes and where they are not.
SELECT bool_and(area_share_se = 0 AND area_se = 0 AND users_accuracy_se = 0 AND producers_accuracy_se = 0) AS all_0, count(*)
  FROM generate_series(1, 200) i, area_adjusted('{"counts": [["a", "a", 7], ["b", "b", 11], ["c", "c", 13]]}', jsonb_build_object('a', i / 7.0, 'b', i * 0.3, 'c', 1 / (i + 0.1)));
SELECT bool_and(accuracy_se = 0 AND users_accuracy_se = 0 AND producers_accuracy_se = 0) AS all_0, count(*)
  FROM generate_series(1, 200) i, LATERAL (SELECT '{"counts": [["a", "a", "north", 49], ["a", "b", "south", 33], ["b", "b", "west", 3]]}'::confusion AS c, jsonb_build_object('north', i / 7.0, 'south', i * 0.3, 'west', 1 / (i + 0.1)) AS hectares) m,
       area_adjusted(c, hectares), area_adjusted_accuracy(c, hectares);
SELECT count(*) FROM area_adjusted('{"counts": []}', '{}');
SELECT * FROM map, area_adjusted_accuracy(c, NULL);

-- Merging.
SELECT rollup(c) FROM (VALUES ('{"counts": [["a", "a", 1]], "excluded": 2}'::confusion), (NULL), ('{"counts": []}'), ('{"counts": [["a", "a", 2], ["b", "a", 1]], "excluded": 3}')) v (c);
SELECT rollup(c) FROM (VALUES (NULL::confusion), (NULL)) v (c);

-- Nonsense is an error.
SELECT confusion_agg('a', 'a', 'a', -1);
SELECT confusion_agg(NULL, 'a', 'a', -1);
SELECT confusion_agg('a', 'a', 'a', 9223372036854775807);
SELECT confusion_agg('a', p, 'a', 9223372036854775807) FROM (VALUES ('a'), ('b')) v (p);
SELECT '{"counts": [["a", "a", 9223372036854775807]]}'::confusion + '{"counts": [["b", "b", 1]]}';
SELECT confusion_agg(repeat('é', 128), 'a');
SELECT n(confusion_agg(repeat('x', 255), 'a'));
SELECT confusion_agg(i::text, 'a') FROM generate_series(1, 100001) i;
SELECT * FROM map, area_adjusted(c, '{"a": 1}');
SELECT * FROM map, area_adjusted(c, '{"a": 1, "b": -2}');
SELECT * FROM map, area_adjusted(c, '{"a": 1, "b": "2"}');
SELECT * FROM map, area_adjusted(c, '{"a": 1, "b": null}');
SELECT * FROM map, area_adjusted(c, '{"a": 1, "b": 1e400}');
SELECT * FROM map, area_adjusted(c, '{"a": 1e308, "b": 1e308}');
SELECT * FROM map, area_adjusted(c, '[1, 2]');

-- The text form.
SELECT '{"excluded": 1, "counts": [["b", "a", 1], ["a", "b", 2], ["b", "a", "north", 4], ["a", "b", 3.0], ["c", "c", 0]]}'::confusion;
SELECT '{"counts": [["\" \\ \u0041 é", "", 1]]}'::confusion;
SELECT '{"counts": []}'::confusion;
SELECT ''::confusion;
SELECT '[]'::confusion;
SELECT '{}'::confusion;
SELECT '{"counts": 1}'::confusion;
SELECT '{"counts": [], "other": 1}'::confusion;
SELECT '{"counts": [], "excluded": -1}'::confusion;
SELECT '{"counts": [], "excluded": null}'::confusion;
-- A key given twice is an error: JSON would keep the last of them.
SELECT '{"counts": [], "excluded": 1, "excluded": 5}'::confusion;
SELECT '{"counts": [["a", "a", 1]], "counts": []}'::confusion;
SELECT '{"counts": [1]}'::confusion;
SELECT '{"counts": [["a", "b", 1], {"a": 1}]}'::confusion;
SELECT '{"counts": [["a", 1]]}'::confusion;
SELECT '{"counts": [["a", "b", "c", "d", 1]]}'::confusion;
SELECT '{"counts": [["a", 2, 1]]}'::confusion;
SELECT '{"counts": [["a", "b", "1"]]}'::confusion;
SELECT '{"counts": [["a", "b", 1.5]]}'::confusion;
SELECT '{"counts": [["a", "b", -1]]}'::confusion;
SELECT '{"counts": [["a", "b", 1e19]]}'::confusion;

-- Equal values are equal however they came about.
SELECT count(DISTINCT c), count(*) FROM (VALUES ('{"counts": [["a", "b", 1]]}'::confusion), ('{"counts": [["a", "b", "b", 1]], "excluded": 0}'), ('{"counts": [["a", "b", 2]]}')) v (c);
SELECT a < b AS lt, a <= b AS le, a = b AS eq, a <> b AS ne, a >= b AS ge, a > b AS gt, count(*)
  FROM (VALUES ('{"counts": []}'::confusion), ('{"counts": [["a", "a", 1]]}'), ('{"counts": [["a", "b", 1]]}')) v (a),
       (VALUES ('{"counts": []}'::confusion), ('{"counts": [["a", "a", 1]]}'), ('{"counts": [["a", "b", 1]]}')) w (b)
 GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 3, 4, 5, 6;

-- The binary form: version 1, reserved, 2 excluded, the two names, one cell: stratum 0, truth 1, predicted 0, 5 rows.
SELECT confusion_send('{"counts": [["b", "a", 5]], "excluded": 2}'), confusion_send('{"counts": []}');
-- What is received is checked: one value, then cut short, with a byte too many, of a version to come, with a
-- reserved bit, with a name that is not UTF-8, with names out of order, with a place beyond them.
CREATE TEMP TABLE received (c confusion);
\copy received from program 'printf "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0\0\1\0\0\0\15\1\0\2\2\1a\1b\1\0\1\0\5\377\377"' (format binary)
\copy received from program 'printf "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0\0\1\0\0\0\14\1\0\2\2\1a\1b\1\0\1\0\377\377"' (format binary)
\copy received from program 'printf "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0\0\1\0\0\0\16\1\0\2\2\1a\1b\1\0\1\0\5\0\377\377"' (format binary)
\copy received from program 'printf "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0\0\1\0\0\0\15\2\0\2\2\1a\1b\1\0\1\0\5\377\377"' (format binary)
\copy received from program 'printf "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0\0\1\0\0\0\15\1\1\2\2\1a\1b\1\0\1\0\5\377\377"' (format binary)
\copy received from program 'printf "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0\0\1\0\0\0\15\1\0\2\2\1a\1\377\1\0\1\0\5\377\377"' (format binary)
\copy received from program 'printf "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0\0\1\0\0\0\15\1\0\2\2\1b\1a\1\0\1\0\5\377\377"' (format binary)
\copy received from program 'printf "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0\0\1\0\0\0\15\1\0\2\2\1a\1b\1\0\1\2\5\377\377"' (format binary)
SELECT * FROM received;
