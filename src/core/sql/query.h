/*
 * query.h
 *		The rows of a query that a function was given as text. Include postgres.h
 *		first.
 *
 * The query runs with the caller's rights, read-only, and may use parallel
 * scans; its rows are handed over one by one and never collected.
 */
#ifndef AGRIRISK_QUERY_H
#define AGRIRISK_QUERY_H

#include "access/tupdesc.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "tcop/dest.h"

/* The first member of what a caller collects rows in. */
typedef struct QueryReader
{
	DestReceiver receiver;
	const char *argument;		/* the function's, that holds the text */
	const char *columns;		/* what it selects, for hints: "key and date" */
	int			fewest;			/* columns, the optional ones last */
	int			most;
	void		(*start) (struct QueryReader *reader, TupleDesc row);
	void		(*take) (struct QueryReader *reader, const Datum *value, const bool *null);
	int			n_columns;		/* of the query; -1 before it starts */
} QueryReader;

extern void agr_read_query(QueryReader *reader, const char *query);

/* An error where an argument that must be known is NULL. */
extern void agr_require_argument(FunctionCallInfo fcinfo, int argument, const char *name);

static inline bool
agr_is_integer(Oid type)
{
	return type == INT2OID || type == INT4OID || type == INT8OID;
}

static inline bool
agr_is_text(Oid type)
{
	return type == TEXTOID || type == VARCHAROID;
}

static inline int64
agr_get_integer(Oid type, Datum value)
{
	return type == INT8OID ? DatumGetInt64(value) :
		type == INT4OID ? DatumGetInt32(value) : DatumGetInt16(value);
}

#endif							/* AGRIRISK_QUERY_H */
