# SPDX-License-Identifier: GPL-3.0-or-later
# gui: the program `assay-workbench`.  A new page is page_NAME.c with its page_NAME.ui and one line in PAGES_LIST; the order of the lines
# is that of the sidebar.
PAGES_LIST += \
  gui/page_overview.c \
  gui/page_examples.c \
  gui/page_influence.c \
  gui/page_units.c \
  gui/page_prompt.c \
  gui/page_reasoning.c \
  gui/page_jobs.c \
  gui/page_report.c

GUI_SOURCES = $(PAGES_LIST) \
  gui/about.c gui/about.h \
  gui/action_rows.c gui/action_rows.h \
  gui/application.c gui/application.h \
  gui/case_account.c gui/case_account.h \
  gui/case_choices.c gui/case_choices.h \
  gui/case_contents.c gui/case_contents.h \
  gui/case_deeds.c gui/case_deeds.h \
  gui/case_examples.c gui/case_examples.h \
  gui/case_memory.c gui/case_memory.h \
  gui/case_proposals.c gui/case_proposals.h \
  gui/case_reader.c gui/case_reader.h \
  gui/chart.c gui/chart.h \
  gui/chart_table.c gui/chart_table.h \
  gui/chain_asker.c gui/chain_asker.h \
  gui/chain_bench_view.c gui/chain_bench_view.h \
  gui/chain_figures.c gui/chain_figures.h \
  gui/chain_list.c gui/chain_list.h \
  gui/chain_probes.c gui/chain_probes.h \
  gui/chart_drawing.c gui/chart_drawing.h \
  gui/command_palette.c gui/command_palette.h \
  gui/completion_view.c gui/completion_view.h \
  gui/dial.c gui/dial.h \
  gui/document_view.c gui/document_view.h \
  gui/checks_panel.c gui/checks_panel.h \
  gui/command_palette.c gui/command_palette.h \
  gui/data_table.c gui/data_table.h \
  gui/document_summary.c gui/document_summary.h \
  gui/document_view.c gui/document_view.h \
  gui/empty_state.c gui/empty_state.h \
  gui/example_detail.c gui/example_detail.h \
  gui/facts.c gui/facts.h \
  gui/figure_area.c gui/figure_area.h \
  gui/gradually.c gui/gradually.h \
  gui/growing_list.c gui/growing_list.h \
  gui/grey_image.c gui/grey_image.h \
  gui/holdings_panel.c gui/holdings_panel.h \
  gui/influence_answer.c gui/influence_answer.h \
  gui/influence_ask.c gui/influence_ask.h \
  gui/influence_damping.c gui/influence_damping.h \
  gui/influence_facts.c gui/influence_facts.h \
  gui/influence_figures.c gui/influence_figures.h \
  gui/influence_parts.c gui/influence_parts.h \
  gui/influence_pin.c gui/influence_pin.h \
  gui/influence_question.c gui/influence_question.h \
  gui/job_cost.c gui/job_cost.h \
  gui/job_form.c gui/job_form.h \
  gui/job_list.c gui/job_list.h \
  gui/job_outcome.c gui/job_outcome.h \
  gui/job_process.c gui/job_process.h \
  gui/job_program.c gui/job_program.h \
  gui/job_progress.c gui/job_progress.h \
  gui/job_row.c gui/job_row.h \
  gui/job_start.c gui/job_start.h \
  gui/job_strip.c gui/job_strip.h \
  gui/kind_chooser.c gui/kind_chooser.h \
  gui/language_choices.c gui/language_choices.h \
  gui/lazy_model.c gui/lazy_model.h \
  gui/model_card.c gui/model_card.h \
  gui/model_opening.c gui/model_opening.h \
  gui/model_panel.c gui/model_panel.h \
  gui/model_path.c gui/model_path.h \
  gui/model_words.c \
  gui/object_place.c gui/object_place.h \
  gui/open_case.c gui/open_case.h \
  gui/overview_rows.c gui/overview_rows.h \
  gui/page.c gui/page.h \
  gui/param_entry.c gui/param_entry.h \
  gui/param_form.c gui/param_form.h \
  gui/param_row.c gui/param_row.h \
  gui/place.c gui/place.h \
  gui/preferences.c gui/preferences.h \
  gui/prompt_commands.c gui/prompt_commands.h \
  gui/proposal.c gui/proposal.h \
  gui/reasoning_answer.c gui/reasoning_answer.h \
  gui/reasoning_figures.c gui/reasoning_figures.h \
  gui/provenance_walk.c gui/provenance_walk.h \
  gui/provenance_window.c gui/provenance_window.h \
  gui/field_answers.c gui/field_answers.h \
  gui/report_choice.c gui/report_choice.h \
  gui/report_draft.c gui/report_draft.h \
  gui/report_export.c gui/report_export.h \
  gui/report_fields.c gui/report_fields.h \
  gui/report_outcome.c gui/report_outcome.h \
  gui/report_pins.c gui/report_pins.h \
  gui/report_rules.c gui/report_rules.h \
  gui/score_lists.c gui/score_lists.h gui/score_row.c gui/score_row.h \
  gui/self_checks.c gui/self_checks.h \
  gui/self_checks_answers.c \
  gui/self_checks_influence.c gui/self_checks_private.h \
  gui/session.c gui/session.h \
  gui/settings.c gui/settings.h \
  gui/table_cell.c gui/table_cell.h \
  gui/table_export.c gui/table_export.h \
  gui/token_strip.c gui/token_strip.h \
  gui/unit_detail.c gui/unit_detail.h \
  gui/units_answer.c gui/units_answer.h \
  gui/watchdog.c gui/watchdog.h \
  gui/view_box.c gui/view_box.h \
  gui/welcome.c gui/welcome.h \
  gui/window.c gui/window.h \
  gui/window_actions.c \
  gui/wrap_box.c gui/wrap_box.h

# What goes into the program as it is.
GUI_RESOURCES = $(PAGES_LIST:.c=.ui) \
  gui/chart.ui \
  gui/chain_bench_view.ui \
  gui/chain_probes.ui \
  gui/command_palette.ui \
  gui/empty_state.ui \
  gui/example_detail.ui \
  gui/gtk/help-overlay.ui \
  gui/influence_ask.ui \
  gui/influence_damping.ui \
  gui/job_row.ui \
  gui/job_start.ui \
  gui/job_strip.ui \
  gui/model_panel.ui \
  gui/report_export.ui \
  gui/report_outcome.ui \
  gui/style.css \
  gui/welcome.ui \
  gui/window.ui

GUI_ICONS = \
  gui/icons/assay-case-symbolic.svg \
  gui/icons/assay-damaged-symbolic.svg \
  gui/icons/assay-examples-symbolic.svg \
  gui/icons/assay-failed-symbolic.svg \
  gui/icons/assay-influence-symbolic.svg \
  gui/icons/assay-jobs-symbolic.svg \
  gui/icons/assay-origin-symbolic.svg \
  gui/icons/assay-overview-symbolic.svg \
  gui/icons/assay-passed-symbolic.svg \
  gui/icons/assay-pin-symbolic.svg \
  gui/icons/assay-prompt-symbolic.svg \
  gui/icons/assay-reasoning-symbolic.svg \
  gui/icons/assay-report-symbolic.svg \
  gui/icons/assay-sidebar-symbolic.svg \
  gui/icons/assay-units-symbolic.svg \
  gui/icons/assay-unknown-symbolic.svg
GUI_ICONS += data/icons/hicolor/scalable/apps/org.assay.Workbench.svg data/icons/hicolor/symbolic/apps/org.assay.Workbench-symbolic.svg

EXTRA_DIST += $(GUI_RESOURCES) $(GUI_ICONS) build-aux/make-resources.sh

gui/pages.def: gui/local.mk build-aux/make-registry.sh
	$(registry) page_ $(PAGES_LIST)
REGISTRIES += gui/pages.def
$(addsuffix .lo,gui/libgui_la-page): gui/pages.def

gui/workbench.gresource.xml: gui/local.mk build-aux/make-resources.sh
	$(AM_V_GEN)$(MKDIR_P) $(@D) && $(SHELL) $(srcdir)/build-aux/make-resources.sh $(GUI_RESOURCES) $(GUI_ICONS) >$@.tmp && mv -f $@.tmp $@
gui/resources.c: gui/workbench.gresource.xml $(GUI_RESOURCES) $(GUI_ICONS)
	$(AM_V_GEN)$(GLIB_COMPILE_RESOURCES) --sourcedir=$(srcdir) --target=$@ --generate-source --manual-register --c-name assay_workbench gui/workbench.gresource.xml
CLEANFILES += gui/workbench.gresource.xml gui/resources.c

if HAVE_GTK
noinst_LTLIBRARIES += gui/libgui.la
gui_libgui_la_SOURCES = $(GUI_SOURCES)
nodist_gui_libgui_la_SOURCES = gui/resources.c
gui_libgui_la_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir) -DGETTEXT_PACKAGE='"$(PACKAGE)"'
gui_libgui_la_CFLAGS = $(AM_CFLAGS) $(GTK_CFLAGS)

bin_PROGRAMS += assay-workbench
assay_workbench_SOURCES = gui/main.c
assay_workbench_CPPFLAGS = $(gui_libgui_la_CPPFLAGS) -DASSAY_LOCALE_DIR='"$(localedir)"'
assay_workbench_CFLAGS = $(AM_CFLAGS) $(GTK_CFLAGS)
assay_workbench_LDADD = gui/libgui.la $(LDADD) $(GTK_LIBS)
endif

.PHONY: screenshots
screenshots: assay$(EXEEXT) assay-workbench$(EXEEXT)
	ASSAY_SRCDIR='$(abs_top_srcdir)' ASSAY_BUILDDIR='$(abs_top_builddir)' $(SHELL) $(srcdir)/tests/gui/screenshots.sh
