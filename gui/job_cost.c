/* SPDX-License-Identifier: GPL-3.0-or-later */
/* job_cost.c: a dry run and its plan in words. */
#include "gui/job_cost.h"

#include "base/error.h"
#include "base/json.h"
#include "gui/job_program.h"
#include "job/view.h"

#include <glib/gi18n.h>
#include <math.h>

void
assay_job_cost_free (AssayJobCost *cost)
{
  if (cost == NULL)
    return;
  g_free (cost->words);
  g_free (cost->steps);
  g_free (cost);
}

/* --- the plan ------------------------------------------------------------------------------------------------------ */

static char *
describe (const AssayJobCost *cost, gsize n_steps)
{
  g_autofree char *time = isnan (cost->seconds) ? NULL : assay_view_seconds (cost->seconds), *memory = assay_view_bytes (cost->memory);
  g_autofree char *disk = assay_view_bytes (cost->disk);
  GString *words = g_string_new (NULL);

  if (cost->from_store)
    return g_string_free (g_string_append (words, _("The case has the answer already")), FALSE);
  if (n_steps == 0)
    return g_string_free (g_string_append (words, _("What it takes is not known beforehand, or not worth saying")), FALSE);
  if (time != NULL)
    g_string_append_printf (words, _("about %s"), time);
  if (cost->memory > 0)
    g_string_append_printf (words, "%s%s", words->len > 0 ? " · " : "", memory);
  if (cost->memory > 0)
    g_string_append (words, _(" of memory"));
  if (cost->disk > 0)
    g_string_append_printf (words, _("%swrites %s"), words->len > 0 ? " · " : "", disk);
  if (words->len == 0)
    g_string_append (words, _("Nothing worth counting"));
  return g_string_free (words, FALSE);
}

static void
add_step (AssayJobCost *cost, GString *lines, const json_t *step)
{
  double seconds = assay_json_get_number (step, "seconds");
  g_autofree char *time = isnan (seconds) ? g_strdup ("") : assay_view_seconds (seconds), *flops = assay_view_number (assay_json_get_number (step, "flops"), 3);

  g_string_append_printf (lines, "%s%s", lines->len > 0 ? "\n" : "", assay_json_get_text (step, "what"));
  if (time[0] != '\0')
    g_string_append_printf (lines, ": %s", time);
  if (assay_json_get_number (step, "flops") > 0)
    g_string_append_printf (lines, _(", %s operations"), flops);
  if (!isnan (seconds))
    cost->seconds = isnan (cost->seconds) ? seconds : cost->seconds + seconds;
  cost->memory = MAX (cost->memory, assay_json_get_number (step, "memory_bytes"));
  cost->disk += assay_json_get_number (step, "disk_bytes");
  cost->flops += assay_json_get_number (step, "flops");
}

static AssayJobCost *
cost_new (const json_t *document)
{
  const json_t *plan = json_object_get (document, "plan"), *steps = json_object_get (plan, "steps");
  AssayJobCost *cost = g_new0 (AssayJobCost, 1);
  GString *lines = g_string_new (NULL);
  gsize k;
  json_t *step;

  cost->seconds = NAN;
  cost->from_store = json_is_true (json_object_get (document, "from_store"));
  json_array_foreach (steps, k, step)
    add_step (cost, lines, step);
  if (json_is_string (json_object_get (plan, "rate_basis")))
    g_string_append_printf (lines, _("\ntimes rest on %s"), assay_json_get_text (plan, "rate_basis"));
  cost->words = describe (cost, json_array_size (steps));
  cost->steps = g_string_free (lines, FALSE);
  return cost;
}

/* --- asking -------------------------------------------------------------------------------------------------------- */

static void
on_answer (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  GError *fault = NULL;
  g_autofree char *text = NULL;
  json_t *document;

  if (!g_subprocess_communicate_utf8_finish (G_SUBPROCESS (source), result, &text, NULL, &fault))
    {
      g_subprocess_force_exit (G_SUBPROCESS (source));
      g_task_return_error (task, fault);
      return;
    }
  document = json_loads (text ? text : "", JSON_REJECT_DUPLICATES, NULL);
  if (json_is_object (json_object_get (document, "plan")))
    g_task_return_pointer (task, cost_new (document), (GDestroyNotify) assay_job_cost_free);
  else
    g_task_return_new_error (task, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s", document ? assay_json_get_text (json_object_get (document, "error"), "message")
                                                                                  : _("the program ended without a plan"));
  json_decref (document);
}

void
assay_job_cost_ask (const char *command, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, data);
  g_auto (GStrv) arguments = NULL;
  g_autoptr (GSubprocess) child = NULL;
  GError *fault = NULL;

  g_task_set_source_tag (task, assay_job_cost_ask);
  arguments = assay_job_make_arguments (command, (const char *[]) { "--dry-run", "--json", NULL }, &fault);
  if (arguments != NULL)
    child = g_subprocess_newv ((const char *const *) arguments, G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_SILENCE, &fault);
  if (child == NULL)
    {
      g_task_return_error (task, fault);
      return;
    }
  g_subprocess_communicate_utf8_async (child, NULL, cancellable, on_answer, g_object_ref (task));
}

AssayJobCost *
assay_job_cost_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
