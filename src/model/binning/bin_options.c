/*
 * bin_options.c
 *		Options of the search for a binning, as binning_options makes them.
 */
#include "postgres.h"

#include "agririsk.h"
#include "model/binning/bin_options.h"

#include <math.h>

#include "model/binning/binning.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"

static const char option_keys[] =
"max_bins, min_bins, min_bin_share, max_bin_share, min_bads, min_goods, trend, min_rate_gap, "
"candidates, special, missing, unseen, round_cuts";

const char *const bins_trend_words[] = {"none", "ascending", "descending", "peak", "valley", "auto", NULL};

static double
read_option(JsonReader *r, JsonbContainer *options, const char *key, double standard,
			double least, double most, bool whole)
{
	JsonbValue *value = json_get_field(options, key);
	int			mark = json_enter_key(r, key);
	double		x = standard;

	if (value != NULL)
	{
		x = json_read_number(r, value);
		if (x < least || x > most || (whole && x != floor(x)))
			json_refuse(r, value, "out of range",
						psprintf("Give a %snumber from %.15g to %.15g; the default is %.15g.",
								 whole ? "whole " : "", least, most, standard));
	}
	json_leave(r, mark);
	return x;
}

static int64
to_units(double share)
{
	return (int64) (share * BIN_SHARE_UNITS + 0.5);
}

static int
compare_doubles(const void *a, const void *b)
{
	double		left = *(const double *) a;
	double		right = *(const double *) b;

	return (left > right) - (left < right);
}

static void
read_specials(JsonReader *r, JsonbContainer *root, BinsOptions *options, MemoryContext context)
{
	JsonbValue *value = json_get_field(root, "special");
	int			mark = json_enter_key(r, "special");
	uint32		n = 0;
	uint32		i;

	options->n_specials = 0;
	options->special = NULL;
	if (value != NULL)
	{
		JsonbContainer *array = json_read_array(r, value, &n);

		options->special = MemoryContextAllocHuge(context, Max(n, 1) * sizeof(double));
		for (i = 0; i < n; i++)
		{
			int			item = json_enter_item(r, i);

			options->special[i] = json_read_number(r, getIthJsonbValueFromContainer(array, i));
			json_leave(r, item);
		}
		qsort(options->special, n, sizeof(double), compare_doubles);
		for (i = 0; i < n; i++)
			if (i == 0 || options->special[i] > options->special[i - 1])
				options->special[options->n_specials++] = options->special[i];
	}
	json_leave(r, mark);
}

void
bins_read_options_at(BinsOptions *options, JsonReader *r, JsonbValue *value, MemoryContext context)
{
	JsonbContainer *root = json_read_object(r, value, option_keys);
	BinLimits  *limits = &options->limits;

	limits->max_bins = (int64) read_option(r, root, "max_bins", 8, 0, BIN_MAX_LIMIT, true);
	limits->min_bins = (int64) read_option(r, root, "min_bins", 1, 1, BIN_MAX_LIMIT, true);
	limits->min_share = to_units(read_option(r, root, "min_bin_share", 0.01, 0, 1, false));
	limits->max_share = to_units(read_option(r, root, "max_bin_share", 1, 0, 1, false));
	limits->min_bads = (int64) read_option(r, root, "min_bads", 10, 1, TALLY_MAX_TOTAL, true);
	limits->min_goods = (int64) read_option(r, root, "min_goods", 10, 1, TALLY_MAX_TOTAL, true);
	limits->min_gap = to_units(read_option(r, root, "min_rate_gap", 0, 0, 1, false));
	options->candidates = (int32) read_option(r, root, "candidates", 200, 2, BIN_MAX_CELLS, true);
	options->trend = (BinTrend) json_read_word_field(r, root, "trend", bins_trend_words, BIN_AUTO,
													 "Give \"auto\", \"none\", \"ascending\", \"descending\", \"peak\" or \"valley\".");
	options->missing = (BinMissing) json_read_word_field(r, root, "missing", binning_missing_words, BIN_MISSING_BIN,
														 "Give \"bin\", \"worst\", \"best\" or \"neutral\".");
	options->unseen = (CardUnseen) json_read_word_field(r, root, "unseen", binning_unseen_words, CARD_UNSEEN_AVERAGE,
														"Give \"average\", \"worst\" or \"error\".");
	read_specials(r, root, options, context);
	options->round_cuts = json_read_boolean_field(r, root, "round_cuts");
	options->level_rows = 50;
	options->level_bads = 5;
	options->level_prior = 20;
	options->prior = 0;
}

static void
count_weights(int64 *rows, double unit)
{
	*rows = (int64) Min(rint(*rows / unit), (double) TALLY_MAX_TOTAL);
}

void
bins_set_fit(BinsOptions *options, double unit)
{
	count_weights(&options->limits.min_bads, unit);
	count_weights(&options->limits.min_goods, unit);
	count_weights(&options->level_rows, unit);
	count_weights(&options->level_bads, unit);
	count_weights(&options->level_prior, unit);
	options->prior = BIN_PRIOR / unit;
}

void
bins_read_options(BinsOptions *options, Jsonb *given, MemoryContext context)
{
	JsonReader	reader;
	JsonbValue	document;

	if (given == NULL)
		given = DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum("{}")));
	json_open(&reader, "binning options", ERRCODE_INVALID_PARAMETER_VALUE, CurrentMemoryContext);
	json_document(given, &document);
	bins_read_options_at(options, &reader, &document, context);
}

void
bins_check_kind(const BinsOptions *options, CardKind kind)
{
	if (kind == CARD_NUMBER && options->unseen != CARD_UNSEEN_AVERAGE)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("numbers cannot be unseen"),
				 errdetail("The option unseen is \"%s\".", binning_unseen_words[options->unseen]),
				 errhint("Leave unseen out, or cast the values to text if they are categories.")));
	if (kind == CARD_CATEGORY && options->n_specials > 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("categories have no special values"),
				 errdetail("The option special has %u.", options->n_specials),
				 errhint("Leave special out, or cast the values to double precision if they are numbers.")));
}

AGR_FUNCTION(agririsk_binning_check);
Datum
agririsk_binning_check(PG_FUNCTION_ARGS)
{
	BinsOptions options;

	bins_read_options(&options, PG_GETARG_JSONB_P(0), CurrentMemoryContext);
	PG_RETURN_DATUM(PG_GETARG_DATUM(0));
}
