/*
 * plot_track_verdict_math.c
 *		Whether to believe a walk round a plot, and what to do if not. Pure C.
 */
#include "land/plot_track_math.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

/* Cut-off loops of up to this share of the plot are stumbles. */
#define MAX_LOOP_SHARE 0.05

/* A good track lost no more than this share of its fixes. */
#define MAX_LOST_SHARE 0.1

static void
__attribute__((format(printf, 2, 3)))
say(TrackVerdict *verdict, const char *format,...)
{
	va_list		args;

	va_start(args, format);
	vsnprintf(verdict->reason[verdict->reasons++], TRACK_REASON_BYTES, format, args);
	va_end(args);
}

/* In percent; the error of no area at all is all of it. */
static double
error_percent(double error, double area)
{
	return area > 0 ? 100 * error / area : 100;
}

/* What was walked is not the outline of a plot. */
static void
refuse_outline(const PlotTrack *track, const TrackLimits *limits, double area_m2,
			   TrackVerdict *verdict)
{
	if (track->surely_kmh > limits->max_speed_kmh)
		say(verdict, "driven: at least %.1f km/h, at most %.1f is walked; walk the boundary on foot",
			track->surely_kmh, limits->max_speed_kmh);
	if (track->closure_m > limits->max_closure_m)
		say(verdict, "not_closed: %.1f m from the start to the end, at most %.1f; "
			"walk on to the place where the walk began", track->closure_m, limits->max_closure_m);
	if (track->loop_area_m2 > MAX_LOOP_SHARE * track->ring_area_m2)
		say(verdict, "self_crossing: loops of %.1f m2 beside a ring of %.1f m2; "
			"walk once round one plot", track->loop_area_m2, track->ring_area_m2);
	if (area_m2 < limits->min_area_m2 || track->ring_points == 0)
		say(verdict, "too_small: %.1f m2, at least %.1f; "
			"walk along the whole boundary, or measure the plot with a tape",
			area_m2, limits->min_area_m2);
}

/* It is an outline, but of two plots, or its area is not known well enough. */
static void
refuse_plot(const PlotTrack *track, const TrackLimits *limits, double area_m2,
			TrackVerdict *verdict)
{
	if (track->neck_m >= 0 && track->neck_area_m2 >= limits->min_area_m2)
		say(verdict, "two_plots: a part of %.0f m2 hangs on a way that is %.1f m wide; "
			"walk round each plot on its own", track->neck_area_m2, track->neck_m);
	if (track->area_se_m2 <= limits->max_error_share * area_m2)
		return;
	if (track->silence_se_m2 > track->fixes_se_m2)
		say(verdict, "silence: no fix for %.0f s over %.0f m, a corner may be missing; "
			"walk this part of the boundary again", track->silence_s, track->silence_m);
	else
		say(verdict, "imprecise: the standard error of the area is %.1f m2, %.1f %% of it, "
			"at most %.1f %%; walk again under open sky, or measure a plot as small as this with a tape",
			track->area_se_m2, error_percent(track->area_se_m2, area_m2),
			100 * limits->max_error_share);
}

static bool
is_good(const PlotTrack *track, const TrackRefuse *left_out, const TrackLimits *limits,
		double area_m2)
{
	double		lost = (double) left_out->inaccurate + track->spikes;

	return lost <= MAX_LOST_SHARE * (lost + track->fixes) &&
		track->area_se_m2 <= limits->max_error_share / 2 * area_m2 &&
		track->mean_accuracy_m <= limits->max_accuracy_m / 2 &&
		track->closure_m <= limits->max_closure_m / 2 &&
		track->loop_area_m2 <= MAX_LOOP_SHARE / 5 * track->ring_area_m2;
}

/* What keeps an accepted walk from being a good one. */
static void
say_doubts(const PlotTrack *track, const TrackLimits *limits, double area_m2, TrackVerdict *verdict)
{
	if (track->area_se_m2 > limits->max_error_share / 2 * area_m2)
		say(verdict, "error: the standard error of the area is %.1f m2, %.1f %% of it, best below %.1f %%",
			track->area_se_m2, error_percent(track->area_se_m2, area_m2),
			50 * limits->max_error_share);
	if (track->closure_m > limits->max_closure_m / 2)
		say(verdict, "closure: %.1f m from the start to the end, best below %.1f",
			track->closure_m, limits->max_closure_m / 2);
	if (track->loop_area_m2 > MAX_LOOP_SHARE / 5 * track->ring_area_m2)
		say(verdict, "crossing: loops of %.1f m2 beside a ring of %.1f m2", track->loop_area_m2,
			track->ring_area_m2);
}

/* What is counted of every walk. */
static void
say_losses(const PlotTrack *track, const TrackRefuse *left_out, const TrackLimits *limits,
		   TrackVerdict *verdict)
{
	if (track->mean_accuracy_m > limits->max_accuracy_m / 2)
		say(verdict, "accuracy: %.1f m in the mean, best below %.1f", track->mean_accuracy_m,
			limits->max_accuracy_m / 2);
	if (left_out->inaccurate > 0)
		say(verdict, "inaccurate: fixes worse than %.1f m left out: %lld",
			limits->max_accuracy_m, (long long) left_out->inaccurate);
	if (left_out->unknown > 0)
		say(verdict, "unknown: rows without a fix or a time left out: %lld",
			(long long) left_out->unknown);
	if (track->same_time > 0)
		say(verdict, "same_time: fixes at the instant of another fix left out: %u", track->same_time);
	if (track->spikes > 0)
		say(verdict, "spikes: fixes that contradict the others left out: %u", track->spikes);
	if (track->ways > 0)
		say(verdict, "ways: fixes on ways to the plot, from it or beside it left out: %u",
			track->ways);
	if (track->doubled_back > 0)
		say(verdict, "doubled_back: points on ways there and back left out: %u",
			track->doubled_back);
	if (track->loops > 0)
		say(verdict, "loops: cut off %u of %.1f m2 in all", track->loops, track->loop_area_m2);
}

void
plot_track_judge(const PlotTrack *track, const TrackRefuse *left_out, const TrackLimits *limits,
				 double area_m2, TrackVerdict *verdict)
{
	verdict->reasons = 0;
	if (track->fixes < limits->min_fixes)
		say(verdict, "too_few_fixes: %u left, at least %.0f needed; "
			"walk again with the phone recording all the way", track->fixes, ceil(limits->min_fixes));
	else
		refuse_outline(track, limits, area_m2, verdict);
	if (verdict->reasons == 0)
		refuse_plot(track, limits, area_m2, verdict);

	if (verdict->reasons > 0)
		verdict->quality = TRACK_REFUSED;
	else
	{
		verdict->quality = is_good(track, left_out, limits, area_m2) ? TRACK_GOOD : TRACK_USABLE;
		say_doubts(track, limits, area_m2, verdict);
	}
	say_losses(track, left_out, limits, verdict);
}
