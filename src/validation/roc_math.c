/*
 * roc_math.c
 *		Capture and lift of a score, resampling of its rows, and two scores of the
 *		same rows. Pure C.
 */
#include "validation/roc_math.h"

#include <math.h>

void
roc_capture_begin(RocCapture *capture, const int64_t *total, double share)
{
	memset(capture, 0, sizeof *capture);
	memcpy(capture->total, total, sizeof capture->total);
	capture->share = share;
	capture->rows = two_product(share, (double) (total[ROC_GOOD] + total[ROC_BAD]));
}

void
roc_capture_add(RocCapture *capture, const TallyEntry *entry)
{
	int64_t		ties = entry->count[ROC_GOOD] + entry->count[ROC_BAD];
	Twofold		above;
	Twofold		of_ties;

	if (capture->ties > 0)
		return;
	capture->below[ROC_GOOD] += entry->count[ROC_GOOD];
	capture->below[ROC_BAD] += entry->count[ROC_BAD];
	above.high = (double) (capture->total[ROC_GOOD] + capture->total[ROC_BAD] -
						   capture->below[ROC_GOOD] - capture->below[ROC_BAD]);
	above.low = 0;
	of_ties = twofold_subtract(capture->rows, above);
	if (of_ties.high < 0)
		return;
	capture->ties = ties;
	capture->captured =
		twofold_add(two_product((double) (capture->total[ROC_BAD] - capture->below[ROC_BAD]), (double) ties),
					twofold_multiply((Twofold) {(double) entry->count[ROC_BAD], 0}, of_ties));
}

double
roc_capture_end(const RocCapture *capture)
{
	Twofold		all = two_product((double) capture->total[ROC_BAD], (double) capture->ties);

	if (capture->total[ROC_BAD] == 0)
		return NAN;
	return twofold_divide(capture->captured, all).high;
}

double
roc_lift_end(const RocCapture *capture)
{
	Twofold		all = two_product((double) capture->total[ROC_BAD], (double) capture->ties);
	Twofold		share = {capture->share, 0};

	if (capture->total[ROC_BAD] == 0 || capture->share == 0)
		return NAN;
	return twofold_divide(twofold_divide(capture->captured, all), share).high;
}

/* Spreads every bit over all (Steele, Lea and Flood 2014, variant 13 of Stafford). */
static uint64_t
mix(uint64_t x)
{
	x ^= x >> 30;
	x *= UINT64_C(0xbf58476d1ce4e5b9);
	x ^= x >> 27;
	x *= UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

uint64_t
roc_draw_bits(uint64_t seed, uint64_t replicate, uint64_t draw)
{
	const uint64_t golden = UINT64_C(0x9e3779b97f4a7c15);
	uint64_t	stream = mix(mix(seed + golden) + (replicate + 1) * golden);

	return mix(stream + (draw + 1) * golden);
}

/* The part of `whole` that lies below bits / 2^64; even to whole / 2^64 (Lemire 2019). */
static int64_t
part_of(uint64_t bits, int64_t whole)
{
	return (int64_t) ((Unsigned128) bits * (Unsigned128) whole >> 64);
}

void
roc_resampler_begin(RocResampler *resampler)
{
	Unsigned128 parts = (Unsigned128) resampler->distinct;
	int			class;
	int64_t		i;

	for (class = 0; class < 2; class++)
	{
		Unsigned128 total = (Unsigned128) resampler->total[class];
		int64_t		rows = 0;
		int64_t		part = 0;

		for (i = 0; i < resampler->distinct; i++)
		{
			rows += resampler->entries[i].count[class];
			resampler->until[class][i] = rows;

			/* Parts that begin before this entry ends, and did not in one before. */
			while (part < resampler->distinct && (Unsigned128) part * total / parts < (Unsigned128) rows)
				resampler->guide[class][part++] = (uint32_t) i;
		}
	}
}

int64_t
roc_draw_entry(const RocResampler *resampler, int class, uint64_t bits)
{
	int64_t		row = part_of(bits, resampler->total[class]);
	int64_t		entry = resampler->guide[class][part_of(bits, resampler->distinct)];

	while (resampler->until[class][entry] <= row)
		entry++;
	return entry;
}

#define RADIX_ELEMENT	RocPairRow
#define RADIX_KEY(e)	(e).key
#define RADIX(name)		pair_row_##name
#include "core/math/radix_template.h"

void
roc_sort_pair_rows(RocPairRow *rows, size_t n, RocPairRow *scratch, TallyPause pause)
{
	pair_row_sort(rows, n, scratch, false, pause);
}

/* Of the differences of placements, of which the sum of squares is exact as well. */
static double
difference_variance(const RocPairSums *sums, int class)
{
	Unsigned128 a = sums->placements[0];
	Unsigned128 b = sums->placements[1];
	Unsigned128 sum = a > b ? a - b : b - a;

	return placement_covariance(sums->total, class,
								sums->squares[0][class] + sums->squares[1][class] -
								2 * sums->products[class], sum, sum);
}

void
roc_pair_end(const RocPairSums *sums, RocPairMeasures *measures)
{
	const int64_t *total = sums->total;
	int			i;

	for (i = 0; i < 2; i++)
		measures->auc[i] = measures->variance[i] = NAN;
	measures->covariance = measures->difference_variance = NAN;
	if (total[ROC_GOOD] == 0 || total[ROC_BAD] == 0)
		return;
	for (i = 0; i < 2; i++)
		measures->auc[i] = placement_auc(total, sums->placements[i]);
	if (total[ROC_GOOD] < 2 || total[ROC_BAD] < 2)
		return;
	for (i = 0; i < 2; i++)
		measures->variance[i] =
			placement_covariance(total, ROC_BAD, sums->squares[i][ROC_BAD],
								 sums->placements[i], sums->placements[i]) +
			placement_covariance(total, ROC_GOOD, sums->squares[i][ROC_GOOD],
								 sums->placements[i], sums->placements[i]);
	measures->covariance =
		placement_covariance(total, ROC_BAD, sums->products[ROC_BAD],
							 sums->placements[0], sums->placements[1]) +
		placement_covariance(total, ROC_GOOD, sums->products[ROC_GOOD],
							 sums->placements[0], sums->placements[1]);
	measures->difference_variance =
		difference_variance(sums, ROC_BAD) + difference_variance(sums, ROC_GOOD);
}
