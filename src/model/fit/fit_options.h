/*
 * fit_options.h
 *		The options of fit_scorecard. Include postgres.h first.
 */
#ifndef AGRIRISK_FIT_OPTIONS_H
#define AGRIRISK_FIT_OPTIONS_H

#include "model/binning/bin_search.h"
#include "model/binning/binning.h"

typedef enum FitSelection
{
	FIT_SELECT_NONE,
	FIT_SELECT_AIC,
	FIT_SELECT_BIC,
	FIT_SELECT_LASSO
} FitSelection;

/* What is said of one feature. */
typedef struct FitFeatureOptions
{
	TextSpan	name;
	BinsOptions *binning;		/* over those of all; NULL: those */
	BinsOptions *own_binning;	/* by themselves */
	Binning    *given;			/* whose cuts are kept; NULL: none */
	TextSpan	reason;
	TextSpan	consent;		/* the column; empty: none */
} FitFeatureOptions;

/* A segment and the one that it belongs to. */
typedef struct FitParent
{
	TextSpan	name;
	TextSpan	parent;
} FitParent;

typedef struct FitOptions
{
	bool		woe;			/* encoding */
	BinsOptions binning;		/* of features without options of their own */
	Jsonb	   *binning_given;	/* NULL: nothing */
	uint32		n_features;		/* that something is said of */
	FitFeatureOptions *feature;
	uint32		n_consents;
	TextSpan   *consent;		/* boolean columns */
	uint32		n_ignored;
	TextSpan   *ignored;		/* columns that are no features */
	bool		standardize;
	TextSpan	weight;			/* columns; empty: none */
	TextSpan	offset;
	TextSpan	fold_key;
	double		ridge;
	double		lasso;
	FitSelection selection;
	double		min_iv;
	double		min_out_of_fold_iv;
	double		max_vif;		/* infinite: no limit */
	bool		positive;
	int			folds;			/* 0: none */
	TextSpan	name;
	double		base_score;
	double		base_odds;
	double		pdo;
	bool		lenient;		/* a warning and NULL where there is no fit */
	double		population_rate;	/* NaN: not given */
	double		long_run_rate;	/* NaN: not given */
	double		margin;
	uint32		n_parents;
	FitParent  *parent;
	bool		slopes;			/* have effects of segments, too */
	bool		keep_parent;	/* where a segment is no better out of fold */
	TextSpan	assumptions;	/* that the card is to state; empty: none */
	double		weight_unit;	/* the rows that a weight of 1 stands for */
} FitOptions;

/* What encodings and selections are called, in their order, and NULL. */
extern const char *const fit_encoding_words[];
extern const char *const fit_selection_words[];

#define FIT_MOST_FOLDS		20

/* With fewer folds nothing is left to choose features by when one of them is left out. */
#define FIT_NESTED_FOLDS	3

/* Bytes of a category or the name of a segment. */
#define FIT_LONGEST_LEVEL	255

/* A name that begins with a brace or a bracket would be options that were not cast. */
static inline bool
fit_is_segment(const char *at, uint32 length)
{
	return length > 0 && length <= FIT_LONGEST_LEVEL && *at != '{' && *at != '[';
}

/* Reads options, which stay in use; NULL is the defaults. */
extern void fit_read_options(FitOptions *options, Jsonb *given, MemoryContext context);

/* What is said of a feature; NULL: nothing. */
extern const FitFeatureOptions *fit_feature_options(const FitOptions *options, const char *name);

#endif							/* AGRIRISK_FIT_OPTIONS_H */
