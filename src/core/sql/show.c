/*
 * show.c
 *		Numbers and texts as values and messages show them.
 */
#include "postgres.h"

#include "core/sql/show.h"

#include "common/shortest_dec.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/json.h"

void
agr_append_number(StringInfo out, double x)
{
	char		digits[DOUBLE_SHORTEST_DECIMAL_LEN];

	double_to_shortest_decimal_buf(x, digits);
	appendStringInfoString(out, digits);
}

void
agr_append_number_field(StringInfo out, const char *before, double x)
{
	appendStringInfoString(out, before);
	agr_append_number(out, x);
}

char *
agr_show_number(double x)
{
	char	   *digits = palloc(DOUBLE_SHORTEST_DECIMAL_LEN);

	double_to_shortest_decimal_buf(x, digits);
	return digits;
}

void
agr_append_clipped(StringInfo out, const char *at, int length)
{
	escape_json(out, pnstrdup(at, pg_mbcliplen(at, length, 80)));
}

void
agr_append_quoted(StringInfo out, char quote, const char *at, size_t length)
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

text *
agr_text(TextSpan t)
{
	return cstring_to_text_with_len(t.at, t.length);
}

static void *
alloc_in_context(void *context, size_t size)
{
	return MemoryContextAllocHuge((MemoryContext) context, size);
}

Arena
agr_arena(MemoryContext context)
{
	Arena	memory = {alloc_in_context, context};

	return memory;
}
