/* SPDX-License-Identifier: GPL-3.0-or-later */
/* report_draft.c: makes the document on the reader's thread, and changes pins there. */
#include "gui/report_draft.h"

#include "base/error.h"
#include "job/pins.h"
#include "job/report_document.h"

#define BUSY_TRIES 20
#define BUSY_PAUSE_US 100000

/* The document is shared by the drafts that differ in their pins alone. */
typedef struct { gatomicrefcount count; AssayDocument *document; } Shared;

typedef struct {
  AssayReportDraft draft;
  Shared *shared;
} Draft;

static void
shared_unref (Shared *shared)
{
  if (!g_atomic_ref_count_dec (&shared->count))
    return;
  assay_document_free (shared->document);
  g_free (shared);
}

static AssayReportDraft *
draft_new (Shared *shared, json_t *pins)
{
  Draft *self = g_new0 (Draft, 1);

  g_atomic_ref_count_init (&self->draft.count);
  self->shared = shared;
  self->draft.document = shared->document;
  self->draft.pins = pins;
  return &self->draft;
}

AssayReportDraft *
assay_report_draft_ref (AssayReportDraft *self)
{
  g_atomic_ref_count_inc (&self->count);
  return self;
}

void
assay_report_draft_unref (AssayReportDraft *self)
{
  Draft *draft = (Draft *) self;

  if (self == NULL || !g_atomic_ref_count_dec (&self->count))
    return;
  shared_unref (draft->shared);
  json_decref (self->pins);
  g_free (draft);
}

/* The document of a draft, or a new one. */
static Shared *
share_document (AssayCase *cas, const AssayReportDraft *draft, GError **error)
{
  const AssayReportRequest request = { .audience = ASSAY_AUDIENCE_INTERNAL };
  AssayBackend *backend;
  AssayDocument *document;
  Shared *shared;

  if (draft != NULL)
    {
      g_atomic_ref_count_inc (&((const Draft *) draft)->shared->count);
      return ((const Draft *) draft)->shared;
    }
  backend = assay_backend_cpu_new (1);
  document = assay_report_document_make (&(AssayJobContext) { .cas = cas, .backend = backend }, &request, error);
  assay_backend_free (backend);
  if (document == NULL)
    return NULL;
  shared = g_new0 (Shared, 1);
  g_atomic_ref_count_init (&shared->count);
  shared->document = document;
  return shared;
}

gpointer
assay_report_draft_read (AssayCase *cas, gconstpointer question, GCancellable *cancellable, GError **error)
{
  Shared *shared = share_document (cas, question, error);

  (void) cancellable;
  return shared ? draft_new (shared, assay_pins_load (cas)) : NULL;
}

AssayPinChange *
assay_pin_change_new (AssayReportDraft *draft, const char *claim, gboolean is_removal, gint64 place, const char *note)
{
  AssayPinChange *change = g_new0 (AssayPinChange, 1);

  *change = (AssayPinChange) { draft ? assay_report_draft_ref (draft) : NULL, g_strdup (claim), is_removal, place, g_strdup (note) };
  return change;
}

void
assay_pin_change_free (AssayPinChange *change)
{
  assay_report_draft_unref (change->draft);
  g_free (change->claim);
  g_free (change->note);
  g_free (change);
}

/* The command line that does the same, for the journal. */
static char *
describe (const AssayPinChange *change)
{
  return g_strdup_printf ("assay-workbench: %s %s", change->is_removal ? "unpin" : "pin", change->claim);
}

/* Another program's short write is waited for; a job's is not. */
static AssayCase *
open_to_write (const char *path, GCancellable *cancellable, GError **error)
{
  for (guint k = 0;; k++)
    {
      g_autoptr (GError) fault = NULL;
      AssayCase *cas = assay_case_open (path, ASSAY_CASE_WRITE, &fault);

      if (cas != NULL)
        return cas;
      if (!g_error_matches (fault, ASSAY_ERROR, ASSAY_ERROR_BUSY) || k >= BUSY_TRIES || g_cancellable_is_cancelled (cancellable))
        {
          g_propagate_error (error, g_steal_pointer (&fault));
          return NULL;
        }
      g_usleep (BUSY_PAUSE_US);
    }
}

gpointer
assay_pin_change_apply (AssayCase *cas, gconstpointer question, GCancellable *cancellable, GError **error)
{
  const AssayPinChange *change = question;
  g_autoptr (AssayCase) writable = open_to_write (assay_case_get_path (cas), cancellable, error);
  Shared *shared = writable ? share_document (writable, change->draft, error) : NULL;
  g_autoptr (AssayObject) object = NULL;
  g_autofree char *words = describe (change);
  json_t *pins;

  if (shared == NULL)
    return NULL;
  assay_case_set_command_line (writable, words);
  pins = assay_pins_load (writable);
  if (change->is_removal ? assay_pins_remove (pins, change->claim, error)
                         : assay_pins_put (pins, shared->document, change->claim, change->place, change->note, NULL, error))
    object = assay_pins_store (writable, pins, error);
  if (object != NULL)
    return draft_new (shared, pins);
  shared_unref (shared);
  json_decref (pins);
  return NULL;
}
