/*
 * score.h
 *		Scoring SQL values: what every form of scoring shares.
 */
#ifndef AGRIRISK_SCORE_H
#define AGRIRISK_SCORE_H

#include "core/record.h"
#include "model/scorecard.h"

/* What a column's type means to a card. */
typedef enum ValueKind
{
	VALUE_UNUSABLE,
	VALUE_FLOAT8,
	VALUE_FLOAT4,
	VALUE_INT2,
	VALUE_INT4,
	VALUE_INT8,
	VALUE_NUMERIC,
	VALUE_BOOL,
	VALUE_TEXT,
	VALUE_BPCHAR,
	VALUE_NAME,
	VALUE_ENUM
} ValueKind;

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

/* The bytes of a text-like value, as categories and segments compare them. */
extern const char *score_value_bytes(ValueKind kind, Datum value, char *buffer, size_t *length);
#define SCORE_VALUE_BUFFER 24

/* What values of the type are; for a type of no use, VALUE_UNUSABLE. */
extern ValueKind score_value_kind(Oid type);
extern bool score_is_number_kind(ValueKind kind);

/* A value of such a kind. */
extern double score_value_number(ValueKind kind, Datum value);

/* Log-odds of bad; false where every feature is missing. */
extern bool score_call_eta(ScoreCall *call, const NullableDatum *input, double *eta);

/* Reads the inputs from a row by their names. */
extern void score_call_read_row(ScoreCall *call, RecordMap *map, HeapTupleHeader row,
								NullableDatum *input);

#endif							/* AGRIRISK_SCORE_H */
