# SPDX-License-Identifier: GPL-3.0-or-later
# job: from a specification to a result.  A new kind of job is one file and one line in KINDS_LIST.
KINDS_LIST += \
  src/job/kind_new.c \
  src/job/kind_verify.c

noinst_LTLIBRARIES += src/job/libjob.la
ASSAY_FLOORS += src/job/libjob.la
src_job_libjob_la_SOURCES = $(KINDS_LIST) \
  src/job/kind.c src/job/kind.h \
  src/job/plan.c src/job/plan.h \
  src/job/provenance.c src/job/provenance.h \
  src/job/runner.c src/job/runner.h \
  src/job/spec.c src/job/spec.h \
  src/job/view.c src/job/view.h
src/job/kind.lo: src/job/kinds.def
