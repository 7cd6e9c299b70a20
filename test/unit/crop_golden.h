/*
 * crop_golden.h
 *		Reference series of ../shared/golden/crop, for the unit tests of that room.
 */
#ifndef CROP_GOLDEN_H
#define CROP_GOLDEN_H

#include "core/math/calendar.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GOLDEN_SERIES	20
#define GOLDEN_DATES	23
#define GOLDEN_DAYS		353

/* The columns of whittaker_20.csv after the value. */
enum
{
	GOLDEN_L1, GOLDEN_L10, GOLDEN_L100, GOLDEN_IRREGULAR, GOLDEN_P90, GOLDEN_GCV, GOLDEN_SG, GOLDEN_HARMONIC,
	GOLDEN_COLUMNS
};

typedef struct GoldenSeries
{
	char		key[40];		/* dataset,sample */
	int			n;
	int32_t		day[GOLDEN_DATES];
	double		value[GOLDEN_DATES];	/* NaN where none was seen */
	double		curve[GOLDEN_DATES][GOLDEN_COLUMNS];
	int			n_days;
	double		daily[GOLDEN_DAYS];
} GoldenSeries;

static GoldenSeries golden[GOLDEN_SERIES];

/* The fields of a line, in place; how many there are. */
static int
split_line(char *line, char **field, int most)
{
	int			n = 0;

	line[strcspn(line, "\r\n")] = '\0';
	while (line != NULL && n < most)
		field[n++] = strsep(&line, ",");
	return n;
}

static FILE *
open_golden(const char *name)
{
	const char *shared = getenv("AGRIRISK_SHARED");
	char		path[1000];

	snprintf(path, sizeof path, "%s/golden/crop/%s", shared ? shared : "", name);
	return shared ? fopen(path, "r") : NULL;
}

static double
to_number(const char *field)
{
	return *field == '\0' ? NAN : strtod(field, NULL);
}

static GoldenSeries *
find_golden(const char *dataset, const char *sample)
{
	char		key[40];
	int			i;

	snprintf(key, sizeof key, "%s,%s", dataset, sample);
	for (i = 0; i < GOLDEN_SERIES; i++)
	{
		if (golden[i].n == 0)
			strcpy(golden[i].key, key);
		if (strcmp(golden[i].key, key) == 0)
			return &golden[i];
	}
	abort();
}

/* Reads the series; false where they are not. */
static bool
read_golden(void)
{
	FILE	   *f = open_golden("whittaker_20.csv");
	char		line[1000];
	char	   *field[20];
	int			i;

	if (f == NULL || fgets(line, sizeof line, f) == NULL)
		return false;
	while (fgets(line, sizeof line, f))
	{
		GoldenSeries *s;
		int			year;
		int			month;
		int			day;

		split_line(line, field, 20);
		s = find_golden(field[0], field[1]);
		sscanf(field[4], "%d-%d-%d", &year, &month, &day);
		s->day[s->n] = calendar_month_start(year * 12 + month - 1) + day - 1;
		s->value[s->n] = to_number(field[5]);
		for (i = 0; i < GOLDEN_COLUMNS; i++)
			s->curve[s->n][i] = to_number(field[6 + i]);
		s->n++;
	}
	fclose(f);
	f = open_golden("whittaker_daily_20.csv");
	if (f == NULL || fgets(line, sizeof line, f) == NULL)
		return false;
	while (fgets(line, sizeof line, f))
	{
		GoldenSeries *s;

		split_line(line, field, 20);
		s = find_golden(field[0], field[1]);
		s->daily[s->n_days++] = to_number(field[3]);
	}
	fclose(f);
	return golden[GOLDEN_SERIES - 1].n_days > 0;
}

/* Values and weights on a grid of days from the first date of the series. */
static inline int
golden_on_days(const GoldenSeries *s, double *y, double *weight)
{
	int			n = s->day[s->n - 1] - s->day[0] + 1;
	int			i;

	for (i = 0; i < n; i++)
		y[i] = weight[i] = 0;
	for (i = 0; i < s->n; i++)
		if (!isnan(s->value[i]))
		{
			y[s->day[i] - s->day[0]] = s->value[i];
			weight[s->day[i] - s->day[0]] = 1;
		}
	return n;
}

#endif							/* CROP_GOLDEN_H */
