-- The same rows whatever the plan. Queries run within functions, because a statement that calls pgTAP's functions itself
-- gets no workers.

CREATE FUNCTION pg_temp.plan_of(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  line text;
  lines text := '';
BEGIN
  FOR line IN EXECUTE 'EXPLAIN (COSTS off) ' || query LOOP
    lines := lines || line || E'\n';
  END LOOP;
  RETURN lines;
END $$;

-- The rows of a query, of which text forms lose nothing.
CREATE FUNCTION pg_temp.rows_of(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  answer text;
BEGIN
  EXECUTE format('SELECT string_agg(q::text, %L ORDER BY q::text) FROM (%s) q', E'\n', query) INTO answer;
  RETURN answer;
END $$;
CREATE FUNCTION pg_temp.rows_of_one(query text) RETURNS text LANGUAGE sql SET max_parallel_workers_per_gather = 0 AS
'SELECT pg_temp.rows_of(query)';

-- Three workers share the tables' rows, and the leader has none. The plan has to match, and the rows are those of one process.
CREATE FUNCTION pg_temp.same_in_workers(query text, plan text, name text) RETURNS SETOF text LANGUAGE plpgsql
  SET max_parallel_workers_per_gather = 3 SET parallel_leader_participation = off
  SET parallel_setup_cost = 0 SET parallel_tuple_cost = 0 SET min_parallel_table_scan_size = 0 AS $$
BEGIN
  RETURN NEXT matches(pg_temp.plan_of(query), plan, name || ' runs in workers');
  RETURN NEXT is(pg_temp.rows_of(query), pg_temp.rows_of_one(query), name || ' is the same there');
END $$;

-- Groups that are sorted, and groups that are hashed in hardly any memory, are those of another query.
CREATE FUNCTION pg_temp.same_if_sorted(query text, expected text) RETURNS SETOF text LANGUAGE plpgsql SET enable_hashagg = off AS $$
BEGIN
  RETURN NEXT matches(pg_temp.plan_of(query), 'GroupAggregate', 'sorted groups');
  RETURN NEXT is(pg_temp.rows_of(query), expected, 'are the same');
END $$;
CREATE FUNCTION pg_temp.same_if_spilled(query text, expected text) RETURNS SETOF text LANGUAGE plpgsql
  SET enable_sort = off SET work_mem = '64kB' AS $$
BEGIN
  RETURN NEXT matches(pg_temp.plan_of(query), 'HashAggregate', 'hashed groups that spill');
  RETURN NEXT is(pg_temp.rows_of(query), expected, 'are the same');
END $$;
CREATE FUNCTION pg_temp.same_by_plan(query text, other text) RETURNS SETOF text LANGUAGE sql AS $$
  SELECT pg_temp.same_if_sorted(query, pg_temp.rows_of(other))
  UNION ALL SELECT pg_temp.same_if_spilled(query, pg_temp.rows_of(other))
$$;
