/*
 * exact_sum_math.c
 *		The exact sum of doubles, whatever their order. Pure C.
 */
#include "core/exact_sum_math.h"

#include <math.h>
#include <string.h>

/* a + b = *sum + *error exactly, for any finite a and b (Knuth). */
static void
two_sum(double a, double b, double *sum, double *error)
{
	double		s = a + b;
	double		b_part = s - a;
	double		a_part = s - b_part;

	*error = (a - a_part) + (b - b_part);
	*sum = s;
}

int
exact_sum_add(double *part, int n, double x)
{
	int			kept = 0;
	int			i;

	for (i = 0; i < n; i++)
	{
		double		error;

		two_sum(x, part[i], &x, &error);
		if (error != 0)
			part[kept++] = error;
	}
	if (!isfinite(x))
		return -1;
	if (x != 0)
		part[kept++] = x;
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
