/*
 * pool_rows.c
 *		The training rows of a design, brought together by node, in bounded memory.
 *
 * Rows of each node are counted first, so that a row's place among all records is
 * known when it is met. Records that do not fit memory go to stretches of them
 * that do: each stretch is a partition of core/rows/spill, is put in order in
 * memory and then written behind the one before. Where there are more stretches
 * than partitions fit, the rows are read several times.
 */
#include "postgres.h"

#include "agririsk.h"

#include <math.h>

#include "core/rows/spill.h"
#include "miscadmin.h"
#include "model/fit/pool_rows.h"

/* One part in OPEN_SHARE of the memory is for blocks that partitions fill. */
#define OPEN_SHARE		4

/* ---------- records ---------- */

static void
lay_out(PoolRows *rows)
{
	const FitDesign *design = rows->design;
	int			longest = SPILL_MAX_RECORD - sizeof(int32);
	int			t;
	int			f;

	rows->place = palloc(design->rows->n_features * sizeof(int));
	for (f = 0; f < design->rows->n_features; f++)
		rows->place[f] = -1;
	for (t = 0; t < design->n_terms; t++)
	{
		f = design->term[t].feature;
		if (!rows->used[t] || rows->place[f] >= 0)
			continue;
		rows->place[f] = rows->length;
		rows->length += design->store->column[f].width;
	}
	rows->outcome = rows->length++;
	rows->weight = design->layout.weight < 0 ? -1 : rows->length;
	rows->length += design->layout.weight < 0 ? 0 : sizeof(int64);
	rows->offset = design->layout.offset < 0 ? -1 : rows->length;
	rows->length += design->layout.offset < 0 ? 0 : sizeof(double);
	if (rows->length > longest)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many features for segments"),
				 errdetail("The features of a row take %d bytes; %d are allowed.", rows->length, longest),
				 errhint("Select features first, without segments.")));
}

static void
copy_column(const FitDesign *design, int column, int row, char *to)
{
	uint32		width = design->store->column[column].width;

	memcpy(to, (const char *) design->column[column] + (Size) row * width, width);
}

static void
write_record(const PoolRows *rows, int row, char *record)
{
	const FitDesign *design = rows->design;
	int			f;

	for (f = 0; f < design->rows->n_features; f++)
		if (rows->place[f] >= 0)
			copy_column(design, f, row, record + rows->place[f]);
	copy_column(design, design->layout.outcome, row, record + rows->outcome);
	if (rows->weight >= 0)
		copy_column(design, design->layout.weight, row, record + rows->weight);
	if (rows->offset >= 0)
		copy_column(design, design->layout.offset, row, record + rows->offset);
}

static double
record_number(const char *at)
{
	double		x;

	memcpy(&x, at, sizeof x);
	return x;
}

static uint32
record_code(const char *at, uint32 width)
{
	uint16		half;
	uint32		code;

	if (width == 1)
		return *(const uint8 *) at;
	if (width == 2)
	{
		memcpy(&half, at, sizeof half);
		return half;
	}
	memcpy(&code, at, sizeof code);
	return code;
}

static void
fill_term(const PoolRows *rows, const FitTerm *term, const char *record, int n, double *x)
{
	const char *at = record + rows->place[term->feature];
	uint32		width = rows->design->store->column[term->feature].width;
	double		unit = 1 / term->scale;
	int			i;

	for (i = 0; i < n; i++, at += rows->length)
		if (term->z == NULL)
		{
			double		value = record_number(at);

			x[i] = isnan(value) ? 0 : (value - term->center) * unit;
		}
		else
		{
			uint32		code = record_code(at, width);

			x[i] = code < term->n_codes ? term->z[code] : 0;
		}
}

/* ---------- bringing them together ---------- */

/* Records of all nodes, cut into stretches of as many as fit memory. */
typedef struct Sorting
{
	PoolRows   *rows;
	const FitTree *tree;
	int64		stretch;		/* records of one */
	int64	   *next;			/* the place of each node's next record among all */
} Sorting;

static void
restart(Sorting *sorting)
{
	memcpy(sorting->next, sorting->rows->first, sorting->rows->n_nodes * sizeof *sorting->next);
	fit_design_rewind(sorting->rows->design, false);
}

static inline int
node_of_row(const Sorting *sorting, int row)
{
	const FitDesign *design = sorting->rows->design;

	return fit_tree_node(sorting->tree, ((const uint32 *) design->column[design->layout.segment])[row]);
}

static int64
count_rows(Sorting *sorting)
{
	PoolRows   *rows = sorting->rows;
	uint16		pick[LOGIT_BLOCK];
	int64		all = 0;
	int			n;
	int			i;

	fit_design_rewind(rows->design, false);
	while ((n = fit_design_pick(rows->design, pick)) > 0)
		for (i = 0; i < n; i++)
			rows->rows[node_of_row(sorting, pick[i])]++;
	for (i = 0; i < rows->n_nodes; i++)
	{
		rows->first[i] = all;
		all += rows->rows[i];
	}
	return all;
}

/* Writes the records to their places. */
static void
place_records(Sorting *sorting)
{
	PoolRows   *rows = sorting->rows;
	uint16		pick[LOGIT_BLOCK];
	int			n;
	int			i;

	restart(sorting);
	while ((n = fit_design_pick(rows->design, pick)) > 0)
		for (i = 0; i < n; i++)
			write_record(rows, pick[i], rows->records + sorting->next[node_of_row(sorting, pick[i])]++ * rows->length);
}

/* Writes records of some stretches to partitions, each behind its place in its stretch. */
static void
spread_records(Sorting *sorting, Spill *spill, int64 first)
{
	PoolRows   *rows = sorting->rows;
	uint16		pick[LOGIT_BLOCK];
	int			n;
	int			i;

	restart(sorting);
	while ((n = fit_design_pick(rows->design, pick)) > 0)
		for (i = 0; i < n; i++)
		{
			int64		place = sorting->next[node_of_row(sorting, pick[i])]++;
			int64		partition = place / sorting->stretch - first;
			uint32		within = place % sorting->stretch;
			char	   *record;

			if (partition < 0 || partition >= spill->partitions)
				continue;
			record = spill_append(spill, partition, sizeof within + rows->length);
			memcpy(record, &within, sizeof within);
			write_record(rows, pick[i], record + sizeof within);
		}
}

/* Appends the records of a partition to the file, in order. */
static void
file_stretch(PoolRows *rows, Spill *spill, int partition, char *stretch)
{
	SpillReader *reader = palloc(sizeof *reader);
	int64		n = 0;

	for (spill_read(spill, partition, reader); reader->block; spill_next(reader))
	{
		const char *at = reader->block->data;
		const char *end = at + reader->block->used;

		for (; at < end; at += sizeof(uint32) + rows->length, n++)
			memcpy(stretch + (Size) record_code(at, sizeof(uint32)) * rows->length, at + sizeof(uint32), rows->length);
	}
	temp_file_append(rows->file, stretch, n * rows->length);
	pfree(reader);
}

static void
file_records(Sorting *sorting, int64 all, Size memory)
{
	PoolRows   *rows = sorting->rows;
	Size		half = memory / 2;
	int64		stretches;
	int64		first;
	int			at_once = Max(half / OPEN_SHARE / SPILL_BLOCK, 1);
	char	   *stretch;
	int			i;

	sorting->stretch = Min(Max(half / rows->length, LOGIT_BLOCK), PG_INT32_MAX);
	stretches = (all + sorting->stretch - 1) / sorting->stretch;
	stretch = MemoryContextAllocHuge(CurrentMemoryContext, sorting->stretch * rows->length);
	rows->file = temp_file_create("rows by segment");
	for (first = 0; first < stretches; first += at_once)
	{
		Spill	   *spill = spill_create((int) Min(at_once, stretches - first), half, "rows by segment");

		spread_records(sorting, spill, first);
		for (i = 0; i < spill->partitions; i++)
			file_stretch(rows, spill, i, stretch);
		spill_free(spill);
	}
	pfree(stretch);
}

/* ---------- reading ---------- */

/* Finds the next node that has records; false at the end. */
static bool
find_records(PoolRows *rows)
{
	while (rows->left == 0)
	{
		if (++rows->node >= rows->n_nodes)
		{
			rows->node = -1;
			rows->at = 0;
			return false;
		}
		rows->left = rows->rows[rows->node];
	}
	return true;
}

void
pool_rows_go_to(PoolRows *rows, int node)
{
	rows->at = rows->first[node] * rows->length;
	rows->node = node - 1;
	rows->left = 0;
}

static void
next_block(LogitRows *logit, LogitBlock *block)
{
	PoolRows   *rows = (PoolRows *) logit;
	const FitDesign *design = rows->design;
	const char *record;
	int			i,
				t;

	block->n = 0;
	if (!find_records(rows))
		return;
	block->node = rows->node;
	block->n = Min(LOGIT_BLOCK, rows->left);
	record = rows->file ? rows->records : rows->records + rows->at;
	if (rows->file)
		temp_file_read(rows->file, rows->at, rows->records, block->n * rows->length);
	rows->at += block->n * rows->length;
	rows->left -= block->n;
	for (t = 0; t < design->n_terms; t++)
		if (rows->used[t])
			fill_term(rows, &design->term[t], record, block->n, block->x + (Size) t * LOGIT_BLOCK);
	for (i = 0; i < block->n; i++, record += rows->length)
	{
		int64		weight = 1;

		if (rows->weight >= 0)
			memcpy(&weight, record + rows->weight, sizeof weight);
		block->y[i] = *(const uint8 *) (record + rows->outcome);
		block->weight[i] = (double) weight;
		block->offset[i] = rows->offset < 0 ? 0 : record_number(record + rows->offset);
	}
}

PoolRows *
pool_rows_create(FitDesign *design, const bool *used, const FitTree *tree, Size memory)
{
	PoolRows   *rows = palloc0(sizeof *rows);
	Sorting		sorting = {rows, tree};
	int64		all;

	rows->logit = design->logit;
	rows->logit.next = next_block;
	rows->design = design;
	rows->used = used;
	rows->node = -1;
	rows->n_nodes = tree->n;
	rows->rows = palloc0(tree->n * sizeof *rows->rows);
	rows->first = palloc(tree->n * sizeof *rows->first);
	lay_out(rows);
	sorting.next = palloc(tree->n * sizeof *sorting.next);
	all = count_rows(&sorting);
	if (all * rows->length <= memory)
	{
		rows->records = MemoryContextAllocHuge(CurrentMemoryContext, Max(all * rows->length, 1));
		place_records(&sorting);
	}
	else
	{
		file_records(&sorting, all, memory);
		rows->records = palloc(LOGIT_BLOCK * rows->length);
	}
	pfree(sorting.next);
	return rows;
}

void
pool_rows_free(PoolRows *rows)
{
	if (rows->file)
		temp_file_close(rows->file);
	pfree(rows->records);
	pfree(rows->rows);
	pfree(rows->first);
	pfree(rows->place);
	pfree(rows);
}
