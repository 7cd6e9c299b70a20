/*
 * fuzz_vegetation_norm.c
 *		Any bytes as a stored vegetation norm.
 */
#include "vegetation_norm_check.h"

#define FUZZ_HOLDS(bytes, size) vegetation_norm_holds(bytes, size)
#include "fuzz.h"
