-- The registry: which cards there were, and which one decides.

CREATE TABLE model (
  name text NOT NULL CHECK (name <> ''),
  version integer NOT NULL CHECK (version > 0),
  body scorecard NOT NULL,
  status text NOT NULL DEFAULT 'draft'
    CHECK (status IN ('draft', 'champion', 'challenger', 'retired')),
  n_rows bigint CHECK (n_rows >= 0),
  bads bigint CHECK (bads >= 0 AND bads <= n_rows),
  start_on date,
  end_on date CHECK (start_on <= end_on),
  created_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
  checksum text NOT NULL,
  PRIMARY KEY (name, version),
  -- Also asked of every row that a restore brings.
  CONSTRAINT model_checksum_check CHECK (checksum = encode(sha256(scorecard_send(body)), 'hex'))
);
CREATE UNIQUE INDEX model_champion ON model (name) WHERE status = 'champion';
-- The rows are the user's, so a dump takes them along.
SELECT pg_catalog.pg_extension_config_dump('model', '');

COMMENT ON TABLE model IS
'Versions of cards by name. Written by register_model and promote_model, with the rights that are granted on this table. A version stays as it was registered: only its status changes, and no row is deleted. At most one version of a name is the champion.';
COMMENT ON COLUMN model.name IS 'What the versions have in common: what champion() is asked for.';
COMMENT ON COLUMN model.version IS '1, 2, 3 and so on within the name.';
COMMENT ON COLUMN model.body IS 'The card.';
COMMENT ON COLUMN model.status IS 'draft (never promoted), champion (decides), challenger (is compared) or retired.';
COMMENT ON COLUMN model.n_rows IS 'How many rows it was fitted on; NULL: not known.';
COMMENT ON COLUMN model.bads IS 'How many of them were bad; NULL: not known.';
COMMENT ON COLUMN model.start_on IS 'The first day of the data it was fitted on; NULL: not known.';
COMMENT ON COLUMN model.end_on IS 'The last day of that data; NULL: not known.';
COMMENT ON COLUMN model.created_at IS 'When the row was entered; no result depends on it.';
COMMENT ON COLUMN model.checksum IS 'SHA-256, in hex, of the card''s binary form: equal cards have equal checksums on every server.';

-- A rule for all, the table's owner too, which privileges are not.
CREATE FUNCTION _model_guard() RETURNS trigger
  LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE
  SET search_path = pg_catalog, pg_temp
AS $guard$
DECLARE
  otherwise agririsk.model;   -- the new row, but for its status
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
COMMENT ON FUNCTION _model_guard() IS
'Keeps registered versions as they are: of a row of table model only the status changes, and none is deleted.';
CREATE TRIGGER model_guard BEFORE UPDATE OR DELETE ON model
  FOR EACH ROW EXECUTE FUNCTION _model_guard();
CREATE TRIGGER model_guard_all BEFORE TRUNCATE ON model
  FOR EACH STATEMENT EXECUTE FUNCTION _model_guard();

CREATE FUNCTION register_model(name text, card scorecard, n_rows bigint DEFAULT NULL,
    bads bigint DEFAULT NULL, start_on date DEFAULT NULL, end_on date DEFAULT NULL) RETURNS integer
  LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE COST 1000
  SET search_path = pg_catalog, pg_temp
AS $register$
#variable_conflict use_column
DECLARE
  registered integer;
  tried integer;
BEGIN
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
  IF NOT (has_column_privilege('agririsk.model', 'body', 'INSERT') AND has_table_privilege('agririsk.model', 'SELECT')) THEN
    RAISE insufficient_privilege USING
      MESSAGE = 'permission denied to register models',
      DETAIL = format('The role is %I.', current_user),
      HINT = format('Have the owner of the table GRANT SELECT, INSERT ON agririsk.model TO %I.', current_user);
  END IF;

  LOOP
    tried := registered;
    SELECT coalesce(max(m.version), 0) + 1 INTO registered
      FROM agririsk.model m WHERE m.name = register_model.name;
    BEGIN
      INSERT INTO agririsk.model (name, version, body, n_rows, bads, start_on, end_on, checksum)
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
COMMENT ON FUNCTION register_model(text, scorecard, bigint, bigint, date, date) IS
'Enters a card into the registry as a draft, as the next version of the name, and returns that version. n_rows, bads, start_on and end_on state what it was fitted on: rows, bad ones, first and last day of the data (NULL: not known). Needs SELECT and INSERT on table model. NULL or empty names and NULL cards are errors, as are counts and dates that contradict each other.';

CREATE FUNCTION promote_model(name text, version integer, status text DEFAULT 'champion') RETURNS integer
  LANGUAGE plpgsql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE COST 1000
  SET search_path = pg_catalog, pg_temp
AS $promote$
#variable_conflict use_column
DECLARE
  before integer;
BEGIN
  IF promote_model.status IS NULL OR promote_model.status NOT IN ('champion', 'challenger', 'retired') THEN
    RAISE invalid_parameter_value USING
      MESSAGE = 'a version is promoted to champion, challenger or retired',
      DETAIL = format('The status is %s.', coalesce(quote_literal(promote_model.status), 'NULL')),
      HINT = 'A version is a draft until it is first promoted, and not again.';
  END IF;
  IF NOT (has_column_privilege('agririsk.model', 'status', 'UPDATE') AND has_table_privilege('agririsk.model', 'SELECT')) THEN
    RAISE insufficient_privilege USING
      MESSAGE = 'permission denied to promote models',
      DETAIL = format('The role is %I.', current_user),
      HINT = format('Have the owner of the table GRANT SELECT, UPDATE (status) ON agririsk.model TO %I.', current_user);
  END IF;

  -- Promotions of a name wait for each other here, and what follows sees
  -- what the other did.
  PERFORM FROM agririsk.model m WHERE m.name = promote_model.name ORDER BY m.version FOR UPDATE;
  IF NOT EXISTS (SELECT FROM agririsk.model m
                 WHERE m.name = promote_model.name AND m.version = promote_model.version) THEN
    RAISE undefined_object USING
      MESSAGE = 'the registry holds no such version',
      DETAIL = format('The name is %s, the version %s.', coalesce(quote_literal(promote_model.name), 'NULL'),
        coalesce(promote_model.version::text, 'NULL')),
      HINT = 'SELECT name, version, status FROM agririsk.model lists what it holds.';
  END IF;
  SELECT m.version INTO before FROM agririsk.model m
    WHERE m.name = promote_model.name AND m.status = 'champion';
  IF promote_model.status = 'champion' THEN
    UPDATE agririsk.model m SET status = 'retired'
      WHERE m.name = promote_model.name AND m.version = before AND before <> promote_model.version;
  END IF;
  UPDATE agririsk.model m SET status = promote_model.status
    WHERE m.name = promote_model.name AND m.version = promote_model.version
      AND m.status <> promote_model.status;
  RETURN before;
END
$promote$;
COMMENT ON FUNCTION promote_model(text, integer, text) IS
'Changes the status of a registered version to champion, challenger or retired, and returns the version that was champion until then (NULL: none). A new champion retires the one before it. Promotions of a name at the same time wait for each other. Needs SELECT on table model and UPDATE of its column status. An unknown version or status, or NULL, is an error.';

CREATE FUNCTION champion(name text) RETURNS scorecard
  LANGUAGE sql STABLE CALLED ON NULL INPUT PARALLEL SAFE COST 100
  RETURN (SELECT m.body FROM model m WHERE m.name = champion.name AND m.status = 'champion');
COMMENT ON FUNCTION champion(text) IS
'The card that is champion of the name in the registry; NULL where there is none, or for NULL. Needs SELECT on table model. In a query over many rows write (SELECT champion(name)), which reads the registry once.';
