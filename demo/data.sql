-- The same path on real files: psql -v data=DIR -f demo/data.sql. README.md says what DIR may hold.
\set QUIET on
\pset footer off
\pset null '-'
\if :{?data}
\else
	do $$ begin raise exception 'no folder given' using hint = 'psql -v data=DIR -f demo/data.sql'; end $$;
\endif
set client_min_messages = warning;
drop schema if exists data cascade;
reset client_min_messages;
create schema data;
set search_path = data, agririsk, public;

\set file :data /credit/oaf_kenya_contracts.csv
\set present `test -r "$(printf %s :'file')" && echo true || echo false`
\if :present
	\ir data/contracts.sql
\else
	\echo No file :file: the contracts are left out.
\endif

\set file :data /land/fr_lpis_193.geojson
\set present `test -r "$(printf %s :'file')" && echo true || echo false`
\if :present
	\ir data/parcels.sql
\else
	\echo No file :file: the parcels are left out.
\endif
