/*
 * cashflow.c
 *		Type cashflow: input and output, aggregates, merging, features.
 */
#include "postgres.h"

#include "agririsk.h"

#include <math.h>

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "libpq/pqformat.h"
#include "mb/pg_wchar.h"
#include "port/pg_bitutils.h"
#include "utils/builtins.h"
#include "utils/expandeddatum.h"
#include "utils/numeric.h"

#include "core/sql/stored_type.h"
#include "portrait/cashflow.h"

/*
 * State of cashflow_agg: the latest events as they came, and the months of all
 * before them. Most farmers have too few events for this: they are brought
 * into months before the end, and eight bytes an event is less than any form
 * by month, of which a hash table may hold millions.
 */
typedef struct CashState
{
	int32		pending;		/* events */
	int32		room;			/* for events */
	int32		count;			/* of months */
	CashMonth  *months;			/* a chunk of its own; none as long as count is 0 */
	CashEvent	events[FLEXIBLE_ARRAY_MEMBER];
} CashState;

/* Chunks of 256 and 512 bytes, as palloc has them. */
#define STATE_FIRST_ROOM	29
#define STATE_LAST_ROOM		61

/* The months of a value, decoded; most values need no memory for that. */
typedef struct CashView
{
	int			count;
	const CashMonth *months;
	CashMonth	local[64];
} CashView;

/* For the trend of 36 months: what is asked most needs no memory either. */
#define LOCAL_TREND_ROOM	600

static struct varlena *parse(const StoredType *type, char *text);
static char *print(const StoredType *type, struct varlena *value);
static struct varlena *receive(const StoredType *type, const uint8_t *bytes, size_t length, TextRecode recode);

static const StoredType cashflow_type = {
	.name = "cashflow",
	.hint = "Write 'empty', or months like '2024-03 +1200.5/3 -300/1 0/2 3,7+,21; 2024-04 +80/1 2+'.",
	.parse = parse,
	.print = print,
	.receive = receive
};

/* Errors. */

void
cash_bad_date(DateADT date)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATETIME_FIELD_OVERFLOW),
			 errmsg("date out of range for type cashflow"),
			 errdetail("The date is %s.",
					   DatumGetCString(DirectFunctionCall1(date_out, DateADTGetDatum(date)))),
			 errhint("Dates from 0001-01-01 to 9999-12-31 are possible. Filter out the rows with other dates.")));
	pg_unreachable();
}

void
cash_sum_overflow(int32 month)
{
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("cash flow of a month out of range"),
			 errdetail("The events of %04d-%02d exceed 922337203685477.5807 or 4294967295 in number.",
					   month / 12, month % 12 + 1),
			 errhint("Give the amounts in a larger unit of the currency.")));
	pg_unreachable();
}

/* Values. */

Datum
cashflow_make(const CashMonth *months, int count)
{
	bytea	   *result = palloc(VARHDRSZ + cashflow_encoded_bound(count));

	SET_VARSIZE(result, VARHDRSZ +
				cashflow_encode(months, count, (uint8_t *) VARDATA(result)));
	return PointerGetDatum(result);
}

/*
 * The result of cashflow_agg is mostly asked at once and never stored. So it is
 * a read-only expanded object, and the stored form is made only for who asks.
 */
typedef struct ExpandedCashflow
{
	ExpandedObjectHeader header;
	const CashMonth *months;
	int			count;
	Size		flat_size;		/* 0 until asked */
} ExpandedCashflow;

static Size
expanded_flat_size(ExpandedObjectHeader *header)
{
	ExpandedCashflow *object = (ExpandedCashflow *) header;

	if (object->flat_size == 0)
		object->flat_size = VARHDRSZ + cashflow_encode(object->months, object->count, NULL);
	return object->flat_size;
}

static void
expanded_flatten(ExpandedObjectHeader *header, void *result, Size size)
{
	ExpandedCashflow *object = (ExpandedCashflow *) header;

	SET_VARSIZE(result, size);
	cashflow_encode(object->months, object->count, (uint8_t *) VARDATA(result));
}

static const ExpandedObjectMethods expanded_methods = {
	expanded_flat_size,
	expanded_flatten
};

static Datum
make_expanded(const CashMonth *months, int count)
{
	ExpandedCashflow *object = palloc(sizeof *object);
	void	   *pointer = palloc(EXPANDED_POINTER_SIZE);

	EOH_init_header(&object->header, &expanded_methods, CurrentMemoryContext);
	object->months = months;
	object->count = count;
	object->flat_size = 0;

	/* A chunk of its own, because the executor asks for the result's context. */
	memcpy(pointer, object->header.eoh_ro_ptr, EXPANDED_POINTER_SIZE);
	return PointerGetDatum(pointer);
}

static void
cashflow_open(Datum value, CashView *view)
{
	struct varlena *stored;
	const uint8_t *bytes;
	size_t		length;
	CashMonth  *decoded;
	const char *fault;

	if (VARATT_IS_EXTERNAL_EXPANDED(DatumGetPointer(value)) &&
		DatumGetEOHP(value)->eoh_methods == &expanded_methods)
	{
		ExpandedCashflow *object = (ExpandedCashflow *) DatumGetEOHP(value);

		view->count = object->count;
		view->months = object->months;
		return;
	}

	stored = PG_DETOAST_DATUM_PACKED(value);
	bytes = (const uint8_t *) VARDATA_ANY(stored);
	length = VARSIZE_ANY_EXHDR(stored);
	view->count = cashflow_decode_count(bytes, length);
	if (view->count < 0)
		stored_type_damaged(&cashflow_type, "unknown version or damaged header");
	decoded = view->count <= lengthof(view->local) ? view->local :
		palloc(view->count * sizeof(CashMonth));
	fault = cashflow_decode(bytes, length, decoded);
	if (fault)
		stored_type_damaged(&cashflow_type, fault);
	view->months = decoded;
}

/* Names the month whose sums leave the range when a and b are merged. */
static void
merge_overflow(const CashMonth *a, int a_count, const CashMonth *b, int b_count)
{
	int			i;

	for (i = 0; i < b_count; i++)
	{
		int			at = cashflow_find(a, a_count, b[i].month);
		CashMonth	sum;

		if (at == a_count || a[at].month != b[i].month)
			continue;
		sum = a[at];
		if (!cash_month_merge(&sum, &b[i]))
			cash_sum_overflow(sum.month);
	}
}

CashMonth *
cashflow_merge_months(const CashMonth *a, int a_count, const CashMonth *b, int b_count, int *count)
{
	CashMonth  *merged = palloc((a_count + b_count) * sizeof(CashMonth));

	*count = cashflow_merge(a, a_count, b, b_count, merged);
	if (*count < 0)
		merge_overflow(a, a_count, b, b_count);
	return merged;
}

static struct varlena *
parse(const StoredType *type, char *text)
{
	size_t		room = cashflow_text_count(text);
	CashMonth  *months;
	CashTextFault fault;
	int			count;

	if (room > CALENDAR_MONTH_MAX)
		stored_type_bad_text(type, psprintf("It has %zu months. At most %d are possible", room, CALENDAR_MONTH_MAX));
	months = palloc(room * sizeof(CashMonth));
	count = cashflow_from_text(text, months, &fault);
	if (count < 0)
		stored_type_bad_text_at(type, text, fault.at, fault.what, ERRCODE_INVALID_TEXT_REPRESENTATION);
	return (struct varlena *) DatumGetPointer(cashflow_make(months, count));
}

static char *
print(const StoredType *type, struct varlena *value)
{
	CashView	view;
	char	   *text;

	cashflow_open(PointerGetDatum(value), &view);
	text = palloc(cashflow_text_bound(view.count));
	cashflow_to_text(view.months, view.count, text);
	return text;
}

static struct varlena *
receive(const StoredType *type, const uint8_t *bytes, size_t length, TextRecode recode)
{
	int			count = cashflow_decode_count(bytes, length);
	const char *fault = "unknown version or damaged header";
	struct varlena *value;
	ByteWriter	writer;

	if (count >= 0)
		fault = cashflow_decode(bytes, length, palloc((count + 1) * sizeof(CashMonth)));
	if (fault)
		stored_type_bad_binary(type, length, fault);
	value = stored_type_allocate(length, &writer);
	write_bytes(&writer, bytes, length);
	return value;
}

STORED_TYPE_FUNCTIONS(agririsk_cashflow, &cashflow_type)

/* Aggregation. */

int64
cash_units_from_float8(Datum amount)
{
	double		value = DatumGetFloat8(amount);
	int64_t		units;

	switch (money_from_double(value, &units))
	{
		case MONEY_OK:
			break;
		case MONEY_NOT_FINITE:
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("amount of a cash flow must be a finite number"),
					 errdetail("The amount is %s.",
							   isnan(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity"),
					 errhint("Give NULL where the amount is not known. Rows without an amount are ignored.")));
			break;
		case MONEY_TOO_LARGE:
			ereport(ERROR,
					(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					 errmsg("amount out of range for double precision in a cash flow"),
					 errdetail("The amount is %.17g. Beyond 2.25e11 double precision is not exact to four decimals.",
							   value),
					 errhint("Give the amount as numeric.")));
			break;
	}
	return units;
}

/*
 * Through the wire format, numeric's public face: header and digits as 16-bit
 * numbers in network order.
 */
int64
cash_units_from_numeric(Datum amount)
{
	StringInfoData wire;
	bytea	   *sent;
	int			ndigits,
				weight,
				sign;
	int16		digits[8];
	int64_t		units;
	int			i;

	sent = DatumGetByteaPP(DirectFunctionCall1(numeric_send, amount));
	wire.data = VARDATA_ANY(sent);
	wire.len = VARSIZE_ANY_EXHDR(sent);
	wire.maxlen = wire.len;
	wire.cursor = 0;
	ndigits = (int16) pq_getmsgint(&wire, 2);
	weight = (int16) pq_getmsgint(&wire, 2);
	sign = pq_getmsgint(&wire, 2);
	(void) pq_getmsgint(&wire, 2);
	if (sign & 0x8000)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("amount of a cash flow must be a finite number"),
				 errdetail("The amount is %s.",
						   DatumGetCString(DirectFunctionCall1(numeric_out, amount))),
				 errhint("Give NULL where the amount is not known. Rows without an amount are ignored.")));

	/* Six digits decide everything: five of whole units, one to round by. */
	ndigits = Min(ndigits, lengthof(digits));
	for (i = 0; i < ndigits; i++)
		digits[i] = (int16) pq_getmsgint(&wire, 2);
	pfree(sent);
	if (money_from_digits(digits, ndigits, weight, sign != 0, &units) != MONEY_OK)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("amount out of range for a cash flow"),
				 errdetail("The amount is %s. The largest possible amount is 922337203685477.5807.",
						   DatumGetCString(DirectFunctionCall1(numeric_out, amount))),
				 errhint("Give the amounts in a larger unit of the currency.")));
	return units;
}

static CashState *
create_state(MemoryContext context)
{
	CashState  *state = MemoryContextAlloc(context, offsetof(CashState, events) +
										   STATE_FIRST_ROOM * sizeof(CashEvent));

	memset(state, 0, offsetof(CashState, events));
	state->room = STATE_FIRST_ROOM;
	return state;
}

/* Adds months to those of the state. */
static void
state_merge(CashState *state, const CashMonth *months, int count)
{
	MemoryContext old = MemoryContextSwitchTo(GetMemoryChunkContext(state));
	CashMonth  *before = state->months;

	state->months = cashflow_merge_months(before, state->count, months, count, &state->count);
	if (before)
		pfree(before);
	MemoryContextSwitchTo(old);
}

/* Room for one more event; the state may move. */
static CashState *
state_make_room(CashState *state)
{
	CashMonth	months[STATE_LAST_ROOM];

	if (state->room < STATE_LAST_ROOM)
	{
		state->room = STATE_LAST_ROOM;
		return repalloc(state, offsetof(CashState, events) + STATE_LAST_ROOM * sizeof(CashEvent));
	}
	state_merge(state, months, cashflow_from_events(state->events, state->pending, months));
	state->pending = 0;
	return state;
}

/* The months of all events; the state stays as it is. */
static const CashMonth *
state_months(const CashState *state, int *count)
{
	CashEvent	events[STATE_LAST_ROOM];
	CashMonth  *months;

	if (state->pending == 0)
	{
		*count = state->count;
		return state->months;
	}
	memcpy(events, state->events, state->pending * sizeof(CashEvent));
	months = palloc(state->pending * sizeof(CashMonth));
	*count = cashflow_from_events(events, state->pending, months);
	if (state->count > 0)
		months = cashflow_merge_months(state->months, state->count, months, *count, count);
	return months;
}

/* The transition; `to_units` is known where it is inlined. */
static inline Datum
state_add(FunctionCallInfo fcinfo, int64 (*to_units) (Datum))
{
	CashState  *state = PG_ARGISNULL(0) ? NULL : (CashState *) PG_GETARG_POINTER(0);
	DateADT		date;
	int64		units;

	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
	{
		if (state == NULL)
			PG_RETURN_NULL();
		PG_RETURN_POINTER(state);
	}
	date = PG_GETARG_DATEADT(1);
	units = to_units(PG_GETARG_DATUM(2));
	if (!cash_is_date(date))
		cash_bad_date(date);
	if (state == NULL)
		state = create_state(agr_aggregate_context(fcinfo, "cashflow_agg"));
	if (state->pending == state->room)
		state = state_make_room(state);
	if (likely(cash_event_pack(date, units, &state->events[state->pending])))
		state->pending++;
	else
	{
		CashMonth	month = cash_month_make(date, units);

		state_merge(state, &month, 1);
	}
	PG_RETURN_POINTER(state);
}

AGR_FUNCTION(agririsk_cashflow_add_float8);
Datum
agririsk_cashflow_add_float8(PG_FUNCTION_ARGS)
{
	return state_add(fcinfo, cash_units_from_float8);
}

AGR_FUNCTION(agririsk_cashflow_add_numeric);
Datum
agririsk_cashflow_add_numeric(PG_FUNCTION_ARGS)
{
	return state_add(fcinfo, cash_units_from_numeric);
}

AGR_FUNCTION(agririsk_cashflow_final);
Datum
agririsk_cashflow_final(PG_FUNCTION_ARGS)
{
	const CashMonth *months;
	int			count;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	months = state_months((CashState *) PG_GETARG_POINTER(0), &count);
	PG_RETURN_DATUM(make_expanded(months, count));
}

static void
add_state(CashState *a, CashState *b)
{
	int			count;
	const CashMonth *months = state_months(b, &count);

	state_merge(a, months, count);
}

static struct varlena *
make_value(CashState *state)
{
	int			count;
	const CashMonth *months = state_months(state, &count);

	return (struct varlena *) DatumGetPointer(cashflow_make(months, count));
}

static void
add_value(CashState *state, struct varlena *value)
{
	CashView	view;

	cashflow_open(PointerGetDatum(value), &view);
	state_merge(state, view.months, view.count);
}

STORED_TYPE_WORKERS(agririsk_cashflow, CashState, "cashflow_agg")

/* Merging of values: the operator, and both steps of rollup. */
AGR_FUNCTION(agririsk_cashflow_merge);
Datum
agririsk_cashflow_merge(PG_FUNCTION_ARGS)
{
	CashView	a,
				b;
	CashMonth  *months;
	int			count;

	cashflow_open(PG_GETARG_DATUM(0), &a);
	cashflow_open(PG_GETARG_DATUM(1), &b);
	months = cashflow_merge_months(a.months, a.count, b.months, b.count, &count);
	PG_RETURN_DATUM(cashflow_make(months, count));
}

/* Accessors. */

AGR_FUNCTION(agririsk_months);
Datum
agririsk_months(PG_FUNCTION_ARGS)
{
	FuncCallContext *context;
	CashView   *view;
	const CashMonth *m;
	Datum		values[6];
	bool		nulls[6] = {false};

	if (SRF_IS_FIRSTCALL())
	{
		MemoryContext old;
		TupleDesc	tupdesc;

		context = SRF_FIRSTCALL_INIT();
		old = MemoryContextSwitchTo(context->multi_call_memory_ctx);
		if (get_call_result_type(fcinfo, NULL, &tupdesc) != TYPEFUNC_COMPOSITE)
			elog(ERROR, "months must return a row type");
		context->tuple_desc = BlessTupleDesc(tupdesc);
		view = palloc(sizeof *view);
		cashflow_open(PG_GETARG_DATUM(0), view);
		context->user_fctx = view;
		context->max_calls = view->count;
		MemoryContextSwitchTo(old);
	}
	context = SRF_PERCALL_SETUP();
	if (context->call_cntr >= context->max_calls)
		SRF_RETURN_DONE(context);

	view = context->user_fctx;
	m = &view->months[context->call_cntr];
	values[0] = DateADTGetDatum(calendar_month_start(m->month));
	values[1] = NumericGetDatum(int64_div_fast_to_numeric(m->inflow, 4));
	values[2] = NumericGetDatum(int64_div_fast_to_numeric(m->outflow, 4));
	values[3] = Int64GetDatum(m->inflow_count);
	values[4] = Int64GetDatum(m->outflow_count);
	values[5] = Int32GetDatum(pg_popcount((const char *) &m->days, sizeof m->days));
	SRF_RETURN_NEXT(context, HeapTupleGetDatum(heap_form_tuple(context->tuple_desc, values, nulls)));
}

/* The row type of the result, looked up once per call site. */
static TupleDesc
features_row(FunctionCallInfo fcinfo)
{
	TupleDesc	tupdesc = fcinfo->flinfo->fn_extra;

	if (tupdesc == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);

		if (get_call_result_type(fcinfo, NULL, &tupdesc) != TYPEFUNC_COMPOSITE ||
			tupdesc->natts != CASH_COLUMNS)
			elog(ERROR, "cashflow_features must return cashflow_portrait");
		tupdesc = BlessTupleDesc(CreateTupleDescCopy(tupdesc));
		fcinfo->flinfo->fn_extra = tupdesc;
		MemoryContextSwitchTo(old);
	}
	return tupdesc;
}

AGR_FUNCTION(agririsk_cashflow_features);
Datum
agririsk_cashflow_features(PG_FUNCTION_ARGS)
{
	DateADT		as_of = PG_GETARG_DATEADT(1);
	int32		window = PG_GETARG_INT32(2);
	TupleDesc	tupdesc = features_row(fcinfo);
	CashView	view;
	CashFeatures features;
	double		local_room[LOCAL_TREND_ROOM];
	double	   *room = local_room;
	size_t		room_size;
	Datum		values[CASH_COLUMNS];
	bool		nulls[CASH_COLUMNS];
	int32		month,
				month_start,
				month_end;
	int			i;

	if (!cash_is_date(as_of))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_FIELD_OVERFLOW),
				 errmsg("as-of date out of range"),
				 errdetail("The date is %s.",
						   DatumGetCString(DirectFunctionCall1(date_out, DateADTGetDatum(as_of)))),
				 errhint("Give a date from 0001-01-01 to 9999-12-31.")));
	if (window < 1 || window > CASHFLOW_MAX_WINDOW)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("window of %d months is out of range", window),
				 errdetail("A window has 1 to %d months.", CASHFLOW_MAX_WINDOW),
				 errhint("The default is 24 months.")));

	cashflow_open(PG_GETARG_DATUM(0), &view);
	month = calendar_month_of(as_of, &month_start, &month_end);
	room_size = cashflow_trend_room(view.months, view.count, month, window);
	if (room_size > LOCAL_TREND_ROOM)
		room = palloc(room_size * sizeof(double));
	cashflow_features(view.months, view.count, month, window, room, &features);

	for (i = 0; i < CASH_COLUMNS; i++)
	{
		nulls[i] = !features.known[i];
		if (nulls[i])
		{
			values[i] = (Datum) 0;
			continue;
		}
		switch (TupleDescAttr(tupdesc, i)->atttypid)
		{
			case BOOLOID:
				values[i] = BoolGetDatum(features.value[i].whole != 0);
				break;
			case INT4OID:
				values[i] = Int32GetDatum((int32) features.value[i].whole);
				break;
			case INT8OID:
				values[i] = Int64GetDatum(features.value[i].whole);
				break;
			default:
				values[i] = Float8GetDatum(features.value[i].real);
				break;
		}
	}
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(tupdesc, values, nulls)));
}
