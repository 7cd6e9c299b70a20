/*
 * score.h
 *		Scoring SQL values: what every form of scoring shares.
 */
#ifndef AGRIRISK_SCORE_H
#define AGRIRISK_SCORE_H

#include "model/card/scorecard.h"
#include "model/deploy/model.h"

/* One call site's scoring with one card. */
typedef struct ScoreCall
{
	const ScoreCard *card;
	MemoryContext context;
	ValueKind  *kind;			/* of each input */
	bool	   *plain;			/* a float8 that only its cuts place */

	/* The segment of the last row: rows of one often follow each other. */
	const struct ScoreSegment *segment;
	char	   *segment_name;
	size_t		segment_length;
	size_t		segment_room;
} ScoreCall;

extern void score_call_init(ScoreCall *call, const ScoreCard *card, MemoryContext context);

/* States the type of an input; one that the card cannot use is an error. */
extern void score_call_set_type(ScoreCall *call, int input, Oid type);

/* Takes the segment of the row to come; at NULL: the root. */
extern void score_call_set_segment(ScoreCall *call, const char *at, size_t length);

/* Log-odds of bad; false where every feature is missing. */
extern bool score_call_eta(ScoreCall *call, const NullableDatum *input, double *eta);

/*
 * Where the value of feature i falls, and of a linear feature the value itself.
 * A category in no bin is SCORE_UNSEEN, also where scoring it is an error.
 */
extern int32_t score_call_place(const ScoreCall *call, int i, const NullableDatum *input, double *value);

/* A card as a kind of model. */
extern const ModelKind card_kind;

#endif							/* AGRIRISK_SCORE_H */
