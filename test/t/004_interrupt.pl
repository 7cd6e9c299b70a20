# Cancelled, killed, out of memory, or fed what does not fit: the error is the
# stated one and comes soon, and nothing is left behind.
use strict;
use warnings;

use PostgreSQL::Test::BackgroundPsql;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

my $node = PostgreSQL::Test::Cluster->new('interrupt');
$node->init;
$node->append_conf('postgresql.conf', "restart_after_crash = on\n");
$node->start;
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION agririsk CASCADE;
ALTER DATABASE postgres SET search_path = agririsk, public;
ALTER DATABASE postgres SET max_parallel_workers_per_gather = 0;
ALTER DATABASE postgres SET jit = off;
SQL

sub left_behind
{
	return $node->safe_psql('postgres', 'SELECT count(*) FROM pg_ls_tmpdir()');
}

# ---------- cancelled in the middle ----------

# Ten million rows, however they are asked, take seconds. Where a query has a
# late part, it says so, and is cancelled there.
$node->safe_psql('postgres', <<'SQL');
CREATE FUNCTION said(what text) RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN RAISE WARNING '%', what; RETURN 0; END $$;
CREATE TABLE piece AS SELECT n, concentration_agg(i % 20000 + n, 1 + i % 7) AS c, cashflow_agg(date '2000-01-01' + i % 9000, i) AS cf
	FROM generate_series(1, 20000) i, generate_series(1, 3) n GROUP BY n;
CREATE TABLE judged AS SELECT calibration_agg(i / 200001.0::float8, hashint4(i) % 3 = 0) AS c, distribution_agg(i / 7.0::float8) AS d,
		confusion_agg((i % 300)::text, (i % 299)::text) AS m, (SELECT jsonb_object_agg(g, g) FROM generate_series(0, 298) g) AS areas
	FROM generate_series(1, 200000) i;
CREATE TABLE ranked AS SELECT n, roc_agg(i * n, i % 7 = 0) AS r FROM generate_series(1, 60000) i, generate_series(1, 3) n GROUP BY n;
CREATE TABLE card AS SELECT jsonb_build_object('format', 1, 'name', 'long', 'intercept', 0, 'features', jsonb_agg(jsonb_build_object('name', 'f' || i, 'type', 'number',
	'bins', jsonb_build_array('{"high": 0, "woe": 1}'::jsonb, '{"woe": 2}'::jsonb))))::scorecard AS card FROM generate_series(1, 50) i;
SELECT format('CREATE TABLE applicant AS SELECT %s FROM generate_series(1, 10) i', string_agg('i AS f' || i, ', ')) FROM generate_series(1, 50) i \gexec
SQL
my $rows = 'generate_series(1, 10000000) i';
my %long = (
	'cashflow_by, collecting' => "SELECT count(*) FROM cashflow_by('SELECT i, date ''2020-01-01'' + i % 1000, i::float8 FROM $rows')",
	'cashflow_by, of texts' => "SELECT count(*) FROM cashflow_by('SELECT i::text, date ''2020-01-01'' + i % 1000, i::float8 FROM $rows', key_type => null::text)",
	'cashflow_by, sorting' => "SELECT count(*) FROM cashflow_by('SELECT i, date ''2020-01-01'' + i % 1000, i::float8 FROM generate_series(1, 6000000) i UNION ALL SELECT said(''now''), NULL, 0::float8')",
	'cashflow_by, a single key' => "SELECT count(*) FROM cashflow_by('SELECT 0, date ''2020-01-01'' + (i::bigint * 7919 % 2000000)::int, i::float8 FROM generate_series(1, 6000000) i UNION ALL SELECT said(''now''), NULL, 0::float8')",
	'cashflow_agg' => "SELECT count(*) FROM (SELECT cashflow_agg(date '2020-01-01' + i % 1000, i) FROM $rows GROUP BY i % 1000000) g",
	'a big concentration_agg' => "SELECT keys(concentration_agg(i, 1)) FROM $rows",
	'a rollup of concentrations' => 'SELECT keys(rollup(c)) FROM piece, generate_series(1, 100000)',
	'a rollup of cash flows' => 'SELECT months(rollup(cf)) FROM piece, generate_series(1, 1000000)',
	'roc_agg' => "SELECT n(roc_agg(i, i % 7 = 0)) FROM $rows",
	'roc_metrics, merging' => "SELECT roc_metrics(s, s % 7 = 0) FROM (SELECT i AS s FROM generate_series(1, 6000000) i UNION ALL SELECT said('now')) x",
	'roc_pair_agg' => "SELECT roc_pair_agg(i, -i, i % 7 = 0) FROM $rows",
	'roc_pair_agg, sorting' => "SELECT roc_pair_agg(s, -s, s % 7 = 0) FROM (SELECT i AS s FROM generate_series(1, 6000000) i UNION ALL SELECT said('now')) x",
	'a rollup of rocs' => 'SELECT n(rollup(r)) FROM ranked, generate_series(1, 100000)',
	'calibration_agg' => "SELECT n(calibration_agg(i / 10000001.0::float8, i % 7 = 0)) FROM $rows",
	'calibration_agg, merging' => "SELECT n(calibration_agg(s / 10000000.0::float8, s % 7 = 0)) FROM (SELECT i AS s FROM generate_series(1, 6000000) i UNION ALL SELECT said('now')) x",
	'recalibration' => 'SELECT count(recalibration(c)) FROM judged, generate_series(1, 10000)',
	'groups' => 'SELECT count(e) FROM judged, generate_series(1, 100000) g, expected_vs_observed(c, 2 + g % 9) e',
	'psi' => 'SELECT sum(psi(d, d)) FROM judged, generate_series(1, 100000)',
	'distribution_agg of names' => "SELECT n(distribution_agg((i % 90000)::text)) FROM $rows",
	'confusion_agg' => "SELECT n(confusion_agg((i % 300)::text, (i % 299)::text)) FROM $rows",
	'areas' => 'SELECT count(a) FROM judged, area_adjusted(m, areas) a, generate_series(1, 1000000)',
	'a bootstrap' => 'SELECT auc_bootstrap(r, 1000000) FROM ranked',
	'optimal_bins' => "SELECT iv(optimal_bins(i / 3.0::float8, i % 7 = 0)) FROM $rows",
	'optimal_bins of categories' => "SELECT iv(optimal_bins((i % 50000)::text, i % 7 = 0)) FROM $rows",
	'optimal_bins, late' => "SELECT iv(optimal_bins(x, b)) FROM (SELECT i::bigint * 7919 % 3000017 / 3.0::float8, i % 7 = 0 FROM generate_series(1, 3000000) i UNION ALL SELECT said('now'), true) v (x, b)",
	'record scoring' => "SELECT sum(pd(card, a)) FROM card, applicant a, $rows",
	'reasons' => "SELECT count(*) FROM card, $rows, applicant a, explain(card, a)",
	'characteristic_stability' => q{SELECT count(s) FROM (SELECT '{"format": 1, "name": "linear", "intercept": 0, "features": [{"name": "amount", "type": "linear"}]}'::scorecard AS card) c,
		characteristic_stability(card, 'SELECT i / 3.0::float8 AS amount FROM generate_series(1, 100000000) i', 'SELECT 1 AS amount') s},
	'characteristic_stability, late' => q{SELECT count(s) FROM (SELECT '{"format": 1, "name": "linear", "intercept": 0, "features": [{"name": "amount", "type": "linear"}]}'::scorecard AS card) c,
		characteristic_stability(card, 'SELECT i::bigint * 7919 % 3000017 / 3.0::float8 AS amount FROM generate_series(1, 3000000) i UNION ALL SELECT said(''now'')', 'SELECT 1 AS amount') s});

my $canceller = $node->background_psql('postgres');
my $pattern = 'ERROR:  57014: canceling statement due to ';
for my $name (sort keys %long)
{
	my $late = $long{$name} =~ /said/;
	my $timer = IPC::Run::timer($PostgreSQL::Test::Utils::timeout_default);
	my ($asked, $printed, $complaints) = ('', '', '');
	my $session = IPC::Run::start([ 'psql', '-X', '-A', '-t', '-q', '-d', $node->connstr('postgres') ], '<', \$asked, '>', \$printed, '2>', \$complaints, $timer);
	$asked = "\\set VERBOSITY verbose\nSET application_name = 'long'; SET work_mem = '1MB'; SET statement_timeout = '" . ($late ? '60s' : '300ms') . "';\nSELECT 'begun';\n";
	$session->pump until $printed =~ /begun/;
	my $began = time;
	$asked .= "$long{$name};\n\\echo over\n";
	if ($late)
	{
		$session->pump until $complaints =~ /WARNING:.*now/ || $printed =~ /over/;
		$began = time;
		is($canceller->query("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE application_name = 'long'"), 't', "$name: cancelled late");
	}
	$session->pump until $printed =~ /over/;
	my $took = time - $began - ($late ? 0 : 0.3);
	like($complaints, $late ? qr/${pattern}user request/ : qr/${pattern}statement timeout/, "$name: the error is query_canceled");
	cmp_ok($took, '<', 1, "$name: within a second");
	is(left_behind(), 0, "$name: no temporary files are left");
	$asked = "SET statement_timeout = 0; SELECT cashflow_agg('2024-01-31', 5), concentration_agg('rice', 2), (SELECT round(pd(card, a)::numeric, 6) FROM card, applicant a LIMIT 1);\n\\q\n";
	$session->finish;
	# Of fifty features at 1 or more, each counts 2: 1 / (1 + exp(-36)) rounds to 1.
	like($printed, qr/^2024-01 \+5\/1 31\+\|\{"rice": 2\}\|1\.000000$/m, "$name: the session goes on");
}
$canceller->quit;

# ---------- cancelled within one call ----------

# Measures of a large value look for an interrupt as they read it: the variable
# is still unset. A call that ran to its end first would have set it.
$node->safe_psql('postgres', <<'SQL');
CREATE TABLE large (r roc);
ALTER TABLE large ALTER r SET STORAGE EXTERNAL;
INSERT INTO large SELECT roc_agg(i, i % 7 = 0) FROM generate_series(1, 2000000) i;
SQL
for my $measure ('auc(r)', 'capture(r, 1)')
{
	is($node->safe_psql('postgres', <<"SQL"), 'inside', "$measure of two million scores: cancelled inside");
SET client_min_messages = error;
SET statement_timeout = '1s';
DO \$\$
DECLARE
  r roc := (SELECT l.r FROM large l);
  x float8;
BEGIN
  LOOP
    x := NULL;
    x := $measure;
  END LOOP;
EXCEPTION WHEN query_canceled THEN
  PERFORM set_config('agririsk_test.cancelled', CASE WHEN x IS NULL THEN 'inside' ELSE 'after' END, false);
END \$\$;
SELECT current_setting('agririsk_test.cancelled');
SQL
}
$node->safe_psql('postgres', 'DROP TABLE large');

# ---------- killed in the middle ----------

$node->safe_psql('postgres', 'CREATE TABLE kept AS SELECT cf, c FROM piece LIMIT 3');
my $kept = 'SELECT md5(string_agg(concat_ws(\' \', cf, c), \' \')) FROM kept';
my $before = $node->safe_psql('postgres', $kept);
my ($asked, $printed, $complaints) = ("SET work_mem = '1MB'; SELECT pg_backend_pid();\n", '', '');
my $doomed = IPC::Run::start([ 'psql', '-X', '-A', '-t', '-q', '-d', $node->connstr('postgres') ],
	'<', \$asked, '>', \$printed, '2>', \$complaints, IPC::Run::timer($PostgreSQL::Test::Utils::timeout_default));
$doomed->pump until $printed =~ /\d+\n/;
my ($pid) = $printed =~ /(\d+)/;
$asked .= "$long{'cashflow_by, collecting'};\n";
$doomed->pump_nb;
my $patience = 100;
sleep 0.1 while !left_behind() && $patience-- > 0;
isnt(left_behind(), 0, 'a query is in the middle of its temporary files');
is(kill('KILL', $pid), 1, 'and killed');
$doomed->finish;
like($complaints, qr/server closed the connection|terminating connection/, 'its client hears of it');
ok($node->poll_query_until('postgres', 'SELECT true'), 'the cluster recovers');
is($node->safe_psql('postgres', $kept), $before, 'with what it held');
is(left_behind(), 0, 'and without temporary files');

# ---------- thousands of groups in 64 kB ----------

$node->safe_psql('postgres', 'CREATE TABLE many AS SELECT i % 5000 AS g, date \'2020-01-01\' + i % 700 AS d, (i * 7919 % 100003) / 100.0 AS a, i * 31 % 17 AS k FROM generate_series(1, 100000) i; ANALYZE many');
my $groups = 'SELECT g, cashflow_agg(d, a) AS cf, concentration_agg(k, a::float8) AS c FROM many GROUP BY g';
my $digest = "SELECT count(*), md5(string_agg(concat_ws(' ', g, cf, c), ' ' ORDER BY g)) FROM ($groups) s";
my $merged = "SELECT count(*), md5(string_agg(concat_ws(' ', g, cf, c), ' ' ORDER BY g)) FROM (SELECT g, rollup(cf) AS cf, rollup(c) AS c FROM"
  . ' (SELECT g, d, cashflow_agg(d, a) AS cf, concentration_agg(k, a::float8) AS c FROM many GROUP BY g, d) p GROUP BY g) s';
my $small = "SET work_mem = '64kB'; SET hash_mem_multiplier = 1; SET enable_sort = off;";
my $ample = "SET work_mem = '1GB'; SET enable_sort = off;";
my $answer = $node->safe_psql('postgres', "$ample $digest");
like($answer, qr/^5000\|/, 'five thousand groups');
like($node->safe_psql('postgres', "$small EXPLAIN (ANALYZE, COSTS off, TIMING off) $groups"), qr/HashAggregate.*Disk Usage/s, 'do not fit 64 kB');
unlike($node->safe_psql('postgres', "$ample EXPLAIN (ANALYZE, COSTS off, TIMING off) $groups"), qr/Disk Usage/, 'but 1 GB');
is($node->safe_psql('postgres', "$small $digest"), $answer, 'and are the same in both');
is($node->safe_psql('postgres', "$small $merged"), $answer, 'so are rollups of their pieces');
is($node->safe_psql('postgres', "$small SELECT count(*), bool_and(b.cf = s.cf) FROM cashflow_by('SELECT g, d, a FROM many') b JOIN ($groups) s ON s.g = b.key"), '5000|t', 'and cashflow_by');

# ---------- a thousand growing groups in one work_mem ----------

# A million rows are 8 MB of keys, of pairs 16, and 2 MB are allowed for all.
$node->safe_psql('postgres', 'CREATE TABLE county AS SELECT i % 1000 AS g, hashint4(i) / 7919.0::float8 AS s, hashint4(-i) % 9 = 0 AS b FROM generate_series(1, 1000000) i; ANALYZE county');
my $ranks = 'SELECT g, roc_metrics(s, b) AS m FROM county GROUP BY g';
my $pairs = 'SELECT g, roc_pair_agg(s, -s * s, b) AS m FROM county GROUP BY g';
my $peak = "SELECT (substring(s FROM 'VmHWM:\\s+(\\d+)')::int - substring(s FROM 'RssShmem:\\s+(\\d+)')::int) FROM pg_read_file('/proc/self/status', 0, 10000) s";
my $narrow = "SET work_mem = '2MB'; SET hash_mem_multiplier = 2; SET enable_sort = off;";
for my $query ($ranks, $pairs)
{
	my $all = "SELECT count(*), md5(string_agg(m::text, ' ' ORDER BY g)) FROM ($query) s";
	my ($name) = $query =~ /(roc_\w+)/;
	like($node->safe_psql('postgres', "$narrow EXPLAIN (COSTS off) $query"), qr/HashAggregate/, "$name: a thousand groups at once");
	is($node->safe_psql('postgres', "$narrow $all"), $node->safe_psql('postgres', "$ample $all"), "$name: in 2 MB as in 1 GB");
	like(($node->psql('postgres', "$narrow SET log_temp_files = 0; SET client_min_messages = log; $all"))[2], qr/temporary file: .*size \d{7}/, "$name: through a file");
	SKIP:
	{
		skip 'no /proc/self/status', 1 unless -r '/proc/self/status';
		# A row of each group first, for what the groups themselves take. A hashed
		# aggregate may have work_mem times hash_mem_multiplier.
		my $one = $all =~ s/FROM county/FROM (SELECT * FROM county LIMIT 1000) c/r;
		my ($before) = $node->safe_psql('postgres', "$narrow $one; $peak") =~ /(\d+)\z/;
		my ($after) = $node->safe_psql('postgres', "$narrow $one; $all; $peak") =~ /(\d+)\z/;
		cmp_ok($after - $before, '<', 4 * 1024, "$name: whose rows take " . ($after - $before) . ' kB of memory');
	}
}

# What a group held is free when the next one begins: in sorted groups no file is needed.
$node->safe_psql('postgres', 'CREATE INDEX ON county (g)');
for my $query ($ranks, $pairs)
{
	my $sorted = "SET work_mem = '2MB'; SET enable_hashagg = off; SET enable_sort = off; SET enable_bitmapscan = off;";
	like($node->safe_psql('postgres', "$sorted EXPLAIN (COSTS off) $query"), qr/GroupAggregate.*->  Index Scan/s, 'groups one after the other');
	unlike(($node->psql('postgres', "$sorted SET log_temp_files = 0; SET client_min_messages = log; $query"))[2], qr/temporary file/, 'need no file');
}

# Nor does a file outlive the group that needed it.
$node->safe_psql('postgres', 'CREATE INDEX ON county ((g / 250)); ANALYZE county');
my $logged = ($node->psql('postgres', "SET work_mem = '64kB'; SET enable_hashagg = off; SET enable_sort = off; SET enable_bitmapscan = off;"
	  . ' SET log_temp_files = 0; SET client_min_messages = log; SELECT g / 250, roc_metrics(s, b) FROM county GROUP BY 1'))[2];
is(scalar(() = $logged =~ /temporary file/g), 4, 'four large groups, a file each');

# ---------- a timeout is kept where few rows are much work ----------

# Seven hundred columns, some of them twice another: a singular correlation matrix.
my $columns = join ', ', map { my $k = $_; $k % 50 ? "hashint4(i * 700 + $k)::float8 AS c$k" : "2 * hashint4(i * 700 + $k - 1)::float8 AS c$k" } 1 .. 700;
my %costly = (
	'VIF of 700 columns, some collinear' => "SELECT fit_scorecard(hashint4(i) & 7 = 0, t, fit_options(encoding => 'none', folds => 0, ridge => 1, standardize => true)) FROM generate_series(1, 10000) i, LATERAL (SELECT $columns) t",
	'a limit of their VIF' => "SELECT fit_scorecard(hashint4(i) & 7 = 0, t, fit_options(encoding => 'none', folds => 0, max_vif => 5)) FROM generate_series(1, 10000) i, LATERAL (SELECT $columns) t",
	'bins of 700 columns in six models' => "SELECT fit_scorecard(hashint4(i) & 7 = 0, t) FROM generate_series(1, 3000) i, LATERAL (SELECT $columns) t",
	'a bootstrap of many replicates' => 'SELECT auc_bootstrap(roc_agg(hashint4(i), hashint4(i + 1) & 7 = 0), 10000) FROM generate_series(1, 200000) i');
for my $name (sort keys %costly)
{
	my $took = $node->safe_psql('postgres', <<"SQL");
SET client_min_messages = error;
SET statement_timeout = '1s';
SELECT clock_timestamp() AS began \\gset
\\set ON_ERROR_STOP off
$costly{$name} \\g /dev/null
\\set stopped :SQLSTATE
RESET statement_timeout;
SELECT CASE WHEN :'stopped' <> '57014' THEN 'was not stopped' ELSE round(extract(epoch FROM clock_timestamp() - :'began')::numeric, 2)::text END;
SQL
	like($took, qr/^[0-9.]+$/, "$name: is stopped by a timeout of 1 s");
	cmp_ok($took =~ /^[0-9.]+$/ ? $took : 99, '<=', 2.5, "after $took s");
}

# ---------- what does not fit ----------

sub refused
{
	my ($sql, $sqlstate, $message, $title) = @_;
	my (undef, $nothing, $error) = $node->psql('postgres', "\\set VERBOSITY verbose\n$sql");
	like($error, qr/ERROR:  $sqlstate: $message.*\nDETAIL:  .*\nHINT:  /, $title);
}
refused("SELECT count(*) FROM cashflow_by('SELECT repeat(''x'', 10000), current_date, 1.0', key_type => null::text)", '54000', '', 'a text key that is too long for cashflow_by');
refused("SELECT keys(concentration_agg(repeat('x', 130 * 1024 * 1024), 1))", '54000', 'concentration has too many keys', 'a key that is too long for a concentration');
refused("SELECT cashflow_agg('2024-01-01', 922337203685477.5808)", '22003', '', 'a sum beyond the range');
refused("SELECT count(*) FROM cashflow_by('SELECT 1, date ''2024-01-01'', 900000000000000::numeric FROM generate_series(1, 2)')", '22003', '', 'so in cashflow_by');
refused("SELECT concentration_agg('a', 8e307) FROM generate_series(1, 2)", '22003', 'sum of weights', 'a weight beyond the range');
like(($node->psql('postgres', "\\set VERBOSITY verbose\nSELECT count(*) FROM cashflow_by('DELETE FROM kept RETURNING 1, current_date, 1.0')"))[2],
	qr/ERROR:  0A000: DELETE is not allowed/, 'a query that writes');
my (undef, undef, $limited) = $node->psql('postgres', "\\set VERBOSITY verbose\nSET work_mem = '64kB'; SET temp_file_limit = '1MB'; $long{'cashflow_by, collecting'}");
like($limited, qr/ERROR:  53400: temporary file size exceeds temp_file_limit/, 'temporary files keep to temp_file_limit');
is(left_behind(), 0, 'and are gone after all that');
is($node->safe_psql('postgres', $kept), $before, 'nothing was lost');

$node->stop;
done_testing();
