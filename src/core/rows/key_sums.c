/*
 * key_sums.c
 *		A hash table from keys (bytes) to exact sums.
 *
 * One aggregate has a hundred thousand tables of three keys, another one table
 * of a million. So up to KEYS_WITHOUT_SLOTS keys are simply searched in turn,
 * and only a larger table gets slots (open addressing, linear probing, half
 * full at most).
 */
#include "postgres.h"

#include "agririsk.h"
#include "core/rows/key_sums.h"

#include "common/hashfn.h"
#include "miscadmin.h"
#include "port/pg_bitutils.h"

#define KEYS_WITHOUT_SLOTS	8
#define FIRST_KEYS			4
#define FIRST_BYTES			64

KeySums *
key_sums_create(MemoryContext context)
{
	KeySums    *sums = MemoryContextAllocZero(context, sizeof(KeySums));

	sums->context = context;
	return sums;
}

static bool
is_key(const KeySums *sums, uint32 i, uint32 hash, const char *key, uint32 length)
{
	return sums->keys[i].hash == hash &&
		sums->keys[i].key_length == length &&
		memcmp(key_sums_key(sums, i), key, length) == 0;
}

/* The first free slot for a hash. */
static uint32
free_slot(const KeySums *sums, uint32 hash)
{
	uint32		slot = hash & sums->slot_mask;

	while (sums->slots[slot] != 0)
		slot = (slot + 1) & sums->slot_mask;
	return slot;
}

static void
make_slots(KeySums *sums, uint32 number)
{
	uint32		i;

	if (sums->slots)
		pfree(sums->slots);
	sums->slots = MemoryContextAllocZero(sums->context, number * sizeof(uint32));
	sums->slot_mask = number - 1;
	for (i = 0; i < sums->count; i++)
		sums->slots[free_slot(sums, sums->keys[i].hash)] = i + 1;
}

/* Memory for a first time, or more of it. */
static void *
grow(MemoryContext context, void *old, Size size)
{
	return old ? repalloc(old, size) : MemoryContextAlloc(context, size);
}

static KeySum *
append_key(KeySums *sums, uint32 hash, const char *key, uint32 length)
{
	KeySum	   *added;

	if (sums->count == sums->room)
	{
		uint32		room = sums->room ? 2 * sums->room : FIRST_KEYS;

		sums->keys = grow(sums->context, sums->keys, room * sizeof(KeySum));
		sums->room = room;
	}
	if (sums->bytes == NULL || length > sums->bytes_room - sums->bytes_used)
	{
		uint32		room = pg_nextpower2_32(Max(sums->bytes_used + length, FIRST_BYTES));

		sums->bytes = grow(sums->context, sums->bytes, room);
		sums->bytes_room = room;
	}
	if (sums->count >= KEYS_WITHOUT_SLOTS &&
		(sums->slots == NULL || sums->count > sums->slot_mask / 2))
		make_slots(sums, pg_nextpower2_32(sums->count + 1) * 2);

	added = &sums->keys[sums->count];
	added->hash = hash;
	added->key_at = sums->bytes_used;
	added->key_length = length;
	added->parts = 0;
	added->room = 0;
	if (length > 0)
		memcpy(sums->bytes + sums->bytes_used, key, length);
	sums->bytes_used += length;
	sums->count++;
	if (sums->slots)
		sums->slots[free_slot(sums, hash)] = sums->count;
	return added;
}

static KeySum *
find_key(KeySums *sums, const char *key, uint32 length)
{
	uint32		hash = hash_bytes((const unsigned char *) key, length);
	uint32		i;

	if (sums->slots)
	{
		uint32		slot = hash & sums->slot_mask;

		for (; (i = sums->slots[slot]) != 0; slot = (slot + 1) & sums->slot_mask)
			if (is_key(sums, i - 1, hash, key, length))
				return &sums->keys[i - 1];
	}
	else
	{
		for (i = 0; i < sums->count; i++)
			if (is_key(sums, i, hash, key, length))
				return &sums->keys[i];
	}
	return append_key(sums, hash, key, length);
}

/* Puts a sum back that is longer than its place. */
static void
store_parts(KeySums *sums, KeySum *key, const double *part, int parts)
{
	if (parts > (key->room > 0 ? key->room : KEY_SUM_INLINE))
	{
		uint16		room = pg_nextpower2_32(parts);

		key->sum.more = grow(sums->context, key->room > 0 ? key->sum.more : NULL,
							 room * sizeof(double));
		key->room = room;
	}
	memcpy(key->room > 0 ? key->sum.more : key->sum.part, part, parts * sizeof(double));
	key->parts = parts;
}

bool
key_sums_add(KeySums *sums, const char *key, uint32 length, const double *part, int parts)
{
	KeySum	   *found = find_key(sums, key, length);
	double		sum[EXACT_SUM_PARTS + 1];
	int			n = found->parts;
	int			i;

	memcpy(sum, found->room > 0 ? found->sum.more : found->sum.part, n * sizeof(double));
	for (i = parts - 1; i >= 0; i--)
	{
		n = exact_sum_add(sum, n, part[i]);
		if (n < 0)
			return false;
	}
	store_parts(sums, found, sum, n);
	return true;
}

bool
key_sums_add_count(KeySums *sums, const char *key, uint32 length, int64 count)
{
	double		part[2];
	int			parts = 0;

	/* High bits first, as in a canonical sum. */
	if (count >> 32 != 0)
		part[parts++] = (double) (count >> 32) * 4294967296.0;
	if ((count & 0xffffffff) != 0)
		part[parts++] = (double) (count & 0xffffffff);
	return key_sums_add(sums, key, length, part, parts);
}

uint32
key_sums_find(KeySums *sums, const char *key, uint32 length)
{
	return find_key(sums, key, length) - sums->keys;
}

int64
key_sums_count(const KeySums *sums, uint32 i)
{
	int64		count = 0;
	int			k;

	for (k = 0; k < sums->keys[i].parts; k++)
		count += (int64) key_sums_parts(sums, i)[k];
	return count;
}

/* Most comparisons are decided by the first eight bytes, beside the index. */
typedef struct SortKey
{
	uint64		prefix;
	uint32		index;
} SortKey;

static uint64
key_prefix(const char *key, uint32 length)
{
	uint64		prefix = 0;
	uint32		i;

	for (i = 0; i < 8; i++)
		prefix = prefix << 8 | (i < length ? (unsigned char) key[i] : 0);
	return prefix;
}

static int
compare_keys(const void *left, const void *right, void *table)
{
	const SortKey *a = left;
	const SortKey *b = right;
	const KeySums *sums = table;
	uint32		a_length,
				b_length;
	int			order;

	CHECK_FOR_INTERRUPTS();
	if (a->prefix != b->prefix)
		return a->prefix < b->prefix ? -1 : 1;
	a_length = sums->keys[a->index].key_length;
	b_length = sums->keys[b->index].key_length;
	order = memcmp(key_sums_key(sums, a->index), key_sums_key(sums, b->index),
				   Min(a_length, b_length));
	return order != 0 ? order : (a_length > b_length) - (a_length < b_length);
}

uint32 *
key_sums_order(const KeySums *sums)
{
	SortKey    *keys = palloc((sums->count + 1) * sizeof(SortKey));
	uint32	   *order = palloc((sums->count + 1) * sizeof(uint32));
	uint32		i;

	for (i = 0; i < sums->count; i++)
	{
		keys[i].prefix = key_prefix(key_sums_key(sums, i), sums->keys[i].key_length);
		keys[i].index = i;
	}
	qsort_arg(keys, sums->count, sizeof(SortKey), compare_keys, unconstify(KeySums *, sums));
	for (i = 0; i < sums->count; i++)
		order[i] = keys[i].index;
	pfree(keys);
	return order;
}
