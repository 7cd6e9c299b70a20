/*
 * fit_card.h
 *		The card of a fitted model. Include postgres.h first.
 */
#ifndef AGRIRISK_FIT_CARD_H
#define AGRIRISK_FIT_CARD_H

#include "model/fit/fit_model.h"

/* What is known of a model beside its coefficients. */
typedef struct FitOutcome
{
	CardMeasures in_sample;
	CardMeasures out_of_fold;
	int64		out_of_fold_rows;	/* -1: none */
	double	   *out_of_fold_iv; /* of each feature */
	bool		gained;			/* what follows is known */
	FitGain    *gain;			/* of each node */
	double	   *gain_p;			/* of the nodes tested; NaN: not tested */
	double		null_log_likelihood;
	double		shift;			/* of the intercept, for calibration */
} FitOutcome;

/* Makes all of it unknown. */
extern void fit_outcome_init(FitOutcome *outcome, int n_features, int n_nodes);

/*
 * Finds the shift of the intercept that the options ask for. With population
 * rate t and rate r of the rows it is ln(t / (1 - t)) - ln(r / (1 - r)) (King and
 * Zeng 2001, prior correction). With a long-run rate or a margin it is the one
 * that makes the mean PD their product, over the rows, which then count as the
 * population's.
 */
extern void fit_calibrate(FitModel *model, FitOutcome *outcome);

/* The card, stored. */
extern struct varlena *fit_card(const FitModel *model, const FitOutcome *outcome);

#endif							/* AGRIRISK_FIT_CARD_H */
