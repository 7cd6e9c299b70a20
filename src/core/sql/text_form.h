/*
 * text_form.h
 *		What text forms that are JSON, and names in them, are checked for; texts
 *		of binary forms. Include postgres.h first.
 */
#ifndef AGRIRISK_TEXT_FORM_H
#define AGRIRISK_TEXT_FORM_H

#include "core/math/text_index.h"

/* Keys of all objects of a JSON text: jsonb keeps one of several equal keys. */
extern int64 agr_json_keys(char *json);

/*
 * Bytes in UTF-8, in which binary forms are, of a name in the database's
 * encoding; of one so short that they are at most `most` anyway, its length.
 */
extern size_t agr_utf8_length(const char *name, size_t length, size_t most);

/*
 * A text of a binary form in the database's encoding, checked, and the reverse.
 * In an SQL_ASCII database, which says nothing of what its bytes mean, they
 * stay, but must be UTF-8.
 */
extern TextSpan agr_from_utf8(TextSpan text);
extern TextSpan agr_to_utf8(TextSpan text);

#endif							/* AGRIRISK_TEXT_FORM_H */
