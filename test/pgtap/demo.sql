-- The demo county: drawn by seed alone, plausible, whole, and true to its truth.
begin;
set local client_min_messages = warning;
select set_config('search_path', 'agririsk, ' || current_setting('search_path'), true) \g /dev/null
select plan(46);

create function pg_temp.digest() returns table (name text, rows bigint, digest text)
language plpgsql as $$
begin
	for name in select relname from pg_class where relnamespace = 'demo'::regnamespace and relkind = 'r' order by relname collate "C" loop
		execute format($q$select count(*), md5(string_agg(md5(x::text), '' order by md5(x::text))) from demo.%I x$q$, name) into rows, digest;
		return next;
	end loop;
end $$;

\set seed 5
\set size 400
\set county_sd 0
\ir ../../demo/generate.sql
select is((select count(*) from demo.county_truth where (prefecture_effect, county_effect, volatility_slope, leverage_slope) <> (0, 0, 0, 0)), 0::bigint,
	'with county_sd 0 counties do not differ');
select is((select count(*) from demo.season_truth where shock <> 0), 0::bigint, 'nor do seasons');
create temp table alike as select * from pg_temp.digest();
\set county_sd 0.45

\set seed 6
\ir ../../demo/generate.sql
create temp table other_seed as select * from pg_temp.digest();

\set seed 5
\ir ../../demo/generate.sql
create temp table once as select * from pg_temp.digest();

-- The same again by other plans: every join and aggregate meets its rows in another order.
set local enable_hashjoin = off;
set local enable_hashagg = off;
set local enable_indexscan = off;
set local enable_bitmapscan = off;
set local work_mem = '64kB';
\ir ../../demo/generate.sql
reset enable_hashjoin;
reset enable_hashagg;
reset enable_indexscan;
reset enable_bitmapscan;
reset work_mem;
select results_eq('select * from pg_temp.digest()', 'select * from once', 'same seed and size, same tables, whatever the plan');
select is((select count(*) from once where rows = 0), 0::bigint, 'no table is empty');
select is((select string_agg(o.name, ', ' order by o.name) from once o join other_seed s using (name) where o.digest = s.digest), 'county, crop',
	'another seed is another world, but for its counties and crops');
select results_eq(
	$$select o.name from once o join alike a using (name) where o.digest = a.digest and o.name in ('plot', 'land_right', 'farmer_truth', 'observation') order by 1$$,
	$$values ('farmer_truth'), ('land_right'), ('observation'), ('plot')$$,
	'how much counties differ in risk changes nothing in the evidence');
select is((select string_agg(relname, ', ') from pg_class where relnamespace = 'demo'::regnamespace and relkind = 'r' and obj_description(oid, 'pg_class') is null),
	null, 'every table says what it is');
select is((select string_agg(proname, ', ') from pg_proc where pronamespace = 'demo'::regnamespace and obj_description(oid, 'pg_proc') is null),
	null, 'and so does every function');

-- Chance.
create temp table draw as select demo.uniform('a', i) as u, demo.uniform('b', i) as v, demo.normal('a', i) as z from generate_series(1, 40000) i;
select ok((select abs(avg(u) - 0.5) < 0.006 and abs(stddev(u) - 0.28868) < 0.003 and min(u) > 0 and max(u) < 1 from draw), 'uniform draws are uniform');
select ok((select abs(corr(u, v)) < 0.02 from draw), 'draws of different names have nothing to do with each other');
select ok((select abs(avg(z)) < 0.02 and abs(stddev(z) - 1) < 0.02 and abs(avg((z < 1)::int) - 0.8413) < 0.01 and abs(avg((z < -2)::int) - 0.0228) < 0.004 from draw),
	'normal draws are nearly normal');
select ok((select max(abs(demo.skewed(x) / exp(x) - 1)) < 0.07 from (select i / 10::float8 from generate_series(-10, 10) i) g(x)), 'skewed is about exp');

-- People.
select is((select sum(farmers) from demo.county), 400::numeric, 'size is the number of farmers');
select is((select count(*) from demo.farmer f join demo.county c using (county_id) where f.farmer_id not between c.first_farmer and c.first_farmer + c.farmers - 1), 0::bigint,
	'each lives in its county');
select ok((select max(farmers) > 200 and min(farmers) <= 5 from demo.county), 'the largest county has most of the farmers, the smallest a handful');
select ok((select min(members) = 1 and max(members) = 2 and sum(members) = 400 from demo.household), 'households are of one or two members who farm');

-- Land.
select is((select count(*) from demo.plot where not ST_IsValid(geom) or ST_SRID(geom) <> 6933), 0::bigint, 'plots are valid polygons in an equal-area projection');
select ok((select max(abs(ST_Area(geom) / ST_Area(ST_Transform(geom, 4326)::geography) - 1)) < 0.001 from demo.plot where plot_id % 32 < 8),
	'their areas are those on the spheroid');
create temp table neighbour as
select ST_Area(ST_Intersection(a.geom, b.geom)) as overlap,
	(select count(*) from (select (ST_DumpPoints(a.geom)).geom intersect select (ST_DumpPoints(b.geom)).geom) s) as common_points,
	ST_Length(ST_Intersection(ST_Boundary(a.geom), ST_Boundary(b.geom))) as common_length
from demo.plot a join demo.plot b on a.geom && b.geom and a.plot_id < b.plot_id
where a.plot_id % 32 < 8 and b.plot_id % 32 < 8 and ST_Intersects(a.geom, b.geom);
select is((select max(overlap) from neighbour), 0::float8, 'farmers'' own plots never overlap');
select ok((select count(*) from neighbour where common_length > 20 and common_points >= 2) > 1000, 'neighbours share their boundaries, vertex by vertex');

create temp table measured as
select p.plot_id, t.label, t.held_share, t.disputed_share, t.double_claim_share,
	coalesce((select ST_Area(ST_Intersection(p.geom, ST_Union(r.geom))) from demo.land_right r
		where r.geom && p.geom and r.party_id = p.household_id and r.rrr_type <> 'restriction' and r.valid_from <= d and d < r.valid_to), 0) / ST_Area(p.geom) as held,
	coalesce((select ST_Area(ST_Intersection(p.geom, ST_Union(r.geom))) from demo.land_right r
		where r.geom && p.geom and r.party_id <> p.household_id and r.rrr_type = 'contract' and r.share_den = 1 and r.valid_from <= d and d < r.valid_to), 0) / ST_Area(p.geom) as disputed,
	coalesce((select ST_Area(ST_Intersection(p.geom, ST_Union(q.geom))) from demo.plot q
		where q.geom && p.geom and q.household_id <> p.household_id), 0) / ST_Area(p.geom) as doubled
from demo.plot p join demo.plot_truth t using (plot_id), (values (date '2021-01-01'), ('2024-06-30')) as_of(d);
select is((select string_agg(distinct label, ' ' order by label) from demo.plot_truth),
	'disputed double_claimed expired false_claim held leased missing shared shifted spouse',
	'every kind of paper trouble occurs');
-- the register's shifted polygons reach up to 1.8 m into the neighbours, hence the tolerance
select is((select count(*) from measured where held_share is not null and abs(held - held_share) > 0.13), 0::bigint, 'the register holds what the truth says is held, from 2021 to 2024');
select is((select count(*) from measured where label in ('held', 'leased', 'shared', 'spouse', 'disputed', 'double_claimed') and held < 1 - 1e-9), 0::bigint,
	'a plot with papers in order is held to the last square metre');
select ok((select min(held) > 0.85 and max(held) < 1 from measured where label = 'shifted'), 'a shifted right covers most of the plot, never all');
select is((select count(*) from measured where disputed_share is not null and label <> 'leased' and abs(disputed - disputed_share) > 0.13), 0::bigint,
	'others hold what the truth says is disputed');
select is((select count(*) from measured where abs(doubled - double_claim_share) > 1e-9), 0::bigint, 'and declare what it says is claimed twice');
select ok((select count(*) from demo.land_right l join demo.land_right c using (unit_id) where l.rrr_type = 'lease' and c.rrr_type = 'contract' and ST_Equals(l.geom, c.geom)) > 0,
	'a tenant''s lease lies under its owner''s contract');
select ok((select max(s) <= 1 from (select sum(share_num::numeric / share_den) as s from demo.land_right where rrr_type = 'contract' and share_den > 1 group by unit_id) u),
	'co-holders'' shares are at most the whole');

-- Money.
select ok((select min(on_date) < '2019-08-01' and max(on_date) > '2024-05-31' and count(distinct date_trunc('month', on_date)) = 60 from demo.event), 'events span sixty months');
select ok((select min(recorded_on - on_date) = 0 and avg((recorded_on - on_date <= 7)::int) between 0.85 and 0.99 and max(recorded_on - on_date) > 90 from demo.event),
	'most is known within a week, some only after months, nothing before it happens');
select is((select string_agg(distinct kind, ' ' order by kind) from demo.event where amount > 0),
	'loan_proceeds own_transfer refund sale shipment subsidy wage', 'what comes in');
select is((select string_agg(distinct kind, ' ' order by kind) from demo.event where amount < 0), 'input own_transfer', 'what goes out');
select ok((select sum(amount) filter (where extract(month from on_date) in (9, 10, 11)) / sum(amount) > 0.45
	from demo.event join demo.farmer using (farmer_id) where kind in ('sale', 'shipment') and crop = 'rice'), 'rice money comes after the harvest');
select ok((select percentile_cont(0.5) within group (order by amount) between 200 and 5000 from demo.event where kind = 'sale'), 'sales are small');

-- Loans.
select ok((select avg(first_time::int) between 0.74 and 0.86 from demo.application), 'about 80 % ask for their first loan');
select ok((select avg(approved::int) between 0.55 and 0.9 and count(distinct season) = 4 and max(amount_requested) < 500000 and min(handling_cost) > 0 from demo.application),
	'some are refused, over four seasons; amounts are small, and cost something to handle');
select is((select count(*) from demo.truth
	where abs(base + volatility + seasonality + recency + growth + buyers + borrowing + leverage + tenure + dispute + vigour + crop + county_effect + county_slopes + season_shock
		- ln(true_pd / (1 - true_pd))) > 1e-9), 0::bigint, 'the drivers add up to the true probability');
select ok((select abs(sum(would_be_bad::int) - sum(true_pd)) < 4 * sqrt(sum(true_pd * (1 - true_pd))) from demo.truth), 'outcomes are drawn with it');
select is((select count(*) from demo.application left join demo.truth using (application_id) where true_pd is null), 0::bigint, 'refused applications have a truth too');
select is((select count(*) from demo.outcome join demo.truth using (application_id) where outcome = 'bad' and not would_be_bad or outcome in ('good', 'indeterminate') and would_be_bad),
	0::bigint, 'outcomes judged from repayments are the true ones');
select is((select string_agg(distinct outcome, ', ' order by outcome) from demo.outcome), 'bad, good, indeterminate, not matured', 'every kind of outcome occurs');
select is((select count(*) from demo.loan n join demo.loan l on l.loan_id = n.rolls_over join demo.outcome o on o.application_id = l.application_id
	where o.outcome not in ('bad', 'not matured')), 0::bigint, 'a rollover is not a repayment');
select ok((select (sum(r) filter (where would_be_bad) - b * (b + 1) / 2) / (b * (n - b)) > 0.75
	from (select would_be_bad, rank() over (order by true_pd) as r, count(*) over () as n, count(*) filter (where would_be_bad) over () as b from demo.truth) t group by n, b),
	'the true probability tells bad from good');

-- The satellite.
select ok((select avg((clear_share < 0.5)::int) between 0.2 and 0.5 from demo.observation), 'clouds hide a third of what the satellite would see');
select ok((select bool_and(peak between 7 and 9) from (
	select mode() within group (order by extract(month from on_date)) as peak
	from (select distinct on (plot_id, extract(year from on_date)) plot_id, on_date
		from demo.observation join demo.plot_truth t using (plot_id)
		where t.crop = 'rice' and clear_share > 0.5 order by plot_id, extract(year from on_date), ndvi desc) p
	group by extract(year from on_date) having extract(year from max(on_date)) < 2024) y), 'rice is greenest in summer');
select ok((select avg((ndvi > 0.4)::int) > 0.95 from demo.observation join demo.plot_truth t using (plot_id) where t.crop = 'orange' and clear_share > 0.5),
	'an orange grove stays green');

select finish();
rollback;
