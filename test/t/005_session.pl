# A session goes on while cards are replaced, tables altered and the extension
# itself dropped: it gives the new answer or a stated error, never a stale one.
use strict;
use warnings;

use PostgreSQL::Test::BackgroundPsql;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('session');
$node->init;
$node->start;
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION agririsk CASCADE;
ALTER DATABASE postgres SET search_path = desk, agririsk, public;
CREATE SCHEMA desk;
CREATE TABLE desk.farmer (id int, a float8, b float8);
INSERT INTO desk.farmer VALUES (1, -1, 1), (2, 1, -1);
SQL

# At even odds 600 points, and 20 / ln 2 = 28.85 less for each unit of WOE, so
# that log-odds of 0, 1, 2, 3 score 600, 571, 542, 513.
sub card
{
	my ($feature, $below, $above) = @_;
	return qq[{"format": 1, "name": "c", "intercept": 0, "scale": {"base_score": 600, "base_odds": 1, "pdo": 20},]
	  . qq[ "features": [{"name": "$feature", "type": "number", "bins": [{"high": 0, "woe": $below}, {"woe": $above}]}]}];
}

# ---------- prepared statements follow a replaced card ----------

my $session = $node->background_psql('postgres', on_error_stop => 0);

# What the session answers; what it complains of is in $complaint.
my $complaint;
sub says
{
	my ($sql) = @_;
	$session->{stderr} = '';
	my $answer = $session->query($sql);
	$complaint = $session->{stderr};
	$session->{stderr} = '';
	return $answer;
}

sub deploy
{
	my ($card) = @_;
	$node->safe_psql('postgres', "SELECT deploy('$card', 'desk.farmer', 'c')");
}
deploy(card('a', 0, 1));
my $of_rows = "string_agg(round(c_score(f))::text, ' ' ORDER BY id) FROM farmer f";
my $of_columns = "string_agg(round(c_score(a))::text, ' ' ORDER BY id) FROM farmer";
$session->query_safe(<<"SQL");
PREPARE of_rows AS SELECT $of_rows;
PREPARE of_columns AS SELECT $of_columns;
PREPARE of_one (int) AS SELECT round(c_score(f)) FROM farmer f WHERE id = \$1;
PREPARE reasons AS SELECT string_agg(points::text, ' ' ORDER BY id) FROM farmer f, LATERAL (SELECT round(600 + points) AS points FROM explain(c_card(), f)) e;
SQL
my @prepared = ('EXECUTE of_rows', 'EXECUTE of_columns', 'EXECUTE of_one (2)', 'EXECUTE reasons');
sub answers { return join ', ', map { says($_) } @prepared; }

# Six times, so that a generic plan is chosen as well.
is(answers(), '600 571, 600 571, 571, 600 571', "prepared statements score: $_") for 1 .. 6;
deploy(card('a', 2, 3));
is(answers(), '542 513, 542 513, 513, 542 513', 'another session deploys another card: they follow');
$node->safe_psql('postgres', 'CREATE OR REPLACE FUNCTION desk.c_card() RETURNS scorecard LANGUAGE sql IMMUTABLE AS $$ SELECT $c$' . card('a', 1, 2) . '$c$::agririsk.scorecard $$');
is(answers(), '571 542, 571 542, 542, 571 542', 'and one that is replaced by hand');

# In a transaction that sees its snapshot, too: cards are code, not rows.
$session->query_safe('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1');
deploy(card('a', 0, 3));
like(answers(), qr/^(?:600 513, 600 513, 513, 600 513|571 542, 571 542, 542, 571 542)$/, 'a long transaction has one of the cards, the same in all');
$session->query_safe('COMMIT');
is(answers(), '600 513, 600 513, 513, 600 513', 'and after it the new one');

# A card of another column: the row form follows, the column form too, since
# its one argument has the type of the other.
deploy(card('b', 0, 1));
is(says('EXECUTE of_rows'), '571 600', 'a card of another column: the row form follows');

$node->safe_psql('postgres', 'DROP FUNCTION desk.c_card() CASCADE');
is(says('EXECUTE of_rows'), '', 'what is no longer deployed does not score');
deploy(card('a', 0, 1));
is(answers(), '600 571, 600 571, 571, 600 571', 'until it is deployed again');

# ---------- prepared record scoring follows an altered table ----------

my $plain = card('a', 0, 1);
$session->query_safe(<<"SQL");
\\set VERBOSITY verbose
PREPARE by_record AS SELECT string_agg(points('$plain', f)::text, ' ' ORDER BY id) FROM farmer f;
PREPARE by_set AS SELECT string_agg(points('$plain', f)::text, ' ' ORDER BY id) FROM (SELECT * FROM farmer OFFSET 0) f;
CREATE FUNCTION in_a_procedure() RETURNS text LANGUAGE plpgsql AS \$\$
DECLARE
	r record;
	said text := '';
BEGIN
	FOR r IN EXECUTE 'SELECT * FROM farmer ORDER BY id' LOOP
		said := concat_ws(' ', nullif(said, ''), agririsk.points('$plain', r));
	END LOOP;
	RETURN said;
END \$\$;
SQL
my @by_record = ('EXECUTE by_record', 'EXECUTE by_set', 'SELECT in_a_procedure()');
sub records_say
{
	my ($expected, $title) = @_;
	is((join ', ', map { says($_) } @by_record), (join ', ', ($expected) x 3), $title);
}

sub records_refuse
{
	my ($sqlstate, $title) = @_;
	for my $query (@by_record)
	{
		is(says($query), '', "$title: $query");
		like($complaint, qr/ERROR:  $sqlstate: .*\n(?:.*\n)?DETAIL:  .*\nHINT:  /, 'and says why');
	}
}

$node->safe_psql('postgres', 'DROP FUNCTION desk.c_card() CASCADE');

# One call, which sees rows of one shape after another.
$session->query_safe(<<"SQL");
CREATE FUNCTION of_many_shapes() RETURNS text LANGUAGE plpgsql AS \$\$
DECLARE
	query text;
	r record;
	said text := '';
BEGIN
	FOREACH query IN ARRAY '{"SELECT id, a FROM", "SELECT a, id FROM", "SELECT b, -a AS a, a::text AS c FROM", "SELECT id, b, a::numeric FROM"}'::text[] LOOP
		FOR r IN EXECUTE query || ' farmer ORDER BY id' LOOP
			said := concat_ws(' ', nullif(said, ''), agririsk.points('$plain', r));
		END LOOP;
	END LOOP;
	RETURN said;
END \$\$;
CREATE FUNCTION of_a_changing_table() RETURNS text LANGUAGE plpgsql AS \$\$
DECLARE
	r farmer;
	said text := '';
BEGIN
	FOR i IN 0 .. 3 LOOP
		SELECT * INTO r FROM farmer WHERE id = 1 + i % 2;
		said := concat_ws(' ', nullif(said, ''), agririsk.points('$plain', r));
		IF i % 2 = 1 THEN
			ALTER TABLE farmer RENAME a TO c;
			ALTER TABLE farmer RENAME b TO a;
			ALTER TABLE farmer RENAME c TO b;
		END IF;
	END LOOP;
	RETURN said;
END \$\$;
SQL
is(says('SELECT of_many_shapes()'), '600 571 600 571 571 600 600 571', 'rows of other shapes at the same call');
is(says('SELECT of_a_changing_table()'), '600 571 571 600', 'rows of a table that changes in between');

sub altered { $node->safe_psql('postgres', $_[0]) }

records_say('600 571', "records: $_") for 1 .. 6;
altered('ALTER TABLE desk.farmer ADD COLUMN x text DEFAULT \'x\'');
records_say('600 571', 'a column more');
altered('ALTER TABLE desk.farmer RENAME a TO c; ALTER TABLE desk.farmer RENAME b TO a; ALTER TABLE desk.farmer RENAME c TO b');
records_say('571 600', 'two columns swap their names');
altered('ALTER TABLE desk.farmer ALTER a TYPE numeric');
records_say('571 600', 'numeric now');
altered('ALTER TABLE desk.farmer ALTER a TYPE int USING -a');
records_say('600 571', 'integer now');
altered('ALTER TABLE desk.farmer DROP COLUMN id; ALTER TABLE desk.farmer ADD COLUMN id int; UPDATE desk.farmer SET id = CASE WHEN a < 0 THEN 2 ELSE 1 END');
records_say('571 600', 'an earlier column dropped and added again');
altered('ALTER TABLE desk.farmer ALTER a TYPE text');
records_refuse('42804', 'a column that is text now');
altered('ALTER TABLE desk.farmer DROP COLUMN a');
records_refuse('42703', 'a column that is gone');
altered('ALTER TABLE desk.farmer ADD COLUMN a smallint; UPDATE desk.farmer SET a = CASE id WHEN 1 THEN -1 ELSE 1 END');
records_say('600 571', 'a column that is back, elsewhere');

# Deployed, a change of type is refused by what depends on it, or followed.
deploy(card('a', 0, 1));
is(says('EXECUTE of_rows'), '600 571', 'deployed on the altered table');
altered('ALTER TABLE desk.farmer DROP COLUMN x; ALTER TABLE desk.farmer ADD COLUMN first int; UPDATE desk.farmer SET first = 9');
is(says('EXECUTE of_rows'), '600 571', 'and columns beside it come and go');
my (undef, undef, $refused) = $node->psql('postgres', 'ALTER TABLE desk.farmer DROP COLUMN a');
like($refused, qr/cannot drop column a of table farmer because other objects depend on it/, 'what is scored cannot go');

# ---------- the extension dropped and made again ----------

$session->query_safe('CREATE TABLE summary AS SELECT cashflow_agg(\'2024-01-31\', 5) AS cf, concentration_agg(\'rice\', 2) AS c');
$session->query_safe('PREPARE summaries AS SELECT cashflow_agg(\'2024-01-31\', 5)::text, (SELECT cf::text FROM cashflow_by(\'SELECT 1, date \'\'2024-01-31\'\', 5.0\')), keys(concentration_agg(\'rice\', 2))');
is(says('EXECUTE summaries'), '2024-01 +5/1 31+|2024-01 +5/1 31+|1', 'summaries');
says('SET client_min_messages = warning; DROP EXTENSION agririsk CASCADE');
is($node->safe_psql('postgres', "SELECT string_agg(attname, ' ') FROM pg_attribute WHERE attrelid = 'desk.summary'::regclass AND attnum > 0 AND NOT attisdropped"), '',
	'dropped, its columns go');
is($node->safe_psql('postgres', "SELECT string_agg(proname, ' ') FROM pg_proc WHERE pronamespace = 'desk'::regnamespace AND proname LIKE 'c\\_%'"), '', 'and what was deployed');
for my $query ('EXECUTE of_rows', 'EXECUTE by_record', 'EXECUTE summaries')
{
	is(says($query), '', "without it, no answer: $query");
	like($complaint, qr/ERROR:  (?:42883|42704|3F000): /, 'but an error');
}
$session->query_safe('CREATE EXTENSION agririsk');
is(says('EXECUTE summaries'), '2024-01 +5/1 31+|2024-01 +5/1 31+|1', 'made again in the same session, prepared statements find it');
is(says('EXECUTE by_record'), '600 571', 'records');
deploy(card('a', 2, 3));
is(says('EXECUTE of_rows'), '542 513', 'and what is deployed now');
is(says('SELECT in_a_procedure()'), '600 571', 'and procedures');
is(says('SHOW agririsk.progress'), $node->safe_psql('postgres', "LOAD 'agririsk'; SHOW agririsk.progress"), 'its setting is there');
$session->quit;

$node->stop;
done_testing();
