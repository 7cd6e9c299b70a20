/*
 * tally.c
 *		Numbers counted by value and class, sorted: aggregates in bounded memory.
 */
#include "postgres.h"

#include "agririsk.h"
#include "core/rows/tally.h"

#include "miscadmin.h"
#include "utils/memutils.h"

/* Buffers begin so small, for the sake of many small groups. */
#define FIRST_KEYS			16
#define FIRST_ENTRIES		8

/* From this many keys on, it may pay to put equal ones together. */
#define COLLAPSE_KEYS		4096

/* Of a run that is read: at least, so that a merge of many runs fits, and at most. */
#define LEAST_RUN_BUFFER	1024
#define MOST_RUN_BUFFER		(256 * 1024)
#define WRITE_BUFFER		8192

/* Errors. */

void
tally_too_many_rows(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("too many rows"),
			 errdetail("The weights sum to more than %lld.", (long long) TALLY_MAX_TOTAL),
			 errhint("A weight is a whole number of equal rows. Give the weights in a larger unit, such as thousands.")));
}

/* Pools. */

void
tally_pool_init(TallyPool *pool, MemoryContext context)
{
	pool->context = context;
	pool->entries = NULL;
	pool->count = 0;
	pool->room = 0;
}

static void
pool_set_room(TallyPool *pool, int64 room)
{
	Size		size = room * sizeof(TallyEntry);

	if (pool->entries == NULL)
		pool->entries = MemoryContextAllocHuge(pool->context, size);
	else
		pool->entries = repalloc_huge(pool->entries, size);
	pool->room = room;
}

/* Sorts the entries and puts those of equal values together. */
void
tally_pool_collapse(TallyPool *pool)
{
	TallyEntry *scratch;

	if (pool->count < 2)
		return;
	scratch = MemoryContextAllocHuge(CurrentMemoryContext, pool->count * sizeof(TallyEntry));
	pool->count = tally_sort_entries(pool->entries, pool->count, scratch, agr_check_interrupts);
	pfree(scratch);
}

/* Adds an entry to a pool that no budget bounds. */
void
tally_pool_add(TallyPool *pool, const TallyEntry *entry)
{
	if (pool->count == pool->room)
	{
		tally_pool_collapse(pool);
		if (pool->count >= pool->room / 2)
			pool_set_room(pool, Max(2 * pool->room, FIRST_ENTRIES));
	}
	pool->entries[pool->count++] = *entry;
}

static void
pool_sources(const TallyPool *pool, TallySources *sources)
{
	memset(sources, 0, sizeof *sources);
	sources->entries = pool->entries;
	sources->entries_end = pool->entries + pool->count;
}

/* Tallies: gathering rows. */

static void evict(BudgetMember *member);

static void
begin_tally(Tally *tally, MemoryContext context)
{
	memset(tally, 0, sizeof *tally);
	tally->context = context;
	tally_pool_init(&tally->pool, context);
}

void
tally_init(Tally *tally, FunctionCallInfo fcinfo)
{
	/* Half for the rows, the other for sorting or merging those of one group. */
	NodeBudget *budget = node_budget(fcinfo, (Size) work_mem * 1024 / 2);
	MemoryContext context;

	if (!AggCheckCallContext(fcinfo, &context))
		elog(ERROR, "a tally is an aggregate's");
	begin_tally(tally, context);
	budget_join(budget, fcinfo, &tally->member, evict);
}

void
tally_init_within(Tally *tally, NodeBudget *budget, MemoryContext context)
{
	begin_tally(tally, context);
	budget_join(budget, NULL, &tally->member, evict);
}

static void
drop_memory(Tally *tally)
{
	if (tally->keys)
		pfree(tally->keys);
	tally->keys = NULL;
	tally->room = 0;
	if (tally->pool.entries)
		pfree(tally->pool.entries);
	tally_pool_init(&tally->pool, tally->context);
}

void
tally_free(Tally *tally)
{
	budget_leave(&tally->member);
	drop_memory(tally);
	if (tally->runs)
		pfree(tally->runs);
	tally->runs = NULL;
}

static void
set_room(Tally *tally, int64 room)
{
	int64		used = tally->used[1];
	int64		more = room - tally->room;

	if (tally->keys == NULL)
		tally->keys = MemoryContextAllocHuge(tally->context, room * sizeof(uint64));
	else
		tally->keys = repalloc_huge(tally->keys, room * sizeof(uint64));
	memmove(tally->keys + room - used, tally->keys + tally->room - used, used * sizeof(uint64));
	tally->room = room;
	budget_count(&tally->member, more * (int64) sizeof(uint64));
}

static void
drop_keys(Tally *tally)
{
	int			class;

	for (class = 0; class < 2; class++)
	{
		tally->total[class] += tally->used[class];
		tally->used[class] = 0;
	}
}

/* Sorts all of a tally that is in memory, and gives it to be read. */
static void
sort_memory(Tally *tally, TallySources *sources)
{
	int64		larger = Max(tally->used[0], tally->used[1]);
	uint64	   *scratch;
	uint64	   *bads = tally->keys + tally->room - tally->used[1];

	tally_pool_collapse(&tally->pool);
	pool_sources(&tally->pool, sources);
	if (larger > 0)
	{
		scratch = MemoryContextAllocHuge(CurrentMemoryContext, larger * sizeof(uint64));
		tally_sort_keys(tally->keys, tally->used[0], scratch, agr_check_interrupts);
		tally_sort_keys(bads, tally->used[1], scratch, agr_check_interrupts);
		pfree(scratch);
		sources->keys[0] = tally->keys;
		sources->keys_end[0] = tally->keys + tally->used[0];
		sources->keys[1] = bads;
		sources->keys_end[1] = bads + tally->used[1];
	}
}

/*
 * Do values repeat so often that putting equal ones together leaves half of the
 * memory? Judged by the distinct ones d of a sample of m keys out of n: of D
 * values a sample shows about D * (1 - exp(-m / D)), and D should be n / 6 or
 * less, as an entry takes as much as three keys.
 */
static bool
looks_repetitive(const Tally *tally)
{
	uint64		sample[COLLAPSE_KEYS];
	uint64		scratch[COLLAPSE_KEYS];
	int64		stride = tally->room / COLLAPSE_KEYS;
	int64		wanted = tally->room / 6;
	int64		distinct = 1;
	int			i;

	for (i = 0; i < COLLAPSE_KEYS; i++)
		sample[i] = tally->keys[i * stride];
	tally_sort_keys(sample, COLLAPSE_KEYS, scratch, agr_check_interrupts);
	for (i = 1; i < COLLAPSE_KEYS; i++)
		distinct += sample[i] != sample[i - 1];
	return distinct <= Min(wanted, wanted * COLLAPSE_KEYS / (wanted + COLLAPSE_KEYS / 2));
}

/* Turns keys into entries, if that leaves half of the memory. */
static bool
collapse(Tally *tally)
{
	TallySources sources;
	TallySources again;
	TallyEntry	entry;
	TallyPool	pool;
	int64		before = tally->pool.room;
	int64		distinct = 0;

	sort_memory(tally, &sources);
	again = sources;
	while (tally_sources_next(&sources, &entry))
		distinct++;
	if (distinct * 2 * sizeof(TallyEntry) >
		tally->room * sizeof(uint64) + before * sizeof(TallyEntry))
		return false;
	tally_pool_init(&pool, tally->context);
	pool_set_room(&pool, distinct);
	while (tally_sources_next(&again, &entry))
		pool.entries[pool.count++] = entry;
	if (tally->pool.entries)
		pfree(tally->pool.entries);
	tally->pool = pool;
	budget_count(&tally->member, (pool.room - before) * (int64) sizeof(TallyEntry));
	drop_keys(tally);
	return true;
}

/* A key more than there is room for. */
void
tally_make_room(Tally *tally)
{
	NodeBudget *budget = tally->member.budget;
	int64		most = Max(budget_allowed(budget) / sizeof(uint64), FIRST_KEYS);
	int64		room = Max(2 * tally->room, FIRST_KEYS);

	CHECK_FOR_INTERRUPTS();
	if (tally->room >= COLLAPSE_KEYS && looks_repetitive(tally) && collapse(tally))
		return;

	/* Where doubling is too much, a little more may do; else it has to go. */
	if (room > most && most > tally->room + tally->room / 4)
		room = most;
	if (room > most)
		evict(&tally->member);
	else
		budget_make_way(budget, (room - tally->room) * sizeof(uint64));
	if (tally->room == 0)
		set_room(tally, FIRST_KEYS);
	else
		set_room(tally, room);
}

static void
add_entry(Tally *tally, const TallyEntry *entry)
{
	TallyPool  *pool = &tally->pool;
	NodeBudget *budget = tally->member.budget;

	if (pool->count == pool->room)
	{
		int64		most = Max(budget_allowed(budget) / sizeof(TallyEntry), FIRST_ENTRIES);
		int64		room = Max(2 * pool->room, FIRST_ENTRIES);

		CHECK_FOR_INTERRUPTS();
		tally_pool_collapse(pool);
		if (pool->count >= pool->room / 2)
		{
			if (room > most)
				evict(&tally->member);
			else
				budget_make_way(budget, (room - pool->room) * sizeof(TallyEntry));
			if (pool->room == 0)
				room = FIRST_ENTRIES;
			if (room > pool->room)
			{
				budget_count(&tally->member, (room - pool->room) * (int64) sizeof(TallyEntry));
				pool_set_room(pool, room);
			}
		}
	}
	pool->entries[pool->count++] = *entry;
}

void
tally_add_rows(Tally *tally, double value, int class, int64 weight)
{
	TallyEntry	entry;

	if (weight == 1)
	{
		tally_add(tally, value, class);
		return;
	}
	if (weight > TALLY_MAX_TOTAL - tally_total(tally, class))
		tally_too_many_rows();
	entry.key = tally_key(value);
	entry.count[class] = weight;
	entry.count[1 - class] = 0;
	tally->total[class] += weight;
	add_entry(tally, &entry);
}

void
tally_exclude(Tally *tally, TallyExclusion why, int64 weight)
{
	if (weight > TALLY_MAX_TOTAL - tally->excluded[why])
		tally_too_many_rows();
	tally->excluded[why] += weight;
}

/* Sorted runs in the file. */

typedef struct RunWriter
{
	Tally	   *tally;
	TallyRun	run;
	uint64		key;			/* written last */
	Size		used;
	uint8		buffer[WRITE_BUFFER];
} RunWriter;

static RunWriter *
begin_run(Tally *tally)
{
	RunWriter  *writer = palloc(sizeof *writer);

	writer->tally = tally;
	writer->run.at = budget_file_end(tally->member.budget);
	writer->run.bytes = 0;
	writer->key = 0;
	writer->used = 0;
	return writer;
}

static void
flush_run(RunWriter *writer)
{
	CHECK_FOR_INTERRUPTS();
	if (writer->used > 0)
		budget_write(&writer->tally->member, writer->buffer, writer->used);
	writer->run.bytes += writer->used;
	writer->used = 0;
}

static void
add_to_run(RunWriter *writer, const TallyEntry *entry)
{
	ByteWriter	bytes;

	if (writer->used > WRITE_BUFFER - TALLY_ENTRY_BYTES)
		flush_run(writer);
	bytes.buffer = writer->buffer;
	bytes.length = writer->used;
	tally_write_entry(&bytes, writer->key, entry);
	writer->key = entry->key;
	writer->used = bytes.length;
}

/* Puts the finished run behind the others of its tally. */
static void
end_run(RunWriter *writer)
{
	Tally	   *tally = writer->tally;

	flush_run(writer);
	if (tally->n_runs == tally->runs_room)
	{
		int			room = Max(2 * tally->runs_room, 4);

		if (tally->runs == NULL)
			tally->runs = MemoryContextAlloc(tally->context, room * sizeof(TallyRun));
		else
			tally->runs = repalloc(tally->runs, room * sizeof(TallyRun));
		tally->runs_room = room;
	}
	tally->runs[tally->n_runs++] = writer->run;
	pfree(writer);
}

/* Moves what a tally has in memory to the file. */
static void
evict(BudgetMember *member)
{
	Tally	   *tally = (Tally *) member;
	TallySources sources;
	TallyEntry	entry;
	RunWriter  *writer;

	sort_memory(tally, &sources);
	writer = begin_run(tally);
	while (tally_sources_next(&sources, &entry))
		add_to_run(writer, &entry);
	end_run(writer);
	drop_keys(tally);
	drop_memory(tally);
	budget_count(member, -(int64) member->bytes);
}

/* A run being read. */
typedef struct RunReader
{
	TallyEntry	entry;			/* the next one */
	int64		at;				/* of what follows the buffer */
	int64		left;			/* bytes that follow it */
	ByteReader	bytes;			/* in the buffer */
	uint8	   *buffer;
} RunReader;

/* The heap's first run has the smallest key. */
typedef struct TallyMerge
{
	NodeBudget *budget;
	Size		buffer_size;
	int			n;
	RunReader  *heap[FLEXIBLE_ARRAY_MEMBER];
} TallyMerge;

/* Reads the next entry of a run; false at its end. */
static bool
advance(TallyMerge *merge, RunReader *run, uint64 key)
{
	Size		rest = bytes_left(&run->bytes);

	if (rest < TALLY_ENTRY_BYTES && run->left > 0)
	{
		Size		more = Min(merge->buffer_size - rest, run->left);

		CHECK_FOR_INTERRUPTS();
		memmove(run->buffer, run->bytes.at, rest);
		budget_read(merge->budget, run->at, run->buffer + rest, more);
		run->bytes.at = run->buffer;
		run->bytes.end = run->buffer + rest + more;
		run->at += more;
		run->left -= more;
		rest += more;
	}
	if (rest == 0)
		return false;
	if (!tally_read_entry(&run->bytes, key, &run->entry))
		elog(ERROR, "invalid entry in a temporary file");
	return true;
}

static void
sift_down(TallyMerge *merge, int at)
{
	RunReader  *run = merge->heap[at];

	for (;;)
	{
		int			child = 2 * at + 1;

		if (child + 1 < merge->n &&
			merge->heap[child + 1]->entry.key < merge->heap[child]->entry.key)
			child++;
		if (child >= merge->n || merge->heap[child]->entry.key >= run->entry.key)
			break;
		merge->heap[at] = merge->heap[child];
		at = child;
	}
	merge->heap[at] = run;
}

static void
close_first(TallyMerge *merge)
{
	RunReader  *run = merge->heap[0];

	pfree(run->buffer);
	pfree(run);
	merge->heap[0] = merge->heap[--merge->n];
}

/* Begins to read the first n runs of a tally as one. */
static TallyMerge *
begin_merge(Tally *tally, int n)
{
	NodeBudget *budget = tally->member.budget;
	TallyMerge *merge = palloc(offsetof(TallyMerge, heap) + n * sizeof(RunReader *));
	int			i;

	merge->budget = budget;
	merge->buffer_size = Min(Max(budget_allowed(budget) / n, LEAST_RUN_BUFFER), MOST_RUN_BUFFER);
	merge->n = 0;
	for (i = 0; i < n; i++)
	{
		RunReader  *run = palloc0(sizeof *run);

		run->at = tally->runs[i].at;
		run->left = tally->runs[i].bytes;
		run->buffer = palloc(merge->buffer_size);
		run->bytes.at = run->bytes.end = run->buffer;
		if (!advance(merge, run, 0))
			elog(ERROR, "empty run in a temporary file");
		merge->heap[merge->n++] = run;
	}
	for (i = n / 2; i-- > 0;)
		sift_down(merge, i);
	return merge;
}

static void
advance_first(TallyMerge *merge)
{
	if (!advance(merge, merge->heap[0], merge->heap[0]->entry.key))
		close_first(merge);
	if (merge->n > 0)
		sift_down(merge, 0);
}

bool
tally_merge_next(TallyMerge *merge, TallyEntry *entry)
{
	if (merge->n == 0)
		return false;
	*entry = merge->heap[0]->entry;
	advance_first(merge);
	while (merge->n > 0 && merge->heap[0]->entry.key == entry->key)
	{
		entry->count[0] += merge->heap[0]->entry.count[0];
		entry->count[1] += merge->heap[0]->entry.count[1];
		advance_first(merge);
	}
	return true;
}

static void
end_merge(TallyMerge *merge)
{
	while (merge->n > 0)
		close_first(merge);
	pfree(merge);
}

/* Makes one run, the last, of the first n runs. */
static void
merge_first_runs(Tally *tally, int n)
{
	TallyMerge *merge = begin_merge(tally, n);
	RunWriter  *writer = begin_run(tally);
	TallyEntry	entry;

	while (tally_merge_next(merge, &entry))
		add_to_run(writer, &entry);
	end_merge(merge);
	end_run(writer);
	tally->n_runs -= n;
	memmove(tally->runs, tally->runs + n, tally->n_runs * sizeof(TallyRun));
}

void
tally_stream_open(TallyStream *stream, Tally *tally)
{
	int			most = Min(Max(budget_allowed(tally->member.budget) / LEAST_RUN_BUFFER, 2), 1024);

	if (Max(tally_total(tally, 0), tally_total(tally, 1)) > TALLY_MAX_TOTAL)
		tally_too_many_rows();
	stream->merge = NULL;
	if (tally->n_runs == 0)
	{
		sort_memory(tally, &stream->sources);
		return;
	}
	if (tally->used[0] + tally->used[1] + tally->pool.count > 0)
		evict(&tally->member);
	while (tally->n_runs > most)
		merge_first_runs(tally, Min(most, tally->n_runs - most + 1));
	stream->merge = begin_merge(tally, tally->n_runs);
}

void
tally_stream_close(TallyStream *stream)
{
	if (stream->merge)
		end_merge(stream->merge);
	stream->merge = NULL;
}

