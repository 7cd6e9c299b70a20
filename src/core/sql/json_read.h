/*
 * json_read.h
 *		Reading values from JSON, with messages that name the place. Include
 *		postgres.h first.
 */
#ifndef AGRIRISK_JSON_READ_H
#define AGRIRISK_JSON_READ_H

#include "core/sql/show.h"
#include "shims.h"
#include "utils/jsonb.h"

/* Where in the document the reader is, as messages name it. */
typedef struct JsonReader
{
	StringInfoData path;
	const char *noun;			/* what the document is */
	int			sqlstate;		/* of its errors */
	Arena	memory;
} JsonReader;

extern void json_open(JsonReader *r, const char *noun, int sqlstate, MemoryContext context);

/*
 * Parses text as a document. jsonb keeps the last of equal keys; in what a
 * person writes that is a typing error, so it is one here.
 */
extern void json_parse(JsonReader *r, char *text, JsonbValue *document);

/* The document that a jsonb is. */
extern void json_document(Jsonb *json, JsonbValue *document);

/* Going to a key or an item, and back to the mark that was returned. */
extern int	json_enter_key(JsonReader *r, const char *key);
extern int	json_enter_item(JsonReader *r, int i);
extern void json_leave(JsonReader *r, int mark);

/* The error that a value is, at the place of the reader; NULL is a missing one. */
AGR_NORETURN extern void json_refuse(JsonReader *r, const JsonbValue *value, const char *what,
									 const char *hint);

/* An object with no other than these keys, "a, b, c". */
extern JsonbContainer *json_read_object(JsonReader *r, JsonbValue *value, const char *keys);
extern JsonbValue *json_get_field(JsonbContainer *object, const char *key);
extern JsonbContainer *json_read_array(JsonReader *r, JsonbValue *value, uint32_t *n);

/* Zeroed, at least one item. */
extern void *json_get_array(uint32_t n, size_t size);

extern double json_read_number(JsonReader *r, JsonbValue *value);
extern TextSpan json_read_text(JsonReader *r, JsonbValue *value);

/* Which of the words the value is: their number, from zero. */
extern int	json_read_word(JsonReader *r, JsonbValue *value, const char *const *word,
						   const char *hint);

/* Fields of an object; `absent` is for a word or a number that is not there. */
extern int	json_read_word_field(JsonReader *r, JsonbContainer *object, const char *key,
								 const char *const *word, int absent, const char *hint);
extern double json_read_number_field(JsonReader *r, JsonbContainer *object, const char *key,
									 const double *absent);
/* false where it is not there */
extern bool json_read_boolean_field(JsonReader *r, JsonbContainer *object, const char *key);

/* A number of rows; -1 is for one that is not there. */
extern int64 json_read_rows(JsonReader *r, JsonbValue *value);
extern int64 json_read_rows_field(JsonReader *r, JsonbContainer *object, const char *key,
								  bool required);
extern TextSpan json_read_text_field(JsonReader *r, JsonbContainer *object, const char *key,
									 bool required);

/* The error that options of an aggregate are where those of another row differ; NULL is none. */
extern void json_check_same(const char *function, const Jsonb *first, const Jsonb *given);

#endif							/* AGRIRISK_JSON_READ_H */
