/*
 * stability_math.c
 *		Population stability: the bins of expected numbers, and what a bin adds to
 *		the index. Pure C.
 */
#include "core/math/stability_math.h"

#include <math.h>
#include <string.h>

#include "core/math/elementary_math.h"
#include "core/math/quantile_math.h"

void
stability_begin(StabilityCuts *cuts, int64_t n)
{
	memset(cuts, 0, sizeof *cuts);
	cuts->n = n;
	cuts->part = 1;
	cuts->number = cuts->before = cuts->least = cuts->second = NAN;
}

void
stability_add(StabilityCuts *cuts, double number, int64_t rows)
{
	int64_t		begin = cuts->end;

	if (begin == 0)
	{
		cuts->least = number;
		cuts->least_rows = rows;
	}
	else if (isnan(cuts->second))
		cuts->second = number;
	cuts->before = cuts->number;
	cuts->number = number;
	cuts->rows = rows;
	cuts->end += rows;
	for (; cuts->part < STABILITY_PARTS; cuts->part++)
	{
		QuantilePlace place = quantile_place(cuts->n, cuts->part, STABILITY_PARTS);
		double		decile;

		if (place.index + (place.fraction > 0) >= cuts->end)
			break;
		decile = quantile_value(place.index < begin ? cuts->before : number, number, place.fraction);
		/* Equal deciles are one cut. */
		if (cuts->count == 0 || decile > cuts->cut[cuts->count - 1])
			cuts->cut[cuts->count++] = decile;
	}
}

/* Whether a number that is there so often is a tie; one row of all is as good as one. */
static bool
is_tie(const StabilityCuts *cuts, int64_t rows)
{
	return rows > 1 || cuts->n == 1;
}

void
stability_end(StabilityCuts *cuts)
{
	if (cuts->n == 0)
		return;
	/* Of a NaN, where there is no other number, both comparisons are as they should be. */
	if (is_tie(cuts, cuts->rows) && !(cuts->before > cuts->cut[cuts->count - 1]) &&
		cuts->number > cuts->cut[cuts->count - 1] && cuts->number < INFINITY)
		cuts->cut[cuts->count++] = cuts->number;
	if (is_tie(cuts, cuts->least_rows) && !(cuts->second <= cuts->cut[0]) && cuts->least > -INFINITY)
	{
		memmove(cuts->cut + 1, cuts->cut, cuts->count++ * sizeof *cuts->cut);
		cuts->cut[0] = nextafter(cuts->least, -INFINITY);
		cuts->below = true;
	}
}

int
stability_bin(const StabilityCuts *cuts, double number)
{
	int			bin = 0;

	while (bin < cuts->count && number > cuts->cut[bin])
		bin++;
	return bin;
}

StabilityTerm
stability_term(const int64_t *rows, const int64_t *total, double floor)
{
	StabilityTerm result;
	double		difference;
	int			side;

	for (side = 0; side < 2; side++)
	{
		result.share[side] = (double) rows[side] / (double) total[side];
		result.raised[side] = result.share[side] < floor;
		if (result.raised[side])
			result.share[side] = floor;
	}
	difference = result.share[1] - result.share[0];

	/* None at all where the shares are equal, also where both are none. */
	result.term = difference == 0 ? 0 : difference * agr_log(result.share[1] / result.share[0]);
	return result;
}
