/*
 * distribution_math.c
 *		How values are distributed, and how far two distributions differ: stored
 *		form and population stability. Pure C.
 */
#include "validation/distribution_math.h"

#include <math.h>

#define EXPECTED	0
#define ACTUAL		1

/* Entries between two calls of `pause`. */
#define PAUSE_ENTRIES	4096

/* The least a name takes: its length and its rows. */
#define NAME_BYTES		2

/* Names. */

static int
compare_names(const DistributionName *a, const DistributionName *b)
{
	size_t		shorter = a->length < b->length ? a->length : b->length;
	int			order = shorter > 0 ? memcmp(a->name, b->name, shorter) : 0;

	return order != 0 ? order : (a->length > b->length) - (a->length < b->length);
}

/* Counts rows, as far as they stay within bounds. */
static bool
add_rows(DistributionReader *reader, uint64_t rows)
{
	if (rows > (uint64_t) (TALLY_MAX_TOTAL - reader->rows))
		return false;
	reader->rows += (int64_t) rows;
	return true;
}

void
distribution_open(DistributionReader *reader, const uint8_t *bytes, size_t length)
{
	uint64_t	missing;
	uint64_t	unweighted;
	uint64_t	count;

	memset(reader, 0, sizeof *reader);
	reader->bytes.at = bytes;
	reader->bytes.end = bytes + length;
	reader->damaged = read_u8(&reader->bytes) != DISTRIBUTION_NAMES || read_u8(&reader->bytes) != 0;
	missing = read_varint(&reader->bytes);
	unweighted = read_varint(&reader->bytes);
	count = read_varint(&reader->bytes);

	/* Whoever makes room for the names may trust their number. */
	if (reader->bytes.bad || count > DISTRIBUTION_MAX_NAMES ||
		count > bytes_left(&reader->bytes) / NAME_BYTES ||
		!add_rows(reader, missing) || !add_rows(reader, unweighted))
		reader->damaged = true;
	if (reader->damaged)
		return;
	reader->missing = (int64_t) missing;
	reader->unweighted = (int64_t) unweighted;
	reader->count = reader->left = (int64_t) count;
}

bool
distribution_next(DistributionReader *reader, DistributionName *name)
{
	uint64_t	length;
	uint64_t	rows;

	if (reader->damaged)
		return false;
	if (reader->left == 0)
	{
		reader->damaged = bytes_left(&reader->bytes) > 0;
		return false;
	}
	length = read_varint(&reader->bytes);
	name->name = (const char *) read_bytes(&reader->bytes, length);
	name->length = length;
	rows = read_varint(&reader->bytes);
	if (reader->bytes.bad || length > DISTRIBUTION_MAX_NAME ||
		(length > 0 && memchr(name->name, 0, length) != NULL) ||
		rows == 0 || !add_rows(reader, rows) ||
		(reader->left < reader->count && compare_names(&reader->last, name) >= 0))
	{
		reader->damaged = true;
		return false;
	}
	name->rows = (int64_t) rows;
	reader->last = *name;
	reader->left--;
	return true;
}

void
distribution_write_head(ByteWriter *writer, int64_t missing, int64_t unweighted, int64_t count)
{
	write_u8(writer, DISTRIBUTION_NAMES);
	write_u8(writer, 0);
	write_varint(writer, (uint64_t) missing);
	write_varint(writer, (uint64_t) unweighted);
	write_varint(writer, (uint64_t) count);
}

void
distribution_write_name(ByteWriter *writer, const DistributionName *name)
{
	write_varint(writer, name->length);
	write_bytes(writer, name->name, name->length);
	write_varint(writer, (uint64_t) name->rows);
}

static DistributionStatus
count_names(const uint8_t *bytes, size_t length, DistributionCounts *counts)
{
	DistributionReader reader;
	DistributionName name;

	distribution_open(&reader, bytes, length);
	while (distribution_next(&reader, &name))
		counts->n += name.rows;
	counts->missing = reader.missing;
	counts->unweighted = reader.unweighted;
	return reader.damaged ? DISTRIBUTION_DAMAGED : DISTRIBUTION_OK;
}

DistributionStatus
distribution_merge_names(const uint8_t *a, size_t a_length, const uint8_t *b, size_t b_length,
						 ByteWriter *writer, int64_t *count)
{
	DistributionReader reader[2];
	DistributionName name[2];
	bool		more[2];
	int			i;

	distribution_open(&reader[0], a, a_length);
	distribution_open(&reader[1], b, b_length);
	for (i = 0; i < 2; i++)
		more[i] = distribution_next(&reader[i], &name[i]);
	for (*count = 0; more[0] || more[1]; ++*count)
	{
		int			order = !more[0] ? 1 : !more[1] ? -1 : compare_names(&name[0], &name[1]);
		DistributionName *first = &name[order > 0];

		if (order == 0)
			first->rows += name[1].rows;
		distribution_write_name(writer, first);
		if (order <= 0)
			more[0] = distribution_next(&reader[0], &name[0]);
		if (order >= 0)
			more[1] = distribution_next(&reader[1], &name[1]);
	}
	if (reader[0].damaged || reader[1].damaged)
		return DISTRIBUTION_DAMAGED;
	if (reader[0].rows + reader[1].rows > TALLY_MAX_TOTAL)
		return DISTRIBUTION_TOO_MANY_ROWS;
	return *count > DISTRIBUTION_MAX_NAMES ? DISTRIBUTION_TOO_MANY_NAMES : DISTRIBUTION_OK;
}

/* Numbers. */

typedef struct NumberReader
{
	TallyReader tally;
	TallyPause	pause;
	double		value;
	int64_t		rows;
} NumberReader;

static void
open_numbers(NumberReader *reader, const uint8_t *bytes, size_t length, TallyPause pause)
{
	tally_open(&reader->tally, bytes, length);
	reader->pause = pause;
}

static bool
next_number(NumberReader *reader)
{
	TallyEntry	entry;

	if (!tally_next(&reader->tally, &entry))
		return false;
	if (reader->pause && reader->tally.left % PAUSE_ENTRIES == 0)
		reader->pause();
	reader->value = tally_value(entry.key);
	reader->rows = entry.count[0];
	if (entry.count[1] > 0)
		reader->tally.damaged = true;
	return !reader->tally.damaged;
}

static DistributionStatus
count_numbers(const uint8_t *bytes, size_t length, TallyPause pause, DistributionCounts *counts)
{
	NumberReader reader;

	open_numbers(&reader, bytes, length, pause);
	while (next_number(&reader))
		counts->n += reader.rows;
	counts->missing = reader.tally.head.excluded[TALLY_NO_VALUE];
	counts->unweighted = reader.tally.head.excluded[TALLY_NO_WEIGHT];

	/* There are no classes that could be unknown. */
	return reader.tally.damaged || reader.tally.head.excluded[TALLY_NO_CLASS] > 0 ?
		DISTRIBUTION_DAMAGED : DISTRIBUTION_OK;
}

DistributionStatus
distribution_count(const uint8_t *bytes, size_t length, TallyPause pause, DistributionCounts *counts)
{
	memset(counts, 0, sizeof *counts);
	return distribution_is_of_names(bytes, length) ? count_names(bytes, length, counts) :
		count_numbers(bytes, length, pause, counts);
}

/* Counts numbers into the bins, all ascending. */
static void
fill_bins(PsiReader *reader, int side, const uint8_t *bytes, size_t length, TallyPause pause)
{
	NumberReader numbers;
	int			at = 0;

	open_numbers(&numbers, bytes, length, pause);
	while (next_number(&numbers))
	{
		while (at < reader->cuts.count && numbers.value > reader->cuts.cut[at])
			at++;
		reader->rows[at][side] += numbers.rows;
	}
}

/* Where nothing is expected to have a value, there is one bin for all that have. */
static void
begin_numbers(PsiReader *reader, const uint8_t *expected, size_t expected_length,
			  const uint8_t *actual, size_t actual_length, TallyPause pause)
{
	NumberReader numbers;

	open_numbers(&numbers, expected, expected_length, pause);
	stability_begin(&reader->cuts, reader->counts[EXPECTED].n);
	while (next_number(&numbers))
		stability_add(&reader->cuts, numbers.value, numbers.rows);
	stability_end(&reader->cuts);
	reader->bins = reader->cuts.count + 1;
	fill_bins(reader, EXPECTED, expected, expected_length, pause);
	fill_bins(reader, ACTUAL, actual, actual_length, pause);
}

DistributionStatus
psi_open(PsiReader *reader, const uint8_t *expected, size_t expected_length,
		 const uint8_t *actual, size_t actual_length, double floor, TallyPause pause)
{
	DistributionStatus status;
	int			side;

	memset(reader, 0, sizeof *reader);
	reader->floor = floor;
	reader->of_names = distribution_is_of_names(expected, expected_length);
	status = distribution_count(expected, expected_length, pause, &reader->counts[EXPECTED]);
	if (status == DISTRIBUTION_OK)
		status = distribution_count(actual, actual_length, pause, &reader->counts[ACTUAL]);
	if (status != DISTRIBUTION_OK)
		return status;
	if (reader->of_names != distribution_is_of_names(actual, actual_length))
		return DISTRIBUTION_MIXED;
	for (side = 0; side < 2; side++)
		if (reader->counts[side].n + reader->counts[side].missing == 0)
			return DISTRIBUTION_UNDEFINED;
	if (!reader->of_names)
	{
		begin_numbers(reader, expected, expected_length, actual, actual_length, pause);
		return DISTRIBUTION_OK;
	}
	distribution_open(&reader->names[EXPECTED], expected, expected_length);
	distribution_open(&reader->names[ACTUAL], actual, actual_length);
	for (side = 0; side < 2; side++)
		reader->more[side] = distribution_next(&reader->names[side], &reader->name[side]);
	return DISTRIBUTION_OK;
}

static void
next_bin(PsiReader *reader, PsiBin *bin)
{
	const StabilityCuts *cuts = &reader->cuts;
	int			at = reader->at++;

	bin->low = at == 0 ? -INFINITY : cuts->cut[at - 1];
	bin->high = at == cuts->count ? INFINITY : cuts->cut[at];
	memcpy(bin->rows, reader->rows[at], sizeof bin->rows);
}

static void
next_name(PsiReader *reader, PsiBin *bin)
{
	int			order = !reader->more[0] ? 1 : !reader->more[1] ? -1 :
		compare_names(&reader->name[0], &reader->name[1]);
	int			first = order > 0;
	int			side;

	bin->name = reader->name[first].name;
	bin->length = reader->name[first].length;
	for (side = 0; side < 2; side++)
		if (order == 0 || side == first)
		{
			bin->rows[side] = reader->name[side].rows;
			reader->more[side] = distribution_next(&reader->names[side], &reader->name[side]);
		}
}

bool
psi_next(PsiReader *reader, PsiBin *bin)
{
	int64_t		total[2] = {
		reader->counts[EXPECTED].n + reader->counts[EXPECTED].missing,
		reader->counts[ACTUAL].n + reader->counts[ACTUAL].missing
	};

	memset(bin, 0, sizeof *bin);
	bin->low = bin->high = NAN;
	if (reader->more[0] || reader->more[1])
		next_name(reader, bin);
	else if (reader->at < reader->bins)
		next_bin(reader, bin);
	else if (!reader->missing_given &&
			 (reader->counts[EXPECTED].missing > 0 || reader->counts[ACTUAL].missing > 0))
	{
		bin->missing = reader->missing_given = true;
		bin->rows[EXPECTED] = reader->counts[EXPECTED].missing;
		bin->rows[ACTUAL] = reader->counts[ACTUAL].missing;
	}
	else
		return false;
	bin->of = stability_term(bin->rows, total, reader->floor);
	return true;
}
