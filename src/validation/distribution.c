/*
 * distribution.c
 *		Type distribution: values counted, numbers or names, and how stable a
 *		population is.
 */
#include "postgres.h"

#include "agririsk.h"

#include <math.h>

#include "common/shortest_dec.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"

#include "core/rows/key_sums.h"
#include "core/sql/record.h"
#include "core/sql/tally_type.h"
#include "core/sql/value.h"
#include "validation/distribution_math.h"

static struct varlena *parse(const StoredType *type, char *text);
static char *print(const StoredType *type, struct varlena *value);
static struct varlena *receive(const StoredType *type, const uint8_t *bytes, size_t length, TextRecode recode);

static const TallyType distribution_type = {
	.stored = {
		.name = "distribution",
		.hint = "Write names like '{\"names\": {\"rice\": 5, \"maize\": 3}, \"missing\": 2}', numbers like '0.1 3; 0.25 2'.",
		.has_texts = true,
		.parse = parse,
		.print = print,
		.receive = receive
	},
	.classes = 1,
	.least = -INFINITY,
	.greatest = INFINITY,
	.too_many_hint = "Round the numbers before they are aggregated."
};

/* The state of the aggregate over names. */
typedef struct NameState
{
	KeySums    *sums;
	int64		missing;
	int64		unweighted;
	int64		total;			/* of all of them */
} NameState;

/* Errors. */

static void
too_many_names(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
			 errmsg("distribution has too many distinct names"),
			 errdetail("There are more than %d.", DISTRIBUTION_MAX_NAMES),
			 errhint("Check that the column is a category, not a key. Cast numbers to double precision.")));
}

static void
too_many_rows(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("too many rows"),
			 errdetail("The weights sum to more than %lld.", (long long) TALLY_MAX_TOTAL),
			 errhint("A weight is a whole number of equal rows. Give the weights in a larger unit, such as thousands.")));
}

static void
check(DistributionStatus status)
{
	if (status == DISTRIBUTION_DAMAGED)
		stored_type_damaged(&distribution_type.stored, NULL);
	if (status == DISTRIBUTION_MIXED)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("a distribution of numbers cannot be combined with a distribution of names"),
				 errdetail("One distribution was made from double precision values, the other from text."),
				 errhint("Cast the values of both to the same type when you call distribution_agg.")));
	if (status == DISTRIBUTION_TOO_MANY_NAMES)
		too_many_names();
	if (status == DISTRIBUTION_TOO_MANY_ROWS)
		too_many_rows();
}

/* Values of names. */

static NameState *
create_state(MemoryContext context)
{
	NameState  *state = MemoryContextAllocZero(context, sizeof *state);

	state->sums = key_sums_create(context);
	return state;
}

static void
count_rows(NameState *state, int64 *number, int64 added)
{
	if (added > TALLY_MAX_TOTAL - state->total)
		too_many_rows();
	state->total += added;
	if (number)
		*number += added;
}

static void
name_too_long(const char *name, size_t length, size_t bytes)
{
	ereport(ERROR,
			(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
			 errmsg("name of a distribution is too long"),
			 errdetail("%s has %zu bytes%s. At most %d are allowed.", agr_show_name(name, length), bytes,
					   bytes == length ? "" : " in UTF-8", DISTRIBUTION_MAX_NAME),
			 errhint("Give short names or codes.")));
}

/* A name that is new: it must fit the binary form, too. */
static void
check_name(const char *name, size_t length)
{
	size_t		bytes = agr_utf8_length(name, length, DISTRIBUTION_MAX_NAME);

	if (bytes > DISTRIBUTION_MAX_NAME)
		name_too_long(name, length, bytes);
}

static void
add_name(NameState *state, const char *name, size_t length, int64 rows)
{
	if (length > DISTRIBUTION_MAX_NAME)
		name_too_long(name, length, length);
	count_rows(state, NULL, rows);
	(void) key_sums_add_count(state->sums, name, length, rows);
	if (state->sums->count > DISTRIBUTION_MAX_NAMES)
		too_many_names();
}

static void
write_names(const NameState *state, const uint32 *order, ByteWriter *writer)
{
	const KeySums *sums = state->sums;
	uint32		i;

	distribution_write_head(writer, state->missing, state->unweighted, sums->count);
	for (i = 0; i < sums->count; i++)
	{
		DistributionName name = {key_sums_key(sums, order[i]), sums->keys[order[i]].key_length,
		key_sums_count(sums, order[i])};

		distribution_write_name(writer, &name);
	}
}

/* The one value that holds these names; the state is not changed. */
static struct varlena *
make_value(const NameState *state)
{
	uint32	   *order = key_sums_order(state->sums);
	ByteWriter	counter = {NULL, 0};
	ByteWriter	writer;
	struct varlena *value;

	write_names(state, order, &counter);
	value = stored_type_allocate(counter.length, &writer);
	write_names(state, order, &writer);
	pfree(order);
	return value;
}

static void
add_value(NameState *state, struct varlena *value)
{
	DistributionReader reader;
	DistributionName name;

	distribution_open(&reader, STORED_BYTES(value));
	count_rows(state, &state->missing, reader.missing);
	count_rows(state, &state->unweighted, reader.unweighted);
	while (distribution_next(&reader, &name))
	{
		CHECK_FOR_INTERRUPTS();
		add_name(state, name.name, name.length, name.rows);
	}
	if (reader.damaged)
		check(DISTRIBUTION_DAMAGED);
}

static bool
of_names(struct varlena *value)
{
	return distribution_is_of_names(STORED_BYTES(value));
}

/* Input and output. */

static void
bad_text(const char *detail)
{
	stored_type_bad_text(&distribution_type.stored, detail);
}

/* 0 where there is none. */
static int64
read_count(const JsonbValue *value)
{
	int64		number = value == NULL ? 0 : agr_json_count(value);

	if (number < 0)
		bad_text("A number of rows must be a whole number, 0 or more");
	return number;
}

static struct varlena *
read_names(char *text)
{
	Jsonb	   *json = DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(text)));
	NameState  *state = create_state(CurrentMemoryContext);
	JsonbValue	missing;
	JsonbValue	unweighted;
	JsonbValue	key;
	JsonbValue	value;
	JsonbValue *names = getKeyJsonValueFromContainer(&json->root, "names", 5, NULL);
	JsonbValue *found[2];
	JsonbIterator *it;
	JsonbIteratorToken token;

	if (names == NULL || names->type != jbvBinary || !JsonContainerIsObject(names->val.binary.data))
		bad_text("It has no object \"names\"");
	found[0] = getKeyJsonValueFromContainer(&json->root, "missing", 7, &missing);
	found[1] = getKeyJsonValueFromContainer(&json->root, "unweighted", 10, &unweighted);
	if (JB_ROOT_COUNT(json) != 1 + (found[0] != NULL) + (found[1] != NULL))
		bad_text("It has a key other than \"names\", \"missing\" and \"unweighted\"");
	count_rows(state, &state->missing, read_count(found[0]));
	count_rows(state, &state->unweighted, read_count(found[1]));
	it = JsonbIteratorInit(names->val.binary.data);
	while ((token = JsonbIteratorNext(&it, &key, true)) != WJB_DONE)
	{
		int64		rows;

		CHECK_FOR_INTERRUPTS();
		if (token != WJB_KEY)
			continue;
		(void) JsonbIteratorNext(&it, &value, true);
		rows = read_count(&value);
		check_name(key.val.string.val, key.val.string.len);
		if (rows > 0)
			add_name(state, key.val.string.val, key.val.string.len, rows);
	}
	if (agr_json_keys(text) != JB_ROOT_COUNT(json) + JsonContainerSize(names->val.binary.data))
		bad_text("A key or a name is given twice");
	return make_value(state);
}

/* A tally counts them, but numbers have no class. */
static bool
has_unknown_classes(struct varlena *value)
{
	TallyReader reader;

	tally_begin(&reader, value, &distribution_type);
	return reader.head.excluded[TALLY_NO_CLASS] > 0;
}

static struct varlena *
parse(const StoredType *type, char *text)
{
	struct varlena *value;

	if (text[strspn(text, " \t\n\r")] == '{')
		return read_names(text);
	value = tally_parse(type, text);
	if (has_unknown_classes(value))
		bad_text("A distribution counts no unknown outcomes, so the second number after excluded must be 0");
	return value;
}

static char *
print(const StoredType *type, struct varlena *value)
{
	DistributionReader reader;
	DistributionName name;
	StringInfoData text;
	StringInfoData scratch;
	const char *separator = "";

	if (!of_names(value))
		return tally_print(type, value);
	initStringInfo(&text);
	initStringInfo(&scratch);
	appendStringInfoString(&text, "{\"names\": {");
	distribution_open(&reader, STORED_BYTES(value));
	while (distribution_next(&reader, &name))
	{
		CHECK_FOR_INTERRUPTS();
		appendStringInfoString(&text, separator);
		separator = ", ";
		agr_append_json_name(&text, &scratch, name.name, name.length);
		appendStringInfo(&text, ": %lld", (long long) name.rows);
	}
	if (reader.damaged)
		check(DISTRIBUTION_DAMAGED);
	appendStringInfoChar(&text, '}');
	if (reader.missing > 0)
		appendStringInfo(&text, ", \"missing\": %lld", (long long) reader.missing);
	if (reader.unweighted > 0)
		appendStringInfo(&text, ", \"unweighted\": %lld", (long long) reader.unweighted);
	appendStringInfoChar(&text, '}');
	return text.data;
}

static struct varlena *
receive(const StoredType *type, const uint8_t *bytes, size_t length, TextRecode recode)
{
	NameState  *state;
	DistributionReader reader;
	DistributionName name;
	struct varlena *value;

	if (!distribution_is_of_names(bytes, length))
	{
		value = tally_receive(type, bytes, length, recode);
		return value == NULL || has_unknown_classes(value) ? NULL : value;
	}
	state = create_state(CurrentMemoryContext);
	distribution_open(&reader, bytes, length);
	count_rows(state, &state->missing, reader.missing);
	count_rows(state, &state->unweighted, reader.unweighted);
	while (distribution_next(&reader, &name))
	{
		TextSpan	text = recode((TextSpan) {name.name, name.length});

		CHECK_FOR_INTERRUPTS();
		add_name(state, text.at, text.length, name.rows);
	}
	return reader.damaged ? NULL : make_value(state);
}

STORED_TYPE_FUNCTIONS(agririsk_distribution, &distribution_type.stored)

/* Aggregation. */

/* The weight of a row, 1 where none is asked for or it is unknown. */
static int64
row_weight(FunctionCallInfo fcinfo)
{
	int64		weight = PG_NARGS() < 3 || PG_ARGISNULL(2) ? 1 : PG_GETARG_INT64(2);

	if (weight < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("weight of a row must not be negative"),
				 errdetail("A weight is %lld.", (long long) weight),
				 errhint("A weight is the number of equal rows that the row stands for, 0 or more.")));
	return weight;
}

static bool
lacks_weight(FunctionCallInfo fcinfo)
{
	return PG_NARGS() > 2 && PG_ARGISNULL(2);
}

AGR_FUNCTION(agririsk_distribution_add_number);
Datum
agririsk_distribution_add_number(PG_FUNCTION_ARGS)
{
	int64		weight = row_weight(fcinfo);
	Tally	   *tally;

	if (weight == 0)
		return agr_state_as_it_was(fcinfo);
	if (PG_ARGISNULL(0))
	{
		tally = MemoryContextAlloc(agr_aggregate_context(fcinfo, "distribution_agg"), sizeof(Tally));
		tally_init(tally, fcinfo);
	}
	else
		tally = (Tally *) PG_GETARG_POINTER(0);
	if (lacks_weight(fcinfo))
		tally_exclude(tally, TALLY_NO_WEIGHT, 1);
	else if (PG_ARGISNULL(1) || isnan(PG_GETARG_FLOAT8(1)))
		tally_exclude(tally, TALLY_NO_VALUE, weight);
	else if (weight == 1)
		tally_add(tally, PG_GETARG_FLOAT8(1), 0);
	else
		tally_add_rows(tally, PG_GETARG_FLOAT8(1), 0, weight);
	PG_RETURN_POINTER(tally);
}

AGR_FUNCTION(agririsk_distribution_final_numbers);
Datum
agririsk_distribution_final_numbers(PG_FUNCTION_ARGS)
{
	agr_aggregate_context(fcinfo, "distribution_agg");
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	PG_RETURN_POINTER(tally_make_value((Tally *) PG_GETARG_POINTER(0), &distribution_type));
}

static pg_attribute_always_inline Datum
add_name_row(FunctionCallInfo fcinfo, bool of_text)
{
	int64		weight = row_weight(fcinfo);
	NameState  *state;

	if (weight == 0)
		return agr_state_as_it_was(fcinfo);
	if (PG_ARGISNULL(0))
		state = create_state(agr_aggregate_context(fcinfo, "distribution_agg"));
	else
		state = (NameState *) PG_GETARG_POINTER(0);
	if (lacks_weight(fcinfo))
		count_rows(state, &state->unweighted, 1);
	else if (PG_ARGISNULL(1))
		count_rows(state, &state->missing, weight);
	else if (of_text)
	{
		text	   *name = PG_GETARG_TEXT_PP(1);

		check_name(VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name));
		add_name(state, VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name), weight);
	}
	else
	{
		char		buffer[VALUE_BUFFER];
		size_t		length;
		const char *name = value_bytes(value_argument_kind(fcinfo, 1), PG_GETARG_DATUM(1), buffer, &length);

		check_name(name, length);
		add_name(state, name, length, weight);
	}
	PG_RETURN_POINTER(state);
}

AGR_FUNCTION(agririsk_distribution_add_name);
Datum
agririsk_distribution_add_name(PG_FUNCTION_ARGS)
{
	return add_name_row(fcinfo, true);
}

AGR_FUNCTION(agririsk_distribution_add_any);
Datum
agririsk_distribution_add_any(PG_FUNCTION_ARGS)
{
	return add_name_row(fcinfo, false);
}

AGR_FUNCTION(agririsk_distribution_final_names);
Datum
agririsk_distribution_final_names(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	PG_RETURN_POINTER(make_value((NameState *) PG_GETARG_POINTER(0)));
}

static void
add_state(NameState *a, const NameState *b)
{
	uint32		i;

	count_rows(a, &a->missing, b->missing);
	count_rows(a, &a->unweighted, b->unweighted);
	for (i = 0; i < b->sums->count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		add_name(a, key_sums_key(b->sums, i), b->sums->keys[i].key_length, key_sums_count(b->sums, i));
	}
}

STORED_TYPE_WORKERS(agririsk_distribution, NameState, "distribution_agg")

static struct varlena *
merge_names(const uint8_t *a, size_t a_length, const uint8_t *b, size_t b_length)
{
	DistributionReader a_reader;
	DistributionReader b_reader;
	ByteWriter	counter = {NULL, 0};
	ByteWriter	writer;
	struct varlena *value;
	int64		missing;
	int64		unweighted;
	int64		count;

	check(distribution_merge_names(a, a_length, b, b_length, &counter, &count));
	distribution_open(&a_reader, a, a_length);
	distribution_open(&b_reader, b, b_length);
	missing = a_reader.missing + b_reader.missing;
	unweighted = a_reader.unweighted + b_reader.unweighted;
	distribution_write_head(&counter, missing, unweighted, count);
	value = stored_type_allocate(counter.length, &writer);
	distribution_write_head(&writer, missing, unweighted, count);
	distribution_merge_names(a, a_length, b, b_length, &writer, &count);
	return value;
}

AGR_FUNCTION(agririsk_distribution_merge);
Datum
agririsk_distribution_merge(PG_FUNCTION_ARGS)
{
	struct varlena *b = PG_GETARG_VARLENA_PP(1);
	struct varlena *a;

	/* Only numbers grow as expanded objects, which must not be made flat to look. */
	if (VARATT_IS_EXTERNAL_EXPANDED(DatumGetPointer(PG_GETARG_DATUM(0))) && !of_names(b))
		return tally_merge_values(fcinfo, &distribution_type);
	a = PG_GETARG_VARLENA_PP(0);
	if (of_names(a) != of_names(b))
		check(DISTRIBUTION_MIXED);
	if (!of_names(a))
		return tally_merge_values(fcinfo, &distribution_type);
	PG_RETURN_POINTER(merge_names(STORED_BYTES(a), STORED_BYTES(b)));
}

/* What is counted. */

static void
look_for_interrupts(void)
{
	CHECK_FOR_INTERRUPTS();
}

static DistributionCounts
get_counts(FunctionCallInfo fcinfo)
{
	struct varlena *value = PG_GETARG_VARLENA_PP(0);
	DistributionCounts counts;

	check(distribution_count((const uint8_t *) VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value),
							 look_for_interrupts, &counts));
	return counts;
}

AGR_FUNCTION(agririsk_distribution_n);
Datum
agririsk_distribution_n(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(get_counts(fcinfo).n);
}

AGR_FUNCTION(agririsk_distribution_missing);
Datum
agririsk_distribution_missing(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(get_counts(fcinfo).missing);
}

AGR_FUNCTION(agririsk_distribution_excluded);
Datum
agririsk_distribution_excluded(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(get_counts(fcinfo).unweighted);
}

/* Population stability. */

/* Begins to compare the first two arguments; false where that is undefined. */
static bool
open_psi(FunctionCallInfo fcinfo, PsiReader *reader)
{
	struct varlena *expected = PG_GETARG_VARLENA_PP(0);
	struct varlena *actual = PG_GETARG_VARLENA_PP(1);
	double		floor = PG_GETARG_FLOAT8(2);
	char		number[DOUBLE_SHORTEST_DECIMAL_LEN];
	DistributionStatus status;

	double_to_shortest_decimal_buf(floor, number);
	if (!(floor >= 0 && floor < 1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("floor of a share must be at least 0 and below 1"),
				 errdetail("The floor is %s.", number),
				 errhint("The default is 1e-4. With 0 an empty bin makes the index infinite.")));
	status = psi_open(reader, (const uint8_t *) VARDATA_ANY(expected), VARSIZE_ANY_EXHDR(expected),
					  (const uint8_t *) VARDATA_ANY(actual), VARSIZE_ANY_EXHDR(actual), floor,
					  look_for_interrupts);
	check(status);
	return status == DISTRIBUTION_OK;
}

AGR_FUNCTION(agririsk_psi);
Datum
agririsk_psi(PG_FUNCTION_ARGS)
{
	PsiReader	reader;
	PsiBin		bin;
	double		sum = 0;

	if (!open_psi(fcinfo, &reader))
		PG_RETURN_NULL();
	while (psi_next(&reader, &bin))
		sum += bin.of.term;
	PG_RETURN_FLOAT8(sum);
}

AGR_FUNCTION(agririsk_psi_bins);
Datum
agririsk_psi_bins(PG_FUNCTION_ARGS)
{
	PsiReader	reader;
	PsiBin		bin;
	TupleDesc	columns;
	Tuplestorestate *rows = agr_begin_rows(fcinfo, work_mem, &columns);
	int			number = 0;

	if (!open_psi(fcinfo, &reader))
		return (Datum) 0;
	while (psi_next(&reader, &bin))
	{
		Datum		values[12];
		bool		nulls[12] = {false};
		int			side;

		CHECK_FOR_INTERRUPTS();
		values[0] = Int32GetDatum(++number);
		values[1] = Float8GetDatum(bin.low);
		values[2] = Float8GetDatum(bin.high);
		nulls[1] = nulls[2] = isnan(bin.low);
		nulls[3] = bin.name == NULL;
		values[3] = nulls[3] ? (Datum) 0 : PointerGetDatum(cstring_to_text_with_len(bin.name, bin.length));
		values[4] = BoolGetDatum(bin.missing);
		for (side = 0; side < 2; side++)
		{
			values[5 + side] = Int64GetDatum(bin.rows[side]);
			values[7 + side] = Float8GetDatum(bin.of.share[side]);
			values[9 + side] = BoolGetDatum(bin.of.raised[side]);
		}
		values[11] = Float8GetDatum(bin.of.term);
		tuplestore_putvalues(rows, columns, values, nulls);
	}
	return (Datum) 0;
}
