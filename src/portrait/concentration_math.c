/*
 * concentration_math.c
 *		Weights by key and how concentrated they are: stored form, text form and
 *		measures. Pure C.
 */
#include "portrait/concentration_math.h"

#include "core/math/elementary_math.h"

#include <math.h>
#include <stdlib.h>

/* Keys between two calls of `pause`. */
#define PAUSE_KEYS		8192

/* Stored form. */

static int
compare_bytes(const char *a, size_t a_length, const char *b, size_t b_length)
{
	size_t		shorter = a_length < b_length ? a_length : b_length;
	int			order = shorter > 0 ? memcmp(a, b, shorter) : 0;

	return order != 0 ? order : (a_length > b_length) - (a_length < b_length);
}

void
concentration_open(ConcentrationReader *reader, const uint8_t *bytes, size_t length)
{
	memset(reader, 0, sizeof *reader);
	reader->bytes.at = bytes;
	reader->bytes.end = bytes + length;
	reader->damaged = read_u8(&reader->bytes) != CONCENTRATION_VERSION ||
		read_u8(&reader->bytes) != 0;
	reader->count = reader->left = read_varint(&reader->bytes);

	/* Whoever makes room for the keys may trust their number. */
	if (reader->bytes.bad ||
		reader->count > bytes_left(&reader->bytes) / CONCENTRATION_KEY_BYTES)
		reader->damaged = true;
	if (reader->damaged)
		reader->count = reader->left = 0;
}

/* Only what exact_sum_canonical gives; several parts are summed again to see. */
static bool
is_canonical(const double *part, int parts)
{
	double		sum[EXACT_SUM_PARTS + 1];
	double		canonical[EXACT_SUM_PARTS + 1];
	int			n = 0;
	int			i;

	if (parts == 1)
		return part[0] > 0 && exact_sum_add(sum, 0, part[0]) == 1;
	for (i = parts - 1; i >= 0; i--)
	{
		n = exact_sum_add(sum, n, part[i]);
		if (n < 0)
			return false;
	}
	return part[0] > 0 &&
		exact_sum_canonical(sum, n, canonical) == parts &&
		memcmp(part, canonical, parts * sizeof(double)) == 0;
}

bool
concentration_next(ConcentrationReader *reader, ConcentrationKey *key)
{
	uint64_t	head;
	uint64_t	parts = 1;
	uint64_t	i;

	if (reader->damaged)
		return false;
	if (reader->left == 0)
	{
		reader->damaged = bytes_left(&reader->bytes) > 0;
		return false;
	}
	head = read_varint(&reader->bytes);
	key->length = head >> 1;
	key->key = (const char *) read_bytes(&reader->bytes, key->length);
	if (head & 1)
	{
		parts = read_varint(&reader->bytes);
		if (parts > EXACT_SUM_PARTS - 2)
			reader->damaged = true;
		else
			parts += 2;
	}
	if (reader->damaged || reader->bytes.bad)
	{
		reader->damaged = true;
		return false;
	}
	key->parts = (int) parts;
	for (i = 0; i < parts; i++)
		key->part[i] = read_double(&reader->bytes);
	if (reader->bytes.bad ||
		memchr(key->key, 0, key->length) != NULL ||
		!is_canonical(key->part, key->parts) ||
		(reader->left < reader->count &&
		 compare_bytes(reader->previous, reader->previous_length, key->key, key->length) >= 0))
	{
		reader->damaged = true;
		return false;
	}
	reader->previous = key->key;
	reader->previous_length = key->length;
	reader->left--;
	return true;
}

void
concentration_write_head(ByteWriter *writer, uint64_t count)
{
	write_u8(writer, CONCENTRATION_VERSION);
	write_u8(writer, 0);
	write_varint(writer, count);
}

void
concentration_write_key(ByteWriter *writer, const char *key, size_t length,
						const double *part, int parts)
{
	int			i;

	write_varint(writer, (uint64_t) length << 1 | (parts > 1));
	write_bytes(writer, key, length);
	if (parts > 1)
		write_varint(writer, parts - 2);
	for (i = 0; i < parts; i++)
		write_double(writer, part[i]);
}

/* Adds a key's parts to a sum, the small ones first; -1 out of range. */
static int
add_parts(double *sum, int n, const double *part, int parts)
{
	int			i;

	for (i = parts - 1; i >= 0 && n >= 0; i--)
		n = exact_sum_add(sum, n, part[i]);
	return n;
}

ConcentrationStatus
concentration_total(const uint8_t *bytes, size_t length, double *total)
{
	ConcentrationReader reader;
	ConcentrationKey key;
	double		sum[EXACT_SUM_PARTS + 1];
	int			n = 0;

	concentration_open(&reader, bytes, length);
	while (concentration_next(&reader, &key))
	{
		n = add_parts(sum, n, key.part, key.parts);
		if (n < 0)
			return CONCENTRATION_OUT_OF_RANGE;
	}
	if (reader.damaged)
		return CONCENTRATION_DAMAGED;
	*total = exact_sum_round(sum, n);
	return CONCENTRATION_OK;
}

ConcentrationStatus
concentration_merge(const uint8_t *a, size_t a_length, const uint8_t *b, size_t b_length,
					ByteWriter *writer, uint64_t *count, ConcentrationKey *overflow)
{
	ConcentrationReader left_reader;
	ConcentrationReader right_reader;
	ConcentrationKey left;
	ConcentrationKey right;
	bool		more_left;
	bool		more_right;
	double		total[EXACT_SUM_PARTS + 1];
	int			n = 0;

	concentration_open(&left_reader, a, a_length);
	concentration_open(&right_reader, b, b_length);
	more_left = concentration_next(&left_reader, &left);
	more_right = concentration_next(&right_reader, &right);
	for (*count = 0; more_left || more_right; (*count)++)
	{
		int			order = !more_left ? 1 : !more_right ? -1 :
			compare_bytes(left.key, left.length, right.key, right.length);
		ConcentrationKey *key = order <= 0 ? &left : &right;

		if (order == 0)
		{
			double		sum[EXACT_SUM_PARTS + 1];
			int			parts = add_parts(sum, 0, left.part, left.parts);

			parts = add_parts(sum, parts, right.part, right.parts);
			if (parts < 0)
			{
				*overflow = left;
				return CONCENTRATION_OUT_OF_RANGE;
			}
			key->parts = exact_sum_canonical(sum, parts, key->part);
		}
		n = add_parts(total, n, key->part, key->parts);
		if (n < 0)
		{
			overflow->key = NULL;
			return CONCENTRATION_OUT_OF_RANGE;
		}
		concentration_write_key(writer, key->key, key->length, key->part, key->parts);
		if (order <= 0)
			more_left = concentration_next(&left_reader, &left);
		if (order >= 0)
			more_right = concentration_next(&right_reader, &right);
	}
	return left_reader.damaged || right_reader.damaged ? CONCENTRATION_DAMAGED : CONCENTRATION_OK;
}

/* Measures. */

/* What every share is a share of; undefined where there is nothing. */
static ConcentrationStatus
open_shares(ConcentrationReader *reader, const uint8_t *bytes, size_t length, double *total)
{
	ConcentrationStatus status = concentration_total(bytes, length, total);

	if (status != CONCENTRATION_OK)
		return status;
	concentration_open(reader, bytes, length);
	return reader->count > 0 ? CONCENTRATION_OK : CONCENTRATION_UNDEFINED;
}

ConcentrationStatus
concentration_hhi(const uint8_t *bytes, size_t length, double *hhi)
{
	ConcentrationReader reader;
	ConcentrationKey key;
	double		total;
	double		sum[EXACT_SUM_PARTS + 1];
	int			n = 0;
	ConcentrationStatus status = open_shares(&reader, bytes, length, &total);

	if (status != CONCENTRATION_OK)
		return status;
	while (concentration_next(&reader, &key))
	{
		double		share = key.part[0] / total;

		n = exact_sum_add(sum, n, share * share);
	}
	*hhi = exact_sum_round(sum, n);
	return CONCENTRATION_OK;
}

ConcentrationStatus
concentration_entropy(const uint8_t *bytes, size_t length, double *entropy)
{
	ConcentrationReader reader;
	ConcentrationKey key;
	double		total;
	double		sum[EXACT_SUM_PARTS + 1];
	int			n = 0;
	ConcentrationStatus status = open_shares(&reader, bytes, length, &total);

	if (status != CONCENTRATION_OK)
		return status;
	if (reader.count == 1)
		return CONCENTRATION_UNDEFINED;
	while (concentration_next(&reader, &key))
	{
		double		share = key.part[0] / total;

		/* A share too small for a double contributes nothing; 0 ln 0 is 0. */
		if (share > 0)
			n = exact_sum_add(sum, n, -share * agr_log(share));
	}

	/* Even shares are 1 but for the rounding of each term. */
	*entropy = fmin(exact_sum_round(sum, n) / agr_log((double) reader.count), 1);
	return CONCENTRATION_OK;
}

static ByteReader
other_parts(const ConcentrationWeight *weight)
{
	return (ByteReader) {weight->rest, weight->rest + 8 * (weight->parts - 1), false};
}

/* Canonical forms compare as their values do: part by part, from the largest. */
static bool
weighs_less(const ConcentrationWeight *a, const ConcentrationWeight *b)
{
	ByteReader	a_rest = other_parts(a);
	ByteReader	b_rest = other_parts(b);
	double		a_part = a->first;
	double		b_part = b->first;

	while (a_part == b_part && (bytes_left(&a_rest) > 0 || bytes_left(&b_rest) > 0))
	{
		a_part = bytes_left(&a_rest) > 0 ? read_double(&a_rest) : 0;
		b_part = bytes_left(&b_rest) > 0 ? read_double(&b_rest) : 0;
	}
	return a_part < b_part;
}

/* Puts a weight at the root of a heap whose least weight is on top. */
static void
sift_down(ConcentrationWeight *heap, uint64_t n, uint64_t at, ConcentrationWeight weight)
{
	for (;;)
	{
		uint64_t	child = 2 * at + 1;

		if (child + 1 < n && weighs_less(&heap[child + 1], &heap[child]))
			child++;
		if (child >= n || !weighs_less(&heap[child], &weight))
			break;
		heap[at] = heap[child];
		at = child;
	}
	heap[at] = weight;
}

ConcentrationStatus
concentration_top_share(const uint8_t *bytes, size_t length, uint64_t n,
						ConcentrationWeight *heap, void (*pause) (void), double *share)
{
	ConcentrationReader reader;
	ConcentrationKey key;
	double		total;
	double		sum[EXACT_SUM_PARTS + 1];
	int			parts = 0;
	uint64_t	seen = 0;
	uint64_t	i;
	ConcentrationStatus status = open_shares(&reader, bytes, length, &total);

	if (status != CONCENTRATION_OK)
		return status;
	if (n >= reader.count)
	{
		*share = 1;
		return CONCENTRATION_OK;
	}
	while (concentration_next(&reader, &key))
	{
		ConcentrationWeight weight;

		weight.first = key.part[0];
		weight.parts = key.parts;
		weight.rest = reader.bytes.at - 8 * (key.parts - 1);
		if (reader.left % PAUSE_KEYS == 0)
			pause();
		if (seen < n)
		{
			heap[seen++] = weight;
			if (seen == n)
				for (i = n / 2; i-- > 0;)
					sift_down(heap, n, i, heap[i]);
		}
		else if (weighs_less(&heap[0], &weight))
			sift_down(heap, n, 0, weight);
	}

	/* A part of the total, so no sum of it can be out of range. */
	for (i = 0; i < n; i++)
	{
		ByteReader	rest = other_parts(&heap[i]);

		parts = exact_sum_add(sum, parts, heap[i].first);
		while (bytes_left(&rest) > 0)
			parts = exact_sum_add(sum, parts, read_double(&rest));
	}
	*share = exact_sum_round(sum, parts) / total;
	return CONCENTRATION_OK;
}

/* Text form. */

void
concentration_text_open(ConcentrationText *reader, const char *text, char *scratch)
{
	memset(reader, 0, sizeof *reader);
	reader->text = text;
	reader->scratch = scratch;
}

static bool
fail(ConcentrationText *reader, const char *fault)
{
	reader->fault = fault;
	return false;
}

static void
skip_space(ConcentrationText *reader)
{
	while (reader->text[reader->at] != '\0' && strchr(" \t\n\r", reader->text[reader->at]))
		reader->at++;
}

static bool
accept(ConcentrationText *reader, char wanted)
{
	skip_space(reader);
	if (reader->text[reader->at] != wanted)
		return false;
	reader->at++;
	return true;
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* What follows a backslash. */
static bool
read_escape(ConcentrationText *reader, char *out)
{
	static const char named[] = "\"\"\\\\//b\bf\fn\nr\rt\t";
	const char *at = reader->text + reader->at;
	int			code = 0;
	int			i;

	for (i = 0; named[i] != '\0'; i += 2)
		if (at[0] == named[i])
		{
			*out = named[i + 1];
			reader->at++;
			return true;
		}
	if (at[0] != 'u')
		return fail(reader, "a backslash is followed by one of \"\\/bfnrtu");
	for (i = 1; i <= 4; i++)
	{
		int			digit = hex_digit(at[i]);

		if (digit < 0)
			return fail(reader, "\\u is followed by four hexadecimal digits");
		code = code << 4 | digit;
	}

	/* Beyond ASCII a code has bytes only in an encoding, which we do not know. */
	if (code == 0 || code > 0x7f)
		return fail(reader, "\\u is for ASCII other than zero; write the character itself");
	*out = (char) code;
	reader->at += 5;
	return true;
}

static bool
read_key(ConcentrationText *reader, ConcentrationKey *key)
{
	if (!accept(reader, '"'))
		return fail(reader, "a key in double quotes is expected");
	key->key = reader->scratch;
	key->length = 0;
	for (;;)
	{
		char		c = reader->text[reader->at];

		if (c == '\0')
			return fail(reader, "the key has no closing quote");
		reader->at++;
		if (c == '"')
			return true;
		if (c == '\\' && !read_escape(reader, &c))
			return false;
		reader->scratch[key->length++] = c;
	}
}

/* A decimal number without sign; strtod alone would also take hex and "inf". */
static bool
read_number(ConcentrationText *reader, double *number)
{
	const char *start = reader->text + reader->at;
	const char *at = start;
	bool		zero = true;
	char	   *end;

	if (hex_digit(*at) < 0 || hex_digit(*at) > 9)
		return fail(reader, "a number is expected");
	for (; (*at >= '0' && *at <= '9') || *at == '.'; at++)
		if (*at >= '1' && *at <= '9')
			zero = false;
	if (start[0] == '0' && (start[1] == 'x' || start[1] == 'X'))
		return fail(reader, "a weight is written in decimal digits");
	*number = strtod(start, &end);
	if (isinf(*number) || (*number == 0 && !zero))
	{
		reader->out_of_range = true;
		return fail(reader, "the number is out of the range of double precision");
	}
	reader->at += end - start;
	return true;
}

static bool
read_weight(ConcentrationText *reader, ConcentrationKey *key)
{
	double		sum[EXACT_SUM_PARTS + 1];
	double		number;
	int			n = 0;
	size_t		start;
	bool		negative;
	bool		more;

	skip_space(reader);
	start = reader->at;
	negative = accept(reader, '-');
	do
	{
		skip_space(reader);
		if (!read_number(reader, &number))
			return false;
		n = exact_sum_add(sum, n, negative ? -number : number);
		if (n < 0)
		{
			reader->at = start;
			reader->out_of_range = true;
			return fail(reader, "the weight is out of range");
		}
		negative = accept(reader, '-');
		more = negative || accept(reader, '+');
	} while (more);
	if (exact_sum_round(sum, n) < 0)
	{
		reader->at = start;
		return fail(reader, "the weight is negative");
	}
	key->parts = exact_sum_canonical(sum, n, key->part);
	return true;
}

bool
concentration_text_next(ConcentrationText *reader, ConcentrationKey *key)
{
	bool		first = !reader->begun;

	if (first && !accept(reader, '{'))
		return fail(reader, "'{' is expected");
	reader->begun = true;
	if (accept(reader, '}'))
	{
		skip_space(reader);
		return reader->text[reader->at] == '\0' ? false :
			fail(reader, "nothing may follow the '}'");
	}
	if (!first && !accept(reader, ','))
		return fail(reader, "',' or '}' is expected");
	if (!read_key(reader, key))
		return false;
	if (!accept(reader, ':'))
		return fail(reader, "':' is expected");
	return read_weight(reader, key);
}
