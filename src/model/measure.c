/* SPDX-License-Identifier: GPL-3.0-or-later */
/* measure.c: reads measures and adds their nodes. */
#include "model/measure.h"

#include "base/error.h"

#include <string.h>

static const struct { const char *name; AssayMeasureKind kind; } kinds[] = {
  { "loss", ASSAY_MEASURE_KIND_LOSS },
  { "log-probability", ASSAY_MEASURE_KIND_LOG_PROBABILITY },
  { "margin", ASSAY_MEASURE_KIND_MARGIN },
  { "logit:", ASSAY_MEASURE_KIND_LOGIT },
  { "logit-difference:", ASSAY_MEASURE_KIND_LOGIT_DIFFERENCE },
  { "activation:", ASSAY_MEASURE_KIND_ACTIVATION },
  { "probe:", ASSAY_MEASURE_KIND_PROBE },
};

const char *const assay_pools[] = { [ASSAY_POOL_LAST] = "last", [ASSAY_POOL_MEAN] = "mean", [ASSAY_POOL_SUM] = "sum", NULL };

/* One number or two with a comma. */
static gboolean
read_numbers (const char *text, guint n, gint64 *out)
{
  g_auto (GStrv) parts = g_strsplit (text, ",", 3);
  guint64 value;

  if (g_strv_length (parts) != n)
    return FALSE;
  for (guint i = 0; i < n; i++)
    {
      if (!g_ascii_string_to_unsigned (parts[i], 10, 0, (guint64) 1 << 50, &value, NULL))
        return FALSE;
      out[i] = (gint64) value;
    }
  return TRUE;
}

/* TAP[INDEX] */
static gboolean
read_tap (const char *text, AssayMeasure *measure)
{
  const char *open = strrchr (text, '[');
  gsize n = strlen (text);
  g_autofree char *index = NULL;

  if (open == NULL || open == text || text[n - 1] != ']')
    return FALSE;
  index = g_strndup (open + 1, n - (gsize) (open - text) - 2);
  measure->tap = g_strndup (text, (gsize) (open - text));
  return read_numbers (index, 1, &measure->first);
}

static gboolean
read_rest (const char *rest, AssayMeasure *measure)
{
  switch (measure->kind)
    {
    case ASSAY_MEASURE_KIND_LOGIT:
      return read_numbers (rest, 1, &measure->first);
    case ASSAY_MEASURE_KIND_LOGIT_DIFFERENCE:
      {
        gint64 both[2];

        if (!read_numbers (rest, 2, both))
          return FALSE;
        measure->first = both[0];
        measure->second = both[1];
        return TRUE;
      }
    case ASSAY_MEASURE_KIND_ACTIVATION:
      return read_tap (rest, measure);
    case ASSAY_MEASURE_KIND_PROBE:
      measure->probe = g_strdup (rest);
      return rest[0] != '\0';
    case ASSAY_MEASURE_KIND_LOSS:
    case ASSAY_MEASURE_KIND_LOG_PROBABILITY:
    case ASSAY_MEASURE_KIND_MARGIN:
      break;
    }
  return rest[0] == '\0';
}

AssayMeasure *
assay_measure_parse (const char *text, GError **error)
{
  g_autoptr (AssayMeasure) measure = g_new0 (AssayMeasure, 1);

  measure->second = -1;
  for (gsize k = 0; k < G_N_ELEMENTS (kinds); k++)
    if (g_str_has_prefix (text, kinds[k].name))
      {
        measure->kind = kinds[k].kind;
        if (read_rest (text + strlen (kinds[k].name), measure))
          return g_steal_pointer (&measure);
        g_clear_pointer (&measure->tap, g_free);
        g_clear_pointer (&measure->probe, g_free);
      }
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "measure: loss, log-probability, margin, logit:K, logit-difference:A,B, "
               "activation:TAP[INDEX] or probe:NAME expected, \"%s\" found", text);
  return NULL;
}

AssayMeasure *
assay_measure_copy (const AssayMeasure *measure)
{
  AssayMeasure *copy = g_memdup2 (measure, sizeof *measure);

  copy->tap = g_strdup (measure->tap);
  copy->probe = g_strdup (measure->probe);
  copy->direction = g_memdup2 (measure->direction, (gsize) measure->n * sizeof *measure->direction);
  return copy;
}

void
assay_measure_set_probe (AssayMeasure *measure, const char *tap, gint64 n, const double *direction, double bias, AssayPool pool)
{
  g_free (measure->tap);
  g_free (measure->direction);
  measure->tap = g_strdup (tap);
  measure->n = n;
  measure->direction = g_memdup2 (direction, (gsize) n * sizeof *direction);
  measure->bias = bias;
  measure->pool = pool;
}

void
assay_measure_free (AssayMeasure *measure)
{
  if (measure == NULL)
    return;
  g_free (measure->tap);
  g_free (measure->probe);
  g_free (measure->direction);
  g_free (measure);
}

/* Whether a value has the positions that losses have weights for. */
static gboolean
has_positions (const AssayGraph *graph, const AssayGraphNode *loss, guint value)
{
  const AssayShape *shape = &assay_graph_get_value (graph, value)->shape;

  return loss->n_in > 2 && shape->rank > 2 && shape->dim[1] == loss->in_shape[2].dim[1];
}

static gboolean
add_probe (const AssayMeasure *measure, AssayGraph *graph, const AssayGraphNode *loss, guint value)
{
  gboolean has_weight = has_positions (graph, loss, value);
  const guint in[] = { value, assay_graph_add_constant (graph, "measure.direction", ASSAY_SHAPE (measure->n), measure->direction),
                       has_weight ? loss->in[2] : ASSAY_NO_VALUE };

  assay_graph_set_loss (graph, assay_graph_add_node (graph, "probe", "measure", has_weight ? 3 : 2, in,
                                                     ASSAY_ATTRS (measure->bias, (double) measure->pool)));
  return TRUE;
}

/* The number of a result, at the last position that counts where it has positions. */
static gboolean
add_entry (const AssayMeasure *measure, AssayGraph *graph, const AssayGraphNode *loss, guint value)
{
  gboolean has_weight = has_positions (graph, loss, value);
  const guint in[] = { value, has_weight ? loss->in[2] : ASSAY_NO_VALUE };

  assay_graph_set_loss (graph, assay_graph_add_node (graph, "entry", "measure", has_weight ? 2 : 1, in,
                                                     ASSAY_ATTRS ((double) measure->first, (double) measure->second)));
  return TRUE;
}

static gboolean
add_answer (const AssayMeasure *measure, AssayGraph *graph, const AssayGraphNode *loss, GError **error)
{
  double others = measure->kind == ASSAY_MEASURE_KIND_MARGIN;

  if (!(loss->op->index_in >> 1 & 1))
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "measure: a model of classes or tokens expected for a probability, this one predicts a "
                   "number; logit:0 is what it predicts");
      return FALSE;
    }
  assay_graph_set_loss (graph, assay_graph_add_node (graph, "log_odds", "measure", loss->n_in, loss->in, ASSAY_ATTRS (others)));
  return TRUE;
}

gboolean
assay_measure_apply (const AssayMeasure *measure, AssayGraph *graph, GError **error)
{
  const AssayGraphNode *loss;
  guint tap;

  if (measure->kind == ASSAY_MEASURE_KIND_LOSS || assay_graph_has_failed (graph))
    return TRUE;
  loss = assay_graph_get_node (graph, assay_graph_get_value (graph, assay_graph_get_own_loss (graph))->node);
  if (measure->kind == ASSAY_MEASURE_KIND_LOG_PROBABILITY || measure->kind == ASSAY_MEASURE_KIND_MARGIN)
    return add_answer (measure, graph, loss, error);
  if (measure->kind != ASSAY_MEASURE_KIND_ACTIVATION && measure->kind != ASSAY_MEASURE_KIND_PROBE)
    return add_entry (measure, graph, loss, assay_graph_get_logits (graph));
  if (measure->kind == ASSAY_MEASURE_KIND_PROBE && measure->n == 0)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "measure: probe %s: a direction expected, none was set", measure->probe);
      return FALSE;
    }
  tap = assay_graph_find (graph, measure->tap);
  if (tap == ASSAY_NO_VALUE || assay_graph_get_value (graph, tap)->role != ASSAY_VALUE_RESULT)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NOT_FOUND, "measure: no result of the model is called \"%s\"; assay info CASE model/NAME lists them",
                   measure->tap);
      return FALSE;
    }
  return measure->kind == ASSAY_MEASURE_KIND_PROBE ? add_probe (measure, graph, loss, tap) : add_entry (measure, graph, loss, tap);
}
