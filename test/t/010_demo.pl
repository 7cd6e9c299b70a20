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

# Runs a script as bin/demo does, -o naming the file for its results; returns
# its status and what it printed.
sub play
{
	my ($database, $script, %variables) = @_;
	my ($printed, $complaints);
	my @to = exists $variables{-o} ? ('-o', delete $variables{-o}) : ();
	my $status = IPC::Run::run(
		[
			'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr($database),
			@to, (map { ('-v', "$_=$variables{$_}") } sort keys %variables), '-f', $script
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
my @told = $walk =~ /^ +\d+ \| (20\.\d) \| +([1-4]) \| [\w' ]+ \| +\S+ *\| +(\d+) *$/gm;
is((join ' ', @told[ 1, 4, 7, 10 ]), '1 2 3 4', 'a declined farmer hears four reasons');
is_deeply([ @told[ 2, 5, 8, 11 ] ], [ sort { $b <=> $a } @told[ 2, 5, 8, 11 ] ], 'what cost most points first');
my %lift = $walk =~ /^ (the [\w' ]+?) +\|.*\| +(\d+) *$/gm;
is_deeply([ sort keys %lift ], [ 'the fitted card', q(the officer's card), 'the true probability' ], 'three ratings of the last season');
is($lift{'the true probability'}, 100, 'of which nothing beats the truth');
cmp_ok($lift{'the fitted card'}, '>=', 90, 'the fitted card knows most of what can be known of a season it has not seen');
cmp_ok($lift{'the fitted card'}, '>', $lift{q(the officer's card)}, 'and more than the officer');

# Counties, pooled: who has the loans speaks for itself, and who has none is the card itself.
my @county = map { [ split / *\| */ ] } $walk =~ /^ ((?:[A-Z]|a new )\w+ +\| +[\d-]+ \| +[\d-]+ \| +[\d-]+ \|.*?) *$/gm;
is(scalar @county, 13, 'twelve counties and a new one');
is_deeply([ sort { $b <=> $a } map { $_->[3] } @county[ 0 .. 4 ] ], [ map { $_->[3] } @county[ 0 .. 4 ] ], 'of the larger ones, the larger speaks more for itself');
cmp_ok($county[0][3], '>', 80, 'the largest mostly does');
cmp_ok($_->[3], '<', 30, "$_->[0] leans on the others") for @county[ 5 .. 11 ];
is_deeply([ map { $_->[0] } grep { ($_->[4] <=> 0) != ($_->[8] <=> $county[12][8]) } @county[ 0 .. 11 ] ], [], 'one farmer is riskier than in a new county where the effect is above 0');
is((join '|', @{ $county[12] }[ 0 .. 7 ]), 'a new county|-|-|-|-|-|-|-', 'nothing was learnt of a new one');
my %loss = map { $_->[0] => $_->[3] - $_->[4] } map { [ split / *\| */ ] } $walk =~ /^ ((?:one for all|own cards|pooled|seasons apart) +\| +\d+ \|.*)$/gm;
is(scalar keys %loss, 4, 'four ways to score the last season');
is((join '|', $walk =~ /^ pooled +\| +\d+ \| +(\d+) \|.*\| +([\d.]+) *$/m), $node->safe_psql('county', <<'SQL'), 'on all of its applications');
SELECT count(*), round(avg(-ln(CASE WHEN would_be_bad THEN true_pd ELSE 1 - true_pd END))::numeric, 4)
FROM demo.truth JOIN demo.application USING (application_id) WHERE season = 2024
SQL
cmp_ok($loss{'own cards'}, '>', 5 * abs $loss{$_}, "cards of their own lose, $_ hardly anything to one for all") for 'pooled', 'seasons apart';

# The bank's definition of bad, from its books alone, is the county's own.
is($node->safe_psql('county', <<'SQL'), '', 'every loan is judged as the county judges it');
SELECT application_id, bad, too_young, outcome
FROM demo.judged FULL JOIN demo.outcome USING (application_id)
WHERE bad IS DISTINCT FROM CASE outcome WHEN 'bad' THEN true WHEN 'good' THEN false END
	OR too_young IS DISTINCT FROM (outcome = 'not matured')
SQL
my ($loans, $bads, $left) = $walk =~ /^ +(\d+) \| +(\d+) \| \{"outcome": (\d+)\} \|/m;
is("$loans|$bads|$left", $node->safe_psql('county', <<'SQL'), 'the card has learnt from all loans with an outcome, none of the last season');
SELECT count(*) FILTER (WHERE outcome IN ('good', 'bad') AND season < 2024), count(*) FILTER (WHERE outcome = 'bad' AND season < 2024),
	count(*) FILTER (WHERE outcome = 'indeterminate' OR season = 2024)
FROM demo.outcome JOIN demo.application USING (application_id)
SQL
my (%n, %bad);
while ($walk =~ /^ (inflow_cv|held_share) +\| +\d+ \| +\S+ \| +\S+ \| +(\d+) \| +(\d+) \|/gm)
{
	$n{$1} += $2;
	$bad{$1} += $3;
}
is("$n{inflow_cv}|$bad{inflow_cv}|$n{held_share}|$bad{held_share}", $node->safe_psql('county', <<'SQL'), 'bins add up to the loans of those who agreed');
SELECT count(*) FILTER (WHERE payments), count(*) FILTER (WHERE payments AND outcome = 'bad'),
	count(*) FILTER (WHERE land), count(*) FILTER (WHERE land AND outcome = 'bad')
FROM demo.outcome JOIN demo.application USING (application_id)
	JOIN (SELECT farmer_id, bool_or(granted) FILTER (WHERE source = 'payments') AS payments, bool_or(granted) FILTER (WHERE source = 'land') AS land
		FROM demo.consent GROUP BY farmer_id) c USING (farmer_id)
WHERE outcome IN ('good', 'bad')
SQL
is($node->safe_psql('county', "SELECT count(*) FROM demo.portrait WHERE as_of = '2024-06-24' AND demo.rural_pd(portrait) IS NOT NULL"),
	1, 'the refreshed portrait scores the new application');
# Another truth behind the same books teaches the same card, and judges it otherwise.
my $card = $node->safe_psql('county', 'SELECT card FROM demo.fitted');
$node->safe_psql('county', 'UPDATE demo.truth SET would_be_bad = NOT would_be_bad, true_pd = 1 - true_pd');
my ($again, $judged_anew) = play('county', 'demo/walk.sql', cutoff => 0.1);
ok($again, 'the walk can be walked again, with another cut-off');
ok($node->safe_psql('county', 'SELECT card FROM demo.fitted') eq $card, 'the fit does not look at the truth');
like($judged_anew, qr/^ the fitted card .*\| +-\d+ *$/m, 'the judgement does');

# A shifted right reaches into the neighbours; farmers none of whose plots it
# touches are held, disputed and doubly claimed exactly as the truth says.
is($node->safe_psql('county', <<'SQL'), 't|t|t|t|t', 'the walk finds the land as the truth says it is');
WITH plot AS (
	SELECT farmer_id, ST_Area(geom) AS area, coalesce(held_share, 1) AS held, coalesce(disputed_share, 0) AS disputed, double_claim_share AS doubled,
		EXISTS (SELECT FROM demo.land_right r JOIN demo.plot_truth s ON s.plot_id = r.right_id / 4
			WHERE s.label = 'shifted' AND r.geom && p.geom AND ST_Area(ST_Intersection(r.geom, p.geom)) > 0) AS touched
	FROM demo.plot p JOIN demo.plot_truth USING (plot_id)),
farmer AS (
	SELECT farmer_id, sum(area * held) / sum(area) AS held, sum(area * disputed) / sum(area) AS disputed, sum(area * doubled) / sum(area) AS doubled,
		bool_or(touched) AS touched
	FROM plot GROUP BY farmer_id),
off AS (
	SELECT touched, abs(f.held - l.held_share) AS held, abs(f.disputed - l.disputed_share) AS disputed, abs(f.doubled - l.double_claim_share) AS doubled
	FROM demo.land_portrait l JOIN demo.application USING (application_id) JOIN farmer f USING (farmer_id))
SELECT count(*) FILTER (WHERE NOT touched) > 1000,
	max(held) FILTER (WHERE NOT touched) < 1e-9, max(disputed) FILTER (WHERE NOT touched) < 1e-9,
	max(doubled) < 1e-9, max(greatest(held, disputed)) < 0.13
FROM off
SQL

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

# The map of the worst county, as a page.
my $page = PostgreSQL::Test::Utils::tempdir . '/land.html';
play('county', 'demo/map.sql', -o => $page);
my $html = slurp_file($page);
cmp_ok(length $html, '<', 5_000_000, 'the page is under 5 MB');
{
	local $ENV{PGOPTIONS} = '-c enable_hashjoin=off -c enable_hashagg=off -c enable_indexscan=off -c work_mem=64kB';
	play('county', 'demo/map.sql', -o => "$page.again");
	ok(slurp_file("$page.again") eq $html, 'other plans write the same page');
}
is($node->safe_psql('county', "SELECT xml_is_well_formed_document(pg_read_file('$page'))"), 't', 'it is well-formed');
is((join ' ', grep { $_ ne 'http://www.w3.org/2000/svg' } $html =~ m{(\w+://[^"'\s]*)}g), '', 'it refers to nothing on a network');
unlike($html, qr/<script|<link|<img|\bsrc=|\@import|url\((?!#)/, 'nor to other files');
my (%ids, %drawn);
$ids{$_}++ for $html =~ /\bid="(\w+)"/g;
is((join ' ', grep { $ids{$_} > 1 } sort keys %ids), '', 'ids are unique');
is((join ' ', grep { !$ids{$_} } $html =~ /(?:href="|url\()#(\w+)/g), '', 'links within it lead somewhere');

# What land_evidence says, with the rules of the map written anew.
my $worst = $node->safe_psql('county', <<'SQL');
CREATE TABLE judged AS
SELECT e.*, p.county_id, plot_area * greatest(least(disputed_share + unregistered_share, 1), double_claim_share) AS doubt
FROM agririsk.land_evidence('SELECT plot_id, household_id, geom, declared_area FROM demo.plot',
	'SELECT right_id, unit_id, party_id, geom, rrr_type, share_num, share_den, valid_from, valid_to, registered_area FROM demo.land_right', '2024-06-30') e
JOIN demo.plot p USING (plot_id);
SELECT county_id FROM judged GROUP BY county_id HAVING count(*) >= 100 ORDER BY sum(doubt) / sum(plot_area) DESC LIMIT 1
SQL
my $name = $node->safe_psql('county', "SELECT name FROM demo.county WHERE county_id = '$worst'");
like($html, qr/<h1>Whose land is it\? $name county<\/h1>/, 'it shows the worst county of 100 plots or more');
my @judged = map { [ split /\|/ ] } split /\n/,
  $node->safe_psql('county', 'SELECT plot_id, farmer_id, plot_area, 100 * held_share, 100 * disputed_share, 100 * unregistered_share, 100 * double_claim_share,'
	  . " array_to_string(double_claim_plots, ', '), array_to_string(flags, ', '), doubt"
	  . " FROM judged WHERE county_id = '$worst' ORDER BY doubt DESC, plot_id");
while ($html =~ m{<path id="p(\d+)" class="(\w\d)h(\d)" d="([^"]*)"><title>([^<]*)</title></path>}g)
{
	$drawn{$1} = { ground => $2, hatch => $3, d => $4, title => $5 };
}
is(scalar(() = $html =~ /<path id=/g), scalar @judged, 'each plot is one shape');
my (%wrong, %legend);
for (@judged)
{
	my ($id, $household, $area, $held, $disputed, $unregistered, $doubled, $with, $flags) = @$_;
	my $shape = $drawn{$id} // { ground => '', hatch => '', d => '', title => '' };
	my ($of, $size, $h, $d, $u, $c) =
	  $shape->{title} =~ /^Plot $id of household (\d+)&#10;([\d,]+) m&#178;: held ([\d.]+) %, disputed ([\d.]+) %, unregistered ([\d.]+) %, doubly claimed ([\d.]+) %/;
	$size =~ s/,//g if defined $size;
	$wrong{title} .= " $id"
	  unless defined $c && $of == $household && abs($size - $area) <= 0.5001 && 4 == grep { abs($_) <= 0.05001 } $h - $held, $d - $disputed, $u - $unregistered, $c - $doubled;
	$wrong{with} .= " $id" if $with ne ($shape->{title} =~ /\(with plot ([\d, ]+)\)/ ? $1 : '');
	$wrong{flags} .= " $id" if $flags ne '' && $shape->{title} !~ /&#10;\Q$flags\E$/;
	my $ground = $disputed < 10 && $unregistered < 10 ? 'a0' : $disputed >= $unregistered ? 'd' . ($disputed > 50 ? 2 : 1) : 'u' . ($unregistered > 50 ? 2 : 1);
	my $hatch = $doubled > 50 ? 2 : $doubled >= 10 ? 1 : 0;
	$wrong{look} .= " $id" unless $shape->{ground} eq $ground && $shape->{hatch} eq $hatch;
	$legend{"${ground}h0"}++;
	$legend{"a0h$hatch"}++ if $hatch;

	# Drawn to scale: the shoelace formula over steps of 0.1 m, each corner of
	# which may be off by 0.05 m, on some 200 m of boundary.
	my ($x, $y, $twice) = (0, 0, 0);
	my @steps = $shape->{d} =~ /-?\d+/g;
	splice @steps, 0, 2;
	while (my ($dx, $dy) = splice @steps, 0, 2)
	{
		$twice += $x * ($y + $dy) - ($x + $dx) * $y;
		($x, $y) = ($x + $dx, $y + $dy);
	}
	$wrong{size} .= " $id" unless abs(abs($twice) / 200 - $area) < 12;
}
is_deeply(\%wrong, {}, 'with the figures, the look and the size that land_evidence gives it');
my %counted = $html =~ /<rect class="(\w+)"[^\n]*<\/td><td class="l">[^<]*<\/td><td>(\d+)<\/td>/g;
is_deeply({ map { $_ => $counted{$_} } grep { $counted{$_} } keys %counted }, \%legend, 'the legend counts them');
my $rows = join "\n", map {
	my @row = @$_;
	sprintf '%s|%s|%.0f|%.0f|%.1f|%.1f|%.1f|%.1f|%s|%s', @row[ 0 .. 2 ], $row[9], @row[ 3 .. 8 ]
} @judged[ 0 .. 19 ];
my @shown = $html =~ /^<tr id="w\d+"><td>\d+<\/td>(.*)<\/tr>$/gm;
s/,(?=\d{3}<)//, s/,(?=\d{3}<)//, s/<\/td><td[^>]*>/|/g, s/<[^>]*>//g for @shown;
is(scalar @shown, 20, 'the table has twenty rows');
is((join "\n", @shown), $rows, 'of the plots with most ground in doubt, and what land_evidence says of them');

# Whatever a county is called, and however small it is.
$node->safe_psql('straight', q{UPDATE demo.county SET name = '<i>&"Ko' || county_id});
play('straight', 'demo/map.sql', -o => $page, min_plots => 1, max_plots => 20, as_of => '2019-01-01');
$html = slurp_file($page);
like($html, qr/Whose land is it\? &lt;i&gt;&amp;&quot;Ko/, 'names are escaped');
like($html, qr/as it stood on <b[^>]*>2019-01-01</, 'the day may be chosen');
is($node->safe_psql('straight', "SELECT xml_is_well_formed_document(pg_read_file('$page'))"), 't', 'the page of a county of a few plots is well-formed');
$node->command_checks_all([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-v', 'max_plots=0', '-d', $node->connstr('straight'), '-o', $page, '-f', 'demo/map.sql' ],
	3, [qr/^$/], [qr/no county of which to draw a map.*max_plots/s], 'without a county there is no page');

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
