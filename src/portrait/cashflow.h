/*
 * cashflow.h
 *		What the functions of type cashflow share. Include postgres.h first.
 *
 * The stored form is described in cashflow_math.h.
 */
#ifndef CASHFLOW_H
#define CASHFLOW_H

#include "utils/date.h"

#include "portrait/cashflow_math.h"
#include "shims.h"

/* A date that is a day of years 1 to 9999; an error if not. */
static inline bool
cash_is_date(DateADT date)
{
	return date >= CALENDAR_DAY_MIN && date <= CALENDAR_DAY_MAX;
}

AGR_NORETURN extern void cash_bad_date(DateADT date);
AGR_NORETURN extern void cash_sum_overflow(int32 month);

/* Amounts in units; an error if they have none. */
extern int64 cash_units_from_float8(Datum amount);
extern int64 cash_units_from_numeric(Datum amount);

/* A stored value, palloc'd. */
extern Datum cashflow_make(const CashMonth *months, int count);

/* The months of both, palloc'd; an error if a sum leaves the range. */
extern CashMonth *cashflow_merge_months(const CashMonth *a, int a_count,
										const CashMonth *b, int b_count, int *count);

#endif							/* CASHFLOW_H */
