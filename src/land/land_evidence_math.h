/*
 * land_evidence_math.h
 *		What the rights that cover the parts of a plot say of it. Pure C.
 *
 * A point of the plot is judged by the rights that cover it. It is
 *	- held, where a valid right of the farmer's party is among them;
 *	- disputed, where another party's valid right stands against the farmer: it
 *	  is of a type that the farmer holds there too, or the farmer holds nothing
 *	  there. Rights of different types may lie on each other lawfully, as an
 *	  owner's above a tenant's; so may co-holders of one unit, by rights of one
 *	  type whose shares there add up to no more than the whole.
 */
#ifndef AGRIRISK_LAND_EVIDENCE_MATH_H
#define AGRIRISK_LAND_EVIDENCE_MATH_H

#include "land/cover_math.h"

/* Shares are sums of fractions: this much over the whole is rounding. */
#define SHARE_MAX (1 + 1e-9)

typedef struct EvidenceRight
{
	uint32_t	title;			/* the same number for the same unit and type */
	uint32_t	type;			/* the same number for the same type */
	double		share;			/* NaN: unknown */
	bool		own;			/* of the farmer's party */
	bool		valid;			/* as of the day; else it has expired */
	bool		sliver;			/* too little on the plot to dispute it */
} EvidenceRight;

/* What the valid rights of a title come to on one part of a plot. */
typedef struct EvidenceTitle
{
	double		shares;			/* as far as they are known */
	double		own_shares;
	uint32_t	rights;
	bool		own;
	bool		own_unknown;
} EvidenceTitle;

/* And the titles of a type. */
typedef struct EvidenceType
{
	uint32_t	titles;
	bool		own;
} EvidenceType;

/* Areas of the plot. */
typedef struct Evidence
{
	double		held;
	double		held_fraction;	/* weighted by the party's share; NaN: unknown */
	double		disputed;
	double		registered;		/* under any valid right */
	double		overlapping;	/* under several that should not lie on each other */
	double		overflow;		/* where shares of one unit and type exceed the whole */
	double		expired;		/* under an expired right of the party, and none that is valid */
} Evidence;

/*
 * Weighs a plot of that area, divided by these rights. `title` and `type` have
 * room for their numbers and are zero, before and after.
 */
extern void evidence_weigh(CoverScratch *parts, double area, const EvidenceRight *right,
						   EvidenceTitle *title, EvidenceType *type, Evidence *evidence);

#endif							/* AGRIRISK_LAND_EVIDENCE_MATH_H */
