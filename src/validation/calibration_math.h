/*
 * calibration_math.h
 *		Whether outcomes come as often as predicted: measures of a stored
 *		calibration. Pure C.
 *
 * A calibration is stored as a tally (core/math/tally_math.h) of predicted
 * probabilities, of class 1 where the outcome is bad. What is summed here is
 * summed over the distinct probabilities in ascending order, each with its
 * counts, in two doubles: one order whatever the order of the rows, and the same
 * terms whether rows were repeated or weighted. So equal values give equal bits
 * without an exact sum.
 */
#ifndef CALIBRATION_MATH_H
#define CALIBRATION_MATH_H

#include "core/math/tally_math.h"

#define CALIBRATION_MAX_GROUPS	10000

typedef enum CalibrationStatus
{
	CALIBRATION_OK,
	CALIBRATION_UNDEFINED,		/* SQL's NULL */
	CALIBRATION_DAMAGED
} CalibrationStatus;

/* A stored value; `pause` is called every few thousand entries. */
typedef struct CalibrationInput
{
	const uint8_t *bytes;
	size_t		length;
	TallyPause	pause;
} CalibrationInput;

typedef struct CalibrationScores
{
	int64_t		goods;
	int64_t		bads;
	double		brier;			/* mean squared error */
	double		log_loss;		/* mean negative log-likelihood, maybe infinite */
	double		spiegelhalter_z;	/* NaN where no PD lies between 0 and 1, but for 1/2 */
} CalibrationScores;

/* Undefined without rows. */
extern CalibrationStatus calibration_scores(const CalibrationInput *input, CalibrationScores *scores);

/* Rows between two quantiles of the PDs. */
typedef struct CalibrationGroup
{
	int64_t		n;
	int64_t		bads;
	double		expected;		/* sum of the PDs */
	double		low;			/* least and greatest PD */
	double		high;
} CalibrationGroup;

/*
 * Groups the rows at the quantiles of type 7 of their PDs, each group with its
 * right end: equal PDs are together, and a group that ties leave empty does not
 * count. `group` has room for as many as are asked for.
 */
extern CalibrationStatus calibration_groups(const CalibrationInput *input, int groups,
											CalibrationGroup *group, int *used);

/*
 * Sum of (observed - expected)^2 / variance over the groups. A group without
 * variance adds nothing if all came as predicted, else infinity.
 */
extern double calibration_hosmer_lemeshow(const CalibrationGroup *group, int used);

/* logit(P(bad)) = intercept + slope * logit(PD), fitted by maximum likelihood. */
typedef struct Recalibration
{
	double		intercept;
	double		slope;
	double		intercept_se;
	double		slope_se;
} Recalibration;

/*
 * With the slope free, or held at 1. Undefined with one class only, with a PD of
 * 0 or 1, and with a free slope where PDs are all equal or separate the classes.
 */
extern CalibrationStatus calibration_recalibrate(const CalibrationInput *input, bool free_slope,
												 Recalibration *result);

#endif							/* CALIBRATION_MATH_H */
