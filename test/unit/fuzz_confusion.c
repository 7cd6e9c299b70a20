/*
 * fuzz_confusion.c
 *		Any bytes as a stored confusion. FUZZ_SECONDS=300 bin/check fuzz confusion
 *		runs it for longer.
 */
#include "confusion_check.h"

extern int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!confusion_holds(data, size))
		abort();
	return 0;
}
