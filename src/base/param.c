/* SPDX-License-Identifier: GPL-3.0-or-later */
/* param.c: values of a declared table, their checks, their JSON and text forms. */
#include "base/param.h"

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"

#include <errno.h>
#include <math.h>
#include <string.h>

typedef struct {
  gboolean set;
  gboolean b;
  gint64 i;
  double d;
  char *s;
  GPtrArray *list;              /* NULL-terminated strings */
  json_t *json;
} Slot;

struct _AssayValues {
  const AssayParam *table;
  gsize n;
  Slot *slots;
};

static gsize
count_entries (const AssayParam *table)
{
  gsize n = 0;

  while (table[n].name != NULL)
    n++;
  return n;
}

static GPtrArray *
new_list (void)
{
  GPtrArray *list = g_ptr_array_new_with_free_func (g_free);

  g_ptr_array_add (list, NULL);
  return list;
}

static void
list_append (GPtrArray *list, const char *text)
{
  g_ptr_array_insert (list, list->len - 1, g_strdup (text));
}

AssayValues *
assay_values_new (const AssayParam *table)
{
  AssayValues *values = g_new0 (AssayValues, 1);

  values->table = table;
  values->n = count_entries (table);
  values->slots = g_new0 (Slot, values->n);
  for (gsize k = 0; k < values->n; k++)
    {
      const AssayParam *p = &table[k];
      Slot *slot = &values->slots[k];

      switch (p->type)
        {
        case ASSAY_PARAM_BOOL:
          slot->b = p->def.b;
          break;
        case ASSAY_PARAM_INT:
          slot->i = p->flags & ASSAY_PARAM_OPTIONAL ? G_MININT64 : p->def.i;
          break;
        case ASSAY_PARAM_DOUBLE:
          slot->d = p->flags & ASSAY_PARAM_OPTIONAL ? (double) NAN : p->def.d;
          break;
        case ASSAY_PARAM_STRING:
        case ASSAY_PARAM_CHOICE:
          slot->s = g_strdup (p->def.s);
          break;
        case ASSAY_PARAM_LIST:
          slot->list = new_list ();
          break;
        case ASSAY_PARAM_JSON:
          slot->json = json_null ();
          break;
        }
    }
  return values;
}

AssayValues *
assay_values_copy (const AssayValues *from)
{
  AssayValues *values = assay_values_new (from->table);

  for (gsize k = 0; k < from->n; k++)
    {
      const Slot *a = &from->slots[k];
      Slot *b = &values->slots[k];

      b->set = a->set;
      b->b = a->b;
      b->i = a->i;
      b->d = a->d;
      g_free (b->s);
      b->s = g_strdup (a->s);
      if (a->list != NULL)
        for (guint i = 0; i + 1 < a->list->len; i++)
          list_append (b->list, a->list->pdata[i]);
      json_decref (b->json);
      b->json = json_deep_copy (a->json);
    }
  return values;
}

void
assay_values_free (AssayValues *values)
{
  if (values == NULL)
    return;
  for (gsize k = 0; k < values->n; k++)
    {
      g_free (values->slots[k].s);
      g_clear_pointer (&values->slots[k].list, g_ptr_array_unref);
      json_decref (values->slots[k].json);
    }
  g_free (values->slots);
  g_free (values);
}

const AssayParam *
assay_values_get_table (const AssayValues *values)
{
  return values->table;
}

static gssize
find (const AssayValues *values, const char *name)
{
  for (gsize k = 0; k < values->n; k++)
    if (strcmp (values->table[k].name, name) == 0)
      return k;
  return -1;
}

static Slot *
need (const AssayValues *values, const char *name, AssayParamType type)
{
  gssize k = find (values, name);

  g_assert (k >= 0 && (values->table[k].type == type
                       || (type == ASSAY_PARAM_STRING && values->table[k].type == ASSAY_PARAM_CHOICE)));
  return &values->slots[k];
}

/* Insertions, deletions, replacements and swaps of neighbours that lead from one word to the other. */
static gsize
edit_distance (const char *word, const char *name)
{
  gsize n = strlen (word), m = strlen (name);
  g_autofree gsize *rows = g_new (gsize, 3 * (n + 1));
  gsize *before = rows, *above = rows + n + 1, *row = rows + 2 * (n + 1);

  for (gsize i = 0; i <= n; i++)
    row[i] = i;
  for (gsize j = 1; j <= m; j++)                                  /* optimal string alignment, one row at a time */
    {
      gsize *spare = before;

      before = above;
      above = row;
      row = spare;
      row[0] = j;
      for (gsize i = 1; i <= n; i++)
        {
          row[i] = MIN (MIN (above[i], row[i - 1]) + 1, above[i - 1] + (word[i - 1] != name[j - 1]));
          if (i > 1 && j > 1 && word[i - 1] == name[j - 2] && word[i - 2] == name[j - 1])
            row[i] = MIN (row[i], before[i - 2] + 1);
        }
    }
  return row[n];
}

const char *
assay_param_nearest (const char *word, const char *const *names)
{
  const char *best = NULL;
  gsize n = strlen (word), best_cost = MAX (1, n / 3) + 1;

  if (n > 64)
    return NULL;
  for (; *names != NULL; names++)
    {
      gsize cost = edit_distance (word, *names);

      if (cost < best_cost)
        {
          best_cost = cost;
          best = *names;
        }
    }
  return best;
}

static gssize
find_or_suggest (const AssayValues *values, const char *name, GError **error)
{
  g_autofree const char **names = NULL;
  gssize k = find (values, name);
  const char *near;

  if (k >= 0)
    return k;
  names = g_new0 (const char *, values->n + 1);
  for (gsize i = 0; i < values->n; i++)
    names[i] = values->table[i].name;
  near = assay_param_nearest (name, names);
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, near ? "%s: no such parameter; did you mean \"%s\"?"
               : "%s: no such parameter", name, near);
  return -1;
}

static gboolean
in_range (const AssayParam *p, double x, const char *found, GError **error)
{
  if (p->min < p->max && !(x >= p->min && x <= p->max))
    {
      if (isinf (p->max))
        g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "%s: a value of at least %g%s%s expected, %s found", p->name, p->min,
                     p->unit ? " " : "", p->unit ? p->unit : "", found);
      else
        g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "%s: a value from %g to %g expected, %s found", p->name, p->min, p->max,
                     found);
      return FALSE;
    }
  return TRUE;
}

static gboolean
in_choices (const AssayParam *p, const char *text, GError **error)
{
  g_autofree char *all = NULL;

  for (const char *const *c = p->choices; c != NULL && *c != NULL; c++)
    if (strcmp (*c, text) == 0)
      return TRUE;
  all = g_strjoinv (", ", (char **) p->choices);
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "%s: one of %s expected, \"%s\" found", p->name, all, text);
  return FALSE;
}

static gboolean
set_number (const AssayParam *p, Slot *slot, double d, gint64 i, const char *found, GError **error)
{
  if (!in_range (p, p->type == ASSAY_PARAM_INT ? (double) i : d, found, error))
    return FALSE;
  slot->d = d;
  slot->i = i;
  return TRUE;
}

static gboolean
parse_bool (const char *text, gboolean *out)
{
  static const char *const yes[] = { "true", "yes", "1", "on", NULL }, *const no[] = { "false", "no", "0", "off", NULL };

  if (g_strv_contains (yes, text))
    *out = TRUE;
  else if (g_strv_contains (no, text))
    *out = FALSE;
  else
    return FALSE;
  return TRUE;
}

gboolean
assay_values_set_text (AssayValues *values, const char *name, const char *text, GError **error)
{
  gssize k = find_or_suggest (values, name, error);
  const AssayParam *p;
  Slot *slot;
  char *end = NULL;

  if (k < 0)
    return FALSE;
  p = &values->table[k];
  slot = &values->slots[k];
  if (!g_utf8_validate (text, -1, NULL))
    {
      g_autofree char *shown = g_utf8_make_valid (text, -1);

      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "%s: UTF-8 text expected, \"%s\" found", name, shown);
      return FALSE;
    }
  errno = 0;
  switch (p->type)
    {
    case ASSAY_PARAM_BOOL:
      if (!parse_bool (text, &slot->b))
        {
          g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "%s: true or false expected, \"%s\" found", name, text);
          return FALSE;
        }
      break;
    case ASSAY_PARAM_INT:
      {
        gint64 i = g_ascii_strtoll (text, &end, 10);

        if (*text == '\0' || *end != '\0' || errno == ERANGE)
          {
            g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "%s: a whole number expected, \"%s\" found", name, text);
            return FALSE;
          }
        if (!set_number (p, slot, i, i, text, error))
          return FALSE;
      }
      break;
    case ASSAY_PARAM_DOUBLE:
      {
        double d = g_ascii_strtod (text, &end);

        if (*text == '\0' || *end != '\0' || !isfinite (d))
          {
            g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "%s: a finite number expected, \"%s\" found", name, text);
            return FALSE;
          }
        if (!set_number (p, slot, d, 0, text, error))
          return FALSE;
      }
      break;
    case ASSAY_PARAM_CHOICE:
      if (!in_choices (p, text, error))
        return FALSE;
      G_GNUC_FALLTHROUGH;
    case ASSAY_PARAM_STRING:
      g_free (slot->s);
      slot->s = g_strdup (text);
      break;
    case ASSAY_PARAM_LIST:
      list_append (slot->list, text);
      break;
    case ASSAY_PARAM_JSON:
      {
        json_error_t fault;
        json_t *json = json_loads (text, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &fault);

        if (json == NULL)
          {
            g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "%s: JSON expected, %s at byte %d", name, assay_json_show_fault (&fault), fault.position);
            return FALSE;
          }
        json_decref (slot->json);
        slot->json = json;
      }
      break;
    }
  slot->set = TRUE;
  return TRUE;
}

static gboolean
wrong_type (const AssayParam *p, const char *expected, GError **error)
{
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "%s: %s expected", p->name, expected);
  return FALSE;
}

/* Whether the slot holds what it holds when nothing is given. */
static gboolean
is_default (const AssayParam *p, const Slot *slot)
{
  switch (p->type)
    {
    case ASSAY_PARAM_BOOL:
      return slot->b == p->def.b;
    case ASSAY_PARAM_INT:
      return !(p->flags & ASSAY_PARAM_OPTIONAL) && slot->i == p->def.i;
    case ASSAY_PARAM_DOUBLE:
      return !(p->flags & ASSAY_PARAM_OPTIONAL) && memcmp (&slot->d, &p->def.d, sizeof slot->d) == 0;
    case ASSAY_PARAM_STRING:
    case ASSAY_PARAM_CHOICE:
      return g_strcmp0 (slot->s, p->def.s) == 0;
    case ASSAY_PARAM_LIST:
      return slot->list->len == 1;
    case ASSAY_PARAM_JSON:
      return json_is_null (slot->json);
    }
  g_assert_not_reached ();
}

gboolean
assay_values_set_json (AssayValues *values, const char *name, const json_t *value, GError **error)
{
  gssize k = find_or_suggest (values, name, error);
  const AssayParam *p;
  Slot *slot;

  if (k < 0)
    return FALSE;
  p = &values->table[k];
  slot = &values->slots[k];
  if (json_is_null (value) && p->type != ASSAY_PARAM_JSON)
    return TRUE;                                                  /* null: the default */
  switch (p->type)
    {
    case ASSAY_PARAM_BOOL:
      if (!json_is_boolean (value))
        return wrong_type (p, "true or false", error);
      slot->b = json_is_true (value);
      break;
    case ASSAY_PARAM_INT:
    case ASSAY_PARAM_DOUBLE:
      {
        g_autofree char *found = NULL;

        if (p->type == ASSAY_PARAM_INT ? !json_is_integer (value) : !json_is_number (value))
          return wrong_type (p, p->type == ASSAY_PARAM_INT ? "a whole number" : "a number", error);
        found = g_strdup_printf ("%.17g", json_number_value (value));
        if (!set_number (p, slot, json_number_value (value), json_integer_value (value), found, error))
          return FALSE;
      }
      break;
    case ASSAY_PARAM_STRING:
    case ASSAY_PARAM_CHOICE:
      if (!json_is_string (value))
        return wrong_type (p, "a string", error);
      if (!assay_values_set_text (values, name, json_string_value (value), error))
        return FALSE;
      break;
    case ASSAY_PARAM_LIST:
      {
        g_autoptr (GPtrArray) list = new_list ();
        gsize i;
        json_t *item;

        if (!json_is_array (value))
          return wrong_type (p, "a list of strings", error);
        json_array_foreach (value, i, item)
          {
            if (!json_is_string (item))
              return wrong_type (p, "a list of strings", error);
            list_append (list, json_string_value (item));
          }
        g_ptr_array_unref (slot->list);
        slot->list = g_steal_pointer (&list);
      }
      break;
    case ASSAY_PARAM_JSON:
      json_decref (slot->json);
      slot->json = json_deep_copy (value);
      break;
    }
  slot->set = p->flags & ASSAY_PARAM_REQUIRED || !is_default (p, slot);
  return TRUE;
}

AssayValues *
assay_values_from_json (const AssayParam *table, const json_t *object, const char *where, GError **error)
{
  g_autoptr (AssayValues) values = assay_values_new (table);
  const char *key;
  json_t *value;

  if (!json_is_object (object))
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "%s: a JSON object of parameters expected", where);
      return NULL;
    }
  json_object_foreach ((json_t *) object, key, value)
    if (!assay_values_set_json (values, key, value, error))
      {
        g_prefix_error (error, "%s: ", where);
        return NULL;
      }
  return g_steal_pointer (&values);
}

static json_t *
slot_to_json (const AssayParam *p, const Slot *slot)
{
  json_t *list;

  switch (p->type)
    {
    case ASSAY_PARAM_BOOL:
      return json_boolean (slot->b);
    case ASSAY_PARAM_INT:
      return slot->i == G_MININT64 ? json_null () : json_integer (slot->i);
    case ASSAY_PARAM_DOUBLE:
      return isfinite (slot->d) ? json_real (slot->d) : json_null ();
    case ASSAY_PARAM_STRING:
    case ASSAY_PARAM_CHOICE:
      return slot->s ? json_string (slot->s) : json_null ();
    case ASSAY_PARAM_LIST:
      list = json_array ();
      for (guint i = 0; i + 1 < slot->list->len; i++)
        json_array_append_new (list, json_string (slot->list->pdata[i]));
      return list;
    case ASSAY_PARAM_JSON:
      return json_deep_copy (slot->json);
    }
  g_assert_not_reached ();
}

json_t *
assay_values_to_json (const AssayValues *values)
{
  json_t *object = json_object ();

  for (gsize k = 0; k < values->n; k++)
    json_object_set_new (object, values->table[k].name, slot_to_json (&values->table[k], &values->slots[k]));
  return object;
}

gboolean
assay_values_has (const AssayValues *values, const char *name)
{
  return find (values, name) >= 0;
}

gboolean
assay_values_is_set (const AssayValues *values, const char *name)
{
  gssize k = find (values, name);

  return k >= 0 && values->slots[k].set;
}

char **
assay_values_dup_texts (const AssayValues *values, const char *name)
{
  gssize k = find (values, name);
  const AssayParam *p = k < 0 ? NULL : &values->table[k];
  const Slot *slot = k < 0 ? NULL : &values->slots[k];
  char **texts;

  if (slot == NULL || !slot->set)
    return NULL;
  if (p->type == ASSAY_PARAM_LIST)
    return g_strdupv ((char **) slot->list->pdata);
  texts = g_new0 (char *, 2);
  switch (p->type)
    {
    case ASSAY_PARAM_BOOL:
      texts[0] = g_strdup (slot->b ? "true" : "false");
      break;
    case ASSAY_PARAM_INT:
      texts[0] = g_strdup_printf ("%" G_GINT64_FORMAT, slot->i);
      break;
    case ASSAY_PARAM_DOUBLE:
      texts[0] = assay_text_number (slot->d);
      break;
    case ASSAY_PARAM_JSON:
      texts[0] = json_dumps (slot->json, JSON_ENCODE_ANY | JSON_COMPACT | JSON_SORT_KEYS);
      break;
    case ASSAY_PARAM_STRING:
    case ASSAY_PARAM_CHOICE:
    case ASSAY_PARAM_LIST:
      texts[0] = g_strdup (slot->s);
      break;
    }
  return texts;
}

gboolean
assay_values_check (const AssayValues *values, const char *where, GError **error)
{
  for (gsize k = 0; k < values->n; k++)
    if (values->table[k].flags & ASSAY_PARAM_REQUIRED && !values->slots[k].set)
      {
        g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "%s: %s is needed: %s", where, values->table[k].name,
                     values->table[k].help);
        return FALSE;
      }
  return TRUE;
}

gboolean
assay_values_get_bool (const AssayValues *values, const char *name)
{
  return need (values, name, ASSAY_PARAM_BOOL)->b;
}

gint64
assay_values_get_int (const AssayValues *values, const char *name)
{
  return need (values, name, ASSAY_PARAM_INT)->i;
}

double
assay_values_get_double (const AssayValues *values, const char *name)
{
  return need (values, name, ASSAY_PARAM_DOUBLE)->d;
}

const char *
assay_values_get_string (const AssayValues *values, const char *name)
{
  return need (values, name, ASSAY_PARAM_STRING)->s;
}

const char *const *
assay_values_get_list (const AssayValues *values, const char *name)
{
  return (const char *const *) need (values, name, ASSAY_PARAM_LIST)->list->pdata;
}

const json_t *
assay_values_get_json (const AssayValues *values, const char *name)
{
  return need (values, name, ASSAY_PARAM_JSON)->json;
}
