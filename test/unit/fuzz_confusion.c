/*
 * fuzz_confusion.c
 *		Any bytes as a stored confusion. From the root:
 *
 *		clang -g -O1 -fsanitize=fuzzer,address,undefined -ffp-contract=off -Isrc \
 *			test/unit/fuzz_confusion.c src/validation/confusion_math.c \
 *			src/core/math/ratio_math.c -lm -o fuzz
 *		./fuzz -max_total_time=300
 */
#include "confusion_check.h"

extern int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!confusion_holds(data, size))
		abort();
	return 0;
}
