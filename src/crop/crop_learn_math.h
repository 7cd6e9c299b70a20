/*
 * crop_learn_math.h
 *		Learning a library of crops from labelled series. Pure C.
 *
 * Everything is computed in the order of the rows, which the caller sorts by
 * label and series; folds come from the series' values. So the order in which rows came
 * does not show.
 */
#ifndef AGRIRISK_CROP_LEARN_MATH_H
#define AGRIRISK_CROP_LEARN_MATH_H

#include "crop/crop_library_math.h"
#include "crop/vegetation_math.h"

/* Of the cross-validation that calibrates probabilities. */
#define CROP_FOLDS		5

typedef struct CropLearning
{
	CropOptions options;
	int			patterns_per_crop;
	double		reject;			/* the quantile of a crop's own distances over which a series is unlike it */
	int			step_days;

	int			n;
	int			n_bands;
	const Series *series;		/* at least two dates each */
	const int  *crop;			/* ascending */
	int			n_crops;
	TextSpan   *label;			/* of the crops, in the order of bytes */

	Arena		arena;
	void		(*pause) (void);
} CropLearning;

/* Learns a source. */
extern void crop_learn(const CropLearning *learning, CropSource *source);

/* Bytes that the kernel machine of n rows needs. */
extern double crop_kernel_memory(double n);

#endif							/* AGRIRISK_CROP_LEARN_MATH_H */
