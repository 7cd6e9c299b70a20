/*
 * tap.h
 *		What every unit test needs: TAP lines and reproducible random numbers.
 *		The functions are inline so that no test must use them all.
 */
#ifndef AGRIRISK_TEST_TAP_H
#define AGRIRISK_TEST_TAP_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

static int	tests = 0;
static int	failures = 0;

static inline void
ok(bool good, const char *what)
{
	tests++;
	failures += !good;
	printf("%sok %d - %s\n", good ? "" : "not ", tests, what);
}

/* With the figure that decides it. */
static inline void
ok_figure(bool good, const char *what, double figure)
{
	char		line[200];

	snprintf(line, sizeof line, "%s (%.3g)", what, figure);
	ok(good, line);
}

/* Prints the plan; the program's exit code. */
static inline int
done_testing(void)
{
	printf("1..%d\n", tests);
	return failures != 0;
}

static uint64_t seed = 42;

/* Xorshift (Marsaglia 2003). */
static inline uint64_t
next_bits(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

static inline int64_t
below(int64_t limit)
{
	return (int64_t) (next_bits() % (uint64_t) limit);
}

static inline double
uniform(double low, double high)
{
	return low + (high - low) * (double) (next_bits() >> 11) * 0x1p-53;
}

/*
 * A random place. Drawn here and not where a function is called with both,
 * because C leaves open which of a call's arguments comes first.
 */
typedef struct Place
{
	double		x;
	double		y;
} Place;

static inline Place
place_within(double low_x, double high_x, double low_y, double high_y)
{
	double		y = uniform(low_y, high_y);
	double		x = uniform(low_x, high_x);

	return (Place) {x, y};
}

/* On a grid, from 0. */
static inline Place
place_below(int64_t limit)
{
	int64_t		y = below(limit);
	int64_t		x = below(limit);

	return (Place) {(double) x, (double) y};
}

#endif							/* AGRIRISK_TEST_TAP_H */
