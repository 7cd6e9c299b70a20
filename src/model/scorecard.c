/*
 * scorecard.c
 *		The scorecard as an SQL type: JSON in and out, comparison, bins.
 */
#include "postgres.h"

#include "agririsk.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "common/shortest_dec.h"
#include "core/record.h"
#include "libpq/pqformat.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "model/json_read.h"
#include "model/scorecard.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"

AGR_FUNCTION(agririsk_scorecard_in);
AGR_FUNCTION(agririsk_scorecard_out);
AGR_FUNCTION(agririsk_scorecard_recv);
AGR_FUNCTION(agririsk_scorecard_send);
AGR_FUNCTION(agririsk_scorecard_eq);
AGR_FUNCTION(agririsk_scorecard_ne);
AGR_FUNCTION(agririsk_scorecard_lt);
AGR_FUNCTION(agririsk_scorecard_le);
AGR_FUNCTION(agririsk_scorecard_gt);
AGR_FUNCTION(agririsk_scorecard_ge);
AGR_FUNCTION(agririsk_scorecard_cmp);
AGR_FUNCTION(agririsk_scorecard_hash);
AGR_FUNCTION(agririsk_scorecard_hash_extended);
AGR_FUNCTION(agririsk_bins);

/* ---------- stored bytes ---------- */

static void *
alloc_in_context(void *context, size_t size)
{
	return MemoryContextAllocHuge((MemoryContext) context, size);
}

CardMemory
scorecard_memory(MemoryContext context)
{
	CardMemory	memory = {alloc_in_context, context};

	return memory;
}

void
scorecard_check(Card *card, CardMemory memory, int sqlstate)
{
	CardFault	fault;
	StringInfoData value;

	if (card_check(card, memory, &fault))
		return;
	initStringInfo(&value);
	if (fault.has_number)
		scorecard_append_number(&value, fault.number);
	else if (fault.detail == NULL)
		json_append_clipped(&value, fault.text.at, fault.text.length);
	ereport(ERROR,
			(errcode(sqlstate),
			 errmsg("invalid scorecard at %s: %s", fault.path, fault.what),
			 fault.detail ? errdetail("%s", fault.detail) : errdetail("The value is %s.", value.data),
			 errhint("%s", fault.hint)));
}

static Card *
decode_card(const char *bytes, size_t length, CardMemory memory, int sqlstate)
{
	const char *what;
	Card	   *card = card_decode((const uint8_t *) bytes, length, memory, &what);

	if (card == NULL)
		ereport(ERROR,
				(errcode(sqlstate),
				 errmsg("invalid stored scorecard"),
				 errdetail("%s", what),
				 errhint("Write the card anew from its JSON text.")));
	scorecard_check(card, memory, sqlstate);
	return card;
}

Card *
scorecard_read(const struct varlena *stored, MemoryContext context)
{
	return decode_card(VARDATA_ANY(stored), VARSIZE_ANY_EXHDR(stored), scorecard_memory(context),
					   ERRCODE_DATA_CORRUPTED);
}

const ScoreCard *
scorecard_compile(const struct varlena *stored, MemoryContext context)
{
	return score_compile(scorecard_read(stored, context), scorecard_memory(context));
}

struct varlena *
scorecard_store(const Card *card)
{
	Size		size = VARHDRSZ + card_encode(card, NULL);
	struct varlena *stored = palloc(size);

	card_encode(card, (uint8_t *) VARDATA(stored));
	SET_VARSIZE(stored, size);
	return stored;
}

text *
scorecard_text(CardText t)
{
	return cstring_to_text_with_len(t.at, t.length);
}

/* ---------- from JSON ---------- */

static const char *const kind_words[] = {"number", "category", "linear", NULL};
static const char *const unseen_words[] = {"average", "worst", "error", NULL};
static const char *const missing_words[] = {"worst", "best", "neutral", NULL};

/*
 * The edge between a bin and the one before it stands in either, or in both
 * alike.
 */
static double
read_edge(JsonReader *r, JsonbContainer *before, JsonbContainer *bin, int i)
{
	JsonbValue *high = json_get_field(before, "high");
	JsonbValue *low = json_get_field(bin, "low");
	int			mark;
	double		edge = 0;

	if (high != NULL || low == NULL)
	{
		mark = json_enter_item(r, i - 1);
		edge = json_read_number_field(r, before, "high", NULL);
		json_leave(r, mark);
	}
	if (low != NULL)
	{
		double		start;

		mark = json_enter_item(r, i);
		start = json_read_number_field(r, bin, "low", NULL);
		if (high != NULL && start != edge)
		{
			json_enter_key(r, "low");
			json_refuse(r, low, "not where the bin before it ends",
				   "Bins follow each other without gap or overlap; one of \"high\" and the next \"low\" is enough.");
		}
		json_leave(r, mark);
		edge = start;
	}
	return edge;
}

static void
read_counts(JsonReader *r, JsonbContainer *object, int64_t *goods, int64_t *bads)
{
	*goods = json_read_rows_field(r, object, "goods", false);
	*bads = json_read_rows_field(r, object, "bads", false);
}

static void
refuse_edge(JsonReader *r, JsonbContainer *bin, int i, const char *key, const char *what)
{
	JsonbValue *value = json_get_field(bin, key);

	if (value != NULL)
	{
		json_enter_item(r, i);
		json_enter_key(r, key);
		json_refuse(r, value, what, "Leave it out: every number has to fall into a bin.");
	}
}

static void
read_bins(JsonReader *r, JsonbContainer *object, CardFeature *f)
{
	bool		number = f->kind == CARD_NUMBER;
	JsonbContainer *bins;
	JsonbContainer *before = NULL;
	int			mark = json_enter_key(r, "bins");
	uint32_t	b,
				c;

	bins = json_read_array(r, json_get_field(object, "bins"), &f->n_bins);
	f->bin = json_get_array(f->n_bins, sizeof *f->bin);
	f->cut = json_get_array(f->n_bins, sizeof *f->cut);
	for (b = 0; b < f->n_bins; b++)
	{
		int			item = json_enter_item(r, b);
		JsonbContainer *bin = json_read_object(r, getIthJsonbValueFromContainer(bins, b),
										  number ? "low, high, woe, goods, bads" : "categories, woe, goods, bads");

		f->bin[b].woe = json_read_number_field(r, bin, "woe", NULL);
		read_counts(r, bin, &f->bin[b].goods, &f->bin[b].bads);
		if (!number)
		{
			int			list = json_enter_key(r, "categories");
			JsonbContainer *categories = json_read_array(r, json_get_field(bin, "categories"),
													&f->bin[b].n_categories);

			f->bin[b].category = json_get_array(f->bin[b].n_categories, sizeof(CardText));
			for (c = 0; c < f->bin[b].n_categories; c++)
			{
				int			category = json_enter_item(r, c);

				f->bin[b].category[c] = json_read_text(r, getIthJsonbValueFromContainer(categories, c));
				json_leave(r, category);
			}
			json_leave(r, list);
		}
		json_leave(r, item);

		if (number && before == NULL)
			refuse_edge(r, bin, b, "low", "the first bin has no lower edge");
		if (number && before != NULL)
			f->cut[b - 1] = read_edge(r, before, bin, b);
		if (number && b == f->n_bins - 1)
			refuse_edge(r, bin, b, "high", "the last bin has no upper edge");
		before = bin;
	}
	json_leave(r, mark);
}

static void
read_specials(JsonReader *r, JsonbContainer *object, CardFeature *f)
{
	JsonbValue *value = json_get_field(object, "special");
	JsonbContainer *specials;
	int			mark = json_enter_key(r, "special");
	uint32_t	i,
				v;

	if (value != NULL)
	{
		specials = json_read_array(r, value, &f->n_specials);
		f->special = json_get_array(f->n_specials, sizeof *f->special);
		for (i = 0; i < f->n_specials; i++)
		{
			int			item = json_enter_item(r, i);
			JsonbContainer *special = json_read_object(r, getIthJsonbValueFromContainer(specials, i),
												  "values, woe, goods, bads");
			JsonbContainer *values;
			int			list;

			f->special[i].woe = json_read_number_field(r, special, "woe", NULL);
			read_counts(r, special, &f->special[i].goods, &f->special[i].bads);
			list = json_enter_key(r, "values");
			values = json_read_array(r, json_get_field(special, "values"), &f->special[i].n_values);
			f->special[i].value = json_get_array(f->special[i].n_values, sizeof(double));
			for (v = 0; v < f->special[i].n_values; v++)
			{
				int			at = json_enter_item(r, v);

				f->special[i].value[v] = json_read_number(r, getIthJsonbValueFromContainer(values, v));
				json_leave(r, at);
			}
			json_leave(r, list);
			json_leave(r, item);
		}
	}
	json_leave(r, mark);
}

static void
read_missing(JsonReader *r, JsonbContainer *object, CardFeature *f)
{
	static const char hint[] = "Give {\"woe\": number}, \"worst\", \"best\" or \"neutral\", or leave it out where none was learnt.";
	static const CardMissing policies[] = {CARD_MISSING_WORST, CARD_MISSING_BEST, CARD_MISSING_NEUTRAL};
	JsonbValue *value = json_get_field(object, "missing");
	int			mark = json_enter_key(r, "missing");

	f->missing = CARD_MISSING_NONE;
	if (value != NULL && value->type == jbvString)
		f->missing = policies[json_read_word(r, value, missing_words, hint)];
	else if (value != NULL && (value->type != jbvBinary || JsonContainerIsArray(value->val.binary.data)))
		json_refuse(r, value, "unknown policy", hint);
	else if (value != NULL)
	{
		JsonbContainer *missing = json_read_object(r, value, "woe, goods, bads");

		f->missing = CARD_MISSING_WOE;
		f->missing_woe = json_read_number_field(r, missing, "woe", NULL);
		read_counts(r, missing, &f->missing_goods, &f->missing_bads);
	}
	json_leave(r, mark);
}

static bool
is_linear(JsonbValue *value)
{
	JsonbValue *type = value->type == jbvBinary && JsonContainerIsObject(value->val.binary.data)
		? json_get_field(value->val.binary.data, "type") : NULL;
	const char *word = kind_words[CARD_LINEAR];

	return type != NULL && type->type == jbvString && type->val.string.len == strlen(word) &&
		memcmp(type->val.string.val, word, strlen(word)) == 0;
}

static void
read_feature(JsonReader *r, JsonbValue *value, CardFeature *f)
{
	static const double zero = 0;
	static const double one = 1;
	static const double unknown = NAN;
	JsonbContainer *object = json_read_object(r, value, is_linear(value)
										 ? "name, type, weight, reason, consent, center, low, high, missing"
										 : "name, type, weight, reason, consent, bins, special, missing, unseen");
	JsonbValue *unseen = json_get_field(object, "unseen");
	int			mark;

	f->name = json_read_text_field(r, object, "name", true);
	mark = json_enter_key(r, "type");
	f->kind = (CardKind) json_read_word(r, json_get_field(object, "type"), kind_words,
								   "Give \"number\", \"category\" or \"linear\".");
	json_leave(r, mark);
	f->weight = json_read_number_field(r, object, "weight", &one);
	f->reason = json_read_text_field(r, object, "reason", false);
	f->consent = json_read_text_field(r, object, "consent", false);
	if (f->consent.length == 0 && json_get_field(object, "consent") != NULL)
	{
		json_enter_key(r, "consent");
		json_refuse(r, json_get_field(object, "consent"), "empty",
			   "Give the name of a boolean column, or leave it out.");
	}
	if (f->kind == CARD_LINEAR)
	{
		f->center = json_read_number_field(r, object, "center", &zero);
		f->low = json_read_number_field(r, object, "low", &unknown);
		f->high = json_read_number_field(r, object, "high", &unknown);
	}
	else
	{
		read_bins(r, object, f);
		read_specials(r, object, f);
	}
	read_missing(r, object, f);
	if (unseen != NULL)
	{
		mark = json_enter_key(r, "unseen");
		f->unseen = (CardUnseen) json_read_word(r, unseen, unseen_words,
										   "Give \"average\", \"worst\" or \"error\".");
		json_leave(r, mark);
	}
}

static int
compare_weights(const void *a, const void *b)
{
	uint32_t	left = ((const CardWeight *) a)->feature;
	uint32_t	right = ((const CardWeight *) b)->feature;

	return (left > right) - (left < right);
}

/* {"feature": weight, ...} */
static void
read_weights(JsonReader *r, JsonbValue *value, CardSegment *s, const CardIndex *features)
{
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue	item;

	if (value->type != jbvBinary || !JsonContainerIsObject(value->val.binary.data))
		json_refuse(r, value, "not an object", "Give an object of feature names and weights.");
	s->weight = json_get_array(JsonContainerSize(value->val.binary.data), sizeof *s->weight);
	iterator = JsonbIteratorInit(value->val.binary.data);
	while ((token = JsonbIteratorNext(&iterator, &item, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
		{
			int64_t		feature = card_index_find(features, item.val.string.val,
												  item.val.string.len);

			if (feature < 0)
				json_refuse(r, &item, "no such feature", "Weights name features of the card.");
			s->weight[s->n_weights].feature = (uint32_t) feature;
		}
		else if (token == WJB_VALUE)
			s->weight[s->n_weights++].weight = json_read_number(r, &item);
	}
	qsort(s->weight, s->n_weights, sizeof *s->weight, compare_weights);
}

static void
read_segment(JsonReader *r, JsonbValue *value, CardSegment *s, const CardIndex *features)
{
	JsonbContainer *object = json_read_object(r, value, "name, parent, intercept, weights");
	JsonbValue *parent = json_get_field(object, "parent");
	JsonbValue *weights = json_get_field(object, "weights");
	int			mark;

	s->name = json_read_text_field(r, object, "name", true);
	s->parent = json_read_text_field(r, object, "parent", false);
	if (parent != NULL && s->parent.length == 0)
	{
		json_enter_key(r, "parent");
		json_refuse(r, parent, "empty", "Leave it out where the parent is the card itself.");
	}
	s->has_intercept = json_get_field(object, "intercept") != NULL;
	if (s->has_intercept)
		s->intercept = json_read_number_field(r, object, "intercept", NULL);
	if (weights != NULL)
	{
		mark = json_enter_key(r, "weights");
		read_weights(r, weights, s, features);
		json_leave(r, mark);
	}
}

/* Keys as card_fit_numbers and its like have them. */
static void
read_numbers(JsonReader *r, JsonbContainer *object, void *base, const CardNumber *number)
{
	static const double unknown = NAN;

	for (; number->key != NULL; number++)
		*card_number(base, number) = json_read_number_field(r, object, number->key, &unknown);
}

/* How well the model does; returns on how many rows, -1 where that is not said. */
static int64
read_measures(JsonReader *r, JsonbContainer *fit, const char *key, const char *keys,
			  CardMeasures *measures)
{
	JsonbValue *value = json_get_field(fit, key);
	int			mark = json_enter_key(r, key);
	JsonbContainer *object = value == NULL ? NULL : json_read_object(r, value, keys);
	int64		rows = -1;

	if (object != NULL)
	{
		rows = json_read_rows_field(r, object, "rows", false);
		read_numbers(r, object, measures, card_measure_numbers);
	}
	else
		*measures = (CardMeasures) {NAN, NAN, NAN, NAN};
	json_leave(r, mark);
	return rows;
}

static int
compare_exclusions(const void *a, const void *b)
{
	return card_compare_texts(((const CardExclusion *) a)->why, ((const CardExclusion *) b)->why);
}

/* {"why": rows, ...} */
static void
read_exclusions(JsonReader *r, JsonbContainer *object, CardFit *fit)
{
	JsonbValue *value = json_get_field(object, "excluded");
	int			mark = json_enter_key(r, "excluded");
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue	item;

	if (value != NULL)
	{
		if (value->type != jbvBinary || !JsonContainerIsObject(value->val.binary.data))
			json_refuse(r, value, "not an object", "Give an object of reasons and numbers of rows.");
		fit->excluded = json_get_array(JsonContainerSize(value->val.binary.data), sizeof *fit->excluded);
		iterator = JsonbIteratorInit(value->val.binary.data);
		while ((token = JsonbIteratorNext(&iterator, &item, true)) != WJB_DONE)
		{
			if (token == WJB_KEY)
				fit->excluded[fit->n_excluded].why = json_read_text(r, &item);
			else if (token == WJB_VALUE)
				fit->excluded[fit->n_excluded++].rows = json_read_rows(r, &item);
		}
		qsort(fit->excluded, fit->n_excluded, sizeof *fit->excluded, compare_exclusions);
	}
	json_leave(r, mark);
}

static void
read_tried(JsonReader *r, JsonbValue *value, void *item, const CardIndex *features)
{
	CardTried  *tried = item;
	JsonbContainer *object = json_read_object(r, value, "name, dropped, iv, out_of_fold_iv, vif");

	tried->name = json_read_text_field(r, object, "name", true);
	tried->dropped = json_read_text_field(r, object, "dropped", false);
	read_numbers(r, object, tried, card_tried_numbers);
}

/* The feature that an object names; -1, the intercept, where it names none. */
static int32_t
read_feature_number(JsonReader *r, JsonbContainer *object, const CardIndex *features)
{
	JsonbValue *value = json_get_field(object, "feature");
	CardText	name = json_read_text_field(r, object, "feature", false);
	int64_t		feature = value == NULL ? -1 : card_index_find(features, name.at, name.length);

	if (value != NULL && feature < 0)
	{
		json_enter_key(r, "feature");
		json_refuse(r, value, "no such feature",
					"Terms and spreads name features of the card; without them leave out the whole fit.");
	}
	return (int32_t) feature;
}

static void
read_term(JsonReader *r, JsonbValue *value, void *item, const CardIndex *features)
{
	CardTerm   *term = item;
	JsonbContainer *object = json_read_object(r, value, "feature, level, coefficient, se");

	term->feature = read_feature_number(r, object, features);
	term->has_level = json_get_field(object, "level") != NULL;
	term->level = json_read_text_field(r, object, "level", false);
	term->coefficient = json_read_number_field(r, object, "coefficient", NULL);
	read_numbers(r, object, term, card_term_numbers);
}

static void
read_spread(JsonReader *r, JsonbValue *value, void *item, const CardIndex *features)
{
	CardSpread *spread = item;
	JsonbContainer *object = json_read_object(r, value, "level, feature, sd");
	double		level = json_read_number_field(r, object, "level", NULL);

	if (level != floor(level) || level < 1 || level > PG_INT32_MAX)
	{
		json_enter_key(r, "level");
		json_refuse(r, json_get_field(object, "level"), "not a level",
					"Segments without a parent are of level 1, those below them of level 2, and so on.");
	}
	spread->level = (uint32_t) level;
	spread->feature = read_feature_number(r, object, features);
	spread->sd = json_read_number_field(r, object, "sd", NULL);
}

static void
read_learnt(JsonReader *r, JsonbValue *value, void *item, const CardIndex *features)
{
	CardLearnt *learnt = item;
	JsonbContainer *object = json_read_object(r, value, "rows, bads, gain, out_of_fold_gain, p, shrinkage, note");

	learnt->rows = json_read_rows_field(r, object, "rows", true);
	learnt->bads = json_read_rows_field(r, object, "bads", true);
	learnt->note = json_read_text_field(r, object, "note", false);
	read_numbers(r, object, learnt, card_segment_numbers);
}

static void
read_covariance(JsonReader *r, JsonbValue *value, void *item, const CardIndex *features)
{
	*(double *) item = json_read_number(r, value);
}

/* A list of a fit; returns its items, each of that size, and their number. */
static void *
read_list(JsonReader *r, JsonbContainer *fit, const char *key, bool required, Size size, uint32_t *n,
		  void (*read) (JsonReader *r, JsonbValue *value, void *item, const CardIndex *features),
		  const CardIndex *features)
{
	JsonbValue *value = json_get_field(fit, key);
	int			mark = json_enter_key(r, key);
	char	   *items = NULL;
	uint32_t	i;

	if (value != NULL || required)
	{
		JsonbContainer *list = json_read_array(r, value, n);

		items = json_get_array(*n, size);
		for (i = 0; i < *n; i++)
		{
			int			item = json_enter_item(r, i);

			read(r, getIthJsonbValueFromContainer(list, i), items + i * size, features);
			json_leave(r, item);
		}
	}
	json_leave(r, mark);
	return items;
}

static CardFit *
read_fit(JsonReader *r, JsonbValue *value, const CardIndex *features)
{
	static const double one = 1;
	CardFit    *fit = palloc0(sizeof *fit);
	JsonbContainer *object = json_read_object(r, value,
										 "rows, bads, iterations, folds, encoding, selection, assumptions, weight_unit, log_likelihood, null_log_likelihood, ridge, lasso, lambda, shift, in_sample, out_of_fold, excluded, tried, terms, covariance, spreads, segments");

	fit->rows = json_read_rows_field(r, object, "rows", true);
	fit->bads = json_read_rows_field(r, object, "bads", true);
	fit->iterations = json_read_rows_field(r, object, "iterations", false);
	fit->folds = json_read_rows_field(r, object, "folds", false);
	fit->encoding = json_read_text_field(r, object, "encoding", false);
	fit->selection = json_read_text_field(r, object, "selection", false);
	fit->assumptions = json_read_text_field(r, object, "assumptions", false);
	fit->weight_unit = json_read_number_field(r, object, "weight_unit", &one);
	read_numbers(r, object, fit, card_fit_numbers);
	read_measures(r, object, "in_sample", "log_loss, auc, auc_low, auc_high", &fit->in_sample);
	fit->out_of_fold_rows = read_measures(r, object, "out_of_fold", "rows, log_loss, auc, auc_low, auc_high",
										  &fit->out_of_fold);
	read_exclusions(r, object, fit);
	fit->tried = read_list(r, object, "tried", false, sizeof *fit->tried, &fit->n_tried, read_tried, features);
	fit->term = read_list(r, object, "terms", true, sizeof *fit->term, &fit->n_terms, read_term, features);
	fit->covariance = read_list(r, object, "covariance", false, sizeof *fit->covariance, &fit->n_covariances,
								read_covariance, features);
	fit->spread = read_list(r, object, "spreads", false, sizeof *fit->spread, &fit->n_spreads, read_spread, features);
	fit->segment = read_list(r, object, "segments", false, sizeof *fit->segment, &fit->n_segments, read_learnt, features);
	return fit;
}

static void
read_scale(JsonReader *r, JsonbContainer *root, Card *card)
{
	JsonbValue *value = json_get_field(root, "scale");
	int			mark = json_enter_key(r, "scale");

	card->base_score = 600;
	card->base_odds = 50;
	card->pdo = 20;
	if (value != NULL)
	{
		JsonbContainer *scale = json_read_object(r, value, "base_score, base_odds, pdo");

		card->base_score = json_read_number_field(r, scale, "base_score", &card->base_score);
		card->base_odds = json_read_number_field(r, scale, "base_odds", &card->base_odds);
		card->pdo = json_read_number_field(r, scale, "pdo", &card->pdo);
	}
	json_leave(r, mark);
}

static Card *
read_card(JsonReader *r, JsonbValue *document)
{
	Card	   *card = palloc0(sizeof *card);
	JsonbContainer *root = json_read_object(r, document,
									   "format, name, scale, intercept, features, segments, fit");
	JsonbValue *fit = json_get_field(root, "fit");
	JsonbContainer *list;
	CardIndex  *features;
	double		format;
	int			mark;
	uint32_t	i;

	format = json_read_number_field(r, root, "format", NULL);
	if (format != CARD_VERSION)
	{
		json_enter_key(r, "format");
		json_refuse(r, json_get_field(root, "format"), "unknown format",
			   "This version of agririsk reads format 1.");
	}
	card->name = json_read_text_field(r, root, "name", true);
	read_scale(r, root, card);
	card->intercept = json_read_number_field(r, root, "intercept", NULL);

	mark = json_enter_key(r, "features");
	list = json_read_array(r, json_get_field(root, "features"), &card->n_features);
	card->feature = json_get_array(card->n_features, sizeof *card->feature);
	features = card_index_create(r->memory, card->n_features);
	for (i = 0; i < card->n_features; i++)
	{
		int			item = json_enter_item(r, i);

		read_feature(r, getIthJsonbValueFromContainer(list, i), &card->feature[i]);
		card_index_add(features, card->feature[i].name, i);
		json_leave(r, item);
	}
	json_leave(r, mark);

	mark = json_enter_key(r, "segments");
	if (json_get_field(root, "segments") != NULL)
	{
		list = json_read_array(r, json_get_field(root, "segments"), &card->n_segments);
		card->segment = json_get_array(card->n_segments, sizeof *card->segment);
		for (i = 0; i < card->n_segments; i++)
		{
			int			item = json_enter_item(r, i);

			read_segment(r, getIthJsonbValueFromContainer(list, i), &card->segment[i], features);
			json_leave(r, item);
		}
	}
	json_leave(r, mark);

	mark = json_enter_key(r, "fit");
	if (fit != NULL)
		card->fit = read_fit(r, fit, features);
	json_leave(r, mark);
	return card;
}

Datum
agririsk_scorecard_in(PG_FUNCTION_ARGS)
{
	JsonReader	reader;
	JsonbValue	document;
	Card	   *card;

	json_open(&reader, "scorecard", ERRCODE_INVALID_TEXT_REPRESENTATION, CurrentMemoryContext);
	json_parse(&reader, PG_GETARG_CSTRING(0), &document);
	card = read_card(&reader, &document);
	scorecard_check(card, reader.memory, ERRCODE_INVALID_TEXT_REPRESENTATION);
	PG_RETURN_POINTER(scorecard_store(card));
}

/* ---------- to JSON ---------- */

void
scorecard_append_number(StringInfo out, double x)
{
	char		digits[DOUBLE_SHORTEST_DECIMAL_LEN];

	double_to_shortest_decimal_buf(x, digits);
	appendStringInfoString(out, digits);
}

char *
scorecard_show_number(double x)
{
	char	   *digits = palloc(DOUBLE_SHORTEST_DECIMAL_LEN);

	double_to_shortest_decimal_buf(x, digits);
	return digits;
}

static void
append_number_field(StringInfo out, const char *before, double x)
{
	appendStringInfoString(out, before);
	scorecard_append_number(out, x);
}

static void
append_text_field(StringInfo out, const char *before, CardText t)
{
	appendStringInfoString(out, before);
	escape_json(out, pnstrdup(t.at, t.length));
}

static void
append_key(StringInfo out, const char *key)
{
	appendStringInfo(out, "%s\"%s\": ", out->data[out->len - 1] == '{' ? "" : ", ", key);
}

static void
append_rows(StringInfo out, const char *key, int64 rows)
{
	if (rows < 0)
		return;
	append_key(out, key);
	appendStringInfo(out, INT64_FORMAT, rows);
}

static void
append_counts(StringInfo out, int64 goods, int64 bads)
{
	append_rows(out, "goods", goods);
	append_rows(out, "bads", bads);
}

static void
append_bin(StringInfo out, const CardFeature *f, uint32_t b)
{
	const CardBin *bin = &f->bin[b];
	uint32_t	c;

	appendStringInfoChar(out, '{');
	if (f->kind == CARD_CATEGORY)
	{
		appendStringInfoString(out, "\"categories\": [");
		for (c = 0; c < bin->n_categories; c++)
			append_text_field(out, c > 0 ? ", " : "", bin->category[c]);
		appendStringInfoString(out, "], ");
	}
	else
	{
		if (b > 0)
		{
			append_number_field(out, "\"low\": ", f->cut[b - 1]);
			appendStringInfoString(out, ", ");
		}
		if (b + 1 < f->n_bins)
		{
			append_number_field(out, "\"high\": ", f->cut[b]);
			appendStringInfoString(out, ", ");
		}
	}
	append_number_field(out, "\"woe\": ", bin->woe);
	append_counts(out, bin->goods, bin->bads);
	appendStringInfoChar(out, '}');
}

static void
append_feature(StringInfo out, const CardFeature *f)
{
	uint32_t	i,
				v;

	append_text_field(out, "{\"name\": ", f->name);
	appendStringInfo(out, ", \"type\": \"%s\"", kind_words[f->kind]);
	append_number_field(out, ", \"weight\": ", f->weight);
	if (f->reason.length > 0)
		append_text_field(out, ", \"reason\": ", f->reason);
	if (f->consent.length > 0)
		append_text_field(out, ", \"consent\": ", f->consent);
	if (f->kind == CARD_LINEAR)
	{
		append_number_field(out, ", \"center\": ", f->center);
		if (!isnan(f->low))
		{
			append_number_field(out, ", \"low\": ", f->low);
			append_number_field(out, ", \"high\": ", f->high);
		}
	}
	else
	{
		appendStringInfoString(out, ", \"bins\": [");
		for (i = 0; i < f->n_bins; i++)
		{
			appendStringInfoString(out, i > 0 ? ", " : "");
			append_bin(out, f, i);
		}
		appendStringInfoChar(out, ']');
	}
	for (i = 0; i < f->n_specials; i++)
	{
		appendStringInfoString(out, i > 0 ? ", {\"values\": [" : ", \"special\": [{\"values\": [");
		for (v = 0; v < f->special[i].n_values; v++)
			append_number_field(out, v > 0 ? ", " : "", f->special[i].value[v]);
		append_number_field(out, "], \"woe\": ", f->special[i].woe);
		append_counts(out, f->special[i].goods, f->special[i].bads);
		appendStringInfoString(out, i + 1 < f->n_specials ? "}" : "}]");
	}
	if (f->missing == CARD_MISSING_WOE)
	{
		append_number_field(out, ", \"missing\": {\"woe\": ", f->missing_woe);
		append_counts(out, f->missing_goods, f->missing_bads);
		appendStringInfoChar(out, '}');
	}
	else if (f->missing != CARD_MISSING_NONE)
		appendStringInfo(out, ", \"missing\": \"%s\"", missing_words[f->missing - CARD_MISSING_WORST]);
	if (f->unseen != CARD_UNSEEN_AVERAGE)
		appendStringInfo(out, ", \"unseen\": \"%s\"", unseen_words[f->unseen]);
	appendStringInfoChar(out, '}');
}

static void
append_segment(StringInfo out, const Card *card, const CardSegment *s)
{
	uint32_t	w;

	append_text_field(out, "{\"name\": ", s->name);
	if (s->parent.length > 0)
		append_text_field(out, ", \"parent\": ", s->parent);
	if (s->has_intercept)
		append_number_field(out, ", \"intercept\": ", s->intercept);
	for (w = 0; w < s->n_weights; w++)
	{
		append_text_field(out, w > 0 ? ", " : ", \"weights\": {", card->feature[s->weight[w].feature].name);
		append_number_field(out, ": ", s->weight[w].weight);
	}
	appendStringInfoString(out, s->n_weights > 0 ? "}}" : "}");
}

static void
append_numbers(StringInfo out, const void *base, const CardNumber *number)
{
	for (; number->key != NULL; number++)
	{
		double		x = *card_number(base, number);

		if (isnan(x))
			continue;
		append_key(out, number->key);
		scorecard_append_number(out, x);
	}
}

static void
append_measures(StringInfo out, const char *key, const CardMeasures *measures, int64 rows)
{
	int			before = out->len;
	int			within;

	append_key(out, key);
	appendStringInfoChar(out, '{');
	within = out->len;
	append_rows(out, "rows", rows);
	append_numbers(out, measures, card_measure_numbers);
	if (out->len > within)
		appendStringInfoChar(out, '}');
	else
		out->data[out->len = before] = '\0';
}

/* What the fit says of segments. */
static void
append_pooling(StringInfo out, const Card *card)
{
	const CardFit *fit = card->fit;
	uint32_t	i;

	for (i = 0; i < fit->n_spreads; i++)
	{
		const CardSpread *spread = &fit->spread[i];

		appendStringInfo(out, "%s{\"level\": %u", i > 0 ? ", " : ", \"spreads\": [", spread->level);
		if (spread->feature >= 0)
			append_text_field(out, ", \"feature\": ", card->feature[spread->feature].name);
		append_number_field(out, ", \"sd\": ", spread->sd);
		appendStringInfoString(out, i + 1 < fit->n_spreads ? "}" : "}]");
	}
	for (i = 0; i < fit->n_segments; i++)
	{
		const CardLearnt *learnt = &fit->segment[i];

		appendStringInfoString(out, i > 0 ? ", {" : ", \"segments\": [{");
		append_rows(out, "rows", learnt->rows);
		append_rows(out, "bads", learnt->bads);
		append_numbers(out, learnt, card_segment_numbers);
		if (learnt->note.length > 0)
			append_text_field(out, ", \"note\": ", learnt->note);
		appendStringInfoString(out, i + 1 < fit->n_segments ? "}" : "}]");
	}
}

static void
append_fit(StringInfo out, const Card *card)
{
	const CardFit *fit = card->fit;
	uint32_t	i;

	appendStringInfoChar(out, '{');
	append_rows(out, "rows", fit->rows);
	append_rows(out, "bads", fit->bads);
	append_rows(out, "iterations", fit->iterations);
	append_rows(out, "folds", fit->folds);
	if (fit->encoding.length > 0)
		append_text_field(out, ", \"encoding\": ", fit->encoding);
	if (fit->selection.length > 0)
		append_text_field(out, ", \"selection\": ", fit->selection);
	if (fit->assumptions.length > 0)
		append_text_field(out, ", \"assumptions\": ", fit->assumptions);
	if (fit->weight_unit != 1)
		append_number_field(out, ", \"weight_unit\": ", fit->weight_unit);
	append_numbers(out, fit, card_fit_numbers);
	append_measures(out, "in_sample", &fit->in_sample, -1);
	append_measures(out, "out_of_fold", &fit->out_of_fold, fit->out_of_fold_rows);
	for (i = 0; i < fit->n_excluded; i++)
	{
		append_text_field(out, i > 0 ? ", " : ", \"excluded\": {", fit->excluded[i].why);
		appendStringInfo(out, ": " INT64_FORMAT, fit->excluded[i].rows);
	}
	appendStringInfoString(out, fit->n_excluded > 0 ? "}" : "");
	for (i = 0; i < fit->n_tried; i++)
	{
		append_text_field(out, i > 0 ? ", {\"name\": " : ", \"tried\": [{\"name\": ", fit->tried[i].name);
		if (fit->tried[i].dropped.length > 0)
			append_text_field(out, ", \"dropped\": ", fit->tried[i].dropped);
		append_numbers(out, &fit->tried[i], card_tried_numbers);
		appendStringInfoString(out, i + 1 < fit->n_tried ? "}" : "}]");
	}
	appendStringInfoString(out, ", \"terms\": [");
	for (i = 0; i < fit->n_terms; i++)
	{
		const CardTerm *term = &fit->term[i];

		appendStringInfoString(out, i > 0 ? ", {" : "{");
		if (term->feature >= 0)
			append_text_field(out, "\"feature\": ", card->feature[term->feature].name);
		if (term->has_level)
			append_text_field(out, ", \"level\": ", term->level);
		append_key(out, "coefficient");
		scorecard_append_number(out, term->coefficient);
		append_numbers(out, term, card_term_numbers);
		appendStringInfoChar(out, '}');
	}
	appendStringInfoChar(out, ']');
	for (i = 0; i < fit->n_covariances; i++)
		append_number_field(out, i > 0 ? ", " : ", \"covariance\": [", fit->covariance[i]);
	appendStringInfoString(out, fit->n_covariances > 0 ? "]" : "");
	append_pooling(out, card);
	appendStringInfoChar(out, '}');
}

Datum
agririsk_scorecard_out(PG_FUNCTION_ARGS)
{
	Card	   *card = scorecard_read(PG_DETOAST_DATUM_PACKED(PG_GETARG_DATUM(0)), CurrentMemoryContext);
	StringInfoData out;
	uint32_t	i;

	initStringInfo(&out);
	append_text_field(&out, "{\"format\": 1, \"name\": ", card->name);
	append_number_field(&out, ", \"scale\": {\"base_score\": ", card->base_score);
	append_number_field(&out, ", \"base_odds\": ", card->base_odds);
	append_number_field(&out, ", \"pdo\": ", card->pdo);
	append_number_field(&out, "}, \"intercept\": ", card->intercept);
	appendStringInfoString(&out, ", \"features\": [");
	for (i = 0; i < card->n_features; i++)
	{
		appendStringInfoString(&out, i > 0 ? ", " : "");
		append_feature(&out, &card->feature[i]);
	}
	appendStringInfoChar(&out, ']');
	for (i = 0; i < card->n_segments; i++)
	{
		appendStringInfoString(&out, i > 0 ? ", " : ", \"segments\": [");
		append_segment(&out, card, &card->segment[i]);
	}
	appendStringInfoString(&out, card->n_segments > 0 ? "]" : "");
	if (card->fit != NULL)
	{
		appendStringInfoString(&out, ", \"fit\": ");
		append_fit(&out, card);
	}
	appendStringInfoChar(&out, '}');
	PG_RETURN_CSTRING(out.data);
}

/* ---------- binary form ---------- */

static void
verify_text(CardText t)
{
	pg_verifymbstr(t.at, t.length, false);
}

static void
verify_fit(const CardFit *fit)
{
	uint32_t	i;

	verify_text(fit->encoding);
	verify_text(fit->selection);
	verify_text(fit->assumptions);
	for (i = 0; i < fit->n_excluded; i++)
		verify_text(fit->excluded[i].why);
	for (i = 0; i < fit->n_tried; i++)
	{
		verify_text(fit->tried[i].name);
		verify_text(fit->tried[i].dropped);
	}
	for (i = 0; i < fit->n_terms; i++)
		verify_text(fit->term[i].level);
	for (i = 0; i < fit->n_segments; i++)
		verify_text(fit->segment[i].note);
}

Datum
agririsk_scorecard_recv(PG_FUNCTION_ARGS)
{
	StringInfo	message = (StringInfo) PG_GETARG_POINTER(0);
	int			length = message->len - message->cursor;
	Card	   *card = decode_card(pq_getmsgbytes(message, length), length,
								   scorecard_memory(CurrentMemoryContext),
								   ERRCODE_INVALID_BINARY_REPRESENTATION);
	uint32_t	i,
				b,
				c;

	/* The decoder knows nothing of encodings. */
	verify_text(card->name);
	for (i = 0; i < card->n_features; i++)
	{
		const CardFeature *f = &card->feature[i];

		verify_text(f->name);
		verify_text(f->reason);
		verify_text(f->consent);
		for (b = 0; b < f->n_bins; b++)
			for (c = 0; c < f->bin[b].n_categories; c++)
				verify_text(f->bin[b].category[c]);
	}
	for (i = 0; i < card->n_segments; i++)
	{
		verify_text(card->segment[i].name);
		verify_text(card->segment[i].parent);
	}
	if (card->fit != NULL)
		verify_fit(card->fit);
	PG_RETURN_POINTER(scorecard_store(card));
}

Datum
agririsk_scorecard_send(PG_FUNCTION_ARGS)
{
	struct varlena *stored = PG_DETOAST_DATUM_PACKED(PG_GETARG_DATUM(0));
	StringInfoData out;

	pq_begintypsend(&out);
	pq_sendbytes(&out, VARDATA_ANY(stored), VARSIZE_ANY_EXHDR(stored));
	PG_RETURN_BYTEA_P(pq_endtypsend(&out));
}

/* ---------- comparison: equal cards have equal bytes ---------- */

static int
compare_cards(FunctionCallInfo fcinfo)
{
	struct varlena *a = PG_DETOAST_DATUM_PACKED(PG_GETARG_DATUM(0));
	struct varlena *b = PG_DETOAST_DATUM_PACKED(PG_GETARG_DATUM(1));
	Size		a_size = VARSIZE_ANY_EXHDR(a);
	Size		b_size = VARSIZE_ANY_EXHDR(b);
	int			order = memcmp(VARDATA_ANY(a), VARDATA_ANY(b), Min(a_size, b_size));

	if (order == 0)
		order = (a_size > b_size) - (a_size < b_size);
	/* Indexes compare many in one context. */
	PG_FREE_IF_COPY(a, 0);
	PG_FREE_IF_COPY(b, 1);
	return order;
}

Datum
agririsk_scorecard_eq(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_cards(fcinfo) == 0);
}

Datum
agririsk_scorecard_ne(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_cards(fcinfo) != 0);
}

Datum
agririsk_scorecard_lt(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_cards(fcinfo) < 0);
}

Datum
agririsk_scorecard_le(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_cards(fcinfo) <= 0);
}

Datum
agririsk_scorecard_gt(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_cards(fcinfo) > 0);
}

Datum
agririsk_scorecard_ge(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_cards(fcinfo) >= 0);
}

Datum
agririsk_scorecard_cmp(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(compare_cards(fcinfo));
}

Datum
agririsk_scorecard_hash(PG_FUNCTION_ARGS)
{
	struct varlena *a = PG_DETOAST_DATUM_PACKED(PG_GETARG_DATUM(0));
	Datum		hash = hash_any((const unsigned char *) VARDATA_ANY(a), VARSIZE_ANY_EXHDR(a));

	PG_FREE_IF_COPY(a, 0);
	return hash;
}

Datum
agririsk_scorecard_hash_extended(PG_FUNCTION_ARGS)
{
	struct varlena *a = PG_DETOAST_DATUM_PACKED(PG_GETARG_DATUM(0));
	Datum		hash = hash_any_extended((const unsigned char *) VARDATA_ANY(a),
										 VARSIZE_ANY_EXHDR(a), PG_GETARG_INT64(1));

	PG_FREE_IF_COPY(a, 0);
	return hash;
}

/* ---------- bins ---------- */

char *
scorecard_label(const CardFeature *f, int32_t place)
{
	StringInfoData label;
	uint32_t	i;

	initStringInfo(&label);
	if (place == SCORE_MISSING)
		appendStringInfoString(&label, "missing");
	else if (place == SCORE_UNSEEN)
		appendStringInfoString(&label, "unseen");
	else if (place == SCORE_NO_CONSENT)
		appendStringInfoString(&label, "no consent");
	else if (place == SCORE_LINEAR && f->center == 0)
		appendStringInfoString(&label, "linear");
	else if (place == SCORE_LINEAR)
		append_number_field(&label, "linear from ", f->center);
	else if (place >= (int32_t) f->n_bins)
	{
		const CardSpecial *special = &f->special[place - f->n_bins];

		appendStringInfoString(&label, "special ");
		for (i = 0; i < special->n_values; i++)
			append_number_field(&label, i > 0 ? ", " : "", special->value[i]);
	}
	else if (f->kind == CARD_CATEGORY)
		for (i = 0; i < f->bin[place].n_categories; i++)
			appendStringInfo(&label, "%s%.*s", i > 0 ? ", " : "",
							 (int) f->bin[place].category[i].length, f->bin[place].category[i].at);
	else if (f->n_bins == 1)
		appendStringInfoString(&label, "any value");
	else if (place == 0)
		append_number_field(&label, "< ", f->cut[0]);
	else if (place + 1 == (int32_t) f->n_bins)
		append_number_field(&label, ">= ", f->cut[place - 1]);
	else
	{
		append_number_field(&label, "[", f->cut[place - 1]);
		append_number_field(&label, ", ", f->cut[place]);
		appendStringInfoChar(&label, ')');
	}
	return label.data;
}

static Datum
categories_array(const CardBin *bin)
{
	Datum	   *element = palloc(sizeof(Datum) * bin->n_categories);
	uint32_t	i;

	for (i = 0; i < bin->n_categories; i++)
		element[i] = PointerGetDatum(scorecard_text(bin->category[i]));
	return PointerGetDatum(construct_array(element, bin->n_categories, TEXTOID, -1, false, TYPALIGN_INT));
}

/* The first row of bins(): no feature's, so that no feature's name can clash. */
static void
put_base_points(Tuplestorestate *rows, TupleDesc columns, const ScoreCard *sc)
{
	Datum		value[11] = {0};
	bool		null[11] = {true, true, false, true, true, true, true, false, true, true, true};

	value[2] = CStringGetTextDatum("base points");
	value[7] = Float8GetDatum(score_base_points(sc, &sc->root));
	tuplestore_putvalues(rows, columns, value, null);
}

/* The rows that a place was learnt from; -1 where they are not known. */
static void
get_counts(const CardFeature *f, int32_t place, int64 *goods, int64 *bads)
{
	*goods = *bads = -1;
	if (place >= (int32_t) f->n_bins)
	{
		*goods = f->special[place - f->n_bins].goods;
		*bads = f->special[place - f->n_bins].bads;
	}
	else if (place >= 0)
	{
		*goods = f->bin[place].goods;
		*bads = f->bin[place].bads;
	}
	else if (place == SCORE_MISSING && f->missing == CARD_MISSING_WOE)
	{
		*goods = f->missing_goods;
		*bads = f->missing_bads;
	}
}

/*
 * A further row: a bin, a special bin, what missing and unseen count as, or the
 * slope of a linear feature.
 */
static void
put_bin(Tuplestorestate *rows, TupleDesc columns, const ScoreCard *sc, uint32_t i,
		int number, int32_t place, double woe)
{
	const CardFeature *f = &sc->card->feature[i];
	bool		linear = place == SCORE_LINEAR;
	bool		number_bin = f->kind == CARD_NUMBER && place >= 0 && place < (int32_t) f->n_bins;
	bool		category_bin = f->kind == CARD_CATEGORY && place >= 0;
	Datum		value[11];
	bool		null[11] = {false};
	int64		goods;
	int64		bads;

	value[0] = PointerGetDatum(scorecard_text(f->name));
	value[1] = Int32GetDatum(number);
	value[2] = CStringGetTextDatum(scorecard_label(f, place));
	agr_set_number(value, null, 3, linear ? f->low : number_bin && place > 0 ? f->cut[place - 1] : NAN);
	agr_set_number(value, null, 4, linear ? f->high
				   : number_bin && place + 1 < (int32_t) f->n_bins ? f->cut[place] : NAN);
	null[5] = !category_bin;
	value[5] = null[5] ? (Datum) 0 : categories_array(&f->bin[place]);
	/* An unseen category that is an error has neither WOE nor points. */
	null[7] = place == SCORE_UNSEEN && f->unseen == CARD_UNSEEN_ERROR;
	/* One more of a linear feature has points, but is not a place that has a WOE. */
	null[6] = null[7] || linear;
	value[6] = Float8GetDatum(woe);
	value[7] = Float8GetDatum(score_feature_points(sc, sc->root.weight[i] * woe));
	get_counts(f, place, &goods, &bads);
	null[8] = null[9] = goods < 0;
	value[8] = Int64GetDatum(goods + bads);
	value[9] = Int64GetDatum(bads);
	agr_set_number(value, null, 10, goods + bads > 0 ? (double) bads / (goods + bads) : NAN);
	tuplestore_putvalues(rows, columns, value, null);
}

Datum
agririsk_bins(PG_FUNCTION_ARGS)
{
	const ScoreCard *sc = scorecard_compile(PG_DETOAST_DATUM_PACKED(PG_GETARG_DATUM(0)),
											CurrentMemoryContext);
	TupleDesc	columns;
	Tuplestorestate *rows = agr_begin_rows(fcinfo, work_mem, &columns);
	uint32_t	i,
				b;

	put_base_points(rows, columns, sc);
	for (i = 0; i < sc->card->n_features; i++)
	{
		const CardFeature *f = &sc->card->feature[i];
		const ScoreFeature *s = &sc->feature[i];
		uint32_t	n = f->n_bins + f->n_specials;

		CHECK_FOR_INTERRUPTS();
		for (b = 0; b < n; b++)
			put_bin(rows, columns, sc, i, b + 1, b, s->woe[b]);
		if (f->kind == CARD_LINEAR)
			put_bin(rows, columns, sc, i, ++n, SCORE_LINEAR, 1);
		put_bin(rows, columns, sc, i, ++n, SCORE_MISSING,
				score_missing_woe(s, sc->root.weight[i]));
		if (f->kind == CARD_CATEGORY)
			put_bin(rows, columns, sc, i, ++n, SCORE_UNSEEN,
					score_unseen_woe(s, sc->root.weight[i]));
	}
	return (Datum) 0;
}
