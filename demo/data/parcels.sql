-- Real parcels: loaded from GeoJSON, transformed to an equal-area projection, measured.
\echo
\echo '=== Declared parcels: how much land is there really?'
\echo
\echo 'The file is in degrees, in which an area means nothing. SRID 3035 is the'
\echo 'equal-area projection for Europe.'
\echo
create table parcel (
	parcel_id bigint primary key,
	crop text not null,
	declared_ha float8 not null,
	geom geometry(Polygon, 3035) not null
);
-- the whole file is one literal, which the reader need not see
\set geojson `cat "$(printf %s :'file')"`
insert into parcel
select (f -> 'properties' ->> 'id')::bigint, f -> 'properties' ->> 'code_cultu', (f -> 'properties' ->> 'surf_parc')::float8,
	ST_Transform(ST_SetSRID(ST_GeomFromGeoJSON(f -> 'geometry'), 4326), 3035)
from jsonb_array_elements(:'geojson'::jsonb -> 'features') f;
\unset geojson
create index on parcel using gist (geom);
analyze parcel;

\timing on
\set ECHO queries
select count(*) as parcels, count(*) filter (where not ST_IsValid(geom)) as invalid,
  round(sum(declared_ha)::numeric, 2) as declared_ha,
  round(sum(ST_Area(geom))::numeric / 10000, 2) as measured_ha
from parcel;
\echo
select count(*) filter (where abs(ratio - 1) <= 0.02) as within_2_percent,
  count(*) filter (where abs(ratio - 1) > 0.02 and abs(ratio - 1) <= 0.10) as within_10,
  count(*) filter (where abs(ratio - 1) > 0.10) as further_off,
  round(percentile_cont(0.5) within group (order by ratio)::numeric, 4) as median_ratio
from (select declared_ha * 10000 / ST_Area(geom) as ratio from parcel) p;

\echo
\echo 'The ones furthest off:'
\echo
select parcel_id, crop, declared_ha, round(ST_Area(geom)::numeric / 10000, 3) as measured_ha,
  round((declared_ha * 10000 / ST_Area(geom))::numeric, 3) as ratio
from parcel
order by abs(ln(declared_ha * 10000 / ST_Area(geom))) desc, parcel_id
limit 5;

\echo
\echo 'Neighbours whose boxes meet, and how many of them truly overlap, by slivers:'
\echo
select count(*) as neighbours, count(*) filter (where area > 0) as overlap,
  round(max(area)::numeric, 2) as largest_m2, round(sum(area)::numeric, 2) as total_m2
from (select ST_Area(ST_Intersection(a.geom, b.geom)) as area
      from parcel a join parcel b on a.geom && b.geom and a.parcel_id < b.parcel_id) p;
\set ECHO none
\timing off
