/*
 * cashflow_check.h
 *		What has to hold of any bytes and any text: shared by the unit test and
 *		the fuzzer.
 */
#include "portrait/cashflow_math.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
fail(const char *what)
{
	printf("# %s\n", what);
	abort();
}

static void *
reserve(size_t size)
{
	void	   *memory = malloc(size > 0 ? size : 1);

	if (memory == NULL)
		fail("no memory");
	return memory;
}

/* A decoded value encodes to the same bytes and survives text and features. */
static void
check_months(const CashMonth *months, int count)
{
	uint8_t    *bytes = reserve(cashflow_encoded_bound(count));
	size_t		length = cashflow_encode(months, count, bytes);
	char	   *text = reserve(cashflow_text_bound(count));
	size_t		text_length = cashflow_to_text(months, count, text);
	CashMonth  *again = reserve((cashflow_text_count(text) + 1) * sizeof *again);
	uint8_t    *again_bytes = reserve(cashflow_encoded_bound(count));
	CashTextFault fault;
	CashFeatures features;
	double	   *room;
	int32_t		as_of = count > 0 ? months[count / 2].month + 1 : CALENDAR_MONTH_MIN;

	if (length > cashflow_encoded_bound(count) || cashflow_encode(months, count, NULL) != length)
		fail("encoding does not keep to its bound");
	if (text_length + 1 > cashflow_text_bound(count) || strlen(text) != text_length)
		fail("text does not keep to its bound");
	if (cashflow_from_text(text, again, &fault) != count ||
		cashflow_encode(again, count, again_bytes) != length ||
		memcmp(bytes, again_bytes, length) != 0)
		fail("text does not give the value back");
	if (cashflow_decode_count(bytes, length) != count ||
		cashflow_decode(bytes, length, again) != NULL ||
		cashflow_encode(again, count, again_bytes) != length ||
		memcmp(bytes, again_bytes, length) != 0)
		fail("bytes do not give the value back");
	room = reserve(cashflow_trend_room(months, count, as_of, 60) * sizeof *room);
	cashflow_features(months, count, as_of, 60, room, &features);
	free(room);
	free(bytes);
	free(text);
	free(again);
	free(again_bytes);
}

/* Refused, or canonical. True if accepted. */
static bool
check_bytes(const uint8_t *bytes, size_t length)
{
	int			count = cashflow_decode_count(bytes, length);
	CashMonth  *months;
	bool		accepted;

	if (count < 0)
		return false;
	months = reserve((size_t) count * sizeof *months);
	accepted = cashflow_decode(bytes, length, months) == NULL;
	if (accepted)
	{
		uint8_t    *again = reserve(cashflow_encoded_bound(count));

		if (cashflow_encode(months, count, again) != length || memcmp(again, bytes, length) != 0)
			fail("accepted bytes are not the canonical ones");
		free(again);
		check_months(months, count);
	}
	free(months);
	return accepted;
}

static bool
check_text(const char *text)
{
	CashMonth  *months = reserve(cashflow_text_count(text) * sizeof *months);
	CashTextFault fault = {NULL, 0};
	int			count = cashflow_from_text(text, months, &fault);

	if (count >= 0)
		check_months(months, count);
	else if (fault.what == NULL || fault.at > strlen(text))
		fail("a refused text has no fault in it");
	free(months);
	return count >= 0;
}
