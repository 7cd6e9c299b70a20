-- Plots as a net of polygons that share their boundaries, and the register of rights to them, with what is wrong in it.
-- SRID 6933 (EASE-Grid 2.0) is equal-area everywhere and true to shape at 30 degrees north, where this province would lie.

-- Corner (i, j) of the net of county c: a 50 m lattice, shaken by up to 8 m, on whole centimetres. Counties lie 100 km apart.
create function demo.corner(c int, i int, j int) returns geometry
	language sql immutable parallel safe
	return ST_Point(
		10030000 + 100000 * ((c - 1) % 4) + round(100 * (50 * i + 16 * (demo.uniform('corner east', i * 65536::bigint + j, c) - 0.5))) / 100,
		3670000 - 100000 * ((c - 1) / 4) + round(100 * (50 * j + 16 * (demo.uniform('corner north', i * 65536::bigint + j, c) - 0.5))) / 100,
		6933);
comment on function demo.corner is 'A corner of the net of plots.';

create table demo.plot (
	plot_id bigint primary key,
	farmer_id bigint not null references demo.farmer,
	household_id bigint not null references demo.household,
	county_id text not null references demo.county,
	declared_crop text not null references demo.crop,
	declared_area numeric(12,2) not null,
	geom geometry(Polygon, 6933) not null
);
comment on table demo.plot is 'Plots as farmers declare them. The same ground may be declared twice.';
comment on column demo.plot.household_id is 'The farmer''s household, which is the party that the register contracts with.';
comment on column demo.plot.declared_area is 'Square metres, as the farmer says.';
comment on column demo.plot.geom is 'Equal-area projection (SRID 6933), metres. Neighbours share their boundary vertex by vertex.';

create table demo.land_right (
	right_id bigint primary key,
	unit_id bigint not null,
	party_id bigint not null,
	rrr_type text not null check (rrr_type in ('contract', 'lease', 'restriction')),
	share_num int not null,
	share_den int not null,
	valid_from date,
	valid_to date,
	registered_area numeric(12,2) not null,
	geom geometry(Polygon, 6933) not null
);
comment on table demo.land_right is 'The register of rights to land, in the words of LADM (ISO 19152).';
comment on column demo.land_right.unit_id is 'Basic administrative unit: rights of co-holders of one unit share it.';
comment on column demo.land_right.party_id is 'A household; from 1000000000 on a party from outside; 0 the state.';
comment on column demo.land_right.rrr_type is 'contract: the household''s contracted right to farm; lease: the right of a tenant; restriction: what limits use and holds nothing.';
comment on column demo.land_right.share_num is 'The party''s share of the unit is share_num / share_den.';
comment on column demo.land_right.valid_from is 'First day on which it is valid.';
comment on column demo.land_right.valid_to is 'First day on which it is no longer valid; NULL: open.';

create table demo.plot_truth (
	plot_id bigint primary key references demo.plot,
	label text not null check (label in ('held', 'shifted', 'missing', 'expired', 'leased', 'shared', 'spouse', 'disputed', 'double_claimed', 'false_claim')),
	crop text not null references demo.crop,
	held_share float8,
	disputed_share float8,
	double_claim_share float8,
	overdeclared boolean not null
);
comment on table demo.plot_truth is 'How it stands with each plot, from January 2021 on.';
comment on column demo.plot_truth.label is 'held: the right covers the plot; shifted: the register''s polygon is off by a metre or two; missing: no right; expired: a right that has run out; '
	'leased: another''s contract and the farmer''s own lease; shared: one of two co-holders; spouse: another member of the household declares it too; '
	'disputed: another party''s contract overlaps the farmer''s own; double_claimed: a stranger declares it too; false_claim: that stranger''s declaration.';
comment on column demo.plot_truth.crop is 'What really grows there.';
comment on column demo.plot_truth.held_share is 'Share of the plot under a valid right of the household (its own part or not); NULL where shifted: measure it.';
comment on column demo.plot_truth.disputed_share is 'Share of the plot under another party''s valid right of the same type, slivers of shifted neighbours apart; NULL where shifted.';
comment on column demo.plot_truth.double_claim_share is 'Share of the plot that another household declares too.';
comment on column demo.plot_truth.overdeclared is 'The farmer declares a good deal more area than there is.';

-- Plots of a county fill the lattice row by row, each household's side by side; every thirteenth cell is a path, a pond, a grave.
create temporary table cell as
select farmer_id, household_id, county_id, number as c, first_farmer, farmers, crop, k,
	(nth + nth / 12) % width as i, (nth + nth / 12) / width as j
from (
	select f.farmer_id, f.household_id, f.county_id, y.number, y.first_farmer, y.farmers, f.crop, k,
		(row_number() over (partition by f.county_id order by f.farmer_id, k) - 1)::int as nth,
		ceil(sqrt(1.1 * sum(1) over (partition by f.county_id)))::int as width
	from demo.farmer f join demo.county y using (county_id), generate_series(0, f.plots - 1) k) n;

-- Each boundary is drawn once, from its own hash, and used by the plots on both sides.
create temporary table boundary as
select c, i, j, up,
	ST_SetSRID(ST_MakeLine(array[a] || array(
		select ST_Point(
			round(100 * (ST_X(a) + t * (ST_X(b) - ST_X(a)) + bulge * 4 * t * (1 - t) * (ST_Y(b) - ST_Y(a)) / 50)) / 100,
			round(100 * (ST_Y(a) + t * (ST_Y(b) - ST_Y(a)) - bulge * 4 * t * (1 - t) * (ST_X(b) - ST_X(a)) / 50)) / 100, 6933)
		from (select k, (k + 0.4 * (demo.uniform('bend', edge, k) - 0.5)) / (bends + 1) as t from generate_series(1, bends) k) p
		order by k) || array[b]), 6933) as line
from (
	select e.*, demo.corner(c, i, j) as a, demo.corner(c, i + 1 - up, j + up) as b,
		floor(4 * demo.uniform('bends', edge, c))::int as bends,
		8 * (demo.uniform('bulge', edge, c) - 0.5) as bulge
	from (
		select distinct c, s.i, s.j, s.up, (s.i * 65536::bigint + s.j) * 2 + s.up as edge
		from cell, lateral (values (i, j, 0), (i, j + 1, 0), (i, j, 1), (i + 1, j, 1)) s(i, j, up)) e offset 0) d;
analyze cell, boundary;

create temporary table parcel as
select l.farmer_id * 32 + l.k as plot_id, l.farmer_id, l.household_id, l.county_id, l.first_farmer, l.farmers, l.crop, l.k,
	ST_MakePolygon(ST_MakeLine(array[s.line, e.line, ST_Reverse(n.line), ST_Reverse(w.line)])) as geom
from cell l
	join boundary s on (s.c, s.i, s.j, s.up) = (l.c, l.i, l.j, 0)
	join boundary n on (n.c, n.i, n.j, n.up) = (l.c, l.i, l.j + 1, 0)
	join boundary w on (w.c, w.i, w.j, w.up) = (l.c, l.i, l.j, 1)
	join boundary e on (e.c, e.i, e.j, e.up) = (l.c, l.i + 1, l.j, 1);
drop table cell, boundary;
analyze parcel;

-- What each plot's papers are like. A stranger is another farmer of the county, of another household; a spouse the other member of the household.
create temporary table claim as
select plot_id, p.farmer_id, p.household_id, p.county_id, p.crop, p.k, p.geom, ST_Area(geom) as area,
	case
		when papers = 'spouse' and mate.farmer_id is null then 'held'
		when papers = 'double_claimed' and (stranger.household_id is null or stranger.household_id = p.household_id) then 'held'
		else papers end as label,
	mate.farmer_id as mate_id, stranger.farmer_id as stranger_id, stranger.household_id as stranger_household_id,
	case when demo.uniform('whole', plot_id) < 0.5 then 1 else 0.3 + 0.5 * demo.uniform('part', plot_id) end as part
from (
	select p.*, first_farmer + (farmer_id - first_farmer + 3) % farmers as neighbour,
		case when demo.uniform('in order', plot_id) >= t.careless
			then case when u < 0.76 then 'held' when u < 0.84 then 'shifted' when u < 0.91 then 'leased' when u < 0.95 then 'shared' else 'spouse' end
			else case when u < 0.35 then 'missing' when u < 0.65 then 'expired' when u < 0.85 then 'disputed' else 'double_claimed' end end as papers
	from parcel p join demo.farmer_truth t using (farmer_id), lateral (select demo.uniform('papers', plot_id) as u) u) p
	left join demo.farmer stranger on stranger.farmer_id = p.neighbour
	left join demo.farmer mate on mate.household_id = p.household_id and mate.farmer_id <> p.farmer_id;
drop table parcel;
-- the part of a plot that another claims: all of it, or the west of it
alter table claim add column claimed geometry;
update claim set claimed = case when part = 1 then geom else
	ST_Intersection(geom, ST_MakeEnvelope(ST_XMin(geom) - 1, ST_YMin(geom) - 1, ST_XMin(geom) + part * (ST_XMax(geom) - ST_XMin(geom)), ST_YMax(geom) + 1, 6933)) end
where label in ('disputed', 'double_claimed');

insert into demo.plot
select plot_id, farmer_id, d.household_id, county_id,
	case when demo.uniform('says another crop', plot_id) < 0.04 then 'rice' else crop end,
	round((ST_Area(geom) * case when demo.uniform('says more', plot_id) < 0.07 then 1.15 + 0.3 * demo.uniform('more', plot_id)
		else 1 + 0.02 * demo.normal('measures', plot_id) end)::numeric, 2),
	geom
from (
	select plot_id, farmer_id, household_id, county_id, crop, geom from claim
	union all
	select mate_id * 32 + 8 + k, mate_id, household_id, county_id, crop, geom from claim where label = 'spouse'
	union all
	select stranger_id * 32 + 16 + k, stranger_id, stranger_household_id, county_id, crop, claimed from claim where label = 'double_claimed') d;
create index on demo.plot (farmer_id);
create index on demo.plot using gist (geom);

insert into demo.plot_truth
select plot_id, label,
	case when demo.uniform('grows another crop', plot_id) < 0.05 then 'maize' else crop end,
	held, disputed, doubly, demo.uniform('says more', plot_id) < 0.07
from (
	select plot_id, label, crop,
		case label when 'shifted' then null when 'missing' then 0 when 'expired' then 0 else 1 end::float8 as held,
		case label when 'shifted' then null when 'disputed' then ST_Area(claimed) / area else 0 end as disputed,
		case label when 'double_claimed' then ST_Area(claimed) / area else 0 end as doubly
	from claim
	union all
	select mate_id * 32 + 8 + k, label, crop, 1, 0, 0 from claim where label = 'spouse'
	union all
	select stranger_id * 32 + 16 + k, 'false_claim', crop, 0, 1, 1 from claim where label = 'double_claimed') d;

-- Rights: 1 the household's own, 2 another party's, 3 a restriction.
insert into demo.land_right
select plot_id * 4 + r.n, plot_id * 4 + (r.n = 3)::int, r.party, r.rrr_type, r.num, r.den, r.valid_from, r.valid_to,
	round(ST_Area(r.shape)::numeric, 2), r.shape
from (
	select c.*, 1000000000 + farmer_id as outsider,
		date '1998-01-01' + floor(6200 * demo.uniform('since', plot_id))::int as since,
		date '2028-01-01' + floor(4000 * demo.uniform('until', plot_id))::int as until
	from claim c) c, lateral (
	select 1 as n, case label when 'leased' then outsider else household_id end as party, 'contract' as rrr_type,
		1 as num, case label when 'shared' then 2 else 1 end as den,
		since as valid_from,
		case label when 'expired' then date '2019-01-01' + floor(700 * demo.uniform('ran out', plot_id))::int else until end as valid_to,
		case label when 'shifted' then ST_Translate(geom,
			round(100 * 3.6 * (demo.uniform('shift east', plot_id) - 0.5)) / 100, round(100 * 3.6 * (demo.uniform('shift north', plot_id) - 0.5)) / 100)
			else geom end as shape
	where label <> 'missing'
	union all
	select 2, case when label = 'leased' then household_id else outsider end, case label when 'leased' then 'lease' else 'contract' end,
		1, case label when 'shared' then 2 else 1 end,
		case label when 'leased' then date '2019-03-01' + floor(600 * demo.uniform('leased since', plot_id))::int else since end,
		case label when 'leased' then date '2026-03-01' + floor(1400 * demo.uniform('leased until', plot_id))::int else until end,
		case label when 'disputed' then claimed else geom end
	where label in ('leased', 'shared', 'disputed')
	union all
	select 3, 0, 'restriction', 1, 1, date '2016-01-01', null, geom
	where demo.uniform('restricted', plot_id) < 0.02) r;
create index on demo.land_right using gist (geom);
drop table claim;
