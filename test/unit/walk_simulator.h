/*
 * walk_simulator.h
 *		Walks round made-up plots, as a phone would have recorded them, with the
 *		area that was really walked round. A number gives the same walk everywhere:
 *		never are two numbers drawn in one call, whose order compilers choose.
 *
 * The plot has 0.05 to 5 ha, evenly on the scale of logarithms: a rectangle of
 * 1 : 1 to 1 : 3.5, a polygon of 5 to 9 corners, or an L. The farmer walks along
 * its boundary at 0.9 to 1.4 m/s, a little faster and slower on the way, 0.3 m
 * beside it, and stands at corners for up to 8 s. There is a fix every 1, 2 or 3 s.
 *
 * A position is wrong by
 *	- slow drift, a Gauss-Markov process on either axis: that is what the errors of
 *	  consumer receivers are, and no white noise (Sensors 20:6050, 2020). Its
 *	  standard deviation is lognormal about 2.4 m an axis, so that 88 % of typical
 *	  errors are below the 4.9 m that is said of phones under open sky (van
 *	  Diggelen and Enge, ION GNSS+ 2015); its correlation time is 50 to 300 s.
 *	- white noise of 0.2 to 0.6 m an axis, what a phone's own filter leaves.
 *
 * The phone says the radius that holds 68 % of its errors, as Android defines it,
 * and is mistaken in that by 20 % from walk to walk and by 10 % from fix to fix.
 *
 * The second kind of noise shows whether the first was learnt by heart: its drift is
 * a sum of two Gauss-Markov processes of 25 to 60 s and of 200 to 900 s, reflected
 * signals come and go within some seconds and wander, phones are mistaken by 35 %.
 *
 * On top of that, one trouble a walk, as listed in `enum Trouble`. Their sizes are
 * guesses of what field workers meet; no source says how often they come.
 */
#ifndef AGRIRISK_TEST_WALK_SIMULATOR_H
#define AGRIRISK_TEST_WALK_SIMULATOR_H

#include <math.h>
#include <string.h>

#include "core/math/elementary_math.h"
#include "land/plot_track_math.h"
#include "tap.h"

#define SIMULATED_MOST 12000

typedef enum Trouble
{
	PLAIN,
	STALE,						/* 2 or 3 old fixes at the start or the end, 40 m to 2 km off */
	REFLECTED,					/* 1 to 3 times 5 to 20 s that are 8 to 40 m off */
	BAD_FIXES,					/* 2 % that are 6 to 15 m off an axis, and say so */
	LOST_LOCK,					/* 5 to 20 s silent or frozen, then 4 to 15 m off, waning */
	GATE_AND_BACK,				/* from a gate 15 to 100 m away and home to it */
	FROM_GATE,					/* from the gate, and stops when the round is done */
	TO_GATE,					/* the other way round */
	DETOUR,						/* on the way to something 15 to 60 m outside, and back */
	REST,						/* 2 to 10 minutes of it */
	SILENCE,					/* of 40 to 120 s */
	NECK,						/* two plots and a way of 3 to 5 m between them */
	TROUBLES
} Trouble;

static const char *const trouble_name[TROUBLES] = {
	"plain", "stale fixes at an end", "multipath of 5 to 20 s", "2 % honestly bad fixes",
	"lock lost and found", "from the gate and back to it", "from the gate", "to the gate",
	"detour on the way", "a rest", "silence of 40 to 120 s", "two plots and a way"
};

typedef enum Noise
{
	NOISE_TUNED_ON,
	NOISE_REPORTED
} Noise;

typedef struct SimulatedWalk
{
	TrackFix	fix[SIMULATED_MOST];
	bool		boundary[SIMULATED_MOST];	/* seen while on it, by a receiver without trouble */
	uint32_t	n;
	double		plot_m2;		/* as it is on the ground */
	double		seen_m2;		/* of the boundary's fixes, with drift and nothing worse */
} SimulatedWalk;

/* ---- chance ---- */

static inline double
normal(void)
{
	double		radius = sqrt(-2 * agr_log(uniform(0x1p-53, 1)));

	return radius * agr_cos(uniform(0, 6.283185307179586));
}

static inline double
lognormal(double median, double spread)
{
	return median * agr_exp(spread * normal());
}

static inline double
log_uniform(double low, double high)
{
	return agr_exp(uniform(agr_log(low), agr_log(high)));
}

/* ---- plots ---- */

#define CORNERS_MOST 16

typedef struct Outline
{
	Vertex		corner[CORNERS_MOST];
	int			n;
} Outline;

static inline double
shoelace(const Vertex *v, int n)
{
	double		twice = 0;
	int			i;

	for (i = 0; i < n; i++)
	{
		Vertex		a = v[i];
		Vertex		b = v[(i + 1) % n];

		twice += (a.x - v[0].x) * (b.y - v[0].y) - (b.x - v[0].x) * (a.y - v[0].y);
	}
	return fabs(twice) / 2;
}

static inline void
add_corner(Outline *plot, double x, double y)
{
	Vertex		v = {x, y};

	plot->corner[plot->n++] = v;
}

static inline void
scale_to(Outline *plot, double area)
{
	double		scale = sqrt(area / shoelace(plot->corner, plot->n));
	double		turn = uniform(0, 6.283185307179586);
	double		c = scale * agr_cos(turn);
	double		s = scale * agr_sin(turn);
	int			i;

	for (i = 0; i < plot->n; i++)
	{
		Vertex		v = plot->corner[i];

		plot->corner[i].x = c * v.x - s * v.y;
		plot->corner[i].y = s * v.x + c * v.y;
	}
}

static inline void
draw_plot(Outline *plot, double area)
{
	double		side = log_uniform(1, 3.5);
	int			shape = (int) below(3);
	int			corners = 5 + (int) below(5);
	int			i;

	plot->n = 0;
	if (shape == 0)
	{
		add_corner(plot, 0, 0);
		add_corner(plot, side, 0);
		add_corner(plot, side, 1);
		add_corner(plot, 0, 1);
	}
	else if (shape == 1)
		for (i = 0; i < corners; i++)
		{
			double		angle = (i + uniform(-0.3, 0.3)) * 6.283185307179586 / corners;
			double		radius = uniform(0.7, 1.2);

			add_corner(plot, radius * agr_cos(angle), 0.8 * radius * agr_sin(angle));
		}
	else
	{
		double		x = uniform(0.4, 0.7);
		double		y = uniform(0.4, 0.7);

		add_corner(plot, 0, 0);
		add_corner(plot, 1, 0);
		add_corner(plot, 1, y);
		add_corner(plot, x, y);
		add_corner(plot, x, 1);
		add_corner(plot, 0, 1);
	}
	scale_to(plot, area);
}

/* Two squares, and a way between their middles. */
static inline void
draw_two_plots(Outline *plot, double area)
{
	double		side = sqrt(area / 2);
	double		half = uniform(1.5, 2.5);
	double		way = uniform(10, 60);

	plot->n = 0;
	add_corner(plot, 0, 0);
	add_corner(plot, side, 0);
	add_corner(plot, side, side / 2 - half);
	add_corner(plot, side + way, side / 2 - half);
	add_corner(plot, side + way, 0);
	add_corner(plot, 2 * side + way, 0);
	add_corner(plot, 2 * side + way, side);
	add_corner(plot, side + way, side);
	add_corner(plot, side + way, side / 2 + half);
	add_corner(plot, side, side / 2 + half);
	add_corner(plot, side, side);
	add_corner(plot, 0, side);
}

/* ---- the receiver ---- */

/* A Gauss-Markov process on two axes. */
typedef struct Drift
{
	double		sigma;
	double		seconds;
	double		x;
	double		y;
} Drift;

static inline Drift
begin_drift(double sigma, double seconds)
{
	Drift		drift = {.sigma = sigma, .seconds = seconds};

	drift.x = sigma * normal();
	drift.y = sigma * normal();
	return drift;
}

static inline void
drift_on(Drift *drift, double by)
{
	double		keep = agr_exp(-by / drift->seconds);
	double		fresh = drift->sigma * sqrt(1 - keep * keep);

	drift->x = keep * drift->x + fresh * normal();
	drift->y = keep * drift->y + fresh * normal();
}

typedef struct Receiver
{
	Noise		noise;
	double		sigma;			/* of an axis */
	Drift		drift[2];
	double		white;
	double		says;			/* accuracy said for one that is */
	double		every;			/* seconds */
} Receiver;

static inline Receiver
switch_on(Noise noise)
{
	static const double interval[] = {1, 1, 1, 2, 3};
	Receiver	receiver = {.noise = noise};

	receiver.sigma = lognormal(2.4, 0.35);
	if (noise == NOISE_TUNED_ON)
	{
		receiver.drift[0] = begin_drift(receiver.sigma, log_uniform(50, 300));
		receiver.drift[1] = begin_drift(0, 1);
		receiver.says = lognormal(1, 0.2);
	}
	else
	{
		receiver.drift[0] = begin_drift(0.6 * receiver.sigma, log_uniform(25, 60));
		receiver.drift[1] = begin_drift(0.8 * receiver.sigma, log_uniform(200, 900));
		receiver.says = lognormal(1, 0.35);
	}
	receiver.white = uniform(0.2, 0.6);
	receiver.every = interval[below(5)];
	return receiver;
}

/* ---- the walk ---- */

typedef struct Walker
{
	SimulatedWalk *walk;
	Receiver	receiver;
	Vertex		at;
	double		pace;
	double		hurry;			/* how much faster than that for now */
	double		beside;			/* metres off the boundary */
	double		since_fix;
	double		clock;
} Walker;

static inline void
record_fix(Walker *walker, Vertex at, bool boundary)
{
	Receiver   *r = &walker->receiver;
	SimulatedWalk *walk = walker->walk;
	TrackFix   *fix = &walk->fix[walk->n];

	fix->at.x = at.x + r->drift[0].x + r->drift[1].x + r->white * normal();
	fix->at.y = at.y + r->drift[0].y + r->drift[1].y + r->white * normal();
	fix->time = (int64_t) (walker->clock * 1e6);
	/* To a millimetre, as phones do. */
	fix->accuracy_m = floor(1515 * r->sigma * r->says * lognormal(1, 0.1)) / 1000;
	walk->boundary[walk->n] = boundary;
	walk->n += walk->n + 1 < SIMULATED_MOST;
}

/* A quarter of a second at this place. */
static inline void
let_pass(Walker *walker, Vertex at, bool boundary)
{
	walker->clock += 0.25;
	walker->since_fix += 0.25;
	if (walker->since_fix < walker->receiver.every)
		return;
	drift_on(&walker->receiver.drift[0], walker->since_fix);
	drift_on(&walker->receiver.drift[1], walker->since_fix);
	walker->since_fix = 0;
	record_fix(walker, at, boundary);
}

static inline void
stand(Walker *walker, double seconds, bool boundary)
{
	double		until = walker->clock + seconds;

	while (walker->clock < until)
		let_pass(walker, walker->at, boundary);
}

static inline void
walk_to(Walker *walker, Vertex to, bool boundary)
{
	Vertex		from = walker->at;
	double		length = sqrt((to.x - from.x) * (to.x - from.x) + (to.y - from.y) * (to.y - from.y));
	double		gone = 0;

	while (gone < length)
	{
		Vertex		at;

		walker->hurry = 0.97 * walker->hurry + 0.03 * normal();
		walker->beside = 0.97 * walker->beside + 0.07 * normal();
		gone += 0.25 * walker->pace * (1 + 0.6 * walker->hurry);
		if (gone > length)
			gone = length;
		at.x = from.x + (to.x - from.x) * gone / length - walker->beside * (to.y - from.y) / length;
		at.y = from.y + (to.y - from.y) * gone / length + walker->beside * (to.x - from.x) / length;
		let_pass(walker, at, boundary);
	}
	walker->at = to;
}

static inline Vertex
between_corners(const Outline *plot, int side, double part)
{
	Vertex		a = plot->corner[side % plot->n];
	Vertex		b = plot->corner[(side + 1) % plot->n];
	Vertex		v = {a.x + part * (b.x - a.x), a.y + part * (b.y - a.y)};

	return v;
}

/* From the plot's middle through v, on by so many metres. */
static inline Vertex
outside(const Outline *plot, Vertex v, double metres)
{
	Vertex		middle = {0, 0};
	double		length;
	int			i;

	for (i = 0; i < plot->n; i++)
	{
		middle.x += plot->corner[i].x / plot->n;
		middle.y += plot->corner[i].y / plot->n;
	}
	length = sqrt((v.x - middle.x) * (v.x - middle.x) + (v.y - middle.y) * (v.y - middle.y));
	v.x += (v.x - middle.x) / length * metres;
	v.y += (v.y - middle.y) / length * metres;
	return v;
}

static inline Vertex
halfway(Vertex a, Vertex b)
{
	Vertex		v = {(a.x + b.x) / 2, (a.y + b.y) / 2};

	return v;
}

static inline Vertex
beside(Vertex v, double most)
{
	v.x += uniform(-most, most);
	v.y += uniform(-most, most);
	return v;
}

/* A way with a bend in it. */
static inline void
walk_a_way(Walker *walker, Vertex to, Vertex bend)
{
	walk_to(walker, bend, false);
	walk_to(walker, to, false);
}

static inline void
walk_round(Walker *walker, const Outline *plot, Trouble trouble)
{
	int			side = (int) below(plot->n);
	double		part = below(2) ? 0 : uniform(0, 0.9);
	Vertex		start = between_corners(plot, side, part);
	Vertex		gate = outside(plot, start, log_uniform(15, 100));
	Vertex		bend = beside(halfway(start, gate), 5);
	int			stop = (int) below(plot->n);
	double		missing = uniform(0, 3);
	int			i;

	walker->at = start;
	if (trouble == GATE_AND_BACK || trouble == FROM_GATE)
	{
		walker->at = gate;
		walk_a_way(walker, start, bend);
	}
	for (i = 1; i <= plot->n; i++)
	{
		if (trouble == DETOUR && i - 1 == stop)
		{
			Vertex		here = walker->at;
			Vertex		there = outside(plot, here, log_uniform(15, 60));

			walk_to(walker, there, false);
			stand(walker, uniform(5, 40), false);
			walk_to(walker, here, false);
		}
		if (trouble == REST && i - 1 == stop)
			stand(walker, uniform(120, 600), true);
		walk_to(walker, between_corners(plot, side + i, 0), true);
		stand(walker, uniform(0, 8), true);
	}
	/* To where it began, but for a step or two. */
	if (part > 0)
	{
		Vertex		last = between_corners(plot, side, part - fmin(part, missing /
			sqrt(2 * shoelace(plot->corner, plot->n))));

		walk_to(walker, last, true);
	}
	if (trouble == GATE_AND_BACK || trouble == TO_GATE)
		walk_a_way(walker, gate, bend);
}

/* ---- troubles ---- */

static inline uint32_t
fixes_of(const Walker *walker, double seconds)
{
	return (uint32_t) (seconds / walker->receiver.every + 0.5);
}

static inline void
remove_fixes(SimulatedWalk *walk, uint32_t from, uint32_t count)
{
	if (from + count > walk->n)
		count = walk->n - from;
	memmove(&walk->fix[from], &walk->fix[from + count], (walk->n - from - count) * sizeof *walk->fix);
	memmove(&walk->boundary[from], &walk->boundary[from + count], walk->n - from - count);
	walk->n -= count;
}

static inline void
move_fix(SimulatedWalk *walk, uint32_t i, double x, double y)
{
	walk->fix[i].at.x += x;
	walk->fix[i].at.y += y;
	walk->boundary[i] = false;
}

static inline void
make_stale(Walker *walker)
{
	SimulatedWalk *walk = walker->walk;
	uint32_t	count = 2 + (uint32_t) below(2);
	double		away = log_uniform(40, 2000);
	double		angle = uniform(0, 6.283185307179586);
	uint32_t	first = below(2) ? walk->n - count : 0;
	bool		frozen = below(2);
	uint32_t	i;

	for (i = first; i < first + count; i++)
	{
		move_fix(walk, i, away * agr_cos(angle), away * agr_sin(angle));
		if (frozen)
			walk->fix[i].at = walk->fix[first].at;
	}
}

static inline void
reflect(Walker *walker)
{
	SimulatedWalk *walk = walker->walk;
	int			times = 1 + (int) below(3);

	while (times-- > 0)
	{
		uint32_t	count = fixes_of(walker, uniform(5, 20));
		uint32_t	first = (uint32_t) below(walk->n);
		double		away = log_uniform(8, 40);
		double		angle = uniform(0, 6.283185307179586);
		bool		told = below(2);
		uint32_t	rise = walker->receiver.noise == NOISE_REPORTED ? fixes_of(walker, uniform(0, 3)) : 0;
		Drift		wander = begin_drift(walker->receiver.noise == NOISE_REPORTED ? 3 : 1, 10);
		uint32_t	i;

		for (i = 0; i < count && first + i < walk->n; i++)
		{
			uint32_t	edge = i < count - 1 - i ? i : count - 1 - i;
			double		part = edge < rise ? (edge + 1.0) / (rise + 1.0) : 1;

			drift_on(&wander, walker->receiver.every);
			move_fix(walk, first + i, part * (away * agr_cos(angle) + wander.x),
					 part * (away * agr_sin(angle) + wander.y));
			if (told)
				walk->fix[first + i].accuracy_m *= 1.5;
		}
	}
}

static inline void
spoil_some(Walker *walker)
{
	SimulatedWalk *walk = walker->walk;
	uint32_t	i;

	for (i = 0; i < walk->n; i++)
		if (uniform(0, 1) < 0.02)
		{
			double		sigma = uniform(6, 15);

			move_fix(walk, i, sigma * normal(), 0);
			move_fix(walk, i, 0, sigma * normal());
			walk->fix[i].accuracy_m = 1.515 * sigma;
		}
}

static inline void
lose_lock(Walker *walker)
{
	SimulatedWalk *walk = walker->walk;
	uint32_t	count = fixes_of(walker, uniform(5, 20));
	int64_t		first = 1 + below(walk->n - count - 1);
	double		away = uniform(4, 15);
	double		angle = uniform(0, 6.283185307179586);
	double		waning = uniform(10, 30);
	int64_t		i;

	for (i = first + count; i < walk->n; i++)
	{
		double		left = away * agr_exp((double) (first + count - i) * walker->receiver.every / waning);
		double		accuracy = walk->fix[i].accuracy_m;

		if (left < 0.5)
			break;
		move_fix(walk, i, left * agr_cos(angle), left * agr_sin(angle));
		walk->fix[i].accuracy_m = sqrt(accuracy * accuracy + left * left);
	}
	if (below(2))
		remove_fixes(walk, first, count);
	else
		for (i = first; i < first + count; i++)
		{
			walk->fix[i].at = walk->fix[first - 1].at;
			walk->boundary[i] = false;
		}
}

static inline void
fall_silent(Walker *walker)
{
	uint32_t	count = fixes_of(walker, uniform(40, 120));

	if (count + 10 < walker->walk->n)
		remove_fixes(walker->walk, (uint32_t) below(walker->walk->n - count), count);
}

static inline void
make_trouble(Walker *walker, Trouble trouble)
{
	switch (trouble)
	{
		case STALE:
			make_stale(walker);
			break;
		case REFLECTED:
			reflect(walker);
			break;
		case BAD_FIXES:
			spoil_some(walker);
			break;
		case LOST_LOCK:
			lose_lock(walker);
			break;
		case SILENCE:
			fall_silent(walker);
			break;
		default:
			break;
	}
}

/* What the receiver saw of the boundary. */
static inline double
seen_area(const SimulatedWalk *walk)
{
	static Vertex v[SIMULATED_MOST];
	int			n = 0;
	uint32_t	i;

	for (i = 0; i < walk->n; i++)
		if (walk->boundary[i])
			v[n++] = walk->fix[i].at;
	return n < 3 ? 0 : shoelace(v, n);
}

/* The walk of this number, round a plot of so many hectares. */
static inline void
simulate_walk(SimulatedWalk *walk, uint64_t number, Noise noise, Trouble trouble,
			  double least, double most)
{
	Walker		walker = {.walk = walk};
	Outline		plot;
	int			warm;

	/* Spreads numbers that are next to each other (Knuth's multiplier). */
	seed = (number + 1) * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	for (warm = 0; warm < 8; warm++)
		(void) next_bits();
	if (trouble == NECK)
		draw_two_plots(&plot, 1e4 * log_uniform(least, most));
	else
		draw_plot(&plot, 1e4 * log_uniform(least, most));
	walk->n = 0;
	walk->plot_m2 = shoelace(plot.corner, plot.n);
	walker.receiver = switch_on(noise);
	walker.pace = uniform(0.9, 1.4);
	walk_round(&walker, &plot, trouble);
	walk->seen_m2 = seen_area(walk);
	make_trouble(&walker, trouble);

	/* What nobody heard of, nobody can know: only that can be good which is left. */
	if (trouble == SILENCE)
		walk->seen_m2 = seen_area(walk);
}

#endif							/* AGRIRISK_TEST_WALK_SIMULATOR_H */
