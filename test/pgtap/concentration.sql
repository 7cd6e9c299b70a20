-- Properties of type concentration: no order, plan or split may show, text and
-- binary forms lose nothing, and the measures are those of plain SQL.
BEGIN;
SET LOCAL client_min_messages = warning;
SELECT set_config('search_path', 'agririsk, ' || current_setting('search_path'), true) \g /dev/null
SELECT plan(36);

-- 60,000 payments of 200 farmers to 40 buyers, amounts of very different size,
-- in whole cents and in thirds that no double holds.
CREATE TEMP TABLE payment AS
SELECT i AS id, i % 200 AS farmer,
       'buyer ' || abs(hashint4(i)) % 40 AS buyer,
       CASE i % 3 WHEN 0 THEN (abs(hashint4(i + 7)) % 100000) / 100.0
                  WHEN 1 THEN (abs(hashint4(i + 7)) % 1000)::float8 / 3 * 10::float8 ^ (i % 9)
                  ELSE 10::float8 ^ (i % 40 - 25) END AS amount
  FROM generate_series(1, 60000) i;
UPDATE payment SET amount = NULL WHERE id % 1009 = 0;
UPDATE payment SET buyer = NULL WHERE id % 1013 = 0;
UPDATE payment SET amount = 0 WHERE id % 1019 = 0;
ANALYZE payment;

CREATE TEMP TABLE whole AS SELECT concentration_agg(buyer, amount) AS c FROM payment;
CREATE TEMP TABLE per_farmer AS
SELECT farmer, concentration_agg(buyer, amount) AS c FROM payment GROUP BY farmer;

-- Order.
SELECT is((SELECT concentration_agg(buyer, amount ORDER BY amount) FROM payment), (SELECT c FROM whole),
          'small amounts first give the same value');
SELECT is((SELECT concentration_agg(buyer, amount ORDER BY amount DESC) FROM payment), (SELECT c FROM whole),
          'so do large ones');
SELECT is((SELECT concentration_agg(buyer, amount ORDER BY hashint4(id)) FROM payment), (SELECT c FROM whole),
          'and any order');

-- Merging.
SELECT is((SELECT rollup(c) FROM per_farmer), (SELECT c FROM whole), 'rollup of the farmers is the whole');
SELECT is((SELECT rollup(c ORDER BY farmer DESC) FROM per_farmer), (SELECT c FROM whole), 'in any order');
SELECT is((SELECT rollup(part) FROM (SELECT rollup(c) AS part FROM per_farmer GROUP BY farmer % 7) s),
          (SELECT c FROM whole), 'and in steps');
SELECT is((SELECT rollup(c) FROM (SELECT concentration_agg(buyer, amount) AS c FROM payment GROUP BY id % 20011) s),
          (SELECT c FROM whole), 'and from pieces of three rows');
SELECT ok((SELECT bool_and(a.c + b.c = b.c + a.c AND (a.c + b.c) + a.c = a.c + (b.c + a.c)
                           AND a.c + '{}' = a.c AND '{}' + a.c = a.c)
             FROM per_farmer a JOIN per_farmer b ON b.farmer = (a.farmer + 1) % 200),
          '+ commutes, associates, and the empty value changes nothing');

-- Large values are merged as expanded objects.
CREATE TEMP TABLE piece AS
SELECT j, concentration_agg(('key ' || (i * 17 + j) % 5000), 1.1 * i * j) AS c
  FROM generate_series(1, 900) i, generate_series(1, 60) j GROUP BY j;
CREATE TEMP TABLE pieces_whole AS
SELECT concentration_agg(('key ' || (i * 17 + j) % 5000), 1.1 * i * j) AS c
  FROM generate_series(1, 900) i, generate_series(1, 60) j;
SELECT cmp_ok((SELECT min(pg_column_size(c::text::concentration)) FROM piece), '>', 4096, 'pieces are large');
SELECT is((SELECT rollup(c) FROM piece), (SELECT c FROM pieces_whole), 'rollup of large values is the whole');
SELECT is((SELECT rollup(c ORDER BY j DESC) FROM piece), (SELECT c FROM pieces_whole), 'in any order');
SELECT is((SELECT a.c + b.c FROM piece a, piece b WHERE a.j = 1 AND b.j = 2),
          (SELECT rollup(c) FROM piece WHERE j <= 2), '+ merges large values too');
SELECT ok((SELECT bool_and(running = (SELECT rollup(c) FROM piece p WHERE p.j <= w.j))
             FROM (SELECT j, rollup(c) OVER (ORDER BY j) AS running FROM piece) w WHERE j % 10 = 0),
          'a running rollup shows each state as it was');
SELECT ok((SELECT bool_and(running = (SELECT concentration_agg(buyer, amount) FROM payment p WHERE p.id <= w.id))
             FROM (SELECT id, concentration_agg(buyer, amount) OVER (ORDER BY id) AS running
                     FROM payment WHERE id <= 40) w),
          'so does a running aggregate');
SELECT is((SELECT c FROM piece WHERE j = 1), (SELECT c FROM piece WHERE j = 1) + '{}', 'an argument is not changed');

-- Plans.
\ir include/plans.sql
SELECT pg_temp.same_by_plan('SELECT farmer, concentration_agg(buyer, amount) AS c FROM payment GROUP BY farmer', 'SELECT farmer, c FROM per_farmer');

CREATE TABLE shared_payment AS SELECT * FROM payment WHERE id <= 20000;
CREATE TABLE shared_piece AS SELECT * FROM piece;
ALTER TABLE shared_payment SET (parallel_workers = 3);
ALTER TABLE shared_piece SET (parallel_workers = 3);
SELECT pg_temp.same_in_workers('SELECT concentration_agg(buyer, amount) FROM shared_payment', 'Partial Aggregate', 'concentration_agg');
SELECT pg_temp.same_in_workers('SELECT concentration_agg(buyer, amount) FROM shared_payment WHERE id < 0', 'Partial Aggregate', 'concentration_agg of no row');
SELECT pg_temp.same_in_workers('SELECT concentration_agg(buyer, amount) FROM shared_payment WHERE id = 7', 'Partial Aggregate', 'concentration_agg of one row');
SELECT pg_temp.same_in_workers('SELECT rollup(c) FROM shared_piece', 'Partial Aggregate', 'rollup');

-- Forms.
SELECT ok((SELECT bool_and(c::text::concentration = c) FROM (SELECT c FROM per_farmer UNION ALL SELECT c FROM piece) s),
          'the text form loses nothing');
SELECT cmp_ok((SELECT max(length(regexp_replace(c::text, '[^+-]|e[+-]', '', 'g'))) FROM per_farmer), '>', 5,
              'though many sums take several numbers');

CREATE TEMP TABLE received (c concentration);
\copy (SELECT c FROM per_farmer UNION ALL SELECT c FROM piece) TO PROGRAM 'cat > "${TMPDIR:-/tmp}/agririsk-concentration-$PPID"' (FORMAT binary)
\copy received FROM PROGRAM 'cd "${TMPDIR:-/tmp}" && cat agririsk-concentration-$PPID && rm agririsk-concentration-$PPID' (FORMAT binary)
SELECT bag_eq('SELECT c::text FROM received', 'SELECT c::text FROM per_farmer UNION ALL SELECT c::text FROM piece',
              'nor does the binary one, through COPY');

-- Measures, against plain SQL on sums of numeric.
CREATE TEMP TABLE share AS
SELECT farmer, buyer, sum(amount::numeric) / sum(sum(amount::numeric)) OVER (PARTITION BY farmer) AS share
  FROM payment WHERE buyer IS NOT NULL AND amount > 0 AND amount::text !~ 'e-' GROUP BY farmer, buyer;
CREATE TEMP TABLE measured AS
SELECT farmer, concentration_agg(buyer, amount) AS c
  FROM payment WHERE buyer IS NOT NULL AND amount > 0 AND amount::text !~ 'e-' GROUP BY farmer;
SELECT ok((SELECT bool_and(abs(hhi(c) - expected) < 1e-13 * expected AND abs(effective_number(c) * expected - 1) < 1e-13)
             FROM measured JOIN (SELECT farmer, sum(share ^ 2)::float8 AS expected FROM share GROUP BY farmer) s USING (farmer)),
          'hhi and effective_number');
SELECT ok((SELECT bool_and(abs(entropy(c) - expected) < 1e-13)
             FROM measured JOIN (SELECT farmer, (-sum(share * ln(share)) / ln(count(*)))::float8 AS expected
                                   FROM share GROUP BY farmer HAVING count(*) > 1) s USING (farmer)), 'entropy');
SELECT ok((SELECT bool_and(abs(top_share(c, rank) - expected) < 1e-13 * expected)
             FROM measured JOIN (SELECT farmer,
                                        row_number() OVER (PARTITION BY farmer ORDER BY share DESC)::int AS rank,
                                        (sum(share) OVER (PARTITION BY farmer ORDER BY share DESC
                                                          ROWS UNBOUNDED PRECEDING))::float8 AS expected
                                   FROM share) s USING (farmer)), 'top_share for every n');
SELECT is((SELECT sum(keys(c)) FROM measured), (SELECT count(*) FROM share)::numeric, 'keys');

-- Limits.
SELECT throws_ok($$SELECT concentration_agg(repeat('x', 1000000) || i, 1) FROM generate_series(1, 200) i$$,
                 '54000', 'concentration has too many keys', 'a value has a largest size');
SELECT throws_ok($$SELECT rollup(c) FROM (SELECT concentration_agg(repeat('x', 40000000) || i, 1) AS c
                     FROM generate_series(1, 4) i GROUP BY i) s$$,
                 '54000', 'concentration has too many keys', 'merged ones too');

SELECT * FROM finish();
ROLLBACK;
