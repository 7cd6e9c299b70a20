/*
 * fuzz_vegetation.c
 *		Any bytes as a stored vegetation series.
 */
#include "vegetation_check.h"

#define FUZZ_HOLDS(bytes, size) vegetation_holds(bytes, size)
#include "fuzz.h"
