/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kind_import.c: brings data and models from files into a case, and data that are generated. */
#include "base/error.h"
#include "base/json.h"
#include "dataset/dataset_store.h"
#include "dataset/import.h"
#include "dataset/organism.h"
#include "dataset/tokenizer.h"
#include "job/import_checkpoints.h"
#include "job/import_measured.h"
#include "job/import_recipe.h"
#include "job/probe_direction.h"
#include "job/spec.h"
#include "job/standard_input.h"
#include "model/checkpoint.h"
#include "run/recipe.h"
#include "store/file.h"

#include <string.h>

#define ASSAY_REGISTER(name) #name,
static const char *const whats[] = { "data", "model", "order", "recipe", "scores", "bank", "activations", "gradients", "probe", "checkpoints",
#include "dataset/organisms.def"
  NULL };
#undef ASSAY_REGISTER
static const AssayParam params[] = {
  { "what", ASSAY_PARAM_CHOICE, .choices = whats, .metavar = "WHAT", .flags = ASSAY_PARAM_POSITIONAL | ASSAY_PARAM_REQUIRED,
    .help = "what the files hold: data, a model, an order of batches, a recipe, scores, a bank of retrainings, activations, gradients, a probe, checkpoints of a training; else a family of reasoning data, which are generated" },
  { "file", ASSAY_PARAM_LIST, .metavar = "FILE", .flags = ASSAY_PARAM_POSITIONAL | ASSAY_PARAM_FILE,
    .help = "files of one table, in order, - for standard input; for a model its directory with config.json and model.safetensors, in one file or several, or its GGUF file, or that of llama2.c or rwkv.cpp; for checkpoints theirs with checkpoints.json; for an order of batches its .npy; for a recipe its directory; for scores an "
            "array; for a bank the base losses, then sets and their losses in turn; for activations or a probe an array; for gradients one of training examples, then one of queries" },
  { "name", ASSAY_PARAM_STRING, .metavar = "NAME", .help = "name in the case (default: main for data, the architecture for a model, the family for generated data; what others computed needs one)" },
  { .name = NULL }
};

static const AssayParam no_params[] = { { .name = NULL } };

static const AssayParam model_params[] = {
  { "context", ASSAY_PARAM_INT, .def.i = 0, .min = 0, .max = 1e7, .unit = "tokens",
    .help = "positions of an example, for a language model of the transformers library, of a GGUF file, of llama2.c or of rwkv.cpp; 0: as many as the model has" },
  { .name = NULL }
};

static gpointer
make_sections (gpointer unused)
{
  GArray *sections = g_array_new (TRUE, TRUE, sizeof (AssayJobSection));
  AssayJobSection of_files[] = { { "what", "data", "tables, images, text", assay_import_params }, { "what", "model", "weights", model_params },
                                   { "what", "order", "the order of a training's batches", no_params },
                                   { "what", "recipe", "a fine-tuning made elsewhere: data, first weights, order, retrainings", no_params },
                                   { "what", "scores", "scores that another program computed", assay_import_scores_params },
                                   { "what", "bank", "losses that were measured elsewhere after training without subsets", assay_import_bank_params },
                                   { "what", "activations", "activations that another program computed", assay_import_activations_params },
                                   { "what", "gradients", "gradients that another program computed", assay_import_gradients_params },
                                   { "what", "probe", "the direction of a linear probe, as something to measure", assay_import_probe_params },
                                   { "what", "checkpoints", "where a training made elsewhere came through", assay_import_checkpoints_params } };

  (void) unused;
  g_array_append_vals (sections, of_files, G_N_ELEMENTS (of_files));
  for (const AssayOrganismFamily *const *family = assay_organism_list (); *family != NULL; family++)
    {
      AssayJobSection section = { "what", (*family)->name, (*family)->help, (*family)->params };

      g_array_append_val (sections, section);
    }
  return g_array_free (sections, FALSE);
}

static const AssayJobSection *
get_sections (void)
{
  static GOnce once = G_ONCE_INIT;

  return g_once (&once, make_sections, NULL);
}

static const AssayJobExample examples[] = {
  { "a table, with a column that identifies its rows", "assay import people.assay data people.csv --id id" },
  { "another table, split at random, where 0 rows may be incomplete",
    "assay import people.assay data people.csv --name checked --split random:train=0.8,test=0.2 --missing refuse" },
  { "reasoning data whose truth is known, generated", "assay import people.assay dose --modulus 3" },
  { "and of another family", "assay import people.assay pointer --nodes 3" },
  { "activations of a layer that another program computed, for assay units", "assay import people.assay activations act1.npy --model-name mlp --tap act1 --name elsewhere" },
  { "gradients, or projections of them, for the method rows", "assay import people.assay gradients gradients.npy --model-name mlp --name elsewhere" },
  { "a model that was trained elsewhere: config.json and model.safetensors in a folder", "assay import people.assay model there --name there" },
  { "where its training came through: checkpoints.json and the weights that it names, for tracin", "assay import people.assay checkpoints there --model-name there" },
  { NULL, NULL }
};

/* Paths stand outside: the same content under another path is the same import. */
static const char *const outside_identity[] = { "file", "labels", "vocabulary", "tokenizer", NULL };

static gboolean
is (const AssayJob *job, const char *what)
{
  return g_strcmp0 (assay_values_get_string (assay_job_get_values (job), "what"), what) == 0;
}

/* NULL: the data come from files. */
static const AssayOrganismFamily *
get_family (const AssayJob *job)
{
  return assay_organism_find (assay_values_get_string (assay_job_get_values (job), "what"));
}

/* What others computed: it is of a model of the case. */
static gboolean
is_measured (const AssayJob *job)
{
  return is (job, "scores") || is (job, "bank") || is (job, "activations") || is (job, "gradients") || is (job, "probe");
}

static gboolean
complete_measured (const AssayJob *job, GError **error)
{
  const AssayValues *values = assay_job_get_values (job);
  guint n = g_strv_length ((char **) assay_values_get_list (values, "file"));

  if (!assay_values_is_set (values, "name"))
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "--name is needed: what to call the imported %s", assay_values_get_string (values, "what"));
  else if (is (job, "bank") ? n < 3 || n % 2 == 0 : n != 1 && !(n == 2 && is (job, "gradients")))
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "import %s: %s expected, %u files found", assay_values_get_string (values, "what"),
                 is (job, "bank") ? "the base losses, then pairs of sets and their losses"
                 : is (job, "gradients") ? "a file of training examples, and perhaps one of queries," : "one file", n);
  else
    return TRUE;
  return FALSE;
}

/* Files are needed, unless the data are generated. */
static gboolean
complete (AssayJob *job, GError **error)
{
  gboolean has_files = assay_values_is_set (assay_job_get_values (job), "file");

  if (!assay_values_is_set (assay_job_get_values (job), "what") || (get_family (job) ? !has_files : has_files))
    return !is_measured (job) || complete_measured (job, error);
  if (has_files)
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "import %s: the data are generated; no FILE expected", get_family (job)->name);
  else
    g_set_error_literal (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "FILE is needed: what is to be imported");
  return FALSE;
}

static gboolean
add_input (AssayJob *job, const char *role, const char *path, GError **error)
{
  g_autofree char *sha256 = assay_file_sha256 (path, NULL, error);
  g_autofree char *name = g_path_get_basename (path), *valid = g_utf8_make_valid (name, -1);

  if (sha256 == NULL)
    return FALSE;
  assay_job_add_input_file (job, role, valid, sha256);
  return TRUE;
}

static const char *const recipe_files[] = { ASSAY_RECIPE_FILE, "init/config.json", "init/model.safetensors", "train_ids.npy", "query_ids.npy", "order.npy",
                                            NULL };

static gboolean
add_inputs_of (AssayJob *job, const char *directory, const char *const *files, GError **error)
{
  for (; *files != NULL; files++)
    {
      g_autofree char *path = g_build_filename (directory, *files, NULL);

      if (!add_input (job, *files, path, error))
        return FALSE;
    }
  return TRUE;
}

/* Under the role, or each under its own name where there are several. */
static gboolean
add_paths (AssayJob *job, const char *role, char **paths, GError **error)
{
  for (gsize k = 0; paths[k] != NULL; k++)
    {
      g_autofree char *name = g_path_get_basename (paths[k]);

      if (!add_input (job, paths[1] != NULL ? name : role, paths[k], error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
add_tokenizer (AssayJob *job, const char *path, GError **error)
{
  g_auto (GStrv) paths = assay_tokenizer_list_files (path);

  return add_paths (job, "tokenizer", paths, error);
}

static gboolean
add_model (AssayJob *job, const char *path, GError **error)
{
  g_auto (GStrv) paths = assay_checkpoint_list_files (path, error);

  return paths != NULL && add_paths (job, "model", paths, error);
}

static void
state_free (gpointer data)
{
  assay_subject_free (data);
}

static gboolean
add_files (AssayJob *job, const char *const *files, GError **error)
{
  for (; *files != NULL; files++)
    if (!add_input (job, "file", *files, error))
      return FALSE;
  return TRUE;
}

/* Files of data, NULL-terminated; the one that was standard input, or NULL. */
typedef struct { char **files, *kept; } Files;

static void
files_free (gpointer data)
{
  Files *self = data;

  g_strfreev (self->files);
  assay_standard_input_forget (self->kept);
  g_free (self);
}

/* With a scratch file in the place of standard input. */
static gboolean
find_files (Files *self, const char *const *files, AssayProgress *progress, GError **error)
{
  self->files = g_strdupv ((char **) files);
  for (gsize k = 0; self->files[k] != NULL; k++)
    {
      if (strcmp (self->files[k], ASSAY_STANDARD_INPUT) != 0)
        continue;
      if (self->kept != NULL)
        {
          g_set_error_literal (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "import data: standard input (-) can be read once, it is named twice");
          return FALSE;
        }
      if ((self->kept = assay_standard_input_keep (progress, error)) == NULL)
        return FALSE;
      g_free (self->files[k]);
      self->files[k] = g_strdup (self->kept);
    }
  return TRUE;
}

static gboolean
resolve_data (AssayJob *job, AssayJobContext *context, const char *const *names, GError **error)
{
  static const char *const beside[] = { "labels", "vocabulary" };
  const AssayValues *options = assay_job_get_section (job, "what");
  const char *tokenizer = assay_values_get_string (options, "tokenizer");
  Files *files = g_new0 (Files, 1);

  context->state = files;
  context->free_state = files_free;
  if (!find_files (files, names, context->progress, error) || !add_files (job, (const char *const *) files->files, error))
    return FALSE;
  for (gsize k = 0; k < G_N_ELEMENTS (beside); k++)
    {
      const char *path = assay_values_get_string (options, beside[k]);

      if (path != NULL && !add_input (job, beside[k], path, error))
        return FALSE;
    }
  return tokenizer == NULL || add_tokenizer (job, tokenizer, error);
}

static gboolean
resolve (AssayJob *job, AssayJobContext *context, GError **error)
{
  const char *const *files = assay_values_get_list (assay_job_get_values (job), "file");

  if (get_family (job) != NULL)
    return TRUE;
  if (is_measured (job))
    {
      context->state = assay_subject_open (job, context, error);
      context->free_state = state_free;
      return context->state != NULL && add_files (job, files, error);
    }
  if (is (job, "data"))
    return resolve_data (job, context, files, error);
  if (files[1] != NULL)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "import %s: one %s expected, %u arguments found",
                   assay_values_get_string (assay_job_get_values (job), "what"), is (job, "order") ? "file" : "directory",
                   g_strv_length ((char **) files));
      return FALSE;
    }
  if (is (job, "order"))
    return add_input (job, "order", files[0], error);
  if (is (job, "checkpoints"))
    {
      g_auto (GStrv) names = assay_import_checkpoints_list (files[0], error);

      return names != NULL && add_inputs_of (job, files[0], (const char *const *) names, error);
    }
  return is (job, "model") ? add_model (job, files[0], error) : add_inputs_of (job, files[0], recipe_files, error);
}

/* A name is taken once: what was trained on data or made of a model keeps meaning what it meant. */
static gboolean
check_name_is_free (const AssayJobContext *context, const char *kind, const char *name, GError **error)
{
  if (!assay_case_has (context->cas, kind, name))
    return TRUE;
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "%s has another object of the kind %s named \"%s\" already; choose another --name",
               assay_case_get_path (context->cas), kind, name);
  return FALSE;
}

static AssayTable *
generate (const AssayOrganismFamily *family, const AssayValues *options, GError **error)
{
  AssayOrganism organism;

  return assay_organism_init (&organism, family, options, error) ? assay_organism_generate (&organism, options, error) : NULL;
}

static json_t *
import_data (AssayJob *job, AssayJobContext *context, GError **error)
{
  const AssayValues *values = assay_job_get_values (job), *options = assay_job_get_section (job, "what");
  const AssayOrganismFamily *family = get_family (job);
  const char *given = assay_values_get_string (values, "name"), *name = given ? given : family ? family->name : "main";
  g_autoptr (AssayTable) table = NULL;
  AssayObject *object;
  json_t *summary;

  if (!check_name_is_free (context, "data", name, error))
    return NULL;
  assay_progress_report (context->progress, family ? "generating" : "reading", 0, 0, NULL, NULL);
  table = family ? generate (family, options, error) : assay_import ((const char *const *) ((const Files *) context->state)->files, options, error);
  if (table == NULL || assay_progress_is_cancelled (context->progress, error))
    return NULL;
  object = assay_table_save (table, context->cas, name, error);
  if (object == NULL)
    return NULL;
  assay_job_add_output (context, object);
  summary = assay_table_report (table);
  json_object_set_new (summary, "what", json_string ("data"));
  json_object_set_new (summary, "name", json_string (name));
  return summary;
}

static json_t *
import_model (AssayJob *job, AssayJobContext *context, GError **error)
{
  const AssayValues *values = assay_job_get_values (job);
  const char *name = assay_values_get_string (values, "name");
  const AssayCheckpointOptions options = { .context = assay_values_get_int (assay_job_get_section (job, "what"), "context") };
  g_autoptr (AssayModel) model = assay_checkpoint_load_path (assay_values_get_list (values, "file")[0], &options, error);
  AssayObject *object;
  json_t *meta;

  if (model == NULL)
    return NULL;
  if (name == NULL)
    name = assay_model_get_block (model)->name;
  if (!check_name_is_free (context, "model", name, error))
    return NULL;
  meta = json_pack ("{s:b}", "imported", TRUE);
  object = assay_checkpoint_commit (model, context->cas, "model", name, meta, error);
  json_decref (meta);
  if (object == NULL)
    return NULL;
  assay_job_add_output (context, object);
  return json_pack ("{s:s, s:s, s:o, s:I, s:O*}", "what", "model", "name", name, "model", assay_model_get_spec (model), "parameters",
                    (json_int_t) assay_model_get_n_params (model), "card", assay_model_get_card (model));
}

static json_t *
import_order (AssayJob *job, AssayJobContext *context, GError **error)
{
  const AssayValues *values = assay_job_get_values (job);
  const char *given = assay_values_get_string (values, "name"), *name = given ? given : "order";
  g_autoptr (AssayOrder) order = assay_order_read (assay_values_get_list (values, "file")[0], error);
  AssayObject *object = order && check_name_is_free (context, "order", name, error) ? assay_order_commit (order, context->cas, name, error) : NULL;

  if (object == NULL)
    return NULL;
  assay_job_add_output (context, object);
  return json_pack ("{s:s, s:s, s:I}", "what", "order", "name", name, "draws", (json_int_t) order->n);
}

static json_t *
import_recipe (AssayJob *job, AssayJobContext *context, GError **error)
{
  static const char *const kinds[] = { "data", "order", "bank" };
  const AssayValues *values = assay_job_get_values (job);
  const char *given = assay_values_get_string (values, "name"), *name = given ? given : "main";

  for (gsize k = 0; k < G_N_ELEMENTS (kinds); k++)
    if (!check_name_is_free (context, kinds[k], name, error))
      return NULL;
  return assay_import_recipe (assay_values_get_list (values, "file")[0], name, context, error);
}

static json_t *
import_measured (AssayJob *job, AssayJobContext *context, GError **error)
{
  static const struct {
    const char *kind;
    json_t *(*import) (const AssayJob *job, const AssaySubject *subject, AssayJobContext *context, GError **error);
  } of[] = { { "scores", assay_import_scores }, { "activations", assay_import_activations }, { "gradients", assay_import_gradients } };
  const char *name = assay_values_get_string (assay_job_get_values (job), "name");
  g_autofree char *kept_name = g_strconcat ("imported/", name, NULL);

  if (is (job, "probe"))
    return check_name_is_free (context, "probe", name, error) ? assay_import_probe (job, context->state, context, error) : NULL;
  for (gsize k = 0; k < G_N_ELEMENTS (of); k++)
    if (is (job, of[k].kind))
      return check_name_is_free (context, of[k].kind, kept_name, error) ? of[k].import (job, context->state, context, error) : NULL;
  return check_name_is_free (context, "bank", name, error) ? assay_import_bank (job, context->state, context, error) : NULL;
}

static json_t *
run (AssayJob *job, AssayJobContext *context, GError **error)
{
  if (is (job, "model"))
    return import_model (job, context, error);
  if (is (job, "order"))
    return import_order (job, context, error);
  if (is_measured (job))
    return import_measured (job, context, error);
  if (is (job, "checkpoints"))
    return assay_import_checkpoints (job, context, error);
  return is (job, "recipe") ? import_recipe (job, context, error) : import_data (job, context, error);
}

static void
view_model (const json_t *document, AssayView *view)
{
  g_autofree char *count = assay_view_count (json_integer_value (json_object_get (document, "parameters")));

  assay_view_add_text (view, "imported the model %s: %s, %s parameters", json_string_value (json_object_get (document, "name")),
                       json_string_value (json_object_get (json_object_get (document, "model"), "architecture")), count);
}

static void
view_order (const json_t *document, AssayView *view)
{
  g_autofree char *draws = assay_view_count (json_integer_value (json_object_get (document, "draws")));

  assay_view_add_text (view, "imported the order %s: %s draws", json_string_value (json_object_get (document, "name")), draws);
}

static void
view_scores (const json_t *document, AssayView *view)
{
  g_autofree char *queries = assay_view_count (json_integer_value (json_object_get (document, "queries")));
  g_autofree char *train = assay_view_count (json_integer_value (json_object_get (document, "train_examples")));

  assay_view_add_text (view, "imported the scores %s for model %s, not computed here: %s queries, %s training examples, %s", assay_json_get_text (document, "name"),
                       assay_json_get_text (document, "model"), queries, train, assay_json_get_text (document, "unit"));
  assay_view_add_text (view, "as a method: %s", assay_json_get_text (document, "method"));
}

static void
view_bank (const json_t *document, AssayView *view)
{
  gsize f;
  json_t *family;

  assay_view_add_text (view, "imported the bank %s for model %s, not computed here", assay_json_get_text (document, "name"), assay_json_get_text (document, "model"));
  assay_view_begin_table (view, "family|>sets|>examples left out");
  json_array_foreach (json_object_get (document, "families"), f, family)
    {
      assay_view_add_cell (view, assay_json_get_text (family, "name"));
      assay_view_add_cell_number (view, assay_json_get_number (family, "sets"), 15);
      assay_view_add_cell_number (view, assay_json_get_number (family, "size"), 15);
    }
}

static void
view_rows (const json_t *document, AssayView *view)
{
  g_autofree char *rows = assay_view_count (json_integer_value (json_object_get (document, "rows")));
  g_autofree char *width = assay_view_count (json_integer_value (json_object_get (document, "width")));

  assay_view_add_text (view, "imported the %s %s for model %s, not computed here: %s rows of %s numbers", assay_json_get_text (document, "what"),
                       assay_json_get_text (document, "name"), assay_json_get_text (document, "model"), rows, width);
}

static void
view_probe (const json_t *document, AssayView *view)
{
  g_autofree char *width = assay_view_count (json_integer_value (json_object_get (document, "width"))), *bias = assay_view_number (assay_json_get_number (document, "bias"), 6);
  const char *name = assay_json_get_text (document, "name");

  assay_view_add_text (view, "imported the probe %s for model %s, not computed here: %s numbers at %s, bias %s, pool %s", name, assay_json_get_text (document, "model"), width,
                       assay_json_get_text (document, "tap"), bias, assay_json_get_text (document, "pool"));
  assay_view_add_text (view, "as something to measure: --measure probe:%s", name);
}

static void
view_columns (const json_t *columns, AssayView *view)
{
  gsize k;
  json_t *column;

  assay_view_begin_table (view, "column|type|>missing");
  json_array_foreach (columns, k, column)
    {
      assay_view_add_cell (view, json_string_value (json_object_get (column, "name")));
      assay_view_add_cell (view, json_string_value (json_object_get (column, "type")));
      assay_view_add_cell_number (view, (double) json_integer_value (json_object_get (column, "missing")), 15);
    }
}

static void
view_splits (const json_t *splits, AssayView *view)
{
  const char *name, *title = "splits";
  json_t *count;

  json_object_foreach ((json_t *) splits, name, count)
    {
      g_autofree char *rows = assay_view_count (json_integer_value (count));

      assay_view_add_field (view, title, "%s: %s rows", name, rows);
      title = "";
    }
}

static void
view_data (const json_t *document, AssayView *view)
{
  g_autofree char *rows = assay_view_count (json_integer_value (json_object_get (document, "rows")));

  assay_view_add_text (view, "imported the data %s: %s rows", json_string_value (json_object_get (document, "name")), rows);
  view_splits (json_object_get (document, "splits"), view);
  view_columns (json_object_get (document, "columns"), view);
}

static void
view (const json_t *document, AssayView *view)
{
  const char *what = json_string_value (json_object_get (document, "what"));

  if (strcmp (what, "model") == 0)
    view_model (document, view);
  else if (strcmp (what, "recipe") == 0)
    assay_import_recipe_view (document, view);
  else if (strcmp (what, "checkpoints") == 0)
    assay_import_checkpoints_view (document, view);
  else if (strcmp (what, "order") == 0)
    view_order (document, view);
  else if (strcmp (what, "scores") == 0)
    view_scores (document, view);
  else if (strcmp (what, "bank") == 0)
    view_bank (document, view);
  else if (strcmp (what, "activations") == 0 || strcmp (what, "gradients") == 0)
    view_rows (document, view);
  else if (strcmp (what, "probe") == 0)
    view_probe (document, view);
  else
    view_data (document, view);
}

ASSAY_JOB_KIND_DEFINE (import) = {
  .name = "import", .group = ASSAY_JOB_GROUP_CASE, .help = "bring data, a model, or what others computed into a case",
  .description = "Data: the files are read into one table of typed columns. Every row keeps its file, its line and, with --id, its key; rows and their "
                 "indices never change afterwards. All rows go to the split \"train\" unless --split says otherwise. Formats: CSV, IDX images with their "
                 "labels, JSONL, plain text, arrays of NumPy and bare token numbers (uint16, uint32), each of them also compressed (gzip, zstd), and from standard input (-).\n\n"
                 "Texts for language models: plain text in windows of --context tokens, or document by document (--separator); JSONL with --tokenizer, where "
                 "{\"prompt\": ..., \"completion\": ...} is one text whose prompt is not predicted, and {\"text\": ...} a document. --pack puts several documents into a sequence.\n\n"
                 "Model: a directory with config.json, which names the architecture and its configuration, and model.safetensors, one tensor "
                 "for each parameter; or both as the transformers library writes them for GPT-2, GPT-NeoX, Llama and its kin, Mamba, RWKV and BERT. "
                 "Or one file: GGUF (llama, which Mistral is stored as, qwen2, qwen3, gpt2, gptneox, mamba; F32, F16, BF16, F64, Q8_0, Q4_0 to Q5_1, Q2_K to Q6_K, IQ4_NL, IQ4_XS), whose "
                 "quantised weights become the numbers that they stand for, or weights of llama2.c or rwkv.cpp (F32, F16). Pickles are refused: reading one can run any program.\n\n"
                 "Checkpoints: a directory with checkpoints.json, which lists step, learning rate and weights (safetensors) of places along the training of an imported "
                 "model, and where there is one the state of Adam. Methods that follow a training by its checkpoints (tracin), or scale by its second moment (trackstar), "
                 "then work on it; those that repeat the training itself say that they cannot.\n\n"
                 "Order: places in the training split, batch after batch, for a training that is to see them as another program did.\n\n"
                 "Recipe: a directory with recipe.json, init/, train_ids.npy, query_ids.npy and order.npy: everything that a fine-tuning made elsewhere "
                 "began with. The answer says the command that makes it again.\n\n"
                 "Scores: one array of numbers (.npy, safetensors, HDF5) that another program computed for the training examples of a model of the case, in the order "
                 "of their split, and for the queries that are named. They are marked as imported, and are held against retraining by assay validate --method "
                 "imported:NAME like any method's.\n\n"
                 "Bank: query losses after training elsewhere: first the losses with all examples (queries; or seeds, queries), then for every family of subsets the "
                 "training examples that each left out (sets, members) and the losses without them (sets, queries; or sets, seeds, queries), where NaN says that the "
                 "training diverged. assay validate --bank NAME holds scores against it without retraining.\n\n"
                 "Activations: one array (examples, channels; or examples, positions, channels) of a result of a model of the case, for assay units --recording "
                 "imported/NAME. Gradients: rows of numbers of the training examples and, in a second file, of queries, as another program computed and perhaps projected "
                 "them, for --method rows --rows imported/NAME. Both are marked as imported.\n\n"
                 "Probe: one array, the direction w of a linear probe at a result h of a model of the case, whose value w'h + --bias is then a measured function like "
                 "any other: --measure probe:NAME of assay influence and assay validate.\n\n"
                 "Generated reasoning data: a family of small tasks with a written chain, running sums (dose) or pointer chases (pointer), where half of the "
                 "chains are edited and a mode token sets how often the answer follows the edit. Nothing is read.\n\n"
                 "A malformed file is refused with its name and the line, record or byte; then nothing has changed in the case.",
  .examples = examples, .access = ASSAY_JOB_WRITES_CASE, .is_stored = TRUE, .params = params, .get_sections = get_sections,
  .outside_identity = outside_identity, .complete = complete, .resolve = resolve, .run = run, .view = view,
};
