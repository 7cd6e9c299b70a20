/*
 * cover_math.h
 *		The parts of a plot, by which of several polygons cover them. Pure C.
 *
 * Two ways lead to the same parts. Where the polygons that cover the plot only
 * in part have nothing in common with each other, as neighbours in a register
 * have not, their overlaps with the plot are the parts. Where they do overlap,
 * the plot is cut into slabs at every vertex and crossing; within a slab, edges
 * are sorted from left to right, and a width times a height goes to the set of
 * polygons that cover what is between two edges. Rounding may take two edges
 * that all but coincide in the wrong order; then what lies between them has all
 * but no area. Nothing is built, so nothing can fail.
 *
 * Ground counts as covered where a shell winds it and no hole of this shell
 * does, in either direction and however often. For valid polygons this is their
 * area; bow ties count with both halves, ground wound twice counts once, a hole
 * listed twice is a hole, and a hole outside its shell is nothing.
 */
#ifndef AGRIRISK_COVER_MATH_H
#define AGRIRISK_COVER_MATH_H

#include "core/geometry/overlap_math.h"
#include "core/math/twofold.h"

/* Parts smaller than this share of a plot are rounding noise. */
#define COVER_NOISE 1e-12

typedef struct Cover
{
	const Polygonal *shape;
	bool		sound;			/* polygonal_is_sound() */
	double		area;			/* in common with the plot */
} Cover;

/* The patches that cover a part, apart from those that cover the whole plot. */
typedef struct CoverPart
{
	Twofold		area;
	uint64_t	hash;			/* of the set */
	uint32_t	first;			/* of its patches, in `member` */
	uint32_t	patches;
} CoverPart;

/*
 * The result of a division, and memory a caller keeps from one to the next;
 * zero it, but for the callbacks, to begin.
 */
typedef struct CoverScratch
{
	void	   *(*grow) (void *heap, void *memory, size_t bytes);	/* as realloc, but never NULL */
	void	   *heap;			/* what it grows in */
	void		(*interrupt) (void);	/* called now and then; may be NULL */
	OverlapScratch *overlap;

	uint32_t	parts;
	CoverPart  *part;
	uint32_t	members;
	uint32_t   *member;			/* patches of every part, in ascending order */

	/* Covers of one shape are one patch, which has the number of the first of them. */
	uint32_t   *next_alike;		/* of each cover: the next of its patch, or NO_COVER */
	uint8_t    *role;			/* what each cover is to the plot */
	bool		merged;			/* all patches count as the first */
	uint32_t	full;			/* patches that cover all of the plot */
	uint32_t   *order;			/* of covers, by something */
	uint32_t   *list;			/* what cover_part_list() lists */
	char	   *sorted;			/* room to sort in */

	/* What the sweep needs. */
	uint32_t	slots;			/* a power of two */
	uint32_t   *slot;			/* a hash table of parts: 1 + number, or 0 */
	struct SweepEdge *edge;
	double	   *level;
	struct Strand *strand;
	struct Strand *inverted;
	double	   *turn;			/* where strands cross, from 0 at the slab's foot to 1 */
	struct SweepRing *ring;
	struct SweepPart *shape_part;	/* polygons of the plot and of covers */
	uint32_t   *standing;		/* of each shape: its polygons around the place at hand */
	uint32_t	covering_count;
	uint32_t   *covering;		/* patches around the place at hand */
	size_t		room[17];		/* bytes that fit into each of the arrays above */
} CoverScratch;

#define NO_COVER UINT32_MAX

/* The area a cover and a plot have in common, of whatever soundness. */
extern double cover_area(const Polygonal *plot, bool plot_sound, const Polygonal *cover,
						 bool cover_sound, CoverScratch *scratch);

/*
 * Divides a plot. Each cover must have some area in common with it, as given.
 * Returns the plot's area, to which the parts add up but for rounding. The
 * order of covers may change rounding; callers give them in an order of theirs.
 */
extern double cover_divide(const Polygonal *plot, bool plot_sound, const Cover *cover,
						   uint32_t covers, CoverScratch *scratch);

/* The area of the plot under any of the covers, and the plot's. */
extern double cover_union(const Polygonal *plot, bool plot_sound, const Cover *cover,
						  uint32_t covers, CoverScratch *scratch, double *plot_area);

/* Next to nothing is nothing, and next to all of the plot is all of it. */
static inline double
cover_settle(double part, double plot_area)
{
	if (part <= COVER_NOISE * plot_area)
		return 0;
	return part >= plot_area - COVER_NOISE * plot_area ? plot_area : part;
}

/* The covers of a part, and how many; the same list every time, until the next call. */
extern const uint32_t *cover_part_list(CoverScratch *scratch, uint32_t part, uint32_t *count);

static inline double
cover_part_area(const CoverScratch *scratch, uint32_t part)
{
	return scratch->part[part].area.high + scratch->part[part].area.low;
}

#endif							/* AGRIRISK_COVER_MATH_H */
