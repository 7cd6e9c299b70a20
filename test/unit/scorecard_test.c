/*
 * scorecard_test.c
 *		Stored scorecards under damage, the rules of a card, and the bins, WOE,
 *		PD and points against independent computations.
 */
#include "scorecard_check.h"
#include "tap.h"


static TextSpan
text_of(const char *s)
{
	TextSpan	text = {s, (uint32_t) strlen(s)};

	return text;
}

/* A card with every part that a card can have; each call makes it anew. */
static CardBin cv_bins[3];
static double cv_cuts[2];
static double cv_values[2];
static CardSpecial cv_specials[1];
static TextSpan staples[2];
static TextSpan fruit[1];
static CardBin crop_bins[2];
static CardFeature features[3];
static CardWeight weights[2];
static CardSegment segments[3];
static CardExclusion excluded[2];
static CardTried tried[3];
static CardTerm terms[4];
static double covariance[10];
static CardSpread spreads[3];
static CardLearnt learnt[3];
static CardFit fit;
static Card example;

static Card *
make_example(void)
{
	memset(cv_bins, 0, sizeof cv_bins);
	memset(features, 0, sizeof features);
	memset(segments, 0, sizeof segments);
	memset(&example, 0, sizeof example);

	cv_bins[0] = (CardBin) {.woe = -0.5, .goods = 900, .bads = 20};
	cv_bins[1] = (CardBin) {.woe = 0.1, .goods = -1, .bads = -1};
	cv_bins[2] = (CardBin) {.woe = 0.7, .goods = 0, .bads = CARD_MAX_ROWS};
	cv_cuts[0] = 0.6;
	cv_cuts[1] = 1.2;
	cv_values[0] = -1;
	cv_values[1] = -9;
	cv_specials[0] = (CardSpecial) {0.25, 2, cv_values, 7, 0};
	features[0] = (CardFeature) {
		.name = text_of("inflow_cv"), .reason = text_of("Income varies"), .consent = text_of("agreed"),
		.kind = CARD_NUMBER, .missing = CARD_MISSING_WOE, .missing_woe = 0.3,
		.missing_goods = 3, .missing_bads = 4, .weight = 1,
		.n_bins = 3, .bin = cv_bins, .cut = cv_cuts, .n_specials = 1, .special = cv_specials
	};

	staples[0] = text_of("rice");
	staples[1] = text_of("wheat");
	fruit[0] = text_of("apple");
	crop_bins[0] = (CardBin) {-0.2, 2, staples, -1, -1};
	crop_bins[1] = (CardBin) {0.15, 1, fruit, -1, -1};
	features[1] = (CardFeature) {
		.name = text_of("crop"), .reason = text_of(""), .consent = text_of(""),
		.kind = CARD_CATEGORY, .missing = CARD_MISSING_WORST, .unseen = CARD_UNSEEN_WORST,
		.weight = 0.5, .n_bins = 2, .bin = crop_bins
	};

	features[2] = (CardFeature) {
		.name = text_of("age"), .reason = text_of(""), .consent = text_of(""), .kind = CARD_LINEAR,
		.weight = -0.02, .center = 40, .low = 18, .high = 75
	};

	/* The child stands before its parent. */
	weights[0] = (CardWeight) {0, 0.8};
	weights[1] = (CardWeight) {1, -1};
	segments[0] = (CardSegment) {.name = text_of("5101"), .parent = text_of("51"),
		.n_weights = 2, .weight = weights};
	segments[1] = (CardSegment) {.name = text_of("51"), .parent = text_of(""),
		.has_intercept = true, .intercept = -2};
	segments[2] = (CardSegment) {.name = text_of("5102"), .parent = text_of("51"),
		.has_intercept = true, .intercept = -1};

	excluded[0] = (CardExclusion) {text_of("missing"), 0};
	excluded[1] = (CardExclusion) {text_of("outcome"), 12};
	tried[0] = (CardTried) {text_of("inflow_cv"), text_of(""), 0.2, -0.01, 1.1};
	tried[1] = (CardTried) {text_of("age"), text_of(""), NAN, NAN, NAN};
	tried[2] = (CardTried) {text_of("name"), text_of("one value"), 0, NAN, NAN};
	terms[0] = (CardTerm) {-1, false, text_of(""), -2.25, 0.1};
	terms[1] = (CardTerm) {1, true, text_of(""), 0.5, 0.2};
	terms[2] = (CardTerm) {1, true, text_of("rice"), -0.5, NAN};
	terms[3] = (CardTerm) {2, false, text_of(""), -0.02, 0.005};
	memset(covariance, 0, sizeof covariance);
	covariance[0] = 0.01;
	spreads[0] = (CardSpread) {1, -1, 0.5};
	spreads[1] = (CardSpread) {2, -1, 0};
	spreads[2] = (CardSpread) {2, 1, 0.25};
	learnt[0] = (CardLearnt) {300, 0, -0.5, 1.5, 0.04, NAN, text_of("")};
	learnt[1] = (CardLearnt) {0, 0, NAN, NAN, NAN, 0, text_of("its parent's")};
	learnt[2] = (CardLearnt) {CARD_MAX_ROWS, 7, 0, NAN, 1, 1, text_of("")};
	fit = (CardFit) {
		.rows = 1000, .bads = 40, .iterations = 6, .folds = 5, .out_of_fold_rows = -1,
		.encoding = text_of("woe"), .selection = text_of(""),
		.assumptions = text_of("rejected loans are twice as bad"), .weight_unit = 0.01,
		.log_likelihood = -150.5, .null_log_likelihood = -168, .ridge = 0, .lasso = NAN, .lambda = 2.5, .shift = -0.25,
		.in_sample = {0.15, 0.8, 0.75, 0.85}, .out_of_fold = {NAN, 0.7, NAN, NAN},
		.n_excluded = 2, .excluded = excluded, .n_tried = 3, .tried = tried, .n_terms = 4, .term = terms,
		.n_covariances = 10, .covariance = covariance, .n_spreads = 3, .spread = spreads,
		.n_segments = 3, .segment = learnt
	};

	example = (Card) {
		.name = text_of("rice"), .base_score = 600, .base_odds = 50, .pdo = 20, .intercept = -2.25,
		.n_features = 3, .feature = features, .n_segments = 3, .segment = segments, .fit = &fit
	};
	return &example;
}

/* ---------- stored bytes ---------- */

/* A card of one bin, by the description in scorecard_math.h. */
static void
test_layout(void)
{
	static const uint8_t by_hand[] = {
		1, 0, 0, 0,				/* version, reserved */
		1, 'a',					/* name */
		0, 0, 0, 0, 0, 0xc0, 0x82, 0x40,	/* base_score 600 */
		0, 0, 0, 0, 0, 0, 0x49, 0x40,	/* base_odds 50 */
		0, 0, 0, 0, 0, 0, 0x34, 0x40,	/* pdo 20 */
		0, 0, 0, 0, 0, 0, 0xf0, 0xbf,	/* intercept -1 */
		1,						/* one feature */
		1, 'x', 0,				/* name, number */
		0, 0, 0, 0, 0, 0, 0xf0, 0x3f,	/* weight 1 */
		0, 0, 0, 0,				/* reason, consent, missing, unseen */
		1, 0, 0, 0, 0, 0, 0, 0xe0, 0x3f,	/* one bin of WOE 0.5 */
		0, 0					/* no special values, no segments */
	};
	CardBin		bin = {.woe = 0.5, .goods = -1, .bads = -1};
	CardFeature feature = {.name = text_of("x"), .reason = text_of(""), .consent = text_of(""),
		.weight = 1, .n_bins = 1, .bin = &bin};
	Card		card = {.name = text_of("a"), .base_score = 600, .base_odds = 50, .pdo = 20,
		.intercept = -1, .n_features = 1, .feature = &feature};
	uint8_t		bytes[256];

	ok(card_encode(&card, NULL) == sizeof by_hand && card_encode(&card, bytes) == sizeof by_hand &&
	   memcmp(bytes, by_hand, sizeof by_hand) == 0, "a card is stored as described");
	ok(check_bytes(by_hand, sizeof by_hand), "and read as described");

	/* The bin's counts stand in front of the last two bytes. */
	memcpy(bytes, by_hand, sizeof by_hand);
	memcpy(bytes + sizeof by_hand - 2, (uint8_t[]) {0, 0, 0, 0}, 4);
	bytes[1] = 1;
	ok(!check_bytes(bytes, sizeof by_hand + 2), "a flag of counts where all are unknown is refused");
	memcpy(bytes + sizeof by_hand - 2, (uint8_t[]) {3, 1, 0, 0}, 4);
	ok(check_bytes(bytes, sizeof by_hand + 2), "two goods and no bads are read");
	bytes[1] = 0;
	ok(!check_bytes(bytes, sizeof by_hand + 2), "but not without the flag");
}

static void
test_damage(void)
{
	Card	   *card = make_example();
	size_t		size = card_encode(card, NULL);
	uint8_t    *bytes = malloc(size + 1);
	size_t		accepted = 0;
	size_t		i;
	int			flip;

	card_encode(card, bytes);
	ok(check_bytes(bytes, size), "a card with every part is written and read back");

	for (i = 0; i < size; i++)
	{
		uint8_t    *part = malloc(i > 0 ? i : 1);

		memcpy(part, bytes, i);
		accepted += check_bytes(part, i);
		free(part);
	}
	ok(accepted == 0, "every truncation is refused");
	bytes[size] = 0;
	ok(!check_bytes(bytes, size + 1), "so is a byte too many");

	accepted = 0;
	for (i = 0; i < size; i++)
		for (flip = 1; flip < 256; flip++)
		{
			bytes[i] ^= (uint8_t) flip;
			accepted += check_bytes(bytes, size);
			bytes[i] ^= (uint8_t) flip;
		}
	ok(accepted > 0, "every changed byte is refused, or gives a card of those very bytes");

	accepted = 0;
	for (i = 0; i < 4; i++)
	{
		bytes[i] ^= 2;
		accepted += check_bytes(bytes, size);
		bytes[i] ^= 2;
	}
	ok(accepted == 0, "another version and reserved bytes are refused");
	free(bytes);
}

/* ---------- rules ---------- */

static int
is_fault(Card *card, const char *path, const char *what)
{
	Blocks		blocks = {NULL};
	CardFault	fault;
	bool		good = card_check(card, memory_of(&blocks), &fault);
	int			as_expected = !good && strcmp(fault.path, path) == 0 && strcmp(fault.what, what) == 0;

	if (!as_expected)
		printf("# %s: %s\n", good ? "accepted" : fault.path, good ? "" : fault.what);
	free_blocks(&blocks);
	return as_expected;
}

#define BREAK(change, path, what) \
	do { Card *c = make_example(); change; good &= is_fault(c, path, what); } while (0)

static void
test_rules(void)
{
	int			good = 1;

	BREAK(c->name = text_of(""), "name", "empty");
	BREAK(c->base_score = NAN, "scale.base_score", "out of range");
	BREAK(c->base_odds = 0, "scale.base_odds", "out of range");
	BREAK(c->base_odds = NAN, "scale.base_odds", "out of range");
	BREAK(c->base_odds = INFINITY, "scale.base_odds", "out of range");
	BREAK(c->pdo = -20, "scale.pdo", "out of range");
	BREAK(c->intercept = 1.1e9, "intercept", "out of range");
	BREAK(c->intercept = -0.0, "intercept", "out of range");
	BREAK(c->n_features = 0, "features", "no features");
	ok(good, "rules of the card itself");

	good = 1;
	BREAK(c->feature[1].name = text_of(""), "features[1].name", "empty");
	BREAK(c->feature[1].name = c->feature[0].name, "features[1].name", "listed twice");
	BREAK(c->feature[0].weight = -INFINITY, "features[0].weight", "out of range");
	BREAK(c->feature[0].missing_woe = NAN, "features[0].missing.woe", "out of range");
	BREAK(c->feature[0].n_bins = 0, "features[0].bins", "no bins");
	BREAK(c->feature[0].bin[2].woe = NAN, "features[0].bins[2].woe", "out of range");
	BREAK(c->feature[0].cut[1] = 0.6, "features[0].bins[1].high", "the bin ends where it starts or before");
	BREAK(c->feature[0].cut[0] = NAN, "features[0].bins[0].high", "not a finite number");
	BREAK(c->feature[0].cut[1] = INFINITY, "features[0].bins[1].high", "not a finite number");
	BREAK(c->feature[0].special[0].n_values = 0, "features[0].special[0].values", "no values");
	BREAK(c->feature[0].special[0].value[1] = -1, "features[0].special[0].values[1]", "listed twice");
	BREAK(c->feature[0].special[0].value[1] = NAN, "features[0].special[0].values[1]", "not a finite number");
	BREAK(c->feature[0].special[0].woe = NAN, "features[0].special[0].woe", "out of range");
	BREAK(c->feature[0].unseen = CARD_UNSEEN_ERROR, "features[0].unseen", "not for a number");
	BREAK(c->feature[1].bin[0].n_categories = 0, "features[1].bins[0].categories", "no categories");
	BREAK(c->feature[1].bin[1].category[0] = text_of("wheat"), "features[1].bins[1].categories[0]", "listed twice");
	BREAK((c->feature[1].special = cv_specials, c->feature[1].n_specials = 1), "features[1].special", "not for a category");
	ok(good, "rules of features");

	good = 1;
	BREAK(c->feature[0].bin[0].goods = -1, "features[0].bins[0]", "goods and bads do not go together");
	BREAK(c->feature[0].bin[0].bads = -2, "features[0].bins[0]", "goods and bads do not go together");
	BREAK(c->feature[0].bin[2].bads++, "features[0].bins[2]", "goods and bads do not go together");
	BREAK(c->feature[0].special[0].bads = -1, "features[0].special[0]", "goods and bads do not go together");
	BREAK(c->feature[0].missing_goods = -1, "features[0].missing", "goods and bads do not go together");
	ok(good, "rules of counts");

	good = 1;
	BREAK(c->feature[2].weight = NAN, "features[2].weight", "out of range");
	BREAK(c->feature[2].center = 1.1e280, "features[2].center", "out of range");
	BREAK(c->feature[2].center = -0.0, "features[2].center", "out of range");
	BREAK(c->feature[2].low = NAN, "features[2]", "low and high do not go together");
	BREAK(c->feature[2].high = NAN, "features[2]", "low and high do not go together");
	BREAK(c->feature[2].low = -INFINITY, "features[2].low", "out of range");
	BREAK(c->feature[2].high = 1e281, "features[2].high", "out of range");
	BREAK(c->feature[2].high = 17, "features[2].high", "the range ends before it starts");
	BREAK(c->feature[2].missing = CARD_MISSING_WORST, "features[2].missing", "not for a linear feature");
	BREAK(c->feature[2].missing = CARD_MISSING_BEST, "features[2].missing", "not for a linear feature");
	BREAK(c->feature[2].unseen = CARD_UNSEEN_WORST, "features[2]", "not for a linear feature");
	BREAK((c->feature[2].bin = cv_bins, c->feature[2].n_bins = 1), "features[2]", "not for a linear feature");
	ok(good, "rules of linear features");

	good = 1;
	BREAK(c->segment[1].name = text_of(""), "segments[1].name", "empty");
	BREAK(c->segment[1].name = text_of("5101"), "segments[1].name", "listed twice");
	BREAK(c->segment[1].intercept = NAN, "segments[1].intercept", "out of range");
	BREAK(c->segment[0].parent = text_of("52"), "segments[0].parent", "no such segment");
	BREAK(c->segment[1].parent = text_of("51"), "segments[1].parent", "the segment is its own ancestor");
	BREAK(c->segment[1].parent = text_of("5102"), "segments[1].parent", "the segment is its own ancestor");
	BREAK(c->segment[0].weight[1].feature = 3, "segments[0].weights", "not a feature, or out of order");
	BREAK(c->segment[0].weight[1].feature = 0, "segments[0].weights", "not a feature, or out of order");
	BREAK(c->segment[0].weight[1].weight = NAN, "segments[0].weights", "out of range");
	ok(good, "rules of segments");

	good = 1;
	BREAK(c->fit->rows = -1, "fit.rows", "out of range");
	BREAK(c->fit->bads = -1, "fit.bads", "out of range");
	BREAK(c->fit->bads = 1001, "fit.bads", "more than there are rows");
	BREAK(c->fit->iterations = -2, "fit.iterations", "out of range");
	BREAK(c->fit->folds = CARD_MAX_ROWS + 1, "fit.folds", "out of range");
	BREAK(c->fit->out_of_fold_rows = -2, "fit.out_of_fold.rows", "out of range");
	BREAK(c->fit->log_likelihood = 1e-300, "fit.log_likelihood", "out of range");
	BREAK(c->fit->null_log_likelihood = -INFINITY, "fit.null_log_likelihood", "out of range");
	BREAK(c->fit->ridge = -1, "fit.ridge", "out of range");
	BREAK(c->fit->lasso = -0.0, "fit.lasso", "out of range");
	BREAK(c->fit->lambda = INFINITY, "fit.lambda", "out of range");
	BREAK(c->fit->shift = INFINITY, "fit.shift", "out of range");
	BREAK(c->fit->in_sample.log_loss = -1, "fit.in_sample.log_loss", "out of range");
	BREAK(c->fit->in_sample.auc = 1.01, "fit.in_sample.auc", "out of range");
	BREAK(c->fit->out_of_fold.auc_low = -0.1, "fit.out_of_fold.auc_low", "out of range");
	BREAK(c->fit->out_of_fold.auc_high = 2, "fit.out_of_fold.auc_high", "out of range");
	BREAK(c->fit->excluded[0].why = text_of(""), "fit.excluded", "empty, listed twice or out of order");
	BREAK(c->fit->excluded[0].why = text_of("outcome"), "fit.excluded", "empty, listed twice or out of order");
	BREAK(c->fit->excluded[0].why = text_of("outcomes"), "fit.excluded", "empty, listed twice or out of order");
	BREAK(c->fit->excluded[1].rows = -1, "fit.excluded", "not a number of rows");
	BREAK(c->fit->tried[1].name = text_of(""), "fit.tried[1].name", "empty");
	BREAK(c->fit->tried[1].name = text_of("name"), "fit.tried[2].name", "listed twice");
	BREAK(c->fit->tried[2].iv = -1e-9, "fit.tried[2].iv", "out of range");
	BREAK(c->fit->tried[0].out_of_fold_iv = -INFINITY, "fit.tried[0].out_of_fold_iv", "out of range");
	BREAK(c->fit->tried[0].vif = INFINITY, "fit.tried[0].vif", "out of range");
	ok(good, "rules of the fit");

	good = 1;
	BREAK(c->fit->n_terms = 0, "fit.terms", "no intercept");
	BREAK(c->fit->term[0].feature = 0, "fit.terms", "no intercept");
	BREAK(c->fit->term[0].has_level = true, "fit.terms[0].level", "not for a number");
	BREAK(c->fit->term[1].feature = -1, "fit.terms[1]", "not a feature, or out of order");
	BREAK((c->fit->term[1].feature = 2, c->fit->term[1].has_level = false), "fit.terms[2]", "not a feature, or out of order");
	BREAK(c->fit->term[3].feature = 3, "fit.terms[3]", "not a feature, or out of order");
	BREAK(c->fit->term[1].has_level = false, "fit.terms[2]", "not a feature, or out of order");
	BREAK(c->fit->term[2].has_level = false, "fit.terms[2]", "not a feature, or out of order");
	BREAK(c->fit->term[1].level = text_of("rice"), "fit.terms[2]", "not a feature, or out of order");
	BREAK(c->fit->term[3].has_level = true, "fit.terms[3].level", "not for a number");
	BREAK(c->fit->term[2].coefficient = NAN, "fit.terms[2].coefficient", "not a finite number");
	BREAK(c->fit->term[1].se = -0.1, "fit.terms[1].se", "out of range");
	BREAK(c->fit->n_covariances = 9, "fit.covariance", "not a lower triangle");
	BREAK(c->fit->covariance[9] = NAN, "fit.covariance[9]", "not a finite number");
	ok(good, "rules of its terms");

	good = 1;
	BREAK(c->fit->weight_unit = 0, "fit.weight_unit", "out of range");
	BREAK(c->fit->weight_unit = 1.01, "fit.weight_unit", "out of range");
	BREAK(c->fit->weight_unit = NAN, "fit.weight_unit", "out of range");
	BREAK(c->fit->spread[0].level = 0, "fit.spreads[0].level", "not a level");
	BREAK(c->fit->spread[2].level = 4, "fit.spreads[2].level", "not a level");
	BREAK(c->fit->spread[1].level = 1, "fit.spreads[1]", "not a feature, or out of order");
	BREAK(c->fit->spread[0].level = 3, "fit.spreads[1]", "not a feature, or out of order");
	BREAK(c->fit->spread[2].feature = -1, "fit.spreads[2]", "not a feature, or out of order");
	BREAK(c->fit->spread[2].feature = 3, "fit.spreads[2]", "not a feature, or out of order");
	BREAK(c->fit->spread[0].feature = -2, "fit.spreads[0]", "not a feature, or out of order");
	BREAK(c->fit->spread[0].sd = -0.1, "fit.spreads[0].sd", "out of range");
	BREAK(c->fit->spread[1].sd = -0.0, "fit.spreads[1].sd", "out of range");
	BREAK(c->fit->spread[2].sd = INFINITY, "fit.spreads[2].sd", "out of range");
	BREAK(c->fit->n_segments = 2, "fit.segments", "not one for each segment");
	BREAK((c->n_segments = 0, c->fit->n_spreads = 0), "fit.segments", "not one for each segment");
	BREAK(c->fit->segment[1].rows = -1, "fit.segments[1].rows", "not a number of rows");
	BREAK(c->fit->segment[2].rows++, "fit.segments[2].rows", "not a number of rows");
	BREAK(c->fit->segment[0].bads = -1, "fit.segments[0].bads", "not a number of its rows");
	BREAK(c->fit->segment[0].bads = 301, "fit.segments[0].bads", "not a number of its rows");
	BREAK(c->fit->segment[0].gain = INFINITY, "fit.segments[0].gain", "out of range");
	BREAK(c->fit->segment[2].gain = -0.0, "fit.segments[2].gain", "out of range");
	BREAK(c->fit->segment[0].out_of_fold_gain = -INFINITY, "fit.segments[0].out_of_fold_gain", "out of range");
	BREAK(c->fit->segment[2].p = 1.01, "fit.segments[2].p", "out of range");
	BREAK(c->fit->segment[1].shrinkage = -0.01, "fit.segments[1].shrinkage", "out of range");
	ok(good, "rules of its spreads and segments");
}

/* ---------- scoring ---------- */

static void
test_bins(void)
{
	int			good = 1;
	int			n;

	for (n = 0; n <= 20; n++)
	{
		Blocks		blocks = {NULL};
		double		cut[20];
		CardBin		bin[21];
		CardFeature feature = {.name = text_of("x"), .reason = text_of(""), .consent = text_of(""),
			.weight = 1, .n_bins = n + 1, .bin = bin, .cut = cut};
		Card		card = {.name = text_of("a"), .base_score = 600, .base_odds = 50, .pdo = 20,
			.n_features = 1, .feature = &feature};
		ScoreCard  *sc;
		int			i;

		for (i = 0; i < n; i++)
			cut[i] = (i > 0 ? cut[i - 1] : -5) + uniform(0.1, 1);
		for (i = 0; i <= n; i++)
			bin[i] = (CardBin) {.woe = i};
		sc = score_compile(&card, memory_of(&blocks));
		for (i = 0; i < 2000; i++)
		{
			double		x = i < n ? cut[i] : i < 2 * n ? nextafter(cut[i - n], -INFINITY)
				: i == 2 * n ? -1.7e308 : i == 2 * n + 1 ? 1.7e308 : uniform(-6, 16);
			int			expected = 0;

			/* Bins are [low, high): past every cut that is not above x. */
			while (expected < n && !(cut[expected] > x))
				expected++;
			good &= score_number_place(&sc->feature[0], x) == expected;
		}
		free_blocks(&blocks);
	}
	ok(good, "numbers fall into the bins that a walk over the cuts finds");
}

static void
test_policies(void)
{
	Blocks		blocks = {NULL};
	Arena	memory = memory_of(&blocks);
	Card	   *card = make_example();
	CardFault	fault;
	ScoreCard  *sc;
	const struct ScoreSegment *s;

	card_check(card, memory, &fault);
	sc = score_compile(card, memory);

	ok(score_number_place(&sc->feature[0], -1) == 3 && score_number_place(&sc->feature[0], -9) == 3 &&
	   sc->feature[0].woe[3] == 0.25 && score_number_place(&sc->feature[0], -2) == 0,
	   "special values have a place of their own");
	ok(score_category_place(&sc->feature[1], "wheat", 5) == 0 &&
	   score_category_place(&sc->feature[1], "apple", 5) == 1 &&
	   score_category_place(&sc->feature[1], "Apple", 5) == SCORE_UNSEEN &&
	   score_category_place(&sc->feature[1], "appl", 4) == SCORE_UNSEEN &&
	   score_category_place(&sc->feature[1], "", 0) == SCORE_UNSEEN,
	   "categories are compared by bytes");
	ok(score_missing_woe(&sc->feature[0], 1) == 0.3 &&
	   score_missing_woe(&sc->feature[1], 1) == 0.15 &&
	   score_missing_woe(&sc->feature[1], -1) == -0.2 &&
	   score_unseen_woe(&sc->feature[1], -1) == -0.2,
	   "the worst bin is the one with the largest weight * WOE");
	ok(sc->n_inputs == 4 && strcmp(sc->input[3], "agreed") == 0 &&
	   sc->feature[0].consent == 3 && sc->feature[1].consent == -1,
	   "consent columns follow the features");

	s = score_segment(sc, "5101", 4);
	ok(s->intercept == -2 && s->weight[0] == 0.8 && s->weight[1] == -1,
	   "a segment takes its parent's intercept and its own weights");
	s = score_segment(sc, "5102", 4);
	ok(s->intercept == -1 && s->weight[0] == 1 && s->weight[1] == 0.5 && s->weight == sc->root.weight,
	   "one without weights shares the root's");
	ok(score_segment(sc, NULL, 0) == &sc->root && score_segment(sc, "52", 2) == &sc->root,
	   "no segment, or one the card lacks, is the root");
	free_blocks(&blocks);
}

/* A chain of ten thousand segments, children first. */
static void
test_deep_segments(void)
{
	enum {DEPTH = 10000};
	Blocks		blocks = {NULL};
	Arena	memory = memory_of(&blocks);
	Card	   *card = make_example();
	CardSegment *chain = calloc(DEPTH, sizeof *chain);
	char		(*name)[16] = calloc(DEPTH + 1, sizeof *name);
	CardFault	fault;
	ScoreCard  *sc;
	int			good = 1;
	int			i;

	for (i = 0; i < DEPTH; i++)
		snprintf(name[i], sizeof name[i], "s%d", i);
	for (i = 0; i < DEPTH; i++)
	{
		chain[i].name = text_of(name[i]);
		chain[i].parent = i + 1 < DEPTH ? text_of(name[i + 1]) : text_of("");
		chain[i].has_intercept = i % 10 == 9;
		chain[i].intercept = i;
	}
	card->segment = chain;
	card->n_segments = DEPTH;
	card->fit = NULL;
	good = card_check(card, memory, &fault);
	sc = score_compile(card, memory);
	for (i = 0; i < DEPTH; i++)
		good &= sc->segment[i].intercept == i + 9 - i % 10;
	ok(good, "a deep chain inherits from the nearest ancestor that says");

	chain[DEPTH - 1].parent = text_of(name[DEPTH / 2]);
	ok(!card_check(card, memory, &fault) && strstr(fault.what, "ancestor") != NULL,
	   "a long cycle is found");
	free(chain);
	free(name);
	free_blocks(&blocks);
}

static void
test_scale(void)
{
	Blocks		blocks = {NULL};
	Card	   *card = make_example();
	ScoreCard  *sc;
	CardFault	fault;
	double		worst = 0;
	uint64_t	digest = 0;
	double		sum;
	int			i;

	card_check(card, memory_of(&blocks), &fault);
	sc = score_compile(card, memory_of(&blocks));
	ok(score_pd(0) == 0.5 && score_pd(1e9) < 1 && score_pd(-1e9) > 0 && score_pd(1e9) == score_pd(36),
	   "a PD lies in (0, 1)");
	for (i = 0; i < 200000; i++)
	{
		double		eta = uniform(-36, 36);
		double		pd = score_pd(eta);
		_Float128	want = 1 / (1 + expf128(-(_Float128) eta));
		double		error = (double) (fabsf128(pd - want) / want);
		uint64_t	bits;

		if (error > worst)
			worst = error;
		memcpy(&bits, &pd, sizeof bits);
		digest = digest * 31 + bits;
	}
	ok(worst < 4e-16, "and is the logistic function to 4e-16 of itself");
	/* 50 good to 1 bad is 600 points, and twice the odds 20 more. */
	ok(fabs(score_of_eta(sc, -log(50)) - 600) < 1e-10 && fabs(score_of_eta(sc, -log(100)) - 620) < 1e-10,
	   "600 points at 50 to 1, 620 at 100 to 1");
	/* Features that contribute nothing leave the base; twice the odds of bad cost 20. */
	ok(fabs(score_base_points(sc, &sc->root) - (600 + 20 * (2.25 - log(50)) / log(2))) < 1e-10,
	   "base points by hand");
	ok(fabs(score_feature_points(sc, log(2)) + 20) < 1e-10 && fabs(score_feature_points(sc, -log(4)) - 40) < 1e-10 &&
	   !signbit(score_feature_points(sc, 0)) && !signbit(score_feature_points(sc, -0.0)),
	   "a feature's points: -20 for twice the odds of bad, 40 for a quarter, and never -0");
	sum = score_base_points(sc, &sc->root) + score_feature_points(sc, 0.7) + score_feature_points(sc, -0.1);
	ok(fabs(sum - score_of_eta(sc, -2.25 + 0.7 - 0.1)) < 1e-10, "base points and points of the features add up to the score");
	sum = eta_of(sc, &sc->root, -9, "apple");
	ok(sum == -2.25 + 0.25 + 0.5 * 0.15 + -0.02 * (-9 - 40), "log-odds by hand");
	ok(sc->feature[2].least_woe == -22 && sc->feature[2].most_woe == 35 && !score_is_plain(&sc->feature[2]) &&
	   score_missing_woe(&sc->feature[2], -0.02) == 0, "a linear feature is best at an end of its range, and missing as average");
	printf("# bits of PDs %016llx\n", (unsigned long long) digest);
	free_blocks(&blocks);
}

int
main(void)
{
	test_layout();
	test_damage();
	test_rules();
	test_bins();
	test_policies();
	test_deep_segments();
	test_scale();
	return done_testing();
}
