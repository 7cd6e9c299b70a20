/*
 * fit_report.c
 *		How a card was learnt: fit_report, coefficients, covariance, segments and
 *		spreads.
 */
#include "postgres.h"

#include "agririsk.h"

#include <math.h>

#include "core/math/elementary_math.h"
#include "core/math/probability_math.h"
#include "core/sql/record.h"
#include "miscadmin.h"
#include "model/card/scorecard.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/jsonb.h"

AGR_FUNCTION(agririsk_fit_report);
AGR_FUNCTION(agririsk_coefficients);
AGR_FUNCTION(agririsk_covariance);
AGR_FUNCTION(agririsk_segments);
AGR_FUNCTION(agririsk_spreads);

static const Card *
read_argument(FunctionCallInfo fcinfo)
{
	return scorecard_read(PG_DETOAST_DATUM_PACKED(PG_GETARG_DATUM(0)), CurrentMemoryContext);
}

static void
set_rows(Datum *value, bool *null, int column, int64 rows)
{
	null[column] = rows < 0;
	value[column] = Int64GetDatum(rows);
}

static void
set_text(Datum *value, bool *null, int column, bool known, TextSpan t)
{
	null[column] = !known;
	value[column] = known ? PointerGetDatum(agr_text(t)) : (Datum) 0;
}

/* ---------- fit_report ---------- */

static Datum
exclusions_json(const CardFit *fit)
{
	StringInfoData out;
	uint32_t	i;

	initStringInfo(&out);
	appendStringInfoChar(&out, '{');
	for (i = 0; i < fit->n_excluded; i++)
	{
		const CardExclusion *e = &fit->excluded[i];

		appendStringInfoString(&out, i > 0 ? ", " : "");
		escape_json(&out, pnstrdup(e->why.at, e->why.length));
		appendStringInfo(&out, ": " INT64_FORMAT, (int64) e->rows);
	}
	appendStringInfoChar(&out, '}');
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(out.data));
}

enum
{
	REPORT_ROWS,
	REPORT_BADS,
	REPORT_EXCLUDED,
	REPORT_ITERATIONS,
	REPORT_PARAMETERS,
	REPORT_LOG_LIKELIHOOD,
	REPORT_NULL_LOG_LIKELIHOOD,
	REPORT_AIC,
	REPORT_BIC,
	REPORT_LOG_LOSS,
	REPORT_AUC,
	REPORT_AUC_LOW,
	REPORT_AUC_HIGH,
	REPORT_FOLDS,
	REPORT_OUT_OF_FOLD_AUC,
	REPORT_OUT_OF_FOLD_AUC_LOW,
	REPORT_OUT_OF_FOLD_AUC_HIGH,
	REPORT_OUT_OF_FOLD_LOG_LOSS,
	REPORT_RIDGE,
	REPORT_LASSO,
	REPORT_SHIFT,
	REPORT_ENCODING,
	REPORT_SELECTION,
	REPORT_LAMBDA,
	REPORT_OUT_OF_FOLD_ROWS,
	REPORT_WEIGHT_UNIT,
	REPORT_ASSUMPTIONS,
	REPORT_COLUMNS
};

Datum
agririsk_fit_report(PG_FUNCTION_ARGS)
{
	const CardFit *fit = read_argument(fcinfo)->fit;
	Datum		value[REPORT_COLUMNS];
	bool		null[REPORT_COLUMNS];
	double		deviance;
	double		parameters;

	memset(null, true, sizeof null);
	if (fit == NULL)
		return agr_make_row(fcinfo, value, null);

	deviance = -2 * fit->log_likelihood;
	/* With segments the likelihood is that of the terms and of their spreads. */
	parameters = fit->n_terms + fit->n_spreads;
	set_rows(value, null, REPORT_ROWS, fit->rows);
	set_rows(value, null, REPORT_BADS, fit->bads);
	null[REPORT_EXCLUDED] = false;
	value[REPORT_EXCLUDED] = exclusions_json(fit);
	set_rows(value, null, REPORT_ITERATIONS, fit->iterations);
	set_rows(value, null, REPORT_PARAMETERS, (int64) parameters);
	agr_set_number(value, null, REPORT_LOG_LIKELIHOOD, fit->log_likelihood);
	agr_set_number(value, null, REPORT_NULL_LOG_LIKELIHOOD, fit->null_log_likelihood);
	agr_set_number(value, null, REPORT_AIC, deviance + 2 * parameters);
	agr_set_number(value, null, REPORT_BIC, fit->rows > 0
				   ? deviance + parameters * agr_log(fit->rows * fit->weight_unit) : NAN);
	agr_set_number(value, null, REPORT_LOG_LOSS, fit->in_sample.log_loss);
	agr_set_number(value, null, REPORT_AUC, fit->in_sample.auc);
	agr_set_number(value, null, REPORT_AUC_LOW, fit->in_sample.auc_low);
	agr_set_number(value, null, REPORT_AUC_HIGH, fit->in_sample.auc_high);
	set_rows(value, null, REPORT_FOLDS, fit->folds);
	agr_set_number(value, null, REPORT_OUT_OF_FOLD_AUC, fit->out_of_fold.auc);
	agr_set_number(value, null, REPORT_OUT_OF_FOLD_AUC_LOW, fit->out_of_fold.auc_low);
	agr_set_number(value, null, REPORT_OUT_OF_FOLD_AUC_HIGH, fit->out_of_fold.auc_high);
	agr_set_number(value, null, REPORT_OUT_OF_FOLD_LOG_LOSS, fit->out_of_fold.log_loss);
	agr_set_number(value, null, REPORT_RIDGE, fit->ridge);
	agr_set_number(value, null, REPORT_LASSO, fit->lasso);
	agr_set_number(value, null, REPORT_SHIFT, fit->shift);
	set_text(value, null, REPORT_ENCODING, fit->encoding.length > 0, fit->encoding);
	set_text(value, null, REPORT_SELECTION, fit->selection.length > 0, fit->selection);
	agr_set_number(value, null, REPORT_LAMBDA, fit->lambda);
	set_rows(value, null, REPORT_OUT_OF_FOLD_ROWS, fit->out_of_fold_rows);
	agr_set_number(value, null, REPORT_WEIGHT_UNIT, fit->weight_unit);
	set_text(value, null, REPORT_ASSUMPTIONS, fit->assumptions.length > 0, fit->assumptions);
	return agr_make_row(fcinfo, value, null);
}

/* ---------- coefficients ---------- */

/* A row of coefficients(): of a term, or of a feature that the fit has no term of. */
static void
put_coefficient(Tuplestorestate *rows, TupleDesc columns, const TextSpan *feature,
				const CardTerm *term, const CardTried *tried)
{
	Datum		value[10];
	bool		null[10];
	double		coefficient = term ? term->coefficient : NAN;
	double		se = term ? term->se : NAN;
	double		z = se > 0 ? coefficient / se : NAN;
	TextSpan	none = {"", 0};

	set_text(value, null, 0, feature != NULL, feature ? *feature : none);
	set_text(value, null, 1, term != NULL && term->has_level, term ? term->level : none);
	agr_set_number(value, null, 2, coefficient);
	agr_set_number(value, null, 3, se);
	agr_set_number(value, null, 4, z);
	agr_set_number(value, null, 5, normal_two_sided(z));
	agr_set_number(value, null, 6, tried ? tried->iv : NAN);
	agr_set_number(value, null, 7, tried ? tried->out_of_fold_iv : NAN);
	agr_set_number(value, null, 8, tried ? tried->vif : NAN);
	set_text(value, null, 9, tried != NULL && tried->dropped.length > 0, tried ? tried->dropped : none);
	tuplestore_putvalues(rows, columns, value, null);
}

static void
put_fitted(Tuplestorestate *rows, TupleDesc columns, const Card *card)
{
	const CardFit *fit = card->fit;
	TextIndex  *index = text_index_create(agr_arena(CurrentMemoryContext), fit->n_tried);
	bool	   *told = palloc0(sizeof(bool) * (fit->n_tried + 1));
	uint32_t	i;

	for (i = 0; i < fit->n_tried; i++)
		text_index_add(index, fit->tried[i].name, i);
	for (i = 0; i < fit->n_terms; i++)
	{
		const CardTerm *term = &fit->term[i];
		const TextSpan *name = term->feature < 0 ? NULL : &card->feature[term->feature].name;
		int64		tried = name == NULL ? -1 : text_index_find(index, name->at, name->length);

		if (tried >= 0)
			told[tried] = true;
		put_coefficient(rows, columns, name, term, tried < 0 ? NULL : &fit->tried[tried]);
	}
	for (i = 0; i < fit->n_tried; i++)
		if (!told[i])
			put_coefficient(rows, columns, &fit->tried[i].name, NULL, &fit->tried[i]);
}

Datum
agririsk_coefficients(PG_FUNCTION_ARGS)
{
	const Card *card = read_argument(fcinfo);
	TupleDesc	columns;
	Tuplestorestate *rows = agr_begin_rows(fcinfo, work_mem, &columns);
	CardTerm	term = {.feature = -1, .coefficient = card->intercept, .se = NAN};
	uint32_t	i;

	if (card->fit != NULL)
	{
		put_fitted(rows, columns, card);
		return (Datum) 0;
	}
	put_coefficient(rows, columns, NULL, &term, NULL);
	for (i = 0; i < card->n_features; i++)
	{
		term.coefficient = card->feature[i].weight;
		put_coefficient(rows, columns, &card->feature[i].name, &term, NULL);
	}
	return (Datum) 0;
}

/* ---------- covariance ---------- */

static void
set_term(Datum *value, bool *null, int column, const Card *card, const CardTerm *term)
{
	set_text(value, null, column, term->feature >= 0,
			 card->feature[Max(term->feature, 0)].name);
	set_text(value, null, column + 1, term->has_level, term->level);
}

Datum
agririsk_covariance(PG_FUNCTION_ARGS)
{
	const Card *card = read_argument(fcinfo);
	const CardFit *fit = card->fit;
	TupleDesc	columns;
	Tuplestorestate *rows = agr_begin_rows(fcinfo, work_mem, &columns);
	MemoryContext row = AllocSetContextCreate(CurrentMemoryContext, "agririsk covariance",
											  ALLOCSET_SMALL_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(row);
	uint64		i,
				j;

	for (i = 0; fit != NULL && fit->n_covariances > 0 && i < fit->n_terms; i++)
		for (j = 0; j < fit->n_terms; j++)
		{
			uint64		low = Min(i, j);
			uint64		high = Max(i, j);
			Datum		value[5];
			bool		null[5];

			CHECK_FOR_INTERRUPTS();
			set_term(value, null, 0, card, &fit->term[i]);
			set_term(value, null, 2, card, &fit->term[j]);
			null[4] = false;
			value[4] = Float8GetDatum(fit->covariance[high * (high + 1) / 2 + low]);
			tuplestore_putvalues(rows, columns, value, null);
			MemoryContextReset(row);
		}
	MemoryContextSwitchTo(caller);
	return (Datum) 0;
}

/* ---------- segments ---------- */

Datum
agririsk_segments(PG_FUNCTION_ARGS)
{
	const ScoreCard *sc = scorecard_compile(PG_DETOAST_DATUM_PACKED(PG_GETARG_DATUM(0)), CurrentMemoryContext);
	const Card *card = sc->card;
	const CardFit *fit = card->fit;
	TupleDesc	columns;
	Tuplestorestate *rows = agr_begin_rows(fcinfo, work_mem, &columns);
	MemoryContext row = AllocSetContextCreate(CurrentMemoryContext, "agririsk segments",
											  ALLOCSET_SMALL_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(row);
	CardLearnt	unknown = {-1, -1, NAN, NAN, NAN, NAN, {"", 0}};
	uint32_t	i;

	for (i = 0; i < card->n_segments; i++)
	{
		const CardSegment *segment = &card->segment[i];
		const CardLearnt *learnt = fit && fit->n_segments > 0 ? &fit->segment[i] : &unknown;
		int32_t		parent = segment->parent_index;
		double		above = parent < 0 ? sc->root.intercept : sc->segment[parent].intercept;
		Datum		value[10];
		bool		null[10];

		CHECK_FOR_INTERRUPTS();
		set_text(value, null, 0, true, segment->name);
		set_text(value, null, 1, segment->parent.length > 0, segment->parent);
		set_rows(value, null, 2, learnt->rows);
		set_rows(value, null, 3, learnt->bads);
		agr_set_number(value, null, 4, sc->segment[i].intercept - above);
		agr_set_number(value, null, 5, learnt->shrinkage);
		agr_set_number(value, null, 6, learnt->gain);
		agr_set_number(value, null, 7, learnt->out_of_fold_gain);
		agr_set_number(value, null, 8, learnt->p);
		set_text(value, null, 9, learnt->note.length > 0, learnt->note);
		tuplestore_putvalues(rows, columns, value, null);
		MemoryContextReset(row);
	}
	MemoryContextSwitchTo(caller);
	return (Datum) 0;
}

Datum
agririsk_spreads(PG_FUNCTION_ARGS)
{
	const Card *card = read_argument(fcinfo);
	const CardFit *fit = card->fit;
	TupleDesc	columns;
	Tuplestorestate *rows = agr_begin_rows(fcinfo, work_mem, &columns);
	uint32_t	i;

	for (i = 0; fit != NULL && i < fit->n_spreads; i++)
	{
		const CardSpread *spread = &fit->spread[i];
		Datum		value[3];
		bool		null[3] = {false};

		value[0] = Int32GetDatum(spread->level);
		set_text(value, null, 1, spread->feature >= 0, card->feature[Max(spread->feature, 0)].name);
		value[2] = Float8GetDatum(spread->sd);
		tuplestore_putvalues(rows, columns, value, null);
	}
	return (Datum) 0;
}
