# SPDX-License-Identifier: GPL-3.0-or-later
# report: the document, its numbers, fields and regimes, figures, formats, evidence and signatures.
# Sections in the order of the report.
SECTIONS_LIST += \
  src/report/section_findings.c \
  src/report/section_model.c \
  src/report/section_data.c \
  src/report/section_performance.c \
  src/report/section_subgroups.c \
  src/report/section_outside_score.c \
  src/report/section_attribution.c \
  src/report/section_validity.c \
  src/report/section_retraining.c \
  src/report/section_mechanisms.c \
  src/report/section_reasoning.c \
  src/report/section_decisions.c \
  src/report/section_regimes.c \
  src/report/section_not_done.c \
  src/report/section_reproduction.c \
  src/report/section_sign_off.c \
  src/report/section_fields.c \
  src/report/section_crosswalk.c
WRITERS_LIST += \
  src/report/writer_csv.c \
  src/report/writer_html.c \
  src/report/writer_json.c \
  src/report/writer_markdown.c \
  src/report/writer_notebook.c \
  src/report/writer_pdf.c

noinst_LTLIBRARIES += src/report/libreport.la
ASSAY_FLOORS += src/report/libreport.la
src_report_libreport_la_CPPFLAGS = $(AM_CPPFLAGS) -DASSAY_REGIMES_FOLDER='"$(pkgdatadir)/regimes"'
src_report_libreport_la_SOURCES = \
  $(SECTIONS_LIST) $(WRITERS_LIST) \
  src/report/audit_columns.c src/report/audit_columns.h \
  src/report/audit_groups.c src/report/audit_groups.h \
  src/report/audit_measures.c src/report/audit_measures.h \
  src/report/audit_table.c src/report/audit_table.h \
  src/report/case_state.c src/report/case_state.h \
  src/report/columns.c src/report/columns.h \
  src/report/coverage.c src/report/coverage.h \
  src/report/decision.c src/report/decision.h src/report/decision_people.c \
  src/report/document.c src/report/document.h \
  src/report/escape_html.c src/report/escape_html.h \
  src/report/field.c src/report/field.h \
  src/report/field_set.c src/report/field_set.h \
  src/report/field_spread.c src/report/field_text.c \
  src/report/fields_file.c src/report/fields_file.h \
  src/report/html_style.c src/report/html_style.h \
  src/report/markdown.c src/report/markdown.h \
  src/report/notebook.c src/report/notebook.h \
  src/report/people.c src/report/people.h \
  src/report/regime.c src/report/regime.h \
  src/report/regime_pack.c src/report/regime_pack.h \
  src/report/results.c src/report/results.h \
  src/report/section.c src/report/section.h \
  src/report/source.c src/report/source.h \
  src/report/strict.c src/report/strict.h \
  src/report/strict_json.c src/report/strict_json.h \
  src/report/validity.c src/report/validity.h \
  src/report/withheld.c src/report/withheld.h \
  src/report/writer.c src/report/writer.h

# Bundles, evidence and signatures: the door of OpenSSL on this floor.
src_report_libreport_la_CFLAGS = $(AM_CFLAGS) $(CRYPTO_CFLAGS) $(CAIRO_CFLAGS) $(QPDF_CFLAGS)
src_report_libreport_la_SOURCES += \
  src/report/blocks.c src/report/blocks.h \
  src/report/bundle.c src/report/bundle.h \
  src/report/bundle_answer.c src/report/bundle_answer.h \
  src/report/bundle_directory.c src/report/bundle_directory.h \
  src/report/bundle_verify.c src/report/bundle_verify.h src/report/bundle_verify_private.h \
  src/report/bundle_verify_evidence.c \
  src/report/bundle_verify_report.c \
  src/report/bundle_verify_signatures.c \
  src/report/countersign.c src/report/countersign.h \
  src/report/evidence.c src/report/evidence.h \
  src/report/number_proof.c src/report/number_proof.h \
  src/report/seal.c src/report/seal.h \
  src/report/signature.c src/report/signature.h \
  src/report/signing_key.c src/report/signing_key.h \
  src/report/statement.c src/report/statement.h \
  src/report/sums.c src/report/sums.h \
  src/report/time_token.c src/report/time_token.h \
  src/report/verdict.c src/report/verdict.h

# What the program knows of a case, for fields.
src_report_libreport_la_SOURCES += \
  src/report/facts.c src/report/facts.h src/report/facts_private.h \
  src/report/field_prose.c src/report/field_prose.h \
  src/report/facts_case.c \
  src/report/facts_data.c \
  src/report/facts_evaluation.c \
  src/report/facts_model.c \
  src/report/facts_process.c \
  src/report/facts_training.c \
  src/report/facts_use.c \
  src/report/overlap.c src/report/overlap.h

# Figures.
src_report_libreport_la_SOURCES += \
  $(MARKS_LIST) \
  src/report/canvas.c src/report/canvas.h src/report/canvas_svg.c \
  src/report/figure.c src/report/figure.h src/report/figure_private.h \
  src/report/figure_data.c \
  src/report/figure_draw.c \
  src/report/figure_hit.c \
  src/report/figure_plan.c \
  src/report/figure_range.c \
  src/report/figure_scale.c src/report/figure_scale.h \
  src/report/figure_theme.c src/report/figure_theme.h \
  src/report/typeset.c src/report/typeset.h
# How a figure can show a series.
MARKS_LIST += \
  src/report/mark_band.c \
  src/report/mark_bars.c \
  src/report/mark_dumbbells.c \
  src/report/mark_heat.c \
  src/report/mark_histogram.c \
  src/report/mark_intervals.c \
  src/report/mark_line.c \
  src/report/mark_points.c \
  src/report/mark_rule.c \
  src/report/mark_tokens.c
# Made before anything here is compiled; what includes them is tracked from then on.
$(src_report_libreport_la_OBJECTS): | src/report/marks.def src/report/notebook_preamble.def src/report/sections.def src/report/writers.def

# Pages.
src_report_libreport_la_SOURCES += \
  src/report/pdf_artifacts.c \
  src/report/pdf_blocks.c src/report/pdf_blocks.h \
  src/report/pdf_claim.c \
  src/report/pdf_finish.c src/report/pdf_finish.h \
  src/report/pdf_flow.c src/report/pdf_flow.h \
  src/report/pdf_front.c \
  src/report/pdf_pages.c src/report/pdf_pages.h \
  src/report/pdf_srgb.c \
  src/report/pdf_table.c
