-- Loans, what was paid back and how, and what that makes of them.

create table demo.loan (
	loan_id bigint primary key,
	application_id bigint references demo.application,
	farmer_id bigint not null references demo.farmer,
	rolls_over bigint references demo.loan,
	principal numeric(12,2) not null,
	annual_rate numeric(6,4) not null,
	disbursed_on date not null,
	due_on date not null,
	amount_due numeric(12,2) not null
);
comment on table demo.loan is 'Loans paid out. Repaid in one sum, principal and interest, after the harvest.';
comment on column demo.loan.application_id is 'NULL for a loan that only repays another.';
comment on column demo.loan.rolls_over is 'The loan that this one was given to repay.';
comment on column demo.loan.annual_rate is 'Interest per year, as a fraction.';
comment on column demo.loan.amount_due is 'Principal and simple interest (days / 365) on the due date.';

create table demo.repayment (
	repayment_id bigint primary key,
	loan_id bigint not null references demo.loan,
	paid_on date not null,
	amount numeric(12,2) not null,
	source text not null check (source in ('cash', 'rollover'))
);
comment on table demo.repayment is 'What was paid on loans up to June 2024.';
comment on column demo.repayment.source is 'cash: the farmer''s money; rollover: the proceeds of a new loan of this bank, which is no repayment.';

insert into demo.loan
select l.application_id * 2, l.application_id, l.farmer_id, null, principal, rate, disbursed_on, due_on,
	round(principal * (1 + rate * (due_on - disbursed_on) / 365), 2)
from (
	select application_id, farmer_id, least(amount_requested, 100000) as principal,
		round((0.058 + 0.03 * demo.uniform('rate', application_id))::numeric, 4) as rate,
		as_of + 2 + floor(12 * demo.uniform('paid out', application_id))::int as disbursed_on,
		make_date(season, 11, 10) + floor(60 * demo.uniform('due', application_id))::int as due_on
	from demo.application where approved) l;

-- How each loan ends: punctual, slow (31 to 85 days late), part paid, nothing paid, or rolled over.
create temporary table ending as
select l.*, case
		when not would_be_bad then case when u < 0.95 then 'punctual' else 'slow' end
		when u < 0.50 then 'part' when u < 0.75 then 'nothing' else 'rollover' end as ending,
	due_on - 4 + floor(10 * demo.uniform('rolled on', loan_id))::int as rolled_on
from demo.loan l join demo.truth using (application_id), lateral (select demo.uniform('ending', loan_id) as u) e;

insert into demo.loan
select loan_id + 1, null, farmer_id, loan_id, amount_due, annual_rate + 0.01, rolled_on, rolled_on + 330, round(amount_due * (1 + (annual_rate + 0.01) * 330 / 365), 2)
from ending where ending = 'rollover' and rolled_on <= '2024-06-30';

insert into demo.repayment
select loan_id * 4 + nth, loan_id, paid_on, amount, source
from (
	select loan_id, 0 as nth, due_on - floor(35 * demo.uniform('pays', loan_id))::int as paid_on,
		round(amount_due * case when demo.uniform('in two', loan_id) < 0.3 then 0.4 else 1 end, 2) as amount, 'cash' as source
	from ending where ending = 'punctual'
	union all
	select loan_id, 1, due_on + floor(25 * demo.uniform('pays the rest', loan_id))::int, amount_due - round(amount_due * 0.4, 2), 'cash'
	from ending where ending = 'punctual' and demo.uniform('in two', loan_id) < 0.3
	union all
	select loan_id, 0, due_on + 31 + floor(55 * demo.uniform('pays', loan_id))::int, amount_due, 'cash'
	from ending where ending = 'slow'
	union all
	select loan_id, 0, due_on + floor(120 * demo.uniform('pays', loan_id))::int, round(amount_due * (0.05 + 0.6 * demo.uniform('pays part', loan_id))::numeric, 2), 'cash'
	from ending where ending = 'part'
	union all
	select loan_id, 0, rolled_on, amount_due, 'rollover'
	from ending where ending = 'rollover'
	union all
	select loan_id + 1, 0, rolled_on + 330, round(amount_due * (1 + (annual_rate + 0.01) * 330 / 365), 2), 'cash'
	from ending where ending = 'rollover' and demo.uniform('in the end', loan_id) < 0.4) p
where paid_on <= '2024-06-30';
create index on demo.repayment (loan_id);
drop table ending;

-- the bank's own loans arrive on the farmers' accounts as well
insert into demo.event
select ((farmer_id * 64 + m) * 64) + 40 + (rolls_over is not null)::int, farmer_id, disbursed_on, disbursed_on, 'loan_proceeds', principal, null
from demo.loan, lateral (select (extract(year from disbursed_on) - 2019) * 12 + extract(month from disbursed_on) - 7 as m) d;

create table demo.outcome (
	application_id bigint primary key references demo.application,
	outcome text not null check (outcome in ('good', 'bad', 'indeterminate', 'not matured'))
);
comment on table demo.outcome is 'What became of each loan asked for and granted, as of 30 June 2024, by one definition: 90 days after the due date the loan is judged; '
	'good: all of it paid in cash within 30 days of the due date; indeterminate: within 90 days; bad: not even then. A rollover is not a repayment.';
insert into demo.outcome
select l.application_id, case
	when l.due_on + 90 > '2024-06-30' then 'not matured'
	when coalesce(sum(r.amount) filter (where r.source = 'cash' and r.paid_on <= l.due_on + 30), 0) >= l.amount_due then 'good'
	when coalesce(sum(r.amount) filter (where r.source = 'cash' and r.paid_on <= l.due_on + 90), 0) >= l.amount_due then 'indeterminate'
	else 'bad' end
from demo.loan l left join demo.repayment r using (loan_id)
where l.application_id is not null
group by l.loan_id;
