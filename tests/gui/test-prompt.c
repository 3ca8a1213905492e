/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-prompt.c: which models can be asked in words, the commands that ask them, the shades of a probability, and what a dropped path is. */
#include "gui/completion_view.h"
#include "gui/job_form.h"
#include "gui/language_choices.h"
#include "gui/model_path.h"
#include "gui/prompt_commands.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

/* --- models ---------------------------------------------------------------------------------------------------------- */

static AssayCaseContents *
make_contents (void)
{
  AssayCaseContents *contents = g_new0 (AssayCaseContents, 1);

  g_atomic_ref_count_init (&contents->count);
  contents->path = g_strdup ("/tmp/a b.assay");
  contents->name = g_strdup ("a b");
  contents->objects = g_ptr_array_new_with_free_func (g_free);
  contents->notes = g_ptr_array_new_with_free_func (g_free);
  return contents;
}

/* Takes meta, which the test never frees: objects of a case own theirs otherwise. */
static void
add (AssayCaseContents *contents, const char *kind, const char *name, json_t *meta)
{
  AssayObject *object = g_new0 (AssayObject, 1);

  *object = (AssayObject) { .kind = kind, .name = name, .sequence = contents->objects->len + 1, .meta = meta };
  g_ptr_array_add (contents->objects, object);
}

static void
release (AssayCaseContents *contents)
{
  for (guint k = 0; k < contents->objects->len; k++)
    json_decref (((AssayObject *) contents->objects->pdata[k])->meta);
  assay_case_contents_unref (contents);
}

static json_t *
model (const char *architecture, const char *data)
{
  json_t *meta = json_pack ("{s:{s:s, s:{s:i}}}", "model", "architecture", architecture, "config", "context", 64);

  if (data != NULL)
    json_object_set_new (meta, "data", json_pack ("{s:s}", "name", data));
  return meta;
}

static json_t *
text (const char *tokenizer)
{
  return json_pack ("{s:{s:s?}}", "options", "tokenizer", tokenizer);
}

static void
test_models (void)
{
  AssayCaseContents *contents = make_contents ();
  AssayLanguageHolding holding;
  g_autoptr (GPtrArray) none = NULL, no_text = NULL, some = NULL;
  g_autofree char *of_model = NULL, *of_text = NULL, *of_nothing = NULL;

  add (contents, "data", "table", text (NULL));
  add (contents, "model", "line", model ("linear", "table"));
  none = assay_language_choices_list (contents, &holding);
  g_assert_cmpuint (none->len, ==, 0);
  g_assert_cmpint (holding, ==, ASSAY_LANGUAGE_HAS_NO_MODEL);
  of_model = assay_language_choices_propose (contents, holding);
  g_assert_cmpstr (of_model, ==, "assay import \"/tmp/a b.assay\" model");
  add (contents, "model", "theirs", model ("transformer", NULL));
  no_text = assay_language_choices_list (contents, &holding);
  g_assert_cmpuint (no_text->len, ==, 0);
  g_assert_cmpint (holding, ==, ASSAY_LANGUAGE_HAS_NO_TEXT);
  of_text = assay_language_choices_propose (contents, holding);
  g_assert_cmpstr (of_text, ==, "assay import \"/tmp/a b.assay\" data --context 64");
  add (contents, "data", "words", text ("tok.bin"));
  add (contents, "model", "ours", model ("mamba", "words"));
  add (contents, "model", "chains", model ("transformer", "table"));
  add (contents, "model", "vectors", model ("encoder", "words"));
  some = assay_language_choices_list (contents, &holding);
  g_assert_cmpint (holding, ==, ASSAY_LANGUAGE_HAS_SOME);
  g_assert_cmpuint (some->len, ==, 2);
  g_assert_cmpstr (some->pdata[0], ==, "ours");
  g_assert_cmpstr (some->pdata[1], ==, "theirs");
  of_nothing = assay_language_choices_propose (contents, holding);
  g_assert_null (of_nothing);
  release (contents);
}

/* --- commands -------------------------------------------------------------------------------------------------------- */

static const char *
value_of (AssayJobForm *form, const char *name)
{
  const char *const *texts = assay_job_form_get_texts (form, name);

  return texts ? texts[0] : NULL;
}

/* What somebody types comes through the shell's quotes to the option that it is for. */
static void
test_quoting (void)
{
  static const char *const prompts[] = { "Once upon a time", "it's \"quoted\" \\ $HOME `x`", "two\nlines\t", "--seed 3", "-", "" };
  const AssayPromptDrawing drawing = { .most = 20, .temperature = 0.5, .seed = 3, .top_k = 0, .top_p = 1 };

  for (gsize k = 0; k < G_N_ELEMENTS (prompts); k++)
    {
      const AssayPromptAsked asked = { "/tmp/a b.assay", "stories", prompts[k] };
      g_autofree char *generate = assay_prompt_command_generate (&asked, &drawing), *measure = assay_prompt_command_measure (&asked, prompts[k]);
      g_autofree char *influence = assay_prompt_command_influence (&asked, prompts[k]);
      g_autoptr (GError) error = NULL;
      g_autoptr (AssayJobForm) first = assay_job_form_parse (generate, &error), second = NULL, third = NULL;

      g_assert_no_error (error);
      g_assert_cmpstr (value_of (first, "prompt"), ==, prompts[k]);
      g_assert_cmpstr (value_of (first, "max-tokens"), ==, "20");
      g_assert_cmpstr (value_of (first, "temperature"), ==, "0.5");
      g_assert_cmpstr (value_of (first, "seed"), ==, "3");
      g_assert_null (value_of (first, "top-k"));
      second = assay_job_form_parse (measure, &error);
      g_assert_no_error (error);
      g_assert_cmpstr (value_of (second, "prompt"), ==, prompts[k]);
      g_assert_cmpstr (value_of (second, "completion"), ==, prompts[k]);
      third = assay_job_form_parse (influence, &error);
      g_assert_no_error (error);
      g_assert_cmpstr (assay_job_form_get_case (third), ==, "/tmp/a b.assay");
      g_assert_cmpstr (value_of (third, "completion"), ==, prompts[k]);
      g_assert_cmpstr (value_of (third, "method"), ==, "ekfac");
    }
}

/* --- a completion ---------------------------------------------------------------------------------------------------- */

static void
test_shades (void)
{
  static const double probabilities[] = { 0, 0.009, 0.01, 0.05, 0.2, 0.499, 0.5, 1 };
  static const guint shades[] = { 0, 0, 1, 2, 3, 3, 4, 4 };

  for (gsize k = 0; k < G_N_ELEMENTS (probabilities); k++)
    g_assert_cmpuint (assay_completion_shade (probabilities[k]), ==, shades[k]);
  g_assert_cmpuint (assay_completion_shade (NAN), ==, 0);
}

static void
test_table (void)
{
  json_t *document = json_pack ("{s:[{s:i, s:s, s:f}, {s:i, s:s, s:n}]}", "tokens", "token", 7, "spelling", " a", "log_probability", -2.0,
                                "token", 8, "spelling", "b", "log_probability");
  json_t *table = assay_completion_table (document), *rows = json_object_get (table, "rows");

  g_assert_cmpuint (json_array_size (json_object_get (table, "columns")), ==, 5);
  g_assert_cmpuint (json_array_size (rows), ==, 2);
  g_assert_cmpstr (json_string_value (json_array_get (json_array_get (rows, 0), 2)), ==, " a");
  g_assert_cmpfloat_with_epsilon (json_real_value (json_array_get (json_array_get (rows, 0), 4)), exp (-2), 1e-15);
  g_assert_true (json_is_null (json_array_get (json_array_get (rows, 1), 4)));
  json_decref (table);
  json_decref (document);
}

/* --- what was dropped ------------------------------------------------------------------------------------------------ */

static void
test_names (void)
{
  static const char *const names[][2] = {
    { "/m/stories260K.bin", "stories260K" }, { "/m/Llama-3.2-1B.Q4_K_M.gguf", "Llama-3.2-1B.Q4_K_M" }, { "/m/my model (copy)/", "my-model-copy" },
    { "/m/...", "model" }, { "/m/mod\xc3\xa8le", "mod-le" }, { "/m/gpt2", "gpt2" },
  };
  AssayCaseContents *contents = make_contents ();
  g_autofree char *command = NULL;

  for (gsize k = 0; k < G_N_ELEMENTS (names); k++)
    {
      g_autofree char *name = assay_model_path_name (names[k][0]);

      g_assert_cmpstr (name, ==, names[k][1]);
    }
  add (contents, "model", "gpt2", model ("transformer", NULL));
  add (contents, "model", "gpt2-2", model ("transformer", NULL));
  command = assay_model_path_command ("/a b/gpt2", contents->path, contents);
  g_assert_cmpstr (command, ==, "assay import \"/tmp/a b.assay\" model \"/a b/gpt2\" --name gpt2-3");
  release (contents);
}

typedef struct { const char *path, *of; AssayPathKind kind; } Look;

static void
put (const char *folder, const char *file)
{
  g_autofree char *path = g_build_filename (folder, file, NULL), *within = g_path_get_dirname (path);

  g_mkdir_with_parents (within, 0700);
  g_assert_true (g_file_set_contents (path, "{}", -1, NULL));
}

static void
test_look (void)
{
  static const char *const files[] = { "c.assay/assay-case.json", "c.assay/shards/a.h5", "gpt2/config.json", "gpt2/model.safetensors", "one/x.gguf", "two/x.gguf",
                                       "two/y.gguf", "s.bin", "alone.safetensors", "notes.txt" };
  static const Look all[] = {
    { "c.assay", "c.assay", ASSAY_PATH_CASE }, { "c.assay/assay-case.json", "c.assay", ASSAY_PATH_CASE }, { "c.assay/shards/a.h5", "c.assay", ASSAY_PATH_CASE },
    { "gpt2", "gpt2", ASSAY_PATH_MODEL }, { "gpt2/", "gpt2", ASSAY_PATH_MODEL }, { "gpt2/config.json", "gpt2", ASSAY_PATH_MODEL },
    { "gpt2/model.safetensors", "gpt2", ASSAY_PATH_MODEL }, { "one", "one/x.gguf", ASSAY_PATH_MODEL }, { "one/x.gguf", "one/x.gguf", ASSAY_PATH_MODEL },
    { "two", NULL, ASSAY_PATH_NEITHER }, { "s.bin", "s.bin", ASSAY_PATH_MODEL }, { "alone.safetensors", NULL, ASSAY_PATH_NEITHER },
    { "notes.txt", NULL, ASSAY_PATH_NEITHER }, { "nothing.gguf", NULL, ASSAY_PATH_NEITHER }, { ".", NULL, ASSAY_PATH_NEITHER },
  };
  g_autofree char *folder = g_dir_make_tmp ("assay-paths-XXXXXX", NULL), *second = NULL, *expected = NULL;
  const char *argv[] = { "rm", "-rf", folder, NULL };

  for (gsize k = 0; k < G_N_ELEMENTS (files); k++)
    put (folder, files[k]);
  for (gsize k = 0; k < G_N_ELEMENTS (all); k++)
    {
      g_autofree char *path = g_build_filename (folder, all[k].path, NULL), *of = NULL, *wanted = all[k].of ? g_build_filename (folder, all[k].of, NULL) : NULL;

      g_assert_cmpint (assay_model_path_look (path, &of), ==, all[k].kind);
      g_assert_cmpstr (of, ==, wanted);
    }
  second = assay_model_path_new_case ("/elsewhere/c", folder);
  expected = g_build_filename (folder, "c-2.assay", NULL);
  g_assert_cmpstr (second, ==, expected);
  g_spawn_sync (NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL, NULL);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/prompt/models that read tokens are offered where the case knows how texts are cut", test_models);
  g_test_add_func ("/prompt/what is typed reaches its option", test_quoting);
  g_test_add_func ("/prompt/the likelier the darker", test_shades);
  g_test_add_func ("/prompt/the table has every token", test_table);
  g_test_add_func ("/prompt/a model is named by its file, in a plain word that is free", test_names);
  g_test_add_func ("/prompt/a path is a case, a model, or neither", test_look);
  return g_test_run ();
}
