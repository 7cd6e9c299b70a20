/*
 * roc_sample.h
 *		Rows with two scores and an outcome, and their placements counted one by
 *		one, for the unit tests.
 */
#ifndef ROC_SAMPLE_H
#define ROC_SAMPLE_H

#include "core/math/auc_math.h"
#include "tap.h"

#include <math.h>

#define MOST	200

typedef struct Sample
{
	int			n;
	double		score[2][MOST];
	int			class[MOST];
	TallyEntry	entries[MOST];
	int			distinct;
	int64_t		total[2];
} Sample;

static void
no_pause(void)
{
}

/* Entries of the first score, by looking for each row's among those before. */
static void
count_entries(Sample *s)
{
	TallyEntry	scratch[MOST];
	int			i;

	s->total[0] = s->total[1] = 0;
	for (i = 0; i < s->n; i++)
	{
		s->entries[i].key = tally_key(s->score[0][i]);
		s->entries[i].count[s->class[i]] = 1;
		s->entries[i].count[1 - s->class[i]] = 0;
		s->total[s->class[i]]++;
	}
	s->distinct = (int) tally_sort_entries(s->entries, s->n, scratch, no_pause);
}

static void
make_sample(Sample *s, int trial)
{
	int			spread = 1 + (int) below(trial % 4 == 0 ? 5 : 300);
	int			i;

	s->n = 4 + (int) below(MOST - 4);
	for (i = 0; i < s->n; i++)
	{
		s->score[0][i] = (double) below(spread) / 7 - 3;
		s->score[1][i] = trial % 5 == 0 ? s->score[0][i] : (double) below(spread) + s->score[0][i];
		s->class[i] = i < 2 || (i > 3 && below(1 + trial % 9) == 0);
	}
	count_entries(s);
}

static _Float128
placement(const Sample *s, int score, int row)
{
	_Float128	sum = 0;
	int			i;

	for (i = 0; i < s->n; i++)
	{
		double		apart = s->score[score][row] - s->score[score][i];

		if (s->class[i] == s->class[row])
			continue;
		if (s->class[row] == ROC_GOOD)
			apart = -apart;
		sum += apart > 0 ? 1 : apart == 0 ? 0.5F128 : 0;
	}
	return sum / s->total[1 - s->class[row]];
}

/* Covariance of the placements of two scores, over the rows, both classes added. */
static _Float128
covariance(const Sample *s, int a, int b, int differences)
{
	_Float128	result = 0;
	int			class;

	for (class = 0; class < 2; class++)
	{
		_Float128	sum[2] = {0, 0};
		_Float128	products = 0;
		int			i;

		for (i = 0; i < s->n; i++)
			if (s->class[i] == class)
			{
				_Float128	x = placement(s, a, i);
				_Float128	y = placement(s, b, i);

				if (differences)
					x = y = x - y;
				sum[0] += x;
				sum[1] += y;
				products += x * y;
			}
		result += (products - sum[0] * sum[1] / s->total[class]) / (s->total[class] - 1) / s->total[class];
	}
	return result;
}

static bool
near(double value, _Float128 expected, double scale)
{
	return fabsf128(value - expected) <= 1e-15F128 * (fabsf128(expected) + scale);
}

static void
print_bits(double value)
{
	uint64_t	bits;

	memcpy(&bits, &value, sizeof bits);
	printf("# %016llx\n", (unsigned long long) bits);
}

static void
measure(const Sample *s, RocMeasures *m)
{
	/* As the server allocates: aligned to 8 bytes and to no more. */
	static char memory[sizeof(RocSums) + 8] __attribute__((aligned(16)));
	RocSums    *sums = (RocSums *) (memory + 8);
	int			i;

	roc_begin(sums, s->total);
	for (i = 0; i < s->distinct; i++)
		roc_add(sums, &s->entries[i]);
	roc_end(sums, m);
}

#endif							/* ROC_SAMPLE_H */
