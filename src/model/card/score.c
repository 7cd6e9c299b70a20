/*
 * score.c
 *		Scoring SQL values with a card: as a kind of model, points, explain and reasons.
 */
#include "postgres.h"

#include "agririsk.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "model/card/score.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

AGR_FUNCTION(agririsk_pd);
AGR_FUNCTION(agririsk_score);
AGR_FUNCTION(agririsk_points);
AGR_FUNCTION(agririsk_explain);
AGR_FUNCTION(agririsk_reasons);

/* ---------- one call site ---------- */

void
score_call_init(ScoreCall *call, const ScoreCard *card, MemoryContext context)
{
	memset(call, 0, sizeof *call);
	call->card = card;
	call->context = context;
	call->kind = MemoryContextAllocZero(context, sizeof(ValueKind) * card->n_inputs);
	call->plain = MemoryContextAllocZero(context, card->n_inputs);
	call->segment = &card->root;
}

void
score_call_set_type(ScoreCall *call, int input, Oid type)
{
	const ScoreCard *sc = call->card;
	ValueKind	kind = value_kind(type);
	const char *wanted;
	bool		usable;

	if (input >= sc->card->n_features)
	{
		usable = kind == VALUE_BOOL;
		wanted = "A consent column is boolean.";
	}
	else if (sc->feature[input].category)
	{
		usable = value_is_category(kind);
		wanted = "A category is text, varchar, char, name, an enum, boolean or an integer.";
	}
	else
	{
		usable = value_is_number(kind);
		wanted = "A number is smallint, integer, bigint, real, double precision or numeric.";
	}
	if (!usable)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" of type %s does not fit the card", sc->input[input],
						format_type_be(type)),
				 errdetail("%s", wanted),
				 errhint("Cast the column in the query or view that is scored.")));
	if (kind == VALUE_BOOL && input < sc->card->n_features &&
		score_category_place(&sc->feature[input], "true", 4) == SCORE_UNSEEN &&
		score_category_place(&sc->feature[input], "false", 5) == SCORE_UNSEEN)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("the card knows neither value of the boolean column \"%s\"", sc->input[input]),
				 errdetail("No bin of the feature has the category \"true\" or \"false\"."),
				 errhint("Write the categories of a boolean as \"true\" and \"false\".")));
	call->kind[input] = kind;
	call->plain[input] = kind == VALUE_FLOAT8 && input < sc->card->n_features &&
		sc->feature[input].consent < 0 && score_is_plain(&sc->feature[input]);
}

void
score_call_set_segment(ScoreCall *call, const char *at, size_t length)
{
	if (at == NULL)
	{
		call->segment = &call->card->root;
		call->segment_length = SIZE_MAX;
		return;
	}
	if (call->segment_name != NULL && length == call->segment_length &&
		memcmp(at, call->segment_name, length) == 0)
		return;

	if (length >= call->segment_room)
	{
		call->segment_room = 2 * length + 32;
		call->segment_name = MemoryContextAlloc(call->context, call->segment_room);
	}
	memcpy(call->segment_name, at, length);
	call->segment_length = length;
	call->segment = score_segment(call->card, at, length);
}

AGR_NORETURN static void report_infinite(const ScoreCall *call, int i, double x);

static void
report_infinite(const ScoreCall *call, int i, double x)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("feature \"%s\" is infinite", call->card->input[i]),
			 errdetail("The value is %s.", x > 0 ? "Infinity" : "-Infinity"),
			 errhint("Make it NULL where the value is not known.")));
}

AGR_NORETURN static void report_far(const ScoreCall *call, int i, double x);

static void
report_far(const ScoreCall *call, int i, double x)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("feature \"%s\" is out of range", call->card->input[i]),
			 errdetail("The value is %g.", x),
			 errhint("Values of a linear feature lie between -1e280 and 1e280.")));
}

static void
report_unseen(const ScoreCall *call, int i, Datum value)
{
	char		buffer[VALUE_BUFFER];
	size_t		length;
	const char *at = value_bytes(call->kind[i], value, buffer, &length);

	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("feature \"%s\" has a category that the card does not know", call->card->input[i]),
			 errdetail("The value is \"%.*s\".", (int) Min(length, 200), at),
			 errhint("Add the category to a bin, or set \"unseen\" of the feature to \"average\" or \"worst\".")));
}

static bool
has_consent(const ScoreFeature *f, const NullableDatum *input)
{
	return f->consent < 0 ||
		(!input[f->consent].isnull && DatumGetBool(input[f->consent].value));
}

/*
 * Where the value of feature i falls, and of a linear feature the value itself.
 * A value that is known sets *known.
 */
static pg_attribute_always_inline int32_t
place_value(const ScoreCall *call, int i, const NullableDatum *input, bool *known, double *value)
{
	const ScoreFeature *f = &call->card->feature[i];
	char		buffer[VALUE_BUFFER];
	const char *at;
	size_t		length;

	/* Nothing may depend on what was not given, not even whether it is known. */
	if (!has_consent(f, input))
		return SCORE_NO_CONSENT;
	if (input[i].isnull)
		return SCORE_MISSING;

	if (f->category == NULL)
	{
		double		x = value_number(call->kind[i], input[i].value);

		if (isnan(x))
			return SCORE_MISSING;
		*known = true;
		if (isinf(x))
			report_infinite(call, i, x);
		if (!f->linear)
			return score_number_place(f, x);
		if (fabs(x) > CARD_MAX_VALUE)
			report_far(call, i, x);
		*value = x;
		return SCORE_LINEAR;
	}

	*known = true;
	at = value_bytes(call->kind[i], input[i].value, buffer, &length);
	return score_category_place(f, at, length);
}

int32_t
score_call_place(const ScoreCall *call, int i, const NullableDatum *input, double *value)
{
	bool		known;

	return place_value(call, i, input, &known, value);
}

/* The WOE of the value of feature i in the call's segment, and where it falls. */
static double
value_woe(const ScoreCall *call, int i, const NullableDatum *input, bool *known, int32_t *place)
{
	const ScoreFeature *f = &call->card->feature[i];
	double		weight = call->segment->weight[i];
	double		x = 0;

	*place = place_value(call, i, input, known, &x);
	if (*place >= 0)
		return f->woe[*place];
	switch (*place)
	{
		case SCORE_LINEAR:
			return x - f->center;
		case SCORE_MISSING:
			return score_missing_woe(f, weight);
		case SCORE_UNSEEN:
			if (f->unseen == CARD_UNSEEN_ERROR)
				report_unseen(call, i, input[i].value);
			return score_unseen_woe(f, weight);
		default:
			return 0;
	}
}

bool
score_call_eta(ScoreCall *call, const NullableDatum *input, double *eta)
{
	const ScoreCard *sc = call->card;
	const ScoreFeature *f = sc->feature;
	const double *weight = call->segment->weight;
	double		sum = call->segment->intercept;
	bool		known = false;
	int			n = sc->card->n_features;
	int			i;

	for (i = 0; i < n; i++, f++)
	{
		/* The common case by itself, for speed alone. */
		if (call->plain[i] && !input[i].isnull && isfinite(DatumGetFloat8(input[i].value)))
		{
			known = true;
			sum += weight[i] * f->woe[score_plain_place(f, DatumGetFloat8(input[i].value))];
		}
		else
		{
			int32_t		place;

			sum += weight[i] * value_woe(call, i, input, &known, &place);
		}
	}
	*eta = sum;
	return known;
}

/* ---------- a card as a kind of model ---------- */

static const void *
card_compile(const struct varlena *stored, MemoryContext context)
{
	return scorecard_compile(stored, context);
}

static const char *const *
card_inputs(const void *model, int *n)
{
	const ScoreCard *sc = model;

	*n = sc->n_inputs;
	return sc->input;
}

static void *
card_begin(const void *model, MemoryContext context)
{
	ScoreCall  *call = MemoryContextAlloc(context, sizeof *call);

	score_call_init(call, model, context);
	return call;
}

static void
card_set_type(void *scoring, int input, Oid type)
{
	score_call_set_type(scoring, input, type);
}

static void
card_set_segment(void *scoring, const char *at, size_t length)
{
	score_call_set_segment(scoring, at, length);
}

static bool
card_margin(void *scoring, const NullableDatum *input, double *margin)
{
	return score_call_eta(scoring, input, margin);
}

static double
card_pd(const void *model, double margin)
{
	return score_pd(margin);
}

static double
card_score(const void *model, double margin)
{
	return score_of_eta(model, margin);
}

static void card_explain(const ModelCall *call, Tuplestorestate *rows, TupleDesc columns);

const ModelKind card_kind = {
	.type = "scorecard",
	.compile = card_compile,
	.inputs = card_inputs,
	.begin = card_begin,
	.set_type = card_set_type,
	.set_segment = card_set_segment,
	.margin = card_margin,
	.pd = card_pd,
	.score = card_score,
	.explain = card_explain
};

Datum
agririsk_pd(PG_FUNCTION_ARGS)
{
	return model_pd(fcinfo, &card_kind);
}

Datum
agririsk_score(PG_FUNCTION_ARGS)
{
	return model_score(fcinfo, &card_kind);
}

Datum
agririsk_explain(PG_FUNCTION_ARGS)
{
	return model_explain(fcinfo, &card_kind);
}

/* ---------- points ---------- */

Datum
agririsk_points(PG_FUNCTION_ARGS)
{
	ModelCall  *row = model_call_of_arguments(fcinfo, &card_kind, 2);
	const ScoreCall *call;
	const ScoreCard *sc;
	double		points;
	bool		known = false;
	int			i;

	if (row == NULL)
		PG_RETURN_NULL();
	call = row->scoring;
	sc = call->card;
	points = round(score_base_points(sc, call->segment));
	for (i = 0; i < sc->card->n_features; i++)
	{
		int32_t		place;
		double		woe = value_woe(call, i, row->input, &known, &place);

		points += round(score_feature_points(sc, call->segment->weight[i] * woe));
	}
	if (!known)
		PG_RETURN_NULL();
	if (points < PG_INT32_MIN || points > PG_INT32_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("points out of range"),
				 errdetail("The sum of points is %.0f.", points),
				 errhint("Use score(), which is a double precision number, or a smaller scale.")));
	PG_RETURN_INT32((int32) points);
}

/* ---------- explain ---------- */

typedef struct Explanation
{
	int			feature;
	int32_t		place;
	double		points;
	double		best_points;	/* NaN: of a linear feature without a range */
	double		points_lost;
} Explanation;

/* Most points lost first, unknown ones last; of equals, in the card's order. */
static int
compare_explanations(const void *left, const void *right)
{
	const Explanation *a = left;
	const Explanation *b = right;
	double		a_lost = isnan(a->points_lost) ? -1 : a->points_lost;
	double		b_lost = isnan(b->points_lost) ? -1 : b->points_lost;

	if (a_lost != b_lost)
		return a_lost > b_lost ? -1 : 1;
	return (a->feature > b->feature) - (a->feature < b->feature);
}

/* A value as text that no setting changes. */
static char *
show_value(ValueKind kind, Oid type, Datum value)
{
	StringInfoData out;
	Oid			function;
	bool		is_varlena;

	switch (kind)
	{
		case VALUE_FLOAT8:
		case VALUE_FLOAT4:
			/* All digits of a real, so that it is seen on which side of a cut it is. */
			initStringInfo(&out);
			agr_append_number(&out, value_number(kind, value));
			return out.data;
		case VALUE_BOOL:
			return DatumGetBool(value) ? "true" : "false";
		default:
			getTypeOutputInfo(type, &function, &is_varlena);
			return OidOutputFunctionCall(function, value);
	}
}

static const char *
flag_of(const CardFeature *f, int32_t place)
{
	if (place == SCORE_NO_CONSENT)
		return "no_consent";
	if (place == SCORE_UNSEEN)
		return "unseen";
	if (place == SCORE_MISSING && f->missing == CARD_MISSING_NONE)
		return "missing_unseen";
	return NULL;
}

/* Why the row has its score, most points lost first; one for each feature. */
static Explanation *
explain_row(const ModelCall *row)
{
	const ScoreCall *call = row->scoring;
	const ScoreCard *sc = call->card;
	int			n = sc->card->n_features;
	Explanation *why = palloc(sizeof *why * n);
	bool		known = false;
	int			i;

	for (i = 0; i < n; i++)
	{
		const ScoreFeature *f = &sc->feature[i];
		double		weight = call->segment->weight[i];
		double		best_woe = weight >= 0 ? f->least_woe : f->most_woe;
		double		woe = value_woe(call, i, row->input, &known, &why[i].place);

		why[i].feature = i;
		why[i].points = score_feature_points(sc, weight * woe);
		why[i].best_points = score_feature_points(sc, weight * best_woe);
		why[i].points_lost = why[i].best_points - why[i].points;
		/* What was not given costs nothing, and nothing beats the best bin. */
		if (why[i].place == SCORE_NO_CONSENT || why[i].points_lost < 0)
			why[i].points_lost = 0;
	}
	/* A row of which nothing is known has bins, but neither a score nor reasons for one. */
	for (i = 0; i < n && !known; i++)
		why[i].points = why[i].best_points = why[i].points_lost = NAN;
	qsort(why, n, sizeof *why, compare_explanations);
	return why;
}

static void
card_explain(const ModelCall *row, Tuplestorestate *rows, TupleDesc columns)
{
	const ScoreCall *call = row->scoring;
	const ScoreCard *sc = call->card;
	Explanation *why = explain_row(row);
	int			rank = 0;
	int			i;

	for (i = 0; i < sc->card->n_features; i++)
	{
		const Explanation *e = &why[i];
		const CardFeature *f = &sc->card->feature[e->feature];
		const NullableDatum *input = &row->input[e->feature];
		const char *flag = flag_of(f, e->place);
		Datum		value[10];
		bool		null[10] = {false};

		value[0] = PointerGetDatum(agr_text(f->name));
		null[1] = input->isnull || e->place == SCORE_NO_CONSENT;
		if (!null[1])
			value[1] = CStringGetTextDatum(show_value(call->kind[e->feature],
													  record_map_type(&row->map, e->feature),
													  input->value));
		value[2] = Int32GetDatum(scorecard_bin_number(f, e->place));
		value[3] = CStringGetTextDatum(scorecard_label(f, e->place));
		agr_set_number(value, null, 4, e->points);
		agr_set_number(value, null, 5, e->best_points);
		agr_set_number(value, null, 6, e->points_lost);
		null[7] = !(e->points_lost > 0);
		value[7] = Int32GetDatum(null[7] ? 0 : ++rank);
		null[8] = null[7] || f->reason.length == 0;
		value[8] = null[8] ? (Datum) 0 : PointerGetDatum(agr_text(f->reason));
		null[9] = flag == NULL;
		value[9] = flag == NULL ? (Datum) 0 : CStringGetTextDatum(flag);
		tuplestore_putvalues(rows, columns, value, null);
	}
}

/* Explanations as a person hears them: the first reasons, in one text. */
Datum
agririsk_reasons(PG_FUNCTION_ARGS)
{
	ModelCall  *row = model_call_of_arguments(fcinfo, &card_kind, 3);
	const Card *card;
	int			most = PG_ARGISNULL(2) ? 0 : PG_GETARG_INT32(2);
	StringInfoData text;
	Explanation *why;
	int			rank;

	if (most < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the number of reasons must not be negative"),
				 errdetail("The number is %d.", most),
				 errhint("At most four reasons are of use to an applicant.")));
	if (row == NULL || PG_ARGISNULL(2))
		PG_RETURN_NULL();
	card = ((const ScoreCall *) row->scoring)->card->card;
	why = explain_row(row);
	initStringInfo(&text);
	for (rank = 0; rank < card->n_features && rank < most && why[rank].points_lost > 0; rank++)
	{
		const CardFeature *f = &card->feature[why[rank].feature];
		TextSpan	reason = f->reason.length > 0 ? f->reason : f->name;

		appendStringInfo(&text, "%s%.*s", text.len > 0 ? "; " : "", (int) reason.length, reason.at);
	}
	pfree(why);
	if (text.len == 0)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text_with_len(text.data, text.len));
}
