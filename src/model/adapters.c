/* SPDX-License-Identifier: GPL-3.0-or-later */
/* adapters.c: the frozen numbers of a base, and which of its modules have adapters. */
#include "model/adapters.h"

#include "base/error.h"
#include "base/mem.h"

#include <string.h>

struct _AssayAdapters {
  gatomicrefcount refs;
  gint64 rank;
  double alpha;
  char *modules, **patterns;
  json_t *source;
  AssayGraph *layout;           /* of the base */
  double *theta;                /* of the base */
  char *sha256;                 /* of theta */
};

AssayAdapters *
assay_adapters_new (const AssayModel *base, gint64 rank, double alpha, const char *modules, const json_t *source, GError **error)
{
  const gint64 P = assay_model_get_n_params (base);
  g_autoptr (AssayAdapters) self = g_new0 (AssayAdapters, 1);

  g_atomic_ref_count_init (&self->refs);
  self->rank = rank;
  self->alpha = alpha;
  self->modules = g_strdup (modules);
  self->patterns = g_strsplit (modules, ",", -1);
  for (char **pattern = self->patterns; *pattern != NULL; pattern++)
    g_strstrip (*pattern);
  self->source = json_deep_copy (source);
  self->layout = assay_graph_ref (assay_model_get_layout (base));
  self->theta = assay_mem_new (double, (guint64) P, error);
  if (self->theta == NULL)
    return NULL;
  assay_model_read_theta (base, self->theta);
  self->sha256 = g_compute_checksum_for_data (G_CHECKSUM_SHA256, (const guchar *) self->theta, (gsize) P * sizeof (double));
  return g_steal_pointer (&self);
}

AssayAdapters *
assay_adapters_ref (AssayAdapters *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
assay_adapters_unref (AssayAdapters *self)
{
  if (self == NULL || !g_atomic_ref_count_dec (&self->refs))
    return;
  g_free (self->modules);
  g_strfreev (self->patterns);
  json_decref (self->source);
  assay_graph_unref (self->layout);
  assay_mem_free (self->theta);
  g_free (self->sha256);
  g_free (self);
}

const double *
assay_adapters_find_frozen (const AssayAdapters *self, const char *name)
{
  guint v = assay_graph_find (self->layout, name);
  const AssayGraphValue *value = v != ASSAY_NO_VALUE ? assay_graph_get_value (self->layout, v) : NULL;

  return value != NULL && value->role == ASSAY_VALUE_PARAM ? self->theta + value->offset : NULL;
}

gboolean
assay_adapters_match (const AssayAdapters *self, const char *module)
{
  for (char **pattern = self->patterns; *pattern != NULL; pattern++)
    if (g_pattern_match_simple (*pattern, module))
      return TRUE;
  return FALSE;
}

gint64
assay_adapters_get_rank (const AssayAdapters *self)
{
  return self->rank;
}

double
assay_adapters_get_scale (const AssayAdapters *self)
{
  return self->alpha / (double) self->rank;
}

json_t *
assay_adapters_to_json (const AssayAdapters *self)
{
  return json_pack ("{s:I, s:f, s:s, s:O, s:s}", "rank", (json_int_t) self->rank, "alpha", self->alpha, "modules", self->modules, "base", self->source, "base_sha256", self->sha256);
}

/* --- merging ------------------------------------------------------------------------------------------------------------------ */

/* W <- W + scale B A                                                                            W (out,in), A (r,in), B (out,r) */
static void
add_product (double *w, const double *a, const double *b, gint64 out, gint64 in, gint64 r, double scale)
{
  for (gint64 o = 0; o < out; o++)
    for (gint64 k = 0; k < r; k++)
      for (gint64 i = 0; i < in; i++)
        w[o * in + i] += scale * b[o * r + k] * a[k * in + i];
}

/* Numbers of a parameter of the model whose name is the module's and an end. */
static const double *
find_adapter (const AssayModel *model, const double *theta, const char *module, const char *end)
{
  g_autofree char *name = g_strconcat (module, end, NULL);
  guint v = assay_graph_find (assay_model_get_layout (model), name);

  return v != ASSAY_NO_VALUE ? theta + assay_graph_get_value (assay_model_get_layout (model), v)->offset : NULL;
}

static void
merge_weight (const AssayAdapters *self, const AssayModel *model, const double *theta, const AssayGraphValue *weight, double *merged)
{
  static const char end[] = ".weight";
  g_autofree char *module = g_strndup (weight->name, strlen (weight->name) - strlen (end));
  const double *a = find_adapter (model, theta, module, ".lora_A.weight"), *b = find_adapter (model, theta, module, ".lora_B.weight");

  if (a != NULL && b != NULL)
    add_product (merged + weight->offset, a, b, weight->shape.dim[0], weight->shape.dim[1], self->rank, assay_adapters_get_scale (self));
}

AssayModel *
assay_adapters_merge (const AssayModel *model, GError **error)
{
  const AssayAdapters *self = assay_model_get_adapters (model);
  json_auto_t *config = assay_values_to_json (assay_model_get_config (model));
  g_autoptr (AssayModel) merged = assay_model_new (assay_model_get_block (model)->name, config, assay_model_get_dtype (model), error);
  g_autoptr (AssayBuffer) theta = NULL, whole = NULL;

  if (merged == NULL || (theta = assay_mem_new (double, (guint64) assay_model_get_n_params (model), error)) == NULL
      || (whole = assay_mem_new (double, (guint64) assay_model_get_n_params (merged), error)) == NULL)
    return NULL;
  assay_model_read_theta (model, theta);
  memcpy (whole, self->theta, sizeof (double) * (gsize) assay_model_get_n_params (merged));
  for (guint v = 0; v < assay_graph_get_n_values (self->layout); v++)
    {
      const AssayGraphValue *value = assay_graph_get_value (self->layout, v);

      if (value->role == ASSAY_VALUE_PARAM && value->shape.rank == 2 && g_str_has_suffix (value->name, ".weight"))
        merge_weight (self, model, theta, value, whole);
    }
  assay_model_write_theta (merged, whole);
  return g_steal_pointer (&merged);
}
