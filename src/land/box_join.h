/*
 * box_join.h
 *		Which boxes of two sets meet. Include postgres.h first.
 */
#ifndef AGRIRISK_BOX_JOIN_H
#define AGRIRISK_BOX_JOIN_H

#include "core/geometry/polygonal_math.h"

typedef struct BoxItem
{
	Extent		box;
	void	   *what;
} BoxItem;

/*
 * A division of the plane into columns and rows. Which one a coordinate falls
 * into never decreases with it, however it rounds; the outermost ones reach to
 * infinity. So if two boxes meet, the cell of the lower left corner of what
 * they share is among the cells of both.
 */
typedef struct BoxGrid
{
	Vertex		low;
	double		columns_per_unit;
	double		rows_per_unit;
	int			columns;
	int			rows;
} BoxGrid;

extern void box_grid_lay(BoxGrid *grid, const Extent *region, int columns, int rows);

static inline int
box_grid_clamp(double place, int count)
{
	return place < 1 ? 0 : place < count ? (int) place : count - 1;
}

static inline int
box_grid_column(const BoxGrid *grid, double x)
{
	return box_grid_clamp((x - grid->low.x) * grid->columns_per_unit, grid->columns);
}

static inline int
box_grid_row(const BoxGrid *grid, double y)
{
	return box_grid_clamp((y - grid->low.y) * grid->rows_per_unit, grid->rows);
}

/*
 * Calls `meet` for every pair whose boxes have a point in common, once. Without
 * `right`, for every two of `left`.
 */
extern void box_join(const BoxItem *left, uint32_t left_count,
					 const BoxItem *right, uint32_t right_count,
					 void (*meet) (void *context, const BoxItem *l, const BoxItem *r),
					 void *context);

#endif							/* AGRIRISK_BOX_JOIN_H */
