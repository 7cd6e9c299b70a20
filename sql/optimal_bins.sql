SET search_path = agririsk, public;
-- Type binning and the aggregate optimal_bins: what they answer and what they
-- refuse. Figures are worked out by hand in the comments.

-- Rates 0.1, 0.2, 0.4 of 100 rows each; 70 bads, 230 goods.
-- WOE: ln(10/70 : 90/230) = ln(23/63), ln(20/70 : 80/230) = ln(23/28), ln(40/70 : 60/230) = ln(46/21).
CREATE TABLE loan (x float8, bad boolean, n bigint);
INSERT INTO loan VALUES (1, false, 90), (1, true, 10), (2, false, 80), (2, true, 20), (3, false, 60), (3, true, 40);
CREATE TABLE binned AS SELECT optimal_bins(x, bad, n, NULL) AS b FROM loan;
SELECT bin, label, low, high, categories, n, bads, bad_rate, abs(woe - coalesce(w, 0)) < 1e-15 AS woe, abs(iv - coalesce((bads / 70.0 - (n - bads) / 230.0) * w, 0)) < 1e-15 AS iv
FROM binned, bins(b) LEFT JOIN (VALUES (1, ln(23 / 63::float8)), (2, ln(23 / 28::float8)), (3, ln(46 / 21::float8))) v (i, w) ON i = bin;
SELECT abs(iv(b) - ((10/70.0 - 90/230.0) * ln(23/63::float8) + (20/70.0 - 80/230.0) * ln(23/28::float8) + (40/70.0 - 60/230.0) * ln(46/21::float8))) < 1e-15 AS iv FROM binned;
-- Rates that only rise: nothing falls, and a peak or a valley is no better.
SELECT trend, bins, round(iv::numeric, 4) AS iv, chosen FROM binned, trends(b);
SELECT x, bin(b, x), round(woe(b, x)::numeric, 4) AS woe FROM binned, unnest('{-1e300, 1.999, 2, 2.5, 3, NULL, NaN}'::float8[]) x;

-- Two bins: {1, 2} and {3} have IV 0.1693 + 0.2435, {1} and {2, 3} only 0.2503 + 0.0850.
SELECT label, n, bads FROM (SELECT optimal_bins(x, bad, n, binning_options(max_bins => 2)) AS b FROM loan) s, bins(b);
SELECT label, n, bads FROM (SELECT optimal_bins(x, bad, n, binning_options(min_rate_gap => 0.15)) AS b FROM loan) s, bins(b);
SELECT label, n, bads FROM (SELECT optimal_bins(x, bad, n, binning_options(min_bads => 11)) AS b FROM loan) s, bins(b);
SELECT label, n, bads FROM (SELECT optimal_bins(x, bad, n, binning_options(min_bin_share => 0.34)) AS b FROM loan) s, bins(b);

-- What stands in the way of two bins.
SELECT label, n, bads FROM (SELECT optimal_bins(x, bad, n, binning_options(min_bads => 41)) AS b FROM loan) s, bins(b);
SELECT label, n, bads FROM (SELECT optimal_bins(x, bad, n, binning_options(trend => 'descending')) AS b FROM loan) s, bins(b);
SELECT label, n, bads FROM (SELECT optimal_bins(x, bad, n, binning_options(min_rate_gap => 0.26)) AS b FROM loan) s, bins(b);
SELECT label, n, bads FROM (SELECT optimal_bins(x, bad, n, binning_options(min_bin_share => 0.6, min_rate_gap => 0.5)) AS b FROM loan) s, bins(b);
SELECT label, n, bads FROM (SELECT optimal_bins(x, bad, n, binning_options(max_bins => 1)) AS b FROM loan) s, bins(b);
SELECT trend, bins, iv FROM (SELECT optimal_bins(x, bad, n, binning_options(min_bins => 4)) AS b FROM loan) s, trends(b);

-- Nothing to bin.
SELECT optimal_bins(x, bad) FROM loan WHERE false;
SELECT label, categories, n, bads, woe, b.iv FROM (SELECT optimal_bins(1, bad, n, NULL) AS b FROM loan) s, bins(b) b;
SELECT label, categories, n, bads, woe, b.iv FROM (SELECT optimal_bins(NULL::float8, bad, n, NULL) AS b FROM loan) s, bins(b) b;
SELECT label, categories, n, bads, woe, b.iv FROM (SELECT optimal_bins(NULL::text, bad, n, NULL) AS b FROM loan) s, bins(b) b;
SELECT b, iv(b) FROM (SELECT optimal_bins(x, false, n, NULL) AS b FROM loan) s;
SELECT label, categories, n, bads, woe, b.iv FROM (SELECT optimal_bins(bad::int, bad, n, NULL) AS b FROM loan) s, bins(b) b;
SELECT label, categories, n, bads, woe, b.iv FROM (SELECT optimal_bins(bad, bad, n, NULL) AS b FROM loan) s, bins(b) b;
SELECT label, n, bad_rate, woe, iv FROM (SELECT optimal_bins(x, NULL, n, NULL) AS b FROM loan) s, bins(b);

-- Missing, special, left out. An empty cell adds halves: K = 5 parts with rows,
-- of the special value p = (0 + .5) / (75 + 2.5), q = (4 + .5) / (244 + 2.5).
CREATE TABLE odd AS SELECT optimal_bins(x, bad, n, binning_options(special => '{-9, -8}')) AS b
FROM (TABLE loan UNION ALL VALUES (-9, false, 4), (NULL, true, 5), ('NaN'::float8, false, 10), (1, NULL, 7), (2, true, NULL), (1, true, 0)) v (x, bad, n);
SELECT split_part(b::text, ', "trends"', 1) FROM odd;
SELECT label, n, bads, round(woe::numeric, 6) AS woe, round(iv::numeric, 6) AS iv FROM odd, bins(b);
SELECT round(ln((0.5 / 77.5) / (4.5 / 246.5)), 6) AS special, round(ln((10.5 / 77.5) / (90.5 / 246.5)), 6) AS first, excluded(b) FROM odd;
SELECT x, bin(b, x), round(woe(b, x)::numeric, 6) AS woe FROM odd, unnest('{-9, -8, -7}'::float8[]) x;
SELECT policy, label, round(woe::numeric, 6) AS woe, round(b.iv::numeric, 6) AS iv
FROM unnest('{worst,best,neutral}'::text[]) policy,
     LATERAL (SELECT optimal_bins(x, bad, n, binning_options(missing => policy)) AS binning FROM (TABLE loan UNION ALL VALUES (NULL::float8, true, 5::bigint)) v (x, bad, n)) s, bins(binning) b;

-- Categories: b and c have too few rows, e too few bads: pooled, their rate is between those of a and d.
CREATE TABLE level (x text, bad boolean, n bigint);
INSERT INTO level VALUES ('a', false, 90), ('a', true, 10), ('b', false, 3), ('b', true, 1), ('c', false, 40), ('c', true, 9), ('d', false, 50), ('d', true, 50), ('e', false, 60), ('e', true, 4), (NULL, true, 1);
SELECT bin, label, categories, n, bads FROM (SELECT optimal_bins(x, bad, n, NULL) AS b FROM level) s, bins(b);
-- r = 400 / 4100, 20 r = 1.95. p has a higher rate than q, 0.2 against 0.195, but few rows: 11.95 / 70 comes before 196.95 / 1020.
-- s comes behind t, 6.95 / 70 behind 91.95 / 1020, as its rate of 0.1 does behind 0.09.
SELECT label, n, bads FROM (SELECT optimal_bins(x, bad, n, binning_options(trend => 'none', min_bin_share => 0, min_bads => 5)) AS b
FROM (VALUES ('p', true, 10), ('p', false, 40), ('q', true, 195), ('q', false, 805), ('z', true, 100), ('z', false, 1900), ('s', true, 5), ('s', false, 45), ('t', true, 90), ('t', false, 910)) v (x, bad, n)) s, bins(b);
SELECT x, bin(b, x), round(woe(b, x)::numeric, 4) AS woe FROM (SELECT optimal_bins(x, bad, n, binning_options(unseen => 'worst')) AS b FROM level) s, unnest('{a,b,d,z,NULL}'::text[]) x;
SELECT woe(b, 'z'), bin(b, 'z') FROM (SELECT optimal_bins(x, bad, n, NULL) AS b FROM level) s;
SELECT woe(b, 'z') FROM (SELECT optimal_bins(x, bad, n, binning_options(unseen => 'error')) AS b FROM level) s;
SELECT woe(b, true), woe(b, false) FROM (SELECT optimal_bins(x = 'd', bad, n, NULL) AS b FROM level) s;

-- What is refused.
SELECT optimal_bins('Infinity'::float8, true);
SELECT optimal_bins(1, true, -1, NULL);
SELECT optimal_bins(1, true, binning_options(max_bins => 101));
SELECT optimal_bins(1, true, '{"min_bads": 1.5}');
SELECT optimal_bins(1, true, '{"min_bin_share": 5}');
SELECT optimal_bins(1, true, '[]');
SELECT binning_options(trend => 'up');
SELECT binning_options(extra => '{"max_bin": 3}');
SELECT binning_options(special => '{1, NaN}');
SELECT binning_options(candidates => 1);
SELECT optimal_bins('a'::text, true, binning_options(special => '{1}'));
SELECT optimal_bins(1, true, binning_options(unseen => 'worst'));
SELECT optimal_bins(x, bad, CASE WHEN x < 2 THEN binning_options() ELSE binning_options(max_bins => 3) END) FROM loan;
SELECT optimal_bins(repeat('a', 256), true);
SELECT woe(b, 'a') FROM binned;
SELECT woe(b, '-Infinity'::float8) FROM binned;
SELECT woe(NULL::binning, 1), bin(NULL::binning, 'a'), iv(NULL::binning);
SELECT optimal_bins(x, bad, 1099511627776, NULL) FROM loan;

-- Forms.
SELECT b::text::binning = b AS same, b::jsonb::binning = b AS same_by_jsonb, b < b AS less, hashtext(b::text) = hashtext(b::text::binning::text) AS text FROM odd;
SELECT '{"format": 1, "type": "number", "bins": [{"goods": 5, "bads": 2}]}'::binning;
SELECT '{"format": 1, "type": "category", "bins": [{"categories": ["b", "a"], "goods": 5, "bads": 2}]}'::binning;
SELECT '{"format": 2, "type": "number", "bins": []}'::binning;
SELECT '{"format": 1, "bins": [{"goods": 5, "bads": 2}]}'::binning;
SELECT '{"format": 1, "type": "number", "bins": []}'::binning;
SELECT '{"format": 1, "type": "number", "bins": [{"goods": 5, "bads": 2.5}]}'::binning;
SELECT '{"format": 1, "type": "number", "bins": [{"goods": 5, "bads": 2, "high": 3}]}'::binning;
SELECT '{"format": 1, "type": "number", "bins": [{"goods": 5, "bads": 2, "high": 3}, {"goods": 5, "bads": 0}]}'::binning;
SELECT '{"format": 1, "type": "number", "bins": [{"goods": 5, "bads": 2, "high": 3}, {"goods": 5, "bads": 1, "high": 3}, {"goods": 5, "bads": 3}]}'::binning;
SELECT '{"format": 1, "type": "category", "bins": [{"categories": ["a", "a"], "goods": 5, "bads": 2}]}'::binning;
SELECT '{"format": 1, "type": "number", "bins": [{"goods": 5, "bads": 2}], "woe": 3}'::binning;
SELECT '{"format": 1, "format": 1, "type": "number", "bins": [{"goods": 5, "bads": 2}]}'::binning;
SELECT '{"format": 1, "type": "number", "bins": [{"goods": 5, "bads": 2}], "trends": {"peak": {"bins": 0, "iv": 0}}}'::binning;
SELECT '[1]'::binning;
