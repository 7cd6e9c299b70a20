/*
 * phenology_math.c
 *		Seasons of a smooth daily curve. Pure C.
 */
#include "crop/phenology_math.h"

#include <math.h>
#include <string.h>

/* Peaks and valleys in turn, both ends of the curve among them; of a plateau its first day. */
static int
find_extremes(const double *curve, int n, int *extreme)
{
	int			count = 0;
	int			direction = 0;
	int			since = 0;		/* first day of the level that the curve is on */
	int			i;

	for (i = 1; i < n; i++)
	{
		int			now = (curve[i] > curve[i - 1]) - (curve[i] < curve[i - 1]);

		if (now == 0)
			continue;
		if (now != direction)
			extreme[count++] = since;
		direction = now;
		since = i;
	}
	if (direction != 0)
		extreme[count++] = since;
	return count;
}

/* The depth of an inner valley below the lower of its peaks. */
static double
depth_of(const double *curve, const int *extreme, int valley)
{
	return fmin(curve[extreme[valley - 1]], curve[extreme[valley + 1]]) - curve[extreme[valley]];
}

/* Takes away shallow valleys, the shallowest first, each with the lower of its peaks. */
static int
join_peaks(const double *curve, int *extreme, int count, bool begins_with_peak, double least)
{
	for (;;)
	{
		int			shallowest = -1;
		int			gone;
		int			i;

		for (i = begins_with_peak ? 1 : 2; i + 1 < count; i += 2)
			if (shallowest < 0 || depth_of(curve, extreme, i) < depth_of(curve, extreme, shallowest))
				shallowest = i;
		if (shallowest < 0 || !(depth_of(curve, extreme, shallowest) < least))
			return count;
		gone = curve[extreme[shallowest - 1]] < curve[extreme[shallowest + 1]] ? shallowest - 1 : shallowest;
		memmove(extreme + gone, extreme + gone + 2, (count - gone - 2) * sizeof(int));
		count -= 2;
	}
}

/* The lowest day of a span, the one nearest to the peak of those that are equally low. */
static int
find_lowest(const double *curve, int from, int to, bool last)
{
	int			lowest = from;
	int			i;

	for (i = from + 1; i <= to; i++)
		if (curve[i] < curve[lowest] || (last && curve[i] == curve[lowest]))
			lowest = i;
	return lowest;
}

/* Where the curve first passes a level on its way up from `low` to the peak, going by `step`. */
static double
find_crossing(const double *curve, int low, int peak, int step, double level)
{
	int			i;

	for (i = low; i != peak; i += step)
		if (curve[i] < level && curve[i + step] >= level)
			return i + step * ((level - curve[i]) / (curve[i + step] - curve[i]));
	return peak;
}

static double
value_at(const double *curve, int n, double day)
{
	int			before = (int) day;

	return before + 1 < n ? curve[before] + (day - before) * (curve[before + 1] - curve[before]) : curve[before];
}

/* By trapezes; the ends may lie between days. */
static double
integrate(const double *curve, int n, double from, double to)
{
	int			first = (int) ceil(from);
	int			last = (int) floor(to);
	double		sum;
	int			i;

	if (first > last)
		return (to - from) * 0.5 * (value_at(curve, n, from) + value_at(curve, n, to));
	sum = (first - from) * 0.5 * (value_at(curve, n, from) + curve[first]) +
		(to - last) * 0.5 * (curve[last] + value_at(curve, n, to));
	for (i = first; i < last; i++)
		sum += 0.5 * (curve[i] + curve[i + 1]);
	return sum;
}

/* Whether a side ends where the curve ends, before it has come down as far as the other side. */
static bool
is_cut(const double *curve, const Season *s, int low, int end, double threshold)
{
	double		lowest = fmin(curve[s->left], curve[s->right]);

	return low == end && curve[low] > lowest + threshold * (s->peak_value - lowest);
}

static void
measure(Season *s, const double *curve, int n, double threshold)
{
	double		low_left = curve[s->left];
	double		low_right = curve[s->right];
	double		high = curve[s->peak];
	double		upper_left;
	double		upper_right;

	s->peak_value = high;
	s->base = (low_left + low_right) / 2;
	s->amplitude = high - s->base;
	s->start = find_crossing(curve, s->left, s->peak, 1, low_left + threshold * (high - low_left));
	s->end = find_crossing(curve, s->right, s->peak, -1, low_right + threshold * (high - low_right));
	upper_left = find_crossing(curve, s->left, s->peak, 1, low_left + (1 - threshold) * (high - low_left));
	upper_right = find_crossing(curve, s->right, s->peak, -1, low_right + (1 - threshold) * (high - low_right));
	s->middle = (upper_left + upper_right) / 2;
	s->left_derivative = s->left == s->peak ? NAN :
		(1 - 2 * threshold) * (high - low_left) / (upper_left - s->start);
	s->right_derivative = s->right == s->peak ? NAN :
		(1 - 2 * threshold) * (high - low_right) / (s->end - upper_right);
	s->large_integral = integrate(curve, n, s->start, s->end);
	s->small_integral = s->large_integral - s->base * (s->end - s->start);
	s->truncated = s->peak == 0 || s->peak == n - 1 || is_cut(curve, s, s->left, 0, threshold) ||
		is_cut(curve, s, s->right, n - 1, threshold);
}

int
phenology_find(const double *curve, int n, const PhenologyLimits *limits, int *extreme, Season *season)
{
	int			count = find_extremes(curve, n, extreme);
	double		lowest = INFINITY;
	double		highest = -INFINITY;
	int			found = 0;
	bool		begins_with_peak;
	int			i;

	if (count < 2)
		return 0;
	begins_with_peak = curve[extreme[0]] > curve[extreme[1]];
	for (i = 0; i < count; i++)
	{
		lowest = fmin(lowest, curve[extreme[i]]);
		highest = fmax(highest, curve[extreme[i]]);
	}
	count = join_peaks(curve, extreme, count, begins_with_peak, limits->valley_share * (highest - lowest));
	for (i = begins_with_peak ? 0 : 1; i < count; i += 2)
	{
		Season	   *s = &season[found];

		s->peak = extreme[i];
		s->left = find_lowest(curve, i > 0 ? extreme[i - 1] : 0, s->peak, true);
		s->right = find_lowest(curve, s->peak, i + 1 < count ? extreme[i + 1] : n - 1, false);
		measure(s, curve, n, limits->threshold);
		found += s->amplitude >= limits->min_amplitude && s->amplitude > 0;
	}
	return found;
}
