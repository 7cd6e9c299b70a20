# Every shipped object declares what it is and says what it does.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

# What the catalogs cannot tell from a default, the install scripts must say.
my @undeclared;
for my $file (glob 'sql/install/*.sql sql/template/*.sql')
{
	my $sql = slurp_file($file);
	$sql =~ s/--[^\n]*//g;
	while ($sql =~ /CREATE\s+(?:FUNCTION|PROCEDURE)\s+(.*?);\s*$/gsm)
	{
		my $statement = $1;
		my ($name) = $statement =~ /^(\S+?)\s*\(/;
		push @undeclared, "$file: $name: volatility" unless $statement =~ /\b(IMMUTABLE|STABLE|VOLATILE)\b/;
		push @undeclared, "$file: $name: strictness"
		  unless $statement =~ /\b(STRICT|CALLED\s+ON\s+NULL\s+INPUT|RETURNS\s+NULL\s+ON\s+NULL\s+INPUT)\b/;
		push @undeclared, "$file: $name: parallel" unless $statement =~ /\bPARALLEL\s+(SAFE|RESTRICTED|UNSAFE)\b/;
	}
	while ($sql =~ /CREATE\s+AGGREGATE\s+(\S+?)\s*\((.*?);\s*$/gsm)
	{
		my ($name, $body) = ($1, $2);
		push @undeclared, "$file: aggregate $name: parallel" unless $body =~ /\bPARALLEL\s*=/;
		push @undeclared, "$file: aggregate $name: sspace"
		  if $body =~ /STYPE\s*=\s*internal/i && $body !~ /\bSSPACE\s*=/i;
	}
	push @undeclared, "$file: or replace / if not exists"
	  if $sql =~ /^CREATE\s+OR\s+REPLACE|^CREATE.*IF\s+NOT\s+EXISTS/m;
	push @undeclared, "$file: security definer" if $sql =~ /SECURITY\s+DEFINER/i;
}
is_deeply(\@undeclared, [], 'install scripts declare volatility, strictness, PARALLEL and state sizes');

# Scripts are read under the settings of whoever installs, bodies of functions
# under those of who calls: a backslash would mean one thing or the other.
my @backslashes = grep { slurp_file($_) =~ s/^\\echo Use .*//mr =~ /\\/ } glob 'sql/install/*.sql sql/template/*.sql';
is_deeply(\@backslashes, [], 'nothing depends on standard_conforming_strings');

# Which shelves and rooms a file may include: those of its own line, and itself.
my %may = (
	'core/math' => [],
	'core/rows' => [qw(core/math)],
	'core/sql' => [qw(core/math core/rows)],
	'core/geometry' => [qw(core/math core/sql)],
	'model/deploy' => [qw(core)],
	'model/card' => [qw(core model/deploy)],
	'model/binning' => [qw(core model/deploy model/card)],
	'model/fit' => [qw(core model/deploy model/card model/binning)],
	map { $_ => ['core'] } qw(portrait land crop validation decision));
my @astray;
for my $file (glob 'src/*/*.[ch] src/*/*/*.[ch]')
{
	my ($room) = $file =~ m{^src/(.*)/};
	push @astray, "$file is in no room" unless $may{$room};
	my $source = slurp_file($file);
	push @astray, "$file includes postgres.h" if $file =~ m{core/math/|_math\.} && $source =~ /"(postgres|agririsk)\.h"/;
	for my $included ($source =~ m{^#include "((?:core|model|portrait|land|crop|validation|decision)/[^"]*)/}gm)
	{
		push @astray, "$file includes $included"
		  unless grep { "$included/" =~ m{^\Q$_\E/} } $room, @{ $may{$room} // [] };
	}
}
is_deeply(\@astray, [], 'a file includes its own room, and what stands below it');

# A kind of model that is added changes nothing where models are deployed: what
# is there names no kind, by its type, its files or its functions.
my @kinds = map { slurp_file($_) =~ /^const ModelKind (\w+)_kind = \{/gm } glob 'src/*/*/*.c';
is_deeply(\@kinds, ['card'], 'the kinds of models');
is_deeply([ grep { my $source = slurp_file($_); grep { $source =~ /$_/i } @kinds } glob 'src/model/deploy/*.[ch]' ], [], 'are not named where models are deployed');

my ($control) = slurp_file('agririsk.control') =~ /^default_version = '(.*)'/m;
like(slurp_file('src/agririsk.h'), qr/^#define AGRIRISK_VERSION "\Q$control\E"$/m, 'the library has the version of the SQL');

# Memory of the server is aligned to 8 bytes, __int128 by itself to 16.
my @sources = map { glob "src/$_" } qw(*.[ch] */*.[ch] */*/*.[ch]);
cmp_ok(scalar @sources, '>', 100, 'there are sources');
is_deeply([ grep { !m{core/math/wide\.h} && slurp_file($_) =~ /\b__int128\b(?!\))/ } @sources ], [],
	'128-bit integers are those of core/math/wide.h');

# Where the JIT has bitcode of ours, it holds no multiply-add that may be fused.
my ($libdir) = run_command([ 'pg_config', '--pkglibdir' ]);
my @bitcode = map { glob "$libdir/bitcode/agririsk/$_" } qw(src/*.bc src/*/*.bc src/*/*/*.bc);
is_deeply([ grep { slurp_file($_) =~ /llvm\.fmuladd/ } @bitcode ], [], scalar(@bitcode) . ' modules of bitcode leave products alone');

my $node = PostgreSQL::Test::Cluster->new('house');
$node->init;
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION agririsk CASCADE');

is($node->safe_psql('postgres', <<'SQL'), '', 'every object of the extension has a comment');
SELECT pg_describe_object(d.classid, d.objid, d.objsubid)
FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid AND d.refclassid = 'pg_extension'::regclass
WHERE e.extname = 'agririsk' AND d.deptype = 'e'
  AND d.classid IN ('pg_proc'::regclass, 'pg_type'::regclass, 'pg_class'::regclass, 'pg_operator'::regclass, 'pg_namespace'::regclass)
  AND NOT EXISTS (SELECT FROM pg_type t WHERE d.classid = 'pg_type'::regclass AND t.oid = d.objid
                  AND (t.typelem <> 0 OR t.typrelid <> 0))
  AND obj_description(d.objid, d.classid::regclass::name) IS NULL
ORDER BY 1
SQL

is($node->safe_psql('postgres', <<'SQL'), '', 'everything lives in the schema agririsk');
SELECT pg_describe_object(d.classid, d.objid, d.objsubid)
FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid AND d.refclassid = 'pg_extension'::regclass
LEFT JOIN pg_proc p ON d.classid = 'pg_proc'::regclass AND p.oid = d.objid
LEFT JOIN pg_type t ON d.classid = 'pg_type'::regclass AND t.oid = d.objid
WHERE e.extname = 'agririsk' AND d.deptype = 'e'
  AND coalesce(p.pronamespace, t.typnamespace, 'agririsk'::regnamespace) <> 'agririsk'::regnamespace
SQL

is($node->safe_psql('postgres', <<'SQL'), '', 'functions the planner may run in a worker are declared so, others are private or read the catalogs');
SELECT oid::regprocedure
FROM pg_proc
WHERE pronamespace = 'agririsk'::regnamespace AND proparallel = 'u' AND provolatile <> 'v'
SQL

is($node->safe_psql('postgres', <<'SQL'), '', 'every argument of a public function that takes more than one has a name');
SELECT oid::regprocedure
FROM pg_proc p
WHERE pronamespace = 'agririsk'::regnamespace AND proname NOT LIKE '\_%' AND pronargs > 1
  AND proargnames IS NULL AND prokind = 'f'
  AND NOT EXISTS (SELECT FROM pg_operator o WHERE o.oprcode = p.oid)
  AND NOT EXISTS (SELECT FROM pg_amproc a WHERE a.amproc = p.oid)
  AND NOT EXISTS (SELECT FROM pg_aggregate a WHERE p.oid IN (a.aggtransfn, a.aggfinalfn, a.aggcombinefn, a.aggserialfn, a.aggdeserialfn))
  AND NOT EXISTS (SELECT FROM pg_type t WHERE p.oid IN (t.typinput, t.typoutput, t.typreceive, t.typsend))
SQL

# A sharded server hands the bodies of SQL functions to its workers as text, and
# deparses RETURN with a subquery wrongly.
my $returned_subqueries = <<'SQL';
SELECT p.oid::regprocedure
FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
WHERE l.lanname = 'sql' AND p.pronamespace = 'agririsk'::regnamespace
  AND p.prokind = 'f' AND pg_get_functiondef(p.oid) ~* '\yRETURN\y.*\(\s*SELECT'
ORDER BY 1
SQL
is($node->safe_psql('postgres', $returned_subqueries), '', 'no SQL function returns a subquery; BEGIN ATOMIC SELECT does the same');
is($node->safe_psql('postgres', <<"SQL"), "agririsk.one()\nagririsk.two(integer)", 'wherever in the expression it stands');
CREATE FUNCTION agririsk.one() RETURNS integer LANGUAGE sql RETURN (SELECT 1);
CREATE FUNCTION agririsk.two(n integer) RETURNS integer LANGUAGE sql RETURN n + coalesce((SELECT 1), 2);
CREATE FUNCTION agririsk.three() RETURNS integer LANGUAGE sql BEGIN ATOMIC SELECT coalesce((SELECT 1), 2); END;
$returned_subqueries
SQL
$node->safe_psql('postgres', 'DROP FUNCTION agririsk.one(), agririsk.two(integer), agririsk.three()');

# The documents name every public function, so that none is forgotten there.
my $docs = join '', map { slurp_file($_) } 'README.md', glob 'doc/*.md';
my @names = split /\n/, $node->safe_psql('postgres', <<'SQL');
SELECT DISTINCT proname
FROM pg_proc p
WHERE pronamespace = 'agririsk'::regnamespace AND proname NOT LIKE '\_%'
  AND NOT EXISTS (SELECT FROM pg_operator o WHERE o.oprcode = p.oid)
  AND NOT EXISTS (SELECT FROM pg_amproc a WHERE a.amproc = p.oid)
  AND NOT EXISTS (SELECT FROM pg_aggregate a WHERE p.oid IN (a.aggtransfn, a.aggfinalfn, a.aggcombinefn, a.aggserialfn, a.aggdeserialfn))
  AND NOT EXISTS (SELECT FROM pg_type t WHERE p.oid IN (t.typinput, t.typoutput, t.typreceive, t.typsend))
ORDER BY 1
SQL
cmp_ok(scalar @names, '>', 10, 'there are public functions');
is_deeply([ grep { $docs !~ /\b$_\b/ } @names ], [], 'every public function is in the docs');

$node->stop;
done_testing();
