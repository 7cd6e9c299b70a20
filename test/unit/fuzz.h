/*
 * fuzz.h
 *		What every fuzzer for libFuzzer does: it gives FUZZ_HOLDS, which the file
 *		defines before, a copy of the bytes, so that reading past their end is
 *		seen. How to compile and run one is in doc/architecture.md.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

extern int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t    *bytes = malloc(size > 0 ? size : 1);

	if (bytes == NULL)
		return 0;
	if (size > 0)
		memcpy(bytes, data, size);
	if (!(FUZZ_HOLDS(bytes, size)))
		abort();
	free(bytes);
	return 0;
}
