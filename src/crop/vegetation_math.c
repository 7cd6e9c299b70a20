/*
 * vegetation_math.c
 *		Stored form of a vegetation series, and merging. Pure C.
 */
#include "crop/vegetation_math.h"

#include <math.h>

static const double power_of_ten[VEGETATION_MAX_DECIMALS + 1] = {
	1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9
};

static uint64_t
zigzag(int64_t x)
{
	return (uint64_t) x << 1 ^ (uint64_t) (x >> 63);
}

static int64_t
read_zigzag(ByteReader *r)
{
	uint64_t	code = read_varint(r);

	return (int64_t) (code >> 1) ^ -(int64_t) (code & 1);
}

/* A width is 0 to 4 bytes. */
static uint32_t
read_narrow(const uint8_t *at, int width)
{
	uint32_t	value = 0;

	while (width-- > 0)
		value = value << 8 | at[width];
	return value;
}

static int
width_of(uint32_t range)
{
	return range > 0xffff ? 3 : range > 0xff ? 2 : range > 0 ? 1 : 0;
}

static float
whole_to_float(int32_t whole, int decimals)
{
	return (float) ((double) whole / power_of_ten[decimals]);
}

/* Whether the value is the float nearest to some whole / 10^decimals. */
static bool
is_decimal(float value, int decimals, int32_t *whole)
{
	double		scaled = (double) value * power_of_ten[decimals];

	if (!(scaled >= -VEGETATION_MAX_WHOLE - 0.5 && scaled <= VEGETATION_MAX_WHOLE + 0.5))
		return false;
	/* Half away from zero, without the C library. */
	*whole = (int32_t) (scaled + (scaled < 0 ? -0.5 : 0.5));
	return *whole >= -VEGETATION_MAX_WHOLE && *whole <= VEGETATION_MAX_WHOLE &&
		whole_to_float(*whole, decimals) == value;
}

/* The fewest decimals that write every value, or -1. */
static int
find_decimals(const float *value, int n, int32_t *least, int32_t *greatest)
{
	int			decimals;

	for (decimals = 0; decimals <= VEGETATION_MAX_DECIMALS; decimals++)
	{
		int32_t		whole;
		int			i;

		*least = VEGETATION_MAX_WHOLE;
		*greatest = -VEGETATION_MAX_WHOLE;
		for (i = 0; i < n && is_decimal(value[i], decimals, &whole); i++)
		{
			if (whole < *least)
				*least = whole;
			if (whole > *greatest)
				*greatest = whole;
		}
		if (i == n)
			return decimals;
	}
	return -1;
}

/* ---- decoding ---- */

bool
vegetation_open(VegetationHead *head, const uint8_t *bytes, size_t length)
{
	ByteReader *r = &head->rest;
	uint64_t	n;
	uint64_t	n_bands = 0;
	int			i;

	*r = (ByteReader) {bytes, bytes + length, false};
	r->bad = read_u8(r) != VEGETATION_VERSION || read_u8(r) != 0;
	for (i = 0; i < VEGETATION_LEFT_OUT; i++)
	{
		head->left_out[i] = read_varint(r);
		if (head->left_out[i] > INT64_MAX)
			r->bad = true;
	}
	n = read_varint(r);
	if (n > 0)
		n_bands = read_varint(r);
	if (r->bad || n > VEGETATION_MAX_DATES || n_bands > VEGETATION_MAX_BANDS || (n > 0) != (n_bands > 0))
		return false;
	head->n = (int) n;
	head->n_bands = (int) n_bands;
	return n > 0 || bytes_left(r) == 0;
}

static bool
decode_days(ByteReader *r, int n, int32_t *day)
{
	int64_t		at = read_zigzag(r);
	int			i;

	if (at < CALENDAR_DAY_MIN)
		return false;
	for (i = 0; i < n; i++)
	{
		if (i > 0)
		{
			uint64_t	step = read_varint(r);

			if (step > CALENDAR_DAY_MAX - CALENDAR_DAY_MIN)
				return false;
			at += (int64_t) step + 1;
		}
		if (r->bad || at > CALENDAR_DAY_MAX)
			return false;
		if (day)
			day[i] = (int32_t) at;
	}
	return true;
}

static bool
decode_floats(const uint8_t *at, int n, float *value)
{
	bool		decimal[VEGETATION_MAX_DECIMALS + 1];
	bool		any = false;
	int			decimals;
	int			i;

	for (decimals = 0; decimals <= VEGETATION_MAX_DECIMALS; decimals++)
		decimal[decimals] = true;
	for (i = 0; i < n; i++)
	{
		uint32_t	bits = read_narrow(at + 4 * (size_t) i, 4);
		float		x;
		int32_t		whole;

		memcpy(&x, &bits, sizeof x);
		if (!isfinite(x) || (x == 0 && bits != 0))
			return false;
		for (decimals = 0; decimals <= VEGETATION_MAX_DECIMALS; decimals++)
			decimal[decimals] = decimal[decimals] && is_decimal(x, decimals, &whole);
		if (value)
			value[i] = x;
	}
	for (decimals = 0; decimals <= VEGETATION_MAX_DECIMALS; decimals++)
		any = any || decimal[decimals];
	return !any;
}

static bool
decode_decimals(const uint8_t *at, int n, int width, int decimals, int32_t least, float *value)
{
	bool		has_least = false;
	bool		needs_decimals = decimals == 0;
	uint32_t	range = 0;
	int			i;

	for (i = 0; i < n; i++)
	{
		uint32_t	above = read_narrow(at + (size_t) width * i, width);
		int32_t		whole = least + (int32_t) above;

		if (above > range)
			range = above;
		has_least = has_least || above == 0;
		needs_decimals = needs_decimals || whole % 10 != 0;
		if (value)
			value[i] = whole_to_float(whole, decimals);
	}
	return has_least && needs_decimals && width_of(range) == width &&
		(int64_t) least + range <= VEGETATION_MAX_WHOLE;
}

static bool
decode_band(ByteReader *r, int n, float *value)
{
	uint8_t		form = read_u8(r);
	int			width = form & 3;
	int			decimals = form >> 2;
	int64_t		least;
	const uint8_t *at;

	if (form == VEGETATION_FLOATS)
	{
		at = read_bytes(r, 4 * (size_t) n);
		return at != NULL && decode_floats(at, n, value);
	}
	least = read_zigzag(r);
	at = read_bytes(r, (size_t) width * n);
	return at != NULL && decimals <= VEGETATION_MAX_DECIMALS &&
		least >= -VEGETATION_MAX_WHOLE && least <= VEGETATION_MAX_WHOLE &&
		decode_decimals(at, n, width, decimals, (int32_t) least, value);
}

bool
vegetation_decode(const VegetationHead *head, int n_bands, int32_t *day, float *value)
{
	ByteReader	r = head->rest;
	int			band;

	if (head->n == 0)
		return true;
	if (!decode_days(&r, head->n, day))
		return false;
	for (band = 0; band < n_bands; band++)
		if (!decode_band(&r, head->n, value ? value + (size_t) band * head->n : NULL))
			return false;
	return n_bands < head->n_bands || bytes_left(&r) == 0;
}

/* ---- encoding ---- */

static void
write_narrow(ByteWriter *w, uint32_t value, int width)
{
	for (; width > 0; width--, value >>= 8)
		write_u8(w, (uint8_t) value);
}

static void
encode_band(ByteWriter *w, const float *value, int n)
{
	int32_t		least;
	int32_t		greatest;
	int			decimals = find_decimals(value, n, &least, &greatest);
	int			width;
	int			i;

	if (decimals < 0)
	{
		write_u8(w, VEGETATION_FLOATS);
		for (i = 0; i < n; i++)
		{
			uint32_t	bits;

			memcpy(&bits, &value[i], sizeof bits);
			write_narrow(w, bits, 4);
		}
		return;
	}
	width = width_of((uint32_t) (greatest - least));
	write_u8(w, (uint8_t) (width + 4 * decimals));
	write_varint(w, zigzag(least));
	for (i = 0; i < n; i++)
	{
		int32_t		whole = 0;

		(void) is_decimal(value[i], decimals, &whole);
		write_narrow(w, (uint32_t) (whole - least), width);
	}
}

void
vegetation_encode(ByteWriter *w, const Series *s, const uint64_t *left_out)
{
	int			i;

	write_u8(w, VEGETATION_VERSION);
	write_u8(w, 0);
	for (i = 0; i < VEGETATION_LEFT_OUT; i++)
		write_varint(w, left_out[i]);
	write_varint(w, (uint64_t) s->n);
	if (s->n == 0)
		return;
	write_varint(w, (uint64_t) s->n_bands);
	write_varint(w, zigzag(s->day[0]));
	for (i = 1; i < s->n; i++)
		write_varint(w, (uint64_t) (s->day[i] - s->day[i - 1] - 1));
	for (i = 0; i < s->n_bands; i++)
		encode_band(w, series_band(s, i), s->n);
}

/* ---- merging ---- */

bool
vegetation_add_left_out(uint64_t *left_out, const uint64_t *added)
{
	int			i;

	for (i = 0; i < VEGETATION_LEFT_OUT; i++)
	{
		left_out[i] += added[i];	/* both are below 2^63 */
		if (left_out[i] > INT64_MAX)
			return false;
	}
	return true;
}

bool
vegetation_is_greener(const float *a, size_t a_stride, const float *b, size_t b_stride, int n_bands)
{
	int			band;

	for (band = 0; band < n_bands; band++)
		if (a[band * a_stride] != b[band * b_stride])
			return a[band * a_stride] > b[band * b_stride];
	return false;
}

int
vegetation_merge(const Series *a, const Series *b, int32_t *day, float *value)
{
	int			n_bands = a->n > 0 ? a->n_bands : b->n_bands;
	int			i = 0;
	int			j = 0;
	int			n = 0;
	int			total;
	int			band;

	/* How many dates there are says where the bands begin. */
	while (i < a->n || j < b->n)
	{
		int32_t		at = j == b->n || (i < a->n && a->day[i] <= b->day[j]) ? a->day[i] : b->day[j];

		i += i < a->n && a->day[i] == at;
		j += j < b->n && b->day[j] == at;
		day[n++] = at;
	}
	total = n;
	for (n = i = j = 0; n < total; n++)
	{
		bool		in_a = i < a->n && a->day[i] == day[n];
		bool		in_b = j < b->n && b->day[j] == day[n];
		bool		take_b = !in_a || (in_b && vegetation_is_greener(b->value + j, b->n, a->value + i, a->n, n_bands));

		for (band = 0; band < n_bands; band++)
			value[(size_t) band * total + n] = take_b ? series_band(b, band)[j] : series_band(a, band)[i];
		i += in_a;
		j += in_b;
	}
	return total;
}

/* ---- spikes ---- */

/* Days from date i to the nearest one on a side, of at least so much in the first band; or too many. */
static int64_t
days_to_higher(const Series *s, int i, int step, double least, int32_t max_days)
{
	int			j;

	for (j = i + step; j >= 0 && j < s->n; j += step)
	{
		int64_t		days = step * ((int64_t) s->day[j] - s->day[i]);

		if (days > max_days || s->value[j] > least)
			return days;
	}
	return (int64_t) max_days + 1;
}

int
vegetation_find_spikes(const Series *s, double min_drop, int32_t max_days, bool *keep)
{
	int			spikes = 0;
	int			i;

	for (i = 0; i < s->n; i++)
	{
		double		least = s->value[i] + min_drop;

		keep[i] = days_to_higher(s, i, -1, least, max_days) + days_to_higher(s, i, 1, least, max_days) > max_days;
		spikes += !keep[i];
	}
	return spikes;
}
