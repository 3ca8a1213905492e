# SPDX-License-Identifier: GPL-3.0-or-later
# The window: its logic without a display, and the program itself on a display of its own.
if HAVE_GTK
GUI_TESTS = tests/gui/test-field_answers tests/gui/test-job_form tests/gui/test-job_process tests/gui/test-overview tests/gui/test-place tests/gui/test-prompt tests/gui/test-reasoning tests/gui/test-session \
  tests/gui/test-settings tests/gui/test-table_export
check_PROGRAMS += $(GUI_TESTS)
gui_test_flags = $(gui_libgui_la_CPPFLAGS)
gui_test_libs = gui/libgui.la $(LDADD) $(GTK_LIBS)
tests_gui_test_field_answers_SOURCES = tests/gui/test-field_answers.c
tests_gui_test_field_answers_CPPFLAGS = $(gui_test_flags)
tests_gui_test_field_answers_CFLAGS = $(AM_CFLAGS) $(GTK_CFLAGS)
tests_gui_test_field_answers_LDADD = $(gui_test_libs)
tests_gui_test_job_form_SOURCES = tests/gui/test-job_form.c
tests_gui_test_job_form_CPPFLAGS = $(gui_test_flags)
tests_gui_test_job_form_CFLAGS = $(AM_CFLAGS) $(GTK_CFLAGS)
tests_gui_test_job_form_LDADD = $(gui_test_libs)
tests_gui_test_job_process_SOURCES = tests/gui/test-job_process.c
tests_gui_test_job_process_CPPFLAGS = $(gui_test_flags)
tests_gui_test_job_process_CFLAGS = $(AM_CFLAGS) $(GTK_CFLAGS)
tests_gui_test_job_process_LDADD = $(gui_test_libs)
tests_gui_test_overview_SOURCES = tests/gui/test-overview.c
tests_gui_test_overview_CPPFLAGS = $(gui_test_flags)
tests_gui_test_overview_CFLAGS = $(AM_CFLAGS) $(GTK_CFLAGS)
tests_gui_test_overview_LDADD = $(gui_test_libs)
tests_gui_test_place_SOURCES = tests/gui/test-place.c
tests_gui_test_place_CPPFLAGS = $(gui_test_flags)
tests_gui_test_place_CFLAGS = $(AM_CFLAGS) $(GTK_CFLAGS)
tests_gui_test_place_LDADD = $(gui_test_libs)
tests_gui_test_prompt_SOURCES = tests/gui/test-prompt.c
tests_gui_test_prompt_CPPFLAGS = $(gui_test_flags)
tests_gui_test_prompt_CFLAGS = $(AM_CFLAGS) $(GTK_CFLAGS)
tests_gui_test_prompt_LDADD = $(gui_test_libs)
tests_gui_test_reasoning_SOURCES = tests/gui/test-reasoning.c tests/probes/compiled.c tests/probes/compiled.h tests/job/fixtures.c tests/job/fixtures.h
tests_gui_test_reasoning_CPPFLAGS = $(gui_test_flags)
tests_gui_test_reasoning_CFLAGS = $(AM_CFLAGS) $(GTK_CFLAGS)
tests_gui_test_reasoning_LDADD = $(gui_test_libs)
tests_gui_test_session_SOURCES = tests/gui/test-session.c
tests_gui_test_session_CPPFLAGS = $(gui_test_flags)
tests_gui_test_session_CFLAGS = $(AM_CFLAGS) $(GTK_CFLAGS)
tests_gui_test_session_LDADD = $(gui_test_libs)
tests_gui_test_settings_SOURCES = tests/gui/test-settings.c
tests_gui_test_settings_CPPFLAGS = $(gui_test_flags)
tests_gui_test_settings_CFLAGS = $(AM_CFLAGS) $(GTK_CFLAGS)
tests_gui_test_settings_LDADD = $(gui_test_libs)
tests_gui_test_table_export_SOURCES = tests/gui/test-table_export.c
tests_gui_test_table_export_CPPFLAGS = $(gui_test_flags)
tests_gui_test_table_export_CFLAGS = $(AM_CFLAGS) $(GTK_CFLAGS)
tests_gui_test_table_export_LDADD = $(gui_test_libs)
endif
dist_check_SCRIPTS += tests/gui/test-window.sh tests/gui/test-tour.sh tests/gui/test-prompt-page.sh tests/gui/test-hostile.sh
LONG_TESTS += tests/gui/test-hostile.sh
EXTRA_DIST += tests/gui/hostile_window.py tests/gui/prompt.py tests/gui/tour.py tests/gui/tree.py tests/gui/display.sh tests/gui/screenshots.sh
