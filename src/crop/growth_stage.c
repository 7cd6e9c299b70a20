/*
 * growth_stage.c
 *		growth_stage: where in its calendar a crop is.
 */
#include "postgres.h"

#include "agririsk.h"
#include "crop/vegetation.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"

#include "core/sql/record.h"

static void
bad_calendar(const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid crop calendar"),
			 errdetail("%s", detail),
			 errhint("Give the stages in their order and the days of each, such as ARRAY['initial', 'development', 'mid-season', 'late'] and ARRAY[20, 35, 40, 30].")));
}

/* The elements of an array of one dimension without NULL. */
static Datum *
read_elements(ArrayType *array, Oid type, int16 length, bool by_value, char align, int *n)
{
	Datum	   *element;

	if (ARR_NDIM(array) != 1 || array_contains_nulls(array))
		bad_calendar("An array is empty, has a NULL, or has more than one dimension.");
	deconstruct_array(array, type, length, by_value, align, &element, NULL, n);
	return element;
}

AGR_FUNCTION(agririsk_growth_stage);
Datum
agririsk_growth_stage(PG_FUNCTION_ARGS)
{
	int32		start = PG_GETARG_DATEADT(0);
	int32		on_date = PG_GETARG_DATEADT(3);
	int			n_stages;
	int			n_days;
	Datum	   *stage = read_elements(PG_GETARG_ARRAYTYPE_P(1), TEXTOID, -1, false, TYPALIGN_INT, &n_stages);
	Datum	   *days = read_elements(PG_GETARG_ARRAYTYPE_P(2), INT4OID, sizeof(int32), true, TYPALIGN_INT, &n_days);
	Datum		values[4] = {0};
	bool		nulls[4] = {true, true, true, true};
	int64		since;
	int64		total = 0;
	int			i;

	vegetation_check_day(start);
	vegetation_check_day(on_date);
	if (n_stages != n_days)
		bad_calendar(psprintf("There are %d stages and days for %d.", n_stages, n_days));
	since = (int64) on_date - start;
	for (i = 0; i < n_stages; i++)
	{
		int32		length = DatumGetInt32(days[i]);

		if (length < 1 || length > 3660)
			bad_calendar(psprintf("Stage %d has %d days. A stage has 1 to 3660 days.", i + 1, length));
		if (since >= total && since < total + length)
		{
			values[0] = stage[i];
			values[1] = Int32GetDatum((int32) (since - total) + 1);
			nulls[0] = nulls[1] = false;
		}
		total += length;
	}
	values[2] = Float8GetDatum((double) since / (double) total);
	nulls[2] = since < 0 || since > total;
	if ((int64) start + total <= CALENDAR_DAY_MAX)
	{
		values[3] = DateADTGetDatum((int32) (start + total));
		nulls[3] = false;
	}
	return agr_make_row(fcinfo, values, nulls);
}
