/*
 * fit_card.c
 *		The card of a fitted model.
 */
#include "postgres.h"

#include "agririsk.h"

#include <math.h>

#include "core/math/probability_math.h"
#include "core/math/rounded_sum.h"
#include "model/fit/fit_card.h"

void
fit_outcome_init(FitOutcome *outcome, int n_features, int n_nodes)
{
	const CardMeasures unknown = {NAN, NAN, NAN, NAN};
	int			i;

	memset(outcome, 0, sizeof *outcome);
	outcome->in_sample = outcome->out_of_fold = unknown;
	outcome->out_of_fold_rows = -1;
	outcome->out_of_fold_iv = palloc(n_features * sizeof(double));
	outcome->gain = palloc0(Max(n_nodes, 1) * sizeof *outcome->gain);
	outcome->gain_p = palloc(Max(n_nodes, 1) * sizeof(double));
	for (i = 0; i < n_features; i++)
		outcome->out_of_fold_iv[i] = NAN;
	for (i = 0; i < n_nodes; i++)
		outcome->gain_p[i] = NAN;
}

/* ---------- calibration ---------- */

/* Sums over the rows of an outcome of PD, and of its slope, under a shift. */
typedef struct PdSums
{
	double		shift;
	RoundedSum	pd[2];
	RoundedSum	slope[2];
} PdSums;

static void
take_pd(void *data, int outcome, double weight, double eta)
{
	PdSums	   *sums = data;
	double		pd = inverse_logit(eta + sums->shift);

	rounded_sum_add(&sums->pd[outcome], pd, weight);
	rounded_sum_add(&sums->slope[outcome], pd * (1 - pd), weight);
}

/* The mean PD under a shift, rows of an outcome counting so much, and its slope. */
static double
mean_pd(FitModel *model, double shift, const double *share, double *slope)
{
	const int64 *total = model->design->total;
	PdSums		sums = {.shift = shift};
	int			c;

	for (c = 0; c < 2; c++)
	{
		rounded_sum_begin(&sums.pd[c], 1, (double) total[c]);
		rounded_sum_begin(&sums.slope[c], 1, (double) total[c]);
	}
	fit_model_predict(model, false, take_pd, &sums);
	*slope = 0;
	for (c = 0; c < 2; c++)
		*slope += share[c] * rounded_sum_get(&sums.slope[c]) / (double) total[c];
	return share[BIN_GOOD] * rounded_sum_get(&sums.pd[BIN_GOOD]) / (double) total[BIN_GOOD] +
		share[BIN_BAD] * rounded_sum_get(&sums.pd[BIN_BAD]) / (double) total[BIN_BAD];
}

/* Newton within a bracket: the mean PD rises with the shift. */
static double
solve_shift(FitModel *model, double begun, double target, const double *share)
{
	double		low = -INFINITY;
	double		high = INFINITY;
	double		shift = begun;
	int			steps;

	for (steps = 0; steps < 100; steps++)
	{
		double		slope;
		double		gap = target - mean_pd(model, shift, share, &slope);
		double		next;

		if (gap >= 0)
			low = shift;
		if (gap <= 0)
			high = shift;
		next = shift + Max(-5, Min(5, gap / slope));
		if (!(next > low && next < high))
			next = isfinite(low) && isfinite(high) ? (low + high) / 2 : gap > 0 ? shift + 1 : shift - 1;
		if (gap == 0 || fabs(next - shift) < 1e-14 * (1 + fabs(shift)))
			return next;
		shift = next;
	}
	return shift;
}

void
fit_calibrate(FitModel *model, FitOutcome *outcome)
{
	const FitOptions *options = model->design->rows->options;
	const int64 *total = model->design->total;
	double		rate = (double) total[BIN_BAD] / (double) (total[BIN_GOOD] + total[BIN_BAD]);
	double		population = isnan(options->population_rate) ? rate : options->population_rate;
	double		share[2] = {1 - population, population};
	double		target = (isnan(options->long_run_rate) ? population : options->long_run_rate) * (1 + options->margin);

	if (!isnan(options->population_rate))
		outcome->shift = logit(population) - logit(rate);
	if (isnan(options->long_run_rate) && options->margin == 0)
		return;
	if (!(target < 1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the rate with its margin must be below 1"),
				 errdetail("It is %g.", target),
				 errhint("A margin of 0.1 adds a tenth to the rate.")));
	/* The card's own PDs, which know of no offset. */
	model->design->plain = true;
	outcome->shift = solve_shift(model, outcome->shift, target, share);
	model->design->plain = false;
}

/* ---------- features ---------- */

static double
weight_of_term(const FitModel *model, int t)
{
	return model->fit.beta[t + 1] / model->design->term[t].scale + 0.0;
}

/* A category as it is: each level counts what its terms come to. */
static void
make_level_bins(const FitModel *model, int f, CardFeature *feature)
{
	const FitDesign *design = model->design;
	const FitLearnt *learnt = &design->learnt[f];
	const KeySums *levels = design->rows->feature[f].levels;
	uint32	   *order = key_sums_order(levels);
	uint32		i;
	int			t;

	feature->bin = palloc0(Max(learnt->n_codes, 1) * sizeof *feature->bin);
	for (i = 0; i < learnt->n_codes; i++)
	{
		const BinCell *rows = &learnt->count[order[i]].train;
		CardBin    *bin = &feature->bin[feature->n_bins];

		if (rows->count[BIN_GOOD] + rows->count[BIN_BAD] == 0)
			continue;
		for (t = 0; t < design->n_terms; t++)
			if (design->term[t].feature == f && model->used[t])
				bin->woe += model->fit.beta[t + 1] * design->term[t].z[order[i]];
		bin->woe += 0.0;
		bin->n_categories = 1;
		bin->category = palloc(sizeof *bin->category);
		bin->category->at = key_sums_key(levels, order[i]);
		bin->category->length = levels->keys[order[i]].key_length;
		bin->goods = rows->count[BIN_GOOD];
		bin->bads = rows->count[BIN_BAD];
		feature->n_bins++;
	}
	feature->weight = 1;
	feature->missing_goods = feature->missing_bads = -1;
}

/* The feature of the card whose first term is t. */
static void
make_feature(const FitModel *model, int t, CardFeature *feature)
{
	const FitDesign *design = model->design;
	const FitTerm *term = &design->term[t];
	const FitLearnt *learnt = &design->learnt[term->feature];
	const FitFeature *source = &design->rows->feature[term->feature];

	*feature = learnt->card;
	if (source->said)
	{
		feature->reason = source->said->reason;
		feature->consent = source->said->consent;
	}
	if (feature->kind == CARD_LINEAR)
	{
		feature->center = term->center + 0.0;
		feature->low = learnt->least;
		feature->high = learnt->greatest;
		feature->missing_goods = feature->missing_bads = -1;
		feature->weight = weight_of_term(model, t);
	}
	else if (design->rows->options->woe)
		feature->weight = weight_of_term(model, t);
	else
		make_level_bins(model, term->feature, feature);
}

/* Features with a term; writes the number in the card of each feature of the rows, -1: none. */
static void
make_features(const FitModel *model, Card *card, int *number)
{
	const FitDesign *design = model->design;
	int			f,
				t;

	card->feature = palloc0(design->rows->n_features * sizeof *card->feature);
	for (f = 0; f < design->rows->n_features; f++)
		number[f] = -1;
	for (t = 0; t < design->n_terms; t++)
	{
		f = design->term[t].feature;
		if (!model->used[t] || number[f] >= 0)
			continue;
		number[f] = card->n_features;
		make_feature(model, t, &card->feature[card->n_features++]);
	}
}

/* ---------- segments ---------- */

/* What of a node's coefficients is not its parent's. */
static void
make_segment(const FitModel *model, const int *number, double shift, int node, CardSegment *segment)
{
	const FitDesign *design = model->design;
	const FitTree *tree = model->pool->tree;
	const double *own = fit_pool_beta(model->pool, node, design->n_terms);
	const double *above = fit_pool_beta(model->pool, tree->parent[node], design->n_terms);
	int			t;

	segment->name = tree->name[node];
	segment->parent = tree->name[tree->parent[node]];
	segment->has_intercept = own[0] != above[0];
	segment->intercept = segment->has_intercept ? own[0] + shift : 0;
	segment->weight = palloc(Max(design->n_terms, 1) * sizeof *segment->weight);
	for (t = 0; t < design->n_terms; t++)
		if (model->used[t] && own[t + 1] != above[t + 1])
		{
			CardWeight *weight = &segment->weight[segment->n_weights++];

			weight->feature = number[design->term[t].feature];
			weight->weight = own[t + 1] / design->term[t].scale + 0.0;
		}
}

static void
make_segments(const FitModel *model, const int *number, double shift, Card *card)
{
	int			k;

	card->n_segments = model->pool->tree->n - 1;
	card->segment = palloc_extended(Max(card->n_segments, 1) * sizeof *card->segment, MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	for (k = 0; k < card->n_segments; k++)
		make_segment(model, number, shift, k + 1, &card->segment[k]);
}

/* ---------- the report ---------- */

/*
 * The covariance of the coefficients of x: that of those of (x - center) / scale
 * under the map that takes them there. Of a lasso none is known.
 */
static void
make_covariance(const FitModel *model, const int *at, CardFit *fit)
{
	const FitDesign *design = model->design;
	Size		size = design->n_terms + 1;
	const double *given = model->fit.covariance;
	int			n = fit->n_terms;
	double	   *with_intercept = palloc0(n * sizeof(double));
	double	   *next = fit->covariance = palloc_extended((Size) n * (n + 1) / 2 * sizeof(double), MCXT_ALLOC_HUGE);
	double		variance;
	int			i,
				j;

	for (i = 0; i < n; i++)
		fit->term[i].se = NAN;
	if (design->rows->options->lasso > 0)
		return;
	/* The intercept of x is beta[0] less the sum of center / scale times the others. */
	for (i = 0; i < n; i++)
	{
		const double *row = given + (at[i] + 1) * size;

		with_intercept[i] = row[0];
		for (j = 1; j < n; j++)
			with_intercept[i] -= design->term[at[j]].center / design->term[at[j]].scale * row[at[j] + 1];
	}
	variance = with_intercept[0];
	for (j = 1; j < n; j++)
		variance -= design->term[at[j]].center / design->term[at[j]].scale * with_intercept[j];
	*next++ = variance;
	for (i = 1; i < n; i++)
	{
		*next++ = with_intercept[i] / design->term[at[i]].scale + 0.0;
		for (j = 1; j <= i; j++)
			*next++ = given[(at[i] + 1) * size + at[j] + 1] / (design->term[at[i]].scale * design->term[at[j]].scale) + 0.0;
		fit->term[i].se = sqrt(next[-1]);
	}
	fit->term[0].se = sqrt(variance);
	fit->n_covariances = (uint32) (next - fit->covariance);
}

/*
 * Coefficients of x instead of (x - center) / scale, and their covariance.
 */
static void
make_terms(const FitModel *model, const int *number, CardFit *fit)
{
	const FitDesign *design = model->design;
	const double *beta = model->fit.beta;
	int			n = design->n_terms;
	int		   *at = palloc((n + 1) * sizeof *at);
	double		intercept = beta[0];
	int			t;

	fit->term = palloc0((n + 1) * sizeof *fit->term);
	fit->term[0].feature = -1;
	at[0] = -1;
	fit->n_terms = 1;
	for (t = 0; t < n; t++)
	{
		const FitTerm *term = &design->term[t];
		CardTerm   *made = &fit->term[fit->n_terms];

		if (!model->used[t])
			continue;
		made->feature = number[term->feature];
		made->coefficient = weight_of_term(model, t);
		if (design->learnt[term->feature].card.kind == CARD_CATEGORY && !design->rows->options->woe)
		{
			const KeySums *levels = design->rows->feature[term->feature].levels;

			made->has_level = true;
			made->level.at = key_sums_key(levels, term->level);
			made->level.length = levels->keys[term->level].key_length;
		}
		intercept -= made->coefficient * term->center;
		at[fit->n_terms++] = t;
	}
	fit->term[0].coefficient = intercept + 0.0;
	make_covariance(model, at, fit);
}

static void
make_tried(const FitModel *model, const FitOutcome *outcome, CardFit *fit)
{
	const FitDesign *design = model->design;
	int			f,
				t;

	fit->n_tried = design->rows->n_features;
	fit->tried = palloc0(fit->n_tried * sizeof *fit->tried);
	for (f = 0; f < fit->n_tried; f++)
	{
		CardTried  *tried = &fit->tried[f];
		const FitLearnt *learnt = &design->learnt[f];

		tried->name = learnt->card.name;
		tried->iv = learnt->iv;
		tried->out_of_fold_iv = outcome->out_of_fold_iv[f] + 0.0;
		tried->vif = NAN;
		/* Of a category's levels, the largest. */
		for (t = 0; t < design->n_terms; t++)
			if (design->term[t].feature == f && model->used[t] && isfinite(model->vif[t]))
				tried->vif = isnan(tried->vif) ? model->vif[t] : Max(tried->vif, model->vif[t]);
		if (learnt->dropped)
		{
			tried->dropped.at = learnt->dropped;
			tried->dropped.length = strlen(learnt->dropped);
		}
	}
}

static void
make_excluded(const FitRows *rows, CardFit *fit)
{
	int			i;

	fit->excluded = palloc0(FIT_EXCLUSIONS * sizeof *fit->excluded);
	for (i = 0; i < FIT_EXCLUSIONS; i++)
		if (rows->excluded[i] > 0)
		{
			CardExclusion *made = &fit->excluded[fit->n_excluded++];

			made->why.at = fit_exclusion_words[i];
			made->why.length = strlen(fit_exclusion_words[i]);
			made->rows = rows->excluded[i];
		}
}

static TextSpan
word(const char *text)
{
	TextSpan	made = {text, strlen(text)};

	return made;
}

/* How far segments lie from their parents, in units of the card's weights. */
static void
make_spreads(const FitModel *model, const int *number, CardFit *fit)
{
	const FitDesign *design = model->design;
	const FitPool *pool = model->pool;
	Size		m = 1 + design->n_terms;
	int			level,
				t;

	fit->spread = palloc(Max(pool->fit.n_levels * m, 1) * sizeof *fit->spread);
	for (level = 1; level <= pool->fit.n_levels; level++)
		for (t = -1; t < design->n_terms; t++)
			if (pool->pooled[t + 1])
			{
				CardSpread *spread = &fit->spread[fit->n_spreads++];
				double		tau = pool->fit.tau[(level - 1) * m + t + 1];

				spread->level = level;
				spread->feature = t < 0 ? -1 : number[design->term[t].feature];
				spread->sd = t < 0 ? tau : tau / design->term[t].scale;
			}
}

/*
 * What the rows of an effect's own have told of it: the share of its variance
 * that they leave nothing of.
 */
static double
find_shrinkage(const FitPool *pool, const PoolNode *node, Size m)
{
	double		tau = pool->fit.tau[(node->level - 1) * m];

	return tau > 0 ? Min(1, Max(0, 1 - node->variance[0] / (tau * tau))) : NAN;
}

static void
make_learnt(const FitModel *model, const FitOutcome *outcome, CardFit *fit)
{
	const FitPool *pool = model->pool;
	int			k;

	fit->n_segments = pool->tree->n - 1;
	fit->segment = palloc_extended(Max(fit->n_segments, 1) * sizeof *fit->segment, MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	for (k = 1; k < pool->tree->n; k++)
	{
		const PoolNode *node = &pool->fit.node[k];
		CardLearnt *learnt = &fit->segment[k - 1];

		learnt->rows = (int64) node->weight;
		learnt->bads = (int64) node->bad;
		/* That of coefficients whose signs were not kept says nothing of the card. */
		learnt->gain = pool->bound[k] || pool->bound[pool->tree->parent[k]] ? NAN : node->gain + 0.0;
		learnt->out_of_fold_gain = outcome->gained ? outcome->gain[k].sum + 0.0 : NAN;
		learnt->p = outcome->gain_p[k];
		learnt->shrinkage = find_shrinkage(pool, node, 1 + model->design->n_terms);
		learnt->note = word(pool->kept[k] ? "its parent's card is kept" :
							pool->bound[k] ? "signs are its parent's" : "");
	}
}

static CardFit *
make_fit(const FitModel *model, const FitOutcome *outcome, const int *number)
{
	const FitRows *rows = model->design->rows;
	const FitOptions *options = rows->options;
	CardFit    *fit = palloc0(sizeof *fit);

	fit->rows = rows->total[BIN_GOOD] + rows->total[BIN_BAD];
	fit->bads = rows->total[BIN_BAD];
	fit->iterations = model->fit.iterations;
	fit->folds = options->folds;
	fit->out_of_fold_rows = outcome->out_of_fold_rows;
	fit->encoding = word(fit_encoding_words[options->woe ? 0 : 1]);
	fit->selection = word(fit_selection_words[options->selection]);
	fit->assumptions = options->assumptions;
	fit->weight_unit = options->weight_unit;
	fit->log_likelihood = model->fit.log_likelihood;
	fit->null_log_likelihood = outcome->null_log_likelihood;
	fit->ridge = options->ridge;
	fit->lasso = options->lasso;
	fit->lambda = model->lambda;
	fit->shift = outcome->shift + 0.0;
	fit->in_sample = outcome->in_sample;
	fit->out_of_fold = outcome->out_of_fold;
	make_excluded(rows, fit);
	make_tried(model, outcome, fit);
	make_terms(model, number, fit);
	if (model->pool != NULL)
	{
		make_spreads(model, number, fit);
		make_learnt(model, outcome, fit);
	}
	return fit;
}

/* Columns whose numbers are tiny, or vary by little, have coefficients that no card holds. */
static void
check_weights(const Card *card)
{
	uint32		f;

	for (f = 0; f < card->n_features; f++)
		if (!(fabs(card->feature[f].weight) <= CARD_MAX_NUMBER))
			ereport(ERROR,
					(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					 errmsg("fit_scorecard: the coefficient of \"%.*s\" is too large for a card",
							(int) card->feature[f].name.length, card->feature[f].name.at),
					 errdetail("The coefficient is %g; a card holds numbers up to 1e9 in size.", card->feature[f].weight),
					 errhint("Give the column in a smaller unit, so that its numbers are larger, or use encoding => 'woe'.")));
}

struct varlena *
fit_card(const FitModel *model, const FitOutcome *outcome)
{
	const FitOptions *options = model->design->rows->options;
	int		   *number = palloc(model->design->rows->n_features * sizeof *number);
	Card		card = {
		.name = options->name,
		.base_score = options->base_score,
		.base_odds = options->base_odds,
		.pdo = options->pdo,
		.intercept = model->fit.beta[0] + outcome->shift
	};

	make_features(model, &card, number);
	check_weights(&card);
	if (model->pool != NULL)
		make_segments(model, number, outcome->shift, &card);
	card.fit = make_fit(model, outcome, number);
	/* What else a card cannot hold is an error that says so. */
	scorecard_check(&card, agr_arena(CurrentMemoryContext), ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE);
	return scorecard_store(&card);
}
