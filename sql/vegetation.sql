-- Type vegetation: text form, aggregate, what a series holds.
SELECT '{"observations": {"2024-05-17": [0.45, 0.3], "2024-05-01": [0.31, 0.22]}}'::agririsk.vegetation;
SELECT agririsk.vegetation_agg(d, array[x, 1]) FROM (VALUES ('2024-05-01'::date, 0.3), ('2024-05-09', 0.4)) v(d, x);
