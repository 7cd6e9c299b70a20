# Cards as a clerk fits them: without a search_path, kept through dump and
# restore, in little memory, and cancelled or failing in the middle.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

my $node = PostgreSQL::Test::Cluster->new('fit_scorecard');
$node->init(extra => [ '--encoding', 'UTF8' ]);
$node->append_conf('postgresql.conf', "jit = off\nmax_parallel_workers_per_gather = 0\n");
$node->start;
$node->safe_psql('postgres', <<'SQL');
CREATE ROLE clerk LOGIN;
ALTER ROLE clerk SET search_path = '';
CREATE DATABASE bank;
CREATE DATABASE copy;
SQL
$node->safe_psql('bank', <<'SQL');
REVOKE ALL ON SCHEMA public FROM PUBLIC;
CREATE EXTENSION agririsk CASCADE;
CREATE SCHEMA desk AUTHORIZATION clerk;
-- In the way of a search_path that holds it.
CREATE SCHEMA trap;
GRANT USAGE ON SCHEMA trap TO PUBLIC;
CREATE FUNCTION trap.jsonb_strip_nulls(jsonb) RETURNS jsonb LANGUAGE plpgsql AS 'BEGIN RAISE ''trapped''; END';
CREATE FUNCTION trap.jsonb_build_object(VARIADIC "any") RETURNS jsonb LANGUAGE internal AS 'jsonb_build_object';
CREATE FUNCTION trap.hashint4(int) RETURNS int LANGUAGE plpgsql AS 'BEGIN RAISE ''trapped''; END';
CREATE FUNCTION trap.int4eq(int, int) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN RAISE ''trapped''; END';
CREATE OPERATOR trap.= (LEFTARG = int, RIGHTARG = int, FUNCTION = trap.int4eq);
SQL

sub clerk_gets
{
	my ($sql, $expected, $title) = @_;
	my ($status, $printed, $complaints) = $node->psql('bank', "\\set VERBOSITY verbose\nSET client_min_messages = warning;\n$sql", extra_params => [ q(-U), q(clerk) ], on_error_stop => 1);
	return like($complaints . $printed, $expected, $title) if ref $expected;
	return is($complaints . $printed, $expected, $title);
}

# ---------- a clerk's cards ----------

clerk_gets(<<'SQL', '', 'a clerk without search_path fits cards');
CREATE TABLE desk.loan AS
SELECT i AS id, i / 5 AS household, i % 40 AS county, a, b, 100 * d AS c, 'crop ' || floor(6 * e) AS crop, i % 11 > 0 AS agreed, 1 + i % 3 AS copies, f < 0.05 + 0.3 * a * d + 0.03 * floor(6 * e) AS bad
FROM generate_series(1, 40000) i, LATERAL (SELECT (hashint4(i) & 65535) / 65536.0::float8, (hashint4(i + 7000000) & 65535) / 65536.0::float8, (hashint4(i * 3) & 65535) / 65536.0::float8,
	(hashint4(i * 5) & 65535) / 65536.0::float8, (hashint4(i * 7) & 65535) / 65536.0::float8) u (a, b, d, e, f);
CREATE TABLE desk.card (what text PRIMARY KEY, card agririsk.scorecard);
INSERT INTO desk.card
SELECT 'woe', agririsk.fit_scorecard(bad, t) FROM desk.loan, LATERAL (SELECT a, b, c, crop) t
UNION ALL SELECT 'columns', agririsk.fit_scorecard(bad, t, agririsk.fit_options(encoding => 'none')) FROM desk.loan, LATERAL (SELECT a, b, c, crop) t
UNION ALL SELECT 'all options', agririsk.fit_scorecard(bad, t, agririsk.fit_options(weight_column => 'copies', fold_key => 'household', consent_columns => '{"agreed": ["c"]}', reasons => '{"c": "\u00e4"}',
	standardize => true, ridge => 1, binning => agririsk.binning_options(max_bins => 4), name => 'all', long_run_rate => 0.1)) FROM desk.loan, LATERAL (SELECT a, b, c, crop, copies, household, agreed) t
UNION ALL SELECT 'county ' || county, agririsk.fit_scorecard(bad, t, agririsk.fit_options(ridge => 1, folds => 2, binning => agririsk.binning_options(candidates => 30))) FROM desk.loan, LATERAL (SELECT a, b, c, crop) t GROUP BY county;
CREATE INDEX ON desk.card (card);
ANALYZE desk.loan;
SQL
my $cards = "SELECT count(*), count(card), count(DISTINCT card), md5(string_agg(card::text, ' ' ORDER BY what)), md5(string_agg(agririsk.scorecard_send(card), '' ORDER BY what)) FROM desk.card";
my $kept = $node->safe_psql('bank', $cards);
like($kept, qr/^43\|43\|43\|/, 'of all kinds');
clerk_gets(q{SELECT count(*), count(DISTINCT f.rows), bool_and(f.auc OPERATOR(pg_catalog.>) 0.5), (SELECT count(*) FROM desk.card, agririsk.coefficients(card) c WHERE c.se OPERATOR(pg_catalog.>) 0), (SELECT count(*) FROM desk.card, agririsk.covariance(card)) OPERATOR(pg_catalog.>) 100
	FROM desk.card, agririsk.fit_report(card) f}, qr/^43\|[2-9]\d*\|t\|[1-9]\d\d+\|t$/, 'and asks them');
my $woe = 'SELECT md5(agririsk.fit_scorecard(bad, t)::text) FROM desk.loan, LATERAL (SELECT a, b, c, crop) t';
my $columns = q{SELECT md5(agririsk.fit_scorecard(bad, t, agririsk.fit_options(encoding => 'none'))::text) FROM desk.loan, LATERAL (SELECT a, b, c, crop) t};
my $answer = $node->safe_psql('bank', "SELECT md5(card::text) FROM desk.card WHERE what = 'woe'");
clerk_gets("SET search_path = trap, pg_catalog; $woe", $answer, 'what lies in the way of search_path is not called');
clerk_gets(q{SELECT agririsk.deploy(card, 'desk.loan', 'fitted') FROM desk.card WHERE what OPERATOR(pg_catalog.=) 'woe'; SELECT count(*) FROM desk.loan l, desk.card WHERE what OPERATOR(pg_catalog.=) 'woe' AND agririsk.pd(card, l) OPERATOR(pg_catalog.=) desk.fitted_pd(l)},
	qr/^40000$/m, 'and deploys one, which scores every loan as the card does');

# ---------- dump and restore ----------

my $file = PostgreSQL::Test::Utils::tempdir() . '/bank';
$node->command_ok([ 'pg_dump', '-d', $node->connstr('bank'), '-f', $file ], 'pg_dump');
$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('copy'), '-f', $file ], 'and restore');
is($node->safe_psql('copy', $cards), $kept, 'cards come back to the byte');
is($node->safe_psql('copy', 'SELECT agririsk.fit_scorecard(bad, t ORDER BY id DESC) = (SELECT card FROM desk.card WHERE what = \'woe\') FROM desk.loan, LATERAL (SELECT a, b, c, crop) t' =~ s/SELECT agririsk/SET search_path = agririsk, public; SELECT agririsk/r), 't', 'and the rows give the same again');
is($node->safe_psql('copy', "SET search_path = agririsk, public; SELECT count(*) FROM desk.loan l, desk.card WHERE what = 'woe' AND pd(card, l) = desk.fitted_pd(l)"), '40000', 'and what was deployed scores as before');

# ---------- little memory ----------

my $small = "SET maintenance_work_mem = '1MB'; SET work_mem = '64kB'; SET hash_mem_multiplier = 1; SET enable_sort = off;";
for my $query ($woe, $columns)
{
	my ($name) = $query =~ /(encoding)/ ? 'columns as they are' : 'WOE';
	is($node->safe_psql('bank', "$small $query"), $node->safe_psql('bank', "SET maintenance_work_mem = '1GB'; $query"), "$name: in 1 MB as in 1 GB");
	like(($node->psql('bank', "$small SET log_temp_files = 0; SET client_min_messages = log; $query"))[2], qr/temporary file: .*size \d{6}/, "$name: through a file");
}

# Rows by segment: about 20 bytes a row, 16 stretches of half a megabyte at once.
my $segments = q{SELECT md5(agririsk.fit_scorecard(bad, t, county::text, agririsk.fit_options(encoding => 'none', folds => 0))::text) FROM desk.loan l, generate_series(1, 25) n, LATERAL (SELECT l.a * n AS a, l.b + n AS b) t};
is($node->safe_psql('bank', "$small $segments"), $node->safe_psql('bank', "SET maintenance_work_mem = '1GB'; $segments"), 'rows by segment: in 1 MB as in 1 GB');
my $crowd = q{SELECT agririsk.fit_scorecard(bad, t, (id % 3000)::text, agririsk.fit_options(encoding => 'none', folds => 0, pooling => 'HOW')) IS NULL FROM desk.loan, LATERAL (SELECT a, b, c) t};
my ($status, $printed, $complaints) = $node->psql('bank', "\\set VERBOSITY verbose\n$small " . $crowd =~ s/HOW/slopes/r);
like($complaints, qr/ERROR:  54000: fit_scorecard: segments do not fit maintenance_work_mem\nDETAIL:  3000 segments take \d+ kB; 896 kB are allowed\.\nHINT:  Set maintenance_work_mem to (\d+)MB or more, .*pooling => 'intercepts'/, 'segments that do not fit are refused');
my ($enough) = $complaints =~ /to (\d+)MB/;
is($node->safe_psql('bank', "SET maintenance_work_mem = '${enough}MB'; " . $crowd =~ s/HOW/slopes/r), 'f', 'and fit where the hint says so');
($status, $printed, $complaints) = $node->psql('bank', "$small " . $crowd =~ s/HOW/intercepts/r);
unlike($complaints, qr/intercepts/, 'whose intercepts alone differ are not told to differ in their intercepts alone');

my $counties = "SELECT count(*) FROM (SELECT 'county ' || county AS what, agririsk.fit_scorecard(bad, t, agririsk.fit_options(ridge => 1, folds => 2, binning => agririsk.binning_options(candidates => 30))) AS card FROM desk.loan, LATERAL (SELECT a, b, c, crop) t GROUP BY county) s JOIN desk.card k USING (what) WHERE s.card::text = k.card::text";
like($node->safe_psql('bank', "$small EXPLAIN (COSTS off) $counties"), qr/HashAggregate/, 'forty groups at once');
is($node->safe_psql('bank', "$small $counties"), '40', 'are the same in 1 MB');
is($node->safe_psql('bank', "SET enable_hashagg = off; $counties"), '40', 'and one after the other');

# Half a million rows of five columns are 20 MB, and 4 MB are allowed.
my $peak = "SELECT substring(s FROM 'VmHWM:\\s+(\\d+)')::int - substring(s FROM 'RssShmem:\\s+(\\d+)')::int FROM pg_read_file('/proc/self/status', 0, 10000) s";
SKIP:
{
	skip 'no /proc/self/status', 2 unless -r '/proc/self/status';
	for my $options ("encoding => 'none', folds => 0", 'folds => 0')
	{
		my $fit = "SELECT agririsk.fit_scorecard(bad, t, agririsk.fit_options($options)) IS NULL FROM ROWS, LATERAL (SELECT l.a * n AS a, l.b + n AS b, c, county, crop) t";
		my $one = $fit =~ s/ROWS/(SELECT * FROM desk.loan LIMIT 1000) l, generate_series(1, 1) n/r;
		my $all = $fit =~ s/ROWS/desk.loan l, generate_series(1, 12) n/r;
		my $within = "SET maintenance_work_mem = '4MB'; SET enable_material = off;";
		my ($before) = $node->safe_psql('bank', "$within $one; $peak") =~ /(\d+)\z/;
		my ($after) = $node->safe_psql('bank', "$within $one; $all; $peak") =~ /(\d+)\z/;
		cmp_ok($after - $before, '<', 8 * 1024, "$options: whose rows take " . ($after - $before) . ' kB of memory');
	}
}

# ---------- cancelled, or failing ----------

sub left_behind
{
	return $node->safe_psql('bank', 'SELECT count(*) FROM pg_ls_tmpdir()');
}

# Whatever stops a fit, nothing is left and the session goes on.
sub stops
{
	my ($title, $query, $error) = @_;
	my ($status, $printed, $complaints) = $node->psql('bank', "\\set VERBOSITY verbose\nSET maintenance_work_mem = '1MB';\n$query;\nSELECT 'left ' || count(*) FROM pg_ls_tmpdir();\nSET statement_timeout = 0;\n$woe;", on_error_stop => 0);
	like($complaints, $error, $title);
	is($printed, "left 0\n$answer", "$title: and nothing is left behind");
}

my $rows = 'generate_series(1, 3000000) i, LATERAL (SELECT i % 1000003 AS a, i::bigint * 7919 % 1000033 AS b, i % 7 AS c) t';
my $cancelled = qr/ERROR:  57014: canceling statement due to statement timeout/;
stops('cancelled while rows come', "SET statement_timeout = '400ms'; SELECT agririsk.fit_scorecard(i % 7 = 0, t) FROM $rows", $cancelled);
stops('cancelled as columns come', "SET statement_timeout = '400ms'; SELECT agririsk.fit_scorecard(i % 7 = 0, t, agririsk.fit_options(encoding => 'none')) FROM $rows", $cancelled);
stops('an infinite value at the end', q{SELECT agririsk.fit_scorecard(i % 7 = 0, t) FROM generate_series(1, 200000) i, LATERAL (SELECT i % 1003 AS a, CASE WHEN i < 200000 THEN i / 3.0::float8 ELSE 'infinity' END AS b) t}, qr/ERROR:  22.*\bb\b.*infinite|ERROR:  22.*infinite.*\bb\b/);
stops('separation found at the end', q{SELECT agririsk.fit_scorecard(i > 150000, t, agririsk.fit_options(encoding => 'none')) FROM generate_series(1, 300000) i, LATERAL (SELECT i AS a, i % 77 AS b) t}, qr/ERROR:  22.*separat/);

# After the last row a fit of a million rows takes seconds: cancelled there.
$node->safe_psql('bank', q{CREATE FUNCTION said(what text) RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN RAISE WARNING '%', what; RETURN 0; END $$});
for my $options ('', ", agririsk.fit_options(encoding => 'none', folds => 10)")
{
	my ($asked, $printed, $complaints) = ('', '', '');
	my $session = IPC::Run::start([ 'psql', '-X', '-A', '-t', '-q', '-d', $node->connstr('bank') ], '<', \$asked, '>', \$printed, '2>', \$complaints, IPC::Run::timer($PostgreSQL::Test::Utils::timeout_default));
	$asked = "\\set VERBOSITY verbose\nSET application_name = 'long'; SET maintenance_work_mem = '1MB';\n"
	  . "SELECT agririsk.fit_scorecard(x % 7 = 0, t$options) FROM (SELECT i::bigint FROM generate_series(1, 1000000) i UNION ALL SELECT said('now')) v (x), LATERAL (SELECT x * 7919 % 1000003 AS a, x * 31 % 1000033 AS b, x % 10 AS c) t;\n\\echo over\n";
	$session->pump until $complaints =~ /WARNING:.*now/ || $printed =~ /over/;
	select(undef, undef, undef, 0.3);
	isnt(left_behind(), '0', "late$options: files are in use");
	my $began = time;
	is($node->safe_psql('bank', "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE application_name = 'long'"), 't', "late$options: cancelled");
	$session->pump until $printed =~ /over/;
	cmp_ok(time - $began, '<', 1, "late$options: within a second");
	like($complaints, qr/ERROR:  57014: canceling statement due to user request/, "late$options: the error is query_canceled");
	is(left_behind(), '0', "late$options: no temporary files are left");
	$asked .= "$woe;\n\\q\n";
	$session->finish;
	like($printed, qr/^\Q$answer\E$/m, "late$options: the session goes on");
}

$node->stop;
done_testing();
