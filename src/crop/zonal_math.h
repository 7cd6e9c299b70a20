/*
 * zonal_math.h
 *		Means of a raster's pixels over plots, by the exact share of each pixel's
 *		area that lies in a plot. Pure C.
 *
 * Within a row of pixels, what an edge leaves of a pixel to its right is a
 * trapezium, and all of the pixels further right are behind it. So an edge adds
 * to the pixels that it crosses only, and one pass along the row sums up. Work
 * grows with edges, pixels crossed and pixels covered, and the share of a pixel
 * is right to a few units in the last place of the coordinates.
 */
#ifndef AGRIRISK_ZONAL_MATH_H
#define AGRIRISK_ZONAL_MATH_H

#include "core/geometry/polygonal_math.h"
#include "crop/raster_math.h"

/* Where the pixels of a raster lie. A scale may be negative, but not zero. */
typedef struct ZonalGrid
{
	double		corner_x;
	double		corner_y;
	double		scale_x;
	double		scale_y;
	uint32_t	width;
	uint32_t	height;
} ZonalGrid;

#define ZONAL_WHOLE UINT32_MAX

/* Consecutive pixels. */
typedef struct ZonalRun
{
	uint32_t	at;				/* row times width, and column */
	uint32_t	pixels;
	uint32_t	share;			/* the first of their shares, or ZONAL_WHOLE */
} ZonalRun;

/* The pixels of a raster that a plot covers at least in part. */
typedef struct ZonalCoverage
{
	ZonalRun   *run;
	uint32_t	runs;
	double	   *share;			/* from 0 to 1 */
	uint32_t	shares;
	double		pixels;			/* the sum of all shares */
} ZonalCoverage;

/*
 * Memory a caller keeps from one coverage to the next; zero it, but for the
 * callbacks, to begin.
 */
typedef struct ZonalScratch
{
	void	   *(*grow) (void *heap, void *memory, size_t bytes);	/* as realloc, but never NULL */
	void	   *heap;			/* what it grows in */
	void		(*interrupt) (void);	/* called now and then; may be NULL */

	struct ZonalCrossing *crossing;
	uint32_t	crossings;
	ZonalCoverage coverage;
	size_t		room[3];		/* bytes that fit into the arrays */
} ZonalScratch;

/* A plot's area in pixels of a grid. */
extern double zonal_plot_pixels(const Polygonal *plot, const ZonalGrid *grid);

/* The coverage of a sound plot: scratch->coverage, until the next. */
extern void zonal_cover(const Polygonal *plot, const ZonalGrid *grid, ZonalScratch *scratch);

/* Pixels that are read at a time. */
#define ZONAL_CHUNK 64

/* The bands asked for of one raster. */
typedef struct ZonalImage
{
	RasterBand *band;
	RasterBand	mask;
} ZonalImage;

/*
 * What was seen of a grid at one time. Of several images of the same grid each
 * pixel counts once: a clear one before one that is not, then the one that is
 * greater in the first band, in the second, and so on.
 */
typedef struct ZonalScene
{
	ZonalImage *image;
	uint32_t	images;
	uint32_t	bands;
	bool		has_mask;
	const double *mask_value;	/* what means cloud, shadow, snow */
	uint32_t	mask_values;
	double	   *value;			/* room for 2 * bands * ZONAL_CHUNK numbers */
	const bool *elsewhere;		/* of each pixel: another scene has it; NULL: none */
} ZonalScene;

/*
 * Consecutive pixels, at most ZONAL_CHUNK: those of band b are at
 * scene->value[b * ZONAL_CHUNK]. A pixel is clear if it is not masked and all
 * bands have a value there.
 */
extern void zonal_read(const ZonalScene *scene, uint32_t at, uint32_t pixels, bool *clear);

/*
 * Which of consecutive pixels of a scene are taken by another scene that has
 * them as well: sets taken[i]. Where the two are alike, the first one has it.
 */
extern void zonal_contest(const ZonalScene *scene, uint32_t at, const ZonalScene *other, uint32_t other_at,
						  uint32_t pixels, bool other_is_first, bool *taken);

typedef struct ZonalSums
{
	double		inside;			/* pixels of the plot within the scenes */
	double		covered;		/* of them, without those that are covered too little */
	double		clear;			/* of them, those that are clear */
} ZonalSums;

/* Adds the pixels of a coverage; sum[b] is that of a band over its clear pixels. */
extern void zonal_add(const ZonalCoverage *coverage, const ZonalScene *scene, double min_coverage,
					  ZonalSums *sums, double *sum);

#endif							/* AGRIRISK_ZONAL_MATH_H */
