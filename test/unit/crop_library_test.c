/*
 * crop_library_test.c
 *		Libraries learnt from seasons that are known: what they make of others,
 *		their stored form, and damaged bytes.
 */
#include "crop/crop_learn_math.h"
#include "crop_library_check.h"
#include "tap.h"

#define CROPS	3
#define ROWS	90
#define DATES	23
#define BANDS	2

static const double peak_day[CROPS] = {60, 150, 240};

typedef struct Field
{
	int			crop[ROWS];
	int32_t		day[ROWS][DATES];
	float		value[ROWS][BANDS * DATES];
	Series		series[ROWS];
} Field;

/* Seasons with their peak so many days after the first, early or late, in noise. */
static void
grow(Field *field, int first_day, double noise)
{
	int			i,
				j;

	for (i = 0; i < ROWS; i++)
	{
		double		late = uniform(-12, 12);

		field->crop[i] = i * CROPS / ROWS;
		for (j = 0; j < DATES; j++)
		{
			double		away = (16 * j - late - peak_day[field->crop[i]]) / 40;
			double		green = 0.2 + 0.6 / (1 + away * away);

			field->day[i][j] = first_day + 16 * j;
			field->value[i][j] = (float) (green + uniform(-noise, noise));
			field->value[i][DATES + j] = (float) (0.4 - 0.3 * green + uniform(-noise, noise));
		}
		field->series[i] = (Series) {DATES, BANDS, field->day[i], field->value[i]};
	}
}

static TextSpan labels[CROPS] = {{"early", 5}, {"late", 4}, {"middle", 6}};

/* The bytes of a library learnt from the field. */
static uint8_t *
learn(const Field *field, CropMethod method, Arena arena, size_t *length)
{
	CropLearning learning = {{method, 5, 64, 0.05, -0.1, 50}, 4, 1, 16, ROWS, BANDS, field->series, field->crop, CROPS,
	labels, arena, NULL};
	CropSource	source;
	ByteWriter	w = {NULL, 0};
	TextSpan	bytes;
	CropLibrary library = {learning.options, BANDS, 1, &source, &bytes};
	uint8_t    *encoded;

	crop_learn(&learning, &source);
	crop_source_encode(&w, &source, BANDS);
	w.buffer = arena.alloc(arena.context, w.length);
	w.length = 0;
	crop_source_encode(&w, &source, BANDS);
	bytes = (TextSpan) {(const char *) w.buffer, (uint32_t) w.length};
	w = (ByteWriter) {NULL, 0};
	crop_library_encode(&w, &library);
	encoded = w.buffer = malloc(w.length);
	w.length = 0;
	crop_library_encode(&w, &library);
	*length = w.length;
	return encoded;
}

static uint64_t
hash(const uint8_t *bytes, size_t length)
{
	uint64_t	h = 0;

	while (length-- > 0)
		h = (h ^ *bytes++) * UINT64_C(0x100000001b3);
	return h;
}

/* How many of the field the library calls by their names; and how sure it is of itself. */
static int
count_right(const Field *field, const uint8_t *bytes, size_t length, int shift, double *sure)
{
	Pieces		pieces = {NULL};
	Arena		arena = {get_piece, &pieces};
	CropLibrary library;
	CropPrepared *prepared;
	int			right = 0;
	int			i,
				j;

	if (crop_library_decode(&library, bytes, length, arena) != NULL)
		return -1;
	prepared = crop_prepare(&library, arena);
	*sure = 0;
	for (i = 0; i < ROWS; i++)
	{
		int32_t		day[DATES];
		Series		series = {DATES, BANDS, day, field->value[i]};
		CropVerdict v;

		for (j = 0; j < DATES; j++)
			day[j] = field->day[i][j] + shift;
		v = crop_classify(prepared, &series, day[0], day[DATES - 1]);
		right += v.reason == CROP_CLASSIFIED && v.crop == field->crop[i];
		*sure += v.probability / ROWS;
	}
	free_pieces(&pieces);
	return right;
}

static void
test_learning(CropMethod method, const char *name)
{
	static Field known,
				other;
	Pieces		pieces = {NULL};
	Arena		arena = {get_piece, &pieces};
	uint8_t    *bytes,
			   *again;
	size_t		length,
				length_again;
	char		what[100];
	double		sure;
	int			right;
	size_t		i;
	bool		good = true;

	grow(&known, 9753, 0.05);	/* 2026-09-14 */
	grow(&other, 9753, 0.05);
	bytes = learn(&known, method, arena, &length);
	again = learn(&known, method, arena, &length_again);
	printf("# %s %016llx\n", name, (unsigned long long) hash(bytes, length));
	snprintf(what, sizeof what, "%s: the same rows give the same bytes", name);
	ok(length == length_again && memcmp(bytes, again, length) == 0, what);

	/* Peaks lie 90 days apart, and fields are 12 days early or late: nothing is mistaken. */
	right = count_right(&other, bytes, length, 0, &sure);
	snprintf(what, sizeof what, "%s: fields not seen are called by their names", name);
	ok_figure(right >= ROWS - 3, what, right);
	if (method != CROP_PATTERNS)
	{
		snprintf(what, sizeof what, "%s: and surely so", name);
		ok_figure(sure > 0.9 && sure <= 1, what, sure);
	}
	right = count_right(&other, bytes, length, 731, &sure);
	snprintf(what, sizeof what, "%s: also two years later", name);
	ok_figure(right >= ROWS - 3, what, right);

	snprintf(what, sizeof what, "%s: bytes cut off or changed never crash", name);
	good &= crop_library_holds(bytes, length);
	for (i = 0; i < 400; i++)
	{
		size_t		end = i < 200 ? i : (size_t) below((int64_t) length);
		uint8_t    *copy = malloc(length);

		memcpy(copy, bytes, length);
		good &= end == length || crop_library_holds(copy, end);
		copy[below(600)] = (uint8_t) below(256);
		good &= crop_library_holds(copy, length);
		free(copy);
	}
	ok(good, what);
	free(bytes);
	free(again);
	free_pieces(&pieces);
}

static void
test_reasons(void)
{
	static Field known,
				field;
	Pieces		pieces = {NULL};
	Arena		arena = {get_piece, &pieces};
	CropLibrary library;
	CropPrepared *prepared;
	size_t		length;
	uint8_t    *bytes;
	Series		s;
	CropVerdict v;
	int			i;

	grow(&known, 9753, 0.05);
	grow(&field, 9753, 0.02);
	bytes = learn(&known, CROP_TWDTW, arena, &length);
	(void) crop_library_decode(&library, bytes, length, arena);
	prepared = crop_prepare(&library, arena);

	s = field.series[0];
	s.n = 4;
	v = crop_classify(prepared, &s, s.day[0], s.day[3]);
	ok(v.reason == CROP_TOO_FEW && v.crop < 0, "four dates are too few");
	s = field.series[0];
	v = crop_classify(prepared, &s, s.day[0] - 65, s.day[DATES - 1]);
	ok(v.reason == CROP_GAP && v.max_gap == 65, "a gap before the first date counts");
	v = crop_classify(prepared, &s, s.day[0], s.day[DATES - 1] + 64);
	ok(v.reason == CROP_CLASSIFIED && v.max_gap == 64, "a gap after the last date as long as allowed");
	for (i = 0; i < BANDS * DATES; i++)
		field.value[1][i] = i % 2 ? 1 : 0;
	s = field.series[1];
	v = crop_classify(prepared, &s, s.day[0], s.day[DATES - 1]);
	ok(v.reason == CROP_UNLIKE, "a series that jumps is unlike any crop");

	/* Seen for half a season: the peaks of two crops are still to come. */
	s = field.series[2];
	s.n = 9;
	{
		float		half[BANDS * 9];

		memcpy(half, field.value[2], 9 * sizeof(float));
		memcpy(half + 9, field.value[2] + DATES, 9 * sizeof(float));
		s.value = half;
		v = crop_classify(prepared, &s, s.day[0], s.day[8]);
		ok_figure(v.crop == 0 && v.probability > 0.9, "half a season tells the early crop", v.probability);
	}
	free(bytes);
	free_pieces(&pieces);
}

int
main(void)
{
	test_learning(CROP_TWDTW, "twdtw");
	test_learning(CROP_KERNEL, "kernel");
	test_learning(CROP_PATTERNS, "patterns");
	test_reasons();
	return done_testing();
}
