# SPDX-License-Identifier: GPL-3.0-or-later
# For tests written in shell: source this, state each fact with `check`, end
# with `finish`.
#
#   . "$ASSAY_SRCDIR/tests/tap.sh"
#   check "an empty list makes an empty table" test ! -s "$scratch/out"
#   finish
#
# $scratch is an empty folder that is removed at the end.

tap_number=0
tap_failures=0
scratch=$(mktemp -d "${TMPDIR:-/tmp}/assay-test-XXXXXX") || exit 1
trap 'chmod -R u+w "$scratch"; rm -rf "$scratch"' EXIT
trap 'exit 1' HUP INT TERM

# check SENTENCE COMMAND...   passes when COMMAND does; its output is shown when not
check ()
{
  tap_sentence=$1
  shift
  tap_number=$((tap_number + 1))
  if tap_output=$("$@" 2>&1); then
    echo "ok $tap_number - $tap_sentence"
  else
    echo "not ok $tap_number - $tap_sentence"
    printf '%s\n' "$tap_output" | sed 's/^/# /'
    tap_failures=$((tap_failures + 1))
  fi
}

# refuses COMMAND...   for `check`: passes when COMMAND fails
refuses ()
{
  if "$@"; then
    echo "expected a failure of: $*"
    return 1
  fi
}

# silent COMMAND...   for `check`: passes when COMMAND succeeds and prints nothing
silent ()
{
  silent_output=$("$@" 2>&1) || { printf '%s\n' "$silent_output"; return 1; }
  [ -z "$silent_output" ] || { printf '%s\n' "$silent_output"; return 1; }
}

# prints PATTERN COMMAND...   for `check`: passes when the output has a line that
# matches the extended regular expression, whatever the exit status
prints ()
{
  prints_pattern=$1
  shift
  prints_output=$("$@" 2>&1)
  printf '%s\n' "$prints_output" | grep -Eq -e "$prints_pattern" && return 0
  echo "expected a line matching: $prints_pattern"
  printf '%s\n' "$prints_output"
  return 1
}

# skip SENTENCE REASON
skip ()
{
  tap_number=$((tap_number + 1))
  echo "ok $tap_number - $1 # SKIP $2"
}

skip_all ()
{
  echo "1..0 # SKIP $1"
  exit 0
}

# find_python MODULE...   sets $python to one that has them, or skips the whole test
find_python ()
{
  for python in ${PYTHON3-} python3 /usr/bin/python3; do
    "$python" -c "import $(echo "$*" | tr ' ' ',')" 2>/dev/null && return
  done
  skip_all "no python3 with $*"
}

# powerless COMMAND...   as somebody without permissions, in a folder that this one can read. COMMAND is a program's path: a copy of it is run,
# since the build may stand where only its owner sees it.
powerless ()
{
  if [ "$(id -u)" -ne 0 ]; then
    "$@"
    return
  fi
  powerless_copy=$scratch/powerless-program
  cp "$1" "$powerless_copy" && chmod 755 "$powerless_copy" "$scratch" || return 1
  shift
  setpriv --reuid=65534 --regid=65534 --clear-groups "$powerless_copy" "$@"
}

finish ()
{
  echo "1..$tap_number"
  [ "$tap_failures" -eq 0 ]
  exit
}
