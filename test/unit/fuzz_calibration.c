/*
 * fuzz_calibration.c
 *		Any bytes as a stored calibration.
 */
#include "calibration_check.h"

#define FUZZ_HOLDS(bytes, size) calibration_holds(bytes, size)
#include "fuzz.h"
