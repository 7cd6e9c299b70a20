/*
 * overlap_math.h
 *		The area two polygonals have in common, without building it. Pure C.
 *
 * The area is the integral of the product of their winding numbers. By Green's
 * theorem it is a sum over edges and over the points where edges cross:
 *
 *	- every edge of one, weighted with the winding number of the other at its end,
 *	- every crossing of an edge of A with an edge of B, which corrects both edges
 *	  for the part before it. One computed point serves both, so that its error
 *	  along two nearly parallel edges cancels.
 *
 * What crosses, and what is inside, is decided exactly, for A and for B moved
 * by the infinitely small (e, e^2): shared edges, touching corners and identical
 * polygons, which are the ordinary case in a register, then are no special
 * cases. (Edelsbrunner and Muecke 1990, "Simulation of simplicity".)
 *
 * The sum is taken in double precision with a running bound of its error. Where
 * that bound could show in the smaller area (slivers, or edges far longer than
 * the common box), the sum is taken again with twice the digits.
 *
 * For valid polygons the result is the area. For invalid ones it is the integral
 * itself: ground wound twice counts twice, ground wound backwards counts
 * negative; polygonal_is_sound() tells.
 */
#ifndef AGRIRISK_OVERLAP_MATH_H
#define AGRIRISK_OVERLAP_MATH_H

#include "core/geometry/polygonal_math.h"

/*
 * The box of an edge, seen from the middle of the common box. Rounding to float
 * keeps order, so that boxes that meet are seen to meet; some others may be, and
 * their edges are then found not to cross.
 */
typedef struct EdgeBox
{
	float		low[2];
	float		minus_high[2];
} EdgeBox;

/* The edges of one polygonal that touch the common box. */
typedef struct OverlapSide
{
	const Polygonal *shape;
	uint32_t	count;
	EdgeBox    *box;			/* of each edge, and room for some more */
	uint32_t   *edge;
	int32_t    *jump;			/* change of the other's winding along the edge */
	ExtentTree	tree;			/* over the edges; only when there are many */

	void	   *memory;
	uint32_t	room;			/* edges that fit into `memory` */
} OverlapSide;

/*
 * Memory a caller keeps from one overlap to the next; zero it, but for the
 * callbacks, to begin. Nothing in it outlives a call, so that a callback may
 * leave by longjmp.
 */
typedef struct OverlapScratch
{
	void	   *(*grow) (void *memory, size_t bytes);	/* as realloc, but never NULL;
														 * need not keep contents */
	void		(*interrupt) (void);	/* called now and then; may be NULL */
	OverlapSide side[2];
	void	   *piece;			/* some rings of a polygonal */
	size_t		piece_room;
} OverlapScratch;

/* The same bits for (a, b) as for (b, a). Zero where only rounding noise is left. */
extern double overlap_integral(const Polygonal *a, const Polygonal *b, OverlapScratch *scratch);

/*
 * Whether no ground is wound twice or backwards: no ring crosses itself or
 * another, no part overlaps another, every hole is inside its shell, and no hole is
 * in another. Rings that
 * only touch themselves, and spikes of no width, are sound: they enclose what
 * they seem to.
 */
extern bool polygonal_is_sound(const Polygonal *shape, OverlapScratch *scratch);

#endif							/* AGRIRISK_OVERLAP_MATH_H */
