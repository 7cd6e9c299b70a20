/*
 * fuzz_calibration.c
 *		Any bytes as a stored calibration. FUZZ_SECONDS=300 bin/check fuzz calibration
 *		runs it for longer.
 */
#include "calibration_check.h"

extern int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!calibration_holds(data, size))
		abort();
	return 0;
}
