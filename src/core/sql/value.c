/*
 * value.c
 *		Values of a row as models take them: as numbers, and as the bytes of
 *		categories.
 */
#include "postgres.h"

#include "core/sql/value.h"

#include "access/htup_details.h"
#include "catalog/pg_enum.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

ValueKind
value_kind(Oid type)
{
	switch (type)
	{
		case FLOAT8OID:
			return VALUE_FLOAT8;
		case FLOAT4OID:
			return VALUE_FLOAT4;
		case INT2OID:
			return VALUE_INT2;
		case INT4OID:
			return VALUE_INT4;
		case INT8OID:
			return VALUE_INT8;
		case NUMERICOID:
			return VALUE_NUMERIC;
		case BOOLOID:
			return VALUE_BOOL;
		case TEXTOID:
		case VARCHAROID:
			return VALUE_TEXT;
		case BPCHAROID:
			return VALUE_BPCHAR;
		case NAMEOID:
			return VALUE_NAME;
		default:
			return type_is_enum(type) ? VALUE_ENUM : VALUE_UNUSABLE;
	}
}

bool
value_is_number(ValueKind kind)
{
	return kind >= VALUE_FLOAT8 && kind <= VALUE_NUMERIC;
}

bool
value_is_category(ValueKind kind)
{
	return (kind >= VALUE_INT2 && kind <= VALUE_INT8) ||
		(kind >= VALUE_BOOL && kind <= VALUE_ENUM);
}

double
value_number(ValueKind kind, Datum value)
{
	switch (kind)
	{
		case VALUE_FLOAT8:
			return DatumGetFloat8(value);
		case VALUE_FLOAT4:
			return DatumGetFloat4(value);
		case VALUE_INT2:
			return DatumGetInt16(value);
		case VALUE_INT4:
			return DatumGetInt32(value);
		case VALUE_INT8:
			return (double) DatumGetInt64(value);
		default:
			return DatumGetFloat8(DirectFunctionCall1(numeric_float8, value));
	}
}

const char *
value_bytes(ValueKind kind, Datum value, char *buffer, size_t *length)
{
	const char *at = buffer;

	switch (kind)
	{
		case VALUE_INT2:
			*length = pg_itoa(DatumGetInt16(value), buffer);
			break;
		case VALUE_INT4:
			*length = pg_ltoa(DatumGetInt32(value), buffer);
			break;
		case VALUE_INT8:
			*length = pg_lltoa(DatumGetInt64(value), buffer);
			break;
		case VALUE_BOOL:
			at = DatumGetBool(value) ? "true" : "false";
			*length = strlen(at);
			break;
		case VALUE_NAME:
			at = NameStr(*DatumGetName(value));
			*length = strlen(at);
			break;
		case VALUE_ENUM:
			{
				HeapTuple	label = SearchSysCache1(ENUMOID, value);

				if (!HeapTupleIsValid(label))
					elog(ERROR, "invalid internal value for enum: %u", DatumGetObjectId(value));
				at = pstrdup(NameStr(((Form_pg_enum) GETSTRUCT(label))->enumlabel));
				*length = strlen(at);
				ReleaseSysCache(label);
				break;
			}
		default:
			{
				text	   *t = DatumGetTextPP(value);

				at = VARDATA_ANY(t);
				*length = VARSIZE_ANY_EXHDR(t);
				/* char(n) pads with blanks that mean nothing. */
				if (kind == VALUE_BPCHAR)
					*length = bpchartruelen((char *) at, *length);
				break;
			}
	}
	return at;
}

ValueKind
value_argument_kind(FunctionCallInfo fcinfo, int argument)
{
	FmgrInfo   *flinfo = fcinfo->flinfo;
	ValueKind  *kind = flinfo->fn_extra;
	Oid			type;

	if (kind == NULL)
		kind = flinfo->fn_extra = MemoryContextAllocZero(flinfo->fn_mcxt, sizeof(ValueKind) * flinfo->fn_nargs);
	if (kind[argument] != VALUE_UNUSABLE)
		return kind[argument];
	type = get_fn_expr_argtype(flinfo, argument);
	if (!value_is_category(value_kind(type)))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("a value of type %s is not a category", format_type_be(type)),
				 errdetail("A category is text, varchar, char, name, an enum, boolean or an integer."),
				 errhint("Cast the value to text, or round numbers and dates to a few groups first.")));
	return kind[argument] = value_kind(type);
}
