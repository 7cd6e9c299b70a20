# Same rows, same bits: whatever the plan, the workers, the order of rows, the
# split into pieces, the memory, the CPU, and after dump and restore.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('bits');
$node->init;
$node->append_conf('postgresql.conf', "max_worker_processes = 16\nmax_parallel_workers = 16\n");
$node->start;
$node->safe_psql('postgres', 'CREATE DATABASE county');
$node->safe_psql('county', 'CREATE EXTENSION agririsk CASCADE');
$node->command_ok(
	[ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-v', 'seed=4', '-v', 'size=300', '-d', $node->connstr('county'), '-f', 'demo/generate.sql' ],
	'the demo county is generated');

# ---------- the county, once per order of rows ----------

my $card = <<'JSON';
{"format": 1, "name": "tested", "intercept": -2.1, "scale": {"base_score": 600, "base_odds": 30, "pdo": 37},
 "features": [
  {"name": "inflow_cv", "type": "number", "weight": 0.93, "consent": "agreed", "reason": "Income jumps about",
   "bins": [{"high": 0.8, "woe": -0.41}, {"high": 1.3, "woe": 0.07}, {"woe": 0.63}], "missing": "worst"},
  {"name": "peak_month", "type": "number", "weight": 1.17,
   "bins": [{"high": 6.5, "woe": -0.13}, {"woe": 0.19}], "missing": {"woe": 0.031}},
  {"name": "buyer_hhi", "type": "number", "consent": "agreed", "special": [{"values": [1], "woe": 0.77}],
   "bins": [{"high": 0.25, "woe": -0.29}, {"high": 0.5, "woe": 0.011}, {"woe": 0.37}]},
  {"name": "crop", "type": "category", "weight": 0.71, "unseen": "worst",
   "bins": [{"categories": ["rice", "wheat"], "woe": -0.23}, {"categories": ["apple"], "woe": 0.33}]}],
 "segments": [{"name": "%s", "intercept": -1.7, "weights": {"inflow_cv": 0.31}}]}
JSON

# Weights of many sizes, in thirds, so that their sums have to be rounded, and
# an inexact one would tell the order of its rows.
sub lay_out
{
	my ($schema, $order_of_events, $order_of_farmers) = @_;
	$node->safe_psql('county', <<"SQL");
CREATE SCHEMA $schema;
SET search_path = $schema, agririsk, public;
CREATE TABLE event AS
	SELECT event_id, farmer_id, on_date, kind, amount, buyer_id, abs(amount)::float8 / 3 * 10 ^ (event_id % 13) AS weight
	FROM demo.event ORDER BY $order_of_events;
CREATE TABLE farmer AS
	SELECT farmer_id, crop, county_id, consent.granted AS agreed
	FROM demo.farmer JOIN demo.consent USING (farmer_id) WHERE source = 'payments' ORDER BY $order_of_farmers;
CREATE TABLE piece AS
	SELECT farmer_id, cashflow_agg(on_date, amount) AS cf, concentration_agg(buyer_id, weight) AS buyers, concentration_agg(kind, weight) AS kinds
	FROM event GROUP BY farmer_id, date_trunc('month', on_date), hashint8(event_id) % 3;
CREATE TABLE judged AS
	SELECT farmer_id % 40 AS g, roc_agg(weight, kind = 'sale') AS r, calibration_agg((weight - floor(weight)) * 0.9 + 0.05, kind = 'sale') AS c,
		distribution_agg(weight) AS d, distribution_agg(kind) AS k, confusion_agg(kind, CASE WHEN weight > 1000 THEN 'sale' ELSE kind END) AS m
	FROM event GROUP BY 1;
CREATE TABLE binned AS SELECT optimal_bins(weight, amount > 500) AS b FROM event GROUP BY kind;
CREATE TABLE fitted AS SELECT fit_scorecard(amount > 500, t) AS card FROM event, LATERAL (SELECT weight, kind) t;
CREATE TABLE card AS SELECT replace(\$card\$$card\$card\$, '%s', (SELECT county_id FROM demo.county WHERE number = 1))::scorecard AS card;
CREATE MATERIALIZED VIEW applicant AS
	SELECT f.farmer_id, f.crop, f.county_id, f.agreed, p.inflow_cv, p.peak_month, hhi(e.buyers) AS buyer_hhi, e.money
	FROM farmer f
		LEFT JOIN (SELECT farmer_id, cashflow_agg(on_date, amount) AS money, concentration_agg(buyer_id, weight) AS buyers
			FROM event GROUP BY farmer_id) e USING (farmer_id)
		LEFT JOIN LATERAL cashflow_features(e.money, '2023-08-17') p ON true
	ORDER BY $order_of_farmers;
CREATE UNIQUE INDEX ON applicant (farmer_id);
SELECT deploy(card, 'applicant', 'tested', 'county_id') FROM card;
ANALYZE event, farmer, piece, applicant;
SQL
}
lay_out('straight', 'event_id', 'farmer_id');
lay_out('shuffled', 'md5(event_id::text)', 'md5(farmer_id::text)');

# A county that fits a page or two: some of its workers find nothing.
$node->safe_psql('county', <<'SQL');
CREATE SCHEMA few;
CREATE TABLE few.event AS SELECT * FROM straight.event ORDER BY event_id LIMIT 90;
ANALYZE few.event;
CREATE FUNCTION few.process() RETURNS bigint LANGUAGE plpgsql STABLE PARALLEL SAFE AS 'BEGIN RETURN pg_backend_pid(); END';
DROP SCHEMA demo CASCADE;
SQL

# ---------- the digests ----------

# The text of a float8 tells its bits. What is to be computed in workers stands
# in a materialized CTE, because the leader computes what md5 is asked of.
my $measures = join ', ', map { ("hhi($_)", "effective_number($_)", "top_share($_, 3)", "entropy($_)", "keys($_)") } 'buyers', 'kinds';
my %aggregates = (
	events => [ 'event', 'cashflow_agg(on_date, amount)', 'concentration_agg(buyer_id, weight)', 'concentration_agg(kind, weight)' ],
	pieces => [ 'piece', 'rollup(cf)', 'rollup(buyers)', 'rollup(kinds)' ]);

sub summaries
{
	my ($from, $cash, $buyers, $kinds) = @{ $aggregates{ $_[0] } };
	my $values = "$cash AS cf, $buyers AS buyers, $kinds AS kinds FROM $from";
	my $shown = "cf, cashflow_send(cf), buyers, concentration_send(buyers), kinds, concentration_send(kinds), $measures";
	return (
		farmers => "WITH f AS MATERIALIZED (SELECT farmer_id, $values GROUP BY farmer_id)"
		  . " SELECT md5(string_agg(concat_ws(' ', farmer_id, $shown), ' ' ORDER BY farmer_id)) FROM f",
		everybody => "WITH f AS MATERIALIZED (SELECT $values) SELECT md5(concat_ws(' ', $shown)) FROM f",
		portraits => "WITH f AS MATERIALIZED (SELECT farmer_id, cashflow_features(cf, '2023-11-01', 36) AS p FROM (SELECT farmer_id, $values GROUP BY farmer_id) v)"
		  . " SELECT md5(string_agg(concat_ws(' ', farmer_id, p), ' ' ORDER BY farmer_id)) FROM f");
}
my %whole = (
	summaries('events'),
	as_float8 => q{WITH f AS MATERIALIZED (SELECT farmer_id, cashflow_agg(on_date, amount::float8) AS cf FROM event GROUP BY farmer_id)
		SELECT md5(string_agg(concat_ws(' ', farmer_id, cashflow_send(cf), (SELECT string_agg(m::text, ' ') FROM months(cf) m)), ' ' ORDER BY farmer_id)) FROM f});
my %by = (
	by_farmer => q{SELECT md5(string_agg(concat_ws(' ', key, cf), ' ' ORDER BY key)) FROM cashflow_by('SELECT farmer_id, on_date, amount FROM event')},
	by_kind => q{SELECT md5(string_agg(concat_ws(' ', key, cf), ' ' ORDER BY key COLLATE "C")) FROM cashflow_by('SELECT kind || farmer_id, on_date, amount FROM event', key_type => null::text)});
my %scores = (
	by_record => q{WITH s AS MATERIALIZED (SELECT farmer_id, pd(tested_card(), a, county_id) AS pd, score(tested_card(), a, county_id), points(tested_card(), a, county_id) FROM applicant a)
		SELECT md5(string_agg(concat_ws(' ', farmer_id, pd, score, points), ' ' ORDER BY farmer_id)) FROM s},
	deployed => q{WITH s AS MATERIALIZED (SELECT farmer_id, tested_pd(a) AS pd, tested_score(a) AS score FROM applicant a)
		SELECT md5(string_agg(concat_ws(' ', farmer_id, pd, score), ' ' ORDER BY farmer_id)) FROM s},
	reasons => q{WITH s AS MATERIALIZED (SELECT farmer_id, e FROM applicant a, explain(tested_card(), a, county_id) e)
		SELECT md5(string_agg(concat_ws(' ', farmer_id, e), ' ' ORDER BY farmer_id, (e).rank, (e).feature)) FROM s});
# Thousands of logarithms and exponentials, since the C library's differ between CPUs in few of them.
my %many = (
	logarithms => q{SELECT md5(string_agg(concat_ws(' ', farmer_id, d, p.same_season_growth, p.inflow_trend, entropy), ' ' ORDER BY farmer_id, d)) FROM applicant,
		LATERAL (SELECT ('2022-01-01'::date + 30 * d)::date AS d, entropy(concentration_agg(k, 1 + (k * d * farmer_id) % 97)) FROM generate_series(1, 30) d, generate_series(1, 9) k GROUP BY d) s, cashflow_features(money, d) p},
	exponentials => q{SELECT md5(string_agg(concat_ws(' ', farmer_id, i, pd), ' ' ORDER BY farmer_id, i)) FROM (SELECT i, jsonb_set(card::jsonb, '{intercept}', to_jsonb(i / 37.0))::scorecard AS moved FROM card, generate_series(-80, 40) i OFFSET 0) c,
		LATERAL (SELECT farmer_id, pd(moved, a) FROM applicant a OFFSET 0) s});
# Bins of numbers and of categories: no combine function, so a hash of their own.
my %bins = (
	fits => q{WITH f AS MATERIALIZED (
			SELECT fit_scorecard(amount > 500, t, fit_options(weight_column => 'n', fold_key => 'farmer_id', population_rate => 0.1, long_run_rate => 0.07)) AS card
			FROM event, LATERAL (SELECT weight, kind, farmer_id, 1 + event_id % 3 AS n) t
			UNION ALL SELECT fit_scorecard(amount > 500, t, fit_options(encoding => 'none', standardize => true, ridge => 3, lasso => 2, folds => 3))
			FROM event, LATERAL (SELECT sqrt(weight) AS weight, kind, extract(doy FROM on_date)::float8 AS day) t
			UNION ALL SELECT fit_scorecard(amount > 500, t, fit_options(separation => 'warning', selection => 'bic', max_vif => 9))
			FROM event, LATERAL (SELECT weight, extract(doy FROM on_date)::int AS day, farmer_id % 5 AS fifth) t GROUP BY kind)
		SELECT md5(string_agg(concat_ws(' ', card, scorecard_send(card)), ' ' ORDER BY card)) FROM f},
	binnings => q{WITH b AS MATERIALIZED (SELECT kind, optimal_bins(weight, farmer_id % 5 = 0 OR amount > 900) AS w, optimal_bins(kind || farmer_id % 7, amount > 500, 1 + event_id % 3, NULL) AS c FROM event GROUP BY kind)
		SELECT md5(string_agg(concat_ws(' ', kind, w, binning_send(w), c, iv(w), iv(c), (SELECT string_agg(x::text, ' ') FROM bins(w) x), woe(w, 1.5), woe(c, kind || 3)), ' ' ORDER BY kind)) FROM b});
my %stored = (
	stored => q{SELECT md5(string_agg(x, ' ' ORDER BY x)) FROM (SELECT concat_ws(' ', farmer_id, cf, cashflow_send(cf), buyers, concentration_send(buyers), kinds) AS x FROM piece
		UNION ALL SELECT concat_ws(' ', g, r, roc_send(r), c, calibration_send(c), recalibration(c), d, distribution_send(d), k, distribution_send(k), m, confusion_send(m)) FROM judged
		UNION ALL SELECT concat_ws(' ', card, scorecard_send(card)) FROM card UNION ALL SELECT concat_ws(' ', b, binning_send(b)) FROM binned UNION ALL SELECT concat_ws(' ', card, scorecard_send(card)) FROM fitted UNION ALL SELECT a::text FROM applicant a) x});
# What is not exact, to see that a change would be noticed.
my %inexact = (inexact => q{SELECT md5(string_agg(s::text, ' ' ORDER BY farmer_id)) FROM (SELECT farmer_id, sum(weight) AS s FROM event GROUP BY farmer_id) s});
# Ranks: the scan below is parallel, not the aggregate.
my %ranks = (
	ranks => q{WITH f AS MATERIALIZED (SELECT farmer_id % 40 AS g, roc_agg(weight, kind = 'sale') AS r, roc_metrics(weight, kind = 'sale', abs(event_id) % 4) AS m, roc_pair_agg(weight, amount::float8, kind = 'sale') AS p FROM event GROUP BY 1)
		SELECT md5(string_agg(concat_ws(' ', g, r, roc_send(r), auc(r), gini(r), ks(r), ks_at(r), auc_ci(r), lift(r, 0.1), capture(r, 0.3), auc_bootstrap(r, 20), (SELECT string_agg(c::text, ' ') FROM curve(r, 30) c), m, p), ' ' ORDER BY g)) FROM f},
	rolled_ranks => q{WITH f AS MATERIALIZED (SELECT roc_agg(weight, kind = 'sale') AS r FROM event GROUP BY farmer_id) SELECT md5(concat_ws(' ', rollup(r), auc_ci(rollup(r), 0.9))) FROM f});
# Calibration and distributions of numbers as ranks; names and confusions as summaries.
my %checks = (
	calibrations => q{WITH f AS MATERIALIZED (SELECT farmer_id % 40 AS g, calibration_agg((weight - floor(weight)) * 0.9 + 0.05, kind = 'sale', abs(event_id) % 4) AS c, distribution_agg(weight) AS d FROM event GROUP BY 1)
		SELECT md5(string_agg(concat_ws(' ', g, c, calibration_send(c), brier(c), log_loss(c), spiegelhalter_z(c), hosmer_lemeshow(c, 7, true), recalibration(c), (SELECT string_agg(e::text, ' ') FROM expected_vs_observed(c, 5) e),
			d, distribution_send(d), psi((SELECT rollup(d) FROM f), d), (SELECT string_agg(b::text, ' ') FROM psi_bins(d, (SELECT rollup(d) FROM f)) b)), ' ' ORDER BY g)) FROM f},
	rolled_calibrations => q{WITH f AS MATERIALIZED (SELECT calibration_agg((weight - floor(weight)) * 0.9 + 0.05, kind = 'sale') AS c, distribution_agg(weight) AS d FROM event GROUP BY farmer_id)
		SELECT md5(concat_ws(' ', rollup(c), recalibration(rollup(c)), rollup(d))) FROM f});
my %agreements = (
	agreements => q{WITH f AS MATERIALIZED (SELECT farmer_id, confusion_agg(kind, CASE WHEN weight > 1000 THEN 'sale' ELSE kind END, kind, abs(event_id) % 4) AS c, distribution_agg(kind) AS d FROM event GROUP BY farmer_id)
		SELECT md5(string_agg(concat_ws(' ', farmer_id, c, confusion_send(c), accuracy(c), kappa(c), (SELECT string_agg(a::text, ' ') FROM class_accuracy(c) a), d, distribution_send(d), psi(d, (SELECT rollup(d) FROM f))), ' ' ORDER BY farmer_id)) FROM f},
	all_agreements => q{WITH f AS MATERIALIZED (SELECT confusion_agg(kind, CASE WHEN weight > 1000 THEN 'sale' ELSE kind END, kind) AS c, distribution_agg(kind) AS d FROM event),
		h AS (SELECT jsonb_object_agg(stratum, 1000 + n / 7.0::float8) AS areas FROM f, matrix(c) WHERE truth = stratum AND predicted = stratum)
		SELECT md5(concat_ws(' ', c, d, (SELECT string_agg(a::text, ' ') FROM h, area_adjusted(c, areas) a), area_adjusted_accuracy(c, areas))) FROM f, h});
my %all = (%whole, %by, %scores, %many, %stored, %bins, %ranks, %checks, %agreements, %inexact);

my @serial = ('max_parallel_workers_per_gather = 0', 'jit = off');
my @parallel = (
	'max_parallel_workers_per_gather = 8', 'parallel_leader_participation = off', 'parallel_setup_cost = 0', 'parallel_tuple_cost = 0',
	'min_parallel_table_scan_size = 0', 'jit = off');
my @cramped = (
	'max_parallel_workers_per_gather = 0', "work_mem = '64kB'", 'hash_mem_multiplier = 1', 'enable_sort = off', 'jit = on', 'jit_above_cost = 0', 'jit_inline_above_cost = 0', 'jit_optimize_above_cost = 0');

# Runs statements in one session, with settings, and returns their results.
sub ask
{
	my ($on, $schema, $settings, @statements) = @_;
	my ($printed, $complaints);
	$on->psql('county', join('', map { "SET $_;\n" } "search_path = $schema, agririsk, public", @$settings) . join('', map { "$_;\n\\echo ===\n" } @statements),
		stdout => \$printed, stderr => \$complaints, on_error_stop => 1);
	my @results = split /===\n?/, "$printed\n";
	pop @results while @results && $results[-1] !~ /\S/;
	is(scalar @results, scalar @statements, "every statement has a result in $schema") or diag($complaints);
	s/\s+\z// for @results;
	return wantarray ? (\@results, $complaints) : \@results;
}

sub digests
{
	my ($on, $schema, $settings, %queries) = @_;
	my @names = sort keys %queries;
	my $results = ask($on, $schema, $settings, map { $queries{$_} } @names);
	my %digest;
	@digest{@names} = @$results;
	return \%digest;
}

sub plans
{
	my ($schema, $settings, $options, %queries) = @_;
	return digests($node, $schema, $settings, map { $_ => "EXPLAIN ($options) $queries{$_}" } keys %queries);
}

my $expected = digests($node, 'straight', \@serial, %all);
is((join ', ', grep { ($expected->{$_} // '') !~ /^[0-9a-f]{32}$/ } sort keys %all), '', 'every digest is one');
is((ask($node, 'straight', \@serial, 'SELECT count(DISTINCT tested_pd(a)) > 20 AND count(*) = count(tested_pd(a)) AND count(DISTINCT tested_pd(a)) > (SELECT count(DISTINCT pd(card, a)) FROM card, applicant a) FROM applicant a'))->[0],
	't', 'the digests are of many different scores, and segments matter');

sub same
{
	my ($digests, $title) = @_;
	my %those;
	@those{ keys %$digests } = @$expected{ keys %$digests };
	is_deeply($digests, \%those, $title);
}

# ---------- workers ----------

$node->safe_psql('county', join '', map { "ALTER TABLE $_ SET (parallel_workers = 8);" } 'straight.event', 'straight.piece', 'few.event');
$node->safe_psql('county', 'ALTER MATERIALIZED VIEW straight.applicant SET (parallel_workers = 8)');
my $plans = plans('straight', \@parallel, 'VERBOSE, COSTS off', %whole, %scores);
is((join ', ', grep { $plans->{$_} !~ /Workers Planned: 8/ } sort keys %$plans), '', 'eight workers are planned');
is((join ', ', grep { $plans->{$_} !~ /Partial (?:Hash|Group)?Aggregate/ } sort keys %whole), '', 'they aggregate');
for my $name (sort keys %scores)
{
	my ($scan) = $plans->{$name} =~ /Workers Planned: 8\n\s+->  (.*?)(?:\n\s*->  CTE|\z)/s;
	like($scan // '', qr/(?:\bpd\('|_deployed_pd\(.*_deployed_score\(|Function Call: (?:agririsk\.)?explain\()/s, "they score: $name");
}
like($_, qr/HashAggregate.*->  Gather\b.*Workers Planned: 8.*Parallel Seq Scan on straight\.event/s, 'they read what is ranked') for values %{ plans('straight', \@parallel, 'VERBOSE, COSTS off', %ranks, %checks) };
like($_, qr/Partial (?:Hash|Group)?Aggregate/, 'workers count what agrees') for values %{ plans('straight', \@parallel, 'VERBOSE, COSTS off', %agreements) };
same(digests($node, 'straight', \@parallel, %whole, %by, %scores, %bins, %ranks, %checks, %agreements), 'parallel plans give the bits of serial ones');
is((ask($node, 'straight', \@parallel, "SELECT count(*) FROM cashflow_by('SELECT few.process(), on_date, amount FROM event') WHERE key = pg_backend_pid()"))->[0],
	0, 'the query inside cashflow_by runs in workers');

my %few = (%whole, %by, %ranks, %checks, %agreements);
my $idle = plans('few', \@parallel, 'ANALYZE, VERBOSE, COSTS off, TIMING off', everybody => $whole{everybody}, farmers => $whole{farmers});
like($idle->{everybody}, qr/Workers Launched: 8/, 'more workers than pages');
like($idle->{$_}, qr/Parallel Seq Scan on few\.event.*Worker \d:  actual rows=0(?:\.00)? loops=1/s, "some see no rows: $_") for sort keys %$idle;
is_deeply(digests($node, 'few', \@parallel, %few), digests($node, 'few', \@serial, %few), 'workers that see no rows change nothing');

# ---------- order, pieces, memory ----------

my $shuffled = digests($node, 'shuffled', \@serial, %whole, %by, %scores, %bins, %ranks, %checks, %agreements, %inexact);
isnt(delete $shuffled->{inexact}, $expected->{inexact}, 'the order of rows shows in inexact sums');
same($shuffled, 'rows in another order give the same bits');
same(digests($node, 'straight', \@serial, summaries('pieces')), 'pieces by month and by hash roll up to the same bits');
same(digests($node, 'straight', \@parallel, summaries('pieces')), 'so they do in parallel');
same(digests($node, 'shuffled', \@serial, summaries('pieces')), 'and in another order');

my $spilled = plans('straight', \@cramped, 'ANALYZE, TIMING off', farmers => $whole{farmers}, by_record => $scores{by_record});
like($spilled->{farmers}, qr/HashAggregate.*Disk Usage: [1-9]/s, 'small memory makes the aggregate spill');
my $compiled = ask($node, 'straight', \@cramped, 'SELECT pg_jit_available()')->[0] eq 't' ? qr/^JIT:.*Inlining true/ms : qr/^Execution/m;
like($spilled->{$_}, $compiled, "expressions are compiled where the server can: $_") for sort keys %$spilled;
my (undef, $files) = ask($node, 'straight', [ @cramped, 'log_temp_files = 0', 'client_min_messages = log' ],
	"SELECT count(*) FROM cashflow_by('SELECT 1, on_date, amount FROM event')");
like($files, qr/temporary file: /, 'so does cashflow_by');
same(digests($node, 'straight', \@cramped, %whole, %by, %scores, %bins, %ranks, %checks, %agreements, %stored), 'spilled and compiled, the same bits');
same(digests($node, 'straight', \@cramped, summaries('pieces')), 'and of pieces');

# ---------- another CPU, after dump and restore ----------

my $masked = PostgreSQL::Test::Cluster->new('masked');
$masked->init;
{
	local $ENV{GLIBC_TUNABLES} = 'glibc.cpu.hwcaps=-AVX512F,-AVX2,-FMA,-FMA4';
	$masked->start;
}
my $dump = PostgreSQL::Test::Utils::tempdir . '/county';
$node->command_ok([ 'pg_dump', '-Fc', '-f', $dump, '-d', $node->connstr('county') ], 'the county is dumped');
$masked->safe_psql('postgres', 'CREATE DATABASE county');
$masked->command_ok([ 'pg_restore', '--exit-on-error', '-d', $masked->connstr('county'), $dump ], 'and restored in another cluster');

# glibc's exp is another one with FMA.
my $libm = 'SELECT md5(string_agg(exp(i / 7919.0::float8)::text, \' \' ORDER BY i)) FROM generate_series(1, 20000) i';
my $has_fma = -r '/proc/cpuinfo' && slurp_file('/proc/cpuinfo') =~ /^flags.* fma\b/m;
my $libm_differs = $node->safe_psql('county', $libm) ne $masked->safe_psql('county', $libm);
ok($libm_differs || !$has_fma, 'that one has another CPU: its C library gives other bits');

same(digests($masked, 'straight', \@serial, %whole, %by, %scores, %many, %bins, %ranks, %checks, %agreements, %stored), 'it gives the same bits');
same(digests($masked, 'straight', \@serial, summaries('pieces')), 'and of restored pieces');
is((ask($masked, 'straight', \@serial, "SELECT count(*) FROM redeploy('straight.tested')"))->[0], 5, 'what was deployed there is deployed anew');
same(digests($masked, 'straight', \@serial, %scores), 'and gives the same bits again');
$masked->safe_psql('county', 'REFRESH MATERIALIZED VIEW CONCURRENTLY straight.applicant');
same(digests($masked, 'straight', \@serial, %scores, %stored), 'after a refresh, too');

sub dumped
{
	my ($on) = @_;
	my ($printed, $complaints) = run_command([ 'pg_dump', '-d', $on->connstr('county') ]);
	# COPY fills pages as it sees fit, so rows may come in another order.
	return join "\n", sort grep { !/^\\(?:un)?restrict / } split /\n/, $printed;
}
my ($first, $second) = map { dumped($_) } $node, $masked;
cmp_ok(length $first, '>', 100000, 'a dump holds the county');
ok($first eq $second, 'what was restored is dumped as it was');

$node->stop;
$masked->stop;
done_testing();
