/*
 * confusion_math.h
 *		How often what was predicted is what is true: stored form, merging and
 *		measures. Pure C.
 *
 * Stored, a confusion is (after the varlena header)
 *
 *		version		1 byte, CONFUSION_VERSION
 *		reserved	1 byte, zero
 *		excluded	varint, rows left out for a NULL
 *		names		varint, how many
 *			length	varint, 0 to CONFUSION_MAX_NAME
 *			name	its bytes, without a zero byte
 *		cells		varint, how many, at most CONFUSION_MAX_CELLS
 *			stratum, truth, predicted	varints, the place of each among the names
 *			count	varint, above zero
 *
 * Names are in the order of their bytes and each is used; cells are in the order
 * of (stratum, truth, predicted). Counts and excluded rows together stay within
 * an int64. Where rows were given no stratum, it is the class predicted: a map's
 * classes are the strata its check is drawn from. A value has one encoding; the
 * reader refuses every other.
 */
#ifndef CONFUSION_MATH_H
#define CONFUSION_MATH_H

#include "core/math/bytes.h"

#define CONFUSION_VERSION	1
#define CONFUSION_MAX_NAME	255
#define CONFUSION_MAX_CELLS 100000

typedef struct ConfusionName
{
	const char *name;			/* not terminated */
	uint32_t	length;
	uint32_t	place;			/* in what it is merged into; nonzero: used */
} ConfusionName;

typedef struct ConfusionCell
{
	uint32_t	stratum;
	uint32_t	truth;
	uint32_t	predicted;
	int64_t		count;
} ConfusionCell;

typedef struct Confusion
{
	int64_t		excluded;
	int64_t		total;			/* of the cells */
	uint32_t	names;
	uint32_t	cells;
	ConfusionName *name;
	ConfusionCell *cell;
} Confusion;

/* How much room a value wants; false if it is damaged already there. */
extern bool confusion_read_shape(const uint8_t *bytes, size_t length, Confusion *shape);

/* Reads a value into `name` and `cell` of that much room; names stay in place. */
extern bool confusion_read(const uint8_t *bytes, size_t length, Confusion *c);

extern void confusion_write(const Confusion *c, ByteWriter *writer);

extern int	confusion_compare_names(const ConfusionName *a, const ConfusionName *b);

typedef enum ConfusionStatus
{
	CONFUSION_OK,
	CONFUSION_TOO_MANY_CELLS,
	CONFUSION_TOO_MANY_ROWS
} ConfusionStatus;

/* Merges two values into one that has room for the names and cells of both. */
extern ConfusionStatus confusion_merge(Confusion *a, Confusion *b, Confusion *merged);

/* Rows of one class; a name that is a stratum only has none of any. */
typedef struct ConfusionClass
{
	int64_t		mapped;			/* predicted so */
	int64_t		reference;		/* truly so */
	int64_t		correct;		/* both */
} ConfusionClass;

/* `class` has room for every name. Returns all that are correct. */
extern int64_t confusion_classes(const Confusion *c, ConfusionClass *class);

/* Cohen's kappa; false where it is undefined. */
extern bool confusion_kappa(const Confusion *c, const ConfusionClass *class, double *kappa);

/* A share of a stratified sample, as estimated; NaN where it is undefined. */
typedef struct Estimate
{
	double		value;
	double		se;
} Estimate;

/* What the strata are worth: an area per name, and what all of them make known. */
typedef struct ConfusionAreas
{
	const double *area;			/* of each name as a stratum, 0 if it has none */
	bool		unsampled;		/* some area has no row; set before for other names */
	bool		single;			/* some area has one row: no variances */
	bool		strata_are_classes;
} ConfusionAreas;

typedef struct ConfusionArea
{
	Estimate	share;			/* of the total area that truly is this class */
	Estimate	users;			/* of what is mapped so, that truly is */
	Estimate	producers;		/* of what truly is so, that is mapped so */
} ConfusionArea;

/* Fills in what follows from the rows. */
extern void confusion_weigh_strata(const Confusion *c, ConfusionAreas *areas);

extern ConfusionArea confusion_area(const Confusion *c, const ConfusionAreas *areas, uint32_t class);
extern Estimate confusion_area_accuracy(const Confusion *c, const ConfusionAreas *areas);

#endif							/* CONFUSION_MATH_H */
