-- Type distribution: values counted, and how stable a population is.

@include type TYPE=distribution COST=1 CATEGORY=U PREFERRED=false
COMMENT ON TYPE distribution IS
'Rows counted by value, numbers (at most 10,000,000 distinct ones) or names (at most 100,000), and those whose value is missing. Made by distribution_agg, merged by rollup and +, compared by psi and psi_bins.';
COMMENT ON FUNCTION distribution_in(cstring) IS
'Reads the text form of a distribution: numbers with their rows, such as ''excluded 2/0/0; 0.1 3; 0.25 2'', where two values are missing, or names, such as ''{"names": {"rice": 5, "maize": 3}, "missing": 2}''. They come in any order; the rows of a number that comes twice add up.';
COMMENT ON FUNCTION distribution_out(distribution) IS
'Writes the text form of a distribution: of numbers, rows whose value is missing and left out, if any, then numbers in ascending order with their rows; of names, a JSON object. Exact, independent of every setting.';

-- Aggregation. That of numbers grows with its rows and has no combine function,
-- because what has gone to a temporary file cannot cross from a worker; that of
-- names is bounded.

CREATE FUNCTION _distribution_add(internal, double precision) RETURNS internal
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_distribution_add_number';
COMMENT ON FUNCTION _distribution_add(internal, double precision) IS
'Transition of distribution_agg(double precision).';

CREATE FUNCTION _distribution_add(internal, double precision, bigint) RETURNS internal
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_distribution_add_number';
COMMENT ON FUNCTION _distribution_add(internal, double precision, bigint) IS
'Transition of distribution_agg(double precision, bigint).';

CREATE FUNCTION _distribution_final_numbers(internal) RETURNS distribution
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 1000
  AS 'MODULE_PATHNAME', 'agririsk_distribution_final_numbers';
COMMENT ON FUNCTION _distribution_final_numbers(internal) IS
'Result of distribution_agg over numbers; NULL if there was no row.';

CREATE FUNCTION _distribution_add(internal, text) RETURNS internal
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_distribution_add_name';
COMMENT ON FUNCTION _distribution_add(internal, text) IS
'Transition of distribution_agg(text).';

CREATE FUNCTION _distribution_add(internal, text, bigint) RETURNS internal
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_distribution_add_name';
COMMENT ON FUNCTION _distribution_add(internal, text, bigint) IS
'Transition of distribution_agg(text, bigint).';

CREATE FUNCTION _distribution_final_names(internal) RETURNS distribution
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_distribution_final_names';
COMMENT ON FUNCTION _distribution_final_names(internal) IS
'Result of distribution_agg over names; NULL if there was no row.';

@include workers TYPE=distribution

CREATE AGGREGATE distribution_agg(value double precision) (
  SFUNC = _distribution_add, STYPE = internal, SSPACE = 512,
  FINALFUNC = _distribution_final_numbers, FINALFUNC_MODIFY = SHAREABLE, PARALLEL = SAFE
);
COMMENT ON AGGREGATE distribution_agg(double precision) IS
'Rows counted by number. NULL and NaN are missing, and counted as such; infinities are numbers. NULL if there is no row. More than 10,000,000 distinct numbers are an error: round them.';

CREATE AGGREGATE distribution_agg(value double precision, weight bigint) (
  SFUNC = _distribution_add, STYPE = internal, SSPACE = 512,
  FINALFUNC = _distribution_final_numbers, FINALFUNC_MODIFY = SHAREABLE, PARALLEL = SAFE
);
COMMENT ON AGGREGATE distribution_agg(double precision, bigint) IS
'The same with a weight, the number of equal rows that the row stands for: the same value, to the bit, as if the rows were repeated. A row of weight 0 does not count, a negative weight is an error; a row with a NULL weight is left out and counted.';

CREATE AGGREGATE distribution_agg(value text) (
  SFUNC = _distribution_add, STYPE = internal, SSPACE = 1024,
  FINALFUNC = _distribution_final_names, COMBINEFUNC = _distribution_combine,
  SERIALFUNC = _distribution_serialize, DESERIALFUNC = _distribution_deserialize,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE distribution_agg(text) IS
'Rows counted by name, told apart by bytes: crops, regions, yes and no. NULL is missing, and counted as such. NULL if there is no row. More than 100,000 distinct names, or one of over 255 bytes, are an error.';

CREATE AGGREGATE distribution_agg(value text, weight bigint) (
  SFUNC = _distribution_add, STYPE = internal, SSPACE = 1024,
  FINALFUNC = _distribution_final_names, COMBINEFUNC = _distribution_combine,
  SERIALFUNC = _distribution_serialize, DESERIALFUNC = _distribution_deserialize,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE distribution_agg(text, bigint) IS
'The same with a weight, the number of equal rows that the row stands for. A row of weight 0 does not count, a negative weight is an error; a row with a NULL weight is left out and counted.';

-- Categories that are not text.

CREATE FUNCTION _distribution_add(internal, "any") RETURNS internal
  LANGUAGE c STABLE CALLED ON NULL INPUT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_distribution_add_any';
COMMENT ON FUNCTION _distribution_add(internal, "any") IS
'Transition of distribution_agg("any").';

CREATE FUNCTION _distribution_add(internal, "any", bigint) RETURNS internal
  LANGUAGE c STABLE CALLED ON NULL INPUT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_distribution_add_any';
COMMENT ON FUNCTION _distribution_add(internal, "any", bigint) IS
'Transition of distribution_agg("any", bigint).';

CREATE AGGREGATE distribution_agg(value "any") (
  SFUNC = _distribution_add, STYPE = internal, SSPACE = 1024,
  FINALFUNC = _distribution_final_names, COMBINEFUNC = _distribution_combine,
  SERIALFUNC = _distribution_serialize, DESERIALFUNC = _distribution_deserialize,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE distribution_agg("any") IS
'Rows counted by name, of an enum (its label) or boolean (true, false); another type is an error that says to cast it to text.';

CREATE AGGREGATE distribution_agg(value "any", weight bigint) (
  SFUNC = _distribution_add, STYPE = internal, SSPACE = 1024,
  FINALFUNC = _distribution_final_names, COMBINEFUNC = _distribution_combine,
  SERIALFUNC = _distribution_serialize, DESERIALFUNC = _distribution_deserialize,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE distribution_agg("any", bigint) IS
'The same with a weight, the number of equal rows that the row stands for.';

@include merge TYPE=distribution ARGUMENT=d COST=100 SSPACE=512
COMMENT ON FUNCTION distribution_merge(distribution, distribution) IS
'Distribution of the rows of both; numbers with names are an error. NULL, an unknown distribution, makes the result unknown.';
COMMENT ON AGGREGATE rollup(distribution) IS
'Distribution of the rows of all: the same value as distribution_agg over them, whatever the pieces and their order. NULL values are ignored; NULL if none is left.';

-- What is counted, and population stability.

CREATE FUNCTION n(d distribution) RETURNS bigint
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 5
  AS 'MODULE_PATHNAME', 'agririsk_distribution_n';
COMMENT ON FUNCTION n(distribution) IS
'Rows with a value, weights counted.';

CREATE FUNCTION missing(d distribution) RETURNS bigint
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 5
  AS 'MODULE_PATHNAME', 'agririsk_distribution_missing';
COMMENT ON FUNCTION missing(distribution) IS
'Rows whose value is NULL, or NaN, weights counted.';

CREATE FUNCTION excluded(d distribution) RETURNS bigint
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 5
  AS 'MODULE_PATHNAME', 'agririsk_distribution_excluded';
COMMENT ON FUNCTION excluded(distribution) IS
'Rows left out because their weight is NULL, each once.';

CREATE FUNCTION psi(expected distribution, actual distribution, floor double precision DEFAULT 1e-4) RETURNS double precision
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 100
  AS 'MODULE_PATHNAME', 'agririsk_psi';
COMMENT ON FUNCTION psi(distribution, distribution, double precision) IS
'Population stability index: sum over bins of (a - e) ln(a / e), e and a being the shares of expected and actual rows; 0 is the same. Numbers are binned at the type-7 deciles of the expected ones, each bin with its right end, equal deciles once; where the first or last bin has one expected number only, several times, what lies beyond this number is a bin of its own; names are bins; missing values are a bin of their own where either side has them. A share below the floor is raised to it, and the others stay: psi_bins says where. With floor 0 an empty bin makes it infinite. NULL where either side has no rows. Source: Kullback 1959 (the divergence J); Siddiqi 2006.';

CREATE FUNCTION psi_bins(expected distribution, actual distribution, floor double precision DEFAULT 1e-4,
  OUT bin integer, OUT low double precision, OUT high double precision, OUT name text, OUT missing boolean,
  OUT expected_n bigint, OUT actual_n bigint, OUT expected_share double precision, OUT actual_share double precision,
  OUT expected_raised boolean, OUT actual_raised boolean, OUT term double precision)
  RETURNS SETOF record
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 100 ROWS 12
  AS 'MODULE_PATHNAME', 'agririsk_psi_bins';
COMMENT ON FUNCTION psi_bins(distribution, distribution, double precision) IS
'The bins of psi as rows: numbers in (low, high], or a name, or what is missing; the bin of what lies below the lowest number ends at the double precision number before it; rows on either side, their shares as used, whether a share was raised to the floor, and what the bin adds to the index. No rows where psi is NULL.';
