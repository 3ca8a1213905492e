# SPDX-License-Identifier: GPL-3.0-or-later
# base: what GLib lacks.
noinst_LTLIBRARIES += src/base/libbase.la
ASSAY_FLOORS += src/base/libbase.la
src_base_libbase_la_CPPFLAGS = $(AM_CPPFLAGS) -DPKGLIBDIR='"$(pkglibdir)"'
src_base_libbase_la_SOURCES = \
  src/base/beside.c src/base/beside.h \
  src/base/collective.c src/base/collective.h src/base/collective_mpi.c \
  src/base/error.c src/base/error.h \
  src/base/isa.c src/base/isa.h \
  src/base/json.c src/base/json.h \
  src/base/mem.c src/base/mem.h \
  src/base/num.h \
  src/base/param.c src/base/param.h \
  src/base/progress.c src/base/progress.h \
  src/base/rng.c src/base/rng.h \
  src/base/text.c src/base/text.h \
  src/base/workers.c src/base/workers.h
