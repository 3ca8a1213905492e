# SPDX-License-Identifier: GPL-3.0-or-later
# What a regime asks for, and the fields that answer it: data, read when the program runs.
regimesdir = $(pkgdatadir)/regimes
dist_regimes_DATA = \
  data/regimes/ai-act-annex-iv-2024-1689.json \
  data/regimes/fields.json \
  data/regimes/fmti-2025-12.json \
  data/regimes/sr-26-2-2026-04.json
jsonschemasdir = $(pkgdatadir)/schemas
dist_jsonschemas_DATA = \
  data/schemas/fields-1.json \
  data/schemas/report-document-1.json \
  data/schemas/regime-1.json
# What the desktop knows of the window.
DESKTOP_FILES = data/org.assay.Workbench.desktop data/org.assay.Workbench.metainfo.xml data/org.assay.Workbench.mime.xml \
  data/org.assay.Workbench.gschema.xml
EXTRA_DIST += $(DESKTOP_FILES)

if HAVE_GTK
desktopdir = $(datadir)/applications
desktop_DATA = data/org.assay.Workbench.desktop
metainfodir = $(datadir)/metainfo
metainfo_DATA = data/org.assay.Workbench.metainfo.xml
schemasdir = $(datadir)/glib-2.0/schemas
schemas_DATA = data/org.assay.Workbench.gschema.xml
iconsdir = $(datadir)/icons/hicolor/scalable/apps
icons_DATA = data/icons/hicolor/scalable/apps/org.assay.Workbench.svg
symbolic_iconsdir = $(datadir)/icons/hicolor/symbolic/apps
symbolic_icons_DATA = data/icons/hicolor/symbolic/apps/org.assay.Workbench-symbolic.svg
# The database wants its package by the program's own name.
mimedir = $(datadir)/mime/packages
install-data-local:
	$(MKDIR_P) '$(DESTDIR)$(mimedir)'
	$(INSTALL_DATA) '$(srcdir)/data/org.assay.Workbench.mime.xml' '$(DESTDIR)$(mimedir)/org.assay.Workbench.xml'
uninstall-local:
	rm -f '$(DESTDIR)$(mimedir)/org.assay.Workbench.xml'

# The desktop's caches are brought up to date where the files go to their last place; a package does it itself.
install-data-hook:
	@if test -z '$(DESTDIR)'; then \
	  if test -n '$(GLIB_COMPILE_SCHEMAS)'; then $(GLIB_COMPILE_SCHEMAS) '$(schemasdir)' || :; fi; \
	  if command -v update-desktop-database >/dev/null; then update-desktop-database -q '$(desktopdir)' || :; fi; \
	  if command -v update-mime-database >/dev/null; then update-mime-database '$(datadir)/mime' || :; fi; \
	  if command -v gtk4-update-icon-cache >/dev/null; then gtk4-update-icon-cache -q -t -f '$(datadir)/icons/hicolor' || :; fi; \
	fi
endif
