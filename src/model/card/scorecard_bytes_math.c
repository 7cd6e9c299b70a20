/*
 * scorecard_bytes_math.c
 *		The stored bytes of a scorecard. Pure C.
 */
#include "core/math/bytes.h"
#include "model/card/scorecard_math.h"

#include <math.h>

#define FLAG_COUNTS 1
#define FLAG_FIT 2

static void
write_text(ByteWriter *w, TextSpan text)
{
	write_varint(w, text.length);
	write_bytes(w, text.at, text.length);
}

/* A number of rows, or -1. */
static void
write_rows(ByteWriter *w, int64_t rows)
{
	write_varint(w, (uint64_t) (rows + 1));
}

static void
write_counts(ByteWriter *w, bool counted, int64_t goods, int64_t bads)
{
	if (!counted)
		return;
	write_rows(w, goods);
	write_rows(w, bads);
}

static void
write_numbers(ByteWriter *w, const void *base, const CardNumber *number)
{
	for (; number->key != NULL; number++)
	{
		double		x = *card_number(base, number);

		write_u8(w, !isnan(x));
		if (!isnan(x))
			write_double(w, x);
	}
}

static void
write_feature(ByteWriter *w, const CardFeature *f, bool counted)
{
	uint32_t	b,
				i;

	write_text(w, f->name);
	write_u8(w, (uint8_t) f->kind);
	write_double(w, f->weight);
	write_text(w, f->reason);
	write_text(w, f->consent);
	write_u8(w, (uint8_t) f->missing);
	if (f->missing == CARD_MISSING_WOE)
	{
		write_double(w, f->missing_woe);
		write_counts(w, counted, f->missing_goods, f->missing_bads);
	}
	write_u8(w, (uint8_t) f->unseen);
	if (f->kind == CARD_LINEAR)
	{
		write_double(w, f->center);
		write_u8(w, !isnan(f->low));
		if (!isnan(f->low))
		{
			write_double(w, f->low);
			write_double(w, f->high);
		}
		return;
	}

	write_varint(w, f->n_bins);
	if (f->kind == CARD_NUMBER)
		for (b = 0; b + 1 < f->n_bins; b++)
			write_double(w, f->cut[b]);
	for (b = 0; b < f->n_bins; b++)
	{
		if (f->kind == CARD_CATEGORY)
		{
			write_varint(w, f->bin[b].n_categories);
			for (i = 0; i < f->bin[b].n_categories; i++)
				write_text(w, f->bin[b].category[i]);
		}
		write_double(w, f->bin[b].woe);
		write_counts(w, counted, f->bin[b].goods, f->bin[b].bads);
	}

	write_varint(w, f->n_specials);
	for (b = 0; b < f->n_specials; b++)
	{
		write_varint(w, f->special[b].n_values);
		for (i = 0; i < f->special[b].n_values; i++)
			write_double(w, f->special[b].value[i]);
		write_double(w, f->special[b].woe);
		write_counts(w, counted, f->special[b].goods, f->special[b].bads);
	}
}

static bool
has_counts(const Card *card)
{
	uint32_t	i,
				b;

	for (i = 0; i < card->n_features; i++)
	{
		const CardFeature *f = &card->feature[i];

		if (f->missing == CARD_MISSING_WOE && f->missing_goods >= 0)
			return true;
		for (b = 0; b < f->n_bins; b++)
			if (f->bin[b].goods >= 0)
				return true;
		for (b = 0; b < f->n_specials; b++)
			if (f->special[b].goods >= 0)
				return true;
	}
	return false;
}

static void
write_fit(ByteWriter *w, const CardFit *fit)
{
	uint32_t	i;

	write_rows(w, fit->rows);
	write_rows(w, fit->bads);
	write_rows(w, fit->iterations);
	write_rows(w, fit->folds);
	write_rows(w, fit->out_of_fold_rows);
	write_text(w, fit->encoding);
	write_text(w, fit->selection);
	write_text(w, fit->assumptions);
	write_double(w, fit->weight_unit);
	write_numbers(w, fit, card_fit_numbers);
	write_numbers(w, &fit->in_sample, card_measure_numbers);
	write_numbers(w, &fit->out_of_fold, card_measure_numbers);

	write_varint(w, fit->n_excluded);
	for (i = 0; i < fit->n_excluded; i++)
	{
		write_text(w, fit->excluded[i].why);
		write_rows(w, fit->excluded[i].rows);
	}
	write_varint(w, fit->n_tried);
	for (i = 0; i < fit->n_tried; i++)
	{
		write_text(w, fit->tried[i].name);
		write_text(w, fit->tried[i].dropped);
		write_numbers(w, &fit->tried[i], card_tried_numbers);
	}
	write_varint(w, fit->n_terms);
	for (i = 0; i < fit->n_terms; i++)
	{
		write_varint(w, (uint64_t) (fit->term[i].feature + 1));
		write_u8(w, fit->term[i].has_level);
		if (fit->term[i].has_level)
			write_text(w, fit->term[i].level);
		write_double(w, fit->term[i].coefficient);
		write_numbers(w, &fit->term[i], card_term_numbers);
	}
	write_varint(w, fit->n_covariances);
	for (i = 0; i < fit->n_covariances; i++)
		write_double(w, fit->covariance[i]);
	write_varint(w, fit->n_spreads);
	for (i = 0; i < fit->n_spreads; i++)
	{
		write_varint(w, fit->spread[i].level);
		write_varint(w, (uint64_t) (fit->spread[i].feature + 1));
		write_double(w, fit->spread[i].sd);
	}
	write_varint(w, fit->n_segments);
	for (i = 0; i < fit->n_segments; i++)
	{
		write_rows(w, fit->segment[i].rows);
		write_rows(w, fit->segment[i].bads);
		write_text(w, fit->segment[i].note);
		write_numbers(w, &fit->segment[i], card_segment_numbers);
	}
}

size_t
card_encode(const Card *card, uint8_t *buffer)
{
	ByteWriter	writer = {buffer, 0};
	ByteWriter *w = &writer;
	bool		counted = has_counts(card);
	uint32_t	i,
				k;

	write_u8(w, CARD_VERSION);
	write_u8(w, (counted ? FLAG_COUNTS : 0) | (card->fit != NULL ? FLAG_FIT : 0));
	for (i = 0; i < 2; i++)
		write_u8(w, 0);
	write_text(w, card->name);
	write_double(w, card->base_score);
	write_double(w, card->base_odds);
	write_double(w, card->pdo);
	write_double(w, card->intercept);

	write_varint(w, card->n_features);
	for (i = 0; i < card->n_features; i++)
		write_feature(w, &card->feature[i], counted);

	write_varint(w, card->n_segments);
	for (i = 0; i < card->n_segments; i++)
	{
		const CardSegment *s = &card->segment[i];

		write_text(w, s->name);
		write_text(w, s->parent);
		write_u8(w, s->has_intercept);
		if (s->has_intercept)
			write_double(w, s->intercept);
		write_varint(w, s->n_weights);
		for (k = 0; k < s->n_weights; k++)
		{
			write_varint(w, s->weight[k].feature);
			write_double(w, s->weight[k].weight);
		}
	}
	if (card->fit != NULL)
		write_fit(w, card->fit);
	return w->length;
}

static TextSpan
read_text(ByteReader *r)
{
	TextSpan	text = {"", 0};
	uint64_t	length = read_varint(r);
	const uint8_t *bytes;

	if (length > UINT32_MAX)
		r->bad = true;
	bytes = read_bytes(r, (size_t) length);
	/* Names become column names and SQL text, which cannot hold a zero byte. */
	if (bytes != NULL && length > 0 && memchr(bytes, 0, (size_t) length) != NULL)
		r->bad = true;
	if (!r->bad && length > 0)
	{
		text.at = (const char *) bytes;
		text.length = (uint32_t) length;
	}
	return text;
}

/* A count of items that take at least `size` bytes each: never trust more. */
static uint32_t
read_count(ByteReader *r, size_t size)
{
	uint64_t	count = read_varint(r);

	if (count > bytes_left(r) / size || count > INT32_MAX)
		r->bad = true;
	return r->bad ? 0 : (uint32_t) count;
}

/* One of the values 0 to last. */
static uint8_t
read_choice(ByteReader *r, uint8_t last)
{
	uint8_t		choice = read_u8(r);

	if (choice > last)
		r->bad = true;
	return r->bad ? 0 : choice;
}

static void *
get_memory(Arena memory, uint32_t count, size_t size)
{
	void	   *p = memory.alloc(memory.context, (count > 0 ? count : 1) * size);

	memset(p, 0, (count > 0 ? count : 1) * size);
	return p;
}

static int64_t
read_rows(ByteReader *r)
{
	uint64_t	rows = read_varint(r);

	if (rows > (uint64_t) CARD_MAX_ROWS + 1)
		r->bad = true;
	return r->bad ? -1 : (int64_t) rows - 1;
}

static void
read_counts(ByteReader *r, bool counted, int64_t *goods, int64_t *bads)
{
	*goods = counted ? read_rows(r) : -1;
	*bads = counted ? read_rows(r) : -1;
}

/* 0, or 1 and a number, which only then is not NaN. */
static double
read_known(ByteReader *r)
{
	double		x = NAN;

	if (read_choice(r, 1) != 0)
	{
		x = read_double(r);
		r->bad |= isnan(x);
	}
	return x;
}

static void
read_numbers(ByteReader *r, void *base, const CardNumber *number)
{
	for (; number->key != NULL; number++)
		*card_number(base, number) = read_known(r);
}

static void
read_feature(ByteReader *r, CardFeature *f, bool counted, Arena memory)
{
	uint32_t	b,
				i;

	f->name = read_text(r);
	f->kind = (CardKind) read_choice(r, CARD_LINEAR);
	f->weight = read_double(r);
	f->reason = read_text(r);
	f->consent = read_text(r);
	f->missing = (CardMissing) read_choice(r, CARD_MISSING_NEUTRAL);
	if (f->missing == CARD_MISSING_WOE)
	{
		f->missing_woe = read_double(r);
		read_counts(r, counted, &f->missing_goods, &f->missing_bads);
	}
	f->unseen = (CardUnseen) read_choice(r, CARD_UNSEEN_ERROR);
	if (f->kind == CARD_LINEAR)
	{
		f->center = read_double(r);
		f->low = read_known(r);
		f->high = isnan(f->low) ? NAN : read_double(r);
		return;
	}

	f->n_bins = read_count(r, sizeof(double));
	f->bin = get_memory(memory, f->n_bins, sizeof *f->bin);
	if (f->kind == CARD_NUMBER)
	{
		f->cut = get_memory(memory, f->n_bins, sizeof *f->cut);
		for (b = 0; b + 1 < f->n_bins; b++)
			f->cut[b] = read_double(r);
	}
	for (b = 0; b < f->n_bins && !r->bad; b++)
	{
		if (f->kind == CARD_CATEGORY)
		{
			f->bin[b].n_categories = read_count(r, 1);
			f->bin[b].category = get_memory(memory, f->bin[b].n_categories, sizeof(TextSpan));
			for (i = 0; i < f->bin[b].n_categories; i++)
				f->bin[b].category[i] = read_text(r);
		}
		f->bin[b].woe = read_double(r);
		read_counts(r, counted, &f->bin[b].goods, &f->bin[b].bads);
	}

	f->n_specials = read_count(r, 1 + sizeof(double));
	f->special = get_memory(memory, f->n_specials, sizeof *f->special);
	for (b = 0; b < f->n_specials && !r->bad; b++)
	{
		f->special[b].n_values = read_count(r, sizeof(double));
		f->special[b].value = get_memory(memory, f->special[b].n_values, sizeof(double));
		for (i = 0; i < f->special[b].n_values; i++)
			f->special[b].value[i] = read_double(r);
		f->special[b].woe = read_double(r);
		read_counts(r, counted, &f->special[b].goods, &f->special[b].bads);
	}
}

static void
read_segment(ByteReader *r, CardSegment *s, Arena memory)
{
	uint32_t	i;

	s->name = read_text(r);
	s->parent = read_text(r);
	s->has_intercept = read_choice(r, 1) != 0;
	if (s->has_intercept)
		s->intercept = read_double(r);
	s->n_weights = read_count(r, 1 + sizeof(double));
	s->weight = get_memory(memory, s->n_weights, sizeof *s->weight);
	for (i = 0; i < s->n_weights; i++)
	{
		uint64_t	feature = read_varint(r);

		if (feature >= CARD_MAX_FEATURES)
			r->bad = true;
		s->weight[i].feature = (uint32_t) feature;
		s->weight[i].weight = read_double(r);
	}
}

/* The number of a feature, or -1 for the intercept. */
static int32_t
read_feature_number(ByteReader *r)
{
	uint64_t	feature = read_varint(r);

	if (feature > CARD_MAX_FEATURES)
		r->bad = true;
	return (int32_t) feature - 1;
}

static CardFit *
read_fit(ByteReader *r, Arena memory)
{
	CardFit    *fit = get_memory(memory, 1, sizeof *fit);
	uint32_t	i;

	fit->rows = read_rows(r);
	fit->bads = read_rows(r);
	fit->iterations = read_rows(r);
	fit->folds = read_rows(r);
	fit->out_of_fold_rows = read_rows(r);
	fit->encoding = read_text(r);
	fit->selection = read_text(r);
	fit->assumptions = read_text(r);
	fit->weight_unit = read_double(r);
	read_numbers(r, fit, card_fit_numbers);
	read_numbers(r, &fit->in_sample, card_measure_numbers);
	read_numbers(r, &fit->out_of_fold, card_measure_numbers);

	fit->n_excluded = read_count(r, 2);
	fit->excluded = get_memory(memory, fit->n_excluded, sizeof *fit->excluded);
	for (i = 0; i < fit->n_excluded; i++)
	{
		fit->excluded[i].why = read_text(r);
		fit->excluded[i].rows = read_rows(r);
	}
	fit->n_tried = read_count(r, 5);
	fit->tried = get_memory(memory, fit->n_tried, sizeof *fit->tried);
	for (i = 0; i < fit->n_tried; i++)
	{
		fit->tried[i].name = read_text(r);
		fit->tried[i].dropped = read_text(r);
		read_numbers(r, &fit->tried[i], card_tried_numbers);
	}
	fit->n_terms = read_count(r, 3 + sizeof(double));
	fit->term = get_memory(memory, fit->n_terms, sizeof *fit->term);
	for (i = 0; i < fit->n_terms; i++)
	{
		CardTerm   *term = &fit->term[i];

		term->feature = read_feature_number(r);
		term->has_level = read_choice(r, 1) != 0;
		if (term->has_level)
			term->level = read_text(r);
		term->coefficient = read_double(r);
		read_numbers(r, term, card_term_numbers);
	}
	fit->n_covariances = read_count(r, sizeof(double));
	fit->covariance = get_memory(memory, fit->n_covariances, sizeof(double));
	for (i = 0; i < fit->n_covariances; i++)
		fit->covariance[i] = read_double(r);
	fit->n_spreads = read_count(r, 2 + sizeof(double));
	fit->spread = get_memory(memory, fit->n_spreads, sizeof *fit->spread);
	for (i = 0; i < fit->n_spreads; i++)
	{
		uint64_t	level = read_varint(r);

		if (level > INT32_MAX)
			r->bad = true;
		fit->spread[i].level = (uint32_t) level;
		fit->spread[i].feature = read_feature_number(r);
		fit->spread[i].sd = read_double(r);
	}
	/* The least entry of a segment has 7 bytes. */
	fit->n_segments = read_count(r, 7);
	fit->segment = get_memory(memory, fit->n_segments, sizeof *fit->segment);
	for (i = 0; i < fit->n_segments; i++)
	{
		fit->segment[i].rows = read_rows(r);
		fit->segment[i].bads = read_rows(r);
		fit->segment[i].note = read_text(r);
		read_numbers(r, &fit->segment[i], card_segment_numbers);
	}
	return fit;
}

Card *
card_decode(const uint8_t *bytes, size_t length, Arena memory, const char **what)
{
	ByteReader	reader = {bytes, bytes + length, false};
	ByteReader *r = &reader;
	Card	   *card = get_memory(memory, 1, sizeof *card);
	uint8_t		flags;
	bool		reserved;
	uint32_t	i;

	*what = NULL;
	if (read_u8(r) != CARD_VERSION)
		*what = "The version of its format is not known.";
	flags = read_u8(r);
	reserved = (flags & ~(FLAG_COUNTS | FLAG_FIT)) != 0;
	for (i = 0; i < 2; i++)
		reserved |= read_u8(r) != 0;
	if (*what == NULL && reserved)
		*what = "Its reserved bytes are in use, as a later version may do.";
	if (*what != NULL)
		return NULL;

	card->name = read_text(r);
	card->base_score = read_double(r);
	card->base_odds = read_double(r);
	card->pdo = read_double(r);
	card->intercept = read_double(r);

	/* The least feature has 24 bytes, the least segment 4. */
	card->n_features = read_count(r, 24);
	card->feature = get_memory(memory, card->n_features, sizeof *card->feature);
	for (i = 0; i < card->n_features && !r->bad; i++)
		read_feature(r, &card->feature[i], (flags & FLAG_COUNTS) != 0, memory);

	card->n_segments = read_count(r, 4);
	card->segment = get_memory(memory, card->n_segments, sizeof *card->segment);
	for (i = 0; i < card->n_segments && !r->bad; i++)
		read_segment(r, &card->segment[i], memory);
	if (flags & FLAG_FIT)
		card->fit = read_fit(r, memory);

	/* Had it no counts it would not say so. */
	if ((flags & FLAG_COUNTS) && !r->bad && !has_counts(card))
		r->bad = true;
	if (r->bad || bytes_left(r) > 0)
	{
		*what = r->bad ? "It ends early, or a count in it is damaged."
			: "Bytes follow its end.";
		return NULL;
	}
	return card;
}
