/*
 * fuzz_distribution.c
 *		Any bytes as a stored distribution. From the root:
 *
 *		clang -g -O1 -fsanitize=fuzzer,address,undefined -ffp-contract=off -Isrc \
 *			test/unit/fuzz_distribution.c src/validation/calibration_math.c \
 *			src/validation/distribution_math.c src/core/math/*.c -lm -o fuzz
 *		./fuzz -max_total_time=300
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
