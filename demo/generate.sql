-- A county to play with: several counties of a made-up province, their farmers, land, money and loans, and the truth behind them.
--
--     psql -v seed=1 -v size=3000 -f demo/generate.sql
--
-- seed       another seed is another world                                        (default 1)
-- size       farmers                                                              (default 3000; 100000 takes a few minutes)
-- counties   counties they live in; the first has most of them, the last a few    (default 12)
-- county_sd  how much counties differ, on the log-odds scale; 0: not at all       (default 0.45)
--
-- Everything is drawn by hashing (seed, what, who), never from a random stream: the same seed and size give the same rows on any
-- machine, in whatever order and with whatever plan the server builds them. That is also why there is no exp, ln, sin or cos of the C
-- library in here: their last digits depend on the processor. Numeric's own exp does not.
--
-- Needs PostgreSQL 14 and PostGIS, nothing of agririsk. Money is in yuan, land in square metres and mu (666.7 m2), and the last day
-- anything is known of is 30 June 2024.
\set QUIET on
\if :{?seed} \else \set seed 1 \endif
\if :{?size} \else \set size 3000 \endif
\if :{?counties} \else \set counties 12 \endif
\if :{?county_sd} \else \set county_sd 0.45 \endif

set client_min_messages = warning;
drop schema if exists demo cascade;
reset client_min_messages;
create schema demo;
comment on schema demo is 'A made-up province to try agririsk on: evidence as a bank would hold it, and in the tables called truth what it cannot know.';

\ir county/chance.sql
\ir county/people.sql
\ir county/land.sql
\ir county/income.sql
\ir county/satellite.sql
\ir county/lending.sql
\ir county/repayment.sql

select format('analyze demo.%I', relname) from pg_class where relnamespace = 'demo'::regnamespace and relkind = 'r' order by relname \gexec
