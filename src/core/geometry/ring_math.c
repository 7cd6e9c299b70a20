/*
 * ring_math.c
 *		One way to list the points of a ring, and one order of rings. Pure C.
 */
#include "core/geometry/ring_math.h"

int
ring_compare(const Vertex *v, uint32_t points, const Vertex *w, uint32_t others)
{
	uint32_t	i;

	for (i = 0; i < points && i < others; i++)
	{
		int			order = compare_points(v[i], w[i]);

		if (order != 0)
			return order;
	}
	return (points > others) - (points < others);
}

void
ring_reverse(Vertex *v, uint32_t points)
{
	uint32_t	i,
				j;

	for (i = 0, j = points; i + 1 < j; i++)
	{
		Vertex		t = v[--j];

		v[j] = v[i];
		v[i] = t;
	}
}

/* The point at a place of a cycle, counted onwards or backwards from the first. */
static inline Vertex
point_at(const Vertex *v, uint32_t count, bool backwards, uint64_t place)
{
	uint32_t	i = (uint32_t) (place % count);

	return v[backwards && i > 0 ? count - i : i];
}

/*
 * The least rotation of a cycle, by two candidates. Where they differ after so
 * many equal points, none of the starts between can be the least either, so
 * every point is passed at most twice. (Shiloach 1981, "Fast canonization of
 * circular strings".)
 */
static uint32_t
least_rotation(const Vertex *v, uint32_t count, bool backwards)
{
	uint64_t	i = 0,
				j = 1,
				same = 0;

	while (i < count && j < count && same < count)
	{
		int			order = compare_points(point_at(v, count, backwards, i + same),
										   point_at(v, count, backwards, j + same));

		if (order == 0)
		{
			same++;
			continue;
		}
		if (order > 0)
			i += same + 1;
		else
			j += same + 1;
		if (i == j)
			j++;
		same = 0;
	}
	return (uint32_t) (i < j ? i : j);
}

void
ring_begin_at_least(Vertex *v, uint32_t points)
{
	uint32_t	count = points - 1;
	uint32_t	least = 0;
	uint32_t	times = 1;
	uint32_t	i;

	for (i = 1; i < count; i++)
	{
		int			order;

		if (v[i].y > v[least].y)
			continue;
		order = compare_points(v[i], v[least]);
		if (order < 0)
		{
			least = i;
			times = 1;
		}
		else if (order == 0)
			times++;
	}
	if (times > 1)
		least = least_rotation(v, count, false);
	if (least == 0)
		return;
	ring_reverse(v, least);
	ring_reverse(v + least, count - least);
	ring_reverse(v, count);
	v[count] = v[0];
}
