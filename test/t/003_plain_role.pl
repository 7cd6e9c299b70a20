# A role that may only connect, with a schema of its own, an empty search_path,
# and PostGIS in another schema than public, can use everything.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('plain_role');
$node->init;
$node->start;
$node->safe_psql('postgres', <<'SQL');
CREATE ROLE clerk LOGIN;
CREATE ROLE rival LOGIN;
ALTER ROLE clerk SET search_path = '';
ALTER ROLE rival SET search_path = '';
CREATE DATABASE bank;
REVOKE ALL ON DATABASE bank FROM PUBLIC;
GRANT CONNECT ON DATABASE bank TO clerk, rival;
SQL
$node->safe_psql('bank', <<'SQL');
REVOKE ALL ON SCHEMA public FROM PUBLIC;
CREATE SCHEMA gis;
CREATE EXTENSION postgis SCHEMA gis;
CREATE EXTENSION agririsk;
CREATE SCHEMA desk AUTHORIZATION clerk;
CREATE SCHEMA other AUTHORIZATION rival;
SQL

# Runs statements as a role, one session each time.
sub as_role
{
	my ($role, $sql) = @_;
	my ($status, $printed, $complaints) =
	  $node->psql('bank', "\\set VERBOSITY verbose\nSET client_min_messages = warning;\n$sql", extra_params => [ '-U', $role ], on_error_stop => 1);
	return ($printed, $complaints);
}

sub clerk_gets
{
	my ($sql, $expected, $title) = @_;
	my ($printed, $complaints) = as_role('clerk', $sql);
	is($complaints . $printed, $expected, $title);
}

clerk_gets('SELECT rolsuper OR rolcreatedb OR rolcreaterole, has_database_privilege(current_database(), \'TEMP\'), current_setting(\'search_path\') FROM pg_roles WHERE rolname = current_user',
	'f|f|""', 'the clerk has no rights but to connect, and no search_path');

# ---------- tables, indexes, sets ----------

# The two farmers 1 and 3 have equal events, in another order.
clerk_gets(<<'SQL', '', 'columns of every type');
CREATE TABLE desk.event (farmer bigint, on_date date, amount numeric, buyer text);
INSERT INTO desk.event VALUES
	(1, '2023-01-10', 100, 'mill'), (1, '2023-02-11', 300, 'shop'), (1, '2023-02-12', -50, NULL),
	(2, '2023-03-01', 10, 'mill'), (2, '2023-12-01', 20, 'mill'),
	(3, '2023-02-12', -50, NULL), (3, '2023-02-11', 300, 'shop'), (3, '2023-01-10', 100, 'mill');
CREATE TABLE desk.summary (farmer bigint PRIMARY KEY, cf agririsk.cashflow, buyers agririsk.concentration);
INSERT INTO desk.summary
	SELECT farmer, agririsk.cashflow_agg(on_date, amount), agririsk.concentration_agg(buyer, amount::float8) FILTER (WHERE buyer IS NOT NULL)
	FROM desk.event GROUP BY farmer;
CREATE TABLE desk.card (card agririsk.scorecard, UNIQUE (card));
CREATE INDEX ON desk.summary (cf);
CREATE INDEX ON desk.summary (buyers);
CREATE INDEX ON desk.summary USING hash (cf);
CREATE INDEX ON desk.summary USING hash (buyers);
CREATE INDEX ON desk.card USING hash (card);
SQL
clerk_gets('SELECT count(DISTINCT cf), count(DISTINCT buyers) FROM desk.summary', '2|2', 'DISTINCT');
clerk_gets('SELECT count(*) FROM (SELECT cf, buyers FROM desk.summary UNION SELECT cf, buyers FROM desk.summary) u', '2', 'UNION');
for my $index ('cf', 'buyers')
{
	my $query = "SELECT string_agg(farmer::text, ' ' ORDER BY farmer) FROM desk.summary WHERE $index OPERATOR(agririsk.=) (SELECT $index FROM desk.summary WHERE farmer = 3)";
	for my $method ('hash', 'btree')
	{
		my $drop = join '', map { "DROP INDEX desk.$_;" } split /\n/,
		  $node->safe_psql('bank', "SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am a ON a.oid = c.relam WHERE indrelid = 'desk.summary'::regclass AND NOT indisprimary AND a.amname <> '$method'");
		my $plan = (as_role('clerk', "BEGIN; $drop SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off; EXPLAIN (VERBOSE, COSTS off) $query; ROLLBACK"))[0];
		like($plan, qr/Index Scan using summary_${index}_\S+ on desk.summary.*Index Cond: \(summary\.$index OPERATOR\(agririsk\.=\)/s, "a $method index on $index is used");
		clerk_gets("BEGIN; $drop SET LOCAL enable_seqscan = off; $query; ROLLBACK", '1 3', 'and finds the equal ones');
	}
}

# ---------- portraits ----------

clerk_gets("SELECT s.farmer, p.months_observed, p.inflow_total, p.outflow_total FROM desk.summary s, agririsk.cashflow_features(s.cf, '2024-01-20', months => 12) p WHERE farmer < 3 ORDER BY 1",
	"1|12|400|50\n2|10|30|0", 'portraits');
clerk_gets("SELECT count(*), bool_and(c.cf OPERATOR(agririsk.=) s.cf) FROM agririsk.cashflow_by('SELECT farmer, on_date, amount FROM desk.event') c JOIN desk.summary s ON s.farmer = c.key",
	'3|t', 'cashflow_by');
clerk_gets("SELECT key, agririsk.cashflow_out(cf) FROM agririsk.cashflow_by('SELECT buyer, on_date, amount FROM desk.event WHERE farmer = 1', key_type => null::text) ORDER BY key",
	"mill|2023-01 +100/1 10+\nshop|2023-02 +300/1 11+\n|2023-02 -50/1 12", 'cashflow_by a text');
clerk_gets('SELECT farmer, agririsk.hhi(buyers), agririsk.keys(buyers), agririsk.top_share(buyers), agririsk.effective_number(buyers) FROM desk.summary WHERE farmer < 3 ORDER BY 1',
	"1|0.625|2|0.75|1.6\n2|1|1|1|1", 'concentration');
clerk_gets('SELECT agririsk.rollup(cf), agririsk.rollup(buyers) FROM desk.summary WHERE farmer < 3',
	'2023-01 +100/1 10+; 2023-02 +300/1 -50/1 11+,12; 2023-03 +10/1 1+; 2023-12 +20/1 1+|{"mill": 130, "shop": 300}', 'rollups');

# ---------- ranks ----------

# The mill's are bad, and all below the shop's; of two events the buyer is unknown.
clerk_gets(<<'SQL', '2', 'rocs are stored, indexed, told apart');
CREATE TABLE desk.rank (farmer bigint, r agririsk.roc, UNIQUE (r, farmer));
CREATE INDEX ON desk.rank USING hash (r);
INSERT INTO desk.rank SELECT farmer, agririsk.roc_agg(amount::float8, buyer OPERATOR(pg_catalog.=) 'mill') FROM desk.event GROUP BY farmer;
SELECT count(DISTINCT r) FROM desk.rank;
SQL
clerk_gets('SELECT r, agririsk.auc(r), agririsk.ks(r), (agririsk.auc_ci(r)).high, (agririsk.auc_bootstrap(r, 10)).low, agririsk.lift(r, 0.5), (SELECT count(*) FROM agririsk.curve(r)) FROM (SELECT agririsk.rollup(r) FROM desk.rank) s (r)',
	'excluded 0/2/0; 10 0/1; 20 0/1; 100 0/2; 300 2/0|0|1|0|0|0.5|5', 'and asked');
clerk_gets("SELECT (agririsk.roc_metrics(amount::float8, buyer OPERATOR(pg_catalog.=) 'mill')).auc, (agririsk.roc_pair_agg(amount::float8, (-amount)::float8, buyer OPERATOR(pg_catalog.=) 'mill')).auc_b FROM desk.event",
	'0|1', 'measures without a value');

# ---------- calibration, distribution, confusion ----------

# PDs of 0.1 at the mill, where one of four is bad, and 0.25 at the shop, where all are.
clerk_gets(<<'SQL', '2|2|3', 'calibrations, distributions and confusions are stored, indexed, told apart');
CREATE TABLE desk.checked (farmer bigint, c agririsk.calibration, d agririsk.distribution, m agririsk.confusion, UNIQUE (c, d, m, farmer));
CREATE INDEX ON desk.checked USING hash (c);
CREATE INDEX ON desk.checked USING hash (d);
CREATE INDEX ON desk.checked USING hash (m);
INSERT INTO desk.checked
	SELECT farmer, agririsk.calibration_agg(CASE buyer WHEN 'mill' THEN 0.1 WHEN 'shop' THEN 0.25 END, amount OPERATOR(pg_catalog.>) 99), agririsk.distribution_agg(amount::float8),
		agririsk.confusion_agg(buyer, CASE WHEN farmer OPERATOR(pg_catalog.=) 3 THEN 'shop' ELSE 'mill' END)
	FROM desk.event GROUP BY farmer;
SELECT count(DISTINCT c), count(DISTINCT d), count(DISTINCT m) FROM desk.checked;
SQL
clerk_gets('SELECT c, agririsk.n(c), agririsk.bads(c), (agririsk.excluded(c)).no_pd, round(agririsk.brier(c)::numeric, 12), agririsk.log_loss(c) OPERATOR(pg_catalog.>) 1, (agririsk.hosmer_lemeshow(c)).groups_used, agririsk.calibration_slope(c), (agririsk.recalibration(c)).slope, (SELECT count(*) FROM agririsk.expected_vs_observed(c)) FROM (SELECT agririsk.rollup(c) FROM desk.checked) s (c)',
	'excluded 2/0/0; 0.1 2/2; 0.25 0/2|6|4|2|0.460833333333|t|2|||2', 'calibrations are asked');
clerk_gets('SELECT d, agririsk.n(d), agririsk.psi(d, d), (SELECT count(*) FROM agririsk.psi_bins(d, d)), agririsk.distribution_agg(b) FROM (SELECT agririsk.rollup(d) FROM desk.checked) s (d), (VALUES (\'mill\'), (NULL)) v (b) GROUP BY d',
	'-50 2; 10 1; 20 1; 100 2; 300 2|8|0|10|{"names": {"mill": 1}, "missing": 1}', 'distributions');
clerk_gets('SELECT m, agririsk.accuracy(m), agririsk.kappa(m), agririsk.f1(m, \'mill\'), (SELECT count(*) FROM agririsk.class_accuracy(m)), (SELECT accuracy FROM agririsk.area_adjusted_accuracy(m, \'{"mill": 3, "shop": 1}\')) FROM (SELECT agririsk.rollup(m) FROM desk.checked) s (m)',
	'{"counts": [["mill", "mill", 3], ["shop", "mill", 1], ["mill", "shop", 1], ["shop", "shop", 1]], "excluded": 2}|0.6666666666666666|0.25|0.75|2|0.6875', 'and confusions');

# ---------- bins ----------

clerk_gets(<<'SQL', "1|< 2|100|10\n2|>= 2|100|30\n3|missing|0|0", 'bins');
CREATE TABLE desk.binned AS
	SELECT agririsk.optimal_bins(x, bad, n, agririsk.binning_options(max_bins => 3)) AS b
	FROM (VALUES (1, false, 90), (1, true, 10), (2, false, 70), (2, true, 30)) v (x, bad, n);
CREATE INDEX ON desk.binned (b);
CREATE INDEX ON desk.binned USING hash (b);
SELECT p.bin, p.label, p.n, p.bads FROM desk.binned, agririsk.bins(b) p;
SQL
clerk_gets('SELECT agririsk.woe(b, 1) OPERATOR(pg_catalog.<) agririsk.woe(b, 2), agririsk.bin(b, 5), (SELECT t.bins FROM agririsk.trends(b) t WHERE chosen), agririsk.iv(b) OPERATOR(pg_catalog.>) 0, agririsk.excluded(b) FROM desk.binned',
	't|2|2|t|0', 'and what they say');

# ---------- a materialized view, and a card on it ----------

my $applicant = <<'SQL';
CREATE MATERIALIZED VIEW desk.applicant AS
	SELECT s.farmer, s.cf, s.buyers, agririsk.hhi(s.buyers) AS hhi, p.inflow_total
	FROM desk.summary s, agririsk.cashflow_features(s.cf, '2024-01-20') p;
CREATE UNIQUE INDEX ON desk.applicant (farmer);
SQL
# exp(0) is exact and the scale is 600 at even odds: nothing to round.
my $card = '{"format": 1, "name": "plain", "intercept": 0, "scale": {"base_score": 600, "base_odds": 1, "pdo": 20},
	"features": [{"name": "hhi", "type": "number", "reason": "sells to one buyer", "bins": [{"high": 0.9, "woe": 0}, {"woe": 2}]}]}';
clerk_gets($applicant, '', 'a materialized view');
clerk_gets("INSERT INTO desk.card VALUES ('$card'); SELECT agririsk.deploy(card, 'desk.applicant', 'plain') FROM desk.card",
	"desk.plain_card()\ndesk.plain_pd(double precision)\ndesk.plain_pd(desk.applicant)\ndesk.plain_score(double precision)\ndesk.plain_score(desk.applicant)",
	'deploys a card');
my $scores = 'SELECT a.farmer, desk.plain_score(a) OPERATOR(pg_catalog.=) 600, desk.plain_pd(a) OPERATOR(pg_catalog.=) 0.5, agririsk.pd(c.card, a) OPERATOR(pg_catalog.=) desk.plain_pd(a.hhi), agririsk.points(c.card, a)'
  . ' FROM desk.applicant a, desk.card c ORDER BY 1';
# Points: 600 - 20 * 2 / ln 2 = 542.3.
my $right = "1|t|t|t|600\n2|f|f|t|542\n3|t|t|t|600";
clerk_gets($scores, $right, 'scores');
clerk_gets('SELECT a.farmer, e.feature, e.label, e.rank, e.reason FROM desk.applicant a, desk.card c, agririsk.explain(c.card, a) e WHERE farmer < 3 ORDER BY 1',
	"1|hhi|< 0.9|||\n2|hhi|>= 0.9|1|sells to one buyer" =~ s/\|\|\|\n/||\n/r, 'explains');
clerk_gets('SELECT count(*) FROM desk.card c, agririsk.bins(c.card)', '4', 'lists base points, two bins and missing');

# PostgreSQL itself wants a temporary table for this; nothing else here does.
$node->safe_psql('bank', 'GRANT TEMP ON DATABASE bank TO clerk');
clerk_gets(<<"SQL", "1|t|t|t|600\n2|t|t|t|600\n3|t|t|t|600", 'refreshes, also while others read');
INSERT INTO desk.event VALUES (2, '2023-12-05', 30, 'shop');
UPDATE desk.summary SET cf = cf OPERATOR(agririsk.+) '2023-12 +30/1 5+', buyers = buyers OPERATOR(agririsk.+) '{"shop": 30}' WHERE farmer = 2;
REFRESH MATERIALIZED VIEW CONCURRENTLY desk.applicant;
$scores
SQL
$node->safe_psql('bank', 'REVOKE TEMP ON DATABASE bank FROM clerk');
my ($printed) = as_role('clerk', 'DROP MATERIALIZED VIEW desk.applicant; SELECT 1');
is($printed, '', 'a view whose rows are scored is not dropped by the way');
clerk_gets("DROP MATERIALIZED VIEW desk.applicant CASCADE; $applicant; SELECT count(*) FROM pg_proc WHERE pronamespace = 'desk'::regnamespace AND prorettype = 'float8'::regtype AND proargtypes::text = (SELECT reltype::text FROM pg_class WHERE oid = 'desk.applicant'::regclass)",
	'0', 'rebuilding it drops what was deployed on its rows');
clerk_gets("SELECT count(*) FROM agririsk.redeploy('plain'); SELECT count(*) FROM agririsk.redeploy('desk.plain'); $scores", "5\n5\n1|t|t|t|600\n2|t|t|t|600\n3|t|t|t|600", 'which redeploy writes anew');

# ---------- and nobody else's ----------

my ($stolen, $refused) = as_role('rival', q{SELECT agririsk.redeploy('plain')});
is($stolen, '', 'a rival redeploys nothing');
like($refused, qr/ERROR:  42883: no card is deployed under the name "plain".*\nDETAIL:  You own no function plain_card.*\nHINT:  /, 'with a stated error');
(undef, $refused) = as_role('rival', 'SELECT desk.plain_card()');
like($refused, qr/ERROR:  42501: permission denied for schema desk/, 'nor may it read the card');
as_role('clerk', 'GRANT USAGE ON SCHEMA desk TO rival; GRANT SELECT ON desk.applicant TO rival');
(undef, $refused) = as_role('rival', q{SELECT agririsk.redeploy('plain')});
like($refused, qr/ERROR:  42883: no card is deployed under the name "plain"/, 'not even where it may use it');
(undef, $refused) = as_role('rival', q{SELECT agririsk.deploy(desk.plain_card(), 'desk.applicant', 'plain')});
like($refused, qr/ERROR:  42501: permission denied to deploy into schema desk/, 'nor does it deploy over it');
is(join('', as_role('rival', 'SELECT count(*) FROM desk.applicant a WHERE desk.plain_score(a) OPERATOR(pg_catalog.=) 600')), '3', 'but it may score there');
(undef, $refused) = as_role('rival', q{SELECT agririsk.cashflow_by('SELECT farmer, on_date, amount FROM desk.event')});
like($refused, qr/ERROR:  42501: permission denied for table event/, "cashflow_by runs with the caller's rights");
clerk_gets($scores, "1|t|t|t|600\n2|t|t|t|600\n3|t|t|t|600", 'the clerk noticed nothing');

# Somebody else's functions in the way of the clerk's search_path are not called.
is(join('', as_role('rival', <<'SQL')), '', 'a rival lays traps');
CREATE FUNCTION other.quote_ident(text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE 'trapped'; END $$;
CREATE FUNCTION other.format(text, VARIADIC text[]) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE 'trapped'; END $$;
CREATE FUNCTION other.to_regprocedure(text) RETURNS regprocedure LANGUAGE plpgsql AS $$ BEGIN RAISE 'trapped'; END $$;
CREATE FUNCTION other.left(text, int) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE 'trapped'; END $$;
GRANT USAGE ON SCHEMA other TO clerk;
SQL
my (undef, $trapped) = as_role('clerk', q{SET search_path = other, pg_catalog; SELECT left('x', 1)});
like($trapped, qr/trapped/, 'which the clerk would step into');
clerk_gets("SET search_path = other, pg_catalog; SELECT count(*) FROM agririsk.redeploy('desk.plain'); SELECT count(*) FROM agririsk.deploy('$card', 'desk.applicant', 'plain')", "5\n5", 'but deploy and redeploy do not');

# Another's card of the same name is its own affair.
is(join('', as_role('rival', "CREATE TABLE other.applicant (hhi float8); SELECT count(*) FROM agririsk.deploy('$card', 'other.applicant', 'plain')")), '5', 'a rival has its own');
clerk_gets("SELECT string_agg(f::text, ' ' ORDER BY f::text) FROM agririsk.redeploy('plain') f",
	'desk.plain_card() desk.plain_pd(desk.applicant) desk.plain_pd(double precision) desk.plain_score(desk.applicant) desk.plain_score(double precision)', "and the clerk's name means the clerk's");

$node->stop;
done_testing();
