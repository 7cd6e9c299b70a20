/*
 * fit_tree.c
 *		The tree of segments.
 */
#include "postgres.h"

#include "agririsk.h"

#include "mb/pg_wchar.h"
#include "model/fit/fit_tree.h"

/* Provinces, counties and the like; each level has variances of its own. */
#define MOST_LEVELS			16

/* A segment while the tree is made. */
typedef struct Place
{
	TextSpan	name;
	int			parent;			/* place; -1: the root */
	int			level;			/* 0: not known yet */
} Place;

static void
add_place(KeySums *names, TextSpan name)
{
	(void) key_sums_find(names, name.at, name.length);
}

/* How far below the root a place is. Whoever is met twice on the way up is in a cycle. */
static void
find_level(Place *place, int n, int i)
{
	int			up = i;
	int			steps = 0;

	while (up >= 0 && place[up].level == 0)
	{
		if (++steps > n)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("segments are each other's parents"),
					 errdetail("From \"%.*s\" upwards there is no end.",
							   pg_mbcliplen(place[i].name.at, place[i].name.length, 64), place[i].name.at),
					 errhint("Give parents that end at segments without one.")));
		up = place[up].parent;
	}
	steps += up < 0 ? 0 : place[up].level;
	for (up = i; up >= 0 && place[up].level == 0; up = place[up].parent)
		place[up].level = steps--;
}

static int
compare_places(const void *a, const void *b, void *places)
{
	const Place *left = (const Place *) places + *(const uint32 *) a;
	const Place *right = (const Place *) places + *(const uint32 *) b;

	if (left->level != right->level)
		return left->level < right->level ? -1 : 1;
	return text_span_compare(left->name, right->name);
}

FitTree *
fit_tree_create(const FitRows *rows)
{
	const FitOptions *options = rows->options;
	KeySums    *names = key_sums_create(CurrentMemoryContext);
	FitTree    *tree = palloc0(sizeof *tree);
	Place	   *place;
	uint32	   *order;
	uint32		i;

	/* The segments of the rows first, so that their numbers are the same. */
	for (i = 0; i < rows->segments->count; i++)
	{
		TextSpan	name = {key_sums_key(rows->segments, i), rows->segments->keys[i].key_length};

		add_place(names, name);
	}
	for (i = 0; i < options->n_parents; i++)
	{
		add_place(names, options->parent[i].name);
		add_place(names, options->parent[i].parent);
	}
	place = palloc0((names->count + 1) * sizeof *place);
	for (i = 0; i < names->count; i++)
	{
		place[i].name.at = key_sums_key(names, i);
		place[i].name.length = names->keys[i].key_length;
		place[i].parent = -1;
	}
	for (i = 0; i < options->n_parents; i++)
		place[key_sums_find(names, options->parent[i].name.at, options->parent[i].name.length)].parent =
			key_sums_find(names, options->parent[i].parent.at, options->parent[i].parent.length);
	/* In the order of bytes, so that an error is the same for any order of rows. */
	order = key_sums_order(names);
	for (i = 0; i < names->count; i++)
		find_level(place, names->count, order[i]);
	qsort_arg(order, names->count, sizeof *order, compare_places, place);
	if (names->count > 0 && place[order[names->count - 1]].level > MOST_LEVELS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many levels of segments"),
				 errdetail("There are %d; %d are allowed.", place[order[names->count - 1]].level, MOST_LEVELS),
				 errhint("Leave out levels that hardly differ from those above them.")));

	tree->n = names->count + 1;
	tree->name = palloc0(tree->n * sizeof *tree->name);
	tree->parent = palloc(tree->n * sizeof *tree->parent);
	tree->n_segments = rows->segments->count;
	tree->node = palloc((names->count + 1) * sizeof *tree->node);
	for (i = 0; i < names->count; i++)
		tree->node[order[i]] = i + 1;
	tree->name[0].at = "";
	tree->parent[0] = -1;
	for (i = 0; i < names->count; i++)
	{
		const Place *made = &place[order[i]];

		tree->name[i + 1] = made->name;
		tree->parent[i + 1] = made->parent < 0 ? 0 : tree->node[made->parent];
	}
	return tree;
}
