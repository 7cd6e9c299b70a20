# PGXS build. `make && make install && make installcheck` work as usual;
# bin/check runs every layer of tests on a throw-away cluster.
EXTENSION = agririsk
EXTVERSION = $(shell sed -n "s/^default_version = '\(.*\)'/\1/p" $(srcdir)/agririsk.control)
srcdir ?= .

MODULE_big = agririsk
OBJS = $(patsubst $(srcdir)/%.c,%.o,$(wildcard $(srcdir)/src/*.c $(srcdir)/src/*/*.c $(srcdir)/src/*/*/*.c))

INSTALL_SQL = $(sort $(wildcard $(srcdir)/sql/install/*.sql))
DATA_built = agririsk--$(EXTVERSION).sql
DATA = $(wildcard $(srcdir)/sql/update/agririsk--*--*.sql)
EXTRA_CLEAN = agririsk--*.sql $(patsubst %.o,%.d,$(OBJS))

REGRESS = $(sort $(notdir $(basename $(wildcard $(srcdir)/sql/*.sql))))
REGRESS_OPTS = --load-extension=postgis --load-extension=agririsk

# Contracted multiply-adds would make the bits depend on the CPU. The option is
# among these flags because clang, which compiles for the JIT, sees no others.
PG_CPPFLAGS = -I$(srcdir)/src -include $(srcdir)/src/arithmetic.h -ffp-contract=off
WARNINGS = -Wextra -Wno-unused-parameter -Wno-sign-compare -Wno-missing-field-initializers -Wno-cast-function-type
PG_CFLAGS = -fvisibility=hidden $(WARNINGS) -MMD $(AGRIRISK_CFLAGS)

PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs)
include $(PGXS)

# What every type declares alike is in sql/template.
agririsk--$(EXTVERSION).sql: $(INSTALL_SQL) $(wildcard $(srcdir)/sql/template/*) $(srcdir)/agririsk.control
	LC_ALL=C awk -f $(srcdir)/sql/template/expand.awk $(INSTALL_SQL) > $@.part
	mv $@.part $@

-include $(patsubst %.o,%.d,$(OBJS))
