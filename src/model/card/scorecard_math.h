/*
 * scorecard_math.h
 *		The scorecard: its parts, its rules, its stored bytes. Pure C.
 *
 * Stored bytes (numbers as in core/math/bytes.h; a string is a varint length and
 * that many bytes; a list is a varint count and that many items):
 *
 *		version (1)  flags (bit 0: counts, bit 1: a fit)  reserved (two zero bytes)
 *		name  base_score  base_odds  pdo  intercept
 *		list of features:
 *			name  kind  weight  reason  consent (empty: none)
 *			missing policy [its WOE  counts]  unseen policy
 *			linear:		center  0 or 1 [low  high], and no more
 *			number:		count of bins, the cuts between them, a WOE and counts each
 *			category:	list of (list of categories, WOE, counts)
 *			list of special (list of values, WOE, counts)
 *		list of segments:
 *			name  parent (empty: the root)  0 or 1 [intercept]
 *			list of (feature number, weight), feature numbers ascending
 *		fit, where a flag says so:
 *			rows  bads  iterations  folds  rows out of fold  encoding  selection
 *			assumptions  weight unit  the numbers of card_fit_numbers
 *			in sample, then out of fold: the numbers of card_measure_numbers
 *			list of excluded (why, rows)
 *			list of tried (name, dropped, the numbers of card_tried_numbers)
 *			list of terms (0 for the intercept or feature number + 1,
 *				0 or 1 [level], coefficient, the numbers of card_term_numbers)
 *			list of covariances
 *			list of spreads (level, 0 for the intercept or feature number + 1, sd)
 *			list of segments (rows, bads, note, the numbers of card_segment_numbers)
 *
 * Where a flag says that there are counts, they are goods and bads; a number of
 * rows is a varint of one more than it is, 0 where it is unknown. A number of a
 * fit that may be unknown is 0 or 1 [the number].
 *
 * Each card has one such form, so equal cards have equal bytes: varints are
 * written in their shortest form, negative zero is refused, and a flag is set
 * only where what it stands for is there.
 */
#ifndef AGRIRISK_SCORECARD_MATH_H
#define AGRIRISK_SCORECARD_MATH_H

#include "core/math/tally_math.h"
#include "core/math/text_index.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CARD_VERSION 1

/* A row cannot have more columns. */
#define CARD_MAX_FEATURES 1600

/* No score, weight or log-odds is this large; sums of them stay finite. */
#define CARD_MAX_NUMBER 1e9

/* Values of a linear feature; times any weight, summed and scaled they stay finite. */
#define CARD_MAX_VALUE 1e280

/* No number of rows is larger. */
#define CARD_MAX_ROWS TALLY_MAX_TOTAL

/* Segments with weights of their own, times features: 128 MB of weights. */
#define CARD_MAX_SEGMENT_WEIGHTS (1 << 24)

typedef enum CardKind
{
	CARD_NUMBER,
	CARD_CATEGORY,
	CARD_LINEAR					/* a number as it is: its WOE is x - center */
} CardKind;

/* What a missing value counts as. */
typedef enum CardMissing
{
	CARD_MISSING_NONE,			/* none was learnt: 0, and flagged */
	CARD_MISSING_WOE,
	CARD_MISSING_WORST,
	CARD_MISSING_BEST,
	CARD_MISSING_NEUTRAL
} CardMissing;

/* What a category in no bin counts as. */
typedef enum CardUnseen
{
	CARD_UNSEEN_AVERAGE,
	CARD_UNSEEN_WORST,
	CARD_UNSEEN_ERROR
} CardUnseen;

typedef struct CardBin
{
	double		woe;
	uint32_t	n_categories;	/* of a category feature */
	TextSpan   *category;
	int64_t		goods;			/* rows it was learnt from; both -1: unknown */
	int64_t		bads;
} CardBin;

typedef struct CardSpecial
{
	double		woe;
	uint32_t	n_values;
	double	   *value;
	int64_t		goods;			/* as of a bin */
	int64_t		bads;
} CardSpecial;

typedef struct CardFeature
{
	TextSpan	name;
	TextSpan	reason;
	TextSpan	consent;
	CardKind	kind;
	CardMissing missing;
	CardUnseen	unseen;
	double		weight;
	double		missing_woe;
	int64_t		missing_goods;	/* as of a bin; of CARD_MISSING_WOE only */
	int64_t		missing_bads;
	double		center;			/* of a linear feature, which has no bins */
	double		low;			/* the range of its values in the fit; both NaN: unknown */
	double		high;
	uint32_t	n_bins;
	CardBin    *bin;
	double	   *cut;			/* of a number: n_bins - 1, bin i is [cut[i - 1], cut[i]) */
	uint32_t	n_specials;
	CardSpecial *special;
} CardFeature;

typedef struct CardWeight
{
	uint32_t	feature;
	double		weight;
} CardWeight;

typedef struct CardSegment
{
	TextSpan	name;
	TextSpan	parent;
	int32_t		parent_index;	/* set by card_check; -1: the root */
	bool		has_intercept;
	double		intercept;
	uint32_t	n_weights;
	CardWeight *weight;
} CardSegment;

/* Rows that the fit left out. */
typedef struct CardExclusion
{
	TextSpan	why;
	int64_t		rows;
} CardExclusion;

/* A feature that the fit looked at; NaN: unknown. */
typedef struct CardTried
{
	TextSpan	name;
	TextSpan	dropped;		/* why; empty: kept */
	double		iv;
	double		out_of_fold_iv;
	double		vif;			/* variance inflation factor */
} CardTried;

/* A coefficient of the fit. */
typedef struct CardTerm
{
	int32_t		feature;		/* -1: the intercept */
	bool		has_level;
	TextSpan	level;			/* the category that a 0/1 term is of */
	double		coefficient;
	double		se;				/* NaN: unknown */
} CardTerm;

/* How far the coefficients of segments lie from their parents'. */
typedef struct CardSpread
{
	uint32_t	level;			/* how far below the card the segments are */
	int32_t		feature;		/* -1: the intercept */
	double		sd;
} CardSpread;

/* What the fit says of a segment of the card; NaN: unknown. */
typedef struct CardLearnt
{
	int64_t		rows;			/* its own, without those of the segments below it */
	int64_t		bads;
	double		gain;			/* of their log-likelihood over the parent's coefficients */
	double		out_of_fold_gain;
	double		p;				/* that it gains nothing out of fold, one-sided */
	double		shrinkage;		/* of the intercept: 0 it is the parent's, 1 its own */
	TextSpan	note;
} CardLearnt;

/* How well the model does; NaN: unknown. */
typedef struct CardMeasures
{
	double		log_loss;		/* the mean over rows */
	double		auc;
	double		auc_low;		/* its interval */
	double		auc_high;
} CardMeasures;

/* How a card was learnt. A number of rows or steps is -1, another NaN, where unknown. */
typedef struct CardFit
{
	int64_t		rows;			/* weights, without those excluded; known */
	int64_t		bads;			/* known */
	int64_t		iterations;
	int64_t		folds;
	int64_t		out_of_fold_rows;
	TextSpan	encoding;		/* words of the fit's options; empty: unknown */
	TextSpan	selection;
	TextSpan	assumptions;	/* that no data can check; empty: none */
	double		weight_unit;	/* the rows that a weight of 1 stands for */
	double		log_likelihood;
	double		null_log_likelihood;	/* of the intercept alone */
	double		ridge;			/* penalties */
	double		lasso;
	double		lambda;			/* chosen along a path of them */
	double		shift;			/* of the card's intercept against that of the fit */
	CardMeasures in_sample;
	CardMeasures out_of_fold;
	uint32_t	n_excluded;
	CardExclusion *excluded;	/* ascending by the bytes of why */
	uint32_t	n_tried;
	CardTried  *tried;
	uint32_t	n_terms;
	CardTerm   *term;			/* intercept, then in the order of features and of levels' bytes */
	uint32_t	n_covariances;
	double	   *covariance;		/* lower triangle of the terms', row by row, or none */
	uint32_t	n_spreads;
	CardSpread *spread;			/* in the order of levels, then of features */
	uint32_t	n_segments;
	CardLearnt *segment;		/* one of each segment of the card, or none */
} CardFit;

/* Numbers of a struct that may be unknown: their keys, places and bounds. */
typedef struct CardNumber
{
	const char *key;			/* NULL ends a list */
	size_t		offset;
	double		least;
	double		most;
} CardNumber;

extern const CardNumber card_fit_numbers[];
extern const CardNumber card_measure_numbers[];
extern const CardNumber card_tried_numbers[];
extern const CardNumber card_term_numbers[];
extern const CardNumber card_segment_numbers[];

static inline double *
card_number(const void *base, const CardNumber *number)
{
	return (double *) ((char *) base + number->offset);
}

typedef struct Card
{
	TextSpan	name;
	double		base_score;
	double		base_odds;
	double		pdo;
	double		intercept;
	uint32_t	n_features;
	CardFeature *feature;
	uint32_t	n_segments;
	CardSegment *segment;
	CardFit    *fit;			/* NULL: not known */
} Card;

/* What is wrong with a card, where, and the way out. */
typedef struct CardFault
{
	char		path[96];
	const char *what;
	const char *hint;
	const char *detail;			/* a sentence; NULL: the offending value is */
	bool		has_number;
	double		number;			/* a number, or */
	TextSpan	text;			/* text */
} CardFault;

/*
 * Every rule of a card. Sets parent_index of the segments. Returns false, and
 * the first fault, where a rule is broken.
 */
extern bool card_check(Card *card, Arena memory, CardFault *fault);

/*
 * Sorts what a card has in the order of the bytes of texts: reasons for leaving
 * rows out, and the levels of a feature among the terms.
 */
extern void card_sort(Card *card, Arena memory);

/* Brings all texts of a card into another encoding, and then sorts it. */
extern void card_recode(Card *card, Arena memory, TextRecode recode);

/* Writes a checked card; returns its length. With no buffer it only counts. */
extern size_t card_encode(const Card *card, uint8_t *buffer);

/*
 * Reads stored bytes, which the card's texts then point into. Only their
 * structure is checked. Returns NULL where it is damaged, and says why.
 */
extern Card *card_decode(const uint8_t *bytes, size_t length, Arena memory,
						 const char **what);

#endif							/* AGRIRISK_SCORECARD_MATH_H */
