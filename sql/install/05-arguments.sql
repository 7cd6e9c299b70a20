-- Types of arguments, so that aggregates take outcomes and dates as people have
-- them. Each is another name for a type of PostgreSQL, with casts that are
-- implicit: one signature takes every form, exactly or with an error that says
-- the way out. ORDER BY and DISTINCT within an aggregate use the operators of the
-- type that it is another name for.

CREATE TYPE binary_outcome;

CREATE FUNCTION binary_outcome_in(cstring) RETURNS binary_outcome
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_binary_outcome_in';
COMMENT ON FUNCTION binary_outcome_in(cstring) IS
'Reads a literal as boolean does.';

CREATE FUNCTION binary_outcome_out(binary_outcome) RETURNS cstring
  LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE
  AS 'boolout';
COMMENT ON FUNCTION binary_outcome_out(binary_outcome) IS
'Writes t or f, as boolean does.';

CREATE FUNCTION binary_outcome_recv(internal) RETURNS binary_outcome
  LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE
  AS 'boolrecv';
COMMENT ON FUNCTION binary_outcome_recv(internal) IS
'Reads the binary form of boolean.';

CREATE FUNCTION binary_outcome_send(binary_outcome) RETURNS bytea
  LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE
  AS 'boolsend';
COMMENT ON FUNCTION binary_outcome_send(binary_outcome) IS
'Writes the binary form of boolean.';

CREATE TYPE binary_outcome (
  INPUT = binary_outcome_in,
  OUTPUT = binary_outcome_out,
  RECEIVE = binary_outcome_recv,
  SEND = binary_outcome_send,
  LIKE = boolean
);
COMMENT ON TYPE binary_outcome IS
'Argument bad of the aggregates: whether a row is bad, NULL where this is not known. boolean as it is; integers and other numbers that are 0 (good) or 1 (bad), anything else is an error. Text and enums are an error that says how to name the word that means bad.';

CREATE FUNCTION _binary_outcome(smallint) RETURNS binary_outcome
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_binary_outcome_int2';
COMMENT ON FUNCTION _binary_outcome(smallint) IS 'Cast: 1 is bad, 0 is not, another number is an error.';

CREATE FUNCTION _binary_outcome(integer) RETURNS binary_outcome
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_binary_outcome_int4';
COMMENT ON FUNCTION _binary_outcome(integer) IS 'Cast: 1 is bad, 0 is not, another number is an error.';

CREATE FUNCTION _binary_outcome(bigint) RETURNS binary_outcome
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_binary_outcome_int8';
COMMENT ON FUNCTION _binary_outcome(bigint) IS 'Cast: 1 is bad, 0 is not, another number is an error.';

CREATE FUNCTION _binary_outcome(numeric) RETURNS binary_outcome
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_binary_outcome_numeric';
COMMENT ON FUNCTION _binary_outcome(numeric) IS 'Cast: 1 is bad, 0 is not, another number is an error.';

CREATE FUNCTION _binary_outcome(real) RETURNS binary_outcome
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_binary_outcome_float4';
COMMENT ON FUNCTION _binary_outcome(real) IS 'Cast: 1 is bad, 0 is not, another number is an error.';

CREATE FUNCTION _binary_outcome(double precision) RETURNS binary_outcome
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_binary_outcome_float8';
COMMENT ON FUNCTION _binary_outcome(double precision) IS 'Cast: 1 is bad, 0 is not, another number is an error.';

CREATE FUNCTION _binary_outcome(text) RETURNS binary_outcome
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_binary_outcome_text';
COMMENT ON FUNCTION _binary_outcome(text) IS 'Cast: always an error, which says how to name the word that means bad.';

CREATE FUNCTION _binary_outcome(character) RETURNS binary_outcome
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_binary_outcome_text';
COMMENT ON FUNCTION _binary_outcome(character) IS 'Cast: always an error, which says how to name the word that means bad.';

CREATE CAST (boolean AS binary_outcome) WITHOUT FUNCTION AS IMPLICIT;
CREATE CAST (binary_outcome AS boolean) WITHOUT FUNCTION AS IMPLICIT;
CREATE CAST (smallint AS binary_outcome) WITH FUNCTION _binary_outcome(smallint) AS IMPLICIT;
CREATE CAST (integer AS binary_outcome) WITH FUNCTION _binary_outcome(integer) AS IMPLICIT;
CREATE CAST (bigint AS binary_outcome) WITH FUNCTION _binary_outcome(bigint) AS IMPLICIT;
CREATE CAST (numeric AS binary_outcome) WITH FUNCTION _binary_outcome(numeric) AS IMPLICIT;
CREATE CAST (real AS binary_outcome) WITH FUNCTION _binary_outcome(real) AS IMPLICIT;
CREATE CAST (double precision AS binary_outcome) WITH FUNCTION _binary_outcome(double precision) AS IMPLICIT;
CREATE CAST (text AS binary_outcome) WITH FUNCTION _binary_outcome(text) AS IMPLICIT;
CREATE CAST (varchar AS binary_outcome) WITH FUNCTION _binary_outcome(text) AS IMPLICIT;
CREATE CAST (character AS binary_outcome) WITH FUNCTION _binary_outcome(character) AS IMPLICIT;

-- No cast can begin at every enum type, so each aggregate has a twin that takes
-- one (sql/template/enum_outcome.sql), with this transition.

CREATE FUNCTION _enum_outcome(internal, "any", "any") RETURNS internal
  LANGUAGE c STABLE CALLED ON NULL INPUT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_enum_outcome';
COMMENT ON FUNCTION _enum_outcome(internal, "any", "any") IS
'Transition of aggregates whose outcome is of an enum type: always an error, which says how to name the word that means bad.';

CREATE FUNCTION _enum_outcome(internal, "any", "any", "any") RETURNS internal
  LANGUAGE c STABLE CALLED ON NULL INPUT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_enum_outcome';
COMMENT ON FUNCTION _enum_outcome(internal, "any", "any", "any") IS
'The same for three arguments.';

CREATE FUNCTION _enum_outcome(internal, "any", "any", "any", "any") RETURNS internal
  LANGUAGE c STABLE CALLED ON NULL INPUT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_enum_outcome';
COMMENT ON FUNCTION _enum_outcome(internal, "any", "any", "any", "any") IS
'The same for four arguments.';

CREATE TYPE calendar_day;

CREATE FUNCTION calendar_day_in(cstring) RETURNS calendar_day
  LANGUAGE internal STABLE STRICT PARALLEL SAFE
  AS 'date_in';
COMMENT ON FUNCTION calendar_day_in(cstring) IS
'Reads a literal as date does.';

CREATE FUNCTION calendar_day_out(calendar_day) RETURNS cstring
  LANGUAGE internal STABLE STRICT PARALLEL SAFE
  AS 'date_out';
COMMENT ON FUNCTION calendar_day_out(calendar_day) IS
'Writes a day as date does.';

CREATE FUNCTION calendar_day_recv(internal) RETURNS calendar_day
  LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE
  AS 'date_recv';
COMMENT ON FUNCTION calendar_day_recv(internal) IS
'Reads the binary form of date.';

CREATE FUNCTION calendar_day_send(calendar_day) RETURNS bytea
  LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE
  AS 'date_send';
COMMENT ON FUNCTION calendar_day_send(calendar_day) IS
'Writes the binary form of date.';

CREATE TYPE calendar_day (
  INPUT = calendar_day_in,
  OUTPUT = calendar_day_out,
  RECEIVE = calendar_day_recv,
  SEND = calendar_day_send,
  LIKE = date
);
COMMENT ON TYPE calendar_day IS
'Argument on_date of cashflow_agg: date as it is, timestamp by its date. A timestamp with time zone is an error, because its date depends on the time zone, which has to be named: (at AT TIME ZONE ''Asia/Shanghai'')::date.';

CREATE FUNCTION _calendar_day(timestamp) RETURNS calendar_day
  LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE
  AS 'timestamp_date';
COMMENT ON FUNCTION _calendar_day(timestamp) IS 'Cast: the date of a timestamp.';

CREATE FUNCTION _calendar_day(timestamptz) RETURNS calendar_day
  LANGUAGE c STABLE STRICT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_calendar_day_timestamptz';
COMMENT ON FUNCTION _calendar_day(timestamptz) IS 'Cast: always an error, which says how to name the time zone.';

CREATE CAST (date AS calendar_day) WITHOUT FUNCTION AS IMPLICIT;
CREATE CAST (calendar_day AS date) WITHOUT FUNCTION AS IMPLICIT;
CREATE CAST (timestamp AS calendar_day) WITH FUNCTION _calendar_day(timestamp) AS IMPLICIT;
CREATE CAST (timestamptz AS calendar_day) WITH FUNCTION _calendar_day(timestamptz) AS IMPLICIT;
