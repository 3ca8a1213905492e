/* SPDX-License-Identifier: GPL-3.0-or-later */
/* model_card.c: see model_card.h. */
#include "job/model_card.h"

#include "base/json.h"
#include "model/checkpoint.h"
#include "store/file.h"

#include <string.h>

#define LISTED 6                /* tensors that were left out, by name */

/* Its sizes, and what was chosen that is not usual. New reference. */
static json_t *
describe_config (const AssayModel *model)
{
  static const char *const sizes[] = { "vocabulary", "context", "width", "layers", "heads" };
  json_t *config = assay_values_to_json (assay_model_get_config (model)), *usual, *value;
  g_autoptr (AssayValues) none = assay_values_new (assay_model_get_block (model)->params);
  const char *key;
  void *next;

  usual = assay_values_to_json (none);
  for (gsize k = 0; k < G_N_ELEMENTS (sizes); k++)
    json_object_del (usual, sizes[k]);
  json_object_foreach_safe (config, next, key, value)
    if (json_equal (value, json_object_get (usual, key)))
      json_object_del (config, key);
  json_decref (usual);
  return config;
}

static gboolean
add_file (json_t *list, const char *path, GError **error)
{
  guint64 size;
  g_autofree char *sha256 = assay_file_sha256 (path, &size, error), *name = g_path_get_basename (path), *valid = g_utf8_make_valid (name, -1);

  if (sha256 == NULL)
    return FALSE;
  json_array_append_new (list, json_pack ("{s:s, s:I, s:s}", "name", valid, "bytes", (json_int_t) size, "sha256", sha256));
  return TRUE;
}

static gboolean
add_files (json_t *list, char **paths, GError **error)
{
  for (gsize k = 0; paths[k] != NULL; k++)
    if (!add_file (list, paths[k], error))
      return FALSE;
  return TRUE;
}

/* Files of the model, then those of a tokenizer that is not in the same file. New reference. */
static json_t *
list_files (const char *path, const char *tokenizer_path, GError **error)
{
  const gboolean has_own = tokenizer_path != NULL && (strcmp (tokenizer_path, path) != 0 || g_file_test (path, G_FILE_TEST_IS_DIR));
  g_auto (GStrv) weights = assay_checkpoint_list_files (path, error), words = has_own ? assay_tokenizer_list_files (tokenizer_path) : NULL;
  json_t *list = weights ? json_array () : NULL;

  if (list != NULL && add_files (list, weights, error) && (words == NULL || add_files (list, words, error)))
    return list;
  json_decref (list);
  return NULL;
}

static json_t *
describe_tokenizer (const AssayTokenizer *tokenizer)
{
  if (tokenizer == NULL)
    return json_null ();
  return json_pack ("{s:s, s:I, s:i, s:i}", "model", assay_tokenizer_get_model (tokenizer), "vocabulary", (json_int_t) assay_tokenizer_get_size (tokenizer), "begin",
                    (int) assay_tokenizer_get_begin (tokenizer), "end", (int) assay_tokenizer_get_end (tokenizer));
}

json_t *
assay_model_card_new (const AssayModel *model, const char *path, const AssayTokenizer *tokenizer, const char *tokenizer_path, GError **error)
{
  json_t *files = list_files (path, tokenizer ? tokenizer_path : NULL, error), *card;

  if (files == NULL)
    return NULL;
  card = assay_model_get_card (model) ? json_deep_copy (assay_model_get_card (model)) : json_pack ("{s:s, s:s}", "format", "safetensors", "written_for", "Assay");
  json_object_set_new (card, "path", json_string (path));
  json_object_set_new (card, "architecture", json_string (assay_model_get_block (model)->name));
  json_object_set_new (card, "parameters", json_integer (assay_model_get_n_params (model)));
  json_object_set_new (card, "context", json_integer (assay_model_get_context (model)));
  json_object_set_new (card, "config", describe_config (model));
  json_object_set_new (card, "files", files);
  json_object_set_new (card, "tokenizer", describe_tokenizer (tokenizer));
  return card;
}

/* --- for people ------------------------------------------------------------------------------------------------------------- */

/* "width 64, layers 5, tied" */
static char *
list_config (const json_t *config)
{
  GString *out = g_string_new (NULL);
  const char *key;
  json_t *value;

  json_object_foreach ((json_t *) config, key, value)
    {
      g_autofree char *text = json_is_string (value) ? g_strdup (json_string_value (value)) : json_dumps (value, JSON_ENCODE_ANY | JSON_REAL_PRECISION (6));

      g_string_append_printf (out, "%s%s%s%s", out->len > 0 ? ", " : "", key, json_is_true (value) ? "" : " ", json_is_true (value) ? "" : json_is_false (value) ? "no" : text);
    }
  return g_string_free (out, FALSE);
}

/* "bf16 26, f32 3" */
static char *
list_types (const json_t *types)
{
  GString *out = g_string_new (NULL);
  const char *key;
  json_t *value;

  json_object_foreach ((json_t *) types, key, value)
    g_string_append_printf (out, "%s%" G_GINT64_FORMAT " in %s", out->len > 0 ? ", " : "", (gint64) json_integer_value (value), key);
  return g_string_free (out, FALSE);
}

static void
view_left_out (const json_t *list, AssayView *view)
{
  gsize k;
  json_t *item;

  json_array_foreach (list, k, item)
    if (k < LISTED)
      assay_view_add_field (view, k == 0 ? "left out" : "", "%s: %s", assay_json_get_text (item, "tensor"), assay_json_get_text (item, "why"));
  if (json_array_size (list) > LISTED)
    assay_view_add_field (view, "", "and %" G_GSIZE_FORMAT " more; --json lists them", json_array_size (list) - LISTED);
  if (json_array_size (list) == 0)
    assay_view_add_field (view, "left out", "nothing: every tensor of the files is a parameter");
}

static void
view_tokenizer (const json_t *tokenizer, gint64 vocabulary, AssayView *view)
{
  const gint64 size = json_integer_value (json_object_get (tokenizer, "vocabulary")), begin = json_integer_value (json_object_get (tokenizer, "begin"));
  g_autofree char *tokens = assay_view_count (size), *begins = begin >= 0 ? g_strdup_printf ("texts begin with token %" G_GINT64_FORMAT, begin) : g_strdup ("nothing is put before texts");

  if (!json_is_object (tokenizer))
    assay_view_add_field (view, "tokenizer", "none beside the model; name one with --tokenizer");
  else if (size < vocabulary)
    assay_view_add_field (view, "tokenizer", "%s, %s tokens (the model has room for %" G_GINT64_FORMAT " more); %s", assay_json_get_text (tokenizer, "model"), tokens, vocabulary - size, begins);
  else
    assay_view_add_field (view, "tokenizer", "%s, %s tokens; %s", assay_json_get_text (tokenizer, "model"), tokens, begins);
}

static void
view_files (const json_t *files, AssayView *view)
{
  gsize k;
  json_t *file;

  assay_view_begin_table (view, "file|>bytes|SHA-256");
  json_array_foreach (files, k, file)
    {
      g_autofree char *bytes = assay_view_count (json_integer_value (json_object_get (file, "bytes")));

      assay_view_add_cell (view, assay_json_get_text (file, "name"));
      assay_view_add_cell (view, bytes);
      assay_view_add_cell (view, assay_json_get_text (file, "sha256"));
    }
}

void
assay_model_card_view (const json_t *card, AssayView *view)
{
  const char *model_type = json_string_value (json_object_get (card, "model_type"));
  const gint64 context = json_integer_value (json_object_get (card, "context"));
  g_autofree char *parameters = assay_view_count (json_integer_value (json_object_get (card, "parameters"))), *config = list_config (json_object_get (card, "config"));
  g_autofree char *types = list_types (json_object_get (card, "stored_types")), *bytes = assay_view_bytes (assay_json_get_number (card, "stored_bytes"));

  assay_view_add_heading (view, "%s", assay_json_get_text (card, "path"));
  assay_view_add_field (view, "model", "%s%s%s%s, %s parameters", assay_json_get_text (card, "architecture"), model_type ? " (" : "", model_type ? model_type : "", model_type ? ")" : "",
                        parameters);
  assay_view_add_field (view, "written for", "%s, as %s", assay_json_get_text (card, "written_for"), assay_json_get_text (card, "format"));
  if (context > 0)
    assay_view_add_field (view, "context", "%" G_GINT64_FORMAT " tokens", context);
  assay_view_add_field (view, "configuration", "%s", config);
  if (json_object_get (card, "stored_types") != NULL)
    {
      assay_view_add_field (view, "stored", "%s, %s", types, bytes);
      view_left_out (json_object_get (card, "left_out"), view);
    }
  if (context > 0)
    view_tokenizer (json_object_get (card, "tokenizer"), json_integer_value (json_object_get (json_object_get (card, "config"), "vocabulary")), view);
  view_files (json_object_get (card, "files"), view);
}
