/*
 * fit_rows.h
 *		The rows that fit_scorecard is given, kept as columns. Include postgres.h
 *		first.
 *
 * A row's columns are the features, in the order of the row type, and what the
 * options name: consents, weight, offset, fold key. What is kept of a row is its
 * outcome, its fold, its segment, and a place in each of the others.
 */
#ifndef AGRIRISK_FIT_ROWS_H
#define AGRIRISK_FIT_ROWS_H

#include "core/rows/column_store.h"
#include "core/rows/key_sums.h"
#include "core/sql/record.h"
#include "model/fit/fit_options.h"
#include "model/card/score.h"

/* A category that is not known, where a level's number would be. */
#define FIT_MISSING_LEVEL	PG_UINT32_MAX

/* No more rows than this, weights counted: see model/fit/logit_math.h. */
#define FIT_MOST_ROWS		(INT64CONST(1) << 36)

/* Why rows are left out, in the order of the words for it. */
typedef enum FitExclusion
{
	FIT_MISSING_VALUE,
	FIT_NO_OFFSET,
	FIT_NO_OUTCOME,
	FIT_NO_ROW,
	FIT_NO_WEIGHT
} FitExclusion;

#define FIT_EXCLUSIONS		5

extern const char *const fit_exclusion_words[FIT_EXCLUSIONS];

/* Columns of a store of rows; features come first. */
typedef struct FitLayout
{
	int			outcome;		/* 1 byte: 1 is bad */
	int			fold;			/* 1 byte */
	int			weight;			/* int64; -1: all are 1 */
	int			offset;			/* float8; -1: none */
	int			segment;		/* number among the segments, 4 bytes; -1: none */
	int			n_columns;
} FitLayout;

typedef struct FitFeature
{
	const char *name;
	CardKind	kind;
	ValueKind	value;
	const FitFeatureOptions *said;	/* NULL: nothing */
	const BinsOptions *binning;
	int			consent;		/* its number among the consents, or -1 */
	KeySums    *levels;			/* of a category, in the order they came */
} FitFeature;

typedef struct FitRows
{
	const FitOptions *options;
	MemoryContext context;
	RecordMap	map;
	NullableDatum *input;		/* of the row at hand */
	ValueKind  *input_kind;
	const char **wanted;		/* columns: features, consents, weight, offset, fold key */
	int			n_wanted;
	int			n_features;
	FitFeature *feature;
	int			n_consents;
	int			weight_at;		/* inputs; -1: none */
	int			offset_at;
	int			key_at;
	bool		key_is_uuid;
	KeySums    *segments;		/* in the order they came; NULL: there are none */
	int64		total[2];		/* rows kept, by outcome, weights counted */
	int64		excluded[FIT_EXCLUSIONS];
	double		max_offset;
	FitLayout	layout;			/* consents, a byte each, between features and outcome */
	ColumnStore store;			/* numbers as float8, NaN: missing; categories as levels */
} FitRows;

/* Begins the rows of a group, which live in the context and within the budget. */
extern FitRows *fit_rows_create(const FitOptions *options, NodeBudget *budget, FunctionCallInfo fcinfo,
								MemoryContext context, HeapTupleHeader first, bool segmented);

/* Adds a row; an outcome of -1 is not known, a segment of NULL is the root. */
extern void fit_rows_add(FitRows *rows, HeapTupleHeader row, int outcome, const text *segment);

/* The columns behind the first ones; weight and offset as the rows have them. */
extern FitLayout fit_layout(const FitRows *rows, int first);

#endif							/* AGRIRISK_FIT_ROWS_H */
