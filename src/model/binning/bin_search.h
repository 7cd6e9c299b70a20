/*
 * bin_search.h
 *		From the rows of a feature, counted by value and by part, to its best
 *		binning. Include postgres.h first.
 *
 * A part is a set of rows, such as those of a fold. The binning of all parts
 * but one is what optimal_bins finds over their rows alone, for values that only
 * rows of that part have are no cells then. Where numbers are put on a grid, it
 * is the grid of the ranks of all rows.
 */
#ifndef AGRIRISK_BIN_SEARCH_H
#define AGRIRISK_BIN_SEARCH_H

#include "core/rows/tally.h"
#include "model/binning/bin_options.h"

typedef struct BinRows
{
	CardKind	kind;
	int			parts;
	BinCell    *missing;		/* of each part */
	uint32		n;
	double	   *low;			/* of numbers: the least of each cell, ascending */
	TextSpan   *text;			/* of categories: one a cell, ascending by bytes */
	BinCell    *cell;			/* cell i of part p at i * parts + p */
	BinCell    *special;		/* of numbers: special value i of part p alike */
} BinRows;

/* Reads the numbers of each part from its tally: all of `rows` but missing ones. */
extern void bins_read_numbers(Tally *const *tally, int parts, const BinsOptions *options, BinRows *rows);

/*
 * The best binning of all parts but `without` (-1: of all), weighed. It points
 * into the rows and the options; options that mean nothing to the kind of the
 * feature are passed over. Where it has one bin, its `single` says why; with
 * `say` a NOTICE of optimal_bins does, and names the options to be loosened. Only
 * with it are the outcomes of all trends found, too.
 * Scratch is left in the current context.
 */
extern Binning *bin_search(const BinRows *rows, const BinsOptions *options, int without, bool say);

#endif							/* AGRIRISK_BIN_SEARCH_H */
