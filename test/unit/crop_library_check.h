/*
 * crop_library_check.h
 *		What must hold of any bytes given as a crop library, for the unit test and
 *		the fuzzer; memory that ends at once.
 */
#ifndef CROP_LIBRARY_CHECK_H
#define CROP_LIBRARY_CHECK_H

#include "crop/classify_math.h"
#include "crop/crop_library_math.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Each piece is of its own, so that the sanitizer sees what lies beyond. */
typedef struct Pieces
{
	void	   *last;
} Pieces;

static void *
get_piece(void *context, size_t size)
{
	Pieces	   *pieces = context;
	void	  **piece = malloc(16 + size);

	piece[0] = pieces->last;
	pieces->last = piece;
	return (char *) piece + 16;
}

static void
free_pieces(Pieces *pieces)
{
	while (pieces->last != NULL)
	{
		void	   *next = *(void **) pieces->last;

		free(pieces->last);
		pieces->last = next;
	}
}

static bool
verdict_holds(const CropVerdict *v, const Series *series, int n_crops)
{
	if (v->reason == CROP_TOO_FEW || v->reason == CROP_GAP)
		return v->crop < 0;
	return v->crop >= 0 && v->crop < n_crops && v->runner_up < n_crops && v->runner_up != v->crop &&
		!(v->probability < 0 || v->probability > 1) && !(v->margin < 0 || v->margin > 1) && v->match_start >= 0 &&
		v->match_start <= v->match_end && v->match_end < series->n;
}

/* A library is encoded to the bytes that it was decoded from, and classifies any series. */
static bool
crop_library_holds(const uint8_t *bytes, size_t length)
{
	Pieces		pieces = {NULL};
	Arena		arena = {get_piece, &pieces};
	CropLibrary library;
	bool		good = true;

	if (crop_library_decode(&library, bytes, length, arena) == NULL)
	{
		ByteWriter	w = {malloc(length), 0};
		CropPrepared *prepared;
		int			round;

		crop_library_encode(&w, &library);
		good = w.length == length && memcmp(w.buffer, bytes, length) == 0;
		free(w.buffer);
		prepared = crop_prepare(&library, arena);
		for (round = 1; round <= 12 && library.n_bands <= 10; round += 11)
		{
			int32_t		day[12];
			float		value[120];
			Series		series = {round, library.n_bands, day, value};
			CropVerdict v;
			int			i;

			for (i = 0; i < 120; i++)
				value[i] = (float) (i % 7) / 8;
			for (i = 0; i < 12; i++)
				day[i] = 31 * i;
			v = crop_classify(prepared, &series, 0, 341);
			good &= verdict_holds(&v, &series, crop_prepared_crops(prepared));
		}
	}
	free_pieces(&pieces);
	return good;
}

#endif							/* CROP_LIBRARY_CHECK_H */
