/*
 * zonal_options.c
 *		The options of zonal_means.
 */
#include "postgres.h"

#include "agririsk.h"
#include "core/sql/json_read.h"
#include "crop/zonal_options.h"

#include <math.h>

#include "utils/builtins.h"

#define MAX_BAND 65535

static const char option_keys[] = "bands, mask_band, mask_values, min_coverage, scale";

static int
read_band(JsonReader *r, JsonbValue *value)
{
	double		band = json_read_number(r, value);

	if (!(band >= 1 && band <= MAX_BAND && band == floor(band)))
		json_refuse(r, value, "not the number of a band", "Bands are numbered from 1.");
	return (int) band;
}

static void
read_bands(JsonReader *r, JsonbContainer *root, ZonalOptions *options)
{
	JsonbValue *value = json_get_field(root, "bands");
	int			mark = json_enter_key(r, "bands");
	JsonbContainer *list;
	uint32		i;

	if (value != NULL)
	{
		list = json_read_array(r, value, &options->bands);
		if (options->bands == 0)
			json_refuse(r, value, "empty", "Give the numbers of the bands, such as '{1,2}', or leave bands out for all.");
		options->band = palloc(options->bands * sizeof(int));
		for (i = 0; i < options->bands; i++)
		{
			int			item = json_enter_item(r, i);

			options->band[i] = read_band(r, getIthJsonbValueFromContainer(list, i));
			json_leave(r, item);
		}
	}
	json_leave(r, mark);
}

static void
read_mask_values(JsonReader *r, JsonbContainer *root, ZonalOptions *options)
{
	JsonbValue *value = json_get_field(root, "mask_values");
	int			mark = json_enter_key(r, "mask_values");
	JsonbContainer *list;
	uint32		i;

	if (value != NULL)
	{
		list = json_read_array(r, value, &options->mask_values);
		options->mask_value = palloc(options->mask_values * sizeof(double) + 1);
		for (i = 0; i < options->mask_values; i++)
		{
			int			item = json_enter_item(r, i);

			options->mask_value[i] = json_read_number(r, getIthJsonbValueFromContainer(list, i));
			json_leave(r, item);
		}
	}
	json_leave(r, mark);
}

static void
read_mask_band(JsonReader *r, JsonbContainer *root, ZonalOptions *options)
{
	JsonbValue *value = json_get_field(root, "mask_band");
	int			mark = json_enter_key(r, "mask_band");

	if (value != NULL)
	{
		options->mask_band = read_band(r, value);
		if (options->mask_values == 0)
			json_refuse(r, value, "given without mask_values",
						"Give the values that mean cloud, shadow or snow: mask_values => '{1}'.");
	}
	json_leave(r, mark);
}

static double
read_number(JsonReader *r, JsonbContainer *root, const char *key, double standard, double most, const char *hint)
{
	JsonbValue *value = json_get_field(root, key);
	int			mark = json_enter_key(r, key);
	double		x = standard;

	if (value != NULL)
	{
		x = json_read_number(r, value);
		if (!(x >= 0 && x <= most && (standard == 0 || x > 0)))
			json_refuse(r, value, "out of range", hint);
	}
	json_leave(r, mark);
	return x;
}

ZonalOptions
zonal_read_options(Jsonb *given)
{
	ZonalOptions options = {0};
	JsonReader	reader;
	JsonbValue	document;
	JsonbContainer *root;

	if (given == NULL)
		given = DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum("{}")));
	json_open(&reader, "zonal options", ERRCODE_INVALID_PARAMETER_VALUE, CurrentMemoryContext);
	json_document(given, &document);
	root = json_read_object(&reader, &document, option_keys);
	read_bands(&reader, root, &options);
	read_mask_values(&reader, root, &options);
	read_mask_band(&reader, root, &options);
	options.min_coverage = read_number(&reader, root, "min_coverage", 0, 1,
									   "Give the least share of a pixel's area in the plot, from 0 to 1. The default is 0.");
	options.scale = read_number(&reader, root, "scale", 1, 1e15,
								"Give what pixels are divided by, such as 10000 where NDVI is stored times 10,000. The default is 1.");
	return options;
}

AGR_FUNCTION(agririsk_zonal_check);
Datum
agririsk_zonal_check(PG_FUNCTION_ARGS)
{
	zonal_read_options(PG_GETARG_JSONB_P(0));
	PG_RETURN_DATUM(PG_GETARG_DATUM(0));
}
