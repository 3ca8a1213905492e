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
  data/schemas/regime-1.json
