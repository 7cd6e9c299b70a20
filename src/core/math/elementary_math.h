/*
 * elementary_math.h
 *		Elementary functions that give the same bits on every machine. Pure C.
 *
 * A C library picks its exp() and log() by CPU, so a stored score could differ
 * between a primary and its replica. These use IEEE 754 addition,
 * multiplication, division and nothing else; the error is below 0.6 units in
 * the last place for agr_exp and agr_log, below 1 for agr_sin and agr_cos, below
 * 2 for agr_atan2 (measured by test/unit/elementary_test.c).
 */
#ifndef AGRIRISK_ELEMENTARY_MATH_H
#define AGRIRISK_ELEMENTARY_MATH_H

/* e^x; 0 below the range, +Infinity above it. */
extern double agr_exp(double x);

/* Natural logarithm; -Infinity at 0, NaN below. */
extern double agr_log(double x);

/* The angle of (x, y) in (-pi, pi]; 0 for (0, 0). Finite arguments. */
extern double agr_atan2(double y, double x);

/* Of an angle within 10^6 in magnitude, in radians; NaN beyond. */
extern double agr_sin(double x);
extern double agr_cos(double x);

#endif							/* AGRIRISK_ELEMENTARY_MATH_H */
