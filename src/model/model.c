/* SPDX-License-Identifier: GPL-3.0-or-later */
/* model.c: a block, its configuration, and theta. */
#include "model/model.h"

#include "base/error.h"
#include "base/mem.h"
#include "base/rng.h"
#include "model/adapters.h"
#include "model/packed_weights.h"

#include <math.h>
#include <string.h>

struct _AssayModel {
  const AssayBlock *block;
  AssayValues *config;
  AssayMeasure *measure;        /* in the place of the loss; NULL: the loss */
  AssayAdapters *adapters;      /* NULL: none, all parameters are its own */
  AssayDtype dtype;
  AssayGraph *layout;
  gint64 P;
  void *theta;
  AssayPackedWeights *packed;   /* in the place of some of theta; NULL */
  json_t *card;
};

/* parameter: the input that is one; NULL: none. */
static AssayGraph *
build_graph (const AssayBlock *block, const AssayValues *config, AssayAdapters *adapters, const AssayMeasure *measure, gint64 batch, const char *parameter, GError **error)
{
  g_autoptr (AssayGraph) graph = assay_graph_new ();

  assay_graph_set_adapters (graph, adapters);
  if (parameter != NULL)
    assay_graph_make_parameter (graph, parameter);
  if (!block->build (config, batch, graph, error) || (measure != NULL && !assay_measure_apply (measure, graph, error))
      || !assay_graph_finish (graph, error))
    return NULL;
  return g_steal_pointer (&graph);
}

/* All but theta. */
static AssayModel *
lay_out (const char *architecture, const json_t *config, AssayAdapters *adapters, AssayDtype dtype, GError **error)
{
  g_autoptr (AssayModel) model = g_new0 (AssayModel, 1);

  model->adapters = adapters ? assay_adapters_ref (adapters) : NULL;
  model->block = assay_block_find (architecture, error);
  if (model->block == NULL)
    return NULL;
  if (dtype != ASSAY_F32 && dtype != ASSAY_F64)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "model: parameters in f32 or f64 expected, %s found", assay_dtype_name (dtype));
      return NULL;
    }
  model->dtype = dtype;
  model->config = assay_values_from_json (model->block->params, config, architecture, error);
  if (model->config == NULL || !assay_values_check (model->config, architecture, error))
    return NULL;
  model->layout = build_graph (model->block, model->config, adapters, NULL, 1, NULL, error);
  if (model->layout == NULL)
    return NULL;
  model->P = assay_graph_get_n_params (model->layout);
  return g_steal_pointer (&model);
}

static AssayModel *
new_model (const char *architecture, const json_t *config, AssayAdapters *adapters, AssayDtype dtype, GError **error)
{
  g_autoptr (AssayModel) model = lay_out (architecture, config, adapters, dtype, error);

  if (model != NULL)
    model->theta = assay_mem_alloc_array (model->P, assay_dtype_width (dtype), error);
  return model != NULL && model->theta != NULL ? g_steal_pointer (&model) : NULL;
}

gint64
assay_model_count_params (const char *architecture, const json_t *config, GError **error)
{
  g_autoptr (AssayModel) model = lay_out (architecture, config, NULL, ASSAY_F32, error);

  return model != NULL ? model->P : -1;
}

AssayModel *
assay_model_new (const char *architecture, const json_t *config, AssayDtype dtype, GError **error)
{
  return new_model (architecture, config, NULL, dtype, error);
}

AssayModel *
assay_model_new_adapted (const AssayModel *base, AssayAdapters *adapters, AssayDtype dtype, GError **error)
{
  json_auto_t *config = assay_values_to_json (base->config), *described = NULL;
  AssayModel *model = new_model (base->block->name, config, adapters, dtype, error);

  if (model == NULL || model->P > 0)
    return model;
  assay_model_free (model);
  described = assay_adapters_to_json (adapters);
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "adapters: patterns of linear modules expected, as in \"*\" or \"h.*.attn.*\"; none of the model matches \"%s\"",
               json_string_value (json_object_get (described, "modules")));
  return NULL;
}

const AssayAdapters *
assay_model_get_adapters (const AssayModel *model)
{
  return model->adapters;
}

AssayModel *
assay_model_new_from_spec (const json_t *spec, GError **error)
{
  const char *architecture = json_string_value (json_object_get (spec, "architecture"));
  const char *dtype_name = json_string_value (json_object_get (spec, "dtype"));
  const json_t *config = json_object_get (spec, "config");
  AssayDtype dtype = ASSAY_F32;

  if (architecture == NULL || config == NULL)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "model: an object with \"architecture\" and \"config\" expected");
      return NULL;
    }
  if (json_object_get (spec, "adapters") != NULL)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_UNSUPPORTED, "model: adapters are read where their base is, in a case; export them merged");
      return NULL;
    }
  if (dtype_name == NULL && json_object_get (spec, "dtype") != NULL)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "model: \"dtype\" as a string expected");
      return NULL;
    }
  if (dtype_name != NULL && !assay_dtype_from_name (dtype_name, &dtype, error))
    return NULL;
  return assay_model_new (architecture, config, dtype, error);
}

static gboolean
set_measure (AssayModel *model, const AssayMeasure *measure, GError **error)
{
  AssayGraph *layout = build_graph (model->block, model->config, model->adapters, measure, 1, NULL, error);

  if (layout == NULL)
    return FALSE;
  assay_graph_unref (model->layout);
  model->layout = layout;
  assay_measure_free (model->measure);
  model->measure = assay_measure_copy (measure);
  return TRUE;
}

AssayModel *
assay_model_copy (const AssayModel *from, AssayDtype dtype, GError **error)
{
  json_t *config = assay_values_to_json (from->config);
  AssayModel *model = new_model (from->block->name, config, from->adapters, dtype, error);

  json_decref (config);
  if (model == NULL)
    return NULL;
  assay_dtype_convert (from->dtype, from->theta, dtype, model->theta, from->P);
  if (from->measure != NULL && !set_measure (model, from->measure, error))
    g_clear_pointer (&model, assay_model_free);
  return model;
}

AssayModel *
assay_model_new_measured (const AssayModel *from, const AssayMeasure *measure, GError **error)
{
  AssayModel *model = assay_model_copy (from, from->dtype, error);

  if (model != NULL && !set_measure (model, measure, error))
    g_clear_pointer (&model, assay_model_free);
  return model;
}

void
assay_model_free (AssayModel *model)
{
  if (model == NULL)
    return;
  assay_values_free (model->config);
  assay_measure_free (model->measure);
  assay_adapters_unref (model->adapters);
  assay_graph_unref (model->layout);
  assay_mem_free (model->theta);
  assay_packed_weights_free (model->packed);
  json_decref (model->card);
  g_free (model);
}

const json_t *
assay_model_get_card (const AssayModel *model)
{
  return model->card;
}

void
assay_model_take_card (AssayModel *model, json_t *card)
{
  json_decref (model->card);
  model->card = card;
}

const AssayPackedWeights *
assay_model_get_packed (const AssayModel *model)
{
  return model->packed;
}

void
assay_model_take_packed (AssayModel *model, AssayPackedWeights *packed)
{
  assay_packed_weights_free (model->packed);
  model->packed = packed;
}

json_t *
assay_model_get_spec (const AssayModel *model)
{
  json_t *spec = json_pack ("{s:s, s:o, s:s}", "architecture", model->block->name, "config", assay_values_to_json (model->config), "dtype",
                            assay_dtype_name (model->dtype));

  if (model->adapters != NULL)
    json_object_set_new (spec, "adapters", assay_adapters_to_json (model->adapters));
  return spec;
}

const AssayBlock *
assay_model_get_block (const AssayModel *model)
{
  return model->block;
}

const AssayValues *
assay_model_get_config (const AssayModel *model)
{
  return model->config;
}

AssayDtype
assay_model_get_dtype (const AssayModel *model)
{
  return model->dtype;
}

gint64
assay_model_get_n_params (const AssayModel *model)
{
  return model->P;
}

void *
assay_model_get_theta (AssayModel *model)
{
  return model->theta;
}

AssayGraph *
assay_model_build (const AssayModel *model, gint64 batch, GError **error)
{
  return build_graph (model->block, model->config, model->adapters, model->measure, batch, NULL, error);
}

gint64
assay_model_get_context (const AssayModel *model)
{
  return assay_values_has (model->config, "context") ? assay_values_get_int (model->config, "context") : 0;
}

AssayGraph *
assay_model_build_sequences (const AssayModel *model, gint64 batch, gint64 positions, GError **error)
{
  g_autoptr (AssayValues) config = NULL;
  json_t *document;

  if (assay_model_get_context (model) == 0)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "a model of sequences expected, %s found", model->block->name);
      return NULL;
    }
  document = assay_values_to_json (model->config);
  if (json_is_integer (json_object_get (document, "positions-size")) && json_integer_value (json_object_get (document, "positions-size")) == 0)
    json_object_set_new (document, "positions-size", json_integer (assay_model_get_context (model)));
  json_object_set_new (document, "context", json_integer (positions));
  config = assay_values_from_json (model->block->params, document, model->block->name, error);
  json_decref (document);
  return config ? build_graph (model->block, config, model->adapters, model->measure, batch, NULL, error) : NULL;
}

AssayGraph *
assay_model_build_on_parameter (const AssayModel *model, gint64 batch, const char *input, GError **error)
{
  return build_graph (model->block, model->config, model->adapters, model->measure, batch, input, error);
}

AssayGraph *
assay_model_get_layout (const AssayModel *model)
{
  return model->layout;
}

/* The number that softplus takes to x. */
static double
softplus_inverse (double x)
{
  return x + log (-expm1 (-x));
}

/* Of element i on the last axis, from 0 to nearly 1. */
static double
get_place (const AssayShape *shape, gint64 i)
{
  return (double) (i % assay_shape_last (shape)) / (double) assay_shape_last (shape);
}

void
assay_model_init (AssayModel *model, guint64 seed)
{
  gsize width = assay_dtype_width (model->dtype);

  for (guint v = 0; v < assay_graph_get_n_values (model->layout); v++)
    {
      const AssayGraphValue *p = assay_graph_get_value (model->layout, v);
      AssayRng rng;

      if (p->role != ASSAY_VALUE_PARAM)
        continue;
      rng = assay_rng_new (seed, assay_rng_stream (p->name, 0));
      for (gint64 i = 0; i < assay_shape_count (&p->shape); i++)
        {
          double value = 0;

          switch (p->init.kind)
            {
            case ASSAY_INIT_ZERO:
              break;
            case ASSAY_INIT_ONE:
              value = 1;
              break;
            case ASSAY_INIT_NORMAL:
              value = p->init.scale * assay_rng_normal (&rng);
              break;
            case ASSAY_INIT_UNIFORM:
              value = p->init.scale * (2 * assay_rng_uniform (&rng) - 1);
              break;
            case ASSAY_INIT_LOG_PLACE:
              value = log (1 + (double) (i % assay_shape_last (&p->shape)));
              break;
            case ASSAY_INIT_STEP:
              value = softplus_inverse (0.001 * pow (100, assay_rng_uniform (&rng)));
              break;
            case ASSAY_INIT_PLACE:
              value = get_place (&p->shape, i);
              break;
            case ASSAY_INIT_RATE:
              value = 8 * get_place (&p->shape, i) - 5;
              break;
            }
          assay_dtype_convert (ASSAY_F64, &value, model->dtype, (char *) model->theta + (p->offset + i) * width, 1);
        }
    }
}

void
assay_model_take_theta (AssayModel *model, void *theta)
{
  assay_mem_free (model->theta);
  model->theta = theta;
}

void
assay_model_read_theta (const AssayModel *model, double *theta)
{
  assay_dtype_convert (model->dtype, model->theta, ASSAY_F64, theta, model->P);
}

void
assay_model_write_theta (AssayModel *model, const double *theta)
{
  assay_dtype_convert (ASSAY_F64, theta, model->dtype, model->theta, model->P);
}

gboolean
assay_model_is_token_mean (const AssayModel *model)
{
  return model->block->data == ASSAY_DATA_TOKENS && (model->measure == NULL || model->measure->kind != ASSAY_MEASURE_KIND_LOG_PROBABILITY)
         && strcmp (assay_values_get_string (model->config, "token-reduction"), "mean") == 0;
}
