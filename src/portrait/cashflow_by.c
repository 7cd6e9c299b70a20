/*
 * cashflow_by.c
 *		The cash flow of every key of a query, in one pass over its rows.
 *
 * GROUP BY over rows in random order fetches a farmer's state from memory for
 * each row, and waits for it. Here a row is appended, 24 bytes, to one of some
 * hundred partitions by the hash of its key; afterwards each partition fits
 * the cache, where its rows are brought together by key and day.
 */
#include "postgres.h"

#include "agririsk.h"

#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "port/pg_bitutils.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "core/sql/key.h"
#include "core/sql/record.h"
#include "core/rows/spill.h"
#include "portrait/cashflow.h"

#define MAX_PARTITIONS	256
#define MAX_HASH_BITS	32

/* More would gain nothing, and rows of a partition are counted by int. */
#define MAX_MEMORY		((Size) 16 << 30)

/* The day of a row that is ignored, but whose key still counts as a group. */
#define NO_DAY			PG_INT32_MIN

/*
 * One row. An integer key is `key` itself. Of any other, `key` is a hash, and
 * its bytes follow the event in a partition, padded to eight; `name` is their
 * number, and once the partition is loaded, where they are.
 */
typedef struct Event
{
	uint64		key;
	int64		units;
	int32		day;
	uint32		name;
} Event;

/* The bytes of a key of a loaded partition. */
typedef struct KeyName
{
	uint32		length;
	char		bytes[FLEXIBLE_ARRAY_MEMBER];
} KeyName;

typedef struct Collector
{
	QueryReader reader;
	Oid			key_type;		/* of the result */
	bool		named;			/* keys are not integers */
	Oid			query_key_type;
	int64		(*to_units) (Datum);
	int64		rows;
	MemoryContext scratch;		/* for a few rows */
	Spill	   *spill;			/* the last partition is that of the NULL key */
	int			bits;			/* log2 of the number of the others */
	Tuplestorestate *result;
	TupleDesc	result_row;

	/* Room that is used again and again. */
	CashMonth  *months;
	int			months_room;
	bytea	   *stored;
	Size		stored_room;
} Collector;

/* A group whose rows came in several loads. */
typedef struct KeyGroup
{
	KeyName    *name;
	Event		first;
	CashMonth  *months;
	int			count;
} KeyGroup;

/* Receiving rows. */

static void
start_rows(QueryReader *reader, TupleDesc row)
{
	Collector  *c = (Collector *) reader;
	Oid			amount = getBaseType(TupleDescAttr(row, 2)->atttypid);

	c->query_key_type = agr_check_key(reader, row, 0, c->key_type);
	if (getBaseType(TupleDescAttr(row, 1)->atttypid) != DATEOID)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("second column of events must be a date"),
				 errdetail("It is %s.", format_type_be(TupleDescAttr(row, 1)->atttypid)),
				 errhint("Say in which time zone: (paid_at at time zone 'Asia/Shanghai')::date.")));
	if (amount != FLOAT8OID && amount != NUMERICOID)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("third column of events must be numeric or double precision"),
				 errdetail("It is %s.", format_type_be(TupleDescAttr(row, 2)->atttypid)),
				 errhint("Cast the amount to numeric.")));
	c->to_units = amount == FLOAT8OID ? cash_units_from_float8 : cash_units_from_numeric;
}

/* Spreads every bit of an integer over all (the finalizer of MurmurHash3). */
static inline uint64
mix(uint64 x)
{
	x ^= x >> 33;
	x *= UINT64CONST(0xff51afd7ed558ccd);
	x ^= x >> 33;
	x *= UINT64CONST(0xc4ceb9fe1a85ec53);
	return x ^ x >> 33;
}

static inline uint64
event_hash(const Collector *c, const Event *event)
{
	return c->named ? event->key : mix(event->key);
}

/* Appends a row whose key is bytes. */
static void
append_named(Collector *c, Datum key, Event *event)
{
	Size		length;
	const char *bytes = agr_key_bytes(c->query_key_type, key, &length);
	int			partition;
	char	   *place;

	if (length > SPILL_MAX_RECORD - sizeof(Event) - MAXIMUM_ALIGNOF)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("key of events is too long"),
				 errdetail("The key has %zu bytes. At most %zu are possible.", length,
						   SPILL_MAX_RECORD - sizeof(Event) - MAXIMUM_ALIGNOF),
				 errhint("Use a shorter key, such as md5(key)::uuid.")));
	event->key = hash_bytes_extended((const unsigned char *) bytes, length, 0);
	event->name = length;
	partition = event->key >> (64 - c->bits);
	place = spill_append(c->spill, partition, sizeof(Event) + MAXALIGN(length));
	memcpy(place, event, sizeof(Event));
	memcpy(place + sizeof(Event), bytes, length);
}

static void
take_row(QueryReader *reader, const Datum *value, const bool *null)
{
	Collector  *c = (Collector *) reader;
	Event		event = {0, 0, NO_DAY, 0};

	if (!null[1] && !null[2])
	{
		event.day = DatumGetDateADT(value[1]);
		if (!cash_is_date(event.day))
			cash_bad_date(event.day);
		if (c->to_units == cash_units_from_float8)
			event.units = cash_units_from_float8(value[2]);
		else
		{
			MemoryContext old = MemoryContextSwitchTo(c->scratch);

			event.units = c->to_units(value[2]);
			MemoryContextSwitchTo(old);
		}
	}
	if (null[0])
		memcpy(spill_append(c->spill, c->spill->partitions - 1, sizeof event),
			   &event, sizeof event);
	else if (c->named)
	{
		MemoryContext old = MemoryContextSwitchTo(c->scratch);

		append_named(c, value[0], &event);
		MemoryContextSwitchTo(old);
	}
	else
	{
		int			partition;

		event.key = (uint64) agr_get_integer(c->query_key_type, value[0]);
		partition = mix(event.key) >> (64 - c->bits);
		memcpy(spill_append(c->spill, partition, sizeof event), &event, sizeof event);
	}
	if (c->rows++ % 128 == 127)
		MemoryContextReset(c->scratch);
}

/* Bringing the rows of a partition together. */

static const KeyName *
event_name(const char *names, const Event *event)
{
	return (const KeyName *) (names + (Size) event->name * MAXIMUM_ALIGNOF);
}

/* The order of keys, with `names` where they are not integers. */
static int
compare_keys(const Event *a, const Event *b, const char *names)
{
	const KeyName *a_name;
	const KeyName *b_name;

	if (a->key != b->key)
		return a->key < b->key ? -1 : 1;
	if (names == NULL || a->name == b->name)
		return 0;
	a_name = event_name(names, a);
	b_name = event_name(names, b);
	if (a_name->length != b_name->length)
		return a_name->length < b_name->length ? -1 : 1;
	return memcmp(a_name->bytes, b_name->bytes, a_name->length);
}

static int
compare_events(const void *a, const void *b, void *names)
{
	const Event *left = a;
	const Event *right = b;
	int			order = compare_keys(left, right, names);

	return order != 0 ? order : (left->day > right->day) - (left->day < right->day);
}

/* Few events: a farmer's or two. */
static void
insertion_sort(Event *events, int count, const char *names)
{
	int			i;

	for (i = 1; i < count; i++)
	{
		Event		event = events[i];
		int			j = i;

		while (j > 0 && compare_events(&event, &events[j - 1], unconstify(char *, names)) < 0)
		{
			events[j] = events[j - 1];
			j--;
		}
		events[j] = event;
	}
}

/*
 * Sorts by key and day: events fall into about as many buckets as there may be
 * farmers, by bits of the hash that partitions do not look at. Result in `to`.
 */
static void
sort_events(const Collector *c, const Event *from, Event *to, int count, const char *names)
{
	int			buckets = pg_nextpower2_32(Max(count / 8, 1));
	uint32	   *end = palloc0((buckets + 1) * sizeof(uint32));
	int			start = 0;
	int			i;

	for (i = 0; i < count; i++)
		end[event_hash(c, &from[i]) & (buckets - 1)]++;
	for (i = 0; i < buckets; i++)
	{
		int			size = end[i];

		end[i] = start;
		start += size;
	}
	for (i = 0; i < count; i++)
		to[end[event_hash(c, &from[i]) & (buckets - 1)]++] = from[i];
	start = 0;
	for (i = 0; i < buckets; i++)
	{
		int			size = end[i] - start;

		if (size <= 64)
			insertion_sort(to + start, size, names);
		else
			qsort_arg(to + start, size, sizeof(Event), compare_events, unconstify(char *, names));
		start = end[i];
	}
	pfree(end);
}

/* The months of events of one key, sorted by day; their number. */
static int
fold_events(Collector *c, const Event *event, const Event *end)
{
	int			count = 0;
	int32		month_start = 0,
				month_end = CALENDAR_DAY_MIN;

	for (; event < end; event++)
	{
		if (event->day == NO_DAY)
			continue;
		if (event->day >= month_end)
		{
			if (count == c->months_room)
			{
				c->months_room *= 2;
				c->months = repalloc(c->months, c->months_room * sizeof(CashMonth));
			}
			memset(&c->months[count], 0, sizeof(CashMonth));
			c->months[count++].month = calendar_month_of(event->day, &month_start, &month_end);
		}
		if (!cash_month_add(&c->months[count - 1], event->day - month_start + 1, event->units))
			cash_sum_overflow(c->months[count - 1].month);
	}
	return count;
}

static void
put_group(Collector *c, const Event *event, const KeyName *name, bool null_key,
		  const CashMonth *months, int count)
{
	Size		bound = VARHDRSZ + cashflow_encoded_bound(count);
	Datum		values[2] = {0, 0};
	bool		nulls[2] = {null_key, count == 0};

	if (bound > c->stored_room)
	{
		c->stored_room = 2 * bound;
		pfree(c->stored);
		c->stored = palloc(c->stored_room);
	}
	if (!null_key)
		values[0] = c->named ? agr_named_key(c->key_type, name->bytes, name->length) :
			agr_integer_key(c->key_type, (int64) event->key);
	if (count > 0)
	{
		SET_VARSIZE(c->stored, VARHDRSZ +
					cashflow_encode(months, count, (uint8_t *) VARDATA(c->stored)));
		values[1] = PointerGetDatum(c->stored);
	}
	tuplestore_putvalues(c->result, c->result_row, values, nulls);
	if (!null_key && agr_is_text(c->key_type))
		pfree(DatumGetPointer(values[0]));
}

/* The group of a key, among those that several loads have touched. */
static KeyGroup *
find_group(List **groups, const Event *event, const KeyName *name)
{
	ListCell   *cell;
	KeyGroup	   *group;

	foreach(cell, *groups)
	{
		group = lfirst(cell);
		if (group->first.key == event->key &&
			(name == NULL || (name->length == group->name->length &&
							  memcmp(name->bytes, group->name->bytes, name->length) == 0)))
			return group;
	}
	group = palloc0(sizeof *group);
	group->first = *event;
	if (name)
	{
		group->name = palloc(offsetof(KeyName, bytes) + name->length);
		memcpy(group->name, name, offsetof(KeyName, bytes) + name->length);
	}
	*groups = lappend(*groups, group);
	return group;
}

/* Loaded events, brought together; put out, or into `groups` if there is more to come. */
static void
finish_load(Collector *c, const Event *loaded, int count, const char *names, bool null_key,
			List **groups)
{
	Event	   *events = MemoryContextAllocHuge(CurrentMemoryContext, count * sizeof(Event));
	const Event *first = events;
	const Event *end = events + count;

	sort_events(c, loaded, events, count, names);
	while (first < end)
	{
		const Event *next = first + 1;
		const KeyName *name = names ? event_name(names, first) : NULL;
		int			months;

		while (next < end && compare_keys(first, next, names) == 0)
			next++;
		months = fold_events(c, first, next);
		if (groups == NULL)
			put_group(c, first, name, null_key, c->months, months);
		else
		{
			KeyGroup	   *group = find_group(groups, first, name);
			CashMonth  *before = group->months;

			group->months = cashflow_merge_months(before, group->count, c->months, months,
												  &group->count);
			if (before)
				pfree(before);
		}
		first = next;
	}
	pfree(events);
}

/*
 * Reads a partition, as much of it at a time as `limit` bytes allow; all of it
 * at once if `groups` is NULL.
 */
static void
load_partition(Collector *c, Spill *spill, int partition, Size limit, bool null_key,
			   List **groups)
{
	bool		named = c->named && !null_key;
	Size		size = groups ? limit + SPILL_BLOCK : spill->bytes[partition];
	Event	   *events = MemoryContextAllocHuge(CurrentMemoryContext, size + 1);
	char	   *names = named ? MemoryContextAllocHuge(CurrentMemoryContext, size + 1) : NULL;
	SpillReader reader;
	Size		names_size = 0;
	int			count = 0;

	for (spill_read(spill, partition, &reader); reader.block; spill_next(&reader))
	{
		const char *at = reader.block->data;
		const char *end = at + reader.block->used;

		while (named && at < end)
		{
			Event	   *event = &events[count++];
			KeyName    *name = (KeyName *) (names + names_size);

			memcpy(event, at, sizeof(Event));
			at += sizeof(Event);
			name->length = event->name;
			memcpy(name->bytes, at, name->length);
			at += MAXALIGN(name->length);
			event->name = names_size / MAXIMUM_ALIGNOF;
			names_size += MAXALIGN(offsetof(KeyName, bytes) + name->length);
		}
		if (!named)
		{
			memcpy(&events[count], at, end - at);
			count += (end - at) / sizeof(Event);
		}
		if (groups && (Size) count * sizeof(Event) + names_size > limit)
		{
			finish_load(c, events, count, names, null_key, groups);
			count = 0;
			names_size = 0;
		}
	}
	finish_load(c, events, count, names, null_key, groups);
	pfree(events);
	if (names)
		pfree(names);
}

/* The number of partitions whose open blocks take half of the memory. */
static int
partition_bits(Size memory)
{
	Size		partitions = memory / 2 / SPILL_BLOCK;

	return pg_leftmost_one_pos64(Max(4, Min(partitions, MAX_PARTITIONS)));
}

/*
 * Puts out the groups of a partition. One that does not fit is sorted apart
 * again by further bits of the hash; unless that cannot help, because its rows
 * are mostly of one key: then they are merged load by load.
 */
static void
finish_partition(Collector *c, Spill *spill, int partition, Size memory, bool null_key, int bits_used)
{
	Size		size = spill->bytes[partition];
	Spill	   *finer;
	SpillReader reader;
	int			bits = partition_bits(memory);
	int			i;

	if (size == 0)
		return;
	if (size <= memory / 4)
	{
		load_partition(c, spill, partition, 0, null_key, NULL);
		return;
	}
	if (null_key || bits_used + bits > MAX_HASH_BITS)
	{
		List	   *groups = NIL;
		ListCell   *cell;

		load_partition(c, spill, partition, memory / 4, null_key, &groups);
		foreach(cell, groups)
		{
			KeyGroup	   *group = lfirst(cell);

			put_group(c, &group->first, group->name, null_key, group->months, group->count);
		}
		return;
	}

	finer = spill_create(1 << bits, memory / 2);
	for (spill_read(spill, partition, &reader); reader.block; spill_next(&reader))
	{
		const char *at = reader.block->data;
		const char *end = at + reader.block->used;

		while (at < end)
		{
			const Event *event = (const Event *) at;
			Size		length = sizeof(Event) + (c->named ? MAXALIGN(event->name) : 0);
			int			child = event_hash(c, event) << bits_used >> (64 - bits);

			memcpy(spill_append(finer, child, length), at, length);
			at += length;
		}
	}
	for (i = 0; i < finer->partitions; i++)
	{
		/* What did not come apart at all will not. */
		finish_partition(c, finer, i, memory, false,
						 finer->bytes[i] == size ? MAX_HASH_BITS : bits_used + bits);
	}
	spill_free(finer);
}

AGR_FUNCTION(agririsk_cashflow_by);
Datum
agririsk_cashflow_by(PG_FUNCTION_ARGS)
{
	Size		memory = Min((Size) work_mem * 1024, MAX_MEMORY);
	MemoryContext context;
	MemoryContext old;
	Collector	c = {0};
	int			i;

	c.key_type = PG_NARGS() == 1 ? INT8OID : agr_key_type(fcinfo, 1, "cashflow_by");
	c.named = !agr_is_integer(c.key_type);

	c.result = agr_begin_rows(fcinfo, work_mem, &c.result_row);
	if (PG_ARGISNULL(0))
		return (Datum) 0;

	context = AllocSetContextCreate(CurrentMemoryContext, "cashflow_by", ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(context);
	c.reader.argument = "events";
	c.reader.columns = "key, date and amount";
	c.reader.fewest = c.reader.most = 3;
	c.reader.start = start_rows;
	c.reader.take = take_row;
	c.scratch = AllocSetContextCreate(context, "cashflow_by rows", ALLOCSET_DEFAULT_SIZES);
	c.bits = partition_bits(memory);
	c.spill = spill_create((1 << c.bits) + 1, memory);
	c.months_room = 64;
	c.months = palloc(c.months_room * sizeof(CashMonth));
	c.stored_room = 1024;
	c.stored = palloc(c.stored_room);
	agr_read_query(&c.reader, text_to_cstring(PG_GETARG_TEXT_PP(0)));
	for (i = 0; i <= 1 << c.bits; i++)
		finish_partition(&c, c.spill, i, memory, i == 1 << c.bits, c.bits);
	spill_free(c.spill);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
	return (Datum) 0;
}
