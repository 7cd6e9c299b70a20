/*
 * scorecard_check.h
 *		What holds for any bytes given to the scorecard decoder: either a stated
 *		refusal, or a card that is written back as the same bytes and scores.
 */
#ifndef SCORECARD_CHECK_H
#define SCORECARD_CHECK_H

#include "model/card/score_math.h"

#include "blocks.h"

#include <string.h>

/* Log-odds as score.c computes them, of one value for every feature. */
static double
eta_of(const ScoreCard *sc, const struct ScoreSegment *segment, double x, const char *category)
{
	double		eta = segment->intercept;
	uint32_t	i;

	for (i = 0; i < sc->card->n_features; i++)
	{
		const ScoreFeature *f = &sc->feature[i];
		double		weight = segment->weight[i];
		int32_t		place = f->category ? score_category_place(f, category, strlen(category))
			: isnan(x) ? SCORE_MISSING : f->linear ? SCORE_LINEAR : score_number_place(f, x);

		eta += weight * (place >= 0 ? f->woe[place]
						 /* Scoring refuses what is beyond the bounds. */
						 : place == SCORE_LINEAR ? fmax(-CARD_MAX_VALUE, fmin(x, CARD_MAX_VALUE)) - f->center
						 : place == SCORE_UNSEEN ? score_unseen_woe(f, weight)
						 : score_missing_woe(f, weight));
	}
	return eta;
}

/* Whether the bytes are a card; aborts where what must hold does not. */
static bool
check_bytes(const uint8_t *bytes, size_t size)
{
	static const double probe[] = {0, -1, 1e308, -1e308, 0.6, 1e-300, NAN};
	Blocks		blocks = {NULL};
	Arena	memory = memory_of(&blocks);
	const char *what;
	CardFault	fault;
	Card	   *card = card_decode(bytes, size, memory, &what);
	bool		good = card != NULL && card_check(card, memory, &fault);

	if (card == NULL && what == NULL)
		abort();
	if (card != NULL && !good && (fault.what == NULL || fault.hint == NULL || fault.path[0] == '\0'))
		abort();
	if (good)
	{
		uint8_t    *again = get_block(&blocks, card_encode(card, NULL));
		ScoreCard  *sc = score_compile(card, memory);
		size_t		i;

		if (card_encode(card, again) != size || memcmp(again, bytes, size) != 0)
			abort();
		for (i = 0; i < sizeof probe / sizeof *probe; i++)
		{
			double		eta = eta_of(sc, &sc->root, probe[i], "rice");
			double		pd = score_pd(eta);

			if (!isfinite(eta) || !(pd > 0 && pd < 1) || !isfinite(score_of_eta(sc, eta)))
				abort();
		}
		for (i = 0; i < card->n_segments; i++)
			if (!isfinite(eta_of(sc, score_segment(sc, card->segment[i].name.at,
												   card->segment[i].name.length), 0, "")))
				abort();
	}
	free_blocks(&blocks);
	return good;
}

#endif							/* SCORECARD_CHECK_H */
