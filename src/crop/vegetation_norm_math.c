/*
 * vegetation_norm_math.c
 *		Stored form of a norm, and its quantiles on a day. Pure C.
 */
#include "crop/vegetation_norm_math.h"

#include <math.h>

const int	norm_level[NORM_QUANTILES] = {0, 1, 2, 5, 10, 15, 18, 19, 20};

static int64_t
day_index(int32_t day, int step)
{
	/* Days before 2000 are negative: rounded down. */
	return day >= 0 ? day / step : -((step - 1 - (int64_t) day) / step);
}

bool
norm_open(Norm *norm, ByteReader *rest, const uint8_t *bytes, size_t length)
{
	uint64_t	step;
	uint64_t	band;
	uint64_t	n;

	*rest = (ByteReader) {bytes, bytes + length, false};
	if (read_u8(rest) != NORM_VERSION || read_u8(rest) != 0)
		return false;
	step = read_varint(rest);
	band = read_varint(rest);
	norm->lambda = read_double(rest);
	norm->series = read_varint(rest);
	n = read_varint(rest);
	if (rest->bad || step < 1 || step > NORM_MAX_STEP || band < 1 || band > VEGETATION_MAX_BANDS ||
		!(norm->lambda > 0 && isfinite(norm->lambda)) || norm->series > INT64_MAX ||
		n > VEGETATION_MAX_DATES || n > bytes_left(rest) / (4 * NORM_QUANTILES))
		return false;
	norm->step = (int) step;
	norm->band = (int) band;
	norm->n = (int) n;
	return true;
}

static bool
read_quantiles(ByteReader *r, float *quantile)
{
	int			i;
	int			k;

	for (i = 0; i < NORM_QUANTILES; i++)
	{
		const uint8_t *at = read_bytes(r, 4);
		uint32_t	bits = 0;

		if (at == NULL)
			return false;
		for (k = 3; k >= 0; k--)
			bits = bits << 8 | at[k];
		memcpy(&quantile[i], &bits, sizeof bits);
		if (!isfinite(quantile[i]) || (quantile[i] == 0 && bits != 0) || (i > 0 && quantile[i] < quantile[i - 1]))
			return false;
	}
	return true;
}

bool
norm_decode(Norm *norm, ByteReader *rest)
{
	int64_t		index = 0;
	int			i;

	for (i = 0; i < norm->n; i++)
	{
		NormDate   *date = &norm->date[i];
		uint64_t	code = read_varint(rest);

		if (code > 2 * (uint64_t) (CALENDAR_DAY_MAX - CALENDAR_DAY_MIN))
			return false;
		index = i == 0 ? (int64_t) (code >> 1) ^ -(int64_t) (code & 1) : index + (int64_t) code + 1;
		if (rest->bad || index * norm->step < CALENDAR_DAY_MIN || index * norm->step > CALENDAR_DAY_MAX)
			return false;
		date->day = (int32_t) (index * norm->step);
	}
	for (i = 0; i < norm->n; i++)
	{
		norm->date[i].count = read_varint(rest);
		if (norm->date[i].count < 1 || norm->date[i].count > norm->series || !read_quantiles(rest, norm->date[i].quantile))
			return false;
	}
	return !rest->bad && bytes_left(rest) == 0;
}

void
norm_encode(ByteWriter *w, const Norm *norm)
{
	int64_t		before = 0;
	int			i;
	int			k;

	write_u8(w, NORM_VERSION);
	write_u8(w, 0);
	write_varint(w, (uint64_t) norm->step);
	write_varint(w, (uint64_t) norm->band);
	write_double(w, norm->lambda);
	write_varint(w, norm->series);
	write_varint(w, (uint64_t) norm->n);
	for (i = 0; i < norm->n; i++)
	{
		int64_t		index = day_index(norm->date[i].day, norm->step);

		write_varint(w, i == 0 ? (uint64_t) index << 1 ^ (uint64_t) (index >> 63) : (uint64_t) (index - before - 1));
		before = index;
	}
	for (i = 0; i < norm->n; i++)
	{
		write_varint(w, norm->date[i].count);
		for (k = 0; k < NORM_QUANTILES; k++)
		{
			uint32_t	bits;
			int			byte;

			memcpy(&bits, &norm->date[i].quantile[k], sizeof bits);
			for (byte = 0; byte < 4; byte++)
				write_u8(w, (uint8_t) (bits >> 8 * byte));
		}
	}
}

static const NormDate *
find_date(const Norm *norm, int64_t day)
{
	int			low = 0;
	int			high = norm->n;

	while (low < high)
	{
		int			middle = low + (high - low) / 2;

		if (norm->date[middle].day < day)
			low = middle + 1;
		else
			high = middle;
	}
	return low < norm->n && norm->date[low].day == day ? &norm->date[low] : NULL;
}

bool
norm_at(const Norm *norm, int32_t day, NormDate *at)
{
	int64_t		start = day_index(day, norm->step) * norm->step;
	const NormDate *before = find_date(norm, start);
	const NormDate *after = start == day ? before : find_date(norm, start + norm->step);
	double		share = (double) (day - start) / norm->step;
	int			i;

	if (before == NULL || after == NULL)
		return false;
	at->day = day;
	at->count = before->count < after->count ? before->count : after->count;
	for (i = 0; i < NORM_QUANTILES; i++)
		at->quantile[i] = (float) ((1 - share) * before->quantile[i] + share * after->quantile[i]) + 0.0f;
	return true;
}

/* The level of a value between quantiles i and i + 1, which differ. */
static double
level_between(const float *quantile, int i, double value)
{
	double		share = (value - quantile[i]) / ((double) quantile[i + 1] - quantile[i]);

	return (norm_level[i] + share * (norm_level[i + 1] - norm_level[i])) / NORM_PARTS;
}

double
norm_share_below(const float *quantile, double value)
{
	int			first = 0;		/* of the quantiles that are not below the value */
	int			end;			/* of those that are not above it */

	while (first < NORM_QUANTILES && quantile[first] < value)
		first++;
	for (end = first; end < NORM_QUANTILES && quantile[end] == value;)
		end++;
	if (end > first)
		return (norm_level[first] + norm_level[end - 1]) / 2.0 / NORM_PARTS;
	if (first == 0)
		return 0;
	return first == NORM_QUANTILES ? 1 : level_between(quantile, first - 1, value);
}
