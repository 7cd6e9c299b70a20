/*
 * key.h
 *		Keys of the rows of a query: integers, text or uuid, as the function's
 *		argument key_type names them. Include postgres.h first.
 */
#ifndef AGRIRISK_KEY_H
#define AGRIRISK_KEY_H

#include "core/sql/query.h"
#include "fmgr.h"

/*
 * The type of the keys of the result: that of the argument, whose value must be
 * NULL. An error if there are no such keys.
 */
extern Oid	agr_key_type(FunctionCallInfo fcinfo, int argument, const char *function);

/* An error unless a query's column holds such keys; gives the column's type. */
extern Oid	agr_check_key(const QueryReader *reader, TupleDesc row, int column, Oid key_type);

/* The bytes of a key that is no integer. They may lie in the current memory context. */
extern const char *agr_key_bytes(Oid type, Datum key, Size *length);

/* A key of the result from an integer, and from bytes, which a uuid goes on to use. */
extern Datum agr_integer_key(Oid type, int64 number);
extern Datum agr_named_key(Oid type, const char *bytes, Size length);

#endif							/* AGRIRISK_KEY_H */
