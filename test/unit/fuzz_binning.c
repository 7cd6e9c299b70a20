/*
 * fuzz_binning.c
 *		Any bytes as a stored binning.
 */
#include "binning_check.h"

#define FUZZ_HOLDS(bytes, size) (check_binning_bytes(bytes, size), 1)
#include "fuzz.h"
