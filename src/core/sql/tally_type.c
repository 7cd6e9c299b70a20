/*
 * tally_type.c
 *		Stored types that are tallies: values, input and output, merging.
 */
#include "postgres.h"

#include "agririsk.h"
#include "core/sql/tally_type.h"

#include "common/shortest_dec.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/expandeddatum.h"
#include "utils/memutils.h"

/* Values up to this size are merged as they are, larger ones as expanded objects. */
#define MERGE_FLAT_BYTES	4096

static void
too_many_values(const TallyType *type)
{
	ereport(ERROR,
			(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
			 errmsg("%s has too many distinct values", type->stored.name),
			 errdetail("There are more than %d.", TALLY_MAX_DISTINCT),
			 errhint("%s", type->too_many_hint)));
}

/* Values. */

/* A value being written: its entries come before it is known how many there are. */
typedef struct ValueWriter
{
	const TallyType *type;
	TallyHead	head;
	uint64		key;			/* written last */
	char	   *bytes;
	Size		used;
	Size		room;
} ValueWriter;

#define VALUE_GAP		(VARHDRSZ + TALLY_HEAD_BYTES)

static void
begin_value(ValueWriter *writer, const TallyType *type, const int64 *excluded, Size expected)
{
	memset(writer, 0, sizeof *writer);
	writer->type = type;
	memcpy(writer->head.excluded, excluded, sizeof writer->head.excluded);
	writer->used = VALUE_GAP;
	writer->room = VALUE_GAP + expected;
	writer->bytes = palloc(writer->room);
}

static inline void
add_to_value(ValueWriter *writer, const TallyEntry *entry)
{
	ByteWriter	bytes;

	if (writer->used + TALLY_ENTRY_BYTES > writer->room)
	{
		CHECK_FOR_INTERRUPTS();
		writer->room = writer->room + writer->room / 2 + 16 * TALLY_ENTRY_BYTES;
		writer->bytes = repalloc(writer->bytes, writer->room);
	}
	bytes.buffer = (uint8_t *) writer->bytes;
	bytes.length = writer->used;
	tally_write_entry(&bytes, writer->key, entry);
	writer->key = entry->key;
	writer->used = bytes.length;
	writer->head.total[0] += entry->count[0];
	writer->head.total[1] += entry->count[1];
	if (++writer->head.distinct > TALLY_MAX_DISTINCT)
		too_many_values(writer->type);
}

static struct varlena *
end_value(ValueWriter *writer)
{
	uint8_t		head[TALLY_HEAD_BYTES];
	ByteWriter	bytes = {head, 0};
	Size		entries = writer->used - VALUE_GAP;
	struct varlena *value = (struct varlena *) writer->bytes;

	if (!tally_head_fits(&writer->head))
		tally_too_many_rows();
	tally_write_head(&bytes, &writer->head);
	memmove(writer->bytes + VARHDRSZ + bytes.length, writer->bytes + VALUE_GAP, entries);
	memcpy(writer->bytes + VARHDRSZ, head, bytes.length);
	SET_VARSIZE(value, VARHDRSZ + bytes.length + entries);
	return value;
}

struct varlena *
tally_make_value(Tally *tally, const TallyType *type)
{
	TallyStream stream;
	ValueWriter writer;
	TallyEntry	entry;

	tally_stream_open(&stream, tally);
	begin_value(&writer, type, tally->excluded, 64);
	while (tally_stream_next(&stream, &entry))
		add_to_value(&writer, &entry);
	tally_stream_close(&stream);
	return end_value(&writer);
}

/* Collapses the pool; what it is part of must want that. */
static struct varlena *
value_of_pool(TallyPool *pool, const TallyType *type, const int64 *excluded)
{
	ValueWriter writer;
	int64		i;

	tally_pool_collapse(pool);
	begin_value(&writer, type, excluded, 64 + 4 * pool->count);
	for (i = 0; i < pool->count; i++)
		add_to_value(&writer, &pool->entries[i]);
	return end_value(&writer);
}

void
tally_begin(TallyReader *reader, struct varlena *value, const TallyType *type)
{
	tally_open(reader, (const uint8_t *) VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value));
	if (reader->damaged)
		stored_type_damaged(&type->stored, NULL);
}

void
tally_end(const TallyReader *reader, const TallyType *type)
{
	if (reader->damaged)
		stored_type_damaged(&type->stored, NULL);
}

static bool
in_range(const TallyEntry *entry, const TallyType *type)
{
	return entry->key >= tally_key(type->least) && entry->key <= tally_key(type->greatest) &&
		(type->classes == 2 || entry->count[1] == 0);
}

/* Input and output. */

struct varlena *
tally_parse(const StoredType *stored, char *text)
{
	const TallyType *type = (const TallyType *) stored;
	TallyPool	pool;
	TallyText	reader;
	TallyHead	head = {0};
	TallyEntry	entry;

	tally_pool_init(&pool, CurrentMemoryContext);
	tally_text_open(&reader, text, type->classes, head.excluded);
	while (tally_text_next(&reader, &entry))
	{
		CHECK_FOR_INTERRUPTS();
		if (!in_range(&entry, type))
		{
			reader.fault = psprintf("the value is not from %g to %g", type->least, type->greatest);
			break;
		}
		head.total[0] += entry.count[0];
		head.total[1] += entry.count[1];
		if (!tally_head_fits(&head))
			tally_too_many_rows();
		tally_pool_add(&pool, &entry);
	}
	if (reader.fault)
		stored_type_bad_text_at(stored, text, reader.at, reader.fault, ERRCODE_INVALID_TEXT_REPRESENTATION);
	return value_of_pool(&pool, type, head.excluded);
}

static void
append_count(StringInfo text, char before, int64 count)
{
	char		digits[MAXINT8LEN + 1];

	appendStringInfoChar(text, before);
	appendBinaryStringInfo(text, digits, pg_lltoa(count, digits));
}

char *
tally_print(const StoredType *stored, struct varlena *value)
{
	const TallyType *type = (const TallyType *) stored;
	TallyReader reader;
	TallyEntry	entry;
	StringInfoData text;
	int			i;

	initStringInfo(&text);
	tally_begin(&reader, value, type);
	for (i = 0; i < TALLY_EXCLUSIONS; i++)
		if (reader.head.excluded[i] > 0)
			break;
	if (i < TALLY_EXCLUSIONS)
	{
		appendStringInfoString(&text, "excluded");
		for (i = 0; i < TALLY_EXCLUSIONS; i++)
			append_count(&text, i == 0 ? ' ' : '/', reader.head.excluded[i]);
	}
	else if (reader.head.distinct == 0)
		appendStringInfoString(&text, "empty");
	while (tally_next(&reader, &entry))
	{
		char		number[DOUBLE_SHORTEST_DECIMAL_LEN];

		CHECK_FOR_INTERRUPTS();
		if (text.len > 0)
			appendStringInfoString(&text, "; ");
		double_to_shortest_decimal_buf(tally_value(entry.key), number);
		appendStringInfoString(&text, number);
		append_count(&text, ' ', entry.count[0]);
		if (type->classes == 2)
			append_count(&text, '/', entry.count[1]);
	}
	tally_end(&reader, type);
	return text.data;
}

struct varlena *
tally_receive(const StoredType *stored, const uint8_t *bytes, size_t length, TextRecode recode)
{
	const TallyType *type = (const TallyType *) stored;
	struct varlena *value;
	TallyReader reader;
	TallyEntry	entry;
	ByteWriter	writer;

	tally_open(&reader, bytes, length);
	while (tally_next(&reader, &entry))
	{
		CHECK_FOR_INTERRUPTS();
		if (!in_range(&entry, type))
			reader.damaged = true;
	}
	if (reader.damaged)
		return NULL;
	value = stored_type_allocate(length, &writer);
	write_bytes(&writer, bytes, length);
	return value;
}

/*
 * Merging. A value that grows over many merges is an expanded object, a pool of
 * entries, and becomes bytes when somebody wants them.
 */
typedef struct ExpandedTally
{
	ExpandedObjectHeader header;
	const TallyType *type;
	TallyHead	head;
	TallyPool	pool;
	struct varlena *flat;		/* the bytes, once they were asked for */
} ExpandedTally;

static Size
expanded_flat_size(ExpandedObjectHeader *header)
{
	ExpandedTally *expanded = (ExpandedTally *) header;

	if (expanded->flat == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(header->eoh_context);

		expanded->flat = value_of_pool(&expanded->pool, expanded->type, expanded->head.excluded);
		MemoryContextSwitchTo(old);
	}
	return VARSIZE(expanded->flat);
}

static void
expanded_flatten(ExpandedObjectHeader *header, void *result, Size allocated)
{
	ExpandedTally *expanded = (ExpandedTally *) header;

	Assert(allocated == VARSIZE(expanded->flat));
	memcpy(result, expanded->flat, allocated);
}

static const ExpandedObjectMethods expanded_methods = {
	expanded_flat_size,
	expanded_flatten
};

/* Adds the rows of a value to a pool whose head is given. */
static void
add_value(TallyPool *pool, TallyHead *head, struct varlena *value, const TallyType *type)
{
	TallyReader reader;
	TallyEntry	entry;

	tally_begin(&reader, value, type);
	tally_add_head(head, &reader.head);
	if (!tally_head_fits(head))
		tally_too_many_rows();
	while (tally_next(&reader, &entry))
	{
		CHECK_FOR_INTERRUPTS();
		tally_pool_add(pool, &entry);
	}
	tally_end(&reader, type);
	if (pool->count > 2 * TALLY_MAX_DISTINCT)
	{
		tally_pool_collapse(pool);
		if (pool->count > TALLY_MAX_DISTINCT)
			too_many_values(type);
	}
}

static struct varlena *
merge_flat(struct varlena *a, struct varlena *b, const TallyType *type)
{
	TallyHead	head = {0};
	TallyPool	pool;
	struct varlena *value;

	tally_pool_init(&pool, CurrentMemoryContext);
	add_value(&pool, &head, a, type);
	add_value(&pool, &head, b, type);
	value = value_of_pool(&pool, type, head.excluded);
	if (pool.entries)
		pfree(pool.entries);
	return value;
}

Datum
tally_merge_values(FunctionCallInfo fcinfo, const TallyType *type)
{
	Datum		target = PG_GETARG_DATUM(0);
	struct varlena *added = PG_GETARG_VARLENA_PP(1);
	ExpandedTally *expanded;

	if (VARATT_IS_EXTERNAL_EXPANDED_RW(DatumGetPointer(target)))
	{
		expanded = (ExpandedTally *) DatumGetEOHP(target);
		if (expanded->flat)
			pfree(expanded->flat);
		expanded->flat = NULL;
	}
	else
	{
		struct varlena *flat = PG_GETARG_VARLENA_PP(0);
		MemoryContext parent;
		MemoryContext context;

		if (VARSIZE_ANY(added) <= MERGE_FLAT_BYTES && VARSIZE_ANY(flat) <= MERGE_FLAT_BYTES)
			PG_RETURN_POINTER(merge_flat(flat, added, type));
		if (!AggCheckCallContext(fcinfo, &parent))
			parent = CurrentMemoryContext;
		context = AllocSetContextCreate(parent, "agririsk tally", ALLOCSET_START_SMALL_SIZES);
		expanded = MemoryContextAllocZero(context, sizeof *expanded);
		EOH_init_header(&expanded->header, &expanded_methods, context);
		expanded->type = type;
		tally_pool_init(&expanded->pool, context);
		add_value(&expanded->pool, &expanded->head, flat, type);
	}
	add_value(&expanded->pool, &expanded->head, added, type);
	PG_RETURN_DATUM(EOHPGetRWDatum(&expanded->header));
}
