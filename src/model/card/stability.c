/*
 * stability.c
 *		characteristic_stability: whether rows of today fall into the bins of a card
 *		as often as expected.
 *
 * A row counts once for each feature, where the card places it: also where
 * nothing of it is known, or a category is an error to score. The parts that a
 * linear feature lacks are cut as psi cuts numbers, so its expected values are
 * gathered first.
 */
#include "postgres.h"

#include "agririsk.h"

#include <math.h>

#include "core/math/stability_math.h"
#include "core/rows/tally.h"
#include "core/sql/query.h"
#include "core/sql/record.h"
#include "core/sql/show.h"
#include "miscadmin.h"
#include "model/card/score.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#define EXPECTED	0
#define ACTUAL		1

typedef struct FeatureRows
{
	int			n_places;
	int64	  (*place)[2];		/* by number less one, of either side */
	bool		unknown;		/* the card does not tell the expected rows */
	bool		linear;
	Tally		tally;			/* of a linear feature: expected values */
	StabilityCuts cuts;
	int64		part[STABILITY_MAX_CUTS + 1][2];
} FeatureRows;

typedef struct StabilityReader
{
	QueryReader reader;
	int			side;
	ScoreCall	call;
	int		   *column;			/* of each input */
	const char *weight_name;	/* NULL: a row counts once */
	int			weight_column;
	ValueKind	weight_kind;
	NullableDatum *input;
	FeatureRows *feature;
	int64		total[2];		/* rows of either side */
	MemoryContext row;
} StabilityReader;

/* ---------- rows of a query ---------- */

static void
start_weight(StabilityReader *s, TupleDesc row)
{
	Oid			type;

	s->weight_column = record_find_column(row, s->weight_name);
	type = getBaseType(TupleDescAttr(row, s->weight_column)->atttypid);
	s->weight_kind = value_kind(type);
	if (!value_is_number(s->weight_kind))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" of type %s cannot be used as weight", s->weight_name, format_type_be(type)),
				 errdetail("A weight is a number. The query is the argument %s.", s->reader.argument),
				 errhint("Cast the column in the query.")));
}

/* The number of equal rows that the row stands for. */
static int64
read_weight(const StabilityReader *s, const Datum *value, const bool *null)
{
	double		weight;

	if (s->weight_name == NULL)
		return 1;
	weight = null[s->weight_column] ? NAN : value_number(s->weight_kind, value[s->weight_column]);
	if (!(weight >= 0 && weight <= TALLY_MAX_TOTAL && weight == floor(weight)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a weight must be a whole number from 0 to %lld", (long long) TALLY_MAX_TOTAL),
				 errdetail("A row of %s has the weight %s in column \"%s\".", s->reader.argument,
						   null[s->weight_column] ? "NULL" : agr_show_number(weight), s->weight_name),
				 errhint("A weight is the number of equal rows that the row stands for. Leave out rows whose weight is not known: WHERE %s IS NOT NULL.", s->weight_name)));
	return (int64) weight;
}

static void
start_rows(QueryReader *reader, TupleDesc row)
{
	StabilityReader *s = (StabilityReader *) reader;
	const ScoreCard *card = s->call.card;
	int			i;

	for (i = 0; i < card->n_inputs; i++)
	{
		s->column[i] = record_find_column(row, card->input[i]);
		score_call_set_type(&s->call, i, getBaseType(TupleDescAttr(row, s->column[i])->atttypid));
	}
	if (s->weight_name != NULL)
		start_weight(s, row);
}

static void
count_value(FeatureRows *feature, int side, double value, int64 weight)
{
	if (side == EXPECTED)
		tally_add_rows(&feature->tally, value, 0, weight);
	else
		feature->part[stability_bin(&feature->cuts, value)][ACTUAL] += weight;
}

static void
take_row(QueryReader *reader, const Datum *value, const bool *null)
{
	StabilityReader *s = (StabilityReader *) reader;
	const ScoreCard *sc = s->call.card;
	MemoryContext caller = MemoryContextSwitchTo(s->row);
	int64		weight = read_weight(s, value, null);
	int			i;

	if (weight > TALLY_MAX_TOTAL - s->total[s->side])
		tally_too_many_rows();
	s->total[s->side] += weight;
	for (i = 0; i < sc->n_inputs; i++)
	{
		s->input[i].value = value[s->column[i]];
		s->input[i].isnull = null[s->column[i]];
	}
	for (i = 0; i < sc->card->n_features && weight > 0; i++)
	{
		double		x;
		int32_t		place = score_call_place(&s->call, i, s->input, &x);

		s->feature[i].place[scorecard_bin_number(&sc->card->feature[i], place) - 1][s->side] += weight;
		if (place == SCORE_LINEAR)
			count_value(&s->feature[i], s->side, x, weight);
	}
	MemoryContextSwitchTo(caller);
	MemoryContextReset(s->row);
}

static void
read_side(StabilityReader *s, int side, const char *query)
{
	s->side = side;
	s->reader.argument = side == EXPECTED ? "expected" : "actual";
	s->reader.columns = "the columns of the card";
	s->reader.fewest = 0;
	s->reader.most = MaxTupleAttributeNumber;
	s->reader.start = start_rows;
	s->reader.take = take_row;
	agr_read_query(&s->reader, query);
}

/* Cuts the expected values of linear features, and counts them. */
static void
cut_linear(StabilityReader *s)
{
	int			i;

	for (i = 0; i < s->call.card->card->n_features; i++)
	{
		FeatureRows *feature = &s->feature[i];
		TallyStream stream;
		TallyEntry	entry;

		if (!feature->linear)
			continue;
		stability_begin(&feature->cuts, tally_total(&feature->tally, 0));
		tally_stream_open(&stream, &feature->tally);
		while (tally_stream_next(&stream, &entry))
		{
			CHECK_FOR_INTERRUPTS();
			stability_add(&feature->cuts, tally_value(entry.key), entry.count[0]);
		}
		tally_stream_close(&stream);
		stability_end(&feature->cuts);

		tally_stream_open(&stream, &feature->tally);
		while (tally_stream_next(&stream, &entry))
		{
			CHECK_FOR_INTERRUPTS();
			feature->part[stability_bin(&feature->cuts, tally_value(entry.key))][EXPECTED] += entry.count[0];
		}
		tally_stream_close(&stream);
		tally_free(&feature->tally);
	}
}

/* ---------- what the card was learnt from ---------- */

/* Whether the card tells how many of the rows it was learnt from lacked a value. */
static bool
knows_missing(const CardFeature *f)
{
	return f->missing == CARD_MISSING_NONE || (f->missing == CARD_MISSING_WOE && f->missing_goods >= 0);
}

/*
 * Where rows of the fit were that are in no place with counts. A card does not
 * count rows without consent, nor those in no bin, of which there are some only
 * where bins were given to the fit. NULL: the card does not tell.
 */
static int64 *
rows_elsewhere(const CardFeature *f, FeatureRows *feature)
{
	bool		asked = f->consent.length > 0;
	int32_t		place = !knows_missing(f) ? SCORE_MISSING : asked ? SCORE_NO_CONSENT : SCORE_UNSEEN;

	if ((place == SCORE_MISSING && asked) || (place == SCORE_UNSEEN && f->kind != CARD_CATEGORY))
		return NULL;
	return &feature->place[scorecard_bin_number(f, place) - 1][EXPECTED];
}

/* Takes the rows of a feature from the card; false where it does not tell them. */
static bool
take_learnt(const Card *card, const CardFeature *f, FeatureRows *feature)
{
	int64		rest = card->fit ? card->fit->rows : 0;
	int64	   *elsewhere;
	int			number;

	if (f->kind == CARD_LINEAR || (card->fit == NULL && (f->consent.length > 0 || !knows_missing(f))))
		return false;
	for (number = 1; number <= feature->n_places; number++)
	{
		int64		goods;
		int64		bads;

		scorecard_get_counts(f, scorecard_place(f, number), &goods, &bads);
		if (goods >= 0)
			feature->place[number - 1][EXPECTED] = goods + bads;
		else if (scorecard_place(f, number) >= 0)
			return false;
		rest -= feature->place[number - 1][EXPECTED];
	}
	if (card->fit == NULL || rest == 0)
		return true;
	elsewhere = rows_elsewhere(f, feature);
	if (rest < 0 || elsewhere == NULL)
		return false;
	*elsewhere = rest;
	return true;
}

/* The expected rows where no query gives them. */
static void
take_card(StabilityReader *s)
{
	const Card *card = s->call.card->card;
	StringInfoData untold;
	int			n = 0;
	int			i;

	initStringInfo(&untold);
	for (i = 0; i < card->n_features; i++)
	{
		const CardFeature *f = &card->feature[i];

		if (take_learnt(card, f, &s->feature[i]))
			continue;
		s->feature[i].unknown = true;
		appendStringInfo(&untold, "%s%.*s", n++ > 0 ? ", " : "", (int) f->name.length, f->name.at);
	}
	if (n > 0)
		ereport(n == card->n_features ? ERROR : NOTICE,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the card does not tell which rows are expected"),
				 errdetail("It does not hold the counts of: %s.", untold.data),
				 errhint("Give the argument expected, a query of the rows that the card was learnt from.")));
}

/* ---------- rows of the result ---------- */

typedef struct StabilityRow
{
	int			number;
	char	   *label;
	int64		rows[2];
	StabilityTerm of;
} StabilityRow;

/* What a part of a linear feature is called. */
static char *
part_label(const StabilityCuts *cuts, int part)
{
	StringInfoData label;

	initStringInfo(&label);
	if (cuts->count == 0)
		appendStringInfoString(&label, "any value");
	else if (part == 0)
		agr_append_number_field(&label, cuts->below ? "< " : "<= ", cuts->below ? cuts->least : cuts->cut[0]);
	else if (part == cuts->count)
		agr_append_number_field(&label, "> ", cuts->cut[part - 1]);
	else if (part == 1 && cuts->below && cuts->cut[1] == cuts->least)
		agr_append_number(&label, cuts->least);
	else
	{
		agr_append_number_field(&label, part == 1 && cuts->below ? "[" : "(",
								part == 1 && cuts->below ? cuts->least : cuts->cut[part - 1]);
		agr_append_number_field(&label, ", ", cuts->cut[part]);
		appendStringInfoChar(&label, ']');
	}
	return label.data;
}

/* The rows of a feature; returns how many. */
static int
list_rows(const CardFeature *f, const FeatureRows *feature, StabilityRow *row)
{
	int			n = 0;
	int			number;
	int			part;

	for (number = 1; number <= feature->n_places; number++)
	{
		int32_t		place = scorecard_place(f, number);

		if (place == SCORE_LINEAR && !feature->unknown)
			for (part = 0; part <= feature->cuts.count; part++, n++)
			{
				row[n].number = number;
				row[n].label = part_label(&feature->cuts, part);
				memcpy(row[n].rows, feature->part[part], sizeof row[n].rows);
			}
		else
		{
			row[n].number = number;
			row[n].label = scorecard_label(f, place);
			memcpy(row[n].rows, feature->place[number - 1], sizeof row[n].rows);
			n++;
		}
	}
	return n;
}

/* A total of all places is that of all rows: each is in one place. */
static void
put_feature(const StabilityReader *s, int i, double floor, Tuplestorestate *rows, TupleDesc columns)
{
	const CardFeature *f = &s->call.card->card->feature[i];
	const FeatureRows *feature = &s->feature[i];
	StabilityRow *row = palloc0((feature->n_places + STABILITY_MAX_CUTS) * sizeof *row);
	int			n = list_rows(f, feature, row);
	int64		total[2] = {0, 0};
	bool		defined;
	double		psi = 0;
	int			side;
	int			k;

	for (k = 0; k < n; k++)
		for (side = 0; side < 2; side++)
			total[side] += row[k].rows[side];
	defined = !feature->unknown && total[EXPECTED] > 0 && total[ACTUAL] > 0;
	for (k = 0; k < n && defined; k++)
	{
		row[k].of = stability_term(row[k].rows, total, floor);
		psi += row[k].of.term;
	}
	for (k = 0; k < n; k++)
	{
		Datum		value[11];
		bool		null[11] = {false};

		CHECK_FOR_INTERRUPTS();
		value[0] = PointerGetDatum(agr_text(f->name));
		value[1] = Int32GetDatum(row[k].number);
		value[2] = CStringGetTextDatum(row[k].label);
		for (side = 0; side < 2; side++)
		{
			bool		unknown = side == EXPECTED && feature->unknown;

			null[3 + side] = unknown;
			value[3 + side] = Int64GetDatum(row[k].rows[side]);
			null[5 + side] = null[7 + side] = !defined;
			value[5 + side] = Float8GetDatum(row[k].of.share[side]);
			value[7 + side] = BoolGetDatum(row[k].of.raised[side]);
		}
		null[9] = null[10] = !defined;
		value[9] = Float8GetDatum(row[k].of.term);
		value[10] = Float8GetDatum(psi);
		tuplestore_putvalues(rows, columns, value, null);
	}
}

/* ---------- the function ---------- */

static double
get_floor(FunctionCallInfo fcinfo)
{
	double		floor = PG_ARGISNULL(3) ? STABILITY_FLOOR : PG_GETARG_FLOAT8(3);

	if (!(floor >= 0 && floor < 1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("floor of a share must be at least 0 and below 1"),
				 errdetail("The floor is %s.", agr_show_number(floor)),
				 errhint("The default is 1e-4. With 0 an empty bin makes the index infinite.")));
	return floor;
}

static void
init_reader(StabilityReader *s, const ScoreCard *sc, NodeBudget *budget)
{
	int			i;

	memset(s, 0, sizeof *s);
	score_call_init(&s->call, sc, CurrentMemoryContext);
	s->column = palloc(sc->n_inputs * sizeof *s->column);
	s->input = palloc(sc->n_inputs * sizeof *s->input);
	s->feature = palloc0(sc->card->n_features * sizeof *s->feature);
	s->row = AllocSetContextCreate(CurrentMemoryContext, "agririsk row", ALLOCSET_SMALL_SIZES);
	for (i = 0; i < sc->card->n_features; i++)
	{
		FeatureRows *feature = &s->feature[i];

		feature->n_places = scorecard_n_places(&sc->card->feature[i]);
		feature->place = palloc0(feature->n_places * sizeof *feature->place);
		feature->linear = sc->feature[i].linear;
		if (feature->linear)
			tally_init_within(&feature->tally, budget, CurrentMemoryContext);
	}
}

AGR_FUNCTION(agririsk_characteristic_stability);
Datum
agririsk_characteristic_stability(PG_FUNCTION_ARGS)
{
	double		floor = get_floor(fcinfo);
	StabilityReader s;
	TupleDesc	columns;
	Tuplestorestate *rows = agr_begin_rows(fcinfo, work_mem / 2, &columns);
	const ScoreCard *sc;
	int			i;

	if (PG_ARGISNULL(0))
		return (Datum) 0;
	if (PG_ARGISNULL(2))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("actual must not be NULL"),
				 errdetail("Without the rows of today there is nothing to compare."),
				 errhint("Give a query that selects the columns of the card. Only expected may be NULL, which means the rows that the card was learnt from.")));
	sc = scorecard_compile(PG_DETOAST_DATUM_PACKED(PG_GETARG_DATUM(0)), CurrentMemoryContext);
	init_reader(&s, sc, node_budget_create(CurrentMemoryContext, (Size) work_mem * 1024 / 2));
	s.weight_name = PG_ARGISNULL(4) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(4));
	if (PG_ARGISNULL(1))
		take_card(&s);
	else
	{
		read_side(&s, EXPECTED, text_to_cstring(PG_GETARG_TEXT_PP(1)));
		cut_linear(&s);
	}
	read_side(&s, ACTUAL, text_to_cstring(PG_GETARG_TEXT_PP(2)));
	for (i = 0; i < sc->card->n_features; i++)
		put_feature(&s, i, floor, rows, columns);
	return (Datum) 0;
}
