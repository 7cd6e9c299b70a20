/*
 * cashflow_math.h
 *		A farmer's money by calendar month: arithmetic and stored form. Pure C.
 *
 * A cash flow is an array of CashMonth, one for each calendar month in which
 * something happened, months increasing. Stored, it is (after the varlena
 * header)
 *
 *		version		1 byte, CASHFLOW_VERSION
 *		reserved	1 byte, zero
 *		count		varint, number of months
 *		months		count times:
 *			head	varint, (months skipped since the one before) * 8 + kinds
 *			[in]	if kinds has CASH_IN: varint count - 1, amount
 *			[out]	if kinds has CASH_OUT: varint count - 1, amount
 *			[zero]	if kinds has CASH_ZERO: varint count - 1
 *			days	4 bytes little-endian: bit d - 1 says that something
 *					happened on day d, bit 31 that the last active day brought
 *					an inflow
 *			[last]	1 byte, last day with inflow, if there was one and bit 31
 *					of days is clear
 *
 * An amount is the varint of units * 2, or, where the units are a multiple of
 * 100 (money is mostly whole cents), of units / 100 * 2 + 1. A month of a busy
 * farmer takes about 15 bytes. A value has exactly one encoding, so that equal
 * values are equal bytes; the decoder refuses every other.
 */
#ifndef CASHFLOW_MATH_H
#define CASHFLOW_MATH_H

#include "core/math/calendar.h"
#include "core/math/money.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CASHFLOW_VERSION	1

#define CASHFLOW_MAX_WINDOW 1200

typedef enum CashKind
{
	CASH_IN = 1,
	CASH_OUT = 2,
	CASH_ZERO = 4
} CashKind;

typedef struct CashMonth
{
	int64_t		inflow;			/* units; at least inflow_count */
	int64_t		outflow;		/* units, positive; at least outflow_count */
	uint32_t	inflow_count;
	uint32_t	outflow_count;
	uint32_t	zero_count;		/* events whose amount rounds to zero */
	uint32_t	days;			/* bit d - 1: something happened on day d */
	int32_t		month;
	int32_t		last_inflow_day;	/* 1 to 31, 0 if there was no inflow */
} CashMonth;

static inline int
cash_count_bits(uint32_t bits)
{
	bits -= bits >> 1 & UINT32_C(0x55555555);
	bits = (bits & UINT32_C(0x33333333)) + (bits >> 2 & UINT32_C(0x33333333));
	bits = (bits + (bits >> 4)) & UINT32_C(0x0f0f0f0f);
	return (int) (bits * UINT32_C(0x01010101) >> 24);
}

/* Bits start, the highest: the last active day, 1 to 31. */
static inline int
cash_last_day(uint32_t days)
{
	return 32 - __builtin_clz(days);
}

static inline int
cash_first_day(uint32_t days)
{
	return 1 + __builtin_ctz(days);
}

/*
 * NULL if some events can have led to this month, else what contradicts. The
 * month number itself is in range.
 */
extern const char *cash_month_fault(const CashMonth *m);

/*
 * One event of at most 219902325.5551 in size: its day in the upper 22 bits,
 * so that events sort by day, its amount in the lower 42.
 */
typedef uint64_t CashEvent;

#define CASH_EVENT_UNITS	(INT64_C(1) << 41)

/* What is wrong with a text, and where (an offset in bytes). */
typedef struct CashTextFault
{
	const char *what;
	size_t		at;
} CashTextFault;

/* Where the month is, or belongs, in increasing months. */
extern int	cashflow_find(const CashMonth *months, int count, int32_t month);

/* One more event of a month. False if the month's sum leaves the range. */
static inline bool
cash_month_add(CashMonth *m, int day, int64_t units)
{
	m->days |= UINT32_C(1) << (day - 1);
	if (units > 0)
	{
		if (day > m->last_inflow_day)
			m->last_inflow_day = day;
		return !__builtin_add_overflow(m->inflow, units, &m->inflow) &&
			++m->inflow_count != 0;
	}
	if (units < 0)
		return !__builtin_sub_overflow(m->outflow, units, &m->outflow) &&
			++m->outflow_count != 0;
	return ++m->zero_count != 0;
}

/* False if the amount is too large for an event. */
static inline bool
cash_event_pack(int32_t day, int64_t units, CashEvent *event)
{
	*event = (uint64_t) (day - CALENDAR_DAY_MIN) << 42 | ((uint64_t) units + CASH_EVENT_UNITS);
	return units > -CASH_EVENT_UNITS && units < CASH_EVENT_UNITS;
}

/* A month with one event. */
extern CashMonth cash_month_make(int32_t day, int64_t units);

/* All events of `from`, of the same month. False if a sum leaves the range. */
extern bool cash_month_merge(CashMonth *into, const CashMonth *from);

/*
 * The months of up to a million events, which are sorted; `out` has room for
 * as many. Returns their number.
 */
extern int	cashflow_from_events(CashEvent *events, int count, CashMonth *out);

/*
 * Merges two cash flows into `out`, which has room for both; returns the
 * number of months, or -1 if a sum leaves the range.
 */
extern int	cashflow_merge(const CashMonth *a, int a_count,
						   const CashMonth *b, int b_count, CashMonth *out);

/* Bytes that are enough to encode this number of months. */
static inline size_t
cashflow_encoded_bound(size_t count)
{
	return 8 + count * 48;
}

/* Writes the stored form; returns its length. */
extern size_t cashflow_encode(const CashMonth *months, int count, uint8_t *out);

/* The number of months of a stored form, to make room for; -1 if malformed. */
extern int	cashflow_decode_count(const uint8_t *bytes, size_t length);

/* Reads the stored form; NULL, or what is wrong with it. */
extern const char *cashflow_decode(const uint8_t *bytes, size_t length, CashMonth *out);

/* Bytes that are enough to print this number of months, with the final zero. */
static inline size_t
cashflow_text_bound(size_t count)
{
	return 8 + count * 208;
}

/* Writes the text form and a final zero; returns its length without it. */
extern size_t cashflow_to_text(const CashMonth *months, int count, char *out);

/* At least the number of months in a text, to make room for. */
extern size_t cashflow_text_count(const char *text);

/* Reads the text form; the number of months, or -1 and a fault. */
extern int	cashflow_from_text(const char *text, CashMonth *out, CashTextFault *fault);

/* Columns of cashflow_features, in the order of the SQL type. */
typedef enum CashColumn
{
	CASH_MONTHS_OBSERVED,
	CASH_ACTIVE_MONTHS,
	CASH_ZERO_INFLOW_MONTHS,
	CASH_NEGATIVE_MONTHS,
	CASH_EVENTS_AFTER,
	CASH_INFLOW_TOTAL,
	CASH_OUTFLOW_TOTAL,
	CASH_INFLOW_MEAN,
	CASH_INFLOW_CV,
	CASH_NET_RATIO,
	CASH_SEASONAL_CONCENTRATION,
	CASH_PEAK_MONTH,
	CASH_SEASONAL_STRENGTH,
	CASH_INFLOW_TREND,
	CASH_SAME_SEASON_GROWTH,
	CASH_NEW_INCOME,
	CASH_LOST_INCOME,
	CASH_LARGEST_MONTH_SHARE,
	CASH_RECENCY_DAYS,
	CASH_LONGEST_GAP_DAYS,
	CASH_ACTIVE_DAYS_MEAN,
	CASH_INFLOW_COUNT_MEAN,
	CASH_MEAN_INFLOW_TICKET,
	CASH_COLUMNS
} CashColumn;

typedef struct CashFeatures
{
	bool		known[CASH_COLUMNS];	/* false: NULL */
	union
	{
		int64_t		whole;		/* counts, days and booleans */
		double		real;		/* everything else */
	}			value[CASH_COLUMNS];
} CashFeatures;

/* How many doubles the trend over this window needs room for. */
extern size_t cashflow_trend_room(const CashMonth *months, int count,
								   int32_t as_of_month, int window);

/*
 * The features of the `window` months before as_of_month, 1 to
 * CASHFLOW_MAX_WINDOW of them. `room` holds cashflow_trend_room() doubles.
 */
extern void cashflow_features(const CashMonth *months, int count,
							  int32_t as_of_month, int window,
							  double *room, CashFeatures *out);

#endif							/* CASHFLOW_MATH_H */
