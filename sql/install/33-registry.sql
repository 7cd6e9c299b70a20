-- The registry: which cards there were, and which one decides. It is the user's,
-- so its tables and functions are ordinary objects in a schema of his. A table of
-- the extension's would belong to whoever installed it: a dump by the owner of the
-- database, who is often no superuser, could not read it and would fail.

-- The functions of a registry, @registry@ being its schema. They name their tables
-- in full, so they are written again where the schema has got another name.
CREATE FUNCTION _registry_functions() RETURNS text
  LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
  SET search_path = pg_catalog, pg_temp
AS $registry_functions$
BEGIN
  RETURN $functions$
-- Rules for all, the owner of the tables too, which privileges are not.
CREATE FUNCTION @registry@._model_guard() RETURNS trigger
  LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
  SET search_path = pg_catalog, pg_temp
AS $guard$
DECLARE
  otherwise @registry@.model;   -- the new row, but for its status
BEGIN
  IF TG_OP <> 'UPDATE' THEN
    RAISE object_not_in_prerequisite_state USING
      MESSAGE = 'models are not deleted from the registry',
      DETAIL = CASE TG_OP WHEN 'DELETE' THEN format('It is version %s of "%s".', OLD.version, OLD.name)
        ELSE 'TRUNCATE would delete them all.' END,
      HINT = 'Retire it: promote_model(name, version, ''retired'').';
  END IF;
  otherwise := NEW;
  otherwise.status := OLD.status;
  IF otherwise IS DISTINCT FROM OLD THEN
    RAISE object_not_in_prerequisite_state USING
      MESSAGE = 'a registered version does not change',
      DETAIL = format('It is version %s of "%s".', OLD.version, OLD.name),
      HINT = 'Register the new card as a version of its own, with register_model.';
  END IF;
  RETURN NEW;
END
$guard$;
COMMENT ON FUNCTION @registry@._model_guard() IS
'Keeps registered versions as they are: of a row of table model only the status changes, and none is deleted.';

CREATE FUNCTION @registry@._note_promotion() RETURNS trigger
  LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
  SET search_path = pg_catalog, pg_temp
AS $note$
BEGIN
  INSERT INTO @registry@.promotion (name, version, status, promoted_by, promoted_at)
    VALUES (NEW.name, NEW.version, NEW.status, session_user, CURRENT_TIMESTAMP);
  RETURN NULL;
END
$note$;
COMMENT ON FUNCTION @registry@._note_promotion() IS
'Enters a change of a status into table promotion.';

CREATE FUNCTION @registry@._promotion_guard() RETURNS trigger
  LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
  SET search_path = pg_catalog, pg_temp
AS $guard$
DECLARE
  before text;
  in_order boolean := false;
BEGIN
  -- An entry is in order if it says what is so and is not in the history yet. A
  -- restore brings its rows before there are triggers.
  IF TG_OP = 'INSERT' THEN
    SELECT p.status INTO before FROM @registry@.promotion p
      WHERE p.name = NEW.name AND p.version = NEW.version ORDER BY p.entry DESC LIMIT 1;
    in_order := NEW.promoted_by = session_user AND NEW.promoted_at = CURRENT_TIMESTAMP
      AND NEW.status IS DISTINCT FROM before
      AND EXISTS (SELECT FROM @registry@.model m
                  WHERE m.name = NEW.name AND m.version = NEW.version AND m.status = NEW.status AND m.status <> 'draft');
  END IF;
  IF NOT in_order THEN
    RAISE object_not_in_prerequisite_state USING
      MESSAGE = 'the history of promotions is not written by hand',
      DETAIL = format('The command is %s.', TG_OP),
      HINT = 'Call promote_model(name, version, status), whose trigger writes the history. To restore rows into a registry that is there, give pg_restore --disable-triggers.';
  END IF;
  RETURN NEW;
END
$guard$;
COMMENT ON FUNCTION @registry@._promotion_guard() IS
'Lets into table promotion only what the trigger of table model writes: the status that a version has, which its last entry has not, by the user of the session, now.';

CREATE FUNCTION @registry@.register_model(name text, card agririsk.scorecard, n_rows bigint DEFAULT NULL,
    bads bigint DEFAULT NULL, start_on date DEFAULT NULL, end_on date DEFAULT NULL) RETURNS integer
  LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE COST 1000
  SET search_path = pg_catalog, pg_temp
AS $register$
#variable_conflict use_column
DECLARE
  registered integer;
  tried integer;
BEGIN
  PERFORM agririsk._refuse_worker('register_model');
  IF register_model.name IS NULL OR register_model.name = '' OR card IS NULL THEN
    RAISE null_value_not_allowed USING
      MESSAGE = 'a name and a card are needed',
      DETAIL = CASE WHEN card IS NULL THEN 'The card is NULL.' ELSE 'The name is NULL or empty.' END,
      HINT = 'Call register_model(name, card).';
  END IF;
  IF register_model.n_rows < 0 OR register_model.bads < 0 OR register_model.bads > register_model.n_rows THEN
    RAISE invalid_parameter_value USING
      MESSAGE = 'the counts of rows contradict each other',
      DETAIL = format('n_rows is %s, bads is %s.', coalesce(register_model.n_rows::text, 'NULL'),
        coalesce(register_model.bads::text, 'NULL')),
      HINT = 'n_rows counts all rows of the fit, bads the bad ones among them.';
  END IF;
  IF register_model.start_on > register_model.end_on THEN
    RAISE invalid_parameter_value USING
      MESSAGE = 'the data ends before it starts',
      DETAIL = format('start_on is %s, end_on is %s.', to_char(register_model.start_on, 'YYYY-MM-DD'),
        to_char(register_model.end_on, 'YYYY-MM-DD')),
      HINT = 'Give the first and the last day of the data of the fit.';
  END IF;
  IF NOT (has_column_privilege('@registry@.model', 'body', 'INSERT') AND has_table_privilege('@registry@.model', 'SELECT')) THEN
    RAISE insufficient_privilege USING
      MESSAGE = 'permission denied to register models',
      DETAIL = format('The role is %I.', current_user),
      HINT = format('Have the owner of the table GRANT SELECT, INSERT ON @registry@.model TO %I.', current_user);
  END IF;

  LOOP
    tried := registered;
    SELECT coalesce(max(m.version), 0) + 1 INTO registered
      FROM @registry@.model m WHERE m.name = register_model.name;
    BEGIN
      INSERT INTO @registry@.model (name, version, body, n_rows, bads, start_on, end_on, checksum)
        VALUES (register_model.name, registered, card, register_model.n_rows, register_model.bads,
          register_model.start_on, register_model.end_on,
          encode(sha256(agririsk.scorecard_send(card)), 'hex'));
      RETURN registered;
    EXCEPTION WHEN unique_violation THEN
      -- Another session was first. A snapshot that cannot see its version
      -- would give the same number for ever.
      IF registered = tried THEN
        RAISE serialization_failure USING
          MESSAGE = 'could not register a model because of another registration at the same time',
          DETAIL = format('Version %s of "%s" is taken.', registered, register_model.name),
          HINT = 'Try the transaction again.';
      END IF;
    END;
  END LOOP;
END
$register$;
COMMENT ON FUNCTION @registry@.register_model(text, agririsk.scorecard, bigint, bigint, date, date) IS
'Enters a card into the registry as a draft, as the next version of the name, and returns that version. n_rows, bads, start_on and end_on state what it was fitted on: rows, bad ones, first and last day of the data (NULL: not known). Needs SELECT and INSERT on table model. NULL or empty names and NULL cards are errors, as are counts and dates that contradict each other.';

CREATE FUNCTION @registry@.promote_model(name text, version integer, status text DEFAULT 'champion') RETURNS integer
  LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE COST 1000
  SET search_path = pg_catalog, pg_temp
AS $promote$
#variable_conflict use_column
DECLARE
  before integer;
BEGIN
  PERFORM agririsk._refuse_worker('promote_model');
  IF promote_model.status IS NULL OR promote_model.status NOT IN ('champion', 'challenger', 'retired') THEN
    RAISE invalid_parameter_value USING
      MESSAGE = 'a version is promoted to champion, challenger or retired',
      DETAIL = format('The status is %s.', coalesce(quote_literal(promote_model.status), 'NULL')),
      HINT = 'A version is a draft until it is first promoted, and not again.';
  END IF;
  IF NOT (has_column_privilege('@registry@.model', 'status', 'UPDATE') AND has_table_privilege('@registry@.model', 'SELECT')
      AND has_column_privilege('@registry@.promotion', 'version', 'INSERT') AND has_table_privilege('@registry@.promotion', 'SELECT')) THEN
    RAISE insufficient_privilege USING
      MESSAGE = 'permission denied to promote models',
      DETAIL = format('The role is %I.', current_user),
      HINT = format('Have the owner of the registry GRANT SELECT, UPDATE (status) ON @registry@.model TO %I and GRANT SELECT, INSERT ON @registry@.promotion TO %I.', current_user, current_user);
  END IF;

  -- Promotions of a name wait for each other here, and what follows sees
  -- what the other did.
  PERFORM FROM @registry@.model m WHERE m.name = promote_model.name ORDER BY m.version FOR UPDATE;
  IF NOT EXISTS (SELECT FROM @registry@.model m
                 WHERE m.name = promote_model.name AND m.version = promote_model.version) THEN
    RAISE undefined_object USING
      MESSAGE = 'the registry holds no such version',
      DETAIL = format('The name is %s, the version %s.', coalesce(quote_literal(promote_model.name), 'NULL'),
        coalesce(promote_model.version::text, 'NULL')),
      HINT = 'SELECT name, version, status FROM @registry@.model lists what it holds.';
  END IF;
  SELECT m.version INTO before FROM @registry@.model m
    WHERE m.name = promote_model.name AND m.status = 'champion';
  IF promote_model.status = 'champion' THEN
    UPDATE @registry@.model m SET status = 'retired'
      WHERE m.name = promote_model.name AND m.version = before AND before <> promote_model.version;
  END IF;
  UPDATE @registry@.model m SET status = promote_model.status
    WHERE m.name = promote_model.name AND m.version = promote_model.version
      AND m.status <> promote_model.status;
  RETURN before;
END
$promote$;
COMMENT ON FUNCTION @registry@.promote_model(text, integer, text) IS
'Changes the status of a registered version to champion, challenger or retired, and returns the version that was champion until then (NULL: none). A new champion retires the one before it. Promotions of a name at the same time wait for each other. Needs SELECT on table model, UPDATE of its column status, and SELECT and INSERT on table promotion. An unknown version or status, or NULL, is an error.';

CREATE FUNCTION @registry@.champion(name text) RETURNS agririsk.scorecard
  LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE COST 100
  SET search_path = pg_catalog, pg_temp
AS $champion$
#variable_conflict use_column
DECLARE
  card agririsk.scorecard;
BEGIN
  PERFORM agririsk._refuse_worker('champion');
  SELECT m.body INTO card FROM @registry@.model m
    WHERE m.name = champion.name AND m.status = 'champion';
  IF NOT FOUND THEN
    RAISE undefined_object USING
      MESSAGE = format('the registry holds no champion of the name "%s"', champion.name),
      DETAIL = CASE WHEN EXISTS (SELECT FROM @registry@.model m WHERE m.name = champion.name)
        THEN 'It holds versions of that name, and none of them is the champion.'
        ELSE 'It holds no version of that name.' END,
      HINT = 'SELECT name, version, status FROM @registry@.model lists what it holds; promote_model(name, version) makes a champion.';
  END IF;
  IF card IS NULL THEN
    RAISE wrong_object_type USING
      MESSAGE = format('the champion of the name "%s" is not a scorecard', champion.name),
      DETAIL = 'It is a model of another kind.',
      HINT = 'Ask for it by the function of its kind, or promote a version that is a scorecard.';
  END IF;
  RETURN card;
END
$champion$;
COMMENT ON FUNCTION @registry@.champion(text) IS
'The card that is champion of the name in the registry; NULL of NULL. A name without a champion is an error. Needs SELECT on table model. In a query over many rows write (SELECT champion(name)), which reads the registry once.';
$functions$;
END
$registry_functions$;
COMMENT ON FUNCTION _registry_functions() IS
'The functions that create_registry and upgrade_registry write.';

CREATE FUNCTION create_registry(schema name DEFAULT 'registry') RETURNS void
  LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE COST 10000
  SET search_path = pg_catalog, pg_temp
AS $create_registry$
DECLARE
  tables text := $tables$
CREATE TABLE @registry@.model (
  name text NOT NULL CHECK (name <> ''),
  version integer NOT NULL CHECK (version > 0),
  body agririsk.scorecard,
  status text NOT NULL DEFAULT 'draft'
    CHECK (status IN ('draft', 'champion', 'challenger', 'retired')),
  n_rows bigint CHECK (n_rows >= 0),
  bads bigint CHECK (bads >= 0 AND bads <= n_rows),
  start_on date,
  end_on date CHECK (start_on <= end_on),
  created_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
  checksum text NOT NULL,
  PRIMARY KEY (name, version),
  -- A version that is another kind of model will have a column of its own, and no body.
  CONSTRAINT model_body_check CHECK (num_nonnulls(body) = 1),
  -- Also asked of every row that a restore brings.
  CONSTRAINT model_checksum_check CHECK ((checksum = encode(sha256(agririsk.scorecard_send(body)), 'hex')) IS TRUE)
);
CREATE UNIQUE INDEX model_champion ON @registry@.model (name) WHERE status = 'champion';

COMMENT ON TABLE @registry@.model IS
'Versions of cards by name. Written by register_model and promote_model, with the rights that are granted on this table. A version stays as it was registered: only its status changes, and no row is deleted. At most one version of a name is the champion.';
COMMENT ON COLUMN @registry@.model.name IS 'What the versions have in common: what champion() is asked for.';
COMMENT ON COLUMN @registry@.model.version IS '1, 2, 3 and so on within the name.';
COMMENT ON COLUMN @registry@.model.body IS 'The card.';
COMMENT ON COLUMN @registry@.model.status IS 'draft (never promoted), champion (decides), challenger (is compared) or retired.';
COMMENT ON COLUMN @registry@.model.n_rows IS 'How many rows it was fitted on; NULL: not known.';
COMMENT ON COLUMN @registry@.model.bads IS 'How many of them were bad; NULL: not known.';
COMMENT ON COLUMN @registry@.model.start_on IS 'The first day of the data it was fitted on; NULL: not known.';
COMMENT ON COLUMN @registry@.model.end_on IS 'The last day of that data; NULL: not known.';
COMMENT ON COLUMN @registry@.model.created_at IS 'When the row was entered; no result depends on it.';
COMMENT ON COLUMN @registry@.model.checksum IS 'SHA-256, in hex, of the card''s binary form: equal cards have equal checksums on every server.';

CREATE TABLE @registry@.promotion (
  entry bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL,
  version integer NOT NULL,
  status text NOT NULL,
  promoted_by name NOT NULL,
  promoted_at timestamptz NOT NULL,
  FOREIGN KEY (name, version) REFERENCES @registry@.model (name, version)
);
CREATE INDEX promotion_version ON @registry@.promotion (name, version, entry);

COMMENT ON TABLE @registry@.promotion IS
'Every change of a status, with who made it and when. Written by a trigger of table model, so changes by hand are in it too. No row is changed or deleted.';
COMMENT ON COLUMN @registry@.promotion.entry IS 'Ascends in the order in which the statuses of a name were changed; it may have gaps.';
COMMENT ON COLUMN @registry@.promotion.name IS 'The name of the model.';
COMMENT ON COLUMN @registry@.promotion.version IS 'Its version.';
COMMENT ON COLUMN @registry@.promotion.status IS 'The status that it got.';
COMMENT ON COLUMN @registry@.promotion.promoted_by IS 'The user of the session.';
COMMENT ON COLUMN @registry@.promotion.promoted_at IS 'The time of the transaction; no result depends on it.';
$tables$;
  triggers text := $triggers$
CREATE TRIGGER model_guard BEFORE UPDATE OR DELETE ON @registry@.model
  FOR EACH ROW EXECUTE FUNCTION @registry@._model_guard();
CREATE TRIGGER model_guard_all BEFORE TRUNCATE ON @registry@.model
  FOR EACH STATEMENT EXECUTE FUNCTION @registry@._model_guard();
CREATE TRIGGER model_promoted AFTER UPDATE OF status ON @registry@.model
  FOR EACH ROW WHEN (OLD.status <> NEW.status) EXECUTE FUNCTION @registry@._note_promotion();
CREATE TRIGGER model_entered AFTER INSERT ON @registry@.model
  FOR EACH ROW WHEN (NEW.status <> 'draft') EXECUTE FUNCTION @registry@._note_promotion();
CREATE TRIGGER promotion_guard BEFORE INSERT OR UPDATE OR DELETE ON @registry@.promotion
  FOR EACH ROW EXECUTE FUNCTION @registry@._promotion_guard();
CREATE TRIGGER promotion_guard_all BEFORE TRUNCATE ON @registry@.promotion
  FOR EACH STATEMENT EXECUTE FUNCTION @registry@._promotion_guard();
$triggers$;
BEGIN
  PERFORM agririsk._refuse_worker('create_registry');
  IF schema IS NULL OR schema = '' THEN
    RAISE null_value_not_allowed USING
      MESSAGE = 'a registry needs a schema',
      DETAIL = 'The name is NULL or empty.',
      HINT = 'Call create_registry(''registry'').';
  END IF;
  IF schema <> translate(schema, '''"%$' || chr(92), '') THEN
    RAISE invalid_schema_name USING
      MESSAGE = 'the name of a registry''s schema has no quotes, backslashes, percent or dollar signs',
      DETAIL = format('The name is %s.', schema),
      HINT = 'Give another name, such as registry.';
  END IF;
  IF schema = 'agririsk' THEN
    RAISE invalid_schema_name USING
      MESSAGE = 'the registry cannot be in the schema of the extension',
      DETAIL = 'The schema is agririsk.',
      HINT = 'Give it a schema of your own, such as registry, so that you own it and your dumps hold it.';
  END IF;
  IF to_regclass(format('%I.model', schema)) IS NOT NULL THEN
    RAISE duplicate_table USING
      MESSAGE = format('there is a table %I.model already', schema),
      DETAIL = 'A registry has one such table, and a schema has one registry.',
      HINT = 'Use the registry that is there, or give another schema.';
  END IF;
  IF to_regnamespace(quote_ident(schema)) IS NULL THEN
    EXECUTE format('CREATE SCHEMA %I', schema);
  END IF;
  EXECUTE replace(tables || agririsk._registry_functions() || triggers, '@registry@', quote_ident(schema));
END
$create_registry$;
COMMENT ON FUNCTION create_registry(name) IS
'Writes a registry of models into a schema, which it creates where it is not there: the tables model and promotion and the functions register_model, promote_model and champion, all of them the caller''s own, so that rights, dumps and DROP are the caller''s too. Needs CREATE on the database, or on the schema where that is there. A schema that has a table model, the schema agririsk and NULL are errors.';

CREATE FUNCTION upgrade_registry(schema name DEFAULT 'registry') RETURNS void
  LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE COST 10000
  SET search_path = pg_catalog, pg_temp
AS $upgrade_registry$
BEGIN
  PERFORM agririsk._refuse_worker('upgrade_registry');
  IF schema IS NULL OR schema <> translate(schema, '''"%$' || chr(92), '')
      OR to_regclass(format('%I.promotion', schema)) IS NULL
      OR to_regprocedure(format('%I._model_guard()', schema)) IS NULL THEN
    RAISE undefined_object USING
      MESSAGE = 'the schema holds no registry',
      DETAIL = format('The schema is %s.', coalesce(quote_literal(schema), 'NULL')),
      HINT = 'Give the schema that create_registry wrote into, by the name that it has now. It has no quotes, backslashes, percent or dollar signs.';
  END IF;
  EXECUTE replace(replace(agririsk._registry_functions(), 'CREATE FUNCTION', 'CREATE OR REPLACE FUNCTION'),
    '@registry@', quote_ident(schema));
END
$upgrade_registry$;
COMMENT ON FUNCTION upgrade_registry(name) IS
'Writes the functions of a registry again, as this version of agririsk has them and for the name that the schema has now. Call it after ALTER SCHEMA ... RENAME, and after ALTER EXTENSION agririsk UPDATE. Tables, rows, owners and rights stay as they are. Needs the owner of the registry. A schema without a registry, and NULL, are errors.';
