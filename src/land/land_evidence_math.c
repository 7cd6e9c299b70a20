/*
 * land_evidence_math.c
 *		What the rights that cover the parts of a plot say of it. Pure C.
 */
#include "land/land_evidence_math.h"

/* The rights on one part. */
typedef struct Ground
{
	const EvidenceRight *right;
	const uint32_t *here;		/* which of them */
	uint32_t	count;
	double		area;
} Ground;

static const EvidenceRight *
right_here(const Ground *g, uint32_t i)
{
	return &g->right[g->here[i]];
}

static bool
same_title(const EvidenceRight *a, const EvidenceRight *b)
{
	return a->unit == b->unit && a->type == b->type;
}

/* The sum of valid shares here by the same unit and type, the party's own or all; NaN: unknown. */
static double
sum_shares(const Ground *g, const EvidenceRight *title, bool own_only)
{
	double		sum = 0;
	uint32_t	i;

	for (i = 0; i < g->count; i++)
	{
		const EvidenceRight *right = right_here(g, i);

		if (right->valid && same_title(right, title) && (right->own || !own_only))
			sum += right->share;
	}
	return sum;
}

static bool
exceeds_whole(const Ground *g, const EvidenceRight *title)
{
	return sum_shares(g, title, false) > SHARE_MAX;
}

/* Whether a valid right of another party stands against the farmer here. */
static bool
disputes(const Ground *g, const EvidenceRight *other, bool held)
{
	bool		same_type = false;
	uint32_t	i;

	if (other->own || other->sliver)
		return false;
	if (!held)
		return true;
	for (i = 0; i < g->count; i++)
	{
		const EvidenceRight *own = right_here(g, i);

		if (!own->own || !own->valid || own->type != other->type)
			continue;
		if (own->unit == other->unit)
			return exceeds_whole(g, other);
		same_type = true;
	}
	return same_type;
}

/* Whether a valid right lies on an earlier one that it should not lie on. */
static bool
overlaps_unlawfully(const Ground *g, uint32_t i)
{
	const EvidenceRight *right = right_here(g, i);
	uint32_t	j;

	for (j = 0; j < i; j++)
	{
		const EvidenceRight *earlier = right_here(g, j);

		if (earlier->valid && earlier->type == right->type &&
			(earlier->unit != right->unit || exceeds_whole(g, right)))
			return true;
	}
	return false;
}

/* The party's share here: of several titles to one ground, the best. NaN: unknown. */
static double
own_fraction(const Ground *g)
{
	double		best = 0;
	bool		unknown = false;
	uint32_t	i;

	for (i = 0; i < g->count && best < 1; i++)
		if (right_here(g, i)->own && right_here(g, i)->valid)
		{
			double		share = sum_shares(g, right_here(g, i), true);

			unknown = unknown || isnan(share);
			best = share > best ? share : best;
		}
	return best >= 1 ? 1 : unknown ? NAN : best;
}

static void
weigh_part(const Ground *g, Evidence *e)
{
	bool		held = false,
				registered = false,
				disputed = false,
				overlapping = false,
				overflow = false,
				expired = false;
	uint32_t	i;

	for (i = 0; i < g->count; i++)
	{
		const EvidenceRight *right = right_here(g, i);

		if (!right->valid)
			expired = expired || right->own;
		else
		{
			registered = true;
			held = held || right->own;
			overlapping = overlapping || overlaps_unlawfully(g, i);
			overflow = overflow || exceeds_whole(g, right);
		}
	}
	for (i = 0; i < g->count && !disputed; i++)
		disputed = right_here(g, i)->valid && disputes(g, right_here(g, i), held);
	e->held += held ? g->area : 0;
	e->held_fraction += held ? own_fraction(g) * g->area : 0;
	e->disputed += disputed ? g->area : 0;
	e->registered += registered ? g->area : 0;
	e->overlapping += overlapping ? g->area : 0;
	e->overflow += overflow ? g->area : 0;
	e->expired += expired && !held ? g->area : 0;
}

/* Next to nothing is nothing, and next to all of the plot is all of it. */
static double
settle(double part, double area)
{
	if (part <= COVER_NOISE * area)
		return 0;
	return part >= area - COVER_NOISE * area ? area : part;
}

void
evidence_weigh(CoverScratch *parts, double area, const EvidenceRight *right, Evidence *evidence)
{
	Evidence	e = {0, 0, 0, 0, 0, 0, 0};
	Ground		g = {.right = right};
	uint32_t	p;

	for (p = 0; p < parts->parts; p++)
	{
		g.here = cover_part_list(parts, p, &g.count);
		g.area = cover_part_area(parts, p);
		weigh_part(&g, &e);
	}
	e.held = settle(e.held, area);
	e.held_fraction = isnan(e.held_fraction) ? e.held_fraction : settle(e.held_fraction, area);
	e.disputed = settle(e.disputed, area);
	e.registered = settle(e.registered, area);
	e.overlapping = settle(e.overlapping, area);
	e.overflow = settle(e.overflow, area);
	e.expired = settle(e.expired, area);
	*evidence = e;
}

double
evidence_union(CoverScratch *parts, double area)
{
	double		sum = 0;
	uint32_t	p,
				count;

	for (p = 0; p < parts->parts; p++)
	{
		cover_part_list(parts, p, &count);
		sum += count > 0 ? cover_part_area(parts, p) : 0;
	}
	return settle(sum, area);
}
