/*
 * fit_options.c
 *		The options of fit_scorecard.
 */
#include "postgres.h"

#include "agririsk.h"

#include <float.h>
#include <math.h>

#include "model/fit/fit_options.h"
#include "core/sql/json_read.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

static const char option_keys[] =
"encoding, binning, feature_binning, binnings, standardize, weight_column, offset_column, ridge, lasso, "
"selection, min_iv, min_out_of_fold_iv, ignore, max_vif, positive, consent_columns, folds, fold_key, name, base_score, base_odds, pdo, "
"separation, population_rate, long_run_rate, margin, reasons, parents, pooling, keep_parent, "
"assumptions, weight_unit";

const char *const fit_encoding_words[] = {"woe", "none", NULL};
const char *const fit_selection_words[] = {"none", "aic", "bic", "lasso", NULL};
static const char *const pooling_words[] = {"slopes", "intercepts", NULL};
static const char *const separation_words[] = {"error", "warning", NULL};

/* ---------- plain options ---------- */

static double
read_number(JsonReader *r, JsonbContainer *root, const char *key, double standard,
			double least, double most, const char *hint)
{
	JsonbValue *value = json_get_field(root, key);
	int			mark = json_enter_key(r, key);
	double		x = standard;

	if (value != NULL)
	{
		x = json_read_number(r, value);
		if (x < least || x > most)
			json_refuse(r, value, "out of range", hint);
	}
	json_leave(r, mark);
	return x;
}

/* A share of rows strictly between 0 and 1; NaN where it is not given. */
static double
read_rate(JsonReader *r, JsonbContainer *root, const char *key)
{
	return read_number(r, root, key, NAN, DBL_MIN, 1 - DBL_EPSILON,
					   "A rate lies between 0 and 1: 0.04 is four bad loans of a hundred.");
}

static int
read_folds(JsonReader *r, JsonbContainer *root)
{
	JsonbValue *value = json_get_field(root, "folds");
	int			mark = json_enter_key(r, "folds");
	double		folds = value == NULL ? 5 : json_read_number(r, value);

	if (folds != floor(folds) || folds < 0 || folds == 1 || folds > FIT_MOST_FOLDS)
		json_refuse(r, value, "out of range",
					psprintf("Give 0 for no folds, or a whole number from 2 to %d; the default is 5.", FIT_MOST_FOLDS));
	json_leave(r, mark);
	return (int) folds;
}

/* ---------- what is said of single features ---------- */

/* The options of a feature, new ones if there are none yet. */
static FitFeatureOptions *
get_feature(FitOptions *options, TextSpan name)
{
	FitFeatureOptions *added;
	uint32		i;

	for (i = 0; i < options->n_features; i++)
		if (text_span_compare(options->feature[i].name, name) == 0)
			return &options->feature[i];
	options->feature = options->feature == NULL ? palloc(sizeof *options->feature) :
		repalloc(options->feature, (options->n_features + 1) * sizeof *options->feature);
	added = &options->feature[options->n_features++];
	memset(added, 0, sizeof *added);
	added->name = name;
	return added;
}

static TextSpan
copy_text(const char *at, int length)
{
	TextSpan	text = {pnstrdup(at, length), length};

	return text;
}

/* Options of one feature lie over those of all. */
static void
read_feature_binning(JsonReader *r, JsonbValue *value, FitOptions *options, FitFeatureOptions *feature)
{
	Datum		merged;
	JsonbValue	document;

	feature->binning = feature->own_binning = palloc0(sizeof *feature->own_binning);
	bins_read_options_at(feature->own_binning, r, value, CurrentMemoryContext);
	if (options->binning_given == NULL)
		return;
	merged = DirectFunctionCall2(jsonb_concat, JsonbPGetDatum(options->binning_given), JsonbPGetDatum(JsonbValueToJsonb(value)));
	json_document(DatumGetJsonbP(merged), &document);
	feature->binning = palloc0(sizeof *feature->binning);
	bins_read_options_at(feature->binning, r, &document, CurrentMemoryContext);
}

static void
name_given(void *name)
{
	errcontext("option binnings of fit_options, feature \"%s\"", (const char *) name);
}

/* Cuts of a number, ascending; each bin pretends to have rows, for those will be counted. */
static void
read_cuts(JsonReader *r, JsonbContainer *list, uint32 n, Binning *binning)
{
	uint32		i;

	binning->kind = CARD_NUMBER;
	binning->n_bins = n + 1;
	binning->cut = palloc(n * sizeof(double));
	for (i = 0; i < n; i++)
	{
		int			mark = json_enter_item(r, i);
		JsonbValue *item = getIthJsonbValueFromContainer(list, i);

		binning->cut[i] = json_read_number(r, item);
		if (i > 0 && binning->cut[i] <= binning->cut[i - 1])
			json_refuse(r, item, "not above the cut before", "Cuts are ascending.");
		json_leave(r, mark);
	}
}

static int
compare_categories(const void *a, const void *b)
{
	return text_span_compare(*(const TextSpan *) a, *(const TextSpan *) b);
}

static void
read_lists(JsonReader *r, JsonbContainer *lists, uint32 n, Binning *binning)
{
	uint32		i,
				c;

	binning->kind = CARD_CATEGORY;
	binning->n_bins = n;
	binning->categories = palloc0(n * sizeof *binning->categories);
	for (i = 0; i < n; i++)
	{
		BinCategories *bin = &binning->categories[i];
		int			mark = json_enter_item(r, i);
		JsonbContainer *list = json_read_array(r, getIthJsonbValueFromContainer(lists, i), &bin->n);

		bin->text = palloc(Max(bin->n, 1) * sizeof *bin->text);
		for (c = 0; c < bin->n; c++)
		{
			int			inner = json_enter_item(r, c);
			TextSpan	text = json_read_text(r, getIthJsonbValueFromContainer(list, c));

			bin->text[c] = copy_text(text.at, text.length);
			json_leave(r, inner);
		}
		qsort(bin->text, bin->n, sizeof *bin->text, compare_categories);
		json_leave(r, mark);
	}
}

/* Bins as a list of cuts, or of lists of categories; special values and policies are those of the options. */
static Binning *
read_list(JsonReader *r, JsonbValue *value, const BinsOptions *options)
{
	Binning    *binning = palloc0(sizeof *binning);
	uint32		n;
	JsonbContainer *list = json_read_array(r, value, &n);
	const char *fault;
	uint32		i;

	if (n == 0)
		json_refuse(r, value, "empty", "Give cuts, [0.8, 1.1], or lists of categories, [[\"rice\", \"wheat\"], [\"apple\"]].");
	if (getIthJsonbValueFromContainer(list, 0)->type == jbvBinary)
		read_lists(r, list, n, binning);
	else
		read_cuts(r, list, n, binning);
	binning->missing_policy = options->missing;
	binning->unseen = binning->kind == CARD_CATEGORY ? options->unseen : CARD_UNSEEN_AVERAGE;
	binning->n_specials = binning->kind == CARD_NUMBER ? options->n_specials : 0;
	binning->special_value = options->special;
	binning->special = palloc0(Max(binning->n_specials, 1) * sizeof *binning->special);
	binning->bin = palloc0(binning->n_bins * sizeof *binning->bin);
	for (i = 0; i < binning->n_bins; i++)
		binning->bin[i].cell.count[BIN_GOOD] = binning->bin[i].cell.count[BIN_BAD] = 1;
	for (i = 0; i < BIN_TRENDS; i++)
		binning->outcome[i].held_out = NAN;
	fault = binning_check(binning, r->memory);
	if (fault != NULL)
		json_refuse(r, value, fault, "Each category is in one list, once.");
	return binning;
}

/* A binning, of which only cuts, lists and policies will be used. */
static void
read_given(JsonReader *r, JsonbValue *value, FitOptions *options, FitFeatureOptions *feature)
{
	ErrorContextCallback context;
	char	   *text;

	if (value->type == jbvBinary && JsonContainerIsArray(value->val.binary.data))
	{
		feature->given = read_list(r, value, feature->binning ? feature->binning : &options->binning);
		return;
	}
	/* jsonb_build_object makes a string of a binning that was not cast. */
	if (value->type == jbvString)
		text = pnstrdup(value->val.string.val, value->val.string.len);
	else if (value->type == jbvBinary)
		text = JsonbToCString(NULL, value->val.binary.data, value->val.binary.len);
	else
		json_refuse(r, value, "not a binning",
					"Give cuts, [0.8, 1.1], lists of categories, [[\"rice\", \"wheat\"], [\"apple\"]], or what optimal_bins made.");
	if (feature->own_binning != NULL)
		json_refuse(r, value, "given beside feature_binning", "A binning has its own special values and policies; its cuts are not searched for.");
	context.callback = name_given;
	context.arg = unconstify(char *, feature->name.at);
	context.previous = error_context_stack;
	error_context_stack = &context;
	feature->given = binning_parse(text);
	error_context_stack = context.previous;
}

static void
read_reason(JsonReader *r, JsonbValue *value, FitOptions *options, FitFeatureOptions *feature)
{
	TextSpan	text = json_read_text(r, value);

	feature->reason = copy_text(text.at, text.length);
}

/* An object whose keys are features. */
static void
read_by_feature(JsonReader *r, JsonbContainer *root, const char *key, FitOptions *options,
				void (*read) (JsonReader *r, JsonbValue *value, FitOptions *options,
							  FitFeatureOptions *feature))
{
	JsonbValue *value = json_get_field(root, key);
	int			mark = json_enter_key(r, key);
	JsonbIterator *iterator;
	JsonbValue	item;

	if (value == NULL)
		return json_leave(r, mark);
	if (value->type != jbvBinary || !JsonContainerIsObject(value->val.binary.data))
		json_refuse(r, value, "not an object", "Give an object whose keys are features.");
	iterator = JsonbIteratorInit(value->val.binary.data);
	(void) JsonbIteratorNext(&iterator, &item, true);
	while (JsonbIteratorNext(&iterator, &item, true) == WJB_KEY)
	{
		TextSpan	name = copy_text(item.val.string.val, item.val.string.len);
		int			inner = json_enter_key(r, name.at);

		(void) JsonbIteratorNext(&iterator, &item, true);
		read(r, &item, options, get_feature(options, name));
		json_leave(r, inner);
	}
	json_leave(r, mark);
}

/* Of one consent column, the features it covers. */
static void
read_covered(JsonReader *r, JsonbValue *value, FitOptions *options, TextSpan column)
{
	uint32		n;
	JsonbContainer *list = json_read_array(r, value, &n);
	uint32		i;

	for (i = 0; i < n; i++)
	{
		int			mark = json_enter_item(r, i);
		JsonbValue *item = getIthJsonbValueFromContainer(list, i);
		TextSpan	name = json_read_text(r, item);
		FitFeatureOptions *feature = get_feature(options, copy_text(name.at, name.length));

		if (feature->consent.length > 0)
			json_refuse(r, item, "covered by two consents", "A feature has one consent column at most.");
		feature->consent = column;
		json_leave(r, mark);
	}
}

static void
read_consents(JsonReader *r, JsonbContainer *root, FitOptions *options)
{
	JsonbValue *value = json_get_field(root, "consent_columns");
	int			mark = json_enter_key(r, "consent_columns");
	JsonbIterator *iterator;
	JsonbValue	item;

	if (value == NULL)
		return json_leave(r, mark);
	if (value->type != jbvBinary || !JsonContainerIsObject(value->val.binary.data))
		json_refuse(r, value, "not an object",
					"Give an object from boolean columns to lists of features: {\"agreed\": [\"inflow_cv\"]}.");
	options->consent = palloc(JsonContainerSize(value->val.binary.data) * sizeof(TextSpan) + 1);
	iterator = JsonbIteratorInit(value->val.binary.data);
	(void) JsonbIteratorNext(&iterator, &item, true);
	while (JsonbIteratorNext(&iterator, &item, true) == WJB_KEY)
	{
		TextSpan	column = copy_text(item.val.string.val, item.val.string.len);
		int			inner = json_enter_key(r, column.at);

		options->consent[options->n_consents++] = column;
		(void) JsonbIteratorNext(&iterator, &item, true);
		read_covered(r, &item, options, column);
		json_leave(r, inner);
	}
	json_leave(r, mark);
}

/* Columns of the row that are no features. */
static void
read_ignored(JsonReader *r, JsonbContainer *root, FitOptions *options)
{
	JsonbValue *value = json_get_field(root, "ignore");
	int			mark = json_enter_key(r, "ignore");
	JsonbContainer *list;
	uint32		i;

	if (value == NULL)
		return json_leave(r, mark);
	list = json_read_array(r, value, &options->n_ignored);
	options->ignored = palloc(Max(options->n_ignored, 1) * sizeof(TextSpan));
	for (i = 0; i < options->n_ignored; i++)
	{
		int			item = json_enter_item(r, i);
		TextSpan	name = json_read_text(r, getIthJsonbValueFromContainer(list, i));

		options->ignored[i] = copy_text(name.at, name.length);
		json_leave(r, item);
	}
	json_leave(r, mark);
}

/* An object from segments to those that they belong to. */
static void
read_parents(JsonReader *r, JsonbContainer *root, FitOptions *options)
{
	JsonbValue *value = json_get_field(root, "parents");
	int			mark = json_enter_key(r, "parents");
	JsonbIterator *iterator;
	JsonbValue	item;

	if (value == NULL)
		return json_leave(r, mark);
	if (value->type != jbvBinary || !JsonContainerIsObject(value->val.binary.data))
		json_refuse(r, value, "not an object", "Give an object from segments to their parents: {\"5101\": \"51\"}.");
	options->parent = palloc_extended(JsonContainerSize(value->val.binary.data) * sizeof *options->parent + 1, MCXT_ALLOC_HUGE);
	iterator = JsonbIteratorInit(value->val.binary.data);
	(void) JsonbIteratorNext(&iterator, &item, true);
	while (JsonbIteratorNext(&iterator, &item, true) == WJB_KEY)
	{
		FitParent  *parent = &options->parent[options->n_parents++];
		int			inner;
		TextSpan	text;

		parent->name = copy_text(item.val.string.val, item.val.string.len);
		inner = json_enter_key(r, parent->name.at);
		(void) JsonbIteratorNext(&iterator, &item, true);
		text = json_read_text(r, &item);
		if (!fit_is_segment(parent->name.at, parent->name.length) || !fit_is_segment(text.at, text.length))
			json_refuse(r, &item, "not the name of a segment",
						psprintf("A segment and its parent have names of 1 to %d bytes that begin with no brace or bracket; what belongs to nothing is left out.",
								 FIT_LONGEST_LEVEL));
		parent->parent = copy_text(text.at, text.length);
		json_leave(r, inner);
	}
	json_leave(r, mark);
}

/* ---------- all of them ---------- */

static void
read_binning(JsonReader *r, JsonbContainer *root, FitOptions *options)
{
	JsonbValue *value = json_get_field(root, "binning");
	int			mark = json_enter_key(r, "binning");

	bins_read_options(&options->binning, NULL, CurrentMemoryContext);
	if (value != NULL)
	{
		bins_read_options_at(&options->binning, r, value, CurrentMemoryContext);
		options->binning_given = JsonbValueToJsonb(value);
	}
	json_leave(r, mark);
}

static bool
says_of_bins(const FitOptions *options)
{
	uint32		i;

	for (i = 0; i < options->n_features; i++)
		if (options->feature[i].binning != NULL || options->feature[i].given != NULL)
			return true;
	return options->binning_given != NULL;
}

/* Options that contradict each other. */
static void
check_options(const FitOptions *options)
{
	const char *what = NULL;
	const char *hint = NULL;

	if (!options->woe && options->positive)
	{
		what = "The option positive goes with encoding => 'woe'";
		hint = "A coefficient of a column as it is may well be negative.";
	}
	else if (!options->woe && options->min_iv > 0)
	{
		what = "The option min_iv goes with encoding => 'woe'";
		hint = "Information value is that of bins.";
	}
	else if (!options->woe && says_of_bins(options))
	{
		what = "Options of binning go with encoding => 'woe'";
		hint = "Columns as they are have no bins.";
	}
	else if (options->selection != FIT_SELECT_NONE && (options->ridge > 0 || options->lasso > 0))
	{
		what = "Selection does not go with a penalty";
		hint = "Select features, or penalise their coefficients; selection => 'lasso' has penalties of its own.";
	}
	else if (options->keep_parent && options->folds == 0)
	{
		what = "keep_parent => true does not go with folds => 0";
		hint = "Whether a segment does better than its parent is judged out of fold.";
	}
	if (what != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("options of fit_scorecard contradict each other"),
				 errdetail("%s.", what),
				 errhint("%s", hint)));
}

/* Limits of rows, where weights are counted. */
static void
count_weights(FitOptions *options)
{
	uint32		i;

	bins_set_fit(&options->binning, options->weight_unit);
	for (i = 0; i < options->n_features; i++)
		if (options->feature[i].binning)
			bins_set_fit(options->feature[i].binning, options->weight_unit);
}

void
fit_read_options(FitOptions *options, Jsonb *given, MemoryContext context)
{
	MemoryContext caller = MemoryContextSwitchTo(context);
	const char *not_negative = "Give a number from 0 on.";
	JsonReader	reader;
	JsonReader *r = &reader;
	JsonbValue	document;
	JsonbContainer *root;

	if (given == NULL)
		given = DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum("{}")));
	memset(options, 0, sizeof *options);
	json_open(r, "fit options", ERRCODE_INVALID_PARAMETER_VALUE, context);
	json_document(given, &document);
	root = json_read_object(r, &document, option_keys);

	options->woe = json_read_word_field(r, root, "encoding", fit_encoding_words, 0, "Give \"woe\" or \"none\".") == 0;
	read_binning(r, root, options);
	read_by_feature(r, root, "feature_binning", options, read_feature_binning);
	read_by_feature(r, root, "binnings", options, read_given);
	read_by_feature(r, root, "reasons", options, read_reason);
	read_consents(r, root, options);
	read_ignored(r, root, options);
	options->standardize = json_read_boolean_field(r, root, "standardize");
	options->weight = json_read_text_field(r, root, "weight_column", false);
	options->offset = json_read_text_field(r, root, "offset_column", false);
	options->fold_key = json_read_text_field(r, root, "fold_key", false);
	options->ridge = read_number(r, root, "ridge", 0, 0, 1e15, not_negative);
	options->lasso = read_number(r, root, "lasso", 0, 0, 1e15, not_negative);
	options->selection = (FitSelection) json_read_word_field(r, root, "selection", fit_selection_words,
															 FIT_SELECT_NONE, "Give \"none\", \"aic\", \"bic\" or \"lasso\".");
	options->min_iv = read_number(r, root, "min_iv", 0, 0, 1e9, not_negative);
	options->min_out_of_fold_iv = read_number(r, root, "min_out_of_fold_iv", 0, -1e9, 1e9, "Give a number, such as 0.01; -1e9 keeps every feature.");
	options->max_vif = read_number(r, root, "max_vif", INFINITY, 1, 1e9,
								   "A variance inflation factor is at least 1; 5 and 10 are usual limits.");
	options->positive = json_read_boolean_field(r, root, "positive");
	options->folds = read_folds(r, root);
	options->name = json_read_text_field(r, root, "name", false);
	if (options->name.length == 0)
		options->name = copy_text("card", 4);
	options->base_score = read_number(r, root, "base_score", 600, -CARD_MAX_NUMBER, CARD_MAX_NUMBER,
									  "Give the score at base_odds; the default is 600.");
	options->base_odds = read_number(r, root, "base_odds", 50, 1e-9, CARD_MAX_NUMBER,
									 "Give good loans to a bad one, above 0; the default is 50.");
	options->pdo = read_number(r, root, "pdo", 20, 1e-9, CARD_MAX_NUMBER,
							   "Give the points that double the odds, above 0; the default is 20.");
	options->lenient = json_read_word_field(r, root, "separation", separation_words, 0, "Give \"error\" or \"warning\".") == 1;
	options->population_rate = read_rate(r, root, "population_rate");
	options->long_run_rate = read_rate(r, root, "long_run_rate");
	options->margin = read_number(r, root, "margin", 0, 0, 1,
								  "Give what is added to the rate as a share of it: 0.1 is a tenth more.");
	read_parents(r, root, options);
	options->slopes = json_read_word_field(r, root, "pooling", pooling_words, 0, "Give \"slopes\" or \"intercepts\".") == 0;
	options->keep_parent = json_read_boolean_field(r, root, "keep_parent");
	options->assumptions = json_read_text_field(r, root, "assumptions", false);
	options->weight_unit = read_number(r, root, "weight_unit", 1, 1e-9, 1,
									   "Give the rows that a weight of 1 stands for, at most 1: 0.01 where weights are hundredths of a row.");
	check_options(options);
	count_weights(options);
	MemoryContextSwitchTo(caller);
}

const FitFeatureOptions *
fit_feature_options(const FitOptions *options, const char *name)
{
	TextSpan	wanted = {name, strlen(name)};
	uint32		i;

	for (i = 0; i < options->n_features; i++)
		if (text_span_compare(options->feature[i].name, wanted) == 0)
			return &options->feature[i];
	return NULL;
}

AGR_FUNCTION(agririsk_fit_check);
Datum
agririsk_fit_check(PG_FUNCTION_ARGS)
{
	FitOptions	options;

	fit_read_options(&options, PG_GETARG_JSONB_P(0), CurrentMemoryContext);
	PG_RETURN_DATUM(PG_GETARG_DATUM(0));
}
