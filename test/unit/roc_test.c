/*
 * roc_test.c
 *		The kernels of roc against pairs of rows counted one by one.
 */
#include "validation/roc_math.h"
#include "roc_sample.h"

#include <stdlib.h>

static void
test_capture(void)
{
	bool		good = true;
	bool		ends = true;
	int			trial;

	for (trial = 0; trial < 100; trial++)
	{
		static Sample s;
		RocCapture	c;
		int			step;
		int			i;

		make_sample(&s, trial);
		for (step = 0; step <= 40; step++)
		{
			double		share = step / 40.0;
			_Float128	left = (_Float128) share * s.n;
			_Float128	captured = 0;

			for (i = s.distinct - 1; i >= 0 && left > 0; i--)
			{
				_Float128	ties = s.entries[i].count[0] + s.entries[i].count[1];
				_Float128	part = left < ties ? left / ties : 1;

				captured += part * s.entries[i].count[ROC_BAD];
				left -= ties;
			}
			roc_capture_begin(&c, s.total, share);
			for (i = 0; i < s.distinct; i++)
				roc_capture_add(&c, &s.entries[i]);
			good = good && fabsf128(roc_capture_end(&c) - captured / s.total[ROC_BAD]) < 2e-16F128;
			ends = ends && (step > 0 || roc_capture_end(&c) == 0) && (step < 40 || roc_capture_end(&c) == 1);
		}
	}
	ok(good, "of ties at the border, a part of either class is captured");
	ok(ends, "none of nothing, all of all");

	/* Where all are bad any share captures just that share. */
	for (trial = 0, good = true; trial < 2000; trial++)
	{
		double		share = trial < 1000 ? (trial + 1) / 1000.0 : pow(10, -300 * uniform(0, 1));
		TallyEntry	entries[3] = {{1, {0, 1 + below(10)}}, {2, {0, 1 + below(1000000000)}}, {3, {0, 1 + below(100)}}};
		int64_t		total[2] = {0, entries[0].count[1] + entries[1].count[1] + entries[2].count[1]};
		RocCapture	c;
		int			i;

		roc_capture_begin(&c, total, share);
		for (i = 0; i < 3; i++)
			roc_capture_add(&c, &entries[i]);
		good = good && roc_capture_end(&c) == share && roc_lift_end(&c) == 1;
	}
	ok(good, "of bads alone a share is that share, lift is 1");
}

static void
test_pairs(void)
{
	bool		measures = true;
	bool		equal = true;
	int			trial;

	for (trial = 0; trial < 200; trial++)
	{
		static Sample s;
		RocPairSums sums = {.total = {0}};
		RocPairMeasures m;
		RocMeasures first;
		int			i;

		make_sample(&s, trial);
		measure(&s, &first);
		sums.total[0] = s.total[0];
		sums.total[1] = s.total[1];
		for (i = 0; i < s.n; i++)
		{
			int			class = s.class[i];
			_Float128	of = 2 * s.total[1 - class];
			Unsigned128 a = (Unsigned128) (placement(&s, 0, i) * of + 0.25F128);
			Unsigned128 b = (Unsigned128) (placement(&s, 1, i) * of + 0.25F128);

			if (class == ROC_BAD)
			{
				sums.placements[0] += a;
				sums.placements[1] += b;
			}
			sums.squares[0][class] += a * a;
			sums.squares[1][class] += b * b;
			sums.products[class] += a * b;
		}
		roc_pair_end(&sums, &m);
		measures = measures && m.auc[0] == first.auc && m.variance[0] == first.variance &&
			near(m.variance[1], covariance(&s, 1, 1, 0), 0) &&
			near(m.covariance, covariance(&s, 0, 1, 0), 1e-2) &&
			near(m.difference_variance, covariance(&s, 0, 1, 1), 0);
		if (trial % 5 == 0)
			equal = equal && m.difference_variance == 0 && m.covariance == m.variance[0];
		print_bits(m.covariance);
	}
	ok(measures, "pairs have the variances and covariance of their placements");
	ok(equal, "a score does not differ from itself at all");
}

static int
by_key(const void *a, const void *b)
{
	uint64_t	left = ((const RocPairRow *) a)->key;
	uint64_t	right = ((const RocPairRow *) b)->key;

	return (left > right) - (left < right);
}

static void
test_sort(void)
{
	bool		good = true;
	int			trial;

	for (trial = 0; trial < 300; trial++)
	{
		size_t		n = (size_t) below(trial % 3 == 0 ? 40 : 3000);
		RocPairRow *rows = malloc(n * sizeof *rows + 1);
		RocPairRow *expected = malloc(n * sizeof *rows + 1);
		RocPairRow *scratch = malloc(n * sizeof *rows + 1);
		uint64_t	sum = 0;
		size_t		i;

		for (i = 0; i < n; i++)
		{
			rows[i].key = trial % 4 == 0 ? (uint64_t) below(9) << 40 : trial % 4 == 1 ? tally_key(uniform(-1, 1)) : next_bits();
			rows[i].payload = rows[i].key * 3 + 1;
			expected[i] = rows[i];
		}
		qsort(expected, n, sizeof *rows, by_key);
		roc_sort_pair_rows(rows, n, scratch, no_pause);
		for (i = 0; i < n; i++)
			sum |= (rows[i].key ^ expected[i].key) | (rows[i].payload ^ (rows[i].key * 3 + 1));
		good = good && sum == 0;
		free(rows);
		free(expected);
		free(scratch);
	}
	ok(good, "rows of pairs are sorted with what they carry");
}

static void
test_draws(void)
{
	static const int64_t counts[2][6] = {{1, 0, 5, 100, 0, 3}, {0, 7, 1, 0, 0, 2000000}};
	TallyEntry	entries[6];
	int64_t		until[2][6];
	uint32_t	guide[2][6];
	RocResampler r = {entries, 6, {0, 0}, {until[0], until[1]}, {guide[0], guide[1]}};
	bool		placed = true;
	double		worst = 0;
	int			class;
	int			i;

	for (i = 0; i < 6; i++)
	{
		entries[i].key = tally_key(i);
		for (class = 0; class < 2; class++)
		{
			entries[i].count[class] = counts[class][i];
			r.total[class] += counts[class][i];
		}
	}
	roc_resampler_begin(&r);
	for (class = 0; class < 2; class++)
	{
		int64_t		drawn[6] = {0};
		int64_t		draws = 400000;
		int64_t		row = 0;

		/* The first and the last bits that fall on each of the first rows. */
		for (row = 0; row < r.total[class] && row < 200; row++)
		{
			uint64_t	first = (uint64_t) ((((Unsigned128) row << 64) + (Unsigned128) r.total[class] - 1) / (Unsigned128) r.total[class]);
			uint64_t	last = (uint64_t) ((((Unsigned128) (row + 1) << 64) - 1) / (Unsigned128) r.total[class]);
			int64_t		expected = 0;

			while (until[class][expected] <= row)
				expected++;
			placed = placed && roc_draw_entry(&r, class, first) == expected && roc_draw_entry(&r, class, last) == expected;
		}
		placed = placed && entries[roc_draw_entry(&r, class, 0)].count[class] > 0 &&
			roc_draw_entry(&r, class, UINT64_MAX) == 5;
		for (i = 0; i < draws; i++)
			drawn[roc_draw_entry(&r, class, roc_draw_bits(7, 3, i))]++;
		for (i = 0; i < 6; i++)
		{
			double		p = (double) counts[class][i] / (double) r.total[class];
			double		off = fabs((double) drawn[i] - p * (double) draws) / sqrt((double) draws * p * (1 - p) + 1);

			worst = fmax(worst, off);
		}
	}
	ok(placed, "every draw falls on the entry of its row");
	ok_figure(worst < 4, "rows are drawn evenly, standard errors off", worst);
	ok(roc_draw_bits(1, 2, 3) == roc_draw_bits(1, 2, 3) && roc_draw_bits(1, 2, 3) != roc_draw_bits(2, 2, 3) &&
	   roc_draw_bits(1, 2, 3) != roc_draw_bits(1, 3, 2) && roc_draw_bits(0, 0, 0) != roc_draw_bits(0, 0, 1),
	   "draws are told apart by seed, replicate and number");
}

int
main(void)
{
	test_capture();
	test_pairs();
	test_sort();
	test_draws();
	return done_testing();
}
