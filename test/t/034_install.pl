# Who may install, and where; what a deployment says of rights and settings.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('install');
$node->init;
$node->start;

sub complaint
{
	my ($database, $sql) = @_;
	return ($node->psql($database, "\\set VERBOSITY verbose\n$sql"))[2];
}

$node->safe_psql('postgres', 'CREATE DATABASE first; CREATE DATABASE taken; CREATE DATABASE bank; CREATE ROLE stranger; CREATE ROLE clerk LOGIN');
like(complaint('first', 'SET search_path = agririsk, public; CREATE SCHEMA agririsk; CREATE EXTENSION agririsk CASCADE'),
	qr/ERROR:  55000: PostGIS would lie in the schema agririsk\nDETAIL:.*\nHINT:  SET search_path = public, agririsk/, 'PostGIS does not come to lie in the schema of the extension');
is($node->safe_psql('first', "SELECT count(*) FROM pg_extension WHERE extname IN ('postgis', 'agririsk')"), '0', 'and nothing was installed');
$node->safe_psql('first', 'SET search_path = public, agririsk; CREATE EXTENSION agririsk CASCADE');
pass('in the other order it goes');
$node->safe_psql('taken', 'CREATE SCHEMA agririsk AUTHORIZATION stranger');
like(complaint('taken', 'CREATE EXTENSION agririsk CASCADE'), qr/ERROR:  42501: the schema agririsk belongs to somebody else/, 'nor the extension in the schema of somebody else');

$node->safe_psql('bank', 'CREATE EXTENSION agririsk CASCADE');
is($node->safe_psql('bank', 'SELECT library = sql FROM agririsk.agririsk_version()'), 't', 'library and SQL are of one version');
$node->safe_psql('bank', "UPDATE pg_extension SET extversion = '0.0.9' WHERE extname = 'agririsk'");
like(complaint('bank', 'SELECT * FROM agririsk.agririsk_version()'), qr/ERROR:  55000: the library and the SQL of agririsk differ in version\nDETAIL:  The library is [0-9.]+, the SQL is 0\.0\.9\.\nHINT:  ALTER EXTENSION agririsk UPDATE/, 'and where they are not it is said');

my $card = q('{"format": 1, "name": "c", "intercept": -2, "features": [{"name": "x", "type": "number", "reason": "secret of the card", "bins": [{"woe": 0.3}]}]}');
$node->safe_psql('bank', 'CREATE SCHEMA desk; CREATE TABLE desk.portrait AS SELECT 1::float8 AS x, 2::float8 AS y; GRANT USAGE ON SCHEMA desk TO clerk; GRANT SELECT ON desk.portrait TO clerk');
like(complaint('bank', "SET ROLE clerk; SELECT agririsk.deploy($card, 'desk.portrait', 'first')"),
	qr/ERROR:  42501: permission denied to deploy into schema desk\nDETAIL:.*\nHINT:  Have the owner of the schema GRANT USAGE, CREATE ON SCHEMA desk TO clerk\./, 'rights are asked for first, with the GRANT');
$node->safe_psql('bank', 'CREATE FUNCTION desk.first_card() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$; COMMENT ON FUNCTION desk.first_card() IS \'A scorecard deployed by agririsk: {"schema": "desk", "relation": "portrait"}\'');
my $said = complaint('bank', "SELECT agririsk.deploy($card, 'desk.portrait', 'first')");
like($said, qr/ERROR:  42P13: cannot change return type of existing function\nDETAIL:  The function to be written is desk\.first_card\(\)\.\nHINT:  Use DROP FUNCTION/, 'what PostgreSQL refuses is said, with its way out');
unlike($said =~ s/^LINE 1:.*//mr, qr/secret of the card/, 'without printing the card');
$node->safe_psql('bank', 'DROP FUNCTION desk.first_card()');
is($node->safe_psql('bank', "SET quote_all_identifiers = on; SELECT count(*) FROM agririsk.deploy($card, 'desk.portrait', 'first'); SELECT round(desk.first_pd(p)::numeric, 4), round(desk.first_pd(x => 1)::numeric, 4) FROM desk.portrait p"), "5\n0.1545|0.1545", 'a card is deployed and scores where all identifiers are quoted');
is($node->safe_psql('bank', "SELECT desk.first_pd() IS NULL"), 't', 'an applicant of whom nothing is known has no score');
like(complaint('bank', "SET application_name = 'citus_internal gpid=1'; SELECT agririsk.deploy($card, 'desk.portrait', 'first')"), qr/ERROR:  0A000: deploy cannot run on a worker of a sharded server/, 'nor is a card deployed on a worker');
like(complaint('bank', "SET application_name = 'citus_internal gpid=1'; SELECT agririsk.redeploy('first')"), qr/ERROR:  0A000: redeploy cannot run on a worker of a sharded server/, 'or again');

$node->stop;
done_testing();
