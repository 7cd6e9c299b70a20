/*
 * distribution_math.h
 *		How values are distributed, and how far two distributions differ: stored
 *		form and population stability. Pure C.
 *
 * A distribution of numbers is stored as a tally of one class (core/math/tally_math.h)
 * whose rows without value are the rows with a missing value. A distribution of
 * names, such as crops, is (after the varlena header)
 *
 *		version		1 byte, DISTRIBUTION_NAMES, which no tally begins with
 *		reserved	1 byte, zero
 *		missing		varint, rows whose value is missing
 *		unweighted	varint, rows left out because their weight is
 *		names		varint, how many, at most DISTRIBUTION_MAX_NAMES
 *			length	varint, 0 to DISTRIBUTION_MAX_NAME
 *			name	its bytes, without a zero byte, in the order of bytes
 *			rows	varint, above zero
 *
 * All rows together stay within TALLY_MAX_TOTAL, as the rows of numbers do. A value
 * has one encoding; the readers refuse every other.
 */
#ifndef DISTRIBUTION_MATH_H
#define DISTRIBUTION_MATH_H

#include "core/math/stability_math.h"
#include "core/math/tally_math.h"

#define DISTRIBUTION_NAMES		0x81
#define DISTRIBUTION_MAX_NAME	255
#define DISTRIBUTION_MAX_NAMES	100000

static inline bool
distribution_is_of_names(const uint8_t *bytes, size_t length)
{
	return length > 0 && bytes[0] == DISTRIBUTION_NAMES;
}

typedef struct DistributionName
{
	const char *name;			/* not terminated, in place */
	size_t		length;
	int64_t		rows;
} DistributionName;

typedef struct DistributionReader
{
	ByteReader	bytes;
	int64_t		missing;
	int64_t		unweighted;
	int64_t		count;			/* of all names */
	int64_t		left;			/* still to be read */
	int64_t		rows;			/* seen so far, missing and unweighted ones too */
	DistributionName last;
	bool		damaged;
} DistributionReader;

/* Begins to read names; damage may show at once or at any later name. */
extern void distribution_open(DistributionReader *reader, const uint8_t *bytes, size_t length);
extern bool distribution_next(DistributionReader *reader, DistributionName *name);

extern void distribution_write_head(ByteWriter *writer, int64_t missing, int64_t unweighted,
									int64_t count);
extern void distribution_write_name(ByteWriter *writer, const DistributionName *name);

typedef enum DistributionStatus
{
	DISTRIBUTION_OK,
	DISTRIBUTION_UNDEFINED,		/* SQL's NULL */
	DISTRIBUTION_MIXED,			/* numbers against names */
	DISTRIBUTION_TOO_MANY_NAMES,
	DISTRIBUTION_TOO_MANY_ROWS,
	DISTRIBUTION_DAMAGED
} DistributionStatus;

/* Rows with a value, missing and left out, of either kind; reads all of it. */
typedef struct DistributionCounts
{
	int64_t		n;
	int64_t		missing;
	int64_t		unweighted;
} DistributionCounts;

extern DistributionStatus distribution_count(const uint8_t *bytes, size_t length,
											 TallyPause pause, DistributionCounts *counts);

/*
 * Writes two values of names merged, without the head, which needs their number:
 * so run it with a writer that counts, and again with a buffer.
 */
extern DistributionStatus distribution_merge_names(const uint8_t *a, size_t a_length,
												   const uint8_t *b, size_t b_length,
												   ByteWriter *writer, int64_t *count);

/* Population stability. */

/* A bin: numbers in (low, high], a name, or what is missing. */
typedef struct PsiBin
{
	double		low;
	double		high;
	const char *name;			/* NULL for numbers and what is missing */
	size_t		length;
	bool		missing;
	int64_t		rows[2];		/* expected, actual */
	StabilityTerm of;
} PsiBin;

typedef struct PsiReader
{
	bool		of_names;
	double		floor;
	DistributionCounts counts[2];
	DistributionReader names[2];
	DistributionName name[2];
	bool		more[2];
	StabilityCuts cuts;			/* of numbers */
	int64_t		rows[STABILITY_MAX_CUTS + 1][2];
	int			bins;			/* of numbers; 0: names */
	int			at;
	bool		missing_given;
} PsiReader;

/*
 * Begins to compare; undefined unless either has rows. Missing values count as
 * rows, and are a bin of their own where either distribution has them.
 */
extern DistributionStatus psi_open(PsiReader *reader, const uint8_t *expected, size_t expected_length,
								   const uint8_t *actual, size_t actual_length, double floor,
								   TallyPause pause);

/* The next bin: numbers ascending, names in the order of bytes, then what is missing. */
extern bool psi_next(PsiReader *reader, PsiBin *bin);

#endif							/* DISTRIBUTION_MATH_H */
