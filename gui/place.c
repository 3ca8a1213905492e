/* SPDX-License-Identifier: GPL-3.0-or-later */
/* place.c: places and their text. */
#include "gui/place.h"

#include "base/error.h"
#include "base/text.h"

#include <string.h>

#define PREFIX "assay-view:1?"
#define MAX_TEXT 65536

static const char *const names[ASSAY_SELECTED_N] = { "example", "token", "unit", "query", "claim" };

const char *
assay_selected_name (AssaySelected what)
{
  return names[what];
}

AssayPlace *
assay_place_new (const char *page)
{
  AssayPlace *place = g_new0 (AssayPlace, 1);

  place->page = g_strdup (page);
  return place;
}

AssayPlace *
assay_place_copy (const AssayPlace *place)
{
  AssayPlace *copy = assay_place_new (place->page);

  for (int k = 0; k < ASSAY_SELECTED_N; k++)
    copy->selected[k] = g_strdup (place->selected[k]);
  return copy;
}

void
assay_place_free (AssayPlace *place)
{
  if (place == NULL)
    return;
  g_free (place->page);
  for (int k = 0; k < ASSAY_SELECTED_N; k++)
    g_free (place->selected[k]);
  g_free (place);
}

gboolean
assay_place_equal (const AssayPlace *a, const AssayPlace *b)
{
  for (int k = 0; k < ASSAY_SELECTED_N; k++)
    if (g_strcmp0 (a->selected[k], b->selected[k]) != 0)
      return FALSE;
  return g_strcmp0 (a->page, b->page) == 0;
}

/* The characters that references are made of stay readable. */
static void
append_pair (GString *text, const char *key, const char *value)
{
  if (value == NULL)
    return;
  g_string_append (text, text->str[text->len - 1] == '?' ? "" : "&");
  g_string_append_printf (text, "%s=", key);
  g_string_append_uri_escaped (text, value, ":/@,", FALSE);
}

char *
assay_place_to_text (const AssayPlace *place)
{
  GString *text = g_string_new (PREFIX);

  append_pair (text, "page", place->page);
  for (int k = 0; k < ASSAY_SELECTED_N; k++)
    append_pair (text, names[k], place->selected[k]);
  return g_string_free (text, FALSE);
}

static gboolean
read_pair (AssayPlace *place, const char *pair, GError **error)
{
  const char *equals = strchr (pair, '=');
  g_autofree char *key = equals ? g_strndup (pair, equals - pair) : NULL;
  g_autofree char *value = equals ? g_uri_unescape_string (equals + 1, NULL) : NULL, *shown = NULL;

  if (value != NULL && g_utf8_validate (value, -1, NULL) && strcmp (key, "page") == 0 && place->page == NULL)
    {
      place->page = g_steal_pointer (&value);
      return TRUE;
    }
  for (int k = 0; value != NULL && g_utf8_validate (value, -1, NULL) && k < ASSAY_SELECTED_N; k++)
    if (strcmp (key, names[k]) == 0 && place->selected[k] == NULL)
      {
        place->selected[k] = g_steal_pointer (&value);
        return TRUE;
      }
  shown = assay_text_escape (pair, FALSE);
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "view: page, example, token, unit, query or claim expected, each once and with a value, found \"%s\"",
               shown);
  return FALSE;
}

AssayPlace *
assay_place_from_text (const char *text, GError **error)
{
  g_autoptr (AssayPlace) place = assay_place_new (NULL);
  g_auto (GStrv) pairs = NULL;

  if (!g_str_has_prefix (text, PREFIX) || strlen (text) > MAX_TEXT)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "view: a line that begins with %s expected, at most %d bytes", PREFIX, MAX_TEXT);
      return NULL;
    }
  pairs = g_strsplit (text + strlen (PREFIX), "&", -1);
  for (guint k = 0; pairs[k] != NULL; k++)
    if (pairs[k][0] != '\0' && !read_pair (place, pairs[k], error))
      return NULL;
  return g_steal_pointer (&place);
}
