/*
 * model.c
 *		Scoring rows with a model, whatever its kind, where model and row are
 *		arguments of an SQL function.
 */
#include "postgres.h"

#include "agririsk.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "model/deploy/model.h"
#include "nodes/primnodes.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

static const ModelKind *kinds[4];
static int	n_kinds = 0;

void
model_add_kind(const ModelKind *kind)
{
	if (n_kinds == lengthof(kinds))
		elog(ERROR, "too many kinds of models");
	kinds[n_kinds++] = kind;
}

/* By the name in the catalog: how a type is shown depends on settings. */
const ModelKind *
model_kind(Oid type)
{
	HeapTuple	tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(type));
	const ModelKind *kind = NULL;
	Form_pg_type form;
	char	   *schema;
	int			i;

	if (!HeapTupleIsValid(tuple))
		return NULL;
	form = (Form_pg_type) GETSTRUCT(tuple);
	schema = get_namespace_name(form->typnamespace);
	for (i = 0; i < n_kinds; i++)
		if (schema != NULL && strcmp(schema, "agririsk") == 0 &&
			strcmp(NameStr(form->typname), kinds[i]->type) == 0)
			kind = kinds[i];
	ReleaseSysCache(tuple);
	return kind;
}

char *
model_types(void)
{
	StringInfoData text;
	int			i;

	initStringInfo(&text);
	for (i = 0; i < n_kinds; i++)
		appendStringInfo(&text, "%sagririsk.%s", i > 0 ? " or " : "", kinds[i]->type);
	return text.data;
}

void
model_call_init(ModelCall *call, const ModelKind *kind, const void *model, MemoryContext context)
{
	call->kind = kind;
	call->model = model;
	call->name = kind->inputs(model, &call->n_inputs);
	call->scoring = kind->begin(model, context);
	record_map_init(&call->map, context);
	call->input = MemoryContextAlloc(context, sizeof(NullableDatum) * call->n_inputs);
}

void
model_call_read_row(ModelCall *call, HeapTupleHeader row, const text *segment)
{
	RecordMap  *map = &call->map;
	int			i;

	if (record_map_columns(map, row, call->name, call->n_inputs))
	{
		uint64		identity = map->identity;

		/* Mapped only once every type is known to fit. */
		map->identity = 0;
		for (i = 0; i < call->n_inputs; i++)
			call->kind->set_type(call->scoring, i, record_map_type(map, i));
		map->identity = identity;
	}
	record_map_read(map, row, call->input);
	model_set_segment(call, segment);
}

/* ---------- a model and a row, as arguments ---------- */

typedef struct ArgumentSite
{
	bool		constant;		/* the model is a constant of the query */
	MemoryContext context;		/* of all below, replaced with the model */
	void	   *stored;			/* the model's argument as it came */
	Size		size;
	ModelCall	call;
} ArgumentSite;

static bool
is_constant_argument(FmgrInfo *flinfo, int i)
{
	Node	   *call = flinfo->fn_expr;
	Node	   *argument = NULL;

	if (call != NULL && IsA(call, FuncExpr) && list_length(((FuncExpr *) call)->args) > i)
		argument = list_nth(((FuncExpr *) call)->args, i);
	return argument != NULL && IsA(argument, Const);
}

static void
prepare_site(ArgumentSite *site, const ModelKind *kind, MemoryContext parent,
			 struct varlena *argument)
{
	struct varlena *stored;
	MemoryContext caller;

	site->size = 0;				/* stays so where the new model is refused */
	if (site->context != NULL)
		MemoryContextDelete(site->context);
	site->context = NULL;
	site->context = AllocSetContextCreate(parent, "agririsk model", ALLOCSET_SMALL_SIZES);

	caller = MemoryContextSwitchTo(site->context);
	stored = (struct varlena *) PG_DETOAST_DATUM_COPY(PointerGetDatum(argument));
	model_call_init(&site->call, kind, kind->compile(stored, site->context), site->context);
	site->stored = palloc(VARSIZE_ANY(argument));
	memcpy(site->stored, argument, VARSIZE_ANY(argument));
	MemoryContextSwitchTo(caller);
	/* Only a site that is whole matches the next row's model. */
	site->size = VARSIZE_ANY(argument);
}

ModelCall *
model_call_of_arguments(FunctionCallInfo fcinfo, const ModelKind *kind, int segment_at)
{
	FmgrInfo   *flinfo = fcinfo->flinfo;
	ArgumentSite *site = flinfo->fn_extra;
	struct varlena *model;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		return NULL;
	if (site == NULL)
	{
		site = MemoryContextAllocZero(flinfo->fn_mcxt, sizeof *site);
		site->constant = is_constant_argument(flinfo, 0);
		flinfo->fn_extra = site;
	}

	model = (struct varlena *) PG_GETARG_POINTER(0);
	if (site->size == 0 || !site->constant)
	{
		/* A toast pointer names its value; a pointer into memory does not. */
		if (VARATT_IS_EXTERNAL(model) && !VARATT_IS_EXTERNAL_ONDISK(model))
			model = (struct varlena *) PG_DETOAST_DATUM(PointerGetDatum(model));
		if (site->size != VARSIZE_ANY(model) || memcmp(site->stored, model, site->size) != 0)
			prepare_site(site, kind, flinfo->fn_mcxt, model);
	}
	model_call_read_row(&site->call, PG_GETARG_HEAPTUPLEHEADER(1),
						PG_ARGISNULL(segment_at) ? NULL : PG_GETARG_TEXT_PP(segment_at));
	return &site->call;
}

Datum
model_pd(FunctionCallInfo fcinfo, const ModelKind *kind)
{
	ModelCall  *call = model_call_of_arguments(fcinfo, kind, 2);
	double		margin;

	if (call == NULL || !model_margin(call, call->input, &margin))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(kind->pd(call->model, margin));
}

Datum
model_score(FunctionCallInfo fcinfo, const ModelKind *kind)
{
	ModelCall  *call = model_call_of_arguments(fcinfo, kind, 2);
	double		margin;

	if (call == NULL || !model_margin(call, call->input, &margin))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(kind->score(call->model, margin));
}

Datum
model_explain(FunctionCallInfo fcinfo, const ModelKind *kind)
{
	TupleDesc	columns;
	Tuplestorestate *rows = agr_begin_rows(fcinfo, work_mem, &columns);
	ModelCall  *call = model_call_of_arguments(fcinfo, kind, 2);

	if (call != NULL)
		kind->explain(call, rows, columns);
	return (Datum) 0;
}
