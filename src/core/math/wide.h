/*
 * wide.h
 *		128-bit integers. Pure C.
 *
 * The server aligns allocated memory to 8 bytes, where __int128 by itself wants
 * 16, and compilers make use of what it wants. So nothing else is to name
 * __int128: test/t/001_house.pl looks.
 */
#ifndef AGRIRISK_WIDE_H
#define AGRIRISK_WIDE_H

typedef __int128 Signed128 __attribute__((aligned(8)));
typedef unsigned __int128 Unsigned128 __attribute__((aligned(8)));

#endif							/* AGRIRISK_WIDE_H */
