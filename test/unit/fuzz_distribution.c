/*
 * fuzz_distribution.c
 *		Any bytes as a stored distribution.
 */
#include "calibration_check.h"

#define FUZZ_HOLDS(bytes, size) distribution_holds(bytes, size)
#include "fuzz.h"
