/*
 * text_form.c
 *		What text forms that are JSON, and names in them, are checked for; texts
 *		of binary forms.
 */
#include "postgres.h"

#include "common/jsonapi.h"
#include "mb/pg_wchar.h"
#include "utils/jsonfuncs.h"

#include "core/sql/text_form.h"
#include "shims.h"

static AGR_JSON_RESULT
count_key(void *state, char *name, bool isnull)
{
	++*(int64 *) state;
	AGR_JSON_GO_ON();
}

int64
agr_json_keys(char *json)
{
	int64		keys = 0;
	JsonSemAction action = {.semstate = &keys, .object_field_start = count_key};
	JsonLexContext *lex = agr_json_lexer(json, strlen(json), GetDatabaseEncoding(), false);

	pg_parse_json_or_ereport(lex, &action);
	return keys;
}

size_t
agr_utf8_length(const char *name, size_t length, size_t most)
{
	char	   *converted;
	size_t		bytes;

	if (GetDatabaseEncoding() == PG_UTF8 || length <= most / MAX_CONVERSION_GROWTH)
		return length;
	converted = pg_server_to_any(name, length, PG_UTF8);
	if (converted == name)
		return length;
	bytes = strlen(converted);
	pfree(converted);
	return bytes;
}

static TextSpan
recode(TextSpan text, char *(*convert) (const char *, int, int))
{
	char	   *converted = convert(text.at, text.length, PG_UTF8);

	if (converted == text.at)
		return text;
	return (TextSpan) {converted, strlen(converted)};
}

TextSpan
agr_from_utf8(TextSpan text)
{
	return recode(text, pg_any_to_server);
}

TextSpan
agr_to_utf8(TextSpan text)
{
	return recode(text, pg_server_to_any);
}
