/*
 * fit_model.h
 *		A fit to one set of rows: its design, the features selected, the maximum
 *		of the likelihood. Include postgres.h first.
 */
#ifndef AGRIRISK_FIT_MODEL_H
#define AGRIRISK_FIT_MODEL_H

#include "model/fit/fit_pool.h"

/* Why there is no fit. */
typedef struct FitFailure
{
	const char *message;		/* NULL: there is one */
	char	   *detail;
	const char *hint;
} FitFailure;

/* What is known of the features' bins before a fit, under encoding woe. */
typedef struct FitBinned
{
	Binning   **binning;		/* of each feature */
	double	   *out_of_fold_iv; /* found without the rows that it is of; NaN: not known */
} FitBinned;

typedef struct FitModel
{
	FitDesign  *design;
	bool	   *used;			/* terms that are in the model */
	LogitFit	fit;			/* with segments, the root's coefficients */
	FitPool    *pool;			/* NULL: there are no segments */
	double	   *vif;			/* of each term that is used; NaN: none */
	double		lambda;			/* of the lasso path; NaN: none */
	FitFailure	failure;
} FitModel;

/*
 * Fits the rows of all folds but one (-1: of all rows) as the options say: terms
 * of binnings, which are given under encoding woe; floors of information value,
 * limit of VIF, selection, signs; penalties; with a tree, coefficients of each of
 * its nodes.
 */
extern FitModel *fit_model_create(FitRows *rows, int without, const FitBinned *binned, const FitTree *tree,
								  NodeBudget *budget);
extern void fit_model_free(FitModel *model);

/*
 * Calls back with the outcome, weight and log-odds of every training row, or of
 * the rows of the fold left out.
 */
extern void fit_model_predict(FitModel *model, bool held_out,
							  void (*take) (void *data, int outcome, double weight, double eta), void *data);

/* Adds to the gains of nodes those on the rows of the fold left out. */
extern void fit_model_gain(FitModel *model, FitGain *gain);

/* The log-likelihood of a model of the intercept alone. */
extern double fit_model_null(FitModel *model);

/* What a row loses of log-likelihood by its log-odds. */
extern double fit_loss(int outcome, double eta);

/* The largest |log-odds| of a row. */
extern double fit_model_reach(const FitModel *model);

#endif							/* AGRIRISK_FIT_MODEL_H */
