# SPDX-License-Identifier: GPL-3.0-or-later
# job: from a specification to a result.  A new kind of job is one file and one line in KINDS_LIST.
KINDS_LIST += \
  src/job/kind_audit.c \
  src/job/kind_certify.c \
  src/job/kind_check.c \
  src/job/kind_coverage.c \
  src/job/kind_cot.c \
  src/job/kind_demo.c \
  src/job/kind_examples.c \
  src/job/kind_explain.c \
  src/job/kind_export.c \
  src/job/kind_factors.c \
  src/job/kind_generate.c \
  src/job/kind_import.c \
  src/job/kind_index.c \
  src/job/kind_influence.c \
  src/job/kind_info.c \
  src/job/kind_keygen.c \
  src/job/kind_lens.c \
  src/job/kind_logits.c \
  src/job/kind_loss.c \
  src/job/kind_mislabel.c \
  src/job/kind_new.c \
  src/job/kind_pin.c \
  src/job/kind_record.c \
  src/job/kind_report.c \
  src/job/kind_retrain.c \
  src/job/kind_search.c \
  src/job/kind_sign.c \
  src/job/kind_spectrum.c \
  src/job/kind_tokenize.c \
  src/job/kind_tokenizer.c \
  src/job/kind_train.c \
  src/job/kind_units.c \
  src/job/kind_validate.c \
  src/job/kind_verify.c

noinst_LTLIBRARIES += src/job/libjob.la
ASSAY_FLOORS += src/job/libjob.la
src_job_libjob_la_SOURCES = $(KINDS_LIST) \
  src/job/architecture.c src/job/architecture.h \
  src/job/audit.c src/job/audit.h \
  src/job/audit_challenger.c \
  src/job/audit_group.c \
  src/job/audit_measure.c \
  src/job/audit_model.c \
  src/job/audit_score.c \
  src/job/audit_store.c \
  src/job/audit_view.c src/job/audit_view.h \
  src/job/coefficients.c src/job/coefficients.h \
  src/job/command.c src/job/command.h \
  src/job/command_line.c src/job/command_line.h \
  src/job/cost_meter.c src/job/cost_meter.h \
  src/job/cot_document.c src/job/cot_document.h \
  src/job/cot_reference.c src/job/cot_reference.h \
  src/job/cot_view.c src/job/cot_view.h \
  src/job/demo_findings.c src/job/demo_findings.h \
  src/job/demo_parts.c src/job/demo_parts.h \
  src/job/demo_view.c src/job/demo_view.h \
  src/job/describe.c src/job/describe.h \
  src/job/example_answers.c src/job/example_answers.h \
  src/job/example_index.c src/job/example_index.h \
  src/job/explain.c src/job/explain.h \
  src/job/explain_evidence.c \
  src/job/explain_flips.c \
  src/job/explain_packet.c \
  src/job/explain_store.c \
  src/job/explain_view.c src/job/explain_view.h \
  src/job/export.c src/job/export.h \
  src/job/export_csv.c \
  src/job/export_directory.c \
  src/job/export_h5.c \
  src/job/identifiability.c src/job/identifiability.h \
  src/job/import_bank.c \
  src/job/import_checkpoints.c src/job/import_checkpoints.h src/job/import_measured.h \
  src/job/import_recipe.c src/job/import_recipe.h \
  src/job/import_rows.c \
  src/job/probe_direction.c src/job/probe_direction.h \
  src/job/import_scores.c \
  src/job/imported_scores.c src/job/imported_scores.h \
  src/job/influence_task.c src/job/influence_task.h \
  src/job/kind.c src/job/kind.h \
  src/job/language.c src/job/language.h \
  src/job/left_out.c src/job/left_out.h \
  src/job/live_ranking.c src/job/live_ranking.h \
  src/job/measure.c src/job/measure.h \
  src/job/pins.c src/job/pins.h \
  src/job/plan.c src/job/plan.h \
  src/job/provenance.c src/job/provenance.h \
  src/job/query_view.c src/job/query_view.h \
  src/job/ranks.c src/job/ranks.h \
  src/job/regime_choice.c src/job/regime_choice.h \
  src/job/removal.c src/job/removal.h \
  src/job/report_document.c src/job/report_document.h \
  src/job/report_source.c src/job/report_source.h \
  src/job/retraining.c src/job/retraining.h \
  src/job/runner.c src/job/runner.h \
  src/job/score_parts.c src/job/score_parts.h \
  src/job/shard.c src/job/shard.h \
  src/job/spec.c src/job/spec.h \
  src/job/spec_command.c \
  src/job/model_card.c src/job/model_card.h \
  src/job/model_check.c src/job/model_check.h \
  src/job/prompts.c src/job/prompts.h \
  src/job/standard_input.c src/job/standard_input.h \
  src/job/subject.c src/job/subject.h \
  src/job/train_view.c src/job/train_view.h \
  src/job/training_cost.c src/job/training_cost.h \
  src/job/units_document.c src/job/units_document.h \
  src/job/units_view.c src/job/units_view.h \
  src/job/validation_view.c src/job/validation_view.h \
  src/job/validation_choice.c src/job/validation_choice.h \
  src/job/validation_controls.c src/job/validation_controls.h \
  src/job/validation_method.c src/job/validation_method.h \
  src/job/view.c src/job/view.h
src/job/kind.lo: src/job/kinds.def
src/job/kind_import.lo: src/dataset/organisms.def
