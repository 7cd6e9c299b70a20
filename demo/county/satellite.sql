-- What the satellite saw of each farmer's largest plot: a 16-day NDVI series with clouds.

create table demo.observation (
	plot_id bigint not null,
	on_date date not null,
	ndvi real not null,
	clear_share real not null
);
comment on table demo.observation is 'NDVI composites of each farmer''s largest own plot, every 16 days from July 2019 to June 2024.';
comment on column demo.observation.ndvi is 'Mean NDVI over the plot, clouds and all.';
comment on column demo.observation.clear_share is 'Share of the plot seen without cloud; below about 0.5 the NDVI says little. Thin haze is not noticed.';

insert into demo.observation
select plot_id, on_date,
	round(1000 * greatest(-0.1, least(0.95,
		(ndvi_base + 0.03 * demo.normal('soil', plot_id)
		+ ndvi_rise * greatest(0.4, 1 + 0.12 * vigour + 0.08 * demo.normal('weather', county, on_year))
			* case when t <= 1 then 16 * t * t * (1 - t) * (1 - t) else 0 end) * (1 - veil)
		+ 0.02 * demo.normal('sensor', plot_id, day_key)))) / 1000,
	round(100 * case when cloudy then 0.4 * demo.uniform('gap', plot_id, day_key) else 1 - 0.2 * demo.uniform('gap', plot_id, day_key) end) / 100
from (
	select p.plot_id, p.vigour, p.county, c.ndvi_base, c.ndvi_rise, d.*, cloudy,
		case when cloudy then 0.25 + 0.6 * demo.uniform('veil', p.plot_id, day_key)
			when demo.uniform('haze', p.plot_id, day_key) < 0.06 then 0.3 * demo.uniform('veil', p.plot_id, day_key) else 0 end as veil,
		((day_of_year - c.green_from - floor(8 * demo.normal('sown', p.plot_id, on_year))::int + 730) % 365)::float8 / c.green_days as t
	from (
		select distinct on (f.farmer_id) p.plot_id, y.number as county, f.vigour, w.crop
		from demo.plot p join demo.farmer_truth f using (farmer_id) join demo.county y using (county_id) join demo.plot_truth w using (plot_id)
		where p.plot_id % 32 < 8
		order by f.farmer_id, ST_Area(p.geom) desc, p.plot_id) p
		join demo.crop c using (crop),
		(select make_date(y, 1, 1) + 16 * n as on_date, y * 32 + n as day_key, y as on_year, 16 * n + 1 as day_of_year,
			case when n between 9 and 15 then 0.45 else 0.25 end as rain
		from generate_series(2019, 2024) y, generate_series(0, 22) n offset 0) d,
		lateral (select demo.uniform('cloud', p.plot_id, day_key) < rain as cloudy offset 0) w
	where on_date between '2019-07-01' and '2024-06-30') s;
alter table demo.observation add primary key (plot_id, on_date), add foreign key (plot_id) references demo.plot;
