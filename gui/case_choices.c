/* SPDX-License-Identifier: GPL-3.0-or-later */
/* case_choices.c: names out of a case's catalogue. */
#include "gui/case_choices.h"

#include "base/json.h"
#include "job/describe.h"
#include "job/view.h"

#include <glib/gi18n.h>
#include <string.h>

#define MOST 200                /* no menu is longer */

static void
choice_free (gpointer data)
{
  AssayChoice *choice = data;

  g_free (choice->value);
  g_free (choice->words);
  g_free (choice);
}

/* Takes words. */
static void
add (GPtrArray *choices, const char *value, char *words)
{
  g_autofree char *mine = words;
  AssayChoice *choice;

  for (guint k = 0; k < choices->len; k++)
    if (strcmp (((AssayChoice *) choices->pdata[k])->value, value) == 0)
      return;
  if (choices->len >= MOST)
    return;
  choice = g_new0 (AssayChoice, 1);
  choice->value = g_strdup (value);
  choice->words = g_steal_pointer (&mine);
  g_ptr_array_add (choices, choice);
}

static int
newest_first (gconstpointer a, gconstpointer b)
{
  const AssayObject *x = *(const AssayObject *const *) a, *y = *(const AssayObject *const *) b;

  return x->sequence < y->sequence ? 1 : x->sequence > y->sequence ? -1 : strcmp (x->kind, y->kind);
}

/* Names that an array holds, bare or as a member of its objects. */
static void
add_members (GPtrArray *choices, const json_t *array)
{
  gsize k;
  json_t *member;

  json_array_foreach (array, k, member)
    {
      const char *value = json_is_string (member) ? json_string_value (member) : assay_json_get_text (member, "name");

      if (value[0] != '\0')
        add (choices, value, NULL);
    }
}

static void
add_of_object (GPtrArray *choices, const AssayObject *object, const char *names)
{
  g_autofree char *rows = assay_view_count (object->rows), *whole = NULL;

  if (strcmp (names, "object") == 0)
    {
      whole = g_strdup_printf ("%s/%s", object->kind, object->name);
      add (choices, whole, object->rows > 0 ? g_strdup_printf (_("%s rows"), rows) : NULL);
    }
  else if (strcmp (object->kind, names) == 0)
    add (choices, object->name, object->rows > 0 ? g_strdup_printf (_("%s rows"), rows) : g_strdup (object->kind));
  else if (strcmp (names, "split") == 0 && strcmp (object->kind, "data") == 0)
    add_members (choices, json_object_get (object->meta, "splits"));
  else if (strcmp (names, "column") == 0 && strcmp (object->kind, "data") == 0)
    add_members (choices, json_object_get (object->meta, "columns"));
  else if (strcmp (names, "tap") == 0 && strcmp (object->kind, "activations") == 0)
    add_members (choices, json_object_get (json_object_get (json_object_get (object->meta, "recording"), "options"), "taps"));
}

GPtrArray *
assay_case_choices_list (const AssayJobKind *kind, const AssayParam *param, const AssayCaseContents *contents, const AssayPlace *place)
{
  GPtrArray *choices = g_ptr_array_new_with_free_func (choice_free);
  g_autoptr (GPtrArray) objects = g_ptr_array_new ();

  for (const AssayJobSection *s = assay_describe_sections (kind); s->params != NULL; s++)
    if (g_strcmp0 (s->chooser, param->name) == 0)
      add (choices, s->value, g_strdup (s->help));
  if (param->names == NULL)
    return choices;
  for (int k = 0; place != NULL && k < ASSAY_SELECTED_N; k++)
    if (strcmp (assay_selected_name (k), param->names) == 0 && place->selected[k] != NULL)
      add (choices, place->selected[k], g_strdup (_("selected")));
  for (guint k = 0; contents != NULL && k < contents->objects->len; k++)
    g_ptr_array_add (objects, contents->objects->pdata[k]);
  g_ptr_array_sort (objects, newest_first);
  for (guint k = 0; k < objects->len; k++)
    add_of_object (choices, objects->pdata[k], param->names);
  return choices;
}
