/*
 * binning.h
 *		The binning of a feature as an SQL type: a varlena of the bytes that
 *		binning_math.h describes. Include postgres.h first.
 */
#ifndef AGRIRISK_BINNING_H
#define AGRIRISK_BINNING_H

#include "model/binning/binning_math.h"

/* The words of policies and trends, in the order of their enums, and NULL. */
extern const char *const binning_missing_words[];
extern const char *const binning_unseen_words[];
extern const char *const binning_trend_words[];

/* Reads the text form, checked but not weighed. */
extern Binning *binning_parse(char *text);

/* Decodes, checks and weighs a stored binning, in the context, where the bytes have to be. */
extern Binning *binning_read(const struct varlena *stored, MemoryContext context);

/* Stores a binning that has passed binning_check. */
extern struct varlena *binning_store(const Binning *binning);

/* A value of text, boolean or enum as a category: its bytes, in the current context. */
extern TextSpan binning_category(Oid type, Datum value);

#endif							/* AGRIRISK_BINNING_H */
