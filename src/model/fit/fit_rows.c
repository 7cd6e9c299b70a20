/*
 * fit_rows.c
 *		The rows that fit_scorecard is given, kept as columns.
 */
#include "postgres.h"

#include "agririsk.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "core/math/fold.h"
#include "core/sql/show.h"
#include "mb/pg_wchar.h"
#include "model/fit/fit_rows.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

/* As in optimal_bins. */
#define MOST_LEVELS			100000

const char *const fit_exclusion_words[FIT_EXCLUSIONS] = {"missing", "offset", "outcome", "row", "weight"};

/* ---------- the columns of a row type ---------- */

static bool
is_text(TextSpan text, const char *word)
{
	return text.length == strlen(word) && memcmp(text.at, word, text.length) == 0;
}

static bool
is_role(const FitOptions *options, const char *name)
{
	uint32		i;

	for (i = 0; i < options->n_consents; i++)
		if (is_text(options->consent[i], name))
			return true;
	for (i = 0; i < options->n_ignored; i++)
		if (is_text(options->ignored[i], name))
			return true;
	return is_text(options->weight, name) || is_text(options->offset, name) ||
		is_text(options->fold_key, name);
}

/* ROW(...) names its columns f1, f2 and so on. */
static void
refuse_bare_row(TupleDesc columns)
{
	int			i;

	if (columns->tdtypeid != RECORDOID || columns->natts == 0)
		return;
	for (i = 0; i < columns->natts; i++)
	{
		char		name[NAMEDATALEN];

		snprintf(name, sizeof name, "f%d", i + 1);
		if (strcmp(NameStr(TupleDescAttr(columns, i)->attname), name) != 0)
			return;
	}
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_COLUMN),
			 errmsg("the row has no column names"),
			 errdetail("Its columns are called f1, f2 and so on, as those of ROW(...)."),
			 errhint("Name the features in a subquery: FROM loan l, LATERAL (SELECT l.age, l.crop) t, and give t.")));
}

static void
refuse_type(const char *name, Oid type, const char *role, const char *wanted)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATATYPE_MISMATCH),
			 errmsg("column \"%s\" of type %s cannot be used as %s", name, format_type_be(type), role),
			 errdetail("%s", wanted),
			 errhint("Cast it in the query, or leave it out of the row.")));
}

static int
consent_number(const FitOptions *options, TextSpan column)
{
	uint32		i;

	for (i = 0; i < options->n_consents; i++)
		if (text_span_compare(options->consent[i], column) == 0)
			return i;
	return -1;
}

static void
init_feature(FitRows *rows, FitFeature *feature, const char *name, Oid type)
{
	const FitOptions *options = rows->options;

	feature->name = name;
	feature->value = value_kind(getBaseType(type));
	if (feature->value == VALUE_UNUSABLE)
		refuse_type(name, type, "feature",
					"A feature is a number (smallint to numeric), text, varchar, char, name, an enum or boolean.");
	feature->kind = value_is_number(feature->value) ? CARD_NUMBER : CARD_CATEGORY;
	feature->said = fit_feature_options(options, name);
	feature->binning = feature->said && feature->said->binning ? feature->said->binning : &options->binning;
	if (feature->said && feature->said->own_binning)
		bins_check_kind(feature->said->own_binning, feature->kind);
	feature->consent = feature->said && feature->said->consent.length > 0 ?
		consent_number(options, feature->said->consent) : -1;
	feature->levels = feature->kind == CARD_CATEGORY ? key_sums_create(rows->context) : NULL;
	if (feature->said && feature->said->given && feature->said->given->kind != feature->kind)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("the binning given for \"%s\" does not fit its column", name),
				 errdetail("The binning is of %s, the column is of type %s.",
						   feature->kind == CARD_NUMBER ? "categories" : "numbers", format_type_be(type)),
				 errhint("Cast the column, or bin it again.")));
}

/* What the options say of a feature that is not there was not meant so. */
static void
check_named_features(const FitRows *rows)
{
	const FitOptions *options = rows->options;
	uint32		i;
	int			f;

	for (i = 0; i < options->n_features; i++)
	{
		for (f = 0; f < rows->n_features; f++)
			if (is_text(options->feature[i].name, rows->feature[f].name))
				break;
		if (f == rows->n_features)
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_COLUMN),
					 errmsg("the row has no feature \"%.*s\"", (int) options->feature[i].name.length, options->feature[i].name.at),
					 errdetail("The options name it."),
					 errhint("Features are the columns of the row, by name, but for weight, offset, fold key and consents.")));
	}
}

/* A column to be ignored that is not there is a typing error. */
static void
check_ignored(const FitOptions *options, TupleDesc columns)
{
	uint32		i;
	int			c;

	for (i = 0; i < options->n_ignored; i++)
	{
		for (c = 0; c < columns->natts; c++)
			if (!TupleDescAttr(columns, c)->attisdropped &&
				is_text(options->ignored[i], NameStr(TupleDescAttr(columns, c)->attname)))
				break;
		if (c == columns->natts)
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_COLUMN),
					 errmsg("the row has no column \"%.*s\"", (int) options->ignored[i].length, options->ignored[i].at),
					 errdetail("The option ignore names it."),
					 errhint("Write the name as the row has it, or leave it out of the option.")));
	}
}

static char *
append_wanted(FitRows *rows, TextSpan name)
{
	char	   *copy = pnstrdup(name.at, name.length);

	rows->wanted[rows->n_wanted++] = copy;
	return copy;
}

/* A subquery may give a name twice, and then names tell nothing. */
static void
refuse_second(TupleDesc columns, int i)
{
	const char *name = NameStr(TupleDescAttr(columns, i)->attname);
	int			k;

	for (k = 0; k < i; k++)
		if (!TupleDescAttr(columns, k)->attisdropped && strcmp(NameStr(TupleDescAttr(columns, k)->attname), name) == 0)
			ereport(ERROR,
					(errcode(ERRCODE_DUPLICATE_COLUMN),
					 errmsg("the row has two columns \"%s\"", name),
					 errdetail("They are columns %d and %d.", k + 1, i + 1),
					 errhint("Features are found by their names: give one of them another.")));
}

/* Sorts the columns of the row type into features and the columns that the options name. */
static void
choose_columns(FitRows *rows, TupleDesc columns)
{
	const FitOptions *options = rows->options;
	int			i;

	rows->wanted = palloc((columns->natts + options->n_consents + 3) * sizeof(char *));
	rows->feature = palloc0(Max(columns->natts, 1) * sizeof(FitFeature));
	for (i = 0; i < columns->natts; i++)
	{
		Form_pg_attribute column = TupleDescAttr(columns, i);
		TextSpan	name = {NameStr(column->attname), strlen(NameStr(column->attname))};

		if (column->attisdropped)
			continue;
		refuse_second(columns, i);
		if (is_role(options, name.at))
			continue;
		init_feature(rows, &rows->feature[rows->n_features++], append_wanted(rows, name), column->atttypid);
	}
	if (rows->n_features == 0 || rows->n_features > CARD_MAX_FEATURES)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a card has 1 to %d features", CARD_MAX_FEATURES),
				 errdetail("The row has %d.", rows->n_features),
				 errhint("Features are the columns of the row but for weight, offset, fold key and consents.")));
	rows->n_consents = options->n_consents;
	for (i = 0; i < rows->n_consents; i++)
		append_wanted(rows, options->consent[i]);
	rows->weight_at = options->weight.length > 0 ? rows->n_wanted : -1;
	if (rows->weight_at >= 0)
		append_wanted(rows, options->weight);
	rows->offset_at = options->offset.length > 0 ? rows->n_wanted : -1;
	if (rows->offset_at >= 0)
		append_wanted(rows, options->offset);
	rows->key_at = options->fold_key.length > 0 ? rows->n_wanted : -1;
	if (rows->key_at >= 0)
		append_wanted(rows, options->fold_key);
	check_named_features(rows);
	check_ignored(options, columns);
}

/* Notes the types of the inputs, after the columns of another row type were found. */
static void
set_input_types(FitRows *rows)
{
	int			i;

	for (i = 0; i < rows->n_wanted; i++)
	{
		Oid			type = record_map_type(&rows->map, i);
		ValueKind	kind = value_kind(type);
		const char *name = rows->wanted[i];

		rows->input_kind[i] = kind;
		if (i < rows->n_features)
		{
			if (kind != rows->feature[i].value)
				refuse_type(name, type, "feature", "It had another type in a row before.");
		}
		else if (i < rows->n_features + rows->n_consents)
		{
			if (kind != VALUE_BOOL)
				refuse_type(name, type, "consent", "A consent column is boolean.");
		}
		else if (i == rows->key_at)
		{
			rows->key_is_uuid = type == UUIDOID;
			if (!rows->key_is_uuid && !value_is_category(kind))
				refuse_type(name, type, "fold key", "A fold key is a whole number, text or uuid.");
		}
		else if (!value_is_number(kind))
			refuse_type(name, type, i == rows->weight_at ? "weight" : "offset", "It is a number.");
	}
}

FitLayout
fit_layout(const FitRows *rows, int first)
{
	FitLayout	layout = {first, first + 1, -1, -1, -1, first + 2};

	if (rows->weight_at >= 0)
		layout.weight = layout.n_columns++;
	if (rows->offset_at >= 0)
		layout.offset = layout.n_columns++;
	if (rows->segments != NULL)
		layout.segment = layout.n_columns++;
	return layout;
}

static void
init_store(FitRows *rows, NodeBudget *budget, FunctionCallInfo fcinfo)
{
	uint8	   *width;
	int			i;

	rows->layout = fit_layout(rows, rows->n_features + rows->n_consents);
	width = palloc(rows->layout.n_columns);
	for (i = 0; i < rows->layout.n_columns; i++)
		width[i] = i < rows->n_features ? (rows->feature[i].kind == CARD_NUMBER ? 8 : 4) :
			i <= rows->layout.fold ? 1 : i == rows->layout.segment ? 4 : 8;
	column_store_init(&rows->store, budget, fcinfo, rows->layout.n_columns, width);
}

/* Effects of segments have variances of their own, that the data decide. */
static void
check_segment_options(const FitOptions *options, bool segmented)
{
	const char *with = options->weight_unit != 1 ? "weight_unit" : options->ridge > 0 ? "ridge" :
		options->lasso > 0 ? "lasso" : NULL;
	const char *without = options->n_parents > 0 ? "parents" : options->keep_parent ? "keep_parent" :
		!options->slopes ? "pooling" : NULL;
	const char *what = segmented ? with : without;

	if (what == NULL)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("options of fit_scorecard contradict each other"),
			 errdetail("%s does not go with%s segments.", what, segmented ? "" : "out"),
			 segmented ? errhint("Segments are pooled by variances that whole rows decide; leave it out, or fit without segments.") :
			 errhint("Give the segment of a row as the third argument: fit_scorecard(bad, t, county, options).")));
}

FitRows *
fit_rows_create(const FitOptions *options, NodeBudget *budget, FunctionCallInfo fcinfo,
				MemoryContext context, HeapTupleHeader first, bool segmented)
{
	MemoryContext caller = MemoryContextSwitchTo(context);
	FitRows    *rows = palloc0(sizeof *rows);
	TupleDesc	columns = lookup_rowtype_tupdesc_copy(HeapTupleHeaderGetTypeId(first),
													  HeapTupleHeaderGetTypMod(first));

	rows->options = options;
	rows->context = context;
	check_segment_options(options, segmented);
	if (segmented)
		rows->segments = key_sums_create(context);
	refuse_bare_row(columns);
	choose_columns(rows, columns);
	record_map_init(&rows->map, context);
	rows->input = palloc(rows->n_wanted * sizeof *rows->input);
	rows->input_kind = palloc(rows->n_wanted * sizeof *rows->input_kind);
	init_store(rows, budget, fcinfo);
	FreeTupleDesc(columns);
	MemoryContextSwitchTo(caller);
	return rows;
}

/* ---------- a row ---------- */

static void
exclude(FitRows *rows, FitExclusion why, int64 count)
{
	rows->excluded[why] += count;
}

/* The row's weight; -1 where it is not known. */
static int64
read_weight(const FitRows *rows)
{
	const NullableDatum *input = &rows->input[rows->weight_at];
	double		weight;

	if (rows->weight_at < 0)
		return 1;
	weight = input->isnull ? NAN : value_number(rows->input_kind[rows->weight_at], input->value);
	if (isnan(weight))
		return -1;
	if (weight < 0 || weight != floor(weight) || weight > FIT_MOST_ROWS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a weight must be a whole number from 0 to %lld", (long long) FIT_MOST_ROWS),
				 errdetail("Column \"%s\" has the weight %s.", rows->wanted[rows->weight_at], agr_show_number(weight)),
				 errhint("A weight is a whole number of equal rows. For fractions give the weights in a smaller unit, such as thousandths.")));
	return (int64) weight;
}

static double
read_number(const FitRows *rows, int i)
{
	double		x;

	if (rows->input[i].isnull)
		return NAN;
	x = value_number(rows->input_kind[i], rows->input[i].value);
	if (isinf(x))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("column \"%s\" is infinite", rows->wanted[i]),
				 errdetail("The value is %s.", x > 0 ? "Infinity" : "-Infinity"),
				 errhint("Make it NULL where the value is not known.")));
	return isnan(x) ? (double) NAN : x + 0.0;	/* one NaN, no negative zero */
}

static uint32
read_level(FitRows *rows, int i)
{
	FitFeature *feature = &rows->feature[i];
	char		buffer[VALUE_BUFFER];
	const char *at;
	size_t		length;
	uint32		level;

	if (rows->input[i].isnull)
		return FIT_MISSING_LEVEL;
	at = value_bytes(feature->value, rows->input[i].value, buffer, &length);
	if (length > FIT_LONGEST_LEVEL)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("category of \"%s\" is too long", feature->name),
				 errdetail("\"%.*s...\" has %zu bytes; %d are allowed.",
						   pg_mbcliplen(at, length, 64), at, length, FIT_LONGEST_LEVEL),
				 errhint("Give short names or codes.")));
	level = key_sums_find(feature->levels, at, length);
	if (feature->levels->count > MOST_LEVELS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("\"%s\" has too many categories", feature->name),
				 errdetail("There are more than %d.", MOST_LEVELS),
				 errhint("Is it a key? Leave it out of the row, or name it in fold_key; cast numbers to double precision.")));
	return level;
}

static bool
has_consent(const FitRows *rows, const FitFeature *feature)
{
	const NullableDatum *input = &rows->input[rows->n_features + feature->consent];

	return feature->consent < 0 || (!input->isnull && DatumGetBool(input->value));
}

static uint64
hash_key(ValueKind kind, Datum key)
{
	char		buffer[VALUE_BUFFER];
	const char *at;
	size_t		length;

	if (kind == VALUE_INT2 || kind == VALUE_INT4 || kind == VALUE_INT8)
		return fold_mix(kind == VALUE_INT8 ? DatumGetInt64(key) :
						kind == VALUE_INT4 ? DatumGetInt32(key) : DatumGetInt16(key));
	at = value_bytes(kind, key, buffer, &length);
	return fold_hash_bytes(at, length);
}

/* A uuid is in the fold of its text form, which other tables may hold in its place. */
static uint64
hash_uuid(Datum key)
{
	const char *form = DatumGetCString(DirectFunctionCall1(uuid_out, key));

	return fold_hash_bytes(form, strlen(form));
}

/* The fold of the row at hand: by its key, or by all that is known of it. */
static uint8
choose_fold(FitRows *rows)
{
	uint64		hash = 0;
	int			i;

	if (rows->options->folds == 0)
		return 0;
	if (rows->key_at >= 0 && !rows->input[rows->key_at].isnull)
	{
		Datum		key = rows->input[rows->key_at].value;

		hash = rows->key_is_uuid ? hash_uuid(key) : hash_key(rows->input_kind[rows->key_at], key);
	}
	else
		for (i = 0; i < rows->n_features; i++)
		{
			const FitFeature *feature = &rows->feature[i];
			uint64		part;

			if (!has_consent(rows, feature))
				part = 1;
			else if (feature->kind == CARD_NUMBER)
				memcpy(&part, column_store_place(&rows->store, i), sizeof part);
			else
			{
				uint32		level = *(uint32 *) column_store_place(&rows->store, i);

				part = level == FIT_MISSING_LEVEL ? 2 :
					fold_hash_bytes(key_sums_key(feature->levels, level), feature->levels->keys[level].key_length);
			}
			hash = fold_mix(hash ^ part);
		}
	return (uint8) fold_of_hash(hash, rows->options->folds);
}

/* Writes the row's values into the store; false where one of them is missing and must not be. */
static bool
write_values(FitRows *rows)
{
	bool		known = true;
	int			i;

	for (i = 0; i < rows->n_features; i++)
	{
		FitFeature *feature = &rows->feature[i];
		bool		given = has_consent(rows, feature);
		void	   *place = column_store_place(&rows->store, i);

		if (feature->kind == CARD_NUMBER)
		{
			double		x = given ? read_number(rows, i) : NAN;

			*(double *) place = x;
			known = known && !(given && isnan(x));
		}
		else
		{
			*(uint32 *) place = given ? read_level(rows, i) : FIT_MISSING_LEVEL;
			known = known && !(given && rows->input[i].isnull);
		}
	}
	return known || rows->options->woe;
}

static uint32
read_segment(FitRows *rows, const text *segment)
{
	const char *at;
	uint32		length;
	uint32		number;

	if (segment == NULL)
		return FIT_MISSING_LEVEL;
	at = VARDATA_ANY(segment);
	length = VARSIZE_ANY_EXHDR(segment);
	if (!fit_is_segment(at, length))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("this is not the name of a segment"),
				 errdetail("It is \"%.*s\", of %u bytes; from 1 to %d are allowed, and none begins with a brace or a bracket.",
						   pg_mbcliplen(at, length, 64), at, length, FIT_LONGEST_LEVEL),
				 errhint("Options are of type jsonb: give fit_options(...), or cast them.")));
	number = key_sums_find(rows->segments, at, length);
	if (rows->segments->count > MOST_LEVELS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many segments"),
				 errdetail("There are more than %d.", MOST_LEVELS),
				 errhint("A segment is a county or the like, with many rows.")));
	return number;
}

void
fit_rows_add(FitRows *rows, HeapTupleHeader row, int outcome, const text *segment)
{
	double		offset = 0;
	int64		weight;
	int			i;

	if (record_map_columns(&rows->map, row, rows->wanted, rows->n_wanted))
		set_input_types(rows);
	record_map_read(&rows->map, row, rows->input);

	weight = read_weight(rows);
	if (weight == 0)
		return;
	if (weight < 0)
		return exclude(rows, FIT_NO_WEIGHT, 1);
	if (outcome < 0)
		return exclude(rows, FIT_NO_OUTCOME, weight);
	if (rows->offset_at >= 0)
		offset = read_number(rows, rows->offset_at);
	if (isnan(offset))
		return exclude(rows, FIT_NO_OFFSET, weight);
	column_store_begin_row(&rows->store);
	if (!write_values(rows))
		return exclude(rows, FIT_MISSING_VALUE, weight);
	if (weight > FIT_MOST_ROWS - rows->total[0] - rows->total[1])
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("too many rows"),
				 errdetail("The weights sum to more than %lld.", (long long) FIT_MOST_ROWS),
				 errhint("A weight is a whole number of equal rows. Give the weights in a larger unit, such as thousands.")));

	for (i = 0; i < rows->n_consents; i++)
	{
		const NullableDatum *input = &rows->input[rows->n_features + i];

		*(uint8 *) column_store_place(&rows->store, rows->n_features + i) = !input->isnull && DatumGetBool(input->value);
	}
	*(uint8 *) column_store_place(&rows->store, rows->layout.outcome) = outcome;
	*(uint8 *) column_store_place(&rows->store, rows->layout.fold) = choose_fold(rows);
	if (rows->layout.weight >= 0)
		*(int64 *) column_store_place(&rows->store, rows->layout.weight) = weight;
	if (rows->layout.offset >= 0)
		*(double *) column_store_place(&rows->store, rows->layout.offset) = offset;
	if (rows->layout.segment >= 0)
		*(uint32 *) column_store_place(&rows->store, rows->layout.segment) = read_segment(rows, segment);
	column_store_end_row(&rows->store);
	rows->total[outcome] += weight;
	rows->max_offset = Max(rows->max_offset, fabs(offset));
}

/* ---------- folds in SQL ---------- */

static Datum
return_fold(uint64 hash, int folds)
{
	if (folds < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("number of folds must be positive"),
				 errdetail("It is %d.", folds),
				 errhint("Give 5 or 10, which are usual.")));
	PG_RETURN_INT32(fold_of_hash(hash, folds));
}

AGR_FUNCTION(agririsk_fold_bigint);
Datum
agririsk_fold_bigint(PG_FUNCTION_ARGS)
{
	return return_fold(hash_key(VALUE_INT8, PG_GETARG_DATUM(0)), PG_GETARG_INT32(1));
}

AGR_FUNCTION(agririsk_fold_text);
Datum
agririsk_fold_text(PG_FUNCTION_ARGS)
{
	return return_fold(hash_key(VALUE_TEXT, PG_GETARG_DATUM(0)), PG_GETARG_INT32(1));
}

AGR_FUNCTION(agririsk_fold_uuid);
Datum
agririsk_fold_uuid(PG_FUNCTION_ARGS)
{
	return return_fold(hash_uuid(PG_GETARG_DATUM(0)), PG_GETARG_INT32(1));
}
