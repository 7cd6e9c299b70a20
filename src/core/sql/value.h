/*
 * value.h
 *		Values of a row as models take them: as numbers, and as the bytes of
 *		categories. Include postgres.h first.
 */
#ifndef AGRIRISK_VALUE_H
#define AGRIRISK_VALUE_H

#include "fmgr.h"

/* What a column's type means to a model. */
typedef enum ValueKind
{
	VALUE_UNUSABLE,
	VALUE_FLOAT8,
	VALUE_FLOAT4,
	VALUE_INT2,
	VALUE_INT4,
	VALUE_INT8,
	VALUE_NUMERIC,
	VALUE_BOOL,
	VALUE_TEXT,
	VALUE_BPCHAR,
	VALUE_NAME,
	VALUE_ENUM
} ValueKind;

/* What values of the type are; for a type of no use, VALUE_UNUSABLE. */
extern ValueKind value_kind(Oid type);
extern bool value_is_number(ValueKind kind);
extern bool value_is_category(ValueKind kind);

/* A value of a kind that is a number. */
extern double value_number(ValueKind kind, Datum value);

/* The bytes of a text-like value, as categories and segments compare them. */
extern const char *value_bytes(ValueKind kind, Datum value, char *buffer, size_t *length);
#define VALUE_BUFFER 24

/*
 * The kind of an argument declared "any", which a call site keeps; a type whose
 * values are no categories is an error.
 */
extern ValueKind value_argument_kind(FunctionCallInfo fcinfo, int argument);

#endif							/* AGRIRISK_VALUE_H */
