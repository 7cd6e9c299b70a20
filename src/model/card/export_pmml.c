/*
 * export_pmml.c
 *		A scorecard as PMML 4.4.
 */
#include "postgres.h"

#include "agririsk.h"

#include <float.h>

#include "core/sql/markup.h"
#include "miscadmin.h"
#include "model/card/scorecard.h"
#include "utils/builtins.h"

AGR_FUNCTION(agririsk_to_pmml);

/* Reasons that a person who hears them has use for. */
#define MAX_REASONS 4

typedef struct PmmlWriter
{
	StringInfo	out;
	const ScoreCard *sc;
	const struct ScoreSegment *segment;
	char	   *target;			/* the sum of all points, as a field of its own */
	char	   *raw;			/* the same as an output, for every row */
	char	   *score;			/* NULL where nothing is known */
} PmmlWriter;

static void
append_text_attribute(StringInfo out, const char *key, TextSpan t)
{
	agr_append_attribute(out, key, t.at, t.length);
}

static void
append_name_attribute(StringInfo out, const char *key, const char *name)
{
	agr_append_attribute(out, key, name, strlen(name));
}

static void
append_number_attribute(StringInfo out, const char *key, double x)
{
	appendStringInfo(out, " %s=\"", key);
	agr_append_number(out, x + 0.0);
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
	agr_append_number(w->out, x);
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
append_test(PmmlWriter *w, int i, const char *operator, double number, const TextSpan *t)
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
							   text_to_cstring(agr_text(card->feature[i].name)),
							   text_to_cstring(agr_text(card->feature[i].consent))),
					 errhint("Use to_sql(), or write the card without \"consent\" and score only rows with consent by it.")));
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
							   text_to_cstring(agr_text(card->feature[i].name))),
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
				 errhint("Name a segment of the card. For the card itself leave the argument out.")));
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
	w->sc = scorecard_compile(PG_DETOAST_DATUM_PACKED(PG_GETARG_DATUM(0)), CurrentMemoryContext);
	card = w->sc->card;
	refuse_consents(card);
	refuse_open_ranges(card);
	w->segment = PG_ARGISNULL(1) ? &w->sc->root : find_segment(w->sc, PG_GETARG_TEXT_PP(1));
	if (PG_ARGISNULL(1) && card->n_segments > 0)
		scorecard_notice_segments("Write a document for each segment, with its name as the second argument.");
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
