/*
 * fuzz_distribution.c
 *		Any bytes as a stored distribution. FUZZ_SECONDS=300 bin/check fuzz distribution
 *		runs it for longer.
 */
#include "calibration_check.h"

extern int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!distribution_holds(data, size))
		abort();
	return 0;
}
