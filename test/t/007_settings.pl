# The same questions under default and under hostile settings have the same
# answers, to the bit: no setting of a session reaches a number, a text form or a
# stored byte.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('settings');
$node->init;
$node->append_conf('postgresql.conf', "max_worker_processes = 16\nmax_parallel_workers = 8\n");
$node->start;
my $parallel_query = $node->safe_psql('postgres', "SELECT name FROM pg_settings WHERE name IN ('force_parallel_mode', 'debug_parallel_query')");

# Spread over the unit square without a random generator; numbers have all their digits.
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION agririsk CASCADE;
CREATE EXTENSION postgis_raster;
CREATE SCHEMA desk;
CREATE TYPE desk.grade AS ENUM ('high', 'low');
CREATE TABLE desk.loan AS
SELECT i AS id, i / 4 AS household, i % 20 AS farmer, u AS a, 100 * v AS b, CASE WHEN i % 17 > 0 THEN 'crop ' || i % 5 END AS crop, 'county ' || i % 3 AS county,
       (ARRAY['high', 'low'])[1 + i % 2]::desk.grade AS grade, i % 11 > 0 AS agreed, (1 + i % 3)::bigint AS weight, w < 0.05 + 0.4 * u * v + 0.03 * (i % 5) AS bad,
       0.01 + 0.9 * u * v AS pd, CASE WHEN i % 13 > 0 THEN u + v END AS score, date '2023-01-01' + i % 500 AS on_date, round((1000 * v)::numeric, 2) AS amount
  FROM generate_series(1, 1000) i, LATERAL (SELECT i * 0.6180339887498949 % 1, i * 0.7548776662466927 % 1, i * 0.5698402909980532 % 1) r (u, v, w);
ALTER TABLE desk.loan SET (parallel_workers = 3);
CREATE TABLE desk.track AS
SELECT n, public.ST_SetSRID(public.ST_MakePoint(500000 + x + n / 7.0, 4200000 + y + n / 3.0), 32650) AS fix, timestamptz '2024-05-01 08:00+00' + n * interval '31.7 s' AS at, 2.1 + n / 9.0 AS accuracy
  FROM (SELECT i, CASE i / 10 WHEN 0 THEN 10 * i WHEN 1 THEN 100 WHEN 2 THEN 300 - 10 * i ELSE 0 END, CASE i / 10 WHEN 0 THEN 0 WHEN 1 THEN 10 * i - 100 WHEN 2 THEN 100 ELSE 400 - 10 * i END FROM generate_series(0, 39) i) c (n, x, y);
CREATE TABLE desk.plot AS
SELECT i AS id, i % 3 AS farmer, public.ST_Rotate(public.ST_MakeEnvelope(7.1 * i, 0, 7.1 * i + 9.7, 11.3, 32650), i / 7.0) AS geom FROM generate_series(1, 30) i;
CREATE TABLE desk.image AS
SELECT timestamp '2024-05-01 10:15:30.123' + d * interval '5 days' AS acquired, public.ST_AddBand(public.ST_MakeEmptyRaster(30, 5, -10, 30, 7.7, -9.1, 0, 0, 32650), '64BF'::text, d / 7.0::float8, NULL::float8) AS rast FROM generate_series(1, 3) d;
CREATE TABLE desk.card (name text, card agririsk.scorecard);
INSERT INTO desk.card VALUES ('written', '{"format": 1, "name": "written", "intercept": -2.0123456789012345, "features": [
  {"name": "a", "type": "number", "weight": 0.9876543210987654, "consent": "agreed", "reason": "a \"low\" a", "special": [{"values": [-1.1], "woe": 0.1234567890123}], "bins": [{"high": 0.3333333333333333, "woe": -0.7654321098765432}, {"woe": 0.3456789012345678}], "missing": "worst"},
  {"name": "b", "type": "linear", "weight": 0.0123456789012345, "center": 49.87654321098765, "low": 0.1, "high": 99.9},
  {"name": "crop", "type": "category", "bins": [{"categories": ["crop 1", "crop 2"], "woe": -0.1111111111111111}, {"categories": ["crop 3"], "woe": 0.2222222222222222}], "unseen": "average"}],
  "segments": [{"name": "county 1", "intercept": -1.9876543210987654}, {"name": "county 2", "parent": "county 1", "weights": {"a": 2.0123456789012345}}]}');
ANALYZE;
SQL

# Questions give rows, whose binary form is compared; so nothing of how psql
# shows them is. A type's text form is a column of text.
my $fit = "agririsk.fit_options(ridge => 1.2345678901234567, base_score => 512.3456789012345, pdo => 19.876543210987654, base_odds => 33.33333333333333, long_run_rate => 0.0987654321098765, min_iv => 0.0012345678901234,"
  . " weight_unit => 0.3333333333333333, fold_key => 'household', min_out_of_fold_iv => -0.0123456789012345, weight_column => 'weight', consent_columns => '{\"agreed\": [\"a\"]}',"
  . " binning => agririsk.binning_options(min_bin_share => 0.0333333333333333, min_rate_gap => 0.0012345678901234))";
my $fitted = "(SELECT agririsk.fit_scorecard(bad, t, $fit) AS card FROM desk.loan, LATERAL (SELECT a, b, crop, household, weight, agreed) t)";
my $segmented = "(SELECT agririsk.fit_scorecard(bad, t, county, agririsk.fit_options(folds => 3)) AS card FROM desk.loan, LATERAL (SELECT a, b, crop) t)";
my $roc = '(SELECT agririsk.roc_agg(score, bad) AS r, agririsk.roc_agg(pd, bad, weight) AS w FROM desk.loan)';
my $calibration = '(SELECT agririsk.calibration_agg(pd, bad) AS c, agririsk.calibration_agg(pd / 2, bad, weight) AS w FROM desk.loan)';
my $distribution = "(SELECT agririsk.distribution_agg(a) FILTER (WHERE id < 500) AS d, agririsk.distribution_agg(a * a, weight) AS e, agririsk.distribution_agg(crop) FILTER (WHERE id < 400) AS f, agririsk.distribution_agg(crop, weight) AS g FROM desk.loan)";
my $concentration = "(SELECT agririsk.concentration_agg(crop, b) AS c, agririsk.concentration_agg(farmer, b / 3) AS d FROM desk.loan)";
my $confusion = "(SELECT agririsk.confusion_agg(crop, county) AS c, agririsk.confusion_agg(crop, 'crop ' || id % 4) AS d, agririsk.confusion_agg(crop, 'crop ' || id % 4, county) AS e, agririsk.confusion_agg(crop, 'crop ' || id % 4, county, weight) AS f FROM desk.loan)";
my $binnings = "(SELECT agririsk.optimal_bins(a, bad) AS n, agririsk.optimal_bins(b, bad, agririsk.binning_options(min_bin_share => 0.0333333333333333, min_rate_gap => 0.0012345678901234, special => ARRAY[33.33333333333333, -1.2345678901234567])) AS o,"
  . " agririsk.optimal_bins(crop, bad) AS c, agririsk.optimal_bins(agreed, bad, weight, '{}') AS y, agririsk.optimal_bins(grade, bad) AS g FROM desk.loan)";
my $layers = "'SELECT id, geom FROM desk.plot', 'SELECT id, public.ST_Translate(geom, 2.7, 1.3) FROM desk.plot'";
my $rights = "'SELECT id, farmer, geom, 109.61 FROM desk.plot', 'SELECT id, id / 2, farmer, public.ST_Translate(geom, 0.7, 0.3), ''contract'', 1, 2, date ''2020-02-03'', date ''2024-12-11'', 99.9 FROM desk.plot', date '2024-06-07'";
my $series = "(SELECT farmer, agririsk.vegetation_agg(on_date, ARRAY[a, b / 99], a, agririsk.vegetation_options(max_abs => 2.0123456789012345, scale => 1.0123456789012345, min_quality => 0.0123456789012345)) AS v, agririsk.vegetation_agg(on_date, a) AS w FROM desk.loan GROUP BY farmer)";
my $library = "(SELECT agririsk.crop_library_agg('crop ' || farmer % 2, v, agririsk.library_options(patterns_per_crop => 2, max_gap => 400, min_margin => 0.0123456789012345, alpha => -0.0987654321098765)) AS l,"
  . " agririsk.crop_library_agg('crop ' || farmer % 2, v, agririsk.library_options(method => 'kernel', max_gap => 400)) AS k FROM $series q)";
my @question = (
	"SELECT agririsk.binning_options(min_bin_share => 0.0123456789012345, max_bin_share => 0.9876543210987654, min_rate_gap => 0.0012345678901234, special => ARRAY[33.33333333333333, -1e-7, 1e22])",
	"SELECT $fit",
	'SELECT agririsk.plot_track_options(max_accuracy_m => 12.345678901234567, max_speed_kmh => 9.876543210987654, max_closure_m => 14.987654321098765, min_area_m2 => 51.23456789012345, spur_width_m => 1.2345678901234567)',
	'SELECT farmer, cf, cf::text AS text, months, features FROM (SELECT farmer, agririsk.cashflow_agg(on_date, amount) AS cf FROM desk.loan GROUP BY farmer) s, LATERAL agririsk.months(cf) months, LATERAL agririsk.cashflow_features(cf, date \'2024-03-04\') features',
	"SELECT b.key, b.cf FROM agririsk.cashflow_by('SELECT farmer, on_date, amount::float8 FROM desk.loan') b",
	'SELECT agririsk.rollup(cf), agririsk.rollup(cf)::text FROM (SELECT agririsk.cashflow_agg(on_date, b) AS cf FROM desk.loan GROUP BY farmer) s',
	"SELECT c, d, c::text, d::text, c OPERATOR(agririsk.+) d, agririsk.hhi(c), agririsk.effective_number(c), agririsk.entropy(c), agririsk.top_share(c, 2), agririsk.keys(c) FROM $concentration q",
	'SELECT agririsk.rollup(c) FROM (SELECT agririsk.concentration_agg(crop, b) AS c FROM desk.loan GROUP BY county) s',
	"SELECT r, w, r::text, r OPERATOR(agririsk.+) w, agririsk.n(r), agririsk.bads(r), agririsk.excluded(r), agririsk.auc(r), agririsk.gini(r), agririsk.ks(r), agririsk.ks_at(r), agririsk.auc_ci(r, 0.9), agririsk.auc_bootstrap(r, 20), agririsk.capture(r, 0.123), agririsk.lift(r, 0.123), agririsk.direction_warning(r), agririsk.curve(r, 20) FROM $roc q",
	'SELECT agririsk.roc_metrics(score, bad), agririsk.roc_metrics(score, bad, weight), agririsk.roc_pair_agg(score, pd, bad) FROM desk.loan',
	'SELECT agririsk.rollup(r) FROM (SELECT agririsk.roc_agg(score, bad) AS r FROM desk.loan GROUP BY county) s',
	"SELECT c, w, c::text, c OPERATOR(agririsk.+) w, agririsk.n(c), agririsk.bads(c), agririsk.excluded(c), agririsk.brier(c), agririsk.log_loss(c), agririsk.calibration_in_the_large(c), agririsk.calibration_intercept(c), agririsk.calibration_slope(c), agririsk.recalibration(c), agririsk.spiegelhalter_z(c), agririsk.hosmer_lemeshow(c), agririsk.expected_vs_observed(c) FROM $calibration q",
	'SELECT agririsk.rollup(c) FROM (SELECT agririsk.calibration_agg(pd, bad) AS c FROM desk.loan GROUP BY county) s',
	"SELECT d, e, f, g, d::text, f::text, d OPERATOR(agririsk.+) e, f OPERATOR(agririsk.+) g, agririsk.n(d), agririsk.missing(g), agririsk.excluded(g), agririsk.psi(d, e), agririsk.psi(f, g, 0.00123), agririsk.psi_bins(d, e), agririsk.psi_bins(f, g) FROM $distribution q",
	'SELECT agririsk.rollup(d), agririsk.rollup(f) FROM (SELECT agririsk.distribution_agg(a) AS d, agririsk.distribution_agg(crop) AS f FROM desk.loan GROUP BY county) s',
	"SELECT c, d, e, f, f::text, c OPERATOR(agririsk.+) d, agririsk.n(c), agririsk.excluded(c), agririsk.accuracy(d), agririsk.kappa(d), agririsk.f1(d, 'crop 1'), agririsk.users_accuracy(d, 'crop 1'), agririsk.producers_accuracy(d, 'crop 1'), agririsk.class_accuracy(d), agririsk.matrix(e), agririsk.area_adjusted_accuracy(e, '{\"county 0\": 1234.567, \"county 1\": 2.5, \"county 2\": 0.3}') FROM $confusion q",
	"SELECT a.* FROM $confusion q, LATERAL agririsk.area_adjusted(e, '{\"county 0\": 1234.567, \"county 1\": 2.5, \"county 2\": 0.3}') a",
	'SELECT agririsk.rollup(c) FROM (SELECT agririsk.confusion_agg(crop, county) AS c FROM desk.loan GROUP BY grade) s',
	"SELECT n, o, c, y, g, n::text, o::text, c::text, o::jsonb, agririsk.iv(o), agririsk.excluded(o), agririsk.trends(o), agririsk.bins(o), agririsk.woe(o, 12.3), agririsk.bin(o, 12.3), agririsk.woe(c, 'crop 1'::text), agririsk.bin(y, true), agririsk.woe(g, 'low'::desk.grade) FROM $binnings q",
	"SELECT agririsk.woe(c, crop), agririsk.bin(n, a), agririsk.woe(o, b) FROM $binnings q, desk.loan",
	"SELECT q.card, q.card::text, r.*, agririsk.coefficients(q.card), agririsk.covariance(q.card), agririsk.bins(q.card) FROM $fitted q, LATERAL agririsk.fit_report(q.card) r",
	"SELECT q.card, agririsk.segments(q.card), agririsk.spreads(q.card) FROM $segmented q",
	'SELECT id, agririsk.pd(card, l), agririsk.score(card, l, county), agririsk.points(card, l) FROM desk.card, desk.loan l',
	'SELECT id, e.* FROM desk.card, desk.loan l, LATERAL agririsk.explain(card, l, county) e WHERE id < 100',
	'SELECT id, agririsk.reasons(card, l), agririsk.reasons(card, l, 1, county), v.* FROM desk.card, desk.loan l, LATERAL agririsk.agririsk_version() v',
	"SELECT card::text, agririsk.bins(card), agririsk.to_sql(card, 'pd', 'county'), agririsk.to_sql(card, 'score', 'county'), card::jsonb FROM desk.card",
	"SELECT agririsk.to_pmml(replace(card::text, '\"consent\": \"agreed\", ', '')::agririsk.scorecard, 'county 2')::text FROM desk.card",
	"SELECT s.* FROM desk.card, LATERAL agririsk.characteristic_stability(card, 'SELECT a, b, crop, agreed FROM desk.loan WHERE id < 400', 'SELECT a, b, crop, agreed FROM desk.loan', 0.00123) s",
	'SELECT agririsk.parcel(pd, 1.234), agririsk.acceptance_weight(0.5 + pd / 2) FROM desk.loan WHERE id < 100 AND pd < 0.8',
	'SELECT agririsk.fold(id, 7), agririsk.fold(crop, 7) FROM desk.loan',
	'SELECT agririsk.plot_track_agg(fix, at, accuracy) FROM desk.track',
	'SELECT agririsk.plot_track_agg(fix, at, accuracy, agririsk.plot_track_options(max_accuracy_m => 5.4321098765432109, spur_width_m => 0.1234567890123456)) FROM desk.track',
	'SELECT p.id, q.id AS other, agririsk.overlap_area(p.geom, q.geom), agririsk.overlap(p.geom, q.geom) FROM desk.plot p, desk.plot q WHERE q.id - p.id BETWEEN 0 AND 1',
	"SELECT j.* FROM agririsk.overlap_join($layers) j",
	"SELECT z.* FROM agririsk.zonal_means('SELECT acquired, rast FROM desk.image', 'SELECT id, geom FROM desk.plot', agririsk.zonal_options(min_coverage => 0.0123456789012345, scale => 1.23456789012345)) z",
	"SELECT j.* FROM agririsk.overlap_self_join('SELECT id, geom FROM desk.plot') j",
	"SELECT e.* FROM agririsk.land_evidence($rights) e",
	"SELECT farmer, v, v::text AS text, v OPERATOR(agririsk.+) v AS twice, agririsk.n_observations(v), agririsk.n_bands(v), agririsk.excluded(v), agririsk.max_gap(v), agririsk.clip(v, date '2023-03-04', NULL), agririsk.despike(v, 0.0123456789012345) FROM $series q",
	"SELECT agririsk.rollup(w), agririsk.rollup(w)::text FROM $series q",
	"SELECT farmer, o.* FROM $series q, agririsk.observations(v) o",
	"SELECT farmer, agririsk.smooth(v, 9.876543210987654), agririsk.smooth(v, 12.345678901234567, 7, 0.8765432109876543), agririsk.gcv_lambda(v) FROM $series q",
	"SELECT farmer, p.* FROM $series q, agririsk.phenology(v, agririsk.phenology_options(lambda => 1.0123456789012345, min_amplitude => 0.0123456789012345, threshold => 0.1234567890123456, valley_share => 0.0123456789012345)) p",
	"SELECT farmer, h.*, agririsk.features(v, date '2023-02-03'), agririsk.feature_names(agririsk.n_bands(v)) FROM $series q, agririsk.harmonics(v, 2, 345.67890123456789) h",
	"SELECT n, n::text AS text FROM (SELECT agririsk.vegetation_norm_agg(v, agririsk.vegetation_norm_options(lambda => 1.0123456789012345)) AS n FROM $series q) s",
	"SELECT q.farmer, a.*, quantile.* FROM (SELECT agririsk.vegetation_norm_agg(w) AS n FROM $series q) s, $series q, agririsk.anomaly(w, n, date '2023-08-09') a, agririsk.quantiles(n) quantile",
	"SELECT q.farmer, agririsk.twdtw(q.w, r.w), m.* FROM $series q, $series r, agririsk.twdtw_match(q.v, r.v, agririsk.twdtw_options(alpha => -0.0987654321098765, beta => 45.678901234567891)) m WHERE r.farmer < 4",
	"SELECT l, l::text AS text, l OPERATOR(agririsk.+) l AS twice, c.*, p.* FROM $library q, agririsk.crops(l) c, agririsk.patterns(l) p WHERE p.crop = c.crop",
	"SELECT s.farmer, c.*, d.* FROM $library q, $series s, agririsk.classify_crop(l, s.v) c, agririsk.classify_crop(k, s.v, date '2023-02-01', date '2024-03-04') d",
	"SELECT s.farmer, p.*, a.* FROM $library q, $series s, agririsk.classify_crop(l, s.v) c, agririsk.planting_check('crop 1', agririsk.crop_names(l), c.crop, c.probability, c.runner_up, c.margin, c.reason, 0.5123456789012345, 0.0123456789012345) p, agririsk.crop_areas(c.crop, c.probability, c.runner_up, c.margin, 1.0123456789012345) a",
	"SELECT farmer, agririsk.next_harvest(w, date '2024-03-04') FROM $series q",
	"SELECT a.* FROM agririsk.crop_accuracy(\$\$SELECT 'crop ' || farmer % 2, v, farmer % 3, farmer / 7.0 FROM $series q\$\$, agririsk.library_options(patterns_per_crop => 2, max_gap => 400), 2, area_limits => ARRAY[1.0123456789012345, 2]) a",
	"SELECT g.* FROM agririsk.growth_stage(date '2023-04-05', ARRAY['initial', 'late'], ARRAY[20, 30], date '2023-05-06') g");

# Those that write into a catalog or a registry are asked apart.
my $functions = $node->safe_psql('postgres', <<'SQL');
SELECT DISTINCT proname FROM pg_proc p JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
  JOIN pg_extension e ON e.oid = d.refobjid AND e.extname = 'agririsk'
 WHERE proname !~ '^_' AND proname !~ '_(in|out|recv|send|eq|ne|lt|le|gt|ge|cmp|hash|hash_extended|merge)$' AND prokind <> 'p'
   AND proname NOT IN ('deploy', 'redeploy', 'create_registry', 'upgrade_registry')
SQL
my $asked = join "\n", @question;
is_deeply([ grep { $asked !~ /agririsk\.$_\(/ } split /\n/, $functions ], [], 'every function is asked, but those that write');

my %settings = (
	'few digits, odd words, no search_path' => [
		'extra_float_digits = -15', 'quote_all_identifiers = on', "DateStyle = 'SQL, DMY'", 'IntervalStyle = sql_standard', 'bytea_output = escape', 'xmlbinary = hex', 'xmloption = document',
		'standard_conforming_strings = off', 'escape_string_warning = off', 'array_nulls = off', 'transform_null_equals = on', "search_path = ''", "TimeZone = 'Asia/Kathmandu'",
		'check_function_bodies = off', 'default_transaction_isolation = serializable', "lc_numeric = 'C.utf8'", "lc_time = 'C.utf8'", "lc_monetary = 'C.utf8'" ],
	'other plans' => [
		"$parallel_query = on", 'parallel_setup_cost = 0', 'parallel_tuple_cost = 0', 'min_parallel_table_scan_size = 0', 'max_parallel_workers_per_gather = 3',
		'parallel_leader_participation = off', "work_mem = '64kB'", "maintenance_work_mem = '1MB'", 'enable_hashagg = off', 'enable_nestloop = off',
		'plan_cache_mode = force_generic_plan', 'from_collapse_limit = 1', 'join_collapse_limit = 1', 'geqo_threshold = 2', 'constraint_exclusion = on' ],
	'another geometry reader' => [ 'agririsk.geometry_reader = wkb', 'extra_float_digits = 0' ]);

# The answers under these settings, a line a question.
sub answers
{
	my @line = map { "SET $_;" } @_;
	push @line, "SELECT '$_ ' || coalesce(pg_catalog.md5(pg_catalog.string_agg(pg_catalog.encode(pg_catalog.record_send(q), 'hex'), ' ' ORDER BY pg_catalog.record_send(q))), 'no row') FROM ($question[$_]) q;" for 0 .. $#question;
	my ($status, $out, $err) = $node->psql('postgres', "\\set ON_ERROR_STOP 0\n" . join("\n", @line), on_error_stop => 0);
	$err =~ s/^.*NOTICE:.*\n?//gm;
	return ($err, map { /^(\d+) (.*)/ } split /\n/, $out);
}

# What is written under these settings, looked at under the default ones.
sub written
{
	my ($status, $out, $err) = $node->psql('postgres', join("\n", map({ "SET $_;" } @_), <<'SQL'), on_error_stop => 0);
SELECT pg_catalog.count(*) FROM desk.card c, LATERAL agririsk.deploy(c.card, 'desk.loan', 'it''s "one" more', 'county') d;
SELECT pg_catalog.count(*) FROM agririsk.redeploy('desk."it''s ""one"" more"');
SELECT agririsk.create_registry('The registry');
SELECT "The registry".register_model('it''s', card, 1000, 90, '2023-01-01', '2024-05-14') FROM desk.card;
SELECT "The registry".promote_model('it''s', 1);
SELECT agririsk.upgrade_registry('The registry');
SELECT pg_catalog.count(*) FROM desk.card c, desk.loan l WHERE "The registry".champion('it''s') OPERATOR(agririsk.=) c.card AND desk."it's ""one"" more_pd"(l) > 0 AND l.id < 100;
RESET ALL;
SELECT md5(string_agg(pd || ' ' || score, ',' ORDER BY id)) FROM (SELECT id, desk."it's ""one"" more_pd"(l) AS pd, desk."it's ""one"" more_score"(l) AS score FROM desk.loan l) s;
SELECT name, version, status, n_rows, bads, start_on, end_on, checksum FROM "The registry".model;
SELECT name, version, status FROM "The registry".promotion;
SELECT md5(string_agg(pg_get_functiondef(oid), ',' ORDER BY proname, pronargs)) FROM pg_proc WHERE pronamespace = 'desk'::regnamespace;
SELECT obj_description(oid, 'pg_proc') FROM pg_proc WHERE proname = 'it''s "one" more_card';
SET client_min_messages = warning;
DROP FUNCTION desk."it's ""one"" more_card"() CASCADE;
DROP SCHEMA "The registry" CASCADE;
SQL
	$err =~ s/^.*NOTICE:.*\n?//gm;
	return $err . $out;
}

my ($error, %expected) = answers();
is($error, '', 'every question has an answer');
is_deeply([ grep { ($expected{$_} // 'no row') eq 'no row' } 0 .. $#question ], [], 'that has rows');
my $written = written();
like($written, qr/^5\n5\n\n1\n\n\n99\n[0-9a-f]{32}\nit's\|1\|champion\|1000\|90\|/, 'functions and a registry are written');
for my $name (sort keys %settings)
{
	is(written(@{ $settings{$name} }), $written, "$name: they are the same");
	my ($hostile, %given) = answers(@{ $settings{$name} });
	is($hostile, '', "$name: every question has an answer");
	is($given{$_}, $expected{$_}, "$name: " . substr($question[$_], 0, 120)) for 0 .. $#question;
}

# Messages show numbers with all their digits, too.
my $card = '(SELECT card FROM desk.card)';
my @refused = (
	"agririsk.auc_ci(r, 1.0123456789012345) FROM $roc q",
	"agririsk.capture(r, -0.0123456789012345) FROM $roc q",
	"agririsk.hosmer_lemeshow(c, -3) FROM $calibration q",
	"agririsk.psi(d, e, 1.0123456789012345) FROM $distribution q",
	'agririsk.roc_agg(pd, 1.0123456789012345::float8) FROM desk.loan',
	'agririsk.calibration_agg(1.0123456789012345, bad) FROM desk.loan',
	'agririsk.concentration_agg(crop, -0.0123456789012345) FROM desk.loan',
	"agririsk.fit_scorecard(bad, t, agririsk.fit_options(weight_column => 'w')) FROM desk.loan, LATERAL (SELECT a, 1.0123456789012345 AS w) t",
	'agririsk.fit_options(ridge => -1.0123456789012345)',
	'agririsk.binning_options(min_bin_share => 1.0123456789012345)',
	'agririsk.plot_track_options(max_accuracy_m => -1.0123456789012345)',
	"agririsk.vegetation_agg(date '2024-05-06', -2.0123456789012345)",
	'agririsk.vegetation_options(scale => -1.0123456789012345)',
	'agririsk.twdtw_options(alpha => 1.0123456789012345)',
	'agririsk.library_options(min_margin => 1.0123456789012345)',
	'agririsk.phenology_options(lambda => -1.0123456789012345)',
	'agririsk.parcel(1.0123456789012345, 1)',
	"s.* FROM agririsk.characteristic_stability($card, NULL, 'TABLE desk.loan', 1.0123456789012345) s",
	"s.* FROM agririsk.characteristic_stability($card, 'SELECT *, 1.0123456789012345 AS w FROM desk.loan', 'TABLE desk.loan', weight_column => 'w') s");

# What psql says of these statements under a setting.
sub refusals
{
	my ($setting) = @_;
	my ($status, $out, $err) = $node->psql('postgres', join("\n", "SET $setting;", map { "SELECT $_;" } @refused), on_error_stop => 0);
	return grep { /ERROR|DETAIL/ } split /\n/, $err;
}
my @said = refusals('extra_float_digits = 1');
is(scalar(grep { /ERROR/ } @said), scalar(@refused), 'nonsense is refused');
is_deeply([ refusals('extra_float_digits = -15') ], \@said, 'in the same words where the session shows few digits');

$node->stop;
done_testing();
