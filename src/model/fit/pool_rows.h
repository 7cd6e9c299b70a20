/*
 * pool_rows.h
 *		The training rows of a design, brought together by node, in bounded memory.
 *		Include postgres.h first.
 *
 * The solver of segments wants a node's rows in one piece, as often as it asks.
 * So the terms' columns are copied once into records, which follow each other
 * node by node: in memory where all of them fit, else in a temporary file that is
 * read in order.
 */
#ifndef AGRIRISK_POOL_ROWS_H
#define AGRIRISK_POOL_ROWS_H

#include "core/rows/temp_file.h"
#include "model/fit/fit_design.h"
#include "model/fit/fit_tree.h"

typedef struct PoolRows
{
	LogitRows	logit;			/* first: the rows as the solver sees them */
	FitDesign  *design;
	const bool *used;			/* terms that are filled in */
	int		   *place;			/* of each feature in a record; -1: not needed */
	int			outcome;		/* places; -1: none */
	int			weight;
	int			offset;
	int			length;			/* of a record */
	int			n_nodes;
	int64	   *rows;			/* of each node */
	int64	   *first;			/* place of its first record among all */
	char	   *records;		/* all of them, or room for a block's */
	TempFile   *file;			/* or they are here */
	int			node;			/* being read; -1 at the beginning */
	int64		left;			/* its records still to be read */
	int64		at;				/* the next one, in bytes */
} PoolRows;

/* In the current context, within so much memory, a few bytes a node, and what a design's chunk takes. */
extern PoolRows *pool_rows_create(FitDesign *design, const bool *used, const FitTree *tree, Size memory);
extern void pool_rows_free(PoolRows *rows);

/* Goes to the records of a node. Those of later nodes follow them. */
extern void pool_rows_go_to(PoolRows *rows, int node);

#endif							/* AGRIRISK_POOL_ROWS_H */
