/*
 * confusion_math.c
 *		How often what was predicted is what is true: stored form, merging and
 *		measures. Pure C.
 */
#include "validation/confusion_math.h"

#include "core/math/ratio_math.h"

#include <math.h>

/* Stored form. */

/* The least a name takes, and a cell. */
#define NAME_BYTES	1
#define CELL_BYTES	4

int
confusion_compare_names(const ConfusionName *a, const ConfusionName *b)
{
	uint32_t	shorter = a->length < b->length ? a->length : b->length;
	int			order = shorter > 0 ? memcmp(a->name, b->name, shorter) : 0;

	return order != 0 ? order : (a->length > b->length) - (a->length < b->length);
}

static int
compare_cells(const ConfusionCell *a, const ConfusionCell *b)
{
	if (a->stratum != b->stratum)
		return a->stratum < b->stratum ? -1 : 1;
	if (a->truth != b->truth)
		return a->truth < b->truth ? -1 : 1;
	return (a->predicted > b->predicted) - (a->predicted < b->predicted);
}

static bool
read_head(ByteReader *r, Confusion *c)
{
	uint64_t	excluded;
	uint64_t	names;

	if (read_u8(r) != CONFUSION_VERSION || read_u8(r) != 0)
		return false;
	excluded = read_varint(r);
	names = read_varint(r);
	if (r->bad || excluded > INT64_MAX || names > 3 * CONFUSION_MAX_CELLS ||
		names > bytes_left(r) / NAME_BYTES)
		return false;
	c->excluded = (int64_t) excluded;
	c->names = (uint32_t) names;
	return true;
}

static bool
read_cell_count(ByteReader *r, Confusion *c)
{
	uint64_t	cells = read_varint(r);

	if (r->bad || cells > CONFUSION_MAX_CELLS || cells > bytes_left(r) / CELL_BYTES)
		return false;
	c->cells = (uint32_t) cells;
	return true;
}

bool
confusion_read_shape(const uint8_t *bytes, size_t length, Confusion *shape)
{
	ByteReader	r = {bytes, bytes + length, false};
	uint32_t	i;

	memset(shape, 0, sizeof *shape);
	if (!read_head(&r, shape))
		return false;
	for (i = 0; i < shape->names; i++)
		read_bytes(&r, read_varint(&r));
	return read_cell_count(&r, shape);
}

static bool
read_cell(ByteReader *r, Confusion *c, ConfusionCell *cell)
{
	uint64_t	place[3];
	uint64_t	count;
	int			i;

	for (i = 0; i < 3; i++)
	{
		place[i] = read_varint(r);
		if (place[i] >= c->names)
			return false;
		c->name[place[i]].place = 1;
	}
	cell->stratum = (uint32_t) place[0];
	cell->truth = (uint32_t) place[1];
	cell->predicted = (uint32_t) place[2];
	count = read_varint(r);
	if (r->bad || count == 0 || count > (uint64_t) (INT64_MAX - c->excluded - c->total))
		return false;
	cell->count = (int64_t) count;
	c->total += cell->count;
	return true;
}

bool
confusion_read(const uint8_t *bytes, size_t length, Confusion *c)
{
	ByteReader	r = {bytes, bytes + length, false};
	uint32_t	i;

	c->total = 0;
	if (!read_head(&r, c))
		return false;
	for (i = 0; i < c->names; i++)
	{
		ConfusionName *name = &c->name[i];
		uint64_t	n = read_varint(&r);

		if (n > CONFUSION_MAX_NAME)
			return false;
		name->length = (uint32_t) n;
		name->name = (const char *) read_bytes(&r, n);
		name->place = 0;
		if (r.bad || (n > 0 && memchr(name->name, 0, n) != NULL) ||
			(i > 0 && confusion_compare_names(name - 1, name) >= 0))
			return false;
	}
	if (!read_cell_count(&r, c))
		return false;
	for (i = 0; i < c->cells; i++)
		if (!read_cell(&r, c, &c->cell[i]) ||
			(i > 0 && compare_cells(&c->cell[i - 1], &c->cell[i]) >= 0))
			return false;
	for (i = 0; i < c->names; i++)
		if (c->name[i].place == 0)
			return false;
	return bytes_left(&r) == 0;
}

void
confusion_write(const Confusion *c, ByteWriter *writer)
{
	uint32_t	i;

	write_u8(writer, CONFUSION_VERSION);
	write_u8(writer, 0);
	write_varint(writer, (uint64_t) c->excluded);
	write_varint(writer, c->names);
	for (i = 0; i < c->names; i++)
	{
		write_varint(writer, c->name[i].length);
		write_bytes(writer, c->name[i].name, c->name[i].length);
	}
	write_varint(writer, c->cells);
	for (i = 0; i < c->cells; i++)
	{
		write_varint(writer, c->cell[i].stratum);
		write_varint(writer, c->cell[i].truth);
		write_varint(writer, c->cell[i].predicted);
		write_varint(writer, (uint64_t) c->cell[i].count);
	}
}

/* Merging. */

static void
merge_names(Confusion *a, Confusion *b, Confusion *merged)
{
	uint32_t	i = 0;
	uint32_t	j = 0;

	merged->names = 0;
	while (i < a->names || j < b->names)
	{
		int			order = i == a->names ? 1 : j == b->names ? -1 :
			confusion_compare_names(&a->name[i], &b->name[j]);

		merged->name[merged->names] = order <= 0 ? a->name[i] : b->name[j];
		if (order <= 0)
			a->name[i++].place = merged->names;
		if (order >= 0)
			b->name[j++].place = merged->names;
		merged->names++;
	}
}

static ConfusionCell
placed(const Confusion *c, const ConfusionCell *cell)
{
	return (ConfusionCell) {c->name[cell->stratum].place, c->name[cell->truth].place,
							c->name[cell->predicted].place, cell->count};
}

ConfusionStatus
confusion_merge(Confusion *a, Confusion *b, Confusion *merged)
{
	uint32_t	i = 0;
	uint32_t	j = 0;

	merge_names(a, b, merged);
	if ((Signed128) a->excluded + a->total + b->excluded + b->total > INT64_MAX)
		return CONFUSION_TOO_MANY_ROWS;
	merged->excluded = a->excluded + b->excluded;
	merged->total = a->total + b->total;
	merged->cells = 0;
	while (i < a->cells || j < b->cells)
	{
		ConfusionCell left = {0};
		ConfusionCell right = {0};
		int			order;

		if (i < a->cells)
			left = placed(a, &a->cell[i]);
		if (j < b->cells)
			right = placed(b, &b->cell[j]);
		order = i == a->cells ? 1 : j == b->cells ? -1 : compare_cells(&left, &right);
		if (order == 0)
			left.count += right.count;
		merged->cell[merged->cells++] = order <= 0 ? left : right;
		i += order <= 0;
		j += order >= 0;
	}
	return merged->cells > CONFUSION_MAX_CELLS ? CONFUSION_TOO_MANY_CELLS : CONFUSION_OK;
}

/* Measures of the rows as they are. */

int64_t
confusion_classes(const Confusion *c, ConfusionClass *class)
{
	int64_t		correct = 0;
	uint32_t	i;

	memset(class, 0, c->names * sizeof *class);
	for (i = 0; i < c->cells; i++)
	{
		const ConfusionCell *cell = &c->cell[i];

		class[cell->predicted].mapped += cell->count;
		class[cell->truth].reference += cell->count;
		if (cell->truth == cell->predicted)
		{
			class[cell->truth].correct += cell->count;
			correct += cell->count;
		}
	}
	return correct;
}

/* In whole numbers, rounded once: n^2 fits 126 bits. */
bool
confusion_kappa(const Confusion *c, const ConfusionClass *class, double *kappa)
{
	Signed128	correct = 0;
	Signed128	by_chance = 0;
	Signed128	all = (Signed128) c->total * c->total;
	uint32_t	i;

	for (i = 0; i < c->names; i++)
	{
		correct += class[i].correct;
		by_chance += (Signed128) class[i].mapped * class[i].reference;
	}
	if (by_chance == all)
		return false;
	correct *= c->total;
	*kappa = correct >= by_chance ? ratio_round(correct - by_chance, all - by_chance) :
		-ratio_round(by_chance - correct, all - by_chance);
	return true;
}

/* Measures by area. */

static int64_t
stratum_rows(const Confusion *c, uint32_t first, uint32_t *end)
{
	int64_t		n = 0;
	uint32_t	i;

	for (i = first; i < c->cells && c->cell[i].stratum == c->cell[first].stratum; i++)
		n += c->cell[i].count;
	*end = i;
	return n;
}

void
confusion_weigh_strata(const Confusion *c, ConfusionAreas *areas)
{
	uint32_t	i,
				end;

	areas->single = false;
	areas->strata_are_classes = true;
	for (i = 0; i < c->names; i++)
		c->name[i].place = 0;
	for (i = 0; i < c->cells; i = end)
	{
		uint32_t	stratum = c->cell[i].stratum;

		if (stratum_rows(c, i, &end) < 2 && areas->area[stratum] > 0)
			areas->single = true;
		c->name[stratum].place = 1;
	}
	for (i = 0; i < c->names; i++)
		if (c->name[i].place == 0 && areas->area[i] > 0)
			areas->unsampled = true;
	for (i = 0; i < c->cells; i++)
		if (c->cell[i].stratum != c->cell[i].predicted)
			areas->strata_are_classes = false;
}

/* Of n rows: x in the denominator, y of these rows in the numerator too. */
typedef struct RatioStratum
{
	double		area;
	int64_t		n;
	int64_t		x;
	int64_t		y;
} RatioStratum;

/* Which rows a ratio is of. */
typedef enum RatioKind
{
	TRULY,						/* of all rows, those of the class */
	MAPPED_TRULY,				/* of the rows mapped so, the rows of the class */
	TRULY_MAPPED,				/* of the rows of the class, the rows mapped so */
	CORRECT						/* of all rows, those mapped as what they are */
} RatioKind;

static void
count_cell(RatioKind kind, const ConfusionCell *cell, uint32_t class, RatioStratum *s)
{
	bool		truly = cell->truth == class;
	bool		mapped = cell->predicted == class;
	bool		x = kind == MAPPED_TRULY ? mapped : kind == TRULY_MAPPED ? truly : true;
	bool		y = kind == TRULY ? truly : kind == CORRECT ? cell->truth == cell->predicted :
		truly && mapped;

	s->n += cell->count;
	s->x += x ? cell->count : 0;
	s->y += y ? cell->count : 0;
}

static bool
next_stratum(const Confusion *c, const ConfusionAreas *areas, RatioKind kind, uint32_t class,
			 uint32_t *at, RatioStratum *s)
{
	uint32_t	first = *at;

	memset(s, 0, sizeof *s);
	if (first == c->cells)
		return false;
	s->area = areas->area[c->cell[first].stratum];
	for (; *at < c->cells && c->cell[*at].stratum == c->cell[first].stratum; (*at)++)
		count_cell(kind, &c->cell[*at], class, s);
	return true;
}

/*
 * The combined ratio estimator of a stratified sample and its variance
 * (Cochran 1977, chapter 6; Stehman 2014), without the correction for a finite
 * population, as areas are not numbers of units. Where the strata are the mapped
 * classes it gives the formulas of Olofsson et al. 2014.
 */
static Estimate
ratio(const Confusion *c, const ConfusionAreas *areas, RatioKind kind, uint32_t class)
{
	Estimate	result = {NAN, NAN};
	RatioStratum s;
	double		numerator = 0;
	double		denominator = 0;
	double		variance = 0;
	uint32_t	at = 0;

	while (next_stratum(c, areas, kind, class, &at, &s))
	{
		numerator += s.area * ((double) s.y / (double) s.n);
		denominator += s.area * ((double) s.x / (double) s.n);
	}
	if (!(denominator > 0))
		return result;
	result.value = fmin(numerator / denominator, 1);

	at = 0;
	while (next_stratum(c, areas, kind, class, &at, &s))
	{
		/*
		 * Residuals are 1 - R, -R or 0. Their variance is a sum over pairs of
		 * rows that differ: a difference of squares would leave rounding where
		 * none do.
		 */
		double		r = result.value;
		double		hits = (double) s.y;
		double		misses = (double) (s.x - s.y);
		double		others = (double) (s.n - s.x);
		double		n = (double) s.n;
		double		pairs = hits * misses + others * (hits * (1 - r) * (1 - r) + misses * r * r);

		if (s.area == 0 || s.x == 0)
			continue;
		variance += s.area / denominator * (s.area / denominator) * (pairs / n / n) / (n - 1);
	}
	result.se = sqrt(variance);
	return result;
}

/* What of an estimate is known, given strata with no row or a single one. */
static Estimate
known(const ConfusionAreas *areas, Estimate estimate)
{
	if (areas->unsampled)
		estimate.value = NAN;
	if (areas->unsampled || areas->single || isnan(estimate.value))
		estimate.se = NAN;
	return estimate;
}

/*
 * User's accuracy of a class that is a stratum of its own, and so mapped nowhere
 * else: its area cancels, even where that is 0.
 */
static Estimate
users_in_stratum(const Confusion *c, uint32_t class)
{
	Estimate	result;
	int64_t		n = 0;
	int64_t		correct = 0;
	uint32_t	i;

	for (i = 0; i < c->cells; i++)
		if (c->cell[i].stratum == class)
		{
			n += c->cell[i].count;
			correct += c->cell[i].truth == class ? c->cell[i].count : 0;
		}
	result.value = n > 0 ? ratio_round((Unsigned128) correct, (Unsigned128) n) : NAN;
	result.se = n > 1 ? sqrt((double) correct * (double) (n - correct) / (double) n / (double) n / (double) (n - 1)) : NAN;
	return result;
}

ConfusionArea
confusion_area(const Confusion *c, const ConfusionAreas *areas, uint32_t class)
{
	ConfusionArea result;

	result.share = known(areas, ratio(c, areas, TRULY, class));
	result.producers = known(areas, ratio(c, areas, TRULY_MAPPED, class));

	result.users = areas->strata_are_classes ? users_in_stratum(c, class) :
		known(areas, ratio(c, areas, MAPPED_TRULY, class));
	return result;
}

Estimate
confusion_area_accuracy(const Confusion *c, const ConfusionAreas *areas)
{
	return known(areas, ratio(c, areas, CORRECT, 0));
}
