/* SPDX-License-Identifier: GPL-3.0-or-later */
/* method.c: the registry of influence methods, made from the list in local.mk. */
#include "influence/method.h"

#include "base/error.h"
#include "influence/score.h"
#include "influence/task.h"

#include <string.h>

#define ASSAY_REGISTER(name) extern const AssayMethod assay_method_##name;
#include "influence/methods.def"
#undef ASSAY_REGISTER
#define ASSAY_REGISTER(name) &assay_method_##name,
static const AssayMethod *const methods[] = {
#include "influence/methods.def"
  NULL };
#undef ASSAY_REGISTER

const AssayMethod *const *
assay_method_list (void)
{
  return methods;
}

static gboolean
defines_self (const AssayMethod *method)
{
  return method->self != NULL;
}

static gboolean
has_direction (const AssayMethod *method)
{
  return (method->flags & ASSAY_METHOD_HAS_DIRECTION) != 0;
}

/* "exact, cg, ...": those that can. Owns: the caller. */
static char *
list_those (gboolean (*can) (const AssayMethod *method))
{
  g_autoptr (GString) names = g_string_new (NULL);

  for (gsize i = 0; methods[i] != NULL; i++)
    if (can (methods[i]))
      g_string_append_printf (names, "%s%s", names->len > 0 ? ", " : "", methods[i]->name);
  return g_string_free (g_steal_pointer (&names), FALSE);
}

static gboolean
refuse_self (const AssayMethod *method, GError **error)
{
  g_autofree char *names = list_those (defines_self);

  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "self-influence: one of the methods that define it (%s) expected, %s found", names, method->name);
  return FALSE;
}

gboolean
assay_method_check_direction (const AssayMethod *method, const char *by, GError **error)
{
  g_autofree char *names = NULL;

  if (has_direction (method))
    return TRUE;
  names = list_those (has_direction);
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "by %s: a method whose scores are inner products with one direction for each query (%s) expected, %s found", by,
               names, method->name);
  return FALSE;
}

/* A row of its own: the mean loss of all training examples stands for the query in what is kept. */
static AssayInfluenceTask
ask_self (const AssayInfluenceTask *task)
{
  AssayInfluenceTask self = *task;

  self.query = task->train;
  self.n_query = 1;
  self.query_size = task->n_train;
  self.keep_directions = FALSE;
  return self;
}

AssayInfluenceScores *
assay_method_score_self (const AssayMethod *method, const AssayInfluenceTask *task, const AssayValues *options, AssayProgress *progress,
                         GError **error)
{
  AssayInfluenceTask self = ask_self (task);
  AssayInfluenceScores *scores;

  if ((method->self == NULL && !refuse_self (method, error)) || !assay_influence_task_check (&self, error))
    return NULL;
  scores = method->self (&self, options, progress, error);
  if (scores != NULL)
    scores->measure = ASSAY_MEASURE_SELF;
  return scores;
}

void
assay_method_cost_self (const AssayMethod *method, const AssayInfluenceTask *task, const AssayValues *options, double *flops, double *bytes)
{
  AssayInfluenceTask self = *task;

  if (method->cost_self != NULL)
    {
      method->cost_self (task, options, flops, bytes);
      return;
    }
  self.query = task->train;
  self.n_query = task->n_train;
  self.query_size = 1;
  method->cost (&self, options, flops, bytes);
  *bytes -= 24.0 * (double) (task->n_train * task->n_train) - 24.0 * (double) task->n_train;      /* one row, not a square */
}

gint64
assay_method_get_query_unit (const AssayMethod *method, const AssayInfluenceTask *task, const AssayValues *options)
{
  return method->query_unit ? method->query_unit (task, options) : ASSAY_QUERY_BLOCK;
}

const AssayMethod *
assay_method_find (const char *name, GError **error)
{
  const char *names[G_N_ELEMENTS (methods)] = { NULL };
  g_autofree char *all = NULL;

  for (gsize i = 0; methods[i] != NULL; i++)
    {
      if (strcmp (methods[i]->name, name) == 0)
        return methods[i];
      names[i] = methods[i]->name;
    }
  all = g_strjoinv (", ", (char **) names);
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "method: one of %s expected, \"%s\" found", all, name);
  return NULL;
}
