/*
 * confusion_test.c
 *		Stored form, merging and measures of type confusion, without a server.
 */
#include "confusion_check.h"
#include "tap.h"

/* Three names, four cells; the first byte of each varint is all of it. */
static const uint8_t stored[] = {
	1, 0, 7, 3, 1, 'a', 2, 'b', 'c', 1, 'n',
	4, 0, 0, 0, 3, 0, 1, 0, 1, 1, 1, 1, 2, 2, 0, 1, 0xc8, 0x01
};

static void
test_stored(void)
{
	Confusion	c;
	uint8_t		changed[sizeof stored + 1];
	bool		good;
	size_t		i;
	int			byte;
	int			values = 0;

	good = read_confusion(stored, sizeof stored, &c);
	ok(good && c.excluded == 7 && c.total == 206 && c.names == 3 && c.cells == 4 &&
	   c.cell[3].stratum == 2 && c.cell[3].truth == 0 && c.cell[3].predicted == 1 && c.cell[3].count == 200,
	   "bytes put together by hand are read");
	free_confusion(&c);
	ok(confusion_holds(stored, sizeof stored), "and written as they came");

	for (i = 0, good = true; i < sizeof stored; i++)
	{
		good = good && !read_confusion(stored, i, &c);
		free_confusion(&c);
	}
	memcpy(changed, stored, sizeof stored);
	changed[sizeof stored] = 0;
	good = good && !read_confusion(changed, sizeof changed, &c);
	ok(good, "every truncation, and a byte more, is damage");
	free_confusion(&c);

	for (i = 0, good = true; i < sizeof stored; i++)
		for (byte = 0; byte < 256; byte++)
		{
			memcpy(changed, stored, sizeof stored);
			changed[i] = (uint8_t) byte;
			good = good && confusion_holds(changed, sizeof stored);
			values += read_confusion(changed, sizeof stored, &c);
			free_confusion(&c);
		}
	ok(good && values > 100, "every changed byte is damage or another value");
}

static void
test_refused(void)
{
	static const struct
	{
		const char *what;
		size_t		length;
		uint8_t		bytes[32];
	}			cases[] = {
		{"another version", 5, {2, 0, 0, 0, 0}},
		{"a reserved bit", 5, {1, 1, 0, 0, 0}},
		{"a name that no cell uses", 7, {1, 0, 0, 1, 1, 'a', 0}},
		{"names out of order", 13, {1, 0, 0, 2, 1, 'b', 1, 'a', 1, 0, 1, 0, 1}},
		{"a name twice", 13, {1, 0, 0, 2, 1, 'a', 1, 'a', 1, 0, 1, 0, 1}},
		{"a zero byte in a name", 11, {1, 0, 0, 1, 1, 0, 1, 0, 0, 0, 1}},
		{"a count of zero", 11, {1, 0, 0, 1, 1, 'a', 1, 0, 0, 0, 0}},
		{"a place beyond the names", 11, {1, 0, 0, 1, 1, 'a', 1, 0, 1, 0, 1}},
		{"cells out of order", 17, {1, 0, 0, 2, 1, 'a', 1, 'b', 2, 0, 1, 0, 1, 0, 0, 0, 1}},
		{"a cell twice", 15, {1, 0, 0, 1, 1, 'a', 2, 0, 0, 0, 1, 0, 0, 0, 1}},
		{"more rows than an int64", 19, {1, 0, 1, 1, 1, 'a', 1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f}},
	};
	Confusion	c;
	size_t		i;

	for (i = 0; i < sizeof cases / sizeof cases[0]; i++)
	{
		ok(!read_confusion(cases[i].bytes, cases[i].length, &c), cases[i].what);
		free_confusion(&c);
	}
}

/* A random value of up to five names. */
static size_t
random_value(uint8_t *bytes)
{
	static const char *names[] = {"", "a", "ab", "b", "c"};
	ConfusionName name[5];
	ConfusionCell cell[125];
	Confusion	c = {0};
	ByteWriter	writer = {bytes, 0};
	uint32_t	i,
				at[5] = {0};

	for (i = 0; i < 125; i++)
		if (below(4) == 0)
			cell[c.cells++] = (ConfusionCell) {i / 25, i / 5 % 5, i % 5, 1 + below(30)};
	for (i = 0; i < c.cells; i++)
		at[cell[i].stratum] = at[cell[i].truth] = at[cell[i].predicted] = 1;
	for (i = 0; i < 5; i++)
		if (at[i])
		{
			at[i] = c.names;
			name[c.names++] = (ConfusionName) {names[i], (uint32_t) strlen(names[i]), 0};
		}
	for (i = 0; i < c.cells; i++)
		cell[i] = (ConfusionCell) {at[cell[i].stratum], at[cell[i].truth], at[cell[i].predicted], cell[i].count};
	c.excluded = below(10);
	c.name = name;
	c.cell = cell;
	confusion_write(&c, &writer);
	return writer.length;
}

static void
test_merge(void)
{
	bool		good = true;
	int			trial;

	for (trial = 0; trial < 2000 && good; trial++)
	{
		uint8_t		a_bytes[2000],
					b_bytes[2000];
		size_t		a_length = random_value(a_bytes);
		size_t		b_length = random_value(b_bytes);
		Confusion	a,
					b,
					ab,
					ba;
		uint8_t		bytes[4000];
		ByteWriter	writer = {bytes, 0};

		good = confusion_holds(a_bytes, a_length) && read_confusion(a_bytes, a_length, &a) &&
			read_confusion(b_bytes, b_length, &b);
		ab.name = malloc(20 * sizeof *ab.name);
		ba.name = malloc(20 * sizeof *ba.name);
		ab.cell = malloc(250 * sizeof *ab.cell);
		ba.cell = malloc(250 * sizeof *ba.cell);
		good = good && confusion_merge(&a, &b, &ab) == CONFUSION_OK && confusion_merge(&b, &a, &ba) == CONFUSION_OK;
		confusion_write(&ab, &writer);
		good = good && writes_as(&ba, bytes, writer.length) && ab.total == a.total + b.total &&
			ab.excluded == a.excluded + b.excluded && confusion_holds(bytes, writer.length);
		free_confusion(&a);
		free_confusion(&b);
		free_confusion(&ab);
		free_confusion(&ba);
	}
	ok(good, "merging commutes and gives canonical values");
}

/* The formulas of Olofsson et al. 2014, written out, where strata are the mapped classes. */
static void
test_olofsson(void)
{
	double		worst = 0;
	int			trial;

	for (trial = 0; trial < 500; trial++)
	{
		double		n[4][4],
					rows[4] = {0},
					w[4],
					total = 0;
		ConfusionName name[4] = {{"a", 1, 0}, {"b", 1, 0}, {"c", 1, 0}, {"d", 1, 0}};
		ConfusionCell cell[16];
		Confusion	c = {0, 0, 4, 0, name, cell};
		ConfusionAreas areas = {w, false, false, false};
		int			i,
					j;

		for (i = 0; i < 4; i++)
			total += w[i] = uniform(1, 100);
		for (i = 0; i < 4; i++)
			for (j = 0; j < 4; j++)
			{
				n[i][j] = i == j ? 2 + below(50) : below(12);
				rows[i] += n[i][j];
				if (n[i][j] > 0)
					cell[c.cells++] = (ConfusionCell) {(uint32_t) i, (uint32_t) j, (uint32_t) i, (int64_t) n[i][j]};
			}
		confusion_weigh_strata(&c, &areas);
		for (j = 0; j < 4; j++)
		{
			ConfusionArea got = confusion_area(&c, &areas, j);
			double		share = 0,
						share_var = 0,
						reference = 0,
						others = 0,
						users = n[j][j] / rows[j],
						producers;

			for (i = 0; i < 4; i++)
			{
				double		part = n[i][j] / rows[i];

				share += w[i] / total * part;
				share_var += w[i] / total * (w[i] / total) * part * (1 - part) / (rows[i] - 1);
				reference += w[i] * part;
				if (i != j)
					others += w[i] * w[i] * part * (1 - part) / (rows[i] - 1);
			}
			producers = w[j] * users / reference;
			worst = fmax(worst, fabs(got.share.value - share));
			worst = fmax(worst, fabs(got.share.se - sqrt(share_var)));
			worst = fmax(worst, fabs(got.users.value - users));
			worst = fmax(worst, fabs(got.users.se - sqrt(users * (1 - users) / (rows[j] - 1))));
			worst = fmax(worst, fabs(got.producers.value - producers));
			worst = fmax(worst, fabs(got.producers.se -
									 sqrt(w[j] * w[j] * (1 - producers) * (1 - producers) * users * (1 - users) / (rows[j] - 1) +
										  producers * producers * others) / reference));
		}
	}
	ok_figure(worst < 1e-14, "area-adjusted figures against the written-out formulas", worst);
}

int
main(void)
{
	test_stored();
	test_refused();
	test_merge();
	test_olofsson();
	return done_testing();
}
