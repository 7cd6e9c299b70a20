/*
 * text_form.h
 *		What text forms that are JSON, and names in them, are checked for.
 */
#ifndef AGRIRISK_TEXT_FORM_H
#define AGRIRISK_TEXT_FORM_H

/* Keys of all objects of a JSON text: jsonb keeps one of those that are equal. */
extern int64 agr_json_keys(char *json);

/* Bytes of a name in UTF-8, the encoding of binary forms; it is in the database's. */
extern size_t agr_utf8_length(const char *name, size_t length);

#endif							/* AGRIRISK_TEXT_FORM_H */
