/*
 * markup.c
 *		Text inside XML, HTML and SVG.
 */
#include "postgres.h"

#include "core/sql/markup.h"

#include "mb/pg_wchar.h"

void
agr_append_attribute(StringInfo out, const char *key, const char *at, size_t length)
{
	size_t		i;

	/* Readers turn tabs and line ends into blanks unless they are escaped. */
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
