/*
 * fit_model.c
 *		A fit to one set of rows: features selected, likelihood maximised.
 */
#include "postgres.h"

#include "agririsk.h"

#include <math.h>

#include "core/math/elementary_math.h"
#include "core/math/newton_math.h"
#include "core/math/rounded_sum.h"
#include "miscadmin.h"
#include "model/fit/fit_model.h"
#include "utils/memutils.h"

/* Gains of a criterion below this are rounding. */
#define LEAST_GAIN			1e-7

/* The lasso path: from the least penalty that leaves nothing down to a thousandth of it. */
#define PATH_STEPS			60
#define PATH_REACH			1e-3

/* What a term is called in messages: "age", "crop = rice". */
static char *
term_name(const FitDesign *design, const FitTerm *term)
{
	const FitFeature *feature = &design->rows->feature[term->feature];

	if (feature->kind == CARD_CATEGORY && !design->rows->options->woe)
		return psprintf("%s = %.*s", feature->name, (int) feature->levels->keys[term->level].key_length,
						key_sums_key(feature->levels, term->level));
	return pstrdup(feature->name);
}

/* ---------- one maximum ---------- */

/*
 * What a unit of a term's coefficient is of the coefficient that is penalised. A
 * path of penalties compares features: WOE have one unit, and columns as they are
 * get one by their standard deviation.
 */
static double
penalised_share(const FitModel *model, int t)
{
	const FitOptions *options = model->design->rows->options;
	const FitTerm *term = &model->design->term[t];

	return (options->standardize || (options->selection == FIT_SELECT_LASSO && !options->woe) ? term->sd : 1) / term->scale;
}

/* From a fit that counts weights to one that counts the rows they stand for. */
static void
count_rows(LogitFit *fit, int n, double unit)
{
	Size		i;

	fit->log_likelihood *= unit;
	for (i = 0; i < n; i++)
		fit->gradient[i] *= unit;
	for (i = 0; i < (Size) n * n; i++)
		fit->covariance[i] /= unit;
}

/*
 * Maximises over the terms used; the result is in the current context. The
 * solver counts weights. Where they stand for parts of rows, the likelihood is
 * that part of the solver's, and so would penalties be.
 */
static LogitStatus
maximise(FitModel *model, const bool *used, double ridge, double lasso, const double *start, LogitFit *fit)
{
	FitDesign  *design = model->design;
	int			n = design->n_terms;
	double		unit = design->rows->options->weight_unit;
	LogitProblem problem = {&design->logit, used, NULL, NULL, NULL, start, agr_check_interrupts};
	MemoryContext scratch = AllocSetContextCreate(CurrentMemoryContext, "agririsk maximum", ALLOCSET_DEFAULT_SIZES);
	double	   *ridges = MemoryContextAllocZero(scratch, (n + 1) * sizeof(double));
	double	   *lassos = MemoryContextAllocZero(scratch, (n + 1) * sizeof(double));
	LogitStatus status;
	int			t;

	for (t = 0; t < n; t++)
	{
		ridges[t + 1] = ridge / unit * penalised_share(model, t) * penalised_share(model, t);
		lassos[t + 1] = lasso / unit * penalised_share(model, t);
	}
	problem.ridge = ridge > 0 ? ridges : NULL;
	problem.lasso = lasso > 0 ? lassos : NULL;
	design->used = used;
	fit_design_rewind(design, false);
	status = logit_fit(&problem, fit, agr_arena(CurrentMemoryContext), agr_arena(scratch));
	design->used = NULL;
	MemoryContextDelete(scratch);
	if (unit != 1 && status == LOGIT_FITTED)
		count_rows(fit, n + 1, unit);
	return status;
}

static void
free_fit(LogitFit *fit)
{
	pfree(fit->beta);
	pfree(fit->gradient);
	pfree(fit->covariance);
	pfree(fit->involved);
}

static int
count_used(const FitModel *model)
{
	int			n = 0;
	int			t;

	for (t = 0; t < model->design->n_terms; t++)
		n += model->used[t];
	return n;
}

static void
set_feature(const FitDesign *design, bool *used, int f, bool value)
{
	int			t;

	for (t = 0; t < design->n_terms; t++)
		if (design->term[t].feature == f)
			used[t] = value;
}

static bool
has_feature(const FitModel *model, int f)
{
	int			t;

	for (t = 0; t < model->design->n_terms; t++)
		if (model->design->term[t].feature == f && model->used[t])
			return true;
	return false;
}

static void
drop_feature(FitModel *model, int f, char *why)
{
	set_feature(model->design, model->used, f, false);
	model->design->learnt[f].dropped = why;
}

/* ---------- failures ---------- */

/*
 * Features whose terms count in a direction (the intercept first); of a category, its
 * level if that is one. Where there are many features, the first ones are named.
 */
#define NAMED			20

static char *
list_features(const FitDesign *design, const double *direction)
{
	StringInfoData text;
	int			named = 0;
	int			f,
				t;

	initStringInfo(&text);
	for (f = 0; f < design->rows->n_features; f++)
	{
		const FitTerm *last = NULL;
		int			terms = 0;

		for (t = 0; t < design->n_terms; t++)
			if (design->term[t].feature == f && fabs(direction[t + 1]) > 1e-6)
			{
				last = &design->term[t];
				terms++;
			}
		if (terms > 0 && named++ < NAMED)
			appendStringInfo(&text, "%s%s", text.len > 0 ? ", " : "",
							 terms == 1 ? term_name(design, last) : design->rows->feature[f].name);
	}
	if (named > NAMED)
		appendStringInfo(&text, " and %d more", named - NAMED);
	return text.data;
}

/*
 * Whether features that are nearly collinear may be why a fit has no maximum; then
 * which, in fit->involved.
 */
static bool
is_nearly_collinear(FitModel *model, LogitFit *fit)
{
	FitDesign  *design = model->design;
	LogitProblem problem = {.rows = &design->logit, .used = model->used, .pause = agr_check_interrupts};
	MemoryContext scratch = AllocSetContextCreate(CurrentMemoryContext, "agririsk collinear features", ALLOCSET_DEFAULT_SIZES);
	bool		found;

	design->used = model->used;
	fit_design_rewind(design, false);
	found = logit_is_nearly_collinear(&problem, fit->involved, agr_arena(scratch));
	design->used = NULL;
	MemoryContextDelete(scratch);
	return found;
}

static void
fail(FitModel *model, LogitStatus status, LogitFit *fit)
{
	FitFailure *failure = &model->failure;
	bool		penalised = model->design->rows->segments == NULL;	/* may be */
	bool		nearly = status == LOGIT_NOT_CONVERGED && is_nearly_collinear(model, fit);

	switch (nearly ? LOGIT_COLLINEAR : status)
	{
		case LOGIT_FITTED:
			break;
		case LOGIT_COLLINEAR:
			failure->message = nearly ? "features are nearly collinear" : "features are collinear";
			failure->detail = psprintf(nearly ? "Of these, one all but follows from the others, and the fit does not converge: %s." :
									   "Of these, one follows from the others: %s.", list_features(model->design, fit->involved));
			failure->hint = penalised ? "Leave one of them out, set max_vif so that it is dropped, or penalise with ridge." :
				"Leave one of them out, or set max_vif so that it is dropped.";
			break;
		case LOGIT_SEPARATED:
			failure->message = fit->complete ? "outcomes are separated completely" : "outcomes are separated";
			failure->detail = psprintf(fit->complete ? "A combination of these has all bad rows on one side and all good ones on the other: %s." :
									   "Along a combination of these, rows beyond a border are all bad or all good: %s.",
									   list_features(model->design, fit->involved));
			failure->hint = penalised ? "Coefficients would grow for ever. Leave a feature out that gives the outcome away, bin it coarser, or penalise with ridge." :
				"Coefficients would grow for ever. Leave a feature out that gives the outcome away, or bin it coarser.";
			break;
		case LOGIT_NOT_CONVERGED:
			failure->message = "the fit does not converge";
			failure->detail = pstrdup("Newton's method has not found a maximum.");
			failure->hint = penalised ? "Look for values of extreme size, or penalise with ridge." :
				"Look for values of extreme size.";
			break;
	}
}

/* The fit without segments has been found, so what does not converge is theirs. */
static void
fail_segments(FitModel *model, LogitStatus status, LogitFit *single)
{
	fail(model, status, single);
	if (status != LOGIT_NOT_CONVERGED || is_nearly_collinear(model, single))
		return;
	model->failure.message = "the fit of segments does not converge";
	model->failure.detail = pstrdup("They have so few rows, or so often those of one outcome, that how far they spread cannot be told.");
	model->failure.hint = model->design->rows->options->slopes ?
		"Put small segments together, or let them differ in their intercepts only: pooling => 'intercepts'." :
		"Put small segments together.";
}

static bool
fail_without_rows(FitModel *model)
{
	const int64 *total = model->design->total;
	const FitRows *rows = model->design->rows;
	FitFailure *failure = &model->failure;
	StringInfoData detail;
	int			i;

	if (total[BIN_GOOD] > 0 && total[BIN_BAD] > 0)
		return false;
	failure->message = total[BIN_GOOD] + total[BIN_BAD] == 0 ? "no row is left to fit" :
		total[BIN_BAD] == 0 ? "no row is bad" : "no row is good";
	initStringInfo(&detail);
	appendStringInfo(&detail, "There are %lld good and %lld bad rows.",
					 (long long) total[BIN_GOOD], (long long) total[BIN_BAD]);
	for (i = 0; i < FIT_EXCLUSIONS; i++)
		if (rows->excluded[i] > 0)
			appendStringInfo(&detail, " Left out: %lld (%s).", (long long) rows->excluded[i], fit_exclusion_words[i]);
	failure->detail = detail.data;
	failure->hint = "A card tells bad from good, so both must have been seen.";
	return true;
}

static bool
fail_without_terms(FitModel *model)
{
	const FitDesign *design = model->design;
	StringInfoData text;
	int			f;

	/* Out of fold it is a finding: the model says the same of every row. */
	if (count_used(model) > 0 || design->without >= 0)
		return false;
	initStringInfo(&text);
	for (f = 0; f < design->rows->n_features; f++)
		if (design->learnt[f].dropped)
			appendStringInfo(&text, "%s%s: %s", text.len > 0 ? "; " : "", design->rows->feature[f].name,
							 design->learnt[f].dropped);
	model->failure.message = "no feature is left";
	model->failure.detail = psprintf("Dropped were %s.", text.data);
	model->failure.hint = "Give features that tell bad from good, or more rows; or lower the limits: min_bads and min_goods of binning_options, min_iv and min_out_of_fold_iv of fit_options.";
	return true;
}

/* ---------- VIF ---------- */

/* The correlation matrix of the terms used, which become fewer. */
typedef struct Vif
{
	int			n;				/* terms at first */
	int		   *term;			/* in the design */
	double	   *correlation;	/* n x n, lower triangle */
	int			m;				/* terms still used */
	int		   *kept;			/* their places among the n, ascending */
	double	   *factor;			/* of the correlations of these, n in a row */
	double	   *work;
	MemoryContext context;
} Vif;

/* The correlation matrix of the terms used; lower triangle. */
static void
correlate(FitModel *model, Vif *vif)
{
	FitDesign  *design = model->design;
	Size		size = design->n_terms + 1;
	LogitProblem problem = {.rows = &design->logit, .used = model->used, .pause = agr_check_interrupts};
	MemoryContext scratch = AllocSetContextCreate(vif->context, "agririsk correlation", ALLOCSET_DEFAULT_SIZES);
	double	   *sum = MemoryContextAllocHuge(scratch, size * size * sizeof(double));
	int			i,
				j;

	design->used = model->used;
	fit_design_rewind(design, false);
	logit_cross_products(&problem, sum, agr_arena(scratch));
	design->used = NULL;
	for (i = 0; i < vif->n; i++)
	{
		const double *row = sum + (vif->term[i] + 1) * size;
		double	   *product = vif->correlation + (Size) i * vif->n;

		for (j = 0; j <= i; j++)
			product[j] = row[vif->term[j] + 1] - row[0] * sum[(vif->term[j] + 1) * size] / sum[0];
		vif->work[i] = sqrt(product[i]);
		for (j = 0; j <= i; j++)
			product[j] = i == j ? 1 : product[j] / (vif->work[i] * vif->work[j]);
	}
	MemoryContextDelete(scratch);
}

static Vif *
begin_vif(FitModel *model)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "agririsk VIF", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	Vif		   *vif = palloc0(sizeof *vif);
	Size		n = Max(count_used(model), 1);
	int			t;

	vif->context = context;
	vif->term = palloc(n * sizeof(int));
	vif->kept = palloc(n * sizeof(int));
	vif->work = palloc(n * sizeof(double));
	vif->correlation = palloc_extended(n * n * sizeof(double), MCXT_ALLOC_HUGE);
	vif->factor = palloc_extended(n * n * sizeof(double), MCXT_ALLOC_HUGE);
	for (t = 0; t < model->design->n_terms; t++)
		if (model->used[t])
		{
			vif->kept[vif->n] = vif->n;
			vif->term[vif->n++] = t;
		}
	vif->m = vif->n;
	correlate(model, vif);
	MemoryContextSwitchTo(caller);
	return vif;
}

/*
 * Factors rows from one on, those before it being factored; returns the first that
 * is a combination of those before it, or else how many there are.
 */
static int
factor_correlations(const Vif *vif, int first)
{
	int			i,
				j;

	for (i = first; i < vif->m; i++)
	{
		double	   *row = vif->factor + (Size) i * vif->n;

		CHECK_FOR_INTERRUPTS();
		for (j = 0; j <= i; j++)
			row[j] = vif->correlation[(Size) vif->kept[i] * vif->n + vif->kept[j]];
		if (!cholesky_row(vif->factor, vif->n, i, CHOLESKY_SINGULAR))
			break;
	}
	return i;
}

/*
 * Variance inflation factors, 1 / (1 - R^2) of each term on the other ones used:
 * the diagonal of the inverse of their correlation matrix (Marquardt 1970).
 */
static void
invert_correlations(const Vif *vif, double *found)
{
	int			i;

	for (i = 0; i < vif->m; i++)
	{
		CHECK_FOR_INTERRUPTS();
		found[vif->term[vif->kept[i]]] = cholesky_inverse_at(vif->factor, vif->n, vif->m, i, vif->work);
	}
}

/* Forgets terms that are not used any more; returns the place of the first such. */
static int
forget_dropped(const FitModel *model, Vif *vif)
{
	int			first = vif->m;
	int			m = 0;
	int			i;

	for (i = 0; i < vif->m; i++)
		if (model->used[vif->term[vif->kept[i]]])
			vif->kept[m++] = vif->kept[i];
		else
			first = Min(first, i);
	vif->m = m;
	return first;
}

/* Drops the feature of a term that is a combination of those before it, and says of which. */
static void
drop_dependent(FitModel *model, const Vif *vif, int row)
{
	FitDesign  *design = model->design;
	int			feature = design->term[vif->term[vif->kept[row]]].feature;
	double	   *direction = palloc0((design->n_terms + 1) * sizeof(double));
	int			i;

	cholesky_combination(vif->factor, vif->n, row, vif->work);
	for (i = 0; i < row; i++)
		if (design->term[vif->term[vif->kept[i]]].feature != feature)
			direction[vif->term[vif->kept[i]] + 1] = vif->work[i];
	drop_feature(model, feature, psprintf("follows from %s", list_features(design, direction)));
	pfree(direction);
}

/*
 * Drops features that follow from those before them, and then that of the greatest
 * VIF, until none is above the limit.
 */
static void
limit_vif(FitModel *model)
{
	FitDesign  *design = model->design;
	double		limit = design->rows->options->max_vif;
	int			row = 0;
	Vif		   *vif;

	if (!isfinite(limit))
		return;
	vif = begin_vif(model);
	while (vif->m > 0)
	{
		int			worst = -1;
		int			i;

		row = factor_correlations(vif, row);
		if (row < vif->m)
			drop_dependent(model, vif, row);
		else
		{
			invert_correlations(vif, model->vif);
			for (i = 0; i < vif->m; i++)
			{
				int			t = vif->term[vif->kept[i]];

				if (model->vif[t] > limit && (worst < 0 || model->vif[t] > model->vif[worst]))
					worst = t;
			}
			if (worst < 0)
				break;
			drop_feature(model, design->term[worst].feature, psprintf("VIF %.4g is above %.4g", model->vif[worst], limit));
		}
		row = forget_dropped(model, vif);
	}
	MemoryContextDelete(vif->context);
}

/* VIF of the terms used; of none where some follow from others. */
static void
find_vif(FitModel *model)
{
	Vif		   *vif = begin_vif(model);
	int			t;

	for (t = 0; t < model->design->n_terms; t++)
		model->vif[t] = NAN;
	if (factor_correlations(vif, 0) == vif->m)
		invert_correlations(vif, model->vif);
	MemoryContextDelete(vif->context);
}

/* ---------- selection ---------- */

/*
 * Bins that were found in noise have an information value too, but none of rows
 * that they were not found in. So the floor that matters is the one out of fold.
 */
static void
floor_iv(FitModel *model, const double *out_of_fold_iv)
{
	FitDesign  *design = model->design;
	double		floor = design->rows->options->min_iv;
	double		held_floor = design->rows->options->min_out_of_fold_iv;
	int			f;

	for (f = 0; f < design->rows->n_features; f++)
	{
		if (!has_feature(model, f))
			continue;
		if (design->learnt[f].iv < floor)
			drop_feature(model, f, psprintf("IV %.4g is below %.4g", design->learnt[f].iv, floor));
		else if (out_of_fold_iv != NULL && out_of_fold_iv[f] <= held_floor)
			drop_feature(model, f, psprintf("out-of-fold IV %.4g is not above %.4g", out_of_fold_iv[f], held_floor));
	}
}

/* What BIC asks of a term. */
static double
bic_price(const FitDesign *design)
{
	return agr_log((double) (design->total[0] + design->total[1]) * design->rows->options->weight_unit);
}

/* The criterion of the terms used; infinite where they have no fit. */
static double
criterion(FitModel *model, const bool *used, double price, double *beta)
{
	MemoryContext scratch = AllocSetContextCreate(CurrentMemoryContext, "agririsk trial fit", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(scratch);
	int			n = model->design->n_terms;
	double		value = INFINITY;
	double	   *start = palloc0((n + 1) * sizeof(double));
	LogitFit	fit;
	int			terms = 1;
	int			t;

	start[0] = beta[0];
	for (t = 0; t < n; t++)
		if (used[t])
		{
			start[t + 1] = beta[t + 1];
			terms++;
		}
	if (maximise(model, used, 0, 0, start, &fit) == LOGIT_FITTED)
	{
		value = -2 * fit.log_likelihood + price * terms;
		memcpy(beta, fit.beta, (n + 1) * sizeof(double));
	}
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(scratch);
	return value;
}

/*
 * From all features on, takes one out or puts one back as long as AIC or BIC
 * falls, each time the one that makes it fall most.
 */
static void
select_stepwise(FitModel *model, const char *name, double price)
{
	FitDesign  *design = model->design;
	int			n = design->n_terms;
	double	   *beta = palloc0((n + 1) * sizeof(double));
	double	   *tried = palloc((n + 1) * sizeof(double));
	bool	   *used = palloc(Max(n, 1) * sizeof(bool));
	bool	   *may = palloc(design->rows->n_features * sizeof(bool));
	double		value;
	int			best;
	int			f;

	for (f = 0; f < design->rows->n_features; f++)
		may[f] = has_feature(model, f);
	value = criterion(model, model->used, price, beta);
	do
	{
		double		least = value - LEAST_GAIN;

		best = -1;
		for (f = 0; f < design->rows->n_features; f++)
		{
			double		reached;

			if (!may[f])
				continue;
			memcpy(used, model->used, n * sizeof(bool));
			set_feature(design, used, f, !has_feature(model, f));
			memcpy(tried, beta, (n + 1) * sizeof(double));
			reached = criterion(model, used, price, tried);
			if (reached < least)
			{
				least = reached;
				best = f;
			}
		}
		if (best >= 0)
		{
			set_feature(design, model->used, best, !has_feature(model, best));
			value = criterion(model, model->used, price, beta);
		}
	} while (best >= 0);
	for (f = 0; f < design->rows->n_features; f++)
		if (may[f] && !has_feature(model, f))
			drop_feature(model, f, psprintf("%s is lower without it", name));
}

/*
 * Along a path of lasso penalties, the features of the one whose BIC is lowest;
 * the number of coefficients that are not 0 are its degrees of freedom (Zou, Hastie
 * and Tibshirani 2007). They are fitted without the penalty then.
 */
static void
select_lasso(FitModel *model)
{
	FitDesign  *design = model->design;
	int			n = design->n_terms;
	double		price = bic_price(design);
	double	   *start = palloc0((n + 1) * sizeof(double));
	bool	   *best = palloc0(Max(n, 1) * sizeof(bool));
	double		least = INFINITY;
	double		top = 0;
	double		lambda;
	LogitFit	fit;
	int			step;
	int			f,
				t;

	/* With a penalty that leaves nothing, the gradient tells how large one must be. */
	maximise(model, model->used, 0, 1e15, NULL, &fit);
	for (t = 0; t < n; t++)
		if (model->used[t])
			top = Max(top, fabs(fit.gradient[t + 1]) / penalised_share(model, t));
	memcpy(start, fit.beta, (n + 1) * sizeof(double));
	for (step = 0, lambda = top; step < PATH_STEPS && top > 0; step++)
	{
		MemoryContext scratch = AllocSetContextCreate(CurrentMemoryContext, "agririsk lasso path", ALLOCSET_DEFAULT_SIZES);
		MemoryContext caller = MemoryContextSwitchTo(scratch);
		int			terms = 1;

		if (maximise(model, model->used, 0, lambda, start, &fit) == LOGIT_FITTED)
		{
			double		bic;

			for (t = 0; t < n; t++)
				terms += fit.beta[t + 1] != 0;
			bic = -2 * fit.log_likelihood + price * terms;
			memcpy(start, fit.beta, (n + 1) * sizeof(double));
			if (bic < least - LEAST_GAIN)
			{
				least = bic;
				model->lambda = lambda;
				for (t = 0; t < n; t++)
					best[t] = fit.beta[t + 1] != 0;
			}
		}
		MemoryContextSwitchTo(caller);
		MemoryContextDelete(scratch);
		lambda *= agr_exp(agr_log(PATH_REACH) / (PATH_STEPS - 1));
	}
	for (f = 0; f < design->rows->n_features; f++)
	{
		bool		kept = false;

		for (t = 0; t < n; t++)
			kept = kept || (design->term[t].feature == f && best[t]);
		if (has_feature(model, f) && !kept)
			drop_feature(model, f, pstrdup("0 on the lasso path"));
	}
}

static void
select_features(FitModel *model, const double *out_of_fold_iv)
{
	const FitOptions *options = model->design->rows->options;

	floor_iv(model, out_of_fold_iv);
	limit_vif(model);
	switch (options->selection)
	{
		case FIT_SELECT_NONE:
			break;
		case FIT_SELECT_AIC:
			select_stepwise(model, "AIC", 2);
			break;
		case FIT_SELECT_BIC:
			select_stepwise(model, "BIC", bic_price(model->design));
			break;
		case FIT_SELECT_LASSO:
			select_lasso(model);
			break;
	}
}

/* ---------- the fit ---------- */

/* Drops the feature whose WOE has the most negative coefficient; false if none has one. */
static bool
drop_negative(FitModel *model)
{
	FitDesign  *design = model->design;
	int			worst = -1;
	int			t;

	for (t = 0; t < design->n_terms; t++)
	{
		double		beta = model->fit.beta[t + 1] / design->term[t].scale;

		if (model->used[t] && beta < 0 &&
			(worst < 0 || beta < model->fit.beta[worst + 1] / design->term[worst].scale))
			worst = t;
	}
	if (worst < 0)
		return false;
	drop_feature(model, design->term[worst].feature,
				 psprintf("its coefficient is negative, %.4g", model->fit.beta[worst + 1] / design->term[worst].scale));
	return true;
}

/* Features that the lasso has left nothing of. */
static void
drop_zeros(FitModel *model)
{
	FitDesign  *design = model->design;
	int			f,
				t;

	for (t = 0; t < design->n_terms; t++)
		if (model->used[t] && model->fit.beta[t + 1] == 0)
			model->used[t] = false;
	for (f = 0; f < design->rows->n_features; f++)
		if (design->learnt[f].dropped == NULL && !has_feature(model, f))
			design->learnt[f].dropped = pstrdup("the lasso makes its coefficient 0");
}

static void
fit_selected(FitModel *model)
{
	const FitOptions *options = model->design->rows->options;
	LogitStatus status;
	int			t;

	for (;;)
	{
		if (fail_without_terms(model))
			return;
		status = maximise(model, model->used, options->ridge, options->lasso, NULL, &model->fit);
		if (status != LOGIT_FITTED)
			return fail(model, status, &model->fit);
		if (!options->positive || !drop_negative(model))
			break;
		free_fit(&model->fit);
	}
	if (options->lasso > 0)
		drop_zeros(model);
	if (fail_without_terms(model))
		return;
	for (t = 0; options->woe && t < model->design->n_terms; t++)
		if (model->used[t] && model->fit.beta[t + 1] < 0)
			fit_turn_worst(model->design, &model->design->term[t]);
}

/* Coefficients of segments, and of the root beside them. */
static void
fit_segments(FitModel *model, const FitTree *tree)
{
	LogitStatus status;
	LogitFit	single;

	free_fit(&model->fit);
	for (;;)
	{
		if (fail_without_terms(model))
			return;
		model->pool = fit_pool_create(model->design, model->used, tree, &single, &status);
		if (status != LOGIT_FITTED)
			return fail_segments(model, status, &single);
		model->fit.beta = model->pool->fit.beta;
		model->fit.covariance = model->pool->fit.covariance;
		model->fit.log_likelihood = model->pool->fit.log_likelihood;
		model->fit.iterations = model->pool->fit.iterations;
		if (!model->design->rows->options->positive || !drop_negative(model))
			return;
		fit_pool_free(model->pool);
	}
}

/* The coefficients of a node; without segments there is one. */
static const double *
node_beta(const FitModel *model, int node)
{
	return model->pool ? fit_pool_beta(model->pool, node, model->design->n_terms) : model->fit.beta;
}

/*
 * The card takes the worst WOE by the sign of a weight, which is that of a
 * segment's own. The fit has one for all, and had the largest while it climbed: a
 * report of anything else would not be the card's.
 */
static void
fail_ambiguous(FitModel *model)
{
	const FitDesign *design = model->design;
	int			nodes = model->pool ? model->pool->tree->n : 1;
	int			t,
				k;

	for (t = 0; t < design->n_terms; t++)
	{
		const FitTerm *term = &design->term[t];
		const FitLearnt *learnt = &design->learnt[term->feature];
		bool		ambiguous = term->turned && fit_has_worst(learnt, false);

		if (!model->used[t] || !fit_has_worst(learnt, design->without >= 0))
			continue;
		for (k = 0; k < nodes; k++)
		{
			double		beta = node_beta(model, k)[t + 1];

			ambiguous = ambiguous || (beta != 0 && (beta < 0) != term->turned);
		}
		if (!ambiguous)
			continue;
		model->failure.message = "an unseen category has no one worst bin";
		model->failure.detail = psprintf("The weight of \"%s\" is negative, or not of one sign in all segments, and rows have categories in no bin.",
										 design->rows->feature[term->feature].name);
		model->failure.hint = "Give each category a bin, let unseen be average, or set positive => true.";
		return;
	}
}

FitModel *
fit_model_create(FitRows *rows, int without, const FitBinned *binned, const FitTree *tree, NodeBudget *budget)
{
	FitModel   *model = palloc0(sizeof *model);
	int			t;

	model->lambda = NAN;
	model->design = fit_design_create(rows, without, binned ? binned->binning : NULL, budget);
	model->used = palloc(Max(model->design->n_terms, 1) * sizeof(bool));
	model->vif = palloc(Max(model->design->n_terms, 1) * sizeof(double));
	for (t = 0; t < model->design->n_terms; t++)
	{
		model->used[t] = true;
		model->vif[t] = NAN;
	}
	if (fail_without_rows(model))
		return model;
	select_features(model, binned ? binned->out_of_fold_iv : NULL);
	fit_selected(model);
	if (tree != NULL && model->failure.message == NULL)
		fit_segments(model, tree);
	if (model->failure.message == NULL)
		fail_ambiguous(model);
	/* Only the card of all rows says them. */
	if (model->failure.message == NULL && without < 0)
		find_vif(model);
	return model;
}

void
fit_model_free(FitModel *model)
{
	fit_design_free(model->design);
}

/* ---------- what it says of rows ---------- */

double
fit_model_reach(const FitModel *model)
{
	int			nodes = model->pool ? model->pool->tree->n : 1;
	double		most = 0;
	int			k,
				t;

	for (k = 0; k < nodes; k++)
	{
		const double *beta = node_beta(model, k);
		double		reach = fabs(beta[0]);

		for (t = 0; t < model->design->n_terms; t++)
			if (model->used[t])
				reach += fabs(beta[t + 1]) * model->design->term[t].reach;
		most = Max(most, reach);
	}
	return most + model->design->rows->max_offset;
}

/* Room for a block's rows. */
static double *
block_space(const FitDesign *design, LogitBlock *block)
{
	double	   *space = palloc_extended((Size) (design->n_terms + 3) * LOGIT_BLOCK * sizeof(double), MCXT_ALLOC_HUGE);

	block->y = space;
	block->weight = space + LOGIT_BLOCK;
	block->offset = space + 2 * LOGIT_BLOCK;
	block->x = space + 3 * LOGIT_BLOCK;
	return space;
}

/* Log-odds of a block's rows, each by the coefficients of its node. */
static void
predict_block(const FitModel *model, const LogitBlock *block, double *eta)
{
	const FitDesign *design = model->design;
	int			i,
				t;

	if (model->pool == NULL)
		return logit_eta(block, design->n_terms, model->fit.beta, model->used, eta);
	for (i = 0; i < block->n; i++)
	{
		const double *beta = node_beta(model, fit_tree_node(model->pool->tree, design->segment[i]));

		eta[i] = beta[0];
		for (t = 0; t < design->n_terms; t++)
			if (model->used[t])
				eta[i] += beta[t + 1] * block->x[(Size) t * LOGIT_BLOCK + i];
		eta[i] += block->offset[i];
	}
}

/* The loss of a row, its outcome being so much on the wrong side. */
static double
soft_plus(double x)
{
	return x > 0 ? x + agr_log(1 + agr_exp(-x)) : agr_log(1 + agr_exp(x));
}

double
fit_loss(int outcome, double eta)
{
	return soft_plus(outcome ? -eta : eta);
}

/* Sums of one node over the rows of a fold. */
typedef struct GainSums
{
	RoundedSum	sum;
	RoundedSum	square;
} GainSums;

static void
add_gains(const FitModel *model, const LogitBlock *block, GainSums *sums, FitGain *gain)
{
	const FitDesign *design = model->design;
	const FitTree *tree = model->pool->tree;
	int			i,
				t;

	for (i = 0; i < block->n; i++)
	{
		int			node = fit_tree_node(tree, design->segment[i]);
		const double *own = node_beta(model, node);
		const double *above = node_beta(model, Max(tree->parent[node], 0));
		double		eta = own[0] + block->offset[i];
		double		eta_above = above[0] + block->offset[i];
		double		more;

		for (t = 0; t < design->n_terms; t++)
			if (model->used[t])
			{
				eta += own[t + 1] * block->x[(Size) t * LOGIT_BLOCK + i];
				eta_above += above[t + 1] * block->x[(Size) t * LOGIT_BLOCK + i];
			}
		more = fit_loss((int) block->y[i], eta_above) - fit_loss((int) block->y[i], eta);
		rounded_sum_add(&sums[node].sum, more, block->weight[i]);
		rounded_sum_add(&sums[node].square, more * more, block->weight[i]);
		gain[node].rows += block->weight[i];
		gain[node].bads += block->y[i] * block->weight[i];
	}
}

void
fit_model_gain(FitModel *model, FitGain *gain)
{
	FitDesign  *design = model->design;
	int			n = model->pool->tree->n;
	GainSums   *sums = palloc_extended(n * sizeof *sums, MCXT_ALLOC_HUGE);
	double		most = 2 * fit_model_reach(model) + 1;
	double		weight = (double) (design->rows->total[0] + design->rows->total[1]);
	LogitBlock	block;
	double	   *space = block_space(design, &block);
	int			k;

	for (k = 0; k < n; k++)
	{
		rounded_sum_begin(&sums[k].sum, most, weight);
		rounded_sum_begin(&sums[k].square, most * most, weight);
	}
	design->used = model->used;
	fit_design_rewind(design, true);
	for (design->logit.next(&design->logit, &block); block.n > 0; design->logit.next(&design->logit, &block))
		add_gains(model, &block, sums, gain);
	design->used = NULL;
	fit_design_rewind(design, false);
	for (k = 0; k < n; k++)
	{
		gain[k].sum += rounded_sum_get(&sums[k].sum);
		gain[k].square += rounded_sum_get(&sums[k].square);
	}
	pfree(sums);
	pfree(space);
}

void
fit_model_predict(FitModel *model, bool held_out,
				  void (*take) (void *data, int outcome, double weight, double eta), void *data)
{
	FitDesign  *design = model->design;
	LogitBlock	block;
	double	   *space = block_space(design, &block);
	double		eta[LOGIT_BLOCK];
	int			i;

	design->used = model->used;
	fit_design_rewind(design, held_out);
	for (design->logit.next(&design->logit, &block); block.n > 0; design->logit.next(&design->logit, &block))
	{
		predict_block(model, &block, eta);
		for (i = 0; i < block.n; i++)
			take(data, (int) block.y[i], block.weight[i], eta[i]);
	}
	design->used = NULL;
	fit_design_rewind(design, false);
	pfree(space);
}

double
fit_model_null(FitModel *model)
{
	MemoryContext scratch = AllocSetContextCreate(CurrentMemoryContext, "agririsk null fit", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(scratch);
	bool	   *none = palloc0(Max(model->design->n_terms, 1) * sizeof(bool));
	LogitFit	fit;
	double		value = maximise(model, none, 0, 0, NULL, &fit) == LOGIT_FITTED ? fit.log_likelihood : NAN;

	MemoryContextSwitchTo(caller);
	MemoryContextDelete(scratch);
	return value;
}
