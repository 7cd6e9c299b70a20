/*
 * cashflow_math.c
 *		A farmer's money by calendar month: arithmetic and stored form. Pure C.
 */
#include "portrait/cashflow_math.h"

#include <math.h>
#include <string.h>

#include "core/math/bytes.h"

#define DAYS_INFLOW_LAST	UINT32_C(0x80000000)

/* Months. */

int
cashflow_find(const CashMonth *months, int count, int32_t month)
{
	int			low = 0;
	int			high = count;

	/* Events mostly come in order. */
	if (count == 0 || months[count - 1].month < month)
		return count;
	while (low < high)
	{
		int			middle = (low + high) / 2;

		if (months[middle].month < month)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

CashMonth
cash_month_make(int32_t day, int64_t units)
{
	CashMonth	m = {0};
	int32_t		start,
				end;

	m.month = calendar_month_of(day, &start, &end);
	cash_month_add(&m, day - start + 1, units);
	return m;
}

int
cashflow_from_events(CashEvent *events, int count, CashMonth *out)
{
	CashMonth  *m = out - 1;
	int32_t		start = 0,
				end = INT32_MIN;
	int			i;

	/* They are few, and mostly in order. */
	for (i = 1; i < count; i++)
	{
		CashEvent	event = events[i];
		int			j = i;

		for (; j > 0 && events[j - 1] > event; j--)
			events[j] = events[j - 1];
		events[j] = event;
	}
	for (i = 0; i < count; i++)
	{
		int32_t		day = (int32_t) (events[i] >> 42) + CALENDAR_DAY_MIN;

		if (day >= end)
		{
			memset(++m, 0, sizeof *m);
			m->month = calendar_month_of(day, &start, &end);
		}

		/* So few events, so small, cannot leave the range. */
		cash_month_add(m, day - start + 1,
					   (int64_t) (events[i] & (2 * CASH_EVENT_UNITS - 1)) - CASH_EVENT_UNITS);
	}
	return (int) (m - out) + 1;
}

bool
cash_month_merge(CashMonth *into, const CashMonth *from)
{
	into->days |= from->days;
	if (into->last_inflow_day < from->last_inflow_day)
		into->last_inflow_day = from->last_inflow_day;
	return !__builtin_add_overflow(into->inflow, from->inflow, &into->inflow) &&
		!__builtin_add_overflow(into->outflow, from->outflow, &into->outflow) &&
		!__builtin_add_overflow(into->inflow_count, from->inflow_count, &into->inflow_count) &&
		!__builtin_add_overflow(into->outflow_count, from->outflow_count, &into->outflow_count) &&
		!__builtin_add_overflow(into->zero_count, from->zero_count, &into->zero_count);
}

int
cashflow_merge(const CashMonth *a, int a_count, const CashMonth *b, int b_count, CashMonth *out)
{
	const CashMonth *a_end = a + a_count;
	const CashMonth *b_end = b + b_count;
	CashMonth  *next = out;

	while (a < a_end || b < b_end)
	{
		if (b == b_end || (a < a_end && a->month < b->month))
			*next++ = *a++;
		else if (a == a_end || b->month < a->month)
			*next++ = *b++;
		else
		{
			*next = *a++;
			if (!cash_month_merge(next++, b++))
				return -1;
		}
	}
	return (int) (next - out);
}

const char *
cash_month_fault(const CashMonth *m)
{
	uint64_t	others = (uint64_t) m->outflow_count + m->zero_count;

	if (m->days == 0)
		return "a month needs an active day";
	if (m->days >> 28 != 0 &&
		cash_last_day(m->days) > calendar_month_start(m->month + 1) - calendar_month_start(m->month))
		return "the month has fewer days";
	if (m->inflow < (int64_t) m->inflow_count || m->outflow < (int64_t) m->outflow_count ||
		(m->inflow > 0) > (m->inflow_count > 0) || (m->outflow > 0) > (m->outflow_count > 0))
		return "the sum does not fit its number of events";
	if ((m->inflow_count > 0) != (m->last_inflow_day > 0))
		return "a month with inflow, and no other, marks the last day with inflow";
	if (m->inflow_count > 0 && !(m->days >> (m->last_inflow_day - 1) & 1))
		return "the last day with inflow is not an active day";
	if ((uint64_t) cash_count_bits(m->days) > m->inflow_count + others ||
		(uint64_t) cash_count_bits((uint32_t) ((uint64_t) m->days >> m->last_inflow_day)) > others)
		return "there are more active days than events";
	return NULL;
}

/* Stored form. */

static inline void
write_amount(ByteWriter *w, int64_t units)
{
	uint64_t	u = (uint64_t) units;

	write_varint(w, u % 100 == 0 ? u / 100 * 2 + 1 : u * 2);
}

static inline int64_t
read_amount(ByteReader *r)
{
	uint64_t	code = read_varint(r);
	uint64_t	units = code >> 1;

	if (code & 1)
	{
		if (units > INT64_MAX / 100)
			r->bad = true;
		return (int64_t) (units * 100);
	}
	if (units % 100 == 0)
		r->bad = true;
	return (int64_t) units;
}

static inline uint32_t
read_count(ByteReader *r)
{
	uint64_t	less = read_varint(r);

	if (less >= UINT32_MAX)
		r->bad = true;
	return (uint32_t) less + 1;
}

size_t
cashflow_encode(const CashMonth *months, int count, uint8_t *out)
{
	ByteWriter	w = {out, 0};
	int32_t		previous = -1;
	int			i;

	write_u8(&w, CASHFLOW_VERSION);
	write_u8(&w, 0);
	write_varint(&w, (uint64_t) count);
	for (i = 0; i < count; i++)
	{
		const CashMonth *m = &months[i];
		int			kinds = (m->inflow_count ? CASH_IN : 0) |
			(m->outflow_count ? CASH_OUT : 0) | (m->zero_count ? CASH_ZERO : 0);
		bool		inflow_last = m->inflow_count && cash_last_day(m->days) == m->last_inflow_day;
		uint32_t	days = m->days | (inflow_last ? DAYS_INFLOW_LAST : 0);

		write_varint(&w, (uint64_t) (m->month - previous - 1) << 3 | kinds);
		previous = m->month;
		if (kinds & CASH_IN)
		{
			write_varint(&w, m->inflow_count - 1);
			write_amount(&w, m->inflow);
		}
		if (kinds & CASH_OUT)
		{
			write_varint(&w, m->outflow_count - 1);
			write_amount(&w, m->outflow);
		}
		if (kinds & CASH_ZERO)
			write_varint(&w, m->zero_count - 1);
		write_u8(&w, (uint8_t) days);
		write_u8(&w, (uint8_t) (days >> 8));
		write_u8(&w, (uint8_t) (days >> 16));
		write_u8(&w, (uint8_t) (days >> 24));
		if ((kinds & CASH_IN) && !inflow_last)
			write_u8(&w, (uint8_t) m->last_inflow_day);
	}
	return w.length;
}

static bool
open_stored(ByteReader *r, const uint8_t *bytes, size_t length, uint64_t *count)
{
	uint8_t		version;
	uint8_t		reserved;

	r->at = bytes;
	r->end = bytes + length;
	r->bad = false;
	version = read_u8(r);
	reserved = read_u8(r);
	*count = read_varint(r);

	/* The shortest month has six bytes, so the count cannot ask for much. */
	return !r->bad && version == CASHFLOW_VERSION && reserved == 0 &&
		*count <= bytes_left(r) / 6;
}

int
cashflow_decode_count(const uint8_t *bytes, size_t length)
{
	ByteReader	r;
	uint64_t	count;

	if (!open_stored(&r, bytes, length, &count) || count > CALENDAR_MONTH_MAX)
		return -1;
	return (int) count;
}

const char *
cashflow_decode(const uint8_t *bytes, size_t length, CashMonth *out)
{
	ByteReader	r;
	uint64_t	count;
	uint64_t	i;
	int64_t		previous = -1;

	if (!open_stored(&r, bytes, length, &count))
		return "unknown version or damaged header";
	for (i = 0; i < count; i++)
	{
		CashMonth  *m = &out[i];
		uint64_t	head = read_varint(&r);
		uint64_t	skipped = head >> 3;
		const uint8_t *days;
		const char *fault;

		memset(m, 0, sizeof *m);
		if (r.bad || (head & 7) == 0)
			return "damaged month";
		if (skipped > CALENDAR_MONTH_MAX || previous + 1 + (int64_t) skipped > CALENDAR_MONTH_MAX ||
			previous + 1 + (int64_t) skipped < CALENDAR_MONTH_MIN)
			return "month out of range";
		m->month = (int32_t) (previous + 1 + (int64_t) skipped);
		previous = m->month;
		if (head & CASH_IN)
		{
			m->inflow_count = read_count(&r);
			m->inflow = read_amount(&r);
		}
		if (head & CASH_OUT)
		{
			m->outflow_count = read_count(&r);
			m->outflow = read_amount(&r);
		}
		if (head & CASH_ZERO)
			m->zero_count = read_count(&r);
		days = read_bytes(&r, 4);
		if (r.bad)
			return "damaged month";
		m->days = days[0] | (uint32_t) days[1] << 8 | (uint32_t) days[2] << 16 |
			(uint32_t) (days[3] & 0x7f) << 24;
		if (days[3] & 0x80)
			m->last_inflow_day = m->days ? cash_last_day(m->days) : 0;
		else if (head & CASH_IN)
		{
			m->last_inflow_day = read_u8(&r);
			if (r.bad || m->last_inflow_day < 1 || m->last_inflow_day > 31 ||
				m->days >> m->last_inflow_day == 0)
				return "damaged month";
		}
		fault = cash_month_fault(m);
		if (fault)
			return fault;
	}
	return bytes_left(&r) == 0 ? NULL : "bytes after the last month";
}
