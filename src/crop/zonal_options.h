/*
 * zonal_options.h
 *		The options of zonal_means. Include postgres.h first.
 */
#ifndef AGRIRISK_ZONAL_OPTIONS_H
#define AGRIRISK_ZONAL_OPTIONS_H

#include "utils/jsonb.h"

typedef struct ZonalOptions
{
	uint32		bands;			/* 0: all */
	int		   *band;
	int			mask_band;		/* 0: not given */
	uint32		mask_values;
	double	   *mask_value;
	double		min_coverage;
	double		scale;
} ZonalOptions;

/* NULL gives the defaults. What is unknown or out of range is an error. */
extern ZonalOptions zonal_read_options(Jsonb *given);

#endif							/* AGRIRISK_ZONAL_OPTIONS_H */
