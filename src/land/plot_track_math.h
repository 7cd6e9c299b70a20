/*
 * plot_track_math.h
 *		The plot that somebody walked round with a phone. Pure C.
 *
 * Fixes are put in the order of time, then
 *
 *	- of fixes at one instant the most accurate stays;
 *	- fixes that contradict the others go (plot_track_fixes_math.c): the walk falls
 *	  into runs where it leaps farther than anybody walks, even if the fixes are
 *	  as wrong as they say, and as the walk's other fixes are; the runs that
 *	  follow from each other and have the most fixes stay;
 *	- ways to the plot, from it and beside it go (plot_track_ways_math.c), where the
 *	  sides of a way there and back are as near to each other as the accuracy
 *	  makes likely;
 *	- a way there and back again goes, where the way back is no farther from the
 *	  way there than spur_width_m, and turns within twice of that, also across
 *	  start and end;
 *	- where the ring crosses or touches itself, it falls into loops; the largest
 *	  stays.
 *
 * What is left is a ring that never meets itself, decided exactly, with as many
 * of the fixes' own coordinates as stayed. How much went, and how, and how wrong the
 * area may be (plot_track_error_math.c), decides on the verdict
 * (plot_track_verdict_math.c).
 *
 * Distances in degrees are taken on the plane that touches the WGS 84 ellipsoid
 * at the track's middle latitude: right to 1e-5 within 5 km.
 * Longitudes of a walk across the antimeridian go on beyond 180.
 */
#ifndef AGRIRISK_PLOT_TRACK_MATH_H
#define AGRIRISK_PLOT_TRACK_MATH_H

#include "core/geometry/polygonal_math.h"

/* Runs of fixes that may lie between two others and be an excursion. */
#define TRACK_EXCURSIONS 64

/* How long a receiver that has found its signal again may be off, in seconds. */
#define TRACK_REGAIN_SECONDS 30

/* What a fix passed by weighs against one that is kept. */
#define TRACK_SKIP_COST 3

/* What the fixes of a walk may jump at least, in metres. */
#define TRACK_JITTER 2.0

/* Slower than that, in metres a second, somebody stands. */
#define TRACK_STANDING 0.35

/* Places of a walk that are compared with each other. */
#define TRACK_PLACES 512		/* at least 4 */

/* A way there and back is narrower than that many times the mean accuracy. */
#define TRACK_WAY_WIDTH 1.5
#define TRACK_WAY_FIXES 12

/* A way between two plots is narrower than that many times the mean accuracy. */
#define TRACK_NECK_WIDTH 2.5
#define TRACK_NECK_SHARE 0.1

/* The time in which a receiver's error becomes another. */
#define TRACK_DRIFT_SECONDS 100.0

/* Shorter ones are no silence. */
#define TRACK_SILENCE_SECONDS 10.0

/* Noise makes single steps look fast; speed is measured over this many seconds. */
#define TRACK_SPEED_SECONDS 10

/* What a fix that does not say how accurate it is may be off, in metres. */
#define TRACK_ACCURACY 5

/* Points that a turn from the way there to the way back may have. */
#define TRACK_TURN 16

/* Segments under one box when crossings are sought. */
#define TRACK_BLOCK 32

typedef struct TrackFix
{
	Vertex		at;
	int64_t		time;			/* microseconds */
	double		accuracy_m;		/* negative: unknown */
} TrackFix;

typedef struct TrackLimits
{
	double		max_accuracy_m;
	double		max_speed_kmh;
	double		max_closure_m;
	double		min_area_m2;
	double		min_fixes;
	double		spur_width_m;
	double		max_error_share;
	double		min_width_m;
} TrackLimits;

/* Rows that never became fixes of a track. */
typedef struct TrackRefuse
{
	int64_t		unknown;		/* no fix or no time */
	int64_t		inaccurate;
} TrackRefuse;

typedef struct PlotTrack
{
	uint32_t	fixes;			/* that were walked: in order, without spikes */
	uint32_t	same_time;		/* left out, each */
	uint32_t	spikes;			/* fixes that contradict the others */
	uint32_t	ways;			/* fixes on ways to the plot, from it, beside it */
	uint32_t	doubled_back;
	uint32_t	loops;			/* cut off */
	double		loop_area_m2;
	double		ring_area_m2;	/* on the plane of distances */
	uint32_t	ring_points;	/* not repeating the first; 0 or at least 3 */
	double		closure_m;		/* each negative where there is none */
	double		mean_accuracy_m;
	double		max_speed_kmh;
	double		surely_kmh;		/* what the fixes' jitter leaves of it */
	double		pace;			/* metres a second, while moving */
	double		jitter_m;		/* median distance from the place between neighbours */
	double		neck_m;			/* the width of the way between two plots */
	double		neck_area_m2;	/* of the smaller of the two plots */
	double		area_se_m2;		/* standard error: fixes and silences together */
	double		fixes_se_m2;	/* because fixes are wrong, and the round is open */
	double		silence_se_m2;	/* because corners were not seen */
	double		silence_s;		/* the silence that hides most: how long */
	double		silence_m;		/* and from where to where */
	int64_t		first_time;
	int64_t		last_time;
} PlotTrack;

typedef enum TrackQuality
{
	TRACK_REFUSED,
	TRACK_USABLE,
	TRACK_GOOD
} TrackQuality;

#define TRACK_REASONS 16
#define TRACK_REASON_BYTES 240

typedef struct TrackVerdict
{
	TrackQuality quality;
	int			reasons;
	char		reason[TRACK_REASONS][TRACK_REASON_BYTES];	/* refusals first */
} TrackVerdict;

/* Fixes between two leaps. */
typedef struct TrackRun
{
	uint32_t	first;
	uint32_t	n;
	uint32_t	frozen;			/* at its end, at the place of the one before them */
	uint32_t	before;			/* the run before it in the best chain that ends here */
	uint32_t	left;			/* frozen ones of that run that are not in the chain */
	uint32_t	skip;			/* its own first ones that are not */
	int64_t		chain;			/* the chain's fixes, less what the skipped ones cost */
} TrackRun;

/* Memory for a track of n fixes; it need not be cleared. */
typedef struct TrackMemory
{
	Vertex	   *ring;			/* n of them */
	Vertex	   *loop;			/* n of them */
	Extent	   *block;			/* n / TRACK_BLOCK + 1 */
	TrackRun   *run;			/* n of them */
	double	   *number;			/* n of them */
	void		(*interrupt) (void);	/* called now and then; may be NULL */
} TrackMemory;

/* Reorders and compacts the fixes; the plot's ring is left in memory->ring. */
extern void plot_track_outline(TrackFix *fix, uint32_t n, const TrackLimits *limits,
							   bool degrees, TrackMemory *memory, PlotTrack *track);

/* area_m2: the best known one of the ring. */
extern void plot_track_judge(const PlotTrack *track, const TrackRefuse *left_out,
							 const TrackLimits *limits, double area_m2, TrackVerdict *verdict);

#endif							/* AGRIRISK_PLOT_TRACK_MATH_H */
