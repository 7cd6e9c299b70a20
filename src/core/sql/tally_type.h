/*
 * tally_type.h
 *		Stored types that are tallies (see core/rows/tally.h): values, input and
 *		output, merging. Include postgres.h first.
 */
#ifndef AGRIRISK_TALLY_TYPE_H
#define AGRIRISK_TALLY_TYPE_H

#include "core/rows/tally.h"
#include "core/sql/stored_type.h"

/* What tells apart the types that are stored as tallies. */
typedef struct TallyType
{
	StoredType	stored;
	int			classes;		/* 1 or 2 */
	double		least;			/* the range of its values */
	double		greatest;
	const char *too_many_hint;	/* the way out of TALLY_MAX_DISTINCT */
} TallyType;

/* The functions of its StoredType. */
extern struct varlena *tally_parse(const StoredType *type, char *text);
extern char *tally_print(const StoredType *type, struct varlena *value);
extern struct varlena *tally_receive(const StoredType *type, const uint8_t *bytes, size_t length, TextRecode recode);

/* The value that holds all rows of a tally. */
extern struct varlena *tally_make_value(Tally *tally, const TallyType *type);

/* Begins to read a value, detoasted; tally_end at the end complains of damage. */
extern void tally_begin(TallyReader *reader, struct varlena *value, const TallyType *type);
extern void tally_end(const TallyReader *reader, const TallyType *type);

/* (value, value) -> value: the rows of both; also the transition and combination of rollup. */
extern Datum tally_merge_values(FunctionCallInfo fcinfo, const TallyType *type);

#endif							/* AGRIRISK_TALLY_TYPE_H */
