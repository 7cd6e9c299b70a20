/*
 * cover_test.c
 *		The parts into which polygons divide a plot, against oracles: counted cells of
 *		a grid, plane geometry by hand, the overlap kernel, and a division in 113 bits.
 *
 * The last is the sweep's idea without its economies: every edge of every shape,
 * cut at every height where any two meet, with winding numbers counted afresh
 * for every stretch. Coordinates are integers, so what it cuts at is exact but
 * for one division.
 */
#include "land/cover_math.c"
#include "drawing.h"
#include "tap.h"


typedef _Float128 Quad;

#define MAX_COVERS 6
#define MAX_SETS (1 << MAX_COVERS)

static uint64_t digest = 0;

static void
digest_double(double x)
{
	uint64_t	bits;

	memcpy(&bits, &x, 8);
	digest = (digest ^ bits) * UINT64_C(0x9e3779b97f4a7c15);
	digest ^= digest >> 29;
}

/* ---- the kernel, as the tests use it ---- */

static void *
grow(void *memory, size_t bytes)
{
	free(memory);
	return malloc(bytes);
}

static void *
grow_kept(void *heap, void *memory, size_t bytes)
{
	(void) heap;
	return realloc(memory, bytes);
}

static int	interrupts = 0;

static void
note_interrupt(void)
{
	interrupts++;
}

static OverlapScratch overlap_scratch = {.grow = grow};
static CoverScratch scratch = {.grow = grow_kept, .interrupt = note_interrupt, .overlap = &overlap_scratch};

typedef struct Scene
{
	Drawing		plot;
	int			covers;
	Drawing		cover[MAX_COVERS];
} Scene;

static Scene scene;

/*
 * Divides the scene; area[s] is that of the part under the covers of set s.
 * Returns the plot's area. Covers without area in common are left out, as
 * the kernel's callers do.
 */
static double
divide(const Scene *s, const int *order, double *area)
{
	Polygonal  *plot = prepare(&s->plot);
	bool		plot_sound = polygonal_is_sound(plot, &overlap_scratch);
	Polygonal  *shape[MAX_COVERS];
	Cover		cover[MAX_COVERS];
	int			which[MAX_COVERS];
	int			covers = 0;
	double		total;
	uint32_t	p;
	int			i;

	memset(area, 0, MAX_SETS * sizeof *area);
	for (i = 0; i < s->covers; i++)
	{
		int			k = order ? order[i] : i;
		Cover	   *c = &cover[covers];

		c->shape = shape[i] = prepare(&s->cover[k]);
		c->sound = polygonal_is_sound(shape[i], &overlap_scratch);
		c->area = cover_area(plot, plot_sound, c->shape, c->sound, &scratch);
		if (c->area > 0)
			which[covers++] = k;
	}
	total = cover_divide(plot, plot_sound, cover, covers, &scratch);
	digest_double(total);
	for (p = 0; p < scratch.parts; p++)
	{
		uint32_t	count;
		const uint32_t *list = cover_part_list(&scratch, p, &count);
		int			set = 0;

		while (count-- > 0)
			set |= 1 << which[list[count]];
		area[set] += cover_part_area(&scratch, p);
		digest_double(cover_part_area(&scratch, p));
	}
	for (i = 0; i < s->covers; i++)
		free(shape[i]);
	free(plot);
	return total;
}

/* ---- the oracle ---- */

typedef struct OracleEdge
{
	Quad		x1, y1, x2, y2; /* y1 < y2 */
	int			ring;
	int			step;
} OracleEdge;

/* A hole belongs to the shell before it. */
static struct
{
	int			shape;
	int			shell;			/* its own number if it is none's hole */
	int			winding;
}			ring[256];
static int	rings;

static OracleEdge edge[4096];
static int	edges;

static void
consult_edges(const Drawing *d, int shape)
{
	int			r,
				i;

	for (r = 0; r < d->rings; r++)
	{
		int			sign = ring_sign(d, r);

		ring[rings].shape = shape;
		ring[rings].shell = d->hole[r] ? ring[rings - 1].shell : rings;
		rings++;
		for (i = d->start[r]; i + 1 < d->start[r + 1]; i++)
		{
			Vertex		p = d->v[i],
						q = d->v[i + 1];

			if (p.y < q.y)
				edge[edges++] = (OracleEdge) {p.x, p.y, q.x, q.y, rings - 1, -sign};
			else if (p.y > q.y)
				edge[edges++] = (OracleEdge) {q.x, q.y, p.x, p.y, rings - 1, sign};
		}
	}
}

static int
compare_quads(const void *a, const void *b)
{
	Quad		x = *(const Quad *) a,
				y = *(const Quad *) b;

	return (x > y) - (x < y);
}

typedef struct Stretch
{
	Quad		x;
	const OracleEdge *edge;
} Stretch;

static int
compare_stretches(const void *a, const void *b)
{
	return compare_quads(&((const Stretch *) a)->x, &((const Stretch *) b)->x);
}

/* Past an edge: the shapes of which a shell winds and none of its holes. */
static int
covered_shapes(const OracleEdge *passed)
{
	bool		hidden[256] = {false};
	int			set = 0;
	int			r;

	ring[passed->ring].winding += passed->step;
	for (r = 0; r < rings; r++)
		if (ring[r].shell != r && ring[r].winding != 0)
			hidden[ring[r].shell] = true;
	for (r = 0; r < rings; r++)
		if (ring[r].shell == r && ring[r].winding != 0 && !hidden[r])
			set |= 1 << ring[r].shape;
	return set;
}

static Quad
oracle_divide(const Scene *s, Quad *area)
{
	static Quad height[300000];
	static Stretch stretch[4096];
	Quad		total = 0;
	int			heights = 0;
	int			h,
				i,
				j;

	edges = rings = 0;
	consult_edges(&s->plot, 0);
	for (i = 0; i < s->covers; i++)
		consult_edges(&s->cover[i], 1 + i);
	for (i = 0; i < edges; i++)
	{
		height[heights++] = edge[i].y1;
		height[heights++] = edge[i].y2;
		for (j = 0; j < i; j++)
		{
			const OracleEdge *e = &edge[i],
					   *f = &edge[j];
			Quad		dx = e->x2 - e->x1,
						dy = e->y2 - e->y1,
						ex = f->x2 - f->x1,
						ey = f->y2 - f->y1;
			Quad		det = dx * ey - dy * ex;

			if (det != 0)
				height[heights++] = e->y1 + dy * ((f->x1 - e->x1) * ey - (f->y1 - e->y1) * ex) / det;
		}
	}
	qsort(height, heights, sizeof *height, compare_quads);
	for (h = 0, i = 0; i < heights; i++)
		if (h == 0 || height[i] != height[h - 1])
			height[h++] = height[i];
	heights = h;
	memset(area, 0, MAX_SETS * sizeof *area);
	for (h = 0; h + 1 < heights; h++)
	{
		Quad		y = (height[h] + height[h + 1]) / 2;
		Quad		high = height[h + 1] - height[h];
		int			count = 0;

		if (high <= 0)
			continue;
		for (i = 0; i < edges; i++)
			if (edge[i].y1 < y && y < edge[i].y2)
			{
				stretch[count].edge = &edge[i];
				stretch[count++].x = edge[i].x1 + (y - edge[i].y1) * (edge[i].x2 - edge[i].x1) / (edge[i].y2 - edge[i].y1);
			}
		qsort(stretch, count, sizeof *stretch, compare_stretches);
		for (i = 0; i < rings; i++)
			ring[i].winding = 0;
		for (i = 0; i + 1 < count; i++)
		{
			Quad		part = (stretch[i + 1].x - stretch[i].x) * high;
			int			covered = covered_shapes(stretch[i].edge);
			int			set = covered >> 1;

			if (covered % 2 == 0)
				continue;
			area[set] += part;
			total += part;
		}
	}
	return total;
}

/* The worst error of a part, as a share of the plot. */
static double
compare_with_oracle(const Scene *s)
{
	double		area[MAX_SETS];
	Quad		want[MAX_SETS];
	double		total = divide(s, NULL, area);
	Quad		want_total = oracle_divide(s, want);
	double		worst = (double) fabsf128(total - want_total);
	int			i;

	for (i = 0; i < 1 << s->covers; i++)
		worst = fmax(worst, (double) fabsf128(area[i] - want[i]));
	/* Integers: what is less is the oracle's own rounding. */
	return want_total > 1e-20 ? worst / (double) want_total : worst;
}

/* ---- scenes ---- */

static void
draw_grid_walk(Drawing *d, int size)
{
	int			n_rings = below(3) ? 1 : 2 + below(3);
	int			r;

	begin_drawing(d);
	for (r = 0; r < n_rings; r++)
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

/* A valid star about the centre of a grid, on integers. */
static void
draw_grid_star(Drawing *d, int x, int y, int reach)
{
	static const int ray[8][2] = {{2, 0}, {2, 1}, {0, 2}, {-1, 2}, {-2, 0}, {-2, -1}, {0, -2}, {1, -2}};
	int			i;

	begin_drawing(d);
	begin_ring(d);
	for (i = 0; i < 8; i++)
	{
		int			r = 1 + below(reach);

		draw(d, x + r * ray[i][0], y + r * ray[i][1]);
	}
	end_ring(d, false);
}

static void
move_drawing(Drawing *d, double x, double y)
{
	int			i;

	for (i = 0; i < d->start[d->rings]; i++)
	{
		d->v[i].x += x;
		d->v[i].y += y;
	}
}

static void
test_walks(void)
{
	double		worst = 0;
	int			scenes;
	int			i;

	for (scenes = 0; scenes < 2000; scenes++)
	{
		scene.covers = 1 + below(4);
		draw_grid_walk(&scene.plot, 8);
		for (i = 0; i < scene.covers; i++)
			draw_grid_walk(&scene.cover[i], 8);
		worst = fmax(worst, compare_with_oracle(&scene));
	}
	ok_figure(worst < 1e-12, "2,000 scenes of closed walks on a small grid, mostly invalid and touching", worst);
}

static void
test_stars(const char *what, double x, double y)
{
	double		worst = 0;
	int			scenes;
	int			i;

	for (scenes = 0; scenes < 1000; scenes++)
	{
		scene.covers = 1 + below(MAX_COVERS);
		draw_grid_star(&scene.plot, 0, 0, 12);
		move_drawing(&scene.plot, x, y);
		for (i = 0; i < scene.covers; i++)
		{
			Place		at = place_below(41);

			draw_grid_star(&scene.cover[i], (int) at.x - 20, (int) at.y - 20, 12);
			move_drawing(&scene.cover[i], x, y);
		}
		if (below(3) == 0)
			scene.cover[0] = scene.plot;
		if (scene.covers > 1 && below(3) == 0)
			scene.cover[scene.covers - 1] = scene.cover[0];
		worst = fmax(worst, compare_with_oracle(&scene));
	}
	ok_figure(worst < 1e-12, what, worst);
}

/* Boxes on integers: every part is a number of cells. */
static void
test_cells(void)
{
	int			wrong = 0;
	int			scenes;

	for (scenes = 0; scenes < 5000; scenes++)
	{
		double		area[MAX_SETS];
		int			cells[MAX_SETS] = {0};
		int			box[1 + MAX_COVERS][4];
		int			i,
					x,
					y;

		scene.covers = below(MAX_COVERS + 1);
		for (i = 0; i <= scene.covers; i++)
		{
			Drawing    *d = i == 0 ? &scene.plot : &scene.cover[i - 1];

			box[i][0] = below(9);
			box[i][1] = below(9);
			box[i][2] = box[i][0] + 1 + below(6);
			box[i][3] = box[i][1] + 1 + below(6);
			begin_drawing(d);
			draw_box(d, box[i][0], box[i][1], box[i][2], box[i][3], false);
		}
		for (x = box[0][0]; x < box[0][2]; x++)
			for (y = box[0][1]; y < box[0][3]; y++)
			{
				int			set = 0;

				for (i = 1; i <= scene.covers; i++)
					set |= (box[i][0] <= x && x < box[i][2] && box[i][1] <= y && y < box[i][3]) << (i - 1);
				cells[set]++;
			}
		divide(&scene, NULL, area);
		for (i = 0; i < MAX_SETS; i++)
			wrong += fabs(area[i] - cells[i]) > 1e-12 * 36;
	}
	ok_figure(wrong == 0, "5,000 scenes of boxes: parts are their cells, counted", wrong);
}

/* The way without a sweep, and the sweep made to do the same. */
static void
test_two_ways(void)
{
	double		worst = 0;
	int			swept = 0;
	int			scenes;

	for (scenes = 0; scenes < 2000; scenes++)
	{
		Polygonal  *plot,
				   *shape[2];
		Cover		cover[2];
		double		area[MAX_SETS];
		int			covers = 0;
		int			i;
		uint32_t	p;

		draw_grid_star(&scene.plot, 0, 0, 12);
		draw_grid_star(&scene.cover[0], -20, below(9), 10);
		draw_grid_star(&scene.cover[1], 20, below(9), 10);
		scene.covers = 2;
		divide(&scene, NULL, area);

		plot = prepare(&scene.plot);
		for (i = 0; i < 2; i++)
		{
			shape[i] = prepare(&scene.cover[i]);
			cover[covers].shape = shape[i];
			cover[covers].sound = true;
			cover[covers].area = overlap_integral(plot, shape[i], &overlap_scratch);
			covers += cover[covers].area > 0;
		}
		/* Called unsound, which is the sweep's business. */
		for (i = 0; i < covers; i++)
			cover[i].sound = false;
		cover_divide(plot, true, cover, covers, &scratch);
		if (covers == 2)
			for (p = 0; p < scratch.parts; p++)
			{
				uint32_t	count;
				const uint32_t *list = cover_part_list(&scratch, p, &count);
				int			set = 0;

				while (count-- > 0)
					set |= 1 << list[count];

				worst = fmax(worst, fabs(cover_part_area(&scratch, p) - area[set]) / plot->area);
				swept++;
			}
		free(plot);
		free(shape[0]);
		free(shape[1]);
	}
	ok(swept > 1000, "covers apart: many");
	ok_figure(worst < 1e-13, "parts from overlaps and parts from the sweep are the same", worst);
}

static void
test_by_hand(void)
{
	double		area[MAX_SETS];
	double		total;

	/* A bow tie of two triangles of 25 each, half of one under a box. */
	begin_drawing(&scene.plot);
	begin_ring(&scene.plot);
	draw(&scene.plot, 0, 0);
	draw(&scene.plot, 10, 10);
	draw(&scene.plot, 10, 0);
	draw(&scene.plot, 0, 10);
	end_ring(&scene.plot, false);
	begin_drawing(&scene.cover[0]);
	draw_box(&scene.cover[0], -1, 5, 20, 20, false);
	scene.covers = 1;
	total = divide(&scene, NULL, area);
	ok(fabs(total - 50) < 1e-12 && fabs(area[1] - 25) < 1e-12 && fabs(area[0] - 25) < 1e-12,
	   "a bow tie counts with both halves");

	/* A square of 100 with a hole of 4, the same twice, and one outside; another part of 9 under the latter. */
	begin_drawing(&scene.plot);
	draw_box(&scene.plot, 0, 0, 10, 10, false);
	draw_box(&scene.plot, 4, 4, 6, 6, true);
	draw_box(&scene.plot, 4, 4, 6, 6, true);
	draw_box(&scene.plot, 20, 0, 23, 3, true);
	begin_drawing(&scene.cover[0]);
	draw_box(&scene.cover[0], -1, -1, 30, 30, false);
	scene.covers = 1;
	total = divide(&scene, NULL, area);
	ok(fabs(total - 96) < 1e-12 && fabs(area[1] - 96) < 1e-12, "a hole listed twice is a hole, and one outside is nothing");
	draw_box(&scene.plot, 20, 0, 23, 3, false);
	total = divide(&scene, NULL, area);
	ok(fabs(total - 105) < 1e-12 && fabs(area[1] - 105) < 1e-12, "a hole takes nothing from another part");

	/* Two triangles that meet over half of a square: 1/2, 1/4 under both. */
	begin_drawing(&scene.plot);
	draw_box(&scene.plot, 0, 0, 1, 1, false);
	begin_drawing(&scene.cover[0]);
	begin_ring(&scene.cover[0]);
	draw(&scene.cover[0], 0, 0);
	draw(&scene.cover[0], 1, 0);
	draw(&scene.cover[0], 1, 1);
	end_ring(&scene.cover[0], false);
	begin_drawing(&scene.cover[1]);
	begin_ring(&scene.cover[1]);
	draw(&scene.cover[1], 0, 0);
	draw(&scene.cover[1], 1, 0);
	draw(&scene.cover[1], 0, 1);
	end_ring(&scene.cover[1], false);
	scene.covers = 2;
	total = divide(&scene, NULL, area);
	ok(total == 1 && fabs(area[3] - 0.25) < 1e-15 && fabs(area[1] - 0.25) < 1e-15 &&
	   fabs(area[2] - 0.25) < 1e-15 && fabs(area[0] - 0.25) < 1e-15, "two diagonals cut a square into quarters");

	/* No covers; and a plot without area. */
	scene.covers = 0;
	ok(divide(&scene, NULL, area) == 1 && area[0] == 1, "nothing covers it");
	begin_drawing(&scene.plot);
	begin_ring(&scene.plot);
	draw(&scene.plot, 0, 0);
	draw(&scene.plot, 2, 2);
	draw(&scene.plot, 1, 1);
	end_ring(&scene.plot, false);
	scene.covers = 2;
	ok(divide(&scene, NULL, area) == 0 && scratch.parts == 0, "a plot without area has no parts");
}

/* The order of covers changes rounding only. */
static void
test_orders(void)
{
	static const int order[3][MAX_COVERS] = {{0, 1, 2, 3, 4, 5}, {5, 4, 3, 2, 1, 0}, {2, 5, 0, 4, 1, 3}};
	double		worst = 0;
	int			scenes;

	scene.covers = MAX_COVERS;
	for (scenes = 0; scenes < 500; scenes++)
	{
		double		first[MAX_SETS],
					other[MAX_SETS];
		double		total;
		int			i,
					k;

		draw_grid_star(&scene.plot, 0, 0, 12);
		for (i = 0; i < MAX_COVERS; i++)
		{
			Place		at = place_below(21);

			draw_grid_star(&scene.cover[i], (int) at.x - 10, (int) at.y - 10, 12);
		}
		total = divide(&scene, order[0], first);
		for (k = 1; k < 3; k++)
		{
			divide(&scene, order[k], other);
			for (i = 0; i < MAX_SETS; i++)
				worst = fmax(worst, fabs(first[i] - other[i]) / total);
		}
	}
	ok_figure(worst < 1e-13, "the order of covers changes rounding only", worst);
}

/* A large cover round a small plot: only edges near it are looked at. */
static void
test_large_cover(void)
{
	static Drawing large;
	double		area[MAX_SETS];
	int			i;

	begin_drawing(&large);
	begin_ring(&large);
	for (i = 0; i < 5000; i++)
		draw(&large, 1000 * cos(i * 2 * M_PI / 5000), 1000 * sin(i * 2 * M_PI / 5000));
	end_ring(&large, false);
	begin_drawing(&scene.plot);
	draw_box(&scene.plot, -1, 998, 1, 1002, false);
	scene.cover[0] = large;
	scene.cover[1] = large;
	scene.cover[1].v[17].x += 1;
	scene.covers = 2;
	divide(&scene, NULL, area);
	/* Chords of a circle of 1000: from 998 up to 1000 less the arrow of an arc of +-1, about 1/3000. */
	ok(fabs(area[3] - 2 * (2 - 1.0 / 6000)) < 1e-3 && fabs(area[0] + area[3] - 8) < 1e-11, "a large cover round a small plot");
	ok(scratch.edge != NULL && scratch.room[ROOM_EDGE] < 1000 * sizeof(SweepEdge), "few of its edges are swept");
}

/* Covers that each cross their neighbours; and the interrupt hook. */
static void
test_many(void)
{
	Polygonal  *shape[81];
	Polygonal  *plot;
	Cover		cover[81];
	double		sum = 0,
				own[81] = {0};
	double		worst = 0;
	uint32_t	p;
	int			i;

	begin_drawing(&scene.plot);
	draw_box(&scene.plot, -10, -10, 180, 180, false);
	plot = prepare(&scene.plot);
	for (i = 0; i < 81; i++)
	{
		Place		at = place_below(5);

		draw_grid_star(&scene.cover[0], 20 * (i % 9) + (int) at.x, 20 * (i / 9) + (int) at.y, 7);
		shape[i] = prepare(&scene.cover[0]);
		cover[i].shape = shape[i];
		cover[i].sound = true;
		cover[i].area = overlap_integral(plot, shape[i], &overlap_scratch);
	}
	interrupts = 0;
	cover_divide(plot, true, cover, 81, &scratch);
	for (p = 0; p < scratch.parts; p++)
	{
		uint32_t	count;
		const uint32_t *list = cover_part_list(&scratch, p, &count);

		sum += cover_part_area(&scratch, p);
		while (count-- > 0)
			own[list[count]] += cover_part_area(&scratch, p);
	}
	for (i = 0; i < 81; i++)
		worst = fmax(worst, fabs(own[i] - cover[i].area) / plot->area);
	ok(scratch.parts > 81, "many covers make many parts");
	ok_figure(fabs(sum - plot->area) < 1e-12 * plot->area, "which add up to the plot", sum - plot->area);
	ok_figure(worst < 1e-12, "and those of each cover to its overlap", worst);
	ok(interrupts > 0, "the division can be interrupted");
	for (i = 0; i < 81; i++)
		free(shape[i]);
	free(plot);
}

int
main(void)
{
	test_by_hand();
	test_cells();
	test_walks();
	test_stars("1,000 scenes of valid stars on integers", 0, 0);
	test_stars("1,000 of them far from the origin", 500000, 4200000);
	test_two_ways();
	test_orders();
	test_large_cover();
	test_many();
	printf("# bits of all results: %016llx\n", (unsigned long long) digest);
	return done_testing();
}
