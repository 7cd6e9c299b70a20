/*
 * vegetation_test.c
 *		Stored form of a series: exact, canonical, compact, and proof against
 *		damage; merging and spikes by their definitions.
 */
#include "vegetation_check.h"
#include "tap.h"

#define MOST_DATES 40
#define MOST_BANDS 5

static int32_t day[MOST_DATES];
static float value[MOST_DATES * MOST_BANDS];
static uint8_t stored[MOST_DATES * MOST_BANDS * 8 + 100];
static const uint64_t nothing[VEGETATION_LEFT_OUT] = {0};

static size_t
encode(const Series *s, const uint64_t *left_out)
{
	ByteWriter	w = {stored, 0};

	vegetation_encode(&w, s, left_out);
	return w.length;
}

/* A value as sensors and people give it: decimals of some digits, or any finite float. */
static float
draw_value(int kind)
{
	static const double unit[] = {1e-4, 1e-2, 1, 1e-9, 1e-6, 1e-3};
	uint32_t	bits = (uint32_t) next_bits();
	float		x;

	if (kind < 6)
		return (float) ((double) (below(20001) - 10000) * unit[kind]) + 0.0f;
	memcpy(&x, &bits, sizeof x);
	return isfinite(x) ? x + 0.0f : 1;
}

static Series
draw_series(void)
{
	int			n = (int) below(MOST_DATES + 1);
	int			n_bands = n > 0 ? 1 + (int) below(MOST_BANDS) : 0;
	int			kind[MOST_BANDS];
	int			i;
	int			band;

	for (i = 0; i < n; i++)
		day[i] = i > 0 ? day[i - 1] + 1 + (int32_t) below(200) : (int32_t) below(20000) - 10000;
	for (band = 0; band < n_bands; band++)
		kind[band] = (int) below(8);
	for (band = 0; band < n_bands; band++)
		for (i = 0; i < n; i++)
			value[band * n + i] = draw_value(kind[band]);
	return (Series) {n, n_bands, day, value};
}

static bool
comes_back(const Series *s, size_t length, const uint64_t *left_out)
{
	int32_t		days[MOST_DATES];
	float		values[MOST_DATES * MOST_BANDS];
	VegetationHead head;

	return vegetation_open(&head, stored, length) && head.n == s->n && head.n_bands == s->n_bands &&
		vegetation_decode(&head, head.n_bands, days, values) && memcmp(days, s->day, s->n * sizeof(int32_t)) == 0 &&
		memcmp(values, s->value, (size_t) s->n * s->n_bands * sizeof(float)) == 0 &&
		memcmp(head.left_out, left_out, sizeof head.left_out) == 0;
}

static void
test_round_trips(void)
{
	bool		exact = true;
	bool		canonical = true;
	bool		proof = true;
	int			round;

	for (round = 0; round < 20000; round++)
	{
		Series		s = draw_series();
		uint64_t	left_out[VEGETATION_LEFT_OUT] = {(uint64_t) below(3), next_bits() >> 1, 0, (uint64_t) below(1000)};
		size_t		length = encode(&s, left_out);
		uint8_t    *tight = malloc(length);

		exact = exact && comes_back(&s, length, left_out);
		canonical = canonical && vegetation_holds(stored, length);

		/* One byte changed, or the end cut off, without a byte to spare. */
		memcpy(tight, stored, length);
		tight[below((int64_t) length)] ^= (uint8_t) (1 + below(255));
		proof = proof && vegetation_holds(tight, length);
		tight = realloc(tight, length - 1);
		proof = proof && vegetation_holds(tight, length - 1);
		free(tight);
	}
	ok(exact, "series come back to the last bit");
	ok(canonical, "their bytes are the only ones");
	ok(proof, "damaged bytes are refused, or are the bytes of another series");
}

/* Every value of up to six digits takes what whole numbers take. */
static void
test_compact(void)
{
	bool		exact = true;
	int			whole;
	int			i;
	Series		s = {23, 4, day, value};
	size_t		length;

	for (i = 0; i < 23; i++)
		day[i] = 5000 + 16 * i;
	for (i = 0; i < 92; i++)
		value[i] = (float) ((double) (2000 + below(7000)) / 10000);
	length = encode(&s, nothing);
	ok_figure(length + 4 <= 250, "23 dates of 4 bands in four decimals take 250 bytes at most", (double) length + 4);
	for (i = 0; i < 92; i++)
		value[i] = (float) uniform(0, 1);
	length = encode(&s, nothing);
	ok_figure(length + 4 <= 4 * 92 + 50, "and values of all digits what floats take", (double) length + 4);
	s.n = 1;
	s.n_bands = 1;
	for (whole = -999999; whole <= 999999 && exact; whole++)
		for (i = 0; i <= 9; i += 3)
		{
			value[0] = (float) (whole / (i == 0 ? 1.0 : i == 3 ? 1e3 : i == 6 ? 1e6 : 1e9));
			length = encode(&s, nothing);
			exact = exact && length <= 16 && comes_back(&s, length, nothing);
		}
	ok(exact, "all decimals of up to six digits are exact and short");
}

static bool
is_refused(const uint8_t *bytes, size_t length)
{
	VegetationHead head;

	return !vegetation_open(&head, bytes, length) || !vegetation_decode(&head, head.n_bands, NULL, NULL);
}

#define REFUSES(...) is_refused((const uint8_t[]) {__VA_ARGS__}, sizeof((const uint8_t[]) {__VA_ARGS__}))

static void
test_refusals(void)
{
	ok(!REFUSES(1, 0, 0, 0, 0, 0, 0), "nothing is a series");
	ok(REFUSES(2, 0, 0, 0, 0, 0, 0) && REFUSES(1, 1, 0, 0, 0, 0, 0), "another version, a reserved bit");
	ok(REFUSES(1, 0, 0, 0, 0, 0, 0, 0), "a byte too many");
	ok(!REFUSES(1, 0, 0, 0, 0, 0, 1, 1, 20, 0 + 4, 6), "one date of 0.3");
	ok(REFUSES(1, 0, 0, 0, 0, 0, 1, 1, 20, 0 + 8, 60), "0.30 is one decimal too many");
	ok(REFUSES(1, 0, 0, 0, 0, 0, 1, 1, 20, 1 + 4, 6, 0), "a width too many");
	ok(REFUSES(1, 0, 0, 0, 0, 0, 1, 1, 20, 1 + 4, 4, 1), "a least value that none has");
	ok(REFUSES(1, 0, 0, 0, 0, 0, 1, 1, 20, 0xff, 0x9a, 0x99, 0x99, 0x3e), "0.3 as a float");
	ok(!REFUSES(1, 0, 0, 0, 0, 0, 1, 1, 20, 0xff, 0xab, 0xaa, 0xaa, 0x3e), "a third is one");
	ok(REFUSES(1, 0, 0, 0, 0, 0, 1, 1, 20, 0xff, 0, 0, 0x80, 0x7f) && REFUSES(1, 0, 0, 0, 0, 0, 1, 1, 20, 0xff, 0, 0, 0xc0, 0x7f),
	   "neither infinity nor NaN");
	ok(REFUSES(1, 0, 0, 0, 0, 0, 1, 1, 20, 0xff, 0, 0, 0, 0x80), "nor -0");
	ok(REFUSES(1, 0, 0, 0, 0, 0, 1, 0, 20, 4, 6), "a date without bands");
	ok(REFUSES(1, 0, 0, 0, 0, 0, 1, 1, 0xff, 0xff, 0xff, 0xff, 0x0f, 4, 6), "a date beyond the calendar");
}

/* Merged series against one that a plain search makes. */
static void
test_merge(void)
{
	bool		good = true;
	int			round;

	for (round = 0; round < 5000; round++)
	{
		int32_t		days[2][12];
		float		values[2][24];
		Series		s[2];
		int32_t		merged_day[24];
		float		merged[48];
		int			n;
		int			k;
		int			i;
		int			at = 0;

		for (k = 0; k < 2; k++)
		{
			int			count = (int) below(12);

			for (i = 0; i < count; i++)
				days[k][i] = (i > 0 ? days[k][i - 1] : 0) + 1 + (int32_t) below(3);
			for (i = 0; i < 2 * count; i++)
				values[k][i] = (float) below(3);
			s[k] = (Series) {count, count > 0 ? 2 : 0, days[k], values[k]};
		}
		n = vegetation_merge(&s[0], &s[1], merged_day, merged);
		for (i = 0; i < 40; i++)
		{
			bool		found = false;
			float		best[2] = {0};

			for (k = 0; k < 2; k++)
			{
				int			j;

				for (j = 0; j < s[k].n; j++)
					if (days[k][j] == i && (!found || values[k][j] > best[0] ||
											(values[k][j] == best[0] && values[k][s[k].n + j] > best[1])))
					{
						found = true;
						best[0] = values[k][j];
						best[1] = values[k][s[k].n + j];
					}
			}
			if (found)
			{
				good = good && at < n && merged_day[at] == i && merged[at] == best[0] && merged[n + at] == best[1];
				at++;
			}
		}
		good = good && at == n;
	}
	ok(good, "merged series have the greenest observation of each date");
}

static void
test_spikes(void)
{
	static const int32_t days[8] = {0, 8, 16, 24, 32, 40, 48, 56};
	static const float cloud[8] = {0.5f, 0.6f, 0.2f, 0.15f, 0.65f, 0.6f, 0.1f, 0.12f};
	Series		s = {8, 1, days, cloud};
	bool		keep[8];

	ok(vegetation_find_spikes(&s, 0.1, 32, keep) == 2 && !keep[2] && !keep[3] && keep[6] && keep[7],
	   "two cloudy dates go, a harvest stays");
	ok(vegetation_find_spikes(&s, 0.1, 16, keep) == 0, "a spike has to end within the days");
	ok(vegetation_find_spikes(&s, 0.42, 32, keep) == 1 && !keep[3], "and to be deep enough");
	s.n = 0;
	ok(vegetation_find_spikes(&s, 0.1, 32, keep) == 0, "nothing has no spikes");
}

int
main(void)
{
	test_round_trips();
	test_compact();
	test_refusals();
	test_merge();
	test_spikes();
	return done_testing();
}
