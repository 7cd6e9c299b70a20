/*
 * model.h
 *		What deployment, and scoring of rows, know of a model, whatever its kind.
 *		Each kind says what is its own in a ModelKind, which _PG_init adds.
 *		Nothing in this folder names a kind.
 */
#ifndef AGRIRISK_MODEL_H
#define AGRIRISK_MODEL_H

#include "core/sql/record.h"
#include "core/sql/value.h"

typedef struct ModelCall ModelCall;

typedef struct ModelKind
{
	const char *type;			/* its SQL type, in the schema agririsk */

	/*
	 * Checks a stored model and makes it ready for scoring, in the context, where
	 * the stored bytes have to be as well.
	 */
	const void *(*compile) (const struct varlena *stored, MemoryContext context);

	/* The names of the columns that it reads. */
	const char *const *(*inputs) (const void *model, int *n);

	/* What one call site keeps from row to row. */
	void	   *(*begin) (const void *model, MemoryContext context);

	/* States the type of an input; one that the model cannot use is an error. */
	void		(*set_type) (void *scoring, int input, Oid type);

	/* The segment of the row to come; at NULL: none. */
	void		(*set_segment) (void *scoring, const char *at, size_t length);

	/* What PD and score are functions of; false where nothing is known. */
	bool		(*margin) (void *scoring, const NullableDatum *input, double *margin);
	double		(*pd) (const void *model, double margin);
	double		(*score) (const void *model, double margin);

	/* The rows of explain(): why the row that was read has its score. */
	void		(*explain) (const ModelCall *call, Tuplestorestate *rows, TupleDesc columns);
} ModelKind;

/* Makes a kind known; the kind of that type, NULL where there is none; the types of all. */
extern void model_add_kind(const ModelKind *kind);
extern const ModelKind *model_kind(Oid type);
extern char *model_types(void);

/* One call site's scoring with one model. */
struct ModelCall
{
	const ModelKind *kind;
	const void *model;
	void	   *scoring;		/* of the kind's own */
	const char *const *name;	/* of the inputs */
	int			n_inputs;
	RecordMap	map;			/* where rows are read */
	NullableDatum *input;		/* of the row that was read last */
};

extern void model_call_init(ModelCall *call, const ModelKind *kind, const void *model,
							MemoryContext context);

/* Reads the inputs from a row by their names, and takes its segment (NULL: none). */
extern void model_call_read_row(ModelCall *call, HeapTupleHeader row, const text *segment);

/*
 * The call site of a function of a model, a row, and at that place a segment,
 * with the row read. NULL where the model or the row is NULL.
 */
extern ModelCall *model_call_of_arguments(FunctionCallInfo fcinfo, const ModelKind *kind,
										  int segment_at);

/* pd, score and explain of a model, a row and a segment. */
extern Datum model_pd(FunctionCallInfo fcinfo, const ModelKind *kind);
extern Datum model_score(FunctionCallInfo fcinfo, const ModelKind *kind);
extern Datum model_explain(FunctionCallInfo fcinfo, const ModelKind *kind);

/* The bytes of a text, or nothing. */
static inline void
model_set_segment(const ModelCall *call, const text *segment)
{
	if (segment == NULL)
		call->kind->set_segment(call->scoring, NULL, 0);
	else
		call->kind->set_segment(call->scoring, VARDATA_ANY(segment), VARSIZE_ANY_EXHDR(segment));
}

static inline bool
model_margin(const ModelCall *call, const NullableDatum *input, double *margin)
{
	return call->kind->margin(call->scoring, input, margin);
}

#endif							/* AGRIRISK_MODEL_H */
