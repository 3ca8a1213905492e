/* SPDX-License-Identifier: GPL-3.0-or-later */
/* score_parts.c: runs of examples or queries, what is there of them, and the whole. */
#include "job/score_parts.h"

#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "influence/breakdown.h"
#include "influence/factored.h"
#include "influence/score_store.h"
#include "influence/solved.h"
#include "influence/task.h"

#include <string.h>

typedef struct { gint64 first, end; char *name; } Run;

typedef struct {
  const AssayInfluenceSetup *setup;
  const AssayJob *job;
  AssayJobContext *context;
  const AssaySubject *subject;
  const AssayMethod *method;
  const AssayValues *options;
  gboolean is_self, by_examples;
  gint64 n, unit;               /* examples or queries, and where they may be cut */
  char *identity, *prefix;
  GArray *runs;                 /* Run that are there, by their first item */
} Parts;

static void
run_clear (gpointer run)
{
  g_free (((Run *) run)->name);
}

static void
parts_clear (Parts *parts)
{
  g_free (parts->identity);
  g_free (parts->prefix);
  g_clear_pointer (&parts->runs, g_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Parts, parts_clear)

static int
compare_runs (gconstpointer a, gconstpointer b)
{
  gint64 x = ((const Run *) a)->first, y = ((const Run *) b)->first;

  return (x > y) - (x < y);
}

static void
list_runs (Parts *parts)
{
  g_autoptr (GPtrArray) list = assay_case_list (parts->context->cas, ASSAY_SCORES_PART, parts->prefix);

  g_clear_pointer (&parts->runs, g_array_unref);
  parts->runs = g_array_new (FALSE, FALSE, sizeof (Run));
  g_array_set_clear_func (parts->runs, run_clear);
  for (guint k = 0; k < list->len; k++)
    {
      const AssayObject *object = list->pdata[k];
      Run run = { json_integer_value (json_object_get (object->meta, "first")), json_integer_value (json_object_get (object->meta, "end")), NULL };

      if (g_strcmp0 (json_string_value (json_object_get (object->meta, "job")), parts->identity) != 0 || run.first < 0 || run.end <= run.first
          || run.end > parts->n)
        continue;
      run.name = g_strdup (object->name);
      g_array_append_val (parts->runs, run);
    }
  g_array_sort (parts->runs, compare_runs);
}

/* Narrows first .. end - 1 to the first run that no part has. */
static gboolean
find_gap (const Parts *parts, gint64 *first, gint64 *end)
{
  for (guint k = 0; k < parts->runs->len; k++)
    {
      const Run *run = &g_array_index (parts->runs, Run, k);

      if (run->first > *first)
        {
          *end = MIN (*end, run->first);
          break;
        }
      *first = MAX (*first, run->end);
    }
  return *first < *end;
}

static void
parts_open (Parts *parts, const AssayInfluenceSetup *setup, const AssayJob *job, AssayJobContext *context, const AssaySubject *subject)
{
  const AssayInfluenceTask *task = &setup->task;
  AssayInfluenceTask asked = *task;

  *parts = (Parts) { .setup = setup, .job = job, .context = context, .subject = subject, .options = assay_job_get_section (job, "method"),
                     .method = assay_method_find (assay_values_get_string (assay_job_get_values (job), "method"), NULL),
                     .identity = assay_job_get_identity (job) };
  parts->is_self = assay_values_get_bool (assay_job_get_values (job), "self");
  parts->by_examples = parts->is_self || (parts->method->flags & ASSAY_METHOD_CUTS_EXAMPLES) != 0;
  parts->n = parts->by_examples ? task->n_train : task->n_query;
  if (parts->is_self)                   /* each example is solved for like a query */
    asked.n_query = task->n_train;
  parts->unit = parts->by_examples && !parts->is_self ? 1 : assay_method_get_query_unit (parts->method, &asked, parts->options);
  parts->prefix = g_strdup_printf ("%s/%s/%.12s/", subject->object->name, parts->method->name, parts->identity);
  list_runs (parts);
}

static gboolean
check_can_be_cut (const Parts *parts, GError **error)
{
  const char *what = parts->method->flags & ASSAY_METHOD_IS_WHOLE ? "every score hangs on the gradients of all examples and queries together"
                     : parts->is_self && parts->method->self != NULL && !(parts->method->flags & ASSAY_METHOD_CUTS_SELF)
                       ? "self-influence hangs on the gradients of all examples together" : NULL;

  if (what != NULL)
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "%s: %s, so that each part would do the work of the whole; give --shard 1/1, in one process",
                 parts->method->name, what);
  return what == NULL;
}

/* The question about items first .. end - 1. */
static AssayInfluenceTask
cut_task (const Parts *parts, gint64 first, gint64 end)
{
  AssayInfluenceTask task = parts->setup->task;

  if (parts->by_examples)
    {
      task.scored = task.train + first;
      task.n_scored = end - first;
    }
  else
    {
      task.query += first * MAX (task.query_size, 1);
      task.n_query = end - first;
      task.first_query = first;
    }
  return task;
}

/* Computes and commits one run. */
static gboolean
make_part (const Parts *parts, gint64 first, gint64 end, GError **error)
{
  AssayInfluenceTask task = cut_task (parts, first, end), kept = assay_influence_task_narrow (&task);
  g_autoptr (AssayInfluenceScores) scores = assay_influence_compute (&task, parts->job, parts->context->progress, error);
  g_autofree char *name = g_strdup_printf ("%s%" G_GINT64_FORMAT "-%" G_GINT64_FORMAT, parts->prefix, first, end);
  g_autoptr (AssayObject) object = NULL;
  json_t *extra;

  if (scores == NULL)
    return FALSE;
  extra = json_pack ("{s:s, s:I, s:I, s:s}", "job", parts->identity, "first", (json_int_t) first, "end", (json_int_t) end, "cut_by",
                     parts->by_examples ? "examples" : "queries");
  object = assay_influence_scores_save_part (parts->context->cas, name, scores, &kept, parts->method->name, parts->options, extra, error);
  json_decref (extra);
  return object != NULL;
}

static gboolean
make_missing (Parts *parts, gint64 from, gint64 to, GError **error)
{
  gint64 first = from, end = to;

  for (; find_gap (parts, &first, &end); first = end, end = to)
    if (!make_part (parts, first, end, error))
      return FALSE;
  list_runs (parts);
  return TRUE;
}

/* With ranks the factors that the method is by are fitted by all of them, not by each. */
static gboolean
fit_together (const Parts *parts, GError **error)
{
  const AssayFactoredMethod *factored = assay_factored_find_method (parts->method->name);

  return factored == NULL || parts->context->collective == NULL || assay_values_get_string (parts->options, "factors") != NULL
         || assay_factored_fit_together (&parts->setup->task, parts->options, factored->basis, NULL, FALSE, parts->context->collective,
                                         parts->context->progress, error);
}

gboolean
assay_score_parts_share (const AssayInfluenceSetup *setup, const AssayJob *job, AssayJobContext *context, const AssaySubject *subject, AssayShare *share,
                         GError **error)
{
  g_auto (Parts) parts = { 0 };
  g_autoptr (GArray) missing = g_array_new (FALSE, FALSE, sizeof (AssayShareRun));
  gint64 first, end;

  parts_open (&parts, setup, job, context, subject);
  assay_shard_slice (&context->shard, parts.n, parts.unit, &first, &end);
  if (!check_can_be_cut (&parts, error) || !fit_together (&parts, error) || !make_missing (&parts, first, end, error))
    return FALSE;
  for (first = 0, end = parts.n; find_gap (&parts, &first, &end); first = end, end = parts.n)
    g_array_append_val (missing, ((AssayShareRun) { first, end }));
  assay_share_add (share, (const AssayShareRun *) missing->data, missing->len, parts.n, parts.unit, TRUE);
  return TRUE;
}

/* --- the whole ----------------------------------------------------------------------------------------------------- */

/* Lines that several parts say are said once. */
static void
add_notes (GString *notes, GHashTable *said, const char *more)
{
  g_auto (GStrv) lines = g_strsplit (more, "\n", -1);

  for (char **line = lines; *line != NULL; line++)
    if (**line != '\0' && g_hash_table_add (said, g_strdup (*line)))
      g_string_append_printf (notes, "%s\n", *line);
}

static void
copy_rows (const Parts *parts, const Run *run, const double *from, double *to)
{
  gint64 N = parts->setup->task.n_train, Q = parts->setup->task.n_query, n = run->end - run->first;

  if (from == NULL || to == NULL)
    return;
  if (!parts->by_examples)
    memcpy (to + run->first * N, from, sizeof (double) * n * N);
  for (gint64 q = 0; parts->by_examples && q < Q; q++)
    memcpy (to + q * N + run->first, from + q * n, sizeof (double) * n);
}

/* The parts of the scores are cut as they are. */
static gboolean
copy_parts (const Parts *parts, const Run *run, const AssayBreakdown *from, AssayInfluenceScores *whole, GError **error)
{
  const gint64 N = whole->n_train, Q = whole->n_query, n = run->end - run->first;
  AssayBreakdown *to = whole->parts;

  if (from == NULL)
    return TRUE;
  if (to == NULL)
    {
      to = whole->parts = g_new0 (AssayBreakdown, 1);
      *to = (AssayBreakdown) { from->by, Q, N, from->n_parts, NULL, g_strdupv (from->names) };
      if ((to->value = assay_mem_alloc_array (Q * N * to->n_parts, sizeof (double), error)) == NULL)
        return FALSE;
    }
  if (!parts->by_examples)
    memcpy (to->value + run->first * N * to->n_parts, from->value, sizeof (double) * n * N * to->n_parts);
  for (gint64 q = 0; parts->by_examples && q < Q; q++)
    memcpy (to->value + (q * N + run->first) * to->n_parts, from->value + q * n * to->n_parts, sizeof (double) * n * to->n_parts);
  return TRUE;
}

/* A query's own; or of self-influence the worst, with what all of them took. */
static void
copy_solves (const Parts *parts, const Run *run, const AssayInfluenceScores *part, gboolean is_first, AssayInfluenceScores *whole)
{
  AssaySolveResult *kept = whole->solves;
  gint64 iterations, products;

  if (whole->solves == NULL || part->solves == NULL)
    return;
  if (!parts->is_self)
    {
      memcpy (whole->solves + (parts->by_examples ? 0 : run->first), part->solves, part->n_query * sizeof *part->solves);
      return;
    }
  iterations = kept->iterations + part->solves->iterations;
  products = kept->products + part->solves->products;
  if (is_first || assay_solved_is_worse (part->solves, kept))
    *kept = *part->solves;
  kept->iterations = iterations;
  kept->products = products;
}

static gboolean
check_fits (const Parts *parts, const Run *run, const AssayInfluenceScores *part, GError **error)
{
  gint64 n = run->end - run->first;
  gint64 Q = parts->by_examples ? parts->setup->task.n_query : n, N = parts->by_examples ? n : parts->setup->task.n_train;

  if (part->n_query == Q && part->n_train == N)
    return TRUE;
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_SHAPE, "%s %s: scores of %" G_GINT64_FORMAT " queries and %" G_GINT64_FORMAT " examples expected, %"
               G_GINT64_FORMAT " and %" G_GINT64_FORMAT " found", ASSAY_SCORES_PART, run->name, Q, N, part->n_query, part->n_train);
  return FALSE;
}

/* Room for the standard errors that a part has. */
static gboolean
add_errors (AssayInfluenceScores *whole, const AssayInfluenceScores *part, GError **error)
{
  gint64 n = whole->n_query * whole->n_train;

  return (part->se_sample == NULL || (whole->se_sample = assay_mem_new (double, n, error)) != NULL)
         && (part->se_seed == NULL || (whole->se_seed = assay_mem_new (double, n, error)) != NULL);
}

static AssayInfluenceScores *
put_together (const Parts *parts, GError **error)
{
  g_autoptr (AssayInfluenceScores) whole = NULL;
  g_autoptr (GHashTable) said = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint k = 0; k < parts->runs->len; k++)
    {
      const Run *run = &g_array_index (parts->runs, Run, k);
      g_autoptr (AssayInfluenceScores) part = assay_influence_scores_load_part (parts->context->cas, run->name, error);

      if (part == NULL || !check_fits (parts, run, part, error))
        return NULL;
      if (whole == NULL)
        {
          whole = assay_influence_scores_new (parts->setup->task.n_query, parts->setup->task.n_train, part->lo != NULL, part->solves != NULL, error);
          if (whole == NULL || !add_errors (whole, part, error))
            return NULL;
          whole->unit = part->unit;
          whole->measure = part->measure;
          whole->counterfactual = part->counterfactual;
          whole->interval_kind = part->interval_kind;
          whole->interval_reason = part->interval_reason;
          whole->damping = part->damping;
          whole->l2 = part->l2;
        }
      copy_rows (parts, run, part->value, whole->value);
      copy_rows (parts, run, part->lo, whole->lo);
      copy_rows (parts, run, part->hi, whole->hi);
      copy_rows (parts, run, part->se_sample, whole->se_sample);
      copy_rows (parts, run, part->se_seed, whole->se_seed);
      copy_solves (parts, run, part, k == 0, whole);
      if (!copy_parts (parts, run, part->parts, whole, error))
        return NULL;
      add_notes (whole->notes, said, part->notes->str);
    }
  return g_steal_pointer (&whole);
}

AssayInfluenceScores *
assay_score_parts_load (const AssayInfluenceSetup *setup, const AssayJob *job, AssayJobContext *context, const AssaySubject *subject, GError **error)
{
  g_auto (Parts) parts = { 0 };

  parts_open (&parts, setup, job, context, subject);
  if (parts.runs->len == 0 || !make_missing (&parts, 0, parts.n, error))
    return NULL;
  return put_together (&parts, error);
}
