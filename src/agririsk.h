/*
 * agririsk.h
 *		The ground floor: what every room may use, on every supported server.
 *
 * Include postgres.h first.
 */
#ifndef AGRIRISK_H
#define AGRIRISK_H

#include "fmgr.h"

#include "shims.h"

/*
 * The library is linked with hidden visibility, because PostgreSQL loads
 * modules into one global namespace; what the server calls is exported here.
 */
#define AGR_EXPORT __attribute__((visibility("default")))
#define AGR_FUNCTION(name) \
	extern AGR_EXPORT const Pg_finfo_record *CppConcat(pg_finfo_, name) (void); \
	extern AGR_EXPORT Datum name(PG_FUNCTION_ARGS); \
	PG_FUNCTION_INFO_V1(name)

/* That of agririsk.control, which test/t/001_house.pl compares. */
#define AGRIRISK_VERSION "0.1.0"

/* Settings (GUCs). */
extern bool agr_progress;

typedef enum AgrGeometryReader
{
	AGR_READ_AUTO,
	AGR_READ_WKB
} AgrGeometryReader;

extern int	agr_geometry_reader;

/* CHECK_FOR_INTERRUPTS as a function, for kernels that are given a pause. */
extern void agr_check_interrupts(void);

/* The context an aggregate's state lives in; an error outside an aggregate. */
extern MemoryContext agr_aggregate_context(FunctionCallInfo fcinfo, const char *function);

#endif							/* AGRIRISK_H */
