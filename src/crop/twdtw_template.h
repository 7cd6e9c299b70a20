/*
 * twdtw_template.h
 *		The closed symmetric2 warping of several patterns at once, in vectors of
 *		VECTOR_WIDTH doubles. Included by twdtw_math.c once for each width.
 */

/* How many vectors hold all lanes. */
#define VECTORS		(TWDTW_LANES / VECTOR_WIDTH)

/* The numbers of bands and vectors are constants where the caller's are: then their loops are unrolled. */
static ALWAYS_INLINE VECTOR_TARGET void
VECTOR_NAME(warp) (const TwdtwSeries *patterns, const TwdtwSeries *series, const double *weigh, double *costs,
				   int bands, int vectors)
{
	int			m = series->length;
	int			i,
				j,
				k,
				b;

	for (j = 0; j < m * TWDTW_LANES; j++)
		costs[j] = INFINITY;
	for (i = 0; i < patterns->length; i++)
	{
		const double *row = patterns->values + (size_t) i * bands * TWDTW_LANES;
		VECTOR		corner[VECTORS];
		VECTOR		left[VECTORS];

		for (k = 0; k < vectors; k++)
			corner[k] = left[k] = vector_of(INFINITY);
		for (j = 0; j < m; j++)
		{
			const double *observation = series->values + (size_t) j * bands;
			double	   *above = costs + (size_t) j * TWDTW_LANES;
			VECTOR		weight = vector_of(*weigh++);

			for (k = 0; k < vectors; k++)
			{
				const double *point = row + k * VECTOR_WIDTH;
				VECTOR		cost = vector_subtract(vector_load(point), vector_of(observation[0]));
				VECTOR		up = vector_load(above + k * VECTOR_WIDTH);
				VECTOR		least = vector_least(up, left[k]);

				if (bands == 1)
					cost = vector_magnitude(cost);
				else
				{
					cost = vector_multiply(cost, cost);
					for (b = 1; b < bands; b++)
					{
						VECTOR		difference = vector_subtract(vector_load(point + b * TWDTW_LANES),
																 vector_of(observation[b]));

						cost = vector_add(cost, vector_multiply(difference, difference));
					}
					cost = vector_root(cost);
				}
				cost = vector_add(cost, weight);
				if (i == 0 && j == 0)
					least = vector_of(0);
				least = vector_add(least, cost);
				left[k] = vector_least(least, vector_add(corner[k], vector_add(cost, cost)));
				corner[k] = up;
				vector_store(above + k * VECTOR_WIDTH, left[k]);
			}
		}
	}
}

static VECTOR_TARGET void
VECTOR_NAME(distances) (const TwdtwSeries *patterns, int n, const TwdtwSeries *series, const double *weigh,
						double *costs)
{
	int			bands = series->bands;

	if (n > VECTOR_WIDTH && bands == 1)
		VECTOR_NAME(warp) (patterns, series, weigh, costs, 1, VECTORS);
	else if (n > VECTOR_WIDTH && bands == 4)
		VECTOR_NAME(warp) (patterns, series, weigh, costs, 4, VECTORS);
	else if (n > VECTOR_WIDTH)
		VECTOR_NAME(warp) (patterns, series, weigh, costs, bands, VECTORS);
	else if (bands == 1)
		VECTOR_NAME(warp) (patterns, series, weigh, costs, 1, 1);
	else if (bands == 4)
		VECTOR_NAME(warp) (patterns, series, weigh, costs, 4, 1);
	else
		VECTOR_NAME(warp) (patterns, series, weigh, costs, bands, 1);
}

#undef VECTORS
#undef VECTOR
#undef VECTOR_WIDTH
#undef VECTOR_TARGET
#undef VECTOR_NAME
#undef vector_load
#undef vector_store
#undef vector_of
#undef vector_add
#undef vector_subtract
#undef vector_multiply
#undef vector_least
#undef vector_root
#undef vector_magnitude
