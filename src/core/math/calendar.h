/*
 * calendar.h
 *		Days and months of the Gregorian calendar as numbers.
 */
#ifndef AGRIRISK_CALENDAR_H
#define AGRIRISK_CALENDAR_H

#include <stdint.h>

/*
 * Months are numbered year * 12 + month - 1, years 1 to 9999; days are
 * numbered from 2000-01-01 = 0, as PostgreSQL does.
 */
#define CALENDAR_MONTH_MIN		12
#define CALENDAR_MONTH_MAX		119999
#define CALENDAR_DAY_MIN		(-730119)	/* 0001-01-01 */
#define CALENDAR_DAY_MAX		2921939 /* 9999-12-31 */

/* Day number of the first day of a month. */
extern int32_t calendar_month_start(int32_t month);

/* The month a day lies in, from its first day to, exclusively, its end. */
extern int32_t calendar_month_of(int32_t day, int32_t *start, int32_t *end);

#endif							/* AGRIRISK_CALENDAR_H */
