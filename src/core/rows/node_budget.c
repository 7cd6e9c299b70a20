/*
 * node_budget.c
 *		Memory of an aggregate, shared by all its groups, with one temporary file.
 */
#include "postgres.h"

#include "agririsk.h"
#include "core/rows/node_budget.h"

#include "miscadmin.h"
#include "storage/buffile.h"
#include "utils/memutils.h"

/* Members that hold less are not worth a piece of the file. */
#define LEAST_EVICTED		1024

struct NodeBudget
{
	Size		allowed;
	Size		used;
	Size		tolerated;		/* the allowance, or what small members alone take */
	dlist_head	scopes;
	BufFile    *file;
	int64		file_end;
	int64		file_at;		/* where the file stands */
	int64		filed;			/* members with something in the file */
	MemoryContext context;
};

/*
 * The members of one aggregate context, in which it lives itself: hashed
 * groups share one, grouping sets have one each. Those without one have a
 * scope together, which ends with the budget.
 */
typedef struct BudgetScope
{
	dlist_node	link;
	NodeBudget *budget;
	MemoryContext context;		/* or NULL */
	dlist_head	members;
} BudgetScope;

NodeBudget *
node_budget_create(MemoryContext context, Size allowed)
{
	NodeBudget *budget = MemoryContextAllocZero(context, sizeof *budget);

	budget->allowed = budget->tolerated = allowed;
	budget->context = context;
	dlist_init(&budget->scopes);
	return budget;
}

NodeBudget *
node_budget(FunctionCallInfo fcinfo, Size allowed)
{
	FmgrInfo   *function = fcinfo->flinfo;

	if (function->fn_extra == NULL)
		function->fn_extra = node_budget_create(function->fn_mcxt, allowed);
	return function->fn_extra;
}

static void
forget(NodeBudget *budget, const BudgetMember *member)
{
	budget->used -= member->bytes;
	budget->tolerated = Max(budget->allowed + member->bytes, budget->tolerated) - member->bytes;
	budget->filed -= member->filed;
	if (budget->file && budget->filed == 0)
	{
		BufFileClose(budget->file);
		budget->file = NULL;
	}
}

/* Called before the scope's context is reset or deleted, though not after an error. */
static void
leave_scope(Datum argument)
{
	BudgetScope *scope = (BudgetScope *) DatumGetPointer(argument);
	NodeBudget *budget = scope->budget;
	dlist_iter	i;

	dlist_foreach(i, &scope->members)
		forget(budget, dlist_container(BudgetMember, link, i.cur));
	dlist_delete(&scope->link);
}

void
budget_join(NodeBudget *budget, FunctionCallInfo fcinfo, BudgetMember *member, BudgetEvict evict)
{
	BudgetScope *scope = NULL;
	MemoryContext context = NULL;
	dlist_iter	i;

	if (fcinfo && !AggCheckCallContext(fcinfo, &context))
		elog(ERROR, "a budget is an aggregate's");
	dlist_foreach(i, &budget->scopes)
	{
		BudgetScope *other = dlist_container(BudgetScope, link, i.cur);

		if (other->context == context)
			scope = other;
	}
	if (scope == NULL)
	{
		scope = MemoryContextAllocZero(context ? context : budget->context, sizeof *scope);
		scope->budget = budget;
		scope->context = context;
		dlist_init(&scope->members);
		if (fcinfo)
			AggRegisterCallback(fcinfo, leave_scope, PointerGetDatum(scope));
		dlist_push_head(&budget->scopes, &scope->link);
	}
	member->budget = budget;
	member->evict = evict;
	member->bytes = 0;
	member->filed = false;
	dlist_push_head(&scope->members, &member->link);
}

void
budget_leave(BudgetMember *member)
{
	dlist_delete(&member->link);
	forget(member->budget, member);
}

Size
budget_allowed(const NodeBudget *budget)
{
	return budget->allowed;
}

void
budget_count(BudgetMember *member, int64 bytes)
{
	member->bytes += bytes;
	member->budget->used += bytes;
}

static Size
largest_member(NodeBudget *budget)
{
	Size		largest = 0;
	dlist_iter	s;
	dlist_iter	m;

	dlist_foreach(s, &budget->scopes)
	{
		BudgetScope *scope = dlist_container(BudgetScope, link, s.cur);

		dlist_foreach(m, &scope->members)
		{
			BudgetMember *member = dlist_container(BudgetMember, link, m.cur);

			largest = Max(largest, member->bytes);
		}
	}
	return largest;
}

/* Evicts members of some size until half of the allowance is free. */
static void
evict_members(NodeBudget *budget, Size least, Size more)
{
	dlist_iter	s;
	dlist_iter	m;

	dlist_foreach(s, &budget->scopes)
	{
		BudgetScope *scope = dlist_container(BudgetScope, link, s.cur);

		dlist_foreach(m, &scope->members)
		{
			BudgetMember *member = dlist_container(BudgetMember, link, m.cur);

			CHECK_FOR_INTERRUPTS();
			if (budget->used + more <= budget->allowed / 2)
				return;
			if (member->bytes >= least)
				member->evict(member);
		}
	}
}

void
budget_make_way(NodeBudget *budget, Size more)
{
	while (budget->used + more > budget->tolerated)
	{
		Size		largest = largest_member(budget);

		if (largest < LEAST_EVICTED)
		{
			/* Not to be asked again at once: there is nothing to gain. */
			budget->tolerated = budget->used + more + budget->allowed / 2;
			break;
		}
		evict_members(budget, Max(largest / 2, LEAST_EVICTED), more);
	}
}

/* The temporary file. */

int64
budget_file_end(NodeBudget *budget)
{
	return budget->file ? budget->file_end : 0;
}

static void
seek(NodeBudget *budget, int64 at)
{
	if (budget->file_at != at && BufFileSeek(budget->file, 0, at, SEEK_SET) != 0)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not seek in temporary file: %m"),
				 errdetail("Position %lld.", (long long) at),
				 errhint("Look at the disk that holds temporary files.")));
	budget->file_at = at;
}

void
budget_write(BudgetMember *member, const void *bytes, Size length)
{
	NodeBudget *budget = member->budget;

	if (budget->file == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(budget->context);

		budget->file = BufFileCreateTemp(false);
		budget->file_end = budget->file_at = 0;
		MemoryContextSwitchTo(old);
	}
	if (!member->filed)
		budget->filed++;
	member->filed = true;
	seek(budget, budget->file_end);
	BufFileWrite(budget->file, unconstify(void *, bytes), length);
	budget->file_end += length;
	budget->file_at = budget->file_end;
}

void
budget_read(NodeBudget *budget, int64 at, void *bytes, Size length)
{
	seek(budget, at);
	if (BufFileRead(budget->file, bytes, length) != length)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not read temporary file: %m"),
				 errdetail("%zu bytes at position %lld.", length, (long long) at),
				 errhint("Look at the disk that holds temporary files.")));
	budget->file_at = at + length;
}
