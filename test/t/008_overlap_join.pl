# overlap_join and land_evidence cancelled while they read, spread over tiles, sort,
# join, weigh, or measure one huge pair, with little memory and with much: soon, and
# leaving nothing.
use strict;
use warnings;

use PostgreSQL::Test::BackgroundPsql;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

my $node = PostgreSQL::Test::Cluster->new('overlap_join');
$node->init;
$node->append_conf('postgresql.conf', "log_temp_files = 0\nautovacuum = off\n");
$node->start;
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION agririsk CASCADE;
ALTER DATABASE postgres SET search_path = agririsk, public;
ALTER DATABASE postgres SET max_parallel_workers_per_gather = 0;
ALTER DATABASE postgres SET jit = off;
CREATE FUNCTION said(what text) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RAISE WARNING '%', what; RETURN NULL; END $$;
CREATE FUNCTION squares(how_many int) RETURNS TABLE (id int, geom geometry) LANGUAGE sql AS
	$$ SELECT i, ST_MakeEnvelope(x, y, x + 12, y + 12) FROM generate_series(1, how_many) i, LATERAL (VALUES (i % 1000 * 10, i / 1000 * 10)) v(x, y) $$;
CREATE UNLOGGED TABLE square AS SELECT * FROM squares(400000);
-- Along one road, so that all are in one strip and sorted at once.
CREATE UNLOGGED TABLE road AS SELECT i AS id, ST_MakeEnvelope(x, 0, x + 9, 9) AS geom FROM generate_series(1, 1000000) i, LATERAL (VALUES (i::bigint * 7919 % 1000000 * 10)) v(x);
-- Discs that all lie on each other.
CREATE TABLE heap AS SELECT i AS id, ST_Buffer(ST_MakePoint(i % 50, i % 49), 1000 + i % 7, 8) AS geom FROM generate_series(1, 8000) i;
CREATE TABLE stack AS SELECT * FROM heap WHERE id <= 400;
-- Two layers of as many parts each, a thousand members of one collective, strips that all begin at one height.
CREATE TABLE many AS SELECT side AS id, ST_Collect(ST_MakeEnvelope(i % 500 * 2 + side * 0.5, i / 500 * 2, i % 500 * 2 + side * 0.5 + 1, i / 500 * 2 + 1) ORDER BY i) AS geom
	FROM generate_series(0, 149999) i, generate_series(1, 2) side GROUP BY side;
CREATE TABLE commons AS SELECT i AS id, ST_MakeEnvelope(0, 0, 100, 100) AS geom FROM generate_series(1, 3000) i;
CREATE TABLE strip AS SELECT i AS id, ST_MakeEnvelope(100000 - i * 2 - 1, -5, 100000 - i * 2 + 1.5, 50) AS geom FROM generate_series(1, 49000) i;
-- Two combs, one across the other, which cross 10^12 times.
CREATE TABLE huge (id int, geom geometry);
ALTER TABLE huge ALTER geom SET STORAGE EXTERNAL;
INSERT INTO huge
SELECT side, ST_MakePolygon(ST_MakeLine(array_agg(CASE side WHEN 1 THEN ST_MakePoint(x, y) ELSE ST_MakePoint(y, x) END ORDER BY k)))
FROM (SELECT k, k, CASE WHEN k % 2 = 0 THEN 1 ELSE 1000000 END FROM generate_series(0, 999999) k
	UNION ALL VALUES (1000000, 1000000, 0), (1000001, 0, 0), (1000002, 0, 1)) v(k, x, y), generate_series(1, 2) side
GROUP BY side;
SQL

sub left_behind
{
	return $node->safe_psql('postgres', 'SELECT count(*) FROM pg_ls_tmpdir()');
}

# ---------- cancelled in the middle ----------

# A query's last row tells that it has been read. Each case says at what sign
# it is in its middle: so many temporary files, or something it prints. With a
# min_share of 1 there are no rows, which would have files of their own.
sub pair_of
{
	my ($table) = @_;
	return "SELECT count(*) FROM overlap_join('SELECT id, geom FROM $table', 'SELECT id, geom FROM $table UNION ALL SELECT said(''read''), NULL', min_share => 1)";
}
sub evidence_of
{
	my ($table) = @_;
	return "SELECT count(*) FROM land_evidence('SELECT id, id, geom FROM $table', 'SELECT id, id, -id, geom, ''contract''::text, 1, 1, NULL::date, NULL::date FROM $table"
	  . " UNION ALL SELECT said(''read''), NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL', '2024-01-01')";
}
my $long_read = "SELECT count(*) FROM overlap_join('SELECT * FROM squares(10000000)', 'SELECT 1, geom FROM heap')";
my $compares = qr/compared [1-9]\d* pairs/;
my @cases = (
	[ 'reading into files', '64kB', $long_read, 1 ],
	[ 'reading into memory', '1GB', $long_read, 0 ],
	[ 'spreading over four tiles', '64kB', pair_of('square'), 2 ],
	[ 'spreading over many tiles', '8MB', pair_of('square'), 2 ],
	[ 'looking for pairs', '1GB', pair_of('square'), qr/WARNING:.*read/ ],
	[ 'sorting a strip', '3GB', pair_of('road'), qr/WARNING:.*read/ ],
	[ 'joining in pieces', '64kB', pair_of('heap'), $compares ],
	[ 'joining all at once', '1GB', pair_of('heap'), $compares ],
	[ 'joining a layer with itself', '1GB', "SELECT count(*) FROM overlap_self_join('SELECT id, geom FROM heap UNION ALL SELECT id + 8000, geom FROM heap', min_share => 1)", $compares ],
	[ 'one huge pair, far', '64kB', pair_of('huge'), qr/WARNING:.*read/ ],
	[ 'one huge pair', '1GB', pair_of('huge'), qr/WARNING:.*read/ ],
	[ 'spreading plots', '64kB', evidence_of('square'), 2 ],
	[ 'weighing plots', '1GB', evidence_of('square'), qr/WARNING:.*read/ ],
	[ 'weighing a stack by halves', '64kB', evidence_of('stack'), qr/WARNING:.*read/ ],
	[ 'weighing a stack', '1GB', evidence_of('stack'), qr/WARNING:.*read/ ],
	[ 'dividing a plot under a stack', '1GB', "SELECT count(*) FROM land_evidence('SELECT 1, 1, ST_MakeEnvelope(-1200, -1200, 1200, 1200)', 'SELECT id, id, id, geom, ''contract''::text, 1, 1, NULL::date, NULL::date FROM stack UNION ALL SELECT said(''read''), NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL', '2024-01-01')", qr/WARNING:.*read/ ],
	[ 'many parts', '1GB', pair_of('many'), qr/WARNING:.*read/ ],
	[ 'co-holders', '1GB', "SELECT count(*) FROM land_evidence('SELECT id, id, geom FROM commons', 'SELECT id, 1, id, geom, ''own''::text, 1, 3000, NULL::date, NULL::date FROM commons UNION ALL SELECT said(''read''), NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL', '2024-01-01')", qr/WARNING:.*read/ ],
	[ 'strips', '1GB', "SELECT count(*) FROM generate_series(1, 100) i, LATERAL land_evidence('SELECT 1, 1, ST_MakeEnvelope(0, 0, 100000, 10)', 'SELECT id, id, id % 2, geom, ''own''::text, 1, 1, NULL::date, NULL::date FROM strip UNION ALL SELECT said(''read'' || ' || i || '), NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL', '2024-01-01', min_share => 0)", qr/WARNING:.*read2/ ],
	[ 'a huge plot', '1GB', evidence_of('huge'), qr/WARNING:.*read/ ]);

# Seconds of processor time of a backend: what it takes to stop is its own
# doing, what other programs take meanwhile is not.
sub processor_seconds
{
	my ($pid) = @_;
	my ($spent) = split ' ', slurp_file("/proc/$pid/schedstat");
	return $spent / 1e9;
}

my $canceller = $node->background_psql('postgres');
my ($slowest, $slowest_name) = (0, '');
for my $case (@cases)
{
	my ($name, $memory, $query, $sign) = @$case;
	my ($asked, $printed, $complaints) = ('', '', '');
	my $session = IPC::Run::start([ 'psql', '-X', '-A', '-t', '-q', '-d', $node->connstr('postgres') ],
		'<', \$asked, '>', \$printed, '2>', \$complaints, IPC::Run::timer($PostgreSQL::Test::Utils::timeout_default));
	$asked = "\\set VERBOSITY verbose\nSET work_mem = '$memory';\nSELECT pg_backend_pid();\n";
	$session->pump until $printed =~ /(\d+)\n/;
	my $pid = $1;
	$asked .= "$query;\n\\echo over\n";
	if (ref $sign)
	{
		$session->pump until $complaints =~ $sign || $printed =~ /over/;
	}
	else
	{
		$session->pump_nb;
		my $patience = 300;
		sleep 0.1 while left_behind() < $sign && $patience-- > 0;
	}
	sleep 0.2 if !$sign || $query =~ /huge|road|evidence|many/;
	is(left_behind() > 0 ? 'yes' : 'no', $memory =~ /GB/ && $query !~ /huge|many/ ? 'no' : 'yes', "$name: whether it is among temporary files");

	my $began = time;
	my $spent = processor_seconds($pid);
	is($canceller->query("SELECT pg_cancel_backend($pid)"), 't', "$name: cancelled");
	$session->pump until $printed =~ /over/;
	my $took = time - $began;
	$spent = processor_seconds($pid) - $spent;
	cmp_ok($spent, '<', 0.1, "$name: within 100 ms of processor time");
	cmp_ok($took, '<', 1, "$name: and soon by the clock");
	note(sprintf('%s: %.1f ms of processor time, %.1f ms by the clock', $name, 1000 * $spent, 1000 * $took));
	is(left_behind(), 0, "$name: no temporary files are left");
	$asked = "SELECT left_id, right_id, area FROM overlap_self_join('SELECT id, geom FROM square WHERE id IN (1, 2, 4)');\n\\q\n";
	$session->finish;
	like($complaints, qr/ERROR:  57014: canceling statement due to user request/, "$name: the error is query_canceled");
	# Squares of 12 stand 10 apart.
	like($printed, qr/^over\n1\|2\|24\n$/m, "$name: the session goes on");
}
$canceller->quit;

# ---------- temporary files ----------

my $parcels = "SELECT count(*), sum(area) FROM overlap_join('SELECT * FROM squares(20000)', 'SELECT id, ST_Translate(geom, 5, 5) FROM squares(20000) s')";
my %answer;
my %written;
for my $memory ('64kB', '1GB')
{
	my $from = -s $node->logfile;
	$answer{$memory} = $node->safe_psql('postgres', "SET work_mem = '$memory'; $parcels");
	my $log = slurp_file($node->logfile, $from);
	$written{$memory} = 0;
	$written{$memory} += $1 while $log =~ /temporary file: .* size (\d+)/g;
}
is($answer{'64kB'}, $answer{'1GB'}, '20,000 parcels are the same in 64 kB');
cmp_ok($written{'64kB'}, '>', 2 * 20000 * 100, 'and did go to temporary files');
is($written{'1GB'}, 0, 'but not in 1 GB');

for my $table ('square', 'huge')
{
	my (undef, undef, $error) = $node->psql('postgres', "\\set VERBOSITY verbose\nSET work_mem = '64kB'; SET temp_file_limit = '1MB'; " . pair_of($table));
	like($error, qr/ERROR:  53400: temporary file size exceeds temp_file_limit/, "$table: temporary files keep to temp_file_limit");
}
is(left_behind(), 0, 'and are gone');

# ---------- PostGIS elsewhere, no search_path, workers ----------

$node->safe_psql('postgres', 'CREATE DATABASE elsewhere');
$node->safe_psql('elsewhere', 'CREATE SCHEMA "g i s"; CREATE EXTENSION postgis SCHEMA "g i s"; CREATE EXTENSION agririsk;'
	  . ' CREATE TABLE square AS SELECT i AS id, "g i s".ST_MakeEnvelope(i * 10, 0, i * 10 + 12, 12) AS geom FROM generate_series(1, 3000) i; ANALYZE square');
my $bare = "SET search_path = ''; SET max_parallel_workers_per_gather = 4; SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;";
# Each of 12 x 12 has 2 x 12 in common with the next; the first and the last have one neighbour.
is($node->safe_psql('elsewhere', "$bare SELECT count(*), sum(area) FROM agririsk.overlap_self_join('SELECT id, geom FROM public.square')"),
	'2999|71976', 'overlap_self_join with PostGIS elsewhere');
is( $node->safe_psql('elsewhere', "$bare SELECT count(*), sum(held_area), min(held_share), sum(cardinality(double_claim_plots)) FROM agririsk.land_evidence('SELECT id, id, geom FROM public.square',"
		  . " 'SELECT id, id, id, geom, ''contract''::text, 1, 1, NULL::date, NULL::date FROM public.square', '2024-01-01')"),
	'3000|432000|1|5998', 'and land_evidence');

$node->stop;
done_testing();
