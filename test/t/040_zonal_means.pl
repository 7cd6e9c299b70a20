# zonal_means on the real Sentinel-2 patch against weights that other software computed;
# as a plain role, with PostGIS in a schema of its own, cancelled in its middle.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

my $node = PostgreSQL::Test::Cluster->new('zonal_means');
$node->init;
$node->append_conf('postgresql.conf', "autovacuum = off\n");
$node->start;
$node->safe_psql('postgres', <<'SQL');
CREATE SCHEMA gis;
CREATE EXTENSION postgis SCHEMA gis;
CREATE EXTENSION postgis_raster SCHEMA gis;
CREATE EXTENSION agririsk;
CREATE ROLE clerk;
GRANT USAGE ON SCHEMA gis TO clerk;
ALTER DATABASE postgres SET search_path = public, gis;
SQL

# ---------- the patch ----------

SKIP:
{
	skip 'AGRIRISK_SHARED names no reference data', 7 unless exists $ENV{AGRIRISK_SHARED};
	my $patch = "$ENV{AGRIRISK_SHARED}/data/crop/s2_patch";
	my $sql = PostgreSQL::Test::Utils::tempdir() . '/scenes.sql';
	my @scenes = glob "$patch/s2_*.tif";

	is(scalar @scenes, 68, 'there are 68 scenes');
	my $told;
	IPC::Run::run([ 'raster2pgsql', '-s', '32633', '-F', @scenes, 'scene_file' ], '>', $sql, '2>', \$told) or die "raster2pgsql: $told";
	$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('postgres'), '-f', $sql ], 'raster2pgsql loads them');
	$node->safe_psql('postgres', <<SQL);
\\set parcels `cat $patch/parcels.geojson`
CREATE TABLE scene AS
SELECT to_timestamp(substring(filename, 's2_(\\d{8}_\\d{6})'), 'YYYYMMDD_HH24MISS')::timestamp AS acquired, rast FROM scene_file;
CREATE TABLE parcel AS
SELECT (f #>> '{properties,id}')::int AS id, gis.ST_SetSRID(gis.ST_GeomFromGeoJSON(f -> 'geometry'), 32633) AS geom
FROM json_array_elements(:'parcels'::json -> 'features') f;
CREATE TABLE golden (parcel int, acquired timestamp, covered float8, clear float8, mean float8, inside float8);
\\copy golden FROM '$ENV{AGRIRISK_SHARED}/golden/crop/s2_zonal.csv' CSV HEADER
GRANT SELECT ON scene, parcel, golden TO clerk;
SQL
	for my $reader ('auto', 'wkb')
	{
		is($node->safe_psql('postgres', <<SQL), "5984|5984|0|t", "5,984 means, pixels and shares to 1e-9, read $reader");
SET agririsk.geometry_reader = $reader;
SET ROLE clerk;
SET search_path = '';
SELECT count(*), count(g.parcel), count(*) FILTER (WHERE (z.means IS NULL) <> (g.mean IS NULL) OR (z.clear_pixels = 0) <> (g.clear = 0)),
	max(greatest(abs(z.covered_pixels / g.covered - 1), abs(z.clear_pixels / nullif(g.clear, 0) - 1), abs(z.means[1] / g.mean - 1), abs(z.inside_share / g.inside - 1))) < 1e-9
FROM agririsk.zonal_means('SELECT acquired, rast FROM public.scene', 'SELECT id, geom FROM public.parcel', agririsk.zonal_options(mask_band => 2, mask_values => '{1}')) z
	FULL JOIN public.golden g ON g.parcel = z.plot_id AND g.acquired = z.acquired;
SQL
	}
	# All scenes of a month as one time: each pixel counts once, and the greenest that is clear.
	is($node->safe_psql('postgres', <<'SQL'), 'f|f|f|f', 'composites of a month');
SELECT count(*) < 1500, bool_or(abs(z.covered_pixels / o.covered - 1) > 1e-9),
	bool_or(z.clear_pixels < o.most * (1 - 1e-9) OR z.clear_pixels > least(o.covered, o.together) * (1 + 1e-9)), bool_or(z.means[1] < o.greenest - 1e-9 * abs(o.greenest))
FROM agririsk.zonal_means('SELECT date_trunc(''month'', acquired), rast FROM scene', 'SELECT id, geom FROM parcel', agririsk.zonal_options(mask_band => 2, mask_values => '{1}')) z
	JOIN (SELECT parcel, date_trunc('month', acquired) AS month, max(clear) AS most, sum(clear) AS together, min(covered) AS covered,
			max(mean) FILTER (WHERE clear > covered * (1 - 1e-9)) AS greenest
		FROM golden GROUP BY 1, 2) o ON o.parcel = z.plot_id AND o.month = z.acquired;
SQL
	my ($status, $out, $err) = $node->psql('postgres', <<'SQL');
CREATE TABLE secret AS SELECT 1 AS id;
SET ROLE clerk;
SELECT * FROM agririsk.zonal_means('SELECT acquired, rast FROM scene', 'SELECT id, NULL::gis.geometry FROM secret');
SQL
	like($err, qr/permission denied for table secret/, 'the queries have the rights of the caller');
}

# ---------- cancelled ----------

$node->safe_psql('postgres', <<'SQL');
CREATE TABLE tile AS SELECT date '2024-01-01' + d AS acquired, ST_AddBand(ST_MakeEmptyRaster(1000, 1000, 0, 10000, 10, -10, 0, 0, 32650), '32BF'::text, d, NULL::float8) AS rast
FROM generate_series(1, 20) d;
CREATE TABLE disc AS SELECT i AS id, ST_Buffer(ST_SetSRID(ST_MakePoint(5000 + i % 90, 5000 + i % 89), 32650), 4000, 200) AS geom FROM generate_series(1, 400) i;
-- A comb whose teeth cross every row, thousands of times.
CREATE TABLE comb AS SELECT 1 AS id, ST_SetSRID(ST_MakePolygon(ST_MakeLine(array_agg(ST_MakePoint(x, y) ORDER BY k))), 32650) AS geom
FROM (SELECT k, k * 0.001::float8 AS x, CASE WHEN k % 2 = 0 THEN 1 ELSE 10000 END::float8 AS y FROM generate_series(0, 200001) k
	UNION ALL VALUES (200002, 200.001, 0), (200003, 0, 0), (200004, 0, 1)) v;
SQL
my %long = (
	'reading rasters' => q{SELECT count(*) FROM zonal_means('SELECT acquired, rast FROM tile, generate_series(1, 10000000)', 'SELECT id, geom FROM disc')},
	'reading plots' => q{SELECT count(*) FROM zonal_means('SELECT acquired, rast FROM tile', 'SELECT i, ST_MakeEnvelope(0, 0, 9, 9, 32650) FROM generate_series(1, 100000000) i')},
	'measuring' => q{SELECT count(*) FROM zonal_means('SELECT acquired, rast FROM tile', 'SELECT id, geom FROM disc')},
	'one huge plot' => q{SELECT count(*) FROM zonal_means('SELECT acquired, rast FROM tile', 'SELECT id, geom FROM comb')},
	'rasters on each other' => q{SELECT count(*) FROM zonal_means('SELECT date ''2024-01-01'', ST_SetUpperLeft(rast, 10 * (acquired - date ''2024-01-01''), 10000) FROM tile', 'SELECT id, geom FROM disc')},
);
for my $what (sort keys %long)
{
	for my $memory ('64kB', '256MB')
	{
		my $start = time;
		my ($status, $out, $err) = $node->psql('postgres',
			"SET search_path = agririsk, gis, public; SET agririsk.progress = off; SET work_mem = '$memory'; SET statement_timeout = 700; $long{$what}");
		my $took = time - $start;

		ok($status != 0 && $err =~ /canceling statement due to statement timeout/, "$what is cancelled, under $memory") or diag($out, $err);
		cmp_ok($took, '<', 10, 'soon');
	}
}
is($node->safe_psql('postgres', 'SELECT count(*) FROM pg_ls_tmpdir()'), '0', 'no temporary file is left');

# ---------- progress, and passes over the rasters ----------

my (undef, undef, $said) = $node->psql('postgres', q{SET search_path = agririsk, gis, public; SET work_mem = '64kB';
	SELECT count(*) FROM zonal_means('SELECT acquired, rast FROM tile LIMIT 2', 'SELECT i, ST_MakeEnvelope(0, 0, 9, 9, 32650) FROM generate_series(1, 200) i')});
like($said, qr/NOTICE:  zonal_means went through the rasters \d+ times/, 'passes over the rasters are told');
(undef, undef, $said) = $node->psql('postgres', q{SET search_path = agririsk, gis, public; SET statement_timeout = '20s';
	SELECT count(*) FROM zonal_means('SELECT acquired + g, rast FROM tile, generate_series(1, 2000) g', 'SELECT id, geom FROM disc')});
like($said, qr/NOTICE:  zonal_means has measured plots in \d+ rasters of 40000/, 'progress is told');

$node->stop;
done_testing();
