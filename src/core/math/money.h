/*
 * money.h
 *		Money as whole numbers of small units.
 */
#ifndef AGRIRISK_MONEY_H
#define AGRIRISK_MONEY_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

/* Amounts are counted in units of 1e-4 of the currency. */
#define MONEY_UNITS			10000

/* Beyond this a double no longer tells apart neighbouring units' halves. */
#define MONEY_MAX_DOUBLE		2.25e11

typedef enum MoneyFault
{
	MONEY_OK,
	MONEY_NOT_FINITE,
	MONEY_TOO_LARGE
} MoneyFault;

/* An amount in units, halves rounded away from zero. */
static inline MoneyFault
money_from_double(double amount, int64_t *units)
{
	double		size = fabs(amount);
	double		product = size * MONEY_UNITS;
	int64_t		whole;
	double		rest;
	bool		up;

	if (!(size <= MONEY_MAX_DOUBLE))
		return isfinite(amount) ? MONEY_TOO_LARGE : MONEY_NOT_FINITE;

	/*
	 * The amount is the double nearest to the decimal somebody wrote, and the
	 * product is rounded again. Near a half, that could turn the decision; so
	 * there ask whether the amount is below the double that is nearest to the
	 * half, which is the double of whoever wrote exactly the half.
	 */
	whole = (int64_t) product;
	rest = product - (double) whole;
	if (fabs(rest - 0.5) > product * 0x1p-51)
		up = rest > 0.5;
	else
		up = size >= ((double) whole + 0.5) / MONEY_UNITS;
	whole += up;
	*units = amount < 0 ? -whole : whole;
	return MONEY_OK;
}

/* The same of decimal digits in base 10000, the first counting 10000 ^ weight. */
extern MoneyFault money_from_digits(const int16_t *digit, int ndigits,
										  int weight, bool negative, int64_t *units);

#endif							/* AGRIRISK_MONEY_H */
