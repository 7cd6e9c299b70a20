/*
 * agririsk.c
 *		Module entry, settings, and the small helpers every room shares.
 */
#include "postgres.h"

#include "agririsk.h"

#include "miscadmin.h"
#include "model/card/score.h"
#include "utils/builtins.h"
#include "utils/guc.h"

extern AGR_EXPORT const Pg_magic_struct *Pg_magic_func(void);
PG_MODULE_MAGIC;

extern AGR_EXPORT void _PG_init(void);

bool		agr_progress = true;
int			agr_geometry_reader = AGR_READ_AUTO;

static const struct config_enum_entry geometry_readers[] = {
	{"auto", AGR_READ_AUTO, false},
	{"wkb", AGR_READ_WKB, false},
	{NULL, 0, false}
};

void
_PG_init(void)
{
	DefineCustomBoolVariable("agririsk.progress",
							 "Reports progress of work that takes more than a few seconds.",
							 "A NOTICE at most every five seconds.",
							 &agr_progress, true,
							 PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomEnumVariable("agririsk.geometry_reader",
							 "How geometries and rasters are read: as PostGIS stores them, or through WKB.",
							 "auto reads what is stored, unless a check at first use finds it is not as expected.",
							 &agr_geometry_reader, AGR_READ_AUTO, geometry_readers,
							 PGC_USERSET, GUC_NO_SHOW_ALL | GUC_NOT_IN_SAMPLE, NULL, NULL, NULL);
	agr_reserve_settings("agririsk");

	model_add_kind(&card_kind);
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

void
agr_check_interrupts(void)
{
	CHECK_FOR_INTERRUPTS();
}

AGR_FUNCTION(agririsk_library_version);
Datum
agririsk_library_version(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(AGRIRISK_VERSION));
}
