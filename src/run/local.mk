# SPDX-License-Identifier: GPL-3.0-or-later
# run: a model meets data.
noinst_LTLIBRARIES += src/run/librun.la
ASSAY_FLOORS += src/run/librun.la
src_run_librun_la_SOURCES = \
  src/run/pass.c src/run/pass.h
