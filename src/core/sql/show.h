/*
 * show.h
 *		Numbers and texts as values and messages show them. Include postgres.h
 *		first.
 */
#ifndef AGRIRISK_SHOW_H
#define AGRIRISK_SHOW_H

#include "core/math/text_index.h"
#include "lib/stringinfo.h"

/* A number in as many digits as it needs, whatever the settings. */
extern void agr_append_number(StringInfo out, double x);
extern char *agr_show_number(double x);

/* What stands before it, then the number. */
extern void agr_append_number_field(StringInfo out, const char *before, double x);

/* Text as JSON shows it, without what is too long for a message. */
extern void agr_append_clipped(StringInfo out, const char *at, int length);

/* Text as SQL quotes it: between two of these characters, each of its own doubled. */
extern void agr_append_quoted(StringInfo out, char quote, const char *at, size_t length);

extern text *agr_text(TextSpan t);

/* What is read or built lives in the memory context. */
extern Arena agr_arena(MemoryContext context);

#endif							/* AGRIRISK_SHOW_H */
