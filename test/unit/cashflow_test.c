/*
 * cashflow_test.c
 *		Cash flows: calendar, amounts, stored and text form, merging, features.
 */
#include "cashflow_check.h"
#include "tap.h"

#include <math.h>

#define MAX_MONTHS 400

/* Calendar: day by day through ten thousand years, with the Gregorian rules. */
static bool
calendar_is_right(void)
{
	static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int32_t		day = CALENDAR_DAY_MIN;
	int32_t		month;

	for (month = CALENDAR_MONTH_MIN; month <= CALENDAR_MONTH_MAX; month++)
	{
		int			year = month / 12;
		bool		leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
		int			length = lengths[month % 12] + (month % 12 == 1 && leap);
		int			i;

		if (month == 2000 * 12 && day != 0)
			return false;
		if (calendar_month_start(month) != day)
			return false;
		for (i = 0; i < length; i++)
		{
			int32_t		start,
						end;

			if (calendar_month_of(day + i, &start, &end) != month ||
				start != day || end != day + length)
				return false;
		}
		day += length;
	}
	return day == CALENDAR_DAY_MAX + 1;
}

/*
 * Amounts: decimals with five digits after the point, written, read by strtod,
 * and rounded by looking at the last digit.
 */
static bool
doubles_round_as_written(void)
{
	int			i;

	for (i = 0; i < 300000; i++)
	{
		int64_t		limit = i % 3 == 0 ? 1000 : i % 3 == 1 ? 100000000000 : INT64_C(22499999999999999);
		int64_t		fifth = below(limit);
		int64_t		want = fifth / 10 + (fifth % 10 >= 5);
		bool		negative = next_bits() & 1;
		char		text[40];
		int64_t		units = 0;

		/* Above 4e10, a double tells halves only from their neighbours' halves. */
		if (i % 2 == 0 || i % 3 == 2)
		{
			fifth = fifth / 10 * 10 + 5;
			want = fifth / 10 + 1;
		}
		snprintf(text, sizeof text, "%s%lld.%05lld", negative ? "-" : "",
				 (long long) (fifth / 100000), (long long) (fifth % 100000));
		if (money_from_double(strtod(text, NULL), &units) != MONEY_OK ||
			units != (negative ? -want : want))
		{
			printf("# %s gives %lld\n", text, (long long) units);
			return false;
		}
	}
	return true;
}

/* Decimals of any length, as base 10000 digits around the point. */
static bool
digits_round_as_written(void)
{
	int			i;

	for (i = 0; i < 200000; i++)
	{
		int16_t		digit[12];
		int			weight = (int) below(6) - 3;
		int			n = 1 + (int) below(6);
		__int128	want = 0;
		int64_t		units = 0;
		bool		large;
		bool		negative = next_bits() & 1;
		int			place;
		int			j;

		for (j = 0; j < n; j++)
			digit[j] = (int16_t) (j > 0 && below(3) == 0 ? 5000 - below(2) : below(10000));
		digit[0] = digit[0] > 0 ? digit[0] : 1;
		for (place = weight; place >= -2; place--)
		{
			int			d = weight - place < n ? digit[weight - place] : 0;

			if (place >= -1)
				want = want * 10000 + d;
			else if (place <= weight && d >= 5000)
				want++;
		}
		large = want > INT64_MAX;
		if (money_from_digits(digit, n, weight, negative, &units) !=
			(large ? MONEY_TOO_LARGE : MONEY_OK))
			return false;
		if (!large && units != (int64_t) (negative ? -want : want))
			return false;
	}
	return true;
}

static bool
odd_amounts(void)
{
	int16_t		most[] = {922, 3372, 368, 5477, 5807, 4999};
	int64_t		units = 1;

	return money_from_double(NAN, &units) == MONEY_NOT_FINITE &&
		money_from_double(INFINITY, &units) == MONEY_NOT_FINITE &&
		money_from_double(-INFINITY, &units) == MONEY_NOT_FINITE &&
		money_from_double(2.25e11, &units) == MONEY_OK && units == INT64_C(2250000000000000) &&
		money_from_double(nextafter(2.25e11, 1e12), &units) == MONEY_TOO_LARGE &&
		money_from_double(-1e300, &units) == MONEY_TOO_LARGE &&
		money_from_double(-0.0, &units) == MONEY_OK && units == 0 &&
		money_from_double(4.9e-5, &units) == MONEY_OK && units == 0 &&
		money_from_double(5e-324, &units) == MONEY_OK && units == 0 &&
		money_from_digits(most, 6, 3, true, &units) == MONEY_OK && units == -INT64_MAX &&
		(most[5] = 5000, money_from_digits(most, 6, 3, false, &units) == MONEY_TOO_LARGE) &&
		money_from_digits(most, 0, 0, false, &units) == MONEY_OK && units == 0 &&
		money_from_digits(most, 1, 30000, false, &units) == MONEY_TOO_LARGE &&
		money_from_digits(most, 1, -30000, false, &units) == MONEY_OK && units == 0;
}

/* Adds an event as the aggregate does. */
static int
add_event(CashMonth *months, int count, int32_t day, int64_t units)
{
	int32_t		start,
				end;
	int32_t		month = calendar_month_of(day, &start, &end);
	int			at = cashflow_find(months, count, month);

	if (at == count || months[at].month != month)
	{
		memmove(&months[at + 1], &months[at], (size_t) (count - at) * sizeof *months);
		memset(&months[at], 0, sizeof *months);
		months[at].month = month;
		count++;
	}
	if (!cash_month_add(&months[at], day - start + 1, units))
		fail("a small sum leaves the range");
	return count;
}

/* `kind` varies size, span, and whether amounts are whole, cents or units. */
static int
random_months(CashMonth *months, int kind, int span, int events)
{
	int			count = 0;
	int64_t		step = kind % 3 == 0 ? 1 : kind % 3 == 1 ? 100 : 10000;
	int			i;

	for (i = 0; i < events; i++)
	{
		int64_t		units = (below(2000000 / step * 100) - (kind % 4) * 300000) * step;
		int32_t		day = 8036 + (int32_t) below(span);

		if (below(9) == 0)
			units = 0;
		else if (kind % 5 == 0)
			units *= 100000;
		count = add_event(months, count, day, units);
	}
	return count;
}

static bool
mutations_are_refused_or_canonical(int *accepted)
{
	static CashMonth months[MAX_MONTHS];
	int			round;

	for (round = 0; round < 60; round++)
	{
		int			count = random_months(months, round, 30 + round * 20, 1 + round % 40);
		uint8_t    *bytes = reserve(cashflow_encoded_bound(count));
		size_t		length = cashflow_encode(months, count, bytes);
		char	   *text = reserve(cashflow_text_bound(count));
		size_t		text_length = cashflow_to_text(months, count, text);
		size_t		i;
		int			flip;

		if (!check_bytes(bytes, length) || !check_text(text))
			return false;
		for (i = 0; i < length; i++)
		{
			/* On the heap, at its exact size, so that the sanitizer watches. */
			uint8_t    *cut = reserve(i);

			memcpy(cut, bytes, i);
			if (check_bytes(cut, i))
				return false;
			free(cut);
			for (flip = 1; flip < 256; flip++)
			{
				bytes[i] ^= (uint8_t) flip;
				*accepted += check_bytes(bytes, length);
				bytes[i] ^= (uint8_t) flip;
			}
		}
		for (i = 0; i < text_length; i++)
		{
			const char *other = "0159+-./,;: x\xff";
			char		kept = text[i];

			text[i] = '\0';
			check_text(text);
			for (; *other; other++)
			{
				text[i] = *other;
				check_text(text);
			}
			text[i] = kept;
		}
		free(bytes);
		free(text);
	}
	return true;
}

static bool
contradictions_are_refused(void)
{
	static const char *const bad[] = {
		"", ";", "empty;", "empty 2024-01 +1/1 1+", "2024-01", "2024-13 +1/1 1+", "0000-01 +1/1 1+",
		"2024-1 +1/1 1+", "2024-01 +1/1", "2024-01 1", "2024-01 +1/1 1", "2024-01 -1/1 1+",
		"2024-01 +1/1 32+", "2024-02 +1/1 30+", "2023-02 +1/1 29+", "2024-01 +1/1 0+",
		"2024-01 +1/1 1,2+", "2024-01 +1/2 2,1+", "2024-01 +1/2 1+,1", "2024-01 +1/1 0/1 1+,2+",
		"2024-01 +1/1 -1/1 1+,2,3", "2024-01 +2/2 1,2+,3", "2024-01 +0/1 1+", "2024-01 +0.00005/1 1+",
		"2024-01 +0.0001/2 1+", "2024-01 +1./1 1+", "2024-01 +.1/1 1+", "2024-01 +1e3/1 1+",
		"2024-01 +1/0 1+", "2024-01 +1/4294967296 1+", "2024-01 +922337203685477.5808/1 1+",
		"2024-01 +9999999999999999/1 1+", "2024-01 0/0 1", "2024-01 0/1", "2024-01 +1/1 1+;",
		"2024-01 +1/1 1+; 2024-01 +1/1 1+", "2024-02 +1/1 1+; 2024-01 +1/1 1+", "2024-01 +1/1 1+ x",
		"2024-01 -1/1 +1/1 1+", "2024-01 +1/1 1+,", "10000-01 +1/1 1+", "2024-01+1/1 1+"
	};
	static const char *const good[] = {
		"empty", " empty ", "0001-01 +1/1 1+", "9999-12 0/4294967295 31", "2024-02 +1/1 29+",
		"\n2024-01   +1.0/1 -0.0001/1   0/3  1+ , 2"
	};
	size_t		i;

	for (i = 0; i < sizeof bad / sizeof *bad; i++)
	{
		if (check_text(bad[i]))
		{
			printf("# accepted: %s\n", bad[i]);
			return false;
		}
	}
	for (i = 0; i + 1 < sizeof good / sizeof *good; i++)
	{
		if (!check_text(good[i]))
		{
			printf("# refused: %s\n", good[i]);
			return false;
		}
	}
	return !check_text(good[i]);	/* a space within the days */
}

/* Any split, merged in any order, is the whole. */
static bool
merging_is_the_whole(void)
{
	int			round;

	for (round = 0; round < 300; round++)
	{
		static CashMonth part[3][MAX_MONTHS];
		static CashMonth whole[MAX_MONTHS];
		static CashMonth left[3 * MAX_MONTHS];
		static CashMonth right[3 * MAX_MONTHS];
		int			counts[3] = {0};
		int			whole_count = 0;
		int			n;
		int			i;

		for (i = 0; i < round; i++)
		{
			int32_t		day = 8036 + (int32_t) below(1500);
			int64_t		units = below(2000001) - 1000000;
			int			which = (int) below(3);

			whole_count = add_event(whole, whole_count, day, units);
			counts[which] = add_event(part[which], counts[which], day, units);
		}
		n = cashflow_merge(part[0], counts[0], part[1], counts[1], left);
		n = cashflow_merge(part[2], counts[2], left, n, right);
		if (n != whole_count || memcmp(right, whole, (size_t) n * sizeof *whole) != 0)
			return false;
		n = cashflow_merge(part[2], counts[2], part[1], counts[1], left);
		n = cashflow_merge(left, n, part[0], counts[0], right);
		if (n != whole_count || memcmp(right, whole, (size_t) n * sizeof *whole) != 0)
			return false;
	}
	return true;
}

static bool
sums_beyond_the_range_are_refused(void)
{
	CashMonth	a = {.inflow = INT64_MAX, .inflow_count = 1, .days = 1, .month = 24000, .last_inflow_day = 1};
	CashMonth	b = {.inflow = 1, .inflow_count = 1, .days = 1, .month = 24000, .last_inflow_day = 1};
	CashMonth	c = {.zero_count = UINT32_MAX, .days = 1, .month = 24000};
	CashMonth	d = {.outflow = INT64_MAX, .outflow_count = 1, .days = 1, .month = 24000};
	CashMonth	out[2];

	return cashflow_merge(&a, 1, &b, 1, out) == -1 && cashflow_merge(&b, 1, &a, 1, out) == -1 &&
		cashflow_merge(&c, 1, &c, 1, out) == -1 && cashflow_merge(&d, 1, &d, 1, out) == -1 &&
		cashflow_merge(&a, 1, &c, 1, out) == 1 &&
		!cash_month_add(&a, 1, 1) && !cash_month_add(&c, 1, 0) && !cash_month_add(&d, 1, -1);
}

/*
 * Features again, the slow way, in long double: least squares by elimination,
 * the median by sorting all slopes.
 */

static int
compare_long(const void *a, const void *b)
{
	long double x = *(const long double *) a;
	long double y = *(const long double *) b;

	return (x > y) - (x < y);
}

/* Residual sum of squares of y on the columns of x. */
static long double
residual_squares(const long double (*x)[13], const long double *y, int n, int columns)
{
	long double a[13][14] = {{0}};
	long double rest = 0;
	int			i,
				j,
				k;

	for (i = 0; i < columns; i++)
	{
		for (k = 0; k < n; k++)
		{
			for (j = 0; j < columns; j++)
				a[i][j] += x[k][i] * x[k][j];
			a[i][columns] += x[k][i] * y[k];
		}
	}
	for (i = 0; i < columns; i++)
	{
		for (j = 0; j < columns; j++)
		{
			long double factor = a[j][i] / a[i][i];

			for (k = 0; j != i && k <= columns; k++)
				a[j][k] -= factor * a[i][k];
		}
	}
	for (k = 0; k < n; k++)
	{
		long double fitted = 0;

		for (i = 0; i < columns; i++)
			fitted += x[k][i] * a[i][columns] / a[i][i];
		rest += (y[k] - fitted) * (y[k] - fitted);
	}
	return rest;
}

static bool
near(const CashFeatures *f, CashColumn column, bool known, long double want)
{
	double		got = f->value[column].real;

	if (f->known[column] == known && (!known || fabsl(got - want) <= 1e-9L * fmaxl(1, fabsl(want))))
		return true;
	printf("# column %d: %d %.17g, want %d %.17Lg\n", column, f->known[column], got, known, want);
	return false;
}

static bool
same(const CashFeatures *f, CashColumn column, bool known, int64_t want)
{
	if (f->known[column] == known && (!known || f->value[column].whole == want))
		return true;
	printf("# column %d: %d %lld, want %d %lld\n", column, f->known[column],
		   (long long) f->value[column].whole, known, (long long) want);
	return false;
}

static uint64_t digest = 0;

static bool
features_are_right(const CashMonth *months, int count, int32_t as_of, int window)
{
	static long double y[CASHFLOW_MAX_WINDOW];
	static long double x[CASHFLOW_MAX_WINDOW][13];
	static long double trend[CASHFLOW_MAX_WINDOW][13];
	static long double logs[CASHFLOW_MAX_WINDOW];
	static int	at[CASHFLOW_MAX_WINDOW];
	static long double slopes[CASHFLOW_MAX_WINDOW * CASHFLOW_MAX_WINDOW / 2];
	double	   *room = reserve(cashflow_trend_room(months, count, as_of, window) * sizeof *room);
	CashFeatures f;
	int32_t		start = as_of - window;
	long double in = 0,
				out = 0,
				squares = 0,
				largest = 0,
				in_count = 0,
				active_days = 0,
				c = 0,
				s = 0,
				s1 = 0,
				s0 = 0,
				length = 0;
	int			active = 0,
				with_inflow = 0,
				negative = 0,
				n_slopes = 0,
				sums = 0;
	int64_t		after = 0;
	int32_t		end_day = calendar_month_start(as_of);
	int32_t		last_inflow = 0,
				gap = 0,
				run;
	bool		inflow_before = false,
				event_before = false;
	int			n;
	int			i,
				j;
	bool		good = true;

	cashflow_features(months, count, as_of, window, room, &f);
	free(room);
	for (i = 0; i < CASH_COLUMNS; i++)
		digest = (digest ^ (f.known[i] ? (uint64_t) f.value[i].whole + 1 : 0)) *
			UINT64_C(0x9e3779b97f4a7c15);

	if (count == 0 || months[0].month >= as_of)
		start = as_of;
	else if (months[0].month > start)
		start = months[0].month;
	n = as_of - start;
	for (i = 0; i < n; i++)
		y[i] = 0;
	run = calendar_month_start(start);
	for (i = 0; i < count; i++)
	{
		const CashMonth *m = &months[i];
		int			day;

		if (m->month >= as_of)
		{
			after += (int64_t) m->inflow_count + m->outflow_count + m->zero_count;
			continue;
		}
		if (m->inflow_count > 0)
		{
			inflow_before = true;
			last_inflow = calendar_month_start(m->month) + m->last_inflow_day - 1;
		}
		for (day = 1; day <= 31; day++)
		{
			int32_t		date = calendar_month_start(m->month) + day - 1;

			if (!(m->days >> (day - 1) & 1))
				continue;
			if (m->month >= start)
			{
				active_days++;
				if (event_before && date - run > gap)
					gap = date - run;
				run = date + 1;
			}
			event_before = true;
		}
		if (m->month < start)
			continue;
		y[m->month - start] = m->inflow / 1e4L;
		in += m->inflow / 1e4L;
		out += m->outflow / 1e4L;
		largest = fmaxl(largest, m->inflow / 1e4L);
		in_count += m->inflow_count;
		active++;
		with_inflow += m->inflow > 0;
		negative += m->outflow > m->inflow;
	}
	if (end_day - run > gap)
		gap = end_day - run;
	for (i = 0; i < n; i++)
		squares += (y[i] - in / n) * (y[i] - in / n);
	good &= same(&f, CASH_MONTHS_OBSERVED, true, n) && same(&f, CASH_ACTIVE_MONTHS, true, active) &&
		same(&f, CASH_ZERO_INFLOW_MONTHS, true, n - with_inflow) &&
		same(&f, CASH_NEGATIVE_MONTHS, true, negative) &&
		same(&f, CASH_EVENTS_AFTER, true, after) &&
		near(&f, CASH_INFLOW_TOTAL, n > 0, in) && near(&f, CASH_OUTFLOW_TOTAL, n > 0, out) &&
		near(&f, CASH_INFLOW_MEAN, n > 0, in / n) &&
		near(&f, CASH_INFLOW_CV, n >= 6 && in > 0, sqrtl(squares / (n - 1)) / (in / n)) &&
		near(&f, CASH_NET_RATIO, in > 0, (in - out) / in) &&
		near(&f, CASH_LARGEST_MONTH_SHARE, in > 0, largest / in) &&
		same(&f, CASH_RECENCY_DAYS, inflow_before, end_day - last_inflow) &&
		same(&f, CASH_LONGEST_GAP_DAYS, event_before, gap) &&
		near(&f, CASH_ACTIVE_DAYS_MEAN, n > 0, active_days / n) &&
		near(&f, CASH_INFLOW_COUNT_MEAN, n > 0, in_count / n) &&
		near(&f, CASH_MEAN_INFLOW_TICKET, in_count > 0, in / in_count);

	in = 0;
	for (i = n % 12; i < n; i++)
	{
		long double angle = acosl(-1) * 2 * ((start + i) % 12) / 12;

		in += y[i];
		c += y[i] * cosl(angle);
		s += y[i] * sinl(angle);
	}
	if (n >= 12 && in > 0)
		length = sqrtl(c * c + s * s) / in;
	good &= near(&f, CASH_SEASONAL_CONCENTRATION, n >= 12 && in > 0, length);
	if (fabsl(length - 0.1L) > 1e-12L)
	{
		long double peak = atan2l(s, c) / acosl(-1) * 6;

		peak = 1 + (peak < 0 ? peak + 12 : peak);
		if (f.known[CASH_PEAK_MONTH])
		{
			/* 13 is January again. */
			double		got = f.value[CASH_PEAK_MONTH].real;

			good &= got >= 1 && got < 13;
			if (fabsl(got - peak) > 11)
				peak += got > peak ? 12 : -12;
		}
		good &= near(&f, CASH_PEAK_MONTH, length >= 0.1L, peak);
	}

	for (i = 11; i < n; i++)
	{
		long double sum = 0;

		for (j = 0; j < 12; j++)
			sum += roundl(y[i - j] * 1e4L);
		if (sum > 0)
		{
			logs[sums] = logl(sum);
			at[sums++] = i;
		}
	}
	for (i = 0; i < sums; i++)
	{
		for (j = 0; j < i; j++)
			slopes[n_slopes++] = (logs[i] - logs[j]) / (at[i] - at[j]);
	}
	qsort(slopes, n_slopes, sizeof *slopes, compare_long);
	good &= near(&f, CASH_INFLOW_TREND, sums >= 7,
				 n_slopes > 0 ? (slopes[(n_slopes - 1) / 2] + slopes[n_slopes / 2]) / 2 : 0);

	if (n >= 24)
	{
		bool		straight = true;
		long double joint,
					alone;

		for (i = 0; i < 12; i++)
		{
			s1 += y[n - 1 - i];
			s0 += y[n - 13 - i];
		}
		for (i = 0; i < n; i++)
		{
			memset(x[i], 0, sizeof x[i]);
			x[i][i % 12] = 1;
			x[i][12] = i - n / 2;
			trend[i][0] = 1;
			trend[i][1] = i - n / 2;
			straight &= i < 2 || roundl((y[i] - 2 * y[i - 1] + y[i - 2]) * 1e4L) == 0;
		}
		joint = residual_squares(x, y, n, 13);
		alone = residual_squares(trend, y, n, 2);
		good &= near(&f, CASH_SEASONAL_STRENGTH, !straight,
					 fmaxl(0, 1 - joint / (n - 13) / (alone / (n - 2))));
	}
	else
		good &= near(&f, CASH_SEASONAL_STRENGTH, false, 0);
	good &= near(&f, CASH_SAME_SEASON_GROWTH, n >= 24 && s1 > 0 && s0 > 0, logl(s1 / s0)) &&
		same(&f, CASH_NEW_INCOME, n >= 24, s1 > 0 && s0 == 0) &&
		same(&f, CASH_LOST_INCOME, n >= 24, s1 == 0 && s0 > 0);
	return good;
}

static bool
features_agree(void)
{
	static CashMonth months[MAX_MONTHS];
	int			round;

	for (round = 0; round < 4000; round++)
	{
		static const int windows[] = {1, 5, 12, 18, 24, 24, 25, 36, 60, 120, 1200};
		int			span = 20 + (int) below(round % 7 == 0 ? 6000 : 1500);
		int			count = random_months(months, round, span, (int) below(60));
		int32_t		as_of = 24264 + (int32_t) below(span / 30 + 4) - 2;

		if (!features_are_right(months, count, as_of, windows[round % 11]))
		{
			printf("# in round %d\n", round);
			return false;
		}
	}
	return true;
}

/* The longest window, with patterns that make many slopes equal. */
static bool
long_windows_agree(void)
{
	static CashMonth months[CASHFLOW_MAX_WINDOW];
	int			pattern;

	for (pattern = 0; pattern < 4; pattern++)
	{
		int			count = 0;
		int			i;

		for (i = 0; i < CASHFLOW_MAX_WINDOW; i++)
		{
			int64_t		units = pattern == 0 ? 100 : pattern == 1 ? 1 + i % 12 :
				pattern == 2 ? 1 + i : i / 100 % 2 ? 5 : 0;

			count = add_event(months, count, calendar_month_start(24000 + i), units);
		}
		if (!features_are_right(months, count, 24000 + CASHFLOW_MAX_WINDOW, CASHFLOW_MAX_WINDOW))
			return false;
	}
	return true;
}

int
main(void)
{
	int			accepted = 0;

	ok(calendar_is_right(), "every day of years 1 to 9999 is in its month");
	ok(doubles_round_as_written(), "doubles round as the decimals they were written as");
	ok(digits_round_as_written(), "base 10000 digits round half away from zero");
	ok(odd_amounts(), "amounts that are not finite, too large or tiny");
	ok(mutations_are_refused_or_canonical(&accepted),
	   "every truncation and every changed byte is refused or canonical");
	ok(accepted > 1000, "some changed bytes are another value, so the check checks something");
	ok(contradictions_are_refused(), "texts that contradict themselves are refused");
	ok(merging_is_the_whole(), "any split merged in any order is the whole");
	ok(sums_beyond_the_range_are_refused(), "sums beyond the range are refused");
	ok(features_agree(), "features agree with long double done the slow way");
	ok(long_windows_agree(), "features of 1200 months agree");
	printf("# digest of all features %016llx\n", (unsigned long long) digest);
	return done_testing();
}
