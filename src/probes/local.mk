# SPDX-License-Identifier: GPL-3.0-or-later
# probes: what a model does inside, measured.
noinst_LTLIBRARIES += src/probes/libprobes.la
ASSAY_FLOORS += src/probes/libprobes.la
src_probes_libprobes_la_SOURCES = \
  src/probes/certificate.c src/probes/certificate.h
