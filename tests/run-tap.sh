#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Runs one test for automake's TAP driver: a GTest program with --tap, a shell
# script as it is.  Exit status 77 means "everything skipped", which the driver
# does not know.

test=$1
shift
if [ -z "${ASSAY_TEST_DATA-}" ] && [ -d "$ASSAY_SRCDIR/../shared/data" ]; then
  ASSAY_TEST_DATA=$(cd "$ASSAY_SRCDIR/../shared/data" && pwd)
  export ASSAY_TEST_DATA
fi
LC_ALL=C.UTF-8
G_DEBUG=fatal-criticals
G_SLICE=always-malloc
export LC_ALL G_DEBUG G_SLICE
case $test in
  *.sh)
    # Its plan comes last (tests/tap.sh), so that an early end is seen without
    # the status; a failure would count twice with it.
    "${SHELL-/bin/sh}" "$test" "$@"
    exit 0
    ;;
esac
"$test" --tap "$@"
status=$?
[ "$status" -eq 77 ] && status=0
exit "$status"
