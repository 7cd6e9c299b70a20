/*
 * twdtw_math.h
 *		Time-weighted dynamic time warping of satellite series. Pure C.
 *
 * The cost of matching a pattern's point with an observation is the distance of
 * their bands (Euclidean) plus a logistic weight of the days between them in
 * the cycle of a year (Maus et al. 2016, "A Time-Weighted Dynamic Time Warping
 * Method for Land-Use and Land-Cover Mapping").
 */
#ifndef AGRIRISK_TWDTW_MATH_H
#define AGRIRISK_TWDTW_MATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Days of the year are 1 to 366, and the cycle has as many. */
#define TWDTW_CYCLE		366

/* Patterns that are compared at once. */
#define TWDTW_LANES		8

typedef enum TwdtwStep
{
	TWDTW_SYMMETRIC1,			/* each point of the path counts once */
	TWDTW_SYMMETRIC2			/* a diagonal step counts twice */
} TwdtwStep;

/* A pattern, or a series of observations. */
typedef struct TwdtwSeries
{
	int			length;
	int			bands;
	const int16_t *days;		/* of the year */
	const double *values;		/* all bands of the first point, of the second, ... */
} TwdtwSeries;

typedef struct TwdtwMatch
{
	double		distance;
	int			start;			/* the first and the last matched observation */
	int			end;
} TwdtwMatch;

/* The weight of 0 to 366 days between two days of the year. */
typedef struct TwdtwWeights
{
	double		of[TWDTW_CYCLE + 1];
} TwdtwWeights;

/* 1 / (1 + exp(alpha (g - beta))); none where alpha is 0. */
extern void twdtw_weights(TwdtwWeights *weights, double alpha, double beta);

/* The weight of each pair of a pattern's day and a series' day, one row for each of the pattern's. */
extern void twdtw_weigh(const TwdtwWeights *weights, const int16_t *pattern, int n, const int16_t *series, int m,
						double *weigh);

/*
 * The path of least cost. A closed one matches the whole series; an open one
 * begins and ends where it costs least, at the earliest end of those that
 * cost the same. The scratch is of m doubles and m ints, for m observations.
 */
extern TwdtwMatch twdtw_match(const TwdtwSeries *pattern, const TwdtwSeries *series, const double *weigh,
							  TwdtwStep step, bool open, double *costs, int *starts);

/*
 * The costs of n patterns, up to eight, that have the same days, closed and in symmetric2.
 * The values are those of eight patterns in the first band of the first point,
 * and so on. The same bits as from
 * twdtw_match, and numbers without a meaning beyond n. The scratch is of 8 m doubles.
 */
extern void twdtw_distances(const TwdtwSeries *patterns, int n, const TwdtwSeries *series, const double *weigh,
							double *costs, double distances[TWDTW_LANES]);

#endif							/* AGRIRISK_TWDTW_MATH_H */
