/*
 * vegetation_norm_test.c
 *		Stored form of a norm, quantiles between dates, shares below a value.
 */
#include "vegetation_norm_check.h"
#include "tap.h"

#define MOST_DATES 12

static uint8_t stored[4000];

static void
draw_norm(Norm *norm)
{
	int64_t		index = below(2000) - 1000;
	int			i;
	int			k;

	norm->step = 1 + (int) below(NORM_MAX_STEP);
	norm->band = 1 + (int) below(VEGETATION_MAX_BANDS);
	norm->lambda = uniform(0.1, 1000);
	norm->series = 1 + (uint64_t) below(1000000);
	norm->n = (int) below(MOST_DATES + 1);
	for (i = 0; i < norm->n; i++)
	{
		index += 1 + below(3);
		norm->date[i].day = (int32_t) (index * norm->step);
		norm->date[i].count = 1 + (uint64_t) below((int64_t) norm->series);
		for (k = 0; k < NORM_QUANTILES; k++)
			norm->date[i].quantile[k] = (k > 0 ? norm->date[i].quantile[k - 1] : -1) + (float) below(3) / 8;
	}
}

static void
test_bytes(void)
{
	NormDate	date[MOST_DATES];
	NormDate	again[MOST_DATES];
	bool		exact = true;
	bool		proof = true;
	int			round;

	memset(date, 0, sizeof date);
	memset(again, 0, sizeof again);
	for (round = 0; round < 20000; round++)
	{
		Norm		norm = {.date = date};
		Norm		read = {.date = again};
		ByteReader	rest;
		ByteWriter	w = {stored, 0};
		uint8_t    *tight;

		draw_norm(&norm);
		norm_encode(&w, &norm);
		exact = exact && norm_open(&read, &rest, stored, w.length) && norm_decode(&read, &rest) && read.n == norm.n &&
			read.step == norm.step && read.band == norm.band && read.lambda == norm.lambda && read.series == norm.series &&
			memcmp(date, again, norm.n * sizeof(NormDate)) == 0 && vegetation_norm_holds(stored, w.length);
		tight = malloc(w.length);
		memcpy(tight, stored, w.length);
		tight[below((int64_t) w.length)] ^= (uint8_t) (1 + below(255));
		proof = proof && vegetation_norm_holds(tight, w.length);
		tight = realloc(tight, w.length - 1);
		proof = proof && vegetation_norm_holds(tight, w.length - 1);
		free(tight);
	}
	ok(exact, "norms come back, and their bytes are the only ones");
	ok(proof, "damaged bytes are refused, or are those of another norm");
}

static void
test_days(void)
{
	NormDate	date[3] = {
		{-8, 5, {0, 0.125f, 0.25f, 0.5f, 0.5f, 0.5f, 0.75f, 0.875f, 1}},
		{0, 3, {0.5f, 0.5f, 0.5f, 0.5f, 0.5f, 0.5f, 0.5f, 0.5f, 0.5f}},
		{16, 4, {0}}
	};
	Norm		norm = {8, 1, 10, 9, 3, date};
	NormDate	at;
	const float *q = date[0].quantile;

	ok(norm_at(&norm, -8, &at) && at.count == 5 && at.quantile[8] == 1, "a date of the norm is itself");
	ok(norm_at(&norm, -6, &at) && at.count == 3 && at.quantile[0] == 0.125f && at.quantile[8] == 0.875f, "a quarter of the way to the next");
	ok(!norm_at(&norm, -9, &at) && !norm_at(&norm, 1, &at) && !norm_at(&norm, 9, &at) && norm_at(&norm, 16, &at) &&
	   !norm_at(&norm, 17, &at), "before, after, and where a date is missing there is none");
	ok(norm_share_below(q, -0.1) == 0 && norm_share_below(q, 1.1) == 1 && norm_share_below(q, 0) == 0 && norm_share_below(q, 1) == 1,
	   "nothing is below the least, all is below what is above the greatest");
	ok(norm_share_below(q, 0.0625) == 0.025 && norm_share_below(q, 0.125) == 0.05 && norm_share_below(q, 0.375) == 0.175,
	   "between quantiles along the line");
	ok(norm_share_below(q, 0.5) == 0.5 && norm_share_below(date[1].quantile, 0.5) == 0.5, "half of those that are equal");
}

/* One date of a norm of two series, whose nine quantiles are 0. */
static bool
is_refused(uint8_t version, uint8_t reserved, uint8_t step, uint8_t count)
{
	uint8_t		bytes[55] = {version, reserved, step, 1, 0, 0, 0, 0, 0, 0, 0xe0, 0x3f, 2, 1, 0, count};
	NormDate	date[1];
	Norm		norm = {.date = date};
	ByteReader	rest;

	return !norm_open(&norm, &rest, bytes, 16 + 36) || !norm_decode(&norm, &rest);
}

static void
test_refusals(void)
{
	ok(!is_refused(1, 0, 8, 2), "a norm within the rules");
	ok(is_refused(2, 0, 8, 2) && is_refused(1, 1, 8, 2), "another version, a reserved bit");
	ok(is_refused(1, 0, 0, 2), "no step");
	ok(is_refused(1, 0, 8, 0) && is_refused(1, 0, 8, 3), "no curve, or more curves than series");
}

int
main(void)
{
	test_bytes();
	test_days();
	test_refusals();
	return done_testing();
}
