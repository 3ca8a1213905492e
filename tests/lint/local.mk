# SPDX-License-Identifier: GPL-3.0-or-later
# The rules of the house that a script can check.
dist_check_SCRIPTS += \
  tests/lint/test-includes.sh \
  tests/lint/test-headers.sh \
  tests/lint/test-manual.sh \
  tests/lint/test-regimes.sh \
  tests/lint/test-sources.sh \
  tests/lint/test-registry.sh
EXTRA_DIST += tests/lint/includes.awk tests/lint/words.awk
