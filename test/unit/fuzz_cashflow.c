/*
 * fuzz_cashflow.c
 *		Fuzzer of the decoder and the text parser of cash flows. FUZZ_SECONDS=300 bin/check fuzz cashflow
 *		runs it for longer.
 *
 * The first byte says which: odd is text.
 */
#include "cashflow_check.h"

extern int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	if (data[0] & 1)
	{
		char	   *text = reserve(size);

		memcpy(text, data + 1, size - 1);
		text[size - 1] = '\0';
		check_text(text);
		free(text);
	}
	else
	{
		/* A copy of its own, so that reading past the end is seen. */
		uint8_t    *bytes = reserve(size - 1);

		memcpy(bytes, data + 1, size - 1);
		check_bytes(bytes, size - 1);
		free(bytes);
	}
	return 0;
}
