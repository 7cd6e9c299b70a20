/*
 * smooth.h
 *		Smooth curves of a series for the functions of this room. Include postgres.h
 *		first.
 */
#ifndef SMOOTH_H
#define SMOOTH_H

#include "crop/smooth_math.h"
#include "crop/vegetation.h"

/* The most days that a daily curve may have: a hundred years. */
#define SMOOTH_MAX_DAYS VEGETATION_MAX_DATES

/*
 * The factor of a call site, kept while series have the same days between their
 * dates and the same lambda, as those of one sensor and season have.
 */
typedef struct Smoother
{
	MemoryContext context;
	int			n;				/* dates, 0 where nothing is kept */
	int32	   *step;			/* days since the first date */
	double		lambda;
	bool		daily;
	int			n_points;		/* dates, or days */
	SmoothRow  *row;
	double	   *weight;			/* of days; NULL at dates */
} Smoother;

/* What a function keeps in fn_extra; it has nothing else there. */
extern Smoother *smoother_of(FunctionCallInfo fcinfo);

/* Brings the factor for the dates of a series, on its days or at its dates. */
extern void smoother_prepare(Smoother *smoother, const Series *s, double lambda, bool daily);

/* The curve of a band at the points of the prepared factor, palloc'd. */
extern double *smoother_curve(const Smoother *smoother, const float *band, double expectile);

extern void smooth_check_lambda(double lambda);

#endif							/* SMOOTH_H */
