-- The land of the worst county as one self-contained HTML page: a map of its plots, a legend, and the twenty plots with most ground in doubt.
--
--     psql -v seed=1 -v size=3000 -f demo/generate.sql
--     psql -X -q -o land.html -f demo/map.sql
--
-- as_of       the day on which rights have to be valid                          (default 2024-06-30)
-- min_plots   counties of fewer plots are not judged, if there are larger ones  (default 100)
-- max_plots   nor are counties of more, whose page would be too large           (default 12000: under 5 MB)
--
-- The script is ASCII and writes numeric entities, so that no setting of the terminal can spoil the page, which is well-formed XML too.
\set QUIET on
\if :{?as_of} \else \set as_of 2024-06-30 \endif
\if :{?min_plots} \else \set min_plots 100 \endif
\if :{?max_plots} \else \set max_plots 12000 \endif
\encoding UTF8
\pset format unaligned
\pset tuples_only on
set search_path = demo, agririsk, public;
set client_min_messages = warning;
drop table if exists pg_temp.evidence, pg_temp.shape, pg_temp.page, pg_temp.look;
reset client_min_messages;

create or replace function pg_temp.escaped(text) returns text language sql immutable
	return replace(replace(replace(replace($1, '&', '&amp;'), '<', '&lt;'), '>', '&gt;'), '"', '&quot;');
create or replace function pg_temp.percent(share float8) returns text language sql immutable
	return coalesce(to_char(100 * share, 'FM990.0'), '?');
create or replace function pg_temp.whole(area float8) returns text language sql immutable
	return coalesce(to_char(area, 'FM999,999,999,990'), '?');

-- In doubt is what somebody else holds or nobody does, or what another household declares too, whichever is more.
create temporary table evidence as
select e.*, p.county_id, p.geom,
	least(1, greatest(e.disputed_share + e.unregistered_share, e.double_claim_share)) as doubt
from land_evidence(
	'select plot_id, household_id, geom, declared_area from demo.plot',
	'select right_id, unit_id, party_id, geom, rrr_type, share_num, share_den, valid_from, valid_to, registered_area from demo.land_right',
	:'as_of') e
	join plot p using (plot_id);

-- Lengths of the drawing are in tenths of a metre.
create temporary table page as
select y.*, least(greatest(170, width / 55), width / 25) as font,
	(select max(m) from (values (5), (10), (20), (50), (100), (200), (500), (1000), (2000), (5000), (10000)) l(m) where m <= greatest(5, width / 40)) as bar
from (
	select c.county_id, c.name, c.prefecture, plots, area, doubt, in_province,
		(10 * (ST_XMax(box) - ST_XMin(box)))::int + 40 as width,
		(10 * (ST_YMax(box) - ST_YMin(box)))::int + 40 as height,
		ST_XMin(box) - 2 as west, ST_YMax(box) + 2 as north,
		greatest(10 * sqrt(area / plots) / 6, (ST_XMax(box) - ST_XMin(box)) * 10 / 220)::int as tile
	from (
		select county_id, count(*) as plots, sum(plot_area) as area, ST_Extent(geom)::geometry as box,
			sum(plot_area * doubt) / sum(plot_area) as doubt,
			sum(sum(plot_area * doubt)) over () / sum(sum(plot_area)) over () as in_province
		from evidence
		group by county_id) s
		join county c using (county_id)
	where plots <= :max_plots
	order by plots < :min_plots, doubt desc, c.number
	limit 1) y;
do $$
begin
	if not exists (select from pg_temp.page) then
		raise exception 'there is no county of which to draw a map'
			using hint = 'Counties of more plots than the variable max_plots are left out.';
	end if;
end $$;

-- Ground by ground (first letter) and strength (0 to 2), and hatching by how much is doubly claimed (h0 to h2). The three grounds differ in
-- lightness and in texture as well as in hue.
create temporary table look as
select ground || 'h' || hatch as look, g.*, h.*
from (values
	('n0', '#fff', null, 'unknown: the plot has no area'),
	('a0', '#dfeaf3', null, 'in order: less than 10&#160;% is disputed or unregistered'),
	('u1', '#fbe7b2', '#b98300', 'unregistered: 10 to 50&#160;% is under no right'),
	('u2', '#f0b429', '#5f4300', 'unregistered: more than 50&#160;%'),
	('d1', '#e39a78', null, 'disputed: 10 to 50&#160;% is under somebody else''s right'),
	('d2', '#a33a12', null, 'disputed: more than 50&#160;%')) g(ground, colour, dots, ground_says),
	(values (0, null), (1, 'doubly claimed: 10 to 50&#160;% is declared by another household'), (2, 'doubly claimed: more than 50&#160;%')) h(hatch, hatch_says);

create temporary table shape as
select e.*, row_number() over (order by plot_area * e.doubt desc nulls last, plot_id) as rank,
	case
		when disputed_share is null or unregistered_share is null then 'n0'
		when greatest(disputed_share, unregistered_share) < 0.1 then 'a0'
		when disputed_share >= unregistered_share then case when disputed_share > 0.5 then 'd2' else 'd1' end
		else case when unregistered_share > 0.5 then 'u2' else 'u1' end end as ground,
	case when double_claim_share > 0.5 then 2 when double_claim_share >= 0.1 then 1 else 0 end as hatch,
	ST_SnapToGrid(ST_TransScale(geom, -west, -north, 10, 10), 1) as drawing
from evidence e join page p using (county_id);

select format($page$<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8"/>
<meta name="viewport" content="width=device-width, initial-scale=1"/>
<meta name="generator" content="agririsk demo/map.sql"/>
<title>Land in doubt: %1$s</title>$page$, pg_temp.escaped(name))
from page;
\qecho '<style>'
\qecho 'body{font:16px/1.45 system-ui,sans-serif;color:#1b1b1b;background:#fff;max-width:60rem;margin:0 auto;padding:1rem}'
\qecho 'h1{font-size:1.6rem;line-height:1.2;margin:.2em 0 .4em}h2{font-size:1.15rem;margin:1.4em 0 .4em}p{margin:.5em 0}'
\qecho 'table{border-collapse:collapse}th,td{padding:.2rem .5rem;text-align:right;vertical-align:top;border-bottom:1px solid #ddd}'
\qecho 'th{font-weight:600;border-bottom:1px solid #777}.l{text-align:left!important}.n{white-space:nowrap}'
\qecho '.wide{overflow-x:auto}.worst{font-size:.875rem}.legend td{vertical-align:middle}.legend svg{display:block;width:2.6rem;height:1.5rem}'
\qecho '.map{display:block;width:100%;height:auto;margin:.6rem 0 0;background:#fafafa}'
\qecho '.map path{fill-rule:evenodd;stroke:#555;stroke-width:.7px;vector-effect:non-scaling-stroke}.map path:hover{stroke:#000;stroke-width:2.5px}'
\qecho '.map path:target{stroke:#000;stroke-width:4px}.map text{text-anchor:middle;font-weight:700;fill:#000;stroke:#fff;paint-order:stroke;stroke-linejoin:round;pointer-events:none}'
\qecho '.scale{box-sizing:border-box;border:2px solid #333;border-top:0;height:.5rem;margin:.5rem 0 0}.scale+p{margin:.1rem 0 0;font-size:.875rem}'
\qecho 'tr:target td{background:#fff3c4}a{color:#0b4f8a}li{margin:.25em 0}'
\qecho '@media(max-width:32rem){.worst{font-size:.75rem}.worst td,.worst th{padding:.2rem .25rem}}'
\qecho '@page{size:A4;margin:12mm}@media print{body{font-size:10pt;max-width:none;padding:0}.worst{font-size:8pt}.worst td,.worst th{padding:.1rem .3rem}h2.next{break-before:page}tr,li{break-inside:avoid}.wide{overflow:visible}a{color:inherit;text-decoration:none}}'
select '.scale{width:' || round(1000.0 * bar / width, 2) || '%}'
	|| (select string_agg(format('.%1$s{fill:%2$s}', look, case when dots is null and hatch = 0 then colour else 'url(#' || look || ')' end), '' order by look) from look)
	|| format('.map text{font-size:%spx;stroke-width:%spx}', font, font / 5)
	|| format('@media print{.fig{width:min(100%%,%smm);margin:0 auto}}', 135 * width / height)
	|| E'\n</style>\n</head>\n<body>'
from page;

select format($page$<h1>Whose land is it? %1$s county</h1>
<p>The %3$s plots that the farmers of %1$s (%2$s) declare, laid over the land register as it stood on <b class="n">%4$s</b>. Ground that the household
holds by right can stand behind a loan. Ground that somebody else holds, that nobody holds, or that two households declare, is to be asked about first.
The county, its people and its register are made up.</p>
<p>Of %5$s ha declared, the households hold <b>%6$s&#160;%%</b>; <b>%7$s&#160;%%</b> is disputed, <b>%8$s&#160;%%</b> unregistered, <b>%9$s&#160;%%</b> doubly claimed. Ground may be held and disputed at once, so these add up to more than the whole.</p>$page$,
	pg_temp.escaped(p.name), pg_temp.escaped(p.prefecture), p.plots, :'as_of'::date, to_char(p.area / 10000, 'FM999,990.0'),
	pg_temp.percent(sum(held_area) / p.area), pg_temp.percent(sum(disputed_area) / p.area),
	pg_temp.percent(sum(plot_area * unregistered_share) / p.area), pg_temp.percent(sum(plot_area * double_claim_share) / p.area))
from page p join shape using (county_id)
group by p.name, p.prefecture, p.plots, p.area;

\qecho '<table class="legend"><tr><th></th><th class="l">the plot is</th><th>plots</th><th>% of area</th></tr>'
with present as (
	select ground as nth, look, ground_says as says, ground as key, null::int as hatched from look where hatch = 0
	union all
	select 'z' || hatch, look, hatch_says, null, hatch from look where ground = 'a0' and hatch > 0)
select format('<tr><td><svg viewBox="0 0 %1$s %2$s" aria-hidden="true"><rect class="%3$s" width="%1$s" height="%2$s" stroke="#555" stroke-width="%4$s"/></svg></td><td class="l">%5$s</td><td>%6$s</td><td>%7$s</td></tr>',
	tile * 5, tile * 3, look, round(tile / 8.0, 1), says, count(s.plot_id), pg_temp.percent(coalesce(sum(s.plot_area), 0) / area))
from present cross join page
	left join shape s on s.ground = key or s.hatch = hatched
group by nth, look, says, tile, area
having nth <> 'n0' or count(s.plot_id) > 0
order by nth;
\qecho '</table>'
\qecho '<p>Hatching lies over the colours; where plots lie on one another, the one with most ground in doubt is on top. Nobody declares what is white. Point at a plot for its figures; the numbers are the rows of the table below.</p>'

\qecho '<div class="fig">'
select format('<svg class="map" viewBox="0 0 %s %s" role="img" aria-label="Map of the plots" xmlns="http://www.w3.org/2000/svg"><defs>', width, height) from page;
-- a tile is a ground with its dots and its lines
select format('<pattern id="%1$s" patternUnits="userSpaceOnUse" width="%2$s" height="%2$s"><rect width="%2$s" height="%2$s" fill="%3$s"/>%4$s%5$s</pattern>',
	look, tile, colour,
	case when dots is not null then format('<circle cx="%1$s" cy="%1$s" r="%2$s" fill="%3$s"/>', tile / 4, round(tile / 8.0, 1), dots) end,
	case when hatch > 0 then format('<path d="M%1$s %2$sL%2$s %1$sM0 %3$sL%3$s 0M%4$s %5$sL%5$s %4$s" style="stroke:%6$s;stroke-width:%7$spx;vector-effect:none"/>',
		-tile / 4, tile / 4, tile, tile * 3 / 4, tile * 5 / 4, case when ground = 'd2' then '#fff' else '#111' end, round(tile * hatch / 10.0, 1)) end)
from look, page
where dots is not null or hatch > 0
order by look;
\qecho '</defs>'

select format(E'<path id="p%1$s" class="%2$sh%3$s" d="%4$s"><title>Plot %1$s of household %5$s&#10;%6$s m&#178;: held %7$s %%, disputed %8$s %%, unregistered %9$s %%, doubly claimed %10$s %%%11$s%12$s</title></path>',
	plot_id, ground, hatch, coalesce(ST_AsSVG(drawing, 1, 0), ''), farmer_id, pg_temp.whole(plot_area),
	pg_temp.percent(held_share), pg_temp.percent(disputed_share), pg_temp.percent(unregistered_share), pg_temp.percent(double_claim_share),
	' (with plot ' || nullif(array_to_string(double_claim_plots, ', '), '') || ')',
	'&#10;' || pg_temp.escaped(nullif(array_to_string(flags, ', '), '')))
from shape
order by doubt nulls first, plot_area desc, plot_id;
-- plots that lie on one another share a label
select format('<text x="%s" y="%s">%s</text>', x, y + font / 3, string_agg(rank::text, ', ' order by rank))
from page, shape s, ST_PointOnSurface(drawing) at,
	lateral (select round(ST_X(at)::numeric, -1) as x, round(-ST_Y(at)::numeric, -1) as y) rounded
where rank <= 20 and s.doubt > 0 and not ST_IsEmpty(at)
group by x, y, font
order by min(rank) desc;
\qecho '</svg>'
select format('<div class="scale"></div><p>%s m</p></div>', bar) from page;

\qecho '<h2 class="next">The plots with most ground in doubt</h2>'
\qecho '<div class="wide"><table class="worst"><tr><th></th><th class="l">plot</th><th class="l">house&#173;hold</th><th>m&#178;</th><th>in doubt&#160;m&#178;</th><th>held&#160;%</th><th>dis&#173;puted&#160;%</th><th>unregis&#173;tered&#160;%</th><th>doubly claimed&#160;%</th><th class="l">with plot</th><th class="l">flags</th></tr>'
select format('<tr id="w%1$s"><td>%1$s</td><td class="l"><a href="#p%2$s">%2$s</a></td><td class="l">%3$s</td><td>%4$s</td><td>%5$s</td><td>%6$s</td><td>%7$s</td><td>%8$s</td><td>%9$s</td><td class="l">%10$s</td><td class="l">%11$s</td></tr>',
	rank, plot_id, farmer_id, pg_temp.whole(plot_area), pg_temp.whole(plot_area * doubt),
	pg_temp.percent(held_share), pg_temp.percent(disputed_share), pg_temp.percent(unregistered_share), pg_temp.percent(double_claim_share),
	(select string_agg(case when o.plot_id is null then d::text else format('<a href="#p%1$s">%1$s</a>', d) end, ', ' order by d)
		from unnest(double_claim_plots) d left join shape o on o.plot_id = d),
	pg_temp.escaped(array_to_string(flags, ', ')))
from shape
where rank <= 20 and doubt > 0
order by rank;
\qecho '</table></div>'

\qecho '<h2>How to read it</h2><ul>'
\qecho '<li><b>Held</b> is under a valid right of the household, be it a contract, a lease or a share of either. <b>Disputed</b> is what another party holds by a right of the same kind, or by any right where the household has none. A landlord above a tenant, a co-holder of one contract and a restriction dispute nothing. <b>Unregistered</b> is under no valid right. <b>Doubly claimed</b> is declared by another household too. Held and disputed ground may be the same; overlaps under 0.5&#160;% of a plot do not count.</li>'
\qecho '<li>The colour of a plot is that of the larger of its disputed and its unregistered part, from 10&#160;% on.</li>'
\qecho '<li><b>In doubt</b> is disputed and unregistered ground, or doubly claimed ground, whichever is more.</li>'
select format('<li>%1$s is the county with the largest part of its plots'' ground in doubt, %2$s&#160;%% (the province: %3$s&#160;%%), of those with %4$s to %5$s plots, or, if there are none, of the smaller ones.</li>',
	pg_temp.escaped(name), pg_temp.percent(doubt), pg_temp.percent(in_province), :'min_plots', :'max_plots')
from page;
\qecho '<li>Areas are computed from the full coordinates in an equal-area projection (SRID 6933); the drawing is rounded to 0.1 m. North is up.</li>'
\qecho '</ul>'
\qecho '</body>'
\qecho '</html>'
drop table pg_temp.evidence, pg_temp.shape, pg_temp.page, pg_temp.look;
\pset format aligned
\pset tuples_only off
