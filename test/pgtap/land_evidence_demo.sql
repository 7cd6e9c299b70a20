-- land_evidence finds the demo county's plots as the generator made them.
begin;
set local client_min_messages = warning;
select set_config('search_path', 'agririsk, ' || current_setting('search_path'), true) \g /dev/null
select plan(36);

\set seed 5
\set size 400
\ir ../../demo/generate.sql

\set plots 'select plot_id, household_id, geom, declared_area from demo.plot'
\set rights 'select right_id, unit_id, party_id, geom, rrr_type, share_num, share_den, valid_from, valid_to, registered_area from demo.land_right'

-- A shifted right reaches up to 1.8 m into the neighbours. What a plot is like is exactly known where none does: it is clear.
create temp table known as
select p.plot_id, p.farmer_id, p.household_id, p.declared_area, p.geom, t.label, t.held_share, t.disputed_share, t.double_claim_share, t.overdeclared,
	not exists (select from demo.land_right r join demo.plot_truth s on s.plot_id = r.right_id / 4
		where s.label = 'shifted' and s.plot_id <> p.plot_id and r.geom && p.geom and ST_Area(ST_Intersection(r.geom, p.geom)) > 0) as clear
from demo.plot p join demo.plot_truth t using (plot_id);
select ok((select min(n) >= 5 from (select count(*) filter (where clear) as n from known where label <> 'shifted' group by label) l), 'there are clear plots of every kind');

create temp table evidence as
select day, e.* from (values (date '2018-12-31'), ('2021-01-01'), ('2024-06-30')) d(day), land_evidence(:'plots', :'rights', day) e;
create temp view found as
select e.*, k.label, k.clear, k.overdeclared, k.household_id, k.declared_area, k.geom,
	k.held_share as true_held, k.disputed_share as true_disputed, k.double_claim_share as true_double_claim
from evidence e join known k using (plot_id) where day >= '2021-01-01';

select results_eq('select day, plot_id, farmer_id from evidence order by 1, 2',
	$$select day, plot_id, household_id from demo.plot, (values (date '2018-12-31'), ('2021-01-01'), ('2024-06-30')) d(day) order by 1, 2$$, 'each plot once, with its household');
select is((select count(*) from found where abs(plot_area / ST_Area(geom) - 1) > 1e-12), 0::bigint, 'plots are as large as PostGIS says');
select is((select count(*) from evidence where not (held_share between 0 and 1 and disputed_share between 0 and 1 and unregistered_share between 0 and 1
	and double_claim_share between 0 and 1 and best_iou between 0 and 1 and held_fraction_area <= held_area * (1 + 1e-12))
	or abs(held_share - held_area / plot_area) > 1e-12 or abs(disputed_share - disputed_area / plot_area) > 1e-12), 0::bigint, 'shares are shares');

-- Held.
select is((select count(*) from found where label in ('held', 'leased', 'shared', 'spouse', 'disputed', 'double_claimed') and abs(held_share - 1) > 1e-9), 0::bigint,
	'a plot with papers in order is held to the last square metre');
select is((select count(*) from found where clear and abs(held_share - true_held) > 1e-9), 0::bigint, 'what is held is what the truth says');
select is((select count(*) from found where label in ('missing', 'expired') and clear and (held_area, disputed_area, unregistered_share) <> (0, 0, 1)), 0::bigint,
	'without a right, or with one that has run out, the ground is nobody''s');
select ok((select min(held_share) > 0.85 and max(held_share) < 1 from found where label = 'shifted'), 'a shifted right holds most of the plot, never all');
select is((select count(*) from found f where abs(held_area - coalesce((select ST_Area(ST_Intersection(f.geom, ST_Union(r.geom))) from demo.land_right r
	where r.geom && f.geom and r.party_id = f.household_id and r.rrr_type <> 'restriction' and r.valid_from <= day and day < r.valid_to), 0)) > 1e-6 * plot_area), 0::bigint,
	'the union of the household''s rights, as PostGIS has it');
select is((select count(*) from found where label = 'shared' and abs(held_fraction_area - held_area / 2) > 0.04 * plot_area), 0::bigint, 'one of two co-holders has half');
select is((select count(*) from found where label = 'shared' and clear and abs(held_fraction_area - held_area / 2) > 1e-9 * plot_area), 0::bigint, 'to the square metre');
select is((select count(*) from found where label in ('held', 'leased', 'double_claimed') and clear and abs(held_fraction_area - held_area) > 1e-9 * plot_area), 0::bigint,
	'one who holds alone has all');

-- Disputed.
select is((select count(*) from found where clear and abs(disputed_share - true_disputed) > 1e-9), 0::bigint, 'what is disputed is what the truth says');
select ok((select bool_and(disputed_share between 0.2 and 1) and bool_or(disputed_share < 0.9) from found where label = 'disputed'),
	'another''s contract over the household''s own disputes it, part or whole');
select is((select count(*) from found where label = 'false_claim' and clear and (abs(disputed_share - 1) > 1e-9 or held_area > 0 or unregistered_share > 1e-9)), 0::bigint,
	'who declares what another holds, declares disputed ground');
select is((select count(*) from found where label in ('leased', 'shared', 'spouse') and clear and disputed_area <> 0), 0::bigint,
	'owners above tenants, co-holders and spouses dispute nothing');
select is((select count(*) from known k join land_evidence(:'plots', replace(:'rights', 'unit_id', 'case rrr_type when ''lease'' then -unit_id else unit_id end'), '2024-06-30') e using (plot_id)
	where k.label = 'leased' and k.clear and e.disputed_area <> 0), 0::bigint, 'nor where the lease is a unit of its own');
select is((select count(*) from found where label <> 'shifted' and abs(disputed_share - true_disputed) > 0.13), 0::bigint, 'slivers of shifted neighbours are slivers');
select is((select count(*) from found where disputed_area > 0 and disputed_share <= 0.005 and label not in ('leased', 'shared')), 0::bigint, 'those up to min_share are left out');
select is((select count(*) from known k join land_evidence(:'plots', :'rights', '2024-06-30', min_share => 0.2) e using (plot_id)
	where k.label in ('held', 'missing', 'expired', 'spouse', 'double_claimed') and e.disputed_area <> 0), 0::bigint, 'with a larger min_share, all of them');
select is((select count(*) from found where clear and abs(greatest(held_share, disputed_share) + unregistered_share - 1) > 1e-9), 0::bigint,
	'ground is held, disputed or unregistered');

-- The right that fits best.
select is((select count(*) from found where clear and label in ('held', 'spouse', 'disputed', 'double_claimed', 'shared') and abs(best_iou - 1) > 1e-9), 0::bigint, 'the best right fits exactly');
select is((select count(*) from found where clear and label = 'leased' and best_right_id is distinct from plot_id * 4 + 2), 0::bigint, 'a tenant''s best right is the lease');

-- Doubly claimed.
select is((select count(*) from found where abs(double_claim_share - true_double_claim) > 1e-9), 0::bigint, 'what is claimed twice is what the truth says');
select results_eq('select plot_id, coalesce(double_claim_plots, ''{}'') from evidence where day = ''2024-06-30'' order by 1',
	$$select p.plot_id, array(select q.plot_id from demo.plot q where q.geom && p.geom and q.household_id <> p.household_id and ST_Area(ST_Intersection(p.geom, q.geom)) > 0 order by 1)
	from demo.plot p order by 1$$, 'and by whom');

-- Flags.
select is((select count(*) from found where ('area_mismatch' = any(flags)) <> (abs(declared_area / ST_Area(geom)::numeric - 1) > 0.1) or overdeclared and not 'area_mismatch' = any(flags)), 0::bigint,
	'who declares a good deal more than there is, is flagged');
select is((select count(*) from found where abs(area_ratio / (declared_area / ST_Area(geom)) - 1) > 1e-12), 0::bigint, 'area_ratio is declared over measured');
select is((select count(*) from found where clear and ('expired_right' = any(flags)) <> (label = 'expired')), 0::bigint, 'rights that ran out are flagged');
select is((select count(*) from found where clear and ('share_overflow' = any(flags)) <> (label = 'disputed')), 0::bigint, 'so are shares that sum to more than the whole, and no co-holders'' halves');
select is((select count(*) from evidence where flags && '{invalid_geometry,tiny}'), 0::bigint, 'no plot is invalid or tiny');

-- Time.
select is((select count(*) from evidence e join known k using (plot_id) where day = '2018-12-31' and k.clear and k.label = 'expired' and (abs(e.held_share - 1) > 1e-9 or 'expired_right' = any(flags))), 0::bigint,
	'before they ran out, rights held');
select is((select count(*) from evidence e join known k using (plot_id) where day = '2018-12-31' and k.clear and k.label = 'leased' and (held_area <> 0 or abs(e.disputed_share - 1) > 1e-9)), 0::bigint,
	'before the lease, the ground was the owner''s');
select results_eq(format($$select d, round(e.held_share::numeric, 9) from (values (-1), (0)) v(d), land_evidence(%L, %L, %L::date + d) e where plot_id = %s order by 1$$,
		:'plots', :'rights', r.valid_to, r.right_id / 4),
	'values (-1, 1::numeric), (0, 0)', 'a right holds on the day before valid_to, and not on it')
from demo.land_right r join known k on k.plot_id = r.right_id / 4 where k.label = 'expired' and k.clear order by r.right_id limit 1;
select results_eq(format($$select d, round(e.held_share::numeric, 9) from (values (-1), (0)) v(d), land_evidence(%L, %L, %L::date + d) e where plot_id = %s order by 1$$,
		:'plots', :'rights', r.valid_from, r.right_id / 4),
	'values (-1, 0::numeric), (0, 1)', 'from valid_from on, and not before')
from demo.land_right r join known k on k.plot_id = r.right_id / 4 where k.label = 'held' and k.clear and r.right_id % 4 = 1 order by r.right_id limit 1;

-- What must not matter.
select results_eq(format('select * from land_evidence(%L, %L, ''2024-06-30'') order by plot_id', :'plots', :'rights' || ' where rrr_type <> ''restriction'''),
	format('select * from land_evidence(%L, %L, ''2024-06-30'') order by plot_id', :'plots' || ' order by plot_id % 97 desc, plot_id', :'rights' || ' order by right_id % 89, right_id'),
	'restrictions, and the order of rows');
select results_eq(format('select plot_id::bigint, farmer_id::bigint, held_area, disputed_area, unregistered_share, best_right_id::bigint, double_claim_share from land_evidence(%L, %L, ''2024-06-30'', null::text) order by 1',
		'select plot_id::text, household_id::text, geom, declared_area from demo.plot', 'select right_id::text, unit_id::text, party_id::text, geom, rrr_type, share_num, share_den, valid_from, valid_to from demo.land_right'),
	$$select plot_id, farmer_id, held_area, disputed_area, unregistered_share, best_right_id, double_claim_share from evidence where day = '2024-06-30' order by 1$$, 'and whether keys are numbers or text');
select * from finish();
rollback;
