/*
 * fuzz_concentration.c
 *		Any bytes as a stored concentration, and as a text.
 */
#include "concentration_check.h"

#define FUZZ_HOLDS(bytes, size) (stored_holds(bytes, size) && text_holds(bytes, size))
#include "fuzz.h"
