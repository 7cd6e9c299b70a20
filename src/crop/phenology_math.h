/*
 * phenology_math.h
 *		Seasons of a smooth daily curve, as TIMESAT defines them (Jonsson and
 *		Eklundh 2004). Pure C.
 *
 * A season belongs to a peak. It reaches from the lowest day between this peak
 * and the peak before to the lowest day between it and the peak after; before
 * the first peak and after the last one, to the lowest day that there is. A
 * valley that is shallow makes no season: its depth below the lower of the
 * peaks at its sides has to reach a share of the curve's range.
 */
#ifndef PHENOLOGY_MATH_H
#define PHENOLOGY_MATH_H

#include <stdbool.h>

typedef struct PhenologyLimits
{
	double		min_amplitude;
	double		threshold;		/* share of the rise at which a season begins, and of the fall at which it ends */
	double		valley_share;	/* of the range */
} PhenologyLimits;

/* Days are counted from the first of the curve. */
typedef struct Season
{
	int			left;			/* lowest days */
	int			peak;
	int			right;
	double		start;
	double		end;
	double		peak_value;
	double		base;			/* mean of the curve at the lowest days */
	double		amplitude;		/* peak less base */
	double		middle;			/* between the days at which the curve passes the upper level */
	double		left_derivative;	/* between lower and upper level, a day; NaN if the peak is the first day */
	double		right_derivative;	/* of the fall, positive; NaN if the peak is the last day */
	double		large_integral; /* of the curve from start to end */
	double		small_integral; /* of what is above the base */
	bool		truncated;		/* start or end was not seen */
} Season;

/*
 * The seasons in the order of their peaks. `extreme` has room for n days,
 * `season` for (n + 1) / 2.
 */
extern int	phenology_find(const double *curve, int n, const PhenologyLimits *limits, int *extreme, Season *season);

#endif							/* PHENOLOGY_MATH_H */
