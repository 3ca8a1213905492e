/* SPDX-License-Identifier: GPL-3.0-or-later */
/* influence_task.c: fills an AssayInfluenceTask. */
#include "job/influence_task.h"

#include "dataset/derive.h"

#define GIB 1073741824.0

void
assay_influence_setup_free (AssayInfluenceSetup *setup)
{
  if (setup == NULL)
    return;
  assay_trajectory_free (setup->trajectory);
  assay_retraining_setup_free (setup->retraining);
  g_free (setup);
}

/* Checkpoints count where the training kept some; a method that needs them says so itself. */
static gboolean
load_trajectory (AssayInfluenceSetup *setup, const AssayJobContext *context, const AssaySubject *subject, GError **error)
{
  if (subject->training == NULL || assay_values_get_int (subject->training, "checkpoints") == 0)
    return TRUE;
  setup->trajectory = assay_trajectory_load (context->cas, subject->object->name, error);
  if (setup->trajectory == NULL)
    return FALSE;
  setup->task.checkpoint = (const double *const *) setup->trajectory->theta;
  setup->task.checkpoint_rate = setup->trajectory->rate;
  setup->task.n_checkpoints = setup->trajectory->n;
  return TRUE;
}

/* For methods that retrain. */
static gboolean
add_retraining (AssayInfluenceSetup *setup, const AssayJob *job, const AssayJobContext *context, const AssaySubject *subject, GError **error)
{
  if (subject->training == NULL)
    return TRUE;
  setup->retraining = assay_retraining_setup_new (job, subject, context, setup->task.query, setup->task.n_query, error);
  if (setup->retraining == NULL)
    return FALSE;
  setup->task.retrain = assay_ground_truth_retrain;
  setup->task.retrain_data = &setup->retraining->source;
  return TRUE;
}

AssayInfluenceSetup *
assay_influence_setup_new (AssayJob *job, AssayJobContext *context, AssaySubject *subject, const gint64 *query, gint64 n_query, GError **error)
{
  const AssayValues *values = assay_job_get_values (job);
  AssayInfluenceSetup *setup = g_new0 (AssayInfluenceSetup, 1);

  setup->task = (AssayInfluenceTask) {
    .model = subject->model, .dataset = subject->dataset, .train = subject->train, .n_train = subject->n_train, .query = query,
    .n_query = n_query, .l2 = subject->l2, .penalise_bias = TRUE, .batch = assay_values_get_int (values, "walk-batch"),
    .memory = (gsize) (assay_values_get_double (values, "walk-memory") * GIB), .backend = context->backend,
  };
  if (!load_trajectory (setup, context, subject, error) || !add_retraining (setup, job, context, subject, error))
    {
      assay_influence_setup_free (setup);
      return NULL;
    }
  return setup;
}

static gpointer
make_sections (gpointer unused)
{
  GArray *sections = g_array_new (TRUE, TRUE, sizeof (AssayJobSection));
  AssayJobSection data = { NULL, NULL, "the data of an imported model", assay_derive_params };

  (void) unused;
  g_array_append_val (sections, data);
  for (const AssayMethod *const *method = assay_method_list (); *method != NULL; method++)
    {
      AssayJobSection section = { "method", (*method)->name, (*method)->help, (*method)->params };

      g_array_append_val (sections, section);
    }
  return g_array_free (sections, FALSE);
}

const AssayJobSection *
assay_influence_task_sections (void)
{
  static GOnce once = G_ONCE_INIT;

  return g_once (&once, make_sections, NULL);
}
