/*
 * scorecard_math.h
 *		The scorecard: its parts, its rules, its stored bytes. Pure C.
 *
 * Stored bytes (numbers as in core/bytes.h; a string is a varint length and
 * that many bytes; a list is a varint count and that many items):
 *
 *		version (1)  reserved (three zero bytes)
 *		name  base_score  base_odds  pdo  intercept
 *		list of features:
 *			name  kind  weight  reason  consent (empty: none)
 *			missing policy [its WOE]  unseen policy
 *			number:		count of bins, the cuts between them, a WOE each
 *			category:	list of (list of categories, WOE)
 *			list of special (list of values, WOE)
 *		list of segments:
 *			name  parent (empty: the root)  0 or 1 [intercept]
 *			list of (feature number, weight), feature numbers ascending
 *
 * Each card has one such form, so equal cards have equal bytes: counts are
 * written in their shortest form and negative zero is refused.
 */
#ifndef AGRIRISK_SCORECARD_MATH_H
#define AGRIRISK_SCORECARD_MATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CARD_VERSION 1

/* A row cannot have more columns. */
#define CARD_MAX_FEATURES 1600

/* No score, weight or log-odds is this large; sums of them stay finite. */
#define CARD_MAX_NUMBER 1e9

/* Segments with weights of their own, times features: 128 MB of weights. */
#define CARD_MAX_SEGMENT_WEIGHTS (1 << 24)

/* Where decoded and compiled cards live; alloc() never returns NULL. */
typedef struct CardMemory
{
	void	   *(*alloc) (void *context, size_t size);
	void	   *context;
} CardMemory;

typedef struct CardText
{
	const char *at;
	uint32_t	length;
} CardText;

typedef enum CardKind
{
	CARD_NUMBER,
	CARD_CATEGORY
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
	CardText   *category;
} CardBin;

typedef struct CardSpecial
{
	double		woe;
	uint32_t	n_values;
	double	   *value;
} CardSpecial;

typedef struct CardFeature
{
	CardText	name;
	CardText	reason;
	CardText	consent;
	CardKind	kind;
	CardMissing missing;
	CardUnseen	unseen;
	double		weight;
	double		missing_woe;
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
	CardText	name;
	CardText	parent;
	int32_t		parent_index;	/* set by card_check; -1: the root */
	bool		has_intercept;
	double		intercept;
	uint32_t	n_weights;
	CardWeight *weight;
} CardSegment;

typedef struct Card
{
	CardText	name;
	double		base_score;
	double		base_odds;
	double		pdo;
	double		intercept;
	uint32_t	n_features;
	CardFeature *feature;
	uint32_t	n_segments;
	CardSegment *segment;
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
	CardText	text;			/* text */
} CardFault;

/* Texts to their numbers: features by name, categories to bins, segments. */
typedef struct CardIndex
{
	uint32_t	mask;			/* number of slots, less one */
	struct CardIndexSlot
	{
		CardText	text;
		uint32_t	value;
	}		   *slot;			/* an empty one has a NULL text */
} CardIndex;

extern CardIndex *card_index_create(CardMemory memory, uint32_t capacity);

/* Adds the text; returns false where it is there already. */
extern bool card_index_add(CardIndex *index, CardText text, uint32_t value);

/* Returns the text's value, or -1. */
extern int64_t card_index_find(const CardIndex *index, const char *at, size_t length);

/*
 * Every rule of a card. Sets parent_index of the segments. Returns false, and
 * the first fault, where a rule is broken.
 */
extern bool card_check(Card *card, CardMemory memory, CardFault *fault);

/* Writes a checked card; returns its length. With no buffer it only counts. */
extern size_t card_encode(const Card *card, uint8_t *buffer);

/*
 * Reads stored bytes, which the card's texts then point into. Only their
 * structure is checked. Returns NULL where it is damaged, and says why.
 */
extern Card *card_decode(const uint8_t *bytes, size_t length, CardMemory memory,
						 const char **what);

#endif							/* AGRIRISK_SCORECARD_MATH_H */
