-- smooth, gcv_lambda.
SET search_path = agririsk, public;
SET datestyle = ISO;
\set zigzag '''{"observations": {"2024-01-01": [0, 0.5], "2024-01-17": [1, 0.5], "2024-02-02": [0, 0.5], "2024-02-18": [1, 0.5]}}'''

-- By hand, lambda 1 and dates 16 days apart: I + D'D = [[2,-2,1,0],[-2,6,-4,1],[1,-4,6,-2],[0,1,-2,2]], whose solution for (0, 1, 0, 1) is (2, 5, 6, 9) / 11.
SELECT on_date, round((bands[1] * 11)::numeric, 5) AS elevenths, bands[2] FROM observations(smooth(:zigzag, 1));
-- A line stays, on irregular dates and on days; gaps are filled.
SELECT on_date, round(bands[1]::numeric, 6) AS value FROM observations(smooth('{"observations": {"2024-01-01": [0], "2024-01-02": [0.125], "2024-01-05": [0.5]}}', 1000, 1));
SELECT smooth('{"observations": {"2024-01-01": [0.25], "2024-03-01": [0.5]}}', 10, 30);
-- Fewer dates than a curve needs.
SELECT smooth('{"observations": {"2024-01-01": [0.25, 1]}, "missing": 3}'), smooth('{"observations": {"2024-01-01": [0.25]}}', 10, 8), smooth('{"observations": {}}', 10, 8);
SELECT smooth(NULL), smooth(:zigzag, NULL), smooth(:zigzag, expectile => NULL);
-- Out of range.
SELECT smooth(:zigzag, 0);
SELECT smooth(:zigzag, 'NaN');
SELECT smooth(:zigzag, 10, 0);
SELECT smooth(:zigzag, 10, 16, 1);
SELECT smooth('{"observations": {"1900-01-01": [0.25], "2024-03-01": [0.5]}}', 10, 30);
-- lambda by cross validation: noise is smoothed, a smooth curve hardly.
SELECT gcv_lambda(vegetation_agg('2024-01-01'::date + 16 * i, 0.5 + 0.1 * (-1) ^ i)) FROM generate_series(1, 20) i;
SELECT gcv_lambda(vegetation_agg('2024-01-01'::date + 16 * i, i * i / 400.0)) FROM generate_series(1, 20) i;
SELECT gcv_lambda('{"observations": {"2024-01-01": [0.25], "2024-03-01": [0.5]}}'), gcv_lambda(NULL);
SELECT gcv_lambda(:zigzag, 3);
SELECT gcv_lambda(:zigzag, 0);
