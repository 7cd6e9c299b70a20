-- Real contracts of farmers who bought inputs on credit: a card by hand, and what came of those it ranked.
\echo
\echo '=== Farm-input contracts: a card that knows only what is known at signing'
\echo
create table contract (
	contract_reference text primary key,
	status text not null,
	start_date timestamp not null,
	end_date timestamp,
	next_contract_payment_due_date timestamp,
	cumulative_amount_paid numeric,
	expected_cumulative_amount_paid numeric,
	nominal_contract_value numeric,
	deposit_amount numeric,
	gender int,
	l3_entity_id text,
	product text,
	expected_payment_progression float8,
	birth_year int
);
\set load '\\copy contract from ' :'file' ' csv header'
:load
analyze contract;

\echo 'At signing: the value, the share paid as deposit, the kind of product and the'
\echo 'month. Gender and birth year stay out. Cash sales have no value to lend.'
\echo
\timing on
\set ECHO queries
create table signing as
select contract_reference,
  nominal_contract_value::float8 as value,
  (deposit_amount / nominal_contract_value)::float8 as deposit_share,
  case when product ilike 'group%' then 'group'
       when product ilike 'individual%' then 'individual'
       else 'other' end as product,
  extract(month from start_date)::int as month
from contract
where nominal_contract_value > 0;
\echo
select distinct split_part(made::text, '(', 1) as made
from deploy($card$
{"format": 1, "name": "inputs",
 "scale": {"base_score": 600, "base_odds": 20, "pdo": 20}, "intercept": -2.0,
 "features": [
  {"name": "value", "type": "number", "reason": "A large contract",
   "bins": [{"high": 5000, "woe": -0.3}, {"high": 10000, "woe": 0},
            {"high": 15000, "woe": 0.2}, {"woe": 0.4}]},
  {"name": "deposit_share", "type": "number", "reason": "A small deposit",
   "bins": [{"high": 0.15, "woe": 0.5}, {"high": 0.25, "woe": 0.2},
            {"high": 0.35, "woe": -0.1}, {"woe": -0.4}]},
  {"name": "product", "type": "category", "reason": "Nobody else answers for it",
   "bins": [{"categories": ["group"], "woe": -0.2},
            {"categories": ["individual"], "woe": 0.2}]},
  {"name": "month", "type": "number", "reason": "Signed late in the year",
   "bins": [{"high": 4, "woe": -0.1}, {"high": 7, "woe": 0.1}, {"woe": 0.2}]}]}
$card$, 'signing', 'inputs') made;
\echo
select s.contract_reference, s.score, s.pd, r.reasons
from (select t.contract_reference, round(t.inputs_score::numeric) as score,
        round(t.inputs_pd::numeric, 3) as pd, t
      from signing t) s,
  lateral (select string_agg(reason, '; ' order by rank) as reasons
           from explain(inputs_card()::scorecard, s.t) where points_lost > 0 and rank <= 2) r
order by s.pd desc, s.contract_reference
limit 5;

\echo
\echo 'Too young to judge: whoever is still paying may yet pay everything.'
\echo
select count(*) as contracts,
  count(*) filter (where status = 'Active') as too_young_to_judge,
  count(*) filter (where status <> 'Active' and nominal_contract_value = 0) as cash_sales,
  count(*) filter (where status <> 'Active' and nominal_contract_value > 0) as finished,
  count(*) filter (where status <> 'Active' and nominal_contract_value > 0
    and cumulative_amount_paid < nominal_contract_value) as finished_short
from contract;

\echo
\echo 'What can be said today: paid so far against expected so far, by fifths of'
\echo 'the score. Fifth 1 is what the card likes least.'
\echo
select fifth, count(*) as contracts,
  count(*) filter (where status = 'Active') as still_active,
  min(score) as score_from, max(score) as score_to,
  round(1 - sum(paid) / sum(expected), 3) as shortfall,
  count(*) filter (where paid < 0.5 * expected) as under_half
from (select round(t.inputs_score::numeric) as score, status,
        cumulative_amount_paid as paid, expected_cumulative_amount_paid as expected,
        ntile(5) over (order by t.inputs_score, contract_reference) as fifth
      from signing t join contract using (contract_reference)
      where expected_cumulative_amount_paid > 0) s
group by fifth
order by fifth;
\set ECHO none
\timing off
\echo
\echo 'A card that ranks well would show a shortfall falling from the first fifth to'
\echo 'the last. Whatever the table shows is what it shows; most of these contracts are'
\echo 'not due yet, and to be behind by now is not the same as never to pay.'
