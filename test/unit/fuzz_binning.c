/*
 * fuzz_binning.c
 *		Fuzzer of the decoder of stored binnings. FUZZ_SECONDS=300 bin/check fuzz binning
 *		runs it for longer.
 */
#include "binning_check.h"

extern int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* A copy of its own, so that reading past the end is seen. */
	uint8_t    *bytes = malloc(size > 0 ? size : 1);

	if (size > 0)
		memcpy(bytes, data, size);
	check_binning_bytes(bytes, size);
	free(bytes);
	return 0;
}
