/*
 * fuzz_scorecard.c
 *		Fuzzer of the decoder of stored scorecards. FUZZ_SECONDS=300 bin/check fuzz scorecard
 *		runs it for longer.
 */
#include "scorecard_check.h"

extern int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* A copy of its own, so that reading past the end is seen. */
	uint8_t    *bytes = malloc(size > 0 ? size : 1);

	if (size > 0)
		memcpy(bytes, data, size);
	check_bytes(bytes, size);
	free(bytes);
	return 0;
}
