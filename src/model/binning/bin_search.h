/*
 * bin_search.h
 *		From the rows of a feature, counted by value and by part, to its best
 *		binning. Include postgres.h first.
 *
 * A part is a set of rows, such as the rows of a fold. The binning of some parts
 * is what optimal_bins finds over their rows alone: values that only rows of
 * other parts have make no cells then. Where numbers are put on a grid, it
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
	double	   *high;			/* and the greatest */
	TextSpan   *text;			/* of categories: one a cell, ascending by bytes */
	BinCell    *cell;			/* cell i of part p at i * parts + p */
	BinCell    *special;		/* of numbers: special value i of part p alike */
} BinRows;

/* Reads the numbers of each part from its tally: all of `rows` but missing ones. */
extern void bins_read_numbers(Tally *const *tally, int parts, const BinsOptions *options, BinRows *rows);

/* A set of one part. There are at most 32 parts. */
static inline uint32
bin_part(int part)
{
	return UINT32_C(1) << part;
}

/*
 * The best binning of all parts but the set `without`, weighed. It points
 * into the rows and the options; options that mean nothing to the kind of the
 * feature are passed over. Where it has one bin, its `single` says why, and, if it
 * is of all rows, which options would have to be loosened; and its `codes` names
 * numbers that may be codes. With `say` NOTICEs of optimal_bins say this. Only with
 * it are the outcomes of all trends found, too.
 * Scratch is left in the current context.
 */
extern Binning *bin_search(const BinRows *rows, const BinsOptions *options, uint32 without, bool say);

/*
 * Information value of the rows of a part, weighed by a binning that did not see
 * them; NaN where they lack a class.
 */
extern double bin_held_out_iv(const BinRows *rows, const Binning *binning, int part);

#endif							/* AGRIRISK_BIN_SEARCH_H */
