/*
 * fit_scorecard.c
 *		fit_scorecard: from rows with an outcome to a card.
 *
 * The transition keeps the rows; all the rest is the final function's. There a
 * feature is sorted once, with the rows of each fold apart, so that binnings of all
 * rows and of all rows but a fold's come from the same sort. Then the model of
 * all rows is fitted, and one for each fold, whose rows it is tried on.
 */
#include "postgres.h"

#include "agririsk.h"

#include <math.h>

#include "core/math/auc_math.h"
#include "core/math/rounded_sum.h"
#include "miscadmin.h"
#include "model/fit/fit_card.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"

/*
 * Of maintenance_work_mem, a quarter is for sorting, and a quarter for codes where
 * rows are encoded; the rows have the rest. These are budgets of their own, for one
 * is read while another grows. With segments, as much again is for the segments and
 * the rows by segment (model/fit/fit_pool.c).
 */
#define QUARTER				((Size) maintenance_work_mem * 1024 / 4)

typedef struct FitState
{
	FitOptions	options;
	Jsonb	   *given;			/* the options, NULL for none */
	NodeBudget *budget;
	FitRows    *rows;			/* NULL before the first row that is not NULL */
	int64		no_row;
} FitState;

typedef struct FitBudgets
{
	NodeBudget *sorting;
	NodeBudget *codes;
} FitBudgets;

/* ---------- gathering rows ---------- */

static FitState *
begin_state(FunctionCallInfo fcinfo, MemoryContext context, const Jsonb *given)
{
	FitState   *state = MemoryContextAllocZero(context, sizeof *state);

	if (given)
	{
		state->given = MemoryContextAlloc(context, VARSIZE(given));
		memcpy(state->given, given, VARSIZE(given));
	}
	fit_read_options(&state->options, state->given, context);
	state->budget = node_budget(fcinfo, state->options.woe ? 2 * QUARTER : 3 * QUARTER);
	return state;
}

/* Arguments: state, outcome, row, then perhaps a segment, then perhaps options. */
static Datum
add_row(FunctionCallInfo fcinfo, bool segmented)
{
	MemoryContext context = agr_aggregate_context(fcinfo, "fit_scorecard");
	int			options_at = segmented ? 4 : 3;
	Jsonb	   *given = PG_NARGS() > options_at && !PG_ARGISNULL(options_at) ? PG_GETARG_JSONB_P(options_at) : NULL;
	FitState   *state = PG_ARGISNULL(0) ? NULL : (FitState *) PG_GETARG_POINTER(0);
	HeapTupleHeader row;

	if (state == NULL)
		state = begin_state(fcinfo, context, given);
	else
		json_check_same("fit_scorecard", state->given, given);
	if (PG_ARGISNULL(2))
	{
		state->no_row++;
		PG_RETURN_POINTER(state);
	}
	row = PG_GETARG_HEAPTUPLEHEADER(2);
	if (state->rows == NULL)
		state->rows = fit_rows_create(&state->options, state->budget, fcinfo, context, row, segmented);
	fit_rows_add(state->rows, row, PG_ARGISNULL(1) ? -1 : PG_GETARG_BOOL(1),
				 segmented && !PG_ARGISNULL(3) ? PG_GETARG_TEXT_PP(3) : NULL);
	PG_RETURN_POINTER(state);
}

AGR_FUNCTION(agririsk_fit_scorecard_add);
Datum
agririsk_fit_scorecard_add(PG_FUNCTION_ARGS)
{
	return add_row(fcinfo, false);
}

AGR_FUNCTION(agririsk_fit_scorecard_add_segment);
Datum
agririsk_fit_scorecard_add_segment(PG_FUNCTION_ARGS)
{
	return add_row(fcinfo, true);
}

/* ---------- binnings ---------- */

/* Models: that of all rows, then those without a fold. */
static int
n_models(const FitRows *rows)
{
	return 1 + rows->options->folds;
}

static int
n_parts(const FitRows *rows)
{
	return Max(rows->options->folds, 1);
}

/* Adds the rows of a feature, of the rows that gave consent, to counts and tallies. */
static void
count_values(FitRows *rows, int f, BinRows *counted, Tally *tally)
{
	const FitFeature *feature = &rows->feature[f];
	const FitLayout *layout = &rows->layout;
	int			parts = n_parts(rows);
	int			columns[] = {f, layout->outcome, layout->fold, layout->weight,
		feature->consent < 0 ? -1 : rows->n_features + feature->consent};
	const void *column[lengthof(columns)];
	void	   *buffer[lengthof(columns)];
	uint32	   *rank = NULL;
	int			chunk;
	int			i;

	if (feature->kind == CARD_CATEGORY)
	{
		uint32	   *order = key_sums_order(feature->levels);

		rank = palloc_extended(Max(counted->n, 1) * sizeof *rank, MCXT_ALLOC_HUGE);
		for (i = 0; i < counted->n; i++)
			rank[order[i]] = i;
	}
	for (i = 0; i < lengthof(columns); i++)
		buffer[i] = columns[i] < 0 ? NULL : palloc(COLUMN_CHUNK * rows->store.column[columns[i]].width);
	for (chunk = 0; chunk < rows->store.chunks; chunk++)
	{
		int			n = column_store_chunk_rows(&rows->store, chunk);

		CHECK_FOR_INTERRUPTS();
		for (i = 0; i < lengthof(columns); i++)
			column[i] = columns[i] < 0 ? NULL : column_store_read(&rows->store, chunk, columns[i], buffer[i]);
		for (i = 0; i < n; i++)
		{
			int			outcome = ((const uint8 *) column[1])[i];
			int			part = ((const uint8 *) column[2])[i];
			int64		weight = column[3] ? ((const int64 *) column[3])[i] : 1;

			if (column[4] && !((const uint8 *) column[4])[i])
				continue;
			if (rank != NULL)
			{
				uint32		level = ((const uint32 *) column[0])[i];
				BinCell    *cell = level == FIT_MISSING_LEVEL ? &counted->missing[part] :
					&counted->cell[rank[level] * parts + part];

				cell->count[outcome] += weight;
			}
			else
			{
				double		x = ((const double *) column[0])[i];

				if (isnan(x))
					counted->missing[part].count[outcome] += weight;
				else if (weight == 1)
					tally_add(&tally[part], x, outcome);
				else
					tally_add_rows(&tally[part], x, outcome, weight);
			}
		}
	}
}

/* The rows of a feature by value and fold, in the current context. */
static BinRows *
count_feature(FitRows *rows, int f, NodeBudget *budget, Tally *tally)
{
	const FitFeature *feature = &rows->feature[f];
	int			parts = n_parts(rows);
	BinRows    *counted = palloc0(sizeof *counted);
	int			p;
	uint32		i;

	counted->kind = feature->kind;
	counted->parts = parts;
	counted->missing = palloc0(parts * sizeof *counted->missing);
	if (feature->kind == CARD_NUMBER)
	{
		Tally	  **each = palloc(parts * sizeof *each);

		for (p = 0; p < parts; p++)
		{
			tally_init_within(&tally[p], budget, CurrentMemoryContext);
			each[p] = &tally[p];
		}
		count_values(rows, f, counted, tally);
		bins_read_numbers(each, parts, feature->binning, counted);
		for (p = 0; p < parts; p++)
			tally_free(&tally[p]);
	}
	else
	{
		uint32	   *order = key_sums_order(feature->levels);

		counted->n = feature->levels->count;
		counted->text = palloc_extended(Max(counted->n, 1) * sizeof *counted->text, MCXT_ALLOC_HUGE);
		counted->cell = palloc_extended(Max((Size) counted->n * parts, 1) * sizeof *counted->cell,
										MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
		for (i = 0; i < counted->n; i++)
		{
			counted->text[i].at = key_sums_key(feature->levels, order[i]);
			counted->text[i].length = feature->levels->keys[order[i]].key_length;
		}
		count_values(rows, f, counted, NULL);
	}
	return counted;
}

/* A binning that does not depend on the rows it was searched in. */
static Binning *
keep_binning(const Binning *found, MemoryContext context)
{
	MemoryContext caller = MemoryContextSwitchTo(context);
	Binning    *kept = binning_read(binning_store(found), context);

	kept->single = found->single ? pstrdup(found->single) : NULL;
	kept->codes = found->codes ? pstrdup(found->codes) : NULL;
	MemoryContextSwitchTo(caller);
	return kept;
}

/* From this many rows of one value and outcome on, they are in one fold by design, not by chance. */
#define CLUMP_ROWS			10

/*
 * Without a key, equal rows are in one fold. Where most rows of a feature equal
 * many others, folds differ in what they hold and cannot tell a feature from noise.
 */
static bool
is_clumped(const BinRows *counted)
{
	int64		rows = 0;
	int64		clumped = 0;
	int			class,
				p;
	uint32		i;

	for (i = 0; i < counted->n; i++)
		for (class = 0; class < 2; class++)
		{
			int64		all = 0;
			int64		most = 0;

			for (p = 0; p < counted->parts; p++)
			{
				int64		n = counted->cell[(Size) i * counted->parts + p].count[class];

				all += n;
				most = Max(most, n);
			}
			rows += all;
			clumped += all == most && all >= CLUMP_ROWS ? all : 0;
		}
	return clumped > rows / 2;
}

/*
 * The out-of-fold information value of a feature for each model: over the folds
 * that the model is fitted to, those of a fold weighed by bins that were found in
 * the others of them. So the model that a fold is tried on has chosen its
 * features without that fold.
 */
static void
hold_out_folds(const BinRows *counted, const BinsOptions *options, FitBinned *binned, int f, int folds)
{
	double		sum[1 + FIT_MOST_FOLDS] = {0};
	int			n[1 + FIT_MOST_FOLDS] = {0};
	int			j,
				k;

#define TAKE(model, value) \
	do { \
		double		found = (value); \
		if (!isnan(found)) \
		{ \
			sum[model] += found; \
			n[model]++; \
		} \
	} while (0)
	for (k = 0; k < folds; k++)
	{
		TAKE(0, bin_held_out_iv(counted, binned[k + 1].binning[f], k));
		for (j = 0; j < k; j++)
		{
			MemoryContext scratch = AllocSetContextCreate(CurrentMemoryContext, "agririsk pair of folds", ALLOCSET_DEFAULT_SIZES);
			MemoryContext caller = MemoryContextSwitchTo(scratch);
			const Binning *binning = bin_search(counted, options, bin_part(j) | bin_part(k), false);

			TAKE(j + 1, bin_held_out_iv(counted, binning, k));
			TAKE(k + 1, bin_held_out_iv(counted, binning, j));
			MemoryContextSwitchTo(caller);
			MemoryContextDelete(scratch);
		}
	}
#undef TAKE
	for (k = 0; k <= folds; k++)
		binned[k].out_of_fold_iv[f] = n[k] > 0 ? sum[k] / n[k] : NAN;
}

/* Binnings of all features for all models. */
static FitBinned *
find_binnings(FitRows *rows, NodeBudget *budget)
{
	MemoryContext caller = CurrentMemoryContext;
	FitBinned  *binned = palloc(n_models(rows) * sizeof *binned);
	int			f,
				m;

	for (m = 0; m < n_models(rows); m++)
	{
		binned[m].binning = palloc(rows->n_features * sizeof(Binning *));
		binned[m].out_of_fold_iv = palloc(rows->n_features * sizeof(double));
	}
	for (f = 0; f < rows->n_features; f++)
	{
		const FitFeature *feature = &rows->feature[f];
		const Binning *given = feature->said ? feature->said->given : NULL;
		MemoryContext scratch = AllocSetContextCreate(caller, "agririsk binning", ALLOCSET_DEFAULT_SIZES);
		Tally		tally[FIT_MOST_FOLDS];
		BinRows    *counted = NULL;

		MemoryContextSwitchTo(scratch);
		if (given == NULL)
			counted = count_feature(rows, f, budget, tally);
		for (m = 0; m < n_models(rows); m++)
		{
			const Binning *found = given ? given :
				bin_search(counted, feature->binning, m == 0 ? 0 : bin_part(m - 1), false);

			binned[m].binning[f] = keep_binning(found, caller);
			binned[m].out_of_fold_iv[f] = NAN;
		}
		if (given == NULL && rows->options->folds >= FIT_NESTED_FOLDS && (rows->key_at >= 0 || !is_clumped(counted)))
			hold_out_folds(counted, feature->binning, binned, f, rows->options->folds);
		MemoryContextSwitchTo(caller);
		MemoryContextDelete(scratch);
	}
	return binned;
}

/* ---------- how well it does ---------- */

/* Rows with their log-odds, for a measure of ranks and one of probabilities. */
typedef struct FitTrial
{
	Tally		tally;
	RoundedSum	loss;
} FitTrial;

static void
take_trial(void *data, int outcome, double weight, double eta)
{
	FitTrial   *trial = data;

	tally_add_rows(&trial->tally, eta, outcome, (int64) weight);
	rounded_sum_add(&trial->loss, fit_loss(outcome, eta), weight);
}

/* Tries a model on rows; returns their loss. */
static double
run_trial(FitModel *model, bool held_out, FitTrial *trial)
{
	/* ln(1 + e^x) is below |x| + 1. */
	rounded_sum_begin(&trial->loss, fit_model_reach(model) + 1,
					  (double) (model->design->rows->total[0] + model->design->rows->total[1]));
	fit_model_predict(model, held_out, take_trial, trial);
	return rounded_sum_get(&trial->loss);
}

static int64
trial_rows(const FitTrial *trial)
{
	return tally_total(&trial->tally, 0) + tally_total(&trial->tally, 1);
}

static void
measure_trial(FitTrial *trial, double loss, double unit, CardMeasures *measures)
{
	int64		total[2] = {tally_total(&trial->tally, 0), tally_total(&trial->tally, 1)};
	TallyStream stream;
	TallyEntry	entry;
	RocSums		sums;
	RocMeasures found;

	tally_stream_open(&stream, &trial->tally);
	roc_begin(&sums, total);
	while (tally_stream_next(&stream, &entry))
		roc_add(&sums, &entry);
	tally_stream_close(&stream);
	roc_end(&sums, &found);
	measures->log_loss = loss / (double) trial_rows(trial);
	measures->auc = found.auc;
	/* The variance for the number of rows that the weights stand for. */
	auc_interval(found.auc, found.variance / unit, 0.95, &measures->auc_low, &measures->auc_high);
}

/* ---------- folds ---------- */

/* What the folds have in common. */
typedef struct FitFolds
{
	FitTrial	trial;
	double		loss;
	double	   *iv;				/* of each feature: out-of-fold IV, summed */
	FitGain    *gain;			/* of each node */
	bool		failed;
} FitFolds;

static void
say_no_folds(const FitRows *rows, int fold, const FitFailure *failure)
{
	bool		needed = rows->segments != NULL && rows->options->keep_parent;

	/* Nor can it be said then whose own card is worth it. */
	ereport(needed ? ERROR : NOTICE,
			(errcode(ERRCODE_DATA_EXCEPTION),
			 errmsg("fit_scorecard: no figures out of fold"),
			 errdetail("Without fold %d of %d, %s. %s", fold + 1, rows->options->folds, failure->message, failure->detail),
			 errhint(needed ? "Fit with fewer folds, put rare categories together, or leave keep_parent out." :
					 "Fit with fewer folds or with folds => 0, put rare categories together, or penalise with ridge.")));
}

/* Fits the rows of all folds but one, and tries the model on that one. */
static void
try_fold(FitRows *rows, int fold, const FitBinned *binned, const FitTree *tree, NodeBudget *budget, FitFolds *folds)
{
	MemoryContext scratch = AllocSetContextCreate(CurrentMemoryContext, "agririsk fold", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(scratch);
	FitModel   *model = fit_model_create(rows, fold, binned, tree, budget);
	int			f;

	for (f = 0; f < rows->n_features; f++)
		folds->iv[f] += model->design->learnt[f].held_iv;
	if (model->failure.message != NULL)
	{
		say_no_folds(rows, fold, &model->failure);
		folds->failed = true;
	}
	else
	{
		folds->loss += run_trial(model, true, &folds->trial);
		if (tree != NULL)
			fit_model_gain(model, folds->gain);
	}
	fit_model_free(model);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(scratch);
}

static void
try_folds(FitRows *rows, const FitBinned *binned, const FitTree *tree, const FitBudgets *budgets, FitOutcome *outcome)
{
	FitFolds	folds = {.iv = outcome->out_of_fold_iv, .gain = outcome->gain};
	int			n = rows->options->folds;
	int			k;
	int			f;

	for (f = 0; f < rows->n_features; f++)
		folds.iv[f] = n > 0 ? 0 : NAN;
	if (n == 0)
		return;
	tally_init_within(&folds.trial.tally, budgets->sorting, CurrentMemoryContext);
	for (k = 0; k < n && !folds.failed; k++)
		try_fold(rows, k, binned ? &binned[k + 1] : NULL, tree, budgets->codes, &folds);
	for (f = 0; f < rows->n_features; f++)
		folds.iv[f] = folds.failed ? NAN : folds.iv[f] / n;
	if (!folds.failed)
	{
		outcome->out_of_fold_rows = trial_rows(&folds.trial);
		measure_trial(&folds.trial, folds.loss, rows->options->weight_unit, &outcome->out_of_fold);
	}
	outcome->gained = tree != NULL && !folds.failed;
	tally_free(&folds.trial.tally);
}

static void
try_in_sample(FitModel *model, NodeBudget *budget, FitOutcome *outcome)
{
	FitTrial	trial;
	double		loss;

	tally_init_within(&trial.tally, budget, CurrentMemoryContext);
	loss = run_trial(model, false, &trial);
	measure_trial(&trial, loss, model->design->rows->options->weight_unit, &outcome->in_sample);
	tally_free(&trial.tally);
}

/* ---------- the end ---------- */

static void
report_failure(const FitOptions *options, const FitFailure *failure)
{
	ereport(options->lenient ? WARNING : ERROR,
			(errcode(ERRCODE_DATA_EXCEPTION),
			 errmsg("fit_scorecard: %s", failure->message),
			 errdetail("%s", failure->detail),
			 errhint("%s", failure->hint)));
}

/* What bins that were given rather than found leave out, or cannot tell. */
static void
say_of_given(const FitDesign *design)
{
	StringInfoData text;
	int			f;
	uint32		i;

	initStringInfo(&text);
	for (f = 0; f < design->rows->n_features; f++)
	{
		const FitFeature *feature = &design->rows->feature[f];
		const Binning *binning = design->learnt[f].binning;
		int64		unseen = fit_unseen_rows(&design->learnt[f]);
		int			thin = 0;

		if (feature->said == NULL || feature->said->given == NULL)
			continue;
		if (unseen > 0 && binning->unseen == CARD_UNSEEN_ERROR)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("\"%s\" has categories in no bin", feature->name),
					 errdetail("They are those of %lld rows, and the binning given says that unseen is an error.", (long long) unseen),
					 errhint("Give each category a bin, or let unseen be average or worst.")));
		for (i = 0; i < binning->n_bins; i++)
			thin += binning->bin[i].cell.count[BIN_GOOD] == 0 || binning->bin[i].cell.count[BIN_BAD] == 0;
		if (unseen > 0)
			appendStringInfo(&text, " %s: %lld rows are in no bin.", feature->name, (long long) unseen);
		if (thin > 0)
			appendStringInfo(&text, " %s: %d of %u bins lack good or bad rows, so their WOE is hardly learnt.",
							 feature->name, thin, binning->n_bins);
	}
	if (text.len > 0)
		ereport(NOTICE,
				(errmsg("fit_scorecard: look at the bins that were given"),
				 errdetail("%s", text.data + 1),
				 errhint("Give each category a bin, and put thin bins together.")));
}

/* Points out numbers that may be codes, which a trend takes for very large ones. */
static void
say_codes(const FitDesign *design)
{
	StringInfoData text;
	int			f;

	initStringInfo(&text);
	for (f = 0; f < design->rows->n_features; f++)
	{
		const Binning *binning = design->learnt[f].binning;

		if (binning->codes != NULL)
			appendStringInfo(&text, "%s%s: %s", text.len > 0 ? "; " : "", design->rows->feature[f].name, binning->codes);
	}
	if (text.len > 0)
		ereport(NOTICE,
				(errmsg("fit_scorecard: some values may be codes"),
				 errdetail("They are far from the other values of their column. %s.", text.data),
				 errhint("If they are codes, name them in feature_binning, {\"column\": {\"special\": [999]}}, so that each gets a bin of its own, or make them NULL.")));
}

/* Says what was dropped, and what would be read wrongly. */
static void
say_what_is_odd(const FitModel *model)
{
	const FitDesign *design = model->design;
	StringInfoData dropped;
	StringInfoData negative;
	int			n = 0;
	int			i;

	initStringInfo(&dropped);
	initStringInfo(&negative);
	for (i = 0; i < design->rows->n_features; i++)
		if (design->learnt[i].dropped)
		{
			appendStringInfo(&dropped, "%s%s: %s", n > 0 ? "; " : "", design->rows->feature[i].name, design->learnt[i].dropped);
			n++;
		}
	for (i = 0; i < design->n_terms; i++)
		if (design->rows->options->woe && model->used[i] && model->fit.beta[i + 1] < 0)
			appendStringInfo(&negative, "%s%s", negative.len > 0 ? ", " : "", design->rows->feature[design->term[i].feature].name);
	if (n > 0)
		ereport(NOTICE,
				(errmsg("fit_scorecard: %d of %d features dropped", n, design->rows->n_features),
				 errdetail("%s.", dropped.data)));
	if (negative.len > 0)
		ereport(NOTICE,
				(errmsg("fit_scorecard: a WOE has a negative coefficient"),
				 errdetail("Of these, riskier bins would gain points: %s.", negative.data),
				 errhint("They repeat what other features say; positive => true drops them.")));
}

AGR_FUNCTION(agririsk_fit_scorecard_final);
Datum
agririsk_fit_scorecard_final(PG_FUNCTION_ARGS)
{
	FitState   *state = PG_ARGISNULL(0) ? NULL : (FitState *) PG_GETARG_POINTER(0);
	FitOutcome	outcome;
	FitBinned  *binned = NULL;
	FitBudgets	budgets;
	FitTree    *tree = NULL;
	FitRows    *rows;
	FitModel   *model;

	agr_aggregate_context(fcinfo, "fit_scorecard");
	if (state == NULL || state->rows == NULL)
		PG_RETURN_NULL();
	rows = state->rows;
	rows->excluded[FIT_NO_ROW] = state->no_row;
	budgets.sorting = node_budget_create(CurrentMemoryContext, QUARTER);
	budgets.codes = node_budget_create(CurrentMemoryContext, QUARTER);
	if (rows->options->woe)
		binned = find_binnings(rows, budgets.sorting);
	if (rows->segments != NULL)
		tree = fit_tree_create(rows);
	model = fit_model_create(rows, -1, binned, tree, budgets.codes);
	if (model->failure.message != NULL)
	{
		report_failure(rows->options, &model->failure);
		fit_model_free(model);
		PG_RETURN_NULL();
	}
	fit_outcome_init(&outcome, rows->n_features, tree ? tree->n : 0);
	outcome.null_log_likelihood = fit_model_null(model);
	try_folds(rows, binned, tree, &budgets, &outcome);
	if (rows->options->keep_parent && outcome.gained)
		fit_pool_keep_parents(model->pool, model->design, model->used, outcome.gain, outcome.gain_p);
	try_in_sample(model, budgets.sorting, &outcome);
	fit_calibrate(model, &outcome);
	if (rows->options->woe)
	{
		say_of_given(model->design);
		say_codes(model->design);
	}
	say_what_is_odd(model);
	fit_model_free(model);
	PG_RETURN_DATUM(PointerGetDatum(fit_card(model, &outcome)));
}
