#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Pictures of every page, light and dark, in two sizes:
#   make screenshots [CASE=DIR] [SHOTS=DIR] [SIZES="1280x800"] [THEMES="light dark"] [PAGES="jobs ..."] [EXAMPLE=train:0]
# Without a case the demonstration is built first. SHOTS is where the pictures go (default: screenshots/).

if [ "${1-}" != inside ]; then
  scratch=$(mktemp -d) || exit 1
  trap 'rm -rf "$scratch"' EXIT
  export scratch
  . "$ASSAY_SRCDIR/tests/gui/display.sh"
  needs_display
  command -v import >/dev/null || missing=${missing:-import (ImageMagick)}
  if [ -n "$missing" ]; then
    echo "no $missing" >&2
    exit 77
  fi
  SHOTS=$(mkdir -p "${SHOTS:-screenshots}" && cd "${SHOTS:-screenshots}" && pwd) || exit 1
  if [ -z "${CASE-}" ]; then
    CASE=$SHOTS/demonstration.assay
    "$ASSAY_BUILDDIR/assay" demo "$CASE" >/dev/null || exit 1
  fi
  CASE=$(cd "$CASE" && pwd) || exit 1
  export SHOTS CASE
  for size in ${SIZES:-1280x800 1920x1080}; do
    for theme in ${THEMES:-light dark}; do
      screen=${size}x24
      export size theme
      on_display "${SHELL-/bin/sh}" "$0" inside 2>"$scratch/log" || { cat "$scratch/log" >&2; exit 1; }
    done
  done
  ls "$SHOTS"/*.png
  exit
fi

. "$ASSAY_SRCDIR/tests/gui/display.sh"
cd "$scratch" || exit 1
mkdir -p "$XDG_CONFIG_HOME/assay"
themes=" light:1 dark:2 "
number=${themes#* "$theme":}
cat >"$XDG_CONFIG_HOME/assay/workbench.conf" <<CONF
[workbench]
theme=${number%% *}
window-width=${size%x*}
window-height=${size#*x}
restore=false
recent=$CASE;
CONF

shoot ()
{
  sleep "${2-0.6}"
  import -window root "$SHOTS/$1-$theme-$size.png"
}

open_window || exit 1
shoot welcome 1
act open-path "'$CASE'"
sleep 1.5
act select "('example', '${EXAMPLE:-train:16}')"
for page in ${PAGES:-$(sed -n 's/^ASSAY_REGISTER (\(.*\))$/\1/p' "$ASSAY_BUILDDIR/gui/pages.def")}; do
  act go "'$page'"
  shoot "$page" 1
done
act palette
shoot palette
close_window
