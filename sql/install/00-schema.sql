/* agririsk: refuse to be sourced in psql */
\echo Use "CREATE EXTENSION agririsk" to load this file. \quit

COMMENT ON SCHEMA agririsk IS
'Risk modelling of rural loans: portraits of farmers, land evidence, scorecards. See the README of the extension.';

-- Everything here is a type or a function of its arguments; using it gives no
-- access to anybody's tables.
GRANT USAGE ON SCHEMA agririsk TO PUBLIC;
