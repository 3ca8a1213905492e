/* SPDX-License-Identifier: GPL-3.0-or-later */
/* language_choices.h: the models of a case that can be asked in words: those that go on with tokens, where the case keeps what cut texts into them.
 *
 * Thread rule: pure functions.
 */
#pragma once

#include "gui/case_contents.h"

typedef enum {
  ASSAY_LANGUAGE_HAS_SOME,
  ASSAY_LANGUAGE_HAS_NO_MODEL,
  ASSAY_LANGUAGE_HAS_NO_TEXT    /* models, but no data that were cut by a tokenizer */
} AssayLanguageHolding;

/* Names, the newest first: strings that the array releases. holding may be NULL. Owns: the caller. */
GPtrArray *assay_language_choices_list    (const AssayCaseContents *contents, AssayLanguageHolding *holding);
/* The command that brings what is missing, as far as it is known: "assay import demo.assay data --context 64"; NULL: nothing is missing. Owns: the caller. */
char      *assay_language_choices_propose (const AssayCaseContents *contents, AssayLanguageHolding holding);
