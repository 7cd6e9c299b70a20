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
drop materialized view if exists demo.portrait, demo.land_portrait cascade;
drop function if exists demo.rural_card cascade;
reset client_min_messages;

\echo
\echo '=== 1. What a rural bank holds'
\echo
\echo 'Dated money as payment systems, shipping stations and agencies report it; plots'
\echo 'and a land register; what farmers agreed to show; and loans asked for. All made'
\echo 'up (schema demo), but along the lines of the real thing.'
\echo
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

\echo
\echo '=== 2. The land: whose is it?'
\echo
\echo 'Plots, laid over the register. Land that the household holds counts for it; land'
\echo 'under another party''s right of the same kind counts against it, unless that party'
\echo 'only shares the contract. Land that another household declares too is told apart.'
\echo 'The bank asks the register on the first of a month, and decides by the last answer.'
\echo
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
select a.application_id, count(*) as plots,
  sum(e.held_area) / sum(e.plot_area) as held_share,
  sum(e.disputed_area) / sum(e.plot_area) as disputed_share,
  sum(e.double_claim_share * e.plot_area) / sum(e.plot_area) as double_claim_share
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

\echo
\echo '=== 3. The portrait: one row per application'
\echo
\echo 'One aggregate turns a farmer''s events into a value that answers twenty questions.'
\echo 'Two filters matter more than any model:'
\echo '- recorded_on < as_of: what the bank had not heard of yet cannot help it decide;'
\echo '- kind: a loan, a transfer between own accounts or a refund comes in, but is not'
\echo '  income. Counted as income, borrowing would make the deepest debtor look best.'
\echo 'And where a farmer has not agreed to show payments, nobody looks at them.'
\echo
create materialized view portrait as
with known as (
  select a.application_id,
    cashflow_agg(e.on_date, e.amount) filter (
      where e.kind in ('sale', 'shipment', 'subsidy', 'wage', 'input')) as money,
    concentration_agg(e.buyer_id, e.amount::float8) filter (
      where e.buyer_id is not null) as buyers,
    coalesce(sum(e.amount) filter (
      where e.kind = 'loan_proceeds' and e.on_date >= a.as_of - 730), 0) as borrowed
  from application a
    join consent c on c.farmer_id = a.farmer_id and c.source = 'payments' and c.granted
    join event e on e.farmer_id = a.farmer_id and e.recorded_on < a.as_of
  group by a.application_id)
select a.application_id, a.farmer_id, a.county_id, a.season, a.as_of, f.crop,
  cash.inflow_cv, cash.seasonal_concentration, cash.recency_days, cash.same_season_growth,
  hhi(k.buyers) as buyer_hhi,
  k.borrowed::float8 / nullif(cash.inflow_total, 0) as borrowed_share,
  a.amount_requested::float8 / nullif(12 * cash.inflow_mean, 0) as loan_to_income,
  case when land.granted then l.held_share end as held_share,
  case when land.granted then l.disputed_share end as disputed_share,
  k.application_id is not null as consent_payments,
  land.granted as consent_land
from application a
  join farmer f using (farmer_id)
  join consent land on land.farmer_id = a.farmer_id and land.source = 'land'
  left join known k using (application_id)
  left join land_portrait l using (application_id)
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

\echo
\echo '=== 4. A card, written by hand'
\echo
\echo 'What a loan officer of thirty years would say, in round numbers. Positive weights'
\echo 'of evidence are riskier. Deploying it makes plain SQL functions beside the view.'
\echo
select distinct split_part(made::text, '(', 1) as made
from deploy($card$
{"format": 1, "name": "rural",
 "scale": {"base_score": 600, "base_odds": 20, "pdo": 40}, "intercept": -2.2,
 "features": [
  {"name": "inflow_cv", "type": "number", "consent": "consent_payments",
   "reason": "income jumps about",
   "bins": [{"high": 0.8, "woe": -0.4}, {"high": 1.2, "woe": 0},
            {"high": 1.6, "woe": 0.3}, {"woe": 0.7}], "missing": {"woe": 0.4}},
  {"name": "seasonal_concentration", "type": "number", "consent": "consent_payments",
   "reason": "one season's income",
   "bins": [{"high": 0.3, "woe": -0.2}, {"high": 0.6, "woe": 0}, {"woe": 0.3}],
   "missing": {"woe": 0.1}},
  {"name": "recency_days", "type": "number", "consent": "consent_payments",
   "reason": "no income lately",
   "bins": [{"high": 30, "woe": -0.2}, {"high": 90, "woe": 0.1},
            {"high": 180, "woe": 0.5}, {"woe": 0.9}], "missing": {"woe": 0.9}},
  {"name": "same_season_growth", "type": "number", "consent": "consent_payments",
   "reason": "income is shrinking",
   "bins": [{"high": -0.5, "woe": 0.4}, {"high": -0.1, "woe": 0.1},
            {"high": 0.3, "woe": -0.1}, {"woe": -0.3}], "missing": {"woe": 0.1}},
  {"name": "buyer_hhi", "type": "number", "consent": "consent_payments",
   "reason": "sells to few buyers",
   "bins": [{"high": 0.5, "woe": -0.2}, {"high": 0.8, "woe": 0}, {"woe": 0.3}],
   "missing": {"woe": 0.3}},
  {"name": "borrowed_share", "type": "number", "consent": "consent_payments",
   "reason": "lives on loans",
   "bins": [{"high": 0.05, "woe": -0.1}, {"high": 0.3, "woe": 0.3}, {"woe": 0.8}],
   "missing": {"woe": 0.3}},
  {"name": "loan_to_income", "type": "number", "consent": "consent_payments",
   "reason": "a large loan",
   "bins": [{"high": 0.2, "woe": -0.6}, {"high": 0.4, "woe": -0.1},
            {"high": 0.8, "woe": 0.4}, {"woe": 0.9}], "missing": {"woe": 0.6}},
  {"name": "held_share", "type": "number", "consent": "consent_land",
   "reason": "no right to the land",
   "bins": [{"high": 0.3, "woe": 0.8}, {"high": 0.7, "woe": 0.4},
            {"high": 0.9, "woe": 0.1}, {"woe": -0.2}], "missing": {"woe": 0.3}},
  {"name": "disputed_share", "type": "number", "consent": "consent_land",
   "reason": "others hold the land",
   "bins": [{"high": 0.1, "woe": -0.1}, {"high": 0.4, "woe": 0.3}, {"woe": 0.6}],
   "missing": {"woe": 0.1}},
  {"name": "crop", "type": "category", "reason": "a risky crop",
   "bins": [{"categories": ["rice", "wheat"], "woe": -0.2},
            {"categories": ["maize", "vegetable"], "woe": 0},
            {"categories": ["orange", "apple"], "woe": 0.2}]}]}
$card$, 'portrait', 'rural') made;

\echo
\echo '=== 5. The twenty riskiest applications, and why'
\echo
select p.application_id as id, c.name as county, round(p.rural_score::numeric) as score,
  round(100 * p.rural_pd::numeric, 1) as "pd %", r.reasons
from (select * from portrait p order by p.rural_pd desc, application_id limit 20) p
  join county c using (county_id),
  lateral (
    select string_agg(reason, '; ' order by rank) as reasons
    from explain(rural_card()::scorecard, p)
    where rank <= 3 and points_lost > 0) r
order by p.rural_pd desc, id;

\echo
\echo '=== 6. Whom would it refuse?'
\echo
\echo 'Refused are those above a cut-off, a psql variable. Now:' :cutoff
\echo
select c.prefecture, c.name as county, count(*) as applications,
  round(100.0 * avg((p.rural_pd > :cutoff)::int), 1) as "refused %",
  round(100 * avg(p.rural_pd)::numeric, 1) as "mean pd %"
from portrait p join county c using (county_id)
group by c.county_id
order by c.number;

\echo
\echo '=== 7. Tomorrow: a new application'
\echo
\echo 'The portrait is a materialized view with a unique index, so it is refreshed while'
\echo 'others read it, and the card deployed on it stays.'
\echo
insert into application
select farmer_id * 8 + 3, farmer_id, county_id, 2024, '2024-06-24', 20000, 120,
  not exists (select from loan l where l.farmer_id = f.farmer_id), false
from farmer f
where not exists (
  select from application a where a.farmer_id = f.farmer_id and a.season = 2024)
order by farmer_id
limit 1
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

\echo
\echo '=== 8. How good is it?'
\echo
\echo 'Only a made-up county knows what would have become of every application, refused'
\echo 'ones included. AUC: the chance that of one bad and one good application the bad'
\echo 'one is rated riskier. Not even the true probabilities reach 1, since a likely'
\echo 'thing need not happen. How much of what can be known does the card know?'
\echo
select n(card) as applications, bads(card) as bads,
  round(auc(card)::numeric, 3) as auc_card,
  round(ci.low::numeric, 3) as low, round(ci.high::numeric, 3) as high,
  round(auc(truth)::numeric, 3) as auc_truth,
  round((100 * (auc(card) - 0.5) / (auc(truth) - 0.5))::numeric) as "recovered %"
from (
  select roc_agg(p.rural_pd, t.would_be_bad) as card, roc_agg(t.true_pd, t.would_be_bad) as truth
  from portrait p join truth t using (application_id)) r, auc_ci(card) ci;
\set ECHO none
\timing off
\echo
\echo 'Next: bin/shell opens psql on this county.'
