-- Sixty months of dated, signed money: what was sold and shipped, what came as subsidy and wages, what was paid for inputs, and the
-- money that comes in without being income: loans of other lenders, transfers between own accounts, refunds.

create table demo.event (
	event_id bigint not null,
	farmer_id bigint not null,
	on_date date not null,
	recorded_on date not null,
	kind text not null check (kind in ('sale', 'shipment', 'subsidy', 'wage', 'input', 'refund', 'own_transfer', 'loan_proceeds')),
	amount numeric(12,2) not null,
	buyer_id bigint
);
comment on table demo.event is 'Money in and out, July 2019 to June 2024, as payment systems, shipping stations and agencies report it.';
comment on column demo.event.on_date is 'The day on which it happened.';
comment on column demo.event.recorded_on is 'The day on which the bank learnt of it: mostly within a week, sometimes months later. A loan decision may use only what was recorded before.';
comment on column demo.event.kind is 'sale: paid by a buyer; shipment: value of produce taken by a shipping station, paid outside the bank, so never a sale as well; subsidy; wage; input: paid for seed, fertiliser, labour; '
	'and what is not income: refund of an input, own_transfer between own accounts, loan_proceeds.';
comment on column demo.event.amount is 'Yuan; positive comes in, negative goes out.';
comment on column demo.event.buyer_id is 'Who bought; NULL where nobody did.';

create table demo.farm_truth (
	farmer_id bigint primary key references demo.farmer,
	mu float8 not null,
	yearly_sales float8 not null
);
comment on table demo.farm_truth is 'The size of each farm.';
comment on column demo.farm_truth.mu is 'Area of the farmer''s own plots in mu (15 mu are a hectare).';
comment on column demo.farm_truth.yearly_sales is 'What an ordinary year brings, yuan.';

insert into demo.farm_truth
select farmer_id, mu, round((mu * c.yuan_per_mu * demo.skewed(0.35 * demo.normal('good farmer', farmer_id)))::numeric)
from demo.farmer f join demo.crop c using (crop)
	join (select farmer_id, sum(round(ST_Area(geom)::numeric, 2))::float8 * 0.0015 as mu
		from demo.plot where plot_id % 32 < 8 group by farmer_id) p using (farmer_id);
analyze demo.farm_truth, demo.farmer_truth, demo.farmer;

-- Farmers by months 0 (July 2019) to 59 (June 2024).
create temporary table farm_month as
select t.*, f.yearly_sales, f.mu, y.number as county, w.crop, m, farmer_id * 64 + m as month_key,
	(date '2019-07-01' + make_interval(months => m))::date as first_day,
	c.input_share[(m + 6) % 12 + 1] as input_share,
	(1 - t.seasonality) / 12 + t.seasonality * c.sale_share[(m + 6) % 12 + 1] as sale_share,
	(m + 6) % 12 + 1 as month
from demo.farmer_truth t join demo.farm_truth f using (farmer_id) join demo.farmer w using (farmer_id)
	join demo.county y using (county_id) join demo.crop c using (crop),
	generate_series(0, 59) m;

-- Up to three sales a month, more of them where the season brings more; the month's share is split over those expected.
insert into demo.event
select month_key * 64 + slot, farmer_id, on_date,
	on_date + case when demo.uniform('late', month_key, slot) < 0.94
		then floor(7 * demo.uniform('lag', month_key, slot)) else 20 + floor(110 * demo.uniform('lag', month_key, slot)) end::int,
	case when ships and demo.uniform('by the station', month_key, slot) < 0.7 then 'shipment' else 'sale' end,
	greatest(20, yearly_sales * sale_share / expected
		* greatest(0.2, 1 + trend * (m - 30) / 60)
		* demo.skewed(volatility * (demo.normal('month', month_key) + 0.5 * demo.normal('year', farmer_id, m / 12))
			+ 0.3 * demo.normal('lot', month_key, slot)))::numeric,
	county * 1000 + floor(40 * demo.uniform('buyer', farmer_id, floor(buyers * demo.uniform('sells to', month_key, slot) * demo.uniform('or to', month_key, slot))::int))
from (
	select f.*, slot, first_day + floor(28 * demo.uniform('day', month_key, slot))::int as on_date,
		least(0.9, 0.05 + 9.6 * sale_share) + least(0.9, greatest(0.05, 9.6 * sale_share - 0.55)) + least(0.9, greatest(0.05, 9.6 * sale_share - 1.15)) as expected
	from farm_month f, generate_series(0, 2) slot
	where demo.uniform('sale', month_key, slot) < case slot when 0 then least(0.9, 0.05 + 9.6 * sale_share) else least(0.9, greatest(0.05, 9.6 * sale_share + 0.05 - 0.6 * slot)) end
		and (stops_in_month is null or m < stops_in_month or demo.uniform('stopped', month_key, slot) < 0.1)) s;

insert into demo.event
select month_key * 64 + nth, farmer_id, on_date,
	on_date + case when demo.uniform('late', month_key, nth) < chance_late
		then 20 + floor(110 * demo.uniform('lag', month_key, nth)) else floor(7 * demo.uniform('lag', month_key, nth)) end::int,
	kind, amount::numeric, null
from (
	select f.*, e.*, first_day + floor(28 * demo.uniform('day', month_key, nth))::int as on_date
	from farm_month f, lateral (
		select 8 as nth, 'wage' as kind, 0.05 as chance_late,
			(700 + 1900 * demo.uniform('wage', farmer_id)) * demo.skewed(0.3 * demo.normal('wages', month_key)) * case month when 1 then 1.8 else 1 end as amount
		where wages and demo.uniform('paid', month_key) < case when month = 2 then 0.2 else 0.55 end
		union all
		select 9, 'subsidy', 0.35, mu * (85 + 40 * demo.uniform('subsidy', county, m))
		where month = 5 and demo.uniform('entitled', farmer_id) < 0.9
		union all
		select 16 + half, 'input', 0.04, -least(1e6, greatest(15, yearly_sales * cost_share * input_share / 1.4 * demo.skewed(0.5 * demo.normal('input', month_key, half))))
		from generate_series(0, 1) half
		where demo.uniform('buys', month_key, half) < 0.7 and input_share > 0.005
		union all
		select 20, 'refund', 0.04, greatest(15, yearly_sales * cost_share * input_share * 0.5 * demo.uniform('refunded', month_key))
		where demo.uniform('refund', month_key) < 0.03 and input_share > 0.005
		union all
		select 24 + side, 'own_transfer', 0.04, (1 - 2 * side) * round((500 + yearly_sales * 0.3 * demo.uniform('moved', month_key))::numeric, -2)
		from generate_series(0, 1) side
		where demo.uniform('moves', farmer_id) < 0.3 and demo.uniform('moves now', month_key) < 0.12
		union all
		select 32, 'loan_proceeds', 0.04, round((1000 + yearly_sales * (0.15 + 0.5 * demo.uniform('borrowed', month_key)))::numeric, -2)
		where borrows and demo.uniform('borrows now', month_key) < 0.05) e) s;
alter table demo.event add primary key (event_id), add foreign key (farmer_id) references demo.farmer;
create index on demo.event (farmer_id, on_date);
analyze demo.event;
drop table farm_month;
