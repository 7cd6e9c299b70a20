/*
 * smooth.c
 *		smooth: Whittaker's smoother of a vegetation series.
 */
#include "postgres.h"

#include "agririsk.h"
#include "crop/smooth.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/builtins.h"

#include "core/sql/show.h"

#define MIN_LAMBDA	1e-3
#define MAX_LAMBDA	1e6

void
smooth_check_lambda(double lambda)
{
	if (!(lambda >= MIN_LAMBDA && lambda <= MAX_LAMBDA))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("lambda is out of range"),
				 errdetail("lambda is %s.", agr_show_number(lambda)),
				 errhint("Give a number from 0.001, which hardly smooths, to 1000000, which is nearly a line; 10 is usual. gcv_lambda(v) chooses one.")));
}

Smoother *
smoother_of(FunctionCallInfo fcinfo)
{
	Smoother   *smoother = fcinfo->flinfo->fn_extra;

	if (smoother == NULL)
	{
		smoother = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof *smoother);
		smoother->context = fcinfo->flinfo->fn_mcxt;
		fcinfo->flinfo->fn_extra = smoother;
	}
	return smoother;
}

static bool
is_prepared(const Smoother *smoother, const Series *s, double lambda, bool daily)
{
	int			i;

	if (smoother->n != s->n || smoother->lambda != lambda || smoother->daily != daily)
		return false;
	for (i = 0; i < s->n; i++)
		if (smoother->step[i] != s->day[i] - s->day[0])
			return false;
	return true;
}

static void
forget(Smoother *smoother)
{
	if (smoother->n == 0)
		return;
	smoother->n = 0;
	pfree(smoother->step);
	pfree(smoother->row);
	if (smoother->weight)
		pfree(smoother->weight);
}

static void
check_days(const Series *s)
{
	if (s->day[s->n - 1] - s->day[0] >= SMOOTH_MAX_DAYS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("vegetation series is too long for a daily curve"),
				 errdetail("It goes from %s to %s. At most %d days are allowed.", vegetation_show_day(s->day[0]),
						   vegetation_show_day(s->day[s->n - 1]), SMOOTH_MAX_DAYS),
				 errhint("Take a part of it with clip(v, from_date, to_date).")));
}

void
smoother_prepare(Smoother *smoother, const Series *s, double lambda, bool daily)
{
	int			i;

	if (is_prepared(smoother, s, lambda, daily))
		return;
	forget(smoother);
	if (s->n == 0)
		return;
	if (daily)
		check_days(s);
	smoother->n_points = daily ? s->day[s->n - 1] - s->day[0] + 1 : s->n;
	smoother->step = MemoryContextAlloc(smoother->context, s->n * sizeof(int32));
	smoother->row = MemoryContextAlloc(smoother->context, smoother->n_points * sizeof(SmoothRow));
	smoother->weight = daily ? MemoryContextAllocZero(smoother->context, smoother->n_points * sizeof(double)) : NULL;
	for (i = 0; i < s->n; i++)
	{
		smoother->step[i] = s->day[i] - s->day[0];
		if (daily)
			smoother->weight[smoother->step[i]] = 1;
	}
	smooth_factor(smoother->row, smoother->n_points, daily ? NULL : smoother->step, smoother->weight,
				  daily ? SMOOTH_DAILY(lambda) : lambda);
	smoother->n = s->n;
	smoother->lambda = lambda;
	smoother->daily = daily;
}

double *
smoother_curve(const Smoother *smoother, const float *band, double expectile)
{
	int			n = smoother->n_points;
	double	   *z = palloc0(n * sizeof(double));
	double	   *y;
	double	   *room;
	SmoothRow  *row;
	int			i;

	for (i = 0; i < smoother->n; i++)
		z[smoother->daily ? smoother->step[i] : i] = band[i];
	if (expectile == 0.5)
	{
		smooth_solve(smoother->row, n, z);
		return z;
	}
	y = palloc(n * sizeof(double));
	memcpy(y, z, n * sizeof(double));
	room = palloc(n * sizeof(double));
	row = palloc(n * sizeof(SmoothRow));
	smooth_expectile(row, n, smoother->daily ? NULL : smoother->step, smoother->weight, y,
					 smoother->daily ? SMOOTH_DAILY(smoother->lambda) : smoother->lambda, expectile, room, z);
	pfree(y);
	pfree(room);
	pfree(row);
	return z;
}

/* A curve as it is stored. A real is large enough: the curve lies near the values. */
static void
store_curve(const double *z, int step, int n, float *value)
{
	int			i;

	for (i = 0; i < n; i++)
		value[i] = (float) z[(Size) i * step] + 0.0f;
}

AGR_FUNCTION(agririsk_vegetation_smooth);
Datum
agririsk_vegetation_smooth(PG_FUNCTION_ARGS)
{
	Vegetation	v;
	double		lambda;
	int			step;
	double		expectile;
	Smoother   *smoother;
	int32	   *day;
	float	   *value;
	int			n;
	int			band;
	int			i;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(3))
		PG_RETURN_NULL();
	v = vegetation_read(PG_GETARG_VARLENA_PP(0), 0);
	lambda = PG_GETARG_FLOAT8(1);
	step = PG_ARGISNULL(2) ? 0 : PG_GETARG_INT32(2);
	expectile = PG_GETARG_FLOAT8(3);
	smooth_check_lambda(lambda);
	if (!PG_ARGISNULL(2) && (step < 1 || step > 366))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("step_days must be 1 to 366"),
				 errdetail("step_days is %d.", step),
				 errhint("Give the days between two points of the curve, or NULL for the dates of the observations.")));
	if (!(expectile > 0 && expectile < 1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("expectile must lie between 0 and 1"),
				 errdetail("The expectile is %s.", agr_show_number(expectile)),
				 errhint("Give 0.5 for the mean curve, or 0.9 for one that follows the upper values, which clouds leave alone.")));
	if (v.series.n == 0)
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));

	smoother = smoother_of(fcinfo);
	smoother_prepare(smoother, &v.series, lambda, step > 0);
	n = step > 0 ? (smoother->n_points - 1) / step + 1 : v.series.n;
	day = palloc(n * sizeof(int32));
	value = palloc((Size) n * v.series.n_bands * sizeof(float));
	for (i = 0; i < n; i++)
		day[i] = step > 0 ? v.series.day[0] + i * step : v.series.day[i];
	for (band = 0; band < v.series.n_bands; band++)
	{
		double	   *z = smoother_curve(smoother, series_band(&v.series, band), expectile);

		CHECK_FOR_INTERRUPTS();
		store_curve(z, Max(step, 1), n, value + (Size) band * n);
		pfree(z);
	}
	v.series.n = n;
	v.series.day = day;
	v.series.value = value;
	PG_RETURN_POINTER(vegetation_make(&v));
}

AGR_FUNCTION(agririsk_vegetation_gcv_lambda);
Datum
agririsk_vegetation_gcv_lambda(PG_FUNCTION_ARGS)
{
	int			band = PG_GETARG_INT32(1);
	Vegetation	v = vegetation_read(PG_GETARG_VARLENA_PP(0), Max(band, 1));
	const float *value = vegetation_band(&v.series, band);
	SmoothRow  *row = palloc(v.series.n * sizeof(SmoothRow) + 1);
	double	   *y = palloc(v.series.n * sizeof(double) + 1);
	double	   *z = palloc(v.series.n * sizeof(double) + 1);
	double		lambda;
	int			i;

	for (i = 0; i < v.series.n; i++)
		y[i] = value[i];
	lambda = smooth_gcv(row, v.series.n, v.series.day, NULL, y, z);
	if (isnan(lambda))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(lambda);
}
