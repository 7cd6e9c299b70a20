/*
 * phenology.c
 *		phenology: the seasons of a vegetation series.
 */
#include "postgres.h"

#include "agririsk.h"
#include "crop/smooth.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/date.h"

#include "core/sql/json_read.h"
#include "core/sql/record.h"
#include "crop/phenology_math.h"

#define SEASON_COLUMNS 17

typedef struct PhenologyOptions
{
	PhenologyLimits limits;
	double		lambda;
	int			band;
} PhenologyOptions;

static double
read_share(JsonReader *r, JsonbContainer *root, const char *key, double standard, double most, const char *hint)
{
	double		x = json_read_number_field(r, root, key, &standard);

	if (!(x >= 0 && x <= most))
	{
		(void) json_enter_key(r, key);
		json_refuse(r, json_get_field(root, key), "out of range", hint);
	}
	return x;
}

static void
read_options(PhenologyOptions *options, Jsonb *given)
{
	static const char keys[] = "lambda, min_amplitude, threshold, valley_share, band";
	const double standard_lambda = 10;
	JsonReader	r;
	JsonbValue	document;
	JsonbContainer *root;
	double		band;

	*options = (PhenologyOptions) {{.min_amplitude = 0.1, .threshold = 0.2, .valley_share = 0.25}, standard_lambda, 1};
	if (given == NULL)
		return;
	json_document(given, &document);
	json_open(&r, "phenology options", ERRCODE_INVALID_PARAMETER_VALUE, CurrentMemoryContext);
	root = json_read_object(&r, &document, keys);
	options->lambda = json_read_number_field(&r, root, "lambda", &standard_lambda);
	smooth_check_lambda(options->lambda);
	options->limits.min_amplitude = read_share(&r, root, "min_amplitude", 0.1, 1e30,
											   "Give a number from 0, in units of the band; the default is 0.1.");
	options->limits.threshold = read_share(&r, root, "threshold", 0.2, 0.49,
										   "Give a share of the amplitude above 0, up to 0.49; the default is 0.2.");
	if (options->limits.threshold == 0)
		json_refuse(&r, json_get_field(root, "threshold"), "threshold out of range",
					"Give a share of the amplitude above 0, up to 0.49; the default is 0.2.");
	options->limits.valley_share = read_share(&r, root, "valley_share", 0.25, 1,
											  "Give a share of the range of the curve, from 0 to 1; the default is 0.25.");
	band = read_share(&r, root, "band", 1, VEGETATION_MAX_BANDS, "Give the number of a band, from 1.");
	if (band != floor(band) || band < 1)
		json_refuse(&r, json_get_field(root, "band"), "not the number of a band", "Give the number of a band, from 1.");
	options->band = (int) band;
}

AGR_FUNCTION(agririsk_phenology_check);
Datum
agririsk_phenology_check(PG_FUNCTION_ARGS)
{
	PhenologyOptions options;

	read_options(&options, PG_GETARG_JSONB_P(0));
	PG_RETURN_DATUM(PG_GETARG_DATUM(0));
}

/* Observations from day to day, and the longest time without one among them. */
static void
count_observations(const Series *s, int32 from, int32 to, int *n, int *max_gap)
{
	int32		last = from;
	int			i;

	*n = 0;
	*max_gap = 0;
	for (i = 0; i < s->n && s->day[i] <= to; i++)
		if (s->day[i] >= from)
		{
			*max_gap = Max(*max_gap, s->day[i] - last);
			last = s->day[i];
			++*n;
		}
	*max_gap = Max(*max_gap, to - last);
}

static void
put_season(Tuplestorestate *rows, TupleDesc columns, const Series *s, const Season *season, int number)
{
	int32		first = s->day[0];
	Datum		values[SEASON_COLUMNS];
	bool		nulls[SEASON_COLUMNS] = {false};
	int			n;
	int			max_gap;

	count_observations(s, first + season->left, first + season->right, &n, &max_gap);
	values[0] = Int32GetDatum(number);
	values[1] = DateADTGetDatum(first + (int32) floor(season->start));
	values[2] = DateADTGetDatum(first + season->peak);
	values[3] = DateADTGetDatum(first + (int32) floor(season->end));
	values[4] = Float8GetDatum(season->end - season->start);
	values[5] = DateADTGetDatum(first + (int32) floor(season->middle));
	values[6] = Float8GetDatum(season->peak_value);
	values[7] = Float8GetDatum(season->base);
	values[8] = Float8GetDatum(season->amplitude);
	agr_set_number(values, nulls, 9, season->left_derivative);
	agr_set_number(values, nulls, 10, season->right_derivative);
	values[11] = Float8GetDatum(season->large_integral);
	values[12] = Float8GetDatum(season->small_integral);
	values[13] = DateADTGetDatum(first + season->left);
	values[14] = DateADTGetDatum(first + season->right);
	values[15] = BoolGetDatum(season->truncated);
	values[16] = Int32GetDatum(max_gap);
	tuplestore_putvalues(rows, columns, values, nulls);
}

AGR_FUNCTION(agririsk_phenology);
Datum
agririsk_phenology(PG_FUNCTION_ARGS)
{
	TupleDesc	columns;
	Tuplestorestate *rows = agr_begin_rows(fcinfo, work_mem, &columns);
	PhenologyOptions options;
	Vegetation	v;
	const float *band;
	Smoother   *smoother;
	double	   *curve;
	int		   *extreme;
	Season	   *season;
	int			found;
	int			i;

	if (PG_ARGISNULL(0))
		return (Datum) 0;
	read_options(&options, PG_ARGISNULL(1) ? NULL : PG_GETARG_JSONB_P(1));
	v = vegetation_read(PG_GETARG_VARLENA_PP(0), options.band);
	band = vegetation_band(&v.series, options.band);
	if (v.series.n < 3)
		return (Datum) 0;
	smoother = smoother_of(fcinfo);
	smoother_prepare(smoother, &v.series, options.lambda, true);
	curve = smoother_curve(smoother, band, 0.5);
	extreme = palloc(smoother->n_points * sizeof(int));
	season = palloc((smoother->n_points / 2 + 1) * sizeof(Season));
	found = phenology_find(curve, smoother->n_points, &options.limits, extreme, season);
	for (i = 0; i < found; i++)
		put_season(rows, columns, &v.series, &season[i], i + 1);
	return (Datum) 0;
}
