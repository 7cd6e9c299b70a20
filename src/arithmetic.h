/*
 * arithmetic.h
 *		What equal bits on every machine ask of a compiler. The Makefiles
 *		include it in every file, so that no file is compiled without it.
 *
 * Contraction of multiply-adds cannot be asked for here; -ffp-contract=off
 * stands beside the -include.
 */
#if defined(__FAST_MATH__) || __FINITE_MATH_ONLY__ || defined(__ASSOCIATIVE_MATH__) || \
	defined(__RECIPROCAL_MATH__) || defined(__NO_SIGNED_ZEROS__)
#error "agririsk cannot be compiled with -ffast-math or a part of it: its results would depend on the compiler"
#endif

#if __FLT_EVAL_METHOD__ != 0
#error "agririsk needs doubles that are computed as doubles (FLT_EVAL_METHOD 0), which x87 arithmetic does not give"
#endif

#ifndef __SIZEOF_INT128__
#error "agririsk needs 128-bit integers (__int128), which gcc and clang have on 64-bit machines only"
#endif
