/*
 * scorecard.h
 *		The scorecard as an SQL type: a varlena of the bytes that
 *		scorecard_math.h describes.
 */
#ifndef AGRIRISK_SCORECARD_H
#define AGRIRISK_SCORECARD_H

#include "lib/stringinfo.h"
#include "model/score_math.h"

/* Cards decoded into a memory context. */
extern CardMemory scorecard_memory(MemoryContext context);

/* Checks a stored card and reads it, in the context, where the stored bytes have to be. */
extern Card *scorecard_read(const struct varlena *stored, MemoryContext context);

/*
 * Checks a stored card and makes it ready for scoring, in the context, where
 * the stored bytes have to be as well.
 */
extern const ScoreCard *scorecard_compile(const struct varlena *stored, MemoryContext context);

/* The error of the SQLSTATE that a card is which breaks a rule. */
extern void scorecard_check(Card *card, CardMemory memory, int sqlstate);

/* Stores a checked card. */
extern struct varlena *scorecard_store(const Card *card);

/* A number in as many digits as it needs, whatever the settings. */
extern void scorecard_append_number(StringInfo out, double x);
extern char *scorecard_show_number(double x);

/* The name of a place of a feature: "[0.6, 1.2)", "rice, wheat", "missing". */
extern char *scorecard_label(const CardFeature *f, int32_t place);

extern text *scorecard_text(CardText t);

#endif							/* AGRIRISK_SCORECARD_H */
