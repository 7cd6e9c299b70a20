/*
 * bytes.h
 *		Bounds-checked reading and writing of stored bytes. Pure C.
 *
 * A reader never runs past its end: the first read that would sets `bad`, and
 * every read after it returns zero, so a decoder may read a whole structure
 * and ask once. A writer that is given no buffer only counts.
 *
 * Unsigned integers are LEB128 varints; a reader refuses any but the shortest
 * form, because equal values must have equal bytes. Fixed-width numbers are
 * little-endian on every machine.
 */
#ifndef AGRIRISK_BYTES_H
#define AGRIRISK_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct ByteReader
{
	const uint8_t *at;
	const uint8_t *end;
	bool		bad;
} ByteReader;

typedef struct ByteWriter
{
	uint8_t    *buffer;			/* NULL: count only */
	size_t		length;
} ByteWriter;

static inline size_t
bytes_left(const ByteReader *r)
{
	return (size_t) (r->end - r->at);
}

static inline const uint8_t *
read_bytes(ByteReader *r, size_t n)
{
	const uint8_t *at = r->at;

	if (r->bad || n > bytes_left(r))
	{
		r->bad = true;
		return NULL;
	}
	r->at += n;
	return at;
}

static inline uint8_t
read_u8(ByteReader *r)
{
	const uint8_t *p = read_bytes(r, 1);

	return p ? *p : 0;
}

static inline uint64_t
read_varint(ByteReader *r)
{
	uint64_t	value = 0;
	int			shift;

	for (shift = 0; shift < 64; shift += 7)
	{
		uint8_t		byte = read_u8(r);

		/* The tenth byte holds the 64th bit only. */
		if (r->bad || (shift == 63 && byte > 1))
			break;
		value |= (uint64_t) (byte & 0x7f) << shift;
		if (!(byte & 0x80))
		{
			if (byte == 0 && shift > 0)
				break;			/* not the shortest form */
			return value;
		}
	}
	r->bad = true;
	return 0;
}

/* A signed number, near 0 short: 0, -1, 1, -2, ... are 0, 1, 2, 3, ... */
static inline int64_t
read_zigzag(ByteReader *r)
{
	uint64_t	code = read_varint(r);

	return (int64_t) (code >> 1) ^ -(int64_t) (code & 1);
}

static inline uint64_t
read_u64(ByteReader *r)
{
	const uint8_t *p = read_bytes(r, 8);
	uint64_t	value = 0;
	int			i;

	for (i = 7; p && i >= 0; i--)
		value = value << 8 | p[i];
	return value;
}

static inline double
read_double(ByteReader *r)
{
	uint64_t	bits = read_u64(r);
	double		value;

	memcpy(&value, &bits, sizeof value);
	return value;
}

static inline void
write_bytes(ByteWriter *w, const void *bytes, size_t n)
{
	if (w->buffer && n > 0)
		memcpy(w->buffer + w->length, bytes, n);
	w->length += n;
}

static inline void
write_u8(ByteWriter *w, uint8_t value)
{
	if (w->buffer)
		w->buffer[w->length] = value;
	w->length++;
}

static inline void
write_varint(ByteWriter *w, uint64_t value)
{
	while (value >= 0x80)
	{
		write_u8(w, (uint8_t) (value | 0x80));
		value >>= 7;
	}
	write_u8(w, (uint8_t) value);
}

static inline void
write_zigzag(ByteWriter *w, int64_t value)
{
	uint64_t	doubled = (uint64_t) value << 1;

	write_varint(w, value < 0 ? ~doubled : doubled);
}

static inline void
write_u64(ByteWriter *w, uint64_t value)
{
	int			i;

	for (i = 0; i < 8; i++)
		write_u8(w, (uint8_t) (value >> (8 * i)));
}

static inline void
write_double(ByteWriter *w, double value)
{
	uint64_t	bits;

	memcpy(&bits, &value, sizeof bits);
	write_u64(w, bits);
}

#endif							/* AGRIRISK_BYTES_H */
