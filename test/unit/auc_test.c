/*
 * auc_test.c
 *		AUC, its variance and KS against pairs of rows counted one by one.
 */
#include "roc_sample.h"

static void
test_measures(void)
{
	bool		auc = true;
	bool		variance = true;
	bool		ks = true;
	int			trial;

	for (trial = 0; trial < 400; trial++)
	{
		static Sample s;
		RocMeasures m;
		_Float128	mean = 0;
		_Float128	widest = 0;
		double		widest_at = NAN;
		int64_t		so_far[2] = {0, 0};
		int			i;

		make_sample(&s, trial);
		measure(&s, &m);
		for (i = 0; i < s.n; i++)
			if (s.class[i] == ROC_BAD)
				mean += placement(&s, 0, i);
		mean /= s.total[ROC_BAD];
		auc = auc && m.auc == (double) mean;
		variance = variance && near(m.variance, covariance(&s, 0, 0, 0), 0);
		for (i = 0; i < s.distinct; i++)
		{
			_Float128	apart;

			so_far[0] += s.entries[i].count[0];
			so_far[1] += s.entries[i].count[1];
			apart = fabsf128((_Float128) so_far[0] / s.total[0] - (_Float128) so_far[1] / s.total[1]);
			if (apart > widest + 1e-25F128)
			{
				widest = apart;
				widest_at = tally_value(s.entries[i].key);
			}
		}
		ks = ks && m.ks == (double) widest &&
			(widest == 0 ? isnan(m.ks_at) : m.ks_at == widest_at);
		print_bits(m.variance);
	}
	ok(auc, "AUC is the mean placement, rounded once");
	ok(variance, "its variance is DeLong's");
	ok(ks, "KS is the widest distance, and where");
}

static void
test_edges(void)
{
	Sample		s = {0};
	RocMeasures m;
	RocSums		sums;
	TallyEntry	large[2] = {{1, {TALLY_MAX_TOTAL - 1, 1}}, {2, {1, TALLY_MAX_TOTAL - 1}}};
	int64_t		total[2] = {TALLY_MAX_TOTAL, TALLY_MAX_TOTAL};
	double		share = 0x1p-40;

	measure(&s, &m);
	ok(isnan(m.auc) && isnan(m.variance) && isnan(m.ks) && isnan(m.ks_at), "of no rows nothing is known");
	s = (Sample) {.n = 2, .score = {{1, 2}}, .class = {0, 0}};
	count_entries(&s);
	measure(&s, &m);
	ok(isnan(m.auc) && isnan(m.variance) && isnan(m.ks) && isnan(m.ks_at), "nor of one class");
	s.class[1] = 1;
	count_entries(&s);
	measure(&s, &m);
	ok(m.auc == 1 && isnan(m.variance) && m.ks == 1 && m.ks_at == 1, "one row of a class has no variance");
	s = (Sample) {.n = 4, .score = {{1, 1, 1, 1}}, .class = {0, 1, 0, 1}};
	count_entries(&s);
	measure(&s, &m);
	ok(m.auc == 0.5 && m.variance == 0 && m.ks == 0 && isnan(m.ks_at), "all ties are worth one half");

	/*
	 * Placements of 2^40 bads: all but one (N - 1) + 1/2 over N, one half of
	 * N - 1; both classes alike: the variance is 2 * p * (1 - p) * d^2 / (N - 1),
	 * where p = 1 / N and d the distance of the two placements.
	 */
	roc_begin(&sums, total);
	roc_add(&sums, &large[0]);
	roc_add(&sums, &large[1]);
	roc_end(&sums, &m);
	ok(m.auc == 1 - share, "the most rows there may be: AUC is exact");
	ok(near(m.variance, 2 * (_Float128) share * (1 - (_Float128) share) * 0.25F128 / ((_Float128) 0x1p40 - 1), 0),
	   "and so are the sums of the variance");
}

/* Of normal_quantile(0.975), rounded: 1.959963984540054. */
static void
test_interval(void)
{
	double		low;
	double		high;

	auc_interval(0.5, 0.01, 0.95, &low, &high);
	ok(near(low, 0.5F128 - 0.1959963984540054F128, 0) && near(high, 0.5F128 + 0.1959963984540054F128, 0),
	   "the interval reaches as far as the normal distribution says");
	auc_interval(0.05, 0.01, 0.95, &low, &high);
	ok(low == 0 && near(high, 0.05F128 + 0.1959963984540054F128, 0), "but not below 0");
	auc_interval(0.95, 0.01, 0.95, &low, &high);
	ok(high == 1 && near(low, 0.95F128 - 0.1959963984540054F128, 0), "nor above 1");
	auc_interval(0.7, 0, 0.95, &low, &high);
	ok(low == 0.7 && high == 0.7, "without variance it is the AUC");
	auc_interval(0.7, NAN, 0.95, &low, &high);
	ok(isnan(low) && isnan(high), "and of an unknown one it is unknown");
}

int
main(void)
{
	test_measures();
	test_edges();
	test_interval();
	return done_testing();
}
