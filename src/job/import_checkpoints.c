/* SPDX-License-Identifier: GPL-3.0-or-later */
/* import_checkpoints.c: a table in JSON, and weights beside it. */
#include "job/import_checkpoints.h"

#include "base/error.h"
#include "base/json.h"
#include "job/subject.h"
#include "model/checkpoint.h"
#include "store/file.h"

#include <math.h>
#include <string.h>

#define TABLE "checkpoints.json"
#define MOST_BYTES ((guint64) 16 << 20)
#define MOMENTS "exp_avg_sq."

const AssayParam assay_import_checkpoints_params[] = {
  { "model-name", ASSAY_PARAM_STRING, .metavar = "NAME", .names = "model", .help = "imported model of the case whose training it was (default: the newest model)" },
  { .name = NULL }
};

typedef struct {
  gint64 step;
  double rate, rate_sum;
  const char *weights, *optimizer;      /* of the document */
} Entry;

typedef struct {
  char *path;
  json_t *document;
  double beta2, epsilon;
  GArray *entries;              /* Entry, by step */
} Table;

static void
table_clear (Table *table)
{
  g_free (table->path);
  json_decref (table->document);
  g_clear_pointer (&table->entries, g_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Table, table_clear)

static gboolean
refuse (const Table *table, gsize k, const char *what, GError **error)
{
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: checkpoint %" G_GSIZE_FORMAT ": %s", table->path, k, what);
  return FALSE;
}

/* A file beside the table, never one elsewhere. */
static gboolean
is_plain_name (const json_t *value)
{
  const char *text = json_string_value (value);

  return text != NULL && *text != '\0' && *text != '.' && strchr (text, '/') == NULL;
}

static gboolean
read_entry (Table *table, gsize k, const json_t *item, GError **error)
{
  const json_t *step = json_object_get (item, "step"), *rate = json_object_get (item, "learning_rate"), *sum = json_object_get (item, "rate_sum");
  const json_t *optimizer = json_object_get (item, "optimizer");
  gint64 before = table->entries->len > 0 ? g_array_index (table->entries, Entry, table->entries->len - 1).step : 0;
  Entry entry = { json_integer_value (step), json_number_value (rate), json_number_value (sum), json_string_value (json_object_get (item, "weights")),
                  json_string_value (optimizer) };

  if (!json_is_integer (step) || entry.step <= before)
    return refuse (table, k, "\"step\": a whole number above those before it expected", error);
  if (!json_is_number (rate) || !(entry.rate >= 0) || !isfinite (entry.rate))
    return refuse (table, k, "\"learning_rate\": a number of 0 or more expected", error);
  if (sum != NULL && (!json_is_number (sum) || !(entry.rate_sum >= 0)))
    return refuse (table, k, "\"rate_sum\": a number of 0 or more expected", error);
  if (!is_plain_name (json_object_get (item, "weights")))
    return refuse (table, k, "\"weights\": the name of a file beside the table expected", error);
  if (optimizer != NULL && !is_plain_name (optimizer))
    return refuse (table, k, "\"optimizer\": the name of a file beside the table expected", error);
  if (sum == NULL)
    entry.rate_sum = entry.rate * (double) (entry.step - before);
  g_array_append_val (table->entries, entry);
  return TRUE;
}

static gboolean
table_read (Table *table, const char *directory, GError **error)
{
  g_autoptr (GBytes) bytes = NULL;
  json_error_t fault;
  const json_t *list, *beta2, *epsilon;
  gsize k;
  json_t *item;

  table->path = g_build_filename (directory, TABLE, NULL);
  table->entries = g_array_new (FALSE, FALSE, sizeof (Entry));
  if ((bytes = assay_file_read (table->path, MOST_BYTES, error)) == NULL)
    return FALSE;
  table->document = json_loadb (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), JSON_REJECT_DUPLICATES, &fault);
  list = json_object_get (table->document, "checkpoints");
  if (json_array_size (list) == 0)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: an object with a list \"checkpoints\" expected, %s found", table->path,
                   table->document == NULL ? assay_json_show_fault (&fault) : "none");
      return FALSE;
    }
  beta2 = json_object_get (table->document, "beta2");
  epsilon = json_object_get (table->document, "epsilon");
  table->beta2 = beta2 ? json_number_value (beta2) : 0.999;
  table->epsilon = epsilon ? json_number_value (epsilon) : 1e-8;
  if (!(table->beta2 > 0 && table->beta2 < 1) || !(table->epsilon >= 0))
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: \"beta2\" between 0 and 1 and \"epsilon\" of 0 or more expected", table->path);
      return FALSE;
    }
  json_array_foreach (list, k, item)
    if (!read_entry (table, k, item, error))
      return FALSE;
  return TRUE;
}

char **
assay_import_checkpoints_list (const char *directory, GError **error)
{
  g_auto (Table) table = { 0 };
  GPtrArray *names;

  if (!table_read (&table, directory, error))
    return NULL;
  names = g_ptr_array_new ();
  g_ptr_array_add (names, g_strdup (TABLE));
  for (guint k = 0; k < table.entries->len; k++)
    {
      const Entry *entry = &g_array_index (table.entries, Entry, k);

      g_ptr_array_add (names, g_strdup (entry->weights));
      if (entry->optimizer != NULL)
        g_ptr_array_add (names, g_strdup (entry->optimizer));
    }
  g_ptr_array_add (names, NULL);
  return (char **) g_ptr_array_free (names, FALSE);
}

/* Reads the tensors into the model and commits it as that kind. */
static gboolean
commit (AssayModel *model, const char *directory, const char *file, const char *prefix, const char *kind, const char *name, json_t *meta, AssayJobContext *context,
        GError **error)
{
  g_autofree char *path = g_build_filename (directory, file, NULL);
  AssayObject *object;

  if (!assay_checkpoint_read_safetensors (model, path, prefix, error))
    return FALSE;
  object = assay_checkpoint_commit (model, context->cas, kind, name, meta, error);
  if (object == NULL)
    return FALSE;
  assay_job_add_output (context, object);
  return TRUE;
}

/* All files are read before anything is committed: a malformed one leaves the case as it was. */
static gboolean
check_files (const Table *table, AssayModel *scratch, const char *directory, GError **error)
{
  for (guint k = 0; k < table->entries->len; k++)
    {
      const Entry *entry = &g_array_index (table->entries, Entry, k);
      g_autofree char *weights = g_build_filename (directory, entry->weights, NULL);
      g_autofree char *optimizer = entry->optimizer ? g_build_filename (directory, entry->optimizer, NULL) : NULL;
      g_autofree double *moment = g_new (double, assay_model_get_n_params (scratch));

      if (!assay_checkpoint_read_safetensors (scratch, weights, NULL, error)
          || (optimizer != NULL && !assay_checkpoint_read_safetensors (scratch, optimizer, MOMENTS, error)))
        return FALSE;
      assay_model_read_theta (scratch, moment);
      for (gint64 j = 0; optimizer != NULL && j < assay_model_get_n_params (scratch); j++)
        if (moment[j] < 0)
          {
            g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: second moments of 0 or more expected, %g found at parameter %" G_GINT64_FORMAT, optimizer,
                         moment[j], j);
            return FALSE;
          }
    }
  return TRUE;
}

static gboolean
check_model (AssayCase *cas, const AssayObject *model, GError **error)
{
  g_autofree char *prefix = g_strconcat (model->name, "/step-", NULL);
  g_autoptr (GPtrArray) there = assay_case_list (cas, "checkpoint", prefix);
  const char *fault = json_object_get (model->meta, "training") != NULL ? "was trained here: its checkpoints are its training's (train --checkpoints N)"
                      : there->len > 0 ? "has checkpoints already; import the model under another name for others" : NULL;

  if (fault != NULL)
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "model %s %s", model->name, fault);
  return fault == NULL;
}

json_t *
assay_import_checkpoints (const AssayJob *job, AssayJobContext *context, GError **error)
{
  const char *directory = assay_values_get_list (assay_job_get_values (job), "file")[0];
  const char *given = assay_values_get_string (assay_job_get_section (job, "what"), "model-name");
  g_autoptr (AssayObject) object = given ? assay_case_lookup (context->cas, "model", given, error) : assay_subject_find_newest (context->cas, "model");
  g_auto (Table) table = { 0 };
  g_autoptr (AssayModel) scratch = NULL;
  gint64 n_moments = 0;

  if (object == NULL && given == NULL)
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NOT_FOUND, "%s: has no model; assay import %s model DIR first", assay_case_get_path (context->cas),
                 assay_case_get_path (context->cas));
  if (object == NULL || !check_model (context->cas, object, error) || !table_read (&table, directory, error)
      || (scratch = assay_checkpoint_load_object (context->cas, object, error)) == NULL || !check_files (&table, scratch, directory, error))
    return NULL;
  for (guint k = 0; k < table.entries->len; k++)
    {
      const Entry *entry = &g_array_index (table.entries, Entry, k);
      g_autofree char *name = g_strdup_printf ("%s/step-%" G_GINT64_FORMAT, object->name, entry->step);
      json_t *meta = json_pack ("{s:b, s:I, s:f, s:f, s:f, s:f}", "imported", TRUE, "step", (json_int_t) entry->step, "rate", entry->rate, "rate_sum", entry->rate_sum,
                                "beta2", table.beta2, "epsilon", table.epsilon);
      gboolean fine = commit (scratch, directory, entry->weights, NULL, "checkpoint", name, meta, context, error)
                      && (entry->optimizer == NULL || commit (scratch, directory, entry->optimizer, MOMENTS, "optimizer", name, meta, context, error));

      json_decref (meta);
      if (!fine)
        return NULL;
      n_moments += entry->optimizer != NULL;
    }
  return json_pack ("{s:s, s:s, s:I, s:I}", "what", "checkpoints", "model", object->name, "checkpoints", (json_int_t) table.entries->len, "optimizer_states",
                    (json_int_t) n_moments);
}

void
assay_import_checkpoints_view (const json_t *document, AssayView *view)
{
  assay_view_add_text (view, "imported %lld checkpoints of the training of model %s, not computed here; %lld of them with the optimizer's second moment",
                       (long long) json_integer_value (json_object_get (document, "checkpoints")), json_string_value (json_object_get (document, "model")),
                       (long long) json_integer_value (json_object_get (document, "optimizer_states")));
}
