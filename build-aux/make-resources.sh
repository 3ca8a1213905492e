#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Prints the list of resources of the window, for glib-compile-resources:
#   make-resources.sh gui/window.ui data/icons/hicolor/scalable/apps/NAME.svg
# A file of gui/ is named as below gui/; an icon is put where GTK looks for it.

set -eu
echo '<?xml version="1.0" encoding="UTF-8"?>'
echo '<gresources><gresource prefix="/org/assay/Workbench">'
for file in "$@"; do
  case $file in
    gui/icons/*.svg) echo "<file alias=\"icons/scalable/actions/${file##*/}\">$file</file>" ;;
    data/icons/hicolor/*.svg) echo "<file alias=\"${file#data/}\">$file</file>" | sed 's|alias="icons/hicolor/|alias="icons/|' ;;
    gui/*.ui) echo "<file alias=\"${file#gui/}\">$file</file>" ;;
    gui/*) echo "<file alias=\"${file#gui/}\">$file</file>" ;;
    *) echo "make-resources.sh: $file: no resource of the window" >&2; exit 1 ;;
  esac
done
echo '</gresource></gresources>'
