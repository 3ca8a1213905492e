/* SPDX-License-Identifier: GPL-3.0-or-later */
/* case_deeds.c: walks the journal and gathers neighbours of one command. */
#include "gui/case_deeds.h"

#include "base/json.h"
#include "store/journal.h"

#include <glib/gi18n.h>
#include <string.h>

#define FOLDER "journal"        /* of a case */
#define NAMED 3                 /* objects named in an entry */

/* An entry while records are added to it. */
typedef struct {
  GPtrArray *deeds;
  AssayDeed *last;              /* owned by deeds */
  GPtrArray *objects;           /* of it, each once: strings */
} Gathering;

static void
deed_free (gpointer data)
{
  AssayDeed *deed = data;

  g_free (deed->utc);
  g_free (deed->actor);
  g_free (deed->action);
  g_free (deed->command);
  g_free (deed->what);
  g_free (deed);
}

/* "a, b, c and 4 more" */
static void
finish_entry (Gathering *all)
{
  GString *text = g_string_new (NULL);

  if (all->last != NULL)
    {
      for (guint k = 0; k < MIN (all->objects->len, NAMED); k++)
        g_string_append_printf (text, "%s%s", k > 0 ? ", " : "", (const char *) all->objects->pdata[k]);
      if (all->objects->len > NAMED)
        g_string_append_printf (text, _(" and %u more"), all->objects->len - NAMED);
      g_free (all->last->what);
      all->last->what = g_strdup (text->str);
    }
  g_string_free (text, TRUE);
  g_ptr_array_set_size (all->objects, 0);
}

static void
add_objects (Gathering *all, const json_t *outputs)
{
  gsize k;
  json_t *output;

  json_array_foreach (outputs, k, output)
    {
      g_autofree char *name = g_strconcat (assay_json_get_text (output, "kind"), "/", assay_json_get_text (output, "name"), NULL);

      if (!g_ptr_array_find_with_equal_func (all->objects, name, g_str_equal, NULL))
        g_ptr_array_add (all->objects, g_steal_pointer (&name));
    }
}

/* A writer's "open" and the completion of a recording belong to the commits around them. */
static gboolean
continues (const AssayDeed *last, const char *action, const char *actor, const char *command)
{
  gboolean is_part = strcmp (action, "open") == 0 || strcmp (action, "commit") == 0 || strcmp (action, "complete") == 0 || strcmp (action, last->action) == 0;

  return is_part && strcmp (last->command, command) == 0 && strcmp (last->actor, actor) == 0;
}

static gboolean
take_record (const AssayJournalRecord *record, gpointer data, GError **error)
{
  Gathering *all = data;
  const char *action = assay_json_get_text (record->payload, "action"), *actor = assay_json_get_text (record->payload, "actor");
  const char *command = assay_json_get_text (record->payload, "command_line");

  (void) error;
  if (all->last == NULL || strcmp (action, "open") == 0 || !continues (all->last, action, actor, command))
    {
      finish_entry (all);
      all->last = g_new0 (AssayDeed, 1);
      *all->last = (AssayDeed) { .actor = g_strdup (actor), .action = g_strdup (action), .command = g_strdup (command), .what = g_strdup (""),
                                 .utc = g_strdup (assay_json_get_text (record->payload, "utc")) };
      g_ptr_array_add (all->deeds, all->last);
    }
  all->last->records++;
  add_objects (all, json_object_get (record->payload, "outputs"));
  return TRUE;
}

GPtrArray *
assay_case_deeds_read (const char *path, GError **error)
{
  g_autofree char *folder = g_build_filename (path, FOLDER, NULL);
  Gathering all = { g_ptr_array_new_with_free_func (deed_free), NULL, g_ptr_array_new_with_free_func (g_free) };
  AssayJournalEnd end;

  assay_journal_walk (folder, NULL, take_record, &all, &end, NULL, error);
  finish_entry (&all);
  g_ptr_array_unref (all.objects);
  for (guint k = 0; k < all.deeds->len / 2; k++)
    {
      gpointer other = all.deeds->pdata[all.deeds->len - 1 - k];

      all.deeds->pdata[all.deeds->len - 1 - k] = all.deeds->pdata[k];
      all.deeds->pdata[k] = other;
    }
  return all.deeds;
}
