/*
 * overlap_test.c
 *		The overlap kernel against an oracle that knows no geometry.
 *
 * The oracle: a ring's winding number is a signed sum of the ground below each
 * of its edges, so that the integral of a product of winding numbers is a sum,
 * over all pairs of edges, of the signed area below both. Below two lines that
 * is a rational function of six numbers with at most one case distinction, and
 * no crossing, vertex or inside is ever looked for. Coordinates are exact
 * multiples of a power of two; of grid coordinates every numerator is an exact
 * integer, and a term is rounded once or twice in 113 bits.
 */
#include "core/geometry/overlap_math.h"
#include "drawing.h"
#include "tap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef _Float128 Quad;

/* Every area enters it: the check reruns this with CPU features masked. */
static uint64_t digest = 0;

static void
digest_double(double x)
{
	uint64_t	bits;

	memcpy(&bits, &x, 8);
	digest = (digest ^ bits) * UINT64_C(0x9e3779b97f4a7c15);
	digest ^= digest >> 29;
}

/* ---- the oracle ---- */

typedef struct OracleEdge
{
	Quad		x1, y1, x2, y2; /* x1 < x2 */
	double		low, high;
	int			sign;
} OracleEdge;

typedef struct Oracle
{
	int			count;
	OracleEdge	edge[MAX_POINTS];
} Oracle;

static void
consult(Oracle *o, const Drawing *d, Vertex origin)
{
	int			r,
				i;

	o->count = 0;
	for (r = 0; r < d->rings; r++)
	{
		int			sign = ring_sign(d, r);

		for (i = d->start[r]; i + 1 < d->start[r + 1]; i++)
		{
			bool		left = d->v[i + 1].x < d->v[i].x;
			Vertex		p = left ? d->v[i + 1] : d->v[i];
			Vertex		q = left ? d->v[i] : d->v[i + 1];
			OracleEdge *e = &o->edge[o->count];

			if (p.x == q.x)
				continue;
			e->x1 = (Quad) p.x - origin.x;
			e->y1 = (Quad) p.y - origin.y;
			e->x2 = (Quad) q.x - origin.x;
			e->y2 = (Quad) q.y - origin.y;
			e->low = p.x;
			e->high = q.x;
			/* The ground below an edge that runs left is inside, to the right not. */
			e->sign = left ? sign : -sign;
			o->count++;
		}
	}
}

/* Height of an edge at x, times its width. */
static Quad
height(const OracleEdge *e, Quad x)
{
	return e->y1 * (e->x2 - e->x1) + (x - e->x1) * (e->y2 - e->y1);
}

/* The area under both edges, above y = 0 (which cancels over closed rings). */
static Quad
area_below(const OracleEdge *e, const OracleEdge *f)
{
	Quad		x0 = e->x1 > f->x1 ? e->x1 : f->x1;
	Quad		x1 = e->x2 < f->x2 ? e->x2 : f->x2;
	Quad		we = e->x2 - e->x1,
				wf = f->x2 - f->x1;
	Quad		e0 = height(e, x0),
				e1 = height(e, x1);
	Quad		g0 = e0 * wf - height(f, x0) * we;
	Quad		g1 = e1 * wf - height(f, x1) * we;
	Quad		area = (x1 - x0) * (e0 + e1) / (2 * we);
	Quad		excess;			/* of e over f, where it is above */

	if (g0 <= 0 && g1 <= 0)
		return area;
	if (g0 >= 0 && g1 >= 0)
		excess = g0 + g1;
	else
	{
		Quad		up = g0 > 0 ? g0 : g1,
					down = g0 > 0 ? -g1 : -g0;

		excess = up * up / (up + down);
	}
	return area - (x1 - x0) * excess / (2 * we * wf);
}

static Oracle oracle_a,
			oracle_b;

static Quad
oracle_overlap(const Drawing *a, const Drawing *b)
{
	Vertex		origin = a->v[0];
	Quad		sum = 0;
	int			i,
				j;

	consult(&oracle_a, a, origin);
	consult(&oracle_b, b, origin);
	for (i = 0; i < oracle_a.count; i++)
		for (j = 0; j < oracle_b.count; j++)
		{
			const OracleEdge *e = &oracle_a.edge[i];
			const OracleEdge *f = &oracle_b.edge[j];

			if (e->low < f->high && f->low < e->high)
				sum += e->sign * f->sign * area_below(e, f);
		}
	return sum;
}

static Quad
oracle_area(const Drawing *d)
{
	Quad		sum = 0;
	int			i;

	consult(&oracle_a, d, d->v[0]);
	for (i = 0; i < oracle_a.count; i++)
	{
		const OracleEdge *e = &oracle_a.edge[i];

		sum += e->sign * (e->x2 - e->x1) * (e->y1 + e->y2) / 2;
	}
	return sum;
}

/* ---- comparing ---- */

static void *
grow(void *memory, size_t bytes)
{
	free(memory);
	memory = malloc(bytes);
	if (memory == NULL)
		abort();
	return memory;
}

static int	interrupts = 0;

static void
note_interrupt(void)
{
	interrupts++;
}

static OverlapScratch scratch = {.grow = grow, .interrupt = note_interrupt};

typedef struct Tally
{
	int			pairs;
	int			overlapping;
	int			asymmetric;
	int			phantom;		/* an area where there is none, or none where there is */
	double		worst;			/* error relative to the smaller area */
} Tally;

/* The ground a shape covers: its area, but of a bow tie both lobes. */
static double
covered(const Polygonal *p)
{
	return polygonal_is_sound(p, &scratch) ? p->area : overlap_integral(p, p, &scratch);
}

static double
compare(Tally *t, const Drawing *a, const Drawing *b)
{
	Polygonal  *p = prepare(a);
	Polygonal  *q = prepare(b);
	double		got = overlap_integral(p, q, &scratch);
	double		reverse = overlap_integral(q, p, &scratch);
	Quad		want = oracle_overlap(a, b);
	double		scale = fmin(covered(p), covered(q));
	double		error = (double) fabsf128(want - got);

	if (scale > 0)
		error /= scale;
	t->pairs++;
	t->overlapping += got != 0;
	t->asymmetric += memcmp(&got, &reverse, 8) != 0;
	/* The oracle's own rounding is below 1e-30 on grids. */
	t->phantom += (got == 0) != ((double) fabsf128(want) <= 1e-13 * scale + 1e-25);
	if (error > t->worst)
		t->worst = error;
	digest_double(got);
	digest_double(p->area);
	free(p);
	free(q);
	return got;
}

static void
report(const Tally *t, const char *what)
{
	char		text[200];

	snprintf(text, sizeof text, "%s: %d pairs, %d overlap, worst error of the smaller area",
			 what, t->pairs, t->overlapping);
	ok_figure(t->worst < 1e-12, text, t->worst);
	snprintf(text, sizeof text, "%s: both orders give the same bits", what);
	ok_figure(t->asymmetric == 0, text, t->asymmetric);
}

/* ---- generators ---- */

static Drawing one,
			two,
			three;

/* Any closed walk on a small grid; with holes, parts and repeated points. */
static void
draw_grid_walk(Drawing *d, int size)
{
	int			rings = below(4) ? 1 : 1 + below(3);
	int			r;

	begin_drawing(d);
	for (r = 0; r < rings; r++)
	{
		int			n = 3 + below(6);

		begin_ring(d);
		while (n-- > 0)
		{
			Place		at = place_below(size);

			draw(d, at.x, at.y);
		}
		end_ring(d, r > 0 && below(2));
	}
}

/* Directions of integer length in counter-clockwise order, for star shapes. */
static const int ray[16][2] = {
	{4, 0}, {4, 1}, {3, 3}, {1, 4}, {0, 4}, {-1, 4}, {-3, 3}, {-4, 1},
	{-4, 0}, {-4, -1}, {-3, -3}, {-1, -4}, {0, -4}, {1, -4}, {3, -3}, {4, -1}
};

/* A valid star-shaped polygon about (x, y), of integer reach on each ray. */
static void
draw_star(Drawing *d, double x, double y, const int *reach, double unit, bool hole)
{
	int			i;

	begin_ring(d);
	for (i = 0; i < 16; i++)
		if (reach[i] > 0)
			draw(d, x + unit * ray[i][0] * reach[i], y + unit * ray[i][1] * reach[i]);
	end_ring(d, hole);
}

static void
random_reach(int *reach, int low, int high)
{
	int			i;

	for (i = 0; i < 16; i++)
		reach[i] = i % 4 && below(3) == 0 ? 0 : low + below(high - low + 1);
}

/* A parcel with many vertices; quantum is what coordinates are multiples of. */
static void
draw_parcel(Drawing *d, double x, double y, double radius, double quantum, int points)
{
	int			i;

	begin_drawing(d);
	begin_ring(d);
	for (i = 0; i < points; i++)
	{
		double		turn = (i + uniform(-0.3, 0.3)) * 2 * 3.14159265358979 / points;
		double		reach = radius * uniform(0.6, 1);

		draw(d, x + quantum * rint(reach * cos(turn) / quantum),
			 y + quantum * rint(reach * sin(turn) / quantum));
	}
	end_ring(d, false);
	if (below(8) == 0)
	{
		double		h = quantum * rint(radius / 8 / quantum);

		draw_box(d, x - h, y - h, x + h, y + h, true);
	}
}

/* The neighbour: most vertices shared, some moved by up to `move`. */
static void
move_some(Drawing *to, const Drawing *from, double move, double quantum, double keep)
{
	int			r,
				i;

	*to = *from;
	for (r = 0; r < to->rings; r++)
	{
		for (i = to->start[r]; i + 1 < to->start[r + 1]; i++)
			if (uniform(0, 1) > keep)
			{
				to->v[i].x += quantum * rint(uniform(-move, move) / quantum);
				to->v[i].y += quantum * rint(uniform(-move, move) / quantum);
			}
		to->v[to->start[r + 1] - 1] = to->v[to->start[r]];
	}
}

static void
shift(Drawing *d, double x, double y)
{
	int			i;

	for (i = 0; i < d->start[d->rings]; i++)
	{
		d->v[i].x += x;
		d->v[i].y += y;
	}
}

/* ---- the tests ---- */

static void
test_grids(int pairs)
{
	Tally		t = {0};
	int			i;

	for (i = 0; i < pairs; i++)
	{
		int			size = 3 + below(7);

		draw_grid_walk(&one, size);
		draw_grid_walk(&two, size);
		compare(&t, &one, &two);
	}
	report(&t, "closed walks on grids of 3 to 9");
	ok_figure(t.phantom == 0, "closed walks: zero where, and only where, it is zero", t.phantom);
}

static void
test_stars(int pairs)
{
	Tally		t = {0};
	int			reach[16];
	int			i;

	for (i = 0; i < pairs; i++)
	{
		random_reach(reach, 1, 3);
		begin_drawing(&one);
		draw_star(&one, below(9), below(9), reach, 1, false);
		random_reach(reach, 1, 3);
		begin_drawing(&two);
		draw_star(&two, below(9), below(9), reach, 1, false);
		if (below(2))
			draw_box(&two, two.v[0].x - 4, two.v[0].y, two.v[0].x - 3, two.v[0].y + 1, true);
		compare(&t, &one, &two);
	}
	report(&t, "stars on a grid");
	ok_figure(t.phantom == 0, "stars: zero where, and only where, it is zero", t.phantom);
}

static void
test_parcels(int pairs, const char *what, double x, double y, double radius, double quantum)
{
	Tally		t = {0};
	int			i;

	for (i = 0; i < pairs; i++)
	{
		double		px = x + quantum * rint(uniform(0, radius) / quantum);
		double		py = y + quantum * rint(uniform(0, radius) / quantum);

		draw_parcel(&one, px, py, radius, quantum, 4 + below(12));
		if (below(2))
			move_some(&two, &one, radius / 30, quantum, uniform(0, 1));
		else
			draw_parcel(&two, px + quantum * rint(uniform(-radius, radius) / quantum), py,
						radius, quantum, 4 + below(12));
		compare(&t, &one, &two);
	}
	report(&t, what);
}

/* Slivers: copies a few quanta apart, and long thin ones. */
static void
test_slivers(int pairs)
{
	Tally		t = {0};
	int			i;

	for (i = 0; i < pairs; i++)
	{
		double		quantum = 0x1p-40;

		if (i % 2)
		{
			draw_parcel(&one, 0.5, 0.5, 0.25, quantum, 3 + below(5));
			two = one;
			shift(&two, quantum * (below(7) - 3), quantum * (below(7) - 3));
		}
		else
		{
			double		dy = quantum * (1 + below(8));
			double		tilt = quantum * below(1 << 30);

			begin_drawing(&one);
			begin_ring(&one);
			draw(&one, 0, 0);
			draw(&one, 1, tilt);
			draw(&one, 1, tilt + dy);
			draw(&one, 0, dy);
			end_ring(&one, false);
			move_some(&two, &one, quantum * 4, quantum, 0.5);
		}
		compare(&t, &one, &two);
	}
	report(&t, "slivers and shifts of 1e-12");
}

/* A province's long edges across a plot a millionth of their length. */
static void
test_scales(int pairs)
{
	Tally		t = {0};
	int			i;

	for (i = 0; i < pairs; i++)
	{
		double		small = ldexp(1, -below(20));

		draw_parcel(&one, 0, 0, 1024, 0x1p-20, 3 + below(6));
		draw_parcel(&two, one.v[0].x, one.v[0].y, small, 0x1p-26, 4 + below(6));
		if (below(2))
			shift(&two, rint((one.v[1].x - one.v[0].x) * 0x1p19) * 0x1p-20,
				  rint((one.v[1].y - one.v[0].y) * 0x1p19) * 0x1p-20);
		compare(&t, &one, &two);
	}
	report(&t, "plots on the border of provinces");
}

/* Two combs of so many teeth, one lying across the other. */
static void
draw_combs(int teeth)
{
	int			k;

	begin_drawing(&one);
	begin_ring(&one);
	for (k = 0; k < teeth; k++)
	{
		draw(&one, 2 * k, 1);
		draw(&one, 2 * k + 1, 2 * teeth);
	}
	draw(&one, 2 * k, 0);
	draw(&one, 0, 0);
	end_ring(&one, false);
	two = one;
	for (k = 0; k < two.start[1]; k++)
	{
		two.v[k].x = one.v[k].y;
		two.v[k].y = one.v[k].x;
	}
}

/* Enough edges for the trees: combs that cross everywhere, and rough discs. */
static void
test_large(int pairs)
{
	Tally		t = {0};
	int			i;

	for (i = 0; i < pairs; i++)
	{
		if (i % 3 == 0)
			draw_combs(20 + below(60));
		else
		{
			draw_parcel(&one, 0, 0, 1000, 0x1p-10, 150 + below(300));
			if (i % 3 == 1)
				move_some(&two, &one, 10, 0x1p-10, 0.7);
			else
				draw_parcel(&two, 900, 300, 800, 0x1p-10, 150 + below(300));
		}
		compare(&t, &one, &two);
	}
	report(&t, "polygons of hundreds of vertices");
}

static double
overlap_of(const Drawing *a, const Drawing *b)
{
	Polygonal  *p = prepare(a);
	Polygonal  *q = prepare(b);
	double		area = overlap_integral(p, q, &scratch);

	free(p);
	free(q);
	return area;
}

static double
area_of(const Drawing *d)
{
	Polygonal  *p = prepare(d);
	double		area = p->area;

	free(p);
	return area;
}

static void
test_algebra(int rounds)
{
	int			self = 0,
				grew = 0;
	double		partition = 0,
				redrawn = 0,
				moved = 0,
				areas = 0;
	int			i,
				k;

	for (i = 0; i < rounds; i++)
	{
		int			reach[16],
					wider[16];
		double		unit = uniform(0.5, 2);
		double		x = uniform(-4, 4),
					y = uniform(-4, 4);
		double		whole,
					sum = 0,
					smaller_area,
					t;
		int			corner[16];
		int			corners = 0;

		random_reach(reach, 1, 4);
		for (k = 0; k < 16; k++)
			wider[k] = reach[k] > 0 ? reach[k] + below(3) : 0;
		begin_drawing(&one);
		draw_star(&one, x, y, reach, unit, false);
		self += overlap_of(&one, &one) != area_of(&one);
		areas = fmax(areas, (double) fabsf128(oracle_area(&one) / area_of(&one) - 1));

		/* The wider star about the same centre contains the narrower. */
		begin_drawing(&two);
		draw_star(&two, x, y, wider, unit, false);
		draw_parcel(&three, uniform(-4, 4), uniform(-4, 4), 6, 0x1p-30, 5 + below(10));
		whole = overlap_of(&three, &one);
		smaller_area = fmin(area_of(&three), area_of(&one));
		grew += overlap_of(&three, &two) < whole - 1e-12 * smaller_area;

		/* Triangles about the centre partition the star. */
		for (k = 0; k < 16; k++)
			if (reach[k] > 0)
				corner[corners++] = k;
		for (k = 0; k < corners; k++)
		{
			int			p = corner[k],
						q = corner[(k + 1) % corners];

			begin_drawing(&two);
			begin_ring(&two);
			draw(&two, x, y);
			draw(&two, x + unit * ray[p][0] * reach[p], y + unit * ray[p][1] * reach[p]);
			draw(&two, x + unit * ray[q][0] * reach[q], y + unit * ray[q][1] * reach[q]);
			end_ring(&two, false);
			sum += overlap_of(&three, &two);
		}
		partition = fmax(partition, fabs(sum - whole) / smaller_area);

		/* The same ring begun elsewhere and drawn the other way. */
		begin_drawing(&two);
		begin_ring(&two);
		t = below(one.start[1] - 1);
		for (k = one.start[1] - 2; k >= 0; k--)
		{
			Vertex		v = one.v[(k + (int) t) % (one.start[1] - 1)];

			draw(&two, v.x, v.y);
		}
		end_ring(&two, false);
		redrawn = fmax(redrawn, fabs(overlap_of(&three, &two) - whole) / smaller_area);

		/* Elsewhere: coordinates lose up to 2^-34. */
		two = three;
		shift(&two, 500000, 4200000);
		shift(&one, 500000, 4200000);
		moved = fmax(moved, fabs(overlap_of(&one, &two) - whole));
	}
	ok_figure(self == 0, "what a polygon has in common with itself is its area", self);
	ok_figure(areas < 1e-15, "areas", areas);
	ok_figure(grew == 0, "a larger polygon has no less in common", grew);
	ok_figure(partition < 1e-12, "the parts of a partition add up to the whole", partition);
	ok_figure(redrawn < 1e-12, "where a ring begins and which way it runs is nothing", redrawn);
	ok_figure(moved < 1e-6, "moving both changes no more than coordinates do", moved);
}

/* One ring, begun anywhere and drawn either way, if it has an area that tells the way. */
static void
redraw_ring(Drawing *to, const Drawing *from, int r)
{
	int			n = from->start[r + 1] - from->start[r] - 1;
	int			start = below(n),
				step = below(2) || twice_drawn_area(from, r) == 0 ? 1 : -1;
	int			k;

	begin_ring(to);
	for (k = 0; k < n; k++)
	{
		Vertex		v = cycle_point(from->v + from->start[r], n, start, step, k);

		draw(to, v.x, v.y);
	}
	end_ring(to, from->hole[r]);
}

/* The same ground: parts, and holes of a part, in any order. */
static void
redraw(Drawing *to, const Drawing *from)
{
	int			shell[MAX_RINGS];
	int			parts = 0;
	int			r,
				i;

	for (r = 0; r < from->rings; r++)
		if (!from->hole[r])
			shell[parts++] = r;
	begin_drawing(to);
	for (; parts > 0; parts--)
	{
		int			chosen = below(parts);
		int			first = shell[chosen];
		int			hole[MAX_RINGS];
		int			holes = 0;

		shell[chosen] = shell[parts - 1];
		redraw_ring(to, from, first);
		for (r = first + 1; r < from->rings && from->hole[r]; r++)
			hole[holes++] = r;
		for (; holes > 0; holes--)
		{
			i = below(holes);
			redraw_ring(to, from, hole[i]);
			hole[i] = hole[holes - 1];
		}
	}
}

static bool
same_polygonal(const Polygonal *p, const Polygonal *q)
{
	return polygonal_compare(p, q) == 0 && memcmp(&p->extent, &q->extent, sizeof p->extent) == 0 &&
		memcmp(&p->area, &q->area, 8) == 0 && memcmp(&p->area_noise, &q->area_noise, 8) == 0;
}

/* From another corner, the other way round, rings in another order: the same bits. */
static void
test_redrawn(int rounds)
{
	int			differ = 0,
				unequal = 0,
				other = 0,
				many = 0;
	int			i;

	for (i = 0; i < rounds; i++)
	{
		Polygonal  *p,
				   *q;

		if (i % 2)
			draw_grid_walk(&one, 2 + below(8));
		else
		{
			draw_parcel(&one, uniform(0, 1e6), uniform(0, 5e6), uniform(1, 500), 0x1p-30, 3 + below(40));
			if (below(3) == 0)
			{
				int			holes = below(5);

				draw_box(&one, uniform(0, 1e6), 3, 2e6, 4, false);
				while (holes-- > 0)
					draw_box(&one, one.v[0].x, one.v[0].y, uniform(0, 1e6), uniform(0, 5e6), true);
			}
		}
		many += one.rings > 1;
		redraw(&two, &one);
		p = prepare(&one);
		q = prepare(&two);
		differ += !same_polygonal(p, q);
		if (polygonal_is_sound(p, &scratch))
			unequal += overlap_integral(p, q, &scratch) != p->area;
		draw_parcel(&three, one.v[0].x, one.v[0].y, 300, 0x1p-30, 5 + below(20));
		other += overlap_of(&three, &one) != overlap_of(&three, &two);
		free(p);
		free(q);
	}
	ok_figure(differ == 0, "redrawn: the same polygonal to the bit", differ);
	ok_figure(unequal == 0, "redrawn: all of its area in common with itself", unequal);
	ok_figure(other == 0, "redrawn: the same in common with another, to the bit", other);
	ok(many > rounds / 20, "redrawn: many had several rings");
}

/* Some rings of a drawing, alone. */
static void
take_rings(Drawing *to, const Drawing *from, int first, int end)
{
	int			r,
				i;

	begin_drawing(to);
	for (r = first; r < end; r++)
	{
		begin_ring(to);
		for (i = from->start[r]; i + 1 < from->start[r + 1]; i++)
			draw(to, from->v[i].x, from->v[i].y);
		end_ring(to, from->hole[r] && end > first + 1);
	}
}

static bool
oracle_winds_once(const Drawing *d)
{
	return oracle_overlap(d, d) - oracle_area(d) < 1e-20;
}

/* Every ring, every part and the whole, by themselves, wind no ground but once. */
static bool
oracle_is_sound(const Drawing *d)
{
	static Vertex v[MAX_POINTS];
	bool		sound = oracle_winds_once(d);
	int			first,
				end,
				r;

	for (first = 0; first < d->rings && sound; first = end)
	{
		for (end = first + 1; end < d->rings && d->hole[end]; end++)
			;
		for (r = first; r < end; r++)
		{
			take_rings(&three, d, r, r + 1);
			sound = sound && oracle_winds_once(&three);

			/* A shell that is a line there and back is none, so that a hole has none. */
			sound = sound && (r == first || distinct_points(d, first, v) > 3 || distinct_points(d, r, v) <= 3);
		}
		take_rings(&three, d, first, end);
		sound = sound && oracle_winds_once(&three);
	}
	return sound;
}

static void
test_soundness(int rounds)
{
	int			wrong = 0,
				sound = 0;
	int			i;

	for (i = 0; i < rounds; i++)
	{
		Polygonal  *p;
		bool		want;

		draw_grid_walk(&one, 3 + below(4));
		want = oracle_is_sound(&one);
		p = prepare(&one);
		wrong += polygonal_is_sound(p, &scratch) != want;
		sound += want;
		free(p);
	}
	ok_figure(wrong == 0, "unsound is what the oracle finds wound twice or backwards", wrong);
	ok_figure(sound > rounds / 20 && sound < rounds * 19 / 20, "both kinds were among them", sound);

	for (i = 0; i < 2000; i++)
	{
		Polygonal  *p;

		draw_parcel(&one, uniform(0, 1e6), uniform(0, 5e6), uniform(1, 500), 0x1p-30, 4 + below(40));
		p = prepare(&one);
		wrong += !polygonal_is_sound(p, &scratch);
		free(p);
	}
	ok_figure(wrong == 0, "valid parcels are sound", wrong);
}

/* Directions exactly decided where double precision cannot. */
static void
test_orientation(void)
{
	int			wrong = 0;
	int			i;

	for (i = 0; i < 200000; i++)
	{
		int			scale = below(3) == 0 ? below(700) - 350 : 0;
		Vertex		p = {uniform(-1, 1), uniform(-1, 1)},
					q = {uniform(-1, 1), uniform(-1, 1)},
					r;
		double		t = uniform(-1, 2);
		Quad		det;

		if (below(2))
		{
			/* Few enough bits for the oracle to be exact. */
			p.x = rint(p.x * 0x1p36);
			p.y = rint(p.y * 0x1p36);
			q.x = rint(q.x * 0x1p36);
			q.y = rint(q.y * 0x1p36);
			r.x = rint(p.x + t * (q.x - p.x)) + (below(3) - 1);
			r.y = rint(p.y + t * (q.y - p.y));
		}
		else
		{
			r.x = p.x + t * (q.x - p.x);
			r.y = p.y + t * (q.y - p.y);
			/* On one binary grid the determinant has at most 108 bits. */
			p.x += 1.5;
			q.x += 1.5;
			r.x += 1.5;
			p.y += 1.5;
			q.y += 1.5;
			r.y += 1.5;
			p.x -= 1;
		}
		p.x = ldexp(p.x, scale);
		p.y = ldexp(p.y, scale);
		q.x = ldexp(q.x, scale);
		q.y = ldexp(q.y, scale);
		r.x = ldexp(r.x, scale);
		r.y = ldexp(r.y, scale);
		det = ((Quad) q.x - p.x) * ((Quad) r.y - p.y) - ((Quad) q.y - p.y) * ((Quad) r.x - p.x);
		wrong += orientation(p, q, r) != (det > 0) - (det < 0);
		wrong += orientation(q, p, r) != (det < 0) - (det > 0);
		wrong += orientation_exact(q, r, p) != (det > 0) - (det < 0);
	}
	ok_figure(wrong == 0, "orientation agrees with quadruple precision", wrong);

	/*
	 * Cassini: successive Fibonacci numbers make a determinant of one, between
	 * products that agree in all the digits of a double.
	 */
	{
		Vertex		zero = {0, 0},
					p = {1, 2},
					q = {1, 1};

		for (wrong = 0, i = 3; i <= 77; i++)
		{
			q = p;
			p.x = q.y;
			p.y = q.x + q.y;
			wrong += orientation(p, q, zero) != (i % 2 ? 1 : -1);
		}
	}
	ok_figure(wrong == 0, "orientation of Fibonacci's points", wrong);

	/* Far from zero and near it: three points an ulp off one line. */
	{
		Vertex		p = {COORDINATE_MAX, COORDINATE_MAX},
					q = {-COORDINATE_MAX, -COORDINATE_MAX},
					r = {COORDINATE_MIN, COORDINATE_MIN};

		wrong = orientation(p, q, r) != 0;
		r.x = nextafter(r.x, 0);
		wrong += orientation(p, q, r) != -1;
		r.y = 0;
		wrong += orientation(p, q, r) != 1;
		p = r;
		p.x = p.y = COORDINATE_MIN;
		q.x = q.y = 3 * COORDINATE_MIN;
		r.x = 2 * COORDINATE_MIN;
		r.y = nextafter(r.x, 1);
		wrong += orientation(p, q, r) != 1;
	}
	ok_figure(wrong == 0, "orientation at the ends of the range", wrong);
}

static void
test_refusals(void)
{
	double		bad[][2] = {{NAN, 0}, {0, INFINITY}, {1e121, 0}, {5, 5}};
	PolygonalStatus want[] = {POLYGONAL_NOT_FINITE, POLYGONAL_NOT_FINITE, POLYGONAL_OUT_OF_RANGE,
	POLYGONAL_UNCLOSED};
	int			wrong = 0;
	int			i;

	for (i = 0; i < 4; i++)
	{
		Polygonal  *p = polygonal_begin(malloc(polygonal_size(4, 1)), 4, 1);
		Vertex	   *v = polygonal_room(p);
		Vertex		culprit = {7, 7};

		memset(v, 0, 4 * sizeof(Vertex));
		v[1].x = v[2].y = 1;
		v[3].x = bad[i][0];
		v[3].y = bad[i][1];
		wrong += polygonal_end_ring(p, 4, false, &culprit) != want[i];
		wrong += memcmp(&culprit, &bad[i], sizeof culprit) != 0;
		free(p);
	}
	ok_figure(wrong == 0, "nonsense coordinates are refused by name", wrong);
}

/* ---- real parcels, where they are ---- */

/* The polygons of a GeoJSON file: each innermost list of positions is a ring. */
static int
read_geojson(const char *path, Drawing **out)
{
	FILE	   *f = fopen(path, "r");
	static char line[1 << 20];
	int			count = 0;

	if (f == NULL)
		return -1;
	*out = NULL;
	while (fgets(line, sizeof line, f))
	{
		char	   *at = strstr(line, "\"coordinates\"");
		int			depth = 0;
		int			ring_depth = 0;
		Drawing    *d;
		bool		first = true;

		if (at == NULL)
			continue;
		*out = realloc(*out, (count + 1) * sizeof(Drawing));
		d = *out + count++;
		begin_drawing(d);
		ring_depth = strstr(line, "\"MultiPolygon\"") ? 3 : 2;
		for (at = strchr(at, '['); at && *at && *at != '}'; at++)
		{
			if (*at == '[')
			{
				depth++;
				if (depth == ring_depth)
					begin_ring(d);
				if (depth == ring_depth - 1)
					first = true;
				if (depth == ring_depth + 1)
				{
					char	   *next;
					double		x = strtod(at + 1, &next);

					draw(d, x, strtod(next + 1, NULL));
				}
			}
			else if (*at == ']')
			{
				if (depth == ring_depth)
				{
					end_ring(d, !first);
					first = false;
				}
				depth--;
			}
		}
	}
	fclose(f);
	return count;
}

static void
test_real(const char *shared, const char *file)
{
	char		path[1000];
	char		text[200];
	Drawing    *parcel;
	Polygonal **shape;
	Tally		t = {0};
	int			count,
				unsound = 0,
				i,
				j;

	snprintf(path, sizeof path, "%s/data/land/%s", shared ? shared : "", file);
	count = shared ? read_geojson(path, &parcel) : -1;
	if (count < 0)
	{
		printf("ok %d - %s # skip ../shared is not here\n", ++tests, file);
		return;
	}
	shape = malloc(count * sizeof *shape);
	for (i = 0; i < count; i++)
	{
		shape[i] = prepare(&parcel[i]);
		unsound += !polygonal_is_sound(shape[i], &scratch);
	}
	for (i = 0; i < count; i++)
		for (j = 0; j < i; j++)
			if (shape[i]->extent.low.x <= shape[j]->extent.high.x &&
				shape[j]->extent.low.x <= shape[i]->extent.high.x &&
				shape[i]->extent.low.y <= shape[j]->extent.high.y &&
				shape[j]->extent.low.y <= shape[i]->extent.high.y)
				compare(&t, &parcel[i], &parcel[j]);
	snprintf(text, sizeof text, "%s, %d parcels, %d unsound, box-overlapping", file, count, unsound);
	report(&t, text);
	for (i = 0; i < count; i++)
		free(shape[i]);
	free(shape);
	free(parcel);
}

int
main(void)
{
	const char *shared = getenv("AGRIRISK_SHARED");
	const char *factor = getenv("AGRIRISK_FUZZ");
	int			times = factor ? atoi(factor) : 1;

	test_orientation();
	test_refusals();
	test_grids(60000 * times);
	test_stars(20000 * times);
	test_parcels(8000 * times, "parcels in degrees", 116.375, 39.875, 0.005, 0x1p-46);
	test_parcels(8000 * times, "parcels in metres", 500000, 4200000, 100, 0x1p-30);
	test_slivers(10000 * times);
	test_scales(4000 * times);
	test_large(60 * times);
	test_algebra(1000 * times);
	test_redrawn(20000);
	test_soundness(10000 * times);
	test_real(shared, "fr_lpis_193.geojson");
	test_real(shared, "nl_brp_100.geojson");
	draw_combs(2000);
	interrupts = 0;
	overlap_of(&one, &two);
	ok_figure(interrupts > 0, "long work asks for interrupts", interrupts);

	free(scratch.side[0].memory);
	free(scratch.side[1].memory);
	printf("# digest %016llx\n", (unsigned long long) digest);
	return done_testing();
}
