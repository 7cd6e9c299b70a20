/*
 * text_form.h
 *		What text forms that are JSON, and names in them, are checked for.
 */
#ifndef AGRIRISK_TEXT_FORM_H
#define AGRIRISK_TEXT_FORM_H

/* Keys of all objects of a JSON text: jsonb keeps one of those that are equal. */
extern int64 agr_json_keys(char *json);

/*
 * Bytes in UTF-8, in which binary forms are, of a name in the database's
 * encoding; of one so short that they are at most `most` anyway, its length.
 */
extern size_t agr_utf8_length(const char *name, size_t length, size_t most);

#endif							/* AGRIRISK_TEXT_FORM_H */
