/*
 * export_sql.c
 *		A scorecard as an SQL expression for other databases.
 *
 * The SQL adds up the same doubles in the same order as score_math.h does, so
 * that a database that computes in IEEE doubles has the same eta and score, to
 * the bit. It is kept to what most databases read.
 */
#include "postgres.h"

#include "agririsk.h"

#include "miscadmin.h"
#include "model/card/scorecard.h"
#include "utils/builtins.h"

AGR_FUNCTION(agririsk_to_sql);

typedef struct SqlWriter
{
	StringInfo	out;
	const ScoreCard *sc;
	const char *segment_column; /* NULL: segments are not used */
} SqlWriter;

static void
append_identifier(StringInfo out, const char *name)
{
	agr_append_quoted(out, '"', name, strlen(name));
}

static void
append_literal(StringInfo out, TextSpan t)
{
	agr_append_quoted(out, '\'', t.at, t.length);
}

/* With an exponent, since a literal without one is a decimal of few digits elsewhere. */
static void
append_double(StringInfo out, double x)
{
	int			start = out->len;

	agr_append_number(out, x + 0.0);
	if (strchr(out->data + start, 'e') == NULL)
		appendStringInfoString(out, "E0");
}

/* A number from which the terms around it take the type, in PostgreSQL as well. */
static void
append_typed_double(StringInfo out, double x)
{
	appendStringInfoString(out, "CAST(");
	append_double(out, x);
	appendStringInfoString(out, " AS DOUBLE PRECISION)");
}

static void
append_number_column(StringInfo out, const char *name)
{
	appendStringInfoString(out, "CAST(");
	append_identifier(out, name);
	appendStringInfoString(out, " AS DOUBLE PRECISION)");
}

static void
append_column_minus_itself(StringInfo out, const char *name)
{
	append_number_column(out, name);
	appendStringInfoString(out, " - ");
	append_number_column(out, name);
}

/* A figure that segments may have each of their own. */
typedef double (*SegmentFigure) (const ScoreCard *sc, const struct ScoreSegment *segment, int i);

static double
intercept_of(const ScoreCard *sc, const struct ScoreSegment *segment, int i)
{
	return segment->intercept;
}

static double
weight_of(const ScoreCard *sc, const struct ScoreSegment *segment, int i)
{
	return segment->weight[i];
}

static double
missing_of(const ScoreCard *sc, const struct ScoreSegment *segment, int i)
{
	return score_missing_woe(&sc->feature[i], segment->weight[i]);
}

static double
unseen_of(const ScoreCard *sc, const struct ScoreSegment *segment, int i)
{
	return score_unseen_woe(&sc->feature[i], segment->weight[i]);
}

static bool
varies(const SqlWriter *w, SegmentFigure figure, int i)
{
	double		root = figure(w->sc, &w->sc->root, i);
	uint32_t	s;

	if (w->segment_column == NULL)
		return false;
	for (s = 0; s < w->sc->card->n_segments; s++)
		if (figure(w->sc, &w->sc->segment[s], i) != root)
			return true;
	return false;
}

/* Segments that have the card's own figure fall to the ELSE. */
static void
append_figure(SqlWriter *w, SegmentFigure figure, int i)
{
	const Card *card = w->sc->card;
	double		root = figure(w->sc, &w->sc->root, i);
	uint32_t	s;

	if (!varies(w, figure, i))
	{
		append_double(w->out, root);
		return;
	}
	appendStringInfoString(w->out, "CASE ");
	append_identifier(w->out, w->segment_column);
	for (s = 0; s < card->n_segments; s++)
	{
		double		own = figure(w->sc, &w->sc->segment[s], i);

		CHECK_FOR_INTERRUPTS();
		if (own == root)
			continue;
		appendStringInfoString(w->out, " WHEN ");
		append_literal(w->out, card->segment[s].name);
		appendStringInfoString(w->out, " THEN ");
		append_double(w->out, own);
	}
	appendStringInfoString(w->out, " ELSE ");
	append_double(w->out, root);
	appendStringInfoString(w->out, " END");
}

/* The same of a WOE, times the weight where that is not a matter of segments. */
static void
append_weighted(SqlWriter *w, SegmentFigure woe, int i, double weight, bool by_segment)
{
	if (by_segment)
		append_figure(w, woe, i);
	else
		append_double(w->out, weight * woe(w->sc, &w->sc->root, i));
}

/*
 * After the numbers that count: of the others, those out of bounds have a side of
 * 0 on which they or their negatives lie. Databases disagree on whether NaN is
 * above all numbers; that it or its negative is below 0 none says. What is out of
 * bounds is an error in score(), which an expression can only answer with NULL.
 */
static void
append_other_numbers(SqlWriter *w, int i, double weight, bool by_segment)
{
	appendStringInfoString(w->out, "\n      WHEN ");
	append_number_column(w->out, w->sc->input[i]);
	appendStringInfoString(w->out, " < 0 OR - ");
	append_number_column(w->out, w->sc->input[i]);
	appendStringInfoString(w->out, " < 0 THEN NULL\n      ELSE ");
	append_weighted(w, missing_of, i, weight, by_segment);
}

/*
 * The bins of feature i, each worth `weight` times its WOE, and what a missing
 * value is worth. Neither NaN nor infinity has a literal everywhere, but
 * x - x = 0 holds for finite numbers alone.
 */
static void
append_number_bins(SqlWriter *w, int i, double weight, bool by_segment)
{
	const CardFeature *f = &w->sc->card->feature[i];
	const char *name = w->sc->input[i];
	bool		several = f->n_bins + f->n_specials > 1;
	StringInfo	out = w->out;
	uint32_t	b,
				v;

	appendStringInfoString(out, " WHEN ");
	append_column_minus_itself(out, name);
	appendStringInfoString(out, several ? " = 0 THEN CASE" : " = 0 THEN ");
	for (b = 0; b < f->n_specials; b++)
	{
		appendStringInfoString(out, "\n      WHEN ");
		append_number_column(out, name);
		for (v = 0; v < f->special[b].n_values; v++)
		{
			appendStringInfoString(out, v == 0 ? " IN (" : ", ");
			append_double(out, f->special[b].value[v]);
		}
		appendStringInfoString(out, ") THEN ");
		append_double(out, weight * f->special[b].woe);
	}
	for (b = 0; b + 1 < f->n_bins; b++)
	{
		appendStringInfoString(out, "\n      WHEN ");
		append_number_column(out, name);
		appendStringInfoString(out, " < ");
		append_double(out, f->cut[b]);
		appendStringInfoString(out, " THEN ");
		append_double(out, weight * f->bin[b].woe);
	}
	appendStringInfoString(out, several ? "\n      ELSE " : "");
	append_double(out, weight * f->bin[b].woe);
	appendStringInfoString(out, several ? " END" : "");
	append_other_numbers(w, i, weight, by_segment);
}

/*
 * What a value of linear feature i is worth. Within its bounds there is neither
 * NaN nor infinity, and nothing that would overflow, which some databases
 * answer with an error.
 */
static void
append_linear(SqlWriter *w, int i, double weight, bool by_segment)
{
	const char *name = w->sc->input[i];
	StringInfo	out = w->out;

	appendStringInfoString(out, " WHEN ");
	append_number_column(out, name);
	appendStringInfoString(out, " BETWEEN ");
	append_double(out, -CARD_MAX_VALUE);
	appendStringInfoString(out, " AND ");
	append_double(out, CARD_MAX_VALUE);
	appendStringInfoString(out, " THEN ");
	if (!by_segment)
	{
		append_double(out, weight);
		appendStringInfoString(out, " * ");
	}
	appendStringInfoChar(out, '(');
	append_number_column(out, name);
	if (w->sc->feature[i].center != 0)
	{
		appendStringInfoString(out, " - ");
		append_typed_double(out, w->sc->feature[i].center);
	}
	appendStringInfoChar(out, ')');
	append_other_numbers(w, i, weight, by_segment);
}

static void
append_category_bins(SqlWriter *w, int i, double weight, bool by_segment)
{
	const CardFeature *f = &w->sc->card->feature[i];
	StringInfo	out = w->out;
	uint32_t	b,
				c;

	appendStringInfoString(out, " WHEN ");
	append_identifier(out, w->sc->input[i]);
	appendStringInfoString(out, " IS NULL THEN ");
	append_weighted(w, missing_of, i, weight, by_segment);
	for (b = 0; b < f->n_bins; b++)
	{
		appendStringInfoString(out, "\n      WHEN ");
		append_identifier(out, w->sc->input[i]);
		for (c = 0; c < f->bin[b].n_categories; c++)
		{
			CHECK_FOR_INTERRUPTS();
			appendStringInfoString(out, c == 0 ? " IN (" : ", ");
			append_literal(out, f->bin[b].category[c]);
		}
		appendStringInfoString(out, ") THEN ");
		append_double(out, weight * f->bin[b].woe);
	}
	appendStringInfoString(out, "\n      ELSE ");
	if (f->unseen == CARD_UNSEEN_ERROR)
		appendStringInfoString(out, "NULL");
	else
		append_weighted(w, unseen_of, i, weight, by_segment);
}

/* weight * WOE of feature i. */
static void
append_term(SqlWriter *w, int i)
{
	bool		by_segment = varies(w, weight_of, i);
	double		weight = by_segment ? 1 : w->sc->root.weight[i];
	int32_t		consent = w->sc->feature[i].consent;
	StringInfo	out = w->out;

	appendStringInfoString(out, "\n    + ");
	if (by_segment)
	{
		appendStringInfoString(out, "CAST(");
		append_figure(w, weight_of, i);
		appendStringInfoString(out, " AS DOUBLE PRECISION) * ");
	}
	appendStringInfoString(out, "CASE");
	if (consent >= 0)
	{
		appendStringInfoString(out, " WHEN ");
		append_identifier(out, w->sc->input[consent]);
		appendStringInfoString(out, " = TRUE THEN CASE");
	}
	if (w->sc->feature[i].linear)
		append_linear(w, i, weight, by_segment);
	else if (w->sc->feature[i].category == NULL)
		append_number_bins(w, i, weight, by_segment);
	else
		append_category_bins(w, i, weight, by_segment);
	appendStringInfoString(out, consent >= 0 ? " END ELSE 0E0 END" : " END");
}

static void
append_eta(SqlWriter *w)
{
	int			i;

	if (varies(w, intercept_of, 0))
	{
		appendStringInfoString(w->out, "CAST(");
		append_figure(w, intercept_of, 0);
		appendStringInfoString(w->out, " AS DOUBLE PRECISION)");
	}
	else
		append_typed_double(w->out, w->sc->root.intercept);
	for (i = 0; i < w->sc->card->n_features; i++)
	{
		CHECK_FOR_INTERRUPTS();
		append_term(w, i);
	}
}

/* Whether anything that the card asks is known. */
static void
append_known(SqlWriter *w)
{
	const ScoreCard *sc = w->sc;
	int			i;

	for (i = 0; i < sc->card->n_features; i++)
	{
		const ScoreFeature *f = &sc->feature[i];

		appendStringInfoString(w->out, i > 0 ? "\n  OR " : "");
		if (f->consent >= 0)
		{
			append_identifier(w->out, sc->input[f->consent]);
			appendStringInfoString(w->out, " = TRUE AND ");
		}
		if (f->category == NULL)
		{
			append_column_minus_itself(w->out, sc->input[i]);
			appendStringInfoString(w->out, " = 0");
		}
		else
		{
			append_identifier(w->out, sc->input[i]);
			appendStringInfoString(w->out, " IS NOT NULL");
		}
	}
}

/* The largest log-odds, of either sign, that a segment can come to. */
static double
reach_of(const ScoreCard *sc, const struct ScoreSegment *segment)
{
	double		reach = fabs(segment->intercept);
	uint32_t	i,
				b;

	for (i = 0; i < sc->card->n_features; i++)
	{
		const CardFeature *f = &sc->card->feature[i];
		double		most = fabs(score_missing_woe(&sc->feature[i], segment->weight[i]));

		if (f->kind == CARD_LINEAR)
			most = fmax(most, 2 * CARD_MAX_VALUE);
		for (b = 0; b < f->n_bins + f->n_specials; b++)
			most = fmax(most, fabs(sc->feature[i].woe[b]));
		reach += fabs(segment->weight[i]) * most;
	}
	return reach;
}

/*
 * pd() keeps eta to [-36, 36], where the exponential neither overflows nor
 * rounds the PD to 1. Only a card that can leave those bounds has to ask.
 */
static void
append_pd(SqlWriter *w)
{
	StringInfo	out = w->out;
	StringInfoData eta;
	double		reach = reach_of(w->sc, &w->sc->root);
	uint32_t	s;

	for (s = 0; w->segment_column != NULL && s < w->sc->card->n_segments; s++)
	{
		CHECK_FOR_INTERRUPTS();
		reach = fmax(reach, reach_of(w->sc, &w->sc->segment[s]));
	}
	initStringInfo(&eta);
	w->out = &eta;
	append_eta(w);
	w->out = out;

	if (reach > 36)
	{
		appendStringInfo(out, "CASE WHEN %s > 36 THEN ", eta.data);
		append_double(out, score_pd(36));
		appendStringInfo(out, "\n  WHEN %s < -36 THEN ", eta.data);
		append_double(out, score_pd(-36));
		appendStringInfoString(out, "\n  ELSE ");
	}
	appendStringInfo(out, "1E0 / (1E0 + EXP(-(%s)))", eta.data);
	if (reach > 36)
		appendStringInfoString(out, " END");
}

static void
append_score(SqlWriter *w)
{
	append_typed_double(w->out, w->sc->offset);
	appendStringInfoString(w->out, " - ");
	append_typed_double(w->out, w->sc->factor);
	appendStringInfoString(w->out, " * (");
	append_eta(w);
	appendStringInfoChar(w->out, ')');
}

Datum
agririsk_to_sql(PG_FUNCTION_ARGS)
{
	StringInfoData out;
	SqlWriter	writer = {&out};
	const char *what;
	void		(*append) (SqlWriter *w);

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_NULL();
	what = text_to_cstring(PG_GETARG_TEXT_PP(1));
	if (strcmp(what, "score") == 0)
		append = append_score;
	else if (strcmp(what, "pd") == 0)
		append = append_pd;
	else if (strcmp(what, "eta") == 0)
		append = append_eta;
	else
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("to_sql does not know what to write"),
				 errdetail("The value of \"what\" is \"%s\".", what),
				 errhint("Give \"score\", \"pd\" or \"eta\", the log-odds of bad.")));

	writer.sc = scorecard_compile(PG_DETOAST_DATUM_PACKED(PG_GETARG_DATUM(0)), CurrentMemoryContext);
	if (!PG_ARGISNULL(2))
	{
		writer.segment_column = text_to_cstring(PG_GETARG_TEXT_PP(2));
		if (*writer.segment_column == '\0')
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_NAME),
					 errmsg("the segment column has no name"),
					 errdetail("The value of \"segment_column\" is \"\"."),
					 errhint("Name the column that holds each row's segment, or leave it out.")));
	}
	else if (writer.sc->card->n_segments > 0)
		scorecard_notice_segments("Name the column that holds each row's segment as segment_column.");

	initStringInfo(&out);
	appendStringInfoString(&out, "CASE WHEN ");
	append_known(&writer);
	appendStringInfoString(&out, " THEN\n  ");
	append(&writer);
	appendStringInfoString(&out, "\nEND");
	PG_RETURN_TEXT_P(cstring_to_text_with_len(out.data, out.len));
}
