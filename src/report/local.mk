# SPDX-License-Identifier: GPL-3.0-or-later
# report: the document, its numbers, fields and regimes, figures, formats, evidence and signatures.
noinst_LTLIBRARIES += src/report/libreport.la
ASSAY_FLOORS += src/report/libreport.la
src_report_libreport_la_CPPFLAGS = $(AM_CPPFLAGS) -DASSAY_REGIMES_FOLDER='"$(pkgdatadir)/regimes"'
src_report_libreport_la_SOURCES = \
  src/report/coverage.c src/report/coverage.h \
  src/report/field.c src/report/field.h \
  src/report/field_set.c src/report/field_set.h \
  src/report/field_text.c \
  src/report/fields_file.c src/report/fields_file.h \
  src/report/regime.c src/report/regime.h \
  src/report/regime_pack.c src/report/regime_pack.h \
  src/report/results.c src/report/results.h \
  src/report/strict_json.c src/report/strict_json.h

# Bundles, evidence and signatures: the door of OpenSSL on this floor.
src_report_libreport_la_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS)
src_report_libreport_la_SOURCES += \
  src/report/bundle.c src/report/bundle.h \
  src/report/bundle_directory.c src/report/bundle_directory.h \
  src/report/sums.c src/report/sums.h
