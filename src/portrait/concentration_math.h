/*
 * concentration_math.h
 *		Weights by key and how concentrated they are: stored form, text form and
 *		measures. Pure C.
 *
 * Stored, a concentration is (after the varlena header)
 *
 *		version		1 byte, CONCENTRATION_VERSION
 *		reserved	1 byte, zero
 *		count		varint, number of keys
 *		keys		count times, in the order of their bytes:
 *			head	varint, length of the key * 2 + (1 if more than one part)
 *			key		its bytes, without a zero byte
 *			[parts]	varint, number of parts - 2, if there is more than one
 *			part	8 bytes each, little-endian doubles
 *
 * The parts are the canonical form of the exact sum of the key's weights (see
 * core/math/exact_sum_math.h), which is positive. A value has exactly one encoding,
 * so that equal values are equal bytes; the reader refuses every other.
 */
#ifndef CONCENTRATION_MATH_H
#define CONCENTRATION_MATH_H

#include "core/math/bytes.h"
#include "core/math/exact_sum_math.h"

#define CONCENTRATION_VERSION	1

/* The empty key and its weight; every other takes more. */
#define CONCENTRATION_KEY_BYTES	9

typedef struct ConcentrationKey
{
	const char *key;			/* not terminated */
	size_t		length;
	int			parts;
	double		part[EXACT_SUM_PARTS + 1];	/* canonical: decreasing */
} ConcentrationKey;

typedef struct ConcentrationReader
{
	ByteReader	bytes;
	uint64_t	count;			/* of all keys */
	uint64_t	left;			/* still to be read */
	const char *previous;
	size_t		previous_length;
	bool		damaged;
} ConcentrationReader;

/* Begins to read; damage may show at once or at any later key. */
extern void concentration_open(ConcentrationReader *reader, const uint8_t *bytes, size_t length);

/* The next key; false at the end and at the first damage. Keys stay in place. */
extern bool concentration_next(ConcentrationReader *reader, ConcentrationKey *key);

extern void concentration_write_head(ByteWriter *writer, uint64_t count);
extern void concentration_write_key(ByteWriter *writer, const char *key, size_t length,
									const double *part, int parts);

typedef enum ConcentrationStatus
{
	CONCENTRATION_OK,
	CONCENTRATION_UNDEFINED,	/* SQL's NULL */
	CONCENTRATION_OUT_OF_RANGE,
	CONCENTRATION_DAMAGED
} ConcentrationStatus;

/* Reads all of a value; its total is rounded once. An empty one has total 0. */
extern ConcentrationStatus concentration_total(const uint8_t *bytes, size_t length, double *total);

/*
 * Writes the keys of two values merged, without the head, which needs their
 * number: so run it with a writer that counts, and again with a buffer. A sum
 * out of range leaves its key in `overflow`, the total none (NULL).
 */
extern ConcentrationStatus concentration_merge(const uint8_t *a, size_t a_length,
											   const uint8_t *b, size_t b_length,
											   ByteWriter *writer, uint64_t *count,
											   ConcentrationKey *overflow);

/*
 * The measures. A share is a key's rounded sum over the rounded total; sums of
 * shares are exact and rounded once, so that they cannot depend on an order.
 */
extern ConcentrationStatus concentration_hhi(const uint8_t *bytes, size_t length, double *hhi);
extern ConcentrationStatus concentration_entropy(const uint8_t *bytes, size_t length,
												 double *entropy);

/* A weight of a value, where it is stored. */
typedef struct ConcentrationWeight
{
	double		first;
	const uint8_t *rest;		/* the other parts */
	int			parts;
} ConcentrationWeight;

/* `heap` needs room for n weights, or for all keys if those are fewer; `pause` is called now and then. */
extern ConcentrationStatus concentration_top_share(const uint8_t *bytes, size_t length, uint64_t n,
												   ConcentrationWeight *heap, void (*pause) (void), double *share);

/*
 * Reading the text form, {"apple": 1200.5, "rice": 300+1e-17}: keys are JSON
 * strings in any order, a weight is a sum of decimal numbers.
 */
typedef struct ConcentrationText
{
	const char *text;
	size_t		at;				/* offset of what is read next, or of the fault */
	char	   *scratch;		/* as long as the text: holds the current key */
	bool		begun;
	const char *fault;			/* what is wrong, NULL if nothing is */
	bool		out_of_range;	/* ... and that it is a number's size */
} ConcentrationText;

extern void concentration_text_open(ConcentrationText *reader, const char *text, char *scratch);

/*
 * The next key, its sum canonical; no parts if its weight is zero. False at the
 * end and at a fault. A key may come twice; its weights are meant to add up.
 */
extern bool concentration_text_next(ConcentrationText *reader, ConcentrationKey *key);

#endif							/* CONCENTRATION_MATH_H */
