# SPDX-License-Identifier: GPL-3.0-or-later
# report: the document, its numbers, figures, formats, evidence and signatures.
noinst_LTLIBRARIES += src/report/libreport.la
ASSAY_FLOORS += src/report/libreport.la
src_report_libreport_la_SOURCES = \
  src/report/results.c src/report/results.h
