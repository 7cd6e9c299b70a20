/*
 * fuzz_scorecard.c
 *		Fuzzer of the decoder of stored scorecards:
 *
 *		clang -g -O1 -fsanitize=fuzzer,address,undefined -I../../src fuzz_scorecard.c \
 *			../../src/model/card/scorecard_math.c ../../src/model/card/score_math.c \
 *			../../src/core/math/elementary_math.c -lm
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
