/*
 * calibration_check.h
 *		What must hold of any bytes given to the measures of types calibration and
 *		distribution, for the unit tests and the fuzzers.
 */
#ifndef CALIBRATION_CHECK_H
#define CALIBRATION_CHECK_H

#include "validation/calibration_math.h"
#include "validation/distribution_math.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A copy without a byte to spare, so that the sanitizer sees any other read. */
static uint8_t *
tight_bytes(const void *bytes, size_t length)
{
	uint8_t    *copy = malloc(length ? length : 1);

	if (length > 0)
		memcpy(copy, bytes, length);
	return copy;
}

static inline bool
groups_hold(const CalibrationInput *input, int groups, const CalibrationScores *scores)
{
	CalibrationGroup *group = malloc(groups * sizeof *group);
	int			used;
	int64_t		n = 0,
				bads = 0;
	double		before = -1;
	bool		good = calibration_groups(input, groups, group, &used) == CALIBRATION_OK && used >= 1 && used <= groups;
	int			i;

	for (i = 0; good && i < used; i++)
	{
		const CalibrationGroup *g = &group[i];

		n += g->n;
		bads += g->bads;
		good = g->low > before && g->high >= g->low && g->n > 0 && g->bads >= 0 && g->bads <= g->n &&
			g->expected >= (double) g->n * g->low * (1 - 1e-12) && g->expected <= (double) g->n * g->high * (1 + 1e-12);
		before = g->high;
	}
	good = good && n == scores->goods + scores->bads && bads == scores->bads && calibration_hosmer_lemeshow(group, used) >= 0;
	free(group);
	return good;
}

/* Damage is reported by every measure alike; else all lie where they must. */
static inline bool
calibration_holds(const uint8_t *bytes, size_t length)
{
	uint8_t    *tight = tight_bytes(bytes, length);
	CalibrationInput input = {tight, length, NULL};
	CalibrationScores scores;
	CalibrationGroup group[10];
	Recalibration fit;
	int			used;
	CalibrationStatus status = calibration_scores(&input, &scores);
	bool		good = calibration_groups(&input, 10, group, &used) == status;

	if (status == CALIBRATION_OK)
	{
		good = good && scores.brier >= 0 && scores.brier <= 1 && scores.log_loss >= 0 &&
			groups_hold(&input, 1, &scores) && groups_hold(&input, 3, &scores) && groups_hold(&input, 10, &scores);
		if (calibration_recalibrate(&input, true, &fit) == CALIBRATION_OK)
			good = good && isfinite(fit.slope) && isfinite(fit.intercept) && fit.slope_se > 0 && fit.intercept_se > 0;
		if (calibration_recalibrate(&input, false, &fit) == CALIBRATION_OK)
			good = good && isfinite(fit.intercept) && fit.intercept_se > 0;
	}
	else
		good = good && used <= 10 && calibration_recalibrate(&input, true, &fit) == status;
	free(tight);
	return good;
}

/* The bins of an index hold all rows of both, in order, and no term is negative. */
static inline bool
psi_holds(const uint8_t *expected, size_t expected_length, const uint8_t *actual, size_t actual_length)
{
	PsiReader	reader;
	PsiBin		bin;
	int64_t		rows[2] = {0};
	bool		good = true;

	if (psi_open(&reader, expected, expected_length, actual, actual_length, 1e-4, NULL) != DISTRIBUTION_OK)
		return true;
	while (good && psi_next(&reader, &bin))
	{
		rows[0] += bin.rows[0];
		rows[1] += bin.rows[1];
		good = bin.of.term >= 0 && bin.of.share[0] >= 1e-4 && bin.of.share[1] >= 1e-4 && bin.of.share[0] <= 1 && bin.of.share[1] <= 1 &&
			(bin.name == NULL) == (bin.missing || !reader.of_names) && (bin.name != NULL || bin.missing || bin.low <= bin.high);
	}
	return good && rows[0] == reader.counts[0].n + reader.counts[0].missing &&
		rows[1] == reader.counts[1].n + reader.counts[1].missing;
}

/* Names that are read are written as they came, and merge with nothing into themselves. */
static inline bool
names_hold(const uint8_t *bytes, size_t length)
{
	static const uint8_t nothing[] = {DISTRIBUTION_NAMES, 0, 0, 0, 0};
	DistributionReader reader;
	DistributionName name;
	ByteWriter	writer = {malloc(length + 64), 0};
	int64_t		count;
	bool		good = true;

	distribution_open(&reader, bytes, length);
	distribution_write_head(&writer, reader.missing, reader.unweighted, reader.count);
	while (distribution_next(&reader, &name))
		distribution_write_name(&writer, &name);
	if (!reader.damaged)
	{
		good = writer.length == length && memcmp(writer.buffer, bytes, length) == 0;
		writer.length = 0;
		distribution_write_head(&writer, reader.missing, reader.unweighted, reader.count);
		good = good && distribution_merge_names(bytes, length, nothing, sizeof nothing, &writer, &count) == DISTRIBUTION_OK &&
			count == reader.count && writer.length == length && memcmp(writer.buffer, bytes, length) == 0;
	}
	free(writer.buffer);
	return good;
}

/* Of any bytes: damage, or a distribution that compares with itself and with another. */
static inline bool
distribution_holds(const uint8_t *bytes, size_t length)
{
	static const uint8_t names[] = {DISTRIBUTION_NAMES, 0, 1, 0, 2, 1, 'a', 3, 1, 'b', 5};
	static const uint8_t number[] = {1, 0, 2, 0, 0, 1, 3, 0, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0xf8, 0xbf, 1, 8};
	uint8_t    *tight = tight_bytes(bytes, length);
	DistributionCounts counts;
	bool		good = true;

	if (distribution_is_of_names(tight, length))
		good = names_hold(tight, length);
	if (distribution_count(tight, length, NULL, &counts) == DISTRIBUTION_OK)
		good = good && psi_holds(tight, length, tight, length) &&
			psi_holds(tight, length, names, sizeof names) && psi_holds(names, sizeof names, tight, length) &&
			psi_holds(tight, length, number, sizeof number) && psi_holds(number, sizeof number, tight, length);
	free(tight);
	return good;
}

#endif							/* CALIBRATION_CHECK_H */
