# SPDX-License-Identifier: GPL-3.0-or-later
dist_check_SCRIPTS += tests/e2e/test-demo.sh
LONG_TESTS += tests/e2e/test-demo.sh
# A whole build, under a minute.
dist_check_SCRIPTS += tests/e2e/test-one-file-one-line.sh
LONG_TESTS += tests/e2e/test-one-file-one-line.sh
dist_check_SCRIPTS += tests/e2e/test-tabular.sh
EXTRA_DIST += tests/e2e/tabular.py
dist_check_SCRIPTS += tests/e2e/test-bad-input.sh
dist_check_SCRIPTS += tests/e2e/test-language.sh
dist_check_SCRIPTS += tests/e2e/test-recording.sh
EXTRA_DIST += tests/e2e/gguf.py
dist_check_SCRIPTS += tests/e2e/test-corpora.sh
dist_check_SCRIPTS += tests/e2e/test-mnist.sh
LONG_TESTS += tests/e2e/test-mnist.sh
dist_check_SCRIPTS += tests/e2e/test-export.sh
dist_check_SCRIPTS += tests/e2e/test-cohorts.sh
dist_check_SCRIPTS += tests/e2e/test-quoting.sh
dist_check_SCRIPTS += tests/e2e/test-audit.sh
EXTRA_DIST += tests/e2e/audit.py
dist_check_SCRIPTS += tests/e2e/test-report.sh
dist_check_SCRIPTS += tests/e2e/test-report-audit.sh
dist_check_SCRIPTS += tests/e2e/test-report-withheld.sh tests/e2e/test-report-damage.sh
dist_check_SCRIPTS += tests/e2e/test-coverage.sh
dist_check_SCRIPTS += tests/e2e/test-methods.sh
dist_check_SCRIPTS += tests/e2e/test-parts.sh tests/e2e/test-ranks.sh tests/e2e/test-import-rows.sh tests/e2e/test-import-checkpoints.sh
# A minute, most of it waiting for Slurm.
dist_check_SCRIPTS += tests/e2e/test-slurm.sh
LONG_TESTS += tests/e2e/test-slurm.sh
dist_check_SCRIPTS += tests/e2e/test-same-bits.sh
dist_check_SCRIPTS += tests/e2e/test-explain.sh
EXTRA_DIST += tests/e2e/explain.py
dist_check_SCRIPTS += tests/e2e/test-verify.sh
EXTRA_DIST += tests/e2e/verify.py
# Two whole cases and their reports, and five hundred starts of the program: a minute.
dist_check_SCRIPTS += tests/e2e/test-hostile.sh
LONG_TESTS += tests/e2e/test-hostile.sh
EXTRA_DIST += tests/e2e/hostile.py tests/e2e/hostile_judge.py tests/e2e/hostile_terminal.py
dist_check_SCRIPTS += tests/e2e/test-recipe.sh
LONG_TESTS += tests/e2e/test-recipe.sh
dist_check_SCRIPTS += tests/e2e/test-index.sh
# What a plan says of memory, held against the kernel.
dist_check_SCRIPTS += tests/e2e/test-memory.sh
