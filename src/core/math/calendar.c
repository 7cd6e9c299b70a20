/*
 * calendar.c
 *		Days and months of the Gregorian calendar as numbers.
 */
#include "core/math/calendar.h"

/*
 * Counted from a first of March, leap days come last in their year and the
 * month lengths repeat every five months, 153 days.
 */
int32_t
calendar_month_start(int32_t month)
{
	int32_t		since_march = month - 2;
	int32_t		year = since_march / 12;
	int32_t		of_year = since_march % 12;

	return 365 * year + year / 4 - year / 100 + year / 400 +
		(153 * of_year + 2) / 5 - 730425;
}

int32_t
calendar_month_of(int32_t day, int32_t *start, int32_t *end)
{
	/* The mean month of 400 years is 146097 / 4800 days long. */
	int32_t		month = (int32_t) (((int64_t) day + 730425) * 4800 / 146097) + 2;

	*start = calendar_month_start(month);
	*end = calendar_month_start(month + 1);
	if (day < *start)
	{
		*end = *start;
		*start = calendar_month_start(--month);
	}
	else if (day >= *end)
	{
		*start = *end;
		*end = calendar_month_start(++month + 1);
	}
	return month;
}
