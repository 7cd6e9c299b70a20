/* agririsk: refuse to be sourced in psql */
\echo Use "CREATE EXTENSION agririsk" to load this file. \quit

DO $refuse$
BEGIN
  -- Whoever owns the schema could put functions in the way of those here. A
  -- superuser may own it: a dump gives the schema its owner first.
  IF EXISTS (SELECT FROM pg_catalog.pg_namespace n JOIN pg_catalog.pg_roles r ON r.oid = n.nspowner
             WHERE n.nspname = 'agririsk' AND NOT r.rolsuper AND r.rolname <> current_user) THEN
    RAISE insufficient_privilege USING
      MESSAGE = 'the schema agririsk belongs to somebody else',
      DETAIL = 'The extension has a schema of its own, which its installer owns.',
      HINT = 'Rename the schema that is there: ALTER SCHEMA agririsk RENAME TO other_name.';
  END IF;
  -- CREATE EXTENSION ... CASCADE puts PostGIS into the first schema of the search_path, for good.
  IF EXISTS (SELECT FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace
             WHERE e.extname = 'postgis' AND n.nspname = 'agririsk') THEN
    RAISE object_not_in_prerequisite_state USING
      MESSAGE = 'PostGIS would lie in the schema agririsk',
      DETAIL = 'agririsk stands first in the search_path, or PostGIS was put there before, and PostGIS cannot be moved.',
      HINT = 'SET search_path = public, agririsk, and create the extension again.';
  END IF;
END
$refuse$;

COMMENT ON SCHEMA agririsk IS
'Risk modelling of rural loans: portraits of farmers, land evidence, scorecards. See the README of the extension.';

-- Everything here is a type or a function of its arguments; using it gives no
-- access to anybody's tables.
GRANT USAGE ON SCHEMA agririsk TO PUBLIC;

CREATE FUNCTION agririsk_version(OUT library text, OUT sql text) RETURNS record
  LANGUAGE plpgsql STABLE CALLED ON NULL INPUT PARALLEL SAFE
  SET search_path = pg_catalog, pg_temp
AS $version$
BEGIN
  library := agririsk._library_version();
  SELECT extversion INTO sql FROM pg_extension WHERE extname = 'agririsk';
  IF library <> sql THEN
    RAISE object_not_in_prerequisite_state USING
      MESSAGE = 'the library and the SQL of agririsk differ in version',
      DETAIL = format('The library is %s, the SQL is %s.', library, sql),
      HINT = 'ALTER EXTENSION agririsk UPDATE brings the SQL of this database to the version of the library. A session that loaded the library before it was installed has to connect again first.';
  END IF;
END
$version$;
COMMENT ON FUNCTION agririsk_version() IS
'The version of the library that the server has loaded, and that of the SQL of this database. An error where they differ: after an installation, until ALTER EXTENSION agririsk UPDATE.';

CREATE FUNCTION _library_version() RETURNS text
  LANGUAGE c STABLE STRICT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_library_version';
COMMENT ON FUNCTION _library_version() IS
'The version that the library was compiled as.';

CREATE FUNCTION _refuse_worker(function text) RETURNS void
  LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
  SET search_path = pg_catalog, pg_temp
AS $refuse$
BEGIN
  IF starts_with(current_setting('application_name'), 'citus_internal') THEN
    RAISE feature_not_supported USING
      MESSAGE = format('%s cannot run on a worker of a sharded server', function),
      DETAIL = 'A worker has a catalog and tables of its own, which are not those of the coordinator.',
      HINT = format('Call it once on the coordinator, in a subquery without columns of the sharded table: (SELECT %s(...)).', function);
  END IF;
END
$refuse$;
COMMENT ON FUNCTION _refuse_worker(text) IS
'An error where the session is one that a sharded server opened on a worker: what reads or writes the registry, or defines functions, would there work on the worker''s own catalog.';
