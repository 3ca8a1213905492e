/* SPDX-License-Identifier: GPL-3.0-or-later */
/* report_draft.c: makes the document on the reader's thread, and changes pins there. */
#include "gui/report_draft.h"

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "job/pins.h"
#include "job/report_document.h"
#include "report/coverage.h"
#include "report/strict.h"

#include <glib/gi18n.h>
#include <string.h>

#define BUSY_TRIES 20
#define BUSY_PAUSE_US 100000

/* All but the pins is shared by the drafts that differ in them alone. */
typedef struct {
  gatomicrefcount count;
  AssayDocument *document;
  json_t *meters, *asked, *answers;
  char *fault;
  GPtrArray *refusals;
  guint n_strict;
} Shared;

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
  json_decref (shared->meters);
  json_decref (shared->asked);
  json_decref (shared->answers);
  g_free (shared->fault);
  g_ptr_array_unref (shared->refusals);
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
  self->draft.meters = shared->meters;
  self->draft.asked = shared->asked;
  self->draft.answers = shared->answers;
  self->draft.fault = shared->fault;
  self->draft.refusals = shared->refusals;
  self->draft.n_strict = shared->n_strict;
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

char *
assay_report_draft_dup_fields_path (const char *case_path)
{
  g_autofree char *base = g_str_has_suffix (case_path, ".assay") ? g_strndup (case_path, strlen (case_path) - strlen (".assay")) : g_strdup (case_path);

  return g_strconcat (base, "-fields.json", NULL);
}

/* What a field shows now, in a line: the value, or the reason why there is none. */
static json_t *
show_field (const json_t *record)
{
  const json_t *value = json_object_get (record, "value"), *reason = json_object_get (record, "reason");

  if (json_is_string (value) || json_is_string (reason))
    return json_string (json_string_value (json_is_string (value) ? value : reason));
  if (json_is_number (value))
    {
      g_autofree char *number = assay_text_number (json_number_value (value));

      return json_string (number);
    }
  return json_string (value == NULL || json_is_null (value) ? "" : _("a table; it stands in the section What is stated about the model"));
}

/* All fields, with the questions of the catalogue. */
static json_t *
list_asked (const AssayDocument *document, const AssayRegimeSet *regimes)
{
  g_autoptr (AssayFieldSet) set = assay_regime_set_make_fields (regimes, NULL);
  json_t *asked = json_array (), *record;
  gsize k;

  json_array_foreach (document->fields, k, record)
    {
      const AssayField *field = set ? assay_field_set_find (set, assay_json_get_text (record, "id")) : NULL;

      if (field != NULL)
        json_array_append_new (asked, json_pack ("{s:s, s:s, s:s, s:s, s:s?, s:s, s:b, s:s?, s:o}", "id", field->declaration->id, "title", field->declaration->title,
                                                 "asks", field->declaration->asks ? field->declaration->asks : "", "class",
                                                 assay_field_class_words[field->declaration->klass], "unit", field->declaration->unit, "state",
                                                 assay_json_get_text (record, "state"), "is_draft", json_is_true (json_object_get (record, "draft")), "digest",
                                                 json_string_value (json_object_get (record, "digest")), "shows", show_field (record)));
    }
  return asked;
}

/* A file that does not hold is left out and told of: the report itself can be looked at all the same. */
static AssayDocument *
make_document (AssayCase *cas, const AssayRegimeSet *regimes, const char *fields, char **fault, GError **error)
{
  AssayReportRequest request = { .audience = ASSAY_AUDIENCE_INTERNAL, .regimes = regimes, .fields = fields };
  AssayBackend *backend = assay_backend_cpu_new (1);
  const AssayJobContext context = { .cas = cas, .backend = backend };
  g_autoptr (GError) first = NULL;
  AssayDocument *document = assay_report_document_make (&context, &request, &first);

  if (document == NULL && fields != NULL)
    {
      request.fields = NULL;
      document = assay_report_document_make (&context, &request, NULL);
      if (document != NULL)
        *fault = g_strdup (first->message);
    }
  if (document == NULL)
    g_propagate_error (error, g_steal_pointer (&first));
  assay_backend_free (backend);
  return document;
}

/* The rules that a document breaks, for --strict and beyond it for --final. */
static void
hold_against_rules (Shared *shared)
{
  shared->refusals = assay_strict_check (shared->document);
  shared->n_strict = shared->refusals->len;
  assay_strict_add_final (shared->refusals, shared->document);
}

static Shared *
read_shared (AssayCase *cas, GError **error)
{
  g_autofree char *path = assay_report_draft_dup_fields_path (assay_case_get_path (cas)), *fault = NULL;
  json_t *answers = json_load_file (path, JSON_REJECT_DUPLICATES, NULL);
  gboolean is_there = g_file_test (path, G_FILE_TEST_EXISTS);
  g_autoptr (AssayRegimeSet) regimes = assay_regime_set_read (NULL, error);
  AssayDocument *document = regimes ? make_document (cas, regimes, is_there ? path : NULL, &fault, error) : NULL;
  Shared *shared;

  if (document == NULL)
    {
      json_decref (answers);
      return NULL;
    }
  shared = g_new0 (Shared, 1);
  g_atomic_ref_count_init (&shared->count);
  shared->document = document;
  shared->meters = json_incref (document->regimes);
  shared->asked = list_asked (document, regimes);
  shared->answers = answers;
  shared->fault = g_steal_pointer (&fault);
  hold_against_rules (shared);
  return shared;
}

/* The document of a draft, or a new one. */
static Shared *
share_document (AssayCase *cas, const AssayReportDraft *draft, GError **error)
{
  if (draft == NULL)
    return read_shared (cas, error);
  g_atomic_ref_count_inc (&((const Draft *) draft)->shared->count);
  return ((const Draft *) draft)->shared;
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
