/*
 * vegetation.h
 *		Type vegetation for the functions of this room. Include postgres.h first.
 */
#ifndef VEGETATION_H
#define VEGETATION_H

#include "core/sql/json_read.h"
#include "core/sql/stored_type.h"
#include "crop/vegetation_math.h"

extern const StoredType vegetation_type;

/* A value read: its series, and what was left out. */
typedef struct Vegetation
{
	Series		series;
	uint64_t	left_out[VEGETATION_LEFT_OUT];
} Vegetation;

/* Reads the first bands of a value, or all for 0, into CurrentMemoryContext. */
extern Vegetation vegetation_read(struct varlena *value, int n_bands);

/* The value that has this series. */
extern struct varlena *vegetation_make(const Vegetation *v);

/* The band of that number, counted from 1; another is an error. A series without dates has all bands. */
extern const float *vegetation_band(const Series *s, int number);

/* The error that a date is which is out of the calendar; and a date as messages show it. */
extern void vegetation_check_day(int32 day);
extern char *vegetation_show_day(int32 day);

/* A date of a text form, YYYY-MM-DD; the reader is at its place. */
extern int32 vegetation_read_day(JsonReader *r, const JsonbValue *key);

/* A number of a text form as the nearest real; -0 is 0. */
extern float vegetation_read_real(JsonReader *r, JsonbValue *value);

#endif							/* VEGETATION_H */
