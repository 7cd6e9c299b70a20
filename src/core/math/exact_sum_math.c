/*
 * exact_sum_math.c
 *		The exact sum of doubles, whatever their order. Pure C.
 */
#include "core/math/exact_sum_math.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

/* a + b = *sum + *error exactly, where nothing overflows (Knuth). */
static void
two_sum(double a, double b, double *sum, double *error)
{
	double		s = a + b;
	double		b_part = s - a;
	double		a_part = s - b_part;

	*error = (a - a_part) + (b - b_part);
	*sum = s;
}

/*
 * Grow-expansion alone keeps parts apart but not full: a part may hold a single
 * bit, and sums of numbers of wide range have been seen with 90 parts. One
 * sweep from the largest down makes each part the rounded sum of what is left
 * but for the carry from below, 53 bits under the one before (Shewchuk 1997,
 * "compress").
 */
static int
compress(double *part, int n)
{
	double		sum = part[n - 1];
	int			at = n;			/* parts from here on are finished */
	int			i;

	for (i = n - 2; i >= 0; i--)
	{
		double		error;

		two_sum(sum, part[i], &sum, &error);
		if (error != 0)
		{
			part[--at] = sum;
			sum = error;
		}
	}
	part[--at] = sum;
	memmove(part, part + at, (n - at) * sizeof(double));
	return n - at;
}

/* Is the sum of n parts within the range of exact_sum_math.h? Exactly so. */
static bool
in_range(const double *part, int n)
{
	double		top = fabs(part[n - 1]);

	/* At the edge itself the part below decides. */
	if (top == EXACT_SUM_RANGE)
		return n > 1 && (part[n - 2] < 0) != (part[n - 1] < 0);
	return top < EXACT_SUM_RANGE;
}

int
exact_sum_add(double *part, int n, double x)
{
	int			kept = 0;
	int			i;

	if (!(fabs(x) < EXACT_SUM_RANGE))
		return -1;
	for (i = 0; i < n; i++)
	{
		double		error;

		two_sum(x, part[i], &x, &error);
		if (error != 0)
			part[kept++] = error;
	}
	if (x != 0)
		part[kept++] = x;
	if (kept > 0 && !in_range(part, kept))
		return -1;
	if (kept > EXACT_SUM_PARTS)
		kept = compress(part, kept);
	return kept;
}

double
exact_sum_round(const double *part, int n)
{
	double		sum,
				error = 0;
	int			i;

	if (n == 0)
		return 0;
	sum = part[n - 1];
	for (i = n - 2; i >= 0 && error == 0; i--)
		two_sum(sum, part[i], &sum, &error);

	/*
	 * The error is what one rounding left behind. If it is exactly half a unit
	 * in the last place, the parts below decide the tie.
	 */
	if (error != 0 && i >= 0 && (error < 0) == (part[i] < 0))
	{
		double		doubled = 2 * error;
		double		shifted = sum + doubled;

		if (shifted - sum == doubled)
			sum = shifted;
	}
	return sum;
}

int
exact_sum_canonical(const double *part, int n, double *out)
{
	double		rest[EXACT_SUM_PARTS + 1];
	int			count = 0;

	memcpy(rest, part, n * sizeof(double));
	while (n > 0)
	{
		out[count] = exact_sum_round(rest, n);
		n = exact_sum_add(rest, n, -out[count]);
		count++;
	}
	return count;
}
