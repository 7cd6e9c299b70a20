/*
 * deploy.c
 *		Scoring with a model that an SQL function holds: what deploy() writes
 *		calls these.
 *
 * The model is named by its function, so that plans stay small however large it
 * is. The function's result type says of which kind the model is. Each backend
 * keeps it compiled, by the OID of the function and the version of its pg_proc
 * tuple. A call site looks when it is first called whether the function was
 * replaced since; then it holds on to what it found until the statement ends, so
 * that all its rows meet one model.
 * PL/pgSQL keeps the call sites of expressions for a whole transaction, many
 * statements: there it looks again.
 */
#include "postgres.h"

#include "agririsk.h"

#include "access/htup_details.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "miscadmin.h"
#include "model/deploy/model.h"
#include "storage/itemptr.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/regproc.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

AGR_FUNCTION(agririsk__deployed_pd);
AGR_FUNCTION(agririsk__deployed_score);
AGR_FUNCTION(agririsk__deployed_row_pd);
AGR_FUNCTION(agririsk__deployed_row_score);
AGR_FUNCTION(agririsk__lock_deployment);

/* A compiled model; freed when it is neither current nor in use. */
typedef struct DeployedModel
{
	MemoryContext context;
	const ModelKind *kind;
	const void *model;
	TransactionId xmin;			/* of the pg_proc tuple it was read from */
	ItemPointerData tid;
	int			users;
	bool		current;
} DeployedModel;

typedef struct DeployedEntry
{
	Oid			function;
	uint32		hash;			/* as invalidation messages name it */
	uint64		changed;		/* the last change that may concern it */
	uint64		verified;		/* the last change it was checked after */
	DeployedModel *model;
} DeployedEntry;

static HTAB *deployed = NULL;

/* Changes of functions that may concern an entry, and those all looked into. */
static uint64 changes = 0;
static uint64 verified = 0;

static void
note_change(Datum arg, int cache, uint32 hash)
{
	HASH_SEQ_STATUS scan;
	DeployedEntry *entry;

	changes++;
	hash_seq_init(&scan, deployed);
	while ((entry = hash_seq_search(&scan)) != NULL)
		if (hash == 0 || entry->hash == hash)
			entry->changed = changes;
}

static void
release_if_unused(DeployedModel *model)
{
	if (!model->current && model->users == 0)
		MemoryContextDelete(model->context);
}

static void
stop_using(void *arg)
{
	DeployedModel *model = arg;

	Assert(model->users > 0);
	model->users--;
	release_if_unused(model);
}

static void
forget(DeployedEntry *entry)
{
	DeployedModel *model = entry->model;

	hash_search(deployed, &entry->function, HASH_REMOVE, NULL);
	model->current = false;
	release_if_unused(model);
}

/* Forgets the models whose functions were replaced or dropped. */
static void
forget_changed(void)
{
	HASH_SEQ_STATUS scan;
	DeployedEntry *entry;
	uint64		now = changes;	/* reading the catalog may bring more */

	hash_seq_init(&scan, deployed);
	while ((entry = hash_seq_search(&scan)) != NULL)
	{
		HeapTuple	tuple;
		bool		same;

		if (entry->changed <= entry->verified)
			continue;
		tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(entry->function));
		same = HeapTupleIsValid(tuple) &&
			HeapTupleHeaderGetRawXmin(tuple->t_data) == entry->model->xmin &&
			ItemPointerEquals(&tuple->t_self, &entry->model->tid);
		if (HeapTupleIsValid(tuple))
			ReleaseSysCache(tuple);
		if (same)
			entry->verified = now;
		else
			forget(entry);
	}
	verified = now;
}

static DeployedModel *
compile_function(Oid function, HeapTuple tuple)
{
	Form_pg_proc form = (Form_pg_proc) GETSTRUCT(tuple);
	const ModelKind *kind = model_kind(form->prorettype);
	MemoryContext context;
	MemoryContext caller;
	DeployedModel *model;
	FmgrInfo	flinfo;
	Datum		value;
	LOCAL_FCINFO(call, 0);

	/* Only then does the tuple's version say whether the model is the same. */
	if (kind == NULL || form->pronargs != 0 || form->provolatile != PROVOLATILE_IMMUTABLE ||
		form->proretset)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("function %s does not hold a model", format_procedure(function)),
				 errdetail("An immutable function without arguments that returns %s does.", model_types()),
				 errhint("Deploy the model with agririsk.deploy().")));

	fmgr_info(function, &flinfo);
	InitFunctionCallInfoData(*call, &flinfo, 0, InvalidOid, NULL, NULL);
	value = FunctionCallInvoke(call);
	if (call->isnull)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("function %s returned no %s", format_procedure(function), kind->type),
				 errdetail("It returned NULL."),
				 errhint("Deploy the model with agririsk.deploy().")));

	context = AllocSetContextCreate(CurrentMemoryContext, "agririsk deployed model",
									ALLOCSET_SMALL_SIZES);
	caller = MemoryContextSwitchTo(context);
	model = palloc0(sizeof *model);
	model->context = context;
	model->kind = kind;
	model->xmin = HeapTupleHeaderGetRawXmin(tuple->t_data);
	model->tid = tuple->t_self;
	model->model = kind->compile((struct varlena *) PG_DETOAST_DATUM_COPY(value), context);
	MemoryContextSwitchTo(caller);
	return model;
}

static DeployedModel *
find_model(Oid function)
{
	DeployedEntry *entry;
	DeployedModel *model;
	HeapTuple	tuple;

	if (deployed == NULL)
	{
		HASHCTL		control = {.keysize = sizeof(Oid), .entrysize = sizeof(DeployedEntry)};

		deployed = hash_create("agririsk deployed models", 16, &control, HASH_ELEM | HASH_BLOBS);
		CacheRegisterSyscacheCallback(PROCOID, note_change, (Datum) 0);
	}
	if (changes != verified)
		forget_changed();

	entry = hash_search(deployed, &function, HASH_FIND, NULL);
	if (entry != NULL)
		return entry->model;

	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	if (!HeapTupleIsValid(tuple))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_FUNCTION),
				 errmsg("the function of a deployed model does not exist"),
				 errdetail("Its OID was %u.", function),
				 errhint("Deploy the model with agririsk.deploy().")));
	model = compile_function(function, tuple);
	ReleaseSysCache(tuple);

	/* Kept only from here on: an error above leaves nothing behind. */
	entry = hash_search(deployed, &function, HASH_ENTER, NULL);
	entry->hash = GetSysCacheHashValue1(PROCOID, ObjectIdGetDatum(function));
	entry->model = model;
	/* Had it been replaced meanwhile, the message came before the entry. */
	entry->changed = ++changes;
	entry->verified = 0;
	model->current = true;
	MemoryContextSetParent(model->context, CacheMemoryContext);
	return model;
}

/* ---------- deployments at the same time ---------- */

/*
 * A lock beside the schema's own, which no lock of a user's can be taken for.
 * Names that share a hash wait for each other, which does no harm. Unlike an
 * advisory lock it also brings what others committed into the catalog caches.
 */
Datum
agririsk__lock_deployment(PG_FUNCTION_ARGS)
{
	text	   *name = PG_GETARG_TEXT_PP(1);
	uint32		hash = hash_bytes((const unsigned char *) VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name));

	LockDatabaseObject(NamespaceRelationId, PG_GETARG_OID(0), hash % PG_UINT16_MAX + 1, ShareUpdateExclusiveLock);
	PG_RETURN_VOID();
}

/* ---------- call sites ---------- */

typedef struct DeployedSite
{
	Oid			function;
	/* When it last looked: the changes noted, and the statement's snapshot. */
	uint64		seen;
	CommandId	command;
	TransactionId xmax;
	uint32		xcnt;
	MemoryContext context;		/* of all below, replaced with the function */
	ModelCall	call;
	/* of the column form */
	bool		segmented;
	ValueKind	segment_kind;
} DeployedSite;

/* Whether the call site may go on with the model it has. */
static bool
is_prepared(DeployedSite *site, Oid function)
{
	Snapshot	snapshot;

	if (site == NULL || site->function != function)
		return false;
	if (likely(site->seen == changes) || !ActiveSnapshotSet())
		return true;
	snapshot = GetActiveSnapshot();
	return snapshot->curcid == site->command && snapshot->xmax == site->xmax &&
		snapshot->xcnt == site->xcnt;
}

static void
set_prepared(DeployedSite *site, Oid function)
{
	if (ActiveSnapshotSet())
	{
		Snapshot	snapshot = GetActiveSnapshot();

		site->command = snapshot->curcid;
		site->xmax = snapshot->xmax;
		site->xcnt = snapshot->xcnt;
	}
	site->seen = changes;
	site->function = function;
}

/* A call site whose model is compiled; the caller says when it is whole. */
static DeployedSite *
prepare_site(FunctionCallInfo fcinfo)
{
	DeployedSite *site = fcinfo->flinfo->fn_extra;
	Oid			function = PG_GETARG_OID(0);
	MemoryContextCallback *callback;
	DeployedModel *model;

	if (site == NULL)
		fcinfo->flinfo->fn_extra = site =
			MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof *site);
	site->function = InvalidOid;
	if (site->context != NULL)
		MemoryContextDelete(site->context);
	site->context = NULL;

	if (agr_function_aclcheck(function, GetUserId(), ACL_EXECUTE) != ACLCHECK_OK)
		aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_FUNCTION, get_func_name(function));

	model = find_model(function);
	site->context = AllocSetContextCreate(fcinfo->flinfo->fn_mcxt, "agririsk scoring",
										  ALLOCSET_SMALL_SIZES);
	callback = MemoryContextAlloc(site->context, sizeof *callback);
	callback->func = stop_using;
	callback->arg = model;
	MemoryContextRegisterResetCallback(site->context, callback);
	model->users++;
	model_call_init(&site->call, model->kind, model->model, site->context);
	return site;
}

/* ---------- the column form ---------- */

/* Before the columns come the function that holds the model, and their names. */
#define FIRST_INPUT 2

/*
 * The model may have been replaced by one that reads other columns, or the same
 * in another order: what the function was written for must be what it takes.
 */
static void
check_columns(const ModelCall *call, ArrayType *names)
{
	StringInfoData takes;
	Datum	   *name = NULL;
	bool	   *null = NULL;
	int			n = 0;
	bool		same;
	int			i;

	if (names != NULL)
		deconstruct_array(names, TEXTOID, -1, false, TYPALIGN_INT, &name, &null, &n);
	same = n == call->n_inputs;
	for (i = 0; i < n && same; i++)
		same = !null[i] && strcmp(TextDatumGetCString(name[i]), call->name[i]) == 0;
	if (same)
		return;

	initStringInfo(&takes);
	for (i = 0; i < call->n_inputs; i++)
		appendStringInfo(&takes, "%s%s", i > 0 ? ", " : "", call->name[i]);
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("the %s takes other columns than the function was deployed for", call->kind->type),
			 errdetail("It takes %s, in this order.", takes.data),
			 errhint("Deploy it again: deploy(model, relation, name).")));
}

static void
prepare_columns(FunctionCallInfo fcinfo, DeployedSite *site)
{
	ModelCall  *call = &site->call;
	int			n_inputs = call->n_inputs;
	int			n = PG_NARGS() - FIRST_INPUT;
	int			i;

	if (get_fn_expr_variadic(fcinfo->flinfo))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("a VARIADIC array cannot be scored"),
				 errdetail("Columns differ in type, and an array has one."),
				 errhint("Give the columns one by one, or use pd(model, row).")));
	check_columns(call, PG_ARGISNULL(1) ? NULL : PG_GETARG_ARRAYTYPE_P(1));
	if (n != n_inputs && n != n_inputs + 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the %s takes other columns than it was given", call->kind->type),
				 errdetail("It takes %d, and perhaps a segment; it was given %d.", n_inputs, n),
				 errhint("Deploy it again: deploy(model, relation, name).")));
	for (i = 0; i < n_inputs; i++)
		call->kind->set_type(call->scoring, i,
							 getBaseType(get_fn_expr_argtype(fcinfo->flinfo, i + FIRST_INPUT)));

	site->segmented = n > n_inputs;
	if (site->segmented)
	{
		Oid			type = getBaseType(get_fn_expr_argtype(fcinfo->flinfo, PG_NARGS() - 1));

		site->segment_kind = value_kind(type);
		if (site->segment_kind == VALUE_UNUSABLE || site->segment_kind == VALUE_FLOAT8 ||
			site->segment_kind == VALUE_FLOAT4 || site->segment_kind == VALUE_NUMERIC)
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("a segment column of type %s does not fit the model", format_type_be(type)),
					 errdetail("A segment is text, varchar, char, name, an enum, boolean or an integer."),
					 errhint("Cast the column in the query or view that is scored.")));
	}
	set_prepared(site, PG_GETARG_OID(0));
}

static const ModelCall *
score_columns(FunctionCallInfo fcinfo, double *margin)
{
	DeployedSite *site = fcinfo->flinfo->fn_extra;

	if (PG_ARGISNULL(0))
		return NULL;
	if (!is_prepared(site, PG_GETARG_OID(0)))
	{
		site = prepare_site(fcinfo);
		prepare_columns(fcinfo, site);
	}
	if (site->segmented)
	{
		const NullableDatum *segment = &fcinfo->args[PG_NARGS() - 1];
		char		buffer[VALUE_BUFFER];
		size_t		length = 0;
		const char *at = segment->isnull ? NULL
			: value_bytes(site->segment_kind, segment->value, buffer, &length);

		site->call.kind->set_segment(site->call.scoring, at, length);
	}
	return model_margin(&site->call, fcinfo->args + FIRST_INPUT, margin) ? &site->call : NULL;
}

Datum
agririsk__deployed_pd(PG_FUNCTION_ARGS)
{
	double		margin;
	const ModelCall *call = score_columns(fcinfo, &margin);

	if (call == NULL)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(call->kind->pd(call->model, margin));
}

Datum
agririsk__deployed_score(PG_FUNCTION_ARGS)
{
	double		margin;
	const ModelCall *call = score_columns(fcinfo, &margin);

	if (call == NULL)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(call->kind->score(call->model, margin));
}

/* ---------- the row form of models with too many columns for arguments ---------- */

static const ModelCall *
score_row(FunctionCallInfo fcinfo, double *margin)
{
	DeployedSite *site = fcinfo->flinfo->fn_extra;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		return NULL;
	if (!is_prepared(site, PG_GETARG_OID(0)))
	{
		site = prepare_site(fcinfo);
		set_prepared(site, PG_GETARG_OID(0));
	}
	model_call_read_row(&site->call, PG_GETARG_HEAPTUPLEHEADER(1),
						PG_ARGISNULL(2) ? NULL : PG_GETARG_TEXT_PP(2));
	return model_margin(&site->call, site->call.input, margin) ? &site->call : NULL;
}

Datum
agririsk__deployed_row_pd(PG_FUNCTION_ARGS)
{
	double		margin;
	const ModelCall *call = score_row(fcinfo, &margin);

	if (call == NULL)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(call->kind->pd(call->model, margin));
}

Datum
agririsk__deployed_row_score(PG_FUNCTION_ARGS)
{
	double		margin;
	const ModelCall *call = score_row(fcinfo, &margin);

	if (call == NULL)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(call->kind->score(call->model, margin));
}
