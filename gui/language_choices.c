/* SPDX-License-Identifier: GPL-3.0-or-later */
/* language_choices.c: what the catalogue of a case says of models and of the data whose tokens they read. */
#include "gui/language_choices.h"

#include "base/json.h"
#include "job/spec.h"

#include <string.h>

/* Architectures that give a distribution of the next token. */
static const char *const architectures[] = { "transformer", "mamba", "rwkv", NULL };

static gboolean
goes_on_with_tokens (const AssayObject *object)
{
  return strcmp (object->kind, "model") == 0
         && g_strv_contains (architectures, assay_json_get_text (json_object_get (object->meta, "model"), "architecture"));
}

static gboolean
has_tokenizer (const AssayObject *data)
{
  return data != NULL && json_is_string (json_object_get (json_object_get (data->meta, "options"), "tokenizer"));
}

/* As the program finds it: that of the data of its training; of a model that was imported, that of the data main, or of the newest. */
static gboolean
is_understood (const AssayCaseContents *contents, const AssayObject *model)
{
  const char *name = json_string_value (json_object_get (json_object_get (model->meta, "data"), "name"));
  const AssayObject *data = name ? assay_case_contents_find (contents, "data", name) : NULL;

  if (data == NULL)
    data = assay_case_contents_find (contents, "data", "main");
  return has_tokenizer (data ? data : assay_case_contents_find (contents, "data", NULL));
}

static int
newest_first (gconstpointer a, gconstpointer b)
{
  const AssayObject *x = *(const AssayObject *const *) a, *y = *(const AssayObject *const *) b;

  return x->sequence < y->sequence ? 1 : x->sequence > y->sequence ? -1 : strcmp (x->name, y->name);
}

GPtrArray *
assay_language_choices_list (const AssayCaseContents *contents, AssayLanguageHolding *holding)
{
  GPtrArray *names = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GPtrArray) models = g_ptr_array_new ();

  for (guint k = 0; k < contents->objects->len; k++)
    if (goes_on_with_tokens (contents->objects->pdata[k]))
      g_ptr_array_add (models, contents->objects->pdata[k]);
  g_ptr_array_sort (models, newest_first);
  for (guint k = 0; k < models->len; k++)
    if (is_understood (contents, models->pdata[k]))
      g_ptr_array_add (names, g_strdup (((const AssayObject *) models->pdata[k])->name));
  if (holding != NULL)
    *holding = names->len > 0 ? ASSAY_LANGUAGE_HAS_SOME : models->len > 0 ? ASSAY_LANGUAGE_HAS_NO_TEXT : ASSAY_LANGUAGE_HAS_NO_MODEL;
  return names;
}

/* Positions of the newest model that goes on with tokens; 0: not known. */
static gint64
find_context (const AssayCaseContents *contents)
{
  const AssayObject *newest = NULL;

  for (guint k = 0; k < contents->objects->len; k++)
    {
      const AssayObject *object = contents->objects->pdata[k];

      if (goes_on_with_tokens (object) && (newest == NULL || object->sequence > newest->sequence))
        newest = object;
    }
  return newest ? json_integer_value (json_object_get (json_object_get (json_object_get (newest->meta, "model"), "config"), "context")) : 0;
}

char *
assay_language_choices_propose (const AssayCaseContents *contents, AssayLanguageHolding holding)
{
  g_autofree char *path = assay_job_quote_word (contents->path);
  const gint64 context = find_context (contents);

  switch (holding)
    {
    case ASSAY_LANGUAGE_HAS_NO_MODEL:
      return g_strdup_printf ("assay import %s model", path);
    case ASSAY_LANGUAGE_HAS_NO_TEXT:
      return context > 0 ? g_strdup_printf ("assay import %s data --context %" G_GINT64_FORMAT, path, context) : g_strdup_printf ("assay import %s data", path);
    default:
      return NULL;
    }
}
