# SPDX-License-Identifier: GPL-3.0-or-later
# For tests and screenshots of the window: a display, a session bus and directories of their own, and the program driven by its actions.
# Source it where $scratch and $ASSAY_BUILDDIR are set.
#
#   needs_accessibility    skips the whole test where the accessibility tree cannot be read; sets python
#   rerun_on_display       runs the test again, with $scratch as its argument, on a display, and ends; skips it where that cannot be
#   within_display DIR     in that second run: takes the first one's $scratch
#   accessible             and lets the window tell what it shows
#   needs_display          sets missing to the name of the first program that is absent, "" when all are there
#   on_display COMMAND...  runs COMMAND with a display of $screen (1280x800x24) and a session bus
#   within such a command:
#   open_window [CASE]     starts the program and waits until it answers
#   act NAME [GVARIANT]    asks the window for an action
#   app_act NAME           asks the application
#   is_alive               whether the program runs
#   close_window           ends it; status is its exit status

needs_display ()
{
  missing=
  [ -x "$ASSAY_BUILDDIR/assay-workbench" ] || missing="assay-workbench (configured without GTK)"
  for program in Xvfb dbus-run-session gdbus; do
    command -v "$program" >/dev/null || missing=${missing:-$program}
  done
}

needs_accessibility ()
{
  find_python gi
  "$python" -c 'import gi; gi.require_version("Atspi", "2.0"); from gi.repository import Atspi' 2>/dev/null || skip_all "no Atspi for $python"
  export python
}

rerun_on_display ()
{
  needs_display
  [ -z "$missing" ] || skip_all "no $missing"
  on_display "${SHELL-/bin/sh}" "$0" "$scratch"
  exit
}

within_display ()
{
  rm -rf "$scratch"
  trap - EXIT
  scratch=$1
  cd "$scratch" || exit 1
}

accessible ()
{
  unset NO_AT_BRIDGE
  GTK_A11Y=atspi
  export GTK_A11Y
}

# Nothing of the person who runs this, and the same on every machine.
private_environment ()
{
  HOME=$scratch/home
  XDG_CONFIG_HOME=$scratch/home/.config
  XDG_DATA_HOME=$scratch/home/.local/share
  XDG_STATE_HOME=$scratch/home/.local/state
  XDG_CACHE_HOME=$scratch/home/.cache
  XDG_RUNTIME_DIR=$scratch/run
  GSETTINGS_BACKEND=memory
  GSK_RENDERER=cairo
  GDK_BACKEND=x11
  G_DEBUG=fatal-criticals
  LC_ALL=C.UTF-8
  NO_AT_BRIDGE=1
  export HOME XDG_CONFIG_HOME XDG_DATA_HOME XDG_STATE_HOME XDG_CACHE_HOME XDG_RUNTIME_DIR GSETTINGS_BACKEND GSK_RENDERER GDK_BACKEND G_DEBUG LC_ALL \
    NO_AT_BRIDGE
  unset WAYLAND_DISPLAY DBUS_SESSION_BUS_ADDRESS GTK_THEME
  mkdir -p "$XDG_CONFIG_HOME/gtk-4.0" "$XDG_RUNTIME_DIR"
  chmod 700 "$XDG_RUNTIME_DIR"
  printf '[Settings]\ngtk-font-name=Cantarell 11\ngtk-enable-animations=false\ngtk-hint-font-metrics=true\n' >"$XDG_CONFIG_HOME/gtk-4.0/settings.ini"
}

on_display ()
{
  private_environment
  rm -f "$scratch/display"      # of a display before this one
  Xvfb -displayfd 3 -screen 0 "${screen:-1280x800x24}" -nolisten tcp 3>"$scratch/display" >"$scratch/xvfb.log" 2>&1 &
  xvfb=$!
  waited=0
  while [ ! -s "$scratch/display" ] && kill -0 $xvfb 2>/dev/null && [ $waited -lt 200 ]; do
    sleep 0.05
    waited=$((waited + 1))
  done
  DISPLAY=:$(cat "$scratch/display")
  export DISPLAY
  dbus-run-session -- "$@"
  on_display_status=$?
  kill $xvfb 2>/dev/null
  wait $xvfb 2>/dev/null
  return $on_display_status
}

actions ()
{
  gdbus call --session --dest org.assay.Workbench --object-path "$1" --method "org.gtk.Actions.$2" ${3+"$3"} ${4+"$4"} ${5+"$5"}
}

open_window ()
{
  "$ASSAY_BUILDDIR/assay-workbench" "$@" >"$scratch/window.out" 2>"$scratch/window.err" &
  workbench=$!
  waited=0
  until actions /org/assay/Workbench/window/1 List >/dev/null 2>&1; do
    kill -0 $workbench 2>/dev/null || return 1
    [ $waited -lt 200 ] || return 1
    sleep 0.1
    waited=$((waited + 1))
  done
}

act_parameter ()
{
  if [ $# -gt 1 ]; then printf '[<%s>]' "$2"; else printf '[]'; fi
}

act ()
{
  actions /org/assay/Workbench/window/1 Activate "$1" "$(act_parameter "$@")" '{}' >/dev/null
}

app_act ()
{
  actions /org/assay/Workbench Activate "$1" '[]' '{}' >/dev/null
}

is_alive ()
{
  kill -0 $workbench 2>/dev/null
}

close_window ()
{
  app_act quit
  wait $workbench
  status=$?
}
