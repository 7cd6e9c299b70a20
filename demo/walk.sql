-- The walk: from raw events to scored applications, in SQL that the reader could have typed.
--
--     psql -v seed=1 -v size=3000 -f demo/generate.sql
--     psql -v cutoff=0.20 -f demo/walk.sql
--
-- cutoff   applications with a higher probability of default are refused   (default 0.20)
\set QUIET on
\if :{?cutoff} \else \set cutoff 0.20 \endif
\pset footer off
\pset null '-'
set client_min_messages = warning;
drop materialized view if exists demo.portrait, demo.land_portrait, demo.greenness cascade;
drop view if exists demo.judged;
drop table if exists demo.officer, demo.advice, demo.setting, demo.fitted, demo.by_county;
drop function if exists demo.rural_card cascade;
reset client_min_messages;

\echo '\n=== 1. What a rural bank holds\n'
\echo 'Dated money as payment systems, shipping stations and agencies report it; plots'
\echo 'and a land register; what farmers agreed to show; and loans asked for. All made'
\echo 'up (schema demo), but along the lines of the real thing.\n'
-- What the walk makes belongs to the schema of the demo.
set search_path = demo, agririsk, public;
\timing on
\set ECHO queries
select (select count(*) from farmer) as farmers,
  (select count(*) from event) as events,
  (select count(*) from plot) as plots,
  (select count(*) from land_right) as land_rights,
  (select count(*) from application) as applications,
  (select round(100.0 * avg(first_time::int)) from application) as first_time_percent;
\echo
select kind, count(*) as events, round(avg(amount)) as mean_yuan,
  percentile_disc(0.5) within group (order by recorded_on - on_date) as usual_lag,
  max(recorded_on - on_date) as longest_lag
from event
group by kind
order by events desc;

\echo '\n=== 2. The land: whose is it?\n'
\echo 'Plots, laid over the register. Land that the household holds counts for it; land'
\echo 'under another party''s right of the same kind counts against it, unless that party'
\echo 'only shares the contract. Land that another household declares too is told apart.'
\echo 'The bank asks the register on the first of a month, and decides by the last answer.\n'
create materialized view land_portrait as
with month (asked_on) as (
  select distinct date_trunc('month', as_of)::date from application),
answer as (
  select m.asked_on, e.*
  from month m, land_evidence(
    'select plot_id, household_id, geom, declared_area from demo.plot',
    'select right_id, unit_id, party_id, geom, rrr_type, share_num, share_den,
       valid_from, valid_to, registered_area from demo.land_right',
    as_of => m.asked_on) e)
-- Added up in one order, so that no digit depends on the plan.
select a.application_id, count(*) as plots,
  sum(e.held_area order by p.plot_id) / sum(e.plot_area order by p.plot_id) as held_share,
  sum(e.disputed_area order by p.plot_id) / sum(e.plot_area order by p.plot_id) as disputed_share,
  sum(e.double_claim_share * e.plot_area order by p.plot_id) / sum(e.plot_area order by p.plot_id)
    as double_claim_share
from application a
  join plot p using (farmer_id)
  join answer e on e.plot_id = p.plot_id and e.asked_on = date_trunc('month', a.as_of)::date
group by a.application_id;
\echo
select count(*) as applicants,
  count(*) filter (where held_share > 0.95) as hold_all_of_it,
  count(*) filter (where held_share < 0.5) as hold_less_than_half,
  count(*) filter (where disputed_share > 0.1) as disputed,
  count(*) filter (where double_claim_share > 0.1) as doubly_claimed
from land_portrait;

\echo '\n=== 3. The portrait: one row per application\n'
\echo 'One aggregate turns a farmer''s events into a value that answers twenty questions.'
\echo 'Two filters matter more than any model:'
\echo '- recorded_on < as_of: what the bank had not heard of yet cannot help it decide;'
\echo '- kind: a loan, a transfer between own accounts or a refund comes in, but is not'
\echo '  income. Counted as income, borrowing would make the deepest debtor look best.'
\echo 'And where a farmer has not agreed to show a source, nobody looks at it. Greenness: NDVI'
\echo 'at its peak, of all years before the season, over that of others with the same crop.\n'
create materialized view greenness as
select farmer_id, season,
  avg(peak / usual_peak) over (partition by farmer_id order by season) as greenness
from (
  select p.farmer_id, y.season, max(o.ndvi) as peak,
    avg(max(o.ndvi)) over (partition by y.season, p.declared_crop) as usual_peak
  from observation o
    join plot p using (plot_id)
    join consent c on c.farmer_id = p.farmer_id and c.source = 'satellite' and c.granted,
    lateral (select extract(year from o.on_date)::int + 1 as season) y
  where o.clear_share > 0.5
  group by p.farmer_id, p.declared_crop, y.season) year_before;
\echo
create materialized view portrait as
with known as (
  select a.application_id,
    cashflow_agg(e.on_date, e.amount) filter (
      where e.kind in ('sale', 'shipment', 'subsidy', 'wage', 'input')) as money,
    concentration_agg(e.buyer_id, e.amount::float8) filter (
      where e.buyer_id is not null and e.on_date >= a.as_of - 730) as buyers,
    coalesce(sum(e.amount) filter (
      where e.kind = 'loan_proceeds' and e.on_date >= a.as_of - 730), 0) as borrowed
  from application a
    join consent c on c.farmer_id = a.farmer_id and c.source = 'payments' and c.granted
    join event e on e.farmer_id = a.farmer_id and e.recorded_on < a.as_of
  group by a.application_id)
select a.application_id, a.farmer_id, f.household_id, a.county_id, a.season, a.as_of, f.crop,
  cash.inflow_cv, cash.seasonal_concentration, cash.recency_days, cash.same_season_growth,
  hhi(k.buyers) as buyer_hhi,
  k.borrowed::float8 / nullif(cash.inflow_total, 0) as borrowed_share,
  a.amount_requested::float8 / nullif(12 * cash.inflow_mean, 0) as loan_to_income,
  case when land.granted then l.held_share end as held_share,
  case when land.granted then l.disputed_share end as disputed_share,
  case when land.granted then l.double_claim_share end as double_claim_share,
  g.greenness,
  k.application_id is not null as consent_payments,
  land.granted as consent_land, sky.granted as consent_satellite
from application a
  join farmer f using (farmer_id)
  join consent land on land.farmer_id = a.farmer_id and land.source = 'land'
  join consent sky on sky.farmer_id = a.farmer_id and sky.source = 'satellite'
  left join known k using (application_id)
  left join land_portrait l using (application_id)
  left join greenness g on g.farmer_id = a.farmer_id and g.season = a.season
  left join lateral cashflow_features(k.money, a.as_of) cash on true;
\echo
create unique index on portrait (application_id);
\echo
select crop, count(*) as applications,
  round(avg(inflow_cv)::numeric, 2) as inflow_cv,
  round(avg(seasonal_concentration)::numeric, 2) as in_one_season,
  round(avg(buyer_hhi)::numeric, 2) as buyer_hhi,
  round(avg(loan_to_income)::numeric, 2) as loan_to_income,
  round(avg(held_share)::numeric, 2) as held_share
from portrait
group by crop
order by applications desc;

\echo '\n=== 4. Which loans went bad?\n'
\echo 'Judged 90 days after the due date, by the farmer''s own money: a new loan that repays'
\echo 'the old one is no repayment. Paid within 30 days is good, not even in 90 is bad; in'
\echo 'between is neither: NULL, as is what is too young to judge. NULL is never good.\n'
create view judged as
select l.application_id, l.due_on + 90 > '2024-06-30' as too_young,
  case
    when l.due_on + 90 > '2024-06-30' then null  -- too young
    when paid.in_time >= l.amount_due then false
    when paid.at_last >= l.amount_due then null  -- late, but paid
    else true
  end as bad
from loan l, lateral (
  select coalesce(sum(amount) filter (where paid_on <= l.due_on + 30), 0) as in_time,
    coalesce(sum(amount) filter (where paid_on <= l.due_on + 90), 0) as at_last
  from repayment r
  where r.loan_id = l.loan_id and source = 'cash') paid
where l.rolls_over is null;
\echo
select a.season, count(*) as applications,
  count(*) filter (where not approved) as refused,
  count(*) filter (where not j.bad) as good,
  count(*) filter (where j.bad) as bad,
  count(*) filter (where j.bad is null and not j.too_young) as null_paid_late,
  count(*) filter (where j.too_young) as null_too_young
from application a left join judged j using (application_id)
group by a.season
order by a.season;

\echo '\n=== 5. What a loan officer knows\n'
\echo 'Thirty years teach which way a feature points, and how to say it to a farmer. The'
\echo 'officer''s own card, in round numbers, is kept to compare; positive is riskier.\n'
create table advice (feature text, trend text, consent text, reason text);
insert into advice values
  ('inflow_cv', 'ascending', 'consent_payments', 'income jumps about'),
  ('seasonal_concentration', 'ascending', 'consent_payments', 'income in one season'),
  ('recency_days', 'ascending', 'consent_payments', 'no income lately'),
  ('same_season_growth', 'descending', 'consent_payments', 'income is shrinking'),
  ('buyer_hhi', 'ascending', 'consent_payments', 'sells to few buyers'),
  ('borrowed_share', 'ascending', 'consent_payments', 'lives on loans'),
  ('loan_to_income', 'ascending', 'consent_payments', 'a large loan'),
  ('held_share', 'descending', 'consent_land', 'no right to the land'),
  ('disputed_share', 'ascending', 'consent_land', 'others hold the land'),
  ('double_claim_share', 'ascending', 'consent_land', 'land claimed twice'),
  ('greenness', 'descending', 'consent_satellite', 'fields not as green'),
  ('crop', 'auto', null, 'a risky crop');
create table officer as select '{
  "format": 1, "name": "officer", "intercept": -2.2, "features": [
  {"name": "loan_to_income", "type": "number", "consent": "consent_payments",
   "bins": [{"high": 0.2, "woe": -0.6}, {"high": 0.4, "woe": -0.1}, {"high": 0.8, "woe": 0.4},
            {"woe": 0.9}], "missing": {"woe": 0.6}},
  {"name": "inflow_cv", "type": "number", "consent": "consent_payments",
   "bins": [{"high": 0.8, "woe": -0.4}, {"high": 1.2, "woe": 0}, {"high": 1.6, "woe": 0.3},
            {"woe": 0.7}], "missing": {"woe": 0.4}},
  {"name": "recency_days", "type": "number", "consent": "consent_payments",
   "bins": [{"high": 30, "woe": -0.2}, {"high": 90, "woe": 0.1}, {"woe": 0.6}],
   "missing": {"woe": 0.9}},
  {"name": "held_share", "type": "number", "consent": "consent_land",
   "bins": [{"high": 0.3, "woe": 0.8}, {"high": 0.7, "woe": 0.4}, {"high": 0.9, "woe": 0.1},
            {"woe": -0.2}], "missing": {"woe": 0.3}}]}'::scorecard as card;

\echo '\n=== 6. A card, fitted to the loans\n'
\echo 'The officer says which way, the loans say where to cut and how much it counts. Bad ones'
\echo 'are few for so many features, so a penalty (ridge) keeps the coefficients small. Loans'
\echo 'without a verdict are left out and counted. Out of fold, each loan is rated by a card'
\echo 'that was learnt without it, and without others of its household.\n'
create table setting as
select fit_options(
    name => 'rural', base_score => 600, base_odds => 20, pdo => 40,
    ridge => 10, positive => true, fold_key => 'household_id',
    reasons => jsonb_object_agg(feature, reason),
    feature_binning => jsonb_object_agg(
      feature, binning_options(trend => trend, min_bads => 5)),
    consent_columns => (
      select jsonb_object_agg(consent, features)
      from (select consent, jsonb_agg(feature) as features from advice group by consent) c
      where consent is not null)) as options
from advice;
\echo
create table fitted as
select fit_scorecard(j.bad, t, options) as card
from setting, judged j join portrait p using (application_id), lateral (
    select p.inflow_cv, p.seasonal_concentration, p.recency_days, p.same_season_growth,
      p.buyer_hhi, p.borrowed_share, p.loan_to_income, p.held_share, p.disputed_share,
      p.double_claim_share, p.greenness, p.crop, p.household_id,
      p.consent_payments, p.consent_land, p.consent_satellite) t;
\echo
select rows, bads, excluded, parameters, round(r.auc::numeric, 3) as auc,
  round(out_of_fold_auc::numeric, 3) as auc_out_of_fold,
  round(out_of_fold_auc_low::numeric, 3) as low, round(out_of_fold_auc_high::numeric, 3) as high
from fitted, fit_report(card) r;
\echo
select feature, round(coefficient::numeric, 2) as coefficient, round(se::numeric, 2) as se,
  round(z::numeric, 1) as z, round(c.iv::numeric, 3) as iv,
  round(out_of_fold_iv::numeric, 3) as iv_out_of_fold, round(vif::numeric, 2) as vif, dropped
from fitted, coefficients(card) c;
\echo
select feature, bin, round(low::numeric, 2) as at_least, round(high::numeric, 2) as below,
  n, bads, round(100 * bad_rate::numeric, 1) as "bad %", round(b.woe::numeric, 2) as woe,
  round(points::numeric) as points
from fitted, bins(card) b
where feature in ('inflow_cv', 'held_share') and n > 0;

\echo '\n=== 7. The twenty riskiest applications of 2024, and why\n'
\echo 'Deploying the card makes plain SQL functions beside the view.\n'
select distinct split_part(made::text, '(', 1) as made
from (select deploy(card, 'portrait', 'rural') as made from fitted) d;
\echo
select p.application_id as id, c.name as county, round(p.rural_score::numeric) as score,
  round(100 * p.rural_pd::numeric, 1) as "pd %", r.reasons
from (
    select * from portrait p where season = 2024
    order by p.rural_pd desc nulls last, application_id limit 20) p
  join county c using (county_id),
  lateral (
    select string_agg(reason, '; ' order by rank) as reasons
    from explain(rural_card(), p)
    where rank <= 3) r
order by p.rural_pd desc, id;

\echo
\echo 'Refused are those above a cut-off, a psql variable, now' :cutoff
\echo 'Who fails by the least is told what costs the most points:\n'
select p.application_id as id, round(100 * p.rural_pd::numeric, 1) as "pd %",
  rank, reason, left(value, 9) as value, round(points_lost) as points_lost
from (
    select * from portrait p where season = 2024 and p.rural_pd > :cutoff
    order by p.rural_pd, application_id limit 1) p,
  explain(rural_card(), p)
where rank <= 4 order by rank;

\echo '\n=== 8. Tomorrow: a new application\n'
\echo 'The portrait is a materialized view with a unique index, so it is refreshed while'
\echo 'others read it, and the card deployed on it stays.\n'
insert into application
select farmer_id * 8 + 3, farmer_id, county_id, 2024, '2024-06-24', 20000, 120,
  not exists (select from loan l where l.farmer_id = f.farmer_id), false
from farmer f
where not exists (
  select from application a where a.farmer_id = f.farmer_id and a.season = 2024)
order by farmer_id limit 1
returning application_id, farmer_id, amount_requested;
\echo
refresh materialized view land_portrait;
\echo
refresh materialized view concurrently portrait;
\echo
select p.application_id as id, round(p.rural_score::numeric) as score,
  round(100 * p.rural_pd::numeric, 1) as "pd %"
from portrait p
where as_of = '2024-06-24';

\echo '\n=== 9. How good is it?\n'
\echo 'Only a made-up county knows what would have become of every application, refused ones'
\echo 'included. From those of 2024 the card has learnt nothing: the last loan behind it was'
\echo 'given in 2023, and judged in April 2024. AUC: the chance that of one bad and one good'
\echo 'application the bad one is rated riskier. Not even the true probabilities reach 1, since'
\echo 'a likely thing need not happen. How much of their lift over one half has a card?\n'
with last_season as (
  select roc_agg(pd(o.card, p), t.would_be_bad) as officer,
    roc_agg(p.rural_pd, t.would_be_bad) as fitted, roc_agg(t.true_pd, t.would_be_bad) as truth
  from officer o, portrait p join truth t using (application_id)
  where p.season = 2024)
select rated_by, n(r) as applications, bads(r) as bads, round(auc(r)::numeric, 3) as auc,
  round(ci.low::numeric, 3) as low, round(ci.high::numeric, 3) as high,
  round((100 * (auc(r) - 0.5) / (auc(truth) - 0.5))::numeric) as "lift %"
from last_season,
  lateral (values (1, 'the officer''s card', officer), (2, 'the fitted card', fitted),
    (3, 'the true probability', truth)) v(nth, rated_by, r),
  auc_ci(r) ci
order by nth;
\echo
\echo 'The card has learnt from granted loans only: of those whom the officers refused it says'
\echo 'what it has never seen.\n'
select case when a.approved then 'granted' else 'refused' end as in_2024,
  count(*) as applications,
  round(100 * avg((p.rural_pd > :cutoff)::int), 1) as "card refuses %",
  round(100 * avg(p.rural_pd)::numeric, 1) as "mean pd %",
  round(100 * avg(t.would_be_bad::int), 1) as "true bad %",
  round(auc(roc_agg(p.rural_pd, t.would_be_bad))::numeric, 3) as auc_card,
  round(auc(roc_agg(t.true_pd, t.would_be_bad))::numeric, 3) as auc_truth
from portrait p join application a using (application_id) join truth t using (application_id)
where p.season = 2024
group by a.approved
order by a.approved desc;

\echo '\n=== 10. A card of each county''s own?\n'
\echo 'Counties differ, and few have the loans for a card. Pooled, all are in one fit: a county of'
\echo 'many bad loans speaks for itself, one of few leans on the others, a new one is like the'
\echo 'average. And a bad season need not be a bad county: seasons may lean on their county.'
\echo 'Pooling is a penalty by itself, whose strength the loans decide, so ridge goes.\n'
set client_min_messages = error;  -- counties that cannot have a card are counted below
create table by_county as
select v.kind, v.own, fit_scorecard(j.bad, t, v.segment, options - 'ridge' || v.parents
    || '{"pooling": "intercepts", "folds": 0, "separation": "warning"}') as card
from setting, (
    select jsonb_object_agg(county_id || ' ' || season, county_id) as county_of
    from county, generate_series(2021, 2023) season) c,
  judged j join portrait p using (application_id), lateral (
    values ('one for all', null, null, '{}'), ('own cards', p.county_id, null, '{}'),
      ('pooled', null, p.county_id, '{}'),
      ('seasons apart', null, p.county_id || ' ' || p.season,
        jsonb_build_object('parents', county_of))) v(kind, own, segment, parents), lateral (
    select p.inflow_cv, p.seasonal_concentration, p.recency_days, p.same_season_growth,
      p.buyer_hhi, p.borrowed_share, p.loan_to_income, p.held_share, p.disputed_share,
      p.double_claim_share, p.greenness, p.crop, p.household_id,
      p.consent_payments, p.consent_land, p.consent_satellite) t
group by v.kind, v.own, v.parents;
reset client_min_messages;
\echo
\echo 'Effects are log-odds: 0.69 doubles the odds. There was a drought in Baishui in 2023. The PD'
\echo 'is that of one farmer, the new one, in every county:\n'
with apart as (
  select segment, round(intercept_effect::numeric, 2) as effect
  from by_county b, segments(b.card) where kind = 'seasons apart')
select c.name, s.n, s.bads, round(100 * s.shrinkage::numeric) as "itself %",
  round(s.intercept_effect::numeric, 2) as effect,
  (select effect from apart where segment = c.county_id) as "seasons apart",
  (select effect from apart where segment = c.county_id || ' 2023') as "its 2023",
  round(t.prefecture_effect + t.county_effect, 2) as "the truth",
  round(100 * pd(b.card, f, c.county_id)::numeric, 1) as "pd % there"
from by_county b
  cross join (select county_id, name from county union all values ('900305', 'a new county')) c
  left join county_truth t using (county_id)
  left join lateral segments(b.card) s on s.segment = c.county_id
  cross join (select * from portrait order by as_of desc, application_id limit 1) f
where b.kind = 'pooled'
order by s.n desc nulls last, c.county_id;
\echo
\echo 'Loss is -ln of the chance that was given to what happened, in the season after the fit.'
\echo 'With few loans pooling gains nothing, but cards of their own lose (demo/README.md).\n'
select b.kind, count(distinct p.county_id) as counties, count(*) as of_2024,
  round(avg(-ln(abs(good - pd)))::numeric, 4) as loss,
  round(avg(-ln(abs(good - pd(o.card, p))))::numeric, 4) as "one for all, there",
  round(avg(-ln(abs(good - t.true_pd)))::numeric, 4) as "the truth, there"
from portrait p join truth t using (application_id)
  join by_county b on b.own is null or b.own = p.county_id
  join by_county o on o.kind = 'one for all',
  lateral (select (not t.would_be_bad)::int as good, pd(b.card, p, p.county_id) as pd) s
where p.season = 2024 and s.pd is not null
group by b.kind
order by b.kind;
\set ECHO none
\timing off
\echo
\echo 'Next: bin/shell opens psql on this county.'
