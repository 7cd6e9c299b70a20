# The demo county: the same whatever order its people come in, and the walks
# over it and over real files run to their end.
use strict;
use warnings;

use File::Copy qw(copy);
use File::Path qw(make_path);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('demo');
$node->init;
$node->start;

sub county
{
	my ($name) = @_;
	$node->safe_psql('postgres', "CREATE DATABASE $name");
	$node->safe_psql($name, 'CREATE EXTENSION agririsk CASCADE');
}

# Runs a script as bin/demo does; returns its status and what it printed.
sub play
{
	my ($database, $script, %variables) = @_;
	my ($printed, $complaints);
	my $status = IPC::Run::run(
		[
			'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr($database),
			(map { ('-v', "$_=$variables{$_}") } sort keys %variables), '-f', $script
		],
		'>', \$printed, '2>', \$complaints);
	$complaints =~ s/^psql:.*?: NOTICE:.*\n//gm;
	is($complaints, '', "$script has nothing to complain of");
	return ($status, $printed);
}

sub digests
{
	my ($database) = @_;
	my @tables = split /\n/,
	  $node->safe_psql($database, "SELECT relname FROM pg_class WHERE relnamespace = 'demo'::regnamespace AND relkind = 'r' ORDER BY 1");
	return {
		map {
			$_ => $node->safe_psql($database, "SELECT count(*), md5(string_agg(md5(x::text), '' ORDER BY md5(x::text))) FROM demo.$_ x")
		} @tables
	};
}

# The same farmers, met in another order, and in parallel.
county($_) for qw(straight shuffled parallel);
play('straight', 'demo/generate.sql', seed => 4, size => 300);
my $copy = PostgreSQL::Test::Utils::tempdir;
make_path("$copy/county");
my $shuffled = 0;
for my $file (glob 'demo/generate.sql demo/county/*.sql')
{
	my $sql = slurp_file($file);
	$shuffled += $sql =~ s/generate_series\((1, :size|0, 3|0, 59|0, 2|0, 22)\) (\w+)/(select * from generate_series($1) s order by md5(s::text)) $2($2)/g;
	(my $to = $file) =~ s/^demo/$copy/;
	append_to_file($to, $sql);
}
cmp_ok($shuffled, '>=', 5, 'the sources of rows are shuffled');
play('shuffled', "$copy/generate.sql", seed => 4, size => 300);
$node->safe_psql('postgres', "ALTER DATABASE parallel SET $_")
  for 'parallel_setup_cost = 0', 'parallel_tuple_cost = 0', 'min_parallel_table_scan_size = 0',
  'enable_mergejoin = off';
play('parallel', 'demo/generate.sql', seed => 4, size => 300);
my $straight = digests('straight');
is_deeply(digests('shuffled'), $straight, 'rows met in another order make the same tables');
is_deeply(digests('parallel'), $straight, 'so do parallel plans');

# The walk, as bin/demo prints it.
county('county');
play('county', 'demo/generate.sql', seed => 1, size => 3000);
my ($walked, $walk) = play('county', 'demo/walk.sql');
ok($walked, 'the walk runs to its end');
is((join ', ', grep { length > 100 } split /\n/, $walk), '', 'it fits a terminal');
my $statements = () = $walk =~ /;$/gm;
my $times = () = $walk =~ /^Time: /gm;
cmp_ok($statements, '>=', $times, 'statements are shown');
cmp_ok($times, '>', 10, 'and their times');
my @riskiest = $walk =~ /^ +\d+ \| \w+ +\| +(?:\d+) \| +(\d+\.\d) \| [\w' ]+; [\w' ]+; [\w' ]+$/gm;
is(scalar @riskiest, 20, 'twenty applications, each with three reasons');
is_deeply(\@riskiest, [ sort { $b <=> $a } @riskiest ], 'the riskiest first');
my ($recovered) = $walk =~ /recovered %.*\n-+.*\n.*\| +(\d+) *\n/;
cmp_ok($recovered, '>=', 50, 'the card knows at least half of what can be known');
is($node->safe_psql('county', "SELECT count(*) FROM demo.portrait WHERE as_of = '2024-06-24' AND demo.rural_pd(portrait) IS NOT NULL"),
	1, 'the refreshed portrait scores the new application');
cmp_ok(
	$node->safe_psql('county', 'SELECT max(abs(a - b)) FROM (SELECT l.held_share AS a, t.held AS b FROM demo.land_portrait l JOIN demo.application USING (application_id)'
		  . ' JOIN (SELECT farmer_id, sum(ST_Area(geom) * coalesce(held_share, 1)) / sum(ST_Area(geom)) AS held FROM demo.plot JOIN demo.plot_truth USING (plot_id) GROUP BY farmer_id) t USING (farmer_id)) x'),
	'<', 0.15, 'the walk finds held what the truth says is held');

# What the bank learnt later, and what is no income, changes no portrait.
my $first_portraits = "SELECT md5(string_agg(p::text, ' ' ORDER BY application_id)) FROM demo.portrait p"
  . ' WHERE NOT EXISTS (SELECT FROM demo.application e WHERE e.farmer_id = p.farmer_id AND e.as_of < p.as_of)';
my $before = $node->safe_psql('county', $first_portraits);
$node->safe_psql('county', <<'SQL');
DELETE FROM demo.event e WHERE kind IN ('refund', 'own_transfer')
	OR recorded_on >= (SELECT min(as_of) FROM demo.application a WHERE a.farmer_id = e.farmer_id);
SET search_path = demo, agririsk, public;
REFRESH MATERIALIZED VIEW demo.portrait
SQL
is($node->safe_psql('county', $first_portraits), $before, 'portraits know what was known, and count what is income');

my ($again) = play('county', 'demo/walk.sql', cutoff => 0.1);
ok($again, 'the walk can be walked again, with another cut-off');

# Real files.
county('files');
my $empty = PostgreSQL::Test::Utils::tempdir;
my ($without, $left_out) = play('files', 'demo/data.sql', data => $empty);
ok($without, 'a folder without files is no failure');
is(scalar(() = $left_out =~ /left out/g), 2, 'but says what is left out');

SKIP:
{
	skip 'AGRIRISK_SHARED names no folder of real data', 10 unless $ENV{AGRIRISK_SHARED};
	my $files = "$ENV{AGRIRISK_SHARED}/data";
	my ($read, $report) = play('files', 'demo/data.sql', data => $files);
	ok($read, 'real files are read to the end');
	is((join ', ', grep { length > 100 } split /\n/, $report), '', 'the report fits a terminal');
	like($report, qr/^ +1000 \| +754 \|/m, '754 of 1,000 contracts are too young to judge');
	is(scalar(() = $report =~ /^ +[1-5] \| +18\d \|/gm), 5, 'five fifths by score');
	is($node->safe_psql('files', q{SELECT string_agg(b.feature, ' ' ORDER BY b.feature) FROM (SELECT DISTINCT feature FROM agririsk.bins(data.inputs_card()::agririsk.scorecard)) b}),
		'deposit_share month product value', 'the card knows only what is known at signing');
	is($node->safe_psql('files', 'SELECT count(*), bool_and(ST_SRID(geom) = 3035), bool_and(ST_Area(geom) > 0) FROM data.parcel'), '193|t|t', '193 parcels, measured');
	is($node->safe_psql('files', 'SELECT count(*) FROM data.parcel WHERE abs(declared_ha * 10000 / ST_Area(geom) - 1) > 0.1'), 0, 'as large as declared');

	# An odd name of a folder is a name, not a command.
	my $odd = "$empty/it's \$(odd)";
	make_path("$odd/land");
	copy("$files/land/fr_lpis_193.geojson", "$odd/land/fr_lpis_193.geojson");
	my (undef, $odd_report) = play('files', 'demo/data.sql', data => $odd);
	like($odd_report, qr/ 193 \|/, 'a folder may have any name');
}

done_testing();
