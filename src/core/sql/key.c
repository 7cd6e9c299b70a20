/*
 * key.c
 *		Keys of the rows of a query: integers, text or uuid, as the function's
 *		argument key_type names them.
 */
#include "postgres.h"

#include "agririsk.h"
#include "core/sql/key.h"

#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/uuid.h"

static int
integer_size(Oid type)
{
	return type == INT2OID ? 2 : type == INT4OID ? 4 : 8;
}

static bool
is_key_type(Oid type)
{
	return agr_is_integer(type) || agr_is_text(type) || type == UUIDOID;
}

Oid
agr_key_type(FunctionCallInfo fcinfo, int argument, const char *function)
{
	Oid			type = get_fn_expr_argtype(fcinfo->flinfo, argument);

	/* Nor of a domain, whose check nobody would ask. */
	if (!is_key_type(type))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("%s has no keys of type %s", function, format_type_be(type)),
				 errdetail("Keys are smallint, integer, bigint, text, varchar or uuid."),
				 errhint("Cast the key to text in the query, and give key_type => null::text. Other arguments are given by name.")));
	if (!PG_ARGISNULL(argument))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("key_type of %s must be NULL", function),
				 errdetail("Only the type of this argument counts. It has a value."),
				 errhint("Give key_type => null::%s. Other arguments are given by name.", format_type_be(type))));
	return type;
}

/* Whether every key of one type is one of the other. */
static bool
holds_keys(Oid key_type, Oid type)
{
	if (agr_is_integer(type))
		return agr_is_integer(key_type) && integer_size(type) <= integer_size(key_type);
	return agr_is_text(type) ? agr_is_text(key_type) : type == key_type;
}

Oid
agr_check_key(const QueryReader *reader, TupleDesc row, int column, Oid key_type)
{
	Oid			type = getBaseType(TupleDescAttr(row, column)->atttypid);

	if (is_key_type(type) && holds_keys(key_type, type))
		return type;
	ereport(ERROR,
			(errcode(ERRCODE_DATATYPE_MISMATCH),
			 errmsg("a key of %s does not have the type of key_type", reader->argument),
			 errdetail("Column %d, \"%s\", is %s. key_type is %s.", column + 1,
					   NameStr(TupleDescAttr(row, column)->attname),
					   format_type_be(TupleDescAttr(row, column)->atttypid), format_type_be(key_type)),
			 is_key_type(type) ?
			 errhint("Give key_type => null::%s, or cast the column in the query.", format_type_be(type)) :
			 errhint("Select %s, in this order. Cast the key to bigint or text if it is something else.",
					 reader->columns)));
}

const char *
agr_key_bytes(Oid type, Datum key, Size *length)
{
	struct varlena *text;

	if (type == UUIDOID)
	{
		*length = UUID_LEN;
		return (const char *) DatumGetUUIDP(key)->data;
	}
	text = PG_DETOAST_DATUM_PACKED(key);
	*length = VARSIZE_ANY_EXHDR(text);
	return VARDATA_ANY(text);
}

Datum
agr_integer_key(Oid type, int64 number)
{
	return type == INT8OID ? Int64GetDatum(number) :
		type == INT4OID ? Int32GetDatum((int32) number) : Int16GetDatum((int16) number);
}

Datum
agr_named_key(Oid type, const char *bytes, Size length)
{
	return type == UUIDOID ? PointerGetDatum(bytes) :
		PointerGetDatum(cstring_to_text_with_len(bytes, length));
}
