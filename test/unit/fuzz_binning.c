/*
 * fuzz_binning.c
 *		Fuzzer of the decoder of stored binnings:
 *
 *		clang -g -O1 -fsanitize=fuzzer,address,undefined -I../../src fuzz_binning.c \
 *			../../src/model/binning/binning_math.c ../../src/model/card/scorecard_math.c \
 *			../../src/model/card/score_math.c ../../src/core/math/elementary_math.c -lm
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
