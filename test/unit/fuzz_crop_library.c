/*
 * fuzz_crop_library.c
 *		Any bytes as a stored crop library.
 */
#include "crop_library_check.h"

#define FUZZ_HOLDS(bytes, size) crop_library_holds(bytes, size)
#include "fuzz.h"
