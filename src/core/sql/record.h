/*
 * record.h
 *		Rows given as one argument: their columns by name; rows given back.
 */
#ifndef AGRIRISK_RECORD_H
#define AGRIRISK_RECORD_H

#include "funcapi.h"
#include "utils/tuplestore.h"

/* Which columns of a row type are wanted; kept from row to row by a call site. */
typedef struct RecordMap
{
	MemoryContext parent;
	MemoryContext context;		/* of what follows, replaced with the row type */
	Oid			type;
	int32		typmod;
	uint64		identity;		/* of the type's definition; 0: none mapped yet */
	TupleDesc	columns;
	int			n_wanted;
	int		   *wanted;			/* offsets into columns */
	Datum	   *value;
	bool	   *null;
} RecordMap;

extern void record_map_init(RecordMap *map, MemoryContext parent);

/*
 * The number of the column of that name, from 0. One that is not there, or is
 * there twice, is an error.
 */
extern int	record_find_column(TupleDesc columns, const char *name);

/*
 * Finds the named columns in the row's type. Returns true if the mapping is
 * new, so that the caller has to look at the columns' types again.
 */
extern bool record_map_columns(RecordMap *map, HeapTupleHeader row,
							   const char *const *name, int n_names);

/* The type, a domain's base type, of a mapped column. */
extern Oid	record_map_type(const RecordMap *map, int i);

/* Reads the mapped columns of the row. */
extern void record_map_read(RecordMap *map, HeapTupleHeader row, NullableDatum *value);

/* One row as a function's result. */
extern Datum agr_make_row(FunctionCallInfo fcinfo, Datum *values, bool *nulls);

/* A number in a row, NULL for NaN. */
extern void agr_set_number(Datum *values, bool *nulls, int column, double number);

/* Begins a set of rows as a function's result, the first kilobytes of it in memory. */
extern Tuplestorestate *agr_begin_rows(FunctionCallInfo fcinfo, int kilobytes, TupleDesc *columns);

#endif							/* AGRIRISK_RECORD_H */
