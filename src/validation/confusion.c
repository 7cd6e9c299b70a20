/*
 * confusion.c
 *		Type confusion: input and output, aggregates, measures.
 */
#include "postgres.h"

#include "agririsk.h"

#include <math.h>

#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"

#include "core/rows/key_sums.h"
#include "core/math/ratio_math.h"
#include "core/sql/record.h"
#include "core/sql/stored_type.h"
#include "core/sql/value.h"
#include "validation/confusion_math.h"

/* Above any cell's three names with a zero byte between them. */
#define MAX_KEY		(3 * CONFUSION_MAX_NAME + 2)

/*
 * Sums of rows by stratum, truth and prediction: the key is the three names with
 * zero bytes between them, which no text holds, so that the order of keys is
 * that of the cells.
 */
typedef struct ConfusionState
{
	KeySums    *sums;
	int64		excluded;
	int64		total;
} ConfusionState;

static struct varlena *parse(const StoredType *type, char *text);
static char *print(const StoredType *type, struct varlena *value);
static struct varlena *receive(const StoredType *type, const uint8_t *bytes, size_t length, TextRecode recode);

static const StoredType confusion_type = {
	.name = "confusion",
	.hint = "Write a cell as [\"truth\", \"predicted\", count] or [\"truth\", \"predicted\", \"stratum\", count], like '{\"counts\": [[\"rice\", \"maize\", 5]], \"excluded\": 0}'.",
	.has_texts = true,
	.parse = parse,
	.print = print,
	.receive = receive
};

/* Errors. */

static void
name_too_long(const char *name, size_t length, size_t bytes)
{
	ereport(ERROR,
			(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
			 errmsg("name of a class or stratum is too long"),
			 errdetail("%s has %zu bytes%s. At most %d are allowed.", agr_show_name(name, length), bytes,
					   bytes == length ? "" : " in UTF-8", CONFUSION_MAX_NAME),
			 errhint("Give short names or codes.")));
}

/* A name that is new: it must fit the binary form, too. */
static ConfusionName
new_name(const char *name, size_t length)
{
	size_t		bytes = agr_utf8_length(name, length, CONFUSION_MAX_NAME);

	if (bytes > CONFUSION_MAX_NAME)
		name_too_long(name, length, bytes);
	return (ConfusionName) {name, length, 0};
}

static void
too_many_cells(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
			 errmsg("confusion has too many cells"),
			 errdetail("Strata, true and predicted classes make more than %d combinations.", CONFUSION_MAX_CELLS),
			 errhint("Check that the columns are classes, not keys. If they are classes, use fewer of them.")));
}

static void
too_many_rows(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("too many rows"),
			 errdetail("Counted and excluded rows together exceed %lld.", (long long) PG_INT64_MAX),
			 errhint("A weight is a whole number of equal rows. Give the weights in a larger unit, such as thousands.")));
}

/* States. */

static ConfusionState *
create_state(MemoryContext context)
{
	ConfusionState *state = MemoryContextAllocZero(context, sizeof *state);

	state->sums = key_sums_create(context);
	return state;
}

static void
count_rows(ConfusionState *state, int64 *number, int64 added)
{
	if ((Signed128) state->total + state->excluded + added > PG_INT64_MAX)
		too_many_rows();
	*number += added;
}

static char *
append_name(char *at, const char *name, size_t length)
{
	if (length > CONFUSION_MAX_NAME)
		name_too_long(name, length, length);
	memcpy(at, name, length);
	return at + length;
}

static void
add_cell(ConfusionState *state, const ConfusionName *stratum, const ConfusionName *truth,
		 const ConfusionName *predicted, int64 count)
{
	char		key[MAX_KEY];
	char	   *end = append_name(key, stratum->name, stratum->length);

	*end++ = '\0';
	end = append_name(end, truth->name, truth->length);
	*end++ = '\0';
	end = append_name(end, predicted->name, predicted->length);
	count_rows(state, &state->total, count);
	key_sums_add_count(state->sums, key, end - key, count);
	if (state->sums->count > CONFUSION_MAX_CELLS)
		too_many_cells();
}

/* A value read from its stored bytes, whose names stay there. */
static Confusion *
read_value(const uint8_t *bytes, size_t length)
{
	Confusion  *c = palloc(sizeof *c);

	if (!confusion_read_shape(bytes, length, c))
		return NULL;
	c->name = palloc(c->names * sizeof(ConfusionName) + 1);
	c->cell = palloc(c->cells * sizeof(ConfusionCell) + 1);
	return confusion_read(bytes, length, c) ? c : NULL;
}

static Confusion *
get_value(struct varlena *value)
{
	Confusion  *c = read_value(STORED_BYTES(value));

	if (c == NULL)
		stored_type_damaged(&confusion_type, NULL);
	return c;
}

static void
add_counts(ConfusionState *state, const Confusion *c)
{
	uint32		i;

	count_rows(state, &state->excluded, c->excluded);
	for (i = 0; i < c->cells; i++)
		add_cell(state, &c->name[c->cell[i].stratum], &c->name[c->cell[i].truth],
				 &c->name[c->cell[i].predicted], c->cell[i].count);
}

static void
add_value(ConfusionState *state, struct varlena *value)
{
	add_counts(state, get_value(value));
}

static struct varlena *
write_value(const Confusion *c)
{
	ByteWriter	writer = {NULL, 0};
	struct varlena *value;

	confusion_write(c, &writer);
	value = stored_type_allocate(writer.length, &writer);
	confusion_write(c, &writer);
	return value;
}

static int
order_names(const void *a, const void *b)
{
	return confusion_compare_names(a, b);
}

/* The three names of a key. */
static void
split_key(const KeySums *sums, uint32 i, ConfusionName *name)
{
	const char *at = key_sums_key(sums, i);
	const char *end = at + sums->keys[i].key_length;
	int			k;

	for (k = 0; k < 3; k++)
	{
		const char *stop = k < 2 ? memchr(at, '\0', end - at) : end;

		name[k].name = at;
		name[k].length = stop - at;
		name[k].place = 0;
		at = stop + 1;
	}
}

static uint32
place_of(const Confusion *c, const ConfusionName *name)
{
	const ConfusionName *found = bsearch(name, c->name, c->names, sizeof *name, order_names);

	return found - c->name;
}

/* The one value that holds these counts; the state is not changed. */
static struct varlena *
make_value(const ConfusionState *state)
{
	const KeySums *sums = state->sums;
	uint32	   *order = key_sums_order(sums);
	Confusion	c = {0};
	uint32		i,
				k;

	c.excluded = state->excluded;
	c.name = palloc(sums->count * 3 * sizeof(ConfusionName) + 1);
	c.cell = palloc(sums->count * sizeof(ConfusionCell) + 1);
	for (i = 0; i < sums->count; i++)
		split_key(sums, i, c.name + 3 * i);
	qsort(c.name, sums->count * 3, sizeof(ConfusionName), order_names);
	for (i = 0; i < sums->count * 3; i++)
		if (c.names == 0 || confusion_compare_names(&c.name[c.names - 1], &c.name[i]) != 0)
			c.name[c.names++] = c.name[i];
	for (i = 0; i < sums->count; i++)
	{
		ConfusionName name[3];
		uint32		place[3];

		split_key(sums, order[i], name);
		for (k = 0; k < 3; k++)
			place[k] = place_of(&c, &name[k]);
		c.cell[c.cells++] = (ConfusionCell) {place[0], place[1], place[2], key_sums_count(sums, order[i])};
	}
	return write_value(&c);
}

/* Input and output. */

static void
bad_text(const char *detail, int at)
{
	stored_type_bad_text(&confusion_type, at < 0 ? detail : psprintf("Cell %d: %s", at + 1, detail));
}

static void
read_text_cell(ConfusionState *state, JsonbValue *cell, int at)
{
	JsonbContainer *array = cell->val.binary.data;
	ConfusionName name[3];
	uint32		size;
	int64		count;
	uint32		i;

	if (cell->type != jbvBinary || !JsonContainerIsArray(array))
		bad_text("it is not an array", at);
	size = JsonContainerSize(array);
	if (size != 3 && size != 4)
		bad_text("it must have three or four elements", at);
	for (i = 0; i < size - 1; i++)
	{
		JsonbValue *element = getIthJsonbValueFromContainer(array, i);

		if (element->type != jbvString)
			bad_text("a name must be a string", at);
		name[i] = new_name(element->val.string.val, element->val.string.len);
	}
	count = agr_json_count(getIthJsonbValueFromContainer(array, size - 1));
	if (count < 0)
		bad_text("the count must be a whole number, 0 or more", at);
	if (count > 0)
		add_cell(state, size == 4 ? &name[2] : &name[1], &name[0], &name[1], count);
}

static struct varlena *
parse(const StoredType *type, char *text)
{
	Jsonb	   *json = DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(text)));
	ConfusionState *state = create_state(CurrentMemoryContext);
	JsonbValue	storage;
	JsonbValue *counts;
	JsonbValue *excluded;
	int			i;

	if (!JB_ROOT_IS_OBJECT(json))
		bad_text("It is not a JSON object", -1);
	counts = getKeyJsonValueFromContainer(&json->root, "counts", 6, NULL);
	if (counts == NULL || counts->type != jbvBinary || !JsonContainerIsArray(counts->val.binary.data))
		bad_text("It has no array \"counts\"", -1);
	excluded = getKeyJsonValueFromContainer(&json->root, "excluded", 8, &storage);
	if (JB_ROOT_COUNT(json) != (excluded ? 2 : 1))
		bad_text("It has a key other than \"counts\" and \"excluded\"", -1);
	if (excluded)
	{
		int64		number = agr_json_count(excluded);

		if (number < 0)
			bad_text("\"excluded\" must be a whole number, 0 or more", -1);
		count_rows(state, &state->excluded, number);
	}
	for (i = 0; i < JsonContainerSize(counts->val.binary.data); i++)
	{
		CHECK_FOR_INTERRUPTS();
		read_text_cell(state, getIthJsonbValueFromContainer(counts->val.binary.data, i), i);
	}
	if (agr_json_keys(text) != JB_ROOT_COUNT(json))
		bad_text("A key is given twice", -1);
	return make_value(state);
}

static void
append_name_item(StringInfo text, StringInfo scratch, const ConfusionName *name)
{
	agr_append_json_name(text, scratch, name->name, name->length);
	appendStringInfoString(text, ", ");
}

static char *
print(const StoredType *type, struct varlena *value)
{
	Confusion  *c = get_value(value);
	StringInfoData text;
	StringInfoData scratch;
	uint32		i;

	initStringInfo(&text);
	initStringInfo(&scratch);
	appendStringInfoString(&text, "{\"counts\": [");
	for (i = 0; i < c->cells; i++)
	{
		const ConfusionCell *cell = &c->cell[i];

		CHECK_FOR_INTERRUPTS();
		appendStringInfoString(&text, i > 0 ? ", [" : "[");
		append_name_item(&text, &scratch, &c->name[cell->truth]);
		append_name_item(&text, &scratch, &c->name[cell->predicted]);
		if (cell->stratum != cell->predicted)
			append_name_item(&text, &scratch, &c->name[cell->stratum]);
		appendStringInfo(&text, "%lld]", (long long) cell->count);
	}
	appendStringInfo(&text, "], \"excluded\": %lld}", (long long) c->excluded);
	return text.data;
}

static struct varlena *
receive(const StoredType *type, const uint8_t *bytes, size_t length, TextRecode recode)
{
	ConfusionState *state = create_state(CurrentMemoryContext);
	Confusion  *c = read_value(bytes, length);
	uint32		i;

	if (c == NULL)
		return NULL;
	for (i = 0; i < c->names; i++)
	{
		TextSpan	text = recode((TextSpan) {c->name[i].name, c->name[i].length});

		c->name[i].name = text.at;
		c->name[i].length = text.length;
	}
	add_counts(state, c);
	return make_value(state);
}

STORED_TYPE_FUNCTIONS(agririsk_confusion, &confusion_type)

/* Aggregation. */

/*
 * A row of confusion_agg(truth, predicted [, stratum [, weight]]). A row with a
 * NULL is excluded, and counted as many times as its weight says.
 */
static pg_attribute_always_inline Datum
add_row(FunctionCallInfo fcinfo, bool of_text)
{
	int			nargs = PG_NARGS();
	char		buffer[3][VALUE_BUFFER];
	ConfusionState *state = PG_ARGISNULL(0) ? NULL : (ConfusionState *) PG_GETARG_POINTER(0);
	ConfusionName name[3];
	int64		weight = 1;
	bool		unknown = false;
	int			i;

	if (nargs > 4 && !PG_ARGISNULL(4))
		weight = PG_GETARG_INT64(4);
	if (weight < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("weight of a confusion must not be negative"),
				 errdetail("A weight is %lld.", (long long) weight),
				 errhint("A weight is the number of equal rows that the row stands for, 0 or more.")));

	/* A weight is the number of equal rows, so a weight of 0 is no row. */
	if (weight == 0)
	{
		if (state == NULL)
			PG_RETURN_NULL();
		PG_RETURN_POINTER(state);
	}
	if (state == NULL)
		state = create_state(agr_aggregate_context(fcinfo, "confusion_agg"));
	for (i = 1; i < nargs; i++)
		unknown = unknown || PG_ARGISNULL(i);
	if (unknown)
		count_rows(state, &state->excluded, weight);
	else
	{
		for (i = 0; i < Min(nargs - 1, 3); i++)
		{
			if (of_text)
			{
				text	   *value = PG_GETARG_TEXT_PP(i + 1);

				name[i] = new_name(VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value));
			}
			else
			{
				size_t		length;
				const char *at = value_bytes(value_argument_kind(fcinfo, i + 1), PG_GETARG_DATUM(i + 1), buffer[i], &length);

				name[i] = new_name(at, length);
			}
		}
		add_cell(state, &name[nargs > 3 ? 2 : 1], &name[0], &name[1], weight);
	}
	PG_RETURN_POINTER(state);
}

AGR_FUNCTION(agririsk_confusion_add);
Datum
agririsk_confusion_add(PG_FUNCTION_ARGS)
{
	return add_row(fcinfo, true);
}

AGR_FUNCTION(agririsk_confusion_add_any);
Datum
agririsk_confusion_add_any(PG_FUNCTION_ARGS)
{
	return add_row(fcinfo, false);
}

static void
add_state(ConfusionState *a, const ConfusionState *b)
{
	uint32		i;

	count_rows(a, &a->excluded, b->excluded);
	for (i = 0; i < b->sums->count; i++)
	{
		ConfusionName name[3];

		CHECK_FOR_INTERRUPTS();
		split_key(b->sums, i, name);
		add_cell(a, &name[0], &name[1], &name[2], key_sums_count(b->sums, i));
	}
}

STORED_TYPE_WORKERS(agririsk_confusion, ConfusionState, "confusion_agg")

AGR_FUNCTION(agririsk_confusion_final);
Datum
agririsk_confusion_final(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	PG_RETURN_POINTER(make_value((ConfusionState *) PG_GETARG_POINTER(0)));
}

AGR_FUNCTION(agririsk_confusion_merge);
Datum
agririsk_confusion_merge(PG_FUNCTION_ARGS)
{
	Confusion  *a = get_value(PG_GETARG_VARLENA_PP(0));
	Confusion  *b = get_value(PG_GETARG_VARLENA_PP(1));
	Confusion	merged;
	ConfusionStatus status;

	merged.name = palloc((a->names + b->names) * sizeof(ConfusionName) + 1);
	merged.cell = palloc((a->cells + b->cells) * sizeof(ConfusionCell) + 1);
	status = confusion_merge(a, b, &merged);
	if (status == CONFUSION_TOO_MANY_ROWS)
		too_many_rows();
	if (status == CONFUSION_TOO_MANY_CELLS)
		too_many_cells();
	PG_RETURN_POINTER(write_value(&merged));
}

/* Measures. */

static Datum
share(FunctionCallInfo fcinfo, int64 part, int64 whole)
{
	if (whole == 0)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(ratio_round(part, whole));
}

static ConfusionClass *
get_classes(const Confusion *c, int64 *correct)
{
	ConfusionClass *class = palloc(c->names * sizeof(ConfusionClass) + 1);
	int64		all = confusion_classes(c, class);

	if (correct)
		*correct = all;
	return class;
}

AGR_FUNCTION(agririsk_confusion_accuracy);
Datum
agririsk_confusion_accuracy(PG_FUNCTION_ARGS)
{
	Confusion  *c = get_value(PG_GETARG_VARLENA_PP(0));
	int64		correct;

	get_classes(c, &correct);
	return share(fcinfo, correct, c->total);
}

AGR_FUNCTION(agririsk_confusion_kappa);
Datum
agririsk_confusion_kappa(PG_FUNCTION_ARGS)
{
	Confusion  *c = get_value(PG_GETARG_VARLENA_PP(0));
	double		kappa;

	if (!confusion_kappa(c, get_classes(c, NULL), &kappa))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(kappa);
}

AGR_FUNCTION(agririsk_confusion_n);
Datum
agririsk_confusion_n(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(get_value(PG_GETARG_VARLENA_PP(0))->total);
}

AGR_FUNCTION(agririsk_confusion_excluded);
Datum
agririsk_confusion_excluded(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(get_value(PG_GETARG_VARLENA_PP(0))->excluded);
}

/* The class that the second argument names; all zero if no row has it. */
static ConfusionClass
named_class(FunctionCallInfo fcinfo)
{
	Confusion  *c = get_value(PG_GETARG_VARLENA_PP(0));
	text	   *wanted = PG_GETARG_TEXT_PP(1);
	ConfusionName name = {VARDATA_ANY(wanted), VARSIZE_ANY_EXHDR(wanted), 0};
	ConfusionName *found = bsearch(&name, c->name, c->names, sizeof name, order_names);

	if (found == NULL)
		return (ConfusionClass) {0, 0, 0};
	return get_classes(c, NULL)[found - c->name];
}

AGR_FUNCTION(agririsk_confusion_users_accuracy);
Datum
agririsk_confusion_users_accuracy(PG_FUNCTION_ARGS)
{
	ConfusionClass class = named_class(fcinfo);

	return share(fcinfo, class.correct, class.mapped);
}

AGR_FUNCTION(agririsk_confusion_producers_accuracy);
Datum
agririsk_confusion_producers_accuracy(PG_FUNCTION_ARGS)
{
	ConfusionClass class = named_class(fcinfo);

	return share(fcinfo, class.correct, class.reference);
}

static double
f1(const ConfusionClass *class)
{
	return ratio_round(2 * (Unsigned128) class->correct, (Unsigned128) class->mapped + class->reference);
}

AGR_FUNCTION(agririsk_confusion_f1);
Datum
agririsk_confusion_f1(PG_FUNCTION_ARGS)
{
	ConfusionClass class = named_class(fcinfo);

	if (class.mapped == 0 && class.reference == 0)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(f1(&class));
}

static Datum
name_datum(const ConfusionName *name)
{
	return PointerGetDatum(cstring_to_text_with_len(name->name, name->length));
}

AGR_FUNCTION(agririsk_confusion_matrix);
Datum
agririsk_confusion_matrix(PG_FUNCTION_ARGS)
{
	Confusion  *c = get_value(PG_GETARG_VARLENA_PP(0));
	TupleDesc	columns;
	Tuplestorestate *rows = agr_begin_rows(fcinfo, work_mem, &columns);
	bool		null[4] = {false};
	uint32		i;

	for (i = 0; i < c->cells; i++)
	{
		const ConfusionCell *cell = &c->cell[i];
		Datum		value[4] = {name_datum(&c->name[cell->stratum]), name_datum(&c->name[cell->truth]),
		name_datum(&c->name[cell->predicted]), Int64GetDatum(cell->count)};

		CHECK_FOR_INTERRUPTS();
		tuplestore_putvalues(rows, columns, value, null);
	}
	return (Datum) 0;
}

AGR_FUNCTION(agririsk_confusion_class_accuracy);
Datum
agririsk_confusion_class_accuracy(PG_FUNCTION_ARGS)
{
	Confusion  *c = get_value(PG_GETARG_VARLENA_PP(0));
	ConfusionClass *class = get_classes(c, NULL);
	TupleDesc	columns;
	Tuplestorestate *rows = agr_begin_rows(fcinfo, work_mem, &columns);
	uint32		i;

	for (i = 0; i < c->names; i++)
	{
		Datum		value[7] = {name_datum(&c->name[i]), Int64GetDatum(class[i].mapped),
		Int64GetDatum(class[i].reference), Int64GetDatum(class[i].correct)};
		bool		null[7] = {false};

		CHECK_FOR_INTERRUPTS();
		if (class[i].mapped == 0 && class[i].reference == 0)
			continue;			/* a stratum only */
		agr_set_number(value, null, 4, class[i].mapped == 0 ? NAN : ratio_round(class[i].correct, class[i].mapped));
		agr_set_number(value, null, 5, class[i].reference == 0 ? NAN : ratio_round(class[i].correct, class[i].reference));
		agr_set_number(value, null, 6, f1(&class[i]));
		tuplestore_putvalues(rows, columns, value, null);
	}
	return (Datum) 0;
}

/* Areas. */

static void
bad_area(const char *name, size_t length, const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("mapped area must be a finite number, 0 or more"),
			 errdetail("The area of %s is %s.", agr_show_name(name, length), what),
			 errhint("Give the area of each stratum in one unit, like '{\"rice\": 1200, \"maize\": 800.5}'.")));
}

static double
json_area(const JsonbValue *key, const JsonbValue *value)
{
	char	   *text;
	double		area;

	if (value->type != jbvNumeric)
		bad_area(key->val.string.val, key->val.string.len, "not a number");
	text = numeric_normalize(value->val.numeric);
	area = strtod(text, NULL);
	if (!isfinite(area) || area < 0)
		bad_area(key->val.string.val, key->val.string.len,
				 isinf(area) ? "beyond the range of double precision" : text);
	return area;
}

static void
check_areas(const Confusion *c, double *area)
{
	uint32		i;

	for (i = 0; i < c->cells; i++)
	{
		const ConfusionName *stratum = &c->name[c->cell[i].stratum];

		if (isnan(area[c->cell[i].stratum]))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("mapped area of a stratum is missing"),
					 errdetail("No area of %s is given.", agr_show_name(stratum->name, stratum->length)),
					 errhint("Give the area of every stratum. Where confusion_agg was given no strata, the strata are the predicted classes.")));
	}
	for (i = 0; i < c->names; i++)
		if (isnan(area[i]))
			area[i] = 0;
}

/* The areas of the second argument; returns the total, also of strata without a row. */
static double
get_areas(const Confusion *c, Jsonb *json, ConfusionAreas *areas)
{
	double	   *area = palloc(c->names * sizeof(double) + 1);
	double		total = 0;
	JsonbIterator *it;
	JsonbIteratorToken token;
	JsonbValue	key;
	JsonbValue	value;
	uint32		i;

	if (!JB_ROOT_IS_OBJECT(json))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("mapped areas must be given as a JSON object"),
				 errdetail("The value is %s.", JsonbToCString(NULL, &json->root, VARSIZE(json))),
				 errhint("Write '{\"rice\": 1200, \"maize\": 800.5}', or use jsonb_object_agg(class, area).")));
	memset(areas, 0, sizeof *areas);
	for (i = 0; i < c->names; i++)
		area[i] = NAN;
	it = JsonbIteratorInit(&json->root);
	while ((token = JsonbIteratorNext(&it, &key, true)) != WJB_DONE)
	{
		ConfusionName name;
		ConfusionName *found;
		double		number;

		if (token != WJB_KEY)
			continue;
		(void) JsonbIteratorNext(&it, &value, true);
		number = json_area(&key, &value);
		name.name = key.val.string.val;
		name.length = key.val.string.len;
		found = bsearch(&name, c->name, c->names, sizeof name, order_names);
		if (found)
			area[found - c->name] = number;
		else if (number > 0)
			areas->unsampled = true;
		total += number;
	}
	check_areas(c, area);
	areas->area = area;
	confusion_weigh_strata(c, areas);
	if (isinf(total))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("sum of mapped areas out of range"),
				 errdetail("The areas together exceed 1.79e308."),
				 errhint("Give the areas in a larger unit.")));
	return total;
}

AGR_FUNCTION(agririsk_confusion_area_adjusted);
Datum
agririsk_confusion_area_adjusted(PG_FUNCTION_ARGS)
{
	Confusion  *c = get_value(PG_GETARG_VARLENA_PP(0));
	ConfusionClass *class = get_classes(c, NULL);
	ConfusionAreas areas;
	double		total = get_areas(c, PG_GETARG_JSONB_P(1), &areas);
	TupleDesc	columns;
	Tuplestorestate *rows = agr_begin_rows(fcinfo, work_mem, &columns);
	uint32		i;

	for (i = 0; i < c->names; i++)
	{
		Datum		value[12] = {name_datum(&c->name[i]), Int64GetDatum(class[i].mapped),
		Int64GetDatum(class[i].reference), Int64GetDatum(class[i].correct)};
		bool		null[12] = {false};
		ConfusionArea adjusted;

		CHECK_FOR_INTERRUPTS();
		if (class[i].mapped == 0 && class[i].reference == 0)
			continue;
		adjusted = confusion_area(c, &areas, i);
		agr_set_number(value, null, 4, adjusted.share.value);
		agr_set_number(value, null, 5, adjusted.share.se);
		agr_set_number(value, null, 6, adjusted.share.value * total);
		agr_set_number(value, null, 7, adjusted.share.se * total);
		agr_set_number(value, null, 8, adjusted.users.value);
		agr_set_number(value, null, 9, adjusted.users.se);
		agr_set_number(value, null, 10, adjusted.producers.value);
		agr_set_number(value, null, 11, adjusted.producers.se);
		tuplestore_putvalues(rows, columns, value, null);
	}
	return (Datum) 0;
}

AGR_FUNCTION(agririsk_confusion_area_adjusted_accuracy);
Datum
agririsk_confusion_area_adjusted_accuracy(PG_FUNCTION_ARGS)
{
	Confusion  *c = get_value(PG_GETARG_VARLENA_PP(0));
	ConfusionAreas areas;
	Estimate	accuracy;
	Datum		value[2];
	bool		null[2];

	get_areas(c, PG_GETARG_JSONB_P(1), &areas);
	accuracy = confusion_area_accuracy(c, &areas);
	agr_set_number(value, null, 0, accuracy.value);
	agr_set_number(value, null, 1, accuracy.se);
	return agr_make_row(fcinfo, value, null);
}
