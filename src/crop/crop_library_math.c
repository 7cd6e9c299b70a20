/*
 * crop_library_math.c
 *		Stored form of a library of crops. Pure C.
 */
#include "crop/crop_library_math.h"

#include "crop/twdtw_math.h"

#include <math.h>
#include <stdlib.h>

static const char damaged[] = "it ends early, or a number of it is out of range";

static void
write_float(ByteWriter *w, float value)
{
	uint32_t	bits;
	int			i;

	memcpy(&bits, &value, sizeof bits);
	for (i = 0; i < 4; i++)
		write_u8(w, (uint8_t) (bits >> (8 * i)));
}

/* A finite one that is not -0, for which 0 is written. */
static float
read_float(ByteReader *r)
{
	const uint8_t *p = read_bytes(r, 4);
	uint32_t	bits = 0;
	float		value;
	int			i;

	for (i = 3; p && i >= 0; i--)
		bits = bits << 8 | p[i];
	memcpy(&value, &bits, sizeof value);
	if (!isfinite(value) || bits == 0x80000000)
		r->bad = true;
	return value;
}

static double
read_between(ByteReader *r, double least, double most)
{
	double		value = read_double(r);

	if (!(value >= least && value <= most) || (value == 0 && signbit(value)))
		r->bad = true;
	return value;
}

/* A count, of things that take at least so many bytes each. */
static int
read_count(ByteReader *r, uint64_t least, uint64_t most, size_t bytes)
{
	uint64_t	n = read_varint(r);

	if (n < least || n > most || n * bytes > bytes_left(r))
		r->bad = true;
	return r->bad ? 0 : (int) n;
}

static void *
get_array(Arena arena, size_t n, size_t size)
{
	return arena.alloc(arena.context, (n > 0 ? n : 1) * size);
}

static void
write_options(ByteWriter *w, const CropOptions *o)
{
	write_u8(w, (uint8_t) o->method);
	write_varint(w, o->min_observations);
	write_varint(w, o->max_gap);
	write_double(w, o->min_margin);
	write_double(w, o->alpha);
	write_double(w, o->beta);
}

static void
read_options(ByteReader *r, CropOptions *o)
{
	uint8_t		method = read_u8(r);

	if (method > CROP_PATTERNS)
		r->bad = true;
	o->method = (CropMethod) method;
	o->min_observations = read_count(r, 2, CROP_MAX_POINTS, 0);
	o->max_gap = read_count(r, 1, 100000, 0);
	o->min_margin = read_between(r, 0, 1);
	o->alpha = read_between(r, -10, 0);
	o->beta = read_between(r, 0, TWDTW_CYCLE);
}

bool
crop_options_equal(const CropOptions *a, const CropOptions *b)
{
	return a->method == b->method && a->min_observations == b->min_observations && a->max_gap == b->max_gap &&
		a->min_margin == b->min_margin && a->alpha == b->alpha && a->beta == b->beta;
}

static void
write_kernel(ByteWriter *w, const CropKernel *k, int n_bands, int n_crops)
{
	size_t		i;

	write_varint(w, k->n_support);
	if (k->n_support == 0)
		return;
	write_varint(w, k->start);
	write_varint(w, k->step);
	write_varint(w, k->n_grid);
	write_double(w, k->rate);
	for (i = 0; i < (size_t) n_bands; i++)
		write_double(w, k->scale[i]);
	for (i = 0; i < (size_t) k->n_support; i++)
		write_varint(w, k->crop[i]);
	for (i = 0; i < (size_t) k->n_support * k->n_grid * n_bands; i++)
		write_float(w, k->support[i]);
	for (i = 0; i < (size_t) k->n_support * n_crops; i++)
		write_double(w, k->weight[i]);
}

static void
read_kernel(ByteReader *r, CropKernel *k, int n_bands, int n_crops, Arena arena)
{
	size_t		size;
	size_t		i;

	k->n_support = read_count(r, 0, CROP_MAX_SUPPORT, 9);
	if (k->n_support == 0)
		return;
	k->start = read_count(r, 1, TWDTW_CYCLE, 0);
	k->step = read_count(r, 1, TWDTW_CYCLE, 0);
	k->n_grid = read_count(r, 1, TWDTW_CYCLE, 0);
	k->rate = read_between(r, 1e-30, 1e9);
	size = (size_t) k->n_support * k->n_grid * n_bands;
	if (r->bad || size * 4 + (size_t) k->n_support * n_crops * 8 > bytes_left(r))
	{
		r->bad = true;
		return;
	}
	k->scale = get_array(arena, n_bands, sizeof(double));
	k->crop = get_array(arena, k->n_support, sizeof(int));
	k->support = get_array(arena, size, sizeof(float));
	k->weight = get_array(arena, (size_t) k->n_support * n_crops, sizeof(double));
	for (i = 0; i < (size_t) n_bands; i++)
		k->scale[i] = read_between(r, 1e-30, 1e30);
	for (i = 0; i < (size_t) k->n_support; i++)
		k->crop[i] = read_count(r, 0, n_crops - 1, 0);
	for (i = 0; i < size; i++)
		k->support[i] = read_float(r);
	for (i = 0; i < (size_t) k->n_support * n_crops; i++)
		k->weight[i] = read_between(r, -1e30, 1e30);
}

void
crop_source_encode(ByteWriter *w, const CropSource *source, int n_bands)
{
	int			i,
				j;

	write_varint(w, source->n_crops);
	for (i = 0; i < source->n_crops; i++)
	{
		write_varint(w, source->label[i].length);
		write_bytes(w, source->label[i].at, source->label[i].length);
		write_varint(w, source->samples[i]);
	}
	for (i = 0; i < n_bands; i++)
		write_double(w, source->factor[i]);
	write_varint(w, source->n_patterns);
	for (i = 0; i < source->n_patterns; i++)
	{
		const CropPattern *p = &source->pattern[i];

		write_varint(w, p->crop);
		write_varint(w, p->members);
		write_varint(w, p->length);
		for (j = 0; j < p->length; j++)
			write_varint(w, p->days[j]);
		for (j = 0; j < p->length * n_bands; j++)
			write_float(w, p->values[j]);
	}
	write_varint(w, source->n_calibrations);
	for (i = 0; i < source->n_calibrations; i++)
	{
		const CropCalibration *c = &source->calibration[i];

		write_varint(w, c->days);
		for (j = 0; j < source->n_crops; j++)
		{
			write_double(w, c->slope[j]);
			write_double(w, c->intercept[j]);
			write_double(w, c->reject[j]);
		}
	}
	write_kernel(w, &source->kernel, n_bands, source->n_crops);
}

static void
read_patterns(ByteReader *r, CropSource *source, int n_bands, Arena arena)
{
	int			i,
				j;

	source->n_patterns = read_count(r, 0, CROP_MAX_PATTERNS, 5);
	source->pattern = get_array(arena, source->n_patterns, sizeof(CropPattern));
	for (i = 0; i < source->n_patterns && !r->bad; i++)
	{
		CropPattern *p = &source->pattern[i];

		p->crop = read_count(r, i > 0 ? source->pattern[i - 1].crop : 0, source->n_crops - 1, 0);
		p->members = (int64_t) (read_varint(r) & INT64_MAX);
		p->length = read_count(r, 1, CROP_MAX_POINTS, 1 + 4 * (size_t) n_bands);
		p->days = get_array(arena, p->length, sizeof(int16_t));
		p->values = get_array(arena, (size_t) p->length * n_bands, sizeof(float));
		for (j = 0; j < p->length; j++)
			p->days[j] = (int16_t) read_count(r, 1, TWDTW_CYCLE, 0);
		for (j = 0; j < p->length * n_bands; j++)
			p->values[j] = read_float(r);
	}
}

static void
read_calibrations(ByteReader *r, CropSource *source, Arena arena)
{
	int			i,
				j;

	source->n_calibrations = read_count(r, 0, CROP_MAX_CALIBRATIONS, 24);
	source->calibration = get_array(arena, source->n_calibrations, sizeof(CropCalibration));
	for (i = 0; i < source->n_calibrations && !r->bad; i++)
	{
		CropCalibration *c = &source->calibration[i];

		c->days = read_count(r, i > 0 ? source->calibration[i - 1].days + 1 : 0, 100000, 0);
		c->slope = get_array(arena, source->n_crops, sizeof(double));
		c->intercept = get_array(arena, source->n_crops, sizeof(double));
		c->reject = get_array(arena, source->n_crops, sizeof(double));
		for (j = 0; j < source->n_crops; j++)
		{
			c->slope[j] = read_between(r, -1e30, 1e30);
			c->intercept[j] = read_between(r, -1e30, 1e30);
			c->reject[j] = read_between(r, 0, 1e30);
		}
	}
}

static int
compare_spans(const void *a, const void *b)
{
	return text_span_compare(*(const TextSpan *) a, *(const TextSpan *) b);
}

static void
read_source(ByteReader *r, CropSource *source, int n_bands, Arena arena)
{
	TextSpan   *sorted;
	int			i;

	source->n_crops = read_count(r, 1, CROP_MAX_CROPS, 2);
	source->label = get_array(arena, source->n_crops, sizeof(TextSpan));
	source->samples = get_array(arena, source->n_crops, sizeof(int64_t));
	sorted = get_array(arena, source->n_crops, sizeof(TextSpan));
	for (i = 0; i < source->n_crops && !r->bad; i++)
	{
		source->label[i].length = read_count(r, 0, INT32_MAX, 1);
		source->label[i].at = (const char *) read_bytes(r, source->label[i].length);
		source->samples[i] = (int64_t) (read_varint(r) & INT64_MAX);
		sorted[i] = source->label[i];
	}
	if (r->bad)
		return;
	qsort(sorted, source->n_crops, sizeof(TextSpan), compare_spans);
	for (i = 1; i < source->n_crops; i++)
		if (compare_spans(&sorted[i - 1], &sorted[i]) == 0)
			r->bad = true;
	source->factor = get_array(arena, n_bands, sizeof(double));
	for (i = 0; i < n_bands; i++)
		source->factor[i] = read_between(r, 1e-30, 1e30);
	read_patterns(r, source, n_bands, arena);
	read_calibrations(r, source, arena);
	memset(&source->kernel, 0, sizeof source->kernel);
	if (!r->bad)
		read_kernel(r, &source->kernel, n_bands, source->n_crops, arena);
}

/* What the method needs of a source. */
static bool
source_suits(const CropLibrary *library, const CropSource *source)
{
	bool		has_kernel = source->kernel.n_support > 0;

	return has_kernel == (library->options.method == CROP_KERNEL) &&
		(source->n_calibrations > 0) == (library->options.method != CROP_PATTERNS) &&
		(source->n_patterns > 0 || has_kernel) &&
		(!has_kernel || library->n_sources == 1);
}

const char *
crop_library_decode(CropLibrary *library, const uint8_t *bytes, size_t length, Arena arena)
{
	ByteReader	r = {bytes, bytes + length, false};
	int			i;

	if (read_u8(&r) != CROP_LIBRARY_VERSION || read_u8(&r) != 0)
		return "its version is unknown";
	read_options(&r, &library->options);
	library->n_bands = read_count(&r, 1, 100, 0);
	library->n_sources = read_count(&r, 1, CROP_MAX_PATTERNS, 4);
	if (r.bad)
		return damaged;
	library->source = get_array(arena, library->n_sources, sizeof(CropSource));
	library->bytes = get_array(arena, library->n_sources, sizeof(TextSpan));
	for (i = 0; i < library->n_sources; i++)
	{
		size_t		size = (size_t) read_count(&r, 4, INT32_MAX, 1);
		const uint8_t *at = read_bytes(&r, size);
		ByteReader	inner;

		if (r.bad)
			return damaged;
		inner = (ByteReader) {at, at + size, false};
		library->bytes[i] = (TextSpan) {(const char *) at, size};
		if (i > 0 && text_span_compare(library->bytes[i - 1], library->bytes[i]) > 0)
			return "its sources are not in order";
		read_source(&inner, &library->source[i], library->n_bands, arena);
		if (inner.bad || bytes_left(&inner) > 0)
			return damaged;
		if (!source_suits(library, &library->source[i]))
			return "a source lacks what its method needs";
	}
	return bytes_left(&r) > 0 ? "bytes follow its end" : NULL;
}

void
crop_library_encode(ByteWriter *w, CropLibrary *library)
{
	int			i;

	qsort(library->bytes, library->n_sources, sizeof(TextSpan), compare_spans);
	write_u8(w, CROP_LIBRARY_VERSION);
	write_u8(w, 0);
	write_options(w, &library->options);
	write_varint(w, library->n_bands);
	write_varint(w, library->n_sources);
	for (i = 0; i < library->n_sources; i++)
	{
		write_varint(w, library->bytes[i].length);
		write_bytes(w, library->bytes[i].at, library->bytes[i].length);
	}
}
