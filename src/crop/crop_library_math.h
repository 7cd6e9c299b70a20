/*
 * crop_library_math.h
 *		A library of crops: patterns of each, and how far from them a crop's
 *		series usually are; its stored form. Pure C.
 *
 * Stored, a library is (after the varlena header)
 *
 *		version		1 byte, CROP_LIBRARY_VERSION
 *		reserved	1 byte, zero
 *		options		CropOptions in its order: 1 byte, varints and doubles
 *		bands		varint
 *		sources		varint, 1 or more, then each as its length, a varint, and
 *					its bytes; ascending by bytes, equal ones allowed
 *
 * A source is what one crop_library_agg learnt. Merging libraries brings their
 * sources together, so that neither the order nor the grouping of mergers shows.
 */
#ifndef AGRIRISK_CROP_LIBRARY_MATH_H
#define AGRIRISK_CROP_LIBRARY_MATH_H

#include "core/math/arena.h"
#include "core/math/bytes.h"
#include "core/math/text_index.h"

#define CROP_LIBRARY_VERSION	1

/* Bounds, so that products of them stay far from overflow. */
#define CROP_MAX_CROPS			200
#define CROP_MAX_PATTERNS		100000
#define CROP_MAX_POINTS			10000
#define CROP_MAX_CALIBRATIONS	24
#define CROP_MAX_SUPPORT		20000

typedef enum CropMethod
{
	CROP_TWDTW,					/* distances to patterns */
	CROP_KERNEL,				/* ridge regression of a Laplacian kernel */
	CROP_PATTERNS				/* distances to patterns that were given; no probability */
} CropMethod;

typedef struct CropOptions
{
	CropMethod	method;
	int			min_observations;
	int			max_gap;		/* days */
	double		min_margin;		/* of the probabilities of the first two */
	double		alpha;
	double		beta;			/* days */
} CropOptions;

typedef struct CropPattern
{
	int			crop;
	int			length;
	int64_t		members;		/* labelled series that it is the mean of */
	int16_t    *days;			/* of the year */
	float	   *values;			/* all bands of the first point, of the second, ... */
} CropPattern;

/*
 * For series that were seen for so many days: the logit of crop c is slope[c]
 * times its score plus intercept[c], and a distance over reject[c] is unlike it.
 */
typedef struct CropCalibration
{
	int			days;
	double	   *slope;
	double	   *intercept;
	double	   *reject;
} CropCalibration;

/* The kernel machine: what a crop scores is the sum of weights times exp(-rate L1 distance). */
typedef struct CropKernel
{
	int			n_support;		/* 0: none */
	int			start;			/* day of the year of the first grid point */
	int			step;
	int			n_grid;
	double		rate;
	double	   *scale;			/* of each band */
	int		   *crop;			/* of each supporting series */
	float	   *support;		/* scaled values, all bands of the first grid point, ... */
	double	   *weight;			/* of each supporting series, for each crop */
} CropKernel;

typedef struct CropSource
{
	int			n_crops;
	TextSpan   *label;			/* distinct */
	int64_t    *samples;
	double	   *factor;			/* of each band, so that all vary alike; raw values are stored */
	int			n_patterns;
	CropPattern *pattern;		/* by crop */
	int			n_calibrations;
	CropCalibration *calibration;	/* by days, ascending */
	CropKernel	kernel;
} CropSource;

typedef struct CropLibrary
{
	CropOptions options;
	int			n_bands;
	int			n_sources;
	CropSource *source;
	TextSpan   *bytes;			/* of each source */
} CropLibrary;

/* Decodes; NULL, or what is wrong. Texts stay where the bytes are. */
extern const char *crop_library_decode(CropLibrary *library, const uint8_t *bytes, size_t length, Arena arena);

/* The bytes of a source. */
extern void crop_source_encode(ByteWriter *w, const CropSource *source, int n_bands);

/* Writes a library of the sources whose bytes library->bytes names, in any order: they are sorted. */
extern void crop_library_encode(ByteWriter *w, CropLibrary *library);

/* Whether two libraries can be merged. */
extern bool crop_options_equal(const CropOptions *a, const CropOptions *b);

#endif							/* AGRIRISK_CROP_LIBRARY_MATH_H */
