/*
 * fuzz_scorecard.c
 *		Any bytes as a stored scorecard.
 */
#include "scorecard_check.h"

#define FUZZ_HOLDS(bytes, size) (check_bytes(bytes, size), 1)
#include "fuzz.h"
