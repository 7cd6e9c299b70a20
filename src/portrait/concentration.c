/*
 * concentration.c
 *		Type concentration: input and output, aggregates, measures.
 */
#include "postgres.h"

#include "agririsk.h"

#include <math.h>

#include "common/shortest_dec.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/expandeddatum.h"
#include "utils/memutils.h"
#include "utils/uuid.h"

#include "core/rows/key_sums.h"
#include "core/sql/show.h"
#include "core/sql/stored_type.h"
#include "portrait/concentration_math.h"

/*
 * The most a value may take, stored. A byte of a key takes up to six in the
 * text form, seven in a dump: so that every value can be dumped and restored
 * within PostgreSQL's gigabyte.
 */
#define MAX_BYTES			(128 * 1024 * 1024)

/* Values up to this size are merged as they are, larger ones in a hash table. */
#define MERGE_FLAT_BYTES	4096

static const StoredType concentration_type;

/* Errors. */

static void
sum_overflow(const char *key, size_t length)
{
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("sum of weights of a concentration out of range"),
			 key ? errdetail("The weights of key %s exceed 8.98e307.", agr_show_name(key, length)) :
			 errdetail("The weights of all keys together exceed 8.98e307."),
			 errhint("Give the weights in a larger unit.")));
}

static void
too_large(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
			 errmsg("concentration has too many keys"),
			 errdetail("Keys and weights take more than %d MB.", MAX_BYTES / (1024 * 1024)),
			 errhint("Use shorter or fewer keys, or more groups.")));
}

static void
check_status(ConcentrationStatus status)
{
	if (status == CONCENTRATION_DAMAGED)
		stored_type_damaged(&concentration_type, NULL);
	if (status == CONCENTRATION_OUT_OF_RANGE)
		sum_overflow(NULL, 0);
}

/* Tables of keys. */

static void
add_key(KeySums *sums, const char *key, size_t length, const double *part, int parts)
{
	/* Before the key is copied, and again for all of them. */
	if (length > MAX_BYTES)
		too_large();
	if (!key_sums_add(sums, key, length, part, parts))
		sum_overflow(key, length);
	if (sums->bytes_used + (uint64) sums->count * CONCENTRATION_KEY_BYTES > MAX_BYTES)
		too_large();
}

static void
add_value(KeySums *sums, struct varlena *value)
{
	ConcentrationReader reader;
	ConcentrationKey key;

	concentration_open(&reader, STORED_BYTES(value));
	while (concentration_next(&reader, &key))
	{
		CHECK_FOR_INTERRUPTS();
		add_key(sums, key.key, key.length, key.part, key.parts);
	}
	if (reader.damaged)
		stored_type_damaged(&concentration_type, NULL);
}

static void
write_keys(const KeySums *sums, const uint32 *order, ByteWriter *writer)
{
	double		canonical[EXACT_SUM_PARTS + 1];
	uint32		i;

	concentration_write_head(writer, sums->count);
	for (i = 0; i < sums->count; i++)
	{
		const KeySum *key = &sums->keys[order[i]];
		int			parts = exact_sum_canonical(key_sums_parts(sums, order[i]),
												key->parts, canonical);

		CHECK_FOR_INTERRUPTS();
		concentration_write_key(writer, key_sums_key(sums, order[i]), key->key_length,
								canonical, parts);
	}
}

/* The measures divide by the total, so a value is not made without one. */
static void
check_total(const KeySums *sums)
{
	double		total[EXACT_SUM_PARTS + 1];
	int			n = 0;
	uint32		i;
	int			k;

	for (i = 0; i < sums->count; i++)
		for (k = 0; k < sums->keys[i].parts; k++)
		{
			n = exact_sum_add(total, n, key_sums_parts(sums, i)[k]);
			if (n < 0)
				sum_overflow(NULL, 0);
		}
}

static struct varlena *
allocate_value(const ByteWriter *counted, ByteWriter *writer)
{
	if (counted->length > MAX_BYTES)
		too_large();
	return stored_type_allocate(counted->length, writer);
}

/* The one value that holds these sums; the table is not changed. */
static struct varlena *
make_value(const KeySums *sums)
{
	uint32	   *order = key_sums_order(sums);
	ByteWriter	counter = {NULL, 0};
	ByteWriter	writer;
	struct varlena *value;

	check_total(sums);
	write_keys(sums, order, &counter);
	value = allocate_value(&counter, &writer);
	write_keys(sums, order, &writer);
	pfree(order);
	return value;
}

/* Input and output. */

static struct varlena *
parse(const StoredType *type, char *text)
{
	KeySums    *sums = key_sums_create(CurrentMemoryContext);
	ConcentrationText reader;
	ConcentrationKey key;

	concentration_text_open(&reader, text, palloc(strlen(text) + 1));
	while (concentration_text_next(&reader, &key))
	{
		CHECK_FOR_INTERRUPTS();
		if (key.parts == 0)
			continue;
		add_key(sums, key.key, key.length, key.part, key.parts);
	}
	if (reader.fault)
		stored_type_bad_text_at(type, text, reader.at, reader.fault, reader.out_of_range ?
								ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE : ERRCODE_INVALID_TEXT_REPRESENTATION);
	return make_value(sums);
}

static void
append_sum(StringInfo text, const ConcentrationKey *key)
{
	int			i;

	for (i = 0; i < key->parts; i++)
	{
		char		number[DOUBLE_SHORTEST_DECIMAL_LEN];

		double_to_shortest_decimal_buf(key->part[i], number);
		if (i > 0 && key->part[i] > 0)
			appendStringInfoChar(text, '+');
		appendStringInfoString(text, number);
	}
}

static char *
print(const StoredType *type, struct varlena *value)
{
	ConcentrationReader reader;
	ConcentrationKey key;
	StringInfoData text;
	StringInfoData name;

	initStringInfo(&text);
	initStringInfo(&name);
	appendStringInfoChar(&text, '{');
	concentration_open(&reader, STORED_BYTES(value));
	while (concentration_next(&reader, &key))
	{
		CHECK_FOR_INTERRUPTS();
		if (text.len > 1)
			appendStringInfoString(&text, ", ");
		agr_append_json_name(&text, &name, key.key, key.length);
		appendStringInfoString(&text, ": ");
		append_sum(&text, &key);
	}
	if (reader.damaged)
		stored_type_damaged(&concentration_type, NULL);
	appendStringInfoChar(&text, '}');
	return text.data;
}

static struct varlena *
receive(const StoredType *type, const uint8_t *bytes, size_t length, TextRecode recode)
{
	KeySums    *sums = key_sums_create(CurrentMemoryContext);
	ConcentrationReader reader;
	ConcentrationKey key;

	concentration_open(&reader, bytes, length);
	while (concentration_next(&reader, &key))
	{
		TextSpan	text = recode((TextSpan) {key.key, key.length});

		CHECK_FOR_INTERRUPTS();
		add_key(sums, text.at, text.length, key.part, key.parts);
		if (text.at != key.key)
			pfree((char *) text.at);
	}
	return reader.damaged ? NULL : make_value(sums);
}

static const StoredType concentration_type = {
	.name = "concentration",
	.hint = "Write keys and weights like '{\"apple\": 1200.5, \"rice\": 300}'.",
	.has_texts = true,
	.parse = parse,
	.print = print,
	.receive = receive
};
STORED_TYPE_FUNCTIONS(agririsk_concentration, &concentration_type)

/* Aggregation: the state is a table of keys. */

static void
check_weight(double weight, const char *key, size_t length)
{
	if (!isfinite(weight))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("weight of a concentration must be a finite number"),
				 errdetail("A weight of key %s is %s.", agr_show_name(key, length),
						   agr_show_number(weight)),
				 errhint("Give NULL where the weight is not known. Rows without a weight are ignored.")));
	if (weight < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("weight of a concentration must not be negative"),
				 errdetail("A weight of key %s is %s.", agr_show_name(key, length),
						   agr_show_number(weight)),
				 errhint("Filter out returns and corrections, or subtract them within each key first.")));
}

static Datum
add_row(FunctionCallInfo fcinfo, const char *key, size_t length)
{
	KeySums    *sums = PG_ARGISNULL(0) ? NULL : (KeySums *) PG_GETARG_POINTER(0);
	double		weight = PG_GETARG_FLOAT8(2);

	check_weight(weight, key, length);
	if (sums == NULL)
		sums = key_sums_create(agr_aggregate_context(fcinfo, "concentration_agg"));
	if (weight > 0)
		add_key(sums, key, length, &weight, 1);
	PG_RETURN_POINTER(sums);
}

AGR_FUNCTION(agririsk_concentration_add_text);
Datum
agririsk_concentration_add_text(PG_FUNCTION_ARGS)
{
	text	   *key;

	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
		return agr_state_as_it_was(fcinfo);
	key = PG_GETARG_TEXT_PP(1);
	return add_row(fcinfo, VARDATA_ANY(key), VARSIZE_ANY_EXHDR(key));
}

AGR_FUNCTION(agririsk_concentration_add_bigint);
Datum
agririsk_concentration_add_bigint(PG_FUNCTION_ARGS)
{
	char		key[MAXINT8LEN + 1];

	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
		return agr_state_as_it_was(fcinfo);
	return add_row(fcinfo, key, pg_lltoa(PG_GETARG_INT64(1), key));
}

AGR_FUNCTION(agririsk_concentration_add_uuid);
Datum
agririsk_concentration_add_uuid(PG_FUNCTION_ARGS)
{
	const char *key;

	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
		return agr_state_as_it_was(fcinfo);
	key = DatumGetCString(DirectFunctionCall1(uuid_out, UUIDPGetDatum(PG_GETARG_UUID_P(1))));
	return add_row(fcinfo, key, strlen(key));
}

static void
add_state(KeySums *a, const KeySums *b)
{
	uint32		i;

	for (i = 0; i < b->count; i++)
	{
		const double *part = key_sums_parts(b, i);
		double		decreasing[EXACT_SUM_PARTS];
		int			parts = exact_sum_canonical(part, b->keys[i].parts, decreasing);

		CHECK_FOR_INTERRUPTS();
		add_key(a, key_sums_key(b, i), b->keys[i].key_length, decreasing, parts);
	}
}

#define create_state key_sums_create
STORED_TYPE_WORKERS(agririsk_concentration, KeySums, "concentration_agg")

AGR_FUNCTION(agririsk_concentration_final);
Datum
agririsk_concentration_final(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	PG_RETURN_POINTER(make_value((KeySums *) PG_GETARG_POINTER(0)));
}

/*
 * Merging. A value that grows over many merges is an expanded object, a table
 * of keys, and becomes bytes when somebody wants them: an aggregate's result,
 * or a partial one on its way to another process.
 */
typedef struct ExpandedConcentration
{
	ExpandedObjectHeader header;
	KeySums    *sums;
	struct varlena *flat;		/* the bytes, once they were asked for */
} ExpandedConcentration;

static Size
expanded_flat_size(ExpandedObjectHeader *header)
{
	ExpandedConcentration *expanded = (ExpandedConcentration *) header;

	if (expanded->flat == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(header->eoh_context);

		expanded->flat = make_value(expanded->sums);
		MemoryContextSwitchTo(old);
	}
	return VARSIZE(expanded->flat);
}

static void
expanded_flatten(ExpandedObjectHeader *header, void *result, Size allocated)
{
	ExpandedConcentration *expanded = (ExpandedConcentration *) header;

	Assert(allocated == VARSIZE(expanded->flat));
	memcpy(result, expanded->flat, allocated);
}

static const ExpandedObjectMethods expanded_methods = {
	expanded_flat_size,
	expanded_flatten
};

static ExpandedConcentration *
expand(Datum value, MemoryContext parent)
{
	MemoryContext context = AllocSetContextCreate(parent, "concentration",
												  ALLOCSET_START_SMALL_SIZES);
	ExpandedConcentration *expanded = MemoryContextAllocZero(context, sizeof *expanded);

	EOH_init_header(&expanded->header, &expanded_methods, context);
	expanded->sums = key_sums_create(context);
	add_value(expanded->sums, PG_DETOAST_DATUM_PACKED(value));
	return expanded;
}

static struct varlena *
merge_flat(struct varlena *a, struct varlena *b)
{
	const uint8_t *a_bytes = (const uint8_t *) VARDATA_ANY(a);
	const uint8_t *b_bytes = (const uint8_t *) VARDATA_ANY(b);
	Size		a_length = VARSIZE_ANY_EXHDR(a);
	Size		b_length = VARSIZE_ANY_EXHDR(b);
	ByteWriter	counter = {NULL, 0};
	ByteWriter	writer;
	struct varlena *value;
	uint64_t	count;
	ConcentrationKey overflow;
	ConcentrationStatus status = concentration_merge(a_bytes, a_length, b_bytes, b_length,
													 &counter, &count, &overflow);

	if (status == CONCENTRATION_OUT_OF_RANGE)
		sum_overflow(overflow.key, overflow.length);
	check_status(status);
	concentration_write_head(&counter, count);
	value = allocate_value(&counter, &writer);
	concentration_write_head(&writer, count);
	concentration_merge(a_bytes, a_length, b_bytes, b_length, &writer, &count, &overflow);
	return value;
}

AGR_FUNCTION(agririsk_concentration_merge);
Datum
agririsk_concentration_merge(PG_FUNCTION_ARGS)
{
	Datum		target = PG_GETARG_DATUM(0);
	struct varlena *added = PG_GETARG_VARLENA_PP(1);
	ExpandedConcentration *expanded;

	if (VARATT_IS_EXTERNAL_EXPANDED_RW(DatumGetPointer(target)))
	{
		expanded = (ExpandedConcentration *) DatumGetEOHP(target);
		if (expanded->flat)
			pfree(expanded->flat);
		expanded->flat = NULL;
	}
	else
	{
		MemoryContext context;

		if (VARSIZE_ANY(added) <= MERGE_FLAT_BYTES)
		{
			struct varlena *flat = PG_GETARG_VARLENA_PP(0);

			if (VARSIZE_ANY(flat) <= MERGE_FLAT_BYTES)
				PG_RETURN_POINTER(merge_flat(flat, added));
		}
		if (!AggCheckCallContext(fcinfo, &context))
			context = CurrentMemoryContext;
		expanded = expand(target, context);
	}
	add_value(expanded->sums, added);
	PG_RETURN_DATUM(EOHPGetRWDatum(&expanded->header));
}

/* Measures. */

static Datum
return_measure(FunctionCallInfo fcinfo, ConcentrationStatus status, double measure)
{
	check_status(status);
	if (status == CONCENTRATION_UNDEFINED)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(measure);
}

AGR_FUNCTION(agririsk_concentration_hhi);
Datum
agririsk_concentration_hhi(PG_FUNCTION_ARGS)
{
	struct varlena *value = PG_GETARG_VARLENA_PP(0);
	double		hhi = 0;
	ConcentrationStatus status = concentration_hhi(STORED_BYTES(value), &hhi);

	return return_measure(fcinfo, status, hhi);
}

AGR_FUNCTION(agririsk_concentration_effective_number);
Datum
agririsk_concentration_effective_number(PG_FUNCTION_ARGS)
{
	struct varlena *value = PG_GETARG_VARLENA_PP(0);
	double		hhi = 0;
	ConcentrationStatus status = concentration_hhi(STORED_BYTES(value), &hhi);

	return return_measure(fcinfo, status, 1 / hhi);
}

AGR_FUNCTION(agririsk_concentration_entropy);
Datum
agririsk_concentration_entropy(PG_FUNCTION_ARGS)
{
	struct varlena *value = PG_GETARG_VARLENA_PP(0);
	double		entropy = 0;
	ConcentrationStatus status = concentration_entropy(STORED_BYTES(value), &entropy);

	return return_measure(fcinfo, status, entropy);
}

AGR_FUNCTION(agririsk_concentration_top_share);
Datum
agririsk_concentration_top_share(PG_FUNCTION_ARGS)
{
	struct varlena *value = PG_GETARG_VARLENA_PP(0);
	int32		n = PG_GETARG_INT32(1);
	ConcentrationReader reader;
	ConcentrationWeight *heap;
	double		share = 0;
	ConcentrationStatus status;

	if (n < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("number of keys of a top share must be at least 1"),
				 errdetail("The number is %d.", n),
				 errhint("For example, top_share(c, 3) is the share of the three largest keys.")));
	concentration_open(&reader, STORED_BYTES(value));
	heap = palloc(Min(n, reader.count) * sizeof(ConcentrationWeight) + 1);
	status = concentration_top_share(STORED_BYTES(value), n, heap, agr_check_interrupts, &share);
	return return_measure(fcinfo, status, share);
}

AGR_FUNCTION(agririsk_concentration_keys);
Datum
agririsk_concentration_keys(PG_FUNCTION_ARGS)
{
	struct varlena *value = PG_GETARG_VARLENA_PP(0);
	ConcentrationReader reader;

	concentration_open(&reader, STORED_BYTES(value));
	if (reader.damaged)
		stored_type_damaged(&concentration_type, NULL);
	PG_RETURN_INT64(reader.count);
}
