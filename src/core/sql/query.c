/*
 * query.c
 *		The rows of a query that a function was given as text.
 */
#include "postgres.h"

#include "agririsk.h"
#include "core/sql/query.h"

#include "executor/spi.h"
#include "executor/tuptable.h"

static const char *
in_words(int count)
{
	static const char *const word[] = {
		"no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"
	};

	Assert(count >= 0 && count < lengthof(word));
	return word[count];
}

static void
start_rows(DestReceiver *self, int operation, TupleDesc row)
{
	QueryReader *reader = (QueryReader *) self;

	if (reader->n_columns >= 0)
		ereport(ERROR,
				(errcode(ERRCODE_SYNTAX_ERROR),
				 errmsg("%s must be one query", reader->argument),
				 errdetail("The text holds several."),
				 errhint("Give one SELECT of %s.", reader->columns)));
	reader->n_columns = row->natts;
	if (row->natts < reader->fewest || row->natts > reader->most)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 reader->fewest == reader->most ?
				 errmsg("%s must have %s columns", reader->argument, in_words(reader->most)) :
				 errmsg("%s must have %s or %s columns", reader->argument,
						in_words(reader->fewest), in_words(reader->most)),
				 errdetail("The query returns %d.", row->natts),
				 errhint("Select %s, in this order.", reader->columns)));
	reader->start(reader, row);
}

static bool
receive_row(TupleTableSlot *slot, DestReceiver *self)
{
	QueryReader *reader = (QueryReader *) self;

	slot_getallattrs(slot);
	reader->take(reader, slot->tts_values, slot->tts_isnull);
	return true;
}

static void
ignore_receiver(DestReceiver *self)
{
}

void
agr_read_query(QueryReader *reader, const char *query)
{
	SPIExecuteOptions options = {0};
	int			result;

	reader->receiver.receiveSlot = receive_row;
	reader->receiver.rStartup = start_rows;
	reader->receiver.rShutdown = ignore_receiver;
	reader->receiver.rDestroy = ignore_receiver;
	reader->receiver.mydest = DestNone;
	reader->n_columns = -1;

	SPI_connect();
	options.read_only = true;
	options.must_return_tuples = true;
	options.dest = &reader->receiver;
	result = SPI_execute_extended(query, &options);
	if (result < 0)
		ereport(ERROR,
				(errcode(ERRCODE_SYNTAX_ERROR),
				 errmsg("%s must be a query", reader->argument),
				 errdetail("Running it gives %s.", SPI_result_code_string(result)),
				 errhint("Give one SELECT of %s.", reader->columns)));
	SPI_finish();
}

void
agr_require_argument(FunctionCallInfo fcinfo, int argument, const char *name)
{
	if (PG_ARGISNULL(argument))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("%s must not be NULL", name),
				 errdetail("Without this argument there is no result for any row."),
				 errhint("Look where the value comes from. An empty subquery gives NULL.")));
}
