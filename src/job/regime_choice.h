/* SPDX-License-Identifier: GPL-3.0-or-later */
/* regime_choice.h: the options by which kinds choose regimes and are given what people state.
 *
 * Thread rule: pure functions.
 */
#pragma once

#include "base/param.h"
#include "report/regime.h"

/* Entries for a kind's own table, which also has "profile". */
#define ASSAY_REGIME_PARAMS                                                                                             \
  { "regime", ASSAY_PARAM_LIST, .metavar = "ID", .help = "regime that is answered, also ID-VERSION (default: all there are)" }, \
  { "regimes", ASSAY_PARAM_STRING, .metavar = "DIR", .flags = ASSAY_PARAM_FILE, .help = "folder of regime packs and fields.json (default: those of the program)" }, \
  { "fields", ASSAY_PARAM_STRING, .metavar = "FILE", .flags = ASSAY_PARAM_FILE, .help = "what people state: values, confirmations of drafts, reasons" }, \
  { "model-name", ASSAY_PARAM_STRING, .metavar = "NAME", .names = "model", .help = "model of the case that the fields speak of (default: the newest)" }

/* The packs of the folder, with those chosen that are named. Owns: the caller. */
AssayRegimeSet *assay_regime_choice_read (const AssayValues *values, GError **error);
/* Of the kind's own parameter "profile", one of assay_audience_words. */
AssayAudience   assay_regime_choice_get_audience (const AssayValues *values);
