/* SPDX-License-Identifier: GPL-3.0-or-later */
/* settings.c: GSettings or a GKeyFile, with the same keys and defaults. */
#include "gui/settings.h"

#include <gio/gio.h>

#define SCHEMA "org.assay.Workbench"
#define GROUP "workbench"
#define MAX_RECENT 12

struct _AssaySettings {
  GObject parent_instance;
  GSettings *installed;         /* NULL: no schema */
  GKeyFile *keys;               /* otherwise */
  char *file;
};

G_DEFINE_FINAL_TYPE (AssaySettings, assay_settings, G_TYPE_OBJECT)

enum { CHANGED, N_SIGNALS };
static guint signals[N_SIGNALS];

static void
assay_settings_finalize (GObject *object)
{
  AssaySettings *self = ASSAY_SETTINGS (object);

  g_clear_object (&self->installed);
  g_clear_pointer (&self->keys, g_key_file_unref);
  g_free (self->file);
  G_OBJECT_CLASS (assay_settings_parent_class)->finalize (object);
}

static void
assay_settings_class_init (AssaySettingsClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = assay_settings_finalize;
  signals[CHANGED] = g_signal_new ("changed", ASSAY_TYPE_SETTINGS, G_SIGNAL_RUN_LAST | G_SIGNAL_DETAILED, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
assay_settings_init (AssaySettings *self)
{
  GSettingsSchemaSource *source = g_settings_schema_source_get_default ();
  g_autoptr (GSettingsSchema) schema = source ? g_settings_schema_source_lookup (source, SCHEMA, TRUE) : NULL;

  if (schema != NULL)
    {
      self->installed = g_settings_new_full (schema, NULL, NULL);
      return;
    }
  self->keys = g_key_file_new ();
  self->file = g_build_filename (g_get_user_config_dir (), "assay", "workbench.conf", NULL);
  g_key_file_load_from_file (self->keys, self->file, G_KEY_FILE_NONE, NULL);
}

AssaySettings *
assay_settings_new (void)
{
  return g_object_new (ASSAY_TYPE_SETTINGS, NULL);
}

/* A settings file that cannot be written leaves the choice in force until the window closes. */
static void
changed (AssaySettings *self, const char *key)
{
  g_autofree char *folder = self->file ? g_path_get_dirname (self->file) : NULL;

  if (folder != NULL && g_mkdir_with_parents (folder, 0700) == 0)
    g_key_file_save_to_file (self->keys, self->file, NULL);
  g_signal_emit (self, signals[CHANGED], g_quark_from_string (key));
}

static int
get_int (AssaySettings *self, const char *key, int fallback)
{
  if (self->installed != NULL)
    return g_settings_get_int (self->installed, key);
  return g_key_file_has_key (self->keys, GROUP, key, NULL) ? g_key_file_get_integer (self->keys, GROUP, key, NULL) : fallback;
}

static void
set_int (AssaySettings *self, const char *key, int value)
{
  if (self->installed != NULL)
    g_settings_set_int (self->installed, key, value);
  else
    g_key_file_set_integer (self->keys, GROUP, key, value);
}

static gboolean
get_bool (AssaySettings *self, const char *key, gboolean fallback)
{
  if (self->installed != NULL)
    return g_settings_get_boolean (self->installed, key);
  return g_key_file_has_key (self->keys, GROUP, key, NULL) ? g_key_file_get_boolean (self->keys, GROUP, key, NULL) : fallback;
}

static void
set_bool (AssaySettings *self, const char *key, gboolean value)
{
  if (self->installed != NULL)
    g_settings_set_boolean (self->installed, key, value);
  else
    g_key_file_set_boolean (self->keys, GROUP, key, value);
}

AssayAppearance
assay_settings_get_theme (AssaySettings *self)
{
  return CLAMP (get_int (self, "theme", ASSAY_APPEARANCE_SYSTEM), ASSAY_APPEARANCE_SYSTEM, ASSAY_APPEARANCE_DARK);
}

void
assay_settings_set_theme (AssaySettings *self, AssayAppearance theme)
{
  set_int (self, "theme", theme);
  changed (self, "theme");
}

int
assay_settings_get_threads (AssaySettings *self)
{
  return CLAMP (get_int (self, "threads", 0), 0, 1024);
}

void
assay_settings_set_threads (AssaySettings *self, int threads)
{
  set_int (self, "threads", threads);
  changed (self, "threads");
}

gboolean
assay_settings_get_restore (AssaySettings *self)
{
  return get_bool (self, "restore", TRUE);
}

void
assay_settings_set_restore (AssaySettings *self, gboolean restore)
{
  set_bool (self, "restore", restore);
  changed (self, "restore");
}

char *
assay_settings_get_last (AssaySettings *self)
{
  char *last = self->installed ? g_settings_get_string (self->installed, "last") : g_key_file_get_string (self->keys, GROUP, "last", NULL);

  return last ? last : g_strdup ("");
}

void
assay_settings_set_last (AssaySettings *self, const char *path)
{
  if (!g_utf8_validate (path, -1, NULL))
    return;
  if (self->installed != NULL)
    g_settings_set_string (self->installed, "last", path);
  else
    g_key_file_set_string (self->keys, GROUP, "last", path);
  changed (self, "last");
}

void
assay_settings_get_window (AssaySettings *self, int *width, int *height, gboolean *is_maximized)
{
  *width = CLAMP (get_int (self, "window-width", 1280), 360, 16384);
  *height = CLAMP (get_int (self, "window-height", 800), 294, 16384);
  *is_maximized = get_bool (self, "window-maximized", FALSE);
}

void
assay_settings_set_window (AssaySettings *self, int width, int height, gboolean is_maximized)
{
  set_int (self, "window-width", width);
  set_int (self, "window-height", height);
  set_bool (self, "window-maximized", is_maximized);
  changed (self, "window-width");
}

char **
assay_settings_get_recent (AssaySettings *self)
{
  char **recent = self->installed ? g_settings_get_strv (self->installed, "recent")
                  : g_key_file_get_string_list (self->keys, GROUP, "recent", NULL, NULL);

  return recent ? recent : g_new0 (char *, 1);
}

/* first NULL: the path is only taken out. */
static void
rewrite_recent (AssaySettings *self, const char *first, const char *path)
{
  g_auto (GStrv) old = assay_settings_get_recent (self);
  g_autoptr (GPtrArray) list = g_ptr_array_new ();

  if (first != NULL)
    g_ptr_array_add (list, (gpointer) first);
  for (guint k = 0; old[k] != NULL && list->len < MAX_RECENT; k++)
    if (g_strcmp0 (old[k], path) != 0)
      g_ptr_array_add (list, old[k]);
  g_ptr_array_add (list, NULL);
  if (self->installed != NULL)
    g_settings_set_strv (self->installed, "recent", (const char *const *) list->pdata);
  else
    g_key_file_set_string_list (self->keys, GROUP, "recent", (const char *const *) list->pdata, list->len - 1);
  changed (self, "recent");
}

void
assay_settings_add_recent (AssaySettings *self, const char *path)
{
  if (g_utf8_validate (path, -1, NULL))
    rewrite_recent (self, path, path);
}

void
assay_settings_remove_recent (AssaySettings *self, const char *path)
{
  rewrite_recent (self, NULL, path);
}
