-- Where people live, what they grow, and the traits that make their money what it is.

create table demo.crop (
	crop text primary key,
	kind text not null check (kind in ('staple', 'vegetable', 'orchard')),
	yuan_per_mu float8 not null,
	sale_share float8[] not null,
	input_share float8[] not null,
	ndvi_base float8 not null,
	ndvi_rise float8 not null,
	green_from int not null,
	green_days int not null,
	risk float8 not null
);
comment on table demo.crop is 'What is grown here.';
comment on column demo.crop.yuan_per_mu is 'Sales of an ordinary year, yuan per mu.';
comment on column demo.crop.sale_share is 'How the year''s harvest is sold: shares of January to December.';
comment on column demo.crop.input_share is 'How the year''s seed, fertiliser and labour are paid: shares of January to December.';
comment on column demo.crop.ndvi_base is 'NDVI outside the season.';
comment on column demo.crop.ndvi_rise is 'How far NDVI rises at the peak.';
comment on column demo.crop.green_from is 'Day of the year on which it greens up.';
comment on column demo.crop.green_days is 'Days from green-up to bare again.';
comment on column demo.crop.risk is 'What growing it adds to the log-odds of a bad loan. Truth: not for models.';

insert into demo.crop values
	('rice',      'staple',    1300, '{.03,.02,.01,.00,.00,.00,.02,.07,.24,.36,.17,.08}', '{.02,.04,.14,.28,.22,.16,.08,.04,.01,.00,.00,.01}', .20, .62, 135, 140, -0.25),
	('maize',     'staple',    1100, '{.05,.02,.01,.00,.00,.00,.00,.04,.25,.36,.17,.10}', '{.01,.03,.12,.34,.24,.16,.07,.02,.01,.00,.00,.00}', .18, .60, 120, 135,  0.05),
	('wheat',     'staple',     950, '{.02,.01,.00,.00,.06,.44,.29,.12,.03,.01,.01,.01}', '{.03,.07,.13,.06,.02,.00,.00,.03,.10,.33,.19,.04}', .17, .55, 305, 225, -0.10),
	('vegetable', 'vegetable', 3200, '{.07,.06,.07,.09,.11,.11,.10,.08,.08,.08,.08,.07}', '{.07,.09,.11,.11,.09,.08,.08,.09,.09,.08,.06,.05}', .32, .26,  75, 230,  0.10),
	('orange',    'orchard',   3900, '{.21,.08,.03,.00,.00,.00,.00,.00,.01,.07,.27,.33}', '{.08,.16,.17,.07,.08,.09,.11,.08,.06,.04,.03,.03}', .62, .13,  70, 250,  0.20),
	('apple',     'orchard',   3600, '{.12,.07,.04,.02,.01,.00,.00,.03,.15,.32,.15,.09}', '{.03,.09,.18,.15,.14,.12,.09,.07,.05,.04,.02,.02}', .27, .50,  95, 200,  0.30);

create table demo.county (
	county_id text primary key,
	name text not null,
	prefecture_id text not null,
	prefecture text not null,
	number int not null unique,
	first_farmer bigint,
	farmers bigint not null
);
comment on table demo.county is 'Counties of a province that is on no map. The first holds most of the farmers, the last a handful.';
comment on column demo.county.county_id is 'Six-digit code; its first four digits are the prefecture, its first two the province.';
comment on column demo.county.prefecture_id is 'The county''s parent.';
comment on column demo.county.number is 'County 1 is the largest.';

-- the r-th county gets a share of farmers in proportion to 1/r^2
insert into demo.county
select p.id || lpad(((r - 1) / 3 + 1)::text, 2, '0'),
	case when r <= 12 then (array['Qingtian', 'Baishui', 'Longtan', 'Yunling', 'Shiqiao', 'Meixi',
		'Luping', 'Xikou', 'Dongwan', 'Heishan', 'Nanjiao', 'Caodian'])[r] else 'County ' || r end,
	p.id, p.name, r,
	nullif(coalesce(lag(upto) over (order by r), 0) + 1, upto + 1), upto - coalesce(lag(upto) over (order by r), 0)
from (
	select r, floor(0.5 + :size * (sum(1.0 / (r::numeric * r)) over (order by r)) / sum(1.0 / (r::numeric * r)) over ())::bigint as upto
	from generate_series(1, :counties) r) c
	join (values (0, '9001', 'Jiangbei'), (1, '9002', 'Wushan'), (2, '9003', 'Yuanxi')) p(nth, id, name) on p.nth = (c.r - 1) % 3;

create table demo.household (
	household_id bigint primary key,
	county_id text not null references demo.county,
	members int not null
);
comment on table demo.household is 'Households. Land is contracted to the household, not to one of its members.';
comment on column demo.household.members is 'How many of its members farm and may ask for a loan.';

create table demo.farmer (
	farmer_id bigint primary key,
	household_id bigint not null references demo.household,
	county_id text not null references demo.county,
	crop text not null references demo.crop,
	plots int not null
);
comment on table demo.farmer is 'People who may ask for a loan.';
comment on column demo.farmer.crop is 'What most of the land is planted with, as the farmer says.';
comment on column demo.farmer.plots is 'Plots of one''s own; plots declared that are a spouse''s or another''s come on top.';

create temporary table newcomer as
select f as farmer_id,
	case when f % 2 = 0 and f > c.first_farmer and demo.uniform('spouse', f) < 0.24 then f - 1 else f end as household_id,
	c.county_id, c.number,
	case
		when demo.uniform('orchard', f) < 0.08 + 0.35 * demo.uniform('orchards here', c.number)
			then case when c.prefecture_id = '9003' then 'apple' else 'orange' end
		when demo.uniform('vegetables', f) < 0.14 then 'vegetable'
		when demo.uniform('rice', f) < 0.30 + 0.50 * demo.uniform('paddies here', c.number) then 'rice'
		when demo.uniform('maize', f) < 0.55 then 'maize'
		else 'wheat' end as crop,
	(1 + floor(6 * demo.uniform('plots', f) * demo.uniform('more plots', f)) + (demo.uniform('two plots', f) < 0.6)::int)::int as plots
from generate_series(1, :size) f
	join demo.county c on f between c.first_farmer and c.first_farmer + c.farmers - 1;

insert into demo.household select household_id, min(county_id), count(*) from newcomer group by household_id;
insert into demo.farmer select farmer_id, household_id, county_id, crop, plots from newcomer;
drop table newcomer;
create index on demo.farmer (household_id);

create table demo.farmer_truth (
	farmer_id bigint primary key references demo.farmer,
	volatility float8 not null,
	seasonality float8 not null,
	trend float8 not null,
	cost_share float8 not null,
	buyers int not null,
	ships boolean not null,
	wages boolean not null,
	borrows boolean not null,
	stops_in_month int,
	careless float8 not null,
	vigour float8 not null
);
comment on table demo.farmer_truth is 'The traits nobody sees; evidence is drawn from them.';
comment on column demo.farmer_truth.volatility is 'How much sales jump from month to month and year to year.';
comment on column demo.farmer_truth.seasonality is 'Share of sales that follows the crop''s season; the rest is spread evenly.';
comment on column demo.farmer_truth.trend is 'Growth of sales from the first to the last month, as a fraction of the middle.';
comment on column demo.farmer_truth.cost_share is 'Inputs paid per yuan sold.';
comment on column demo.farmer_truth.buyers is 'How many buyers there are to sell to; most goes to the first.';
comment on column demo.farmer_truth.ships is 'Sells through the shipping station rather than for transfers.';
comment on column demo.farmer_truth.wages is 'Somebody earns wages off the farm.';
comment on column demo.farmer_truth.borrows is 'Borrows from other lenders.';
comment on column demo.farmer_truth.stops_in_month is 'Month (0 to 59) from which hardly anything is sold any more; NULL: goes on.';
comment on column demo.farmer_truth.careless is 'Probability that a plot''s papers are not in order.';
comment on column demo.farmer_truth.vigour is 'How well the fields do, standardised.';

insert into demo.farmer_truth
select farmer_id,
	0.15 + 0.80 * demo.uniform('volatility', farmer_id),
	0.30 + 0.65 * demo.uniform('seasonality', farmer_id),
	0.35 * demo.normal('trend', farmer_id),
	0.22 + 0.33 * demo.uniform('cost', farmer_id),
	1 + floor(5 * demo.uniform('buyers', farmer_id))::int,
	demo.uniform('ships', farmer_id) < 0.25,
	demo.uniform('wages', farmer_id) < 0.40,
	demo.uniform('borrows', farmer_id) < 0.20,
	case when demo.uniform('stops', farmer_id) < 0.14 then 12 + floor(48 * demo.uniform('stops in', farmer_id))::int end,
	case when demo.uniform('careless', farmer_id) < 0.22 then 0.70 else 0.12 end,
	demo.normal('vigour', farmer_id)
from demo.farmer;
