/*
 * reject_inference.c
 *		Weights of applications whose outcome nobody has seen.
 */
#include "postgres.h"

#include "agririsk.h"

#include <math.h>

#include "model/fit/fit_rows.h"
#include "model/card/scorecard.h"

AGR_FUNCTION(agririsk_parcel_bads);
AGR_FUNCTION(agririsk_acceptance_weight);

static void
refuse(const char *what, double value, const char *hint)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("%s", what),
			 errdetail("It is %s.", agr_show_number(value)),
			 errhint("%s", hint)));
}

static void
check_parts(int32 parts)
{
	if (parts < 1)
		refuse("number of parts must be positive", parts, "A hundred parts with weight_unit => 0.01 are hundredths of a row.");
}

/* How many of an application's parts are bad. */
Datum
agririsk_parcel_bads(PG_FUNCTION_ARGS)
{
	double		pd = PG_GETARG_FLOAT8(0);
	double		uplift = PG_GETARG_FLOAT8(1);
	int32		parts = PG_GETARG_INT32(2);

	if (!(pd >= 0 && pd <= 1))
		refuse("a probability lies between 0 and 1", pd, "Give the PD by a card of accepted applications, as pd(card, t).");
	if (!(uplift > 0 && isfinite(uplift)))
		refuse("uplift must be positive", uplift, "1 takes the PD as it is; 2 takes it twice as high.");
	check_parts(parts);
	PG_RETURN_INT64((int64) rint(parts * Min(1, pd * uplift)));
}

Datum
agririsk_acceptance_weight(PG_FUNCTION_ARGS)
{
	double		p_accept = PG_GETARG_FLOAT8(0);
	int32		parts = PG_GETARG_INT32(1);
	double		weight;

	if (!(p_accept > 0 && p_accept <= 1))
		refuse("a probability of acceptance is above 0 and at most 1", p_accept,
			   "What was never accepted has no accepted application that could stand for it.");
	check_parts(parts);
	weight = rint(parts / p_accept);
	if (weight > FIT_MOST_ROWS)
		refuse("weight of an accepted application is too large", weight,
			   "Leave out what is hardly ever accepted, or give fewer parts.");
	PG_RETURN_INT64((int64) weight);
}
