/*
 * land_evidence_math.c
 *		What the rights that cover the parts of a plot say of it. Pure C.
 */
#include "land/land_evidence_math.h"

/* The rights on one part. */
typedef struct Ground
{
	const CoverScratch *parts;
	uint32_t	part;
	const EvidenceRight *right;
	uint32_t	rights;
} Ground;

static bool
lies_here(const Ground *g, uint32_t i)
{
	return g->right[i].valid && cover_part_has(g->parts, g->part, i);
}

static bool
same_title(const EvidenceRight *a, const EvidenceRight *b)
{
	return a->unit == b->unit && a->type == b->type;
}

/* The sum of shares here by the same unit and type, the party's own or all; NaN: unknown. */
static double
sum_shares(const Ground *g, const EvidenceRight *title, bool own_only)
{
	double		sum = 0;
	uint32_t	i;

	for (i = 0; i < g->rights; i++)
		if (lies_here(g, i) && same_title(&g->right[i], title) && (g->right[i].own || !own_only))
			sum += g->right[i].share;
	return sum;
}

static bool
exceeds_whole(const Ground *g, const EvidenceRight *title)
{
	return sum_shares(g, title, false) > SHARE_MAX;
}

/* Whether another party's right stands against the farmer here. */
static bool
disputes(const Ground *g, const EvidenceRight *other, bool held)
{
	bool		same_type = false;
	uint32_t	i;

	if (other->own || other->sliver)
		return false;
	if (!held)
		return true;
	for (i = 0; i < g->rights; i++)
	{
		const EvidenceRight *own = &g->right[i];

		if (!own->own || own->type != other->type || !lies_here(g, i))
			continue;
		if (own->unit == other->unit)
			return exceeds_whole(g, other);
		same_type = true;
	}
	return same_type;
}

/* Whether a right lies on an earlier one that it should not lie on. */
static bool
overlaps_unlawfully(const Ground *g, uint32_t i)
{
	uint32_t	j;

	for (j = 0; j < i; j++)
		if (lies_here(g, j) && g->right[j].type == g->right[i].type &&
			(g->right[j].unit != g->right[i].unit || exceeds_whole(g, &g->right[i])))
			return true;
	return false;
}

/* The party's share here: of several titles to one ground, the best. NaN: unknown. */
static double
own_fraction(const Ground *g)
{
	double		best = 0;
	bool		unknown = false;
	uint32_t	i;

	for (i = 0; i < g->rights && best < 1; i++)
		if (g->right[i].own && lies_here(g, i))
		{
			double		share = sum_shares(g, &g->right[i], true);

			unknown = unknown || isnan(share);
			best = share > best ? share : best;
		}
	return best >= 1 ? 1 : unknown ? NAN : best;
}

static void
weigh_part(const Ground *g, Evidence *e)
{
	double		area = cover_part_area(g->parts, g->part);
	bool		held = false,
				registered = false,
				disputed = false,
				overlapping = false,
				overflow = false,
				expired = false;
	uint32_t	i;

	for (i = 0; i < g->rights; i++)
	{
		const EvidenceRight *right = &g->right[i];

		if (!right->valid)
		{
			expired = expired || (right->own && cover_part_has(g->parts, g->part, i));
			continue;
		}
		if (!lies_here(g, i))
			continue;
		registered = true;
		held = held || right->own;
		overlapping = overlapping || overlaps_unlawfully(g, i);
		overflow = overflow || exceeds_whole(g, right);
	}
	for (i = 0; i < g->rights && !disputed; i++)
		disputed = lies_here(g, i) && disputes(g, &g->right[i], held);
	e->held += held ? area : 0;
	e->held_fraction += held ? own_fraction(g) * area : 0;
	e->disputed += disputed ? area : 0;
	e->registered += registered ? area : 0;
	e->overlapping += overlapping ? area : 0;
	e->overflow += overflow ? area : 0;
	e->expired += expired && !held ? area : 0;
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
evidence_weigh(const CoverScratch *parts, double area, const EvidenceRight *right,
			   uint32_t rights, Evidence *evidence)
{
	Evidence	e = {0, 0, 0, 0, 0, 0, 0};
	Ground		g = {parts, 0, right, rights};

	for (g.part = 0; g.part < parts->parts; g.part++)
		weigh_part(&g, &e);
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
evidence_union(const CoverScratch *parts, double area, uint32_t covers)
{
	double		sum = 0;
	uint32_t	p,
				i;

	for (p = 0; p < parts->parts; p++)
		for (i = 0; i < covers; i++)
			if (cover_part_has(parts, p, i))
			{
				sum += cover_part_area(parts, p);
				break;
			}
	return settle(sum, area);
}
