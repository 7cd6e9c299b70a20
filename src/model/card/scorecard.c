/*
 * scorecard.c
 *		The scorecard as an SQL type: in and out, bins.
 */
#include "postgres.h"

#include "agririsk.h"

#include "catalog/pg_type.h"
#include "core/sql/json_read.h"
#include "core/sql/record.h"
#include "core/sql/stored_type.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "model/card/scorecard.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"

AGR_FUNCTION(agririsk_bins);

/* ---------- stored bytes ---------- */

void
scorecard_check(Card *card, Arena memory, int sqlstate)
{
	CardFault	fault;
	StringInfoData value;

	if (card_check(card, memory, &fault))
		return;
	initStringInfo(&value);
	if (fault.has_number)
		agr_append_number(&value, fault.number);
	else if (fault.detail == NULL)
		agr_append_clipped(&value, fault.text.at, fault.text.length);
	ereport(ERROR,
			(errcode(sqlstate),
			 errmsg("invalid scorecard at %s: %s", fault.path, fault.what),
			 fault.detail ? errdetail("%s", fault.detail) : errdetail("The value is %s.", value.data),
			 errhint("%s", fault.hint)));
}

void
scorecard_notice_segments(const char *hint)
{
	ereport(NOTICE,
			(errmsg("the segments of the card are not used: every row is scored by the card itself"),
			 errhint("%s", hint)));
}

static Card *
decode_card(const char *bytes, size_t length, Arena memory, int sqlstate)
{
	const char *what;
	Card	   *card = card_decode((const uint8_t *) bytes, length, memory, &what);

	if (card == NULL)
		ereport(ERROR,
				(errcode(sqlstate),
				 errmsg("invalid stored scorecard"),
				 errdetail("%s", what),
				 errhint("Write the card again from its JSON text.")));
	scorecard_check(card, memory, sqlstate);
	return card;
}

Card *
scorecard_read(const struct varlena *stored, MemoryContext context)
{
	return decode_card(VARDATA_ANY(stored), VARSIZE_ANY_EXHDR(stored), agr_arena(context),
					   ERRCODE_DATA_CORRUPTED);
}

const ScoreCard *
scorecard_compile(const struct varlena *stored, MemoryContext context)
{
	return score_compile(scorecard_read(stored, context), agr_arena(context));
}

struct varlena *
scorecard_store(const Card *card)
{
	Size		size = VARHDRSZ + card_encode(card, NULL);
	struct varlena *stored = palloc(size);

	card_encode(card, (uint8_t *) VARDATA(stored));
	SET_VARSIZE(stored, size);
	return stored;
}

/* ---------- text form ---------- */

static struct varlena *
parse(const StoredType *type, char *text)
{
	JsonReader	reader;
	JsonbValue	document;
	Card	   *card;

	json_open(&reader, type->name, ERRCODE_INVALID_TEXT_REPRESENTATION, CurrentMemoryContext);
	json_parse(&reader, text, &document);
	card = scorecard_read_json(&reader, &document);
	card_sort(card, reader.memory);
	scorecard_check(card, reader.memory, ERRCODE_INVALID_TEXT_REPRESENTATION);
	return scorecard_store(card);
}

static char *
print(const StoredType *type, struct varlena *value)
{
	StringInfoData out;

	initStringInfo(&out);
	scorecard_append_json(&out, scorecard_read(value, CurrentMemoryContext));
	return out.data;
}

static struct varlena *
receive(const StoredType *type, const uint8_t *bytes, size_t length, TextRecode recode)
{
	Arena		memory = agr_arena(CurrentMemoryContext);
	Card	   *card = decode_card((const char *) bytes, length, memory, ERRCODE_INVALID_BINARY_REPRESENTATION);

	card_recode(card, memory, recode);
	/* In another encoding, two texts may have become one. */
	if (GetDatabaseEncoding() != PG_UTF8)
		scorecard_check(card, memory, ERRCODE_INVALID_BINARY_REPRESENTATION);
	return scorecard_store(card);
}

static const StoredType scorecard_type = {
	.name = "scorecard",
	.has_texts = true,
	.parse = parse,
	.print = print,
	.receive = receive
};

STORED_TYPE_FUNCTIONS(agririsk_scorecard, &scorecard_type)

/* ---------- bins ---------- */

/* The places that follow bins and special values; returns how many. */
static int
get_other_places(const CardFeature *f, int32_t *place)
{
	int			n = 0;

	if (f->kind == CARD_LINEAR)
		place[n++] = SCORE_LINEAR;
	place[n++] = SCORE_MISSING;
	if (f->kind == CARD_CATEGORY)
		place[n++] = SCORE_UNSEEN;
	if (f->consent.length > 0)
		place[n++] = SCORE_NO_CONSENT;
	return n;
}

int
scorecard_n_places(const CardFeature *f)
{
	int32_t		place[4];

	return f->n_bins + f->n_specials + get_other_places(f, place);
}

int32_t
scorecard_place(const CardFeature *f, int number)
{
	int			n = f->n_bins + f->n_specials;
	int32_t		place[4];

	if (number <= n)
		return number - 1;
	(void) get_other_places(f, place);
	return place[number - n - 1];
}

int
scorecard_bin_number(const CardFeature *f, int32_t place)
{
	int32_t		other[4];
	int			i = 0;

	if (place >= 0)
		return place + 1;
	(void) get_other_places(f, other);
	while (other[i] != place)
		i++;
	return f->n_bins + f->n_specials + i + 1;
}

char *
scorecard_label(const CardFeature *f, int32_t place)
{
	StringInfoData label;
	uint32_t	i;

	initStringInfo(&label);
	if (place == SCORE_MISSING)
		appendStringInfoString(&label, "missing");
	else if (place == SCORE_UNSEEN)
		appendStringInfoString(&label, "unseen");
	else if (place == SCORE_NO_CONSENT)
		appendStringInfoString(&label, "no consent");
	else if (place == SCORE_LINEAR && f->center == 0)
		appendStringInfoString(&label, "linear");
	else if (place == SCORE_LINEAR)
		agr_append_number_field(&label, "linear from ", f->center);
	else if (place >= (int32_t) f->n_bins)
	{
		const CardSpecial *special = &f->special[place - f->n_bins];

		appendStringInfoString(&label, "special ");
		for (i = 0; i < special->n_values; i++)
			agr_append_number_field(&label, i > 0 ? ", " : "", special->value[i]);
	}
	else if (f->kind == CARD_CATEGORY)
		for (i = 0; i < f->bin[place].n_categories; i++)
			appendStringInfo(&label, "%s%.*s", i > 0 ? ", " : "",
							 (int) f->bin[place].category[i].length, f->bin[place].category[i].at);
	else if (f->n_bins == 1)
		appendStringInfoString(&label, "any value");
	else if (place == 0)
		agr_append_number_field(&label, "< ", f->cut[0]);
	else if (place + 1 == (int32_t) f->n_bins)
		agr_append_number_field(&label, ">= ", f->cut[place - 1]);
	else
	{
		agr_append_number_field(&label, "[", f->cut[place - 1]);
		agr_append_number_field(&label, ", ", f->cut[place]);
		appendStringInfoChar(&label, ')');
	}
	return label.data;
}

static Datum
categories_array(const CardBin *bin)
{
	Datum	   *element = palloc(sizeof(Datum) * bin->n_categories);
	uint32_t	i;

	for (i = 0; i < bin->n_categories; i++)
		element[i] = PointerGetDatum(agr_text(bin->category[i]));
	return PointerGetDatum(construct_array(element, bin->n_categories, TEXTOID, -1, false, TYPALIGN_INT));
}

/* The first row of bins(): no feature's, so that no feature's name can clash. */
static void
put_base_points(Tuplestorestate *rows, TupleDesc columns, const ScoreCard *sc)
{
	Datum		value[11] = {0};
	bool		null[11] = {true, true, false, true, true, true, true, false, true, true, true};

	value[2] = CStringGetTextDatum("base points");
	value[7] = Float8GetDatum(score_base_points(sc, &sc->root));
	tuplestore_putvalues(rows, columns, value, null);
}

void
scorecard_get_counts(const CardFeature *f, int32_t place, int64 *goods, int64 *bads)
{
	*goods = *bads = -1;
	if (place >= (int32_t) f->n_bins)
	{
		*goods = f->special[place - f->n_bins].goods;
		*bads = f->special[place - f->n_bins].bads;
	}
	else if (place >= 0)
	{
		*goods = f->bin[place].goods;
		*bads = f->bin[place].bads;
	}
	else if (place == SCORE_MISSING && f->missing == CARD_MISSING_WOE)
	{
		*goods = f->missing_goods;
		*bads = f->missing_bads;
	}
}

/* What a place counts under the card's own weights; of a linear feature one unit. */
static double
place_woe(const ScoreCard *sc, uint32_t i, int32_t place)
{
	const ScoreFeature *s = &sc->feature[i];
	double		weight = sc->root.weight[i];

	if (place >= 0)
		return s->woe[place];
	switch (place)
	{
		case SCORE_LINEAR:
			return 1;
		case SCORE_MISSING:
			return score_missing_woe(s, weight);
		case SCORE_UNSEEN:
			return score_unseen_woe(s, weight);
		default:
			return 0;
	}
}

/* A further row: a place of feature i. */
static void
put_bin(Tuplestorestate *rows, TupleDesc columns, const ScoreCard *sc, uint32_t i, int number)
{
	const CardFeature *f = &sc->card->feature[i];
	int32_t		place = scorecard_place(f, number);
	double		woe = place_woe(sc, i, place);
	bool		linear = place == SCORE_LINEAR;
	bool		number_bin = f->kind == CARD_NUMBER && place >= 0 && place < (int32_t) f->n_bins;
	bool		category_bin = f->kind == CARD_CATEGORY && place >= 0;
	Datum		value[11];
	bool		null[11] = {false};
	int64		goods;
	int64		bads;

	value[0] = PointerGetDatum(agr_text(f->name));
	value[1] = Int32GetDatum(number);
	value[2] = CStringGetTextDatum(scorecard_label(f, place));
	agr_set_number(value, null, 3, linear ? f->low : number_bin && place > 0 ? f->cut[place - 1] : NAN);
	agr_set_number(value, null, 4, linear ? f->high
				   : number_bin && place + 1 < (int32_t) f->n_bins ? f->cut[place] : NAN);
	null[5] = !category_bin;
	value[5] = null[5] ? (Datum) 0 : categories_array(&f->bin[place]);
	/* An unseen category that is an error has neither WOE nor points. */
	null[7] = place == SCORE_UNSEEN && f->unseen == CARD_UNSEEN_ERROR;
	/* One more of a linear feature has points, but is not a place that has a WOE. */
	null[6] = null[7] || linear;
	value[6] = Float8GetDatum(woe);
	value[7] = Float8GetDatum(score_feature_points(sc, sc->root.weight[i] * woe));
	scorecard_get_counts(f, place, &goods, &bads);
	null[8] = null[9] = goods < 0;
	value[8] = Int64GetDatum(goods + bads);
	value[9] = Int64GetDatum(bads);
	agr_set_number(value, null, 10, goods + bads > 0 ? (double) bads / (goods + bads) : NAN);
	tuplestore_putvalues(rows, columns, value, null);
}

Datum
agririsk_bins(PG_FUNCTION_ARGS)
{
	const ScoreCard *sc = scorecard_compile(PG_DETOAST_DATUM_PACKED(PG_GETARG_DATUM(0)),
											CurrentMemoryContext);
	TupleDesc	columns;
	Tuplestorestate *rows = agr_begin_rows(fcinfo, work_mem, &columns);
	uint32_t	i;
	int			number;

	put_base_points(rows, columns, sc);
	for (i = 0; i < sc->card->n_features; i++)
	{
		CHECK_FOR_INTERRUPTS();
		for (number = 1; number <= scorecard_n_places(&sc->card->feature[i]); number++)
			put_bin(rows, columns, sc, i, number);
	}
	return (Datum) 0;
}
