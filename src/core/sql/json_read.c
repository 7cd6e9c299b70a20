/*
 * json_read.c
 *		Reading values from JSON, with messages that name the place.
 */
#include "postgres.h"

#include "core/math/tally_math.h"
#include "core/sql/json_read.h"

#include <math.h>

#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"

int
json_enter_key(JsonReader *r, const char *key)
{
	int			mark = r->path.len;

	appendStringInfo(&r->path, "%s%s", mark > 0 ? "." : "", key);
	return mark;
}

int
json_enter_item(JsonReader *r, int i)
{
	int			mark = r->path.len;

	CHECK_FOR_INTERRUPTS();
	appendStringInfo(&r->path, "[%d]", i);
	return mark;
}

void
json_leave(JsonReader *r, int mark)
{
	r->path.len = mark;
	r->path.data[mark] = '\0';
}

void
json_refuse(JsonReader *r, const JsonbValue *value, const char *what, const char *hint)
{
	StringInfoData shown;

	initStringInfo(&shown);
	if (value == NULL)
		appendStringInfoString(&shown, "missing");
	else
		switch (value->type)
		{
			case jbvNull:
				appendStringInfoString(&shown, "null");
				break;
			case jbvBool:
				appendStringInfoString(&shown, value->val.boolean ? "true" : "false");
				break;
			case jbvNumeric:
				appendStringInfo(&shown, "%.80s",
								 DatumGetCString(DirectFunctionCall1(numeric_out,
																	 NumericGetDatum(value->val.numeric))));
				break;
			case jbvString:
				agr_append_clipped(&shown, value->val.string.val, value->val.string.len);
				break;
			default:
				appendStringInfoString(&shown,
									   JsonContainerIsArray(value->val.binary.data)
									   ? "an array" : "an object");
				break;
		}
	ereport(ERROR,
			(errcode(r->sqlstate),
			 errmsg("invalid %s%s%s: %s", r->noun, r->path.len > 0 ? " at " : "", r->path.data, what),
			 errdetail("The value is %s.", shown.data),
			 errhint("%s", hint)));
}

JsonbContainer *
json_read_object(JsonReader *r, JsonbValue *value, const char *keys)
{
	JsonbContainer *object;
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue	item;

	if (value == NULL || value->type != jbvBinary || !JsonContainerIsObject(value->val.binary.data))
		json_refuse(r, value, "not an object", psprintf("Give an object with the keys %s.", keys));
	object = value->val.binary.data;

	iterator = JsonbIteratorInit(object);
	while ((token = JsonbIteratorNext(&iterator, &item, true)) != WJB_DONE)
	{
		const char *at = keys;
		bool		known = false;

		if (token != WJB_KEY)
			continue;
		/* The keys are listed as a reader wants to see them: "a, b, c". */
		while (!known && *at != '\0')
		{
			size_t		length = strcspn(at, ",");

			known = length == item.val.string.len && memcmp(at, item.val.string.val, length) == 0;
			at += length;
			at += strspn(at, ", ");
		}
		if (!known)
			json_refuse(r, &item, "unknown key", psprintf("The keys known here are %s.", keys));
	}
	return object;
}

JsonbValue *
json_get_field(JsonbContainer *object, const char *key)
{
	return getKeyJsonValueFromContainer(object, key, strlen(key), NULL);
}

JsonbContainer *
json_read_array(JsonReader *r, JsonbValue *value, uint32_t *n)
{
	if (value == NULL || value->type != jbvBinary || !JsonContainerIsArray(value->val.binary.data))
		json_refuse(r, value, "not an array", "Give an array, [...].");
	*n = JsonContainerSize(value->val.binary.data);
	return value->val.binary.data;
}

void *
json_get_array(uint32_t n, size_t size)
{
	return palloc_extended(Max(n, 1) * size, MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
}

double
json_read_number(JsonReader *r, JsonbValue *value)
{
	double		x;

	if (value == NULL || value->type != jbvNumeric)
		json_refuse(r, value, "not a number", "Give a number.");
	/* Goes by the digits, so that each number has its nearest float8. */
	x = DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow,
										   NumericGetDatum(value->val.numeric)));
	if (!isfinite(x))
		json_refuse(r, value, "out of range", "Give a number that float8 can hold.");
	return x + 0.0;				/* negative zero is zero */
}

TextSpan
json_read_text(JsonReader *r, JsonbValue *value)
{
	TextSpan	text = {"", 0};

	if (value == NULL || value->type != jbvString)
		json_refuse(r, value, "not a string", "Give a string, \"...\".");
	if (value->val.string.len > 0)
	{
		text.at = value->val.string.val;
		text.length = value->val.string.len;
	}
	return text;
}

static bool
text_is(TextSpan text, const char *word)
{
	return text.length == strlen(word) && memcmp(text.at, word, text.length) == 0;
}

int
json_read_word(JsonReader *r, JsonbValue *value, const char *const *word, const char *hint)
{
	TextSpan	text = json_read_text(r, value);
	int			i;

	for (i = 0; word[i] != NULL; i++)
		if (text_is(text, word[i]))
			return i;
	json_refuse(r, value, "unknown word", hint);
}

int
json_read_word_field(JsonReader *r, JsonbContainer *object, const char *key, const char *const *word,
					 int absent, const char *hint)
{
	JsonbValue *value = json_get_field(object, key);
	int			mark = json_enter_key(r, key);
	int			found = value == NULL ? absent : json_read_word(r, value, word, hint);

	json_leave(r, mark);
	return found;
}

double
json_read_number_field(JsonReader *r, JsonbContainer *object, const char *key, const double *absent)
{
	JsonbValue *value = json_get_field(object, key);
	int			mark = json_enter_key(r, key);
	double		x = value == NULL && absent != NULL ? *absent : json_read_number(r, value);

	json_leave(r, mark);
	return x;
}

bool
json_read_boolean_field(JsonReader *r, JsonbContainer *object, const char *key)
{
	JsonbValue *value = json_get_field(object, key);
	int			mark = json_enter_key(r, key);

	if (value != NULL && value->type != jbvBool)
		json_refuse(r, value, "not true or false", "Give true or false.");
	json_leave(r, mark);
	return value != NULL && value->val.boolean;
}

int64
json_read_rows(JsonReader *r, JsonbValue *value)
{
	double		x = json_read_number(r, value);

	if (x < 0 || x > TALLY_MAX_TOTAL || x != floor(x))
		json_refuse(r, value, "not a number of rows", "Give a whole number from 0 to 1099511627776.");
	return (int64) x;
}

int64
json_read_rows_field(JsonReader *r, JsonbContainer *object, const char *key, bool required)
{
	JsonbValue *value = json_get_field(object, key);
	int			mark = json_enter_key(r, key);
	int64		rows = value == NULL && !required ? -1 : json_read_rows(r, value);

	json_leave(r, mark);
	return rows;
}

TextSpan
json_read_text_field(JsonReader *r, JsonbContainer *object, const char *key, bool required)
{
	TextSpan	text = {"", 0};
	JsonbValue *value = json_get_field(object, key);
	int			mark = json_enter_key(r, key);

	if (value != NULL || required)
		text = json_read_text(r, value);
	json_leave(r, mark);
	return text;
}

/* How many keys the objects of a well-formed JSON text have. */
static int64
count_keys_of_text(const char *json)
{
	int64		keys = 0;
	bool		quoted = false;

	for (; *json != '\0'; json++)
	{
		if (*json == '"')
			quoted = !quoted;
		else if (quoted && *json == '\\')
			json++;
		else if (!quoted && *json == ':')
			keys++;
	}
	return keys;
}

static int64
count_keys(Jsonb *json)
{
	JsonbIterator *iterator = JsonbIteratorInit(&json->root);
	JsonbIteratorToken token;
	JsonbValue	item;
	int64		keys = 0;

	while ((token = JsonbIteratorNext(&iterator, &item, false)) != WJB_DONE)
	{
		CHECK_FOR_INTERRUPTS();
		keys += token == WJB_KEY;
	}
	return keys;
}

void
json_open(JsonReader *r, const char *noun, int sqlstate, MemoryContext context)
{
	initStringInfo(&r->path);
	r->noun = noun;
	r->sqlstate = sqlstate;
	r->memory = agr_arena(context);
}

void
json_document(Jsonb *json, JsonbValue *document)
{
	if (JB_ROOT_IS_SCALAR(json))
		*document = *getIthJsonbValueFromContainer(&json->root, 0);
	else
	{
		document->type = jbvBinary;
		document->val.binary.data = &json->root;
		document->val.binary.len = VARSIZE_ANY_EXHDR(json);
	}
}

void
json_parse(JsonReader *r, char *text, JsonbValue *document)
{
	Jsonb	   *json = DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(text)));
	int64		written = count_keys_of_text(text);
	int64		kept = count_keys(json);

	if (written != kept)
		ereport(ERROR,
				(errcode(r->sqlstate),
				 errmsg("a key of the %s is given twice", r->noun),
				 errdetail("Of " INT64_FORMAT " keys, " INT64_FORMAT " are left when equal ones of an object count once.",
						   written, kept),
				 errhint("Look for an object that names the same key twice.")));
	json_document(json, document);
}

void
json_check_same(const char *function, const Jsonb *first, const Jsonb *given)
{
	if (first == NULL || given == NULL ? first == given :
		VARSIZE(first) == VARSIZE(given) && memcmp(first, given, VARSIZE(given)) == 0)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("options of %s differ within one group", function),
			 errdetail("One row says %s, another %s.",
					   first ? JsonbToCString(NULL, unconstify(JsonbContainer *, &first->root), 0) : "NULL",
					   given ? JsonbToCString(NULL, unconstify(JsonbContainer *, &given->root), 0) : "NULL"),
			 errhint("Group by what the options depend on.")));
}
