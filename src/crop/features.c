/*
 * features.c
 *		harmonics and features of a vegetation series.
 */
#include "postgres.h"

#include "agririsk.h"
#include "crop/vegetation.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"

#include "core/math/elementary_math.h"
#include "core/sql/record.h"
#include "core/sql/show.h"
#include "crop/features_math.h"

#define TWO_PI 6.283185307179586

static void
check_harmonics(int k, double period)
{
	if (k < 1 || k > HARMONICS_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("number of harmonics must be 1 to %d", HARMONICS_MAX),
				 errdetail("The number is %d.", k),
				 errhint("One harmonic is a yearly wave. Two harmonics tell one season from two.")));
	if (!(period >= 2 && period <= 36525))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("period of harmonics must be 2 to 36525 days"),
				 errdetail("The period is %s.", agr_show_number(period)),
				 errhint("The default is a year of 365.25 days.")));
}

/* A wave: its amplitude, and the first day from the origin on which it is highest. */
static void
put_harmonic(Tuplestorestate *rows, TupleDesc columns, int h, double cosine, double sine, double period)
{
	double		turn = agr_atan2(sine, cosine) / TWO_PI;
	Datum		values[5];
	bool		nulls[5] = {false};

	values[0] = Int32GetDatum(h);
	values[1] = Float8GetDatum(cosine);
	values[2] = Float8GetDatum(sine);
	values[3] = Float8GetDatum(h == 0 ? cosine : sqrt(cosine * cosine + sine * sine));
	values[4] = Float8GetDatum((turn < 0 ? turn + 1 : turn) * period / Max(h, 1));
	nulls[2] = nulls[4] = h == 0;
	tuplestore_putvalues(rows, columns, values, nulls);
}

AGR_FUNCTION(agririsk_vegetation_harmonics);
Datum
agririsk_vegetation_harmonics(PG_FUNCTION_ARGS)
{
	TupleDesc	columns;
	Tuplestorestate *rows = agr_begin_rows(fcinfo, work_mem, &columns);
	int			k = PG_GETARG_INT32(1);
	double		period = PG_GETARG_FLOAT8(2);
	int			number = PG_GETARG_INT32(3);
	Vegetation	v = vegetation_read(PG_GETARG_VARLENA_PP(0), Max(number, 1));
	const float *band = vegetation_band(&v.series, number);
	double	   *value = palloc(v.series.n * sizeof(double) + 1);
	double		coefficient[HARMONICS_MAX_TERMS];
	int			i;

	check_harmonics(k, period);
	for (i = 0; i < v.series.n; i++)
		value[i] = band[i];
	if (!harmonics_fit(v.series.day, value, v.series.n, k, period, 0, coefficient))
		return (Datum) 0;
	for (i = 0; i <= k; i++)
		put_harmonic(rows, columns, i, coefficient[i == 0 ? 0 : 2 * i - 1], i == 0 ? 0 : coefficient[2 * i], period);
	return (Datum) 0;
}

static void
check_step(int step_days)
{
	if (step_days < 1 || step_days > FEATURES_MAX_STEP)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("step_days of features must be 1 to %d", FEATURES_MAX_STEP),
				 errdetail("step_days is %d.", step_days),
				 errhint("Give the days between two observations of the sensor, such as 16.")));
}

static bool
is_seen(const Series *s, int32 from)
{
	int			i;

	for (i = 0; i < s->n; i++)
		if (s->day[i] >= from && s->day[i] < (int64) from + FEATURES_YEAR)
			return true;
	return false;
}

AGR_FUNCTION(agririsk_vegetation_features);
Datum
agririsk_vegetation_features(PG_FUNCTION_ARGS)
{
	Vegetation	v = vegetation_read(PG_GETARG_VARLENA_PP(0), 0);
	int32		from = PG_GETARG_DATEADT(1);
	int			step_days = PG_GETARG_INT32(2);
	int			count;
	double	   *feature;
	Datum	   *element;
	int			band;
	int			i;

	check_step(step_days);
	vegetation_check_day(from);
	if (!is_seen(&v.series, from))
		PG_RETURN_NULL();
	count = features_count(step_days);
	feature = palloc(count * sizeof(double));
	element = palloc((Size) count * v.series.n_bands * sizeof(Datum));
	for (band = 0; band < v.series.n_bands; band++)
	{
		CHECK_FOR_INTERRUPTS();
		features_of_band(v.series.day, series_band(&v.series, band), v.series.n, from, step_days, feature);
		for (i = 0; i < count; i++)
			element[(Size) band * count + i] = Float8GetDatum(feature[i]);
	}
	PG_RETURN_ARRAYTYPE_P(construct_array(element, count * v.series.n_bands, FLOAT8OID, sizeof(float8),
										  FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

static char *
name_of(int feature, int step_days)
{
	static const char *const of_window[FEATURES_WINDOW] = {"least", "mean", "greatest"};
	static const char *const of_all[FEATURES_WHOLE] = {"sd", "day of greatest", "day of least"};
	int			at = feature;

	if (at < features_grid(step_days))
		return psprintf("day %d", at * step_days);
	at -= features_grid(step_days);
	if (at == 0)
		return pstrdup("mean");
	if (at <= 2 * FEATURES_HARMONICS)
		return psprintf("%s %d", at % 2 == 1 ? "cosine" : "sine", (at + 1) / 2);
	at -= 1 + 2 * FEATURES_HARMONICS;
	if (at < FEATURES_WINDOWS * FEATURES_WINDOW)
		return psprintf("quarter %d %s", at / FEATURES_WINDOW + 1, of_window[at % FEATURES_WINDOW]);
	return pstrdup(of_all[at - FEATURES_WINDOWS * FEATURES_WINDOW]);
}

AGR_FUNCTION(agririsk_vegetation_feature_names);
Datum
agririsk_vegetation_feature_names(PG_FUNCTION_ARGS)
{
	int			n_bands = PG_GETARG_INT32(0);
	int			step_days = PG_GETARG_INT32(1);
	int			count;
	Datum	   *element;
	int			i;

	check_step(step_days);
	if (n_bands < 1 || n_bands > VEGETATION_MAX_BANDS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("number of bands must be 1 to %d", VEGETATION_MAX_BANDS),
				 errdetail("The number is %d.", n_bands),
				 errhint("Give n_bands(v).")));
	count = features_count(step_days);
	element = palloc((Size) count * n_bands * sizeof(Datum));
	for (i = 0; i < count * n_bands; i++)
		element[i] = CStringGetTextDatum(psprintf("band %d %s", i / count + 1, name_of(i % count, step_days)));
	PG_RETURN_ARRAYTYPE_P(construct_array(element, count * n_bands, TEXTOID, -1, false, TYPALIGN_INT));
}
