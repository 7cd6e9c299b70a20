/*
 * record.c
 *		Rows given as one argument: their columns by name; rows given back.
 */
#include "postgres.h"

#include "agririsk.h"

#include <math.h>

#include "access/htup_details.h"
#include "core/sql/record.h"
#include "lib/stringinfo.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/typcache.h"

void
record_map_init(RecordMap *map, MemoryContext parent)
{
	memset(map, 0, sizeof *map);
	map->parent = parent;
}

static void
report_missing_column(TupleDesc columns, const char *name)
{
	StringInfoData names;
	bool		bare = columns->natts > 0;
	int			i;

	initStringInfo(&names);
	for (i = 0; i < columns->natts; i++)
	{
		Form_pg_attribute column = TupleDescAttr(columns, i);
		char		default_name[NAMEDATALEN];

		if (column->attisdropped)
			continue;
		appendStringInfo(&names, "%s%s", names.len > 0 ? ", " : "", NameStr(column->attname));
		snprintf(default_name, sizeof default_name, "f%d", i + 1);
		bare = bare && strcmp(NameStr(column->attname), default_name) == 0;
	}
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_COLUMN),
			 errmsg("the row has no column \"%s\"", name),
			 errdetail("Its columns are: %s.", names.data),
			 bare && columns->tdtypeid == RECORDOID
			 ? errhint("A bare ROW(...) has no column names. Name them in a subquery: FROM (SELECT ... AS \"%s\") t, and give t.", name)
			 : errhint("Give a row with that column, under that name; other columns and their order do not matter.")));
}

/* A subquery may give two columns one name, and then the name does not tell which is meant. */
int
record_find_column(TupleDesc columns, const char *name)
{
	int			found = -1;
	int			i;

	for (i = 0; i < columns->natts; i++)
	{
		Form_pg_attribute column = TupleDescAttr(columns, i);

		if (column->attisdropped || strcmp(NameStr(column->attname), name) != 0)
			continue;
		if (found >= 0)
			ereport(ERROR,
					(errcode(ERRCODE_AMBIGUOUS_COLUMN),
					 errmsg("the row has two columns \"%s\"", name),
					 errdetail("They are columns %d and %d of the row.", found + 1, i + 1),
					 errhint("Give one of the two columns another name in the subquery, or leave it out.")));
		found = i;
	}
	if (found < 0)
		report_missing_column(columns, name);
	return found;
}

bool
record_map_columns(RecordMap *map, HeapTupleHeader row, const char *const *name, int n_names)
{
	Oid			type = HeapTupleHeaderGetTypeId(row);
	int32		typmod = HeapTupleHeaderGetTypMod(row);
	uint64		identity = assign_record_type_identifier(type, typmod);
	MemoryContext caller;
	int			i;

	/* The identity changes with ALTER TABLE, where type and typmod stay. */
	if (identity == map->identity && type == map->type && typmod == map->typmod)
		return false;

	if (map->context == NULL)
		map->context = AllocSetContextCreate(map->parent, "agririsk record", ALLOCSET_SMALL_SIZES);
	map->identity = 0;
	MemoryContextReset(map->context);
	caller = MemoryContextSwitchTo(map->context);

	map->columns = lookup_rowtype_tupdesc_copy(type, typmod);
	map->value = palloc(sizeof(Datum) * Max(map->columns->natts, 1));
	map->null = palloc(sizeof(bool) * Max(map->columns->natts, 1));
	map->n_wanted = n_names;
	map->wanted = palloc(sizeof(int) * Max(n_names, 1));
	for (i = 0; i < n_names; i++)
		map->wanted[i] = record_find_column(map->columns, name[i]);

	MemoryContextSwitchTo(caller);
	map->type = type;
	map->typmod = typmod;
	map->identity = identity;
	return true;
}

Oid
record_map_type(const RecordMap *map, int i)
{
	return getBaseType(TupleDescAttr(map->columns, map->wanted[i])->atttypid);
}

void
record_map_read(RecordMap *map, HeapTupleHeader row, NullableDatum *value)
{
	HeapTupleData tuple;
	int			i;

	tuple.t_len = HeapTupleHeaderGetDatumLength(row);
	ItemPointerSetInvalid(&tuple.t_self);
	tuple.t_tableOid = InvalidOid;
	tuple.t_data = row;
	heap_deform_tuple(&tuple, map->columns, map->value, map->null);
	for (i = 0; i < map->n_wanted; i++)
	{
		value[i].value = map->value[map->wanted[i]];
		value[i].isnull = map->null[map->wanted[i]];
	}
}

Datum
agr_make_row(FunctionCallInfo fcinfo, Datum *values, bool *nulls)
{
	TupleDesc	columns;

	if (get_call_result_type(fcinfo, NULL, &columns) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "the function's result is not a row type");
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(columns), values, nulls));
}

void
agr_set_number(Datum *values, bool *nulls, int column, double number)
{
	nulls[column] = isnan(number);
	values[column] = nulls[column] ? (Datum) 0 : Float8GetDatum(number);
}

Tuplestorestate *
agr_begin_rows(FunctionCallInfo fcinfo, int kilobytes, TupleDesc *columns)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	MemoryContext caller;

	if (result == NULL || !IsA(result, ReturnSetInfo) ||
		!(result->allowedModes & SFRM_Materialize))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("a set of rows is not accepted here"),
				 errhint("Call the function in FROM.")));

	caller = MemoryContextSwitchTo(result->econtext->ecxt_per_query_memory);
	if (get_call_result_type(fcinfo, NULL, columns) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "the function's result is not a row type");
	*columns = CreateTupleDescCopy(*columns);
	result->returnMode = SFRM_Materialize;
	result->setDesc = *columns;
	result->setResult = tuplestore_begin_heap((result->allowedModes & SFRM_Materialize_Random) != 0,
											  false, kilobytes);
	MemoryContextSwitchTo(caller);
	return result->setResult;
}
