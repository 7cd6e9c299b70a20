-- Time-weighted dynamic time warping: distances that can be worked out by hand.
SET search_path = agririsk, public;
SET datestyle = ISO;
\pset null NULL

CREATE VIEW one AS SELECT '{"observations": {"2024-05-01": [0.5]}}'::vegetation AS v;

-- One date each: the difference of the bands plus the weight of the days between.
SELECT round(twdtw(v, '{"observations": {"2020-05-01": [0.25]}}')::numeric, 10) AS same_day, round((0.25 + 1 / (1 + exp(5)))::numeric, 10) AS by_hand FROM one;
SELECT round(twdtw(v, '{"observations": {"2024-06-20": [0.25]}}')::numeric, 10) AS fifty_days FROM one;
SELECT round(twdtw(v, '{"observations": {"2024-06-20": [0.25]}}', twdtw_options(alpha => 0))::numeric, 10) AS no_weight FROM one;
-- 31 December and 1 January of a common year are one day apart, and day 366 is between them.
SELECT round(twdtw('{"observations": {"2023-12-31": [0.5]}}', '{"observations": {"2023-01-01": [0.5]}}')::numeric, 10) AS over_new_year,
       round((1 / (1 + exp(-0.1 * (2 - 50))))::numeric, 10) AS by_hand;
-- Two bands: Euclid's distance.
SELECT round(twdtw('{"observations": {"2024-05-01": [0.5, 0.75]}}', '{"observations": {"2024-05-01": [0.125, 0.25]}}', twdtw_options(alpha => 0))::numeric, 10) AS three_four_five;

-- Steps and alignment without a weight: 0 1 0 in a series 1 0 1 0 0.
CREATE VIEW two AS SELECT
  '{"observations": {"2024-01-01": [1], "2024-02-01": [0], "2024-03-01": [1], "2024-04-01": [0], "2024-05-01": [0]}}'::vegetation AS v,
  '{"observations": {"2024-02-01": [0], "2024-03-01": [1], "2024-04-01": [0]}}'::vegetation AS p;
SELECT (twdtw_match(v, p, twdtw_options(alpha => 0))).*  FROM two;
SELECT (twdtw_match(v, p, twdtw_options(alpha => 0, alignment => 'closed'))).*  FROM two;
SELECT (twdtw_match(v, p, twdtw_options(alpha => 0, alignment => 'closed', step => 'symmetric2'))).*  FROM two;

-- Unknown stays unknown.
SELECT twdtw(NULL, v), twdtw(v, NULL), twdtw(v, '{"observations": {}}'), twdtw('{"observations": {}}', v), twdtw_match(v, NULL) IS NULL AS no_match FROM one;

-- Nonsense is an error.
SELECT twdtw(v, '{"observations": {"2024-05-01": [0.5, 0.3]}}') FROM one;
SELECT twdtw_options(alpha => 0.1);
SELECT twdtw_options(step => 'asymmetric');
SELECT twdtw_options(extra => '{"gamma": 1}');
SELECT twdtw(v, v, '{"alignment": "half"}') FROM one;

DROP VIEW one, two;
