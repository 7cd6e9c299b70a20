/*
 * binning_test.c
 *		Stored binnings under damage, and WOE and IV against the C library in
 *		_Float128.
 */
#include "binning_check.h"
#include "tap.h"

#include "model/card/score_math.h"


static uint8_t *
encode(const Binning *binning, size_t *size)
{
	uint8_t    *bytes;

	*size = binning_encode(binning, NULL);
	bytes = malloc(*size);
	binning_encode(binning, bytes);
	return bytes;
}

static BinPart bins[3] = {{{{90, 10}}, 0, 0}, {{{80, 20}}, 0, 0}, {{{60, 40}}, 0, 0}};
static double cuts[2] = {-2.5, 1e300};
static BinPart specials[2] = {{{{4, 0}}, 0, 0}, {{{300, 200}}, 0, 0}};
static double values[2] = {-9, 7};

static Binning
make_numbers(void)
{
	Binning		binning = {
		.kind = CARD_NUMBER, .trend = BIN_PEAK, .missing_policy = BIN_MISSING_BIN,
		.no_outcome = 7, .no_weight = 200, .missing = {{{3, 9}}, 0, 0}, .n_bins = 3,
		.bin = bins, .cut = cuts, .n_specials = 2, .special_value = values, .special = specials
	};
	int			t;

	for (t = 0; t < BIN_TRENDS; t++)
	{
		binning.outcome[t].bins = t == 1 ? 0 : t == 2 ? 499 : 3;
		binning.outcome[t].iv = 0.25 * t;
		binning.outcome[t].held_out = t == 3 ? NAN : -0.01;
	}
	return binning;
}

static TextSpan first_list[2] = {{"apple", 5}, {"rice", 4}};
static TextSpan second_list[1] = {{"", 0}};
static BinCategories lists[2] = {{2, first_list}, {1, second_list}};

static Binning
make_categories(void)
{
	Binning		binning = make_numbers();

	binning.kind = CARD_CATEGORY;
	binning.unseen = CARD_UNSEEN_WORST;
	binning.missing_policy = BIN_MISSING_BEST;
	binning.n_bins = 2;
	binning.categories = lists;
	binning.n_specials = 0;
	return binning;
}

/* Every byte replaced by every other, every length cut; returns how many damages are still binnings. */
static long
damage(const Binning *binning)
{
	size_t		size;
	uint8_t    *bytes = encode(binning, &size);
	long		survivors = 0;
	size_t		i;
	int			b;

	for (i = 0; i < size; i++)
	{
		uint8_t		kept = bytes[i];
		uint8_t    *shorter = malloc(i > 0 ? i : 1);

		memcpy(shorter, bytes, i);
		if (check_binning_bytes(shorter, i))
			abort();
		free(shorter);
		for (b = 0; b < 256; b++)
		{
			bytes[i] = (uint8_t) b;
			survivors += b != kept && check_binning_bytes(bytes, size);
		}
		bytes[i] = kept;
	}
	free(bytes);
	return survivors;
}

static bool
refused(const Binning *binning)
{
	Blocks		blocks = {NULL};
	bool		bad = binning_check(binning, memory_of(&blocks)) != NULL;

	free_blocks(&blocks);
	return bad;
}

static void
check_stored(void)
{
	Binning		numbers = make_numbers();
	Binning		categories = make_categories();
	size_t		size;
	uint8_t    *bytes = encode(&numbers, &size);
	long		survivors;

	ok(check_binning_bytes(bytes, size), "numbers come back as they were");
	free(bytes);
	bytes = encode(&categories, &size);
	ok(check_binning_bytes(bytes, size), "so do categories");
	free(bytes);
	survivors = damage(&numbers) + damage(&categories);
	ok(survivors > 100, "any damage is refused, or is another binning in its one form");
}

/* Damage of more than one byte that would read as another value. */
static void
check_numbers_out_of_range(void)
{
	/* 2^32 + 3 bins, of which 32 bits would be 3; then IV, and nothing held out. */
	static const uint8_t many[] = {0x83, 0x80, 0x80, 0x80, 0x10, 0, 0, 0, 0, 0, 0, 0xd0, 0x3f, 0};
	static const uint8_t nan[] = {0, 0, 0, 0, 0, 0, 0xf8, 0x7f};
	/* Four billion bins, of which there is no byte. */
	static const uint8_t long_list[] = {BINNING_VERSION, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0x0f};
	Binning		b = make_numbers();
	uint8_t    *bytes;
	size_t		size;

	ok(!check_binning_bytes(long_list, sizeof long_list), "a list longer than its bytes gets no memory");
	b.outcome[BIN_VALLEY].bins = 0;
	bytes = encode(&b, &size);
	bytes = realloc(bytes, size + sizeof many);
	memcpy(bytes + size - 1, many, sizeof many);
	ok(!check_binning_bytes(bytes, size - 1 + sizeof many), "more bins than 32 bits hold are refused");
	free(bytes);
	b = make_numbers();
	bytes = encode(&b, &size);
	memcpy(bytes + size - 8, nan, sizeof nan);
	ok(!check_binning_bytes(bytes, size), "so is an IV that is no number");
	free(bytes);
}

static void
check_rules(void)
{
	static BinPart lacking[2] = {{{{5, 5}}, 0, 0}, {{{5, 0}}, 0, 0}};
	static double same[2] = {1, 1};
	static double zero[2] = {-0.0, 1};
	static BinPart many[2] = {{{{TALLY_MAX_TOTAL, 5}}, 0, 0}, {{{5, 5}}, 0, 0}};
	static TextSpan twice[2] = {{"rice", 4}, {"rice", 4}};
	static BinCategories twice_list[2] = {{2, twice}, {1, second_list}};
	static BinCategories shared[2] = {{1, second_list}, {1, second_list}};
	static BinCategories none[2] = {{1, second_list}, {0, NULL}};
	Binning		b = make_numbers();

	ok(!refused(&b), "a binning within the rules");
	b.n_bins = 0;
	ok(refused(&b), "without bins it is refused");
	b = make_numbers();
	b.n_bins = 2;
	b.bin = lacking;
	ok(refused(&b), "with a bin that lacks a class");
	b.bin = many;
	ok(refused(&b), "with more rows than can be");
	b = make_numbers();
	b.cut = same;
	ok(refused(&b), "with equal cuts");
	b.cut = zero;
	ok(refused(&b), "with a negative zero");
	b = make_numbers();
	b.special_value = same;
	ok(refused(&b), "with a special value twice");
	b = make_numbers();
	b.unseen = CARD_UNSEEN_ERROR;
	ok(refused(&b), "with unseen numbers");
	b = make_numbers();
	b.outcome[0].held_out = INFINITY;
	ok(refused(&b), "with an infinite IV");
	b = make_categories();
	b.categories = twice_list;
	ok(refused(&b), "with a category twice in a bin");
	b.categories = shared;
	ok(refused(&b), "or in two");
	b.categories = none;
	ok(refused(&b), "or a bin without any");
}

/* By the definition, in quadruple precision. */
static void
check_weights(void)
{
	double		worst = 0;
	int			round;

	for (round = 0; round < 2000; round++)
	{
		BinPart		part[6] = {{{{0, 0}}, 0, 0}};
		BinPart    *missing = &part[5];
		Binning		b = {.kind = CARD_NUMBER, .n_bins = 3, .bin = part, .cut = cuts,
			.n_specials = 2, .special = part + 3, .special_value = values,
			.prior = round % 2 * (1 + round % 5)};
		double		goods = 0,
					bads = 0,
					k = 0;
		bool		half = false;
		_Float128	iv = 0;
		int			i;

		for (i = 0; i < 6; i++)
		{
			int64_t		most = i < 3 ? 1000 : 4;

			/* Now and then a bin lacks a class, as one that was given may. */
			part[i].cell.count[BIN_GOOD] = (i == 0) + below(most) * (below(9) > 0);
			part[i].cell.count[BIN_BAD] = (i == 0) + below(most) * (below(9) > 0);
			goods += part[i].cell.count[BIN_GOOD];
			bads += part[i].cell.count[BIN_BAD];
			if (part[i].cell.count[0] + part[i].cell.count[1] == 0)
				continue;
			k++;
			half = half || ((i < 3 || b.prior == 0) && (part[i].cell.count[0] == 0 || part[i].cell.count[1] == 0));
		}
		b.missing = *missing;
		binning_weigh(&b);
		part[5] = b.missing;
		for (i = 0; i < 6; i++)
		{
			double		h = half ? 0.5 : 0;
			_Float128	p,
						q,
						w;

			if (part[i].cell.count[0] + part[i].cell.count[1] == 0)
			{
				worst = fmax(worst, fabs(part[i].woe) + fabs(part[i].iv));
				continue;
			}
			if (i < 3 || b.prior == 0)
			{
				p = (part[i].cell.count[1] + h) / (bads + (_Float128) h * k);
				q = (part[i].cell.count[0] + h) / (goods + (_Float128) h * k);
			}
			else
			{
				/* Rows of average rate r beside its own, prior / (r (1 - r)) of them. */
				_Float128	r = (_Float128) bads / (goods + bads);

				p = (part[i].cell.count[1] + b.prior / (1 - r)) / (bads + b.prior / (1 - r));
				q = (part[i].cell.count[0] + b.prior / r) / (goods + b.prior / r);
			}
			w = logf128(p / q);
			iv += (p - q) * w;
			worst = fmax(worst, fabs((double) (w - part[i].woe)));
		}
		worst = fmax(worst, fabs((double) (iv - b.iv)));
	}
	ok_figure(worst < 1e-14, "WOE and IV of random binnings", worst);
}

static void
check_policies(void)
{
	Binning		b = make_numbers();

	b.n_specials = 0;
	b.missing_policy = BIN_MISSING_WORST;
	binning_weigh(&b);
	ok(b.missing.woe == b.bin[2].woe && isnan(b.missing.iv), "missing as the worst bin");
	b.missing_policy = BIN_MISSING_BEST;
	binning_weigh(&b);
	ok(b.missing.woe == b.bin[0].woe, "as the best");
	b.missing_policy = BIN_MISSING_NEUTRAL;
	binning_weigh(&b);
	ok(b.missing.woe == 0, "as neither");
}

/* A card whose only feature is the binning, made ready for scoring; NULL where a rule is broken. */
static ScoreCard *
make_card(const Binning *binning, Arena memory)
{
	Card	   *card = memory.alloc(memory.context, sizeof *card);
	CardFault	fault;

	memset(card, 0, sizeof *card);
	card->base_score = 600;
	card->base_odds = 50;
	card->pdo = 20;
	card->name = (TextSpan) {"card", 4};
	card->n_features = 1;
	card->feature = memory.alloc(memory.context, sizeof *card->feature);
	memset(card->feature, 0, sizeof *card->feature);
	card->feature->name = (TextSpan) {"x", 1};
	card->feature->weight = 1;
	binning_feature(binning, card->feature, memory);
	return card_check(card, memory, &fault) ? score_compile(card, memory) : NULL;
}

/* WOE of a number, of which the last cut not above it tells the bin. */
static double
woe_of_number(const Binning *binning, double x)
{
	uint32_t	i;

	for (i = 0; i < binning->n_specials; i++)
		if (x == binning->special_value[i])
			return binning->special[i].woe;
	for (i = binning->n_bins - 1; i > 0 && x < binning->cut[i - 1];)
		i--;
	return binning->bin[i].woe;
}

static void
check_features(void)
{
	static const double x[] = {-1e308, -9.5, -9, -2.6, -2.5, -2.4, 0, 7, 7.1, 9e299, 1e300, 1e308};
	Blocks		blocks = {NULL};
	Arena	memory = memory_of(&blocks);
	Binning		b = make_numbers();
	ScoreCard  *card;
	const ScoreFeature *f;
	bool		same = true;
	size_t		i;

	binning_weigh(&b);
	card = make_card(&b, memory);
	ok(card != NULL, "numbers are a feature within the rules of a card");
	f = card->feature;
	for (i = 0; i < sizeof x / sizeof *x; i++)
		same = same && f->woe[score_number_place(f, x[i])] == woe_of_number(&b, x[i]);
	ok(same, "which finds the WOE of every number, special ones too");
	ok(f->missing == CARD_MISSING_WOE && f->missing_woe == b.missing.woe && b.missing.woe != 0, "and of a missing one");

	ok(card->card->feature->bin[1].goods == 80 && card->card->feature->bin[1].bads == 20 &&
	   card->card->feature->special[0].goods == 4 && card->card->feature->special[0].bads == 0 &&
	   card->card->feature->missing_goods == 3 && card->card->feature->missing_bads == 9, "with the rows of each");

	b.missing.cell = (BinCell) {{0, 0}};
	binning_weigh(&b);
	ok(make_card(&b, memory)->feature->missing == CARD_MISSING_NONE, "but where no row was missing, none was learnt");
	b.missing_policy = BIN_MISSING_WORST;
	binning_weigh(&b);
	f = make_card(&b, memory)->feature;
	ok(f->missing == CARD_MISSING_WOE && f->missing_woe == b.bin[2].woe, "unless a policy says what it counts as");

	b = make_categories();
	binning_weigh(&b);
	card = make_card(&b, memory);
	ok(card != NULL, "so are categories");
	f = card->feature;
	ok(f->woe[score_category_place(f, "rice", 4)] == b.bin[0].woe && f->woe[score_category_place(f, "", 0)] == b.bin[1].woe &&
	   b.bin[0].woe != b.bin[1].woe, "each with the WOE of its bin");
	ok(score_category_place(f, "tea", 3) == SCORE_UNSEEN && f->unseen == CARD_UNSEEN_WORST, "and unseen ones by their policy");
	free_blocks(&blocks);
}

int
main(void)
{
	check_stored();
	check_numbers_out_of_range();
	check_rules();
	check_weights();
	check_policies();
	check_features();
	return done_testing();
}
