/*
 * fit_design.h
 *		The design of a fit: from rows to the terms of the linear predictor.
 *		Include postgres.h first.
 *
 * A design holds the rows of all folds but one, or all rows. Binnings,
 * centers and scales are learnt from these rows. A term of a row is
 * (x - center) / scale, with a power of two for scale, so that no term exceeds 1
 * and nothing is rounded but x - center. What is unknown, and has neither a bin nor
 * a policy, is 0, the average.
 *
 * Under encoding woe a feature is one term, x its WOE, center 0. Under encoding
 * none a number is one term, and a category has one for each level but the
 * first, x being 0 or 1.
 */
#ifndef AGRIRISK_FIT_DESIGN_H
#define AGRIRISK_FIT_DESIGN_H

#include "model/fit/fit_rows.h"
#include "model/fit/logit_math.h"

typedef struct FitTerm
{
	int			feature;
	uint32		level;			/* of a category under encoding none */
	double		center;
	double		scale;
	double		sd;				/* of x, population */
	double		reach;			/* no row's is larger; of training rows 1 is enough */
	double	   *z;				/* the term of each code; NULL: of a number */
	uint32		n_codes;		/* larger ones are unknown */
	bool		turned;			/* what is unseen and worst has the least WOE */
} FitTerm;

/* Rows in the training folds, and in the one that is left out, of a code. */
typedef struct FitCount
{
	BinCell		train;
	BinCell		held;
} FitCount;

/* What is known of a feature from the rows of a design. */
typedef struct FitLearnt
{
	Binning    *binning;		/* under encoding woe */
	CardFeature card;			/* its bins, for the card */
	uint32		n_codes;
	FitCount   *count;			/* of codes: see fit_design.c; NULL of a number as it is */
	double		least;			/* of a number as it is */
	double		greatest;
	double		held_least;		/* the same of the rows left out */
	double		held_greatest;
	double		iv;				/* NaN: none */
	double		held_iv;		/* of the rows left out; NaN: none */
	char	   *dropped;		/* why it has no term; NULL: it has */
} FitLearnt;

typedef struct FitDesign
{
	LogitRows	logit;			/* first: the rows as the solver sees them */
	FitRows    *rows;
	int			without;		/* the fold left out; -1: none */
	int			only;			/* while only that fold is read; else -1 */
	bool		plain;			/* while offsets are left out */
	FitLearnt  *learnt;			/* of each feature */
	int64		total[2];		/* training rows by outcome */
	int			n_terms;
	FitTerm    *term;
	const bool *used;			/* terms that are filled in; NULL: all */
	ColumnStore *store;			/* codes, or the rows themselves */
	ColumnStore codes;
	FitLayout	layout;			/* of the store */
	int			chunk;			/* being read, -1 at the beginning */
	int			chunk_rows;
	int			at;				/* the next row of it */
	uint32		segment[LOGIT_BLOCK];	/* of the rows of the last block, where they have one */
	const void **column;		/* of the chunk */
	void	  **buffer;
} FitDesign;

/*
 * Makes the design of all rows but those of a fold. Under encoding woe the
 * binnings are given, of each feature, and get their counts here if they were not
 * searched for. Memory is that of the current context and of the budget.
 */
extern FitDesign *fit_design_create(FitRows *rows, int without, Binning **binning, NodeBudget *budget);
extern void fit_design_free(FitDesign *design);

/* Training rows whose category has no bin. */
extern int64 fit_unseen_rows(const FitLearnt *learnt);

/* Lets unseen that counts as worst count as a card does whose weight is negative: as the least WOE. */
extern void fit_turn_worst(FitDesign *design, FitTerm *term);

/* Whether there are rows, training ones or any, of an unseen category that counts as the worst. */
extern bool fit_has_worst(const FitLearnt *learnt, bool held_out);

/* Reads the training rows from the beginning, or only those of the fold left out. */
extern void fit_design_rewind(FitDesign *design, bool held_out);

/*
 * The numbers, within the chunk whose columns the design then points to, of the
 * next rows, at most LOGIT_BLOCK; 0 at the end, and then the next call starts again.
 */
extern int	fit_design_pick(FitDesign *design, uint16 *pick);

#endif							/* AGRIRISK_FIT_DESIGN_H */
