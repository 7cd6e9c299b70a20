/*
 * fuzz_cashflow.c
 *		Any bytes as a stored cash flow, or, where the first is odd, as a text.
 */
#include "cashflow_check.h"

static int
holds(const uint8_t *bytes, size_t size)
{
	if (size == 0)
		return 1;
	if (bytes[0] & 1)
	{
		char	   *text = reserve(size);

		memcpy(text, bytes + 1, size - 1);
		text[size - 1] = '\0';
		check_text(text);
		free(text);
	}
	else
		check_bytes(bytes + 1, size - 1);
	return 1;
}

#define FUZZ_HOLDS(bytes, size) holds(bytes, size)
#include "fuzz.h"
