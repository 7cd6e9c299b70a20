/*
 * land_evidence.c
 *		How much of each plot its farmer holds, others hold, and others claim.
 *
 * Plots and rights are read once. If they fit into work_mem, the rights and the
 * other plots that meet each plot are found where they lie. If not, they are
 * spread over tiles: each plot into the tile where its box begins, and whatever
 * may meet a plot of a tile into that tile, which for this reaches as far as
 * its plots. So all that lies on a plot comes together in one place, and what
 * is said of it does not depend on memory.
 */
#include "postgres.h"

#include "agririsk.h"
#include "core/sql/query.h"
#include "core/sql/record.h"
#include "land/land_evidence_math.h"
#include "land/layer.h"

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#define MAX_DEPTH		6

/* Tiles that hold everything this many times over do not come apart. */
#define MAX_COPIES		4

/* What lies on a single plot may take work_mem, or this if it is more. */
#define PLOT_MEMORY		((Size) 256 << 20)

/* A declared or registered area this much off is a mismatch. */
#define AREA_TOLERANCE	0.1
#define TINY_AREA		10

/* The partitions of a tile. */
enum
{
	PLOTS,
	RIGHTS,
	OTHERS,						/* plots of other tiles that reach into this one */
	SIDES
};

/* The columns of the queries. */
enum
{
	PLOT_ID, PLOT_FARMER, PLOT_GEOMETRY, PLOT_DECLARED, PLOT_COLUMNS
};
enum
{
	RIGHT_ID, RIGHT_UNIT, RIGHT_PARTY, RIGHT_GEOMETRY, RIGHT_TYPE, RIGHT_SHARE_NUM, RIGHT_SHARE_DEN,
	RIGHT_FROM, RIGHT_TO, RIGHT_AREA, RIGHT_COLUMNS
};

/*
 * The label of a plot or a right, followed by its texts: of a plot its id and
 * farmer, of a right its id, party, unit and type. (A plot's farmer and a
 * right's party are the same thing, and in the same place.)
 */
enum
{
	TEXT_ID, TEXT_PARTY, TEXT_UNIT, TEXT_TYPE, TEXTS
};

typedef struct Label
{
	double		area;			/* declared or registered; NaN: unknown */
	double		share;			/* NaN: unknown */
	bool		expired;
	bool		has_unit;
	uint32		length[TEXTS];
} Label;

/* Something on a plot. */
typedef struct Find
{
	LayerRow   *row;
	double		area;			/* in common */
} Find;

typedef struct Finds
{
	Find	   *find;
	uint32		count;
	uint32		room;
} Finds;

/* A plot at work. */
typedef struct Plot
{
	LayerRow   *row;
	Finds		rights;
	Finds		others;
} Plot;

typedef struct LandEvidence
{
	QueryReader reader;
	LayerStore *store;
	Oid			key_type;
	DateADT		as_of;
	double		min_share;

	/* Reading. */
	Layers		all;
	Oid			column_type[RIGHT_COLUMNS];
	int64		ignored[2];
	int64		shareless;		/* rights among them that have a share of 0 */

	/* Weighing. */
	const Plot *plot;			/* at hand */
	MemoryContext kept;			/* finds of the plots at hand */
	MemoryContext scratch;		/* for one plot */
	bool		finding_rights;
	bool		copying;		/* rows found do not stay where they are */
	bool		alone;			/* a single plot is at hand */
	bool		full;			/* finds have taken all the memory there is for them */
	Tuplestorestate *result;
	TupleDesc	result_row;
} LandEvidence;

/* ---- labels ---- */

static const Label *
label_of(const LayerRow *row)
{
	return layer_row_label(row);
}

static const char *
text_of(const Label *label, int which)
{
	const char *text = (const char *) (label + 1);

	while (which-- > 0)
		text += label->length[which];
	return text;
}

static LayerKey
key_of(const LandEvidence *e, const LayerRow *row, int which)
{
	const Label *label = label_of(row);

	return layer_stored_key(e->key_type, text_of(label, which), label->length[which]);
}

static bool
same_text(const LayerRow *a, const LayerRow *b, int which)
{
	const Label *l = label_of(a);
	const Label *m = label_of(b);

	return l->length[which] == m->length[which] &&
		memcmp(text_of(l, which), text_of(m, which), l->length[which]) == 0;
}

/* ---- reading ---- */

/* Remembers a column's type; an error if it is none of some. */
static void
check_column(LandEvidence *e, TupleDesc row, int column, const Oid *type, int types, const char *wanted)
{
	Oid			given = getBaseType(TupleDescAttr(row, column)->atttypid);
	int			i;

	e->column_type[column] = given;
	for (i = 0; i < types; i++)
		if (given == type[i])
			return;
	ereport(ERROR,
			(errcode(ERRCODE_DATATYPE_MISMATCH),
			 errmsg("column %d of %s, \"%s\", must be %s", column + 1, e->reader.argument,
					NameStr(TupleDescAttr(row, column)->attname), wanted),
			 errdetail("The column is %s.", format_type_be(TupleDescAttr(row, column)->atttypid)),
			 errhint("Select %s, in this order.", e->reader.columns)));
}

static void
check_area(LandEvidence *e, TupleDesc row, int column)
{
	static const Oid type[] = {FLOAT8OID, NUMERICOID, FLOAT4OID, INT8OID, INT4OID, INT2OID};

	check_column(e, row, column, type, lengthof(type), "a number");
}

static void
start_plots(QueryReader *reader, TupleDesc row)
{
	LandEvidence *e = (LandEvidence *) reader;

	e->column_type[PLOT_ID] = agr_check_key(reader, row, PLOT_ID, e->key_type);
	e->column_type[PLOT_FARMER] = agr_check_key(reader, row, PLOT_FARMER, e->key_type);
	agr_check_geometry(reader, row, PLOT_GEOMETRY);
	if (row->natts > PLOT_DECLARED)
		check_area(e, row, PLOT_DECLARED);
}

static void
start_rights(QueryReader *reader, TupleDesc row)
{
	static const Oid text[] = {TEXTOID, VARCHAROID};
	static const Oid integer[] = {INT4OID, INT8OID, INT2OID};
	static const Oid date[] = {DATEOID};
	LandEvidence *e = (LandEvidence *) reader;
	int			i;

	for (i = RIGHT_ID; i <= RIGHT_PARTY; i++)
		e->column_type[i] = agr_check_key(reader, row, i, e->key_type);
	agr_check_geometry(reader, row, RIGHT_GEOMETRY);
	check_column(e, row, RIGHT_TYPE, text, lengthof(text), "text");
	for (i = RIGHT_SHARE_NUM; i <= RIGHT_SHARE_DEN; i++)
		check_column(e, row, i, integer, lengthof(integer), "an integer");
	for (i = RIGHT_FROM; i <= RIGHT_TO; i++)
		check_column(e, row, i, date, lengthof(date), "a date");
	if (row->natts > RIGHT_AREA)
		check_area(e, row, RIGHT_AREA);
}

static double
get_number(Oid type, Datum value)
{
	switch (type)
	{
		case FLOAT8OID:
			return DatumGetFloat8(value);
		case FLOAT4OID:
			return DatumGetFloat4(value);
		case NUMERICOID:
			return DatumGetFloat8(DirectFunctionCall1(numeric_float8, value));
		default:
			return (double) agr_get_integer(type, value);
	}
}

/* An area that somebody says; NaN if nobody does. */
static double
get_area(const LandEvidence *e, const Datum *value, const bool *null, int column, const char *what)
{
	double		area;

	if (e->reader.n_columns <= column || null[column])
		return NAN;
	area = get_number(e->column_type[column], value[column]) + 0.0;	/* no -0 */
	if (!(area >= 0 && area < INFINITY))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a %s area must be a number of 0 or more", what),
				 errdetail("The %s area of key %s is %g.", what, layer_show_key(e->column_type[0], value[0]), area),
				 errhint("Give square units of the SRID, or NULL where the area is not known.")));
	return area;
}

/* The share of a right: NaN if it is unknown, 0 if the right is to nothing. */
static double
get_share(const LandEvidence *e, const Datum *value, const bool *null)
{
	int64		num,
				den;

	if (null[RIGHT_SHARE_NUM] && null[RIGHT_SHARE_DEN])
		return NAN;
	num = null[RIGHT_SHARE_NUM] ? 0 : agr_get_integer(e->column_type[RIGHT_SHARE_NUM], value[RIGHT_SHARE_NUM]);
	den = null[RIGHT_SHARE_DEN] ? 0 : agr_get_integer(e->column_type[RIGHT_SHARE_DEN], value[RIGHT_SHARE_DEN]);
	if (!null[RIGHT_SHARE_NUM] && num == 0 && den >= 0)
		return 0;
	if (num <= 0 || num > den)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the share of a right must be from 0 to 1"),
				 errdetail("The share of right %s is %s / %s.", layer_show_key(e->column_type[RIGHT_ID], value[RIGHT_ID]),
						   null[RIGHT_SHARE_NUM] ? "NULL" : psprintf("%lld", (long long) num),
						   null[RIGHT_SHARE_DEN] ? "NULL" : psprintf("%lld", (long long) den)),
				 errhint("Give 1 / 1 for a sole holder. Give NULL / NULL where the share is not known.")));
	return (double) num / (double) den;
}

/*
 * Restrictions, of which a mortgage is one, and responsibilities neither hold nor
 * dispute. They may be named as LADM names its classes: LA_Restriction.
 */
static bool
is_right(const LayerKey *type)
{
	static const char *const other[] = {"restriction", "mortgage", "responsibility"};
	const char *name = type->bytes;
	Size		length = type->length;
	int			i;

	if (length > 3 && pg_strncasecmp(name, "la_", 3) == 0)
	{
		name += 3;
		length -= 3;
	}
	for (i = 0; i < lengthof(other); i++)
	{
		Size		n = strlen(other[i]);

		if (length >= n && pg_strncasecmp(name, other[i], n) == 0 && (length == n || name[n] == ':'))
			return false;
	}
	return true;
}

static void
store_row(LandEvidence *e, int side, const Polygonal *shape, Label *label, const LayerKey *text, int texts)
{
	char	   *bytes;
	Size		size = sizeof(Label);
	int			i;

	for (i = 0; i < texts; i++)
		size += label->length[i] = text[i].length;
	bytes = palloc(size);
	memcpy(bytes, label, sizeof(Label));
	size = sizeof(Label);
	for (i = 0; i < texts; i++)
	{
		memcpy(bytes + size, layer_key_bytes(&text[i]), text[i].length);
		size += text[i].length;
	}
	layer_append(e->store, &e->all, side, shape, bytes, size);
}

static void put_unmeasured(LandEvidence *e, const LayerKey *text, bool has_geometry);

static void
take_plot(QueryReader *reader, const Datum *value, const bool *null)
{
	LandEvidence *e = (LandEvidence *) reader;
	const Polygonal *shape = NULL;
	MemoryContext old;
	Label		label;
	LayerKey	text[TEXT_PARTY + 1];

	layer_next_row(e->store);
	if (null[PLOT_ID] || null[PLOT_FARMER])
	{
		e->ignored[PLOTS]++;
		return;
	}
	if (!null[PLOT_GEOMETRY])
		shape = layer_read_shape(e->store, reader, e->column_type[PLOT_ID], value[PLOT_ID], value[PLOT_GEOMETRY]);
	old = MemoryContextSwitchTo(e->store->scratch);
	memset(&label, 0, sizeof label);	/* compared by bytes */
	text[TEXT_ID] = layer_get_key(e->column_type[PLOT_ID], value[PLOT_ID]);
	text[TEXT_PARTY] = layer_get_key(e->column_type[PLOT_FARMER], value[PLOT_FARMER]);
	label.area = get_area(e, value, null, PLOT_DECLARED, "declared");
	if (shape && shape->points > 0)
		store_row(e, PLOTS, shape, &label, text, lengthof(text));
	else
		put_unmeasured(e, text, shape != NULL);
	MemoryContextSwitchTo(old);
}

static void
take_right(QueryReader *reader, const Datum *value, const bool *null)
{
	LandEvidence *e = (LandEvidence *) reader;
	const Polygonal *shape;
	MemoryContext old;
	DateADT		from = DATEVAL_NOBEGIN;
	DateADT		to = DATEVAL_NOEND;
	Label		label;
	LayerKey	text[TEXTS];

	layer_next_row(e->store);
	if (null[RIGHT_ID] || null[RIGHT_PARTY] || null[RIGHT_GEOMETRY] || null[RIGHT_TYPE])
	{
		e->ignored[RIGHTS]++;
		return;
	}
	shape = layer_read_shape(e->store, reader, e->column_type[RIGHT_ID], value[RIGHT_ID], value[RIGHT_GEOMETRY]);
	old = MemoryContextSwitchTo(e->store->scratch);
	memset(&label, 0, sizeof label);
	text[TEXT_ID] = layer_get_key(e->column_type[RIGHT_ID], value[RIGHT_ID]);
	text[TEXT_PARTY] = layer_get_key(e->column_type[RIGHT_PARTY], value[RIGHT_PARTY]);
	text[TEXT_TYPE] = layer_get_key(TEXTOID, value[RIGHT_TYPE]);
	label.has_unit = !null[RIGHT_UNIT];
	text[TEXT_UNIT] = label.has_unit ? layer_get_key(e->column_type[RIGHT_UNIT], value[RIGHT_UNIT]) :
		layer_get_key(TEXTOID, PointerGetDatum(cstring_to_text("")));
	label.area = get_area(e, value, null, RIGHT_AREA, "registered");
	label.share = get_share(e, value, null);
	if (!null[RIGHT_FROM])
		from = DatumGetDateADT(value[RIGHT_FROM]);
	if (!null[RIGHT_TO])
		to = DatumGetDateADT(value[RIGHT_TO]);
	if (from > to)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a right ends before it begins"),
				 errdetail("Right %s is valid from %s to %s.", layer_show_key(e->column_type[RIGHT_ID], value[RIGHT_ID]),
						   DatumGetCString(DirectFunctionCall1(date_out, DateADTGetDatum(from))),
						   DatumGetCString(DirectFunctionCall1(date_out, DateADTGetDatum(to)))),
				 errhint("valid_from is the first day of validity, valid_to is the first day after. Correct such rows, or leave them out in the query.")));
	label.expired = to <= e->as_of;
	if (label.share == 0 || shape->points == 0)
	{
		e->ignored[RIGHTS]++;
		e->shareless += label.share == 0;
	}
	else if (from <= e->as_of && is_right(&text[TEXT_TYPE]))
		store_row(e, RIGHTS, shape, &label, text, TEXTS);
	MemoryContextSwitchTo(old);
}

static void
report_ignored(const LandEvidence *e)
{
	if (e->ignored[PLOTS] + e->ignored[RIGHTS] > 0)
		ereport(NOTICE,
				(errmsg("land_evidence left out %lld plots and %lld rights",
						(long long) e->ignored[PLOTS], (long long) e->ignored[RIGHTS]),
				 errdetail("These are plots without id or farmer, rights without id, party, type or geometry, and rights with a share of 0, of which there are %lld.",
						   (long long) e->shareless)));
}

static void
read_layers(LandEvidence *e, const char *plots, const char *rights)
{
	e->reader.argument = "plots";
	e->reader.columns = "plot_id, farmer_id, geometry and, if known, declared_area";
	e->reader.fewest = PLOT_COLUMNS - 1;
	e->reader.most = PLOT_COLUMNS;
	e->reader.start = start_plots;
	e->reader.take = take_plot;
	agr_read_query(&e->reader, plots);

	e->reader.argument = "rights";
	e->reader.columns = "right_id, unit_id, party_id, geometry, rrr_type, share_num, share_den, "
		"valid_from, valid_to and, if known, registered_area";
	e->reader.fewest = RIGHT_COLUMNS - 1;
	e->reader.most = RIGHT_COLUMNS;
	e->reader.start = start_rights;
	e->reader.take = take_right;
	agr_read_query(&e->reader, rights);
	report_ignored(e);
	layer_warn_of_degrees(e->store);
}

/* ---- finding what lies on a plot ---- */

static LayerRow *
keep_row(LandEvidence *e, LayerRow *row)
{
	LayerRow   *copy;

	if (!e->copying)
		return row;
	copy = MemoryContextAllocHuge(e->kept, layer_row_size(row));
	memcpy(copy, row, layer_row_size(row));
	polygonal_settle(layer_row_shape(copy));
	return copy;
}

static void
report_crowded_plot(const LandEvidence *e, const Plot *plot)
{
	ereport(ERROR,
			(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
			 errmsg("too many rights and plots lie on one plot"),
			 errdetail("%u rights and %u other plots on plot %s take more than %zu bytes.",
					   plot->rights.count, plot->others.count,
					   layer_show_key(e->key_type, layer_key_datum(e->key_type, key_of(e, plot->row, TEXT_ID))),
					   (size_t) Max(e->store->memory, PLOT_MEMORY)),
			 errhint("If this is a region and no plot, leave it out of the query. Otherwise raise work_mem.")));
}

static void
keep_find(LandEvidence *e, Plot *plot, LayerRow *row, double area)
{
	MemoryContext old = MemoryContextSwitchTo(e->kept);
	Finds	   *finds = e->finding_rights ? &plot->rights : &plot->others;

	if (finds->count == finds->room)
	{
		finds->room = Max(4, 2 * finds->room);
		finds->find = finds->find == NULL ? palloc(finds->room * sizeof(Find)) :
			repalloc_huge(finds->find, finds->room * sizeof(Find));
	}
	finds->find[finds->count].row = keep_row(e, row);
	finds->find[finds->count++].area = area;
	MemoryContextSwitchTo(old);

	if (MemoryContextMemAllocated(e->kept, false) <= e->store->memory / 4)
		return;
	if (!e->alone)
		e->full = true;
	else if (MemoryContextMemAllocated(e->kept, false) > Max(e->store->memory, PLOT_MEMORY))
		report_crowded_plot(e, plot);
}

static void
meet_rows(void *context, const BoxItem *l, const BoxItem *r)
{
	LandEvidence *e = context;
	Plot	   *plot = l->what;
	LayerRow   *row = r->what;
	bool		same_party = same_text(plot->row, row, TEXT_PARTY);
	double		area;

	CHECK_FOR_INTERRUPTS();
	e->plot = plot;
	if (e->full || (e->finding_rights ? !same_party && label_of(row)->expired : same_party))
		return;
	if (e->store->pairs++ % 16384 == 16383)
		layer_report_progress(e->store);
	area = layer_common_area(e->store, plot->row, row);
	if (area > 0)
		keep_find(e, plot, row, area);
}

/* ---- weighing a plot ---- */

static int
compare_finds(const void *a, const void *b, void *context)
{
	const LandEvidence *e = context;
	const LayerRow *r = ((const Find *) a)->row;
	const LayerRow *s = ((const Find *) b)->row;
	const Polygonal *p = layer_row_shape(r);
	const Polygonal *q = layer_row_shape(s);
	LayerKey	key = key_of(e, r, TEXT_ID);
	LayerKey	other = key_of(e, s, TEXT_ID);
	int			order = layer_compare_keys(&key, &other);

	/* Rows of one id are in an order as well, so that rounding knows no other. */
	if (order == 0)
		order = (r->label_bytes > s->label_bytes) - (r->label_bytes < s->label_bytes);
	if (order == 0)
		order = memcmp(label_of(r), label_of(s), r->label_bytes);
	return order != 0 ? order : polygonal_compare(p, q);
}

static Cover *
sort_finds(LandEvidence *e, Finds *finds)
{
	Cover	   *cover = palloc(finds->count * sizeof(Cover) + 1);
	uint32		i;

	agr_qsort_interruptible(finds->find, finds->count, sizeof(Find), compare_finds, e);
	for (i = 0; i < finds->count; i++)
	{
		LayerRow   *row = finds->find[i].row;

		cover[i].shape = layer_row_shape(row);
		cover[i].sound = row->sound;
		cover[i].area = finds->find[i].area;
	}
	return cover;
}

static int
compare_texts(const LayerRow *r, const LayerRow *s, int which)
{
	const Label *l = label_of(r);
	const Label *m = label_of(s);

	if (l->length[which] != m->length[which])
		return l->length[which] < m->length[which] ? -1 : 1;
	return memcmp(text_of(l, which), text_of(m, which), l->length[which]);
}

static int
compare_types(const LayerRow *r, const LayerRow *s)
{
	return compare_texts(r, s, TEXT_TYPE);
}

/* A title is a type of right to a unit. */
static int
compare_titles(const LayerRow *r, const LayerRow *s)
{
	int			order = compare_texts(r, s, TEXT_TYPE);

	return order != 0 ? order : compare_texts(r, s, TEXT_UNIT);
}

typedef struct FindOrder
{
	const Finds *finds;
	int			(*compare) (const LayerRow *r, const LayerRow *s);
} FindOrder;

static int
compare_places(const void *a, const void *b, void *context)
{
	const FindOrder *order = context;

	return order->compare(order->finds->find[*(const uint32 *) a].row,
						  order->finds->find[*(const uint32 *) b].row);
}

/* Gives what is equal the same number, below that of finds. */
static uint32 *
number_finds(const Finds *finds, int (*compare) (const LayerRow *r, const LayerRow *s))
{
	FindOrder	order = {finds, compare};
	uint32	   *place = palloc(finds->count * sizeof(uint32) + 1);
	uint32	   *number = palloc(finds->count * sizeof(uint32) + 1);
	uint32		i;

	for (i = 0; i < finds->count; i++)
		place[i] = i;
	agr_qsort_interruptible(place, finds->count, sizeof(uint32), compare_places, &order);
	for (i = 0; i < finds->count; i++)
		number[place[i]] = i > 0 && compare_places(&place[i - 1], &place[i], &order) == 0 ?
			number[place[i - 1]] : i;
	return number;
}

static EvidenceRight *
judge_rights(LandEvidence *e, const Plot *plot, double plot_area)
{
	const Finds *finds = &plot->rights;
	EvidenceRight *right = palloc0(finds->count * sizeof(EvidenceRight) + 1);
	uint32	   *title = number_finds(finds, compare_titles);
	uint32	   *type = number_finds(finds, compare_types);
	uint32		i;

	for (i = 0; i < finds->count; i++)
	{
		const LayerRow *row = finds->find[i].row;
		const Label *label = label_of(row);

		/* A right of no unit is a title of its own. */
		right[i].title = label->has_unit ? title[i] : finds->count + i;
		right[i].type = type[i];
		right[i].share = label->share;
		right[i].own = same_text(plot->row, row, TEXT_PARTY);
		right[i].valid = !label->expired;
		right[i].sliver = !(finds->find[i].area > e->min_share * plot_area);
	}
	return right;
}

/* The columns of the result. */
enum
{
	OUT_PLOT_ID, OUT_FARMER_ID, OUT_PLOT_AREA, OUT_HELD_AREA, OUT_HELD_SHARE, OUT_HELD_FRACTION_AREA,
	OUT_DISPUTED_AREA, OUT_DISPUTED_SHARE, OUT_UNREGISTERED_SHARE, OUT_BEST_RIGHT_ID, OUT_BEST_IOU,
	OUT_RIGHTS_COUNT, OUT_DOUBLE_CLAIM_SHARE, OUT_DOUBLE_CLAIM_PLOTS, OUT_AREA_RATIO, OUT_FLAGS,
	OUT_COLUMNS
};

typedef struct OutRow
{
	Datum		value[OUT_COLUMNS];
	bool		null[OUT_COLUMNS];
	Datum		flag[8];
	int			flags;
	bool		invalid;		/* a polygon that the row rests on */
} OutRow;

static void
begin_row(OutRow *row)
{
	memset(row, 0, sizeof *row);
	memset(row->null, true, sizeof row->null);
}

static void
put_datum(OutRow *row, int column, Datum value)
{
	row->value[column] = value;
	row->null[column] = false;
}

/* NaN is unknown. */
static void
put_number(OutRow *row, int column, double value)
{
	if (!isnan(value))
		put_datum(row, column, Float8GetDatum(value));
}

static void
put_flag(OutRow *row, bool raised, const char *flag)
{
	if (raised)
		row->flag[row->flags++] = CStringGetTextDatum(flag);
}

static void
put_flags(OutRow *row)
{
	put_datum(row, OUT_FLAGS, PointerGetDatum(construct_array(row->flag, row->flags, TEXTOID, -1, false,
															  TYPALIGN_INT)));
}

static void
put_keys(const LandEvidence *e, OutRow *row, int column, Datum *key, int keys)
{
	int16		length;
	bool		by_value;
	char		align;

	get_typlenbyvalalign(e->key_type, &length, &by_value, &align);
	put_datum(row, column, PointerGetDatum(construct_array(key, keys, e->key_type, length, by_value, align)));
}

static void
finish_row(const LandEvidence *e, OutRow *row)
{
	tuplestore_putvalues(e->result, e->result_row, row->value, row->null);
}

static double
ratio(double part, double whole)
{
	return whole > 0 ? part / whole : NAN;
}

/* Of a plot without a geometry nothing is known; an empty one has no area. */
static void
put_unmeasured(LandEvidence *e, const LayerKey *text, bool has_geometry)
{
	OutRow		row;

	begin_row(&row);
	put_datum(&row, OUT_PLOT_ID, layer_key_datum(e->key_type, text[TEXT_ID]));
	put_datum(&row, OUT_FARMER_ID, layer_key_datum(e->key_type, text[TEXT_PARTY]));
	if (has_geometry)
	{
		put_number(&row, OUT_PLOT_AREA, 0);
		put_number(&row, OUT_HELD_AREA, 0);
		put_number(&row, OUT_HELD_FRACTION_AREA, 0);
		put_number(&row, OUT_DISPUTED_AREA, 0);
		put_datum(&row, OUT_RIGHTS_COUNT, Int32GetDatum(0));
		put_keys(e, &row, OUT_DOUBLE_CLAIM_PLOTS, NULL, 0);
		put_flag(&row, true, "tiny");
		put_flags(&row);
	}
	finish_row(e, &row);
}

static bool
is_off(double said, double measured)
{
	return fabs(said - measured) > AREA_TOLERANCE * measured;
}

/* Intersection over union, which is 1 where only rounding is missing. */
static double
likeness(LandEvidence *e, const Find *find, double plot_area)
{
	return cover_settle(find->area / (plot_area + layer_row_area(e->store, find->row) - find->area), 1);
}

/*
 * The valid right most like the plot, of the rights on more than a sliver of it: of the
 * largest intersection over union; among equals, but for rounding, the farmer's
 * own, then the least id.
 */
static void
put_best_right(LandEvidence *e, const Plot *plot, const EvidenceRight *right, double plot_area, OutRow *out)
{
	const Finds *finds = &plot->rights;
	double	   *iou = palloc(finds->count * sizeof(double) + 1);
	double		best = 0;
	uint32		chosen = UINT32_MAX;
	uint32		i;

	for (i = 0; i < finds->count; i++)
	{
		iou[i] = right[i].valid && !right[i].sliver ? likeness(e, &finds->find[i], plot_area) : 0;
		best = Max(best, iou[i]);
	}
	for (i = 0; i < finds->count; i++)
		if (iou[i] > 0 && iou[i] >= best * (1 - COVER_NOISE) &&
			(chosen == UINT32_MAX || (right[i].own && !right[chosen].own)))
			chosen = i;
	if (chosen == UINT32_MAX)
		return;
	put_datum(out, OUT_BEST_RIGHT_ID, layer_key_datum(e->key_type, key_of(e, finds->find[chosen].row, TEXT_ID)));
	put_number(out, OUT_BEST_IOU, iou[chosen]);
}

/* A part of the plot, as a share and, if wanted, as an area. */
static void
put_share(OutRow *out, int share_column, int area_column, double part, double total, double plot_area)
{
	put_number(out, share_column, ratio(part, total));
	if (area_column >= 0)
		put_number(out, area_column, total > 0 ? part / total * plot_area : 0);
}

static void
weigh_rights(LandEvidence *e, Plot *plot, double plot_area, OutRow *out)
{
	Finds	   *finds = &plot->rights;
	Cover	   *cover = sort_finds(e, finds);
	double		total = cover_divide(layer_row_shape(plot->row), plot->row->sound,
									 cover, finds->count, &e->store->cover);
	EvidenceRight *right = judge_rights(e, plot, plot_area);
	double		declared = label_of(plot->row)->area;
	bool		mismatch = is_off(declared, plot_area);
	double		least = (e->min_share + COVER_NOISE) * total;
	int			count = 0;
	Evidence	found;
	uint32		i;

	evidence_weigh(&e->store->cover, total, right, palloc0((2 * finds->count + 1) * sizeof(EvidenceTitle)),
				   palloc0((finds->count + 1) * sizeof(EvidenceType)), &found);
	for (i = 0; i < finds->count; i++)
		if (!right[i].sliver && right[i].valid)
		{
			LayerRow   *row = finds->find[i].row;

			count++;
			out->invalid = out->invalid || !cover[i].sound;
			mismatch = mismatch || (right[i].own && is_off(label_of(row)->area, layer_row_area(e->store, row)));
		}
	put_share(out, OUT_HELD_SHARE, OUT_HELD_AREA, found.held, total, plot_area);
	if (!isnan(found.held_fraction))
		put_number(out, OUT_HELD_FRACTION_AREA, total > 0 ? found.held_fraction / total * plot_area : 0);
	put_share(out, OUT_DISPUTED_SHARE, OUT_DISPUTED_AREA, found.disputed, total, plot_area);
	put_share(out, OUT_UNREGISTERED_SHARE, -1, total - found.registered, total, plot_area);
	put_best_right(e, plot, right, plot_area, out);
	put_datum(out, OUT_RIGHTS_COUNT, Int32GetDatum(count));
	put_number(out, OUT_AREA_RATIO, ratio(declared, plot_area));
	put_flag(out, out->invalid, "invalid_geometry");
	put_flag(out, mismatch, "area_mismatch");
	put_flag(out, plot_area < TINY_AREA, "tiny");
	put_flag(out, found.overflow > least, "share_overflow");
	put_flag(out, found.expired > least, "expired_right");
	put_flag(out, found.overlapping > least, "overlapping_rights");
	put_flags(out);
}

/* Plots of others that claim more than a sliver of this one. */
static void
weigh_others(LandEvidence *e, Plot *plot, double plot_area, OutRow *out)
{
	Finds	   *finds = &plot->others;
	Datum	   *id = palloc(finds->count * sizeof(Datum) + 1);
	int			ids = 0;
	uint32		kept = 0;
	Cover	   *cover;
	double		claimed,
				total;
	uint32		i;

	for (i = 0; i < finds->count; i++)
		if (finds->find[i].area > e->min_share * plot_area)
			finds->find[kept++] = finds->find[i];
	finds->count = kept;
	cover = sort_finds(e, finds);
	for (i = 0; i < kept; i++)
	{
		if (i == 0 || !same_text(finds->find[i - 1].row, finds->find[i].row, TEXT_ID))
			id[ids++] = layer_key_datum(e->key_type, key_of(e, finds->find[i].row, TEXT_ID));
		out->invalid = out->invalid || !cover[i].sound;
	}
	claimed = cover_union(layer_row_shape(plot->row), plot->row->sound,
						  cover, kept, &e->store->cover, &total);
	put_share(out, OUT_DOUBLE_CLAIM_SHARE, -1, claimed, total, plot_area);
	put_keys(e, out, OUT_DOUBLE_CLAIM_PLOTS, id, ids);
}

static void
weigh_plot(LandEvidence *e, Plot *plot)
{
	MemoryContext old = MemoryContextSwitchTo(e->scratch);
	bool		sound = plot->row->sound;
	double		area = cover_divide(layer_row_shape(plot->row), sound, NULL, 0, &e->store->cover);
	OutRow		out;

	e->plot = plot;
	begin_row(&out);
	out.invalid = !sound;
	put_datum(&out, OUT_PLOT_ID, layer_key_datum(e->key_type, key_of(e, plot->row, TEXT_ID)));
	put_datum(&out, OUT_FARMER_ID, layer_key_datum(e->key_type, key_of(e, plot->row, TEXT_PARTY)));
	put_number(&out, OUT_PLOT_AREA, area);
	weigh_others(e, plot, area, &out);
	weigh_rights(e, plot, area, &out);
	finish_row(e, &out);
	MemoryContextSwitchTo(old);
	MemoryContextReset(e->scratch);
}

/* ---- tiles ---- */

/* Finds what lies on plots; false if it does not fit, and was left. */
static bool
find_on_plots(LandEvidence *e, const Layers *layers, int tile, const BoxItem *plot, uint32 count,
			  LayerPiece *piece)
{
	static const int sides[] = {RIGHTS, OTHERS, PLOTS};
	Size		limit = e->store->memory / 4;
	int			i;

	e->alone = count == 1;
	e->full = false;
	for (i = 0; i < lengthof(sides) && !e->full; i++)
	{
		SpillReader reader;

		spill_read(layers->spill, tile * SIDES + sides[i], &reader);
		e->finding_rights = sides[i] == RIGHTS;
		e->copying = false;
		while (reader.block && !e->full)
		{
			layer_piece_load(e->store, &reader, &piece[i], limit);

			/* The next load takes the place of this one. */
			e->copying = e->copying || reader.block != NULL;
			box_join(plot, count, piece[i].item, piece[i].count, meet_rows, e);
		}
	}
	return !e->full;
}

/* Plots together, or by halves if what lies on them is too much. */
static void
weigh_plots(LandEvidence *e, const Layers *layers, int tile, const BoxItem *plot, uint32 count,
			LayerPiece *piece)
{
	uint32		i;

	MemoryContextReset(e->kept);
	for (i = 0; i < count; i++)
	{
		Plot	   *p = plot[i].what;

		memset(&p->rights, 0, sizeof p->rights);
		memset(&p->others, 0, sizeof p->others);
	}
	if (find_on_plots(e, layers, tile, plot, count, piece))
	{
		for (i = 0; i < count; i++)
			weigh_plot(e, plot[i].what);
		return;
	}
	weigh_plots(e, layers, tile, plot, count / 2, piece);
	weigh_plots(e, layers, tile, plot + count / 2, count - count / 2, piece);
}

static void
weigh_tile(LandEvidence *e, const Layers *layers, int tile)
{
	LayerPiece	plots = layer_piece_create();
	LayerPiece	piece[SIDES];
	SpillReader reader;
	uint32		i;

	for (i = 0; i < SIDES; i++)
		piece[i] = layer_piece_create();
	spill_read(layers->spill, tile * SIDES + PLOTS, &reader);
	while (reader.block)
	{
		Plot	   *plot;

		layer_piece_load(e->store, &reader, &plots, e->store->memory / 4);
		plot = MemoryContextAllocHuge(plots.context, plots.count * sizeof(Plot) + 1);
		for (i = 0; i < plots.count; i++)
		{
			plot[i].row = plots.item[i].what;
			plots.item[i].what = &plot[i];
		}
		weigh_plots(e, layers, tile, plots.item, plots.count, piece);
	}
	for (i = 0; i < SIDES; i++)
		layer_piece_free(&piece[i]);
	layer_piece_free(&plots);
}

typedef struct Tiles
{
	Layers		layers;
	BoxGrid		grid;
	int			count;
	Extent	   *reach;			/* of the plots of each tile */
} Tiles;

/* To every tile whose plots it may meet, but one. */
static void
spread_row(Tiles *finer, const LayerRow *row, int side, int but)
{
	const Extent *box = layer_stored_extent(row);
	int			t;

	for (t = 0; t < finer->count; t++)
	{
		const Extent *reach = &finer->reach[t];

		if (t != but && box->low.x <= reach->high.x && reach->low.x <= box->high.x &&
			box->low.y <= reach->high.y && reach->low.y <= box->high.y)
			layer_append_stored(&finer->layers, t * SIDES + side, row);
	}
}

static int
tile_of(const Tiles *tiles, const LayerRow *row)
{
	Vertex		corner = layer_stored_extent(row)->low;

	return box_grid_row(&tiles->grid, corner.y) * tiles->grid.columns + box_grid_column(&tiles->grid, corner.x);
}

static void
place_plot(Tiles *finer, const LayerRow *row)
{
	int			t = tile_of(finer, row);

	extent_add(&finer->reach[t], layer_stored_extent(row)->low);
	extent_add(&finer->reach[t], layer_stored_extent(row)->high);
	layer_append_stored(&finer->layers, t * SIDES + PLOTS, row);
}

/*
 * Spreads a tile over finer ones: first the plots, which say how far each tile
 * reaches, then what may meet them. False if that does not take it apart.
 */
static bool
spread_tile(LandEvidence *e, const Layers *layers, int tile, const Extent *region, int64 bytes, Tiles *finer)
{
	static const int pass[] = {PLOTS, PLOTS, RIGHTS, OTHERS};
	int			i;

	layer_lay_tiles(e->store, &finer->grid, region, bytes, SIDES);
	finer->count = finer->grid.columns * finer->grid.rows;
	finer->layers = layers_create(finer->count * SIDES, e->store->memory / 4);
	finer->reach = MemoryContextAlloc(finer->layers.spill->context, finer->count * sizeof(Extent));
	for (i = 0; i < finer->count; i++)
		finer->reach[i] = extent_nothing;

	for (i = 0; i < lengthof(pass); i++)
	{
		SpillReader reader;

		for (spill_read(layers->spill, tile * SIDES + pass[i], &reader); reader.block; spill_next(&reader))
		{
			const char *at = reader.block->data;
			const char *end = at + reader.block->used;

			for (; at < end; at += layer_stored_size((const LayerRow *) at))
			{
				const LayerRow *row = (const LayerRow *) at;

				if (i == 0)
					place_plot(finer, row);
				else
					spread_row(finer, row, pass[i] == RIGHTS ? RIGHTS : OTHERS,
							   pass[i] == PLOTS ? tile_of(finer, row) : -1);
			}
			layer_report_progress(e->store);
			if (finer->layers.all > MAX_COPIES * bytes)
			{
				layers_free(&finer->layers);
				return false;
			}
		}
	}
	return true;
}

static void
finish_tile(LandEvidence *e, const Layers *layers, int tile, const Extent *region, int depth)
{
	const int64 *bytes = &layers->bytes[tile * SIDES];
	int64		all = bytes[PLOTS] + bytes[RIGHTS] + bytes[OTHERS];

	/* Plots are loaded twice from a file, once as what lies on others. */
	Size		limit = layers->spill->file ? e->store->memory / 3 : e->store->memory;
	Tiles		finer;
	int			t;

	if (bytes[PLOTS] == 0)
		return;
	if (all <= limit || depth == MAX_DEPTH || !spread_tile(e, layers, tile, region, all, &finer))
	{
		weigh_tile(e, layers, tile);
		return;
	}
	for (t = 0; t < finer.count; t++)
		finish_tile(e, &finer.layers, t, &finer.reach[t], depth + 1);
	layers_free(&finer.layers);
}

/* ---- the function ---- */

static void *
grow_cover(void *heap, void *memory, size_t bytes)
{
	LandEvidence *e = heap;

	if (bytes > Max(e->store->memory, PLOT_MEMORY))
		report_crowded_plot(e, e->plot);
	return memory ? repalloc_huge(memory, bytes) : MemoryContextAllocHuge(e->store->context, bytes);
}

/* Arguments: plots, rights, as_of, key_type, min_share. */
AGR_FUNCTION(agririsk_land_evidence);
Datum
agririsk_land_evidence(PG_FUNCTION_ARGS)
{
	LandEvidence e = {0};
	MemoryContext old;

	e.key_type = agr_key_type(fcinfo, 3, "land_evidence");
	e.result = agr_begin_rows(fcinfo, work_mem / 4, &e.result_row);
	agr_require_argument(fcinfo, 0, "plots");
	agr_require_argument(fcinfo, 1, "rights");
	agr_require_argument(fcinfo, 2, "as_of");
	agr_require_argument(fcinfo, 4, "min_share");
	e.as_of = PG_GETARG_DATEADT(2);
	e.min_share = PG_GETARG_FLOAT8(4);
	if (DATE_NOT_FINITE(e.as_of))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("as_of must be a day"),
				 errdetail("as_of is infinite."),
				 errhint("Give the day on which rights must be valid.")));
	if (!(e.min_share >= 0 && e.min_share < 1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("min_share is out of range"),
				 errdetail("min_share is %g.", e.min_share),
				 errhint("Give a share of the plot's own area, from 0 to less than 1.")));

	e.store = layer_store_create("land_evidence");
	old = MemoryContextSwitchTo(e.store->context);
	/* The other half is for what stands beside the rows when they are weighed in memory. */
	e.all = layers_create(SIDES, e.store->memory / 2);
	e.kept = AllocSetContextCreate(e.store->context, "land_evidence finds", ALLOCSET_DEFAULT_SIZES);
	e.scratch = AllocSetContextCreate(e.store->context, "land_evidence plot", ALLOCSET_DEFAULT_SIZES);
	e.store->cover.grow = grow_cover;
	e.store->cover.heap = &e;
	read_layers(&e, text_to_cstring(PG_GETARG_TEXT_PP(0)), text_to_cstring(PG_GETARG_TEXT_PP(1)));
	finish_tile(&e, &e.all, 0, &e.store->extent, 0);
	layers_free(&e.all);
	MemoryContextSwitchTo(old);
	layer_store_free(e.store);
	return (Datum) 0;
}
