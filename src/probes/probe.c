/* SPDX-License-Identifier: GPL-3.0-or-later */
/* probe.c: the registry of probes; proposing, reading and weighing edits. */
#include "probes/probe.h"

#include "base/error.h"
#include "base/mem.h"
#include "stats/distribution.h"
#include "stats/estimate.h"

#include <math.h>
#include <string.h>

#define LEVEL 0.95
#define CHUNK 4096              /* edits between two looks at whether to stop */

#define ASSAY_REGISTER(name) extern const AssayProbe assay_probe_##name;
#include "probes/probes.def"
#undef ASSAY_REGISTER
#define ASSAY_REGISTER(name) &assay_probe_##name,
static const AssayProbe *const probes[] = {
#include "probes/probes.def"
  NULL };
#undef ASSAY_REGISTER

const AssayProbe *const *
assay_probe_list (void)
{
  return probes;
}

const AssayProbe *
assay_probe_find (const char *name, GError **error)
{
  const char *names[G_N_ELEMENTS (probes)] = { NULL };
  g_autofree char *all = NULL;

  for (gsize i = 0; probes[i] != NULL; i++)
    {
      if (strcmp (probes[i]->name, name) == 0)
        return probes[i];
      names[i] = probes[i]->name;
    }
  all = g_strjoinv (", ", (char **) names);
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "probe: one of %s expected, \"%s\" found", all, name);
  return NULL;
}

/* --- the task --------------------------------------------------------------------------------------------------------- */

/* No chain at all: ANS behind the token that announces it. */
static gboolean
read_plain (AssayChainTask *task, GError **error)
{
  gint64 T = task->layout.T;
  g_autofree AssayChainWalk *walks = g_new0 (AssayChainWalk, task->n);
  g_autofree gint32 *empty = g_memdup2 (task->tokens, (gsize) (task->n * T) * sizeof (gint32));

  for (gint64 i = 0; i < task->n; i++)
    {
      empty[i * T + task->layout.chain] = task->layout.ans;
      walks[i] = (AssayChainWalk) { .tokens = empty + i * T, .read = task->layout.chain };
    }
  if (!assay_chain_reader_run (task->reader, walks, task->n, task->none, NULL, error))
    return FALSE;
  for (gint64 i = 0; i < task->n; i++)
    walks[i] = (AssayChainWalk) { .tokens = task->tokens + i * T, .read = task->layout.answer };
  if (!assay_chain_reader_run (task->reader, walks, task->n, task->full, NULL, error))
    return FALSE;
  for (gint64 i = 0; i < task->n; i++)
    task->answer[i] = assay_chain_likeliest (task->full + i * task->layout.n_answers, task->layout.n_answers);
  return TRUE;
}

AssayChainTask *
assay_chain_task_new (const AssayOrganism *organism, AssayChainReader *reader, const gint32 *tokens, const gint64 *id, const gint64 *prompt, gint64 n,
                      guint64 seed, gint64 budget, GError **error)
{
  g_autoptr (AssayChainTask) task = g_new0 (AssayChainTask, 1);
  gint64 A;

  *task = (AssayChainTask) { .organism = organism, .reader = reader, .layout = *assay_chain_reader_get_layout (reader), .n = n, .seed = seed,
                             .budget = budget };
  A = task->layout.n_answers;
  task->tokens = g_memdup2 (tokens, (gsize) (n * task->layout.T) * sizeof (gint32));
  task->id = g_memdup2 (id, (gsize) n * sizeof (gint64));
  task->prompt = g_memdup2 (prompt, (gsize) n * sizeof (gint64));
  task->answer = g_new0 (gint32, n);
  task->full = assay_mem_new (double, n * A, error);
  task->none = task->full ? assay_mem_new (double, n * A, error) : NULL;
  return task->none != NULL && read_plain (task, error) ? g_steal_pointer (&task) : NULL;
}

void
assay_chain_task_free (AssayChainTask *task)
{
  if (task == NULL)
    return;
  g_free (task->tokens);
  g_free (task->id);
  g_free (task->prompt);
  g_free (task->answer);
  assay_mem_free (task->full);
  assay_mem_free (task->none);
  g_free (task);
}

/* --- edits ------------------------------------------------------------------------------------------------------------ */

static AssayProbeEdits *
edits_new (gint64 T)
{
  AssayProbeEdits *edits = g_new0 (AssayProbeEdits, 1);

  edits->T = T;
  edits->edit = g_array_new (FALSE, FALSE, sizeof (AssayProbeEdit));
  edits->token = g_array_new (FALSE, FALSE, sizeof (gint32));
  edits->n_possible = g_array_new (FALSE, FALSE, sizeof (double));
  edits->first = g_array_new (FALSE, FALSE, sizeof (gint64));
  return edits;
}

static void
edits_free (AssayProbeEdits *edits)
{
  if (edits == NULL)
    return;
  g_array_unref (edits->edit);
  g_array_unref (edits->token);
  g_array_unref (edits->n_possible);
  g_array_unref (edits->first);
  g_free (edits);
}

/* Behind the n tokens there are zeros: a causal model does not see them. */
static gint64
add_tokens (AssayProbeEdits *edits, const gint32 *tokens, gint64 n)
{
  gint64 at = edits->token->len;

  g_array_set_size (edits->token, at + edits->T);
  memset (&g_array_index (edits->token, gint32, at), 0, (gsize) edits->T * sizeof (gint32));
  memcpy (&g_array_index (edits->token, gint32, at), tokens, (gsize) n * sizeof (gint32));
  return at;
}

AssayProbeEdit *
assay_probe_edits_add (AssayProbeEdits *edits, AssayProbeArm arm, const gint32 *tokens, gint64 read)
{
  AssayProbeEdit edit = { .instance = edits->instance, .arm = arm, .point = -1, .weight = 1, .follows = -1, .read = read, .donor = -1 };

  edit.tokens = add_tokens (edits, tokens, read + 1);
  g_array_append_val (edits->edit, edit);
  return &g_array_index (edits->edit, AssayProbeEdit, edits->edit->len - 1);
}

gint64
assay_probe_edits_add_donor (AssayProbeEdits *edits, const gint32 *tokens)
{
  return add_tokens (edits, tokens, edits->T);
}

static void
propose (const AssayProbe *probe, const AssayChainTask *task, AssayProbeEdits *edits)
{
  gint64 end;

  for (gint64 i = 0; i < task->n; i++)
    {
      AssayRng rng = assay_rng_new (task->seed, assay_rng_stream (probe->name, (guint64) task->id[i]));
      gint64 first = edits->edit->len;

      edits->instance = i;
      edits->possible[ASSAY_ARM_CHAIN] = edits->possible[ASSAY_ARM_CONTROL] = (double) INFINITY;
      probe->propose (task, i, &rng, edits);
      g_array_append_val (edits->first, first);
      g_array_append_vals (edits->n_possible, edits->possible, ASSAY_N_ARMS);
    }
  end = edits->edit->len;
  g_array_append_val (edits->first, end);
}

static const AssayProbeEdit *
edit_at (const AssayProbeEdits *edits, gint64 k)
{
  return &g_array_index (edits->edit, AssayProbeEdit, k);
}

/* Walks of count edits from the first on; answer (count,A). */
static gboolean
read_edits (const AssayProbeEdits *edits, const AssayChainTask *task, gint64 first, gint64 count, double *answer, GError **error)
{
  g_autofree AssayChainWalk *walks = g_new (AssayChainWalk, count);
  const gint32 *tokens = (const gint32 *) (gpointer) edits->token->data;

  for (gint64 k = 0; k < count; k++)
    {
      const AssayProbeEdit *edit = edit_at (edits, first + k);

      walks[k] = (AssayChainWalk) { .tokens = tokens + edit->tokens, .read = edit->read, .intervention = edit->intervention, .first = edit->first,
                                    .count = edit->count, .donor = edit->donor >= 0 ? tokens + edit->donor : NULL, .layer = edit->layer };
    }
  return assay_chain_reader_run (task->reader, walks, count, answer, NULL, error);
}

static gint32
asked_of (const AssayProbeEdit *edit, const AssayChainTask *task)
{
  return edit->follows >= 0 ? edit->follows : task->answer[edit->instance];
}

static gboolean
answer_edits (AssayProbeEdits *edits, const AssayChainTask *task, AssayProgress *progress, GError **error)
{
  gint64 A = task->layout.n_answers, E = edits->edit->len;
  g_autoptr (AssayBuffer) answer = assay_mem_new (double, CHUNK * A, error);

  if (answer == NULL)
    return FALSE;
  for (gint64 first = 0; first < E; first += CHUNK)
    {
      gint64 count = MIN (CHUNK, E - first);

      if (assay_progress_is_cancelled (progress, error) || !read_edits (edits, task, first, count, answer, error))
        return FALSE;
      for (gint64 k = 0; k < count; k++)
        {
          AssayProbeEdit *edit = &g_array_index (edits->edit, AssayProbeEdit, first + k);
          const double *p = (const double *) answer + k * A;

          edit->p = p[asked_of (edit, task)];
          edit->answer = assay_chain_likeliest (p, A);
        }
    }
  return TRUE;
}

gboolean
assay_probe_replay (const AssayProbeResult *result, const AssayChainTask *task, gint64 first, gint64 count, double *p, GError **error)
{
  gint64 A = task->layout.n_answers;
  g_autoptr (AssayBuffer) answer = assay_mem_new (double, count * A, error);

  if (answer == NULL || !read_edits (result->edits, task, first, count, answer, error))
    return FALSE;
  for (gint64 k = 0; k < count; k++)
    p[k] = ((const double *) answer)[k * A + asked_of (edit_at (result->edits, first + k), task)];
  return TRUE;
}

/* --- numbers ---------------------------------------------------------------------------------------------------------- */

static double
soft_effect (const AssayProbe *probe, const AssayChainTask *task, const AssayProbeEdit *edit)
{
  double full = task->full[edit->instance * task->layout.n_answers + task->answer[edit->instance]];

  if (edit->follows >= 0)
    return edit->p;
  return probe->is_relative ? 1 - edit->p / full : full - edit->p;
}

/* Half a width of the interval of a mean of m draws without return out of `possible`.
 *                                                   t s / sqrt m  sqrt ((possible - m) / (possible - 1)) */
static double
half_width (const double *effect, gint64 m, double possible)
{
  AssayEstimate student;

  if ((double) m >= possible)
    return 0;
  student = assay_estimate_mean (effect, m, LEVEL);
  return (student.hi - student.value) * (isinf (possible) ? 1 : sqrt ((possible - (double) m) / (possible - 1)));
}

/* The same shrinking around the share that was seen. */
static AssayProbeNumber
share (gint64 changed, gint64 m, double possible)
{
  AssayEstimate wilson = assay_estimate_proportion (changed, m, LEVEL);
  double keep = (double) m >= possible ? 0 : isinf (possible) ? 1 : sqrt ((possible - (double) m) / (possible - 1));

  return (AssayProbeNumber) { wilson.value, wilson.value - keep * (wilson.value - wilson.lo), wilson.value + keep * (wilson.hi - wilson.value) };
}

/* An instance's edits in one arm: mean effect by weight, changed answers, and tokens walked. */
typedef struct {
  gint64 m, changed;
  double mean, possible;
  double *effect;               /* (m) */
} Arm;

static Arm
weigh (const AssayProbe *probe, const AssayChainTask *task, const AssayProbeEdits *edits, gint64 instance, AssayProbeArm which)
{
  gint64 first = g_array_index (edits->first, gint64, instance), end = g_array_index (edits->first, gint64, instance + 1);
  Arm arm = { .possible = g_array_index (edits->n_possible, double, instance * ASSAY_N_ARMS + which), .effect = g_new (double, end - first) };
  double sum = 0, weights = 0;

  for (gint64 k = first; k < end; k++)
    {
      const AssayProbeEdit *edit = edit_at (edits, k);

      if (edit->arm != which || edit->weight == 0)
        continue;
      arm.effect[arm.m++] = soft_effect (probe, task, edit);
      arm.changed += edit->follows >= 0 ? edit->answer == edit->follows : edit->answer != task->answer[instance];
      sum += edit->weight * arm.effect[arm.m - 1];
      weights += edit->weight;
    }
  arm.mean = arm.m > 0 ? sum / weights : (double) NAN;
  return arm;
}

static gint64
count_tokens (const AssayProbeEdits *edits, gint64 instance)
{
  gint64 first = g_array_index (edits->first, gint64, instance), end = g_array_index (edits->first, gint64, instance + 1), runs = 0, donor = -1;

  for (gint64 k = first; k < end; k++)
    {
      const AssayProbeEdit *edit = edit_at (edits, k);

      runs += 1 + (edit->donor >= 0 && edit->donor != donor);
      donor = edit->donor;
    }
  return runs * edits->T;
}

static void
summarise (const AssayProbe *probe, const AssayChainTask *task, const AssayProbeEdits *edits, gint64 instance, AssayProbeRow *row)
{
  Arm chain = weigh (probe, task, edits, instance, ASSAY_ARM_CHAIN), control = weigh (probe, task, edits, instance, ASSAY_ARM_CONTROL);

  *row = (AssayProbeRow) { .soft = { NAN, NAN, NAN }, .hard = { NAN, NAN, NAN }, .control = control.mean, .n_edits = chain.m,
                           .cost = count_tokens (edits, instance) };
  if (chain.m > 0)
    {
      double half = half_width (chain.effect, chain.m, chain.possible), least = probe->is_relative ? (double) -INFINITY : -1;

      row->soft = (AssayProbeNumber) { chain.mean, fmin (chain.mean, fmax (chain.mean - half, least)), fmax (chain.mean, fmin (chain.mean + half, 1)) };
      row->hard = share (chain.changed, chain.m, chain.possible);
    }
  g_free (chain.effect);
  g_free (control.effect);
}

double
assay_probe_result_get_point (const AssayProbeResult *result, const AssayChainTask *task, gint64 instance, AssayProbeArm arm, gint64 point)
{
  const AssayProbeEdits *edits = result->edits;
  double sum = 0;
  gint64 n = 0;

  for (gint64 k = g_array_index (edits->first, gint64, instance); k < g_array_index (edits->first, gint64, instance + 1); k++)
    {
      const AssayProbeEdit *edit = edit_at (edits, k);

      if (edit->arm != arm || edit->point != point)
        continue;
      sum += soft_effect (result->probe, task, edit);
      n++;
    }
  return n > 0 ? sum / (double) n : (double) NAN;
}

AssayProbeResult *
assay_probe_run (const AssayProbe *probe, const AssayChainTask *task, AssayProgress *progress, GError **error)
{
  g_autoptr (AssayProbeResult) result = g_new0 (AssayProbeResult, 1);

  result->probe = probe;
  result->n = task->n;
  result->row = g_new0 (AssayProbeRow, task->n);
  if (probe->fit != NULL)
    return probe->fit (task, result->row, progress, error) ? g_steal_pointer (&result) : NULL;
  result->edits = edits_new (task->layout.T);
  propose (probe, task, result->edits);
  if (!answer_edits (result->edits, task, progress, error))
    return NULL;
  for (gint64 i = 0; i < task->n; i++)
    summarise (probe, task, result->edits, i, &result->row[i]);
  return g_steal_pointer (&result);
}

void
assay_probe_result_free (AssayProbeResult *result)
{
  if (result == NULL)
    return;
  edits_free (result->edits);
  g_free (result->row);
  g_free (result);
}
