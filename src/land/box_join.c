/*
 * box_join.c
 *		Which boxes of two sets meet.
 *
 * The plane is cut into strips about twice as high as a box. In each strip both
 * sets are swept from left to right; a pair counts in the strip where its
 * common part begins.
 */
#include "postgres.h"

#include "agririsk.h"
#include "land/box_join.h"

#include "miscadmin.h"
#include "utils/memutils.h"

/* The boxes of a set, by strips; one that crosses several is in each. */
typedef struct Strips
{
	const BoxItem *item;
	uint32_t   *member;			/* items of the first strip, the second, ... */
	uint32_t   *start;			/* of each strip in `member`, and the end */
	BoxItem    *swept;			/* of the strip at hand, from left to right */
	uint32_t	count;			/* of them */
} Strips;

typedef struct Sweep
{
	BoxGrid		grid;			/* its rows are the strips */
	int			strip;			/* at hand */
	void		(*meet) (void *context, const BoxItem *l, const BoxItem *r);
	void	   *context;
} Sweep;

void
box_grid_lay(BoxGrid *grid, const Extent *region, int columns, int rows)
{
	double		width = region->high.x - region->low.x;
	double		height = region->high.y - region->low.y;

	grid->low = region->low;
	grid->columns = columns;
	grid->rows = rows;
	grid->columns_per_unit = width > 0 ? columns / width : 0;
	grid->rows_per_unit = height > 0 ? rows / height : 0;
}

/* Millions of boxes take a moment to go through even once. */
static inline void
check_now_and_then(uint32_t i)
{
	if (i % 65536 == 65535)
		CHECK_FOR_INTERRUPTS();
}

static int
compare_left_edges(const void *a, const void *b, void *unused)
{
	double		x = ((const BoxItem *) a)->box.low.x;
	double		y = ((const BoxItem *) b)->box.low.x;

	return (x > y) - (x < y);
}

/* Adds boxes to the extent of all, and their heights. */
static double
measure(const BoxItem *item, uint32_t count, Extent *region)
{
	double		heights = 0;
	uint32_t	i;

	for (i = 0; i < count; i++)
	{
		extent_add(region, item[i].box.low);
		extent_add(region, item[i].box.high);
		heights += item[i].box.high.y - item[i].box.low.y;
		check_now_and_then(i);
	}
	return heights;
}

static void
cut_strips(Strips *strips, const BoxItem *item, uint32_t count, const BoxGrid *grid)
{
	uint32_t   *start = MemoryContextAllocHuge(CurrentMemoryContext, (grid->rows + 1) * sizeof(uint32_t));
	uint32_t	most = 0;
	uint32_t	i;
	int			s;

	memset(start, 0, (grid->rows + 1) * sizeof(uint32_t));
	for (i = 0; i < count; i++)
	{
		for (s = box_grid_row(grid, item[i].box.low.y); s <= box_grid_row(grid, item[i].box.high.y); s++)
			start[s]++;
		check_now_and_then(i);
	}
	for (s = 0; s <= grid->rows; s++)
	{
		most = Max(most, start[s]);
		start[s] += s > 0 ? start[s - 1] : 0;
	}

	/* Now each is where its strip ends; filling moves it to where that begins. */
	strips->item = item;
	strips->start = start;
	strips->member = MemoryContextAllocHuge(CurrentMemoryContext, start[grid->rows] * sizeof(uint32_t) + 1);
	strips->swept = MemoryContextAllocHuge(CurrentMemoryContext, most * sizeof(BoxItem) + 1);
	for (i = 0; i < count; i++)
	{
		for (s = box_grid_row(grid, item[i].box.low.y); s <= box_grid_row(grid, item[i].box.high.y); s++)
			strips->member[--start[s]] = i;
		check_now_and_then(i);
	}
}

static void
drop_strips(Strips *strips)
{
	pfree(strips->swept);
	pfree(strips->member);
	pfree(strips->start);
}

static void
sort_strip(Strips *strips, int strip)
{
	uint32_t	i;

	strips->count = strips->start[strip + 1] - strips->start[strip];
	for (i = 0; i < strips->count; i++)
	{
		strips->swept[i] = strips->item[strips->member[strips->start[strip] + i]];
		check_now_and_then(i);
	}
	agr_qsort_interruptible(strips->swept, strips->count, sizeof(BoxItem), compare_left_edges, NULL);
}

/* Boxes whose left edges lie in `one`, from its left edge on. */
static void
meet_following(Sweep *w, const BoxItem *one, const BoxItem *other, const BoxItem *end, bool one_is_left)
{
	CHECK_FOR_INTERRUPTS();
	for (; other < end && other->box.low.x <= one->box.high.x; other++)
	{
		double		low = Max(one->box.low.y, other->box.low.y);

		if (low > one->box.high.y || low > other->box.high.y || box_grid_row(&w->grid, low) != w->strip)
			continue;
		if (one_is_left)
			w->meet(w->context, one, other);
		else
			w->meet(w->context, other, one);
	}
}

static void
sweep_one(Sweep *w, const Strips *strips)
{
	const BoxItem *end = strips->swept + strips->count;
	const BoxItem *l;

	for (l = strips->swept; l < end; l++)
		meet_following(w, l, l + 1, end, true);
}

static void
sweep_two(Sweep *w, const Strips *left, const Strips *right)
{
	const BoxItem *l = left->swept;
	const BoxItem *l_end = l + left->count;
	const BoxItem *r = right->swept;
	const BoxItem *r_end = r + right->count;

	while (l < l_end && r < r_end)
	{
		if (l->box.low.x <= r->box.low.x)
			meet_following(w, l++, r, r_end, true);
		else
			meet_following(w, r++, l, l_end, false);
	}
}

void
box_join(const BoxItem *left, uint32_t left_count, const BoxItem *right, uint32_t right_count,
		 void (*meet) (void *context, const BoxItem *l, const BoxItem *r), void *context)
{
	uint32_t	count = left_count + right_count;
	Extent		region = extent_nothing;
	double		heights;
	double		strips;
	Strips		l = {0},
				r = {0};
	Sweep		w = {.meet = meet, .context = context};

	if (left_count == 0 || (right && right_count == 0))
		return;
	heights = measure(left, left_count, &region) + measure(right, right_count, &region);
	strips = (region.high.y - region.low.y) * count / (2 * heights);
	box_grid_lay(&w.grid, &region, 1, strips > 1 ? (int) Min(strips, count) : 1);
	cut_strips(&l, left, left_count, &w.grid);
	if (right)
		cut_strips(&r, right, right_count, &w.grid);
	for (w.strip = 0; w.strip < w.grid.rows; w.strip++)
	{
		sort_strip(&l, w.strip);
		if (right)
		{
			sort_strip(&r, w.strip);
			sweep_two(&w, &l, &r);
		}
		else
			sweep_one(&w, &l);
	}
	drop_strips(&l);
	if (right)
		drop_strips(&r);
}
