/*
 * cashflow_math.c
 *		A farmer's money by calendar month: arithmetic and stored form. Pure C.
 */
#include "portrait/cashflow_math.h"

#include <math.h>
#include <string.h>

#include "core/bytes.h"
#include "core/elementary_math.h"

#define DAYS_INFLOW_LAST	UINT32_C(0x80000000)

/* Calendar. */

/*
 * Counted from a first of March, leap days come last in their year and the
 * month lengths repeat every five months, 153 days.
 */
int32_t
cash_month_start(int32_t month)
{
	int32_t		since_march = month - 2;
	int32_t		year = since_march / 12;
	int32_t		of_year = since_march % 12;

	return 365 * year + year / 4 - year / 100 + year / 400 +
		(153 * of_year + 2) / 5 - 730425;
}

int32_t
cash_month_of(int32_t day, int32_t *start, int32_t *end)
{
	/* The mean month of 400 years is 146097 / 4800 days long. */
	int32_t		month = (int32_t) (((int64_t) day + 730425) * 4800 / 146097) + 2;

	*start = cash_month_start(month);
	*end = cash_month_start(month + 1);
	if (day < *start)
	{
		*end = *start;
		*start = cash_month_start(--month);
	}
	else if (day >= *end)
	{
		*start = *end;
		*end = cash_month_start(++month + 1);
	}
	return month;
}

/* Amounts. */

/* One unit is 10000 ^ -1, so that no digit is ever taken apart. */
CashAmount
cash_amount_from_digits(const int16_t *digit, int ndigits, int weight,
						bool negative, int64_t *units)
{
	int			places = weight + 2;	/* digits that count whole units */
	int64_t		sum = 0;
	int			i;

	if (ndigits > 0 && places > 5)
		return CASH_AMOUNT_TOO_LARGE;
	if (ndigits == 0 || places < 0)
		places = 0;
	for (i = 0; i < places; i++)
	{
		if (__builtin_mul_overflow(sum, CASH_UNITS, &sum) ||
			__builtin_add_overflow(sum, i < ndigits ? digit[i] : 0, &sum))
			return CASH_AMOUNT_TOO_LARGE;
	}
	if (weight + 2 >= 0 && places < ndigits && digit[places] >= CASH_UNITS / 2 &&
		__builtin_add_overflow(sum, 1, &sum))
		return CASH_AMOUNT_TOO_LARGE;
	*units = negative ? -sum : sum;
	return CASH_AMOUNT_OK;
}

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

	m.month = cash_month_of(day, &start, &end);
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
		int32_t		day = (int32_t) (events[i] >> 42) + CASH_DAY_MIN;

		if (day >= end)
		{
			memset(++m, 0, sizeof *m);
			m->month = cash_month_of(day, &start, &end);
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

static int
count_bits(uint32_t bits)
{
	bits -= bits >> 1 & UINT32_C(0x55555555);
	bits = (bits & UINT32_C(0x33333333)) + (bits >> 2 & UINT32_C(0x33333333));
	bits = (bits + (bits >> 4)) & UINT32_C(0x0f0f0f0f);
	return (int) (bits * UINT32_C(0x01010101) >> 24);
}

/* Bits start, the highest: the last active day, 1 to 31. */
static int
last_day(uint32_t days)
{
	return 32 - __builtin_clz(days);
}

static int
first_day(uint32_t days)
{
	return 1 + __builtin_ctz(days);
}

/*
 * NULL if some events can have led to this month, else what contradicts. The
 * month number itself is in range.
 */
static const char *
month_fault(const CashMonth *m)
{
	uint64_t	others = (uint64_t) m->outflow_count + m->zero_count;

	if (m->days == 0)
		return "a month needs an active day";
	if (m->days >> 28 != 0 &&
		last_day(m->days) > cash_month_start(m->month + 1) - cash_month_start(m->month))
		return "the month has fewer days";
	if (m->inflow < (int64_t) m->inflow_count || m->outflow < (int64_t) m->outflow_count ||
		(m->inflow > 0) > (m->inflow_count > 0) || (m->outflow > 0) > (m->outflow_count > 0))
		return "the sum does not fit its number of events";
	if ((m->inflow_count > 0) != (m->last_inflow_day > 0))
		return "a month with inflow, and no other, marks the last day with inflow";
	if (m->inflow_count > 0 && !(m->days >> (m->last_inflow_day - 1) & 1))
		return "the last day with inflow is not an active day";
	if ((uint64_t) count_bits(m->days) > m->inflow_count + others ||
		(uint64_t) count_bits((uint32_t) ((uint64_t) m->days >> m->last_inflow_day)) > others)
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
		bool		inflow_last = m->inflow_count && last_day(m->days) == m->last_inflow_day;
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

	if (!open_stored(&r, bytes, length, &count) || count > CASH_MONTH_MAX)
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
		if (skipped > CASH_MONTH_MAX || previous + 1 + (int64_t) skipped > CASH_MONTH_MAX ||
			previous + 1 + (int64_t) skipped < CASH_MONTH_MIN)
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
			m->last_inflow_day = m->days ? last_day(m->days) : 0;
		else if (head & CASH_IN)
		{
			m->last_inflow_day = read_u8(&r);
			if (r.bad || m->last_inflow_day < 1 || m->last_inflow_day > 31 ||
				m->days >> m->last_inflow_day == 0)
				return "damaged month";
		}
		fault = month_fault(m);
		if (fault)
			return fault;
	}
	return bytes_left(&r) == 0 ? NULL : "bytes after the last month";
}

/*
 * Text form:
 *
 *		empty
 *		2024-03 +1200.5/3 -300/1 0/2 3,7+,21; 2024-04 +80/1 2+
 *
 * that is, months in order, each with the sum and number of its inflows, of its
 * outflows, the number of zero amounts (where there were any), and the days on
 * which something happened, the last day with inflow marked by a plus.
 */

static char *
print_whole(char *out, uint64_t value, int width)
{
	char		digits[20];
	int			n = 0;

	do
		digits[n++] = (char) ('0' + value % 10);
	while ((value /= 10) > 0);
	while (n < width)
		digits[n++] = '0';
	while (n > 0)
		*out++ = digits[--n];
	return out;
}

static char *
print_sum(char *out, char sign, int64_t units, uint32_t count)
{
	uint64_t	part = (uint64_t) units % CASH_UNITS;

	*out++ = ' ';
	*out++ = sign;
	out = print_whole(out, (uint64_t) units / CASH_UNITS, 1);
	if (part > 0)
	{
		*out++ = '.';
		out = print_whole(out, part, 4);
		while (out[-1] == '0')
			out--;
	}
	*out++ = '/';
	return print_whole(out, count, 1);
}

size_t
cashflow_to_text(const CashMonth *months, int count, char *out)
{
	char	   *at = out;
	int			i;

	if (count == 0)
	{
		strcpy(out, "empty");
		return 5;
	}
	for (i = 0; i < count; i++)
	{
		const CashMonth *m = &months[i];
		char		separator = ' ';
		int			day;

		if (i > 0)
		{
			*at++ = ';';
			*at++ = ' ';
		}
		at = print_whole(at, (uint64_t) (m->month / 12), 4);
		*at++ = '-';
		at = print_whole(at, (uint64_t) (m->month % 12 + 1), 2);
		if (m->inflow_count)
			at = print_sum(at, '+', m->inflow, m->inflow_count);
		if (m->outflow_count)
			at = print_sum(at, '-', m->outflow, m->outflow_count);
		if (m->zero_count)
		{
			memcpy(at, " 0/", 3);
			at = print_whole(at + 3, m->zero_count, 1);
		}
		for (day = 1; day <= 31; day++)
		{
			if (!(m->days >> (day - 1) & 1))
				continue;
			*at++ = separator;
			at = print_whole(at, (uint64_t) day, 1);
			if (day == m->last_inflow_day)
				*at++ = '+';
			separator = ',';
		}
	}
	*at = '\0';
	return (size_t) (at - out);
}

size_t
cashflow_text_count(const char *text)
{
	size_t		count = 1;

	for (; *text; text++)
		count += *text == ';';
	return count;
}

/* A place in a text; after the first fault nothing moves any more. */
typedef struct TextReader
{
	const char *at;
	const char *fault;
} TextReader;

static void
text_fault(TextReader *t, const char *what)
{
	if (!t->fault)
		t->fault = what;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
skip_space(TextReader *t)
{
	const char *from = t->at;

	while (!t->fault && (*t->at == ' ' || (*t->at >= '\t' && *t->at <= '\r')))
		t->at++;
	return t->at > from;
}

static bool
skip_char(TextReader *t, char c)
{
	if (t->fault || *t->at != c)
		return false;
	t->at++;
	return true;
}

/* Between `least` and `most` digits. */
static uint64_t
scan_whole(TextReader *t, int least, int most, const char *what)
{
	uint64_t	value = 0;
	int			n = 0;

	while (!t->fault && n < most && is_digit(t->at[n]))
		value = value * 10 + (uint64_t) (t->at[n++] - '0');
	if (n < least || is_digit(t->at[n]))
		text_fault(t, what);
	if (!t->fault)
		t->at += n;
	return value;
}

static uint32_t
scan_count(TextReader *t)
{
	const char *from = t->at;
	uint64_t	value;

	if (!skip_char(t, '/'))
		text_fault(t, "expected / and the number of events");
	value = scan_whole(t, 1, 10, "expected the number of events, at most 4294967295");
	if (!t->fault && (value == 0 || value > UINT32_MAX))
	{
		t->at = from + 1;
		text_fault(t, "expected the number of events, 1 to 4294967295");
	}
	return (uint32_t) value;
}

static void
scan_sum(TextReader *t, int64_t *units, uint32_t *count)
{
	const char *from = t->at;
	uint64_t	whole = scan_whole(t, 1, 15, "expected a sum of at most 15 digits before the point");
	uint64_t	part = 0;
	int			scale = CASH_UNITS;

	if (skip_char(t, '.'))
	{
		const char *point = t->at;

		part = scan_whole(t, 1, 4, "expected one to four decimals");
		for (; !t->fault && point < t->at; point++)
			scale /= 10;
		part *= (uint64_t) scale;
	}
	if (!t->fault && whole * CASH_UNITS + part > INT64_MAX)
	{
		t->at = from;
		text_fault(t, "the sum is beyond the range");
	}
	*units = (int64_t) (whole * CASH_UNITS + part);
	*count = scan_count(t);
}

static void
scan_days(TextReader *t, CashMonth *m)
{
	int			before = 0;

	do
	{
		const char *from = t->at;
		int			day = (int) scan_whole(t, 1, 2, "expected a day");

		if (!t->fault && (day < 1 || day > 31 || day <= before))
		{
			t->at = from;
			text_fault(t, "expected a later day of the month");
		}
		if (t->fault)
			return;
		m->days |= UINT32_C(1) << (day - 1);
		before = day;
		from = t->at;
		if (skip_char(t, '+'))
		{
			if (m->last_inflow_day > 0)
			{
				t->at = from;
				text_fault(t, "the last day with inflow is marked already");
			}
			m->last_inflow_day = day;
		}
	} while (skip_char(t, ','));
}

static void
scan_month(TextReader *t, CashMonth *m)
{
	const char *from = t->at;
	uint64_t	year = scan_whole(t, 4, 4, "expected a month, YYYY-MM");
	uint64_t	of_year;

	if (!skip_char(t, '-'))
		text_fault(t, "expected a month, YYYY-MM");
	of_year = scan_whole(t, 2, 2, "expected a month, YYYY-MM");
	if (!t->fault && (year < 1 || of_year < 1 || of_year > 12))
	{
		t->at = from;
		text_fault(t, "expected a month from 0001-01 to 9999-12");
	}
	m->month = (int32_t) (year * 12 + of_year - 1);
	if (!skip_space(t))
		text_fault(t, "expected a space");
	if (skip_char(t, '+'))
	{
		scan_sum(t, &m->inflow, &m->inflow_count);
		skip_space(t);
	}
	if (skip_char(t, '-'))
	{
		scan_sum(t, &m->outflow, &m->outflow_count);
		skip_space(t);
	}
	if (!t->fault && t->at[0] == '0' && t->at[1] == '/')
	{
		t->at++;
		m->zero_count = scan_count(t);
		skip_space(t);
	}
	scan_days(t, m);
}

int
cashflow_from_text(const char *text, CashMonth *out, CashTextFault *fault)
{
	TextReader	t = {text, NULL};
	int			count = 0;

	skip_space(&t);
	if (strncmp(t.at, "empty", 5) == 0)
	{
		t.at += 5;
		skip_space(&t);
	}
	else
	{
		do
		{
			CashMonth  *m = &out[count++];
			const char *from;

			skip_space(&t);
			from = t.at;
			memset(m, 0, sizeof *m);
			scan_month(&t, m);
			if (!t.fault)
			{
				t.fault = month_fault(m);
				if (count > 1 && m->month <= m[-1].month)
					t.fault = "expected a later month";
				if (t.fault)
					t.at = from;
			}
			skip_space(&t);
		} while (skip_char(&t, ';'));
	}
	if (*t.at != '\0')
		text_fault(&t, "expected ; or the end");
	if (t.fault)
	{
		fault->what = t.fault;
		fault->at = (size_t) (t.at - text);
		return -1;
	}
	return count;
}

/* Features. */

/* A sum of at most CASHFLOW_MAX_WINDOW months, exact. */
typedef __int128 CashSum;

/* Rounded once to the nearest double. */
static inline double
sum_to_double(CashSum sum)
{
	int64_t		narrow = (int64_t) sum;

	return narrow == sum ? (double) narrow : (double) sum;
}

static void
set_whole(CashFeatures *f, CashColumn column, int64_t value)
{
	f->known[column] = true;
	f->value[column].whole = value;
}

static void
set_real(CashFeatures *f, CashColumn column, double value)
{
	f->known[column] = true;
	f->value[column].real = value;
}

/* The first month of the window; as_of_month if there is no event before. */
static int32_t
window_start(const CashMonth *months, int count, int32_t as_of_month, int window)
{
	int32_t		start = as_of_month - window;

	if (count == 0 || months[0].month >= as_of_month)
		return as_of_month;
	return months[0].month > start ? months[0].month : start;
}

size_t
cashflow_trend_room(const CashMonth *months, int count, int32_t as_of_month, int window)
{
	int32_t		n = as_of_month - window_start(months, count, as_of_month, window);
	size_t		sums = n >= 12 ? (size_t) n - 11 : 0;

	/* A slope for each pair of sums, and as much again to find the median. */
	return sums * (sums - (sums > 0));
}

/* Coefficient of variation, n - 1 in the denominator. */
static double
variation(const int64_t *inflow, int n, double mean)
{
	double		squares = 0;
	int			i;

	for (i = 0; i < n; i++)
	{
		double		d = (double) inflow[i] - mean;

		squares += d * d;
	}
	return sqrt(squares / (n - 1)) / mean;
}

/*
 * Mean resultant of the inflows on the circle of months, each month's money at
 * the angle of its month, January at zero (Fisher 1993). Adding opposite months
 * before multiplying keeps all but three products exact: money spread evenly
 * has length zero, not almost zero.
 */
static void
seasonal_concentration(CashFeatures *f, const int64_t *inflow, int32_t first_month, int n)
{
	const double half_root_3 = 0.86602540378443864676;
	const double pi_sixth = 0.52359877559829887308;
	CashSum		by_month[12] = {0};
	CashSum		total = 0;
	const CashSum *c = by_month;
	int			skipped = n % 12;
	int			k = (first_month + skipped) % 12;
	double		x,
				y,
				length,
				peak;
	int			i;

	for (i = skipped; i < n; i++)
	{
		by_month[k] += inflow[i];
		total += inflow[i];
		k = k == 11 ? 0 : k + 1;
	}
	if (total == 0)
		return;
	x = sum_to_double(c[0] - c[6]) + 0.5 * sum_to_double(c[2] + c[10] - c[4] - c[8]) +
		half_root_3 * sum_to_double(c[1] + c[11] - c[5] - c[7]);
	y = sum_to_double(c[3] - c[9]) + 0.5 * sum_to_double(c[1] + c[5] - c[7] - c[11]) +
		half_root_3 * sum_to_double(c[2] + c[4] - c[8] - c[10]);
	length = sqrt(x * x + y * y) / sum_to_double(total);
	if (length > 1)
		length = 1;				/* one month only, rounded */
	set_real(f, CASH_SEASONAL_CONCENTRATION, length);
	if (length < 0.1)
		return;
	peak = agr_atan2(y, x) / pi_sixth;
	if (peak < 0)
		peak += 12;
	peak += 1;
	set_real(f, CASH_PEAK_MONTH, peak < 13 ? peak : 1);
}

/*
 * How much of what a trend leaves is explained by the calendar month (Wang,
 * Smith & Hyndman 2006), both sides per degree of freedom. By Frisch, Waugh and
 * Lovell the joint fit of trend and months is the fit of a slope after each
 * month's mean is taken from money and time; of time, that leaves multiples of
 * six, exactly.
 */
static void
seasonal_strength(CashFeatures *f, const int64_t *inflow, int n, double mean)
{
	double		money[CASHFLOW_MAX_WINDOW];
	double		middle = (n - 1) / 2.0;
	double		time_squares = 0,
				time_money = 0,
				slope,
				trend_rest = 0,
				joint_rest = 0,
				share;
	bool		straight = true;
	int			i,
				k;

	for (i = 2; i < n && straight; i++)
		straight = (CashSum) inflow[i] - inflow[i - 1] == (CashSum) inflow[1] - inflow[0];
	if (straight)
		return;

	for (i = 0; i < n; i++)
	{
		double		t = i - middle;

		money[i] = (double) inflow[i] - mean;
		time_money += t * money[i];
		time_squares += t * t;
	}
	slope = time_money / time_squares;
	for (i = 0; i < n; i++)
	{
		double		rest = money[i] - slope * (i - middle);

		trend_rest += rest * rest;
	}

	/* Beside very large amounts a difference may be lost in a double. */
	if (trend_rest == 0)
		return;

	time_money = 0;
	time_squares = 0;
	for (k = 0; k < 12; k++)
	{
		int			years = (n - 1 - k) / 12 + 1;
		double		month_sum = 0;

		for (i = k; i < n; i += 12)
			month_sum += money[i];
		for (i = k; i < n; i += 12)
		{
			double		t = i - k - 6 * (years - 1);

			money[i] -= month_sum / years;
			time_money += t * money[i];
			time_squares += t * t;
		}
	}
	slope = time_money / time_squares;
	for (k = 0; k < 12; k++)
	{
		int			years = (n - 1 - k) / 12 + 1;

		for (i = k; i < n; i += 12)
		{
			double		rest = money[i] - slope * (i - k - 6 * (years - 1));

			joint_rest += rest * rest;
		}
	}
	share = 1 - (joint_rest / (n - 13)) / (trend_rest / (n - 2));
	set_real(f, CASH_SEASONAL_STRENGTH, share > 0 ? share : 0);
}

static double
smallest(const double *v, size_t n)
{
	double		found = v[0];
	size_t		i;

	for (i = 1; i < n; i++)
		found = v[i] < found ? v[i] : found;
	return found;
}

/*
 * The mean of the values at places `lower` and `upper`, the same or the next,
 * of v[0] to v[n - 1] in order; both v and spare, of the same size, are used up.
 *
 * Narrows down to the values around these places, splitting without a branch
 * to mispredict. The pivots are drawn at random, from a fixed seed, because
 * slopes come in patterns.
 */
static double
mean_of_places(double *v, double *spare, size_t n, size_t lower, size_t upper)
{
	uint64_t	seed = 1;

	for (;;)
	{
		size_t		below = 0;
		size_t		above = 0;
		double		a,
					b,
					c,
					pivot;
		size_t		i;

		seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		a = v[(seed >> 48) * n >> 16];
		b = v[n / 2];
		c = v[(seed >> 32 & 0xffff) * n >> 16];
		pivot = a < b ? (b < c ? b : (a < c ? c : a)) : (a < c ? a : (b < c ? c : b));
		for (i = 0; i < n; i++)
		{
			double		value = v[i];
			bool		less = value < pivot;

			v[below] = value;
			spare[above] = value;
			below += less;
			above += !less;
		}
		if (below == 0)
		{
			/* The pivot is the smallest: step over all that equal it. */
			above = 0;
			for (i = 0; i < n; i++)
			{
				v[above] = spare[i];
				above += spare[i] > pivot;
			}
			below = n - above;
			if (upper < below)
				return pivot;
			if (lower < below)
				return (pivot + smallest(v, above)) / 2;
			lower -= below;
			upper -= below;
			n = above;
		}
		else if (upper < below)
			n = below;
		else if (lower >= below)
		{
			double	   *other = v;

			v = spare;
			spare = other;
			lower -= below;
			upper -= below;
			n = above;
		}
		else
		{
			double		left = v[0];

			for (i = 1; i < below; i++)
				left = v[i] > left ? v[i] : left;
			return (left + smallest(spare, above)) / 2;
		}
	}
}

#define TREND_BUCKETS 64

/* The bucket of a slope; a larger slope is in no lower one. */
static inline int
trend_bucket(double slope, double least, double scale)
{
	int			bucket = (int) ((slope - least) * scale);

	return bucket < 0 ? 0 : bucket < TREND_BUCKETS ? bucket : TREND_BUCKETS - 1;
}

/* Logarithms of the positive rolling sums of 12 months, and at which months; their number. */
static int
rolling_logarithms(const int64_t *inflow, int n, double *logarithm, double *at)
{
	CashSum		sum = 0;
	int			sums = 0;
	int			i;

	for (i = 0; i < n; i++)
	{
		sum += inflow[i];
		if (i >= 12)
			sum -= inflow[i - 12];
		if (i < 11 || sum == 0)
			continue;

		/* Money moves seldom: many sums are the one before. */
		logarithm[sums] = (sums > 0 && at[sums - 1] == i - 1 && inflow[i] == inflow[i - 12])
			? logarithm[sums - 1] : agr_log(sum_to_double(sum));
		at[sums++] = i;
	}
	return sums;
}

/*
 * No slope is outside those between neighbours, except by rounding. In buckets
 * of that range, the middle ones are soon among few.
 */
static double
bucket_scale(const double *logarithm, const double *at, int sums, double *least)
{
	double		most = -INFINITY;
	double		scale;
	int			j;

	*least = INFINITY;
	for (j = 1; j < sums; j++)
	{
		double		slope = (logarithm[j] - logarithm[j - 1]) / (at[j] - at[j - 1]);

		*least = slope < *least ? slope : *least;
		most = slope > most ? slope : most;
	}
	scale = TREND_BUCKETS / (most - *least);
	return isfinite(scale) ? scale : 0;
}

/*
 * Median of the slopes between all pairs (Theil 1950, Sen 1968) of the
 * logarithms of the sums of twelve months each.
 */
static void
inflow_trend(CashFeatures *f, const int64_t *inflow, int n, double *slopes)
{
	double		logarithm[CASHFLOW_MAX_WINDOW];
	double		at[CASHFLOW_MAX_WINDOW];
	uint32_t	in_bucket[TREND_BUCKETS] = {0};
	int			sums = rolling_logarithms(inflow, n, logarithm, at);
	double		least,
				scale;
	size_t		count = 0,
				kept = 0,
				skipped = 0,
				seen,
				lower,
				upper;
	int			first,
				last;
	int			i,
				j;

	if (sums < 7)
		return;
	scale = bucket_scale(logarithm, at, sums, &least);
	for (j = 1; j < sums; j++)
	{
		for (i = 0; i < j; i++)
		{
			double		slope = (logarithm[j] - logarithm[i]) / (at[j] - at[i]);

			slopes[count++] = slope;
			in_bucket[trend_bucket(slope, least, scale)]++;
		}
	}
	lower = (count - 1) / 2;
	upper = count / 2;
	for (first = 0; skipped + in_bucket[first] <= lower; first++)
		skipped += in_bucket[first];
	seen = skipped;
	for (last = first; seen + in_bucket[last] <= upper; last++)
		seen += in_bucket[last];
	for (seen = 0; seen < count; seen++)
	{
		double		slope = slopes[seen];
		int			bucket = trend_bucket(slope, least, scale);

		slopes[kept] = slope;
		kept += bucket >= first && bucket <= last;
	}
	set_real(f, CASH_INFLOW_TREND,
			 mean_of_places(slopes, slopes + count, kept, lower - skipped, upper - skipped));
}

static void
season_change(CashFeatures *f, const int64_t *inflow, int n)
{
	CashSum		last = 0;
	CashSum		before = 0;
	int			i;

	for (i = n - 12; i < n; i++)
	{
		last += inflow[i];
		before += inflow[i - 12];
	}
	set_whole(f, CASH_NEW_INCOME, before == 0 && last > 0);
	set_whole(f, CASH_LOST_INCOME, last == 0 && before > 0);
	if (last > 0 && before > 0)
		set_real(f, CASH_SAME_SEASON_GROWTH,
				 agr_log(sum_to_double(last) / sum_to_double(before)));
}

/*
 * The longest run of days without events, in the days from `day` on: `day` is
 * the day after the last active one, or the first to look at.
 */
static int32_t
longest_gap(const CashMonth *months, int count, int32_t day, int32_t end_day)
{
	int32_t		longest = 0;
	int			i;

	for (i = 0; i < count; i++)
	{
		int32_t		start = cash_month_start(months[i].month);
		uint32_t	days = months[i].days;

		while (days != 0)
		{
			int32_t		active = start + first_day(days) - 1;

			if (active - day > longest)
				longest = active - day;
			day = active + 1;
			days &= days - 1;
		}
	}
	return end_day - day > longest ? end_day - day : longest;
}

/* What is added up over the months of a window. */
typedef struct WindowSums
{
	CashSum		inflow;
	CashSum		outflow;
	int64_t		largest;		/* inflow of a month */
	uint64_t	inflow_count;
	uint64_t	active_days;
	int			with_inflow;	/* months */
	int			negative;
} WindowSums;

/* Adds a window's months up, and lays out their inflow; returns the month after. */
static int
sum_window(const CashMonth *months, int begin, int count, int32_t start, int32_t as_of_month,
		   int64_t *inflow, WindowSums *sums)
{
	int			i;

	memset(sums, 0, sizeof *sums);
	for (i = begin; i < count && months[i].month < as_of_month; i++)
	{
		const CashMonth *m = &months[i];

		inflow[m->month - start] = m->inflow;
		sums->inflow += m->inflow;
		sums->outflow += m->outflow;
		if (m->inflow > sums->largest)
			sums->largest = m->inflow;
		sums->with_inflow += m->inflow > 0;
		sums->negative += m->outflow > m->inflow;
		sums->inflow_count += m->inflow_count;
		sums->active_days += (uint64_t) count_bits(m->days);
	}
	return i;
}

/* What needs some inflow: shares, and how it varies. */
static void
inflow_features(CashFeatures *out, const WindowSums *sums, const int64_t *inflow, int32_t start,
				int n, double mean, double *room)
{
	double		total = sum_to_double(sums->inflow);

	set_real(out, CASH_NET_RATIO, sum_to_double(sums->inflow - sums->outflow) / total);
	set_real(out, CASH_LARGEST_MONTH_SHARE, sum_to_double(sums->largest) / total);
	set_real(out, CASH_MEAN_INFLOW_TICKET, total / CASH_UNITS / (double) sums->inflow_count);
	if (n >= 6)
		set_real(out, CASH_INFLOW_CV, variation(inflow, n, mean));
	if (n >= 12)
		seasonal_concentration(out, inflow, start, n);
	if (n >= 12 + 6)
		inflow_trend(out, inflow, n, room);
}

static int64_t
count_events(const CashMonth *month, const CashMonth *end)
{
	uint64_t	events = 0;

	for (; month < end; month++)
		events += (uint64_t) month->inflow_count + month->outflow_count + month->zero_count;
	return (int64_t) events;
}

void
cashflow_features(const CashMonth *months, int count, int32_t as_of_month, int window,
				  double *room, CashFeatures *out)
{
	int64_t		inflow[CASHFLOW_MAX_WINDOW];
	int32_t		start = window_start(months, count, as_of_month, window);
	int32_t		end_day = cash_month_start(as_of_month);
	int			n = as_of_month - start;
	int			begin = 0;
	int			end;
	WindowSums	sums;
	double		mean;
	int			i;

	memset(out->known, 0, sizeof out->known);
	memset(inflow, 0, (size_t) n * sizeof *inflow);
	while (begin < count && months[begin].month < start)
		begin++;
	end = sum_window(months, begin, count, start, as_of_month, inflow, &sums);

	set_whole(out, CASH_MONTHS_OBSERVED, n);
	set_whole(out, CASH_ACTIVE_MONTHS, end - begin);
	set_whole(out, CASH_ZERO_INFLOW_MONTHS, n - sums.with_inflow);
	set_whole(out, CASH_NEGATIVE_MONTHS, sums.negative);
	set_whole(out, CASH_EVENTS_AFTER, count_events(months + end, months + count));
	if (n == 0)
		return;

	mean = sum_to_double(sums.inflow) / n;
	set_real(out, CASH_INFLOW_TOTAL, sum_to_double(sums.inflow) / CASH_UNITS);
	set_real(out, CASH_OUTFLOW_TOTAL, sum_to_double(sums.outflow) / CASH_UNITS);
	set_real(out, CASH_INFLOW_MEAN, sum_to_double(sums.inflow) / CASH_UNITS / n);
	set_real(out, CASH_ACTIVE_DAYS_MEAN, (double) sums.active_days / n);
	set_real(out, CASH_INFLOW_COUNT_MEAN, (double) sums.inflow_count / n);

	if (sums.inflow > 0)
		inflow_features(out, &sums, inflow, start, n, mean, room);
	if (n >= 24)
	{
		seasonal_strength(out, inflow, n, mean);
		season_change(out, inflow, n);
	}

	for (i = end - 1; i >= 0; i--)
	{
		if (months[i].inflow_count > 0)
		{
			set_whole(out, CASH_RECENCY_DAYS, end_day -
					  (cash_month_start(months[i].month) + months[i].last_inflow_day - 1));
			break;
		}
	}

	/* A gap before the first event ever is not a gap. */
	set_whole(out, CASH_LONGEST_GAP_DAYS,
			  longest_gap(months + begin, end - begin,
						  begin == 0 ? cash_month_start(months[0].month) +
						  first_day(months[0].days) - 1 : cash_month_start(start), end_day));
}
