/*
 * fit_tree.h
 *		The tree of segments: counties, provinces and the like below the root, which
 *		is the card itself. Include postgres.h first.
 */
#ifndef AGRIRISK_FIT_TREE_H
#define AGRIRISK_FIT_TREE_H

#include "model/fit/fit_rows.h"

/* Nodes, parents before children, each level in the order of bytes; node 0 is the root. */
typedef struct FitTree
{
	int			n;
	TextSpan   *name;			/* of the root: empty */
	int		   *parent;			/* -1 of the root */
	uint32		n_segments;
	int		   *node;			/* of each segment of the rows */
} FitTree;

/* All segments that rows have or the options name. A cycle of parents is an error. */
extern FitTree *fit_tree_create(const FitRows *rows);

/* The node of a row's segment. */
static inline int
fit_tree_node(const FitTree *tree, uint32 segment)
{
	return segment < tree->n_segments ? tree->node[segment] : 0;
}

#endif							/* AGRIRISK_FIT_TREE_H */
