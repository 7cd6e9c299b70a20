/*
 * plot_track_error_math.c
 *		How wrong the area of a walked plot may be. Pure C.
 *
 * The area is a bilinear form of the fixes' coordinates, and an error of a
 * fix moves it by the error times half the way between the fix's neighbours. Summed
 * over all pairs of fixes with the covariance of their errors, this is the
 * variance of the area (Bogaert, Delince and Kay, Measurement Science and Technology
 * 16:1170, 2005). A receiver's errors drift slowly: they are taken for
 * a Gauss-Markov process, whose covariances one pass adds up.
 */
#include "land/plot_track_plane.h"

#include "core/math/elementary_math.h"

/* Of an axis, where a radius of 68 % is 1. */
#define AXIS_SHARE 0.66

/* The median distance from the place between two neighbours, where white noise is 1. */
#define MEDIAN_DEVIATION 1.442

/* Half the way between the neighbours of fix i on the closed walk. */
static Step
leverage(const TrackFix *fix, uint32_t n, uint32_t i, Metric metric)
{
	Step		s = step(metric, fix[i > 0 ? i - 1 : n - 1].at, fix[i + 1 < n ? i + 1 : 0].at);

	s.x /= 2;
	s.y /= 2;
	return s;
}

/*
 * What a fix says of itself covers both kinds of error: white noise, which is
 * never more than that, and drift, which is the rest.
 */
static void
split_error(const TrackFix *fix, double white, double *drift_2, double *white_2)
{
	double		error = AXIS_SHARE * allowance(fix);

	if (white > error)
		white = error;
	*white_2 = white * white;
	*drift_2 = error * error - *white_2;
}

static double
error_variance(const TrackFix *fix, uint32_t n, Metric metric, double white)
{
	double		variance = 0;
	Step		carried = {0, 0};
	uint32_t	i;

	for (i = 0; i < n; i++)
	{
		Step		l = leverage(fix, n, i, metric);
		double		drift_2;
		double		white_2;
		double		drift;

		split_error(&fix[i], white, &drift_2, &white_2);
		drift = sqrt(drift_2);
		if (i > 0)
		{
			double		kept = agr_exp(-seconds(&fix[i - 1], &fix[i]) / TRACK_DRIFT_SECONDS);

			carried.x *= kept;
			carried.y *= kept;
		}
		variance += (white_2 + drift_2) * dot(l, l) + 2 * drift * dot(l, carried);
		carried.x += drift * l.x;
		carried.y += drift * l.y;
	}
	return variance;
}

static double
square_on(double side)
{
	return side * side;
}

/*
 * The ground between the straight line and the way that was walked meanwhile, as
 * if that turned once, at a right angle: with legs a and b, a + b is walked and
 * a^2 + b^2 the line's square, so that the triangle's area, a b / 2, follows.
 */
static double
unseen_ground(double line, double walked)
{
	return line >= walked ? 0 : (square_on(walked) - square_on(line)) / 4;
}

static void
measure_silence(const TrackFix *fix, uint32_t n, const TrackLimits *limits, Metric metric,
				PlotTrack *track)
{
	double		usual = seconds(&fix[0], &fix[n - 1]) / (n - 1);
	double		variance = 0;
	double		most = 0;
	uint32_t	i;

	for (i = 1; i < n; i++)
	{
		double		silence = seconds(&fix[i - 1], &fix[i]);
		double		line;
		double		unseen;

		if (silence <= TRACK_SILENCE_SECONDS || silence <= 3 * usual)
			continue;
		line = distance(metric, fix[i - 1].at, fix[i].at);
		if (line <= way_width(track, limits))
			continue;			/* a rest, or a way there and back that was left out */
		unseen = unseen_ground(line, track->pace * silence);
		variance += square_on(unseen);
		if (unseen > most)
		{
			most = unseen;
			track->silence_s = silence;
			track->silence_m = line;
		}
	}
	track->silence_se_m2 = sqrt(variance);
}

void
track_measure_error(const TrackFix *fix, uint32_t n, const TrackLimits *limits, Metric metric,
					PlotTrack *track)
{
	double		variance;
	double		unclosed;

	if (n < 3)
		return;
	variance = error_variance(fix, n, metric, track->jitter_m / MEDIAN_DEVIATION);
	if (variance < 0)
		variance = 0;			/* rounding: the fixes know themselves to be exact */
	/* A corner may lie between the end and the start: the most, if it is a right one. */
	unclosed = square_on(distance(metric, fix[n - 1].at, fix[0].at)) / 4;
	variance += square_on(unclosed);
	measure_silence(fix, n, limits, metric, track);
	track->fixes_se_m2 = sqrt(variance);
	track->area_se_m2 = sqrt(variance + square_on(track->silence_se_m2));
}
