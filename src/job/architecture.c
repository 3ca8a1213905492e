/* SPDX-License-Identifier: GPL-3.0-or-later */
/* architecture.c: sections of options from the registry of architectures, and configurations from their values. */
#include "job/architecture.h"

#include "base/error.h"
#include "dataset/derive.h"
#include "run/trainer.h"

#include <string.h>

#define LOGISTIC "logistic"
#define LINEAR   "linear"

/* Parameters of architectures that the data, or the options below, decide. */
static const char *const given_by_data[] = { "inputs", "outputs", "loss", "vocabulary", "context", "input", "widths", "conv", "fc", NULL };

/* Where an architecture's own parameter is a list or a document, people say it in one word. */
static const char *const poolings[] = { "average", "max", "none", NULL };

static const AssayParam mlp_params[] = {
  { "hidden", ASSAY_PARAM_STRING, .def.s = "128", .metavar = "LIST", .help = "widths of the hidden layers, separated by commas" },
  { .name = NULL }
};

static const AssayParam cnn_params[] = {
  { "convolutions", ASSAY_PARAM_STRING, .def.s = "6x5,16x5", .metavar = "LIST", .help = "channels x kernel size of each convolution, separated by commas" },
  { "padding", ASSAY_PARAM_INT, .def.i = 0, .min = 0, .max = 1024, .unit = "pixels", .help = "zeros around the input of each convolution" },
  { "stride", ASSAY_PARAM_INT, .def.i = 1, .min = 1, .max = 1024, .unit = "pixels", .help = "step of each convolution" },
  { "pooling", ASSAY_PARAM_CHOICE, .def.s = "average", .choices = poolings, .help = "over 2 x 2 windows after each convolution" },
  { "convolution-activation", ASSAY_PARAM_CHOICE, .def.s = "relu", .choices = assay_block_activations, .help = "after each convolution" },
  { "hidden", ASSAY_PARAM_STRING, .def.s = "120,84", .metavar = "LIST", .help = "widths of the fully connected layers before the last" },
  { .name = NULL }
};

static const struct { const char *block; const AssayParam *params; } more_params[] = { { "mlp", mlp_params }, { "cnn", cnn_params } };

/* --- sections ------------------------------------------------------------------------------------------------------ */

static gboolean
is_in_table (const AssayParam *table, const char *name)
{
  for (; table->name != NULL; table++)
    if (strcmp (table->name, name) == 0)
      return TRUE;
  return FALSE;
}

/* The option of an architecture's parameter. Owns: the caller. */
static char *
option_name (const AssayBlock *block, const char *name)
{
  if (is_in_table (assay_train_params, name) || is_in_table (assay_derive_params, name))
    return g_strdup_printf ("%s-%s", block->name, name);
  return g_strdup (name);
}

static const AssayParam *
make_table (const AssayBlock *block)
{
  GArray *table = g_array_new (TRUE, TRUE, sizeof (AssayParam));

  for (gsize k = 0; k < G_N_ELEMENTS (more_params); k++)
    for (const AssayParam *p = more_params[k].params; strcmp (more_params[k].block, block->name) == 0 && p->name != NULL; p++)
      g_array_append_val (table, *p);
  for (const AssayParam *p = block->params; p->name != NULL; p++)
    {
      AssayParam option = *p;

      if (g_strv_contains (given_by_data, p->name))
        continue;
      option.name = option_name (block, p->name);
      option.flags &= ~ASSAY_PARAM_REQUIRED;
      g_array_append_val (table, option);
    }
  return (const AssayParam *) g_array_free (table, FALSE);
}

static gpointer
make_sections (gpointer unused)
{
  GArray *sections = g_array_new (TRUE, TRUE, sizeof (AssayJobSection));

  (void) unused;
  for (const AssayBlock *const *block = assay_block_list (); *block != NULL; block++)
    {
      AssayJobSection section = { "model", (*block)->name, (*block)->help, make_table (*block) };

      if (strcmp ((*block)->name, LINEAR) == 0)
        {
          AssayJobSection logistic = { "model", LOGISTIC, "logistic regression, multinomial with more than two classes", section.params };

          g_array_append_val (sections, logistic);
          section.help = "least squares";
        }
      g_array_append_val (sections, section);
    }
  return g_array_free (sections, FALSE);
}

const AssayJobSection *
assay_architecture_list (void)
{
  static GOnce once = G_ONCE_INIT;

  return g_once (&once, make_sections, NULL);
}

gboolean
assay_architecture_exists (const char *name)
{
  for (const AssayJobSection *s = assay_architecture_list (); s->params != NULL; s++)
    if (strcmp (s->value, name) == 0)
      return TRUE;
  return FALSE;
}

AssayTargetKind
assay_architecture_get_target (const char *name)
{
  return strcmp (name, LOGISTIC) == 0 ? ASSAY_TARGET_CLASS : strcmp (name, LINEAR) == 0 ? ASSAY_TARGET_REAL : ASSAY_TARGET_AUTO;
}

AssayTargetKind
assay_architecture_get_model_target (const AssayModel *model)
{
  if (strcmp (assay_model_get_block (model)->name, LINEAR) != 0)
    return ASSAY_TARGET_AUTO;
  return strcmp (assay_values_get_string (assay_model_get_config (model), "loss"), "squared") == 0 ? ASSAY_TARGET_REAL : ASSAY_TARGET_CLASS;
}

gboolean
assay_architecture_is_convex (const char *name)
{
  return strcmp (name, LOGISTIC) == 0 || strcmp (name, LINEAR) == 0;
}

/* --- configurations ------------------------------------------------------------------------------------------------ */

typedef struct {
  const char *name;
  const AssayBlock *block;
  const AssayValues *options;
  AssayDataset *dataset;
  gint64 n_inputs, n_outputs;
} Builder;

/* Whole positive numbers between commas, appended to the array. */
static gboolean
append_widths (json_t *array, const char *option, const char *text, GError **error)
{
  g_auto (GStrv) items = g_strsplit (text, ",", -1);

  for (char **item = items; *item != NULL; item++)
    {
      gint64 width;

      if (!g_ascii_string_to_signed (g_strstrip (*item), 10, 1, 1000000, &width, NULL))
        {
          g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "%s: whole positive numbers separated by commas expected, \"%s\" found", option, text);
          return FALSE;
        }
      json_array_append_new (array, json_integer (width));
    }
  return TRUE;
}

static gboolean
append_hidden (const Builder *b, json_t *array, GError **error)
{
  const char *text = assay_values_get_string (b->options, "hidden");

  return *text == '\0' || append_widths (array, "hidden", text, error);
}

static json_t *
make_widths (const Builder *b, GError **error)
{
  json_t *widths = json_pack ("[I]", (json_int_t) b->n_inputs);

  if (!append_hidden (b, widths, error))
    g_clear_pointer (&widths, json_decref);
  else
    json_array_append_new (widths, json_integer (b->n_outputs));
  return widths;
}

static json_t *
make_fc (const Builder *b, GError **error)
{
  json_t *fc = json_array ();

  if (!append_hidden (b, fc, error))
    g_clear_pointer (&fc, json_decref);
  else
    json_array_append_new (fc, json_integer (b->n_outputs));
  return fc;
}

static json_t *
make_convolution (const Builder *b, const char *text, GError **error)
{
  g_auto (GStrv) parts = g_strsplit (text, "x", -1);
  const char *pooling = assay_values_get_string (b->options, "pooling");
  gint64 out, kernel;

  if (g_strv_length (parts) != 2 || !g_ascii_string_to_signed (g_strstrip (parts[0]), 10, 1, 100000, &out, NULL)
      || !g_ascii_string_to_signed (g_strstrip (parts[1]), 10, 1, 1000, &kernel, NULL))
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "convolutions: CHANNELSxKERNEL expected, as in 6x5,16x5, \"%s\" found", text);
      return NULL;
    }
  return json_pack ("{s:I, s:I, s:I, s:I, s:s, s:{s:s, s:i, s:i}}", "out", (json_int_t) out, "kernel", (json_int_t) kernel, "stride",
                    (json_int_t) assay_values_get_int (b->options, "stride"), "padding", (json_int_t) assay_values_get_int (b->options, "padding"),
                    "activation", assay_values_get_string (b->options, "convolution-activation"), "pool", "kind", pooling, "kernel", 2, "stride", 2);
}

static json_t *
make_convolutions (const Builder *b, GError **error)
{
  g_auto (GStrv) items = g_strsplit (assay_values_get_string (b->options, "convolutions"), ",", -1);
  json_t *layers = json_array ();

  for (char **item = items; *item != NULL; item++)
    {
      json_t *layer = make_convolution (b, *item, error);

      if (layer == NULL)
        {
          json_decref (layers);
          return NULL;
        }
      json_array_append_new (layers, layer);
    }
  return layers;
}

static json_t *
make_image_shape (const Builder *b, GError **error)
{
  AssayShape shape = assay_dataset_get_shape (b->dataset);

  if (shape.rank != 3)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_SHAPE, "model %s: images expected, the data have %" G_GINT64_FORMAT " terms", b->name,
                   assay_shape_count (&shape));
      return NULL;
    }
  return json_pack ("[I, I, I]", (json_int_t) shape.dim[0], (json_int_t) shape.dim[1], (json_int_t) shape.dim[2]);
}

static const char *
choose_loss (const Builder *b)
{
  if (assay_dataset_get_target_kind (b->dataset) == ASSAY_TARGET_REAL)
    return "squared";
  return assay_dataset_get_n_classes (b->dataset) == 2 ? "logistic" : "xent";
}

/* The value of a parameter that the data decide. New reference. */
static json_t *
make_given (const Builder *b, const char *name, GError **error)
{
  if (strcmp (name, "inputs") == 0)
    return json_integer (b->n_inputs);
  if (strcmp (name, "outputs") == 0)
    return json_integer (b->n_outputs);
  if (strcmp (name, "loss") == 0)
    return json_string (choose_loss (b));
  if (strcmp (name, "vocabulary") == 0)
    return json_integer (assay_dataset_get_n_classes (b->dataset));
  if (strcmp (name, "context") == 0)
    return json_integer (assay_dataset_get_shape (b->dataset).dim[0]);
  if (strcmp (name, "input") == 0)
    return make_image_shape (b, error);
  if (strcmp (name, "widths") == 0)
    return make_widths (b, error);
  if (strcmp (name, "conv") == 0)
    return make_convolutions (b, error);
  return make_fc (b, error);
}

static json_t *
make_config (const Builder *b, GError **error)
{
  json_t *config = json_object (), *options = assay_values_to_json (b->options), *value = NULL;

  for (const AssayParam *p = b->block->params; p->name != NULL; p++)
    {
      g_autofree char *option = option_name (b->block, p->name);

      value = g_strv_contains (given_by_data, p->name) ? make_given (b, p->name, error) : json_incref (json_object_get (options, option));
      if (value == NULL)
        break;
      json_object_set_new (config, p->name, value);
    }
  json_decref (options);
  if (value == NULL)
    g_clear_pointer (&config, json_decref);
  return config;
}

/* Data and architecture must speak of the same thing. */
static gboolean
check_data (const Builder *b, GError **error)
{
  gboolean tokens = assay_dataset_get_kind (b->dataset) == ASSAY_DATASET_TOKENS;

  if (tokens == (b->block->data == ASSAY_DATA_TOKENS))
    return TRUE;
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_SHAPE, tokens ? "model %s: it reads features, the data are token sequences; choose --model transformer"
               : "model %s: it reads token sequences, the data are features; choose --model logistic, mlp or cnn", b->name);
  return FALSE;
}

AssayModel *
assay_architecture_new (const char *name, const AssayValues *options, AssayDataset *dataset, AssayDtype dtype, GError **error)
{
  AssayShape shape = assay_dataset_get_shape (dataset);
  Builder b = { .name = name, .options = options, .dataset = dataset, .n_inputs = assay_shape_count (&shape) };
  AssayModel *model;
  json_t *config;

  b.block = assay_block_find (strcmp (name, LOGISTIC) == 0 ? LINEAR : name, error);
  if (b.block == NULL || !check_data (&b, error))
    return NULL;
  b.n_outputs = assay_dataset_get_target_kind (dataset) == ASSAY_TARGET_REAL ? 1 : assay_dataset_get_n_classes (dataset);
  config = make_config (&b, error);
  if (config == NULL)
    return NULL;
  model = assay_model_new (b.block->name, config, dtype, error);
  json_decref (config);
  return model;
}
