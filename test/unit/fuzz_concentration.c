/*
 * fuzz_concentration.c
 *		Any bytes as a stored concentration, and as a text. From the root:
 *
 *		clang -g -O1 -fsanitize=fuzzer,address,undefined -ffp-contract=off -Isrc \
 *			test/unit/fuzz_concentration.c src/portrait/concentration_math.c \
 *			src/core/math/exact_sum_math.c src/core/math/elementary_math.c -lm -o fuzz
 *		./fuzz -max_total_time=300
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
