/*
 * score_math.h
 *		From a row's values to log-odds, PD, score and points. Pure C.
 *
 * eta = intercept + sum of weight * WOE, features in the card's order, is the
 * log-odds of bad; every form of scoring computes exactly this sum, so that
 * all agree to the bit. With B = pdo / ln 2 and A = base_score - B ln
 * base_odds the score is A - B eta (Siddiqi 2006, Credit Risk Scorecards).
 * Its parts are the base points A - B intercept, which every row gets, and the
 * points of each feature, -B weight WOE.
 */
#ifndef AGRIRISK_SCORE_MATH_H
#define AGRIRISK_SCORE_MATH_H

#include "model/card/scorecard_math.h"

#include <math.h>

/* Cuts found by comparing with all of them, without a branch. */
#define SCORE_INLINE_CUTS 8

/* Where a value falls: a bin, a special value (counted after the bins), or */
#define SCORE_MISSING (-1)
#define SCORE_UNSEEN (-2)
#define SCORE_NO_CONSENT (-3)
#define SCORE_LINEAR (-4)		/* nowhere: a linear feature has no places */

/* Two numbers compared at once, to the same result; palloc aligns to 8. */
typedef double ScorePair __attribute__((vector_size(16), aligned(8)));

typedef struct ScoreFeature
{
	double		cut[SCORE_INLINE_CUTS]; /* padded with +Infinity */
	const double *woe;			/* of the bins, then of the special values */
	const double *all_cuts;
	int32_t		n_cuts;
	int32_t		n_special_values;
	const struct ScoreSpecial
	{
		double		value;
		int32_t		place;
	}		   *special;
	int32_t		consent;		/* the input that gives consent, or -1 */
	CardMissing missing;
	CardUnseen	unseen;
	bool		linear;
	double		missing_woe;
	double		least_woe;		/* of its bins, or of its range; NaN: not known */
	double		most_woe;
	const TextIndex *category;	/* NULL: a number */
	double		center;			/* of a linear feature */
} ScoreFeature;

/* A card made ready for scoring. */
typedef struct ScoreCard
{
	const Card *card;
	double		offset;			/* A */
	double		factor;			/* B */
	uint32_t	n_inputs;		/* the features, then the columns that give consent */
	const char **input;			/* their names, zero-terminated */
	ScoreFeature *feature;
	const TextIndex *segments;
	struct ScoreSegment
	{
		double		intercept;
		const double *weight;	/* of every feature */
	}		   *segment,
				root;
} ScoreCard;

/* The card must have passed card_check, and must outlive the result. */
extern ScoreCard *score_compile(const Card *card, Arena memory);

/* The segment's intercept and weights, the root's for one the card lacks (NULL). */
extern const struct ScoreSegment *score_segment(const ScoreCard *card, const char *at,
												size_t length);

/* Where a category falls. */
extern int32_t score_category_place(const ScoreFeature *f, const char *at, size_t length);

/* WOE of a missing or unseen value under the feature's policy and weight. */
extern double score_missing_woe(const ScoreFeature *f, double weight);
extern double score_unseen_woe(const ScoreFeature *f, double weight);

/* PD of log-odds, kept between 2.3e-16 and 1 - 2.3e-16. */
extern double score_pd(double eta);

/* Binary search, for more cuts than SCORE_INLINE_CUTS. */
extern int32_t score_search(const ScoreFeature *f, double x);

/* Which of the special values x is, or -1. */
extern int32_t score_special(const ScoreFeature *f, double x);

static inline double
score_of_eta(const ScoreCard *card, double eta)
{
	return card->offset - card->factor * eta;
}

/* The base points: the score where every feature contributes nothing. */
static inline double
score_base_points(const ScoreCard *card, const struct ScoreSegment *segment)
{
	return score_of_eta(card, segment->intercept);
}

/* Points of a feature's weight * WOE; taken from 0, so that none are never -0. */
static inline double
score_feature_points(const ScoreCard *card, double contribution)
{
	return 0 - card->factor * contribution;
}

/* Whether score_plain_place finds the bins of the feature. */
static inline bool
score_is_plain(const ScoreFeature *f)
{
	return f->category == NULL && !f->linear && f->n_special_values == 0 && f->n_cuts <= SCORE_INLINE_CUTS;
}

/* Where a finite number falls: past as many cuts as it reaches. */
static inline int32_t
score_plain_place(const ScoreFeature *f, double x)
{
	const ScorePair *cut = (const ScorePair *) f->cut;
	ScorePair	pair = {x, x};

	/* A comparison that holds is -1. */
	__typeof__(pair >= pair) reached = (pair >= cut[0]) + (pair >= cut[1]) +
		(pair >= cut[2]) + (pair >= cut[3]);

	return (int32_t) -(reached[0] + reached[1]);
}

static inline int32_t
score_number_place(const ScoreFeature *f, double x)
{
	int32_t		special = f->n_special_values > 0 ? score_special(f, x) : -1;

	if (special >= 0)
		return special;
	return f->n_cuts > SCORE_INLINE_CUTS ? score_search(f, x) : score_plain_place(f, x);
}

#endif							/* AGRIRISK_SCORE_MATH_H */
