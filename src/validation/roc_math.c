/*
 * roc_math.c
 *		How well a score ranks bad before good: AUC, its variance, KS, from rows
 *		counted by score and outcome. Pure C.
 */
#include "validation/roc_math.h"

#include <math.h>

void
roc_begin(RocSums *sums, const int64_t *total)
{
	memset(sums, 0, sizeof *sums);
	memcpy(sums->total, total, sizeof sums->total);
}

/* Compares the shares of either class up to the score read last. */
static void
compare_shares(RocSums *sums)
{
	Unsigned128 goods = (Unsigned128) sums->below[ROC_GOOD] * (Unsigned128) sums->total[ROC_BAD];
	Unsigned128 bads = (Unsigned128) sums->below[ROC_BAD] * (Unsigned128) sums->total[ROC_GOOD];
	Unsigned128 distance = goods > bads ? goods - bads : bads - goods;

	if (distance > sums->distance)
	{
		sums->distance = distance;
		sums->distance_key = sums->key;
	}
}

/*
 * Goods alone only move the shares one way and all have the same bads above
 * them, so that they are looked at together.
 */
void
roc_settle(RocSums *sums)
{
	Unsigned128 placement = 2 * (Unsigned128) (sums->total[ROC_BAD] - sums->below[ROC_BAD]);

	if (sums->waiting == 0)
		return;
	sums->squares[ROC_GOOD] += (Unsigned128) sums->waiting * placement * placement;
	sums->waiting = 0;
	compare_shares(sums);
}

void
roc_add_bads(RocSums *sums, const TallyEntry *entry)
{
	Unsigned128 goods = (Unsigned128) entry->count[ROC_GOOD];
	Unsigned128 bads = (Unsigned128) entry->count[ROC_BAD];
	Unsigned128 of_bads;
	Unsigned128 of_goods;

	roc_settle(sums);
	of_bads = 2 * (Unsigned128) sums->below[ROC_GOOD] + goods;
	of_goods = 2 * (Unsigned128) (sums->total[ROC_BAD] - sums->below[ROC_BAD]) - bads;
	sums->placements += bads * of_bads;
	sums->squares[ROC_BAD] += bads * of_bads * of_bads;
	if (goods > 0)
		sums->squares[ROC_GOOD] += goods * of_goods * of_goods;
	sums->below[ROC_GOOD] += entry->count[ROC_GOOD];
	sums->below[ROC_BAD] += entry->count[ROC_BAD];
	sums->key = entry->key;
	compare_shares(sums);
}

/*
 * (rows * sum of products - product of sums) of placements, over 4 * goods^2 *
 * bads^2 * (rows - 1): a covariance of placements over the number of rows.
 */
static double
placement_covariance(const int64_t *total, int class, Unsigned128 products,
					 Unsigned128 a, Unsigned128 b)
{
	double		goods = (double) total[ROC_GOOD];
	double		bads = (double) total[ROC_BAD];
	double		scale = 4 * (goods * goods) * (bads * bads) * (double) (total[class] - 1);
	Unsigned256 raw = wide_product((Unsigned128) total[class], products);
	Unsigned256 mean = wide_product(a, b);

	if (raw.high > mean.high || (raw.high == mean.high && raw.low >= mean.low))
		return wide_round(wide_difference(raw, mean)) / scale;
	return -wide_round(wide_difference(mean, raw)) / scale;
}

static double
auc_of(const int64_t *total, Unsigned128 placements)
{
	Unsigned128 goods = (Unsigned128) total[ROC_GOOD];
	Unsigned128 bads = (Unsigned128) total[ROC_BAD];

	return ratio_round(placements, 2 * goods * bads);
}

void
roc_end(RocSums *sums, RocMeasures *measures)
{
	const int64_t *total = sums->total;
	Unsigned128 u = sums->placements;

	measures->auc = measures->variance = measures->ks = measures->ks_at = NAN;
	if (total[ROC_GOOD] == 0 || total[ROC_BAD] == 0)
		return;
	roc_settle(sums);
	measures->auc = auc_of(total, u);
	measures->ks = ratio_round(sums->distance, (Unsigned128) total[ROC_GOOD] *
							   (Unsigned128) total[ROC_BAD]);

	if (sums->distance > 0)
		measures->ks_at = tally_value(sums->distance_key);
	if (total[ROC_GOOD] > 1 && total[ROC_BAD] > 1)
		measures->variance =
			placement_covariance(total, ROC_BAD, sums->squares[ROC_BAD], u, u) +
			placement_covariance(total, ROC_GOOD, sums->squares[ROC_GOOD], u, u);
}

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
#include "core/radix_template.h"

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
		measures->auc[i] = auc_of(total, sums->placements[i]);
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
