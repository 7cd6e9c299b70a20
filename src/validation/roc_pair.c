/*
 * roc_pair.c
 *		Two scores of the same rows: both AUCs, their covariance, DeLong's test.
 *
 * The covariance needs the placements of each row under both scores. So rows
 * are sorted by the first score, which gives each its first placement, and
 * carry that along when they are sorted by the second. A placement depends on
 * all rows that tie, hence each order is read twice at once: one reader counts
 * the ties, the other follows.
 */
#include "postgres.h"

#include "agririsk.h"

#include <math.h>

#include "access/htup_details.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "core/rows/node_budget.h"
#include "core/math/probability_math.h"
#include "validation/roc_math.h"

#define FIRST_ROWS			16

/* Of a run that is read: at least, so that a merge of many runs fits, and at most, in rows. */
#define LEAST_RUN_ROWS		32
#define MOST_RUN_ROWS		16384
#define WRITE_ROWS			512

/* Sorted rows of a class in the file. */
typedef struct PairRun
{
	int64		at;
	int64		rows;
} PairRun;

/* Rows on their way to be sorted: in memory, and in sorted runs. */
typedef struct PairStore
{
	BudgetMember *member;		/* whose file takes the runs */
	MemoryContext context;
	int64		most;			/* rows in memory */
	RocPairRow *rows;			/* class 0 from the left, class 1 from the right */
	int64		room;
	int64		used[2];
	int64		total[2];		/* rows put in */
	PairRun    *runs[2];
	int			n_runs[2];
	int			runs_room[2];
} PairStore;

/* State of a group. */
typedef struct PairState
{
	BudgetMember member;
	int64		excluded;
	PairStore	store;
} PairState;

static void
init_store(PairStore *store, BudgetMember *member, MemoryContext context, int64 most)
{
	memset(store, 0, sizeof *store);
	store->member = member;
	store->context = context;
	store->most = Max(most, FIRST_ROWS);
}

static void
sort_store(PairStore *store)
{
	int64		larger = Max(store->used[0], store->used[1]);
	RocPairRow *scratch;

	if (larger == 0)
		return;
	scratch = MemoryContextAllocHuge(CurrentMemoryContext, larger * sizeof(RocPairRow));
	roc_sort_pair_rows(store->rows, store->used[0], scratch, agr_check_interrupts);
	roc_sort_pair_rows(store->rows + store->room - store->used[1], store->used[1], scratch,
					   agr_check_interrupts);
	pfree(scratch);
}

static void
add_run(PairStore *store, int class, PairRun run)
{
	if (store->n_runs[class] == store->runs_room[class])
	{
		int			room = Max(2 * store->runs_room[class], 4);

		if (store->runs[class] == NULL)
			store->runs[class] = MemoryContextAlloc(store->context, room * sizeof(PairRun));
		else
			store->runs[class] = repalloc(store->runs[class], room * sizeof(PairRun));
		store->runs_room[class] = room;
	}
	store->runs[class][store->n_runs[class]++] = run;
}

/* Moves what is in memory to the file. */
static void
spill_store(PairStore *store)
{
	const RocPairRow *rows[2];
	int			class;

	sort_store(store);
	rows[0] = store->rows;
	rows[1] = store->rows + store->room - store->used[1];
	for (class = 0; class < 2; class++)
	{
		PairRun		run;

		CHECK_FOR_INTERRUPTS();
		if (store->used[class] == 0)
			continue;
		run.at = budget_file_end(store->member->budget);
		run.rows = store->used[class];
		budget_write(store->member, rows[class], run.rows * sizeof(RocPairRow));
		add_run(store, class, run);
		store->used[class] = 0;
	}
	if (store->rows)
		pfree(store->rows);
	store->rows = NULL;
	store->room = 0;
}

static void
set_room(PairStore *store, int64 room)
{
	int64		used = store->used[1];

	if (store->rows == NULL)
		store->rows = MemoryContextAllocHuge(store->context, room * sizeof(RocPairRow));
	else
		store->rows = repalloc_huge(store->rows, room * sizeof(RocPairRow));
	memmove(store->rows + room - used, store->rows + store->room - used, used * sizeof(RocPairRow));
	store->room = room;
}

static inline bool
is_full(const PairStore *store)
{
	return store->used[0] + store->used[1] == store->room;
}

static inline void
put_row(PairStore *store, int class, uint64 key, uint64 payload)
{
	int64		at = class == 0 ? store->used[0] : store->room - store->used[1] - 1;
	RocPairRow *row = &store->rows[at];

	row->key = key;
	row->payload = payload;
	store->used[class]++;
	store->total[class]++;
}

/* Gathering rows. */

static void
evict(BudgetMember *member)
{
	spill_store(&((PairState *) member)->store);
	budget_count(member, -(int64) member->bytes);
}

static PairState *
begin_state(FunctionCallInfo fcinfo)
{
	/* The other quarters: sorting, the second order, reading runs. */
	NodeBudget *budget = node_budget(fcinfo, (Size) work_mem * 1024 / 4);
	MemoryContext context = agr_aggregate_context(fcinfo, "roc_pair_agg");
	PairState  *state = MemoryContextAllocZero(context, sizeof *state);

	budget_join(budget, fcinfo, &state->member, evict);
	init_store(&state->store, &state->member, context, budget_allowed(budget) / sizeof(RocPairRow));
	return state;
}

static void
make_room(PairState *state)
{
	PairStore  *store = &state->store;
	int64		room = Max(2 * store->room, FIRST_ROWS);

	CHECK_FOR_INTERRUPTS();
	if (room > store->most && store->most > store->room + store->room / 4)
		room = store->most;
	if (room > store->most)
		evict(&state->member);
	else
		budget_make_way(state->member.budget, (room - store->room) * sizeof(RocPairRow));
	if (store->room == 0)
		room = FIRST_ROWS;
	budget_count(&state->member, (room - store->room) * (int64) sizeof(RocPairRow));
	set_room(store, room);
}

AGR_FUNCTION(agririsk_roc_pair_add);
Datum
agririsk_roc_pair_add(PG_FUNCTION_ARGS)
{
	PairState  *state;
	int			i;

	if (PG_ARGISNULL(0))
		state = begin_state(fcinfo);
	else
		state = (PairState *) PG_GETARG_POINTER(0);
	for (i = 1; i <= 2; i++)
		if (!PG_ARGISNULL(i) && isnan(PG_GETARG_FLOAT8(i)))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("score must not be NaN"),
					 errdetail("A value of score_%c is NaN, which has no rank.", i == 1 ? 'a' : 'b'),
					 errhint("Give NULL where the score is not known. Rows without a score are left out and counted.")));
	if (PG_ARGISNULL(1) || PG_ARGISNULL(2) || PG_ARGISNULL(3))
		state->excluded++;
	else
	{
		if (is_full(&state->store))
			make_room(state);
		put_row(&state->store, PG_GETARG_BOOL(3) ? ROC_BAD : ROC_GOOD,
				tally_key(PG_GETARG_FLOAT8(1)), tally_key(PG_GETARG_FLOAT8(2)));
	}
	PG_RETURN_POINTER(state);
}

/* Reading in order. */

typedef struct PairReader
{
	const RocPairRow *at;
	const RocPairRow *end;
	int			class;
	int64		file_at;		/* of what follows the buffer */
	int64		left;			/* rows that follow it */
	RocPairRow *buffer;			/* none for rows in memory */
} PairReader;

/* The heap's first reader is at the smallest key. */
typedef struct PairMerge
{
	NodeBudget *budget;
	int64		buffer_rows;
	int			n;
	PairReader *heap[FLEXIBLE_ARRAY_MEMBER];
} PairMerge;

static bool
refill(PairMerge *merge, PairReader *reader)
{
	int64		rows = Min(reader->left, merge->buffer_rows);

	CHECK_FOR_INTERRUPTS();
	if (rows == 0)
		return false;
	budget_read(merge->budget, reader->file_at, reader->buffer, rows * sizeof(RocPairRow));
	reader->at = reader->buffer;
	reader->end = reader->buffer + rows;
	reader->file_at += rows * sizeof(RocPairRow);
	reader->left -= rows;
	return true;
}

static void
sift_down(PairMerge *merge, int at)
{
	PairReader *reader = merge->heap[at];

	for (;;)
	{
		int			child = 2 * at + 1;

		if (child + 1 < merge->n && merge->heap[child + 1]->at->key < merge->heap[child]->at->key)
			child++;
		if (child >= merge->n || merge->heap[child]->at->key >= reader->at->key)
			break;
		merge->heap[at] = merge->heap[child];
		at = child;
	}
	merge->heap[at] = reader;
}

static void
close_first(PairMerge *merge)
{
	PairReader *reader = merge->heap[0];

	if (reader->buffer)
		pfree(reader->buffer);
	pfree(reader);
	merge->heap[0] = merge->heap[--merge->n];
}

/* Steps over the row that is the first. */
static void
advance(PairMerge *merge)
{
	PairReader *reader = merge->heap[0];

	if (++reader->at == reader->end && !refill(merge, reader))
		close_first(merge);
	if (merge->n > 0)
		sift_down(merge, 0);
}

static PairMerge *
begin_merge(PairStore *store, int readers)
{
	PairMerge  *merge = palloc0(offsetof(PairMerge, heap) + Max(readers, 1) * sizeof(PairReader *));
	int64		rows = store->most / 2 / Max(readers, 1);

	merge->budget = store->member->budget;
	merge->buffer_rows = Min(Max(rows, LEAST_RUN_ROWS), MOST_RUN_ROWS);
	return merge;
}

static void
add_run_reader(PairMerge *merge, int class, PairRun run)
{
	PairReader *reader = palloc0(sizeof *reader);

	reader->class = class;
	reader->file_at = run.at;
	reader->left = run.rows;
	reader->buffer = palloc(merge->buffer_rows * sizeof(RocPairRow));
	if (!refill(merge, reader))
		elog(ERROR, "empty run in a temporary file");
	merge->heap[merge->n++] = reader;
}

static void
build_heap(PairMerge *merge)
{
	int			i;

	for (i = merge->n / 2; i-- > 0;)
		sift_down(merge, i);
}

/* Makes one run, the last, of the first n runs of a class. */
static void
merge_first_runs(PairStore *store, int class, int n)
{
	PairMerge  *merge = begin_merge(store, n);
	RocPairRow *rows = palloc(WRITE_ROWS * sizeof(RocPairRow));
	PairRun		run = {budget_file_end(store->member->budget), 0};
	int			used = 0;
	int			i;

	for (i = 0; i < n; i++)
		add_run_reader(merge, class, store->runs[class][i]);
	build_heap(merge);
	while (merge->n > 0)
	{
		rows[used++] = *merge->heap[0]->at;
		advance(merge);
		if (used == WRITE_ROWS || merge->n == 0)
		{
			budget_write(store->member, rows, used * sizeof(RocPairRow));
			run.rows += used;
			used = 0;
		}
	}
	pfree(rows);
	pfree(merge);
	add_run(store, class, run);
	store->n_runs[class] -= n;
	memmove(store->runs[class], store->runs[class] + n, store->n_runs[class] * sizeof(PairRun));
}

/* Sorts what is in memory, and leaves no more runs than can be read at once. */
static void
prepare_store(PairStore *store)
{
	int			most = Min(Max(store->most / LEAST_RUN_ROWS / 4, 2), 256);
	int			class;

	sort_store(store);
	for (class = 0; class < 2; class++)
		while (store->n_runs[class] > most)
			merge_first_runs(store, class, Min(2 * most, store->n_runs[class] - most + 1));
}

static PairMerge *
read_store(PairStore *store)
{
	PairMerge  *merge = begin_merge(store, store->n_runs[0] + store->n_runs[1] + 2);
	const RocPairRow *rows[2];
	int			class;
	int			i;

	rows[0] = store->rows;
	rows[1] = store->rows + store->room - store->used[1];
	for (class = 0; class < 2; class++)
	{
		for (i = 0; i < store->n_runs[class]; i++)
			add_run_reader(merge, class, store->runs[class][i]);
		if (store->used[class] > 0)
		{
			PairReader *reader = palloc0(sizeof *reader);

			reader->class = class;
			reader->at = rows[class];
			reader->end = rows[class] + store->used[class];
			merge->heap[merge->n++] = reader;
		}
	}
	build_heap(merge);
	return merge;
}

typedef void (*PlaceRow) (void *argument, int class, uint64 payload, uint64 placement);

/* Gives every row of a store, with its placement, to a function. */
static void
place_rows(PairStore *store, PlaceRow place, void *argument)
{
	PairMerge  *ahead;
	PairMerge  *merge;
	int64		below[2] = {0, 0};

	prepare_store(store);
	ahead = read_store(store);
	merge = read_store(store);
	while (ahead->n > 0)
	{
		uint64		key = ahead->heap[0]->at->key;
		int64		ties[2] = {0, 0};
		uint64		placement[2];
		int64		i;

		for (; ahead->n > 0 && ahead->heap[0]->at->key == key; advance(ahead))
		{
			CHECK_FOR_INTERRUPTS();
			ties[ahead->heap[0]->class]++;
		}
		placement[ROC_BAD] = 2 * below[ROC_GOOD] + ties[ROC_GOOD];
		placement[ROC_GOOD] = 2 * (store->total[ROC_BAD] - below[ROC_BAD]) - ties[ROC_BAD];
		for (i = ties[0] + ties[1]; i > 0; i--)
		{
			const PairReader *reader = merge->heap[0];

			place(argument, reader->class, reader->at->payload, placement[reader->class]);
			advance(merge);
		}
		below[0] += ties[0];
		below[1] += ties[1];
	}
	pfree(ahead);
	pfree(merge);
}

/* What both orders add up. */
typedef struct PairWork
{
	RocPairSums sums;
	PairStore	second;
} PairWork;

static void
add_placement(RocPairSums *sums, int score, int class, uint64 placement)
{
	if (class == ROC_BAD)
		sums->placements[score] += placement;
	sums->squares[score][class] += (Unsigned128) placement * placement;
}

static void
place_first(void *argument, int class, uint64 payload, uint64 placement)
{
	PairWork   *work = argument;
	PairStore  *second = &work->second;

	add_placement(&work->sums, 0, class, placement);
	if (is_full(second))
	{
		if (2 * Max(second->room, FIRST_ROWS) > second->most)
			spill_store(second);
		set_room(second, Max(2 * second->room, FIRST_ROWS));
	}
	put_row(second, class, payload, placement);
}

static void
place_second(void *argument, int class, uint64 payload, uint64 placement)
{
	PairWork   *work = argument;

	add_placement(&work->sums, 1, class, placement);
	work->sums.products[class] += (Unsigned128) payload * placement;
}

static Datum
measure(double number, bool *isnull)
{
	*isnull = isnan(number);
	return *isnull ? (Datum) 0 : Float8GetDatum(number);
}

AGR_FUNCTION(agririsk_roc_pair_final);
Datum
agririsk_roc_pair_final(PG_FUNCTION_ARGS)
{
	PairState  *state;
	PairWork   *work;
	RocPairMeasures measures;
	MemoryContext context;
	MemoryContext old;
	TupleDesc	columns;
	double		error;
	double		z;
	Datum		values[12];
	bool		nulls[12] = {false};

	agr_aggregate_context(fcinfo, "roc_pair_agg");
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	if (get_call_result_type(fcinfo, NULL, &columns) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "the function's result is not a row type");
	state = (PairState *) PG_GETARG_POINTER(0);
	context = AllocSetContextCreate(CurrentMemoryContext, "agririsk roc_pair", ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(context);
	work = palloc0(sizeof *work);
	memcpy(work->sums.total, state->store.total, sizeof work->sums.total);
	init_store(&work->second, &state->member, context, state->store.most);
	place_rows(&state->store, place_first, work);
	place_rows(&work->second, place_second, work);
	roc_pair_end(&work->sums, &measures);

	/* Without a difference that varies there is nothing to test. */
	error = sqrt(measures.difference_variance);
	z = error > 0 ? (measures.auc[0] - measures.auc[1]) / error : NAN;
	values[0] = Int64GetDatum(work->sums.total[ROC_GOOD] + work->sums.total[ROC_BAD]);
	values[1] = Int64GetDatum(work->sums.total[ROC_BAD]);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
	values[2] = measure(measures.auc[0], &nulls[2]);
	values[3] = measure(measures.auc[1], &nulls[3]);
	values[4] = measure(measures.variance[0], &nulls[4]);
	values[5] = measure(measures.variance[1], &nulls[5]);
	values[6] = measure(measures.covariance, &nulls[6]);
	values[7] = measure(measures.auc[0] - measures.auc[1], &nulls[7]);
	values[8] = measure(error, &nulls[8]);
	values[9] = measure(z, &nulls[9]);
	values[10] = measure(normal_two_sided(z), &nulls[10]);
	values[11] = Int64GetDatum(state->excluded);
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(columns), values, nulls));
}
