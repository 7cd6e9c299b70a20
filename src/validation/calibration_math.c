/*
 * calibration_math.c
 *		Whether outcomes come as often as predicted: measures of a stored
 *		calibration. Pure C.
 */
#include "validation/calibration_math.h"

#include "core/math/elementary_math.h"
#include "core/math/newton_math.h"
#include "core/math/probability_math.h"
#include "core/math/quantile_math.h"
#include "core/math/twofold.h"

#include <math.h>

/* Entries between two calls of `pause`. */
#define PAUSE_ENTRIES	4096

typedef struct CalibrationReader
{
	TallyReader tally;
	TallyPause	pause;
	double		pd;
	int64_t		goods;
	int64_t		bads;
} CalibrationReader;

static void
open_input(const CalibrationInput *input, CalibrationReader *reader)
{
	tally_open(&reader->tally, input->bytes, input->length);
	reader->pause = input->pause;
}

static bool
next_pd(CalibrationReader *reader)
{
	TallyEntry	entry;

	if (!tally_next(&reader->tally, &entry))
		return false;
	if (reader->pause && reader->tally.left % PAUSE_ENTRIES == 0)
		reader->pause();
	reader->pd = tally_value(entry.key);
	reader->goods = entry.count[0];
	reader->bads = entry.count[1];
	if (reader->pd >= 0 && reader->pd <= 1)
		return true;
	reader->tally.damaged = true;
	return false;
}

static CalibrationStatus
end_input(const CalibrationReader *reader)
{
	if (reader->tally.damaged)
		return CALIBRATION_DAMAGED;
	return reader->tally.head.distinct == 0 ? CALIBRATION_UNDEFINED : CALIBRATION_OK;
}

/* Adds a finite term as many times as there are rows. */
static void
add_rows(Twofold *sum, int64_t rows, double term)
{
	if (rows > 0)
		*sum = twofold_add(*sum, two_product((double) rows, term));
}

/* Scores. */

/* -ln(1 - pd), with all digits for small ones; pd < 1. */
static double
loss_of_good(double pd)
{
	Twofold		rest = two_difference(1, pd);

	return -agr_log(rest.high) - rest.low / rest.high;
}

CalibrationStatus
calibration_scores(const CalibrationInput *input, CalibrationScores *scores)
{
	CalibrationReader r;
	Twofold		squares = {0, 0};
	Twofold		losses = {0, 0};
	Twofold		excess = {0, 0};
	Twofold		variance = {0, 0};
	bool		impossible = false;
	double		n;

	open_input(input, &r);
	while (next_pd(&r))
	{
		double		pd = r.pd;
		double		lean = 1 - 2 * pd;

		add_rows(&squares, r.goods, pd * pd);
		add_rows(&squares, r.bads, (1 - pd) * (1 - pd));
		if ((pd == 0 && r.bads > 0) || (pd == 1 && r.goods > 0))
			impossible = true;
		else
		{
			if (r.bads > 0)
				add_rows(&losses, r.bads, -agr_log(pd));
			if (r.goods > 0)
				add_rows(&losses, r.goods, loss_of_good(pd));
		}
		add_rows(&excess, r.bads, (1 - pd) * lean);
		add_rows(&excess, r.goods, -pd * lean);
		add_rows(&variance, r.goods + r.bads, lean * lean * pd * (1 - pd));
	}
	scores->goods = r.tally.head.total[0];
	scores->bads = r.tally.head.total[1];
	n = (double) (scores->goods + scores->bads);
	scores->brier = squares.high / n;
	scores->log_loss = impossible ? INFINITY : losses.high / n;
	scores->spiegelhalter_z = variance.high > 0 ? excess.high / sqrt(variance.high) : NAN;
	return end_input(&r);
}

/* Groups. */

CalibrationStatus
calibration_groups(const CalibrationInput *input, int groups, CalibrationGroup *group, int *used)
{
	CalibrationReader r;
	Twofold		expected = {0, 0};
	int64_t		before = 0;		/* rows of smaller PD */
	int64_t		n;
	int			quantile = 0;	/* the last one below the PD */
	int			filled = 0;		/* ... when the group was begun */

	*used = 0;
	open_input(input, &r);
	n = r.tally.head.total[0] + r.tally.head.total[1];
	while (next_pd(&r))
	{
		CalibrationGroup *g;

		/* A quantile is below the PD just if the row at its index is. */
		while (quantile < groups - 1 && quantile_place(n, quantile + 1, groups).index < before)
			quantile++;
		if (*used == 0 || quantile > filled)
		{
			group[*used] = (CalibrationGroup) {0, 0, 0, r.pd, r.pd};
			expected = (Twofold) {0, 0};
			filled = quantile;
			++*used;
		}
		g = &group[*used - 1];
		g->n += r.goods + r.bads;
		g->bads += r.bads;
		g->high = r.pd;
		add_rows(&expected, r.goods + r.bads, r.pd);
		g->expected = expected.high;
		before += r.goods + r.bads;
	}
	return end_input(&r);
}

double
calibration_hosmer_lemeshow(const CalibrationGroup *group, int used)
{
	double		sum = 0;
	int			i;

	for (i = 0; i < used; i++)
	{
		double		n = (double) group[i].n;
		double		difference = (double) group[i].bads - group[i].expected;
		double		variance = group[i].expected * (1 - group[i].expected / n);

		if (variance > 0)
			sum += difference * difference / variance;
		else if (difference != 0)
			return INFINITY;
	}
	return sum;
}

/* Recalibration. */

/*
 * With a free slope the covariate is (logit(PD) - centre) / scale: of PDs that
 * lie close together, or far from one half, the plain logits are all but
 * collinear with the intercept.
 */
typedef struct Likelihood
{
	const CalibrationInput *input;
	bool		free_slope;
	double		centre;
	double		scale;
} Likelihood;

/* With all digits for a small x: many rows of a small loss make a large one. */
static double
log_of_one_and(double x)
{
	Twofold		sum = two_sum(1, x);

	return agr_log(sum.high) + sum.low / sum.high;
}

static double
log_likelihood(void *data, const double *x, double *gradient, double *curvature)
{
	const Likelihood *likelihood = data;
	CalibrationReader r;
	Twofold		value = {0, 0};
	Twofold		first[2] = {{0, 0}, {0, 0}};
	Twofold		second[3] = {{0, 0}, {0, 0}, {0, 0}};

	open_input(likelihood->input, &r);
	while (next_pd(&r))
	{
		double		covariate = (logit(r.pd) - likelihood->centre) / likelihood->scale;
		double		eta = likelihood->free_slope ? x[0] + x[1] * covariate : x[0] + covariate;
		double		odds = agr_exp(-fabs(eta)); /* of the less likely outcome */
		double		unlikely = odds / (1 + odds);
		double		likely = 1 / (1 + odds);
		double		bad = eta > 0 ? likely : unlikely;
		double		good = eta > 0 ? unlikely : likely;
		double		weight = bad * good;
		double		loss = log_of_one_and(odds);	/* of the likely outcome */

		add_rows(&value, r.bads, -(eta > 0 ? loss : loss - eta));
		add_rows(&value, r.goods, -(eta > 0 ? loss + eta : loss));
		add_rows(&first[0], r.bads, good);
		add_rows(&first[0], r.goods, -bad);
		add_rows(&second[0], r.goods + r.bads, weight);
		if (!likelihood->free_slope)
			continue;
		add_rows(&first[1], r.bads, good * covariate);
		add_rows(&first[1], r.goods, -bad * covariate);
		add_rows(&second[1], r.goods + r.bads, weight * covariate);
		add_rows(&second[2], r.goods + r.bads, weight * covariate * covariate);
	}
	gradient[0] = first[0].high;
	curvature[0] = second[0].high;
	if (likelihood->free_slope)
	{
		gradient[1] = first[1].high;
		curvature[2] = second[1].high;
		curvature[3] = second[2].high;
	}
	return value.high;
}

/*
 * With one covariate, classes are separated just if all PDs of one are at or
 * above all PDs of the other. Also gives the logit of the share of bads, and the
 * range of the PDs.
 */
static CalibrationStatus
check_maximum(const CalibrationInput *input, bool free_slope, double *base, double *lowest, double *highest)
{
	CalibrationReader r;
	double		least[2] = {INFINITY, INFINITY};
	double		greatest[2] = {-INFINITY, -INFINITY};
	bool		certain = false;
	CalibrationStatus status;

	open_input(input, &r);
	while (next_pd(&r))
	{
		int64_t		count[2] = {r.goods, r.bads};
		int			class;

		certain = certain || r.pd == 0 || r.pd == 1;
		for (class = 0; class < 2; class++)
			if (count[class] > 0)
			{
				least[class] = fmin(least[class], r.pd);
				greatest[class] = r.pd;
			}
	}
	status = end_input(&r);
	if (status != CALIBRATION_OK)
		return status;
	if (certain || r.tally.head.total[0] == 0 || r.tally.head.total[1] == 0 ||
		(free_slope && (greatest[0] <= least[1] || greatest[1] <= least[0])))
		return CALIBRATION_UNDEFINED;
	*base = agr_log((double) r.tally.head.total[1] / (double) r.tally.head.total[0]);
	*lowest = fmin(least[0], least[1]);
	*highest = fmax(greatest[0], greatest[1]);
	return CALIBRATION_OK;
}

/*
 * Centre and scale for the logits: their mean, and a power of two near their
 * standard deviation, which rounds nothing. False if all are equal.
 */
static bool
standardize(Likelihood *likelihood)
{
	CalibrationReader r;
	Twofold		sum = {0, 0};
	Twofold		squares = {0, 0};
	double		n;
	int			exponent;

	open_input(likelihood->input, &r);
	n = (double) r.tally.head.total[0] + (double) r.tally.head.total[1];
	while (next_pd(&r))
		add_rows(&sum, r.goods + r.bads, logit(r.pd));
	likelihood->centre = sum.high / n;
	open_input(likelihood->input, &r);
	while (next_pd(&r))
	{
		double		distance = logit(r.pd) - likelihood->centre;

		add_rows(&squares, r.goods + r.bads, distance * distance);
	}
	if (!(squares.high > 0))
		return false;
	(void) frexp(sqrt(squares.high / n), &exponent);
	likelihood->scale = ldexp(1, exponent);
	return true;
}

/*
 * An intercept less than 4 away from the best one for slope 1, between those
 * that the least and the greatest PD alone would have. From there the curvature
 * changes by less than exp(4), whereas far away there may be none to be seen.
 */
static double
bracket_intercept(Likelihood *likelihood, double base, double least, double greatest)
{
	double		low = base - logit(greatest);
	double		high = base - logit(least);

	while (high - low > 8)
	{
		double		middle = low + (high - low) / 2;
		double		gradient;
		double		curvature;

		(void) log_likelihood(likelihood, &middle, &gradient, &curvature);
		if (gradient > 0)
			low = middle;
		else
			high = middle;
	}
	return low + (high - low) / 2;
}

CalibrationStatus
calibration_recalibrate(const CalibrationInput *input, bool free_slope, Recalibration *result)
{
	Likelihood	likelihood = {input, free_slope, 0, 1};
	double		x[2] = {0, 0};
	double		inverse[4] = {0};
	double		work[10];
	double		value;
	double		least;
	double		greatest;
	double		base;
	double		shift;
	CalibrationStatus status = check_maximum(input, free_slope, &base, &least, &greatest);

	if (status != CALIBRATION_OK)
		return status;
	if (free_slope && !standardize(&likelihood))
		return CALIBRATION_UNDEFINED;

	/* Without a slope, where the curvature is at its best. */
	x[0] = free_slope ? base : bracket_intercept(&likelihood, base, least, greatest);
	if (newton_maximum(log_likelihood, &likelihood, free_slope ? 2 : 1, x, inverse, &value, work) != NEWTON_CONVERGED)
		return CALIBRATION_UNDEFINED;
	shift = free_slope ? likelihood.centre / likelihood.scale : 0;
	result->intercept = x[0] - x[1] * shift;
	result->slope = free_slope ? x[1] / likelihood.scale : 1;
	result->intercept_se = sqrt(inverse[0] - shift * (2 * inverse[1] - shift * inverse[3]));
	result->slope_se = sqrt(inverse[3]) / likelihood.scale;
	return CALIBRATION_OK;
}
