/*
 * quad.h
 *		Quadruple precision, which is an oracle for double.
 */
#ifndef AGRIRISK_TEST_QUAD_H
#define AGRIRISK_TEST_QUAD_H

#include <float.h>

/* s390x has no frexpf128 and the like, for there it is long double. */
#if LDBL_MANT_DIG >= 113
typedef long double Quad;
#define QUAD(f) f##l
#else
typedef _Float128 Quad;
#define QUAD(f) f##f128
#endif

#endif							/* AGRIRISK_TEST_QUAD_H */
