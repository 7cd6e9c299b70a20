/*
 * tally_math.h
 *		Numbers counted by value and class, sorted: sorting, stored form, text
 *		form. Pure C.
 *
 * A tally is what many rows of (value, class) come to when equal values are
 * put together: distinct values in ascending order, each with its number of
 * rows of class 0 and of class 1, and how many rows were left out because
 * something of them was unknown. -0 is 0; NaN is not a value.
 *
 * Stored, a tally is (after the varlena header)
 *
 *		version		1 byte, TALLY_VERSION
 *		reserved	1 byte, zero
 *		excluded	varints: rows without value, without class, without weight
 *		distinct	varint, number of distinct values
 *		total		varint, rows of class 0; varint, rows of class 1
 *		entries		distinct times, ascending:
 *			step	varint, the value's key less the key before (the first: the
 *					key itself), above 0
 *			head	varint, 4 * (rows - 1) + class if its rows are of one class,
 *					4 * (rows of class 0 - 1) + 2 if they are of both
 *			[rows]	varint, rows of class 1 - 1, if they are of both
 *
 * The key of a value is 64 bits that order as the value does (tally_key). A
 * tally has exactly one encoding; the reader refuses every other.
 */
#ifndef AGRIRISK_TALLY_MATH_H
#define AGRIRISK_TALLY_MATH_H

#include "core/math/bytes.h"

#define TALLY_VERSION			1

/* The most distinct values a stored tally has. */
#define TALLY_MAX_DISTINCT		10000000

/*
 * The most rows of a class, about 1.1e12: so that sums of squared ranks
 * (4 * rows^3) and what is made of them stay within 128 bits.
 */
#define TALLY_MAX_TOTAL			((int64_t) 1 << 40)

/* The most bytes an entry takes, and the most in front of the entries. */
#define TALLY_ENTRY_BYTES		30
#define TALLY_HEAD_BYTES		62

/* Keys of the infinities; what is beyond them would be NaN. */
#define TALLY_KEY_LEAST			UINT64_C(0x000fffffffffffff)
#define TALLY_KEY_GREATEST		UINT64_C(0xfff0000000000000)
#define TALLY_KEY_MINUS_ZERO	UINT64_C(0x7fffffffffffffff)

/* Why rows are left out. */
typedef enum TallyExclusion
{
	TALLY_NO_VALUE,
	TALLY_NO_CLASS,
	TALLY_NO_WEIGHT
} TallyExclusion;

#define TALLY_EXCLUSIONS		3

/* What is known of a tally without its entries. */
typedef struct TallyHead
{
	int64_t		excluded[TALLY_EXCLUSIONS];
	int64_t		distinct;
	int64_t		total[2];
} TallyHead;

typedef struct TallyEntry
{
	uint64_t	key;
	int64_t		count[2];		/* rows of either class */
} TallyEntry;

/* The key of a value that is not NaN. */
static inline uint64_t
tally_key(double value)
{
	uint64_t	bits;

	value += 0.0;				/* of -0 makes 0 */
	memcpy(&bits, &value, sizeof bits);
	return bits ^ (UINT64_C(0x8000000000000000) | (0 - (bits >> 63)));
}

static inline double
tally_value(uint64_t key)
{
	uint64_t	bits = key ^ (UINT64_C(0x8000000000000000) | ((key >> 63) - 1));
	double		value;

	memcpy(&value, &bits, sizeof value);
	return value;
}

/*
 * Sorting. Large amounts take a while: `pause` is called every few milliseconds.
 */
typedef void (*TallyPause) (void);

/* Sorts keys in place; scratch is as large. */
extern void tally_sort_keys(uint64_t *keys, size_t n, uint64_t *scratch, TallyPause pause);

/*
 * Sorts entries in place and adds up those of equal keys; returns how many are
 * left. Fast for runs that are sorted already. Scratch is as large.
 */
extern size_t tally_sort_entries(TallyEntry *entries, size_t n, TallyEntry *scratch,
								 TallyPause pause);

/* Sorted keys of rows of either class, and sorted entries, to be read as one tally. */
typedef struct TallySources
{
	const uint64_t *keys[2];
	const uint64_t *keys_end[2];
	const TallyEntry *entries;
	const TallyEntry *entries_end;
} TallySources;

extern bool tally_sources_next(TallySources *sources, TallyEntry *entry);

/* Stored form. */

typedef struct TallyReader
{
	ByteReader	bytes;
	TallyHead	head;
	int64_t		left;			/* entries still to be read */
	int64_t		seen[2];		/* rows read */
	uint64_t	key;			/* read last */
	bool		damaged;
} TallyReader;

/* Begins to read; damage may show at once or at any later entry. */
extern void tally_open(TallyReader *reader, const uint8_t *bytes, size_t length);

/* The next entry; false at the end and at the first damage. */
extern bool tally_next(TallyReader *reader, TallyEntry *entry);

extern void tally_write_head(ByteWriter *writer, const TallyHead *head);

/* One entry, and one entry of any run of them: `key` is the key before. */
extern void tally_write_entry(ByteWriter *writer, uint64_t key, const TallyEntry *entry);
extern bool tally_read_entry(ByteReader *bytes, uint64_t key, TallyEntry *entry);

/* The head of a tally that holds the rows of both, but for the number of distinct values. */
extern void tally_add_head(TallyHead *head, const TallyHead *added);

/* A head whose numbers are within bounds. */
extern bool tally_head_fits(const TallyHead *head);

/*
 * Reading the text form, "excluded 4/1/0; 0.1 3/0; 0.25 2/1": rows without
 * value, class, weight, if there are any; then value, rows of class 0 and of
 * class 1, and of a tally of one class "0.1 3; 0.25 2". Entries come in any
 * order, a value may come twice. Without anything it is "empty".
 */
typedef struct TallyText
{
	const char *text;
	size_t		at;				/* offset of what is read next, or of the fault */
	int			classes;		/* 1 or 2 */
	bool		begun;			/* an item was read */
	bool		ended;			/* it was "empty" */
	const char *fault;			/* what is wrong, NULL if nothing is */
} TallyText;

extern void tally_text_open(TallyText *reader, const char *text, int classes,
							int64_t *excluded);

/* The next entry; false at the text's end and at a fault. */
extern bool tally_text_next(TallyText *reader, TallyEntry *entry);

#endif							/* AGRIRISK_TALLY_MATH_H */
