/*
 * money.c
 *		Money as whole numbers of small units.
 */
#include "core/math/money.h"

/* One unit is 10000 ^ -1, so that no digit is ever taken apart. */
MoneyFault
money_from_digits(const int16_t *digit, int ndigits, int weight,
						bool negative, int64_t *units)
{
	int			places = weight + 2;	/* digits that count whole units */
	int64_t		sum = 0;
	int			i;

	if (ndigits > 0 && places > 5)
		return MONEY_TOO_LARGE;
	if (ndigits == 0 || places < 0)
		places = 0;
	for (i = 0; i < places; i++)
	{
		if (__builtin_mul_overflow(sum, MONEY_UNITS, &sum) ||
			__builtin_add_overflow(sum, i < ndigits ? digit[i] : 0, &sum))
			return MONEY_TOO_LARGE;
	}
	if (weight + 2 >= 0 && places < ndigits && digit[places] >= MONEY_UNITS / 2 &&
		__builtin_add_overflow(sum, 1, &sum))
		return MONEY_TOO_LARGE;
	*units = negative ? -sum : sum;
	return MONEY_OK;
}
