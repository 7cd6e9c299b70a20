/*
 * stored_type.c
 *		What every stored type does alike: input and output, errors.
 */
#include "postgres.h"

#include "core/sql/stored_type.h"

#include "libpq/pqformat.h"
#include "mb/pg_wchar.h"
#include "utils/json.h"
#include "utils/numeric.h"

struct varlena *
stored_type_receive(const StoredType *type, StringInfo message)
{
	int			length = message->len - message->cursor;
	const uint8_t *bytes = (const uint8_t *) pq_getmsgbytes(message, length);
	struct varlena *value = type->receive(type, bytes, length, agr_from_utf8);

	if (value == NULL)
		stored_type_bad_binary(type, length, NULL);
	return value;
}

struct varlena *
stored_type_send(const StoredType *type, Datum datum)
{
	struct varlena *value;

	if (GetDatabaseEncoding() == PG_UTF8 || !type->has_texts)
		return PG_DETOAST_DATUM_COPY(datum);
	value = PG_DETOAST_DATUM_PACKED(datum);
	value = type->receive(type, STORED_BYTES(value), agr_to_utf8);
	if (value == NULL)
		stored_type_damaged(type, NULL);
	return value;
}

struct varlena *
stored_type_allocate(size_t length, ByteWriter *writer)
{
	struct varlena *value = palloc(VARHDRSZ + length);

	SET_VARSIZE(value, VARHDRSZ + length);
	writer->buffer = (uint8_t *) VARDATA(value);
	writer->length = 0;
	return value;
}

void
stored_type_damaged(const StoredType *type, const char *fault)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED),
			 errmsg("invalid stored value of type %s", type->name),
			 fault ? errdetail("The decoder says: %s.", fault) :
			 errdetail("The bytes are not the stored form of a %s.", type->name),
			 errhint("Restore the value from a backup, or aggregate the rows again.")));
	pg_unreachable();
}

void
stored_type_bad_binary(const StoredType *type, size_t length, const char *fault)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
			 errmsg("invalid binary form of type %s", type->name),
			 fault ? errdetail("The decoder says of the %zu bytes: %s.", length, fault) :
			 errdetail("The %zu bytes are not the binary form of a %s.", length, type->name),
			 errhint("Send bytes that %s_send wrote, or use the text form.", type->name)));
	pg_unreachable();
}

void
stored_type_bad_text(const StoredType *type, const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
			 errmsg("invalid input syntax for type %s", type->name),
			 errdetail("%s.", detail),
			 errhint("%s", type->hint)));
	pg_unreachable();
}

void
stored_type_bad_text_at(const StoredType *type, const char *text, size_t at, const char *fault, int sqlstate)
{
	ereport(ERROR,
			(errcode(sqlstate),
			 errmsg("invalid input syntax for type %s", type->name),
			 errdetail("At character %d, \"%.*s\": %s.", pg_mbstrlen_with_len(text, at) + 1,
					   pg_mbcliplen(text + at, strlen(text + at), 24), text + at, fault),
			 errhint("%s", type->hint)));
	pg_unreachable();
}

char *
agr_show_name(const char *name, size_t length)
{
	int			shown = pg_mbcliplen(name, length, 64);

	return psprintf("\"%.*s%s\"", shown, name, shown < length ? "..." : "");
}

void
agr_append_json_name(StringInfo out, StringInfo scratch, const char *name, size_t length)
{
	resetStringInfo(scratch);
	appendBinaryStringInfo(scratch, name, length);
	escape_json(out, scratch->data);
}

int64
agr_json_count(const JsonbValue *value)
{
	char	   *text;
	char	   *end;
	int64		number;

	if (value == NULL || value->type != jbvNumeric)
		return -1;
	text = numeric_normalize(value->val.numeric);
	errno = 0;
	number = strtoll(text, &end, 10);
	return *end == '\0' && errno == 0 ? number : -1;
}
