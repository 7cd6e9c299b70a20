/*
 * plot_track_plane.h
 *		The plane on which a walk is measured: what the parts of plot_track_math.c
 *		share. Pure C.
 */
#ifndef AGRIRISK_PLOT_TRACK_PLANE_H
#define AGRIRISK_PLOT_TRACK_PLANE_H

#include "land/plot_track_math.h"

#include <math.h>

/* Metres per unit of the coordinates. */
typedef struct Metric
{
	double		x;
	double		y;
} Metric;

static const Metric metres = {1, 1};

typedef struct Step
{
	double		x;
	double		y;
} Step;

static inline Step
step(Metric metric, Vertex a, Vertex b)
{
	Step		s = {(b.x - a.x) * metric.x, (b.y - a.y) * metric.y};

	return s;
}

static inline double
cross(Step u, Step v)
{
	return u.x * v.y - u.y * v.x;
}

static inline double
dot(Step u, Step v)
{
	return u.x * v.x + u.y * v.y;
}

static inline double
distance(Metric metric, Vertex a, Vertex b)
{
	Step		s = step(metric, a, b);

	return sqrt(dot(s, s));
}

static inline bool
same(Vertex a, Vertex b)
{
	return a.x == b.x && a.y == b.y;
}

/* The later less the earlier; the difference of two int64 fits a uint64. */
static inline double
seconds(const TrackFix *from, const TrackFix *to)
{
	return (double) ((uint64_t) to->time - (uint64_t) from->time) / 1e6;
}

static inline double
allowance(const TrackFix *fix)
{
	return fix->accuracy_m < 0 ? TRACK_ACCURACY : fix->accuracy_m;
}

/* This many metres, or more where the fixes are not accurate enough to tell. */
static inline double
at_least(double width, double times_accuracy, const PlotTrack *track)
{
	double		accuracy = track->mean_accuracy_m < 0 ? TRACK_ACCURACY : track->mean_accuracy_m;

	return accuracy * times_accuracy > width ? accuracy * times_accuracy : width;
}

/* How wide a way there and back may seem whose sides were walked at different times. */
static inline double
way_width(const PlotTrack *track, const TrackLimits *limits)
{
	return at_least(limits->spur_width_m, TRACK_WAY_WIDTH, track);
}

/* ---- plot_track_fixes_math.c ---- */

/*
 * Puts the fixes in order, drops the wrong ones and measures pace and speed;
 * returns how many stayed.
 */
extern uint32_t track_clean(TrackFix *fix, uint32_t n, const TrackLimits *limits, bool degrees,
							TrackMemory *memory, PlotTrack *track, Metric *metric);

/* ---- plot_track_ways_math.c ---- */

/* Drops the ways to and from the plot and the detours; returns how many fixes stayed. */
extern uint32_t track_drop_ways(TrackFix *fix, uint32_t n, const TrackLimits *limits,
								Metric metric, PlotTrack *track);

/* The way that joins two plots, if the ring is of two. */
extern void track_find_neck(const Vertex *ring, const TrackLimits *limits, Metric metric,
							PlotTrack *track);

/* ---- plot_track_error_math.c ---- */

/* How wrong the area may be that these fixes enclose. */
extern void track_measure_error(const TrackFix *fix, uint32_t n, const TrackLimits *limits,
								Metric metric, PlotTrack *track);

#endif							/* AGRIRISK_PLOT_TRACK_PLANE_H */
