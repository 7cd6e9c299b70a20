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

/*
 * Places of a feature are numbered from 1: bins, special values, the slope of a
 * linear feature, missing, unseen of a category, no consent where it is asked.
 */
extern int	scorecard_n_places(const CardFeature *f);
extern int32_t scorecard_place(const CardFeature *f, int number);
extern int	scorecard_bin_number(const CardFeature *f, int32_t place);

/* The name of a place: "[0.6, 1.2)", "rice, wheat", "missing". Two places may share one. */
extern char *scorecard_label(const CardFeature *f, int32_t place);

/* The rows that a place was learnt from; both -1 where they are not known. */
extern void scorecard_get_counts(const CardFeature *f, int32_t place, int64 *goods, int64 *bads);

#endif							/* AGRIRISK_SCORECARD_H */
