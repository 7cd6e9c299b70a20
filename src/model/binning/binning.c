/*
 * binning.c
 *		The binning of a feature as an SQL type: JSON in and out, bins, IV, WOE.
 */
#include "postgres.h"

#include "agririsk.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "core/sql/record.h"
#include "core/sql/stored_type.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "model/binning/binning.h"
#include "core/sql/json_read.h"
#include "model/card/scorecard.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

static const char *const kind_words[] = {"number", "category", NULL};
const char *const binning_missing_words[] = {"bin", "worst", "best", "neutral", NULL};
const char *const binning_unseen_words[] = {"average", "worst", "error", NULL};
const char *const binning_trend_words[] = {"none", "ascending", "descending", "peak", "valley", NULL};

static const char missing_hint[] = "Give \"bin\", \"worst\", \"best\" or \"neutral\".";
static const char unseen_hint[] = "Give \"average\", \"worst\" or \"error\".";
static const char trend_hint[] = "Give \"none\", \"ascending\", \"descending\", \"peak\" or \"valley\".";

/* ---------- stored bytes ---------- */

struct varlena *
binning_store(const Binning *binning)
{
	Size		size = VARHDRSZ + binning_encode(binning, NULL);
	struct varlena *stored = palloc(size);

	binning_encode(binning, (uint8_t *) VARDATA(stored));
	SET_VARSIZE(stored, size);
	return stored;
}

static Binning *
decode(const char *bytes, Size length, MemoryContext context, int sqlstate)
{
	Arena	memory = agr_arena(context);
	Binning    *binning = binning_decode((const uint8_t *) bytes, length, memory);
	const char *fault = binning ? binning_check(binning, memory) : "its bytes are not in canonical form";

	if (fault)
		ereport(ERROR,
				(errcode(sqlstate),
				 errmsg("invalid stored binning"),
				 errdetail("It has %zu bytes, and the fault is that %s.", length, fault),
				 errhint("Write the binning again from its JSON text.")));
	return binning;
}

Binning *
binning_read(const struct varlena *stored, MemoryContext context)
{
	Binning    *binning = decode(VARDATA_ANY(stored), VARSIZE_ANY_EXHDR(stored), context,
								 ERRCODE_DATA_CORRUPTED);

	binning_weigh(binning);
	return binning;
}

/* ---------- from JSON ---------- */

static void
read_part(JsonReader *r, JsonbContainer *object, BinPart *part)
{
	part->cell.count[BIN_GOOD] = json_read_rows_field(r, object, "goods", true);
	part->cell.count[BIN_BAD] = json_read_rows_field(r, object, "bads", true);
}

static void
read_categories(JsonReader *r, JsonbContainer *bin, BinCategories *list)
{
	int			mark = json_enter_key(r, "categories");
	JsonbContainer *array = json_read_array(r, json_get_field(bin, "categories"), &list->n);
	uint32		c;

	list->text = json_get_array(list->n, sizeof *list->text);
	for (c = 0; c < list->n; c++)
	{
		int			item = json_enter_item(r, c);

		list->text[c] = json_read_text(r, getIthJsonbValueFromContainer(array, c));
		json_leave(r, item);
	}
	json_leave(r, mark);
}

static void
read_bins(JsonReader *r, JsonbContainer *root, Binning *binning)
{
	bool		number = binning->kind == CARD_NUMBER;
	int			mark = json_enter_key(r, "bins");
	JsonbContainer *bins = json_read_array(r, json_get_field(root, "bins"), &binning->n_bins);
	uint32		i;

	binning->bin = json_get_array(binning->n_bins, sizeof *binning->bin);
	binning->cut = json_get_array(binning->n_bins, sizeof *binning->cut);
	binning->categories = json_get_array(binning->n_bins, sizeof *binning->categories);
	for (i = 0; i < binning->n_bins; i++)
	{
		int			item = json_enter_item(r, i);
		JsonbContainer *bin = json_read_object(r, getIthJsonbValueFromContainer(bins, i),
											   number ? "high, goods, bads" : "categories, goods, bads");

		read_part(r, bin, &binning->bin[i]);
		if (!number)
			read_categories(r, bin, &binning->categories[i]);
		else if (i + 1 < binning->n_bins)
			binning->cut[i] = json_read_number_field(r, bin, "high", NULL);
		else if (json_get_field(bin, "high") != NULL)
		{
			json_enter_key(r, "high");
			json_refuse(r, json_get_field(bin, "high"), "the last bin has no upper edge",
						"Leave it out: every number has to fall into a bin.");
		}
		json_leave(r, item);
	}
	json_leave(r, mark);
}

static void
read_specials(JsonReader *r, JsonbContainer *root, Binning *binning)
{
	JsonbValue *value = json_get_field(root, "special");
	int			mark = json_enter_key(r, "special");
	uint32		i;

	if (value != NULL)
	{
		JsonbContainer *specials = json_read_array(r, value, &binning->n_specials);

		binning->special = json_get_array(binning->n_specials, sizeof *binning->special);
		binning->special_value = json_get_array(binning->n_specials, sizeof(double));
		for (i = 0; i < binning->n_specials; i++)
		{
			int			item = json_enter_item(r, i);
			JsonbContainer *special = json_read_object(r, getIthJsonbValueFromContainer(specials, i),
													   "value, goods, bads");

			binning->special_value[i] = json_read_number_field(r, special, "value", NULL);
			read_part(r, special, &binning->special[i]);
			json_leave(r, item);
		}
	}
	json_leave(r, mark);
}

static void
read_missing(JsonReader *r, JsonbContainer *root, Binning *binning)
{
	JsonbValue *value = json_get_field(root, "missing");
	int			mark = json_enter_key(r, "missing");

	if (value != NULL)
	{
		JsonbContainer *missing = json_read_object(r, value, "policy, goods, bads");

		binning->missing_policy = (BinMissing) json_read_word_field(r, missing, "policy", binning_missing_words,
																	BIN_MISSING_BIN, missing_hint);
		read_part(r, missing, &binning->missing);
	}
	json_leave(r, mark);
}

static void
read_excluded(JsonReader *r, JsonbContainer *root, Binning *binning)
{
	JsonbValue *value = json_get_field(root, "excluded");
	int			mark = json_enter_key(r, "excluded");

	if (value != NULL)
	{
		JsonbContainer *excluded = json_read_object(r, value, "outcome, weight");

		binning->no_outcome = json_read_rows_field(r, excluded, "outcome", true);
		binning->no_weight = json_read_rows_field(r, excluded, "weight", true);
	}
	json_leave(r, mark);
}

static void
read_outcomes(JsonReader *r, JsonbContainer *root, Binning *binning)
{
	JsonbValue *value = json_get_field(root, "trends");
	int			mark = json_enter_key(r, "trends");
	JsonbContainer *trends = value == NULL ? NULL :
		json_read_object(r, value, "none, ascending, descending, peak, valley");
	int			t;

	for (t = 0; t < BIN_TRENDS; t++)
	{
		BinOutcome *outcome = &binning->outcome[t];
		JsonbValue *item = trends ? json_get_field(trends, binning_trend_words[t]) : NULL;
		int			at = json_enter_key(r, binning_trend_words[t]);

		outcome->held_out = NAN;
		if (item != NULL)
		{
			JsonbContainer *object = json_read_object(r, item, "bins, iv, out_of_fold_iv");
			int64		bins = json_read_rows_field(r, object, "bins", true);

			if (bins < 1 || bins > BIN_MAX_CELLS)
			{
				json_enter_key(r, "bins");
				json_refuse(r, json_get_field(object, "bins"), "out of range",
							"Give a whole number from 1 to 500, or leave the trend out.");
			}
			outcome->bins = (int32) bins;
			outcome->iv = json_read_number_field(r, object, "iv", NULL);
			if (json_get_field(object, "out_of_fold_iv") != NULL)
				outcome->held_out = json_read_number_field(r, object, "out_of_fold_iv", NULL);
		}
		json_leave(r, at);
	}
	json_leave(r, mark);
}

Binning *
binning_parse(char *text)
{
	Binning    *binning = palloc0(sizeof *binning);
	JsonReader	reader;
	JsonReader *r = &reader;
	JsonbValue	document;
	JsonbContainer *root;
	const char *fault;
	int			mark;

	json_open(r, "binning", ERRCODE_INVALID_TEXT_REPRESENTATION, CurrentMemoryContext);
	json_parse(r, text, &document);
	root = json_read_object(r, &document, "format, type, trend, bins, special, missing, unseen, excluded, trends");
	if (json_read_number_field(r, root, "format", NULL) != BINNING_VERSION)
	{
		json_enter_key(r, "format");
		json_refuse(r, json_get_field(root, "format"), "unknown format",
					"This version of agririsk reads format 1.");
	}
	mark = json_enter_key(r, "type");
	binning->kind = (CardKind) json_read_word(r, json_get_field(root, "type"), kind_words,
											  "Give \"number\" or \"category\".");
	json_leave(r, mark);
	binning->trend = (BinTrend) json_read_word_field(r, root, "trend", binning_trend_words, BIN_NONE, trend_hint);
	binning->unseen = (CardUnseen) json_read_word_field(r, root, "unseen", binning_unseen_words, CARD_UNSEEN_AVERAGE, unseen_hint);
	read_bins(r, root, binning);
	read_specials(r, root, binning);
	read_missing(r, root, binning);
	read_excluded(r, root, binning);
	read_outcomes(r, root, binning);
	binning_sort(binning);
	fault = binning_check(binning, reader.memory);
	if (fault)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("invalid binning"),
				 errdetail("The fault is that %s.", fault),
				 errhint("Keep what optimal_bins wrote; doc/binning.md has the format.")));
	return binning;
}

/* ---------- to JSON ---------- */

static void
append_number(StringInfo out, const char *before, double x)
{
	appendStringInfoString(out, before);
	agr_append_number(out, x);
}

static void
append_part(StringInfo out, const BinPart *part)
{
	appendStringInfo(out, "\"goods\": %lld, \"bads\": %lld}",
					 (long long) part->cell.count[BIN_GOOD], (long long) part->cell.count[BIN_BAD]);
}

static void
append_bins(StringInfo out, const Binning *binning)
{
	uint32		i,
				c;

	appendStringInfoString(out, ", \"bins\": [");
	for (i = 0; i < binning->n_bins; i++)
	{
		CHECK_FOR_INTERRUPTS();
		appendStringInfoString(out, i > 0 ? ", {" : "{");
		if (binning->kind == CARD_CATEGORY)
		{
			appendStringInfoString(out, "\"categories\": [");
			for (c = 0; c < binning->categories[i].n; c++)
			{
				TextSpan	text = binning->categories[i].text[c];

				appendStringInfoString(out, c > 0 ? ", " : "");
				escape_json(out, pnstrdup(text.at, text.length));
			}
			appendStringInfoString(out, "], ");
		}
		else if (i + 1 < binning->n_bins)
		{
			append_number(out, "\"high\": ", binning->cut[i]);
			appendStringInfoString(out, ", ");
		}
		append_part(out, &binning->bin[i]);
	}
	appendStringInfoChar(out, ']');
}

static void
append_outcomes(StringInfo out, const Binning *binning)
{
	bool		any = false;
	int			t;

	for (t = 0; t < BIN_TRENDS; t++)
	{
		const BinOutcome *outcome = &binning->outcome[t];

		if (outcome->bins == 0)
			continue;
		appendStringInfo(out, "%s\"%s\": {\"bins\": %d", any ? ", " : ", \"trends\": {", binning_trend_words[t], outcome->bins);
		append_number(out, ", \"iv\": ", outcome->iv);
		if (!isnan(outcome->held_out))
			append_number(out, ", \"out_of_fold_iv\": ", outcome->held_out);
		appendStringInfoChar(out, '}');
		any = true;
	}
	if (any)
		appendStringInfoChar(out, '}');
}

static char *
print(const StoredType *type, struct varlena *value)
{
	Binning    *binning = binning_read(value, CurrentMemoryContext);
	StringInfoData out;
	uint32		i;

	initStringInfo(&out);
	appendStringInfo(&out, "{\"format\": %d, \"type\": \"%s\", \"trend\": \"%s\"", BINNING_VERSION,
					 kind_words[binning->kind], binning_trend_words[binning->trend]);
	append_bins(&out, binning);
	for (i = 0; i < binning->n_specials; i++)
	{
		append_number(&out, i > 0 ? ", {\"value\": " : ", \"special\": [{\"value\": ", binning->special_value[i]);
		appendStringInfoString(&out, ", ");
		append_part(&out, &binning->special[i]);
	}
	if (binning->n_specials > 0)
		appendStringInfoChar(&out, ']');
	appendStringInfo(&out, ", \"missing\": {\"policy\": \"%s\", ", binning_missing_words[binning->missing_policy]);
	append_part(&out, &binning->missing);
	if (binning->unseen != CARD_UNSEEN_AVERAGE)
		appendStringInfo(&out, ", \"unseen\": \"%s\"", binning_unseen_words[binning->unseen]);
	if (binning->no_outcome > 0 || binning->no_weight > 0)
		appendStringInfo(&out, ", \"excluded\": {\"outcome\": %lld, \"weight\": %lld}",
						 (long long) binning->no_outcome, (long long) binning->no_weight);
	append_outcomes(&out, binning);
	appendStringInfoChar(&out, '}');
	return out.data;
}

/* ---------- the type ---------- */

static struct varlena *
parse(const StoredType *type, char *text)
{
	return binning_store(binning_parse(text));
}

static struct varlena *
receive(const StoredType *type, const uint8_t *bytes, size_t length, TextRecode recode)
{
	Binning    *binning = decode((const char *) bytes, length, CurrentMemoryContext, ERRCODE_INVALID_BINARY_REPRESENTATION);

	binning_recode(binning, recode);
	/* In another encoding, two categories may have become one. */
	if (binning_check(binning, agr_arena(CurrentMemoryContext)) != NULL)
		return NULL;
	return binning_store(binning);
}

static const StoredType binning_type = {
	.name = "binning",
	.has_texts = true,
	.parse = parse,
	.print = print,
	.receive = receive
};

STORED_TYPE_FUNCTIONS(agririsk_binning, &binning_type)

/* ---------- questions ---------- */

static Datum
number_or_null(double x, bool *null)
{
	*null = isnan(x);
	return *null ? (Datum) 0 : Float8GetDatum(x);
}

static Datum
categories_array(const BinCategories *list)
{
	Datum	   *element = palloc(sizeof(Datum) * Max(list->n, 1));
	uint32		i;

	for (i = 0; i < list->n; i++)
		element[i] = PointerGetDatum(agr_text(list->text[i]));
	return PointerGetDatum(construct_array(element, list->n, TEXTOID, -1, false, TYPALIGN_INT));
}

/* A row of bins(); which edges and categories it has is the caller's to set. */
static void
put_part(Tuplestorestate *rows, TupleDesc columns, int number, const char *label, const BinPart *part,
		 Datum *value, bool *null)
{
	int64		n = part->cell.count[BIN_GOOD] + part->cell.count[BIN_BAD];

	value[0] = Int32GetDatum(number);
	value[1] = CStringGetTextDatum(label);
	value[5] = Int64GetDatum(n);
	value[6] = Int64GetDatum(part->cell.count[BIN_BAD]);
	value[7] = number_or_null(n > 0 ? (double) part->cell.count[BIN_BAD] / (double) n : NAN, &null[7]);
	value[8] = Float8GetDatum(part->woe);
	value[9] = number_or_null(part->iv, &null[9]);
	null[0] = null[1] = null[5] = null[6] = null[8] = false;
	tuplestore_putvalues(rows, columns, value, null);
}

AGR_FUNCTION(agririsk_binning_bins);
Datum
agririsk_binning_bins(PG_FUNCTION_ARGS)
{
	Binning    *binning = binning_read(PG_GETARG_VARLENA_PP(0), CurrentMemoryContext);
	CardFeature feature = {{0}};	/* what labels are made of, so that a card has the same */
	TupleDesc	columns;
	Tuplestorestate *rows = agr_begin_rows(fcinfo, work_mem, &columns);
	bool		number = binning->kind == CARD_NUMBER;
	Datum		value[10] = {0};
	bool		none[10] = {true, true, true, true, true, true, true, true, true, true};
	bool		null[10];
	int			at = 0;
	uint32		i;

	binning_feature(binning, &feature, agr_arena(CurrentMemoryContext));
	for (i = 0; i < binning->n_bins; i++)
	{
		CHECK_FOR_INTERRUPTS();
		memcpy(null, none, sizeof null);
		null[2] = !number || i == 0;
		null[3] = !number || i + 1 == binning->n_bins;
		null[4] = number;
		value[2] = null[2] ? (Datum) 0 : Float8GetDatum(binning->cut[i - 1]);
		value[3] = null[3] ? (Datum) 0 : Float8GetDatum(binning->cut[i]);
		value[4] = null[4] ? (Datum) 0 : categories_array(&binning->categories[i]);
		put_part(rows, columns, ++at, scorecard_label(&feature, i), &binning->bin[i], value, null);
	}
	for (i = 0; i < binning->n_specials; i++)
	{
		memcpy(null, none, sizeof null);
		put_part(rows, columns, ++at, scorecard_label(&feature, binning->n_bins + i), &binning->special[i], value, null);
	}
	memcpy(null, none, sizeof null);
	put_part(rows, columns, ++at, scorecard_label(&feature, SCORE_MISSING), &binning->missing, value, null);
	return (Datum) 0;
}

AGR_FUNCTION(agririsk_binning_trends);
Datum
agririsk_binning_trends(PG_FUNCTION_ARGS)
{
	Binning    *binning = binning_read(PG_GETARG_VARLENA_PP(0), CurrentMemoryContext);
	TupleDesc	columns;
	Tuplestorestate *rows = agr_begin_rows(fcinfo, work_mem, &columns);
	int			t;

	for (t = 0; t < BIN_TRENDS; t++)
	{
		const BinOutcome *outcome = &binning->outcome[t];
		Datum		value[5] = {0};
		bool		null[5] = {false};

		value[0] = CStringGetTextDatum(binning_trend_words[t]);
		value[1] = Int32GetDatum(outcome->bins);
		null[1] = outcome->bins == 0;
		value[2] = number_or_null(outcome->bins == 0 ? NAN : outcome->iv, &null[2]);
		value[3] = number_or_null(outcome->bins == 0 ? NAN : outcome->held_out, &null[3]);
		value[4] = BoolGetDatum(t == (int) binning->trend);
		tuplestore_putvalues(rows, columns, value, null);
	}
	return (Datum) 0;
}

AGR_FUNCTION(agririsk_binning_iv);
Datum
agririsk_binning_iv(PG_FUNCTION_ARGS)
{
	Binning    *binning = binning_read(PG_GETARG_VARLENA_PP(0), CurrentMemoryContext);

	if (isnan(binning->iv))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(binning->iv);
}

AGR_FUNCTION(agririsk_binning_excluded);
Datum
agririsk_binning_excluded(PG_FUNCTION_ARGS)
{
	Binning    *binning = binning_read(PG_GETARG_VARLENA_PP(0), CurrentMemoryContext);

	PG_RETURN_INT64(binning->no_outcome + binning->no_weight);
}

/* ---------- where a value falls ---------- */

TextSpan
binning_category(Oid type, Datum value)
{
	TextSpan	text;

	if (type == TEXTOID)
	{
		struct varlena *bytes = PG_DETOAST_DATUM_PACKED(value);

		text.at = VARDATA_ANY(bytes);
		text.length = VARSIZE_ANY_EXHDR(bytes);
	}
	else
	{
		text.at = type != BOOLOID ? DatumGetCString(DirectFunctionCall1(enum_out, value)) :
			DatumGetBool(value) ? "true" : "false";
		text.length = strlen(text.at);
	}
	return text;
}

/* A binning read once for many values; kept by a call site. */
typedef struct BinningSite
{
	MemoryContext context;
	struct varlena *stored;		/* as it was given, perhaps a toast pointer */
	Size		size;
	Binning    *binning;
	TextIndex  *index;			/* of categories */
	double		unseen_woe;
	Oid			type;			/* of the values */
} BinningSite;

static void
prepare_site(BinningSite *site, struct varlena *argument)
{
	MemoryContext caller = CurrentMemoryContext;
	Binning    *binning;
	uint64		n = 0;
	uint32		i,
				c;

	site->size = 0;
	MemoryContextReset(site->context);
	MemoryContextSwitchTo(site->context);
	site->stored = palloc(VARSIZE_ANY(argument));
	memcpy(site->stored, argument, VARSIZE_ANY(argument));
	binning = binning_read(PG_DETOAST_DATUM_COPY(PointerGetDatum(argument)), site->context);
	site->binning = binning;
	site->unseen_woe = 0;
	if (binning->kind == CARD_CATEGORY)
	{
		double		most = -INFINITY;

		for (i = 0; i < binning->n_bins; i++)
		{
			n += binning->categories[i].n;
			most = fmax(most, binning->bin[i].woe);
		}
		if (binning->unseen == CARD_UNSEEN_WORST)
			site->unseen_woe = most;
		site->index = text_index_create(agr_arena(site->context), (uint32) n);
		for (i = 0; i < binning->n_bins; i++)
			for (c = 0; c < binning->categories[i].n; c++)
				text_index_add(site->index, binning->categories[i].text[c], i);
	}
	MemoryContextSwitchTo(caller);
	site->size = VARSIZE_ANY(argument);
}

static BinningSite *
get_site(FunctionCallInfo fcinfo)
{
	FmgrInfo   *flinfo = fcinfo->flinfo;
	BinningSite *site = flinfo->fn_extra;
	struct varlena *argument = (struct varlena *) PG_GETARG_POINTER(0);

	if (site == NULL)
	{
		site = MemoryContextAllocZero(flinfo->fn_mcxt, sizeof *site);
		site->context = AllocSetContextCreate(flinfo->fn_mcxt, "agririsk binning", ALLOCSET_SMALL_SIZES);
		site->type = get_fn_expr_argtype(flinfo, 1);
		flinfo->fn_extra = site;
	}
	/* A toast pointer names its value; a pointer into memory does not. */
	if (VARATT_IS_EXTERNAL(argument) && !VARATT_IS_EXTERNAL_ONDISK(argument))
		argument = (struct varlena *) PG_DETOAST_DATUM(PointerGetDatum(argument));
	if (site->size != VARSIZE_ANY(argument) || memcmp(site->stored, argument, site->size) != 0)
		prepare_site(site, argument);
	return site;
}

static void
check_kind(const Binning *binning, CardKind kind)
{
	if (binning->kind != kind)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("the binning is of a %s", kind_words[binning->kind]),
				 errdetail("The value is a %s.", kind_words[kind]),
				 errhint("Cast the value to the type that was binned.")));
}

/* The place of a number among the bins, from 0; special values and missing follow. */
static uint32
place_number(const Binning *binning, double x)
{
	uint32		low = 0;
	uint32		high = binning->n_bins - 1;
	uint32		i;

	if (isnan(x))
		return binning->n_bins + binning->n_specials;
	if (isinf(x))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a value to be binned is infinite"),
				 errdetail("The value is %s.", x > 0 ? "Infinity" : "-Infinity"),
				 errhint("Make it NULL where the value is not known.")));
	for (i = 0; i < binning->n_specials; i++)
		if (x == binning->special_value[i])
			return binning->n_bins + i;
	while (low < high)
	{
		uint32		middle = low + (high - low) / 2;

		if (x >= binning->cut[middle])
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The same for a category; one that is unseen follows missing. */
static uint32
place_category(const BinningSite *site, TextSpan text)
{
	int64		bin = text_index_find(site->index, text.at, text.length);

	if (bin >= 0)
		return (uint32) bin;
	if (site->binning->unseen == CARD_UNSEEN_ERROR)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the binning does not know a category"),
				 errdetail("The value is \"%.*s\".", pg_mbcliplen(text.at, text.length, 200), text.at),
				 errhint("Bin with unseen => 'average' or 'worst', or with rows of that category.")));
	return site->binning->n_bins + site->binning->n_specials + 1;
}

static uint32
place_argument(FunctionCallInfo fcinfo, const BinningSite *site)
{
	const Binning *binning = site->binning;
	bool		number = site->type == FLOAT8OID;

	check_kind(binning, number ? CARD_NUMBER : CARD_CATEGORY);
	if (PG_ARGISNULL(1))
		return binning->n_bins + binning->n_specials;
	if (number)
		return place_number(binning, PG_GETARG_FLOAT8(1));
	return place_category(site, binning_category(site->type, PG_GETARG_DATUM(1)));
}

AGR_FUNCTION(agririsk_binning_bin);
Datum
agririsk_binning_bin(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	PG_RETURN_INT32((int32) place_argument(fcinfo, get_site(fcinfo)) + 1);
}

AGR_FUNCTION(agririsk_binning_woe);
Datum
agririsk_binning_woe(PG_FUNCTION_ARGS)
{
	const BinningSite *site;
	const Binning *binning;
	uint32		place;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	site = get_site(fcinfo);
	binning = site->binning;
	place = place_argument(fcinfo, site);
	if (place < binning->n_bins)
		PG_RETURN_FLOAT8(binning->bin[place].woe);
	place -= binning->n_bins;
	if (place < binning->n_specials)
		PG_RETURN_FLOAT8(binning->special[place].woe);
	PG_RETURN_FLOAT8(place == binning->n_specials ? binning->missing.woe : site->unseen_woe);
}
