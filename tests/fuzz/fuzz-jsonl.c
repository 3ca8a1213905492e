/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fuzz-jsonl.c: a table of lines of JSON. */
#include "fuzz.h"

#include "dataset/import.h"

#include <glib/gstdio.h>
#include <stdlib.h>

static const char *const words[] = { "{\"a\":1}", "\n", "\r\n", "null", "true", "NaN", "1e999", "\"\\ud800\"", "{", "}", "[", "\"", ":", ",", "\xff", "\xef\xbb\xbf", "\\u0000", "\"a\":", "-0", NULL };

static void
add_seeds (GPtrArray *seeds)
{
  fuzz_add_text (seeds, "{\"a\": 1, \"b\": \"x\"}\n{\"a\": 2.5, \"b\": null}\n{\"b\": \"y\", \"a\": -3}\n");
  fuzz_add_text (seeds, "\xef\xbb\xbf{\"prompt\": \"a b\", \"completion\": \" c\"}\r\n\r\n{\"prompt\": \"\\u00e9\", \"completion\": \"\"}");
  fuzz_add_text (seeds, "{\"flag\": true, \"n\": 12345678901234567890, \"deep\": [1, {\"x\": []}]}\n");
}

static char *path;

static void
remove_file (void)
{
  g_autofree char *folder = g_path_get_dirname (path);

  g_remove (path);
  g_rmdir (folder);
}

static void
run (const guint8 *bytes, gsize n, GError **error)
{
  static AssayValues *options;
  const char *paths[] = { path, NULL };

  if (path == NULL)
    {
      g_autofree char *folder = g_dir_make_tmp ("assay-fuzz-XXXXXX", NULL);

      paths[0] = path = g_build_filename (folder, "input.jsonl", NULL);
      atexit (remove_file);
      options = assay_values_new (assay_import_params);
    }
  if (g_file_set_contents_full (path, (const char *) bytes, (gssize) n, G_FILE_SET_CONTENTS_NONE, 0600, NULL))
    assay_table_unref (assay_import (paths, options, error));
}

const FuzzTarget fuzz_target = { .name = "jsonl", .words = words, .add_seeds = add_seeds, .run = run };
