-- Who asks for a loan, how likely it is to go bad and why, and what the loan officers of the time decided.
-- Seasons are planting seasons: a loan asked for in spring 2021 falls due after that year's harvest.

create table demo.consent (
	farmer_id bigint not null references demo.farmer,
	source text not null check (source in ('payments', 'land', 'satellite')),
	granted boolean not null,
	granted_on date,
	primary key (farmer_id, source)
);
comment on table demo.consent is 'Which sources a farmer lets the bank look at. What was not given must not cost points.';

insert into demo.consent
select farmer_id, source, granted, case when granted then date '2020-06-01' + floor(180 * demo.uniform('signed', farmer_id, nth))::int end
from demo.farmer, (values (1, 'payments', 0.95), (2, 'land', 0.97), (3, 'satellite', 0.98)) s(nth, source, willing),
	lateral (select demo.uniform('consent', farmer_id, nth) < willing as granted) g;

create table demo.application (
	application_id bigint primary key,
	farmer_id bigint not null references demo.farmer,
	county_id text not null references demo.county,
	season int not null,
	as_of date not null,
	amount_requested numeric(12,2) not null,
	handling_cost numeric(12,2) not null,
	first_time boolean not null,
	approved boolean not null,
	unique (farmer_id, season)
);
comment on table demo.application is 'Loans asked for, refused ones included. Four planting seasons, 2021 to 2024.';
comment on column demo.application.as_of is 'The day of the decision. Evidence from this day on, or recorded from this day on, is not known yet.';
comment on column demo.application.amount_requested is 'Yuan, repaid in one sum after the harvest.';
comment on column demo.application.handling_cost is 'What it costs the bank to handle this application and loan, yuan: visits, papers, the way there.';
comment on column demo.application.first_time is 'Had no loan of this bank before.';
comment on column demo.application.approved is 'What the loan officer decided.';

create temporary table request as
select farmer_id * 8 + s as application_id, farmer_id, county_id, 2021 + s as season,
	make_date(2021 + s, 2, 1) + floor(100 * demo.uniform('asks on', farmer_id, s))::int as as_of,
	greatest(2000, 500 * round((yearly_sales * (0.15 + 0.65 * demo.uniform('asks for', farmer_id, s)) * demo.skewed(0.3 * demo.normal('needs', farmer_id, s)) / 500)::numeric))::numeric(12,2) as amount_requested,
	(40 + 60 * demo.uniform('remote', number) + 80 * demo.uniform('visits', farmer_id, s))::numeric(12,2) as handling_cost
from demo.farmer join demo.farm_truth using (farmer_id) join demo.county using (county_id),
	lateral (select floor(4.5 * demo.uniform('first asks', farmer_id))::int as first_season) a,
	generate_series(0, 3) s
where s = first_season or s > first_season and demo.uniform('asks again', farmer_id, s) < 0.20;

-- What the two years before each application were really like, whether the bank knew it in time or not.
create temporary table past as
select application_id, (date_trunc('month', as_of))::date as window_end,
	greatest(date '2019-07-01', (date_trunc('month', as_of) - interval '24 months')::date) as window_start
from request;
analyze request, past;

create temporary table driver as
with income as (
	select application_id, date_trunc('month', on_date)::date as month, sum(amount) as inflow
	from past join request using (application_id) join demo.event using (farmer_id)
	where on_date >= window_start and on_date < window_end and kind in ('sale', 'shipment', 'subsidy', 'wage')
	group by 1, 2
), cash as (
	select application_id, n, sum(inflow) as total,
		sqrt(((sum(inflow * inflow) - sum(inflow) * sum(inflow) / n) / (n - 1))::float8) / (sum(inflow) / n)::float8 as cv,
		sqrt((sum(inflow * east) * sum(inflow * east) + sum(inflow * north) * sum(inflow * north))::float8) / sum(inflow)::float8 as seasonality,
		coalesce(sum(inflow) filter (where month >= window_end - interval '12 months'), 0) as last_year,
		sum(inflow) filter (where month < window_end - interval '12 months') as year_before
	from income join past using (application_id)
		join (select nth, east, north
			from unnest('{1,.8660254,.5,0,-.5,-.8660254,-1,-.8660254,-.5,0,.5,.8660254}'::numeric[], '{0,.5,.8660254,1,.8660254,.5,0,-.5,-.8660254,-1,-.8660254,-.5}'::numeric[])
				with ordinality d(east, north, nth)) direction on nth = extract(month from month),
		lateral (select (extract(year from age(window_end, window_start)) * 12 + extract(month from age(window_end, window_start)))::int as n) w
	group by application_id, n
), buyers as (
	select application_id, sum(bought * bought) / (sum(bought) * sum(bought)) as hhi
	from (
		select application_id, buyer_id, sum(amount) as bought
		from past join request using (application_id) join demo.event using (farmer_id)
		where on_date >= window_start and on_date < window_end and buyer_id is not null
		group by 1, 2) b
	group by 1
), other as (
	select application_id, max(on_date) filter (where kind in ('sale', 'shipment', 'subsidy', 'wage')) as last_income,
		coalesce(sum(amount) filter (where kind = 'loan_proceeds' and on_date >= window_start), 0) as borrowed
	from past join request using (application_id) join demo.event using (farmer_id)
	where on_date < window_end
	group by 1
), land as (
	select farmer_id, sum(a * coalesce(held_share, 0.97)::numeric) / sum(a) as held, sum(a * coalesce(disputed_share, 0)::numeric) / sum(a) as disputed,
		sum(a * double_claim_share::numeric) / sum(a) as doubled
	from (select farmer_id, plot_id, round(ST_Area(geom)::numeric, 2) as a from demo.plot) p join demo.plot_truth using (plot_id)
	group by 1
)
select application_id, farmer_id, county_id, season, total, cv, seasonality, window_end - last_income as recency, hhi, held, disputed, doubled,
	amount_requested * n / 12 / total as leverage, borrowed / total as borrowed, last_year / nullif(year_before * 12 / (n - 12), 0) as growth
from request join past using (application_id) join land using (farmer_id)
	left join cash using (application_id) left join buyers using (application_id) left join other using (application_id);
drop table past;

create table demo.county_truth (
	county_id text primary key references demo.county,
	prefecture_effect numeric(7,4) not null,
	county_effect numeric(7,4) not null,
	volatility_slope numeric(7,4) not null,
	leverage_slope numeric(7,4) not null
);
comment on table demo.county_truth is 'How counties differ, on the log-odds scale: drawn with standard deviation county_sd, half of it for prefectures and slopes.';
comment on column demo.county_truth.prefecture_effect is 'The same for all counties of a prefecture.';
comment on column demo.county_truth.county_effect is 'The county''s own, on top.';
comment on column demo.county_truth.volatility_slope is 'How much more (or less) volatile income counts here.';
comment on column demo.county_truth.leverage_slope is 'How much more (or less) a large loan counts here.';
insert into demo.county_truth
select county_id, :county_sd * 0.5 * demo.normal('prefecture', prefecture_id::bigint), :county_sd * demo.normal('county', number),
	:county_sd * 0.5 * demo.normal('volatility here', number), :county_sd * 0.5 * demo.normal('leverage here', number)
from demo.county;

create table demo.season_truth (
	county_id text not null references demo.county,
	season int not null,
	shock numeric(7,4) not null,
	primary key (county_id, season)
);
comment on table demo.season_truth is 'What each season did to a whole county, on the log-odds scale: half of county_sd, and a drought in the second county in 2023.';
insert into demo.season_truth
select county_id, season, :county_sd * (0.5 * demo.normal('season', number, season) + case when number = 2 and season = 2023 then 3 else 0 end)
from demo.county, generate_series(2021, 2024) season;

create table demo.truth (
	application_id bigint primary key,
	base numeric(7,4) not null,
	volatility numeric(7,4) not null,
	seasonality numeric(7,4) not null,
	recency numeric(7,4) not null,
	growth numeric(7,4) not null,
	buyers numeric(7,4) not null,
	borrowing numeric(7,4) not null,
	leverage numeric(7,4) not null,
	tenure numeric(7,4) not null,
	dispute numeric(7,4) not null,
	vigour numeric(7,4) not null,
	crop numeric(7,4) not null,
	county_effect numeric(7,4) not null,
	county_slopes numeric(7,4) not null,
	season_shock numeric(7,4) not null,
	true_pd float8 not null,
	would_be_bad boolean not null
);
comment on table demo.truth is 'What drives each application, refused or not, and what would come of it. Not for models. Every column but the last two adds log-odds of bad; their sum is ln(true_pd / (1 - true_pd)).';
comment on column demo.truth.base is 'The same for all.';
comment on column demo.truth.volatility is 'Monthly income varies.';
comment on column demo.truth.seasonality is 'Income comes in one season of the year.';
comment on column demo.truth.recency is 'It is long since income was last seen.';
comment on column demo.truth.growth is 'Income of the last year against the year before.';
comment on column demo.truth.buyers is 'Few buyers.';
comment on column demo.truth.borrowing is 'Loans of others, against income.';
comment on column demo.truth.leverage is 'The loan asked for, against a year''s income.';
comment on column demo.truth.tenure is 'Land without a valid right.';
comment on column demo.truth.dispute is 'Land that others hold or claim too.';
comment on column demo.truth.vigour is 'How well the fields do.';
comment on column demo.truth.crop is 'The crop.';
comment on column demo.truth.county_effect is 'Prefecture and county.';
comment on column demo.truth.county_slopes is 'What volatility and leverage count more here than elsewhere.';
comment on column demo.truth.season_shock is 'What the season did to the county.';
comment on column demo.truth.true_pd is 'The probability that the loan goes bad.';
comment on column demo.truth.would_be_bad is 'The outcome that was, or that would have been.';

insert into demo.truth
select l.*, pd, demo.uniform('fate', application_id) < pd
from (
	select application_id, -2.40::numeric(7,4) as base, (1.10 * unsteady)::numeric(7,4) as volatility,
		(1.3 * (coalesce(d.seasonality, 0.39) - 0.39))::numeric(7,4) as seasonality,
		(0.008 * (least(coalesce(recency, 180), 180) - 37))::numeric(7,4) as recency,
		(-0.45 * ln(greatest(0.25, least(3, coalesce(growth, 1)))))::numeric(7,4) as growth,
		(coalesce(hhi, 1) - 0.65)::numeric(7,4) as buyers,
		(1.8 * (least(coalesce(borrowed, 0), 1) - 0.05))::numeric(7,4) as borrowing,
		(0.75 * stretched)::numeric(7,4) as leverage,
		(1.4 * (0.81 - held))::numeric(7,4) as tenure,
		(1.3 * (disputed + doubled - 0.12))::numeric(7,4) as dispute,
		(-0.25 * t.vigour)::numeric(7,4) as vigour,
		c.risk::numeric(7,4) as crop,
		y.prefecture_effect + y.county_effect as county_effect,
		(volatility_slope * unsteady + leverage_slope * stretched)::numeric(7,4) as county_slopes,
		s.shock as season_shock
	from driver d join demo.farmer f using (farmer_id) join demo.farmer_truth t using (farmer_id) join demo.crop c using (crop)
		join demo.county_truth y on y.county_id = d.county_id join demo.season_truth s on (s.county_id, s.season) = (d.county_id, d.season),
		lateral (select least(coalesce(cv, 2.5), 2.5)::numeric - 1.13 as unsteady,
			ln(greatest(0.05, least(3, coalesce(leverage, 3))) / 0.32) as stretched) x) l,
	lateral (select (1 / (1 + exp(-(base + volatility + seasonality + recency + growth + buyers + borrowing + leverage + tenure + dispute
		+ vigour + crop + county_effect + county_slopes + season_shock))))::float8 as pd) p;
drop table driver;

-- An officer senses part of the risk, and turns down whoever has let the bank down before.
insert into demo.application
select application_id, farmer_id, county_id, season, as_of, amount_requested, handling_cost,
	not coalesce(bool_or(approved) over earlier, false), approved
from (
	select j.*, likes and not coalesce(bool_or(likes and would_be_bad) over earlier, false) as approved
	from (
		select r.*, would_be_bad, true_pd < 0.27 * demo.skewed(1.8 * demo.normal('officer', application_id)) as likes
		from request r join demo.truth using (application_id)) j
	window earlier as (partition by farmer_id order by season rows between unbounded preceding and 1 preceding)) d
window earlier as (partition by farmer_id order by season rows between unbounded preceding and 1 preceding);
alter table demo.truth add foreign key (application_id) references demo.application;
drop table request;
