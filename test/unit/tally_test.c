/*
 * tally_test.c
 *		Tallies: the order of keys, sorting against qsort, damaged bytes, texts.
 */
#include "tally_check.h"
#include "tap.h"

static int	pauses = 0;

static void
count_pause(void)
{
	pauses++;
}

static void
test_keys(void)
{
	static const double values[] = {
		-INFINITY, -1.7976931348623157e308, -1, -0.5, -2.2250738585072014e-308, -5e-324, 0,
		5e-324, 2.2250738585072014e-308, 0.1, 0.10000000000000002, 1, 1.7976931348623157e308, INFINITY
	};
	bool		ordered = true;
	bool		back = true;
	size_t		i;

	for (i = 0; i < sizeof values / sizeof *values; i++)
	{
		back = back && tally_value(tally_key(values[i])) == values[i];
		ordered = ordered && (i == 0 || tally_key(values[i - 1]) < tally_key(values[i]));
	}
	ok(ordered, "keys order as values do");
	ok(back, "and give them back");
	ok(tally_key(-0.0) == tally_key(0.0) && !signbit(tally_value(tally_key(-0.0))), "-0 is 0");
	ok(tally_key(-INFINITY) == TALLY_KEY_LEAST && tally_key(INFINITY) == TALLY_KEY_GREATEST,
	   "the infinities are the ends");
}

static int
ascending(const void *a, const void *b)
{
	uint64_t	left = *(const uint64_t *) a;
	uint64_t	right = *(const uint64_t *) b;

	return (left > right) - (left < right);
}

/* Numbers of many kinds of spread, and of one kind of repetition each. */
static uint64_t
draw_key(int kind, size_t i)
{
	switch (kind)
	{
		case 0:
			return tally_key(uniform(0, 1));
		case 1:
			return tally_key(uniform(-1, 1) * ldexp(1, (int) below(600) - 300));
		case 2:
			return tally_key((double) below(50));
		case 3:
			return next_bits();
		case 4:
			return tally_key(7);
		case 5:
			return tally_key((double) i);
		case 6:
			return tally_key(-(double) i);
		case 7:
			return below(20) == 0 ? next_bits() : next_bits() & 0xff;
		default:

			/* Each bit in turn alone, so that nearly all stay in one bucket. */
			return UINT64_C(1) << below(64);
	}
}

static void
test_sort_keys(void)
{
	static const size_t sizes[] = {0, 1, 2, 23, 24, 25, 26, 100, 4095, 4097, 60000};
	bool		good = true;
	size_t		s;
	int			kind;

	for (s = 0; s < sizeof sizes / sizeof *sizes; s++)
		for (kind = 0; kind < 9; kind++)
		{
			size_t		n = sizes[s];
			uint64_t   *keys = malloc(n * 8 + 1);
			uint64_t   *expected = malloc(n * 8 + 1);
			uint64_t   *scratch = malloc(n * 8 + 1);
			size_t		i;

			for (i = 0; i < n; i++)
				keys[i] = draw_key(kind, i);
			if (n > 0)
				memcpy(expected, keys, n * 8);
			qsort(expected, n, 8, ascending);
			tally_sort_keys(keys, n, scratch, count_pause);
			good = good && (n == 0 || memcmp(keys, expected, n * 8) == 0);
			free(keys);
			free(expected);
			free(scratch);
		}
	ok(good, "keys are sorted as qsort does, of any size and spread");

	{
		size_t		n = 5000000;
		uint64_t   *keys = malloc(n * 8);
		uint64_t   *scratch = malloc(n * 8);
		size_t		i;

		for (i = 0; i < n; i++)
			keys[i] = draw_key(0, i);
		pauses = 0;
		tally_sort_keys(keys, n, scratch, count_pause);
		for (i = 1; i < n && keys[i - 1] <= keys[i]; i++)
			;
		ok(i == n && pauses >= 8, "millions, too, with pauses");
		free(keys);
		free(scratch);
	}
}

static void
test_sort_entries(void)
{
	bool		good = true;
	int			trial;

	for (trial = 0; trial < 2000 && good; trial++)
	{
		size_t		n = (size_t) below(trial % 10 == 0 ? 2000 : 60);
		TallyEntry *entries = malloc(n * sizeof *entries + 1);
		TallyEntry *scratch = malloc(n * sizeof *entries + 1);
		int64_t		sums[40][2] = {{0}};
		size_t		left;
		size_t		i;

		for (i = 0; i < n; i++)
		{
			entries[i].key = (uint64_t) (trial % 3 == 0 ? (int64_t) i % 40 : below(40));
			entries[i].count[0] = below(5);
			entries[i].count[1] = 1 + below(5);
			sums[entries[i].key][0] += entries[i].count[0];
			sums[entries[i].key][1] += entries[i].count[1];
		}
		left = tally_sort_entries(entries, n, scratch, count_pause);
		for (i = 0; i < left; i++)
		{
			good = good && (i == 0 || entries[i - 1].key < entries[i].key) &&
				entries[i].count[0] == sums[entries[i].key][0] &&
				entries[i].count[1] == sums[entries[i].key][1];
			sums[entries[i].key][1] = 0;
		}
		for (i = 0; i < 40; i++)
			good = good && sums[i][1] == 0;
		free(entries);
		free(scratch);
	}
	ok(good, "entries are sorted and those of equal keys added up");
}

static void
test_sources(void)
{
	uint64_t	goods[] = {1, 1, 4, 9};
	uint64_t	bads[] = {0, 4, 4};
	TallyEntry	entries[] = {{1, {10, 1}}, {2, {0, 5}}, {9, {1, 0}}};
	static const TallyEntry expected[] = {
		{0, {0, 1}}, {1, {12, 1}}, {2, {0, 5}}, {4, {1, 2}}, {9, {2, 0}}
	};
	TallySources sources = {{goods, bads}, {goods + 4, bads + 3}, entries, entries + 3};
	TallySources none;
	TallyEntry	entry;
	bool		good = true;
	int			i;

	for (i = 0; i < 5; i++)
		good = good && tally_sources_next(&sources, &entry) &&
			memcmp(&entry, &expected[i], sizeof entry) == 0;
	memset(&none, 0, sizeof none);
	ok(good && !tally_sources_next(&sources, &entry) && !tally_sources_next(&none, &entry),
	   "keys of both classes and entries are read as one");
}

/* A value being written here. */
typedef struct Value
{
	uint8_t		bytes[4096];
	size_t		length;
} Value;

static void
make_value(Value *value, int n, const TallyEntry *entries)
{
	ByteWriter	writer = {value->bytes, 0};
	TallyHead	head = {{1, 0, 300}, n, {0, 0}};
	uint64_t	key = 0;
	int			i;

	for (i = 0; i < n; i++)
	{
		head.total[0] += entries[i].count[0];
		head.total[1] += entries[i].count[1];
	}
	tally_write_head(&writer, &head);
	for (i = 0; i < n; i++)
	{
		tally_write_entry(&writer, key, &entries[i]);
		key = entries[i].key;
	}
	value->length = writer.length;
}

static bool
is_damaged(const uint8_t *bytes, size_t length)
{
	uint8_t    *tight = tight_copy(bytes, length);
	TallyReader reader;
	TallyEntry	entry;

	tally_open(&reader, tight, length);
	while (tally_next(&reader, &entry))
		;
	free(tight);
	return reader.damaged;
}

static bool
entry_damaged(uint64_t key, int64_t goods, int64_t bads)
{
	Value		value;
	TallyEntry	entry = {key, {goods, bads}};

	make_value(&value, 1, &entry);
	return is_damaged(value.bytes, value.length);
}

static void
test_stored(void)
{
	TallyEntry	entries[8];
	Value		value;
	Value		changed;
	bool		cut = true;
	bool		flipped = true;
	size_t		i;
	int			byte;

	for (i = 0; i < 8; i++)
	{
		entries[i].key = tally_key(i == 0 ? -INFINITY : i == 7 ? INFINITY : (double) i - 3);
		entries[i].count[0] = i % 3 == 0 ? 0 : (int64_t) i * 1000;
		entries[i].count[1] = i % 3 == 1 ? 0 : (int64_t) i + 1;
	}
	make_value(&value, 8, entries);
	ok(!is_damaged(value.bytes, value.length) && stored_holds(value.bytes, value.length),
	   "what was written is read, and written as it was");
	for (i = 0; i < value.length; i++)
		cut = cut && stored_holds(value.bytes, i) && is_damaged(value.bytes, i);
	ok(cut, "every truncation is damage");
	changed = value;
	changed.bytes[value.length] = 0;
	ok(is_damaged(changed.bytes, value.length + 1), "a byte too many is damage");
	for (i = 0; i < value.length; i++)
		for (byte = 0; byte < 256; byte++)
		{
			changed = value;
			changed.bytes[i] = (uint8_t) byte;
			flipped = flipped && stored_holds(changed.bytes, value.length);
		}
	ok(flipped, "every changed byte is damage or another value in its one form");

	ok(!entry_damaged(tally_key(0), 1, 0) && !entry_damaged(tally_key(0), TALLY_MAX_TOTAL, TALLY_MAX_TOTAL),
	   "a class has up to 2^40 rows");
	ok(entry_damaged(tally_key(0), TALLY_MAX_TOTAL + 1, 1) && entry_damaged(tally_key(0), 1, TALLY_MAX_TOTAL + 1),
	   "not more");
	ok(entry_damaged(TALLY_KEY_LEAST - 1, 1, 0) && entry_damaged(TALLY_KEY_GREATEST + 1, 1, 0) &&
	   entry_damaged(TALLY_KEY_MINUS_ZERO, 1, 0) && entry_damaged(UINT64_MAX, 1, 0),
	   "NaN and -0 are no values");
	entries[1].key = entries[0].key;
	make_value(&value, 2, entries);
	ok(is_damaged(value.bytes, value.length), "a value does not come twice");
	entries[1].key = entries[0].key - 1;
	make_value(&value, 2, entries);
	ok(is_damaged(value.bytes, value.length), "nor out of order");
	ok(!is_damaged((const uint8_t *) "\1\0\0\0\0\0\0\0", 8) &&
	   is_damaged((const uint8_t *) "\2\0\0\0\0\0\0\0", 8) &&
	   is_damaged((const uint8_t *) "\1\1\0\0\0\0\0\0", 8) &&
	   is_damaged((const uint8_t *) "\1\0\0\0\0\0\1\0", 8) &&
	   is_damaged((const uint8_t *) "\1\0\0\0\0\1\1\0", 8), "version, reserved bits, totals and number are checked");
}

static const char *
fault_of(const char *text, int classes, size_t at)
{
	TallyText	reader;
	TallyEntry	entry;
	int64_t		excluded[TALLY_EXCLUSIONS];

	tally_text_open(&reader, text, classes, excluded);
	while (tally_text_next(&reader, &entry))
		;
	if (reader.fault && reader.at == at)
		return reader.fault;
	printf("# %s: %s at %zu\n", text, reader.fault ? reader.fault : "no fault", reader.at);
	return NULL;
}

static void
test_text(void)
{
	static const char *const texts[] = {
		"empty", "excluded 1/2/3", "excluded 0/1099511627776/0; 0.1 3/0; -Infinity 2/1",
		"0x 1/1", " 1e-3 1 / 0 ;\t-0 0/1;Infinity 7/7"
	};
	TallyText	reader;
	TallyEntry	entry;
	int64_t		excluded[TALLY_EXCLUSIONS];
	bool		holds = true;
	size_t		t;

	tally_text_open(&reader, " excluded 4/5/6; 1e-3 1 / 0 ;-0 0/12", 2, excluded);
	ok(excluded[0] == 4 && excluded[1] == 5 && excluded[2] == 6 &&
	   tally_text_next(&reader, &entry) && tally_value(entry.key) == 0.001 &&
	   entry.count[0] == 1 && entry.count[1] == 0 &&
	   tally_text_next(&reader, &entry) && entry.key == tally_key(0) &&
	   entry.count[0] == 0 && entry.count[1] == 12 &&
	   !tally_text_next(&reader, &entry) && reader.fault == NULL, "a text is read");
	tally_text_open(&reader, "-Infinity 3; 2.5 1", 1, excluded);
	ok(tally_text_next(&reader, &entry) && entry.key == TALLY_KEY_LEAST && entry.count[0] == 3 &&
	   tally_text_next(&reader, &entry) && entry.count[1] == 0 &&
	   !tally_text_next(&reader, &entry) && reader.fault == NULL, "of one class as well");
	ok(fault_of("", 2, 0) && fault_of("nan 1/0", 2, 0) && fault_of("inf 1/0", 2, 0) &&
	   fault_of("0x10 1/0", 2, 0) && fault_of("1e999 1/0", 2, 0) && fault_of("1e-999 1/0", 2, 0) &&
	   fault_of("--1 1/0", 2, 0) && fault_of("emptyish", 2, 5), "faults of values are where they are");
	ok(fault_of("1", 2, 1) && fault_of("1 1", 2, 3) && fault_of("1 1/", 2, 4) &&
	   fault_of("1 -1/0", 2, 2) && fault_of("1 0/0", 2, 2) && fault_of("1 0", 1, 2) &&
	   fault_of("1 1/1", 1, 3) && fault_of("1 1099511627777/0", 2, 2) &&
	   fault_of("1 99999999999999999999999/0", 2, 2), "so are those of rows");
	ok(fault_of("1 1/1 2 1/1", 2, 6) && fault_of("1 1/1;", 2, 6) &&
	   fault_of("excluded 1/2", 2, 12) && fault_of("excluded 1/1/1 1 1/1", 2, 15) &&
	   fault_of("empty; ", 2, 5) && fault_of("empty; 5 1/0", 2, 5) && fault_of("5 1/0; empty", 2, 7), "and of what is between");
	for (t = 0; t < sizeof texts / sizeof *texts; t++)
	{
		size_t		length = strlen(texts[t]);
		uint8_t		changed[200];
		size_t		i;
		int			byte;

		for (i = 0; i <= length; i++)
			holds = holds && text_holds((const uint8_t *) texts[t], i, 1) &&
				text_holds((const uint8_t *) texts[t], i, 2);
		for (i = 0; i < length; i++)
			for (byte = 0; byte < 256; byte++)
			{
				memcpy(changed, texts[t], length);
				changed[i] = (uint8_t) byte;
				holds = holds && text_holds(changed, length, 2);
			}
	}
	ok(holds, "every truncated and changed text is a fault or entries");
}

int
main(void)
{
	test_keys();
	test_sort_keys();
	test_sort_entries();
	test_sources();
	test_stored();
	test_text();
	return done_testing();
}
