/*
 * fuzz_tally.c
 *		Any bytes as a stored tally, and as a text. FUZZ_SECONDS=300 bin/check fuzz tally
 *		runs it for longer.
 */
#include "tally_check.h"

extern int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!stored_holds(data, size) || !text_holds(data, size, 1) || !text_holds(data, size, 2))
		abort();
	return 0;
}
