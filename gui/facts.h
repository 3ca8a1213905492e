/* SPDX-License-Identifier: GPL-3.0-or-later */
/* facts.h: a strip of named values, each with its check: a mark beside a word, never a colour alone. Thread rule: the main thread. */
#pragma once

#include <adwaita.h>

typedef enum {
  ASSAY_MARK_NONE,
  ASSAY_MARK_PASSED,
  ASSAY_MARK_FAILED,
  ASSAY_MARK_UNKNOWN            /* not checked */
} AssayMark;

#define ASSAY_TYPE_FACTS (assay_facts_get_type ())
G_DECLARE_FINAL_TYPE (AssayFacts, assay_facts, ASSAY, FACTS, AdwBin)

void       assay_facts_clear (AssayFacts *self);
/* value: data, shown with control characters visible. why: the tooltip in plain words; NULL: none. */
void       assay_facts_add   (AssayFacts *self, const char *name, const char *value, AssayMark mark, const char *why);

/* The mark alone, with its word for who cannot see it. */
GtkWidget *assay_mark_new    (AssayMark mark);
