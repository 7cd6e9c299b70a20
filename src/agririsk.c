/*
 * agririsk.c
 *		Module entry, settings, and the small helpers every room shares.
 */
#include "postgres.h"

#include "agririsk.h"

#include "utils/guc.h"

extern AGR_EXPORT const Pg_magic_struct *Pg_magic_func(void);
PG_MODULE_MAGIC;

extern AGR_EXPORT void _PG_init(void);

bool		agr_progress = true;

void
_PG_init(void)
{
	DefineCustomBoolVariable("agririsk.progress",
							 "Reports progress of work that takes more than a few seconds.",
							 "A NOTICE at most every five seconds.",
							 &agr_progress, true,
							 PGC_USERSET, 0, NULL, NULL, NULL);
#if PG_VERSION_NUM >= 150000
	MarkGUCPrefixReserved("agririsk");
#else
	EmitWarningsOnPlaceholders("agririsk");
#endif
}

MemoryContext
agr_aggregate_context(FunctionCallInfo fcinfo, const char *function)
{
	MemoryContext context;

	if (!AggCheckCallContext(fcinfo, &context))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("%s called outside an aggregate", function),
				 errhint("Call the aggregate it belongs to instead.")));
	return context;
}
