/*
 * fuzz_tally.c
 *		Any bytes as a stored tally, and as a text. From the root:
 *
 *		clang -g -O1 -fsanitize=fuzzer,address,undefined -ffp-contract=off -Isrc \
 *			test/unit/fuzz_tally.c src/core/math/tally_math.c -lm -o fuzz
 *		./fuzz -max_total_time=300
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
