/*
 * varlena.h
 *		Comparing and hashing values by their stored bytes.
 *
 * Every type here stores equal values as equal bytes, so its operators and its
 * hash and btree classes need nothing of the type itself: the SQL of a type
 * names the fmgr functions of varlena.c (agririsk_varlena_eq, _ne, _lt, _le,
 * _gt, _ge, _cmp, _hash, _hash_extended) directly.
 */
#ifndef AGRIRISK_VARLENA_H
#define AGRIRISK_VARLENA_H

/* Bytes first, then length; the header and compression do not count. */
extern int	agr_varlena_compare(Datum a, Datum b);
extern uint32 agr_varlena_hash(Datum value);
extern uint64 agr_varlena_hash_extended(Datum value, uint64 seed);

#endif							/* AGRIRISK_VARLENA_H */
