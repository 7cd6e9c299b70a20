/*
 * varlena.c
 *		Comparing and hashing values by their stored bytes.
 */
#include "postgres.h"

#include "agririsk.h"
#include "core/sql/varlena.h"

#include "common/hashfn.h"

static struct varlena *
detoast(Datum value)
{
	return PG_DETOAST_DATUM_PACKED(value);
}

/* btree support must not leak: an index build compares millions of values. */
static void
release(struct varlena *bytes, Datum value)
{
	if ((Pointer) bytes != DatumGetPointer(value))
		pfree(bytes);
}

int
agr_varlena_compare(Datum a, Datum b)
{
	struct varlena *left = detoast(a);
	struct varlena *right = detoast(b);
	Size		left_length = VARSIZE_ANY_EXHDR(left);
	Size		right_length = VARSIZE_ANY_EXHDR(right);
	int			order = memcmp(VARDATA_ANY(left), VARDATA_ANY(right),
							   Min(left_length, right_length));

	if (order == 0)
		order = (left_length > right_length) - (left_length < right_length);
	release(left, a);
	release(right, b);
	return order;
}

uint32
agr_varlena_hash(Datum value)
{
	struct varlena *bytes = detoast(value);
	uint32		hash = hash_bytes((unsigned char *) VARDATA_ANY(bytes),
								  VARSIZE_ANY_EXHDR(bytes));

	release(bytes, value);
	return hash;
}

uint64
agr_varlena_hash_extended(Datum value, uint64 seed)
{
	struct varlena *bytes = detoast(value);
	uint64		hash = hash_bytes_extended((unsigned char *) VARDATA_ANY(bytes),
										   VARSIZE_ANY_EXHDR(bytes), seed);

	release(bytes, value);
	return hash;
}

#define VARLENA_COMPARISON(name, operator) \
	AGR_FUNCTION(agririsk_varlena_##name); \
	Datum \
	agririsk_varlena_##name(PG_FUNCTION_ARGS) \
	{ \
		PG_RETURN_BOOL(agr_varlena_compare(PG_GETARG_DATUM(0), \
										   PG_GETARG_DATUM(1)) operator 0); \
	}

VARLENA_COMPARISON(eq, ==)
VARLENA_COMPARISON(ne, !=)
VARLENA_COMPARISON(lt, <)
VARLENA_COMPARISON(le, <=)
VARLENA_COMPARISON(gt, >)
VARLENA_COMPARISON(ge, >=)

AGR_FUNCTION(agririsk_varlena_cmp);
Datum
agririsk_varlena_cmp(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(agr_varlena_compare(PG_GETARG_DATUM(0), PG_GETARG_DATUM(1)));
}

AGR_FUNCTION(agririsk_varlena_hash);
Datum
agririsk_varlena_hash(PG_FUNCTION_ARGS)
{
	PG_RETURN_UINT32(agr_varlena_hash(PG_GETARG_DATUM(0)));
}

AGR_FUNCTION(agririsk_varlena_hash_extended);
Datum
agririsk_varlena_hash_extended(PG_FUNCTION_ARGS)
{
	PG_RETURN_UINT64(agr_varlena_hash_extended(PG_GETARG_DATUM(0),
											   PG_GETARG_INT64(1)));
}
