/*
 * fuzz_confusion.c
 *		Any bytes as a stored confusion.
 */
#include "confusion_check.h"

#define FUZZ_HOLDS(bytes, size) confusion_holds(bytes, size)
#include "fuzz.h"
