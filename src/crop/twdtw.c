/*
 * twdtw.c
 *		twdtw and twdtw_match: the distance of a series to a pattern.
 */
#include "postgres.h"

#include "agririsk.h"
#include "crop/twdtw_math.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/date.h"

#include "core/sql/json_read.h"
#include "core/sql/record.h"
#include "crop/classify_math.h"
#include "crop/vegetation.h"

/* So many pairs of a pattern's and a series' dates take a gigabyte of weights. */
#define MOST_PAIRS		100000000

static const char *const step_words[] = {"symmetric1", "symmetric2", NULL};
static const char *const alignment_words[] = {"open", "closed", NULL};

/* A call site: the options of the row before. */
typedef struct TwdtwSite
{
	Jsonb	   *given;			/* NULL: the defaults */
	bool		ready;
	TwdtwWeights weights;
	TwdtwStep	step;
	bool		open;
} TwdtwSite;

static double
read_number(JsonReader *r, JsonbContainer *root, const char *key, double standard, double least, double most)
{
	JsonbValue *value = json_get_field(root, key);
	int			mark = json_enter_key(r, key);
	double		x = value ? json_read_number(r, value) : standard;

	if (x < least || x > most)
		json_refuse(r, value, "out of range",
					psprintf("Give a number from %.15g to %.15g; the default is %.15g.", least, most, standard));
	json_leave(r, mark);
	return x;
}

static void
read_options(TwdtwSite *site, Jsonb *given)
{
	JsonReader	r;
	JsonbValue	document;
	JsonbContainer *root;
	double		alpha;
	double		beta;

	if (given == NULL)
		given = DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum("{}")));
	json_document(given, &document);
	json_open(&r, "twdtw options", ERRCODE_INVALID_PARAMETER_VALUE, CurrentMemoryContext);
	root = json_read_object(&r, &document, "alpha, beta, step, alignment");
	alpha = read_number(&r, root, "alpha", -0.1, -10, 0);
	beta = read_number(&r, root, "beta", 50, 0, 366);
	site->step = json_read_word_field(&r, root, "step", step_words, TWDTW_SYMMETRIC1, "Give symmetric1 or symmetric2.");
	site->open = json_read_word_field(&r, root, "alignment", alignment_words, 0, "Give open or closed.") == 0;
	twdtw_weights(&site->weights, alpha, beta);
}

AGR_FUNCTION(agririsk_twdtw_check);
Datum
agririsk_twdtw_check(PG_FUNCTION_ARGS)
{
	TwdtwSite	site;

	read_options(&site, PG_GETARG_JSONB_P(0));
	PG_RETURN_DATUM(PG_GETARG_DATUM(0));
}

static TwdtwSite *
find_site(FunctionCallInfo fcinfo)
{
	TwdtwSite  *site = fcinfo->flinfo->fn_extra;
	Jsonb	   *given = PG_ARGISNULL(2) ? NULL : PG_GETARG_JSONB_P(2);

	if (site == NULL)
		site = fcinfo->flinfo->fn_extra = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof *site);
	if (!site->ready || (given == NULL) != (site->given == NULL) ||
		(given && (VARSIZE(given) != VARSIZE(site->given) || memcmp(given, site->given, VARSIZE(given)) != 0)))
	{
		site->ready = false;
		read_options(site, given);
		site->given = NULL;
		if (given)
		{
			site->given = MemoryContextAlloc(fcinfo->flinfo->fn_mcxt, VARSIZE(given));
			memcpy(site->given, given, VARSIZE(given));
		}
		site->ready = true;
	}
	return site;
}

/* A series as the kernel takes it: days of the year, the bands of a date together. */
static TwdtwSeries
turn_series(const Series *s)
{
	int16_t    *days = palloc(s->n * sizeof(int16_t));
	double	   *values = palloc((Size) s->n * s->n_bands * sizeof(double));
	int			i,
				j;

	for (i = 0; i < s->n; i++)
	{
		days[i] = (int16_t) crop_day_of_year(s->day[i]);
		for (j = 0; j < s->n_bands; j++)
			values[i * s->n_bands + j] = series_band(s, j)[i];
	}
	return (TwdtwSeries) {s->n, s->n_bands, days, values};
}

/* False where there is no distance: one of the two has no dates. */
static bool
match(FunctionCallInfo fcinfo, TwdtwMatch *best, Series *observed)
{
	TwdtwSite  *site;
	Series		pattern;
	TwdtwSeries p;
	TwdtwSeries s;
	double	   *weigh;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		return false;
	site = find_site(fcinfo);
	*observed = vegetation_read(PG_GETARG_VARLENA_PP(0), 0).series;
	pattern = vegetation_read(PG_GETARG_VARLENA_PP(1), 0).series;
	if (observed->n == 0 || pattern.n == 0)
		return false;
	if (observed->n_bands != pattern.n_bands)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("series and pattern have different bands"),
				 errdetail("The series has %d bands, the pattern %d.", observed->n_bands, pattern.n_bands),
				 errhint("Aggregate both from the same bands, in the same order.")));
	if ((int64) observed->n * pattern.n > MOST_PAIRS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("series and pattern are too long to compare"),
				 errdetail("They have %d and %d dates.", observed->n, pattern.n),
				 errhint("Clip the series to a season.")));
	CHECK_FOR_INTERRUPTS();
	p = turn_series(&pattern);
	s = turn_series(observed);
	weigh = palloc((Size) p.length * s.length * sizeof(double));
	twdtw_weigh(&site->weights, p.days, p.length, s.days, s.length, weigh);
	*best = twdtw_match(&p, &s, weigh, site->step, site->open, palloc(s.length * sizeof(double)),
						palloc(s.length * sizeof(int)));
	return true;
}

AGR_FUNCTION(agririsk_twdtw);
Datum
agririsk_twdtw(PG_FUNCTION_ARGS)
{
	TwdtwMatch	best;
	Series		series;

	if (!match(fcinfo, &best, &series))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(best.distance);
}

AGR_FUNCTION(agririsk_twdtw_match);
Datum
agririsk_twdtw_match(PG_FUNCTION_ARGS)
{
	TwdtwMatch	best;
	Series		series;
	Datum		values[3];
	bool		nulls[3] = {false};

	if (!match(fcinfo, &best, &series))
		PG_RETURN_NULL();
	values[0] = Float8GetDatum(best.distance);
	values[1] = DateADTGetDatum(series.day[best.start]);
	values[2] = DateADTGetDatum(series.day[best.end]);
	return agr_make_row(fcinfo, values, nulls);
}
