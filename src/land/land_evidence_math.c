/*
 * land_evidence_math.c
 *		What the rights that cover the parts of a plot say of it. Pure C.
 */
#include "land/land_evidence_math.h"

#include <string.h>

/* Rights between two calls of the interrupt hook. */
#define INTERRUPT_RIGHTS (1 << 16)

/* The rights on one part. */
typedef struct Ground
{
	const EvidenceRight *right;
	const uint32_t *here;		/* which of them */
	uint32_t	count;
	double		area;
	EvidenceTitle *title;
	EvidenceType *type;
	bool		held;
} Ground;

static const EvidenceRight *
right_here(const Ground *g, uint32_t i)
{
	return &g->right[g->here[i]];
}

/* Adds the valid rights up by title and type. */
static void
add_rights(Ground *g)
{
	uint32_t	i;

	g->held = false;
	for (i = 0; i < g->count; i++)
	{
		const EvidenceRight *right = right_here(g, i);
		EvidenceTitle *title = &g->title[right->title];
		EvidenceType *type = &g->type[right->type];
		double		share = isnan(right->share) ? 0 : right->share;

		if (!right->valid)
			continue;
		type->titles += title->rights++ == 0;
		title->shares += share;
		if (right->own)
		{
			title->own = type->own = g->held = true;
			title->own_shares += share;
			title->own_unknown = title->own_unknown || isnan(right->share);
		}
	}
}

static void
forget_rights(const Ground *g)
{
	uint32_t	i;

	for (i = 0; i < g->count; i++)
	{
		memset(&g->title[right_here(g, i)->title], 0, sizeof *g->title);
		memset(&g->type[right_here(g, i)->type], 0, sizeof *g->type);
	}
}

/* What is not known does not exceed, nor does it hide that the rest does. */
static bool
exceeds_whole(const EvidenceTitle *title)
{
	return title->shares > SHARE_MAX;
}

/* Whether a valid right of another party stands against the farmer here. */
static bool
disputes(const Ground *g, const EvidenceRight *other)
{
	const EvidenceTitle *title = &g->title[other->title];

	if (other->own || other->sliver)
		return false;
	if (!g->held)
		return true;
	return title->own ? exceeds_whole(title) : g->type[other->type].own;
}

static void
weigh_part(const Ground *g, Evidence *e)
{
	bool		registered = false,
				disputed = false,
				overlapping = false,
				overflow = false,
				expired = false,
				unknown = false;
	double		fraction = 0;	/* of several titles to one ground, the best */
	uint32_t	i;

	for (i = 0; i < g->count; i++)
	{
		const EvidenceRight *right = right_here(g, i);
		const EvidenceTitle *title = &g->title[right->title];

		if (!right->valid)
		{
			expired = expired || right->own;
			continue;
		}
		registered = true;
		disputed = disputed || disputes(g, right);
		overflow = overflow || exceeds_whole(title);
		overlapping = overlapping || exceeds_whole(title) || g->type[right->type].titles > 1;
		if (right->own)
		{
			unknown = unknown || title->own_unknown;
			fraction = title->own_shares > fraction ? title->own_shares : fraction;
		}
	}
	fraction = fraction >= 1 ? 1 : unknown ? NAN : fraction;
	e->held += g->held ? g->area : 0;
	e->held_fraction += g->held ? fraction * g->area : 0;
	e->disputed += disputed ? g->area : 0;
	e->registered += registered ? g->area : 0;
	e->overlapping += overlapping ? g->area : 0;
	e->overflow += overflow ? g->area : 0;
	e->expired += expired && !g->held ? g->area : 0;
}

void
evidence_weigh(CoverScratch *parts, double area, const EvidenceRight *right,
			   EvidenceTitle *title, EvidenceType *type, Evidence *evidence)
{
	Evidence	e = {0, 0, 0, 0, 0, 0, 0};
	Ground		g = {.right = right, .title = title, .type = type};
	int64_t		rights = INTERRUPT_RIGHTS;
	uint32_t	p;

	for (p = 0; p < parts->parts; p++)
	{
		g.here = cover_part_list(parts, p, &g.count);
		g.area = cover_part_area(parts, p);
		add_rights(&g);
		weigh_part(&g, &e);
		forget_rights(&g);
		rights -= g.count;
		if (rights < 0 && parts->interrupt)
		{
			rights = INTERRUPT_RIGHTS;
			parts->interrupt();
		}
	}
	e.held = cover_settle(e.held, area);
	e.held_fraction = isnan(e.held_fraction) ? e.held_fraction : cover_settle(e.held_fraction, area);
	e.disputed = cover_settle(e.disputed, area);
	e.registered = cover_settle(e.registered, area);
	e.overlapping = cover_settle(e.overlapping, area);
	e.overflow = cover_settle(e.overflow, area);
	e.expired = cover_settle(e.expired, area);
	*evidence = e;
}
