# The registry in a cluster: sessions that promote at the same time, dump and
# restore, and what a role needs.
use strict;
use warnings;

use PostgreSQL::Test::BackgroundPsql;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('registry');
$node->init;
$node->start;
$node->safe_psql('postgres', <<'SQL');
CREATE ROLE analyst LOGIN;
CREATE ROLE officer LOGIN;
CREATE ROLE passer LOGIN;
CREATE ROLE trainee LOGIN;
ALTER ROLE analyst SET search_path = '';
ALTER ROLE officer SET search_path = '';
ALTER ROLE passer SET search_path = '';
CREATE DATABASE bank;
SQL
$node->safe_psql('bank', 'CREATE EXTENSION agririsk CASCADE');
$node->safe_psql('bank', 'SELECT agririsk.create_registry(); GRANT USAGE ON SCHEMA registry TO analyst, officer, passer, trainee');

sub card
{
	my ($intercept) = @_;
	return qq('{"format": 1, "name": "c", "intercept": $intercept, "features": [{"name": "x", "type": "number", "bins": [{"woe": 0.30000000000000004}]}]}');
}

sub gets
{
	my ($sql, $expected, $title, $database) = @_;
	is($node->safe_psql($database // 'bank', $sql), $expected, $title);
}

my $statuses = "SELECT string_agg(version || ' ' || status, ', ' ORDER BY version) FROM registry.model WHERE name = 'rice'";
gets("SELECT registry.register_model('rice', " . card($_) . ", 1000, 90, '2022-01-01', '2023-12-31')", -$_, "version @{[-$_]} is registered") for -1, -2, -3;

# ---------- two at a time ----------

sub session
{
	return $node->background_psql('bank', on_error_stop => 0);
}

# Begins a query that waits, and returns once it does.
sub begin_waiting
{
	my ($session, $sql) = @_;
	my $pid = $session->query_safe('SELECT pg_backend_pid()');
	$session->query_until(qr/begun/, "\\echo begun\n$sql;\n");
	$node->poll_query_until('bank', "SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = $pid") or die 'does not wait';
}

# What it said in the end, after the mark that began it.
sub answer
{
	my ($session) = @_;
	$session->{stderr} = '';
	my $answer = $session->query('SELECT 0') . $session->{stderr};
	$session->{stderr} = '';
	return $answer =~ s/^begun\n//r =~ s/\n?0$//r;
}

my ($one, $other) = (session(), session());
$one->query_safe('BEGIN');
is($one->query_safe(q{SELECT registry.promote_model('rice', 1)}), '', 'one session promotes a first champion');
begin_waiting($other, q{SELECT registry.promote_model('rice', 2)});
pass('another waits');
gets("SELECT registry.promote_model('wheat', registry.register_model('wheat', " . card(-9) . '))', '', 'and one of another name does not');
$one->query_safe('COMMIT');
is(answer($other), '1', 'then it retires the champion that the first one made');
gets($statuses, '1 retired, 2 champion, 3 draft', 'so there is one');

$one->query_safe('BEGIN');
$one->query_safe(q{SELECT registry.promote_model('rice', 3)});
begin_waiting($other, q{SELECT registry.promote_model('rice', 1)});
$one->query_safe('ROLLBACK');
is(answer($other), '2', 'a promotion that is taken back is as if it never was');
gets($statuses, '1 champion, 2 retired, 3 draft', 'so there is one');

$other->query_safe('BEGIN ISOLATION LEVEL REPEATABLE READ');
$other->query_safe('SELECT count(*) FROM registry.model');
gets(q{SELECT registry.promote_model('rice', 2)}, '1', 'a promotion after the snapshot of another');
$other->query(q{SELECT registry.promote_model('rice', 3)});
like($other->{stderr}, qr/could not serialize access/, 'is not overwritten from that snapshot');
$other->{stderr} = '';
$other->query_safe('ROLLBACK');
gets($statuses, '1 retired, 2 champion, 3 draft', 'so there is one');

# A row lock may be had without promote_model, and two champions by hand may not.
$one->query_safe("BEGIN; UPDATE registry.model SET status = 'retired' WHERE name = 'rice' AND version = 2; UPDATE registry.model SET status = 'champion' WHERE name = 'rice' AND version = 1");
begin_waiting($other, q{SELECT registry.promote_model('rice', 3)});
$one->query_safe('COMMIT');
is(answer($other), '1', 'changes by hand are waited for as well');
gets($statuses, '1 retired, 2 retired, 3 champion', 'so there is one');

$one->query_safe('BEGIN');
is($one->query_safe("SELECT registry.register_model('rice', " . card(-4) . ')'), '4', 'one session registers');
begin_waiting($other, "SELECT registry.register_model('rice', " . card(-5) . ')');
$one->query_safe('COMMIT');
is(answer($other), '5', 'another gets the next version');
$other->query_safe('BEGIN ISOLATION LEVEL REPEATABLE READ');
$other->query_safe('SELECT count(*) FROM registry.model');
gets("SELECT registry.register_model('rice', " . card(-6) . ')', '6', 'a registration after the snapshot of another');
$other->query("\\set VERBOSITY verbose\nSELECT registry.register_model('rice', " . card(-7) . ')');
like($other->{stderr}, qr/ERROR:  40001: could not register a model because of another registration at the same time\nDETAIL:  Version 6 of "rice" is taken\.\nHINT:  Try the transaction again\./, 'is an error there, and no endless loop');
$other->{stderr} = '';
$other->query_safe('ROLLBACK');
# Deployments under one name wait for each other too.
$node->safe_psql('bank', 'CREATE TABLE portrait AS SELECT 1::float8 AS x');
$one->query_safe('BEGIN');
$one->query_safe("SELECT agririsk.deploy(" . card(-1) . ", 'portrait', 'rice')");
begin_waiting($other, "SELECT count(*) FROM agririsk.deploy(" . card(-2) . ", 'portrait', 'rice')");
$one->query_safe('COMMIT');
is(answer($other), '5', 'a second deployment waits for the first');
gets('SELECT rice_card() OPERATOR(agririsk.=) ' . card(-2), 't', 'and then replaces it');
$one->query_safe("BEGIN; SELECT agririsk.redeploy('rice')");
begin_waiting($other, "SELECT count(*) FROM agririsk.redeploy('rice')");
$one->query_safe('COMMIT');
is(answer($other), '5', 'so does a redeployment');
# What is written again is the card that is there then, whatever either session has set.
$one->query_safe("SET quote_all_identifiers = on; SET client_min_messages = warning; BEGIN; SELECT agririsk.deploy(" . card(-3) . ", 'portrait', 'rice')");
begin_waiting($other, "SELECT count(*) FROM agririsk.redeploy('rice')");
$one->query_safe('COMMIT');
is(answer($other), '5', 'a redeployment waits for a deployment');
gets('SELECT rice_card() OPERATOR(agririsk.=) ' . card(-3), 't', 'and does not undo it');
$one->query_safe("BEGIN; DROP FUNCTION public.rice_card() CASCADE; SELECT agririsk.deploy(" . card(-4) . ", 'portrait', 'rice')");
begin_waiting($other, "SELECT count(*) FROM agririsk.redeploy('rice')");
$one->query_safe('COMMIT');
unlike(answer($other), qr/^5$/m, 'what was dropped meanwhile is not written again');
gets('SELECT rice_card() OPERATOR(agririsk.=) ' . card(-4), 't', 'and what took its place stays');
$_->quit for $one, $other;

# ---------- rights ----------

sub as_role
{
	my ($role, $sql) = @_;
	my ($status, $printed, $complaints) =
	  $node->psql('bank', "\\set VERBOSITY verbose\n$sql", extra_params => [ '-U', $role ], on_error_stop => 1);
	return $complaints . $printed;
}

sub refused
{
	my ($role, $sql, $pattern, $title) = @_;
	like(as_role($role, $sql), $pattern, $title);
}
refused('passer', "SELECT registry.register_model('mine', " . card(0) . ')',
	qr/ERROR:  42501: permission denied to register models\nDETAIL:  The role is passer\.\nHINT:  Have the owner of the table GRANT SELECT, INSERT ON registry\.model TO passer\./, 'a role without rights does not register');
refused('passer', q{SELECT registry.promote_model('rice', 1)},
	qr/ERROR:  42501: permission denied to promote models\nDETAIL:  The role is passer\.\nHINT:  Have the owner of the registry GRANT SELECT, UPDATE \(status\) ON registry\.model TO passer and GRANT SELECT, INSERT ON registry\.promotion TO passer\./, 'nor promotes');
refused('passer', q{SELECT registry.champion('rice')}, qr/ERROR:  42501: permission denied for table model/, 'nor reads the champion');
$node->safe_psql('bank', 'GRANT SELECT, INSERT ON registry.model TO analyst; GRANT SELECT, UPDATE (status) ON registry.model TO officer; GRANT SELECT, INSERT ON registry.promotion TO officer; GRANT SELECT ON registry.model TO passer');
# Each gets just what the hint asks for.
is(as_role('analyst', "SELECT registry.register_model('rice', " . card(-7) . ')'), '7', 'an analyst registers');
refused('analyst', q{SELECT registry.promote_model('rice', 7)}, qr/ERROR:  42501: permission denied to promote models/, 'and does not promote');
is(as_role('officer', q{SELECT registry.promote_model('rice', 7)}), '3', 'an officer promotes');
refused('officer', "SELECT registry.register_model('rice', " . card(0) . ')', qr/ERROR:  42501: permission denied to register models/, 'and does not register');
refused('officer', 'UPDATE registry.model SET n_rows = 1', qr/ERROR:  42501: permission denied for table model/, 'nor rewrites');
is(as_role('passer', q{SELECT registry.champion('rice') OPERATOR(agririsk.=) } . card(-7) . q{, count(agririsk.pd((SELECT registry.champion('rice')), t)) FROM (SELECT 1 AS x) t}), 't|1', 'a reader scores with the champion, without a search_path');
gets($statuses, '1 retired, 2 retired, 3 retired, 4 draft, 5 draft, 6 draft, 7 champion', 'nobody did more');
# Without INSERT of the status, a row cannot come as the champion.
$node->safe_psql('bank', 'GRANT SELECT, INSERT (name, version, body, n_rows, bads, start_on, end_on, checksum) ON registry.model TO trainee');
is(as_role('trainee', "SELECT registry.register_model('tea', " . card(-1) . ')'), '1', 'who may fill in the other columns registers');
refused('trainee', "INSERT INTO registry.model (name, version, body, status, checksum) SELECT name, 2, body, 'champion', checksum FROM registry.model WHERE name = 'tea'",
	qr/ERROR:  42501: permission denied for table model/, 'and enters no champion');
# A trigger of the officer's own gets nothing into the history either.
like(as_role('officer', <<'SQL'), qr/ERROR:  55000: the history of promotions is not written by hand\nDETAIL:  The command is INSERT\./, "an officer writes no history, by another table's trigger neither");
CREATE TEMP TABLE own (status text);
CREATE FUNCTION pg_temp.forge() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO registry.promotion (name, version, status, promoted_by, promoted_at) SELECT 'rice', 7, NEW.status, session_user, CURRENT_TIMESTAMP;
  RETURN NULL;
END $$;
CREATE TRIGGER forge AFTER INSERT ON own FOR EACH ROW EXECUTE FUNCTION pg_temp.forge();
INSERT INTO own VALUES ('champion');
SQL
refused('officer', "INSERT INTO registry.promotion (name, version, status, promoted_by, promoted_at) VALUES ('rice', $$_[0], '$$_[1]', $$_[2], $$_[3])", qr/ERROR:  55000: the history of promotions is not written by hand/, $$_[4])
  for [ 7, 'retired', 'session_user', 'now()', 'nor what is not so' ], [ 4, 'draft', 'session_user', 'now()', 'nor a draft' ];
# Somebody's operators and functions in the way are not called.
is(as_role('officer', <<'SQL'), "7", 'nor are traps in the search_path stepped into');
CREATE TEMP TABLE model (name text);
CREATE FUNCTION pg_temp.format(text, VARIADIC text[]) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE 'trapped'; END $$;
SET search_path = pg_temp, pg_catalog;
SELECT registry.promote_model('rice', 7);
SQL

# ---------- dump and restore ----------

my $folder = PostgreSQL::Test::Utils::tempdir;
my $rows = "SELECT string_agg(m::text, E'\\n' ORDER BY name, version) FROM registry.model m";
my $before = $node->safe_psql('bank', $rows);
my $rights = q{SELECT relacl::text || (SELECT attacl::text FROM pg_attribute WHERE attrelid = c.oid AND attname = 'status') FROM pg_class c WHERE oid = 'registry.model'::regclass};
my $granted = $node->safe_psql('bank', $rights);
$node->command_ok([ 'pg_dump', '-f', "$folder/plain.sql", '-d', $node->connstr('bank') ], 'dumped as SQL');
$node->command_ok([ 'pg_dump', '-Fc', '-f', "$folder/custom", '-d', $node->connstr('bank') ], 'dumped as an archive');
$node->safe_psql('postgres', 'CREATE DATABASE by_sql; CREATE DATABASE by_archive; CREATE DATABASE damaged');
$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('by_sql'), '-f', "$folder/plain.sql" ], 'restored from SQL');
$node->command_ok([ 'pg_restore', '-e', '-d', $node->connstr('by_archive'), "$folder/custom" ], 'restored from the archive');
for my $database (qw(by_sql by_archive))
{
	gets($rows, $before, "$database: every row, to the last digit", $database);
	gets($rights, $granted, 'and what was granted', $database);
	gets(q{SELECT registry.champion('rice') OPERATOR(agririsk.=) } . card(-7), 't', 'and the champion', $database);
	gets("SELECT registry.register_model('rice', " . card(0) . q{), registry.promote_model('rice', 8)}, '8|7', 'and the registry goes on', $database);
	like(($node->psql($database, 'DELETE FROM registry.model'))[2], qr/models are not deleted from the registry/, 'by the same rules');
}

# Whoever owns the database and is no superuser takes the registry along in a dump.
$node->safe_psql('postgres', 'CREATE ROLE keeper LOGIN; CREATE DATABASE kept OWNER keeper');
$node->safe_psql('kept', 'CREATE EXTENSION agririsk CASCADE');
my $as_keeper = $node->connstr('kept') . ' user=keeper';
$node->command_ok([ 'psql', '-X', '-q', '-d', $as_keeper, '-c', "SELECT agririsk.create_registry(); SELECT registry.register_model('rice', " . card(-1) . "), registry.promote_model('rice', 1)" ], 'an owner of a database lays out a registry');
$node->command_ok([ 'pg_dump', '-f', "$folder/kept.sql", '-d', $as_keeper ], 'and dumps it');
$node->safe_psql('postgres', 'CREATE DATABASE again OWNER keeper');
$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('again'), '-f', "$folder/kept.sql" ], 'which is restored');
gets('SELECT registry.champion(\'rice\') OPERATOR(agririsk.=) ' . card(-1) . ', (SELECT count(*) FROM registry.promotion)', 't|1', 'with its champion and its history', 'again');

# Another superuser than the one who installed it restores a dump.
$node->safe_psql('postgres', 'CREATE ROLE installer SUPERUSER LOGIN; CREATE DATABASE installed; CREATE DATABASE moved');
$node->command_ok([ 'psql', '-X', '-q', '-d', $node->connstr('installed') . ' user=installer', '-c', 'CREATE EXTENSION agririsk CASCADE' ], 'one superuser installs');
$node->command_ok([ 'pg_dump', '-f', "$folder/installed.sql", '-d', $node->connstr('installed') ], 'another dumps');
$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('moved'), '-f', "$folder/installed.sql" ], 'and restores');

# From one encoding into another and back: checksums are of UTF-8.
my %letters = (LATIN1 => [ 0xe9, 0xfc, 0xff ], EUC_CN => [ 0x519c, 0x7c73, 0x9ea6 ]);
for my $encoding (sort keys %letters)
{
	my ($source, $there, $back) = map { lc "${encoding}_$_" } qw(from there back);
	$node->safe_psql('postgres', "CREATE DATABASE $_->[0] ENCODING '$_->[1]' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'") for [ $source, 'UTF8' ], [ $there, $encoding ], [ $back, 'UTF8' ];
	my ($one, $two, $three) = map { sprintf '\u%04x', $_ } @{ $letters{$encoding} };
	my $json = qq('{"format": 1, "name": "$one", "intercept": -1, "features": [{"name": "a$two", "type": "category", "reason": "$three", "bins": [{"categories": ["$two", "z$one"], "woe": 0.5}, {"categories": ["$three", "$one", "z"], "woe": 1}]}]}');
	my $name = sprintf "U&'\\%04x'", $letters{$encoding}[0];
	$node->safe_psql($source, "CREATE EXTENSION agririsk CASCADE; SELECT agririsk.create_registry(); SELECT registry.register_model($name, $json), registry.promote_model($name, 1)");
	my $sums = 'SELECT string_agg(checksum, $$ $$) FROM registry.model';
	my $sum = $node->safe_psql($source, $sums);
	for my $step ([ $source, $there ], [ $there, $back ])
	{
		my ($from, $to) = @$step;
		$node->command_ok([ 'pg_dump', '-f', "$folder/$from.sql", '-d', $node->connstr($from) ], "$from is dumped");
		$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr($to), '-f', "$folder/$from.sql" ], "and restored as $to");
		gets($sums, $sum, 'the checksum is the same', $to);
		gets("SELECT registry.champion($name) OPERATOR(agririsk.=) $json", 't', 'and the champion', $to);
	}
}

# Rows alone go into a registry that is there, with its triggers off.
$node->safe_psql('postgres', 'CREATE DATABASE rows');
$node->safe_psql('rows', 'CREATE EXTENSION agririsk CASCADE; SELECT agririsk.create_registry()');
my @restore = ('pg_restore', '-e', '-1', '--data-only', '--schema', 'registry', '-d', $node->connstr('rows'));
$node->command_fails_like([ @restore, "$folder/custom" ], qr/the history of promotions is not written by hand.*--disable-triggers/s, 'rows alone do not go into a registry');
$node->command_ok([ @restore, '--disable-triggers', "$folder/custom" ], 'but do with its triggers off');
gets($rows, $before, 'every row, to the last digit', 'rows');
gets(q{SELECT count(*) > 5, (SELECT string_agg(tgenabled::text, '') FROM pg_trigger WHERE tgname ~ 'guard') FROM registry.promotion}, 't|OOOO', 'with the history, and the triggers are on again', 'rows');
gets("SELECT registry.register_model('rice', " . card(0) . q{), registry.promote_model('rice', 8)}, '8|7', 'and the registry goes on', 'rows');

# A card that changed on the way does not have its checksum.
my $dump = slurp_file("$folder/plain.sql");
$dump =~ s/0\.30000000000000004/0.3/g;
append_to_file("$folder/damaged.sql", $dump);
my ($out, $err) = ('', '');
IPC::Run::run([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('damaged'), '-f', "$folder/damaged.sql" ], '>', \$out, '2>', \$err);
like($err, qr/violates check constraint "model_checksum_check"/, 'a dump whose card was changed is refused');

$node->stop;
done_testing();
