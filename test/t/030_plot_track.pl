# Plots from tracks as a clerk makes them, in small memory, in workers, and
# cancelled in the middle of a long one.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

my $node = PostgreSQL::Test::Cluster->new('plot_track');
$node->init;
$node->append_conf('postgresql.conf', "jit = off\nmax_parallel_workers = 8\n");
$node->start;
$node->safe_psql('postgres', <<'SQL');
CREATE ROLE clerk LOGIN;
ALTER ROLE clerk SET search_path = '';
CREATE DATABASE bank;
SQL
$node->safe_psql('bank', <<'SQL');
REVOKE ALL ON SCHEMA public FROM PUBLIC;
CREATE SCHEMA "g i s";
CREATE EXTENSION postgis SCHEMA "g i s";
GRANT USAGE ON SCHEMA "g i s" TO clerk;
CREATE EXTENSION agririsk;
CREATE SCHEMA desk AUTHORIZATION clerk;
-- In the way of a search_path that holds it.
CREATE SCHEMA trap;
GRANT USAGE ON SCHEMA trap TO PUBLIC;
CREATE FUNCTION trap.st_x("g i s".geometry) RETURNS float8 LANGUAGE plpgsql AS 'BEGIN RAISE ''trapped''; END';
CREATE FUNCTION trap.st_area("g i s".geography, boolean) RETURNS float8 LANGUAGE plpgsql AS 'BEGIN RAISE ''trapped''; END';
CREATE FUNCTION trap.st_geomfromwkb(bytea, int) RETURNS "g i s".geometry LANGUAGE plpgsql AS 'BEGIN RAISE ''trapped''; END';
CREATE TABLE trap.spatial_ref_sys (srid int, srtext text, proj4text text);
SQL

sub clerk_gets
{
	my ($sql, $expected, $title) = @_;
	my ($status, $printed, $complaints) = $node->psql('bank', "\\set VERBOSITY verbose\n$sql", extra_params => [ '-U', 'clerk' ], on_error_stop => 1);
	return like($complaints, $expected, $title) if ref $expected;
	return is($complaints . $printed, $expected, $title);
}

# 300 farmers walk round squares of 40 to 69 m, seen from degrees, at the same
# hours, so that the rows of all of them are mixed.
clerk_gets(<<'SQL', '', 'a clerk without search_path fills a table');
CREATE TABLE desk.walk AS
SELECT farmer, "g i s".st_setsrid("g i s".st_makepoint(103.8 + x * side / 90163.29, 36 + y * side / 110958.92), 4326) AS fix,
	timestamptz '2024-05-01 08:00+00' + n * interval '1 s' AS at, 1::float8 AS accuracy_m
FROM generate_series(0, 239) n, generate_series(1, 300) farmer, LATERAL (SELECT 40 + farmer % 30 AS side, n / 60.0::float8 AS s) d,
	LATERAL (SELECT least(greatest(least(s, 3 - s), 0), 1) AS x, least(greatest(least(s - 1, 4 - s), 0), 1) AS y) p;
ANALYZE desk.walk;
SQL
my $plots = 'SELECT farmer, (agririsk.plot_track_agg(fix, at, accuracy_m, agririsk.plot_track_options(max_speed_kmh => 12))).* FROM desk.walk GROUP BY farmer';
clerk_gets("SELECT count(*), bool_and(quality = 'good'), bool_and(abs(area_m2 - (40 + farmer % 30) ^ 2) < 1e-4 * area_m2), bool_and(\"g i s\".st_isvalid(plot)) FROM ($plots) t",
	'300|t|t|t', 'and has plots of the right size, PostGIS being elsewhere');
my $digest = "SELECT md5(string_agg(t::text, ' ' ORDER BY farmer)) FROM ($plots) t";
my $answer = $node->safe_psql('bank', $digest);
like($answer, qr/^[0-9a-f]{32}$/, 'their digest');
clerk_gets("SET search_path = trap, pg_catalog; $digest", $answer, 'what lies in the way of search_path is not called');

# ---------- memory and workers ----------

my $small = "SET work_mem = '64kB'; SET hash_mem_multiplier = 1; SET enable_sort = off;";
like($node->safe_psql('bank', "$small EXPLAIN (ANALYZE, COSTS off, TIMING off) $plots"), qr/HashAggregate.*Disk Usage: [1-9]/s, 'the plots do not fit 64 kB');
is($node->safe_psql('bank', "$small $digest"), $answer, 'and are the same');
my $sorted = "SET enable_hashagg = off;";
like($node->safe_psql('bank', "$sorted EXPLAIN (COSTS off) $plots"), qr/GroupAggregate/, 'sorted groups');
is($node->safe_psql('bank', "$sorted $digest"), $answer, 'are the same');

# Each farmer's plot is made in whichever worker reads the farmer.
$node->safe_psql('bank', 'CREATE TABLE desk.farmer AS SELECT farmer FROM generate_series(1, 300) farmer; ALTER TABLE desk.farmer SET (parallel_workers = 3);'
	  . ' CREATE INDEX ON desk.walk (farmer); ANALYZE desk.farmer; VACUUM ANALYZE desk.walk');
my $forced = 'SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0; SET max_parallel_workers_per_gather = 3; SET parallel_leader_participation = off;';
my $each = "SELECT farmer, t.* FROM desk.farmer f, LATERAL (SELECT (p).* FROM (SELECT agririsk.plot_track_agg(fix, at, accuracy_m, agririsk.plot_track_options(max_speed_kmh => 12)) AS p FROM desk.walk w WHERE w.farmer = f.farmer OFFSET 0) a) t";
like($node->safe_psql('bank', "$forced EXPLAIN (ANALYZE, VERBOSE, COSTS off, TIMING off) $each"), qr/Gather.*Workers Launched: [1-3].*Aggregate.*plot_track_agg/s, 'plots are made in workers');
is($node->safe_psql('bank', "$forced WITH t AS MATERIALIZED ($each) SELECT md5(string_agg(t::text, ' ' ORDER BY farmer)) FROM t"), $answer, 'with the same bits');
is($node->safe_psql('bank', "$forced $digest"), $answer, 'and above a parallel scan');

# ---------- long tracks ----------

# 100,000 fixes over some metres, as of a phone that is left on: the ring crosses
# itself at nearly every step.
clerk_gets(q{SET statement_timeout = '60s'; SELECT quality, reasons::text ~ 'self_crossing' FROM (SELECT (agririsk.plot_track_agg("g i s".st_makepoint(n * 7919 % 50021 / 1000.0, n::bigint * 104729 % 50023 / 1000.0),
	timestamptz '2024-05-01' + n * interval '1 s', 4, agririsk.plot_track_options(max_speed_kmh => 1000))).* FROM generate_series(1, 100000) n) t},
	'refused|t', 'a hundred thousand fixes that cross at every step');

clerk_gets(q{SET statement_timeout = '20s'; SELECT quality FROM (SELECT (agririsk.plot_track_agg("g i s".st_makepoint(n * 1e-5, 0), timestamptz '2024-05-01' + n * interval '1 s', 4)).*
	FROM generate_series(1, 100000) n) t}, 'refused', 'and as many that creep along');

# Long slanting lines whose boxes all lie on one another: nearly a minute's work.
my $began = time;
clerk_gets(q{SET statement_timeout = '1500ms'; SELECT agririsk.plot_track_agg("g i s".st_makepoint(n * 4 + n % 4 / 2 * 1e6, n % 4 / 2 * 1e6),
	timestamptz '2024-05-01' + n * interval '100 s', 4, agririsk.plot_track_options(max_speed_kmh => 1e6)) FROM generate_series(1, 100000) n},
	qr/ERROR:  57014: canceling statement due to statement timeout/, 'a long one can be cancelled');
cmp_ok(time - $began, '<', 5, 'at once');
is($node->safe_psql('bank', $digest), $answer, 'and nothing is wrong afterwards');

$node->stop;
done_testing();
