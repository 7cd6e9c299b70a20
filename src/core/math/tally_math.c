/*
 * tally_math.c
 *		Numbers counted by value and class, sorted: sorting, stored form, text
 *		form. Pure C.
 */
#include "core/math/tally_math.h"

#include <math.h>
#include <stdlib.h>

/* Sorting. */

#define RADIX_ELEMENT	uint64_t
#define RADIX_KEY(e)	(e)
#define RADIX(name)		key_##name
#include "core/math/radix_template.h"

#define RADIX_ELEMENT	TallyEntry
#define RADIX_KEY(e)	(e).key
#define RADIX(name)		entry_##name
#include "core/math/radix_template.h"

/* Entries merged between two pauses. */
#define PAUSE_ENTRIES	(1 << 18)

/* Runs shorter than that, on average, are not worth merging. */
#define SHORT_RUN		16

void
tally_sort_keys(uint64_t *keys, size_t n, uint64_t *scratch, TallyPause pause)
{
	key_sort(keys, n, scratch, false, pause);
}

static void
add_entry(TallyEntry *to, const TallyEntry *entry)
{
	to->count[0] += entry->count[0];
	to->count[1] += entry->count[1];
}

/* The end of the run, of ascending keys, that begins at `at`. */
static const TallyEntry *
run_end(const TallyEntry *at, const TallyEntry *end)
{
	if (at == end)
		return end;
	for (at++; at < end && at[-1].key < at->key; at++)
		;
	return at;
}

/* One merge of neighbouring runs, two by two, into `to`; returns how many entries are left. */
static size_t
merge_runs(const TallyEntry *from, size_t n, TallyEntry *to, TallyPause pause)
{
	const TallyEntry *end = from + n;
	const TallyEntry *a = from;
	TallyEntry *out = to;
	TallyEntry *paused = to;

	while (a < end)
	{
		const TallyEntry *a_end = run_end(a, end);
		const TallyEntry *b = a_end;
		const TallyEntry *b_end = run_end(b, end);

		while (a < a_end || b < b_end)
		{
			if (b == b_end || (a < a_end && a->key < b->key))
				*out++ = *a++;
			else if (a == a_end || b->key < a->key)
				*out++ = *b++;
			else
			{
				*out = *a++;
				add_entry(out++, b++);
			}
		}
		a = b_end;
		if (out - paused > PAUSE_ENTRIES)
		{
			pause();
			paused = out;
		}
	}
	return out - to;
}

static bool
has_short_runs(const TallyEntry *entries, size_t n)
{
	size_t		runs = 1;
	size_t		i;

	for (i = 1; i < n; i++)
		runs += entries[i - 1].key >= entries[i].key;
	return runs > 2 && n / runs < SHORT_RUN;
}

/* Adds up neighbours of equal keys; returns how many are left. */
static size_t
add_equal(TallyEntry *entries, size_t n)
{
	TallyEntry *last = entries;
	size_t		i;

	for (i = 1; i < n; i++)
	{
		if (entries[i].key == last->key)
			add_entry(last, &entries[i]);
		else
			*++last = entries[i];
	}
	return last - entries + 1;
}

size_t
tally_sort_entries(TallyEntry *entries, size_t n, TallyEntry *scratch, TallyPause pause)
{
	TallyEntry *from = entries;
	TallyEntry *to = scratch;

	if (n > 0 && has_short_runs(entries, n))
	{
		entry_sort(entries, n, scratch, false, pause);
		return add_equal(entries, n);
	}
	while (run_end(from, from + n) < from + n)
	{
		TallyEntry *other = from;

		n = merge_runs(from, n, to, pause);
		from = to;
		to = other;
	}
	if (from != entries)
		memcpy(entries, from, n * sizeof *entries);
	return n;
}

/* What no key is: after the last. */
#define NO_KEY		UINT64_MAX

bool
tally_sources_next(TallySources *sources, TallyEntry *entry)
{
	uint64_t	key = NO_KEY;
	int			i;

	for (i = 0; i < 2; i++)
	{
		entry->count[i] = 0;
		if (sources->keys[i] < sources->keys_end[i] && *sources->keys[i] < key)
			key = *sources->keys[i];
	}
	if (sources->entries < sources->entries_end && sources->entries->key < key)
		key = sources->entries->key;
	if (key == NO_KEY)
		return false;
	entry->key = key;
	for (i = 0; i < 2; i++)
		while (sources->keys[i] < sources->keys_end[i] && *sources->keys[i] == key)
		{
			sources->keys[i]++;
			entry->count[i]++;
		}
	if (sources->entries < sources->entries_end && sources->entries->key == key)
		add_entry(entry, sources->entries++);
	return true;
}

/* Stored form. */

static int64_t
read_count(TallyReader *reader, int64_t most)
{
	uint64_t	count = read_varint(&reader->bytes);

	if (count > (uint64_t) most)
		reader->damaged = true;
	return (int64_t) count;
}

void
tally_open(TallyReader *reader, const uint8_t *bytes, size_t length)
{
	int			i;

	memset(reader, 0, sizeof *reader);
	reader->bytes.at = bytes;
	reader->bytes.end = bytes + length;
	reader->damaged = read_u8(&reader->bytes) != TALLY_VERSION ||
		read_u8(&reader->bytes) != 0;
	for (i = 0; i < TALLY_EXCLUSIONS; i++)
		reader->head.excluded[i] = read_count(reader, TALLY_MAX_TOTAL);
	reader->head.distinct = read_count(reader, TALLY_MAX_DISTINCT);
	for (i = 0; i < 2; i++)
		reader->head.total[i] = read_count(reader, TALLY_MAX_TOTAL);

	/* Whoever makes room may trust the number: an entry takes two bytes at least. */
	if (reader->bytes.bad ||
		(uint64_t) reader->head.distinct > bytes_left(&reader->bytes) / 2)
		reader->damaged = true;
	if (reader->damaged)
		memset(&reader->head, 0, sizeof reader->head);
	reader->left = reader->head.distinct;
}

bool
tally_read_entry(ByteReader *bytes, uint64_t key, TallyEntry *entry)
{
	uint64_t	step = read_varint(bytes);
	uint64_t	head = read_varint(bytes);
	uint64_t	count = (head >> 2) + 1;
	uint64_t	other = 0;

	entry->key = key + step;
	if ((head & 3) == 2)
	{
		other = read_varint(bytes);
		if (other >= TALLY_MAX_TOTAL)
			return false;
		other++;
	}
	if (bytes->bad || step == 0 || entry->key < key || (head & 3) == 3 ||
		entry->key < TALLY_KEY_LEAST || entry->key > TALLY_KEY_GREATEST ||
		entry->key == TALLY_KEY_MINUS_ZERO || count > TALLY_MAX_TOTAL)
		return false;
	entry->count[head & 1] = (int64_t) count;
	entry->count[~head & 1] = (int64_t) other;
	return true;
}

bool
tally_next(TallyReader *reader, TallyEntry *entry)
{
	if (reader->damaged)
		return false;
	if (reader->left == 0)
	{
		reader->damaged = bytes_left(&reader->bytes) > 0 ||
			reader->seen[0] != reader->head.total[0] ||
			reader->seen[1] != reader->head.total[1];
		return false;
	}
	if (!tally_read_entry(&reader->bytes, reader->key, entry))
	{
		reader->damaged = true;
		return false;
	}
	reader->seen[0] += entry->count[0];
	reader->seen[1] += entry->count[1];

	/* Whoever adds up counts may trust the totals at every step. */
	if (reader->seen[0] > reader->head.total[0] || reader->seen[1] > reader->head.total[1])
	{
		reader->damaged = true;
		return false;
	}
	reader->key = entry->key;
	reader->left--;
	return true;
}

void
tally_write_head(ByteWriter *writer, const TallyHead *head)
{
	int			i;

	write_u8(writer, TALLY_VERSION);
	write_u8(writer, 0);
	for (i = 0; i < TALLY_EXCLUSIONS; i++)
		write_varint(writer, head->excluded[i]);
	write_varint(writer, head->distinct);
	for (i = 0; i < 2; i++)
		write_varint(writer, head->total[i]);
}

void
tally_add_head(TallyHead *head, const TallyHead *added)
{
	int			i;

	for (i = 0; i < TALLY_EXCLUSIONS; i++)
		head->excluded[i] += added->excluded[i];
	for (i = 0; i < 2; i++)
		head->total[i] += added->total[i];
}

bool
tally_head_fits(const TallyHead *head)
{
	bool		fits = head->distinct <= TALLY_MAX_DISTINCT;
	int			i;

	for (i = 0; i < TALLY_EXCLUSIONS; i++)
		fits = fits && head->excluded[i] <= TALLY_MAX_TOTAL;
	for (i = 0; i < 2; i++)
		fits = fits && head->total[i] <= TALLY_MAX_TOTAL;
	return fits;
}

void
tally_write_entry(ByteWriter *writer, uint64_t key, const TallyEntry *entry)
{
	write_varint(writer, entry->key - key);
	if (entry->count[0] > 0 && entry->count[1] > 0)
	{
		write_varint(writer, 4 * (uint64_t) (entry->count[0] - 1) + 2);
		write_varint(writer, entry->count[1] - 1);
	}
	else
	{
		int			class = entry->count[1] > 0;

		write_varint(writer, 4 * (uint64_t) (entry->count[class] - 1) + class);
	}
}

/* Text form. */

static bool
fail(TallyText *reader, const char *fault)
{
	reader->fault = fault;
	return false;
}

static void
skip_space(TallyText *reader)
{
	while (reader->text[reader->at] != '\0' && strchr(" \t\n\r", reader->text[reader->at]))
		reader->at++;
}

static bool
accept(TallyText *reader, char wanted)
{
	skip_space(reader);
	if (reader->text[reader->at] != wanted)
		return false;
	reader->at++;
	return true;
}

static bool
accept_word(TallyText *reader, const char *word)
{
	skip_space(reader);
	if (strncmp(reader->text + reader->at, word, strlen(word)) != 0)
		return false;
	reader->at += strlen(word);
	return true;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
read_rows(TallyText *reader, int64_t *count)
{
	size_t		start;

	skip_space(reader);
	start = reader->at;
	if (!is_digit(reader->text[start]))
		return fail(reader, "a number of rows is expected");
	*count = 0;
	for (; is_digit(reader->text[reader->at]); reader->at++)
	{
		*count = 10 * *count + (reader->text[reader->at] - '0');
		if (*count > TALLY_MAX_TOTAL)
		{
			reader->at = start;
			return fail(reader, "a number of rows is at most 1099511627776");
		}
	}
	return true;
}

/* A decimal number; strtod alone would also take hexadecimal and "nan". */
static bool
read_value(TallyText *reader, uint64_t *key)
{
	size_t		start;
	const char *at;
	bool		zero = true;
	double		value;
	char	   *end;

	skip_space(reader);
	start = reader->at;
	if (accept_word(reader, "Infinity"))
		*key = TALLY_KEY_GREATEST;
	else if (accept_word(reader, "-Infinity"))
		*key = TALLY_KEY_LEAST;
	if (reader->at > start)
		return true;
	at = reader->text + start;
	at += *at == '-';
	if (!is_digit(*at) || (at[0] == '0' && (at[1] == 'x' || at[1] == 'X')))
		return fail(reader, "a decimal number or Infinity is expected");
	for (; is_digit(*at) || *at == '.'; at++)
		if (*at >= '1' && *at <= '9')
			zero = false;
	value = strtod(reader->text + start, &end);
	if (isinf(value) || (value == 0 && !zero))
		return fail(reader, "the number is out of the range of double precision");
	reader->at = end - reader->text;
	*key = tally_key(value);
	return true;
}

/* Such as 3/0, or of one class 3. */
static bool
read_counts(TallyText *reader, int64_t *count, int n)
{
	int			i;

	for (i = 0; i < n; i++)
	{
		if (i > 0 && !accept(reader, '/'))
			return fail(reader, "'/' is expected");
		if (!read_rows(reader, &count[i]))
			return false;
	}
	return true;
}

void
tally_text_open(TallyText *reader, const char *text, int classes, int64_t *excluded)
{
	memset(reader, 0, sizeof *reader);
	reader->text = text;
	reader->classes = classes;
	memset(excluded, 0, TALLY_EXCLUSIONS * sizeof *excluded);
	if (accept_word(reader, "excluded"))
		read_counts(reader, excluded, TALLY_EXCLUSIONS);
	else if (accept_word(reader, "empty"))
		reader->ended = true;
	else
		return;
	reader->begun = true;
}

bool
tally_text_next(TallyText *reader, TallyEntry *entry)
{
	size_t		start;

	if (reader->fault)
		return false;
	skip_space(reader);
	if (reader->begun)
	{
		if (reader->text[reader->at] == '\0')
			return false;
		if (reader->ended)
			return fail(reader, "nothing follows 'empty'");
		if (!accept(reader, ';'))
			return fail(reader, "';' or the end is expected");
	}
	reader->begun = true;
	if (!read_value(reader, &entry->key))
		return false;
	skip_space(reader);
	start = reader->at;
	entry->count[1] = 0;
	if (!read_counts(reader, entry->count, reader->classes))
		return false;
	if (entry->count[0] + entry->count[1] == 0)
	{
		reader->at = start;
		return fail(reader, "a value has at least one row");
	}
	return true;
}
