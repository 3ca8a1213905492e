# SPDX-License-Identifier: GPL-3.0-or-later
# The program as a whole, and the parts of it that are pure functions.
dist_check_SCRIPTS += \
  tests/cli/test-command-line.sh \
  tests/cli/test-completion.sh \
  tests/cli/test-examples.sh \
  tests/cli/test-from-python.sh
EXTRA_DIST += tests/cli/people.awk

check_PROGRAMS += tests/cli/test-text
tests_cli_test_text_SOURCES = tests/cli/test-text.c
tests_cli_test_text_LDADD = src/cli/libcli.la $(LDADD)
