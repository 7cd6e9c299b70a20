# Shared by the scripts beside this file, which look at the source without a
# server and print TAP. They run from the root of a copy of the tree; WORK is a
# folder they may write to.
# shellcheck shell=sh

set -eu
number=0
failed=0

# expect SAYS COMMAND...: one test; what a failed command prints, as comments.
expect() {
	says=$1
	shift
	number=$((number + 1))
	if "$@" >"$WORK/said" 2>&1; then
		echo "ok $number - $says"
	else
		failed=1
		echo "not ok $number - $says"
		head -n 40 "$WORK/said" | sed 's/^/# /'
	fi
}

# not_run WHAT WHY: bin/check shows such lines, so that nobody takes what was
# not looked at for what is good.
not_run() {
	echo "# not run: $1: $2"
}

done_testing() {
	echo "1..$number"
	exit "$failed"
}

# warnings COMPILER INCLUDE: of every file, with the warnings of the Makefile.
warnings() {
	# shellcheck disable=SC2046 # a list of words
	find src -name '*.c' -print0 | xargs -0 -n 8 -P "$(nproc)" "$1" -fsyntax-only -std=gnu99 -O2 \
		-Wall -Wdeclaration-after-statement $(sed -n 's/^WARNINGS = //p' Makefile) \
		-Wno-unknown-warning-option -Werror -fvisibility=hidden \
		-Isrc -include src/arithmetic.h -isystem "$2"
}
