-- Deployed scorecards: plain SQL functions that the planner inlines.

-- Intentionally not STRICT: a missing value is a bin like any other. STABLE:
-- the card they are given by name may be replaced.

CREATE FUNCTION _deployed_pd(card regprocedure, columns text[], VARIADIC inputs "any") RETURNS double precision
  LANGUAGE c STABLE CALLED ON NULL INPUT PARALLEL SAFE COST 5
  AS 'MODULE_PATHNAME', 'agririsk__deployed_pd';
COMMENT ON FUNCTION _deployed_pd(regprocedure, text[], "any") IS
'PD, in (0, 1), under the card that the named function holds, of the columns named: the card''s features, then its consents, in the card''s order, which is checked; after them perhaps the segment. NULL where every feature is missing. For the functions that deploy writes.';

CREATE FUNCTION _deployed_score(card regprocedure, columns text[], VARIADIC inputs "any") RETURNS double precision
  LANGUAGE c STABLE CALLED ON NULL INPUT PARALLEL SAFE COST 5
  AS 'MODULE_PATHNAME', 'agririsk__deployed_score';
COMMENT ON FUNCTION _deployed_score(regprocedure, text[], "any") IS
'Score in points, higher is safer, under the card that the named function holds; arguments and NULL as for _deployed_pd. For the functions that deploy writes.';

CREATE FUNCTION _deployed_row_pd(card regprocedure, t record, segment text DEFAULT NULL)
  RETURNS double precision
  LANGUAGE c STABLE CALLED ON NULL INPUT PARALLEL SAFE COST 15
  AS 'MODULE_PATHNAME', 'agririsk__deployed_row_pd';
COMMENT ON FUNCTION _deployed_row_pd(regprocedure, record, text) IS
'PD, in (0, 1), of a row under the card that the named function holds; NULL as for pd. For the functions that deploy writes of cards with more columns than a function has arguments.';

CREATE FUNCTION _deployed_row_score(card regprocedure, t record, segment text DEFAULT NULL)
  RETURNS double precision
  LANGUAGE c STABLE CALLED ON NULL INPUT PARALLEL SAFE COST 15
  AS 'MODULE_PATHNAME', 'agririsk__deployed_row_score';
COMMENT ON FUNCTION _deployed_row_score(regprocedure, record, text) IS
'Score in points, higher is safer, of a row under the card that the named function holds; NULL as for score. For the functions that deploy writes of cards with more columns than a function has arguments.';

-- The note on name_card() that tells redeploy where it was deployed: the text
-- a reader sees, then JSON. A comment is dumped, restored and renamed with the
-- function, where a table of deployments would have to follow all that.
CREATE FUNCTION _deployment(description text) RETURNS jsonb
  LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
  RETURN substring(description FROM '^A scorecard deployed by agririsk: ([{].*[}])$')::jsonb;
COMMENT ON FUNCTION _deployment(text) IS
'What deploy noted in the comment of name_card(): schema, relation and segment_column. NULL for any other text.';

CREATE FUNCTION _lock_deployment(schema oid, name text) RETURNS void
  LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE
  AS 'MODULE_PATHNAME', 'agririsk__lock_deployment';
COMMENT ON FUNCTION _lock_deployment(oid, text) IS
'Waits until no other transaction deploys under the name in the schema, and keeps others waiting until the transaction ends.';

CREATE FUNCTION deploy(card scorecard, relation regclass, name text, segment_column name DEFAULT NULL)
  RETURNS SETOF regprocedure
  LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE COST 10000 ROWS 5
  SET search_path = pg_catalog, pg_temp
AS $deploy$
DECLARE
  body jsonb;
  class record;
  inputs text[];        -- what the functions take, in the card's order
  names text[];         -- the same without the segment column
  columns text[];       -- the same, each once
  signature text;       -- of the column form
  types oid[];
  arguments text;
  card_name text;
  card_function regprocedure;
  note jsonb;           -- what an earlier deployment under this name was
  form text;
  form_name text;
  row_type text;
  wide boolean;
  missing text;
  own oid[];            -- functions of an earlier deployment under this name
  old record;
  state text;
  message text;
  detail text;
  hint text;
BEGIN
  PERFORM agririsk._refuse_worker('deploy');
  IF card IS NULL OR relation IS NULL OR name IS NULL THEN
    RAISE null_value_not_allowed USING
      MESSAGE = 'a card, a relation and a name are needed',
      DETAIL = format('%s is NULL.', CASE WHEN card IS NULL THEN 'The card'
        WHEN relation IS NULL THEN 'The relation' ELSE 'The name' END),
      HINT = 'Call deploy(card, relation, name).';
  END IF;
  SELECT n.nspname, c.relname, c.relkind, c.relnamespace, c.reltype, c.relowner INTO class
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.oid = relation;
  IF class.relkind IS NULL OR class.relkind NOT IN ('r', 'p', 'm', 'f', 'v') THEN
    RAISE wrong_object_type USING
      MESSAGE = 'a card is deployed on a table or a view',
      DETAIL = format('%s is neither.', relation),
      HINT = 'Give a table, a partitioned or foreign table, a materialized view or a view.';
  END IF;
  IF NOT has_schema_privilege(class.relnamespace, 'CREATE') THEN
    RAISE insufficient_privilege USING
      MESSAGE = format('permission denied to deploy into schema %I', class.nspname),
      DETAIL = format('The functions of a deployed card lie beside the relation %s, and the role %I may not create them there.',
        relation, current_user),
      HINT = format('Have the owner of the schema GRANT USAGE, CREATE ON SCHEMA %I TO %I.', class.nspname, current_user);
  END IF;
  IF name = '' OR octet_length(name || '_score') > 63 THEN
    RAISE name_too_long USING
      MESSAGE = 'the name of a deployed card has 1 to 57 bytes',
      DETAIL = format('"%s" has %s.', name, octet_length(name)),
      HINT = 'The functions are called name_card, name_pd and name_score, and names end at 63 bytes.';
  END IF;
  SELECT string_agg(quote_ident(a.attname), ', ') INTO missing
    FROM pg_attribute a
    WHERE a.attrelid = relation AND NOT a.attisdropped
      AND a.attname::text IN (name || '_pd', name || '_score');
  IF missing IS NOT NULL THEN
    RAISE duplicate_column USING
      MESSAGE = 'a column has the name of a function to deploy',
      DETAIL = format('%s has the column %s.', relation, missing),
      HINT = 'Choose another name for the deployed card, or rename the column.';
  END IF;

  -- An empty reason is told in the words of the column's comment.
  body := card::jsonb;
  SELECT jsonb_set(body, '{features}', jsonb_agg(
      CASE WHEN e.feature ? 'reason' OR d.description IS NULL THEN e.feature
        ELSE e.feature || jsonb_build_object('reason', d.description) END ORDER BY e.i))
    INTO body
    FROM jsonb_array_elements(body -> 'features') WITH ORDINALITY e(feature, i)
    LEFT JOIN pg_attribute a ON a.attrelid = relation AND a.attname::text = e.feature ->> 'name'
      AND NOT a.attisdropped
    LEFT JOIN pg_description d ON d.classoid = 'pg_class'::regclass AND d.objoid = relation
      AND d.objsubid = a.attnum;

  SELECT array_agg(e.feature ->> 'name' ORDER BY e.i) INTO inputs
    FROM jsonb_array_elements(body -> 'features') WITH ORDINALITY e(feature, i);
  inputs := inputs || (SELECT coalesce(array_agg(c.consent ORDER BY c.first), '{}')
    FROM (SELECT e.feature ->> 'consent' AS consent, min(e.i) AS first
          FROM jsonb_array_elements(body -> 'features') WITH ORDINALITY e(feature, i)
          WHERE e.feature ? 'consent' GROUP BY 1) c);
  names := inputs;
  IF segment_column IS NOT NULL THEN
    inputs := inputs || segment_column::text;
    IF NOT EXISTS (SELECT FROM pg_attribute a
                   WHERE a.attrelid = relation AND a.attname = segment_column AND NOT a.attisdropped) THEN
      RAISE undefined_column USING
        MESSAGE = format('%s has no segment column "%s"', relation, segment_column),
        DETAIL = 'It is the fourth argument of deploy.',
        HINT = 'Name the column that holds each row''s segment, or leave it out.';
    END IF;
  ELSIF body ? 'segments' THEN
    RAISE NOTICE 'the segments of the card are not used: every row is scored by the card itself'
      USING HINT = 'Name the column that holds each row''s segment as segment_column, the fourth argument.';
  END IF;
  -- The C function takes two more arguments.
  wide := cardinality(inputs) > current_setting('max_function_args')::integer - 2;

  SELECT array_agg(c.name ORDER BY c.i),
      string_agg(format('%I %s DEFAULT NULL', c.name, format_type(a.atttypid, NULL)), ', ' ORDER BY c.i),
      array_agg(a.atttypid ORDER BY c.i),
      string_agg(quote_ident(c.name), ', ' ORDER BY c.i) FILTER (WHERE a.attnum IS NULL)
    INTO columns, signature, types, missing
    FROM (SELECT i.name, min(i.i) AS i FROM unnest(inputs) WITH ORDINALITY i(name, i) GROUP BY 1) c
    LEFT JOIN pg_attribute a ON a.attrelid = relation AND a.attname::text = c.name
      AND a.attnum > 0 AND NOT a.attisdropped;
  IF missing IS NOT NULL THEN
    RAISE undefined_column USING
      MESSAGE = format('%s lacks columns that the card needs', relation),
      DETAIL = format('It has no %s.', missing),
      HINT = 'Columns are found by the names of features and consents, which are case-sensitive.';
  END IF;

  -- The row form of a wide card casts to text, which would take any type.
  SELECT format_type(a.atttypid, a.atttypmod) INTO missing
    FROM pg_attribute a
    JOIN pg_type t ON t.oid = a.atttypid
    LEFT JOIN pg_type b ON b.oid = t.typbasetype
    WHERE a.attrelid = relation AND a.attname = segment_column AND NOT a.attisdropped
      AND coalesce(b.typtype, t.typtype) <> 'e'
      AND coalesce(b.oid, t.oid) NOT IN ('text'::regtype, 'varchar'::regtype, 'bpchar'::regtype,
        'name'::regtype, 'boolean'::regtype, 'smallint'::regtype, 'integer'::regtype, 'bigint'::regtype);
  IF missing IS NOT NULL THEN
    RAISE datatype_mismatch USING
      MESSAGE = format('a segment column of type %s does not fit the card', missing),
      DETAIL = 'A segment is text, varchar, char, name, an enum, boolean or an integer.',
      HINT = 'Cast the column in the query or view that is scored.';
  END IF;

  card_name := format('%I.%I', class.nspname, name || '_card');
  -- Whoever deploys under the same name at the same time waits here, and then replaces.
  PERFORM agririsk._lock_deployment(class.relnamespace, name);
  row_type := format('%I.%I', class.nspname, class.relname);
  card_function := to_regprocedure(card_name || '()');
  note := agririsk._deployment(obj_description(card_function, 'pg_proc'));
  IF card_function IS NOT NULL AND note IS NULL THEN
    RAISE duplicate_function USING
      MESSAGE = format('function %s exists and was not deployed', card_function),
      DETAIL = 'It lacks the comment that deploy writes.',
      HINT = 'Choose another name for the deployed card, or drop the function.';
  END IF;

  IF note IS NOT NULL
      AND to_regclass(format('%I.%I', note ->> 'schema', note ->> 'relation')) <> relation THEN
    RAISE duplicate_function USING
      MESSAGE = format('"%s" is deployed on another relation', name),
      DETAIL = format('%s was written for %I.%I.', card_function, note ->> 'schema', note ->> 'relation'),
      HINT = format('Choose another name, or remove that deployment: DROP FUNCTION %s CASCADE.', card_function);
  END IF;
  -- To replace a function leaves its owner, who could replace it again.
  SELECT string_agg(p.oid::regprocedure::text, ', ') INTO missing
    FROM pg_proc p
    WHERE p.pronamespace = class.relnamespace
      AND p.proname IN (name || '_card', name || '_pd', name || '_score')
      AND p.proowner NOT IN (current_user::regrole, class.relowner);
  IF missing IS NOT NULL THEN
    RAISE insufficient_privilege USING
      MESSAGE = format('functions of the name "%s" belong to somebody else', name),
      DETAIL = format('%s is owned neither by you nor by the owner of %s.', missing, relation),
      HINT = 'Choose another name, or have them dropped.';
  END IF;

  BEGIN
    EXECUTE format('CREATE OR REPLACE FUNCTION %s() RETURNS agririsk.scorecard '
        'LANGUAGE sql IMMUTABLE PARALLEL SAFE AS %L',
      card_name, format('SELECT %L::agririsk.scorecard', (body::agririsk.scorecard)::text));
  EXCEPTION WHEN OTHERS THEN
    -- Raised again, because the context of the error would print the whole card.
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT,
      detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    RAISE EXCEPTION USING ERRCODE = state, MESSAGE = message,
      DETAIL = coalesce(nullif(detail, ''), format('The function to be written is %s().', card_name)),
      HINT = coalesce(nullif(hint, ''), 'Look whether a function of this name is there, or choose another name for the deployed card.');
  END;
  card_function := to_regprocedure(card_name || '()');
  EXECUTE format('COMMENT ON FUNCTION %s() IS %L', card_name,
    'A scorecard deployed by agririsk: ' || jsonb_build_object('schema', class.nspname,
      'relation', class.relname, 'segment_column', segment_column)::text);
  RETURN NEXT card_function;

  FOREACH form IN ARRAY ARRAY['pd', 'score'] LOOP
    form_name := format('%I.%I', class.nspname, name || '_' || form);
    -- Those that use the card, and those that use them.
    WITH RECURSIVE uses(oid) AS (
      SELECT card_function::oid
      UNION
      SELECT p.oid FROM uses u
        JOIN pg_depend d ON d.refclassid = 'pg_proc'::regclass AND d.refobjid = u.oid
          AND d.classid = 'pg_proc'::regclass
        JOIN pg_proc p ON p.oid = d.objid
        WHERE p.pronamespace = class.relnamespace AND p.proname = name || '_' || form)
    SELECT coalesce(array_agg(u.oid), '{}') INTO own FROM uses u WHERE u.oid <> card_function;

    SELECT string_agg(p.oid::regprocedure::text, ', ') INTO missing
      FROM pg_proc p
      WHERE p.pronamespace = class.relnamespace AND p.proname = name || '_' || form
        AND p.oid <> ALL (own)
        AND (ARRAY(SELECT unnest(p.proargtypes)) = ARRAY[class.reltype]
          OR NOT wide AND ARRAY(SELECT unnest(p.proargtypes)) = types);
    IF missing IS NOT NULL THEN
      RAISE duplicate_function USING
        MESSAGE = format('function %s exists and was not deployed', missing),
        DETAIL = format('It does not use %s().', card_name),
        HINT = 'Choose another name for the deployed card, or drop the function.';
    END IF;

    -- An earlier card with other columns leaves a column form that its row
    -- form still uses: the row form lets go of it, and keeps its dependents.
    FOR old IN
      SELECT p.oid::regprocedure AS function, p.proargtypes[0] = class.reltype AS is_row_form
        FROM pg_proc p JOIN pg_type t ON t.oid = p.proargtypes[0]
        WHERE p.oid = ANY (own)
          AND (wide OR ARRAY(SELECT unnest(p.proargtypes)) <> types OR p.proargnames <> columns)
        ORDER BY t.typtype = 'c' DESC
    LOOP
      IF old.is_row_form THEN
        EXECUTE format('CREATE OR REPLACE FUNCTION %s(t %s) RETURNS double precision '
          'LANGUAGE sql STABLE PARALLEL SAFE RETURN NULL::double precision', form_name, row_type);
      ELSE
        EXECUTE format('DROP FUNCTION %s', old.function);
      END IF;
    END LOOP;

    IF wide THEN
      arguments := format('t%s', ', t.' || quote_ident(segment_column) || '::text');
    ELSE
      EXECUTE format('CREATE OR REPLACE FUNCTION %s(%s) RETURNS double precision '
          'LANGUAGE sql STABLE PARALLEL SAFE RETURN agririsk.%I(%L::regprocedure, %L::text[], %s)',
        form_name, signature, '_deployed_' || form, card_name || '()', names,
        (SELECT string_agg(quote_ident(i.name), ', ' ORDER BY i.i)
           FROM unnest(inputs) WITH ORDINALITY i(name, i)));
      RETURN NEXT format('%s(%s)', form_name,
        (SELECT string_agg(format_type(t.type, NULL), ', ' ORDER BY t.i)
           FROM unnest(types) WITH ORDINALITY t(type, i)))::regprocedure;
      SELECT string_agg('t.' || quote_ident(c.name), ', ' ORDER BY c.i) INTO arguments
        FROM unnest(columns) WITH ORDINALITY c(name, i);
    END IF;
    EXECUTE format('CREATE OR REPLACE FUNCTION %s(t %s) RETURNS double precision '
        'LANGUAGE sql STABLE PARALLEL SAFE RETURN %s', form_name, row_type,
      CASE WHEN wide THEN format('agririsk.%I(%L::regprocedure, %s)',
        '_deployed_row_' || form, card_name || '()', arguments)
      ELSE format('%s(%s)', form_name, arguments) END);
    RETURN NEXT format('%s(%s)', form_name, row_type)::regprocedure;
    -- Compiles the card, and finds columns whose types do not fit.
    EXECUTE format('SELECT %s(NULL::%s)', form_name, row_type);
  END LOOP;

  IF wide THEN
    RAISE NOTICE '"%" takes % columns, more than arguments fit: only %_pd(row) and %_score(row) were written',
      name, cardinality(columns), name, name
      USING HINT = 'They read whole rows, which takes longer than the column form of a narrower card.';
  ELSIF class.relkind = 'v' THEN
    RAISE NOTICE '% is a view: scoring its rows may not inline', relation
      USING HINT = format('SELECT v.*, %I.%I(%s) FROM (SELECT * FROM %s OFFSET 0) v does.',
        class.nspname, name || '_pd',
        (SELECT string_agg('v.' || quote_ident(c.name), ', ' ORDER BY c.i)
           FROM unnest(columns) WITH ORDINALITY c(name, i)), row_type);
  END IF;
END
$deploy$;
COMMENT ON FUNCTION deploy(scorecard, regclass, text, name) IS
'Writes a card as SQL functions into the relation''s schema: name_card(), which holds it; name_pd(column, ...) and name_score(column, ...), which the planner inlines, and whose arguments are NULL, not known, where they are left out; name_pd(row) and name_score(row), which call those. Deploying under the same name again replaces the card, and running sessions follow. segment_column names the column with each row''s segment (NULL: every row is scored by the card''s root). Empty reasons are filled from the columns'' comments. Returns the functions. NULL arguments are errors.';

CREATE FUNCTION redeploy(name text) RETURNS SETOF regprocedure
  LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE COST 10000 ROWS 5
  SET search_path = pg_catalog, pg_temp
AS $redeploy$
DECLARE
  found record;
  n integer := 0;
  function_name text;
  parts text[];
  note jsonb;
  card agririsk.scorecard;
  class regclass;
BEGIN
  PERFORM agririsk._refuse_worker('redeploy');
  IF redeploy.name IS NULL THEN
    RAISE null_value_not_allowed USING
      MESSAGE = 'a name is needed',
      DETAIL = 'The name is NULL.',
      HINT = 'Call redeploy(name), with the name given to deploy.';
  END IF;
  BEGIN
    parts := parse_ident(redeploy.name);
  EXCEPTION WHEN invalid_parameter_value THEN
    NULL; -- a name that SQL would have in quotes
  END;
  FOR found IN
    SELECT p.pronamespace, left(p.proname, -5) AS name, p.oid::regprocedure AS function
      FROM pg_proc p
      JOIN pg_namespace s ON s.oid = p.pronamespace
      JOIN pg_description d ON d.classoid = 'pg_proc'::regclass AND d.objoid = p.oid
      WHERE p.prorettype = 'agririsk.scorecard'::regtype AND p.pronargs = 0
        AND right(p.proname, 5) = '_card'
        AND (redeploy.name IN (left(p.proname, -5), s.nspname || '.' || left(p.proname, -5))
          OR parts = ARRAY[s.nspname::text, left(p.proname, -5)])
        AND agririsk._deployment(d.description) IS NOT NULL
        -- Somebody else's function would run with the caller's rights.
        AND pg_has_role(p.proowner, 'USAGE')
      ORDER BY p.oid
  LOOP
    n := n + 1;
    function_name := concat_ws(', ', function_name, found.function::text);
  END LOOP;
  IF n <> 1 THEN
    RAISE undefined_function USING
      MESSAGE = format('%s under the name "%s"', CASE WHEN n = 0 THEN 'no card is deployed'
        ELSE 'more than one card is deployed' END, redeploy.name),
      DETAIL = CASE WHEN n = 0 THEN format('You own no function %s_card(), in any schema, that deploy has written.', redeploy.name)
        ELSE format('There are %s.', function_name) END,
      HINT = CASE WHEN n = 0 THEN 'Deploy a card first, with deploy(card, relation, name).'
        ELSE 'Give the name with its schema.' END;
  END IF;

  -- Another session may be deploying another card: it is waited for before the
  -- card is read, which would else be the one before.
  PERFORM agririsk._lock_deployment(found.pronamespace, found.name);
  note := agririsk._deployment(obj_description(found.function, 'pg_proc'));
  IF note IS NULL THEN
    RAISE undefined_function USING
      MESSAGE = format('no card is deployed under the name "%s"', redeploy.name),
      DETAIL = 'Another session has just removed it.',
      HINT = 'Deploy a card first, with deploy(card, relation, name).';
  END IF;
  class := to_regclass(format('%I.%I', note ->> 'schema', note ->> 'relation'));
  IF class IS NULL THEN
    RAISE undefined_table USING
      MESSAGE = format('the relation that "%s" was deployed on is not there', redeploy.name),
      DETAIL = format('It was %I.%I.', note ->> 'schema', note ->> 'relation'),
      HINT = format('Create it first, or deploy on another: deploy(%s, relation, name).', found.function);
  END IF;
  EXECUTE format('SELECT %s', found.function) INTO card;
  RETURN QUERY SELECT agririsk.deploy(card, class, found.name, (note ->> 'segment_column')::name);
END
$redeploy$;
COMMENT ON FUNCTION redeploy(text) IS
'Writes the functions of a deployed card again, for the relation and segment column it was deployed with: after a materialized view was rebuilt, which drops what was deployed on its rows. The name may have its schema before it. Returns the functions. An unknown name, or NULL, is an error.';
