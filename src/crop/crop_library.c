/*
 * crop_library.c
 *		Type crop_library: input and output, learning, merging, what it holds.
 */
#include "postgres.h"

#include "agririsk.h"
#include "crop/crop_library.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "core/sql/json_read.h"
#include "core/sql/record.h"
#include "crop/crop_learn_math.h"
#include "crop/vegetation.h"

#define FIRST_ROOM	64

static struct varlena *parse(const StoredType *type, char *text);
static char *print(const StoredType *type, struct varlena *value);
static struct varlena *receive(const StoredType *type, const uint8_t *bytes, size_t length, TextRecode recode);

const StoredType crop_library_type = {
	.name = "crop_library",
	.hint = "Give the text form of a library as it was written: the hexadecimal digits of its binary form.",
	.has_texts = true,
	.parse = parse,
	.print = print,
	.receive = receive
};

STORED_TYPE_FUNCTIONS(agririsk_crop_library, &crop_library_type)

static const char *const method_words[] = {"twdtw", "kernel", "patterns", NULL};

static void *
allocate(void *context, size_t size)
{
	return MemoryContextAllocHuge((MemoryContext) context, size);
}

Arena
crop_arena(MemoryContext context)
{
	return (Arena) {allocate, context};
}

CropLibrary *
crop_library_read(struct varlena *value, MemoryContext context)
{
	CropLibrary *library = MemoryContextAllocZero(context, sizeof(CropLibrary));
	const char *fault = crop_library_decode(library, STORED_BYTES(value), crop_arena(context));

	if (fault)
		stored_type_damaged(&crop_library_type, fault);
	return library;
}

static struct varlena *
make_value(CropLibrary *library)
{
	ByteWriter	w = {NULL, 0};
	struct varlena *value;

	crop_library_encode(&w, library);
	if (w.length > MaxAllocSize / 4)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("crop library is too large"),
				 errdetail("It would take %zu bytes.", w.length),
				 errhint("Learn from fewer labelled series, or merge fewer libraries.")));
	value = stored_type_allocate(w.length, &w);
	crop_library_encode(&w, library);
	return value;
}

/* The bytes of a source, which the library is to name. */
static TextSpan
source_bytes(const CropSource *source, int n_bands)
{
	ByteWriter	w = {NULL, 0};

	crop_source_encode(&w, source, n_bands);
	if (w.length > MaxAllocSize / 4)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("crop library is too large"),
				 errdetail("It would take %zu bytes.", w.length),
				 errhint("Learn from fewer labelled series.")));
	w.buffer = palloc(w.length);
	w.length = 0;
	crop_source_encode(&w, source, n_bands);
	return (TextSpan) {(const char *) w.buffer, w.length};
}

/* ---- text and binary form ---- */

static struct varlena *
receive(const StoredType *type, const uint8_t *bytes, size_t length, TextRecode recode)
{
	CropLibrary library;
	int			i,
				j;

	if (crop_library_decode(&library, bytes, length, crop_arena(CurrentMemoryContext)) != NULL)
		return NULL;
	for (i = 0; i < library.n_sources; i++)
	{
		CropSource *source = &library.source[i];

		for (j = 0; j < source->n_crops; j++)
			source->label[j] = recode(source->label[j]);
		library.bytes[i] = source_bytes(source, library.n_bands);
		CHECK_FOR_INTERRUPTS();
	}
	return make_value(&library);
}

static struct varlena *
parse(const StoredType *type, char *text)
{
	size_t		length = strlen(text);
	uint8_t    *bytes = palloc(length / 2 + 1);
	struct varlena *value;
	size_t		i;

	for (i = 0; i < length; i++)
	{
		const char *digits = "0123456789abcdef";
		const char *digit = strchr(digits, text[i]);

		if (digit == NULL)
			stored_type_bad_text(type, "It has a character that is no hexadecimal digit in lower case");
		bytes[i / 2] = (uint8_t) (i % 2 == 0 ? (digit - digits) << 4 : bytes[i / 2] | (digit - digits));
	}
	value = length % 2 == 0 ? receive(type, bytes, length / 2, agr_from_utf8) : NULL;
	if (value == NULL)
		stored_type_bad_text(type, "The digits are not those of a library");
	return value;
}

static char *
print(const StoredType *type, struct varlena *value)
{
	struct varlena *sent = stored_type_send(type, PointerGetDatum(value));
	size_t		length = VARSIZE_ANY_EXHDR(sent);
	char	   *text = palloc(2 * length + 1);

	hex_encode(VARDATA_ANY(sent), length, text);
	text[2 * length] = '\0';
	return text;
}

/* ---- options ---- */

static double
read_number(JsonReader *r, JsonbContainer *root, const char *key, double standard, double least, double most,
			bool whole)
{
	JsonbValue *value = json_get_field(root, key);
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

static void
read_options(CropLearning *learning, Jsonb *given)
{
	JsonReader	r;
	JsonbValue	document;
	JsonbContainer *root;

	if (given == NULL)
		given = DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum("{}")));
	json_document(given, &document);
	json_open(&r, "library options", ERRCODE_INVALID_PARAMETER_VALUE, CurrentMemoryContext);
	root = json_read_object(&r, &document, "patterns_per_crop, method, min_observations, max_gap, min_margin, "
							"reject, step_days, alpha, beta");
	learning->options.method = json_read_word_field(&r, root, "method", method_words, CROP_TWDTW,
													"Give twdtw, kernel or patterns.");
	learning->patterns_per_crop = read_number(&r, root, "patterns_per_crop", 8, 1, 200, true);
	learning->options.min_observations = read_number(&r, root, "min_observations", 5, 2, CROP_MAX_POINTS, true);
	learning->options.max_gap = read_number(&r, root, "max_gap", 64, 1, 100000, true);
	learning->options.min_margin = read_number(&r, root, "min_margin", 0.05, 0, 1, false);
	learning->reject = read_number(&r, root, "reject", 0.99, 0.5, 1, false);
	learning->step_days = read_number(&r, root, "step_days", 16, 1, 61, true);
	learning->options.alpha = read_number(&r, root, "alpha", -0.1, -10, 0, false) + 0.0;
	learning->options.beta = read_number(&r, root, "beta", 50, 0, 366, false) + 0.0;
}

AGR_FUNCTION(agririsk_library_check);
Datum
agririsk_library_check(PG_FUNCTION_ARGS)
{
	CropLearning learning;

	read_options(&learning, PG_GETARG_JSONB_P(0));
	PG_RETURN_DATUM(PG_GETARG_DATUM(0));
}

/* ---- learning ---- */

typedef struct LabelledRow
{
	TextSpan	label;
	TextSpan	bytes;			/* of the series */
	int			n_bands;
} LabelledRow;

typedef struct LibraryState
{
	MemoryContext context;
	Jsonb	   *options;		/* NULL: the defaults */
	int			n;
	int			room;
	LabelledRow *row;
	int64		left_out;
	Size		size;
} LibraryState;

static TextSpan
copy_bytes(LibraryState *state, const void *bytes, size_t length)
{
	char	   *copy = MemoryContextAlloc(state->context, length > 0 ? length : 1);

	memcpy(copy, bytes, length);
	state->size += length + 16;
	return (TextSpan) {copy, length};
}

static LibraryState *
begin_state(FunctionCallInfo fcinfo, Jsonb *options)
{
	MemoryContext context = agr_aggregate_context(fcinfo, "crop_library_agg");
	LibraryState *state = MemoryContextAllocZero(context, sizeof *state);
	CropLearning learning;

	read_options(&learning, options);
	state->context = context;
	if (options)
	{
		state->options = MemoryContextAlloc(context, VARSIZE(options));
		memcpy(state->options, options, VARSIZE(options));
	}
	state->room = FIRST_ROOM;
	state->row = MemoryContextAlloc(context, state->room * sizeof(LabelledRow));
	return state;
}

static void
add_row(LibraryState *state, TextSpan label, struct varlena *series)
{
	VegetationHead head;
	LabelledRow *row;

	if (!vegetation_open(&head, STORED_BYTES(series)))
		stored_type_damaged(&vegetation_type, NULL);
	if (head.n < 2)
	{
		state->left_out++;
		return;
	}
	if (state->n > 0 && head.n_bands != state->row[0].n_bands)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("labelled series have different numbers of bands"),
				 errdetail("One series has %d bands, another one %d.", state->row[0].n_bands, head.n_bands),
				 errhint("Aggregate all series from the same bands, in the same order.")));
	if (state->n == state->room)
	{
		state->room *= 2;
		state->row = repalloc_huge(state->row, state->room * sizeof(LabelledRow));
	}
	row = &state->row[state->n++];
	row->label = copy_bytes(state, label.at, label.length);
	row->bytes = copy_bytes(state, VARDATA_ANY(series), VARSIZE_ANY_EXHDR(series));
	row->n_bands = head.n_bands;
	state->size += sizeof(LabelledRow);
	if (state->size > (Size) maintenance_work_mem * 1024)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("crop_library_agg: labelled series do not fit maintenance_work_mem"),
				 errdetail("%d series take %zu kB.", state->n, state->size / 1024),
				 errhint("Set maintenance_work_mem higher, or learn from a sample of the series.")));
}

AGR_FUNCTION(agririsk_crop_library_add);
Datum
agririsk_crop_library_add(PG_FUNCTION_ARGS)
{
	LibraryState *state = PG_ARGISNULL(0) ? NULL : (LibraryState *) PG_GETARG_POINTER(0);
	Jsonb	   *options = PG_NARGS() > 3 && !PG_ARGISNULL(3) ? PG_GETARG_JSONB_P(3) : NULL;

	if (state == NULL)
		state = begin_state(fcinfo, options);
	else if (PG_NARGS() > 3)
		json_check_same("crop_library_agg", state->options, options);
	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
		state->left_out++;
	else
	{
		text	   *label = PG_GETARG_TEXT_PP(1);

		add_row(state, (TextSpan) {VARDATA_ANY(label), VARSIZE_ANY_EXHDR(label)}, PG_GETARG_VARLENA_PP(2));
	}
	PG_RETURN_POINTER(state);
}

static int
compare_rows(const void *a, const void *b, void *unused)
{
	const LabelledRow *left = a;
	const LabelledRow *right = b;
	int			order = text_span_compare(left->label, right->label);

	return order != 0 ? order : text_span_compare(left->bytes, right->bytes);
}

static void
check_limits(const LibraryState *state, const CropLearning *learning)
{
	if (learning->n_crops > CROP_MAX_CROPS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("crop_library_agg: too many crops"),
				 errdetail("The labels name %d crops. At most %d are allowed.", learning->n_crops, CROP_MAX_CROPS),
				 errhint("Put crops that nobody asks for under one label, such as 'other'.")));
	if (state->n > CROP_MAX_PATTERNS ||
		(learning->options.method == CROP_KERNEL &&
		 (state->n > CROP_MAX_SUPPORT || crop_kernel_memory(state->n) > maintenance_work_mem * 1024.0)))
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("crop_library_agg: too many labelled series for this method"),
				 errdetail("%d series need %.0f MB; maintenance_work_mem is %d MB.", state->n,
						   crop_kernel_memory(state->n) / 1048576, maintenance_work_mem / 1024),
				 errhint("Set maintenance_work_mem higher, learn from a sample of the series, or use method => 'twdtw'.")));
}

/* The rows in order, as a learner takes them. */
static void
lay_out_rows(LibraryState *state, CropLearning *learning)
{
	Series	   *series = palloc(state->n * sizeof(Series));
	int		   *crop = palloc(state->n * sizeof(int));
	TextSpan   *label = palloc(Min(state->n, CROP_MAX_CROPS + 1) * sizeof(TextSpan));
	int			n_crops = 0;
	int			i;

	agr_qsort_interruptible(state->row, state->n, sizeof(LabelledRow), compare_rows, NULL);
	for (i = 0; i < state->n; i++)
	{
		const LabelledRow *row = &state->row[i];
		VegetationHead head;
		int32	   *day;
		float	   *value;

		CHECK_FOR_INTERRUPTS();
		(void) vegetation_open(&head, (const uint8_t *) row->bytes.at, row->bytes.length);
		day = palloc(head.n * sizeof(int32));
		value = palloc((Size) head.n * head.n_bands * sizeof(float));
		if (!vegetation_decode(&head, head.n_bands, day, value))
			stored_type_damaged(&vegetation_type, NULL);
		series[i] = (Series) {head.n, head.n_bands, day, value};
		if (i == 0 || text_span_compare(row->label, state->row[i - 1].label) != 0)
		{
			if (n_crops <= CROP_MAX_CROPS)
				label[n_crops] = row->label;
			n_crops++;
		}
		crop[i] = n_crops - 1;
	}
	learning->n = state->n;
	learning->n_bands = state->row[0].n_bands;
	learning->series = series;
	learning->crop = crop;
	learning->n_crops = n_crops;
	learning->label = label;
}

static struct varlena *
learn(LibraryState *state)
{
	CropLearning learning;
	CropSource	source;
	CropLibrary library;
	TextSpan	bytes;

	read_options(&learning, state->options);
	lay_out_rows(state, &learning);
	check_limits(state, &learning);
	learning.arena = crop_arena(CurrentMemoryContext);
	learning.pause = agr_check_interrupts;
	crop_learn(&learning, &source);
	bytes = source_bytes(&source, learning.n_bands);
	library = (CropLibrary) {learning.options, learning.n_bands, 1, &source, &bytes};
	return make_value(&library);
}

AGR_FUNCTION(agririsk_crop_library_final);
Datum
agririsk_crop_library_final(PG_FUNCTION_ARGS)
{
	LibraryState *state = PG_ARGISNULL(0) ? NULL : (LibraryState *) PG_GETARG_POINTER(0);
	MemoryContext result = CurrentMemoryContext;
	MemoryContext context;
	struct varlena *value;
	struct varlena *copy;

	(void) agr_aggregate_context(fcinfo, "crop_library_agg");
	if (state != NULL && state->left_out > 0)
		ereport(NOTICE,
				(errmsg("crop_library_agg: %lld rows were left out", (long long) state->left_out),
				 errdetail("They have no label, no series, or a series of fewer than two dates.")));
	if (state == NULL || state->n == 0)
		PG_RETURN_NULL();

	context = AllocSetContextCreate(CurrentMemoryContext, "agririsk crop learning", ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(context);
	value = learn(state);
	copy = MemoryContextAlloc(result, VARSIZE(value));
	memcpy(copy, value, VARSIZE(value));
	MemoryContextSwitchTo(result);
	MemoryContextDelete(context);
	PG_RETURN_POINTER(copy);
}

/* ---- merging ---- */

AGR_FUNCTION(agririsk_crop_library_merge);
Datum
agririsk_crop_library_merge(PG_FUNCTION_ARGS)
{
	CropLibrary *a = crop_library_read(PG_GETARG_VARLENA_PP(0), CurrentMemoryContext);
	CropLibrary *b = crop_library_read(PG_GETARG_VARLENA_PP(1), CurrentMemoryContext);
	CropLibrary both = *a;

	if (!crop_options_equal(&a->options, &b->options) || a->n_bands != b->n_bands)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("crop libraries of different options cannot be merged"),
				 errdetail("Their methods are %s and %s, their bands %d and %d.", method_words[a->options.method],
						   method_words[b->options.method], a->n_bands, b->n_bands),
				 errhint("Learn both with the same library_options and the same bands.")));
	if (a->options.method == CROP_KERNEL)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("crop libraries of method kernel cannot be merged"),
				 errdetail("Such a library weighs each labelled series against all others."),
				 errhint("Learn one library from the labelled series of both.")));
	both.n_sources = a->n_sources + b->n_sources;
	both.bytes = palloc(both.n_sources * sizeof(TextSpan));
	memcpy(both.bytes, a->bytes, a->n_sources * sizeof(TextSpan));
	memcpy(both.bytes + a->n_sources, b->bytes, b->n_sources * sizeof(TextSpan));
	PG_RETURN_POINTER(make_value(&both));
}

/* ---- what it holds ---- */

AGR_FUNCTION(agririsk_crop_library_crops);
Datum
agririsk_crop_library_crops(PG_FUNCTION_ARGS)
{
	CropLibrary *library = crop_library_read(PG_GETARG_VARLENA_PP(0), CurrentMemoryContext);
	TupleDesc	columns;
	Tuplestorestate *rows = agr_begin_rows(fcinfo, work_mem, &columns);
	int			i,
				j,
				k;

	for (i = 0; i < library->n_sources; i++)
		for (j = 0; j < library->source[i].n_crops; j++)
		{
			const CropSource *source = &library->source[i];
			int			patterns = 0;
			double		reject = NAN;
			Datum		values[5];
			bool		nulls[5] = {false};

			for (k = 0; k < source->n_patterns; k++)
				patterns += source->pattern[k].crop == j;
			if (source->n_calibrations > 0 && source->calibration[source->n_calibrations - 1].reject[j] < 1e30)
				reject = source->calibration[source->n_calibrations - 1].reject[j];
			values[0] = Int32GetDatum(i + 1);
			values[1] = PointerGetDatum(agr_text(source->label[j]));
			values[2] = Int64GetDatum(source->samples[j]);
			values[3] = Int32GetDatum(patterns);
			agr_set_number(values, nulls, 4, reject);
			tuplestore_putvalues(rows, columns, values, nulls);
		}
	return (Datum) 0;
}

/* Points of a pattern on dates from the year 2000 on, which has 366 days; a day that the next year lacks is left out. */
static struct varlena *
pattern_series(const CropPattern *pattern, int n_bands)
{
	Vegetation	v;
	int32	   *day = palloc(pattern->length * sizeof(int32));
	float	   *value = palloc((Size) pattern->length * n_bands * sizeof(float));
	int		   *at = palloc(pattern->length * sizeof(int));
	int			cycle = 0;
	int			n = 0;
	int			i,
				j;

	for (i = 0; i < pattern->length; i++)
	{
		static const int year_start[] = {0, 366, 731, 1096};
		static const int year_days[] = {366, 365, 365, 365};

		if (i > 0 && pattern->days[i] <= pattern->days[i - 1])
			cycle++;
		if (cycle > 3 || pattern->days[i] > year_days[cycle])
			continue;
		at[n] = i;
		day[n++] = year_start[cycle] + pattern->days[i] - 1;
	}
	for (j = 0; j < n_bands; j++)
		for (i = 0; i < n; i++)
			value[j * n + i] = pattern->values[at[i] * n_bands + j];
	memset(&v, 0, sizeof v);
	v.series = (Series) {n, n_bands, day, value};
	return vegetation_make(&v);
}

AGR_FUNCTION(agririsk_crop_library_patterns);
Datum
agririsk_crop_library_patterns(PG_FUNCTION_ARGS)
{
	CropLibrary *library = crop_library_read(PG_GETARG_VARLENA_PP(0), CurrentMemoryContext);
	TupleDesc	columns;
	Tuplestorestate *rows = agr_begin_rows(fcinfo, work_mem, &columns);
	int			i,
				j;

	for (i = 0; i < library->n_sources; i++)
	{
		const CropSource *source = &library->source[i];
		int			number = 0;

		for (j = 0; j < source->n_patterns; j++)
		{
			const CropPattern *pattern = &source->pattern[j];
			Datum		values[5];
			bool		nulls[5] = {false};

			CHECK_FOR_INTERRUPTS();
			number = j > 0 && pattern[-1].crop == pattern->crop ? number + 1 : 1;
			values[0] = Int32GetDatum(i + 1);
			values[1] = PointerGetDatum(agr_text(source->label[pattern->crop]));
			values[2] = Int32GetDatum(number);
			values[3] = PointerGetDatum(pattern_series(pattern, library->n_bands));
			values[4] = Int64GetDatum(pattern->members);
			tuplestore_putvalues(rows, columns, values, nulls);
		}
	}
	return (Datum) 0;
}
