/*
 * shims.h
 *		What the supported PostgreSQL versions, 14 to 18, write differently.
 *
 * Each shim names the version with which it ends: once that version is the
 * oldest one supported, its name goes and the server's own is used. The names
 * are ours, agr_ or AGR_, because minor releases add names to the server's
 * headers. Include postgres.h first.
 */
#ifndef AGRIRISK_SHIMS_H
#define AGRIRISK_SHIMS_H

/* Until 16, postgres.h has the macros of variable-length values. */
#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif

/* Until 15, no sort can be interrupted. */
#if PG_VERSION_NUM >= 150000
#define agr_qsort_interruptible qsort_interruptible
#else
#define agr_qsort_interruptible qsort_arg
#endif

/* Until 15, whether a sort can be read again is a boolean. */
#if PG_VERSION_NUM >= 150000
#define AGR_SORT_READ_AGAIN TUPLESORT_RANDOMACCESS
#else
#define AGR_SORT_READ_AGAIN true
#endif

/* Until 15, settings with our prefix that we do not have are only warned of. */
#if PG_VERSION_NUM >= 150000
#define agr_reserve_settings MarkGUCPrefixReserved
#else
#define agr_reserve_settings EmitWarningsOnPlaceholders
#endif

/* Until 16, each kind of object has a check of its privileges of its own. */
#if PG_VERSION_NUM >= 160000
#define agr_function_aclcheck(function, role, mode) \
	object_aclcheck(ProcedureRelationId, function, role, mode)
#else
#define agr_function_aclcheck pg_proc_aclcheck
#endif

/* Until 16, what a JSON parser calls returns nothing. */
#if PG_VERSION_NUM >= 160000
#define AGR_JSON_RESULT JsonParseErrorType
#define AGR_JSON_GO_ON() return JSON_SUCCESS
#else
#define AGR_JSON_RESULT void
#define AGR_JSON_GO_ON() return
#endif

/* Until 17, a JSON lexer is always allocated by the server. */
#if PG_VERSION_NUM >= 170000
#define agr_json_lexer(json, length, encoding, need_escapes) \
	makeJsonLexContextCstringLen(NULL, json, length, encoding, need_escapes)
#else
#define agr_json_lexer makeJsonLexContextCstringLen
#endif

/* Until 18, pg_noreturn does not exist; it is the first word of a declaration. */
#if PG_VERSION_NUM >= 180000
#define AGR_NORETURN pg_noreturn
#else
#define AGR_NORETURN __attribute__((noreturn))
#endif

#endif							/* AGRIRISK_SHIMS_H */
