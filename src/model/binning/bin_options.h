/*
 * bin_options.h
 *		Options of the search for a binning, as binning_options makes them.
 *		Include postgres.h first.
 */
#ifndef AGRIRISK_BIN_OPTIONS_H
#define AGRIRISK_BIN_OPTIONS_H

#include "core/sql/json_read.h"
#include "model/binning/binning_math.h"

typedef struct BinsOptions
{
	BinLimits	limits;
	BinTrend	trend;			/* BIN_AUTO is allowed */
	int32		candidates;
	BinMissing	missing;
	CardUnseen	unseen;			/* of categories */
	uint32		n_specials;		/* of numbers */
	double	   *special;		/* ascending */
	bool		round_cuts;		/* to the shortest decimals that leave the bins as they are */
	int64		level_rows;		/* least rows of a category of its own, */
	int64		level_bads;		/* and least bad rows */
	double		prior;			/* of missing and special values, in weights; 0: none */
	int64		level_prior;	/* categories go by (bads + prior r) / (rows + prior), r the rate of all */
} BinsOptions;

/* Trends that can be asked for, in the order of their enum, and NULL. */
extern const char *const bins_trend_words[];

/* Reads options, NULL for the defaults; what grows is in the context. */
extern void bins_read_options(BinsOptions *options, Jsonb *given, MemoryContext context);

/* The same of an object within other options, at the place of the reader. */
extern void bins_read_options_at(BinsOptions *options, JsonReader *r, JsonbValue *value,
								 MemoryContext context);

/* What a fit learns from: weights, the rows that a weight of 1 stands for; and a prior. */
extern void bins_set_fit(BinsOptions *options, double unit);

/* The error that an option is which has no meaning for the kind of a feature. */
extern void bins_check_kind(const BinsOptions *options, CardKind kind);

#endif							/* AGRIRISK_BIN_OPTIONS_H */
