/*
 * confusion_check.h
 *		What must hold of any bytes given to the reader of type confusion, for the
 *		unit test and the fuzzer.
 */
#ifndef CONFUSION_CHECK_H
#define CONFUSION_CHECK_H

#include "validation/confusion_math.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Reads into exactly the room the value asks for; false if it is damaged. */
static bool
read_confusion(const uint8_t *bytes, size_t length, Confusion *c)
{
	if (!confusion_read_shape(bytes, length, c))
	{
		c->name = NULL;
		c->cell = NULL;
		return false;
	}
	c->name = malloc(c->names * sizeof *c->name + 1);
	c->cell = malloc(c->cells * sizeof *c->cell + 1);
	return confusion_read(bytes, length, c);
}

static void
free_confusion(Confusion *c)
{
	free(c->name);
	free(c->cell);
}

static bool
is_share(double x)
{
	return isnan(x) || (x >= 0 && x <= 1);
}

static bool
is_estimate(Estimate e)
{
	return is_share(e.value) && (isnan(e.se) || e.se >= 0) && (!isnan(e.value) || isnan(e.se));
}

static bool
confusion_measures_hold(Confusion *c)
{
	ConfusionClass *class = malloc(c->names * sizeof *class + 1);
	double	   *area = malloc(c->names * sizeof *area + 1);
	ConfusionAreas areas = {area, false, false, false};
	int64_t		correct = confusion_classes(c, class);
	int64_t		sums[3] = {0};
	double		kappa = 0;
	bool		good;
	uint32_t	i;

	for (i = 0; i < c->names; i++)
	{
		sums[0] += class[i].mapped;
		sums[1] += class[i].reference;
		sums[2] += class[i].correct;
		area[i] = i % 3;
	}
	good = sums[0] == c->total && sums[1] == c->total && sums[2] == correct && correct <= c->total;
	if (confusion_kappa(c, class, &kappa))
		good = good && kappa >= -1 && kappa <= 1;
	confusion_weigh_strata(c, &areas);
	good = good && is_estimate(confusion_area_accuracy(c, &areas));
	for (i = 0; i < c->names && i < 50; i++)
	{
		ConfusionArea adjusted = confusion_area(c, &areas, i);

		good = good && is_estimate(adjusted.share) && is_estimate(adjusted.users) &&
			is_estimate(adjusted.producers);
	}
	free(class);
	free(area);
	return good;
}

static bool
writes_as(const Confusion *c, const uint8_t *bytes, size_t length)
{
	ByteWriter	writer = {malloc(length + 64), 0};
	ByteWriter	counter = {NULL, 0};
	bool		same;

	confusion_write(c, &counter);
	same = counter.length == length;
	if (same)
	{
		confusion_write(c, &writer);
		same = memcmp(writer.buffer, bytes, length) == 0;
	}
	free(writer.buffer);
	return same;
}

/*
 * Either the reader reports damage, or it read a value that, written again,
 * gives the same bytes, merges with nothing into itself, and has its measures.
 */
static bool
confusion_holds(const uint8_t *bytes, size_t length)
{
	/* A copy without a byte to spare, so that the sanitizer sees any other read. */
	uint8_t    *tight = malloc(length ? length : 1);
	Confusion	c;
	bool		good = true;

	if (length > 0)
		memcpy(tight, bytes, length);
	if (read_confusion(tight, length, &c))
	{
		Confusion	nothing = {0};
		Confusion	merged;

		good = writes_as(&c, tight, length) && confusion_measures_hold(&c);
		merged.name = malloc(c.names * sizeof *merged.name + 1);
		merged.cell = malloc(c.cells * sizeof *merged.cell + 1);
		good = good && confusion_merge(&nothing, &c, &merged) == CONFUSION_OK &&
			writes_as(&merged, tight, length);
		free_confusion(&merged);
	}
	free_confusion(&c);
	free(tight);
	return good;
}

#endif							/* CONFUSION_CHECK_H */
