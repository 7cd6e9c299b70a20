/*
 * auc_math.c
 *		How well a score ranks bad before good: AUC, its variance, KS, from rows
 *		counted by score and outcome. Pure C.
 */
#include "core/math/auc_math.h"

#include <math.h>

#include "core/math/probability_math.h"

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
static void
settle(RocSums *sums)
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

	settle(sums);
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

/* (rows * products - a * b) / (4 * goods^2 * bads^2 * (rows - 1)). */
double
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

double
placement_auc(const int64_t *total, Unsigned128 placements)
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
	settle(sums);
	measures->auc = placement_auc(total, u);
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
auc_interval(double auc, double variance, double level, double *low, double *high)
{
	double		reach = sqrt(variance) * interval_z(level);

	*low = auc - reach < 0 ? 0 : auc - reach;
	*high = auc + reach > 1 ? 1 : auc + reach;
}
