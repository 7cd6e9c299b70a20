/*
 * binning_math.h
 *		The binning of a feature: bins with their counts, WOE, stored form. Pure C.
 *
 * WOE of a bin is ln(p / q), p being its share of all bad rows and q of all good
 * ones, missing and special rows included; positive is riskier. Where a part
 * with rows lacks either class, p = (b + 1/2) / (B + K/2) and q alike in all K
 * parts that have rows. A part without rows has WOE 0, and so has every part where
 * all rows are of one class.
 *
 * This describes the rows. For rows to come nothing limits the size of missing and
 * special parts, so a fit gives them prior / (r (1 - r)) rows of the average rate
 * r beside their own; they lack no class then.
 *
 * Stored bytes (numbers as in core/math/bytes.h):
 *
 *		version (1)  reserved (a zero byte)
 *		kind  trend  missing policy  unseen policy (a byte each)
 *		varints: rows left out for their outcome, for their weight
 *		missing: goods, bads
 *		varint, number of bins; of a number: the cuts between them; for each bin
 *			goods, bads; of a category: list of its categories, ascending
 *		list of special values, ascending: the value, goods, bads
 *		for each trend: varint, bins (0: none is feasible);
 *			where there are some: IV, 0 or 1 [out-of-fold IV]
 *
 * Each binning has one such form.
 */
#ifndef AGRIRISK_BINNING_MATH_H
#define AGRIRISK_BINNING_MATH_H

#include "model/binning/optimal_bins_math.h"

#define BINNING_VERSION			1

/* The prior of a fit: WOE of missing and special values spread by 0.7 around 0. */
#define BIN_PRIOR				2.0

typedef enum BinMissing
{
	BIN_MISSING_BIN,
	BIN_MISSING_WORST,
	BIN_MISSING_BEST,
	BIN_MISSING_NEUTRAL
} BinMissing;

typedef struct BinPart
{
	BinCell		cell;
	double		woe;			/* as it scores; set by binning_weigh */
	double		iv;				/* NaN where it has no evidence of its own */
} BinPart;

typedef struct BinCategories
{
	uint32_t	n;
	TextSpan   *text;			/* ascending by bytes */
} BinCategories;

typedef struct BinOutcome
{
	int32_t		bins;			/* 0: none is feasible */
	double		iv;
	double		held_out;		/* NaN: none */
} BinOutcome;

typedef struct Binning
{
	CardKind	kind;
	BinTrend	trend;			/* of the bins */
	BinMissing	missing_policy;
	CardUnseen	unseen;
	double		prior;			/* of missing and special parts: see above; not stored, 0: none */
	int64_t		no_outcome;		/* rows left out */
	int64_t		no_weight;
	BinPart		missing;
	uint32_t	n_bins;
	BinPart    *bin;
	double	   *cut;			/* of a number: n_bins - 1 */
	BinCategories *categories;	/* of a category */
	uint32_t	n_specials;
	double	   *special_value;
	BinPart    *special;
	BinOutcome	outcome[BIN_TRENDS];
	double		iv;				/* of all parts; NaN where a class has no rows */
	const char *single;			/* why there is one bin, where it was searched for */
	const char *codes;			/* numbers that may be codes; NULL: none, or not looked for */
} Binning;

/* Every rule of a binning; returns what is wrong, NULL if nothing is. */
extern const char *binning_check(const Binning *binning, Arena memory);

/* Sorts the categories of each bin by their bytes. */
extern void binning_sort(Binning *binning);

/* Brings all categories into another encoding, and then sorts them. */
extern void binning_recode(Binning *binning, TextRecode recode);

/* Sets WOE and IV of all parts of a checked binning. */
extern void binning_weigh(Binning *binning);

/*
 * What a weighed binning says as a feature of a card: kind, bins, special
 * values, missing and unseen; the rest of the feature is the caller's. Missing is
 * what no row was seen of and no policy says, or the WOE it has here.
 */
extern void binning_feature(const Binning *binning, CardFeature *feature, Arena memory);

/* With no buffer it only counts. */
extern size_t binning_encode(const Binning *binning, uint8_t *buffer);

/* Reads stored bytes, into which texts point; NULL where they are damaged. */
extern Binning *binning_decode(const uint8_t *bytes, size_t length, Arena memory);

#endif							/* AGRIRISK_BINNING_MATH_H */
