# SPDX-License-Identifier: GPL-3.0-or-later
report_packs = tests/report/packs.c tests/report/packs.h
check_PROGRAMS += tests/report/test-results tests/report/test-field tests/report/test-field_prose tests/report/test-fields_file tests/report/test-regime
tests_report_test_results_SOURCES = tests/report/test-results.c
tests_report_test_field_SOURCES = tests/report/test-field.c $(report_packs)
tests_report_test_field_prose_SOURCES = tests/report/test-field_prose.c $(report_packs)
tests_report_test_fields_file_SOURCES = tests/report/test-fields_file.c $(report_packs)
tests_report_test_regime_SOURCES = tests/report/test-regime.c $(report_packs)

check_PROGRAMS += tests/report/test-bundle
tests_report_test_bundle_SOURCES = tests/report/test-bundle.c tests/store/store_test.h

sealed = tests/report/sealed.h tests/store/store_test.h
check_PROGRAMS += tests/report/test-evidence tests/report/test-signature tests/report/test-bundle_verify
tests_report_test_bundle_verify_SOURCES = tests/report/test-bundle_verify.c $(sealed)
tests_report_test_evidence_SOURCES = tests/report/test-evidence.c $(sealed)
tests_report_test_signature_SOURCES = tests/report/test-signature.c $(sealed)

check_PROGRAMS += tests/report/test-figure
tests_report_test_figure_SOURCES = tests/report/test-figure.c
tests_report_test_figure_CFLAGS = $(AM_CFLAGS) $(CAIRO_CFLAGS)
check_PROGRAMS += tests/report/test-document
tests_report_test_document_SOURCES = tests/report/test-document.c tests/report/sample.c tests/report/sample.h
tests_report_test_document_CFLAGS = $(AM_CFLAGS) $(CAIRO_CFLAGS)
check_PROGRAMS += tests/report/test-overlap
tests_report_test_overlap_SOURCES = tests/report/test-overlap.c
check_PROGRAMS += tests/report/test-pdf
tests_report_test_pdf_SOURCES = tests/report/test-pdf.c tests/report/sample.c tests/report/sample.h
tests_report_test_pdf_CFLAGS = $(AM_CFLAGS) $(CAIRO_CFLAGS)
