/*
 * scorecard.h
 *		The scorecard as an SQL type: a varlena of the bytes that
 *		scorecard_math.h describes.
 */
#ifndef AGRIRISK_SCORECARD_H
#define AGRIRISK_SCORECARD_H

#include "core/sql/json_read.h"
#include "core/sql/show.h"
#include "model/card/score_math.h"

/* Checks a stored card and reads it, in the context, where the stored bytes have to be. */
extern Card *scorecard_read(const struct varlena *stored, MemoryContext context);

/*
 * Checks a stored card and makes it ready for scoring, in the context, where
 * the stored bytes have to be as well.
 */
extern const ScoreCard *scorecard_compile(const struct varlena *stored, MemoryContext context);

/* The error of the SQLSTATE that a card is which breaks a rule. */
extern void scorecard_check(Card *card, Arena memory, int sqlstate);

/* Stores a checked card. */
extern struct varlena *scorecard_store(const Card *card);

/* A card from a document, not yet checked; and its document, as a card is written. */
extern Card *scorecard_read_json(JsonReader *r, JsonbValue *document);
extern void scorecard_append_json(StringInfo out, const Card *card);

/* Says that segments of a card are not used. */
extern void scorecard_notice_segments(const char *hint);

/* The name of a place of a feature: "[0.6, 1.2)", "rice, wheat", "missing". */
extern char *scorecard_label(const CardFeature *f, int32_t place);

#endif							/* AGRIRISK_SCORECARD_H */
