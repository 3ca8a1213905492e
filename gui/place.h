/* SPDX-License-Identifier: GPL-3.0-or-later */
/* place.h: where somebody is in a case: a page, and what is selected of each kind of thing.
 *
 * As text a place is one line that can be copied, mailed and read back:
 *
 *   assay-view:1?page=influence&example=train:17&query=cg/edited-0
 *
 * Values are escaped as in a URI; what is not selected is not there.
 * Ownership: a place owns its strings. Thread rule: one thread at a time.
 */
#pragma once

#include <glib.h>

/* What can be selected. One item of each kind is selected or none. */
typedef enum {
  ASSAY_SELECTED_EXAMPLE,       /* "train:17" */
  ASSAY_SELECTED_TOKEN,         /* a position within the example: "5" */
  ASSAY_SELECTED_UNIT,          /* a tap and an index: "h.0.mlp.act/12" */
  ASSAY_SELECTED_QUERY,         /* scores and the query's number in them: "cg/edited-0#0" */
  ASSAY_SELECTED_CLAIM,         /* number id of a claim */
  ASSAY_SELECTED_N
} AssaySelected;

typedef struct {
  char *page;                   /* NULL: none yet */
  char *selected[ASSAY_SELECTED_N];     /* NULL: nothing of that kind */
} AssayPlace;

AssayPlace *assay_place_new      (const char *page);
AssayPlace *assay_place_copy     (const AssayPlace *place);
void        assay_place_free     (AssayPlace *place);
gboolean    assay_place_equal    (const AssayPlace *a, const AssayPlace *b);

/* "example", "token", ...: the key in a place's text. */
const char *assay_selected_name  (AssaySelected what);

/* Owns: the caller. */
char       *assay_place_to_text  (const AssayPlace *place);
/* Errors: INPUT, with what was expected. */
AssayPlace *assay_place_from_text (const char *text, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayPlace, assay_place_free)
