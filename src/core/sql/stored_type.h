/*
 * stored_type.h
 *		What every stored type does alike: input and output, the states of its
 *		aggregate on the way between workers, errors. Include postgres.h first.
 *
 * A type says what is its own in a StoredType; STORED_TYPE_FUNCTIONS makes the
 * functions that SQL knows of it, and sql/template/type.sql declares them. For
 * comparing and hashing see varlena.h.
 */
#ifndef AGRIRISK_STORED_TYPE_H
#define AGRIRISK_STORED_TYPE_H

#include "agririsk.h"
#include "core/math/bytes.h"
#include "core/sql/text_form.h"
#include "utils/jsonb.h"

typedef struct StoredType StoredType;

struct StoredType
{
	const char *name;
	const char *hint;			/* how the text form is written, a sentence */
	bool		has_texts;		/* so the binary form may not be the stored one */

	/* The value of a text form, and the reverse. */
	struct varlena *(*parse) (const StoredType *type, char *text);
	char	   *(*print) (const StoredType *type, struct varlena *value);

	/*
	 * The value that has these bytes, with its texts recoded: whatever the bytes
	 * are, it is in canonical form. NULL where they are damaged.
	 */
	struct varlena *(*receive) (const StoredType *type, const uint8_t *bytes, size_t length, TextRecode recode);
};

extern struct varlena *stored_type_receive(const StoredType *type, StringInfo message);
extern struct varlena *stored_type_send(const StoredType *type, Datum value);

#define STORED_TYPE_FUNCTIONS(prefix, type) \
	AGR_FUNCTION(prefix##_in); \
	Datum \
	prefix##_in(PG_FUNCTION_ARGS) \
	{ \
		PG_RETURN_POINTER((type)->parse(type, PG_GETARG_CSTRING(0))); \
	} \
	AGR_FUNCTION(prefix##_out); \
	Datum \
	prefix##_out(PG_FUNCTION_ARGS) \
	{ \
		PG_RETURN_CSTRING((type)->print(type, PG_GETARG_VARLENA_PP(0))); \
	} \
	AGR_FUNCTION(prefix##_recv); \
	Datum \
	prefix##_recv(PG_FUNCTION_ARGS) \
	{ \
		PG_RETURN_POINTER(stored_type_receive(type, (StringInfo) PG_GETARG_POINTER(0))); \
	} \
	AGR_FUNCTION(prefix##_send); \
	Datum \
	prefix##_send(PG_FUNCTION_ARGS) \
	{ \
		PG_RETURN_POINTER(stored_type_send(type, PG_GETARG_DATUM(0))); \
	}

/*
 * The functions of sql/template/workers.sql, for an aggregate whose state crosses
 * to another process as a value. The file has: State *create_state(MemoryContext),
 * add_state(State *, State *), struct varlena *make_value(State *) and
 * add_value(State *, struct varlena *).
 */
#define STORED_TYPE_WORKERS(prefix, State, aggregate) \
	AGR_FUNCTION(prefix##_combine); \
	Datum \
	prefix##_combine(PG_FUNCTION_ARGS) \
	{ \
		MemoryContext context = agr_aggregate_context(fcinfo, aggregate); \
		State	   *state; \
		/* A worker may have seen no rows, or none that counted. */ \
		if (PG_ARGISNULL(1)) \
			return agr_state_as_it_was(fcinfo); \
		state = PG_ARGISNULL(0) ? create_state(context) : (State *) PG_GETARG_POINTER(0); \
		add_state(state, (State *) PG_GETARG_POINTER(1)); \
		PG_RETURN_POINTER(state); \
	} \
	AGR_FUNCTION(prefix##_serialize); \
	Datum \
	prefix##_serialize(PG_FUNCTION_ARGS) \
	{ \
		(void) agr_aggregate_context(fcinfo, aggregate); \
		PG_RETURN_POINTER(make_value((State *) PG_GETARG_POINTER(0))); \
	} \
	AGR_FUNCTION(prefix##_deserialize); \
	Datum \
	prefix##_deserialize(PG_FUNCTION_ARGS) \
	{ \
		State	   *state; \
		(void) agr_aggregate_context(fcinfo, aggregate); \
		state = create_state(CurrentMemoryContext); \
		add_value(state, PG_GETARG_VARLENA_PP(0)); \
		PG_RETURN_POINTER(state); \
	}

/* What a transition returns for a row that says nothing. */
static inline Datum
agr_state_as_it_was(FunctionCallInfo fcinfo)
{
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	PG_RETURN_DATUM(PG_GETARG_DATUM(0));
}

/* A value of this many bytes, which the writer is to write. */
extern struct varlena *stored_type_allocate(size_t length, ByteWriter *writer);

/* The bytes of a detoasted value, as arguments of a kernel. */
#define STORED_BYTES(value) (const uint8_t *) VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value)

/* Errors: a stored value that is damaged, and a binary form; fault may be NULL. */
AGR_NORETURN extern void stored_type_damaged(const StoredType *type, const char *fault);
AGR_NORETURN extern void stored_type_bad_binary(const StoredType *type, size_t length, const char *fault);

/* A text form: what is wrong as a sentence; or at a place of the text. */
AGR_NORETURN extern void stored_type_bad_text(const StoredType *type, const char *detail);
AGR_NORETURN extern void stored_type_bad_text_at(const StoredType *type, const char *text, size_t at, const char *fault,
									int sqlstate);

/* A name in a message, quoted, without what is too long. */
extern char *agr_show_name(const char *name, size_t length);

/* A name as a JSON string; the scratch is the caller's. */
extern void agr_append_json_name(StringInfo out, StringInfo scratch, const char *name, size_t length);

/* A JSON number that is a whole number from 0 on, or -1. */
extern int64 agr_json_count(const JsonbValue *value);

#endif							/* AGRIRISK_STORED_TYPE_H */
