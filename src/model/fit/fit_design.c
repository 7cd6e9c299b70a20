/*
 * fit_design.c
 *		The design of a fit: from rows to the terms of the linear predictor.
 *
 * Under encoding woe the rows are rewritten once, as codes: the bins of a
 * feature, its special values, then missing, without consent, unseen. Under
 * encoding none numbers stay as they are, and the code of a category is its level.
 */
#include "postgres.h"

#include "agririsk.h"

#include <math.h>

#include "core/math/rounded_sum.h"
#include "miscadmin.h"
#include "model/fit/fit_design.h"

/* Beyond these the square of a number, and sums of squares, might overflow or vanish. */
#define GREATEST_NUMBER		1e100
#define LEAST_RANGE			1e-100

/* ---------- reading chunks ---------- */

/* Points to the columns of a chunk, in memory or in buffers of its own. */
static void
read_chunk(ColumnStore *store, int chunk, const void **column, void **buffer)
{
	int			c;

	CHECK_FOR_INTERRUPTS();
	for (c = 0; c < store->n_columns; c++)
	{
		if (chunk < store->chunks_filed && buffer[c] == NULL)
			buffer[c] = palloc(COLUMN_CHUNK * store->column[c].width);
		column[c] = column_store_read(store, chunk, c, buffer[c]);
	}
}

/* A pass over all rows as they came. */
typedef struct FitPass
{
	const FitRows *rows;
	int			chunk;
	int			n;				/* rows of the chunk */
	const void **column;
	void	  **buffer;
	const uint8 *outcome;
	const uint8 *fold;
	const int64 *weight;		/* NULL: all are 1 */
} FitPass;

static FitPass *
begin_pass(const FitRows *rows)
{
	FitPass    *pass = palloc0(sizeof *pass);

	pass->rows = rows;
	pass->chunk = -1;
	pass->column = palloc0(rows->layout.n_columns * sizeof(void *));
	pass->buffer = palloc0(rows->layout.n_columns * sizeof(void *));
	return pass;
}

static bool
next_chunk(FitPass *pass)
{
	const FitLayout *layout = &pass->rows->layout;
	ColumnStore *store = unconstify(ColumnStore *, &pass->rows->store);

	if (++pass->chunk >= store->chunks)
	{
		pass->chunk = -1;
		return false;
	}
	read_chunk(store, pass->chunk, pass->column, pass->buffer);
	pass->n = column_store_chunk_rows(store, pass->chunk);
	pass->outcome = pass->column[layout->outcome];
	pass->fold = pass->column[layout->fold];
	pass->weight = layout->weight < 0 ? NULL : pass->column[layout->weight];
	return true;
}

static inline int64
row_weight(const FitPass *pass, int row)
{
	return pass->weight ? pass->weight[row] : 1;
}

static inline bool
gave_consent(const FitPass *pass, const FitFeature *feature, int row)
{
	return feature->consent < 0 ||
		((const uint8 *) pass->column[pass->rows->n_features + feature->consent])[row];
}

static inline void
count_row(FitCount *count, bool held, int outcome, int64 weight)
{
	BinCell    *cell = held ? &count->held : &count->train;

	cell->count[outcome] += weight;
}

static inline int64
train_rows(const FitCount *count)
{
	return count->train.count[BIN_GOOD] + count->train.count[BIN_BAD];
}

/* ---------- encoding woe ---------- */

static uint32
n_places(const Binning *binning)
{
	return binning->n_bins + binning->n_specials;
}

/* The codes after those of places. */
enum
{
	CODE_MISSING,
	CODE_NO_CONSENT,
	CODE_UNSEEN,
	CODES_AFTER
};

/* A way from values to codes: the places where the card would look for them. */
typedef struct FitCoder
{
	const ScoreFeature *feature;
	uint32		places;
	uint32	   *level;			/* the code of each level of a category */
} FitCoder;

static FitCoder *
make_coders(const FitDesign *design)
{
	const FitRows *rows = design->rows;
	Arena	memory = agr_arena(CurrentMemoryContext);
	FitCoder   *coder = palloc0(rows->n_features * sizeof *coder);
	Card	   *card = palloc0(sizeof *card);
	ScoreCard  *compiled;
	uint32		i;
	int			f;

	card->pdo = card->base_odds = 1;
	card->n_features = rows->n_features;
	card->feature = palloc0(rows->n_features * sizeof *card->feature);
	for (f = 0; f < rows->n_features; f++)
	{
		card->feature[f] = design->learnt[f].card;
		card->feature[f].name.at = rows->feature[f].name;
		card->feature[f].name.length = strlen(rows->feature[f].name);
	}
	compiled = score_compile(card, memory);
	for (f = 0; f < rows->n_features; f++)
	{
		const KeySums *levels = rows->feature[f].levels;

		coder[f].feature = &compiled->feature[f];
		coder[f].places = n_places(design->learnt[f].binning);
		if (levels == NULL)
			continue;
		coder[f].level = palloc_extended(Max(levels->count, 1) * sizeof(uint32), MCXT_ALLOC_HUGE);
		for (i = 0; i < levels->count; i++)
		{
			int32		place = score_category_place(coder[f].feature, key_sums_key(levels, i),
													 levels->keys[i].key_length);

			coder[f].level[i] = place < 0 ? coder[f].places + CODE_UNSEEN : (uint32) place;
		}
	}
	return coder;
}

static void
encode_column(FitDesign *design, const FitPass *pass, const FitCoder *coder, int f, uint32 *code)
{
	const FitFeature *feature = &design->rows->feature[f];
	FitCount   *count = design->learnt[f].count;
	const double *number = pass->column[f];
	const uint32 *level = pass->column[f];
	int			i;

	for (i = 0; i < pass->n; i++)
	{
		if (!gave_consent(pass, feature, i))
			code[i] = coder->places + CODE_NO_CONSENT;
		else if (coder->level != NULL)
			code[i] = level[i] == FIT_MISSING_LEVEL ? coder->places + CODE_MISSING : coder->level[level[i]];
		else
			code[i] = isnan(number[i]) ? coder->places + CODE_MISSING :
				(uint32) score_number_place(coder->feature, number[i]);
		count_row(&count[code[i]], pass->fold[i] == design->without, pass->outcome[i], row_weight(pass, i));
	}
}

static inline void
write_code(void *place, uint32 width, uint32 code)
{
	if (width == 1)
		*(uint8 *) place = code;
	else if (width == 2)
		*(uint16 *) place = code;
	else
		*(uint32 *) place = code;
}

static void
append_codes(FitDesign *design, const FitPass *pass, uint32 *const *code)
{
	const FitRows *rows = design->rows;
	ColumnStore *store = &design->codes;
	const FitLayout *to = &design->layout;
	int			i,
				f;

	for (i = 0; i < pass->n; i++)
	{
		column_store_begin_row(store);
		for (f = 0; f < rows->n_features; f++)
			write_code(column_store_place(store, f), store->column[f].width, code[f][i]);
		*(uint8 *) column_store_place(store, to->outcome) = pass->outcome[i];
		*(uint8 *) column_store_place(store, to->fold) = pass->fold[i];
		if (to->weight >= 0)
			*(int64 *) column_store_place(store, to->weight) = pass->weight[i];
		if (to->offset >= 0)
			*(double *) column_store_place(store, to->offset) = ((const double *) pass->column[rows->layout.offset])[i];
		if (to->segment >= 0)
			*(uint32 *) column_store_place(store, to->segment) = ((const uint32 *) pass->column[rows->layout.segment])[i];
		column_store_end_row(store);
	}
}

static void
encode_rows(FitDesign *design, NodeBudget *budget)
{
	const FitRows *rows = design->rows;
	FitPass    *pass = begin_pass(rows);
	FitCoder   *coder = make_coders(design);
	uint32	  **code = palloc(rows->n_features * sizeof *code);
	uint8	   *width;
	int			f;

	design->layout = fit_layout(rows, rows->n_features);
	width = palloc(design->layout.n_columns);
	for (f = 0; f < design->layout.n_columns; f++)
		width[f] = f == design->layout.segment ? 4 : f > design->layout.fold ? 8 : 1;
	for (f = 0; f < rows->n_features; f++)
	{
		FitLearnt  *learnt = &design->learnt[f];

		learnt->n_codes = coder[f].places + CODES_AFTER;
		learnt->count = palloc0(learnt->n_codes * sizeof *learnt->count);
		width[f] = learnt->n_codes <= 256 ? 1 : learnt->n_codes <= 65536 ? 2 : 4;
		code[f] = palloc(COLUMN_CHUNK * sizeof **code);
	}
	column_store_init(&design->codes, budget, NULL, design->layout.n_columns, width);
	design->store = &design->codes;
	while (next_chunk(pass))
	{
		for (f = 0; f < rows->n_features; f++)
			encode_column(design, pass, &coder[f], f, code[f]);
		append_codes(design, pass, code);
	}
}

/* Gives a binning the training rows' counts in place of the counts that it came with. */
static void
recount(FitLearnt *learnt, double weight_unit)
{
	Binning    *binning = learnt->binning;
	uint32		i;

	for (i = 0; i < binning->n_bins; i++)
		binning->bin[i].cell = learnt->count[i].train;
	for (i = 0; i < binning->n_specials; i++)
		binning->special[i].cell = learnt->count[binning->n_bins + i].train;
	binning->missing.cell = learnt->count[n_places(binning) + CODE_MISSING].train;
	binning->prior = BIN_PRIOR / weight_unit;
	binning_weigh(binning);
	binning_feature(binning, &learnt->card, agr_arena(CurrentMemoryContext));
}

int64
fit_unseen_rows(const FitLearnt *learnt)
{
	return train_rows(&learnt->count[n_places(learnt->binning) + CODE_UNSEEN]);
}

/* The WOE that a code counts as. */
static double
code_woe(const FitLearnt *learnt, uint32 code)
{
	const Binning *binning = learnt->binning;
	uint32		places = n_places(binning);
	double		worst;
	uint32		i;

	if (code < binning->n_bins)
		return binning->bin[code].woe;
	if (code < places)
		return binning->special[code - binning->n_bins].woe;
	if (code == places + CODE_MISSING)
		return binning->missing.woe;
	if (code == places + CODE_NO_CONSENT || binning->unseen != CARD_UNSEEN_WORST)
		return 0;
	/* It may be below 0, where missing holds the risk. */
	worst = binning->bin[0].woe;
	for (i = 1; i < binning->n_bins; i++)
		worst = Max(worst, binning->bin[i].woe);
	return worst;
}

void
fit_turn_worst(FitDesign *design, FitTerm *term)
{
	const Binning *binning = design->learnt[term->feature].binning;
	double		least = INFINITY;
	uint32		i;

	if (binning->kind != CARD_CATEGORY || binning->unseen != CARD_UNSEEN_WORST)
		return;
	for (i = 0; i < binning->n_bins; i++)
		least = Min(least, binning->bin[i].woe);
	term->z[n_places(binning) + CODE_UNSEEN] = least / term->scale;
	term->turned = true;
}

bool
fit_has_worst(const FitLearnt *learnt, bool held_out)
{
	const Binning *binning = learnt->binning;
	const FitCount *unseen;

	if (binning == NULL || binning->kind != CARD_CATEGORY || binning->unseen != CARD_UNSEEN_WORST)
		return false;
	unseen = &learnt->count[n_places(binning) + CODE_UNSEEN];
	return train_rows(unseen) > 0 ||
		(held_out && unseen->held.count[BIN_GOOD] + unseen->held.count[BIN_BAD] > 0);
}

/* Information value of the rows of the fold left out, weighed by what the others taught. */
static double
held_out_iv(const FitLearnt *learnt)
{
	uint32		without_consent = n_places(learnt->binning) + CODE_NO_CONSENT;
	double		total[2] = {0, 0};
	double		iv = 0;
	uint32		i;

	for (i = 0; i < learnt->n_codes; i++)
		if (i != without_consent)
		{
			total[BIN_GOOD] += (double) learnt->count[i].held.count[BIN_GOOD];
			total[BIN_BAD] += (double) learnt->count[i].held.count[BIN_BAD];
		}
	if (total[BIN_GOOD] == 0 || total[BIN_BAD] == 0)
		return NAN;
	for (i = 0; i < learnt->n_codes; i++)
		if (i != without_consent)
			iv += (learnt->count[i].held.count[BIN_BAD] / total[BIN_BAD] -
				   learnt->count[i].held.count[BIN_GOOD] / total[BIN_GOOD]) * code_woe(learnt, i);
	return iv;
}

/* Whether the training rows have more than one WOE. */
static bool
varies(const FitLearnt *learnt)
{
	double		first = NAN;
	uint32		i;

	for (i = 0; i < learnt->n_codes; i++)
	{
		if (train_rows(&learnt->count[i]) == 0)
			continue;
		if (!isnan(first) && code_woe(learnt, i) != first)
			return true;
		first = code_woe(learnt, i);
	}
	return false;
}

/* The standard deviation of x over the training rows, which have one x a code. */
static double
code_sd(const FitLearnt *learnt, const double *x)
{
	double		rows = 0;
	double		mean = 0;
	double		variance = 0;
	uint32		i;

	for (i = 0; i < learnt->n_codes; i++)
	{
		rows += (double) train_rows(&learnt->count[i]);
		mean += (double) train_rows(&learnt->count[i]) * x[i];
	}
	mean /= rows;
	for (i = 0; i < learnt->n_codes; i++)
		variance += (double) train_rows(&learnt->count[i]) * (x[i] - mean) * (x[i] - mean);
	return sqrt(variance / rows);
}

static void
check_terms(const FitDesign *design, int more)
{
	if (more > CARD_MAX_FEATURES - design->n_terms)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many terms"),
				 errdetail("With all levels of categories there are more than %d.", CARD_MAX_FEATURES),
				 errhint("Leave categories of many levels out, or use encoding => 'woe'.")));
}

static FitTerm *
add_term(FitDesign *design, int feature)
{
	FitTerm    *term = &design->term[design->n_terms++];

	memset(term, 0, sizeof *term);
	term->feature = feature;
	term->scale = 1;
	term->reach = 1;
	return term;
}

/* Why a binning has one bin, as part of a list: without its full stop. */
static char *
drop_reason(const Binning *binning)
{
	char	   *why = pstrdup(binning->single ? binning->single : "Its bins do not differ.");

	why[strlen(why) - 1] = '\0';
	why[0] = pg_tolower((unsigned char) why[0]);
	return why;
}

static void
add_woe_term(FitDesign *design, int f)
{
	FitLearnt  *learnt = &design->learnt[f];
	FitTerm    *term;
	double		largest = 0;
	uint32		i;

	learnt->iv = learnt->binning->iv;
	learnt->held_iv = design->without < 0 ? NAN : held_out_iv(learnt);
	if (!varies(learnt))
	{
		learnt->dropped = drop_reason(learnt->binning);
		return;
	}
	term = add_term(design, f);
	term->n_codes = learnt->n_codes;
	term->z = palloc(learnt->n_codes * sizeof(double));
	for (i = 0; i < learnt->n_codes; i++)
	{
		term->z[i] = code_woe(learnt, i);
		largest = Max(largest, fabs(term->z[i]));
	}
	term->sd = code_sd(learnt, term->z);
	term->scale = power_of_two_above(largest);
	for (i = 0; i < learnt->n_codes; i++)
		term->z[i] /= term->scale;
}

static void
design_woe(FitDesign *design, Binning **binning, NodeBudget *budget)
{
	FitRows    *rows = design->rows;
	Arena	memory = agr_arena(CurrentMemoryContext);
	int			f;

	for (f = 0; f < rows->n_features; f++)
	{
		design->learnt[f].binning = binning[f];
		binning_feature(binning[f], &design->learnt[f].card, memory);
	}
	encode_rows(design, budget);
	for (f = 0; f < rows->n_features; f++)
	{
		recount(&design->learnt[f], rows->options->weight_unit);
		add_woe_term(design, f);
	}
}

/* ---------- encoding none ---------- */

/* Sums over the training rows of a number. */
typedef struct Moments
{
	int64		n;
	RoundedSum	sum;
} Moments;

static void
find_range(FitDesign *design, const FitPass *pass, int f)
{
	FitLearnt  *learnt = &design->learnt[f];
	const double *x = pass->column[f];
	int			i;

	for (i = 0; i < pass->n; i++)
	{
		bool		held = pass->fold[i] == design->without;
		double	   *least = held ? &learnt->held_least : &learnt->least;
		double	   *greatest = held ? &learnt->held_greatest : &learnt->greatest;

		/* False for NaN, which is a number that was not given. */
		if (x[i] < *least)
			*least = x[i];
		if (x[i] > *greatest)
			*greatest = x[i];
	}
}

static void
count_levels(FitDesign *design, const FitPass *pass, int f)
{
	FitCount   *count = design->learnt[f].count;
	const uint32 *level = pass->column[f];
	int			i;

	for (i = 0; i < pass->n; i++)
		if (level[i] != FIT_MISSING_LEVEL)
			count_row(&count[level[i]], pass->fold[i] == design->without, pass->outcome[i], row_weight(pass, i));
}

/* Adds up (x - center) to a power, 1 or 2. */
static void
add_moment(const FitDesign *design, const FitPass *pass, int f, double center, int power, Moments *moments)
{
	const double *x = pass->column[f];
	Moments		sum = *moments;
	int			i;

	for (i = 0; i < pass->n; i++)
		if (pass->fold[i] != design->without && !isnan(x[i]))
		{
			double		distance = x[i] - center;
			int64		weight = row_weight(pass, i);

			rounded_sum_add(&sum.sum, power == 1 ? distance : distance * distance, (double) weight);
			sum.n += weight;
		}
	*moments = sum;
}

/* Means of a power of x - center, of all numbers. */
static void
find_means(const FitDesign *design, FitPass *pass, const double *center, int power, double *mean)
{
	const FitRows *rows = design->rows;
	Moments    *moments = palloc0(rows->n_features * sizeof *moments);
	double		weight = (double) (design->total[0] + design->total[1]);
	int			f;

	for (f = 0; f < rows->n_features; f++)
	{
		double		largest = Max(fabs(design->learnt[f].least - center[f]), fabs(design->learnt[f].greatest - center[f]));

		if (isfinite(largest))
			rounded_sum_begin(&moments[f].sum, power == 1 ? largest : largest * largest, weight);
	}
	while (next_chunk(pass))
		for (f = 0; f < rows->n_features; f++)
			if (rows->feature[f].kind == CARD_NUMBER)
				add_moment(design, pass, f, center[f], power, &moments[f]);
	for (f = 0; f < rows->n_features; f++)
		mean[f] = rounded_sum_get(&moments[f].sum) / (double) Max(moments[f].n, 1);
	pfree(moments);
}

static void
check_range(const FitRows *rows, int f, double least, double greatest)
{
	double		size = Max(fabs(least), fabs(greatest));

	if (size <= GREATEST_NUMBER && (least == greatest || greatest - least >= LEAST_RANGE))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("column \"%s\" has values too %s for a fit", rows->feature[f].name,
					size > GREATEST_NUMBER ? "large" : "close to each other"),
			 errdetail("They lie from %g to %g.", least, greatest),
			 errhint("Give it in another unit, or use encoding => 'woe'.")));
}

static void
add_number_term(FitDesign *design, int f, double center, double variance)
{
	FitLearnt  *learnt = &design->learnt[f];
	FitTerm    *term;

	learnt->card.kind = CARD_LINEAR;
	if (!(learnt->least < learnt->greatest))
	{
		learnt->dropped = pstrdup(learnt->least == learnt->greatest ? "constant" : "no values");
		return;
	}
	check_terms(design, 1);
	term = add_term(design, f);
	term->center = center;
	term->sd = sqrt(variance);
	term->scale = power_of_two_above(Max(learnt->greatest - center, center - learnt->least));
	term->reach = Max(1, Max(learnt->held_greatest - center, center - learnt->held_least) / term->scale);
}

static void
add_level_term(FitDesign *design, int f, uint32 level, double share)
{
	FitLearnt  *learnt = &design->learnt[f];
	FitTerm    *term = add_term(design, f);
	uint32		i;

	term->level = level;
	term->center = share;
	term->sd = sqrt(share * (1 - share));
	term->n_codes = learnt->n_codes;
	term->z = palloc(learnt->n_codes * sizeof(double));
	for (i = 0; i < learnt->n_codes; i++)
		term->z[i] = i == level ? 1 - share : train_rows(&learnt->count[i]) > 0 ? -share : 0;
}

/* Terms of the levels that training rows have, but for the first in the order of bytes. */
static void
add_category_terms(FitDesign *design, int f)
{
	FitLearnt  *learnt = &design->learnt[f];
	uint32	   *order = key_sums_order(design->rows->feature[f].levels);
	int64		rows = 0;
	int			levels = 0;
	bool		first = true;
	uint32		i;

	learnt->card.kind = CARD_CATEGORY;
	for (i = 0; i < learnt->n_codes; i++)
	{
		rows += train_rows(&learnt->count[i]);
		levels += train_rows(&learnt->count[i]) > 0;
	}
	check_terms(design, levels);
	for (i = 0; i < learnt->n_codes; i++)
	{
		int64		n = train_rows(&learnt->count[order[i]]);

		if (n == rows)
			learnt->dropped = pstrdup(rows > 0 ? "constant" : "no values");
		if (n == 0 || n == rows)
			continue;
		if (!first)
			add_level_term(design, f, order[i], (double) n / (double) rows);
		first = false;
	}
	if (learnt->n_codes == 0)
		learnt->dropped = pstrdup("no values");
}

static void
design_none(FitDesign *design)
{
	FitRows    *rows = design->rows;
	FitPass    *pass = begin_pass(rows);
	double	   *center = palloc0(rows->n_features * sizeof(double));
	double	   *mean = palloc(rows->n_features * sizeof(double));
	double	   *square = palloc(rows->n_features * sizeof(double));
	int			f;

	design->layout = rows->layout;
	design->store = &rows->store;
	for (f = 0; f < rows->n_features; f++)
	{
		FitLearnt  *learnt = &design->learnt[f];

		learnt->iv = learnt->held_iv = NAN;
		learnt->least = learnt->held_least = INFINITY;
		learnt->greatest = learnt->held_greatest = -INFINITY;
		if (rows->feature[f].kind == CARD_CATEGORY)
		{
			learnt->n_codes = rows->feature[f].levels->count;
			learnt->count = palloc0(Max(learnt->n_codes, 1) * sizeof *learnt->count);
		}
	}
	while (next_chunk(pass))
		for (f = 0; f < rows->n_features; f++)
			if (rows->feature[f].kind == CARD_NUMBER)
				find_range(design, pass, f);
			else
				count_levels(design, pass, f);
	for (f = 0; f < rows->n_features; f++)
		if (isfinite(design->learnt[f].least))
		{
			check_range(rows, f, design->learnt[f].least, design->learnt[f].greatest);
			center[f] = design->learnt[f].least;
		}
	find_means(design, pass, center, 1, mean);
	for (f = 0; f < rows->n_features; f++)
		center[f] += mean[f];
	find_means(design, pass, center, 2, square);
	for (f = 0; f < rows->n_features; f++)
		if (rows->feature[f].kind == CARD_NUMBER)
			add_number_term(design, f, center[f], square[f]);
		else
			add_category_terms(design, f);
}

/* ---------- rows for the solver ---------- */

/* The numbers, within the chunk, of the next rows that are wanted. */
static int
pick_rows(FitDesign *design, uint16 *pick)
{
	const uint8 *fold = design->column[design->layout.fold];
	int			n = 0;

	for (; design->at < design->chunk_rows && n < LOGIT_BLOCK; design->at++)
		if (design->only >= 0 ? fold[design->at] == design->only : fold[design->at] != design->without)
			pick[n++] = design->at;
	return n;
}

static inline double
look_up(const FitTerm *term, uint32 code)
{
	return code < term->n_codes ? term->z[code] : 0;
}

/* The terms of n rows of the chunk: from the one at hand on, or those picked. */
static inline void
fill_term(const FitDesign *design, const FitTerm *term, const uint16 *pick, int first, int n, double *x)
{
#define ROW(i) (pick ? pick[i] : first + (i))
	const void *column = design->column[term->feature];
	uint32		width = design->store->column[term->feature].width;
	double		center = term->center;
	double		unit = 1 / term->scale;
	int			i;

	if (term->z == NULL && design->rows->feature[term->feature].consent < 0)
		for (i = 0; i < n; i++)
			x[i] = (((const double *) column)[ROW(i)] - center) * unit;
	else if (term->z == NULL)
		for (i = 0; i < n; i++)
		{
			double		value = ((const double *) column)[ROW(i)];

			x[i] = isnan(value) ? 0 : (value - center) * unit;
		}
	else if (width == 1)
		for (i = 0; i < n; i++)
			x[i] = term->z[((const uint8 *) column)[ROW(i)]];
	else if (width == 2)
		for (i = 0; i < n; i++)
			x[i] = term->z[((const uint16 *) column)[ROW(i)]];
	else
		for (i = 0; i < n; i++)
			x[i] = look_up(term, ((const uint32 *) column)[ROW(i)]);
#undef ROW
}

static void
fill_block(FitDesign *design, const uint16 *pick, int first, LogitBlock *block)
{
	const FitLayout *layout = &design->layout;
	const uint8 *outcome = design->column[layout->outcome];
	const int64 *weight = layout->weight < 0 ? NULL : design->column[layout->weight];
	const double *offset = layout->offset < 0 || design->plain ? NULL : design->column[layout->offset];
	const uint32 *segment = layout->segment < 0 ? NULL : design->column[layout->segment];
	int			i;

	for (i = 0; i < design->n_terms; i++)
	{
		double	   *x = block->x + (Size) i * LOGIT_BLOCK;

		if (design->used != NULL && !design->used[i])
			continue;
		/* The same loops twice, so that the usual one has no picking in it. */
		if (pick == NULL)
			fill_term(design, &design->term[i], NULL, first, block->n, x);
		else
			fill_term(design, &design->term[i], pick, first, block->n, x);
	}
	for (i = 0; i < block->n; i++)
	{
		int			row = pick ? pick[i] : first + i;

		block->y[i] = outcome[row];
		block->weight[i] = weight ? (double) weight[row] : 1;
		block->offset[i] = offset ? offset[row] : 0;
		if (segment)
			design->segment[i] = segment[row];
	}
}

/* Makes sure that there are rows at hand; false at the end. */
static bool
enter_chunk(FitDesign *design)
{
	while (design->at >= design->chunk_rows)
	{
		design->at = design->chunk_rows = 0;
		if (++design->chunk >= design->store->chunks)
		{
			design->chunk = -1;
			return false;
		}
		read_chunk(design->store, design->chunk, design->column, design->buffer);
		design->chunk_rows = column_store_chunk_rows(design->store, design->chunk);
	}
	return true;
}

int
fit_design_pick(FitDesign *design, uint16 *pick)
{
	int			n = 0;

	while (n == 0 && enter_chunk(design))
		n = pick_rows(design, pick);
	return n;
}

static void
next_block(LogitRows *logit, LogitBlock *block)
{
	FitDesign  *design = (FitDesign *) logit;
	uint16		pick[LOGIT_BLOCK];
	int			first;

	block->n = 0;
	if (design->without >= 0)
	{
		block->n = fit_design_pick(design, pick);
		fill_block(design, pick, 0, block);
	}
	else if (enter_chunk(design))
	{
		first = design->at;
		block->n = Min(LOGIT_BLOCK, design->chunk_rows - first);
		design->at += block->n;
		fill_block(design, NULL, first, block);
	}
}

void
fit_design_rewind(FitDesign *design, bool held_out)
{
	design->chunk = -1;
	design->at = design->chunk_rows = 0;
	design->only = held_out ? design->without : -1;
}

/* ---------- the whole ---------- */

/* Training rows by outcome. */
static void
count_outcomes(FitDesign *design)
{
	const FitRows *rows = design->rows;
	FitPass    *pass;
	int			i;

	memcpy(design->total, rows->total, sizeof design->total);
	if (design->without < 0)
		return;
	for (pass = begin_pass(rows); next_chunk(pass);)
		for (i = 0; i < pass->n; i++)
			if (pass->fold[i] == design->without)
				design->total[pass->outcome[i]] -= row_weight(pass, i);
}

FitDesign *
fit_design_create(FitRows *rows, int without, Binning **binning, NodeBudget *budget)
{
	FitDesign  *design = palloc0(sizeof *design);
	int			f;

	design->rows = rows;
	design->without = without;
	design->learnt = palloc0(rows->n_features * sizeof *design->learnt);
	design->term = palloc(CARD_MAX_FEATURES * sizeof *design->term);
	count_outcomes(design);
	if (rows->options->woe)
		design_woe(design, binning, budget);
	else
		design_none(design);
	for (f = 0; f < rows->n_features; f++)
	{
		design->learnt[f].card.name.at = rows->feature[f].name;
		design->learnt[f].card.name.length = strlen(rows->feature[f].name);
	}
	design->column = palloc0(design->store->n_columns * sizeof(void *));
	design->buffer = palloc0(design->store->n_columns * sizeof(void *));
	design->logit.n_terms = design->n_terms;
	design->logit.total_weight = (double) (design->total[0] + design->total[1]);
	design->logit.total_bad = (double) design->total[1];
	design->logit.max_offset = rows->max_offset;
	design->logit.next = next_block;
	fit_design_rewind(design, false);
	return design;
}

void
fit_design_free(FitDesign *design)
{
	if (design->store == &design->codes)
		column_store_free(&design->codes);
}
