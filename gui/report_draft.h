/* SPDX-License-Identifier: GPL-3.0-or-later */
/* report_draft.h: the report that a case would give now, and the claims that are pinned in it; asked of a case's reader.
 *
 * Ownership: reference counted. Thread rule: immutable once made; the functions for the reader run on its thread.
 */
#pragma once

#include "report/document.h"
#include "store/case.h"

#include <gio/gio.h>
#include <jansson.h>

typedef struct {
  gatomicrefcount count;
  AssayDocument *document;      /* for internal readers: with names, and with every regime */
  json_t *pins;                 /* job/pins.h */
  const json_t *meters;         /* how much of each regime is answered: report/coverage.h, without items */
  const json_t *asked;          /* what people state or confirm: [{"id", "title", "asks", "class", "unit", "state", "is_draft", "digest", "shows"}] */
  const json_t *answers;        /* their file as it is, or NULL: there is none */
  const char *fault;            /* why the file does not hold, and was left out; NULL: it does */
  const GPtrArray *refusals;    /* AssayRefusal: what --final refuses, what --strict refuses first */
  guint n_strict;               /* of them */
} AssayReportDraft;

/* The file that holds what people state about a case, beside it: "people-fields.json" of "people.assay". Owns: the caller. */
char             *assay_report_draft_dup_fields_path (const char *case_path);

AssayReportDraft *assay_report_draft_ref   (AssayReportDraft *self);
void              assay_report_draft_unref (AssayReportDraft *self);

/* An AssayReadFunc; the answer is a draft. question: NULL, or a draft whose document is kept, so that only the pins are read. */
gpointer          assay_report_draft_read  (AssayCase *cas, gconstpointer question, GCancellable *cancellable, GError **error);

/* What to do with a pin. */
typedef struct {
  AssayReportDraft *draft;      /* that was looked at, or NULL */
  char *claim;
  gboolean is_removal;
  gint64 place;                 /* from 1; 0: where it is, or the end */
  char *note;                   /* NULL: as it is */
} AssayPinChange;

AssayPinChange   *assay_pin_change_new     (AssayReportDraft *draft, const char *claim, gboolean is_removal, gint64 place, const char *note);
void              assay_pin_change_free    (AssayPinChange *change);
/* An AssayReadFunc whose question is a change: writes it into the case. The answer is a draft with the new pins and the same document, where
 * there was one.
 * Errors: BUSY while a job writes the case. */
gpointer          assay_pin_change_apply   (AssayCase *cas, gconstpointer change, GCancellable *cancellable, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayReportDraft, assay_report_draft_unref)
