/*
 * radix_template.h
 *		Sorting of elements by a key of 64 bits. Pure C.
 *
 * Not a header but a template: whoever includes it defines before
 *
 *		RADIX_ELEMENT	the type of an element
 *		RADIX_KEY(e)	the key of an element e
 *		RADIX(name)		that name made its own, such as key_##name
 *
 * and gets, static,
 *
 *		RADIX(sort) (elements, n, scratch, into_scratch, pause)
 *
 * which sorts n elements, into scratch (as large) or in place. `pause` is
 * called every few milliseconds.
 *
 * It goes from the most significant digit: so each bucket soon fits a cache, and
 * keys that are spread evenly need two digits and a few comparisons, where a
 * sort from the least digit looks at all 64 bits. Digits begin at the highest
 * bit in which the keys of a bucket differ, so that each divides.
 */

/* Up to RADIX_INSERTION elements are sorted by insertion; about RADIX_BUCKET are left in a bucket. */
#define RADIX_INSERTION		24
#define RADIX_BUCKET		8

/* The bits of a digit, and fewer bits for up to RADIX_SMALL elements. */
#define RADIX_BITS			11
#define RADIX_SMALL_BITS	8
#define RADIX_SMALL			((size_t) 4096)

/* Between two calls of pause; a power of 2. */
#define RADIX_PAUSE			((size_t) 1 << 20)

static void RADIX(sort) (RADIX_ELEMENT *elements, size_t n, RADIX_ELEMENT *other,
						 bool into_other, void (*pause) (void));

static void
RADIX(insertion_sort) (const RADIX_ELEMENT *from, size_t n, RADIX_ELEMENT *to)
{
	size_t		i;

	for (i = 0; i < n; i++)
	{
		RADIX_ELEMENT element = from[i];
		size_t		j = i;

		while (j > 0 && RADIX_KEY(to[j - 1]) > RADIX_KEY(element))
		{
			to[j] = to[j - 1];
			j--;
		}
		to[j] = element;
	}
}

/* The bits in which keys differ. */
static uint64_t
RADIX(varying_bits) (const RADIX_ELEMENT *elements, size_t n, void (*pause) (void))
{
	uint64_t	varying = 0;
	size_t		i;

	for (i = 0; i < n; i++)
	{
		varying |= RADIX_KEY(elements[i]) ^ RADIX_KEY(elements[0]);
		if ((i & (RADIX_PAUSE - 1)) == RADIX_PAUSE - 1)
			pause();
	}
	return varying;
}

/*
 * Moves elements into buckets by the first digit in which they differ, and
 * sorts those. `place` has room for every digit of at most max_bits bits.
 */
static inline void
RADIX(sort_by_digit) (RADIX_ELEMENT *elements, size_t n, RADIX_ELEMENT *other, bool into_other,
					  uint64_t varying, int max_bits, size_t *place, void (*pause) (void))
{
	size_t		digits;
	size_t		start = 0;
	size_t		i;
	int			bits = 1;
	int			shift;

	while (bits < max_bits && n >> bits > RADIX_BUCKET)
		bits++;
	shift = 64 - __builtin_clzll(varying) - bits;
	if (shift < 0)
	{
		bits += shift;
		shift = 0;
	}
	digits = (size_t) 1 << bits;
	memset(place, 0, digits * sizeof *place);
	for (i = 0; i < n; i++)
		place[RADIX_KEY(elements[i]) >> shift & (digits - 1)]++;
	for (i = 0; i < digits; i++)
	{
		size_t		size = place[i];

		place[i] = start;
		start += size;
	}
	for (i = 0; i < n; i++)
	{
		other[place[RADIX_KEY(elements[i]) >> shift & (digits - 1)]++] = elements[i];
		if ((i & (RADIX_PAUSE - 1)) == RADIX_PAUSE - 1)
			pause();
	}

	/* Each place is now the end of its bucket. */
	start = 0;
	for (i = 0; i < digits; i++)
	{
		if (place[i] > start)
			RADIX(sort) (other + start, place[i] - start, elements + start, !into_other, pause);
		start = place[i];
	}
}

/* Two frames, so that a deep recursion into small buckets takes little stack. */
static void __attribute__((noinline))
RADIX(sort_small) (RADIX_ELEMENT *elements, size_t n, RADIX_ELEMENT *other, bool into_other,
				   uint64_t varying, void (*pause) (void))
{
	size_t		place[1 << RADIX_SMALL_BITS];

	RADIX(sort_by_digit) (elements, n, other, into_other, varying, RADIX_SMALL_BITS, place, pause);
}

static void __attribute__((noinline))
RADIX(sort_large) (RADIX_ELEMENT *elements, size_t n, RADIX_ELEMENT *other, bool into_other,
				   uint64_t varying, void (*pause) (void))
{
	size_t		place[1 << RADIX_BITS];

	RADIX(sort_by_digit) (elements, n, other, into_other, varying, RADIX_BITS, place, pause);
}

static void
RADIX(sort) (RADIX_ELEMENT *elements, size_t n, RADIX_ELEMENT *other, bool into_other,
			 void (*pause) (void))
{
	uint64_t	varying;

	if (n <= RADIX_INSERTION)
	{
		/* In place, too: an element is read before its place is written. */
		RADIX(insertion_sort) (elements, n, into_other ? other : elements);
		return;
	}
	varying = RADIX(varying_bits) (elements, n, pause);
	if (varying == 0)
	{
		if (into_other)
			memcpy(other, elements, n * sizeof *elements);
	}
	else if (n <= RADIX_SMALL)
		RADIX(sort_small) (elements, n, other, into_other, varying, pause);
	else
		RADIX(sort_large) (elements, n, other, into_other, varying, pause);
}

#undef RADIX_ELEMENT
#undef RADIX_KEY
#undef RADIX
#undef RADIX_INSERTION
#undef RADIX_BUCKET
#undef RADIX_BITS
#undef RADIX_SMALL_BITS
#undef RADIX_SMALL
#undef RADIX_PAUSE
