/*
 * cashflow_features_math.c
 *		The features of a cash flow. Pure C.
 */
#include "portrait/cashflow_math.h"

#include <math.h>
#include <string.h>

#include "core/math/elementary_math.h"
#include "core/math/wide.h"

/* A sum of at most CASHFLOW_MAX_WINDOW months, exact. */
typedef Signed128 CashSum;

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
		int32_t		start = calendar_month_start(months[i].month);
		uint32_t	days = months[i].days;

		while (days != 0)
		{
			int32_t		active = start + cash_first_day(days) - 1;

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
		sums->active_days += (uint64_t) cash_count_bits(m->days);
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
	set_real(out, CASH_MEAN_INFLOW_TICKET, total / MONEY_UNITS / (double) sums->inflow_count);
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
	int32_t		end_day = calendar_month_start(as_of_month);
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
	set_real(out, CASH_INFLOW_TOTAL, sum_to_double(sums.inflow) / MONEY_UNITS);
	set_real(out, CASH_OUTFLOW_TOTAL, sum_to_double(sums.outflow) / MONEY_UNITS);
	set_real(out, CASH_INFLOW_MEAN, sum_to_double(sums.inflow) / MONEY_UNITS / n);
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
					  (calendar_month_start(months[i].month) + months[i].last_inflow_day - 1));
			break;
		}
	}

	/* A gap before the first event ever is not a gap. */
	set_whole(out, CASH_LONGEST_GAP_DAYS,
			  longest_gap(months + begin, end - begin,
						  begin == 0 ? calendar_month_start(months[0].month) +
						  cash_first_day(months[0].days) - 1 : calendar_month_start(start), end_day));
}
