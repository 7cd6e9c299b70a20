/*
 * concentration_test.c
 *		The kernel of type concentration: damaged bytes, texts, merging, and the
 *		measures against sums over the sorted weights in long double.
 */
#include "concentration_check.h"
#include "tap.h"

/* A value being written here, without help of the kernel's own merging. */
typedef struct Value
{
	uint8_t		bytes[65536];
	size_t		length;
} Value;

static void
make_value(Value *value, int count, char (*keys)[16], const double *weights)
{
	ByteWriter	writer = {value->bytes, 0};
	int			i;

	concentration_write_head(&writer, count);
	for (i = 0; i < count; i++)
		concentration_write_key(&writer, keys[i], strlen(keys[i]), &weights[i], 1);
	value->length = writer.length;
}

static bool
read_text(Value *value, const char *text)
{
	char	   *scratch = malloc(strlen(text) + 1);
	ConcentrationText reader;
	ConcentrationKey key;
	ByteWriter	writer = {value->bytes, 0};
	uint64_t	count = 0;

	/* Texts here have their keys in order, and fewer than 128 of them. */
	concentration_write_head(&writer, 0);
	concentration_text_open(&reader, text, scratch);
	while (concentration_text_next(&reader, &key))
	{
		concentration_write_key(&writer, key.key, key.length, key.part, key.parts);
		count++;
	}
	value->bytes[2] = (uint8_t) count;
	value->length = writer.length;
	free(scratch);
	return reader.fault == NULL;
}

static const char *const texts[] = {
	"{}",
	"{\"apple\": 1200.5}",
	"{\"\": 5e-324, \"apple\": 1200.5, \"apples\": 300+1e-17, \"rice\": 1e300+1-1e-300}",
	"{\"\\u0042\": 7, \"a\\\"b\\\\c\\u0001\\n\": 0.1+0.2+0.3}",
	" {\t\"1\"\n:\r1.5e3 , \"10\" : 8e307 - 1 } ",
};

#define TEXTS (sizeof texts / sizeof *texts)

static void
test_stored_bytes(void)
{
	bool		whole = true,
				cut = true,
				longer = true,
				flipped = true;
	size_t		t;

	for (t = 0; t < TEXTS; t++)
	{
		Value		value;
		Value		damaged;
		size_t		i;
		int			byte;
		double		total;

		whole = whole && read_text(&value, texts[t]) &&
			concentration_total(value.bytes, value.length, &total) == CONCENTRATION_OK &&
			stored_holds(value.bytes, value.length);
		for (i = 0; i < value.length; i++)
			cut = cut && stored_holds(value.bytes, i) &&
				concentration_total(value.bytes, i, &total) == CONCENTRATION_DAMAGED;
		memset(&damaged, 0, sizeof damaged);
		memcpy(damaged.bytes, value.bytes, value.length);
		longer = longer &&
			concentration_total(damaged.bytes, value.length + 1, &total) == CONCENTRATION_DAMAGED;
		for (i = 0; i < value.length; i++)
			for (byte = 0; byte < 256; byte++)
			{
				memcpy(damaged.bytes, value.bytes, value.length);
				damaged.bytes[i] = (uint8_t) byte;
				flipped = flipped && stored_holds(damaged.bytes, value.length);
			}
	}
	ok(whole, "values read from text hold as stored");
	ok(cut, "every truncation is damage");
	ok(longer, "a byte too many is damage");
	ok(flipped, "every changed byte is damage or another value in its one form");
}

/* Bytes a careless writer could have made; each breaks one rule. */
static bool
is_damaged(const void *bytes, size_t length)
{
	uint8_t    *tight = tight_copy(bytes, length);
	double		total;
	bool		damaged = concentration_total(tight, length, &total) == CONCENTRATION_DAMAGED;

	free(tight);
	return damaged;
}

static bool
pair_damaged(const char *first, const char *second, double weight)
{
	uint8_t		bytes[100];
	ByteWriter	writer = {bytes, 0};

	concentration_write_head(&writer, 2);
	concentration_write_key(&writer, first, strlen(first), &weight, 1);
	concentration_write_key(&writer, second, strlen(second), &weight, 1);
	return is_damaged(bytes, writer.length);
}

static bool
parts_damaged(const double *part, int parts)
{
	uint8_t		bytes[1000];
	ByteWriter	writer = {bytes, 0};

	concentration_write_head(&writer, 1);
	concentration_write_key(&writer, "k", 1, part, parts);
	return is_damaged(bytes, writer.length);
}

static void
test_canonical(void)
{
	double		many[50] = {0};
	int			i;

	ok(!pair_damaged("a", "b", 1), "two keys in order are a value");
	ok(pair_damaged("b", "a", 1), "keys out of order are not");
	ok(pair_damaged("a", "a", 1), "nor a key twice");
	ok(pair_damaged("ab", "a", 1), "nor a prefix after its longer key");
	ok(!pair_damaged("a", "\xc3\xa9", 1), "bytes order as unsigned numbers");
	ok(is_damaged("\2\0\0", 3) && is_damaged("\1\1\0", 3), "another version or reserved bits are damage");
	ok(!is_damaged("\1\0\0", 3) && is_damaged("\1\0\200\0", 4), "a count in its shortest form only");
	ok(!is_damaged("\1\0\1\2\1\0\0\0\0\0\0\360\77", 13) &&
	   is_damaged("\1\0\1\2\0\0\0\0\0\0\0\360\77", 13), "a zero byte in a key is damage");
	ok(is_damaged("\1\0\377\377\377\377\377\377\377\377\377\1", 12), "so is a count beyond the bytes");
	ok(!parts_damaged((double[]) {1}, 1) && parts_damaged((double[]) {0}, 1) &&
	   parts_damaged((double[]) {-0.0}, 1) && parts_damaged((double[]) {-1}, 1) &&
	   parts_damaged((double[]) {NAN}, 1) && parts_damaged((double[]) {INFINITY}, 1) &&
	   parts_damaged((double[]) {0x1p1023}, 1), "one part is positive and in range");
	ok(!parts_damaged((double[]) {1, 0x1p-54}, 2) && !parts_damaged((double[]) {1, -0x1p-54}, 2),
	   "two parts may be a sum");
	ok(parts_damaged((double[]) {1, 0}, 2) && parts_damaged((double[]) {1, 1}, 2) &&
	   parts_damaged((double[]) {0x1p-54, 1}, 2) && parts_damaged((double[]) {1, NAN}, 2) &&
	   parts_damaged((double[]) {-1, 0x1p-54}, 2), "but only its canonical one");
	ok(!parts_damaged((double[]) {1, 0x1p-53}, 2) &&
	   parts_damaged((double[]) {1, 0x1p-53, 0x1p-1074}, 3),
	   "a tie rounds to even, unless something breaks it");
	for (i = 0; i < 40; i++)
		many[i] = ldexp(1, 1000 - 54 * i);
	ok(!parts_damaged(many, 36) && parts_damaged(many, 50), "many parts are possible, too many are not");
}

static bool
reads_as(const char *text, const char *same)
{
	Value		a;
	Value		b;

	return read_text(&a, text) && read_text(&b, same) &&
		a.length == b.length && memcmp(a.bytes, b.bytes, a.length) == 0;
}

static const char *
fault_of(const char *text, size_t at, bool out_of_range)
{
	static char scratch[1000];
	ConcentrationText reader;
	ConcentrationKey key;

	concentration_text_open(&reader, text, scratch);
	while (concentration_text_next(&reader, &key))
		;
	if (reader.fault && reader.at == at && reader.out_of_range == out_of_range)
		return reader.fault;
	printf("# %s: %s at %zu\n", text, reader.fault ? reader.fault : "no fault", reader.at);
	return NULL;
}

static void
test_text(void)
{
	bool		damaged = true;
	size_t		t;

	ok(reads_as("{\"a\":1e2}", "{ \"a\" : 100.0 }"), "notation does not matter");
	ok(reads_as("{\"a\":0.5+0.25-0.25}", "{\"a\":0.5}"), "sums are taken exactly");
	ok(reads_as("{\"\\u0061\\/\":1}", "{\"a/\":1}"), "escapes are read");
	ok(!reads_as("{\"a\":0.1+0.2}", "{\"a\":0.30000000000000004}"), "nothing is rounded");
	ok(fault_of("", 0, false) && fault_of("[]", 0, false) && fault_of("{", 1, false) &&
	   fault_of("{} x", 3, false) && fault_of("{\"a\"}", 4, false) && fault_of("{\"a\":}", 5, false) &&
	   fault_of("{\"a\":1,}", 7, false) && fault_of("{\"a\":1 \"b\":2}", 7, false) &&
	   fault_of("{a:1}", 1, false) && fault_of("{\"a", 3, false), "faults of structure are where they are");
	ok(fault_of("{\"a\":1+}", 7, false) && fault_of("{\"a\":--1}", 6, false) &&
	   fault_of("{\"a\":nan}", 5, false) && fault_of("{\"a\":inf}", 5, false) &&
	   fault_of("{\"a\":0x10}", 5, false) && fault_of("{\"a\":1.2.3}", 8, false) &&
	   fault_of("{\"a\":e5}", 5, false), "so are those of numbers");
	ok(fault_of("{\"a\":-1}", 5, false) && fault_of("{\"a\":1-1-5e-324}", 5, false),
	   "a sum below zero is refused");
	ok(fault_of("{\"a\":1e309}", 5, true) && fault_of("{\"a\":1e-400}", 5, true) &&
	   fault_of("{\"a\":1e308}", 5, true) && fault_of("{\"a\":8e307+8e307}", 5, true),
	   "so is what no double holds");
	ok(fault_of("{\"\\q\":1}", 3, false) && fault_of("{\"\\u00e9\":1}", 3, false) &&
	   fault_of("{\"\\u0000\":1}", 3, false) && fault_of("{\"\\u12\":1}", 3, false), "and bad escapes");
	for (t = 0; t < TEXTS; t++)
	{
		size_t		length = strlen(texts[t]);
		uint8_t		changed[200];
		size_t		i;
		int			byte;

		for (i = 0; i <= length; i++)
			damaged = damaged && text_holds((const uint8_t *) texts[t], i);
		for (i = 0; i < length; i++)
			for (byte = 0; byte < 256; byte++)
			{
				memcpy(changed, texts[t], length);
				changed[i] = (uint8_t) byte;
				damaged = damaged && text_holds(changed, length);
			}
	}
	ok(damaged, "every truncated and changed text is a fault or a value");
}

static int
descending(const void *a, const void *b)
{
	double		left = *(const double *) a;
	double		right = *(const double *) b;

	return (left < right) - (left > right);
}

static bool
near(double value, long double expected)
{
	return fabsl(value - expected) <= 4e-16L * (1 + fabsl(expected));
}

static void
test_measures(void)
{
	bool		good = true;
	int			trial;

	for (trial = 0; trial < 500 && good; trial++)
	{
		int			count = 1 + (int) (next_bits() % 60);
		char		keys[60][16];
		double		weights[60];
		ConcentrationWeight heap[60];
		Value		value;
		long double total = 0,
					squares = 0,
					entropy = 0,
					top = 0;
		double		measure;
		int			n;
		int			i;

		for (i = 0; i < count; i++)
		{
			snprintf(keys[i], sizeof keys[i], "key%03d", i);
			weights[i] = ldexp((double) (next_bits() >> 40 | 1), trial % 3 == 0 ? 0 : -(int) (next_bits() % 40));
			if (trial % 5 == 0 && i > 0)
				weights[i] = weights[0];
			total += weights[i];
		}
		make_value(&value, count, keys, weights);
		for (i = 0; i < count; i++)
		{
			squares += weights[i] / total * (weights[i] / total);
			entropy -= weights[i] / total * logl(weights[i] / total);
		}
		good = concentration_hhi(value.bytes, value.length, &measure) == CONCENTRATION_OK &&
			near(measure, squares);
		if (count > 1)
			good = good && concentration_entropy(value.bytes, value.length, &measure) == CONCENTRATION_OK &&
				near(measure, entropy / logl(count));
		qsort(weights, count, sizeof(double), descending);
		for (n = 1; n <= count && good; n++)
		{
			top += weights[n - 1];
			good = concentration_top_share(value.bytes, value.length, n, heap, no_pause, &measure) == CONCENTRATION_OK &&
				near(measure, top / total);
		}
	}
	ok(good, "hhi, entropy and every top share agree with long double");
}

/* The n largest by their exact sums, which first parts alone do not tell. */
static void
test_top_exact(void)
{
	Value		value;
	ConcentrationWeight heap[4];
	double		share;
	double		third;
	ByteReader	part = {0};

	read_text(&value, "{\"a\": 1-1e-20, \"b\": 1, \"c\": 1+1e-20, \"d\": 1e-20}");
	concentration_top_share(value.bytes, value.length, 1, heap, no_pause, &third);
	concentration_top_share(value.bytes, value.length, 3, heap, no_pause, &share);
	ok(share == 1 && third == 1 / 3.0, "what is left out counts in the last bit only");

	/* Whichever comes first, the largest is the one with a little more than 1. */
	read_text(&value, "{\"a\": 1-1e-20, \"b\": 1+1e-20, \"c\": 1}");
	concentration_top_share(value.bytes, value.length, 1, heap, no_pause, &share);
	part.at = heap[0].rest;
	part.end = part.at + 8;
	ok(heap[0].first == 1 && heap[0].parts == 2 && read_double(&part) > 0,
	   "equal first parts are told apart by the next");
}

static void
test_merge(void)
{
	Value		a,
				b,
				expected;
	uint8_t		bytes[1000];
	ByteWriter	counter = {NULL, 0};
	ByteWriter	writer = {bytes, 0};
	uint64_t	count;
	ConcentrationKey overflow = {0};

	read_text(&a, "{\"apple\": 0.1, \"maize\": 5, \"rice\": 1e16}");
	read_text(&b, "{\"\": 2, \"apple\": 0.2, \"rice\": 1, \"wheat\": 3}");
	read_text(&expected, "{\"\": 2, \"apple\": 0.1+0.2, \"maize\": 5, \"rice\": 1e16+1, \"wheat\": 3}");
	ok(concentration_merge(a.bytes, a.length, b.bytes, b.length, &counter, &count, &overflow) == CONCENTRATION_OK &&
	   count == 5, "a merge counts its keys");
	concentration_write_head(&writer, count);
	concentration_merge(a.bytes, a.length, b.bytes, b.length, &writer, &count, &overflow);
	ok(writer.length == expected.length && writer.length == counter.length + 3 &&
	   memcmp(bytes, expected.bytes, writer.length) == 0, "and is exact, key by key");

	read_text(&a, "{\"a\": 1, \"rice\": 5e307}");
	read_text(&b, "{\"rice\": 5e307}");
	ok(concentration_merge(a.bytes, a.length, b.bytes, b.length, &counter, &count, &overflow) ==
	   CONCENTRATION_OUT_OF_RANGE && overflow.length == 4 && memcmp(overflow.key, "rice", 4) == 0,
	   "a sum out of range names its key");
	read_text(&b, "{\"b\": 5e307}");
	ok(concentration_merge(a.bytes, a.length, b.bytes, b.length, &counter, &count, &overflow) ==
	   CONCENTRATION_OUT_OF_RANGE && overflow.key == NULL, "a total out of range names none");
	ok(concentration_merge(a.bytes, a.length, b.bytes, b.length - 1, &counter, &count, &overflow) !=
	   CONCENTRATION_OK, "damage is not merged");
}

int
main(void)
{
	test_stored_bytes();
	test_canonical();
	test_text();
	test_measures();
	test_top_exact();
	test_merge();
	return done_testing();
}
