/*
 * binning_math.c
 *		The binning of a feature: bins with their counts, WOE, stored form. Pure C.
 */
#include "model/binning/binning_math.h"

#include "core/math/bytes.h"
#include "core/math/elementary_math.h"

#include <math.h>
#include <stdlib.h>

static void *
get(Arena memory, size_t n, size_t size)
{
	return memory.alloc(memory.context, (n > 0 ? n : 1) * size);
}

/* ---------- weighing ---------- */

static int64_t
part_rows(const BinPart *part)
{
	return part->cell.count[BIN_GOOD] + part->cell.count[BIN_BAD];
}

/* The parts in order: bins, special values, missing. */
static BinPart *
part_at(Binning *binning, uint32_t i)
{
	if (i < binning->n_bins)
		return &binning->bin[i];
	i -= binning->n_bins;
	return i < binning->n_specials ? &binning->special[i] : &binning->missing;
}

/* What missing rows count as where they are no bin: the WOE of another, or 0. */
static double
missing_by_policy(const Binning *binning)
{
	double		least = INFINITY;
	double		most = -INFINITY;
	uint32_t	i;

	for (i = 0; i < binning->n_bins; i++)
	{
		least = fmin(least, binning->bin[i].woe);
		most = fmax(most, binning->bin[i].woe);
	}
	switch (binning->missing_policy)
	{
		case BIN_MISSING_WORST:
			return most;
		case BIN_MISSING_BEST:
			return least;
		default:
			return 0;
	}
}

/*
 * Shares of all bads and of all goods that a part has. With a prior it gets rows of
 * average rate beside its own, as if its log-odds had a normal prior around those
 * of all rows, of variance 1 / prior (Good 1965).
 */
static void
weigh_part(const BinPart *part, double prior, const int64_t *total, int64_t parts, double *p, double *q)
{
	double		bads = (double) part->cell.count[BIN_BAD];
	double		goods = (double) part->cell.count[BIN_GOOD];
	double		all_bads = (double) total[BIN_BAD];
	double		all_goods = (double) total[BIN_GOOD];
	double		more = parts > 0 ? 0.5 : 0;

	if (prior > 0)
	{
		double		rows = all_bads + all_goods;

		*p = (bads + prior * rows / all_goods) / (all_bads + prior * rows / all_goods);
		*q = (goods + prior * rows / all_bads) / (all_goods + prior * rows / all_bads);
		return;
	}
	*p = (bads + more) / (all_bads + more * (double) parts);
	*q = (goods + more) / (all_goods + more * (double) parts);
}

void
binning_weigh(Binning *binning)
{
	uint32_t	n = binning->n_bins + binning->n_specials + 1;
	int64_t		total[2] = {0, 0};
	int64_t		with_rows = 0;
	bool		lacks_class = false;
	uint32_t	i;

	for (i = 0; i < n; i++)
	{
		const BinPart *part = part_at(binning, i);

		total[BIN_GOOD] += part->cell.count[BIN_GOOD];
		total[BIN_BAD] += part->cell.count[BIN_BAD];
		if (part_rows(part) == 0)
			continue;
		with_rows++;
		lacks_class = lacks_class || ((i < binning->n_bins || binning->prior == 0) &&
									  (part->cell.count[BIN_GOOD] == 0 || part->cell.count[BIN_BAD] == 0));
	}
	binning->iv = total[BIN_GOOD] > 0 && total[BIN_BAD] > 0 ? 0 : NAN;
	for (i = 0; i < n; i++)
	{
		BinPart    *part = part_at(binning, i);
		double		p,
					q;

		part->woe = 0;
		part->iv = isnan(binning->iv) ? NAN : 0;
		if (isnan(binning->iv) || part_rows(part) == 0)
			continue;
		weigh_part(part, i < binning->n_bins ? 0 : binning->prior, total, lacks_class ? with_rows : 0, &p, &q);
		part->woe = agr_log(p / q);
		part->iv = (p - q) * part->woe + 0.0;	/* never -0 */
		if (part == &binning->missing && binning->missing_policy != BIN_MISSING_BIN)
			part->iv = NAN;
		else
			binning->iv += part->iv;
	}
	if (binning->missing_policy != BIN_MISSING_BIN)
		binning->missing.woe = missing_by_policy(binning);
}

/* ---------- rules ---------- */

static bool
is_edge(double x)
{
	return isfinite(x) && !(x == 0 && signbit(x));
}

static bool
fits(int64_t count)
{
	return count >= 0 && count <= TALLY_MAX_TOTAL;
}

/* Adds up a part; false where a count is out of range. */
static bool
add_part(const BinPart *part, int64_t *total)
{
	int			class;

	for (class = 0; class < 2; class++)
	{
		if (!fits(part->cell.count[class]))
			return false;
		total[class] += part->cell.count[class];
		if (!fits(total[class]))
			return false;
	}
	return true;
}

static int
compare_texts(const void *a, const void *b)
{
	return text_span_compare(*(const TextSpan *) a, *(const TextSpan *) b);
}

void
binning_sort(Binning *binning)
{
	uint32_t	i;

	if (binning->kind != CARD_CATEGORY)
		return;
	for (i = 0; i < binning->n_bins; i++)
		if (binning->categories[i].n > 1)
			qsort(binning->categories[i].text, binning->categories[i].n, sizeof(TextSpan), compare_texts);
}

void
binning_recode(Binning *binning, TextRecode recode)
{
	uint32_t	i,
				c;

	if (binning->kind != CARD_CATEGORY)
		return;
	for (i = 0; i < binning->n_bins; i++)
		for (c = 0; c < binning->categories[i].n; c++)
			binning->categories[i].text[c] = recode(binning->categories[i].text[c]);
	binning_sort(binning);
}

static const char *
check_categories(const Binning *binning, Arena memory)
{
	TextIndex  *seen;
	uint64_t	n = 0;
	uint32_t	i,
				c;

	for (i = 0; i < binning->n_bins; i++)
		n += binning->categories[i].n;
	seen = text_index_create(memory, (uint32_t) n);
	for (i = 0; i < binning->n_bins; i++)
	{
		const BinCategories *list = &binning->categories[i];

		/* Where no row had a value, one bin stands for none. */
		if (list->n == 0 && (binning->n_bins > 1 || part_rows(&binning->bin[0]) > 0))
			return "a bin has no categories";
		if (list->n > 0 && part_rows(&binning->bin[i]) == 0)
			return "a bin has categories and no rows";
		for (c = 0; c < list->n; c++)
		{
			if (c > 0 && text_span_compare(list->text[c - 1], list->text[c]) >= 0)
				return "categories of a bin are not ascending by bytes";
			if (!text_index_add(seen, list->text[c], 0))
				return "a category is in two bins";
		}
	}
	if (binning->n_specials > 0)
		return "special values are numbers, and this is a category";
	return NULL;
}

static const char *
check_numbers(const Binning *binning)
{
	uint32_t	i;

	for (i = 0; i + 1 < binning->n_bins; i++)
	{
		if (!is_edge(binning->cut[i]))
			return "a cut is no finite number";
		if (i > 0 && binning->cut[i] <= binning->cut[i - 1])
			return "bins are not ascending";
	}
	for (i = 0; i < binning->n_specials; i++)
	{
		if (!is_edge(binning->special_value[i]))
			return "a special value is no finite number";
		if (i > 0 && binning->special_value[i] <= binning->special_value[i - 1])
			return "special values are not ascending";
	}
	if (binning->unseen != CARD_UNSEEN_AVERAGE)
		return "only categories can be unseen";
	return NULL;
}

const char *
binning_check(const Binning *binning, Arena memory)
{
	int64_t		total[2] = {0, 0};
	uint32_t	i;
	int			t;

	if (binning->n_bins == 0)
		return "there are no bins";
	if (binning->n_bins > BIN_MAX_CELLS)
		return "there are more than 500 bins";
	if (!fits(binning->no_outcome) || !fits(binning->no_weight) || !add_part(&binning->missing, total))
		return "a count is out of range";
	for (i = 0; i < binning->n_bins; i++)
	{
		if (!add_part(&binning->bin[i], total))
			return "a count is out of range";
		if (binning->n_bins > 1 &&
			(binning->bin[i].cell.count[BIN_GOOD] == 0 || binning->bin[i].cell.count[BIN_BAD] == 0))
			return "a bin has no good or no bad rows";
	}
	for (i = 0; i < binning->n_specials; i++)
		if (!add_part(&binning->special[i], total))
			return "a count is out of range";
	for (t = 0; t < BIN_TRENDS; t++)
	{
		const BinOutcome *outcome = &binning->outcome[t];

		if (outcome->bins < 0 || outcome->bins > BIN_MAX_CELLS)
			return "a trend has more than 500 bins";
		if (outcome->bins == 0)
			continue;
		if (!(outcome->iv >= 0 && outcome->iv < 64) || (outcome->iv == 0 && signbit(outcome->iv)))
			return "an IV is out of range";
		if (!isnan(outcome->held_out) &&
			!(fabs(outcome->held_out) < 64 && !(outcome->held_out == 0 && signbit(outcome->held_out))))
			return "an out-of-fold IV is out of range";
	}
	return binning->kind == CARD_NUMBER ? check_numbers(binning) : check_categories(binning, memory);
}

/* ---------- as a feature ---------- */

void
binning_feature(const Binning *binning, CardFeature *feature, Arena memory)
{
	uint32_t	i;

	feature->kind = binning->kind;
	feature->unseen = binning->unseen;
	feature->missing = CARD_MISSING_NONE;
	feature->missing_goods = feature->missing_bads = -1;
	if (binning->missing_policy != BIN_MISSING_BIN || part_rows(&binning->missing) > 0)
	{
		feature->missing = CARD_MISSING_WOE;
		feature->missing_woe = binning->missing.woe;
		feature->missing_goods = binning->missing.cell.count[BIN_GOOD];
		feature->missing_bads = binning->missing.cell.count[BIN_BAD];
	}
	feature->n_bins = binning->n_bins;
	feature->bin = get(memory, binning->n_bins, sizeof *feature->bin);
	feature->cut = binning->cut;
	for (i = 0; i < binning->n_bins; i++)
	{
		CardBin    *bin = &feature->bin[i];

		memset(bin, 0, sizeof *bin);
		bin->woe = binning->bin[i].woe;
		bin->goods = binning->bin[i].cell.count[BIN_GOOD];
		bin->bads = binning->bin[i].cell.count[BIN_BAD];
		if (binning->kind != CARD_CATEGORY)
			continue;
		bin->n_categories = binning->categories[i].n;
		bin->category = binning->categories[i].text;
	}
	feature->n_specials = binning->n_specials;
	feature->special = get(memory, binning->n_specials, sizeof *feature->special);
	for (i = 0; i < binning->n_specials; i++)
	{
		CardSpecial *special = &feature->special[i];

		memset(special, 0, sizeof *special);
		special->woe = binning->special[i].woe;
		special->goods = binning->special[i].cell.count[BIN_GOOD];
		special->bads = binning->special[i].cell.count[BIN_BAD];
		special->n_values = 1;
		special->value = &binning->special_value[i];
	}
}

/* ---------- stored form ---------- */

static void
write_cell(ByteWriter *w, const BinPart *part)
{
	write_varint(w, (uint64_t) part->cell.count[BIN_GOOD]);
	write_varint(w, (uint64_t) part->cell.count[BIN_BAD]);
}

size_t
binning_encode(const Binning *binning, uint8_t *buffer)
{
	ByteWriter	w = {buffer, 0};
	uint32_t	i,
				c;
	int			t;

	write_u8(&w, BINNING_VERSION);
	write_u8(&w, 0);
	write_u8(&w, (uint8_t) binning->kind);
	write_u8(&w, (uint8_t) binning->trend);
	write_u8(&w, (uint8_t) binning->missing_policy);
	write_u8(&w, (uint8_t) binning->unseen);
	write_varint(&w, (uint64_t) binning->no_outcome);
	write_varint(&w, (uint64_t) binning->no_weight);
	write_cell(&w, &binning->missing);
	write_varint(&w, binning->n_bins);
	if (binning->kind == CARD_NUMBER)
		for (i = 0; i + 1 < binning->n_bins; i++)
			write_double(&w, binning->cut[i]);
	for (i = 0; i < binning->n_bins; i++)
	{
		write_cell(&w, &binning->bin[i]);
		if (binning->kind == CARD_NUMBER)
			continue;
		write_varint(&w, binning->categories[i].n);
		for (c = 0; c < binning->categories[i].n; c++)
		{
			write_varint(&w, binning->categories[i].text[c].length);
			write_bytes(&w, binning->categories[i].text[c].at, binning->categories[i].text[c].length);
		}
	}
	write_varint(&w, binning->n_specials);
	for (i = 0; i < binning->n_specials; i++)
	{
		write_double(&w, binning->special_value[i]);
		write_cell(&w, &binning->special[i]);
	}
	for (t = 0; t < BIN_TRENDS; t++)
	{
		const BinOutcome *outcome = &binning->outcome[t];

		write_varint(&w, (uint64_t) outcome->bins);
		if (outcome->bins == 0)
			continue;
		write_double(&w, outcome->iv);
		write_u8(&w, !isnan(outcome->held_out));
		if (!isnan(outcome->held_out))
			write_double(&w, outcome->held_out);
	}
	return w.length;
}

static int64_t
read_count(ByteReader *r)
{
	uint64_t	count = read_varint(r);

	if (count > TALLY_MAX_TOTAL)
		r->bad = true;
	return (int64_t) count;
}

static void
read_cell(ByteReader *r, BinPart *part)
{
	memset(part, 0, sizeof *part);
	part->cell.count[BIN_GOOD] = read_count(r);
	part->cell.count[BIN_BAD] = read_count(r);
}

/* The number of items of a list, each of at least `least` bytes. */
static uint32_t
read_length(ByteReader *r, size_t least)
{
	uint64_t	n = read_varint(r);

	if (n > bytes_left(r) / least)
		r->bad = true;
	return r->bad ? 0 : (uint32_t) n;
}

static int
read_choice(ByteReader *r, int most)
{
	int			choice = read_u8(r);

	if (choice > most)
		r->bad = true;
	return r->bad ? 0 : choice;
}

static void
read_categories(ByteReader *r, BinCategories *list, Arena memory)
{
	uint32_t	c;

	list->n = read_length(r, 1);
	list->text = get(memory, list->n, sizeof *list->text);
	for (c = 0; c < list->n; c++)
	{
		list->text[c].length = read_length(r, 1);
		list->text[c].at = (const char *) read_bytes(r, list->text[c].length);
		if (list->text[c].at == NULL)
			list->text[c].at = "";
	}
}

Binning *
binning_decode(const uint8_t *bytes, size_t length, Arena memory)
{
	ByteReader	r = {bytes, bytes + length, false};
	Binning    *binning = get(memory, 1, sizeof *binning);
	uint64_t	bins;
	uint32_t	i;
	int			t;

	memset(binning, 0, sizeof *binning);
	if (read_u8(&r) != BINNING_VERSION || read_u8(&r) != 0)
		return NULL;
	binning->kind = (CardKind) read_choice(&r, CARD_CATEGORY);
	binning->trend = (BinTrend) read_choice(&r, BIN_VALLEY);
	binning->missing_policy = (BinMissing) read_choice(&r, BIN_MISSING_NEUTRAL);
	binning->unseen = (CardUnseen) read_choice(&r, CARD_UNSEEN_ERROR);
	binning->no_outcome = read_count(&r);
	binning->no_weight = read_count(&r);
	read_cell(&r, &binning->missing);
	binning->n_bins = read_length(&r, 2);
	binning->bin = get(memory, binning->n_bins, sizeof *binning->bin);
	binning->cut = get(memory, binning->n_bins, sizeof *binning->cut);
	binning->categories = get(memory, binning->n_bins, sizeof *binning->categories);
	if (binning->kind == CARD_NUMBER)
		for (i = 0; i + 1 < binning->n_bins; i++)
			binning->cut[i] = read_double(&r);
	for (i = 0; i < binning->n_bins; i++)
	{
		read_cell(&r, &binning->bin[i]);
		if (binning->kind == CARD_CATEGORY)
			read_categories(&r, &binning->categories[i], memory);
	}
	binning->n_specials = read_length(&r, 10);
	binning->special = get(memory, binning->n_specials, sizeof *binning->special);
	binning->special_value = get(memory, binning->n_specials, sizeof *binning->special_value);
	for (i = 0; i < binning->n_specials; i++)
	{
		binning->special_value[i] = read_double(&r);
		read_cell(&r, &binning->special[i]);
	}
	for (t = 0; t < BIN_TRENDS; t++)
	{
		BinOutcome *outcome = &binning->outcome[t];

		outcome->held_out = NAN;
		bins = read_varint(&r);
		if (bins > BIN_MAX_CELLS)
			return NULL;
		outcome->bins = (int32_t) bins;
		if (bins == 0)
			continue;
		outcome->iv = read_double(&r);
		if (read_choice(&r, 1) == 1)
		{
			outcome->held_out = read_double(&r);
			if (isnan(outcome->held_out))
				r.bad = true;
		}
	}
	if (r.bad || bytes_left(&r) > 0)
		return NULL;
	return binning;
}
