# Every SQL example in the README and the docs runs, and where the page shows
# a result, it is the result.
#
# A page's ```sql blocks run in order in one session, in a database of the
# page's own that holds the demo county. A ```text block right after one is
# what psql prints for it. Public data that a page copies in, or reads with cat, is
# what AGRIRISK_SHARED has in data/credit or data/crop, and the page is skipped where
# it is absent. There its ```sh blocks that call raster2pgsql run as well, before.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('docs');
$node->init;
$node->start;
$node->safe_psql('postgres', 'CREATE DATABASE county');
$node->safe_psql('county', 'CREATE EXTENSION agririsk CASCADE');
$node->command_ok(
	[
		'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-v', 'seed=1', '-v', 'size=3000',
		'-d', $node->connstr('county'), '-f', 'demo/generate.sql'
	],
	'the demo county is generated');

sub normal
{
	my ($text) = @_;
	$text =~ s/[ \t]+$//gm;
	$text =~ s/\n+\z/\n/;
	return $text;
}

my @data = map { "$ENV{AGRIRISK_SHARED}/data/$_" } exists $ENV{AGRIRISK_SHARED} ? qw(credit crop) : ();
my $examples = 0;
for my $page ('README.md', sort glob 'doc/*.md')
{
	my @blocks = slurp_file($page) =~ /^```(sql|text|sh)?\n(.*?)^```$/gsm;
	my (@script, @expected, @loads);

	while (@blocks)
	{
		my ($language, $body) = splice @blocks, 0, 2;
		push @loads, $body if ($language // '') eq 'sh' && $body =~ /^raster2pgsql /;
		next unless defined $language && $language eq 'sql';
		push @script, $body;
		push @expected, @blocks && ($blocks[0] // '') eq 'text' ? $blocks[1] : undef;
	}
	next unless @script;

	my @files = map { /^\\copy \w+(?: \([^)]*\))? FROM '([^']+)'/gm, /^\\set \w+ `cat ([^`]+)`/gm } @script;
	my ($data) = grep { my $folder = $_; !grep { !-e "$folder/$_" } @files } @data;
	if (@files && !defined $data)
	{
	  SKIP:
		{
			skip "$page reads @files, which are not here", 1;
		}
		next;
	}
	$examples += @script;

	(my $database = $page) =~ s/\W/_/g;
	$node->safe_psql('postgres', qq{CREATE DATABASE "$database" TEMPLATE county});

	is(system("cd '$data' && $_"), 0, "$page: what loads rasters runs") for @loads;

	# A marker line between the examples tells their results apart.
	my $file = PostgreSQL::Test::Utils::tempdir() . "/$database.sql";
	append_to_file($file, join '', map { "$script[$_]\n\\echo === example $_ ends\n" } 0 .. $#script);
	my ($out, $err) = ('', '');
	IPC::Run::run([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr($database), '-f', $file ],
		'>', \$out, '2>', \$err, init => sub { chdir $data or die "cannot go to $data" if @files });
	my @results = split /^=== example \d+ ends\n/m, $out, -1;
	is(@results - 1, scalar @script, "$page: every example runs") or diag($err, $script[$#results] // '');
	for my $i (grep { defined $expected[$_] } 0 .. $#script)
	{
		is(normal($results[$i] // ''), normal($expected[$i]), "$page: example " . ($i + 1) . ' gives what the page shows');
	}
}

# What a BI tool reads: numbers, text, dates and booleans, of a stated scale, and geometries; and a comment that names the key.
is( $node->safe_psql('doc_bi_md', q{
	SELECT string_agg(format('%s.%s: %s', relname, attname, format_type(atttypid, atttypmod)), ', ')
	FROM pg_class c JOIN pg_attribute a ON attrelid = c.oid
	WHERE relnamespace = 'bi'::regnamespace AND relkind IN ('v', 'm') AND attnum > 0
	  AND NOT (atttypid = ANY (ARRAY['boolean', 'integer', 'bigint', 'double precision', 'text', 'date', 'public.geometry']::regtype[])
	           OR atttypid = 'numeric'::regtype AND atttypmod >= 0)}),
	'', 'doc/bi.md: columns of views are of plain types');
is( $node->safe_psql('doc_bi_md', q{
	SELECT count(*) || ' views, without a key in their comment: ' || count(*) FILTER (WHERE coalesce(obj_description(oid, 'pg_class'), '') !~ 'Key: ')
	FROM pg_class WHERE relnamespace = 'bi'::regnamespace AND relkind IN ('v', 'm')}),
	'6 views, without a key in their comment: 0', 'doc/bi.md: each view names its key');
cmp_ok($examples, '>', 10, 'the docs hold examples');

$node->stop;
done_testing();
