/*
 * scorecard_math.c
 *		The scorecard: its parts, its rules, its stored bytes. Pure C.
 */
#include "model/scorecard_math.h"

#include "core/bytes.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ---------- an index of texts ---------- */

CardIndex *
card_index_create(CardMemory memory, uint32_t capacity)
{
	CardIndex  *index = memory.alloc(memory.context, sizeof *index);
	uint64_t	slots = 4;

	/* At most half full. */
	while (slots < 2 * (uint64_t) capacity)
		slots *= 2;
	index->mask = (uint32_t) (slots - 1);
	index->slot = memory.alloc(memory.context, slots * sizeof *index->slot);
	memset(index->slot, 0, slots * sizeof *index->slot);
	return index;
}

/* The slot that holds the text, or the empty one where it belongs. */
static struct CardIndexSlot *
probe(const CardIndex *index, const char *at, size_t length)
{
	uint32_t	hash = 2166136261u; /* FNV-1a */
	size_t		i;

	for (i = 0; i < length; i++)
		hash = (hash ^ (uint8_t) at[i]) * 16777619u;
	hash ^= hash >> 15;
	for (;; hash++)
	{
		struct CardIndexSlot *slot = &index->slot[hash & index->mask];

		if (slot->text.at == NULL ||
			(slot->text.length == length && memcmp(slot->text.at, at, length) == 0))
			return slot;
	}
}

bool
card_index_add(CardIndex *index, CardText text, uint32_t value)
{
	struct CardIndexSlot *slot = probe(index, text.at, text.length);

	if (slot->text.at != NULL)
		return false;
	slot->text = text;
	slot->value = value;
	return true;
}

int64_t
card_index_find(const CardIndex *index, const char *at, size_t length)
{
	const struct CardIndexSlot *slot = probe(index, at, length);

	return slot->text.at == NULL ? -1 : (int64_t) slot->value;
}

/* ---------- the rules ---------- */

static bool fault_at(CardFault *fault, const char *what, const char *hint,
					 const char *path,...)
			__attribute__((format(printf, 4, 5)));

static bool
fault_at(CardFault *fault, const char *what, const char *hint, const char *path,...)
{
	va_list		args;

	memset(fault, 0, sizeof *fault);
	fault->what = what;
	fault->hint = hint;
	va_start(args, path);
	vsnprintf(fault->path, sizeof fault->path, path, args);
	va_end(args);
	return false;
}

static bool
of_number(CardFault *fault, double number)
{
	fault->has_number = true;
	fault->number = number;
	return false;
}

static bool
of_detail(CardFault *fault, const char *detail)
{
	fault->detail = detail;
	return false;
}

static bool
of_text(CardFault *fault, CardText text)
{
	fault->text = text;
	return false;
}

/* Numbers have one stored form, so there is no negative zero. */
static bool
is_number(double x)
{
	return fabs(x) <= CARD_MAX_NUMBER && !(x == 0 && signbit(x));
}

/* Cuts and special values may be as large as a feature's values are. */
static bool
is_edge(double x)
{
	return isfinite(x) && !(x == 0 && signbit(x));
}

static const char size_hint[] = "Numbers of a card lie between -1e9 and 1e9.";
static const char edge_hint[] = "Give a finite number.";

static bool
check_number_bins(const CardFeature *f, uint32_t i, CardMemory memory, CardFault *fault)
{
	CardIndex  *seen;
	uint64_t	n_values = 0;
	uint32_t	b,
				v;

	for (b = 0; b + 1 < f->n_bins; b++)
	{
		if (!is_edge(f->cut[b]))
		{
			fault_at(fault, "not a finite number", edge_hint, "features[%u].bins[%u].high", i, b);
			return of_number(fault, f->cut[b]);
		}
		if (b > 0 && f->cut[b] <= f->cut[b - 1])
		{
			fault_at(fault, "the bin ends where it starts or before",
					 "List the bins from the lowest to the highest.",
					 "features[%u].bins[%u].high", i, b);
			return of_number(fault, f->cut[b]);
		}
	}

	for (b = 0; b < f->n_specials; b++)
		n_values += f->special[b].n_values;
	seen = card_index_create(memory, (uint32_t) n_values);
	for (b = 0; b < f->n_specials; b++)
	{
		const CardSpecial *special = &f->special[b];

		if (special->n_values == 0)
		{
			fault_at(fault, "no values", "List the values it stands for.",
							"features[%u].special[%u].values", i, b);
			return of_detail(fault, "The array is empty.");
		}
		for (v = 0; v < special->n_values; v++)
		{
			CardText	bits = {(const char *) &special->value[v], sizeof(double)};

			if (!is_edge(special->value[v]))
			{
				fault_at(fault, "not a finite number", edge_hint,
						 "features[%u].special[%u].values[%u]", i, b, v);
				return of_number(fault, special->value[v]);
			}
			if (!card_index_add(seen, bits, 0))
			{
				fault_at(fault, "listed twice", "Each special value has one place.",
						 "features[%u].special[%u].values[%u]", i, b, v);
				return of_number(fault, special->value[v]);
			}
		}
		if (!is_number(special->woe))
		{
			fault_at(fault, "out of range", size_hint, "features[%u].special[%u].woe", i, b);
			return of_number(fault, special->woe);
		}
	}
	if (f->unseen != CARD_UNSEEN_AVERAGE)
	{
		fault_at(fault, "not for a number",
						"Only categories can be unseen; leave it out.",
						"features[%u].unseen", i);
		return of_detail(fault, "The feature is a number.");
	}
	return true;
}

static bool
check_category_bins(const CardFeature *f, uint32_t i, CardMemory memory, CardFault *fault)
{
	CardIndex  *seen;
	uint64_t	n_categories = 0;
	uint32_t	b,
				c;

	for (b = 0; b < f->n_bins; b++)
		n_categories += f->bin[b].n_categories;
	seen = card_index_create(memory, (uint32_t) n_categories);
	for (b = 0; b < f->n_bins; b++)
	{
		if (f->bin[b].n_categories == 0)
		{
			fault_at(fault, "no categories", "List the bin's categories.",
							"features[%u].bins[%u].categories", i, b);
			return of_detail(fault, "The array is empty.");
		}
		for (c = 0; c < f->bin[b].n_categories; c++)
			if (!card_index_add(seen, f->bin[b].category[c], 0))
			{
				fault_at(fault, "listed twice", "Each category belongs to one bin.",
						 "features[%u].bins[%u].categories[%u]", i, b, c);
				return of_text(fault, f->bin[b].category[c]);
			}
	}
	if (f->n_specials > 0)
	{
		fault_at(fault, "not for a category",
						"Special values are numbers; give the category a bin of its own.",
						"features[%u].special", i);
		return of_detail(fault, "The feature is a category.");
	}
	return true;
}

static bool
check_feature(const CardFeature *f, uint32_t i, CardMemory memory, CardFault *fault)
{
	uint32_t	b;

	if (!is_number(f->weight))
	{
		fault_at(fault, "out of range", size_hint, "features[%u].weight", i);
		return of_number(fault, f->weight);
	}
	if (f->missing == CARD_MISSING_WOE && !is_number(f->missing_woe))
	{
		fault_at(fault, "out of range", size_hint, "features[%u].missing.woe", i);
		return of_number(fault, f->missing_woe);
	}
	if (f->n_bins == 0)
	{
		fault_at(fault, "no bins", "A feature needs at least one bin.",
						"features[%u].bins", i);
		return of_detail(fault, "The array is empty.");
	}
	for (b = 0; b < f->n_bins; b++)
		if (!is_number(f->bin[b].woe))
		{
			fault_at(fault, "out of range", size_hint, "features[%u].bins[%u].woe", i, b);
			return of_number(fault, f->bin[b].woe);
		}
	return f->kind == CARD_NUMBER
		? check_number_bins(f, i, memory, fault)
		: check_category_bins(f, i, memory, fault);
}

static bool
check_segment_weights(const Card *card, uint32_t i, CardFault *fault)
{
	const CardSegment *s = &card->segment[i];
	uint32_t	w;

	for (w = 0; w < s->n_weights; w++)
	{
		if (s->weight[w].feature >= card->n_features ||
			(w > 0 && s->weight[w].feature <= s->weight[w - 1].feature))
		{
			fault_at(fault, "not a feature, or out of order",
					 "Weights name features of the card, in its order.",
					 "segments[%u].weights", i);
			return of_number(fault, s->weight[w].feature);
		}
		if (!is_number(s->weight[w].weight))
		{
			fault_at(fault, "out of range", size_hint, "segments[%u].weights", i);
			return of_number(fault, s->weight[w].weight);
		}
	}
	return true;
}

/* Each segment by itself, whose names enter the index. */
static bool
check_segment(const Card *card, uint32_t i, CardIndex *names, CardFault *fault)
{
	const CardSegment *s = &card->segment[i];

	if (s->name.length == 0)
	{
		fault_at(fault, "empty", "Give the segment a name.", "segments[%u].name", i);
		return of_detail(fault, "The text is empty.");
	}
	if (!card_index_add(names, s->name, i))
	{
		fault_at(fault, "listed twice", "Each segment has one entry.", "segments[%u].name", i);
		return of_text(fault, s->name);
	}
	if (s->has_intercept && !is_number(s->intercept))
	{
		fault_at(fault, "out of range", size_hint, "segments[%u].intercept", i);
		return of_number(fault, s->intercept);
	}
	return check_segment_weights(card, i, fault);
}

static bool
find_parents(Card *card, CardIndex *names, CardFault *fault)
{
	uint32_t	i;

	for (i = 0; i < card->n_segments; i++)
	{
		CardSegment *s = &card->segment[i];

		s->parent_index = -1;
		if (s->parent.length > 0)
			s->parent_index = (int32_t) card_index_find(names, s->parent.at, s->parent.length);
		if (s->parent.length > 0 && s->parent_index < 0)
		{
			fault_at(fault, "no such segment", "A parent is the name of another segment of the card.",
					 "segments[%u].parent", i);
			return of_text(fault, s->parent);
		}
	}
	return true;
}

/* Walks up from each segment: 0 not seen, 1 on this walk, 2 known to reach the root. */
static bool
check_ancestors(const Card *card, uint8_t *state, CardFault *fault)
{
	uint32_t	i;

	memset(state, 0, card->n_segments);
	for (i = 0; i < card->n_segments; i++)
	{
		int32_t		at;

		for (at = (int32_t) i; at >= 0 && state[at] == 0; at = card->segment[at].parent_index)
			state[at] = 1;
		if (at >= 0 && state[at] == 1)
		{
			fault_at(fault, "the segment is its own ancestor",
					 "Leave out the parent of one of the segments on the cycle.",
					 "segments[%u].parent", (unsigned) at);
			return of_text(fault, card->segment[at].parent);
		}
		for (at = (int32_t) i; at >= 0 && state[at] == 1; at = card->segment[at].parent_index)
			state[at] = 2;
	}
	return true;
}

static bool
check_segments(Card *card, CardMemory memory, CardFault *fault)
{
	CardIndex  *names = card_index_create(memory, card->n_segments);
	uint8_t    *state = memory.alloc(memory.context, (size_t) card->n_segments + 1);
	uint64_t	n_rows = 0;
	uint32_t	i;

	for (i = 0; i < card->n_segments; i++)
	{
		if (!check_segment(card, i, names, fault))
			return false;
		n_rows += card->segment[i].n_weights > 0;
	}
	if (n_rows * card->n_features > CARD_MAX_SEGMENT_WEIGHTS)
	{
		fault_at(fault, "too many weights",
				 "At most 16,777,216 weights: segments with weights times features. Split the card.",
				 "segments");
		return of_number(fault, (double) (n_rows * card->n_features));
	}
	return find_parents(card, names, fault) && check_ancestors(card, state, fault);
}

bool
card_check(Card *card, CardMemory memory, CardFault *fault)
{
	CardIndex  *names;
	uint32_t	i;

	if (card->name.length == 0)
	{
		fault_at(fault, "empty", "Give the card a name.", "name");
		return of_detail(fault, "The text is empty.");
	}
	if (!is_number(card->base_score))
	{
		fault_at(fault, "out of range", size_hint, "scale.base_score");
		return of_number(fault, card->base_score);
	}
	if (!(card->base_odds > 0 && card->base_odds >= 1 / CARD_MAX_NUMBER) || !is_number(card->base_odds))
	{
		fault_at(fault, "out of range", "Odds of good to bad lie between 1e-9 and 1e9.",
				 "scale.base_odds");
		return of_number(fault, card->base_odds);
	}
	if (!(card->pdo > 0 && card->pdo >= 1 / CARD_MAX_NUMBER) || !is_number(card->pdo))
	{
		fault_at(fault, "out of range",
				 "Points to double the odds lie between 1e-9 and 1e9: a higher score is safer.",
				 "scale.pdo");
		return of_number(fault, card->pdo);
	}
	if (!is_number(card->intercept))
	{
		fault_at(fault, "out of range", size_hint, "intercept");
		return of_number(fault, card->intercept);
	}
	if (card->n_features == 0)
	{
		fault_at(fault, "no features", "A card needs at least one feature.", "features");
		return of_detail(fault, "The array is empty.");
	}
	if (card->n_features > CARD_MAX_FEATURES)
	{
		fault_at(fault, "too many features", "A card has at most 1600 features, as a table has columns.",
				 "features");
		return of_number(fault, card->n_features);
	}

	names = card_index_create(memory, card->n_features);
	for (i = 0; i < card->n_features; i++)
	{
		CardFeature *f = &card->feature[i];

		if (f->name.length == 0)
		{
			fault_at(fault, "empty", "A feature has the name of its column.",
							"features[%u].name", i);
			return of_detail(fault, "The text is empty.");
		}
		if (!card_index_add(names, f->name, i))
		{
			fault_at(fault, "listed twice", "Each feature has one entry.", "features[%u].name", i);
			return of_text(fault, f->name);
		}
		if (!check_feature(f, i, memory, fault))
			return false;
	}
	return check_segments(card, memory, fault);
}

/* ---------- stored bytes ---------- */

static void
write_text(ByteWriter *w, CardText text)
{
	write_varint(w, text.length);
	write_bytes(w, text.at, text.length);
}

static void
write_feature(ByteWriter *w, const CardFeature *f)
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
		write_double(w, f->missing_woe);
	write_u8(w, (uint8_t) f->unseen);

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
	}

	write_varint(w, f->n_specials);
	for (b = 0; b < f->n_specials; b++)
	{
		write_varint(w, f->special[b].n_values);
		for (i = 0; i < f->special[b].n_values; i++)
			write_double(w, f->special[b].value[i]);
		write_double(w, f->special[b].woe);
	}
}

size_t
card_encode(const Card *card, uint8_t *buffer)
{
	ByteWriter	writer = {buffer, 0};
	ByteWriter *w = &writer;
	uint32_t	i,
				k;

	write_u8(w, CARD_VERSION);
	for (i = 0; i < 3; i++)
		write_u8(w, 0);
	write_text(w, card->name);
	write_double(w, card->base_score);
	write_double(w, card->base_odds);
	write_double(w, card->pdo);
	write_double(w, card->intercept);

	write_varint(w, card->n_features);
	for (i = 0; i < card->n_features; i++)
		write_feature(w, &card->feature[i]);

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
	return w->length;
}

static CardText
read_text(ByteReader *r)
{
	CardText	text = {"", 0};
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
get_memory(CardMemory memory, uint32_t count, size_t size)
{
	void	   *p = memory.alloc(memory.context, (count > 0 ? count : 1) * size);

	memset(p, 0, (count > 0 ? count : 1) * size);
	return p;
}

static void
read_feature(ByteReader *r, CardFeature *f, CardMemory memory)
{
	uint32_t	b,
				i;

	f->name = read_text(r);
	f->kind = (CardKind) read_choice(r, CARD_CATEGORY);
	f->weight = read_double(r);
	f->reason = read_text(r);
	f->consent = read_text(r);
	f->missing = (CardMissing) read_choice(r, CARD_MISSING_NEUTRAL);
	if (f->missing == CARD_MISSING_WOE)
		f->missing_woe = read_double(r);
	f->unseen = (CardUnseen) read_choice(r, CARD_UNSEEN_ERROR);

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
			f->bin[b].category = get_memory(memory, f->bin[b].n_categories, sizeof(CardText));
			for (i = 0; i < f->bin[b].n_categories; i++)
				f->bin[b].category[i] = read_text(r);
		}
		f->bin[b].woe = read_double(r);
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
	}
}

static void
read_segment(ByteReader *r, CardSegment *s, CardMemory memory)
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

Card *
card_decode(const uint8_t *bytes, size_t length, CardMemory memory, const char **what)
{
	ByteReader	reader = {bytes, bytes + length, false};
	ByteReader *r = &reader;
	Card	   *card = get_memory(memory, 1, sizeof *card);
	bool		reserved = false;
	uint32_t	i;

	*what = NULL;
	if (read_u8(r) != CARD_VERSION)
		*what = "The version of its format is not known.";
	for (i = 0; i < 3; i++)
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
		read_feature(r, &card->feature[i], memory);

	card->n_segments = read_count(r, 4);
	card->segment = get_memory(memory, card->n_segments, sizeof *card->segment);
	for (i = 0; i < card->n_segments && !r->bad; i++)
		read_segment(r, &card->segment[i], memory);

	if (r->bad || bytes_left(r) > 0)
	{
		*what = r->bad ? "It ends early, or a count in it is damaged."
			: "Bytes follow its end.";
		return NULL;
	}
	return card;
}
