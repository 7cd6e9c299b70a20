/*
 * plot_track_verdict_math.c
 *		Whether to believe a walk round a plot, and why not. Pure C.
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

static void
say_refusals(const PlotTrack *track, const TrackLimits *limits, double area_m2,
			 TrackVerdict *verdict)
{
	if (track->fixes < limits->min_fixes)
	{
		say(verdict, "too_few_fixes: %u, at least %.0f", track->fixes, ceil(limits->min_fixes));
		return;
	}
	if (track->surely_kmh > limits->max_speed_kmh)
		say(verdict, "driven: %.1f km/h, at most %.1f", track->surely_kmh, limits->max_speed_kmh);
	if (track->closure_m > limits->max_closure_m)
		say(verdict, "not_closed: %.1f m from start to end, at most %.1f", track->closure_m,
			limits->max_closure_m);
	if (track->loop_area_m2 > MAX_LOOP_SHARE * track->ring_area_m2)
		say(verdict, "self_crossing: loops of %.1f m2 beside a ring of %.1f m2",
			track->loop_area_m2, track->ring_area_m2);
	if (track->neck_m >= 0)
		say(verdict, "two_plots: neck");
	if (track->fixes_se_m2 > limits->max_error_share * area_m2)
		say(verdict, "imprecise: %.1f m2", track->fixes_se_m2);
	else if (track->area_se_m2 > limits->max_error_share * area_m2)
		say(verdict, "silence: %.0f s", track->silence_s);
	if (area_m2 < limits->min_area_m2 || track->ring_points == 0)
		say(verdict, "too_small: %.1f m2, at least %.1f", area_m2, limits->min_area_m2);
}

void
plot_track_judge(const PlotTrack *track, const TrackRefuse *left_out, const TrackLimits *limits,
				 double area_m2, TrackVerdict *verdict)
{
	double		lost = (double) left_out->inaccurate + track->spikes;

	verdict->reasons = 0;
	say_refusals(track, limits, area_m2, verdict);
	if (verdict->reasons > 0)
		verdict->quality = TRACK_REFUSED;
	else if (lost > MAX_LOST_SHARE * (lost + track->fixes) ||
			 track->mean_accuracy_m > limits->max_accuracy_m / 2 ||
			 track->closure_m > limits->max_closure_m / 2 ||
			 track->loop_area_m2 > MAX_LOOP_SHARE / 5 * track->ring_area_m2)
		verdict->quality = TRACK_USABLE;
	else
		verdict->quality = TRACK_GOOD;

	if (track->mean_accuracy_m > limits->max_accuracy_m / 2)
		say(verdict, "accuracy: %.1f m in the mean, best below %.1f", track->mean_accuracy_m,
			limits->max_accuracy_m / 2);
	if (track->closure_m > limits->max_closure_m / 2 && track->closure_m <= limits->max_closure_m)
		say(verdict, "closure: %.1f m from start to end, best below %.1f", track->closure_m,
			limits->max_closure_m / 2);
	if (left_out->inaccurate > 0)
		say(verdict, "inaccurate: %lld fixes worse than %.1f m left out",
			(long long) left_out->inaccurate, limits->max_accuracy_m);
	if (left_out->unknown > 0)
		say(verdict, "unknown: %lld rows without fix or time left out",
			(long long) left_out->unknown);
	if (track->same_time > 0)
		say(verdict, "same_time: %u fixes at the instant of another left out", track->same_time);
	if (track->spikes > 0)
		say(verdict, "spikes: %u fixes left out", track->spikes);
	if (track->doubled_back > 0)
		say(verdict, "doubled_back: %u points on ways there and back left out",
			track->doubled_back);
	if (track->loops > 0)
		say(verdict, "loops: %u of %.1f m2 in all cut off", track->loops, track->loop_area_m2);
}
