/*
 * binning_check.h
 *		What holds for any bytes given to the binning decoder: either a refusal, or
 *		a binning that is written back as the same bytes and weighs to finite WOE.
 */
#ifndef BINNING_CHECK_H
#define BINNING_CHECK_H

#include "model/binning/binning_math.h"

#include "blocks.h"

#include <math.h>
#include <string.h>

/* Whether the bytes are a binning; aborts where what must hold does not. */
static bool
check_binning_bytes(const uint8_t *bytes, size_t size)
{
	Blocks		blocks = {NULL};
	Arena	memory = memory_of(&blocks);
	Binning    *binning = binning_decode(bytes, size, memory);
	bool		good = binning != NULL && binning_check(binning, memory) == NULL;

	if (good)
	{
		uint8_t    *again = get_block(&blocks, binning_encode(binning, NULL));
		uint32_t	i;

		if (binning_encode(binning, again) != size || memcmp(again, bytes, size) != 0)
			abort();
		binning_weigh(binning);
		for (i = 0; i < binning->n_bins; i++)
			if (!isfinite(binning->bin[i].woe))
				abort();
		for (i = 0; i < binning->n_specials; i++)
			if (!isfinite(binning->special[i].woe))
				abort();
		if (!isfinite(binning->missing.woe) || !(isnan(binning->iv) || binning->iv >= 0))
			abort();
	}
	free_blocks(&blocks);
	return good;
}

#endif							/* BINNING_CHECK_H */
