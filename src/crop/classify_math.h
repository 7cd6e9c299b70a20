/*
 * classify_math.h
 *		Which crop of a library a series is most like. Pure C.
 */
#ifndef AGRIRISK_CLASSIFY_MATH_H
#define AGRIRISK_CLASSIFY_MATH_H

#include "crop/crop_library_math.h"
#include "crop/vegetation_math.h"

/* A pattern that spans so many days is one of a year: it begins anew where the series does. */
#define CROP_YEAR_SPAN		350

/* A series of so many days more than a year is searched for the pattern. */
#define CROP_SEASON_DAYS	396

/* A pattern's point may lie so many days before the series' first day, or after its last. */
#define CROP_EDGE_DAYS		16

typedef enum CropReason
{
	CROP_CLASSIFIED,
	CROP_TOO_FEW,
	CROP_GAP,
	CROP_UNLIKE,
	CROP_AMBIGUOUS
} CropReason;

typedef struct CropVerdict
{
	CropReason	reason;
	int			crop;			/* the most like, whatever the reason; -1 where no crop was looked at */
	int			runner_up;		/* -1: the library has one crop */
	double		probability;	/* NaN: the library has none */
	double		margin;			/* of the probabilities */
	double		distance;
	int			match_start;	/* offsets into the series */
	int			match_end;
	int			max_gap;
} CropVerdict;

typedef struct CropPrepared CropPrepared;

/* A library made ready; the decoded library and the arena outlive it. */
extern CropPrepared *crop_prepare(const CropLibrary *library, Arena arena);

/* Crops of all sources, in the order of their labels' bytes. */
extern int	crop_prepared_crops(const CropPrepared *p);
extern TextSpan crop_prepared_label(const CropPrepared *p, int crop);

/*
 * Scores of the series for each crop, the more the liker, and its least distances.
 * The series has at least one date and the library's bands.
 */
extern void crop_scores(CropPrepared *p, const Series *series, double *score, double *distance);

/*
 * The verdict on a series, with the longest gap between its dates, and between
 * them and the first and last day that were asked for.
 */
extern CropVerdict crop_classify(CropPrepared *p, const Series *series, int32_t from_day, int32_t to_day);

/* The series' values on a grid from the day of the year `start`: linear between dates, and as at the next date beyond. */
extern void crop_grid(const CropKernel *grid, const Series *series, float *row, int *first, int *end);

extern int	crop_day_of_year(int32_t day);

/* The L1 distance of two rows, in a fixed order. */
extern float crop_l1(const float *a, const float *b, int n);

#endif							/* AGRIRISK_CLASSIFY_MATH_H */
