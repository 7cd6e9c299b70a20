/*
 * fuzz_tally.c
 *		Any bytes as a stored tally, and as a text.
 */
#include "tally_check.h"

#define FUZZ_HOLDS(bytes, size) (stored_holds(bytes, size) && text_holds(bytes, size, 1) && text_holds(bytes, size, 2))
#include "fuzz.h"
