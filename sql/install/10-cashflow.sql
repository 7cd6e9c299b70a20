-- Type cashflow: a farmer's money by calendar month.

@include type TYPE=cashflow COST=1 CATEGORY=U PREFERRED=false
COMMENT ON TYPE cashflow IS
'Dated, signed money by calendar month: sums in and out (exact to 1e-4 of the currency), numbers of events, active days, last day with inflow. Made by cashflow_agg, merged by rollup, asked by months and cashflow_features.';
COMMENT ON FUNCTION cashflow_in(cstring) IS
'Reads the text form of a cash flow, such as ''2024-03 +1200.5/3 -300/1 3,7+'' or ''empty''.';
COMMENT ON FUNCTION cashflow_out(cashflow) IS
'Writes the text form of a cash flow: exact, and independent of every setting.';

-- Aggregation of events.

-- The helpers of the aggregate are intentionally not STRICT: a row with a NULL
-- is ignored, but must not stop the first row from making the state.
CREATE FUNCTION _cashflow_add(internal, calendar_day, double precision) RETURNS internal
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_cashflow_add_float8';
COMMENT ON FUNCTION _cashflow_add(internal, calendar_day, double precision) IS
'Transition of cashflow_agg(calendar_day, double precision).';

CREATE FUNCTION _cashflow_add(internal, calendar_day, numeric) RETURNS internal
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_cashflow_add_numeric';
COMMENT ON FUNCTION _cashflow_add(internal, calendar_day, numeric) IS
'Transition of cashflow_agg(calendar_day, numeric).';

CREATE FUNCTION _cashflow_final(internal) RETURNS cashflow
  LANGUAGE c IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE
  AS 'MODULE_PATHNAME', 'agririsk_cashflow_final';
COMMENT ON FUNCTION _cashflow_final(internal) IS
'Result of cashflow_agg; NULL if no row counted.';

@include workers TYPE=cashflow

-- SSPACE: a farmer with up to 29 events takes 256 bytes.
CREATE AGGREGATE cashflow_agg(on_date calendar_day, amount double precision) (
  SFUNC = _cashflow_add, STYPE = internal, SSPACE = 272, FINALFUNC = _cashflow_final,
  COMBINEFUNC = _cashflow_combine, SERIALFUNC = _cashflow_serialize,
  DESERIALFUNC = _cashflow_deserialize, PARALLEL = SAFE
);
COMMENT ON AGGREGATE cashflow_agg(calendar_day, double precision) IS
'Cash flow by calendar month of dated amounts in the currency: positive comes in, negative goes out, zero counts as activity. Amounts are kept to 1e-4, the fifth decimal rounded half away from zero. Rows with a NULL date or amount are ignored; NULL if no row is left. Filter out what is not income (loan proceeds, own transfers, refunds) and what was not yet known: filter (where recorded_on < as_of).';

CREATE AGGREGATE cashflow_agg(on_date calendar_day, amount numeric) (
  SFUNC = _cashflow_add, STYPE = internal, SSPACE = 272, FINALFUNC = _cashflow_final,
  COMBINEFUNC = _cashflow_combine, SERIALFUNC = _cashflow_serialize,
  DESERIALFUNC = _cashflow_deserialize, PARALLEL = SAFE
);
COMMENT ON AGGREGATE cashflow_agg(calendar_day, numeric) IS
'Cash flow by calendar month of dated amounts in the currency, exact: positive comes in, negative goes out, zero counts as activity. Amounts are kept to 1e-4, the fifth decimal rounded half away from zero. Rows with a NULL date or amount are ignored; NULL if no row is left. Filter out what is not income (loan proceeds, own transfers, refunds) and what was not yet known: filter (where recorded_on < as_of).';

@include merge TYPE=cashflow ARGUMENT=cf COST=10 SSPACE=300
COMMENT ON FUNCTION cashflow_merge(cashflow, cashflow) IS
'Cash flow of the events of both, exact in any order. NULL, an unknown cash flow, makes the result unknown.';
COMMENT ON AGGREGATE rollup(cashflow) IS
'Cash flow of the events of all: the same value as cashflow_agg over them, whatever the pieces and their order. NULL cash flows are ignored; NULL if none is left.';

-- Questions.

CREATE FUNCTION months(cf cashflow,
  OUT month date, OUT inflow numeric, OUT outflow numeric,
  OUT inflow_count bigint, OUT outflow_count bigint, OUT active_days integer)
  RETURNS SETOF record
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 5 ROWS 24
  AS 'MODULE_PATHNAME', 'agririsk_months';
COMMENT ON FUNCTION months(cashflow) IS
'The calendar months in which something happened, in order: first day of the month, sum of what came in and (positive) of what went out in the currency, numbers of such events, days with any event. No rows for NULL.';

CREATE TYPE cashflow_portrait AS (
  months_observed integer,
  active_months integer,
  zero_inflow_months integer,
  negative_months integer,
  events_after bigint,
  inflow_total double precision,
  outflow_total double precision,
  inflow_mean double precision,
  inflow_cv double precision,
  net_ratio double precision,
  seasonal_concentration double precision,
  peak_month double precision,
  seasonal_strength double precision,
  inflow_trend double precision,
  same_season_growth double precision,
  new_income boolean,
  lost_income boolean,
  largest_month_share double precision,
  recency_days integer,
  longest_gap_days integer,
  active_days_mean double precision,
  inflow_count_mean double precision,
  mean_inflow_ticket double precision
);
COMMENT ON TYPE cashflow_portrait IS
'What cashflow_features says about a farmer at a date.';
COMMENT ON COLUMN cashflow_portrait.months_observed IS 'Complete months of the window, from the first with any event ever.';
COMMENT ON COLUMN cashflow_portrait.active_months IS 'Months of the window with any event.';
COMMENT ON COLUMN cashflow_portrait.zero_inflow_months IS 'Observed months in which no money came in.';
COMMENT ON COLUMN cashflow_portrait.negative_months IS 'Months in which more went out than came in.';
COMMENT ON COLUMN cashflow_portrait.events_after IS 'Events on or after the end of the window, which nothing else here has seen.';
COMMENT ON COLUMN cashflow_portrait.inflow_total IS 'Sum of inflows, in the currency. NULL if nothing was observed.';
COMMENT ON COLUMN cashflow_portrait.outflow_total IS 'Sum of outflows, positive, in the currency. NULL if nothing was observed.';
COMMENT ON COLUMN cashflow_portrait.inflow_mean IS 'Mean inflow per month, in the currency. NULL if nothing was observed.';
COMMENT ON COLUMN cashflow_portrait.inflow_cv IS 'Standard deviation (n - 1) of monthly inflows over their mean. NULL below 6 months or without inflow.';
COMMENT ON COLUMN cashflow_portrait.net_ratio IS '(inflow - outflow) / inflow. NULL without inflow.';
COMMENT ON COLUMN cashflow_portrait.seasonal_concentration IS 'Mean resultant length of inflows on the circle of months, whole years only: 0 even, 1 all in one month. NULL below 12 months or without inflow.';
COMMENT ON COLUMN cashflow_portrait.peak_month IS 'Direction of that resultant in [1, 13), January = 1. NULL also where the concentration is below 0.1.';
COMMENT ON COLUMN cashflow_portrait.seasonal_strength IS 'Share of the detrended variance of inflows that calendar months explain, per degree of freedom, at least 0. NULL below 24 months or if a straight line fits exactly.';
COMMENT ON COLUMN cashflow_portrait.inflow_trend IS 'Median slope per month of the logarithm of twelve-month inflow sums (0.01 is about 1 % a month). NULL with fewer than 7 positive sums.';
COMMENT ON COLUMN cashflow_portrait.same_season_growth IS 'ln of the inflow of the last 12 months over that of the 12 before. NULL below 24 months or if either is 0.';
COMMENT ON COLUMN cashflow_portrait.new_income IS 'Inflow in the last 12 months and none in the 12 before. NULL below 24 months.';
COMMENT ON COLUMN cashflow_portrait.lost_income IS 'No inflow in the last 12 months but some in the 12 before. NULL below 24 months.';
COMMENT ON COLUMN cashflow_portrait.largest_month_share IS 'Largest monthly inflow over all. NULL without inflow.';
COMMENT ON COLUMN cashflow_portrait.recency_days IS 'Days from the last inflow ever before the end of the window to that end. NULL if there was none.';
COMMENT ON COLUMN cashflow_portrait.longest_gap_days IS 'Longest run of event-free days from the later of window start and first event ever to the end. NULL if there was no event.';
COMMENT ON COLUMN cashflow_portrait.active_days_mean IS 'Days with any event, per month. NULL if nothing was observed.';
COMMENT ON COLUMN cashflow_portrait.inflow_count_mean IS 'Inflow events per month. NULL if nothing was observed.';
COMMENT ON COLUMN cashflow_portrait.mean_inflow_ticket IS 'Mean inflow per inflow event, in the currency. NULL without inflow.';

CREATE FUNCTION cashflow_features(cf cashflow, as_of date, months integer DEFAULT 24)
  RETURNS cashflow_portrait
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 20
  AS 'MODULE_PATHNAME', 'agririsk_cashflow_features';
COMMENT ON FUNCTION cashflow_features(cashflow, date, integer) IS
'Portrait of a farmer from a cash flow, at a date: of the complete calendar months (1 to 1200) before the month of as_of, no earlier than the first with an event. NULL if any argument is; a column is NULL where it is undefined, never for zero. Trend: Theil 1950, Sen 1968. Strength of seasonality: Wang, Smith & Hyndman 2006. Circular statistics: Fisher 1993. Units and meaning of each column: see the comments of cashflow_portrait.';

-- Two functions and not one with a default: the parser does not look at
-- defaults when it works out the row type of a polymorphic function.
CREATE FUNCTION cashflow_by(events text, OUT key bigint, OUT cf cashflow)
  RETURNS SETOF record
  LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE COST 10000 ROWS 100000
  AS 'MODULE_PATHNAME', 'agririsk_cashflow_by';
COMMENT ON FUNCTION cashflow_by(text) IS
'Cash flow of every key of a query of (key, date, amount), with integer keys: cashflow_by(events, null::bigint).';

CREATE FUNCTION cashflow_by(events text, key_type anyelement, OUT key anyelement, OUT cf cashflow)
  RETURNS SETOF record
  LANGUAGE c VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE COST 10000 ROWS 100000
  AS 'MODULE_PATHNAME', 'agririsk_cashflow_by';
COMMENT ON FUNCTION cashflow_by(text, anyelement) IS
'Cash flow of every key of a query of (key, date, amount): the rows of SELECT key, cashflow_agg(date, amount) ... GROUP BY key, in no order, several times faster where the rows of a key lie scattered. The query is run with the caller''s rights, read-only. Keys are smallint, integer, bigint, text, varchar (both compared by bytes) or uuid, as key_type says: null::text. A NULL key is a group; a key without a countable row has cf NULL. Intentionally not STRICT, because key_type is NULL; a NULL query gives no rows. Takes a few times work_mem, beyond it temporary files.';
