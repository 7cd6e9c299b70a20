/*
 * calibration_test.c
 *		Measures of types calibration and distribution, without a server, against
 *		plain sums in long double.
 */
#include "calibration_check.h"
#include "tap.h"

/* Every measure enters it: the check reruns this with CPU features masked. */
static uint64_t digest = 0;

static void
digest_double(double x)
{
	uint64_t	bits;

	memcpy(&bits, &x, sizeof bits);
	digest = digest * UINT64_C(6364136223846793005) + bits;
}

typedef struct Rows
{
	int			distinct;
	double		value[400];
	int64_t		count[400][2];
	uint8_t		bytes[400 * TALLY_ENTRY_BYTES + TALLY_HEAD_BYTES];
	size_t		length;
} Rows;

/* Writes the rows, whose values ascend, as they are stored. */
static void
store(Rows *rows, int64_t missing)
{
	TallyHead	head = {{missing, 0, 0}, rows->distinct, {0, 0}};
	ByteWriter	writer = {rows->bytes, 0};
	uint64_t	key = 0;
	int			i;

	for (i = 0; i < rows->distinct; i++)
	{
		head.total[0] += rows->count[i][0];
		head.total[1] += rows->count[i][1];
	}
	tally_write_head(&writer, &head);
	for (i = 0; i < rows->distinct; i++)
	{
		TallyEntry	entry = {tally_key(rows->value[i]), {rows->count[i][0], rows->count[i][1]}};

		tally_write_entry(&writer, key, &entry);
		key = entry.key;
	}
	rows->length = writer.length;
}

static void
random_rows(Rows *rows, int classes)
{
	double		value = 0;
	int			i;

	rows->distinct = 1 + (int) below(300);
	for (i = 0; i < rows->distinct; i++)
	{
		value += uniform(1e-9, 1.9 / 300);
		rows->value[i] = value < 1 ? value : 1 - 1e-9 * (300 - i);
		if (i > 0 && rows->value[i] <= rows->value[i - 1])
			rows->value[i] = nextafter(rows->value[i - 1], 2);
		rows->count[i][0] = below(5);
		rows->count[i][1] = classes == 2 ? below(3) : 0;
		if (rows->count[i][0] + rows->count[i][1] == 0)
			rows->count[i][0] = 1 + below(1000);
	}
	store(rows, below(3));
}

static bool
near(double got, long double want)
{
	digest_double(got);
	return fabsl(got - want) <= 1e-14L * (1 + fabsl(want));
}

/* The group of each row, from the definition: x[index] expanded row by row. */
static int
group_of(const Rows *rows, int64_t n, double value, int groups)
{
	int			below_it = 0;
	int			k;

	for (k = 1; k < groups; k++)
	{
		int64_t		index = (n - 1) * k / groups;
		int64_t		end = 0;
		int			i;

		for (i = 0; end + rows->count[i][0] + rows->count[i][1] <= index; i++)
			end += rows->count[i][0] + rows->count[i][1];
		below_it += rows->value[i] < value;
	}
	return below_it;
}

static void
test_scores(void)
{
	static Rows rows;
	bool		scores_good = true,
				groups_good = true;
	int			trial;

	for (trial = 0; trial < 400; trial++)
	{
		CalibrationInput input = {rows.bytes, 0, NULL};
		CalibrationScores scores;
		CalibrationGroup group[17];
		long double squares = 0,
					losses = 0,
					excess = 0,
					variance = 0,
					expected[17] = {0};
		int64_t		n = 0,
					in_group[17] = {0},
					bads[17] = {0};
		int			groups = 2 + (int) below(15);
		int			used,
					at = 0,
					i;

		random_rows(&rows, 2);
		input.length = rows.length;
		for (i = 0; i < rows.distinct; i++)
			n += rows.count[i][0] + rows.count[i][1];
		for (i = 0; i < rows.distinct; i++)
		{
			long double p = rows.value[i];
			int			g = group_of(&rows, n, rows.value[i], groups);

			squares += rows.count[i][0] * p * p + rows.count[i][1] * (1 - p) * (1 - p);
			losses -= rows.count[i][0] * log1pl(-p) + rows.count[i][1] * logl(p);
			excess += rows.count[i][1] * (1 - p) * (1 - 2 * p) - rows.count[i][0] * p * (1 - 2 * p);
			variance += (rows.count[i][0] + rows.count[i][1]) * (1 - 2 * p) * (1 - 2 * p) * p * (1 - p);
			in_group[g] += rows.count[i][0] + rows.count[i][1];
			bads[g] += rows.count[i][1];
			expected[g] += (rows.count[i][0] + rows.count[i][1]) * p;
		}
		scores_good = scores_good && calibration_scores(&input, &scores) == CALIBRATION_OK &&
			near(scores.brier, squares / n) && near(scores.log_loss, losses / n) &&
			near(scores.spiegelhalter_z, excess / sqrtl(variance));
		groups_good = groups_good && calibration_groups(&input, groups, group, &used) == CALIBRATION_OK;
		for (i = 0; i < groups; i++)
			if (in_group[i] > 0)
			{
				groups_good = groups_good && at < used && group[at].n == in_group[i] && group[at].bads == bads[i] &&
					near(group[at].expected, expected[i]);
				at++;
			}
		groups_good = groups_good && at == used && calibration_holds(rows.bytes, rows.length);
	}
	ok(scores_good, "scores agree with long double");
	ok(groups_good, "groups are those of the definition");
}

static void
test_recalibration(void)
{
	static Rows rows;
	double		worst = 0;
	int			trial;

	for (trial = 0; trial < 200; trial++)
	{
		CalibrationInput input = {rows.bytes, 0, NULL};
		Recalibration fit;
		long double first = 0,
					second = 0,
					n = 0;
		int			i;

		random_rows(&rows, 2);
		input.length = rows.length;
		if (calibration_recalibrate(&input, true, &fit) != CALIBRATION_OK)
			continue;
		digest_double(fit.slope);
		digest_double(fit.intercept);
		digest_double(fit.slope_se);
		for (i = 0; i < rows.distinct; i++)
		{
			long double p = rows.value[i];
			long double x = logl(p / (1 - p));
			long double m = 1 / (1 + expl(-(fit.intercept + fit.slope * x)));
			long double rest = rows.count[i][1] - (rows.count[i][0] + rows.count[i][1]) * m;

			first += rest;
			second += rest * x;
			n += rows.count[i][0] + rows.count[i][1];
		}
		worst = fmax(worst, (double) (fmaxl(fabsl(first), fabsl(second)) / n));
	}
	ok_figure(worst > 0 && worst < 1e-13, "the score equations hold, per row", worst);
}

static bool
close_to(double got, long double want)
{
	digest_double(got);
	return fabsl(got - want) <= 1e-12L * (1 + fabsl(want));
}

/* Two PDs: the line goes through the logits of their shares of bads. */
static void
test_two_pds(void)
{
	static const struct
	{
		const char *what;
		double		pd[2];
		int64_t		count[2][2];
		double		within;
	}			cases[] = {
		{"1e-14 and a half", {1e-14, 0.5}, {{3, 1}, {2, 2}}, 1e-14},
		{"1e-15 and a half", {1e-15, 0.5}, {{3, 1}, {2, 2}}, 1e-14},
		{"1e-300 and a half", {1e-300, 0.5}, {{3, 1}, {2, 2}}, 1e-14},
		{"1e-300 and almost 1", {1e-300, 1 - 0x1p-53}, {{3, 1}, {2, 2}}, 1e-14},
		{"a millionth apart", {0.1, 0.1000001}, {{100, 10}, {95, 10}}, 1e-9},
		{"a billionth apart", {0.1, 0.1 + 1e-10}, {{100, 10}, {95, 10}}, 1e-5},
		{"both very small", {1e-200, 2e-200}, {{100, 10}, {95, 10}}, 1e-12},
		{"a single bad of a billion", {1e-9, 0.5}, {{1000000000, 1}, {3, 1}}, 1e-12}
	};
	static Rows rows;
	CalibrationInput input = {rows.bytes, 0, NULL};
	size_t		i;

	rows.distinct = 2;
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++)
	{
		Recalibration fit;
		long double x[2],
					y[2],
					variance[2],
					slope,
					step;
		double		within = cases[i].within;
		int			k;

		memcpy(rows.value, cases[i].pd, sizeof cases[i].pd);
		memcpy(rows.count, cases[i].count, sizeof cases[i].count);
		store(&rows, 0);
		input.length = rows.length;
		for (k = 0; k < 2; k++)
		{
			int64_t    *count = rows.count[k];

			x[k] = logl(rows.value[k]) - log1pl(-rows.value[k]);
			y[k] = logl((long double) count[1] / count[0]);
			variance[k] = 1 / (long double) count[0] + 1 / (long double) count[1];
		}
		step = x[1] - x[0];
		slope = (y[1] - y[0]) / step;
		if (calibration_recalibrate(&input, true, &fit) != CALIBRATION_OK)
		{
			ok(false, cases[i].what);
			continue;
		}
		digest_double(fit.slope);
		digest_double(fit.intercept_se);
		ok(fabsl(fit.slope - slope) <= within * fabsl(slope) &&
		   fabsl(fit.intercept - (y[0] - slope * x[0])) <= within * (1 + fabsl(slope * x[0])) &&
		   fabsl(fit.slope_se * step / sqrtl(variance[0] + variance[1]) - 1) <= 10 * within &&
		   fabsl(fit.intercept_se * step / sqrtl(variance[0] * x[1] * x[1] + variance[1] * x[0] * x[0]) - 1) <= 10 * within,
		   cases[i].what);
	}
}

/* With the slope held at 1: from the logits' own place, or where the likelihood is flat. */
static void
test_in_the_large(void)
{
	static Rows rows;
	CalibrationInput input = {rows.bytes, 0, NULL};
	Recalibration fit;

	rows.distinct = 1;
	rows.value[0] = 1e-300;
	rows.count[0][0] = 3;
	rows.count[0][1] = 1;
	store(&rows, 0);
	input.length = rows.length;
	ok(calibration_recalibrate(&input, false, &fit) == CALIBRATION_OK &&
	   close_to(fit.intercept, -logl(3) - logl(1e-300)) && close_to(fit.intercept_se, sqrtl(4 / 3.0L)),
	   "all of one very small PD");

	/* The first is never bad, so that the others are three of four. */
	rows.distinct = 2;
	rows.value[1] = 0.5;
	rows.count[1][0] = 2;
	rows.count[1][1] = 2;
	store(&rows, 0);
	input.length = rows.length;
	ok(calibration_recalibrate(&input, false, &fit) == CALIBRATION_OK &&
	   close_to(fit.intercept, logl(3)) && close_to(fit.intercept_se, sqrtl(4 / 3.0L)), "and some of a half");
}

static void
test_bytes(void)
{
	static Rows rows;
	static const uint8_t names[] = {DISTRIBUTION_NAMES, 0, 2, 1, 3, 0, 4, 1, 'a', 3, 2, 'b', 'c', 0xc8, 1};
	uint8_t		changed[64];
	bool		good = true;
	DistributionCounts counts;
	size_t		i;
	int			byte;

	rows.distinct = 3;
	for (i = 0; i < 3; i++)
	{
		rows.value[i] = 0.25 * (double) i;
		rows.count[i][0] = 2;
		rows.count[i][1] = (int64_t) i;
	}
	store(&rows, 5);
	for (i = 0; i < rows.length; i++)
	{
		good = good && calibration_holds(rows.bytes, i) && distribution_holds(rows.bytes, i);
		for (byte = 0; byte < 256; byte++)
		{
			memcpy(changed, rows.bytes, rows.length);
			changed[i] = (uint8_t) byte;
			good = good && calibration_holds(changed, rows.length) && distribution_holds(changed, rows.length);
		}
	}
	ok(good, "every truncated and changed byte of numbers is damage or another value");

	ok(distribution_count(names, sizeof names, NULL, &counts) == DISTRIBUTION_OK && counts.n == 207 &&
	   counts.missing == 2 && counts.unweighted == 1, "names put together by hand are read");
	for (i = 0, good = true; i < sizeof names; i++)
	{
		good = good && distribution_count(names, i, NULL, &counts) == DISTRIBUTION_DAMAGED;
		for (byte = 0; byte < 256; byte++)
		{
			memcpy(changed, names, sizeof names);
			changed[i] = (uint8_t) byte;
			good = good && distribution_holds(changed, sizeof names);
		}
	}
	ok(good, "every truncated and changed byte of names is damage or another value");
}

static void
test_refused(void)
{
	static const struct
	{
		const char *what;
		size_t		length;
		uint8_t		bytes[24];
	}			cases[] = {
		{"another version", 5, {DISTRIBUTION_NAMES + 1, 0, 0, 0, 0}},
		{"a reserved bit", 5, {DISTRIBUTION_NAMES, 1, 0, 0, 0}},
		{"names out of order", 11, {DISTRIBUTION_NAMES, 0, 0, 0, 2, 1, 'b', 1, 1, 'a', 1}},
		{"a name twice", 11, {DISTRIBUTION_NAMES, 0, 0, 0, 2, 1, 'a', 1, 1, 'a', 1}},
		{"a zero byte in a name", 8, {DISTRIBUTION_NAMES, 0, 0, 0, 1, 1, 0, 1}},
		{"no rows of a name", 8, {DISTRIBUTION_NAMES, 0, 0, 0, 1, 1, 'a', 0}},
		{"more names than there is room for", 8, {DISTRIBUTION_NAMES, 0, 0, 0, 2, 1, 'a', 1}},
		{"a byte more", 9, {DISTRIBUTION_NAMES, 0, 0, 0, 1, 1, 'a', 1, 0}},
		{"more rows than 2^40", 13, {DISTRIBUTION_NAMES, 0, 1, 0, 1, 1, 'a', 0x80, 0x80, 0x80, 0x80, 0x80, 0x20}}
	};
	static Rows rows;
	CalibrationInput input = {rows.bytes, 0, NULL};
	CalibrationScores scores;
	DistributionCounts counts;
	size_t		i;

	for (i = 0; i < sizeof cases / sizeof cases[0]; i++)
		ok(distribution_count(cases[i].bytes, cases[i].length, NULL, &counts) == DISTRIBUTION_DAMAGED, cases[i].what);
	rows.distinct = 1;
	rows.value[0] = 1.5;
	rows.count[0][0] = rows.count[0][1] = 1;
	store(&rows, 0);
	input.length = rows.length;
	ok(calibration_scores(&input, &scores) == CALIBRATION_DAMAGED, "a PD above 1");
	ok(distribution_count(rows.bytes, rows.length, NULL, &counts) == DISTRIBUTION_DAMAGED, "numbers of two classes");
}

static int
compare_doubles(const void *a, const void *b)
{
	double		left = *(const double *) a;
	double		right = *(const double *) b;

	return (left > right) - (left < right);
}

/* How many of sorted numbers lie above low, up to high. */
static int64_t
rows_within(const double *all, int64_t n, double low, double high)
{
	int64_t		rows = 0;
	int64_t		i;

	for (i = 0; i < n; i++)
		rows += all[i] > low && all[i] <= high;
	return rows;
}

/*
 * Cuts at the deciles of sorted numbers, and beyond an end whose bin has one number
 * only, several times.
 */
static int
cut_by_definition(const double *all, int64_t n, double *cut)
{
	double		least = all[0];
	double		greatest = all[n - 1];
	int			cuts = 0;
	int			i;

	for (i = 1; i < 10; i++)
	{
		double		h = (double) ((n - 1) * i % 10) / 10;
		const double *x = &all[(n - 1) * i / 10];
		double		decile = h == 0 || x[0] == x[1] ? x[0] : (1 - h) * x[0] + h * x[1];

		if (cuts == 0 || decile > cut[cuts - 1])
			cut[cuts++] = decile;
	}
	if (greatest > cut[cuts - 1] && rows_within(all, n, cut[cuts - 1], INFINITY) > 1 &&
		rows_within(all, n, cut[cuts - 1], nextafter(greatest, -INFINITY)) == 0)
		cut[cuts++] = greatest;
	if ((n == 1 || rows_within(all, n, -INFINITY, cut[0]) > 1) && rows_within(all, n, least, cut[0]) == 0)
	{
		memmove(cut + 1, cut, cuts++ * sizeof *cut);
		cut[0] = nextafter(least, -INFINITY);
	}
	return cuts;
}

/* Deciles by expanding every row, and the index in long double. */
static void
test_psi(void)
{
	static Rows expected,
				actual;
	static double all[400000];
	bool		good = true;
	int			ends[2] = {0};	/* trials with a bin beyond the lowest, the highest */
	int			trial;

	for (trial = 0; trial < 300 && good; trial++)
	{
		PsiReader	reader;
		PsiBin		bin;
		int64_t		n = 0;
		double		cut[11];
		int			cuts = 0;
		int			i;
		int			at = 0;

		random_rows(&expected, 1);
		random_rows(&actual, 1);
		for (i = 0; i < expected.distinct; i++)
		{
			int64_t		k;

			for (k = 0; k < expected.count[i][0]; k++)
				all[n++] = expected.value[i];
		}
		qsort(all, n, sizeof(double), compare_doubles);
		cuts = cut_by_definition(all, n, cut);
		ends[0] += cut[0] < all[0];
		ends[1] += cut[cuts - 1] == all[n - 1];
		good = psi_open(&reader, expected.bytes, expected.length, actual.bytes, actual.length, 1e-4, NULL) == DISTRIBUTION_OK &&
			reader.bins == cuts + 1;
		while (good && psi_next(&reader, &bin))
		{
			long double share[2];
			int64_t		rows[2] = {0};
			int			side;

			digest_double(bin.of.term);
			for (side = 0; side < 2; side++)
			{
				const Rows *of = side ? &actual : &expected;

				for (i = 0; i < of->distinct && !bin.missing; i++)
					if ((at == 0 || of->value[i] > cut[at - 1]) && (at == cuts || of->value[i] <= cut[at]))
						rows[side] += of->count[i][0];
				if (bin.missing)
					rows[side] = reader.counts[side].missing;
				share[side] = (long double) rows[side] / (reader.counts[side].n + reader.counts[side].missing);
				if (share[side] < 1e-4L)
					share[side] = 1e-4;
				good = good && rows[side] == bin.rows[side];
			}
			good = good && (at >= cuts || bin.high == cut[at]) &&
				near(bin.of.term, (share[1] - share[0]) * logl(share[1] / share[0]));
			at++;
		}
	}
	ok(good, "stability indices are those of the definition, bin by bin");
	ok(ends[0] > 10 && ends[0] < 290 && ends[1] > 10 && ends[1] < 290, "with and without bins beyond either end");
}

int
main(void)
{
	test_scores();
	test_recalibration();
	test_two_pds();
	test_in_the_large();
	test_bytes();
	test_refused();
	test_psi();
	printf("# digest %016llx\n", (unsigned long long) digest);
	return done_testing();
}
