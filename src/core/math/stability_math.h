/*
 * stability_math.h
 *		Population stability: the bins of expected numbers, and what a bin adds to
 *		the index. Pure C.
 *
 * Numbers are cut at the deciles of type 7 of the expected ones; bins are
 * (low, high]. The first bin has no low end and the last no high end. Where one
 * of them holds a single expected number several times, such as the zeros of an
 * amount, rows beyond this number would not show among the rows that are it. So
 * they have a bin of their own, which no row is expected in.
 */
#ifndef AGRIRISK_STABILITY_MATH_H
#define AGRIRISK_STABILITY_MATH_H

#include <stdbool.h>
#include <stdint.h>

#define STABILITY_PARTS		10

/* The deciles, and one beyond each end. */
#define STABILITY_MAX_CUTS	(STABILITY_PARTS + 1)

/* A share below is raised to it, unless the caller is told another. */
#define STABILITY_FLOOR		1e-4

typedef struct StabilityCuts
{
	int			count;
	double		cut[STABILITY_MAX_CUTS];	/* ascending; the high end of its bin */
	bool		below;			/* the first bin is of what lies below all expected numbers */

	/* While expected numbers are added. */
	int64_t		n;				/* all of them */
	int64_t		end;			/* those added */
	int			part;			/* the decile that is looked for */
	double		number;			/* added last, and how often it is there */
	int64_t		rows;
	double		before;			/* added before it; NaN: none */
	double		least;			/* added first, and how often it is there */
	int64_t		least_rows;
	double		second;			/* added after it; NaN: none */
} StabilityCuts;

/* Takes n expected numbers, distinct ones with their rows, ascending. */
extern void stability_begin(StabilityCuts *cuts, int64_t n);
extern void stability_add(StabilityCuts *cuts, double number, int64_t rows);
extern void stability_end(StabilityCuts *cuts);

/* The bin of a number, from 0. */
extern int	stability_bin(const StabilityCuts *cuts, double number);

/* A bin against all bins of a side: 0 expected, 1 actual. */
typedef struct StabilityTerm
{
	double		share[2];		/* not below the floor */
	bool		raised[2];		/* to the floor */
	double		term;
} StabilityTerm;

/* Both totals are above 0. */
extern StabilityTerm stability_term(const int64_t *rows, const int64_t *total, double floor);

#endif							/* AGRIRISK_STABILITY_MATH_H */
