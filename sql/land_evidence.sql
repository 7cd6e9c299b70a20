-- land_evidence on a few squares, whose areas can be told by looking.
SET search_path = public, agririsk;
SET datestyle = 'ISO';

-- Plots of 10 x 10, side by side along a road; farmers 1 to 12.
CREATE TABLE plot (plot_id int, farmer_id int, geom geometry, declared numeric);
INSERT INTO plot
SELECT i, i, ST_MakeEnvelope(20 * i, 0, 20 * i + 10, 10, 32650), CASE i WHEN 1 THEN 100 WHEN 2 THEN 111 WHEN 3 THEN 110 END
FROM generate_series(1, 12) i;

CREATE TABLE land_right (right_id int, unit_id int, party_id int, geom geometry, rrr_type text,
  share_num int, share_den int, valid_from date, valid_to date, registered numeric);
-- the first x metres of plot i, or from x1 to x2
CREATE FUNCTION strip(i int, x1 numeric, x2 numeric) RETURNS geometry LANGUAGE sql IMMUTABLE AS
  'SELECT ST_MakeEnvelope(20 * i + x1, 0, 20 * i + x2, 10, 32650)';
INSERT INTO land_right VALUES
-- 1: all of it held; the day begins with valid_from and ends before valid_to
(11, 1, 1, strip(1, 0, 10), 'contract', 1, 1, '2024-06-01', '2024-06-02', 100),
-- 2: 8 of 10 held, 3 of them disputed by a contract of another
(21, 2, 2, strip(2, 0, 8), 'contract', 1, 1, NULL, NULL, NULL),
(22, 99, 77, strip(2, 5, 8), 'contract', 1, 1, NULL, NULL, NULL),
-- 3: a tenant under the owner's contract and the state's ownership, beside a restriction
(31, 3, 3, strip(3, 0, 10), 'lease', 1, 1, '2020-01-01', NULL, NULL),
(32, 3, 77, strip(3, 0, 10), 'contract', 1, 1, NULL, NULL, NULL),
(33, 98, 0, strip(3, -10, 20), 'ownership', 1, 1, NULL, NULL, NULL),
(34, 98, 0, strip(3, 0, 10), 'restriction', 1, 1, NULL, NULL, NULL),
(35, 98, 0, strip(3, 0, 10), 'responsibility:ditch', 1, 1, NULL, NULL, NULL),
-- 4: two co-holders, a half each; both rights are as like the plot, its own is the best
(41, 4, 77, strip(4, 0, 10), 'contract', 1, 2, NULL, NULL, NULL),
(42, 4, 4, strip(4, 0, 10), 'contract', 1, 2, NULL, NULL, NULL),
-- 5: two co-holders, of two thirds and a half: more than the whole
(51, 5, 5, strip(5, 0, 10), 'contract', 2, 3, NULL, NULL, NULL),
(52, 5, 77, strip(5, 0, 10), 'contract', 1, 2, NULL, NULL, NULL),
-- 6: expired the day before; and another's, not yet valid
(61, 6, 6, strip(6, 0, 10), 'contract', 1, 1, NULL, '2024-06-01', NULL),
(62, 6, 77, strip(6, 0, 10), 'contract', 1, 1, '2024-06-02', NULL, NULL),
-- 7: expired, but renewed; registered as a fifth more than drawn
(71, 7, 7, strip(7, 0, 10), 'contract', 1, 1, NULL, '2024-01-01', NULL),
(72, 7, 7, strip(7, 0, 10), 'contract', 1, 1, '2024-01-01', NULL, 120),
-- 8: three rights of its own that overlap: 0 to 5, 4 to 8, 2 to 6
(81, 8, 8, strip(8, 0, 5), 'contract', 1, 1, NULL, NULL, NULL),
(82, 8, 8, strip(8, 4, 8), 'contract', 1, 1, NULL, NULL, NULL),
(83, 8, 8, strip(8, 2, 6), 'contract', 1, 1, NULL, NULL, NULL),
-- 9: nothing held, a neighbour's contract reaches over by 0.04: a sliver, and another's by 0.06
(91, 9, 77, strip(9, 9.96, 20), 'contract', 1, 1, NULL, NULL, NULL),
(92, 9, 78, strip(9, -10, 0.06), 'contract', 1, 1, NULL, NULL, NULL),
-- 10: shares unknown; a right without a unit
(101, NULL, 10, strip(10, 0, 5), 'contract', NULL, NULL, NULL, NULL, NULL),
(102, NULL, 77, strip(10, 0, 10), 'contract', NULL, NULL, NULL, NULL, NULL),
-- 11: a tenant, whose own contract has expired, under another's contract
(111, 11, 11, strip(11, 0, 10), 'lease', 1, 1, NULL, NULL, NULL),
(112, 12, 11, strip(11, 0, 10), 'contract', 1, 1, NULL, '2020-01-01', NULL),
(113, 13, 77, strip(11, 0, 10), 'contract', 1, 1, NULL, NULL, NULL),
-- 12: three co-holders: a whole, a half and an unknown share are more than the whole all the same
(121, 12, 12, strip(12, 0, 10), 'contract', NULL, NULL, NULL, NULL, NULL),
(122, 12, 77, strip(12, 0, 10), 'contract', 1, 2, NULL, NULL, NULL),
(123, 12, 78, strip(12, 0, 10), 'contract', 1, 1, NULL, NULL, NULL);

\set columns 'plot_area, held_area, held_share, held_fraction_area, disputed_area, disputed_share, unregistered_share, best_right_id, best_iou, rights_count, double_claim_share, double_claim_plots, area_ratio, flags'
\set plots '\'SELECT * FROM plot\''
\set rights '\'SELECT * FROM land_right\''
SET extra_float_digits = -3;
\x on
SELECT plot_id, farmer_id, :columns FROM land_evidence(:plots, :rights, '2024-06-01') ORDER BY 1;
\x off

-- doubly claimed: 13 by its farmer twice, 14 on half of 13 and all of 15, 15 by a sliver on 16
INSERT INTO plot VALUES (13, 13, strip(13, 0, 10)), (13, 13, strip(13, 2, 12)), (14, 14, strip(13, 5, 15)),
  (15, 15, strip(13, 13, 15.04)), (16, 16, strip(13, 15, 25));
SELECT plot_id, plot_area, double_claim_share, double_claim_plots
FROM land_evidence(:plots, :rights, '2024-06-01') WHERE plot_id > 12 ORDER BY 1, 3;
SELECT plot_id, double_claim_share, double_claim_plots
FROM land_evidence(:plots, :rights, '2024-06-01', min_share => 0) WHERE plot_id > 12 ORDER BY 1, 2;
DELETE FROM plot WHERE plot_id > 12;

-- what is not measured: no geometry, an empty one, a line, a bow tie, a tiny plot
SELECT plot_id, plot_area, held_share, disputed_area, unregistered_share, rights_count, double_claim_share, area_ratio, flags
FROM land_evidence($$VALUES (1, 1, NULL::geometry, 5.0), (2, 2, 'SRID=32650;POLYGON EMPTY', 5), (3, 3, 'SRID=32650;POLYGON((20 0,30 0,25 0,20 0))', 5),
  (4, 4, 'SRID=32650;POLYGON((100 0,110 10,110 0,100 10,100 0))', 50), (5, 5, 'SRID=32650;POLYGON((120 0,123 0,123 3,120 3,120 0))', 9)$$,
  :rights, '2024-06-01') ORDER BY 1;

-- a plot without area has no shares, whatever lies on it
SELECT plot_area, disputed_share, unregistered_share, rights_count FROM land_evidence($$VALUES (1, 1, 'POLYGON((2 3,3 6,1 0,2 3))'::geometry)$$,
  $$VALUES (7, 7, 7, 'MULTIPOLYGON(((1 4,3 4,3 6,1 6,1 4)),((0 1,3 1,3 6,0 6,0 1)))'::geometry, 'own', 1, 1, NULL::date, NULL::date)$$, '2024-01-01');

-- no rights, no plots, unknown arguments
SELECT plot_id, held_share, unregistered_share, rights_count, best_right_id FROM land_evidence('SELECT 1, 1, strip(1, 0, 10)', 'SELECT * FROM land_right WHERE false', '2024-06-01');
SELECT count(*) FROM land_evidence('SELECT * FROM plot WHERE false', :rights, '2024-06-01');
SELECT count(*) FROM land_evidence(NULL, :rights, '2024-06-01');
SELECT count(*) FROM land_evidence(:plots, NULL, '2024-06-01');
SELECT count(*) FROM land_evidence(:plots, :rights, NULL);
SELECT count(*) FROM land_evidence(:plots, :rights, '2024-06-01', min_share => NULL);

-- rows that say too little are counted
SELECT count(*) FROM land_evidence('SELECT * FROM plot UNION ALL VALUES (NULL, 1, strip(1, 0, 1), 1), (1, NULL, strip(1, 0, 1), 1)',
  $$SELECT * FROM land_right UNION ALL VALUES (NULL, 1, 1, strip(1, 0, 1), 'contract', 1, 1, NULL::date, NULL::date, 1), (1, 1, NULL, strip(1, 0, 1), 'contract', 1, 1, NULL, NULL, 1),
  (1, 1, 1, NULL, 'contract', 1, 1, NULL, NULL, 1), (1, 1, 1, 'SRID=32650;POLYGON EMPTY', 'contract', 1, 1, NULL, NULL, 1), (1, 1, 1, strip(1, 0, 1), NULL, 1, 1, NULL, NULL, 1)$$, '2024-06-01');

-- without an SRID, and like degrees: said
SELECT plot_id, held_share FROM land_evidence('SELECT 1, 1, ST_MakeEnvelope(117, 29, 117.001, 29.001)', 'SELECT right_id, unit_id, party_id, ST_MakeEnvelope(117, 29, 117.001, 29.001), rrr_type, share_num, share_den, valid_from, valid_to FROM land_right WHERE right_id = 11', '2024-06-01');

-- an invalid plot and its invalid right are alike: 50 of 50, not of the square's 100
SELECT plot_id, plot_area, held_share, best_right_id, best_iou, rights_count, flags
FROM land_evidence($$VALUES (1, 1, 'SRID=32650;POLYGON((0 0,10 10,10 0,0 10,0 0))'::geometry)$$,
  $$VALUES (1, 1, 1, 'SRID=32650;POLYGON((0 0,10 10,10 0,0 10,0 0))'::geometry, 'contract', 1, 1, NULL::date, NULL::date),
    (2, 2, 2, 'SRID=32650;POLYGON((0 0,10 0,10 10,0 10,0 0))', 'contract', 1, 1, NULL, '2020-01-01')$$, '2024-06-01');

-- text keys
SELECT plot_id, farmer_id, held_share, best_right_id, double_claim_plots
FROM land_evidence($$VALUES ('p1', 'Li', strip(1, 0, 10)), ('p2', 'Wang', strip(1, 5, 15)), ('P3', 'Zhao', strip(1, 5, 15))$$,
  $$VALUES ('r1', 'u', 'Li', strip(1, 0, 10), 'contract', 1, 1, NULL::date, NULL::date)$$, '2024-06-01', null::text) ORDER BY plot_id COLLATE "C";

-- nonsense
SELECT * FROM land_evidence(:plots, :rights, '2024-06-01', null::uuid);
SELECT * FROM land_evidence(:plots, :rights, '2024-06-01', min_share => 1);
SELECT * FROM land_evidence(:plots, :rights, '2024-06-01', min_share => 'NaN');
SELECT * FROM land_evidence(:plots, :rights, 'infinity');
SELECT * FROM land_evidence('SELECT plot_id, farmer_id FROM plot', :rights, '2024-06-01');
SELECT * FROM land_evidence('SELECT plot_id::text, farmer_id, geom FROM plot', :rights, '2024-06-01');
SELECT * FROM land_evidence('SELECT plot_id, farmer_id::text, geom FROM plot', :rights, '2024-06-01');
SELECT * FROM land_evidence('SELECT plot_id, farmer_id, declared FROM plot', :rights, '2024-06-01');
SELECT * FROM land_evidence('SELECT plot_id, farmer_id, geom, declared::text FROM plot', :rights, '2024-06-01');
SELECT * FROM land_evidence('SELECT plot_id, farmer_id, geom, -declared FROM plot', :rights, '2024-06-01');
SELECT * FROM land_evidence('SELECT plot_id, farmer_id, geom, ''NaN''::float8 FROM plot', :rights, '2024-06-01');
SELECT * FROM land_evidence('SELECT 1, 1, ST_SetSRID(geom, 4326) FROM plot', :rights, '2024-06-01');
SELECT * FROM land_evidence('SELECT 1, 1, ST_SetSRID(geom, 3857) FROM plot', :rights, '2024-06-01');
SELECT * FROM land_evidence(:plots, 'SELECT right_id, unit_id, party_id, CASE right_id WHEN 42 THEN ST_Boundary(geom) ELSE geom END, rrr_type, 1, 1, valid_from, valid_to FROM land_right ORDER BY right_id', '2024-06-01');
SELECT * FROM land_evidence(:plots, 'SELECT right_id, unit_id, party_id, geom FROM land_right', '2024-06-01');
SELECT * FROM land_evidence(:plots, 'SELECT right_id, unit_id, party_id, geom, 7, share_num, share_den, valid_from, valid_to FROM land_right', '2024-06-01');
SELECT * FROM land_evidence(:plots, 'SELECT right_id, unit_id, party_id, geom, rrr_type, 0.5, share_den, valid_from, valid_to FROM land_right', '2024-06-01');
SELECT * FROM land_evidence(:plots, 'SELECT right_id, unit_id, party_id, geom, rrr_type, share_num, share_den, valid_from::timestamp, valid_to FROM land_right', '2024-06-01');
SELECT * FROM land_evidence(:plots, 'SELECT right_id, unit_id, party_id, geom, rrr_type, 3, 2, valid_from, valid_to FROM land_right', '2024-06-01');
SELECT * FROM land_evidence(:plots, 'SELECT right_id, unit_id, party_id, geom, rrr_type, NULL::int, 2, valid_from, valid_to FROM land_right', '2024-06-01');
SELECT * FROM land_evidence(:plots, 'SELECT right_id, unit_id, party_id, geom, rrr_type, 1, 2, date ''2024-01-02'', date ''2024-01-01'' FROM land_right', '2024-06-01');
SELECT * FROM land_evidence(:plots, 'SELECT right_id, unit_id, party_id, geom, rrr_type, 1, 2, valid_from, valid_to, -1.5 FROM land_right', '2024-06-01');
SELECT * FROM land_evidence('DELETE FROM plot RETURNING *', :rights, '2024-06-01');
SELECT * FROM land_evidence('SELECT * FROM plot; SELECT * FROM plot', :rights, '2024-06-01');
SELECT land_evidence(:plots, :rights, '2024-06-01') IS NOT NULL AS row FROM plot LIMIT 1;

DROP FUNCTION strip(int, numeric, numeric);
DROP TABLE plot, land_right;

-- A share of 0 is a right to nothing: counted, and no error. LADM's own names of classes hold no land either.
SELECT held_share, disputed_share, rights_count FROM land_evidence('SELECT 1, 7, ST_MakeEnvelope(0, 0, 10, 10)',
  $$VALUES (1, 1, 7, ST_MakeEnvelope(0, 0, 10, 10), 'contract', 0, 1, NULL::date, NULL::date), (2, 2, 8, ST_MakeEnvelope(0, 0, 10, 10), 'LA_Restriction', 1, 1, NULL, NULL),
  (3, 3, 8, ST_MakeEnvelope(0, 0, 10, 10), 'Restriction: mortgage', 1, 1, NULL, NULL)$$, '2024-06-01');
-- A right that only touches the plot is neither counted nor the best one.
SELECT best_right_id, best_iou, rights_count FROM land_evidence('SELECT 1, 7, ST_MakeEnvelope(0, 0, 10, 10)',
  $$VALUES (1, 1, 7, ST_MakeEnvelope(10 - 5e-12, 0, 20, 10), 'contract', 1, 1, NULL::date, NULL::date)$$, '2024-06-01');
-- Of an empty plot no plot claims anything.
SELECT double_claim_plots FROM land_evidence('SELECT 1, 7, ST_GeomFromText(''POLYGON EMPTY'')', $$VALUES (1, 1, 7, ST_MakeEnvelope(0, 0, 20, 10), 'contract', 1, 1, NULL::date, NULL::date)$$, '2024-06-01');
SELECT pg_typeof(plot_id), pg_typeof(double_claim_plots), held_share FROM land_evidence('SELECT 1::smallint, 7::smallint, ST_MakeEnvelope(0, 0, 10, 10)',
  $$VALUES (1::smallint, 1::smallint, 7::smallint, ST_MakeEnvelope(0, 0, 20, 10), 'contract', 1, 1, NULL::date, NULL::date)$$, '2024-06-01', null::smallint);
SELECT plot_id, best_right_id FROM land_evidence('SELECT md5(''1'')::uuid, md5(''7'')::uuid, ST_MakeEnvelope(0, 0, 10, 10)',
  $$VALUES (md5('1')::uuid, md5('1')::uuid, md5('7')::uuid, ST_MakeEnvelope(0, 0, 20, 10), 'contract', 1, 1, NULL::date, NULL::date)$$, '2024-06-01', null::uuid);
