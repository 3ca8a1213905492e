# SPDX-License-Identifier: GPL-3.0-or-later
# stats: estimates with their intervals.
noinst_LTLIBRARIES += src/stats/libstats.la
ASSAY_FLOORS += src/stats/libstats.la
src_stats_libstats_la_CFLAGS = $(AM_CFLAGS) $(GSL_CFLAGS)
src_stats_libstats_la_SOURCES = \
  src/stats/auroc.c src/stats/auroc.h \
  src/stats/bootstrap.c src/stats/bootstrap.h \
  src/stats/calibration.c src/stats/calibration.h \
  src/stats/confusion.c src/stats/confusion.h \
  src/stats/contrast.c src/stats/contrast.h \
  src/stats/correlation.c src/stats/correlation.h \
  src/stats/discrimination.c src/stats/discrimination.h \
  src/stats/distribution.c src/stats/distribution.h \
  src/stats/estimate.c src/stats/estimate.h \
  src/stats/exact_sum.c src/stats/exact_sum.h \
  src/stats/false_discovery.c src/stats/false_discovery.h \
  src/stats/impact.c src/stats/impact.h
