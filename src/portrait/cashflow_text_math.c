/*
 * cashflow_text_math.c
 *		The text form of a cash flow. Pure C.
 */
#include "portrait/cashflow_math.h"

#include <string.h>

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
	uint64_t	part = (uint64_t) units % MONEY_UNITS;

	*out++ = ' ';
	*out++ = sign;
	out = print_whole(out, (uint64_t) units / MONEY_UNITS, 1);
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
	int			scale = MONEY_UNITS;

	if (skip_char(t, '.'))
	{
		const char *point = t->at;

		part = scan_whole(t, 1, 4, "expected one to four decimals");
		for (; !t->fault && point < t->at; point++)
			scale /= 10;
		part *= (uint64_t) scale;
	}
	if (!t->fault && whole * MONEY_UNITS + part > INT64_MAX)
	{
		t->at = from;
		text_fault(t, "the sum is beyond the range");
	}
	*units = (int64_t) (whole * MONEY_UNITS + part);
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
				t.fault = cash_month_fault(m);
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
