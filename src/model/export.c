/*
 * export.c
 *		A scorecard for other systems: as an SQL expression, and as PMML.
 *
 * The SQL adds up the same doubles in the same order as score_math.h does, so
 * that a database that computes in IEEE doubles has the same eta and score, to
 * the bit. It is kept to what most databases read.
 */
#include "postgres.h"

#include "agririsk.h"

#include <float.h>

#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "model/scorecard.h"
#include "utils/builtins.h"

AGR_FUNCTION(agririsk_to_sql);
AGR_FUNCTION(agririsk_to_pmml);

/* Reasons that a person who hears them has use for. */
#define MAX_REASONS 4

static const ScoreCard *
compile_argument(FunctionCallInfo fcinfo)
{
	return scorecard_compile(PG_DETOAST_DATUM_PACKED(PG_GETARG_DATUM(0)), CurrentMemoryContext);
}

static void
notice_segments(const char *hint)
{
	ereport(NOTICE,
			(errmsg("the segments of the card are not used: every row is scored by the card itself"),
			 errhint("%s", hint)));
}

/* ---------- SQL ---------- */

typedef struct SqlWriter
{
	StringInfo	out;
	const ScoreCard *sc;
	const char *segment_column; /* NULL: segments are not used */
} SqlWriter;

static void
append_quoted(StringInfo out, char quote, const char *at, size_t length)
{
	size_t		i;

	appendStringInfoChar(out, quote);
	for (i = 0; i < length; i++)
	{
		if (at[i] == quote)
			appendStringInfoChar(out, quote);
		appendStringInfoChar(out, at[i]);
	}
	appendStringInfoChar(out, quote);
}

static void
append_identifier(StringInfo out, const char *name)
{
	append_quoted(out, '"', name, strlen(name));
}

static void
append_literal(StringInfo out, CardText t)
{
	append_quoted(out, '\'', t.at, t.length);
}

/* With an exponent, since a literal without one is a decimal of few digits elsewhere. */
static void
append_double(StringInfo out, double x)
{
	int			start = out->len;

	scorecard_append_number(out, x + 0.0);
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

	writer.sc = compile_argument(fcinfo);
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
		notice_segments("Name the column that holds each row's segment as segment_column.");

	initStringInfo(&out);
	appendStringInfoString(&out, "CASE WHEN ");
	append_known(&writer);
	appendStringInfoString(&out, " THEN\n  ");
	append(&writer);
	appendStringInfoString(&out, "\nEND");
	PG_RETURN_TEXT_P(cstring_to_text_with_len(out.data, out.len));
}

/* ---------- PMML ---------- */

typedef struct PmmlWriter
{
	StringInfo	out;
	const ScoreCard *sc;
	const struct ScoreSegment *segment;
	char	   *target;			/* the sum of all points, as a field of its own */
	char	   *raw;			/* the same as an output, for every row */
	char	   *score;			/* NULL where nothing is known */
} PmmlWriter;

/* An attribute: readers turn tabs and line ends into blanks unless escaped. */
static void
append_attribute(StringInfo out, const char *key, const char *at, size_t length)
{
	size_t		i;

	appendStringInfo(out, " %s=\"", key);
	for (i = 0; i < length; i++)
	{
		unsigned char c = at[i];

		if (c == '&')
			appendStringInfoString(out, "&amp;");
		else if (c == '<')
			appendStringInfoString(out, "&lt;");
		else if (c == '>')
			appendStringInfoString(out, "&gt;");
		else if (c == '"')
			appendStringInfoString(out, "&quot;");
		else if (c == '\t' || c == '\n' || c == '\r')
			appendStringInfo(out, "&#%d;", c);
		else if (c < ' ' ||
				 (c == 0xEF && i + 2 < length && (unsigned char) at[i + 1] == 0xBF &&
				  (unsigned char) at[i + 2] >= 0xBE && GetDatabaseEncoding() == PG_UTF8))
			ereport(ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					 errmsg("the card has a character that XML cannot hold"),
					 errdetail("It is byte %zu of \"%s\", 0x%02X.", i + 1,
							   pnstrdup(at, pg_mbcliplen(at, (int) length, 80)), c),
					 errhint("Rename the feature or category, in the card and in the data.")));
		else
			appendStringInfoChar(out, c);
	}
	appendStringInfoChar(out, '"');
}

static void
append_text_attribute(StringInfo out, const char *key, CardText t)
{
	append_attribute(out, key, t.at, t.length);
}

static void
append_name_attribute(StringInfo out, const char *key, const char *name)
{
	append_attribute(out, key, name, strlen(name));
}

static void
append_number_attribute(StringInfo out, const char *key, double x)
{
	appendStringInfo(out, " %s=\"", key);
	scorecard_append_number(out, x + 0.0);
	appendStringInfoChar(out, '"');
}

/* A name that no feature has. */
static char *
free_name(const ScoreCard *sc, const char *wanted)
{
	StringInfoData name;
	uint32_t	i = 0;

	initStringInfo(&name);
	appendStringInfoString(&name, wanted);
	while (i < sc->n_inputs)
		if (strcmp(sc->input[i++], name.data) == 0)
		{
			appendStringInfoChar(&name, '_');
			i = 0;
		}
	return name.data;
}

static void
append_data_dictionary(PmmlWriter *w)
{
	const Card *card = w->sc->card;
	StringInfo	out = w->out;
	uint32_t	i,
				b,
				c;

	appendStringInfo(out, "  <DataDictionary numberOfFields=\"%u\">\n", card->n_features + 1);
	for (i = 0; i < card->n_features; i++)
	{
		const CardFeature *f = &card->feature[i];

		CHECK_FOR_INTERRUPTS();
		appendStringInfoString(out, "    <DataField");
		append_text_attribute(out, "name", f->name);
		if (f->kind != CARD_CATEGORY)
		{
			double		most = f->kind == CARD_LINEAR ? CARD_MAX_VALUE : DBL_MAX;

			/* NaN is missing; infinities lie outside, and are invalid. */
			appendStringInfoString(out, " optype=\"continuous\" dataType=\"double\">\n"
								   "      <Interval closure=\"closedClosed\"");
			append_number_attribute(out, "leftMargin", -most);
			append_number_attribute(out, "rightMargin", most);
			appendStringInfoString(out, "/>\n      <Value value=\"NaN\" property=\"missing\"/>\n"
								   "    </DataField>\n");
			continue;
		}
		appendStringInfoString(out, " optype=\"categorical\" dataType=\"string\"");
		if (f->unseen != CARD_UNSEEN_ERROR)
		{
			appendStringInfoString(out, "/>\n");
			continue;
		}
		/* Where any are listed, others are invalid. */
		appendStringInfoString(out, ">\n");
		for (b = 0; b < f->n_bins; b++)
			for (c = 0; c < f->bin[b].n_categories; c++)
			{
				appendStringInfoString(out, "      <Value");
				append_text_attribute(out, "value", f->bin[b].category[c]);
				appendStringInfoString(out, "/>\n");
			}
		appendStringInfoString(out, "    </DataField>\n");
	}
	appendStringInfoString(out, "    <DataField");
	append_name_attribute(out, "name", w->target);
	appendStringInfoString(out, " optype=\"continuous\" dataType=\"double\"/>\n  </DataDictionary>\n");
}

static void
append_mining_schema(PmmlWriter *w)
{
	uint32_t	i;

	appendStringInfoString(w->out, "    <MiningSchema>\n");
	for (i = 0; i < w->sc->card->n_features; i++)
	{
		appendStringInfoString(w->out, "      <MiningField");
		append_text_attribute(w->out, "name", w->sc->card->feature[i].name);
		appendStringInfoString(w->out, " usageType=\"active\" invalidValueTreatment=\"returnInvalid\"/>\n");
	}
	appendStringInfoString(w->out, "      <MiningField");
	append_name_attribute(w->out, "name", w->target);
	appendStringInfoString(w->out, " usageType=\"target\"/>\n    </MiningSchema>\n");
}

static void
begin_output(PmmlWriter *w, const char *wanted, const char *attributes)
{
	appendStringInfoString(w->out, "      <OutputField");
	append_name_attribute(w->out, "name", free_name(w->sc, wanted));
	appendStringInfo(w->out, " %s", attributes);
}

static void
append_field_ref(PmmlWriter *w, const char *field)
{
	appendStringInfoString(w->out, "<FieldRef");
	append_name_attribute(w->out, "field", field);
	appendStringInfoString(w->out, "/>");
}

static void
append_constant(PmmlWriter *w, double x)
{
	appendStringInfoString(w->out, "<Constant dataType=\"double\">");
	scorecard_append_number(w->out, x);
	appendStringInfoString(w->out, "</Constant>");
}

static void
append_output(PmmlWriter *w)
{
	static const char transformed[] = "optype=\"continuous\" dataType=\"double\" feature=\"transformedValue\"";
	const Card *card = w->sc->card;
	StringInfo	out = w->out;
	uint32_t	i;

	appendStringInfoString(out, "    <Output>\n");
	begin_output(w, "raw_score", "optype=\"continuous\" dataType=\"double\" feature=\"predictedValue\" isFinalResult=\"false\"/>\n");

	/* An "if" without an else is missing where its condition fails. */
	begin_output(w, "score", transformed);
	appendStringInfoString(out, ">\n        <Apply function=\"if\">");
	if (card->n_features > 1)
		appendStringInfoString(out, "<Apply function=\"or\">");
	for (i = 0; i < card->n_features; i++)
	{
		appendStringInfoString(out, "<Apply function=\"isNotMissing\">");
		append_field_ref(w, w->sc->input[i]);
		appendStringInfoString(out, "</Apply>");
	}
	if (card->n_features > 1)
		appendStringInfoString(out, "</Apply>");
	append_field_ref(w, w->raw);
	appendStringInfoString(out, "</Apply>\n      </OutputField>\n");

	/* 1 / (1 + exp((score - A) / B)), as -eta is kept to [-36, 36]. */
	begin_output(w, "pd", transformed);
	appendStringInfoString(out, ">\n        <Apply function=\"/\">");
	append_constant(w, 1);
	appendStringInfoString(out, "<Apply function=\"+\">");
	append_constant(w, 1);
	appendStringInfoString(out, "<Apply function=\"exp\"><Apply function=\"min\">");
	append_constant(w, 36);
	appendStringInfoString(out, "<Apply function=\"max\">");
	append_constant(w, -36);
	appendStringInfoString(out, "<Apply function=\"/\"><Apply function=\"-\">");
	append_field_ref(w, w->score);
	append_constant(w, w->sc->offset);
	appendStringInfoString(out, "</Apply>");
	append_constant(w, w->sc->factor);
	appendStringInfoString(out, "</Apply></Apply></Apply></Apply></Apply></Apply>\n      </OutputField>\n");

	for (i = 0; i < Min(card->n_features, MAX_REASONS); i++)
		begin_output(w, psprintf("reason_%u", i + 1),
					 psprintf("optype=\"categorical\" dataType=\"string\" feature=\"reasonCode\" rank=\"%u\"/>\n", i + 1));
	appendStringInfoString(out, "    </Output>\n");
}

/* <Attribute> with the points of weight * WOE. */
static void
begin_points(PmmlWriter *w, int i, double woe)
{
	appendStringInfoString(w->out, "          <Attribute");
	append_number_attribute(w->out, "partialScore",
							score_feature_points(w->sc, w->segment->weight[i] * woe));
	appendStringInfoChar(w->out, '>');
}

static void
end_points(PmmlWriter *w)
{
	appendStringInfoString(w->out, "</Attribute>\n");
}

/* A test of feature i against a number, or against text where that is given. */
static void
append_test(PmmlWriter *w, int i, const char *operator, double number, const CardText *t)
{
	appendStringInfoString(w->out, "<SimplePredicate");
	append_name_attribute(w->out, "field", w->sc->input[i]);
	appendStringInfo(w->out, " operator=\"%s\"", operator);
	if (t != NULL)
		append_text_attribute(w->out, "value", *t);
	else
		append_number_attribute(w->out, "value", number);
	appendStringInfoString(w->out, "/>");
}

/* Several tests under one operator; a lone one stands by itself. */
static void
begin_tests(PmmlWriter *w, const char *operator, uint32_t n)
{
	if (n > 1)
		appendStringInfo(w->out, "<CompoundPredicate booleanOperator=\"%s\">", operator);
}

static void
end_tests(PmmlWriter *w, uint32_t n)
{
	if (n > 1)
		appendStringInfoString(w->out, "</CompoundPredicate>");
}

static void
append_number_attributes(PmmlWriter *w, int i)
{
	const CardFeature *f = &w->sc->card->feature[i];
	uint32_t	b,
				v;

	for (b = 0; b < f->n_specials; b++)
	{
		begin_points(w, i, f->special[b].woe);
		begin_tests(w, "or", f->special[b].n_values);
		for (v = 0; v < f->special[b].n_values; v++)
			append_test(w, i, "equal", f->special[b].value[v], NULL);
		end_tests(w, f->special[b].n_values);
		end_points(w);
	}
	for (b = 0; b < f->n_bins; b++)
	{
		uint32_t	edges = (b > 0) + (b + 1 < f->n_bins);

		begin_points(w, i, f->bin[b].woe);
		begin_tests(w, "and", edges);
		if (b > 0)
			append_test(w, i, "greaterOrEqual", f->cut[b - 1], NULL);
		if (b + 1 < f->n_bins)
			append_test(w, i, "lessThan", f->cut[b], NULL);
		if (edges == 0)
			appendStringInfoString(w->out, "<True/>");
		end_tests(w, edges);
		end_points(w);
	}
}

/*
 * Tests for equality, and not a set: how quotes and backslashes are written in
 * an array is a matter on which readers differ.
 */
static void
append_category_attributes(PmmlWriter *w, int i)
{
	const CardFeature *f = &w->sc->card->feature[i];
	uint32_t	b,
				c;

	for (b = 0; b < f->n_bins; b++)
	{
		begin_points(w, i, f->bin[b].woe);
		begin_tests(w, "or", f->bin[b].n_categories);
		for (c = 0; c < f->bin[b].n_categories; c++)
		{
			CHECK_FOR_INTERRUPTS();
			append_test(w, i, "equal", 0, &f->bin[b].category[c]);
		}
		end_tests(w, f->bin[b].n_categories);
		end_points(w);
	}
	if (f->unseen != CARD_UNSEEN_ERROR)
	{
		begin_points(w, i, score_unseen_woe(&w->sc->feature[i], w->segment->weight[i]));
		appendStringInfoString(w->out, "<True/>");
		end_points(w);
	}
}

/* Points of a linear feature, in the order that score() computes them. */
static void
append_linear_attribute(PmmlWriter *w, int i)
{
	StringInfo	out = w->out;

	appendStringInfoString(out, "          <Attribute><True/><ComplexPartialScore>"
						   "<Apply function=\"*\">");
	append_constant(w, -w->sc->factor);
	appendStringInfoString(out, "<Apply function=\"*\">");
	append_constant(w, w->segment->weight[i]);
	appendStringInfoString(out, "<Apply function=\"-\">");
	append_field_ref(w, w->sc->input[i]);
	append_constant(w, w->sc->feature[i].center);
	appendStringInfoString(out, "</Apply></Apply></Apply></ComplexPartialScore></Attribute>\n");
}

static void
append_characteristic(PmmlWriter *w, int i)
{
	const CardFeature *f = &w->sc->card->feature[i];
	const ScoreFeature *s = &w->sc->feature[i];
	double		weight = w->segment->weight[i];

	appendStringInfoString(w->out, "        <Characteristic");
	append_text_attribute(w->out, "name", f->name);
	append_text_attribute(w->out, "reasonCode", f->name);
	append_number_attribute(w->out, "baselineScore",
							score_feature_points(w->sc, weight * (weight >= 0 ? s->least_woe : s->most_woe)));
	appendStringInfoString(w->out, ">\n");
	if (f->reason.length > 0)
	{
		appendStringInfoString(w->out, "          <Extension extender=\"agririsk\" name=\"reason\"");
		append_text_attribute(w->out, "value", f->reason);
		appendStringInfoString(w->out, "/>\n");
	}

	/* The first attribute that holds decides, so missing values are out of the way. */
	begin_points(w, i, score_missing_woe(s, weight));
	appendStringInfoString(w->out, "<SimplePredicate");
	append_text_attribute(w->out, "field", f->name);
	appendStringInfoString(w->out, " operator=\"isMissing\"/>");
	end_points(w);
	if (f->kind == CARD_LINEAR)
		append_linear_attribute(w, i);
	else if (f->kind == CARD_NUMBER)
		append_number_attributes(w, i);
	else
		append_category_attributes(w, i);
	appendStringInfoString(w->out, "        </Characteristic>\n");
}

static void
refuse_consents(const Card *card)
{
	uint32_t	i;

	for (i = 0; i < card->n_features; i++)
		if (card->feature[i].consent.length > 0)
			ereport(ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					 errmsg("PMML cannot say that a feature counts only with consent"),
					 errdetail("The feature \"%s\" has the consent column \"%s\".",
							   text_to_cstring(scorecard_text(card->feature[i].name)),
							   text_to_cstring(scorecard_text(card->feature[i].consent))),
					 errhint("Use to_sql(), which can, or write the card without \"consent\" for those who gave it.")));
}

/* A reason code is ranked by its baseline, which is the better end of the range. */
static void
refuse_open_ranges(const Card *card)
{
	uint32_t	i;

	for (i = 0; i < card->n_features; i++)
		if (card->feature[i].kind == CARD_LINEAR && isnan(card->feature[i].low))
			ereport(ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					 errmsg("PMML cannot rank the reasons of a linear feature without a range"),
					 errdetail("The feature \"%s\" has neither low nor high.",
							   text_to_cstring(scorecard_text(card->feature[i].name))),
					 errhint("Give it \"low\" and \"high\", or use to_sql().")));
}

static const struct ScoreSegment *
find_segment(const ScoreCard *sc, text *name)
{
	const struct ScoreSegment *segment = score_segment(sc, VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name));

	/* Scoring falls back on the card; a document of a name it does not hold misleads. */
	if (segment == &sc->root)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the card has no such segment"),
				 errdetail("The value of \"segment\" is \"%s\".", text_to_cstring(name)),
				 errhint("Name a segment of the card, or leave it out for the card itself.")));
	return segment;
}

Datum
agririsk_to_pmml(PG_FUNCTION_ARGS)
{
	StringInfoData out;
	PmmlWriter	writer = {&out};
	PmmlWriter *w = &writer;
	const Card *card;
	int			i;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	w->sc = compile_argument(fcinfo);
	card = w->sc->card;
	refuse_consents(card);
	refuse_open_ranges(card);
	w->segment = PG_ARGISNULL(1) ? &w->sc->root : find_segment(w->sc, PG_GETARG_TEXT_PP(1));
	if (PG_ARGISNULL(1) && card->n_segments > 0)
		notice_segments("Write a document for each segment, with its name as the second argument.");
	w->target = free_name(w->sc, "predicted_score");
	w->raw = free_name(w->sc, "raw_score");
	w->score = free_name(w->sc, "score");

	initStringInfo(&out);
	appendStringInfoString(&out, "<PMML xmlns=\"http://www.dmg.org/PMML-4_4\" version=\"4.4\">\n"
						   "  <Header description=\"A scorecard: points add up to a score, higher is safer\">"
						   "<Application name=\"agririsk\"/></Header>\n");
	append_data_dictionary(w);
	appendStringInfoString(&out, "  <Scorecard");
	append_text_attribute(&out, "modelName", card->name);
	appendStringInfoString(&out, " functionName=\"regression\"");
	append_number_attribute(&out, "initialScore", score_base_points(w->sc, w->segment));
	appendStringInfoString(&out, " useReasonCodes=\"true\" reasonCodeAlgorithm=\"pointsBelow\" baselineMethod=\"max\">\n");
	append_mining_schema(w);
	append_output(w);
	appendStringInfoString(&out, "    <Characteristics>\n");
	for (i = 0; i < card->n_features; i++)
	{
		CHECK_FOR_INTERRUPTS();
		append_characteristic(w, i);
	}
	appendStringInfoString(&out, "    </Characteristics>\n  </Scorecard>\n</PMML>");
	/* The type xml is text of well-formed XML. */
	PG_RETURN_TEXT_P(cstring_to_text_with_len(out.data, out.len));
}
