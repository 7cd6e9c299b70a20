-- growth_stage.
SET search_path = agririsk, public;
SET datestyle = ISO;
\set stages 'ARRAY[''initial'', ''development'', ''mid-season'', ''late''], ARRAY[20, 35, 40, 30]'
SELECT d, g.* FROM (VALUES ('2024-04-30'::date), ('2024-05-01'), ('2024-05-20'), ('2024-05-21'), ('2024-09-02'), ('2024-09-03'), ('2024-09-04')) v (d), growth_stage('2024-05-01', :stages, d) g;
SELECT growth_stage(NULL, :stages, '2024-05-01') IS NULL AS "unknown start";
SELECT growth_stage('2024-05-01', ARRAY['a'], ARRAY[1, 2], '2024-05-01');
SELECT growth_stage('2024-05-01', ARRAY['a'], ARRAY[0], '2024-05-01');
SELECT growth_stage('2024-05-01', '{}', '{}', '2024-05-01');
SELECT growth_stage('2024-05-01', ARRAY[NULL], ARRAY[1], '2024-05-01');
SELECT growth_stage('-infinity', ARRAY['a'], ARRAY[1], '2024-05-01');
