/*
 * node_budget.h
 *		Memory of an aggregate, shared by all its groups, with one temporary file.
 *		Include postgres.h first.
 *
 * An aggregate whose state grows with its rows has as many states as there are
 * groups, and work_mem is for all of them. So each state is a member of the
 * budget of its call site (fn_extra of the transition function), and counts
 * there what it holds. One that wants more than is left makes way: the largest
 * members move what they hold to the file, through their evict function.
 *
 * Members vanish with the aggregate context they live in, between groups of a
 * sorted aggregate and between batches of a hashed one. The file is closed as
 * soon as no member has anything in it; after an error the resource owner
 * closes it. It counts against temp_file_limit.
 */
#ifndef AGRIRISK_NODE_BUDGET_H
#define AGRIRISK_NODE_BUDGET_H

#include "core/rows/temp_file.h"
#include "lib/ilist.h"

typedef struct NodeBudget NodeBudget;
typedef struct BudgetMember BudgetMember;

/* Moves what a member holds to the file: it then counts less than before. */
typedef void (*BudgetEvict) (BudgetMember *member);

/* First in the state of a group. */
struct BudgetMember
{
	dlist_node	link;
	NodeBudget *budget;
	BudgetEvict evict;
	Size		bytes;			/* that it counts */
	bool		filed;			/* has something in the file */
};

/* The budget of the transition function that is called; made with its first state. */
extern NodeBudget *node_budget(FunctionCallInfo fcinfo, Size allowed);

/* A budget that lives in a context. */
extern NodeBudget *node_budget_create(MemoryContext context, Size allowed);

/*
 * Adds a state that lives in the context of the aggregate's current group, no
 * longer than the budget. Without fcinfo: anything that will leave by itself.
 */
extern void budget_join(NodeBudget *budget, FunctionCallInfo fcinfo, BudgetMember *member,
						BudgetEvict evict);

/* Forgets a member before its context ends, and what it has in the file. */
extern void budget_leave(BudgetMember *member);

/* The most all members may hold together. */
extern Size budget_allowed(const NodeBudget *budget);

/*
 * Makes room for this many bytes more, evicting the largest members, perhaps the
 * one that asks. Where there is nothing but small members, they are let be.
 */
extern void budget_make_way(NodeBudget *budget, Size more);

/* Counts bytes more or, negative, fewer. */
extern void budget_count(BudgetMember *member, int64 bytes);

/* Appends a member's bytes to the file; returns where they begin, which may be asked before. */
extern int64 budget_write(BudgetMember *member, const void *bytes, Size length);
extern int64 budget_file_end(const NodeBudget *budget);
extern void budget_read(NodeBudget *budget, int64 at, void *bytes, Size length);

#endif							/* AGRIRISK_NODE_BUDGET_H */
