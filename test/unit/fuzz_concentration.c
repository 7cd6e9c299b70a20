/*
 * fuzz_concentration.c
 *		Any bytes as a stored concentration, and as a text. FUZZ_SECONDS=300 bin/check fuzz concentration
 *		runs it for longer.
 */
#include "concentration_check.h"

extern int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!stored_holds(data, size) || !text_holds(data, size))
		abort();
	return 0;
}
