/*
 * tally.h
 *		Numbers counted by value and class, sorted: aggregates in bounded memory.
 *		For the types that hold them see core/sql/tally_type.h. Include postgres.h
 *		first.
 *
 * See tally_math.h for what a tally is. An aggregate adds rows in any order and
 * then reads distinct values in ascending order, as a stream: a measure that
 * needs one pass needs none of them in memory.
 *
 * A row of weight 1 takes eight bytes: its key, among the keys of its class. As
 * soon as the buffer is full and many values repeat, they are put together as
 * entries; else it grows, until work_mem (of the aggregate, for all its groups)
 * is used, and then the largest tallies go to a temporary file as sorted runs.
 */
#ifndef AGRIRISK_TALLY_H
#define AGRIRISK_TALLY_H

#include "core/rows/node_budget.h"
#include "core/math/tally_math.h"

/* Entries in memory, those of equal values put together now and then. */
typedef struct TallyPool
{
	MemoryContext context;
	TallyEntry *entries;
	int64		count;
	int64		room;
} TallyPool;

typedef struct TallyRun
{
	int64		at;				/* in the file */
	int64		bytes;
} TallyRun;

/* The rows of a group; begins the state of an aggregate. */
typedef struct Tally
{
	BudgetMember member;
	MemoryContext context;
	int64		excluded[TALLY_EXCLUSIONS];
	int64		total[2];		/* rows that are not among the keys */
	uint64	   *keys;			/* class 0 from the left, class 1 from the right */
	int64		room;
	int64		used[2];
	TallyPool	pool;
	TallyRun   *runs;
	int			n_runs;
	int			runs_room;
} Tally;

/* Begins the tally of a group, in the aggregate's context, within its budget. */
extern void tally_init(Tally *tally, FunctionCallInfo fcinfo);

/* Begins one in a context, within a budget that lives as long as the tally. */
extern void tally_init_within(Tally *tally, NodeBudget *budget, MemoryContext context);

/* Gives back what a tally of tally_init_within holds, in memory and in the file. */
extern void tally_free(Tally *tally);

extern void tally_make_room(Tally *tally);

/* Adds a row of weight 1; the value is not NaN, the class 0 or 1. */
static inline void
tally_add(Tally *tally, double value, int class)
{
	if (unlikely(tally->used[0] + tally->used[1] == tally->room))
		tally_make_room(tally);
	if (class == 0)
		tally->keys[tally->used[0]++] = tally_key(value);
	else
		tally->keys[tally->room - ++tally->used[1]] = tally_key(value);
}

/* Adds as many rows as the weight says, above 0. */
extern void tally_add_rows(Tally *tally, double value, int class, int64 weight);

/* Counts rows that are left out. */
extern void tally_exclude(Tally *tally, TallyExclusion why, int64 weight);

/* Rows of a class. */
static inline int64
tally_total(const Tally *tally, int class)
{
	return tally->total[class] + tally->used[class];
}

/*
 * Reading. The tally may be read again, and get more rows, after a stream of it
 * was closed, not before.
 */
typedef struct TallyStream
{
	TallySources sources;		/* in memory */
	struct TallyMerge *merge;	/* or runs of the file */
} TallyStream;

extern void tally_stream_open(TallyStream *stream, Tally *tally);
extern bool tally_merge_next(struct TallyMerge *merge, TallyEntry *entry);
extern void tally_stream_close(TallyStream *stream);

static inline bool
tally_stream_next(TallyStream *stream, TallyEntry *entry)
{
	return stream->merge ? tally_merge_next(stream->merge, entry) :
		tally_sources_next(&stream->sources, entry);
}

/* Entries that no budget bounds: begun, added to, brought into order. */
extern void tally_pool_init(TallyPool *pool, MemoryContext context);
extern void tally_pool_add(TallyPool *pool, const TallyEntry *entry);
extern void tally_pool_collapse(TallyPool *pool);

AGR_NORETURN extern void tally_too_many_rows(void);

#endif							/* AGRIRISK_TALLY_H */
